"""Move the company's clock ahead, deciding everything on the way at its own instant (design section 2).

For tests and the demo. "Find the earliest next instant, set the shift just past it, ring, wait" is deterministic across
workflows and restarts, which skipping time in the engine is not.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio.client import Client

from storage.database import Database, mint
from storage.settings import Settings
from storage.streams import next_to_ring, set_clock
from workflows.connection import connect
from workflows.names import TASK_QUEUE
from workflows.ringing import ring

_JUST_PAST = timedelta(microseconds=1)


async def advance(
    client: Client, database: Database, *, to: datetime, limit_s: float = 30.0, task_queue: str = TASK_QUEUE
) -> int:
    """Set the clock to ``to``; how many rings it took."""
    rings = 0
    while (found := await asyncio.to_thread(next_to_ring, database, until=to)) is not None:
        stream, kind, at = found
        await asyncio.to_thread(set_clock, database, at + _JUST_PAST)
        await ring(
            client,
            kind=kind,
            stream=stream,
            ring_id=f"advance/{mint()}",
            timeout=timedelta(seconds=limit_s),
            task_queue=task_queue,
        )
        rings += 1
    await asyncio.to_thread(set_clock, database, to)
    return rings


def advance_now(settings: Settings, database: Database, *, address: str, to: datetime) -> int:
    """The same for callers without a loop: connects to the engine at ``address`` for this one advance."""

    async def work() -> int:
        client = await connect(address, namespace=settings.temporal_namespace, api_key=settings.temporal_api_key)
        return await advance(client, database, to=to, task_queue=settings.task_queue)

    return asyncio.run(work())
