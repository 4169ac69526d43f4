"""Commission while a customer is disputed, and when the case is over (COM-08, COM-09, DSP-15, DSP-16)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.money import SIGNED, MoneyOffice, accounts, entries, ledger_is_right, money, sums
from tests.support.office import customer, done, read

RULING: dict[str, Any] = {"facts": "接待记录早于报备", "reason": "首次接待在先", "follows_advice": False}


class Courtroom(MoneyOffice):
    """甲 holds and wins a customer, 乙 contests the refusal of their report; 张主管 decides, on appeal the panel."""

    def __init__(self, company: Company) -> None:
        policy = {"dispute.auto_settle": False, "dispute.evidence_wh": 0}
        super().__init__(company, policy=policy, panel=[company.admin.id])
        self.claimed = self.claim(self.first)
        self.sold = self.won(self.first, claim=self.claimed["id"])
        self.rejected = self.claim(self.second)

    def contested(self) -> str:
        body = {"claim": self.rejected["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
        return str(self.second.made("/v1/disputes", body)["id"])

    def ruled(self, case: str, **outcome: Any) -> None:
        for party in (self.first, self.second):
            party.made(f"/v1/disputes/{case}/waive")
        for party in (self.first, self.second):
            party.made(f"/v1/disputes/{case}/heard")
        self.leader.made(f"/v1/disputes/{case}/ruling", {**RULING, **outcome})

    def final(self, case: str, **outcome: Any) -> None:
        self.ruled(case, **outcome)
        self.company.advance(days=10)
        assert self.second.get(f"/v1/disputes/{case}").json()["state"] == "final"

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in entries(self.money, self.sold)]


def test_unpaid_commission_is_held_and_given_back_when_nothing_changes(company: Company) -> None:
    """COM-08: what came in meanwhile accrues and is held too; the money returns to where it was."""
    office = Courtroom(company)
    office.receive(office.sold, 200_000)
    case = office.contested()
    assert sums(office.deal(office.sold)) == {"accrued": 50_000, "released": 10_000, "held": 50_000, "paid": 0}
    assert accounts(office.money) == {office.first.id: {"held": 50_000}}
    office.receive(office.sold, 300_000, "r2")
    assert accounts(office.money) == {office.first.id: {"held": 50_000}}
    assert sums(office.deal(office.sold))["released"] == 25_000
    office.final(case, outcome="no_change")
    assert accounts(office.money) == {office.first.id: {"accrued": 25_000, "payable": 25_000}}
    assert office.kinds() == ["accrual", "release", "hold", "hold_release"]
    ledger_is_right(company)


def test_the_winner_takes_the_losers_part_once_the_outcome_is_final(company: Company) -> None:
    """COM-09: not while an appeal is possible; old shares go, new ones come, once."""
    office = Courtroom(company)
    office.receive(office.sold, 1_000_000)
    case = office.contested()
    office.ruled(case, outcome="party", owner=office.second.id)
    assert accounts(office.money) == {office.first.id: {"held": 50_000}}
    company.advance(days=10)
    assert accounts(office.money) == {office.second.id: {"payable": 50_000}}
    deal = office.deal(office.sold)
    assert deal["shares"] == [{"person": office.second.id, "share_bps": 10_000}]
    assert (deal["owner"], deal["claim"]) == (office.second.id, office.rejected["id"])
    assert read(office.second, office.rejected)["state"] == "won"
    moved = next(e for e in entries(office.money, office.sold) if e["kind"] == "reallocation")
    assert moved["dispute"] == case
    assert moved["ruling"] is not None
    company.direct.drain(case)
    company.direct.drain(office.claimed["id"])
    assert office.kinds().count("reallocation") == 1
    ledger_is_right(company)


def test_what_was_paid_to_the_loser_is_owed_and_due_to_the_winner(company: Company) -> None:
    """COM-09: a receivable from the loser, a payable to the winner."""
    office = Courtroom(company)
    office.receive(office.sold, 1_000_000)
    cashier = office.finance()
    run = office.money.made("/v1/payouts", {"period": "2031-03", "currency": "CNY"})
    cashier.made(f"/v1/payouts/{run['id']}/approve")
    cashier.made(f"/v1/payouts/{run['id']}/pay")
    case = office.contested()
    office.final(case, outcome="party", owner=office.second.id)
    assert accounts(office.money) == {
        office.first.id: {"paid": 50_000, "receivable": 50_000},
        office.second.id: {"payable": 50_000},
    }
    ledger_is_right(company)


def test_a_joint_outcome_splits_the_commission(company: Company) -> None:
    office = Courtroom(company)
    case = office.contested()
    shares = [{"person": office.first.id, "share_bps": 3_333}, {"person": office.second.id, "share_bps": 6_667}]
    office.final(case, outcome="joint", owner=office.second.id, shares=shares)
    # floor(50,000 x 3,333 / 10,000) and floor(50,000 x 6,667 / 10,000), and one unit over to the larger share.
    assert accounts(office.money) == {office.first.id: {"accrued": 16_665}, office.second.id: {"accrued": 33_335}}
    ledger_is_right(company)


def test_the_pool_gives_the_commission_back_to_the_company(company: Company) -> None:
    office = Courtroom(company)
    case = office.contested()
    office.final(case, outcome="pool")
    assert accounts(office.money) == {}
    deal = office.deal(office.sold)
    assert (deal["state"], deal["claim"], sums(deal)["accrued"]) == ("unclaimed", None, 0)
    ledger_is_right(company)


def test_a_deal_that_comes_during_a_case_is_recorded_and_held(company: Company) -> None:
    """COM-01, COM-08: no transition, and its commission waits like the rest."""
    office = Courtroom(company)
    case = office.contested()
    body = {
        "program": office.program,
        "customer": office.claimed["customer"]["id"],
        "amount": money(400_000),
        "contract_at": SIGNED,
        "kind": "upsell",
    }
    more = done(office.money.post("/v1/deals", body))
    assert (more["state"], sums(more)) == ("open", {"accrued": 20_000, "released": 0, "held": 20_000, "paid": 0})
    assert read(office.first, office.claimed)["state"] == "disputed"
    refused(
        office.leader.post(
            f"/v1/deals/{more['id']}/shares/set",
            {"shares": [{"person": office.first.id, "share_bps": 10_000}], "reason": "x"},
        ),
        409,
        "claim_disputed",
    )
    office.final(case, outcome="party", owner=office.second.id)
    assert accounts(office.money) == {office.second.id: {"accrued": 70_000}}
    ledger_is_right(company)


def test_a_claim_shows_whether_its_commission_is_held(company: Company) -> None:
    """Table 0.2: held money is a mark on the claim."""
    office = Courtroom(company)
    readers: tuple[Person, ...] = (office.first, office.leader)
    assert [read(r, office.claimed)["held"] for r in readers] == [False, False]
    case = office.contested()
    assert [read(r, office.claimed)["held"] for r in readers] == [True, True]
    office.final(case, outcome="no_change")
    assert read(office.first, office.claimed)["held"] is False


def test_whoever_has_a_part_may_question_it(company: Company) -> None:
    """COM-11: from a line of the statement, without a claim of one's own; the whole commission waits (COM-04)."""
    office = MoneyOffice(company, policy={"dispute.auto_settle": False}, panel=[company.admin.id])
    deal = office.won(office.first)
    claim = office.deal(deal)["claim"]
    body = {"claim": claim, "grounds": "share", "statement": "比例不对"}
    refused(office.second.post("/v1/disputes", body), 422, "field_invalid", "claim")
    office.share(deal, [(office.first, 9_000), (office.second, 1_000)])
    refused(office.second.post("/v1/disputes", {**body, "grounds": "ownership"}), 422, "field_invalid", "claim")
    case = done(office.second.post("/v1/disputes", body))
    assert {(p["person"], p["role"]) for p in case["parties"]} == {
        (office.first.id, "respondent"),
        (office.second.id, "opener"),
    }
    assert accounts(office.money) == {office.first.id: {"held": 45_000}, office.second.id: {"held": 5_000}}
    terms = {
        "outcome": "joint",
        "owner": office.first.id,
        "shares": [
            {"person": office.first.id, "share_bps": 7_500},
            {"person": office.second.id, "share_bps": 2_500},
        ],
    }
    made = office.first.made(f"/v1/disputes/{case['id']}/proposals", {"terms": terms, "text": "三比一"})
    path = f"/v1/disputes/{case['id']}/proposals/{made['n']}/accept"
    assert office.second.made(path, {"digest": made["digest"]})["state"] == "settled"
    assert accounts(office.money) == {office.first.id: {"accrued": 37_500}, office.second.id: {"accrued": 12_500}}
    ledger_is_right(company)


def test_a_case_about_two_records_holds_and_frees_the_money_of_both(company: Company) -> None:
    """CUS-13, COM-08: and a payout run pays neither meanwhile."""
    office = MoneyOffice(company, policy={"dispute.auto_settle": False}, panel=[company.admin.id])
    mine = office.won(office.first)
    theirs = office.won(office.second, claim=office.claim(office.second, customer=customer(2))["id"])
    for deal in (mine, theirs):
        office.receive(deal, 400_000)
    run = office.money.made("/v1/payouts", {"period": "2031-03", "currency": "CNY"})
    assert len(run["lines"]) == 2
    opening = {
        "claim": office.deal(theirs)["claim"],
        "grounds": "identity",
        "other_customer": office.deal(mine)["customer"],
        "statement": "客户换了号码",
    }
    company.direct.down = True
    stored = office.second.post("/v1/disputes", opening)
    assert stored.status_code == 202, stored.text
    approved = office.finance().made(f"/v1/payouts/{run['id']}/approve")
    assert (approved["lines"], {d["reason"] for d in approved["dropped"]}) == ([], {"disputed"})
    company.direct.down = False
    case = stored.json()["id"]
    company.direct.drain(case)
    assert accounts(office.money) == {office.first.id: {"held": 50_000}, office.second.id: {"held": 50_000}}
    for step in ("waive", "heard"):
        for party in (office.first, office.second):
            party.made(f"/v1/disputes/{case}/{step}")
    office.leader.made(f"/v1/disputes/{case}/ruling", {**RULING, "outcome": "no_change", "same": False})
    company.advance(days=10)
    assert accounts(office.money) == {
        office.first.id: {"accrued": 30_000, "payable": 20_000},
        office.second.id: {"accrued": 30_000, "payable": 20_000},
    }
    ledger_is_right(company)
