"""Who has which part of a deal (COM-03, COM-04): the total is the whole, and no minor unit is lost in rounding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from domain.money.model import WHOLE_BPS, Share
from domain.refusals import Refusal


def split(amount_minor: int, shares: Sequence[Share]) -> tuple[int, ...]:
    """``amount_minor`` in the order of ``shares``: floor each, left-over units one each by share descending, then by
    person number (COM-03).

    Where the shares are not the whole, because a part went back to the company, what is split is the floor of their
    part.
    """
    if amount_minor < 0:
        raise ValueError("a negative amount is not split")
    parts = [amount_minor * share.bps // WHOLE_BPS for share in shares]
    left = amount_minor * sum(share.bps for share in shares) // WHOLE_BPS - sum(parts)
    order = sorted(range(len(shares)), key=lambda i: (-shares[i].bps, shares[i].number, shares[i].person))
    for place in order[:left]:
        parts[place] += 1
    return tuple(parts)


def check_shares(shares: Sequence[Share], *, owner: str | None, least_pct: Decimal) -> None:
    """Refuse ``split_total`` unless the parts are the whole, ``owner_missing`` unless the owner has the least part."""
    total = sum(share.bps for share in shares)
    if total != WHOLE_BPS:
        raise Refusal("split_total", rule="COM-03", facts={"total_bps": total})
    own = next((share.bps for share in shares if share.person == owner), 0)
    least = int(least_pct * 100)
    if own == 0 or own < least:
        raise Refusal("owner_missing", rule="COM-03", facts={"owner": owner, "share_bps": own, "least_bps": least})


def moved(shares: Iterable[Share], *, losers: Iterable[str], winner: Share) -> tuple[Share, ...]:
    """The parts of ``losers`` go to ``winner``, whose ``bps`` is ignored; everybody else keeps theirs (COM-09)."""
    barred = {*losers, winner.person}
    kept = tuple(share for share in shares if share.person not in barred)
    rest = WHOLE_BPS - sum(share.bps for share in kept)
    return (replace(winner, bps=rest), *kept) if rest else kept


def ruled(shares: Iterable[Share], *, parties: Iterable[str], outcome: Sequence[Share]) -> tuple[Share, ...]:
    """What the parties have between them is shared as ``outcome`` says; everybody else keeps theirs (COM-09).

    The parts are floored to basis points, those left over go one each like minor units (COM-03).
    """
    barred = {*parties, *(share.person for share in outcome)}
    kept = tuple(share for share in shares if share.person not in barred)
    rest = WHOLE_BPS - sum(share.bps for share in kept)
    parts = tuple(replace(share, bps=bps) for share, bps in zip(outcome, split(rest, outcome), strict=True) if bps)
    return (*parts, *kept)


def without(shares: Iterable[Share], people: Iterable[str]) -> tuple[Share, ...]:
    """The parts of ``people`` go back to the company (outcome ``pool``)."""
    gone = set(people)
    return tuple(share for share in shares if share.person not in gone)


def digest_of(deal: str, shares: Iterable[Share]) -> str:
    """Names these very shares of this deal, whatever order they are told in (COM-04)."""
    parts = sorted([share.person, share.bps] for share in shares)
    return hashlib.sha256(json.dumps([deal, parts], separators=(",", ":")).encode()).hexdigest()
