"""What notices leave the house to: a mail server and a webhook's receiver, real ones on the loopback interface."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from standardwebhooks.webhooks import Webhook

from tests.support.service import free_port

OK = 204
#: The longest that a held request waits to be let go.
HELD_LIMIT_S = 60.0


@dataclass(frozen=True)
class Delivered:
    """One request as it arrived."""

    headers: Mapping[str, str]
    content: bytes
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content)
        return found

    @property
    def subject(self) -> str:
        return str(self.body["subject"]["id"])


Answer = Callable[[Delivered], int]


class WebhookReceiver:
    """Receives webhooks. ``answer`` says what each is answered with; a test may put in one that refuses or waits."""

    def __init__(self) -> None:
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.answer: Answer = lambda _request: OK
        self.answer_text = ""
        self.received: list[Delivered] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.answer(Delivered(headers, content, 0))
                receiver.received.append(Delivered(headers, content, status))
                body = b"" if status == OK else receiver.answer_text.encode()
                try:
                    self.send_response(status)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):  # the sender was killed meanwhile
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/notices"

    @contextmanager
    def serving(self) -> Iterator[WebhookReceiver]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(10)

    @property
    def env(self) -> dict[str, str]:
        """What a service is told to send here."""
        return {
            "FAIRCLAIM_WEBHOOK_URL": self.url,
            "FAIRCLAIM_WEBHOOK_SECRET": self.secret,
            "FAIRCLAIM_WEBHOOK_ALLOW_PRIVATE": "1",
        }

    def about(self, subject: str) -> list[Delivered]:
        """What came about one claim, in the order of the answers."""
        return [one for one in list(self.received) if one.subject == subject]

    def accepted(self, subject: str) -> list[Delivered]:
        return [one for one in self.about(subject) if one.answered == OK]

    def verified(self, one: Delivered) -> dict[str, Any]:
        """The body, after the library of the standard has checked signature and time."""
        found: dict[str, Any] = Webhook(self.secret).verify(one.content, dict(one.headers))
        return found


@dataclass
class MailReceiver:
    """A mail server.

    ``refusal``: what it answers a recipient with. ``login``: who may send, where not everybody may. ``on_mail`` gets
    each mail; as long as no test puts in another one, it is added to ``received``.
    """

    login: tuple[str, str] | None = None
    refusal: str | None = None
    received: list[EmailMessage] = field(default_factory=list)
    on_mail: Callable[[EmailMessage], None] | None = None
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator[MailReceiver]:
        self.port = free_port()
        controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._authenticate,
            auth_required=self.login is not None,
            auth_require_tls=False,
        )
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in list(self.received) if one["To"] == address]

    async def handle_RCPT(self, _server: Any, _session: Session, envelope: Envelope, address: str, _o: Any) -> str:
        if self.refusal is not None:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        (self.on_mail or self.received.append)(mail)
        return "250 OK"

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        known = isinstance(given, LoginPassword) and self.login == (given.login.decode(), given.password.decode())
        return AuthResult(success=known, handled=False)
