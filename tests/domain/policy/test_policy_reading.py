"""A resolved policy: layers, typed readers, what zero means (POL-01, POL-02)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.duration import Duration, Scale
from domain.policy import PARAMETERS, Policy
from domain.policy.parameters import JSON, Kind
from domain.policy.policy import Amount, OwnershipRule
from domain.policy.values import Hours, Window

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


def policy(**values: JSON) -> Policy:
    """A policy that sets ``values``; ``claim__idle_days`` stands for ``claim.idle_days``."""
    return Policy.resolve({name.replace("__", "."): value for name, value in values.items()}, version=7)


def test_a_later_layer_wins_over_an_earlier_one_and_both_over_the_defaults() -> None:
    """POL-01: per company and overridable per program."""
    company = {"claim.idle_days": 50, "claim.grace_days": 5}
    program = {"claim.idle_days": 20}
    resolved = Policy.resolve(company, program, version=3)
    assert resolved.version == 3
    assert [resolved.value(name) for name in ("claim.idle_days", "claim.grace_days", "claim.no_deal_days")] == [
        20,
        5,
        180,
    ]


def test_values_name_every_parameter_of_the_catalogue() -> None:
    """Contract section 3: the policy in force, every parameter with its value."""
    values = policy(claim__idle_days="PT10S").values()
    assert list(values) == list(PARAMETERS)
    assert values["claim.idle_days"] == "PT10S"
    assert values["match.keys"] == PARAMETERS["match.keys"].default


def test_an_unknown_name_in_a_layer_is_a_defect() -> None:
    """Style: never continue silently on a failed precondition."""
    with pytest.raises(ValueError, match=r"claim\.idle_weeks"):
        Policy.resolve({"claim.idle_weeks": 8}, version=1)
    with pytest.raises(KeyError):
        policy().value("claim.idle_weeks")


def test_what_is_handed_out_cannot_change_the_policy() -> None:
    """POL-02: a version never changes."""
    fields: list[JSON] = ["identity"]
    layer: dict[str, JSON] = {"claim.required_fields": fields}
    resolved = Policy.resolve(layer, version=1)
    fields.append("progress")
    layer["claim.required_fields"] = ["program"]
    for handed_out in (resolved.value("claim.required_fields"), resolved.values()["claim.required_fields"]):
        assert isinstance(handed_out, list)
        handed_out.append("need")
    assert resolved.value("claim.required_fields") == ["identity"]
    defaults = resolved.values()["match.keys"]
    assert isinstance(defaults, dict)
    defaults.clear()
    assert PARAMETERS["match.keys"].default
    with pytest.raises(AttributeError):
        resolved.version = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "amount_us", "scale"),
    [
        ("claim.first_follow_up_wh", 48, 48 * HOUR_US, Scale.WORKING),
        ("claim.guard_wd", 5, 120 * HOUR_US, Scale.WORKING),
        ("claim.idle_days", 60, 60 * DAY_US, Scale.CALENDAR),
        ("claim.idle_days", 0.5, DAY_US // 2, Scale.CALENDAR),
        ("claim.idle_days", "P1DT2H", 26 * HOUR_US, Scale.ELAPSED),
        ("claim.complete_h", 72, 72 * HOUR_US, Scale.ELAPSED),
        ("rotation.call_min", 3, 180_000_000, Scale.ELAPSED),
        ("lead.accept_oh", 8, 8 * HOUR_US, Scale.OFFICE),
        ("clawback.days", 180, 180 * DAY_US, Scale.CALENDAR),
        ("chat.answer_s", 5, 5_000_000, Scale.ELAPSED),
        ("chat.answer_s", 0.25, 250_000, Scale.ELAPSED),
        ("chat.answer_s", "PT1M", 60_000_000, Scale.ELAPSED),
    ],
)
def test_a_duration_is_read_in_the_unit_of_its_suffix(name: str, value: JSON, amount_us: int, scale: Scale) -> None:
    """Requirements 0.1; contract section 3: ISO text is elapsed time whatever the suffix."""
    assert Policy.resolve({name: value}, version=1).duration(name) == Duration(amount_us, scale)


@pytest.mark.parametrize("zero", [0, 0.0, "PT0S", "P0D"])
def test_a_clock_set_to_zero_is_off(zero: JSON) -> None:
    """CLM-17, POL-01: `0` = off for clocks."""
    assert policy(claim__idle_days=zero).duration("claim.idle_days") is None


def test_no_time_for_pauses_is_zero_and_not_without_limit() -> None:
    """CLM-21, POL-01: `0` allows none where a name bounds a total."""
    assert policy(claim__pause_max_days=0).duration("claim.pause_max_days") == Duration(0, Scale.CALENDAR)


def test_a_cap_of_zero_is_off_and_a_maximum_of_zero_allows_none() -> None:
    """POL-01."""
    resolved = policy(claim__cap_person=0, claim__extension_max=0, claim__cap_team=3)
    assert resolved.limit("claim.cap_person") is None
    assert resolved.integer("claim.cap_person") == 0
    assert resolved.limit("claim.extension_max") == 0
    assert resolved.limit("claim.cap_team") == 3


@pytest.mark.parametrize(("given_days", "whole"), [(3, 3), (2.5, 3), ("PT30H", 2), (0, 0)])
def test_a_duration_in_days_can_be_counted_in_whole_days(given_days: JSON, whole: int) -> None:
    """CLM-17: a closure is a run of free days."""
    assert policy(calendar__closure_days=given_days).integer("calendar.closure_days") == whole


def test_a_series_keeps_its_order_and_leaves_out_what_is_off() -> None:
    """CLM-18."""
    series = policy(reminder__stage_days=[3, "PT12H", 0]).series("reminder.stage_days")
    assert series == (Duration(3 * DAY_US, Scale.CALENDAR), Duration(12 * HOUR_US, Scale.ELAPSED))


def test_stage_lengths_are_days_hours_or_iso_text() -> None:
    """CLM-12, contract: `d` calendar days, `h`, or ISO."""
    resolved = policy(claim__stage_length={"report_visit": "36h", "visit_deal": "1.5d"})
    assert resolved.stage_length("report_visit") == Duration(36 * HOUR_US, Scale.ELAPSED)
    assert resolved.stage_length("visit_deal") == Duration(36 * HOUR_US, Scale.CALENDAR)
    assert policy(claim__stage_length={"report_visit": "PT20S"}).stage_length("report_visit") == Duration(
        20_000_000, Scale.ELAPSED
    )
    assert policy(claim__stage_length={"report_visit": "0d"}).stage_length("report_visit") is None
    with pytest.raises(KeyError):
        resolved.stage_length("deal_party")


def test_a_key_left_out_stays_as_the_layer_beneath_has_it() -> None:
    """CLM-12, CUS-08: a program that sets one key keeps the others."""
    company: dict[str, JSON] = {"claim.stage_length": {"visit_deal": "45d"}, "match.probes_per_hour": {"partner": 5}}
    program: dict[str, JSON] = {"claim.stage_length": {"report_visit": "3d"}}
    resolved = Policy.resolve(company, program, version=1)
    assert resolved.stage_length("report_visit") == Duration(3 * DAY_US, Scale.CALENDAR)
    assert resolved.stage_length("visit_deal") == Duration(45 * DAY_US, Scale.CALENDAR)
    assert resolved.probe_limits("partner") == (5, 30)
    assert resolved.probe_limits("in_house") == (60, 300)
    assert resolved.value("claim.stage_length") == {"report_visit": "3d"}
    assert resolved.effective("claim.stage_length") == {"report_visit": "3d", "visit_deal": "45d"}
    with pytest.raises(KeyError):
        resolved.intercept("web")


def test_a_probe_limit_of_zero_is_no_limit() -> None:
    """CUS-08, contract: `0` = off for `*per_hour` and `*per_day`."""
    assert policy(match__probes_per_hour={"partner": 0}).probe_limits("partner") == (None, 30)


def test_the_former_owner_waits_by_customer_kind_and_longer_after_an_idle_lapse() -> None:
    """CLM-26, contract: `idle` instead after a lapse for idleness."""
    general = policy()
    assert general.reclaim_wait("person", idle=False) == Duration(HOUR_US, Scale.ELAPSED)
    assert general.reclaim_wait("company", idle=False) == Duration(12 * HOUR_US, Scale.ELAPSED)
    assert general.reclaim_wait("company", idle=True) == Duration(168 * HOUR_US, Scale.ELAPSED)


def test_without_the_key_idle_an_idle_lapse_makes_no_difference() -> None:
    """Contract section 3; both at 0 means no wait at all, as in the test world of section 10."""
    none = policy(claim__reclaim_wait_h={"person": 0, "company": 0})
    assert none.reclaim_wait("person", idle=True) is None
    partly = policy(claim__reclaim_wait_h={"person": 2})
    assert partly.reclaim_wait("person", idle=True) == Duration(2 * HOUR_US, Scale.ELAPSED)
    assert partly.reclaim_wait("company", idle=True) == Duration(12 * HOUR_US, Scale.ELAPSED)
    assert partly.effective("claim.reclaim_wait_h") == {"person": 2, "company": 12}


def test_match_keys_are_alternatives_of_fields_that_must_all_agree() -> None:
    """CUS-02."""
    resolved = policy(match__keys={"person": [["phone", "name"], ["email"]]})
    assert resolved.match_groups("person") == (("phone", "name"), ("email",))
    assert resolved.match_groups("company") == (("company_code",), ("email_domain",), ("name",))
    assert resolved.project_match_groups() == (("customer", "tender_number"),)


def test_structured_values_have_their_own_readers() -> None:
    """CLM-06, COM-07, POOL-04, TER-06, AUD-06, DSP-04, COM-01, CLM-30, LEAD-11."""
    resolved = policy(
        ownership__rules=[{"rule": "best_fit", "weight": 12.5}, {"rule": "territory"}],
        commission__release={"contract": 33.3, "full_payment": 66.7},
        pool__windows=["08:00-10:00", {"weekdays": [7, 6], "hours": "14:00-24:00"}],
        auth__tries=3,
        dispute__auto_max_amount={"amount_minor": 500, "currency": "CNY"},
        deal__credit={"renewal": "account_manager"},
        stage__list=["visit", {"name": "认购", "role": "manager"}],
        ownership__depth_weights={"visit": 0.1},
        sop__rhythm_days={"A": 2},
    )
    assert resolved.ownership_rules == (
        OwnershipRule("best_fit", Decimal("12.5")),
        OwnershipRule("territory", Decimal(0)),
    )
    assert resolved.commission_release == {"contract": Decimal("33.3"), "full_payment": Decimal("66.7")}
    assert resolved.pool_windows == (
        Window((1, 2, 3, 4, 5, 6, 7), Hours(480, 600)),
        Window((6, 7), Hours(840, 1440)),
    )
    assert resolved.password_tries == (3, Duration(900_000_000, Scale.ELAPSED))
    assert resolved.auto_max_amount == Amount(500, "CNY")
    assert (resolved.deal_credit("renewal"), resolved.deal_credit("new")) == ("account_manager", "owner")
    assert resolved.stages == ("visit", "认购")
    assert resolved.weights("ownership.depth_weights") == {
        "follow_up": 0,
        "visit": Decimal("0.1"),
        "decision_maker": 0,
        "stage": 0,
    }
    assert resolved.duration_for("sop.rhythm_days", "A") == Duration(2 * DAY_US, Scale.CALENDAR)
    assert resolved.duration_for("sop.rhythm_days", "C") == Duration(14 * DAY_US, Scale.CALENDAR)
    assert resolved.duration_for("sop.rhythm_days", "D") is None
    assert resolved.duration_for("stage.deadline_days", "visit") is None


def test_the_general_policy_reads_as_the_catalogue_says() -> None:
    """POL-01."""
    general = policy()
    assert general.required_fields == ("identity", "program")
    assert general.complete_fields == ("need", "next_follow_up_at", "expected_close")
    assert general.tracks == ("sales",)
    assert general.owner_name_visibility == "team"
    assert general.protection_shape == "report_deal"
    assert general.guard_stage == "proposal"
    assert general.choice("claim.guard_stage") == "proposal"
    assert general.commission_release is None
    assert general.pool_windows == ()
    assert general.auto_max_amount is None
    assert general.password_tries == (5, Duration(900_000_000, Scale.ELAPSED))
    assert general.weekdays() == (1, 2, 3, 4, 5)
    assert general.hours("calendar.office_hours") == Hours(540, 1080)
    assert general.hours("notify.quiet") == Hours(1260, 480)
    assert general.intercept("partner") == Duration(30 * 60_000_000, Scale.ELAPSED)
    assert general.intercept("in_house") is None
    assert general.switch("dispute.auto_settle") is True
    assert general.number("match.fuzzy_threshold") == Decimal("0.85")
    assert general.number("guard.rate_pct") == 10
    assert general.words("confirm.points") == ()
    assert general.word("calendar.zone") == "Asia/Shanghai"


def test_no_guard_stage_is_none_or_an_empty_word() -> None:
    """CLM-17."""
    unguarded = policy(claim__guard_stage=None)
    assert unguarded.guard_stage is None
    assert unguarded.choice("claim.guard_stage") == ""


def test_a_reader_of_the_wrong_kind_is_a_defect_even_after_the_right_one() -> None:
    """Style: refuse loudly."""
    general = policy()
    readers = {
        "duration": general.duration,
        "switch": general.switch,
        "integer": general.integer,
        "number": general.number,
        "choice": general.choice,
        "words": general.words,
        "word": general.word,
        "series": general.series,
        "weights": general.weights,
        "hours": general.hours,
    }
    fitting = {
        "claim.guard_wd": {"duration"},
        "claim.cap_person": {"integer", "number"},
        "ownership.visit_first": {"switch"},
        "claim.on_collision": {"choice"},
        "reminder.idle_days": {"series"},
        "release.reasons": {"words"},
        "lead.weights": {"weights"},
        "notify.quiet": {"hours"},
    }
    for name, allowed in fitting.items():
        for reader in sorted(readers, key=lambda reader: reader not in allowed):
            if reader in allowed:
                readers[reader](name)
            else:
                with pytest.raises(TypeError, match=name.partition(".")[0]):
                    readers[reader](name)


@given(amount=st.one_of(st.integers(0, 5000), st.floats(0, 3000)), iso=st.booleans())
def test_reading_twice_gives_the_same_object(amount: float, iso: bool) -> None:
    """Style: instances are long-lived and readers are hot, so a value is parsed once."""
    value: JSON = f"PT{int(amount)}S" if iso else amount
    resolved = policy(claim__complete_h=value)
    assert resolved.duration("claim.complete_h") is resolved.duration("claim.complete_h")


@pytest.mark.parametrize("name", [name for name, p in PARAMETERS.items() if p.kind is Kind.DURATION])
def test_every_duration_of_the_catalogue_reads_ten_seconds(name: str) -> None:
    """Contract section 3: every duration may be ISO text."""
    assert Policy.resolve({name: "PT10S"}, version=1).duration(name) == Duration(10_000_000, Scale.ELAPSED)
