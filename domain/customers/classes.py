"""What a customer is to the company (客户分类): its class by deals and dates, and the level that follows (CUS-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.calendar.working_calendar import WorkingCalendar
from domain.policy.policy import Policy


class CustomerClass(StrEnum):
    """潜在, 新, 老 and 休眠."""

    PROSPECT = "prospect"
    NEW = "new"
    EXISTING = "existing"
    DORMANT = "dormant"


@dataclass(frozen=True, slots=True)
class Dealings:
    """``first_deal``: the contract of the first deal that stands; ``last``: the latest sign of life between the two."""

    first_deal: datetime | None
    last: datetime


def class_of(dealings: Dealings, *, policy: Policy, calendar: WorkingCalendar, at: datetime) -> CustomerClass:
    """The class at ``at``. Silence counts before all else: whoever had a deal may be dormant, and so may a prospect."""
    silence, fresh = policy.duration("customer.dormant_days"), policy.duration("customer.new_days")
    if silence is not None and calendar.add(dealings.last, silence).at <= at:
        return CustomerClass.DORMANT
    if dealings.first_deal is None:
        return CustomerClass.PROSPECT
    if fresh is not None and at < calendar.add(dealings.first_deal, fresh).at:
        return CustomerClass.NEW
    return CustomerClass.EXISTING


def level_of(dealings: Dealings, *, policy: Policy, calendar: WorkingCalendar, at: datetime) -> str | None:
    """The level that `customer.class_levels` gives the class; none before there was a deal."""
    if dealings.first_deal is None:
        return None
    return policy.class_level(class_of(dealings, policy=policy, calendar=calendar, at=at).value)
