"""Servers that all tests of one run share, over all its processes, and that end with the run however it ends.

Under xdist no test process lives as long as the run does, and the one that does runs no fixture. So the first test
process that needs a server starts a *keeper* (:mod:`tests.support.keeper`), which starts the server and watches the
run's main process: when that ends, by itself or by ``kill -9``, the keeper ends the server and removes its files. The
server in turn is bound to the keeper by the kernel. A run that ends normally ends the keepers itself and waits for it.

In ``tests/conftest.py``, in this order (pytest refuses to register a module that another one has imported already):
``pytest_plugins = ["tests.support.shared", "tests.support.engine", "tests.support.postgres"]``
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

FOLDER_VARIABLE = "FAIRCLAIM_TEST_SHARED"
KINDS = ("engine", "postgres")
START_LIMIT_S = 90.0
END_LIMIT_S = 20.0
LOOK_EVERY_S = 0.05
PROJECT = Path(__file__).resolve().parents[2]


def pytest_configure(config: pytest.Config) -> None:
    if is_main_process(config):
        folder = Path(tempfile.mkdtemp(prefix="fairclaim-tests-"))
        folder.chmod(0o711)  # PostgreSQL runs as another user below it
        os.environ[FOLDER_VARIABLE] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if is_main_process(config) and (named := os.environ.pop(FOLDER_VARIABLE, None)) is not None:
        for kind in KINDS:
            end_keeper(Path(named) / kind)
        shutil.rmtree(named, ignore_errors=True)


def is_main_process(config: pytest.Config) -> bool:
    """True in the only process of a plain run, and in the one of an xdist run that starts the others."""
    return not hasattr(config, "workerinput")


def shared_server(kind: str, *, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the keeper of ``kind`` tells about its server, started with ``settings`` if this is the first to ask."""
    folder = Path(os.environ[FOLDER_VARIABLE]) / kind
    folder.mkdir(mode=0o711, exist_ok=True)
    with _locked(folder / "start.lock"):
        ready, failed = folder / "ready.json", folder / "failed.txt"
        if not ready.exists() and not failed.exists():
            _start_keeper(kind, folder=folder, settings=settings)
            _wait_for_one_of(ready, failed, keeper=folder / "keeper.lock")
    if failed.exists():
        pytest.fail(f"{kind}: {failed.read_text()}", pytrace=False)
    if not is_alive(folder / "keeper.lock"):
        pytest.fail(f"{kind}: its keeper has ended in the middle of the run", pytrace=False)
    told: dict[str, Any] = json.loads(ready.read_text())
    return told


def end_keeper(folder: Path) -> None:
    """Ask the keeper of this folder to end and wait for it, if there is one."""
    lock = folder / "keeper.lock"
    deadline = time.monotonic() + END_LIMIT_S
    while is_alive(lock) and time.monotonic() < deadline:
        with suppress(ProcessLookupError, ValueError, FileNotFoundError):
            os.kill(int((folder / "keeper.pid").read_text()), signal.SIGTERM)
        time.sleep(LOOK_EVERY_S)


def is_alive(lock: Path) -> bool:
    """A keeper holds its lock as long as it lives: that outlasts zombies and does not trust process numbers."""
    try:
        with lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def main_process_id() -> int:
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _start_keeper(kind: str, *, folder: Path, settings: Mapping[str, Any]) -> None:
    argv = [
        sys.executable,
        "-m",
        "tests.support.keeper",
        kind,
        str(folder),
        str(main_process_id()),
        json.dumps(settings),
    ]
    with (folder / "keeper.log").open("ab") as log:
        subprocess.Popen(
            argv, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        ).returncode = 0  # it outlives this process on purpose: no warning about a child that is still running


def _wait_for_one_of(*files: Path, keeper: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not any(file.exists() for file in files):
        log = keeper.with_suffix(".log")
        if keeper.exists() and not is_alive(keeper) and not any(file.exists() for file in files):
            pytest.fail(f"the keeper ended while starting:\n{log.read_text()[-3000:]}", pytrace=False)
        if time.monotonic() > deadline:
            pytest.fail(f"not ready within {START_LIMIT_S:.0f} s:\n{log.read_text()[-3000:]}", pytrace=False)
        time.sleep(LOOK_EVERY_S)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
