"""Joining two records of one customer (合并) and undoing it (contract section 14, CUS-13).

No record loses anything by it, and no owner is robbed: where both records are claimed in one program and track, nothing
is joined, and a case of kind identity asks whether they are one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.commands import number_sets
from api.commands.disputes import question
from api.commands.received import as_of_now
from api.schemas.customers import MergeIn, UnmergeIn
from api.views.customers import customer_view, require_keeper, visible_customer
from domain.claims.lifecycle import OPEN
from domain.claims.model import Claim
from domain.customers.merging import Meeting, Side, meeting
from domain.disputes.cases import person_of
from domain.matters.draft import Notice
from domain.matters.matter import Matter
from domain.refusals import FieldError, Refusal
from storage import class_levels, customers, history, matters, merges, number_rivals, sameness, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import StaleReadError, Transaction, mint
from storage.notices import queue_notices

Row = Mapping[str, Any]


def merge(tx: Transaction, caller: Caller, customer: str, body: MergeIn) -> Done:
    """``into`` stands for ``customer`` from now on, or the answer is who claims them both."""
    visible_customer(tx, caller, customer)
    require_keeper(caller)
    _visible(tx, caller, body.into)
    survivor = merges.root_of(tx, body.into)
    rows = customers.lock_records(tx, (*merges.records_of(tx, customer), *merges.records_of(tx, survivor)))
    # Both as they are under the locks: another merge may have come first.
    survivor, known = merges.root_of(tx, body.into), rows[customer]
    if known["merged_into"] is not None and known["merged_into"] == survivor:
        return Done(200, _view(tx, caller, survivor))
    _check_records(known, _row(tx, survivor))
    answered = sameness.answer(tx, customer, survivor)
    if answered is not None and not answered.same:
        raise Refusal("illegal_transition", rule="CUS-13", facts={"same": False})
    meetings, locked = _meetings(tx, caller, customer, survivor)
    _require_free(meetings)
    now = max((one.now for one in locked.values()), default=tx.now())
    reason = texts.keep(tx, body.reason, customer=survivor)
    if conflicts := [m for m in meetings if m.found in (Meeting.CLAIMS, Meeting.CASE)]:
        return _ask(tx, caller, conflicts, reason)
    for side in (side for m in meetings if m.joins for side in (m.moved, m.stays) if side is not None):
        _require_no_discussion(side)
    joined = [_joined(tx, m, survivor) for m in meetings if m.joins]
    merges.keep(tx, customer, survivor, joined=joined, by=caller.person, reason=reason, at=now)
    class_levels.count(tx, caller.setting, (survivor,))
    _look_again(tx, caller, survivor, locked, at=now)
    _record(tx, caller, customer, "merged", at=now, into=survivor, text=reason)
    _record(tx, caller, survivor, "merged_from", at=now, record=customer, text=reason)
    _tell(tx, caller, "customer.merged", survivor, [c for m in meetings for c in m.claims], at=now)
    return Done(200, _view(tx, caller, survivor))


def unmerge(tx: Transaction, caller: Caller, customer: str, body: UnmergeIn) -> Done:
    """What ``customer`` brought is its own again; what happened since stays with the record it was merged into."""
    visible_customer(tx, caller, customer)
    require_keeper(caller)
    customers.lock_records(tx, merges.records_of(tx, customer))
    done = merges.standing(tx, customer)
    if done is None:
        raise Refusal("illegal_transition", rule="CUS-13", current_state="separate")
    answered = sameness.answer(tx, customer, done["survivor"])
    if answered is not None and answered.same:
        # What a case has found stands: its outcome went by it.
        raise Refusal("illegal_transition", rule="CUS-13", current_state="merged", facts={"same": True})
    root, parts = merges.root_of(tx, customer), merges.parts_of(tx, customer)
    wanted = {m for pair in done["joined"] for m in (pair["moved"], merges.lies_in(tx, pair["into"]))}
    locked = {m: matters.lock_even_merged(tx, m) for m in sorted(wanted)}
    now = max((one.now for one in locked.values()), default=tx.now())
    _require_in_time(caller, done["at"], now)
    for one in locked.values():
        if one.row["merged_into"] is None:
            seen = as_of_now(tx, caller, one)
            _require_no_case(seen)
            _require_no_discussion(seen)
    claims = _live_of(tx, merges.records_of(tx, customer))
    reason = texts.keep(tx, body.reason, customer=customer)
    for pair in done["joined"]:
        merges.part(tx, pair, parts, at=now)
    merges.undo(tx, done, root=root, by=caller.person, reason=reason, at=now)
    class_levels.count(tx, caller.setting, (customer, root))
    for pair in done["joined"]:
        _meet_again(tx, customer, pair, at=now)
    _record(tx, caller, customer, "unmerged", at=now, root=root, text=reason)
    _record(tx, caller, root, "unmerged_from", at=now, record=customer, text=reason)
    _tell(tx, caller, "customer.unmerged", customer, claims, at=now)
    return Done(200, _view(tx, caller, customer))


def _meet_again(tx: Transaction, customer: str, pair: Row, *, at: datetime) -> None:
    """Given back, a record is compared for itself, and so is the one that it was part of (CUS-07)."""
    moved = tx.row(sa.select(t.matter).where(t.matter.c.id == pair["moved"]))
    assert moved is not None
    there = {"program": moved["program"], "track": moved["track"]}
    number_rivals.meet(tx, moved["id"], customers.alike(tx, customer), **there)
    for matter in (moved["id"], merges.lies_in(tx, pair["into"])):
        number_rivals.rejudge(tx, matter, at=at)


# --- what the two records have in each program and track -------------------------------------------------------------


@dataclass(frozen=True)
class _Meeting:
    """One program, track and project, or none, in which the record to be merged has something."""

    moved: Matter
    stays: Matter | None  # None: the surviving record has nothing there
    now: datetime
    found: Meeting

    @property
    def joins(self) -> bool:
        """Named projects stay apart: each is a matter of its own, found by the projects of all records."""
        return self.moved.project is None

    @property
    def asked(self) -> str | None:
        """The case that asks already, or is about to, whether the two are one."""
        if self.stays is None:
            return None
        for side, other in ((self.moved, self.stays), (self.stays, self.moved)):
            if side.open_dispute is not None and side.open_dispute.other_matter == other.id:
                return side.open_dispute.id
            if (case := next((c.data["dispute"] for c in side.commands if c.asks_about == other.id), None)) is not None:
                return str(case)
        return None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(c for side in (self.moved, self.stays) if side is not None for c in _alive(side, self.now))


def _meetings(
    tx: Transaction, caller: Caller, customer: str, survivor: str
) -> tuple[list[_Meeting], dict[str, matters.Locked]]:
    """Every standing matter of the record to be merged and what it meets; the locks of both records' matters and of
    their rivals, taken by id.
    """
    stays = {_place(m): m["id"] for m in _standing(tx, merges.records_of(tx, survivor))}
    parts = merges.parts_of(tx, customer)
    moved = _standing(tx, parts)
    pairs: list[tuple[str, str | None]] = []
    for row in moved:
        there = stays.get(_place(row))
        if row["customer"] not in parts and there != row["id"]:
            # A case has found it to be a third record's customer: that one comes first.
            raise Refusal("illegal_transition", rule="CUS-13", facts={"same": True, "customer": row["customer"]})
        pairs.append((row["id"], there))
    meeting_here = {m for pair in pairs for m in pair if m is not None}
    own = {*meeting_here, *stays.values()}
    locked = {m: matters.lock(tx, m) for m in sorted({*own, *number_rivals.of(tx, own)})}
    written = {m: matters.load(tx, locked[m]) for m in sorted(meeting_here)}
    seen = {m: as_of_now(tx, caller, locked[m]) for m in sorted(meeting_here)}
    found: list[_Meeting] = []
    for one, other in pairs:
        if one == other:
            continue  # a case has joined them here
        beside = seen[other] if other is not None else None
        now = max(locked[m].now for m in (one, other) if m is not None)
        met = meeting(_side(seen[one], now), _side(beside, now) if beside is not None else Side())
        if met is Meeting.NOTHING and other is not None and _meets(written[one], written[other], now):
            # What is due or was received clears the way, but nobody has decided it yet: in its order, not in ours.
            raise Refusal("engine_unavailable", rule="AUD-07")
        found.append(_Meeting(seen[one], beside, now, met))
    return found, locked


def _standing(tx: Transaction, records: Collection[str]) -> list[dict[str, Any]]:
    """The matters in which something of ``records`` is decided, those of others that a case has joined them to too."""
    c, p = t.matter.c, t.project.c
    statement = sa.select(t.matter, p.name_key, p.tender_number).outerjoin(t.project, p.id == c.project)
    own = tx.rows(statement.where(c.customer.in_(sorted(records))).order_by(c.id))
    elsewhere = {merges.lies_in(tx, row["id"]) for row in own if row["merged_into"] is not None}
    known = [row for row in own if row["merged_into"] is None]
    missing = sorted(elsewhere - {row["id"] for row in known})
    return [*known, *(tx.rows(statement.where(c.id.in_(missing))) if missing else ())]


def _place(row: Row) -> tuple[Any, ...]:
    """Where two matters meet. Projects are the same by tender number, or by name."""
    return row["program"], row["track"], row["tender_number"] or row["name_key"]


def _meets(one: Matter, other: Matter, now: datetime) -> bool:
    return meeting(_side(one, now), _side(other, now)) is not Meeting.NOTHING


def _side(matter: Matter, now: datetime) -> Side:
    return Side(
        claims=tuple(c.id for c in _alive(matter, now)),
        leads=tuple(lead.id for lead in matter.leads.values() if lead.is_open),
        in_case=matter.in_case,
    )


def _alive(matter: Matter, now: datetime) -> tuple[Claim, ...]:
    kept = matter.reserved_for(now)
    return tuple(c for c in matter.claims.values() if c.state in OPEN or c is kept)


def _live_of(tx: Transaction, records: Collection[str]) -> list[Claim]:
    c = t.claim.c
    states = sorted(state.value for state in OPEN)
    found = tx.rows(sa.select(t.claim).where(c.customer.in_(sorted(records)), c.state.in_(states)).order_by(c.receipt))
    return [claim_of(row) for row in found]


# --- what stands in the way ------------------------------------------------------------------------------------------


def _check_records(customer: Row, survivor: Row) -> None:
    if customer["id"] == survivor["id"] or customer["kind"] != survivor["kind"]:
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("into", "field_invalid"),))
    for row in (customer, survivor):
        if row["erased_at"] is not None:
            raise Refusal("illegal_transition", rule="AUD-05", current_state="erased")
    if customer["merged_into"] is not None:
        facts = {"merged_into": customer["merged_into"]}
        raise Refusal("illegal_transition", rule="CUS-13", current_state="merged", facts=facts)


def _require_free(meetings: Sequence[_Meeting]) -> None:
    """Cases end first, and so do leads of a customer whom somebody claims under the other record."""
    for one in meetings:
        if one.found is Meeting.CASE and one.asked is None:
            raise Refusal("claim_disputed", rule="DSP-03")
    leads = [
        lead.id
        for one in meetings
        if one.found is Meeting.LEADS
        for side in (one.moved, one.stays)
        if side is not None
        for lead in side.leads.values()
        if lead.is_open
    ]
    if leads:
        raise Refusal("illegal_transition", rule="CUS-13", facts={"leads": leads})


def _require_no_case(matter: Matter) -> None:
    if matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03")


def _require_no_discussion(matter: Matter) -> None:
    """One at a time goes on about a customer: it ends first (DSP-07)."""
    if matter.open_discussion is not None:
        raise Refusal("illegal_transition", rule="DSP-07", facts={"discussion": matter.open_discussion.id})


def _require_in_time(caller: Caller, merged_at: datetime, now: datetime) -> None:
    length = caller.setting.company_policy_at(now).duration("customer.unmerge_days")
    if length is None:
        return
    calendar = next(iter(caller.setting.calendars.values()))
    until = calendar.add(merged_at, length).at
    if now > until:
        raise Refusal("deadline_passed", rule="CUS-13", facts={"until": until})


# --- what is done ----------------------------------------------------------------------------------------------------


def _joined(tx: Transaction, one: _Meeting, survivor: str) -> dict[str, Any]:
    """Everything lies in the matter of the surviving record, which is made where it has none."""
    into = one.stays.id if one.stays is not None else None
    if into is None:
        into = mint()
        row = {
            "id": into,
            "program": one.moved.program,
            "customer": survivor,
            "project": None,
            "subject": survivor,
            "track": one.moved.track,
            "last_at": one.now,
            "pooled": False,
            "poisoned": False,
        }
        tx.insert(t.matter, row)
    done = merges.join(tx, one.moved.id, into)
    number_rivals.join(tx, one.moved.id, into, at=one.now)
    return done


def _look_again(
    tx: Transaction, caller: Caller, survivor: str, locked: Mapping[str, matters.Locked], *, at: datetime
) -> None:
    """What the numbers of both say together may be more than either did: who is parted, and who is one (CUS-07)."""
    for row in _standing(tx, merges.records_of(tx, survivor)):
        if row["project"] is not None:
            continue  # a named project is in nobody's way
        matter = row["id"]
        if not locked.keys() >= set(number_rivals.of(tx, [matter])):
            raise StaleReadError  # a report has met it since the locks were taken
        held = number_sets.Held(
            own={matter: (row["program"], row["track"])},
            locked={**locked, matter: matters.lock(tx, matter)},
            same={},
            alike=(),
            now=at,
        )
        number_sets.settle(tx, caller, held, number_sets.judge(tx, held, completed=False))


def _ask(tx: Transaction, caller: Caller, conflicts: Sequence[_Meeting], statement: str | None) -> Done:
    """Nobody is robbed: whether the records are one is asked in a case, with whoever claims them as parties (CUS-13).

    Named projects, and two claims of one person, make no case; they are for the people to settle first.
    """
    told = []
    for one in conflicts:
        case = one.asked
        if case is None and one.joins and len({person_of(c) for c in one.claims}) > 1:
            assert one.stays is not None
            about, other = _latest(one)
            case = question(tx, caller, about, other, statement=statement, at=one.now)
        told.append(
            {
                "program": one.moved.program,
                "track": one.moved.track,
                "project": one.moved.project,
                "dispute": case,
            }
        )
    refusal = Refusal("merge_conflict", rule="CUS-13", facts={"conflicts": told})
    refusal.policy_version = caller.setting.company_policy_at(caller.at).version
    return Done(409, None, refusal=refusal)


def _latest(one: _Meeting) -> tuple[Claim, Matter]:
    """The claim that came last, which the question is about, and the matter of the record it is asked of."""
    assert one.stays is not None
    about = max(one.claims, key=lambda c: (c.rank_at, c.receipt))
    return about, one.stays if about.id in one.moved.claims else one.moved


def _tell(tx: Transaction, caller: Caller, kind: str, customer: str, claims: Sequence[Claim], *, at: datetime) -> None:
    """Whoever claims the customer, their supervisors, and the administrators."""
    setting = caller.setting
    told = set(setting.organisation.admins(at=at))
    for claim in claims:
        person = person_of(claim)
        told |= {person, setting.supervisor(person, program=claim.program, at=at) or person}
    queue_notices(
        tx,
        [
            Notice(
                person=person,
                kind=kind,
                urgency="normal",
                subject_type="customer",
                subject=customer,
                rule="CUS-13",
                policy_version=setting.company_policy_at(at).version,
                facts={"by": caller.person},
            )
            for person in sorted(told - {caller.person})
        ],
        at=at,
    )


def _record(tx: Transaction, caller: Caller, customer: str, event: str, *, at: datetime, **data: Any) -> None:
    entry = history.Entry(
        stream=customer,
        stream_kind="customer",
        kind=event,
        at=at,
        actor=caller.person,
        policy_version=caller.setting.company_policy_at(at).version,
        data=data,
    )
    history.append(tx, [entry])


def _visible(tx: Transaction, caller: Caller, customer: str) -> None:
    try:
        visible_customer(tx, caller, customer)
    except Refusal:
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("into", "field_invalid"),)) from None


def _row(tx: Transaction, customer: str) -> dict[str, Any]:
    row = tx.row(sa.select(t.customer).where(t.customer.c.id == customer))
    assert row is not None
    return row


def _view(tx: Transaction, caller: Caller, customer: str) -> dict[str, Any]:
    return customer_view(tx, caller, _row(tx, customer))
