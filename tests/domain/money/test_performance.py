"""In which month a deal counts, for whom, and how a closed month is corrected (COM-13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.matters.matter import CommandKind
from domain.money.months import before, following, in_the_next, month_of, over_at
from domain.money.performance import closes_at, is_closed, may_count_in
from domain.people.organisation import Span
from domain.refusals import Refusal
from tests.support.money_cases import Worked, read
from tests.support.money_office import PROGRAM, START, Office

CASES = [read(path) for path in sorted((Path(__file__).parent / "months").glob("*.txt"))]


@pytest.mark.parametrize("worked", CASES, ids=lambda worked: worked.name)
def test_a_worked_case_counts_as_written(worked: Worked) -> None:
    """COM-13: every case says line by line what counts, and what a line corrects."""
    assert worked.told
    assert any(step.counts is not None for step in worked.steps)
    worked.play()


def test_what_was_agreed_before_the_program_began_may_be_entered_until_its_first_month_closes() -> None:
    """COM-13: a month that ended before there was anything to close is open as long as the program's first one."""
    opened = datetime(2026, 3, 2, tzinfo=UTC)
    office = Office(opened=opened)
    office.win(10_000_00, contract_at=datetime(2025, 7, 1, tzinfo=UTC))
    assert [(line.month, line.amount_minor) for line in office.performance] == [("2025-07", 10_000_00)]
    closed = closes_at(office.setting, PROGRAM, "2025-07")
    assert closed == closes_at(office.setting, PROGRAM, "2026-03") == datetime(2026, 4, 5, 16, tzinfo=UTC)
    office.run(closed)
    with pytest.raises(Refusal) as refused:
        office.win(10_000_00, kind=CommandKind.DEAL, by="fin", contract_at=datetime(2025, 7, 1, tzinfo=UTC))
    assert (refused.value.code, refused.value.facts["month"]) == ("period_closed", "2025-07")


def test_a_month_is_closed_from_the_first_instant_after_its_day_in_the_programs_zone() -> None:
    office = Office()
    closed = closes_at(office.setting, PROGRAM, "2026-02")
    assert closed == datetime(2026, 3, 5, 16, tzinfo=UTC)  # the midnight that begins the sixth in Shanghai
    assert is_closed(office.setting, PROGRAM, "2026-02", at=closed)
    assert not is_closed(office.setting, PROGRAM, "2026-02", at=closed.replace(hour=15, minute=59))


def test_a_line_may_have_been_written_in_the_month_of_its_event_while_that_was_open_and_then_in_its_own() -> None:
    """COM-13: within a day of the closing, in whatever zone it was, both are right."""
    office = Office()
    office.win(10_000_00)
    line = office.performance[0]
    closed = closes_at(office.setting, PROGRAM, "2026-03")
    for at, months in (
        (line.at, {"2026-03"}),
        (closed - timedelta(days=2), {"2026-03"}),
        (closed - timedelta(hours=1), {"2026-03", "2026-04"}),
        (closed + timedelta(hours=1), {"2026-03", "2026-04"}),
        (closed + timedelta(days=2), {"2026-04"}),
        (closed + timedelta(days=40), {"2026-05"}),
    ):
        assert may_count_in(office.setting, replace(line, at=at)) == months, at


def test_what_counted_for_a_team_is_taken_back_from_it_though_nobody_knows_the_day_any_more() -> None:
    """COM-13: a deal of before anna was here counts for her first team, and goes from there when she has moved on."""
    office = Office(opened=START, memberships={"anna": [Span("anna", "sales", START, None)]})
    deal = office.win(10_000_00, contract_at=START - timedelta(days=400))
    office.move("anna", "north")
    office.tell(CommandKind.CANCEL_DEAL, by="fin", data={"deal": deal, "text": "text"})
    assert [(line.team, line.amount_minor) for line in office.performance] == [
        ("sales", 10_000_00),
        ("sales", -10_000_00),
    ]


def test_months_are_those_of_the_clock_of_their_zone() -> None:
    """The last hours of a year, a leap February, and a month that summer time begins in."""
    new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (month_of(new_year, "Asia/Shanghai"), month_of(new_year, "UTC")) == ("2027-01", "2026-12")
    assert over_at("2026-12", "Asia/Shanghai") == new_year
    assert over_at("2028-02", "UTC") == datetime(2028, 3, 1, tzinfo=UTC)
    assert over_at("2026-03", "Europe/Berlin") == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert before(following("2026-12")) == "2026-12"
    assert in_the_next("2026-12", 5).isoformat() == "2027-01-05"
