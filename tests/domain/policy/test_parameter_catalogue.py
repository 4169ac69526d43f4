"""The catalogue of parameters, compared with the requirements as written down here by hand."""

from __future__ import annotations

import re

import pytest

from domain.policy import shapes
from domain.policy.labels import LABELS
from domain.policy.parameters import JSON, PARAMETERS, UNITS, Kind, Parameter, Zero

CATALOGUED: tuple[tuple[str, str, JSON, str], ...] = (
    ("people.capacity_points", "integer", 400, "PPL-04"),
    ("people.skill_confirm", "switch", False, "PPL-04"),
    ("absence.pause_after_wd", "duration", 5, "PPL-05"),
    ("delegation.max_days", "duration", 30, "PPL-05"),
    ("people.leaver_handover_wd", "duration", 3, "PPL-06"),
    ("people.handover_to", "choice", "supervisor", "PPL-06"),
    ("people.mover_keep_days", "duration", 60, "PPL-06"),
    ("people.successor_share_pct", "percent", 50, "PPL-06"),
    ("ownership.tracks", "words", ["sales"], "TER-01"),
    ("claim.out_of_territory", "choice", "approve", "TER-05"),
    ("calendar.zone", "zone", "Asia/Shanghai", "TER-06"),
    ("calendar.weekdays", "weekdays", [1, 2, 3, 4, 5], "TER-06"),
    ("calendar.office_hours", "hours", "09:00-18:00", "TER-06"),
    ("calendar.min_notice_wd", "duration", 1, "TER-06"),
    (
        "match.keys",
        "key_groups_by_kind",
        {"person": [["phone"]], "company": [["company_code"], ["email_domain"], ["name"]]},
        "CUS-02",
    ),
    ("claim.on_possible", "choice", "accept_alert", "CUS-02"),
    ("match.phone_region", "region", "CN", "CUS-03"),
    ("match.fuzzy_threshold", "number", 0.85, "CUS-05"),
    ("match.phone_mode", "choice", "full", "CUS-06"),
    ("match.probes_per_hour", "integer_by_key", {"in_house": 60, "partner": 10}, "CUS-08"),
    ("match.probes_per_day", "integer_by_key", {"in_house": 300, "partner": 30}, "CUS-08"),
    ("visibility.owner_name", "choice", "team", "CUS-09"),
    ("customer.class_levels", "levels", {"existing": "A", "new": "B", "dormant": "C"}, "CUS-12"),
    ("claim.required_fields", "words", ["identity", "program"], "CLM-02"),
    ("claim.complete_fields", "words", ["need", "next_follow_up_at", "expected_close"], "CLM-02"),
    ("claim.complete_h", "duration", 72, "CLM-02"),
    ("claim.judgement_mode", "choice", "auto_then_manual", "CLM-03"),
    ("claim.approval_wh", "duration", 48, "CLM-04"),
    ("claim.correction_wh", "duration", 24, "CLM-05"),
    (
        "ownership.rules",
        "ownership_rules",
        [
            {"rule": "named_account", "weight": 40},
            {"rule": "first_report", "weight": 40},
            {"rule": "deeper_relation", "weight": 20},
        ],
        "CLM-06",
    ),
    ("claim.late_report_h", "duration", 24, "CLM-07"),
    (
        "ownership.depth_weights",
        "weights",
        {"follow_up": 1, "visit": 3, "decision_maker": 5, "stage": 5},
        "CLM-08",
    ),
    ("ownership.visit_first", "switch", False, "CLM-09"),
    ("ownership.intercept_min", "duration_by_key", {"in_house": 0, "partner": 30}, "CLM-10"),
    ("claim.protection_days", "duration", 90, "CLM-11"),
    ("claim.on_protection_end", "choice", "renew_if_worked", "CLM-11"),
    ("claim.renew_recent_days", "duration", 30, "CLM-11"),
    ("claim.max_total_days", "duration", 180, "CLM-11"),
    ("claim.protection_shape", "choice", "report_deal", "CLM-12"),
    ("claim.stage_length", "stage_length", {"report_visit": "15d", "visit_deal": "30d"}, "CLM-12"),
    ("claim.first_follow_up_wh", "duration", 48, "CLM-14"),
    ("claim.first_follow_up_miss", "choice", "lapse", "CLM-14"),
    ("claim.qualified_kinds", "words", ["call", "message", "meeting", "visit", "demo"], "CLM-16"),
    ("claim.min_note_chars", "integer", 10, "CLM-16"),
    ("claim.qualified_per_day", "integer", 1, "CLM-16"),
    ("claim.void_notice_wh", "duration", 24, "CLM-16"),
    ("claim.idle_days", "duration", 60, "CLM-17"),
    ("claim.no_deal_days", "duration", 180, "CLM-17"),
    ("claim.guard_stage", "word", "proposal", "CLM-17"),
    ("claim.guard_wd", "duration", 5, "CLM-17"),
    ("calendar.closure_days", "duration", 3, "CLM-17"),
    ("reminder.protection_days", "series", [30, 14, 7], "CLM-18"),
    ("reminder.idle_days", "series", [7], "CLM-18"),
    ("reminder.first_follow_up_wh", "series", [24, 8], "CLM-18"),
    ("reminder.stage_days", "series", [3, 1], "CLM-18"),
    ("claim.grace_days", "duration", 0, "CLM-20"),
    ("claim.pause_max_days", "duration", 30, "CLM-21"),
    ("claim.extension_max", "integer", 1, "CLM-22"),
    (
        "release.reasons",
        "words",
        ["not_worked", "need_unmet", "customer_request", "lost", "invalid", "false_report"],
        "CLM-23",
    ),
    ("transfer.approval", "choice", "cross_team", "CLM-24"),
    ("claim.cap_person", "integer", 200, "CLM-25"),
    ("claim.cap_team", "integer", 0, "CLM-25"),
    ("claim.cap_partner", "integer", 1000, "CLM-25"),
    ("guard.rate_pct", "percent", 10, "CLM-25"),
    ("claim.reclaim_wait_h", "duration_by_key", {"person": 1, "company": 12, "idle": 168}, "CLM-26"),
    ("claim.resubmit_max", "integer", 2, "CLM-26"),
    ("claim.on_collision", "choice", "refuse", "CLM-27"),
    ("claim.queue_max", "integer", 3, "CLM-27"),
    ("collision.reveal", "choice", "verdict", "CLM-27"),
    ("claim.provisional_days", "duration", 10, "CLM-28"),
    ("stage.deadline_days", "duration_by_key", {}, "CLM-30"),
    ("claim.after_deal_days", "duration", 180, "CLM-32"),
    ("claim.subject", "choice", "customer", "CLM-33"),
    ("pool.default", "word", None, "POOL-01"),
    ("pool.windows", "windows", [], "POOL-04"),
    ("pool.holding_cap", "integer", 200, "POOL-07"),
    ("load.max_ratio", "number", 1.0, "POOL-11"),
    ("lead.grades", "grades", {"A": 80, "B": 60, "C": 40}, "LEAD-02"),
    ("lead.first_response_oh", "duration_by_key", {"A": 0.5, "B": 4, "C": 8, "D": 8}, "LEAD-11"),
    ("lead.balance_min", "integer", 10, "LEAD-13"),
    ("standin.wait_min", "duration", 10, "LEAD-15"),
    ("dispute.auto_settle", "switch", True, "DSP-04"),
    ("dispute.auto_max_amount", "amount", None, "DSP-04"),
    ("dispute.exec_wd", "duration", 5, "DSP-12"),
    ("precedent.group_min", "integer", 5, "DSP-18"),
    ("penalty.money", "switch", False, "DSP-22"),
    ("commission.release", "release", "cash_pro_rata", "COM-07"),
    ("clawback.days", "duration", 180, "COM-10"),
    ("confirm.points", "words", [], "CNF-01"),
    ("revisit.days", "series", [7, 30, 90], "CNF-03"),
    (
        "assess.weights",
        "weights",
        {"sales": 35, "workload": 15, "take_success": 10, "satisfaction": 20, "cooperation": 10, "attitude": 10},
        "INC-06",
    ),
    ("assess.voices_min", "integer", 3, "INC-06"),
    ("notify.quiet", "night_hours", "21:00-08:00", "NTF-02"),
    ("notify.ack_min", "duration", 30, "NTF-02"),
    ("dashboard.stale_s", "duration", 5, "OVS-01"),
    ("policy.sales_cycle_warn_pct", "percent", 75, "POL-04"),
    ("program.mode", "choice", "live", "POL-08"),
    ("org.small_max", "integer", 15, "POL-09"),
    ("privacy.retention_days", "duration", 1095, "AUD-05"),
    ("auth.tries", "tries", {"tries": 5, "window_min": 15}, "AUD-06"),
    ("import.rows_max", "integer", 50000, "INT-03"),
    ("locale.default", "choice", "zh-CN", "INT-07"),
)

# How many names each section of the requirements has in its parameter column, and those that a rule needed besides.
BESIDES = {"handoff.team", "handoff.checklist"}
SECTION_SIZES = {
    "PPL": 10,
    "TER": 8,
    "CUS": 21,
    "CLM": 77,
    "POOL": 17,
    "LEAD": 27,
    "DSP": 40,
    "COM": 14,
    "CNF": 13,
    "INC": 13,
    "NTF": 3,
    "OVS": 9,
    "POL": 9,
    "AUD": 6,
    "INT": 12,
}

NOT_BUILT_YET = {
    "inspection.every_days",
    "policy.review_days",
    "webhook.retry_h",
    "locale.default",
}

BUILT = {
    "household.rule",
    "customer.recognise_days",
    "standin.share_pct",
    "match.related_scope",
    "group.covers",
    "visit.object_h",
    "buyer.check",
    "territory.review_days",
    "claim.out_of_territory",
    "opening.grace_days",
    "opening.object_wd",
    "discussion.close_wh",
    "pool.daily_takes",
    "pool.windows",
    "lead.first_response_oh",
    "lead.return_alarm_pct",
    "sop.rhythm_days",
    "dispatch.weights",
    "people.duty_ack_wd",
    "people.skill_confirm",
    "partner.confirm_wd",
    "customer.dormant_days",
    "ownership.rules",
    "ownership.visit_first",
    "ownership.depth_days",
    "ownership.intercept_min",
    "claim.collaborators_max",
    "stage.list",
    "stage.on_miss",
    "claim.collab_counts",
    "dispute.contest_wd",
    "dispute.after_deal_days",
    "dispute.frivolous_max",
    "dispute.frivolous_days",
    "dispute.negotiation_wh",
    "dispute.appeal_wd",
    "precedent.similar",
    "conflict.window_days",
    "deal.credit",
    "split.accept_wh",
    "assist.pct",
    "assist.flag_pair",
    "assist.flag_days",
    "commission.release",
    "clawback.days",
    "payout.day",
    "performance.recognise_at",
    "performance.close_day",
    "absence.pause_after_wd",
    "people.handover_to",
    "ownership.tracks",
    "calendar.zone",
    "match.keys",
    "match.fuzzy_threshold",
    "match.phone_mode",
    "match.complete_by",
    "match.probes_per_day",
    "visibility.owner_name",
    "claim.required_fields",
    "claim.on_possible",
    "claim.protection_days",
    "claim.grace_days",
    "claim.queue_max",
    "claim.provisional_days",
    "claim.after_deal_days",
    "claim.subject",
    "bid.letters",
    "override.per_month",
    "rotation.order",
    "visit.confirm_h",
    "pool.named_days",
    "policy.preset",
    "policy.migration_notice_wd",
    "program.mode",
    "program.trial_days",
    "org.small_max",
    "reveal.per_day",
    "api.idempotency_h",
    "import.rows_max",
    "engine.recover_s",
}


OFF_AT_ZERO = (
    "claim.idle_days",
    "claim.cap_person",
    "claim.cap_team",
    "claim.cap_partner",
    "claim.qualified_per_day",
    "pool.holding_cap",
    "pool.unclaimed_h",
    "pool.daily_views",
    "match.probes_per_hour",
    "match.probes_per_day",
    "reveal.per_day",
    "override.per_month",
    "feedback.max_per_month",
    "alarm.reads_per_h",
)


@pytest.mark.parametrize(("name", "kind", "default", "rule"), CATALOGUED, ids=lambda value: str(value)[:30])
def test_a_parameter_has_the_kind_default_and_row_of_the_catalogue(
    name: str, kind: str, default: JSON, rule: str
) -> None:
    """POL-01: the requirements' parameter columns, by hand."""
    parameter = PARAMETERS[name]
    assert (parameter.name, parameter.kind, parameter.rules[0]) == (name, kind, rule)
    assert parameter.default == default
    assert type(parameter.default) is type(default)


def test_every_section_of_the_catalogue_has_all_its_parameters() -> None:
    """POL-01: all names are known from the first release."""
    sizes: dict[str, int] = {}
    for parameter in PARAMETERS.values():
        if parameter.name not in BESIDES:
            section = parameter.rules[0].partition("-")[0]
            sizes[section] = sizes.get(section, 0) + 1
    assert sizes == SECTION_SIZES
    assert len(PARAMETERS.keys() - BESIDES) == 279


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_every_default_passes_its_own_check(parameter: Parameter) -> None:
    """POL-01, POL-04: the general policy is valid."""
    shapes.check(parameter, parameter.default)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_every_parameter_is_labelled_in_both_languages(parameter: Parameter) -> None:
    """POL-07: readable by every member."""
    assert LABELS[parameter.name] == (parameter.zh, parameter.en)
    assert re.search(r"[\u4e00-\u9fff]", parameter.zh)
    assert parameter.en.isascii()
    for label in (parameter.zh, parameter.en):
        assert label == label.strip()
        assert label[-1] not in "。.：:"
        assert ":" not in label
        assert "：" not in label
    assert all(re.fullmatch(r"[A-Z]{3,4}-\d\d", rule) for rule in parameter.rules)


def test_labels_tell_parameters_apart() -> None:
    """POL-07: no two parameters look alike on the policy page."""
    for labels in ([p.zh for p in PARAMETERS.values()], [p.en for p in PARAMETERS.values()]):
        assert len(set(labels)) == len(labels)


def test_the_unit_of_a_duration_is_its_suffix() -> None:
    """Requirements 0.1: units by suffix; `lead.balance_min` counts leads, `alarm.reads_per_h` reads: no durations."""
    for parameter in PARAMETERS.values():
        suffix = re.split(r"[._]", parameter.name)[-1]
        if parameter.unit is not None:
            assert parameter.unit == suffix
        elif suffix in UNITS:
            assert parameter.name.endswith(("balance_min", "group_min", "voices_min", "reads_per_h"))


def test_zero_means_off_for_caps_and_none_for_maxima() -> None:
    """POL-01 and contract section 3: `0` = off for clocks, caps and per-time limits, none for `*_max`."""
    for name in OFF_AT_ZERO:
        assert PARAMETERS[name].zero is Zero.OFF, name
    for name, parameter in PARAMETERS.items():
        if name.endswith("_max"):
            assert parameter.zero is Zero.NONE, name
    assert PARAMETERS["claim.min_note_chars"].zero is Zero.PLAIN


def test_parameters_without_a_feature_are_marked() -> None:
    """POL-01: the policy page marks those whose feature does not exist yet."""
    assert {name for name in NOT_BUILT_YET | BUILT if PARAMETERS[name].exists} == BUILT


def test_only_claim_parameters_can_be_overridden() -> None:
    """CLM-13: every claim parameter, but not what a program is counted by."""
    overridable = {name for name, parameter in PARAMETERS.items() if parameter.overridable}
    assert {"claim.idle_days", "claim.stage_length", "reminder.idle_days", "collision.reveal"} <= overridable
    assert overridable.isdisjoint({"claim.subject", "ownership.tracks", "calendar.zone", "match.keys", "pool.windows"})


def test_every_kind_of_value_has_a_parameter_and_a_checker() -> None:
    """POL-01: no kind without a check."""
    assert {parameter.kind for parameter in PARAMETERS.values()} == set(Kind)
