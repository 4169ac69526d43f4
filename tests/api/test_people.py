"""People, memberships, grants, absences, delegates, leaving (contract section 2: PPL-01, PPL-02, PPL-05, PPL-06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.schemas.people import GrantOut, MeOut, PersonOut
from storage import tables as t
from storage.codec import rfc3339
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer


def _later(company: Company, **amount: float) -> str:
    return rfc3339(company.now() + timedelta(**amount))


def _state(company: Company, rep: Person, claim: str) -> dict[str, Any]:
    """A claim after its next drain."""
    company.direct.drain(claim)
    found: dict[str, Any] = company.admin.get(f"/v1/claims/{claim}").json()
    return found


# --- people ------------------------------------------------------------------------------------------------------


def test_a_person_starts_in_the_root_team_with_the_next_number(company: Company) -> None:
    """PPL-01, contract section 2."""
    answer = company.admin.post("/v1/people", {"name": "李娜", "email": "li@example.com", "phone": "13800000001"})
    assert answer.status_code == 201
    person = answer.json()
    PersonOut.model_validate(person)
    assert (person["team"], person["active"], person["locale"]) == (company.root, True, "zh-CN")
    assert (person["number"], person["version"], person["partner"]) == (2, 1, None)
    assert company.admin.get(f"/v1/people/{person['id']}").json() == person


def test_names_are_for_everybody_and_contacts_for_admins_leaders_above_and_oneself(company: Company) -> None:
    """PPL-01; how somebody is reached is not everybody's business."""
    team = company.team()
    nested = company.team("Nested", parent=team)
    leader, colleague = company.leader(team), company.rep(team=team)
    body = {"name": "赵敏", "team": nested, "email": "zhao@example.com", "phone": "13800000002"}
    person = company.admin.made("/v1/people", body)
    token = company.admin.made(f"/v1/people/{person['id']}/tokens", {"name": "own"})["token"]
    for reader, shown in (
        (company.admin, True),
        (leader, True),
        (Person(company, person["id"], token), True),
        (colleague, False),
    ):
        seen = reader.get(f"/v1/people/{person['id']}").json()
        assert seen["name"] == "赵敏"
        assert (seen["email"], seen["phone"]) == (("zhao@example.com", "13800000002") if shown else (None, None))


def test_only_an_admin_enters_and_edits_people(company: Company) -> None:
    """Contract section 9."""
    rep = company.rep()
    refused(rep.post("/v1/people", {"name": "某人"}), 403, "not_allowed")
    refused(rep.patch(f"/v1/people/{rep.id}", {"version": 1, "name": "某人"}), 403, "not_allowed")
    refused(rep.post(f"/v1/people/{rep.id}/leave"), 403, "not_allowed")
    assert rep.get(f"/v1/people/{rep.id}").json()["name"] == "李娜"


def test_an_admin_of_a_team_works_within_its_subtree(company: Company) -> None:
    """PPL-02: role × scope."""
    team = company.team()
    nested, other = company.team("Nested", parent=team), company.team("Other")
    local = company.person("团队管理员", team=team)
    company.admin.made(f"/v1/people/{local.id}/grants", {"role": "admin", "scope": {"kind": "team", "id": team}})
    made = local.made("/v1/people", {"name": "新人", "team": nested})
    refused(local.post("/v1/people", {"name": "新人"}), 403, "not_allowed")
    refused(local.post("/v1/people", {"name": "新人", "team": other}), 403, "not_allowed")
    refused(local.patch(f"/v1/people/{made['id']}", {"version": 1, "team": other}), 403, "not_allowed")
    grants = f"/v1/people/{made['id']}/grants"
    refused(local.post(grants, {"role": "finance", "scope": {"kind": "company"}}), 403, "not_allowed")
    refused(local.post(grants, {"role": "rep", "scope": {"kind": "team", "id": other}}), 403, "not_allowed")
    local.made(grants, {"role": "rep", "scope": {"kind": "own"}})
    # A token acts as its person, so making one for somebody else needs an admin of the company.
    refused(local.post(f"/v1/people/{made['id']}/tokens", {"name": "x"}), 403, "not_allowed")


def test_what_is_wrong_with_a_new_person_is_named(company: Company) -> None:
    """INT-01: content is 422 with the field."""
    nobody = "00000000-0000-7000-8000-000000000000"
    company.admin.made("/v1/people", {"name": "甲", "external_id": "HR-1"})
    for body, code, field in (
        ({"name": "乙", "team": nobody}, "field_invalid", "team"),
        ({"name": "乙", "external_id": "HR-1"}, "field_invalid", "external_id"),
        ({"name": "乙", "email": "nowhere"}, "field_invalid", "email"),
        ({"name": "乙", "phone": " "}, "field_invalid", "phone"),
        ({"name": "  "}, "field_invalid", "name"),
        ({}, "field_missing", "name"),
        ({"name": "乙", "locale": "fr"}, "field_invalid", "locale"),
        ({"name": "乙", "salary": 1}, "field_not_allowed", "salary"),
    ):
        refused(company.admin.post("/v1/people", body), 422, code, field)
    assert len(listed(company.admin.get("/v1/people"))) == 2


def test_people_are_found_by_team_activity_and_external_id(company: Company) -> None:
    """Contract section 2, filters of `GET /v1/people`."""
    team = company.team()
    one = company.admin.made("/v1/people", {"name": "甲", "team": team, "external_id": "HR-1"})
    other = company.admin.made("/v1/people", {"name": "乙", "team": team})
    company.admin.made(f"/v1/people/{other['id']}/leave")
    assert [p["id"] for p in listed(company.admin.get("/v1/people", team=team))] == [other["id"], one["id"]]
    assert [p["id"] for p in listed(company.admin.get("/v1/people", team=team, active=True))] == [one["id"]]
    assert [p["id"] for p in listed(company.admin.get("/v1/people", external_id="HR-1"))] == [one["id"]]
    refused(company.admin.get("/v1/people", name="甲"), 422, "field_not_allowed", "name")


def test_an_edit_based_on_an_old_version_changes_nothing(company: Company) -> None:
    """CUS-01 alike: `version_conflict`; contacts may be taken away."""
    person = company.admin.made("/v1/people", {"name": "甲", "phone": "13800000003"})
    path = f"/v1/people/{person['id']}"
    edited = company.admin.patch(path, {"version": 1, "name": "甲乙", "phone": None, "locale": "en"}).json()
    assert (edited["name"], edited["phone"], edited["locale"], edited["version"]) == ("甲乙", None, "en", 2)
    problem = refused(company.admin.patch(path, {"version": 1, "name": "丙"}), 409, "version_conflict")
    assert problem["facts"]["versions"] == {"sent": 1, "present": 2}
    assert company.admin.get(path).json() == edited


def test_a_missing_person_is_not_found_whoever_asks(company: Company) -> None:
    """PPL-02."""
    nobody = "00000000-0000-7000-8000-000000000000"
    for caller in (company.admin, company.rep()):
        refused(caller.get(f"/v1/people/{nobody}"), 404, "not_found")
        refused(caller.get("/v1/people/no-id"), 404, "not_found")
        refused(caller.post(f"/v1/people/{nobody}/leave"), 404, "not_found")
        refused(caller.patch(f"/v1/people/{nobody}", {"version": 1}), 404, "not_found")


def test_names_and_contacts_never_stand_in_clear_in_the_database(company: Company) -> None:
    """AUD-05."""
    body = {"name": "欧阳清雪", "email": "ouyang@example.com", "phone": "13987654321"}
    person = company.admin.made("/v1/people", body)
    company.admin.made(
        f"/v1/people/{person['id']}/absences",
        {"from": _later(company), "to": _later(company, days=1), "reason": "阑尾炎手术"},
    )
    with company.database.reading() as tx:
        rows = [*tx.rows(sa.select(t.person)), *tx.rows(sa.select(t.absence)), *tx.rows(sa.select(t.event))]
    written = repr(rows)
    for secret in ("欧阳", "ouyang", "13987654321", "阑尾炎"):
        assert secret not in written
        assert secret.encode().hex() not in written


# --- me ----------------------------------------------------------------------------------------------------------


def test_me_names_the_caller_the_grants_of_the_moment_and_the_company(company: Company) -> None:
    """Contract section 2."""
    rep = company.rep()
    me = rep.get("/v1/me").json()
    MeOut.model_validate(me)
    assert (me["person"]["id"], me["policy_version"]) == (rep.id, 1)
    assert me["company"] == {"name": "Fairclaim", "root_team": company.root}
    assert [(g["role"], g["scope"], g["to"]) for g in me["grants"]] == [("rep", {"kind": "own", "id": None}, None)]
    company.admin.made(f"/v1/grants/{me['grants'][0]['id']}/revoke")
    assert rep.get("/v1/me").json()["grants"] == []


# --- grants --------------------------------------------------------------------------------------------------------


def test_a_new_grant_works_at_once_and_a_revoked_one_no_more(company: Company) -> None:
    """Contract section 1, Sign-in: grants are looked up at every request."""
    person = company.person()
    refused(person.post("/v1/people", {"name": "新人"}), 403, "not_allowed")
    answer = company.admin.post(f"/v1/people/{person.id}/grants", {"role": "admin", "scope": {"kind": "company"}})
    assert answer.status_code == 201
    grant = answer.json()
    GrantOut.model_validate(grant)
    assert (grant["person"], grant["role"], grant["scope"]) == (person.id, "admin", {"kind": "company", "id": None})
    assert person.post("/v1/people", {"name": "新人"}).status_code == 201
    ended = company.admin.made(f"/v1/grants/{grant['id']}/revoke")
    assert ended["to"] is not None
    refused(person.post("/v1/people", {"name": "新人"}), 403, "not_allowed")
    # Ending it again changes nothing.
    assert company.admin.made(f"/v1/grants/{grant['id']}/revoke") == ended
    assert [g["id"] for g in listed(person.get(f"/v1/people/{person.id}/grants"))] == [grant["id"]]


def test_a_dated_grant_holds_from_its_start_until_before_its_end(company: Company) -> None:
    """PPL-02: half-open."""
    person = company.person()
    body = {
        "role": "admin",
        "scope": {"kind": "company"},
        "from": _later(company, hours=1),
        "to": _later(company, hours=2),
    }
    company.admin.made(f"/v1/people/{person.id}/grants", body)
    answers = []
    for _ in range(3):
        answers.append(person.post("/v1/people", {"name": "新人"}).status_code)
        company.shift(hours=1)
    assert answers == [403, 201, 403]


def test_a_grant_that_has_not_begun_can_be_revoked_and_never_begins(company: Company) -> None:
    """PPL-02."""
    person = company.person()
    body = {"role": "admin", "scope": {"kind": "company"}, "from": _later(company, hours=1)}
    grant = company.admin.made(f"/v1/people/{person.id}/grants", body)
    ended = company.admin.made(f"/v1/grants/{grant['id']}/revoke")
    assert ended["to"] == ended["from"]
    company.shift(hours=2)
    refused(person.post("/v1/people", {"name": "新人"}), 403, "not_allowed")


def test_the_scope_of_a_grant_names_its_team_or_program_and_nothing_else(company: Company) -> None:
    """PPL-02."""
    person, nobody = company.person(), "00000000-0000-7000-8000-000000000000"
    path = f"/v1/people/{person.id}/grants"
    for scope, code in (
        ({"kind": "team"}, "field_missing"),
        ({"kind": "program"}, "field_missing"),
        ({"kind": "own", "id": company.root}, "field_not_allowed"),
        ({"kind": "company", "id": company.root}, "field_not_allowed"),
        ({"kind": "team", "id": nobody}, "field_invalid"),
        ({"kind": "program", "id": company.root}, "field_invalid"),
    ):
        refused(company.admin.post(path, {"role": "manager", "scope": scope}), 422, code, "scope.id")
    now = _later(company)
    body = {"role": "rep", "scope": {"kind": "own"}, "from": now, "to": now}
    refused(company.admin.post(path, body), 422, "field_invalid", "to")
    body = {"role": "king", "scope": {"kind": "own"}}
    refused(company.admin.post(path, body), 422, "field_invalid", "role")
    program = company.program()
    made = company.admin.made(path, {"role": "manager", "scope": {"kind": "program", "id": program}})
    assert made["scope"] == {"kind": "program", "id": program}


def test_every_built_in_role_can_be_granted(company: Company) -> None:
    """PPL-02: all sixteen."""
    person = company.person()
    roles = [
        "rep",
        "account_manager",
        "service",
        "marketing",
        "pre_sales",
        "broker",
        "reception",
        "team_lead",
        "manager",
        "mediator",
        "arbitrator",
        "oversight",
        "finance",
        "policy_admin",
        "auditor",
        "admin",
    ]
    for role in roles:
        company.admin.made(f"/v1/people/{person.id}/grants", {"role": role, "scope": {"kind": "own"}})
    assert [g["role"] for g in person.get("/v1/me").json()["grants"]] == roles


def test_a_grant_of_others_does_not_exist_for_outsiders(company: Company) -> None:
    """PPL-02: object outside all scopes is `not_found`, one's own without the right to act `not_allowed`."""
    team = company.team()
    leader, rep, outsider = company.leader(team), company.rep(team=team), company.rep()
    grant = rep.get("/v1/me").json()["grants"][0]["id"]
    refused(outsider.post(f"/v1/grants/{grant}/revoke"), 404, "not_found")
    refused(rep.post(f"/v1/grants/{grant}/revoke"), 403, "not_allowed")
    refused(leader.post(f"/v1/grants/{grant}/revoke"), 403, "not_allowed")
    refused(outsider.get(f"/v1/people/{rep.id}/grants"), 403, "not_allowed")
    assert [g["id"] for g in listed(leader.get(f"/v1/people/{rep.id}/grants"))] == [grant]


def test_the_last_admin_of_the_company_stays_one(company: Company) -> None:
    """PPL-02: somebody must be able to let people in."""
    admin = company.admin
    grant = next(g["id"] for g in admin.get("/v1/me").json()["grants"] if g["role"] == "admin")
    for path in (f"/v1/grants/{grant}/revoke", f"/v1/people/{admin.id}/leave"):
        problem = refused(admin.post(path), 409, "illegal_transition")
        assert problem["facts"] == {"last": "admin"}
    company.person("第二管理员", roles=("admin",), company_wide=True)
    admin.made(f"/v1/grants/{grant}/revoke")
    refused(admin.post("/v1/people", {"name": "新人"}), 403, "not_allowed")


def test_whoever_loses_the_last_selling_role_hands_customers_over(company: Company) -> None:
    """PPL-06: a change of role."""
    program, rep = company.program(), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    second = company.admin.made(f"/v1/people/{rep.id}/grants", {"role": "broker", "scope": {"kind": "own"}})
    company.admin.made(f"/v1/grants/{second['id']}/revoke")
    assert _state(company, rep, claim["id"])["paused"] == []
    first = rep.get("/v1/me").json()["grants"][0]
    company.admin.made(f"/v1/grants/{first['id']}/revoke")
    after = _state(company, rep, claim["id"])
    assert [p["kind"] for p in after["paused"]] == ["handover"]
    assert [(r["kind"], r["state"]) for r in after["requests"]] == [("handover", "open")]


# --- moving and leaving ------------------------------------------------------------------------------------------


def test_a_move_ends_the_old_membership_where_the_new_one_begins(company: Company) -> None:
    """PPL-01: one home team at a time, dated."""
    team = company.team()
    person = company.rep()
    answer = company.admin.patch(f"/v1/people/{person.id}", {"version": 1, "team": team})
    assert (answer.status_code, answer.json()["team"]) == (200, team)
    new, old = listed(company.admin.get(f"/v1/people/{person.id}/memberships"))
    assert (new["team"], new["to"], old["team"]) == (team, None, company.root)
    assert old["to"] == new["from"] > old["from"]


def test_a_mover_s_customers_stand_still_until_the_supervisor_decides(company: Company) -> None:
    """PPL-06: the clocks stop, the supervisor is asked, the token lives on."""
    first, second = company.team("One"), company.team("Two")
    program, leader = company.program(), company.leader(second)
    company.leader(first, "旧主管")
    rep = company.rep(team=first)
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    moved = company.admin.patch(f"/v1/people/{rep.id}", {"version": 1, "team": second})
    assert moved.status_code == 200
    after = _state(company, rep, claim["id"])
    assert [p["kind"] for p in after["paused"]] == ["handover"]
    assert [(r["kind"], r["waiting_for"]) for r in after["requests"]] == [("handover", [leader.id])]
    assert rep.get("/v1/me").status_code == 200


def test_an_edit_that_names_the_same_team_moves_nobody(company: Company) -> None:
    """PPL-06."""
    program, rep = company.program(), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    company.admin.patch(f"/v1/people/{rep.id}", {"version": 1, "team": company.root, "name": "李娜娜"})
    assert _state(company, rep, claim["id"])["paused"] == []
    assert len(listed(company.admin.get(f"/v1/people/{rep.id}/memberships"))) == 1


def test_a_leaver_is_signed_out_leads_nothing_and_may_nothing(company: Company) -> None:
    """PPL-06, AUD-06: access ends at once; rows keep their dates (PPL-01)."""
    team = company.team()
    leader = company.leader(team)
    company.admin.made(f"/v1/people/{leader.id}/grants", {"role": "manager", "scope": {"kind": "team", "id": team}})
    program = company.program()
    company.admin.made(f"/v1/programs/{program}/members", {"person": leader.id})
    version = company.admin.get(f"/v1/teams/{team}").json()["version"]
    left = company.admin.made(f"/v1/people/{leader.id}/leave")
    assert (left["active"], left["team"]) == (False, team)
    refused(leader.get("/v1/me"), 401, "not_signed_in")
    after = company.admin.get(f"/v1/teams/{team}").json()
    assert (after["leader"], after["version"]) == (None, version + 1)
    assert all(g["to"] is not None for g in listed(company.admin.get(f"/v1/people/{leader.id}/grants")))
    assert all(m["to"] is not None for m in listed(company.admin.get(f"/v1/people/{leader.id}/memberships")))
    assert all(x["revoked_at"] is not None for x in listed(company.admin.get(f"/v1/people/{leader.id}/tokens")))
    members = company.admin.get(f"/v1/programs/{program}").json()["members"]
    assert [m["to"] is None for m in members if m["person"] == leader.id] == [False]


def test_a_leaver_s_customers_wait_for_the_supervisor(company: Company) -> None:
    """PPL-06: clocks stand still; leaving twice is one fact."""
    team = company.team()
    leader, program, rep = company.leader(team), company.program(), company.rep(team=team)
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    first = company.admin.made(f"/v1/people/{rep.id}/leave")
    assert company.admin.made(f"/v1/people/{rep.id}/leave") == first
    after = _state(company, rep, claim["id"])
    assert ([p["kind"] for p in after["paused"]], after["owner"]) == (["handover"], rep.id)
    with company.database.reading() as tx:
        facts = tx.rows(sa.select(t.person_change.c.kind).where(t.person_change.c.person == rep.id))
        tasks = tx.rows(sa.select(t.task.c.person).where(t.task.c.kind == "request.handover"))
    assert ([f["kind"] for f in facts], [x["person"] for x in tasks]) == (["left"], [leader.id])


def test_nothing_is_given_to_somebody_who_has_left(company: Company) -> None:
    """PPL-01: `person_inactive`."""
    person = company.person()
    company.admin.made(f"/v1/people/{person.id}/leave")
    path, admin = f"/v1/people/{person.id}", company.admin
    span = {"from": _later(company), "to": _later(company, days=1)}
    refused(admin.post(f"{path}/grants", {"role": "rep", "scope": {"kind": "own"}}), 422, "person_inactive", "person")
    refused(admin.post(f"{path}/tokens", {"name": "x"}), 422, "person_inactive", "person")
    refused(admin.post(f"{path}/absences", span), 422, "person_inactive", "person")
    refused(admin.post(f"{path}/delegations", {"delegate": admin.id, **span}), 422, "person_inactive", "person")
    refused(admin.patch(path, {"version": 2, "team": company.team()}), 422, "person_inactive", "team")


# --- absences ------------------------------------------------------------------------------------------------------


def test_a_long_absence_stops_the_owner_s_clocks(company: Company) -> None:
    """PPL-05: longer than `absence.pause_after_wd`."""
    program, rep = company.program(), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    answer = rep.post(
        f"/v1/people/{rep.id}/absences", {"from": _later(company), "to": _later(company, days=30), "reason": "产假"}
    )
    assert answer.status_code == 201
    assert answer.json().keys() == {"id", "person", "from", "to", "duty"}
    after = _state(company, rep, claim["id"])
    assert [p["kind"] for p in after["paused"]] == ["absence"]
    assert {c["clock"]: c["paused"] for c in after["clocks"]}["first_follow_up"]


def test_absences_are_entered_by_oneself_leaders_above_and_admins(company: Company) -> None:
    """PPL-05."""
    team = company.team()
    leader, rep, colleague = company.leader(team), company.rep(team=team), company.rep(team=team)
    path = f"/v1/people/{rep.id}/absences"
    body = {"from": _later(company), "to": _later(company, days=1)}
    for caller in (rep, leader, company.admin):
        assert caller.post(path, body).status_code == 201
    refused(colleague.post(path, body), 403, "not_allowed")
    refused(leader.post(f"/v1/people/{company.rep().id}/absences", body), 403, "not_allowed")
    refused(rep.post(path, {"from": body["to"], "to": body["from"]}), 422, "field_invalid", "to")
    assert len(listed(rep.get(path))) == 3
    refused(colleague.get(path), 403, "not_allowed")


# --- delegations ---------------------------------------------------------------------------------------------------


def _delegation(company: Company, delegate: Person, **span: float) -> dict[str, Any]:
    start, end = span.get("start", 0), span.get("end", 5)
    return {"delegate": delegate.id, "from": _later(company, days=start), "to": _later(company, days=end)}


def test_a_delegate_judges_on_behalf_of_the_supervisor(company: Company) -> None:
    """PPL-05, CLM-04."""
    team = company.team()
    leader, deputy, rep = company.leader(team), company.person("副手"), company.rep(team=team)
    program = company.program(policy={"claim.judgement_mode": "manual"})
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert claim["state"] == "reported"
    refused(deputy.post(f"/v1/claims/{claim['id']}/accept"), 404, "not_found")
    answer = leader.post(f"/v1/people/{leader.id}/delegations", _delegation(company, deputy))
    assert answer.status_code == 201
    assert (answer.json()["person"], answer.json()["delegate"]) == (leader.id, deputy.id)
    assert deputy.made(f"/v1/claims/{claim['id']}/accept")["state"] == "protected"


def test_a_delegate_names_no_delegate(company: Company) -> None:
    """PPL-05: `delegation_chain`, from both ends, for times that overlap."""
    boss, deputy, third = company.person("甲"), company.person("乙"), company.person("丙")
    boss.made(f"/v1/people/{boss.id}/delegations", _delegation(company, deputy, start=2, end=4))
    path = f"/v1/people/{deputy.id}/delegations"
    refused(deputy.post(path, _delegation(company, third, start=3, end=5)), 403, "delegation_chain")
    refused(
        third.post(f"/v1/people/{third.id}/delegations", _delegation(company, boss, start=1, end=3)),
        403,
        "delegation_chain",
    )
    assert deputy.post(path, _delegation(company, third, start=5, end=6)).status_code == 201


def test_a_delegate_with_an_interest_in_an_open_case_is_refused(company: Company) -> None:
    """PPL-05: reporter of a report that the person judges, owner of a claim whose request waits for the person."""
    team = company.team()
    leader, neutral = company.leader(team), company.rep("丁", team=team)
    judged, asking = company.rep("乙", team=team), company.rep("丙", team=team)
    manual = company.program(policy={"claim.judgement_mode": "manual"})
    judged.made("/v1/claims", {"program": manual, "customer": person_customer()})
    held = asking.made("/v1/claims", {"program": company.program(), "customer": person_customer()})
    asking.made(f"/v1/claims/{held['id']}/extend", {"reason": "客户出国两周，回来签约"})
    path = f"/v1/people/{leader.id}/delegations"
    for interested in (judged, asking):
        problem = refused(company.admin.post(path, _delegation(company, interested)), 403, "recusal_required")
        assert problem["rule"] == "PPL-05"
    assert company.admin.post(path, _delegation(company, neutral)).status_code == 201


def test_a_delegation_is_for_somebody_else_who_works_here_and_for_a_limited_time(company: Company) -> None:
    """PPL-05: `delegation.max_days` 30."""
    person, left = company.person("甲"), company.person("乙")
    company.admin.made(f"/v1/people/{left.id}/leave")
    path = f"/v1/people/{person.id}/delegations"
    refused(person.post(path, _delegation(company, person)), 422, "field_invalid", "delegate")
    refused(person.post(path, _delegation(company, left)), 422, "person_inactive", "delegate")
    refused(person.post(path, _delegation(company, company.rep(), end=31)), 422, "field_invalid", "to")
    refused(person.post(path, _delegation(company, company.rep(), start=-3, end=-1)), 422, "field_invalid", "to")
    refused(company.rep().post(path, _delegation(company, company.rep())), 403, "not_allowed")


def test_the_delegate_named_last_takes_over_from_the_one_before(company: Company) -> None:
    """PPL-05: one delegate at a time."""
    boss, first, second = company.person("甲"), company.person("乙"), company.person("丙")
    path = f"/v1/people/{boss.id}/delegations"
    boss.made(path, _delegation(company, first, end=5))
    later = boss.made(path, _delegation(company, second, start=2, end=6))
    spans = {d["delegate"]: (d["from"], d["to"]) for d in listed(boss.get(path))}
    assert spans[first.id][1] == later["from"]
    assert spans[second.id] == (later["from"], later["to"])
