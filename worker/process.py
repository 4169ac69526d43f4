"""One worker process: drains for every claim, and the singletons that keep the house (design section 7)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.matters import MatterActivities
from activities.ports import MatterStore
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots
from workflows.claim import ClaimWorkflow
from workflows.dispute import DisputeWorkflow
from workflows.lead import LeadWorkflow
from workflows.names import TASK_QUEUE

#: Modules that workflows may use as they are: pure, and dear to import once per workflow; also their own, which hold
#: nothing that one workflow could leave for another.
_PASSED_THROUGH = (
    "transitions",
    "six",
    "domain",
    "activities",
    "workflows",
    "structlog",
    "pydantic_core",
    "pydantic",
)


@dataclass(frozen=True)
class WorkerOptions:
    """Sizes of one process: 4–8 workflow-task slots, a cache of about 1,000, at most 4 local drains on SQLite."""

    cached_workflows: int = 1_000
    workflow_tasks: int = 8
    local_activities: int = 8
    activities: int = 16


def workflow_runner(*own: str) -> WorkflowRunner:
    """The sandbox, with what is pure passed through. ``own``: modules of other workflows, passed through likewise."""
    passed = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH, *own)
    return SandboxedWorkflowRunner(restrictions=passed)


def make_worker(
    client: Client,
    *,
    database: Database,
    snapshots: Snapshots,
    executor: ThreadPoolExecutor,
    options: WorkerOptions | None = None,
    task_queue: str = TASK_QUEUE,
    workflows: Sequence[type[Any]] = (),
    activities: Sequence[Callable[..., Any]] = (),
    store: MatterStore | None = None,
) -> Worker:
    """A worker over ``database``; ``workflows`` and ``activities`` are added to those of claims, cases and leads.

    ``store``: the matters to drain, those of ``database`` where not given.
    """
    sizes = options or WorkerOptions()
    drains = MatterActivities(store or DatabaseMatters(database, snapshots))
    local = min(sizes.local_activities, 4) if database.is_sqlite else sizes.local_activities
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ClaimWorkflow, DisputeWorkflow, LeadWorkflow, *workflows],
        activities=[drains.drain, *activities],
        activity_executor=executor,
        workflow_runner=workflow_runner(),
        max_cached_workflows=sizes.cached_workflows,
        max_concurrent_workflow_tasks=sizes.workflow_tasks,
        max_concurrent_local_activities=local,
        max_concurrent_activities=sizes.activities,
        graceful_shutdown_timeout=timedelta(seconds=5),
    )


async def run_worker(worker: Worker, *, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set. What was imported is taken out of the garbage collector's sight first."""
    gc.collect()
    gc.freeze()
    async with worker:
        await stop.wait()
