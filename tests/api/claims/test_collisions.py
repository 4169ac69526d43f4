"""Reports on a customer somebody holds (撞单): CLM-11, CLM-27, TER-01, CUS-09, DSP-19."""

from __future__ import annotations

import uuid

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
    customer,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    timeline,
    work,
)


def test_a_report_on_an_owned_customer_is_received_and_refused(company: Company) -> None:
    """CLM-27: 201 with a receipt, state and reason; it holds nothing and has no clock."""
    office = Office(company)
    held = office.claim(office.first)
    lost = office.claim(office.second)
    assert (lost["state"], lost["reason"], lost["owner"]) == ("rejected", "customer_owned", None)
    assert lost["receipt"] > held["receipt"]
    assert (lost["clocks"], lost["deadline"], lost["accepted_at"]) == ([], None, None)
    assert lost["ended_at"] == lost["received_at"]
    assert moves(office.second, lost) == [("received", None, "reported"), ("rejected", "reported", "rejected")]
    assert entry(office.second, lost, "rejected")["reason"] == "customer_owned"
    assert notices(office.second, lost) == ["claim.rejected"]


def test_the_owners_claim_is_untouched_but_its_history_keeps_the_attempt(company: Company) -> None:
    """CLM-11, DSP-19: kind `attempt` without a change of state, by whom and with which report."""
    office = Office(company)
    held = office.claim(office.first)
    lost = office.claim(office.second)
    attempt = entry(office.first, held, "attempt")
    assert (attempt["from"], attempt["to"], attempt["actor"]) == (None, None, office.second.id)
    assert lost["id"] in attempt["data"].values()
    present = read(office.first, held)
    assert (present["state"], clocks(present), present["version"]) == ("protected", clocks(held), held["version"])


def test_somebody_elses_customer_takes_no_follow_up(company: Company) -> None:
    """Contract section 5, CLM-15: 409 where one sees the claim, 404 where not; DSP-19 keeps the attempt."""
    office = Office(company)
    held = office.claim(office.first)
    refused(act(office.second, held, "follow-ups", kind="call", note=NOTE), 404, "not_found")
    manager = company.person("经理", roles=("manager",), company_wide=True)
    refused(act(manager, held, "follow-ups", kind="call", note=NOTE), 403, "not_allowed")
    company.admin.made(f"/v1/people/{manager.id}/grants", {"role": "rep", "scope": {"kind": "own"}})
    problem = refused(act(manager, held, "follow-ups", kind="call", note=NOTE), 409, "customer_owned")
    assert (problem["rule"], problem["current_state"]) == ("CLM-15", "protected")
    assert read(office.first, held)["state"] == "protected"
    assert office.first.get(f"/v1/claims/{held['id']}/follow-ups").json()["items"] == []
    assert entry(office.first, held, "attempt")["actor"] == manager.id


def test_ones_own_rejected_report_takes_no_work_while_somebody_holds(company: Company) -> None:
    """Contract section 5: `customer_owned` then, `illegal_transition` once nobody holds any more."""
    office = Office(company)
    held = office.claim(office.first)
    lost = office.claim(office.second)
    refused(act(office.second, lost, "follow-ups", kind="call", note=NOTE), 409, "customer_owned")
    done(act(office.first, held, "release", reason="need_unmet"))
    problem = refused(act(office.second, lost, "follow-ups", kind="call", note=NOTE), 409, "illegal_transition")
    assert problem["current_state"] == "rejected"


def test_a_report_rejected_as_owned_may_be_sent_again_and_is_decided_anew(company: Company) -> None:
    """Contract section 5, CLM-26: as often as one likes, with the same facts; each is a claim of its own."""
    office = Office(company, policy={"claim.resubmit_max": 0})
    held = office.claim(office.first)
    tries = [office.claim(office.second) for _ in range(3)]
    assert len({t["id"] for t in tries}) == 3
    assert {t["reason"] for t in tries} == {"customer_owned"}
    done(act(office.first, held, "release", reason="need_unmet"))
    again = office.claim(office.second)
    assert (again["state"], again["owner"]) == ("protected", office.second.id)


def test_who_learns_the_owners_name_is_the_policys_and_brokers_never_do(company: Company) -> None:
    """CUS-09, contract section 5 `conflict`."""
    office = Office(company)
    partner, outsider = company.person("经纪人", team=office.team, roles=("broker",)), office.outsider()
    for shown, to_colleague, to_outsider in (("team", "甲", None), ("program", "甲", "甲"), ("hidden", None, None)):
        office.program = company.program(shown, policy={"visibility.owner_name": shown})
        held = office.claim(office.first)
        assert held["conflict"] is None
        for reporter, name in ((office.second, to_colleague), (outsider, to_outsider), (partner, None)):
            assert office.claim(reporter)["conflict"] == {"owner_name": name, "end_date": None}, shown


def test_the_end_date_is_told_only_where_the_policy_reveals_it(company: Company) -> None:
    """CLM-27: `collision.reveal` end_date; the day in the program's zone of the owner's earliest deadline."""
    policy = {"collision.reveal": "end_date", "claim.first_follow_up_wh": 0, "claim.idle_days": 0}
    # 23:30 of 2031-03-03 in Shanghai; protection ends 90 days later, on 2031-06-01 at 23:30.
    office = Office(company, opened="2031-03-03T15:30:00Z", policy=policy)
    office.claim(office.first)
    assert office.claim(office.second)["conflict"]["end_date"] == "2031-06-01"


def test_two_who_report_at_the_same_time_are_one_owner_and_one_refusal(company: Company) -> None:
    """TER-01: simultaneous reports; exactly one holds, all are answered."""
    office = Office(company)
    reps = [office.first, office.second, *(company.rep(f"丁{n}", team=office.team) for n in range(2))]
    body = {"program": office.program, "customer": person_customer()}
    answers = company.together(
        *(company.acall("POST", "/v1/claims", token=r.token, key=str(uuid.uuid4()), json=body) for r in reps)
    )
    assert [a.status_code for a in answers] == [201] * len(reps)
    states = sorted((a.json()["state"], a.json()["reason"]) for a in answers if a.json()["state"] != "protected")
    assert states == [("rejected", "customer_owned")] * (len(reps) - 1)
    receipts = {a.json()["receipt"]: a.json()["state"] for a in answers}
    assert receipts[min(receipts)] == "protected"


def test_a_customer_that_came_free_is_for_the_next_reporter(company: Company) -> None:
    """CLM-26: others may at once, whether it lapsed or was released."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT20S"})
    lapsed = office.claim(office.first)
    company.advance(minutes=1)
    assert read(office.first, lapsed)["state"] == "lapsed"
    second = office.claim(office.second)
    assert second["owner"] == office.second.id
    done(act(office.second, second, "release", reason="lost"))
    third = office.outsider()
    assert office.claim(third)["owner"] == third.id


def test_the_owner_learns_nothing_of_the_rivals_report_and_the_rival_nothing_of_the_owners(company: Company) -> None:
    """PPL-02: both ends of a collision stay unseen to the other."""
    office = Office(company)
    held = office.claim(office.first)
    lost = office.claim(office.second)
    refused(office.second.get(f"/v1/claims/{held['id']}"), 404, "not_found")
    refused(office.first.get(f"/v1/claims/{lost['id']}"), 404, "not_found")
    assert held["id"] not in str(lost)
    assert held["id"] not in str(timeline(office.second, lost))


# --- the queue (排队) ----------------------------------------------------------------------------------------------

QUEUE = {"claim.on_collision": "queue", "claim.queue_max": 2, "claim.queue_days": 5}


def queued(office: Office, reps: list[Person]) -> list[dict[str, object]]:
    return [office.claim(rep) for rep in reps]


def test_a_queued_report_waits_in_its_place_until_its_limit(company: Company) -> None:
    """CLM-27: 201 `reported` with `queue_position`; `claim.queue_days` later it lapses as `queue_end`."""
    office = Office(company, policy=QUEUE | {"claim.idle_days": 0, "claim.first_follow_up_wh": 0})
    office.claim(office.first)
    first, second = queued(office, [office.second, office.outsider()])
    assert (first["state"], first["queue_position"]) == ("reported", 1)
    assert (second["state"], second["queue_position"]) == ("reported", 2)
    assert moment(clock(first, "queue")["deadline"]) == after(str(first["received_at"]), days=5)
    full = office.claim(company.rep("丁"))
    assert (full["state"], full["reason"], full["queue_position"]) == ("rejected", "queue_full", None)
    # A collision tells nobody the name that belongs to a number.
    assert [claim["customer"]["name"] for claim in (first, second, full)] == ["王*"] * 3
    company.advance(days=6)
    ended = read(office.second, first)
    assert (ended["state"], ended["reason"]) == ("lapsed", "queue_end")
    assert moment(ended["ended_at"]) == after(str(first["received_at"]), days=5)


def test_the_first_in_the_queue_gets_a_customer_that_comes_free(company: Company) -> None:
    """CLM-27: before any pool; the others move up and wait on."""
    office = Office(company, policy=QUEUE)
    held = office.claim(office.first)
    third = office.outsider()
    first, second = queued(office, [office.second, third])
    done(act(office.first, held, "release", reason="need_unmet"))
    accepted = read(office.second, first)
    assert (accepted["state"], accepted["owner"]) == ("protected", office.second.id)
    waiting = read(third, second)
    assert (waiting["state"], waiting["queue_position"]) == ("reported", 1)


def test_a_lapse_at_the_deadline_hands_the_customer_to_the_queue(company: Company) -> None:
    """CLM-27, CLM-19: accepted at the instant of the lapse, however late the engine decides."""
    office = Office(company, policy=QUEUE | {"claim.first_follow_up_wh": "PT1H"})
    held = office.claim(office.first)
    (first,) = queued(office, [office.second])
    company.advance(hours=5)
    assert read(office.first, held)["state"] == "lapsed"
    accepted = entry(office.second, first, "accepted")
    assert (accepted["at"], read(office.second, first)["accepted_at"]) == (held["deadline"], held["deadline"])


def test_a_queued_reporter_may_withdraw_and_the_next_moves_up(company: Company) -> None:
    """CLM-27, table 0.2."""
    office = Office(company, policy=QUEUE)
    office.claim(office.first)
    third = office.outsider()
    first, second = queued(office, [office.second, third])
    assert done(act(office.second, first, "withdraw"))["state"] == "withdrawn"
    assert read(third, second)["queue_position"] == 1


def test_the_queue_has_its_turn_when_a_grace_period_ends_without_a_rescue(company: Company) -> None:
    """CLM-20, CLM-27: in grace the customer is the former owner's; then the first in the queue's, before any pool."""
    policy = QUEUE | {"claim.first_follow_up_wh": "PT1H", "claim.grace_days": 2}
    office = Office(company, policy=policy)
    held = office.claim(office.first)
    (first,) = queued(office, [office.second])
    company.advance(hours=5)
    assert read(office.first, held)["state"] == "lapsed"
    assert read(office.second, first)["state"] == "reported"
    company.advance(days=2)
    accepted = entry(office.second, first, "accepted")
    assert moment(accepted["at"]) == after(held["deadline"], days=2)
    assert accepted["data"]["owner"] == office.second.id


def test_a_queued_report_is_somebodys_open_business(company: Company) -> None:
    """CLM-25, contract section 5: it counts for the cap, and sent again it is given back unchanged."""
    office = Office(company, policy=QUEUE | {"claim.cap_person": 1})
    office.claim(office.first)
    (first,) = queued(office, [office.second])
    again = office.report(office.second)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    refused(office.report(office.second, customer=customer(9)), 409, "claim_cap")


def test_what_a_judge_accepts_sends_those_behind_it_to_the_queue(company: Company) -> None:
    """CLM-05, CLM-27: they waited for the earlier one, now for its customer; when it is free a judge decides again."""
    office = Office(company, policy=QUEUE | {"claim.judgement_mode": "manual"})
    first, second = office.claim(office.first), office.claim(office.second)
    done(act(office.leader, first, "accept"))
    assert read(office.second, second)["queue_position"] == 1
    done(act(office.first, first, "release", reason="need_unmet"))
    listed = read(office.second, second)
    assert (listed["state"], listed["queue_position"], set(clocks(listed))) == ("reported", None, {"approval"})
    assert done(act(office.leader, second, "accept"))["owner"] == office.second.id


# --- alerts --------------------------------------------------------------------------------------------------------


def test_both_supervisors_are_told_of_attempts_once_per_pair_and_window(company: Company) -> None:
    """DSP-19: one alert per pair and customer in `conflict.window_days` (7), to both people's supervisors."""
    office = Office(company)
    elsewhere = company.team("二组")
    other_leader = company.leader(elsewhere, "李主管")
    rival = company.rep("丙", team=elsewhere)
    held = office.claim(office.first)
    for _ in range(2):
        office.claim(rival)
    assert notices(office.leader).count("claim.attempt") == 1
    assert notices(other_leader).count("claim.attempt") == 1
    assert "claim.attempt" not in notices(office.first)
    work(office.first, held)
    company.advance(days=8)
    office.claim(rival)
    assert notices(office.leader).count("claim.attempt") == 2
    office.claim(rival, customer=customer(9))
    assert notices(office.leader).count("claim.attempt") == 2
