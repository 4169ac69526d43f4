"""Deadlines at one instant, lists at a million claims, memory at ten thousand."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import sqlalchemy as sa

from bench.ceiling import QUEUE, row
from bench.load import load_cases, load_claims
from bench.world import World
from storage import tables as t
from storage.bells import DatabaseBells
from storage.database import Database
from storage.types import to_us
from workflows.connection import connect


async def drains(world: World, *, count: int = 2_000, lead_s: float = 90) -> dict[str, Any]:
    """``count`` claims with one deadline, armed by ringing, against as many timers that each commit one row."""
    database = world.database()
    engine = await connect(world.address, namespace="fairclaim")
    ours: list[float] = []
    floors: list[float] = []
    p99: list[float] = []
    for turn in range(2):
        floors.append(await _floor(database, engine, count, lead_s))
        rate, late = await _ours(world, database, count, lead_s, offset=turn * count)
        ours.append(rate)
        p99.append(late)
    database.close()
    return {
        "claims": count,
        "ceiling_per_s": round(statistics.median(floors), 1),
        "ours_per_s": round(statistics.median(ours), 1),
        "ratio": round(statistics.median(o / f for o, f in zip(ours, floors, strict=True)), 3),
        "target_ratio": ">= 0.7",
        "p99_decided_minus_due_s": round(statistics.median(p99), 2),
    }


async def _ours(world: World, database: Database, count: int, lead_s: float, *, offset: int) -> tuple[float, float]:
    program, (person, _) = world.program({}), world.rep()
    team = world.admin("GET", "/v1/me")["company"]["root_team"]
    due = datetime.now(UTC) + timedelta(seconds=lead_s)
    load_claims(database, count, program=program, people=[person], team=team, deadline=due, offset=offset)
    DatabaseBells(database).hang_all()
    await _until(lambda: _armed(database), limit_s=lead_s, what="every claim to be armed")
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    await _until(lambda: _lapsed(database, program) == count, limit_s=300, what="every claim to lapse")
    with database.reading() as tx:
        late = sorted(
            (last - to_us(due)) / 1e6
            for (last,) in tx.execute(
                sa.select(sa.type_coerce(t.matter.c.last_at, sa.BigInteger)).where(t.matter.c.program == program)
            )
        )
    return count / late[-1], late[int(len(late) * 0.99)]


async def _floor(database: Database, engine: Any, count: int, lead_s: float, *, beside: int = 0) -> float:
    """Timers that each commit one row, a second. ``beside``: so many workflows that only sleep, started after them.

    A worker keeps the last thousand workflows that moved; where others came after, each timer wakes one that has to be
    read and replayed first, here as in the product.
    """
    with database.engine.begin() as connection:
        connection.execute(row.delete())
    due = time.time() + lead_s
    gate = asyncio.Semaphore(32)

    async def arm(number: int) -> None:
        async with gate:
            await engine.start_workflow("one_row", due, id=f"one/{uuid.uuid4()}", task_queue=QUEUE)

    async def sleep(number: int) -> None:
        async with gate:
            await engine.start_workflow("nothing", id=f"none/{uuid.uuid4()}", task_queue=QUEUE)

    await asyncio.gather(*(arm(number) for number in range(count)))
    await asyncio.gather(*(sleep(number) for number in range(beside)))
    await asyncio.sleep(max(0.0, due - time.time()))

    def rows() -> int:
        with database.reading() as tx:
            return int(tx.execute(sa.select(sa.func.count()).select_from(row)).scalar_one())

    await _until(lambda: rows() == count, limit_s=300, what="every row")
    return count / (time.time() - due)


async def disputes(world: World, *, count: int = 500, lead_s: float = 240) -> dict[str, Any]:
    """``count`` cases with one tier limit, armed by ringing, against as many timers that each commit one row."""
    database = world.database()
    engine = await connect(world.address, namespace="fairclaim")
    program, like = await asyncio.to_thread(_a_case, world)
    ours: list[float] = []
    floors: list[float] = []
    p99: list[float] = []
    for _ in range(2):
        # Beside each case sleep the workflows of its two claims.
        floors.append(await _floor(database, engine, count, lead_s, beside=2 * count))
        rate, late = await _escalated(database, count, lead_s, program=program, like=like)
        ours.append(rate)
        p99.append(late)
    database.close()
    return {
        "cases": count,
        "ceiling_per_s": round(statistics.median(floors), 1),
        "ours_per_s": round(statistics.median(ours), 1),
        "ratio": round(statistics.median(o / f for o, f in zip(ours, floors, strict=True)), 3),
        "target_ratio": ">= 0.7",
        "p99_decided_minus_due_s": round(statistics.median(p99), 2),
    }


def _a_case(world: World) -> tuple[str, str]:
    """Its program, and a case that is with the leader of both its parties; the director is above."""
    root = world.admin("GET", "/v1/me")["company"]["root_team"]
    team = world.admin("POST", "/v1/teams", {"name": "Sales", "parent": root})["id"]
    for led in (root, team):
        world.leader(led)
    program = world.program({"dispute.auto_settle": False})
    tokens = [world.rep(team)[1] for _ in range(2)]
    report = {"program": program, "customer": {"kind": "person", "name": "王小明", "phone": "13800000001"}}
    _, refused = (world.call(token, "POST", "/v1/claims", report)["id"] for token in tokens)
    opening = {"claim": refused, "grounds": "refused_report", "statement": "first"}
    case = world.call(tokens[1], "POST", "/v1/disputes", opening)["id"]
    for token in tokens:
        world.call(token, "POST", f"/v1/disputes/{case}/waive", {})
    return program, str(case)


async def _escalated(database: Database, count: int, lead_s: float, *, program: str, like: str) -> tuple[float, float]:
    due = datetime.now(UTC) + timedelta(seconds=lead_s)
    before = _at_tier_two(database, program)
    load_cases(database, count, like=like, due=due)
    DatabaseBells(database).hang_all()
    await _until(lambda: _armed(database), limit_s=lead_s, what="every case to be armed")
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    await _until(
        lambda: len(_at_tier_two(database, program)) == len(before) + count, limit_s=300, what="every case to escalate"
    )
    decided = sorted(
        (at - to_us(due)) / 1e6 for case, at in _at_tier_two(database, program).items() if case not in before
    )
    return count / decided[-1], decided[int(len(decided) * 0.99)]


def _at_tier_two(database: Database, program: str) -> dict[str, int]:
    """Cases that the next tier has, and when their matters were last decided, in microseconds."""
    with database.reading() as tx:
        found = tx.execute(
            sa.select(t.dispute.c.id, sa.type_coerce(t.matter.c.last_at, sa.BigInteger))
            .join(t.matter, t.matter.c.id == t.dispute.c.matter)
            .where(t.dispute.c.program == program, t.dispute.c.tier == 2)
        )
        return {case: int(at) for case, at in found}


def _armed(database: Database) -> bool:
    with database.reading() as tx:
        return tx.execute(sa.select(t.bell.c.id).limit(1)).first() is None


def _lapsed(database: Database, program: str) -> int:
    with database.reading() as tx:
        return int(
            tx.execute(
                sa.select(sa.func.count()).where(t.claim.c.program == program, t.claim.c.state == "lapsed")
            ).scalar_one()
        )


async def _until(done: Any, *, limit_s: float, what: str) -> None:
    until = time.monotonic() + limit_s
    while not await asyncio.to_thread(done):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {limit_s:.0f} s for {what}")
        await asyncio.sleep(0.05)


async def lists(world: World, *, small: int = 10_000, large: int = 1_000_000, rounds: int = 60) -> dict[str, Any]:
    """p95 of claim lists with filters, search and timeline at ``large`` rows against ``small``."""
    database = world.database()
    team = world.admin("GET", "/v1/me")["company"]["root_team"]
    manager, manager_token = world.rep()
    world.admin("POST", f"/v1/people/{manager}/grants", {"role": "manager", "scope": {"kind": "company"}})
    reps = [world.rep() for _ in range(20)]
    program = world.program({})
    people = [person for person, _ in reps]
    # The lists need no worker, and it would lapse what is loaded with instants that are past.
    world.stop("worker")
    load_claims(database, small, program=program, people=people, team=team, varied=True)
    before = await _lists(world, database, program, manager_token, reps[0], rounds, small)
    load_claims(database, large - small, program=program, people=people, team=team, varied=True, offset=small)
    if database.is_sqlite:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        # A load of hours in minutes leaves a log as large as the file; on other days it is never more than megabytes.
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    after = await _lists(world, database, program, manager_token, reps[0], rounds, large)
    database.close()
    ratios = {name: round(after[name] / before[name], 2) for name in before}
    return {
        "rows": [small, large],
        "p95_ms_small": {k: round(v * 1000, 1) for k, v in before.items()},
        "p95_ms_large": {k: round(v * 1000, 1) for k, v in after.items()},
        "ratio": ratios,
        "worst": max(ratios.values()),
        "target_ratio": "<= 1.5",
    }


async def _lists(
    world: World, database: Database, program: str, manager: str, rep: tuple[str, str], rounds: int, rows: int
) -> dict[str, float]:
    with database.reading() as tx:
        claim = tx.execute(sa.select(t.claim.c.id).where(t.claim.c.program == program).limit(1)).scalar_one()
    found: dict[str, float] = {}
    soon = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    async with httpx2.AsyncClient(base_url=world.url, timeout=120) as client:
        for name, token, path in (
            ("all", manager, "/v1/claims"),
            ("state", manager, "/v1/claims?state=active"),
            ("program and state", manager, f"/v1/claims?program={program}&state=won"),
            ("owner", manager, f"/v1/claims?owner={rep[0]}"),
            ("due before", manager, f"/v1/claims?due_before={soon.replace('+', '%2B')}"),
            ("own", rep[1], "/v1/claims"),
            ("own and state", rep[1], "/v1/claims?state=lapsed"),
            ("search", manager, f"/v1/claims?q=company%20{min(rows, 10_000) // 2:07d}"),
            ("search prefix", manager, "/v1/claims?q=trad"),
            ("timeline", manager, f"/v1/claims/{claim}/timeline"),
        ):
            latencies = []
            for place in range(rounds + 5):
                begun = time.perf_counter()
                answer = await client.get(path, headers={"authorization": f"Bearer {token}"})
                if answer.status_code != 200:
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:200]}")
                if place >= 5:
                    latencies.append(time.perf_counter() - begun)
            found[name] = sorted(latencies)[int(rounds * 0.95) - 1]
    return found


async def memory(world: World, *, step: int = 5_000) -> dict[str, Any]:
    """Resident memory at ``step`` and twice as many open claims, all of them armed by this worker (cache 1,000)."""
    database = world.database()
    program, (person, token) = world.program({}), world.rep()
    team = world.admin("GET", "/v1/me")["company"]["root_team"]
    due = datetime.now(UTC) + timedelta(days=30)
    seen: list[dict[str, float]] = []
    for turn in range(2):
        load_claims(
            database, step, program=program, people=[person], team=team, deadline=due, offset=5_000_000 + turn * step
        )
        DatabaseBells(database).hang_all()
        await _until(lambda: _armed(database), limit_s=900, what="every claim to be armed")
        async with httpx2.AsyncClient(base_url=world.url, timeout=60) as client:
            for _ in range(100):
                await client.get("/v1/claims?limit=200", headers={"authorization": f"Bearer {token}"})
        seen.append({name: round(world.rss_mib(name), 1) for name in ("api", "worker")})
    database.close()
    return {
        "open_claims": [step, 2 * step],
        "mib": seen,
        "growth_mib": {name: round(seen[1][name] - seen[0][name], 1) for name in ("api", "worker")},
        "target": "api <= 200, worker <= 250, growth <= 15 each",
    }
