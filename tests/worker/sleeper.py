"""The smallest workflow that shows whether an engine keeps its promises: a timer, and an update before it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="test-sleeper")
class Sleeper:
    """Sleeps the given seconds and answers what it was told meanwhile."""

    def __init__(self) -> None:
        self._told: list[str] = []

    @workflow.run
    async def run(self, seconds: float) -> list[str]:
        await workflow.sleep(timedelta(seconds=seconds))
        return self._told

    @workflow.update(name="tell")
    async def tell(self, word: str) -> int:
        self._told.append(word)
        return len(self._told)
