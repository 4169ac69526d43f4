"""Which rate a deal earns, and which plans are refused (COM-02)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from domain.money.model import Plan, Rate
from domain.money.plans import Earned, check_rates, plan_at, rate_for
from domain.refusals import Refusal

GENERAL = Earned(product=None, kind="new", territory=None, level=None, teams=("north-1", "north", "root"))


def rates(*lines: tuple[Mapping[str, str], int]) -> tuple[Rate, ...]:
    return tuple(Rate(when, bps, f"r{place}") for place, (when, bps) in enumerate(lines, start=1))


def plan(*lines: tuple[Mapping[str, str], int]) -> Plan:
    return Plan("plan", 1, None, date(2026, 1, 1), rates(*lines))


def test_the_line_with_most_conditions_wins_wherever_it_stands() -> None:
    lines = plan(({"product": "A", "kind": "new"}, 300), ({}, 500), ({"product": "A"}, 400))
    earned = Earned(product="A", kind="new", territory=None, level=None, teams=())
    assert rate_for(lines, earned) == lines.rates[0]
    assert rate_for(lines, GENERAL) == lines.rates[1]


def test_nothing_that_fits_is_nothing() -> None:
    assert rate_for(plan(({"product": "A"}, 400)), GENERAL) is None
    assert rate_for(plan(({"territory": "east"}, 400)), GENERAL) is None


def test_a_team_stands_for_those_below_it_and_the_nearer_one_counts() -> None:
    lines = plan(({"team": "root"}, 100), ({"team": "north"}, 200), ({"team": "south"}, 300))
    found = rate_for(lines, GENERAL)
    assert found is not None
    assert found.rate_bps == 200


def test_equally_fitting_lines_are_refused_and_never_guessed_between() -> None:
    with pytest.raises(Refusal) as refused:
        rate_for(
            plan(({"kind": "new"}, 100), ({"level": "A"}, 200)),
            Earned(product=None, kind="new", territory=None, level="A", teams=()),
        )
    assert refused.value.code == "policy_invalid"
    assert [error.field for error in refused.value.errors] == ["rates.0", "rates.1"]


@pytest.mark.parametrize(
    "lines",
    [
        [({}, 1), ({}, 2)],
        [({"product": "A"}, 1), ({"product": "A"}, 2)],
        [({"product": "A"}, 1), ({"kind": "new"}, 2)],
        [({"product": "A", "kind": "new"}, 1), ({"product": "A", "level": "VIP"}, 2)],
    ],
)
def test_a_plan_whose_lines_could_fit_one_deal_equally_well_is_refused(lines: list[tuple[dict[str, str], int]]) -> None:
    with pytest.raises(Refusal) as refused:
        check_rates(rates(*lines))
    assert refused.value.code == "policy_invalid"


@pytest.mark.parametrize(
    "lines",
    [
        [({}, 1), ({"product": "A"}, 2)],
        [({"product": "A"}, 1), ({"product": "B"}, 2)],
        [({"product": "A"}, 1), ({"kind": "new"}, 2), ({"product": "A", "kind": "new"}, 3)],
        [({"team": "north"}, 1), ({"team": "root"}, 2)],
    ],
)
def test_a_plan_in_which_one_line_always_decides_is_taken(lines: list[tuple[dict[str, str], int]]) -> None:
    check_rates(rates(*lines))


def test_the_version_in_force_at_contract_date_applies_and_the_programs_own_goes_first() -> None:
    old = Plan("old", 1, "program", date(2026, 1, 1), ())
    new = Plan("new", 2, "program", date(2026, 3, 1), ())
    company = Plan("company", 1, None, date(2025, 1, 1), ())
    plans = {"program": (old, new), None: (company,)}
    assert plan_at(plans, program="program", on=date(2026, 2, 28)) is old
    assert plan_at(plans, program="program", on=date(2026, 3, 1)) is new
    assert plan_at(plans, program="program", on=date(2025, 12, 31)) is company
    assert plan_at(plans, program="other", on=date(2026, 3, 1)) is company
    assert plan_at(plans, program="other", on=date(2024, 3, 1)) is None
