"""Bugs to plant: one rule of the product each, told wrongly for as long as a walk takes.

A bug exchanges the code of a function in place, so that whoever imported the function has it too. The text it changes
must be there exactly once: when the product was rewritten, the bug complains instead of planting nothing.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest
import sqlalchemy as sa

from api.commands import reports as receiving
from domain.claims import clocks, follow_ups, holding, reports, requests
from domain.matters import inbox
from storage import tables as t


@dataclass(frozen=True)
class Edit:
    """``before`` becomes ``after`` in the source of ``function``."""

    function: Any
    before: str
    after: str
    source: str = field(init=False)

    def __post_init__(self) -> None:
        # At once, while the file is what was imported.
        object.__setattr__(self, "source", textwrap.dedent(inspect.getsource(self.function)))

    @contextmanager
    def made(self) -> Iterator[None]:
        """For the duration of the block."""
        assert self.source.count(self.before) == 1, f"{self.function.__qualname__} no longer says {self.before!r} once"
        module = compile(self.source.replace(self.before, self.after), inspect.getfile(self.function), "exec")
        names: dict[str, Any] = {}
        exec(module, self.function.__globals__, names)
        changed = names[self.function.__name__]
        assert isinstance(changed, FunctionType)
        kept = self.function.__code__
        self.function.__code__ = changed.__code__
        try:
            yield
        finally:
            self.function.__code__ = kept


@dataclass(frozen=True)
class Exchange:
    """Something else stands under a name of a module: for statements, which have no source to change."""

    module: ModuleType
    name: str
    value: Any

    @contextmanager
    def made(self) -> Iterator[None]:
        """For the duration of the block."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.module, self.name, self.value)
            yield


@dataclass(frozen=True)
class Bug:
    """A rule told wrongly. ``seed``: a walk in ``programs``, where the rule matters, that is known to meet it soon."""

    name: str
    rule: str
    edits: tuple[Edit | Exchange, ...]
    programs: tuple[str, ...]
    seed: int

    @contextmanager
    def planted(self) -> Iterator[None]:
        """For the duration of the block."""
        with ExitStack() as stack:
            for edit in self.edits:
                stack.enter_context(edit.made())
            yield


def _bug(
    name: str, rule: str, *edits: Edit | Exchange, programs: tuple[str, ...] = ("elapsed", "counted"), seed: int = 1
) -> Bug:
    return Bug(name, rule, edits, programs, seed)


def _counting(*states: str) -> sa.Select[Any]:
    owner = sa.func.coalesce(t.claim.c.owner, t.claim.c.reporter)
    return sa.select(sa.func.count()).where(owner == sa.bindparam("person"), t.claim.c.state.in_(states))


BUGS: Final = (
    _bug(
        "the idle deadline counts from the event's own time",
        "CLM-16",
        Edit(
            follow_ups.worked_on,
            "_idle_moved(claim, received_at=received_at",
            "_idle_moved(claim, received_at=entry.at",
        ),
    ),
    _bug(
        "equal deadlines are decided in the reverse order",
        "table 0.2",
        Edit(clocks.lapse_due, "CLOCK_ORDER[c.clock]", "-CLOCK_ORDER[c.clock]"),
        programs=("elapsed",),
        seed=2,
    ),
    _bug(
        "work at the deadline exactly comes too late",
        "CLM-19",
        Edit(inbox.next_item, "due.at < command.received_at", "due.at <= command.received_at"),
    ),
    _bug(
        "a former owner may have the customer back at once",
        "CLM-26",
        Edit(receiving._check_returning, "if now < until:", "if False:"),
        seed=3,
    ),
    _bug(
        "the cap counts customers that are won",
        "CLM-25",
        Exchange(receiving, "_HELD_BY", _counting(*receiving.CAPPED, "won")),
        programs=("elapsed", "judged"),
    ),
    _bug(
        "a pause gives no time back",
        "CLM-21",
        Edit(
            clocks._running,
            "_deadline(claim, clock.clock, at=at, length=left,",
            "_deadline(claim, clock.clock, at=clock.start, length=clock.length,",
        ),
    ),
    _bug(
        "a withdrawal leaves later reports waiting",
        "CLM-05",
        Edit(reports.withdraw, "    advance(draft)\n", ""),
        programs=("judged",),
    ),
    _bug(
        "a claim may be rescued twice",
        "CLM-20",
        Edit(holding.lapse_now, "if owner and not claim.rescued", "if owner"),
        Edit(follow_ups._admit, " or claim.rescued", ""),
        programs=("counted",),
        seed=2,
    ),
    _bug(
        "an extension that was asked for in time does not hold the lapse",
        "CLM-22",
        Edit(clocks.lapse_due, "return max(first.deadline, held), first", "return first.deadline, first"),
    ),
    _bug(
        "an extension counts from its decision",
        "CLM-22",
        Edit(requests._extend, "terms.calendar.add(base, length)", "terms.calendar.add(draft.at, length)"),
        seed=2,
    ),
    _bug(
        "a voided follow-up leaves its deadline standing",
        "CLM-16",
        Edit(
            follow_ups._without,
            "return clocks.idle_recounted(claim, last=since, at=draft.at, terms=terms) if worked else claim",
            "return claim",
        ),
        programs=("elapsed",),
    ),
    _bug(
        "a transfer leaves the old owner's idle time running",
        "CLM-24",
        Edit(requests.transfer_now, "claim = clocks.idle_begun(claim, at=draft.at, terms=terms)", "pass"),
        programs=("elapsed",),
    ),
    _bug(
        "days of follow-ups end at midnight in Greenwich",
        "CLM-16",
        Edit(
            follow_ups.unqualified,
            "received_at.astimezone(ZoneInfo(terms.calendar.zone)).date()",
            "received_at.date()",
        ),
        seed=4,
    ),
    _bug(
        "the idle clock runs on through a long closure",
        "CLM-17",
        Edit(clocks._deadline, "if clock is Clock.IDLE and", "if False and"),
        programs=("counted", "judged"),
    ),
    _bug(
        "a visit that is repeated starts its stage again",
        "CLM-12",
        Edit(follow_ups.worked_on, "        and claim.visited_at is None\n", ""),
        programs=("judged",),
    ),
)
