"""Two records that may be one customer, each held by somebody else, and the case about it (CUS-13)."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.support.company import Company, Person
from tests.support.office import Office, customer, done, moment, read


class Records:
    """甲 holds 王小明 under one number, 乙 under another; 张主管 leads both, 总监 leads 张主管.

    ``old``, ``new``: the customers they report, where those are others.
    """

    def __init__(
        self, company: Company, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, **policy: Any
    ) -> None:
        self.company = company
        self.above = company.leader(company.root, "总监")
        self.office = Office(company, policy=policy)
        self.first, self.second, self.leader = self.office.first, self.office.second, self.office.leader
        self.old = self.office.claim(self.first, customer=old or customer(1))
        self.new = self.office.claim(self.second, customer=new or customer(2))

    def asked(self, by: Person, claim: dict[str, Any], other: dict[str, Any], **more: Any) -> httpx2.Response:
        body = {
            "claim": claim["id"],
            "grounds": "identity",
            "other_customer": other["customer"]["id"],
            "statement": "客户换了号码",
            **more,
        }
        return by.post("/v1/disputes", body)

    def open(self) -> dict[str, Any]:
        """乙 asks, whose record is the newer one."""
        answer = self.asked(self.second, self.new, self.old)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def to_ruling(self) -> dict[str, Any]:
        found = self.open()
        for step in ("waive", "heard"):
            for party in (self.first, self.second):
                found = done(party.post(f"/v1/disputes/{found['id']}/{step}"))
        assert (found["state"], found["arbitrator"]) == ("arbitrating", self.leader.id)
        return found

    def ruling(self, case: dict[str, Any], **outcome: Any) -> httpx2.Response:
        body = {"facts": "身份证号相同", "reason": "同一人", "follows_advice": False, **outcome}
        return self.leader.post(f"/v1/disputes/{case['id']}/ruling", body)

    def pass_to(self, instant: str) -> None:
        self.company.advance(seconds=(moment(instant) - self.company.now()).total_seconds() + 1)

    def both(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return read(self.leader, self.old), read(self.leader, self.new)
