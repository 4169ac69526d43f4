"""Distribution balance (LEAD-13, table 0.4): shares, deviations, alarms, the balance index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace

import pytest

from domain.leads.balance import gini, present_part, shares
from domain.leads.candidates import there_since
from domain.people.organisation import Absence, Grant, Organisation, Person, Role, ScopeKind, Span, Team
from domain.policy.policy import Policy
from domain.programs.program import Member, Program

POLICY = Policy.resolve(version=1)
START = datetime(2031, 3, 1, tzinfo=UTC)
END = START + timedelta(days=30)


def company(*absences: tuple[int, int]) -> Organisation:
    """Somebody who was away from one day to another of the window."""
    away = [
        Absence(str(n), "p", START + timedelta(days=first), START + timedelta(days=last), START)
        for n, (first, last) in enumerate(absences)
    ]
    return Organisation(people={}, teams={}, root="", absences={"p": away})


@pytest.mark.parametrize(
    ("absences", "days"),
    [
        ((), 30),
        (((0, 15),), 15),
        (((-5, 3),), 27),  # only what lies in the window
        (((25, 40),), 25),
        (((5, 10), (8, 12)), 23),  # together from 5 to 12: counted once
        (((5, 20), (8, 12)), 15),
        (((-9, 99),), 0),
    ],
)
def test_absence_days_lower_the_time_on_duty(absences: tuple[tuple[int, int], ...], days: int) -> None:
    assert present_part("p", company(*absences), start=START, end=END) == Fraction(days, 30)


@pytest.mark.parametrize(("joined", "away", "days"), [(-1, (), 30), (20, (), 10), (29, (), 1), (20, ((15, 25),), 5)])
def test_who_came_within_the_window_is_expected_to_have_a_share_from_then(
    joined: int, away: tuple[tuple[int, int], ...], days: int
) -> None:
    """LEAD-13: an absence before one came takes nothing away."""
    since = START + timedelta(days=joined)
    assert present_part("p", company(*away), start=START, end=END, since=since) == Fraction(days, 30)


def test_one_is_there_once_one_sells_in_the_program() -> None:
    """LEAD-13: the later of grant and membership; by the team one moved to; not before the window."""
    day = [START + timedelta(days=n) for n in range(31)]

    def since(granted: datetime, member: datetime, moved: datetime) -> datetime:
        members = (Member("m", "in", None, member, None),)
        place = Program("p", True, "c", "pool", (), (), members, ())
        organisation = Organisation(
            people={"p": Person("p", 1, "in", True)},
            teams={"root": Team("root", None, None), "in": Team("in", "root", None)},
            root="root",
            memberships={"p": (Span("p", "root", START - timedelta(9), moved), Span("p", "in", moved, None))},
            grants={"p": (Grant("g", "p", Role.REP, ScopeKind.COMPANY, None, granted, None),)},
        )
        setting = SimpleNamespace(organisation=organisation, programs={"p": place})
        return there_since("p", "p", setting=setting, start=START, end=END)  # type: ignore[arg-type]

    before = START - timedelta(days=5)
    assert since(before, before, before) == START
    assert since(day[3], before, before) == day[3]
    assert since(day[3], day[7], before) == day[7]
    assert since(day[3], day[7], day[12]) == day[12]
    assert since(END, before, before) == END


def test_shares_are_expected_by_the_time_on_duty() -> None:
    """LEAD-13: 30 leads over 30 + 15 + 15 days: 15, 7.5 and 7.5 are to be expected."""
    present = {"a": Fraction(1), "b": Fraction(1, 2), "c": Fraction(1, 2)}
    found = {s.person: s for s in shares({"a": 12, "b": 7, "c": 11}, present, POLICY)}
    assert {p: s.expected for p, s in found.items()} == {"a": 15, "b": Fraction(15, 2), "c": Fraction(15, 2)}
    # 20 % short is not beyond the tolerance of 20 %; 47 % above is.
    assert {p: s.alarm for p, s in found.items()} == {"a": False, "b": False, "c": True}
    assert found["a"].deviation_pct == -20


@pytest.mark.parametrize(("tolerance", "off"), [(0, "pq"), (19.9, "pq"), (20, ""), (100, "")])
def test_the_policy_says_how_far_a_share_may_be_off(tolerance: float, off: str) -> None:
    """LEAD-13: `lead.balance_tolerance_pct`; 12 and 8 of 20 are 20 % from 10, and more than one lead."""
    policy = Policy.resolve({"lead.balance_tolerance_pct": tolerance}, version=1)
    found = shares({"p": 12, "q": 8}, {"p": Fraction(1), "q": Fraction(1)}, policy)
    assert "".join(share.person for share in found if share.alarm) == off


def test_few_leads_raise_no_alarm() -> None:
    """LEAD-13: `lead.balance_min` 10."""
    present = {"a": Fraction(1), "b": Fraction(1)}
    assert not any(s.alarm for s in shares({"a": 9}, present, POLICY))
    assert all(s.alarm for s in shares({"a": 10}, present, POLICY))


def test_value_is_compared_by_itself_and_by_currency() -> None:
    """LEAD-13: as many leads each, but the dear ones to one person; five of another currency are too few."""
    present = {"a": Fraction(1), "b": Fraction(1)}
    valued = [("a", "CNY", 300_00)] * 5 + [("b", "CNY", 100_00)] * 5
    valued += [("a", "USD", 1_00)] * 5
    a, b = shares({"a": 10, "b": 5}, present, POLICY, valued=valued)
    assert [(v.currency, v.amount_minor, v.expected_minor, v.deviation_pct) for v in a.values] == [
        ("CNY", 1_500_00, 1_000_00, 50),
        ("USD", 5_00, Fraction(2_50), 100),
    ]
    assert (a.off, b.off) == (("leads", "value"), ("leads", "value"))
    a, b = shares({"a": 5, "b": 5}, present, POLICY, valued=valued)
    assert (a.off, b.off) == (("value",), ("value",))
    assert [v.is_off for v in a.values] == [True, False]


def test_one_dear_lead_makes_nobody_favoured() -> None:
    """LEAD-13: a lead cannot be dealt out in parts, the dearest neither."""
    present = {"a": Fraction(1), "b": Fraction(1)}
    one_dear = [("a", "CNY", 1_000_00)] + [("a", "CNY", 1_00)] * 4 + [("b", "CNY", 1_00)] * 5
    assert [s.off for s in shares({"a": 5, "b": 5}, present, POLICY, valued=one_dear)] == [(), ()]
    two_dear = [*one_dear, ("a", "CNY", 1_000_00), ("a", "CNY", 1_000_00)]
    assert [s.off for s in shares({"a": 5, "b": 5}, present, POLICY, valued=two_dear)] == [("value",), ("value",)]


def test_whoever_was_away_all_the_time_is_owed_nothing() -> None:
    found = {s.person: s for s in shares({"a": 20}, {"a": Fraction(1), "b": Fraction(0)}, POLICY)}
    assert (found["b"].expected, found["b"].deviation_pct, found["b"].alarm) == (0, None, False)
    assert found["a"].expected == 20


@pytest.mark.parametrize(
    ("counts", "weights", "index"),
    [
        ([5, 5, 5, 5], [1, 1, 1, 1], 0),
        ([0, 0, 0, 20], [1, 1, 1, 1], Fraction(3, 4)),
        ([10, 5], [2, 1], 0),  # twice the days, twice the leads
        ([0, 0], [1, 1], 0),
        ([1, 3], [1, 1], Fraction(1, 4)),
        ([7, 5], [1, 0], 0),  # of whoever was never there nothing is said
    ],
)
def test_the_balance_index_is_the_gini_coefficient_per_day_on_duty(
    counts: list[int], weights: list[int], index: Fraction
) -> None:
    """Table 0.4."""
    assert gini(counts, [Fraction(w) for w in weights]) == index
