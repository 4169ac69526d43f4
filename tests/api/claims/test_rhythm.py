"""The follow-up procedure as owner and supervisor see it: asked for, overdue, done (LEAD-12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.answers import listed
from tests.support.company import Company, Person
from tests.support.leads import Leads
from tests.support.leads import act as on_lead
from tests.support.office import NOTE, Office, act, after, clock, customer, done, moment, notices, read, tasks, timeline
from tests.support.office import work as follow_up

#: No clock but the rhythm.
OFF: dict[str, Any] = dict.fromkeys(
    ("claim.first_follow_up_wh", "claim.idle_days", "claim.no_deal_days", "claim.protection_days"), 0
)


def overdue(person: Person) -> list[str]:
    """The claims whose follow-up is overdue, as ``person`` may read them."""
    return [c["id"] for c in listed(person.get("/v1/claims", follow_up_overdue="true"))]


def test_who_does_not_follow_up_in_time_is_told_once_and_listed_for_the_supervisor(company: Company) -> None:
    """LEAD-12: a task in the morning of the day, one warning per period; the claim is as it was."""
    office = Office(company, policy=OFF)
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    assert claim["deadline"] is None
    assert clock(claim, "rhythm")["deadline"] == after(claim["accepted_at"], days=3).isoformat().replace("+00:00", "Z")
    company.advance(days=2.8)
    company.remind()
    assert (tasks(office.first), overdue(office.leader)) == ([], [])
    company.advance(days=0.19)
    company.remind()
    assert tasks(office.first) == [("follow_up_due", claim["id"])]
    assert (overdue(office.leader), notices(office.first, claim)) == ([], ["claim.accepted"])
    company.advance(days=1)
    for _ in range(2):
        company.remind()
    assert notices(office.first, claim) == ["claim.accepted", "reminder.rhythm"]
    assert overdue(office.leader) == overdue(office.first) == [claim["id"]]
    assert overdue(office.second) == []
    assert read(office.first, claim)["state"] == "protected"
    follow_up(office.first, claim)  # decided by a drain: the claim becomes active
    assert (tasks(office.first), overdue(office.leader)) == ([], [])
    company.advance(days=3.1)
    company.remind()
    assert overdue(office.leader) == [claim["id"]]
    follow_up(office.first, claim, note=NOTE + "再")  # at once, without a drain
    assert (tasks(office.first), overdue(office.leader)) == ([], [])
    company.advance(days=3.1)
    company.remind()
    assert tasks(office.first) == [("follow_up_due", claim["id"])]
    assert notices(office.first, claim).count("reminder.rhythm") == 3


def missing(person: Person) -> list[list[str]]:
    """What the task and the list of ``person`` say that the last follow-up did not record."""
    listed_for = [c["stage"]["missing"] for c in listed(person.get("/v1/claims", follow_up_overdue="true"))]
    return [t["missing"] for t in listed(person.get("/v1/me/tasks")) if t["kind"] == "follow_up_due"] + listed_for


def test_a_follow_up_that_records_too_little_is_kept_and_leaves_the_task_open(company: Company) -> None:
    """LEAD-12: nothing is refused; owner and supervisor read what is missing; a completed claim closes it as well."""
    stages = ["contact", {"name": "negotiation", "duties": ["next_at", "A/expected_amount"]}]
    days = {"negotiation": 2, "A/negotiation": 1}
    office = Office(company, policy=OFF | {"stage.list": stages, "sop.rhythm_days": days, "claim.qualified_per_day": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    follow_up(office.first, claim)
    moved = done(act(office.first, claim, "stage", stage="negotiation"))
    assert moved["stage"]["duties"] == ["next_at", "expected_amount"]
    due = clock(moved, "rhythm")["deadline"]
    assert moment(due) == after(moved["stage"]["since"], days=1)
    company.advance(days=1.1)
    company.remind()
    assert (missing(office.first), missing(office.leader)) == ([[], []], [[]])
    entry = office.first.made(f"/v1/claims/{claim['id']}/follow-ups", {"kind": "call", "note": NOTE + "一"})
    assert (entry["qualified"], entry["missing"]) == (True, ["next_at", "expected_amount"])
    for person, lists in ((office.first, 2), (office.leader, 1)):
        assert missing(person) == [["next_at", "expected_amount"]] * lists
    assert clock(read(office.first, claim), "rhythm")["deadline"] == due
    next_at = (company.now() + timedelta(days=3)).isoformat()
    body = {"kind": "call", "note": NOTE + "二", "next_at": next_at}
    assert office.first.made(f"/v1/claims/{claim['id']}/follow-ups", body)["missing"] == ["expected_amount"]
    assert missing(office.leader) == [["expected_amount"]]
    present = read(office.first, claim)
    amount = {"version": present["version"], "expected_amount": {"amount_minor": 500_000, "currency": "CNY"}}
    whole = done(office.first.patch(f"/v1/claims/{claim['id']}", amount))
    assert (missing(office.first), missing(office.leader)) == ([], [])
    assert moment(clock(whole, "rhythm")["deadline"]) > moment(due)
    entry = office.first.made(f"/v1/claims/{claim['id']}/follow-ups", {**body, "note": NOTE + "三"})
    assert entry["missing"] == []
    company.advance(days=1.1)
    company.remind()
    assert overdue(office.leader) == [claim["id"]]


def test_a_voided_record_leaves_what_was_due_before_it(company: Company) -> None:
    """LEAD-12, CLM-16: what is left has recorded too little, so the time counts from the one before."""
    stages = [{"name": "contact", "duties": ["outcome"]}]
    office = Office(company, policy=OFF | {"stage.list": stages, "claim.qualified_per_day": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    path = f"/v1/claims/{claim['id']}/follow-ups"
    notes = (NOTE + "一", NOTE + "二", NOTE + "三")
    office.first.made(path, {"kind": "call", "note": notes[0], "outcome": "已约见"})
    begun = clock(read(office.first, claim), "rhythm")["deadline"]
    company.shift(hours=1)
    office.first.made(path, {"kind": "call", "note": notes[1]})
    company.shift(hours=1)
    whole = office.first.made(path, {"kind": "call", "note": notes[2], "outcome": "已报价"})
    assert clock(read(office.first, claim), "rhythm")["deadline"] > begun
    done(office.leader.post(f"/v1/follow-ups/{whole['id']}/void", {"reason": "并未通话"}))
    present = read(office.first, claim)
    assert (clock(present, "rhythm")["deadline"], present["stage"]["missing"]) == (begun, ["outcome"])


def test_a_voided_record_brings_back_nothing_that_is_there_by_now(company: Company) -> None:
    """LEAD-12, CLM-16: what completed the one before began the rhythm; what came after it is not missing either."""
    stages = [{"name": "contact", "duties": ["need", "progress"]}]
    office = Office(company, policy=OFF | {"stage.list": stages, "claim.qualified_per_day": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    path, own = f"/v1/claims/{claim['id']}/follow-ups", f"/v1/claims/{claim['id']}"

    def told(**fields: str) -> dict[str, Any]:
        company.shift(hours=1)
        return done(office.first.patch(own, {"version": read(office.first, claim)["version"], **fields}))

    def voided(entry: dict[str, Any]) -> tuple[str, list[str]]:
        done(office.leader.post(f"/v1/follow-ups/{entry['id']}/void", {"reason": "并未通话"}))
        present = read(office.first, claim)
        return clock(present, "rhythm")["deadline"], present["stage"]["missing"]

    first = office.first.made(path, {"kind": "call", "note": NOTE + "一"})
    assert first["missing"] == ["need", "progress"]
    company.shift(hours=1)
    told(need="三居室")
    begun = clock(told(progress="已带看"), "rhythm")["deadline"]
    company.shift(hours=1)
    whole = office.first.made(path, {"kind": "call", "note": NOTE + "二"})
    assert clock(read(office.first, claim), "rhythm")["deadline"] > begun
    assert voided(whole) == (begun, [])
    company.advance(days=1)
    assert overdue(office.first) == []


def test_a_voided_record_leaves_missing_only_what_the_claim_still_lacks(company: Company) -> None:
    """LEAD-12, CLM-16: part of what the one before left open was told since."""
    stages = [{"name": "contact", "duties": ["need", "outcome"]}]
    office = Office(company, policy=OFF | {"stage.list": stages, "claim.qualified_per_day": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    path = f"/v1/claims/{claim['id']}/follow-ups"
    assert office.first.made(path, {"kind": "call", "note": NOTE + "一"})["missing"] == ["need", "outcome"]
    told = {"version": read(office.first, claim)["version"], "need": "三居室"}
    assert done(office.first.patch(f"/v1/claims/{claim['id']}", told))["stage"]["missing"] == ["outcome"]
    whole = office.first.made(path, {"kind": "call", "note": NOTE + "二", "outcome": "已报价"})
    assert whole["missing"] == []
    done(office.leader.post(f"/v1/follow-ups/{whole['id']}/void", {"reason": "并未通话"}))
    assert read(office.first, claim)["stage"]["missing"] == ["outcome"]


def test_a_trial_asks_nobody_to_follow_up(company: Company) -> None:
    """LEAD-12, POL-08: neither task nor notice; the clock runs, and begins again when the program goes live."""
    office = Office(company, policy=OFF | {"program.mode": "trial", "opening.grace_days": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    company.advance(days=4)
    company.remind()
    assert (tasks(office.first), overdue(office.leader)) == ([], [])
    assert "reminder.rhythm" not in notices(office.first, claim)
    company.admin.made(f"/v1/programs/{office.program}/go-live")
    company.spread()
    company.advance(days=3.1)
    company.remind()
    assert overdue(office.leader) == [claim["id"]]


def test_a_pause_takes_the_task_back_and_its_end_gives_it_again(company: Company) -> None:
    """LEAD-12, CLM-21: what was overdue before the pause is overdue after it."""
    office = Office(company, policy=OFF)
    claim = office.claim(office.first, customer={**customer(2), "level": "A"})
    company.advance(days=3.1)
    company.remind()
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼期间暂停"))
    assert (tasks(office.first), overdue(office.leader)) == ([], [])
    company.advance(days=5)
    company.remind()
    assert overdue(office.leader) == []
    done(act(office.leader, claim, "unpause"))
    company.advance(hours=1)
    company.remind()
    assert overdue(office.leader) == [claim["id"]]
    done(act(office.first, claim, "release", reason="lost"))
    assert (tasks(office.first), overdue(office.leader)) == ([], [])


def test_the_grade_of_the_lead_goes_with_its_claim(company: Company) -> None:
    """LEAD-12: nobody knows a level of the customer; the lead was scored C."""
    office = Leads(company, policy=OFF)
    lead = office.lead()
    receiver = office.receiver(lead)
    claim = read(receiver, done(on_lead(receiver, lead, "accept"))["claim"])
    assert (lead["grade"], clock(claim, "rhythm")["rule"]) == ("C", "sop.rhythm_days")
    assert moment(clock(claim, "rhythm")["deadline"]) == after(claim["accepted_at"], days=14)


def test_a_follow_up_after_the_last_reminder_is_reminded_of_again(company: Company) -> None:
    """CLM-18: no row of the old deadline is left to find out that a follow-up moved it without a drain."""
    office = Office(company, policy=OFF | {"claim.idle_days": 10, "reminder.idle_days": [1]})
    claim = office.claim(office.first, customer=customer(3))
    follow_up(office.first, claim)
    company.advance(days=9.5)
    company.remind()
    follow_up(office.first, claim, note=NOTE + "再")
    company.advance(days=9.5)
    company.remind()
    assert notices(office.first, claim).count("reminder.idle") == 2


@pytest.mark.parametrize("later", ["whole", "missing"])
def test_what_was_told_after_a_record_that_is_voided_makes_the_one_before_count_from_then(
    company: Company, later: str
) -> None:
    """LEAD-12, CLM-16: the last that counts is whole since the claim has what it had left open."""
    stages = [{"name": "contact", "duties": ["need", "outcome"]}, {"name": "visit", "duties": ["outcome"]}]
    office = Office(company, policy=OFF | {"stage.list": stages, "claim.qualified_per_day": 0})
    claim = office.claim(office.first, customer={**customer(1), "level": "A"})
    own = f"/v1/claims/{claim['id']}"
    first = office.first.made(f"{own}/follow-ups", {"kind": "call", "note": NOTE + "一", "outcome": "已约见"})
    assert first["missing"] == ["need"]
    company.shift(hours=1)
    if later == "whole":
        done(office.first.post(f"{own}/stage", {"stage": "visit"}))
    outcome = {"outcome": "已看房"} if later == "whole" else {}
    voided = office.first.made(f"{own}/follow-ups", {"kind": "call", "note": NOTE + "二", **outcome})
    assert voided["missing"] == ([] if later == "whole" else ["need", "outcome"])
    company.shift(hours=1)
    version = read(office.first, claim)["version"]
    done(office.first.patch(own, {"version": version, "need": "三居室"}))
    (told,) = (moment(one["at"]) for one in timeline(office.first, claim) if one["data"].get("fields") == ["need"])
    company.shift(hours=1)
    done(office.leader.post(f"/v1/follow-ups/{voided['id']}/void", {"reason": "并未通话"}))
    present = read(office.first, claim)
    assert moment(clock(present, "rhythm")["deadline"]) - told == timedelta(days=3)
    assert present["stage"]["missing"] == []
