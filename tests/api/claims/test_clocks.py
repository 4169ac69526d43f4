"""The clocks of a claim: lengths, order, lapse at the recorded instant, renewal, guard, reminders (CLM-11..19)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import tables as t
from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    FRIDAY,
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
    moves,
    notices,
    read,
    tasks,
    work,
)

#: Every clock off and nothing to complete; a test switches on the one it is about.
OFF: dict[str, Any] = {
    "claim.complete_fields": [],
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
}


def test_an_accepted_claim_runs_the_four_clocks_of_the_general_policy(company: Company) -> None:
    """CLM-11, CLM-14, CLM-16, CLM-17: each with its deadline and source rule; the earliest is the deadline."""
    office = Office(company)
    claim = office.claim(office.first)
    since = claim["accepted_at"]
    # Monday 10:00 + 48 wh = Wednesday 10:00; days are calendar days at the same clock time, Shanghai has no DST.
    expected = {"first_follow_up": 2, "idle": 60, "no_deal": 180, "protection": 90}
    assert {k: moment(v) for k, v in clocks(claim).items()} == {k: after(since, days=v) for k, v in expected.items()}
    assert {c["clock"]: c["rule"] for c in claim["clocks"]} == {
        "first_follow_up": "claim.first_follow_up_wh",
        "idle": "claim.idle_days",
        "no_deal": "claim.no_deal_days",
        "protection": "claim.protection_days",
    }
    assert claim["deadline"] == clocks(claim)["first_follow_up"]
    assert all(not c["paused"] for c in claim["clocks"])
    left = clock(claim, "idle")["remaining_s"]
    assert timedelta(days=60) - timedelta(seconds=5) <= timedelta(seconds=left) <= timedelta(days=60)


@pytest.mark.parametrize(
    ("opened", "ends"),
    [
        # Friday 15:00: 9 h of Friday, 24 h of Monday, 15 h of Tuesday.
        ("2031-03-07T07:00:00Z", "2031-03-11T07:00:00Z"),
        # Saturday 11:00 is free: counted from Monday 00:00, so until Tuesday 24:00 = Wednesday 00:00 in Shanghai.
        ("2031-03-08T03:00:00Z", "2031-03-11T16:00:00Z"),
        # Thursday 23:30: half an hour, Friday, Monday until 23:30.
        ("2031-03-06T15:30:00Z", "2031-03-10T15:30:00Z"),
    ],
)
def test_working_hours_stand_still_on_free_days(company: Company, opened: str, ends: str) -> None:
    """TER-06, requirements 0.1: 48 wh = 2 wd."""
    office = Office(company, opened=opened)
    claim = office.claim(office.first)
    passed = moment(claim["accepted_at"]) - moment(opened)
    on_free_day = opened == "2031-03-08T03:00:00Z"
    assert moment(clocks(claim)["first_follow_up"]) == moment(ends) + (timedelta() if on_free_day else passed)


def test_other_lengths_elapsed_time_and_zero(company: Company) -> None:
    """POL-01, CLM-17: ISO durations are elapsed time, 0 switches a clock off."""
    policy = {
        "claim.first_follow_up_wh": "PT20S",
        "claim.idle_days": "P1DT2H",
        "claim.no_deal_days": 0,
        "claim.protection_days": 30,
    }
    office = Office(company, policy=policy)
    claim = office.claim(office.first)
    since = claim["accepted_at"]
    assert {k: moment(v) for k, v in clocks(claim).items()} == {
        "first_follow_up": after(since, seconds=20),
        "idle": after(since, hours=26),
        "protection": after(since, days=30),
    }


def test_a_claim_without_clocks_never_lapses(company: Company) -> None:
    """CLM-17: a clock set to 0 is off."""
    office = Office(company, policy=OFF)
    claim = office.claim(office.first)
    assert (claim["clocks"], claim["deadline"]) == ([], None)
    company.advance(days=3000)
    assert read(office.first, claim)["state"] == "protected"


@pytest.mark.parametrize(
    ("running", "reason"),
    [
        (("first_follow_up_wh", "idle_days", "no_deal_days", "protection_days"), "no_first_follow_up"),
        (("idle_days", "no_deal_days", "protection_days"), "idle"),
        (("no_deal_days", "protection_days"), "no_deal"),
        (("protection_days",), "protection_end"),
    ],
)
def test_equal_deadlines_are_decided_in_their_order(company: Company, running: tuple[str, ...], reason: str) -> None:
    """Requirements 0.2: first follow-up, provisional, stage, idle, no-deal, protection."""
    office = Office(company, policy=OFF | {f"claim.{name}": "PT10M" for name in running})
    claim = office.claim(office.first)
    assert len(set(clocks(claim).values())) == 1
    company.advance(minutes=11)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", reason)
    assert lapsed["ended_at"] == claim["deadline"]


def test_a_provisional_clock_goes_before_idle_and_after_the_first_follow_up(company: Company) -> None:
    """Requirements 0.2: equal deadlines."""
    missing = OFF | {"claim.complete_fields": ["need"], "claim.provisional_days": "PT10M"}
    office = Office(company, policy=missing | {"claim.idle_days": "PT10M"})
    first = office.claim(office.first, provisional=True)
    office.program = company.program("Both", policy=missing | {"claim.first_follow_up_wh": "PT10M"})
    second = office.claim(office.first, provisional=True)
    company.advance(minutes=11)
    assert read(office.first, first)["reason"] == "incomplete"
    assert read(office.first, second)["reason"] == "no_first_follow_up"


def test_a_lapse_is_stored_at_its_deadline_and_frees_the_customer(company: Company) -> None:
    """CLM-19: owner gone, clocks gone, the owner told, history by nobody, at the deadline."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(days=3)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["owner"]) == ("lapsed", "no_first_follow_up", None)
    assert (lapsed["clocks"], lapsed["deadline"], lapsed["ended_at"]) == ([], None, claim["deadline"])
    item = entry(office.first, claim, "lapsed")
    assert (item["actor"], item["at"], item["reason"]) == (None, claim["deadline"], "no_first_follow_up")
    assert (item["from"], item["to"], item["policy_version"]) == ("protected", "lapsed", 1)
    assert notices(office.first, claim)[-1] == "claim.lapsed"
    assert lapsed["allowed"] == []


def test_no_deal_and_protection_are_not_moved_by_work(company: Company) -> None:
    """CLM-17: a follow-up moves the idle deadline only; no deal in 180 days ends the claim."""
    office = Office(company, policy={"claim.protection_days": 0})
    claim = office.claim(office.first)
    for _ in range(4):
        work(office.first, claim, note=f"{NOTE}{_}")
        assert clocks(read(office.first, claim))["no_deal"] == clocks(claim)["no_deal"]
        company.advance(days=44)
    company.advance(days=5)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "no_deal")
    assert moment(lapsed["ended_at"]) == after(claim["accepted_at"], days=180)


def test_an_idle_claim_lapses_so_long_after_its_last_qualified_work(company: Company) -> None:
    """CLM-16, CLM-17: `claim.idle_days` 10 from the receipt of the follow-up."""
    office = Office(company, policy=OFF | {"claim.idle_days": 10})
    claim = office.claim(office.first)
    company.advance(days=9)
    entered = work(office.first, claim)
    assert moment(entered["deadline"]) == after(entered["received_at"], days=10)
    company.advance(days=9, hours=23)
    assert read(office.first, claim)["state"] == "active"
    company.advance(hours=2)
    lapsed = read(office.first, claim)
    assert (lapsed["reason"], lapsed["ended_at"]) == ("idle", entered["deadline"])


def test_a_missed_first_follow_up_may_escalate_instead(company: Company) -> None:
    """CLM-14: `claim.first_follow_up_miss` escalate: a task for the supervisor, the claim goes on; work closes it."""
    office = Office(company, policy={"claim.first_follow_up_miss": "escalate"})
    claim = office.claim(office.first)
    company.advance(days=3)
    missed = read(office.first, claim)
    assert (missed["state"], "first_follow_up" in clocks(missed)) == ("protected", False)
    assert clocks(missed)["idle"] == clocks(claim)["idle"]
    assert [subject for _, subject in tasks(office.leader)] == [claim["id"]]
    assert "reminder.first_follow_up" in notices(office.leader, claim)
    assert work(office.first, claim)["state"] == "active"
    assert tasks(office.leader) == []


# --- protection end ------------------------------------------------------------------------------------------------

PROTECTION = OFF | {"claim.protection_days": 90}


def test_an_unworked_protection_ends_in_a_lapse(company: Company) -> None:
    """CLM-11: `renew_if_worked` needs a qualified follow-up; without one the claim lapses at the deadline."""
    office = Office(company, policy=PROTECTION)
    claim = office.claim(office.first)
    company.advance(days=91)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "protection_end", claim["deadline"])


def test_a_worked_protection_is_renewed_up_to_the_longest_time(company: Company) -> None:
    """CLM-11: 90 days, worked in the last 30, renewed for 90; `claim.max_total_days` 180 is the end."""
    office = Office(company, policy=PROTECTION)
    claim = office.claim(office.first)
    company.advance(days=70)
    work(office.first, claim)
    company.advance(days=21)
    renewed = read(office.first, claim)
    assert renewed["state"] == "active"
    assert moment(clocks(renewed)["protection"]) == after(claim["accepted_at"], days=180)
    item = entry(office.first, claim, "renewed")
    assert (item["at"], item["from"], item["to"]) == (claim["deadline"], None, None)
    assert notices(office.first, claim)[-1] == "claim.renewed"
    company.advance(days=80)
    work(office.first, claim, note=f"{NOTE}再")
    company.advance(days=15)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "protection_end")
    assert moment(lapsed["ended_at"]) == after(claim["accepted_at"], days=180)


def test_a_renewal_is_cut_at_the_longest_total_time(company: Company) -> None:
    """CLM-11: `claim.max_total_days` 120 leaves 30 of the 90 days; 0 is no limit."""
    office = Office(company, policy=PROTECTION | {"claim.max_total_days": 120})
    capped = office.claim(office.first)
    office.program = company.program("Endless", policy=PROTECTION | {"claim.max_total_days": 0})
    endless = office.claim(office.first)
    for _ in range(3):
        company.advance(days=80)
        for claim in (capped, endless):
            if read(office.first, claim)["state"] != "lapsed":
                work(office.first, claim, note=f"{NOTE}{_}")
        company.advance(days=11)
        if _ == 0:
            now = read(office.first, capped)
            assert moment(clocks(now)["protection"]) == after(capped["accepted_at"], days=120)
    assert moment(read(office.first, capped)["ended_at"]) == after(capped["accepted_at"], days=120)
    # 90 + 90 + 90 days are over, and the fourth period runs.
    assert moment(read(office.first, endless)["deadline"]) == after(endless["accepted_at"], days=360)


@pytest.mark.parametrize(("days_before", "state"), [(31, "lapsed"), (29, "active")])
def test_only_recent_work_renews(company: Company, days_before: int, state: str) -> None:
    """CLM-11: a qualified follow-up in the last `claim.renew_recent_days` (30)."""
    office = Office(company, policy=PROTECTION)
    claim = office.claim(office.first)
    company.advance(days=90 - days_before)
    work(office.first, claim)
    company.advance(days=days_before - 2)
    # Unqualified work is no work: too short to count.
    assert not work(office.first, claim, note="你好")["qualified"]
    company.advance(days=3)
    assert read(office.first, claim)["state"] == state


def test_where_policy_says_lapse_work_does_not_renew(company: Company) -> None:
    """CLM-11: `claim.on_protection_end` lapse."""
    office = Office(company, policy=PROTECTION | {"claim.on_protection_end": "lapse"})
    claim = office.claim(office.first)
    company.advance(days=89)
    work(office.first, claim)
    company.advance(days=2)
    assert read(office.first, claim)["reason"] == "protection_end"


# --- the engine away ---------------------------------------------------------------------------------------------


def test_work_received_before_the_deadline_counts_however_late_it_is_decided(company: Company) -> None:
    """CLM-19: stored while the engine was away, decided after the deadline by recorded times."""
    office = Office(company, policy=OFF | {"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    company.direct.down = True
    answer = act(office.first, claim, "follow-ups", kind="call", note=NOTE)
    assert answer.status_code == 202
    company.shift(hours=5)
    company.direct.down = False
    company.direct.drain(claim["id"])
    worked = read(office.first, claim)
    assert (worked["state"], worked["pending"]) == ("active", None)
    assert entry(office.first, claim, "worked")["at"] == answer.json()["received_at"]


def test_work_received_after_the_deadline_is_too_late_even_if_the_lapse_is_not_yet_decided(company: Company) -> None:
    """CLM-19: `deadline_passed`, and the stored time of the lapse is the deadline, not the recovery."""
    office = Office(company, policy=OFF | {"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    company.direct.down = True
    company.shift(hours=2)
    answer = act(office.first, claim, "follow-ups", kind="call", note=NOTE)
    assert answer.status_code == 202
    company.shift(hours=2)
    company.direct.down = False
    company.direct.drain(claim["id"])
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", claim["deadline"])
    command = office.first.get(answer.headers["Location"]).json()
    assert (command["state"], command["problem"]["code"]) == ("refused", "deadline_passed")
    assert office.first.get(f"/v1/claims/{claim['id']}/follow-ups").json()["items"] == []
    problem = refused(act(office.first, claim, "follow-ups", kind="call", note=NOTE), 409, "deadline_passed")
    assert (problem["rule"], problem["current_state"]) == ("CLM-19", "lapsed")
    assert moment(problem["facts"]["until"]) == moment(claim["deadline"])


def test_an_undecided_deadline_lets_nobody_work_and_the_next_report_finds_it_lapsed(company: Company) -> None:
    """CLM-19: the engine was down at the deadline; a report received later is accepted after the lapse."""
    office = Office(company, policy=OFF | {"claim.idle_days": 1})
    claim = office.claim(office.first)
    work(office.first, claim)
    company.shift(days=2)
    refused(act(office.first, claim, "follow-ups", kind="call", note=f"{NOTE}再"), 409, "deadline_passed")
    company.shift(hours=1)
    second = office.claim(office.second)
    assert (second["state"], second["owner"]) == ("protected", office.second.id)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "idle")
    assert moment(lapsed["ended_at"]) < moment(second["accepted_at"])


def received_at(company: Company, command: str, at: datetime) -> None:
    """Make a stored command one that was received at this very instant."""
    company.database.transact(
        lambda tx: tx.execute(t.command.update().where(t.command.c.id == command).values(received_at=at))
    )


@pytest.mark.parametrize(("late_us", "state"), [(0, "active"), (1, "lapsed")])
def test_an_act_at_the_very_deadline_counts_and_one_a_microsecond_later_does_not(
    company: Company, late_us: int, state: str
) -> None:
    """Requirements 0.1 "Deadline": received at or before that instant."""
    office = Office(company, policy=OFF | {"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    company.direct.down = True
    command = act(office.first, claim, "follow-ups", kind="call", note=NOTE).json()["pending"]["command"]
    received_at(company, command, moment(claim["deadline"]) + timedelta(microseconds=late_us))
    company.shift(hours=2)
    company.direct.drain(claim["id"])
    assert read(office.first, claim)["state"] == state


# --- overrides ---------------------------------------------------------------------------------------------------


def test_the_most_specific_override_is_fixed_at_acceptance(company: Company) -> None:
    """CLM-13: by level, kind, source or channel; the one with more conditions wins."""
    overrides = [
        {"when": {"level": "VIP"}, "set": {"claim.idle_days": 30, "claim.no_deal_days": 100}},
        {"when": {"level": "VIP", "channel": "partner"}, "set": {"claim.idle_days": 10}},
        {"when": {"source": "展会"}, "set": {"claim.protection_days": 20}},
        {"when": {"kind": "company"}, "set": {"claim.first_follow_up_wh": 0}},
    ]
    office = Office(company, overrides=overrides)
    vip = person_customer() | {"level": "VIP"}
    cases: list[tuple[dict[str, Any], dict[str, Any], dict[str, int | None]]] = [
        (vip, {}, {"idle": 30, "no_deal": 100, "first_follow_up": 2}),
        (customer(1) | {"level": "VIP"}, {"channel": "partner"}, {"idle": 10, "no_deal": 100, "first_follow_up": 2}),
        (customer(2), {"source": "展会"}, {"idle": 60, "protection": 20, "first_follow_up": 2}),
        (customer(3), {"channel": "partner"}, {"idle": 60, "no_deal": 180, "first_follow_up": 2}),
        (
            {"kind": "company", "name": "甲子贸易有限公司"},
            {},
            {"idle": 60, "no_deal": 180, "first_follow_up": None},
        ),
    ]
    for who, more, expected in cases:
        claim = office.claim(office.first, customer=who, **more)
        for name, days in expected.items():
            found = clocks(claim).get(name)
            assert (moment(found) if found else None) == (after(claim["accepted_at"], days=days) if days else None)


def test_a_later_level_moves_no_running_deadline(company: Company) -> None:
    """CLM-13: a later level change affects new deadlines only."""
    overrides = [{"when": {"level": "VIP"}, "set": {"claim.idle_days": 30, "claim.first_follow_up_wh": 0}}]
    office = Office(company, overrides=overrides)
    claim = office.claim(office.first)
    record = company.admin.get(f"/v1/customers/{claim['customer']['id']}").json()
    given = {"version": record["version"], "level": "VIP", "level_reason": "重点客户"}
    done(company.admin.patch(f"/v1/customers/{record['id']}", given))
    company.direct.drain(claim["id"])
    assert clocks(read(office.first, claim)) == clocks(claim)
    done(act(office.first, claim, "release", reason="need_unmet"))
    fresh = office.claim(office.second)
    assert moment(clocks(fresh)["idle"]) == after(fresh["accepted_at"], days=30)


# --- the guard ---------------------------------------------------------------------------------------------------


def reach(office: Office, claim: dict[str, Any], stage: str) -> None:
    """The owner moves the claim to a sales stage (CLM-30)."""
    done(act(office.first, claim, "stage", stage=stage))


GUARDED = OFF | {"claim.idle_days": 60, "claim.no_deal_days": 100}


def guarded(company: Company, stage: str = "proposal", **policy: Any) -> tuple[Office, dict[str, Any]]:
    """A worked claim at the guard stage, its no-deal clock just over: Monday 2031-03-03 + 100 days = Wed 06-11."""
    office = Office(company, policy=GUARDED | policy)
    claim = office.claim(office.first)
    company.advance(days=50)
    work(office.first, claim)
    reach(office, claim, stage)
    company.advance(days=50, hours=1)
    return office, claim


def test_a_worked_claim_from_the_guard_stage_on_is_put_to_the_supervisor(company: Company) -> None:
    """CLM-17: not lapsed by the no-deal clock; a guard request within `claim.guard_wd` 5 of the deadline."""
    office, claim = guarded(company)
    held = read(office.first, claim)
    assert held["state"] == "active"
    (request,) = held["requests"]
    assert (request["kind"], request["state"], request["by"]) == ("guard", "open", None)
    assert request["waiting_for"] == [office.leader.id]
    # Wednesday 2031-06-11 10:00 + 5 wd = Wednesday 06-18 10:00.
    assert moment(request["decide_by"]) == after(clocks(claim)["no_deal"], days=7)
    assert tasks(office.leader) == [("request.guard", request["id"])]
    assert "request.guard" in notices(office.leader, claim)
    extended = done(decide(office.leader, request))
    assert extended["state"] == "accepted"
    present = read(office.first, claim)
    # Thirty days (`claim.extension_days`) from the old deadline.
    assert moment(clocks(present)["no_deal"]) == after(clocks(claim)["no_deal"], days=30)
    assert entry(office.first, claim, "extended")["actor"] == office.leader.id
    assert tasks(office.leader) == []


def test_a_refused_guard_is_a_lapse_at_the_decision(company: Company) -> None:
    """CLM-17, contract section 5: refused = lapse; the deadline is the instant of the decision."""
    office, claim = guarded(company)
    request = read(office.first, claim)["requests"][0]
    company.advance(days=1)
    done(decide(office.leader, request, "refuse", reason="没有进展"))
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "no_deal")
    assert moment(lapsed["ended_at"]) >= after(clocks(claim)["no_deal"], days=1)
    assert lapsed["ended_at"] == entry(office.first, claim, "lapsed")["at"]


def test_a_silent_supervisor_extends_once_and_then_the_claim_lapses(company: Company) -> None:
    """CLM-17: expired = extended by `claim.extension_days`, on expiry once."""
    office, claim = guarded(company)
    # 06-11 + 5 wd = 06-18; extended to 06-11 + 30 d = 07-11.
    company.advance(days=8)
    once = read(office.first, claim)
    assert (once["state"], once["requests"][0]["state"]) == ("active", "expired")
    assert moment(clocks(once)["no_deal"]) == after(clocks(claim)["no_deal"], days=30)
    work(office.first, claim, note=f"{NOTE}再")
    # Friday 07-11 + 5 wd = Friday 07-18: silent again.
    company.advance(days=40)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "no_deal")
    assert moment(lapsed["ended_at"]) in (
        after(clocks(claim)["no_deal"], days=30),
        after(clocks(claim)["no_deal"], days=37),
    )


def test_the_guard_needs_recent_work_and_a_stage_from_the_named_one_on(company: Company) -> None:
    """CLM-17: a qualified follow-up in the idle period; none before the stage, or where no stage is named."""
    policy = {"claim.idle_days": 0}
    office, early = guarded(company, "need")
    assert read(office.first, early)["reason"] == "no_deal"
    # Worked 50 days before, and the idle period is 40: the idle clock itself is long over.
    office.program = company.program("Short", policy=GUARDED | {"claim.idle_days": 40})
    unworked = office.claim(office.first)
    reach(office, unworked, "proposal")
    company.advance(days=45)
    assert read(office.first, unworked)["reason"] == "idle"
    office.program = company.program("None", policy=GUARDED | policy | {"claim.guard_stage": None})
    plain = office.claim(office.first)
    work(office.first, plain)
    reach(office, plain, "proposal")
    company.advance(days=101)
    assert read(office.first, plain)["reason"] == "no_deal"


def test_the_guard_also_keeps_from_the_protection_clock_at_a_later_stage(company: Company) -> None:
    """CLM-17: negotiation comes after proposal; `claim.guard_wd` 2."""
    office = Office(
        company,
        policy=PROTECTION | {"claim.idle_days": 60, "claim.on_protection_end": "lapse", "claim.guard_wd": 2},
    )
    claim = office.claim(office.first)
    company.advance(days=45)
    work(office.first, claim)
    reach(office, claim, "negotiation")
    company.advance(days=46)
    held = read(office.first, claim)
    assert held["state"] == "active"
    # Monday 2031-03-03 + 90 d = Sunday 2031-06-01: two working days from Monday 00:00 end on Wednesday 00:00.
    assert moment(held["requests"][0]["decide_by"]) == moment("2031-06-03T16:00:00Z")


# --- reminders -----------------------------------------------------------------------------------------------------


def reminders(person: Person) -> list[dict[str, Any]]:
    items = person.get("/v1/me/notices", limit=200).json()["items"]
    return [n for n in reversed(items) if n["kind"].startswith("reminder.")]


def test_reminders_go_out_before_a_deadline_the_last_also_to_the_supervisor(company: Company) -> None:
    """CLM-18: protection 30/14/7 days; all but the last in a morning list, each once."""
    office = Office(company, policy=PROTECTION)
    claim = office.claim(office.first)
    seen: list[tuple[int, int]] = []
    for day in (58, 64, 75, 82, 84, 89):
        # Whole days after 10:00 of the first Monday.
        company.advance(days=day - (seen[-1][0] if seen else 0))
        company.remind()
        seen.append((day, len(reminders(office.first))))
    # Due on day 60 (Fri 05-02), day 76 (Sun 05-18, so the morning of Monday) and, as the last one, day 83.
    assert seen == [(58, 0), (64, 1), (75, 1), (82, 2), (84, 3), (89, 3)]
    assert [n["kind"] for n in reminders(office.first)] == ["reminder.protection"] * 3
    assert [n["kind"] for n in reminders(office.leader)] == ["reminder.protection"]
    assert {n["subject"]["id"] for n in reminders(office.first)} == {claim["id"]}


def test_reminders_of_one_person_are_one_list_and_the_last_ones_are_not(company: Company) -> None:
    """CLM-18: two claims of one day, reminded of on the same morning, though four hours apart."""
    office = Office(company, policy=PROTECTION)
    for number in (1, 2):
        office.claim(office.first, customer=customer(number))
        company.advance(hours=4)
        company.remind()
    company.advance(days=60, hours=-5)
    company.remind()
    company.advance(days=4)
    company.remind()
    assert len(reminders(office.first)) == 1
    company.advance(days=20)
    company.remind()
    # The second list of day 76, and two last ones of day 83.
    assert len(reminders(office.first)) == 4
    assert len(reminders(office.leader)) == 2


def test_a_moved_deadline_takes_its_reminders_along(company: Company) -> None:
    """CLM-18: work moves the idle deadline; the reminder of the old one is not sent, the new one is."""
    office = Office(company, policy=OFF | {"claim.idle_days": 20})
    claim = office.claim(office.first)
    company.advance(days=10)
    work(office.first, claim)
    company.advance(days=5)
    company.remind()
    assert reminders(office.first) == []
    company.advance(days=9)
    company.remind()
    # 10 + 20 days, reminded 7 days before: day 23.
    assert [n["kind"] for n in reminders(office.first)] == ["reminder.idle"]
    assert [n["kind"] for n in reminders(office.leader)] == ["reminder.idle"]


def test_a_reminder_whose_time_is_past_when_the_clock_starts_is_skipped(company: Company) -> None:
    """CLM-18: a first-follow-up limit of 10 wh skips the reminder 24 wh before and keeps that of 8."""
    office = Office(company, policy=OFF | {"claim.first_follow_up_wh": 10})
    office.claim(office.first)
    company.advance(hours=1)
    company.remind()
    assert reminders(office.first) == []
    company.advance(hours=2)
    company.remind()
    assert [n["kind"] for n in reminders(office.first)] == ["reminder.first_follow_up"]


def test_no_reminder_is_sent_while_paused_or_after_the_end(company: Company) -> None:
    """CLM-18."""
    office = Office(company, policy=OFF | {"claim.idle_days": 20, "claim.pause_max_days": 60})
    paused = office.claim(office.first)
    ended = office.claim(office.first, customer=customer(2))
    done(act(office.leader, paused, "pause", kind="legal", reason="诉讼"))
    done(act(office.first, ended, "release", reason="lost"))
    company.advance(days=15)
    company.remind()
    assert reminders(office.first) == []
    done(act(office.first, paused, "unpause"))
    company.advance(days=14)
    company.remind()
    assert [n["subject"]["id"] for n in reminders(office.first)] == [paused["id"]]


def test_what_falls_due_in_a_weekend_waits_for_its_own_instant(company: Company) -> None:
    """CLM-19: no nightly sweep; a calendar-day deadline on a Saturday is that Saturday."""
    office = Office(company, opened=FRIDAY, policy=OFF | {"claim.idle_days": 8})
    claim = office.claim(office.first)
    # Friday 2031-03-07 15:00 + 8 d = Saturday 03-15 15:00.
    company.advance(days=8, minutes=1)
    assert moment(read(office.first, claim)["ended_at"]) == after(claim["accepted_at"], days=8)
    assert moves(office.first, claim)[-1] == ("lapsed", "protected", "lapsed")
