"""Performance (业绩) over HTTP: who reads what, what is refused, and the file (COM-13)."""

from __future__ import annotations

import csv
import io
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.money import MoneyOffice, money
from tests.support.office import MONDAY, act, customer

MARCH = "2031-03"


def performance(reader: Person, **query: Any) -> dict[str, Any]:
    answer = reader.get("/v1/performance", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(page: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Month, person, amount and part of every line, oldest first."""
    lines = reversed(page["items"])
    return [(one["month"], one["person"], one["amount_minor"], one["share_bps"]) for one in lines]


def test_a_deal_counts_on_its_contract_date_and_a_closed_month_is_corrected_in_another(company: Company) -> None:
    """COM-13: signed a day after it was recorded; cancelled when March is closed."""
    office = MoneyOffice(company)
    first, second = office.first.id, office.second.id
    deal = office.won(office.first)
    assert performance(office.first)["items"] == []
    company.advance(days=2)
    office.share(deal, [(office.first, 7_000), (office.second, 3_000)])
    (line, taken, given) = reversed(performance(office.money, month=MARCH)["items"])
    assert line == {
        "key": f"deal/{deal}:recognise",
        "month": MARCH,
        "person": first,
        "team": office.team,
        "program": office.program,
        "deal": deal,
        "deal_number": 1,
        "deal_kind": "new",
        "event_at": "2031-03-04T08:00:00Z",
        "at": "2031-03-04T08:00:00Z",
        "currency": "CNY",
        "amount_minor": 1_000_000,
        "share_bps": 10_000,
        "corrects": None,
    }
    assert {one["corrects"] for one in (taken, given)} == {line["key"]}
    march = performance(office.money, month=MARCH, program=office.program)
    assert march["closes_at"] == "2031-04-05T16:00:00Z"
    assert march["totals"] == [{"currency": "CNY", "amount_minor": 1_000_000, "deals_bps": 10_000}]
    company.at("2031-04-05T16:00:00Z")
    office.money.made(f"/v1/deals/{deal}/cancel", {"reason": "退房"})
    assert performance(office.money, month=MARCH, program=office.program) == march
    april = performance(office.money, month="2031-04")
    assert sorted(shown(april)) == sorted([("2031-04", first, -700_000, -7_000), ("2031-04", second, -300_000, -3_000)])
    assert performance(office.money)["totals"] == [{"currency": "CNY", "amount_minor": 0, "deals_bps": 0}]
    with company.database.reading() as tx:
        kinds = sa.select(t.event.c.kind).where(t.event.c.stream == deal).order_by(t.event.c.seq)
        assert list(tx.execute(kinds).scalars()) == ["recorded", "recognised", "shares_set", "cancelled"]


def test_everybody_reads_their_own_and_leaders_their_people(company: Company) -> None:
    office = MoneyOffice(company)
    other = office.outsider()
    office.won(office.first, contract_at=MONDAY)
    office.won(other, claim=office.claim(other, customer=customer(2))["id"], contract_at=MONDAY, amount=money(500))
    mine, theirs = (MARCH, office.first.id, 1_000_000, 10_000), (MARCH, other.id, 500, 10_000)
    assert shown(performance(office.first)) == shown(performance(office.leader)) == [mine]
    assert shown(performance(other)) == [theirs]
    assert shown(performance(office.second)) == shown(performance(office.first, person=other.id)) == []
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    for reader in (office.money, auditor, office.manager()):
        assert shown(performance(reader)) == [mine, theirs]
    assert shown(performance(office.money, team=office.team)) == [mine]
    assert shown(performance(office.money, team=company.root)) == [mine, theirs]
    assert shown(performance(office.money, person=other.id)) == [theirs]
    page = performance(office.money, limit=1)
    assert shown(page) == [theirs]
    assert page["totals"] == [{"currency": "CNY", "amount_minor": 1_000_500, "deals_bps": 20_000}]
    rest = performance(office.money, limit=1, cursor=page["next"])
    assert (shown(rest), rest["totals"]) == ([mine], None)


def test_nothing_is_entered_into_a_closed_month(company: Company) -> None:
    """COM-13: neither by the owner nor, where nobody holds the customer, by finance."""
    office = MoneyOffice(company)
    company.at("2031-04-05T16:00:00Z")
    claim = office.claim(office.first)
    late = {"amount": money(1_000_000), "contract_at": "2031-03-31T15:59:59Z"}
    problem = refused(act(office.first, claim, "win", **late), 409, "period_closed")
    assert problem["facts"] == {"month": MARCH, "closed_at": "2031-04-05T16:00:00Z"}
    unclaimed = office.claim(office.second, customer=customer(2))
    act(office.second, unclaimed, "release", reason="need_unmet")
    body = {"program": office.program, "customer": unclaimed["customer"]["id"], **late}
    refused(office.money.post("/v1/deals", body), 409, "period_closed")
    office.money.made("/v1/deals", {**body, "contract_at": "2031-03-31T16:00:00Z"})
    assert act(office.first, claim, "win", **{**late, "contract_at": "2031-03-31T16:00:00Z"}).status_code == 200


def test_performance_leaves_as_a_file(company: Company) -> None:
    """COM-13, INT-04: the same lines and totals; who took them is on record."""
    office = MoneyOffice(company)
    office.won(office.first, contract_at=MONDAY)
    answer = company.call(
        "GET",
        "/v1/performance",
        token=office.money.token,
        params={"format": "csv", "month": MARCH},
        headers={"Accept-Language": "zh"},
    )
    head, line, total = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    found = dict(zip(head, line, strict=True))
    assert (found["业绩月份"], found["归属团队"], found["人员"]) == (MARCH, "一组", "甲")
    assert (found["业绩金额"], found["比例 %"], found["更正的凭证"]) == ("10000.00", "100.00", "")
    assert (total[0], total[head.index("业绩金额")], total[head.index("比例 %")]) == ("合计", "10000.00", "100.00")
    with company.database.reading() as tx:
        gone = sa.select(t.event.c.data).where(t.event.c.stream == office.money.id, t.event.c.kind == "exported")
        assert tx.execute(gone).scalar_one() == {"what": "performance", "format": "csv"}
