"""The inbox: notices in both languages, tasks of the judgement list and of requests (NTF-01, CLM-04, PPL-05)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer


def test_a_notice_says_in_both_languages_what_happened_to_whom_and_by_which_rule(company: Company) -> None:
    """NTF-01: the customer is masked, the deadline stands on the clock of the program's zone."""
    company.at("2031-03-05T02:00:00Z")
    rep = company.rep()
    claim = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer("欧阳小明")})
    (notice,) = listed(rep.get("/v1/me/notices"))
    assert {k: notice[k] for k in ("kind", "urgency", "subject", "rule", "policy_version", "read_at")} == {
        "kind": "claim.accepted",
        "urgency": "normal",
        "subject": {"type": "claim", "id": claim["id"]},
        "rule": "CLM-03",
        "policy_version": 1,
        "read_at": None,
    }
    assert notice["title"] == {"zh": "报备已通过", "en": "Report accepted"}
    assert claim["deadline"] == "2031-03-07T02:00:00Z" or claim["deadline"].startswith("2031-03-07T02:00:")
    assert notice["text"] == {
        "zh": "客户欧阳*的报备已通过，现在由您跟进；最近的期限是2031年3月7日 10:00（规则 CLM-03）。",
        "en": "Your report of customer 欧阳* was accepted and the customer is yours; the next deadline is "
        "7 March 2031, 10:00 (rule CLM-03).",
    }


def test_a_company_is_named_in_a_notice(company: Company) -> None:
    """Contract section 1, Masks: company names are not masked."""
    rep = company.rep()
    customer = {"kind": "company", "name": "上海甲有限公司", "phone": "13911112222"}
    rep.made("/v1/claims", {"program": company.program(), "customer": customer})
    (notice,) = listed(rep.get("/v1/me/notices"))
    assert "客户上海甲有限公司的报备已通过" in notice["text"]["zh"]
    assert "1391111" not in str(notice)


def test_a_lapse_is_told_with_its_reason(company: Company) -> None:
    """CLM-19: urgent, and in words."""
    program = company.program(policy={"claim.first_follow_up_wh": "PT20S"})
    rep = company.rep()
    rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    company.advance(minutes=1)
    notice = listed(rep.get("/v1/me/notices"))[0]
    assert (notice["kind"], notice["urgency"]) == ("claim.lapsed", "urgent")
    assert notice["text"]["zh"] == "您对客户王*的报备已失效，原因：没有按时首次跟进（规则 CLM-19）。"


def test_reading_takes_a_notice_off_the_unread_list_and_the_first_time_counts(company: Company) -> None:
    """NTF-01."""
    rep = company.rep()
    rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})
    (notice,) = listed(rep.get("/v1/me/notices", unread="true"))
    read = rep.post(f"/v1/me/notices/{notice['id']}/read")
    assert read.status_code == 200
    assert read.json() == notice | {"read_at": read.json()["read_at"]}
    assert read.json()["read_at"] is not None
    assert listed(rep.get("/v1/me/notices", unread="true")) == []
    assert listed(rep.get("/v1/me/notices", unread="false")) == [read.json()]
    company.shift(minutes=5)
    assert rep.post(f"/v1/me/notices/{notice['id']}/read").json() == read.json()


def test_nobody_reads_or_marks_the_notices_of_another(company: Company) -> None:
    """AUD-04: not even an administrator."""
    rep = company.rep()
    rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})
    (notice,) = listed(rep.get("/v1/me/notices"))
    assert listed(company.admin.get("/v1/me/notices")) == []
    refused(company.admin.post(f"/v1/me/notices/{notice['id']}/read"), 404, "not_found")
    refused(rep.post(f"/v1/me/notices/{uuid.uuid4()}/read"), 404, "not_found")
    assert listed(rep.get("/v1/me/notices"))[0]["read_at"] is None


def test_the_inbox_is_paged_newest_first(company: Company) -> None:
    """Contract section 1, Lists."""
    program, rep = company.program(), company.rep()
    claims = [
        rep.made("/v1/claims", {"program": program, "customer": person_customer(phone=f"1380000000{i}")})["id"]
        for i in range(5)
    ]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        answer = rep.get("/v1/me/notices", limit=2, unread="true", **cursor).json()
        seen += [n["subject"]["id"] for n in answer["items"]]
        cursor = {"cursor": answer["next"]}
    assert seen == claims[::-1]
    assert answer["next"] is None
    first = rep.get("/v1/me/notices", limit=2, unread="true").json()["next"]
    refused(rep.get("/v1/me/notices", limit=2, cursor=first), 422, "field_invalid", "cursor")


def test_the_judgement_list_is_the_supervisors_task_until_it_is_decided(company: Company) -> None:
    """CLM-04: with the limit of the decision."""
    team = company.team()
    leader, rep = company.leader(team), company.rep(team=team)
    program = company.program(policy={"claim.judgement_mode": "manual"})
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    (task,) = listed(leader.get("/v1/me/tasks"))
    due = next(c["deadline"] for c in claim["clocks"] if c["clock"] == "approval")
    assert {k: task[k] for k in ("kind", "subject", "due", "state")} == {
        "kind": "judge",
        "subject": {"type": "claim", "id": claim["id"]},
        "due": due,
        "state": "open",
    }
    assert listed(rep.get("/v1/me/tasks")) == []
    leader.made(f"/v1/claims/{claim['id']}/accept")
    assert listed(leader.get("/v1/me/tasks")) == []


def test_a_delegate_sees_the_tasks_of_whom_they_stand_in_for(company: Company) -> None:
    """PPL-05: while the delegation lasts."""
    team = company.team()
    leader, rep, deputy = company.leader(team), company.rep(team=team), company.person("副手")
    program = company.program(policy={"claim.judgement_mode": "manual"})
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    start = company.now()
    company.admin.made(
        f"/v1/people/{leader.id}/delegations",
        {"delegate": deputy.id, "from": start.isoformat(), "to": (start + timedelta(days=2)).isoformat()},
    )
    company.shift(minutes=1)
    assert [x["subject"]["id"] for x in listed(deputy.get("/v1/me/tasks"))] == [claim["id"]]
    company.shift(days=3)
    assert listed(deputy.get("/v1/me/tasks")) == []


@pytest.mark.parametrize("kind", ["future.kind", "claim.never_heard_of", "reminder.", ""])
def test_a_notice_of_an_unknown_kind_is_still_readable(company: Company, kind: str) -> None:
    """NTF-01: an inbox never breaks over one entry, not even over one about nothing that exists."""
    rep = company.rep()
    row = {
        "id": str(uuid.uuid4()),
        "person": rep.id,
        "kind": kind,
        "urgency": "normal",
        "at": company.now(),
        "subject_type": "claim",
        "subject": str(uuid.uuid4()),
        "facts": {"deadline": 7, "by": ["x"], "list": {}, "reason": None, "state": {}},
    }
    company.database.transact(lambda tx: tx.execute(t.notice.insert().values(row)))
    (notice,) = listed(rep.get("/v1/me/notices"))
    assert all(notice[part][lang] for part in ("title", "text") for lang in ("zh", "en"))
    with company.database.reading() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(t.notice)).scalar_one() == 1
