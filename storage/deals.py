"""Deals (成交) in the database: loaded with their matter, saved with what a decision made of them (COM-01)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.matters.matter import Command, CommandKind, Matter
from domain.money.model import (
    Deal,
    DealState,
    NoCredit,
    Overlay,
    Payee,
    Proposed,
    Receipt,
    Recognition,
    Refund,
    Reversal,
    Share,
    SharesState,
    StageProof,
    Succession,
    Told,
)
from storage import tables as t
from storage.database import Transaction
from storage.types import from_us, to_us


def load(tx: Transaction, row: Mapping[str, Any], commands: Iterable[Command]) -> dict[str, Deal]:
    """Every deal of a matter, whatever became of its claim, and unclaimed ones that a command allocates to it.

    ``row`` is the matter's; one that never had a deal is not asked for any.
    """
    named = [c.data["deal"] for c in commands if c.kind is CommandKind.DEAL_ALLOCATE]
    wanted = []
    if row.get("dealt"):
        wanted.append(t.deal.c.matter == row["id"])
    if named:
        wanted.append(sa.and_(t.deal.c.id.in_(named), t.deal.c.matter.is_(None)))
    if not wanted:
        return {}
    found = tx.rows(sa.select(t.deal).where(sa.or_(*wanted)).order_by(t.deal.c.number))
    return {r["id"]: deal_of(r) for r in found}


def save(tx: Transaction, before: Matter, after: Matter, *, new: Sequence[Deal] = (), at: datetime) -> None:
    """Write the deals that were made (``new``) or changed; what an amended one was before is kept (COM-01)."""
    fresh = {d.id for d in new}
    changed = [d for d in after.deals.values() if d.id not in fresh and d != before.deals.get(d.id)]
    for deal in (after.deals.get(d.id, d) for d in new):
        insert(tx, deal, matter=after.id)
    for deal in changed:
        was = before.deals[deal.id]
        tx.update(t.deal, {"id": deal.id}, {"matter": after.id, **_changeable(deal)})
        if was.state is DealState.UNCLAIMED and deal.state is not was.state:
            tx.update(t.task, {"key": unclaimed_key(deal.id)}, {"state": "done"})
        if deal.version != was.version:
            _keep_version(tx, was, at=at)
        if _people(deal) != _people(was):
            tx.execute(t.deal_payee.delete().where(t.deal_payee.c.deal == deal.id))
            _save_people(tx, deal)
    if fresh or changed:
        tx.execute(_DEALT, {"of": after.id})


def update(tx: Transaction, deal: Deal) -> None:
    """What a payout run set off (COM-10); the caller holds the lock of the deal's matter."""
    tx.update(t.deal, {"id": deal.id}, _changeable(deal))


def insert(tx: Transaction, deal: Deal, *, matter: str | None) -> None:
    """A new deal with the next number; without ``matter`` one that nobody has claimed (CLM-03)."""
    tx.insert(
        t.deal,
        {
            "id": deal.id,
            "number": tx.next_number("deal"),
            "matter": matter,
            "program": deal.program,
            "customer": deal.customer,
            "project": deal.project,
            "track": deal.track,
            "kind": deal.kind,
            "currency": deal.currency,
            "external_id": deal.external_id,
            "recorded_at": deal.recorded_at,
            "recorded_by": deal.recorded_by,
            **_changeable(deal),
        },
    )
    _save_people(tx, deal)


def unclaimed_key(deal: str) -> str:
    """Names the task to allocate a deal (CLM-03)."""
    return f"unclaimed:{deal}"


def deal_of(row: Mapping[str, Any]) -> Deal:
    """The deal of a row."""
    detail = row["detail"]
    proposed = detail.get("proposed")
    release = detail.get("release")
    return Deal(
        id=row["id"],
        number=row["number"],
        claim=row["claim"],
        program=row["program"],
        customer=row["customer"],
        project=row["project"],
        track=row["track"],
        kind=row["kind"],
        state=DealState(row["state"]),
        owner=row["owner"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        contract_at=row["contract_at"],
        contract_end=row["contract_end"],
        product=row["product"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        plan=row["plan"],
        plan_version=row["plan_version"],
        rate_rule=row["rate_rule"],
        rate_bps=row["rate_bps"],
        release={stage: Decimal(pct) for stage, pct in release.items()} if release is not None else None,
        joint_bonus_pct=Decimal(detail.get("joint_bonus_pct", "0")),
        shares=tuple(Share(*share) for share in detail.get("shares", ())),
        shares_state=SharesState(row["shares_state"]),
        proposed=Proposed(
            shares=tuple(Share(*share) for share in proposed["shares"]),
            digest=proposed["digest"],
            by=proposed["by"],
            needs=tuple(proposed["needs"]),
            accepted_by=tuple(proposed["accepted_by"]),
            until=_at(proposed["until"]),
            before=SharesState(proposed["before"]),
        )
        if proposed is not None
        else None,
        overlays=tuple(Overlay(**overlay) for overlay in detail.get("overlays", ())),
        receipts=tuple(Receipt(**_timed(receipt)) for receipt in detail.get("receipts", ())),
        refunds=tuple(Refund(**_timed(refund)) for refund in detail.get("refunds", ())),
        stages=tuple(StageProof(**_timed(stage)) for stage in detail.get("stages", ())),
        successions=tuple(
            Succession(former, Payee(*successor), bps, num, den)
            for former, successor, bps, num, den in detail.get("successions", ())
        ),
        paid=detail.get("paid", {}),
        last_paid_at=_at(detail.get("last_paid_at")),
        set_off=detail.get("set_off", {}),
        holds=tuple(detail.get("holds", ())),
        reversals=tuple(_reversal_of(kept) for kept in detail.get("reversals", ())),
        reversal_asked=detail.get("reversal_asked", {}),
        referred=detail.get("referred", False),
        yielded=Overlay(**detail["yielded"]) if "yielded" in detail else None,
        credit_proposed=detail.get("credit_proposed"),
        cancel_asked_by=detail.get("cancel_asked_by"),
        recognise_at=detail.get("recognise_at"),
        recognised=Recognition(**_timed(detail["recognised"])) if "recognised" in detail else None,
        no_credit=_no_credit_of(detail["no_credit"]) if "no_credit" in detail else None,
        trial=detail.get("trial", False),
        version=row["version"],
    )


#: Remember in a statement of its own that a matter has deals; mostly it is known already.
_DEALT = t.matter.update().where(t.matter.c.id == sa.bindparam("of"), ~t.matter.c.dealt).values(dealt=True)


def _changeable(deal: Deal) -> dict[str, Any]:
    """The columns that a decision may change."""
    return {
        "claim": deal.claim,
        "state": deal.state.value,
        "owner": deal.owner,
        "amount_minor": deal.amount_minor,
        "contract_at": deal.contract_at,
        "contract_end": deal.contract_end,
        "product": deal.product,
        "plan": deal.plan,
        "plan_version": deal.plan_version,
        "rate_rule": deal.rate_rule,
        "rate_bps": deal.rate_bps,
        "shares_state": deal.shares_state.value,
        "detail": _detail(deal),
        "version": deal.version,
    }


def _detail(deal: Deal) -> dict[str, Any]:
    """The rest, as JSON; what is empty is left out."""
    detail: dict[str, Any] = {
        "shares": [_share(s) for s in deal.shares],
        "overlays": [_told(overlay) for overlay in deal.overlays],
        "receipts": [_told(receipt) for receipt in deal.receipts],
        "refunds": [_told(refund) for refund in deal.refunds],
        "stages": [_told(stage) for stage in deal.stages],
        "reversals": [_reversal(reversal) for reversal in deal.reversals],
        "reversal_asked": dict(deal.reversal_asked),
        "successions": [
            [
                s.former,
                [s.successor.kind, s.successor.id, s.successor.number],
                s.successor_bps,
                s.reached_num,
                s.reached_den,
            ]
            for s in deal.successions
        ],
        "paid": dict(deal.paid),
        "set_off": dict(deal.set_off),
        "holds": list(deal.holds),
        "referred": deal.referred,
        "yielded": _told(deal.yielded) if deal.yielded is not None else None,
        "credit_proposed": deal.credit_proposed,
        "cancel_asked_by": deal.cancel_asked_by,
        "recognise_at": deal.recognise_at,
        "trial": deal.trial,
    }
    detail = {name: value for name, value in detail.items() if value}
    if deal.release is not None:
        detail["release"] = {stage: str(pct) for stage, pct in deal.release.items()}
    if deal.joint_bonus_pct:
        detail["joint_bonus_pct"] = str(deal.joint_bonus_pct)
    if deal.last_paid_at is not None:
        detail["last_paid_at"] = to_us(deal.last_paid_at)
    if deal.recognised is not None:
        counts = deal.recognised
        detail["recognised"] = {"at": to_us(counts.at), "key": counts.key, "teams": dict(counts.teams)}
        if not counts.counts:
            detail["recognised"]["counts"] = False
    if deal.no_credit is not None:
        facts = deal.no_credit.facts()
        detail["no_credit"] = {name: to_us(facts[name]) if name in _TIMES else facts[name] for name in facts}
    if deal.proposed is not None:
        detail["proposed"] = {
            "shares": [_share(s) for s in deal.proposed.shares],
            "digest": deal.proposed.digest,
            "by": deal.proposed.by,
            "needs": list(deal.proposed.needs),
            "accepted_by": list(deal.proposed.accepted_by),
            "until": to_us(deal.proposed.until) if deal.proposed.until is not None else None,
            "before": deal.proposed.before.value,
        }
    return detail


_TIMES = frozenset({"arrived_at", "reported_at"})


def _no_credit_of(kept: Mapping[str, Any]) -> NoCredit:
    known: dict[str, Any] = {name: from_us(value) if name in _TIMES else value for name, value in kept.items()}
    return NoCredit(**known)


#: What a reversal keeps of what was told: how it is called there, and what it is.
_KINDS: dict[str, type[Told]] = {"receipt": Receipt, "refund": Refund, "stage": StageProof, "overlay": Overlay}


def _told(told: Told) -> dict[str, Any]:
    kept = asdict(told)
    return {**kept, "at": to_us(kept["at"])} if "at" in kept else kept


def _reversal(reversal: Reversal) -> dict[str, Any]:
    kind = next(name for name, kind in _KINDS.items() if isinstance(reversal.told, kind))
    return {
        kind: _told(reversal.told),
        "at": to_us(reversal.at),
        "by": reversal.by,
        "reason": reversal.reason,
        "digest": reversal.digest,
    }


def _reversal_of(kept: Mapping[str, Any]) -> Reversal:
    name = next(name for name in _KINDS if name in kept)
    about = {word: value for word, value in kept.items() if word != name}
    return Reversal(_KINDS[name](**_timed(kept[name])), **_timed(about))


def _share(share: Share) -> list[Any]:
    return [share.person, share.bps, share.number, share.partner]


def _at(us: int | None) -> datetime | None:
    return from_us(us) if us is not None else None


def _timed(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "at": from_us(kept["at"])} if "at" in kept else dict(kept)


def _people(deal: Deal) -> set[str]:
    """Who has a part of it, or is asked about one."""
    found = {s.person for s in deal.shares} | {o.person for o in deal.overlays}
    if deal.yielded is not None:
        found.add(deal.yielded.person)
    if deal.proposed is not None:
        found |= {s.person for s in deal.proposed.shares} | set(deal.proposed.needs)
    return found


def _save_people(tx: Transaction, deal: Deal) -> None:
    people = sorted(_people(deal))
    if people:
        tx.insert(t.deal_payee, [{"person": person, "deal": deal.id} for person in people])


def _keep_version(tx: Transaction, deal: Deal, *, at: datetime) -> None:
    tx.insert(
        t.deal_version,
        {
            "deal": deal.id,
            "version": deal.version,
            "amount_minor": deal.amount_minor,
            "contract_end": deal.contract_end,
            "shares": [_share(s) for s in deal.shares],
            "replaced_at": at,
        },
    )
