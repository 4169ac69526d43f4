"""What a deal is worth to whom, as a pure function of the deal; entries are differences (design section 5, COM-06).

With A what a payee's part of the commission is, R what of it is released, P what is paid and S what is set off:

    receivable = -max(P + S - R, 0)
    payable    =  max(R - P - S, 0)              0 while the deal is held
    accrued    =  A - R                          0 while the deal is held
    held       =  A - R + max(R - P - S, 0)      0 unless the deal is held
    paid       =  P

The five sum to A - S whatever holds, so what an entry leaves over goes to or comes from the company, and a hold or a
release leaves nothing over. A set-off has a deal on either side, so that the sum over both is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from domain.money.model import COMPANY, WHOLE_BPS, Account, Deal, DealState, Payee, Posting, Succession
from domain.money.shares import split


@dataclass(frozen=True, slots=True)
class Position:
    """Where the commission of one payee of one deal stands. All of it in minor units of the deal's currency."""

    payee: Payee
    accrual: int  # A
    released: int = 0  # R
    paid_out: int = 0  # P
    set_off: int = 0  # S
    frozen: bool = False
    share_bps: int | None = None

    @property
    def accrued(self) -> int:
        return 0 if self.frozen else self.accrual - self.released

    @property
    def held(self) -> int:
        return self.accrual - self.released + self._due if self.frozen else 0

    @property
    def payable(self) -> int:
        return 0 if self.frozen else self._due

    @property
    def paid(self) -> int:
        return self.paid_out

    @property
    def receivable(self) -> int:
        return -max(self.paid_out + self.set_off - self.released, 0)

    @property
    def _due(self) -> int:
        return max(self.released - self.paid_out - self.set_off, 0)

    def at(self, account: Account) -> int:
        """The balance of one account."""
        match account:
            case Account.ACCRUED:
                return self.accrued
            case Account.HELD:
                return self.held
            case Account.PAYABLE:
                return self.payable
            case Account.PAID:
                return self.paid
            case Account.RECEIVABLE:
                return self.receivable


def positions(deal: Deal) -> Mapping[str, Position]:
    """Every payee of ``deal`` by key, those who have nothing any more but were paid once included.

    A deal of a trial has none: nothing of it is ever posted (POL-08).
    """
    if deal.trial:
        return {}
    part = released_part(deal)
    found: dict[str, Position] = {}
    for tranche in _tranches(deal):
        key = tranche.payee.key
        known = found.get(key) or Position(tranche.payee, 0)
        found[key] = replace(
            known,
            accrual=known.accrual + tranche.amount_minor,
            released=known.released + tranche.released(part),
            share_bps=_added(known.share_bps, tranche.share_bps),
        )
    for key in {**deal.paid, **deal.set_off}:
        kind, _, id_ = key.partition(":")
        known = found.get(key) or Position(Payee(kind, id_), 0)
        found[key] = replace(known, paid_out=deal.paid.get(key, 0), set_off=deal.set_off.get(key, 0))
    frozen = bool(deal.holds)
    return {key: replace(found[key], frozen=frozen) for key in sorted(found)}


def difference(before: Mapping[str, Position], after: Mapping[str, Position], currency: str) -> tuple[Posting, ...]:
    """The postings that lead from ``before`` to ``after``; empty where nothing moved. They sum to zero."""
    found: list[Posting] = []
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        known = now or was
        assert known is not None
        share = now.share_bps if now is not None and now.share_bps is not None else was.share_bps if was else None
        for account in Account:
            moved = (now.at(account) if now is not None else 0) - (was.at(account) if was is not None else 0)
            if moved:
                found.append(Posting(known.payee.account(account), currency, moved, share))
    company = -sum(posting.amount_minor for posting in found)
    if company:
        found.append(Posting(COMPANY, currency, company))
    return tuple(found)


def commission(deal: Deal) -> int:
    """The commission of the deal now: rate x what it is worth after refunds, half away from zero (COM-02, COM-10).

    Nothing where the report that it rests on earns no credit (LEAD-14).
    """
    if deal.state is DealState.CANCELLED or deal.rate_bps is None or deal.no_credit is not None:
        return 0
    return rounded(Fraction(deal.rate_bps * net_value(deal), WHOLE_BPS))


def joint_bonus(deal: Deal) -> int:
    """What people who share a deal have on top, split by their shares (COM-05)."""
    if len(deal.shares) < 2 or not deal.joint_bonus_pct:
        return 0
    return rounded(per_cent(deal.joint_bonus_pct) * commission(deal))


def net_value(deal: Deal) -> int:
    """What the deal is worth after what counts of its refunds, in minor units (COM-10)."""
    return max(deal.amount_minor - deal.refunded_minor, 0)


def released_part(deal: Deal) -> Fraction:
    """How much of the commission is released, from 0 to 1 (COM-07).

    By stages: the percentages of those that were reached with proof. By cash: what the customer paid and did not get
    back, of what the deal is worth.
    """
    if deal.release is not None:
        proven = {proof.stage for proof in deal.stages}
        return sum((per_cent(pct) for stage, pct in deal.release.items() if stage in proven), Fraction(0))
    net = net_value(deal)
    if net <= 0:
        return Fraction(0)
    return min(max(Fraction(deal.received_minor - deal.refunded_minor, net), Fraction(0)), Fraction(1))


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return -whole if value < 0 else whole


def per_cent(pct: Decimal) -> Fraction:
    """The part that so many per cent are, exactly."""
    return Fraction(pct) / 100


@dataclass(frozen=True, slots=True)
class _Tranche:
    """A part of a payee's commission that is released while the deal's part goes from ``start`` to ``end``."""

    payee: Payee
    amount_minor: int
    share_bps: int | None
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(1)

    def released(self, part: Fraction) -> int:
        if part >= self.end:
            return self.amount_minor
        if part <= self.start:
            return 0
        return int(self.amount_minor * (part - self.start) / (self.end - self.start))


def _tranches(deal: Deal) -> list[_Tranche]:
    found = _whole_parts(deal)
    for succession in deal.successions:
        found = [part for tranche in found for part in _succeeded(tranche, succession)]
    return found


def _whole_parts(deal: Deal) -> list[_Tranche]:
    """One for each payee: their share, their part of the bonus and what they have as overlay, in one sum."""
    amounts: dict[str, _Tranche] = {}

    def add(payee: Payee, amount_minor: int, bps: int | None) -> None:
        known = amounts.get(payee.key) or _Tranche(payee, 0, None)
        amounts[payee.key] = replace(
            known, amount_minor=known.amount_minor + amount_minor, share_bps=_added(known.share_bps, bps)
        )

    parts = split(commission(deal), deal.shares)
    bonus = split(joint_bonus(deal), deal.shares)
    for share, part, extra in zip(deal.shares, parts, bonus, strict=True):
        add(share.payee, part + extra, share.bps)
    for overlay in deal.overlays:
        add(overlay.payee, _overlay(deal, overlay.amount_minor), None)
    return list(amounts.values())


def _overlay(deal: Deal, amount_minor: int) -> int:
    """A refund takes its part of an overlay back too, a cancellation all of it (COM-10)."""
    if deal.state is DealState.CANCELLED:
        return 0
    if not deal.refunded_minor:
        return amount_minor
    return rounded(Fraction(amount_minor * net_value(deal), deal.amount_minor))


def _succeeded(tranche: _Tranche, succession: Succession) -> list[_Tranche]:
    """What was released by then stays the former's; the rest is shared with the successor (PPL-06)."""
    reached = Fraction(succession.reached_num, succession.reached_den)
    if tranche.payee.key != succession.former or tranche.end <= reached:
        return [tranche]
    earlier: list[_Tranche] = []
    rest = tranche
    if tranche.start < reached:
        kept = tranche.released(reached)
        earlier = [replace(tranche, amount_minor=kept, end=reached)]
        rest = replace(tranche, amount_minor=tranche.amount_minor - kept, share_bps=None, start=reached)
    given = rest.amount_minor * succession.successor_bps // WHOLE_BPS
    return [
        *earlier,
        replace(rest, amount_minor=rest.amount_minor - given),
        replace(rest, payee=succession.successor, amount_minor=given, share_bps=None),
    ]


def _added(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
