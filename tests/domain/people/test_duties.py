"""Since when a duty statement or a program's rules concern somebody (PPL-03)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import WorkingCalendar
from domain.calendar.duration import Duration, Scale
from domain.people.duties import due, member_since, wears_since
from domain.people.organisation import Grant, Organisation, Person, Role, ScopeKind, Span, Team
from domain.programs.program import Member, Program

#: Monday 2031-03-03 10:00 in Shanghai.
START = datetime(2031, 3, 3, 2, tzinfo=UTC)


def day(number: int | None) -> datetime | None:
    return START + timedelta(days=number) if number is not None else None


def grant(start: int, end: int | None, role: Role = Role.REP) -> Grant:
    begins = day(start)
    assert begins is not None
    return Grant(f"g{start}", "li", role, ScopeKind.OWN, None, begins, day(end))


def organisation(*grants: Grant, led: tuple[Span, ...] = (), joined: int = 0) -> Organisation:
    return Organisation(
        people={"li": Person("li", 1, "north", True)},
        teams={"sales": Team("sales", None, None), "north": Team("north", "sales", None)},
        root="sales",
        memberships={"li": (Span("li", "north", START + timedelta(days=joined), None),)},
        leaderships={"north": led},
        grants={"li": grants},
    )


@pytest.mark.parametrize(
    ("grants", "since"),
    [
        (((1, None),), 1),
        (((1, 5), (5, None)), 1),  # renewed without a break
        (((1, 4), (5, None)), 5),  # taken away meanwhile
        (((1, 5), (2, None)), 1),
        (((1, 8),), None),  # over
        (((9, None),), None),  # not yet
        ((), None),
    ],
)
def test_a_role_is_worn_since_it_was_given_without_a_break(
    grants: tuple[tuple[int, int | None], ...], since: int | None
) -> None:
    """PPL-03: a grant that follows another one gives nobody the time anew."""
    made = organisation(*(grant(start, end) for start, end in grants))
    at = START + timedelta(days=8)
    assert wears_since("li", Role.REP, organisation=made, at=at) == day(since)
    assert wears_since("li", Role.FINANCE, organisation=made, at=at) is None


def test_who_leads_a_team_is_its_team_lead() -> None:
    """PPL-03, contract section 2: without a grant."""
    led = (
        Span("north", "zhang", START, START + timedelta(days=2)),
        Span("north", "li", START + timedelta(days=2), None),
    )
    made = organisation(led=led)
    assert wears_since("li", Role.TEAM_LEAD, organisation=made, at=START + timedelta(days=3)) == day(2)
    assert wears_since("li", Role.TEAM_LEAD, organisation=made, at=START + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("team", "person", "joined", "since"),
    [
        ("sales", None, 0, 1),  # the team above was named on day 1
        ("sales", None, 3, 3),  # came to the team later
        (None, "li", 3, 1),
        ("sales", "li", 3, 1),
        ("other", "wang", 0, None),
    ],
)
def test_membership_counts_from_when_it_reached_the_person(
    team: str | None, person: str | None, joined: int, since: int | None
) -> None:
    """PPL-03, CLM-02."""
    named = [Member("m", one, who, START + timedelta(days=1), None) for one, who in ((team, None), (None, person))]
    program = Program("p", True, "c", "pool", (), (), named, ())
    found = member_since("li", program, organisation=organisation(joined=joined), at=START + timedelta(days=8))
    assert found == day(since)


def test_the_time_to_acknowledge_is_counted_in_working_days() -> None:
    """PPL-03: five from Monday at ten end on the next Monday at ten; `0`: nobody is late."""
    calendar = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {})
    within = Duration(5 * 86_400_000_000, Scale.WORKING)
    assert due(START, within=within, calendar=calendar) == day(7)
    assert due(START, within=None, calendar=calendar) is None
