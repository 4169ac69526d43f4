"""What an acceptance run found: checks that hold or fail, and figures that are only told."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One statement about the run."""

    part: str
    statement: str
    expected: str
    found: str
    ok: bool


@dataclass(frozen=True)
class Figure:
    """One number of the run that is neither right nor wrong."""

    part: str
    name: str
    value: str


@dataclass
class Findings:
    """Filled while the parts run; every line is printed as it comes."""

    checks: list[Check] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks)

    def equal(self, part: str, statement: str, found: Any, expected: Any) -> None:
        """``found`` is ``expected``."""
        self._check(Check(part, statement, _text(expected), _text(found), found == expected))

    def within(self, part: str, statement: str, found: float, limit: float, unit: str) -> None:
        """``found`` is at most ``limit``."""
        self._check(Check(part, statement, f"≤ {limit:g} {unit}", f"{found:.2f} {unit}", found <= limit))

    def holds(self, part: str, statement: str, ok: bool, found: str) -> None:
        self._check(Check(part, statement, "yes", found, ok))

    def tell(self, part: str, name: str, value: str) -> None:
        self.figures.append(Figure(part, name, value))
        say(f"  {part}: {name}: {value}")

    @contextmanager
    def timed(self, part: str, name: str, *, calls: int | None = None) -> Iterator[None]:
        """How long the block took, and how many calls a second that was."""
        say(f"  {part}: {name} …")
        begun = time.monotonic()
        yield
        took = time.monotonic() - begun
        rate = f", {calls / took:.0f}/s" if calls is not None and took > 0 else ""
        self.tell(part, name, f"{took:.1f} s{rate}")

    def _check(self, check: Check) -> None:
        self.checks.append(check)
        say(f"  {'ok    ' if check.ok else 'FAILED'} {check.part}: {check.statement}: {check.found}", flush=True)


def say(line: str, *, flush: bool = True) -> None:
    """One line of what is going on."""
    print(line, file=sys.stderr, flush=flush)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_text(count)} {name}" for name, count in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
