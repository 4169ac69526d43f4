"""Policies from draft to force, small teams, migrations, rules in words (contract section 3: POL-01 to POL-04, POL-07,
POL-09)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.schemas.policies import PolicyOut
from storage import tables as t
from storage.codec import rfc3339
from tests.support.answers import listed, refused
from tests.support.company import PLAIN_POLICY, Company, Person, person_customer

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def second(company: Company) -> Person:
    """A second policy admin of the company."""
    return company.person("二号规则管理员", roles=("policy_admin",), company_wide=True)


def _draft(company: Company, program: str | None, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    path = f"/v1/programs/{program}/policies" if program is not None else "/v1/policies"
    return company.admin.made(path, {"reason": "试行一季后调整", "parameters": parameters, **more})


def _enact(second: Person, policy: str, **body: Any) -> dict[str, Any]:
    """Review, approve and activate as a second person."""
    second.made(f"/v1/policies/{policy}/review")
    second.made(f"/v1/policies/{policy}/approve")
    return second.made(f"/v1/policies/{policy}/activate", body)


def _in_force(company: Company, program: str, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = company.admin.get(f"/v1/programs/{program}/policy", **query).json()
    return found


# --- drafts ------------------------------------------------------------------------------------------------------


def test_a_draft_changes_what_it_names_and_replaces_nothing_yet(company: Company) -> None:
    """POL-04: it starts from the version in force."""
    program = company.program(policy={"claim.idle_days": 10})
    answer = company.admin.post(
        f"/v1/programs/{program}/policies", {"reason": "缩短", "parameters": {"claim.grace_days": 2}}
    )
    assert answer.status_code == 201
    draft = answer.json()
    PolicyOut.model_validate(draft)
    assert draft["parameters"] == {**PLAIN_POLICY, "claim.idle_days": 10, "claim.grace_days": 2}
    assert (draft["version"], draft["state"], draft["program"]) == (2, "draft", program)
    assert (draft["author"], draft["reviewed_by"], draft["approved_by"]) == (company.admin.id, None, None)
    assert (draft["reason"], draft["effective_at"]) == ("缩短", None)
    present = _in_force(company, program)
    assert (present["version"], present["parameters"]["claim.grace_days"]) == (1, 0)
    assert [p["version"] for p in listed(company.admin.get(f"/v1/programs/{program}/policies"))] == [2, 1]


def test_an_earlier_version_can_be_taken_up_again_as_a_new_one(company: Company, second: Person) -> None:
    """POL-04."""
    program = company.program(policy={"claim.idle_days": 10})
    _enact(second, _draft(company, program, {"claim.idle_days": 20})["id"])
    again = _draft(company, program, {}, base_version=1)
    assert (again["version"], again["parameters"]["claim.idle_days"]) == (3, 10)
    body = {"reason": "x", "base_version": 9}
    refused(company.admin.post(f"/v1/programs/{program}/policies", body), 422, "field_invalid", "base_version")


def test_a_preset_over_a_live_policy_makes_a_draft_of_the_preset(company: Company) -> None:
    """POL-03: it replaces nothing, and starts from the preset alone unless a version is named."""
    program = company.program(policy={"claim.grace_days": 4})
    loaded = _draft(company, program, {"claim.idle_days": 8}, preset="real_estate")
    assert loaded["parameters"]["policy.preset"] == "real_estate"
    assert loaded["parameters"]["claim.idle_days"] == 8
    assert "claim.grace_days" not in loaded["parameters"]
    assert [o["when"] for o in loaded["overrides"]] == [{"channel": "partner"}]
    both = _draft(company, program, {}, preset="real_estate", base_version=1)
    assert both["parameters"]["claim.grace_days"] == 4
    assert _in_force(company, program)["version"] == 1


def test_overrides_are_given_whole(company: Company, second: Person) -> None:
    """CLM-13: left out they stay, given they replace."""
    vip = {"when": {"level": "VIP"}, "set": {"claim.idle_days": 30}}
    program = company.program(overrides=[vip])
    assert _draft(company, program, {"claim.grace_days": 1})["overrides"] == [vip]
    assert _draft(company, program, {}, overrides=[])["overrides"] == []


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        (
            {"claim.protection_days": 90, "claim.max_total_days": 30},
            ["claim.max_total_days", "claim.protection_days"],
        ),
        (
            {"ownership.visit_first": True, "claim.protection_shape": "report_deal"},
            ["ownership.visit_first", "claim.protection_shape"],
        ),
        ({"claim.no_such_thing": 1}, ["claim.no_such_thing"]),
        ({"claim.idle_days": -1}, ["claim.idle_days"]),
        ({"claim.idle_days": True}, ["claim.idle_days"]),
    ],
)
def test_a_policy_that_does_not_hold_together_is_not_saved(
    company: Company, parameters: dict[str, Any], fields: list[str]
) -> None:
    """POL-01, POL-04: `policy_invalid` naming every field concerned."""
    program = company.program()
    for path in (f"/v1/programs/{program}/policies", "/v1/policies"):
        answer = company.admin.post(path, {"reason": "x", "parameters": parameters})
        refused(answer, 422, "policy_invalid", *fields)
    assert len(listed(company.admin.get(f"/v1/programs/{program}/policies"))) == 1


def test_two_equal_overrides_are_refused_naming_both(company: Company) -> None:
    """CLM-13."""
    program = company.program()
    rivals = [
        {"when": {"level": "VIP"}, "set": {"claim.idle_days": 30}},
        {"when": {"kind": "company"}, "set": {"claim.idle_days": 60}},
    ]
    answer = company.admin.post(f"/v1/programs/{program}/policies", {"reason": "x", "overrides": rivals})
    refused(answer, 422, "policy_invalid", "overrides[0]", "overrides[1]")


def test_a_change_of_policy_gives_its_reason(company: Company) -> None:
    """POL-01: version, author, reason, effective time; the reason is sealed."""
    program = company.program()
    for body in ({}, {"reason": " "}):
        refused(company.admin.post(f"/v1/programs/{program}/policies", body), 422, "reason_required", "reason")
    _draft(company, program, {})
    with company.database.reading() as tx:
        written = repr([*tx.rows(sa.select(t.policy)), *tx.rows(sa.select(t.event))])
    assert "试行" not in written


def test_a_protection_shorter_than_customers_take_to_buy_is_warned_of(company: Company) -> None:
    """POL-04: the median from report to contract of the program's own deals."""
    program, rep = company.program(), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    company.shift(days=1)
    deal = {"amount": {"amount_minor": 1, "currency": "CNY"}, "contract_at": rfc3339(company.now())}
    rep.made(f"/v1/claims/{claim['id']}/win", deal)
    short = _draft(company, program, {"claim.protection_days": "PT12H"})["warnings"]
    assert len(short) == 1
    assert "POL-04" in short[0]
    assert _draft(company, program, {"claim.protection_days": 30})["warnings"] == []


def test_a_calendar_said_elsewhere_is_warned_of(company: Company) -> None:
    """TER-06: after the start the program's calendar counts."""
    program = company.program()
    (warning,) = _draft(company, program, {"calendar.weekdays": [1, 2, 3, 4, 5, 6]})["warnings"]
    assert "TER-06" in warning


# --- from draft to force -------------------------------------------------------------------------------------------


def test_a_version_is_reviewed_approved_by_a_second_person_and_then_active(company: Company, second: Person) -> None:
    """POL-04; the version before is archived by it."""
    program = company.program()
    draft = _draft(company, program, {"claim.idle_days": 20})
    path = f"/v1/policies/{draft['id']}"
    reviewed = company.admin.made(f"{path}/review")
    assert (reviewed["state"], reviewed["reviewed_by"]) == ("reviewed", company.admin.id)
    approved = second.made(f"{path}/approve")
    assert (approved["state"], approved["approved_by"], approved["effective_at"]) == ("approved", second.id, None)
    assert _in_force(company, program)["version"] == 1
    active = company.admin.made(f"{path}/activate")
    assert (active["state"], active["version"]) == ("active", 2)
    assert active["effective_at"] is not None
    present = _in_force(company, program)
    assert (present["id"], present["parameters"]["claim.idle_days"]) == (draft["id"], 20)
    versions = listed(company.admin.get(f"/v1/programs/{program}/policies"))
    assert [(p["version"], p["state"]) for p in versions] == [(2, "active"), (1, "archived")]
    assert company.admin.get(f"/v1/programs/{program}").json()["policy_version"] == 2


def test_the_author_approves_nothing_of_their_own(company: Company, second: Person) -> None:
    """POL-04: `same_person`, for programs and the company alike."""
    for program in (company.program(), None):
        draft = _draft(company, program, {"claim.idle_days": 20})
        second.made(f"/v1/policies/{draft['id']}/review")
        problem = refused(company.admin.post(f"/v1/policies/{draft['id']}/approve"), 409, "same_person")
        assert problem["rule"] == "POL-04"
        assert company.admin.get(f"/v1/policies/{draft['id']}").json()["state"] == "reviewed"


def test_steps_out_of_order_are_refused_with_what_is_open(company: Company, second: Person) -> None:
    """POL-04: `illegal_transition`."""
    draft = _draft(company, company.program(), {"claim.idle_days": 20})
    path = f"/v1/policies/{draft['id']}"
    steps = ("review", "approve", "activate")
    for state, done, following in (
        ("draft", None, "review"),
        ("reviewed", "review", "approve"),
        ("approved", "approve", "activate"),
        ("active", "activate", None),
    ):
        if done is not None:
            second.made(f"{path}/{done}")
        for step in steps:
            if step == following:
                continue
            problem = refused(second.post(f"{path}/{step}"), 409, "illegal_transition")
            assert problem["current_state"] == state
            assert problem["facts"]["trigger"] == step


def test_a_version_takes_over_at_its_set_time(company: Company, second: Person) -> None:
    """POL-04, POL-02: approved until then, and it may still be moved."""
    program = company.program()
    draft = _draft(company, program, {"claim.idle_days": 20})
    path = f"/v1/policies/{draft['id']}"
    at = rfc3339(company.now() + timedelta(hours=2))
    planned = _enact(second, draft["id"], at=at)
    assert (planned["state"], planned["effective_at"]) == ("approved", at)
    assert _in_force(company, program)["version"] == 1
    assert _in_force(company, program, at=at)["version"] == 2
    sooner = rfc3339(company.now() + timedelta(hours=1))
    assert second.made(f"{path}/activate", {"at": sooner})["effective_at"] == sooner
    company.shift(hours=1)
    assert second.get(path).json()["state"] == "active"
    assert _in_force(company, program)["version"] == 2
    assert _in_force(company, program, at=rfc3339(company.now() - timedelta(hours=2)))["version"] == 1
    refused(second.post(f"{path}/activate", {"at": at}), 409, "illegal_transition")


def test_nothing_becomes_active_in_the_past(company: Company, second: Person) -> None:
    """POL-04: `date_invalid`."""
    draft = _draft(company, company.program(), {})
    second.made(f"/v1/policies/{draft['id']}/review")
    second.made(f"/v1/policies/{draft['id']}/approve")
    body = {"at": rfc3339(company.now() - timedelta(seconds=1))}
    refused(second.post(f"/v1/policies/{draft['id']}/activate", body), 422, "date_invalid", "at")
    # Contract section 1: what is wrong in itself goes before what is out of order.
    undone = company.admin.made("/v1/policies", {"reason": "test"})
    refused(second.post(f"/v1/policies/{undone['id']}/activate", body), 422, "date_invalid", "at")
    refused(second.post(f"/v1/policies/{undone['id']}/activate"), 409, "illegal_transition")


def test_an_open_claim_keeps_its_version_and_a_new_one_takes_the_new(company: Company, second: Person) -> None:
    """POL-02: the version in force at acceptance."""
    program, rep = company.program(), company.rep()
    old = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    _enact(second, _draft(company, program, {"claim.idle_days": 20})["id"])
    new = rep.made("/v1/claims", {"program": program, "customer": person_customer("张伟", "13812345679")})
    assert (old["policy_version"], new["policy_version"]) == (1, 2)
    assert rep.get(f"/v1/claims/{old['id']}").json()["policy_version"] == 1


def test_the_company_s_policy_lies_beneath_every_program(company: Company, second: Person) -> None:
    """POL-01: per company, overridable per program."""
    given, free = company.program(policy={"claim.idle_days": 10}), company.program()
    _enact(second, _draft(company, None, {"claim.idle_days": 33, "claim.grace_days": 3})["id"])
    assert _in_force(company, given)["parameters"]["claim.idle_days"] == 10
    assert _in_force(company, given)["parameters"]["claim.grace_days"] == 3
    assert _in_force(company, free)["parameters"]["claim.idle_days"] == 33
    assert company.admin.get("/v1/me").json()["policy_version"] == 2


# --- who may -------------------------------------------------------------------------------------------------------


def test_policies_are_written_by_policy_admins_of_the_place(company: Company) -> None:
    """Contract section 9."""
    one, other = company.program(), company.program()
    local, rep = company.person(), company.rep()
    company.admin.made(
        f"/v1/people/{local.id}/grants", {"role": "policy_admin", "scope": {"kind": "program", "id": one}}
    )
    body = {"reason": "x"}
    draft = local.made(f"/v1/programs/{one}/policies", body)
    for caller, path in (
        (local, f"/v1/programs/{other}/policies"),
        (local, "/v1/policies"),
        (rep, f"/v1/programs/{one}/policies"),
    ):
        refused(caller.post(path, body), 403, "not_allowed")
    admin_only = company.person("管理员", roles=("admin",), company_wide=True)
    refused(admin_only.post(f"/v1/policies/{draft['id']}/review"), 403, "not_allowed")
    refused(admin_only.post(f"/v1/policies/{draft['id']}/migrate", {"dry_run": True}), 403, "not_allowed")
    refused(rep.post(f"/v1/policies/{draft['id']}/review"), 404, "not_found")
    refused(local.post(f"/v1/policies/{NOBODY}/review"), 404, "not_found")
    refused(company.admin.post(f"/v1/programs/{NOBODY}/policies", body), 404, "not_found")


def test_members_read_what_is_in_force_and_outsiders_do_not(company: Company) -> None:
    """POL-07; drafts are for those who make or check them."""
    team = company.team()
    nested = company.team("Nested", parent=team)
    watcher = company.person("监督")
    program = company.program(members=[{"team": nested}], oversight=[watcher.id])
    draft = _draft(company, program, {"claim.idle_days": 20})
    first = _in_force(company, program)["id"]
    member, leader, outsider = company.rep(team=nested), company.leader(team), company.rep()
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    for reader, versions in (
        (member, [1]),
        (leader, [1]),
        (watcher, [2, 1]),
        (auditor, [2, 1]),
        (company.admin, [2, 1]),
    ):
        assert reader.get(f"/v1/programs/{program}/policy").status_code == 200
        assert reader.get(f"/v1/policies/{first}/text").status_code == 200
        assert [p["version"] for p in listed(reader.get(f"/v1/programs/{program}/policies"))] == versions
        assert reader.get(f"/v1/policies/{draft['id']}").status_code == (200 if 2 in versions else 404)
    refused(outsider.get(f"/v1/programs/{program}/policy"), 403, "not_allowed")
    refused(outsider.get(f"/v1/programs/{program}/policies"), 403, "not_allowed")
    refused(outsider.get(f"/v1/policies/{first}"), 404, "not_found")
    refused(outsider.get(f"/v1/policies/{first}/text"), 404, "not_found")
    refused(company.admin.get(f"/v1/programs/{NOBODY}/policy"), 404, "not_found")
    assert [p["version"] for p in listed(outsider.get("/v1/policies"))] == [1]


def test_the_rules_are_readable_in_plain_chinese_and_english(company: Company) -> None:
    """POL-07: with their values and rule ids; the language asked for, else the caller's."""
    program, rep = company.program(policy={"claim.idle_days": 47}), company.rep()
    policy = _in_force(company, program)["id"]
    chinese = rep.get(f"/v1/policies/{policy}/text", lang="zh").json()["text"]
    english = rep.get(f"/v1/policies/{policy}/text", lang="en").json()["text"]
    for text in (chinese, english):
        assert "47" in text
        assert "CLM-17" in text
    assert "现行规则" in chinese
    assert "Rules in force" in english
    spoken = company.call("GET", f"/v1/policies/{policy}/text", token=rep.token, headers={"Accept-Language": "en-GB"})
    assert spoken.json()["text"] == english
    refused(rep.get(f"/v1/policies/{policy}/text", lang="fr"), 422, "field_invalid", "lang")


def test_the_policy_in_force_has_every_parameter_with_its_value(company: Company) -> None:
    """POL-01: all names are known, the keys left out of an object filled in from beneath."""
    program = company.program(policy={"match.probes_per_hour": {"partner": 3}})
    parameters = _in_force(company, program)["parameters"]
    assert parameters["match.probes_per_hour"] == {"in_house": 60, "partner": 3}
    assert parameters["claim.required_fields"] == ["identity"]
    assert parameters["dispute.tier_wh"] == 48
    assert len(parameters) > 150


# --- small teams ---------------------------------------------------------------------------------------------------


def _switch_on(company: Company) -> dict[str, Any]:
    """Small-team mode, by an admin who is alone."""
    draft = _draft(company, None, {"org.small_max": 5})
    company.admin.made(f"/v1/policies/{draft['id']}/review")
    approved = company.admin.made(f"/v1/policies/{draft['id']}/approve")
    assert approved["state"] == "approved"
    return company.admin.made(f"/v1/policies/{draft['id']}/activate")


def test_an_admin_who_is_alone_switches_small_team_mode_on(company: Company) -> None:
    """POL-09: a new installation's first policy needs no second person and no delay."""
    assert _switch_on(company)["state"] == "active"


def test_in_a_small_team_notice_and_delay_replace_the_second_person(company: Company) -> None:
    """POL-09: `org.self_approve_h` 24, told to all members."""
    team = company.team()
    program, member, outsider = company.program(members=[{"team": team}]), company.rep(team=team), company.rep()
    _switch_on(company)
    draft = _draft(company, program, {"claim.idle_days": 20})
    path = f"/v1/policies/{draft['id']}"
    company.admin.made(f"{path}/review")
    before = company.now()
    assert company.admin.made(f"{path}/approve")["approved_by"] == company.admin.id
    with company.database.reading() as tx:
        told = tx.rows(sa.select(t.notice).where(t.notice.c.subject == draft["id"]))
    assert [(n["person"], n["kind"], n["rule"]) for n in told] == [(member.id, "policy.changed", "POL-09")]
    # That the mode was switched on was told to everybody, this only to members of the program.
    assert draft["id"] not in {n["subject"]["id"] for n in listed(outsider.get("/v1/me/notices"))}
    notice = next(n for n in listed(member.get("/v1/me/notices")) if n["subject"]["id"] == draft["id"])
    assert "Administrator" in notice["text"]["zh"]
    assert "POL-09" in notice["text"]["en"]
    soon = {"at": rfc3339(company.now() + timedelta(hours=23))}
    problem = refused(company.admin.post(f"{path}/activate", soon), 422, "date_invalid", "at")
    active = company.admin.made(f"{path}/activate")
    assert active["state"] == "approved"
    assert active["effective_at"] == problem["facts"]["until"] > rfc3339(before + timedelta(hours=24))
    assert _in_force(company, program)["version"] == 1
    company.shift(hours=25)
    assert _in_force(company, program)["version"] == 2


def test_small_team_mode_is_proposed_not_switched_on_by_its_default(company: Company) -> None:
    """POL-09: two people are few, and still two are needed."""
    draft = _draft(company, None, {"claim.idle_days": 20})
    company.admin.made(f"/v1/policies/{draft['id']}/review")
    refused(company.admin.post(f"/v1/policies/{draft['id']}/approve"), 409, "same_person")


def test_a_larger_company_does_not_switch_small_team_mode_on_alone(company: Company, second: Person) -> None:
    """POL-09: more people than the number in force; a second person may still decide so."""
    for n in range(14):
        company.admin.made("/v1/people", {"name": f"员工{n}"})
    draft = _draft(company, None, {"org.small_max": 100})
    company.admin.made(f"/v1/policies/{draft['id']}/review")
    refused(company.admin.post(f"/v1/policies/{draft['id']}/approve"), 409, "same_person")
    second.made(f"/v1/policies/{draft['id']}/approve")


def test_a_company_larger_than_the_number_it_names_is_told_so(company: Company, second: Person) -> None:
    """POL-09: shown, nothing switches by itself."""
    (warning,) = _draft(company, None, {"org.small_max": 1})["warnings"]
    assert "POL-09" in warning
    assert _draft(company, None, {"org.small_max": 2})["warnings"] == []


# --- migration -----------------------------------------------------------------------------------------------------


def test_a_migration_does_what_its_preview_said(company: Company, second: Person) -> None:
    """POL-02: explicit and previewed; the preview changes nothing."""
    program, rep = company.program(policy={"claim.first_follow_up_wh": 0}), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    draft = _draft(company, program, {"claim.idle_days": 90, "claim.protection_days": 120})
    path = f"/v1/policies/{draft['id']}/migrate"
    (early,) = company.admin.made(path, {"dry_run": True})["claims"]
    refused(company.admin.post(path, {"dry_run": False}), 409, "illegal_transition")
    _enact(second, draft["id"])
    (preview,) = company.admin.made(path, {"dry_run": True})["claims"]
    assert preview == early
    assert (preview["claim"], preview["deadline_before"]) == (claim["id"], claim["deadline"])
    company.direct.drain(claim["id"])
    untouched = rep.get(f"/v1/claims/{claim['id']}").json()
    assert [untouched[name] for name in ("deadline", "policy_version", "version")] == [claim["deadline"], 1, 1]
    (done,) = company.admin.made(path, {"dry_run": False})["claims"]
    assert done == preview
    company.direct.drain(claim["id"])
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert (after["deadline"], after["policy_version"]) == (preview["deadline_after"], 2)
    assert after["deadline"] > claim["deadline"]


def test_a_migration_that_shortens_a_deadline_gives_notice(company: Company, second: Person) -> None:
    """POL-02: `policy.migration_notice_wd`."""
    program, rep = company.program(policy={"claim.first_follow_up_wh": 0}), company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    calendar = company.admin.get(f"/v1/programs/{program}").json()["calendar"]
    draft = _draft(company, program, {"claim.idle_days": 1, "policy.migration_notice_wd": 5})
    _enact(second, draft["id"])
    earliest = company.admin.get(
        f"/v1/calendars/{calendar}/deadline", **{"from": rfc3339(company.now()), "amount": "5", "unit": "wd"}
    ).json()["deadline"]
    (moved,) = company.admin.made(f"/v1/policies/{draft['id']}/migrate", {"dry_run": False})["claims"]
    assert earliest <= moved["deadline_after"] < moved["deadline_before"] == claim["deadline"]
    company.direct.drain(claim["id"])
    assert rep.get(f"/v1/claims/{claim['id']}").json()["deadline"] == moved["deadline_after"]


def test_a_migration_may_name_its_claims(company: Company, second: Person) -> None:
    """POL-02: only those; others, foreign and ended ones are refused."""
    program, other, rep = company.program(), company.program(), company.rep()
    one = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    two = rep.made("/v1/claims", {"program": program, "customer": person_customer("张伟", "13812345679")})
    foreign = rep.made("/v1/claims", {"program": other, "customer": person_customer()})
    ended = rep.made("/v1/claims", {"program": program, "customer": person_customer("刘洋", "13812345670")})
    rep.made(f"/v1/claims/{ended['id']}/release", {"reason": "customer_request"})
    draft = _draft(company, program, {"claim.idle_days": 90})
    _enact(second, draft["id"])
    path = f"/v1/policies/{draft['id']}/migrate"
    body = {"dry_run": True, "claims": [one["id"], foreign["id"], NOBODY, ended["id"]]}
    fields = ("claims.1", "claims.2", "claims.3")
    refused(company.admin.post(path, body), 422, "field_invalid", *fields)
    moved = company.admin.made(path, {"dry_run": False, "claims": [one["id"]]})["claims"]
    assert [m["claim"] for m in moved] == [one["id"]]
    for claim in (one, two):
        company.direct.drain(claim["id"])
    versions = [rep.get(f"/v1/claims/{c['id']}").json()["policy_version"] for c in (one, two)]
    assert versions == [2, 1]


def test_a_company_policy_takes_open_claims_of_every_program_along(company: Company, second: Person) -> None:
    """POL-02: claims keep the company's values of their acceptance until they are migrated."""
    free = {"claim.first_follow_up_wh": 0}
    programs, rep = [company.program(policy=free), company.program(policy=free)], company.rep()
    claims = [rep.made("/v1/claims", {"program": p, "customer": person_customer()}) for p in programs]
    draft = _draft(company, None, {"claim.idle_days": 88})
    path = f"/v1/policies/{draft['id']}/migrate"
    early = company.admin.made(path, {"dry_run": True})["claims"]
    _enact(second, draft["id"])
    moved = company.admin.made(path, {"dry_run": False})["claims"]
    assert moved == early
    assert sorted(m["claim"] for m in moved) == sorted(c["id"] for c in claims)
    after = {m["claim"]: m["deadline_after"] for m in moved}
    for claim in claims:
        company.direct.drain(claim["id"])
        found = rep.get(f"/v1/claims/{claim['id']}").json()
        assert found["deadline"] == after[claim["id"]] > claim["deadline"]
