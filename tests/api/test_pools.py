"""Pools and taking (contract section 11: POOL-01 to POOL-11)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import class_levels
from storage import tables as t
from storage.house import DatabaseHouse
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import NOTE, Office, act, clocks, customer, done, moment, moves, notices, read, tasks, work


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


def test_of_many_takers_at_once_one_succeeds_and_nobody_else_uses_anything(company: Company) -> None:
    """POOL-03, POOL-06: the others get `already_taken`, and have their one take of the day still."""
    office = Pooled(company, policy={"pool.daily_takes": 1})
    entry = office.pooled(1)
    takers = [office.second, *(company.rep(f"销售{n}", team=office.team) for n in range(4))]
    path = f"/v1/pools/{office.pool}/customers/{entry}/take"
    answers = company.together(
        *(company.acall("POST", path, token=one.token, key=str(uuid.uuid4()), json={}) for one in takers)
    )
    codes = [answer.json().get("code") for answer in answers]
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]
    assert codes.count("already_taken") == 4
    lost = next(one for one, code in zip(takers, codes, strict=True) if code is not None)
    assert office.take(lost, office.pooled(2)).status_code == 201


def test_two_takes_of_one_person_at_once_do_not_pass_the_limit_together(company: Company) -> None:
    """POOL-06: counted under a lock on the person, over all programs; giving back returns nothing."""
    office = Pooled(company, policy={"pool.daily_takes": 1})
    entries = [office.pooled(number) for number in range(3)]
    answers = company.together(
        *(
            company.acall(
                "POST",
                f"/v1/pools/{office.pool}/customers/{entry}/take",
                token=office.second.token,
                key=str(uuid.uuid4()),
                json={},
            )
            for entry in entries
        )
    )
    assert sorted(a.status_code for a in answers) == [201, 429, 429]
    problem = next(a.json() for a in answers if a.status_code == 429)
    facts = problem["facts"]
    assert (problem["code"], problem["rule"], facts["cap"], facts["count"]) == ("daily_limit", "POOL-06", 1, 1)
    # Monday in Shanghai ends at 16:00 UTC.
    assert facts["until"] == "2031-03-03T16:00:00Z"
    taken = next(a.json() for a in answers if a.status_code == 201)
    done(act(office.second, taken, "release", reason="need_unmet"))
    for entry in entries:
        refused(office.take(office.second, entry), 429, "daily_limit")
    # A report of a pooled customer is a take by another way; an assignment is none.
    refused(office.report(office.second, customer=customer(0)), 429, "daily_limit")
    assigned = company.admin.post(
        f"/v1/pools/{office.pool}/customers/{entries[0]}/assign", {"to": office.second.id, "reason": "老客户"}
    )
    assert (assigned.status_code, assigned.json()["owner"]) == (201, office.second.id)
    company.at("2031-03-03T16:00:00Z")
    assert office.claim(office.second, customer=customer(1))["state"] == "protected"
    refused(office.take(office.second, entries[2]), 429, "daily_limit")


def test_a_pool_opens_at_its_hours_and_a_new_customer_rests(company: Company) -> None:
    """POOL-04, POOL-09: `window_closed` with the next opening, then `cooling_off`; reports meet the same."""
    office = Pooled(company, policy={"pool.windows": ["14:00-16:00"], "pool.cool_off_h": 5})
    entry = office.pooled(1)  # at 10:00 in Shanghai
    shown = office.entries()[0]
    assert moment(shown["takeable_from"]) - moment(shown["entered_at"]) == timedelta(hours=5)
    pool = office.second.get(f"/v1/pools/{office.pool}").json()
    assert (pool["open_now"], pool["opens_at"], pool["may_take"]) == (False, "2031-03-03T06:00:00Z", True)
    for answer in (office.take(office.second, entry), office.report(office.second, customer=customer(1))):
        problem = refused(answer, 409, "window_closed")
        assert problem["facts"] == {"until": "2031-03-03T06:00:00Z"}
    company.at("2031-03-03T06:00:00Z")
    for answer in (office.take(office.second, entry), office.report(office.second, customer=customer(1))):
        problem = refused(answer, 409, "cooling_off")
        assert problem["facts"] == {"until": shown["takeable_from"]}
    company.at("2031-03-03T08:00:00Z")
    refused(office.take(office.second, entry), 409, "window_closed")
    # A pool's own hours go before those of the policy; weekdays are counted where the program is.
    version = pool["version"]
    own = {"version": version, "windows": [{"weekdays": [1], "hours": "17:00-18:00"}]}
    changed = company.admin.patch(f"/v1/pools/{office.pool}", own)
    assert (changed.status_code, changed.json()["opens_at"]) == (200, "2031-03-03T09:00:00Z")
    company.at("2031-03-03T09:30:00Z")
    assert office.take(office.second, entry).status_code == 201


def test_who_holds_or_works_as_much_as_allowed_takes_no_more(company: Company) -> None:
    """POOL-07, POOL-11, CLM-25, CLM-26: the former owner's wait, then holding cap, overload, cap on open claims."""
    policy = {"pool.holding_cap": 2, "claim.cap_person": 2, "claim.reclaim_wait_h": {"person": 1, "company": 1}}
    office = Pooled(company, policy=policy | {"pool.daily_takes": 1})
    entries = [office.pooled(number) for number in range(3)]
    problem = refused(office.take(office.first, entries[0]), 409, "reclaim_wait")
    assert moment(problem["facts"]["until"]) > company.now()
    office.claim(office.second, customer=customer(10))
    office.claim(office.second, customer=customer(11))
    for answer in (office.take(office.second, entries[0]), office.report(office.second, customer=customer(0))):
        problem = refused(answer, 409, "holding_cap")
        assert (problem["rule"], problem["facts"]) == ("POOL-07", {"cap": 2, "count": 2})
    path = f"/v1/pools/{office.pool}/customers/{entries[0]}/assign"
    refused(company.admin.post(path, {"to": office.second.id, "reason": "试试"}), 409, "holding_cap")
    elsewhere = {"pool.holding_cap": 0, "claim.cap_person": 2, "load.weights": {"protected": 200}}
    office.program = company.program("忙", policy=elsewhere)
    office.pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    other = office.pooled(20)
    problem = refused(office.take(office.second, other), 409, "overloaded")
    assert problem["facts"] == {"points": 400, "capacity": 400}
    told = [one for one in listed(office.leader.get("/v1/me/notices")) if one["kind"] == "alarm.load"]
    assert [one["text"]["zh"].endswith("目前有余力的有甲（规则 POOL-11）。") for one in told] == [True]
    refused(office.report(office.second, customer=customer(20)), 409, "overloaded")
    assert notices(office.leader).count("alarm.load") == 1  # once a day
    company.shift(hours=25)
    refused(office.report(office.second, customer=customer(20)), 409, "overloaded")
    assert notices(office.leader).count("alarm.load") == 2
    load = office.leader.get(f"/v1/people/{office.second.id}/load").json()
    assert (load["held"], load["points"], load["capacity_points"], load["takes_today"]) == (2, 2, 400, 0)
    assert next(p for p in load["parts"] if p["kind"] == "protected") == {"kind": "protected", "count": 2, "points": 2}
    office.program = company.program("满", policy={"pool.holding_cap": 0, "claim.cap_person": 2})
    office.pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    problem = refused(office.take(office.second, office.pooled(21)), 409, "claim_cap")
    assert (problem["facts"]["cap"], problem["facts"]["count"]) == (2, 2)


def test_a_refused_report_keeps_nothing_of_what_it_said(company: Company) -> None:
    """POOL-11, CLM-33: the supervisor hears of it; what it told of a project nobody has is not known for that."""
    policy = {"claim.subject": "project", "claim.first_follow_up_wh": 0, "load.weights": {"protected": 200}}
    office = Pooled(company, policy=policy)
    buyer = {"kind": "company", "name": "甲子建设有限公司", "company_code": "91350100M000100Y43"}
    first = office.claim(office.first, customer=buyer, project={"name": "一期弱电工程"})
    done(act(office.first, first, "release", reason="need_unmet"))
    for name in ("二期", "三期"):
        office.claim(office.second, customer=buyer, project={"name": name})
    known = {"name": "一期弱电工程", "tender_number": "T-9", "award_date": "2026-03-02"}
    before = _rows(company)
    refused(office.report(office.second, customer=buyer, project=known), 409, "overloaded")
    after = _rows(company)
    told = {"notice", "refusal", "idempotency"}  # the supervisor's, and what is kept of every refusal
    assert {name for name in before if before[name] != after[name]} == told
    # Whoever has room tells it by their report.
    other = office.claim(office.outsider(), customer=buyer, project=known)
    assert (other["state"], other["project"]["tender_number"]) == ("protected", "T-9")
    assert other["project"]["award_date"] == "2026-03-02"


def _rows(company: Company) -> dict[str, list[str]]:
    """All that is stored, by table."""
    with company.database.reading() as tx:
        return {name: sorted(map(repr, tx.rows(sa.select(table)))) for name, table in t.metadata.tables.items()}


def test_admins_of_a_pool_lock_restrict_move_and_add(company: Company) -> None:
    """POOL-01, POOL-02, POOL-05, POOL-08: per-row results; others are `restricted`, whoever is outside `not_member`."""
    office = Pooled(company)
    entries = [office.pooled(1), office.pooled(2, level="VIP")]
    unknown = str(uuid.uuid4())
    rows = office.admin_act("lock", entries[0], unknown)
    assert [(r["ok"], r["code"]) for r in rows] == [(True, None), (False, "not_found")]
    assert rows[0]["entry"]["locked"] is True
    assert refused(office.take(office.second, entries[0]), 403, "restricted")["facts"] == {"locked": True}
    office.admin_act("unlock", entries[0])
    office.admin_act("restrict", entries[0], people=[office.first.id])
    refused(office.take(office.second, entries[0]), 403, "restricted")
    assert [e["may_take"] for e in office.entries() if e["id"] == entries[0]] == [False]
    inner = company.admin.made(
        "/v1/pools",
        {
            "program": office.program,
            "name": "大客户",
            "members": [{"person": office.second.id}, {"person": office.first.id}],
            "rule": {"levels": ["VIP"]},
            "priority": {"levels": ["VIP"], "people": [office.first.id]},
        },
    )
    office.admin_act("move", entries[1], to=inner["id"])
    assert [e["id"] for e in office.entries(pool=inner["id"])] == [entries[1]]
    problem = refused(office.take(office.second, entries[1], pool=inner["id"]), 403, "restricted")
    assert moment(problem["facts"]["until"]) > company.now()
    outsider = office.outsider()
    refused(office.take(outsider, entries[1], pool=inner["id"]), 403, "not_member")
    refused(outsider.get(f"/v1/pools/{inner['id']}/customers"), 403, "not_member")
    company.shift(minutes=31)
    assert office.take(office.second, entries[1], pool=inner["id"]).status_code == 201
    # By its rule the pool is where a released customer of that level comes to.
    released = office.claim(office.first, customer={**customer(3), "level": "VIP"})
    done(act(office.first, released, "release", reason="need_unmet"))
    assert [e["high"] for e in office.entries(pool=inner["id"])] == [True]
    fresh = company.admin.made("/v1/customers", customer(4))["id"]
    held = office.claim(office.first, customer=customer(5))["customer"]["id"]
    rows = office.admin_act("add", fresh, held, fresh)
    assert [(r["ok"], r["code"]) for r in rows] == [(True, None), (False, "already_taken"), (True, None)]
    assert office.take(office.second, rows[0]["customer"]).status_code == 201


def test_a_pool_ranks_its_customers_page_by_page(company: Company) -> None:
    """POOL-05: `pool.priority_order`: level, then what is expected, then one's own regions, then the latest first."""
    office = Pooled(company)
    east = {"facets": {"region": " East"}}
    told: list[dict[str, Any]] = [east, {}, {}, {"level": "C"}, {"level": "VIP"}]
    entries = []
    for number, given in enumerate(told):
        claim = office.claim(
            office.first,
            customer={**customer(40 + number), **given},
            expected_amount={"amount_minor": 500, "currency": "CNY"} if number == 2 else None,
        )
        done(act(office.first, claim, "release", reason="need_unmet"))
        with company.database.reading() as tx:
            entries.append(tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim["id"])).scalar())
    profile = f"/v1/people/{office.second.id}/profile"
    done(office.second.patch(profile, {"version": 1, "regions": ["east"]}))
    by_rank = [entries[n] for n in (4, 3, 2, 0, 1)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = office.second.get(f"/v1/pools/{office.pool}/customers", limit="2", **cursor).json()
        seen += [entry["id"] for entry in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == by_rank
    # Whoever works in no region sees the last two by their time.
    assert [e["id"] for e in office.entries(office.first)] == [entries[n] for n in (4, 3, 2, 1, 0)]


def test_customers_are_kept_for_the_skilled_and_come_by_region(company: Company) -> None:
    """POOL-02, POOL-08, PPL-04: a skill at its level admits; a region brings a customer to its pool."""
    office = Pooled(company)
    inner = company.admin.made("/v1/pools", {"program": office.program, "name": "东区", "rule": {"regions": ["EAST "]}})
    assert inner["rule"] == {"levels": [], "sources": [], "regions": ["EAST "]}
    office.claim(office.first, customer={**customer(51), "facets": {"region": "east"}})
    claim = office.claim(office.first, customer={**customer(52), "facets": {"region": "east"}})
    done(act(office.first, claim, "release", reason="need_unmet"))
    assert len(office.entries(pool=inner["id"])) == 1
    entry = office.pooled(53)
    office.admin_act("restrict", entry, skills=[{"skill": "谈判", "level": 3}])
    profile = f"/v1/people/{office.second.id}/profile"
    done(office.second.patch(profile, {"version": 1, "skills": {"谈判": 2}}))
    assert office.entries()[0]["may_take"] is False
    refused(office.take(office.second, entry), 403, "restricted")
    done(office.second.patch(profile, {"version": 2, "skills": {"谈判": 3}}))
    assert office.entries()[0]["may_take"] is True
    assert office.take(office.second, entry).status_code == 201


def test_an_admin_assigns_several_customers_at_once(company: Company) -> None:
    """POOL-01: each row is received or refused at once, and decided as a command of its own."""
    office = Pooled(company, policy={"pool.holding_cap": 1})
    first, second, unknown = office.pooled(61), office.pooled(62), str(uuid.uuid4())
    body = {"customers": [second, unknown, first], "to": office.second.id, "reason": "老客户"}
    rows = done(company.admin.post(f"/v1/pools/{office.pool}/assign", body))["rows"]
    assert [(r["customer"], r["ok"], r["code"]) for r in rows] == [
        (second, True, None),
        (unknown, False, "not_found"),
        (first, True, None),
    ]
    company.ring_bells()
    told = [done(company.admin.get(f"/v1/commands/{row['command']}")) for row in rows if row["ok"]]
    # In the order of their ids: the cap leaves room for one.
    assert sorted(one["state"] for one in told) == ["applied", "refused"]
    owned = [
        row["claim"] for row in rows if row["ok"] and company.admin.get(f"/v1/claims/{row['claim']}").status_code == 200
    ]
    assert [read(office.second, {"id": claim})["owner"] for claim in owned] == [office.second.id]
    refused(office.first.post(f"/v1/pools/{office.pool}/assign", body), 403, "not_allowed")


def test_a_high_ranked_customer_nobody_took_is_sent_to_whoever_fits_best(company: Company, tmp_path: Path) -> None:
    """POOL-05, LEAD-05, POOL-08: `pool.unclaimed_h` after it could be taken, once, and to nobody it is kept from."""
    office = Pooled(company, policy={"pool.unclaimed_h": 24})
    path = f"/v1/pools/{office.pool}"
    version = company.admin.get(path).json()["version"]
    high = {"levels": ["VIP"], "people": [office.first.id]}
    done(company.admin.patch(path, {"version": version, "priority": high, "admins": [office.leader.id]}))
    plain = office.pooled(72)
    entry = office.pooled(71, level="VIP")
    office.admin_act("restrict", entry, people=[office.first.id])
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)

    def sent() -> list[dict[str, Any]]:
        house.unclaimed()
        company.ring_bells()
        return listed(company.admin.get("/v1/leads", program=office.program))

    company.advance(hours=23)
    assert sent() == []
    company.advance(hours=1)
    (lead,) = sent()
    assert (lead["source"], lead["sender"], lead["receiver"]) == ("pool_unclaimed", office.leader.id, office.first.id)
    assert [offer["way"] for offer in lead["offers"]] == ["dispatch"]
    assert [one["id"] for one in sent()] == [lead["id"]]
    back = f"/v1/leads/{lead['id']}"
    done(office.first.post(f"{back}/return", {"reason": "no_need"}))
    done(office.leader.post(f"{back}/close", {"reason": "仍留在公海"}))
    assert [one["id"] for one in sent()] == [lead["id"]]
    assert office.take(office.first, entry).status_code == 201
    assert [one["id"] for one in office.entries()] == [plain]


def test_a_lead_on_a_restricted_customer_goes_to_who_may_have_them_and_to_nobody_else(company: Company) -> None:
    """POOL-08, LEAD-03 to LEAD-06: in turn past the others, who keep theirs; by name, by acceptance and by silence as
    well; nobody is left: the customer stays in the pool, kept as they were.
    """
    office = Pooled(company, policy={"lead.accept_oh": 8})
    entry = office.pooled(1)
    office.admin_act("restrict", entry, people=[office.second.id])
    sender = company.person("丙", team=office.team, roles=("marketing",))

    def send(number: int, **more: Any) -> Any:
        body = {"program": office.program, "source": "展会", "customer": customer(number), **more}
        return sender.post("/v1/leads", body)

    def done_with(lead: dict[str, Any], reason: str) -> None:
        done(office.leader.post(f"/v1/leads/{lead['id']}/close", {"reason": reason}))

    refused(send(1, person=office.first.id), 403, "restricted")
    lead = done(send(1))
    path = f"/v1/leads/{lead['id']}"
    assert lead["receiver"] == office.second.id
    assert lead["offers"][0]["skipped"] == [{"person": office.first.id, "reason": "restricted"}]
    advice = done(office.leader.get(f"{path}/recommendation"))
    assert {"person": office.first.id, "reason": "restricted"} in advice["left_out"]
    refused(office.leader.post(f"{path}/assign", {"person": office.first.id}), 403, "restricted")
    assert [done(send(number))["receiver"] for number in (2, 3)] == [office.first.id, office.second.id]
    office.admin_act("restrict", entry, people=[sender.id])
    refused(office.second.post(f"{path}/accept"), 403, "restricted")
    done(office.second.post(f"{path}/contact", {"kind": "call", "note": "已联系，下周再谈"}))
    company.advance(days=2)
    assert done(sender.get(path))["state"] == "escalated"
    done_with(lead, "仅限专人")
    assert done(send(1))["state"] == "pooled"
    (kept,) = office.entries()
    assert (kept["id"], kept["restricted"], kept["may_take"]) == (entry, True, False)


def test_a_restricted_customer_nobody_is_on_duty_for_is_a_task(company: Company, tmp_path: Path) -> None:
    """POOL-08: `pool.restricted_wait_wh`; closed once somebody is back, or the customer is free to others."""
    office = Pooled(company)
    path = f"/v1/pools/{office.pool}"
    version = company.admin.get(path).json()["version"]
    done(company.admin.patch(path, {"version": version, "admins": [office.leader.id]}))
    entry, free = office.pooled(81), office.pooled(82)
    office.admin_act("restrict", entry, people=[office.second.id])
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)
    # Two that overlap are one time away: neither covers the whole wait.
    for begins, ends in ((12, 30), (28, 9 * 24)):
        start, end = ((company.now() + timedelta(hours=hours)).isoformat() for hours in (begins, ends))
        company.admin.made(f"/v1/people/{office.second.id}/absences", {"from": start, "to": end})

    def asked() -> list[tuple[str, str]]:
        house.restricted_waits()
        return [task for task in tasks(office.leader) if task[0] == "pool_restricted"]

    company.shift(hours=30)
    assert asked() == []
    company.shift(hours=14)
    assert asked() == asked() == [("pool_restricted", entry)]
    late = office.pooled(83)
    office.admin_act("restrict", late, people=[office.second.id])
    assert asked() == [("pool_restricted", entry)]
    office.admin_act("restrict", late)
    assert [one["id"] for one in office.entries()] == [late, free, entry]
    office.admin_act("restrict", entry, people=[office.second.id, office.first.id])
    assert asked() == []
    office.admin_act("restrict", entry, people=[office.second.id])
    assert asked() == [("pool_restricted", entry)]
    company.shift(days=8)
    assert asked() == []


def test_a_pooled_customer_shows_its_past_but_neither_name_nor_contacts(company: Company) -> None:
    """POOL-10, POOL-02: hidden fields, shortened name, work counts; opening details is counted per day."""
    office = Pooled(company, policy={"pool.daily_views": 2, "pool.hidden_fields": ["phone"]})
    claim = office.claim(office.first, customer={**customer(1), "email": "xm@example.com"})
    work(office.first, claim)
    done(act(office.first, claim, "release", reason="need_unmet"))
    entry = office.entries()[0]
    shown = entry["customer"]
    assert (shown["name"], shown["phone"], shown["email"]) == ("王*", None, "x***@example.com")
    path = f"/v1/pools/{office.pool}/customers/{entry['id']}"
    details = office.second.get(path).json()
    assert [(h["owner"], h["end"], h["follow_ups"]) for h in details["history"]] == [(office.first.id, "released", 1)]
    assert (details["claims"], details["follow_ups"], details["customer"]) == (1, 1, shown)
    assert office.second.get(path).status_code == 200
    problem = refused(office.second.get(path), 429, "view_limit")
    assert (problem["facts"]["cap"], problem["facts"]["until"]) == (2, "2031-03-03T16:00:00Z")
    assert office.first.get(path).status_code == 200
    company.at("2031-03-03T16:00:01Z")
    assert office.second.get(path).status_code == 200


def test_a_take_stored_while_the_engine_is_away_is_decided_by_whatever_drains_first(company: Company) -> None:
    """POOL-03, AUD-07: 202 without receipt and name; the first received one wins, whose drain it may be."""
    office = Pooled(company)
    entry = office.pooled(1)
    company.direct.down = True
    waiting = office.take(office.second, entry, key="first")
    assert (waiting.status_code, waiting.json()["receipt"], waiting.json()["customer"]["name"]) == (202, 0, "王*")
    company.direct.down = False
    refused(office.take(office.first, entry), 409, "already_taken")
    company.ring_bells()
    answer = office.take(office.second, entry, key="first")
    assert (answer.status_code, answer.json()["state"]) == (201, "protected")
    assert answer.json()["id"] == waiting.json()["id"]


def test_a_customer_who_came_and_went_while_the_engine_was_away_is_reported_by_the_next(company: Company) -> None:
    """POOL-03, CLM-19: nothing is decided yet, and all of it counts: reported, lapsed, in the pool, reported again."""
    office = Pooled(company, policy={"claim.first_follow_up_wh": "PT1H"})
    company.direct.down = True
    assert office.report(office.first, customer=customer(1)).status_code == 202
    company.shift(days=7)
    answer = office.report(office.second, customer=customer(1))
    assert answer.status_code == 202, answer.text
    company.direct.down = False
    company.ring_bells()
    company.direct.drain(answer.json()["id"])
    assert read(office.second, answer.json()["id"])["state"] == "protected"


def test_a_report_that_moves_up_at_a_deadline_takes_no_more_than_its_reporter_may(company: Company) -> None:
    """CLM-05, POOL-03, POOL-06: nobody's command decides it, and the take counts like any other."""
    office = Pooled(
        company,
        policy={"pool.daily_takes": 1, "claim.correction_wh": "PT1H"},
    )
    entries = [office.pooled(number) for number in range(2)]
    company.company_policy(claim__judgement_mode="manual")
    back = done(office.report(office.first, customer=customer(0)))
    done(act(office.leader, back, "send_back", reason="请补充需求"))
    company.company_policy(claim__judgement_mode="auto")
    behind = done(office.report(office.second, customer=customer(0)))
    assert behind["state"] == "reported"
    assert office.take(office.second, entries[1]).status_code == 201
    company.advance(hours=2)
    refused_late = read(office.second, behind)
    assert (refused_late["state"], refused_late["reason"]) == ("rejected", "daily_limit")


def test_where_admins_give_customers_away_nobody_need_be_able_to_take_them(company: Company, tmp_path: Path) -> None:
    """POOL-08: a restricted customer in a pool open to admins only is looked after while somebody may be given them."""
    office = Pooled(company)
    path = f"/v1/pools/{office.pool}"
    version = company.admin.get(path).json()["version"]
    entry = office.pooled(81)
    body = {"version": version, "admins": [office.leader.id], "open_to": "admins"}
    done(company.admin.patch(path, body))
    office.admin_act("restrict", entry, people=[office.second.id])
    company.shift(hours=90)
    DatabaseHouse(company.database, company.snapshots, tmp_path).restricted_waits()
    assert [task for task in tasks(office.leader) if task[0] == "pool_restricted"] == []


def test_a_visit_that_is_only_told_takes_as_any_report_does(company: Company) -> None:
    """POOL-03, POOL-06, POOL-08, shape visit_deal: what a take meets is met at the report and again at the visit."""
    office = Pooled(company, policy={"claim.protection_shape": "visit_deal", "pool.daily_takes": 1})
    entries = []
    for number in (1, 2, 3):
        work(office.first, claim := office.claim(office.first, customer=customer(number)), "visit")
        done(act(office.first, claim, "release", reason="need_unmet"))
        entries.append(office.entries()[0]["id"])
    office.admin_act("lock", entries[0])
    refused(office.report(office.second, customer=customer(1)), 403, "restricted")
    office.admin_act("unlock", entries[0])
    waiting = [office.claim(office.second, customer=customer(number)) for number in (1, 2)]
    assert [claim["waits_for"] for claim in waiting] == ["visit", "visit"]
    office.admin_act("restrict", entries[0], people=[office.first.id])
    visit = {"kind": "visit", "note": NOTE}
    refused(act(office.second, waiting[0], "follow-ups", **visit), 403, "restricted")
    office.admin_act("restrict", entries[0])
    work(office.second, waiting[0], "visit")
    assert read(office.second, waiting[0])["state"] == "protected"
    refused(act(office.second, waiting[1], "follow-ups", **visit), 429, "daily_limit")
    assert read(office.second, waiting[1])["state"] == "reported"
    refused(office.report(office.second, customer=customer(3)), 429, "daily_limit")


def test_who_was_given_no_level_has_that_of_the_class_for_every_rule(company: Company, tmp_path: Path) -> None:
    """CUS-12, CLM-13, POOL-05: counted by the round of the house, for protection, pool and priority; no running clock
    moves, no member of the pool is told, and what people give stands above it.
    """
    company.company_policy(customer__class_levels={"new": "VIP"})
    office = Pooled(company)
    first = office.claim(office.first)
    record, deal = first["customer"]["id"], {"amount": {"amount_minor": 100_00, "currency": "CNY"}}
    done(act(office.first, first, "win", **deal, contract_at=company.now().isoformat()))
    office.program = company.program(
        policy={"claim.reclaim_wait_h": {"person": 0}},
        overrides=[{"when": {"level": "VIP"}, "set": {"claim.idle_days": 20}}],
    )
    office.pool = str(company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"])
    path = f"/v1/pools/{office.pool}"
    high = {"levels": ["VIP"], "people": [office.first.id]}
    done(company.admin.patch(path, {"version": company.admin.get(path).json()["version"], "priority": high}))
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)

    def idle(claim: dict[str, Any]) -> float:
        return (moment(clocks(claim)["idle"]) - moment(claim["accepted_at"])).days

    before = office.claim(office.second)
    house.class_levels()
    company.direct.drain(before["id"])
    assert (idle(before), clocks(read(office.second, before))) == (60, clocks(before))
    done(act(office.second, before, "release", reason="need_unmet"))
    (entry,) = office.entries()
    assert (entry["customer"]["level"], entry["high"], entry["may_take"]) == (None, True, False)
    refused(office.take(office.second, entry["id"]), 403, "restricted")
    taken = done(office.take(office.first, entry["id"]))
    assert (taken["customer"]["level"], idle(taken)) == (None, 20)
    done(act(office.first, taken, "release", reason="need_unmet"))

    def edit(**values: Any) -> None:
        version = done(company.admin.get(f"/v1/customers/{record}"))["version"]
        done(company.admin.patch(f"/v1/customers/{record}", {"version": version, **values}))

    edit(level="C", level_reason="回款慢")
    assert [one["high"] for one in office.entries()] == [False]
    edit(level=None)
    assert [one["high"] for one in office.entries()] == [True]
    done(act(office.leader, first, "cancel_deal", reason="客户退订"))
    house.class_levels()
    assert [one["high"] for one in office.entries()] == [False]


def test_a_merge_that_is_undone_takes_the_level_of_the_other_class_back(company: Company, tmp_path: Path) -> None:
    """CUS-12, CUS-13: both records are of one class while they are one customer's, and no longer: at once."""
    office = Pooled(company)
    claim, other = office.claim(office.first), company.admin.made("/v1/customers", customer(2))["id"]
    record, deal = claim["customer"]["id"], {"amount": {"amount_minor": 100_00, "currency": "CNY"}}
    done(act(office.first, claim, "win", **deal, contract_at=company.now().isoformat()))
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)

    def levels() -> tuple[str | None, ...]:
        with company.database.reading() as tx:
            kept = tx.execute(sa.select(t.customer.c.id, t.customer.c.class_level)).all()
        return tuple({row.id: row.class_level for row in kept}[one] for one in (record, other))

    house.class_levels()
    assert levels() == ("B", None)
    for stale in (("C", "A"), (None, "A")):
        company.database.transact(partial(class_levels.keep, record, stale))
    company.database.transact(partial(class_levels.keep, other, ("C", "A")))
    assert levels() == ("B", None), "what was counted before somebody else wrote is let be"
    done(company.admin.post(f"/v1/customers/{record}/merge", {"into": other, "reason": "客户换了号码"}))
    assert levels() == ("B", "B")
    done(company.admin.post(f"/v1/customers/{record}/unmerge", {"reason": "不是同一人"}))
    assert levels() == ("B", None)


def test_the_policy_says_which_sources_fill_somebody(company: Company) -> None:
    """POOL-07, CLM-24, LEAD-04: `pool.holding_sources`, for a take, a transfer and a lead; none named: every source."""
    office = Pooled(company, policy={"pool.holding_cap": 1, "pool.holding_sources": ["展会"]})
    entry = office.pooled(91)
    office.claim(office.second, customer=customer(92), source="电话")
    given = office.claim(office.first, customer=customer(93))
    request = done(act(office.first, given, "transfer", to=office.second.id))["requests"][0]
    done(office.second.post(f"/v1/requests/{request['id']}/accept", {}))
    sender = company.person("丙", team=office.team, roles=("marketing",))

    def send(number: int, source: str) -> Any:
        return sender.post("/v1/leads", {"program": office.program, "source": source, "customer": customer(number)})

    lead = done(send(94, "网站"))
    assert lead["offers"][0]["person"] == lead["receiver"] == office.first.id
    assert done(send(95, "网站"))["receiver"] == office.second.id
    load = done(office.second.get(f"/v1/people/{office.second.id}/load"))
    assert load["held"] == 2, "the company's policy names no sources"
    taken = done(office.take(office.second, entry))
    done(act(office.second, taken, "release", reason="need_unmet"))
    office.claim(office.second, customer=customer(96), source="展会")
    refused(office.take(office.second, entry), 409, "holding_cap")
    other = office.claim(office.first, customer=customer(97))
    request = done(act(office.first, other, "transfer", to=office.second.id))["requests"][0]
    refused(office.second.post(f"/v1/requests/{request['id']}/accept", {}), 409, "holding_cap")
    assert [done(send(number, "展会"))["receiver"] for number in (98, 99)] == [office.first.id, None]


def test_a_restricted_customer_may_be_hidden_from_whoever_may_not_have_them(company: Company) -> None:
    """POOL-08, POOL-10: `pool.restricted_view` hidden: in no list, and opening them is 404; not for pool admins."""
    office = Pooled(company, policy={"pool.restricted_view": "hidden"})
    path = f"/v1/pools/{office.pool}"
    version = company.admin.get(path).json()["version"]
    done(company.admin.patch(path, {"version": version, "admins": [office.leader.id]}))
    free, kept = office.pooled(1), office.pooled(2)
    office.admin_act("restrict", kept, people=[office.first.id])
    assert [one["id"] for one in office.entries(office.second)] == [free]
    refused(office.second.get(f"{path}/customers/{kept}"), 404, "not_found")
    for person in (office.first, office.leader):
        assert [one["id"] for one in office.entries(person)] == [kept, free]
        assert done(person.get(f"{path}/customers/{kept}"))["restricted"] is True
    office.admin_act("restrict", kept)
    assert [one["id"] for one in office.entries(office.second)] == [kept, free]
    assert done(office.second.get(f"{path}/customers/{kept}"))["restricted"] is False


def test_of_several_pools_the_source_decides_else_what_policy_calls_the_default(company: Company) -> None:
    """POOL-01, POOL-02: `rule.sources`, then `pool.default`; one that is no pool of the program says nothing."""
    office = Pooled(company)
    other = company.program("另一个")
    strange = str(company.admin.get(f"/v1/programs/{other}").json()["default_pool"])

    def made(name: str, **rule: Any) -> str:
        return str(company.admin.made("/v1/pools", {"program": office.program, "name": name, **rule})["id"])

    plain, fairs = made("二号"), made("展会", rule={"levels": ["A"], "sources": ["展会", "网站"]})

    def lies_in(number: int, **given: Any) -> str:
        claim = office.claim(office.first, customer={**customer(number), **given})
        done(act(office.first, claim, "release", reason="need_unmet"))
        pools = (office.pool, plain, fairs)
        new = {pool: {one["id"] for one in office.entries(pool=pool)} for pool in pools}
        (found,) = (pool for pool in pools if new[pool] - seen)
        seen.update(*new.values())
        return found

    seen: set[str] = set()
    assert lies_in(1, source="网站", level="A") == fairs
    # Of several parts all must fit.
    assert lies_in(2, source="网站", level="B") == lies_in(3, source="转介", level="A") == office.pool
    company.company_policy(pool__default=plain)
    assert lies_in(4) == plain
    assert lies_in(5, source="展会", level="A") == fairs
    company.company_policy(pool__default=strange)
    assert lies_in(6) == office.pool


def test_an_admin_gives_away_a_customer_who_rests(company: Company) -> None:
    """POOL-09, POOL-01: with a reason; whoever gets them needs no open window, and takes nothing of their day."""
    policy = {"pool.cool_off_h": 5, "pool.windows": ["20:00-21:00"], "pool.daily_takes": 1}
    office = Pooled(company, policy=policy)
    entries = [office.pooled(number) for number in (1, 2)]
    path = f"/v1/pools/{office.pool}/customers/{entries[0]}/assign"
    refused(company.admin.post(path, {"to": office.second.id}), 422, "reason_required", "reason")
    refused(office.leader.post(path, {"to": office.second.id, "reason": "老客户"}), 403, "not_allowed")
    given = done(company.admin.post(path, {"to": office.second.id, "reason": "老客户"}))
    assert (given["state"], given["owner"]) == ("protected", office.second.id)
    refused(office.take(office.second, entries[1]), 409, "window_closed")
    company.at("2031-03-03T12:30:00Z")
    assert office.take(office.second, entries[1]).status_code == 201
