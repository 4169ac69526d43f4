"""Identifying features of visitors (客户特征): recorded, looked for, forgotten (CUS-10)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from storage.retention import tidy
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import NOTE, customer, done
from tests.support.visits import Visits, step

CAR = {"vehicle": "白色宝马X5，车牌粤B12345", "companions": "夫人和两个孩子"}


def looked_for(who: Person, office: Visits, said: dict[str, str], **more: Any) -> httpx2.Response:
    path = f"/v1/programs/{office.program}/features/search"
    return who.company.call("POST", path, token=who.token, json={"identifying": said, **more})


@pytest.fixture
def office(company: Company) -> Visits:
    return Visits(company)


@pytest.fixture
def seen(office: Visits) -> dict[str, Any]:
    """A visitor of 甲's whose car and companions are on record."""
    one = office.visitor(1)
    done(step(office.first, one, "greet"))
    return done(step(office.first, one, "record", need=NOTE, identifying=CAR, features=["戴眼镜"]))


def rows(company: Company) -> tuple[int, int]:
    def count(table: sa.Table) -> int:
        with company.database.reading() as tx:
            found: int = tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return found

    return count(t.feature), count(t.feature_word)


def test_features_are_recorded_and_found_as_a_hint(office: Visits, seen: dict[str, Any]) -> None:
    """CUS-10: `possible`, whom for readers of the reception only; on record as a blind check; recording is a step."""
    assert (seen["identifying"], seen["features"], seen["missing"]) == (CAR, ["戴眼镜"], [])
    found = done(looked_for(office.first, office, {"vehicle": "宝马 x5", "companions": "两个老人"}))
    assert found["answer"] == "possible"
    [item] = found["items"]
    assert (item["reception"], item["fields"], item["customer"]["phone"]) == (seen["id"], ["vehicle"], "+86138****0001")
    hint = done(looked_for(office.second, office, {"vehicle": "粤b12345"}))
    assert hint == {"answer": "possible", "items": []}
    assert done(looked_for(office.second, office, {"companions": "宝马"})) == {"answer": "free", "items": []}
    checks = [check["answer"] for check in listed(office.second.get("/v1/ownership/checks"))]
    assert checks == ["free", "possible"]
    refused(looked_for(office.second, office, CAR, track="channel"), 422, "field_invalid", "track")


def test_checks_by_features_are_limited_like_others(company: Company) -> None:
    """CUS-08, CUS-10."""
    office = Visits(company, policy={"match.probes_per_hour": {"in_house": 1}})
    done(looked_for(office.first, office, CAR))
    assert refused(looked_for(office.first, office, CAR), 429, "probe_limit")["facts"]["cap"] == 1


def test_only_listed_fields_are_recorded_or_asked_about(company: Company) -> None:
    """CUS-10: `field_not_allowed` names the field; nothing of the record is kept."""
    office = Visits(company, policy={"customer.feature_fields": ["vehicle", "face"]})
    one = office.visitor(1)
    done(step(office.first, one, "greet"))
    wrong = refused(
        step(office.first, one, "record", need=NOTE, identifying={"face": "圆脸", "vehicle": "轿车"}),
        422,
        "field_not_allowed",
        "identifying.face",
    )
    assert wrong["rule"] == "CUS-10"
    assert done(office.first.get(f"/v1/receptions/{one['id']}"))["need"] is None
    refused(looked_for(office.first, office, {"shoes": "皮鞋"}), 422, "field_not_allowed", "identifying.shoes")


def test_what_is_recorded_again_replaces_and_an_erased_customer_leaves_nothing(
    office: Visits, seen: dict[str, Any]
) -> None:
    """CUS-10, AUD-05: sealed; with the customer gone."""
    again = done(step(office.first, seen, "record", identifying={"referrer": "李姐"}))
    assert (again["identifying"], again["features"]) == ({"referrer": "李姐"}, ["戴眼镜"])
    assert rows(office.company) == (2, 3)
    assert done(looked_for(office.first, office, CAR))["answer"] == "free"
    done(step(office.first, seen, "close", reason="不是来看房的"))
    done(office.company.admin.post(f"/v1/customers/{seen['customer']['id']}/erase", {"reason": "客户要求删除资料"}))
    assert rows(office.company) == (0, 0)
    assert done(office.first.get(f"/v1/receptions/{seen['id']}"))["identifying"] == {}


def test_features_are_deleted_when_their_time_is_over(office: Visits, seen: dict[str, Any]) -> None:
    """CUS-10: `customer.feature_retention_days` after the arrival, in answers to the microsecond."""
    company = office.company

    def sweep(tx: Any) -> None:
        tidy(tx, now=tx.now(), policy=company.snapshots.setting(tx).company_policy_at(tx.now()))

    company.shift(days=364)
    company.database.transact(sweep)
    assert done(looked_for(office.first, office, CAR))["answer"] == "possible"
    company.shift(days=1)
    assert done(looked_for(office.first, office, CAR))["answer"] == "free"
    gone = done(office.first.get(f"/v1/receptions/{seen['id']}"))
    assert (gone["identifying"], gone["features"]) == ({}, [])
    assert rows(company)[0] == 3
    company.database.transact(sweep)
    assert rows(company) == (0, 0)


def test_what_was_noticed_makes_the_visit_count_and_is_no_note_of_it(company: Company) -> None:
    """CUS-10, CLM-16: it would outlive its time there; a need that was said is the note."""
    office = Visits(company, policy={"reception.steps": ["register", "assign", "greet"]})
    noticed, said = {"features": ["戴金丝眼镜，左手有一块很旧的手表，说上海话"]}, {"need": NOTE}
    for number, rep, recorded, note in ((1, office.first, noticed, ""), (2, office.second, said, NOTE)):
        claim = office.claim(rep, customer=customer(number))
        one = office.visitor(number)
        done(step(rep, one, "greet"))
        done(step(rep, one, "record", **recorded))
        done(step(rep, one, "complete"))
        [kept] = listed(rep.get(f"/v1/claims/{claim['id']}/follow-ups"))
        assert (kept["note"], kept["qualified"]) == (note, True)
