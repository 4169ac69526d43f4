"""Corners of a case where somebody could be left waiting, or hear what is not for them (DSP-03 to DSP-16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.claims.lifecycle import ClaimState
from domain.disputes.arbitrators import Seat, Source, Tier
from domain.disputes.model import Dispute, Party, Role, Window
from domain.disputes.room import Ears, ears, side_of
from domain.disputes.seats import sides_of
from domain.matters.matter import CommandKind
from domain.refusals import Refusal
from tests.support.money_office import Office


def refusal(office: Office, kind: CommandKind, by: str, **data: Any) -> Refusal:
    found = office.attempt(kind, by=by, data={"dispute": office.case.id, **data})
    assert found is not None
    return found


def brought(office: Office, by: str) -> str:
    """A new item of evidence, which is heard of."""
    item = office.mint("evidence")
    told = {"dispute": office.case.id, "evidence": item, "kind": "file", "digest": "digest"}
    office.tell(CommandKind.DISPUTE_EVIDENCE, by=by, data=told)
    return item


def ruled(**policy: Any) -> Office:
    """The leader of both rules for 乙."""
    office = Office(policy=policy)
    office.dispute("bob", joining=("carol",))
    office.rule("party", owner="bob")
    assert (office.case.state.value, office.case.rulings[-1].by) == ("ruled", "lead")
    return office


# --- appeals ---


def test_an_appeal_is_heard_though_everybody_above_has_left() -> None:
    """DSP-13, DSP-16: who may appeal is not turned away because nobody is there; a person is named for it."""
    office = ruled()
    office.leave("top")
    office.leave("panel")
    office.appeal("anna")
    assert (office.case.state.value, office.case.vacant, office.case.arbitrator) == ("arbitrating", True, None)
    asked = {task.person for task in office.tasks if task.kind == "name_arbitrator"}
    assert asked == {"admin"}
    told = {"dispute": office.case.id, "person": "emil", "reason": "text"}
    office.tell(CommandKind.DISPUTE_ARBITRATOR, by="admin", data=told)
    assert (office.case.arbitrator, office.case.vacant) == ("emil", False)
    assert office.case.window(Window.EVIDENCE) is not None


def test_who_joins_an_appeal_brings_something_new_in_time_as_well() -> None:
    """DSP-16: "each party may appeal once, on new evidence", within `dispute.appeal_wd`; joined appeals are appeals."""
    office = ruled()
    until = office.case.window(Window.APPEAL)
    assert until is not None
    office.appeal("anna")
    appeal = {"reason": "text"}
    assert refusal(office, CommandKind.DISPUTE_APPEAL, "carol", **appeal, evidence=[]).code == "no_new_evidence"
    item = brought(office, "carol")
    office.run(until - timedelta(seconds=1))
    office.tell(CommandKind.DISPUTE_APPEAL, by="carol", data={"dispute": office.case.id, **appeal, "evidence": [item]})
    assert {p.person for p in office.case.parties if p.appealed} == {"anna", "carol"}
    late = refusal(office, CommandKind.DISPUTE_APPEAL, "bob", **appeal, evidence=[item])
    assert (late.code, late.facts) == ("deadline_passed", {"until": until})


def test_after_its_time_an_appeal_is_late_and_where_there_is_none_it_is_final() -> None:
    """DSP-16: `deadline_passed`; `appeal_final` after an appeal ruling and where no time to appeal began."""
    appeal = {"reason": "text", "evidence": []}
    office = ruled()
    office.appeal_time_over()
    assert refusal(office, CommandKind.DISPUTE_APPEAL, "anna", **appeal).code == "deadline_passed"
    office = ruled()
    office.appeal("anna")
    office.rule("party", owner="anna")
    assert refusal(office, CommandKind.DISPUTE_APPEAL, "bob", **appeal).code == "appeal_final"
    office = Office(policy={"dispute.appeal_wd": 0})
    office.dispute("bob")
    office.rule("party", owner="bob")
    assert refusal(office, CommandKind.DISPUTE_APPEAL, "anna", **appeal).code == "appeal_final"
    office = Office()
    office.dispute("bob")
    office.settle("party", owner="bob")
    assert refusal(office, CommandKind.DISPUTE_APPEAL, "anna", **appeal).code == "appeal_final"


# --- mediation, service ---


def mediating() -> Office:
    office = Office()
    office.dispute("bob")
    office.tell(CommandKind.DISPUTE_MEDIATOR, by="lead", data={"dispute": office.case.id, "person": "emil"})
    for party in ("anna", "bob"):
        office.tell(CommandKind.DISPUTE_WAIVE, by=party, data={"dispute": office.case.id})
    assert office.case.state.value == "mediating"
    return office


@pytest.mark.parametrize(("author", "state"), [("emil", "arbitrating"), ("bob", "mediating")])
def test_terms_of_the_mediator_that_are_refused_end_mediation(author: str, state: str) -> None:
    """DSP-08, table 0.3: "refused or window over"; terms among parties may be followed by others."""
    office = mediating()
    case, digest = {"dispute": office.case.id}, "digest-1"
    terms = {"outcome": "pool", "owner": None, "shares": [], "same": None}
    office.tell(CommandKind.DISPUTE_PROPOSE, by=author, data={**case, "terms": terms, "text": "t", "digest": digest})
    office.tell(CommandKind.DISPUTE_DECLINE, by="anna", data={**case, "n": 1, "digest": digest})
    assert office.case.state.value == state
    if state == "arbitrating":
        assert office.case.arbitrator == "lead"
        assert office.case.window(Window.MEDIATION) is None


def test_whoever_takes_the_place_of_the_one_who_serves_serves() -> None:
    """DSP-03, PPL-06: exactly one person serves the customer meanwhile, also when that one has left."""
    office = Office()
    office.dispute("bob")
    assert office.case.served_by == "anna"
    office.leave("bob")
    assert office.case.served_by == "anna"
    office.leave("anna")
    successor = office.case.parties[1].represented_by
    assert successor is not None
    assert (office.case.parties[1].person, office.case.served_by) == ("anna", successor)


# --- who hears what ---


def heard_case(**more: Any) -> Dispute:
    """甲 and 乙 before the leader; 戊 mediated."""
    office = Office()
    office.dispute("bob")
    parties = (Party("anna", "claim-anna", Role.RESPONDENT), Party("bob", "claim-bob", Role.OPENER))
    seat = Seat(tier=Tier.FIRST, person="lead", source=Source.SUPERIOR)
    return replace(office.case, **{"parties": parties, "seats": (seat,), "mediator": "emil", **more})


NOTHING = Ears(sides=frozenset(), answers=False, mediation=False)


@pytest.mark.parametrize(
    ("people", "found"),
    [
        (("anna",), Ears(sides=frozenset({"anna"}), answers=True, mediation=True)),
        (("lead",), Ears(sides=None, answers=True, mediation=False)),
        (("emil",), Ears(sides=frozenset(), answers=False, mediation=True)),
        (("carol",), NOTHING),
        # as a delegate
        (("carol", "anna"), Ears(sides=frozenset({"anna"}), answers=True, mediation=True)),
        (("carol", "lead"), Ears(sides=None, answers=True, mediation=False)),
        # of the other side, of both sides, of whoever decides on what they plead
        (("anna", "bob"), Ears(sides=frozenset({"anna"}), answers=True, mediation=True)),
        (("carol", "anna", "bob"), NOTHING),
        (("anna", "lead"), Ears(sides=frozenset({"anna"}), answers=True, mediation=True)),
        (("carol", "lead", "anna"), Ears(sides=frozenset({"anna"}), answers=True, mediation=True)),
        (("carol", "lead", "anna", "bob"), NOTHING),
        (("carol", "emil"), NOTHING),
    ],
)
def test_nobody_hears_a_private_line_by_standing_in_for_somebody_else(people: tuple[str, ...], found: Ears) -> None:
    """DSP-06, PPL-05: a delegation opens no line that its holder could not plead or decide on."""
    assert ears(heard_case(), people) == found


def test_whoever_was_recused_hears_nothing_more() -> None:
    """DSP-06, DSP-13: nobody has the case until a person is named."""
    assert ears(heard_case(vacant=True), ("lead",)) == NOTHING


def test_who_took_a_place_hears_that_side() -> None:
    """PPL-06: and speaks for it, also where another party made them its delegate."""
    parties = (Party("anna", "claim-anna", Role.RESPONDENT, represented_by="dora"), Party("bob", "b", Role.OPENER))
    case = heard_case(parties=parties)
    assert ears(case, ("dora", "bob")) == Ears(sides=frozenset({"anna"}), answers=True, mediation=True)
    assert side_of(case, ("dora", "bob")) == "anna"


# --- who is neutral ---


def test_whoever_gains_by_the_other_record_is_not_neutral() -> None:
    """DSP-13, CUS-13: the claims of the other record are not at hand where arbitrators are looked for."""
    office = Office()
    office.dispute("bob")
    case = replace(office.case, other_matter="other", interested=("lead",))
    assert "lead" in (sides_of(office.matter, case).interested or ())


def test_whoever_has_a_share_of_a_held_deal_does_not_decide() -> None:
    """DSP-13: "one whose pay depends on the outcome"."""
    office = Office()
    office.share(office.win(10_000_00), {"anna": 8_000, "lead": 2_000})
    office.dispute("bob")
    office.rule("party", owner="bob")
    assert office.case.rulings[-1].by == "top"


# --- limits beside the clocks ---


def test_the_time_to_decide_on_a_leavers_customer_stands_still() -> None:
    """DSP-03, PPL-06: nobody can hand it over while a case has it; what was left of the time is left afterwards."""
    office = Office()
    office.leave("anna")
    limit = office.matter.claims["claim-anna"].hand_over_by
    assert limit is not None
    office.dispute("bob")
    opened = office.case.opened_at
    office.advance(days=10)
    assert office.matter.claims["claim-anna"].state is ClaimState.DISPUTED
    office.tell(CommandKind.DISPUTE_DISMISS, by="top", data={"dispute": office.case.id, "reason": "text"})
    claim = office.matter.claims["claim-anna"]
    assert office.case.ended_at is not None
    assert (claim.state, claim.hand_over_by) == (ClaimState.PROTECTED, limit + (office.case.ended_at - opened))
    office.run(claim.hand_over_by + timedelta(seconds=1))
    assert office.matter.claims["claim-anna"].owner != "anna"
