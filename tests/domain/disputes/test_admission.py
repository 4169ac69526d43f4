"""Until when a case may be opened, and after how many dismissed ones somebody asks first (DSP-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.disputes.admission import open_until, require_consent
from domain.disputes.model import Role
from domain.matters.matter import CommandKind
from domain.programs.program import PolicyVersion
from domain.refusals import Refusal
from tests.support.money_office import PROGRAM, START, Office

DAY = timedelta(days=1)


def until(office: Office, claim: str) -> datetime | None:
    return open_until(office.matter.claims[claim], office.matter.deals.values(), setting=office.setting)


def test_an_end_is_contested_within_working_days_of_it() -> None:
    """DSP-02: five working days from Monday are over on the next Monday, whatever deal the holder has made since."""
    office = Office()
    office.win(10_000_00)
    assert until(office, "claim-bob") == START + 7 * DAY


def test_a_deal_is_contested_within_days_of_its_recording() -> None:
    """DSP-02: the latest deal counts, by when it was recorded and not by when it was signed."""
    office = Office()
    office.win(10_000_00, contract_at=office.now - DAY)
    office.advance(days=10)
    latest = office.win(5_000_00, kind=CommandKind.DEAL, by="fin", contract_at=office.now - 9 * DAY)
    recorded = office.matter.deals[latest].recorded_at
    assert recorded is not None
    assert until(office, "claim-anna") == recorded + 30 * DAY


def test_nothing_limits_a_claim_that_lives_without_a_deal() -> None:
    assert until(Office(), "claim-anna") is None


@pytest.mark.parametrize("limit", ["dispute.contest_wd", "dispute.after_deal_days"])
def test_a_limit_of_nought_is_none(limit: str) -> None:
    """Contract section 3: 0 = off."""
    office = Office(policy={limit: 0})
    office.win(10_000_00)
    assert until(office, "claim-bob" if limit == "dispute.contest_wd" else "claim-anna") is None


def refused(office: Office, *ago: timedelta) -> Refusal | None:
    try:
        require_consent([office.now - a for a in ago], program=PROGRAM, setting=office.setting, at=office.now)
    except Refusal as refusal:
        return refusal
    return None


def test_the_fourth_after_three_dismissed_ones_needs_consent() -> None:
    """DSP-02: `dispute.frivolous_max` 3 within `dispute.frivolous_days` 90; older ones are forgotten."""
    office = Office()
    assert refused(office, DAY, DAY) is None
    assert refused(office, DAY, DAY, 90 * DAY) is None
    found = refused(office, DAY, DAY, 90 * DAY - timedelta(seconds=1))
    assert found is not None
    assert (found.code, found.status, found.policy_version) == ("consent_needed", 403, 1)
    assert found.facts == {"count": 3, "cap": 3}


def test_none_allowed_means_that_everybody_asks() -> None:
    """Contract section 3: 0 = none allowed for `*_max`, off for a period."""
    assert refused(Office(policy={"dispute.frivolous_max": 0})) is not None
    assert refused(Office(policy={"dispute.frivolous_days": 0}), DAY, DAY, DAY, DAY) is None


def test_who_opens_by_logged_work_is_a_party_without_a_claim() -> None:
    """DSP-02: against the holder; nobody's claim is theirs, and joining takes none either."""
    office = Office()
    told = {"number": 1, "grounds": "ownership", "statement": "text", "asks": None, "by_work": True}
    for worker in ("lead", "dora"):
        office.tell(CommandKind.DISPUTE_OPEN, by=worker, claim="claim-anna", data={"dispute": "case", **told})
    found = [(p.person, p.claim, p.role) for p in office.case.parties]
    assert found == [
        ("lead", None, Role.OPENER),
        ("anna", "claim-anna", Role.RESPONDENT),
        ("dora", None, Role.JOINED),
    ]
    assert office.case.opened_by == "lead"
    with pytest.raises(Refusal) as refused_owner:
        office.rule("party", owner="dora")
    assert refused_owner.value.code == "field_invalid"


def test_a_case_about_shares_goes_by_the_policy_of_the_deal() -> None:
    """DSP-02: "that in force at receipt of the contested event"; any other living claim by that of the opening."""
    office = Office()
    office.win(10_000_00)
    program, content = office.setting.programs[PROGRAM], office.setting.policies["policy"]
    newer = PolicyVersion("newer", 2, office.now + DAY)
    office._setting = replace(
        office.setting,
        programs={PROGRAM: replace(program, policies=(*program.policies, newer))},
        policies={**office.setting.policies, "newer": content},
    )
    office.advance(days=3)
    for grounds, version in (("share", 1), ("ownership", 2)):
        told = {"dispute": grounds, "number": 1, "grounds": grounds, "statement": "text", "asks": None}
        office.tell(CommandKind.DISPUTE_OPEN, by="anna", claim="claim-anna", data=told)
        assert (office.case.grounds.value, office.case.terms.version) == (grounds, version)
        office.withdraw()
