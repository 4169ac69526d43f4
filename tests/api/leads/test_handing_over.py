"""Who hands a customer over as a lead keeps their part in the deal (LEAD-16, COM-05)."""

from __future__ import annotations

from typing import Any

from tests.support.company import Company
from tests.support.leads import Leads, act
from tests.support.office import act as on_claim
from tests.support.office import done, notices, work


def _sold(office: Leads, lead: dict[str, Any]) -> dict[str, Any]:
    """The deal that the receiver of an accepted lead makes."""
    receiver = office.receiver(lead)
    claim = done(act(receiver, lead, "accept"))["claim"]
    work(receiver, claim)
    amount, at = {"amount_minor": 1_000_000, "currency": "CNY"}, office.company.now().isoformat()
    won = done(on_claim(receiver, claim, "win", amount=amount, contract_at=at))
    return done(receiver.get(f"/v1/deals/{won['deals'][0]}"))


def test_the_sender_of_a_lead_handed_over_is_proposed_and_the_owner_confirms(company: Company) -> None:
    """LEAD-16: returned first, accepted after: what counts is who has it at last; the owner credits them."""
    office = Leads(company)
    lead = office.lead(person=office.first.id)
    lead = done(act(office.first, lead, "return", reason="no_need"))
    lead = done(act(office.sender, lead, "assign", person=office.second.id))
    deal = _sold(office, lead)
    assert (deal["credit_proposed"], deal["overlays"]) == (office.sender.id, [])
    assert "claim.credit_proposed" in notices(office.second, {"id": deal["claim"]})
    credited = office.second.made(f"/v1/deals/{deal['id']}/assists", {"person": office.sender.id})
    assert credited["credit_proposed"] is None
    assert [one["person"] for one in credited["overlays"]] == [office.sender.id]


def test_a_lead_that_somebody_in_charge_gave_away_credits_nobody(company: Company) -> None:
    """LEAD-16: by name, but it was not its sender who handed it over."""
    office = Leads(company)
    lead = office.lead(person=office.first.id)
    lead = done(act(office.leader, lead, "assign", person=office.second.id))
    assert _sold(office, lead)["credit_proposed"] is None


def test_a_lead_that_the_rules_gave_out_credits_nobody(company: Company) -> None:
    """LEAD-16: the sender brought it in, and handed it over to nobody."""
    office = Leads(company)
    deal = _sold(office, office.lead())
    assert deal["credit_proposed"] is None
    assert "claim.credit_proposed" not in notices(office.first) + notices(office.second)


def test_no_credit_is_proposed_where_policy_allows_none(company: Company) -> None:
    """LEAD-16, COM-05: `assist.per_deal` 0."""
    office = Leads(company, policy={"assist.per_deal": 0})
    assert _sold(office, office.lead(person=office.first.id))["credit_proposed"] is None
