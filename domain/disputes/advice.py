"""The advice (裁决建议) on a case: facts in, proposed outcome and every reason out (DSP-04, DSP-11, CLM-06).

Pure: no clock, no order of input, no model. The same facts under the same policy version give the same advice, word
for word; what cannot be said is `no_recommendation` with what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from domain.calendar import WorkingCalendar
from domain.disputes.facts import Case, Choice, Denial, Fact, Grounds, Origin, Sameness, recorded
from domain.disputes.ownership import Asked, Depth, Finding, Passed, depths, find, plain, rule_id
from domain.disputes.sifting import SetAside, Why, sift, strongest
from domain.policy import Policy
from domain.refusals import Refusal


class Verdict(StrEnum):
    """Outcomes of the contract."""

    PARTY = "party"
    JOINT = "joint"
    POOL = "pool"
    NO_CHANGE = "no_change"


@dataclass(frozen=True, slots=True)
class Share:
    person: str
    share_bps: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is proposed. ``party`` and ``joint`` have an owner; ``same`` is set in a case of kind identity."""

    verdict: Verdict
    owner: str | None = None
    shares: tuple[Share, ...] = ()
    same: bool | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One reason: what ``rule`` found for ``person`` (None: for the case) and the points it gives.

    In weighted mode a rule gives its weight to the rival it favours; in ordered mode the rule that decides gives 1. The
    others get 0, with the facts they fell behind by. ``rule_id`` is the requirement, ``variant`` chooses the sentence.
    """

    rule: str
    rule_id: str
    person: str | None
    points: Decimal
    evidence: tuple[str, ...]
    variant: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    contested: tuple[str, ...] = ()  # of its evidence, what a party disputes (DSP-04)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule that did not separate the rivals. ``left``: who is still in question after it."""

    rule: str
    rule_id: str
    why: Passed
    left: tuple[str, ...]
    evidence: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The advice. ``outcome`` None is `no_recommendation`; then ``missing`` says why, as ``why:rule``.

    ``obstacles``: what keeps the system from settling the case by this advice at tier 0, empty if nothing does
    (DSP-04): ``not_separated``, ``contested``, ``not_recorded``, ``customer_names_other``.
    """

    outcome: Outcome | None
    missing: tuple[str, ...]
    points: tuple[Point, ...]
    passed_over: tuple[PassedOver, ...]
    set_aside: tuple[SetAside, ...]
    obstacles: tuple[str, ...]
    mode: str
    policy_version: int
    facts_digest: str

    def totals(self) -> dict[str, Decimal]:
        """Points per rival who has any reason at all, by person."""
        found: dict[str, Decimal] = {}
        for point in self.points:
            if point.person is not None:
                found[point.person] = found.get(point.person, Decimal(0)) + point.points
        return dict(sorted(found.items()))

    def as_data(self) -> dict[str, Any]:
        """The advice as it is stored and answered (contract section 6): JSON values only, no names."""
        return {
            "outcome": "no_recommendation" if self.outcome is None else _outcome_data(self.outcome),
            "missing": list(self.missing),
            "points": [
                {
                    "rule": point.rule,
                    "rule_id": point.rule_id,
                    "person": point.person,
                    "points": _json_number(point.points),
                    "evidence": list(point.evidence),
                    "contested": list(point.contested),
                    "variant": point.variant,
                    "facts": dict(point.facts),
                }
                for point in self.points
            ],
            "passed_over": [
                {
                    "rule": passed.rule,
                    "rule_id": passed.rule_id,
                    "why": passed.why.value,
                    "left": list(passed.left),
                    "evidence": list(passed.evidence),
                    "facts": dict(passed.facts),
                }
                for passed in self.passed_over
            ],
            "set_aside": [
                {
                    "evidence": item.evidence,
                    "person": item.person,
                    "why": item.why.value,
                    "rule_id": item.rule_id,
                    "facts": dict(item.facts),
                }
                for item in self.set_aside
            ],
            "obstacles": list(self.obstacles),
            "mode": self.mode,
            "policy_version": self.policy_version,
            "facts_digest": self.facts_digest,
        }


def advise(case: Case, *, policy: Policy, calendar: WorkingCalendar) -> Advice:
    """What the ownership rules say of ``case`` under the version in force at its contested event (DSP-11, POL-02).

    Refuses with ``party_missing`` a case of fewer than two parties (DSP-01).
    """
    if len(set(case.rivals)) < 2:
        raise Refusal("party_missing", rule="DSP-01")
    record = recorded(case)
    ground = sift(record, case=case, policy=policy)
    reasoning = _judged(Asked(case, ground, policy, calendar))
    reasoning = replace(reasoning, set_aside=ground.set_aside + reasoning.set_aside)
    if case.grounds is Grounds.SHARE and reasoning.winner is not None:
        joint = sift(record, case=case, policy=policy, joint=True)
        reasoning = _shared(reasoning, Asked(case, joint, policy, calendar))
    return Advice(
        outcome=reasoning.outcome,
        missing=reasoning.missing,
        points=tuple(_marked(point, case.contested) for point in reasoning.points),
        passed_over=reasoning.passed_over,
        set_aside=_in_order(reasoning.set_aside),
        obstacles=_obstacles(reasoning, case, record.facts),
        mode=policy.choice("ownership.mode"),
        policy_version=policy.version,
        facts_digest=record.digest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reasoning:
    outcome: Outcome | None
    missing: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def winner(self) -> str | None:
        return None if self.outcome is None else self.outcome.owner


_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


def _judged(asked: Asked) -> _Reasoning:
    if asked.case.grounds is not Grounds.IDENTITY:
        return _owned(asked)
    same = _sameness(asked.ground.sameness)
    if same.outcome is None or same.outcome.same is False:
        return same
    ranked = _owned(asked)
    outcome = None if ranked.outcome is None else replace(ranked.outcome, same=True)
    found = replace(
        ranked, outcome=outcome, points=same.points + ranked.points, set_aside=same.set_aside + ranked.set_aside
    )
    return _in_equal_parts(found, asked, proof=same.points)


def _sameness(facts: Sequence[Sameness]) -> _Reasoning:
    """Whether the records are one customer; if not, nothing changes. The outcome has no owner yet."""
    told, weaker = strongest(facts)
    dropped = tuple(SetAside(fact.evidence, None, Why.WEAKER_ORIGIN, {"origin": fact.origin.value}) for fact in weaker)
    evidence = tuple(fact.evidence for fact in told)
    if not told or len({fact.same for fact in told}) > 1:
        why = Passed.CONTRADICTORY if told else Passed.NO_FACT
        passed = PassedOver("identity", "CUS-02", why, (), evidence)
        return _Reasoning(outcome=None, missing=(f"{why.value}:identity",), passed_over=(passed,), set_aside=dropped)
    same = told[0].same
    point = Point("identity", "CUS-02", None, _ZERO, evidence, "same" if same else "different")
    return _Reasoning(outcome=Outcome(Verdict.NO_CHANGE, same=same), points=(point,), set_aside=dropped)


def _in_equal_parts(found: _Reasoning, asked: Asked, *, proof: Sequence[Point]) -> _Reasoning:
    """Of a household the first owner keeps the customer, and all who met have equal parts of the money (CUS-14)."""
    owner = found.winner
    people = sorted({*asked.case.household, owner or ""})
    if owner is None or len(people) < 2 or not divides_equally(asked.case.household, asked.policy):
        return found
    shares = _whole_parts({person: Decimal(10_000) / len(people) for person in people})
    evidence = tuple(item for point in proof for item in point.evidence)
    points = tuple(
        Point("household", "CUS-14", person, _ZERO, evidence, "equal", {"share_pct": plain(Decimal(bps) / 100)})
        for person, bps in sorted(shares.items())
    )
    parts = tuple(Share(person, bps) for person, bps in sorted(shares.items()))
    return replace(
        found,
        outcome=Outcome(Verdict.JOINT, owner=owner, shares=parts, same=True),
        points=found.points + points,
    )


def divides_equally(household: Collection[str], policy: Policy) -> bool:
    """Whether ``policy`` divides the money between the owners of a ``household`` who met (CUS-14)."""
    return bool(household) and policy.choice("household.rule") == "equal_shares"


def _owned(asked: Asked) -> _Reasoning:
    entitled = asked.ground.entitled
    if not entitled:
        verdict = Verdict.NO_CHANGE if asked.case.grounds is Grounds.CONTESTED_LAPSE else Verdict.POOL
        point = Point("valid_claim", "CLM-03", None, _ZERO, (), verdict.value)
        return _Reasoning(outcome=Outcome(verdict), points=(point,))
    if len(entitled) == 1:
        (person,) = entitled
        point = Point("valid_claim", "CLM-03", person, _ONE, (asked.ground.titles[person][0].evidence,), "only")
        return _Reasoning(outcome=Outcome(Verdict.PARTY, owner=person), points=(point,))
    if asked.policy.switch("ownership.visit_first"):
        visit = find("first_reception", asked=asked, among=entitled)
        if visit.passed is None:
            decided = _decided(visit, (), _ONE)
            return replace(decided, points=tuple(replace(point, rule_id="CLM-09") for point in decided.points))
    if asked.policy.choice("ownership.mode") == "weighted":
        return _weighed(asked, entitled)
    return _in_turn(asked, entitled)


def _in_turn(asked: Asked, entitled: tuple[str, ...]) -> _Reasoning:
    """Ordered mode: the first rule that separates the rivals decides; those it puts clearly behind are out (CLM-06)."""
    left = entitled
    asked_before: list[Finding] = []
    for entry in asked.policy.ownership_rules:
        finding = find(entry.rule, asked=asked, among=left)
        if finding.passed is None:
            return _decided(finding, asked_before, _ONE)
        asked_before.append(finding)
        if finding.passed is Passed.CONTRADICTORY:
            break
        left = finding.left
    return _undecided(asked_before)


def _weighed(asked: Asked, entitled: tuple[str, ...]) -> _Reasoning:
    """Weighted mode: each rule gives its weight to the rival it favours, the highest total wins (CLM-06)."""
    points: list[Point] = []
    silent: list[Finding] = []
    dropped: list[SetAside] = []
    totals = dict.fromkeys(entitled, _ZERO)
    for entry in asked.policy.ownership_rules:
        if entry.weight == 0:
            silent.append(Finding(rule=entry.rule, left=entitled, passed=Passed.NO_WEIGHT))
            continue
        finding = find(entry.rule, asked=asked, among=entitled)
        dropped += finding.set_aside
        if finding.favoured is None:
            silent.append(finding)
            continue
        totals[finding.favoured] += entry.weight
        points += _points(finding, entry.weight)
    passed_over = tuple(_passed(finding) for finding in silent)
    winner, ahead = _ahead(totals)
    told = _Reasoning(
        outcome=Outcome(Verdict.PARTY, owner=winner),
        points=tuple(points),
        passed_over=passed_over,
        set_aside=tuple(dropped),
    )
    contradictory = any(finding.passed is Passed.CONTRADICTORY for finding in silent)
    margin = asked.policy.number("ownership.score_margin")
    if ahead > 0 and ahead >= margin and not contradictory:
        return told
    if contradictory or not points:
        return replace(told, outcome=None, missing=_missing(silent))
    tie = Passed.WITHIN_MARGIN if ahead else Passed.EQUAL
    lacking = [finding for finding in silent if finding.passed is not Passed.NO_WEIGHT]
    return replace(told, outcome=None, missing=(*(_missing(lacking) if lacking else ()), f"{tie.value}:total"))


def _ahead(totals: Mapping[str, Decimal]) -> tuple[str, Decimal]:
    """The rival with the highest total, and by how much."""
    (first, most), (_, next_most), *_ = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return first, most - next_most


def _decided(finding: Finding, before: Iterable[Finding], points: Decimal) -> _Reasoning:
    findings = (*before, finding)
    return _Reasoning(
        outcome=Outcome(Verdict.PARTY, owner=finding.favoured),
        points=_points(finding, points),
        passed_over=tuple(_passed(passed) for passed in before),
        set_aside=tuple(item for each in findings for item in each.set_aside),
    )


def _undecided(findings: Sequence[Finding]) -> _Reasoning:
    return _Reasoning(
        outcome=None,
        missing=_missing(findings),
        passed_over=tuple(_passed(finding) for finding in findings),
        set_aside=tuple(item for finding in findings for item in finding.set_aside),
    )


def _missing(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What would let the rules decide; that a rule has no weight is the policy's will and nothing that is missing."""
    found = tuple(
        f"{finding.passed.value}:{finding.rule}"
        for finding in findings
        if finding.passed is not None and finding.passed is not Passed.NO_WEIGHT
    )
    return found or ("no_fact:rules",)


def _points(finding: Finding, points: Decimal) -> tuple[Point, ...]:
    return tuple(
        Point(
            finding.rule,
            rule_id(finding.rule, showing.variant),
            showing.person,
            points if showing.person == finding.favoured else _ZERO,
            showing.evidence,
            showing.variant,
            showing.facts,
        )
        for showing in finding.showings
    )


def _passed(finding: Finding) -> PassedOver:
    if finding.passed is None:
        raise ValueError("a rule that separates the rivals is not passed over")
    return PassedOver(
        finding.rule, rule_id(finding.rule), finding.passed, finding.left, finding.evidence, finding.facts
    )


def _shared(owned: _Reasoning, asked: Asked) -> _Reasoning:
    """Shares by the depth of each party's work, the owner with his least part (COM-03, COM-04, CLM-08)."""
    owner = owned.winner or ""
    found, dropped = depths(asked, among=asked.ground.rivals)
    # Work inside the owner's protection gives no claim to the customer, but it is what the shares are about.
    barred = tuple(item for item in owned.set_aside if item.why is not Why.RIVAL_PROTECTED)
    told = replace(owned, set_aside=barred + dropped)
    worked = {person: depth for person, depth in found.items() if depth.total > 0 or person == owner}
    if sum(depth.total for depth in worked.values()) == 0:
        passed = PassedOver("shares", "COM-03", Passed.NO_FACT, asked.ground.rivals, ())
        return replace(told, outcome=None, missing=("no_fact:shares",), passed_over=(*told.passed_over, passed))
    points = tuple(
        Point("shares", "COM-03", person, _ZERO, depth.evidence, "alone", depth.facts())
        for person, depth in sorted(worked.items())
    )
    if len(worked) == 1:
        return replace(told, points=told.points + points)
    shares = _divided(worked, owner=owner, owner_min_pct=asked.policy.number("split.owner_min_pct"))
    with_shares = tuple(
        replace(
            point, variant="work", facts={**point.facts, "share_pct": plain(Decimal(shares[point.person or ""]) / 100)}
        )
        for point in points
    )
    outcome = Outcome(
        Verdict.JOINT, owner=owner, shares=tuple(Share(person, bps) for person, bps in sorted(shares.items()))
    )
    return replace(told, outcome=outcome, points=told.points + with_shares)


def _divided(worked: Mapping[str, Depth], *, owner: str, owner_min_pct: Decimal) -> dict[str, int]:
    """Basis points that sum to 10,000, by depth; the owner has at least ``owner_min_pct``."""
    total = sum((depth.total for depth in worked.values()), start=_ZERO)
    least = owner_min_pct * 100
    parts = {person: depth.total * 10_000 / total for person, depth in worked.items()}
    if parts[owner] < least:
        others = total - worked[owner].total
        parts = {person: depth.total * (10_000 - least) / others for person, depth in worked.items()}
        parts[owner] = least
    return _whole_parts(parts)


def _whole_parts(parts: Mapping[str, Decimal]) -> dict[str, int]:
    """``parts`` of 10,000 in whole basis points: floor each, the rest one each by share descending, then person."""
    shares = {person: int(part) for person, part in parts.items()}
    ranked = sorted(shares, key=lambda person: (-parts[person], person))
    for person in ranked[: 10_000 - sum(shares.values())]:
        shares[person] += 1
    return shares


def _obstacles(reasoning: _Reasoning, case: Case, facts: Iterable[Fact]) -> tuple[str, ...]:
    """What keeps tier 0 from settling (DSP-04): it needs a party, recorded facts nobody contests, a silent customer."""
    cited = {item for point in reasoning.points for item in point.evidence}
    known = list(facts)
    origins = {fact.origin for fact in known if fact.evidence in cited}
    outcome = reasoning.outcome
    # Equal parts leave nobody anything to weigh; by the work done, somebody has to look (CUS-14, COM-04).
    separates = outcome is not None and (
        outcome.verdict is Verdict.PARTY or (outcome.verdict is Verdict.JOINT and outcome.same is True)
    )
    found = {
        "not_separated": not separates,
        "contested": any(fact.evidence in case.contested for fact in known),
        "not_recorded": not origins <= {Origin.SYSTEM, Origin.CUSTOMER},
        "customer_names_other": any(
            (isinstance(fact, Choice) and fact.origin is not Origin.PARTY and fact.person != reasoning.winner)
            or (isinstance(fact, Denial) and fact.person == reasoning.winner)
            for fact in known
        ),
    }
    return tuple(name for name, is_so in found.items() if is_so)


def _marked(point: Point, contested: Collection[str]) -> Point:
    """The advice is the same whether or not a fact is contested; who reads it has to know (DSP-04)."""
    return replace(point, contested=tuple(item for item in point.evidence if item in contested))


def _in_order(items: Iterable[SetAside]) -> tuple[SetAside, ...]:
    unique = {(item.evidence, item.why, item.person or ""): item for item in items}
    return tuple(unique[key] for key in sorted(unique))


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.verdict.value,
        "owner": outcome.owner,
        "shares": [{"person": share.person, "share_bps": share.share_bps} for share in outcome.shares],
        "same": outcome.same,
    }


def _json_number(number: Decimal) -> int | float:
    whole = int(number)
    return whole if whole == number else float(number)
