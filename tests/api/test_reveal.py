"""Contacts in clear are a separate act with a purpose, recorded before they are shown (AUD-03)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, Person

CUSTOMER = {"kind": "person", "name": "王小明", "phone": "13812345678", "email": "wang@example.com"}
BOTH = {"fields": ["phone", "email"], "purpose": "约看房"}


def held_by(rep: Person, program: str, customer: dict[str, Any] | None = None) -> dict[str, Any]:
    claim = rep.made("/v1/claims", {"program": program, "customer": customer or CUSTOMER})
    assert claim["state"] == "protected"
    return claim


def timeline(reader: Person, claim: str) -> list[dict[str, Any]]:
    return [item for item in listed(reader.get(f"/v1/claims/{claim}/timeline")) if item["kind"] == "reveal"]


def test_the_owner_sees_clear_values_of_what_they_ask_for(company: Company) -> None:
    """AUD-03: masked everywhere else, the owner included."""
    rep = company.rep()
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    assert rep.post(path, BOTH).json() == {
        "customer": claim["customer"]["id"],
        "phone": "+8613812345678",
        "email": "wang@example.com",
    }
    only = rep.post(path, {"fields": ["email"], "purpose": "发资料"}).json()
    assert (only["phone"], only["email"]) == (None, "wang@example.com")
    assert rep.get(f"/v1/claims/{claim['id']}").json()["customer"]["phone"] == "+86138****5678"


def test_a_reveal_stands_in_the_claims_timeline_and_in_the_persons_own_history(company: Company) -> None:
    """AUD-03: visible to owner and supervisor, with actor and fields; the purpose is free text and only referred to."""
    team = company.team()
    leader, rep = company.leader(team), company.rep(team=team)
    claim = held_by(rep, company.program())
    leader.made(f"/v1/customers/{claim['customer']['id']}/reveal", {"fields": ["phone"], "purpose": "核对号码"})
    for reader in (rep, leader):
        shown = timeline(reader, claim["id"])
        assert [(i["actor"], i["data"]["fields"], i["from"], i["to"]) for i in shown] == [
            (leader.id, ["phone"], None, None)
        ]
        assert "核对" not in str(shown)
    with company.database.reading() as tx:
        own = tx.row(sa.select(t.event).where(t.event.c.stream == leader.id, t.event.c.kind == "reveal"))
    assert own is not None
    assert own["data"]["customer"] == claim["customer"]["id"]
    assert own["data"]["claims"] == [claim["id"]]


def test_the_owner_is_told_when_somebody_else_revealed_the_contacts(company: Company) -> None:
    """AUD-03, NTF-01: by name, with the customer masked; nobody is told of their own act."""
    team = company.team()
    leader, rep = company.leader(team, "张主管"), company.rep(team=team)
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    rep.made(path, BOTH)
    assert [n["kind"] for n in listed(rep.get("/v1/me/notices"))] == ["claim.accepted"]
    leader.made(path, BOTH)
    notice = listed(rep.get("/v1/me/notices"))[0]
    assert (notice["kind"], notice["rule"], notice["subject"]) == (
        "claim.reveal",
        "AUD-03",
        {"type": "claim", "id": claim["id"]},
    )
    assert notice["text"]["zh"] == "张主管查看了客户王*的联系方式明文，已记入该客户的时间线（规则 AUD-03）。"
    assert "13812345678" not in str(notice)


def test_every_claim_that_holds_the_customer_shows_the_reveal(company: Company) -> None:
    """AUD-03: a customer of two programs has two owners who may know."""
    first, second = company.rep("甲"), company.rep("乙")
    one, two = held_by(first, company.program("A")), held_by(second, company.program("B"))
    assert one["customer"]["id"] == two["customer"]["id"]
    first.made(f"/v1/customers/{one['customer']['id']}/reveal", BOTH)
    assert len(timeline(first, one["id"])) == 1
    assert len(timeline(second, two["id"])) == 1
    assert listed(second.get("/v1/me/notices"))[0]["kind"] == "claim.reveal"


def test_who_reads_no_claim_of_the_customer_gets_404_or_403(company: Company) -> None:
    """Contract section 9: the auditor reads and is excepted; the desk reads the base, not the claim."""
    rep, stranger = company.rep(), company.rep("赵强")
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    desk = company.person("前台", roles=("reception",))
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    refused(stranger.post(path, BOTH), 404, "not_found")
    refused(stranger.post(f"/v1/customers/{uuid.uuid4()}/reveal", BOTH), 404, "not_found")
    for one in (auditor, desk):
        problem = refused(one.post(path, BOTH), 403, "not_allowed")
        assert "13812345678" not in str(problem)
    assert company.admin.post(path, BOTH).status_code == 200
    assert [i["actor"] for i in timeline(rep, claim["id"])] == [company.admin.id]


def test_a_token_without_the_role_reveals_no_more_than_the_role(company: Company) -> None:
    """AUD-06, contract section 9: an administrator's token narrowed to auditor is an auditor."""
    rep = company.rep()
    auditor = company.person("审计", roles=("auditor", "manager"), company_wide=True)
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    assert auditor.post(path, BOTH).status_code == 200
    narrow = auditor.made(f"/v1/people/{auditor.id}/tokens", {"name": "narrow", "roles": ["auditor"]})["token"]
    answer = company.call("POST", path, token=narrow, json=BOTH, key=str(uuid.uuid4()))
    refused(answer, 403, "not_allowed")


def test_a_refused_report_reveals_nothing_of_the_customer_it_met(company: Company) -> None:
    """AUD-03, CUS-08: else a guessed name would be a way to a stranger's number."""
    program = company.program()
    company_customer = {"kind": "company", "name": "上海甲有限公司", "phone": "13911112222"}
    owner, late = company.rep(), company.rep("赵强")
    held_by(owner, program, company_customer)
    met = late.made("/v1/claims", {"program": program, "customer": {"kind": "company", "name": "上海甲有限公司"}})
    assert met["reason"] == "customer_owned"
    refused(late.post(f"/v1/customers/{met['customer']['id']}/reveal", BOTH), 403, "not_allowed")


def test_an_undecided_report_on_anothers_customer_reveals_nothing(company: Company) -> None:
    """AUD-03, CUS-08: held in one program, reported and undecided in another."""
    owner, late = company.rep(), company.rep("赵强")
    held = held_by(owner, company.program("A"))
    manual = company.program("B", policy={"claim.judgement_mode": "manual"})
    waiting = late.made("/v1/claims", {"program": manual, "customer": CUSTOMER})
    assert (waiting["state"], waiting["customer"]["id"]) == ("reported", held["customer"]["id"])
    refused(late.post(f"/v1/customers/{held['customer']['id']}/reveal", BOTH), 403, "not_allowed")
    alone = late.made(
        "/v1/claims", {"program": manual, "customer": {"kind": "person", "name": "孙", "phone": "13700001111"}}
    )
    assert late.post(f"/v1/customers/{alone['customer']['id']}/reveal", BOTH).status_code == 200


def test_reveals_are_limited_per_person_and_local_day(company: Company) -> None:
    """AUD-03 `reveal.per_day`: the next one is refused until the day is over in the company's zone."""
    company.company_policy(reveal__per_day=2)
    company.at("2031-03-05T15:30:00Z")  # 23:30 in Shanghai
    rep, other = company.rep(), company.rep("赵强")
    claim = held_by(rep, company.program())
    held_by(other, company.program("B"))
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    for _ in range(2):
        rep.made(path, BOTH)
    problem = refused(rep.post(path, BOTH), 429, "reveal_limit")
    assert problem["facts"] == {"cap": 2, "count": 2, "until": "2031-03-05T16:00:00Z"}
    assert "13812345678" not in str(problem)
    assert len(timeline(rep, claim["id"])) == 2
    assert other.post(path, BOTH).status_code == 200
    company.shift(minutes=31)
    assert rep.post(path, BOTH).status_code == 200


@pytest.mark.parametrize("together", [6])
def test_reveals_at_the_same_moment_do_not_pass_the_limit_together(company: Company, together: int) -> None:
    """AUD-03: counting is one step with the act."""
    company.company_policy(reveal__per_day=2)
    company.at("2031-03-05T02:00:00Z")
    rep = company.rep()
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    answers = company.together(
        *(company.acall("POST", path, token=rep.token, json=BOTH, key=str(uuid.uuid4())) for _ in range(together))
    )
    assert sorted(a.status_code for a in answers) == [200, 200, 429, 429, 429, 429]
    assert len(timeline(rep, claim["id"])) == 2


def test_no_data_is_shown_when_the_history_cannot_be_written(company: Company) -> None:
    """AUD-03: log not writable, no data; and the act is not counted either."""
    rep = company.rep()
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    rename = "ALTER TABLE event RENAME TO event_away"
    company.database.transact(lambda tx: tx.execute(sa.text(rename)))
    broken = rep.post(path, BOTH)
    refused(broken, 500, "internal_error")
    assert "13812345678" not in broken.text
    company.database.transact(lambda tx: tx.execute(sa.text("ALTER TABLE event_away RENAME TO event")))
    with company.database.reading() as tx:
        assert tx.rows(sa.select(t.usage)) == []
    assert rep.post(path, BOTH).json()["phone"] == "+8613812345678"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": [], "purpose": "x"}, "fields"),
        ({"fields": ["name"], "purpose": "x"}, "fields.0"),
        ({"fields": ["phone"], "purpose": "  "}, "purpose"),
    ],
)
def test_a_reveal_needs_fields_and_a_purpose(company: Company, body: dict[str, Any], field: str) -> None:
    """AUD-03."""
    claim = held_by(company.rep(), company.program())
    answer = company.admin.post(f"/v1/customers/{claim['customer']['id']}/reveal", body)
    refused(answer, 422, "field_invalid", field)


def test_a_repeated_reveal_is_one_act(company: Company) -> None:
    """INT-01: the same key gives the same answer and no second entry."""
    rep = company.rep()
    claim = held_by(rep, company.program())
    path = f"/v1/customers/{claim['customer']['id']}/reveal"
    first, again = (rep.post(path, BOTH, key="once") for _ in range(2))
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len(timeline(rep, claim["id"])) == 1
