"""The durable process of one lead (线索): the loop of :mod:`workflows.stream` under a name and an id of its own."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import LeadStart
    from workflows.names import LEAD_WORKFLOW
    from workflows.stream import StreamLoop


@workflow.defn(name=LEAD_WORKFLOW)
class LeadWorkflow(StreamLoop):
    """``lead/<uuid>``. Its state is a query, and its current details in the engine's own screens."""

    @workflow.init
    def __init__(self, start: LeadStart) -> None:
        super().__init__()

    @workflow.run
    async def run(self, start: LeadStart) -> None:
        await self.live(start.lead, start)
