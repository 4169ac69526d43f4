"""Histories as the engine keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from workflows.connection import connect
from workflows.names import NAMESPACE, workflow_id


def event_counts(address: str, claims: Sequence[str]) -> dict[str, int]:
    """How many events the histories of each claim have, all runs together."""
    return {claim: len(kinds) for claim, kinds in event_kinds(address, claims).items()}


def event_kinds(address: str, claims: Sequence[str]) -> dict[str, list[str]]:
    """The event types of each claim's histories, its runs one after the other. Call it where no loop runs."""

    async def all_of_them() -> dict[str, list[str]]:
        client = await connect(address, namespace=NAMESPACE)
        return {claim: await _kinds(client, workflow_id("claim", claim)) for claim in claims}

    return asyncio.run(all_of_them())


async def _kinds(client: Client, workflow: str) -> list[str]:
    runs = [e async for e in client.list_workflows(f"WorkflowId = '{workflow}'")]
    found = []
    for run in sorted(runs, key=lambda r: r.start_time):
        history = await client.get_workflow_handle(workflow, run_id=run.run_id).fetch_history()
        found += [EventType.Name(e.event_type).removeprefix("EVENT_TYPE_") for e in history.events]
    return found
