"""Follow-ups (跟进): which count, what they move, corrections and voiding (CLM-14, CLM-15, CLM-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.schemas.claims import FollowUpOut
from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clocks,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    work,
)

#: Only the idle clock, of ten days, so that a follow-up's effect is all there is to see.
IDLE: dict[str, Any] = {
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 10,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
}


def test_the_first_qualified_follow_up_makes_the_claim_active(company: Company) -> None:
    """CLM-14, CLM-16: the first-follow-up clock is off, the idle clock runs from the receipt; other clocks stand."""
    office = Office(company)
    claim = office.claim(office.first)
    company.advance(hours=5)
    entered = work(office.first, claim)
    FollowUpOut.model_validate(entered)
    assert (entered["qualified"], entered["why"], entered["state"]) == (True, None, "active")
    assert (entered["author"], entered["claim"], entered["kind"]) == (office.first.id, claim["id"], "call")
    assert (entered["note"], entered["answered"], entered["late"]) == (NOTE, True, False)
    assert (entered["revision"], entered["voided"], entered["files"]) == (1, None, [])
    assert entered["at"] == entered["received_at"]
    active = read(office.first, claim)
    assert active["state"] == "active"
    assert "first_follow_up" not in clocks(active)
    assert moment(clocks(active)["idle"]) == after(entered["received_at"], days=60)
    for unmoved in ("no_deal", "protection"):
        assert clocks(active)[unmoved] == clocks(claim)[unmoved]
    assert entered["deadline"] == active["deadline"] == clocks(active)["idle"]
    assert moves(office.first, claim)[-2:] == [("follow_up", None, None), ("worked", "protected", "active")]


@pytest.mark.parametrize(
    ("entered", "why"),
    [
        ({"kind": "call"}, None),
        ({"kind": "call", "answered": False}, "claim.qualified_kinds"),
        ({"kind": "message"}, "claim.qualified_kinds"),
        ({"kind": "message", "answered": True}, None),
        ({"kind": "meeting"}, None),
        ({"kind": "visit"}, None),
        ({"kind": "demo"}, None),
    ],
)
def test_calls_and_messages_count_if_they_were_answered(
    company: Company, entered: dict[str, Any], why: str | None
) -> None:
    """CLM-16, contract section 5: `answered` is false for a message and true for all else unless said."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    company.advance(days=1)
    made = done(act(office.first, claim, "follow-ups", note=NOTE, **entered))
    assert (made["qualified"], made["why"]) == (why is None, why)
    assert made["answered"] == entered.get("answered", entered["kind"] != "message")
    expected = after(made["received_at"], days=10) if why is None else moment(claim["deadline"])
    assert moment(made["deadline"]) == expected
    assert made["state"] == ("active" if why is None else "protected")


def test_what_counts_is_the_policys(company: Company) -> None:
    """CLM-16: `claim.qualified_kinds` visit only, `claim.min_note_chars` 3."""
    office = Office(company, policy=IDLE | {"claim.qualified_kinds": ["visit"], "claim.min_note_chars": 3})
    claim = office.claim(office.first)
    assert work(office.first, claim, "call")["why"] == "claim.qualified_kinds"
    assert work(office.first, claim, "visit", note="看房")["why"] == "claim.min_note_chars"
    assert work(office.first, claim, "visit", note="看了房")["qualified"]


def test_content_must_be_long_enough_and_not_the_last_one_again(company: Company) -> None:
    """CLM-16: ten characters by default, blanks around them apart; a repeat of the last one does not count."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    for note in ("", "   ", "九个字的跟进记录呀", "  九个字的跟进记录呀  "):
        short = work(office.first, claim, note=note)
        assert (short["qualified"], short["why"], short["state"]) == (False, "claim.min_note_chars", "protected")
    assert work(office.first, claim, note="十个字的跟进记录就够")["qualified"]
    company.advance(days=1)
    repeated = work(office.first, claim, note="十个字的跟进记录就够")
    assert not repeated["qualified"]
    assert repeated["why"] is not None
    assert work(office.first, claim, note="另外一条不同的跟进记录")["qualified"]
    assert work(office.first, claim, note="十个字的跟进记录就够")["qualified"]


@pytest.mark.parametrize(("per_day", "counted"), [(1, 1), (2, 2), (0, 3)])
def test_so_many_count_on_one_day(company: Company, per_day: int, counted: int) -> None:
    """CLM-16: `claim.qualified_per_day`, 0 = unlimited; the local day begins at 16:00Z."""
    # 23:00 in Shanghai.
    office = Office(company, opened="2031-03-03T15:00:00Z", policy=IDLE | {"claim.qualified_per_day": per_day})
    claim = office.claim(office.first)
    made = [work(office.first, claim, note=f"{NOTE}{n}") for n in range(3)]
    assert [m["qualified"] for m in made] == [n < counted for n in range(3)]
    assert {m["why"] for m in made[counted:]} <= {"claim.qualified_per_day"}
    assert moment(made[-1]["deadline"]) == after(made[counted - 1]["received_at"], days=10)
    company.advance(hours=1, minutes=1)
    assert work(office.first, claim, note=f"{NOTE}次日")["qualified"]


def test_unqualified_entries_are_kept_and_reset_nothing(company: Company) -> None:
    """CLM-16."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    work(office.first, claim)
    before = read(office.first, claim)
    company.advance(days=2)
    work(office.first, claim, note="没接")
    assert clocks(read(office.first, claim)) == clocks(before)
    kept = listed(office.first.get(f"/v1/claims/{claim['id']}/follow-ups"))
    assert [(k["note"], k["qualified"]) for k in kept] == [("没接", False), (NOTE, True)]
    assert entry(office.first, claim, "follow_up")["data"]["qualified"] is False


def test_event_time_is_recorded_and_receipt_counts(company: Company) -> None:
    """CLM-15, CLM-16: a future event is refused; one entered late is marked so; the idle clock runs from receipt."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    company.advance(days=3)
    ahead = (company.now() + timedelta(minutes=1)).isoformat()
    problem = refused(
        act(office.first, claim, "follow-ups", kind="call", note=NOTE, at=ahead), 422, "date_invalid", "at"
    )
    assert problem["rule"] == "CLM-15"
    late = work(office.first, claim, "visit", at="2031-03-04T09:00:00+08:00")
    assert (late["at"], late["late"], late["qualified"]) == ("2031-03-04T01:00:00Z", True, True)
    assert moment(late["deadline"]) == after(late["received_at"], days=10)
    recent = (company.now() - timedelta(hours=23)).isoformat()
    assert work(office.first, claim, "call", note=f"{NOTE}再", at=recent)["late"] is False


def test_outcome_next_date_and_files_are_kept(company: Company) -> None:
    """CLM-15: an unknown file is `field_invalid`."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    made = work(office.first, claim, outcome="约了周六看房", next_at="2031-03-08T10:00:00+08:00")
    assert (made["outcome"], made["next_at"]) == ("约了周六看房", "2031-03-08T02:00:00Z")
    answer = act(office.first, claim, "follow-ups", kind="call", note=NOTE, files=[claim["id"]])
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "field_invalid")
    assert problem["errors"][0]["field"].startswith("files")


def test_a_correction_adds_a_version_and_moves_no_clock(company: Company) -> None:
    """CLM-15: by the author only; the history names the revision, not the words."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    made = work(office.first, claim)
    before = read(office.first, claim)
    company.advance(hours=1)
    refused(office.leader.post(f"/v1/follow-ups/{made['id']}/corrections", {"note": "改"}), 403, "not_allowed")
    refused(office.second.post(f"/v1/follow-ups/{made['id']}/corrections", {"note": "改"}), 404, "not_found")
    answer = office.first.post(f"/v1/follow-ups/{made['id']}/corrections", {"note": "短", "outcome": "改为周日"})
    corrected = done(answer)
    assert (answer.status_code, corrected["revision"]) == (201, 2)
    assert (corrected["note"], corrected["outcome"], corrected["qualified"]) == ("短", "改为周日", True)
    assert (corrected["received_at"], corrected["at"]) == (made["received_at"], made["at"])
    assert clocks(read(office.first, claim)) == clocks(before)
    assert [f["revision"] for f in listed(office.first.get(f"/v1/claims/{claim['id']}/follow-ups"))] == [2]
    item = entry(office.first, claim, "corrected")
    assert (item["actor"], item["data"]["follow_up"], item["data"]["revision"]) == (office.first.id, made["id"], 2)
    assert "周日" not in str(item)


def void(person: Any, made: dict[str, Any], reason: str | None = "虚假跟进") -> Any:
    return person.post(f"/v1/follow-ups/{made['id']}/void", {"reason": reason} if reason else {})


def test_a_voided_entry_stays_visible_and_the_deadline_runs_from_the_one_before(company: Company) -> None:
    """CLM-16: by the supervisor, with a reason; `active` stays; the author is told."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    first = work(office.first, claim)
    company.advance(days=3)
    second = work(office.first, claim, note=f"{NOTE}再")
    assert void(office.leader, second, None).status_code == 422
    refused(void(office.first, second), 403, "not_allowed")
    refused(void(office.second, second), 404, "not_found")
    voided = done(void(office.leader, second))
    assert (voided["voided"]["by"], voided["voided"]["reason"]) == (office.leader.id, "虚假跟进")
    assert voided["state"] == "active"
    # Ten days from the first follow-up are still more than 24 wh ahead.
    assert moment(voided["deadline"]) == after(first["received_at"], days=10)
    assert read(office.first, claim)["state"] == "active"
    item = entry(office.first, claim, "voided")
    assert (item["actor"], item["from"], item["to"]) == (office.leader.id, None, None)
    assert notices(office.first, claim)[-1] == "claim.voided"


def test_voiding_the_only_entry_counts_from_acceptance_and_never_moves_active_back(company: Company) -> None:
    """CLM-16, contract section 5."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    company.advance(days=4)
    made = work(office.first, claim)
    voided = done(void(office.leader, made))
    assert voided["state"] == "active"
    assert moment(voided["deadline"]) == after(claim["accepted_at"], days=10)


@pytest.mark.parametrize(
    ("notice_wh", "until"),
    # Voided on Friday 2031-03-14 10:00: a day on is Friday 14 h + Monday until 10:00; two days on Tuesday 10:00.
    [(24, "2031-03-17T02:00:00Z"), (48, "2031-03-18T02:00:00Z")],
)
def test_voiding_leaves_the_notice(company: Company, notice_wh: int, until: str) -> None:
    """CLM-16: never to less than `claim.void_notice_wh` ahead; without the entry it ended on day 10."""
    office = Office(company, policy=IDLE | {"claim.void_notice_wh": notice_wh})
    claim = office.claim(office.first)
    company.advance(days=9)
    made = work(office.first, claim)
    company.advance(days=2)
    voided = done(void(office.leader, made))
    assert voided["state"] == "active"
    assert timedelta() <= moment(voided["deadline"]) - moment(until) < timedelta(seconds=30)
    company.advance(days=6)
    lapsed = read(office.first, claim)
    assert (lapsed["reason"], lapsed["ended_at"]) == ("idle", voided["deadline"])


def test_voiding_twice_or_voiding_what_did_not_count_changes_nothing(company: Company) -> None:
    """CLM-16."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    work(office.first, claim)
    company.advance(days=1)
    short = work(office.first, claim, note="没接")
    before = clocks(read(office.first, claim))
    assert done(void(office.leader, short))["voided"]["by"] == office.leader.id
    assert clocks(read(office.first, claim)) == before
    again = done(void(office.leader, short, "再来一次"))
    assert again["voided"]["reason"] == "虚假跟进"
    assert clocks(read(office.first, claim)) == before


def test_a_voided_entry_gives_its_day_back(company: Company) -> None:
    """CLM-16: one may count a day; the voided one no longer does."""
    office = Office(company, policy=IDLE | {"claim.qualified_per_day": 1})
    claim = office.claim(office.first)
    done(void(office.leader, work(office.first, claim)))
    assert work(office.first, claim, note=f"{NOTE}再")["qualified"]


def test_a_voided_entry_does_not_renew_protection(company: Company) -> None:
    """CLM-11, CLM-16: renewal needs a qualified follow-up that still stands."""
    policy = {"claim.first_follow_up_wh": 0, "claim.idle_days": 0, "claim.no_deal_days": 0}
    office = Office(company, policy=policy)
    claim = office.claim(office.first)
    company.advance(days=80)
    done(void(office.leader, work(office.first, claim)))
    company.advance(days=11)
    assert read(office.first, claim)["reason"] == "protection_end"


def test_ended_claims_take_no_work(company: Company) -> None:
    """Contract section 5: released and withdrawn `illegal_transition`, lapsed `deadline_passed`."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.first, claim, "release", reason="lost"))
    problem = refused(act(office.first, claim, "follow-ups", kind="call", note=NOTE), 409, "illegal_transition")
    assert problem["current_state"] == "released"
    assert "follow_up" not in problem["allowed"]
    assert listed(office.first.get(f"/v1/claims/{claim['id']}/follow-ups")) == []


def test_a_won_customer_is_still_looked_after(company: Company) -> None:
    """CLM-15, table 0.2: work is recorded in `won` and moves nothing."""
    office = Office(company)
    claim = office.claim(office.first)
    amount = {"amount_minor": 100, "currency": "CNY"}
    won = done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    made = work(office.first, claim, "visit")
    assert (made["state"], made["deadline"]) == ("won", won["deadline"])


def test_later_work_needs_no_engine(company: Company) -> None:
    """Design section 2, contract section 1: the first one is stored (202), later ones are complete at once (201)."""
    office = Office(company, policy=IDLE)
    claim = office.claim(office.first)
    work(office.first, claim)
    company.direct.down = True
    company.shift(hours=1)
    made = act(office.first, claim, "follow-ups", kind="visit", note=f"{NOTE}再")
    assert made.status_code == 201
    assert moment(read(office.first, claim)["deadline"]) == after(made.json()["received_at"], days=10)
    # The engine still sleeps until the old deadline, and finds a later one there.
    company.direct.down = False
    company.advance(days=10, minutes=-30)
    assert read(office.first, claim)["state"] == "active"
    company.advance(hours=1)
    assert read(office.first, claim)["ended_at"] == made.json()["deadline"]
