"""Issuing an authorisation letter (授权书) of a project (contract section 20, CLM-33)."""

from __future__ import annotations

from api.auth import Caller
from api.call import Waiting
from api.commands.received import on_claim, permitted, receive, visible_claim
from api.schemas.letters import LetterIn
from domain.matters.matter import CommandKind
from storage.claim_rows import claim_of
from storage.database import Transaction, mint


@on_claim
def issue(tx: Transaction, caller: Caller, claim: str, body: LetterIn) -> Waiting:
    """Ask for one as the owner; the drain counts those that were issued, and storage numbers it."""
    row = visible_claim(tx, caller, claim)
    permitted(caller, CommandKind.LETTER, claim_of(row))
    data = {"letter": mint(), "expires_at": body.expires_at}
    return receive(tx, caller, row, CommandKind.LETTER, lambda _: data)
