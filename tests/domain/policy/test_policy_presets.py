"""Table 13.1, column by column, as written down here by hand (POL-03)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from domain.policy import PRESETS, Policy
from domain.policy.parameters import JSON

PRESET_NAMES = ("general", "real_estate", "b2b_saas", "channel_partner")

# One line of the table: parameter, general, real-estate sales office, B2B SaaS, channel partner.
TABLE_13_1: tuple[tuple[str, JSON, JSON, JSON, JSON], ...] = (
    ("ownership.tracks", ["sales"], ["sales", "channel"], ["sales"], ["sales", "channel"]),
    ("claim.subject", "customer", "customer", "customer", "project"),
    ("claim.judgement_mode", "auto_then_manual", "auto_then_manual", "auto", "auto_then_manual"),
    ("claim.on_possible", "accept_alert", "accept_alert", "accept_alert", "judge"),
    ("ownership.visit_first", False, False, False, False),
    (
        "ownership.intercept_min",
        {"in_house": 0, "partner": 30},
        {"in_house": 0, "partner": 30},
        {"in_house": 0, "partner": 0},
        {"in_house": 0, "partner": 0},
    ),
    ("match.phone_mode", "full", "3+4", "full", "full"),
    ("match.related_scope", "none", "household", "none", "none"),
    ("visibility.owner_name", "team", "program", "program", "team"),
    ("calendar.weekdays", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
    ("claim.out_of_territory", "approve", "warn", "refuse", "approve"),
    ("claim.protection_shape", "report_deal", "report_visit_deal", "report_deal", "report_deal"),
    ("claim.on_protection_end", "renew_if_worked", "renew_if_worked", "renew_if_worked", "lapse"),
    ("claim.renew_recent_days", 30, 15, 30, 30),
    ("claim.max_total_days", 180, 180, 365, 180),
    ("claim.no_deal_days", 180, 180, 0, 180),
    ("claim.guard_stage", "proposal", "subscription", "proposal", "proposal"),
    ("claim.first_follow_up_wh", 48, 24, 48, 48),
    ("claim.idle_days", 60, 7, 30, 60),
    ("reminder.protection_days", [30, 14, 7], [7, 3, 1], [30, 14, 7], [30, 14, 7]),
    ("reminder.idle_days", [7], [2], [7], [7]),
    ("claim.approval_wh", 48, 24, 24, 48),
    ("claim.grace_days", 0, 0, 10, 10),
    ("claim.extension_days", 30, 15, 45, 90),
    ("claim.extension_max", 1, 1, 1, 1),
    ("claim.on_collision", "refuse", "refuse", "refuse", "queue"),
    ("claim.lapse_to", "pool", "pool", "dispatch", "supervisor"),
    ("pool.cool_off_h", 0, 24, 24, 0),
    ("pool.windows", [], ["08:00-10:00", "14:00-17:00"], [], []),
    ("confirm.points", [], ["after_first_visit", "before_contract"], [], ["before_contract"]),
    ("confirm.required", False, False, False, False),
    ("confirm.hold_commission", False, True, False, False),
    (
        "commission.release",
        "cash_pro_rata",
        {"contract": 30, "first_payment": 30, "full_payment": 40},
        "cash_pro_rata",
        "cash_pro_rata",
    ),
    ("dispute.strict_neutral", False, False, False, True),
    ("dispute.negotiation_oh", 0, 4, 0, 0),
    ("dispute.tier_wh", 48, 24, 48, 48),
    ("dispute.exec_wd", 5, 5, 5, 5),
    ("policy.preset", "general", "real_estate", "b2b_saas", "channel_partner"),
)

OWNERSHIP_ORDER: Mapping[str, tuple[str, ...]] = {
    "general": ("named_account", "first_report", "deeper_relation"),
    "real_estate": ("first_reception", "first_report", "customer_choice", "deeper_relation"),
    "b2b_saas": ("named_account", "territory", "first_contact", "first_report", "deeper_relation"),
    "channel_partner": ("first_report", "deeper_relation"),
}


def resolved(name: str) -> Policy:
    preset = PRESETS[name]
    return Policy.resolve(preset.parameters, overrides=preset.overrides, version=1)


@pytest.mark.parametrize("row", TABLE_13_1, ids=lambda row: row[0])
def test_a_line_of_the_preset_table_holds_in_every_preset(row: tuple[str, JSON, JSON, JSON, JSON]) -> None:
    """POL-03, table 13.1."""
    name, *expected = row
    assert [resolved(preset).value(name) for preset in PRESET_NAMES] == expected


def test_what_the_table_does_not_name_is_as_in_the_general_policy() -> None:
    """Table 13.1: "only differences that matter; everything else is as general"."""
    named = {row[0] for row in TABLE_13_1} | {"ownership.rules", "claim.stage_length"}
    for preset in PRESETS.values():
        assert set(preset.parameters) <= named
        for name, value in preset.parameters.items():
            general = Policy.resolve(version=1).value(name)
            assert value != general or name == "claim.stage_length", f"{preset.name} repeats {name}"


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_the_ownership_rules_stand_in_the_order_of_the_table(name: str) -> None:
    """Table 13.1, CLM-06; weights fall with the order, so that weighted mode starts from the same priorities."""
    rules = resolved(name).ownership_rules
    assert tuple(rule.rule for rule in rules) == OWNERSHIP_ORDER[name]
    weights = [rule.weight for rule in rules]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


def test_a_partner_report_at_a_sales_office_has_three_days_to_the_visit_and_no_idle_clock() -> None:
    """Table 13.1, overrides for partner-source claims (CLM-13)."""
    office = resolved("real_estate")
    partner = office.for_claim(level="B", kind="person", source=None, channel="partner")
    assert partner.override == {"channel": "partner"}
    assert partner.duration("claim.first_follow_up_wh") is None
    assert partner.duration("claim.idle_days") is None
    assert partner.choice("claim.on_protection_end") == "lapse"
    visit, deal = partner.stage_length("report_visit"), partner.stage_length("visit_deal")
    assert visit is not None
    assert deal is not None
    assert (visit.microseconds, deal.microseconds) == (3 * 86_400_000_000, 30 * 86_400_000_000)
    assert office.for_claim(level="B", kind="person", source=None, channel="in_house") is office


def test_only_the_sales_office_has_overrides_and_a_reception_rotation() -> None:
    """Table 13.1, lines that are no parameters: pool open to, reception rotation."""
    assert {name for name, preset in PRESETS.items() if preset.overrides} == {"real_estate"}
    assert {name for name, preset in PRESETS.items() if preset.reception_rotation} == {"real_estate"}
    assert {name for name, preset in PRESETS.items() if preset.pool_admins_only} == {"channel_partner"}
    assert tuple(PRESETS) == PRESET_NAMES
