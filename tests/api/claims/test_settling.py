"""Settling in one step, without a case (协商): DSP-05."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import MONDAY, Office, act, customer, decide, done, entry, moves, notices, read, tasks, work

TEXT = "周末一起去看样板间,以后的单子按这个分"


def settle(by: Person, claim: Mapping[str, Any], **body: Any) -> httpx2.Response:
    return by.post(f"/v1/claims/{claim['id']}/settle", body)


def ask(by: Person, claim: Mapping[str, Any], template: str, **more: Any) -> dict[str, Any]:
    """What ``by`` asks the other one to agree on."""
    return done(settle(by, claim, template=template, **more))


def agree(by: Person, request: Mapping[str, Any], digest: str | None = None) -> httpx2.Response:
    return decide(by, request, digest=digest or request["settlement"]["digest"])


def met(company: Company, **policy: Any) -> tuple[Office, dict[str, Any], dict[str, Any]]:
    """甲 holds a customer, 乙 was refused for it: the office and both claims."""
    office = Office(company, policy=policy)
    return office, office.claim(office.first), office.claim(office.second)


def dispute(by: Person, claim: Mapping[str, Any], grounds: str = "refused_report") -> httpx2.Response:
    return by.post("/v1/disputes", {"claim": claim["id"], "grounds": grounds, "statement": "我先接待的客户"})


def test_the_holder_yields(company: Company) -> None:
    """DSP-05, 让客: with the other's yes the claim is transferred, the refused report is laid down, leaders read it."""
    office, held, turned_away = met(company)
    assert "dispute" in read(office.second, turned_away)["allowed"]
    asked = ask(office.second, turned_away, "yield", yields="other", text=TEXT)
    assert (asked["kind"], asked["by"], asked["waiting_for"]) == ("settle", office.second.id, [office.first.id])
    assert asked["reason"] == TEXT
    assert asked["settlement"] | {"digest": ""} == {
        "template": "yield",
        "other": office.first.id,
        "yields": office.first.id,
        "share_bps": None,
        "digest": "",
        "outside": [],
    }
    assert ("request.settle", asked["id"]) in tasks(office.first)
    refused(decide(office.first, asked), 422, "field_missing", "digest")
    refused(agree(office.second, asked), 403, "not_allowed")
    done(agree(office.first, asked))
    mine = read(office.second, held)
    assert (mine["owner"], mine["state"]) == (office.second.id, "protected")
    assert "request.settle" in notices(office.second, held)
    assert entry(office.second, turned_away, "corrected")["data"]["cause"] == "settled"
    assert "dispute" not in read(office.second, turned_away)["allowed"]
    assert refused(dispute(office.second, turned_away), 409, "illegal_transition")["facts"] == {"settled": True}
    listed = office.leader.get("/v1/requests", kind="settle").json()["items"]
    assert [(r["id"], r["state"]) for r in listed] == [(asked["id"], "accepted")]
    assert office.leader.get("/v1/requests", kind="transfer").json()["items"] == []


def test_changed_text_voids_the_consents_before(company: Company) -> None:
    """DSP-05, 按比例: asked anew by either, the former text is off; shares are of deals to come."""
    office, held, turned_away = met(company)
    first = ask(office.second, turned_away, "joint")
    second = ask(office.first, held, "shares", person=office.second.id, share_bps=3000, text=TEXT)
    assert refused(agree(office.first, first), 409, "terms_changed")["facts"] == {"request": second["id"]}
    stale = refused(agree(office.second, second, first["settlement"]["digest"]), 409, "terms_changed")
    assert stale["facts"] == {"request": second["id"]}
    done(agree(office.second, second))
    seen = read(office.second, held)
    assert seen["owner"] == office.first.id
    assert seen["collaborators"] == [{"person": office.second.id, "rights": "work"}]
    amount = {"amount_minor": 100_000, "currency": "CNY"}
    won = done(act(office.first, held, "win", amount=amount, contract_at=MONDAY))
    deal = office.first.get(f"/v1/deals/{won['deals'][0]}").json()
    assert {s["person"]: s["share_bps"] for s in deal["shares"]} == {office.first.id: 7000, office.second.id: 3000}


def test_the_text_is_part_of_what_is_agreed(company: Company) -> None:
    """DSP-05: the same terms in other words are another text."""
    office, _, turned_away = met(company)
    plain = ask(office.second, turned_away, "joint")
    worded = ask(office.second, turned_away, "joint", text=TEXT)
    assert plain["settlement"]["digest"] != worded["settlement"]["digest"]
    done(decide(office.second, worded, "withdraw"))
    refused(agree(office.first, worded), 409, "illegal_transition")
    assert read(office.first, office.first.get("/v1/claims").json()["items"][0])["collaborators"] == []


def test_beyond_the_limits_the_supervisor_decides(company: Company) -> None:
    """DSP-05: `claim.collaborators_max`, `split.owner_min_pct`, `transfer.approval`; both have agreed before."""
    limits = {"claim.collaborators_max": 0, "split.owner_min_pct": 80, "transfer.approval": "always"}
    office, held, turned_away = met(company, **limits)
    asked = ask(office.second, turned_away, "shares", share_bps=3000)
    waits = done(agree(office.first, asked))
    assert (waits["state"], waits["waiting_for"]) == ("open", [office.leader.id])
    assert waits["settlement"]["outside"] == ["claim.collaborators_max", "split.owner_min_pct"]
    refused(agree(office.first, asked), 403, "not_allowed")
    assert read(office.first, held)["collaborators"] == []
    refused(agree(office.leader, waits, "0" * 64), 409, "terms_changed")
    done(agree(office.leader, waits))
    assert read(office.first, held)["collaborators"] == [{"person": office.second.id, "rights": "work"}]
    given = ask(office.first, held, "yield", yields="asker", person=office.second.id)
    assert done(agree(office.second, given))["settlement"]["outside"] == ["transfer.approval"]
    done(decide(office.leader, given, "refuse"))
    assert read(office.first, held)["owner"] == office.first.id


def test_who_was_refused_yields(company: Company) -> None:
    """DSP-05: nothing moves, and there is nobody left to dispute with; a second time there is nothing to lay down."""
    office, held, turned_away = met(company)
    done(agree(office.first, ask(office.second, turned_away, "yield", yields="asker")))
    assert read(office.first, held)["owner"] == office.first.id
    assert moves(office.first, held)[-1] == ("corrected", None, None)
    assert "dispute" not in read(office.first, held)["allowed"]
    refused(dispute(office.first, held, "ownership"), 422, "party_missing")
    refused(settle(office.second, turned_away, template="yield", yields="asker"), 422, "field_invalid", "yields")


def test_who_waits_in_the_queue_yields(company: Company) -> None:
    """DSP-05, CLM-27: a report that waits for the customer is withdrawn."""
    office, _, queued = met(company, **{"claim.on_collision": "queue"})
    assert queued["queue_position"] == 1
    done(agree(office.first, ask(office.second, queued, "yield", yields="asker")))
    assert read(office.second, queued)["state"] == "withdrawn"


def test_what_cannot_be_asked(company: Company) -> None:
    """DSP-05: fields that do not fit the template, a customer nobody holds, a case, more than the whole."""
    office, held, turned_away = met(company, **{"settle.templates": ["yield", "shares"]})
    by = office.second
    refused(settle(by, turned_away, template="joint"), 422, "field_invalid", "template")
    refused(settle(by, turned_away, template="yield"), 422, "field_missing", "yields")
    refused(settle(by, turned_away, template="shares"), 422, "field_missing", "share_bps")
    refused(settle(by, turned_away, template="yield", yields="other", share_bps=1), 422, "field_invalid", "share_bps")
    refused(settle(office.first, held, template="yield", yields="asker"), 422, "field_missing", "person")
    refused(settle(office.leader, turned_away, template="yield", yields="other"), 403, "not_allowed")
    offered = ask(office.first, held, "shares", person=by.id, share_bps=6000)
    done(agree(by, offered))
    third = office.outsider()
    answer = settle(office.first, held, template="shares", person=third.id, share_bps=5000)
    assert refused(answer, 422, "split_total")["facts"] == {"total_bps": 11000}
    done(act(office.first, held, "release", reason="lost"))
    refused(settle(by, turned_away, template="yield", yields="other"), 409, "illegal_transition")


def test_a_case_ends_what_was_asked(company: Company) -> None:
    """DSP-05, DSP-03: frozen, a customer is settled in the case or not at all."""
    office, _, turned_away = met(company, **{"dispute.auto_settle": False})
    asked = ask(office.second, turned_away, "yield", yields="other")
    done(dispute(office.second, turned_away))
    answer = settle(office.second, turned_away, template="yield", yields="other")
    refused(answer, 409, "claim_disputed")
    listed = office.second.get("/v1/requests", kind="settle").json()["items"]
    assert [(r["id"], r["state"]) for r in listed] == [(asked["id"], "withdrawn")]


def test_whoever_gets_the_customer_has_room_and_silence_ends_it(company: Company) -> None:
    """DSP-05, POOL-07: `pool.holding_cap` of who would get it; `dispute.negotiation_wh` without an answer."""
    office, held, turned_away = met(company, **{"pool.holding_cap": 1})
    office.claim(office.second, customer=customer(7))
    work(office.first, held)
    asked = ask(office.second, turned_away, "yield", yields="other")
    assert refused(agree(office.first, asked), 409, "holding_cap")["facts"] == {"cap": 1, "count": 1}
    company.advance(days=4)
    listed = office.second.get("/v1/requests", kind="settle").json()["items"]
    assert [(r["id"], r["state"]) for r in listed] == [(asked["id"], "expired")]
    refused(agree(office.first, asked), 409, "deadline_passed")
    assert read(office.first, held)["owner"] == office.first.id


def test_the_holder_names_whom_they_met(company: Company) -> None:
    """DSP-05, CUS-05: whose record may be the same customer, or who received its visitor, has no report here."""
    office = Office(company)
    other = office.outsider()
    held = office.claim(office.first)
    service = company.person("售后", team=office.team, roles=("service",))
    refused(settle(office.first, held, template="joint", person=service.id), 422, "field_invalid", "person")
    refused(settle(office.first, held, template="joint", person=office.first.id), 422, "field_invalid", "person")
    nothing = settle(office.first, held, template="yield", yields="other", person=other.id)
    refused(nothing, 422, "field_invalid", "yields")
    asked = ask(office.first, held, "yield", yields="asker", person=other.id)
    waits = done(agree(other, asked))
    assert (waits["waiting_for"], waits["settlement"]["outside"]) == ([office.leader.id], ["transfer.approval"])
    done(agree(office.leader, waits))
    assert read(other, held)["owner"] == other.id


def test_asked_while_the_engine_is_away(company: Company) -> None:
    """DSP-05, AUD-07: taken in, it is answered with what was asked, and is a request once it is decided."""
    office, _, turned_away = met(company)
    company.direct.down = True
    answer = settle(office.second, turned_away, template="shares", share_bps=2500, text=TEXT)
    company.direct.down = False
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    assert (taken["kind"], taken["reason"], taken["settlement"]["share_bps"]) == ("settle", TEXT, 2500)
    company.direct.drain(turned_away["id"])
    listed = office.first.get("/v1/requests", kind="settle", waiting_for=office.first.id).json()["items"]
    assert [r["id"] for r in listed] == [taken["id"]]
    done(agree(office.first, listed[0]))
