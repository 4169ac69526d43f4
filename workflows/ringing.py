"""Ring a stream: wake its workflow, or start it, and wait until it has drained (design section 2)."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.messages import ClaimStart
from workflows.names import CLAIM_WORKFLOW, RING_UPDATE, TASK_QUEUE, workflow_id

#: How a stream of each kind is started; its only argument is its id.
_STARTS = {"claim": (CLAIM_WORKFLOW, ClaimStart)}


async def ring(
    client: Client, *, kind: str, stream: str, ring_id: str, timeout: timedelta, task_queue: str = TASK_QUEUE
) -> None:
    """Return when a drain that began after this call has finished; raise if that takes longer than ``timeout``.

    ``ring_id`` must be new for every attempt: a completed id is answered by the engine without running anything.
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
    await client.execute_update_with_start_workflow(
        RING_UPDATE, start_workflow_operation=operation, id=ring_id, rpc_timeout=timeout
    )
