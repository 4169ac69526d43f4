"""Calendars that are published later and policies that change under open claims (TER-06, POL-02, CLM-13, CLM-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.codec import rfc3339
from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
    customer,
    done,
    moment,
    notices,
    read,
    tasks,
    work,
)

#: Wednesday 2031-04-30 10:00 in Shanghai, the day before Labour Day.
EVE = "2031-04-30T02:00:00Z"
#: Labour Day of 2031 as it might be published: Thursday to Monday free, Sunday the 27th and Saturday the 10th worked.
LABOUR_DAY = {
    "year": 2031,
    "free_days": ["2031-05-01", "2031-05-02", "2031-05-05"],
    "work_days": ["2031-04-27", "2031-05-10"],
}
#: Only the first-follow-up clock.
FIRST: dict[str, Any] = {"claim.idle_days": 0, "claim.no_deal_days": 0, "claim.protection_days": 0}


def calendar_of(company: Company) -> str:
    calendars = company.admin.get("/v1/calendars").json()["items"]
    return str(next(c["id"] for c in calendars if c["name"] == "CN"))


def publish(company: Company, year: dict[str, Any]) -> None:
    done(company.admin.post(f"/v1/calendars/{calendar_of(company)}/years", year))
    company.spread()


def near(found: str | None, expected: str) -> bool:
    """So much is said, give or take what the test's own calls take."""
    return timedelta() <= moment(found) - moment(expected) < timedelta(seconds=30)


def test_working_hours_run_around_a_published_holiday_and_on_its_make_up_days(company: Company) -> None:
    """TER-06 (调休): 48 wh from the eve: 14 h of Wednesday, then Tuesday 05-06 (24 h), then Wednesday until 10:00."""
    company.at("2031-04-01T02:00:00Z")
    publish(company, LABOUR_DAY)
    office = Office(company, opened=EVE, policy=FIRST)
    claim = office.claim(office.first)
    assert near(clocks(claim)["first_follow_up"], "2031-05-07T02:00:00Z")
    # Friday 05-09 15:00: 9 h, the make-up Saturday 24 h, Monday until 15:00.
    company.at("2031-05-09T07:00:00Z")
    other = office.claim(office.first, customer=customer(2))
    assert near(clocks(other)["first_follow_up"], "2031-05-12T07:00:00Z")


def test_an_unpublished_year_is_counted_by_weekdays(company: Company) -> None:
    """TER-06: provisional, never an error: Friday 05-02 10:00 like any other week."""
    office = Office(company, opened=EVE, policy=FIRST)
    assert near(clocks(office.claim(office.first))["first_follow_up"], "2031-05-02T02:00:00Z")


def test_a_year_loaded_later_moves_future_deadlines_and_tells_the_owner(company: Company) -> None:
    """TER-06: recounted from where the clock started; history and notice say so; the state stands."""
    office = Office(company, opened=EVE, policy=FIRST)
    claim = office.claim(office.first)
    untouched = office.claim(office.second, customer=customer(2))
    done(act(office.second, untouched, "release", reason="lost"))
    company.advance(hours=5)
    publish(company, LABOUR_DAY)
    moved = read(office.first, claim)
    assert near(clocks(moved)["first_follow_up"], "2031-05-07T02:00:00Z")
    assert (moved["state"], moved["accepted_at"]) == ("protected", claim["accepted_at"])
    assert "policy.changed" in notices(office.first, claim)
    assert "policy.changed" not in notices(office.second, untouched)
    company.advance(days=3)
    assert read(office.first, claim)["state"] == "protected"
    company.advance(days=4)
    assert read(office.first, claim)["ended_at"] == moved["deadline"]


@pytest.mark.parametrize(
    ("notice_wd", "until"),
    # Recounted on Thursday 05-08 12:00. With the Saturday worked 48 wh from Thursday 10:00 end on Saturday 10:00.
    [
        # A working day ahead is Friday 12:00, before that: the new deadline holds.
        (1, "2031-05-10T02:00:00Z"),
        # Two are Saturday 12:00: not before that.
        (2, "2031-05-10T04:00:00Z"),
        # Three are Monday 12:00, but the old deadline was Monday 10:00: never later than that.
        (3, "2031-05-12T02:00:00Z"),
    ],
)
def test_no_deadline_moves_to_less_than_the_minimum_notice(company: Company, notice_wd: int, until: str) -> None:
    """TER-06: `calendar.min_notice_wd`."""
    # Thursday 2031-05-08 10:00; without the calendar 48 wh end on Monday 05-12 10:00.
    office = Office(company, opened="2031-05-08T02:00:00Z", policy=FIRST | {"calendar.min_notice_wd": notice_wd})
    claim = office.claim(office.first)
    assert near(claim["deadline"], "2031-05-12T02:00:00Z")
    company.advance(hours=2)
    publish(company, LABOUR_DAY)
    assert near(read(office.first, claim)["deadline"], until)


def test_a_renewal_cut_at_the_longest_total_time_stays_cut(company: Company) -> None:
    """TER-06, CLM-11: a calendar counts again from where the limit runs from, not the whole renewal."""
    limits = {"claim.protection_days": 20, "claim.max_total_days": 30}
    office = Office(company, opened=EVE, policy=limits | {"claim.first_follow_up_wh": 0, "claim.idle_days": 0})
    claim = office.claim(office.first)
    company.advance(days=15)
    work(office.first, claim)
    company.advance(days=6)
    renewed = clock(read(office.first, claim), "protection")
    assert moment(renewed["deadline"]) == after(claim["accepted_at"], days=30)
    assert renewed["rule"] == "claim.max_total_days"
    publish(company, LABOUR_DAY)
    assert clock(read(office.first, claim), "protection")["deadline"] == renewed["deadline"]


def test_a_passed_deadline_stays_passed(company: Company) -> None:
    """TER-06: also one that was not decided yet when the year was loaded."""
    office = Office(company, opened=EVE, policy=FIRST)
    claim = office.claim(office.first)
    company.shift(days=2, hours=1)
    publish(company, LABOUR_DAY)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", claim["deadline"])


def test_calendar_days_and_elapsed_time_are_not_recounted(company: Company) -> None:
    """TER-06: only wh, wd and oh durations use the calendar (closures apart)."""
    policy = {"claim.first_follow_up_wh": "PT48H", "claim.idle_days": 0, "claim.no_deal_days": 2}
    office = Office(company, opened=EVE, policy=policy)
    claim = office.claim(office.first)
    publish(company, LABOUR_DAY)
    assert clocks(read(office.first, claim)) == clocks(claim)
    assert "policy.changed" not in notices(office.first, claim)


@pytest.mark.parametrize(
    ("closure_days", "days"),
    # Thursday 1st to Monday 5th are five free days in a row; the weekends around are two each.
    [(3, 12), (5, 12), (6, 7), (0, 7)],
)
def test_the_idle_clock_stands_still_on_long_closures(company: Company, closure_days: int, days: int) -> None:
    """CLM-17: `calendar.closure_days` 3: seven days of idleness from the eve end five days later; other clocks run."""
    company.at("2031-04-01T02:00:00Z")
    publish(company, LABOUR_DAY)
    policy = {"claim.idle_days": 7, "claim.no_deal_days": 7, "calendar.closure_days": closure_days}
    office = Office(company, opened=EVE, policy=policy)
    claim = office.claim(office.first)
    assert moment(clocks(claim)["idle"]) == after(claim["accepted_at"], days=days)
    assert moment(clocks(claim)["no_deal"]) == after(claim["accepted_at"], days=7)
    company.advance(days=1)
    made = work(office.first, claim)
    # Entered on the 1st, inside the closure: it counts from Tuesday the 6th 00:00.
    expected = "2031-05-12T16:00:00Z" if days == 12 else rfc3339(after(made["received_at"], days=7))
    assert clocks(read(office.first, claim))["idle"] is not None
    assert near(clocks(read(office.first, claim))["idle"], expected)


def test_a_closure_published_later_moves_the_idle_deadline(company: Company) -> None:
    """TER-06, CLM-17."""
    office = Office(company, opened=EVE, policy={"claim.idle_days": 7, "claim.first_follow_up_wh": 0})
    claim = office.claim(office.first)
    publish(company, LABOUR_DAY)
    assert moment(clocks(read(office.first, claim))["idle"]) == after(claim["accepted_at"], days=12)


def test_a_paused_clock_finds_the_new_calendar_when_it_runs_again(company: Company) -> None:
    """CLM-21, TER-06: the 38 wh left on Wednesday 20:00 are counted on what is published by then."""
    office = Office(company, opened=EVE, policy=FIRST)
    claim = office.claim(office.first)
    company.advance(hours=10)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    publish(company, LABOUR_DAY)
    assert 38 * 3600 - 30 <= clock(read(office.first, claim), "first_follow_up")["remaining_s"] <= 38 * 3600
    company.advance(days=1)
    resumed = done(act(office.leader, claim, "unpause"))
    # Thursday is free: from Tuesday 05-06 00:00 38 h, so Wednesday 14:00; a little earlier for what was used.
    gap = moment("2031-05-07T06:00:00Z") - moment(clocks(resumed)["first_follow_up"])
    assert timedelta() <= gap < timedelta(seconds=30)


def test_a_report_on_the_judgement_list_is_recounted_too(company: Company) -> None:
    """TER-06, CLM-04: the approval limit is in working hours."""
    office = Office(company, opened=EVE, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    publish(company, LABOUR_DAY)
    assert near(clock(read(office.first, claim), "approval")["deadline"], "2031-05-07T02:00:00Z")


# --- policy versions ---------------------------------------------------------------------------------------------


class Rulers:
    """The two people that a new version needs (POL-04)."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.second: Person = company.person("规则员", roles=("policy_admin",), company_wide=True)

    def version(self, program: str, **body: Any) -> dict[str, Any]:
        """A new version, active at once."""
        admin = self.company.admin
        made = admin.made(f"/v1/programs/{program}/policies", {"reason": "新版", **body})
        done(self.second.post(f"/v1/policies/{made['id']}/review"))
        done(self.second.post(f"/v1/policies/{made['id']}/approve"))
        return done(self.second.post(f"/v1/policies/{made['id']}/activate"))

    def migrated(self, policy: dict[str, Any], *, dry_run: bool, **more: Any) -> dict[str, dict[str, Any]]:
        answer = self.company.admin.post(f"/v1/policies/{policy['id']}/migrate", {"dry_run": dry_run, **more})
        assert answer.status_code == 200, answer.text
        if not dry_run:
            self.company.spread()
        return {item["claim"]: item for item in answer.json()["claims"]}


IDLE: dict[str, Any] = {"claim.first_follow_up_wh": 0, "claim.no_deal_days": 0, "claim.protection_days": 0}


def test_a_new_version_touches_no_open_claim(company: Company) -> None:
    """POL-02: clocks and refusals of an accepted claim stay with its version; new claims have the new one."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    old = office.claim(office.first)
    rulers.version(office.program, parameters={"claim.idle_days": 10, "claim.min_note_chars": 1})
    new = office.claim(office.second, customer=customer(2))
    assert (old["policy_version"], new["policy_version"]) == (1, 2)
    assert moment(clocks(new)["idle"]) == after(new["accepted_at"], days=10)
    short = work(office.first, old, note="短")
    assert not short["qualified"]
    made = work(office.first, old)
    assert moment(clocks(read(office.first, old))["idle"]) == after(made["received_at"], days=30)
    assert read(office.first, old)["policy_version"] == 1
    assert work(office.second, new, note="短")["qualified"]


def test_a_preview_of_a_migration_changes_nothing_and_the_migration_does_what_it_said(company: Company) -> None:
    """POL-02: counted from where each clock started; history, notice and version follow."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    claim = office.claim(office.first)
    longer = rulers.version(office.program, parameters={"claim.idle_days": 45})
    preview = rulers.migrated(longer, dry_run=True)
    assert preview[claim["id"]]["deadline_before"] == claim["deadline"]
    assert moment(preview[claim["id"]]["deadline_after"]) == after(claim["accepted_at"], days=45)
    assert read(office.first, claim)["deadline"] == claim["deadline"]
    assert read(office.first, claim)["policy_version"] == 1
    rulers.migrated(longer, dry_run=False)
    moved = read(office.first, claim)
    assert (moved["policy_version"], moved["deadline"]) == (2, preview[claim["id"]]["deadline_after"])
    assert "policy.changed" in notices(office.first, claim)


@pytest.mark.parametrize(
    ("notice_wd", "days"),
    # Monday 03-03 10:00 + 5 wd = Monday 03-10 10:00; + 2 wd = Wednesday 03-05 10:00; without notice at once.
    [(5, 7), (2, 3)],
)
def test_a_migration_that_shortens_a_deadline_leaves_the_notice(company: Company, notice_wd: int, days: int) -> None:
    """POL-02: `policy.migration_notice_wd` of the new version; here the new length would end on day 3."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    claim = office.claim(office.first)
    parameters = {"claim.idle_days": 3, "policy.migration_notice_wd": notice_wd}
    rulers.migrated(rulers.version(office.program, parameters=parameters), dry_run=False)
    expected = rfc3339(after("2031-03-03T02:00:00Z", days=days))
    assert near(read(office.first, claim)["deadline"], expected)
    company.advance(days=days, hours=1)
    assert read(office.first, claim)["state"] == "lapsed"


def test_a_migration_counts_the_stage_again_that_a_claim_has_reached(company: Company) -> None:
    """POL-02, CLM-12: `claim.stage_length` of the new version, from where the stage began."""
    stages = {"claim.protection_shape": "report_visit_deal", "claim.first_follow_up_wh": 0}
    office = Office(company, policy=stages | {"claim.stage_length": {"report_visit": "15d", "visit_deal": "30d"}})
    rulers = Rulers(company)
    reported, visited = (office.claim(office.first, customer=customer(n)) for n in (1, 2))
    visit = work(office.first, visited, "visit")
    longer = {"claim.stage_length": {"report_visit": "20d", "visit_deal": "40d"}}
    rulers.migrated(rulers.version(office.program, parameters=longer), dry_run=False)
    ends = [moment(clocks(read(office.first, claim))["stage"]) for claim in (reported, visited)]
    assert ends == [after(reported["accepted_at"], days=20), after(visit["received_at"], days=40)]


def test_a_migration_of_named_claims_leaves_the_others(company: Company) -> None:
    """POL-02, contract section 3: `claims`."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    chosen = office.claim(office.first, customer=customer(1))
    other = office.claim(office.first, customer=customer(2))
    longer = rulers.version(office.program, parameters={"claim.idle_days": 45})
    assert set(rulers.migrated(longer, dry_run=False, claims=[chosen["id"]])) == {chosen["id"]}
    assert read(office.first, chosen)["policy_version"] == 2
    assert (read(office.first, other)["policy_version"], read(office.first, other)["deadline"]) == (
        1,
        other["deadline"],
    )


def test_a_deadline_passed_before_a_migration_stays_passed(company: Company) -> None:
    """POL-02, CLM-19: decided by recorded times, though the engine was away."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 1})
    rulers = Rulers(company)
    claim = office.claim(office.first)
    company.shift(days=2)
    rulers.migrated(rulers.version(office.program, parameters={"claim.idle_days": 45}), dry_run=False)
    company.direct.drain(claim["id"])
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", claim["deadline"])


def test_a_clock_switched_off_and_one_switched_on_by_a_migration(company: Company) -> None:
    """POL-02, CLM-17: 0 switches a running clock off; one that was off is counted from acceptance, with notice."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    claim = office.claim(office.first)
    rulers.migrated(rulers.version(office.program, parameters={"claim.idle_days": 0}), dry_run=False)
    assert "idle" not in clocks(read(office.first, claim))
    company.advance(days=100)
    assert read(office.first, claim)["state"] == "protected"


def test_a_follow_up_after_the_procedure_was_switched_on_asks_for_the_next_one(company: Company) -> None:
    """LEAD-12, POL-02: a worked claim meets `sop.rhythm_days` by migration; its clock begins without a drain."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 0, "sop.rhythm_days": {"A": 0}})
    rulers = Rulers(company)
    claim = office.claim(office.first, customer={**customer(3), "level": "A"})
    work(office.first, claim)
    rulers.migrated(rulers.version(office.program, parameters={"sop.rhythm_days": {"A": 7}}), dry_run=False)
    assert "rhythm" not in clocks(read(office.first, claim))
    work(office.first, claim, note=NOTE + "再")
    company.advance(days=7.1)
    company.remind()
    assert tasks(office.first) == [("follow_up_due", claim["id"])]


def test_the_override_of_a_new_version_is_for_new_claims(company: Company) -> None:
    """CLM-13, POL-02: fixed at acceptance."""
    office = Office(company, policy=IDLE | {"claim.idle_days": 30})
    rulers = Rulers(company)
    old = office.claim(office.first, source="展会")
    rulers.version(office.program, overrides=[{"when": {"source": "展会"}, "set": {"claim.idle_days": 5}}])
    new = office.claim(office.second, customer=customer(2), source="展会")
    assert moment(clocks(new)["idle"]) == after(new["accepted_at"], days=5)
    made = work(office.first, old)
    assert moment(clocks(read(office.first, old))["idle"]) == after(made["received_at"], days=30)


def test_what_is_refused_before_receipt_follows_the_version_in_force(company: Company) -> None:
    """POL-02, CLM-02: a report has no acceptance yet; the present version asks for its fields."""
    office = Office(company)
    rulers = Rulers(company)
    rulers.version(office.program, parameters={"claim.required_fields": ["identity", "need"]})
    refused(office.report(office.first, customer=person_customer()), 422, "field_missing", "need")
