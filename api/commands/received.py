"""Receiving a command on a claim: lock, stamp, write, and leave the decision to the drain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.views.claims import readable
from api.views.leads import visible_lead
from domain.claims.model import Claim
from domain.claims.permissions import authorise
from domain.matters.decide import settled
from domain.matters.inbox import next_item
from domain.matters.matter import Command, CommandKind, Matter
from domain.refusals import Refusal
from storage import history, matters
from storage import tables as t
from storage.database import Transaction, mint

P = ParamSpec("P")
T = TypeVar("T")


def visible_claim(tx: Transaction, caller: Caller, claim: str) -> dict[str, Any]:
    """The row of a claim the caller reads; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == claim))
    if row is None or not readable(tx, caller, row):
        raise Refusal("not_found")
    return row


@contextmanager
def under_policy_of(tx: Transaction, claim: str) -> Iterator[None]:
    """Refusals inside name the policy version of the claim (POL-07), unless they say that there is none."""
    try:
        yield
    except Refusal as refusal:
        if refusal.status != 404 and refusal.policy_version is None:
            refusal.policy_version = tx.execute(
                sa.select(t.claim.c.policy_version).where(t.claim.c.id == claim)
            ).scalar()
        raise


def on_claim(
    work: Callable[Concatenate[Transaction, Caller, str, P], T],
) -> Callable[Concatenate[Transaction, Caller, str, P], T]:
    """A command on the claim that its third argument names: whatever it refuses names the claim's policy version."""

    @wraps(work)
    def run(tx: Transaction, caller: Caller, claim: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with under_policy_of(tx, claim):
            return work(tx, caller, claim, *args, **kwargs)

    return run


def visible_command(tx: Transaction, caller: Caller, command: str) -> dict[str, Any]:
    """The row of a command its giver, or a reader of its claim, asks for; else ``not_found``."""
    row = tx.row(sa.select(t.command).where(t.command.c.id == command))
    if row is None:
        raise Refusal("not_found")
    if row["actor"] != caller.person and row["target_type"] == "lead":
        visible_lead(tx, caller, row["target"])
    elif row["actor"] != caller.person:
        visible_claim(tx, caller, row["claim"])
    return row


def as_of_now(
    tx: Transaction,
    caller: Caller,
    locked: matters.Locked,
    *,
    also: Collection[str] = (),
    taker: str | None = None,
    counted_later: str | None = None,
) -> Matter:
    """The matter with everything up to now decided in mind, though not on paper (CLM-19).

    ``also``: claims wanted whatever their state; ``taker``: who may take the customer out of a pool by a report;
    ``counted_later``: who may by other ways, and whose claims the command counts after this.
    """
    loaded = matters.load(tx, locked, also=also, taker=taker, counted_later=counted_later)
    if next_item(loaded, setting=caller.setting, now=locked.now) is None:
        return loaded
    return settled(loaded, setting=caller.setting, now=locked.now, mint=mint)


def permitted(caller: Caller, kind: CommandKind, claim: Claim, *, interested: Collection[str] = ()) -> None:
    """403 before the content is looked at; the drain asks again when it decides."""
    authorise(kind, claim, actor=caller.actor, setting=caller.setting, at=caller.at, interested=interested)


def record_correction(
    tx: Transaction, caller: Caller, row: Mapping[str, Any], locked: matters.Locked, **data: Any
) -> None:
    """What was changed about the claim of ``row`` at once, without a decision: `corrected`, under the matter's lock."""
    entry = history.Entry(
        stream=row["id"],
        stream_kind="claim",
        kind="corrected",
        at=locked.now,
        actor=caller.person,
        policy_version=row["policy_version"],
        data=data,
    )
    history.append(tx, [entry])
    matters.touch(tx, row["matter"], locked.now)


def receive(
    tx: Transaction,
    caller: Caller,
    row: Mapping[str, Any],
    kind: CommandKind,
    data: Callable[[matters.Locked], Mapping[str, Any]],
    *,
    target_type: str = "claim",
    target: str | None = None,
    locked: matters.Locked | None = None,
) -> Waiting:
    """Write a command on the claim of ``row``, stamped under the matter's lock (design section 2).

    ``data`` is made after the lock, so that what it reads is what the stamp sees. ``locked``: taken before already.
    """
    locked = locked or matters.lock(tx, row["matter"], of=row["id"])
    command = Command(
        id=mint(),
        kind=kind,
        claim=row["id"],
        actor=caller.person,
        received_at=locked.now,
        data=data(locked),
    )
    tx.insert(
        t.command,
        matters.command_row(command, matter=row["matter"], target_type=target_type, target=target or row["id"]),
    )
    matters.touch(tx, row["matter"], locked.now)
    return Waiting(command=command.id, kind="claim", stream=row["id"])


def receive_unheld(
    tx: Transaction,
    caller: Caller,
    kind: CommandKind,
    locked: matters.Locked,
    data: Mapping[str, Any],
    *,
    target: tuple[str, str] | None = None,
) -> Waiting:
    """A command about a customer whom nobody holds has a stream of its own: that of the claim it may become.

    ``target``: type and id of what the command is answered with, where that is not the claim.
    """
    claim, matter = mint(), locked.row["id"]
    command = Command(id=mint(), kind=kind, claim=claim, actor=caller.person, received_at=locked.now, data=data)
    tx.insert(
        t.stream,
        {
            "id": claim,
            "kind": "claim",
            "matter": matter,
            "open": True,
            "next_instant": locked.now,
            "epoch": caller.setting.epoch,
        },
    )
    target_type, target_id = target or ("claim", claim)
    tx.insert(t.command, matters.command_row(command, matter=matter, target_type=target_type, target=target_id))
    matters.touch(tx, matter, locked.now)
    return Waiting(command=command.id, kind="claim", stream=claim)
