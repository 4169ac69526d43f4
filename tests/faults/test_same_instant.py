"""Who came first has one answer, however many come at once and whichever workflow runs first (CLM-05, TER-01)."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from tests.faults.conftest import DATABASES
from tests.faults.crowd import run_crowd
from tests.faults.load import a_phone
from tests.faults.takers import run_takers
from tests.support.company import Company, person_customer
from tests.support.engine import Engine
from tests.support.live import WorkerThread
from tests.support.service import RemoteCompany, Service
from worker.engine import Located
from workflows.ringing import ring

CALLERS, ROUNDS, TAKES = 50, 4, 3

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, pinned_server: Located, empty_databases: Callable[[str], str | None]
) -> Iterator[dict[str, Service]]:
    with ExitStack() as stack:
        made = {}
        for kind in DATABASES:
            url = empty_databases(kind)
            env = {"FAIRCLAIM_DATABASE_URL": url} if url is not None else {}
            made[kind] = Service(tmp_path_factory.mktemp(kind), server=pinned_server, env=env)
            stack.callback(made[kind].stop)
            made[kind].launch()
        for service in made.values():
            service.wait_ready()
        yield made


@pytest.fixture(params=DATABASES)
def remote(request: pytest.FixtureRequest, services: dict[str, Service]) -> Iterator[RemoteCompany]:
    company = services[request.param].company()
    yield company
    company.close()


def test_of_fifty_reports_at_once_the_lowest_receipt_owns(remote: RemoteCompany, seed: int) -> None:
    """CLM-05, CLM-27: and the other 49 are answered `rejected`, `customer_owned`; ten rounds in acceptance."""
    assert run_crowd(remote, callers=CALLERS, rounds=ROUNDS, seed=seed) == []


def test_of_fifty_takers_at_once_exactly_one_succeeds(remote: RemoteCompany, seed: int) -> None:
    """POOL-03: the other 49 are told `already_taken`, have no claim and have used no take; 20 rounds in acceptance."""
    assert run_takers(remote, callers=CALLERS, rounds=TAKES, seed=seed) == []


def test_the_first_report_owns_whichever_workflow_runs_first(
    database: Database, admin_token: str, tmp_path: Path, engine: Engine, seed: int
) -> None:
    """Nobody is awake when A, B and C report; then their workflows run in any order: A owns, every time."""
    dice = random.Random(seed)
    company = Company(database, admin_token, tmp_path)
    queue = f"test-{uuid.uuid4()}"
    workers = [
        WorkerThread(address=engine.address, namespace=engine.namespace, database=database, task_queue=queue)
        for _ in range(2)
    ]
    try:
        company.direct.down = True
        program, reps = company.program(), [company.rep(name) for name in ("甲", "乙", "丙")]
        reports = []
        for _ in range(ROUNDS):
            customer = person_customer(phone=a_phone(dice))
            answers = [rep.post("/v1/claims", {"program": program, "customer": customer}) for rep in reps]
            assert [a.status_code for a in answers] == [202, 202, 202]
            reports.append([a.json()["id"] for a in answers])
        for worker in workers:
            worker.start()

        async def ring_all(streams: list[str], *, at_once: bool) -> None:
            rings = [
                ring(
                    workers[0].client,
                    kind="claim",
                    stream=stream,
                    ring_id=str(uuid.uuid4()),
                    timeout=timedelta(seconds=20),
                    task_queue=queue,
                )
                for stream in streams
            ]
            if at_once:
                await asyncio.gather(*rings)
                return
            for one in rings:
                await one

        for number, claims in enumerate(reports):
            order = dice.sample(claims, k=len(claims))
            workers[0].run(ring_all(order, at_once=bool(number % 2)))
            found = [rep.get(f"/v1/claims/{claim}").json() for rep, claim in zip(reps, claims, strict=True)]
            assert [(c["state"], c["reason"]) for c in found] == [
                ("protected", None),
                ("rejected", "customer_owned"),
                ("rejected", "customer_owned"),
            ], f"rung in the order {[claims.index(c) for c in order]}"
    finally:
        for worker in workers:
            worker.close()
        company.close()
