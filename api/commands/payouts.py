"""Payout runs (结算批次, COM-12): prepared, approved by somebody else, paid; never what is disputed (COM-08).

Approval and payment lock the matter of every line, in the order of their ids, and look at each deal as it is with
everything received by then decided: so a dispute that waits for an engine that is away stops its line too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.auth import Caller
from api.call import Call, Done
from api.commands.received import as_of_now
from api.schemas.ledger import PayoutIn
from api.views.payouts import payout_row, payout_view
from domain.matters.matter import Command, CommandKind, Matter
from domain.money.entries import set_off_entries
from domain.money.months import over_at
from domain.money.positions import positions
from domain.people.access import has_role
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import deals, history, ledger, matters, payouts
from storage import tables as t
from storage.database import Transaction, mint

Row = dict[str, Any]


def prepare(tx: Transaction, caller: Caller, body: PayoutIn) -> Done:
    """What is payable by the end of the month, by payee and deal, less what they owe (COM-10). Held amounts stay out.

    Whoever owes as much as they would get is left out until they would get something.
    """
    _require_finance(caller)
    end = over_at(body.period, payouts.company_zone(caller.setting))
    payable = payouts.payable(tx, body.currency, end)
    owed = payouts.owed(tx, body.currency)
    payout, now = mint(), tx.now()
    tx.insert(
        t.payout,
        {
            "id": payout,
            "period": body.period,
            "currency": body.currency,
            "state": "draft",
            "prepared_by": caller.person,
            "created_at": now,
        },
    )
    lines: list[Row] = []
    for payee in sorted({payee for payee, _ in payable}):
        due = {deal: amount for (one, deal), amount in payable.items() if one == payee}
        owes = {deal: amount for (one, deal), amount in owed.items() if one == payee}
        if sum(due.values()) <= sum(owes.values()):
            continue
        for deal, amount in (*sorted(due.items()), *((d, -a) for d, a in sorted(owes.items()))):
            lines.append(_line(payout, payee, deal, amount))
    if lines:
        tx.insert(t.payout_line, lines)
    matters.save_tasks(tx, [], [payouts.task_key(body.period, body.currency)], at=now)
    _record(tx, caller, payout, "prepared", at=now, period=body.period, currency=body.currency)
    return Done(201, payout_view(tx, caller, payout_row(tx, caller, payout)))


def approve(tx: Transaction, caller: Caller, payout: str) -> Done:
    """A second person approves; lines that fail now are dropped with a reason, and the run is locked (COM-12)."""
    row = _locked_run(tx, caller, payout, state="draft", trigger="approve")
    if row["prepared_by"] == caller.person:
        raise Refusal("same_person", rule="COM-12")
    run = _Run.opened(tx, caller, row)
    for line in run.lines:
        if line["amount_minor"] > 0:
            run.check(line, besides=_reserved(tx, line, besides=payout))
    for line in run.lines:
        if line["amount_minor"] < 0:
            run.set_off(line)
    run.save()
    tx.update(
        t.payout,
        {"id": payout},
        {"state": "approved", "approved_by": caller.person, "approved_at": run.now},
    )
    _record(tx, caller, payout, "approved", at=run.now)
    return Done(200, payout_view(tx, caller, payout_row(tx, caller, payout)))


async def pay(call: Call, payout: str) -> Response:
    """The money has left: each line is posted by the drain of its matter. Lines that fail now are dropped instead.

    What is not rung for within the usual wait is rung for by the relay; until every line is posted the run is not
    `paid` and the answer is 202.
    """
    rings: list[tuple[str, str]] = []
    response = await run_in_threadpool(call.write, lambda tx: _pay(tx, call.caller, payout, rings))
    until = time.monotonic() + call.services.settings.wait_s
    for stream, command in rings:
        left = until - time.monotonic()
        if left <= 0:
            break
        await call.services.gateway.ring(kind="claim", stream=stream, command=command, wait_s=left)
    if response.status_code != 200:
        return response
    return await run_in_threadpool(_as_it_stands, call, payout, response)


def _as_it_stands(call: Call, payout: str, stored: Response) -> Response:
    """What the run has come to since it was written down, a repeat of the call included."""
    run = call.read(lambda tx: payout_view(tx, call.caller, payout_row(tx, call.caller, payout)))
    replayed = stored.headers.get("Idempotency-Replayed")
    headers = {"Idempotency-Replayed": replayed} if replayed is not None else {}
    if run["pending"] is not None:
        headers["Location"] = f"/v1/commands/{run['pending']['command']}"
    return JSONResponse(run, status_code=200 if run["pending"] is None else 202, headers=headers)


def _pay(tx: Transaction, caller: Caller, payout: str, rings: list[tuple[str, str]]) -> Done:
    rings.clear()  # the transaction may be run again
    row = _locked_run(tx, caller, payout, state="approved", trigger="pay")
    run = _Run.opened(tx, caller, row)
    for line in run.lines:
        if line["amount_minor"] > 0 and run.check(line):
            rings.append(run.pay(line))
    run.save()
    tx.update(t.payout, {"id": payout}, {"state": "paid", "paid_by": caller.person, "paid_at": run.now})
    _record(tx, caller, payout, "paid", at=run.now)
    return Done(200, payout_view(tx, caller, payout_row(tx, caller, payout)))


@dataclass
class _Run:
    """A run in hand: its lines that still stand, and the locked matters of their deals as of now."""

    tx: Transaction
    caller: Caller
    row: Row
    lines: list[Row]
    locked: Mapping[str, matters.Locked]
    settled: Mapping[str, Matter]
    contested: frozenset[str]  # matters with a dispute that nobody has decided on yet
    now: datetime
    changed: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def opened(cls, tx: Transaction, caller: Caller, row: Row) -> _Run:
        line, d = t.payout_line.c, t.deal.c
        lines = tx.rows(
            sa.select(t.payout_line, d.matter, d.claim)
            .join(t.deal, d.id == line.deal)
            .where(line.payout == row["id"], line.dropped.is_(None))
            .order_by(line.id)
        )
        wanted = sorted({one["matter"] for one in lines if one["matter"] is not None})
        locked = {matter: matters.lock(tx, matter) for matter in wanted}
        claims = {one["claim"] for one in lines if one["claim"] is not None}
        return cls(
            tx=tx,
            caller=caller,
            row=row,
            lines=lines,
            locked=locked,
            settled={matter: as_of_now(tx, caller, one, also=claims) for matter, one in locked.items()},
            contested=_contested(tx, wanted),
            now=max((one.now for one in locked.values()), default=tx.now()),
        )

    def check(self, line: Row, *, besides: int = 0) -> bool:
        """Whether the line may be paid now; else it is dropped. ``besides``: what other runs pay of the same."""
        reason = self._against(line)
        if reason is None:
            position = positions(self.settled[line["matter"]].deals[line["deal"]]).get(line["payee"])
            payable = position.payable if position is not None else 0
            reason = None if line["amount_minor"] <= payable - besides else "not_payable"
        if reason is not None:
            self._change(line, dropped=reason)
        return reason is None

    def set_off(self, owing: Row) -> None:
        """What the payee owes for one deal is taken from what others bring them (COM-10)."""
        left, used = -owing["amount_minor"], 0
        if self._against(owing) is None:
            for paying in self.lines:
                due = paying["amount_minor"]
                if paying["payee"] != owing["payee"] or due <= 0 or paying["dropped"] is not None or left <= 0:
                    continue
                amount = self._post_set_off(paying, owing, at_most=min(left, due))
                self._change(paying, amount_minor=due - amount)
                left, used = left - amount, used + amount
        self._change(owing, amount_minor=-used, dropped="set_off")

    def pay(self, line: Row) -> tuple[str, str]:
        """The command that posts the payment: whose stream to ring, and its id."""
        locked = self.locked[line["matter"]]
        claim = line["claim"] or self._any_claim(line["matter"])
        command = Command(
            id=mint(),
            kind=CommandKind.DEAL_PAID,
            claim=claim,
            actor=self.caller.person,
            received_at=self.tx.stamp(locked.now),
            data={
                "deal": line["deal"],
                "payee": line["payee"],
                "amount_minor": line["amount_minor"],
                "payout": self.row["id"],
            },
        )
        # Several lines of one matter: each is received after the one before.
        self.locked = {**self.locked, line["matter"]: matters.Locked(row=locked.row, now=command.received_at)}
        self.tx.insert(
            t.command, matters.command_row(command, matter=line["matter"], target_type="deal", target=line["deal"])
        )
        matters.touch(self.tx, line["matter"], command.received_at)
        matters.ring_later(self.tx, claim, "claim", at=command.received_at)
        self._change(line, command=command.id)
        return claim, command.id

    def save(self) -> None:
        for line, values in self.changed.items():
            self.tx.update(t.payout_line, {"id": line}, values)

    def _against(self, line: Row) -> str | None:
        """Why nothing can be paid or set off for the deal of ``line``."""
        matter = self.settled.get(line["matter"] or "")
        deal = matter.deals.get(line["deal"]) if matter is not None else None
        if matter is None or deal is None:
            return "not_payable"
        if matter.holding_dispute is not None or deal.holds or matter.id in self.contested:
            return "disputed"
        return None

    def _post_set_off(self, paying: Row, owing: Row, *, at_most: int) -> int:
        """Posted on the deals as they are on record: what is still undecided comes on top of it."""
        stored = {
            row["id"]: deals.deal_of(row)
            for row in self.tx.rows(sa.select(t.deal).where(t.deal.c.id.in_([paying["deal"], owing["deal"]])))
        }
        one, other, payee = stored[paying["deal"]], stored[owing["deal"]], paying["payee"]
        has, owes = positions(one).get(payee), positions(other).get(payee)
        amount = min(at_most, has.payable if has is not None else 0, -owes.receivable if owes is not None else 0)
        if amount <= 0:
            return 0
        fresh, entries = set_off_entries(
            one, other, payee=payee, amount_minor=amount, cause=f"payout/{self.row['id']}", at=self.now
        )
        for deal in fresh:
            deals.update(self.tx, deal)
        ledger.post(self.tx, entries)
        for line in (paying, owing):
            matters.touch(self.tx, line["matter"], self.now)
        return amount

    def _change(self, line: Row, **values: Any) -> None:
        line |= values
        self.changed.setdefault(line["id"], {}).update(values)

    def _any_claim(self, matter: str) -> str:
        """A deal that went back to the pool is on no claim; any of its matter brings the command to the drain."""
        found = sa.select(t.claim.c.id).where(t.claim.c.matter == matter).order_by(t.claim.c.receipt.desc()).limit(1)
        return str(self.tx.execute(found).scalar_one())


def _contested(tx: Transaction, wanted: Sequence[str]) -> frozenset[str]:
    """Matters about which a dispute is open, or was received and is not decided yet."""
    if not wanted:
        return frozenset()
    c = t.command.c
    opening = tx.rows(
        sa.select(c.matter, c.data).where(c.decided_at.is_(None), c.kind == CommandKind.DISPUTE_OPEN.value)
    )
    # A case about two records of a customer is received in the matter of one and concerns both (CUS-13).
    undecided = {matter for row in opening for matter in (row["matter"], row["data"].get("other_matter"))}
    going_on = sa.select(t.dispute.c.matter).where(t.dispute.c.matter.in_(wanted), t.dispute.c.open)
    return frozenset((*(undecided & set(wanted)), *tx.execute(going_on).scalars()))


def _reserved(tx: Transaction, line: Row, *, besides: str) -> int:
    """What other approved runs pay to the same payee for the same deal."""
    other, run = t.payout_line.c, t.payout.c
    total = tx.execute(
        sa.select(sa.func.sum(other.amount_minor))
        .join(t.payout, run.id == other.payout)
        .where(
            other.payee == line["payee"],
            other.deal == line["deal"],
            other.dropped.is_(None),
            other.amount_minor > 0,
            run.state == "approved",
            run.id != besides,
        )
    ).scalar()
    return int(total or 0)


def _locked_run(tx: Transaction, caller: Caller, payout: str, *, state: str, trigger: str) -> Row:
    payout_row(tx, caller, payout)
    _require_finance(caller)
    row = tx.row(tx.locked(sa.select(t.payout).where(t.payout.c.id == payout)))
    assert row is not None
    if row["state"] != state:
        facts = {"state": row["state"], "trigger": trigger}
        raise Refusal("illegal_transition", rule="COM-12", facts=facts, current_state=row["state"])
    return row


def _line(payout: str, payee: str, deal: str, amount_minor: int) -> Row:
    kind, _, holder = payee.partition(":")
    return {
        "id": mint(),
        "payout": payout,
        "kind": kind,
        "payee": payee,
        "holder": holder,
        "deal": deal,
        "amount_minor": amount_minor,
    }


def _require_finance(caller: Caller) -> None:
    if not has_role(caller.actor, {Role.FINANCE}, organisation=caller.setting.organisation, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")


def _record(tx: Transaction, caller: Caller, payout: str, kind: str, *, at: datetime, **data: Any) -> None:
    history.append(
        tx,
        [history.Entry(stream=payout, stream_kind="payout", kind=kind, at=at, actor=caller.person, data=data)],
    )
