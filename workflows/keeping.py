"""Singletons of the house: each runs one long activity over and over (design section 2)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.keeping import SHIFT_S, KeepingActivities
    from activities.notifications import CourierActivities
    from workflows.names import COURIER_WORKFLOW, HOUSE_WORKFLOW, RELAY_WORKFLOW, SWEEP_WORKFLOW

#: A worker that dies is noticed after so long, and another one takes over.
_HEARTBEAT = timedelta(seconds=10)
_SHIFT = timedelta(seconds=2 * SHIFT_S)
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))


@workflow.defn(name=RELAY_WORKFLOW)
class RelayWorkflow:
    """Relay of bells."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity_method(
            KeepingActivities.relay, start_to_close_timeout=_SHIFT, heartbeat_timeout=_HEARTBEAT, retry_policy=_RETRY
        )
        workflow.continue_as_new()


@workflow.defn(name=SWEEP_WORKFLOW)
class SweepWorkflow:
    """Overdue sweep."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity_method(
            KeepingActivities.sweep, start_to_close_timeout=_SHIFT, heartbeat_timeout=_HEARTBEAT, retry_policy=_RETRY
        )
        workflow.continue_as_new()


@workflow.defn(name=COURIER_WORKFLOW)
class CourierWorkflow:
    """Courier of notices."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity_method(
            CourierActivities.courier, start_to_close_timeout=_SHIFT, heartbeat_timeout=_HEARTBEAT, retry_policy=_RETRY
        )
        workflow.continue_as_new()


@workflow.defn(name=HOUSE_WORKFLOW)
class HouseWorkflow:
    """Checkpoints and tidying."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity_method(
            KeepingActivities.housekeeping,
            start_to_close_timeout=_SHIFT,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_RETRY,
        )
        workflow.continue_as_new()


#: Every singleton, by its registered name.
SINGLETONS = {
    RELAY_WORKFLOW: RelayWorkflow,
    SWEEP_WORKFLOW: SweepWorkflow,
    COURIER_WORKFLOW: CourierWorkflow,
    HOUSE_WORKFLOW: HouseWorkflow,
}
