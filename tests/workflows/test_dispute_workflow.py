"""A case as a durable workflow on the real engine: its process, its windows, its end, and its claims (DSP-01)."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from tests.api.disputes.test_a_case import Case
from tests.support.answers import refused
from tests.support.company import Person
from tests.support.live import LiveCompany
from tests.support.office import clocks, done, moment, read
from tests.support.waiting import eventually
from tests.workflows.test_claim_workflow import ended, kinds

LIMIT_S = 20.0
#: What happens to a case by itself.
DUE = {"arbitrating", "evidence_closed", "tier_missed"}
RUNNING, COMPLETED = WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED


@pytest.fixture
def case(live: LiveCompany) -> Case:
    live.settings.wait_s = LIMIT_S  # an engine that has just begun may take longer than callers wait
    return Case(live)


def test_opening_a_case_between_two_claims_adds_at_most_16_events(case: Case, live: LiveCompany) -> None:
    """AUD-07: over all three workflows, every bell rung; an operator sees the case as a process with its state."""
    claims = (case.held["id"], case.refused["id"])
    before = dict(length(live, claim) for claim in claims)
    found = case.open()
    live.relay()
    after = dict([length(live, found["id"], "dispute"), *(length(live, claim) for claim in claims)])
    added = {run: events - before.get(run, 0) for run, events in after.items()}
    assert sum(added.values()) <= 16, (added, [kinds(live, c) for c in claims], kinds(live, found["id"], "dispute"))
    assert state(live, found["id"], "dispute") == (RUNNING, "negotiating")
    assert state(live, case.refused["id"]) == (RUNNING, "disputed"), "a refused claim that is contested lives again"
    assert state(live, case.held["id"]) == (RUNNING, "active"), "asleep until its old deadline: no bell for it"


def test_windows_end_by_the_timer_of_the_case(live: LiveCompany) -> None:
    """DSP-05, DSP-10, DSP-12: negotiation, evidence and two tiers, each at its recorded instant; the panel has time."""
    policy = {"dispute.negotiation_wh": "PT1S", "dispute.evidence_wh": "PT3S", "dispute.tier_wh": "PT3S"}
    live.settings.wait_s = LIMIT_S
    case = Case(live, policy=policy)
    panel = _with_a_panel(case)
    found = case.open()
    path = f"/v1/disputes/{found['id']}"
    eventually(lambda: _is(case, path, tier=3, arbitrator=panel.id), within_s=LIMIT_S, what="two tiers are missed")
    assert done(case.above.get(path))["state"] == "arbitrating"
    eventually(lambda: "evidence" not in windows(done(case.above.get(path))), within_s=LIMIT_S, what="evidence closes")
    told = sorted((moment(e["at"]), e["kind"]) for e in done(case.above.get(f"{path}/timeline", limit=200))["items"])
    begun = moment(found["deadline"])
    assert [((at - begun).total_seconds(), kind) for at, kind in told if kind in DUE] == [
        (0, "arbitrating"),
        (3, "evidence_closed"),
        (3, "tier_missed"),
        (6, "evidence_closed"),
        (6, "tier_missed"),
        (9, "evidence_closed"),
    ]
    final = done(case.ruling(found, panel))
    assert final["state"] == "final", "nobody is above the panel"
    assert ended(live, found["id"], "dispute")
    events = kinds(live, found["id"], "dispute")
    assert events.count("TIMER_FIRED") == 4, events
    assert events.count("WORKFLOW_TASK_FAILED") == 0, events


def test_claims_of_a_final_case_go_on_by_themselves(live: LiveCompany) -> None:
    """DSP-15, CLM-19: who lost ends; who was kept runs on full clocks and lapses at its own new deadline."""
    policy = {"dispute.appeal_wd": "PT1S", "claim.first_follow_up_wh": "PT8S", "claim.grace_days": 0}
    live.settings.wait_s = LIMIT_S
    case = Case(live, policy=policy)
    found = case.to_arbitration()
    case.heard(found)
    ruled = done(case.ruling(found, case.leader))
    path = f"/v1/disputes/{found['id']}"
    eventually(lambda: _is(case, path, state="final"), within_s=LIMIT_S, what="the time to appeal is over")
    live.relay()
    kept = read(case.second, case.refused)
    assert state(live, kept["id"]) == (RUNNING, "protected")
    assert (kept["accepted_at"], state(live, case.held["id"])) == (ruled["deadline"], (COMPLETED, "released"))
    assert ended(live, kept["id"])
    lapsed = read(case.leader, kept)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", clocks(kept)["first_follow_up"])


def test_claims_of_a_dismissed_case_run_on_with_the_time_that_was_left(live: LiveCompany) -> None:
    """DSP-03, CLM-19: the holder's workflow slept through the case; it wakes at the deadline it got back."""
    live.settings.wait_s = LIMIT_S
    case = Case(live, policy={"claim.idle_days": "PT8S", "claim.grace_days": 0})
    before = read(case.first, case.held)
    found = case.open()
    dismissed = done(live.admin.post(f"/v1/disputes/{found['id']}/dismiss", {"reason": "没有依据"}))
    assert ended(live, found["id"], "dispute")
    live.relay()
    given_back = read(case.first, case.held)
    stopped = moment(dismissed["ended_at"]) - moment(found["opened_at"])
    assert moment(given_back["deadline"]) == moment(before["deadline"]) + stopped
    assert ended(live, case.held["id"])
    lapsed = read(case.leader, case.held)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", given_back["deadline"])
    assert state(live, case.refused["id"]) == (COMPLETED, "rejected")

    first, _ = length(live, found["id"], "dispute")
    refused(case.first.post(f"/v1/disputes/{found['id']}/waive"), 409, "illegal_transition")
    assert ended(live, found["id"], "dispute"), "a run that finds an ended case drains, answers and ends"
    assert length(live, found["id"], "dispute")[0] != first


def test_whoever_joins_leaves_no_process_behind(case: Case, live: LiveCompany) -> None:
    """DSP-01: two open one case at the same time; the other's workflow finds that there is none of its own."""
    third = live.rep("丁", team=case.office.team)
    late = case.office.claim(third)
    live.worker.stop()
    live.settings.wait_s = 0.1
    opened = [
        person.post("/v1/disputes", {"claim": claim["id"], "grounds": "refused_report", "statement": "我先接待的客户"})
        for person, claim in ((case.second, case.refused), (third, late))
    ]
    assert [a.status_code for a in opened] == [202, 202]
    live.settings.wait_s = LIMIT_S
    live.worker.start()
    streams = [str(a.json()["id"]) for a in opened]
    eventually(lambda: len(done(case.second.get("/v1/disputes"))["items"]) == 1, within_s=LIMIT_S, what="it is opened")
    (one,) = done(case.second.get("/v1/disputes"))["items"]
    assert len(one["parties"]) == 3
    for stream in set(streams) - {one["id"]}:
        assert ended(live, stream, "dispute")


def state(live: LiveCompany, stream: str, kind: str = "claim") -> tuple[WorkflowExecutionStatus | None, str]:
    """Whether a claim or case has a running process, and the state it tells."""
    handle = live.handle(stream, kind)
    return live.worker.run(handle.describe()).status, str(live.worker.run(handle.query("state")))


def length(live: LiveCompany, stream: str, kind: str = "claim") -> tuple[str, int]:
    """The present run of a claim or case, and how many events it has."""
    described = live.worker.run(live.handle(stream, kind).describe())
    return str(described.run_id), described.history_length


def windows(case: dict[str, Any]) -> dict[str, str]:
    """When each open window of a case ends."""
    return {w["window"]: w["deadline"] for w in case["windows"]}


def _with_a_panel(case: Case) -> Person:
    """Somebody above the director (DSP-12)."""
    panel = case.company.person("董事")
    path = f"/v1/programs/{case.office.program}"
    version = case.company.admin.get(path).json()["version"]
    answer = case.company.admin.patch(path, {"version": version, "panel": [panel.id]})
    assert answer.status_code == 200, answer.text
    return panel


def _is(case: Case, path: str, **wanted: Any) -> bool:
    found = done(case.above.get(path))
    return all(found[name] == value for name, value in wanted.items())
