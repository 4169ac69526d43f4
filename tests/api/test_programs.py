"""Programs, members, oversight, the calendar they start with (contract section 3: TER-01, TER-06, PPL-07, POL-03)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.schemas.programs import MemberOut, ProgramOut
from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer

NOBODY = "00000000-0000-7000-8000-000000000000"


def _body(company: Company, **more: Any) -> dict[str, Any]:
    return {"name": "滨江一号", "members": [{"team": company.root}], "oversight": [company.admin.id], **more}


def test_a_program_starts_open_with_its_first_policy_in_force(company: Company) -> None:
    """Contract section 3, POL-04: version 1 is active at once."""
    answer = company.admin.post("/v1/programs", _body(company, external_id="P-1"))
    assert answer.status_code == 201
    program = answer.json()
    ProgramOut.model_validate(program)
    assert (program["state"], program["policy_version"], program["version"]) == ("open", 1, 1)
    assert [(m["team"], m["person"], m["to"]) for m in program["members"]] == [(company.root, None, None)]
    assert (program["oversight"], program["panel"]) == ([company.admin.id], [])
    (seeded,) = listed(company.admin.get("/v1/calendars"))
    assert program["calendar"] == seeded["id"]
    assert company.rep().get(f"/v1/programs/{program['id']}").json() == program
    assert listed(company.rep().get("/v1/programs")) == [program]
    policy = company.admin.get(f"/v1/programs/{program['id']}/policy").json()
    assert (policy["version"], policy["state"]) == (1, "active")
    with company.database.reading() as tx:
        pool = tx.row(sa.select(t.pool))
    assert pool is not None
    assert (pool["id"], pool["program"], pool["is_default"]) == (program["default_pool"], program["id"], True)


def test_without_a_named_oversight_the_top_leader_has_it(company: Company) -> None:
    """PPL-07: shown to everybody; nobody at all is `oversight_missing`."""
    body = _body(company)
    del body["oversight"]
    problem = refused(company.admin.post("/v1/programs", body), 409, "oversight_missing")
    assert problem["rule"] == "PPL-07"
    refused(company.admin.post("/v1/programs", {**body, "oversight": []}), 409, "oversight_missing")
    assert listed(company.admin.get("/v1/programs")) == []
    top = company.leader(company.root)
    assert company.admin.made("/v1/programs", body)["oversight"] == [top.id]


def test_what_a_program_names_must_exist_and_be_active(company: Company) -> None:
    """Contract section 1, References."""
    left = company.person()
    company.admin.made(f"/v1/people/{left.id}/leave")
    company.admin.made("/v1/programs", _body(company, external_id="P-1"))
    for more, code, field in (
        ({"members": [{"team": NOBODY}]}, "field_invalid", "members.0.team"),
        ({"members": [{"team": company.root}, {"person": NOBODY}]}, "field_invalid", "members.1.person"),
        ({"members": [{"person": left.id}]}, "person_inactive", "members.0.person"),
        ({"members": [{}]}, "field_missing", "members.0.team"),
        (
            {"members": [{"team": company.root, "person": company.admin.id}]},
            "field_not_allowed",
            "members.0.person",
        ),
        ({"members": [{"role": "rep"}]}, "field_not_allowed", "members.0.role"),
        ({"oversight": [company.admin.id, NOBODY]}, "field_invalid", "oversight.1"),
        ({"oversight": [left.id]}, "person_inactive", "oversight.0"),
        ({"panel": [NOBODY]}, "field_invalid", "panel.0"),
        ({"calendar": NOBODY}, "field_invalid", "calendar"),
        ({"external_id": "P-1"}, "field_invalid", "external_id"),
        ({"preset": "bank"}, "field_invalid", "preset"),
    ):
        refused(company.admin.post("/v1/programs", _body(company, **more)), 422, code, field)
    assert len(listed(company.admin.get("/v1/programs"))) == 1


def test_a_policy_that_does_not_hold_together_opens_no_program(company: Company) -> None:
    """POL-01, POL-04: `policy_invalid` names both fields."""
    body = _body(company, policy={"claim.protection_days": 90, "claim.max_total_days": 30})
    refused(
        company.admin.post("/v1/programs", body),
        422,
        "policy_invalid",
        "claim.max_total_days",
        "claim.protection_days",
    )
    body = _body(company, policy={"claim.idle_dayz": 3})
    refused(company.admin.post("/v1/programs", body), 422, "policy_invalid", "claim.idle_dayz")
    assert listed(company.admin.get("/v1/programs")) == []


def test_a_preset_is_loaded_and_then_edited(company: Company) -> None:
    """POL-03: the preset under what is given; an override with the same conditions takes the preset's place."""
    mine = {"when": {"channel": "partner"}, "set": {"claim.idle_days": 3}}
    other = {"when": {"level": "VIP"}, "set": {"claim.extension_days": 20}}
    program = company.admin.made(
        "/v1/programs",
        _body(company, preset="real_estate", policy={"claim.idle_days": 9}, overrides=[mine, other]),
    )
    policy = company.admin.get(f"/v1/programs/{program['id']}/policy").json()
    parameters = policy["parameters"]
    assert (parameters["policy.preset"], parameters["claim.idle_days"]) == ("real_estate", 9)
    assert parameters["claim.protection_shape"] == "report_visit_deal"
    assert parameters["claim.grace_days"] == 0
    assert policy["overrides"] == [mine, other]
    plain = company.admin.made("/v1/programs", _body(company, preset="real_estate"))
    (preset,) = company.admin.get(f"/v1/programs/{plain['id']}/policy").json()["overrides"]
    assert preset["when"] == {"channel": "partner"}
    assert preset["set"]["claim.first_follow_up_wh"] == 0


def test_a_trial_is_accepted_and_kept(company: Company) -> None:
    """Contract section 3: `program.mode` trial."""
    program = company.program(policy={"program.mode": "trial"})
    assert company.admin.get(f"/v1/programs/{program}/policy").json()["parameters"]["program.mode"] == "trial"


def test_calendar_parameters_find_or_make_the_calendar(company: Company) -> None:
    """TER-06: exactly these values, one calendar for all programs that ask for them."""
    hours = {"calendar.weekdays": [6, 1, 2, 3, 4, 5], "calendar.office_hours": "10:00-19:00"}
    first = company.admin.made("/v1/programs", _body(company, policy=hours))
    second = company.admin.made("/v1/programs", _body(company, policy=hours))
    calendar = company.admin.get(f"/v1/calendars/{first['calendar']}").json()
    assert second["calendar"] == first["calendar"]
    assert (calendar["weekdays"], calendar["office_hours"]) == ([1, 2, 3, 4, 5, 6], "10:00-19:00")
    assert calendar["name"] == "CN 1-6 10:00-19:00"
    abroad = company.admin.made("/v1/programs", _body(company, policy={"calendar.zone": "Asia/Singapore"}))
    calendar = company.admin.get(f"/v1/calendars/{abroad['calendar']}").json()
    assert (calendar["zone"], calendar["name"]) == ("Asia/Singapore", "CN 1-5 09:00-18:00 Asia/Singapore")
    # Same weekdays, same country: the holidays come along.
    seeded = next(c for c in listed(company.admin.get("/v1/calendars")) if c["name"] == "CN")
    assert calendar["years"] == seeded["years"]
    assert len(listed(company.admin.get("/v1/calendars"))) == 3


def test_the_calendar_that_a_company_policy_asks_for_is_the_program_s(company: Company) -> None:
    """POL-01: the company's values lie beneath."""
    draft = company.admin.made("/v1/policies", {"reason": "六天工作", "parameters": {"calendar.weekdays": [1, 2, 3]}})
    second = company.person("二号", roles=("policy_admin",), company_wide=True)
    for step in ("review", "approve", "activate"):
        second.made(f"/v1/policies/{draft['id']}/{step}")
    program = company.admin.made("/v1/programs", _body(company))
    assert company.admin.get(f"/v1/calendars/{program['calendar']}").json()["weekdays"] == [1, 2, 3]


def test_a_closed_program_takes_no_reports_and_lets_open_claims_run_on(company: Company) -> None:
    """TER-01."""
    program, rep = company.program(), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    closed = company.admin.made(f"/v1/programs/{program}/close")
    assert (closed["state"], closed["version"]) == ("closed", 2)
    assert company.admin.made(f"/v1/programs/{program}/close") == closed
    body = {"program": program, "customer": person_customer("张伟", "13812345679")}
    refused(rep.post("/v1/claims", body), 409, "program_closed")
    note = {"kind": "call", "note": "谈了户型、预算和下次看房时间安排"}
    assert rep.made(f"/v1/claims/{claim['id']}/follow-ups", note)["state"] == "active"
    assert company.admin.made(f"/v1/programs/{program}/open")["state"] == "open"
    assert rep.post("/v1/claims", body).status_code == 201


def test_a_program_whose_oversight_has_left_is_not_opened_again(company: Company) -> None:
    """PPL-07."""
    watcher = company.person()
    program = company.program(oversight=[watcher.id])
    company.admin.made(f"/v1/programs/{program}/close")
    company.admin.made(f"/v1/people/{watcher.id}/leave")
    refused(company.admin.post(f"/v1/programs/{program}/open"), 409, "oversight_missing")
    company.admin.patch(f"/v1/programs/{program}", {"version": 2, "oversight": [company.admin.id]})
    assert company.admin.made(f"/v1/programs/{program}/open")["state"] == "open"


def test_a_program_is_edited_on_the_version_read(company: Company) -> None:
    """Contract section 1, Versions."""
    program, judge = company.program(), company.person()
    path = f"/v1/programs/{program}"
    body = {"version": 1, "name": "滨江二号", "oversight": [judge.id], "panel": [judge.id, company.admin.id]}
    edited = company.admin.patch(path, body).json()
    assert (edited["name"], edited["oversight"], edited["version"]) == ("滨江二号", [judge.id], 2)
    assert edited["panel"] == [judge.id, company.admin.id]
    refused(company.admin.patch(path, {"version": 1, "name": "旧"}), 409, "version_conflict")
    refused(company.admin.patch(path, {"version": 2, "oversight": []}), 409, "oversight_missing")
    refused(company.admin.patch(path, {"version": 2, "calendar": NOBODY}), 422, "field_invalid", "calendar")
    refused(company.admin.patch(f"/v1/programs/{NOBODY}", {"version": 1}), 404, "not_found")
    assert company.admin.get(path).json() == edited


def test_another_calendar_makes_open_claims_count_again(company: Company) -> None:
    """TER-06: also where the new calendar's version number is the lower one."""
    program, rep = company.program(policy={"claim.first_follow_up_wh": 240}), company.rep()
    seeded = listed(company.admin.get("/v1/calendars"))[0]
    for name in ("CN a", "CN b"):
        version = company.admin.get(f"/v1/calendars/{seeded['id']}").json()["version"]
        company.admin.patch(f"/v1/calendars/{seeded['id']}", {"version": version, "name": name})
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    every_day = company.admin.made(
        "/v1/calendars",
        {
            "name": "all",
            "country": "CN",
            "zone": "Asia/Shanghai",
            "office_hours": "09:00-18:00",
            "weekdays": [1, 2, 3, 4, 5, 6, 7],
        },
    )
    company.admin.patch(f"/v1/programs/{program}", {"version": 1, "calendar": every_day["id"]})
    company.direct.drain(claim["id"])
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert after["deadline"] < claim["deadline"]


def test_members_come_and_go_with_their_dates(company: Company) -> None:
    """TER-01, CLM-02: a team stands for its subtree."""
    team = company.team()
    nested = company.team("Nested", parent=team)
    program, rep = company.program(members=[]), company.rep(team=nested)
    body = {"program": program, "customer": person_customer()}
    refused(rep.post("/v1/claims", body), 403, "not_member")
    path = f"/v1/programs/{program}/members"
    added = company.admin.post(path, {"team": team})
    assert added.status_code == 201
    MemberOut.model_validate(added.json())
    assert rep.post("/v1/claims", body).status_code == 201
    again = company.admin.post(path, {"team": team})
    assert (again.status_code, again.json()) == (200, added.json())
    removed = company.admin.made(f"{path}/{added.json()['id']}/remove")
    assert removed == added.json() | {"to": removed["to"]}
    assert removed["to"] > removed["from"]
    body = {"program": program, "customer": person_customer("张伟", "13812345679")}
    refused(rep.post("/v1/claims", body), 403, "not_member")
    assert company.admin.get(f"/v1/programs/{program}").json()["members"] == [removed]
    assert company.admin.made(f"{path}/{removed['id']}/remove") == removed
    back = company.admin.post(path, {"person": rep.id})
    assert back.status_code == 201
    assert rep.post("/v1/claims", body).status_code == 201


def test_a_membership_is_named_in_its_own_program_only(company: Company) -> None:
    """Contract section 1, References."""
    one, other = company.program(), company.program()
    member = company.admin.get(f"/v1/programs/{one}").json()["members"][0]["id"]
    refused(company.admin.post(f"/v1/programs/{other}/members/{member}/remove"), 404, "not_found")
    refused(company.admin.post(f"/v1/programs/{one}/members/{NOBODY}/remove"), 404, "not_found")
    refused(company.admin.post(f"/v1/programs/{NOBODY}/members", {"team": company.root}), 404, "not_found")
    refused(company.admin.post(f"/v1/programs/{one}/members", {}), 422, "field_missing", "team")


def test_whoever_leaves_a_program_hands_over_what_they_hold_there(company: Company) -> None:
    """PPL-06: a change of program concerns customers of that program, and only who belongs to it no more."""
    team, rep, other = company.team(), company.rep(), company.rep()
    left = company.program(members=[{"team": team}, {"person": rep.id}, {"person": other.id}])
    kept = company.program(members=[{"person": rep.id}])
    gone = rep.made("/v1/claims", {"program": left, "customer": person_customer()})
    stays = other.made("/v1/claims", {"program": left, "customer": person_customer("张伟", "13812345679")})
    elsewhere = rep.made("/v1/claims", {"program": kept, "customer": person_customer()})
    company.admin.patch(f"/v1/people/{other.id}", {"version": 1, "name": "换名"})
    members = {m["person"]: m["id"] for m in company.admin.get(f"/v1/programs/{left}").json()["members"]}
    company.admin.made(f"/v1/programs/{left}/members/{members[rep.id]}/remove")
    paused = {}
    for claim in (gone, stays, elsewhere):
        company.direct.drain(claim["id"])
        paused[claim["id"]] = [p["kind"] for p in company.admin.get(f"/v1/claims/{claim['id']}").json()["paused"]]
    assert paused == {gone["id"]: ["handover"], stays["id"]: [], elsewhere["id"]: []}


def test_programs_are_changed_by_admins(company: Company) -> None:
    """Contract section 9; a grant over one program reaches that program."""
    program, other, rep = company.program(), company.program(), company.rep()
    refused(rep.post("/v1/programs", _body(company)), 403, "not_allowed")
    local = company.person()
    company.admin.made(f"/v1/people/{local.id}/grants", {"role": "admin", "scope": {"kind": "program", "id": program}})
    for caller, of, allowed in ((rep, program, False), (local, program, True), (local, other, False)):
        path = f"/v1/programs/{of}"
        answers = [
            caller.patch(path, {"version": 1, "name": "改名"}),
            caller.post(f"{path}/members", {"person": caller.id}),
            caller.post(f"{path}/close"),
            caller.post(f"{path}/open"),
        ]
        assert [answer.status_code < 300 for answer in answers] == [allowed] * 4
    refused(local.post("/v1/programs", _body(company)), 403, "not_allowed")
