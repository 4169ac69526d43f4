"""Transfer (转移): offered by the owner, taken by a colleague, approved where the policy asks (CLM-24)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person
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
    tasks,
    timeline,
    work,
)


def offered(office: Office, claim: dict[str, Any], to: Person, **body: Any) -> dict[str, Any]:
    """The open request to the receiver."""
    answer = done(act(office.first, claim, "transfer", to=to.id, **body))
    found: dict[str, Any] = answer["requests"][0]
    return found


def test_a_colleague_of_the_team_takes_an_offered_customer(company: Company) -> None:
    """CLM-24: same claim and history, new owner, a fresh first-follow-up clock, protection unchanged."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    company.advance(days=2)
    refused(office.second.get(f"/v1/claims/{claim['id']}"), 404, "not_found")
    request = offered(office, claim, office.second, reason="更懂别墅", past_share_bps=3000)
    assert (request["kind"], request["by"], request["waiting_for"]) == (
        "transfer",
        office.first.id,
        [office.second.id],
    )
    # Wednesday 10:00 + `transfer.accept_wh` 48 = Friday 10:00.
    gap = moment(request["decide_by"]) - after(claim["received_at"], days=4)
    assert timedelta() <= gap < timedelta(seconds=30)
    assert tasks(office.second) == [("request.transfer", request["id"])]
    assert "request.transfer" in notices(office.second, claim)
    assert read(office.second, claim)["owner"] == office.first.id
    assert done(decide(office.second, request))["state"] == "accepted"
    moved = read(office.second, claim)
    assert (moved["id"], moved["state"], moved["owner"]) == (claim["id"], "protected", office.second.id)
    assert (moved["reporter"], moved["receipt"]) == (office.first.id, claim["receipt"])
    item = entry(office.second, claim, "transferred")
    assert (item["from"], item["to"]) == ("active", "protected")
    # A Wednesday at 10:00 + 48 wh is Friday at 10:00.
    assert moment(clocks(moved)["first_follow_up"]) == after(item["at"], days=2)
    assert clocks(moved)["protection"] == clocks(claim)["protection"]
    assert clocks(moved)["no_deal"] == clocks(claim)["no_deal"]
    assert [m[0] for m in moves(office.second, claim)] == ["received", "accepted", "follow_up", "worked", "transferred"]
    assert tasks(office.second) == []
    assert "claim.transferred" in notices(office.first, claim)
    assert work(office.second, claim, note="接手后第一次电话沟通需求")["state"] == "active"
    refused(act(office.first, claim, "follow-ups", kind="call", note="再跟进一次看看情况如何"), 409, "customer_owned")


def test_a_refused_or_withdrawn_offer_changes_nothing(company: Company) -> None:
    """CLM-24: the owner is told; a withdrawn offer cannot be taken."""
    office = Office(company)
    claim = office.claim(office.first)
    request = offered(office, claim, office.second)
    refused(act(office.first, claim, "transfer", to=office.second.id), 409, "illegal_transition")
    refused(decide(office.first, request), 403, "not_allowed")
    done(decide(office.second, request, "refuse", reason="太忙"))
    assert read(office.first, claim)["owner"] == office.first.id
    assert notices(office.first, claim)[-1] == "request.transfer"
    again = offered(office, claim, office.second)
    done(decide(office.first, again, "withdraw"))
    # Whoever is no longer asked does not read the claim any more.
    assert decide(office.second, again).status_code in (404, 409)
    assert clocks(read(office.first, claim)) == clocks(claim)


def test_an_unanswered_offer_ends(company: Company) -> None:
    """CLM-24: after `transfer.accept_wh` (here 24) the request is expired and the claim where it was."""
    office = Office(company, policy={"transfer.accept_wh": 24, "claim.first_follow_up_wh": 0})
    claim = office.claim(office.first)
    request = offered(office, claim, office.second)
    gap = moment(request["decide_by"]) - after(claim["received_at"], days=1)
    assert timedelta() <= gap < timedelta(seconds=30)
    company.advance(days=1, hours=1)
    present = read(office.first, claim)
    assert (present["owner"], present["requests"][0]["state"]) == (office.first.id, "expired")
    assert tasks(office.second) == []
    assert "request.transfer" in notices(office.first, claim)


def test_an_answer_after_the_limit_is_too_late_though_the_engine_was_away(company: Company) -> None:
    """CLM-24, CLM-19."""
    office = Office(company, policy={"transfer.accept_wh": "PT1H"})
    claim = office.claim(office.first)
    request = offered(office, claim, office.second)
    company.shift(hours=2)
    refused(decide(office.second, request), 409, "deadline_passed")
    assert read(office.first, claim)["owner"] == office.first.id


def test_an_offer_does_not_hold_the_lapse(company: Company) -> None:
    """CLM-22 holds for extensions only: the clocks of an offered customer run on."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    request = offered(office, claim, office.second)
    company.advance(hours=2)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", claim["deadline"])
    assert lapsed["requests"][0]["state"] == "withdrawn"
    assert decide(office.second, request).status_code in (404, 409)


def test_a_colleague_of_another_team_needs_the_supervisors_approval(company: Company) -> None:
    """CLM-24: `transfer.approval` cross_team: first the receiver, then the owner's supervisor."""
    office = Office(company)
    claim = office.claim(office.first)
    third = office.outsider()
    request = offered(office, claim, third)
    done(decide(third, request))
    waiting = read(office.first, claim)["requests"][0]
    assert (waiting["state"], waiting["waiting_for"]) == ("open", [office.leader.id])
    assert read(office.first, claim)["owner"] == office.first.id
    assert tasks(office.leader) == [("request.transfer", request["id"])]
    done(decide(office.leader, waiting))
    moved = read(third, claim)
    assert (moved["owner"], moved["team"]) == (third.id, company.admin.get(f"/v1/people/{third.id}").json()["team"])
    assert entry(third, claim, "transferred")["actor"] == office.leader.id


def test_a_supervisor_may_refuse_the_approval(company: Company) -> None:
    """CLM-24."""
    office = Office(company)
    claim = office.claim(office.first)
    third = office.outsider()
    request = offered(office, claim, third)
    done(decide(third, request))
    assert done(decide(office.leader, request, "refuse", reason="留在本组"))["state"] == "refused"
    assert read(office.first, claim)["owner"] == office.first.id
    refused(third.get(f"/v1/claims/{claim['id']}"), 404, "not_found")


def test_whether_approval_is_needed_is_the_policys(company: Company) -> None:
    """CLM-24: `transfer.approval` never and always."""
    office = Office(company, policy={"transfer.approval": "never"})
    third = office.outsider()
    free = office.claim(office.first)
    done(decide(third, offered(office, free, third)))
    assert read(third, free)["owner"] == third.id
    office.program = company.program("Always", policy={"transfer.approval": "always"})
    bound = office.claim(office.first)
    request = offered(office, bound, office.second)
    done(decide(office.second, request))
    assert read(office.first, bound)["owner"] == office.first.id
    done(decide(office.leader, request))
    assert read(office.second, bound)["owner"] == office.second.id


def test_a_full_receiver_takes_no_more(company: Company) -> None:
    """CLM-24, POOL-07: `holding_cap` with cap and count; the offer stays open and may be taken once there is room."""
    office = Office(company, policy={"pool.holding_cap": 1})
    claim = office.claim(office.first)
    theirs = office.claim(office.second, customer=customer(2))
    request = offered(office, claim, office.second)
    problem = refused(decide(office.second, request), 409, "holding_cap")
    assert (problem["facts"]["cap"], problem["facts"]["count"]) == (1, 1)
    assert read(office.first, claim)["owner"] == office.first.id
    done(act(office.second, theirs, "release", reason="lost"))
    done(decide(office.second, request))
    assert read(office.second, claim)["owner"] == office.second.id


def test_the_policy_says_which_states_fill_a_receiver(company: Company) -> None:
    """CLM-24, POL-01: `pool.holding_counts`; what is worked on does not count here."""
    office = Office(company, policy={"pool.holding_cap": 1, "pool.holding_counts": ["protected"]})
    work(office.second, office.claim(office.second, customer=customer(2)))
    claim = office.claim(office.first)
    done(decide(office.second, offered(office, claim, office.second)))
    assert read(office.second, claim)["owner"] == office.second.id


def test_a_receiver_is_another_active_member_who_sells(company: Company) -> None:
    """CLM-24, PPL-01: 422 with the field; shares lie between 0 and 10,000."""
    office = Office(company)
    claim = office.claim(office.first)
    stranger = company.person("文员", team=office.team)
    for to in (office.first.id, stranger.id, claim["id"]):
        refused(act(office.first, claim, "transfer", to=to), 422, "field_invalid", "to")
    for share in (-1, 10_001, 1.5):
        answer = act(office.first, claim, "transfer", to=office.second.id, past_share_bps=share)
        refused(answer, 422, "field_invalid", "past_share_bps")
    done(company.admin.post(f"/v1/people/{office.second.id}/leave"))
    refused(act(office.first, claim, "transfer", to=office.second.id), 422, "person_inactive", "to")
    assert read(office.first, claim)["requests"] == []


def test_only_the_owner_offers(company: Company) -> None:
    """Contract section 5: not the supervisor of a present owner, not others."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(act(office.leader, claim, "transfer", to=office.second.id), 403, "not_allowed")
    refused(act(office.second, claim, "transfer", to=office.second.id), 404, "not_found")


def test_a_won_customer_is_transferred_and_stays_won(company: Company) -> None:
    """Table 0.2, CLM-24: its only clock is that after the deal, unchanged."""
    office = Office(company)
    claim = office.claim(office.first)
    amount = {"amount_minor": 100, "currency": "CNY"}
    won = done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    done(decide(office.second, offered(office, claim, office.second)))
    moved = read(office.second, claim)
    assert (moved["state"], moved["owner"], clocks(moved)) == ("won", office.second.id, clocks(won))
    item = entry(office.second, claim, "transferred")
    assert (item["from"], item["to"]) == ("won", "won")


def test_what_nobody_holds_is_not_transferred(company: Company) -> None:
    """Table 0.2: by the reporter of an undecided report 403 or `illegal_transition`, after the end the latter."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.first, claim, "release", reason="lost"))
    problem = refused(act(office.first, claim, "transfer", to=office.second.id), 409, "illegal_transition")
    assert problem["current_state"] == "released"


def test_a_new_owner_who_does_nothing_loses_the_customer(company: Company) -> None:
    """CLM-24, CLM-14: the fresh clock is a real one."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    done(decide(office.second, offered(office, claim, office.second)))
    deadline = read(office.second, claim)["deadline"]
    company.advance(days=3)
    lapsed = read(office.second, claim)
    assert (lapsed["reason"], lapsed["ended_at"]) == ("no_first_follow_up", deadline)
    # The reporter reads it still; both were told by whom it was lost.
    assert timeline(office.first, claim)[-1]["kind"] == "lapsed"
    assert "claim.lapsed" in notices(office.second, claim)


def test_a_pause_goes_along_with_the_customer(company: Company) -> None:
    """CLM-21, CLM-24: the fresh clock stands still with the others."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    done(decide(office.second, offered(office, claim, office.second)))
    moved = read(office.second, claim)
    assert (moved["deadline"], [p["kind"] for p in moved["paused"]]) == (None, ["legal"])
    company.advance(days=3)
    resumed = done(act(office.second, claim, "unpause"))
    # Thursday + 48 wh = Monday: 3 days of pause after Monday 10:00, then two working days.
    resumed_at = entry(office.second, claim, "resumed")["at"]
    assert moment(clocks(resumed)["first_follow_up"]) == after(resumed_at, days=4)
