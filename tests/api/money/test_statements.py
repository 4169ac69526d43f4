"""Everybody's own statement (业绩明细), the ledger for finance, and files that run nothing (COM-06, COM-11, INT-04)."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from api.files_out import COLUMNS, WORDS
from api.sheets import amount_text, neutral
from domain.money.model import EntryKind
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import SIGNED, STAGES, MoneyOffice, accounts, money, plan_in_force
from tests.support.office import customer


def statement(person: Person, of: Person | None = None, **query: Any) -> dict[str, Any]:
    answer = person.get(f"/v1/people/{(of or person).id}/statement", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_line_says_why_it_is_what_it_is(company: Company) -> None:
    """COM-11: deal, plan version, rule, rate, share, stage, and what it did to which account."""
    office = MoneyOffice(company, policy={"commission.release": STAGES})
    deal = office.won(office.first, product="GTX")
    office.share(deal, [(office.first, 7_000), (office.second, 3_000)])
    office.money.made(f"/v1/deals/{deal}/stages", {"stage": "contract", "at": SIGNED, "proof": "合同"})
    found = statement(office.second)
    assert found["totals"] == [
        {
            "person": office.second.id,
            "currency": "CNY",
            "accrued_minor": 10_500,
            "held_minor": 0,
            "payable_minor": 4_500,
            "paid_minor": 0,
            "receivable_minor": 0,
        }
    ]
    released, shared = found["items"]
    assert (shared["kind"], shared["accrued_minor"], shared["status"]) == ("reallocation", 15_000, "accrued")
    assert released == {
        "entry": released["entry"],
        "key": released["key"],
        "kind": "release",
        "at": released["at"],
        "deal": deal,
        "deal_number": 1,
        "deal_kind": "new",
        "program": office.program,
        "track": "sales",
        "product": "GTX",
        "plan_version": 1,
        "rate_rule": "r1",
        "rate_bps": 500,
        "share_bps": 3_000,
        "stage": "contract",
        "dispute": None,
        "ruling": None,
        "status": "payable",
        "held_by": [],
        "reverses": None,
        "reason": None,
        "currency": "CNY",
        "accrued_minor": -4_500,
        "held_minor": 0,
        "payable_minor": 4_500,
        "paid_minor": 0,
        "receivable_minor": 0,
    }


def test_a_held_line_names_what_holds_it(company: Company) -> None:
    """COM-11, COM-08."""
    office = MoneyOffice(company)
    office.won(office.first)
    claim = office.claim(office.second)
    body = {"claim": claim["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
    case = office.second.made("/v1/disputes", body)["id"]
    held, accrued = statement(office.first)["items"]
    assert (held["kind"], held["status"], held["dispute"]) == ("hold", "held", case)
    assert (held["accrued_minor"], held["held_minor"]) == (-50_000, 50_000)
    assert held["held_by"] == accrued["held_by"] == [case]


def test_everybody_sees_their_own_and_leaders_their_people(company: Company) -> None:
    """COM-11: others' are `not_found`."""
    office = MoneyOffice(company)
    office.won(office.first)
    for reader in (office.first, office.leader, office.money):
        assert len(statement(reader, office.first)["items"]) == 1
    assert statement(office.second)["items"] == []
    for stranger in (office.second, office.outsider(), company.admin):
        refused(stranger.get(f"/v1/people/{office.first.id}/statement"), 404, "not_found")
        refused(stranger.get(f"/v1/people/{office.first.id}/statement", format="csv"), 404, "not_found")
    refused(office.money.get(f"/v1/people/{office.program}/statement"), 404, "not_found")


def test_a_statement_is_read_by_pages_and_by_time(company: Company) -> None:
    office = MoneyOffice(company)
    deal = office.won(office.first)
    for number in range(3):
        office.receive(deal, 100_000, f"r{number}")
        company.advance(days=1)
    page = statement(office.first, limit=3)
    rest = statement(office.first, limit=3, cursor=page["next"])
    assert [i["kind"] for i in (*page["items"], *rest["items"])] == ["release", "release", "release", "accrual"]
    assert rest["next"] is None
    second = page["items"][1]["at"]
    assert [i["key"] for i in statement(office.first, **{"from": second})["items"]] == [
        i["key"] for i in page["items"][:2]
    ]
    assert len(statement(office.first, to=second)["items"]) == 2


def test_the_ledger_of_all_is_for_finance_and_auditors(company: Company) -> None:
    """Contract section 9; one's own accounts are everybody's to read."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    for reader in (office.money, auditor):
        assert accounts(reader) == {office.first.id: {"accrued": 50_000}}
        assert len(listed(reader.get("/v1/ledger/entries", deal=deal))) == 1
    for path in ("/v1/ledger/accounts", "/v1/ledger/entries"):
        for stranger in (office.first, office.leader, company.admin):
            refused(stranger.get(path), 403, "not_allowed")
        refused(office.second.get(path, person=office.first.id), 403, "not_allowed")
    assert accounts(office.first, person=office.first.id) == {office.first.id: {"accrued": 50_000}}
    (own,) = listed(office.first.get("/v1/ledger/entries", person=office.first.id))
    assert [p["account"] for p in own["postings"]] == [f"person:{office.first.id}:accrued"]


def test_finance_of_one_program_reads_its_ledger_only(company: Company) -> None:
    office = MoneyOffice(company)
    one = office.won(office.first)
    first_program = office.program
    office.program = company.program("Other")
    plan_in_force(company, office.program)
    office.won(office.first, claim=office.claim(office.first, customer=customer(2))["id"])
    scoped = company.person("项目财务")
    scope = {"kind": "program", "id": first_program}
    company.admin.made(f"/v1/people/{scoped.id}/grants", {"role": "finance", "scope": scope})
    assert accounts(office.money) == {office.first.id: {"accrued": 100_000}}
    assert accounts(scoped) == {office.first.id: {"accrued": 50_000}}
    assert {e["deal"] for e in listed(scoped.get("/v1/ledger/entries"))} == {one}


def test_entries_are_found_by_person_currency_and_time(company: Company) -> None:
    office = MoneyOffice(company)
    deal = office.won(office.first)
    claim = office.claim(office.second, customer=customer(2))["id"]
    office.won(office.second, claim=claim, amount=money(1_000, "JPY"))
    first = office.money.get("/v1/ledger/accounts", limit=1).json()
    rest = office.money.get("/v1/ledger/accounts", limit=1, cursor=first["next"]).json()
    assert [item["person"] for item in (*first["items"], *rest["items"])] == [office.second.id, office.first.id]
    assert rest["next"] is None
    company.advance(days=1)
    office.receive(deal, 1_000_000)

    def keys(**query: str) -> list[str]:
        return [e["key"].partition("/")[0] for e in listed(office.money.get("/v1/ledger/entries", **query))]

    assert keys() == ["receipt", "deal", "deal"]
    assert keys(person=office.second.id) == keys(currency="JPY") == ["deal"]
    assert keys(**{"from": "2031-03-04T00:00:00Z"}) == ["receipt"]
    assert accounts(office.money, to="2031-03-04T00:00:00Z", currency="CNY") == {office.first.id: {"accrued": 50_000}}
    refused(
        office.money.get("/v1/ledger/entries", **{"from": "2031-03-04T00:00:00Z", "to": "2031-03-03T00:00:00Z"}),
        422,
        "field_invalid",
        "to",
    )


EVIL = '=HYPERLINK("http://evil","x")'


@pytest.mark.parametrize(
    ("language", "head", "word", "total"), [("zh", "成交编号", "计提", "合计"), ("en", "Deal", "Accrual", "Total")]
)
def test_files_hold_the_same_lines_and_run_nothing(
    company: Company, language: str, head: str, word: str, total: str
) -> None:
    """INT-04, COM-11: CSV and XLSX in both languages; a product named like a formula is text."""
    office = MoneyOffice(company)
    office.won(office.first, product=EVIL)
    path = f"/v1/people/{office.first.id}/statement"
    headers = {"Accept-Language": language}

    def file(form: str) -> bytes:
        answer = company.call("GET", path, token=office.first.token, params={"format": form}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="statement.{form}"'
        return answer.content

    rows = list(csv.reader(io.StringIO(file("csv").decode("utf-8-sig"))))
    names = [name for name, _, _ in COLUMNS]
    column = {name: rows[1][place] for place, name in enumerate(names)}
    assert head in rows[0]
    assert (column["kind"], column["product"], column["accrued_minor"]) == (word, f"'{EVIL}", "500.00")
    assert (column["rate_bps"], column["share_bps"], column["currency"]) == ("5.00", "100.00", "CNY")
    assert rows[2][0] == total
    assert rows[2][names.index("accrued_minor")] == "500.00"

    content = file("xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[0] == rows[0]
    assert sheet[1][names.index("accrued_minor")] == 500.0
    assert sheet[1][names.index("product")] == f"'{EVIL}"
    inside = zipfile.ZipFile(io.BytesIO(content))
    for name in inside.namelist():
        assert b"<f>" not in inside.read(name), name


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "%0", "|calc"])
def test_what_looks_like_a_formula_becomes_text(evil: str) -> None:
    assert neutral(evil) == f"'{evil}"


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("", "GTX Pro", "张三", "5-3", "a=b", "100"):
        assert neutral(text) == text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123, "CNY", "1.23"),
        (-5, "CNY", "-0.05"),
        (0, "USD", "0.00"),
        (1_234, "JPY", "1234"),
        (-7, "JPY", "-7"),
        (1_234, "KWD", "1.234"),
        (2**63 - 1, "CNY", "92233720368547758.07"),
    ],
)
def test_an_amount_is_written_to_the_last_minor_unit(minor: int, currency: str, text: str) -> None:
    assert amount_text(minor, currency) == text


def test_every_kind_of_entry_has_words() -> None:
    assert set(WORDS["kind"]) == {kind.value for kind in EntryKind}
