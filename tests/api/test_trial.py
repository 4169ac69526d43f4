"""Trial runs (试运行): what is noted instead of being done, and the way to the rules in force (POL-08, contract 17)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from storage.house import DatabaseHouse
from tests.api.claims.test_opening_load import Load
from tests.api.test_pools import Pooled
from tests.support.answers import listed, refused
from tests.support.company import PLAIN_POLICY, Company, Person
from tests.support.contested import Contested
from tests.support.money import SIGNED, MoneyOffice, accounts, entries, ledger_is_right, money, sums
from tests.support.office import (
    Office,
    act,
    after,
    clocks,
    customer,
    decide,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    work,
)

TRIAL = {"program.mode": "trial"}


def results(office: Office, by: Person | None = None, **filters: Any) -> list[dict[str, Any]]:
    """What the rules would have done, oldest first."""
    path = f"/v1/programs/{office.program}/trial/results"
    return list(reversed(listed((by or office.company.admin).get(path, **filters))))


def standing(office: Office, by: Person | None = None) -> dict[str, Any]:
    answer = (by or office.company.admin).get(f"/v1/programs/{office.program}/trial")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def go_live(company: Company, program: str) -> dict[str, Any]:
    """The answer of going live, once every claim has taken it in."""
    answer = company.admin.made(f"/v1/programs/{program}/go-live")
    company.spread()
    with company.database.reading() as tx:
        assert tx.rows(sa.select(t.poison)) == []
    return answer


def test_a_report_that_the_rules_would_refuse_is_received_and_stands_beside(company: Company) -> None:
    """POL-08, TER-01: one owner, and a second report that is listed as refused, with rule and code."""
    office = Office(company, policy=TRIAL)
    held = office.claim(office.first)
    beside = office.claim(office.second)
    assert (beside["state"], beside["reason"], beside["owner"]) == ("reported", None, None)
    assert (held["state"], held["owner"]) == ("protected", office.first.id)
    assert moves(office.second, beside) == [("received", None, "reported"), ("would_have", None, None)]
    assert notices(office.second, beside) == []
    # The record is somebody else's: the name stays masked, and the work of both is kept.
    assert beside["customer"]["name"] == "王*"
    assert work(office.second, beside)["qualified"] is False
    accepted, refusal = results(office)
    assert (accepted["kind"], accepted["claim"], accepted["person"]) == ("accept", held["id"], office.first.id)
    assert (refusal["kind"], refusal["claim"], refusal["person"]) == ("refuse", beside["id"], office.second.id)
    assert (refusal["code"], refusal["rule"], refusal["at"]) == ("customer_owned", "CLM-27", beside["received_at"])
    assert (accepted["otherwise"], refusal["otherwise"]) == (False, True)
    found = standing(office)
    assert found["counts"] == {"accept": 1, "refuse": 1, "lapse": 0, "tier_0": 0, "commission": 0}
    assert (found["mode"], found["otherwise"], found["live_at"]) == ("trial", 1, None)
    assert done(act(office.second, beside, "withdraw"))["customer"]["name"] == "王*"


def test_the_report_beside_has_the_customer_once_it_is_free(company: Company) -> None:
    """POL-08: it keeps the time of its receipt, and the acceptance that only the trial gave it is not listed as one."""
    office = Office(company, policy=TRIAL)
    held, beside = office.claim(office.first), office.claim(office.second)
    done(act(office.first, held, "release", reason="lost"))
    now = read(office.second, beside)
    assert (now["state"], now["owner"], now["received_at"]) == ("protected", office.second.id, beside["received_at"])
    assert [one["kind"] for one in results(office)] == ["accept", "refuse"]


def test_history_refuses_nobody_in_a_trial(company: Company) -> None:
    """POL-08, CLM-25, CLM-26: a cap and a wait are noted with their facts, and the reporter has the customer."""
    office = Office(company, policy={**TRIAL, "claim.cap_person": 1, "claim.reclaim_wait_h": {"person": 5}})
    first = office.claim(office.first)
    second = office.claim(office.first, customer=customer(2))
    assert second["state"] == "protected"
    done(act(office.first, first, "release", reason="invalid"))
    again = office.claim(office.first)
    assert (again["state"], again["owner"]) == ("protected", office.first.id)
    cap, wait = results(office, kind="refuse")
    assert (cap["code"], cap["claim"], cap["rule"]) == ("claim_cap", second["id"], "CLM-25")
    assert (cap["facts"]["cap"], cap["facts"]["count"]) == (1, 1)
    assert (wait["code"], wait["claim"], wait["rule"]) == ("reclaim_wait", again["id"], "CLM-26")
    assert moment(wait["facts"]["until"]) > moment(wait["at"])
    # What is refused for what it says, or for who says it, is refused in a trial as well.
    wrong = office.report(office.first, customer={"kind": "person", "name": "李四", "phone": "12"})
    refused(wrong, 422, "phone_invalid", "customer.phone")


def test_a_take_that_the_rules_would_refuse_is_one_all_the_same(company: Company) -> None:
    """POL-08, POOL-06: the day's limit is noted with its count; one customer is taken once, in a trial too."""
    office = Pooled(company, policy={**TRIAL, "pool.daily_takes": 1})
    first, second = office.pooled(1), office.pooled(2)
    for pooled in (first, second):
        assert office.take(office.second, pooled).status_code == 201
    refused(office.take(office.first, second), 409, "already_taken")
    # A pool that is not open to somebody stays shut.
    version = company.admin.get(f"/v1/pools/{office.pool}").json()["version"]
    done(company.admin.patch(f"/v1/pools/{office.pool}", {"version": version, "open_to": "admins"}))
    shut = office.pooled(3)
    refused(office.report(office.second, customer=customer(3)), 403, "not_member")
    refused(office.take(office.second, shut), 403, "not_member")
    (limit,) = results(office, kind="refuse")
    assert (limit["code"], limit["rule"], limit["person"]) == ("daily_limit", "POOL-06", office.second.id)
    assert (limit["facts"]["cap"], limit["facts"]["count"], limit["otherwise"]) == (1, 1, True)
    taken = read(office.second, limit["claim"])
    assert (taken["state"], taken["owner"], taken["would_refuse"]) == ("protected", office.second.id, "daily_limit")
    # Three reports that were given up, and the first take: the rules agree with these.
    assert standing(office)["counts"]["accept"] == 4


def test_what_the_rules_refuse_on_a_held_claim_is_done_and_listed(company: Company) -> None:
    """POL-08: a receiver with too much on hand, an extension too many, a stage without its conditions; each once."""
    stages = [{"name": "need"}, {"name": "proposal", "conditions": ["budget_confirmed"]}]
    rules = {"pool.holding_cap": 1, "claim.extension_max": 0, "stage.list": stages, "transfer.approval": "always"}
    office = Pooled(company, policy={**TRIAL, **rules, "claim.no_deal_days": 0, "load.max_ratio": 0})
    held = office.claim(office.second, customer=customer(1))
    given = office.pooled(2)
    office.admin_act("assign", given, to=office.second.id)
    moved = office.claim(office.first, customer=customer(3))
    request = done(act(office.first, moved, "transfer", to=office.second.id, reason="换区域"))["requests"][-1]
    for person in (office.second, office.leader):
        done(decide(person, request))
    assert read(office.second, moved)["owner"] == office.second.id
    done(act(office.leader, held, "extend", reason="客户出差"))
    done(act(office.second, held, "stage", stage="proposal"))
    assert read(office.second, held)["stage"]["name"] == "proposal"
    company.advance(minutes=1)
    listed_ones = [(r["code"], r["rule"], r["claim"], r["person"]) for r in results(office, kind="refuse")]
    assigned = next(c for _, _, c, _ in listed_ones)
    assert listed_ones == [
        ("holding_cap", "POOL-07", assigned, office.second.id),
        ("holding_cap", "CLM-24", moved["id"], office.second.id),
        ("extension_limit", "CLM-22", held["id"], office.leader.id),
        ("stage_conditions", "CLM-30", held["id"], office.second.id),
    ]
    assert read(office.second, held)["would_refuse"] is None
    assert entry(office.second, held, "would_have")["data"]["rule"] == "CLM-30"
    go_live(company, office.program)
    refused(act(office.leader, held, "extend", reason="客户出差"), 409, "extension_limit")


def test_a_letter_a_collaborator_and_an_assist_too_many_are_listed_as_well(company: Company) -> None:
    """POL-08: `bid.letters`, `claim.collaborators_max` and `assist.per_deal` are rules on trial like the others."""
    limits = {"claim.subject": "project", "bid.letters": 1, "claim.collaborators_max": 0, "assist.per_deal": 0}
    office = MoneyOffice(company, policy={**TRIAL, **limits})
    about = {"customer": customer(1), "project": {"name": "电网二期", "tender_number": "ZB-1"}}
    claim = office.claim(office.first, **about)
    for _ in range(2):
        assert "letters" in read(office.first, claim)["allowed"]
        issued = done(act(office.first, claim, "letters"))
    assert (len(issued["letters"]), issued["letters"][-1]["override"]) == (2, None)
    invited = {"person": office.second.id, "rights": "read"}
    assert done(act(office.first, claim, "collaborators", **invited))["collaborators"] == [invited]
    deal = office.won(office.first, claim=claim["id"])
    helped = office.first.made(f"/v1/deals/{deal}/assists", {"person": office.second.id})
    assert [one["person"] for one in helped["overlays"]] == [office.second.id]
    company.advance(minutes=1)
    assert [(r["code"], r["rule"], r["claim"], r["person"]) for r in results(office, kind="refuse")] == [
        ("illegal_transition", "CLM-33", claim["id"], office.first.id),
        ("collaborator_limit", "CLM-29", claim["id"], office.first.id),
        ("assist_limit", "COM-05", claim["id"], office.first.id),
    ]
    go_live(company, office.program)
    invited["person"] = company.rep("丙", team=office.team).id
    refused(act(office.first, claim, "collaborators", **invited), 409, "collaborator_limit")


def test_what_was_loaded_before_lapses_neither(company: Company) -> None:
    """POL-08, INT-10: rows of an opening load are accepted in a trial; at go-live no first follow-up is due."""
    load = Load(company, policy=TRIAL)
    office = load.office
    row = load.row(office.first, 1, protection_days_left=3)
    load.go_live(days=30)
    kept = read(office.first, row)
    assert (kept["state"], kept["clocks"]) == ("protected", [])
    beside = office.claim(office.second, customer=customer(1))
    assert (beside["state"], beside["would_refuse"]) == ("reported", "customer_owned")
    assert [(one["kind"], one["code"]) for one in results(office)] == [
        ("accept", None),
        ("lapse", "protection_end"),
        ("refuse", "customer_owned"),
    ]
    answer = go_live(company, office.program)
    assert sorted(clocks(read(office.first, row))) == ["idle", "no_deal", "protection"]
    assert min(moment(at) for at in clocks(read(office.first, row)).values()) >= moment(answer["grace_until"])


def test_nothing_lapses_in_a_trial_and_what_would_have_is_listed_once(company: Company) -> None:
    """POL-08, CLM-14, CLM-19: at the recorded deadline, with the rule of its clock; the claim stays with its owner."""
    office = Office(company, policy={**TRIAL, "claim.first_follow_up_wh": "PT2H", "claim.idle_days": "PT3H"})
    claim = office.claim(office.first)
    due = clocks(claim)["first_follow_up"]
    company.advance(days=400)
    kept = read(office.first, claim)
    assert (kept["state"], kept["owner"], kept["clocks"]) == ("protected", office.first.id, [])
    (lapse,) = results(office, kind="lapse")
    assert (lapse["claim"], lapse["at"], lapse["person"]) == (claim["id"], due, office.first.id)
    assert (lapse["code"], lapse["rule"]) == ("no_first_follow_up", "claim.first_follow_up_wh")
    assert lapse["otherwise"] is True
    noted = entry(office.first, claim, "would_have")
    assert (noted["at"], noted["reason"], noted["data"]["result"]) == (due, "no_first_follow_up", "lapse")
    assert "claim.lapsed" not in notices(office.first, claim)
    # Somebody works on: what would come next is counted from there.
    work(office.first, claim)
    assert list(clocks(read(office.first, claim))) == ["idle"]
    company.advance(days=1)
    assert [one["code"] for one in results(office, kind="lapse")] == ["no_first_follow_up", "idle"]


def test_work_that_counts_on_a_claim_without_clocks_wakes_it_when_its_time_is_over(company: Company) -> None:
    """POL-08, CLM-17: an active claim that would have lapsed is worked: its new idle time ends, and that is listed."""
    office = Office(company, policy={**TRIAL, "claim.first_follow_up_wh": 0, "claim.idle_days": "PT3H"})
    claim = office.claim(office.first)
    work(office.first, claim)
    company.advance(days=1)
    assert (read(office.first, claim)["state"], clocks(read(office.first, claim))) == ("active", {})
    work(office.first, claim, note="第二次谈了付款方式和交房时间的安排")
    due = clocks(read(office.first, claim))["idle"]
    company.advance(days=1)
    assert [one["at"] for one in results(office, kind="lapse")][1:] == [due]


def test_nobody_is_reminded_in_a_trial_of_a_deadline_by_which_nothing_lapses(company: Company) -> None:
    """POL-08, CLM-18: reminders speak of lapses, so they begin with the rules in force."""
    policy = {"claim.first_follow_up_wh": 0, "claim.idle_days": 10, "reminder.idle_days": [5], "opening.grace_days": 0}
    office = Office(company, policy={**TRIAL, **policy})
    claim = office.claim(office.first)
    company.advance(days=6)
    company.remind()
    assert "reminder.idle" not in notices(office.first, claim)
    go_live(company, office.program)
    company.advance(days=6)
    company.remind()
    assert "reminder.idle" in notices(office.first, claim)


def test_going_live_restarts_the_clocks_and_lists_what_people_did_otherwise(company: Company) -> None:
    """POL-08: clocks begin again, none before the grace is over; receipt times count; from then on the rules refuse."""
    policy = {**TRIAL, "claim.first_follow_up_wh": "PT2H", "claim.idle_days": 30, "opening.grace_days": 14}
    office = Office(company, policy=policy)
    overdue = office.claim(office.first)
    beside = office.claim(office.second)
    company.advance(days=3)
    worked = office.claim(office.first, customer=customer(2))
    work(office.first, worked)
    gone = office.claim(office.second, customer=customer(2))
    done(act(office.second, gone, "withdraw"))
    answer = go_live(company, office.program)
    live_at = answer["live_at"]
    assert (answer["mode"], answer["policy_version"], answer["grace_until"]) == ("live", 2, _later(live_at, days=14))
    assert answer["counts"] == {"accept": 2, "refuse": 2, "lapse": 1, "tier_0": 0, "commission": 0}
    # The report that was withdrawn stands for nobody: that is as the rules have it.
    assert answer["otherwise"] == 2
    assert [(one["kind"], one["claim"]) for one in answer["items"]] == [
        ("lapse", overdue["id"]),
        ("refuse", beside["id"]),
    ]
    # Working hours of two would be over today: nothing lapses within the grace.
    now = clocks(read(office.first, overdue))
    assert now["first_follow_up"] == _later(live_at, days=14)
    assert moment(now["idle"]) >= after(live_at, days=30)
    assert "first_follow_up" not in clocks(read(office.first, worked))
    assert read(office.first, overdue)["policy_version"] == 2
    # The reports of the trial are decided by the rules, as of their receipt.
    lost = read(office.second, beside)
    assert (lost["state"], lost["reason"], lost["received_at"]) == ("rejected", "customer_owned", beside["received_at"])
    late = office.claim(office.second, customer=customer(2))
    assert (late["state"], late["reason"]) == ("rejected", "customer_owned")
    assert {one["id"]: one["otherwise"] for one in results(office, otherwise=True)} == {
        one["id"]: True for one in answer["items"]
    }
    assert standing(office)["otherwise"] == 2
    assert "policy.changed" in notices(office.second)
    company.advance(days=13)
    assert read(office.first, overdue)["state"] == "protected"
    company.advance(days=2)
    assert read(office.first, overdue)["reason"] == "no_first_follow_up"
    refused(company.admin.post(f"/v1/programs/{office.program}/go-live"), 409, "illegal_transition")


def test_the_history_of_a_trial_holds(company: Company) -> None:
    """POL-08, AUD-01: the list at go-live is in the history of the program, and the chain is whole."""
    office = Office(company, policy=TRIAL)
    office.claim(office.first)
    office.claim(office.second)
    go_live(company, office.program)
    history = listed(company.admin.get("/v1/audit/events", stream=office.program))
    (went,) = (one for one in history if one["kind"] == "went_live")
    assert went["actor"] == company.admin.id
    assert (went["data"]["otherwise"], went["data"]["counts"]["refuse"]) == (1, 1)
    assert company.admin.get("/v1/audit/verify").json()["ok"] is True


def test_no_policy_ends_a_trial_or_begins_one(company: Company) -> None:
    """POL-08: never live by itself; a version of another mode is not activated, of the program's or the company's."""
    office = Office(company, policy=TRIAL)
    second = company.person("二号规则管理员", roles=("policy_admin",), company_wide=True)

    def enact(path: str, **parameters: str) -> Any:
        body = {"reason": "上线", "parameters": parameters}
        draft = company.admin.made(path, body)["id"]
        second.made(f"/v1/policies/{draft}/review")
        second.made(f"/v1/policies/{draft}/approve")
        return second.post(f"/v1/policies/{draft}/activate")

    refused(enact(f"/v1/programs/{office.program}/policies", **{"program.mode": "live"}), 409, "illegal_transition")
    live = company.program("正式项目")
    refused(enact(f"/v1/programs/{live}/policies", **{"program.mode": "trial"}), 409, "illegal_transition")
    refused(enact("/v1/policies", **{"program.mode": "trial"}), 409, "illegal_transition")
    assert enact(f"/v1/programs/{office.program}/policies", **{"program.trial_days": "P9D"}).status_code == 200
    found = standing(office)
    assert (found["mode"], found["ends_at"]) == ("trial", _later(found["began_at"], days=9))
    refused(company.admin.post(f"/v1/programs/{live}/go-live"), 409, "illegal_transition")


def test_no_version_set_for_later_ends_a_trial_when_its_time_comes(company: Company) -> None:
    """POL-08: one that leaves the mode to the company's policy would follow a company that is live by then."""
    company.company_policy(program__mode="trial")
    office = Office(company, policy=TRIAL)
    second = company.person("二号规则管理员", roles=("policy_admin",), company_wide=True)
    today = rfc3339(company.now())

    def approved(path: str, **body: Any) -> str:
        draft = company.admin.made(path, {"reason": "上线", "parameters": {}, **body})["id"]
        second.made(f"/v1/policies/{draft}/review")
        second.made(f"/v1/policies/{draft}/approve")
        return f"/v1/policies/{draft}/activate"

    follows = approved(f"/v1/programs/{office.program}/policies", preset="real_estate")
    second.made(follows, {"at": _later(today, days=20)})
    live = approved("/v1/policies", parameters={"program.mode": "live"})
    for days in (10, 20, 30):
        why = refused(second.post(live, {"at": _later(today, days=days)}), 409, "illegal_transition")
        assert why["facts"] == {
            "parameter": "program.mode",
            "program": office.program,
            "at": _later(today, days=max(days, 20)),
        }
    # Moved beyond the next version that says trial itself, it would leave the days between to the one before.
    own = approved(f"/v1/programs/{office.program}/policies", parameters=TRIAL)
    second.made(own, {"at": _later(today, days=25)})
    second.made(live, {"at": _later(today, days=30)})
    refused(second.post(own, {"at": _later(today, days=40)}), 409, "illegal_transition")
    company.advance(days=31)
    assert standing(office)["mode"] == "trial"


def test_the_admin_is_reminded_once_and_the_trial_goes_on(company: Company) -> None:
    """POL-08: after `program.trial_days`, in both languages; the rules still refuse nobody."""
    office = Office(company, policy={**TRIAL, "program.trial_days": 10})

    def reminded() -> list[dict[str, Any]]:
        DatabaseHouse(company.database, company.snapshots, company.settings.data).trial_over()
        told = listed(company.admin.get("/v1/me/notices", limit=200))
        return [one for one in told if one["kind"] == "policy.trial_over"]

    assert standing(office)["ends_at"] == _later(standing(office)["began_at"], days=10)
    assert reminded() == []
    company.advance(days=11)
    (told,) = reminded()
    assert len(reminded()) == 1
    assert (told["subject"], told["rule"]) == ({"type": "program", "id": office.program}, "POL-08")
    assert "试运行继续" in told["text"]["zh"]
    assert "the trial goes on" in told["text"]["en"]
    office.claim(office.first)
    assert office.claim(office.second)["state"] == "reported"


def test_leaders_see_what_concerns_their_people(company: Company) -> None:
    """POL-08: supervisors their teams, managers and admins all; whoever reports sees none of it."""
    office = Office(company, policy=TRIAL)
    held = office.claim(office.first)
    other = office.outsider()
    beside = office.claim(other)
    assert [one["claim"] for one in results(office)] == [held["id"], beside["id"]]
    assert [one["claim"] for one in results(office, office.manager())] == [held["id"], beside["id"]]
    assert [one["claim"] for one in results(office, office.leader)] == [held["id"]]
    assert standing(office, office.leader)["counts"]["refuse"] == 0
    refused(other.get(f"/v1/programs/{office.program}/trial"), 403, "not_allowed")
    assert results(office, person=other.id) == results(office, kind="refuse")


def test_commission_is_listed_to_the_minor_unit_and_not_posted(company: Company) -> None:
    """POL-08, COM-02, COM-07: five per cent of 3,333.33 is 166.67; a third of the cash releases 55.55 of it."""
    office = MoneyOffice(company, policy={**TRIAL, "claim.cap_person": 0})
    claim = office.claim(office.first)
    deal = office.won(office.first, 333_333, claim=claim["id"])
    office.receive(deal, 111_111)
    shown = office.deal(deal)
    assert shown["commission"] == money(16_667)
    assert sums(shown) == {"accrued": 0, "released": 0, "held": 0, "paid": 0}
    assert entries(office.money, deal) == []
    assert accounts(office.money, deal) == {}
    accrual, release = results(office, kind="commission")
    assert (accrual["code"], accrual["claim"], accrual["person"]) == ("accrual", claim["id"], office.first.id)
    assert (accrual["rule"], accrual["otherwise"], accrual["facts"]["key"]) == ("COM-02", False, f"deal/{deal}:accrue")
    mine = f"person:{office.first.id}"
    assert _posted(accrual) == {f"{mine}:accrued": 16_667, "company:commission": -16_667}
    assert (release["code"], release["rule"], release["facts"]["currency"]) == ("release", "COM-07", "CNY")
    assert _posted(release) == {f"{mine}:accrued": -5_555, f"{mine}:payable": 5_555}
    # Going live posts nothing of the past, and everything that comes.
    go_live(company, office.program)
    office.receive(deal, 111_111, "r2")
    assert entries(office.money, deal) == []
    assert len(results(office, kind="commission")) == 2
    later = office.won(office.first, 333_333, claim=office.claim(office.first, customer=customer(2))["id"])
    assert sums(office.deal(later))["accrued"] == 16_667
    assert [entry["kind"] for entry in entries(office.money, later)] == ["accrual"]
    ledger_is_right(company)


def test_a_deal_that_nobody_claimed_in_the_trial_earns_nothing_after_it(company: Company) -> None:
    """POL-08, COM-01: it is the record of the deal that counts, whoever it is given to and when."""
    office = MoneyOffice(company, policy=TRIAL)
    known = done(office.company.admin.post("/v1/customers", customer(7)))["id"]
    body = {"program": office.program, "customer": known, "amount": money(100_000), "contract_at": SIGNED}
    deal = office.money.made("/v1/deals", body)
    assert deal["state"] == "unclaimed"
    go_live(company, office.program)
    claim = office.claim(office.first, customer={"id": known})
    office.leader.made(f"/v1/deals/{deal['id']}/allocate", {"claim": claim["id"]})
    assert office.deal(deal["id"])["commission"] == money(5_000)
    assert entries(office.money, deal["id"]) == []


def test_tier_0_is_noted_and_the_parties_negotiate(company: Company) -> None:
    """POL-08, DSP-04: whom the rules would have named, in the list and in the history of the case; nobody is bound."""
    case = Contested(company, auto_settle=True, mode="trial")
    assert (case.read()["state"], case.read()["outcome"], case.read()["tier"]) == ("negotiating", None, None)
    program = case.read()["program"]
    (noted,) = listed(company.admin.get(f"/v1/programs/{program}/trial/results", kind="tier_0"))
    assert (noted["claim"], noted["person"], noted["rule"]) == (case.held, case.first.id, "DSP-04")
    assert (noted["facts"]["dispute"], noted["facts"]["outcome"]) == (case.id, "party")
    # 甲 still holds the customer, as the rules have it; once the two agree otherwise that is listed.
    assert noted["otherwise"] is False
    history = listed(case.second.get(f"/v1/disputes/{case.id}/timeline"))
    assert "would_have" in [one["kind"] for one in history]
    case.agreed(case.first, accept=(case.second,))
    (noted,) = listed(company.admin.get(f"/v1/programs/{program}/trial/results", kind="tier_0"))
    assert noted["otherwise"] is True


def test_a_case_that_outlives_the_trial_gives_back_what_the_rules_have(company: Company) -> None:
    """POL-08, DSP-03: clocks of the holder stand still with their whole length; the report beside is refused then."""
    case = Contested(company, mode="trial")
    go_live(company, case.read()["program"])
    stands = read(case.first, case.held)
    assert (stands["state"], set(clocks(stands).values())) == ("disputed", {None})
    assert moves(case.first, case.held)[-1] == ("went_live", None, None)
    company.advance(days=30)
    company.admin.made(f"/v1/disputes/{case.id}/dismiss", {"reason": "没有依据"})
    lost, held = read(case.second, case.refused), read(case.first, case.held)
    assert (lost["state"], lost["reason"]) == ("rejected", "customer_owned")
    assert (held["state"], sorted(clocks(held))) == ("active", ["idle", "no_deal", "protection"])
    assert moment(clocks(held)["idle"]) >= company.now() + timedelta(days=59)


def test_a_live_program_has_no_trial(company: Company) -> None:
    """POL-08: `program.mode` is live by default, and nothing is noted."""
    office = Office(company)
    office.claim(office.first)
    assert office.claim(office.second)["state"] == "rejected"
    assert results(office) == []
    found = standing(office)
    assert (found["mode"], found["began_at"], found["ends_at"], found["live_at"]) == ("live", None, None, None)
    assert "program.mode" not in PLAIN_POLICY


def _posted(result: Mapping[str, Any]) -> dict[str, int]:
    return {one["account"]: one["amount_minor"] for one in result["facts"]["postings"]}


def _later(text: str, **amount: float) -> str:
    return after(text, **amount).isoformat().replace("+00:00", "Z")
