"""Reports of masked numbers that meet in the middle of one another: one owner, and nobody forgotten (CUS-07).

Both are real transactions of two processes on both databases, the first one held once it has its locks.
"""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.api.claims.test_collision_sets import FIRST, OTHER, Three, full, masked
from tests.faults.held import Held, contest
from tests.support.company import Company, Person
from tests.support.office import act, done, read


@pytest.fixture
def three(here: Company) -> Three:
    return Three(here)


def states(three: Three) -> list[tuple[str, str | None]]:
    """State, and what it waits for, of every claim in the order of their times."""
    three.company.ring_bells()
    with three.company.database.reading() as tx:
        c = t.claim.c
        rows = tx.execute(sa.select(c.state, c.detail).order_by(c.rank_at, c.receipt)).all()
    return [(row.state, row.detail.get("waiting")) for row in rows]


@pytest.mark.parametrize("second", [masked(), full(FIRST)])
def test_two_reports_at_once_meet_at_the_lock_of_their_digits(
    three: Three, beside: Company, second: dict[str, Any]
) -> None:
    """CUS-07, CUS-02: neither record was there when the other report began; one has the place, the other waits."""
    elsewhere = Person(beside, three.reps[1].id, three.reps[1].token)
    body = {"program": three.office.program, "customer": second}
    one, other = contest(
        lambda: three.office.report(three.reps[0], customer=masked()),
        lambda: elsewhere.post("/v1/claims", body),
        of_first=Held(three.company.database, "INSERT INTO claim"),
        of_second=beside.database,
    )
    assert (done(one)["state"], done(other)["state"]) == ("protected", "reported")
    assert states(three) == [("protected", None), ("reported", "number")]


def test_a_report_behind_the_release_that_makes_room_is_not_forgotten(three: Three, beside: Company) -> None:
    """CUS-07: the drain of the release saw nobody waiting, so the report waits for its end and finds the way clear."""
    (first,) = three.report(masked())
    elsewhere = Person(beside, three.reps[1].id, three.reps[1].token)
    body = {"program": three.office.program, "customer": masked()}
    released, later = contest(
        lambda: act(three.reps[0], first, "release", reason="need_unmet"),
        lambda: elsewhere.post("/v1/claims", body),
        of_first=Held(three.company.database, "UPDATE claim SET"),
        of_second=beside.database,
    )
    assert (done(released)["state"], done(later)["state"]) == ("released", "protected")


def test_a_drain_of_one_that_waits_takes_its_turn_behind_what_makes_room(three: Three, beside: Company) -> None:
    """CUS-07: both drains keep the pair, so what the second one reads of the first one's claims is what stands."""
    first, second = three.report(masked(), masked())
    elsewhere = Person(beside, three.reps[1].id, three.reps[1].token)
    version = read(three.reps[1], second)["version"]
    body = {"version": version, "next_follow_up_at": "2031-03-09T02:00:00Z"}
    released, corrected = contest(
        lambda: act(three.reps[0], first, "release", reason="need_unmet"),
        lambda: elsewhere.patch(f"/v1/claims/{second['id']}", body),
        of_first=Held(three.company.database, "UPDATE claim SET"),
        of_second=beside.database,
    )
    assert (done(released)["state"], done(corrected)["state"]) == ("released", "protected")
    assert states(three) == [("released", None), ("protected", None)]


def test_two_numbers_completed_at_once_part_one_another_once(three: Three, beside: Company) -> None:
    """CUS-07: each lacks the other's new number until it has the lock."""
    first, second = three.report(masked(), masked())
    elsewhere = Person(beside, three.reps[1].id, three.reps[1].token)
    bodies = [
        {"version": read(rep, claim)["version"], "customer": {"phone": number}}
        for rep, claim, number in zip(three.reps, (first, second), (FIRST, OTHER), strict=False)
    ]
    one, other = contest(
        lambda: three.reps[0].patch(f"/v1/claims/{first['id']}", bodies[0]),
        lambda: elsewhere.patch(f"/v1/claims/{second['id']}", bodies[1]),
        of_first=Held(three.company.database, "UPDATE customer SET"),
        of_second=beside.database,
    )
    assert (one.status_code, other.status_code) == (200, 200)
    assert states(three) == [("protected", None), ("protected", None)]


def test_a_drain_sees_the_rival_that_a_merge_gives_its_matter_meanwhile(three: Three, beside: Company) -> None:
    """CUS-07, CUS-13: the merge writes a pair of a third matter without its lock, so they must not pass one another."""
    claims = three.report(masked(), masked(), masked("李"))
    three.act(claims, 2, "release", reason="need_unmet")
    gone, kept = claims[0]["customer"]["id"], claims[2]["customer"]["id"]
    elsewhere = Person(beside, three.reps[1].id, three.reps[1].token)
    body = {"version": read(three.reps[1], claims[1])["version"], "next_follow_up_at": "2031-03-09T02:00:00Z"}
    merged, corrected = contest(
        lambda: three.company.admin.post(f"/v1/customers/{gone}/merge", {"into": kept, "reason": "换了名字"}),
        lambda: elsewhere.patch(f"/v1/claims/{claims[1]['id']}", body),
        of_first=Held(three.company.database, "INSERT INTO number_rival"),
        of_second=beside.database,
    )
    assert (done(merged)["id"], done(corrected)["state"]) == (kept, "reported")
    assert states(three)[:2] == [("protected", None), ("reported", "number")]
