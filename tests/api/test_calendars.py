"""Working calendars over HTTP (contract section 3: TER-06)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.schemas.calendars import CalendarOut
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer

NOBODY = "00000000-0000-7000-8000-000000000000"


def _seeded(company: Company) -> dict[str, Any]:
    return next(c for c in listed(company.admin.get("/v1/calendars")) if c["name"] == "CN")


def _body(**more: Any) -> dict[str, Any]:
    return {"name": "SG", "country": "SG", "zone": "Asia/Singapore", "office_hours": "09:30-18:30", **more}


def _days(company: Company, calendar: str, first: str, last: str) -> list[dict[str, Any]]:
    return listed(company.rep().get(f"/v1/calendars/{calendar}/days", **{"from": first, "to": last}))


def test_the_seeded_calendar_knows_holidays_and_makeup_workdays(company: Company) -> None:
    """TER-06: both ends of the dates asked for are told."""
    seeded = _seeded(company)
    CalendarOut.model_validate(seeded)
    assert (seeded["country"], seeded["zone"], seeded["weekdays"]) == ("CN", "Asia/Shanghai", [1, 2, 3, 4, 5])
    assert {"year": 2025, "provisional": False} in seeded["years"]
    kinds = {d["date"]: (d["kind"], d["provisional"]) for d in _days(company, seeded["id"], "2025-09-27", "2025-10-01")}
    assert kinds == {
        "2025-09-27": ("weekend", False),
        "2025-09-28": ("makeup", False),
        "2025-09-29": ("working", False),
        "2025-09-30": ("working", False),
        "2025-10-01": ("holiday", False),
    }
    assert [d["date"] for d in _days(company, seeded["id"], "2025-10-01", "2025-10-01")] == ["2025-10-01"]


def test_at_most_four_hundred_days_are_told_at_once(company: Company) -> None:
    seeded = _seeded(company)["id"]
    assert len(_days(company, seeded, "2025-01-01", "2026-02-04")) == 400
    for first, last in (("2025-01-01", "2026-02-05"), ("2025-01-02", "2025-01-01")):
        answer = company.admin.get(f"/v1/calendars/{seeded}/days", **{"from": first, "to": last})
        refused(answer, 422, "field_invalid", "to")
    answer = company.admin.get(f"/v1/calendars/{seeded}/days", **{"from": "2025-02-30", "to": "2025-03-01"})
    refused(answer, 422, "field_invalid", "from")
    refused(company.admin.get(f"/v1/calendars/{seeded}/days"), 422, "field_missing", "from", "to")


def test_a_deadline_is_counted_as_clocks_count(company: Company) -> None:
    """Requirements 0.1: Friday 15:00 + 48 wh = Tuesday 15:00 with a free weekend."""
    seeded = _seeded(company)["id"]
    friday = "2025-11-21T15:00:00+08:00"
    for amount, unit, due in (
        ("48", "wh", "2025-11-25T07:00:00Z"),
        ("2", "wd", "2025-11-25T07:00:00Z"),
        ("48", "h", "2025-11-23T07:00:00Z"),
        ("2", "days", "2025-11-23T07:00:00Z"),
        ("90", "min", "2025-11-21T08:30:00Z"),
        ("4", "oh", "2025-11-24T02:00:00Z"),
        ("0.5", "h", "2025-11-21T07:30:00Z"),
    ):
        answer = company.admin.get(
            f"/v1/calendars/{seeded}/deadline", **{"from": friday, "amount": amount, "unit": unit}
        )
        assert answer.json() == {"deadline": due, "provisional": False}, (amount, unit)
    for amount, unit, field in (
        ("-1", "h", "amount"),
        ("1e3", "h", "amount"),
        ("x", "h", "amount"),
        ("99999", "wd", "amount"),
        ("1", "weeks", "unit"),
    ):
        answer = company.admin.get(
            f"/v1/calendars/{seeded}/deadline", **{"from": friday, "amount": amount, "unit": unit}
        )
        refused(answer, 422, "field_invalid", field)


def test_a_new_calendar_is_provisional_until_its_years_are_loaded(company: Company) -> None:
    """TER-06: an unpublished year is provisional, never an error."""
    answer = company.admin.post("/v1/calendars", _body())
    assert answer.status_code == 201
    calendar = answer.json()
    assert (calendar["weekdays"], calendar["version"]) == ([1, 2, 3, 4, 5], 1)
    assert all(year["provisional"] for year in calendar["years"])
    (day,) = _days(company, calendar["id"], "2031-02-10", "2031-02-10")
    assert (day["kind"], day["provisional"]) == ("working", True)
    year = {"year": 2031, "free_days": ["2031-02-10"], "work_days": ["2031-02-08"]}
    loaded = company.admin.post(f"/v1/calendars/{calendar['id']}/years", year)
    assert (loaded.status_code, loaded.json()["version"]) == (200, 2)
    assert {"year": 2031, "provisional": False} in loaded.json()["years"]
    kinds = [d["kind"] for d in _days(company, calendar["id"], "2031-02-08", "2031-02-10")]
    assert kinds == ["makeup", "weekend", "holiday"]
    # Loading a year again replaces what it said before.
    year = {"year": 2031, "free_days": [], "work_days": []}
    assert company.admin.made(f"/v1/calendars/{calendar['id']}/years", year)["version"] == 3
    kinds = [d["kind"] for d in _days(company, calendar["id"], "2031-02-08", "2031-02-10")]
    assert kinds == ["weekend", "weekend", "working"]


def test_what_is_wrong_with_a_year_is_named(company: Company) -> None:
    """TER-06: only what differs from the weekdays, dates of that year."""
    path = f"/v1/calendars/{_seeded(company)['id']}/years"
    for year, code, fields in (
        ({"year": 2031, "free_days": ["2030-01-01"], "work_days": []}, "field_invalid", ["free_days.0"]),
        ({"year": 2031, "free_days": ["2031-02-08"], "work_days": []}, "field_invalid", ["free_days.0"]),
        ({"year": 2031, "free_days": [], "work_days": ["2031-02-10"]}, "field_invalid", ["work_days.0"]),
        (
            {"year": 2031, "free_days": ["2031-02-10", "2031-02-10"], "work_days": []},
            "field_invalid",
            ["free_days.1"],
        ),
        ({"year": 2031, "free_days": ["2031-02-31"], "work_days": []}, "field_invalid", ["free_days.0"]),
        ({"year": 2031, "free_days": []}, "field_missing", ["work_days"]),
        ({"year": 2031, "free_days": [], "work_days": [], "name": "x"}, "field_not_allowed", ["name"]),
    ):
        refused(company.admin.post(path, year), 422, code, *fields)


def test_what_is_wrong_with_a_calendar_is_named(company: Company) -> None:
    """TER-06."""
    for more, field in (
        ({"zone": "Asia"}, "zone"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"office_hours": "18:00-09:00"}, "office_hours"),
        ({"office_hours": "09:00-18:60"}, "office_hours"),
        ({"office_hours": "all day"}, "office_hours"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [1, 1]}, "weekdays"),
        ({"weekdays": [0]}, "weekdays.0"),
        ({"country": "China"}, "country"),
        ({"name": "CN"}, "name"),
    ):
        refused(company.admin.post("/v1/calendars", _body(**more)), 422, "field_invalid", field)
    assert len(listed(company.admin.get("/v1/calendars"))) == 1


def test_a_calendar_is_edited_on_the_version_read(company: Company) -> None:
    """Contract section 1, Versions."""
    calendar = company.admin.made("/v1/calendars", _body())
    path = f"/v1/calendars/{calendar['id']}"
    edited = company.admin.patch(path, {"version": 1, "weekdays": [5, 6, 1], "office_hours": "08:00-24:00"}).json()
    assert (edited["weekdays"], edited["office_hours"], edited["version"]) == ([1, 5, 6], "08:00-24:00", 2)
    refused(company.admin.patch(path, {"version": 1, "name": "x"}), 409, "version_conflict")
    refused(company.admin.patch(path, {"version": 2, "name": "CN"}), 422, "field_invalid", "name")
    refused(company.admin.patch(f"/v1/calendars/{NOBODY}", {"version": 1}), 404, "not_found")
    # Nothing said, nothing changed: no claim counts again for it.
    assert company.admin.patch(path, {"version": 2, "name": "SG"}).json() == edited


def test_calendars_are_changed_by_admins_and_read_by_everybody(company: Company) -> None:
    """Contract section 9."""
    seeded, rep = _seeded(company), company.rep()
    path = f"/v1/calendars/{seeded['id']}"
    refused(rep.post("/v1/calendars", _body()), 403, "not_allowed")
    refused(rep.patch(path, {"version": 1, "name": "x"}), 403, "not_allowed")
    refused(rep.post(f"{path}/years", {"year": 2031, "free_days": [], "work_days": []}), 403, "not_allowed")
    assert rep.get(path).json() == seeded
    refused(rep.get(f"/v1/calendars/{NOBODY}"), 404, "not_found")
    refused(rep.get(f"/v1/calendars/{NOBODY}/days", **{"from": "2025-01-01", "to": "2025-01-01"}), 404, "not_found")


def test_a_loaded_year_moves_future_deadlines_of_open_claims(company: Company) -> None:
    """TER-06: counted again when it is loaded, no longer provisional."""
    monday = datetime(2031, 3, 3, 2, tzinfo=UTC)
    company.shift(seconds=(monday - company.now()).total_seconds())
    program, rep = company.program(policy={"claim.first_follow_up_wh": 240}), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert claim["deadline"].startswith("2031-03-17T02:0")
    calendar = company.admin.get(f"/v1/programs/{program}").json()["calendar"]
    year = {"year": 2031, "free_days": ["2031-03-05"], "work_days": []}
    company.admin.made(f"/v1/calendars/{calendar}/years", year)
    company.direct.drain(claim["id"])
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert after["deadline"] == claim["deadline"].replace("03-17", "03-18")
