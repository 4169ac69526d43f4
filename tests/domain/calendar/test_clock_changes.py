"""Deadlines worked out by hand where the clocks change (TER-06, 0.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from domain.calendar import Duration, Scale, WorkingCalendar

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
EVERY_DAY = frozenset(range(1, 8))

DST_DEADLINES = [
    # Berlin, 31 March 2024: 02:00 becomes 03:00. 27 October 2024: 03:00 becomes 02:00.
    (BERLIN, "2024-03-30T14:00Z", "1 days", "2024-03-31T13:00Z"),
    (BERLIN, "2024-03-30T14:00Z", "24 h", "2024-03-31T14:00Z"),
    (BERLIN, "2024-03-30T14:00Z", "24 wh", "2024-03-31T13:00Z"),
    (BERLIN, "2024-03-30T01:00Z", "1 days", "2024-03-31T01:00Z"),
    (BERLIN, "2024-03-30T01:30Z", "1 days", "2024-03-31T01:00Z"),
    (BERLIN, "2024-03-30T01:30Z", "24 wh", "2024-03-31T01:00Z"),
    (BERLIN, "2024-03-30T01:59:59.999999Z", "1 days", "2024-03-31T01:00Z"),
    (BERLIN, "2024-03-30T02:00Z", "1 days", "2024-03-31T01:00Z"),
    (BERLIN, "2024-03-30T02:01Z", "1 days", "2024-03-31T01:01Z"),
    (BERLIN, "2024-03-30T16:00Z", "10 oh", "2024-03-31T16:00Z"),
    (BERLIN, "2024-10-26T13:00Z", "1 days", "2024-10-27T14:00Z"),
    (BERLIN, "2024-10-26T13:00Z", "48 wh", "2024-10-28T14:00Z"),
    (BERLIN, "2024-10-26T00:30Z", "1 days", "2024-10-27T00:30Z"),
    (BERLIN, "2024-10-26T01:00Z", "1 days", "2024-10-27T02:00Z"),
    (BERLIN, "2024-10-27T01:30Z", "0.01 days", "2024-10-27T01:44:24Z"),
    (BERLIN, "2024-10-27T01:30Z", "1 days", "2024-10-28T01:30Z"),
    (BERLIN, "2024-10-27T00:30Z", "0.25 wh", "2024-10-27T00:45Z"),
    (BERLIN, "2024-10-27T00:45Z", "0.5 wh", "2024-10-27T02:15Z"),
    # New York, 10 March 2024: 02:00 becomes 03:00. 3 November 2024: 02:00 becomes 01:00.
    (NEW_YORK, "2024-03-09T07:30Z", "1 days", "2024-03-10T07:00Z"),
    (NEW_YORK, "2024-03-09T20:00Z", "2 days", "2024-03-11T19:00Z"),
    (NEW_YORK, "2024-11-02T05:30Z", "1 days", "2024-11-03T05:30Z"),
    (NEW_YORK, "2024-11-02T19:00Z", "24 wh", "2024-11-03T20:00Z"),
    # Lord Howe changes by half an hour: 6 October 2024 02:00 becomes 02:30, 7 April 2024 02:00 becomes 01:30.
    (LORD_HOWE, "2024-10-04T15:45Z", "1 days", "2024-10-05T15:30Z"),
    (LORD_HOWE, "2024-10-04T15:29Z", "1 days", "2024-10-05T15:29Z"),
    (LORD_HOWE, "2024-04-05T14:45Z", "1 days", "2024-04-06T14:45Z"),
    (LORD_HOWE, "2024-04-05T15:00Z", "1 days", "2024-04-06T15:30Z"),
    # Santiago skips midnight on 8 September 2024; Samoa skipped the whole of 30 December 2011.
    ("America/Santiago", "2024-09-07T04:00Z", "1 days", "2024-09-08T04:00Z"),
    ("America/Santiago", "2024-09-07T12:00Z", "16 wh", "2024-09-08T04:00Z"),
    ("Pacific/Apia", "2011-12-29T22:00Z", "1 days", "2011-12-30T10:00Z"),
    ("Pacific/Apia", "2011-12-29T22:00Z", "2 days", "2011-12-30T22:00Z"),
]


@pytest.mark.parametrize(("zone", "start", "amount", "due"), DST_DEADLINES)
def test_a_deadline_keeps_its_clock_time_where_the_clocks_change(
    weekdays_in: Callable[..., WorkingCalendar], zone: str, start: str, amount: str, due: str
) -> None:
    """0.1: a skipped clock time moves to the end of the gap, a repeated one is the first; ``h`` just elapses."""
    calendar = weekdays_in(zone, weekdays=EVERY_DAY)
    assert calendar.add(utc(start), duration(amount)).at == utc(due)


@pytest.mark.parametrize(
    ("zone", "end", "amount", "before"),
    [
        (BERLIN, "2024-04-01T00:30Z", "1 days", "2024-03-31T01:00Z"),
        (BERLIN, "2024-03-31T13:00Z", "1 days", "2024-03-30T14:00Z"),
        (BERLIN, "2024-03-31T13:00Z", "24 h", "2024-03-30T13:00Z"),
        (BERLIN, "2024-10-28T01:30Z", "1 days", "2024-10-27T00:30Z"),
        (BERLIN, "2024-10-27T01:30Z", "0.25 wh", "2024-10-27T01:15Z"),
        (BERLIN, "2024-10-27T02:15Z", "0.5 wh", "2024-10-27T00:45Z"),
        (LORD_HOWE, "2024-04-07T15:15Z", "1 days", "2024-04-06T14:45Z"),
    ],
)
def test_a_reminder_keeps_its_clock_time_where_the_clocks_change(
    weekdays_in: Callable[..., WorkingCalendar], zone: str, end: str, amount: str, before: str
) -> None:
    """CLM-18, 0.1: the same rules backwards."""
    assert weekdays_in(zone, weekdays=EVERY_DAY).subtract(utc(end), duration(amount)) == utc(before)


def test_an_earlier_time_on_a_clock_set_back_leaves_nothing_between(
    weekdays_in: Callable[..., WorkingCalendar],
) -> None:
    """CLM-21: half an hour after 02:45 it may be 02:15 again; that is not minus half an hour."""
    calendar = weekdays_in(BERLIN, weekdays=EVERY_DAY)
    first_pass, second_pass = utc("2024-10-27T00:45Z"), utc("2024-10-27T01:15Z")
    assert calendar.between(first_pass, second_pass, Scale.WORKING) == Duration(0, Scale.WORKING)
    assert calendar.between(first_pass, second_pass, Scale.ELAPSED) == Duration.of(30, "min")


def test_the_office_opens_after_the_gap_that_swallowed_its_opening(
    weekdays_in: Callable[..., WorkingCalendar],
) -> None:
    """TER-06: an opening at a clock time that does not exist is the first instant after it."""
    calendar = weekdays_in(BERLIN, weekdays=EVERY_DAY, office="02:30-24:00")
    assert calendar.next_office_opening(utc("2024-03-31T00:15Z")) == utc("2024-03-31T01:00Z")
    assert calendar.next_office_opening(utc("2024-10-27T01:15Z")) == utc("2024-10-27T01:30Z")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def duration(text: str) -> Duration:
    amount, unit = text.split()
    return Duration.of(amount, unit)
