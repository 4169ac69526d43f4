"""What becomes known of a project after its report: its tender number, when it is awarded (CLM-33)."""

from __future__ import annotations

from domain.claims.reports import clock_data, moved_with_award
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.refusals import Refusal


def awarded(draft: Draft, command: Command) -> None:
    """Somebody who holds the project elsewhere has told when it is awarded: the protection here moves with it."""
    claim = draft.matter.claims[command.claim]
    moved = moved_with_award(draft, claim, command)
    if claim.ended_at is None and moved != claim:
        draft.put(moved)
        draft.record("corrected", moved, actor=command.actor, data={"cause": "award", "clocks": clock_data(moved)})


def met(draft: Draft, command: Command) -> None:
    """A project turned out to be the one that ``command.claim`` is about: a collision, nothing changes (CLM-27)."""
    raise Refusal("customer_owned", rule="CLM-27", facts={"fields": list(command.data["fields"])})
