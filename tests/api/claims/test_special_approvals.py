"""Special approvals (领导特批): given, listed, used, gone with the customer (contract section 20, CLM-34)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from storage import approvals, matters
from storage import tables as t
from storage.database import Transaction
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, after, customer, done, entry, moment, notices, read
from tests.support.operations import World

WHY = "战略客户王小明，总部要求"
UNTIL = "2031-04-30T10:00:00Z"


def given(by: Person, claim: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    return done(act(by, claim, "override", kind=kind, reason=WHY, **more))


def overrides(person: Person, **filters: Any) -> list[dict[str, Any]]:
    return listed(person.get("/v1/overrides", **filters))


def test_a_manager_gives_a_customer_to_somebody_whom_caps_would_stop(company: Company) -> None:
    """CLM-34: assign; marked on both claims, told to the loser, who opens a dispute with their own claim (DSP-02)."""
    office = Office(company, policy={"claim.cap_person": 1, "pool.holding_cap": 1})
    manager = office.manager()
    office.claim(office.second, customer=customer(61))
    claim = office.claim(office.first, customer=customer(62))
    told = given(manager, claim, "assign", to=office.second.id, past_share_bps=2_000, shares="甲保留两成")
    assert (told["state"], told["reason"], told["owner"]) == ("released", "by_override", None)
    (mark,) = told["overrides"]
    assert (mark["kind"], mark["by"], mark["to"], mark["until"]) == ("assign", manager.id, office.second.id, None)
    (listing,) = overrides(office.second, program=office.program)
    fresh = read(office.second, listing["made"])
    assert (fresh["state"], fresh["owner"], fresh["overrides"]) == ("protected", office.second.id, [mark])
    assert (listing["lost_by"], listing["past_share_bps"]) == (office.first.id, 2_000)
    assert notices(office.first, claim)[-2:] == ["claim.released", "claim.overridden"]
    item = entry(office.first, claim, "overridden")
    assert (item["actor"], item["data"]["kind"], item["data"]["override"]) == (manager.id, "assign", mark["id"])
    assert WHY not in str(item)
    company.advance(hours=1)
    body = {"claim": claim["id"], "grounds": "ownership", "statement": "客户一直由我跟进"}
    assert done(office.first.post("/v1/disputes", body))["opened_at"] < listing["object_by"]
    refused(act(manager, read(manager, claim), "override", kind="keep", until=UNTIL, reason=WHY), 409, "claim_disputed")


def test_who_lost_a_customer_by_it_objects_in_time(company: Company) -> None:
    """CLM-34, DSP-02: after `override.objection_wh` it is `dispute_too_late`."""
    office = Office(company)
    claim = office.claim(office.first, customer=customer(63))
    given(office.manager(), claim, "assign", to=office.second.id)
    (listing,) = overrides(office.second, claim=claim["id"])
    assert moment(listing["object_by"]) < after(listing["at"], days=5)
    company.at(listing["object_by"])
    company.advance(seconds=1)
    body = {"claim": claim["id"], "grounds": "ownership", "statement": "客户一直由我跟进"}
    refused(office.first.post("/v1/disputes", body), 409, "dispute_too_late")


def test_caps_are_exceeded_by_a_take_or_a_report_once(company: Company) -> None:
    """CLM-34, CLM-25, POOL-07: exceed; used up by the take, by the report, and only by whom it names."""
    office = Office(
        company,
        policy={"claim.cap_person": 1, "pool.holding_cap": 1, "claim.reclaim_wait_h": {"person": 0, "company": 0}},
    )
    manager, third = office.manager(), office.outsider()
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    for number, rep in ((64, office.second), (65, third)):
        office.claim(rep, customer=customer(number))
    freed = []
    for number in (66, 67):
        claim = office.claim(office.first, customer=customer(number))
        done(act(office.first, claim, "release", reason="need_unmet"))
        freed.append(claim)
        refused(office.report(office.second, customer=customer(number)), 409, "holding_cap")
        given(manager, claim, "exceed", to=office.second.id, until=UNTIL)
        refused(office.report(third, customer=customer(number)), 409, "holding_cap")
    entries = {row["customer"]["name"]: row["id"] for row in listed(office.second.get(f"/v1/pools/{pool}/customers"))}
    assert len(entries) == 1  # both are called the same
    taken = next(iter(entries.values()))
    assert office.second.post(f"/v1/pools/{pool}/customers/{taken}/take").status_code == 201
    left = [n for n in (66, 67) if office.report(office.second, customer=customer(n)).status_code == 201]
    assert left
    assert all(row["used_at"] for row in overrides(manager, kind="exceed"))


def test_a_report_that_gets_nothing_uses_nothing_up(company: Company) -> None:
    """CLM-34, CLM-25: exceed is good until the customer is theirs; a collision leaves it, an acceptance does not."""
    office = Office(company, policy={"claim.cap_person": 1, "pool.holding_cap": 1})
    office.claim(office.second, customer=customer(77))
    claim = office.claim(office.first, customer=customer(78))
    given(office.manager(), claim, "exceed", to=office.second.id, until=UNTIL)
    turned_down = office.claim(office.second, customer=customer(78))
    assert (turned_down["state"], turned_down["reason"]) == ("rejected", "customer_owned")
    assert [row["used_at"] for row in overrides(office.second, kind="exceed")] == [None]
    done(act(office.first, claim, "release", reason="need_unmet"))
    accepted = office.claim(office.second, customer=customer(78))
    assert accepted["state"] == "protected"
    assert [row["used_at"] for row in overrides(office.second, kind="exceed")] == [accepted["accepted_at"]]


def test_members_see_them_with_masked_customers_and_partners_people_see_none(company: Company) -> None:
    """CLM-34, OVS-03, PPL-08: the reason is for who reads the claim; counted by leader and month."""
    world = World(company)
    claim = {"id": world.claim()}
    given(world["manager"], claim, "keep", until=world.later(days=40), shares="不影响分成")
    for role in ("peer", "account_manager"):
        (shown,) = overrides(world[role], program=world.program)
        assert (shown["customer"]["name"], shown["reason"], shown["shares"]) == ("王*", None, None)
    (own,) = overrides(world["owner"], claim=claim["id"])
    assert (own["customer"]["name"], own["reason"], own["shares"]) == ("王*", WHY, "不影响分成")
    for role in ("outsider", "broker"):
        assert overrides(world[role]) == []
    page = world["peer"].get("/v1/overrides", by=world["manager"].id, month=own["month"]).json()
    assert page["counts"] == [{"by": world["manager"].id, "month": own["month"], "count": 1}]
    assert world["peer"].get("/v1/overrides", month="2001-01").json()["items"] == []


def test_what_a_kind_lacks_or_does_not_know_is_refused(company: Company) -> None:
    """CLM-34, contract section 20: fields of each kind; the end date lies ahead."""
    office = Office(company)
    manager, claim = office.manager(), office.claim(office.first, customer=customer(68))

    def tried(kind: str, **more: Any) -> Any:
        return act(manager, claim, "override", kind=kind, reason=WHY, **more)

    refused(tried("assign"), 422, "field_missing", "to")
    refused(tried("exceed"), 422, "field_missing", "to", "until")
    refused(tried("keep", to=office.second.id, until=UNTIL), 422, "field_invalid", "to")
    refused(tried("keep", until="2031-03-01T00:00:00Z"), 422, "date_invalid", "until")
    refused(tried("assign", to=manager.id), 403, "recusal_required")
    refused(tried("assign", to=office.leader.id), 422, "field_invalid", "to")
    refused(act(office.leader, claim, "override", kind="keep", until=UNTIL, reason=WHY), 403, "not_allowed")


def test_what_was_said_of_it_goes_with_the_customer(company: Company) -> None:
    """CLM-34, AUD-05: texts are gone, nobody gets a customer whom nobody knows any more."""
    office = Office(company)
    manager, claim = office.manager(), office.claim(office.first, customer=customer(69))
    given(manager, claim, "keep", until=UNTIL, shares="王小明的分成")
    done(act(office.first, claim, "release", reason="need_unmet"))
    company.admin.made(f"/v1/customers/{claim['customer']['id']}/erase", {"reason": "客户要求"})
    (shown,) = overrides(manager)
    assert (shown["reason"], shown["shares"], shown["customer"]["name"]) == (None, None, None)
    refused(act(manager, claim, "override", kind="assign", to=office.second.id, reason=WHY), 409, "illegal_transition")


def test_a_leaders_limit_is_counted_over_programs_and_once_per_key(company: Company) -> None:
    """CLM-34: `override.per_month` 1, company-wide; a repeat is no second one, a refusal counts for nothing."""
    office = Office(company, policy={"override.per_month": 1})
    manager, claim = office.manager(), office.claim(office.first, customer=customer(70))
    refused(
        act(manager, claim, "override", kind="extend", until="2031-03-03T03:00:00Z", reason=WHY),
        422,
        "date_invalid",
        "until",
    )
    body = {"kind": "keep", "until": UNTIL, "reason": WHY}
    for _ in range(2):
        assert manager.post(f"/v1/claims/{claim['id']}/override", body, key="once").status_code == 200
    elsewhere = company.program("Other", policy={"override.per_month": 1})
    other = office.first.made("/v1/claims", {"program": elsewhere, "customer": customer(71)})
    problem = refused(act(manager, other, "override", **body), 409, "override_limit")
    assert (problem["facts"]["cap"], problem["facts"]["count"], problem["facts"]["month"]) == (1, 1, "2031-03")
    assert "override" not in read(manager, claim)["allowed"]
    company.at("2031-03-31T16:00:00Z")  # midnight in Shanghai: the next month
    assert "override" in read(manager, claim)["allowed"]


def test_who_may_give_one_is_told_so_and_nobody_else(company: Company) -> None:
    """CLM-34: `allowed` says `override` where the call is accepted: by role, not for oneself, without an open case.

    Whoever stands in for a leader decides what waits for them (PPL-05), and has no role of theirs.
    """
    office = Office(company, policy={"dispute.auto_settle": False})
    manager = office.manager()
    away = {"from": company.now().isoformat(), "to": "2031-03-10T00:00:00Z"}
    company.admin.made(f"/v1/people/{manager.id}/delegations", {**away, "delegate": office.leader.id})
    company.admin.made(f"/v1/people/{manager.id}/grants", {"role": "rep", "scope": {"kind": "own"}})
    claim, own = office.claim(office.first), office.claim(manager, customer=customer(72))
    refused_here = office.claim(office.second)
    body = {"kind": "exceed", "to": office.outsider().id, "until": UNTIL, "reason": WHY}
    for person, of, allowed in (
        (manager, claim, True),
        (manager, refused_here, True),
        (office.leader, claim, False),
        (office.first, claim, False),
        (manager, own, False),
    ):
        assert ("override" in read(person, of)["allowed"]) is allowed
        assert (act(person, of, "override", **body).status_code == 200) is allowed
    company.advance(hours=1)
    over = office.claim(office.first, customer=customer(73))
    done(act(office.first, over, "release", reason="need_unmet"))
    late = office.claim(office.second, customer=customer(73))
    assert "override" in read(manager, over)["allowed"]
    done(office.first.post("/v1/disputes", {"claim": over["id"], "grounds": "ownership", "statement": "由我跟进"}))
    for of in (over, late):
        assert "override" not in read(manager, of)["allowed"]
        refused(act(manager, of, "override", **body), 409, "claim_disputed")


def test_a_transfer_with_two_answers_uses_it_up_at_its_end(company: Company) -> None:
    """CLM-34, CLM-24: receiver and supervisor say yes; a full receiver may, until the customer is theirs."""
    office = Office(company, policy={"pool.holding_cap": 1, "transfer.approval": "always"})
    manager, claim = office.manager(), office.claim(office.first, customer=customer(72))
    office.claim(office.second, customer=customer(73))
    asked = done(act(office.first, claim, "transfer", to=office.second.id))["requests"][0]
    refused(office.second.post(f"/v1/requests/{asked['id']}/accept", {}), 409, "holding_cap")
    given(manager, claim, "exceed", to=office.second.id, until=UNTIL)
    done(office.second.post(f"/v1/requests/{asked['id']}/accept", {}))
    done(office.leader.post(f"/v1/requests/{asked['id']}/accept", {}))
    assert read(office.second, claim)["owner"] == office.second.id
    with company.database.reading() as tx:
        (row,) = tx.rows(sa.select(t.special_approval))
    assert row["used_at"] is not None


def test_two_at_once_do_not_pass_the_limit_together(company: Company) -> None:
    """CLM-34: counted under a lock on the leader, whichever customers they are about."""
    office = Office(company, policy={"override.per_month": 1})
    manager = office.manager()
    claims = [office.claim(office.first, customer=customer(number)) for number in (74, 75, 76)]
    answers = company.together(
        *(
            company.acall(
                "POST",
                f"/v1/claims/{claim['id']}/override",
                token=manager.token,
                key=str(uuid.uuid4()),
                json={"kind": "keep", "until": UNTIL, "reason": WHY},
            )
            for claim in claims
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 409, 409]
    assert [a.json()["code"] for a in answers if a.status_code == 409] == ["override_limit"] * 2
    assert len(overrides(manager)) == 1


def test_one_used_on_the_other_record_of_a_case_is_used(company: Company) -> None:
    """CLM-34, CUS-13: whatever a case decides in the matter of its other record is kept like that of its own."""
    office = Office(company)
    claim = office.claim(office.first, customer=customer(79))
    given(office.manager(), claim, "exceed", to=office.second.id, until=UNTIL)

    def use(tx: Transaction) -> None:
        (row,) = tx.rows(sa.select(t.claim.c.matter).where(t.claim.c.id == claim["id"]))
        locked = matters.lock(tx, row["matter"])
        known = approvals.load(tx, row["matter"], (), excused=True)
        before = replace(matters.load(tx, locked), approvals=known)
        (mine,) = known.values()
        after = replace(before, approvals={mine.id: replace(mine, used_at=locked.now)})
        matters.save_other(tx, before, after, setting=company.snapshots.setting(tx), at=locked.now)

    company.database.transact(use)
    assert all(row["used_at"] for row in overrides(office.second, kind="exceed"))
