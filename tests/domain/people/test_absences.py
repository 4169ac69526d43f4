"""When somebody is there between their absences (请假): PPL-05, POOL-08."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.people.organisation import Absence, Organisation

DAY = datetime(2031, 3, 3, tzinfo=UTC)


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("absences", "present"),
    [
        ((), ((4, 20),)),
        (((0, 24),), ()),
        (((0, 12), (10, 24)), ()),  # they overlap
        (((12, 24), (0, 12)), ()),  # one begins as the other ends
        (((0, 18), (2, 6), (18, 24)), ()),  # one lies in another
        (((0, 8), (10, 24)), ((8, 10),)),
        (((6, 8), (8, 10)), ((4, 6), (10, 20))),
        (((0, 4), (20, 24)), ((4, 20),)),  # what only touches the time takes none of it
    ],
)
def test_what_no_absence_covers_is_time_present(
    absences: tuple[tuple[int, int], ...], present: tuple[tuple[int, int], ...]
) -> None:
    """PPL-05: overlapping absences count once; asked from 4 to 20."""
    away = tuple(Absence(f"a{n}", "anna", at(start), at(end), DAY) for n, (start, end) in enumerate(absences))
    organisation = Organisation({}, {}, "root", absences={"anna": away})
    found = organisation.present_between("anna", start=at(4), end=at(20))
    assert found == tuple((at(start), at(end)) for start, end in present)
