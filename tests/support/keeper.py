"""Keeps one server of a test run: ``python -m tests.support.keeper KIND FOLDER MAIN_PID SETTINGS``.

It writes ``ready.json`` (or ``failed.txt``), and ends the server when the run's main process has ended or SIGTERM
arrives, whichever comes first.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, Protocol

from tests.support.postgres_cluster import PostgresCluster
from worker.engine import EmbeddedServer, EngineOptions, Located
from worker.engine.config import write_whole


class Server(Protocol):
    def start(self) -> None: ...

    def tell(self) -> dict[str, Any]: ...

    def stop(self) -> None: ...


class Engine:
    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        # Without the limits lifted, a fast test would measure the server's limiter.
        options = EngineOptions(time_skipping=True, load_limits=True, namespace=settings["namespace"])
        self._server = EmbeddedServer(located=Located(**settings["located"]), folder=folder / "store", options=options)

    def start(self) -> None:
        self._server.start()

    def tell(self) -> dict[str, Any]:
        return {"address": self._server.address, "pid": self._server.pid}

    def stop(self) -> None:
        self._server.stop()


def server_of(kind: str, folder: Path, settings: dict[str, Any]) -> Server:
    return Engine(folder, settings) if kind == "engine" else PostgresCluster(folder / "cluster", **settings)


def wait_for_the_end(main_pid: int) -> bool:
    """Wait until the main process has ended (True) or we are asked to end (False)."""
    try:
        watched = os.pidfd_open(main_pid)
    except ProcessLookupError:
        return True
    asked = os.pipe()
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.write(asked[1], b"."))
    return watched in select.select([watched, asked[0]], [], [])[0]


def main() -> None:
    kind, folder, main_pid, settings = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
    lock = (folder / "keeper.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    write_whole(folder / "keeper.pid", str(os.getpid()))
    server = server_of(kind, folder, settings)
    try:
        server.start()
    except Exception as failure:
        write_whole(folder / "failed.txt", str(failure))
        raise
    write_whole(folder / "ready.json", json.dumps(server.tell()))
    nobody_else_cleans_up = wait_for_the_end(main_pid)
    server.stop()
    shutil.rmtree(folder.parent if nobody_else_cleans_up else folder, ignore_errors=True)


if __name__ == "__main__":
    main()
