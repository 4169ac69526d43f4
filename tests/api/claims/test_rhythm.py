"""The follow-up procedure as owner and supervisor see it: asked for, overdue, done (LEAD-12)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import listed
from tests.support.company import Company, Person
from tests.support.leads import Leads
from tests.support.leads import act as on_lead
from tests.support.office import NOTE, Office, act, after, clock, customer, done, moment, notices, read, tasks
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
