"""Partner-led visits (渠道带看): which report one fulfils, and who must confirm it (LEAD-14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.claims.lifecycle import IN_CASE, OPEN
from domain.claims.model import Claim
from domain.people.organisation import Person
from domain.policy.policy import Policy
from domain.refusals import Refusal

#: What partners report counts by the time limit of their channel (CLM-10).
_PARTNER = "partner"


class Confirmer(StrEnum):
    """Who confirms a visit."""

    BROKER = "broker"
    SERVER = "server"
    DESK = "desk"


class Why(StrEnum):
    """Why a visit earns its broker no credit."""

    NO_REPORT = "no_report"  # none before the arrival
    INTERCEPTED = "intercepted"  # too short a time before it (防截客)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Whom ``broker`` led here. ``report``: their claim in the channel track that the visit fulfils; ``why``: there is
    none that counts. ``confirmed``: by whom, and when; ``counted_at``: when it became a visit of that claim.
    """

    broker: str
    report: str | None = None
    why: Why | None = None
    confirm_by: datetime | None = None
    confirmed: Mapping[Confirmer, tuple[str, datetime]] = field(default_factory=dict)
    counted_at: datetime | None = None


def led_by(
    broker: str,
    claims: Iterable[Claim],
    *,
    people: Mapping[str, Person],
    arrived_at: datetime,
    policy: Policy,
    calendar: WorkingCalendar,
) -> Visit:
    """The visit as recorded on arrival: a report received after it, or too close before it, earns no credit.

    The partner owns what its brokers report (PPL-08): any of them leads the customer of any other.
    """
    partner = people[broker].partner
    theirs = [
        c
        for c in claims
        if people[c.owner or c.reporter].partner == partner and c.state in OPEN and c.reported_at <= arrived_at
    ]
    first = min(theirs, key=lambda claim: (claim.reported_at, claim.receipt), default=None)
    if first is None:
        return Visit(broker=broker, why=Why.NO_REPORT)
    limit = policy.intercept(_PARTNER)
    if limit is not None and arrived_at < calendar.add(first.reported_at, limit).at:
        return Visit(broker=broker, report=first.id, why=Why.INTERCEPTED)
    return Visit(
        broker=broker, report=first.id, confirm_by=_end(policy.duration("visit.confirm_h"), arrived_at, calendar)
    )


def code_shown(visit: Visit, *, at: datetime) -> Visit:
    """The visitor showed the code of the report: its broker has confirmed by that."""
    return replace(visit, confirmed={**visit.confirmed, Confirmer.BROKER: (visit.broker, at)})


def objections_until(arrived_at: datetime, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """Until when broker and rep may object to how an arrival is recorded (`visit.object_h`); None: no limit."""
    return _end(policy.duration("visit.object_h"), arrived_at, calendar)


def needed(visit: Visit, policy: Policy) -> tuple[Confirmer, ...]:
    """Who must confirm: the broker only where `visit.broker_present` is always, since the report is valid."""
    if visit.why is not None:
        return ()
    always = policy.choice("visit.broker_present") == "always"
    return tuple(c for c in Confirmer if always or c is not Confirmer.BROKER)


def confirm(visit: Visit, by: Confirmer, person: str, *, at: datetime, policy: Policy, report: Claim) -> Visit:
    """``person`` confirms; once all have, the visit counts. Too late: ``deadline_passed``; without a report that
    counts, or one that can be worked: ``illegal_transition``.
    """
    if visit.why is not None or report.state in IN_CASE or report.state not in OPEN:
        facts = {"why": visit.why.value if visit.why is not None else None, "report": report.state.value}
        raise Refusal("illegal_transition", rule="LEAD-14", facts=facts, current_state=report.state.value)
    if visit.confirm_by is not None and at > visit.confirm_by:
        raise Refusal("deadline_passed", rule="LEAD-14", facts={"until": visit.confirm_by})
    if by in visit.confirmed:
        return visit
    visit = replace(visit, confirmed={**visit.confirmed, by: (person, at)})
    complete = all(c in visit.confirmed for c in needed(visit, policy))
    return replace(visit, counted_at=at) if complete and visit.counted_at is None else visit


def _end(length: Duration | None, since: datetime, calendar: WorkingCalendar) -> datetime | None:
    return calendar.add(since, length).at if length is not None else None
