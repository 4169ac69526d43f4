"""Which facts of a case count, and why the others do not (CLM-05 to CLM-10, DSP-03, DSP-09).

Nothing is dropped in silence: what does not count is set aside with its reason. Every choice here depends on the facts
alone, never on the order they came in.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from domain.calendar import Duration
from domain.disputes.facts import (
    STRENGTH,
    Case,
    Choice,
    Contact,
    DecisionMaker,
    Fact,
    Fit,
    Origin,
    Plan,
    Protection,
    Reception,
    Record,
    Report,
    Sameness,
    Stage,
)
from domain.policy import Policy

Act: TypeAlias = Report | Contact | Reception | DecisionMaker | Stage
"""What somebody did himself; it counts for him or for nobody."""

F = TypeVar("F", bound=Fact)
A = TypeVar("A", Contact, Reception, DecisionMaker, Stage)


class Why(StrEnum):
    """Why a fact does not count."""

    CORRECTED = "corrected"
    NOT_A_PARTY = "not_a_party"
    WHILE_OPEN = "while_open"
    ENTERED_AFTER_OPENING = "entered_after_opening"
    RIVAL_PROTECTED = "rival_protected"
    REPORTED_IN_PROTECTION = "reported_in_protection"
    FALSE_REPORT = "false_report"
    CLAIM_ENDED = "claim_ended"
    INTERCEPTED = "intercepted"
    WEAKER_ORIGIN = "weaker_origin"
    SUPERSEDED = "superseded"
    UNANSWERED = "unanswered"
    UNQUALIFIED = "unqualified"
    ENTRY_LATE = "entry_late"
    REPORT_LATE = "report_late"
    OUTSIDE_PERIOD = "outside_period"


#: The requirement that says so (POL-07).
WHY_RULE: Final[Mapping[Why, str]] = {
    Why.CORRECTED: "DSP-09",
    Why.NOT_A_PARTY: "DSP-01",
    Why.WHILE_OPEN: "DSP-03",
    Why.ENTERED_AFTER_OPENING: "DSP-09",
    Why.RIVAL_PROTECTED: "CLM-06",
    Why.REPORTED_IN_PROTECTION: "CLM-06",
    Why.FALSE_REPORT: "CLM-05",
    Why.CLAIM_ENDED: "CLM-03",
    Why.INTERCEPTED: "CLM-10",
    Why.WEAKER_ORIGIN: "DSP-09",
    Why.SUPERSEDED: "DSP-09",
    Why.UNANSWERED: "CLM-07",
    Why.UNQUALIFIED: "CLM-16",
    Why.ENTRY_LATE: "CLM-07",
    Why.REPORT_LATE: "CLM-07",
    Why.OUTSIDE_PERIOD: "CLM-08",
}


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that does not count, for whom it would have counted, and the facts that explain it."""

    evidence: str
    person: str | None
    why: Why
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule_id(self) -> str:
        return WHY_RULE[self.why]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is left to judge by. Keyed by rival, each in order of time; a rival without facts of a kind is not there.

    ``reports`` rank; ``standing`` are those and the ones made inside a rival's protection, which still prove that a
    report followed a contact in time. ``titles`` are what makes a rival a possible owner at all: a standing report or a
    completed reception (CLM-03, LEAD-10). ``arrivals``: the reception that an intercepted report, by evidence id, does
    not outrank.
    """

    rivals: tuple[str, ...]
    opened_at: datetime
    reports: Mapping[str, tuple[Report, ...]]
    standing: Mapping[str, tuple[Report, ...]]
    titles: Mapping[str, tuple[Report | Reception, ...]]
    arrivals: Mapping[str, Reception]
    contacts: Mapping[str, tuple[Contact, ...]]
    receptions: Mapping[str, tuple[Reception, ...]]
    decision_makers: Mapping[str, tuple[DecisionMaker, ...]]
    stages: Mapping[str, tuple[Stage, ...]]
    plans: tuple[Plan, ...]
    choices: tuple[Choice, ...]
    fits: tuple[Fit, ...]
    sameness: tuple[Sameness, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def entitled(self) -> tuple[str, ...]:
        """Rivals who may be an owner (CLM-03)."""
        return tuple(rival for rival in self.rivals if rival in self.titles)


def sift(record: Record, *, case: Case, policy: Policy, joint: bool = False) -> Ground:
    """The facts of ``record`` that count. ``joint``: work inside a rival's protection counts too (shares, COM-04)."""
    return _Sifter(record, case=case, policy=policy, joint=joint).ground()


def strongest(facts: Iterable[F]) -> tuple[tuple[F, ...], tuple[F, ...]]:
    """The facts of the strongest origin there is, and the weaker ones (DSP-09)."""
    found = tuple(facts)
    best = min((STRENGTH[fact.origin] for fact in found), default=0)
    return (
        tuple(fact for fact in found if STRENGTH[fact.origin] == best),
        tuple(fact for fact in found if STRENGTH[fact.origin] != best),
    )


def instant(at: datetime) -> str:
    """An instant as facts carry it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def elapsed(duration: Duration | None) -> timedelta:
    """A margin as elapsed time, none where it is off."""
    return timedelta(microseconds=0 if duration is None else duration.microseconds)


class _Protections:
    """Who held the customer at an instant."""

    def __init__(self, protections: Iterable[Protection]) -> None:
        self._held = sorted(protections, key=lambda held: (held.at, held.claim, held.person))
        self._starts = [held.at for held in self._held]
        # How long any of those before it lasts: where that is over, looking further back finds nothing.
        self._latest: list[datetime] = []
        for held in self._held:
            until = held.until or _FOREVER
            self._latest.append(max(until, self._latest[-1]) if self._latest else until)

    def at(self, moment: datetime) -> Iterator[Protection]:
        place = bisect_right(self._starts, moment) - 1
        while place >= 0 and self._latest[place] > moment:
            held = self._held[place]
            if (held.until or _FOREVER) > moment:
                yield held
            place -= 1


_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class _Sifter:
    def __init__(self, record: Record, *, case: Case, policy: Policy, joint: bool) -> None:
        self._rivals = tuple(sorted(set(case.rivals)))
        self._opened_at = case.opened_at
        self._policy = policy
        self._joint = joint
        self._set_aside: list[SetAside] = []
        self._by_kind: dict[type[Fact], list[Any]] = defaultdict(list)
        for fact in record.corrected:
            self._drop(fact, Why.CORRECTED)
        for fact in record.facts:
            self._by_kind[type(fact)].append(fact)

    def ground(self) -> Ground:
        standing = self._standing()
        held = _Protections(self._protections(standing))
        receptions = self._in_time(Reception)
        arrivals = self._arrivals(standing, receptions, held)
        spared = {
            (report.claim, arrivals[report.evidence].person) for report in standing if report.evidence in arrivals
        }
        reports = [report for report in standing if self._is_free(report, held, spared)]
        received = [reception for reception in receptions if self._is_free(reception, held, spared)]
        titles = sorted((*standing, *received), key=_moment)
        return Ground(
            rivals=self._rivals,
            opened_at=self._opened_at,
            reports=_per_person(sorted(reports, key=_rank)),
            standing=_per_person(sorted(standing, key=_rank)),
            titles=_per_person(titles),
            arrivals=arrivals,
            contacts=self._counting(self._in_time(Contact), held, spared),
            receptions=self._counting(received, held, spared),
            decision_makers=self._counting(self._in_time(DecisionMaker), held, spared),
            stages=self._counting(self._in_time(Stage), held, spared),
            plans=tuple(self._by_kind[Plan]),
            choices=tuple(self._by_kind[Choice]),
            fits=tuple(fact for fact in self._by_kind[Fit] if self._is_of_a_party(fact)),
            sameness=tuple(self._by_kind[Sameness]),
            set_aside=tuple(self._set_aside),
        )

    def _standing(self) -> list[Report]:
        found = []
        for report in self._by_kind[Report]:
            if not self._is_of_a_party(report):
                continue
            if report.false:
                self._drop(report, Why.FALSE_REPORT)
            elif report.at > self._opened_at:
                self._drop(report, Why.WHILE_OPEN)
            elif report.ended_at is not None and report.ended_at <= self._opened_at:
                self._drop(report, Why.CLAIM_ENDED, {"at": instant(report.ended_at)})
            else:
                found.append(report)
        return found

    def _protections(self, standing: Iterable[Report]) -> list[Protection]:
        """Those of the parties, apart from what a false report gave."""
        false = {report.claim for report in self._by_kind[Report] if report.false}
        return [held for held in self._by_kind[Protection] if held.person in self._rivals and held.claim not in false]

    def _arrivals(
        self, standing: Iterable[Report], receptions: Iterable[Reception], held: _Protections
    ) -> dict[str, Reception]:
        """Reports too shortly before the customer arrived at a rival's, and the reception of that arrival (CLM-10)."""
        arrived = sorted(strongest(receptions)[0], key=_moment)
        moments = [reception.at for reception in arrived]
        found: dict[str, Reception] = {}
        for report in standing:
            limit = elapsed(self._policy.intercept(report.channel))
            for place in range(bisect_left(moments, report.at), len(arrived)):
                reception = arrived[place]
                if reception.at - report.at >= limit:
                    break
                barred = self._barred_by(reception, held, spared={(report.claim, reception.person)})
                if reception.person != report.person and barred is None:
                    found[report.evidence] = reception
                    facts = {"at": instant(report.at), "arrival": instant(reception.at), "limit_us": _us(limit)}
                    self._drop(report, Why.INTERCEPTED, facts)
                    break
        return found

    def _in_time(self, kind: type[A]) -> list[A]:
        """Acts of the parties that were done, and where the author enters them also entered, before the case."""
        found = []
        for act in self._by_kind[kind]:
            if not self._is_of_a_party(act):
                continue
            if act.at > self._opened_at:
                self._drop(act, Why.WHILE_OPEN)
            elif act.entered_at > self._opened_at and act.origin in (Origin.SYSTEM, Origin.PARTY):
                self._drop(act, Why.ENTERED_AFTER_OPENING, {"at": instant(act.entered_at)})
            else:
                found.append(act)
        return found

    def _counting(
        self, acts: Iterable[A], held: _Protections, spared: set[tuple[str, str]]
    ) -> Mapping[str, tuple[A, ...]]:
        free = [act for act in acts if self._joint or self._is_free(act, held, spared)]
        counted, weaker = strongest(free)
        for act in weaker:
            self._drop(act, Why.WEAKER_ORIGIN, {"origin": act.origin.value})
        return _per_person(sorted(counted, key=_moment))

    def _is_free(self, act: Act, held: _Protections, spared: set[tuple[str, str]]) -> bool:
        """Acts inside a rival's protection never count for their author, unless the customer was his as well."""
        barred_by = self._barred_by(act, held, spared=spared)
        if barred_by is not None:
            why = Why.REPORTED_IN_PROTECTION if isinstance(act, Report) else Why.RIVAL_PROTECTED
            self._drop(act, why, {"by": barred_by.person, "at": instant(act.at)})
        return barred_by is None

    def _barred_by(self, act: Act, held: _Protections, *, spared: set[tuple[str, str]]) -> Protection | None:
        holding = list(held.at(act.at))
        if any(protection.person == act.person for protection in holding):
            return None
        rivals = (p for p in holding if (p.claim, act.person) not in spared)
        return min(rivals, key=lambda p: (p.at, p.claim, p.person), default=None)

    def _is_of_a_party(self, fact: Act | Fit) -> bool:
        if fact.person in self._rivals:
            return True
        self._drop(fact, Why.NOT_A_PARTY)
        return False

    def _drop(self, fact: Fact, why: Why, facts: Mapping[str, Any] | None = None) -> None:
        self._set_aside.append(SetAside(fact.evidence, getattr(fact, "person", None), why, facts or {}))


def _rank(report: Report) -> tuple[datetime, int, str]:
    return report.at, report.receipt, report.evidence


def _moment(fact: Fact) -> tuple[datetime, str]:
    return fact.at, fact.evidence


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _per_person(facts: Iterable[Any]) -> Mapping[str, tuple[Any, ...]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for fact in facts:
        found[fact.person].append(fact)
    return {person: tuple(of_person) for person, of_person in found.items()}
