"""The ownership rules (归属规则): what each of them finds between rivals (CLM-05 to CLM-10).

A rule looks at the facts that count and either separates the rivals, puts some of them clearly behind, or is passed
over. It knows nothing of the other rules, of weights or of the order they are asked in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from domain.calendar import WorkingCalendar
from domain.disputes.facts import Case, Choice, Contact, Fit, Reception, Report
from domain.disputes.sifting import Ground, SetAside, Why, elapsed, instant, strongest
from domain.policy import Policy

#: The requirement each rule is named by (POL-07).
RULE_IDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "named_account": "TER-02",
        "territory": "TER-02",
        "first_contact": "CLM-07",
        "first_report": "CLM-05",
        "first_reception": "LEAD-10",
        "deeper_relation": "CLM-08",
        "customer_choice": "CNF-01",
        "best_fit": "LEAD-05",
    }
)


#: Sentences that another requirement than the rule's own speaks through.
_VARIANT_IDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first_arrival": "CLM-10",
        "later_arrival": "CLM-10",
        "first_intercepted": "CLM-10",
        "later_intercepted": "CLM-10",
    }
)


def rule_id(rule: str, variant: str = "") -> str:
    """The requirement that a point of ``rule`` is explained by (POL-07)."""
    return _VARIANT_IDS.get(variant) or RULE_IDS[rule]


class Passed(StrEnum):
    """Why a rule did not separate the rivals (CLM-06, DSP-11)."""

    NO_FACT = "no_fact"
    NAMES_NOBODY = "names_nobody"
    INCOMPLETE = "incomplete"
    EQUAL = "equal"
    WITHIN_MARGIN = "within_margin"
    CONTRADICTORY = "contradictory"
    NO_WEIGHT = "no_weight"


@dataclass(frozen=True, slots=True)
class Showing:
    """What a rule finds for one rival; ``variant`` chooses the sentence, ``facts`` fill it."""

    person: str
    evidence: tuple[str, ...]
    variant: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule makes of the rivals. ``left``: those in front; one if it separates them, then ``passed`` is None."""

    rule: str
    left: tuple[str, ...]
    passed: Passed | None
    showings: tuple[Showing, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()

    @property
    def favoured(self) -> str | None:
        return self.left[0] if self.passed is None else None

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for showing in self.showings for item in showing.evidence))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule is asked with: the facts that count, the case's policy and its calendar."""

    case: Case
    ground: Ground
    policy: Policy
    calendar: WorkingCalendar


def find(rule: str, *, asked: Asked, among: tuple[str, ...]) -> Finding:
    """What ``rule`` finds between the rivals in ``among``. KeyError: no rule of CLM-06."""
    return _RULES[rule](rule, asked, among)


@dataclass(frozen=True, slots=True)
class Depth:
    """Relationship depth of one rival with its parts (CLM-08)."""

    total: Decimal
    follow_ups: int
    visits: int
    decision_makers: int
    stages: int
    evidence: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        return {
            "depth": plain(self.total),
            "follow_ups": self.follow_ups,
            "visits": self.visits,
            "decision_makers": self.decision_makers,
            "stages": self.stages,
        }


def depths(asked: Asked, *, among: Iterable[str]) -> tuple[dict[str, Depth], tuple[SetAside, ...]]:
    """The depth of each rival, computed alike for all, and the work that lies outside the period (CLM-08)."""
    period = asked.policy.duration("ownership.depth_days")
    since = None if period is None else asked.calendar.subtract(asked.ground.opened_at, period)
    weights = asked.policy.weights("ownership.depth_weights")
    dropped: list[SetAside] = []
    found = {person: _depth(asked.ground, person, since, weights, dropped) for person in among}
    return found, tuple(dropped)


def plain(number: Decimal) -> int | str:
    """A number as facts carry it: whole ones as int, others as the text of their digits."""
    whole = number.to_integral_value()
    return int(whole) if whole == number else f"{number.normalize():f}"


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a rival did what a time rule looks at. ``tie`` decides between equal times where something may."""

    at: datetime
    evidence: tuple[str, ...]
    variant: str = ""
    tie: tuple[int, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def _plan(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Named account and territory: whom the division names (TER-02)."""
    plans, weaker = strongest(plan for plan in asked.ground.plans if plan.rule == rule)
    dropped = tuple(SetAside(p.evidence, None, Why.WEAKER_ORIGIN, {"origin": p.origin.value}) for p in weaker)
    if not plans:
        return Finding(rule=rule, left=among, passed=Passed.NO_FACT)
    named = {frozenset(plan.people) & frozenset(asked.ground.rivals) for plan in plans}
    evidence = tuple(plan.evidence for plan in plans)
    if len(named) > 1:
        by_person = {person: tuple(plan.evidence for plan in plans if person in plan.people) for person in _all(named)}
        nobody = tuple(plan.evidence for plan in plans if not frozenset(plan.people) & frozenset(asked.ground.rivals))
        return _contradictory(rule, among, by_person | ({"": nobody} if nobody else {}), dropped)
    in_front = tuple(person for person in among if person in next(iter(named)))
    showings = tuple(Showing(person, evidence, "named") for person in in_front)
    if not in_front:
        cited = (Showing("", evidence, "nobody"),)
        return Finding(rule=rule, left=among, passed=Passed.NAMES_NOBODY, showings=cited, set_aside=dropped)
    passed = None if len(in_front) == 1 else Passed.EQUAL
    return Finding(rule=rule, left=in_front, passed=passed, showings=showings, set_aside=dropped)


def _first_contact(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Who was in contact first, by an entry that proves it and a report that followed in time (CLM-07)."""
    moments: dict[str, _Moment] = {}
    dropped: list[SetAside] = []
    proven = False
    for person in among:
        contact = _proven_contact(person, asked, dropped)
        reports = asked.ground.reports.get(person, ())
        if contact is not None and not (reports and reports[0].at < contact.at):
            moments[person] = contact
            proven = True
        elif reports:
            moments[person] = _Moment(reports[0].at, (reports[0].evidence,), "by_report")
    if not proven:
        moments = {}
    return _earliest(rule, moments, among, margin=_time_margin(asked), set_aside=tuple(dropped))


def _proven_contact(person: str, asked: Asked, dropped: list[SetAside]) -> _Moment | None:
    reports = asked.ground.standing.get(person, ())
    contacts: list[Contact | Reception] = [
        *asked.ground.contacts.get(person, ()),
        *asked.ground.receptions.get(person, ()),
    ]
    place = 0
    for contact in sorted(contacts, key=lambda fact: (fact.at, fact.evidence)):
        while place < len(reports) and reports[place].at < contact.at:
            place += 1
        if place == len(reports):
            return None  # no report followed this contact or any later one
        report = reports[place]
        limit = _report_limit(report, asked)
        unproved = _unproved(contact, report, limit)
        if unproved is None:
            facts = {"reported": instant(report.at)}
            return _Moment(contact.at, (contact.evidence, report.evidence), facts=facts)
        dropped.append(SetAside(contact.evidence, person, *unproved))
    return None


def _unproved(contact: Contact | Reception, report: Report, limit: timedelta) -> tuple[Why, Mapping[str, Any]] | None:
    """Why the contact is no usable fact. A limit of 0 asks for no haste."""
    if isinstance(contact, Contact) and not contact.answered:
        return Why.UNANSWERED, {}
    at_entry = {"at": instant(contact.at), "entered": instant(contact.entered_at), "limit_us": _us(limit)}
    if limit and isinstance(contact, Contact) and contact.entered_at - contact.at > limit:
        return Why.ENTRY_LATE, at_entry
    if limit and report.at - contact.at > limit:
        return Why.REPORT_LATE, {"at": instant(contact.at), "reported": instant(report.at), "limit_us": _us(limit)}
    return None


def _report_limit(report: Report, asked: Asked) -> timedelta:
    case = asked.case
    policy = asked.policy.for_claim(
        level=case.customer_level, kind=case.customer_kind, source=report.source, channel=report.channel
    )
    return elapsed(policy.duration("claim.late_report_h"))


def _first_report(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Whose report came first (CLM-05); one too shortly before an arrival ranks just behind it (CLM-10)."""
    ground = asked.ground
    moments: dict[str, _Moment] = {}
    for person in among:
        ranked = [_reported(report, ground) for report in ground.reports.get(person, ())]
        ranked += [
            _Moment(arrival.at, (arrival.evidence,), "arrival", tie=(0,))
            for arrival in ground.arrivals.values()
            if arrival.person == person
        ]
        if ranked:
            moments[person] = min(ranked, key=_by_time)
    return _earliest(rule, moments, among, margin=_time_margin(asked))


def _reported(report: Report, ground: Ground) -> _Moment:
    arrival = ground.arrivals.get(report.evidence)
    if arrival is None:
        return _Moment(report.at, (report.evidence,), tie=(1, report.receipt))
    evidence = (report.evidence, arrival.evidence)
    facts = {"reported": instant(report.at)}
    return _Moment(arrival.at, evidence, "intercepted", tie=(2, report.receipt), facts=facts)


def _first_reception(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Who received the customer first (首次接待)."""
    receptions = asked.ground.receptions
    moments = {p: _Moment(receptions[p][0].at, (receptions[p][0].evidence,)) for p in among if p in receptions}
    return _earliest(rule, moments, among, margin=_time_margin(asked))


def _deeper_relation(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Who did more with the customer lately (CLM-08)."""
    found, dropped = depths(asked, among=among)
    best = max(found.values(), key=lambda depth: depth.total).total
    if best == 0:
        return Finding(rule=rule, left=among, passed=Passed.NO_FACT, set_aside=dropped)
    margin = best * asked.policy.number("ownership.depth_margin_pct") / 100
    scores = {person: (depth.total, depth.evidence, depth.facts()) for person, depth in found.items()}
    facts = {"margin_pct": plain(asked.policy.number("ownership.depth_margin_pct"))}
    return _highest(rule, scores, among, margin=margin, facts=facts, set_aside=dropped)


def _depth(
    ground: Ground,
    person: str,
    since: datetime | None,
    weights: Mapping[str, Decimal],
    dropped: list[SetAside],
) -> Depth:
    evidence: list[str] = []
    follow_ups = visits = 0
    stages: set[str] = set()

    def counts(item: str, at: datetime) -> bool:
        if since is not None and at < since:
            dropped.append(SetAside(item, person, Why.OUTSIDE_PERIOD, {"at": instant(at)}))
            return False
        evidence.append(item)
        return True

    for contact in ground.contacts.get(person, ()):
        if not contact.qualified:
            dropped.append(SetAside(contact.evidence, person, Why.UNQUALIFIED))
        elif counts(contact.evidence, contact.at):
            visits += contact.kind == "visit"
            follow_ups += contact.kind != "visit"
    meetings = [fact for fact in ground.decision_makers.get(person, ()) if counts(fact.evidence, fact.at)]
    # One meeting counts once, whoever came to it, and so does one person, however often met.
    met = min(len({fact.evidence for fact in meetings}), len({fact.met for fact in meetings}))
    stages.update(fact.stage for fact in ground.stages.get(person, ()) if counts(fact.evidence, fact.at))
    total = (
        weights["follow_up"] * follow_ups
        + weights["visit"] * visits
        + weights["decision_maker"] * met
        + weights["stage"] * len(stages)
    )
    return Depth(total, follow_ups, visits, met, len(stages), tuple(dict.fromkeys(evidence)))


def _customer_choice(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Whom the customer named, at last (客户选择)."""
    choices, weaker = strongest(asked.ground.choices)
    dropped = [_weaker(choice) for choice in weaker]
    if not choices:
        return Finding(rule=rule, left=among, passed=Passed.NO_FACT)
    last = max(choice.at for choice in choices)
    latest = [choice for choice in choices if choice.at == last]
    dropped += [SetAside(c.evidence, c.person, Why.SUPERSEDED) for c in choices if c.at < last]
    evidence = {choice.person: tuple(c.evidence for c in latest if c.person == choice.person) for choice in latest}
    if len(evidence) > 1:
        return _contradictory(rule, among, evidence, dropped)
    (person, cited), *_ = evidence.items()
    showing = Showing(person, cited, "chosen", {"at": instant(last)})
    if person not in among:
        # Named is somebody outside the case, or a rival whom an earlier rule put behind.
        passed, left = Passed.NAMES_NOBODY, among
    else:
        passed, left = None, (person,)
    return Finding(rule=rule, left=left, passed=passed, showings=(showing,), set_aside=tuple(dropped))


def _best_fit(rule: str, asked: Asked, among: tuple[str, ...]) -> Finding:
    """Whose score of LEAD-05 is higher; a score that is missing is not a low one."""
    dropped: list[SetAside] = []
    scores: dict[str, tuple[Decimal, tuple[str, ...], dict[str, Any]]] = {}
    fits, weaker = strongest(fit for fit in asked.ground.fits if fit.person in among)
    dropped += [_weaker(fit) for fit in weaker]
    for person in among:
        own = [fit for fit in fits if fit.person == person]
        if not own:
            continue
        last = max(fit.at for fit in own)
        latest = [fit for fit in own if fit.at == last]
        dropped += [SetAside(fit.evidence, person, Why.SUPERSEDED) for fit in own if fit.at < last]
        cited = tuple(fit.evidence for fit in latest)
        if len({fit.score for fit in latest}) > 1:
            return _contradictory(rule, among, {person: cited}, dropped)
        scores[person] = (latest[0].score, cited, {"score": plain(latest[0].score)})
    if len(scores) < len(among):
        passed = Passed.INCOMPLETE if scores else Passed.NO_FACT
        showings = tuple(Showing(person, cited, "", facts) for person, (_, cited, facts) in scores.items())
        lacking = [person for person in among if person not in scores] if scores else []
        return Finding(
            rule=rule,
            left=among,
            passed=passed,
            showings=showings,
            facts={"people": lacking} if lacking else {},
            set_aside=tuple(dropped),
        )
    margin = asked.policy.number("ownership.score_margin")
    return _highest(rule, scores, among, margin=margin, facts={"margin": plain(margin)}, set_aside=tuple(dropped))


def _earliest(
    rule: str,
    moments: Mapping[str, _Moment],
    among: tuple[str, ...],
    *,
    margin: timedelta,
    set_aside: tuple[SetAside, ...] = (),
) -> Finding:
    if not moments:
        return Finding(rule=rule, left=among, passed=Passed.NO_FACT, set_aside=set_aside)
    best = min(moments.values(), key=_by_time)

    def in_front(moment: _Moment) -> bool:
        return moment.at - best.at < margin if margin else _by_time(moment) == _by_time(best)

    left = tuple(person for person in among if person in moments and in_front(moments[person]))
    ordered = sorted(moments, key=lambda person: (person not in left, _by_time(moments[person]), person))
    showings = []
    for person in ordered:
        moment = moments[person]
        place = ("first" if left == (person,) else "") if person in left else "later"
        variant = "_".join(part for part in (place, moment.variant) if part)
        facts = {"at": instant(moment.at), **moment.facts}
        if moment is not best:
            facts["later_us"] = _us(moment.at - best.at)
        showings.append(Showing(person, moment.evidence, variant, facts))
    differ = any(moments[person].at != best.at for person in left)
    return Finding(
        rule=rule,
        left=left,
        passed=_tie(left, within=differ),
        showings=tuple(showings),
        facts={"margin_us": _us(margin)} if differ else {},
        set_aside=set_aside,
    )


def _highest(
    rule: str,
    scores: Mapping[str, tuple[Decimal, tuple[str, ...], Mapping[str, Any]]],
    among: tuple[str, ...],
    *,
    margin: Decimal,
    facts: Mapping[str, Any],
    set_aside: tuple[SetAside, ...],
) -> Finding:
    best = max(score for score, _, _ in scores.values())
    left = tuple(p for p in among if scores[p][0] == best or best - scores[p][0] < margin)
    ordered = sorted(scores, key=lambda person: (-scores[person][0], person))
    showings = tuple(
        Showing(person, scores[person][1], "most" if left == (person,) else "less", scores[person][2])
        for person in ordered
    )
    differ = any(scores[person][0] != best for person in left)
    return Finding(
        rule=rule,
        left=left,
        passed=_tie(left, within=differ),
        showings=showings,
        facts=facts if differ else {},
        set_aside=set_aside,
    )


def _contradictory(
    rule: str, among: tuple[str, ...], evidence: Mapping[str, tuple[str, ...]], dropped: Sequence[SetAside]
) -> Finding:
    showings = tuple(Showing(person, evidence[person], "named") for person in sorted(evidence))
    return Finding(rule=rule, left=among, passed=Passed.CONTRADICTORY, showings=showings, set_aside=tuple(dropped))


def _tie(left: tuple[str, ...], *, within: bool) -> Passed | None:
    if len(left) == 1:
        return None
    return Passed.WITHIN_MARGIN if within else Passed.EQUAL


def _by_time(moment: _Moment) -> tuple[datetime, tuple[int, ...]]:
    return moment.at, moment.tie


def _time_margin(asked: Asked) -> timedelta:
    return elapsed(asked.policy.duration("ownership.time_margin_h"))


def _weaker(fact: Choice | Fit) -> SetAside:
    return SetAside(fact.evidence, fact.person, Why.WEAKER_ORIGIN, {"origin": fact.origin.value})


def _all(sets: Iterable[frozenset[str]]) -> list[str]:
    return sorted(frozenset().union(*sets))


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


_Rule = Callable[[str, Asked, tuple[str, ...]], Finding]

_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "named_account": _plan,
        "territory": _plan,
        "first_contact": _first_contact,
        "first_report": _first_report,
        "first_reception": _first_reception,
        "deeper_relation": _deeper_relation,
        "customer_choice": _customer_choice,
        "best_fit": _best_fit,
    }
)
