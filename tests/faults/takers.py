"""Many who reach for one pooled customer at the same instant (抢单, POOL-03)."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import sqlalchemy as sa

from storage import tables as t
from tests.faults.load import GIVE_UP_S, RETRY_S, a_phone
from tests.support.company import Person
from tests.support.service import RemoteCompany


def run_takers(
    company: RemoteCompany,
    *,
    callers: int,
    rounds: int,
    seed: int,
    note: Callable[[str], None] = lambda _line: None,
) -> list[str]:
    """``rounds`` times ``callers`` takes of one customer at once; everything that is not as it should be."""
    dice, wrong, winners = random.Random(seed), [], []
    program = company.program("Takes", policy={"pool.daily_takes": rounds})
    pool = company.admin.get(f"/v1/programs/{program}").json()["default_pool"]
    with ThreadPoolExecutor(max_workers=2) as threads:
        reps = list(threads.map(lambda place: company.rep(f"销售{place}"), range(callers)))
    with ThreadPoolExecutor(max_workers=callers) as threads:
        for number in range(rounds):
            path = f"/v1/pools/{pool}/customers/{_pooled(company, pool, a_phone(dice))}/take"
            gate = threading.Barrier(callers)
            keys = [str(uuid.uuid4()) for _ in reps]
            answers = list(threads.map(_sent_together, reps, [path] * callers, keys, [gate] * callers))
            found = _judged(answers)
            winner = next((place for place, a in enumerate(answers) if a.status_code == 201), None)
            if winner is not None:
                winners.append((reps[winner].id, answers[winner].json()["id"]))
            found += [
                f"the same key of {place} is answered otherwise: {again.text[:200]}"
                for place in {winner or 0, dice.randrange(callers)}
                for again in [_answered(reps[place], path, keys[place])]
                if (again.status_code, again.json().get("id")) != _told(answers[place])
            ]
            wrong += [f"round {number}: {what}" for what in found]
            note(f"round {number}: {found or 'as it should be'}")
    return [*wrong, *_differences(company, program, winners)]


def _pooled(company: RemoteCompany, pool: str, phone: str) -> str:
    customer = company.admin.made("/v1/customers", {"kind": "person", "name": "王小明", "phone": phone})["id"]
    rows = company.admin.made(f"/v1/pools/{pool}/add", {"customers": [customer], "reason": "名单"})["rows"]
    return str(rows[0]["customer"])


def _sent_together(person: Person, path: str, key: str, gate: threading.Barrier) -> httpx2.Response:
    gate.wait(30)
    return _answered(person, path, key)


def _answered(person: Person, path: str, key: str) -> httpx2.Response:
    """What the take is decided as. A connection may be gone and the machine behind: the same key asks again."""
    deadline = time.monotonic() + GIVE_UP_S
    while True:
        try:
            answer = person.post(path, key=key)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
        else:
            waiting = answer.status_code in (202, 503) or answer.json().get("code") == "request_in_flight"
            if not waiting or time.monotonic() > deadline:
                return answer
        time.sleep(RETRY_S)


def _told(answer: httpx2.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("id")


def _judged(answers: list[httpx2.Response]) -> list[str]:
    """One has the customer, everybody else is told that a colleague was faster."""
    taken = [a for a in answers if a.status_code == 201]
    found = [] if len(taken) == 1 else [f"{len(taken)} have it"]
    found += [f"the taker's claim is {a.json()['state']}" for a in taken if a.json()["state"] != "protected"]
    others = [a for a in answers if a.status_code != 201]
    wrong = [a for a in others if (a.status_code, a.json().get("code")) != (409, "already_taken")]
    return found + [f"{a.status_code} {a.text[:200]}" for a in wrong]


def _differences(company: RemoteCompany, program: str, winners: list[tuple[str, str]]) -> list[str]:
    """Only winners have a claim, and only they used one of their takes."""
    with company.database.reading() as tx:
        matters = sa.select(t.matter.c.id).where(t.matter.c.program == program)
        log = tx.rows(sa.select(t.pool_take.c.person, t.pool_take.c.claim).where(t.pool_take.c.matter.in_(matters)))
        claims = tx.rows(sa.select(t.claim.c.owner, t.claim.c.id).where(t.claim.c.program == program))
    expected = sorted(winners)
    found = []
    if sorted((r["person"], r["claim"]) for r in log) != expected:
        found.append("the log of takes is not that of the winners")
    if sorted((r["owner"], r["id"]) for r in claims) != expected:
        found.append("there are claims of others than the winners")
    return found
