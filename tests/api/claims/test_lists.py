"""Which claims a list holds, however it finds them: few rows or many, by one way or several (CUS-01, AUD-04)."""

from __future__ import annotations

from typing import Any

import pytest

from storage import claim_queries
from tests.support.answers import listed
from tests.support.company import Company, Person
from tests.support.office import Office, act, customer, done

#: A list behaves alike whether a filter is asked first or checked last.
LEADS = pytest.mark.parametrize("leads", [0, 2_000], ids=["checked row by row", "led by the filter"])


def ids(person: Person, **query: Any) -> list[str]:
    """Every claim of the list, its pages of two put together."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = person.get("/v1/claims", limit=2, **query, **cursor)
        found += [c["id"] for c in listed(answer)]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


def companies(office: Office) -> list[str]:
    """Ids of claims on four companies, the oldest first; two of them trade, the first is in 上海."""
    names = ("上海远景贸易有限公司", "北京长青贸易有限公司", "远景科技有限公司", "长青 Logistics")
    return [office.claim(office.first, customer={"kind": "company", "name": name})["id"] for name in names]


@LEADS
def test_words_find_the_same_companies_either_way(
    company: Company, monkeypatch: pytest.MonkeyPatch, leads: int
) -> None:
    """CUS-01: beginnings of words, several words, a whole name; newest first."""
    monkeypatch.setattr(claim_queries, "_LEADS", leads)
    office = Office(company)
    first, second, _, fourth = companies(office)
    assert ids(company.admin, q="Logi") == [fourth]
    assert ids(company.admin, q="上海远景贸易有限公司") == [first]
    assert ids(company.admin, q="长青") == [fourth, second]
    assert ids(company.admin, q="长青 logistics") == [fourth]
    assert ids(company.admin, q="没有这家") == []
    assert [c["name"] for c in listed(company.admin.get("/v1/customers", q="长青 logistics"))] == ["长青 Logistics"]


@LEADS
def test_what_is_due_is_the_same_either_way(company: Company, monkeypatch: pytest.MonkeyPatch, leads: int) -> None:
    """Contract section 5: `due_before` is exclusive and leaves out what has no deadline."""
    monkeypatch.setattr(claim_queries, "_LEADS", leads)
    monkeypatch.setattr(claim_queries, "_SAMPLE", 1 if leads == 0 else 1_000)
    office = Office(company)
    made = []
    for number in range(3):
        made.append(office.claim(office.first, customer=customer(number)))
        company.shift(hours=1)
    done(act(office.first, made[0], "release", reason="lost"))
    assert ids(company.admin, due_before=made[2]["deadline"]) == [made[1]["id"]]
    assert ids(office.first, due_before="2099-01-01T00:00:00Z") == [made[2]["id"], made[1]["id"]]


def test_a_list_merges_every_way_of_reading_and_shows_each_claim_once(company: Company) -> None:
    """AUD-04: own reports, those of led teams, those worked with; by pages and by state."""
    office = Office(company)
    other = company.rep("丁", team=company.team("二组"))
    mine = [office.claim(other, customer=customer(n))["id"] for n in (1, 2)]
    theirs = office.claim(office.second, customer=customer(3))
    shared = office.claim(office.first, customer=customer(4))
    done(office.first.post(f"/v1/claims/{shared['id']}/collaborators", {"person": other.id, "rights": "read"}))
    mine.append(office.claim(other, customer=customer(5))["id"])
    assert ids(other) == [mine[2], shared["id"], mine[1], mine[0]]
    done(act(other, mine[1], "release", reason="lost"))
    assert ids(other, state="released") == [mine[1]]
    assert ids(other, state="protected") == [mine[2], shared["id"], mine[0]]
    assert ids(office.leader) == [shared["id"], theirs["id"]]
    assert ids(other, owner=other.id) == [mine[2], mine[0]]
