"""Who hears that leads are dealt out unevenly (LEAD-13)."""

from __future__ import annotations

from pathlib import Path

from storage.house import DatabaseHouse
from tests.support.company import Company, Person
from tests.support.leads import Leads
from tests.support.office import notices


def _alarms(person: Person) -> int:
    return notices(person).count("alarm.balance")


def test_oversight_and_supervisor_hear_once_per_window_of_a_share_that_is_off(company: Company, tmp_path: Path) -> None:
    """LEAD-13: of both who are off; never while too few leads were given out; the reps are told nothing."""
    office = Leads(company, policy={"lead.balance_min": 4})
    for _ in range(3):
        office.lead(person=office.first.id)
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)
    house.lead_balance()
    assert _alarms(company.admin) == 0
    office.lead(person=office.first.id)
    company.shift(days=1)
    for _ in range(2):
        house.lead_balance()
        DatabaseHouse(company.database, company.snapshots, tmp_path).lead_balance()
    assert [_alarms(p) for p in (company.admin, office.leader, office.first, office.second)] == [2, 2, 0, 0]
    company.shift(days=40)
    house.lead_balance()  # nothing was given out in the last thirty days
    assert _alarms(company.admin) == 2
