"""The judgement list (判客): who decides, in which order, and by when (CLM-03, CLM-04, CLM-05)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    FRIDAY,
    Office,
    act,
    after,
    clock,
    clocks,
    decide,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    tasks,
    timeline,
    work,
)

MANUAL = {"claim.judgement_mode": "manual"}


def test_an_accepted_report_holds_from_the_decision_on_and_keeps_its_receipt(company: Company) -> None:
    """CLM-04, POL-02: clocks run from acceptance; the task is closed, the reporter told, the judge named."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    assert (claim["state"], claim["owner"], claim["accepted_at"]) == ("reported", None, None)
    assert tasks(office.leader) == [("judge", claim["id"])]
    assert "claim.received" in notices(office.leader, claim)
    company.advance(hours=3)
    accepted = done(act(office.leader, claim, "accept"))
    assert (accepted["state"], accepted["owner"]) == ("protected", office.first.id)
    assert accepted["received_at"] == claim["received_at"]
    assert moment(accepted["accepted_at"]) >= after(claim["received_at"], hours=3)
    assert moment(clocks(accepted)["idle"] or "") == after(accepted["accepted_at"], days=60)
    assert "approval" not in clocks(accepted)
    assert entry(office.first, claim, "accepted")["actor"] == office.leader.id
    assert tasks(office.leader) == []
    assert notices(office.first, claim) == ["claim.accepted"]


def test_a_rejected_report_ends_with_the_judges_reason(company: Company) -> None:
    """CLM-04: reason `judged` and the words of the judge; without a reason nothing is decided."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    assert act(office.leader, claim, "reject").status_code == 422
    assert act(office.leader, claim, "reject", reason="  ").status_code == 422
    rejected = done(act(office.leader, claim, "reject", reason="客户明确表示未联系过"))
    assert (rejected["state"], rejected["reason"]) == ("rejected", "judged")
    assert (rejected["reason_text"], rejected["owner"], rejected["clocks"]) == ("客户明确表示未联系过", None, [])
    assert moves(office.first, claim)[-1] == ("rejected", "reported", "rejected")
    assert notices(office.first, claim) == ["claim.rejected"]
    assert tasks(office.leader) == []


def test_the_reporter_never_judges_even_as_the_leader(company: Company) -> None:
    """CLM-04: `recusal_required`; a leader's own report is judged by the next one above, here the oversight."""
    office = Office(company, policy=MANUAL)
    company.admin.made(f"/v1/people/{office.leader.id}/grants", {"role": "rep", "scope": {"kind": "own"}})
    claim = office.claim(office.leader)
    for command in ("accept", "reject", "send_back"):
        problem = refused(act(office.leader, claim, command, reason="我自己"), 403, "recusal_required")
        assert problem["rule"] == "CLM-04"
    assert tasks(office.leader) == []
    assert tasks(company.admin) == [("judge", claim["id"])]
    assert done(act(company.admin, claim, "accept"))["owner"] == office.leader.id


def test_whoever_gains_by_the_decision_does_not_judge(company: Company) -> None:
    """CLM-04: a leader who has reported the same customer too leaves both to the next one above."""
    office = Office(company, policy=MANUAL)
    company.admin.made(f"/v1/people/{office.leader.id}/grants", {"role": "rep", "scope": {"kind": "own"}})
    claim = office.claim(office.first)
    office.claim(office.leader)
    problem = refused(act(office.leader, claim, "reject", reason="我先到"), 403, "recusal_required")
    assert problem["rule"] == "CLM-04"
    assert "reject" not in read(office.leader, claim)["allowed"]
    assert done(act(company.admin, claim, "accept"))["owner"] == office.first.id


def test_only_the_supervisor_or_a_manager_in_scope_judges(company: Company) -> None:
    """Contract section 9: readers without that right get 403, others 404."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    refused(act(office.finance(), claim, "accept"), 403, "not_allowed")
    refused(act(office.second, claim, "accept"), 404, "not_found")
    assert "accept" in read(office.leader, claim)["allowed"]
    manager = office.manager()
    assert done(act(manager, claim, "accept"))["state"] == "protected"


def test_the_approval_clock_counts_working_hours_and_moves_one_supervisor_up(company: Company) -> None:
    """CLM-04: reported Friday 15:00, 48 wh end on Tuesday 15:00; then the next supervisor has as long again."""
    office = Office(company, opened=FRIDAY, policy=MANUAL)
    claim = office.claim(office.first)
    # Friday 15:00 + 9 h of Friday, no hour of the weekend, 24 h of Monday, 15 h of Tuesday = 4 days later.
    assert moment(clock(claim, "approval")["deadline"]) == after(claim["received_at"], days=4)
    assert claim["deadline"] == clock(claim, "approval")["deadline"]
    assert clock(claim, "approval")["rule"] == "claim.approval_wh"
    company.advance(days=4, hours=1)
    late = read(office.first, claim)
    assert (late["state"], late["received_at"]) == ("reported", claim["received_at"])
    # From Tuesday 15:00 two working days on: Thursday 15:00.
    assert moment(clock(late, "approval")["deadline"]) == after(claim["received_at"], days=6)
    assert tasks(office.leader) == []
    assert tasks(company.admin) == [("judge", claim["id"])]
    assert done(act(company.admin, claim, "accept"))["state"] == "protected"


def test_the_approval_limit_is_the_policys_and_zero_is_no_limit(company: Company) -> None:
    """CLM-04: `claim.approval_wh` 24 and 0."""
    office = Office(company, policy=MANUAL | {"claim.approval_wh": 24})
    claim = office.claim(office.first)
    assert moment(clock(claim, "approval")["deadline"]) == after(claim["received_at"], days=1)
    endless = company.program("Endless", policy=MANUAL | {"claim.approval_wh": 0})
    other = office.first.made("/v1/claims", {"program": endless, "customer": person_customer()})
    assert (other["state"], other["deadline"], other["clocks"]) == ("reported", None, [])
    company.advance(days=30)
    assert ("judge", other["id"]) in tasks(office.leader)


def two_reports(office: Office) -> tuple[dict[str, Any], dict[str, Any]]:
    first, second = office.claim(office.first), office.claim(office.second)
    assert (first["state"], second["state"]) == ("reported", "reported")
    return first, second


def test_a_later_report_cannot_be_accepted_before_the_earlier_one_is_decided(company: Company) -> None:
    """CLM-04, CLM-05: `illegal_transition` names the earlier one; the state is unchanged."""
    office = Office(company, policy=MANUAL)
    first, second = two_reports(office)
    problem = refused(act(office.leader, second, "accept"), 409, "illegal_transition")
    assert problem["facts"]["earlier"] == first["id"]
    assert (problem["rule"], problem["current_state"]) == ("CLM-04", "reported")
    assert "accept" not in (problem["allowed"] or [])
    assert "accept" not in read(office.leader, second)["allowed"]
    assert read(office.second, second)["state"] == "reported"


def test_the_earliest_valid_report_wins_and_those_behind_collide(company: Company) -> None:
    """CLM-05: the first is accepted, the second ends `rejected` as `customer_owned` in the same moment."""
    office = Office(company, policy=MANUAL)
    first, second = two_reports(office)
    accepted = done(act(office.leader, first, "accept"))
    lost = read(office.second, second)
    assert (lost["state"], lost["reason"]) == ("rejected", "customer_owned")
    assert lost["ended_at"] == accepted["accepted_at"]
    assert "claim.rejected" in notices(office.second, second)
    assert entry(office.first, first, "attempt")["actor"] == office.second.id


def test_a_rejection_or_withdrawal_lets_the_next_one_up(company: Company) -> None:
    """CLM-05: the second can be accepted once the first is out, with its own report time."""
    office = Office(company, policy=MANUAL)
    first, second = two_reports(office)
    done(act(office.leader, first, "reject", reason="资料不实"))
    assert ("judge", second["id"]) in tasks(office.leader)
    third = office.claim(office.outsider())
    withdrawn = done(act(office.second, second, "withdraw"))
    assert withdrawn["state"] == "withdrawn"
    assert done(act(company.admin, third, "accept"))["state"] == "protected"


def test_a_clear_report_waits_behind_one_that_a_judge_must_decide(company: Company) -> None:
    """CLM-05, contract section 5: 201 `reported` although nothing is wrong with it; decided with the first one."""
    office = Office(company, policy={"claim.on_possible": "judge"})
    code, phone = "91350100M000100Y43", "13812345678"
    office.claim(office.first, customer={"kind": "company", "name": "甲子贸易有限公司", "phone": phone})
    unclear = {"kind": "company", "name": "长江物流有限公司", "company_code": code, "phone": phone}
    first = office.claim(office.first, customer=unclear)
    second = office.claim(office.second, customer={"kind": "company", "name": "长江物流有限公司", "company_code": code})
    assert (first["state"], second["state"]) == ("reported", "reported")
    done(act(office.first, first, "withdraw"))
    assert read(office.second, second)["state"] == "protected"


def test_a_report_sent_back_and_corrected_in_time_keeps_its_place(company: Company) -> None:
    """CLM-05: 24 wh by default; meanwhile nobody behind it is accepted, and it goes back to the list."""
    office = Office(company, policy=MANUAL)
    first, second = two_reports(office)
    assert act(office.leader, first, "send_back").status_code == 422
    back = done(act(office.leader, first, "send_back", reason="请补充需求"))
    assert (back["state"], back["clocks"]) == ("reported", [])
    assert "claim.sent_back" in notices(office.first, first)
    assert ("judge", first["id"]) not in tasks(office.leader)
    company.advance(hours=23)
    refused(act(office.leader, second, "accept"), 409, "illegal_transition")
    corrected = done(
        office.first.patch(f"/v1/claims/{first['id']}", {"version": back["version"], "need": "两房，总价三百万"})
    )
    assert (corrected["state"], corrected["received_at"]) == ("reported", first["received_at"])
    assert ("judge", first["id"]) in tasks(office.leader)
    done(act(office.leader, first, "accept"))
    assert read(office.second, second)["reason"] == "customer_owned"
    kinds = [m[0] for m in moves(office.first, first)]
    assert kinds[:3] == ["received", "sent_back", "corrected"]


def test_a_report_corrected_too_late_counts_from_its_correction(company: Company) -> None:
    """CLM-05: the second one is before it then, and is named as the earlier one."""
    office = Office(company, policy=MANUAL)
    first, second = two_reports(office)
    back = done(act(office.leader, first, "send_back", reason="请补充需求"))
    company.advance(hours=25)
    assert ("judge", second["id"]) in tasks(office.leader)
    late = done(office.first.patch(f"/v1/claims/{first['id']}", {"version": back["version"], "need": "两房"}))
    assert late["state"] == "reported"
    problem = refused(act(office.leader, first, "accept"), 409, "illegal_transition")
    assert problem["facts"]["earlier"] == second["id"]
    done(act(office.leader, second, "accept"))
    assert read(office.first, first)["reason"] == "customer_owned"


def test_the_correction_time_is_the_policys(company: Company) -> None:
    """CLM-05: `claim.correction_wh` 48, over a weekend: sent back Friday 15:00, in time until Tuesday 15:00."""
    office = Office(company, opened=FRIDAY, policy=MANUAL | {"claim.correction_wh": 48})
    first, second = two_reports(office)
    back = done(act(office.leader, first, "send_back", reason="请补充"))
    company.advance(days=3, hours=23)
    done(office.first.patch(f"/v1/claims/{first['id']}", {"version": back["version"], "need": "两房"}))
    done(act(office.leader, first, "accept"))
    assert read(office.second, second)["reason"] == "customer_owned"


def test_what_is_decided_is_not_judged_again(company: Company) -> None:
    """CLM-01: `illegal_transition` with the present state and what it allows; nothing changes."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "accept"))
    history = moves(office.first, claim)
    for command in ("accept", "reject", "send_back"):
        problem = refused(act(office.leader, claim, command, reason="再看"), 409, "illegal_transition")
        assert (problem["rule"], problem["current_state"]) == ("CLM-01", "protected")
        assert command not in problem["allowed"]
    refused(act(office.first, claim, "withdraw"), 409, "illegal_transition")
    assert moves(office.first, claim) == history


def test_only_the_reporter_withdraws_and_only_before_a_decision(company: Company) -> None:
    """Table 0.2: afterwards nothing moves it any more."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    refused(act(office.leader, claim, "withdraw"), 403, "not_allowed")
    withdrawn = done(act(office.first, claim, "withdraw", reason="客户不买了"))
    assert (withdrawn["state"], withdrawn["owner"], withdrawn["clocks"]) == ("withdrawn", None, [])
    assert withdrawn["reason_text"] == "客户不买了"
    assert moves(office.first, claim)[-1] == ("withdrawn", "reported", "withdrawn")
    assert tasks(office.leader) == []
    problem = refused(act(office.first, claim, "withdraw"), 409, "illegal_transition")
    assert problem["current_state"] == "withdrawn"
    refused(act(office.leader, claim, "accept"), 409, "illegal_transition")
    refused(act(office.first, claim, "follow-ups", kind="call", note="再联系一次客户看看"), 409, "illegal_transition")
    # Withdrawn is no open claim: a new report is a new claim.
    assert office.claim(office.first)["id"] != claim["id"]


def test_work_on_an_undecided_report_is_kept_and_counts_for_nothing(company: Company) -> None:
    """Contract section 5: in `reported` 201 with `qualified: false`."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    entered = work(office.first, claim, "visit")
    assert (entered["qualified"], entered["state"]) == (False, "reported")
    accepted = done(act(office.leader, claim, "accept"))
    assert accepted["state"] == "protected"
    assert "first_follow_up" in clocks(accepted)


def test_a_judge_in_charge_reads_what_they_judge(company: Company) -> None:
    """CLM-04, contract section 9: the supervisor sees the report beside its matches, a colleague does not."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    assert read(office.leader, claim)["allowed"] == ["accept", "reject", "send_back"]
    refused(office.second.get(f"/v1/claims/{claim['id']}"), 404, "not_found")


def test_an_acceptance_in_manual_mode_names_the_policy_version_in_force_then(company: Company) -> None:
    """POL-02: acceptance is the governing event of clocks; the report came in under version 1."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    assert claim["policy_version"] == 1
    _new_version(company, office.program, {"claim.idle_days": 10})
    accepted = done(act(office.leader, claim, "accept"))
    assert accepted["policy_version"] == 2
    assert moment(clocks(accepted)["idle"] or "") == after(accepted["accepted_at"], days=10)


def _new_version(company: Company, program: str, parameters: dict[str, Any]) -> None:
    second: Person = company.person("规则员", roles=("policy_admin",), company_wide=True)
    made = company.admin.made(f"/v1/programs/{program}/policies", {"reason": "新版", "parameters": parameters})
    done(second.post(f"/v1/policies/{made['id']}/review"))
    done(second.post(f"/v1/policies/{made['id']}/approve"))
    done(second.post(f"/v1/policies/{made['id']}/activate"))


def test_a_request_of_a_stranger_is_not_found(company: Company) -> None:
    """PPL-02: the same answer for a request that is not there and one the caller cannot see."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "extend", reason="客户出差"))["requests"][0]
    refused(decide(office.outsider(), request), 404, "not_found")
    refused(decide(office.leader, {"id": claim["id"]}), 404, "not_found")


def test_a_report_sent_back_may_still_be_accepted_and_says_so(company: Company) -> None:
    """CLM-04, contract section 5 `allowed`: what the judge may do now, and is then done."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    sent_back = done(act(office.leader, claim, "send_back", reason="补充需求"))
    assert set(sent_back["allowed"]) == {"accept", "reject"}
    refused(act(office.leader, claim, "send_back", reason="再补"), 409, "illegal_transition")
    assert done(act(office.leader, claim, "accept"))["state"] == "protected"


def test_the_next_supervisor_judges_what_a_judge_who_left_had(company: Company) -> None:
    """CLM-04, PPL-06: at once, in the time that is left; the report time stays."""
    office = Office(company, policy=MANUAL)
    claim = office.claim(office.first)
    approval = clock(claim, "approval")
    company.advance(hours=2)
    done(company.admin.post(f"/v1/people/{office.leader.id}/leave"))
    company.spread()
    assert ("judge", claim["id"]) in tasks(company.admin)
    assert "claim.received" in notices(company.admin, claim)
    now = read(company.admin, claim)
    assert (now["state"], now["received_at"]) == ("reported", claim["received_at"])
    assert clock(now, "approval")["deadline"] == approval["deadline"]
    assert entry(company.admin, claim, "judge_left")["data"] == {"by": company.admin.id}
    assert done(act(company.admin, claim, "accept"))["state"] == "protected"
    assert tasks(company.admin) == []


def test_the_next_supervisor_decides_what_was_asked_of_one_who_left(company: Company) -> None:
    """PPL-06: an extension that waits for a leaver is put to the next one, until the same instant."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "extend", reason="客户出差"))["requests"][0]
    assert request["waiting_for"] == [office.leader.id]
    company.advance(hours=2)
    done(company.admin.post(f"/v1/people/{office.leader.id}/leave"))
    company.spread()
    (now,) = read(office.first, claim)["requests"]
    assert (now["id"], now["waiting_for"]) == (request["id"], [company.admin.id])
    assert now["decide_by"] == request["decide_by"]
    assert tasks(company.admin) == [("request.extension", request["id"])]
    done(decide(company.admin, request))
    assert tasks(company.admin) == []


def test_judges_who_leave_one_after_the_other_are_passed_over(company: Company) -> None:
    """CLM-04, PPL-06: it ends with somebody who is there, each step told once."""
    office = Office(company, policy=MANUAL)
    above = company.leader(company.root, "总监")
    claim = office.claim(office.first)
    for person in (office.leader, above):
        done(company.admin.post(f"/v1/people/{person.id}/leave"))
    company.spread()
    company.advance(hours=1)
    told = [e["data"]["by"] for e in timeline(company.admin, claim) if e["kind"] == "judge_left"]
    assert told in ([company.admin.id], [above.id, company.admin.id])
    assert [t for t in tasks(company.admin) if t[0] == "judge"] == [("judge", claim["id"])]
