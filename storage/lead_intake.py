"""A lead comes in: its row, its stream, the first entry of its history and the command that gives it out (LEAD-01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.leads.model import Lead
from domain.matters.matter import Command, CommandKind
from storage import history, leads, matters
from storage import tables as t
from storage.database import Transaction, mint


def receive(
    tx: Transaction, lead: Lead, more: Mapping[str, Any], locked: matters.Locked, *, epoch: int, told: Mapping[str, Any]
) -> str:
    """Write all of it, stamped with the instant of the lock; the command's id.

    ``more``: columns that the domain does not know; ``told``: what its history keeps beside itself. The
    sender of ``lead`` is who acts.
    """
    now = locked.now
    leads.insert(tx, lead, more)
    stream = {"id": lead.id, "kind": "lead", "matter": lead.matter, "open": True, "next_instant": now}
    tx.insert(t.stream, {**stream, "epoch": epoch})
    data = {
        "number": lead.number,
        "program": lead.program,
        "customer": lead.customer,
        "project": more["project"],
        "track": more["track"],
        "score": lead.score,
        "grade": lead.grade,
        **told,
    }
    entry = history.Entry(
        stream=lead.id,
        stream_kind="lead",
        kind="received",
        at=now,
        actor=lead.sender,
        policy_version=lead.terms.version,
        after=lead.state.value,
        data=data,
    )
    history.append(tx, [entry], fresh=(lead.id,))
    command = Command(
        id=mint(),
        kind=CommandKind.LEAD_RECEIVE,
        claim=lead.id,
        actor=lead.sender,
        received_at=now,
        data={},
    )
    row = matters.command_row(command, matter=lead.matter, target_type="lead", target=lead.id, stream=lead.id)
    tx.insert(t.command, row)
    matters.touch(tx, lead.matter, now)
    tx.update(t.matter, {"id": lead.matter}, {"led": True})
    return command.id
