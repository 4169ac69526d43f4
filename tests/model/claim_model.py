"""A second reading of the claim's life (报备): what requirements and contract say, in other words than the product's.

Nothing of the product is imported here, only the standard library. The model is told facts (who asked for what, and the
instant the service stamped on it) and says what must have become of it. Instants are microseconds since 1970, people,
programs, customers and claims have symbolic names, so that one walk reads the same on every machine.

Where the documents are silent the model has to choose; those places are marked ``silent:``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
#: The model knows one zone, Asia/Shanghai: eight hours ahead of UTC, and its clocks are never changed.
ZONE = 8 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int:
    """RFC 3339 to microseconds."""
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - _EPOCH) // timedelta(microseconds=1)


def written(at: int | None) -> str | None:
    """An instant as people read it, for reports of differences."""
    return None if at is None else (_EPOCH + timedelta(microseconds=at)).strftime("%m-%d %H:%M:%S.%f")


def local_day(at: int) -> int:
    """The date in the program's zone, as a number of days since 1970."""
    return (at + ZONE) // DAY


# --- time --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """An amount of elapsed time, of calendar days, or of working time (requirements 0.1, units by suffix)."""

    us: int
    scale: str  # elapsed, calendar, working


_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SCALES = {
    "min": ("elapsed", HOUR // 60),
    "h": ("elapsed", HOUR),
    "d": ("calendar", DAY),
    "days": ("calendar", DAY),
    "wh": ("working", HOUR),
    "wd": ("working", DAY),
}


def span(value: float | str, unit: str) -> Span:
    """A policy value of that unit: a number, or ISO text, which always means elapsed time (contract section 3)."""
    if isinstance(value, str):
        parts = _ISO.fullmatch(value)
        assert parts is not None, value
        amounts = [int(part or 0) for part in parts.groups()]
        return Span(sum(a * u for a, u in zip(amounts, (DAY, HOUR, HOUR // 60, SECOND), strict=True)), "elapsed")
    scale, size = _SCALES[unit]
    return Span(int(Decimal(repr(value)) * size), scale)


class Calendar:
    """Monday to Friday in Asia/Shanghai, but for the named free days and make-up workdays (TER-06)."""

    def __init__(self, *, free: tuple[str, ...] = (), work: tuple[str, ...] = ()) -> None:
        self._free = {self._number(day) for day in free}
        self._work = {self._number(day) for day in work}

    def works(self, day: int) -> bool:
        if day in self._free or day in self._work:
            return day in self._work
        return (day + 3) % 7 < 5  # 1 January 1970 was a Thursday

    def closed(self, day: int, length: int) -> bool:
        """Whether the day lies in a row of at least ``length`` days that nobody works."""
        if length <= 0 or self.works(day):
            return False
        first = last = day
        while not self.works(first - 1):
            first -= 1
        while not self.works(last + 1):
            last += 1
        return last - first + 1 >= length

    def add(self, at: int, amount: Span, *, closures: int = 0) -> int:
        """The first instant by which the amount has passed. Calendar days stand still on closures, if asked."""
        counts = self._counting(amount.scale, closures)
        if counts is None or amount.us == 0:
            return at + amount.us
        (day, clock), left = divmod(at + ZONE, DAY), amount.us
        while True:
            if counts(day):
                if left <= DAY - clock:
                    return day * DAY + clock + left - ZONE
                left -= DAY - clock
            day, clock = day + 1, 0

    def between(self, start: int, end: int, scale: str, *, closures: int = 0) -> Span:
        """How much of that scale lies between two instants; nothing if the end is not later."""
        counts = self._counting(scale, closures)
        if end <= start or counts is None:
            return Span(max(0, end - start), scale)
        start, end = start + ZONE, end + ZONE
        total = 0
        for day in range(start // DAY, end // DAY + 1):
            if counts(day):
                total += max(0, min(end, (day + 1) * DAY) - max(start, day * DAY))
        return Span(total, scale)

    def _counting(self, scale: str, closures: int) -> Callable[[int], bool] | None:
        if scale == "working":
            return self.works
        if scale == "calendar" and closures:
            return lambda day: not self.closed(day, closures)
        return None  # without changes of the clocks a calendar day is 24 hours

    @staticmethod
    def _number(day: str) -> int:
        return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()


# --- the company ---------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody: the teams they belonged to, when they were away, when they left."""

    name: str
    teams: list[tuple[int, str]]  # (since, team), oldest first
    sells: bool = True
    finance: bool = False
    left_at: int | None = None
    absences: list[tuple[int, int, int]] = field(default_factory=list)  # (from, to, entered)
    moves: list[int] = field(default_factory=list)

    def team(self, at: int) -> str:
        return [team for since, team in self.teams if since <= at][-1]

    def active(self, at: int) -> bool:
        return self.left_at is None or at < self.left_at


@dataclass
class Team:
    name: str
    parent: str | None
    leader: str | None = None


class Rules:
    """The policy of one program, by parameter name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def span(self, name: str) -> Span | None:
        """A duration, None where it is switched off."""
        found = span(self.values[name], name.rsplit("_", 1)[1])
        return found if found.us else None

    def stage(self, name: str) -> Span | None:
        text = str(self.values["claim.stage_length"][name])
        found = span(text, "h") if text.startswith("P") else span(int(text[:-1]), text[-1])
        return found if found.us else None

    def by_key(self, name: str, key: str) -> Span | None:
        value = self.values[name].get(key)
        return None if not value else span(value, name.rsplit("_", 1)[1])


@dataclass
class Program:
    name: str
    rules: Rules


# --- claims --------------------------------------------------------------------------------------------------------

HOLDING = ("protected", "active", "won")
OPEN = ("reported", *HOLDING)
#: In this order clocks with the same deadline decide (table 0.2).
ORDER = ("first_follow_up", "provisional", "stage", "idle", "no_deal", "protection", "after_deal", "approval")
REASONS = {
    "first_follow_up": "no_first_follow_up",
    "provisional": "incomplete",
    "stage": "stage_missed",
    "idle": "idle",
    "no_deal": "no_deal",
    "protection": "protection_end",
    "after_deal": "after_deal",
}


@dataclass
class Clock:
    """A running clock has a deadline, a stopped one an amount of its own time that is left."""

    name: str
    scale: str
    due: int | None = None
    left: Span | None = None


@dataclass
class FollowUp:
    key: str
    author: str
    kind: str
    note: str
    answered: bool
    received_at: int
    qualified: bool
    why: str | None
    voided: bool = False


@dataclass
class Request:
    key: str
    kind: str
    claim: str
    by: str | None
    waiting_for: list[str]
    decide_by: int | None
    data: dict[str, Any]
    state: str = "open"


@dataclass
class Event:
    kind: str
    at: int
    actor: str | None
    before: str | None
    after: str | None


@dataclass
class Claim:
    key: str
    matter: str
    program: str
    reporter: str
    received_at: int
    rank_at: int
    state: str = "reported"
    reason: str | None = None
    release_reason: str | None = None
    owner: str | None = None
    accepted_at: int | None = None
    ended_at: int | None = None
    provisional: bool = False
    missing: tuple[str, ...] = ()
    complete_by: int | None = None
    clocks: dict[str, Clock] = field(default_factory=dict)
    stops: list[tuple[str, int]] = field(default_factory=list)  # (kind, since)
    paused_us: int = 0
    extensions: int = 0
    visited: bool = False
    rescued: bool = False
    grace_until: int | None = None
    sent_back_until: int | None = None
    deals: list[tuple[str, int, bool]] = field(default_factory=list)  # (key, protects until, live)
    follow_ups: list[FollowUp] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    timeline: list[Event] = field(default_factory=list)
    judges: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.state in HOLDING

    @property
    def deadline(self) -> int | None:
        """The earliest of the running clocks."""
        return min((c.due for c in self.clocks.values() if c.due is not None), default=None)


@dataclass
class Command:
    """What somebody asked of a claim, with the service's stamp. ``answer`` is None until decided, then a code or ``ok``."""

    kind: str
    actor: str
    claim: str
    at: int
    data: dict[str, Any] = field(default_factory=dict)
    answer: str | None = None


@dataclass
class Matter:
    """One customer in one program: the claims on it, and what waits to be decided."""

    key: str
    program: str
    claims: list[str] = field(default_factory=list)
    inbox: list[Command] = field(default_factory=list)


class No(Exception):
    """The command is refused."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Model:
    """The whole company as the documents see it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.teams: dict[str, Team] = {}
        self.people: dict[str, Person] = {}
        self.programs: dict[str, Program] = {}
        self.matters: dict[str, Matter] = {}
        self.claims: dict[str, Claim] = {}
        self.admin = "admin"

    # --- people ---

    def supervisor(self, person: str, at: int, *, barred: tuple[str, ...] = ()) -> str:
        """The nearest active leader above who is not that person; without one, the admin."""
        team: str | None = self.people[person].team(at)
        while team is not None:
            leader = self.teams[team].leader
            if leader and leader != person and leader not in barred and self.people[leader].active(at):
                return leader
            team = self.teams[team].parent
        return self.admin

    def leads(self, leader: str, team: str | None) -> bool:
        while team is not None:
            if self.teams[team].leader == leader:
                return True
            team = self.teams[team].parent
        return False

    def absences(self, person: str, rules: Rules) -> Iterator[tuple[int, int]]:
        """Long absences: overlapping ones count once; none acts before it was entered (PPL-05)."""
        limit = rules.span("absence.pause_after_wd")
        if limit is None:
            return
        rows = sorted(self.people[person].absences)
        merged: list[list[int]] = []
        for start, end, entered in rows:
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
                merged[-1][2] = max(merged[-1][2], entered)
            else:
                merged.append([start, end, entered])
        for start, end, entered in merged:
            if self.calendar.between(start, end, limit.scale).us > limit.us:
                yield max(start, entered), end

    # --- deciding ---

    def settle(self, matter: str, now: int) -> None:
        """Decide what is due: commands in the order of their stamps, an act at a deadline before the deadline."""
        here = self.matters[matter]
        while True:
            due = min(self._due(here), key=lambda d: d[:2], default=None)
            command = here.inbox[0] if here.inbox else None
            if command is not None and (due is None or command.at <= due[0]):
                here.inbox.pop(0)
                self._decide(command)
            elif due is not None and due[0] < now:
                due[2]()
            else:
                return

    def _decide(self, command: Command) -> None:
        try:
            getattr(self, f"_do_{command.kind}")(self.claims[command.claim], command)
        except No as no:
            command.answer = no.code
        else:
            command.answer = "ok"

    def _due(self, matter: Matter) -> Iterator[tuple[int, int, Callable[[], None]]]:
        """Everything that has an instant: (when, rank among equals, what to do then)."""
        for key in matter.claims:
            claim = self.claims[key]
            if claim.state in OPEN:
                yield from self._people_due(claim)
                for clock in claim.clocks.values():
                    if clock.due is not None:
                        yield clock.due, 10 + ORDER.index(clock.name), lambda c=claim, k=clock: self._over(c, k)
            if claim.sent_back_until is not None and claim.state == "reported":
                yield claim.sent_back_until, 5, lambda c=claim: self._not_corrected(c)
            for request in claim.requests:
                if request.state == "open" and request.decide_by is not None:
                    yield request.decide_by, 6, lambda c=claim, r=request: self._expired(c, r)
