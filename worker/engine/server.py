"""An embedded Temporal server: a child process on its own file in ``DIR/engine/``.

Two kinds of program, one interface: the plain ``server`` (pinned; ours by default) and the ``temporal`` command line
tool with its development server. :class:`EmbeddedServer` writes the configuration and says how to start it; whoever
supervises processes starts it from :meth:`EmbeddedServer.as_child`, tests use :meth:`EmbeddedServer.start`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from worker import launch
from worker.engine.binary import Located
from worker.engine.config import CONFIG_FILE, EngineOptions, dynamic_settings, write_config
from worker.engine.namespace import in_own_loop, still_missing
from worker.engine.ports import choose_ports
from worker.progress import Progress, Quiet
from worker.supervision import Child

LOG_FILE = "server.log"
LOG_LIMIT_BYTES = 16 * 1024 * 1024
LOG_TAIL_LINES = 15
READY_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
LOOK_EVERY_S = 0.1


class EngineFailedError(Exception):
    """The server did not come up; the message names its log and quotes the end of it."""


class EmbeddedServer:
    """One server on the file ``folder/temporal-<version>.db``; give every data folder its own.

    Raises ``ValueError`` for a located *address*: a server that is somebody else's is neither started nor stopped.
    """

    def __init__(self, *, located: Located, folder: Path, options: EngineOptions | None = None) -> None:
        if located.kind == "address":
            raise ValueError(f"{located.path_or_address} is a running server, not a program")
        self.located = located
        self.folder = folder.absolute()
        self.options = options or EngineOptions()
        self.log = self.folder / LOG_FILE
        self._address: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """``host:port`` for clients; known once prepared, and kept over restarts while the port is free."""
        if self._address is None:
            raise RuntimeError("the server has not been prepared: its port is chosen there")
        return self._address

    @property
    def pid(self) -> int | None:
        """Process id of a server that :meth:`start` started and that still runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def store(self) -> Path:
        """The engine's own file. The version is part of its name: no version reads another one's file."""
        flavour = "temporal" if self.located.kind == "server" else "temporal-dev"
        return self.folder / f"{flavour}-{self.located.version}.db"

    def prepare(self) -> tuple[str, ...]:
        """Choose ports, write the configuration, clear what an unfinished first start left, shorten the log.

        Returns the program and its arguments, to be run with ``folder`` as working folder. Call it before every
        first start; a restart of the same server within one supervision may run the same arguments again.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._drop_unfinished_store()
        keep_log_short(self.log)
        ports = choose_ports(self.folder)
        self._address = f"127.0.0.1:{ports.frontend}"
        if self.located.kind == "server":
            self._forget_members()
            write_config(self.folder, database=self.store.name, ports=ports, options=self.options)
            return (self.located.path_or_address, "--config-file", CONFIG_FILE, "--allow-no-auth", "start")
        return self._development_server(ports.frontend)

    def as_child(self, *, name: str = "engine") -> Child:
        """Prepare, and say how a supervisor runs it: ``supervisor.start(server.as_child())``, then wait until
        :meth:`probe` answers ``None``. A restart runs the same arguments on the same ports.
        """
        argv = self.prepare()
        env = {**os.environ, **self.environment()}
        return Child(name=name, argv=argv, env=env, cwd=self.folder, log=self.log)

    def probe(self) -> str | None:
        """``None`` when workflows can be started now; else what is missing. Takes at most a few seconds."""
        missing = in_own_loop(
            lambda: still_missing(
                address=self.address,
                namespace=self.options.namespace,
                retention=timedelta(days=self.options.retention_days),
            )
        )
        if missing is None:
            self._finished_marker.touch()
        return missing

    def start(self, *, timeout_s: float = READY_LIMIT_S, progress: Progress | None = None) -> None:
        """Start the server and return when it is usable. It dies with this process. Main thread only.

        Raises :class:`EngineFailedError` with the end of the log when it ends early or takes longer than ``timeout_s``.
        """
        if self.pid is not None:
            raise RuntimeError("this server runs already")
        argv = self.prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                launch.command(argv),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                env={**os.environ, **self.environment()},
            )
        try:
            self.wait_ready(timeout_s=timeout_s, alive=lambda: self.pid is not None, progress=progress)
        except BaseException:
            self.kill()
            raise

    def wait_ready(
        self, *, timeout_s: float = READY_LIMIT_S, alive: Callable[[], bool], progress: Progress | None = None
    ) -> None:
        """Wait until workflows can be started; ``alive`` says whether waiting still makes sense."""
        deadline = time.monotonic() + timeout_s
        with (progress or Quiet()).step(f"Temporal server {self.located.version} starts") as note:
            while (missing := self.probe()) is not None:
                if not alive():
                    raise EngineFailedError(self.describe_failure("it ended while starting"))
                if time.monotonic() > deadline:
                    raise EngineFailedError(self.describe_failure(f"not ready after {timeout_s:.0f} s: {missing}"))
                note(missing)
                time.sleep(LOOK_EVERY_S)

    def stop(self, *, grace_s: float = STOP_LIMIT_S) -> None:
        """Ask it to end, wait ``grace_s``, then end it. Without effect on a server that does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """As the power cut would: no warning. The file survives it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def environment(self) -> dict[str, str]:
        """What the program needs in its environment beside the usual."""
        return {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}

    def describe_failure(self, what: str) -> str:
        """A message for people: what happened, where the log lies, its last lines, what helps."""
        tail = "\n".join(f"    {line[:300]}" for line in last_lines(self.log, LOG_TAIL_LINES)) or "    (empty)"
        return (
            f"The Temporal server ({self.located.path_or_address}) failed: {what}.\n"
            f"  Log: {self.log}, its end:\n{tail}\n"
            f"  If its file is damaged, delete {self.store.name}* in {self.folder}: every claim, dispute and deadline "
            "is kept in the database and is picked up from there."
        )

    @property
    def _finished_marker(self) -> Path:
        return self.store.with_suffix(".ready")

    def _drop_unfinished_store(self) -> None:
        """A first start that was killed half-way leaves half the tables, which the server takes for all of them."""
        if self.store.exists() and not self._finished_marker.exists():
            for path in self.folder.glob(self.store.name + "*"):
                path.unlink()

    def _forget_members(self) -> None:
        """The file lists the services of the last run, all of which are gone. After kill -9 and on other ports the
        next run would wait for them: 20 to 60 seconds until it serves, as measured.
        """
        if not self.store.exists():
            return
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.store, timeout=1)) as connection:
            connection.execute("DELETE FROM cluster_membership")
            connection.commit()

    def _development_server(self, port: int) -> tuple[str, ...]:
        arguments = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
        arguments += ["--db-filename", self.store.name, "--namespace", self.options.namespace]
        arguments += ["--log-level", self.options.log_level]
        for name, value in dynamic_settings(self.options).items():
            arguments += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]
        return (self.located.path_or_address, *arguments)


def keep_log_short(path: Path, *, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Move a log beyond the limit aside (one generation is kept), so that restarts do not fill the disk."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > limit_bytes:
            path.replace(path.with_name(path.name + ".1"))


def last_lines(path: Path, count: int) -> list[str]:
    """The last ``count`` lines of a log, as far as it can be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 64 * 1024))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []
