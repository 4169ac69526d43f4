"""Scores, grades, rankings: pure, their parts add up, the order of the batch makes no difference (LEAD-02, LEAD-05)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.leads.dispatch import Candidate, Ranked, Wanted, rank
from domain.leads.model import Facets, Load
from domain.leads.scoring import graded, scored
from domain.leads.weighing import NEUTRAL, weigh
from domain.people.profile import Profile
from domain.policy.parameters import JSON
from domain.policy.policy import Policy

POLICY = Policy.resolve(version=1)
AT = datetime(2031, 3, 3, 2, tzinfo=UTC)
WANTED = Wanted(
    facets=Facets(industry="制造", product_line="云", specialties=("ERP", "谈判"), interests=("足球",)),
    customer_kind="company",
    customer_level="A",
)
PLAIN = Candidate(person="p", number=1, load=Load(), capacity_points=100, profile=Profile())


@pytest.mark.parametrize(
    ("factors", "score", "grade", "missing"),
    [
        ({}, 50, "C", ("chain", "fit", "power")),
        ({"fit": 100, "power": 100, "chain": 100}, 100, "A", ()),
        ({"fit": 80, "power": 80, "chain": 80}, 80, "A", ()),
        ({"fit": 79, "power": 80, "chain": 79}, 79, "B", ()),
        # 40·100 + 35·50 + 25·50 = 7,000 hundredths: what is missing counts as 50.
        ({"fit": 100}, 70, "B", ("chain", "power")),
        ({"fit": 0, "power": 50, "chain": 100}, 43, "C", ()),  # 42.5 rounds up
        ({"fit": 0, "power": 0, "chain": 0}, 0, "D", ()),
        ({"fit": 40, "power": 40, "chain": 39, "weather": 100}, 40, "C", ()),  # no weight, no points
    ],
)
def test_a_lead_is_scored_by_its_factors_and_graded_by_its_score(
    factors: dict[str, int], score: int, grade: str, missing: tuple[str, ...]
) -> None:
    """LEAD-02: 0 to 100, A to D, missing facts neutral and named."""
    found = scored(factors, POLICY)
    assert (found.score, graded(found.score, POLICY), found.missing) == (score, grade, missing)
    assert {p.factor for p in found.parts} == {"fit", "power", "chain"}


@pytest.mark.parametrize(
    ("values", "factors", "score", "grade"),
    [
        ({"lead.weights": {"fit": 1, "budget": 3}}, {"fit": 100, "budget": 40, "power": 100}, 55, "C"),
        ({"lead.weights": {"budget": 1}}, {"fit": 100, "power": 100, "chain": 100}, 50, "C"),
        ({"lead.grades": {"A": 90, "B": 60.5, "C": 10}}, {"fit": 89, "power": 89, "chain": 89}, 89, "B"),
        ({"lead.grades": {"A": 90, "B": 60.5, "C": 10}}, {"fit": 60, "power": 60, "chain": 60}, 60, "C"),
        ({"lead.grades": {"A": 90, "B": 60.5, "C": 10}}, {"fit": 9, "power": 9, "chain": 9}, 9, "D"),
        ({"lead.grades": {"B": 50}}, {"fit": 100, "power": 100, "chain": 100}, 100, "B"),
        ({"lead.grades": {"B": 50}}, {"fit": 49, "power": 49, "chain": 49}, 49, "D"),
    ],
)
def test_the_policy_says_what_a_factor_weighs_and_what_a_grade_needs(
    values: dict[str, JSON], factors: dict[str, int], score: int, grade: str
) -> None:
    """LEAD-02: `lead.weights` with factors of the company's own, `lead.grades` of which some may be left out."""
    policy = Policy.resolve(values, version=1)
    found = scored(factors, policy)
    assert (found.score, graded(found.score, policy)) == (score, grade)


_WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.decimals(0, 1_000, places=2), min_size=1)
_VALUES = st.dictionaries(st.sampled_from("abcdefg"), st.none() | st.integers(0, 100))


@given(values=_VALUES, weights=_WEIGHTS)
def test_the_parts_sum_to_the_whole_in_any_order(values: dict[str, int | None], weights: dict[str, Decimal]) -> None:
    """LEAD-02, LEAD-05: every factor's points are shown, and they are all there is."""
    found = weigh(values, weights)
    assert 0 <= found.centi <= 10_000
    if any(weights.values()):
        assert sum(p.centi for p in found.parts) == found.centi
        whole = sum(float(w) * (NEUTRAL if values.get(n) is None else values[n] or 0) for n, w in weights.items())
        assert abs(found.centi / 100 - whole / float(sum(weights.values()))) < 0.006
    turned = dict(reversed(weights.items()))
    assert weigh(dict(reversed(values.items())), turned) == found


def people(chance: random.Random, count: int) -> list[Candidate]:
    """``count`` people of whom different things are known; some are alike."""
    return [
        Candidate(
            person=f"p{n}",
            number=n,
            capacity_points=chance.choice((100, 400)),
            load=Load(
                leads=chance.randint(0, 3),
                claims={"protected": chance.randint(0, 5), "active": chance.randint(0, 5)},
                won=chance.randint(0, 3),
                ended=chance.randint(3, 6),
                last_lead_at=chance.choice((None, AT)),
            ),
            profile=Profile(
                skills={"ERP": chance.randint(1, 5)} if chance.random() < 0.5 else {},
                industries=frozenset(chance.sample(["制造", "金融"], 1)) if chance.random() < 0.7 else frozenset(),
                interests=frozenset(["足球"]) if chance.random() < 0.3 else frozenset(),
                experience_months=chance.choice((None, 6, 30, 90)),
            ),
        )
        for n in range(count)
    ]


def test_the_ranking_does_not_depend_on_the_order_people_or_leads_come_in(seed: int) -> None:
    """LEAD-05: same input, same result, in any batch order."""
    chance = random.Random(seed)
    wanted = [
        replace(
            WANTED, facets=replace(WANTED.facets, industry=chance.choice(("制造", "金融", None))), customer_level=level
        )
        for industry, level in ((None, None), ("制造", "VIP"), ("金融", "A"), ("制造", "B"), (None, "C"))
    ]
    for _ in range(40):
        candidates = people(chance, 12)
        expected = {w: rank(candidates, w, POLICY) for w in wanted}
        shuffled = chance.sample(wanted, len(wanted))
        again: dict[Wanted, tuple[Ranked, ...]] = {
            w: rank(chance.sample(candidates, len(candidates)), w, POLICY) for w in shuffled
        }
        assert again == expected
        for ranking in expected.values():
            assert [r.weighed.centi for r in ranking] == sorted((r.weighed.centi for r in ranking), reverse=True)
            assert all(sum(p.centi for p in r.weighed.parts) == r.weighed.centi for r in ranking)


def test_each_part_speaks_for_whoever_is_better_in_it() -> None:
    """LEAD-05: workload, skill, need, success, experience, interest, each by itself."""
    better = {
        "load": replace(PLAIN, person="q", number=2, load=Load(claims={"active": 0})),
        "skill": replace(PLAIN, person="q", number=2, profile=Profile(skills={"ERP": 5, "谈判": 3})),
        "need": replace(PLAIN, person="q", number=2, profile=Profile(industries=frozenset({"制造"}))),
        "success": replace(PLAIN, person="q", number=2, load=Load(won=3, ended=3)),
        "experience": replace(PLAIN, person="q", number=2, profile=Profile(experience_months=60)),
        "interest": replace(PLAIN, person="q", number=2, profile=Profile(interests=frozenset({"足球"}))),
    }
    for part, one in better.items():
        other = replace(PLAIN, load=Load(claims={"active": 10})) if part == "load" else PLAIN
        first, second = rank([other, one], WANTED, POLICY)
        assert (first.person, second.person) == ("q", "p"), part
        points = {p.factor: p.centi for p in first.weighed.parts}
        less = {p.factor: p.centi for p in second.weighed.parts}
        assert points[part] > less[part], part


def test_equal_scores_go_to_the_lower_load_then_the_longer_wait_then_the_person_number() -> None:
    """LEAD-05, edge. With no weight on the load, only the tie is decided by it."""
    flat = Policy.resolve({"dispatch.weights": {"experience": 1}}, version=1)
    busy = replace(PLAIN, person="busy", load=Load(claims={"active": 9}))
    just_had_one = replace(PLAIN, person="just", number=2, load=Load(last_lead_at=AT))
    waited = replace(PLAIN, person="waited", number=4, load=Load(last_lead_at=AT.replace(year=2030)))
    never = replace(PLAIN, person="never", number=5)
    never_later = replace(PLAIN, person="never too", number=6)
    ranking = rank([busy, just_had_one, never_later, waited, never], WANTED, flat)
    assert [r.person for r in ranking] == ["never", "never too", "waited", "just", "busy"]


def test_an_unconfirmed_skill_counts_only_where_nobody_need_confirm_it() -> None:
    """PPL-04: with `people.skill_confirm` on, a skill counts after the supervisor confirms it."""
    strict = Policy.resolve({"people.skill_confirm": True}, version=1)
    claimed = replace(PLAIN, person="q", number=2, profile=Profile(skills={"ERP": 5}))
    confirmed = replace(claimed, profile=Profile(skills={"ERP": 5}, confirmed=frozenset({"ERP"})))

    def skill(one: Candidate, policy: Policy) -> int | None:
        return next(p.value for p in rank([one], WANTED, policy)[0].weighed.parts if p.factor == "skill")

    assert (skill(claimed, POLICY), skill(claimed, strict), skill(confirmed, strict)) == (50, 0, 50)
