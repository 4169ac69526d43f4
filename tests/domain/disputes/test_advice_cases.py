"""The worked cases come out as written, word for word, and together they show every rule every way (CLM-06, DSP-11)."""

from __future__ import annotations

import itertools
import re

import pytest

from domain.disputes.advice import Verdict
from domain.disputes.ownership import Passed
from domain.disputes.sifting import Why
from domain.policy.parameters import OWNERSHIP_RULES
from tests.support.casebook import Worked, rendered, worked_cases

CASES = worked_cases()


@pytest.mark.parametrize("worked", CASES, ids=lambda worked: worked.name)
def test_a_worked_case_comes_out_as_written(worked: Worked) -> None:
    assert rendered(worked.advice()) == worked.expected


@pytest.mark.parametrize("worked", CASES, ids=lambda worked: worked.name)
def test_a_worked_case_says_why_in_whole_sentences(worked: Worked) -> None:
    """No brace, no id of a person and no code is left in what a reader sees (POL-07)."""
    sentences = [line.strip() for line in worked.expected.splitlines() if line.startswith("    ")]
    for zh, en in zip(sentences[::2], sentences[1::2], strict=True):
        assert zh.endswith("规则第 3 版）。"), zh
        assert en.endswith("policy version 3)."), en
        for text in (zh, en):
            assert not re.search(r"[{}_]|\b(li|wang|zhao|sun|None)\b", text), text


def test_there_are_more_than_forty_worked_cases() -> None:
    assert len(CASES) > 40
    assert len({worked.told for worked in CASES}) == len(CASES)


LACKING = {Passed.NO_FACT, Passed.NAMES_NOBODY, Passed.INCOMPLETE}
TOO_CLOSE = {Passed.WITHIN_MARGIN, Passed.EQUAL}


@pytest.mark.parametrize(("mode", "rule"), list(itertools.product(("ordered", "weighted"), OWNERSHIP_RULES)))
def test_every_rule_is_shown_deciding_passed_over_and_not_separating(mode: str, rule: str) -> None:
    """In both modes. A rule without figures (plan, choice) is equal or contradictory where others have a margin."""
    advices = [advice for worked in CASES if (advice := worked.advice()).mode == mode]
    decided = [
        point
        for advice in advices
        if advice.outcome is not None and advice.outcome.verdict is Verdict.PARTY
        for point in advice.points
        if point.rule == rule and point.points > 0 and point.person == advice.outcome.owner
    ]
    passed = {passed.why for advice in advices for passed in advice.passed_over if passed.rule == rule}
    assert decided
    assert passed & LACKING
    has_figures = rule not in ("named_account", "territory", "customer_choice")
    assert passed & (TOO_CLOSE if has_figures else TOO_CLOSE | {Passed.CONTRADICTORY})
    if has_figures:
        assert Passed.WITHIN_MARGIN in passed


def test_every_reason_and_every_outcome_is_shown() -> None:
    advices = [worked.advice() for worked in CASES]
    assert {item.why for advice in advices for item in advice.set_aside} == set(Why)
    assert {passed.why for advice in advices for passed in advice.passed_over} == set(Passed)
    assert {advice.outcome.verdict if advice.outcome else None for advice in advices} == {*Verdict, None}
    assert {name for advice in advices for name in advice.obstacles} == {
        "not_separated",
        "contested",
        "not_recorded",
        "customer_names_other",
    }
