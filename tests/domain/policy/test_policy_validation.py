"""Saving a policy: names, types, ranges, and settings that cannot both be meant (POL-01, POL-04, CLM-09, CLM-13)."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import PARAMETERS, PRESETS, Override, Policy, validate
from domain.policy.parameters import JSON, Kind
from domain.refusals import Refusal


def refused(parameters: dict[str, Any], **more: Any) -> dict[str, str]:
    """Field → code of the refusal that saving ``parameters`` meets."""
    with pytest.raises(Refusal) as caught:
        validate(parameters, **more)
    assert (caught.value.code, caught.value.status) == ("policy_invalid", 422)
    fields = [error.field for error in caught.value.errors]
    assert len(set(fields)) == len(fields), "one error per field"
    return {error.field: error.code for error in caught.value.errors}


ACCEPTED: tuple[tuple[str, JSON], ...] = (
    ("claim.idle_days", 0.5),
    ("claim.idle_days", 0),
    ("claim.idle_days", "PT10S"),
    ("claim.idle_days", "P1DT2H3M4.5S"),
    ("claim.first_follow_up_wh", "PT20S"),
    ("engine.recover_s", "PT1M"),
    ("reminder.protection_days", []),
    ("reminder.protection_days", ["PT30S", "PT10S"]),
    ("reminder.stage_days", [1, "PT24H"]),
    ("claim.stage_length", {"report_visit": "36h", "visit_deal": "PT5M"}),
    ("claim.stage_length", {"report_visit": "1.5d"}),
    ("claim.stage_length", {"visit_deal": 0}),
    ("claim.reclaim_wait_h", {"person": 0, "company": 0}),
    ("claim.reclaim_wait_h", {"person": "PT5S"}),
    ("claim.required_fields", ["identity"]),
    ("claim.required_fields", []),
    ("claim.guard_stage", None),
    ("match.keys", {"person": [["phone", "name"], ["email"]]}),
    ("match.probes_per_hour", {"partner": 0}),
    ("ownership.rules", []),
    ("ownership.rules", [{"rule": "best_fit"}]),
    ("commission.release", {"contract": 33.3, "first_payment": 33.3, "full_payment": 33.4}),
    ("commission.release", {"full_payment": 100}),
    ("calendar.office_hours", "00:00-24:00"),
    ("notify.quiet", "08:00-21:00"),
    ("pool.windows", [{"weekdays": [6, 7], "hours": "10:00-12:00"}, "08:00-09:00"]),
    ("stage.list", ["visit", {"name": "contract", "role": "manager", "conditions": ["id checked"], "outputs": []}]),
    ("stage.list", ["visit", {"name": "contract", "duties": ["outcome", "need", "A/need", "D/files"]}]),
    ("stage.deadline_days", {"visit": 7, "认购": "P1D"}),
    ("sop.rhythm_days", {"B": 5, "negotiation": 2, "A/negotiation": "PT12H", "D/close": 0}),
    ("lead.weights", {"fit": 1, "budget_known": 2}),
    ("customer.class_levels", {"new": "VIP", "dormant": None}),
    ("deal.credit", "shares"),
    ("deal.credit", {"renewal": "account_manager"}),
    ("dispute.auto_max_amount", {"amount_minor": 10_000_000, "currency": "CNY"}),
    ("auth.tries", 10),
    ("calendar.zone", "Europe/Berlin"),
    ("claim.cap_person", 2**63 - 1),
)

REFUSED: tuple[tuple[str, Any], ...] = (
    # types
    ("claim.idle_days", True),
    ("claim.idle_days", "60"),
    ("claim.idle_days", None),
    ("claim.idle_days", [60]),
    ("claim.idle_days", math.nan),
    ("claim.idle_days", math.inf),
    ("claim.cap_person", True),
    ("claim.cap_person", 200.0),
    ("claim.cap_person", "200"),
    ("claim.cap_person", 2**63),
    ("ownership.visit_first", 1),
    ("ownership.visit_first", "on"),
    ("claim.on_collision", 1),
    ("guard.rate_pct", "10"),
    ("guard.rate_pct", False),
    ("reminder.protection_days", 30),
    ("reminder.protection_days", "30/14/7"),
    ("pool.default", 7),
    ("claim.idle_days", b"60"),
    ("claim.required_fields", {"identity"}),
    ("claim.stage_length", {1: "15d"}),
    # ranges
    ("claim.idle_days", -1),
    ("claim.idle_days", "P1Y"),
    ("claim.idle_days", "P1M"),
    ("claim.idle_days", "P1W"),
    ("claim.idle_days", "-P1D"),
    ("claim.idle_days", 1e300),
    ("claim.idle_days", 10**30),
    ("claim.cap_person", -1),
    ("guard.rate_pct", 100.5),
    ("guard.rate_pct", -0.1),
    ("match.fuzzy_threshold", 1.1),
    ("payout.day", 0),
    ("payout.day", 29),
    # words
    ("claim.on_collision", "ignore"),
    ("claim.qualified_kinds", ["call", "fax"]),
    ("pool.holding_counts", ["protected", "activ"]),
    ("claim.qualified_kinds", ["call", "call"]),
    ("claim.required_fields", ["identity", "shoe_size"]),
    ("release.reasons", []),
    ("release.reasons", [""]),
    ("release.reasons", ["a\x00b"]),
    ("release.reasons", ["\ud800"]),
    ("release.reasons", ["x" * 201]),
    ("release.reasons", [" lost"]),
    ("claim.guard_stage", ""),
    ("ownership.tracks", ["channel"]),
    ("ownership.tracks", []),
    ("ownership.tracks", ["sales", "web"]),
    ("calendar.zone", "Asia"),
    ("calendar.zone", "Mars/Olympus"),
    ("calendar.zone", "../../etc/passwd"),
    ("calendar.country", "China"),
    ("locale.default", "fr"),
    ("customer.class_levels", {"prospect": "C"}),
    ("customer.class_levels", {"new": "D"}),
    ("customer.class_levels", {"new": ["A"]}),
    ("customer.class_levels", ["A"]),
    # series
    ("reminder.protection_days", [7, 14, 30]),
    ("reminder.protection_days", [30, 14, 14]),
    ("reminder.protection_days", ["PT10S", "PT30S"]),
    ("reminder.idle_days", [True]),
    ("revisit.days", [90, 30, 7]),
    ("revisit.days", [7, 7]),
    # objects
    ("claim.stage_length", {"report_visit": 15}),
    ("claim.stage_length", {"report_visit": False}),
    ("claim.stage_length", {"report_visit": ""}),
    ("claim.stage_length", {"report_visit": "15 d"}),
    ("claim.stage_length", {"report_visit": "15w"}),
    ("claim.stage_length", {"deal_party": "15d"}),
    ("claim.stage_length", "15d"),
    ("claim.reclaim_wait_h", {"person": -1}),
    ("claim.reclaim_wait_h", {"dog": 1}),
    ("claim.reclaim_wait_h", 12),
    ("match.probes_per_hour", {"in_house": 1.5}),
    ("match.probes_per_hour", {"in_house": -1}),
    ("match.probes_per_hour", {"in_house": 2**63}),
    ("lead.weights", {"fit": 2**63}),
    ("match.probes_per_hour", 60),
    ("match.keys", {}),
    ("match.keys", {"person": []}),
    ("match.keys", {"person": [[]]}),
    ("match.keys", {"person": [["shoe_size"]]}),
    ("match.keys", {"person": [["phone", "phone"]]}),
    ("match.keys", {"robot": [["phone"]]}),
    ("match.keys", [["phone"]]),
    ("ownership.depth_weights", {"visit": -1}),
    ("ownership.depth_weights", {"visit": 0, "follow_up": 0}),
    ("ownership.depth_weights", {}),
    ("ownership.depth_weights", {"charm": 1}),
    ("dispatch.weights", {"load": math.nan}),
    ("ownership.rules", [{"rule": "loudest", "weight": 1}]),
    ("ownership.rules", [{"rule": "first_report", "weight": -1}]),
    ("ownership.rules", [{"rule": "first_report"}, {"rule": "first_report"}]),
    ("ownership.rules", [{"weight": 1}]),
    ("ownership.rules", ["first_report"]),
    ("commission.release", {"contract": 30, "first_payment": 30, "full_payment": 39.99}),
    ("commission.release", {"contract": 130, "full_payment": -30}),
    ("commission.release", {}),
    ("commission.release", "monthly"),
    ("stage.list", []),
    ("stage.list", ["visit", {"name": "visit"}]),
    ("stage.list", [{"role": "manager"}]),
    ("stage.list", [{"name": "visit", "role": "wizard"}]),
    ("lead.grades", {"A": 60, "B": 80}),
    ("lead.grades", {"A": 101}),
    ("dispute.auto_max_amount", 1000),
    ("dispute.auto_max_amount", {"amount_minor": 10.5, "currency": "CNY"}),
    ("dispute.auto_max_amount", {"amount_minor": 10, "currency": "yuan"}),
    ("auth.tries", {"window_min": 15}),
    ("auth.tries", {"tries": 5, "window_min": 0}),
    ("award.best_taker", {"min_takes": 5}),
    ("dashboard.first_screen", {"rep": list("abcdefghi")}),
    ("lead.weights", {str(key): 1 for key in range(101)}),
    ("stage.list", [{"name": "visit", "conditions": [["deep"]]}]),
    ("stage.list", [{"name": "visit", "duties": ["next_step"]}]),
    ("stage.list", [{"name": "visit", "duties": ["E/need"]}]),
    ("stage.list", [{"name": "visit", "duties": ["need", "need"]}]),
    ("sop.rhythm_days", {"negotiation": -1}),
    # hours
    ("calendar.office_hours", "18:00-09:00"),
    ("calendar.office_hours", "09:00-09:00"),
    ("calendar.office_hours", "9:00-18:00"),
    ("calendar.office_hours", "09:00–18:00"),
    ("calendar.office_hours", "09:00-25:00"),
    ("calendar.office_hours", "09:60-18:00"),
    ("calendar.weekdays", []),
    ("calendar.weekdays", [0]),
    ("calendar.weekdays", [1, 1]),
    ("calendar.weekdays", [True]),
    ("notify.quiet", "21:00-21:00"),
    ("pool.windows", ["10:00-08:00"]),
    ("pool.windows", ["10:00-10:00"]),
    ("pool.windows", [{"weekdays": [], "hours": "08:00-10:00"}]),
    ("pool.windows", [{"weekdays": [1]}]),
    ("pool.windows", "08:00-10:00"),
)


@pytest.mark.parametrize(("name", "value"), ACCEPTED, ids=lambda value: str(value)[:40])
def test_a_well_formed_value_is_kept_exactly_as_given(name: str, value: JSON) -> None:
    """Contract section 3, policy values: what was set comes out unchanged, in type as well."""
    parameters, overrides = validate({name: value})
    assert parameters == {name: value}
    assert repr(Policy.resolve(parameters, overrides=overrides, version=1).values()[name]) == repr(value)


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_a_value_of_wrong_type_range_or_form_is_refused_by_its_name(name: str, value: Any) -> None:
    """POL-01: wrong type is `policy_invalid`; POL-04: so are empty windows and parts that do not total 100."""
    assert refused({name: value}) == {name: "field_invalid"}


@pytest.mark.parametrize("key", ["E", "haggling", "A/haggling", "A/", "E/close", "close/A"])
def test_a_rhythm_of_no_stage_of_the_list_is_refused_beside_it(key: str) -> None:
    """LEAD-12, POL-04: a stage that the list does not have."""
    assert refused({"sop.rhythm_days": {key: 2}}) == dict.fromkeys(("sop.rhythm_days", "stage.list"), "policy_invalid")
    own = {"stage.list": ["visit", {"name": "认购"}], "sop.rhythm_days": {"认购": 2, "B/visit": 1}}
    assert validate(own)[0] == own
    # Stages of one's own take nothing from what lies beneath for others.
    validate({"stage.list": ["visit"]}, base=Policy.resolve({"sop.rhythm_days": {"close": 2}}, version=1).values())


def test_an_unknown_name_is_refused_and_so_is_one_that_no_error_could_print() -> None:
    """POL-01: unknown name."""
    assert refused({"claim.idle_weeks": 8}) == {"claim.idle_weeks": "field_not_allowed"}
    assert refused({"\ud800\x00": 8}) == {"??": "field_not_allowed"}
    assert refused({"x" * 500: 8}) == {"x" * 200: "field_not_allowed"}


def test_a_policy_of_nothing_but_unknown_names_gets_an_answer_of_limited_length() -> None:
    """POL-01, style "a limit on everything"."""
    assert len(refused({f"no.name_{n}": 1 for n in range(5000)})) == len(PARAMETERS) + 1


def test_every_offending_parameter_is_named_with_what_was_expected() -> None:
    """POL-04: the policy is checked as a whole, not up to the first fault."""
    with pytest.raises(Refusal) as caught:
        validate({"claim.idle_days": "soon", "claim.cap_person": -1, "claim.nonsense": 1, "claim.grace_days": 3})
    refusal = caught.value
    assert [(error.field, error.code) for error in refusal.errors] == [
        ("claim.idle_days", "field_invalid"),
        ("claim.cap_person", "field_invalid"),
        ("claim.nonsense", "field_not_allowed"),
    ]
    assert refusal.rule == "POL-01"
    assert refusal.facts["expected"] == {
        "claim.idle_days": "duration: number >= 0 in days, or P[nD]T[nH][nM][nS]",
        "claim.cap_person": "integer: >= 0",
    }


def test_nothing_that_was_given_is_shared_with_what_is_returned() -> None:
    """POL-02: a version never changes, whatever the caller does with its body afterwards."""
    given_parameters: dict[str, Any] = {"match.keys": {"person": [["phone"]]}}
    given_overrides: list[Any] = [{"when": {"level": "VIP"}, "set": {"claim.stage_length": {"report_visit": "3d"}}}]
    parameters, overrides = validate(given_parameters, overrides=given_overrides)
    before = copy.deepcopy((parameters, [override.as_json() for override in overrides]))
    given_parameters["match.keys"]["person"][0].append("name")
    given_overrides[0]["set"]["claim.stage_length"]["report_visit"] = "9d"
    assert (parameters, [override.as_json() for override in overrides]) == before


def test_the_policy_of_the_test_world_is_accepted_and_reads_as_meant() -> None:
    """Contract section 10."""
    world: dict[str, JSON] = {
        "claim.required_fields": ["identity"],
        "claim.first_follow_up_wh": "PT20S",
        "claim.idle_days": "PT10S",
        "claim.qualified_per_day": 0,
        "claim.reclaim_wait_h": {"person": 0, "company": 0},
    }
    policy = Policy.resolve(validate(world)[0], version=1)
    first, idle = policy.duration("claim.first_follow_up_wh"), policy.duration("claim.idle_days")
    assert first is not None
    assert idle is not None
    assert (first.microseconds, idle.microseconds) == (20_000_000, 10_000_000)
    assert policy.limit("claim.qualified_per_day") is None
    assert policy.reclaim_wait("person", idle=True) is None


# Contradictions


def test_a_total_shorter_than_the_protection_names_both() -> None:
    """CLM-11: a renewal can never reach beyond a total that is over before the protection is."""
    both = {"claim.max_total_days": "policy_invalid", "claim.protection_days": "policy_invalid"}
    assert refused({"claim.max_total_days": 60}) == both
    assert refused({"claim.protection_days": 181}) == both
    assert (
        refused({"claim.protection_days": 60}, base=Policy.resolve({"claim.max_total_days": 30}, version=1).values())
        == both
    )
    assert refused({"claim.max_total_days": "PT10S"}) == both


@pytest.mark.parametrize(
    "parameters",
    [
        {"claim.protection_days": 180, "claim.max_total_days": 180},
        {"claim.protection_days": 400, "claim.max_total_days": 0},
        {"claim.protection_days": 0, "claim.max_total_days": 30},
        {"claim.protection_days": "PT20S", "claim.max_total_days": "PT40S"},
        {"claim.protection_days": 2, "claim.max_total_days": "PT47H"},
        {"claim.protection_days": 400, "claim.protection_shape": "report_visit_deal"},
    ],
)
def test_a_total_that_may_be_meant_is_accepted(parameters: dict[str, JSON]) -> None:
    """CLM-11, CLM-12: equal, off, not used in this shape, or not surely shorter on the day the clocks change."""
    validate(parameters)


@pytest.mark.parametrize("shape", ["report_deal", "report_visit_deal"])
def test_visit_first_beside_a_report_stage_protection_names_both(shape: str) -> None:
    """CLM-09: on together with a report-stage protection."""
    assert refused({"ownership.visit_first": True, "claim.protection_shape": shape}) == {
        "ownership.visit_first": "policy_invalid",
        "claim.protection_shape": "policy_invalid",
    }
    with pytest.raises(Refusal) as caught:
        validate({"claim.protection_shape": shape}, base={"ownership.visit_first": True})
    assert caught.value.rule == "CLM-09"


def test_visit_first_over_a_shape_that_lies_beneath_turns_it_into_visit_deal() -> None:
    """Table 13.1: "off (on = visit_deal shape)"."""
    office = Policy.resolve(PRESETS["real_estate"].parameters, version=1)
    parameters, _ = validate({"ownership.visit_first": True}, base=office.values())
    resolved = Policy.resolve(PRESETS["real_estate"].parameters, parameters, version=2)
    assert resolved.protection_shape == "visit_deal"
    assert resolved.values()["claim.protection_shape"] == "visit_deal"
    validate({"ownership.visit_first": True, "claim.protection_shape": "visit_deal"})


def test_weighted_ownership_without_any_weight_names_both() -> None:
    """CLM-06: the highest total of nothing decides nothing."""
    rules = [{"rule": "first_report", "weight": 0}, {"rule": "territory"}]
    assert refused({"ownership.mode": "weighted", "ownership.rules": rules}) == {
        "ownership.mode": "policy_invalid",
        "ownership.rules": "policy_invalid",
    }
    validate({"ownership.mode": "ordered", "ownership.rules": rules})
    validate({"ownership.mode": "weighted"})


@pytest.mark.parametrize("needing", ["confirm.required", "confirm.hold_commission"])
def test_a_confirmation_that_is_needed_but_never_asked_for_names_both(needing: str) -> None:
    """CNF-01: without a point the customer is never asked."""
    assert refused({needing: True}) == {needing: "policy_invalid", "confirm.points": "policy_invalid"}
    validate({needing: True, "confirm.points": ["before_contract"]})


def test_a_malformed_value_does_not_drag_in_a_contradiction_with_what_lies_beneath() -> None:
    """POL-04: only what the author wrote is blamed."""
    assert refused({"claim.max_total_days": 60, "claim.protection_days": "long"}) == {
        "claim.protection_days": "field_invalid"
    }


# Overrides


def test_equally_specific_overrides_that_can_meet_name_both() -> None:
    """CLM-13: two equally specific overrides are refused when the policy is saved."""
    overrides = [
        {"when": {"channel": "partner"}, "set": {"claim.idle_days": 0}},
        {"when": {"level": "VIP", "kind": "person"}, "set": {"claim.idle_days": 90}},
        {"when": {"kind": "company"}, "set": {"claim.grace_days": 3, "claim.idle_days": 5}},
    ]
    assert refused({}, overrides=overrides) == {"overrides[0]": "policy_invalid", "overrides[2]": "policy_invalid"}


@pytest.mark.parametrize(
    "overrides",
    [
        [  # cannot meet: one customer has one level
            {"when": {"level": "VIP"}, "set": {"claim.idle_days": 90}},
            {"when": {"level": "A"}, "set": {"claim.idle_days": 60}},
        ],
        [  # can meet, but set different things
            {"when": {"level": "VIP"}, "set": {"claim.idle_days": 90}},
            {"when": {"channel": "partner"}, "set": {"claim.grace_days": 5}},
        ],
        [  # can meet, but one is more specific
            {"when": {"level": "VIP"}, "set": {"claim.idle_days": 90}},
            {"when": {"channel": "partner", "source": "fair"}, "set": {"claim.idle_days": 5}},
        ],
        [  # two conditions each, of which one is exclusive
            {"when": {"level": "VIP", "channel": "partner"}, "set": {"claim.idle_days": 90}},
            {"when": {"kind": "person", "channel": "in_house"}, "set": {"claim.idle_days": 5}},
        ],
    ],
)
def test_overrides_that_leave_no_doubt_are_accepted(overrides: list[Any]) -> None:
    """CLM-13."""
    _, kept = validate({}, overrides=overrides)
    assert [override.as_json() for override in kept] == overrides
    assert validate({}, overrides=kept)[1] == kept


MALFORMED_OVERRIDES: tuple[tuple[Any, dict[str, str]], ...] = (
    ("VIP", {"overrides[0]": "field_invalid"}),
    ({"when": {"level": "VIP"}}, {"overrides[0]": "field_invalid"}),
    ({"when": {"level": "VIP"}, "set": {"claim.idle_days": 1}, "why": "x"}, {"overrides[0]": "field_invalid"}),
    ({"when": {}, "set": {"claim.idle_days": 1}}, {"overrides[0].when": "field_invalid"}),
    ({"when": {"team": "x"}, "set": {"claim.idle_days": 1}}, {"overrides[0].when": "field_invalid"}),
    ({"when": {"level": "gold"}, "set": {"claim.idle_days": 1}}, {"overrides[0].when.level": "field_invalid"}),
    ({"when": {"kind": None}, "set": {"claim.idle_days": 1}}, {"overrides[0].when.kind": "field_invalid"}),
    ({"when": {"source": "\x00"}, "set": {"claim.idle_days": 1}}, {"overrides[0].when.source": "field_invalid"}),
    ({"when": {"level": "A"}, "set": {}}, {"overrides[0].set": "field_invalid"}),
    ({"when": {"level": "A"}, "set": []}, {"overrides[0].set": "field_invalid"}),
    ({"when": {"level": "A"}, "set": {"claim.idle_days": -1}}, {"overrides[0].set.claim.idle_days": "field_invalid"}),
    ({"when": {"level": "A"}, "set": {"pool.windows": []}}, {"overrides[0].set.pool.windows": "field_not_allowed"}),
    (
        {"when": {"level": "A"}, "set": {"claim.subject": "project"}},
        {"overrides[0].set.claim.subject": "field_not_allowed"},
    ),
    ({"when": {"level": "A"}, "set": {"claim.idle": 1}}, {"overrides[0].set.claim.idle": "field_not_allowed"}),
)


@pytest.mark.parametrize(("override", "fields"), MALFORMED_OVERRIDES, ids=lambda value: ascii(value)[:40])
def test_a_malformed_override_is_named_down_to_the_field(override: Any, fields: dict[str, str]) -> None:
    """CLM-13, contract `overrides`."""
    assert refused({}, overrides=[override]) == fields


def test_an_override_that_contradicts_the_policy_beneath_names_both_places() -> None:
    """CLM-13 with CLM-09 and CLM-11: checked over the values it is laid on."""
    longer = {"when": {"level": "VIP"}, "set": {"claim.protection_days": 200}}
    assert refused({}, overrides=[longer]) == {
        "claim.max_total_days": "policy_invalid",
        "overrides[0].set.claim.protection_days": "policy_invalid",
    }
    validate({}, overrides=[{**longer, "set": {"claim.protection_days": 200, "claim.max_total_days": 300}}])
    reporting = {"when": {"level": "VIP"}, "set": {"claim.protection_shape": "report_deal"}}
    assert refused({"ownership.visit_first": True}, overrides=[reporting]) == {
        "ownership.visit_first": "policy_invalid",
        "overrides[0].set.claim.protection_shape": "policy_invalid",
    }


def test_an_override_is_not_blamed_for_what_it_leaves_alone() -> None:
    """CLM-09, POL-04: a contradiction is told once, where it stands."""
    idle = {"when": {"level": "VIP"}, "set": {"claim.idle_days": 5}}
    validate({"ownership.visit_first": True}, overrides=[idle])
    with pytest.raises(Refusal) as caught:
        validate({"claim.max_total_days": 60}, overrides=[idle])
    assert caught.value.facts["contradictions"] == [["claim.max_total_days", "claim.protection_days"]]


def test_more_overrides_than_anybody_can_read_are_refused() -> None:
    """Style: a limit on everything."""
    overrides = [{"when": {"source": f"fair {n}"}, "set": {"claim.idle_days": n}} for n in range(101)]
    assert refused({}, overrides=overrides) == {"overrides": "field_invalid"}
    validate({}, overrides=overrides[:100])


def test_presets_are_valid_over_the_general_policy() -> None:
    """POL-03: each can be loaded into a new program as it stands."""
    for preset in PRESETS.values():
        parameters, overrides = validate(preset.parameters, overrides=preset.overrides)
        assert parameters == dict(preset.parameters)
        assert overrides == [Override(dict(o.when), dict(o.values)) for o in preset.overrides]


# Properties

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def outcome_of(parameters: dict[str, Any]) -> dict[str, JSON] | Refusal:
    """What saving ``parameters`` leads to."""
    try:
        return validate(parameters)[0]
    except Refusal as refusal:
        return refusal


@given(name=st.sampled_from(sorted(PARAMETERS)), value=anything)
def test_any_json_is_either_kept_unchanged_or_refused_as_policy_invalid(name: str, value: Any) -> None:
    """POL-01: no value makes the check itself fail, and what passes can be read."""
    outcome = outcome_of({name: value})
    if isinstance(outcome, Refusal):
        assert outcome.code == "policy_invalid"
        assert name in {error.field for error in outcome.errors}
    else:
        assert repr(outcome) == repr({name: value})
        Policy.resolve(outcome, version=1).effective(name)


@given(days=st.one_of(st.integers(0, 3653), st.floats(0, 3653)), data=st.data())
def test_any_number_of_days_within_ten_years_is_a_duration_and_comes_out_unchanged(days: float, data: Any) -> None:
    """Contract section 3: a number ≥ 0 in the unit of the suffix."""
    in_days = sorted(n for n, p in PARAMETERS.items() if p.kind is Kind.DURATION and p.unit == "days")
    name = data.draw(
        st.sampled_from([n for n in in_days if n not in {"claim.max_total_days", "claim.protection_days"}])
    )
    policy = Policy.resolve(validate({name: days})[0], version=1)
    assert repr(policy.values()[name]) == repr(days)
    duration = policy.duration(name)
    assert (duration is None or duration.is_zero) == (days == 0)
