"""Buyers at subscription and contract (认购人、共有人): kept, and looked for among the claims (section 14, CUS-14).

Where one of them, or a linked customer, is somebody else's, the contract goes on; a case asks whose customer it is by
the original times, and holds the commission meanwhile (COM-08).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.commands import relatives
from api.commands.received import as_of_now, on_claim, record_correction
from api.schemas.claims import BuyerIn, BuyersIn
from api.views.buyers import buyers_view
from api.views.claims import readable
from api.views.customers import keeps_base
from domain.claims.conflicts import met_by_buyer
from domain.claims.lifecycle import HOLDING, refused
from domain.claims.model import Claim
from domain.claims.permissions import is_supervisor
from domain.customers.identity import Identity, MatchValues, match_values
from domain.customers.names import CustomerKind
from domain.disputes.sameness import BUYER, RELATIVE
from domain.matters.draft import Draft
from domain.matters.matter import Matter
from domain.policy.policy import Policy
from domain.refusals import FieldError, Refusal
from storage import buyers, conflicts, customers, matters, merges, sameness, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import StaleReadError, Transaction, mint
from storage.notices import queue_notices

Given = Sequence[tuple[Mapping[str, str | None], str | None]]
"""Buyers as they were named, each with the record that their keys match."""


@dataclass(frozen=True)
class Signing:
    """Who signs beside the customer; who holds them and the customer's relatives, by their matters, which are locked.

    ``given``: None where nobody was named; then it is whoever had subscribed, by the claim that they were named on.
    ``linked``: the records that stand for relatives.
    """

    given: Given | None
    named: buyers.Subscribed
    subscribed: Mapping[str, Given]
    held: Mapping[str, tuple[Claim, Matter]]
    linked: frozenset[str]


def signing(
    tx: Transaction,
    caller: Caller,
    given: Sequence[BuyerIn] | None,
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
    found = None if given is None else _found(tx, policy, given)
    named = buyers.subscribed(tx, matter) if given is None and matter is not None else {}
    subscribed = {
        claim: _found(tx, policy, [BuyerIn.model_validate(one) for one in those]) for claim, those in named.items()
    }
    if matter is None or project is not None or not policy.switch("buyer.check"):
        return Signing(found, named, subscribed, {}, frozenset())
    records = {record for one in (found or (), *subscribed.values()) for _, record in one if record is not None}
    linked = relatives.relatives(tx, caller, policy, program=program, track=track, customer=customer, at=caller.at)
    wanted = sorted({*records, *linked} - set(merges.records_of(tx, customer)))
    held = relatives.holders(tx, caller, wanted, program=program, track=track, beside=matter) if wanted else {}
    return Signing(found, named, subscribed, {m: one for m, one in held.items() if m != matter}, frozenset(linked))


def signed(tx: Transaction, caller: Caller, found: Signing, claim: Claim, *, deal: str, customer: str) -> None:
    """Keep who signs with the deal that was just received on ``claim``; ask where two owners meet by it.

    Where nobody was named with the first deal of the claim, it is whoever had subscribed.
    """
    given = found.given
    if given is None:
        if buyers.subscribed(tx, claim.matter) != found.named:
            raise StaleReadError  # somebody subscribed since it was looked whom they are held by
        given = () if _has_deal(tx, claim) else found.subscribed.get(claim.id, ())
    buyers.keep(tx, given, deal=deal, claim=None, customer=customer, by=caller.person, at=tx.now())
    met(tx, caller, found, given, claim, deal=deal, customer=customer)


def claimed(tx: Transaction, caller: Caller, found: Signing, claim: Claim, *, deal: str, customer: str) -> None:
    """The same of a deal that nobody had claimed until now, of which who signs is kept already."""
    if found.given is None:
        signed(tx, caller, found, claim, deal=deal, customer=customer)
    else:
        met(tx, caller, found, found.given, claim, deal=deal, customer=customer)


def met(
    tx: Transaction, caller: Caller, found: Signing, given: Given, claim: Claim, *, deal: str | None, customer: str
) -> None:
    """Ask whose customer it is where the owner of ``claim`` meets another by ``given``, or by who is linked.

    One case at a time concerns a customer, so it is asked about the owner who was first; one that goes on already
    holds the commission as it is (DSP-01).
    """
    others = _others(tx, caller, found, given, claim, customer=customer)
    if not others:
        return
    _, other, buys = min(others, key=lambda one: (one[0].rank_at, one[0].receipt))
    at = max(matters.lock(tx, m).now for m in sorted((claim.matter, other.id)))
    relatives.ask_in_case(tx, caller, claim, customer, other, relation=BUYER if buys else RELATIVE, deal=deal, at=at)


def _others(
    tx: Transaction, caller: Caller, found: Signing, given: Given, claim: Claim, *, customer: str
) -> list[tuple[Claim, Matter, bool]]:
    """Other owners whom the owner of ``claim`` meets, and whether by ``given``; nobody in a trial (POL-08).

    Two that were found not to be one are asked about no more (CUS-13).
    """
    signs = {merges.root_of(tx, record) for _, record in given if record is not None}
    if not claim.holds or caller.setting.in_trial(claim.program, at=caller.at):
        return []
    return [
        (held, side, merges.root_of(tx, side.customer) in signs)
        for held, side in found.held.values()
        if held.holds
        and not side.in_case
        and held.owner != claim.owner
        and merges.root_of(tx, side.customer) in signs | found.linked
        and sameness.answer(tx, customer, side.customer) is None
    ]


@on_claim
def name(tx: Transaction, caller: Caller, claim: str, body: BuyersIn) -> Done:
    """Who subscribes (认购) beside the customer, or signs from now on instead of those before (更名); CUS-14.

    It moves nothing, so it is written at once; a case that it leads to is decided like any other. Before there is a
    deal the owner's word alone opens none, for that somebody buys too is what proves that the two are one: both
    supervisors are told (DSP-19), and the deal asks.
    """
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == claim))
    if row is None or not _reads(tx, caller, row):
        raise Refusal("not_found")
    _require_namer(caller, claim_of(row))
    found = signing(
        tx,
        caller,
        body.buyers,
        program=row["program"],
        track=row["track"],
        customer=row["customer"],
        matter=row["matter"],
        project=row["project"],
    )
    locked = matters.lock(tx, row["matter"], of=claim)
    matter = as_of_now(tx, caller, locked, also=(claim,))
    held = matter.claims[claim]
    if held.state not in HOLDING:
        raise refused(state=held.state, trigger="buyers")
    _require_namer(caller, held)  # it may have gone to somebody else meanwhile
    deal = _deal(matter, held, body.deal)
    if deal is not None and not (body.reason or "").strip():
        raise Refusal("reason_required", rule="CUS-14", errors=(FieldError("reason", "reason_required"),))
    text, given = texts.keep(tx, body.reason, customer=row["customer"]), found.given or ()
    buyers.end(tx, deal=deal, claim=claim, by=caller.person, at=locked.now, reason=text)
    on = claim if deal is None else None
    buyers.keep(tx, given, deal=deal, claim=on, customer=row["customer"], by=caller.person, at=locked.now)
    record_correction(tx, caller, row, locked, cause="buyers", deal=deal, count=len(given), text=text)
    if deal is None and caller.person == held.owner:
        draft = Draft(matter=matter, at=locked.now, setting=caller.setting, mint=mint)
        for other, _, _ in _others(tx, caller, found, given, held, customer=row["customer"]):
            met_by_buyer(draft, held, other)
        queue_notices(tx, conflicts.save(tx, draft), at=locked.now)
    else:
        met(tx, caller, found, given, held, deal=deal, customer=row["customer"])
    return Done(200, buyers_view(tx, claim))


def read(tx: Transaction, caller: Caller, claim: str) -> dict[str, object]:
    """Who signs and subscribes beside the customer of the claim, and who did before."""
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == claim))
    if row is None or not _reads(tx, caller, row):
        raise Refusal("not_found")
    return buyers_view(tx, claim)


def _reads(tx: Transaction, caller: Caller, row: dict[str, object]) -> bool:
    """Readers of the claim, and whoever keeps the customer base: names are masked for both."""
    return readable(tx, caller, row) or keeps_base(caller)


def _require_namer(caller: Caller, claim: Claim) -> None:
    """The owner, their supervisor, whoever keeps the customer base."""
    if caller.person == claim.owner or keeps_base(caller):
        return
    if not is_supervisor(claim.owner, claim, actor=caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="CUS-14")


def _deal(matter: Matter, claim: Claim, named: str | None) -> str | None:
    """The live deal whose buyers change: the only one, or the one that is named; None before there is any."""
    live = [deal.id for deal in matter.live_deals(claim.id)]
    if named is not None and named not in live:
        raise Refusal("field_invalid", rule="CUS-14", errors=(FieldError("deal", "field_invalid"),))
    if named is None and len(live) > 1:
        raise Refusal("field_missing", rule="CUS-14", errors=(FieldError("deal", "field_missing"),))
    return named or next(iter(live), None)


def _has_deal(tx: Transaction, claim: Claim) -> bool:
    c = t.deal.c
    return tx.execute(sa.select(c.id).where(c.claim == claim.id, c.state == "open").limit(1)).first() is not None


def _found(tx: Transaction, policy: Policy, given: Sequence[BuyerIn]) -> Given:
    found: list[tuple[Mapping[str, str | None], str | None]] = []
    for place, one in enumerate(given):
        values = _values(one, region=policy.word("match.phone_region") or "CN", place=place)
        record = customers.certain(tx, values, customers.Comparison.under(policy, one.kind))
        found.append(({**one.model_dump(), "phone": values.phone or one.phone}, record))
    return tuple(found)


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
