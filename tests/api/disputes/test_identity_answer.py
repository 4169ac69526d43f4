"""The answer to 'same customer?' is remembered, and what the records say of it is evidence (CUS-13, DSP-09)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import Office, act, customer, done, read
from tests.support.records import Records


def test_two_customers_are_not_asked_about_again(company: Company) -> None:
    """CUS-13: a party is answered with the case that found it, anybody else with the answer; nothing is frozen."""
    records = Records(company)
    found = records.to_ruling()
    ruled = done(records.ruling(found, outcome="no_change", same=False))
    records.pass_to(ruled["deadline"])
    again = records.asked(records.first, records.old, records.new)
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, found["id"], "final")
    done(act(records.second, records.new, "release", reason="lost"))
    third = company.rep("丁", team=company.team("二组"))
    theirs = records.office.claim(third, customer=customer(2))
    problem = refused(records.asked(third, theirs, records.old), 409, "illegal_transition")
    assert (problem["rule"], problem["facts"]) == ("CUS-13", {"same": False})
    assert [claim["state"] for claim in (read(records.first, records.old), read(third, theirs))] == ["protected"] * 2
    for record in (records.old, records.new):
        cases = listed(records.leader.get("/v1/disputes", customer=record["customer"]["id"]))
        assert [c["id"] for c in cases] == [found["id"]]


def test_one_customer_is_known_when_the_question_comes_up_again(company: Company) -> None:
    """CUS-13, DSP-04: where it was asked, the records are one at once, so nobody gets the other one. In another program
    the answer is a recorded fact, and the rules settle who reported first."""
    records = Records(company, **{"dispute.appeal_wd": 0})
    found = records.to_ruling()
    done(records.ruling(found, outcome="party", owner=records.first.id, same=True))
    assert read(records.leader, records.new)["state"] == "released"
    third = company.rep("丁", team=records.office.team)
    assert records.office.claim(third, customer=customer(2))["reason"] == "customer_owned"
    known = refused(records.asked(records.second, records.new, records.old), 409, "illegal_transition")
    assert (known["rule"], known["facts"]) == ("CUS-13", {"same": True})
    elsewhere = company.program("另一项目")
    mine, theirs = (
        done(person.post("/v1/claims", {"program": elsewhere, "customer": customer(number)}))
        for person, number in ((records.first, 1), (third, 2))
    )
    assert (mine["state"], theirs["state"]) == ("protected", "protected")
    case = done(records.asked(third, theirs, mine))
    assert (case["state"], case["outcome"]["owner"], case["outcome"]["same"]) == ("proposed", records.first.id, True)
    before = next(i for i in listed(third.get(f"/v1/disputes/{case['id']}/evidence")) if i["kind"] == "same_before")
    assert (before["automatic"], before["origin"], before["author"], before["text"]) == (True, "system", None, None)
    advice = done(third.get(f"/v1/disputes/{case['id']}/advice"))
    assert next(p["evidence"] for p in advice["points"] if p["rule"] == "identity") == [before["id"]]
    records.pass_to(case["deadline"])
    assert [claim["state"] for claim in (read(records.first, mine), read(third, theirs))] == [
        "protected",
        "released",
    ]


def firm(name: str, code: str, phone: str) -> dict[str, Any]:
    return {"kind": "company", "name": name, "company_code": code, "phone": phone}


def test_the_records_say_how_they_compare_and_not_what_is_on_them(company: Company) -> None:
    """DSP-09, CUS-04: two credit codes are two companies; a common number proves nothing and is not shown."""
    office = Office(company)
    phone = "13912345678"
    first = office.claim(office.first, customer=firm("北京安达科技有限公司", "91110108551385082Q", phone))
    second = office.claim(office.second, customer=firm("上海众安贸易有限公司", "91310115560190240M", phone))
    body = {
        "claim": second["id"],
        "grounds": "identity",
        "other_customer": first["customer"]["id"],
        "statement": "是同一家公司",
    }
    case = office.second.made("/v1/disputes", body)
    assert case["state"] == "negotiating"
    answer = office.first.get(f"/v1/disputes/{case['id']}/evidence")
    kinds = {i["kind"] for i in listed(answer) if i["author"] is None}
    assert kinds == {"same_phone", "other_company_code", "other_name"}
    assert phone not in answer.text
    assert "91310115560190240M" not in answer.text
    advice = done(office.first.get(f"/v1/disputes/{case['id']}/advice"))
    assert (advice["outcome"]["outcome"], advice["outcome"]["same"]) == ("no_change", False)
