"""An item that cannot be decided is given up after three tries; everything else of its matter goes on (design 2)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog.testing

from storage import tables as t
from storage.database import Transaction, mint
from tests.support.answers import refused
from tests.support.company import Person, person_customer
from tests.support.live import LiveCompany
from tests.support.office import act, read
from tests.support.waiting import eventually
from tests.workflows.test_claim_workflow import ended, kinds, note

LIMIT_S = 20.0
TRIES = 3

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def scene(live: LiveCompany) -> Scene:
    return Scene(live)


def test_a_poison_command_is_given_up_and_its_matter_goes_on(scene: Scene) -> None:
    """Design section 2, "Poison": three tries, `internal_error` with an error id as the answer, a line in the log; the
    report that came behind it is decided, and so is what falls due later (CLM-19)."""
    live = scene.live
    with structlog.testing.capture_logs() as logs:
        poison, key = scene.poison_command()
        report = scene.rival.post("/v1/claims", {"program": scene.program, "customer": person_customer()})
        assert report.status_code in (201, 202), report.text
        eventually(lambda: scene.parked(poison), within_s=LIMIT_S, what="the poison is given up")
        rival = report.json()["id"]
        eventually(
            lambda: read(scene.rival, rival)["state"] == "rejected", within_s=LIMIT_S, what="the report is decided"
        )
    parked = scene.parked(poison)
    assert parked["tries"] == TRIES
    assert [(line["error_id"], line["error"]) for line in logs if line["event"] == "item_parked"] == [
        (parked["error_id"], "KeyError")
    ]
    command = scene.rep.get(f"/v1/commands/{poison}").json()
    assert (command["state"], command["problem"]["code"]) == ("refused", "internal_error")
    assert command["problem"]["facts"] == {"error_id": parked["error_id"]}
    answer = refused(
        scene.rep.post(f"/v1/claims/{scene.claim}/release", {"reason": "lost"}, key=key), 500, "internal_error"
    )
    assert answer["facts"] == {"error_id": parked["error_id"]}
    scene.goes_on()
    assert kinds(live, scene.claim).count("WORKFLOW_TASK_FAILED") == 0


def test_a_poison_instant_is_given_up_and_its_claim_goes_on(scene: Scene) -> None:
    """The same for something that falls due by itself: work received behind it counts, and its claim still lapses."""
    live = scene.live
    with structlog.testing.capture_logs() as logs:
        at, item = scene.poison_instant()
        eventually(lambda: live.now() > at, within_s=LIMIT_S, what="it falls due")
        scene.rep.post(f"/v1/claims/{scene.claim}/follow-ups", note(0))
        eventually(lambda: scene.parked(item), within_s=LIMIT_S, what="the poison is given up")
    parked = scene.parked(item)
    assert parked["tries"] == TRIES
    assert [line["error_id"] for line in logs if line["event"] == "item_parked"] == [parked["error_id"]]
    scene.goes_on()
    assert kinds(live, scene.claim).count("WORKFLOW_TASK_FAILED") == 0


def test_nobody_is_kept_from_reporting_by_a_poison_that_is_not_given_up_yet(scene: Scene) -> None:
    """AUD-07: the engine is away, so nothing is parked; a report of the same customer is received all the same."""
    scene.poison_command(worker=False)
    report = scene.rival.post("/v1/claims", {"program": scene.program, "customer": person_customer()})
    assert report.status_code == 202, report.text
    scene.live.worker.start()
    eventually(
        lambda: scene.rival.post(f"/v1/claims/{report.json()['id']}/withdraw").status_code == 409,
        within_s=LIMIT_S,
        what="the report is decided",
    )


class Scene:
    """A claim of 甲, whose customer 乙 reports too."""

    def __init__(self, live: LiveCompany) -> None:
        self.live = live
        team = live.team()
        live.leader(team)
        self.rep: Person = live.rep("甲", team=team)
        self.rival: Person = live.rep("乙", team=team)
        policy = {"claim.first_follow_up_wh": "PT60S", "claim.idle_days": "PT15S", "claim.grace_days": 0}
        self.program = live.program(policy=policy)
        report = self.rep.made("/v1/claims", {"program": self.program, "customer": person_customer()})
        self.claim: str = report["id"]

    def poison_command(self, *, worker: bool = True) -> tuple[str, str]:
        """A release that a defect of ours has stored without its reason; its id and its idempotency key."""
        key, live = str(uuid.uuid4()), self.live
        live.worker.stop()
        live.settings.wait_s = 0.2
        stored = self.rep.post(f"/v1/claims/{self.claim}/release", {"reason": "lost"}, key=key)
        assert stored.status_code == 202, stored.text
        command = str(stored.json()["pending"]["command"])
        live.database.transact(lambda tx: tx.update(t.command, {"id": command}, {"data": {}}))
        if worker:
            live.settings.wait_s = LIMIT_S
            live.worker.start()
        return command, key

    def poison_instant(self) -> tuple[datetime, str]:
        """A request to release the customer to somebody who is not there, due soon; its instant and its key."""
        at = self.live.now() + timedelta(seconds=1)

        def write(tx: Transaction) -> str:
            request = mint()
            tx.insert(
                t.request,
                {
                    "id": request,
                    "kind": "release",
                    "claim": self.claim,
                    "by": self.rep.id,
                    "waiting_for": [],
                    "state": "open",
                    "created_at": at - timedelta(seconds=1),
                    "decide_by": at,
                    "data": {"to": mint()},  # nobody
                },
            )
            tx.update(t.claim, {"id": self.claim}, {"asked": True})
            return f"{self.claim}:request:{request}:{at.isoformat()}"

        return at, self.live.database.transact(write)

    def parked(self, item: str) -> Any:
        with self.live.database.reading() as tx:
            return tx.row(sa.select(t.poison).where(t.poison.c.item == item, t.poison.c.parked_at.is_not(None)))

    def goes_on(self) -> None:
        """The claim can be worked, and lapses at the deadline that follows from it."""
        worked = act(self.rep, self.claim, "follow-ups", **note(1))
        assert worked.status_code == 201, worked.text
        assert read(self.rep, self.claim)["state"] == "active"
        assert ended(self.live, self.claim, limit_s=40)
        found = read(self.rep, self.claim)
        assert (found["state"], found["ended_at"]) == ("lapsed", worked.json()["deadline"])
