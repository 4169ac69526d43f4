"""Bells that ring while a run ends: nobody waits for ever, nothing is lost, the run ends (design section 2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx2
import pytest
import sqlalchemy as sa
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.update.v1 import UpdateRef
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.service import RPCError, RPCStatusCode

from storage import tables as t
from tests.support.company import Person, person_customer
from tests.support.live import LiveCompany
from tests.support.waiting import eventually
from tests.workflows.stores import HeldAfterCommit
from tests.workflows.test_claim_workflow import ended, kinds
from workflows.names import workflow_id

LIMIT_S = 20.0
#: Tries of a local drain before a normal activity takes over (`workflows/options.py`).
LOCAL_TRIES = 2


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2) as made:
        yield made


def test_two_bells_in_one_task_of_which_the_first_ends_the_run(live: LiveCompany, pool: ThreadPoolExecutor) -> None:
    """Style, "two updates in one task": both are answered, the run ends, a later bell is answered too."""
    rep, claim = _claim(live)
    live.worker.stop()
    both: Future[list[httpx2.Response]] = pool.submit(
        live.together, _release(live, rep, claim), _release(live, rep, claim)
    )
    eventually(lambda: len(_undecided(live, claim)) == 2, within_s=LIMIT_S, what="both commands are stored")
    for command in _undecided(live, claim):
        eventually(lambda c=command: _has_arrived(live, claim, c), within_s=LIMIT_S, what="its bell is with the engine")
    live.worker.start()
    _first_released_second_refused(both.result(LIMIT_S))
    assert ended(live, claim)
    assert _updates_of_the_last_task(kinds(live, claim)) == 2
    _a_later_bell_is_answered(live, rep, claim)


def test_a_bell_between_the_drain_that_ends_the_run_and_its_end(live: LiveCompany, pool: ThreadPoolExecutor) -> None:
    """Its command came after the commit of that drain: it is decided by another one, of this run or the next."""
    rep, claim = _claim(live)
    store = _held(live, claim)
    first = pool.submit(live.worker.run, _release(live, rep, claim))
    assert store.reached.wait(LIMIT_S)
    second = pool.submit(live.worker.run, _release(live, rep, claim))
    eventually(lambda: len(_undecided(live, claim)) == 1, within_s=LIMIT_S, what="the second command is stored")
    (command,) = _undecided(live, claim)
    eventually(lambda: _has_arrived(live, claim, command), within_s=LIMIT_S, what="its bell is with the engine")
    store.go_on()
    _first_released_second_refused([first.result(LIMIT_S), second.result(LIMIT_S)])
    assert ended(live, claim)
    _a_later_bell_is_answered(live, rep, claim)


def test_a_bell_during_the_activity_that_ends_the_run(live: LiveCompany, pool: ThreadPoolExecutor) -> None:
    """The run accepts it while a normal activity drains for the first one: it must drain once more before it ends."""
    rep, claim = _claim(live)
    store = _held(live, claim, away=LOCAL_TRIES)
    first = pool.submit(live.worker.run, _release(live, rep, claim))
    assert store.reached.wait(LIMIT_S)
    second = pool.submit(live.worker.run, _release(live, rep, claim))
    accepted = "WORKFLOW_EXECUTION_UPDATE_ACCEPTED"
    eventually(
        lambda: kinds(live, claim).count(accepted) == 3, within_s=LIMIT_S, what="the run accepts the second bell"
    )
    store.go_on()
    _first_released_second_refused([first.result(LIMIT_S), second.result(LIMIT_S)])
    assert ended(live, claim)
    assert kinds(live, claim).count("WORKFLOW_EXECUTION_UPDATE_COMPLETED") == 3
    _a_later_bell_is_answered(live, rep, claim)


def _claim(live: LiveCompany) -> tuple[Person, str]:
    """A claim whose run is asleep; callers wait as long as the test does."""
    live.settings.wait_s = LIMIT_S
    program, rep = live.program(), live.rep()
    return rep, str(rep.made("/v1/claims", {"program": program, "customer": person_customer()})["id"])


def _held(live: LiveCompany, claim: str, *, away: int = 0) -> HeldAfterCommit:
    store = HeldAfterCommit(live.database)
    live.worker.stop()
    live.worker.store = store
    live.worker.start()
    store.arm(claim, away=away)
    return store


async def _release(live: LiveCompany, rep: Person, claim: str) -> httpx2.Response:
    return await live.acall(
        "POST", f"/v1/claims/{claim}/release", token=rep.token, key=str(uuid.uuid4()), json={"reason": "lost"}
    )


def _first_released_second_refused(answers: list[httpx2.Response]) -> None:
    told = sorted((a.status_code, a.json().get("code") or a.json()["state"]) for a in answers)
    assert told == [(200, "released"), (409, "illegal_transition")]


def _a_later_bell_is_answered(live: LiveCompany, rep: Person, claim: str) -> None:
    refused = rep.post(f"/v1/claims/{claim}/release", {"reason": "lost"})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert ended(live, claim)
    assert not _undecided(live, claim)


def _undecided(live: LiveCompany, claim: str) -> list[str]:
    with live.database.reading() as tx:
        undecided = sa.select(t.command.c.id).where(t.command.c.claim == claim, t.command.c.decided_at.is_(None))
        return list(tx.execute(undecided).scalars())


def _has_arrived(live: LiveCompany, claim: str, command: str) -> bool:
    """Whether the engine knows of the first ring for ``command``."""
    asked = PollWorkflowExecutionUpdateRequest(
        namespace=live.worker.client.namespace,
        update_ref=UpdateRef(
            workflow_execution=WorkflowExecution(workflow_id=workflow_id("claim", claim)), update_id=f"{command}/1"
        ),
    )
    try:
        live.worker.run(live.worker.client.workflow_service.poll_workflow_execution_update(asked))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


def _updates_of_the_last_task(events: list[str]) -> int:
    """How many updates the run's last workflow task accepted."""
    last = len(events) - 1 - events[::-1].index("WORKFLOW_TASK_COMPLETED")
    return events[last:].count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
