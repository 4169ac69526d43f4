"""What a territory plan says of a case (TER-02, DSP-09): whom the division named when the first report came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.disputes.divided import division
from domain.disputes.facts import Plan, Report
from domain.matters.setting import Setting
from domain.people.organisation import Organisation, Person, Team
from domain.territories.division import Customer, Rule, Territory, TerritoryPlan

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
EAST = Customer(records=frozenset({"c"}), facets={"region": "华东"})


def hours(count: int) -> datetime:
    return NOON + timedelta(hours=count)


def report(person: str, at: int, **more: object) -> Report:
    fields: dict[str, object] = {"person": person, "claim": f"of {person}", "receipt": 1, "evidence": f"of {person}"}
    return Report(at=hours(at), entered_at=hours(at), **(fields | more))  # type: ignore[arg-type]


def setting(*territories: Territory, starts: int = 0) -> Setting:
    people = {name: Person(name, place, team, True) for place, (name, team) in enumerate(MEMBERS.items())}
    teams = {
        "root": Team("root", None, "boss"),
        "east": Team("east", "root", "li"),
        "east-1": Team("east-1", "east", None),
    }
    plan = TerritoryPlan(id="plan", program="p", version=1, effective_at=hours(starts), territories=territories)
    return Setting(
        revision=1,
        organisation=Organisation(people=people, teams=teams, root="root"),
        programs={},
        company_policies=(),
        policies={},
        calendars={},
        territory_plans={"p": (plan,)},
    )


MEMBERS = {"boss": "root", "li": "east", "wang": "east-1", "zhao": "root"}
BY_RULE = Territory(name="东区", team="east", rules=(Rule({"region": frozenset({"华东"})}),))
BY_NAME = Territory(name="大客户", person="zhao", accounts=frozenset({"c"}))


@pytest.mark.parametrize(
    ("territories", "expected"),
    [((BY_RULE,), ("territory", ("li", "wang"))), ((BY_RULE, BY_NAME), ("named_account", ("zhao",)))],
    ids=["a team by rule", "a person by name"],
)
def test_the_plan_names_a_team_by_its_members_or_a_person(
    territories: tuple[Territory, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    rule, people = expected
    facts = [report("zhao", 1), report("wang", 2)]
    found = division(facts, EAST, program="p", track="sales", setting=setting(*territories))
    assert found == (Plan(evidence="plan", at=NOON, entered_at=NOON, rule=rule, people=people),)


@pytest.mark.parametrize(
    ("facts", "starts", "track", "customer"),
    [
        ([report("zhao", 1), report("wang", 5)], 2, "sales", EAST),  # the first report came before the plan
        ([], 0, "sales", EAST),
        ([report("zhao", 3)], 2, "channel", EAST),
        ([report("zhao", 3)], 2, "sales", Customer(records=frozenset({"d"}))),
        ([report("zhao", 3)], 2, "sales", None),
    ],
    ids=["before the plan", "no report", "another track", "a gap", "not asked"],
)
def test_where_the_plan_says_nothing_there_is_no_fact(
    facts: list[Report], starts: int, track: str, customer: Customer | None
) -> None:
    assert division(facts, customer, program="p", track=track, setting=setting(BY_RULE, starts=starts)) == ()


def test_reports_that_are_over_or_were_false_date_nothing() -> None:
    """CLM-05: the first one that stands does."""
    facts = [report("zhao", 1, ended_at=hours(1)), report("boss", 1, false=True), report("wang", 5)]
    found = division(facts, EAST, program="p", track="sales", setting=setting(BY_RULE, starts=2))
    assert [plan.evidence for plan in found] == ["plan"]
