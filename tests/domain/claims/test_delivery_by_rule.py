"""A hand-off that the deal opens by itself, and its checklist item by item (CLM-31), in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.claims.model import Request, RequestKind
from domain.matters.matter import CommandKind
from domain.refusals import Refusal
from tests.support.money_office import PROGRAM, Office

#: A team without a leader of its own: Top leads the one above.
RULES: dict[str, Any] = {"handoff.team": "north", "handoff.checklist": ["合同原件", "付款计划"]}


def delivered(office: Office) -> list[Request]:
    """Hand-offs of Anna's customer, oldest first."""
    found = office.matter.requests.values()
    return [r for r in found if r.kind is RequestKind.DELIVERY]


def ticked(office: Office, item: int, *, by: str = "top", done: bool = True) -> Refusal | None:
    request = delivered(office)[-1].id
    data = {"request": request, "item": item, "done": done}
    return office.attempt(CommandKind.DELIVERY_TICK, by=by, data=data, claim="claim-anna")


def accepted(office: Office, *, by: str = "top") -> None:
    data = {"request": delivered(office)[-1].id, "text": None, "digest": None}
    office.tell(CommandKind.REQUEST_ACCEPT, by=by, data=data, claim="claim-anna")


def test_the_deal_that_wins_opens_the_hand_off_once() -> None:
    """CLM-31: in the same decision, with `handoff.accept_wd` to answer; another deal opens none."""
    office = Office(policy=RULES)
    office.win(100)
    (request,) = delivered(office)
    assert request.data == {
        "team": "north",
        "checklist": RULES["handoff.checklist"],
        "by_rule": True,
        "late": False,
        "answer": None,
    }
    assert (request.by, request.waiting_for, request.created_at) == (None, ("top",), office.now)
    assert request.decide_by == office.setting.calendar(PROGRAM).add(office.now, _accept_in(office)).at
    assert [n.person for n in office.notices if n.kind == "request.delivery"] == ["top"]
    office.win(100, kind=CommandKind.DEAL)
    assert delivered(office) == [request]
    office.run(request.decide_by + timedelta(minutes=1))
    told = [n.person for n in office.notices if n.kind == "request.delivery" and n.facts.get("cause") == "late"]
    assert told == ["lead", "top"]


def _accept_in(office: Office) -> Any:
    return office.setting.terms_of(office.matter.claims["claim-anna"]).policy.duration("handoff.accept_wd")


@pytest.mark.parametrize(
    "policy",
    [{}, {"handoff.team": "nowhere"}, {"program.mode": "trial"}],
    ids=["by call alone", "a team that is none", "a trial"],
)
def test_no_hand_off_opens_by_itself_without_a_team_or_on_trial(policy: dict[str, Any]) -> None:
    """CLM-31, POL-08: and the deal wins all the same."""
    office = Office(policy={**(RULES if policy else {}), **policy})
    office.win(100)
    assert office.matter.claims["claim-anna"].state == "won"
    assert delivered(office) == []


def test_the_leader_of_the_team_is_asked_or_the_one_above_or_nobody() -> None:
    """CLM-31: a hand-off that finds nobody never keeps a deal from winning."""
    office = Office(policy={**RULES, "handoff.team": "sales"})
    office.win(100)
    assert [r.waiting_for for r in delivered(office)] == [("lead",)]
    office = Office(policy=RULES)
    office.leave("top")
    office.win(100)
    assert delivered(office) == []


def test_a_customer_won_anew_is_handed_over_anew() -> None:
    """CLM-31, CLM-32: what the cancelled deal had promised is called off."""
    office = Office(policy=RULES)
    office.win(100)
    office.tell(CommandKind.CANCEL_DEAL, by="fin", data={"deal": None, "text": None}, claim="claim-anna")
    assert [r.state for r in delivered(office)] == ["withdrawn"]
    office.win(100)
    assert [r.state for r in delivered(office)] == ["withdrawn", "open"]


def test_a_case_lays_the_hand_off_down_and_it_opens_again_after_it() -> None:
    """CLM-31, DSP-03: unless it was answered, or nobody had opened one."""
    office = Office(policy=RULES)
    office.win(100)
    office.dispute()
    assert [r.state for r in delivered(office)] == ["withdrawn"]
    office.withdraw()
    assert [r.state for r in delivered(office)] == ["withdrawn", "open"]
    accepted(office)
    office.dispute("carol")
    office.withdraw()
    assert [r.state for r in delivered(office)] == ["withdrawn", "accepted"]


@pytest.mark.parametrize("ending", ["withdrawn", "ruled"])
def test_a_deal_of_the_time_of_a_case_is_handed_over_when_it_is_over(ending: str) -> None:
    """CLM-31, DSP-03: nothing moves before."""
    office = Office(policy=RULES)
    office.dispute()
    office.win(100, kind=CommandKind.DEAL)
    assert delivered(office) == []
    if ending == "ruled":
        office.rule("party", owner="anna")
        office.appeal_time_over()
    else:
        office.withdraw()
    assert office.matter.claims["claim-anna"].state == "won"
    assert [r.state for r in delivered(office)] == ["open"]


def test_the_checklist_is_ticked_item_by_item_by_who_delivers() -> None:
    """CLM-31: before and after it is accepted, and taken back; what is not ticked stops nothing."""
    office = Office(policy=RULES)
    office.move("fred", "north")
    office.win(100)
    assert ticked(office, 2) is None
    accepted(office)
    assert ticked(office, 1, by="fred") is None
    assert ticked(office, 1) is None, "asked again"
    assert (delivered(office)[0].data or {})["ticked"] == [1, 2]
    assert ticked(office, 2, done=False) is None
    assert (delivered(office)[0].data or {})["ticked"] == [1]
    for refusal, code in (
        (ticked(office, 3), "field_invalid"),
        (ticked(office, 2, by="carol"), "not_allowed"),
        (ticked(office, 2, by="fin"), "not_allowed"),
    ):
        assert refusal is not None
        assert refusal.code == code


def test_a_hand_off_of_before_has_nothing_ticked_yet() -> None:
    """CLM-31: rows of before know of no ticks; one that is over is ticked no more."""
    office = Office()
    office.win(100)
    data = {"team": "sales", "checklist": ["text-1"]}
    office.tell(CommandKind.DELIVER, by="anna", data=data, claim="claim-anna")
    (request,) = delivered(office)
    assert request.data == {**data, "late": False, "answer": None}
    assert ticked(office, 1, by="lead") is None
    returned = {"request": request.id, "text": "text-2"}
    office.tell(CommandKind.REQUEST_REFUSE, by="lead", data=returned, claim="claim-anna")
    refusal = ticked(office, 1, by="lead", done=False)
    assert refusal is not None
    assert (refusal.code, refusal.rule) == ("illegal_transition", "CLM-31")


def by_call(office: Office, team: str = "sales") -> None:
    data = {"team": team, "checklist": ["text-1"]}
    office.tell(CommandKind.DELIVER, by="anna", data=data, claim="claim-anna")


def withdrawn(office: Office, by: str) -> Refusal | None:
    data = {"request": delivered(office)[-1].id, "text": None}
    return office.attempt(CommandKind.REQUEST_WITHDRAW, by=by, data=data, claim="claim-anna")


def test_after_a_case_the_hand_off_of_before_it_is_asked_for_anew() -> None:
    """CLM-31, DSP-03: to its own team, with its own checklist and ticks, whoever had opened it."""
    office = Office(policy=RULES)
    office.win(100)
    assert withdrawn(office, "anna") is None
    by_call(office)
    assert ticked(office, 1, by="lead") is None
    office.dispute()
    office.withdraw()
    *_, laid_down, anew = delivered(office)
    assert (laid_down.state, anew.state) == ("withdrawn", "open")
    assert (anew.by, anew.waiting_for) == ("anna", ("lead",))
    kept = {"team": "sales", "checklist": ["text-1"], "ticked": [1], "late": False, "answer": None}
    assert laid_down.data == anew.data == kept


def test_a_case_brings_back_no_hand_off_that_was_off_before_it() -> None:
    """CLM-31, CLM-24: neither one that a transfer had called off nor one that the owner had."""
    office = Office(policy={**RULES, "transfer.approval": "never"})
    office.win(100)
    told = {"to": "dora", "past_share_bps": None, "text": None}
    office.tell(CommandKind.TRANSFER, by="anna", data=told, claim="claim-anna")
    asked = list(office.matter.requests.values())[-1].id
    office.tell(CommandKind.REQUEST_ACCEPT, by="dora", data={"request": asked, "digest": None}, claim="claim-anna")
    office.dispute()
    office.withdraw()
    assert [r.state for r in delivered(office)] == ["withdrawn"]


@pytest.mark.parametrize(
    ("by", "code"), [("anna", None), ("lead", None), ("carol", "not_allowed"), ("fin", "not_allowed")]
)
def test_what_the_deal_has_opened_is_the_owners_side_to_call_back(by: str, code: str | None) -> None:
    """CLM-31: nobody asked for it, so nobody else could."""
    office = Office(policy=RULES)
    office.win(100)
    refusal = withdrawn(office, by)
    assert (refusal.code if refusal is not None else None) == code
    assert [r.state for r in delivered(office)] == ["open" if code else "withdrawn"]


def test_neither_the_owner_nor_anybody_of_a_partner_ticks_as_one_of_the_team() -> None:
    """CLM-31, PPL-08: who is shown what is done does not say that it is, and the house delivers."""
    office = Office(policy=RULES, partners={"fred": "alpha"})
    for person in ("anna", "fred", "dora"):
        office.move(person, "north")
    office.win(100)
    for person, code in (("anna", "not_allowed"), ("fred", "not_allowed"), ("dora", None)):
        refusal = ticked(office, 1, by=person)
        assert (refusal.code if refusal is not None else None) == code
