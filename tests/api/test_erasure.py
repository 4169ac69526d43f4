"""Erasure (删除权): personal data become unrecoverable, what the company did stays valid (AUD-05)."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import customers, erasure, history
from storage import tables as t
from storage.database import Transaction
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.waiting import eventually

CUSTOMER = {
    "kind": "person",
    "name": "欧阳小明",
    "phone": "13812345678",
    "email": "ouyang@example.com",
    "source": "朋友欧阳介绍",
}
NEED = "想买三居室，靠近地铁，预算五百万"
NOTE = "电话里谈了贷款方案，约周六看房"
PURPOSE = "给欧阳先生回电话"
REASON = {"reason": "客户要求删除资料"}
PDF = b"%PDF-1.7 " + b"contract of a customer who wants to be forgotten " * 20


def worked(company: Company, rep: Person, program: str) -> dict[str, Any]:
    """A claim with everything that may hold personal data: need, follow-up, file, reveal, project, kept answers."""
    claim = rep.made("/v1/claims", {"program": program, "customer": CUSTOMER, "need": NEED})
    file = company.call(
        "POST",
        "/v1/files",
        token=rep.token,
        key=str(uuid.uuid4()),
        files={"file": ("欧阳小明合同.pdf", PDF, "application/pdf")},
    ).json()
    rep.made(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "call", "note": NOTE, "files": [file["id"]]})
    rep.made(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "visit", "note": NOTE + "，已到访"})
    rep.made(f"/v1/customers/{claim['customer']['id']}/reveal", {"fields": ["phone"], "purpose": PURPOSE})
    return claim | {"file": file["id"]}


def ended(company: Company, rep: Person, program: str) -> dict[str, Any]:
    claim = worked(company, rep, program)
    rep.made(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet", "text": "欧阳小明不买了"})
    return claim


def erased(company: Company, customer: str) -> dict[str, Any]:
    return company.admin.made(f"/v1/customers/{customer}/erase", REASON)


def test_after_erasure_every_view_is_empty_where_it_was_personal(company: Company) -> None:
    """AUD-05: names, contacts and texts are null; state, numbers and history stay."""
    program, rep = company.program(), company.rep()
    claim = ended(company, rep, program)
    customer = claim["customer"]["id"]
    gone = erased(company, customer)
    personal = ("name", "phone", "email", "source", "external_id", "company_code")
    assert [gone[name] for name in personal] == [None] * len(personal)
    assert gone["erased_at"] is not None
    seen = rep.get(f"/v1/claims/{claim['id']}").json()
    assert (seen["state"], seen["receipt"], seen["need"], seen["reason_text"]) == (
        "released",
        claim["receipt"],
        None,
        None,
    )
    assert (seen["customer"]["name"], seen["customer"]["phone"], seen["customer"]["email"]) == (None, None, None)
    assert [f["note"] for f in listed(rep.get(f"/v1/claims/{claim['id']}/follow-ups"))] == [None, None]
    kinds = [i["kind"] for i in listed(rep.get(f"/v1/claims/{claim['id']}/timeline"))]
    assert kinds[0] == "released"
    assert "reveal" in kinds
    for reader in (rep, company.admin):
        refused(reader.get(f"/v1/files/{claim['file']}"), 404, "not_found")
        assert not [w for w in ("欧阳", "1381234", "ouyang") if w in reader.get("/v1/me/notices").text]
    assert rep.post(f"/v1/customers/{customer}/reveal", {"fields": ["phone"], "purpose": "x"}).json()["phone"] is None


def test_an_erased_customer_no_longer_matches(company: Company) -> None:
    """AUD-05: the same person reported again is a new record, and searches find only that one."""
    program, rep = company.program(), company.rep()
    customer = ended(company, rep, program)["customer"]["id"]
    erased(company, customer)
    for q in ("13812345678", "欧阳小明", "ouyang@example.com"):
        assert listed(company.admin.get("/v1/customers", q=q)) == []
        assert listed(company.admin.get("/v1/claims", q=q)) == []
    refused(
        rep.post("/v1/claims", {"program": program, "customer": {"id": customer}}), 422, "field_invalid", "customer.id"
    )
    lookup = {"program": program, "customer": {k: CUSTOMER[k] for k in ("kind", "name", "phone")}}
    assert rep.post("/v1/ownership/lookup", lookup).json()["answer"] == "free"
    again = company.rep("赵强").made("/v1/claims", {"program": program, "customer": CUSTOMER})
    assert again["customer"]["id"] != customer
    assert again["state"] == "protected"


def test_the_data_folder_holds_neither_the_clear_text_nor_what_decrypts_to_it(company: Company) -> None:
    """AUD-05: looked for in the raw bytes of the database, its log, and the file folder."""
    program, rep = company.program(), company.rep()
    claim = ended(company, rep, program)
    customer = claim["customer"]["id"]
    company.admin.made("/v1/customers", CUSTOMER | {"name": "欧阳", "source": None})  # an answer that is kept
    before = company.database.transact(lambda tx: _sealed_of(tx, customer, rep.id))
    assert len(before) >= 10
    erased(company, customer)
    after = company.database.transact(lambda tx: _all_values(tx))
    raw = b"\0".join(path.read_bytes() for path in sorted(_folder(company).rglob("*")) if path.is_file())
    for clear in ("欧阳小明", "13812345678", "ouyang@example.com", "朋友欧阳", NEED, NOTE, PURPOSE, "欧阳小明不买了"):
        for text in (clear, clear[:12]):
            assert text.encode() not in after
            assert text.encode() not in raw
    assert b"wants to be forgotten" not in raw
    for sealed in before:
        assert sealed not in after
        if company.database.is_sqlite:
            assert not [i for i in range(0, len(sealed) - 24, 24) if sealed[i : i + 24] in raw]


def test_kept_answers_of_others_survive_an_erasure(company: Company) -> None:
    """AUD-05, INT-01: only answers that name the erased customer are forgotten."""
    program, rep = company.program(), company.rep()
    body = {"program": program, "customer": {"kind": "person", "name": "孙", "phone": "13700001111"}}
    other = rep.post("/v1/claims", body, key="other")
    claim = rep.post("/v1/claims", {"program": program, "customer": CUSTOMER}, key="mine").json()
    rep.made(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet"})
    erased(company, claim["customer"]["id"])
    assert rep.post("/v1/claims", body, key="other").json() == other.json()
    with company.database.reading() as tx:
        keys = set(tx.execute(sa.select(t.idempotency.c.key).where(t.idempotency.c.person == rep.id)).scalars())
    assert "other" in keys
    assert "mine" not in keys


@pytest.mark.parametrize("state", ["reported", "protected", "active", "won"])
def test_erasure_waits_for_open_claims(company: Company, state: str) -> None:
    """AUD-05: the refusal names the claims, and nothing is changed."""
    manual = {"claim.judgement_mode": "manual"} if state == "reported" else {}
    program, rep = company.program(policy=manual), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": CUSTOMER})
    if state == "active":
        rep.made(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "call", "note": NOTE})
    if state == "won":
        amount = {"amount_minor": 100, "currency": "CNY"}
        rep.made(f"/v1/claims/{claim['id']}/win", {"amount": amount, "contract_at": company.now().isoformat()})
    assert rep.get(f"/v1/claims/{claim['id']}").json()["state"] == state
    problem = refused(
        company.admin.post(f"/v1/customers/{claim['customer']['id']}/erase", REASON), 409, "erasure_blocked"
    )
    assert problem["facts"] == {"reason": "claims", "claims": [claim["id"]]}
    assert rep.get(f"/v1/customers/{claim['customer']['id']}").json()["name"] == "欧阳小明"


def test_the_books_of_a_deal_are_kept_for_the_retention_time(company: Company) -> None:
    """AUD-05 `privacy.retention_days`: blocked until they are over; a deal that was cancelled is none."""
    company.company_policy(privacy__retention_days=30)
    company.at("2031-03-05T02:00:00Z")
    finance = company.person("财务", roles=("finance",), company_wide=True)
    program, rep = company.program(policy={"claim.after_deal_days": 1}), company.rep()
    deal = {"amount": {"amount_minor": 100, "currency": "CNY"}, "contract_at": "2031-03-05T01:00:00Z"}
    sold, off = (
        rep.made("/v1/claims", {"program": program, "customer": CUSTOMER | {"phone": phone, "email": None}})
        for phone in ("13800000001", "13800000002")
    )
    for claim in (sold, off):
        rep.made(f"/v1/claims/{claim['id']}/win", deal)
    finance.made(f"/v1/claims/{off['id']}/cancel_deal", {"reason": "客户退订"})
    rep.made(f"/v1/claims/{off['id']}/release", {"reason": "need_unmet"})
    company.advance(days=2)
    assert rep.get(f"/v1/claims/{sold['id']}").json()["reason"] == "after_deal"
    problem = refused(
        company.admin.post(f"/v1/customers/{sold['customer']['id']}/erase", REASON), 409, "erasure_blocked"
    )
    assert problem["facts"]["reason"] == "retention"
    assert problem["facts"]["until"].startswith("2031-04-04T02:")
    assert erased(company, off["customer"]["id"])["erased_at"] is not None
    company.shift(days=29)
    assert erased(company, sold["customer"]["id"])["erased_at"] is not None


def test_a_repeated_erasure_changes_nothing_and_an_erased_record_cannot_be_edited(company: Company) -> None:
    """AUD-05."""
    made = company.admin.made("/v1/customers", CUSTOMER)
    first = erased(company, made["id"])
    assert erased(company, made["id"]) == first
    edited = company.admin.patch(f"/v1/customers/{made['id']}", {"version": first["version"], "name": "欧阳小明"})
    refused(edited, 409, "illegal_transition")
    assert edited.json()["current_state"] == "erased"
    assert company.admin.get(f"/v1/customers/{made['id']}").json() == first


def test_only_an_administrator_erases(company: Company) -> None:
    """Contract section 9."""
    program, rep, stranger = company.program(), company.rep(), company.rep("赵强")
    desk = company.person("前台", roles=("reception",))
    customer = ended(company, rep, program)["customer"]["id"]
    path = f"/v1/customers/{customer}/erase"
    refused(rep.post(path, REASON), 403, "not_allowed")
    refused(desk.post(path, REASON), 403, "not_allowed")
    refused(stranger.post(path, REASON), 404, "not_found")
    refused(company.admin.post(f"/v1/customers/{uuid.uuid4()}/erase", REASON), 404, "not_found")
    refused(company.admin.post(path, {"reason": " "}), 422, "reason_required", "reason")


def test_the_reason_of_an_erasure_is_kept_without_whom_it_was_about(company: Company) -> None:
    """AUD-01, AUD-05: a reason that names the customer would undo the erasure."""
    made = company.admin.made("/v1/customers", CUSTOMER)
    company.admin.made(f"/v1/customers/{made['id']}/erase", {"reason": "欧阳小明 13812345678 来信要求"})
    with company.database.reading() as tx:
        entry = tx.row(sa.select(t.event).where(t.event.c.stream == made["id"], t.event.c.kind == "erased"))
        assert entry is not None
        assert entry["actor"] == company.admin.id
        text = tx.row(sa.select(t.free_text).where(t.free_text.c.id == entry["data"]["text"]))
        assert text is not None
        assert tx.keys.open_text(text["sealed"]) == "* * 来信要求"


def test_an_erased_customer_leaves_the_pool_and_cannot_be_rescued(company: Company) -> None:
    """AUD-05, CLM-20: nobody takes back whom nobody knows."""
    program = company.program(policy={"claim.first_follow_up_wh": "PT20S", "claim.grace_days": 5})
    rep = company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": CUSTOMER})
    company.advance(minutes=1)
    assert rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "lapsed"
    erased(company, claim["customer"]["id"])
    late = rep.post(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "visit", "note": NOTE})
    assert late.status_code == 409
    assert rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "lapsed"
    with company.database.reading() as tx:
        assert tx.rows(sa.select(t.matter.c.pooled, t.matter.c.pool)) == [{"pooled": False, "pool": None}]
        assert tx.rows(sa.select(t.free_text).where(t.free_text.c.customer.is_(None))) != []
        assert NOTE not in str([tx.keys.open_text(r["sealed"]) for r in tx.rows(sa.select(t.free_text))])


def test_the_history_still_verifies_after_an_erasure(company: Company) -> None:
    """AUD-02, AUD-05: history holds ids only, so nothing of it is missing."""
    program, rep = company.program(), company.rep()
    erased(company, ended(company, rep, program)["customer"]["id"])
    with company.database.reading() as tx:
        entries = tx.rows(sa.select(t.event).order_by(t.event.c.stream, t.event.c.seq))
        assert "erased" in {e["kind"] for e in entries}
        assert [e["hash"] for e in entries] == [tx.keys.link(history.content(e)) for e in entries]


@pytest.mark.parametrize("by", ["id", "keys"])
def test_a_report_that_meets_an_erasure_at_the_same_moment_finds_the_record_gone(company: Company, by: str) -> None:
    """AUD-05, CUS-02: the erasure holds what a report finds the customer by, so the report waits and looks again."""
    program, rep = company.program(), company.rep()
    customer = company.admin.made("/v1/customers", CUSTOMER)["id"]
    holding = threading.Event()

    def erase_slowly(tx: Transaction) -> None:
        customers.lock_record(tx, customer)
        erasure.erase(tx, customer, at=tx.now())
        holding.set()
        _wait_for_another(company)

    with ThreadPoolExecutor(1) as others:
        erasing = others.submit(company.database.transact, erase_slowly)
        assert holding.wait(10)
        answer = rep.post("/v1/claims", {"program": program, "customer": {"id": customer} if by == "id" else CUSTOMER})
        erasing.result(10)
    if by == "id":
        refused(answer, 422, "field_invalid", "customer.id")
    else:
        assert answer.status_code == 201
        assert answer.json()["customer"]["id"] != customer
    assert company.admin.get(f"/v1/customers/{customer}").json()["name"] is None


def _wait_for_another(company: Company) -> None:
    """Until somebody waits for a lock of this transaction. SQLite's writers queue before they begin."""
    if company.database.is_sqlite:
        return
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def is_waited_for() -> bool:
        with company.database.reading() as tx:
            return bool(tx.execute(waiting).scalar_one())

    eventually(is_waited_for, within_s=10, what="a report that waits for the erasure")


def _folder(company: Company) -> Path:
    return company.settings.data


def _sealed_of(tx: Transaction, customer: str, rep: str) -> list[bytes]:
    """Every sealed value from which something of the customer could be read."""
    found: list[bytes] = []
    row = tx.row(sa.select(t.customer).where(t.customer.c.id == customer))
    assert row is not None
    found += [row[name] for name in ("name", "phone", "email")]
    found += tx.execute(
        sa.select(t.customer_secret.c.sealed_key).where(t.customer_secret.c.customer == customer)
    ).scalars()
    found += tx.execute(sa.select(t.free_text.c.sealed).where(t.free_text.c.customer == customer)).scalars()
    for file in tx.rows(sa.select(t.file)):
        found += [file["name"], file["sealed_key"]]
    answers = tx.rows(sa.select(t.idempotency).where(t.idempotency.c.answer.is_not(None)))
    found += [r["answer"] for r in answers if customer in (tx.keys.open_text(r["answer"]) or "") and r["person"] == rep]
    return found


def _all_values(tx: Transaction) -> bytes:
    """Everything in the database as its rows have it, on either database."""
    parts: list[bytes] = []
    for table in t.metadata.sorted_tables:
        for row in tx.connection.execute(sa.select(table)):
            parts += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\0".join(parts)
