"""What is received before a deadline counts, though the engine is away until after it (CLM-19, AUD-07)."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import DATABASES
from tests.faults.load import a_phone
from tests.support.company import Person
from tests.support.office import moves
from tests.support.service import Parts, closing_company
from tests.support.waiting import eventually
from worker.engine import Located

#: Claims lapse so long after their report. A command is answered 202 after three seconds at the latest.
SOON_S = 8
LIMIT_S = 30.0
DEAL = {
    "amount": {"amount_minor": 100_00, "currency": "CNY"},
    "contract_at": "2026-01-01T00:00:00Z",
    "contract_end": "2099-01-01",
}

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_deal_received_before_the_deadline_wins_though_the_engine_comes_back_after_it(
    kind: str,
    tmp_path: Path,
    pinned_server: Located,
    empty_databases: Callable[[str], str | None],
    seed: int,
) -> None:
    """CLM-19, design section 2: late timers cannot overtake. Beside it a claim nobody worked on, and one whose deal
    comes after the deadline: both lapsed at their own deadline."""
    dice = random.Random(seed)
    database_url = empty_databases(kind)
    with (
        Parts(tmp_path, server=pinned_server, database_url=database_url) as parts,
        closing_company(parts.company()) as company,
    ):
        rep = company.rep()
        program = company.program("Soon", policy={"claim.first_follow_up_wh": f"PT{SOON_S}S", "claim.grace_days": 0})
        in_time, left, late = (_claim(rep, program, dice) for _ in range(3))
        parts.engine.kill()

        key = str(uuid.uuid4())
        pending = rep.post(f"/v1/claims/{in_time['id']}/win", DEAL, key=key)
        assert (pending.status_code, pending.json()["state"]) == (202, "protected"), pending.text
        assert datetime.now(UTC) < _deadline(in_time), "this machine is too slow for the test to say anything"
        eventually(lambda: datetime.now(UTC) > _deadline(late), within_s=2 * SOON_S, what="all deadlines have passed")
        too_late = str(uuid.uuid4())
        assert rep.post(f"/v1/claims/{late['id']}/win", DEAL, key=too_late).status_code == 202
        assert {_state(rep, c) for c in (in_time, left, late)} == {"protected"}, "nobody was there to decide"
        parts.engine.start()

        eventually(lambda: _state(rep, in_time) == "won", within_s=LIMIT_S, what="the deal is decided")
        for claim in (left, late):
            eventually(lambda c=claim: _state(rep, c) == "lapsed", within_s=LIMIT_S, what="the others lapse")
            assert rep.get(f"/v1/claims/{claim['id']}").json()["ended_at"] == claim["deadline"]
        won = rep.post(f"/v1/claims/{in_time['id']}/win", DEAL, key=key)
        assert (won.status_code, won.json()["state"]) == (200, "won")
        assert [to for _, _, to in moves(rep, in_time) if to] == ["reported", "protected", "won"]
        refused = rep.post(f"/v1/claims/{late['id']}/win", DEAL, key=too_late)
        assert refused.status_code == 409, refused.text
        assert refused.json()["current_state"] == "lapsed"


def _claim(rep: Person, program: str, dice: random.Random) -> dict[str, Any]:
    customer = {"kind": "person", "name": "王小明", "phone": a_phone(dice)}
    return rep.made("/v1/claims", {"program": program, "customer": customer})


def _state(rep: Person, claim: dict[str, Any]) -> str:
    return str(rep.get(f"/v1/claims/{claim['id']}").json()["state"])


def _deadline(claim: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(claim["deadline"])
