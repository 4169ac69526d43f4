"""A company whose notices leave the house, and what they leave it to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from temporalio.testing import ActivityEnvironment

from activities.notifications import CourierActivities
from activities.ports import Channel
from storage import tables as t
from storage.outbox import DatabaseOutbox
from storage.settings import Settings
from tests.conftest import Store
from tests.support.company import Company, Person, person_customer
from tests.support.receivers import MailReceiver, WebhookReceiver
from worker.serve import channels

#: Long enough for every delivery that is due, each of which takes milliseconds here.
SHIFT_S = 0.3


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with MailReceiver().serving() as receiver:
        yield receiver


@pytest.fixture
def hook() -> Iterator[WebhookReceiver]:
    with WebhookReceiver().serving() as receiver:
        yield receiver


class SendingCompany(Company):
    """A company with both outside channels switched on; ``deliver`` plays a shift of the courier."""

    def __init__(self, store: Store, admin_token: str, folder: Path) -> None:
        super().__init__(store.open(channels=("email", "webhook")), admin_token, folder)
        self._number = 0

    def close(self) -> None:
        super().close()
        self.database.close()

    def addressed(self, email: str | None = "li.na@example.com", *, locale: str = "zh-CN") -> Person:
        """A rep with an e-mail address."""
        body = {"name": "李娜", "locale": locale, **({"email": email} if email else {})}
        made = self.admin.made("/v1/people", body)
        self.admin.made(f"/v1/people/{made['id']}/grants", {"role": "rep", "scope": {"kind": "own"}})
        token = self.admin.made(f"/v1/people/{made['id']}/tokens", {"name": "test"})["token"]
        return Person(self, made["id"], token)

    def told(self, rep: Person, program: str | None = None) -> dict[str, Any]:
        """A claim of a new customer, about which its reporter has got one notice."""
        self._number += 1
        customer = person_customer("欧阳小明", f"138{self._number:08d}")
        return rep.made("/v1/claims", {"program": program or self.program(), "customer": customer})

    def deliver(self, ports: Mapping[str, Channel], *, shift_s: float = SHIFT_S) -> None:
        self.remind()
        courier = CourierActivities(DatabaseOutbox(self.database, self.snapshots), ports, shift_s=shift_s)
        asyncio.run(ActivityEnvironment().run(courier.courier))

    def outbox(self, channel: str) -> list[dict[str, Any]]:
        """The deliveries of a channel, oldest first."""
        with self.database.reading() as tx:
            return tx.rows(sa.select(t.outbox).where(t.outbox.c.channel == channel).order_by(t.outbox.c.id))


@pytest.fixture
def company(store: Store, admin_token: str, tmp_path: Path) -> Iterator[SendingCompany]:
    made = SendingCompany(store, admin_token, tmp_path)
    yield made
    made.close()


def ports(mail: MailReceiver | None = None, hook: WebhookReceiver | None = None, **settings: Any) -> dict[str, Channel]:
    """The channels a worker would have with these receivers in its environment."""
    given: dict[str, Any] = {}
    if mail is not None:
        given["smtp_url"] = mail.url
    if hook is not None:
        given |= {"webhook_url": hook.url, "webhook_secret": hook.secret, "webhook_allow_private": True}
    return channels(Settings(**{**given, **settings}))
