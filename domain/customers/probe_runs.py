"""Runs of neighbouring numbers (连号盲查): who asks about number after number is not asking about customers (CUS-08).

Numbers asked about are kept as keyed digests only, and digests of neighbours are no neighbours. What is kept beside
them is therefore the digest of each *neighbourhood* of the number: the block of a thousand it lies in, on two grids
that are half a block apart. Numbers within five hundred of one another share a block on one grid at least, so a run
over the edge of a block is seen as well, in whatever order and with whatever gaps its numbers are asked.

The caller makes the texts with :func:`neighbourhoods` while the number is in its hands, digests each with its key, and
hands the digests of one person's recent probes to :func:`runs` or :func:`completes_run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.customers.phone import Phone

BLOCK: Final = 1_000
"""Numbers in a neighbourhood. Local numbers of a small town fill hundreds of blocks, and a full day has 300 checks."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One blind check: when, the digest of the number, the digests of its neighbourhoods in the order of the grids."""

    at: datetime
    number: str
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A neighbourhood that was asked about too often: how many different numbers of it, and from when to when."""

    block: str
    count: int
    first_at: datetime
    last_at: datetime


def neighbourhoods(phone: Phone) -> tuple[str, ...]:
    """The texts to digest, one per grid. Masked numbers have neighbours in their visible digits, of their own kind.

    Personal data until it is digested: a block and its few numbers are soon tried out.
    """
    if phone.masked is not None:
        kind, digits = phone.masked.pattern.value, phone.masked.visible
    else:
        assert phone.e164 is not None
        kind, digits = "full", phone.e164.lstrip("+")
    number = int(digits)
    # the count of digits keeps a number with zeros in front apart from a shorter one
    return tuple(f"{kind}/{len(digits)}/{grid}/{(number + grid) // BLOCK}" for grid in _GRIDS)


def runs(probes: Iterable[Probe], *, now: datetime, window: timedelta, at_least: int) -> tuple[Run, ...]:
    """Every neighbourhood with ``at_least`` different numbers asked about in ``window`` up to ``now``, oldest first.

    The window is half open: a probe exactly ``window`` ago is no longer in it. A number asked about again counts once,
    at its first time: a rep looks up one customer often. A run may be told once on each grid.
    """
    _require(window, at_least)
    first_asked: dict[str, dict[str, datetime]] = {}
    for probe in sorted(probes, key=lambda p: p.at):
        if now - window < probe.at <= now:
            for block in probe.blocks:
                first_asked.setdefault(block, {}).setdefault(probe.number, probe.at)
    found = [
        Run(block, len(numbers), min(numbers.values()), max(numbers.values()))
        for block, numbers in first_asked.items()
        if len(numbers) >= at_least
    ]
    return tuple(sorted(found, key=lambda run: (run.first_at, run.block)))


def completes_run(earlier: Sequence[Probe], probe: Probe, *, window: timedelta, at_least: int) -> Run | None:
    """The run that ``probe`` makes of ``earlier`` ones, if oversight has not been told of it yet: an alarm, once a run.

    It has been told if the probe lies in a run already, on either grid. A run so long that its beginning has left the
    window is told again only if the count was below ``at_least`` in between.
    """
    _require(window, at_least)
    told = {run.block for run in runs(earlier, now=probe.at, window=window, at_least=at_least)}
    if told & set(probe.blocks):
        return None
    made = runs([*earlier, probe], now=probe.at, window=window, at_least=at_least)
    return next((run for run in made if run.block in probe.blocks), None)


def _require(window: timedelta, at_least: int) -> None:
    if window <= timedelta(0) or at_least < 2:
        raise ValueError("a run needs a window, and two numbers at least")


_GRIDS = (0, BLOCK // 2)
