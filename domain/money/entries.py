"""Entries of the ledger from what a deal was to what it is, under keys that name their cause (COM-06)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.money.model import Deal, Entry, EntryKind
from domain.money.positions import difference, positions


def entry_between(
    before: Deal | None,
    after: Deal,
    *,
    key: str,
    kind: EntryKind,
    at: datetime,
    dispute: str | None = None,
    ruling: str | None = None,
    stage: str | None = None,
    reverses: str | None = None,
    reason: str | None = None,
) -> Entry | None:
    """The entry whose cause turned ``before`` into ``after``; None where no money moved."""
    postings = difference(positions(before) if before is not None else {}, positions(after), after.currency)
    if not postings:
        return None
    payees = {posting.account.rpartition(":")[0]: posting.share_bps for posting in postings if ":" in posting.account}
    payees.pop("company", None)
    return Entry(
        key=key,
        kind=kind,
        at=at,
        deal=after.id,
        postings=postings,
        dispute=dispute,
        ruling=ruling,
        plan_version=after.plan_version,
        rate_rule=after.rate_rule,
        share_bps=next(iter(payees.values())) if len(payees) == 1 else None,
        stage=stage,
        reverses=reverses,
        reason=reason,
    )


def paid_out(deal: Deal, *, payee: str, amount_minor: int, at: datetime) -> Deal:
    """``deal`` after a payment to ``payee``."""
    paid = {**deal.paid, payee: deal.paid.get(payee, 0) + amount_minor}
    return replace(deal, paid=paid, last_paid_at=at)


def set_off(paying: Deal, owing: Deal, *, payee: str, amount_minor: int) -> tuple[Deal, Deal]:
    """Both deals after what ``paying`` owes the payee has filled what the payee owes for ``owing`` (COM-10).

    It is never more than either side has; both deals are of one currency.
    """
    if paying.currency != owing.currency or paying.id == owing.id or amount_minor <= 0:
        raise ValueError("a set-off is between two deals of one currency")
    has, owes = positions(paying).get(payee), positions(owing).get(payee)
    if has is None or owes is None or amount_minor > has.payable or amount_minor > -owes.receivable:
        raise ValueError("a set-off of more than there is")
    return (
        replace(paying, set_off={**paying.set_off, payee: paying.set_off.get(payee, 0) + amount_minor}),
        replace(owing, set_off={**owing.set_off, payee: owing.set_off.get(payee, 0) - amount_minor}),
    )


def set_off_entries(
    paying: Deal, owing: Deal, *, payee: str, amount_minor: int, cause: str, at: datetime
) -> tuple[tuple[Deal, Deal], tuple[Entry, Entry]]:
    """The set-off and its entries, one for each deal; each names the other deal as its reason.

    ``cause`` is what asked for it, ``payout/<id>`` say.
    """
    fresh = set_off(paying, owing, payee=payee, amount_minor=amount_minor)
    entries = [
        entry_between(
            was,
            now,
            key=f"{cause}:set_off/{was.id}/{other.id}/{payee}",
            kind=EntryKind.SET_OFF,
            at=at,
            reason=other.id,
        )
        for was, now, other in ((paying, fresh[0], owing), (owing, fresh[1], paying))
    ]
    used, filled = entries
    assert used is not None
    assert filled is not None
    return fresh, (used, filled)
