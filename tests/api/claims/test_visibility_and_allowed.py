"""Who reads a claim and what each may do with it; lists, search, history (contract sections 5 and 9, PPL-02)."""

from __future__ import annotations

from typing import Any

from api.schemas.claims import ClaimPage, TimelinePage
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    clocks,
    customer,
    decide,
    done,
    moment,
    notices,
    read,
    tasks,
    timeline,
    work,
)

AMOUNT = {"amount_minor": 100, "currency": "CNY"}


def ids(person: Person, **query: Any) -> list[str]:
    return [c["id"] for c in listed(person.get("/v1/claims", **query))]


def test_a_claim_is_read_by_its_people_their_leaders_and_company_roles(company: Company) -> None:
    """Contract section 9: everybody else gets the answer for a missing one, on the claim and all that belongs to it."""
    office = Office(company)
    claim = office.claim(office.first)
    above = company.leader(company.root, "总经理")
    scoped = company.person("分区经理", team=office.team)
    company.admin.made(
        f"/v1/people/{scoped.id}/grants", {"role": "manager", "scope": {"kind": "program", "id": office.program}}
    )
    readers = [office.first, office.leader, above, office.finance(), office.manager(), company.admin, scoped]
    readers.append(company.person("审计", roles=("auditor",), company_wide=True))
    for reader in readers:
        assert read(reader, claim)["id"] == claim["id"]
        assert ids(reader) == [claim["id"]]
        assert timeline(reader, claim)
    other_program = company.person("别处经理")
    elsewhere = company.program("Elsewhere")
    company.admin.made(
        f"/v1/people/{other_program.id}/grants", {"role": "manager", "scope": {"kind": "program", "id": elsewhere}}
    )
    strangers = [office.second, office.outsider(), other_program, company.person("服务", roles=("service",))]
    for stranger in strangers:
        assert ids(stranger) == []
        for path in ("", "/timeline", "/follow-ups"):
            refused(stranger.get(f"/v1/claims/{claim['id']}{path}"), 404, "not_found")
        refused(stranger.get("/v1/claims/00000000-0000-0000-0000-000000000000"), 404, "not_found")
        refused(act(stranger, claim, "follow-ups", kind="call", note=NOTE), 404, "not_found")


def test_a_revoked_grant_and_a_narrowed_token_take_the_sight_away(company: Company) -> None:
    """PPL-02, AUD-06: grants are looked up at every request; a token narrows and never widens."""
    office = Office(company)
    claim = office.claim(office.first)
    finance = company.person("财务")
    grant = company.admin.made(f"/v1/people/{finance.id}/grants", {"role": "finance", "scope": {"kind": "company"}})
    assert read(finance, claim)["id"] == claim["id"]
    narrowed = company.admin.made(f"/v1/people/{finance.id}/tokens", {"name": "n", "roles": ["rep"]})
    refused(Person(company, finance.id, narrowed["token"]).get(f"/v1/claims/{claim['id']}"), 404, "not_found")
    done(company.admin.post(f"/v1/grants/{grant['id']}/revoke"))
    refused(finance.get(f"/v1/claims/{claim['id']}"), 404, "not_found")


def test_what_each_may_do_with_a_protected_and_an_active_customer(company: Company) -> None:
    """Contract section 5 `allowed`."""
    office = Office(company)
    claim = office.claim(office.first)
    owner = {"correct", "follow_up", "win", "release", "transfer", "extend", "pause", "collaborate", "stage"}
    supervisor = {"release", "extend", "pause", "stage"}
    for state in ("protected", "active"):
        present = read(office.first, claim)
        assert present["state"] == state
        assert set(present["allowed"]) == owner
        assert set(read(office.leader, claim)["allowed"]) == supervisor
        assert set(read(office.manager(), claim)["allowed"]) == supervisor | {"override"}
        assert read(office.finance(), claim)["allowed"] == ["win"]
        auditor = company.person("审计", roles=("auditor",), company_wide=True)
        assert read(auditor, claim)["allowed"] == []
        if state == "protected":
            work(office.first, claim)


def test_what_each_may_do_with_a_won_customer(company: Company) -> None:
    """Contract section 5 `allowed`, table 0.2."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.first, claim, "win", amount=AMOUNT, contract_at="2031-03-03T02:00:00Z"))
    assert set(read(office.first, claim)["allowed"]) == {
        "correct",
        "follow_up",
        "transfer",
        "collaborate",
        "stage",
        "deliver",
    }
    assert read(office.leader, claim)["allowed"] == ["cancel_deal", "stage", "deliver"]
    assert read(office.finance(), claim)["allowed"] == ["cancel_deal"]


def test_what_each_may_do_with_an_undecided_report(company: Company) -> None:
    """Contract section 5 `allowed`: a report sent back waits for its reporter."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    assert set(read(office.first, claim)["allowed"]) == {"withdraw", "correct", "follow_up"}
    assert set(read(office.leader, claim)["allowed"]) == {"accept", "reject", "send_back"}
    done(act(office.leader, claim, "send_back", reason="补充"))
    assert "send_back" not in read(office.leader, claim)["allowed"]
    assert {"withdraw", "correct"} <= set(read(office.first, claim)["allowed"])


def test_what_each_may_do_with_a_claim_that_is_over(company: Company) -> None:
    """Contract section 5 `allowed`: nothing but a dispute, for `dispute.contest_wd` (5) working days (DSP-02)."""
    office = Office(company)
    released = office.claim(office.first)
    done(act(office.first, released, "release", reason="lost"))
    rejected = office.claim(office.second)
    lost = office.claim(office.outsider())
    assert lost["reason"] == "customer_owned"
    for person, claim in ((office.first, released), (office.leader, released), (office.second, rejected)):
        present = read(person, claim)
        if present["state"] != "protected":
            assert present["allowed"] == ["dispute"]
    company.shift(days=8)
    for person, claim in ((office.first, released), (office.leader, released)):
        assert read(person, claim)["allowed"] == []


def test_a_dispute_is_offered_where_somebody_stands_against_one(company: Company) -> None:
    """DSP-01, DSP-02: an opening that would be refused with `party_missing` is not offered; any other is."""
    office = Office(company, policy={"dispute.auto_settle": False})
    held = office.claim(office.first)

    def opens(person: Person, claim: Any) -> int:
        body = {"claim": claim["id"], "grounds": "ownership", "statement": "?"}
        return person.post("/v1/disputes", body).status_code

    for person in (office.first, office.leader, company.admin):
        assert "dispute" not in read(person, held)["allowed"]
        assert opens(person, held) == 422
    lost = office.claim(office.second)
    for person, claim in ((office.first, held), (office.leader, held), (office.second, lost)):
        assert "dispute" in read(person, claim)["allowed"]
    assert "dispute" in office.first.get("/v1/claims").json()["items"][0]["allowed"]
    assert opens(office.second, lost) == 201
    late = office.claim(office.outsider())
    assert (late["reason"], late["allowed"]) == ("customer_owned", ["dispute"])


def test_a_claim_in_dispute_takes_work_of_the_serving_person_only(company: Company) -> None:
    """DSP-03, contract section 5: it is recorded, moves no clock and counts for nothing."""
    office = Office(company, policy={"claim.on_collision": "dispute", "dispute.auto_settle": False})
    held = office.claim(office.first)
    lost = office.claim(office.second)
    present = read(office.first, held)
    assert (present["state"], present["allowed"]) == ("disputed", ["follow_up"])
    assert read(office.second, lost)["allowed"] == []
    assert read(office.leader, held)["allowed"] == []
    served = work(office.first, held)
    assert (served["qualified"], served["why"], served["state"]) == (False, "dispute.service_by", "disputed")
    assert clocks(read(office.first, held)) == clocks(present)
    refused(act(office.second, lost, "follow-ups", kind="call", note=NOTE), 409, "claim_disputed")


def test_a_supervisor_may_serve_while_the_case_is_open(company: Company) -> None:
    """DSP-03: `dispute.service_by` supervisor; no role that sells is needed."""
    policy = {"claim.on_collision": "dispute", "dispute.auto_settle": False, "dispute.service_by": "supervisor"}
    office = Office(company, policy=policy)
    held = office.claim(office.first)
    office.claim(office.second)
    assert read(office.leader, held)["allowed"] == ["follow_up"]
    assert work(office.leader, held)["author"] == office.leader.id
    refused(act(office.first, held, "follow-ups", kind="call", note=NOTE), 409, "claim_disputed")


def test_a_paused_claim_may_be_resumed_and_a_former_owner_may_do_nothing(company: Company) -> None:
    """Contract section 5 `allowed`: after a transfer the reporter reads, and corrects what they reported."""
    office = Office(company)
    claim = office.claim(office.first)
    assert "unpause" not in read(office.first, claim)["allowed"]
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    assert "unpause" in read(office.first, claim)["allowed"]
    assert "unpause" in read(office.leader, claim)["allowed"]
    request = done(act(office.first, claim, "transfer", to=office.second.id))["requests"][0]
    done(decide(office.second, request))
    assert set(read(office.first, claim)["allowed"]) <= {"correct"}
    assert "follow_up" in read(office.second, claim)["allowed"]


def test_what_is_allowed_is_what_succeeds(company: Company) -> None:
    """Contract section 5: each command that is listed is applied, each that is not is refused with 403 or 409."""
    office = Office(company)
    bodies: dict[str, dict[str, Any]] = {
        "accept": {},
        "reject": {"reason": "r"},
        "send_back": {"reason": "r"},
        "withdraw": {},
        "win": {"amount": AMOUNT, "contract_at": "2031-03-03T02:00:00Z"},
        "cancel_deal": {"reason": "r"},
        "release": {"reason": "lost"},
        "transfer": {"to": office.second.id},
        "extend": {"reason": "r"},
        "pause": {"kind": "legal", "reason": "r"},
        "unpause": {},
    }
    for number, (command, body) in enumerate(bodies.items()):
        for offset, person in enumerate((office.first, office.leader)):
            claim = office.claim(office.first, customer=customer(10 * number + offset))
            allowed = command in read(person, claim)["allowed"]
            answer = act(person, claim, command, **body)
            assert (answer.status_code == 200) == allowed, (command, answer.text)
            assert allowed or answer.status_code in (403, 409)


# --- lists -----------------------------------------------------------------------------------------------------------


def test_claims_are_listed_by_each_filter(company: Company) -> None:
    """Contract section 5: state, program, track, owner, reporter, team, customer, due_before; newest first."""
    office = Office(company, policy={"ownership.tracks": ["sales", "channel"]})
    first = office.claim(office.first, customer=customer(1))
    second = office.claim(office.second, customer=customer(2), track="channel")
    work(office.second, second)
    rejected = office.claim(office.second, customer=customer(1))
    outside = office.outsider()
    third = office.claim(outside, customer=customer(3))
    admin = company.admin
    assert ids(admin) == [third["id"], rejected["id"], second["id"], first["id"]]
    assert ids(admin, state="active") == [second["id"]]
    assert ids(admin, track="channel") == [second["id"]]
    assert ids(admin, owner=office.first.id) == [first["id"]]
    assert ids(admin, reporter=office.second.id) == [rejected["id"], second["id"]]
    assert ids(admin, team=office.team) == [rejected["id"], second["id"], first["id"]]
    assert ids(admin, team=company.root) == [third["id"], rejected["id"], second["id"], first["id"]]
    assert ids(admin, customer=first["customer"]["id"]) == [rejected["id"], first["id"]]
    assert ids(admin, program=office.program, state="rejected") == [rejected["id"]]
    assert ids(admin, program=first["id"]) == []
    # First follow-ups are due on Wednesday; the active one is idle after sixty days.
    assert ids(admin, due_before="2031-03-06T00:00:00+08:00") == [third["id"], first["id"]]
    assert ids(admin, due_before="2031-03-05T00:00:00+08:00") == []
    assert ids(office.leader) == [rejected["id"], second["id"], first["id"]]
    assert ids(office.leader, owner=outside.id) == []


def test_a_list_comes_in_pages_and_its_cursor_holds_for_its_filters(company: Company) -> None:
    """Contract section 1 "Lists": no item twice or left out, though one is added meanwhile."""
    office = Office(company)
    made = [office.claim(office.first, customer=customer(n))["id"] for n in range(5)]
    page = office.first.get("/v1/claims", limit=2).json()
    ClaimPage.model_validate(page)
    assert [c["id"] for c in page["items"]] == [made[4], made[3]]
    office.claim(office.first, customer=customer(9))
    second = office.first.get("/v1/claims", limit=2, cursor=page["next"]).json()
    third = office.first.get("/v1/claims", limit=2, cursor=second["next"]).json()
    assert [c["id"] for c in second["items"] + third["items"]] == [made[2], made[1], made[0]]
    assert third["next"] is None
    refused(office.first.get("/v1/claims", cursor=page["next"], state="won"), 422, "field_invalid", "cursor")
    refused(office.first.get("/v1/claims", cursor="nonsense"), 422, "field_invalid", "cursor")
    for limit in (0, 201, "many"):
        refused(office.first.get("/v1/claims", limit=limit), 422, "field_invalid", "limit")
    refused(office.first.get("/v1/claims", colour="red"), 422, "field_not_allowed", "colour")
    refused(office.first.get("/v1/claims", state="open"), 422, "field_invalid", "state")


def test_search_finds_companies_by_words_and_persons_by_whole_values(company: Company) -> None:
    """CUS-01, contract section 5 `q`: company name by word or prefix, person by whole name, phone and code whole."""
    office = Office(company)
    person = office.claim(office.first)
    code = "91350100M000100Y43"
    firm = {"kind": "company", "name": "上海云图科技有限公司", "company_code": code}
    business = office.claim(office.first, customer=firm)
    for q, found in (
        ("云图", [business["id"]]),
        ("云图科技", [business["id"]]),
        (code.lower(), [business["id"]]),
        (code[:9], []),
        ("王小明", [person["id"]]),
        ("王小", []),
        ("138 1234 5678", [person["id"]]),
        ("1381234", []),
        ("5678", []),
    ):
        assert ids(office.first, q=q) == found, q
    assert ids(office.second, q="云图") == []
    refused(office.first.get("/v1/claims", q=""), 422, "field_invalid", "q")


# --- history, notices, tasks ------------------------------------------------------------------------------------------


def test_the_history_of_a_claim_is_a_chain_without_personal_data(company: Company) -> None:
    """AUD-01, CLM-01: sequence, actor, time, policy version, from and to; newest first in pages; no name, no number."""
    office = Office(company)
    claim = office.claim(office.first, need="三房，学区优先")
    work(office.first, claim, note="电话里谈了首付和贷款的安排")
    done(act(office.first, claim, "release", reason="lost", text="去别家买了"))
    answer = office.first.get(f"/v1/claims/{claim['id']}/timeline")
    TimelinePage.model_validate(answer.json())
    items = answer.json()["items"]
    assert [i["kind"] for i in items] == ["released", "worked", "follow_up", "accepted", "received"]
    assert [i["seq"] for i in items] == list(range(items[0]["seq"], items[0]["seq"] - 5, -1))
    assert [(i["from"], i["to"]) for i in items] == [
        ("active", "released"),
        ("protected", "active"),
        (None, None),
        ("reported", "protected"),
        (None, "reported"),
    ]
    assert len({i["hash"] for i in items}) == 5
    assert [moment(i["at"]) for i in items] == sorted((moment(i["at"]) for i in items), reverse=True)
    assert {i["policy_version"] for i in items} == {1}
    assert {i["actor"] for i in items} == {office.first.id, None}
    for word in ("王小明", "13812345678", "学区", "首付", "别家"):
        assert word not in answer.text
    page = office.first.get(f"/v1/claims/{claim['id']}/timeline", limit=2).json()
    rest = office.first.get(f"/v1/claims/{claim['id']}/timeline", limit=200, cursor=page["next"]).json()
    assert page["items"] + rest["items"] == items


def test_the_timelines_of_two_claims_have_their_own_cursors(company: Company) -> None:
    """Contract section 1: a cursor holds for the same list only."""
    office = Office(company)
    one, two = (office.claim(office.first, customer=customer(n)) for n in (1, 2))
    cursor = office.first.get(f"/v1/claims/{one['id']}/timeline", limit=1).json()["next"]
    refused(office.first.get(f"/v1/claims/{two['id']}/timeline", cursor=cursor), 422, "field_invalid", "cursor")


def test_notices_name_the_claim_the_rule_and_the_version_and_mask_the_customer(company: Company) -> None:
    """NTF-01, POL-07, AUD-03: in both languages; read once is read."""
    office = Office(company)
    claim = office.claim(office.first)
    (notice,) = listed(office.first.get("/v1/me/notices"))
    assert notice["subject"] == {"type": "claim", "id": claim["id"]}
    assert (notice["kind"], notice["rule"], notice["policy_version"]) == ("claim.accepted", "CLM-03", 1)
    assert notice["title"]["zh"] != notice["title"]["en"]
    assert "13812345678" not in str(notice)
    assert notices(office.second) == []
    done(office.first.post(f"/v1/me/notices/{notice['id']}/read"))
    assert listed(office.first.get("/v1/me/notices", unread="true")) == []


def test_tasks_come_with_what_waits_and_go_with_its_end(company: Company) -> None:
    """Contract section 8: judgement list and requests, each with its limit; a withdrawal closes it."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    (task,) = listed(office.leader.get("/v1/me/tasks"))
    assert (task["kind"], task["subject"], task["state"]) == ("judge", {"type": "claim", "id": claim["id"]}, "open")
    assert task["due"] == claim["deadline"]
    assert tasks(office.first) == []
    done(act(office.first, claim, "withdraw"))
    assert tasks(office.leader) == []
    again = office.claim(office.first, customer=person_customer("李明", "13900001111"))
    done(act(office.leader, again, "accept"))
    request = done(act(office.first, again, "pause", kind="legal", reason="诉讼"))["requests"][0]
    assert tasks(office.leader) == [("request.pause", request["id"])]
    done(act(office.first, again, "release", reason="lost"))
    assert tasks(office.leader) == []
