"""Lists by keyset (contract section 1, "Lists")."""

from __future__ import annotations

from tests.support.answers import listed, refused
from tests.support.company import Company


def test_pages_put_together_hold_everything_once_and_newest_first(company: Company) -> None:
    made = [company.admin.made("/v1/people", {"name": f"员工{n}"})["id"] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        answer = company.admin.get("/v1/people", limit=2, **cursor).json()
        seen += [person["id"] for person in answer["items"]]
        assert len(answer["items"]) <= 2
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert seen == [*reversed(made), company.admin.id]


def test_people_entered_meanwhile_do_not_shift_the_next_page(company: Company) -> None:
    made = [company.admin.made("/v1/people", {"name": f"员工{n}"})["id"] for n in range(3)]
    first = company.admin.get("/v1/people", limit=2).json()
    company.admin.made("/v1/people", {"name": "新人"})
    rest = listed(company.admin.get("/v1/people", limit=2, cursor=first["next"]))
    assert [person["id"] for person in rest] == [made[0], company.admin.id]


def test_a_cursor_holds_for_the_same_filters_only(company: Company) -> None:
    team = company.team()
    for n in range(3):
        company.admin.made("/v1/people", {"name": f"员工{n}", "team": team})
    cursor = company.admin.get("/v1/people", limit=1, team=team).json()["next"]
    assert listed(company.admin.get("/v1/people", limit=1, team=team, cursor=cursor))
    refused(company.admin.get("/v1/people", limit=1, cursor=cursor), 422, "field_invalid", "cursor")
    refused(company.admin.get("/v1/people", limit=1, team=company.root, cursor=cursor), 422, "field_invalid", "cursor")
    refused(company.admin.get("/v1/teams", limit=1, cursor=cursor), 422, "field_invalid", "cursor")


def test_a_cursor_that_was_made_up_is_refused(company: Company) -> None:
    company.admin.made("/v1/people", {"name": "员工"})
    real = company.admin.get("/v1/people", limit=1).json()["next"]
    for forged in ("x", "AAAA", "*", real[:-4], f"{'B' if real[0] == 'A' else 'A'}{real[1:]}", "名"):
        refused(company.admin.get("/v1/people", limit=1, cursor=forged), 422, "field_invalid", "cursor")


def test_a_page_has_between_one_and_two_hundred_items(company: Company) -> None:
    for limit in ("0", "201", "-1", "many"):
        refused(company.admin.get("/v1/people", limit=limit), 422, "field_invalid", "limit")
    assert len(listed(company.admin.get("/v1/people", limit=200))) == 1
