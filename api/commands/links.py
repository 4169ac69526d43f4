"""Linking customers that belong together (关联客户): asked, approved, refused, ended (contract section 14, CUS-14).

A link moves no customer to anybody and changes no date: who holds one of the two holds them as before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.schemas.customers import LinkIn
from api.views.claims import acting_for
from api.views.customers import keeps_base, visible_customer
from api.views.links import link_view, reads_both
from api.views.receptions import is_desk
from domain.claims.permissions import may_sell
from domain.customers.links import APPROVED, ENDED, PENDING, REFUSED, may_be
from domain.customers.names import CustomerKind
from domain.matters.draft import Notice, Task
from domain.reception.model import CALL
from domain.refusals import FieldError, Refusal
from storage import customers, history, links, matters, merges, texts
from storage import tables as t
from storage.database import Transaction
from storage.notices import queue_notices

Row = Mapping[str, Any]


def ask(tx: Transaction, caller: Caller, customer: str, body: LinkIn) -> Done:
    """Linked at once where that they belong together shows by itself, else once the supervisor approves."""
    visible_customer(tx, caller, customer)
    if not (keeps_base(caller) or may_sell(caller.actor, setting=caller.setting, at=caller.at)):
        raise Refusal("not_allowed", rule="CUS-14")
    try:
        visible_customer(tx, caller, body.with_)
    except Refusal:
        raise _invalid("with") from None
    rows = customers.lock_records(tx, (customer, body.with_))
    _check(tx, rows[customer], rows[body.with_], body.kind)
    present = links.between(tx, customer, body.with_, kind=body.kind)
    if present is not None:
        return Done(200, link_view(tx, present))
    now, proof = tx.now(), _proof(tx, caller, customer, body)
    judge = _judge(tx, caller, caller.person, rows, at=now) if proof is None else None
    row = links.insert(
        tx,
        one=customer,
        other=body.with_,
        kind=body.kind,
        state=PENDING if proof is None else APPROVED,
        proof=proof,
        reason=texts.keep(tx, body.reason, customer=customer),
        asked_by=caller.person,
        asked_at=now,
        waits_for=judge,
        decided_at=None if proof is None else now,
    )
    _record(tx, caller, row, "linked" if proof is not None else "link_asked", at=now, proof=proof)
    if proof is not None:
        _tell_owners(tx, caller, row, "customer.linked", at=now)
    elif judge is not None:
        task = Task(
            key=links.task_key(row["id"]),
            person=judge,
            kind="link",
            subject_type="customer",
            subject=customer,
            due=None,
        )
        matters.save_tasks(tx, [task], [], at=now)
        _tell(tx, caller, row, "customer.link_asked", {judge}, at=now)
    return Done(201, link_view(tx, _again(tx, row["id"])))


def decide(tx: Transaction, caller: Caller, link: str, *, approved: bool) -> Done:
    """The supervisor of whoever asked says yes or no; the same answer again changes nothing."""
    row = _visible(tx, caller, link)
    _require_judge(tx, caller, row)
    row = _locked(tx, row)
    state = APPROVED if approved else REFUSED
    if row["state"] == state:
        return Done(200, link_view(tx, row))
    if row["state"] != PENDING:
        raise Refusal("illegal_transition", rule="CUS-14", current_state=row["state"])
    now = tx.now()
    links.decided(tx, link, state, by=caller.person, at=now)
    matters.save_tasks(tx, [], [links.task_key(row["id"])], at=now)
    _record(tx, caller, row, "linked" if approved else "link_refused", at=now)
    _tell(tx, caller, row, "customer.linked" if approved else "customer.link_refused", {row["asked_by"]}, at=now)
    if approved:
        _tell_owners(tx, caller, row, "customer.linked", at=now)
    return Done(200, link_view(tx, _again(tx, link)))


def end(tx: Transaction, caller: Caller, link: str, reason: str) -> Done:
    """They do not belong together any more, or never did; what was decided by the link stays decided."""
    row = _visible(tx, caller, link)
    if not (row["state"] == PENDING and row["asked_by"] == caller.person) and not keeps_base(caller):
        _require_judge(tx, caller, row)
    row = _locked(tx, row)
    if row["state"] == ENDED:
        return Done(200, link_view(tx, row))
    if row["state"] not in (PENDING, APPROVED):
        raise Refusal("illegal_transition", rule="CUS-14", current_state=row["state"])
    now = tx.now()
    text = texts.keep(tx, reason, customer=row["one"])
    links.ended(tx, link, by=caller.person, at=now, reason=text)
    matters.save_tasks(tx, [], [links.task_key(row["id"])], at=now)
    _record(tx, caller, row, "link_ended", at=now, text=text)
    if row["state"] == APPROVED:
        _tell_owners(tx, caller, row, "customer.link_ended", at=now)
    return Done(200, link_view(tx, _again(tx, link)))


# --- who and what ----------------------------------------------------------------------------------------------------


def _check(tx: Transaction, one: Row, other: Row, kind: str) -> None:
    if one["erased_at"] is not None:
        raise Refusal("illegal_transition", rule="AUD-05", current_state="erased")
    if other["erased_at"] is not None or merges.root_of(tx, one["id"]) == merges.root_of(tx, other["id"]):
        raise _invalid("with")
    if not may_be(kind, CustomerKind(one["kind"]), CustomerKind(other["kind"])):
        raise _invalid("kind")


def _proof(tx: Transaction, caller: Caller, customer: str, body: LinkIn) -> str | None:
    """What links two customers by itself: the desk saw them arrive together, or both records name one contact."""
    if body.reception is not None:
        row = tx.row(sa.select(t.reception).where(t.reception.c.id == body.reception))
        theirs = {*merges.records_of(tx, customer), *merges.records_of(tx, body.with_)}
        if row is None or row["source"] == CALL or row["customer"] not in theirs or not is_desk(caller, row["program"]):
            raise _invalid("reception")
        if row["ended_at"] is not None:
            raise Refusal("illegal_transition", rule="CUS-14", current_state=row["state"])
        return "arrival"
    return "contact" if links.share_a_contact(tx, customer, body.with_) else None


def _judge(tx: Transaction, caller: Caller, person: str, records: Collection[str], *, at: datetime) -> str | None:
    """The supervisor of ``person`` who holds neither customer; oversight is that of the programs that know them.

    None where nobody is left: then the link waits until somebody is.
    """
    holders = [claim["owner"] for claim in _held(tx, records)]
    oversight = [one for program in _programs(tx, records) for one in caller.setting.programs[program].oversight]
    return caller.setting.organisation.supervisor(person, at=at, oversight=oversight, interested=holders)


def _require_judge(tx: Transaction, caller: Caller, row: Row) -> None:
    """A supervisor of whoever asked, who asked nothing and holds neither of the two (CUS-14, CLM-04)."""
    organisation = caller.setting.organisation
    above = {*organisation.superiors(row["asked_by"], at=caller.at), *organisation.admins(at=caller.at)}
    nearest = _judge(tx, caller, row["asked_by"], (row["one"], row["other"]), at=caller.at)
    if nearest is not None:
        above.add(nearest)
    mine = set(acting_for(caller))
    if not above & mine:
        raise Refusal("not_allowed", rule="CUS-14")
    holders = {claim["owner"] for claim in _held(tx, (row["one"], row["other"]))}
    if mine & {row["asked_by"], *holders}:
        # Who may decide instead; null where there is nobody.
        raise Refusal("recusal_required", rule="CUS-14", facts={"waits_for": nearest})


def _visible(tx: Transaction, caller: Caller, link: str) -> dict[str, Any]:
    """The link, for whoever reads both customers, or has to say whether they belong together."""
    row = links.one(tx, link)
    if row is None or not (row["waits_for"] in acting_for(caller) or reads_both(tx, caller, row)):
        raise Refusal("not_found")
    return row


def _locked(tx: Transaction, row: Row) -> dict[str, Any]:
    customers.lock_records(tx, (row["one"], row["other"]))
    return _again(tx, row["id"])


def _again(tx: Transaction, link: str) -> dict[str, Any]:
    row = links.one(tx, link)
    if row is None:  # erased meanwhile
        raise Refusal("not_found")
    return row


def _programs(tx: Transaction, records: Collection[str]) -> list[str]:
    """The programs in which one of them was ever reported, in the order of their ids."""
    every = sorted({one for known in merges.records_of_all(tx, records).values() for one in known})
    found = tx.execute(sa.select(t.claim.c.program).where(t.claim.c.customer.in_(every)).distinct()).scalars()
    return sorted(found)


def _held(tx: Transaction, records: Collection[str]) -> list[dict[str, Any]]:
    every = sorted({one for known in merges.records_of_all(tx, records).values() for one in known})
    c = t.claim.c
    return tx.rows(
        sa.select(c.owner, c.program, c.customer).where(c.customer.in_(every), c.holds, c.owner.is_not(None))
    )


# --- what is told ----------------------------------------------------------------------------------------------------


def _tell_owners(tx: Transaction, caller: Caller, row: Row, kind: str, *, at: datetime) -> None:
    """Whoever holds one of the two learns that it has relatives, not who they are."""
    notices = [
        _notice(caller, kind, person=claim["owner"], customer=claim["customer"], at=at)
        for claim in _held(tx, (row["one"], row["other"]))
        if claim["owner"] not in (caller.person, row["asked_by"])
    ]
    queue_notices(tx, notices, at=at)


def _tell(tx: Transaction, caller: Caller, row: Row, kind: str, people: Collection[str], *, at: datetime) -> None:
    told = sorted(set(people) - {caller.person})
    queue_notices(tx, [_notice(caller, kind, person=p, customer=row["one"], at=at) for p in told], at=at)


def _notice(caller: Caller, kind: str, *, person: str, customer: str, at: datetime) -> Notice:
    return Notice(
        person=person,
        kind=kind,
        urgency="normal",
        subject_type="customer",
        subject=customer,
        rule="CUS-14",
        policy_version=caller.setting.company_policy_at(at).version,
        facts={},
    )


def _record(tx: Transaction, caller: Caller, row: Row, event: str, *, at: datetime, **data: Any) -> None:
    """In the history of both."""
    ends = sorted([(row["one"], row["other"]), (row["other"], row["one"])])
    version = caller.setting.company_policy_at(at).version
    entries = [
        history.Entry(
            stream=mine,
            stream_kind="customer",
            kind=event,
            at=at,
            actor=caller.person,
            policy_version=version,
            data={"link": row["id"], "with": other, "relation": row["kind"], **data},
        )
        for mine, other in ends
    ]
    history.append(tx, entries)


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", rule="CUS-14", errors=(FieldError(field, "field_invalid"),))
