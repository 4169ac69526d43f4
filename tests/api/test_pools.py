"""Pools and taking (contract section 11: POOL-01 to POOL-11)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, customer, done, moves, read


class Pooled(Office):
    """An office with customers in the default pool of its program."""

    def __init__(self, company: Company, *, policy: dict[str, Any] | None = None, **more: Any) -> None:
        super().__init__(
            company, policy={"claim.reclaim_wait_h": {"person": 0, "company": 0}, **(policy or {})}, **more
        )
        self.pool = str(company.admin.get(f"/v1/programs/{self.program}").json()["default_pool"])

    def pooled(self, number: int, **given: Any) -> str:
        """A customer whom the first rep gave up; the entry."""
        claim = self.claim(self.first, customer={**customer(number), **given})
        done(act(self.first, claim, "release", reason="need_unmet"))
        return self.entries()[0]["id"]

    def entries(self, person: Person | None = None, pool: str | None = None) -> list[dict[str, Any]]:
        answer = (person or self.second).get(f"/v1/pools/{pool or self.pool}/customers")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def take(self, person: Person, entry: str, *, pool: str | None = None, key: str | None = None) -> Any:
        return person.post(f"/v1/pools/{pool or self.pool}/customers/{entry}/take", key=key)

    def admin_act(self, act: str, *entries: str, **body: Any) -> list[dict[str, Any]]:
        answer = self.company.admin.post(
            f"/v1/pools/{self.pool}/{act}", {"customers": list(entries), "reason": "整理公海", **body}
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found


def test_a_released_customer_is_taken_from_the_pool(company: Company) -> None:
    """POOL-02, POOL-03: the claim is protected and has a receipt of its own; the pool is empty, the history tells."""
    office = Pooled(company)
    entry = office.pooled(1)
    answer = office.take(office.second, entry, key="k")
    assert answer.status_code == 201, answer.text
    claim = answer.json()
    assert (claim["state"], claim["owner"], claim["customer"]["name"]) == ("protected", office.second.id, "王小明")
    assert moves(office.second, claim) == [("received", None, None), ("accepted", "reported", "protected")]
    assert office.entries() == []
    again = office.take(office.second, entry, key="k")
    assert (again.status_code, again.json()["id"]) == (201, claim["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(office.take(office.first, entry), 409, "already_taken")
    assert read(office.second, claim)["state"] == "protected"
