"""Commands on deals (contract section 7): recorded, amended, shared, paid by the customer, given back.

Each is decided by the drain of its matter, on the claim that the deal is on. A deal that nobody has claimed belongs to
no matter: it is written at once and enters one when somebody allocates it (CLM-03).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands import buyers
from api.commands.claims import deal_data, require_whole_number
from api.commands.received import as_of_now, permitted, receive, under_policy_of
from api.schemas.base import Money
from api.schemas.claims import BuyerIn
from api.schemas.deals import (
    AllocateIn,
    AssistIn,
    DealIn,
    DealPatch,
    ReceiptIn,
    RefundIn,
    ReversalIn,
    SharesIn,
    SharesSetIn,
    StageIn,
)
from api.schemas.disputes import ShareIn
from api.views.claims import readable
from api.views.customers import claims_read, reads_base
from api.views.deals import deal_view, visible_deal
from domain.claims.lifecycle import IN_CASE
from domain.claims.model import Claim
from domain.matters.draft import Task
from domain.matters.matter import CommandKind, Matter
from domain.money import performance
from domain.money.model import MOST_MINOR, Deal, DealState, Share
from domain.money.shares import check_shares, digest_of
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from storage import buyers as kept_buyers
from storage import deals, history, matters, merges, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction, mint

Row = Mapping[str, Any]


def record(tx: Transaction, caller: Caller, body: DealIn) -> Waiting | Done:
    """A deal on the customer of whoever holds it now; unclaimed where nobody does, or their number is not complete.

    COM-01, CLM-03, CUS-06.
    """
    place = _place(tx, caller, body)
    claim = place.claim
    if claim is None:
        if not _is_finance(caller, body.program):
            raise _unless_known(tx, caller, body.customer)
        return _unclaimed(tx, caller, body, place)
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == claim.id))
    assert row is not None
    if not readable(tx, caller, row):
        raise _invalid("customer")
    with under_policy_of(tx, claim.id):
        permitted(caller, CommandKind.DEAL, claim)
        if place.locked is not None and place.locked.row["masked"]:
            return _unclaimed(tx, caller, body, place)
        data = deal_data(caller, body.program, body)
        deal = data["deal"]
        waiting = receive(
            tx, caller, row, CommandKind.DEAL, lambda _: data, target_type="deal", target=deal, locked=place.locked
        )
        buyers.signed(tx, caller, place.beside, claim, deal=deal, customer=body.customer)
        return waiting


def amend(tx: Transaction, caller: Caller, deal: str, body: DealPatch) -> Waiting:
    """Another amount or end of the contract: a new version (COM-01)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_AMEND)
    data: dict[str, Any] = {"version": body.version}
    if body.amount is not None:
        data["amount_minor"] = _amount(known.deal, body.amount, least=0)
    if "contract_end" in body.model_fields_set:
        signed = caller.setting.calendar(known.deal.program).local_date(known.deal.contract_at)
        if body.contract_end is not None and body.contract_end < signed:
            raise Refusal("date_invalid", rule="COM-01", errors=(FieldError("contract_end", "date_invalid"),))
        data["contract_end"] = body.contract_end
    return known.receive(tx, caller, CommandKind.DEAL_AMEND, data)


def allocate(tx: Transaction, caller: Caller, deal: str, body: AllocateIn) -> Waiting:
    """A deal that nobody had claimed is given to the owner of a claim on its customer (CLM-03)."""
    row = visible_deal(tx, caller, deal)
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == body.claim))
    if claim is None or not readable(tx, caller, claim):
        raise _invalid("claim")
    permitted(caller, CommandKind.DEAL_ALLOCATE, claim_of(claim))
    if any(claim[name] != row[name] for name in ("program", "project", "track")) or (
        row["customer"] not in merges.records_of(tx, claim["customer"])
    ):
        raise _invalid("claim")
    unclaimed = row["state"] == DealState.UNCLAIMED.value
    if not unclaimed and row["matter"] != claim["matter"]:
        raise Refusal("illegal_transition", rule="COM-01", current_state=row["state"])
    beside = _beside(tx, caller, row, claim) if unclaimed else None

    def data(locked: matters.Locked) -> dict[str, Any]:
        require_whole_number(locked)
        return {"deal": deal, "claim": body.claim}

    waiting = receive(tx, caller, claim, CommandKind.DEAL_ALLOCATE, data, target_type="deal", target=deal)
    if beside is not None:
        buyers.claimed(tx, caller, beside, claim_of(claim), deal=deal, customer=row["customer"])
    return waiting


def _beside(tx: Transaction, caller: Caller, deal: Row, claim: Row) -> buyers.Signing:
    """Who signs a deal that nobody had claimed: whoever was named with it (CUS-14)."""
    named = [BuyerIn.model_validate(one) for one in kept_buyers.of(tx, [deal["id"]]).get(deal["id"], ())]
    return buyers.signing(
        tx,
        caller,
        named or None,
        program=claim["program"],
        track=claim["track"],
        customer=claim["customer"],
        matter=claim["matter"],
        project=claim["project"],
    )


def cancel(tx: Transaction, caller: Caller, deal: str, reason: str) -> Waiting:
    """A deal is off; its commission is clawed back (CLM-32, COM-10)."""
    known = _opened(tx, caller, deal, CommandKind.CANCEL_DEAL)
    text = texts.keep(tx, reason, customer=known.deal.customer)
    return known.receive(tx, caller, CommandKind.CANCEL_DEAL, {"text": text})


def propose_shares(tx: Transaction, caller: Caller, deal: str, body: SharesIn) -> Waiting:
    """The owner says who has which part; the holders accept (COM-03, COM-04)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_SHARES)
    shares = _shares(caller, known, body.shares)
    data = {"shares": _pairs(shares), "digest": digest_of(deal, shares)}
    return known.receive(tx, caller, CommandKind.DEAL_SHARES, data)


def set_shares(tx: Transaction, caller: Caller, deal: str, body: SharesSetIn) -> Waiting:
    """The supervisor sets the shares (COM-04)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_SHARES_SET)
    shares = _shares(caller, known, body.shares)
    text = texts.keep(tx, body.reason, customer=known.deal.customer)
    return known.receive(tx, caller, CommandKind.DEAL_SHARES_SET, {"shares": _pairs(shares), "text": text})


def accept_shares(tx: Transaction, caller: Caller, deal: str, digest: str) -> Waiting:
    """A holder agrees to these very shares; who must is for the deal to say (COM-04)."""
    known = _opened(tx, caller, deal, None)
    return known.receive(tx, caller, CommandKind.DEAL_SHARES_ACCEPT, {"digest": digest})


def receipt(tx: Transaction, caller: Caller, deal: str, body: ReceiptIn) -> Waiting:
    """The customer paid (COM-07)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_RECEIPT)
    return known.receive(tx, caller, CommandKind.DEAL_RECEIPT, _cash(known.deal, body))


def refund(tx: Transaction, caller: Caller, deal: str, body: RefundIn) -> Waiting:
    """The customer got money back (COM-10)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_REFUND)
    data = _cash(known.deal, body)
    data["text"] = texts.keep(tx, body.reason, customer=known.deal.customer)
    return known.receive(tx, caller, CommandKind.DEAL_REFUND, data)


def stage(tx: Transaction, caller: Caller, deal: str, body: StageIn) -> Waiting:
    """A stage was reached, with proof (COM-07)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_STAGE)
    text = texts.keep(tx, body.proof, customer=known.deal.customer)
    data = {"id": mint(), "stage": body.stage, "at": body.at, "text": text}
    return known.receive(tx, caller, CommandKind.DEAL_STAGE, data)


def assist(tx: Transaction, caller: Caller, deal: str, body: AssistIn) -> Waiting:
    """The owner credits a colleague who helped (COM-05)."""
    known = _opened(tx, caller, deal, CommandKind.DEAL_ASSIST)
    if body.person not in caller.setting.organisation.people:
        raise _invalid("person")
    data = {
        "id": mint(),
        "person": body.person,
        "amount_minor": _amount(known.deal, body.amount) if body.amount is not None else None,
        "points": body.points,
    }
    return known.receive(tx, caller, CommandKind.DEAL_ASSIST, data)


def reverse(tx: Transaction, caller: Caller, deal: str, body: ReversalIn) -> Waiting:
    """What somebody told by mistake is taken back, with its entry (COM-06).

    An entry of any other cause is ``illegal_transition``: rulings, holds and payments have calls of their own.
    """
    known = _opened(tx, caller, deal, CommandKind.DEAL_REVERSAL)
    everything = (*known.deal.told, *(reversal.told for reversal in known.deal.reversals))
    told = next((one for one in everything if one.key == body.reverses), None)
    if told is None:
        raise _not_reversible(tx, known.deal, body.reverses)
    data = {
        "told": told.id,
        "text": texts.keep(tx, body.reason, customer=known.deal.customer),
        "digest": tx.keys.digest(body.reason),
    }
    return known.receive(tx, caller, CommandKind.DEAL_REVERSAL, data)


def _not_reversible(tx: Transaction, deal: Deal, key: str) -> Refusal:
    e = t.ledger_entry.c
    kind = tx.execute(sa.select(e.kind).where(e.deal == deal.id, e.key == key)).scalar()
    if kind is None:
        return _invalid("reverses")
    return Refusal("illegal_transition", rule="COM-06", facts={"key": key, "kind": kind})


# --- where a new deal belongs -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Where:
    """The matter of a deal, locked, and the claim it is on, both None where there is none; who signs beside."""

    locked: matters.Locked | None
    claim: Claim | None
    beside: buyers.Signing


def _place(tx: Transaction, caller: Caller, body: DealIn) -> _Where:
    """Where the deal belongs as of now, under the lock: so nobody comes to hold the customer in between."""
    program = caller.setting.programs.get(body.program)
    if program is None:
        raise _invalid("program")
    policy = caller.setting.policy_at(body.program, at=caller.at)
    if body.track not in policy.tracks:
        raise _invalid("track")
    per_project = policy.choice("claim.subject") == "project"
    if per_project and body.project is None:
        raise Refusal("field_missing", rule="CLM-33", errors=(FieldError("project", "field_missing"),))
    if not per_project and body.project is not None:
        raise Refusal("field_not_allowed", rule="CLM-33", errors=(FieldError("project", "field_not_allowed"),))
    customer = tx.row(sa.select(t.customer.c.erased_at).where(t.customer.c.id == body.customer))
    if customer is None or customer["erased_at"] is not None:
        raise _invalid("customer")
    if body.project is not None and not _is_of(tx, body.project, body.customer):
        raise _invalid("project")
    subject = body.project or merges.root_of(tx, body.customer)
    matter = merges.matter_of(tx, program=body.program, subject=subject, track=body.track)
    beside = buyers.signing(
        tx,
        caller,
        body.buyers if "buyers" in body.model_fields_set else None,
        program=body.program,
        track=body.track,
        customer=body.customer,
        matter=matter,
        project=body.project,
    )
    if matter is None:
        return _Where(None, None, beside)
    locked = matters.lock(tx, matter)
    return _Where(locked, _holder(as_of_now(tx, caller, locked)), beside)


def _holder(matter: Matter) -> Claim | None:
    """Who holds the customer; in a case about nobody's customer the first of its claims (DSP-03)."""
    contested = sorted((c for c in matter.claims.values() if c.state in IN_CASE), key=lambda c: c.received_at)
    return matter.owner_claim or next(iter(contested), None)


def _is_of(tx: Transaction, project: str, customer: str) -> bool:
    of = merges.records_of(tx, customer)
    found = sa.select(t.project.c.id).where(t.project.c.id == project, t.project.c.customer.in_(of))
    return tx.execute(found).first() is not None


def _unless_known(tx: Transaction, caller: Caller, customer: str) -> Refusal:
    """``not_allowed`` for readers of the customer; to others there is no such customer."""
    if reads_base(caller) or claims_read(tx, caller, [customer]):
        return Refusal("not_allowed", rule="COM-01")
    return _invalid("customer")


def _unclaimed(tx: Transaction, caller: Caller, body: DealIn, place: _Where) -> Done:
    """Parked for whoever is in charge to allocate (CLM-03); those who oversee the program are told to."""
    data = deal_data(caller, body.program, body)
    at = place.locked.now if place.locked is not None else tx.now()
    deal = Deal(
        id=data["deal"],
        state=DealState.UNCLAIMED,
        program=body.program,
        track=body.track,
        customer=body.customer,
        project=body.project,
        kind=body.kind,
        amount_minor=body.amount.amount_minor,
        currency=body.amount.currency,
        contract_at=body.contract_at,
        contract_end=body.contract_end,
        product=body.product,
        external_id=body.external_id,
        recorded_at=at,
        recorded_by=caller.person,
        recognise_at=performance.counts_by(caller.setting, body.program, signed_at=body.contract_at),
        trial=caller.setting.in_trial(body.program, at=at),
    )
    performance.require_open(caller.setting, deal, at=at)
    deals.insert(tx, deal, matter=None)
    given = place.beside.given or ()
    kept_buyers.keep(tx, given, deal=deal.id, claim=None, customer=body.customer, by=caller.person, at=at)
    if place.locked is not None:
        matters.touch(tx, place.locked.row["id"], at)
    matters.save_tasks(
        tx,
        [
            Task(
                key=deals.unclaimed_key(deal.id),
                person=person,
                kind="deal_unclaimed",
                subject_type="deal",
                subject=deal.id,
                due=None,
            )
            for person in caller.setting.programs[body.program].oversight
        ],
        [],
        at=at,
    )
    entry = history.Entry(
        stream=deal.id,
        stream_kind="deal",
        kind="recorded",
        at=at,
        actor=caller.person,
        policy_version=caller.setting.policy_at(body.program, at=at).version,
        data={"claim": None, "kind": deal.kind, "amount_minor": deal.amount_minor, "currency": deal.currency},
    )
    history.append(tx, [entry], fresh={deal.id})
    return Done(201, deal_view(tx, caller, deal.id))


def _is_finance(caller: Caller, program: str) -> bool:
    return has_role(
        caller.actor,
        {Role.FINANCE},
        organisation=caller.setting.organisation,
        at=caller.at,
        place=Place(program=program),
    )


# --- on a deal --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Opened:
    """A deal the caller reads and may act on, and the claim it is on."""

    deal: Deal
    claim: Row

    def receive(self, tx: Transaction, caller: Caller, kind: CommandKind, data: Row) -> Waiting:
        content = {"deal": self.deal.id, **data}
        with under_policy_of(tx, self.claim["id"]):
            return receive(tx, caller, self.claim, kind, lambda _: content, target_type="deal", target=self.deal.id)


def _opened(tx: Transaction, caller: Caller, deal: str, kind: CommandKind | None) -> _Opened:
    """404 and 403, in that order; on a deal that nobody has claimed nothing but allocation is done."""
    row = visible_deal(tx, caller, deal)
    if row["claim"] is None:
        if not _is_finance(caller, row["program"]):
            raise Refusal("not_allowed", rule="PPL-02")
        raise Refusal("illegal_transition", rule="COM-01", current_state=row["state"])
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == row["claim"]))
    assert claim is not None
    if kind is not None:
        with under_policy_of(tx, claim["id"]):
            permitted(caller, kind, claim_of(claim))
    return _Opened(deals.deal_of(row), claim)


def _shares(caller: Caller, known: _Opened, given: Sequence[ShareIn]) -> tuple[Share, ...]:
    """Known people, each once, the whole together, and the owner among them (COM-03)."""
    people = caller.setting.organisation.people
    seen: set[str] = set()
    for place, share in enumerate(given):
        if share.person not in people or share.person in seen:
            raise _invalid(f"shares.{place}.person")
        seen.add(share.person)
    shares = tuple(Share(s.person, s.share_bps, people[s.person].number) for s in given if s.share_bps)
    least = caller.setting.terms_of(claim_of(known.claim)).policy.number("split.owner_min_pct")
    check_shares(shares, owner=known.deal.owner, least_pct=least)
    return shares


def _pairs(shares: Sequence[Share]) -> list[list[Any]]:
    return [[share.person, share.bps] for share in shares]


def _cash(deal: Deal, body: ReceiptIn | RefundIn) -> dict[str, Any]:
    return {
        "id": mint(),
        "amount_minor": _amount(deal, body.amount),
        "at": body.at,
        "reference": body.reference,
    }


def _amount(deal: Deal, money: Money, *, least: int = 1) -> int:
    """Minor units of the deal's own currency: currencies are never mixed."""
    if money.currency != deal.currency:
        raise _invalid("amount.currency")
    if not least <= money.amount_minor <= MOST_MINOR:
        raise _invalid("amount.amount_minor")
    return money.amount_minor


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))
