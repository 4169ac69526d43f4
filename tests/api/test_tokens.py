"""Tokens: scoped, dated, revocable, and following the person's present grants (contract section 2: AUD-06)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from api.schemas.people import NewTokenOut, TokenOut
from storage import tables as t
from storage.codec import rfc3339
from tests.support.answers import listed, refused
from tests.support.company import Company, Person


def _with(person: Person, token: str) -> Person:
    return Person(person.company, person.id, token)


def test_a_secret_is_told_once(company: Company) -> None:
    """Contract section 1: a repeated answer has `token: null`, and no list shows it."""
    rep = company.rep()
    path = f"/v1/people/{rep.id}/tokens"
    first = rep.post(path, {"name": "phone"}, key="one")
    again = rep.post(path, {"name": "phone"}, key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    NewTokenOut.model_validate(first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() | {"token": None}
    assert _with(rep, first.json()["token"]).get("/v1/me").json()["person"]["id"] == rep.id
    tokens = listed(rep.get(path))
    assert [token["name"] for token in tokens] == ["phone", "test"]
    for token in tokens:
        TokenOut.model_validate(token)
        assert "token" not in token


def test_a_secret_is_not_kept_in_the_database(company: Company) -> None:
    """AUD-06: only its keyed digest is."""
    rep = company.rep()
    secret = rep.made(f"/v1/people/{rep.id}/tokens", {"name": "phone"})["token"]
    with company.database.reading() as tx:
        answers = [tx.keys.open_text(row["answer"]) or "" for row in tx.rows(sa.select(t.idempotency)) if row["answer"]]
        written = repr([*tx.rows(sa.select(t.token)), *tx.rows(sa.select(t.event)), *answers])
    assert "phone" in written
    assert secret not in written


def test_a_revoked_token_ends_at_once_and_the_others_live_on(company: Company) -> None:
    """AUD-06."""
    rep = company.rep()
    made = rep.made(f"/v1/people/{rep.id}/tokens", {"name": "phone"})
    phone = _with(rep, made["token"])
    assert phone.get("/v1/me").status_code == 200
    ended = rep.post(f"/v1/tokens/{made['id']}/revoke")
    assert (ended.status_code, ended.json()["revoked_at"] is None) == (200, False)
    refused(phone.get("/v1/me"), 401, "not_signed_in")
    assert rep.get("/v1/me").status_code == 200
    assert rep.made(f"/v1/tokens/{made['id']}/revoke") == ended.json()


def test_a_dated_token_expires(company: Company) -> None:
    """AUD-06; a past date is refused."""
    rep = company.rep()
    path = f"/v1/people/{rep.id}/tokens"
    until = rfc3339(company.now() + timedelta(hours=1))
    made = rep.made(path, {"name": "day", "expires_at": until})
    assert made["expires_at"] == until
    day = _with(rep, made["token"])
    assert day.get("/v1/me").status_code == 200
    company.shift(hours=1)
    refused(day.get("/v1/me"), 401, "not_signed_in")
    refused(rep.post(path, {"name": "past", "expires_at": until}), 422, "field_invalid", "expires_at")


def test_roles_narrow_a_token_and_never_widen_it(company: Company) -> None:
    """AUD-06, PPL-02."""
    admin = company.admin
    path = f"/v1/people/{admin.id}/tokens"
    narrow = _with(admin, admin.made(path, {"name": "n", "roles": ["policy_admin"]})["token"])
    refused(narrow.post("/v1/people", {"name": "新人"}), 403, "not_allowed")
    rep = company.rep()
    wide = _with(rep, rep.made(f"/v1/people/{rep.id}/tokens", {"name": "w", "roles": ["admin"]})["token"])
    refused(wide.post("/v1/people", {"name": "新人"}), 403, "not_allowed")


def test_a_narrowed_token_makes_none_that_is_wider(company: Company) -> None:
    """AUD-06."""
    admin = company.admin
    path = f"/v1/people/{admin.id}/tokens"
    narrow = _with(admin, admin.made(path, {"name": "n", "roles": ["policy_admin", "auditor"]})["token"])
    problem = narrow.post(path, {"name": "x", "roles": ["auditor", "admin"]})
    refused(problem, 422, "field_invalid", "roles.1")
    assert narrow.made(path, {"name": "x"})["roles"] == ["auditor", "policy_admin"]
    assert narrow.made(path, {"name": "x", "roles": ["auditor"]})["roles"] == ["auditor"]
    refused(narrow.post(path, {"name": "x", "roles": ["emperor"]}), 422, "field_invalid", "roles.0")


def test_a_narrowed_leader_is_no_leader(company: Company) -> None:
    """AUD-06: leading a team is `team_lead` without a grant, and a token may leave it out."""
    team = company.team()
    leader, rep = company.leader(team), company.rep(team=team)
    narrow = leader.made(f"/v1/people/{leader.id}/tokens", {"name": "n", "roles": ["rep"]})
    path = f"/v1/people/{rep.id}/absences"
    assert leader.get(path).status_code == 200
    refused(_with(leader, narrow["token"]).get(path), 403, "not_allowed")


def test_tokens_of_others_are_for_admins(company: Company) -> None:
    """Contract section 9: own tokens everyone, those of others admin."""
    team = company.team()
    leader, rep = company.leader(team), company.rep(team=team)
    path = f"/v1/people/{rep.id}/tokens"
    (own,) = listed(company.admin.get(path))
    refused(leader.post(path, {"name": "x"}), 403, "not_allowed")
    refused(leader.get(path), 403, "not_allowed")
    refused(leader.post(f"/v1/tokens/{own['id']}/revoke"), 404, "not_found")
    refused(leader.post("/v1/tokens/00000000-0000-7000-8000-000000000000/revoke"), 404, "not_found")
    assert company.admin.post(f"/v1/tokens/{own['id']}/revoke").status_code == 200
    refused(rep.get("/v1/me"), 401, "not_signed_in")
