"""The team tree and its leaders (contract section 2: PPL-01)."""

from __future__ import annotations

from api.schemas.people import TeamOut
from storage.setting import Snapshots
from tests.support.answers import listed, refused
from tests.support.company import Company

NOBODY = "00000000-0000-7000-8000-000000000000"


def test_the_root_exists_from_the_first_start(company: Company) -> None:
    """Contract section 2."""
    (root,) = listed(company.admin.get("/v1/teams"))
    assert (root["id"], root["parent"], root["leader"]) == (company.root, None, None)


def test_a_team_hangs_below_another_one(company: Company) -> None:
    answer = company.admin.post("/v1/teams", {"name": "华东", "parent": company.root, "external_id": "T-1"})
    assert answer.status_code == 201
    team = answer.json()
    TeamOut.model_validate(team)
    assert (team["parent"], team["leader"], team["external_id"], team["version"]) == (company.root, None, "T-1", 1)
    assert company.rep().get(f"/v1/teams/{team['id']}").json() == team


def test_a_second_root_or_a_loop_is_refused(company: Company) -> None:
    """PPL-01: `team_cycle`."""
    outer = company.team("Outer")
    inner = company.team("Inner", parent=outer)
    admin = company.admin
    refused(admin.post("/v1/teams", {"name": "第二顶层"}), 422, "team_cycle", "parent")
    refused(admin.patch(f"/v1/teams/{outer}", {"version": 1, "parent": None}), 422, "team_cycle", "parent")
    refused(admin.patch(f"/v1/teams/{outer}", {"version": 1, "parent": outer}), 422, "team_cycle", "parent")
    refused(admin.patch(f"/v1/teams/{outer}", {"version": 1, "parent": inner}), 422, "team_cycle", "parent")
    refused(admin.patch(f"/v1/teams/{company.root}", {"version": 1, "parent": inner}), 422, "team_cycle", "parent")
    refused(admin.patch(f"/v1/teams/{inner}", {"version": 1, "parent": NOBODY}), 422, "field_invalid", "parent")
    refused(admin.post("/v1/teams", {"name": "无根", "parent": NOBODY}), 422, "field_invalid", "parent")
    assert admin.get(f"/v1/teams/{outer}").json()["parent"] == company.root
    moved = admin.patch(f"/v1/teams/{inner}", {"version": 1, "parent": company.root})
    assert (moved.status_code, moved.json()["parent"], moved.json()["version"]) == (200, company.root, 2)


def test_only_somebody_active_leads(company: Company) -> None:
    """PPL-01: `person_inactive`."""
    team, left = company.team(), company.person()
    company.admin.made(f"/v1/people/{left.id}/leave")
    body = {"version": 1, "leader": left.id}
    refused(company.admin.patch(f"/v1/teams/{team}", body), 422, "person_inactive", "leader")
    body = {"name": "新队", "parent": company.root, "leader": left.id}
    refused(company.admin.post("/v1/teams", body), 422, "person_inactive", "leader")
    refused(company.admin.patch(f"/v1/teams/{team}", {"version": 1, "leader": NOBODY}), 422, "field_invalid", "leader")
    assert company.admin.get(f"/v1/teams/{team}").json()["leader"] is None


def test_who_led_before_stays_on_record_for_that_time(company: Company) -> None:
    """PPL-01: leadership is dated, so an old event keeps the leader of its day."""
    team = company.team()
    first = company.leader(team, "甲")
    between = company.now()
    second = company.leader(team, "乙")
    after = company.now()
    answer = company.admin.patch(f"/v1/teams/{team}", {"version": 3, "leader": None})
    assert answer.json()["leader"] is None
    with company.database.reading() as tx:
        organisation = Snapshots().setting(tx).organisation
        led = [organisation.leader_of(team, at=at) for at in (between, after, tx.now())]
    assert led == [first.id, second.id, None]


def test_a_team_without_a_leader_answers_to_the_leader_above(company: Company) -> None:
    """PPL-01: the supervisor judges, whoever that is by the tree of the day."""
    above = company.team("Above")
    below = company.team("Below", parent=above)
    leader, rep = company.leader(above), company.rep(team=below)
    program = company.program(policy={"claim.judgement_mode": "manual"})
    claim = rep.made(
        "/v1/claims",
        {"program": program, "customer": {"kind": "person", "name": "王小明", "phone": "13812345678"}},
    )
    assert leader.made(f"/v1/claims/{claim['id']}/accept")["state"] == "protected"


def test_teams_are_changed_by_admins_and_on_the_version_read(company: Company) -> None:
    """Contract sections 1 and 9."""
    team, rep = company.team(), company.rep()
    refused(rep.post("/v1/teams", {"name": "私设", "parent": company.root}), 403, "not_allowed")
    refused(rep.patch(f"/v1/teams/{team}", {"version": 1, "name": "改名"}), 403, "not_allowed")
    assert company.admin.patch(f"/v1/teams/{team}", {"version": 1, "name": "华南"}).json()["name"] == "华南"
    refused(company.admin.patch(f"/v1/teams/{team}", {"version": 1, "name": "华北"}), 409, "version_conflict")
    refused(company.admin.get(f"/v1/teams/{NOBODY}"), 404, "not_found")
    refused(company.admin.patch(f"/v1/teams/{NOBODY}", {"version": 1}), 404, "not_found")
    refused(company.admin.patch(f"/v1/teams/{team}", {"name": "没有版本"}), 422, "field_missing", "version")
    company.admin.made("/v1/teams", {"name": "甲", "parent": company.root, "external_id": "T-1"})
    body = {"name": "乙", "parent": company.root, "external_id": "T-1"}
    refused(company.admin.post("/v1/teams", body), 422, "field_invalid", "external_id")


def test_two_moves_at_once_never_make_a_loop(company: Company) -> None:
    """PPL-01: A below B and B below A, sent together; one of them is refused."""
    one, other = company.team("A"), company.team("B")
    admin = company.admin
    answers = company.together(
        *(
            company.acall(
                "PATCH",
                f"/v1/teams/{team}",
                token=admin.token,
                key=f"move-{team}",
                json={"version": 1, "parent": parent},
            )
            for team, parent in ((one, other), (other, one))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    parents = {team["id"]: team["parent"] for team in listed(admin.get("/v1/teams"))}
    assert sorted([parents[one] == company.root, parents[other] == company.root]) == [False, True]
