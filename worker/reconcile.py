"""Compare the store with the engine and repair by ringing (AUD-07, design section 2).

A difference counts when it is seen twice, a while apart, with no younger command in between, and when describing the
workflow confirms it. Nothing is started or terminated: a ring makes a run that is missing, and lets one end that
should have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from storage.database import Database, mint
from storage.streams import survey
from workflows.names import CLAIM_WORKFLOW, DISPUTE_WORKFLOW, LEAD_WORKFLOW, TASK_QUEUE, workflow_id
from workflows.ringing import ring

#: The two looks lie so far apart, in seconds.
APART_S = 60.0
_LIMIT = timedelta(seconds=10)


@dataclass
class Report:
    """What was compared and what differed. Lists hold stream ids."""

    open_streams: int = 0
    running: int = 0
    without_run: list[str] = field(default_factory=list)  # open in the store, no workflow runs
    without_stream: list[str] = field(default_factory=list)  # a workflow runs, the store says ended
    overdue: list[str] = field(default_factory=list)  # its instant is long past
    kinds: dict[str, str] = field(default_factory=dict, repr=False)  # of the streams named above
    rung: int = 0
    unanswered: list[str] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return len(self.without_run) + len(self.without_stream) + len(self.overdue)


async def reconcile(
    client: Client,
    database: Database,
    *,
    apart_s: float = APART_S,
    repair: bool = True,
    task_queue: str = TASK_QUEUE,
    note: Callable[[str], None] = lambda _line: None,
) -> Report:
    """Look, wait ``apart_s``, look again, and ring what differed both times."""
    young = timedelta(seconds=apart_s)
    first = await _look(client, database, young, note)
    if not first.differences:
        return first
    note(f"{first.differences} differences; looking again in {apart_s:.0f} s")
    await asyncio.sleep(apart_s)
    second = await _look(client, database, young, note)
    second.without_run = [s for s in second.without_run if s in set(first.without_run)]
    second.without_stream = [s for s in second.without_stream if s in set(first.without_stream)]
    second.overdue = [s for s in second.overdue if s in set(first.overdue)]
    await _confirm(client, second)
    if repair:
        for stream in dict.fromkeys([*second.without_run, *second.without_stream, *second.overdue]):
            await _ring(client, stream, task_queue, second)
    return second


async def _look(client: Client, database: Database, young: timedelta, note: Callable[[str], None]) -> Report:
    note("reading the engine")
    ran: dict[str, str] = {}
    kinds = ", ".join(f"'{name}'" for name in (CLAIM_WORKFLOW, DISPUTE_WORKFLOW, LEAD_WORKFLOW))
    wanted = f"WorkflowType IN ({kinds}) AND ExecutionStatus='Running'"
    async for execution in client.list_workflows(wanted):
        kind, _, stream = execution.id.partition("/")
        ran[stream] = kind
    running = set(ran)
    note("reading the store")

    streams = await asyncio.to_thread(survey, database, young=young)
    return Report(
        open_streams=len(streams.open),
        running=len(running),
        without_run=sorted(streams.open - running - streams.fresh),
        without_stream=sorted(running - streams.open - streams.fresh),
        overdue=sorted(streams.overdue),
        kinds={**ran, **streams.kinds},
    )


async def _confirm(client: Client, report: Report) -> None:
    """The list of running workflows lags; describing one does not."""
    report.without_run = [s for s in report.without_run if not await _is_running(client, report.kinds[s], s)]
    report.without_stream = [s for s in report.without_stream if await _is_running(client, report.kinds[s], s)]


async def _is_running(client: Client, kind: str, stream: str) -> bool:
    try:
        described = await client.get_workflow_handle(workflow_id(kind, stream)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status is WorkflowExecutionStatus.RUNNING


async def _ring(client: Client, stream: str, task_queue: str, report: Report) -> None:
    ring_id = f"reconcile/{mint()}"
    try:
        kind = report.kinds[stream]
        await ring(client, kind=kind, stream=stream, ring_id=ring_id, timeout=_LIMIT, task_queue=task_queue)
    except (TemporalError, TimeoutError, RuntimeError):
        report.unanswered.append(stream)
    else:
        report.rung += 1
