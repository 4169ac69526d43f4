"""A second reading of the claim's life (报备): what requirements and contract say, in other words than the product's.

Nothing of the product is imported, only the standard library. The model is told facts (who asked what of which claim,
and the instant the service stamped on it) and says what must have become of the claim. Names are symbolic, so that a
walk reads the same on every machine. Where the documents leave a choice it is marked ``silent:``; there the model
follows the product, so that a change of mind is noticed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.model.working_time import DAY, Calendar, Span, local_day, span

HOLDING = ("protected", "active", "won")
WORKABLE = ("protected", "active")
APPROVED = ("customer_request", "legal", "delivery")
#: Clocks with the same deadline decide in this order (table 0.2).
ORDER = ("first_follow_up", "provisional", "stage", "idle", "no_deal", "protection", "after_deal")
LAPSE_REASONS = {
    "first_follow_up": "no_first_follow_up",
    "provisional": "incomplete",
    "stage": "stage_missed",
    "idle": "idle",
    "no_deal": "no_deal",
    "protection": "protection_end",
    "after_deal": "after_deal",
}
COMPLETION = ("need", "progress", "next_follow_up_at", "expected_close", "expected_amount")


# --- the company ---------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody: the teams they belonged to, when they were away, when they moved or left."""

    name: str
    teams: list[tuple[int, str]]  # (since, team), oldest first
    sells: bool = False
    finance: bool = False
    left_at: int | None = None
    absences: list[tuple[int, int, int]] = field(default_factory=list)  # (from, to, entered)
    changes: list[tuple[int, str]] = field(default_factory=list)  # (at, left or moved)

    def team(self, at: int) -> str:
        """The home team of that day (PPL-01)."""
        return [team for since, team in self.teams if since <= at][-1]

    def active(self, at: int) -> bool:
        return self.left_at is None or at < self.left_at


@dataclass
class Team:
    name: str
    parent: str | None
    leader: str | None = None


@dataclass
class Program:
    """A program and its policy, by parameter name."""

    name: str
    values: Mapping[str, Any]

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

    def reclaim_wait(self, kind: str, reason: str | None) -> Span | None:
        """How long a former owner waits (CLM-26)."""
        value = self.values["claim.reclaim_wait_h"]
        amount = value[kind] if reason != "idle" or "idle" not in value else value["idle"]
        return span(amount, "h") if span(amount, "h").us else None


# --- what a claim is made of ---------------------------------------------------------------------------------------


@dataclass
class Clock:
    """A running clock has a deadline, a stopped one keeps what is left of it, in its own time (CLM-21)."""

    name: str
    length: Span
    due: int | None = None
    left: Span | None = None


@dataclass
class FollowUp:
    key: str
    author: str
    note: str
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
    """One line of the timeline; before and after only where the state may change."""

    kind: str
    at: int
    actor: str | None
    before: str | None = None
    after: str | None = None


@dataclass
class Claim:
    key: str
    matter: str
    program: str
    reporter: str
    team: str
    received_at: int
    rank_at: int
    kind: str = "person"
    facts: str = ""  # tells changed facts from the same again (CLM-26)
    state: str = "reported"
    reason: str | None = None
    release_reason: str | None = None
    owner: str | None = None  # who holds it, or held it last
    accepted_at: int | None = None
    ended_at: int | None = None
    grace_until: int | None = None
    rescued: bool = False
    provisional: bool = False
    missing: tuple[str, ...] = ()
    complete_by: int | None = None
    waiting: str | None = None  # judge, earlier, visit, correction
    judges: list[str] = field(default_factory=list)
    correct_by: int | None = None
    clocks: dict[str, Clock] = field(default_factory=dict)
    pauses: dict[str, tuple[int, int | None]] = field(default_factory=dict)  # kind: (since, until)
    paused_us: int = 0
    idle_since: int = 0  # when the idle clock last began afresh by anything but a follow-up
    idle_stops: list[tuple[int, int | None]] = field(default_factory=list)
    extended_until: int = 0
    extensions: int = 0
    visited: bool = False
    follow_ups: list[FollowUp] = field(default_factory=list)
    deals: list[tuple[str, int, bool]] = field(default_factory=list)  # (key, counted from, live)
    requests: list[Request] = field(default_factory=list)
    changes_from: int = 0  # people's facts before this instant do not concern this claim
    absent_until: int = 0  # absences up to here are taken in
    hand_over_by: int | None = None
    kept_until: int | None = None
    timeline: list[Event] = field(default_factory=list)
    version: int = 1

    @property
    def holds(self) -> bool:
        return self.state in HOLDING

    @property
    def deadline(self) -> int | None:
        """The earliest of the running clocks (CLM-17)."""
        return min((c.due for c in self.clocks.values() if c.due is not None), default=None)

    def open_requests(self, *kinds: str) -> list[Request]:
        return [r for r in self.requests if r.state == "open" and (not kinds or r.kind in kinds)]

    @property
    def last_qualified(self) -> int | None:
        return max((f.received_at for f in self.follow_ups if f.qualified and not f.voided), default=None)


@dataclass
class Command:
    """What somebody asked of a claim, with the service's stamp. ``answer`` is a code, ``ok``, or None = undecided."""

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
    kind: str
    claims: list[str] = field(default_factory=list)
    inbox: list[Command] = field(default_factory=list)


class No(Exception):  # noqa: N818 - that is what it says
    """Refused, with a code of appendix C."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class _Due:
    """Something that happens by itself."""

    at: int
    rank: tuple[int, int]
    act: Callable[[], None]


class Model:
    """The whole company as the documents see it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.teams: dict[str, Team] = {}
        self.people: dict[str, Person] = {}
        self.programs: dict[str, Program] = {}
        self.matters: dict[str, Matter] = {}
        self.claims: dict[str, Claim] = {}
        self.oversight = "admin"
        #: (trigger, claim) in the order they happened; the walk counts them.
        self.moves: list[tuple[str, str]] = []

    # --- people ----------------------------------------------------------------------------------------------------

    def supervisor(self, person: str, at: int, *, barred: tuple[str, ...] = ()) -> str:
        """The nearest active leader above who is not that person; without one, oversight."""
        team: str | None = self.people[person].team(at)
        while team is not None:
            leader = self.teams[team].leader
            if leader is not None and leader not in (person, *barred) and self.people[leader].active(at):
                return leader
            team = self.teams[team].parent
        return self.oversight

    def leads(self, leader: str, team: str | None) -> bool:
        """Whether that team lies in the leader's subtree."""
        while team is not None:
            if self.teams[team].leader == leader:
                return True
            team = self.teams[team].parent
        return False

    def supervises(self, actor: str, claim: Claim, at: int) -> bool:
        """Whether the actor is the supervisor of the claim's owner, or of its reporter while it has none."""
        subject = claim.owner or claim.reporter
        return actor != subject and self.supervisor(subject, at) == actor

    def sees(self, actor: str, claim: Claim) -> bool:
        """Who reads a claim (contract section 9); whoever a request or the judgement waits for must see it too."""
        reporters_team = self.people[claim.reporter].team(claim.received_at)
        return (
            actor in (claim.reporter, claim.owner, self.oversight, *claim.judges[-1:])
            or self.people[actor].finance
            or self.leads(actor, claim.team)
            or self.leads(actor, reporters_team)
            or any(actor in r.waiting_for for r in claim.open_requests())
        )

    def forbidden(self, kind: str, actor: str, claim: Claim, at: int) -> str | None:
        """The code if the actor may not ask this of the claim, whatever state it is in (contract section 9)."""
        owner = claim.owner is not None and actor == claim.owner
        if kind in ("accept", "reject", "send_back"):
            if actor == claim.reporter:
                return "recusal_required"
            judge = actor in claim.judges[-1:] or self.supervisor(claim.reporter, at) == actor
            return None if judge else "not_allowed"
        allowed = {
            "withdraw": actor == claim.reporter,
            "correct": owner or actor == claim.reporter,
            "follow_up": self.people[actor].sells and self.people[actor].active(at),
            "win": owner or self.people[actor].finance,
            "cancel_deal": self.people[actor].finance or self.supervises(actor, claim, at),
            "void": self.supervises(actor, claim, at),
            "transfer": owner or (self._gone(claim, at) and self.supervises(actor, claim, at)),
            "release": owner or self.supervises(actor, claim, at),
            "extend": owner or self.supervises(actor, claim, at),
            "pause": owner or self.supervises(actor, claim, at),
            "unpause": owner or self.supervises(actor, claim, at),
        }
        return None if allowed[kind] else "not_allowed"

    def _gone(self, claim: Claim, at: int) -> bool:
        return claim.owner is not None and not self.people[claim.owner].active(at)

    def allowed(self, actor: str, claim: Claim, at: int) -> set[str]:
        """What the actor may do now (contract section 5, ``allowed``)."""
        judged = {"accept", "send_back"} if claim.waiting == "judge" else set[str]()
        paused = {"unpause"} if any(kind in APPROVED for kind in claim.pauses) else set[str]()
        by_state = {
            "reported": {"reject", "withdraw", "correct", "follow_up", *judged},
            "protected": {"correct", "follow_up", "win", "release", "transfer", "extend", "pause", *paused},
            "active": {"correct", "follow_up", "win", "release", "transfer", "extend", "pause", *paused},
            "won": {"correct", "follow_up", "cancel_deal", "transfer"},
            "lapsed": {"follow_up"} if self.in_grace(claim, at) else set[str](),
        }
        works = claim.reporter if claim.state == "reported" else claim.owner
        return {
            kind
            for kind in by_state.get(claim.state, ())
            if self.forbidden(kind, actor, claim, at) is None and (kind != "follow_up" or actor == works)
        }

    def away(self, person: str, limit: Span | None) -> Iterator[tuple[int, int]]:
        """Long absences as (from, to): overlapping ones count once, none acts before it was known (PPL-05)."""
        rows = self.people[person].absences
        for known in sorted({entered for _, _, entered in rows}):
            runs: list[tuple[int, int]] = []
            for start, end in sorted((s, e) for s, e, entered in rows if entered <= known):
                if runs and start <= runs[-1][1]:
                    runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
                else:
                    runs.append((start, end))
            for start, end in runs:
                if limit is not None and self.calendar.add(start, limit) < end and known < end:
                    yield max(start, known), end

    # --- deciding --------------------------------------------------------------------------------------------------

    def settle(self, matter: str, now: int) -> None:
        """Decide what is due: commands by their stamps, an act at a deadline before the deadline itself."""
        here = self.matters[matter]
        while True:
            due = min(self._dues(here), key=lambda d: (d.at, d.rank), default=None)
            command = here.inbox[0] if here.inbox else None
            if command is not None and (due is None or command.at <= due.at):
                here.inbox.pop(0)
                self._decide(command)
            elif due is not None and due.at < now:
                due.act()
            else:
                return

    def next_due(self, matter: str) -> int | None:
        """The next instant at which something happens by itself."""
        return min((d.at for d in self._dues(self.matters[matter])), default=None)

    def as_of(self, matter: str, now: int) -> Model:
        """The same company with this one matter decided up to now, for what is asked before receipt."""
        due = self.next_due(matter)
        if not self.matters[matter].inbox and (due is None or due >= now):
            return self
        aside = copy.copy(self)
        here = aside.matters = {matter: copy.deepcopy(self.matters[matter])}
        aside.claims = self.claims | {key: copy.deepcopy(self.claims[key]) for key in here[matter].claims}
        aside.moves = []
        aside.settle(matter, now)
        return aside

    def _decide(self, command: Command) -> None:
        claim = self.claims[command.claim]
        try:
            getattr(self, f"_do_{command.kind}")(claim, command)
        except No as no:
            command.answer = no.code
        else:
            command.answer = "ok"

    def _authorise(self, claim: Claim, command: Command) -> None:
        code = self.forbidden(command.kind, command.actor, claim, command.at)
        if code is not None:
            raise No(code)

    def _dues(self, matter: Matter) -> Iterator[_Due]:
        for key in matter.claims:
            yield from self._dues_of(self.claims[key])

    def _dues_of(self, claim: Claim) -> Iterator[_Due]:
        """Everything of a claim that has an instant. silent: the order of equal instants, clocks apart."""
        if claim.holds:
            change = self._change(claim)
            if change is not None:
                yield _Due(change[0], (0, 0), lambda: self._changed(claim, *change))
            absence = self._absence(claim)
            if absence is not None:
                yield _Due(absence[0], (1, 0), lambda: self._goes_away(claim, *absence))
            for kind, (_, until) in claim.pauses.items():
                if until is not None:
                    yield _Due(until, (2, 0), lambda kind=kind, until=until: self._resumes(claim, kind, until, None))
            for request in claim.open_requests():
                if request.decide_by is not None:
                    yield _Due(request.decide_by, (3, 0), lambda request=request: self._expires(claim, request))
            for limit in (claim.hand_over_by, claim.kept_until):
                if limit is not None:
                    yield _Due(limit, (6, 0), lambda limit=limit: self._hand_over(claim, limit, None))
            lapse = self._lapse_due(claim)
            if lapse is not None:
                yield _Due(lapse[0], (7, ORDER.index(lapse[1].name)), lambda: self._runs_out(claim, *lapse))
        if claim.state == "reported":
            if claim.waiting == "correction" and claim.correct_by is not None:
                yield _Due(claim.correct_by, (4, 0), lambda: self._stays_uncorrected(claim))
            approval = claim.clocks.get("approval")
            if approval is not None and approval.due is not None:
                yield _Due(approval.due, (5, 0), lambda due=approval.due: self._escalates(claim, due))

    def _event(self, claim: Claim, kind: str, at: int, actor: str | None) -> None:
        claim.timeline.append(Event(kind, at, actor))

    def _move(self, claim: Claim, trigger: str, kind: str, at: int, actor: str | None, *, to: str) -> None:
        claim.timeline.append(Event(kind, at, actor, claim.state, to))
        claim.state = to
        self.moves.append((trigger, claim.key))

    def _program(self, claim: Claim) -> Program:
        return self.programs[claim.program]

    # --- clocks ----------------------------------------------------------------------------------------------------

    def _start(self, claim: Claim, name: str, at: int, length: Span | None) -> None:
        """A clock from that instant on; standing still if a pause stops it; none if it is switched off (CLM-17)."""
        claim.clocks.pop(name, None)
        if length is None:
            return
        clock = claim.clocks[name] = Clock(name, length)
        if self._is_stopped(claim, name):
            clock.left = length
        else:
            clock.due = self._count(claim, clock, at, length)

    def _begin_idle(self, claim: Claim, at: int) -> None:
        """The idle clock afresh, for a reason that no voiding takes back."""
        self._start(claim, "idle", at, self._program(claim).span("claim.idle_days"))
        claim.idle_since = at
        claim.idle_stops = [(at, None)] if self._is_stopped(claim, "idle") else []

    def _closures(self, claim: Claim, clock: Clock) -> int:
        """The idle clock stands still on long closures, if it counts calendar days (CLM-17)."""
        return int(self._program(claim)["calendar.closure_days"]) if clock.name == "idle" else 0

    def _count(self, claim: Claim, clock: Clock, at: int, amount: Span) -> int:
        return self.calendar.add(at, amount, closures=self._closures(claim, clock))

    def _between(self, claim: Claim, clock: Clock, start: int, end: int) -> Span:
        return self.calendar.between(start, end, clock.length.scale, closures=self._closures(claim, clock))

    def _is_stopped(self, claim: Claim, name: str) -> bool:
        """Absence stops the clocks its row names, every other pause stops all (CLM-21)."""
        if name == "approval":
            return False
        return any(kind != "absence" or name in ("first_follow_up", "idle") for kind in claim.pauses)

    def _pause(self, claim: Claim, kind: str, at: int, until: int | None, actor: str | None) -> None:
        was_stopped = self._is_stopped(claim, "idle")
        claim.pauses[kind] = (at, until)
        for clock in claim.clocks.values():
            if clock.due is not None and self._is_stopped(claim, clock.name):
                clock.left, clock.due = self._between(claim, clock, at, clock.due), None
        if not was_stopped and self._is_stopped(claim, "idle"):
            claim.idle_stops.append((at, None))
        self._event(claim, "paused", at, actor)

    def _unpause(self, claim: Claim, kind: str, at: int) -> None:
        """One pause less; a clock that no other one stops runs on with what was left of it."""
        was_stopped = self._is_stopped(claim, "idle")
        since, _ = claim.pauses.pop(kind)
        if kind in APPROVED:
            claim.paused_us += at - since
        for clock in claim.clocks.values():
            if clock.left is not None and not self._is_stopped(claim, clock.name):
                clock.due, clock.left = self._count(claim, clock, at, clock.left), None
        if was_stopped and not self._is_stopped(claim, "idle") and claim.idle_stops:
            claim.idle_stops[-1] = (claim.idle_stops[-1][0], at)

    def _resumes(self, claim: Claim, kind: str, at: int, actor: str | None) -> None:
        self._unpause(claim, kind, at)
        self._event(claim, "resumed", at, actor)

    def _lapse_due(self, claim: Claim) -> tuple[int, Clock] | None:
        """The clock that ends the claim as things stand. A timely extension request holds it (CLM-22)."""
        running = [c for c in claim.clocks.values() if c.due is not None and c.name in LAPSE_REASONS]
        first = min(running, key=lambda c: (c.due, ORDER.index(c.name)), default=None)
        if first is None or first.due is None:
            return None
        held = [r.decide_by for r in claim.open_requests("extension") if r.decide_by is not None]
        return max([first.due, *held]), first

    def _no_longer_held(self, claim: Claim, at: int) -> None:
        """What ran out while a request held the claim has the decision's instant as its deadline (CLM-22)."""
        for clock in claim.clocks.values():
            if clock.name in LAPSE_REASONS and clock.due is not None and clock.due < at:
                clock.due = at
