"""Everybody who signs a contract is looked for among the claims of the program (认购人、共有人核对, CUS-14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.api.claims.test_conflicts import met
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import FIVE_PCT, SIGNED, MoneyOffice, accounts, entries, ledger_is_right, money, sums
from tests.support.office import act, customer, done, moment, notices, read, work

WIFE = {"name": "李红", "phone": "138 0000 0082"}


class Signing(MoneyOffice):
    """甲 reported 李红, 乙 her husband 王小明 after her; 5 per cent of every deal."""

    def __init__(self, company: Company, *, rates: Sequence[Mapping[str, Any]] = FIVE_PCT, **policy: Any) -> None:
        known = {name.replace("__", ".", 1): value for name, value in policy.items()}
        super().__init__(company, policy={"dispute.auto_settle": True, **known}, rates=rates)
        self.wife = self.claim(self.first, customer=customer(82, "李红"))
        self.husband = self.claim(self.second, customer=customer(81))

    def named(self, by: Person, *buyers: Mapping[str, Any], **more: Any) -> httpx2.Response:
        return by.post(f"/v1/claims/{self.husband['id']}/buyers", {"buyers": list(buyers), **more})

    def signed(self, *buyers: Mapping[str, Any]) -> str:
        deal = self.won(self.second, claim=self.husband["id"], buyers=list(buyers))
        self.company.ring_bells()
        return deal

    def unobjected(self, case: Mapping[str, Any]) -> None:
        """The time to object to what the system settled is over."""
        (window,) = case["windows"]
        self.company.advance(seconds=(moment(window["deadline"]) - self.company.now()).total_seconds() + 1)

    def cases(self) -> list[dict[str, Any]]:
        return listed(self.leader.get("/v1/disputes"))

    def kinds(self, case: Mapping[str, Any]) -> set[str]:
        """Which items of evidence come from what joins the two."""
        items = listed(self.leader.get(f"/v1/disputes/{case['id']}/evidence"))
        return {item["kind"] for item in items} & {"buyer", "relative", "other_phone", "other_name"}


def test_a_buyer_who_is_somebody_elses_goes_to_tier_zero_and_the_contract_goes_on(company: Company) -> None:
    """CUS-14, COM-08, DSP-04: the deal stands, its commission is held; unobjected, it is hers who reported first. The
    two are one customer in this program; nobody takes them for one person."""
    office = Signing(company)
    deal = office.signed(WIFE, {"name": "王大明"})
    found = office.deal(deal)
    assert found["state"] == "open"
    assert found["buyers"] == [
        {"kind": "person", "name": "李*", "phone": "+86138****0082"},
        {"kind": "person", "name": "王*", "phone": None},
    ]
    (case,) = office.cases()
    assert (case["grounds"], case["state"], case["tier"]) == ("identity", "proposed", 0)
    assert (case["outcome"]["owner"], case["outcome"]["same"]) == (office.first.id, True)
    assert office.kinds(case) == {"buyer"}
    assert sums(found) == {"accrued": 50_000, "released": 0, "held": 50_000, "paid": 0}
    assert accounts(office.money) == {office.second.id: {"held": 50_000}}
    office.unobjected(case)
    assert accounts(office.money) == {office.first.id: {"accrued": 50_000}}
    assert office.deal(deal)["owner"] == office.first.id
    assert read(office.second, office.husband)["reason"] == "ruled_out"
    with company.database.reading() as tx:
        assert tx.execute(sa.select(t.identity_answer.c.same)).all() == []
    ledger_is_right(company)


THREE_PCT = ({"when": {}, "rate_bps": 300},)


def test_of_a_household_the_first_owner_keeps_the_customer_and_both_are_paid_alike(company: Company) -> None:
    """CUS-14, COM-03, COM-09, CLM-29: 3 per cent of 200,000 yuan is 6,000 for each to have half of, whatever an owner
    has at least elsewhere; each point of the reasoning is said, and what was held is free. A later deal is hers alone,
    who owns the customer: 乙 had a part of the contract by which they met."""
    office = Signing(company, rates=THREE_PCT, household__rule="equal_shares", split__owner_min_pct=60)
    body = {"amount": money(20_000_000), "contract_at": SIGNED, "buyers": [WIFE]}
    deal = done(act(office.second, office.husband, "win", **body))["deals"][-1]
    company.ring_bells()
    (case,) = office.cases()
    assert (case["state"], case["tier"]) == ("proposed", 0)
    parts = {office.first.id: 5_000, office.second.id: 5_000}
    assert case["outcome"]["outcome"] == "joint"
    assert (case["outcome"]["owner"], case["outcome"]["same"]) == (office.first.id, True)
    assert {share["person"]: share["share_bps"] for share in case["outcome"]["shares"]} == parts
    assert accounts(office.money) == {office.second.id: {"held": 600_000}}
    advice = done(office.leader.get(f"/v1/disputes/{case['id']}/advice"))
    said = {p["person"]: p["text"] for p in advice["points"] if p["rule_id"] == "CUS-14"}
    assert set(said) == set(parts)
    assert said[office.second.id]["zh"].startswith("两位客户属于同一家庭，佣金由各归属人平均分配，乙占 50%")
    assert "乙 has 50 %" in said[office.second.id]["en"]
    office.unobjected(case)
    assert accounts(office.money) == {person: {"accrued": 300_000} for person in parts}
    found = office.deal(deal)
    assert found["owner"] == office.first.id
    assert {share["person"]: share["share_bps"] for share in found["shares"]} == parts
    assert sums(found) == {"accrued": 600_000, "released": 0, "held": 0, "paid": 0}
    entries(office.money, deal)
    ledger_is_right(company)
    hers = read(office.first, office.wife)
    assert (hers["owner"], hers["collaborators"]) == (office.first.id, [{"person": office.second.id, "rights": "work"}])
    assert read(office.second, office.husband)["reason"] == "ruled_out"
    later = office.won(office.first, claim=office.wife["id"])
    assert [share["person"] for share in office.deal(later)["shares"]] == [office.first.id]


@pytest.mark.parametrize(("rule", "divided"), [("equal_shares", True), ("first", False)])
def test_who_objects_may_agree_on_other_parts_where_households_share(
    company: Company, rule: str, divided: bool
) -> None:
    """CUS-14, DSP-04, DSP-05, COM-03: 70 to 30 among the two; the owner is who was first all the same, and where the
    first owner has it all there is nothing to divide."""
    office = Signing(company, household__rule=rule)
    deal = office.signed(WIFE)
    (case,) = office.cases()
    path = f"/v1/disputes/{case['id']}"
    done(office.second.post(f"{path}/object", {"missing": "他们的第一次到访"}))
    shares = [{"person": office.first.id, "share_bps": 7_000}, {"person": office.second.id, "share_bps": 3_000}]
    terms = {"outcome": "joint", "owner": office.first.id, "shares": shares, "same": True}
    wrong = terms | {"shares": shares[:1]}
    refused(
        office.first.post(f"{path}/proposals", {"terms": wrong, "text": "?"}),
        422,
        *(("split_total",) if divided else ("field_invalid", "outcome")),
    )
    asked = office.first.post(f"{path}/proposals", {"terms": terms, "text": "七三分"})
    if not divided:
        refused(asked, 422, "field_invalid", "outcome")
        return
    done(office.second.post(f"{path}/proposals/1/accept", {"digest": done(asked)["digest"]}))
    assert accounts(office.money) == {office.first.id: {"accrued": 35_000}, office.second.id: {"accrued": 15_000}}
    assert sums(office.deal(deal))["held"] == 0
    ledger_is_right(company)


def test_a_company_that_signs_is_no_household(company: Company) -> None:
    """CUS-14: the first owner has it all, also where households share."""
    office = Signing(company, household__rule="equal_shares")
    firm = {"kind": "company", "name": "上海远景贸易有限公司", "phone": "13800000085"}
    office.claim(office.first, customer=firm)
    office.signed(firm)
    (case,) = office.cases()
    assert (case["state"], case["outcome"]["outcome"]) == ("proposed", "party")
    assert (case["outcome"]["owner"], case["outcome"]["shares"]) == (office.second.id, [])


@pytest.mark.parametrize(
    ("policy", "buyer"),
    [
        ({}, {"name": "李红", "phone": "13800000089"}),  # nobody knows her
        ({}, {"name": "王小明", "phone": "13800000081"}),  # the customer again
        ({"buyer__check": False}, WIFE),
        ({"program__mode": "trial"}, WIFE),
    ],
)
def test_nothing_is_asked_where_nobody_elses_customer_signs(
    company: Company, policy: dict[str, Any], buyer: dict[str, Any]
) -> None:
    """CUS-14, POL-08: and nothing where the check is off, or nothing takes effect."""
    office = Signing(company, **policy)
    office.signed(buyer)
    assert office.cases() == []
    assert read(office.second, office.husband)["state"] == "won"


def test_a_contract_that_is_refused_joins_nobody(company: Company) -> None:
    """CUS-14: a second first contract; the customer stays won, and no case is opened."""
    office = Signing(company)
    office.won(office.second, claim=office.husband["id"])
    again = act(office.second, office.husband, "win", amount=money(1), contract_at=SIGNED, buyers=[WIFE])
    refused(again, 409, "illegal_transition")
    company.ring_bells()
    assert office.cases() == []
    assert read(office.second, office.husband)["state"] == "won"


def test_a_linked_customer_of_somebody_else_counts_like_a_buyer(company: Company) -> None:
    """CUS-14: told by finance, who names nobody else; the link was approved before, and its scope is in force."""
    office = Signing(company, match__related_scope="household")
    link = {"with": office.wife["customer"]["id"], "kind": "household"}
    asked = company.person("前台", roles=("reception",), company_wide=True).made(
        f"/v1/customers/{office.husband['customer']['id']}/links", link
    )
    done(company.admin.post(f"/v1/links/{asked['id']}/approve", {}))
    body = {
        "program": office.program,
        "customer": office.husband["customer"]["id"],
        "amount": money(1_000_000),
        "contract_at": SIGNED,
    }
    deal = done(office.money.post("/v1/deals", body))
    company.ring_bells()
    (case,) = office.cases()
    assert office.kinds(case) == {"relative"}
    assert {p["person"] for p in case["parties"]} == {office.first.id, office.second.id}
    assert sums(office.deal(deal["id"]))["held"] == 50_000


def test_who_subscribes_is_checked_before_there_is_a_deal_and_taken_over_by_it(company: Company) -> None:
    """CUS-14, COM-08: named by the supervisor. Nothing is held, for there is nothing; the deal that comes during the
    case is, and names her."""
    office = Signing(company)
    found = listed(office.named(office.leader, WIFE, {"name": "王大明"}))
    company.ring_bells()
    assert [(one["deal"], one["name"], one["phone"]) for one in found] == [
        (None, "李*", "+86138****0082"),
        (None, "王*", None),
    ]
    (case,) = office.cases()
    assert (case["state"], case["outcome"]["owner"]) == ("proposed", office.first.id)
    assert office.kinds(case) == {"buyer"}
    assert read(office.second, office.husband)["state"] == "disputed"
    assert accounts(office.money) == {}
    refused(office.named(office.second), 409, "claim_disputed")
    body = {"program": office.program, "customer": office.husband["customer"]["id"], "amount": money(1_000_000)}
    deal = done(office.money.post("/v1/deals", body | {"contract_at": SIGNED}))["id"]
    assert [one["name"] for one in office.deal(deal)["buyers"]] == ["李*", "王*"]
    assert accounts(office.money) == {office.second.id: {"held": 50_000}}
    office.unobjected(case)
    assert accounts(office.money) == {office.first.id: {"accrued": 50_000}}
    ledger_is_right(company)


def test_the_word_of_the_owner_alone_opens_no_case_before_there_is_a_deal(company: Company) -> None:
    """CUS-14, DSP-19: that somebody buys too is what proves that two are one, and 甲, who was first, could have any
    customer of 丙 by saying so. It is kept, both supervisors are told once, the deal asks."""
    office = Signing(company)
    elsewhere = company.team("二组")
    other_leader, rival = company.leader(elsewhere, "李主管"), company.rep("丙", team=elsewhere)
    theirs = office.claim(rival, customer=customer(83, "王小宝"))
    path = f"/v1/claims/{office.wife['id']}/buyers"
    son = {"name": "王小宝", "phone": "13800000083"}
    for _ in range(2):
        named = listed(office.first.post(path, {"buyers": [son]}))
        company.ring_bells()
    assert [(one["deal"], one["name"], one["ended_by"]) for one in named] == [
        (None, "王*", None),
        (None, "王*", office.first.id),
    ]
    assert (office.cases(), read(rival, theirs)["state"]) == ([], "protected")
    for leader, about in ((office.leader, office.wife), (other_leader, theirs)):
        assert notices(leader, about).count("claim.attempt") == 1
    (found,) = met(company.admin)
    assert (found["kind"], found["times"], found["claim"]) == ("attempt", 2, office.wife["id"])
    assert set(found["people"]) == {office.first.id, rival.id}
    deal = office.won(office.first, claim=office.wife["id"])
    company.ring_bells()
    (case,) = listed(company.admin.get("/v1/disputes"))
    assert {p["person"] for p in case["parties"]} == {office.first.id, rival.id}
    assert sums(office.deal(deal))["held"] == 50_000


def test_a_naming_leaves_the_later_stamp_of_the_case_that_it_opens(company: Company) -> None:
    """CLM-01: what is received next in the matter comes after the case, though the other record was stamped later."""
    office = Signing(company)
    for _ in range(3):
        work(office.first, office.wife)
    done(office.named(office.leader, WIFE))
    with company.database.reading() as tx:
        matter, command = t.matter.c, t.command.c
        at = sa.select(command.received_at, command.matter).where(command.kind == "dispute_open")
        (opened,) = tx.execute(at).all()
        husbands = sa.select(t.claim.c.matter).where(t.claim.c.id == office.husband["id"]).scalar_subquery()
        last_at = tx.execute(sa.select(matter.last_at).where(matter.id == husbands)).scalar_one()
    assert last_at >= opened.received_at


def test_whoever_signs_another_deal_later_is_not_who_subscribed(company: Company) -> None:
    """CUS-14: a deal may name others, or nobody; what was taken over once is not taken over again."""
    office = Signing(company, buyer__check=False)
    done(office.named(office.leader, {"name": "王大明"}))
    first = office.won(office.second, claim=office.husband["id"])
    second = done(
        office.money.post(
            "/v1/deals",
            {
                "program": office.program,
                "customer": office.husband["customer"]["id"],
                "amount": money(1),
                "contract_at": SIGNED,
                "kind": "upsell",
            },
        )
    )["id"]
    assert [len(office.deal(deal)["buyers"]) for deal in (first, second)] == [1, 0]
    refused(office.named(office.leader, WIFE, reason="更名"), 422, "field_missing", "deal")
    refused(office.named(office.leader, WIFE, reason="更名", deal=office.program), 422, "field_invalid", "deal")
    done(office.named(office.leader, WIFE, reason="更名", deal=second))
    assert [[one["name"] for one in office.deal(deal)["buyers"]] for deal in (first, second)] == [["王*"], ["李*"]]
    other = office.claim(office.second, customer=customer(86, "赵某"))
    done(office.second.post(f"/v1/claims/{other['id']}/buyers", {"buyers": [{"name": "孙某"}]}))
    assert office.deal(office.won(office.second, claim=other["id"], buyers=[]))["buyers"] == []


def test_who_signs_instead_is_checked_and_who_changed_it_and_why_is_kept(company: Company) -> None:
    """CUS-14 (更名): the contract was 王大明's too, and is 李红's now; by the desk, with its reason, for readers of the
    claim. The commission that had accrued is held."""
    office = Signing(company)
    deal = office.signed({"name": "王大明"})
    assert accounts(office.money) == {office.second.id: {"accrued": 50_000}}
    desk = company.person("前台", roles=("reception",), company_wide=True)
    refused(office.named(office.first, WIFE), 404, "not_found")
    refused(office.named(desk, WIFE), 422, "reason_required", "reason")
    found = listed(office.named(desk, WIFE, reason="父亲退出，妻子加名"))
    company.ring_bells()
    assert [(o["deal"], o["name"], o["by"], o["ended_by"], o["ended_reason"]) for o in found] == [
        (deal, "李*", desk.id, None, None),
        (deal, "王*", office.second.id, desk.id, "父亲退出，妻子加名"),
    ]
    assert listed(office.second.get(f"/v1/claims/{office.husband['id']}/buyers")) == found
    assert [one["name"] for one in office.deal(deal)["buyers"]] == ["李*"]
    (case,) = office.cases()
    assert office.kinds(case) == {"buyer"}
    assert accounts(office.money) == {office.second.id: {"held": 50_000}}
    told = listed(office.second.get(f"/v1/claims/{office.husband['id']}/timeline"))
    assert [item["actor"] for item in told if item["data"].get("cause") == "buyers"] == [desk.id]


def test_who_subscribed_and_was_replaced_in_the_contract_does_not_come_back(company: Company) -> None:
    """CUS-14 (更名): 王大明 subscribed and the contract took him over; 孙某 signs instead, and 王大明 is not named in
    the contract after it is called off either."""
    office = Signing(company, buyer__check=False)
    done(office.named(office.leader, {"name": "王大明"}))
    office.won(office.second, claim=office.husband["id"])
    found = listed(office.named(office.leader, {"name": "孙某"}, reason="更名"))
    assert [one["name"] for one in found if one["ended_at"] is None] == ["孙*"]
    assert {one["ended_reason"] for one in found if one["ended_at"] is not None} == {"更名"}
    done(act(office.leader, office.husband, "cancel_deal", reason="退房"))
    again = office.won(office.second, claim=office.husband["id"])
    assert office.deal(again)["buyers"] == []


def test_a_deal_that_nobody_had_claimed_is_checked_when_it_is_allocated(company: Company) -> None:
    """CUS-14, CLM-03: 李红 signed with 赵某, whom nobody held; 乙 reported him since."""
    office = Signing(company)
    record = done(company.admin.post("/v1/customers", customer(87, "赵某")))
    body = {"program": office.program, "customer": record["id"], "amount": money(1_000_000), "contract_at": SIGNED}
    deal = done(office.money.post("/v1/deals", body | {"buyers": [WIFE]}))
    company.ring_bells()
    assert (deal["state"], office.cases()) == ("unclaimed", [])
    claim = office.claim(office.second, customer=customer(87, "赵某"))
    done(office.leader.post(f"/v1/deals/{deal['id']}/allocate", {"claim": claim["id"]}))
    company.ring_bells()
    (case,) = office.cases()
    assert office.kinds(case) == {"buyer"}
    assert {p["person"] for p in case["parties"]} == {office.first.id, office.second.id}
    assert sums(office.deal(deal["id"]))["held"] == 50_000
    assert len(office.deal(deal["id"])["buyers"]) == 1


def test_an_owner_who_was_found_to_be_apart_keeps_nobody_from_asking_about_the_next(company: Company) -> None:
    """CUS-13, CUS-14: 李红 was first, and is another customer for good; her son, who signs too, is not settled yet."""
    office = Signing(company)
    outsider = office.outsider()
    son = office.claim(outsider, customer=customer(83, "王小宝"))
    elsewhere = customer(84, "赵某")
    office.claim(office.first, customer=elsewhere)
    contested = office.claim(outsider, customer=elsewhere)["id"]
    body = {"claim": contested, "grounds": "refused_report", "statement": "我先接待的"}
    before = outsider.made("/v1/disputes", body)["id"]
    one, other = sorted((office.wife["customer"]["id"], office.husband["customer"]["id"]))
    found = {"one": one, "other": other, "same": False, "dispute": before, "at": company.now()}
    company.database.transact(lambda tx: tx.insert(t.identity_answer, found))
    deal = office.signed(WIFE, {"name": "王小宝", "phone": "13800000083"})
    opened = [d for d in listed(company.admin.get("/v1/disputes")) if d["id"] != before]
    assert [{p["person"] for p in d["parties"]} for d in opened] == [{outsider.id, office.second.id}]
    assert sums(office.deal(deal))["held"] == 50_000
    assert read(outsider, son)["state"] == "disputed"


def test_what_is_known_of_a_buyer_goes_with_either_of_the_two(company: Company) -> None:
    """CUS-14, AUD-05, CUS-03: an erased buyer is no longer in the contract of another; a number is checked."""
    office = Signing(company, buyer__check=False)
    wrong = act(
        office.second,
        office.husband,
        "win",
        amount=money(1),
        contract_at=SIGNED,
        buyers=[{"name": "王大明"}, {"name": "李红", "phone": "12"}],
    )
    refused(wrong, 422, "phone_invalid", "buyers.1.phone")
    deal = office.signed(WIFE, {"name": "王大明"})
    done(act(office.first, office.wife, "release", reason="need_unmet"))
    done(company.admin.post(f"/v1/customers/{office.wife['customer']['id']}/erase", {"reason": "客户要求"}))
    assert [one["name"] for one in office.deal(deal)["buyers"]] == ["王*"]
