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

    # --- reports ---

    def received(self, key: str, *, matter: str, reporter: str, at: int, provisional: bool, missing: tuple[str, ...]) -> Claim:
        """A report was received and stamped; it is decided with everything else of its matter."""
        here = self.matters[matter]
        rules = self.programs[here.program].rules
        claim = Claim(key, matter, here.program, reporter, at, at, provisional=provisional, missing=missing)
        complete = rules.span("claim.complete_h")
        if missing and not provisional and complete is not None:
            claim.complete_by = self.calendar.add(at, complete)
        self.claims[key] = claim
        here.claims.append(key)
        self._event(claim, "received", at, reporter, None)
        here.inbox.append(Command("report", reporter, key, at))
        return claim

    def holder(self, matter: str, at: int) -> Claim | None:
        """Whose claim keeps others out: it holds, or its former owner may still rescue it (CLM-11, CLM-20)."""
        for key in self.matters[matter].claims:
            claim = self.claims[key]
            if claim.holds or (claim.state == "lapsed" and self.in_grace(claim, at)):
                return claim
        return None

    def in_grace(self, claim: Claim, at: int) -> bool:
        return claim.grace_until is not None and not claim.rescued and at <= claim.grace_until

    def earlier(self, claim: Claim) -> Claim | None:
        """An undecided report on the same customer that goes before this one (CLM-05)."""
        found = [
            other
            for other in (self.claims[k] for k in self.matters[claim.matter].claims)
            if other.state == "reported" and other is not claim and other.rank_at < claim.rank_at
        ]
        return min(found, key=lambda c: c.rank_at, default=None)

    def _do_report(self, claim: Claim, command: Command) -> None:
        self._judge(claim, command.at)

    def _judge(self, claim: Claim, at: int) -> None:
        """What the validity check makes of a report that is still undecided (CLM-03)."""
        rules = self.rules(claim)
        owned = self.holder(claim.matter, at)
        if owned is not None and not (owned.state == "lapsed" and owned.owner == claim.reporter):
            self._move(claim, "rejected", "rejected", at, None)
            claim.reason, claim.ended_at = "customer_owned", at
            self._event(owned, "attempt", at, claim.reporter, owned.state)
            return
        exclusive = rules["claim.protection_shape"] != "visit_deal"
        if rules["claim.judgement_mode"] == "manual":
            if "approval" not in claim.clocks and claim.sent_back_until is None:
                self._start(claim, "approval", at, rules.span("claim.approval_wh"))
                claim.judges = [self.supervisor(claim.reporter, at)]
        elif exclusive and self.earlier(claim) is None and claim.sent_back_until is None:
            self._accept(claim, at, None)

    def _accept(self, claim: Claim, at: int, actor: str | None) -> None:
        rules = self.rules(claim)
        self._move(claim, "protected", "accepted", at, actor)
        claim.owner, claim.accepted_at = claim.reporter, at
        claim.clocks.clear()
        if claim.provisional:
            self._start(claim, "provisional", at, rules.span("claim.provisional_days"))
        self._start(claim, "first_follow_up", at, rules.span("claim.first_follow_up_wh"))
        self._start(claim, "idle", at, rules.span("claim.idle_days"))
        self._start(claim, "no_deal", at, rules.span("claim.no_deal_days"))
        shape = rules["claim.protection_shape"]
        if shape == "report_deal":
            self._start(claim, "protection", at, rules.span("claim.protection_days"))
        else:
            claim.visited = shape == "visit_deal"
            self._start(claim, "stage", at, rules.stage("visit_deal" if claim.visited else "report_visit"))
        self._others(claim.matter, at)

    def _others(self, matter: str, at: int) -> None:
        """Undecided reports of a matter, looked at again after one of them was decided."""
        waiting = [self.claims[k] for k in self.matters[matter].claims if self.claims[k].state == "reported"]
        for claim in sorted(waiting, key=lambda c: c.rank_at):
            if claim.state == "reported":
                self._judge(claim, at)

    def _do_accept(self, claim: Claim, command: Command) -> None:
        if claim.state != "reported" or self.earlier(claim) is not None:
            raise No("illegal_transition")
        self._accept(claim, command.at, command.actor)

    def _do_reject(self, claim: Claim, command: Command) -> None:
        if claim.state != "reported":
            raise No("illegal_transition")
        self._move(claim, "rejected", "rejected", command.at, command.actor)
        claim.reason, claim.ended_at = "judged", command.at
        claim.clocks.clear()
        self._others(claim.matter, command.at)

    def _do_withdraw(self, claim: Claim, command: Command) -> None:
        if claim.state != "reported":
            raise No("illegal_transition")
        self._move(claim, "withdrawn", "withdrawn", command.at, command.actor)
        claim.ended_at = command.at
        claim.clocks.clear()
        self._others(claim.matter, command.at)

    def _do_send_back(self, claim: Claim, command: Command) -> None:
        if claim.state != "reported" or claim.sent_back_until is not None:
            raise No("illegal_transition")
        limit = self.rules(claim).span("claim.correction_wh")
        claim.sent_back_until = None if limit is None else self.calendar.add(command.at, limit)
        claim.clocks.pop("approval", None)
        self._event(claim, "sent_back", command.at, command.actor, "reported")

    def _not_corrected(self, claim: Claim) -> None:
        """The time for the correction is over: the report has lost its place (CLM-05)."""

    def _do_correct(self, claim: Claim, command: Command) -> None:
        if claim.sent_back_until is not None and claim.state == "reported":
            if command.at > claim.sent_back_until:
                claim.rank_at = command.at
            claim.sent_back_until = None
            self._event(claim, "corrected", command.at, command.actor, claim.state)
            self._others(claim.matter, command.at)
            return
        left = tuple(f for f in claim.missing if f not in command.data["fields"])
        done = bool(claim.missing) and not left
        claim.missing = left
        if done:
            claim.clocks.pop("provisional", None)
            claim.provisional = False
            self._event(claim, "completed", command.at, command.actor, claim.state)

    # --- work ---

    def qualified(self, claim: Claim, *, kind: str, note: str, answered: bool, at: int) -> str | None:
        """Why an entry does not reset the idle clock, by the parameter that says so; None if it does (CLM-16)."""
        rules = self.rules(claim)
        if kind not in rules["claim.qualified_kinds"] or (kind in ("call", "message") and not answered):
            return "claim.qualified_kinds"
        if len(note.strip()) < rules["claim.min_note_chars"]:
            return "claim.min_note_chars"
        last = claim.follow_ups[-1] if claim.follow_ups else None
        if last is not None and last.note.strip() == note.strip():
            return "repeat"
        limit = rules["claim.qualified_per_day"]
        today = [f for f in claim.follow_ups if f.qualified and not f.voided and local_day(f.received_at) == local_day(at)]
        if limit and len(today) >= limit:
            return "claim.qualified_per_day"
        return None

    def _do_follow_up(self, claim: Claim, command: Command) -> None:
        at, data = command.at, command.data
        rescue = claim.state == "lapsed" and self.in_grace(claim, at)
        if (claim.holds or rescue) and command.actor != claim.owner:
            raise No("customer_owned")
        if claim.state == "lapsed" and not rescue:
            raise No("deadline_passed")
        if claim.state == "rejected" and self.holder(claim.matter, at) is not None:
            raise No("customer_owned")
        if claim.state in ("rejected", "released", "withdrawn"):
            raise No("illegal_transition")
        if claim.state == "reported":
            if command.actor != claim.reporter:
                raise No("customer_owned")
            if self.rules(claim)["claim.protection_shape"] == "visit_deal" and data["kind"] == "visit":
                self._accept(claim, at, command.actor)
            else:
                claim.follow_ups.append(FollowUp(data["key"], command.actor, **data["said"], received_at=at, qualified=False, why="reported"))
                return
        why = self.qualified(claim, **data["said"], at=at)
        claim.follow_ups.append(FollowUp(data["key"], command.actor, **data["said"], received_at=at, qualified=why is None, why=why))
        if why is None:
            self._worked(claim, at, command.actor)
        if data["said"]["kind"] == "visit" and not claim.visited and "stage" in claim.clocks:
            claim.visited = True
            self._start(claim, "stage", at, self.rules(claim).stage("visit_deal"))
            self._event(claim, "stage_reached", at, command.actor, claim.state)

    def _worked(self, claim: Claim, at: int, actor: str) -> None:
        if claim.state == "lapsed":
            claim.rescued = True
            claim.reason = claim.ended_at = claim.grace_until = None
            self._move(claim, "active", "rescued", at, actor)
        elif claim.state == "protected":
            self._move(claim, "active", "worked", at, actor)
        claim.clocks.pop("first_follow_up", None)
        if claim.state == "active":
            self._start(claim, "idle", at, self.rules(claim).span("claim.idle_days"))

    def _do_void(self, claim: Claim, command: Command) -> None:
        entry = next(f for f in claim.follow_ups if f.key == command.data["follow_up"])
        if entry.voided:
            raise No("illegal_transition")
        entry.voided = True
        self._event(claim, "voided", command.at, command.actor, claim.state)
        idle, clock = self.rules(claim).span("claim.idle_days"), claim.clocks.get("idle")
        if not entry.qualified or idle is None or clock is None or claim.accepted_at is None:
            return
        kept = [f.received_at for f in claim.follow_ups if f.qualified and not f.voided]
        notice = self.rules(claim).span("claim.void_notice_wh")
        before = clock.due
        self._start(claim, "idle", max(kept, default=claim.accepted_at), idle)
        if clock.due is not None and before is not None:
            least = command.at if notice is None else self.calendar.add(command.at, notice)
            clock.due = min(before, max(clock.due, least))

    # --- deals ---

    def _do_win(self, claim: Claim, command: Command) -> None:
        if claim.state not in ("protected", "active"):
            raise No("illegal_transition")
        claim.deals.append((command.data["key"], command.data["until"], True))
        self._move(claim, "won", "won", command.at, command.actor)
        for clock in claim.clocks.values():
            self._stop(clock, command.at)
        claim.clocks.pop("first_follow_up", None)
        self._start(claim, "after_deal", command.data["until"], self.rules(claim).span("claim.after_deal_days"))

    def _do_cancel_deal(self, claim: Claim, command: Command) -> None:
        if claim.state != "won":
            raise No("illegal_transition")
        claim.deals = [(key, until, False) for key, until, _ in claim.deals]
        self._move(claim, "active", "deal_cancelled", command.at, command.actor)
        claim.clocks.pop("after_deal", None)
        self._run_again(claim, command.at)
        self._start(claim, "idle", command.at, self.rules(claim).span("claim.idle_days"))

    # --- the end of a term ---

    def _over(self, claim: Claim, clock: Clock) -> None:
        """A clock has run out (CLM-19, CLM-11, CLM-14, CLM-04)."""
        at, rules = clock.due, self.rules(claim)
        assert at is not None
        if clock.name == "approval":
            claim.judges.append(self.supervisor(claim.reporter, at, barred=tuple(claim.judges)))
            self._start(claim, "approval", at, rules.span("claim.approval_wh"))
            return
        if clock.name == "first_follow_up" and rules["claim.first_follow_up_miss"] == "escalate":
            del claim.clocks["first_follow_up"]
            return
        if clock.name in ("protection", "stage") and self._renewed(claim, clock, at):
            return
        self._lapse(claim, at, REASONS[clock.name])

    def _renewed(self, claim: Claim, clock: Clock, at: int) -> bool:
        rules = self.rules(claim)
        if rules["claim.on_protection_end"] != "renew_if_worked" or (clock.name == "stage" and not claim.visited):
            return False
        length = rules.span("claim.protection_days") if clock.name == "protection" else rules.stage("visit_deal")
        recent, total = rules.span("claim.renew_recent_days"), rules.span("claim.max_total_days")
        assert length is not None and claim.accepted_at is not None
        if recent is None or not any(f.qualified and not f.voided and f.received_at >= at - recent.us for f in claim.follow_ups):
            return False
        due = self.calendar.add(at, length)
        if total is not None:
            due = min(due, self.calendar.add(claim.accepted_at, total))
        if due <= at:
            return False
        clock.due = due
        self._event(claim, "renewed", at, None, claim.state)
        return True

    def _lapse(self, claim: Claim, at: int, reason: str) -> None:
        rules = self.rules(claim)
        self._move(claim, "lapsed", "lapsed", at, None)
        self._end(claim, at, reason)
        grace = rules.span("claim.grace_days")
        if grace is not None and not claim.rescued:
            claim.grace_until = self.calendar.add(at, grace)

    def _end(self, claim: Claim, at: int, reason: str) -> None:
        claim.reason, claim.ended_at = reason, at
        claim.clocks.clear()
        claim.stops.clear()
        for request in claim.requests:
            if request.state == "open":
                request.state = "withdrawn"

    def _release(self, claim: Claim, at: int, actor: str | None, reason: str, word: str | None) -> None:
        self._move(claim, "released", "released", at, actor)
        self._end(claim, at, reason)
        claim.release_reason = word

    # --- requests ---

    def _do_release(self, claim: Claim, command: Command) -> None:
        if claim.state not in ("protected", "active"):
            raise No("illegal_transition")
        if command.actor == claim.owner or not self.people[str(claim.owner)].active(command.at):
            by = "by_owner" if command.actor == claim.owner else "by_supervisor"
            self._release(claim, command.at, command.actor, by, command.data["reason"])
            return
        self._ask(claim, command, "release", [str(claim.owner)], "release.objection_wh")

    def _do_transfer(self, claim: Claim, command: Command) -> None:
        if not claim.holds:
            raise No("illegal_transition")
        self._ask(claim, command, "transfer", [command.data["to"]], "transfer.accept_wh")

    def _do_extend(self, claim: Claim, command: Command) -> None:
        if claim.state == "lapsed":
            raise No("deadline_passed")
        if claim.state not in ("protected", "active"):
            raise No("illegal_transition")
        if claim.extensions >= self.rules(claim)["claim.extension_max"]:
            raise No("extension_limit")
        if command.actor != claim.owner:
            self._extend(claim, command.at, command.data)
            return
        self._ask(claim, command, "extension", [self.supervisor(str(claim.owner), command.at)], "claim.extension_decide_wh")

    def _do_pause(self, claim: Claim, command: Command) -> None:
        if claim.state not in ("protected", "active"):
            raise No("illegal_transition")
        if self._pause_left(claim) <= 0:
            raise No("pause_limit")
        if command.actor != claim.owner:
            self._pause(claim, command.at, command.data["kind"])
            return
        self._ask(claim, command, "pause", [self.supervisor(str(claim.owner), command.at)], "claim.extension_decide_wh")

    def _do_unpause(self, claim: Claim, command: Command) -> None:
        if not any(kind in ("customer_request", "legal", "delivery") for kind, _ in claim.stops):
            raise No("illegal_transition")
        self._resume(claim, command.at, ("customer_request", "legal", "delivery"), command.actor)

    def _do_request_accept(self, claim: Claim, command: Command) -> None:
        request = self._open_request(claim, command)
        self._agreed(claim, request, command.at, command.actor)

    def _do_request_refuse(self, claim: Claim, command: Command) -> None:
        request = self._open_request(claim, command)
        request.state = "refused"
        self._held_until(claim, request, command.at)

    def _do_request_withdraw(self, claim: Claim, command: Command) -> None:
        request = self._open_request(claim, command)
        request.state = "withdrawn"
        self._held_until(claim, request, command.at)
