"""A worker that keeps no workflow in memory: every task replays its run from the start (AUD-07)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.support.company import person_customer
from tests.support.engine import Engine
from tests.support.live import LiveCompany
from tests.workflows.test_claim_workflow import armed_again, ended, kinds, later, note
from worker.process import WorkerOptions


@pytest.fixture
def forgetful(database: Database, admin_token: str, tmp_path: Path, engine: Engine) -> Iterator[LiveCompany]:
    """A company whose worker has no cache."""
    made = LiveCompany(
        database,
        admin_token,
        tmp_path,
        address=engine.address,
        namespace=engine.namespace,
        options=WorkerOptions(cached_workflows=0),
    )
    made.settings.wait_s = 20.0  # an engine that has just begun may take longer than callers wait
    yield made
    made.close()


def test_a_whole_life_is_lived_without_a_cache(forgetful: LiveCompany) -> None:
    """Design section 2, CLM-27, CLM-19: collision, six follow-ups, a timer armed again, the lapse at its deadline."""
    policy = {"claim.first_follow_up_wh": "PT20S", "claim.idle_days": "PT10S", "claim.grace_days": 0}
    program = forgetful.program(policy=policy)
    rep, rival = forgetful.rep("甲"), forgetful.rep("乙")
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert claim["state"] == "protected"
    beaten = rival.made("/v1/claims", {"program": program, "customer": person_customer()})
    assert (beaten["state"], beaten["reason"]) == ("rejected", "customer_owned")
    assert ended(forgetful, beaten["id"])
    for place in range(6):
        entry = rep.made(f"/v1/claims/{claim['id']}/follow-ups", note(place))
        assert entry["qualified"], entry
        assert place or (armed_again(forgetful, claim["id"]) and later(forgetful, entry["received_at"]))
    assert ended(forgetful, claim["id"])
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert (after["state"], after["reason"], after["ended_at"]) == ("lapsed", "idle", entry["deadline"])
    events = kinds(forgetful, claim["id"])
    assert events.count("TIMER_FIRED") == 2, events
    assert events.count("WORKFLOW_TASK_FAILED") == 0, events
    refused = rep.post(f"/v1/claims/{claim['id']}/follow-ups", note(6))
    assert (refused.status_code, refused.json()["code"]) == (409, "deadline_passed")
