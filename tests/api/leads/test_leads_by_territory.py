"""The territory plan in force says who gets a lead that no rule matches, and who lies in the default pool (TER-02)."""

from __future__ import annotations

from typing import Any

from tests.api.leads.test_named_and_away import away
from tests.api.leads.test_who_gets_it import rules
from tests.support.answers import listed
from tests.support.company import Company
from tests.support.leads import Leads
from tests.support.office import customer, done


class Divided(Leads):
    """华东 is 乙's, 华北 that of 二组, of whom 戊 is the only one; nobody's is 西北."""

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        north = company.team("二组")
        self.third = company.rep("戊", team=north)
        east = {"name": "东区", "to": {"person": self.second.id}, "rules": [{"region": ["华东"]}]}
        parts = [east, {"name": "北区", "to": {"team": north}, "rules": [{"region": ["华北"], "industry": ["制造"]}]}]
        made = company.admin.made("/v1/territories", {"program": self.program, "territories": parts})
        self.plan = str(made["id"])
        done(company.admin.post(f"/v1/territories/{self.plan}/activate"))

    def of(self, region: str, **more: Any) -> dict[str, Any]:
        """A lead of somebody new whose record names the region."""
        self._customers += 1
        return self.lead(customer={**customer(500 + self._customers), "facets": {"region": region}}, **more)


def given(lead: dict[str, Any]) -> tuple[str, str, str | None]:
    """Who has it, how, and by which territory."""
    offer = lead["offers"][-1]
    return offer["person"], offer["way"], offer["territory"]


def test_where_no_rule_matches_whoever_holds_the_territory_has_the_lead(company: Company) -> None:
    """TER-02, LEAD-03: person or team; by the record, else by what the lead says; in a gap the default pool."""
    office = Divided(company)
    for _ in range(2):
        assert given(office.of(" 华东 ")) == (office.second.id, "territory", "东区"), "no turn goes round"
    told = office.lead(facets={"region": "华北", "industry": "制造"})
    assert given(told) == (office.third.id, "rotation", "北区")
    item = office.sender.get(f"/v1/leads/{told['id']}/timeline").json()["items"][0]
    assert (item["kind"], item["data"]["territory"], item["data"]["plan"]) == ("offered", "北区", 1)
    assert given(office.of("华东", facets={"region": "华北"})) == (office.second.id, "territory", "东区")
    assert [office.of("西北")["state"], office.lead()["state"]] == ["pooled", "pooled"]
    rules(office, ({"source": ["网站"]}, {"person": office.first.id}))
    assert given(office.of("华东", source="网站")) == (office.first.id, "rule", None)
    assert given(office.of("华东")) == (office.second.id, "territory", "东区")
    advised = done(office.leader.get(f"/v1/leads/{told['id']}/recommendation"))
    assert [one["person"] for one in advised["left_out"]] == [office.third.id], "advice is of the same people"
    away(office.second, company)
    assert office.of("华东")["state"] == "pooled"
    done(company.admin.post(f"/v1/territories/{office.plan}/archive"))
    assert office.of("华东", source="网站")["receiver"] == office.first.id
    rules(office)
    assert office.of("西北")["offers"][0]["way"] == "rotation"


def test_whom_no_territory_means_enters_the_default_pool(company: Company) -> None:
    """TER-02, POOL-02: whatever regions another pool asks for; a pool that is named, and no plan, as ever."""
    office = Divided(company)
    rule = {"levels": [], "sources": [], "regions": ["华东", "西北"]}
    special = company.admin.made("/v1/pools", {"program": office.program, "name": "大区公海", "rule": rule})["id"]
    default = done(company.admin.get(f"/v1/programs/{office.program}"))["default_pool"]

    def lying() -> dict[str, str]:
        """The pool of each customer who lies in one, by entry."""
        found = {pool: listed(company.admin.get(f"/v1/pools/{pool}/customers")) for pool in (special, default)}
        return {one["id"]: pool for pool, entries in found.items() for one in entries}

    def let_go(number: int, region: str, **more: Any) -> str:
        """Where a customer of the region lies who was released."""
        claim = office.claim(office.second, customer={**customer(number), "facets": {"region": region}})
        before = lying()
        done(office.second.post(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet", **more}))
        (found,) = (pool for entry, pool in lying().items() if entry not in before)
        return found

    assert let_go(701, "华东") == special
    assert let_go(702, "西北") == default
    assert let_go(703, "西北", pool=special) == special
    done(company.admin.post(f"/v1/territories/{office.plan}/archive"))
    assert let_go(704, "西北") == special
