"""Owners who are away, move or leave, and delegates who decide for them (PPL-05, PPL-06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
    customer,
    decide,
    done,
    entry,
    moment,
    notices,
    read,
    tasks,
    timeline,
    work,
)


def absent(company: Company, person: Person, start: str, end: str) -> None:
    company.admin.made(f"/v1/people/{person.id}/absences", {"from": start, "to": end})
    company.spread()


def within(found: timedelta, expected: timedelta) -> bool:
    """Equal but for the moments that a test's own calls take."""
    return abs(found - expected) < timedelta(seconds=30)


# --- absence (请假) ------------------------------------------------------------------------------------------------


def test_a_long_absence_stops_the_first_follow_up_and_idle_clocks_only(company: Company) -> None:
    """PPL-05: longer than `absence.pause_after_wd` 5; protection and no-deal run on; all run again at its end."""
    office = Office(company)
    claim = office.claim(office.first)
    # From Tuesday 10:00 until Wednesday of the next week 12:00: six working days and two hours.
    absent(company, office.first, "2031-03-04T02:00:00Z", "2031-03-12T04:00:00Z")
    company.advance(days=2)
    away = read(office.first, claim)
    assert [p["kind"] for p in away["paused"]] == ["absence"]
    assert moment(away["paused"][0]["since"]) == moment("2031-03-04T02:00:00Z")
    stopped = {c["clock"] for c in away["clocks"] if c["paused"]}
    assert stopped == {"first_follow_up", "idle"}
    assert clocks(away)["protection"] == clocks(claim)["protection"]
    assert clocks(away)["no_deal"] == clocks(claim)["no_deal"]
    # One of two working days was used by Tuesday 10:00.
    assert within(timedelta(seconds=clock(away, "first_follow_up")["remaining_s"]), timedelta(days=1))
    assert "claim.paused" in notices(office.first, claim)
    company.advance(days=8)
    back = read(office.first, claim)
    assert (back["paused"], back["state"]) == ([], "protected")
    resumed = entry(office.first, claim, "resumed")
    assert moment(resumed["at"]) == moment("2031-03-12T04:00:00Z")
    # A working day from Wednesday 12:00 is Thursday 12:00.
    assert within(moment(clocks(back)["first_follow_up"]) - moment("2031-03-13T04:00:00Z"), timedelta())
    moved = moment(clocks(back)["idle"]) - moment(clocks(claim)["idle"])
    assert within(moved, timedelta(days=8, hours=2))


def test_a_short_absence_stops_nothing(company: Company) -> None:
    """PPL-05: exactly five working days is not longer; 0 switches the pause off."""
    office = Office(company)
    claim = office.claim(office.first)
    absent(company, office.first, "2031-03-04T02:00:00Z", "2031-03-11T02:00:00Z")
    company.advance(days=1, hours=12)
    assert read(office.first, claim)["paused"] == []
    office.program = company.program("Off", policy={"absence.pause_after_wd": 0})
    other = office.claim(office.second)
    absent(company, office.second, "2031-03-05T02:00:00Z", "2031-06-05T02:00:00Z")
    company.advance(days=1)
    assert read(office.second, other)["paused"] == []


def test_how_long_is_long_is_the_policys(company: Company) -> None:
    """PPL-05: `absence.pause_after_wd` 1."""
    office = Office(company, policy={"absence.pause_after_wd": 1})
    claim = office.claim(office.first)
    absent(company, office.first, "2031-03-04T02:00:00Z", "2031-03-06T02:00:00Z")
    company.advance(days=1, hours=1)
    assert [p["kind"] for p in read(office.first, claim)["paused"]] == ["absence"]


def test_overlapping_absences_count_once(company: Company) -> None:
    """PPL-05: two short ones that overlap are one long one, from the first start to the last end."""
    office = Office(company)
    claim = office.claim(office.first)
    absent(company, office.first, "2031-03-04T02:00:00Z", "2031-03-10T02:00:00Z")
    absent(company, office.first, "2031-03-07T02:00:00Z", "2031-03-14T02:00:00Z")
    company.advance(days=9)
    assert [p["kind"] for p in read(office.first, claim)["paused"]] == ["absence"]
    company.advance(days=3)
    assert moment(entry(office.first, claim, "resumed")["at"]) == moment("2031-03-14T02:00:00Z")
    assert [i["kind"] for i in timeline(office.first, claim)].count("paused") == 1


def test_an_absence_entered_after_the_deadline_revives_nothing(company: Company) -> None:
    """PPL-05: neither a lapse that was decided nor one that was not; before the entry clocks ran."""
    office = Office(company)
    lapsed = office.claim(office.first)
    company.advance(days=2, minutes=1)
    assert read(office.first, lapsed)["state"] == "lapsed"
    other = office.claim(office.second)
    company.shift(days=3)
    for person, claim in ((office.first, lapsed), (office.second, other)):
        absent(company, person, "2031-03-03T02:00:00Z", "2031-04-03T02:00:00Z")
        company.direct.drain(claim["id"])
        present = read(person, claim)
        assert (present["state"], present["ended_at"]) == ("lapsed", claim["deadline"])


def test_an_absence_entered_late_stops_the_clocks_from_its_entry_on(company: Company) -> None:
    """PPL-05."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(days=1)
    absent(company, office.first, "2031-03-03T02:00:00Z", "2031-03-20T02:00:00Z")
    away = read(office.first, claim)
    assert within(moment(away["paused"][0]["since"]) - moment("2031-03-04T02:00:00Z"), timedelta())
    assert within(timedelta(seconds=clock(away, "first_follow_up")["remaining_s"]), timedelta(days=1))


def test_a_customer_accepted_during_an_absence_waits_for_its_end(company: Company) -> None:
    """PPL-05: the clocks begin standing still, with all of their time."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    absent(company, office.first, "2031-03-03T03:00:00Z", "2031-03-17T02:00:00Z")
    company.advance(days=1)
    done(act(office.leader, claim, "accept"))
    company.advance(days=1)
    away = read(office.first, claim)
    assert {c["clock"] for c in away["clocks"] if c["paused"]} == {"first_follow_up", "idle"}
    assert within(timedelta(seconds=clock(away, "first_follow_up")["remaining_s"]), timedelta(days=2))
    company.advance(days=12)
    # Monday 10:00 + 48 wh = Wednesday 10:00.
    deadline = moment(clocks(read(office.first, claim))["first_follow_up"])
    assert within(deadline - moment("2031-03-19T02:00:00Z"), timedelta())


def test_a_pause_and_an_absence_that_overlap_count_once(company: Company) -> None:
    """CLM-21: the idle clock runs on when the last of the two is over."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    before = read(office.first, claim)
    absent(company, office.first, "2031-03-04T02:00:00Z", "2031-03-14T02:00:00Z")
    company.advance(days=5)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    company.advance(days=8)
    assert [p["kind"] for p in read(office.first, claim)["paused"]] == ["legal"]
    company.advance(days=3)
    resumed = done(act(office.leader, claim, "unpause"))
    # Still from day 1 to day 16: fifteen days; protection from day 5 on: eleven.
    assert within(moment(clocks(resumed)["idle"]) - moment(clocks(before)["idle"]), timedelta(days=15))
    moved = moment(clocks(resumed)["protection"]) - moment(clocks(before)["protection"])
    assert within(moved, timedelta(days=11))


# --- delegates (代理) ------------------------------------------------------------------------------------------------


def delegate(company: Company, person: Person, to: Person, *, days: int = 10) -> Any:
    start, end = company.now(), company.now() + timedelta(days=days)
    body = {"delegate": to.id, "from": start.isoformat(), "to": end.isoformat()}
    return company.admin.post(f"/v1/people/{person.id}/delegations", body)


def test_a_delegate_judges_on_behalf_of_the_supervisor(company: Company) -> None:
    """PPL-05: sees the task and the report, decides, and the history shows for whom."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    stand_in = company.person("代理")
    claim = office.claim(office.first)
    refused(stand_in.get(f"/v1/claims/{claim['id']}"), 404, "not_found")
    assert delegate(company, office.leader, stand_in).status_code == 201
    assert tasks(stand_in) == [("judge", claim["id"])]
    assert "accept" in read(stand_in, claim)["allowed"]
    assert done(act(stand_in, claim, "accept"))["state"] == "protected"
    item = entry(office.first, claim, "accepted")
    assert item["actor"] == stand_in.id
    assert office.leader.id in str(item["data"])


def test_a_delegate_decides_requests_and_only_while_the_delegation_lasts(company: Company) -> None:
    """PPL-05."""
    office = Office(company)
    stand_in = company.person("代理")
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "pause", kind="legal", reason="诉讼"))["requests"][0]
    assert delegate(company, office.leader, stand_in, days=1).status_code == 201
    assert done(decide(stand_in, request))["state"] == "accepted"
    done(act(office.leader, claim, "unpause"))
    second = done(act(office.first, claim, "pause", kind="legal", reason="诉讼"))["requests"][0]
    company.shift(days=1, hours=1)
    refused(decide(stand_in, second), 404, "not_found")
    refused(stand_in.get(f"/v1/claims/{claim['id']}"), 404, "not_found")


def test_nobody_stands_in_where_they_have_an_interest_or_a_delegate_of_their_own(company: Company) -> None:
    """PPL-05: `recusal_required`, `delegation_chain`."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    office.claim(office.first)
    refused(delegate(company, office.leader, office.first), 403, "recusal_required")
    stand_in, third = company.person("代理"), company.person("代理二")
    assert delegate(company, office.leader, stand_in).status_code == 201
    refused(delegate(company, stand_in, third), 403, "delegation_chain")


def test_a_delegate_does_not_decide_what_they_asked_for_themselves(company: Company) -> None:
    """PPL-05: `recusal_required` for the owner, the receiver and whoever asked, though the delegation came before."""
    office = Office(company)
    assert delegate(company, office.leader, office.first).status_code == 201
    claim = office.claim(office.first)
    asked = done(act(office.first, claim, "extend", reason="客户出国"))["requests"][0]
    for answer in ("accept", "refuse"):
        refused(decide(office.first, asked, answer), 403, "recusal_required")
    assert decide(office.leader, asked).status_code == 200
    theirs = office.claim(office.second, customer=customer(2))
    asked = done(act(office.second, theirs, "extend", reason="客户出国"))["requests"][0]
    assert decide(office.first, asked).json()["state"] == "accepted"


def test_a_delegate_who_reports_does_not_judge_their_own_report(company: Company) -> None:
    """CLM-04, PPL-05: the interest came after the delegation."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    assert delegate(company, office.leader, office.second).status_code == 201
    claim = office.claim(office.second)
    refused(act(office.second, claim, "accept"), 403, "recusal_required")


# --- leaving (离职) --------------------------------------------------------------------------------------------------


def leave(company: Company, person: Person) -> None:
    done(company.admin.post(f"/v1/people/{person.id}/leave"))
    company.spread()


def test_a_leavers_customers_stand_still_for_the_supervisor(company: Company) -> None:
    """PPL-06: sign-in ends at once; nobody can take them; the supervisor is asked within 3 wd."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(hours=2)
    leave(company, office.first)
    assert office.first.get("/v1/me").status_code == 401
    still = read(office.leader, claim)
    assert (still["state"], still["deadline"]) == ("protected", None)
    assert [p["kind"] for p in still["paused"]] == ["handover"]
    assert all(c["paused"] for c in still["clocks"])
    assert ("request.handover", claim["id"]) in tasks(office.leader)
    assert office.claim(office.second)["reason"] == "customer_owned"
    assert {"transfer", "release"} <= set(still["allowed"])


def test_a_report_accepted_after_its_reporter_left_is_handed_over_too(company: Company) -> None:
    """PPL-06: the supervisor decides on every customer held, also on one that the judge gave to a leaver."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    company.advance(hours=2)
    leave(company, office.first)
    company.advance(hours=2)
    accepted = done(act(office.leader, claim, "accept"))
    assert (accepted["state"], [p["kind"] for p in accepted["paused"]]) == ("protected", ["handover"])
    assert entry(office.leader, claim, "paused")["at"] == accepted["accepted_at"]
    assert clock(accepted, "protection")["remaining_s"] == 90 * 86400
    assert ("request.handover", claim["id"]) in tasks(office.leader)
    assert done(act(office.leader, claim, "transfer", to=office.second.id))["owner"] == office.second.id


def test_the_supervisor_gives_a_leavers_customer_to_a_colleague_at_once(company: Company) -> None:
    """PPL-06, contract section 5: by `transfer`, without asking; clocks run on with what was left."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    before = read(office.first, claim)
    company.advance(days=1)
    leave(company, office.first)
    company.advance(days=2)
    moved = done(act(office.leader, claim, "transfer", to=office.second.id))
    assert (moved["state"], moved["owner"], moved["paused"]) == ("protected", office.second.id, [])
    assert within(moment(clocks(moved)["protection"]) - moment(clocks(before)["protection"]), timedelta(days=2))
    item = entry(office.second, claim, "transferred")
    # Thursday 10:00 + 48 wh = Monday 10:00.
    assert moment(clocks(moved)["first_follow_up"]) == after(item["at"], days=4)
    assert ("request.handover", claim["id"]) not in tasks(office.leader)
    assert "claim.transferred" in notices(office.second, claim)


def test_the_supervisor_releases_a_leavers_customer_at_once(company: Company) -> None:
    """PPL-06: to the pool; there is no owner left to object."""
    office = Office(company)
    claim = office.claim(office.first)
    leave(company, office.first)
    released = done(act(office.leader, claim, "release", reason="not_worked"))
    assert (released["state"], released["reason"]) == ("released", "by_supervisor")
    assert office.claim(office.second)["state"] == "protected"


def test_a_leavers_customer_nobody_decides_on_goes_to_the_supervisor_or_the_pool(company: Company) -> None:
    """PPL-06: after `people.leaver_handover_wd` 3 (Monday 10:00 to Thursday 10:00) to `people.handover_to`."""
    office = Office(company)
    kept = office.claim(office.first)
    office.program = company.program("Pool", policy={"people.handover_to": "pool", "people.leaver_handover_wd": 1})
    pooled = office.claim(office.first)
    leave(company, office.first)
    company.advance(days=1, hours=1)
    gone = read(office.leader, pooled)
    assert (gone["state"], gone["reason"]) == ("released", "to_pool")
    assert within(moment(gone["ended_at"]) - moment("2031-03-04T02:00:00Z"), timedelta())
    company.advance(days=1, hours=20)
    assert read(office.leader, kept)["paused"] != []
    company.advance(hours=10)
    taken = read(office.leader, kept)
    assert (taken["state"], taken["owner"]) == ("protected", office.leader.id)
    assert within(moment(entry(office.leader, kept, "transferred")["at"]) - moment("2031-03-06T02:00:00Z"), timedelta())
    assert tasks(office.leader) == []


def test_a_lapse_before_the_leaving_stays_a_lapse(company: Company) -> None:
    """PPL-06, CLM-19: the deadline passed first, though it was decided later."""
    office = Office(company)
    claim = office.claim(office.first)
    company.shift(days=3)
    leave(company, office.first)
    present = read(office.leader, claim)
    assert (present["state"], present["ended_at"]) == ("lapsed", claim["deadline"])


def test_a_leavers_won_customer_is_handed_over_and_stays_won(company: Company) -> None:
    """PPL-06, table 0.2."""
    office = Office(company)
    claim = office.claim(office.first)
    amount = {"amount_minor": 100, "currency": "CNY"}
    done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    leave(company, office.first)
    moved = done(act(office.leader, claim, "transfer", to=office.second.id))
    assert (moved["state"], moved["owner"]) == ("won", office.second.id)
    assert moved["deadline"] is not None


# --- moving (转岗) ---------------------------------------------------------------------------------------------------


def move(company: Company, person: Person, team: str) -> None:
    version = company.admin.get(f"/v1/people/{person.id}").json()["version"]
    done(company.admin.patch(f"/v1/people/{person.id}", {"version": version, "team": team}))
    company.spread()


def handover(office: Office, claim: dict[str, Any]) -> dict[str, Any]:
    found = [r for r in read(office.first, claim)["requests"] if r["kind"] == "handover"]
    assert len(found) == 1
    return found[0]


def test_a_movers_customers_stand_still_until_the_supervisor_decides(company: Company) -> None:
    """PPL-06: a request of kind handover; accepted, the mover keeps the customer for 60 days with the time left."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(hours=2)
    move(company, office.first, company.team("二组"))
    still = read(office.first, claim)
    assert ([p["kind"] for p in still["paused"]], still["deadline"]) == (["handover"], None)
    request = handover(office, claim)
    assert (request["state"], request["by"]) == ("open", None)
    judge = next(p for p in (office.leader, company.admin) if p.id == request["waiting_for"][0])
    assert tasks(judge) == [("request.handover", request["id"])]
    company.advance(days=1)
    done(decide(judge, request))
    kept = read(office.first, claim)
    assert (kept["paused"], kept["owner"]) == ([], office.first.id)
    # 46 wh were left on Monday 12:00; from Tuesday 12:00 they end on Thursday 10:00.
    assert within(moment(clocks(kept)["first_follow_up"]) - moment("2031-03-06T02:00:00Z"), timedelta())


def test_who_moves_again_is_asked_about_once(company: Company) -> None:
    """PPL-06: the later move takes the place of the earlier one, so what was kept is not handed over by silence."""
    office = Office(company, policy={"claim.first_follow_up_wh": 0})
    claim = office.claim(office.first)
    for team in ("二组", "三组"):
        move(company, office.first, company.team(team))
    asked = [r for r in read(office.first, claim)["requests"] if r["kind"] == "handover"]
    assert sorted(r["state"] for r in asked) == ["open", "withdrawn"]
    done(decide(company.admin, next(r for r in asked if r["state"] == "open")))
    company.advance(days=7)
    assert read(office.first, claim)["owner"] == office.first.id


def test_what_a_mover_kept_goes_on_after_the_time(company: Company) -> None:
    """PPL-06: `people.mover_keep_days` 5, then `people.handover_to`."""
    policy = {"people.mover_keep_days": 5, "people.handover_to": "pool", "claim.first_follow_up_wh": 0}
    office = Office(company, policy=policy)
    claim = office.claim(office.first)
    move(company, office.first, company.team("二组"))
    request = handover(office, claim)
    judge = next(p for p in (office.leader, company.admin) if p.id == request["waiting_for"][0])
    done(decide(judge, request))
    decided = entry(office.first, claim, "resumed")["at"]
    company.advance(days=4, hours=23)
    assert read(office.first, claim)["owner"] == office.first.id
    company.advance(hours=2)
    gone = read(office.first, claim)
    assert (gone["state"], gone["reason"]) == ("released", "to_pool")
    assert moment(gone["ended_at"]) == after(decided, days=5)


def test_a_handover_refused_or_forgotten_goes_to_the_named_place(company: Company) -> None:
    """PPL-06: `people.handover_to` pool; at the refusal, or when the time is over."""
    policy = {"people.handover_to": "pool"}
    office = Office(company, policy=policy)
    refused_one = office.claim(office.first)
    forgotten = office.claim(office.first, customer=person_customer("李明", "13900001111"))
    move(company, office.first, company.team("二组"))
    request = handover(office, refused_one)
    judge = next(p for p in (office.leader, company.admin) if p.id == request["waiting_for"][0])
    done(decide(judge, request, "refuse", reason="留在原组"))
    gone = read(office.first, refused_one)
    assert (gone["state"], gone["reason"]) == ("released", "to_pool")
    open_one = handover(office, forgotten)
    # Monday 10:00 + 3 wd = Thursday 10:00.
    assert within(moment(open_one["decide_by"]) - moment("2031-03-06T02:00:00Z"), timedelta())
    company.advance(days=3, hours=1)
    gone = read(office.first, forgotten)
    assert (gone["state"], gone["ended_at"]) == ("released", open_one["decide_by"])


def test_who_leaves_a_program_hands_over_there_only(company: Company) -> None:
    """PPL-06: changes program; the customers of other programs run on."""
    office = Office(company)
    elsewhere = company.admin.made(
        "/v1/programs",
        {
            "name": "Circle",
            "members": [{"person": office.first.id}],
            "oversight": [company.admin.id],
            "policy": {"claim.required_fields": ["identity"]},
        },
    )
    here = office.claim(office.first)
    there = office.first.made("/v1/claims", {"program": elsewhere["id"], "customer": customer(1)})
    member = elsewhere["members"][0]["id"]
    done(company.admin.post(f"/v1/programs/{elsewhere['id']}/members/{member}/remove"))
    company.spread()
    assert [p["kind"] for p in read(office.first, there)["paused"]] == ["handover"]
    assert read(office.first, here)["paused"] == []


def test_a_mover_still_works_on_what_waits(company: Company) -> None:
    """PPL-06: nobody else can; the first-follow-up clock is done with, though everything stands still."""
    office = Office(company)
    claim = office.claim(office.first)
    move(company, office.first, company.team("二组"))
    made = act(office.first, claim, "follow-ups", kind="call", note=NOTE)
    assert (made.status_code, made.json()["state"]) == (201, "active")
    assert "first_follow_up" not in clocks(read(office.first, claim))
