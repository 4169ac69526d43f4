"""Giving a special approval (领导特批): what it must name, and its receipt (contract section 20, CLM-34)."""

from __future__ import annotations

from typing import Any

from api.auth import Caller
from api.call import Waiting
from api.commands.claims import require_member
from api.commands.received import on_claim, permitted, receive, visible_claim
from api.schemas.approvals import OverrideIn
from domain.claims.approvals import ApprovalKind
from domain.claims.permissions import check_partner_of
from domain.matters.matter import CommandKind
from domain.refusals import FieldError, Refusal
from storage import matters, texts
from storage.claim_rows import claim_of
from storage.database import Transaction, mint

#: What each kind must name, and what it may name beside that.
_NEEDS: dict[ApprovalKind, frozenset[str]] = {
    ApprovalKind.ASSIGN: frozenset({"to"}),
    ApprovalKind.KEEP: frozenset({"until"}),
    ApprovalKind.EXTEND: frozenset({"until"}),
    ApprovalKind.EXCEED: frozenset({"to", "until"}),
    ApprovalKind.LETTER: frozenset({"until"}),
}
_KNOWS = {ApprovalKind.ASSIGN: frozenset({"past_share_bps"})}


@on_claim
def grant(tx: Transaction, caller: Caller, claim: str, body: OverrideIn) -> Waiting:
    """Let happen what a rule refuses, once; whether any are left this month the drain counts (CLM-34)."""
    row = visible_claim(tx, caller, claim)
    held, kind = claim_of(row), ApprovalKind(body.kind)
    permitted(caller, CommandKind.OVERRIDE, held, interested=(body.to,) if body.to is not None else ())
    _check_fields(body, kind)
    if body.to is not None:
        require_member(caller, held, body.to, field="to", sells=True)
        check_partner_of(body.to, held, setting=caller.setting, at=caller.at)
    reason = texts.keep(tx, body.reason, customer=row["customer"])
    shares = texts.keep(tx, body.shares, customer=row["customer"])

    def data(locked: matters.Locked) -> dict[str, Any]:
        if body.until is not None and body.until <= locked.now:
            raise Refusal("date_invalid", rule="CLM-34", errors=(FieldError("until", "date_invalid"),))
        return {
            "override": mint(),
            "kind": kind.value,
            "to": body.to,
            "until": body.until,
            "past_share_bps": body.past_share_bps,
            "text": reason,
            "shares": shares,
        }

    return receive(tx, caller, row, CommandKind.OVERRIDE, data)


def _check_fields(body: OverrideIn, kind: ApprovalKind) -> None:
    given = {name for name in ("to", "until", "past_share_bps") if getattr(body, name) is not None}
    lacking = sorted(_NEEDS[kind] - given)
    if lacking:
        errors = tuple(FieldError(name, "field_missing") for name in lacking)
        raise Refusal("field_missing", rule="CLM-34", errors=errors)
    unknown = sorted(given - _NEEDS[kind] - _KNOWS.get(kind, frozenset()))
    if unknown:
        errors = tuple(FieldError(name, "field_invalid") for name in unknown)
        raise Refusal("field_invalid", rule="CLM-34", errors=errors)
