"""Rules, dispatch, needs assessment, advice, profiles, figures (LEAD-02 to LEAD-07, LEAD-13, LEAD-16, PPL-04)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.leads import Leads, act, moves, read
from tests.support.office import act as claim_act
from tests.support.office import customer, done, notices, tasks, work


def profile(person: Person, of: Person | None = None, **given: Any) -> dict[str, Any]:
    """Enter a profile, one's own or somebody else's."""
    path = f"/v1/people/{(of or person).id}/profile"
    return done(person.patch(path, {"version": person.get(path).json()["version"], **given}))


def rules(office: Leads, *given: tuple[dict[str, list[str]], dict[str, Any]]) -> None:
    """Set the program's rules."""
    path = f"/v1/programs/{office.program}/lead-rules"
    version = office.company.admin.get(path).json()["version"]
    body = {"version": version, "rules": [{"when": when, "to": to} for when, to in given]}
    answer = office.company.admin.patch(path, body)
    assert answer.status_code == 200, answer.text


def test_the_first_rule_that_matches_names_a_person_a_team_or_the_pool(company: Company) -> None:
    """LEAD-03: in order; whole words, whatever their case; nobody eligible or no match: the fallback."""
    office = Leads(company)
    south = company.team("南组")
    wu = company.rep("吴", team=south)
    rules(
        office,
        ({"region": ["华东"], "grade": ["C", "D"]}, {"person": office.second.id}),
        ({"source": ["web"]}, {"team": south}),
        ({"industry": ["制造"]}, {"pool": True}),
    )
    assert office.lead(facets={"region": "华东"})["offers"][0]["way"] == "rule"
    assert office.lead(facets={"region": "华东"})["receiver"] == office.second.id
    assert office.lead(source="Web ")["receiver"] == wu.id
    assert office.lead(facets={"industry": "制造"})["state"] == "pooled"
    assert office.lead()["state"] == "pooled"
    both = {"person": wu.id, "team": south}
    path = f"/v1/programs/{office.program}/lead-rules"
    body = {"version": 2, "rules": [{"when": {}, "to": both}]}
    refused(company.admin.patch(path, body), 422, "field_invalid", "rules.0.to")
    for nothing in ({}, {"pool": False}):
        empty = {"version": 2, "rules": [{"when": {}, "to": nothing}]}
        refused(company.admin.patch(path, empty), 422, "field_invalid", "rules.0.to")
    loose = {"version": 2, "rules": [{"when": {}, "to": {"pool": 1}}]}
    refused(company.admin.patch(path, loose), 422, "field_invalid", "rules.0.to.pool")
    refused(company.admin.patch(path, {**body, "version": 1, "rules": []}), 409, "version_conflict")


def test_whom_the_rules_leave_to_the_pool_and_nobody_contacts_goes_to_the_supervisor(company: Company) -> None:
    """LEAD-11, LEAD-03: a lead handed over by name, which its receiver let pass; the rule names nobody else."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}})
    rules(office, ({}, {"pool": True}))
    lead = office.lead(person=office.second.id)
    company.advance(hours=2)
    missed = read(office.sender, lead)
    assert (missed["state"], missed["breaches"], missed["receiver"]) == ("escalated", 1, None)
    assert [o["end"] for o in missed["offers"]] == ["missed"]
    assert tasks(office.leader) == [("lead_escalated", lead["id"])]
    # Once the supervisor lets the rules do it anew, the customer lies in the pool.
    assert done(act(office.leader, lead, "assign"))["state"] == "pooled"


def test_dispatch_gives_a_lead_to_the_best_fit_and_shows_why(company: Company) -> None:
    """LEAD-05: parts stored and shown, they add up; a duty absence is made good by the rotation, not by dispatch."""
    office = Leads(company)
    rules(office, ({}, {"way": "dispatch"}))
    profile(office.first, skills={"ERP": 2}, experience_months=12)
    profile(office.second, skills={"ERP": 5}, industries=["制造"], experience_months=48)
    lead = office.lead(facets={"industry": "制造", "specialties": ["ERP"]})
    assert lead["receiver"] == office.second.id
    offer = lead["offers"][0]
    assert (offer["way"], [r["person"] for r in offer["ranking"]]) == ("dispatch", [office.second.id, office.first.id])
    best = offer["ranking"][0]
    assert {p["factor"]: p["value"] for p in best["parts"]} == {
        "load": 100,
        "skill": 100,
        "need": 100,
        "success": 50,
        "experience": 80,
        "interest": None,
    }
    assert round(sum(p["points"] for p in best["parts"])) == best["score"]
    # Nobody is moved by a change of profile.
    profile(office.second, skills=None)
    assert read(office.sender, lead)["receiver"] == office.second.id


def test_advice_lists_who_fits_and_whether_it_was_taken_is_on_record(company: Company) -> None:
    """LEAD-07: up to `recommend.count`, with reasons; it changes nothing."""
    office = Leads(company, policy={"recommend.count": 1})
    lead = office.lead()
    other = office.other(office.receiver(lead))
    advice = done(office.leader.get(f"/v1/leads/{lead['id']}/recommendation"))
    assert [r["person"] for r in advice["people"]] == [other.id]
    assert advice["left_out"] == [{"person": lead["receiver"], "reason": "had_it"}]
    assert read(office.sender, lead)["state"] == "offered"
    done(act(office.leader, lead, "assign", person=other.id))
    items = office.sender.get(f"/v1/leads/{lead['id']}/timeline").json()["items"]
    assert items[0]["data"]["recommended"] == [other.id]
    assert [o["end"] for o in read(office.sender, lead)["offers"]] == ["replaced", None]


def test_a_good_lead_is_assessed_before_it_is_given_out_or_the_gap_is_reported(company: Company) -> None:
    """LEAD-06: for the grades of `lead.assess_grades`; what was found names the specialties looked for."""
    office = Leads(company)
    good = {"fit": 90, "power": 90, "chain": 90}
    lead = office.lead(factors=good)
    assert (lead["state"], lead["grade"], lead["receiver"]) == ("assessing", "A", None)
    assert tasks(office.sender) == [("lead_assess", lead["id"])]
    found = done(act(office.sender, lead, "assess", specialties=["ERP"], factors={"power": 20}))
    assert (found["state"], found["specialties"], found["score"]["score"], found["grade"]) == (
        "offered",
        ["ERP"],
        66,  # 0.4·90 + 0.35·20 + 0.25·90 = 65.5
        "B",
    )
    assert tasks(office.sender) == []
    forgotten = office.lead(factors=good)
    company.advance(hours=4.1)
    late = read(office.sender, forgotten)
    assert (late["state"], late["assessed"], late["received_at"]) == ("offered", False, forgotten["received_at"])
    assert ("assess_missed", None, None) in moves(office.sender, forgotten)
    assert notices(office.leader, forgotten) == ["lead.assess_missed"]


def test_leads_of_chosen_sources_are_assessed_whatever_their_grade(company: Company) -> None:
    """LEAD-06: `lead.assess_sources` beside grades; specialties that are told, and `lead.assess_oh` 0, ask for none."""
    office = Leads(company, policy={"lead.assess_grades": [], "lead.assess_sources": ["展会"]})
    good = {"fit": 90, "power": 90, "chain": 90}
    asked, other = office.lead(source="展会"), office.lead(source="电话", factors=good)
    told = office.lead(source="展会", facets={"specialties": ["ERP"]})
    assert [(one["state"], one["grade"]) for one in (asked, other, told)] == [
        ("assessing", "C"),
        ("offered", "A"),
        ("offered", "C"),
    ]
    assert done(act(office.sender, asked, "assess", specialties=["ERP"]))["state"] == "offered"
    office.program = company.program("无评估", policy={"lead.assess_sources": ["展会"], "lead.assess_oh": 0})
    assert office.lead(source="展会")["state"] == "offered"


def test_a_grade_by_hand_needs_a_reason_and_moves_nobody(company: Company) -> None:
    """LEAD-02: manual grade needs a reason; a new score never moves an assigned lead."""
    office = Leads(company)
    lead = office.lead()
    refused(act(office.leader, lead, "grade", grade="A"), 422, "reason_required", "reason")
    refused(
        act(office.leader, lead, "grade", grade="A", reason="预算", factors={"fit": 1}), 422, "field_invalid", "grade"
    )
    by_hand = done(act(office.leader, lead, "grade", grade="A", reason="已见到预算"))
    assert (by_hand["grade"], by_hand["grade_reason"], by_hand["score"]["score"]) == ("A", "已见到预算", 50)
    again = done(act(office.sender, lead, "grade", factors={"fit": 0, "power": 0, "chain": 0}))
    assert (again["grade"], again["score"]["score"]) == ("A", 0)
    assert (again["receiver"], again["respond_by"]) == (lead["receiver"], lead["respond_by"])


def test_the_turn_goes_round_fairly_past_who_is_away_and_duty_is_made_good(company: Company) -> None:
    """LEAD-04: absent and full people are passed over; whoever the company called away has the next turn first.
    PPL-04, POOL-11: nobody says either of themselves.
    """
    office = Leads(company, policy={"people.capacity_points": 4})
    third = company.rep("丁", team=office.team)
    profile(office.leader, third, capacity_points=2)
    path = f"/v1/people/{third.id}/profile"
    mine = {"version": third.get(path).json()["version"], "capacity_points": 9}
    refused(third.patch(path, mine), 403, "not_allowed")
    now, until = company.now().isoformat(), company.now().replace(month=4).isoformat()
    away = {"from": now, "to": until, "duty": True}
    refused(third.post(f"/v1/people/{third.id}/absences", away), 403, "not_allowed")
    got = Counter(office.lead()["receiver"] for _ in range(6))
    assert got == {office.first.id: 2, office.second.id: 2, third.id: 2}
    company.admin.made(f"/v1/people/{office.second.id}/absences", away)
    full = office.lead()
    assert full["receiver"] == office.first.id
    passed = office.lead()
    assert (passed["receiver"], passed["offers"][0]["skipped"]) == (
        office.first.id,
        [{"person": office.second.id, "reason": "duty"}, {"person": third.id, "reason": "full"}],
    )
    company.advance(days=32)
    assert office.lead()["offers"][0]["makeup"] is True


def test_skills_count_once_the_supervisor_has_confirmed_them(company: Company) -> None:
    """PPL-04: `people.skill_confirm`; what a supervisor enters is confirmed, what changes has to be again."""
    office = Leads(company, policy={"people.skill_confirm": True})
    mine = profile(office.first, skills={"ERP": 5, "谈判": 2}, languages=["英语", "中文"], shift=None)
    assert [(s["skill"], s["confirmed"]) for s in mine["skills"]] == [("ERP", False), ("谈判", False)]
    path = f"/v1/people/{office.first.id}/profile/confirm"
    refused(office.first.post(path, {"skills": ["ERP"]}), 403, "not_allowed")
    refused(office.leader.post(path, {"skills": ["ERP", "绘画"]}), 422, "field_invalid", "skills.1")
    done(office.leader.post(path, {"skills": ["ERP"]}))
    changed = profile(office.first, skills={"ERP": 5, "谈判": 3})
    assert [(s["skill"], s["level"], s["confirmed"]) for s in changed["skills"]] == [
        ("ERP", 5, True),
        ("谈判", 3, False),
    ]
    assert changed["languages"] == ["中文", "英语"]
    stale = office.first.patch(f"/v1/people/{office.first.id}/profile", {"version": 1, "interests": ["足球"]})
    refused(stale, 409, "version_conflict")
    wrong = office.first.patch(
        f"/v1/people/{office.first.id}/profile",
        {"version": changed["version"], "shift": {"weekdays": [1], "hours": "18:00-09:00"}},
    )
    refused(wrong, 422, "field_invalid", "shift.hours")


def test_whoever_holds_as_many_customers_as_allowed_is_given_none(company: Company) -> None:
    """POOL-07, LEAD-05: neither by turn nor by name; a customer whom somebody has already is another matter."""
    office = Leads(company, policy={"pool.holding_cap": 1})
    held = office.claim(office.first, customer=customer(901))
    lead = office.lead()
    assert lead["receiver"] == office.second.id
    assert lead["offers"][0]["skipped"] == [{"person": office.first.id, "reason": "full"}]
    problem = refused(office.send(person=office.first.id), 409, "holding_cap")
    assert (problem["rule"], problem["facts"]) == ("POOL-07", {"cap": 1, "count": 1})
    refused(act(office.leader, lead, "assign", person=office.first.id), 409, "holding_cap")
    again = office.lead(person=office.first.id, customer={"id": held["customer"]["id"]})
    assert (again["state"], again["claim"]) == ("attached", held["id"])


def test_the_supervisor_hears_of_whom_a_lead_passed_by_for_their_workload(company: Company) -> None:
    """POOL-11: and of who has room, however many leads pass by on one day."""
    office = Leads(company, policy={"load.weights": {"protected": 400}})
    office.claim(office.first, customer=customer(901))
    assert [office.lead()["receiver"] for _ in range(3)] == [office.second.id] * 3
    told = [one for one in listed(office.leader.get("/v1/me/notices")) if one["kind"] == "alarm.load"]
    (said,) = (one["text"]["zh"] for one in told)
    assert said.startswith("甲的工作量已达上限")
    assert said.endswith("目前有余力的有乙（规则 POOL-11）。")


def test_whoever_works_as_much_as_they_can_is_named_for_no_lead_and_takes_nobody(company: Company) -> None:
    """POOL-11, table 0.4: of three points an active claim takes two, and all three from the proposal on."""
    reclaim = {"claim.reclaim_wait_h": {"person": 0, "company": 0}}
    office = Leads(company, policy={"people.capacity_points": 3, **reclaim})
    lost = office.claim(office.first, customer=customer(901))
    done(claim_act(office.first, lost, "release", reason="need_unmet"))
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    (entry,) = listed(office.second.get(f"/v1/pools/{pool}/customers"))
    held = office.claim(office.second, customer=customer(902))
    work(office.second, held)
    done(act(office.second, office.lead(person=office.second.id), "return", reason="no_need"))
    done(claim_act(office.second, held, "stage", stage="proposal"))
    problem = refused(office.send(person=office.second.id), 409, "overloaded")
    assert (problem["rule"], problem["facts"]) == ("POOL-11", {"points": 3, "capacity": 3})
    refused(office.second.post(f"/v1/pools/{pool}/customers/{entry['id']}/take"), 409, "overloaded")


def test_reasons_of_a_companys_own_may_say_that_it_was_no_lead(company: Company) -> None:
    """LEAD-16: the turn comes back for one that begins with `invalid`, not for another."""
    office = Leads(company, policy={"lead.return_reasons": ["invalid_number", "too_far"]})
    lead = office.lead()
    receiver = office.receiver(lead)
    done(act(receiver, lead, "return", reason="invalid_number"))
    lead = office.lead()
    assert office.receiver(lead) is receiver
    done(act(receiver, lead, "return", reason="too_far"))
    assert office.receiver(office.lead()) is not receiver


def test_whoever_is_off_shift_loses_the_turn(company: Company) -> None:
    """LEAD-04: a shift of one's own; outside office hours the next opening counts. It is Monday 10:00."""
    office = Leads(company)
    profile(office.leader, office.first, shift={"weekdays": [2, 3, 4, 5], "hours": "09:00-18:00"})
    lead = office.lead()
    assert lead["receiver"] == office.second.id
    assert lead["offers"][0]["skipped"] == [{"person": office.first.id, "reason": "off_shift"}]
    company.advance(hours=10)  # Monday 20:00: the next opening is Tuesday's
    assert {office.lead()["receiver"] for _ in range(2)} == {office.first.id, office.second.id}


def test_figures_show_how_leads_were_distributed_and_what_became_of_them(company: Company) -> None:
    """LEAD-13, LEAD-16: invalid returns count in no rate; own figures for everybody, people's for their leader."""
    office = Leads(company, policy={"lead.balance_min": 3, "rotation.makeup": False})
    value = {"amount_minor": 500_000, "currency": "CNY"}
    taken, no_need, wrong, named = (office.lead(value=value) for _ in range(4))
    done(act(office.receiver(taken), taken, "accept"))
    done(act(office.receiver(no_need), no_need, "return", reason="no_need"))
    done(act(office.receiver(wrong), wrong, "return", reason="wrong_number"))
    first, second = office.receiver(taken), office.receiver(no_need)
    company.advance(hours=1)
    balance = done(office.leader.get("/v1/leads/balance", program=office.program))
    rows = {r["person"]: r for r in balance["items"]}
    assert balance["leads"] == 3
    assert (rows[first.id]["leads"], rows[second.id]["leads"]) == (1, 2)
    assert rows[second.id]["value"] == [{"amount_minor": 1_000_000, "currency": "CNY"}]
    assert rows[first.id]["expected"] == rows[second.id]["expected"] == 1.5
    assert rows[first.id]["workload"] > 0
    mine = done(first.get("/v1/leads/balance", program=office.program))
    assert [r["person"] for r in mine["items"]] == [first.id]
    rates = done(office.leader.get("/v1/leads/rates", program=office.program))
    by = {r["person"]: r for r in rates["receivers"]}
    assert (by[first.id]["accepted"], by[first.id]["invalid"], by[first.id]["return_pct"]) == (1, 1, 0.0)
    assert (by[second.id]["returned"], by[second.id]["return_pct"], by[second.id]["alarm"]) == (1, 100.0, True)
    sender = rates["senders"][0]
    assert (sender["person"], sender["offered"], sender["return_pct"]) == (office.sender.id, 4, 50.0)
    assert sender["reasons"] == {"no_need": 1, "wrong_number": 1}
    assert named["state"] == "offered"
