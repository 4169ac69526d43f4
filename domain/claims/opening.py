"""The opening load (期初导入): what is listed for objection, and what becomes of it when the time is over (INT-10)."""

from __future__ import annotations

from dataclasses import replace

from domain.claims import reports
from domain.claims.model import Waiting
from domain.claims.numbers import has_place
from domain.disputes import cases
from domain.matters.draft import Draft
from domain.matters.matter import Command


def listed(draft: Draft, command: Command) -> None:
    """A row of the load, or an objection to one, waits for the end of the time to object (INT-10).

    Whoever is named for the customer already is told.
    """
    claim = draft.matter.claims[command.claim]
    for other in draft.matter.objectionable:
        facts = {"until": draft.matter.objections_until}
        draft.tell(other.reporter, "claim.objected", other, rule="INT-10", facts=facts)
    draft.put(replace(claim, decided=True, waiting=Waiting.OPENING))


def objections_over(draft: Draft) -> None:
    """Who alone is named has the customer; several people, or somebody who was there before, are one case (INT-10)."""
    named = draft.matter.objectionable
    first = named[0]
    before = [c for c in draft.matter.claims.values() if has_place(c) and c.received_at < first.received_at]
    holder = draft.matter.owner_claim or draft.matter.reserved_for(draft.at)
    for claim in named:
        # Should the case end without an outcome, they are considered again: first come, first served.
        draft.put(replace(claim, waiting=Waiting.EARLIER))
    others = [*named[:-1], *before, *([holder] if holder is not None else [])]
    last = draft.matter.claims[named[-1].id]
    if len({cases.person_of(claim) for claim in (last, *others)}) > 1:
        cases.contest_opening(draft, last, others)
    else:
        # One person, be it with several rows: what they have besides ends like any report of an owned customer.
        reports.consider(draft, draft.matter.claims[first.id])
