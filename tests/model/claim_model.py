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

from tests.model.working_time import DAY, ZONE, Calendar, Span, local_day, span

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
class Deal:
    key: str
    begins: int  # the period after it counts from here
    live: bool = True


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
    deals: list[Deal] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    changes_from: int = 0  # people's facts before this instant do not concern this claim
    absent_until: int = 0  # absences up to here are taken in
    hand_over_by: int | None = None
    kept_until: int | None = None
    tasks: dict[str, str] = field(default_factory=dict)  # who should do what about it
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
    pool_at: int | None = None  # nobody holds the customer, who lies in the pool from then on (POOL-02)


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
            actor in (claim.reporter, claim.owner, self.oversight, *claim.tasks.values())
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
            # silent: where nobody has ever owned, there is no supervisor whose deal it could be.
            "cancel_deal": self.people[actor].finance
            or (claim.owner is not None and self.supervises(actor, claim, at)),
            "void": self.supervises(actor, claim, at),
            "transfer": owner or (self._gone(claim, at) and self.supervises(actor, claim, at)),
            "release": owner or self.supervises(actor, claim, at),
            "extend": owner or self.supervises(actor, claim, at),
            "pause": owner or self.supervises(actor, claim, at),
            "unpause": owner or self.supervises(actor, claim, at),
        }
        return None if allowed[kind] else "not_allowed"

    def before_receipt(
        self, kind: str, actor: str, claim: Claim, at: int, data: Mapping[str, Any], *, stamp: int
    ) -> str | None:
        """The code of a command that is refused before it is stored: 404, 403, content, version (contract 1).

        ``stamp`` is what it would be received at: the clock, or later in a matter that was stamped just now.
        """
        if not self.sees(actor, claim):
            return "not_found"
        code = self.forbidden(kind, actor, claim, at)
        if code is not None:
            return code
        program = self._program(claim)
        if kind == "follow_up" and data["happened"] > at:
            return "date_invalid"
        if kind == "release" and data["reason"] not in program["release.reasons"]:
            return "field_invalid"
        if kind == "transfer":
            to = self.people[data["to"]]
            if data["to"] == claim.owner:
                return "field_invalid"
            if not to.active(at):
                return "person_inactive"
            return None if to.sells else "field_invalid"
        if kind == "extend" and data.get("days") is not None:
            longest = program.span("claim.extension_days")
            return "field_invalid" if longest is not None and data["days"] * DAY > longest.us else None
        if kind == "win" and data["end_day"] is not None and data["end_day"] < local_day(data["signed"]):
            return "date_invalid"
        if kind == "cancel_deal" and data.get("deal") is None and sum(deal.live for deal in claim.deals) > 1:
            return "field_missing"
        if kind == "correct" and data["version"] != self.as_of(claim.matter, stamp).claims[claim.key].version:
            return "version_conflict"
        return None

    def _gone(self, claim: Claim, at: int) -> bool:
        return claim.owner is not None and not self.people[claim.owner].active(at)

    def allowed(self, actor: str, claim: Claim, at: int) -> set[str]:
        """What the actor may do now (contract section 5, ``allowed``)."""
        judged = {"judge": {"accept", "send_back"}, "correction": {"accept"}}.get(claim.waiting or "", set[str]())
        paused = {"unpause"} if any(kind in APPROVED for kind in claim.pauses) else {"pause"}
        by_state = {
            "reported": {"reject", "withdraw", "correct", "follow_up", *judged},
            "protected": {"correct", "follow_up", "win", "release", "transfer", "extend", *paused},
            "active": {"correct", "follow_up", "win", "release", "transfer", "extend", *paused},
            "won": {"correct", "follow_up", "cancel_deal", "transfer"},
            "lapsed": {"follow_up"} if self.in_grace(claim, at) else set[str](),
        }
        works = claim.reporter if claim.state == "reported" else claim.owner
        contested = {"dispute"} if self._may_contest(actor, claim, at) else set[str]()
        # Whoever holds the customer may invite others (CLM-29). No walk does.
        invites = (
            {"collaborate"} if claim.state in ("protected", "active", "won") and actor == claim.owner else set[str]()
        )
        # Who works the customer moves it on, and hands on what was won; so does whoever is above (CLM-30, CLM-31).
        holds = claim.state in ("protected", "active", "won")
        leads_it = claim.owner is not None and self.supervises(actor, claim, at)
        moves_on = {"stage", *({"deliver"} if claim.state == "won" else ())}
        staged = moves_on if holds and (actor == claim.owner or leads_it) else set[str]()
        return (
            contested
            | invites
            | staged
            | {
                kind
                for kind in by_state.get(claim.state, ())
                if self.forbidden(kind, actor, claim, at) is None and (kind != "follow_up" or actor == works)
            }
        )

    def _may_contest(self, actor: str, claim: Claim, at: int) -> bool:
        """Whose claim it is, their supervisor, oversight; of an end only for so long (DSP-02). No walk opens a case."""
        limit = self._program(claim).span("dispute.contest_wd")
        too_late = claim.ended_at is not None and limit is not None and at > self.calendar.add(claim.ended_at, limit)
        if claim.state == "withdrawn" or too_late or not self._opposed(claim):
            return False
        if actor == (claim.owner or claim.reporter):
            return self.people[actor].sells and self.people[actor].active(at)
        return actor == self.oversight or self.supervises(actor, claim, at)

    def _opposed(self, claim: Claim) -> bool:
        """Somebody else holds the customer; against the holder, whoever reported it too (DSP-01)."""
        held, person = self.holder(claim.matter), claim.owner or claim.reporter
        if held is not None and held is not claim:
            return (held.owner or held.reporter) != person
        return any(
            (other.owner or other.reporter) != person
            and (other.state == "reported" or (other.state, other.reason) == ("rejected", "customer_owned"))
            for other in map(self.claims.__getitem__, self.matters[claim.matter].claims)
        )

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
            held = self.holder(claim.matter)
            if command.kind == "follow_up" and no.code == "customer_owned" and held is not None:
                self._event(held, "attempt", command.at, command.actor)
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

    # --- reports ---------------------------------------------------------------------------------------------------

    def refused_before_receipt(self, actor: str, matter: str, at: int, *, facts: str) -> str | Claim | None:
        """What a report meets before it is received: a code, the reporter's own open claim, or nothing (contract 5)."""
        program = self.programs[self.matters[matter].program]
        if not self.people[actor].sells:
            return "not_allowed"
        now = self.as_of(matter, at)
        mine = [now.claims[key] for key in self.matters[matter].claims]
        for claim in mine:
            if claim.state in ("reported", *HOLDING) and (claim.owner or claim.reporter) == actor:
                return self.claims[claim.key]
        for claim in mine:
            if claim.state in ("lapsed", "released") and claim.owner == actor and claim.ended_at is not None:
                wait = program.reclaim_wait(claim.kind, claim.reason)
                if wait is not None and at < self.calendar.add(claim.ended_at, wait):
                    return "reclaim_wait"
        judged = [
            claim
            for claim in (self.claims[key] for key in self.matters[matter].claims)
            if claim.state == "rejected" and claim.reason == "judged" and claim.reporter == actor
        ]
        if len(judged) > program["claim.resubmit_max"] or any(claim.facts == facts for claim in judged):
            return "resubmit_limit"
        if now.takes(matter, at) and not self.has_room(actor, matter):
            return "holding_cap"
        cap = program["claim.cap_person"]
        open_claims = [
            c for c in self.claims.values() if c.state in ("reported", *WORKABLE) and (c.owner or c.reporter) == actor
        ]
        return "claim_cap" if cap and len(open_claims) >= cap else None

    def takes(self, matter: str, at: int) -> bool:
        """Whether a report of the customer takes it out of the pool; where a visit accepts, none does (POOL-03)."""
        here = self.matters[matter]
        visits = self.programs[here.program]["claim.protection_shape"] == "visit_deal"
        return here.pool_at is not None and here.pool_at <= at and not visits

    def has_room(self, person: str, matter: str) -> bool:
        """Whether one more customer stays within what a person may hold, this one apart (POOL-07)."""
        cap = self.programs[self.matters[matter].program]["pool.holding_cap"]
        held = [c for c in self.claims.values() if c.state in WORKABLE and c.owner == person and c.matter != matter]
        return not cap or len(held) < cap

    def received(
        self, key: str, *, matter: str, reporter: str, at: int, facts: str, provisional: bool, given: tuple[str, ...]
    ) -> Claim:
        """A report was received and stamped; it is decided with everything else of its matter."""
        here = self.matters[matter]
        program = self.programs[here.program]
        wanted = tuple(f for f in program["claim.complete_fields"] if f not in given)
        claim = Claim(
            key,
            matter,
            here.program,
            reporter,
            self.people[reporter].team(at),
            at,
            at,
            kind=here.kind,
            facts=facts,
            provisional=provisional and bool(wanted),  # silent: one that lacks nothing is a full report
            missing=wanted,
        )
        complete = program.span("claim.complete_h")
        if wanted and not provisional and complete is not None:
            claim.complete_by = self.calendar.add(at, complete)
        self.claims[key] = claim
        here.claims.append(key)
        self._event(claim, "received", at, reporter)
        claim.timeline[-1].after = "reported"
        here.inbox.append(Command("report", reporter, key, at))
        return claim

    def holder(self, matter: str) -> Claim | None:
        """The claim that holds the customer (TER-01)."""
        return next((c for c in map(self.claims.__getitem__, self.matters[matter].claims) if c.holds), None)

    def in_grace(self, claim: Claim, at: int) -> bool:
        """Whether its former owner may still rescue it (CLM-20)."""
        return claim.grace_until is not None and at <= claim.grace_until

    def reserved(self, matter: str, at: int) -> Claim | None:
        """The lapsed claim whose grace keeps others out."""
        claims = [self.claims[k] for k in self.matters[matter].claims]
        return next((c for c in claims if c.state == "lapsed" and self.in_grace(c, at)), None)

    def _takes_place(self, claim: Claim) -> bool:
        if claim.state != "reported" or claim.waiting not in ("judge", "earlier", "correction"):
            return False
        return claim.waiting != "correction" or claim.correct_by is not None

    def earlier(self, claim: Claim) -> Claim | None:
        """An undecided report on the same customer that keeps its place before this one (CLM-05)."""
        rivals = [self.claims[key] for key in self.matters[claim.matter].claims]
        found = [c for c in rivals if c is not claim and self._takes_place(c) and c.rank_at < claim.rank_at]
        return min(found, key=lambda c: c.rank_at, default=None)

    def _taken_by(self, claim: Claim, at: int) -> Claim | None:
        held = self.holder(claim.matter)
        if held is not None:
            return held
        kept = self.reserved(claim.matter, at)
        return kept if kept is not None and kept.owner != claim.reporter else None

    def _do_report(self, claim: Claim, command: Command) -> None:
        self._consider(claim, command.at)

    def _consider(self, claim: Claim, at: int, *, sent_back: bool = False) -> None:
        """The validity check (CLM-03): collides, waits for a visit, an earlier report or a judge, or is accepted."""
        program = self._program(claim)
        taken = self._taken_by(claim, at)
        if taken is not None:
            self._reject(claim, at, "customer_owned", None)
            self._event(taken, "attempt", at, claim.reporter)
        elif program["claim.protection_shape"] == "visit_deal":
            claim.waiting = "visit"
        elif self.earlier(claim) is not None:
            claim.waiting = "earlier"
        elif sent_back or program["claim.judgement_mode"] == "manual":
            claim.waiting = "judge"
            claim.judges = claim.judges or [self.supervisor(claim.reporter, at)]
            claim.tasks["judge"] = claim.judges[-1]
            # silent: the judge's limit runs from when it is the judge's turn, as CUS-07 says of collision sets.
            self._start(claim, "approval", at, program.span("claim.approval_wh"))
        elif self.takes(claim.matter, at) and not self.has_room(claim.reporter, claim.matter):
            self._reject(claim, at, "holding_cap", None)
        else:
            self._accept(claim, at, None)

    def _accept(self, claim: Claim, at: int, actor: str | None) -> None:
        program = self._program(claim)
        self._move(claim, "accept", "accepted", at, actor, to="protected")
        claim.owner, claim.accepted_at = claim.reporter, at
        self.matters[claim.matter].pool_at = None
        claim.changes_from = self._begins_after(claim.reporter, at)
        claim.waiting = claim.correct_by = None
        claim.clocks.clear()
        claim.tasks.clear()
        self._start(claim, "first_follow_up", at, program.span("claim.first_follow_up_wh"))
        self._protect(claim, at)
        if claim.provisional:
            # silent: counted from receipt, also where a judge took time.
            self._start(claim, "provisional", claim.received_at, program.span("claim.provisional_days"))
        for other in map(self.claims.__getitem__, self.matters[claim.matter].claims):
            other.grace_until = None  # the customer has an owner again
        self._look_again(claim.matter, at)

    def _begins_after(self, person: str, at: int) -> int:
        """Moves up to now are taken in; whoever has left stays away, so what they get now is handed over (PPL-06)."""
        left_at = self.people[person].left_at
        return at if left_at is None or at < left_at else left_at - 1

    def _protect(self, claim: Claim, at: int) -> None:
        program = self._program(claim)
        self._begin_idle(claim, at)
        self._start(claim, "no_deal", at, program.span("claim.no_deal_days"))
        if program["claim.protection_shape"] == "report_deal":
            self._start(claim, "protection", at, program.span("claim.protection_days"))
        else:
            self._start(claim, "stage", at, program.stage("visit_deal" if claim.visited else "report_visit"))

    def _look_again(self, matter: str, at: int) -> None:
        """Something changed before those who wait: first come, first considered (CLM-05)."""
        waiting = [c for c in map(self.claims.__getitem__, self.matters[matter].claims) if c.state == "reported"]
        for claim in sorted(waiting, key=lambda c: c.rank_at):
            was = claim.waiting
            turn = was in ("earlier", "visit") or (was is not None and self.holder(matter) is not None)
            if turn and claim.state == "reported":
                self._consider(claim, at)

    def _reject(self, claim: Claim, at: int, reason: str, actor: str | None) -> None:
        self._move(claim, "reject", "rejected", at, actor, to="rejected")
        claim.reason, claim.ended_at, claim.waiting, claim.correct_by = reason, at, None, None
        claim.clocks.clear()
        claim.tasks.clear()

    def _judged(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        if claim.state != "reported":
            raise No("illegal_transition")

    def _do_accept(self, claim: Claim, command: Command) -> None:
        self._judged(claim, command)
        if claim.waiting == "visit" or self.earlier(claim) is not None:
            raise No("illegal_transition")
        if self._taken_by(claim, command.at) is not None:
            raise No("customer_owned")
        if self.takes(claim.matter, command.at) and not self.has_room(claim.reporter, claim.matter):
            raise No("holding_cap")
        self._accept(claim, command.at, command.actor)

    def _do_reject(self, claim: Claim, command: Command) -> None:
        self._judged(claim, command)
        self._reject(claim, command.at, "judged", command.actor)
        self._look_again(claim.matter, command.at)

    def _do_send_back(self, claim: Claim, command: Command) -> None:
        self._judged(claim, command)
        if claim.waiting != "judge":
            raise No("illegal_transition")
        limit = self._program(claim).span("claim.correction_wh")
        claim.waiting = "correction"
        claim.correct_by = None if limit is None else self.calendar.add(command.at, limit)
        claim.clocks.pop("approval", None)
        claim.tasks.clear()
        self._event(claim, "sent_back", command.at, command.actor)

    def _stays_uncorrected(self, claim: Claim) -> None:
        """The time to correct is over: later reports no longer wait for this one (CLM-05)."""
        at, claim.correct_by = claim.correct_by, None
        assert at is not None
        self._look_again(claim.matter, at)

    def _escalates(self, claim: Claim, at: int) -> None:
        """No decision in time: one supervisor up (CLM-04)."""
        above = self.supervisor(claim.reporter, at, barred=tuple(claim.judges))
        if above not in claim.judges:
            claim.judges.append(above)
        claim.tasks["judge"] = claim.judges[-1]
        self._start(claim, "approval", at, self._program(claim).span("claim.approval_wh"))

    def _do_withdraw(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        if claim.state != "reported":
            raise No("illegal_transition")
        self._move(claim, "withdraw", "withdrawn", command.at, command.actor, to="withdrawn")
        claim.ended_at, claim.waiting, claim.correct_by = command.at, None, None
        claim.clocks.clear()
        claim.tasks.clear()
        self._look_again(claim.matter, command.at)

    def _do_correct(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        at = command.at
        if claim.ended_at is not None:
            raise No("illegal_transition")
        if command.data["version"] != claim.version:
            raise No("version_conflict")
        claim.version += 1
        before, claim.missing = claim.missing, tuple(f for f in claim.missing if f not in command.data["given"])
        completed = bool(before) and not claim.missing
        if completed:
            claim.clocks.pop("provisional", None)
            claim.provisional, claim.complete_by = False, None
        self._event(claim, "completed" if completed else "corrected", at, command.actor)
        if claim.waiting == "correction":
            if claim.correct_by is None or at > claim.correct_by:
                claim.rank_at = at
            claim.waiting = claim.correct_by = None
            self._consider(claim, at, sent_back=True)

    # --- work ------------------------------------------------------------------------------------------------------

    def unqualified(self, claim: Claim, *, kind: str, note: str, answered: bool, at: int) -> str | None:
        """The parameter by which an entry does not reset the idle clock, None if it does (CLM-16)."""
        program = self._program(claim)
        if kind not in program["claim.qualified_kinds"] or (kind in ("call", "message") and not answered):
            return "claim.qualified_kinds"
        last = claim.follow_ups[-1].note if claim.follow_ups else None
        # silent: a repeat has no parameter of its own; it counts as an entry without content.
        if len(note) < program["claim.min_note_chars"] or note == last:
            return "claim.min_note_chars"
        today = [
            f for f in claim.follow_ups if f.qualified and not f.voided and local_day(f.received_at) == local_day(at)
        ]
        limit = program["claim.qualified_per_day"]
        return "claim.qualified_per_day" if limit and len(today) >= limit else None

    def _do_follow_up(self, claim: Claim, command: Command) -> None:
        at, said = command.at, command.data
        self._authorise(claim, command)
        self._admit(claim, command)
        if claim.state == "reported":
            # silent: what is named as the reason, and that the accepting visit is not itself the first follow-up.
            self._log(claim, command, "claim.judgement_mode")
            visits = self._program(claim)["claim.protection_shape"] == "visit_deal" and said["kind"] == "visit"
            if visits and self._taken_by(claim, at) is None:
                claim.visited = True
                self._accept(claim, at, command.actor)
            return
        why = self.unqualified(claim, kind=said["kind"], note=said["note"], answered=said["answered"], at=at)
        if claim.state == "lapsed" and why is not None:
            raise No("deadline_passed")  # silent: an entry that rescues nothing comes too late
        self._log(claim, command, why)
        program = self._program(claim)
        # silent: any visit reaches the stage, qualified or not.
        if said["kind"] == "visit" and not claim.visited and program["claim.protection_shape"] == "report_visit_deal":
            if claim.state in (*WORKABLE, "lapsed"):
                claim.visited = True
            if claim.state in WORKABLE:
                self._start(claim, "stage", at, program.stage("visit_deal"))
                self._event(claim, "stage_reached", at, command.actor)
        if why is not None:
            return
        if claim.state in WORKABLE:
            self._work_moves_idle(claim, at)
        if claim.state == "protected":
            claim.clocks.pop("first_follow_up", None)
            claim.tasks.pop("first_follow_up_missed", None)
            self._move(claim, "work", "worked", at, command.actor, to="active")
        elif claim.state == "lapsed":
            self._rescue(claim, at, command.actor)

    def _admit(self, claim: Claim, command: Command) -> None:
        """Whose work may be logged here (contract section 5, after the table)."""
        if claim.state == "lapsed":
            grace = self.in_grace(claim, command.at)
            if grace and (command.actor != claim.owner or self.holder(claim.matter) is not None):
                raise No("customer_owned")
            if not grace:
                raise No("deadline_passed")
        elif claim.state in ("rejected", "released", "withdrawn"):
            owned = claim.state == "rejected" and self.holder(claim.matter) is not None
            raise No("customer_owned" if owned else "illegal_transition")
        elif command.actor != (claim.reporter if claim.state == "reported" else claim.owner):
            raise No("customer_owned")

    def _log(self, claim: Claim, command: Command, why: str | None) -> None:
        said = command.data
        claim.follow_ups.append(FollowUp(said["key"], command.actor, said["note"], command.at, why is None, why))
        self._event(claim, "follow_up", command.at, command.actor)

    def _work_moves_idle(self, claim: Claim, at: int) -> None:
        """A follow-up moves the idle deadline, and only later: an extension may have moved it further (CLM-17)."""
        before = claim.clocks.get("idle")
        self._start(claim, "idle", at, self._program(claim).span("claim.idle_days"))
        after = claim.clocks.get("idle")
        both_run = before is not None and after is not None and before.due is not None and after.due is not None
        if both_run and before.due > after.due:
            claim.clocks["idle"] = before

    def _rescue(self, claim: Claim, at: int, actor: str) -> None:
        """Once per claim (CLM-20). silent: with the clocks of an acceptance, but for the first follow-up."""
        self._move(claim, "rescue", "rescued", at, actor, to="active")
        claim.rescued = True
        claim.reason = claim.ended_at = claim.grace_until = None
        self.matters[claim.matter].pool_at = None
        claim.changes_from = claim.absent_until = at
        self._protect(claim, at)

    def _do_void(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        entry = next(f for f in claim.follow_ups if f.key == command.data["follow_up"])
        if entry.voided:
            return
        owed = entry.qualified and entry.received_at == claim.last_qualified
        entry.voided = True
        if owed and claim.state in WORKABLE:
            self._recount_idle(claim, command.at)
        self._event(claim, "voided", command.at, command.actor)

    def _recount_idle(self, claim: Claim, at: int) -> None:
        """The idle deadline as it were without the entry, but not nearer than the notice (CLM-16)."""
        clock, length = claim.clocks.get("idle"), self._program(claim).span("claim.idle_days")
        if clock is None or length is None:
            return
        fresh = Clock("idle", length)
        start = max(claim.idle_since, claim.last_qualified or 0)
        gone = self._between(claim, fresh, start, at).us
        for since, until in claim.idle_stops:
            gone -= self._between(claim, fresh, max(start, since), at if until is None else until).us
        notice = self._program(claim).span("claim.void_notice_wh")
        least = at if notice is None else self.calendar.add(at, notice)
        left = Span(max(0, length.us - gone), length.scale)
        if clock.due is not None:
            recounted = max(self._count(claim, fresh, at, left), least, claim.extended_until)
            fresh.due = min(clock.due, recounted)
        else:
            floors = (self._between(claim, fresh, at, least).us, 0)
            fresh.left = Span(max(left.us, *floors), length.scale)
            if clock.left is not None and clock.left.us < fresh.left.us:
                fresh.left = clock.left
        claim.clocks["idle"] = fresh

    # --- deals and ends --------------------------------------------------------------------------------------------

    def _do_win(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        if claim.state not in WORKABLE:
            raise No("illegal_transition")
        self._move(claim, "win", "won", command.at, command.actor, to="won")
        end = command.data["end_day"]
        begins = command.data["signed"] if end is None else (end + 1) * DAY - ZONE
        claim.deals.append(Deal(command.data["key"], begins))
        self._count_after_deal(claim, command.at)
        self._close_requests(claim)

    def _count_after_deal(self, claim: Claim, at: int) -> None:
        """Only this clock runs in ``won``; of several live deals the one that keeps the customer longest counts."""
        claim.clocks.clear()
        length = self._program(claim).span("claim.after_deal_days")
        live = [deal.begins for deal in claim.deals if deal.live]
        self._start(claim, "after_deal", max(live), length)
        clock = claim.clocks.get("after_deal")
        if clock is not None and clock.due is not None:
            clock.due = max(at, clock.due)  # told late, it is over at once, but not before it was told

    def _do_cancel_deal(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        ended = claim.state in ("lapsed", "released", "rejected", "withdrawn")
        if claim.state != "won" and not (ended and any(deal.live for deal in claim.deals)):
            raise No("illegal_transition")
        named = command.data.get("deal")
        live = [deal for deal in claim.deals if deal.live and named in (None, deal.key)]
        if not live:
            raise No("illegal_transition")
        live[0].live = False
        if ended:
            return  # the commission is clawed back, the claim is over as it was (COM-10)
        if any(deal.live for deal in claim.deals):
            self._event(claim, "deal_cancelled", command.at, command.actor)
            claim.timeline[-1].before = claim.timeline[-1].after = "won"
            self._count_after_deal(claim, command.at)
            return
        self._move(claim, "cancel_deal", "deal_cancelled", command.at, command.actor, to="active")
        claim.clocks.clear()
        self._begin_idle(claim, command.at)
        # silent: the no-deal clock begins again too, protection and stage do not come back.
        self._start(claim, "no_deal", command.at, self._program(claim).span("claim.no_deal_days"))

    def _runs_out(self, claim: Claim, at: int, clock: Clock) -> None:
        """A lapse, unless policy says otherwise (CLM-11, CLM-14, CLM-19)."""
        program = self._program(claim)
        if clock.name == "first_follow_up" and program["claim.first_follow_up_miss"] == "escalate":
            del claim.clocks["first_follow_up"]
            claim.tasks["first_follow_up_missed"] = self.supervisor(str(claim.owner), at)
        elif not (clock.name in ("protection", "stage") and self._renews(claim, at, clock)):
            self._lapse(claim, at, LAPSE_REASONS[clock.name])

    def _renews(self, claim: Claim, at: int, clock: Clock) -> bool:
        program = self._program(claim)
        if program["claim.on_protection_end"] != "renew_if_worked" or (clock.name == "stage" and not claim.visited):
            return False
        recent, total = program.span("claim.renew_recent_days"), program.span("claim.max_total_days")
        length = program.span("claim.protection_days") if clock.name == "protection" else program.stage("visit_deal")
        last = claim.last_qualified
        if recent is None or length is None or last is None or last < at - recent.us or claim.accepted_at is None:
            return False
        due = self.calendar.add(at, length)
        if total is not None:
            due = min(due, self.calendar.add(claim.accepted_at, total))
        if due <= at:
            return False
        clock.length, clock.due = length, due
        self._event(claim, "renewed", at, None)
        return True

    def _lapse(self, claim: Claim, at: int, reason: str) -> None:
        self._move(claim, "lapse", "lapsed", at, None, to="lapsed")
        self._end(claim, at, reason)
        grace = self._program(claim).span("claim.grace_days")
        if grace is not None and not claim.rescued:
            claim.grace_until = self.calendar.add(at, grace)
        if claim.owner is not None:
            self.matters[claim.matter].pool_at = claim.grace_until or at

    def _release(self, claim: Claim, at: int, actor: str | None, reason: str, word: str | None) -> None:
        self._move(claim, "release", "released", at, actor, to="released")
        claim.release_reason = word
        self._end(claim, at, reason)
        if word not in ("invalid", "false_report"):
            rest = self._program(claim).span("release.nurture_days") if word == "lost" else None
            self.matters[claim.matter].pool_at = self.calendar.add(at, rest) if rest is not None else at

    def _end(self, claim: Claim, at: int, reason: str) -> None:
        claim.reason, claim.ended_at = reason, at
        claim.clocks.clear()
        claim.pauses.clear()
        claim.tasks.clear()
        self._close_requests(claim)

    def _close_requests(self, claim: Claim) -> None:
        """What was asked about a claim that is over, or of another owner, has no object any more."""
        claim.tasks.pop("first_follow_up_missed", None)
        for request in claim.open_requests():
            request.state = "withdrawn"

    # --- requests --------------------------------------------------------------------------------------------------

    def _ask(self, claim: Claim, command: Command, kind: str, waiting_for: str, limit: str, **data: Any) -> None:
        within = self._program(claim).span(limit)
        decide_by = None if within is None else self.calendar.add(command.at, within)
        key = f"{claim.key}/{kind}{len(claim.requests)}"
        claim.requests.append(Request(key, kind, claim.key, command.actor, [waiting_for], decide_by, data))

    def _at_once(self, claim: Claim, command: Command, kind: str) -> None:
        """silent: what a supervisor orders is kept as a request that they made and accepted."""
        key = f"{claim.key}/{kind}{len(claim.requests)}"
        claim.requests.append(Request(key, kind, claim.key, command.actor, [], None, {}, state="accepted"))

    def _do_release(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        if claim.state not in WORKABLE or (claim.open_requests("release") and command.actor != claim.owner):
            raise No("illegal_transition")
        owner = str(claim.owner)
        if command.actor == owner:
            self._release(claim, command.at, command.actor, "by_owner", command.data["reason"])
        elif self._gone(claim, command.at):
            self._release(claim, command.at, command.actor, "by_supervisor", command.data["reason"])
        else:
            self._ask(claim, command, "release", owner, "release.objection_wh", reason=command.data["reason"])

    def _do_transfer(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        if not claim.holds or claim.open_requests("transfer"):
            raise No("illegal_transition")
        to = command.data["to"]
        if command.actor == claim.owner:
            self._ask(claim, command, "transfer", to, "transfer.accept_wh", to=to, agreed=False)
        else:
            self._has_room(claim, to)
            self._hand(claim, to, command.at, command.actor)

    def _has_room(self, claim: Claim, to: str) -> None:
        cap = self._program(claim)["pool.holding_cap"]
        held = [c for c in self.claims.values() if c.state in WORKABLE and c.owner == to]
        if cap and len(held) >= cap:
            raise No("holding_cap")

    def _hand(self, claim: Claim, to: str, at: int, actor: str | None) -> None:
        """Claim and history go on under the new owner (CLM-24)."""
        won = claim.state == "won"
        self._move(claim, "transfer", "transferred", at, actor, to="won" if won else "protected")
        claim.owner, claim.team, claim.changes_from, claim.absent_until = to, self.people[to].team(at), at, at
        claim.hand_over_by = claim.kept_until = None
        claim.tasks.clear()
        for kind in ("handover", "absence"):
            if kind in claim.pauses:
                self._unpause(claim, kind, at)
        self._close_requests(claim)
        self._no_longer_held(claim, at)
        if not won:
            self._start(claim, "first_follow_up", at, self._program(claim).span("claim.first_follow_up_wh"))
            self._begin_idle(claim, at)  # silent: the new owner has the whole idle period

    def _do_extend(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        self._runs(claim)
        asked = len(claim.open_requests("extension"))
        if claim.extensions + asked >= self._program(claim)["claim.extension_max"]:
            raise No("extension_limit")
        data = {"days": command.data.get("days"), "deadline": claim.deadline}
        if command.actor == claim.owner:
            judge = self.supervisor(command.actor, command.at)
            self._ask(claim, command, "extension", judge, "claim.extension_decide_wh", **data)
        else:
            self._at_once(claim, command, "extension")
            self._extend(claim, command.at, command.actor, data)

    def _runs(self, claim: Claim) -> None:
        if claim.state not in WORKABLE:
            raise No("deadline_passed" if claim.state == "lapsed" else "illegal_transition")

    def _extend(self, claim: Claim, at: int, actor: str, data: dict[str, Any]) -> None:
        """Nothing runs out before the deadline that was asked about, plus the extension (CLM-22)."""
        claim.extensions += 1
        program = self._program(claim)
        longest, base = program.span("claim.extension_days"), data["deadline"]
        stopped = [c for c in claim.clocks.values() if c.left is not None]
        for clock in stopped:  # as if they ran on from here
            clock.due = self._count(claim, clock, at, clock.left or clock.length)
        if stopped:
            base = max(claim.deadline or 0, base or 0)
        if longest is not None and base is not None:
            length = longest if data["days"] is None else Span(data["days"] * DAY, "calendar")
            # silent: a decision that comes later than what it gives is the deadline itself, as a refusal would be.
            until = max(at, self.calendar.add(base, length))
            claim.extended_until = max(until, claim.extended_until)
            for clock in claim.clocks.values():
                if clock.name in LAPSE_REASONS and clock.due is not None and clock.due < until:
                    # silent: what an extension gave is elapsed time.
                    clock.due, clock.length = until, Span(until - at, "elapsed")
            self._event(claim, "extended", at, actor)
        for clock in stopped:
            assert clock.due is not None
            clock.left, clock.due = self._between(claim, clock, at, clock.due), None

    def _do_pause(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        self._runs(claim)
        self._may_pause(claim)
        if command.actor == claim.owner:
            judge = self.supervisor(command.actor, command.at)
            self._ask(claim, command, "pause", judge, "claim.extension_decide_wh", pause=command.data["kind"])
        else:
            self._at_once(claim, command, "pause")
            self._stand_still(claim, command.data["kind"], command.at, command.actor)

    def _may_pause(self, claim: Claim) -> None:
        """Approved pauses do not overlap, and together they have a longest time (CLM-21)."""
        if any(kind in APPROVED for kind in claim.pauses):
            raise No("illegal_transition")
        longest = self._program(claim).span("claim.pause_max_days")
        if longest is None or claim.paused_us >= longest.us:
            raise No("pause_limit")

    def _stand_still(self, claim: Claim, kind: str, at: int, actor: str) -> None:
        longest = self._program(claim).span("claim.pause_max_days")
        assert longest is not None
        until = self.calendar.add(at, Span(longest.us - claim.paused_us, longest.scale))
        self._pause(claim, kind, at, until, actor)

    def _do_unpause(self, claim: Claim, command: Command) -> None:
        self._authorise(claim, command)
        self._runs(claim)
        kind = next((kind for kind in claim.pauses if kind in APPROVED), None)
        if kind is None:
            raise No("illegal_transition")
        self._resumes(claim, kind, command.at, command.actor)

    def answering(self, actor: str, request: Request, *, withdraw: bool) -> str | None:
        """The code if the actor may not answer, or withdraw, this request."""
        if withdraw:
            return None if actor == request.by else "not_allowed"
        return None if actor in request.waiting_for else "not_allowed"

    def _asked(self, claim: Claim, command: Command) -> Request:
        request = next(r for r in claim.requests if r.key == command.data["request"])
        code = self.answering(command.actor, request, withdraw=command.kind == "request_withdraw")
        if code is not None:
            raise No(code)
        if request.state != "open":
            raise No("deadline_passed" if request.state == "expired" else "illegal_transition")
        return request

    def _do_request_accept(self, claim: Claim, command: Command) -> None:
        request = self._asked(claim, command)
        at, actor = command.at, command.actor
        if request.kind == "transfer":
            self._agree_to_transfer(claim, request, at, actor)
            return
        if request.kind == "pause":
            self._may_pause(claim)
        request.state = "accepted"
        if request.kind == "extension":
            self._extend(claim, at, actor, request.data)
        elif request.kind == "pause":
            self._stand_still(claim, request.data["pause"], at, actor)
        elif request.kind == "release":
            self._release(claim, at, request.by, "by_supervisor", request.data["reason"])
        elif request.kind == "handover":
            keep = self._program(claim).span("people.mover_keep_days")
            claim.kept_until = None if keep is None else self.calendar.add(at, keep)
            self._resumes(claim, "handover", at, actor)

    def _agree_to_transfer(self, claim: Claim, request: Request, at: int, actor: str) -> None:
        to, owner = request.data["to"], str(claim.owner)
        if not self.people[to].active(at):
            raise No("person_inactive")  # who agreed and then left receives nothing
        self._has_room(claim, to)
        rule = self._program(claim)["transfer.approval"]
        crosses = self.people[to].team(at) != self.people[owner].team(at)
        if not request.data["agreed"] and (rule == "always" or (rule == "cross_team" and crosses)):
            within = self._program(claim).span("transfer.accept_wh")
            request.data["agreed"] = True
            request.waiting_for = [self.supervisor(owner, at, barred=(to,))]
            request.decide_by = None if within is None else self.calendar.add(at, within)
            return
        request.state = "accepted"
        self._hand(claim, to, at, actor)

    def _do_request_refuse(self, claim: Claim, command: Command) -> None:
        request = self._asked(claim, command)
        request.state = "refused"
        if request.kind == "extension":
            self._no_longer_held(claim, command.at)
        elif request.kind == "handover":
            self._hand_over(claim, command.at, command.actor)

    def _do_request_withdraw(self, claim: Claim, command: Command) -> None:
        request = self._asked(claim, command)
        request.state = "withdrawn"
        if request.kind == "extension":
            self._no_longer_held(claim, command.at)

    def _expires(self, claim: Claim, request: Request) -> None:
        """Nobody decided until the limit: no, but for what takes effect unless somebody objects."""
        at = request.decide_by
        assert at is not None
        request.state = "expired"
        if request.kind == "extension":
            self._no_longer_held(claim, at)
        elif request.kind == "release":
            self._release(claim, at, request.by, "by_supervisor", request.data["reason"])
        elif request.kind == "handover":
            self._hand_over(claim, at, None)

    # --- people's facts --------------------------------------------------------------------------------------------

    def _change(self, claim: Claim) -> tuple[int, str] | None:
        """The next leaving or moving of the owner that this claim has not taken in (PPL-06)."""
        changes = self.people[str(claim.owner)].changes
        return next(((max(at, claim.accepted_at or at), kind) for at, kind in changes if at > claim.changes_from), None)

    def _changed(self, claim: Claim, at: int, kind: str) -> None:
        """Clocks stand still until the supervisor has decided on the customer (PPL-06)."""
        claim.changes_from = at
        limit = self._program(claim).span("people.leaver_handover_wd")
        until = None if limit is None else self.calendar.add(at, limit)
        if "handover" not in claim.pauses:
            self._pause(claim, "handover", at, None, None)
        else:
            self._event(claim, "paused", at, None)
        for request in claim.open_requests("handover"):
            request.state = "withdrawn"  # what is asked now takes its place; who has left keeps nothing
        if kind == "left":
            claim.hand_over_by = until
            claim.tasks["request.handover"] = self.supervisor(str(claim.owner), at)
            return
        judge = self.supervisor(str(claim.owner), at)
        key = f"{claim.key}/handover{len(claim.requests)}"
        claim.requests.append(Request(key, "handover", claim.key, None, [judge], until, {}))

    def _hand_over(self, claim: Claim, at: int, actor: str | None) -> None:
        """Nobody decided, or the mover's time is over: to the supervisor or the pool, by policy (PPL-06)."""
        claim.hand_over_by = claim.kept_until = None
        if self._program(claim)["people.handover_to"] == "supervisor":
            self._hand(claim, self.supervisor(str(claim.owner), at), at, actor)
        elif claim.state in WORKABLE:
            self._release(claim, at, actor, "to_pool", None)
        else:
            self._lapse(claim, at, "after_deal")  # silent: a won customer has no release in the table

    def _absence(self, claim: Claim) -> tuple[int, int] | None:
        """The next long absence of the owner, unless one is under way (PPL-05)."""
        if "absence" in claim.pauses or claim.accepted_at is None:
            return None
        limit = self._program(claim).span("absence.pause_after_wd")
        since = max(claim.accepted_at, claim.absent_until)
        windows = [(max(start, since), end) for start, end in self.away(str(claim.owner), limit)]
        return min((w for w in windows if w[0] < w[1]), default=None)

    def _goes_away(self, claim: Claim, at: int, until: int) -> None:
        claim.absent_until = until
        self._pause(claim, "absence", at, until, None)
