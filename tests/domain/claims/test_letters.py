"""Authorisation letters (授权书) of projects: who is given one, how many, until when (CLM-33), in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from domain.claims import clocks
from domain.claims.letters import Letter
from domain.claims.model import Claim, Clock
from domain.matters.draft import Draft
from domain.matters.matter import CommandKind
from domain.refusals import Refusal
from tests.support.money_office import Office as Sales

DAY = timedelta(days=1)


class Office(Sales):
    """Anna holds a project, protected for sixty days; ``lead`` gives special approvals."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.letters: list[Letter] = []
        self.matter = replace(self.matter, project="project")

    def ask(self, by: str = "anna", *, expires_at: datetime | None = None, claim: str = "claim-anna") -> Refusal | None:
        data = {"letter": self.mint("letter"), "expires_at": expires_at}
        return self.attempt(CommandKind.LETTER, by=by, claim=claim, data=data)

    def allow(self, until: datetime, *, claim: str = "claim-anna") -> Refusal | None:
        data = {"to": None, "past_share_bps": None, "text": "why", "shares": None, "kind": "letter", "until": until}
        return self.attempt(
            CommandKind.OVERRIDE, by="lead", claim=claim, data={**data, "override": self.mint("override")}
        )

    def claim(self) -> Claim:
        return self.matter.claims["claim-anna"]

    def protected_until(self) -> datetime:
        clock = self.claim().clock(Clock.PROTECTION)
        assert clock is not None
        assert clock.deadline is not None
        return clock.deadline

    def _apply(self, draft: Draft) -> None:
        super()._apply(draft)
        self.letters += draft.new_letters


def office(*, awarded_on: date | None = None, **policy: Any) -> Office:
    """A project whose protection began a moment ago."""
    made = Office(policy={"override.roles": ["team_lead"], "claim.protection_days": 60, **policy})
    terms = made.setting.terms_of(made.claim())
    accepted = replace(made.claim(), accepted_at=made.now)
    begun = clocks.started_at_acceptance(accepted, at=made.now, terms=terms, awarded_on=awarded_on)
    made.matter = made.matter.with_claim(begun)
    return made


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal is not None else None


def test_an_owner_is_given_one_that_stands_until_the_protection_ends() -> None:
    """CLM-33: by default until the end of the protection, `bid.protect_days` after the award where that is later."""
    sales = office()
    assert sales.ask() is None
    (letter,) = sales.letters
    assert (letter.issued_by, letter.expires_at, letter.override) == ("anna", sales.protected_until(), None)
    late = office(awarded_on=date(2026, 6, 15))
    assert late.ask() is None
    assert late.letters[0].expires_at == late.protected_until() > sales.protected_until()


def test_a_letter_expires_in_time_to_come_and_not_after_the_protection() -> None:
    """CLM-33: an end that was asked for lies between now and the end of the protection; without one it is named."""
    sales = office()
    ends = sales.protected_until()
    assert code(sales.ask(expires_at=sales.now)) == "date_invalid"
    assert code(sales.ask(expires_at=ends + DAY)) == "date_invalid"
    assert sales.ask(expires_at=ends - DAY) is None
    assert sales.letters[0].expires_at == ends - DAY
    free = office(**{"claim.protection_days": 0})
    assert code(free.ask()) == "field_missing"
    assert free.ask(expires_at=free.now + 400 * DAY) is None


def test_a_second_letter_needs_a_special_approval_and_uses_it_up() -> None:
    """CLM-33, CLM-34: `bid.letters` 1; the approval is for this claim, once, until its end date."""
    sales = office()
    assert sales.ask() is None
    refusal = sales.ask()
    assert refusal is not None
    assert (refusal.code, refusal.rule) == ("illegal_transition", "CLM-33")
    assert refusal.facts == {"cap": 1, "count": 1, "needs": "letter", "roles": ["team_lead"], "by": "lead"}
    assert sales.allow(sales.now + 2 * DAY) is None
    (approval,) = sales.matter.approvals.values()
    assert sales.ask() is None
    assert [letter.override for letter in sales.letters] == [None, approval.id]
    assert code(sales.ask()) == "illegal_transition"
    assert sales.allow(sales.now + 2 * DAY) is None
    sales.advance(days=2)
    assert code(sales.ask()) == "illegal_transition"
    assert sales.claim().letters == 2


def test_who_is_refused_another_letter_learns_who_may_approve_it() -> None:
    """CLM-33, CLM-34: whoever has the role where no leader has it; nobody where nobody does, and never the owner."""
    for roles, by in ((["finance"], "fin"), (["manager"], None), (["rep"], "bob")):
        sales = office(**{"override.roles": roles, "bid.letters": 0})
        refusal = sales.ask()
        assert refusal is not None
        assert (refusal.facts["roles"], refusal.facts["by"]) == (roles, by)


def test_what_was_approved_for_one_owner_gives_the_next_no_letter() -> None:
    """CLM-34: a special approval stands on a claim; whoever holds the project after it asks for their own."""
    sales = office(**{"bid.letters": 0})
    assert sales.allow(sales.now + 2 * DAY) is None
    assign = {"kind": "assign", "to": "bob", "until": None, "past_share_bps": None, "text": "why", "shares": None}
    sales.tell(CommandKind.OVERRIDE, by="lead", claim="claim-anna", data={**assign, "override": "assigned"})
    held = sales.matter.owner_claim
    assert held is not None
    assert code(sales.ask("bob", claim=held.id)) == "illegal_transition"


def test_the_policy_says_how_many() -> None:
    """CLM-33: `bid.letters` 2 are given without asking, 0 none."""
    two = office(**{"bid.letters": 2})
    assert [code(two.ask()) for _ in range(3)] == [None, None, "illegal_transition"]
    assert code(office(**{"bid.letters": 0}).ask()) == "illegal_transition"


def test_only_the_owner_of_a_project_is_given_one() -> None:
    """CLM-33: nobody else, not for a customer as such, not while a case is open or the claim is over."""
    sales = office()
    assert code(sales.ask("lead")) == "not_allowed"
    assert code(sales.ask("bob", claim="claim-bob")) == "not_allowed"
    sales.dispute("bob")
    assert code(sales.ask()) == "claim_disputed"
    plain = office()
    plain.matter = replace(plain.matter, project=None)
    assert code(plain.ask()) == "illegal_transition"
    assert code(plain.allow(plain.now + DAY)) == "illegal_transition"
    over = office()
    over.advance(days=61)
    assert code(over.ask()) == "illegal_transition"
    assert code(over.allow(over.now + DAY)) == "illegal_transition"


def test_no_further_one_is_approved_where_none_is_issued() -> None:
    """CLM-33, CLM-34: a customer who is won needs no letter, and an approval would be good for nothing."""
    sales = office()
    sales.win(10_000)
    assert code(sales.allow(sales.now + DAY)) == "illegal_transition"
    assert sales.matter.approvals == {}
