"""The service as its users run it: real processes, real HTTP, a data folder.

:class:`Service` is ``fairclaim up``, with the engine of the pinned version. :class:`Parts` runs engine, worker and API
as children of the test, each of which it can stop, kill and start by itself. Both speak to the test through
:class:`RemoteCompany`. Every process dies with the test process; start them in the main thread.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from storage.database import Database
from storage.keys import KeyRing
from storage.setting import Snapshots
from storage.settings import Settings
from tests.support.company import Company, DirectGateway, Person
from worker import launch
from worker.engine import EmbeddedServer, EngineOptions, Located
from worker.engine.ports import remembered_address
from worker.engine.server import last_lines

PROJECT = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 240.0
END_LIMIT_S = 30.0
FAIRCLAIM = (sys.executable, "-m", "cli.main")


class RemoteCompany(Company):
    """A company behind a URL. Safe to use from many threads; ``database`` looks at its tables from beside it."""

    def __init__(self, url: str, *, token: str, database: Database, folder: Path) -> None:
        self.url = url
        self.database = database
        self.snapshots = Snapshots()
        self.direct = DirectGateway(database, self.snapshots)
        self.settings = Settings(data=folder)
        self._http = httpx2.Client(
            base_url=url, timeout=30, limits=httpx2.Limits(max_connections=200, max_keepalive_connections=100)
        )
        self.admin = Person(self, "", token)
        me = self.admin.get("/v1/me").json()
        self.admin.id = me["person"]["id"]
        self.root = me["company"]["root_team"]

    def close(self) -> None:
        self._http.close()
        self.database.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        return self._http.request(method, path, headers=_headers(token, key, headers), **more)

    async def acall(self, method: str, path: str, **more: Any) -> httpx2.Response:
        raise NotImplementedError("calls over a socket are made at the same time from threads")


class Service:
    """``fairclaim up`` on ``folder``: engine, worker and API under one supervisor.

    with Service(tmp_path, server=pinned_server) as service:
        company = service.company()
    """

    def __init__(self, folder: Path, *, server: Located, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "up.log"
        self._env = {**clean_environment(), "FAIRCLAIM_TEMPORAL_SERVER": server.path_or_address, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.stop()

    @property
    def token(self) -> str:
        return (self.data / "admin-token").read_text().strip()

    @property
    def database_url(self) -> str:
        return self._env.get("FAIRCLAIM_DATABASE_URL") or f"sqlite:///{self.data / 'fairclaim.db'}"

    @property
    def engine_address(self) -> str:
        """Where the embedded engine listens."""
        address = remembered_address(self.data / "engine")
        assert address is not None, "the engine has not been started yet"
        return address

    def start(self) -> None:
        """Start it and return when ``/readyz`` answers 200."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start it and return at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        argv = [*FAIRCLAIM, "up", "--data", str(self.data), "--port", str(self.port)]
        self._process = _spawn(argv, env=self._env, log=self.log)

    def wait_ready(self, *, within_s: float = READY_LIMIT_S) -> None:
        wait_ready(self.url, within_s=within_s, log=self.log, alive=lambda: self.pid is not None)

    def stop(self) -> int | None:
        """Ctrl-C, waited for; its exit code."""
        return _end(self._process, signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the supervisor: its children go with it."""
        _end(self._process, signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def pids(self) -> dict[str, int]:
        """Process ids of ``engine``, ``worker`` and ``api`` as far as they run right now."""
        found = {}
        for pid, command in _children(self.pid or 0):
            for name, mark in (("worker", "cli.main worker "), ("api", "cli.main api "), ("engine", " --config-file ")):
                if mark in command:
                    found[name] = pid
        return found

    def kill_part(self, name: str) -> int:
        """kill -9 of one part; the process id it had. The supervisor starts it again."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def company(self) -> RemoteCompany:
        return open_company(self.url, token=self.token, data=self.data, database_url=self.database_url)


class Parts:
    """Engine, worker and API as three children of the test, on the database of ``database_url`` (default: SQLite).

    ``entry`` runs the command line of worker and API: a test may put a module of its own in front of it.
    ``engine_options``: how the engine behaves, where it is not as usual.
    """

    def __init__(
        self,
        folder: Path,
        *,
        server: Located,
        database_url: str | None = None,
        env: Mapping[str, str] | None = None,
        entry: Sequence[str] = FAIRCLAIM,
        engine_options: EngineOptions | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{self.data / 'fairclaim.db'}"
        self.engine = EmbeddedServer(located=server, folder=self.data / "engine", options=engine_options)
        self._entry = tuple(entry)
        self._env = {**clean_environment(), **(env or {})}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.migrate()
        self.engine.start()
        self.start("worker")
        self.start("api")
        self.wait_ready()
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        for name in ("api", "worker"):
            self.stop(name)
        self.engine.stop()

    @property
    def token(self) -> str:
        return (self.data / "admin-token").read_text().strip()

    def env(self, **more: str) -> dict[str, str]:
        """The environment of every part."""
        address = {"TEMPORAL_ADDRESS": self.engine.address} if self.engine.pid is not None else {}
        return {**self._env, "FAIRCLAIM_DATABASE_URL": self.database_url, **address, **more}

    def migrate(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("migrate")

    def run(self, *arguments: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
        """``fairclaim ARGUMENT… --data …`` to its end."""
        return subprocess.run(
            [*FAIRCLAIM, *arguments, "--data", str(self.data)],
            cwd=PROJECT,
            env=self.env(),
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def start(self, name: str, *, entry: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
        """Start ``worker`` or ``api`` and return at once; its process id. Its output is in ``<name>.log``."""
        argv = [*(entry or self._entry), name, "--data", str(self.data)]
        if name == "api":
            argv += ["--port", str(self.port)]
        self._running[name] = _spawn(argv, env=self.env(**(env or {})), log=self.log(name))
        return self._running[name].pid

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Ask it to end and wait for it; its exit code."""
        return _end(self._running.pop(name, None), number)

    def kill(self, name: str) -> None:
        _end(self._running.pop(name, None), signal.SIGKILL)

    def is_running(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def wait_ready(self, *, within_s: float = READY_LIMIT_S) -> None:
        wait_ready(self.url, within_s=within_s, log=self.log("api"), alive=lambda: self.is_running("api"))

    def company(self) -> RemoteCompany:
        return open_company(self.url, token=self.token, data=self.data, database_url=self.database_url)


def open_company(url: str, *, token: str, data: Path, database_url: str) -> RemoteCompany:
    """The company that a service at ``url`` serves, its database opened beside it."""
    database = Database(database_url, keys=KeyRing.open(data / "keys.json"), patient=True)
    return RemoteCompany(url, token=token, database=database, folder=data)


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def wait_ready(url: str, *, within_s: float, log: Path, alive: Any = lambda: True) -> None:
    deadline = time.monotonic() + within_s
    while not is_ready(url):
        if not alive() or time.monotonic() > deadline:
            raise AssertionError(f"{url} is not ready; the end of {log}:\n" + "\n".join(last_lines(log, 40)))
        time.sleep(0.05)


def free_port() -> int:
    """A free loopback port outside the range from which outgoing connections take theirs."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", 12_000 + secrets.randbelow(18_000)))
            return int(probe.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Ours without what would configure a service, and with compiled modules kept: parts start often here."""
    unwanted = ("FAIRCLAIM_", "TEMPORAL_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@contextmanager
def closing_company(company: RemoteCompany) -> Iterator[RemoteCompany]:
    try:
        yield company
    finally:
        company.close()


def _spawn(argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            launch.command(argv),
            cwd=PROJECT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def _end(process: subprocess.Popen[bytes] | None, number: signal.Signals) -> int | None:
    if process is None:
        return None
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"process {process.pid} did not end within {END_LIMIT_S:.0f} s") from None
    return process.returncode


def _children(parent: int) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(state[1]) == parent and state[0] not in {"Z", "X"}:
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def _headers(token: str | None, key: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
    headers = dict(more or {})
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers
