"""Presets (预设) of table 13.1 (POL-03): what each sets apart from the defaults of the catalogue.

Two lines of the table are no parameters and stand as fields: who the pool is open to (POOL-01), and whether walk-in
customers go through the reception rotation (LEAD-08 to LEAD-10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.policy.overrides import Override
from domain.policy.parameters import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A starting policy. ``parameters`` and ``overrides`` hold only what differs from the general policy."""

    name: str
    zh: str
    en: str
    parameters: Mapping[str, JSON]
    overrides: tuple[Override, ...] = ()
    pool_admins_only: bool = False
    reception_rotation: bool = False


def _ranked(**weights: int) -> list[JSON]:
    """Ownership rules in order. The weights matter once a program switches to weighted mode."""
    return [{"rule": rule, "weight": weight} for rule, weight in weights.items()]


_GENERAL: Final = Preset(name="general", zh="通用", en="General", parameters=MappingProxyType({}))

_REAL_ESTATE: Final = Preset(
    name="real_estate",
    zh="售楼部／案场",
    en="Real-estate sales office",
    parameters=MappingProxyType(
        {
            "policy.preset": "real_estate",
            "ownership.tracks": ["sales", "channel"],
            "ownership.rules": _ranked(first_reception=40, first_report=30, customer_choice=20, deeper_relation=10),
            "match.phone_mode": "3+4",
            "match.related_scope": "household",
            "visibility.owner_name": "program",
            "calendar.weekdays": [1, 2, 3, 4, 5, 6, 7],
            "claim.out_of_territory": "warn",
            "claim.protection_shape": "report_visit_deal",
            "claim.stage_length": {"report_visit": "15d", "visit_deal": "30d"},
            "claim.renew_recent_days": 15,
            "claim.guard_stage": "subscription",
            "claim.first_follow_up_wh": 24,
            "claim.idle_days": 7,
            "reminder.protection_days": [7, 3, 1],
            "reminder.idle_days": [2],
            "claim.approval_wh": 24,
            "claim.extension_days": 15,
            "pool.cool_off_h": 24,
            "pool.windows": ["08:00-10:00", "14:00-17:00"],
            "confirm.points": ["after_first_visit", "before_contract"],
            "confirm.hold_commission": True,
            "commission.release": {"contract": 30, "first_payment": 30, "full_payment": 40},
            "dispute.negotiation_oh": 4,
            "dispute.tier_wh": 24,
        }
    ),
    overrides=(
        # A partner brings the customer and does not work on him afterwards: its clocks are the stages alone.
        Override(
            when=MappingProxyType({"channel": "partner"}),
            values=MappingProxyType(
                {
                    "claim.first_follow_up_wh": 0,
                    "claim.idle_days": 0,
                    "claim.stage_length": {"report_visit": "3d", "visit_deal": "30d"},
                    "claim.on_protection_end": "lapse",
                }
            ),
        ),
    ),
    reception_rotation=True,
)

_B2B_SAAS: Final = Preset(
    name="b2b_saas",
    zh="企业软件（SaaS）",
    en="B2B SaaS",
    parameters=MappingProxyType(
        {
            "policy.preset": "b2b_saas",
            "claim.judgement_mode": "auto",
            "ownership.rules": _ranked(
                named_account=40, territory=30, first_contact=20, first_report=20, deeper_relation=10
            ),
            "ownership.intercept_min": {"in_house": 0, "partner": 0},
            "visibility.owner_name": "program",
            "claim.out_of_territory": "refuse",
            "claim.max_total_days": 365,
            "claim.no_deal_days": 0,
            "claim.idle_days": 30,
            "claim.approval_wh": 24,
            "claim.grace_days": 10,
            "claim.extension_days": 45,
            "claim.lapse_to": "dispatch",
            "pool.cool_off_h": 24,
        }
    ),
)

_CHANNEL_PARTNER: Final = Preset(
    name="channel_partner",
    zh="渠道合作",
    en="Channel partner",
    parameters=MappingProxyType(
        {
            "policy.preset": "channel_partner",
            "ownership.tracks": ["sales", "channel"],
            "claim.subject": "project",
            "claim.on_possible": "judge",
            "ownership.rules": _ranked(first_report=40, deeper_relation=20),
            "ownership.intercept_min": {"in_house": 0, "partner": 0},
            "claim.on_protection_end": "lapse",
            "claim.grace_days": 10,
            "claim.extension_days": 90,
            "claim.on_collision": "queue",
            "claim.lapse_to": "supervisor",
            "confirm.points": ["before_contract"],
            "dispute.strict_neutral": True,
        }
    ),
    pool_admins_only=True,
)

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {preset.name: preset for preset in (_GENERAL, _REAL_ESTATE, _B2B_SAAS, _CHANNEL_PARTNER)}
)
"""By name; the names are the choices of ``policy.preset``."""
