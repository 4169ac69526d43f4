"""Deals (成交) on held customers, and what happens when they are called off (CLM-32, COM-01, table 0.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
    customer,
    decide,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    work,
)

AMOUNT = {"amount_minor": 300_000_000, "currency": "CNY"}
#: Tuesday 2031-03-04 16:00 in Shanghai.
SIGNED = "2031-03-04T08:00:00Z"


def won(office: Office, claim: dict[str, Any], **body: Any) -> dict[str, Any]:
    return done(act(office.first, claim, "win", **{"amount": AMOUNT, "contract_at": SIGNED, **body}))


def test_a_deal_keeps_the_customer_until_so_long_after_it(company: Company) -> None:
    """CLM-32: open-ended, so `claim.after_deal_days` 180 from the deal; every other clock is off in `won`."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    after_it = won(office, claim)
    assert (after_it["state"], after_it["owner"]) == ("won", office.first.id)
    assert list(clocks(after_it)) == ["after_deal"]
    assert moment(after_it["deadline"]) == after(SIGNED, days=180)
    assert clock(after_it, "after_deal")["rule"] == "claim.after_deal_days"
    assert len(after_it["deals"]) == 1
    item = entry(office.first, claim, "won")
    assert (item["from"], item["to"], item["actor"]) == ("active", "won", office.first.id)


def test_a_deal_told_long_after_it_ends_no_earlier_than_it_was_told(company: Company) -> None:
    """CLM-32: its period is over already, so the customer is free from the moment the deal is recorded."""
    office = Office(company)
    claim = office.claim(office.first)
    over = won(office, claim, contract_at="2029-03-04T08:00:00Z")
    company.advance(seconds=1)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "after_deal")
    assert lapsed["ended_at"] == entry(office.first, claim, "won")["at"] >= over["accepted_at"]


def test_a_protected_customer_is_won_without_any_follow_up(company: Company) -> None:
    """Table 0.2."""
    office = Office(company)
    claim = office.claim(office.first)
    assert won(office, claim)["state"] == "won"
    assert moves(office.first, claim)[-1] == ("won", "protected", "won")


def test_a_contract_with_an_end_counts_from_its_end(company: Company) -> None:
    """CLM-32: the last day of the contract is 2032-03-03; 30 days after it, in Shanghai."""
    office = Office(company, policy={"claim.after_deal_days": 30})
    claim = office.claim(office.first)
    after_it = won(office, claim, contract_end="2032-03-03")
    # The contract ends with that day: 2032-03-04 00:00 + 30 d = 2032-04-03 00:00 in Shanghai.
    assert moment(after_it["deadline"]) == moment("2032-04-02T16:00:00Z")


def test_after_that_the_claim_lapses(company: Company) -> None:
    """CLM-32: reason `after_deal` at its deadline; 0 = for ever."""
    office = Office(company, policy={"claim.after_deal_days": 30})
    claim = office.claim(office.first)
    deadline = won(office, claim)["deadline"]
    endless = office.claim(office.second, customer=customer(2))
    office.program = company.program("Endless", policy={"claim.after_deal_days": 0})
    endless = office.claim(office.first)
    assert won(office, endless)["deadline"] is None
    company.advance(days=40)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "after_deal", deadline)
    assert moves(office.first, claim)[-1] == ("lapsed", "won", "lapsed")
    company.advance(days=3000)
    assert read(office.first, endless)["state"] == "won"


def test_owner_and_finance_record_deals_and_nobody_else(company: Company) -> None:
    """Contract section 5."""
    office = Office(company)
    claim = office.claim(office.first)
    body = {"amount": AMOUNT, "contract_at": SIGNED}
    refused(act(office.leader, claim, "win", **body), 403, "not_allowed")
    refused(act(office.second, claim, "win", **body), 404, "not_found")
    finance = office.finance()
    assert done(act(finance, claim, "win", **body))["state"] == "won"
    assert entry(office.first, claim, "won")["actor"] == finance.id
    assert "claim.won" in notices(office.first, claim)


def test_only_a_held_customer_is_won_and_only_once(company: Company) -> None:
    """Table 0.2: `illegal_transition`; further deals come by another call."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    body = {"amount": AMOUNT, "contract_at": SIGNED}
    finance = office.finance()
    assert refused(act(finance, claim, "win", **body), 409, "illegal_transition")["current_state"] == "reported"
    done(act(office.leader, claim, "accept"))
    won(office, claim)
    again = refused(act(office.first, claim, "win", **body), 409, "illegal_transition")
    assert again["current_state"] == "won"
    assert len(read(office.first, claim)["deals"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": {"amount_minor": 1.5, "currency": "CNY"}}, "amount.amount_minor"),
        ({"amount": {"amount_minor": "1", "currency": "CNY"}}, "amount.amount_minor"),
        ({"amount": {"amount_minor": 1, "currency": "yuan"}}, "amount.currency"),
        ({"contract_at": "2031-03-04"}, "contract_at"),
        ({"kind": "gift"}, "kind"),
        ({"contract_end": "2031-02-30"}, "contract_end"),
    ],
)
def test_a_deal_of_the_wrong_shape_is_refused(company: Company, body: dict[str, Any], field: str) -> None:
    """Contract section 1 "Types": integers in minor units, instants with offset, dates that exist."""
    office = Office(company)
    claim = office.claim(office.first)
    answer = act(office.first, claim, "win", **{"amount": AMOUNT, "contract_at": SIGNED, **body})
    refused(answer, 422, "field_invalid", field)
    assert read(office.first, claim)["state"] == "protected"


def test_the_last_live_deal_called_off_gives_an_active_claim_with_a_fresh_idle_clock(company: Company) -> None:
    """CLM-32 (退房/退订): by finance or supervisor, with a reason; sixty days from the cancellation."""
    office = Office(company)
    claim = office.claim(office.first)
    won(office, claim)
    company.advance(days=20)
    refused(act(office.first, claim, "cancel_deal", reason="退房"), 403, "not_allowed")
    refused(act(office.second, claim, "cancel_deal", reason="退房"), 404, "not_found")
    refused(act(office.leader, claim, "cancel_deal"), 422, "reason_required", "reason")
    back = done(act(office.leader, claim, "cancel_deal", reason="退房"))
    assert (back["state"], back["owner"]) == ("active", office.first.id)
    item = entry(office.first, claim, "deal_cancelled")
    assert (item["from"], item["to"], item["actor"]) == ("won", "active", office.leader.id)
    assert moment(clocks(back)["idle"]) == after(item["at"], days=60)
    assert "after_deal" not in clocks(back)
    assert "退房" not in str(item)
    assert "claim.deal_cancelled" in notices(office.first, claim)
    company.advance(days=61)
    assert read(office.first, claim)["reason"] == "idle"


def test_a_deal_is_called_off_by_its_id_and_only_once(company: Company) -> None:
    """CLM-32: an unknown deal is `field_invalid`, one that is off already `illegal_transition`."""
    office = Office(company)
    claim = office.claim(office.first)
    (deal,) = won(office, claim)["deals"]
    finance = office.finance()
    refused(act(finance, claim, "cancel_deal", reason="退房", deal=claim["id"]), 422, "field_invalid", "deal")
    assert done(act(finance, claim, "cancel_deal", reason="退房", deal=deal))["state"] == "active"
    problem = refused(act(finance, claim, "cancel_deal", reason="退房", deal=deal), 409, "illegal_transition")
    assert problem["current_state"] == "active"
    again = won(office, claim)
    assert len(again["deals"]) == 2
    assert again["state"] == "won"


def test_a_win_received_before_the_deadline_beats_it_however_late_the_engine_is(company: Company) -> None:
    """CLM-19, design section 2: the win of 10:05, the deadline of 10:10, the engine back at 10:30."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT10M"})
    claim = office.claim(office.first)
    company.direct.down = True
    company.shift(minutes=5)
    stored = act(office.first, claim, "win", amount=AMOUNT, contract_at=SIGNED)
    assert (stored.status_code, stored.json()["state"]) == (202, "protected")
    company.shift(minutes=25)
    company.direct.down = False
    company.direct.drain(claim["id"])
    present = read(office.first, claim)
    assert (present["state"], present["pending"]) == ("won", None)


def test_a_won_customer_is_nobody_elses(company: Company) -> None:
    """TER-01: `won` holds."""
    office = Office(company)
    claim = office.claim(office.first)
    won(office, claim)
    company.advance(days=100)
    assert office.claim(office.second)["reason"] == "customer_owned"
    assert [c["id"] for c in listed(office.first.get("/v1/claims", state="won"))] == [claim["id"]]


def test_a_deal_ends_what_was_asked_about_the_claim_and_any_pause(company: Company) -> None:
    """CLM-32: there is nothing to extend or to pause any more."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "extend", reason="出差"))["requests"][0]
    won(office, claim)
    assert decide(office.leader, request).status_code == 409
    assert read(office.first, claim)["requests"][0]["state"] != "open"


def test_a_deal_on_a_paused_customer_runs_its_own_clock(company: Company) -> None:
    """CLM-21, CLM-32: sooner or later the after-deal period ends; a pause does not make it endless."""
    office = Office(company, policy={"claim.after_deal_days": 30})
    claim = office.claim(office.first)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    won(office, claim)
    company.advance(days=70)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "after_deal")
    assert after(SIGNED, days=30) <= moment(lapsed["ended_at"]) <= after(SIGNED, days=61)


def test_an_escalated_first_follow_up_is_settled_by_a_deal(company: Company) -> None:
    """CLM-14, CLM-32: a deal is more than a follow-up; the claim does not go back to waiting for one."""
    office = Office(company)
    claim = office.claim(office.first)
    won(office, claim)
    done(act(office.leader, claim, "cancel_deal", reason="退订"))
    back = read(office.first, claim)
    assert back["state"] == "active"
    assert "first_follow_up" not in clocks(back)
    made = work(office.first, claim, note=NOTE)
    assert moment(clocks(read(office.first, claim))["idle"]) - moment(made["received_at"]) == timedelta(days=60)
