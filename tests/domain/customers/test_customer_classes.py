"""What a customer is by deals and dates, and the level that follows (CUS-12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar.working_calendar import WorkingCalendar
from domain.customers.classes import Dealings, class_of, level_of
from domain.policy.policy import Policy

CALENDAR = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {})
NOON = datetime(2028, 2, 29, 4, tzinfo=UTC)
DAYS = {"customer.new_days": 30, "customer.dormant_days": 100}
INSTANT = timedelta(microseconds=1)


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


@pytest.mark.parametrize(
    ("first_deal", "last", "values", "wanted"),
    [
        (None, ago(1), DAYS, ("prospect", None)),
        (None, ago(100) + INSTANT, DAYS, ("prospect", None)),
        (None, ago(100), DAYS, ("dormant", None)),
        (ago(1), ago(1), DAYS, ("new", "B")),
        (ago(30) + INSTANT, ago(1), DAYS, ("new", "B")),
        (ago(30), ago(1), DAYS, ("existing", "A")),
        (ago(300), ago(99), DAYS, ("existing", "A")),
        (ago(300), ago(100), DAYS, ("dormant", "C")),
        (ago(300), ago(100), DAYS | {"customer.dormant_days": 101}, ("existing", "A")),
        (ago(9000), ago(9000), DAYS | {"customer.dormant_days": 0}, ("existing", "A")),
        (ago(0), ago(0), DAYS | {"customer.new_days": 0}, ("existing", "A")),
        # Whoever counts as new for longer than silence may last is dormant all the same.
        (ago(120), ago(110), DAYS | {"customer.new_days": 365}, ("dormant", "C")),
        (ago(89), ago(89), {}, ("new", "B")),
        (ago(90), ago(90), {}, ("existing", "A")),
        (ago(180), ago(180), {}, ("dormant", "C")),
        (NOON + timedelta(days=5), NOON, DAYS, ("new", "B")),
    ],
)
def test_the_class_goes_by_the_first_deal_and_the_last_sign_of_life(
    first_deal: datetime | None, last: datetime, values: dict[str, int], wanted: tuple[str, str | None]
) -> None:
    """CUS-12: to the instant, by the days of the policy; nobody has a level before a deal."""
    dealings, policy = Dealings(first_deal, last), Policy.resolve(values, version=1)
    found = class_of(dealings, policy=policy, calendar=CALENDAR, at=NOON)
    assert (found.value, level_of(dealings, policy=policy, calendar=CALENDAR, at=NOON)) == wanted
