"""Warnings about a policy that is allowed but unwise: protection shorter than customers take to buy (POL-04)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from domain.calendar.duration import DAY_US
from domain.policy.policy import Policy
from domain.policy.wording import condition_text, plain_number


def warnings(policy: Policy, *, median_sales_cycle_days: float | None, lang: str | None = None) -> list[str]:
    """One sentence for the policy, and one for each override that is short where it sets the protection itself.

    ``median_sales_cycle_days``: of the program's own deals, ``None`` while there are none. ``lang``: zh or en;
    default: that of ``locale.default``. Nothing where ``policy.sales_cycle_warn_pct`` or the protection is 0.
    """
    if median_sales_cycle_days is None:
        return []
    language = lang or policy.choice("locale.default")[:2]
    median = Decimal(repr(median_sales_cycle_days))
    needed = median * policy.number("policy.sales_cycle_warn_pct") / 100
    found = []
    for variant in (policy, *_variants(policy)):
        days = _protection_days(variant)
        if days is not None and days < needed:
            found.append(_sentence(variant, days=days, median=median, needed=needed, lang=language))
    return found


_PROTECTING: Final = frozenset({"claim.protection_days", "claim.protection_shape", "claim.stage_length"})


def _variants(policy: Policy) -> list[Policy]:
    """The policy as each override that touches the protection leaves it."""
    touching = (override for override in policy.overrides if not _PROTECTING.isdisjoint(override.values))
    return [
        policy.for_claim(
            level=override.when.get("level"),
            kind=override.when.get("kind"),
            source=override.when.get("source"),
            channel=override.when.get("channel"),
        )
        for override in touching
    ]


def _protection_days(policy: Policy) -> Decimal | None:
    """Days from report to deal that the policy protects, ``None`` where one of its clocks is off."""
    stages = {
        "report_deal": (policy.duration("claim.protection_days"),),
        "report_visit_deal": (policy.stage_length("report_visit"), policy.stage_length("visit_deal")),
        "visit_deal": (policy.stage_length("visit_deal"),),
    }[policy.protection_shape]
    if any(stage is None for stage in stages):
        return None
    return sum((Decimal(stage.microseconds) for stage in stages if stage is not None), Decimal(0)) / DAY_US


def _sentence(policy: Policy, *, days: Decimal, median: Decimal, needed: Decimal, lang: str) -> str:
    pct = plain_number(policy.number("policy.sales_cycle_warn_pct"))
    shown, cycle, least = (plain_number(amount.quantize(_TENTH, ROUND_HALF_EVEN)) for amount in (days, median, needed))
    if lang == "en":
        whose = f" for claims with {condition_text(policy.override, lang='en')}" if policy.override else ""
        return (
            f"Protection{whose} lasts {shown} days, less than {pct} % of the median sales cycle "
            f"of {cycle} days ({least} days). (POL-04)"
        )
    whose = f"（{condition_text(policy.override, lang='zh')}）" if policy.override else ""
    return f"保护期{whose}为 {shown} 天，短于销售周期中位数 {cycle} 天的 {pct}%（{least} 天）。（POL-04）"


_TENTH: Final = Decimal("0.1")
