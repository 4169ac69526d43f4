"""Workflows of the ceilings, in a module of their own: the sandbox takes it as it is, like the product's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="nothing")
class NothingWorkflow:
    """Accepts an update and does nothing: what the engine alone costs."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update(name="ring")
    async def ring(self) -> None:
        return


@workflow.defn(name="one_row")
class OneRowWorkflow:
    """Sleeps until an instant, then commits one row: the least a drain at a deadline can be."""

    def __init__(self) -> None:
        self._at_s = 0.0

    @workflow.run
    async def run(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - workflow.now().timestamp()))
        await workflow.execute_local_activity(
            "one_row", workflow.info().workflow_id, schedule_to_close_timeout=timedelta(seconds=5)
        )
