"""Bugs to plant in money: one rule of COM-02 to COM-10 or PPL-06 each, told wrongly for as long as walks take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from domain.claims import deals
from domain.money import agreement, entries, events, holds, positions, shares
from domain.money.model import Deal
from tests.model.planted_bugs import Edit


@dataclass(frozen=True)
class MoneyBug:
    """A rule told wrongly."""

    name: str
    rule: str
    edit: Edit

    @contextmanager
    def planted(self) -> Iterator[None]:
        """For the duration of the block."""
        with self.edit.made():
            yield


MONEY_BUGS: Final = (
    MoneyBug(
        "an old deal can still be contested", "DSP-02", Edit(holds._recorded_after, "deal.recorded_at >= since", "True")
    ),
    MoneyBug("a half rounds to zero", "COM-02", Edit(positions.rounded, "Fraction(1, 2)", "Fraction(49, 100)")),
    MoneyBug("a left-over unit is lost", "COM-03", Edit(shares.split, "parts[place] += 1", "pass")),
    MoneyBug("left-over units go by number alone", "COM-03", Edit(shares.split, "-shares[i].bps, ", "")),
    MoneyBug(
        "an unproven stage is released", "COM-07", Edit(positions.released_part, " if stage in proven", " if proven")
    ),
    MoneyBug(
        "cash that went back still releases",
        "COM-07",
        Edit(positions.released_part, "deal.received_minor - deal.refunded_minor", "deal.received_minor"),
    ),
    MoneyBug("a refund leaves an overlay", "COM-10", Edit(positions._overlay, "not deal.refunded_minor", "True")),
    MoneyBug("a second payment forgets the first", "COM-12", Edit(entries.paid_out, "deal.paid.get(payee, 0) + ", "")),
    MoneyBug("a receipt told again counts again", "COM-06", Edit(events._told_before, "if known is None:", "if True:")),
    MoneyBug("a reversal changes nothing", "COM-06", Edit(events.reverse, "deal.without(told)", "deal")),
    MoneyBug(
        "a reversed stage is still proven",
        "COM-06",
        Edit(Deal.without, "for one in self.stages if one != told", "for one in self.stages"),
    ),
    MoneyBug(
        "what is reversed is reversed for another reason again",
        "COM-06",
        Edit(events.reverse, "known.digest != digest", "False"),
    ),
    MoneyBug(
        "a deal in a case is payable",
        "COM-08",
        Edit(deals._record, "replace(deal, holds=(*deal.holds, present.id))", "deal"),
    ),
    MoneyBug("a case that ends keeps the money", "COM-08", Edit(holds.let_go, "if d != dispute.id", "if True")),
    MoneyBug(
        "a hold forgets deals", "COM-08", Edit(holds.hold, "replace(deal, holds=(*deal.holds, dispute.id))", "deal")
    ),
    MoneyBug(
        "whoever shares loses with the owner", "COM-09", Edit(shares.moved, "if share.person not in barred", "if False")
    ),
    MoneyBug(
        "a joint outcome is the owner's alone",
        "COM-09",
        Edit(holds._after, "if outcome.shares:", "if False:"),
    ),
    MoneyBug(
        "the pool keeps what the parties had",
        "COM-09",
        Edit(holds._after, "without(deal.shares, parties)", "deal.shares"),
    ),
    MoneyBug("a successor has what was released before", "PPL-06", Edit(agreement._succeed, "part.numerator", "0")),
    MoneyBug(
        "a share for past work moves nothing", "CLM-24", Edit(agreement._keep_past_share, "bps=kept", "bps=own.bps")
    ),
)
