"""The opening load (期初导入): customers a company had before it went live, listed for objection (INT-10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import Office, act, after, clocks, customer, done, entry, moment, notices, read, work

#: Tuesday 10:00 in Shanghai, six working days after the office opened: what is loaded on the first day goes live then.
GO_LIVE = "2031-03-11T02:00:00Z"


class Load:
    """An office whose program is being loaded: 甲 and 乙 are its reps, the administrator loads."""

    def __init__(self, company: Company, *, policy: Mapping[str, Any] | None = None) -> None:
        self.office = Office(company, policy=policy)
        self.company = company
        self.first, self.second = self.office.first, self.office.second
        self.path = f"/v1/programs/{self.office.program}/opening"
        self.opened = company.admin.made(self.path, {"go_live_at": GO_LIVE})

    def row(self, owner: Person, number: int = 1, **more: Any) -> dict[str, Any]:
        body = {"owner": owner.id, "customer": customer(number), **more}
        return self.company.admin.made(f"{self.path}/rows", body)

    def object_to(self, row: Mapping[str, Any], by: Person, reason: str = "一直是我在跟") -> dict[str, Any]:
        return by.made(f"{self.path}/rows/{row['id']}/objections", {"reason": reason})

    def go_live(self, **more: float) -> None:
        """The clock just after the time to object, and ``more``."""
        left = moment(GO_LIVE) - self.company.now()
        self.company.advance(seconds=left.total_seconds() + 1, **more)


@pytest.fixture
def load(company: Company) -> Load:
    return Load(company)


def test_a_row_nobody_objects_to_is_its_owners_claim_with_the_dates_that_were_given(company: Company) -> None:
    """INT-10: active for its last follow-up, no first-follow-up limit, idle and protection as told, marked for ever."""
    load = Load(company, policy={"claim.cap_person": 1, "claim.judgement_mode": "manual"})
    day = timedelta(days=1)
    met = rfc3339(company.now() - 20 * day)
    worked = load.row(load.first, 1, stage="need", last_follow_up_at=met, protection_days_left=40)
    quiet = load.row(load.first, 2)  # the cap of one claim does not count what is loaded
    assert (worked["state"], worked["opening"], worked["owner"]) == ("reported", "row", None)
    load.go_live()
    claim, other = read(load.first, worked), read(load.first, quiet)
    assert (claim["state"], other["state"]) == ("active", "protected")
    assert (claim["owner"], claim["opening"], claim["accepted_at"]) == (load.first.id, "row", GO_LIVE)
    ends = {name: moment(at) for name, at in clocks(claim).items()}
    assert set(ends) == {"idle", "no_deal", "protection"}
    assert ends["idle"] - moment(met) == 60 * day
    assert ends["protection"] == moment(worked["received_at"]) + 40 * day
    assert set(clocks(other)) == {"idle", "no_deal", "protection"}
    assert moment(clocks(other)["idle"]) == moment(other["accepted_at"]) + 60 * day
    said = entry(load.first, claim, "received")["data"]
    assert (said["opening"], said["stage"], said["protection_days_left"]) == ("row", "need", 40)
    told = listed(load.first.get("/v1/me/notices"))
    assert [(n["kind"], n["urgency"]) for n in told][:2] == [("claim.accepted", "digest")] * 2
    # The list was for objecting: what becomes of a claim is for its readers (CUS-09).
    assert [r["id"] for r in listed(load.first.get(f"{load.path}/rows"))] == [quiet["id"], worked["id"]]
    assert listed(load.second.get(f"{load.path}/rows")) == []
    # What was loaded does not stand in the way of the first report.
    assert load.office.report(load.first, customer=customer(3)).status_code == 201


def test_nothing_lapses_and_nobody_is_reminded_before_the_grace_is_over(company: Company) -> None:
    """INT-10: idle for long and without protection left it lapses at go-live plus `opening.grace_days`, not before."""
    load = Load(company, policy={"reminder.idle_days": [10, 5, 1], "reminder.protection_days": [10, 5, 1]})
    met = (company.now() - timedelta(days=300)).isoformat()
    row = load.row(load.first, last_follow_up_at=met, protection_days_left=0)
    load.go_live()
    claim = read(load.first, row)
    assert moment(claim["deadline"]) == moment(GO_LIVE) + timedelta(days=14)
    company.advance(days=13, hours=23)
    company.remind()
    assert read(load.first, row)["state"] == "active"
    with company.database.reading() as tx:
        planned = tx.execute(sa.select(t.reminder.c.due_at).where(t.reminder.c.claim == row["id"])).scalars().all()
    assert [at for at in planned if at <= moment(claim["deadline"])] == []
    company.advance(hours=2)
    ended = read(load.first, row)
    assert (ended["state"], ended["reason"], ended["ended_at"]) == ("lapsed", "idle", claim["deadline"])


def test_an_objection_is_made_once_and_ends_in_a_case_between_owner_and_objector(company: Company) -> None:
    """INT-10: nobody holds until the case says who. Both were told, on the clocks of the program."""
    company.company_policy(calendar__zone="UTC")
    load = Load(company, policy={"calendar.zone": "Asia/Shanghai"})
    row = load.row(load.first, last_follow_up_at="2031-02-20T02:00:00Z")
    mine = load.object_to(row, load.second)
    assert load.object_to(row, load.second)["id"] == mine["id"]
    assert (mine["state"], mine["opening"], mine["customer"]["name"]) == ("reported", "objection", "王*")
    assert notices(load.first) == ["opening.listed", "claim.objected"]
    said = listed(load.first.get("/v1/me/notices"))
    assert ["2031年3月11日 10:00" in n["text"]["zh"] for n in said] == [True, True]
    (shown,) = listed(load.second.get(f"{load.path}/rows"))
    assert (shown["id"], shown["others"], shown["objection"]) == (row["id"], 1, mine["id"])
    assert load.first.get(load.path).json()["contested"] == 1
    # To object is no way to read a customer's record (CUS-08).
    record = f"/v1/customers/{row['customer']['id']}"
    refused(load.second.post(f"{record}/reveal", {"fields": ["phone"], "purpose": "核对号码"}), 403, "not_allowed")
    assert "王小明" not in load.second.get(record).text
    load.go_live()
    both = [read(load.first, row), read(load.second, mine)]
    assert [(c["state"], c["owner"]) for c in both] == [("disputed", None)] * 2
    assert len({c["dispute"] for c in both}) == 1
    case = load.second.get(f"/v1/disputes/{both[0]['dispute']}").json()
    assert (case["state"], case["statement"]) == ("negotiating", "一直是我在跟")
    assert [(p["person"], p["role"]) for p in case["parties"]] == [
        (load.second.id, "opener"),
        (load.first.id, "respondent"),
    ]


def test_a_case_that_ends_without_an_outcome_leaves_the_customer_with_the_row(load: Load) -> None:
    """INT-10, DSP-03: the objector gives up; what was given for the row counts from go-live on."""
    row = load.row(load.first, last_follow_up_at="2031-02-20T02:00:00Z")
    mine = load.object_to(row, load.second)
    load.go_live()
    case = read(load.second, mine)["dispute"]
    load.second.made(f"/v1/disputes/{case}/withdraw", {"reason": "看错了"})
    load.company.advance(days=10)
    claim = read(load.first, row)
    assert (claim["state"], claim["owner"]) == ("active", load.first.id)
    assert "first_follow_up" not in clocks(claim)
    assert read(load.second, mine)["state"] == "rejected"


def test_an_objector_who_wins_holds_with_the_same_grace(load: Load) -> None:
    """INT-10, DSP-15: upheld by agreement, with the clocks of any other claim; the row ends."""
    row = load.row(load.first)
    mine = load.object_to(row, load.second)
    load.go_live()
    case = f"/v1/disputes/{read(load.second, mine)['dispute']}"
    terms = {"outcome": "party", "owner": load.second.id}
    offer = load.second.made(f"{case}/proposals", {"terms": terms, "text": "客户归乙"})
    load.first.made(f"{case}/proposals/{offer['n']}/accept", {"digest": offer["digest"]})
    claim = read(load.second, mine)
    assert (claim["state"], claim["owner"], claim["opening"]) == ("protected", load.second.id, "objection")
    assert moment(clocks(claim)["first_follow_up"]) == moment(claim["accepted_at"]) + timedelta(days=14)
    assert read(load.first, row)["state"] == "rejected"


def test_an_objection_may_be_withdrawn_and_a_row_too(load: Load) -> None:
    """INT-10: whoever is named alone in the end has the customer."""
    kept, given = load.row(load.first, 1), load.row(load.first, 2)
    done(act(load.second, load.object_to(kept, load.second), "withdraw"))
    wanted = load.object_to(given, load.second)
    done(act(load.first, given, "withdraw", reason="不是我的客户"))
    load.go_live()
    assert read(load.first, kept)["owner"] == load.first.id
    assert [read(load.second, wanted)[name] for name in ("owner", "reason_text")] == [load.second.id, None]
    assert "first_follow_up" in clocks(read(load.second, wanted))


def test_an_admin_takes_a_wrong_row_back_with_a_reason(load: Load) -> None:
    """INT-10: its owner is told; an objection is for whoever made it to take back, as a claim that runs is."""
    admin = load.company.admin
    row, lives = load.row(load.first), load.row(load.first, 2)
    objection = load.object_to(row, load.second)
    assert "withdraw" in read(admin, row)["allowed"]
    assert "withdraw" not in read(admin, objection)["allowed"]
    refused(act(admin, row, "withdraw"), 422, "reason_required", "reason")
    refused(act(admin, objection, "withdraw", reason="重复"), 403, "not_allowed")
    refused(act(load.office.leader, row, "withdraw", reason="重复"), 403, "not_allowed")
    assert done(act(admin, row, "withdraw", reason="行错位"))["state"] == "withdrawn"
    assert "claim.withdrawn" in notices(load.first, row)
    load.go_live()
    assert read(load.second, objection)["owner"] == load.second.id
    refused(act(admin, lives, "withdraw", reason="太晚"), 403, "not_allowed")


def test_of_two_owners_for_one_customer_neither_holds_and_both_are_listed(load: Load) -> None:
    """INT-10: a case between the two, decided by nobody's place in the file."""
    one, other = load.row(load.first), load.row(load.second)
    assert {r["id"]: r["others"] for r in listed(load.first.get(f"{load.path}/rows"))} == {one["id"]: 1, other["id"]: 1}
    load.go_live()
    claims = [read(load.first, one), read(load.second, other)]
    assert [(c["state"], c["owner"]) for c in claims] == [("disputed", None)] * 2
    assert claims[0]["dispute"] == claims[1]["dispute"] is not None


def test_a_row_loaded_late_gives_as_long_to_object_as_any_other(load: Load) -> None:
    """INT-10: `opening.object_wd` from its receipt, for whoever was named for the customer before as well."""
    early = load.row(load.first)
    load.company.advance(days=4)
    late = load.row(load.second)
    apart = load.row(load.first, 2)
    load.go_live()
    assert [read(load.first, early)["state"], read(load.second, late)["state"]] == ["reported"] * 2
    load.company.advance(days=4)
    assert [read(load.first, early)["state"], read(load.second, late)["state"]] == ["disputed"] * 2
    claim = read(load.first, apart)
    # Friday 10:00 plus five working days.
    assert (claim["state"], claim["accepted_at"][:17]) == ("protected", "2031-03-14T02:00:")


def test_a_customer_somebody_holds_is_contested_by_the_row(company: Company) -> None:
    """INT-10, CLM-27: reported and accepted before; the holder keeps serving until the case is decided."""
    load = Load(company, policy={"claim.on_collision": "dispute"})
    held = load.office.claim(load.second, customer=customer(1))
    work(load.second, held)
    row = load.row(load.first)
    load.go_live()
    assert [read(load.second, held)["state"], read(load.first, row)["state"]] == ["disputed"] * 2
    assert read(load.second, held)["owner"] == load.second.id
    case = load.second.get(f"/v1/disputes/{read(load.second, held)['dispute']}").json()
    assert case["state"] == "negotiating"  # only the holder's report is on record, and still it decides nothing


def test_a_row_of_whoever_holds_by_now_is_no_contest(company: Company) -> None:
    """INT-10, CLM-24, CLM-27: a customer handed over to the owner of the row before go-live; nobody contests it."""
    load = Load(company, policy={"claim.on_collision": "dispute", "transfer.approval": "never"})
    held = load.office.claim(load.second, customer=customer(1))
    row = load.row(load.first)
    _hand_over(held, load.second, load.first)
    work(load.first, held)
    load.go_live()
    found = [read(load.first, claim) for claim in (held, row)]
    assert [(c["state"], c["dispute"], c["reason"]) for c in found] == [
        ("active", None, None),
        ("rejected", None, "customer_owned"),
    ]


def test_all_that_a_party_has_is_in_the_case(company: Company) -> None:
    """INT-10, DSP-03, DSP-15: a holder with a row of their own meets an objector; they keep what they held."""
    load = Load(company, policy={"transfer.approval": "never"})
    held = load.office.claim(load.second, customer=customer(1))
    row = load.row(load.first)
    _hand_over(held, load.second, load.first)
    work(load.first, held)
    other = load.office.outsider()
    wanted = load.object_to(row, other)
    load.go_live()
    claims = [(load.first, held), (load.first, row), (other, wanted)]
    assert [read(by, claim)["state"] for by, claim in claims] == ["disputed"] * 3
    case = f"/v1/disputes/{read(other, wanted)['dispute']}"
    parties = load.first.get(case).json()["parties"]
    assert [(p["person"], p["claim"]) for p in parties] == [(other.id, wanted["id"]), (load.first.id, held["id"])]
    offer = other.made(f"{case}/proposals", {"terms": {"outcome": "party", "owner": load.first.id}, "text": "归甲"})
    load.first.made(f"{case}/proposals/{offer['n']}/accept", {"digest": offer["digest"]})
    assert [read(by, claim)["state"] for by, claim in claims] == ["active", "rejected", "rejected"]


def test_whom_a_grace_keeps_the_customer_for_is_there_before_the_row(company: Company) -> None:
    """INT-10, CLM-20: lapsed shortly before go-live, it is contested by the row; a row of the former owner is not."""
    load = Load(company, policy={"claim.grace_days": 30})
    lapsed, own = (load.office.claim(load.second, customer=customer(n)) for n in (1, 2))
    row = load.row(load.first, 1)
    company.advance(days=4)
    assert [read(load.second, claim)["state"] for claim in (lapsed, own)] == ["lapsed"] * 2
    again = load.row(load.second, 2)
    load.go_live(days=4)
    both = [read(load.second, lapsed), read(load.first, row)]
    assert [(c["state"], c["dispute"]) for c in both] == [("disputed", both[0]["dispute"])] * 2
    assert (read(load.second, again)["state"], read(load.second, own)["dispute"]) == ("protected", None)


@pytest.mark.parametrize("way", ["refuse", "dispute"])
def test_rows_of_two_owners_found_to_be_of_one_customer_are_a_case(company: Company, way: str) -> None:
    """INT-10, CUS-07: a masked number is completed after go-live; no place in the file and no rule decides."""
    load = Load(company, policy={"match.phone_mode": "3+4", "claim.on_collision": way})
    records = [person_customer("王小明", "138****5678"), person_customer("王小明", "13811115678")]
    rows = [
        company.admin.made(f"{load.path}/rows", {"owner": owner.id, "customer": known})
        for owner, known in zip((load.first, load.second), records, strict=True)
    ]
    load.go_live()
    first, second = read(load.first, rows[0]), read(load.second, rows[1])
    assert [(c["state"], c["waits_for"]) for c in (first, second)] == [("protected", None), ("reported", "number")]
    work(load.first, first)
    body = {"version": first["version"], "customer": {"phone": "13811115678"}}
    done(load.first.patch(f"/v1/claims/{first['id']}", body))
    company.ring_bells()
    both = [read(load.first, first), read(load.second, second)]
    assert [(c["state"], c["dispute"]) for c in both] == [("disputed", both[0]["dispute"])] * 2
    case = load.second.get(f"/v1/disputes/{both[0]['dispute']}").json()
    assert case["state"] == "negotiating"  # though only the first was ever accepted, and worked since
    assert case["parties"][0]["person"] == load.second.id


def _hand_over(claim: Mapping[str, Any], owner: Person, to: Person) -> None:
    offer = owner.made(f"/v1/claims/{claim['id']}/transfer", {"to": to.id})
    (request,) = [r for r in offer["requests"] if r["state"] == "open"]
    to.made(f"/v1/requests/{request['id']}/accept")


def test_reports_that_were_undecided_before_a_row_are_in_the_case_decided_meanwhile_or_not(company: Company) -> None:
    """INT-10, CLM-05: the row overtakes nobody, and is not refused for who is accepted before its time."""
    load = Load(company, policy={"claim.judgement_mode": "manual"})
    accepted, waiting = (load.office.claim(load.second, customer=customer(n)) for n in (1, 2))
    rows = [load.row(load.first, n) for n in (1, 2)]
    done(act(load.office.leader, accepted, "accept"))
    work(load.second, accepted)
    assert read(load.first, rows[0])["state"] == "reported"
    load.go_live()
    found = [read(load.second, c)["state"] for c in (accepted, waiting)] + [read(load.first, r)["state"] for r in rows]
    assert found == ["disputed"] * 4


def test_a_visit_makes_no_claim_of_a_row_before_its_time(company: Company) -> None:
    """INT-10, CLM-12: where a visit accepts reports, the row waits for objections and then needs none."""
    load = Load(company, policy={"claim.protection_shape": "visit_deal"})
    visited, unseen = load.row(load.first, 1, protection_days_left=40), load.row(load.first, 2)
    work(load.first, visited, "visit")
    assert read(load.first, visited)["state"] == "reported"
    load.go_live()
    claim = read(load.first, visited)
    assert [claim["state"], read(load.first, unseen)["state"]] == ["protected"] * 2
    assert moment(clocks(claim)["stage"]) == after(visited["received_at"], days=40)


def test_a_late_row_that_is_withdrawn_keeps_the_earlier_one_no_longer(load: Load) -> None:
    """INT-10: the row beside it goes live at its own time, though its workflow was armed for a later one."""
    early = load.row(load.first)
    load.company.advance(days=4)
    late = load.row(load.second)
    work(load.first, early)
    done(act(load.second, late, "withdraw"))
    load.go_live()
    assert (read(load.first, early)["state"], read(load.first, early)["accepted_at"]) == ("protected", GO_LIVE)


def test_a_report_of_a_listed_customer_waits_and_then_meets_the_owner(load: Load) -> None:
    """INT-10, CLM-05: no objection, so it makes no case; nobody judges the row meanwhile."""
    row = load.row(load.first)
    late = load.office.claim(load.second, customer=customer(1))
    assert late["state"] == "reported"
    refused(act(load.office.leader, row, "accept"), 409, "illegal_transition")
    refused(act(load.office.leader, row, "reject", reason="不认识"), 409, "illegal_transition")
    assert not {"accept", "reject"} & set(read(load.office.leader, row)["allowed"])
    load.go_live()
    assert read(load.first, row)["owner"] == load.first.id
    assert (read(load.second, late)["state"], read(load.second, late)["reason"]) == ("rejected", "customer_owned")


def test_a_file_sent_again_changes_nothing(load: Load) -> None:
    """INT-10, INT-03: known by the owner's number, and by the owner's open claim on the customer."""
    row = load.row(load.first, external_id="CRM-1")
    dry = {"Fairclaim-Dry-Run": "true"}
    body = {"owner": load.first.id, "customer": customer(1)}
    admin, path = load.company.admin, f"{load.path}/rows"
    for again in ({**body, "external_id": "CRM-1"}, body):
        answer = admin.post(path, again)
        assert (answer.status_code, answer.json()["id"]) == (200, row["id"])
    assert admin.post(path, {**body, "customer": customer(2)}, headers=dry).status_code == 204
    assert len(listed(admin.get(path))) == 1
    assert admin.post(load.path).status_code == 200
    moved = refused(admin.post(load.path, {"go_live_at": "2031-05-01T00:00:00Z"}), 409, "illegal_transition")
    assert moved["facts"]["go_live_at"] == GO_LIVE


def test_what_cannot_be_loaded_or_objected_to_is_refused(load: Load) -> None:
    """INT-10: who owns nothing here, what lies ahead, what is too late, what is one's own."""
    admin, rows = load.company.admin, f"{load.path}/rows"
    row = load.row(load.first)
    body = {"owner": load.first.id, "customer": customer(2)}
    refused(admin.post(rows, {**body, "owner": load.office.leader.id}), 422, "field_invalid", "owner")
    ahead = {**body, "last_follow_up_at": "2031-03-04T00:00:00Z"}
    refused(admin.post(rows, ahead), 422, "date_invalid", "last_follow_up_at")
    refused(admin.post(rows, {**body, "stage": "courtship"}), 422, "field_invalid", "stage")
    refused(load.first.post(f"{rows}/{row['id']}/objections", {"reason": "我的"}), 409, "illegal_transition")
    mine = load.office.claim(load.second, customer=customer(3))
    theirs = load.row(load.first, 3)
    told = refused(load.second.post(f"{rows}/{theirs['id']}/objections", {"reason": "我的"}), 409, "illegal_transition")
    assert told["facts"]["claim"] == mine["id"]
    soon = (load.company.now() + timedelta(days=1)).isoformat()
    other = load.company.program("Other")
    refused(admin.post(f"/v1/programs/{other}/opening", {"go_live_at": soon}), 422, "field_invalid", "go_live_at")
    refused(admin.post(f"/v1/programs/{other}/opening/rows", body), 409, "illegal_transition")
    assert admin.get(f"/v1/programs/{other}/opening").status_code == 404
    begun = admin.made(f"/v1/programs/{other}/opening")
    assert (begun["go_live_at"][:17], begun["rows"], begun["state"]) == ("2031-03-10T02:00:", 0, "listed")
    load.go_live()
    late = refused(admin.post(rows, body), 409, "deadline_passed")
    assert late["facts"]["until"] == GO_LIVE
    late = refused(load.second.post(f"{rows}/{row['id']}/objections", {"reason": "我的"}), 409, "deadline_passed")
    assert late["facts"] == {"until": GO_LIVE, "instead": ["report", "dispute"]}


def test_nobody_is_refused_for_what_was_loaded(company: Company) -> None:
    """INT-10, CLM-24, CLM-25, POOL-07, LEAD-05: a take, a lead, a transfer and a report beside two loaded customers.

    What comes afterwards counts: the next report is refused.
    """
    caps = {"claim.cap_person": 2, "claim.cap_team": 4, "pool.holding_cap": 1, "transfer.approval": "never"}
    load = Load(company, policy={**caps, "pool.cool_off_h": 0, "load.max_ratio": 0})
    first, second, office = load.first, load.second, load.office
    for number, owner in enumerate((first, first, second, second), start=1):
        load.row(owner, number)
    load.go_live()
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    customer_id = company.admin.made("/v1/customers", customer(5))["id"]
    added = company.admin.made(f"/v1/pools/{pool}/add", {"customers": [customer_id], "reason": "活动名单"})
    taken = first.made(f"/v1/pools/{pool}/customers/{added['rows'][0]['customer']}/take")
    assert taken["owner"] == first.id
    lead = company.person("市场", team=office.team, roles=("marketing",)).made(
        "/v1/leads", {"program": office.program, "source": "展会", "customer": customer(6)}
    )
    assert lead["state"] == "offered"
    _hand_over(taken, first, second)
    assert read(second, taken)["owner"] == second.id
    assert office.report(second, customer=customer(7)).status_code == 201
    refused(office.report(second, customer=customer(8)), 409, "claim_cap")


def test_a_case_about_a_listed_customer_gives_the_time_to_object_back(load: Load) -> None:
    """INT-10, DSP-03: a case opened and given up meanwhile stops that time; no row is taken in the meantime."""
    row = load.row(load.first)
    mine = load.object_to(row, load.second)
    case = load.second.made("/v1/disputes", {"claim": mine["id"], "grounds": "ownership", "statement": "先来"})
    assert case["state"] == "negotiating"  # who was loaded first is no fact that rules could decide by
    again = {"owner": load.office.outsider().id, "customer": customer(1)}
    refused(load.company.admin.post(f"{load.path}/rows", again), 409, "claim_disputed")
    load.second.made(f"/v1/disputes/{case['id']}/withdraw", {"reason": "等期限"})
    load.company.advance(days=2, hours=1)
    back = read(load.first, row)
    assert back["state"] == "reported"
    load.go_live()
    assert read(load.first, row)["state"] == "reported"
    load.company.advance(days=3)
    assert read(load.first, row)["state"] == "disputed"
    assert after(row["received_at"], days=7) < load.company.now()
