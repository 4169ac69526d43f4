"""The customer confirms who served them first (客户确认): CNF-01, contract additions section 22."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from api.wrong_codes import PER_HOUR, WrongCodes
from domain.disputes.facts import Choice, Denial
from domain.refusals import Refusal
from storage import case_facts
from storage import tables as t
from tests.api.disputes.test_a_case import Case
from tests.api.test_files import uploaded
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import SIGNED, MoneyOffice, accounts, ledger_is_right, money, sums
from tests.support.office import Office, act, customer, done, entry, read, work

BOTH = ["after_first_visit", "before_contract"]


def asked(person: Person, claim: Any) -> list[tuple[str, str]]:
    """The points at which the customer was asked, and how each stands."""
    return [(c["point"], c["state"]) for c in read(person, claim)["confirmations"]]


def link(leader: Person, claim: Any) -> str:
    """The path of the newest link, printed by ``leader``."""
    newest = read(leader, claim)["confirmations"][-1]["id"]
    of = claim if isinstance(claim, str) else claim["id"]
    told = leader.made(f"/v1/claims/{of}/confirmations/{newest}/link")
    return f"/v1/confirmations/{told['code']}"


def say(company: Company, path: str, answer: str, **more: Any) -> httpx2.Response:
    """What a customer without a token says."""
    found = company.call("POST", path, token=None, json={"answer": answer, **more})
    company.ring_bells()
    return found


def said(company: Company, claim: Any) -> list[tuple[str, str]]:
    """What ownership is judged by of what the customer answered."""
    with company.database.reading() as tx:
        matter = tx.execute(t.claim.select().where(t.claim.c.id == claim["id"])).one().matter
        facts = case_facts.facts(tx, matter)
    return [(type(f).__name__, f.person) for f in facts if isinstance(f, Choice | Denial)]


def test_after_a_first_visit_the_service_asks_and_the_rep_sees_no_code(company: Company) -> None:
    """CNF-01: once, by itself; a link is good for one answer, which is on the claim and told to its owner."""
    office = Office(company, policy={"confirm.points": BOTH})
    claim = office.claim(office.first)
    work(office.first, claim)
    assert asked(office.first, claim) == []
    work(office.first, claim, "visit", "带客户看了样板间，谈了楼层和付款方式")
    work(office.first, claim, "visit", "第二次来访，又看了一遍户型和楼层")
    assert asked(office.first, claim) == [("after_first_visit", "open")]
    newest = read(office.first, claim)["confirmations"][0]["id"]
    path = f"/v1/claims/{claim['id']}/confirmations/{newest}/link"
    refused(office.first.post(path), 403, "not_allowed")
    first = link(office.leader, claim)
    printed = link(office.leader, claim)
    refused(company.call("GET", first, token=None), 409, "link_invalid")
    shown = company.call("GET", printed, token=None).json()
    assert (shown["person"], shown["point"]) == ("甲", "after_first_visit")
    refused(say(company, printed, "yes", named="乙"), 422, "field_not_allowed", "named")
    assert done(say(company, printed, "yes"))["answer"] == "yes"
    recorded = sa.select(sa.func.count()).select_from(t.refusal).where(t.refusal.c.code == "link_invalid")
    for again in (company.call("GET", printed, token=None), say(company, printed, "no")):
        refused(again, 409, "link_invalid")
        with company.database.reading() as tx:
            assert tx.execute(recorded).scalar() == 0, "whoever tries codes fills no table of ours"
    assert asked(office.first, claim) == [("after_first_visit", "yes")]
    assert "claim.confirmed" in [n["kind"] for n in listed(office.first.get("/v1/me/notices"))]


def test_whoever_tries_codes_is_stopped_for_the_hour_and_nobody_for_an_old_link(company: Company) -> None:
    """CNF-01: 100 codes that nobody was given, from one address; a link that was used counts for nothing."""
    office = Office(company, policy={"confirm.points": BOTH})
    claim = office.claim(office.first)
    for point in BOTH:
        done(act(office.first, claim, "confirmations", point=point))
    used = link(office.leader, claim)
    done(say(company, used, "yes"))
    for _ in range(3):
        refused(say(company, used, "yes"), 409, "link_invalid")
    early = read(office.leader, claim)["confirmations"][0]["id"]
    told = office.leader.made(f"/v1/claims/{claim['id']}/confirmations/{early}/link")
    right = f"/v1/confirmations/{told['code']}"
    for n in range(99):
        refused(company.call("GET", f"/v1/confirmations/tried-{n}", token=None), 409, "link_invalid")
    assert company.call("GET", right, token=None).status_code == 200
    refused(say(company, "/v1/confirmations/tried-again", "yes"), 409, "link_invalid")
    problem = refused(company.call("GET", right, token=None), 429, "rate_limited")
    assert (problem["rule"], problem["facts"]["cap"], problem["facts"]["until"]) == (
        "CNF-01",
        100,
        "2031-03-03T03:00:00Z",
    )
    refused(say(company, right, "yes"), 429, "rate_limited")
    company.at("2031-03-03T03:00:00Z")
    done(say(company, right, "yes"))


def test_codes_are_counted_by_address_and_by_network_of_version_six() -> None:
    """CNF-01: one who tries stops nobody elsewhere."""
    tried, now = WrongCodes(), datetime(2031, 3, 3, 2, tzinfo=UTC)
    for n in range(PER_HOUR):
        tried.count("192.0.2.7", at=now)
        tried.count(f"2001:db8:0:1::{n:x}", at=now)
    for stopped in ("192.0.2.7", "2001:db8:0:1::ffff"):
        with pytest.raises(Refusal, match="rate_limited"):
            tried.check(stopped, at=now)
    for other in ("192.0.2.8", "2001:db8:0:2::1", "testclient"):
        tried.check(other, at=now)
    tried.check("192.0.2.7", at=now + timedelta(hours=1))


def test_who_names_another_alarms_both_supervisors_and_keeps_the_rules_from_settling(company: Company) -> None:
    """CNF-01, DSP-04, DSP-09: the answer is evidence of the customer's; the earlier report alone settles nothing."""
    case = Case(company, policy={"dispute.auto_settle": True, "confirm.points": ["before_contract"]})
    done(act(case.first, case.held, "confirmations", point="before_contract"))
    done(say(company, link(case.leader, case.held), "no", named=" 乙 "))
    (kept,) = read(case.leader, case.held)["confirmations"]
    assert (kept["state"], kept["named"]) == ("no", case.second.id)
    alerts = [n["text"]["en"] for n in listed(case.leader.get("/v1/me/notices")) if n["kind"] == "claim.denied"]
    assert "the owner, 甲, was not the first to serve them and names 乙" in alerts[0]
    assert said(company, case.held) == [("Denial", case.first.id), ("Choice", case.second.id)]
    found = case.open()
    assert found["state"] == "negotiating"
    items = listed(case.leader.get(f"/v1/disputes/{found['id']}/evidence"))
    (item,) = (i for i in items if i["kind"] == "confirmation")
    assert (item["origin"], item["author"], item["about"], item["id"]) == (
        "customer",
        None,
        case.second.id,
        kept["id"],
    )


def test_a_name_that_nobody_here_has_is_kept_sealed_and_the_supervisor_asks(company: Company) -> None:
    """CNF-01, AUD-05: what the customer wrote is no name of ours; it goes with an erasure, and so does an open link."""
    office = Office(company, policy={"confirm.points": BOTH})
    claim = office.claim(office.first)
    for point in BOTH:
        done(act(office.first, claim, "confirmations", point=point))
    done(act(office.first, claim, "confirmations", point="before_contract"))
    assert asked(office.first, claim) == [("after_first_visit", "open"), ("before_contract", "open")]
    early = read(office.leader, claim)["confirmations"][0]["id"]
    told = office.leader.made(f"/v1/claims/{claim['id']}/confirmations/{early}/link")
    done(say(company, f"/v1/confirmations/{told['code']}", "no", named="穿红衣服的老赵"))
    assert "claim.denied" in [n["kind"] for n in listed(office.leader.get("/v1/me/notices"))]
    assert said(company, claim) == [("Denial", office.first.id)]
    later = link(office.leader, claim)
    done(act(office.first, claim, "release", reason="need_unmet"))
    company.admin.made(f"/v1/customers/{claim['customer']['id']}/erase", {"reason": "客户要求"})
    refused(company.call("GET", later, token=None), 409, "link_invalid")
    with company.database.reading() as tx:
        rows = tx.rows(t.confirmation.select())
    assert [(r["text"], r["sealed"]) for r in rows if r["claim"] == claim["id"]] == [(None, None)] * 2


def test_where_it_is_required_no_contract_without_it_unless_the_supervisor_says_why(company: Company) -> None:
    """CNF-01: `confirm.required`; a no is no confirmation, an override needs a reason and is not the owner's."""
    office = MoneyOffice(company, policy={"confirm.points": BOTH, "confirm.required": True})
    claim = office.claim(office.first)
    deal = {"amount": {"amount_minor": 100_000, "currency": "CNY"}, "contract_at": "2031-03-03T01:00:00Z"}
    problem = refused(act(office.first, claim, "win", **deal), 409, "confirmation_missing")
    assert problem["facts"] == {"point": "before_contract", "asked": False, "until": None}
    done(act(office.first, claim, "confirmations", point="before_contract"))
    done(say(company, link(office.leader, claim), "no"))
    refused(act(office.first, claim, "win", **deal), 409, "confirmation_missing")
    refused(act(office.first, claim, "confirmations/override", reason="客户出国"), 403, "not_allowed")
    refused(act(office.leader, claim, "confirmations/override", reason=" "), 422, "reason_required", "reason")
    done(act(office.leader, claim, "confirmations/override", reason="客户出国，电话里确认过"))
    assert done(act(office.first, claim, "win", **deal))["state"] == "won"
    assert asked(office.first, claim)[-1] == ("before_contract", "overridden")


def test_where_it_is_required_an_unclaimed_deal_is_allocated_to_nobody_without_it(company: Company) -> None:
    """CNF-01, CLM-03: recording a deal before anybody has the customer is no way round it; an override is."""
    office = MoneyOffice(company, policy={"confirm.points": ["before_contract"], "confirm.required": True})
    known = office.claim(office.first)
    done(act(office.first, known, "release", reason="need_unmet"))
    told = {"program": office.program, "customer": known["customer"]["id"], "contract_at": SIGNED}
    deal = done(office.money.post("/v1/deals", {**told, "amount": money(1_000_000)}))["id"]
    claim = office.claim(office.second)
    path, to = f"/v1/deals/{deal}/allocate", {"claim": claim["id"]}
    problem = refused(office.leader.post(path, to), 409, "confirmation_missing")
    assert problem["facts"] == {"point": "before_contract", "asked": False, "until": None}
    assert (office.deal(deal)["state"], accounts(office.money, deal)) == ("unclaimed", {})
    done(act(office.leader, claim, "confirmations/override", reason="客户出国，电话里确认过"))
    assert office.leader.made(path, to)["owner"] == office.second.id
    assert accounts(office.money, deal) == {office.second.id: {"accrued": 50_000}}
    ledger_is_right(company)


def test_a_missing_confirmation_holds_the_commission_and_not_the_contract(company: Company) -> None:
    """CNF-01: `confirm.hold_commission`; with the deal the customer is asked, a yes releases to the minor unit.

    A link of `confirm.link_h` answers no longer than that; another is asked for.
    """
    policy = {"confirm.points": BOTH, "confirm.hold_commission": True}
    office = MoneyOffice(company, policy=policy)
    claim = office.claim(office.first)
    deal = office.won(office.first, 1_000_000, claim=claim["id"])
    office.receive(deal, 400_000)
    assert sums(office.deal(deal))["held"] == 50_000
    assert accounts(office.money, deal) == {office.first.id: {"held": 50_000}}
    assert asked(office.first, claim) == [("before_contract", "open")]
    old = link(office.leader, claim)
    company.shift(hours=72, seconds=1)
    refused(say(company, old, "yes"), 409, "link_invalid")
    assert asked(office.first, claim) == [("before_contract", "expired")]
    done(act(office.first, claim, "confirmations", point="before_contract"))
    done(say(company, link(office.leader, claim), "yes"))
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 30_000, "payable": 20_000}}
    released = [n for n in listed(office.first.get("/v1/me/notices")) if n["kind"] == "money.hold_release"]
    assert "confirmation" in released[0]["text"]["en"]
    ledger_is_right(company)


def test_a_deal_that_came_during_a_case_about_two_records_has_its_customer_asked_afterwards(company: Company) -> None:
    """CNF-01, CUS-13: also on the record that the case did not begin with; the link is there to be printed."""
    office = MoneyOffice(company, policy={"confirm.points": BOTH, "confirm.hold_commission": True})
    mine = office.claim(office.first)
    theirs = office.claim(office.second, customer=customer(2))
    body = {
        "claim": theirs["id"],
        "grounds": "identity",
        "other_customer": mine["customer"]["id"],
        "statement": "客户换了号码",
    }
    case = office.second.made("/v1/disputes", body)["id"]
    told = {"program": office.program, "customer": theirs["customer"]["id"], "contract_at": SIGNED}
    deal = done(office.money.post("/v1/deals", {**told, "amount": money(1_000_000)}))["id"]
    assert asked(office.second, theirs) == []
    office.second.made(f"/v1/disputes/{case}/withdraw", {"reason": "弄错了"})
    company.advance(days=10)
    assert asked(office.second, theirs)[0][0] == "before_contract"
    assert accounts(office.money, deal) == {office.second.id: {"held": 50_000}}
    with company.database.reading() as tx:
        rows = tx.rows(sa.select(t.confirmation.c.point).where(t.confirmation.c.claim == theirs["id"]))
    assert [row["point"] for row in rows] == ["before_contract"]


def test_from_the_guard_stage_on_the_customer_is_asked_before_contract_and_a_trial_asks_nobody(
    company: Company,
) -> None:
    """CNF-01, POL-08: by itself, once; on trial nothing is sent, and nothing is missing."""
    office = Office(company, policy={"confirm.points": BOTH, "claim.guard_stage": "proposal"})
    claim = office.claim(office.first)
    done(act(office.first, claim, "stage", stage="need"))
    assert asked(office.first, claim) == []
    done(act(office.first, claim, "stage", stage="proposal"))
    assert asked(office.first, claim) == [("before_contract", "open")]
    rules = {"confirm.points": BOTH, "confirm.required": True, "program.mode": "trial"}
    trial = company.program(policy=rules)
    tried = office.claim(office.first, customer=customer(77), program=trial)
    work(office.first, tried, "visit", "带客户看了样板间，谈了楼层和付款方式")
    refused(act(office.first, tried, "confirmations", point="before_contract"), 409, "illegal_transition")
    deal = {"amount": {"amount_minor": 100_000, "currency": "CNY"}, "contract_at": "2031-03-03T01:00:00Z"}
    assert done(act(office.first, tried, "win", **deal))["state"] == "won"
    assert asked(office.first, tried) == []


def test_the_visit_that_accepts_a_report_is_a_first_visit(company: Company) -> None:
    """CNF-01, CLM-12: the customer is asked after it, as after the visit of somebody who had not reported them."""
    office = Office(company, policy={"confirm.points": BOTH, "claim.protection_shape": "visit_deal"})
    claim = office.claim(office.first)
    work(office.first, claim)
    assert asked(office.first, claim) == []
    work(office.first, claim, "visit", "带客户看了样板间，谈了楼层和付款方式")
    assert asked(office.first, claim) == [("after_first_visit", "open")]


def test_what_the_customer_signed_on_paper_counts_as_an_answer_by_link(company: Company) -> None:
    """CNF-01: a signed form; entered by the supervisor with the paper, evidence of the customer's, and no override."""
    case = Case(company, policy={"confirm.points": ["before_contract"], "confirm.required": True})
    deal = {"amount": {"amount_minor": 100_000, "currency": "CNY"}, "contract_at": "2031-03-03T01:00:00Z"}
    done(act(case.first, case.held, "confirmations", point="before_contract"))
    (open_,) = read(case.leader, case.held)["confirmations"]
    path = f"/v1/claims/{case.held['id']}/confirmations/{open_['id']}/form"
    printed = link(case.leader, case.held)
    paper = uploaded(case.leader)
    refused(case.first.post(path, {"answer": "yes", "file": uploaded(case.first)}), 403, "not_allowed")
    refused(case.leader.post(path, {"answer": "yes", "file": uploaded(case.first)}), 422, "field_invalid", "file")
    refused(case.leader.post(path, {"answer": "yes", "file": paper, "named": "乙"}), 422, "field_not_allowed", "named")
    refused(act(case.first, case.held, "win", **deal), 409, "confirmation_missing")
    company.advance(days=4)  # the link has expired, which says nothing of the paper
    done(case.leader.post(path, {"answer": "yes", "file": paper}))
    (kept,) = read(case.first, case.held)["confirmations"]
    assert (kept["state"], kept["form"], kept["person"]) == ("yes", paper, case.first.id)
    refused(case.leader.post(path, {"answer": "no", "file": paper}), 409, "link_invalid")
    refused(company.call("GET", printed, token=None), 409, "link_invalid")
    assert said(company, case.held) == [("Choice", case.first.id)]
    told = entry(case.first, case.held, "corrected")
    assert (told["actor"], told["data"]["step"], told["data"]["form"]) == (case.leader.id, "answered", paper)
    found = case.open()
    items = listed(case.second.get(f"/v1/disputes/{found['id']}/evidence"))
    (item,) = (i for i in items if i["kind"] == "confirmation")
    assert (item["origin"], item["author"], item["about"]) == ("customer", None, case.first.id)
    assert item["file"] == paper
    assert case.second.get(f"/v1/files/{paper}").status_code == 200, "a party reads the paper"


def test_a_no_on_paper_names_another_and_the_contract_waits_on(company: Company) -> None:
    """CNF-01: names another: conflict alert; a no is no confirmation."""
    office = Office(company, policy={"confirm.points": ["before_contract"], "confirm.required": True})
    claim = office.claim(office.first)
    done(act(office.first, claim, "confirmations", point="before_contract"))
    (open_,) = read(office.leader, claim)["confirmations"]
    body = {"answer": "no", "named": "乙", "file": uploaded(office.leader)}
    done(office.leader.post(f"/v1/claims/{claim['id']}/confirmations/{open_['id']}/form", body))
    assert said(company, claim) == [("Denial", office.first.id), ("Choice", office.second.id)]
    assert "claim.denied" in [n["kind"] for n in listed(office.leader.get("/v1/me/notices"))]
    deal = {"amount": {"amount_minor": 100_000, "currency": "CNY"}, "contract_at": "2031-03-03T01:00:00Z"}
    refused(act(office.first, claim, "win", **deal), 409, "confirmation_missing")
