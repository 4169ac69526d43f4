"""Partner organisations (渠道公司, PPL-08): who reports for them, and while which agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner organisation. The leader of ``team`` is its channel manager (渠道经理); ``lead`` is its own manager.

    ``start`` and ``end`` are the first and the last day of the agreement; without ``end`` it has none.
    """

    id: str
    team: str
    start: date
    end: date | None = None
    lead: str | None = None
    suspended: bool = False

    def takes_reports(self, *, on: date) -> bool:
        """Whether its brokers may report on that day; claims that are open run on in any case."""
        return not self.suspended and self.start <= on and (self.end is None or on <= self.end)
