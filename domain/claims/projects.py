"""What becomes known of a project after its report: its tender number, when it is awarded (CLM-33)."""

from __future__ import annotations

from datetime import date

from domain.claims.model import Clock, RunningClock
from domain.claims.reports import clock_data, moved_with_award
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.refusals import Refusal


def wrong_dates(bid_date: date | None, award_date: date | None, *, today: date) -> list[str]:
    """Fields of a project that cannot be so: nothing is awarded in days to come, nor before it was tendered."""
    if award_date is None or (award_date <= today and (bid_date is None or bid_date <= award_date)):
        return []
    return ["project.award_date"]


def awarded(draft: Draft, command: Command) -> None:
    """Somebody who holds the project elsewhere has told when it is awarded: the protection here moves with it."""
    claim = draft.matter.claims[command.claim]
    moved = moved_with_award(draft, claim, command)
    if claim.ended_at is None and moved != claim:
        draft.put(moved)
        draft.record("corrected", moved, actor=command.actor, data={"cause": "award", "clocks": clock_data(moved)})
        former, present = claim.clock(Clock.PROTECTION), moved.clock(Clock.PROTECTION)
        if former is not None and present is not None and _is_nearer(present, former):
            # What somebody else said takes it from them: they and whoever is in charge of them may look at it.
            owner = moved.owner or moved.reporter
            for person in (owner, draft.supervisor(owner, interested=(command.actor or "",))):
                facts = {"deadline": moved.deadline, "cause": "award"}
                draft.tell(person, "policy.changed", moved, rule="CLM-33", urgency="urgent", facts=facts)


def _is_nearer(present: RunningClock, former: RunningClock) -> bool:
    if present.deadline is not None and former.deadline is not None:
        return present.deadline < former.deadline
    if present.remaining is not None and former.remaining is not None:
        return present.remaining.microseconds < former.remaining.microseconds
    return False


def met(draft: Draft, command: Command) -> None:
    """A project turned out to be the one that ``command.claim`` is about: a collision, nothing changes (CLM-27)."""
    raise Refusal("customer_owned", rule="CLM-27", facts={"fields": list(command.data["fields"])})
