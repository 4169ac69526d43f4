"""A code that a customer shows on arrival, for whoever reported or holds them (到访确认, LEAD-10)."""

from __future__ import annotations

from api.auth import Caller
from api.call import Done
from api.commands.received import as_of_now, on_claim, visible_claim
from domain.claims.lifecycle import IN_CASE, OPEN
from domain.refusals import Refusal
from storage import arrival_codes, matters
from storage.codec import rfc3339
from storage.database import Transaction


@on_claim
def give(tx: Transaction, caller: Caller, claim: str) -> Done:
    """A new code for the customer of one's own open claim; the code is told once, and not to a repeat of the call."""
    row = visible_claim(tx, caller, claim)
    if caller.person != (row["owner"] or row["reporter"]):
        raise Refusal("not_allowed", rule="LEAD-10")
    locked = matters.lock(tx, row["matter"], of=claim)
    present = as_of_now(tx, caller, locked, also=(claim,)).claims[claim]
    if present.state not in OPEN or present.state in IN_CASE:
        raise Refusal("illegal_transition", rule="LEAD-10", current_state=present.state.value)
    code, until = arrival_codes.give(tx, claim, at=locked.now)
    told = {"claim": claim, "until": rfc3339(until)}
    return Done(201, {**told, "code": code}, kept_body={**told, "code": None})
