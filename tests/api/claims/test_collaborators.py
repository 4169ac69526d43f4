"""Collaborators (协作人) of a complex customer: CLM-29."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import NOTE, Office, act, clocks, decide, done, notices, read, work

MORE = "约了周末带家人一起看样板间"


def invite(by: Person, claim: Mapping[str, Any], person: str, rights: str) -> httpx2.Response:
    return by.post(f"/v1/claims/{claim['id']}/collaborators", {"person": person, "rights": rights})


def test_a_work_collaborator_reads_and_logs_and_the_owner_remains_the_only_owner(company: Company) -> None:
    """CLM-29: their follow-ups qualify as the owner's do (`claim.collab_counts`)."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(office.second.get(f"/v1/claims/{claim['id']}"), 404, "not_found")
    invited = done(invite(office.first, claim, office.second.id, "work"))
    assert invited["collaborators"] == [{"person": office.second.id, "rights": "work"}]
    assert "claim.corrected" in notices(office.second, claim)
    seen = read(office.second, claim)
    assert (seen["owner"], seen["allowed"]) == (office.first.id, ["follow_up", "stage"])
    assert [c["id"] for c in office.second.get("/v1/claims").json()["items"]] == [claim["id"]]
    logged = work(office.second, claim)
    assert (logged["qualified"], logged["state"], logged["author"]) == (True, "active", office.second.id)
    assert [f["id"] for f in office.first.get(f"/v1/claims/{claim['id']}/follow-ups").json()["items"]] == [logged["id"]]
    refused(act(office.second, claim, "release", reason="lost"), 403, "not_allowed")
    refused(invite(office.second, claim, office.leader.id, "read"), 403, "not_allowed")


def test_their_work_may_count_for_nothing(company: Company) -> None:
    """CLM-29: `claim.collab_counts` off."""
    office = Office(company, policy={"claim.collab_counts": False})
    claim = office.claim(office.first)
    done(invite(office.first, claim, office.second.id, "work"))
    logged = work(office.second, claim)
    assert (logged["qualified"], logged["why"], logged["state"]) == (False, "claim.collab_counts", "protected")
    assert clocks(read(office.first, claim)) == clocks(claim)


def test_a_reading_collaborator_reads_only_until_the_owner_ends_it(company: Company) -> None:
    """CLM-29, CLM-15: asked again the rights change; removed, the claim is out of sight."""
    office = Office(company)
    claim = office.claim(office.first)
    done(invite(office.first, claim, office.second.id, "read"))
    assert read(office.second, claim)["allowed"] == []
    refused(act(office.second, claim, "follow-ups", kind="call", note=NOTE), 409, "customer_owned")
    changed = done(invite(office.first, claim, office.second.id, "work"))
    assert changed["collaborators"] == [{"person": office.second.id, "rights": "work"}]
    work(office.second, claim)
    path = f"collaborators/{office.second.id}/remove"
    assert done(act(office.first, claim, path))["collaborators"] == []
    refused(office.second.get(f"/v1/claims/{claim['id']}"), 404, "not_found")
    refused(act(office.first, claim, path), 404, "not_found")


def test_who_may_be_invited_and_how_many(company: Company) -> None:
    """CLM-29: members of the program, `claim.collaborators_max`; to work they must be ones who may own customers."""
    office = Office(company, policy={"claim.collaborators_max": 1})
    claim = office.claim(office.first)
    service = company.person("售后", team=office.team, roles=("service",))
    refused(invite(office.first, claim, service.id, "work"), 422, "field_invalid", "person")
    refused(invite(office.first, claim, office.first.id, "read"), 422, "field_invalid", "person")
    done(invite(office.first, claim, service.id, "read"))
    problem = refused(invite(office.first, claim, office.second.id, "read"), 409, "collaborator_limit")
    assert problem["facts"] == {"cap": 1, "count": 1}
    done(invite(office.first, claim, service.id, "read"))


def test_rights_end_with_the_claim_and_a_transfer_keeps_them(company: Company) -> None:
    """CLM-29."""
    office = Office(company)
    claim = office.claim(office.first)
    third = company.rep("丁", team=office.team)
    for person in (office.second, third):
        done(invite(office.first, claim, person.id, "work"))
    request = done(act(office.first, claim, "transfer", to=office.second.id))["requests"][0]
    done(decide(office.second, request))
    assert read(third, claim)["collaborators"] == [{"person": third.id, "rights": "work"}]
    work(third, claim, note=MORE)
    released = done(act(office.second, claim, "release", reason="lost"))
    assert released["collaborators"] == []
    refused(third.get(f"/v1/claims/{claim['id']}"), 404, "not_found")
