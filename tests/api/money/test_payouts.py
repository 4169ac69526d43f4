"""Payout runs (结算批次): two people, nothing disputed, nothing twice (COM-08, COM-10, COM-12)."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from domain.matters.matter import CommandKind
from storage import tables as t
from storage.house import DatabaseHouse
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import MoneyOffice, accounts, entries, ledger_is_right, money, sums
from tests.support.office import customer, done

MONTH = {"period": "2031-03", "currency": "CNY"}


class Runs(MoneyOffice):
    """An office with two people in finance."""

    def __init__(self, company: Company, **more: Any) -> None:
        super().__init__(company, **more)
        self.cashier = self.finance()

    def prepared(self, **body: str) -> dict[str, Any]:
        return self.money.made("/v1/payouts", {**MONTH, **body})

    def approved(self, run: dict[str, Any]) -> dict[str, Any]:
        return self.cashier.made(f"/v1/payouts/{run['id']}/approve")

    def paid(self, run: dict[str, Any]) -> dict[str, Any]:
        return self.cashier.made(f"/v1/payouts/{run['id']}/pay")

    def contest(self) -> None:
        """乙 reports 甲's customer, is refused and contests it."""
        refused_claim = self.claim(self.second)
        body = {"claim": refused_claim["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
        answer = self.second.post("/v1/disputes", body)
        assert answer.status_code in (201, 202), answer.text


def lines(run: dict[str, Any]) -> dict[str, int]:
    return {line["person"]: line["amount_minor"] for line in run["lines"]}


def test_what_is_payable_is_collected_approved_and_paid(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 400_000)
    run = office.prepared()
    assert (run["state"], lines(run), run["dropped"]) == ("draft", {office.first.id: 20_000}, [])
    refused(office.money.post(f"/v1/payouts/{run['id']}/approve"), 409, "same_person")
    refused(office.cashier.post(f"/v1/payouts/{run['id']}/pay"), 409, "illegal_transition")
    assert office.approved(run)["state"] == "approved"
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 30_000, "payable": 20_000}}
    paid = office.paid(run)
    assert (paid["state"], lines(paid)) == ("paid", {office.first.id: 20_000})
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 30_000, "paid": 20_000}}
    assert sums(office.deal(deal)) == {"accrued": 50_000, "released": 20_000, "held": 0, "paid": 20_000}
    assert entries(office.money, deal)[-1]["key"] == f"payout/{run['id']}:pay/{deal}/person:{office.first.id}"
    for again in ("approve", "pay"):
        refused(office.cashier.post(f"/v1/payouts/{run['id']}/{again}"), 409, "illegal_transition")
    assert lines(office.prepared()) == {}
    ledger_is_right(company)


def test_a_person_has_one_line_for_all_their_deals_and_currencies_stay_apart(company: Company) -> None:
    office = Runs(company)
    claim = office.claim(office.first)["id"]
    one = office.won(office.first, claim=claim)
    office.receive(one, 1_000_000)
    body = {"program": office.program, "customer": office.deal(one)["customer"], "contract_at": "2031-03-04T08:00:00Z"}
    other = office.first.made("/v1/deals", {**body, "amount": money(200_000)})["id"]
    office.receive(other, 200_000)
    dollars = office.first.made("/v1/deals", {**body, "amount": money(300_000, "USD")})["id"]
    office.money.made(
        f"/v1/deals/{dollars}/receipts",
        {"amount": money(300_000, "USD"), "at": "2031-03-04T08:00:00Z", "reference": "usd"},
    )
    run = office.prepared()
    assert lines(run) == {office.first.id: 60_000}
    assert lines(office.prepared(currency="USD")) == {office.first.id: 15_000}
    office.approved(run)
    office.paid(run)
    assert accounts(office.money, dollars) == {office.first.id: {"payable": 15_000}}
    assert accounts(office.money, one) == {office.first.id: {"paid": 50_000}}
    assert accounts(office.money, other) == {office.first.id: {"paid": 10_000}}


def test_a_dispute_between_preparation_and_approval_drops_the_line(company: Company) -> None:
    """COM-08: a hold survives payout runs."""
    office = Runs(company)
    mine = office.won(office.first)
    office.receive(mine, 1_000_000)
    third = office.outsider()
    theirs = office.won(third, claim=office.claim(third, customer=customer(2))["id"])
    office.receive(theirs, 1_000_000)
    run = office.prepared()
    assert lines(run) == {office.first.id: 50_000, third.id: 50_000}
    office.contest()
    approved = office.approved(run)
    assert lines(approved) == {third.id: 50_000}
    who = {"person": office.first.id, "partner": None}
    dropped = {**who, "deal": mine, "amount_minor": 50_000, "reason": "disputed"}
    assert approved["dropped"] == [dropped]
    office.paid(run)
    assert accounts(office.money, mine) == {office.first.id: {"held": 50_000}}
    assert accounts(office.money, theirs) == {third.id: {"paid": 50_000}}
    ledger_is_right(company)


def test_a_dispute_that_nobody_could_decide_yet_stops_the_line_too(company: Company) -> None:
    """Issue 5: approved while the engine is down, a run never pays a disputed line."""
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.prepared()
    claim = office.claim(office.second)
    company.direct.down = True
    body = {"claim": claim["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
    assert office.second.post("/v1/disputes", body).status_code == 202
    assert lines(office.approved(run)) == {}
    office.paid(run)
    company.direct.down = False
    company.direct.drain(office.deal(deal)["claim"])
    assert accounts(office.money, deal) == {office.first.id: {"held": 50_000}}


def test_a_dispute_between_approval_and_payment_stops_the_line(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.approved(office.prepared())
    office.contest()
    paid = office.paid(run)
    assert (lines(paid), paid["dropped"][0]["reason"]) == ({}, "disputed")
    assert accounts(office.money, deal) == {office.first.id: {"held": 50_000}}


def test_two_runs_over_one_month_pay_once(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    one, other = office.prepared(), office.prepared()
    office.approved(one)
    late = office.approved(other)
    assert (lines(late), late["dropped"][0]["reason"]) == ({}, "not_payable")
    office.paid(one)
    office.paid(other)
    assert accounts(office.money, deal) == {office.first.id: {"paid": 50_000}}


def test_a_payment_while_the_engine_is_away_is_posted_when_it_is_back(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.approved(office.prepared())
    company.direct.down = True
    key = str(uuid.uuid4())
    answer = office.cashier.post(f"/v1/payouts/{run['id']}/pay", key=key)
    waiting = answer.json()
    assert (answer.status_code, waiting["state"], waiting["paid_by"]) == (202, "approved", office.cashier.id)
    assert answer.headers["location"] == f"/v1/commands/{waiting['pending']['command']}"
    who = {"person": office.first.id, "partner": None}
    assert waiting["lines"] == [{**who, "amount_minor": 50_000, "posted_minor": 0}]
    assert accounts(office.money, deal) == {office.first.id: {"payable": 50_000}}
    assert lines(office.prepared()) == {}
    company.direct.down = False
    company.ring_bells()
    posted = done(office.money.get(f"/v1/payouts/{run['id']}"))
    assert (posted["state"], posted["pending"], posted["lines"][0]["posted_minor"]) == ("paid", None, 50_000)
    again = office.cashier.post(f"/v1/payouts/{run['id']}/pay", key=key)
    assert (again.status_code, again.json()) == (200, posted)
    assert accounts(office.money, deal) == {office.first.id: {"paid": 50_000}}
    ledger_is_right(company)


def test_a_line_that_could_not_be_posted_is_not_paid_and_comes_with_the_next_run(company: Company) -> None:
    """COM-12: a run is never called paid for what the ledger has not; a locked run is corrected only in the next."""
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.approved(office.prepared())
    company.direct.down = True
    office.cashier.post(f"/v1/payouts/{run['id']}/pay")
    problem = {"code": "internal_error", "rule": None, "policy_version": None, "facts": {}, "errors": []}
    unposted = t.command.c.kind == CommandKind.DEAL_PAID.value
    given_up = t.command.update().where(unposted).values(decided_at=company.now(), problem=problem)
    company.database.transact(lambda tx: tx.execute(given_up))
    company.direct.down = False
    shown = done(office.money.get(f"/v1/payouts/{run['id']}"))
    assert (shown["state"], lines(shown)) == ("paid", {})
    who = {"person": office.first.id, "partner": None}
    dropped = {**who, "deal": deal, "amount_minor": 50_000, "reason": "not_payable"}
    assert shown["dropped"] == [dropped]
    assert lines(office.prepared()) == {office.first.id: 50_000}


def exported(office: Runs, run: dict[str, Any], language: str, form: str) -> list[list[str]]:
    answer = company_file(office.money, f"/v1/payouts/{run['id']}", language, form)
    if form == "csv":
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).sheet_names
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name(sheet).to_python()
    return [[str(cell) for cell in row] for row in rows]


def company_file(person: Person, path: str, language: str, form: str) -> Any:
    headers = {"Accept-Language": language}
    answer = person.company.call("GET", path, token=person.token, params={"format": form}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_locked_run_leaves_as_a_file_in_either_language(company: Company) -> None:
    """COM-12: who gets how much for which deal, and what was left out; names run nothing in a spreadsheet."""
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 400_000)
    cheat = company.rep("=1+1", team=office.team)
    other = office.won(cheat, claim=office.claim(cheat, customer=customer(2))["id"])
    office.receive(other, 200_000)
    run = office.prepared()
    for form in ("csv", "xlsx"):
        refused(office.money.get(f"/v1/payouts/{run['id']}", format=form), 409, "illegal_transition")
    office.contest()
    office.approved(run)
    head, *rows = exported(office, run, "en", "csv")
    assert head[:4] == ["Period", "Person number", "Payee", "External id"]
    by_deal = {row[head.index("Deal")]: dict(zip(head, row, strict=True)) for row in rows}
    one, two = by_deal[str(office.deal(deal)["number"])], by_deal[str(office.deal(other)["number"])]
    assert (one["Amount"], one["Result"], one["Entry key"]) == ("200.00", "Disputed, not paid", "")
    assert (two["Payee"], two["Amount"], two["Result"]) == ("'=1+1", "100.00", "To be paid")
    assert two["Entry key"] == f"payout/{run['id']}:pay/{other}/person:{cheat.id}"
    assert rows[-1] == ["Total", "", "", "", "", "", "CNY", "100.00", "", ""]
    office.paid(run)
    head, *rows = exported(office, run, "zh", "xlsx")
    assert head[0] == "结算月份"
    assert [row[head.index("结果")] for row in rows] == ["有争议，不付", "已付", ""]
    assert rows[-1][head.index("金额")] == "100.0"
    gone = company_events(company, run["id"])
    assert gone == ["prepared", "approved", "exported", "paid", "exported"]


def company_events(company: Company, stream: str) -> list[str]:
    with company.database.reading() as tx:
        found = sa.select(t.event.c.kind).where(t.event.c.stream == stream).order_by(t.event.c.seq)
        return list(tx.execute(found).scalars())


def test_on_the_payout_day_finance_is_asked_for_the_run_of_the_month_before(company: Company) -> None:
    """`payout.day` 10: once, for a currency in which something is payable, until the run is prepared (COM-12)."""
    office = Runs(company)
    office.receive(office.won(office.first), 1_000_000)
    house = DatabaseHouse(company.database, company.snapshots, company.settings.data)

    def asked(person: Person) -> list[str]:
        house.payout_day()
        return [task["kind"] for task in listed(person.get("/v1/me/tasks"))]

    company.at("2031-04-09T15:59:00Z")  # the last minute of the 9th in Shanghai
    assert asked(office.money) == []
    company.at("2031-04-09T16:01:00Z")
    assert asked(office.money) == asked(office.cashier) == ["payout_due"]
    DatabaseHouse(company.database, company.snapshots, company.settings.data).payout_day()  # another worker
    (told,) = (n for n in listed(office.money.get("/v1/me/notices")) if n["kind"] == "payout.due")
    assert told["text"]["en"].startswith("Commission of 2031-03 in CNY is to be paid")
    assert asked(office.first) == []
    assert office.prepared()["due_on"] == "2031-04-10"
    assert asked(office.money) == asked(office.cashier) == []


def test_what_was_released_later_waits_for_its_month(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 400_000)
    company.at("2031-03-31T16:00:00Z")  # midnight in Shanghai
    office.receive(deal, 600_000, "r2")
    assert lines(office.prepared()) == {office.first.id: 20_000}
    assert lines(office.prepared(period="2031-04")) == {office.first.id: 50_000}
    assert lines(office.prepared(period="2031-02")) == {}


def test_what_somebody_owes_is_set_off_against_what_they_would_get(company: Company) -> None:
    """COM-10: paid 50,000, then refunded in full: 50,000 owed, taken from the 80,000 of the next deal."""
    office = Runs(company)
    first = office.won(office.first)
    office.receive(first, 1_000_000)
    run = office.approved(office.prepared())
    office.paid(run)
    office.give_back(first, 1_000_000)
    assert accounts(office.money, first) == {office.first.id: {"paid": 50_000, "receivable": 50_000}}
    claim = office.claim(office.first, customer=customer(2))["id"]
    small = office.won(office.first, 400_000, claim=claim)
    office.receive(small, 400_000)
    assert lines(office.prepared()) == {}  # 20,000 to get, 50,000 owed
    big = office.first.made(
        "/v1/deals",
        {
            "program": office.program,
            "customer": office.deal(small)["customer"],
            "amount": money(1_200_000),
            "contract_at": "2031-03-04T08:00:00Z",
        },
    )["id"]
    office.receive(big, 1_200_000)
    run = office.prepared()
    assert lines(run) == {office.first.id: 30_000}
    approved = office.approved(run)
    assert lines(approved) == {office.first.id: 30_000}
    assert [(d["deal"], d["amount_minor"], d["reason"]) for d in approved["dropped"]] == [(first, -50_000, "set_off")]
    office.paid(run)
    assert accounts(office.money) == {office.first.id: {"paid": 80_000}}
    kinds = [e["kind"] for deal in (first, small, big) for e in entries(office.money, deal)]
    # Twice between two deals, an entry for each; what was left of the big one and the first one were paid.
    assert (kinds.count("set_off"), kinds.count("payment")) == (4, 2)
    ledger_is_right(company)


def test_runs_are_for_finance(company: Company) -> None:
    office = Runs(company)
    run = office.prepared()
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    assert [r["id"] for r in listed(auditor.get("/v1/payouts"))] == [run["id"]]
    assert done(auditor.get(f"/v1/payouts/{run['id']}")) == run
    refused(auditor.post(f"/v1/payouts/{run['id']}/approve"), 403, "not_allowed")
    strangers: tuple[Person, ...] = (office.first, office.leader)
    for stranger in strangers:
        refused(stranger.post("/v1/payouts", MONTH), 403, "not_allowed")
        refused(stranger.get("/v1/payouts"), 403, "not_allowed")
        refused(stranger.get(f"/v1/payouts/{run['id']}"), 404, "not_found")
        refused(stranger.post(f"/v1/payouts/{run['id']}/approve"), 404, "not_found")
    for period in ("2031-13", "2031-3", "31-03"):
        refused(office.money.post("/v1/payouts", {**MONTH, "period": period}), 422, "field_invalid", "period")


def together(company: Company, *calls: tuple[Person, str, dict[str, Any]]) -> list[int]:
    """Calls at the same time; their statuses."""
    answers = company.together(
        *(company.acall("POST", path, token=by.token, json=body, key=str(uuid.uuid4())) for by, path, body in calls)
    )
    return [answer.status_code for answer in answers]


def test_a_dispute_at_the_same_moment_as_the_approval_is_never_paid(company: Company) -> None:
    """Whichever has the matter's lock first: the other sees it."""
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.prepared()
    claim = office.claim(office.second)
    opening = {"claim": claim["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
    statuses = together(
        company,
        (office.cashier, f"/v1/payouts/{run['id']}/approve", {}),
        (office.second, "/v1/disputes", opening),
    )
    assert statuses == [200, 201]
    office.paid(run)
    assert accounts(office.money, deal) == {office.first.id: {"held": 50_000}}
    ledger_is_right(company)


def test_a_run_is_approved_and_paid_once_whoever_asks_together(company: Company) -> None:
    office = Runs(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    run = office.prepared()
    third = office.finance()
    for step in ("approve", "pay"):
        path = f"/v1/payouts/{run['id']}/{step}"
        assert sorted(together(company, (office.cashier, path, {}), (third, path, {}))) == [200, 409]
    assert accounts(office.money, deal) == {office.first.id: {"paid": 50_000}}
    assert [e["kind"] for e in entries(office.money, deal)].count("payment") == 1
