"""The loop that every durable stream lives by: drain, sleep until the next instant or bell, drain again.

Nothing is decided here. The loop adopts what the drain answers and waits; rules live in ``domain/`` (AUD-07).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.matters import DrainInput, DrainOutcome, MatterActivities
    from workflows.names import RING_UPDATE, STATE_QUERY
    from workflows.options import DRAIN, LOCAL_DRAIN


class StreamLoop:
    """What claims, cases and leads have in common. State is a query, details stand in the engine's own screens."""

    def __init__(self) -> None:
        self._bells = 0  # how often somebody rang
        self._served = 0  # how many of those rings a finished drain has seen
        self._outcome: DrainOutcome | None = None

    async def live(self, stream: str, start: object) -> None:
        """Until the stream has ended. ``start`` is what a fresh run is started with."""
        # A ring that came with the start is counted before the first drain, so that one drain serves both.
        await asyncio.sleep(0)
        while True:
            outcome = await self._drain(stream)
            if outcome.ended or outcome.restart or workflow.info().is_continue_as_new_suggested():
                # A ring that arrives while we wait for handlers would be lost with this run: drain for it first.
                await workflow.wait_condition(lambda: self._rung or workflow.all_handlers_finished())
                if self._rung:
                    continue
                if outcome.ended:
                    return
                workflow.continue_as_new(start)
            await self._sleep(outcome)

    @workflow.update(name=RING_UPDATE)
    async def ring(self) -> None:
        """Return once a drain that began after this ring has finished. It carries nothing and decides nothing."""
        self._bells += 1
        mine = self._bells
        await workflow.wait_condition(lambda: self._served >= mine)

    @workflow.query(name=STATE_QUERY)
    def state(self) -> str:
        """The state as of the last drain, a code of table 0.2 or 0.3, or of a lead."""
        return self._outcome.state if self._outcome else "starting"

    @property
    def _rung(self) -> bool:
        return self._bells > self._served

    async def _drain(self, stream: str) -> DrainOutcome:
        seen = self._bells
        given = DrainInput(stream=stream)
        try:
            outcome = await workflow.execute_local_activity_method(MatterActivities.drain, given, **LOCAL_DRAIN)
        except (ActivityError, ApplicationError):
            # A local activity's failure arrives bare, not wrapped; left uncaught it would fail the workflow.
            outcome = await workflow.execute_activity_method(MatterActivities.drain, given, **DRAIN)
        self._outcome = outcome
        self._served = seen
        workflow.set_current_details(outcome.state)
        return outcome

    async def _sleep(self, outcome: DrainOutcome) -> None:
        if self._rung:
            return
        if outcome.sleep_s is None:
            await workflow.wait_condition(lambda: self._rung)
        elif outcome.sleep_s > 0:
            try:
                await workflow.wait_condition(lambda: self._rung, timeout=timedelta(seconds=outcome.sleep_s))
            except TimeoutError:
                return
