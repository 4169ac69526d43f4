"""The outbox: queued with the event, delivered at least once, each channel for itself (NTF-01, CLM-18)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.notifications.conftest import SendingCompany, ports
from tests.support.answers import listed
from tests.support.breaking import broken
from tests.support.company import person_customer
from tests.support.office import act, done, work
from tests.support.receivers import OK, Delivered, MailReceiver, WebhookReceiver

#: No clock but the one a test is about.
OFF = {"claim.first_follow_up_wh": 0, "claim.protection_days": 0, "claim.idle_days": 0, "claim.no_deal_days": 0}


def test_a_notice_is_queued_in_the_same_save_as_what_it_tells(company: SendingCompany) -> None:
    """NTF-01: where the outbox cannot be written, the event does not happen; once it can, it does."""
    rep, body = company.addressed(), {"program": company.program(), "customer": person_customer()}
    with broken(company.database, "outbox", "INSERT"):
        answer = rep.post("/v1/claims", body, key="the-report")
        assert (answer.status_code, answer.json()["state"]) == (202, "reported")
        assert listed(rep.get("/v1/me/notices")) == []
    claim = rep.post("/v1/claims", body, key="the-report").json()
    assert claim["state"] == "protected"
    assert len(listed(rep.get("/v1/me/notices"))) == len(company.outbox("email")) == len(company.outbox("webhook")) == 1


def test_a_failing_target_is_tried_again_with_the_same_id_until_it_takes_it_once(
    company: SendingCompany, hook: WebhookReceiver
) -> None:
    """NTF-01, INT-02: later each time, and never again after success."""
    claim = company.told(company.addressed())
    hook.answer = lambda _request: 503
    waits = []
    for _ in range(3):
        company.deliver(ports(hook=hook))
        (delivery,) = company.outbox("webhook")
        waits.append(delivery["due_at"] - company.now())
        company.deliver(ports(hook=hook))  # not due yet
        company.shift(seconds=waits[-1].total_seconds() + 1)
    assert [delivery["error"], delivery["tries"], len(hook.received)] == ["HTTPStatusError", 3, 3]
    assert waits[0] < waits[1] < waits[2]
    hook.answer = lambda _request: OK
    for _ in range(3):
        company.deliver(ports(hook=hook))
        company.shift(hours=2)
    requests = hook.about(claim["id"])
    assert [r.answered for r in requests] == [503, 503, 503, OK]
    assert len({r.id for r in requests}) == 1
    assert all(hook.verified(r)["kind"] == "claim.accepted" for r in requests)


def test_a_target_that_stays_away_is_given_up_after_the_policys_number_of_tries(
    company: SendingCompany, hook: WebhookReceiver
) -> None:
    """`notify.retry_max`: parked, with the reason; the claim is as it was."""
    company.company_policy(notify__retry_max=2)
    rep = company.addressed()
    claim = company.told(rep)
    hook.answer = lambda _request: 500
    for _ in range(5):
        company.deliver(ports(hook=hook))
        company.shift(hours=1)
    assert len(hook.about(claim["id"])) == 3
    delivery = company.outbox("webhook")[-1]
    assert (delivery["tries"], delivery["dead_at"] is not None) == (3, True)
    assert rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "protected"


def test_a_channel_that_hangs_does_not_delay_another_one(
    company: SendingCompany, hook: WebhookReceiver, mail: MailReceiver
) -> None:
    """NTF-01: six mails are out while the first webhook still waits for its answer."""
    rep, program = company.addressed(), company.program()
    for _ in range(6):
        company.told(rep, program)
    all_mailed = threading.Event()

    def hang(_request: Delivered) -> int:
        # The answer comes only once the mails have: if they waited for it, it would be an error here.
        until_mailed = all_mailed.wait(5)
        return OK if until_mailed else 500

    def watch(message: object) -> None:
        mail.received.append(message)  # type: ignore[arg-type]
        if len(mail.received) == 6:
            all_mailed.set()

    hook.answer, mail.on_mail = hang, watch
    company.deliver(ports(mail, hook), shift_s=3)
    assert len(mail.received) == 6
    assert [r.answered for r in hook.received] == [OK] * 6


def test_deliveries_of_a_channel_that_was_switched_off_are_given_up(
    company: SendingCompany, mail: MailReceiver
) -> None:
    """NTF-01: they do not wait for ever, nor come all at once years later."""
    company.told(company.addressed())
    company.deliver(ports(mail))
    (delivery,) = company.outbox("webhook")
    assert (delivery["error"], delivery["dead_at"] is not None) == ("channel_off", True)
    assert len(mail.received) == 1


def test_a_reminder_of_a_deadline_that_moved_is_not_sent_and_that_of_the_new_one_is(
    company: SendingCompany, hook: WebhookReceiver
) -> None:
    """CLM-18: reminders are planned in advance and checked again when they are due."""
    company.at("2031-03-03T02:00:00Z")
    rep = company.addressed()
    claim = company.told(rep, company.program(policy=OFF | {"claim.idle_days": 20}))
    planned = _planned(company)
    assert planned
    company.advance(days=10)
    work(rep, claim)
    company.advance(seconds=(planned[-1] - company.now() + timedelta(hours=1)).total_seconds())
    company.deliver(ports(hook=hook))
    assert _reminded(hook) == []
    company.advance(days=11)
    company.deliver(ports(hook=hook))
    (reminder, *_) = [r for r in hook.about(claim["id"]) if r.body["kind"] == "reminder.idle"]
    current = rep.get(f"/v1/claims/{claim['id']}").json()["deadline"]
    assert hook.verified(reminder)["data"]["deadline"] == current
    assert {r.body["data"]["deadline"] for r in hook.received if r.body["kind"] == "reminder.idle"} == {current}


@pytest.mark.parametrize("ending", ["release", "win"])
def test_a_reminder_is_not_sent_for_a_claim_that_no_longer_has_the_deadline(
    company: SendingCompany, hook: WebhookReceiver, ending: str
) -> None:
    """CLM-18."""
    company.at("2031-03-03T02:00:00Z")
    rep = company.addressed()
    claim = company.told(rep, company.program(policy=OFF | {"claim.idle_days": 20}))
    company.advance(days=1)
    if ending == "release":
        done(act(rep, claim, "release", reason="lost"))
    else:
        amount, now = {"amount_minor": 100, "currency": "CNY"}, company.now().isoformat()
        done(act(rep, claim, "win", amount=amount, contract_at=now))
    company.advance(days=18)
    company.deliver(ports(hook=hook))
    assert _reminded(hook) == []


def _planned(company: SendingCompany) -> list[datetime]:
    """When the idle deadline is to be reminded of."""
    idle = sa.select(t.reminder.c.due_at).where(t.reminder.c.clock == "idle").order_by(t.reminder.c.due_at)
    with company.database.reading() as tx:
        return [row["due_at"] for row in tx.rows(idle)]


def _reminded(hook: WebhookReceiver) -> list[str]:
    return [r.body["kind"] for r in hook.received if r.body["kind"] == "reminder.idle"]
