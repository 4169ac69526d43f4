"""Whose a customer is by a territory plan, and where two territories could both have one (TER-02, TER-03)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from domain.people.organisation import Organisation, Person, Team
from domain.refusals import Refusal
from domain.territories.division import (
    CONDITIONS,
    Customer,
    Rule,
    Territory,
    TerritoryPlan,
    folded,
    in_force,
    located,
    overlaps,
    territory_of,
)
from domain.territories.lifecycle import PlanState, PlanTrigger, fire, standing
from tests.support import chance as chance_of

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


def rule(**words: str) -> Rule:
    """``region="华东 华南"``: one of the two."""
    return Rule({name: frozenset(folded(word) for word in said.split()) for name, said in words.items()})


def territory(name: str, *rules: Rule, accounts: str = "", track: str = "sales") -> Territory:
    return Territory(name=name, person=f"of {name}", rules=rules, accounts=frozenset(accounts.split()), track=track)


def plan(
    *territories: Territory, start: datetime = NOON, version: int = 1, end: datetime | None = None
) -> TerritoryPlan:
    return TerritoryPlan(
        id=f"plan {version}",
        program="p",
        version=version,
        effective_at=start,
        ended_at=end,
        territories=territories,
    )


def customer(*records: str, **facets: str) -> Customer:
    return Customer(records=frozenset(records or ("c",)), facets=facets)


DIVISION = (
    territory("东区", rule(region="华东 华中")),
    territory("东区医疗", rule(region="华东", industry="医疗")),
    territory("大客户", rule(size="large"), accounts="acme"),
    territory("渠道", rule(region="华东"), track="channel"),
    territory("专科", rule(specialty="影像", market="公立", product_line="CT")),
)


@pytest.mark.parametrize(
    ("who", "track", "expected"),
    [
        (customer(region="华东"), "sales", "东区"),
        (customer(region="华中", industry="制造"), "sales", "东区"),
        (customer(region="华东", industry="医疗"), "sales", "东区医疗"),  # two conditions beat one
        (customer("acme", region="华东", industry="医疗"), "sales", "大客户"),  # a named account beats both
        (customer("acme-old", "acme", region="华东"), "sales", "大客户"),  # by any of its records (CUS-13)
        (customer("acme", region="华东"), "channel", "渠道"),  # named in another track
        (customer(region="华东", size=" LARGE "), "sales", "东区"),  # one condition each: 东 comes before 大
        (customer(specialty="影像", market="公立", product_line="ct", region="华东", industry="医疗"), "sales", "专科"),
        (customer(specialty="影像", market="公立"), "sales", None),  # every condition must be met
        (customer(region="西北"), "sales", None),
        (customer(), "sales", None),
    ],
    ids=lambda value: "" if isinstance(value, Customer) else str(value),
)
def test_the_division_names_one_territory_or_none(who: Customer, track: str, expected: str | None) -> None:
    """TER-02: account, then most conditions, then the first name by code points; none: the default pool."""
    found = territory_of(plan(*DIVISION), who, track=track)
    assert (found.territory.name if found is not None else None) == expected


def test_whether_an_account_or_how_many_conditions_decided_is_told() -> None:
    named = territory_of(plan(*DIVISION), customer("acme"), track="sales")
    ruled = territory_of(plan(*DIVISION), customer(region="华东", industry="医疗"), track="sales")
    assert named is not None
    assert ruled is not None
    assert (named.account, named.conditions) == (True, 0)
    assert (ruled.account, ruled.conditions) == (False, 2)


def test_equal_rules_give_the_first_name_and_show_both() -> None:
    """The stated tie-break; the preview counts such customers."""
    who = customer(region="华东", size="large")
    assert [f.territory.name for f in located(plan(*DIVISION), who, track="sales")] == ["东区", "大客户"]


def test_the_order_of_rules_and_territories_never_matters() -> None:
    """TER-02: same plan, same customer, same answer, and the same overlaps."""
    chance = random.Random(chance_of.seed())
    for _ in range(40):
        names = chance.sample("甲乙丙丁戊己", 5)
        made = [
            territory(
                name,
                *(_any_rule(chance) for _ in range(chance.randint(0, 4))),
                accounts=" ".join(chance.sample(["a", "b", "c", "d"], chance.randint(0, 2))),
                track=chance.choice(("sales", "sales", "channel")),
            )
            for name in names
        ]
        shuffled = [
            Territory(
                name=t.name,
                person=t.person,
                track=t.track,
                accounts=t.accounts,
                rules=tuple(chance.sample(t.rules, len(t.rules))),
            )
            for t in chance.sample(made, len(made))
        ]
        assert overlaps(made) == overlaps(shuffled)
        pairs = {o.territories for o in overlaps(made)}
        for _ in range(25):
            who = Customer(
                records=frozenset(chance.sample(["a", "b", "c", "d", "e"], 1)),
                facets={name: chance.choice("xyz") for name in chance.sample(CONDITIONS[:3], chance.randint(0, 3))},
            )
            for track in ("sales", "channel"):
                found = located(plan(*made), who, track=track)
                assert [f.territory.name for f in found] == [
                    f.territory.name for f in located(plan(*shuffled), who, track=track)
                ]
                # Whoever lies in two is told of beforehand.
                assert len(found) < 2 or (found[0].territory.name, found[1].territory.name) in pairs


def _any_rule(chance: random.Random) -> Rule:
    asked = chance.sample(CONDITIONS[:3], chance.randint(0, 2))
    return Rule({name: frozenset(chance.sample("xyz", chance.randint(1, 2))) for name in asked})


@pytest.mark.parametrize(
    ("one", "other", "third", "expected"),
    [
        (rule(region="华东 华中"), rule(region="华中 华北"), None, (("region", ("华中",)),)),
        (rule(region="华东"), rule(region="华北"), None, None),  # no customer fits both
        (rule(region="华东"), rule(region="华东", size="large"), None, None),  # more conditions win
        (rule(region="华东"), rule(size="large"), None, (("region", ("华东",)), ("size", ("large",)))),
        (rule(region="华东"), rule(size="large"), rule(region="华东 华北", size="large"), None),  # a third decides
        (
            rule(region="华东 华北"),
            rule(size="large"),
            rule(region="华东", size="large"),  # of some of them only
            (("region", ("华东", "华北")), ("size", ("large",))),
        ),
        (rule(), rule(), None, ()),
    ],
    ids=["shared word", "apart", "more conditions", "crossing", "decided", "decided in part", "everybody"],
)
def test_two_rules_overlap_unless_something_decides(
    one: Rule, other: Rule, third: Rule | None, expected: tuple[tuple[str, tuple[str, ...]], ...] | None
) -> None:
    """TER-03: what is listed before activation."""
    made = [territory("甲", one), territory("乙", other), *([territory("丙", third)] if third is not None else [])]
    between = [o for o in overlaps(made) if o.territories == ("乙", "甲")]
    assert [o.when for o in between] == ([expected] if expected is not None else [])


def test_an_account_named_twice_overlaps_and_other_tracks_do_not() -> None:
    twice = overlaps([territory("甲", accounts="acme other"), territory("乙", accounts="acme")])
    assert [(o.territories, o.account) for o in twice] == [(("乙", "甲"), "acme")]
    apart = [territory("甲", rule(region="华东"), accounts="acme")]
    apart.append(territory("乙", rule(region="华东"), accounts="acme", track="channel"))
    assert overlaps(apart) == ()
    assert overlaps([territory("甲", rule(region="华东"), rule(region="华东"))]) == ()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(-1, None), (0, 1), (9, 1), (10, 2), (19, 2), (20, None), (30, 4), (39, 4), (40, 5), (99, 5)],
)
def test_one_plan_is_in_force_at_a_time(hours: int, expected: int | None) -> None:
    """TER-03: from its instant until the next one's; one that was called off before never takes over."""

    def at(hour: int) -> datetime:
        return NOON + timedelta(hours=hour)

    plans = [
        plan(version=1, start=at(0)),
        plan(version=2, start=at(10), end=at(20)),
        plan(version=3, start=at(15), end=at(12)),
        plan(version=4, start=at(30)),
        plan(version=5, start=at(40)),
    ]
    found = in_force(plans[::-1], at(hours))
    assert (found.version if found is not None else None) == expected


@pytest.mark.parametrize(
    ("start", "end", "present", "expected"),
    [
        (None, None, False, PlanState.DRAFT),
        (1, None, False, PlanState.DRAFT),
        (1, -1, False, PlanState.ARCHIVED),
        (0, None, True, PlanState.ACTIVE),
        (-2, None, False, PlanState.ARCHIVED),
        (-2, 0, True, PlanState.ARCHIVED),
        (-2, 1, True, PlanState.ACTIVE),
    ],
)
def test_a_plan_stands_as_its_dates_say(start: int | None, end: int | None, present: bool, expected: PlanState) -> None:
    began = NOON + timedelta(hours=start) if start is not None else None
    ended = NOON + timedelta(hours=end) if end is not None else None
    assert standing(effective_at=began, ended_at=ended, is_in_force=present, at=NOON) is expected


@pytest.mark.parametrize("state", PlanState)
@pytest.mark.parametrize("trigger", PlanTrigger)
def test_only_the_moves_of_the_table_are_made(state: PlanState, trigger: PlanTrigger) -> None:
    """TER-03: draft → active → archived, and a draft may be laid aside."""
    moves = {
        (PlanState.DRAFT, PlanTrigger.ACTIVATE): PlanState.ACTIVE,
        (PlanState.DRAFT, PlanTrigger.ARCHIVE): PlanState.ARCHIVED,
        (PlanState.ACTIVE, PlanTrigger.ARCHIVE): PlanState.ARCHIVED,
    }
    if (state, trigger) in moves:
        assert fire(state=state, trigger=trigger) is moves[state, trigger]
        return
    with pytest.raises(Refusal) as refused:
        fire(state=state, trigger=trigger)
    assert (refused.value.code, refused.value.current_state) == ("illegal_transition", state.value)


def test_a_territory_is_of_its_person_its_team_and_whoever_speaks_for_it() -> None:
    """TER-02, PPL-01: a team without a leader answers to the leader above; nobody speaks for one who has left."""
    people = {
        name: Person(name, number, team, name != "gone")
        for number, (name, team) in enumerate(
            [("rep", "west-1"), ("stranger", "east"), ("boss", "office"), ("gone", "west")]
        )
    }
    teams = {
        "root": Team("root", None, "boss"),
        "west": Team("west", "root", None),
        "west-1": Team("west-1", "west", "gone"),
        "east": Team("east", "root", "stranger"),
        "office": Team("office", "root", None),
    }
    company = Organisation(people=people, teams=teams, root="root")
    west = Territory(name="西区", team="west")
    assert west.answers(organisation=company, at=NOON) == "boss"
    holders = [person for person in people if west.is_of(person, organisation=company, at=NOON)]
    assert holders == ["rep", "boss", "gone"]
    named = Territory(name="东区", person="gone")
    assert named.answers(organisation=company, at=NOON) is None
    assert [p for p in people if named.is_of(p, organisation=company, at=NOON)] == ["gone"]
