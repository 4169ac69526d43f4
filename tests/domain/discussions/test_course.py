"""How a team discussion (团队讨论) is decided, carried out and refused: DSP-07, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.calendar import Duration
from domain.claims.lifecycle import ClaimState
from domain.discussions.model import Discussion, DiscussionState, Result
from domain.matters.inbox import goes_on
from domain.matters.matter import CommandKind
from domain.money.model import Account
from domain.refusals import Refusal
from tests.support.money_office import Office

PLAN: dict[str, Any] = {"plan": "plan", "said": "digest", "reason": "text", "reasoned": True, "past_share_bps": None}


class Room(Office):
    """Anna holds the customer; the reports of Bob and the other reps were refused for her. ``lead`` leads them all."""

    def call(self, by: str = "lead", *, claim: str = "claim-bob", met: tuple[str, ...] = ()) -> Refusal | None:
        data = {"discussion": self.mint("discussion"), "topic": "text", "met": list(met)}
        return self.attempt(CommandKind.DISCUSSION_OPEN, by=by, data=data, claim=claim)

    @property
    def talk(self) -> Discussion:
        """The latest discussion."""
        return list(self.matter.discussions.values())[-1]

    def say(self, word: str, by: str, **data: Any) -> Refusal | None:
        about = {"discussion": self.talk.id, **data}
        return self.attempt(CommandKind(f"discussion_{word}"), by=by, data=about, claim=self.talk.claim)

    def name(self, person: str, by: str = "lead", **other: Any) -> Refusal | None:
        return self.say("decide", by, person=person, **{**PLAN, **other})

    def owner(self) -> str | None:
        held = self.matter.owner_claim
        return held.owner if held is not None else None

    def after(self, hours: int) -> datetime:
        """So many working hours after now."""
        return self.setting.calendar("program").add(self.now, Duration.of(hours, "wh")).at

    def told(self, kind: str) -> set[str]:
        return {n.person for n in self.notices if n.kind == f"discussion.{kind}"}


def room(*apart: str, **policy: Any) -> Room:
    """A discussion that ``lead`` has opened; the reports of ``apart`` are withdrawn, and so out of it."""
    made = Room(policy=policy)
    for person in apart:
        claim = made.matter.claims[f"claim-{person}"]
        made.matter = made.matter.with_claim(replace(claim, state=ClaimState.WITHDRAWN))
    assert made.call() is None
    return made


def two(**policy: Any) -> Room:
    """Only Anna and Bob stand on the customer."""
    return room("carol", "dora", "emil", "fred", **policy)


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal is not None else None


def test_who_stands_on_the_customer_and_their_leaders_are_its_members() -> None:
    """DSP-07: parties have a claim; whoever only met them there is heard too; who opened it decides and is none."""
    office = Room()
    assert office.call(by="top", met=("anna", "bob")) is None
    assert set(office.talk.stakes(office.matter.claims)) == {"anna", "bob", "carol", "dora", "emil", "fred"}
    assert set(office.talk.members) == {"anna", "bob", "carol", "dora", "emil", "fred", "lead"}
    assert office.told("opened") == set(office.talk.members)
    assert [(t.person, t.due) for t in office.tasks if t.kind == "discuss"] == [("top", office.talk.close_by)]


def test_only_who_is_in_charge_of_all_opens_one_and_one_at_a_time() -> None:
    """DSP-07: a supervisor common to all, or oversight; nobody who stands there; two people, no case."""
    office = Room()
    assert [code(office.call(by=who)) for who in ("anna", "emil", "fin", "admin")] == ["not_allowed"] * 4
    assert code(office.call(by="lead", met=("anna", "lead"))) == "not_allowed"
    office.move("bob", "north")
    assert code(office.call(by="lead")) == "not_allowed"
    assert office.call(by="top") is None
    again = office.call(by="top")
    assert again is not None
    assert (again.code, again.facts) == ("illegal_transition", {"discussion": office.talk.id})
    alone = Room()
    for person in ("bob", "carol", "dora", "emil", "fred"):
        claim = alone.matter.claims[f"claim-{person}"]
        alone.matter = alone.matter.with_claim(replace(claim, settled=True))
    assert code(alone.call(claim="claim-anna")) == "party_missing"
    assert alone.call(claim="claim-anna", met=("anna", "bob")) is None
    disputed = Room()
    disputed.dispute("bob")
    assert code(disputed.call()) == "claim_disputed"


def test_votes_advise_and_a_vote_replaces_the_one_before() -> None:
    """DSP-07: the supervisor decides otherwise than all have voted."""
    office = two()
    assert office.say("propose", "bob", person="bob", plan="plan") is None
    assert office.say("propose", "lead", person="anna", plan="plan") is None
    for n in (1, 2, 1):
        assert office.say("vote", "anna", proposal=n) is None
    assert office.say("vote", "bob", proposal=1) is None
    assert office.talk.votes == (("anna", 1), ("bob", 1))
    assert code(office.say("vote", "bob", proposal=3)) == "field_invalid"
    assert code(office.say("vote", "lead", proposal=1)) == "not_allowed"
    assert code(office.say("propose", "carol", person="carol", plan="plan")) == "not_allowed"
    assert office.name("anna") is None
    assert office.say("answer", "bob", answer="accept", text=None) is None
    assert (office.talk.state, office.talk.result, office.owner()) == (DiscussionState.CLOSED, Result.KEPT, "anna")


def test_refusals_of_a_decision_come_in_their_order() -> None:
    """DSP-07: who leads it, no case, a reason, one decision; the same again counts once."""
    office = two()
    assert code(office.name("bob", by="anna")) == "not_allowed"
    assert code(office.name("bob", reasoned=False)) == "reason_required"
    assert code(office.name("lead")) == "recusal_required"
    assert office.name("bob") is None
    first = office.talk
    assert office.name("bob", reason="other words") is None
    assert office.talk == first
    assert code(office.name("anna")) == "already_ruled"
    assert code(office.name("bob", said="another plan")) == "already_ruled"
    assert code(office.say("vote", "anna", proposal=1)) == "illegal_transition"
    office.dispute("bob")
    assert code(office.name("bob")) == "claim_disputed"
    assert code(office.say("vote", "anna", proposal=1)) == "claim_disputed"


def test_a_decision_takes_effect_when_nobody_refused_in_time() -> None:
    """DSP-07, CLM-23: `release.objection_wh`; the customer is transferred, what the others reported is laid down."""
    office = two()
    assert office.name("bob") is None
    until = office.after(24)
    assert office.talk.decision is not None
    assert office.talk.decision.takes_effect_at == until
    assert office.told("decided") == {"anna"}
    office.run(until)
    assert office.owner() == "anna"
    office.run(until + timedelta(microseconds=1))
    assert (office.owner(), office.talk.result, office.talk.ended_at) == ("bob", Result.TRANSFERRED, until)
    assert office.matter.claims["claim-bob"].settled
    assert office.matter.claims["claim-anna"].state is ClaimState.PROTECTED
    assert office.told("closed") == {"anna", "bob"}
    assert office.name("bob") is None  # told again, it is still the same
    assert code(office.name("anna")) == "already_ruled"
    assert code(office.say("answer", "bob", answer="refuse", text=None)) == "illegal_transition"


def test_it_takes_effect_at_once_when_all_parties_have_accepted() -> None:
    """DSP-07: each of the others; who is named need not say anything, who has left is not waited for."""
    office = room("dora", "emil", "fred")
    assert code(office.say("answer", "anna", answer="accept", text=None)) == "illegal_transition"
    assert office.name("bob") is None
    assert office.say("answer", "anna", answer="accept", text=None) is None
    assert office.say("answer", "anna", answer="accept", text=None) is None
    assert (office.talk.state, office.talk.agreed) == (DiscussionState.DECIDED, ("claim-anna",))
    assert office.say("answer", "carol", answer="accept", text=None) is None
    assert (office.owner(), office.talk.result) == ("bob", Result.TRANSFERRED)
    office = two()
    office.leave("bob")
    assert office.name("anna") is None
    assert office.talk.result is Result.KEPT


def test_a_refusal_is_a_dispute_that_holds_the_money() -> None:
    """DSP-07, DSP-03, COM-08: any party, also before the decision; with all the others, by the holder as well."""
    office = room("dora", "emil", "fred")
    deal = office.win(1_000_00)
    office.receive(deal, 1_000_00)
    assert (office.of("anna", Account.PAYABLE), office.of("anna", Account.HELD)) == (50_00, 0)
    assert office.name("bob") is None
    assert code(office.say("answer", "emil", answer="refuse", text=None)) == "not_allowed"
    assert office.say("answer", "anna", answer="refuse", text="text") is None
    assert (office.of("anna", Account.PAYABLE), office.of("anna", Account.HELD)) == (0, 50_00)
    office.check()
    assert [(p.person, p.role.value) for p in office.case.parties] == [
        ("anna", "opener"),
        ("carol", "respondent"),
        ("bob", "respondent"),
    ]
    assert (office.talk.state, office.talk.dispute) == (DiscussionState.DISPUTED, office.case.id)
    assert code(office.say("answer", "bob", answer="refuse", text=None)) == "claim_disputed"
    office.advance(days=30)
    assert office.talk.state is DiscussionState.DISPUTED
    assert office.talk.result is None
    early = two()
    assert early.say("answer", "bob", answer="refuse", text=None) is None
    assert early.case.opened_by == "bob"
    settled = two()
    settled.matter = settled.matter.with_claim(replace(settled.matter.claims["claim-bob"], settled=True))
    assert code(settled.say("answer", "bob", answer="refuse", text=None)) == "not_allowed"


def test_whoever_stands_alone_refuses_against_who_led_it() -> None:
    """DSP-07: others only met the holder there and have no claim; the rules decide nothing between these two."""
    office = Room(policy={"dispute.auto_settle": True})
    for person in ("bob", "carol", "dora", "emil", "fred"):
        claim = office.matter.claims[f"claim-{person}"]
        office.matter = office.matter.with_claim(replace(claim, settled=True))
    assert office.call(claim="claim-anna", met=("anna", "bob")) is None
    assert office.name("bob") is None
    assert office.say("answer", "anna", answer="refuse", text=None) is None
    assert [p.person for p in office.case.parties] == ["anna", "lead"]
    assert office.case.state.value == "negotiating"


def test_any_case_ends_the_discussion() -> None:
    """DSP-07, DSP-03: whoever opens it, and however."""
    office = two()
    office.dispute("bob")
    assert (office.talk.state, office.talk.dispute) == (DiscussionState.DISPUTED, office.case.id)
    assert office.told("disputed") == {"anna", "bob", "lead"}


def test_nobody_decided_in_time_tells_those_in_charge_once() -> None:
    """DSP-07: `discussion.close_wh` decides nothing; who leads it and their supervisor hear of it."""
    office = two(**{"discussion.close_wh": 9})
    limit = office.after(9)
    assert office.talk.close_by == limit
    office.run(limit)
    assert not office.talk.overdue
    office.run(limit + timedelta(microseconds=1))
    assert office.talk.overdue
    assert office.talk.state is DiscussionState.OPEN
    assert office.told("overdue") == {"lead", "top"}
    count = len(office.notices)
    office.advance(days=10)
    assert len(office.notices) == count
    assert office.name("anna") is None


def test_after_who_led_it_has_left_their_supervisor_decides() -> None:
    """DSP-07, PPL-06: and has the task from the limit on."""
    office = two(**{"discussion.close_wh": 9})
    office.leave("lead")
    assert code(office.name("bob", by="bob")) == "not_allowed"
    office.run(office.after(9))
    assert [t.person for t in office.tasks if t.kind == "discuss"] == ["lead", "top"]
    assert office.name("bob", by="top") is None


def test_whom_nobody_holds_is_assigned() -> None:
    """DSP-07: the stream of an ended claim goes on for it; a report of the named one that waits is accepted."""
    office = two()
    held = office.matter.claims["claim-anna"]
    office.matter = office.matter.with_claim(replace(held, state=ClaimState.RELEASED, ended_at=office.now))
    assert office.next_due() == office.talk.close_by
    assert goes_on(office.matter.claims[office.talk.claim], office.matter, setting=office.setting)
    assert code(office.name("carol", past_share_bps=100)) == "field_invalid"
    assert office.name("carol") is None
    office.run(office.after(24) + timedelta(seconds=1))
    assert (office.owner(), office.talk.result) == ("carol", Result.ASSIGNED)
    assert not goes_on(office.matter.claims[office.talk.claim], office.matter, setting=office.setting)
    office = two()
    office.matter = office.matter.with_claim(replace(held, state=ClaimState.RELEASED, ended_at=office.now))
    waits = replace(office.matter.claims["claim-bob"], state=ClaimState.REPORTED, ended_at=None, reason=None)
    office.matter = office.matter.with_claim(waits)
    assert office.name("bob") is None
    assert office.say("answer", "anna", answer="accept", text=None) is None
    assert office.matter.owner_claim is not None
    assert office.matter.owner_claim.id == "claim-bob"


def test_what_cannot_be_carried_out_any_more_is_decided_anew() -> None:
    """DSP-07, POOL-07: who was named has left by then; a full one is not named at all."""
    office = two(**{"discussion.close_wh": 9})
    assert office.name("dora") is None
    office.leave("dora")
    office.advance(days=10)
    assert (office.talk.state, office.talk.decision, office.owner()) == (DiscussionState.OPEN, None, "anna")
    assert office.talk.overdue
    assert office.told("overdue") == set()
    assert [n.facts for n in office.notices if n.kind == "discussion.reopened"] == [{"reason": "person_inactive"}]
    late = two()
    released = replace(late.matter.claims["claim-anna"], state=ClaimState.RELEASED, ended_at=late.now)
    fresh = replace(late.matter.claims["claim-emil"], state=ClaimState.REPORTED, ended_at=None, reason=None)
    late.matter = late.matter.with_claim(released).with_claim(fresh)
    assert code(late.name("bob")) == "already_taken"
    assert late.name("emil") is None
    full = two(**{"pool.holding_cap": 1})
    full.matter = replace(full.matter, holdings={"dora": {("active", None): 1}})
    assert code(full.name("dora")) == "holding_cap"
    assert full.name("emil") is None


def test_a_share_for_past_work_is_agreed_as_in_a_transfer() -> None:
    """DSP-07, CLM-24: `split.owner_min_pct` is left to the new owner; nothing of it where the customer stays."""
    office = two()
    assert code(office.name("bob", past_share_bps=10_001)) == "split_total"
    assert code(office.name("anna", past_share_bps=100)) == "field_invalid"
    assert office.name("bob", past_share_bps=3_000) is None
    assert office.say("answer", "anna", answer="accept", text=None) is None
    held = office.matter.owner_claim
    assert held is not None
    assert (held.owner, held.sharing) == ("bob", (("anna", 3_000),))


def test_whoever_has_a_partys_claim_by_then_is_the_party() -> None:
    """DSP-07: the owner gave the customer to somebody else meanwhile."""
    office = two()
    held = office.matter.claims["claim-anna"]
    office.matter = office.matter.with_claim(replace(held, owner="dora"))
    assert office.name("bob") is None
    assert code(office.say("answer", "anna", answer="refuse", text=None)) == "not_allowed"
    assert office.say("answer", "dora", answer="accept", text=None) is None
    assert office.owner() == "bob"


@pytest.mark.parametrize("word", ["propose", "vote"])
def test_a_decided_discussion_hears_nobody_any_more(word: str) -> None:
    """DSP-07."""
    office = two()
    assert office.name("bob") is None
    assert code(office.say(word, "anna", person="anna", plan="plan", proposal=1)) == "illegal_transition"
