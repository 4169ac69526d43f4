"""Reports, follow-ups and drains against their ceilings, in rounds that take turns."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench.ceiling import QUEUE
from bench.world import World
from workflows.connection import connect

CALLERS = 16
_NOTE = "谈了户型、预算和下次看房时间安排"


async def rate(one: Callable[[int], Awaitable[None]], *, callers: int, total: int) -> tuple[float, list[float]]:
    """Operations a second of ``callers`` callers that share ``total`` operations, and each one's latency in seconds."""
    left = iter(range(total))
    latencies: list[float] = []

    async def caller() -> None:
        for number in left:
            begun = time.perf_counter()
            await one(number)
            latencies.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return total / (time.perf_counter() - begun), latencies


async def reports(world: World, *, rounds: int = 5, per_round: int = 160) -> dict[str, Any]:
    """A report at 16 callers and alone, against update-with-start on a workflow that does nothing."""
    engine = await connect(world.address, namespace="fairclaim")
    program, (_, token) = world.program({}), world.rep()
    headers = {"authorization": f"Bearer {token}"}
    numbers = iter(range(10**8))
    async with httpx2.AsyncClient(base_url=world.url, timeout=30, limits=httpx2.Limits(max_connections=64)) as client:

        async def report(_: int) -> None:
            body = {
                "program": program,
                "customer": {"kind": "person", "name": "王小明", "phone": f"+86139{next(numbers):08d}"},
            }
            answer = await client.post(
                "/v1/claims", json=body, headers={**headers, "idempotency-key": str(uuid.uuid4())}
            )
            if answer.status_code != 201:
                raise RuntimeError(f"{answer.status_code} {answer.text[:300]}")

        async def nothing(_: int) -> None:
            await ring_nothing(engine)

        for warm in (nothing, report):
            await rate(warm, callers=CALLERS, total=CALLERS * 2)
        pairs = []
        for _ in range(rounds):
            floor, _ = await rate(nothing, callers=CALLERS, total=per_round)
            ours, _ = await rate(report, callers=CALLERS, total=per_round)
            pairs.append((floor, ours))
        alone_floor, alone_ours = [], []
        for _ in range(40):
            _, latency = await rate(nothing, callers=1, total=1)
            alone_floor += latency
            _, latency = await rate(report, callers=1, total=1)
            alone_ours += latency
    return {
        "ceiling_per_s": round(statistics.median(f for f, _ in pairs), 1),
        "ours_per_s": round(statistics.median(o for _, o in pairs), 1),
        "ratio": round(statistics.median(o / f for f, o in pairs), 3),
        "ratios": [round(o / f, 3) for f, o in pairs],
        "target_ratio": ">= 0.7",
        "alone_ceiling_ms": round(statistics.median(alone_floor) * 1000, 1),
        "alone_ours_ms": round(statistics.median(alone_ours) * 1000, 1),
        "alone_ratio": round(statistics.median(alone_ours) / statistics.median(alone_floor), 3),
        "alone_target": "<= 1.5",
    }


async def follow_ups(world: World, *, rounds: int = 5, per_round: int = 480) -> dict[str, Any]:
    """A follow-up after the first at 16 callers, against one inserted row behind the same HTTP stack and sign-in."""
    program, (_, token) = world.program({}), world.rep()
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=world.url, timeout=30, limits=httpx2.Limits(max_connections=64)) as client:

        async def post(path: str, body: dict[str, Any], *, key: bool = True) -> Any:
            extra = {"idempotency-key": str(uuid.uuid4())} if key else {}
            answer = await client.post(path, json=body, headers={**headers, **extra})
            if answer.status_code != 201:
                raise RuntimeError(f"{answer.status_code} {answer.text[:300]}")
            return answer.json()

        claims = []
        for number in range(64):
            customer = {"kind": "person", "name": "李四", "phone": f"+86137{number:08d}"}
            claims.append((await post("/v1/claims", {"program": program, "customer": customer}))["id"])
        for claim in claims:
            await post(f"/v1/claims/{claim}/follow-ups", {"kind": "call", "note": _NOTE})

        async def follow_up(number: int) -> None:
            body = {"kind": "call", "note": f"{_NOTE}{uuid.uuid4()}"}
            await post(f"/v1/claims/{claims[number % len(claims)]}/follow-ups", body)

        async def insert(_: int) -> None:
            await post("/bench/insert", {"note": f"{_NOTE}{uuid.uuid4()}"}, key=False)

        for warm in (insert, follow_up):
            await rate(warm, callers=CALLERS, total=CALLERS * 4)
        pairs = []
        for _ in range(rounds):
            floor, _ = await rate(insert, callers=CALLERS, total=per_round)
            ours, _ = await rate(follow_up, callers=CALLERS, total=per_round)
            pairs.append((floor, ours))
    return {
        "ceiling_per_s": round(statistics.median(f for f, _ in pairs), 1),
        "ours_per_s": round(statistics.median(o for _, o in pairs), 1),
        "ratio": round(statistics.median(o / f for f, o in pairs), 3),
        "ratios": [round(o / f, 3) for f, o in pairs],
        "target_ratio": ">= 0.5",
    }


async def ring_nothing(engine: Client) -> None:
    """One update-with-start on a fresh workflow that does nothing."""
    operation: Any = WithStartWorkflowOperation(
        "nothing",
        id=f"nothing/{uuid.uuid4()}",
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await engine.execute_update_with_start_workflow(
        "ring", start_workflow_operation=operation, id=str(uuid.uuid4()), rpc_timeout=timedelta(seconds=30)
    )
