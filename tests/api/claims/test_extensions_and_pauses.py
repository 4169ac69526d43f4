"""More time and time that stands still: extension (延期, CLM-22) and pause (停表, CLM-21)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.schemas.claims import RequestOut
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer
from tests.support.office import (
    FRIDAY,
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
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

#: Only the protection clock, of twenty days, never renewed.
TWENTY: dict[str, Any] = {
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 20,
    "claim.on_protection_end": "lapse",
}


def asked(office: Office, claim: dict[str, Any], **body: Any) -> dict[str, Any]:
    """The owner's open request for an extension."""
    answer = done(act(office.first, claim, "extend", reason="客户出差，下月签约", **body))
    found: dict[str, Any] = answer["requests"][0]
    return found


def test_the_owner_asks_and_the_supervisor_gives_more_time(company: Company) -> None:
    """CLM-22: thirty days from the old deadline (`claim.extension_days`); task and notice come and go."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    company.advance(days=2)
    request = asked(office, claim)
    RequestOut.model_validate(request)
    assert (request["kind"], request["state"], request["by"]) == ("extension", "open", office.first.id)
    assert (request["waiting_for"], request["claim"]) == ([office.leader.id], claim["id"])
    assert request["reason"] == "客户出差，下月签约"
    assert tasks(office.leader) == [("request.extension", request["id"])]
    assert "request.extension" in notices(office.leader, claim)
    assert read(office.first, claim)["deadline"] == claim["deadline"]
    accepted = done(decide(office.leader, request))
    assert (accepted["state"], accepted["waiting_for"]) == ("accepted", [])
    extended = read(office.first, claim)
    assert moment(extended["deadline"]) == after(claim["deadline"], days=30)
    assert extended["state"] == "protected"
    item = entry(office.first, claim, "extended")
    assert (item["actor"], item["from"], item["to"]) == (office.leader.id, None, None)
    assert tasks(office.leader) == []
    assert notices(office.first, claim)[-1] == "claim.extended"


def test_an_extension_may_be_shorter_and_the_supervisor_gives_one_unasked(company: Company) -> None:
    """CLM-22, contract section 5: `days`; by the supervisor at once, without an open request."""
    office = Office(company, policy=TWENTY | {"claim.extension_max": 2})
    claim = office.claim(office.first)
    given = done(act(office.leader, claim, "extend", reason="客户要求", days=10))
    assert moment(given["deadline"]) == after(claim["deadline"], days=10)
    assert [r["state"] for r in given["requests"] if r["state"] == "open"] == []
    done(decide(office.leader, asked(office, claim, days=5)))
    assert moment(read(office.first, claim)["deadline"]) == after(claim["deadline"], days=15)


def test_extensions_are_counted(company: Company) -> None:
    """CLM-22: `claim.extension_max` 1 by default; the open request counts, a refused one does not."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    request = asked(office, claim)
    refused(act(office.first, claim, "extend", reason="再来"), 409, "extension_limit")
    done(decide(office.leader, request, "refuse", reason="没有进展"))
    done(decide(office.leader, asked(office, claim)))
    problem = refused(act(office.first, claim, "extend", reason="再来"), 409, "extension_limit")
    assert (problem["rule"], problem["facts"]) == ("CLM-22", {"cap": 1, "count": 1})
    refused(act(office.leader, claim, "extend", reason="再来"), 409, "extension_limit")
    none = company.program("None", policy=TWENTY | {"claim.extension_max": 0})
    other = office.first.made("/v1/claims", {"program": none, "customer": person_customer()})
    refused(act(office.first, other, "extend", reason="第一次"), 409, "extension_limit")


def test_a_refused_or_withdrawn_request_leaves_the_deadline(company: Company) -> None:
    """CLM-22: the asker is told of a refusal; only the asker withdraws, only who is waited for decides."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    request = asked(office, claim)
    refused(decide(office.first, request), 403, "not_allowed")
    refused(decide(office.leader, request, "withdraw"), 403, "not_allowed")
    assert done(decide(office.leader, request, "refuse", reason="没有进展"))["state"] == "refused"
    assert notices(office.first, claim)[-1] == "request.extension"
    assert read(office.first, claim)["deadline"] == claim["deadline"]
    again = asked(office, claim)
    assert done(decide(office.first, again, "withdraw"))["state"] == "withdrawn"
    assert tasks(office.leader) == []
    problem = refused(decide(office.leader, again), 409, "illegal_transition")
    assert problem["current_state"] == "withdrawn"
    assert read(office.first, claim)["deadline"] == claim["deadline"]


def test_a_manager_in_scope_decides_too(company: Company) -> None:
    """Contract section 9."""
    office = Office(company, policy=TWENTY)
    request = asked(office, office.claim(office.first))
    assert done(decide(office.manager(), request))["state"] == "accepted"


def test_no_decision_in_time_means_refused(company: Company) -> None:
    """CLM-22: `claim.extension_decide_wh` 48: asked on Friday 15:00, until Tuesday 15:00."""
    office = Office(company, opened=FRIDAY, policy=TWENTY)
    claim = office.claim(office.first)
    request = asked(office, claim)
    # 9 h of Friday, 24 h of Monday, 15 h of Tuesday; both were received within the same second.
    assert timedelta() <= moment(request["decide_by"]) - after(claim["received_at"], days=4) < timedelta(seconds=30)
    company.advance(days=4, hours=1)
    expired = read(office.first, claim)
    assert (expired["requests"][0]["state"], expired["deadline"]) == ("expired", claim["deadline"])
    assert tasks(office.leader) == []
    problem = refused(decide(office.leader, request), 409, "deadline_passed")
    assert problem["current_state"] == "expired"


def test_a_decision_that_arrives_after_its_limit_is_too_late_though_nothing_was_decided_yet(company: Company) -> None:
    """CLM-22, CLM-19: recorded times decide; the engine was away when the limit passed."""
    office = Office(company, policy=TWENTY | {"claim.extension_decide_wh": "PT1H"})
    claim = office.claim(office.first)
    request = asked(office, claim)
    company.shift(hours=2)
    refused(decide(office.leader, request), 409, "deadline_passed")
    assert read(office.first, claim)["deadline"] == claim["deadline"]


def held(company: Company) -> tuple[Office, dict[str, Any], dict[str, Any]]:
    """A claim whose extension was asked for an hour before its deadline, an hour after it. Sunday 2031-03-23 10:00."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    company.advance(days=19, hours=23)
    request = asked(office, claim)
    company.advance(hours=2)
    present = read(office.first, claim)
    assert (present["state"], moment(present["deadline"]) < company.now()) == ("protected", True)
    return office, claim, request


def test_a_timely_request_holds_the_lapse_and_its_acceptance_counts_from_the_old_deadline(company: Company) -> None:
    """CLM-22: meanwhile the customer stays with the owner."""
    office, claim, request = held(company)
    assert office.claim(office.second)["reason"] == "customer_owned"
    done(decide(office.leader, request))
    assert moment(read(office.first, claim)["deadline"]) == after(claim["deadline"], days=30)


def test_a_held_claim_refused_lapses_at_the_decision(company: Company) -> None:
    """CLM-22, contract section 5: it takes as its deadline the instant of the decision."""
    office, claim, request = held(company)
    company.advance(hours=3)
    done(decide(office.leader, request, "refuse", reason="没有进展"))
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"]) == ("lapsed", "protection_end")
    assert moment(lapsed["ended_at"]) >= after(claim["deadline"], hours=4)
    assert entry(office.first, claim, "lapsed")["at"] == lapsed["ended_at"]


def test_a_held_claim_withdrawn_lapses_at_the_withdrawal(company: Company) -> None:
    """CLM-22: no request holds it any more."""
    office, claim, request = held(company)
    done(decide(office.first, request, "withdraw"))
    lapsed = read(office.first, claim)
    assert lapsed["state"] == "lapsed"
    assert moment(lapsed["ended_at"]) >= after(claim["deadline"], hours=1)


def test_a_held_claim_nobody_decides_lapses_at_the_limit(company: Company) -> None:
    """CLM-22: asked on Sunday 09:00, counted from Monday 00:00: until Wednesday 00:00 in Shanghai."""
    office, claim, request = held(company)
    assert moment(request["decide_by"]) == moment("2031-03-25T16:00:00Z")
    company.advance(days=5)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["ended_at"]) == ("lapsed", request["decide_by"])
    assert lapsed["requests"][0]["state"] == "expired"


def test_after_the_deadline_nothing_is_extended_or_paused(company: Company) -> None:
    """CLM-22: `deadline_passed`, also while the lapse itself is still undecided."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    company.shift(days=21)
    problem = refused(act(office.first, claim, "extend", reason="客户出差"), 409, "deadline_passed")
    assert (problem["rule"], problem["current_state"]) == ("CLM-22", "lapsed")
    assert read(office.first, claim)["ended_at"] == claim["deadline"]
    assert act(office.first, claim, "pause", kind="legal", reason="诉讼").status_code == 409


def test_extension_and_pause_are_for_held_customers_and_their_people(company: Company) -> None:
    """Contract sections 5 and 9: reason needed; others 403 or 404; other states `illegal_transition`."""
    office = Office(company, policy=TWENTY | {"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    for command, body in (("extend", {}), ("pause", {"kind": "legal"})):
        assert act(office.first, claim, command, **body).status_code == 422
        refused(act(office.second, claim, command, reason="r", **body), 404, "not_found")
        refused(act(office.finance(), claim, command, reason="r", **body), 403, "not_allowed")
    done(act(office.leader, claim, "accept"))
    amount = {"amount_minor": 100, "currency": "CNY"}
    done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    for command, body in (("extend", {}), ("pause", {"kind": "legal"}), ("unpause", None)):
        full = {"reason": "r", **body} if body is not None else {}
        problem = refused(act(office.first, claim, command, **full), 409, "illegal_transition")
        assert problem["current_state"] == "won"
    refused(act(office.first, claim, "pause", kind="holiday", reason="休假"), 422, "field_invalid", "kind")


# --- pauses --------------------------------------------------------------------------------------------------------


def test_a_pause_keeps_what_is_left_of_each_clock_in_its_own_unit(company: Company) -> None:
    """CLM-21: paused Monday 12:00 with 46 wh left, resumed Saturday 12:00: they run from Monday 00:00."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(hours=2)
    request = done(act(office.first, claim, "pause", kind="customer_request", reason="客户住院"))["requests"][0]
    assert (request["kind"], request["waiting_for"]) == ("pause", [office.leader.id])
    assert read(office.first, claim)["paused"] == []
    done(decide(office.leader, request))
    paused = read(office.first, claim)
    assert [p["kind"] for p in paused["paused"]] == ["customer_request"]
    assert paused["deadline"] is None
    assert all(c["paused"] and c["deadline"] is None for c in paused["clocks"])
    left = clock(paused, "first_follow_up")["remaining_s"]
    assert 46 * 3600 - 30 <= left <= 46 * 3600
    assert "paused" in notices(office.first, claim)[-1]
    company.advance(days=5)
    resumed = done(act(office.first, claim, "unpause"))
    assert resumed["paused"] == []
    # Monday 2031-03-10 00:00 + 46 h of working days = Tuesday 22:00 in Shanghai; some hundredths earlier, so much
    # of the limit was used before the pause.
    gap = moment("2031-03-11T14:00:00Z") - moment(clocks(resumed)["first_follow_up"])
    assert timedelta() <= gap < timedelta(seconds=30)
    # Five days of sixty stood still.
    moved = moment(clocks(resumed)["idle"]) - moment(clocks(claim)["idle"])
    assert timedelta(days=5) <= moved < timedelta(days=5, seconds=30)
    assert [m[0] for m in moves(office.first, claim)][-2:] == ["paused", "resumed"]


def test_nothing_lapses_while_paused_and_the_longest_pause_ends_by_itself(company: Company) -> None:
    """CLM-21: `claim.pause_max_days` 30; the deadline moves by as much."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    company.advance(days=5)
    paused = done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    assert [p["kind"] for p in paused["paused"]] == ["legal"]
    since = paused["paused"][0]["since"]
    company.advance(days=29)
    assert read(office.first, claim)["state"] == "protected"
    company.advance(days=2)
    resumed = read(office.first, claim)
    assert resumed["paused"] == []
    assert moment(resumed["deadline"]) == after(claim["deadline"], days=30)
    item = entry(office.first, claim, "resumed")
    assert (item["actor"], moment(item["at"])) == (None, after(since, days=30))
    company.advance(days=20)
    assert moment(read(office.first, claim)["ended_at"]) == after(claim["deadline"], days=30)


def test_approved_pauses_share_their_longest_time(company: Company) -> None:
    """CLM-21: ten days used, so the next one ends after twenty; then `pause_limit`."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    company.advance(days=10)
    done(act(office.leader, claim, "unpause"))
    second = done(act(office.leader, claim, "pause", kind="delivery", reason="工期"))
    company.advance(days=19)
    assert read(office.first, claim)["paused"] != []
    company.advance(days=2)
    assert read(office.first, claim)["paused"] == []
    since = second["paused"][0]["since"]
    assert timedelta(days=19, hours=23) < moment(entry(office.first, claim, "resumed")["at"]) - moment(since)
    problem = refused(act(office.first, claim, "pause", kind="legal", reason="又一次"), 409, "pause_limit")
    assert problem["rule"] == "CLM-21"
    refused(act(office.leader, claim, "pause", kind="legal", reason="又一次"), 409, "pause_limit")


def test_a_paused_claim_is_not_paused_again_and_a_running_one_not_resumed(company: Company) -> None:
    """CLM-21, CLM-01."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    refused(act(office.first, claim, "unpause"), 409, "illegal_transition")
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    problem = refused(act(office.leader, claim, "pause", kind="delivery", reason="工期"), 409, "illegal_transition")
    assert problem["allowed"] == ["unpause"]
    assert "unpause" in read(office.first, claim)["allowed"]


def test_work_during_a_pause_counts_and_its_clock_starts_standing_still(company: Company) -> None:
    """CLM-16, CLM-21: sixty days of idleness are all left when the clocks run on."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    company.advance(days=3)
    made = work(office.first, claim)
    assert (made["state"], made["qualified"], made["deadline"]) == ("active", True, None)
    company.advance(days=3)
    resumed = done(act(office.first, claim, "unpause"))
    resumed_at = entry(office.first, claim, "resumed")["at"]
    assert moment(clocks(resumed)["idle"]) == after(resumed_at, days=60)


def test_a_paused_customer_is_still_owned(company: Company) -> None:
    """CLM-11, CLM-21."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    company.advance(days=25)
    assert office.claim(office.second)["reason"] == "customer_owned"


def test_an_extension_given_while_the_clocks_stand_still_is_not_lost(company: Company) -> None:
    """CLM-21, CLM-22: five days of twenty were left; thirty more make thirty-five from the resumption on."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    company.advance(days=15)
    request = asked(office, claim)
    done(act(office.leader, claim, "pause", kind="legal", reason="诉讼"))
    company.advance(days=1)
    done(decide(office.leader, request))
    company.advance(days=1)
    resumed = done(act(office.first, claim, "unpause"))
    resumed_at = entry(office.first, claim, "resumed")["at"]
    left = moment(resumed["deadline"]) - moment(resumed_at)
    assert timedelta(days=34, hours=23, minutes=59) < left <= timedelta(days=35)


# --- the list of requests ------------------------------------------------------------------------------------------


def test_requests_are_listed_by_claim_and_by_whom_they_wait_for(company: Company) -> None:
    """Contract section 5: `GET /v1/requests`, newest first, only on claims one reads."""
    office = Office(company, policy=TWENTY)
    claim = office.claim(office.first)
    other = office.claim(office.second, customer=person_customer("李明", "13900001111"))
    first = asked(office, claim)
    second = done(act(office.second, other, "pause", kind="legal", reason="诉讼"))["requests"][0]

    def ids(person: Any, **query: Any) -> list[str]:
        return [r["id"] for r in listed(person.get("/v1/requests", **query))]

    assert ids(office.leader) == [second["id"], first["id"]]
    assert ids(office.leader, waiting_for=office.leader.id) == [second["id"], first["id"]]
    assert ids(office.leader, claim=claim["id"]) == [first["id"]]
    assert ids(office.first) == [first["id"]]
    assert ids(office.outsider()) == []
    page = office.leader.get("/v1/requests", limit=1).json()
    assert [r["id"] for r in page["items"]] == [second["id"]]
    assert ids(office.leader, limit=1, cursor=page["next"]) == [first["id"]]
    done(decide(office.leader, first))
    assert ids(office.leader, waiting_for=office.leader.id) == [second["id"]]
    states = {r["id"]: r["state"] for r in listed(office.leader.get("/v1/requests"))}
    assert states == {first["id"]: "accepted", second["id"]: "open"}


def test_work_goes_on_while_a_request_holds_the_lapse(company: Company) -> None:
    """CLM-22, CLM-15: the claim is the owner's until the decision."""
    office, claim, _ = held(company)
    made = act(office.first, claim, "follow-ups", kind="call", note=NOTE)
    assert (made.status_code, made.json()["state"]) == (201, "active")
