"""The durable process of one claim: the loop of :mod:`workflows.stream` under a name and an id of its own."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import ClaimStart
    from workflows.names import CLAIM_WORKFLOW
    from workflows.stream import StreamLoop


@workflow.defn(name=CLAIM_WORKFLOW)
class ClaimWorkflow(StreamLoop):
    """``claim/<uuid>``. Its state is a query, and its current details in the engine's own screens."""

    @workflow.init
    def __init__(self, start: ClaimStart) -> None:
        super().__init__()

    @workflow.run
    async def run(self, start: ClaimStart) -> None:
        await self.live(start.claim, start)
