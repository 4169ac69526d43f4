"""Notices by e-mail and webhook, to real receivers: NTF-01, contract section 8 "outgoing"."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from storage import confirmations
from tests.notifications.conftest import SendingCompany, ports
from tests.support.answers import listed
from tests.support.company import person_customer
from tests.support.receivers import MailReceiver, WebhookReceiver

#: What a channel does has nothing to do with where the notice comes from; test_outbox.py runs on both databases.
pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def test_a_notice_arrives_by_mail_in_its_readers_language_first(company: SendingCompany, mail: MailReceiver) -> None:
    """NTF-01: the same words as in the inbox, contacts masked."""
    chinese, english = company.addressed(), company.addressed("lina@example.com", locale="en")
    for rep in (chinese, english):
        company.told(rep)
    company.deliver(ports(mail))
    (first,), (second,) = mail.to("li.na@example.com"), mail.to("lina@example.com")
    for message, rep, language, other in ((first, chinese, "zh", "en"), (second, english, "en", "zh")):
        (notice,) = listed(rep.get("/v1/me/notices"))
        body = message.get_content()
        assert message["Subject"] == notice["title"][language]
        assert body.index(notice["text"][language]) < body.index(notice["text"][other])
        assert "欧阳*" in body
        assert "欧阳小明" not in message.as_string() + body
    assert first["From"] == "fairclaim@localhost"
    assert [d["sent_at"] is not None for d in company.outbox("email")] == [True, True]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_mail_is_sent_with_the_name_and_password_of_the_url(company: SendingCompany) -> None:
    """Special characters are escaped in a URL and plain on the wire."""
    with MailReceiver(login=("notices@example.com", "p@ss:/word")).serving() as mail:
        company.told(company.addressed())
        address = mail.url.removeprefix("smtp://")
        wrong, right = "notices%40example.com:wrong", "notices%40example.com:p%40ss%3A%2Fword"
        company.deliver(ports(mail, smtp_url=f"smtp://{wrong}@{address}"))
        assert mail.received == []
        assert company.outbox("email")[0]["error"] == "SMTPAuthenticationError"
        company.shift(minutes=1)
        company.deliver(ports(mail, smtp_url=f"smtp://{right}@{address}", smtp_from="claims@example.com"))
        (message,) = mail.to("li.na@example.com")
        assert message["From"] == "claims@example.com"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_not_sent_over_a_network_in_clear(
    company: SendingCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail server elsewhere that offers no STARTTLS gets neither password nor mail; it is tried again later."""
    monkeypatch.setattr("worker.channels.email._stays_here", lambda _server: False)
    with MailReceiver(login=("notices@example.com", "secret")).serving() as mail:
        company.told(company.addressed())
        url = mail.url.replace("smtp://", "smtp://notices%40example.com:secret@")
        company.deliver(ports(mail, smtp_url=url))
    (delivery,) = company.outbox("email")
    assert (delivery["error"], delivery["dead_at"], mail.received) == ("SMTPNotSupportedError", None, [])


def test_a_person_without_an_address_gets_no_mail_and_keeps_the_notice(
    company: SendingCompany, mail: MailReceiver
) -> None:
    """NTF-01: a channel that cannot deliver is given up; the inbox has the notice."""
    rep = company.addressed(None)
    company.told(rep)
    company.deliver(ports(mail))
    (delivery,) = company.outbox("email")
    assert (delivery["error"], delivery["dead_at"] is not None, mail.received) == ("no_address", True, [])
    assert len(listed(rep.get("/v1/me/notices"))) == 1


def test_an_address_that_the_mail_server_refuses_for_good_is_not_tried_again(
    company: SendingCompany, mail: MailReceiver
) -> None:
    mail.refusal = "550 no such user"
    company.told(company.addressed())
    company.deliver(ports(mail))
    (delivery,) = company.outbox("email")
    assert (delivery["error"], delivery["tries"], delivery["dead_at"] is not None) == ("address_refused", 1, True)


def test_an_address_that_the_mail_server_refuses_for_now_is_tried_again(
    company: SendingCompany, mail: MailReceiver
) -> None:
    """RFC 5321: 4yz is a transient refusal (greylisting, a full mailbox)."""
    mail.refusal = "451 greylisted, come back later"
    company.told(company.addressed())
    company.deliver(ports(mail))
    mail.refusal = None
    company.shift(minutes=1)
    company.deliver(ports(mail))
    assert len(mail.to("li.na@example.com")) == 1
    assert company.outbox("email")[0]["sent_at"] is not None


def test_the_customer_is_asked_at_their_own_address_and_by_the_companys_gateway(
    company: SendingCompany, mail: MailReceiver, hook: WebhookReceiver
) -> None:
    """CNF-01: by e-mail, and with their number to the webhook; a code that was replaced is sent no more."""
    rep, program = company.addressed(), company.program(policy={"confirm.points": ["before_contract"]})

    def asked(phone: str, **more: str) -> str:
        customer = {**person_customer("欧阳小明", phone), **more}
        claim = rep.made("/v1/claims", {"program": program, "customer": customer})["id"]
        rep.made(f"/v1/claims/{claim}/confirmations", {"point": "before_contract"})
        return str(claim)

    first, _ = asked("13800007001", email="ouyang@example.com"), asked("13800007002")
    company.deliver(ports(mail, hook))
    (message,) = mail.to("ouyang@example.com")
    (sent, other) = sorted(
        (body for body in map(hook.verified, hook.received) if body["kind"] == "customer.confirmation"),
        key=lambda body: str(body["data"]["phone"]),
    )
    code = sent["data"]["code"]
    assert code in message.get_content()
    assert "李娜" in message.get_content()
    assert (sent["subject"]["id"], other["data"]["email"]) == (first, None)
    assert "7002" in other["data"]["phone"]
    assert company.call("POST", f"/v1/confirmations/{code}", token=None, json={"answer": "yes"}).status_code == 200
    printed = asked("13800007003", email="gone@example.com")
    newest = rep.get(f"/v1/claims/{printed}").json()["confirmations"][0]["id"]
    company.database.transact(lambda tx: confirmations.renew(tx, newest, at=tx.now()))
    company.deliver(ports(mail, hook))
    assert mail.to("gone@example.com") == []
    ends = [d["error"] for d in company.outbox("email") if d["confirmation"] is not None]
    assert ends == [None, "link_gone"]


def test_a_webhook_is_signed_and_says_what_happened_to_what(company: SendingCompany, hook: WebhookReceiver) -> None:
    """Contract section 8: `{id, kind, at, version, subject, data}`, verified by the library of the standard."""
    rep = company.addressed()
    claim = company.told(rep)
    company.deliver(ports(hook=hook))
    (request,) = hook.received
    body = hook.verified(request)
    (notice,) = listed(rep.get("/v1/me/notices"))
    assert set(body) == {"id", "kind", "at", "version", "subject", "data"}
    assert {k: body[k] for k in ("id", "kind", "at", "version", "subject")} == {
        "id": notice["id"],
        "kind": "claim.accepted",
        "at": notice["at"],
        "version": 1,
        "subject": {"type": "claim", "id": claim["id"]},
    }
    assert body["data"]["person"] == rep.id
    assert body["data"]["rule"] == notice["rule"]
    assert request.headers["content-type"] == "application/json"
    assert abs(int(request.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert not any(word in json.dumps(body, ensure_ascii=False) for word in ("欧阳", "李娜", "13800000001"))


def test_another_body_time_id_or_secret_does_not_verify(company: SendingCompany, hook: WebhookReceiver) -> None:
    """Standard Webhooks: the signature covers id, time and body."""
    company.told(company.addressed())
    company.deliver(ports(hook=hook))
    (request,) = hook.received
    headers, content = dict(request.headers), request.content
    other = "whsec_" + base64.b64encode(bytes(24)).decode()
    for secret, changed, body in (
        (hook.secret, headers, content.replace(b"claim.accepted", b"claim.rejected")),
        (hook.secret, headers | {"webhook-id": "another"}, content),
        (hook.secret, headers | {"webhook-timestamp": str(int(time.time()) - 7)}, content),
        (other, headers, content),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)


def test_a_private_target_is_refused_unless_it_is_allowed(company: SendingCompany, hook: WebhookReceiver) -> None:
    """INT-02: FAIRCLAIM_WEBHOOK_ALLOW_PRIVATE=1."""
    rep = company.addressed()
    refused = company.told(rep)
    company.deliver(ports(hook=hook, webhook_allow_private=False))
    (delivery,) = company.outbox("webhook")
    assert (delivery["error"], delivery["dead_at"] is not None) == ("private_target", True)
    allowed = company.told(rep)
    company.deliver(ports(hook=hook))
    assert (hook.about(refused["id"]), len(hook.about(allowed["id"]))) == ([], 1)


def test_a_redirect_is_not_followed(company: SendingCompany, hook: WebhookReceiver) -> None:
    """INT-02: it could lead into the private network."""
    hook.answer = lambda _request: 302
    company.told(company.addressed())
    company.deliver(ports(hook=hook))
    assert len(hook.received) == 1
    (delivery,) = company.outbox("webhook")
    assert (delivery["sent_at"], delivery["tries"]) == (None, 1)


def test_a_receiver_that_says_gone_is_not_asked_again(company: SendingCompany, hook: WebhookReceiver) -> None:
    """Standard Webhooks: 410 ends it."""
    hook.answer = lambda _request: 410
    company.told(company.addressed())
    company.deliver(ports(hook=hook))
    (delivery,) = company.outbox("webhook")
    assert (delivery["error"], delivery["tries"], delivery["dead_at"] is not None) == ("gone", 1, True)
