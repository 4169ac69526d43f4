"""What an import leans on: numbers of other systems as keys, and writes that are only rehearsed (INT-03)."""

from __future__ import annotations

from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer

NOTE = "谈了户型、预算和下次看房时间安排"
DRY = {"Fairclaim-Dry-Run": "true"}


def claimed(rep: Person, program: str, **more: object) -> dict[str, object]:
    return rep.made("/v1/claims", {"program": program, "customer": person_customer(), **more})


# --- external_id of claims -------------------------------------------------------------------------------------------


def test_a_claim_sent_again_under_its_number_is_given_back_whatever_became_of_it(company: Company) -> None:
    """INT-03: not the same body, not the same key, and the claim has ended since."""
    rep, program = company.rep(), company.program()
    claim = claimed(rep, program, external_id="CRM-1")
    rep.made(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet"})
    again = rep.post("/v1/claims", {"program": program, "customer": person_customer(), "external_id": "CRM-1"})
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, claim["id"], "released")
    assert len(listed(rep.get("/v1/claims"))) == 1


def test_the_number_of_one_reporter_says_nothing_about_another_ones(company: Company) -> None:
    """INT-03, CUS-08: nobody learns or blocks a colleague's numbers."""
    first, second, program = company.rep("甲"), company.rep("乙"), company.program()
    claim = claimed(first, program, external_id="CRM-1")
    other = second.post(
        "/v1/claims",
        {"program": program, "customer": person_customer("李四", "13812340002"), "external_id": "CRM-1"},
    )
    assert other.status_code == 201
    found = listed(company.admin.get("/v1/claims", external_id="CRM-1"))
    assert {c["id"] for c in found} == {claim["id"], other.json()["id"]}
    assert [c["id"] for c in listed(second.get("/v1/claims", external_id="CRM-1"))] == [other.json()["id"]]


def test_two_reports_under_one_number_at_the_same_time_make_one_claim(company: Company) -> None:
    """INT-03: both are answered, with the same claim."""
    rep, program = company.rep(), company.program()
    body = {"program": program, "external_id": "CRM-1"}
    calls = [
        company.acall(
            "POST",
            "/v1/claims",
            token=rep.token,
            key=f"key-{n}",
            json={**body, "customer": person_customer("王小明", f"1381234{n:04d}")},
        )
        for n in range(6)
    ]
    answers = company.together(*calls)
    assert sorted(a.status_code for a in answers) == [200, 200, 200, 200, 200, 201]
    assert len({a.json()["id"] for a in answers}) == 1


# --- external_id of follow-ups ---------------------------------------------------------------------------------------


def test_a_follow_up_sent_again_under_its_number_is_logged_once(company: Company) -> None:
    """INT-03: the first qualified one through a drain, a later one at once."""
    rep, program = company.rep(), company.program()
    path = f"/v1/claims/{claimed(rep, program)['id']}/follow-ups"
    for number, note in (("F-1", NOTE), ("F-2", "再约周末带家人来看样板间和周边学校")):
        body = {"kind": "call", "note": note, "external_id": number}
        first, again = rep.post(path, body), rep.post(path, body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["id"] == first.json()["id"]
    assert len(listed(rep.get(path))) == 2


def test_a_follow_up_that_still_waits_is_found_by_its_number_too(company: Company) -> None:
    """INT-03: the engine is away between two tries."""
    rep, program = company.rep(), company.program()
    path = f"/v1/claims/{claimed(rep, program)['id']}/follow-ups"
    body = {"kind": "call", "note": NOTE, "external_id": "F-1"}
    company.direct.down = True
    first, again = rep.post(path, body), rep.post(path, body)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["pending"] == again.json()["pending"]
    company.direct.down = False
    assert rep.post(path, body).status_code == 201
    assert len(listed(rep.get(path))) == 1


def test_a_number_under_which_somebody_else_logged_is_refused(company: Company) -> None:
    """INT-03: nobody gets another's entry for their own."""
    first, second, program = company.rep("甲"), company.rep("乙"), company.program()
    claim = claimed(first, program)
    body = {"kind": "call", "note": NOTE, "external_id": "F-1"}
    first.made(f"/v1/claims/{claim['id']}/follow-ups", body)
    offer = first.made(f"/v1/claims/{claim['id']}/transfer", {"to": second.id})
    (request,) = [r for r in offer["requests"] if r["state"] == "open"]
    second.made(f"/v1/requests/{request['id']}/accept", {})
    refused(second.post(f"/v1/claims/{claim['id']}/follow-ups", body), 422, "field_invalid", "external_id")


# --- rehearsals ------------------------------------------------------------------------------------------------------


def test_a_rehearsed_report_is_checked_and_leaves_nothing(company: Company) -> None:
    """INT-03: the same refusals, no claim, and the key stays free."""
    rep, program = company.rep(), company.program(policy={"claim.required_fields": ["identity", "need"]})
    body = {"program": program, "customer": person_customer()}
    refused(rep.post("/v1/claims", body, headers=DRY), 422, "field_missing", "need")
    good = rep.post("/v1/claims", {**body, "need": "flat"}, key="once", headers=DRY)
    assert (good.status_code, good.content) == (204, b"")
    assert not listed(rep.get("/v1/claims"))
    assert not listed(company.admin.get("/v1/customers"))
    done = rep.post("/v1/claims", {**body, "need": "flat"}, key="once")
    assert (done.status_code, done.json()["state"]) == (201, "protected")
    assert "Idempotency-Replayed" not in done.headers


def test_a_rehearsed_person_is_not_entered(company: Company) -> None:
    """INT-03, PPL-01."""
    body = {"name": "王芳", "external_id": "E-1"}
    assert company.admin.post("/v1/people", body, headers=DRY).status_code == 201
    assert not listed(company.admin.get("/v1/people", external_id="E-1"))
    company.admin.made("/v1/people", body)
    refused(company.admin.post("/v1/people", body, headers=DRY), 422, "field_invalid", "external_id")


def test_what_must_leave_a_trace_cannot_be_rehearsed(company: Company) -> None:
    """AUD-03: clear contacts are recorded before they are shown; a rehearsal would undo the record."""
    rep, program = company.rep(), company.program()
    claim = rep.get(f"/v1/claims/{claimed(rep, program)['id']}").json()
    answer = rep.post(
        f"/v1/customers/{claim['customer']['id']}/reveal", {"fields": ["phone"], "purpose": "call back"}, headers=DRY
    )
    refused(answer, 422, "field_not_allowed", "fairclaim-dry-run")
    assert (
        rep.post("/v1/ownership/lookup", {"program": program, "customer": person_customer()}, headers=DRY).status_code
        == 422
    )
