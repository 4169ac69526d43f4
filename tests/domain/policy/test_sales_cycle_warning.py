"""A warning where protection is short of the median sales cycle (POL-04)."""

from __future__ import annotations

import pytest

from domain.policy import Policy
from domain.policy.parameters import JSON
from domain.policy.sales_cycle import warnings


def warned(values: dict[str, JSON], median: float | None, **more: str) -> list[str]:
    return warnings(Policy.resolve(values, version=1), median_sales_cycle_days=median, **more)


def test_protection_below_three_quarters_of_the_median_cycle_is_warned_about_in_both_languages() -> None:
    """POL-04: `policy.sales_cycle_warn_pct` 75."""
    assert warned({"claim.protection_days": 60}, 100) == [
        "保护期为 60 天，短于销售周期中位数 100 天的 75%（75 天）。（POL-04）"
    ]
    assert warned({"claim.protection_days": 60}, 100.5, lang="en") == [
        "Protection lasts 60 days, less than 75 % of the median sales cycle of 100.5 days (75.4 days). (POL-04)"
    ]
    assert warned({"claim.protection_days": 60, "locale.default": "en"}, 100)[0].startswith("Protection lasts")


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ({"claim.protection_days": 75}, 100.0),  # exactly the share is enough
        ({"claim.protection_days": 10}, None),  # no deals yet
        ({"claim.protection_days": 0}, 100.0),  # no protection clock
        ({"claim.protection_days": 10, "policy.sales_cycle_warn_pct": 0}, 100.0),
        ({"claim.protection_shape": "report_visit_deal", "claim.stage_length": {"report_visit": 0}}, 100.0),
    ],
)
def test_nothing_is_warned_about_that_is_long_enough_off_or_unknown(
    values: dict[str, JSON], median: float | None
) -> None:
    """POL-04."""
    assert warned(values, median) == []


def test_in_the_shapes_with_a_visit_the_stages_are_what_protects() -> None:
    """POL-04 with CLM-12: `claim.protection_days` is not used there."""
    staged: dict[str, JSON] = {"claim.protection_shape": "report_visit_deal", "claim.protection_days": 1}
    assert warned(staged, 60) == []  # 15 + 30 days = 75 % of 60
    assert len(warned(staged, 61)) == 1
    assert len(warned({**staged, "claim.protection_shape": "visit_deal"}, 41)) == 1
    assert warned({**staged, "claim.protection_shape": "visit_deal"}, 40) == []


def test_an_override_that_shortens_the_protection_is_warned_about_by_its_condition() -> None:
    """POL-04 with CLM-13."""
    policy = Policy.resolve(
        overrides=[
            {"when": {"channel": "partner"}, "set": {"claim.protection_days": 20}},
            {"when": {"level": "VIP"}, "set": {"claim.idle_days": 2}},
        ],
        version=1,
    )
    assert warnings(policy, median_sales_cycle_days=100, lang="zh") == [
        "保护期（报备渠道为渠道）为 20 天，短于销售周期中位数 100 天的 75%（75 天）。（POL-04）"
    ]
    assert warnings(policy, median_sales_cycle_days=100, lang="en")[0].startswith(
        "Protection for claims with channel partner lasts 20 days,"
    )
