"""Bugs to plant in cases: one rule of DSP-05 to DSP-16 each, told wrongly for as long as a walk takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from domain.disputes import admission, cases, effects
from tests.model.planted_bugs import Edit


@dataclass(frozen=True)
class CaseBug:
    """A rule told wrongly."""

    name: str
    rule: str
    edit: Edit

    @contextmanager
    def planted(self) -> Iterator[None]:
        """For the duration of the block."""
        with self.edit.made():
            yield


CASE_BUGS: Final = (
    CaseBug(
        "one case more may be dismissed than policy says",
        "DSP-02",
        Edit(admission.require_consent, "count >= cap", "count > cap"),
    ),
    CaseBug(
        "two of the parties settle for all",
        "DSP-05",
        Edit(cases.accept_proposal, "{p.person for p in dispute.parties} <= set(accepted)", "len(accepted) > 1"),
    ),
    CaseBug(
        "one party heard is enough",
        "DSP-10",
        Edit(cases.rule, "not all(p.heard for p in dispute.parties)", "not any(p.heard for p in dispute.parties)"),
    ),
    CaseBug(
        "asking for more leaves the limit of the tier",
        "DSP-10",
        Edit(cases.more_evidence, "dispute = dispute.with_window(Window.TIER, later)", "pass"),
    ),
    CaseBug("a party may appeal twice", "DSP-16", Edit(cases.appeal, "if party.appealed:", "if False:")),
    CaseBug(
        "a customer that goes to the pool counts as lost",
        "DSP-14",
        Edit(effects._end, '"to_pool" if to_pool else "ruled_out"', '"ruled_out"'),
    ),
    CaseBug(
        "a winner's protection is not raised",
        "DSP-15",
        Edit(effects._with_least, "running.deadline < counted.at", "running.deadline > counted.at"),
    ),
    CaseBug(
        "a winner that held before begins anew",
        "DSP-15",
        Edit(effects._keep, "claim.earlier in HOLDING", "False"),
    ),
)
