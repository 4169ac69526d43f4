"""A site to tell stories about: a desk, who is signed in, who arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.support.company import Company, Person
from tests.support.office import NOTE, Office, customer, done

#: What a visitor wants and is known by, both of which the procedure asks for (LEAD-10).
NOTED = {"need": NOTE, "features": ["戴眼镜"]}


class Visits(Office):
    """An :class:`Office` with a site at which 甲 and 乙 are signed in, in this order, and a desk (``desk``)."""

    def __init__(self, company: Company, *, policy: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(company, policy=policy, **more)
        self.desk = company.person("前台", team=self.team, roles=("reception",), company_wide=True)
        body = {"program": self.program, "name": "案场", "lead": self.leader.id}
        self.site = str(company.admin.made("/v1/sites", body)["id"])
        self.say(self.first, "free")
        self.say(self.second, "free")

    def say(self, person: Person, presence: str, /, **more: Any) -> dict[str, Any]:
        """Sign in, or say what keeps one; the site."""
        return done(person.post(f"/v1/sites/{self.site}/presence", {"presence": presence, **more}))

    def arrive(self, who: Mapping[str, Any] | int, **more: Any) -> httpx2.Response:
        """What an arrival is answered with; the customer was asked who served them first."""
        named = customer(who) if isinstance(who, int) else dict(who)
        body = {"site": self.site, "customer": named, "served_before": None, **more}
        return self.desk.post("/v1/receptions", body)

    def visitor(self, who: Mapping[str, Any] | int, **more: Any) -> dict[str, Any]:
        """An arrival that must be registered."""
        answer = self.arrive(who, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def served(self, who: Mapping[str, Any] | int, *, by: Person, **more: Any) -> dict[str, Any]:
        """An arrival received from the call to the end by ``by``, who must be the one called."""
        one = self.visitor(who, **more)
        assert one["server"] == by.id, one
        done(step(by, one, "greet"))
        done(step(by, one, "record", **NOTED))
        return done(step(by, one, "complete"))


def step(person: Person, reception: Mapping[str, Any], name: str, /, **body: Any) -> httpx2.Response:
    """A step of a reception."""
    return person.post(f"/v1/receptions/{reception['id']}/{name}", body)
