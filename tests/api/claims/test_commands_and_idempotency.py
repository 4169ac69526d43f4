"""Commands: stored, decided, repeated; which refusal wins (contract section 1, INT-01, AUD-07)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    customer,
    decide,
    done,
    moves,
    read,
    work,
)

MANUAL = {"claim.judgement_mode": "manual"}


def body_of(office: Office, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"program": office.program, "customer": customer(number), **more}


# --- repeated calls -------------------------------------------------------------------------------------------------


def test_a_repeated_report_gives_its_first_answer(company: Company) -> None:
    """INT-01: one claim, the same body, marked as replayed; key order in the JSON does not matter."""
    office = Office(company)
    first = office.first.post("/v1/claims", body_of(office), key="k-1")
    work(office.first, first.json())
    company.advance(hours=1)
    again = office.first.post("/v1/claims", dict(reversed(body_of(office).items())), key="k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(listed(office.first.get("/v1/claims"))) == 1


def test_a_key_belongs_to_one_person_and_one_call(company: Company) -> None:
    """INT-01: another body, path or method with the same key is `idempotency_mismatch`; keys are per person."""
    office = Office(company)
    claim = office.first.post("/v1/claims", body_of(office), key="k").json()
    refused(office.first.post("/v1/claims", body_of(office, 2), key="k"), 422, "idempotency_mismatch")
    refused(office.first.post(f"/v1/claims/{claim['id']}/unpause", {}, key="k"), 422, "idempotency_mismatch")
    patch = {"version": claim["version"], "need": "三房"}
    refused(office.first.patch(f"/v1/claims/{claim['id']}", patch, key="k"), 422, "idempotency_mismatch")
    assert office.second.post("/v1/claims", body_of(office, 2), key="k").status_code == 201
    assert len(listed(office.first.get("/v1/claims"))) == 1


def test_a_key_is_needed_and_printable(company: Company) -> None:
    """INT-01: `idempotency_missing` for none, an empty one, one too long or with other characters; reads need none."""
    office = Office(company)
    url = "/v1/claims"
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 129}, {"Idempotency-Key": "k\t1"}):
        answer = company.call("POST", url, token=office.first.token, headers=headers, json=body_of(office))
        refused(answer, 400, "idempotency_missing")
    assert office.first.post(url, body_of(office), key="~" * 128).status_code == 201
    assert office.first.get(url).status_code == 200


def test_a_repeated_command_has_one_effect(company: Company) -> None:
    """INT-01: follow-up, release and request, each sent twice with its key."""
    office = Office(company, policy={"claim.extension_max": 5})
    claim = office.first.post("/v1/claims", body_of(office)).json()
    url = f"/v1/claims/{claim['id']}"
    for path, body in (
        ("follow-ups", {"kind": "call", "note": NOTE}),
        ("follow-ups", {"kind": "visit", "note": f"{NOTE}再"}),
        ("extend", {"reason": "出差"}),
        ("release", {"reason": "lost"}),
    ):
        key = str(uuid.uuid4())
        once = office.first.post(f"{url}/{path}", body, key=key)
        history = moves(office.first, claim)
        twice = office.first.post(f"{url}/{path}", body, key=key)
        assert (twice.status_code, twice.json()) == (once.status_code, once.json())
        assert twice.headers["Idempotency-Replayed"] == "true"
        assert moves(office.first, claim) == history
    assert len(listed(office.first.get(f"{url}/follow-ups"))) == 2
    assert len(listed(office.first.get("/v1/requests"))) == 1


def test_a_conflict_is_kept_under_its_key(company: Company) -> None:
    """Contract section 1: a 409 is given again though the reason is gone; with a fresh key it is decided anew."""
    office = Office(company, policy={"claim.cap_person": 1})
    held = office.first.post("/v1/claims", body_of(office)).json()
    first = office.first.post("/v1/claims", body_of(office, 2), key="k")
    problem = refused(first, 409, "claim_cap")
    done(act(office.first, held, "release", reason="lost"))
    again = office.first.post("/v1/claims", body_of(office, 2), key="k")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (409, "true")
    assert again.json()["request_id"] == problem["request_id"]
    refused(office.first.post("/v1/claims", body_of(office, 3), key="k"), 422, "idempotency_mismatch")
    assert office.first.post("/v1/claims", body_of(office, 2)).status_code == 201


def test_a_conflict_that_a_drain_found_is_kept_too(company: Company) -> None:
    """Contract section 1: refused by the decision, not before it."""
    office = Office(company, policy=MANUAL)
    first, second = (p.post("/v1/claims", body_of(office)).json() for p in (office.first, office.second))
    url = f"/v1/claims/{second['id']}/accept"
    refused(office.leader.post(url, {}, key="k"), 409, "illegal_transition")
    done(act(office.leader, first, "reject", reason="不实"))
    refused(office.leader.post(url, {}, key="k"), 409, "illegal_transition")
    assert read(office.second, second)["state"] == "reported"
    assert office.leader.post(url, {}, key="k2").status_code == 200


def test_other_refusals_leave_the_key_free(company: Company) -> None:
    """Contract section 1: after 403, 404 and 422 the same key may be used again, for another body as well."""
    office = Office(company, policy=MANUAL)
    url = "/v1/claims"
    refused(
        office.first.post(url, {"program": office.program, "customer": person_customer(phone="1")}, key="k"),
        422,
        "phone_invalid",
        "customer.phone",
    )
    claim = office.first.post(url, body_of(office), key="k").json()
    accept = f"/v1/claims/{claim['id']}/accept"
    refused(office.second.post(accept, {}, key="k"), 404, "not_found")
    refused(office.first.post(accept, {}, key="k2"), 403, "recusal_required")
    company.admin.made(f"/v1/people/{office.second.id}/grants", {"role": "manager", "scope": {"kind": "company"}})
    assert office.second.post(accept, {}, key="k").status_code == 200


def test_a_key_is_forgotten_after_a_day(company: Company) -> None:
    """INT-01: `api.idempotency_h` 24."""
    office = Office(company, policy={"claim.first_follow_up_wh": 0})
    assert office.first.post("/v1/claims", body_of(office), key="k").status_code == 201
    company.shift(hours=23)
    refused(office.first.post("/v1/claims", body_of(office, 2), key="k"), 422, "idempotency_mismatch")
    company.shift(hours=2)
    assert office.first.post("/v1/claims", body_of(office, 2), key="k").status_code == 201


def test_the_company_says_how_long_a_key_is_known(company: Company) -> None:
    """INT-01, POL-01: `api.idempotency_h` is policy data; a conflict is kept under a key that was used long ago."""
    company.company_policy(api__idempotency_h=2)
    office = Office(company)
    assert office.first.post("/v1/claims", body_of(office), key="k").status_code == 201
    company.shift(hours=1)
    assert office.first.post("/v1/claims", body_of(office), key="k").headers["Idempotency-Replayed"] == "true"
    company.shift(hours=2)
    unpause = f"/v1/claims/{office.claim(office.first, customer=customer(2))['id']}/unpause"
    refused(office.first.post(unpause, {}, key="k"), 409, "illegal_transition")
    assert office.first.post(unpause, {}, key="k").headers["Idempotency-Replayed"] == "true"


def test_the_same_report_sent_at_once_with_one_key_is_one_claim(company: Company) -> None:
    """INT-01: a second request meanwhile waits or is told `request_in_flight`, never has an effect of its own."""
    office = Office(company)
    call = {"token": office.first.token, "key": "k", "json": body_of(office)}
    answers = company.together(*(company.acall("POST", "/v1/claims", **call) for _ in range(4)))
    assert {a.status_code for a in answers} <= {201, 202, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"request_in_flight"}
    assert len({a.json()["id"] for a in answers if a.status_code != 409}) == 1
    assert len(listed(office.first.get("/v1/claims"))) == 1


# --- stored and not decided -----------------------------------------------------------------------------------------


def test_a_command_that_nobody_decides_is_stored_and_pending(company: Company) -> None:
    """Contract section 1: 202 with the body as it stands, `pending` and the place to ask."""
    office = Office(company)
    company.direct.down = True
    answer = office.first.post("/v1/claims", body_of(office), key="k")
    claim = answer.json()
    assert (answer.status_code, claim["state"], claim["owner"]) == (202, "reported", None)
    command = claim["pending"]["command"]
    assert answer.headers["Location"] == f"/v1/commands/{command}"
    asked = office.first.get(answer.headers["Location"]).json()
    assert (asked["id"], asked["kind"], asked["state"]) == (command, "report", "pending")
    assert (asked["target"], asked["decided_at"], asked["problem"]) == (
        {"type": "claim", "id": claim["id"]},
        None,
        None,
    )
    assert asked["received_at"] == claim["received_at"]
    assert read(office.first, claim)["pending"] == {"command": command}
    assert listed(office.first.get("/v1/claims"))[0]["pending"] == {"command": command}


def test_no_more_commands_than_may_wait_are_taken_in_while_nothing_is_decided(company: Company) -> None:
    """Contract section 1, AUD-07: `engine_unavailable`, nothing stored; whatever else refuses goes first."""
    office = Office(company)
    claim = office.claim(office.first)
    services = company.app.state.services
    company.app.state.services = replace(services, settings=services.settings.model_copy(update={"waiting_max": 2}))
    company.direct.down = True
    for _ in range(2):
        assert act(office.first, claim, "follow-ups", kind="call", note=NOTE).status_code == 202
    refused(office.first.post("/v1/claims", body_of(office, 2), key="k"), 503, "engine_unavailable")
    refused(act(office.second, claim, "release", reason="lost"), 404, "not_found")
    assert len(listed(office.first.get("/v1/claims"))) == 1
    company.direct.down = False
    company.direct.drain(claim["id"])
    assert office.first.post("/v1/claims", body_of(office, 2), key="k").status_code == 201


def test_a_repeated_202_gives_the_present_answer(company: Company) -> None:
    """Contract section 1: while the engine is away again 202 of the same command, then the decided answer."""
    office = Office(company)
    company.direct.down = True
    first = office.first.post("/v1/claims", body_of(office), key="k")
    still = office.first.post("/v1/claims", body_of(office), key="k")
    assert (still.status_code, still.json()["pending"]) == (202, first.json()["pending"])
    assert still.headers["Idempotency-Replayed"] == "true"
    company.direct.down = False
    decided = office.first.post("/v1/claims", body_of(office), key="k")
    assert (decided.status_code, decided.json()["state"], decided.json()["pending"]) == (201, "protected", None)
    assert decided.json()["id"] == first.json()["id"]
    again = office.first.post("/v1/claims", body_of(office), key="k")
    assert again.json() == decided.json()
    assert len(listed(office.first.get("/v1/claims"))) == 1


def test_a_repeated_202_that_was_refused_meanwhile_gives_the_refusal(company: Company) -> None:
    """Contract section 1: the drain refused it; the 409 stays under the key."""
    office = Office(company)
    claim = office.first.post("/v1/claims", body_of(office)).json()
    url = f"/v1/claims/{claim['id']}"
    company.direct.down = True
    assert office.first.post(f"{url}/release", {"reason": "lost"}).status_code == 202
    stored = office.first.post(f"{url}/extend", {"reason": "出差"}, key="k")
    assert stored.status_code == 202
    company.direct.down = False
    company.direct.drain(claim["id"])
    command = office.first.get(stored.headers["Location"]).json()
    assert (command["state"], command["problem"]["code"]) == ("refused", "illegal_transition")
    assert (command["problem"]["status"], command["problem"]["current_state"]) == (409, "released")
    assert command["decided_at"] is not None
    for _ in range(2):
        refused(office.first.post(f"{url}/extend", {"reason": "出差"}, key="k"), 409, "illegal_transition")


def test_stored_commands_are_decided_in_the_order_of_receipt(company: Company) -> None:
    """Design section 2: report, follow-up and deal of one claim, all received while the engine was away."""
    office = Office(company)
    company.direct.down = True
    claim = office.first.post("/v1/claims", body_of(office)).json()
    rival = office.second.post("/v1/claims", body_of(office)).json()
    entered = office.first.post(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "call", "note": NOTE})
    assert (entered.status_code, entered.json()["state"]) == (202, "reported")
    assert entered.json()["pending"] is not None
    company.direct.down = False
    company.direct.drain(rival["id"])
    present = read(office.first, claim)
    assert (present["state"], present["pending"]) == ("active", None)
    assert read(office.second, rival)["reason"] == "customer_owned"
    assert [m[0] for m in moves(office.first, claim)] == ["received", "accepted", "attempt", "follow_up", "worked"]
    assert listed(office.first.get(f"/v1/claims/{claim['id']}/follow-ups"))[0]["qualified"]


def test_a_pending_request_answer_is_told_too(company: Company) -> None:
    """Contract section 1: same body as 200 with `pending`; target is the request."""
    office = Office(company)
    claim = office.first.post("/v1/claims", body_of(office)).json()
    request = done(act(office.first, claim, "extend", reason="出差"))["requests"][0]
    company.direct.down = True
    answer = decide(office.leader, request)
    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    asked = office.leader.get(answer.headers["Location"]).json()
    assert (asked["target"], asked["state"]) == ({"type": "request", "id": request["id"]}, "pending")
    assert answer.json()["pending"] == {"command": asked["id"]}


def test_a_command_is_seen_by_its_giver_and_readers_of_its_claim(company: Company) -> None:
    """PPL-02: others find nothing, as for one that is not there."""
    office = Office(company)
    company.direct.down = True
    answer = office.first.post("/v1/claims", body_of(office))
    where = answer.headers["Location"]
    assert office.leader.get(where).status_code == 200
    refused(office.second.get(where), 404, "not_found")
    refused(office.second.get(f"/v1/commands/{answer.json()['id']}"), 404, "not_found")
    refused(office.second.get("/v1/commands/none"), 404, "not_found")


# --- which refusal wins ----------------------------------------------------------------------------------------------


def test_refusals_come_in_the_contracts_order(company: Company) -> None:
    """Contract section 1: 401 → 400 → 422 shape → 404 → 403 → 422 content → 409, each hiding what follows."""
    office = Office(company, policy=MANUAL)
    claim = office.first.post("/v1/claims", body_of(office)).json()
    done(act(office.leader, claim, "accept"))
    url = f"/v1/claims/{claim['id']}/release"
    missing = "/v1/claims/00000000-0000-0000-0000-000000000000/release"

    def release(who: Person | None, path: str, body: Any, key: str | None = "k") -> Any:
        token = who.token if who is not None else "wrong"
        return company.call("POST", path, token=token, key=key, json=body)

    wrong_shape, wrong_word, right = {"reason": 1}, {"reason": "tired"}, {"reason": "lost"}
    refused(release(None, missing, wrong_shape, None), 401, "not_signed_in")
    refused(release(office.second, missing, wrong_shape, None), 400, "idempotency_missing")
    refused(release(office.second, missing, wrong_shape), 422, "field_invalid", "reason")
    refused(release(office.second, missing, wrong_word), 404, "not_found")
    refused(release(office.second, url, wrong_word), 404, "not_found")
    finance = office.finance()
    refused(release(finance, url, wrong_word), 403, "not_allowed")
    done(act(office.first, claim, "release", reason="lost"))
    refused(release(office.first, url, wrong_word), 422, "field_invalid", "reason")
    refused(release(finance, url, right), 403, "not_allowed")
    refused(release(office.first, url, right), 409, "illegal_transition")


def test_a_report_is_refused_in_the_same_order(company: Company) -> None:
    """Contract sections 1 and 5: 403 before content, content before closed program and caps."""
    office = Office(company, policy={"claim.cap_person": 1})
    office.claim(office.first, customer=customer(1))
    bad = {"program": office.program, "customer": person_customer(phone="1")}
    clerk = company.person("文员", team=office.team)
    refused(clerk.post("/v1/claims", bad), 403, "not_allowed")
    done(company.admin.post(f"/v1/programs/{office.program}/close"))
    refused(office.first.post("/v1/claims", bad), 422, "phone_invalid", "customer.phone")
    refused(office.first.post("/v1/claims", body_of(office, 2)), 409, "program_closed")
    unknown = body_of(office, 2) | {"colour": "red"}
    refused(clerk.post("/v1/claims", unknown), 422, "field_not_allowed", "colour")


def test_a_body_that_is_no_json_is_malformed(company: Company) -> None:
    """INT-01: 400 before anything is looked at, 401 apart."""
    office = Office(company)
    for token, status in ((None, 401), (office.first.token, 400)):
        answer = company.call("POST", "/v1/claims", token=token, key="k", content=b"{", headers={})
        assert answer.status_code == status
    assert answer.json()["code"] == "body_malformed"


def test_a_body_that_is_no_object_or_lacks_its_key_is_refused_in_order(company: Company) -> None:
    """Contract section 1: 400 before the shape, and the shape before a path that names nothing."""
    office = Office(company)
    for body in (b"[]", b"7"):
        answer = company.call("POST", "/v1/claims", token=office.first.token, content=body)
        refused(answer, 400, "idempotency_missing")
        answer = company.call("POST", "/v1/claims", token=office.first.token, key="k", content=body)
        refused(answer, 422, "field_invalid", "body")
    refused(
        office.first.post("/v1/claims/none/reject", {"colour": "red"}), 422, "field_not_allowed", "reason", "colour"
    )
    refused(office.first.post("/v1/claims/none/reject", {"reason": "r"}), 404, "not_found")
    refused(office.first.get("/v1/people/none/tokens", limit="many"), 422, "field_invalid", "limit")


def test_whoever_asks_for_no_language_is_answered_in_that_of_the_company(company: Company) -> None:
    """Contract section 1: `Accept-Language` defaults to `locale.default`, signed in or not."""
    office = Office(company)
    found = {}
    for default in ("zh-CN", "en"):
        company.company_policy(locale__default=default)
        for token in (office.first.token, None):
            problem = company.call("GET", f"/v1/claims/{office.program}", token=token).json()
            found[default, problem["code"]] = problem["detail"] == problem["messages"][default[:2]]
        asked = company.call("GET", "/v1/me", token=None, headers={"Accept-Language": "zh"}).json()
        assert asked["detail"] == asked["messages"]["zh"]
    assert found == {(d, c): True for d in ("zh-CN", "en") for c in ("not_found", "not_signed_in")}


def test_a_problem_says_why_in_both_languages(company: Company) -> None:
    """INT-01, POL-07: rule, policy version, state and request id; the language of title and detail is the caller's."""
    office = Office(company)
    claim = office.first.post("/v1/claims", body_of(office)).json()
    url = f"/v1/claims/{claim['id']}/unpause"
    answer = company.call("POST", url, token=office.first.token, key="k", headers={"Accept-Language": "en"}, json={})
    problem = refused(answer, 409, "illegal_transition")
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["type"] == "urn:fairclaim:problem:illegal_transition"
    assert (problem["status"], problem["instance"]) == (409, url)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["detail"] == problem["messages"]["en"] != problem["messages"]["zh"]
    assert (problem["rule"], problem["policy_version"]) == ("CLM-21", 1)
    assert problem["current_state"] == "protected"


def test_every_refusal_of_a_rule_names_the_policy_version(company: Company) -> None:
    """POL-07, requirements 0.1 "Refusal": before receipt the version in force, then that of the claim."""
    office = Office(company, policy={"claim.cap_person": 1})
    claim = office.claim(office.first, customer=customer(1))
    cap = refused(office.report(office.first, customer=customer(2)), 409, "claim_cap")
    assert cap["policy_version"] == 1
    date = refused(
        office.report(office.first, customer=customer(2), expected_close="2031-03-01"),
        422,
        "date_invalid",
        "expected_close",
    )
    assert date["policy_version"] == 1
    done(act(office.first, claim, "release", reason="lost"))
    wait = refused(office.report(office.first, customer=customer(1)), 409, "reclaim_wait")
    assert wait["policy_version"] == 1
    late = refused(act(office.first, claim, "follow-ups", kind="call", note=NOTE), 409, "illegal_transition")
    assert late["policy_version"] == 1


def test_conflicts_and_forbidden_acts_are_recorded_and_content_errors_are_not(company: Company) -> None:
    """AUD-01: 403, 409 and 429 go to the refusal table with code, rule and operation, outside the history chain."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(office.report(company.admin), 403, "not_allowed")
    refused(act(office.first, claim, "unpause"), 409, "illegal_transition")
    refused(act(office.first, claim, "release", reason="tired"), 422, "field_invalid", "reason")
    with company.database.reading() as tx:
        rows = tx.rows(sa.select(t.refusal).order_by(t.refusal.c.at))
    assert [(r["code"], r["person"]) for r in rows] == [
        ("not_allowed", company.admin.id),
        ("illegal_transition", office.first.id),
    ]
    assert [m[0] for m in moves(office.first, claim)] == ["received", "accepted"]
