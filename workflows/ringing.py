"""Ring a stream: wake its workflow, or start it, and wait until it has drained (design section 2)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.messages import ClaimStart, DisputeStart, LeadStart
from workflows.names import CLAIM_WORKFLOW, DISPUTE_WORKFLOW, LEAD_WORKFLOW, RING_UPDATE, TASK_QUEUE, workflow_id

#: How a stream of each kind is started; its only argument is its id.
_STARTS: dict[str, tuple[str, Callable[[str], object]]] = {
    "claim": (CLAIM_WORKFLOW, ClaimStart),
    "dispute": (DISPUTE_WORKFLOW, DisputeStart),
    "lead": (LEAD_WORKFLOW, LeadStart),
}


class RingIds:
    """Ids to ring with: ``<cause>/<attempt>``, where the cause is a command or a bell that was there before the ring.

    A ring that ran out of time may still wait in the engine, or be served a moment later. Under the same id the engine
    gives its answer and writes nothing, so an outage costs a history one ring for each cause, whoever rings how often.
    An answered id is spent: the engine would answer it again without running anything. The next attempt is another.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._answered: OrderedDict[str, int] = OrderedDict()
        self._most = most

    def take(self, cause: str) -> str:
        """The id to ring with for ``cause``."""
        return f"{cause}/{self._answered.get(cause, 0) + 1}"

    def answered(self, cause: str) -> None:
        """The ring for ``cause`` was answered."""
        self._answered[cause] = self._answered.pop(cause, 0) + 1
        if len(self._answered) > self._most:
            self._answered.popitem(last=False)


async def ring(
    client: Client, *, kind: str, stream: str, ring_id: str, timeout: timedelta, task_queue: str = TASK_QUEUE
) -> None:
    """Return when a drain that began after this call has finished; raise if that takes longer than ``timeout``.

    ``ring_id``: a completed one is answered by the engine without running anything (see :class:`RingIds`).
    """
    workflow, start = _STARTS[kind]
    operation: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
        workflow,
        start(stream),
        id=workflow_id(kind, stream),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
    # The operation keeps a failure for whoever asks for its handle; if nobody does, it is logged as forgotten.
    handle = asyncio.ensure_future(operation.workflow_handle())
    handle.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await client.execute_update_with_start_workflow(
            RING_UPDATE, start_workflow_operation=operation, id=ring_id, rpc_timeout=timeout
        )
    finally:
        handle.cancel()
