"""Who hears that leads are dealt out unevenly (LEAD-13)."""

from __future__ import annotations

from pathlib import Path

from storage.house import DatabaseHouse
from tests.support.answers import listed
from tests.support.company import Company, Person
from tests.support.leads import Leads
from tests.support.money import money
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


def test_the_alarm_says_whether_number_or_value_is_off(company: Company, tmp_path: Path) -> None:
    """LEAD-13: as many each, the dear ones to one of them; of their number nothing is said, and the balance says so."""
    office = Leads(company, policy={"lead.balance_min": 4})
    for n in range(2):
        office.lead(person=office.first.id, value=money(900_000))
        office.lead(person=office.second.id, value=money(100_000 + n))
    DatabaseHouse(company.database, company.snapshots, tmp_path).lead_balance()
    assert _alarms(company.admin) == 0, "within one lead of the dearest"
    for _ in range(4):
        office.lead(person=office.first.id, value=money(900_000))
        office.lead(person=office.second.id, value=money(100_000))
    DatabaseHouse(company.database, company.snapshots, tmp_path).lead_balance()
    told = [n for n in listed(company.admin.get("/v1/me/notices")) if n["kind"] == "alarm.balance"]
    assert len(told) == 2
    assert all("worth" in n["text"]["en"] for n in told)
    found = company.admin.get("/v1/leads/balance", program=office.program).json()["items"]
    mine = next(item for item in found if item["person"] == office.first.id)
    assert (mine["alarm"], mine["off"], mine["deviation_pct"]) == (True, ["value"], 0.0)
    assert mine["values"][0]["amount_minor"] == 5_400_000
    for _ in range(12):
        office.lead(person=office.first.id, value=money(1))
    DatabaseHouse(company.database, company.snapshots, tmp_path).lead_balance()
    told = [n for n in listed(company.admin.get("/v1/me/notices")) if n["kind"] == "alarm.balance"][:-2]
    assert len(told) == 2, "of the number for the first time, though of the value they were told"
    assert not any("worth" in n["text"]["en"] for n in told)
