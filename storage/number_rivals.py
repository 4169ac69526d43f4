"""Matters whose numbers may be one: found, kept in pairs, read beside a matter that is decided (CUS-07).

A pair is written under the locks of both matters. A drain holds only its own matter, and after it its pairs, so drains
of rivals follow one another: what one reads of another's claims stands until it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import OPEN, ClaimState
from domain.claims.model import Waiting
from domain.claims.numbers import Rival, Stance, makes_room, stance_of
from domain.customers.collision_set import Agreement, KnownNumber, agreement
from domain.customers.identity import MatchValues
from domain.customers.names import CustomerKind, surname
from domain.customers.phone import normalise_phone
from domain.matters.matter import Matter
from storage import customers, merges
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction, mint

_PAIR = t.number_rival.c
#: What becomes of either matter concerns who waits in the other.
_LIVES = sa.or_(~_PAIR.apart, _PAIR.linked)

# --- who they are ----------------------------------------------------------------------------------------------------


def meet(tx: Transaction, matter: str, records: Iterable[str], *, program: str, track: str) -> datetime | None:
    """Make the matters of ``records`` the rivals of ``matter``, which is locked, where their numbers may be one.

    They are locked too, by id; the latest stamp given in any of them, None if there are none: what is received here is
    stamped after it, so that times say who came first. A matter may be newer than those it meets: nobody can wait for
    it then, whoever made it.
    """
    found = matters_of(tx, records, program=program, track=track) - {matter}
    if not found:
        return None
    numbers = _numbers(tx, {matter, *found})
    perhaps = sorted(m for m in found if _agreement(numbers[matter], numbers[m]) is Agreement.PERHAPS)
    if not perhaps:
        return None
    rows = tx.rows(tx.locked(sa.select(t.matter).where(t.matter.c.id.in_(perhaps)).order_by(t.matter.c.id)))
    pairs = [{**_pair(matter, m), "since": None, "apart": False} for m in perhaps]
    if tx.insert_new(t.number_rival, pairs):
        tx.execute(t.matter.update().where(t.matter.c.id.in_([matter, *perhaps])).values(rivalled=True))
    latest: datetime = max(row["last_at"] for row in rows)
    return latest


def matters_of(tx: Transaction, records: Iterable[str], *, program: str, track: str) -> set[str]:
    """Where customers with ``records`` are decided in the program and track; named projects are apart (CLM-33)."""
    c = t.matter.c
    stood_for = sa.select(sa.func.coalesce(t.customer.c.merged_into, t.customer.c.id)).where(
        t.customer.c.id.in_(sorted(set(records)))
    )
    found = tx.execute(
        sa.select(c.id).where(
            sa.or_(c.customer.in_(stood_for), c.customer.in_(sorted(set(records)))),
            c.program == program,
            c.track == track,
            c.project.is_(None),
        )
    )
    return {merges.lies_in(tx, matter) for matter in found.scalars().all()}


def of(tx: Transaction, matters: Collection[str]) -> tuple[str, ...]:
    """All rivals that ``matters`` have or had, known to be apart or not; those that lie in another one left out."""
    pairs = tx.execute(sa.select(_PAIR.one, _PAIR.other).where(_concerns(matters)))
    found = {m for pair in pairs for m in pair} - set(matters)
    return tuple(tx.execute(sa.select(t.matter.c.id).where(t.matter.c.id.in_(sorted(found)), _STANDS)).scalars())


def link(tx: Transaction, matter: str, others: Iterable[str]) -> None:
    """Whoever waits in ``matter`` for a relative is told when it is let go; all of them are locked (CUS-14)."""
    for other in others:
        pair = _pair(matter, other)
        if not tx.insert_new(t.number_rival, [{**pair, "since": None, "apart": True, "linked": True}]):
            tx.update(t.number_rival, pair, {"linked": True})
        tx.execute(t.matter.update().where(t.matter.c.id.in_([matter, other])).values(rivalled=True))


def rejudge(tx: Transaction, matter: str, *, at: datetime) -> tuple[str, ...]:
    """Compare the numbers of a locked matter anew with those of its rivals; the matters that have the same number.

    Who is known for another customer now is told to those that wait; the same number is for the caller to act on. Two
    that a case has found to be two customers stay so, though they share a telephone.
    """
    pairs = _locked_pairs(tx, [matter])
    others = {_other(pair, matter): pair for pair in pairs}
    standing = set(tx.execute(sa.select(t.matter.c.id).where(t.matter.c.id.in_(others), _STANDS)).scalars())
    numbers = _numbers(tx, {matter, *standing})
    answered = _answered_apart(tx, matter, standing)
    one: list[str] = []
    for other in sorted(standing):
        found = _agreement(numbers[matter], numbers[other])
        if found is Agreement.ONE and other not in answered:
            one.append(other)
        apart = other in answered or found is Agreement.TWO
        if apart is not others[other]["apart"]:
            _set(tx, matter, other, apart=apart, at=at)
    return tuple(one)


def same_number(tx: Transaction, matter: str, others: Collection[str]) -> frozenset[str]:
    """Those of ``others`` that have the whole number of ``matter``, unless a case has found them to be two (CUS-13)."""
    if not others:
        return frozenset()
    numbers = _numbers(tx, {matter, *others})
    equal = [other for other in others if _agreement(numbers[matter], numbers[other]) is Agreement.ONE]
    return frozenset(equal) - _answered_apart(tx, matter, equal)


def part(tx: Transaction, one: str, other: str, *, at: datetime) -> None:
    """A case has found two records to be two customers: neither waits for the other any more (CUS-13)."""
    if _locked_pairs(tx, [one, other], between=True):
        _set(tx, one, other, apart=True, at=at)


def join(tx: Transaction, moved: str, into: str, *, at: datetime) -> None:
    """Everything of ``moved`` lies in ``into`` by now, and so do its rivals; who waited in either looks again."""
    pairs = _locked_pairs(tx, [moved, into])
    if not pairs:
        return
    own = {_other(pair, into): pair for pair in pairs if into in (pair["one"], pair["other"])}
    tx.insert_new(t.number_rival, [{**_pair(moved, into), "since": at, "apart": True}])
    _set(tx, moved, into, apart=True, at=at)
    for pair in pairs:
        if moved not in (pair["one"], pair["other"]) or (other := _other(pair, moved)) == into:
            continue
        if other in own:
            both = (pair, own[other])
            values = {"apart": all(p["apart"] for p in both), "linked": any(p["linked"] for p in both), "since": at}
            tx.update(t.number_rival, _pair(into, other), values)
        else:
            # It refers to ``other``, whose lock is not held here: so it is not written while a drain of that matter
            # runs, which would not see it. PostgreSQL makes one of the two begin again where they meet.
            kept = {"apart": pair["apart"], "linked": pair["linked"]}
            tx.insert(t.number_rival, {**_pair(into, other), "since": at, **kept})
        tx.update(t.number_rival, _pair(moved, other), {"apart": True, "linked": False, "since": at})
    tx.execute(t.matter.update().where(t.matter.c.id.in_([moved, into])).values(rivalled=True))


def meet_owner(tx: Transaction, moved: str, into: str, *, at: datetime) -> None:
    """Undecided reports of the matter ``into``, which is held and was joined with ``moved``, look again at ``at``.

    Whatever they waited for, they are behind an owner now, and collide as policy says (CLM-27). What members may object
    to is decided by its time alone (INT-10), and the queue is behind an owner already.
    """
    tx.insert_new(t.number_rival, [{**_pair(moved, into), "since": at, "apart": True}])
    tx.execute(t.matter.update().where(t.matter.c.id.in_([moved, into])).values(rivalled=True))
    c = t.claim.c
    behind = sa.and_(
        c.matter == into, c.state == ClaimState.REPORTED.value, c.detail["waiting"].as_string().in_(_TURNS)
    )
    for row in tx.rows(sa.select(c.id, c.detail).where(behind)):
        tx.update(t.claim, {"id": row["id"]}, {"detail": {**row["detail"], "waiting": Waiting.NUMBER.value}})
    _ring(tx, (into,), at=at)


#: What a report waits for whose turn does not come by itself where others hold the customer.
_TURNS = sorted(w.value for w in (Waiting.JUDGE, Waiting.VISIT, Waiting.CORRECTION, Waiting.EARLIER))


# --- how they stand --------------------------------------------------------------------------------------------------


def load(tx: Transaction, matter: str) -> tuple[Rival, ...]:
    """The rivals of a matter and how they stand in the way of its reports."""
    return _rivals(tx, matter, tx.rows(sa.select(t.number_rival).where(_concerns([matter]))))


def load_locked(tx: Transaction, matters: Sequence[str]) -> Mapping[str, tuple[Rival, ...]]:
    """The same for one matter or two, their pairs locked: to be asked for after every lock of a matter."""
    pairs = _locked_pairs(tx, matters)
    return {m: _rivals(tx, m, [p for p in pairs if m in (p["one"], p["other"])]) for m in matters}


def tell(tx: Transaction, before: Matter, after: Matter, *, at: datetime) -> None:
    """Ring for the reports that wait for a matter which has just made room for them."""
    waiting = [rival.matter for rival in before.rivals if rival.linked or not rival.apart]
    if not waiting:
        return
    was, now = stance_of(before.claims.values()), stance_of(after.claims.values())
    # What was undecided kept a grace period in the way beyond its end.
    settled = bool(before.commands) and was.reserved_until is not None and not now.taken
    if makes_room(was, now) or settled:
        tx.execute(t.number_rival.update().where(_concerns([after.id]), _LIVES).values(since=at))
        _ring(tx, waiting, at=at)


def let_go(tx: Transaction, matters: Collection[str], *, at: datetime) -> None:
    """Nothing of ``matters``, which are locked, is in anybody's way from ``at`` on: who waits for them looks again."""
    pairs = [pair for pair in _locked_pairs(tx, matters) if pair["linked"] or not pair["apart"]]
    waiting = {m for pair in pairs for m in (pair["one"], pair["other"])}
    if waiting:
        tx.execute(t.number_rival.update().where(_concerns(matters), _LIVES).values(since=at))
        _ring(tx, waiting, at=at)


def may_be_reported(tx: Transaction, values: MatchValues, records: Collection[str]) -> bool:
    """Whether the number of one of ``records`` may be that of ``values``, of which only the digits agree so far."""
    if values.phone_written is None or not records:
        return False
    number = values.phone_written.masked or values.phone_written.e164
    assert number is not None
    asked = KnownNumber(values.surname, number)
    return any(agreement(asked, known) is Agreement.PERHAPS for known in _known(tx, t.customer.c.id.in_(records)))


def _rivals(tx: Transaction, matter: str, pairs: Sequence[Mapping[str, Any]]) -> tuple[Rival, ...]:
    stances = _stances(tx, [_other(pair, matter) for pair in pairs if pair["linked"] or not pair["apart"]])
    return tuple(
        Rival(other, pair["since"], pair["apart"], stances.get(other, Stance()), pair["linked"])
        for pair in pairs
        if (other := _other(pair, matter))
    )


def _stances(tx: Transaction, matters: Collection[str]) -> dict[str, Stance]:
    if not matters:
        return {}
    c = t.claim.c
    concerned = sa.or_(c.state.in_(_OPEN), sa.and_(c.state == ClaimState.LAPSED.value, c.grace_until.is_not(None)))
    claims = [claim_of(row) for row in tx.rows(sa.select(t.claim).where(c.matter.in_(matters), concerned))]
    stances = {m: stance_of(claim for claim in claims if claim.matter == m) for m in matters}
    graces = {m: s.reserved_until for m, s in stances.items() if s.reserved_until is not None}
    if graces:
        # A rescue counts by its receipt, however late it is decided (CLM-19, CLM-20).
        u = t.command.c
        undecided = sa.select(u.matter, u.received_at).where(u.matter.in_(graces), u.decided_at.is_(None))
        for row in tx.rows(undecided):
            if row["received_at"] <= graces[row["matter"]]:
                stances[row["matter"]] = replace(stances[row["matter"]], taken=True)
    return stances


_OPEN = sorted(state.value for state in OPEN)
_STANDS = t.matter.c.merged_into.is_(None)


# --- pairs -----------------------------------------------------------------------------------------------------------


def _pair(one: str, other: str) -> dict[str, str]:
    first, second = sorted((one, other))
    return {"one": first, "other": second}


def _other(pair: Mapping[str, Any], matter: str) -> str:
    return str(pair["other"] if pair["one"] == matter else pair["one"])


def _concerns(matters: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_PAIR.one.in_(matters), _PAIR.other.in_(matters))


def _locked_pairs(tx: Transaction, matters: Collection[str], *, between: bool = False) -> list[dict[str, Any]]:
    """In order, so never in a ring. ``between``: only of ``matters`` with each other."""
    which = sa.and_(_PAIR.one.in_(matters), _PAIR.other.in_(matters)) if between else _concerns(matters)
    return tx.rows(tx.locked(sa.select(t.number_rival).where(which).order_by(_PAIR.one, _PAIR.other)))


def _set(tx: Transaction, one: str, other: str, *, apart: bool, at: datetime) -> None:
    tx.update(t.number_rival, _pair(one, other), {"apart": apart, "since": at})
    if apart:
        _ring(tx, (one, other), at=at)


_WAITS = sorted(w.value for w in (Waiting.NUMBER, Waiting.QUEUE, Waiting.BESIDE))


def _ring(tx: Transaction, matters: Collection[str], *, at: datetime) -> None:
    """Wake the reports of ``matters`` that wait for a number, or for a relative in the queue or in a trial; nobody else
    would decide anything.
    """
    c = t.claim.c
    place = c.detail["waiting"].as_string().in_(_WAITS)
    waits = sa.and_(c.state == ClaimState.REPORTED.value, place)
    streams = tx.execute(sa.select(c.id).where(c.matter.in_(matters), waits).order_by(c.receipt)).scalars()
    bells = [{"id": mint(), "stream": s, "kind": "claim", "not_before": at, "tries": 0} for s in streams]
    if bells:
        tx.insert(t.bell, bells)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _numbers(tx: Transaction, matters: Collection[str]) -> dict[str, tuple[KnownNumber, ...]]:
    """What is known of the number of each matter's customer: of all records that lie in it, masked or not."""
    return {matter: _numbers_in(tx, matter) for matter in sorted(matters)}


def _numbers_in(tx: Transaction, matter: str) -> tuple[KnownNumber, ...]:
    c, lying, new = t.matter.c, [matter], [matter]
    while new:
        new = list(tx.execute(sa.select(c.id).where(c.merged_into.in_(new))).scalars())
        lying += new
    own = sa.select(c.customer).where(c.id.in_(lying))
    return _known(tx, sa.or_(t.customer.c.id.in_(own), t.customer.c.merged_into.in_(own)))


def _known(tx: Transaction, which: sa.ColumnElement[bool]) -> tuple[KnownNumber, ...]:
    records = tx.rows(sa.select(t.customer).where(which, t.customer.c.kind == CustomerKind.PERSON.value))
    keys = customers.data_keys(tx, (record["id"] for record in records))
    found = []
    for record in records:
        contact = customers.contact_of(tx, record, keys.get(record["id"]))
        if contact.phone is None:
            continue
        # Entered once already, so it is a number; only masked ones are kept as they were written.
        masked = None if contact.phone.startswith("+") else normalise_phone(contact.phone, region="CN").masked
        found.append(KnownNumber(surname(contact.name or "") or None, masked or contact.phone))
    return tuple(found)


def _agreement(mine: Sequence[KnownNumber], theirs: Sequence[KnownNumber]) -> Agreement:
    """Of two customers; where the whole number of one is known, what was masked of it tells nothing more."""
    known, others = _telling(mine), _telling(theirs)
    found = {agreement(one, other) for one in known for other in others}
    return next((a for a in (Agreement.ONE, Agreement.PERHAPS) if a in found), Agreement.TWO)


def _telling(numbers: Sequence[KnownNumber]) -> Sequence[KnownNumber]:
    return [number for number in numbers if number.complete] or numbers


def _answered_apart(tx: Transaction, matter: str, others: Collection[str]) -> set[str]:
    """Those of ``others`` that a case has found to be another customer's (CUS-13)."""
    own, beside = t.matter.alias(), t.matter.alias()
    answer = t.identity_answer.c
    pairs = sa.or_(
        sa.and_(answer.one == own.c.customer, answer.other == beside.c.customer),
        sa.and_(answer.one == beside.c.customer, answer.other == own.c.customer),
    )
    found = (
        sa.select(beside.c.id)
        .select_from(own.join(beside, beside.c.id.in_(others)).join(t.identity_answer, pairs))
        .where(own.c.id == matter, ~answer.same)
    )
    return set(tx.execute(found).scalars())
