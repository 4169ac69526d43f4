"""What holds for advice whatever the case: order, digest, weights that matter, size (CLM-06, DSP-11)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.disputes.advice import Advice, Verdict, advise
from domain.disputes.facts import (
    Case,
    Choice,
    Contact,
    DecisionMaker,
    Fact,
    Fit,
    Grounds,
    Origin,
    Plan,
    Protection,
    Reception,
    Report,
    Sameness,
    Stage,
    recorded,
)
from domain.disputes.wording import Reader, outcome_text, passed_text, point_text, set_aside_text
from domain.policy import JSON, PARAMETERS, Policy
from domain.policy.parameters import OWNERSHIP_RULES
from domain.refusals import Refusal
from tests.support.casebook import CALENDAR, Worked, worked_cases

CASES = worked_cases()
OPENED = datetime(2026, 3, 20, 1, tzinfo=UTC)
RIVALS = ("li", "wang", "zhao")


# Order and digest


@given(st.data())
def test_a_worked_case_in_any_order_gets_the_same_advice(data: st.DataObject) -> None:
    worked = data.draw(st.sampled_from(CASES))
    facts = data.draw(st.permutations(worked.case.facts))
    rivals = data.draw(st.permutations(worked.case.rivals))
    assert worked.advice(case=replace(worked.case, facts=facts, rivals=tuple(rivals))) == worked.advice()


def facts_of(draw: Callable[..., Any]) -> Iterator[Fact]:
    for place in range(draw(st.integers(0, 14))):
        at = OPENED - timedelta(minutes=draw(st.integers(-60, 40)) * 20)
        person = draw(st.sampled_from((*RIVALS, "sun")))
        common: dict[str, Any] = {
            "evidence": f"E{draw(st.integers(0, place))}",
            "at": at,
            "entered_at": at + timedelta(hours=draw(st.sampled_from((0, 1, 30)))),
            "origin": draw(st.sampled_from(Origin)),
            "corrects": draw(st.sampled_from((None, None, None, "E1"))),
        }
        channel = draw(st.sampled_from(("in_house", "partner")))
        until = draw(st.sampled_from((None, at + timedelta(hours=5))))
        yield draw(
            st.sampled_from(
                (
                    Report(
                        **common,
                        person=person,
                        claim=f"c{place}",
                        receipt=place,
                        channel=channel,
                        false=place % 5 == 4,
                        ended_at=until,
                    ),
                    Protection(**common, person=person, claim=f"c{max(place - 1, 0)}", until=until),
                    Contact(**common, person=person, kind="visit", answered=place % 2 == 0),
                    Contact(**common, person=person, kind="call", qualified=place % 2 == 0),
                    Reception(**common, person=person),
                    DecisionMaker(**common, person=person, met=f"m{place % 2}"),
                    Stage(**common, person=person, stage=f"s{place % 2}"),
                    Plan(**common, rule="territory", people=(person, "wang")),
                    Plan(**common, rule="named_account", people=(person,)),
                    Choice(**common, person=person),
                    Fit(**common, person=person, score=Decimal(60 + place)),
                    Sameness(**common, same=place % 2 == 0),
                )
            )
        )


@st.composite
def cases(draw: Callable[..., Any]) -> tuple[Case, Policy]:
    rules = draw(st.permutations(OWNERSHIP_RULES))[: draw(st.integers(0, 8))]
    policy = Policy.resolve(
        {
            "ownership.mode": draw(st.sampled_from(("ordered", "weighted"))),
            "ownership.rules": [{"rule": rule, "weight": draw(st.sampled_from((0, 10, 25)))} for rule in rules],
            "ownership.time_margin_h": draw(st.sampled_from((0, 1))),
            "ownership.visit_first": draw(st.booleans()),
        },
        version=1,
    )
    case = Case(
        grounds=draw(st.sampled_from(Grounds)),
        rivals=RIVALS[: draw(st.integers(2, 3))],
        opened_at=OPENED,
        facts=tuple(facts_of(draw)),
    )
    return case, policy


@settings(max_examples=300, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_any_facts_in_any_order_told_twice_or_in_another_zone_get_the_same_advice(
    drawn: tuple[Case, Policy], random: Random
) -> None:
    case, policy = drawn
    advice = advise(case, policy=policy, calendar=CALENDAR)
    told = [replace(fact, at=fact.at.astimezone(ZoneInfo("America/New_York"))) for fact in case.facts]
    told += random.sample(told, k=len(told) // 2)
    random.shuffle(told)
    again = advise(replace(case, facts=told), policy=policy, calendar=CALENDAR)
    assert again == advice
    assert json.dumps(again.as_data()) == json.dumps(advice.as_data())


@settings(max_examples=300, deadline=None)
@given(cases())
def test_whatever_the_facts_an_advice_holds_together(drawn: tuple[Case, Policy]) -> None:
    """An owner is a party, shares total the whole, silence says what is missing, and everything can be said."""
    case, policy = drawn
    advice = advise(case, policy=policy, calendar=CALENDAR)
    outcome = advice.outcome
    if outcome is None:
        assert advice.missing
    else:
        assert not advice.missing
        assert (outcome.owner is not None) == (outcome.verdict in (Verdict.PARTY, Verdict.JOINT))
        assert outcome.owner is None or outcome.owner in case.rivals
        assert (outcome.same is not None) == (case.grounds is Grounds.IDENTITY)
    if outcome is not None and outcome.verdict is Verdict.JOINT:
        assert sum(share.share_bps for share in outcome.shares) == 10_000
        assert outcome.owner in {share.person for share in outcome.shares}
    known = {fact.evidence for fact in case.facts}
    assert all(set(point.evidence) <= known for point in advice.points)
    assert said(advice)


def said(advice: Advice) -> list[str]:
    reader = Reader(zone="Asia/Shanghai")
    version = advice.policy_version
    texts = [outcome_text(advice, reader=reader)]
    texts += [point_text(point, reader=reader, mode=advice.mode, policy_version=version) for point in advice.points]
    texts += [passed_text(passed, reader=reader, policy_version=version) for passed in advice.passed_over]
    texts += [set_aside_text(item, reader=reader, policy_version=version) for item in advice.set_aside]
    assert all(set(text) == {"zh", "en"} for text in texts)
    assert not any("None" in line or "{" in line for text in texts for line in text.values())
    return [line for text in texts for line in text.values()]


@pytest.mark.parametrize("worked", CASES, ids=lambda worked: worked.name)
def test_the_digest_tells_every_fact_apart(worked: Worked) -> None:
    """Leaving out any one fact, or moving it by a microsecond, is another digest (DSP-11)."""
    facts = list(worked.case.facts)
    digests = {recorded(worked.case).digest}
    for place, fact in enumerate(facts):
        without = facts[:place] + facts[place + 1 :]
        moved = [*without, replace(fact, at=fact.at + timedelta(microseconds=1))]
        digests |= {recorded(replace(worked.case, facts=changed)).digest for changed in (without, moved)}
    assert len(digests) == 1 + 2 * len(facts)


def test_a_time_without_a_zone_is_a_defect() -> None:
    at = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        recorded(case_of(Reception(evidence="E1", at=at, entered_at=at, person="li")))


def test_one_party_is_no_dispute() -> None:
    with pytest.raises(Refusal) as refused:
        advise(replace(case_of(), rivals=("li", "li")), policy=Policy.resolve(version=1), calendar=CALENDAR)
    assert (refused.value.code, refused.value.rule) == ("party_missing", "DSP-01")


def case_of(*facts: Fact) -> Case:
    return Case(grounds=Grounds.OWNERSHIP, rivals=("li", "wang"), opened_at=OPENED, facts=facts)


# Every parameter matters: a changed one must fail a case, by its outcome, not by a number in its text.

Change = Callable[[Worked], dict[str, JSON] | None]


def weight(rule: str, by: int) -> Change:
    def changed(worked: Worked) -> dict[str, JSON] | None:
        values = deepcopy(worked.policy)
        if values["ownership.mode"] != "weighted":
            return None
        rules: Any = values["ownership.rules"]
        for entry in rules:
            if entry["rule"] == rule:
                entry["weight"] += by
                return values
        return None

    return changed


def without(rule: str) -> Change:
    def changed(worked: Worked) -> dict[str, JSON] | None:
        rules: Any = worked.policy["ownership.rules"]
        kept = [entry for entry in rules if entry["rule"] != rule]
        if worked.policy["ownership.mode"] != "ordered" or len(kept) == len(rules):
            return None
        return worked.policy | {"ownership.rules": kept}

    return changed


def moved(name: str, by: float, key: str | None = None) -> Change:
    def changed(worked: Worked) -> dict[str, JSON] | None:
        value: Any = deepcopy(worked.policy.get(name, PARAMETERS[name].default))
        if key is None:
            return worked.policy | {name: value + by}
        return worked.policy | {name: value | {key: value[key] + by}}

    return changed


def turned(name: str, value: JSON) -> Change:
    return lambda worked: worked.policy | {name: value}


CHANGES: dict[str, Change] = {
    **{f"weight of {rule} {by:+}": weight(rule, by) for rule in OWNERSHIP_RULES for by in (1, -1)},
    **{f"no {rule}": without(rule) for rule in OWNERSHIP_RULES},
    **{
        f"depth weight of {key} {by:+}": moved("ownership.depth_weights", by, key)
        for key in ("follow_up", "visit", "decision_maker", "stage")
        for by in (1, -1)
    },
    **{
        f"{name} {by:+}": moved(name, by)
        for name, by in (
            ("ownership.time_margin_h", 0.01),
            ("ownership.time_margin_h", -0.01),
            ("ownership.score_margin", 1),
            ("ownership.score_margin", -1),
            ("ownership.depth_margin_pct", 1),
            ("ownership.depth_margin_pct", -1),
            ("ownership.depth_days", 1),
            ("ownership.depth_days", -1),
            ("claim.late_report_h", 1),
            ("claim.late_report_h", -1),
            ("split.owner_min_pct", 1),
            ("split.owner_min_pct", -1),
        )
    },
    "intercept_min in-house +1": moved("ownership.intercept_min", 1, "in_house"),
    "intercept_min partner +1": moved("ownership.intercept_min", 1, "partner"),
    "intercept_min partner -1": moved("ownership.intercept_min", -1, "partner"),
    "late_report_h off": turned("claim.late_report_h", 0),
    "depth_days off": turned("ownership.depth_days", 0),
    "visit_first on": turned("ownership.visit_first", True),
    "visit_first off": turned("ownership.visit_first", False),
    "always ordered": turned("ownership.mode", "ordered"),
    "always weighted": turned("ownership.mode", "weighted"),
}
#: Below zero there is nothing.
NEGATIVE = {"ownership.time_margin_h", "split.owner_min_pct"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changing_one_parameter_changes_the_outcome_of_a_case(change: Change) -> None:
    failed = []
    for worked in CASES:
        values = change(worked)
        if values is None or any(_is_negative(values[name]) for name in NEGATIVE & values.keys()):
            continue
        if worked.advice(policy=values).outcome != worked.advice().outcome:
            failed.append(worked.name)
    assert failed


def _is_negative(value: JSON) -> bool:
    return isinstance(value, int | float) and value < 0


# Size


@pytest.fixture(scope="module")
def every_rule() -> Policy:
    rules: list[JSON] = [{"rule": rule, "weight": 10} for rule in OWNERSHIP_RULES]
    return Policy.resolve({"ownership.mode": "weighted", "ownership.rules": rules}, version=1)


def large(items: int) -> Case:
    """Three months of a busy customer: entries, receptions, reports and short protections of three rivals."""
    random = Random(items)
    opened = OPENED
    period_min = 90 * 24 * 60
    facts: list[Fact] = []
    for place in range(items):
        at = opened - timedelta(minutes=random.randrange(1, period_min))
        person = random.choice(RIVALS)
        common: dict[str, Any] = {"evidence": f"E{place}", "at": at, "entered_at": at}
        match place % 10:
            case 5:
                facts.append(Reception(**common, person=person))
            case 6:
                facts.append(DecisionMaker(**common, person=person, met=f"m{random.randrange(9)}"))
            case 7:
                facts.append(Stage(**common, person=person, stage=f"s{random.randrange(9)}"))
            case 8:
                facts.append(Report(**common, person=person, claim=f"c{place}", receipt=place, channel="partner"))
            case 9:
                until = at + timedelta(minutes=period_min // items)
                facts.append(Protection(**common, person=person, claim=f"c{place - 1}", until=until))
            case _:
                facts.append(Contact(**common, person=person, kind=random.choice(("call", "visit"))))
    return Case(grounds=Grounds.OWNERSHIP, rivals=RIVALS, opened_at=opened, facts=tuple(facts))


def calls(case: Case, policy: Policy) -> int:
    """Calls of Python and C functions that one advice makes."""
    counted = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        advise(case, policy=policy, calendar=CALENDAR)
    finally:
        sys.setprofile(before)
    return counted


def best_s(case: Case, policy: Policy) -> float:
    def once() -> float:
        start = time.process_time()
        advise(case, policy=policy, calendar=CALENDAR)
        return time.process_time() - start

    return min(once() for _ in range(9))


def test_two_thousand_items_cost_at_most_twelve_times_two_hundred(every_rule: Policy) -> None:
    small, big = large(200), large(2_000)
    assert calls(big, every_rule) <= 12 * calls(small, every_rule)
    assert best_s(big, every_rule) <= 12 * best_s(small, every_rule)
