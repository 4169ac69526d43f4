"""``make up`` leaves no orphan and ends cleanly, whichever process of it the signal reaches (issue point 1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import eventually, is_running

PROJECT = Path(__file__).resolve().parents[2]
SERVICE = """
import os, pathlib, signal, sys, time
def end(number, frame):
    pathlib.Path("ended").write_text(signal.Signals(number).name)
    sys.exit(0)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, end)
pathlib.Path("pid").write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("number", "whole_group", "told"),
    [
        (signal.SIGINT, True, "SIGINT"),
        (signal.SIGINT, False, "SIGINT"),
        (signal.SIGTERM, True, "SIGTERM"),
        (signal.SIGTERM, False, "SIGTERM"),
        (signal.SIGKILL, True, "SIGTERM"),
        (signal.SIGKILL, False, "SIGINT"),
    ],
)
def test_the_service_ends_in_order_when_make_gets(
    tmp_path: Path, number: signal.Signals, whole_group: bool, told: str
) -> None:
    (tmp_path / "service.py").write_text(SERVICE)
    under = f"{sys.executable} -I -S {PROJECT / 'deploy' / 'under_make.py'} $$PPID"
    (tmp_path / "Makefile").write_text(f"up:\n\t@exec {under} {sys.executable} service.py\n")
    make = subprocess.Popen(["make", "up"], cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL)
    file = tmp_path / "pid"
    eventually(lambda: file.exists() and file.read_text(), within_s=10, what="the service runs")
    service = int(file.read_text())
    if whole_group:
        os.killpg(make.pid, number)
    else:
        os.kill(make.pid, number)
    assert make.wait(5) == -number
    eventually(lambda: not is_running(service), within_s=3, what="the service has ended")
    assert (tmp_path / "ended").read_text() == told


def test_the_service_ending_by_itself_ends_make(tmp_path: Path) -> None:
    under = f"{sys.executable} -I -S {PROJECT / 'deploy' / 'under_make.py'} $$PPID"
    (tmp_path / "Makefile").write_text(f"up:\n\t@exec {under} {sys.executable} -c 'import sys; sys.exit(3)'\n")
    ended = subprocess.run(["make", "up"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "Error 3" in ended.stderr
