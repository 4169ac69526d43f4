"""What was told by mistake is taken back, with its entry (冲销): COM-06."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.api.money.test_payouts import Runs, lines
from tests.support.answers import refused
from tests.support.company import Company
from tests.support.money import SIGNED, STAGES, accounts, entries, ledger_is_right, money, sums
from tests.support.office import customer, notices

WHY = "这笔回款属于另一份合同"


def test_a_receipt_is_reversed_once_with_its_reason(company: Company) -> None:
    """COM-06: entry, deal and statement name it; what a run had paid is owed; the reference may be told again."""
    office = Runs(company)
    deal, me = office.won(office.first), office.first.id
    office.receive(deal, 400_000, "bank-7")
    run = office.prepared()
    office.approved(run)
    office.paid(run)
    told = office.deal(deal)["told"][0]
    assert (told["kind"], told["reference"], told["amount"]) == ("receipt", "bank-7", money(400_000))
    path, body = f"/v1/deals/{deal}/reversals", {"reverses": told["key"], "reason": WHY}

    after = office.money.made(path, body)
    assert (after["received"], sums(after)["released"], sums(after)["paid"]) == (money(0), 0, 20_000)
    assert accounts(office.money, deal) == {me: {"accrued": 50_000, "paid": 20_000, "receivable": 20_000}}
    (gone,) = after["told"]
    assert (gone["key"], gone["reversed"]["by"], gone["reversed"]["reason"]) == (told["key"], office.money.id, WHY)
    entry = entries(office.money, deal)[-1]
    key = f"reversal/{told['key'].split('/')[1].split(':')[0]}"
    assert (entry["key"], entry["kind"], entry["reverses"], entry["reason"]) == (key, "reversal", told["key"], WHY)
    assert "money.reversal" in notices(office.first)

    line = office.first.get(f"/v1/people/{me}/statement").json()["items"][0]
    assert (line["kind"], line["reverses"], line["reason"]) == ("reversal", told["key"], WHY)
    assert (line["accrued_minor"], line["receivable_minor"], line["status"]) == (20_000, 20_000, "receivable")
    file = office.first.get(f"/v1/people/{me}/statement", format="csv")
    row = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))[-2]
    assert (row["事项"], row["冲销的凭证"], row["原因"]) == ("冲销", told["key"], WHY)

    assert office.cashier.made(path, body)["version"] == after["version"]
    assert "alarm.ledger" not in notices(company.admin)
    refused(office.cashier.post(path, {**body, "reason": "记错"}), 409, "ledger_conflict")
    assert "alarm.ledger" in notices(company.admin)
    assert len(entries(office.money, deal)) == 4

    again = office.receive(deal, 300_000, "bank-7")
    assert (again["received"], sums(again)["released"]) == (money(300_000), 15_000)
    assert accounts(office.money, deal) == {me: {"accrued": 35_000, "paid": 20_000, "receivable": 5_000}}
    ledger_is_right(company)


def test_only_what_somebody_told_is_reversed(company: Company) -> None:
    """COM-06: no accrual, no reversal, nothing of another deal; a prepared run pays nothing that is gone."""
    office = Runs(company, policy={"commission.release": STAGES})
    deal = office.won(office.first)
    path = f"/v1/deals/{deal}"
    stage: dict[str, Any] = {"stage": "contract", "at": SIGNED, "proof": "合同"}
    (told,) = office.money.made(f"{path}/stages", stage)["told"]
    run = office.prepared()
    assert lines(run) == {office.first.id: 15_000}
    office.money.made(f"{path}/reversals", {"reverses": told["key"], "reason": "合同未签"})
    approved = office.approved(run)
    assert (lines(approved), [one["reason"] for one in approved["dropped"]]) == ({}, ["not_payable"])

    accrual, _, reversal = entries(office.money, deal)
    for entry in (accrual, reversal):
        answer = office.money.post(f"{path}/reversals", {"reverses": entry["key"], "reason": "记错"})
        facts = refused(answer, 409, "illegal_transition")["facts"]
        assert facts == {"key": entry["key"], "kind": entry["kind"]}
    other = office.won(office.second, claim=office.claim(office.second, customer=customer(2))["id"])
    for key in (told["key"], "receipt/unknown:release"):
        answer = office.money.post(f"/v1/deals/{other}/reversals", {"reverses": key, "reason": "记错"})
        refused(answer, 422, "field_invalid", "reverses")
    answer = office.money.post(f"{path}/reversals", {"reverses": told["key"], "reason": " "})
    assert answer.status_code == 422
    ledger_is_right(company)
