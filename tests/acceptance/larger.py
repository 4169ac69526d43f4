"""The larger sizes of what CI runs small: the walks against models and the fault runs, each a program of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections import deque
from typing import Final

from tests.acceptance.checks import Findings, say
from tests.support.service import PROJECT

MODULES: Final = {
    "walk": "tests.model.larger",
    "cases": "tests.model.larger_cases",
    "money-walk": "tests.model.larger_money",
    "faults": "tests.faults.larger",
    "takes": "tests.faults.larger_takes",
}
_KEPT_LINES: Final = 60


def run_larger(part: str, findings: Findings, *, seed: int, asked_for: bool) -> list[str]:
    """Run it with ``seed``; the last lines of what it told. ``asked_for``: it is a failure if there is no such run."""
    module = MODULES[part]
    if not _exists(module):
        if asked_for:
            findings.holds(part, f"there is a larger run: {module}", False, "no such module")
        else:
            findings.tell(part, "larger run", f"none: there is no module {module}")
        return []
    argv = [sys.executable, "-m", module, "--seed", str(seed)]
    say(f"  {part}: {' '.join(argv[1:])}")
    told: deque[str] = deque(maxlen=_KEPT_LINES)
    begun = time.monotonic()
    with subprocess.Popen(
        argv, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            told.append(line.rstrip())
            say(f"    {line.rstrip()}")
    findings.tell(part, "took", f"{time.monotonic() - begun:.0f} s, seed {seed}")
    findings.equal(part, f"exit code of {module}", running.returncode, 0)
    return list(told)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
