"""What is owned: customer or project, per program and track (CLM-33, TER-01)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import Office, act, after, clock, clocks, done, moment, notices, read, tasks
from tests.support.visits import Visits

PROJECTS: dict[str, Any] = {"claim.subject": "project", "claim.first_follow_up_wh": 0, "claim.idle_days": 0}
BUYER = {"kind": "company", "name": "甲子建设有限公司", "company_code": "91350100M000100Y43"}


def project(name: str = "一期机电安装", **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def test_another_project_of_the_same_customer_is_another_subject(company: Company) -> None:
    """CLM-33: accepted; the same project is a collision, whoever writes it with other width or blanks."""
    office = Office(company, policy=PROJECTS)
    first = office.claim(office.first, customer=BUYER, project=project("ERP 一期", site="厂区", department="信息部"))
    shown = first["project"]
    assert (shown["name"], shown["site"], shown["department"]) == ("ERP 一期", "厂区", "信息部")
    assert (shown["tender_number"], shown["bid_date"]) == (None, None)
    other = office.claim(office.second, customer=BUYER, project=project("食堂改造"))
    assert (other["state"], other["owner"]) == ("protected", office.second.id)
    assert other["customer"]["id"] == first["customer"]["id"]
    same = office.claim(office.second, customer=BUYER, project=project("ＥＲＰ  一期"))
    assert same["reason"] == "customer_owned"
    by_id = office.claim(office.second, customer=BUYER, project={"id": shown["id"]})
    assert by_id["reason"] == "customer_owned"
    assert [c["id"] for c in listed(office.first.get("/v1/claims", project=shown["id"]))] == [first["id"]]


def test_the_same_tender_number_is_the_same_project(company: Company) -> None:
    """CLM-33, `match.project_keys`: customer AND tender number; another customer's tender is another project."""
    office = Office(company, policy=PROJECTS)
    office.claim(office.first, customer=BUYER, project=project(tender_number="ZB-2031-017"))
    again = office.claim(office.second, customer=BUYER, project=project("机电工程", tender_number="zb-2031-０１７"))
    assert again["reason"] == "customer_owned"
    elsewhere = {"kind": "company", "name": "长江物流有限公司"}
    other = office.claim(office.second, customer=elsewhere, project=project(tender_number="ZB-2031-017"))
    assert other["state"] == "protected"
    two_lots = office.claim(office.second, customer=BUYER, project=project(tender_number="ZB-2031-018"))
    assert two_lots["state"] == "protected"


def test_the_policy_says_what_makes_two_projects_one(company: Company) -> None:
    """CLM-33, POL-01: `match.project_keys`; fields that nobody gave are not equal."""
    office = Office(company, policy=PROJECTS | {"match.project_keys": [["customer", "site", "bid_date"]]})
    here = {"site": "厂区 东", "bid_date": "2031-06-15"}
    office.claim(office.first, customer=BUYER, project=project(tender_number="ZB-1", **here))
    same = office.claim(office.second, customer=BUYER, project=project("空调", tender_number="ZB-2", **here))
    assert same["reason"] == "customer_owned"
    other = office.claim(office.second, customer=BUYER, project=project("电梯", tender_number="ZB-3", site="厂区 东"))
    assert other["state"] == "protected"


def test_a_close_project_name_is_possible(company: Company) -> None:
    """CLM-33, CUS-02: accepted with an alert, or judged first."""
    office = Office(company, policy=PROJECTS)
    office.claim(office.first, customer=BUYER, project=project("总部大楼机电安装"))
    told = len(notices(office.leader))
    close = office.claim(office.second, customer=BUYER, project=project("总部大楼机电安装工程"))
    assert close["state"] == "protected"
    assert len(notices(office.leader)) > told
    slip = office.claim(office.first, customer=BUYER, project=project("总部大厦机电安装工程"))
    assert slip["state"] == "protected"
    assert len(notices(office.leader)) > told + 1
    office.program = company.program("Judge", policy=PROJECTS | {"claim.on_possible": "judge"})
    office.claim(office.first, customer=BUYER, project=project("物流园消防改造"))
    judged = office.claim(office.second, customer=BUYER, project=project("物流园消防改造二标段"))
    assert judged["state"] == "reported"
    assert ("judge", judged["id"]) in tasks(office.leader)


def test_a_project_is_needed_where_it_is_the_subject_and_refused_elsewhere(company: Company) -> None:
    """Contract section 1 "Tracks, subjects"."""
    office = Office(company, policy=PROJECTS)
    refused(office.report(office.first, customer=BUYER), 422, "field_missing", "project")
    other = {"kind": "company", "name": "长江物流有限公司"}
    stranger = office.claim(office.first, customer=other, project=project())
    unknown = office.report(office.first, customer=BUYER, project={"id": stranger["project"]["id"]})
    refused(unknown, 422, "field_invalid", "project.id")
    office.program = company.program("Customers")
    problem = refused(
        office.report(office.first, customer=BUYER, project=project()), 422, "field_not_allowed", "project"
    )
    assert problem["rule"] == "CLM-33"


def test_a_bid_keeps_its_protection_until_so_long_after_the_award(company: Company) -> None:
    """CLM-33: `bid.protect_days` 30 after the award date, if that is later than the protection itself."""
    office = Office(company, policy=PROJECTS)
    late = office.claim(office.first, customer=BUYER, project=project("二期", bid_date="2031-06-15"))
    # The award day ends on 2031-06-16 00:00 in Shanghai; thirty days later it is 07-16 00:00.
    assert moment(clocks(late)["protection"]) == moment("2031-07-15T16:00:00Z")
    assert clock(late, "protection")["rule"] == "bid.protect_days"
    assert late["project"]["bid_date"] == "2031-06-15"
    early = office.claim(office.first, customer=BUYER, project=project("三期", bid_date="2031-03-20"))
    assert moment(clocks(early)["protection"]) == after(early["accepted_at"], days=90)
    office.program = company.program("Off", policy=PROJECTS | {"bid.protect_days": 0})
    off = office.claim(office.first, customer=BUYER, project=project("二期", bid_date="2031-06-15"))
    assert moment(clocks(off)["protection"]) == after(off["accepted_at"], days=90)


# --- tracks --------------------------------------------------------------------------------------------------------

TRACKS: dict[str, Any] = {"ownership.tracks": ["sales", "channel"]}


def test_each_track_has_its_own_owner(company: Company) -> None:
    """TER-01: claims of different tracks never collide; inside one there is one owner."""
    office = Office(company, policy=TRACKS)
    sales = office.claim(office.first)
    channel = office.claim(office.second, track="channel")
    assert [(c["state"], c["track"]) for c in (sales, channel)] == [("protected", "sales"), ("protected", "channel")]
    assert office.claim(office.first, track="channel")["reason"] == "customer_owned"
    assert office.claim(office.second)["reason"] == "customer_owned"
    assert [c["id"] for c in listed(office.second.get("/v1/claims", track="channel", state="protected"))] == [
        channel["id"]
    ]


def test_one_person_may_hold_a_customer_in_both_tracks(company: Company) -> None:
    """TER-01, CLM-02: an own open claim is looked for in the same track only."""
    office = Office(company, policy=TRACKS)
    sales, channel = office.claim(office.first), office.claim(office.first, track="channel")
    assert sales["id"] != channel["id"]
    assert office.report(office.first, track="channel").json()["id"] == channel["id"]


def test_a_track_that_is_not_switched_on_is_refused(company: Company) -> None:
    """Contract section 1: 422 `field_invalid`, as is a track there is not."""
    office = Office(company)
    refused(office.report(office.first, track="channel"), 422, "field_invalid", "track")
    refused(office.report(office.first, track="referral"), 422, "field_invalid", "track")


def test_a_release_frees_its_own_track_only(company: Company) -> None:
    """TER-01: also the former owner's wait is per track."""
    office = Office(company, policy=TRACKS)
    sales = office.claim(office.first)
    channel = office.claim(office.second, track="channel")
    done(act(office.first, sales, "release", reason="lost"))
    assert read(office.second, channel)["state"] == "protected"
    assert office.claim(office.second)["state"] == "protected"
    assert office.claim(office.first, track="channel")["reason"] == "customer_owned"


def test_the_presets_bring_their_tracks_and_subjects(company: Company) -> None:
    """POL-03, table 13.1: real estate by customer in two tracks, channel partner by project with a queue."""
    office = Office(company)
    estate = {"members": [{"team": company.root}], "oversight": [company.admin.id]}
    office.program = company.admin.made("/v1/programs", {"name": "案场", "preset": "real_estate", **estate})["id"]
    claim = office.claim(office.first, need="三房", track="channel")
    assert (claim["state"], claim["track"]) == ("protected", "channel")
    assert "stage" in clocks(claim)
    assert moment(clocks(claim)["stage"]) == after(claim["accepted_at"], days=15)
    by_partner = office.claim(office.second, need="三房", channel="partner")
    # Overrides for partner-source claims: no first follow-up and idle clock, three days to the visit.
    assert set(clocks(by_partner)) == {"stage", "no_deal"}
    assert moment(clocks(by_partner)["stage"]) == after(by_partner["accepted_at"], days=3)
    office.program = company.admin.made("/v1/programs", {"name": "渠道", "preset": "channel_partner", **estate})["id"]
    refused(office.report(office.first), 422, "field_missing", "project")


def test_no_subject_is_told_with_an_award_of_days_to_come(company: Company) -> None:
    """CLM-33: in a lead, an arrival and a row of an opening load as in a report; nor before it was tendered."""
    desk = Visits(company, policy=PROJECTS)
    sender = company.person("市场", roles=("marketing",), company_wide=True)
    rows = f"/v1/programs/{desk.program}/opening/rows"
    company.admin.made(f"/v1/programs/{desk.program}/opening", {"go_live_at": "2031-03-11T02:00:00Z"})
    for dates in ({"award_date": "2031-03-04"}, {"bid_date": "2031-03-02", "award_date": "2031-03-01"}):
        about = {"customer": BUYER, "project": project(**dates)}
        for answer in (
            sender.post("/v1/leads", {"program": desk.program, "source": "展会", **about}),
            desk.arrive(BUYER, project=about["project"]),
            company.admin.post(rows, {"owner": desk.first.id, **about}),
        ):
            assert refused(answer, 422, "date_invalid", "project.award_date")["rule"] == "CLM-33"
    lead = {"program": desk.program, "source": "展会", "customer": BUYER, "external_id": "crm-1"}
    made = sender.made("/v1/leads", {**lead, "project": project(award_date="2031-03-03")})
    again = sender.post("/v1/leads", {**lead, "project": project(award_date="2031-03-04")})
    assert (again.status_code, again.json()["id"]) == (200, made["id"]), "what was sent before is given back"
    row = {"owner": desk.first.id, "customer": {**BUYER, "name": "乙丑建设有限公司", "company_code": None}}
    first = company.admin.made(rows, {**row, "external_id": "crm-2", "project": project()})
    again = company.admin.post(rows, {**row, "external_id": "crm-2", "project": project(award_date="2031-03-04")})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
