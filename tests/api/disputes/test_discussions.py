"""Team discussions (团队讨论) as their members meet them: DSP-07."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2

from activities.matters import DrainInput
from storage.codec import rfc3339
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import MoneyOffice, accounts, ledger_is_right
from tests.support.office import Office, act, after, customer, done, entry, notices, read, tasks
from tests.support.records import Records

PLAN = "周三前回访,之后每周一次"


def call_together(by: Person, claim: Mapping[str, Any]) -> dict[str, Any]:
    return done(by.post("/v1/discussions", {"claim": claim["id"], "topic": "两个人都在跟这个客户"}))


def say(by: Person, discussion: Mapping[str, Any], word: str, **body: Any) -> httpx2.Response:
    return by.post(f"/v1/discussions/{discussion['id']}/{word}", body)


def name(by: Person, discussion: Mapping[str, Any], person: Person, **more: Any) -> httpx2.Response:
    return say(by, discussion, "decision", **{"person": person.id, "plan": PLAN, "reason": "客户要求", **more})


def seen(by: Person, discussion: Mapping[str, Any]) -> dict[str, Any]:
    return done(by.get(f"/v1/discussions/{discussion['id']}"))


def stands_in(delegate: Person, person: Person) -> None:
    now = person.company.now()
    span = {"from": rfc3339(now), "to": rfc3339(now + timedelta(days=1))}
    person.made(f"/v1/people/{person.id}/delegations", {"delegate": delegate.id, **span})


def past(company: Company, instant: str) -> None:
    """A second after ``instant``, and everything decided that fell due on the way."""
    company.advance(seconds=(after(instant, seconds=1) - company.now()).total_seconds())


def test_a_discussion_ends_with_one_responsible_person_and_a_plan(company: Company) -> None:
    """DSP-07: proposed, voted for, decided, not refused in time: transferred with the plan, the report laid down."""
    office = Office(company)
    held, turned_away = office.claim(office.first), office.claim(office.second)
    talk = call_together(office.leader, turned_away)
    assert (talk["state"], talk["led_by"], talk["members"]) == (
        "open",
        office.leader.id,
        [office.second.id, office.first.id],
    )
    assert {(p["person"], p["claim"]) for p in talk["parties"]} == {
        (office.first.id, held["id"]),
        (office.second.id, turned_away["id"]),
    }
    assert ("discuss", talk["id"]) in tasks(office.leader)
    assert "discussion.opened" in notices(office.first, talk)
    again = office.leader.post("/v1/discussions", {"claim": held["id"], "topic": "再议"})
    assert refused(again, 409, "illegal_transition")["facts"] == {"discussion": talk["id"]}
    done(say(office.second, talk, "proposals", person=office.second.id, plan=PLAN))
    done(say(office.first, talk, "vote", proposal=1))
    voted = done(say(office.second, talk, "vote", proposal=1))
    assert [(p["person"], p["plan"], p["votes"]) for p in voted["proposals"]] == [
        (office.second.id, PLAN, [office.first.id, office.second.id])
    ]
    refused(name(office.leader, talk, office.second, reason=" "), 422, "reason_required", "reason")
    stands_in(office.second, office.leader)
    refused(name(office.second, talk, office.first), 403, "recusal_required")
    decided = done(name(office.leader, talk, office.second))
    assert (decided["state"], decided["decision"]["plan"]) == ("decided", PLAN)
    assert done(name(office.leader, talk, office.second)) == decided
    refused(name(office.leader, talk, office.first), 409, "already_ruled")
    assert ("discuss", talk["id"]) not in tasks(office.leader)
    past(company, decided["decision"]["takes_effect_at"])
    closed = seen(office.second, talk)
    assert (closed["state"], closed["result"]) == ("closed", "transferred")
    assert closed["ended_at"] == decided["decision"]["takes_effect_at"]
    assert read(office.second, held)["owner"] == office.second.id
    assert entry(office.second, held, "transferred")["data"]["from"] == office.first.id
    assert entry(office.second, turned_away, "corrected")["data"]["cause"] == "discussed"
    assert "dispute" not in read(office.second, turned_away)["allowed"]
    assert "discussion.closed" in notices(office.first, talk)
    kinds = [e["kind"] for e in listed(office.first.get(f"/v1/discussions/{talk['id']}/timeline"))]
    assert kinds == ["closed", "decided", "voted", "voted", "proposed", "opened"]
    assert done(company.admin.get("/v1/audit/verify", stream=talk["id"]))["ok"] is True


def test_a_refusal_after_the_limit_is_a_dispute_that_holds_the_money(company: Company) -> None:
    """DSP-07, COM-08: overdue, the supervisor is told once and decides all the same; the owner refuses."""
    office = MoneyOffice(company, policy={"dispute.auto_settle": False, "discussion.close_wh": 9})
    held = office.claim(office.first)
    sold = office.won(office.first, claim=held["id"])
    talk = call_together(office.leader, office.claim(office.second))
    office.receive(sold, 200_000)
    before = accounts(office.money)
    past(company, talk["close_by"])
    assert seen(office.leader, talk)["overdue"]
    assert notices(office.leader, talk) == ["discussion.overdue"]
    assert ("discuss", talk["id"]) in tasks(office.leader)
    deputy = office.outsider("副主管")
    refused(name(deputy, talk, office.second), 404, "not_found")
    stands_in(deputy, office.leader)
    done(name(deputy, talk, office.second, past_share_bps=2_000))
    outsider = office.outsider()
    refused(say(outsider, talk, "answer", answer="refuse"), 404, "not_found")
    assert listed(outsider.get("/v1/discussions")) == []
    over = done(say(office.first, talk, "answer", answer="refuse", text="客户一直是我在跟"))
    assert over["state"] == "disputed"
    case = done(office.second.get(f"/v1/disputes/{over['dispute']}"))
    assert (case["state"], case["parties"][0]["person"]) == ("negotiating", office.first.id)
    assert read(office.first, held)["state"] == "disputed"
    assert before == {office.first.id: {"accrued": 40_000, "payable": 10_000}}
    assert accounts(office.money) == {office.first.id: {"held": 50_000}}
    refused(name(office.leader, talk, office.first), 409, "claim_disputed")
    assert [d["id"] for d in listed(office.second.get("/v1/discussions", state="disputed"))] == [talk["id"]]
    ledger_is_right(company)


def test_a_customer_nobody_holds_is_assigned(company: Company) -> None:
    """DSP-07, AUD-07: opened on an ended claim while the engine is away, its decision takes effect by its own timer."""
    office = Office(company, policy={"release.objection_wh": 9, "pool.holding_cap": 1})
    held, turned_away = office.claim(office.first), office.claim(office.second)
    done(act(office.first, held, "release", reason="need_unmet"))
    company.direct.down = True
    answer = office.leader.post("/v1/discussions", {"claim": turned_away["id"], "topic": "谁来接手"})
    company.direct.down = False
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    assert (taken["topic"], taken["state"], taken["members"]) == ("谁来接手", "open", [])
    company.direct.drain(turned_away["id"])
    refused(office.leader.post("/v1/discussions", {"claim": held["id"], "topic": "再议"}), 409, "illegal_transition")
    talk = seen(office.second, taken)
    asleep = company.direct.drains.drain(DrainInput(turned_away["id"]))
    assert (asleep.state, asleep.ended, asleep.sleep_s is not None) == ("rejected", False, True)
    third = company.rep("丁", team=office.team)
    full = company.rep("戊", team=office.team)
    office.claim(full, customer=customer(7))
    assert refused(name(office.leader, talk, full), 409, "holding_cap")["facts"] == {"cap": 1, "count": 1}
    company.direct.down = True
    assert name(office.leader, talk, third).status_code == 202
    company.direct.down = False
    company.direct.drain(held["id"])  # whichever drain of the matter comes first decides, and arms the other stream
    until = seen(office.leader, talk)["decision"]["takes_effect_at"]
    past(company, until)
    assert seen(office.leader, talk)["result"] == "assigned"
    mine = listed(third.get("/v1/claims"))
    assert [(c["state"], c["owner"], c["accepted_at"]) for c in mine] == [("protected", third.id, until)]
    assert seen(office.leader, talk)["ended_at"] == until


def test_a_question_about_two_records_ends_the_discussions_of_both(company: Company) -> None:
    """DSP-07, CUS-13, AUD-05: until then the records are neither merged nor parted; whom nobody holds is not erased."""
    records = Records(company)
    office, admin = records.office, company.admin
    free = office.claim(office.second, customer=customer(3))
    rejected = office.claim(office.first, customer=customer(3))
    done(act(office.second, free, "release", reason="need_unmet"))
    alone = call_together(office.leader, rejected)
    assert {p["person"] for p in alone["parties"]} == {office.first.id}
    by_customer = office.leader.get("/v1/discussions", customer=free["customer"]["id"])
    assert [d["id"] for d in listed(by_customer)] == [alone["id"]]
    assert listed(office.leader.get("/v1/discussions", customer=records.old["customer"]["id"])) == []
    into = {"into": records.old["customer"]["id"], "reason": "客户换了号码"}
    answer = admin.post(f"/v1/customers/{free['customer']['id']}/merge", into)
    assert refused(answer, 409, "illegal_transition")["facts"] == {"discussion": alone["id"]}
    answer = admin.post(f"/v1/customers/{free['customer']['id']}/erase", {"reason": "客户要求"})
    assert refused(answer, 409, "erasure_blocked")["facts"]["discussions"] == [alone["id"]]
    third = company.rep("丁", team=office.team)
    both = [
        call_together(office.leader, office.claim(third, customer=customer(number)))
        for number, _ in enumerate((records.old, records.new), start=1)
    ]
    case = records.open()
    for talk in both:
        assert (seen(third, talk)["state"], seen(third, talk)["dispute"]) == ("disputed", case["id"])
    assert ("discuss", both[1]["id"]) not in tasks(office.leader)
