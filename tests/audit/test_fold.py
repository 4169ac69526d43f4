"""The history alone tells what became of every claim (AUD-01): folded, it is what API and tables say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from tests.conftest import Store
from tests.support import fold
from tests.support.company import Company, Person, person_customer

NOTE = "谈了户型、预算和下次看房时间安排"


def test_folded_history_is_what_the_api_and_the_table_say(company: Company, store: Store) -> None:
    team = company.team()
    leader = company.leader(team)
    reps = [company.rep(name, team=team) for name in ("李娜", "王强", "陈静")]
    program = company.program(
        policy={
            "claim.first_follow_up_wh": "PT24H",
            "claim.grace_days": 3,
            "claim.idle_days": 5,
            "claim.extension_max": 2,
        }
    )
    manual = company.program("Manual", policy={"claim.judgement_mode": "manual"})
    ids = [c["id"] for c in live_through(company, leader, reps, program, manual)]
    folded = fold.fold(store.url)
    assert set(folded) >= set(ids)
    states = set()
    for id_, claim in folded.items():
        assert claim.faults == []
        shown = company.admin.get(f"/v1/claims/{id_}").json()
        states.add(claim.state)
        assert (claim.state, claim.owner, claim.reason) == (shown["state"], shown["owner"], shown["reason"]), claim
        assert (claim.reporter, claim.received_at) == (shown["reporter"], shown["received_at"])
        assert (claim.accepted_at, claim.ended_at) == (shown["accepted_at"], shown["ended_at"])
        row = row_of(company, id_)
        assert (claim.state, claim.last_owner) == (row["state"], row["owner"])
        if claim.deadline != "?" and claim.state != "reported":
            assert claim.deadline == shown["deadline"], claim
    assert states == {"protected", "active", "won", "lapsed", "released", "rejected", "withdrawn", "reported"}


def test_a_history_that_does_not_hang_together_is_told() -> None:
    made = fold.fold_entries(
        [
            fold.Entry("a", 1, "received", "2026-03-01T00:00:00Z", None, None, "reported", {}),
            fold.Entry("a", 3, "won", "2026-03-02T00:00:00Z", None, "active", "won", {}),
        ]
    )
    assert made["a"].faults == ["entry 2 has the number 3", "entry 3 starts from active, not from reported"]


def test_it_stands_alone() -> None:
    """Nothing of the product may be imported, or the comparison would compare a thing with itself."""
    code = "import sys, tests.support.fold; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"domain", "storage", "api", "activities", "workflows", "sqlalchemy"} & set(answer.stdout.split())


def live_through(
    company: Company, leader: Person, reps: list[Person], program: str, manual: str
) -> list[dict[str, Any]]:
    """Claims that end in many ways, and some that go on."""
    first, second, third = reps
    made = [report(first, program, n) for n in range(7)]
    made.append(report(second, program, 0))  # collides
    for n in (1, 2, 3, 4):
        first.made(f"/v1/claims/{made[n]['id']}/follow-ups", {"kind": "visit", "note": NOTE})
    first.made(
        f"/v1/claims/{made[2]['id']}/win",
        {"amount": {"amount_minor": 100, "currency": "CNY"}, "contract_at": company.now().isoformat()},
    )
    first.made(f"/v1/claims/{made[3]['id']}/release", {"reason": "invalid"})
    asked = first.made(f"/v1/claims/{made[4]['id']}/transfer", {"to": third.id})["requests"][0]["id"]
    third.made(f"/v1/requests/{asked}/accept")
    leader.made(f"/v1/claims/{made[5]['id']}/extend", {"reason": "出差", "days": 10})
    judged = [report(second, manual, n) for n in range(4)]
    leader.made(f"/v1/claims/{judged[0]['id']}/accept")
    leader.made(f"/v1/claims/{judged[1]['id']}/reject", {"reason": "资料不实"})
    second.made(f"/v1/claims/{judged[2]['id']}/withdraw")
    company.advance(days=6)
    company.ring_bells()
    # In grace: the former owner takes one back.
    first.made(f"/v1/claims/{made[1]['id']}/follow-ups", {"kind": "visit", "note": NOTE + "，客户回来了"})
    return made + judged


def report(rep: Person, program: str, number: int) -> dict[str, Any]:
    return rep.made("/v1/claims", {"program": program, "customer": person_customer(phone=f"1381234560{number}")})


def row_of(company: Company, claim: str) -> dict[str, Any]:
    with company.database.reading() as tx:
        found = tx.row(sa.select(t.claim).where(t.claim.c.id == claim))
    assert found is not None
    return found
