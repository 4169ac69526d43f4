"""What counts as whose performance (业绩), and in which month (COM-13).

A deal counts once: in the month of one event, for the people who share it and the team each was in that day. What it
counts for is a pure function of the deal, so a later change counts as a difference: in the same month while that is
open, afterwards in the month in which it happened, by a line that names the one it corrects. No line ever changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.claims.model import Claim
from domain.matters.draft import Draft
from domain.matters.setting import Setting
from domain.money.model import Deal, DealState, PerformanceLine, Recognition
from domain.money.months import in_the_next, midnight, month_of, over_at
from domain.money.positions import net_value
from domain.money.shares import split
from domain.refusals import Refusal

#: Two of the values of `performance.recognise_at`.
CONTRACT, CASH = "contract", "cash"

#: As far apart as clocks on earth are, either way.
_ZONES = (timedelta(hours=-26), timedelta(0), timedelta(hours=26))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a deal counts for one person: minor units of its currency, and the part of one deal in basis points."""

    amount_minor: int = 0
    share_bps: int = 0


def counted(deal: Deal | None) -> Mapping[str, Counted]:
    """What ``deal`` counts for by person, once its event has happened. A cancelled or refunded one counts nothing."""
    if deal is None or deal.recognised is None or not deal.recognised.counts or deal.state is DealState.CANCELLED:
        return {}
    value = net_value(deal)
    if not value:
        return {}
    parts = split(value, deal.shares)
    return {share.person: Counted(part, share.bps) for share, part in zip(deal.shares, parts, strict=True) if share.bps}


def counts_by(setting: Setting, program: str, *, signed_at: datetime) -> str:
    """Which event a deal of ``program`` counts by: `performance.recognise_at` in force at its contract date."""
    return setting.policy_at(program, at=signed_at).choice("performance.recognise_at")


def event_of(deal: Deal) -> datetime | None:
    """When the deal counts by `performance.recognise_at` of its contract date; None: nothing says when yet.

    subscription: it was recorded or signed, whichever came first; contract: it was signed; cash: the receipt that came
    last of those that pay it in full.
    """
    match deal.recognise_at:
        case None:
            return None
        case "contract":
            return deal.contract_at
        case "cash":
            paid = deal.receipts and deal.received_minor >= deal.amount_minor
            return max(receipt.at for receipt in deal.receipts) if paid else None
        case _:
            return min(deal.recorded_at or deal.contract_at, deal.contract_at)


def due_at(deal: Deal) -> datetime | None:
    """When a deal that is signed later than it was recorded will count."""
    waits = deal.live and deal.recognised is None and deal.recognise_at == CONTRACT
    return deal.contract_at if waits else None


def count(draft: Draft, before: Deal | None, after: Deal, *, key: str) -> Deal:
    """``after`` as it counts now; the lines of what it counts for more or less than ``before`` join the draft.

    ``key`` names the cause, like that of the entry it comes with (COM-06).
    """
    after = _recognised(draft, after, key)
    if after.recognised is None:
        return after
    was, now = counted(before), counted(after)
    after = _with_teams(draft, after, now)
    recognition = after.recognised
    assert recognition is not None
    program = after.program
    month = month_of(recognition.at, draft.setting.calendar(program).zone)
    if is_closed(draft.setting, program, month, at=draft.at):
        month = month_of(draft.at, draft.setting.calendar(program).zone)
    for person in sorted({*was, *now}):
        one, other = was.get(person, Counted()), now.get(person, Counted())
        amount, part = other.amount_minor - one.amount_minor, other.share_bps - one.share_bps
        if amount or part:
            draft.performance.append(
                PerformanceLine(
                    key=key,
                    person=person,
                    team=recognition.teams[person],
                    deal=after.id,
                    program=program,
                    month=month,
                    event_at=recognition.at,
                    at=draft.at,
                    currency=after.currency,
                    amount_minor=amount,
                    share_bps=part,
                    corrects=recognition.key if recognition.key != key else None,
                )
            )
    return after


def unpaid(deal: Deal) -> Deal:
    """``deal`` after a receipt of it was reversed: one that counts by cash and is not paid in full counts for nothing.

    It stays known that it counted: paid in full again it is corrected, and is no entry into a closed month.
    """
    if deal.recognised is None or deal.recognise_at != CASH or event_of(deal) is not None:
        return deal
    return replace(deal, recognised=replace(deal.recognised, counts=False))


def signed(draft: Draft, claim: Claim, deal: Deal) -> None:
    """The contract date of a deal that was recorded before it has come."""
    fresh = count(draft, deal, deal, key=f"deal/{deal.id}:recognise")
    draft.matter = draft.matter.with_deal(fresh)
    draft.record_deal("recognised", fresh, policy_version=claim.terms.version)


def closes_at(setting: Setting, program: str, month: str) -> datetime:
    """The first instant at which ``month`` is closed: after `performance.close_day` of the month that follows.

    What was agreed before the program began may be entered until its own first month closes. The day is that of the
    policy in force when the month ended: a closed month never opens again.
    """
    zone = setting.calendar(program).zone
    first = month_of(setting.programs[program].policies[0].effective_at, zone)
    month = max(month, first)
    policy = setting.policy_at(program, at=over_at(month, zone))
    return midnight(in_the_next(month, policy.integer("performance.close_day") + 1), zone)


def is_closed(setting: Setting, program: str, month: str, *, at: datetime) -> bool:
    """Whether nothing is counted in ``month`` any more at ``at``."""
    return at >= closes_at(setting, program, month)


def may_count_in(setting: Setting, line: PerformanceLine) -> set[str]:
    """The months that ``line`` can have been written in: that of its event while open, then that of its own instant.

    The program may have had another zone then, so within a day of a boundary both sides are right.
    """
    zone = setting.calendar(line.program).zone
    now = {month_of(line.at + shift, zone) for shift in _ZONES}
    found: set[str] = set()
    for event in {month_of(line.event_at + shift, zone) for shift in _ZONES}:
        closes = closes_at(setting, line.program, event)
        if line.at < closes + _ZONES[-1]:
            found.add(event)
        if line.at >= closes + _ZONES[0]:
            found |= now
    return found


def require_open(setting: Setting, deal: Deal, *, at: datetime) -> None:
    """Refuse ``period_closed`` for a fact that would count in a month that is closed at ``at``."""
    event = event_of(deal)
    if event is None or deal.recognised is not None:
        return
    month = month_of(event, setting.calendar(deal.program).zone)
    if is_closed(setting, deal.program, month, at=at):
        facts = {"month": month, "closed_at": closes_at(setting, deal.program, month)}
        raise Refusal("period_closed", rule="COM-13", facts=facts)


def _recognised(draft: Draft, deal: Deal, key: str) -> Deal:
    """``deal`` with its event, if that has happened and nothing was counted for it yet."""
    event, known = event_of(deal), deal.recognised
    if event is None or not deal.live or (known is not None and known.counts):
        return deal
    if event > draft.at:
        if deal.recognise_at != CASH:
            return deal
        event = draft.at  # a receipt that is told ahead of its day has come by now
    return replace(deal, recognised=Recognition(at=event, key=known.key if known is not None else key))


def _with_teams(draft: Draft, deal: Deal, people: Mapping[str, Counted]) -> Deal:
    """``deal`` with the home team of everybody it counts for, as it was on the day of its event."""
    recognition = deal.recognised
    assert recognition is not None
    team_of = draft.setting.organisation.team_of
    fresh = {p: team_of(p, at=recognition.at) for p in people if p not in recognition.teams}
    return replace(deal, recognised=replace(recognition, teams={**recognition.teams, **fresh})) if fresh else deal
