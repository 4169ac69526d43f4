"""Buyers at a deal (认购人、共有人): kept, and looked for among the claims of the program (section 14, CUS-14).

Where one of them, or a linked customer, is somebody else's, the contract goes on; a case asks whose customer it is by
the original times, and holds the commission meanwhile (COM-08).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.auth import Caller
from api.commands import relatives
from api.schemas.claims import BuyerIn
from domain.claims.model import Claim
from domain.customers.identity import Identity, MatchValues, match_values
from domain.customers.names import CustomerKind
from domain.disputes.sameness import BUYER, RELATIVE
from domain.matters.matter import Matter
from domain.refusals import FieldError, Refusal
from storage import buyers, customers, matters, merges, sameness
from storage.database import Transaction


@dataclass(frozen=True)
class Signing:
    """Who signs beside the customer; who holds them and the customer's relatives, by their matters, which are locked.

    ``given``: each with the record that its keys match. ``relation``: what joins a matter to that of the deal.
    """

    given: Sequence[tuple[Mapping[str, str | None], str | None]]
    held: Mapping[str, tuple[Claim, Matter]]
    relation: Mapping[str, str]


def signing(
    tx: Transaction,
    caller: Caller,
    given: Sequence[BuyerIn],
    *,
    program: str,
    track: str,
    customer: str,
    matter: str | None,
    project: str | None,
) -> Signing:
    """Find the buyers and whoever holds them; locks their matters and ``matter``, that of the deal, by id.

    A named project is owned apart from its customer, so nobody is looked for there (CLM-33).
    """
    policy = caller.setting.policy_at(program, at=caller.at)
    found: list[tuple[Mapping[str, str | None], str | None]] = []
    for place, one in enumerate(given):
        values = _values(one, region=policy.word("match.phone_region") or "CN", place=place)
        record = customers.certain(tx, values, customers.Comparison.under(policy, one.kind))
        found.append(({**one.model_dump(), "phone": values.phone or one.phone}, record))
    if matter is None or project is not None or not policy.switch("buyer.check"):
        return Signing(found, {}, {})
    records = {record for _, record in found if record is not None}
    linked = relatives.relatives(tx, caller, policy, program=program, track=track, customer=customer, at=caller.at)
    wanted = sorted({*records, *linked} - set(merges.records_of(tx, customer)))
    held = relatives.holders(tx, caller, wanted, program=program, track=track, beside=matter) if wanted else {}
    signs = {merges.root_of(tx, record) for record in records}
    relation = {m: BUYER if merges.root_of(tx, side.customer) in signs else RELATIVE for m, (_, side) in held.items()}
    return Signing(found, {m: one for m, one in held.items() if m != matter}, relation)


def signed(tx: Transaction, caller: Caller, found: Signing, claim: Claim, *, deal: str, customer: str) -> None:
    """Keep who signs with the deal that was just received on ``claim``; ask where two owners meet by it.

    One case at a time concerns a customer, so it is asked about the owner who was first; one that goes on already
    holds the commission as it is (DSP-01). Two that were found not to be one are asked about no more (CUS-13).
    """
    buyers.keep(tx, deal, found.given, customer=customer, by=caller.person, at=tx.now())
    others = [
        (held, side)
        for held, side in found.held.values()
        if held.holds
        and not side.in_case
        and held.owner != claim.owner
        and sameness.answer(tx, customer, side.customer) is None
    ]
    if not others or not claim.holds or caller.setting.in_trial(claim.program, at=caller.at):
        return
    _, other = min(others, key=lambda one: (one[0].rank_at, one[0].receipt))
    at = max(matters.lock(tx, m).now for m in sorted((claim.matter, other.id)))
    relatives.ask_in_case(tx, caller, claim, customer, other, relation=found.relation[other.id], deal=deal, at=at)


def _values(one: BuyerIn, *, region: str, place: int) -> MatchValues:
    identity = Identity(
        kind=CustomerKind(one.kind),
        name=one.name,
        phone=one.phone,
        email=one.email,
        company_code=one.company_code,
        external_id=None,
    )
    try:
        return match_values(identity, region=region)
    except Refusal as refusal:
        refusal.errors = tuple(
            FieldError(e.field.replace("customer.", f"buyers.{place}.", 1), e.code) for e in refusal.errors
        )
        raise
