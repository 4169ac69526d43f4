"""The durable process of one dispute (争议): the loop of :mod:`workflows.stream` under a name and an id of its own."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import DisputeStart
    from workflows.names import DISPUTE_WORKFLOW
    from workflows.stream import StreamLoop


@workflow.defn(name=DISPUTE_WORKFLOW)
class DisputeWorkflow(StreamLoop):
    """``dispute/<uuid>``. Its state is a query, and its current details in the engine's own screens."""

    @workflow.init
    def __init__(self, start: DisputeStart) -> None:
        super().__init__()

    @workflow.run
    async def run(self, start: DisputeStart) -> None:
        await self.live(start.dispute, start)
