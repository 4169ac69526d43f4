"""The courier of a running service: notices leave it, also when its worker is killed in the middle (NTF-01, AUD-07)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.company import Person, person_customer
from tests.support.receivers import OK, Delivered, MailReceiver, WebhookReceiver
from tests.support.service import RemoteCompany, Service, closing_company
from tests.support.waiting import eventually
from worker.engine import Located

#: Until the engine gives the courier's work to a new worker: a missed heartbeat, a start, a retry.
TAKEN_OVER_S = 60.0
PROMPT_S = 15.0

pytestmark = pytest.mark.timeout(600)


@dataclass
class Post:
    """``fairclaim up`` with a mail server and a webhook's receiver, and a rep who has an address."""

    service: Service
    company: RemoteCompany
    mail: MailReceiver
    hook: WebhookReceiver
    rep: Person
    program: str
    reports: int = 0

    def report(self) -> str:
        self.reports += 1
        customer = person_customer("欧阳小明", f"138{self.reports:08d}")
        return str(self.rep.made("/v1/claims", {"program": self.program, "customer": customer})["id"])

    def deliveries(self, claim: str, channel: str) -> list[dict[str, Any]]:
        chosen = (
            sa.select(t.outbox)
            .join(t.notice, t.notice.c.id == t.outbox.c.notice)
            .where(t.notice.c.subject == claim, t.outbox.c.channel == channel)
        )
        with self.company.database.reading() as tx:
            return tx.rows(chosen)

    def is_sent(self, claim: str, channel: str) -> bool:
        return all(d["sent_at"] is not None for d in self.deliveries(claim, channel))


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory, pinned_server: Located) -> Iterator[Post]:
    with MailReceiver().serving() as mail, WebhookReceiver().serving() as hook:
        env = {**hook.env, "FAIRCLAIM_SMTP_URL": mail.url}
        with (
            Service(tmp_path_factory.mktemp("post"), server=pinned_server, env=env) as service,
            closing_company(service.company()) as company,
        ):
            admin = company.admin
            made = admin.made("/v1/people", {"name": "李娜", "email": "li.na@example.com"})
            admin.made(f"/v1/people/{made['id']}/grants", {"role": "rep", "scope": {"kind": "own"}})
            token = admin.made(f"/v1/people/{made['id']}/tokens", {"name": "test"})["token"]
            yield Post(service, company, mail, hook, Person(company, made["id"], token), company.program())


def test_a_report_is_told_by_mail_and_webhook_once_each(post: Post) -> None:
    """NTF-01: FAIRCLAIM_SMTP_URL, FAIRCLAIM_WEBHOOK_URL, …_SECRET, …_ALLOW_PRIVATE are all it takes."""
    before = len(post.mail.received)
    claim = post.report()
    eventually(
        lambda: post.is_sent(claim, "email") and post.is_sent(claim, "webhook"), within_s=PROMPT_S, what="both are sent"
    )
    (request,) = post.hook.about(claim)
    assert post.hook.verified(request)["subject"] == {"type": "claim", "id": claim}
    assert len(post.mail.received) == before + 1
    assert post.mail.received[-1]["To"] == "li.na@example.com"


def test_a_target_that_recovers_gets_the_notice_by_itself(post: Post) -> None:
    """NTF-01: nobody has to press anything."""
    answers = iter([500, 503])
    post.hook.answer = lambda _request: next(answers, OK)
    claim = post.report()
    eventually(lambda: len(post.hook.accepted(claim)) == 1, within_s=PROMPT_S + 10, what="it is accepted")
    assert [r.answered for r in post.hook.about(claim)] == [500, 503, OK]
    assert len({r.id for r in post.hook.about(claim)}) == 1


def test_a_courier_killed_in_the_middle_of_a_delivery_is_continued_by_the_next(post: Post) -> None:
    """NTF-01, AUD-07: what was sent is not sent again; what was on its way goes out under the same id."""
    finished = [post.report() for _ in range(3)]
    eventually(
        lambda: all(post.is_sent(claim, "webhook") for claim in finished), within_s=PROMPT_S, what="these are sent"
    )
    on_its_way, let_go = threading.Event(), threading.Event()

    def hold(_request: Delivered) -> int:
        if not on_its_way.is_set():
            on_its_way.set()
            let_go.wait(TAKEN_OVER_S)
        return OK

    post.hook.answer = hold
    interrupted = post.report()
    assert on_its_way.wait(PROMPT_S)
    eventually(lambda: post.is_sent(interrupted, "email"), within_s=PROMPT_S, what="the mail is out")
    mails = len(post.mail.received)
    post.service.kill_part("worker")
    let_go.set()
    waiting = post.deliveries(interrupted, "webhook")
    assert [d["sent_at"] for d in waiting] == [None]

    eventually(lambda: post.is_sent(interrupted, "webhook"), within_s=TAKEN_OVER_S, what="the next courier sends it")
    requests = post.hook.about(interrupted)
    assert len(requests) == 2
    assert {r.id for r in requests} == {waiting[0]["id"]}
    assert all(post.hook.verified(r) for r in requests)
    later = post.report()
    eventually(lambda: post.is_sent(later, "webhook"), within_s=PROMPT_S, what="the courier goes on")
    assert [len(post.hook.about(claim)) for claim in finished] == [1, 1, 1]
    assert len(post.mail.received) == mails + 1
