"""Colleagues who credit each other often are flagged to oversight, and to nobody else (COM-05)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.matters.matter import CommandKind
from domain.money.model import Assist
from tests.support.money_office import PROGRAM, Office


def office_with(*earlier: tuple[str, str, int], **policy: int) -> Office:
    """An office in which people credited each other before: by, person, days ago."""
    names = {"flag_pair": "assist.flag_pair", "flag_days": "assist.flag_days"}
    office = Office(policy={names[name]: value for name, value in policy.items()})
    given = [
        Assist(f"a{n}", f"d{n}", PROGRAM, by, person, office.now - timedelta(days=days))
        for n, (by, person, days) in enumerate(earlier)
    ]
    office.matter = replace(office.matter, assists=tuple(given))
    return office


def told(office: Office, helper: str = "bob", *, deals: int = 1) -> list[tuple[str, object]]:
    """Who is told of how many credits when anna credits ``helper`` on ``deals`` deals."""
    for place in range(deals):
        deal = office.win(10_000_00, kind=CommandKind.DEAL if place else CommandKind.WIN)
        data = {"deal": deal, "id": office.mint("assist"), "person": helper}
        office.tell(CommandKind.DEAL_ASSIST, by="anna", data=data)
    return [(n.person, n.facts["count"]) for n in office.notices if n.kind == "alarm.assists"]


def test_the_third_credit_between_two_is_told_if_it_goes_both_ways() -> None:
    """`assist.flag_pair` 3: twice by bob, once by anna."""
    assert told(office_with(("bob", "anna", 5), ("bob", "anna", 80))) == [("top", 3)]


@pytest.mark.parametrize(
    "earlier",
    [
        [("bob", "anna", 5)],  # two
        [("anna", "bob", 5), ("anna", "bob", 6)],  # one way only
        [("bob", "anna", 5), ("bob", "anna", 91)],  # one of them before the 90 days
        [("bob", "anna", 5), ("bob", "carol", 5)],  # another pair
    ],
)
def test_fewer_or_older_or_one_sided_credits_are_nothing_to_tell(earlier: list[tuple[str, str, int]]) -> None:
    assert told(office_with(*earlier)) == []


def test_it_is_told_when_it_begins_and_not_with_every_further_credit() -> None:
    assert told(office_with(("bob", "anna", 5), ("bob", "anna", 6)), deals=2) == [("top", 3)]


def test_number_and_days_are_those_of_the_policy_and_none_is_off() -> None:
    assert told(office_with(("bob", "anna", 5), flag_pair=2)) == [("top", 2)]
    assert told(office_with(("bob", "anna", 5), ("bob", "anna", 6), flag_days=5)) == []
    assert told(office_with(("bob", "anna", 5), ("bob", "anna", 6), flag_pair=0)) == []


def test_whoever_oversees_and_is_one_of_the_two_is_not_told() -> None:
    """Then the admins are."""
    assert told(office_with(("top", "anna", 5), ("top", "anna", 6)), "top") == [("admin", 3)]


def test_a_credit_that_was_a_mistake_makes_nobody_mutual() -> None:
    """COM-05, COM-06: reversed before the third, which is the second then; the two are told of once there are three."""
    office = office_with(("bob", "anna", 5))
    deal = office.win(10_000_00)
    told = {"deal": deal, "id": "assist-9", "person": "bob"}
    office.tell(CommandKind.DEAL_ASSIST, by="anna", data=told)
    office.reverse(deal, "assist-9")
    assert [one.id for one in office.matter.assists] == ["a0"]
    for name, wanted in (("assist-10", 0), ("assist-11", 1)):
        office.tell(CommandKind.DEAL_ASSIST, by="anna", data={**told, "id": name})
        assert sum(notice.kind == "alarm.assists" for notice in office.notices) == wanted, name
