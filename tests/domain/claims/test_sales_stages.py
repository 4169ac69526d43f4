"""Sales stages without a database: what a move asks for, when a stage is over, what stops its clock (CLM-30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.claims import clocks
from domain.claims.model import Clock, Pause, PauseKind
from domain.claims.stages import SHOWN, passed_through, unmet
from domain.policy.policy import Policy, SalesStage
from tests.support import held
from tests.support.held import ACCEPTED, claim

LIST: list[Any] = [
    "contact",
    {"name": "need", "conditions": ["meeting", "need"]},
    {"name": "proposal", "role": "pre_sales", "conditions": ["budget approved"], "outputs": ["quotation"]},
    {"name": "close", "conditions": ["budget approved", "deal"]},
]


def terms(**more: Any) -> clocks.Terms:
    return held.terms(stage__list=LIST, **more)


def policy() -> Policy:
    return terms().policy


def test_an_entry_of_the_list_is_a_word_or_says_more() -> None:
    """CLM-30: role, conditions and outputs may be left out."""
    read = policy()
    assert read.stages == ("contact", "need", "proposal", "close")
    assert read.sales_stage(None) == SalesStage("contact")
    assert read.sales_stage("proposal") == SalesStage("proposal", "pre_sales", ("budget approved",), ("quotation",))
    assert read.sales_stage("of an older version") == SalesStage("of an older version")


@pytest.mark.parametrize(
    ("present", "wanted", "passed"),
    [
        (None, "need", "need"),
        (None, "close", "need proposal close"),  # nobody jumps over a stage
        ("need", "proposal", "proposal"),
        ("close", "need", ""),  # back asks for nothing
        ("proposal", "contact", ""),
        ("lost", "need", "contact need"),  # the list lost the present stage: from the beginning
    ],
)
def test_a_move_forward_enters_every_stage_on_its_way(present: str | None, wanted: str, passed: str) -> None:
    assert " ".join(stage.name for stage in passed_through(policy(), present, wanted)) == passed


@pytest.mark.parametrize(
    ("shown", "said", "lacking"),
    [
        ("", "", "meeting|need|budget approved|deal"),
        ("need deal", "", "meeting|budget approved"),
        ("need deal meeting", "budget approved", ""),
        ("meeting", "need|deal|budget approved", "need|deal"),  # what the record shows is not stated
        ("need meeting deal budget approved", "", "budget approved"),
    ],
)
def test_conditions_are_shown_by_the_record_or_stated_where_it_cannot_show_them(
    shown: str, said: str, lacking: str
) -> None:
    entered = passed_through(policy(), None, "close")
    assert "|".join(unmet(entered, shown=shown.split(), said=said.split("|"))) == lacking


def test_what_the_record_shows_is_not_more_than_it_holds() -> None:
    """Contract section 18: the words that are looked up."""
    fields = {"need", "progress", "next_follow_up_at", "expected_close", "expected_amount", "source"}
    fields |= {"decision_makers", "budget", "decision_chain", "competitors", "floor"}
    assert fields | {"call", "message", "meeting", "visit", "demo", "deal"} == SHOWN


def test_a_stage_with_a_deadline_runs_from_acceptance_and_afresh_from_each_move() -> None:
    """CLM-30: days by stage; a stage without any has no clock."""
    limits = terms(stage__deadline_days={"contact": 7, "need": 10})
    begun = clocks.started_at_acceptance(claim(), at=ACCEPTED, terms=limits)
    first = begun.clock(Clock.SALES_STAGE)
    assert first is not None
    assert (first.deadline, first.rule) == (ACCEPTED + timedelta(days=7), "stage.deadline_days")
    later = ACCEPTED + timedelta(days=3)
    moved = clocks.started_sales_stage(replace(begun, stage="need", stage_missed=True), at=later, terms=limits)
    running = moved.clock(Clock.SALES_STAGE)
    assert running is not None
    assert (running.deadline, moved.stage_missed) == (later + timedelta(days=10), False)
    assert (
        clocks.started_sales_stage(replace(moved, stage="close"), at=later, terms=limits).clock(Clock.SALES_STAGE)
        is None
    )


@pytest.mark.parametrize(
    ("kind", "stands"),
    [(PauseKind.DISPUTE, True), (PauseKind.LEGAL, True), (PauseKind.HANDOVER, True), (PauseKind.ABSENCE, False)],
)
def test_its_clock_stands_still_like_the_others(kind: PauseKind, stands: bool) -> None:
    """CLM-21: an absence stops the first-follow-up and idle clocks only."""
    limits = terms(stage__deadline_days={"contact": 7})
    begun = clocks.started_at_acceptance(claim(), at=ACCEPTED, terms=limits)
    day = timedelta(days=1)
    stopped = clocks.paused(begun, Pause(kind, ACCEPTED + day), at=ACCEPTED + day, terms=limits)
    resumed = clocks.resumed(stopped, kind, at=ACCEPTED + 11 * day, terms=limits)
    found = resumed.clock(Clock.SALES_STAGE)
    assert found is not None
    assert found.deadline == ACCEPTED + (17 if stands else 7) * day


def test_of_equal_deadlines_it_comes_after_the_stage_of_the_protection_and_before_idle() -> None:
    """Requirements 0.2, contract section 18."""
    order = [Clock.STAGE, Clock.SALES_STAGE, Clock.IDLE]
    limits = terms(
        stage__deadline_days={"contact": 7},
        claim__protection_shape="report_visit_deal",
        claim__stage_length={"report_visit": "7d", "visit_deal": "7d"},
        claim__idle_days=7,
        claim__first_follow_up_wh=0,
    )
    present = clocks.started_at_acceptance(claim(), at=ACCEPTED, terms=limits)
    for expected in order:
        found = clocks.lapse_due(present)
        assert found is not None
        assert (found[0], found[1].clock) == (ACCEPTED + timedelta(days=7), expected)
        present = present.without_clock(expected)
