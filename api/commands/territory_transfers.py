"""Open claims follow a division by lists that two people have decided on (contract section 19, TER-03).

A list moves nothing by itself. Approved, each of its claims has a command of its own, decided in a drain like any
transfer; so a row may be refused where the others go through.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.received import receive
from api.schemas.territories import TransferListIn
from api.views.territories import may_divide, plan_row, state_of
from api.views.territory_transfers import may_approve, transfer_view
from domain.claims.lifecycle import HOLDING
from domain.leads.candidates import may_receive
from domain.matters.draft import Notice, Task
from domain.matters.matter import CommandKind
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal
from domain.territories.lifecycle import PlanState
from storage import history, matters, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction, mint
from storage.notices import queue_notices

Row = dict[str, Any]

_REFUSED: Final = "refused"
_WITHDRAWN: Final = "withdrawn"


def propose(tx: Transaction, caller: Caller, plan: str, body: TransferListIn) -> Done:
    """An admin lists claims of the program, and who is to have each, under the plan in force."""
    row = plan_row(tx, caller, plan)
    if not may_divide(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    now = tx.now()
    _check_in_force(tx, row, at=now)
    listed = _listed(tx, caller, row["program"], body)
    made: Row = {
        "id": mint(),
        "plan": plan,
        "claims": listed,
        "by": caller.person,
        "created_at": now,
    }
    tx.insert(t.territory_transfer, made)
    _ask(tx, caller, row, made["id"], at=now)
    claims = [{name: one[name] for name in ("claim", "owner", "to")} for one in listed]
    _record(tx, caller, plan, "transfers_listed", {"list": made["id"], "claims": claims})
    return Done(201, transfer_view(tx, _locked(tx, plan, made["id"]), program=row["program"]))


def approve(tx: Transaction, caller: Caller, plan: str, transfer: str) -> Done:
    """Somebody else than its author approves the list: its claims are transferred, row by row."""
    row = plan_row(tx, caller, plan)
    if not may_approve(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    known = _locked(tx, plan, transfer)
    if known["approved_at"] is None:
        if known["by"] == caller.person:
            raise Refusal("same_person", rule="TER-03")
        _check_waits(known)
        now = tx.now()
        _check_in_force(tx, row, at=now)
        values = {
            "claims": _received(tx, caller, row["program"], known["claims"]),
            "approved_by": caller.person,
            "approved_at": now,
        }
        tx.update(t.territory_transfer, {"id": transfer}, values)
        matters.save_tasks(tx, [], [_task_key(transfer)], at=now)
        _record(tx, caller, plan, "transfers_approved", {"list": transfer})
        known |= values
    return Done(200, transfer_view(tx, known, program=row["program"]))


def refuse(tx: Transaction, caller: Caller, plan: str, transfer: str, reason: str) -> Done:
    """Somebody else than its author refuses the list, and says why; the plan may be over by now."""
    row = plan_row(tx, caller, plan)
    if not may_approve(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    known = _locked(tx, plan, transfer)
    if known["by"] == caller.person:
        raise Refusal("same_person", rule="TER-03")
    if known["ended"] != _REFUSED:
        _check_waits(known)
        known |= {"claims": _with_reason(tx, known["claims"], reason)}
        known |= _end(tx, caller, known, _REFUSED)
        notice = _notice(caller, row, "territory.transfers_refused", known["by"], at=tx.now())
        queue_notices(tx, [notice], at=tx.now())
    return Done(200, transfer_view(tx, known, program=row["program"]))


def withdraw(tx: Transaction, caller: Caller, plan: str, transfer: str) -> Done:
    """Its author takes the list back while nobody has approved it."""
    row = plan_row(tx, caller, plan)
    if not may_approve(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    known = _locked(tx, plan, transfer)
    if known["by"] != caller.person:
        raise Refusal("not_allowed", rule="TER-03")
    if known["ended"] != _WITHDRAWN:
        _check_waits(known)
        known |= _end(tx, caller, known, _WITHDRAWN)
    return Done(200, transfer_view(tx, known, program=row["program"]))


def _check_waits(known: Row) -> None:
    """A list is decided once: approved, refused or withdrawn."""
    state = "approved" if known["approved_at"] is not None else known["ended"]
    if state is not None:
        raise Refusal("illegal_transition", rule="TER-03", current_state=state)


def _end(tx: Transaction, caller: Caller, known: Row, ended: str) -> Row:
    now = tx.now()
    values = {"claims": known["claims"], "ended": ended, "ended_by": caller.person, "ended_at": now}
    tx.update(t.territory_transfer, {"id": known["id"]}, values)
    matters.save_tasks(tx, [], [_task_key(known["id"])], at=now)
    _record(tx, caller, known["plan"], f"transfers_{ended}", {"list": known["id"]})
    return values


def _with_reason(tx: Transaction, listed: list[Row], reason: str) -> list[Row]:
    """Why it was refused goes with the customers too, as why it was made (AUD-05)."""
    c = t.claim.c
    rows = tx.execute(sa.select(c.id, c.customer).where(c.id.in_([one["claim"] for one in listed])))
    customers = {row.id: row.customer for row in rows}
    return [{**one, "refused": texts.keep(tx, reason, customer=customers[one["claim"]])} for one in listed]


def _ask(tx: Transaction, caller: Caller, row: Row, transfer: str, *, at: datetime) -> None:
    """Whoever may approve the list learns that it waits; its author may not."""
    people = (p for p in sorted(caller.setting.organisation.people) if p != caller.person)
    asked = [p for p in people if may_approve(caller, row["program"], actor=Actor(p))]
    tasks = [
        Task(
            key=_task_key(transfer),
            person=person,
            kind="territory_transfer",
            subject_type="territory",
            subject=row["id"],
            due=None,
        )
        for person in asked
    ]
    matters.save_tasks(tx, tasks, [], at=at)
    queue_notices(tx, [_notice(caller, row, "territory.transfers_asked", p, at=at) for p in asked], at=at)


def _task_key(transfer: str) -> str:
    return f"territory_transfer:{transfer}"


def _notice(caller: Caller, row: Row, kind: str, person: str, *, at: datetime) -> Notice:
    return Notice(
        person=person,
        kind=kind,
        urgency="normal",
        subject_type="territory",
        subject=row["id"],
        rule="TER-03",
        policy_version=caller.setting.terms_at(row["program"], at=at).version,
        facts={"program": row["program"], "by": caller.person},
    )


def _check_in_force(tx: Transaction, row: Row, *, at: datetime) -> None:
    """Claims follow the plan that is in force: neither one that is to come nor one that was replaced (TER-03)."""
    state = state_of(tx, row, at=at)
    if state is not PlanState.ACTIVE:
        raise Refusal("illegal_transition", rule="TER-03", facts={"state": state.value}, current_state=state.value)


def _locked(tx: Transaction, plan: str, transfer: str) -> Row:
    c = t.territory_transfer.c
    row = tx.row(tx.locked(sa.select(t.territory_transfer).where(c.id == transfer, c.plan == plan)))
    if row is None:
        raise Refusal("not_found")
    return row


def _listed(tx: Transaction, caller: Caller, program: str, body: TransferListIn) -> list[Row]:
    """Held claims of the program, each once, and people who may have them; else 422 with every wrong field."""
    c, wrong = t.claim.c, []
    found = {r["id"]: r for r in tx.rows(sa.select(t.claim).where(c.id.in_({one.claim for one in body.claims})))}
    listed: dict[str, Row] = {}
    for place, one in enumerate(body.claims):
        row = found.get(one.claim)
        held = row is not None and row["program"] == program and claim_of(row).state in HOLDING
        if row is None or not held or one.claim in listed:
            wrong.append(FieldError(f"claims.{place}.claim", "field_invalid"))
            continue
        if one.to == row["owner"] or not may_receive(one.to, program, setting=caller.setting, at=caller.at):
            wrong.append(FieldError(f"claims.{place}.to", "field_invalid"))
            continue
        # Each claim has the reason as a text of its own, which goes with its customer (AUD-05).
        text = texts.keep(tx, body.reason, customer=row["customer"])
        listed[one.claim] = {
            "claim": one.claim,
            "owner": row["owner"],
            "to": one.to,
            "text": text,
            "command": None,
            "code": None,
        }
    if wrong:
        raise Refusal("field_invalid", rule="TER-03", errors=tuple(wrong))
    return list(listed.values())


def _received(tx: Transaction, caller: Caller, program: str, listed: list[Row]) -> list[Row]:
    """A command for each claim, in the order of their matters' ids; a row that cannot be received has its code."""
    c = t.claim.c
    rows = {r["id"]: r for r in tx.rows(sa.select(t.claim).where(c.id.in_([one["claim"] for one in listed])))}
    told: dict[str, Row] = {}
    for one in sorted(listed, key=lambda one: (rows[one["claim"]]["matter"], one["claim"])):
        if not may_receive(one["to"], program, setting=caller.setting, at=caller.at):
            told[one["claim"]] = {**one, "code": "field_invalid"}
            continue
        waiting = _transferred(tx, caller, rows[one["claim"]], one)
        matters.ring_later(tx, waiting.stream, waiting.kind, at=tx.now())
        told[one["claim"]] = {**one, "command": waiting.command}
    return [told[one["claim"]] for one in listed]


def _transferred(tx: Transaction, caller: Caller, row: Row, one: Row) -> Waiting:
    data = {name: one[name] for name in ("to", "owner", "text")}
    return receive(tx, caller, row, CommandKind.TRANSFER_LISTED, lambda _: data)


def _record(tx: Transaction, caller: Caller, plan: str, kind: str, data: Row) -> None:
    entry = history.Entry(stream=plan, stream_kind="territory", kind=kind, at=tx.now(), actor=caller.person, data=data)
    history.append(tx, [entry])
