"""Rows that have had their time go, others stay (contract section 1, Idempotency)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import retention
from storage import tables as t
from storage.database import mint
from tests.support.company import Company


def tidied(company: Company) -> None:
    def work(tx: Any) -> None:
        now = tx.now()
        setting = company.snapshots.setting(tx)
        retention.tidy(tx, now=now, policy=setting.company_policy_at(now))

    company.database.transact(work)


def keys(company: Company) -> int:
    with company.database.reading() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(t.idempotency)).scalar_one())


def test_a_key_is_kept_for_a_day(company: Company) -> None:
    body = {"name": "王芳"}
    first = company.admin.post("/v1/people", body, key="once")
    company.shift(hours=23, minutes=59)
    tidied(company)
    again = company.admin.post("/v1/people", body, key="once")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    company.shift(minutes=2)
    tidied(company)
    assert keys(company) == 0
    assert company.admin.post("/v1/people", body, key="once").json()["id"] != first.json()["id"]


def test_a_key_is_kept_as_long_as_the_policy_says(company: Company) -> None:
    company.company_policy(**{"api.idempotency_h": "PT1H"})
    company.admin.post("/v1/people", {"name": "王芳"}, key="once")
    company.shift(minutes=61)
    tidied(company)
    assert keys(company) == 0


def test_counters_and_refusals_go_when_nobody_asks_for_them_any_more(company: Company) -> None:
    now = company.now()

    def bucket(**ago: float) -> str:
        return (now - timedelta(**ago)).strftime("%Y-%m-%dT%H")

    def fill(tx: Any) -> None:
        for name in (bucket(hours=1), bucket(days=4), (now - timedelta(days=4)).date().isoformat()):
            tx.execute(t.usage.insert().values(person=company.admin.id, kind="read", bucket=name, count=1))
        for days in (1, 364, 366):
            at = now - timedelta(days=days)
            tx.execute(
                t.refusal.insert().values(id=mint(), at=at, code="not_allowed", operation="GET /", request_id=mint())
            )

    company.database.transact(fill)
    tidied(company)
    with company.database.reading() as tx:
        assert list(tx.execute(sa.select(t.usage.c.bucket)).scalars()) == [bucket(hours=1)]
        assert tx.execute(sa.select(sa.func.count()).select_from(t.refusal)).scalar_one() == 2


def test_a_great_many_go_a_part_at_a_time(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    for number in range(5):
        company.admin.post("/v1/people", {"name": "王芳"}, key=f"key {number}")
    company.shift(hours=25)
    tidied(company)
    assert keys(company) == 2
    tidied(company)
    assert keys(company) == 0
