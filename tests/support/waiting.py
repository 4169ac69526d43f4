"""Wait for what another process does, with a limit: tests never sleep a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 0.02


def eventually(seen: Callable[[], object], *, within_s: float, what: str) -> None:
    """Return as soon as ``seen`` is true; ``AssertionError`` with ``what`` after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not seen():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(LOOK_EVERY_S)


def is_running(pid: int) -> bool:
    """A process that runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}
