"""A sales office to tell stories about: a team with its leader, two reps in it, one program, and how claims read.

Dates are pinned: an office opens on Monday 2031-03-03 at 10:00 in Shanghai, a year for which no calendar is
published, so that working days are Monday to Friday unless a test loads the year. Shanghai has no summer time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.support.company import Company, Person, person_customer

#: Monday 2031-03-03 10:00 in Shanghai.
MONDAY = "2031-03-03T02:00:00Z"
#: Friday 2031-03-07 15:00 in Shanghai.
FRIDAY = "2031-03-07T07:00:00Z"
#: Content that is long enough to count (`claim.min_note_chars`).
NOTE = "谈了户型、预算和下次看房时间安排"


class Office:
    """Leader 张主管, reps 甲 (``first``) and 乙 (``second``) of one team, and a program under ``policy``."""

    def __init__(
        self, company: Company, *, opened: str = MONDAY, policy: Mapping[str, Any] | None = None, **program: Any
    ) -> None:
        company.at(opened)
        self.company = company
        self.team = company.team("一组")
        self.leader = company.leader(self.team)
        self.first = company.rep("甲", team=self.team)
        self.second = company.rep("乙", team=self.team)
        self.program = company.program(policy=policy, **program)

    def report(self, rep: Person, *, customer: Mapping[str, Any] | None = None, **more: Any) -> httpx2.Response:
        """What a report is answered with; of 王小明 unless another customer is given."""
        body = {"program": self.program, "customer": dict(customer or person_customer()), **more}
        return rep.post("/v1/claims", body)

    def claim(self, rep: Person, *, customer: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """A report that must be received; the claim."""
        answer = self.report(rep, customer=customer, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def outsider(self, name: str = "丙") -> Person:
        """A rep of another team without a leader of its own."""
        return self.company.rep(name, team=self.company.team("二组"))

    def finance(self) -> Person:
        return self.company.person("财务", roles=("finance",), company_wide=True)

    def manager(self) -> Person:
        return self.company.person("经理", roles=("manager",), company_wide=True)


def customer(number: int, name: str = "王小明") -> dict[str, Any]:
    """One of many different customers."""
    return person_customer(name, f"138{number:08d}")


def read(person: Person, claim: Mapping[str, Any] | str) -> dict[str, Any]:
    """The claim as ``person`` sees it now."""
    answer = person.get(f"/v1/claims/{claim if isinstance(claim, str) else claim['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(person: Person, claim: Mapping[str, Any] | str, command: str, /, **body: Any) -> httpx2.Response:
    """A command on a claim."""
    return person.post(f"/v1/claims/{claim if isinstance(claim, str) else claim['id']}/{command}", body)


def done(response: httpx2.Response) -> dict[str, Any]:
    """The body of a command that must be decided and applied."""
    assert response.status_code in (200, 201), response.text
    found: dict[str, Any] = response.json()
    return found


def work(person: Person, claim: Mapping[str, Any] | str, kind: str = "call", note: str = NOTE, **more: Any) -> Any:
    """A follow-up that must be recorded; its answer."""
    answer = act(person, claim, "follow-ups", kind=kind, note=note, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def decide(person: Person, request: Mapping[str, Any], answer: str = "accept", **body: Any) -> httpx2.Response:
    """Accept, refuse or withdraw a request."""
    return person.post(f"/v1/requests/{request['id']}/{answer}", body)


def clocks(claim: Mapping[str, Any]) -> dict[str, str | None]:
    """The deadline of each clock by its name."""
    return {c["clock"]: c["deadline"] for c in claim["clocks"]}


def clock(claim: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One clock of a claim."""
    found: dict[str, Any] = next(c for c in claim["clocks"] if c["clock"] == name)
    return found


def moment(text: str | None) -> datetime:
    """An instant of an answer, which says `Z` (contract section 1)."""
    assert text is not None
    assert text.endswith("Z"), text
    return datetime.fromisoformat(text)


def after(text: str | None, **amount: float) -> datetime:
    """So much elapsed time later."""
    return moment(text) + timedelta(**amount)


def timeline(person: Person, claim: Mapping[str, Any] | str) -> list[dict[str, Any]]:
    """The history of a claim, oldest first."""
    answer = person.get(f"/v1/claims/{claim if isinstance(claim, str) else claim['id']}/timeline", limit=200)
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["items"]))


def moves(person: Person, claim: Mapping[str, Any] | str) -> list[tuple[str, str | None, str | None]]:
    """The history of a claim as (kind, from, to), oldest first."""
    return [(item["kind"], item["from"], item["to"]) for item in timeline(person, claim)]


def entry(person: Person, claim: Mapping[str, Any] | str, kind: str) -> dict[str, Any]:
    """The latest entry of ``kind`` in the history of a claim."""
    found = [item for item in timeline(person, claim) if item["kind"] == kind]
    assert found, f"no {kind} in {[item['kind'] for item in timeline(person, claim)]}"
    return found[-1]


def notices(person: Person, about: Mapping[str, Any] | None = None) -> list[str]:
    """The kinds of what somebody was told, oldest first; only those about one claim if it is given."""
    items = person.get("/v1/me/notices", limit=200).json()["items"]
    return [n["kind"] for n in reversed(items) if about is None or n["subject"]["id"] == about["id"]]


def tasks(person: Person) -> list[tuple[str, str]]:
    """What somebody should do, as (kind, id of the subject), newest first."""
    return [(task["kind"], task["subject"]["id"]) for task in person.get("/v1/me/tasks", limit=200).json()["items"]]
