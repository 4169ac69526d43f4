"""Money: what guards and constraints cost a drain that posts, the first page of a long statement, a recomputation."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from activities.matters import DrainInput, MatterActivities
from bench.world import World
from domain.matters.matter import Command, CommandKind
from domain.money.model import COMPANY, Entry, EntryKind, Posting
from storage import ledger, matters
from storage import tables as t
from storage.database import Database, Transaction, mint
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots

_BATCH = 2_000
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


async def money(
    world: World, *, lines: tuple[int, int] = (100, 10_000), postings: tuple[int, int] = (100_000, 1_000_000)
) -> dict[str, Any]:
    """A first statement page at 10,000 lines against 100, and a recomputation at 1,000,000 postings against 100,000."""
    world.stop("worker")
    database = world.database()
    short, long = world.rep(), world.rep()
    for (person, _), count in zip((short, long), lines, strict=True):
        _load(database, count, people=[person])
    pages: list[tuple[float, float]] = []
    async with httpx2.AsyncClient(base_url=world.url, timeout=60) as client:

        async def first_page(person: str, token: str) -> float:
            begun = time.perf_counter()
            answer = await client.get(f"/v1/people/{person}/statement", headers={"authorization": f"Bearer {token}"})
            answer.raise_for_status()
            if len(answer.json()["items"]) != 50:
                raise RuntimeError(f"{len(answer.json()['items'])} lines on the first page")
            return time.perf_counter() - begun

        for number in range(65):
            pair = (await first_page(*short), await first_page(*long))
            if number >= 5:
                pages.append(pair)
    there = sum(lines) * 2
    others = [world.rep()[0] for _ in range(20)]
    _load(database, (postings[0] - there) // 2, people=others)
    small = _copy(database, world.data / "small.db")
    _load(database, (postings[1] - postings[0]) // 2, people=others)
    # In turn: what else the machine does meets both.
    recomputed = [(_recompute(small), _recompute(database)) for _ in range(15)]
    for opened in (small, database):
        opened.close()
    few, many = (sorted(times)[int(len(times) * 0.95)] for times in zip(*pages, strict=True))
    return {
        "statement_lines": list(lines),
        "statement_p95_ms": [round(few * 1000, 1), round(many * 1000, 1)],
        "statement_ratio": round(
            statistics.median(long for _, long in pages) / statistics.median(s for s, _ in pages), 2
        ),
        "postings": list(postings),
        "recomputed_s": [round(statistics.median(times), 3) for times in zip(*recomputed, strict=True)],
        "recomputed_ratio": round(statistics.median(long / short for short, long in recomputed), 2),
    }


async def posting(world: World, *, rounds: int = 5, per_round: int = 100) -> dict[str, Any]:
    """Drains that each post a receipt, with and without triggers and foreign keys: the same rows, the same commits.

    The drain itself is run here, without an engine: what a workflow costs around it would only hide the difference.
    """
    program, (person, token) = world.program({}), world.rep()
    world.admin("POST", f"/v1/people/{person}/grants", {"role": "finance", "scope": {"kind": "company"}})
    _rate_everything(world, program)
    deals = [_deal(world, token, program, number) for number in range(per_round)]
    for process in ("worker", "api", "ceiling"):
        world.stop(process)
    guarded = world.database()
    bare = _without_guards(guarded, world.data / "bare.db")
    drains = {id(d): MatterActivities(DatabaseMatters(d, Snapshots())) for d in (guarded, bare)}
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        took = []
        for database in (bare, guarded):
            for claim, deal in deals:
                database.transact(partial(_receipt, claim=claim, deal=deal, number=number))
            begun = time.perf_counter()
            for claim, _ in deals:
                drains[id(database)].drain(DrainInput(stream=claim))
            took.append(time.perf_counter() - begun)
        if number > 0:
            pairs.append((per_round / took[0], per_round / took[1]))
    posted = [_entries(database) for database in (bare, guarded)]
    if posted[0] != posted[1] or posted[1] < per_round * (rounds + 1):
        raise RuntimeError(f"{posted} entries")
    for database in (bare, guarded):
        database.close()
    return {
        "ceiling_per_s": round(statistics.median(f for f, _ in pairs), 1),
        "ours_per_s": round(statistics.median(o for _, o in pairs), 1),
        "ratio": round(statistics.median(o / f for f, o in pairs), 3),
        "target_ratio": ">= 0.6",
    }


def _rate_everything(world: World, program: str) -> None:
    """A plan of 5 % for everything, in force."""
    authors = []
    for _ in range(2):
        person, token = world.rep()
        world.admin("POST", f"/v1/people/{person}/grants", {"role": "policy_admin", "scope": {"kind": "company"}})
        authors.append(token)
    today = datetime.now(UTC).date().isoformat()
    body = {"program": program, "effective_from": today, "rates": [{"when": {}, "rate_bps": 500}]}
    plan = world.call(authors[0], "POST", "/v1/plans", body)["id"]
    for step in ("review", "approve", "activate"):
        world.call(authors[1], "POST", f"/v1/plans/{plan}/{step}", {})


def _deal(world: World, token: str, program: str, number: int) -> tuple[str, str]:
    """A claim that was won, and its deal."""
    customer = {"kind": "person", "name": "王小明", "phone": f"+86136{number:08d}"}
    claim = world.call(token, "POST", "/v1/claims", {"program": program, "customer": customer})["id"]
    amount = {"amount_minor": 100_000_00, "currency": "CNY"}
    signed = {"amount": amount, "contract_at": datetime.now(UTC).isoformat()}
    return claim, world.call(token, "POST", f"/v1/claims/{claim}/win", signed)["deals"][0]


def _copy(database: Database, path: Path) -> Database:
    with closing(sqlite3.connect(str(database.engine.url.database))) as original:
        original.execute("VACUUM INTO ?", (str(path),))
    return Database(f"sqlite:///{path}", keys=database.keys, patient=True)


def _without_guards(database: Database, path: Path) -> Database:
    """A copy whose triggers are gone and whose foreign keys nobody checks."""
    copy = _copy(database, path)
    sa.event.listen(copy.engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys=OFF"))
    with copy.engine.begin() as connection:
        for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    return copy


def _receipt(tx: Transaction, *, claim: str, deal: str, number: int) -> None:
    """Whoever owns the claim, and is of finance here, tells of cash: the command as the API would have written it."""
    matter = str(tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim)).scalar_one())
    locked = matters.lock(tx, matter)
    told = {"deal": deal, "id": mint(), "amount_minor": 1_000_00, "at": locked.now, "reference": f"cash {number}"}
    owner = str(tx.execute(sa.select(t.claim.c.owner).where(t.claim.c.id == claim)).scalar_one())
    command = Command(mint(), CommandKind.DEAL_RECEIPT, claim, owner, locked.now, told)
    tx.insert(t.command, matters.command_row(command, matter=matter, target_type="deal", target=deal))
    matters.touch(tx, matter, locked.now)


def _entries(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(t.ledger_entry)).scalar_one())


def _load(database: Database, count: int, *, people: Sequence[str]) -> None:
    """``count`` entries of two postings each: an accrual of each deal in turn, on four deals a person."""
    left = iter(range(count))
    deals = {person: [_bare_deal(database, person) for _ in range(4)] for person in people}
    while batch := list(islice(left, _BATCH)):
        entries = []
        for number in batch:
            person = people[number % len(people)]
            deal = deals[person][number // len(people) % 4]
            postings = (Posting(f"person:{person}:accrued", "CNY", 100, 10_000), Posting(COMPANY, "CNY", -100))
            at = _SINCE + timedelta(minutes=number)
            entries.append(Entry(key=f"load/{mint()}", kind=EntryKind.ACCRUAL, at=at, deal=deal, postings=postings))
        database.transact(partial(ledger.post, entries=entries))


def _bare_deal(database: Database, owner: str) -> str:
    made = mint()
    row = {
        **{name: mint() for name in ("program", "customer")},
        "id": made,
        "kind": "new",
        "state": "open",
        "amount_minor": 1_000_000_00,
        "currency": "CNY",
        "contract_at": _SINCE,
        "recorded_at": _SINCE,
        "recorded_by": owner,
        "owner": owner,
    }
    database.transact(lambda tx: tx.insert(t.deal, {**row, "number": tx.next_number("deal")}))
    return made


def _recompute(database: Database) -> float:
    """How long it takes, in seconds."""
    begun = time.perf_counter()
    with database.reading() as tx:
        ledger.recomputed(tx)
    return time.perf_counter() - begun
