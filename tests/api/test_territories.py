"""Territories (contract section 19: TER-02 to TER-05) as the API tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from storage import texts
from storage.codec import rfc3339
from storage.house import DatabaseHouse
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, customer, decide, done, entry, moment, notices, read, tasks


class Divided(Office):
    """An office whose first rep holds 东区; 乙 (``second``) holds nothing, 二组 (``other``) has 西区 as a team."""

    def __init__(self, company: Company, **policy: Any) -> None:
        super().__init__(company, policy={name.replace("__", ".", 1): value for name, value in policy.items()})
        self.other_team = company.team("西组")
        self.other_leader = company.leader(self.other_team, "西主管")
        self.other = company.rep("西代表", team=self.other_team)

    def other_leader_sells(self) -> Person:
        """The western leader, who sells too."""
        grant = {"role": "rep", "scope": {"kind": "own"}}
        self.company.admin.made(f"/v1/people/{self.other_leader.id}/grants", grant)
        return self.other_leader

    def plan(self, *territories: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A draft."""
        body = {"program": self.program, "territories": list(territories), **more}
        return self.company.admin.made("/v1/territories", body)

    def divide(self, *more: Mapping[str, Any]) -> str:
        """The plan in force: 华东 is the first rep's, 华西 the western team's."""
        east = territory("东区", {"person": self.first.id}, {"region": ["华东"]})
        west = territory("西区", {"team": self.other_team}, {"region": ["华西"]})
        plan = self.plan(east, west, *more)["id"]
        self.company.admin.made(f"/v1/territories/{plan}/activate")
        return str(plan)


def territory(name: str, to: Mapping[str, str], *rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "to": dict(to), "rules": list(rules), **more}


def of(number: int, **facets: str) -> dict[str, Any]:
    """A customer of whom this is known."""
    return {**customer(number), "facets": facets}


def state(person: Person, plan: str) -> str:
    return str(person.get(f"/v1/territories/{plan}").json()["state"])


def test_a_dated_plan_takes_over_at_its_instant_and_one_at_most_is_active(company: Company) -> None:
    """TER-03: draft → active → archived; until its time a plan may be moved, or called off."""
    office = Divided(company)
    first = office.divide()
    east = territory("东区", {"person": office.second.id}, {"region": ["华东"]})
    second = office.plan(east)["id"]
    assert state(company.admin, second) == "draft"
    assert office.second.get(f"/v1/territories/{second}").status_code == 404
    at = "2031-03-03T12:00:00Z"
    past = {"at": "2031-01-01T00:00:00Z"}
    refused(company.admin.post(f"/v1/territories/{second}/activate", past), 422, "date_invalid", "at")
    dated = company.admin.made(f"/v1/territories/{second}/activate", {"at": at})
    assert (dated["state"], dated["effective_at"], dated["allowed"]) == ("draft", at, ["activate", "archive"])
    assert notices(office.second) == ["territory.activated"]
    assert state(company.admin, first) == "active"
    company.shift(hours=11)
    assert [state(office.second, plan) for plan in (first, second)] == ["archived", "active"]
    refused(company.admin.post(f"/v1/territories/{second}/activate"), 409, "illegal_transition")
    third = office.plan(east)["id"]
    company.admin.made(f"/v1/territories/{third}/activate", {"at": rfc3339(company.now().replace(day=20))})
    company.admin.made(f"/v1/territories/{third}/archive")
    company.shift(days=30)
    assert [state(company.admin, plan) for plan in (second, third)] == ["active", "archived"]
    assert office.second.get(f"/v1/territories/{third}").status_code == 404
    company.admin.made(f"/v1/territories/{second}/archive")
    company.shift(seconds=1)
    assert [state(company.admin, plan) for plan in (first, second)] == ["archived", "archived"]
    found = listed(office.first.get("/v1/territories", program=office.program))
    assert [plan["version"] for plan in found] == [2, 1]  # the third never was in force


def test_open_claims_follow_the_plan_by_a_list_that_a_second_person_approves(company: Company) -> None:
    """TER-03, CLM-24: row by row, with its reason; nothing moves before, or for one who lost the customer meanwhile."""
    office = Divided(company, claim__out_of_territory="warn")
    plan = office.divide()
    path = f"/v1/territories/{plan}/transfers"
    moved, given_up, kept = (office.claim(office.second, customer=of(n, region="华东")) for n in (1, 2, 3))
    listed_claims = [{"claim": one["id"], "to": office.first.id} for one in (moved, given_up, kept)]
    body = {"claims": listed_claims, "reason": "华东归甲"}
    refused(office.second.post(path, body), 403, "not_allowed")
    wrong = {"claims": [{"claim": plan, "to": office.first.id}, {"claim": kept["id"], "to": office.second.id}]}
    answer = company.admin.post(path, {**wrong, "reason": "华东"})
    refused(answer, 422, "field_invalid", "claims.0.claim", "claims.1.to")
    draft = office.plan(territory("东区", {"person": office.first.id}, {"region": ["华东"]}))["id"]
    refused(company.admin.post(f"/v1/territories/{draft}/transfers", body), 409, "illegal_transition")
    made = company.admin.made(path, body)
    assert (made["state"], [row["state"] for row in made["claims"]]) == ("proposed", ["listed"] * 3)
    approve = f"{path}/{made['id']}/approve"
    refused(company.admin.post(approve), 409, "same_person")
    refused(office.first.post(approve), 403, "not_allowed")
    refused(office.first.get(path), 403, "not_allowed")
    assert read(office.second, moved)["owner"] == office.second.id
    done(act(office.second, given_up, "release", reason="need_unmet"))
    colleague = company.rep("丁", team=office.team)
    request = done(act(office.second, kept, "transfer", to=colleague.id))["requests"][0]
    done(decide(colleague, request))
    second_admin = company.person("二号管理员", roles=("admin",), company_wide=True)
    approved = done(second_admin.post(approve))
    assert (approved["state"], approved["approved_by"]) == ("approved", second_admin.id)
    company.ring_bells()
    (told,) = listed(company.admin.get(path))
    assert [(row["state"], row["code"]) for row in told["claims"]] == [
        ("applied", None),
        ("refused", "illegal_transition"),
        ("refused", "illegal_transition"),
    ]
    assert read(office.first, moved)["owner"] == office.first.id
    reason = entry(office.first, moved, "transferred")["data"]["text"]
    with company.database.reading() as tx:
        assert texts.read(tx, [reason]) == {reason: "华东归甲"}
    assert "claim.transferred" in notices(office.second, moved)
    assert read(colleague, kept)["owner"] == colleague.id
    again = done(second_admin.post(approve))
    assert again["claims"] == told["claims"]


def test_a_list_of_a_plan_that_was_replaced_moves_nobody(company: Company) -> None:
    """TER-03: it was made for a division that is over; a list that was approved in time is answered as before."""
    office = Divided(company, claim__out_of_territory="warn")
    path = f"/v1/territories/{office.divide()}/transfers"
    in_time, late = (office.claim(office.second, customer=of(n, region="华东")) for n in (41, 42))
    lists = [
        company.admin.made(path, {"claims": [{"claim": one["id"], "to": office.first.id}], "reason": "华东归甲"})
        for one in (in_time, late)
    ]
    second_admin = company.person("接任管理员", roles=("admin",), company_wide=True)
    approve = [f"{path}/{one['id']}/approve" for one in lists]
    done(second_admin.post(approve[0]))
    following = office.plan(territory("东区", {"person": office.second.id}, {"region": ["华东"]}))["id"]
    company.admin.made(f"/v1/territories/{following}/activate")
    refused(second_admin.post(approve[1]), 409, "illegal_transition")
    assert done(second_admin.post(approve[0]))["state"] == "approved"
    company.ring_bells()
    assert (read(office.first, in_time)["owner"], read(office.second, late)["owner"]) == (
        office.first.id,
        office.second.id,
    )


def test_a_list_that_waits_is_told_of_and_may_be_refused_or_withdrawn(company: Company) -> None:
    """TER-03: by people other than its author, or by the author; it then moves nobody, and is nobody's task."""
    office = Divided(company, claim__out_of_territory="warn")
    path = f"/v1/territories/{office.divide()}/transfers"
    claim = office.claim(office.second, customer=of(44, region="华东"))
    body = {"claims": [{"claim": claim["id"], "to": office.first.id}], "reason": "华东归甲"}
    other = company.person("另一管理员", roles=("admin",), company_wide=True)
    manager = office.manager()
    first, second, third = (company.admin.made(path, body)["id"] for _ in range(3))
    assert [kind for kind, _ in tasks(manager) if kind == "territory_transfer"] == ["territory_transfer"] * 3
    assert "territory.transfers_asked" in notices(other)
    for unasked in (company.admin, office.leader, office.first):
        assert "territory_transfer" not in [kind for kind, _ in tasks(unasked)]
    refused(company.admin.post(f"{path}/{first}/refuse", {"reason": "不同意"}), 409, "same_person")
    refused(office.leader.post(f"{path}/{first}/refuse", {"reason": "不同意"}), 403, "not_allowed")
    refused(manager.post(f"{path}/{first}/refuse", {"reason": " "}), 422, "reason_required", "reason")
    refused(other.post(f"{path}/{second}/withdraw"), 403, "not_allowed")
    for again in (1, 2):
        found = manager.made(f"{path}/{first}/refuse", {"reason": f"客户不同意换人，第{again}次"})
        assert (found["state"], found["ended_by"]) == ("refused", manager.id)
        assert found["ended_reason"] == "客户不同意换人，第1次"
        assert company.admin.made(f"{path}/{second}/withdraw")["state"] == "withdrawn"
    assert notices(company.admin).count("territory.transfers_refused") == 1
    for answer in (
        other.post(f"{path}/{first}/approve"),
        other.post(f"{path}/{second}/approve"),
        other.post(f"{path}/{second}/refuse", {"reason": "不同意"}),
        company.admin.post(f"{path}/{first}/withdraw"),
    ):
        refused(answer, 409, "illegal_transition")
    assert done(other.post(f"{path}/{third}/approve"))["state"] == "approved"
    refused(manager.post(f"{path}/{third}/refuse", {"reason": "不同意"}), 409, "illegal_transition")
    assert "territory_transfer" not in [kind for kind, _ in tasks(manager)]
    company.ring_bells()
    assert read(office.first, claim)["owner"] == office.first.id


def test_why_a_list_was_made_goes_with_its_customers(company: Company) -> None:
    """AUD-05: whoever is named in it is not told of after the erasure; of a list with others left, they keep it."""
    office = Divided(company, claim__out_of_territory="warn")
    path = f"/v1/territories/{office.divide()}/transfers"
    gone, left = (office.claim(office.second, customer=of(n, region="华东")) for n in (51, 52))
    for listed_claims in ([gone], [gone, left]):
        claims = [{"claim": one["id"], "to": office.first.id} for one in listed_claims]
        made = company.admin.made(path, {"claims": claims, "reason": "王小明归甲"})
        assert made["reason"] == "王小明归甲"
    done(act(office.second, gone, "release", reason="need_unmet"))
    company.admin.made(f"/v1/customers/{gone['customer']['id']}/erase", {"reason": "依法删除"})
    both, alone = listed(company.admin.get(path))
    assert (alone["reason"], both["reason"]) == (None, "王小明归甲")


def test_before_activation_overlaps_gaps_and_claims_that_would_fall_elsewhere_are_counted(company: Company) -> None:
    """TER-03: an overlap needs a reason, a gap only warns, an open claim keeps its owner."""
    office = Divided(company)
    mine = office.claim(office.first, customer=of(1, region="华东"))
    theirs = office.claim(office.second, customer=of(2, region="华东", size="large"))
    office.claim(office.second, customer=of(3, region="华北"))
    office.claim(office.second, customer=of(4))
    named = office.claim(office.second, customer=of(5, region="华东"))
    west = territory("西区", {"team": office.other_team}, {"size": ["Large"]}, accounts=[named["customer"]["id"]])
    plan = office.plan(territory("东区", {"person": office.first.id}, {"region": ["华东"]}), west)["id"]
    path = f"/v1/territories/{plan}"
    seen = company.admin.get(f"{path}/preview").json()
    when = {"region": ["华东"], "size": ["large"]}
    assert seen["overlaps"] == [{"territories": ["东区", "西区"], "account": None, "when": when, "customers": 1}]
    assert seen["gaps"]["customers"] == 2
    assert [(gap["facets"]["region"], gap["customers"]) for gap in seen["gaps"]["items"]] == [("华北", 1), (None, 1)]
    elsewhere = sorted((theirs["id"], named["id"]))
    assert (seen["claims"]["count"], [one["claim"] for one in seen["claims"]["items"]]) == (2, elsewhere)
    assert {one["claim"]: one["territory"] for one in seen["claims"]["items"]} == {
        theirs["id"]: "东区",
        named["id"]: "西区",
    }
    problem = refused(company.admin.post(f"{path}/activate"), 409, "territory_overlap")
    assert problem["facts"]["overlaps"] == [{"territories": ["东区", "西区"], "account": None, "when": when}]
    wrong = [{"territories": ["东区", "中区"], "reason": "不重叠"}]
    refused(company.admin.post(f"{path}/activate", {"waived": wrong}), 422, "field_invalid", "waived.0.territories")
    waived = [{"territories": ["西区", "东区"], "reason": "大客户双线跟进，以东区为准"}]
    active = company.admin.made(f"{path}/activate", {"waived": waived})
    assert active["state"] == "active"
    assert active["waived"] == [
        {"territories": ["东区", "西区"], "by": company.admin.id, "reason": "大客户双线跟进，以东区为准"}
    ]
    for claim, owner in ((mine, office.first), (theirs, office.second), (named, office.second)):
        assert owner.get(f"/v1/claims/{claim['id']}").json()["owner"] == owner.id


def test_a_plan_names_only_what_there_is(company: Company) -> None:
    """TER-02: names once, one holder each, who is here; known customers."""
    office = Divided(company)
    left = company.rep("走")
    company.admin.made(f"/v1/people/{left.id}/leave")
    nobody = "00000000-0000-4000-8000-000000000000"
    good = territory("甲", {"person": office.first.id})
    for bad, status, code, field in (
        ([good, good], 422, "field_invalid", "territories.1.name"),
        ([territory("甲", {})], 422, "field_invalid", "territories.0.to"),
        ([territory("甲", {"person": office.first.id, "team": office.team})], 422, "field_invalid", "territories.0.to"),
        ([territory("甲", {"person": left.id})], 422, "person_inactive", "territories.0.to.person"),
        ([territory("甲", {"team": nobody})], 422, "field_invalid", "territories.0.to.team"),
        ([{**good, "accounts": [nobody]}], 422, "field_invalid", "territories.0.accounts.0"),
    ):
        refused(
            company.admin.post("/v1/territories", {"program": office.program, "territories": bad}), status, code, field
        )
    plan = office.plan(territory("甲", {"person": office.second.id}))["id"]
    company.admin.made(f"/v1/people/{office.second.id}/leave")
    answer = company.admin.post(f"/v1/territories/{plan}/activate")
    refused(answer, 422, "person_inactive", "territories.0.to.person")


def test_what_divides_customers_is_kept_with_their_record(company: Company) -> None:
    """TER-02: given when the record is made, changed by who keeps the base, gone with erasure (AUD-05)."""
    office = Divided(company)
    claim = office.claim(office.first, customer=of(1, region="华东", size="large"))
    path = f"/v1/customers/{claim['customer']['id']}"
    record = company.admin.get(path).json()
    assert {name: word for name, word in record["facets"].items() if word} == {"region": "华东", "size": "large"}
    changed = done(company.admin.patch(path, {"version": record["version"], "facets": {"market": "公立"}}))
    assert {name: word for name, word in changed["facets"].items() if word} == {"market": "公立"}
    done(office.first.post(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet"}))
    erased = done(company.admin.post(f"{path}/erase", {"reason": "客户要求"}))
    assert not any(erased["facets"].values())


def test_a_division_is_reviewed_in_time_or_oversight_hears_of_it(company: Company) -> None:
    """TER-04: a task with its figures, ended by keeping or by a draft; overdue it is raised once and stays in force."""
    told = {"claim__out_of_territory": "warn", "dispute__auto_settle": False}
    office = Divided(company, territory__review_days=90, **told)
    house = DatabaseHouse(company.database, company.snapshots, company.settings.data)
    watch = company.person("监督")
    version = company.admin.get(f"/v1/programs/{office.program}").json()["version"]
    done(company.admin.patch(f"/v1/programs/{office.program}", {"version": version, "oversight": [watch.id]}))
    older = office.plan(territory("东区", {"person": office.second.id}))["id"]
    plan = office.divide()
    path = f"/v1/territories/{plan}"
    won = office.claim(office.first, customer=of(1, region="华东"))
    deal = {"amount": {"amount_minor": 100, "currency": "CNY"}, "contract_at": "2031-03-03T02:00:00Z"}
    done(office.first.post(f"/v1/claims/{won['id']}/win", deal))
    office.claim(office.second, customer=of(2, region="华东"))
    refused_one = office.claim(office.other, customer=of(2))
    opening = {"claim": refused_one["id"], "grounds": "refused_report", "statement": "我先接触"}
    case = office.other.made("/v1/disputes", opening)["id"]
    office.claim(office.other, customer=of(3))
    seen = company.admin.get(f"{path}/review").json()
    figures = {one["name"]: one for one in seen["territories"]}
    assert [figures["东区"][name] for name in ("claims", "deals", "disputes", "people")] == [2, 1, 1, 1]
    assert [figures["西区"][name] for name in ("claims", "deals", "disputes", "people")] == [0, 0, 0, 2]
    assert figures["东区"]["load_points"] == office.leader.get(f"/v1/people/{office.first.id}/load").json()["points"]
    assert (seen["overdue"], seen["gaps"]["customers"], seen["claims"]["count"]) == (False, 1, 1)
    assert [(t["kind"], t["due"]) for t in _reviews(company.admin)] == [("territory_review", seen["review_by"])]
    done(watch.post(f"/v1/disputes/{case}/dismiss", {"reason": "没有依据"}))
    assert [one["disputes"] for one in company.admin.get(f"{path}/review").json()["territories"]] == [0, 0]
    house.territory_reviews()
    assert notices(watch) == []
    company.shift(days=91)
    for _ in range(2):
        house.territory_reviews()
    assert notices(watch) == ["territory.review_overdue"]
    assert (state(watch, plan), company.admin.get(f"{path}/review").json()["overdue"]) == ("active", True)
    kept = company.admin.made(f"{path}/review", {"reason": "划分合适"})
    assert moment(kept["review_by"]) > company.now() + timedelta(days=89)
    assert [t["due"] for t in _reviews(company.admin)] == [kept["review_by"]]
    other = office.plan(territory("东区", {"person": office.second.id}, {"region": ["华东"]}))["id"]
    for wrong in (plan, older):
        refused(company.admin.post(f"{path}/review", {"draft": wrong, "reason": "重划"}), 422, "field_invalid", "draft")
    company.shift(days=1)
    redrafted = company.admin.made(f"{path}/review", {"draft": other, "reason": "重划"})
    assert moment(redrafted["review_by"]) > moment(kept["review_by"])
    refused(company.admin.post(f"/v1/territories/{other}/review", {"reason": "早"}), 409, "illegal_transition")
    company.admin.made(f"/v1/territories/{other}/activate")
    company.shift(seconds=1)
    house.territory_reviews()
    assert [t["subject"]["id"] for t in _reviews(company.admin)] == [other]
    company.admin.made(f"/v1/territories/{other}/archive")
    assert _reviews(company.admin) == []


def _reviews(person: Person) -> list[dict[str, Any]]:
    return [task for task in listed(person.get("/v1/me/tasks")) if task["kind"] == "territory_review"]
