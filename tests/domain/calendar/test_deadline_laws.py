"""Laws that every calendar obeys, and a slow walk through the hours that must agree (TER-06, CLM-21)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import CalendarYear, Duration, Scale, WorkingCalendar

HALF_HOUR_US = 1_800_000_000
DAY_US = 48 * HALF_HOUR_US
STEADY_ZONES = ("Asia/Shanghai", "UTC", "Asia/Kathmandu", "Pacific/Kiritimati")
CHANGES = {
    "Europe/Berlin": ("2024-03-31T01:00Z", "2024-10-27T01:00Z"),
    "America/New_York": ("2024-03-10T07:00Z", "2024-11-03T06:00Z"),
    "Australia/Lord_Howe": ("2024-04-06T15:00Z", "2024-10-05T15:30Z"),
    "America/Santiago": ("2024-04-07T03:00Z", "2024-09-08T04:00Z"),
    "Asia/Beirut": ("2024-03-30T22:00Z", "2024-10-26T21:00Z"),
}


@st.composite
def calendar_years(draw: st.DrawFn, year: int) -> CalendarYear:
    dates = st.dates(date(year, 1, 1), date(year, 12, 31))
    free = draw(st.frozensets(dates, max_size=20))
    # A long closure, so that runs of free days cross months and the turn of the year.
    first = draw(dates)
    length = draw(st.integers(0, 12))
    run = {first + timedelta(days=n) for n in range(length)} | free
    work = draw(st.frozensets(dates, max_size=12))
    return CalendarYear(year, frozenset(day for day in run if day.year == year) - work, work)


@st.composite
def calendars(draw: st.DrawFn, zones: tuple[str, ...] = STEADY_ZONES) -> WorkingCalendar:
    weekdays = draw(st.frozensets(st.integers(1, 7), min_size=1))
    start, end = sorted(draw(st.lists(st.integers(0, 48), min_size=2, max_size=2, unique=True)))
    years = draw(st.frozensets(st.sampled_from([2023, 2024, 2025])))
    loaded = {year: draw(calendar_years(year)) for year in sorted(years)}
    return WorkingCalendar(draw(st.sampled_from(zones)), weekdays, start * 30, end * 30, loaded)


@st.composite
def spans_around_a_change(draw: st.DrawFn) -> tuple[WorkingCalendar, datetime, list[int]]:
    """A calendar, a start near a change of its clocks, and two amounts that end near it too."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    calendar = draw(calendars((zone,)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[zone])))
    near = st.integers(-12, 12).map(lambda quarters: quarters * 15)
    start = change + timedelta(minutes=draw(near) - draw(st.sampled_from([0, 1440])))
    ahead = st.tuples(near, st.sampled_from([0, 1440])).map(lambda pair: max(1, sum(pair)) * 60_000_000)
    return calendar, start, sorted((draw(ahead), draw(ahead)))


scales = st.sampled_from(list(Scale))
counted_scales = st.sampled_from([Scale.WORKING, Scale.OFFICE])
closures = st.integers(0, 6)
instants = st.datetimes(datetime(2022, 12, 1), datetime(2026, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.integers(1, 40 * DAY_US) | st.integers(1, 40 * 48).map(lambda halves: halves * HALF_HOUR_US)
half_hours = st.integers(0, 480 * 48).map(lambda n: datetime(2023, 11, 1) + n * timedelta(minutes=30))  # noqa: DTZ001
thorough = settings(deadline=None, max_examples=80)


@thorough
@given(calendars(), instants, scales, st.tuples(amounts, amounts).map(sorted), closures)
def test_a_longer_amount_is_never_due_earlier(
    calendar: WorkingCalendar, start: datetime, scale: Scale, lengths: list[int], closure_days: int
) -> None:
    """TER-06: deadlines grow with their amounts and never lie before their start."""
    sooner, later = (calendar.add_outside_closures(start, Duration(us, scale), closure_days).at for us in lengths)
    assert start <= sooner <= later


@thorough
@given(
    calendar=calendars(),
    start=instants,
    wait=st.timedeltas(timedelta(0), timedelta(days=20)),
    scale=scales,
    amount=amounts,
    closure_days=closures,
)
def test_a_later_start_is_never_due_earlier(
    *,
    calendar: WorkingCalendar,
    start: datetime,
    wait: timedelta,
    scale: Scale,
    amount: int,
    closure_days: int,
) -> None:
    """TER-06: who starts first is due first."""
    length = Duration(amount, scale)
    early, late = (calendar.add_outside_closures(moment, length, closure_days).at for moment in (start, start + wait))
    assert early <= late


@thorough
@given(calendars(), instants, scales, amounts, closures)
def test_what_lies_between_start_and_deadline_is_the_amount(
    calendar: WorkingCalendar, start: datetime, scale: Scale, amount: int, closure_days: int
) -> None:
    """CLM-21: nothing is lost or gained over a pause."""
    length = Duration(amount, scale)
    due = calendar.add_outside_closures(start, length, closure_days).at
    assert calendar.between(start, due, scale, closure_days) == length


@settings(deadline=None, max_examples=300)
@given(spans_around_a_change(), scales, st.sampled_from([0, 0, 1, 2]))
def test_a_change_of_the_clocks_breaks_no_law(
    span: tuple[WorkingCalendar, datetime, list[int]], scale: Scale, closure_days: int
) -> None:
    """CLM-21: within a day of a gap or a repeated hour, the time between still leads back to the deadline."""
    calendar, start, lengths = span
    sooner, later = (calendar.add_outside_closures(start, Duration(us, scale), closure_days).at for us in lengths)
    assert start <= sooner <= later
    again = calendar.between(start, later, scale, closure_days)
    assert calendar.add_outside_closures(start, again, closure_days).at == later
    assert calendar.subtract(later, Duration(lengths[1], scale)) <= later


@thorough
@given(
    calendar=calendars(),
    start=instants,
    scale=scales,
    first=amounts,
    second=amounts,
    closure_days=closures,
)
def test_a_pause_in_the_middle_changes_nothing(
    *,
    calendar: WorkingCalendar,
    start: datetime,
    scale: Scale,
    first: int,
    second: int,
    closure_days: int,
) -> None:
    """CLM-21: two parts one after the other end where the whole ends."""
    halfway = calendar.add_outside_closures(start, Duration(first, scale), closure_days).at
    due = calendar.add_outside_closures(start, Duration(first + second, scale), closure_days).at
    assert calendar.add_outside_closures(halfway, Duration(second, scale), closure_days).at == due


@thorough
@given(calendars(), instants, counted_scales, amounts)
def test_going_back_from_a_deadline_finds_the_working_start(
    calendar: WorkingCalendar, start: datetime, scale: Scale, amount: int
) -> None:
    """CLM-18: a start outside working time is found as the next time that counts."""
    length = Duration(amount, scale)
    begins = calendar.next_working_start if scale is Scale.WORKING else calendar.next_office_opening
    assert calendar.subtract(calendar.add(start, length).at, length) == begins(start)


@thorough
@given(calendars(), instants, scales, amounts)
def test_going_back_and_forth_returns_to_every_deadline(
    calendar: WorkingCalendar, start: datetime, scale: Scale, amount: int
) -> None:
    """CLM-18: a reminder planned n before a deadline has it n ahead."""
    due, length = calendar.add(start, Duration(amount, scale)).at, Duration(amount, scale)
    assert calendar.add(calendar.subtract(due, length), length).at == due
    assert calendar.subtract(start, length) < start


@thorough
@given(calendars(), instants, amounts)
def test_closures_of_a_single_day_leave_the_working_days(
    calendar: WorkingCalendar, start: datetime, amount: int
) -> None:
    """CLM-17: if every free day is a closure, calendar days are working days."""
    days, working = Duration(amount, Scale.CALENDAR), Duration(amount, Scale.WORKING)
    assert calendar.add_outside_closures(start, days, 1).at == calendar.add(start, working).at


@thorough
@given(
    calendars(),
    half_hours,
    st.sampled_from([Scale.CALENDAR, Scale.WORKING, Scale.OFFICE]),
    st.integers(1, 8 * 48),
    closures,
)
def test_a_walk_through_every_half_hour_ends_at_the_deadline(
    calendar: WorkingCalendar, wall: datetime, scale: Scale, halves: int, closure_days: int
) -> None:
    """TER-06, CLM-17: an independent count, half an hour after half an hour on the wall clock."""
    start = wall.replace(tzinfo=ZoneInfo(calendar.zone))
    due = calendar.add_outside_closures(start, Duration(halves * HALF_HOUR_US, scale), closure_days).at
    assert due == _walk(calendar, start, scale, halves, closure_days)


def _walk(calendar: WorkingCalendar, start: datetime, scale: Scale, halves: int, closure_days: int) -> datetime:
    slot = start
    while halves:
        halves -= _counts(calendar, slot, scale, closure_days)
        slot += timedelta(minutes=30)
    return slot


def _counts(calendar: WorkingCalendar, slot: datetime, scale: Scale, closure_days: int) -> bool:
    day = slot.date()
    if scale is Scale.CALENDAR:
        return not closure_days or _run_of_free_days(calendar, day) < closure_days
    if not calendar.is_working(day):
        return False
    minute = slot.hour * 60 + slot.minute
    return scale is Scale.WORKING or calendar.office_start_min <= minute < calendar.office_end_min


def _run_of_free_days(calendar: WorkingCalendar, day: date) -> int:
    if calendar.is_working(day):
        return 0
    length = 1
    for step in (timedelta(days=1), timedelta(days=-1)):
        other = day + step
        while not calendar.is_working(other):
            length += 1
            other += step
    return length
