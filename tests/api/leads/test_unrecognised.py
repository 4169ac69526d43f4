"""Returning visitors nobody recognises (待认领) are posted, and reps name them (contract section 15, CUS-13)."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import after, customer, done, moment, notices
from tests.support.visits import Visits, step


def posted(who: Person, office: Visits) -> list[dict[str, Any]]:
    return listed(who.get(f"/v1/programs/{office.program}/unrecognised"))


def recognised(who: Person, reception: dict[str, Any], claim: dict[str, Any]) -> httpx2.Response:
    return step(who, reception, "recognise", claim=claim["id"], reason="去年接待过，换了号码")


def test_a_returning_visitor_is_posted_masked_and_recognised(company: Company) -> None:
    """CUS-13: every rep sees them without name and number; the desk hears who recognises them, and merges."""
    office = Visits(company)
    claim = office.claim(office.second, customer=customer(1))
    other = office.claim(office.second, customer=customer(2, "李四"))
    one = office.visitor(3, returning=True)
    assert moment(one["recognise_by"]) == after(one["arrived_at"], days=2)
    assert (notices(office.second)[-1], notices(office.first)) == ("reception.unrecognised", ["reception.called"])
    [item] = posted(office.second, office)
    assert (item["reception"], item["customer"], item["mine"]) == (
        one["id"],
        {"kind": "person", "name": "王*", "phone": "+86138****0003"},
        [],
    )
    refused(recognised(office.first, one, claim), 422, "field_invalid", "claim")
    refused(step(office.desk, one, "recognise", claim=claim["id"], reason="认识"), 403, "not_allowed")
    assert done(recognised(office.second, one, claim))["mine"] == [claim["id"]]
    done(recognised(office.second, one, claim))
    assert notices(office.desk) == ["reception.recognised"]
    [said] = done(office.desk.get(f"/v1/receptions/{one['id']}"))["recognised"]
    assert (said["person"], said["claim"]) == (office.second.id, claim["id"])
    body = {"into": claim["customer"]["id"], "reason": "同一位客户"}
    done(office.desk.post(f"/v1/customers/{one['customer']['id']}/merge", body))
    assert posted(office.second, office) == []
    refused(recognised(office.second, one, claim), 422, "field_invalid", "claim")
    assert done(recognised(office.second, one, other))["mine"] == [claim["id"], other["id"]]


def test_only_who_says_so_and_has_no_owner_is_posted(company: Company) -> None:
    """CUS-13: within `customer.recognise_days`; without it nobody is."""
    office = Visits(company)
    claim = office.claim(office.first, customer=customer(1))
    refused(office.arrive(3, returning="true"), 422, "field_invalid", "returning")
    for number, more in ((1, {"returning": True}), (2, {})):
        plain = office.visitor(number, **more)
        assert plain["recognise_by"] is None
        refused(recognised(office.first, plain, claim), 404, "not_found")
    one = office.visitor(3, returning=True)
    company.shift(days=2)
    late = refused(recognised(office.first, one, claim), 409, "deadline_passed")
    assert (late["rule"], late["facts"]["until"]) == ("CUS-13", one["recognise_by"])
    assert posted(office.first, office) == []
    off = Visits(company, policy={"customer.recognise_days": 0}, opened="2031-03-10T02:00:00Z")
    assert off.visitor(4, returning=True)["recognise_by"] is None
