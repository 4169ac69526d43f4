"""Who credits whom, for those who oversee the program (COM-05)."""

from __future__ import annotations

from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import MoneyOffice
from tests.support.office import customer


def test_two_who_credit_each_other_often_are_flagged_to_oversight(company: Company) -> None:
    """COM-05: at the third credit within 90 days, in both directions; a hundred days later they are forgotten.

    One that was told by mistake counts no more.
    """
    watcher = company.person("监督")
    office = MoneyOffice(company, oversight=[watcher.id])
    path = f"/v1/programs/{office.program}/assist-pairs"
    given: list[dict[str, str]] = []

    def credit(by: Person, person: Person, number: int) -> None:
        deal = office.won(by, claim=office.claim(by, customer=customer(number))["id"])
        by.made(f"/v1/deals/{deal}/assists", {"person": person.id})
        given.insert(0, {"deal": deal, "by": by.id, "person": person.id})

    credit(office.first, office.second, 1)
    credit(office.first, office.second, 2)
    credit(office.first, office.leader, 3)
    assert listed(watcher.get(path)) == []
    credit(office.second, office.first, 4)
    (pair,) = listed(watcher.get(path))
    assert (set(pair["people"]), pair["count"]) == ({office.first.id, office.second.id}, 3)
    shown = [{name: one[name] for name in ("deal", "by", "person")} for one in pair["assists"]]
    assert shown == [one for one in given if one["person"] != office.leader.id]
    assert pair["last_at"] == pair["assists"][0]["at"]
    (told,) = (n for n in listed(watcher.get("/v1/me/notices")) if n["kind"] == "alarm.assists")
    assert "credited each other for assists 3 times" in told["text"]["en"]
    for stranger in (office.first, office.leader, office.money):
        refused(stranger.get(path), 403, "not_allowed")
        assert all(n["kind"] != "alarm.assists" for n in listed(stranger.get("/v1/me/notices")))
    deal = office.deal(given[-1]["deal"])
    body = {"reverses": deal["told"][0]["key"], "reason": "并未协助"}
    assert office.money.made(f"/v1/deals/{deal['id']}/reversals", body)["overlays"] == []
    assert listed(watcher.get(path)) == []
    credit(office.first, office.second, 5)
    assert [one["count"] for one in listed(watcher.get(path))] == [3]
    company.shift(days=100)
    assert listed(watcher.get(path)) == []
