"""E-mail over SMTP: ``smtp://user:password@host:587``, ``smtps://host:465`` (NTF-01)."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from activities.ports import Message, UndeliverableError

_TIMEOUT_S = 20.0


class EmailChannel:
    """One connection per message: notices are few, and a connection that is kept goes stale."""

    def __init__(self, *, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or parts.hostname is None:
            raise ValueError("FAIRCLAIM_SMTP_URL is smtp://… or smtps://…")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 587 if parts.username else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, message: Message) -> None:
        if message.address is None:
            raise UndeliverableError("no_address")
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.address
        mail["Subject"] = message.title[message.language]
        # The same delivery tried twice has the same id, so that mail programs show it once.
        mail["Message-ID"] = f"<{message.delivery}@fairclaim>"
        other = "en" if message.language == "zh" else "zh"
        mail.set_content(f"{message.text[message.language]}\n\n--\n{message.title[other]}\n{message.text[other]}\n")
        try:
            with self._connect() as server:
                if self._user is not None:
                    if not (isinstance(server.sock, ssl.SSLSocket) or _stays_here(server)):
                        # Tried again, and told by metrics, until whoever runs the mail server offers STARTTLS.
                        raise smtplib.SMTPNotSupportedError("the password would go over the network in clear")
                    server.login(self._user, self._password)
                server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            if _is_transient(error):
                raise
            raise UndeliverableError("address_refused") from error

    def _connect(self) -> smtplib.SMTP:
        if self._tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        return server


def _stays_here(server: smtplib.SMTP) -> bool:
    """Whether the mail server is on this machine, so that nobody can listen in between."""
    return server.sock is not None and ipaddress.ip_address(server.sock.getpeername()[0]).is_loopback


def _is_transient(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused) -> bool:
    """Greylisting, a full mailbox: refused for now, with a code below 500 (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPSenderRefused):
        return error.smtp_code < 500
    return all(code < 500 for code, _ in error.recipients.values())
