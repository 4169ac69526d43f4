"""Every reading call with a broker's eye: nobody of the house is in the answers, but whom they must know (PPL-08)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.office import done
from tests.support.operations import FACTORIES, OPERATIONS, World, opened_world

#: Whom a broker knows: the channel manager, and who oversees their programs (PPL-07).
KNOWN = ("other_leader", "oversight")
#: Whoever the rules bind is told who made them, and who began the load they may object to (POL-04, INT-10).
MADE_BY = frozenset({"setup", "policy_admin"})
MADE = (
    "list_company_policies",
    "list_plans",
    "list_program_policies",
    "read_opening_load",
    "read_plan",
    "read_policy",
    "read_policy_in_force",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened_world(request.param, request, tmp_path_factory.mktemp("in_house")) as made:
        yield made


def words(answer: Any) -> Iterator[str]:
    """Every text and key of an answer, wherever it stands."""
    if isinstance(answer, Mapping):
        for name, value in answer.items():
            yield name
            yield from words(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from words(value)
    elif isinstance(answer, str):
        yield answer


def told_of(answer: Any, house: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Roles of the people of the ``house`` whose id, name, phone or e-mail is somewhere in an answer."""
    found = set(words(answer))
    return {role for role, marks in house.items() if any(mark in found for mark in marks)}


def test_no_answer_to_a_broker_tells_of_anybody_of_the_house(world: World) -> None:
    """PPL-08: each reading call on what the house has, and on what is the broker's own."""
    house: dict[str, tuple[str, ...]] = {}
    for role, person in {**world.people, "setup": world.setup}.items():
        if role in KNOWN or role == "broker":
            continue
        about = done(world.setup.get(f"/v1/people/{person.id}"))
        house[role] = tuple(mark for mark in (about["id"], about["name"], about["phone"], about["email"]) if mark)
    found: dict[str, set[str]] = {}
    for name, operation in sorted(OPERATIONS.items()):
        if operation.writes or name == "read_question":  # its code is the customer's alone
            continue
        answer = world.send(FACTORIES[name](world), "broker")
        if answer.status_code == 200 and answer.headers["content-type"].startswith("application/json"):
            found[name] = told_of(answer.json(), house)
        elif answer.status_code == 200:
            found[name] = {role for role, (id_, *_) in house.items() if id_ in answer.text}
    assert len(found) > 40
    named = {name: who - MADE_BY if name in MADE else who for name, who in found.items()}
    assert {name: who for name, who in named.items() if who} == {}


def test_what_a_broker_sent_or_may_take_names_no_more_of_the_house_than_it_must(world: World) -> None:
    """PPL-08: who received their customer, not who else might have; a pool shared with them, not who held it before."""
    broker, admin, owner, peer = world["broker"], world.setup, world["owner"], world["peer"]
    away = {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
    admin.made(f"/v1/people/{peer.id}/absences", away)
    lead = broker.made("/v1/leads", {"program": world.program, "source": "渠道", "customer": world.customer()})
    whole = admin.get(f"/v1/leads/{lead['id']}").json()["offers"][0]
    assert peer.id in {one["person"] for one in whole["skipped"]}, "else there is nothing to leave out"
    for answer in (lead, done(broker.get(f"/v1/leads/{lead['id']}"))):
        assert answer["receiver"] == whole["person"]
        assert peer.id not in set(words(answer))
    told = broker.get(f"/v1/leads/{lead['id']}/timeline")
    assert peer.id not in told.text
    assert peer.id in admin.get(f"/v1/leads/{lead['id']}/timeline").text
    refused(broker.get(f"/v1/leads/{lead['id']}/recommendation"), 403, "not_allowed")

    team = done(admin.get(f"/v1/partners/{world.partner}"))["team"]
    members = [{"team": team}, {"team": world.north}, {"person": owner.id}]
    body = {"program": world.program, "name": "共享公海", "members": members, "admins": [world["manager"].id]}
    pool = admin.made("/v1/pools", body)["id"]
    claim = world.claim()
    done(owner.post(f"/v1/claims/{claim}/release", {"reason": "need_unmet", "pool": pool}))
    shown = done(broker.get(f"/v1/pools/{pool}"))
    assert ([one["team"] for one in shown["members"]], shown["admins"]) == ([team], [])
    (entry,) = listed(broker.get(f"/v1/pools/{pool}/customers"))
    history = done(broker.get(f"/v1/pools/{pool}/customers/{entry['id']}"))["history"]
    assert [one["owner"] for one in history] == [None]
    assert done(admin.get(f"/v1/pools/{pool}/customers/{entry['id']}"))["history"][0]["owner"] == owner.id


def test_a_broker_knows_their_own_programs_and_the_outcomes_of_their_own_cases(world: World) -> None:
    """PPL-08: a program of the house alone is none; a precedent among in-house people is not the partner's to read."""
    broker, admin = world["broker"], world.setup
    direct = world.company.program("直销", members=[{"team": world.north}])
    refused(broker.get(f"/v1/programs/{direct}"), 404, "not_found")
    assert direct in {one["id"] for one in listed(admin.get("/v1/programs", limit=200))}
    seen = listed(broker.get("/v1/programs", limit=200))
    assert direct not in {one["id"] for one in seen}
    assert world.contested in {one["id"] for one in seen}
    assert all((one["members"], one["panel"]) == ([], []) for one in seen)
    dispute = FACTORIES["read_dispute"](world).ids["id"]
    with world.company.database.writing() as tx:
        row = tx.row(sa.select(t.dispute).where(t.dispute.c.id == dispute))
        assert row is not None
        precedent = {"program": row["program"], "track": "sales", "grounds": row["grounds"], "tier": 1}
        outcome = {"outcome": "party", "rules": ",first_report,", "overturned": False, "policy_version": 1}
        made = {"id": str(uuid.uuid4()), "place": row["number"], "dispute": dispute, "at": tx.now()}
        tx.insert(t.precedent, precedent | outcome | made)
    assert len(listed(world["owner"].get("/v1/precedents"))) == 1
    assert listed(broker.get("/v1/precedents")) == []
    with world.company.database.writing() as tx:
        tx.insert(t.dispute_party, {"dispute": dispute, "person": broker.id, "claim": None})
    assert len(listed(broker.get("/v1/precedents"))) == 1
