"""A customer whom two people claim, and the case about it, step by step over HTTP."""

from __future__ import annotations

from typing import Any

from tests.support.company import Company, Person, person_customer
from tests.support.office import NOTE

_RULING = {"outcome": "party", "facts": "接待记录早于报备", "reason": "首次接待在先", "follows_advice": False}


class Contested:
    """甲 holds a customer, 乙 was refused and contests it; 张主管 leads both, the director leads 张主管.

    ``policy``: parameters of disputes by their short name; the rules do not settle it unless ``auto_settle`` is set.
    """

    def __init__(self, company: Company, *, phone: str = "13800000001", mode: str = "live", **policy: object) -> None:
        self.above = company.leader(company.root, "总监")
        team = company.team()
        self.first, self.second = company.rep("甲", team=team), company.rep("乙", team=team)
        self.leader = company.leader(team)
        given: dict[str, object] = {f"dispute.{n}": value for n, value in {"auto_settle": False, **policy}.items()}
        given["program.mode"] = mode
        reported = {"program": company.program(policy=given), "customer": person_customer(phone=phone)}
        self.held = str(self.first.made("/v1/claims", reported)["id"])
        self.first.made(f"/v1/claims/{self.held}/follow-ups", {"kind": "call", "note": NOTE})
        self.refused = str(self.second.made("/v1/claims", reported)["id"])
        opening = {"claim": self.refused, "grounds": "refused_report", "statement": "我先接待的客户"}
        self.id = str(self.second.made("/v1/disputes", opening)["id"])

    @property
    def parties(self) -> tuple[Person, Person]:
        return self.first, self.second

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = self.second.get(f"/v1/disputes/{self.id}").json()
        return found

    def act(self, by: Person, command: str, **body: object) -> dict[str, Any]:
        return by.made(f"/v1/disputes/{self.id}/{command}", body)

    def all_say(self, command: str) -> None:
        """All parties: `waive` the negotiation, or were `heard`."""
        for party in self.parties:
            self.act(party, command)

    def ruled(self, by: Person, owner: Person) -> None:
        self.act(by, "ruling", owner=owner.id, **_RULING)

    def agreed(self, by: Person, *, accept: tuple[Person, ...]) -> None:
        """``by`` proposes that 乙 gets the customer; who accepts it."""
        made = self.act(by, "proposals", terms={"outcome": "party", "owner": self.second.id}, text="客户让给乙")
        for party in accept:
            self.act(party, f"proposals/{made['n']}/accept", digest=made["digest"])

    def appealed(self, by: Person) -> None:
        """On a statement that the ruling did not know."""
        item = self.act(by, "evidence", kind="statement", text="裁决之后才从前台拿到的接待单")
        self.act(by, "appeal", reason="有新证据", evidence=[item["id"]])
