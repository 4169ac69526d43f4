"""Which targets of a webhook are private (INT-02)."""

from __future__ import annotations

import base64

import pytest

from worker.channels.webhook import WebhookChannel


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.8",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "2130706433",
        "0x7f.1",
        "127.1",
    ],
)
def test_a_private_target_is_seen_however_it_is_written(host: str) -> None:
    """INT-02: private network targets are refused unless allowed; nothing is sent to find out."""
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    channel = WebhookChannel(url=f"http://{host}:9/hook", secret=secret, allow_private=False)
    assert channel.is_private()
