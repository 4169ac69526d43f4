"""A dispute (争议) from its opening to its end: DSP-01 to DSP-05, DSP-09, DSP-10, DSP-12, DSP-14 to DSP-16."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import Office, act, clocks, done, moment, notices, read, work

NEW_FACT = "客户签字的接待单照片，仲裁之后才从前台拿到"
#: Cases go to negotiation instead of being settled by the rules.
BY_PEOPLE = {"dispute.auto_settle": False}


class Case:
    """甲 holds the customer, 乙 was refused and contests it; 张主管 leads both, the administrator oversees."""

    def __init__(self, company: Company, *, policy: dict[str, Any] | None = None, panel: bool = True) -> None:
        self.company = company
        self.above = company.person("总监")
        version = company.admin.get(f"/v1/teams/{company.root}").json()["version"]
        assert (
            company.admin.patch(f"/v1/teams/{company.root}", {"version": version, "leader": self.above.id}).status_code
            == 200
        )
        self.office = Office(company, policy={**BY_PEOPLE, **(policy or {})})
        self.held = self.office.claim(self.office.first)
        work(self.office.first, self.held)
        self.refused = self.office.claim(self.office.second)
        assert (self.refused["state"], self.refused["reason"]) == ("rejected", "customer_owned")

    @property
    def first(self) -> Person:
        return self.office.first

    @property
    def second(self) -> Person:
        return self.office.second

    @property
    def leader(self) -> Person:
        return self.office.leader

    def open(self, **more: Any) -> dict[str, Any]:
        body = {"claim": self.refused["id"], "grounds": "refused_report", "statement": "我先接待的客户", **more}
        answer = self.second.post("/v1/disputes", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def to_arbitration(self) -> dict[str, Any]:
        """Opened, and both want no negotiation."""
        case = self.open()
        for party in (self.first, self.second):
            case = done(party.post(f"/v1/disputes/{case['id']}/waive"))
        assert (case["state"], case["tier"], case["arbitrator"]) == ("arbitrating", 1, self.leader.id)
        return case

    def ruling(self, case: dict[str, Any], by: Person, **more: Any) -> httpx2.Response:
        body = {
            "outcome": "party",
            "owner": self.second.id,
            "facts": "接待记录早于报备",
            "reason": "首次接待在先",
            "follows_advice": False,
            **more,
        }
        return by.post(f"/v1/disputes/{case['id']}/ruling", body)

    def heard(self, case: dict[str, Any]) -> None:
        for party in (self.first, self.second):
            done(party.post(f"/v1/disputes/{case['id']}/heard"))

    def pass_to(self, instant: str) -> None:
        """Just past ``instant``, everything decided on the way."""
        self.company.advance(seconds=(moment(instant) - self.company.now()).total_seconds() + 1)

    def states(self) -> tuple[str, str]:
        """Of the holder's claim and of the refused one."""
        return read(self.first, self.held)["state"], read(self.second, self.refused)["state"]


@pytest.fixture
def case(company: Company) -> Case:
    return Case(company)


def test_opening_a_case_freezes_everything_it_is_about(case: Case) -> None:
    """DSP-01, DSP-03: both claims disputed, all clocks stand still, the owner serves, the holder stays the holder."""
    before = read(case.first, case.held)
    opened = case.open()
    assert (opened["state"], opened["number"], opened["served_by"]) == ("negotiating", 1, case.first.id)
    assert [(p["person"], p["role"]) for p in opened["parties"]] == [
        (case.second.id, "opener"),
        (case.first.id, "respondent"),
    ]
    assert case.states() == ("disputed", "disputed")
    held = read(case.first, case.held)
    assert held["owner"] == case.first.id
    assert held["dispute"] == opened["id"]
    assert held["deadline"] is None
    assert all(c["paused"] for c in held["clocks"])
    assert set(clocks(before)) == set(clocks(held))
    assert [kind for kind in notices(case.first) if kind.startswith("dispute.")] == ["dispute.opened"]


def test_acts_that_would_move_the_customer_are_blocked_meanwhile(case: Case) -> None:
    """DSP-03, CLM-30: transfer, release, a move of stage and the other party's work are refused `claim_disputed`."""
    case.open()
    blocked = (("release", {"reason": "lost"}), ("transfer", {"to": case.second.id}), ("stage", {"stage": "need"}))
    for command, body in blocked:
        refused(act(case.first, case.held, command, **body), 409, "claim_disputed")
    follow_up = act(case.second, case.refused, "follow-ups", kind="call", note="谈了户型和预算安排")
    refused(follow_up, 409, "claim_disputed")


def test_a_second_opener_joins_the_open_case(case: Case) -> None:
    """DSP-01: one case per program, customer and track; 200 for who joins."""
    opened = case.open()
    third = case.company.rep("丁", team=case.office.team)
    late = case.office.claim(third)
    answer = third.post("/v1/disputes", {"claim": late["id"], "grounds": "refused_report", "statement": "我也接待过"})
    assert answer.status_code == 200, answer.text
    joined = answer.json()
    assert joined["id"] == opened["id"]
    assert [p["role"] for p in joined["parties"]] == ["opener", "respondent", "joined"]
    assert read(third, late)["state"] == "disputed"


def test_a_case_needs_somebody_on_the_other_side(company: Company) -> None:
    """DSP-01: `party_missing`."""
    office = Office(company, policy=BY_PEOPLE)
    claim = office.claim(office.first)
    answer = office.first.post("/v1/disputes", {"claim": claim["id"], "grounds": "ownership", "statement": "?"})
    refused(answer, 422, "party_missing")
    assert read(office.first, claim)["state"] == "protected"


def test_the_time_to_contest_a_refusal_is_limited(case: Case) -> None:
    """DSP-02: `dispute.contest_wd` 5 working days."""
    case.company.shift(days=8)
    answer = case.second.post(
        "/v1/disputes", {"claim": case.refused["id"], "grounds": "refused_report", "statement": "我先接待的客户"}
    )
    refused(answer, 409, "dispute_too_late")


def test_a_withdrawn_case_leaves_everything_as_it_was(case: Case) -> None:
    """DSP-03, table 0.3: earlier states and remaining times come back unless another party carries on in time."""
    before = read(case.first, case.held)
    opened = case.open()
    case.company.shift(hours=5)
    withdrawn = done(case.second.post(f"/v1/disputes/{opened['id']}/withdraw", {"reason": "误会"}))
    assert withdrawn["state"] == "negotiating"
    assert "continue" in [w["window"] for w in withdrawn["windows"]]
    case.pass_to(next(w["deadline"] for w in withdrawn["windows"] if w["window"] == "continue"))
    ended = done(case.second.get(f"/v1/disputes/{opened['id']}"))
    assert ended["state"] == "withdrawn"
    assert case.states() == ("active", "rejected")
    after_it = read(case.first, case.held)
    stopped = moment(ended["ended_at"]) - moment(opened["opened_at"])
    assert moment(clocks(after_it)["no_deal"]) == moment(clocks(before)["no_deal"]) + stopped


def test_another_party_may_carry_the_case_on(case: Case) -> None:
    """Table 0.3: within `dispute.objection_wh`."""
    opened = case.open()
    done(case.second.post(f"/v1/disputes/{opened['id']}/withdraw", {}))
    refused(case.second.post(f"/v1/disputes/{opened['id']}/continue", {}), 403, "not_allowed")
    carried = done(case.first.post(f"/v1/disputes/{opened['id']}/continue", {}))
    assert "continue" not in [w["window"] for w in carried["windows"]]
    assert case.states() == ("disputed", "disputed")


def test_terms_accepted_by_all_take_effect_by_themselves(case: Case) -> None:
    """DSP-05, DSP-15: 让客: the customer goes to 乙, whose claim gets full clocks; 甲's is released as `ruled_out`."""
    opened = case.open()
    terms = {"outcome": "party", "owner": case.second.id}
    made = case.first.made(f"/v1/disputes/{opened['id']}/proposals", {"terms": terms, "text": "客户让给乙"})
    assert (made["n"], made["accepted_by"]) == (1, [case.first.id])
    wrong = {"digest": "0" * 64}
    refused(case.second.post(f"/v1/disputes/{opened['id']}/proposals/1/accept", wrong), 409, "terms_changed")
    settled = done(case.second.post(f"/v1/disputes/{opened['id']}/proposals/1/accept", {"digest": made["digest"]}))
    assert settled["state"] == "settled"
    winner, loser = read(case.second, case.refused), read(case.leader, case.held)
    assert (winner["state"], winner["owner"], winner["reason"]) == ("protected", case.second.id, None)
    assert set(clocks(winner)) == {"first_follow_up", "idle", "no_deal", "protection"}
    assert (loser["state"], loser["reason"], loser["owner"]) == ("released", "ruled_out", None)


def test_new_terms_void_the_consents_given(case: Case) -> None:
    """DSP-05: a replaced proposal cannot be accepted any more."""
    opened = case.open()
    path = f"/v1/disputes/{opened['id']}/proposals"
    old = case.first.made(path, {"terms": {"outcome": "no_change"}, "text": "维持"})
    case.second.made(path, {"terms": {"outcome": "pool"}, "text": "放回公海"})
    refused(case.second.post(f"{path}/1/accept", {"digest": old["digest"]}), 409, "terms_changed")
    listed = case.first.get(path).json()["items"]
    assert [(p["n"], p["state"]) for p in listed] == [(2, "open"), (1, "replaced")]


def test_a_negotiation_that_leads_nowhere_goes_to_the_common_leader(case: Case) -> None:
    """DSP-05, DSP-12: after `dispute.negotiation_wh` the lowest common superior has the case, with their windows."""
    opened = case.open()
    case.pass_to(opened["deadline"])
    found = done(case.leader.get(f"/v1/disputes/{opened['id']}"))
    assert (found["state"], found["tier"], found["arbitrator"]) == ("arbitrating", 1, case.leader.id)
    assert {w["window"] for w in found["windows"]} == {"tier", "evidence"}
    assert [task["kind"] for task in case.leader.get("/v1/me/tasks").json()["items"]] == ["arbitrate"]


def test_refusals_of_a_ruling_come_in_the_order_of_the_contract(case: Case) -> None:
    """DSP-10, DSP-14: `not_allowed`, then `hearing_open`, then `reason_required`."""
    found = case.to_arbitration()
    empty = {"reason": "", "facts": ""}
    refused(case.ruling(found, case.above, **empty), 403, "not_allowed")
    refused(case.ruling(found, case.leader, **empty), 409, "hearing_open")
    case.heard(found)
    refused(case.ruling(found, case.leader, **empty), 422, "reason_required")


def test_a_ruling_moves_the_owner_at_once_and_the_rest_when_it_is_final(case: Case) -> None:
    """DSP-14 to DSP-16: `arbitrated` until the time to appeal is over; then winner and loser end as table 0.2 says."""
    found = case.to_arbitration()
    case.heard(found)
    ruled = done(case.ruling(found, case.leader))
    assert ruled["state"] == "ruled"
    assert case.states() == ("arbitrated", "arbitrated")
    assert read(case.second, case.refused)["owner"] == case.second.id
    assert read(case.first, case.held)["owner"] is None
    case.pass_to(ruled["deadline"])
    final = done(case.leader.get(f"/v1/disputes/{found['id']}"))
    assert (final["state"], final["ended_at"]) == ("final", ruled["deadline"])
    winner, loser = read(case.second, case.refused), read(case.leader, case.held)
    assert (winner["state"], winner["owner"], winner["accepted_at"]) == ("protected", case.second.id, final["ended_at"])
    assert (loser["state"], loser["reason"], loser["ended_at"]) == ("released", "ruled_out", final["ended_at"])


def test_the_same_ruling_twice_counts_once_and_another_is_refused(case: Case) -> None:
    """DSP-14: `already_ruled`."""
    found = case.to_arbitration()
    case.heard(found)
    done(case.ruling(found, case.leader))
    again = done(case.ruling(found, case.leader))
    assert len(again["rulings"]) == 1
    refused(case.ruling(found, case.leader, owner=case.first.id), 409, "already_ruled")


def test_a_ruling_may_find_violations_of_parties(case: Case) -> None:
    """DSP-14: shown in the ruling, the person is told; nobody but parties can be named."""
    found = case.to_arbitration()
    case.heard(found)
    breach = {"person": case.first.id, "text": "跟进记录与通话记录不符"}
    stranger = {"person": case.above.id, "text": "?"}
    answer = case.ruling(found, case.leader, violations=[breach, stranger])
    refused(answer, 422, "field_invalid", "violations.1.person")
    ruled = done(case.ruling(found, case.leader, violations=[breach]))
    assert ruled["rulings"][0]["violations"] == [breach]
    assert done(case.second.get(f"/v1/disputes/{found['id']}"))["rulings"][0]["violations"] == [breach]
    assert "dispute.violation" in notices(case.first)
    assert "dispute.violation" not in notices(case.second)
    assert len(done(case.ruling(found, case.leader))["rulings"]) == 1


def test_a_holder_who_wins_goes_on_with_the_time_that_was_left(case: Case) -> None:
    """DSP-15: stopped time is given back; protection is at least `dispute.min_remaining_days` long."""
    before = read(case.first, case.held)
    found = case.to_arbitration()
    case.heard(found)
    ruled = done(case.ruling(found, case.leader, owner=case.first.id))
    case.pass_to(ruled["deadline"])
    final = done(case.leader.get(f"/v1/disputes/{found['id']}"))
    kept = read(case.first, case.held)
    assert kept["state"] == "active"
    stopped = moment(final["ended_at"]) - moment(found["opened_at"])
    for name in ("protection", "no_deal", "idle"):
        assert moment(clocks(kept)[name]) == moment(clocks(before)[name]) + stopped, name
    assert (read(case.second, case.refused)["state"], read(case.second, case.refused)["reason"]) == (
        "rejected",
        "ruled_out",
    )


def test_an_appeal_needs_new_evidence_and_goes_one_tier_up(case: Case) -> None:
    """DSP-16: once per party, to the tier above; the ruled owner serves on; the appeal ruling is final at once."""
    found = case.to_arbitration()
    case.heard(found)
    done(case.ruling(found, case.leader))
    path = f"/v1/disputes/{found['id']}"
    refused(case.first.post(f"{path}/appeal", {"reason": "不服", "evidence": []}), 422, "no_new_evidence")
    item = case.first.made(f"{path}/evidence", {"kind": "statement", "text": NEW_FACT})
    appealed = done(case.first.post(f"{path}/appeal", {"reason": "有新证据", "evidence": [item["id"]]}))
    assert (appealed["state"], appealed["tier"], appealed["arbitrator"]) == ("arbitrating", 2, case.above.id)
    assert case.states() == ("disputed", "disputed")
    assert read(case.second, case.refused)["owner"] == case.second.id
    refused(case.first.post(f"{path}/appeal", {"reason": "再来", "evidence": [item["id"]]}), 409, "appeal_used")
    case.heard(appealed)
    final = done(case.ruling(appealed, case.above, owner=case.first.id))
    assert final["state"] == "final"
    assert case.states() == ("active", "rejected")
    refused(case.second.post(f"{path}/appeal", {"reason": "不服", "evidence": [item["id"]]}), 409, "appeal_final")


def test_a_missed_limit_escalates_and_the_top_tier_is_never_decided_by_time(case: Case) -> None:
    """DSP-12: 张主管 misses the limit, then the director; the panel is empty, so the director's tier is the last."""
    found = case.to_arbitration()
    tier = next(w["deadline"] for w in found["windows"] if w["window"] == "tier")
    case.pass_to(tier)
    second = done(case.leader.get(f"/v1/disputes/{found['id']}"))
    assert (second["tier"], second["arbitrator"]) == (2, case.above.id)
    for _ in range(3):
        case.pass_to(next(w["deadline"] for w in second["windows"] if w["window"] == "tier"))
        second = done(case.leader.get(f"/v1/disputes/{found['id']}"))
        assert (second["state"], second["tier"], second["arbitrator"]) == ("arbitrating", 2, case.above.id)


def test_a_case_without_ground_is_dismissed_by_oversight(case: Case) -> None:
    """DSP-14: everything is as it was; a party has no such right (PPL-07)."""
    opened = case.open()
    path = f"/v1/disputes/{opened['id']}/dismiss"
    refused(case.first.post(path, {"reason": "没有依据"}), 403, "not_allowed")
    refused(case.company.admin.post(path, {"reason": " "}), 422, "reason_required")
    dismissed = done(case.company.admin.post(path, {"reason": "没有依据"}))
    assert dismissed["state"] == "dismissed"
    assert case.states() == ("active", "rejected")


def test_an_outsider_sees_no_case(case: Case) -> None:
    """DSP-06: 404, the same as for a case that is not there."""
    opened = case.open()
    outsider = case.office.outsider()
    for path in ("", "/timeline", "/evidence", "/proposals"):
        refused(outsider.get(f"/v1/disputes/{opened['id']}{path}"), 404, "not_found")
    assert outsider.get("/v1/disputes").json()["items"] == []


def test_the_customer_can_be_reported_again_after_a_pool_outcome(case: Case) -> None:
    """DSP-14: `pool`: who held is released as `to_pool`, the other as ruled out; the customer is free."""
    found = case.to_arbitration()
    case.heard(found)
    ruled = done(case.ruling(found, case.leader, outcome="pool", owner=None))
    case.pass_to(ruled["deadline"])
    held = read(case.leader, case.held)
    assert (held["state"], held["reason"]) == ("released", "to_pool")
    third = case.company.rep("丁", team=case.office.team)
    assert case.office.claim(third, customer=person_customer())["state"] == "protected"


def test_an_arbitrator_who_leads_only_some_of_the_parties_hands_the_case_over(case: Case) -> None:
    """DSP-13: a rep of another team joins while 张主管 has the case; the director above both goes on with it."""
    other = case.company.team("三组")
    case.company.leader(other, "钱主管")
    third = case.company.rep("丁", team=other)
    found = case.to_arbitration()
    late = case.office.claim(third)
    body = {"claim": late["id"], "grounds": "refused_report", "statement": "我也接待过"}
    joined = done(third.post("/v1/disputes", body))
    assert (joined["id"], joined["tier"], joined["arbitrator"]) == (found["id"], 1, case.above.id)
    tier = [w for w in found["windows"] if w["window"] == "tier"]
    assert [w for w in joined["windows"] if w["window"] == "tier"] == tier
    refused(case.ruling(found, case.leader), 403, "not_allowed")


def test_content_is_refused_before_the_state_and_rights_before_both(case: Case) -> None:
    """Contract section 1: 403, then 422, then 409; and naming the same mediator twice counts once."""
    opened = case.open()
    path = f"/v1/disputes/{opened['id']}"
    done(case.above.post(f"{path}/mediator", {"person": case.leader.id}))
    done(case.above.post(f"{path}/mediator", {"person": case.leader.id}))
    done(case.company.admin.post(f"{path}/dismiss", {"reason": "没有依据"}))
    refused(case.first.post(f"{path}/mediator", {"person": case.leader.id}), 403, "not_allowed")
    stranger = {"outcome": "party", "owner": case.leader.id}
    refused(case.first.post(f"{path}/proposals", {"terms": stranger, "text": "?"}), 422, "field_invalid", "owner")
    fair = {"outcome": "pool"}
    refused(case.first.post(f"{path}/proposals", {"terms": fair, "text": "?"}), 409, "illegal_transition")
