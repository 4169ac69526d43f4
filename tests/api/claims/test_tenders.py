"""What becomes known of a tendered project after its report: number, dates (招投标, CLM-33, CLM-27)."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.api.claims.test_conflicts import met
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, after, clock, clocks, done, entry, moment, notices, read, timeline

PROJECTS: dict[str, Any] = {"claim.subject": "project", "claim.first_follow_up_wh": 0, "claim.idle_days": 0}
BUYER = {"kind": "company", "name": "甲子建设有限公司", "company_code": "91350100M000100Y43"}
FIRST_PHASE, PURCHASE = "一期弱电工程", "智能化系统采购"


def correct(person: Person, claim: dict[str, Any], **project: Any) -> httpx2.Response:
    version = person.get(f"/v1/claims/{claim['id']}").json()["version"]
    return person.patch(f"/v1/claims/{claim['id']}", {"version": version, "project": project})


def reported(office: Office, rep: Person, name: str = FIRST_PHASE, **more: Any) -> dict[str, Any]:
    return office.claim(rep, customer=BUYER, project={"name": name, **more})


def test_a_number_that_is_told_in_a_second_report_is_kept(company: Company) -> None:
    """CLM-33: one tender has one owner, whenever its number becomes known; the claim's history keeps the news."""
    office = Office(company, policy=PROJECTS)
    claim = reported(office, office.first)
    again = office.report(office.first, customer=BUYER, project={"name": FIRST_PHASE, "tender_number": "t-9"})
    assert (again.status_code, again.json()["id"]) == (200, claim["id"])
    assert again.json()["project"]["tender_number"] == "T-9"
    assert entry(office.first, claim, "corrected")["data"]["fields"] == ["project.tender_number"]
    rival = reported(office, office.second, PURCHASE, tender_number="T-9")
    assert (rival["state"], rival["reason"], rival["project"]["id"]) == (
        "rejected",
        "customer_owned",
        claim["project"]["id"],
    )
    same = office.report(office.first, customer=BUYER, project={"name": FIRST_PHASE, "tender_number": "T-9"})
    assert same.json()["version"] == again.json()["version"]


def test_a_rival_tells_nothing_of_the_owners_project(company: Company) -> None:
    """CLM-33: a number that somebody else made up would be the owner's; whoever comes when it is free is believed."""
    office = Office(company, policy=PROJECTS | {"claim.on_collision": "queue"})
    claim = reported(office, office.first)
    queued = reported(office, office.second, tender_number="T-666", bid_date="2031-12-01")
    assert (queued["queue_position"], queued["project"]["id"]) == (1, claim["project"]["id"])
    assert read(office.first, claim)["project"]["tender_number"] is None
    refused(correct(office.second, queued, tender_number="T-666"), 409, "customer_owned")
    done(correct(office.first, claim, tender_number="T-9", site="厂区"))
    shown = read(office.first, claim)["project"]
    assert (shown["tender_number"], shown["site"], shown["bid_date"]) == ("T-9", "厂区", None)
    office.program = company.program("Free", policy=PROJECTS)
    elsewhere = reported(office, office.second, department="信息部")
    assert elsewhere["project"]["department"] is None
    done(act(office.first, claim, "release", reason="lost"))
    done(act(office.second, read(office.second, queued), "release", reason="lost"))
    done(act(office.second, elsewhere, "release", reason="lost"))
    free = reported(office, office.outsider(), department="信息部")
    assert (free["state"], free["project"]["department"]) == ("protected", "信息部")


def test_a_number_that_another_owned_project_has_is_a_collision(company: Company) -> None:
    """CLM-27: refused with `customer_owned`, nothing is changed, both people's supervisors are told."""
    office = Office(company, policy=PROJECTS)
    claim = reported(office, office.first)
    rival = reported(office, office.second, PURCHASE, tender_number="T-9")
    assert rival["state"] == "protected"
    told = notices(office.leader).count("claim.attempt")
    problem = refused(correct(office.first, claim, tender_number="ｔ-9", site="厂区"), 409, "customer_owned")
    assert problem["rule"] == "CLM-27"
    assert problem["facts"]["fields"] == ["project.site", "project.tender_number"]
    still = read(office.first, claim)
    assert (still["version"], still["project"]) == (claim["version"], claim["project"])
    assert notices(office.leader).count("claim.attempt") == told + 1
    (found,) = met(office.leader)
    assert (found["kind"], found["claim"], found["project"]) == ("attempt", rival["id"], rival["project"]["id"])
    assert set(found["people"]) == {office.first.id, office.second.id}
    assert entry(office.second, rival, "attempt")["data"]["claim"] == claim["id"]
    done(act(office.second, rival, "release", reason="lost"))
    refused(correct(office.first, claim, tender_number="T-9"), 422, "field_invalid", "project.tender_number")
    mine = reported(office, office.first, tender_number="T-9")
    assert (mine["state"], mine["project"]["id"]) == ("protected", rival["project"]["id"])


def test_a_correction_names_a_project_where_there_is_one(company: Company) -> None:
    """CLM-33: `field_not_allowed` on a claim of the customer as a whole; a stale version changes nothing."""
    office = Office(company)
    whole = office.claim(office.first)
    refused(correct(office.first, whole, tender_number="T-9"), 422, "field_not_allowed", "project")
    office.program = company.program("Projects", policy=PROJECTS)
    claim = reported(office, office.first)
    stale = office.first.patch(f"/v1/claims/{claim['id']}", {"version": 99, "project": {"tender_number": "T-9"}})
    refused(stale, 409, "version_conflict")
    assert read(office.first, claim)["project"]["tender_number"] is None
    done(act(office.first, claim, "release", reason="lost"))
    late = office.first.patch(
        f"/v1/claims/{claim['id']}",
        {"version": read(office.first, claim)["version"], "project": {"award_date": "2031-03-03"}},
    )
    refused(late, 409, "illegal_transition")
    assert read(office.first, claim)["project"]["award_date"] is None


def test_protection_is_counted_from_the_award_once_it_is_known(company: Company) -> None:
    """CLM-33: `bid.protect_days` 30 after the award date, until it is known after the bid; a postponed bid counts."""
    office = Office(company, policy=PROJECTS)
    claim = reported(office, office.first, bid_date="2031-06-15")
    assert moment(clocks(claim)["protection"]) == moment("2031-07-15T16:00:00Z")
    postponed = done(correct(office.first, claim, bid_date="2031-07-15"))
    assert moment(clocks(postponed)["protection"]) == moment("2031-08-14T16:00:00Z")
    company.at("2031-08-01T02:00:00Z")
    for wrong in ("2031-08-02", "2031-07-14", "2199-12-31"):  # to come, and before the bid
        refused(correct(office.first, claim, award_date=wrong), 422, "date_invalid", "project.award_date")
    awarded = done(correct(office.first, claim, award_date="2031-07-29"))
    assert moment(clocks(awarded)["protection"]) == moment("2031-08-28T16:00:00Z")
    assert awarded["project"]["award_date"] == "2031-07-29"
    corrected = entry(office.first, claim, "corrected")
    assert corrected["data"]["fields"] == ["project.award_date"]
    (kept,) = [c for c in corrected["data"]["clocks"] if c["clock"] == "protection"]
    assert moment(kept["deadline"]) == moment("2031-08-28T16:00:00Z")
    # A bid that moves does not move what the award decides.
    assert clocks(done(correct(office.first, claim, bid_date="2031-07-20"))) == clocks(awarded)
    told_at_once = reported(office, office.first, "二期", bid_date="2031-07-15", award_date="2031-07-29")
    assert clock(told_at_once, "protection")["rule"] == "claim.protection_days"
    later = office.report(
        office.first, customer=BUYER, project={"name": "三期", "bid_date": "2031-07-15", "award_date": "2031-08-02"}
    )
    refused(later, 422, "date_invalid", "project.award_date")


def test_no_date_takes_the_plain_protection_away_nor_gives_more_than_there_is(company: Company) -> None:
    """CLM-11, CLM-22, CLM-33: the owner tells the day, and extends their own protection no further by it."""
    office = Office(company, policy=PROJECTS)
    claim = reported(office, office.first, bid_date="2199-12-31")
    assert moment(clocks(claim)["protection"]) == after(claim["accepted_at"], days=180)
    early = done(correct(office.first, claim, bid_date="2031-03-03", award_date="2031-03-03"))
    assert moment(clocks(early)["protection"]) == after(claim["accepted_at"], days=90)
    assert clock(early, "protection")["rule"] == "claim.protection_days"


def test_who_holds_the_project_in_another_track_has_their_protection_moved_too(company: Company) -> None:
    """CLM-33, TER-01: one project has one award; the number is not for one of them alone to replace."""
    office = Office(company, policy=PROJECTS | {"ownership.tracks": ["sales", "channel"]})
    sales = reported(office, office.first, tender_number="T-9")
    channel = office.claim(office.second, customer=BUYER, track="channel", project={"id": sales["project"]["id"]})
    done(correct(office.first, sales, bid_date="2031-07-29"))
    company.ring_bells()
    beside = read(office.second, channel)
    assert moment(clocks(beside)["protection"]) == moment("2031-08-28T16:00:00Z")
    corrected = timeline(office.second, channel)[-1]
    assert (corrected["kind"], corrected["data"]["cause"]) == ("corrected", "award")
    assert "policy.changed" not in notices(office.second, channel)
    # Nearer it goes as far as any date may; they and their supervisor are told that somebody else said so.
    done(correct(office.first, sales, bid_date="2031-06-29"))
    company.ring_bells()
    assert moment(clocks(read(office.second, channel))["protection"]) == moment("2031-07-29T16:00:00Z")
    for who in (office.second, office.leader):
        assert notices(who, channel).count("policy.changed") == 1
    assert "policy.changed" not in notices(office.leader, sales)
    refused(correct(office.first, sales, tender_number="T-8"), 409, "customer_owned")
    done(correct(office.second, channel, site="厂区"))
    assert read(office.first, sales)["project"]["site"] == "厂区"


def test_a_lapsed_claim_is_not_revived_by_a_later_award(company: Company) -> None:
    """CLM-33, CLM-19: what is over is over; whoever has the project next is protected until the award."""
    office = Office(company, policy=PROJECTS | {"claim.grace_days": 0, "claim.no_deal_days": 0})
    claim = reported(office, office.first)
    company.at("2031-06-02T02:00:00Z")
    next_one = reported(office, office.second, bid_date="2031-09-01")
    assert read(office.first, claim)["state"] == "lapsed"
    assert moment(clocks(next_one)["protection"]) == moment("2031-10-01T16:00:00Z")
