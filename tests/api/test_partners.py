"""Partner organisations: owner and payee of what their brokers report (PPL-08)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
import sqlalchemy as sa
from temporalio.testing import ActivityEnvironment

from activities.keeping import KeepingActivities
from storage import tables as t
from storage.bells import DatabaseBells
from storage.database import Database
from storage.house import DatabaseHouse
from storage.setting import Snapshots
from tests.conftest import Store
from tests.faults.held import Held, contest
from tests.support.company import Company, Person, person_customer
from tests.support.money import plan_in_force


@dataclass
class House:
    """A company with a partner of two brokers, one of whom is its own manager, and a rep of its own."""

    company: Company
    program: str
    manager: Person  # 渠道经理
    partner: dict[str, Any]
    lead: Person
    broker: Person
    rep: Person
    finance: Person


def joined(company: Company, partner: str, by: Person, name: str) -> Person:
    """Somebody who came by an invitation."""
    code = by.made(f"/v1/partners/{partner}/invitations")["code"]
    answer = company.call("POST", "/v1/join", token=None, json={"code": code, "name": name})
    assert answer.status_code == 201, answer.text
    return Person(company, answer.json()["person"]["id"], answer.json()["token"])


@pytest.fixture
def house(company: Company) -> House:
    sales = company.team("销售")
    above = company.leader(sales, "总监")
    manager = company.person("渠道经理", team=sales)
    today = company.now().date().isoformat()
    made = company.admin.made("/v1/partners", {"name": "渠道一", "manager": manager.id, "from": today})
    lead = joined(company, made["id"], manager, "店长")
    broker = joined(company, made["id"], manager, "经纪人")
    body = {"version": made["version"], "lead": lead.id}
    made = company.admin.patch(f"/v1/partners/{made['id']}", body).json()
    assert made["lead"] == lead.id
    program = company.program(
        members=[{"team": sales}],
        oversight=[above.id],
        policy={"dispute.auto_settle": False, "claim.first_follow_up_wh": 0},
    )
    return House(
        company,
        program,
        manager,
        made,
        lead,
        broker,
        company.rep(team=sales),
        company.person("财务", roles=("finance",), company_wide=True),
    )


def reported(house: House, by: Person) -> dict[str, Any]:
    return by.made("/v1/claims", {"program": house.program, "customer": person_customer()})


def paid_for(house: House) -> str:
    """A deal of the broker's, paid by the customer in full; its id."""
    admin, plan = house.company.admin, {"program": house.program, "effective_from": "2020-01-01"}
    plan_id = admin.made("/v1/plans", {**plan, "rates": [{"when": {}, "rate_bps": 500}]})["id"]
    approver = house.company.person("规则管理员", roles=("policy_admin",), company_wide=True)
    for step in ("review", "approve", "activate"):
        approver.made(f"/v1/plans/{plan_id}/{step}")
    claim = reported(house, house.broker)["id"]
    amount, now = {"amount_minor": 1_000_000, "currency": "CNY"}, house.company.now().isoformat()
    deal = house.broker.made(f"/v1/claims/{claim}/win", {"amount": amount, "contract_at": now})["deals"][0]
    house.finance.made(f"/v1/deals/{deal}/receipts", {"amount": amount, "at": now, "reference": "bank-1"})
    return str(deal)


def test_what_a_broker_earns_accrues_to_the_partner_and_is_paid_to_it(house: House) -> None:
    """PPL-08, COM-12: deal → ledger → payout run → statement, and the broker's own accounts stay empty."""
    company, partner = house.company, house.partner["id"]
    deal = paid_for(house)
    entries = house.finance.get("/v1/ledger/entries", deal=deal).json()["items"]
    accounts = {p["account"] for entry in entries for p in entry["postings"]}
    assert accounts == {f"partner:{partner}:accrued", f"partner:{partner}:payable", "company:commission"}
    period = company.now().strftime("%Y-%m")
    (account,) = house.finance.get("/v1/ledger/accounts").json()["items"]
    assert (account["partner"], account["person"], account["payable_minor"]) == (partner, None, 50_000)
    run = house.finance.made("/v1/payouts", {"period": period, "currency": "CNY"})
    second = company.person("财务二", roles=("finance",), company_wide=True)
    second.made(f"/v1/payouts/{run['id']}/approve")
    answer = house.finance.made(f"/v1/payouts/{run['id']}/pay")
    assert answer["lines"] == [{"person": None, "partner": partner, "amount_minor": 50_000, "posted_minor": 50_000}]
    for reader in (house.lead, house.manager, house.finance):
        found = reader.get(f"/v1/partners/{partner}/statement").json()
        assert [line["kind"] for line in found["items"]] == ["payment", "release", "accrual"]
        assert [(total["currency"], total["paid_minor"]) for total in found["totals"]] == [("CNY", 50_000)]
    assert house.lead.get(f"/v1/partners/{partner}/statement", format="csv").status_code == 200
    assert house.broker.get(f"/v1/partners/{partner}/statement").status_code == 404
    assert house.rep.get(f"/v1/partners/{partner}/statement").status_code == 404
    assert house.broker.get(f"/v1/people/{house.broker.id}/statement").json()["items"] == []
    kinds = {notice["kind"] for notice in house.lead.get("/v1/me/notices").json()["items"]}
    assert {"money.accrual", "money.release", "money.payment"} <= kinds


def test_a_broker_reads_the_rates_that_their_own_deals_can_earn_by(house: House) -> None:
    """PPL-08, COM-02: no rate of an in-house team, and no plan of the house where the program has one of its own."""
    company, partner = house.company, house.partner["team"]
    other = company.team("直销")
    rates = [
        {"when": when, "rate_bps": bps} for when, bps in (({}, 300), ({"team": other}, 800), ({"team": partner}, 200))
    ]
    early = plan_in_force(company, None, effective_from="2020-01-01")["id"]
    late = plan_in_force(company, None, effective_from="2031-02-01")["id"]
    assert plans_of(house.broker) == {early, late}
    own = plan_in_force(company, house.program, rates, effective_from="2031-01-01")["id"]
    hidden = plan_in_force(company, company.program("别处", members=[{"team": other}]), rates)["id"]
    assert plans_of(house.broker) == plans_of(house.lead) == {early, own}
    assert plans_of(house.rep) == {early, late, own}
    for unseen in (late, hidden):
        assert house.broker.get(f"/v1/plans/{unseen}").status_code == 404
    (shown,) = [plan for plan in house.broker.get("/v1/plans").json()["items"] if plan["id"] == own]
    assert shown == house.broker.get(f"/v1/plans/{own}").json()
    assert [(rate["rule"], rate["rate_bps"]) for rate in shown["rates"]] == [("r1", 300), ("r3", 200)]
    assert len(house.rep.get(f"/v1/plans/{own}").json()["rates"]) == 3


def plans_of(reader: Person) -> set[str]:
    return {plan["id"] for plan in reader.get("/v1/plans").json()["items"]}


def test_a_month_is_confirmed_or_questioned_by_the_partners_manager_in_time(house: House) -> None:
    """PPL-08 (对账): silence confirms nothing; a question is a task for the channel manager."""
    company, partner = house.company, house.partner["id"]
    paid_for(house)
    path = f"/v1/partners/{partner}/statements"
    period = company.now().strftime("%Y-%m")
    early = house.finance.post(path, {"period": period})
    assert (early.status_code, early.json()["code"]) == (422, "field_invalid")
    company.shift(days=40)
    made = house.finance.made(path, {"period": period})
    assert made["totals"] == [
        {
            "currency": "CNY",
            "accrued_minor": 0,
            "held_minor": 0,
            "payable_minor": 50_000,
            "paid_minor": 0,
            "receivable_minor": 0,
        }
    ]
    assert house.finance.post(path, {"period": period}).json()["id"] == made["id"]
    assert [task["kind"] for task in house.lead.get("/v1/me/tasks").json()["items"]] == ["confirm_statement"]
    assert house.manager.post(f"{path}/{made['id']}/confirm").status_code == 403
    assert house.broker.post(f"{path}/{made['id']}/confirm").status_code == 404
    company.shift(days=20)
    late = house.lead.post(f"{path}/{made['id']}/question", {"reason": "少一笔"})
    assert (late.status_code, late.json()["code"]) == (409, "deadline_passed")
    assert house.lead.get(path).json()["items"][0]["state"] == "open"
    assert house.lead.made(f"{path}/{made['id']}/confirm")["state"] == "confirmed"
    assert house.lead.get("/v1/me/tasks").json()["items"] == []
    again = house.lead.post(f"{path}/{made['id']}/question", {"reason": "少一笔"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    other = house.finance.made(path, {"period": company.now().replace(day=1).__sub__(timedelta(1)).strftime("%Y-%m")})
    asked = house.lead.made(f"{path}/{other['id']}/question", {"reason": "少一笔"})
    assert (asked["state"], asked["reason"]) == ("questioned", "少一笔")
    assert "statement_questioned" in [task["kind"] for task in house.manager.get("/v1/me/tasks").json()["items"]]


def test_the_house_makes_the_statement_of_the_month_that_has_ended_once(house: House) -> None:
    """PPL-08: in the company's zone, for a partner to whom the month brought something and who has none yet."""
    company, path = house.company, f"/v1/partners/{house.partner['id']}/statements"
    idle = house.company.admin.made(
        "/v1/partners", {"name": "渠道二", "manager": house.manager.id, "from": company.now().date().isoformat()}
    )
    keeper = DatabaseHouse(company.database, company.snapshots, company.settings.data)
    keeping = KeepingActivities(DatabaseBells(company.database), AsyncMock(), keeper, shift_s=0.001)

    def made() -> list[tuple[str, str]]:
        for _ in range(2):
            asyncio.run(ActivityEnvironment().run(keeping.housekeeping))
        return [(s["period"], s["state"]) for s in house.finance.get(path).json()["items"]]

    company.at("2031-02-28T16:30:00Z")  # March has begun in Shanghai
    paid_for(house)
    company.at("2031-03-31T15:59:00Z")  # and ends there in a minute
    assert made() == []
    company.at("2031-03-31T16:01:00Z")
    assert made() == [("2031-03", "open")]
    (statement,) = house.lead.get(path).json()["items"]
    assert [total["payable_minor"] for total in statement["totals"]] == [50_000]
    assert statement["confirm_by"][:13] == "2031-04-07T16", "the 8th in Shanghai, five working days later"
    assert [task["kind"] for task in house.lead.get("/v1/me/tasks").json()["items"]] == ["confirm_statement"]
    assert house.finance.post(path, {"period": "2031-03"}).json()["id"] == statement["id"]
    assert house.finance.get(f"/v1/partners/{idle['id']}/statements").json()["items"] == []
    company.at("2031-04-30T16:01:00Z")  # April brought nothing
    assert made() == [("2031-03", "open")]


def test_no_statement_is_made_while_something_of_its_month_is_undecided(house: House) -> None:
    """PPL-08, COM-12: what is received or due before midnight and decided after it is posted into the month."""
    company, path = house.company, f"/v1/partners/{house.partner['id']}/statements"
    keeper = DatabaseHouse(company.database, company.snapshots, company.settings.data)
    company.at("2031-03-10T02:00:00Z")
    deal = paid_for(house)
    company.at("2031-03-31T15:58:00Z")
    told = {"amount": {"amount_minor": 200_000, "currency": "CNY"}, "at": "2031-03-31T15:57:00Z", "reference": "bank-2"}
    company.direct.down = True
    assert house.finance.post(f"/v1/deals/{deal}/refunds", told | {"reason": "退款"}).status_code == 202
    company.direct.down = False
    company.at("2031-03-31T16:01:00Z")
    keeper.partner_statements()
    assert house.finance.get(path).json()["items"] == []
    assert house.finance.post(path, {"period": "2031-03"}).status_code == 422
    claim = house.finance.get(f"/v1/deals/{deal}").json()["claim"]
    company.direct.drain(claim)
    late = t.stream.update().where(t.stream.c.id == claim)
    with company.database.reading() as tx:
        due = tx.execute(sa.select(t.stream.c.next_instant).where(t.stream.c.id == claim)).scalar_one()
    for instant, made in ((datetime(2031, 3, 31, 15, tzinfo=UTC), 0), (due, 1)):
        company.database.transact(lambda tx, at=instant: tx.execute(late.values(next_instant=at)))
        keeper.partner_statements()
        assert len(house.finance.get(path).json()["items"]) == made
    (total,) = house.finance.get(path).json()["items"][0]["totals"]
    assert total["payable_minor"] == 40_000


def test_two_houses_at_one_minute_make_one_statement(house: House, store: Store) -> None:
    """PPL-08, AUD-07: the one that comes second finds it made; the partner is asked once."""
    company = house.company
    company.at("2031-03-31T15:00:00Z")
    paid_for(house)
    company.at("2031-03-31T16:01:00Z")
    other = store.open(patient=True)

    def state(database: Database) -> None:
        DatabaseHouse(database, Snapshots(), company.settings.data).partner_statements()

    try:
        contest(
            lambda: state(company.database),
            lambda: state(other),
            of_first=Held(company.database, "INSERT INTO partner_statement"),
            of_second=other,
        )
    finally:
        other.close()
    assert len(house.lead.get(f"/v1/partners/{house.partner['id']}/statements").json()["items"]) == 1
    assert [task["kind"] for task in house.lead.get("/v1/me/tasks").json()["items"]] == ["confirm_statement"]


def test_the_time_to_confirm_a_month_is_that_of_the_policy(house: House) -> None:
    """PPL-08: with `partner.confirm_wd` 15 instead of 5, sixteen days later is still in time."""
    company, path = house.company, f"/v1/partners/{house.partner['id']}/statements"
    company.company_policy(partner__confirm_wd=15)
    paid_for(house)
    period = company.now().strftime("%Y-%m")
    company.shift(days=40)
    made = house.finance.made(path, {"period": period})
    company.shift(days=16)
    assert house.lead.made(f"{path}/{made['id']}/question", {"reason": "少一笔"})["state"] == "questioned"


def test_a_suspended_partner_reports_nothing_new_and_open_claims_run_on(house: House) -> None:
    """PPL-08: suspended, or outside the dates of the agreement: `partner_suspended`."""
    partner, claim = house.partner["id"], reported(house, house.broker)
    assert (claim["state"], claim["partner"], claim["channel"]) == ("protected", partner, "partner")
    assert house.manager.made(f"/v1/partners/{partner}/suspend", {"reason": "违规"})["takes_reports"] is False
    body = {"program": house.program, "customer": person_customer("张三", "13700000001")}
    refused = house.broker.post("/v1/claims", body)
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "partner_suspended", "PPL-08")
    note = {"kind": "call", "note": "谈了户型、预算和下次看房时间安排"}
    assert house.broker.made(f"/v1/claims/{claim['id']}/follow-ups", note)["state"] == "active"
    house.manager.made(f"/v1/partners/{partner}/resume")
    assert house.broker.post("/v1/claims", body).status_code == 201
    version = house.manager.get(f"/v1/partners/{partner}").json()["version"]
    yesterday = (house.company.now().date() - timedelta(days=2)).isoformat()
    ended = {"version": version, "from": "2020-01-01", "to": yesterday}
    assert house.company.admin.patch(f"/v1/partners/{partner}", ended).json()["takes_reports"] is False
    body["customer"] = person_customer("李四", "13700000002")
    assert house.broker.post("/v1/claims", body).json()["code"] == "partner_suspended"
    assert house.rep.post("/v1/claims", body).status_code == 201


def test_no_customer_newly_goes_to_the_people_of_a_suspended_partner(house: House) -> None:
    """PPL-08, LEAD-03, CLM-24: not by a transfer, and a lead would become a new claim, as a take; later they may."""
    sender = house.company.person("市场", roles=("marketing",), company_wide=True)
    body = {"program": house.program, "customer": person_customer("钱七", "13700000007"), "source": "exhibition"}
    path = f"/v1/partners/{house.partner['id']}"
    held = f"/v1/claims/{reported(house, house.rep)['id']}"
    house.manager.made(f"{path}/suspend", {"reason": "违规"})
    offered = house.rep.post(f"{held}/transfer", {"to": house.broker.id})
    assert (offered.status_code, offered.json()["code"], offered.json()["rule"]) == (403, "partner_suspended", "PPL-08")
    refused = sender.post("/v1/leads", {**body, "person": house.broker.id})
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["field"]) == (
        422,
        "field_invalid",
        "person",
    )
    given = {"program": house.program, "name": "渠道公海", "members": [{"team": house.partner["team"]}]}
    pool = house.company.admin.made("/v1/pools", given)["id"]
    take = f"/v1/pools/{pool}/customers/{pool}/take"
    assert house.broker.post(take).json()["code"] == "partner_suspended"
    house.manager.made(f"{path}/resume")
    assert house.broker.post(take).json()["code"] == "not_found"
    assert sender.made("/v1/leads", {**body, "person": house.broker.id})["receiver"] == house.broker.id


def test_a_suspended_partner_is_loaded_with_nothing_and_objects_to_nothing(house: House) -> None:
    """PPL-08, INT-10: a row and an objection are reports of whoever they name; what was listed before stays."""
    path, admin = f"/v1/programs/{house.program}/opening", house.company.admin
    admin.made(path)
    body = {"owner": house.broker.id, "customer": person_customer()}
    row = admin.made(f"{path}/rows", body)
    house.manager.made(f"/v1/partners/{house.partner['id']}/suspend", {"reason": "违规"})
    body["customer"] = person_customer("张三", "13700000001")
    loaded = admin.post(f"{path}/rows", body)
    assert (loaded.status_code, loaded.json()["code"], loaded.json()["rule"]) == (422, "field_invalid", "PPL-08")
    assert [error["field"] for error in loaded.json()["errors"]] == ["owner"]
    reason = {"reason": "一直是我在跟"}
    refused = house.lead.post(f"{path}/rows/{row['id']}/objections", reason)
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "partner_suspended", "PPL-08")
    house.manager.made(f"/v1/partners/{house.partner['id']}/resume")
    assert house.lead.made(f"{path}/rows/{row['id']}/objections", reason)["opening"] == "objection"
    admin.made(f"{path}/rows", body)


def test_an_invitation_lets_one_in_once_and_in_time(house: House) -> None:
    """PPL-08: brokers join by invitation code."""
    company, partner = house.company, house.partner["id"]

    def join(code: str) -> Any:
        return company.call("POST", "/v1/join", token=None, json={"code": code, "name": "新人"})

    first = house.lead.made(f"/v1/partners/{partner}/invitations")["code"]
    assert house.broker.post(f"/v1/partners/{partner}/invitations").status_code == 403
    assert join(first).status_code == 201
    assert join(first).status_code == 422
    late = house.manager.made(f"/v1/partners/{partner}/invitations")["code"]
    company.shift(days=8)
    for code in (first, late, "guess"):
        assert (join(code).status_code, join(code).json()["errors"]) == (
            422,
            [{"field": "code", "code": "field_invalid"}],
        )


def test_brokers_see_their_own_and_the_partners_manager_the_organisations(house: House) -> None:
    """PPL-08: in-house people, teams and claims appear in none of a partner's lists."""
    theirs, in_house = (
        reported(house, house.broker)["id"],
        house.rep.made("/v1/claims", {"program": house.program, "customer": person_customer("王五", "13700000003")})[
            "id"
        ],
    )
    seen = {who.id: {c["id"] for c in who.get("/v1/claims").json()["items"]} for who in (house.broker, house.lead)}
    assert seen == {house.broker.id: {theirs}, house.lead.id: {theirs}}
    assert {c["id"] for c in house.manager.get("/v1/claims").json()["items"]} == {theirs}
    assert house.lead.get(f"/v1/claims/{in_house}").status_code == 404
    for who in (house.broker, house.lead):
        people = {person["id"] for person in who.get("/v1/people").json()["items"]}
        assert people == {house.broker.id, house.lead.id, house.manager.id}
        assert [team["id"] for team in who.get("/v1/teams").json()["items"]] == [house.partner["team"]]
        assert who.get(f"/v1/people/{house.rep.id}").status_code == 404
        assert who.get(f"/v1/teams/{house.company.root}").status_code == 404
    assert house.rep.get(f"/v1/partners/{house.partner['id']}").status_code == 404
    assert house.rep.get("/v1/partners").json()["items"] == []


def test_a_pool_shows_itself_to_a_partner_that_it_names(house: House) -> None:
    """PPL-08, POOL-01: a program's pools hold in-house customers; a team above the partner's names nobody in it."""
    above = house.company.admin.get(f"/v1/people/{house.rep.id}").json()["team"]
    body = {"program": house.program, "name": "渠道公海", "members": [{"team": above}]}
    pool = house.company.admin.made("/v1/pools", body)
    assert len(house.rep.get("/v1/pools").json()["items"]) == 2
    for who in (house.broker, house.lead):
        assert who.get("/v1/pools").json()["items"] == []
        assert who.get(f"/v1/pools/{pool['id']}").status_code == 404
        assert who.get(f"/v1/pools/{pool['id']}/customers").status_code == 404
    named = {"version": pool["version"], "members": [{"team": house.partner["team"]}]}
    assert house.company.admin.patch(f"/v1/pools/{pool['id']}", named).status_code == 200
    for who in (house.broker, house.lead):
        assert [p["id"] for p in who.get("/v1/pools").json()["items"]] == [pool["id"]]
        assert who.get(f"/v1/pools/{pool['id']}/customers").status_code == 200


def test_a_broker_who_leaves_takes_no_report_along(house: House) -> None:
    """PPL-08, PPL-06: the channel manager decides; where nothing is decided, the partner's manager has the customer."""
    claim = reported(house, house.broker)["id"]
    house.company.admin.made(f"/v1/people/{house.broker.id}/leave")
    house.company.spread()
    tasks = house.manager.get("/v1/me/tasks").json()["items"]
    assert [(task["kind"], task["subject"]["id"]) for task in tasks] == [("request.handover", claim)]
    house.company.advance(days=10)
    found = house.lead.get(f"/v1/claims/{claim}").json()
    assert (found["owner"], found["partner"]) == (house.lead.id, house.partner["id"])


def test_the_channel_manager_has_a_case_between_two_partners_they_manage(house: House) -> None:
    """PPL-08, DSP-12: the channel manager is the common superior."""
    company = house.company
    today = company.now().date().isoformat()
    other = company.admin.made("/v1/partners", {"name": "渠道二", "manager": house.manager.id, "from": today})
    rival = joined(company, other["id"], house.manager, "对手")
    claim = reported(house, house.broker)["id"]
    assert reported(house, rival)["reason"] == "customer_owned"
    case = rival.made("/v1/disputes", {"claim": rival.get("/v1/claims").json()["items"][0]["id"],
                                       "grounds": "ownership", "statement": "我先带看"})  # fmt: skip
    for person in (house.broker, rival):
        person.made(f"/v1/disputes/{case['id']}/waive")
    assert house.broker.get(f"/v1/disputes/{case['id']}").json()["arbitrator"] == house.manager.id
    assert house.broker.get(f"/v1/claims/{claim}").json()["state"] == "disputed"


def test_a_partner_has_a_cap_of_its_own(house: House) -> None:
    """CLM-25: `claim.cap_partner` counts the open claims of all its brokers."""
    program = house.company.program("上限", policy={"claim.cap_partner": 1})
    house.broker.made("/v1/claims", {"program": program, "customer": person_customer()})
    body = {"program": program, "customer": person_customer("张三", "13700000001")}
    refused = house.lead.post("/v1/claims", body)
    assert refused.json()["code"] == "claim_cap"
    assert refused.json()["facts"] | {"rate_pct": None} == {"cap": 1, "count": 1, "per": "partner", "rate_pct": None}


def test_what_a_broker_is_handed_comes_by_the_partner(house: House) -> None:
    """PPL-08, CLM-10: a lead they accept as well as a report of theirs."""
    sender = house.company.person("市场", roles=("marketing",), company_wide=True)
    body = {"program": house.program, "source": "展会", "person": house.broker.id, "customer": person_customer()}
    lead = sender.made("/v1/leads", body)
    claim = house.broker.made(f"/v1/leads/{lead['id']}/accept")["claim"]
    shown = house.manager.get(f"/v1/claims/{claim}").json()
    assert (shown["channel"], shown["partner"]) == ("partner", house.partner["id"])


@pytest.mark.parametrize("silent", [False, True])
def test_a_lead_in_hand_becomes_nobodys_customer_while_their_partner_is_suspended(house: House, silent: bool) -> None:
    """PPL-08, LEAD-16: offered before; neither by saying yes nor by silence. Of others it goes to the supervisor."""
    limits = {"lead.accept_oh": "PT2H", "lead.first_response_oh": {"C": 0}} if silent else {}
    program = house.company.program("新项目", policy=limits)
    sender = house.company.person("市场", roles=("marketing",), company_wide=True)
    body = {"program": program, "source": "展会", "person": house.broker.id, "customer": person_customer()}
    lead = f"/v1/leads/{sender.made('/v1/leads', body)['id']}"
    house.manager.made(f"/v1/partners/{house.partner['id']}/suspend", {"reason": "违规"})
    if silent:
        house.company.advance(hours=3)
        assert sender.get(lead).json()["state"] == "escalated"
        return
    refused = house.broker.post(f"{lead}/accept")
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (403, "partner_suspended", "PPL-08")
    assert sender.get(lead).json()["state"] == "offered"
    house.manager.made(f"/v1/partners/{house.partner['id']}/resume")
    assert house.broker.made(f"{lead}/accept")["state"] == "accepted"


def test_who_of_the_house_had_a_lead_before_is_not_told_to_whom_it_comes_to_of_a_partner(house: House) -> None:
    """PPL-08, LEAD-11: a rep let it pass, a supervisor was asked, then it was given to the broker by name."""
    program = house.company.program("新项目", policy={"lead.first_response_oh": {"C": "PT1H"}})
    manager = house.company.person("经理", roles=("manager", "marketing"), company_wide=True)
    body = {"program": program, "source": "展会", "person": house.rep.id, "customer": person_customer()}
    lead = f"/v1/leads/{manager.made('/v1/leads', body)['id']}"
    house.company.advance(hours=2)
    other = house.company.person("另一位经理", roles=("manager",), company_wide=True)
    other.made(f"{lead}/assign", {"person": house.broker.id})

    def read(person: Person) -> tuple[list[str], list[dict[str, Any]]]:
        offers = [one["person"] for one in person.get(lead).json()["offers"]]
        return offers, list(reversed(person.get(f"{lead}/timeline").json()["items"]))

    offers, items = read(manager)
    assert offers == [house.rep.id, house.broker.id]
    assert [item["kind"] for item in items] == ["received", "offered", "response_missed", "escalated", "offered"]
    assert [item["data"].get("person") for item in items[1:3]] == [house.rep.id] * 2
    assert items[3]["data"]["to"] is not None
    offers, items = read(house.broker)
    assert offers == [house.broker.id]
    assert [item["data"].get("person") for item in items[1:]] == [None, None, None, house.broker.id]
    assert items[3]["data"]["to"] is None
    assert house.rep.id not in str(items)
    assert other.id not in str(items), "who acted and is not the sender"


def test_who_of_the_house_has_a_lead_that_a_broker_missed_is_not_told_to_them(house: House) -> None:
    """PPL-08, LEAD-11: neither as its receiver nor as who acted; one they sent themselves tells who received it."""
    program = house.company.program("新项目", policy={"lead.first_response_oh": {"C": "PT1H"}})
    manager = house.company.person("经理", roles=("manager", "marketing"), company_wide=True)
    body = {"program": program, "source": "展会", "customer": person_customer()}
    lead = f"/v1/leads/{manager.made('/v1/leads', body | {'person': house.broker.id})['id']}"
    assert house.broker.get(lead).json()["receiver"] == house.broker.id
    house.company.advance(hours=2)
    manager.made(f"{lead}/assign", {"person": house.rep.id})
    house.rep.made(f"{lead}/accept")
    assert manager.get(lead).json()["receiver"] == house.rep.id
    seen, told = house.broker.get(lead).json(), house.broker.get(f"{lead}/timeline").json()
    assert (seen["state"], seen["receiver"]) == ("accepted", None)
    assert house.rep.id not in str(seen) + str(told)
    assert "accepted" in [item["kind"] for item in told["items"]]
    listing = house.broker.get("/v1/leads").json()
    assert [one["receiver"] for one in listing["items"]] == [None]
    assert house.broker.get("/v1/leads", receiver=house.rep.id).json()["items"] == []
    assert len(manager.get("/v1/leads", receiver=house.rep.id).json()["items"]) == 1


def test_whom_a_broker_takes_from_a_pool_comes_by_the_partner(house: House) -> None:
    """PPL-08, CLM-10: of a pool whose members name them."""
    admin = house.company.admin
    pool = admin.get(f"/v1/programs/{house.program}").json()["default_pool"]
    path = f"/v1/pools/{pool}"
    body = {"version": admin.get(path).json()["version"], "members": [{"person": house.broker.id}]}
    assert admin.patch(path, body).status_code == 200
    fresh = admin.made("/v1/customers", person_customer())["id"]
    (row,) = admin.made(f"{path}/add", {"customers": [fresh], "reason": "名单"})["rows"]
    claim = house.broker.made(f"{path}/customers/{row['customer']}/take")["id"]
    shown = house.manager.get(f"/v1/claims/{claim}").json()
    assert (shown["channel"], shown["partner"]) == ("partner", house.partner["id"])
