"""Duty statements and rules acknowledged and commented on, as people see them (PPL-03)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import listed, refused
from tests.support.company import PLAIN_POLICY, Company, Person
from tests.support.office import Office, done, notices

TEXT = {"zh": "及时跟进客户，如实登记。", "en": "Follow customers up in time and say what happened."}


def owed(person: Person, **filters: Any) -> list[tuple[str, str, int]]:
    """Who owes what, as (person, kind, version)."""
    return sorted(
        (o["person"], o["kind"], o["version"]) for o in done(person.get("/v1/acknowledgements", **filters))["items"]
    )


def read_rules(*people: Person, program: str) -> str:
    """They acknowledge the rules in force; the policy."""
    policy = str(done(people[0].get(f"/v1/programs/{program}/policy"))["id"])
    for person in people:
        person.made("/v1/acknowledgements", {"about": policy})
    return policy


def test_a_new_version_is_told_read_and_acknowledged(company: Company) -> None:
    """PPL-03: late is listed for the supervisor, and nothing is blocked by it."""
    office = Office(company)
    read_rules(office.first, office.second, office.leader, program=office.program)
    duty = company.admin.made("/v1/duties", {"role": "rep", "text": TEXT, "reason": "首次发布"})
    assert (duty["version"], duty["text"], duty["current"], duty["acknowledged_at"]) == (1, TEXT, True, None)
    assert "duty.published" in notices(office.first, duty)
    assert notices(office.leader, duty) == []
    both = sorted([(office.first.id, "duty", 1), (office.second.id, "duty", 1)])
    assert owed(office.leader) == both
    assert owed(office.first) == [(office.first.id, "duty", 1)]
    assert owed(office.leader, overdue="true") == []
    office.first.made("/v1/acknowledgements", {"about": duty["id"]})
    assert office.first.post("/v1/acknowledgements", {"about": duty["id"]}).status_code == 200
    refused(office.leader.post("/v1/acknowledgements", {"about": duty["id"]}), 403, "not_allowed")
    company.advance(days=8)
    assert owed(office.leader, overdue="true") == [(office.second.id, "duty", 1)]
    assert office.report(office.second).status_code == 201
    later = company.admin.made("/v1/duties", {"role": "rep", "text": TEXT})
    problem = refused(office.second.post("/v1/acknowledgements", {"about": duty["id"]}), 409, "illegal_transition")
    assert problem["facts"]["version"] == 1
    assert owed(office.leader) == sorted([(office.first.id, "duty", 2), (office.second.id, "duty", 2)])
    found = listed(office.first.get("/v1/duties", role="rep"))
    assert [(d["id"], d["current"], d["acknowledged_at"] is not None) for d in found] == [
        (later["id"], True, False),
        (duty["id"], False, True),
    ]


def test_a_programs_members_acknowledge_its_rules_and_comment_on_them(company: Company) -> None:
    """PPL-03, POL-07: a new version asks anew; comments are their author's, and read by who reviews the rules."""
    office = Office(company)
    read_rules(office.first, program=office.program)
    office.program = company.program(members=[{"team": office.team}])
    outsider = office.outsider()
    assert {person for person, _, _ in owed(outsider)} == {outsider.id}
    assert (office.first.id, "rules", 1) in owed(office.leader)
    policy = read_rules(office.first, program=office.program)
    assert (office.first.id, "rules", 1) not in owed(office.leader)
    refused(outsider.post("/v1/acknowledgements", {"about": policy}), 422, "field_invalid", "about")
    said = office.first.made("/v1/rule-comments", {"about": policy, "text": "首次跟进期限偏短"})
    assert said["author"] == office.first.id
    office.second.made("/v1/rule-comments", {"about": policy, "text": "同意"})
    assert [c["text"] for c in listed(company.admin.get("/v1/rule-comments", about=policy))] == [
        "同意",
        "首次跟进期限偏短",
    ]
    assert [c["text"] for c in listed(office.first.get("/v1/rule-comments", about=policy))] == ["首次跟进期限偏短"]
    refused(outsider.post("/v1/rule-comments", {"about": policy, "text": "我不是成员"}), 422, "field_invalid", "about")
    draft = company.admin.made(f"/v1/programs/{office.program}/policies", {"reason": "r", "parameters": PLAIN_POLICY})
    approver = company.person("规则管理员", roles=("policy_admin",), company_wide=True)
    for step in ("review", "approve", "activate"):
        approver.made(f"/v1/policies/{draft['id']}/{step}")
    assert (office.first.id, "rules", 2) in owed(office.leader)
    refused(office.first.post("/v1/acknowledgements", {"about": policy}), 409, "illegal_transition")


def test_a_company_policy_that_changes_inherited_rules_asks_anew(company: Company) -> None:
    """PPL-03, POL-07: a program's rules are its policy over the company's; where they read the same nobody is asked."""
    office = Office(company, policy={"bid.letters": 3, "people.duty_ack_wd": 1})
    policy, mine = read_rules(office.first, program=office.program), (office.first.id, "rules", 1)
    assert mine not in owed(office.first)
    company.advance(days=1)
    company.company_policy(bid__letters=2)
    assert mine not in owed(office.first)
    company.company_policy(bid__letters=2, bid__protect_days=45)
    assert mine in owed(office.first)
    # Its members are given the time that the program's own policy says.
    company.advance(days=2)
    assert mine in owed(office.leader, overdue="true")
    office.first.made("/v1/acknowledgements", {"about": policy})
    assert mine not in owed(office.first)
    assert office.first.post("/v1/acknowledgements", {"about": policy}).status_code == 200
