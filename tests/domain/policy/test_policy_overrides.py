"""Overrides by level, kind, source and channel: the most specific match decides (CLM-13)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.policy import Override, Policy

OVERRIDES: list[dict[str, Any]] = [
    {"when": {"channel": "partner", "level": "VIP", "kind": "company"}, "set": {"claim.idle_days": 3}},
    {"when": {"level": "VIP"}, "set": {"claim.idle_days": 1, "claim.grace_days": 11, "claim.cap_person": 12}},
    {"when": {"channel": "partner", "level": "VIP"}, "set": {"claim.idle_days": 2, "claim.grace_days": 22}},
    {"when": {"source": "展会"}, "set": {"claim.complete_h": 5}},
]


def versioned() -> Policy:
    return Policy.resolve({"claim.idle_days": 9}, overrides=OVERRIDES, version=4)


def for_claim(policy: Policy, **facts: str) -> Policy:
    return policy.for_claim(
        level=facts.get("level"), kind=facts.get("kind"), source=facts.get("source"), channel=facts.get("channel")
    )


def idle_grace_cap(policy: Policy) -> tuple[object, object, object]:
    return policy.value("claim.idle_days"), policy.value("claim.grace_days"), policy.value("claim.cap_person")


def test_each_parameter_comes_from_the_most_specific_override_that_sets_it() -> None:
    """CLM-13: the order in which overrides are written does not matter, the number of conditions does."""
    policy = versioned()
    assert idle_grace_cap(for_claim(policy, level="VIP")) == (1, 11, 12)
    assert idle_grace_cap(for_claim(policy, level="VIP", channel="partner")) == (2, 22, 12)
    assert idle_grace_cap(for_claim(policy, level="VIP", channel="partner", kind="company")) == (3, 22, 12)
    assert idle_grace_cap(for_claim(policy, level="A", channel="partner")) == (9, 0, 200)


def test_the_override_that_applies_is_shown() -> None:
    """CLM-13: the most specific match is shown on the claim."""
    policy = versioned()
    assert policy.override is None
    assert for_claim(policy, kind="person").override is None
    assert for_claim(policy, level="VIP").override == {"level": "VIP"}
    narrow = for_claim(policy, level="VIP", channel="partner", kind="person")
    assert narrow.override == {"channel": "partner", "level": "VIP"}
    assert [override.when for override in narrow.applied] == [{"level": "VIP"}, {"channel": "partner", "level": "VIP"}]


def test_a_claim_without_a_level_meets_no_condition_on_levels() -> None:
    """CLM-13."""
    assert idle_grace_cap(for_claim(versioned(), channel="partner")) == (9, 0, 200)


def test_the_source_is_any_word() -> None:
    """CLM-13."""
    policy = versioned()
    assert for_claim(policy, source="展会").value("claim.complete_h") == 5
    assert for_claim(policy, source="展会 ").value("claim.complete_h") == 72


def test_a_changed_level_replaces_the_earlier_match() -> None:
    """CLM-13: a later level change affects new deadlines."""
    policy = versioned()
    vip = for_claim(policy, level="VIP")
    assert for_claim(vip, level="A") is policy
    assert idle_grace_cap(for_claim(vip, level="VIP", channel="partner")) == (2, 22, 12)


def test_claims_that_meet_the_same_overrides_share_one_policy() -> None:
    """Style: a source is free text, so what is kept is bounded by the overrides, not by what people type."""
    policy = versioned()
    assert for_claim(policy, level="VIP", source="a") is for_claim(policy, level="VIP", source="b")
    assert for_claim(policy, source="nowhere") is policy
    assert for_claim(policy, level="VIP").version == 4


def test_an_object_set_by_an_override_keeps_the_keys_it_leaves_out() -> None:
    """CLM-13 with CLM-12: table 13.1 shortens the way to the visit only."""
    policy = Policy.resolve(
        {"claim.stage_length": {"report_visit": "15d", "visit_deal": "45d"}},
        overrides=[{"when": {"channel": "partner"}, "set": {"claim.stage_length": {"report_visit": "3d"}}}],
        version=1,
    )
    partner = for_claim(policy, channel="partner")
    assert partner.effective("claim.stage_length") == {"report_visit": "3d", "visit_deal": "45d"}


def test_of_two_equally_specific_overrides_the_later_layer_decides() -> None:
    """POL-01: a program's override stands over the company's, which saving cannot compare."""
    policy = Policy.resolve(
        overrides=[
            {"when": {"level": "A"}, "set": {"claim.idle_days": 10}},
            {"when": {"level": "A"}, "set": {"claim.idle_days": 20}},
        ],
        version=1,
    )
    assert for_claim(policy, level="A").value("claim.idle_days") == 20


def test_an_override_comes_back_from_storage_as_it_went() -> None:
    """Contract: `overrides` `[{"when", "set"}]`."""
    for stored in OVERRIDES:
        assert Override.of(stored).as_json() == stored


def test_an_override_does_not_change_with_the_row_it_was_read_from() -> None:
    """POL-02: a version never changes."""
    stored: dict[str, Any] = {"when": {"level": "A"}, "set": {"claim.stage_length": {"report_visit": "3d"}}}
    override = Override.of(stored)
    stored["set"]["claim.stage_length"]["report_visit"] = "9d"
    assert override.values["claim.stage_length"] == {"report_visit": "3d"}


conditions = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(["VIP", "A"]),
        "kind": st.sampled_from(["person", "company"]),
        "channel": st.sampled_from(["in_house", "partner"]),
    },
)


@given(wheres=st.lists(conditions.filter(bool), max_size=6), facts=conditions)
def test_a_claim_gets_the_value_of_a_match_with_the_most_conditions(
    wheres: list[dict[str, str]], facts: dict[str, str]
) -> None:
    """CLM-13, against a plain search."""
    overrides = [Override(when, {"claim.idle_days": n}) for n, when in enumerate(wheres)]
    claim = for_claim(Policy.resolve(overrides=overrides, version=1), **facts)
    matching = [(len(when), n) for n, when in enumerate(wheres) if when.items() <= facts.items()]
    assert claim.value("claim.idle_days") == (max(matching)[1] if matching else 60)
    assert claim.override == (wheres[max(matching)[1]] if matching else None)


@given(one=conditions.filter(bool), other=conditions.filter(bool))
def test_overrides_are_rivals_exactly_if_some_claim_meets_both_without_order(
    one: dict[str, str], other: dict[str, str]
) -> None:
    """CLM-13: rivals are refused when the policy is saved."""
    meet = {**one, **other}
    both_match = one.items() <= meet.items() and other.items() <= meet.items()
    left, right = Override(one, {"claim.idle_days": 1}), Override(other, {"claim.idle_days": 2})
    assert left.rivals(right) == right.rivals(left) == (both_match and len(one) == len(other))
    assert not left.rivals(Override(other, {"claim.grace_days": 2}))
