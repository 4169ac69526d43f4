"""Process supervision with real processes: AUD-07 ("after a crash of any part"), and no orphan ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import eventually, is_running
from worker import launch
from worker.supervision import DataFolderInUseError, DataFolderLock

PROJECT = Path(__file__).resolve().parents[2]
LIMIT_S = 10.0

# Each writes its number into a file "NAME.pid" of the folder it is started in.
STEADY = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1] + ".pid").write_text(str(os.getpid()))
print("hello from", sys.argv[1], flush=True)
time.sleep(600)
"""
POLITE = """
import os, pathlib, signal, sys, time
def end(number, frame):
    time.sleep(float(sys.argv[2]))
    with open("ended", "a") as file:
        file.write(sys.argv[1] + "\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1] + ".pid").write_text(str(os.getpid()))
time.sleep(600)
"""
STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1] + ".pid").write_text(str(os.getpid()))
time.sleep(600)
"""
PARENT = """
import os, pathlib, subprocess, sys, time
grandchild = subprocess.Popen(sys.argv[2:])
pathlib.Path("grandchild.pid").write_text(str(grandchild.pid))
pathlib.Path(sys.argv[1] + ".pid").write_text(str(os.getpid()))
time.sleep(600)
"""
CARING_PARENT = PARENT.replace("sys.argv[2:]", "launch.command(sys.argv[2:])").replace(
    "import os", "from worker import launch\nimport os", 1
)
FAILING = """
import pathlib, sys, time
with open("starts", "a") as file:
    file.write(str(time.monotonic()) + "\\n")
print("cannot find the cellar", flush=True)
sys.exit(7)
"""
CHATTY = """
import pathlib, sys
for number in range(20_000):
    print("x" * 1000)
sys.stdout.flush()
pathlib.Path("said").touch()
import time
time.sleep(600)
"""


def program(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", text, *arguments]


def child(name: str, text: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "argv": program(text, name, *arguments), **more}


class Supervised:
    """A supervisor process in a folder of its own, and the children it was told to run."""

    def __init__(self, folder: Path, children: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = start_supervisor(folder, children, stdout=output)

    def pid(self, name: str) -> int:
        file = self.folder / f"{name}.pid"
        eventually(lambda: file.exists() and file.read_text(), within_s=LIMIT_S, what=f"{name} has started")
        return int(file.read_text())

    def told(self) -> str:
        return self.output.read_text()

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)


def start_supervisor(folder: Path, children: list[dict[str, Any]], **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.worker.supervise", json.dumps(children)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        **more,
    )


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*children: dict[str, Any]) -> Supervised:
        started.append(Supervised(tmp_path, list(children)))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def test_children_are_gone_within_two_seconds_of_a_killed_supervisor(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("engine", STEADY), child("api", STUBBORN))
    pids = [run.pid("engine"), run.pid("api")]
    assert all(is_running(pid) for pid in pids)
    run.process.kill()
    eventually(lambda: not any(is_running(pid) for pid in pids), within_s=2, what="no orphan")


def test_a_grandchild_bound_in_the_same_way_is_gone_too(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("worker", CARING_PARENT, *program(STEADY, "grandchild-itself")))
    run.pid("grandchild-itself")
    grandchild, worker = run.pid("grandchild"), run.pid("worker")
    run.process.kill()
    eventually(lambda: not is_running(worker) and not is_running(grandchild), within_s=2, what="no orphan")


def test_a_killed_child_is_started_again(supervised: Callable[..., Supervised]) -> None:
    """AUD-07: any part may crash."""
    run = supervised(child("engine", STEADY), child("api", STEADY))
    engine, api = run.pid("engine"), run.pid("api")
    os.kill(engine, signal.SIGKILL)
    eventually(lambda: run.pid("engine") != engine, within_s=LIMIT_S, what="a new engine")
    assert is_running(api)
    assert run.pid("api") == api
    assert run.end() == 0
    assert "engine was ended by SIGKILL; it starts again in 0.2 s" in run.told()


def test_what_a_dead_child_left_running_is_ended_with_it(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("worker", PARENT, *program(STEADY, "grandchild-itself")))
    run.pid("grandchild-itself")
    grandchild, worker = run.pid("grandchild"), run.pid("worker")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: not is_running(grandchild), within_s=2, what="its own child has ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_ends_the_children_in_reverse_order_and_answers_zero(
    supervised: Callable[..., Supervised], number: int
) -> None:
    run = supervised(*(child(name, POLITE, "0.1") for name in ("engine", "worker", "api")))
    pids = [run.pid(name) for name in ("engine", "worker", "api")]
    assert run.end(number) == 0
    assert (run.folder / "ended").read_text().split() == ["api", "worker", "engine"]
    assert not any(is_running(pid) for pid in pids)
    assert "starts again" not in run.told()


def test_a_child_that_ignores_the_request_is_killed_after_its_grace(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("engine", STUBBORN, grace_s=0.3))
    engine = run.pid("engine")
    assert run.end() == 0
    assert not is_running(engine)
    assert "engine has not ended by itself and is killed" in run.told()


def test_a_second_ctrl_c_does_not_wait_for_the_grace(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("engine", STUBBORN, grace_s=60))
    run.pid("engine")
    begun = time.monotonic()

    def ended_when_asked_again() -> bool:
        run.process.send_signal(signal.SIGINT)
        return run.process.poll() is not None

    eventually(ended_when_asked_again, within_s=5, what="it ends without waiting for 60 s")
    assert time.monotonic() - begun > 0.9  # but one Ctrl-C that arrives twice is one


def test_the_same_request_again_and_again_is_one_request(supervised: Callable[..., Supervised]) -> None:
    """``make`` passes SIGTERM on to a child that has got it with its process group already."""
    run = supervised(child("engine", POLITE, "1.5"))
    run.pid("engine")

    def ended_while_asked() -> bool:
        run.process.send_signal(signal.SIGTERM)
        return run.process.poll() is not None

    eventually(ended_while_asked, within_s=LIMIT_S, what="it ends")
    assert run.process.returncode == 0
    assert (run.folder / "ended").read_text().split() == ["engine"]


def test_a_child_that_keeps_dying_is_started_ever_less_often(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("worker", FAILING))
    starts = run.folder / "starts"
    eventually(
        lambda: starts.exists() and len(starts.read_text().split()) >= 4, within_s=LIMIT_S, what="it started four times"
    )
    run.end()
    times = [float(line) for line in starts.read_text().split()]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[0] >= 0.2
    assert gaps[1] >= 0.4
    assert gaps[2] >= 0.8


def test_a_child_that_dies_thrice_while_starting_fails_the_start_with_its_last_words(
    supervised: Callable[..., Supervised],
) -> None:
    run = supervised(child("engine", STEADY), child("worker", FAILING, ready="never"))
    engine = run.pid("engine")
    assert run.process.wait(LIMIT_S) == 3
    assert "never did not become ready: worker ended with code 7" in run.told()
    assert "    cannot find the cellar" in run.told()
    assert not is_running(engine)


def test_being_asked_to_end_while_starting_ends_at_once(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("engine", STEADY, ready="never"))
    engine = run.pid("engine")
    assert run.end() == 0
    assert "asked to end early" in run.told()
    assert not is_running(engine)


def test_each_line_of_a_child_is_shown_after_its_name(supervised: Callable[..., Supervised]) -> None:
    run = supervised(child("engine", STEADY), child("api", STEADY))
    eventually(lambda: run.told().count("hello") == 2, within_s=LIMIT_S, what="both have spoken")
    run.end()
    assert "engine | hello from engine\n" in run.told()
    assert "api | hello from api\n" in run.told()


def test_a_log_file_takes_the_output_and_stays_bounded(supervised: Callable[..., Supervised], tmp_path: Path) -> None:
    log = tmp_path / "engine" / "server.log"
    run = supervised(child("engine", CHATTY, log=str(log)))
    older = log.with_name("server.log.1")
    eventually(lambda: older.exists() and (tmp_path / "said").exists(), within_s=LIMIT_S, what="the log was moved")
    run.end()
    limit = 16 * 1024 * 1024
    assert older.stat().st_size <= limit
    assert log.stat().st_size <= limit
    assert older.stat().st_size + log.stat().st_size == 20_000 * 1001
    assert "xxx" not in run.told()


def test_output_that_nobody_reads_does_not_stop_supervision(tmp_path: Path) -> None:
    process = start_supervisor(tmp_path, [child("api", CHATTY)], stdout=subprocess.PIPE)
    try:
        eventually((tmp_path / "said").exists, within_s=LIMIT_S, what="the child could say all it wanted")
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_program_that_does_not_exist_says_so(supervised: Callable[..., Supervised]) -> None:
    run = supervised({"name": "engine", "argv": ["/nowhere/temporal"], "ready": "never"})
    assert run.process.wait(LIMIT_S) == 3
    assert "cannot run /nowhere/temporal: No such file or directory" in run.told()


HOLDER = """
import pathlib, sys, time
from worker.supervision import DataFolderLock
with DataFolderLock(pathlib.Path(sys.argv[1])):
    pathlib.Path(sys.argv[1], "held").touch()
    time.sleep(600)
"""


def test_a_data_folder_is_used_by_one_process_at_a_time(tmp_path: Path) -> None:
    holder = subprocess.Popen([*program(HOLDER), str(tmp_path)], cwd=PROJECT)
    try:
        eventually((tmp_path / "held").exists, within_s=LIMIT_S, what="the other process holds the lock")
        with pytest.raises(DataFolderInUseError, match=rf"in use by process {holder.pid}\. Stop that one first"):
            DataFolderLock(tmp_path).__enter__()
    finally:
        holder.kill()
        holder.wait()
    with DataFolderLock(tmp_path):  # what the killed one left behind is no obstacle
        assert (tmp_path / "fairclaim.lock").read_text() == f"{os.getpid()}\n"


def test_a_data_folder_is_free_after_its_use(tmp_path: Path) -> None:
    with DataFolderLock(tmp_path / "new" / "folder"):
        pass
    with DataFolderLock(tmp_path / "new" / "folder") as again:
        assert again.folder.is_dir()


def test_a_program_watched_without_the_kernels_help_ends_with_its_parent(tmp_path: Path) -> None:
    """The way taken where there is no ``PR_SET_PDEATHSIG``; it is run here in a parent that gets killed."""
    watcher = (
        "import sys, os; from worker import launch\n"
        "sys.exit(launch.stay_and_watch(sys.argv[1:], parent=os.getppid(), death_signal=9))"
    )
    parent = subprocess.Popen(
        program(PARENT, "parent", *program(watcher, *program(STEADY, "watched"))),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    file = tmp_path / "watched.pid"
    eventually(lambda: file.exists() and file.read_text(), within_s=LIMIT_S, what="it has started")
    parent.kill()
    parent.wait()
    eventually(lambda: not is_running(int(file.read_text())), within_s=2, what="it has ended")


def test_children_are_started_from_the_main_thread_only() -> None:
    """The kernel binds a child to the thread that started it: from another one it would vanish at random."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="main thread only"):
        pool.submit(launch.command, ["true"]).result()
