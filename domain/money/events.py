"""What finance and owners tell about a deal: receipts, refunds, stages, assists, payments (COM-05, COM-07, COM-10).

A reference is told once: the same again changes nothing, other content under it is refused with ``ledger_conflict``.
What was told by mistake is reversed, and may be told again as it is (COM-06).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.claims.deals import named_deal
from domain.claims.model import Claim
from domain.claims.permissions import authorise
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money import assists, performance
from domain.money.booking import ask_finance, book, share_of
from domain.money.entries import paid_out
from domain.money.late import is_late
from domain.money.model import Assist, Deal, EntryKind, Overlay, Receipt, Refund, Reversal, StageProof, Told
from domain.money.positions import commission, per_cent, positions, rounded
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial, would_refuse_act


def receipt(draft: Draft, command: Command) -> None:
    """The customer paid; by cash pro rata that releases its part (COM-07).

    Where deals count by cash, one that is paid in full in a closed month is refused with ``period_closed`` (COM-13).
    """
    claim = _allowed(draft, command)
    deal = named_deal(draft, command, live=False)
    if _told_before(deal, command, Receipt) is not None:
        return
    deal = named_deal(draft, command)
    told = Receipt(
        id=command.data["id"],
        amount_minor=command.data["amount_minor"],
        at=command.data["at"],
        reference=command.data["reference"],
        recorded_by=command.actor,
    )
    paid = replace(deal, receipts=(*deal.receipts, told))
    performance.require_open(draft.setting, paid, at=draft.at)
    book(
        draft,
        deal,
        paid,
        key=told.key,
        kind=EntryKind.RELEASE,
        claim=claim,
        actor=command.actor,
        dispute=deal.held_by,
    )
    _record(draft, command, deal, claim, "receipt", {"receipt": told.id, "amount_minor": told.amount_minor})


def refund(draft: Draft, command: Command) -> None:
    """Money went back, and the commission on it with it, the shares unchanged (COM-10).

    Later than `clawback.days` after a payout it counts when a second person of finance tells the same.
    """
    claim = _allowed(draft, command)
    deal = draft.matter.deals[command.data["deal"]]
    known = _told_before(deal, command, Refund)
    if isinstance(known, Refund):
        if not known.counts and known.recorded_by != command.actor:
            _approve(draft, command, claim, deal, known)
        return
    amount = command.data["amount_minor"]
    if sum(r.amount_minor for r in deal.refunds) + amount > deal.amount_minor:
        raise Refusal("field_invalid", rule="COM-10", errors=(FieldError("amount", "field_invalid"),))
    told = Refund(
        id=command.data["id"],
        amount_minor=amount,
        at=command.data["at"],
        reference=command.data["reference"],
        reason=command.data.get("text"),
        recorded_by=command.actor,
        counts=not is_late(draft, deal, claim),
    )
    if not told.counts:
        ask_finance(draft, claim, deal.id, key=f"refund:{told.id}", kind="clawback_approval", apart=command.actor)
    _claw_back(draft, command, claim, deal, replace(deal, refunds=(*deal.refunds, told)), told)
    data = {"refund": told.id, "amount_minor": amount, "text": told.reason, "counts": told.counts}
    _record(draft, command, deal, claim, "refund", data)


def stage(draft: Draft, command: Command) -> None:
    """A stage of the payment was reached, with proof (COM-07)."""
    claim = _allowed(draft, command)
    deal = named_deal(draft, command)
    name, at = command.data["stage"], command.data["at"]
    known = next((proof for proof in deal.stages if proof.stage == name), None)
    if known is not None:
        if known.at != at:
            raise Refusal("ledger_conflict", rule="COM-06", facts={"stage": name})
        return
    told = StageProof(
        id=command.data["id"], stage=name, at=at, proof=command.data.get("text"), recorded_by=command.actor
    )
    book(
        draft,
        deal,
        replace(deal, stages=(*deal.stages, told)),
        key=told.key,
        kind=EntryKind.RELEASE,
        claim=claim,
        actor=command.actor,
        dispute=deal.held_by,
        stage=name,
    )
    _record(draft, command, deal, claim, "stage_reached", {"stage": name, "proof": told.proof})


def assist(draft: Draft, command: Command) -> None:
    """The owner credits a colleague who helped to close, outside the 100 % (COM-05).

    Without amount and points it is `assist.pct` of the commission. Two who do so for each other often are told of. One
    too many is only noted in a trial (POL-08).
    """
    claim = _allowed(draft, command)
    deal = named_deal(draft, command)
    person = command.data["person"]
    if person == deal.owner or deal.share_of(person) is not None:
        raise Refusal("not_allowed", rule="COM-05")
    policy = draft.setting.terms_of(claim).policy
    most = policy.integer("assist.per_deal")
    given = sum(overlay.kind == "assist" for overlay in deal.overlays)
    if given >= most:
        against = Refusal("assist_limit", rule="COM-05", facts={"cap": most, "count": given})
        if not in_trial(draft):
            raise against
        would_refuse_act(draft, claim, against, person=command.actor)
    amount, points = command.data.get("amount_minor"), command.data.get("points")
    if amount is None and points is None:
        amount = rounded(per_cent(policy.number("assist.pct")) * commission(deal))
    helper = share_of(draft.setting.organisation, person, 0)
    overlay = Overlay(
        id=command.data["id"],
        person=person,
        amount_minor=amount or 0,
        points=points,
        number=helper.number,
        partner=helper.partner,
    )
    book(
        draft,
        deal,
        replace(
            deal,
            overlays=(*deal.overlays, overlay),
            credit_proposed=None if person == deal.credit_proposed else deal.credit_proposed,
        ),
        key=overlay.key,
        kind=EntryKind.OVERLAY,
        claim=claim,
        actor=command.actor,
        dispute=deal.held_by,
    )
    credit = Assist(overlay.id, deal.id, deal.program, command.actor or "", person, draft.at)
    assists.credited(draft, claim, credit)
    data = {"assist": overlay.id, "person": person, "amount_minor": overlay.amount_minor, "points": points}
    _record(draft, command, deal, claim, "assisted", data)


def reverse(draft: Draft, command: Command) -> None:
    """Something was told by mistake: its entry is reversed, and the deal is as if it had not been told (COM-06).

    The entry is what that changes now, not the first one with its signs turned: amounts, shares and holds may have
    moved since, and what was paid out meanwhile is owed. Later than `clawback.days` after a payout a second person of
    finance must ask for it too (COM-10), except for a refund, whose reversal takes nothing from anybody.
    """
    claim = _allowed(draft, command)
    deal = draft.matter.deals[command.data["deal"]]
    named, digest = command.data["told"], command.data["digest"]
    known = next((reversal for reversal in deal.reversals if reversal.told.id == named), None)
    if known is not None:
        if known.digest != digest:
            raise Refusal("ledger_conflict", rule="COM-06", facts={"deal": deal.id, "key": known.key})
        return
    told = next(one for one in deal.told if one.id == named)
    if not isinstance(told, Refund) and is_late(draft, deal, claim):
        asked = deal.reversal_asked.get(told.id)
        if asked in (None, command.actor):
            _ask_to_reverse(draft, command, claim, deal, told)
            return
    reversal = Reversal(told, at=draft.at, by=command.actor, reason=command.data.get("text"), digest=digest)
    after = replace(
        deal.without(told),
        reversals=(*deal.reversals, reversal),
        reversal_asked={key: by for key, by in deal.reversal_asked.items() if key != told.id},
    )
    if isinstance(told, Receipt):
        after = performance.unpaid(after)
    if isinstance(told, Overlay):
        assists.mistaken(draft, told.id)
    book(
        draft,
        deal,
        after,
        key=reversal.key,
        kind=EntryKind.REVERSAL,
        claim=claim,
        actor=command.actor,
        dispute=deal.held_by,
        stage=told.stage if isinstance(told, StageProof) else None,
        reverses=told.key,
        reason=reversal.reason,
    )
    # A late refund that nobody has approved waits for nothing any more, nor does anybody for this.
    draft.closed_tasks += [f"reversal:{told.id}", f"refund:{told.id}"]
    _record(draft, command, deal, claim, "reversed", {"reverses": told.key, "text": reversal.reason})


def paid(draft: Draft, command: Command) -> None:
    """A payout run pays a line (COM-12). What is disputed or not payable any more is not paid (COM-08)."""
    claim = draft.matter.claims[command.claim]
    deal = draft.matter.deals[command.data["deal"]]
    payee, amount, payout = command.data["payee"], command.data["amount_minor"], command.data["payout"]
    if deal.disputed_by:
        raise Refusal("claim_disputed", rule="COM-08", facts={"deal": deal.id})
    if deal.holds:
        raise Refusal("confirmation_missing", rule="CNF-01", facts={"deal": deal.id})
    position = positions(deal).get(payee)
    if position is None or amount <= 0 or amount > position.payable:
        left = position.payable if position is not None else 0
        raise Refusal("ledger_conflict", rule="COM-12", facts={"deal": deal.id, "payable_minor": left})
    book(
        draft,
        deal,
        paid_out(deal, payee=payee, amount_minor=amount, at=draft.at),
        key=f"payout/{payout}:pay/{deal.id}/{payee}",
        kind=EntryKind.PAYMENT,
        claim=claim,
    )
    _record(draft, command, deal, claim, "paid", {"payee": payee, "amount_minor": amount, "payout": payout})


def _approve(draft: Draft, command: Command, claim: Claim, deal: Deal, waiting: Refund) -> None:
    approved = replace(waiting, counts=True, approved_by=command.actor)
    refunds = tuple(approved if r.id == waiting.id else r for r in deal.refunds)
    draft.closed_tasks.append(f"refund:{waiting.id}")
    _claw_back(draft, command, claim, deal, replace(deal, refunds=refunds), approved)
    _record(draft, command, deal, claim, "refund_approved", {"refund": waiting.id})


def _ask_to_reverse(draft: Draft, command: Command, claim: Claim, deal: Deal, told: Told) -> None:
    if told.id in deal.reversal_asked:
        return  # by the same person
    asked = {**deal.reversal_asked, told.id: command.actor or ""}
    draft.matter = draft.matter.with_deal(replace(deal, reversal_asked=asked))
    ask_finance(draft, claim, deal.id, key=f"reversal:{told.id}", kind="clawback_approval", apart=command.actor)
    data = {"reverses": told.key, "text": command.data.get("text")}
    _record(draft, command, deal, claim, "reversal_asked", data)


def _claw_back(draft: Draft, command: Command, claim: Claim, before: Deal, after: Deal, told: Refund) -> None:
    book(
        draft,
        before,
        after,
        key=told.key,
        kind=EntryKind.CLAWBACK,
        claim=claim,
        actor=command.actor,
        dispute=before.held_by,
        reason=told.reason,
    )


def _told_before(deal: Deal, command: Command, kind: type[Receipt] | type[Refund]) -> Receipt | Refund | None:
    """What was told under the same reference; ``ledger_conflict`` where it was something else (COM-06)."""
    reference = command.data["reference"]
    recorded: list[Receipt | Refund] = [*deal.receipts, *deal.refunds]
    known = next((told for told in recorded if told.reference == reference), None)
    if known is None:
        return None
    if not isinstance(known, kind) or (known.amount_minor, known.at) != (
        command.data["amount_minor"],
        command.data["at"],
    ):
        raise Refusal("ledger_conflict", rule="COM-06", facts={"deal": deal.id})
    return known


def _allowed(draft: Draft, command: Command) -> Claim:
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    return claim


def _record(draft: Draft, command: Command, deal: Deal, claim: Claim, kind: str, data: dict[str, Any]) -> None:
    draft.record_deal(kind, deal, policy_version=claim.terms.version, actor=command.actor, data=data)
