"""Deals as their readers see them (contract section 7: COM-01, COM-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.buyers import masked_buyer
from api.views.claims import acting_for, no_credit_view, scope_of
from domain.money.model import Deal, DealState, Overlay, Receipt, Share, StageProof, Told
from domain.money.positions import commission, positions
from domain.refusals import Refusal
from storage import buyers, merges, texts
from storage import tables as t
from storage.claim_queries import readable_claims
from storage.codec import rfc3339, unpack
from storage.database import Transaction
from storage.deals import deal_of

Row = dict[str, Any]


def visible_deal(tx: Transaction, caller: Caller, deal: str) -> Row:
    """The row of a deal the caller reads; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.deal).where(t.deal.c.id == deal, readable_deals(caller)))
    if row is None:
        raise Refusal("not_found")
    return row


def readable_deals(caller: Caller) -> sa.ColumnElement[bool]:
    """Who reads a deal: readers of its claim, whoever has a part in it, who recorded it.

    Those in charge of people in a program also read what nobody there has claimed, for they allocate it (CLM-03);
    a partner's manager does not (PPL-08).
    """
    scope = scope_of(caller)
    if scope.everything:
        return sa.true()
    d, person = t.deal.c, caller.person
    claims = sa.select(t.claim.c.id).where(readable_claims(scope, acting_for(caller)))
    ways: list[sa.ColumnElement[bool]] = [
        d.owner == person,
        d.recorded_by == person,
        d.id.in_(sa.select(t.deal_payee.c.deal).where(t.deal_payee.c.person == person)),
        d.claim.in_(claims),
    ]
    if scope.programs:
        ways.append(d.program.in_(sorted(scope.programs)))
    if scope.teams and caller.setting.organisation.partner_of(person) is None:
        programs = [p.id for p in caller.setting.programs.values() if _belongs(caller, p.id)]
        ways.append(sa.and_(d.state == DealState.UNCLAIMED.value, d.program.in_(sorted(programs))))
    return sa.or_(*ways)


def _belongs(caller: Caller, program: str) -> bool:
    known = caller.setting.programs[program]
    return known.is_member(caller.person, organisation=caller.setting.organisation, at=caller.at)


def deal_page(
    tx: Transaction, caller: Caller, filters: Mapping[str, str | None], *, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/deals`, newest first."""
    statement = sa.select(t.deal).where(readable_deals(caller))
    for name, value in filters.items():
        if value is not None:
            column = t.deal.c[name]
            here = merges.came_under(tx, column, value) if name == "customer" else column == value
            statement = statement.where(here)
    rows, following = page(
        tx,
        statement,
        time_column=t.deal.c.recorded_at,
        id_column=t.deal.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "deals", **filters},
    )
    return {"items": deal_views(tx, caller, rows), "next": following}


def deal_view(tx: Transaction, caller: Caller, deal: str) -> Row:
    """One deal by id, which the caller is known to read."""
    row = tx.row(sa.select(t.deal).where(t.deal.c.id == deal))
    assert row is not None
    return deal_views(tx, caller, [row])[0]


def deal_views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    """Deals in the order of ``rows``, in a fixed number of queries."""
    deals = [deal_of(row) for row in rows]
    proofs = [stage.proof for deal in deals for stage in deal.stages]
    said = texts.read(tx, [*proofs, *(reversal.reason for deal in deals for reversal in deal.reversals)])
    waiting = tx.rows(
        sa.select(t.command.c.id, t.command.c.target)
        .where(
            t.command.c.target_type == "deal",
            t.command.c.target.in_([deal.id for deal in deals]),
            t.command.c.actor == caller.person,
            t.command.c.decided_at.is_(None),
        )
        .order_by(t.command.c.received_at.desc())
    )
    pending = {r["target"]: {"command": r["id"]} for r in waiting}
    signed = _buyers(tx, [deal.id for deal in deals])
    return [_view(deal, said) | {"pending": pending.get(deal.id), "buyers": signed[deal.id]} for deal in deals]


def _buyers(tx: Transaction, deals: Sequence[str]) -> dict[str, list[Row]]:
    """Who signs beside the customer, masked for everybody (CUS-14, AUD-03)."""
    known = buyers.of(tx, deals)
    return {deal: [masked_buyer(one) for one in known.get(deal, ())] for deal in deals}


def undecided_deal(tx: Transaction, command: Row) -> Row:
    """A deal that was received and is not decided yet."""
    data = unpack(command["data"])
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == command["claim"]))
    assert claim is not None
    deal = Deal(
        id=data["deal"],
        claim=claim["id"],
        owner=claim["owner"],
        program=claim["program"],
        track=claim["track"],
        customer=claim["customer"],
        project=claim["project"],
        kind=data["deal_kind"],
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        contract_at=data["contract_at"],
        contract_end=data["contract_end"],
        product=data["product"],
        external_id=data["external_id"],
    )
    signed = _buyers(tx, [deal.id])[deal.id]
    return _view(deal, {}) | {"number": None, "pending": {"command": command["id"]}, "buyers": signed}


def _view(deal: Deal, said: Mapping[str, str]) -> Row:
    def money(amount_minor: int) -> Row:
        return {"amount_minor": amount_minor, "currency": deal.currency}

    standing = positions(deal).values()
    proposed = deal.proposed
    return {
        "id": deal.id,
        "number": deal.number,
        "program": deal.program,
        "track": deal.track,
        "customer": deal.customer,
        "project": deal.project,
        "kind": deal.kind,
        "claim": deal.claim,
        "owner": deal.owner,
        "amount": money(deal.amount_minor),
        "state": deal.state.value,
        "contract_at": rfc3339(deal.contract_at),
        "contract_end": deal.contract_end.isoformat() if deal.contract_end is not None else None,
        "product": deal.product,
        "external_id": deal.external_id,
        "plan_version": deal.plan_version,
        "rate_rule": deal.rate_rule,
        "rate_bps": deal.rate_bps,
        "commission": money(commission(deal)),
        "shares": _shares(deal.shares),
        "shares_state": deal.shares_state.value,
        "proposed": {
            "shares": _shares(proposed.shares),
            "digest": proposed.digest,
            "by": proposed.by,
            "accepted_by": list(proposed.accepted_by),
            "waiting_for": [person for person in proposed.needs if person not in proposed.accepted_by],
            "until": rfc3339(proposed.until) if proposed.until is not None else None,
        }
        if proposed is not None
        else None,
        "credit_proposed": deal.credit_proposed,
        "no_credit": no_credit_view(deal.no_credit),
        "overlays": [{"person": o.person, "amount": money(o.amount_minor), "points": o.points} for o in deal.overlays],
        "stages": [{"stage": s.stage, "at": rfc3339(s.at), "proof": said.get(s.proof or "")} for s in deal.stages],
        "told": _told(deal, said),
        "received": money(deal.received_minor),
        "accrued": money(sum(p.accrual for p in standing)),
        "released": money(sum(p.released for p in standing)),
        "held": money(sum(p.held for p in standing)),
        "paid": money(sum(p.paid for p in standing)),
        "version": deal.version,
    }


def _told(deal: Deal, said: Mapping[str, str]) -> list[Row]:
    """What was told, what was reversed last."""
    reversals = [
        _told_one(r.told, deal.currency)
        | {"reversed": {"by": r.by, "at": rfc3339(r.at), "reason": said.get(r.reason or "")}}
        for r in deal.reversals
    ]
    return [*(_told_one(told, deal.currency) for told in deal.told), *reversals]


def _told_one(told: Told, currency: str) -> Row:
    common: Row = {"key": told.key, "reference": None, "stage": None, "person": None, "amount": None, "reversed": None}
    if isinstance(told, Overlay):
        amount = {"amount_minor": told.amount_minor, "currency": currency}
        return common | {"kind": "assist", "at": None, "amount": amount, "person": told.person}
    common["at"] = rfc3339(told.at)
    if isinstance(told, StageProof):
        return common | {"kind": "stage", "stage": told.stage}
    amount = {"amount_minor": told.amount_minor, "currency": currency}
    kind = "receipt" if isinstance(told, Receipt) else "refund"
    return common | {"kind": kind, "amount": amount, "reference": told.reference}


def _shares(shares: Sequence[Share]) -> list[Row]:
    return [{"person": share.person, "share_bps": share.bps} for share in shares]
