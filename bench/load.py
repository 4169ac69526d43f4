"""Claims and cases in bulk, as the service would have written them, without an hour of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from domain.calendar.duration import Duration, Scale
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, RunningClock, TermsRef
from domain.customers.names import CustomerKind, normalise_name, search_words
from domain.disputes.model import Window
from storage import disputes, history
from storage import tables as t
from storage.claim_rows import claim_row
from storage.database import Database, Transaction, mint

_BATCH = 5_000
_STATES = ("active", "active", "protected", "lapsed", "rejected", "released", "won", "active", "rejected", "lapsed")


def load_claims(
    database: Database,
    count: int,
    *,
    program: str,
    people: Sequence[str],
    team: str,
    deadline: datetime | None = None,
    varied: bool = False,
    offset: int = 0,
) -> None:
    """``count`` claims on companies of their own, owned in turn by ``people``.

    All `protected` with the same idle ``deadline``; or, ``varied``, in many states and spread over two years.
    """
    policy = _policy(database, program)
    left = iter(range(offset, offset + count))
    while batch := list(islice(left, _BATCH)):
        database.transact(lambda tx, batch=batch: _insert(tx, batch, program, people, team, policy, deadline, varied))  # type: ignore[misc]


def load_cases(database: Database, count: int, *, like: str, due: datetime) -> None:
    """``count`` copies of the case ``like``, each about a customer of its own, all with the tier limit ``due``."""
    left = iter(range(count))
    while batch := list(islice(left, _BATCH // 10)):
        database.transact(lambda tx, batch=batch: _copy(tx, len(batch), like, due))  # type: ignore[misc]


def _copy(tx: Transaction, count: int, like: str, due: datetime) -> None:
    case = dict(tx.rows(sa.select(t.dispute).where(t.dispute.c.id == like))[0])
    dispute = disputes.dispute_of(case)
    there = t.claim.c.matter == dispute.matter
    matter = tx.rows(sa.select(t.matter).where(t.matter.c.id == dispute.matter))[0]
    customer = tx.rows(sa.select(t.customer).where(t.customer.c.id == matter["customer"]))[0]
    secret = tx.rows(sa.select(t.customer_secret).where(t.customer_secret.c.customer == matter["customer"]))[0]
    claims = tx.rows(sa.select(t.claim).where(there))
    streams = tx.rows(sa.select(t.stream).where(t.stream.c.matter == dispute.matter))
    tasks = tx.rows(sa.select(t.task).where(t.task.c.subject == like))
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        table: []
        for table in (t.customer, t.customer_secret, t.matter, t.claim, t.dispute, t.dispute_party, t.stream, t.task)
    }
    for _ in range(count):
        new = {old: mint() for old in (matter["id"], customer["id"], like, *(c["id"] for c in claims))}
        rows[t.customer].append(customer | {"id": new[customer["id"]]})
        rows[t.customer_secret].append(secret | {"customer": new[customer["id"]]})
        own = {"matter": new[matter["id"]], "customer": new[customer["id"]]}
        held = matter["owner_claim"]
        rows[t.matter].append(
            matter
            | {"id": own["matter"], "customer": own["customer"], "subject": own["customer"]}
            | {"owner_claim": new[held] if held is not None else None}
        )
        for claim in claims:
            moved = {"id": new[claim["id"]], "receipt": tx.next_number("receipt"), "dispute": new[like]}
            rows[t.claim].append(claim | own | moved)
        copied = replace(
            dispute,
            id=new[like],
            matter=own["matter"],
            number=tx.next_number("dispute"),
            parties=tuple(replace(p, claim=new[p.claim]) for p in dispute.parties if p.claim is not None),
            windows=((Window.TIER, due),),
        )
        rows[t.dispute].append(case | own | disputes.dispute_row(copied))
        rows[t.dispute_party] += [{"dispute": copied.id, "person": p.person, "claim": p.claim} for p in copied.parties]
        for stream in streams:
            instant = due if stream["id"] == like else None
            rows[t.stream].append(stream | {"id": new[stream["id"]], "matter": own["matter"], "next_instant": instant})
        for task in tasks:
            key = task["key"].replace(like, copied.id)
            rows[t.task].append(task | {"id": mint(), "key": key, "subject": copied.id, "due": due})
    for table, values in rows.items():
        tx.insert(table, values)


def _insert(
    tx: Transaction,
    batch: list[int],
    program: str,
    people: Sequence[str],
    team: str,
    policy: tuple[str, str],
    deadline: datetime | None,
    varied: bool,
) -> None:
    now = tx.now()
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        table: []
        for table in (t.customer, t.customer_secret, t.customer_key, t.customer_word, t.matter, t.claim, t.stream)
    }
    entries: list[history.Entry] = []
    for number in batch:
        at = now - timedelta(minutes=number % 1_000_000) if varied else now - timedelta(minutes=1)
        owner = people[number % len(people)]
        # Everybody has claims in every state: a page of one's own in one state is a full page at each size.
        state = ClaimState(_STATES[number // len(people) % len(_STATES)]) if varied else ClaimState.PROTECTED
        customer, matter, claim_id = mint(), mint(), mint()
        name = f"Company {number:07d} Trading"
        _, sealed = tx.keys.new_data_key()
        rows[t.customer].append(
            {
                "id": customer,
                "kind": "company",
                "company_name": name,
                "created_at": at,
                "active_at": at,
                "version": 1,
            }
        )
        rows[t.customer_secret].append({"customer": customer, "sealed_key": sealed})
        key = tx.keys.blind("name", normalise_name(name, kind=CustomerKind.COMPANY))
        rows[t.customer_key].append({"digest": key, "customer": customer, "field": "name", "kind": "company"})
        rows[t.customer_word] += [{"word": w, "customer": customer} for w in dict.fromkeys(search_words(name))]
        # As they are while everybody works: no deadline is past, and old claims have near ones as often as new ones.
        due = deadline or now + timedelta(days=1 + number * 37 % 400)
        claim = _claim(claim_id, number, matter, program, owner, team, at, policy, state, due)
        rows[t.matter].append(
            {
                "id": matter,
                "program": program,
                "customer": customer,
                "subject": customer,
                "track": "sales",
                "owner_claim": claim_id if claim.holds else None,
                "last_at": at,
                "pooled": False,
                "poisoned": False,
            }
        )
        rows[t.claim].append(
            claim_row(claim)
            | {
                "customer": customer,
                "project": None,
                "track": "sales",
                "reporter_team": team,
                "facts_digest": "",
                "asked": False,
            }
        )
        is_open = claim.ended_at is None
        rows[t.stream].append(
            {
                "id": claim_id,
                "kind": "claim",
                "matter": matter,
                "open": is_open,
                "next_instant": claim.deadline if is_open else None,
                "epoch": 0,
            }
        )
        entries.append(
            history.Entry(
                stream=claim_id,
                stream_kind="claim",
                kind="received",
                at=at,
                actor=owner,
                policy_version=1,
                after=state.value,
                data={"receipt": number},
            )
        )
    for table, values in rows.items():
        tx.insert(table, values)
    for some in _chunks(entries, 500):
        history.append(tx, some)


def _claim(
    claim: str,
    number: int,
    matter: str,
    program: str,
    owner: str,
    team: str,
    at: datetime,
    policy: tuple[str, str],
    state: ClaimState,
    deadline: datetime,
) -> Claim:
    made = Claim(
        id=claim,
        receipt=10_000_000 + number,
        matter=matter,
        program=program,
        reporter=owner,
        team=team,
        owner=owner,
        state=state,
        received_at=at,
        rank_at=at,
        accepted_at=at,
        decided=True,
        customer_kind="company",
        terms=TermsRef(policy=policy[0], company_policy=policy[1], version=1, calendar_version=1),
        ended_at=at + timedelta(days=1)
        if state in (ClaimState.LAPSED, ClaimState.REJECTED, ClaimState.RELEASED)
        else None,
    )
    if made.ended_at is not None:
        return made
    length = Duration(max(1, (deadline - at) // timedelta(microseconds=1)), Scale.ELAPSED)
    clock = RunningClock(clock=Clock.IDLE, deadline=deadline, start=at, length=length, rule="claim.idle_days")
    return replace(made, clocks=(clock,))


def _policy(database: Database, program: str) -> tuple[str, str]:
    with database.reading() as tx:
        own = tx.execute(sa.select(t.policy.c.id).where(t.policy.c.program == program)).scalar_one()
        company = tx.execute(sa.select(t.policy.c.id).where(t.policy.c.program.is_(None))).scalar_one()
    return own, company


def _chunks(entries: list[history.Entry], size: int) -> Iterator[list[history.Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
