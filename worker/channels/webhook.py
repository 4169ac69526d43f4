"""A signed webhook (Standard Webhooks): ``webhook-id``, ``webhook-timestamp``, ``webhook-signature`` (NTF-01)."""

from __future__ import annotations

import ipaddress
import json
import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from activities.ports import Message, UndeliverableError

_TIMEOUT_S = 10.0


class WebhookChannel:
    """Posts each notice to one URL of the company."""

    def __init__(self, *, url: str, secret: str, allow_private: bool) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError("FAIRCLAIM_WEBHOOK_URL is http://… or https://…")
        self._url = url
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            self._signer = Webhook(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("FAIRCLAIM_WEBHOOK_SECRET is needed: whsec_ and a key in base64") from None
        self._allow_private = allow_private
        self._client = httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False)

    def send(self, message: Message) -> None:
        if not self._allow_private and self.is_private():
            raise UndeliverableError("private_target")
        body = json.dumps(
            {
                "id": message.notice,
                "kind": message.kind,
                "at": message.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "version": 1,
                "subject": {"type": message.subject_type, "id": message.subject},
                "data": dict(message.data),
            },
            ensure_ascii=False,
        )
        now = datetime.now(UTC)
        answer = self._client.post(
            self._url,
            content=body.encode(),
            headers={
                "content-type": "application/json",
                "webhook-id": message.delivery,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": self._signer.sign(message.delivery, now, body),
            },
        )
        if answer.status_code == 410:
            raise UndeliverableError("gone")
        answer.raise_for_status()

    def is_private(self) -> bool:
        """Whether any address of the host is not public: asked at every delivery, for names change."""
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return any(not ipaddress.ip_address(address[4][0]).is_global for address in found)
