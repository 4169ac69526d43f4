"""Authorisation letters (授权书): numbered, listed, void with their claim (contract section 20, CLM-33)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, clock, done, entry, read

RULES: dict[str, Any] = {
    "claim.subject": "project",
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 20,
    "claim.on_protection_end": "lapse",
    "dispute.auto_settle": False,
}


def bid(office: Office, rep: Person, code: str, name: str = "一期机电安装") -> dict[str, Any]:
    """A claim on a project of a company of its own."""
    buyer = {"kind": "company", "name": f"投标{code}建设有限公司", "external_id": code}
    return office.claim(rep, customer=buyer, project={"name": name})


def letter(rep: Person, claim: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The newest letter of a claim, just issued."""
    found: dict[str, Any] = done(act(rep, claim, "letters", **more))["letters"][-1]
    return found


def test_letters_are_numbered_over_the_company_and_expire(company: Company) -> None:
    """CLM-33: the claim shows it, its readers find it by number, others do not."""
    office = Office(company, policy=RULES)
    stranger = office.outsider()
    first, second = (bid(office, office.first, code) for code in ("甲", "乙"))
    ends = clock(second, "protection")["deadline"]
    one = letter(office.first, first, expires_at="2031-03-08T00:00:00Z")
    two = letter(office.first, second)
    assert two["number"] > one["number"]
    assert (one["state"], two["state"], two["expires_at"]) == ("valid", "valid", ends)
    assert (one["project"], one["issued_by"], one["override"]) == (first["project"]["id"], office.first.id, None)
    assert entry(office.first, first, "letter_issued")["data"]["letter"] == one["id"]
    assert listed(office.leader.get("/v1/letters", number=one["number"])) == [one]
    assert [found["id"] for found in listed(office.first.get("/v1/letters"))] == [two["id"], one["id"]]
    assert listed(stranger.get("/v1/letters")) == []
    refused(stranger.get(f"/v1/letters/{one['id']}"), 404, "not_found")
    company.at("2031-03-09T00:00:00Z")
    assert office.first.get(f"/v1/letters/{one['id']}").json() == {**one, "state": "expired"}
    refused(act(office.first, first, "letters"), 409, "illegal_transition")


def test_a_letter_is_void_from_the_end_of_its_claim(company: Company) -> None:
    """CLM-33: lapsed at the deadline, released at once, ruled out when final; a transfer leaves it."""
    office = Office(company, policy=RULES)
    lapsed, released, moved = (bid(office, office.first, code) for code in ("丙", "丁", "戊"))
    for claim in (lapsed, released, moved):
        letter(office.first, claim)
    done(act(office.first, released, "release", reason="need_unmet"))
    (over,) = read(office.first, released)["letters"]
    assert (over["state"], over["voided_at"]) == ("void", read(office.first, released)["ended_at"])
    asked = done(act(office.first, moved, "transfer", to=office.second.id))["requests"][0]
    done(office.second.post(f"/v1/requests/{asked['id']}/accept", {}))
    assert [found["state"] for found in read(office.second, moved)["letters"]] == ["valid"]
    company.advance(days=21)
    (gone,) = read(office.first, lapsed)["letters"]
    assert (gone["state"], gone["voided_at"]) == ("void", clock(lapsed, "protection")["deadline"])


def test_another_letter_is_given_once_by_a_special_approval(company: Company) -> None:
    """CLM-33, CLM-34: kind letter; the letter names the approval, which is used up; another claim's is no help."""
    office = Office(company, policy=RULES)
    manager = office.manager()
    claim, other = bid(office, office.first, "己"), bid(office, office.first, "庚")
    assert "letters" in read(office.first, claim)["allowed"]
    assert "letters" not in read(office.leader, claim)["allowed"]
    letter(office.first, claim)
    until = "2031-03-08T00:00:00Z"
    done(act(manager, other, "override", kind="letter", until=until, reason="补充投标"))
    refused(act(office.first, claim, "letters"), 409, "illegal_transition")
    assert "letters" not in read(office.first, claim)["allowed"]
    mark = done(act(manager, claim, "override", kind="letter", until=until, reason="补充投标"))["overrides"][-1]
    assert "letters" in read(office.first, claim)["allowed"]
    assert letter(office.first, claim)["override"] == mark["id"]
    used = {one["id"]: one["used_at"] for one in listed(manager.get("/v1/overrides", claim=claim["id"]))}
    assert used[mark["id"]] is not None
    assert "letters" not in read(office.first, claim)["allowed"]
    refused(act(office.first, claim, "letters"), 409, "illegal_transition")


def test_a_letter_of_whoever_is_ruled_out_is_void(company: Company) -> None:
    """CLM-33, DSP-15: from the final outcome on; one that was void stays so, though its claim comes back."""
    office = Office(company, policy=RULES)
    claim = bid(office, office.first, "辛")
    letter(office.first, claim)
    manager = office.manager()
    done(act(manager, claim, "override", kind="assign", to=office.second.id, reason="总部安排"))
    (over,) = read(office.first, claim)["letters"]
    assert over["state"] == "void"
    made = listed(manager.get("/v1/overrides", claim=claim["id"]))[0]["made"]
    assert letter(office.second, read(office.second, made))["state"] == "valid"
    body = {"claim": claim["id"], "grounds": "ownership", "statement": "项目由我报备"}
    case = done(office.first.post("/v1/disputes", body))
    assert read(office.second, made)["letters"][0]["state"] == "valid"
    refused(act(office.second, made, "letters"), 409, "claim_disputed")
    terms = {"outcome": "party", "owner": office.first.id}
    said = office.first.made(f"/v1/disputes/{case['id']}/proposals", {"terms": terms, "text": "项目归甲"})
    office.second.made(f"/v1/disputes/{case['id']}/proposals/{said['n']}/accept", {"digest": said["digest"]})
    lost, back = read(office.second, made), read(office.first, claim)
    assert (lost["reason"], lost["letters"][0]["state"]) == ("ruled_out", "void")
    assert (back["owner"], back["letters"][0]["state"]) == (office.first.id, "void")
