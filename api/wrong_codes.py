"""Whoever tries codes of links is stopped: codes that nobody was given are counted by address and hour (CNF-01).

Counted in the memory of each process, so that whoever has no token fills no table of ours.
"""

from __future__ import annotations

import ipaddress
import threading
from datetime import datetime
from typing import Final

from domain.refusals import Refusal
from storage.usage import hour_of, next_hour

#: So many an hour: an office behind one address may mistype for a long time, and 128 bits are never guessed by it.
PER_HOUR: Final = 100
#: No more addresses are remembered; the one that is known longest goes first.
_ADDRESSES = 50_000


class WrongCodes:
    """How many wrong codes came from where in the present hour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = ""
        self._counts: dict[str, int] = {}

    def check(self, address: str, *, at: datetime) -> None:
        """Refuse with ``rate_limited`` where too many came from ``address``, until the hour is over."""
        with self._lock:
            count = self._of_hour(at).get(_network(address), 0)
        if count >= PER_HOUR:
            facts = {"cap": PER_HOUR, "count": count, "per": "hour", "until": next_hour(at)}
            raise Refusal("rate_limited", rule="CNF-01", facts=facts)

    def count(self, address: str, *, at: datetime) -> None:
        """One more came from ``address``."""
        network = _network(address)
        with self._lock:
            counts = self._of_hour(at)
            if network not in counts and len(counts) >= _ADDRESSES:
                del counts[next(iter(counts))]
            counts[network] = counts.get(network, 0) + 1

    def _of_hour(self, at: datetime) -> dict[str, int]:
        hour = hour_of(at)
        if hour != self._hour:
            self._hour, self._counts = hour, {}
        return self._counts


def _network(address: str) -> str:
    """One customer of a provider has a whole network of version 6."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address
