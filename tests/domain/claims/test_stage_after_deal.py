"""The deadline of a sales stage beside the deals of a claim: what takes it off, and what does not (CLM-30, CLM-32)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.claims import clocks
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock
from domain.matters.matter import CommandKind
from tests.support.money_office import Office

DAY = timedelta(days=1)


def begun(**policy: Any) -> Office:
    """Anna's claim is in its first stage, which she has ten days for."""
    limits = {"stage.list": ["contact", "payment"], "stage.deadline_days": {"contact": 10}}
    office = Office(policy={**limits, **policy})
    terms = office.setting.terms_of(anna(office))
    claim = clocks.started_sales_stage(anna(office), at=office.now, terms=terms)
    office.matter = office.matter.with_claim(claim)
    return office


def anna(office: Office) -> Claim:
    return office.matter.claims["claim-anna"]


def due(office: Office) -> datetime | None:
    clock = anna(office).clock(Clock.SALES_STAGE)
    return clock.deadline if clock is not None else None


def test_a_deal_that_is_off_leaves_the_deadline_of_the_stage() -> None:
    """CLM-30, CLM-32: the claim is active again in the stage that it is in, with the time that is left of it."""
    office = begun()
    until = due(office)
    deal = office.win(10_000_00)
    office.advance(days=3)
    office.tell(CommandKind.CANCEL_DEAL, by="lead", data={"deal": deal, "text": "text"})
    assert anna(office).state is ClaimState.ACTIVE
    assert due(office) == until
    assert anna(office).clock(Clock.AFTER_DEAL) is None


def test_who_wins_a_case_in_which_the_deal_came_keeps_the_deadline_of_the_stage() -> None:
    """CLM-30, DSP-15: it stood still with the case, and runs on with what was left of it."""
    office = begun()
    until = due(office)
    assert until is not None
    office.advance(days=2)
    office.dispute("bob")
    begins = office.now
    assert due(office) is None
    office.win(10_000_00, by="fin", kind=CommandKind.DEAL)
    office.advance(days=3)
    office.rule("party", owner="anna")
    office.appeal_time_over()
    assert (anna(office).state, anna(office).pauses) == (ClaimState.WON, ())
    present = due(office)
    assert present is not None
    assert until + 3 * DAY < present <= until + (office.now - begins)
    office.run(present + timedelta(seconds=1))
    assert (anna(office).stage_missed, anna(office).state) == (True, ClaimState.WON)


def test_a_case_and_a_transfer_of_a_won_customer_tell_the_end_of_the_after_deal_period() -> None:
    """CLM-32, CLM-30, DSP-03, DSP-15, CLM-24: the stage that is due before takes nobody's customer."""
    office = begun(**{"claim.after_deal_days": 400, "transfer.approval": "never"})
    office.win(10_000_00)

    def told(kind: str) -> None:
        claim = anna(office)
        assert (claim.state, claim.deadline) == (ClaimState.WON, due(office))
        (notice,) = (n for n in office.notices if (n.kind, n.person, n.subject) == (kind, "anna", claim.id))
        assert notice.facts["deadline"] == claim.ends_at != claim.deadline

    office.dispute("bob")
    office.withdraw()
    told("claim.restored")
    office.dispute("carol")
    office.rule("party", owner="anna")
    office.appeal_time_over()
    told("claim.kept")
    data = {"to": "bob", "past_share_bps": None, "text": None}
    office.tell(CommandKind.TRANSFER, by="anna", data=data, claim="claim-anna")
    asked = {"request": list(office.matter.requests)[-1], "digest": None}
    office.tell(CommandKind.REQUEST_ACCEPT, by="bob", data=asked, claim="claim-anna")
    told("claim.transferred")
