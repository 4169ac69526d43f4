"""The engine's own store is expendable; what differs from ours is found and rung for (AUD-07, design section 2)."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.matters.matter import Command, CommandKind
from storage import matters
from storage import tables as t
from storage.database import Transaction, mint
from storage.streams import survey
from tests.faults.load import a_phone
from tests.support.company import Person
from tests.support.contested import Contested
from tests.support.service import FAIRCLAIM, PROJECT, RemoteCompany, Service, clean_environment
from tests.support.waiting import eventually
from worker.engine import Located
from workflows.connection import connect
from workflows.names import NAMESPACE, workflow_id

#: A lapse is decided so long after its deadline at most, once the service runs (issue, "Real input").
PROMPT_S = 5.0
#: The two looks of a comparison lie so far apart, in whole seconds.
APART_S = 2

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pinned_server: Located) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("up"), server=pinned_server) as running:
        yield running


@pytest.fixture(scope="module")
def company(service: Service) -> Iterator[RemoteCompany]:
    made = service.company()
    yield made
    made.close()


def test_claims_and_cases_outlive_the_loss_of_the_engines_store(
    service: Service, company: RemoteCompany, seed: int
) -> None:
    """All come back with unchanged deadlines; what fell due meanwhile did so at its own deadline, the rest on time."""
    dice = random.Random(seed)
    rep = company.rep()
    long, meanwhile, after = (
        company.program(name, policy={"claim.first_follow_up_wh": length})
        for name, length in (("Long", 48), ("Meanwhile", "PT5S"), ("After", "PT25S"))
    )
    staying = [_claim(rep, long, dice) for _ in range(6)]
    worked = rep.made(
        f"/v1/claims/{staying[0]['id']}/follow-ups", {"kind": "visit", "note": "看了样板间，很满意，想要东户"}
    )
    staying[0] |= {"state": worked["state"], "deadline": worked["deadline"]}
    lasting = Contested(company, phone=a_phone(dice))
    windows = lasting.read()["windows"]
    passing = [Contested(company, phone=a_phone(dice), negotiation_wh=length) for length in ("PT25S", "PT5S")]
    ends = [case.read()["deadline"] for case in passing]
    late = [_claim(rep, after, dice) for _ in range(3)]
    early = [_claim(rep, meanwhile, dice) for _ in range(3)]

    assert service.stop() == 0
    for file in (service.data / "engine").glob("*.db*"):
        file.unlink()
    eventually(lambda: _is_past(early[-1]["deadline"]), within_s=10, what="the early deadlines pass")
    service.start()

    eventually(
        lambda: all(_runs(service, c["id"]) for c in staying), within_s=20, what="every open claim has its workflow"
    )
    for case in (lasting, *passing):
        eventually(partial(_runs, service, case.id, "dispute"), within_s=20, what="every open case has its workflow")
        eventually(partial(_runs, service, case.refused), within_s=20, what="every claim in a case has its workflow")
    assert (lasting.read()["state"], lasting.read()["windows"]) == ("negotiating", windows)
    for claim in staying:
        present = rep.get(f"/v1/claims/{claim['id']}").json()
        assert (present["state"], present["deadline"]) == (claim["state"], claim["deadline"])
    for claim in [*early, *late]:
        eventually(partial(_is_past, claim["deadline"]), within_s=40, what="the deadline passes")
        eventually(partial(_has_lapsed, rep, claim), within_s=PROMPT_S, what=f"{claim['id']} has lapsed")
        assert rep.get(f"/v1/claims/{claim['id']}").json()["ended_at"] == claim["deadline"]
    for case, end in zip(passing, ends, strict=True):
        eventually(partial(_is_past, end), within_s=40, what="the time to negotiate is over")
        eventually(partial(_is_arbitrated, case, since=end), within_s=PROMPT_S, what="the case is with its arbitrator")


def test_reconcile_finds_and_repairs_what_differs(service: Service, company: RemoteCompany, seed: int) -> None:
    """AUD-07: a workflow that an operator terminated runs again; one that runs for an ended claim ends."""
    dice = random.Random(seed + 1)
    case = Contested(company, phone=a_phone(dice))
    program, rep = company.program("Compared"), company.rep()
    terminated, ended = _claim(rep, program, dice)["id"], _claim(rep, program, dice)["id"]
    _terminate(service, terminated)
    _terminate(service, case.id, "dispute")
    _release_behind_its_back(company, ended, rep)
    assert not _runs(service, terminated)
    assert _runs(service, ended)
    # What is young does not count, and the engine's list of what runs lags behind it.
    eventually(lambda: _all_is_told(service, terminated, case.id), within_s=30, what="the engine lists them as ended")
    eventually(lambda: not _young(company), within_s=30, what="the release is no longer young")

    code, found = _reconcile(service)
    assert code == 1
    assert (found["without_run"], found["without_stream"]) == (sorted([terminated, case.id]), [ended])
    assert (found["rung"], found["unanswered"]) == (3, [])

    assert _runs(service, terminated)
    assert _runs(service, case.id, "dispute")
    eventually(lambda: not _runs(service, ended), within_s=10, what="the workflow of the ended claim ends")
    code, found = _reconcile(service)
    assert (code, found["differences"]) == (0, 0)


def _claim(rep: Person, program: str, dice: random.Random) -> dict[str, Any]:
    customer = {"kind": "person", "name": "王小明", "phone": a_phone(dice)}
    return rep.made("/v1/claims", {"program": program, "customer": customer})


def _is_past(instant: str) -> bool:
    return datetime.now(UTC) > datetime.fromisoformat(instant)


def _has_lapsed(rep: Person, claim: dict[str, Any]) -> bool:
    return bool(rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "lapsed")


def _is_arbitrated(case: Contested, *, since: str) -> bool:
    told = case.second.get(f"/v1/disputes/{case.id}/timeline").json()["items"]
    return [e["at"] for e in told if e["kind"] == "arbitrating"] == [since]


def _runs(service: Service, stream: str, kind: str = "claim") -> bool:
    """Whether the workflow of a claim or case is running, as the engine describes it."""

    async def described() -> bool:
        client = await connect(service.engine_address, namespace=NAMESPACE)
        try:
            found = await client.get_workflow_handle(workflow_id(kind, stream)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return found.status is WorkflowExecutionStatus.RUNNING

    return asyncio.run(described())


def _all_is_told(service: Service, *streams: str) -> bool:
    """Whether the engine's list of running workflows no longer names any of these."""

    async def listed() -> set[str]:
        client = await connect(service.engine_address, namespace=NAMESPACE)
        return {e.id.partition("/")[2] async for e in client.list_workflows("ExecutionStatus='Running'")}

    return not asyncio.run(listed()) & set(streams)


def _young(company: RemoteCompany) -> bool:
    """Whether a command was received within what lies between the two looks."""
    return bool(survey(company.database, young=timedelta(seconds=APART_S + 1)).fresh)


def _terminate(service: Service, stream: str, kind: str = "claim") -> None:
    async def terminate() -> None:
        client = await connect(service.engine_address, namespace=NAMESPACE)
        await client.get_workflow_handle(workflow_id(kind, stream)).terminate("by an operator")

    asyncio.run(terminate())


def _release_behind_its_back(company: RemoteCompany, claim: str, owner: Person) -> None:
    """The claim ends in a drain of ours; its workflow is not told, as if its bell had been lost."""

    def receive(tx: Transaction) -> None:
        matter = str(tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim)).scalar_one())
        locked = matters.lock(tx, matter)
        data = {"reason": "lost", "text": None, "pool": None, "to": None}
        command = Command(mint(), CommandKind.RELEASE, claim, owner.id, locked.now, data)
        tx.insert(t.command, matters.command_row(command, matter=matter, target_type="claim", target=claim))
        matters.touch(tx, matter, locked.now)

    company.database.transact(receive)
    company.direct.drain(claim)
    assert owner.get(f"/v1/claims/{claim}").json()["state"] == "released"


def _reconcile(service: Service) -> tuple[int, dict[str, Any]]:
    """``fairclaim reconcile`` beside the running service, with its two looks close together."""
    argv = [*FAIRCLAIM, "reconcile", "--data", str(service.data), "--wait", str(APART_S), "--json"]
    done = subprocess.run(
        argv, cwd=PROJECT, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found
