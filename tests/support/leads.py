"""Leads to tell stories about: who brings them in, how they read, what happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.support.company import Company, Person
from tests.support.office import Office, customer, done


class Leads(Office):
    """An :class:`Office` with somebody who brings leads in; leads of 丙, who is no rep, go to 甲 and 乙 in turn."""

    def __init__(self, company: Company, **more: Any) -> None:
        super().__init__(company, **more)
        self.sender = company.person("丙", team=self.team, roles=("marketing",))
        self._customers = 0

    def send(self, *, by: Person | None = None, **more: Any) -> httpx2.Response:
        """What a lead on a customer nobody has heard of is answered with."""
        self._customers += 1
        body = {"program": self.program, "source": "展会", "customer": customer(self._customers), **more}
        return (by or self.sender).post("/v1/leads", body)

    def lead(self, **more: Any) -> dict[str, Any]:
        """A lead that must be received."""
        answer = self.send(**more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def receiver(self, lead: Mapping[str, Any]) -> Person:
        """Who has it in hand."""
        return next(p for p in (self.first, self.second) if p.id == lead["receiver"])

    def other(self, person: Person) -> Person:
        """The other rep."""
        return self.second if person is self.first else self.first


def read(person: Person, lead: Mapping[str, Any]) -> dict[str, Any]:
    """The lead as ``person`` sees it now."""
    return done(person.get(f"/v1/leads/{lead['id']}"))


def act(person: Person, lead: Mapping[str, Any], command: str, /, **body: Any) -> httpx2.Response:
    """A command on a lead."""
    return person.post(f"/v1/leads/{lead['id']}/{command}", body)


def moves(person: Person, lead: Mapping[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """The history of a lead as (kind, from, to), oldest first."""
    items = person.get(f"/v1/leads/{lead['id']}/timeline", limit=200).json()["items"]
    return [(item["kind"], item["from"], item["to"]) for item in reversed(items)]
