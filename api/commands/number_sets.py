"""What follows from a number that was completed or corrected: its collision set is judged again (CUS-07, contract 14).

Another number leaves everybody unharmed. The same number joins what lies in the two matters, where nobody is robbed by
it: there the reports are ranked at their original times and collide as any other (CLM-27). Where both are held already
nobody is unseated; a case of kind identity ranks them, by itself where collisions become cases (CUS-13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.commands.disputes import question
from domain.claims.model import Claim
from domain.customers.merging import Meeting, Side, meeting
from domain.disputes.cases import person_of
from domain.matters.matter import Matter
from storage import customers, history, matters, merges, number_rivals
from storage import tables as t
from storage.database import Transaction


@dataclass(frozen=True)
class Held:
    """The matters of a record whose number or surname changes, and all that it may be found to meet, locked by id.

    ``now`` is later than every stamp given in any of them.
    """

    own: Mapping[str, tuple[str, str]]  # program and track
    locked: Mapping[str, matters.Locked]
    same: Mapping[str, frozenset[str]]  # by matter of the record: those whose record agrees in a whole key group
    alike: tuple[str, ...]
    now: datetime

    def stamped(self, matter: str) -> matters.Locked:
        """The lock of a matter, for what is received in it now."""
        return replace(self.locked[matter], now=self.now)


@dataclass(frozen=True)
class Found:
    """Two matters whose numbers are the same, and what stands in the way of joining them."""

    matter: str
    other: str
    meeting: Meeting


def hold(tx: Transaction, customer: str, met: customers.Match, *, of: Mapping[str, Any] | None = None) -> Held:
    """Lock what ``customer`` has and may meet, as ``met`` says of its new values; its keys and its row are locked.

    ``of``: the row of the claim that it is about, whose matter may be that of a named project.
    """
    c = t.matter.c
    rows = tx.rows(sa.select(t.matter).where(c.customer.in_(merges.records_of(tx, customer)), c.project.is_(None)))
    own = {merges.lies_in(tx, row["id"]): (row["program"], row["track"]) for row in rows}
    there = {m: _matters_of(tx, (*met.certain, *met.alike), place) for m, place in own.items()}
    wanted = {*own, *(m for found in there.values() for m in found), *number_rivals.of(tx, own)}
    about = {of["matter"]: of["id"]} if of is not None else {}
    locked = {m: matters.lock(tx, m, of=about.get(m)) for m in sorted({*wanted, *about})}
    same = {m: frozenset(_matters_of(tx, met.certain, place) - {m}) for m, place in own.items()}
    now = max((one.now for one in locked.values()), default=tx.now())
    return Held(own, locked, same, met.alike, now)


def judge(tx: Transaction, held: Held, *, completed: bool) -> tuple[Found, ...]:
    """Compare the record, which is written by now, with all it meets; who has the same number is for :func:`settle`.

    ``completed``: its number was masked before. Only then does a number that others have, under whatever surname, say
    more than that records were entered twice (CUS-02).
    """
    found = []
    for matter, (program, track) in held.own.items():
        number_rivals.meet(tx, matter, held.alike, program=program, track=track)
        one = set(number_rivals.rejudge(tx, matter, at=held.now))
        if completed:
            one |= number_rivals.same_number(tx, matter, held.same[matter])
        found += [Found(matter, other, _meeting(tx, held, matter, other)) for other in sorted(one)]
    return tuple(found)


def joined_records(tx: Transaction, found: tuple[Found, ...]) -> frozenset[str]:
    """The records that are known as one with it from now on: no likeness of theirs is worth an alert."""
    lying = [one.other for one in found if one.meeting is Meeting.NOTHING]
    return frozenset(tx.execute(sa.select(t.matter.c.customer).where(t.matter.c.id.in_(lying))).scalars())


def settle(tx: Transaction, caller: Caller, held: Held, found: tuple[Found, ...]) -> None:
    """Join what can be joined, into the older matter; ask where two hold and collisions become cases."""
    for one in found:
        matter, other = merges.lies_in(tx, one.matter), merges.lies_in(tx, one.other)
        if matter == other:
            continue
        met = _meeting(tx, held, matter, other)
        if met is Meeting.NOTHING:
            into, moved = sorted((matter, other))
            merges.join(tx, moved, into)
            number_rivals.join(tx, moved, into, at=held.now)
            if tx.execute(sa.select(t.matter.c.owner_claim).where(t.matter.c.id == into)).scalar() is not None:
                number_rivals.meet_owner(tx, moved, into, at=held.now)
            _record(tx, caller, moved, into, at=held.now)
        elif met is Meeting.CLAIMS:
            _ask(tx, caller, held, matter, other)


def _record(tx: Transaction, caller: Caller, moved: str, into: str, *, at: datetime) -> None:
    """The history of both records keeps that what they have in the program and track is one from now on (AUD-01)."""
    rows = tx.rows(sa.select(t.matter).where(t.matter.c.id.in_([moved, into])).order_by(t.matter.c.id))
    entries = [
        history.Entry(
            stream=one["customer"],
            stream_kind="customer",
            kind="same_number",
            at=at,
            actor=caller.person,
            policy_version=caller.setting.policy_at(one["program"], at=at).version,
            data={"record": other["customer"], "program": one["program"], "track": one["track"]},
        )
        for one, other in (rows, reversed(rows))
    ]
    history.append(tx, entries)


def _ask(tx: Transaction, caller: Caller, held: Held, matter: str, other: str) -> None:
    program, _ = held.own[matter] if matter in held.own else held.own[other]
    if caller.setting.policy_at(program, at=held.now).choice("claim.on_collision") != "dispute":
        return  # both supervisors are told, and may ask
    sides = [matters.load(tx, held.locked[m]) for m in (matter, other)]
    kept = [claim for side in sides for claim in _kept(side, held.now)]
    if len({person_of(claim) for claim in kept}) < 2:
        return
    about = max(kept, key=lambda claim: (claim.rank_at, claim.receipt))
    away = next(side for side in sides if about.id not in side.claims)
    question(tx, caller, about, away, statement=None, at=held.now + timedelta(microseconds=1))


def _meeting(tx: Transaction, held: Held, matter: str, other: str) -> Meeting:
    sides = [matters.load(tx, held.locked[m]) for m in (matter, other)]
    if any(side.open_discussion is not None for side in sides):
        return Meeting.CASE  # one at a time goes on about a customer (DSP-07)
    return meeting(*(_side(side, held.now) for side in sides))


def _side(matter: Matter, now: datetime) -> Side:
    """An undecided report is in nobody's way here: joined, it is decided in its order."""
    return Side(
        claims=tuple(claim.id for claim in _kept(matter, now)),
        leads=tuple(lead.id for lead in matter.leads.values() if lead.is_open),
        in_case=matter.in_case,
    )


def _kept(matter: Matter, now: datetime) -> Iterator[Claim]:
    """Who holds the customer, or may still rescue it (CLM-20)."""
    reserved = matter.reserved_for(now)
    return (claim for claim in matter.claims.values() if claim.holds or claim is reserved)


def _matters_of(tx: Transaction, records: tuple[str, ...], place: tuple[str, str]) -> set[str]:
    program, track = place
    return number_rivals.matters_of(tx, records, program=program, track=track)
