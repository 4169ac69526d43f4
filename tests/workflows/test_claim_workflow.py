"""A claim as a durable workflow on the real engine: its history, its end, its state for an operator (AUD-07)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from tests.support.company import person_customer
from tests.support.live import LiveCompany
from tests.support.office import moment
from tests.support.waiting import eventually


def kinds(live: LiveCompany, stream: str, kind: str = "claim") -> list[str]:
    """The event types of the present run of a claim or case."""
    history = live.worker.run(live.handle(stream, kind).fetch_history())
    return [EventType.Name(e.event_type).removeprefix("EVENT_TYPE_") for e in history.events]


def ended(live: LiveCompany, stream: str, kind: str = "claim", *, limit_s: float = 30) -> bool:
    """Whether the workflow of a claim or case completes within the limit."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        described = live.worker.run(live.handle(stream, kind).describe())
        if described.status is WorkflowExecutionStatus.COMPLETED:
            return True
        time.sleep(0.05)
    return False


def armed_again(live: LiveCompany, stream: str, *, limit_s: float = 20) -> bool:
    """Whether a claim's first timer is replaced within the limit: its bell has been served, later ones ring nobody."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if kinds(live, stream).count("TIMER_STARTED") >= 2:
            return True
        time.sleep(0.05)
    return False


def later(live: LiveCompany, than: str) -> bool:
    """Wait four seconds of the company's clock.

    A timer fires a moment late. Had the other follow-ups moved the deadline by less than that, the first one to fire
    would find it over already, and none would be armed again.
    """
    eventually(lambda: live.now() >= moment(than) + timedelta(seconds=4), within_s=20, what="four seconds pass")
    return True


def note(place: int) -> dict[str, Any]:
    return {"kind": "call", "note": f"谈了户型、预算和下次看房时间安排，第{place}次"}


def test_a_report_costs_eight_events(live: LiveCompany) -> None:
    """Design section 9: one round trip, one drain."""
    program, rep = live.program(), live.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert claim["state"] == "protected"
    assert kinds(live, claim["id"]) == [
        "WORKFLOW_EXECUTION_STARTED",
        "WORKFLOW_TASK_SCHEDULED",
        "WORKFLOW_TASK_STARTED",
        "WORKFLOW_TASK_COMPLETED",
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        "MARKER_RECORDED",
        "TIMER_STARTED",
        "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    ]


def test_a_whole_life_costs_at_most_28_events(live: LiveCompany) -> None:
    """Report, six follow-ups of which the first rings, one re-armed timer, lapse (issue, "Speed and memory")."""
    program = live.program(policy={"claim.first_follow_up_wh": "PT40S", "claim.idle_days": "PT10S"})
    rep = live.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    for place in range(6):
        entry = rep.made(f"/v1/claims/{claim['id']}/follow-ups", note(place))
        assert entry["qualified"], entry
        assert place or (armed_again(live, claim["id"]) and later(live, entry["received_at"]))
    last = entry["deadline"]
    assert ended(live, claim["id"])
    events = kinds(live, claim["id"])
    assert len(events) <= 28, events
    assert events.count("TIMER_FIRED") == 2
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert (after["state"], after["reason"], after["ended_at"]) == ("lapsed", "idle", last)


def test_an_operator_sees_the_state_without_our_software(live: LiveCompany) -> None:
    """Design section 2: the state is a query and the current details; codes only."""
    program, rep = live.program(), live.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert live.worker.run(live.handle(claim["id"]).query("state")) == "protected"


def test_a_ring_on_an_ended_claim_answers_and_ends_again(live: LiveCompany) -> None:
    """Design section 2: a run that finds an ended claim drains, answers and ends again."""
    program, rep = live.program(), live.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    released = rep.made(f"/v1/claims/{claim['id']}/release", {"reason": "invalid"})
    assert released["state"] == "released"
    assert ended(live, claim["id"])
    refused = rep.post(
        f"/v1/claims/{claim['id']}/win",
        {"amount": {"amount_minor": 1, "currency": "CNY"}, "contract_at": "2026-01-01T00:00:00Z"},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert ended(live, claim["id"])
