"""Who sits in a case, as the matter and the company stand: what arbitrators are looked for by (DSP-12, DSP-13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.claims.lifecycle import ClaimState
from domain.disputes.arbitrators import Bench, Seat, Sides, reassignment, seat_changes_at, seat_fills_at
from domain.disputes.lifecycle import DisputeState
from domain.disputes.model import Dispute, Party
from domain.matters.matter import Matter
from domain.matters.setting import Setting
from domain.people.organisation import ChangeKind, Organisation
from domain.refusals import Refusal


def sides_of(matter: Matter, dispute: Dispute) -> Sides:
    """Whom the case concerns: its parties, who took their place, and whoever owns or reported a claim in it or has a
    share of a deal that it holds (DSP-13).

    Parties stay who they were: where they stood in the tree decides who is above them (PPL-01).
    """
    frozen = (ClaimState.DISPUTED, ClaimState.ARBITRATED)
    claims = [c for c in matter.claims.values() if c.dispute == dispute.id and c.state in frozen]
    gains = {p for c in claims for p in (c.owner, c.reporter) if p is not None}
    gains |= {share.person for d in matter.deals.values() if dispute.id in d.holds for share in d.shares}
    gains |= set(dispute.interested)  # the other record of the customer is not at hand here (CUS-13)
    gains |= {p.represented_by for p in dispute.parties if p.represented_by is not None}
    return Sides(
        parties=[p.person for p in dispute.parties],
        opened_at=dispute.opened_at,
        interested=sorted(gains),
        recused=dispute.recused,
        mediated=[p for p in (*dispute.mediated, dispute.mediator) if p is not None],
        ruled=[r.by for r in dispute.rulings if r.by is not None],
    )


def bench_of(setting: Setting, dispute: Dispute) -> Bench:
    """Among whom its arbitrator is looked for, under the policy that governs the case (DSP-17)."""
    return Bench.of(
        program=setting.programs[dispute.program],
        policy=setting.policy(dispute.terms),
        organisation=setting.organisation,
        named=dispute.named,
        channel_managers=setting.organisation.channel_managers(at=dispute.opened_at),
    )


def next_seat_change(matter: Matter, setting: Setting, dispute: Dispute) -> datetime | None:
    """When the arbitrator of an open case next cannot go on, or stops or begins to be stood in for (PPL-05).

    At once if the parties are others than when the seat was looked at last and it does not stand between them.
    An absence counts from when it was entered at the earliest.
    """
    seat, since = dispute.seat, dispute.seat_seen
    if seat is None or since is None or dispute.state is not DisputeState.ARBITRATING:
        return None
    sides, bench, history = sides_of(matter, dispute), bench_of(setting, dispute), dispute.seats[:-1]
    if dispute.vacant:
        return seat_fills_at(seat, sides=sides, bench=bench, after=since, history=history)
    found = seat_changes_at(seat, sides=sides, bench=bench, after=since, history=history)
    instants = [] if found is None else [_known_at(found, seat, setting.organisation)]
    if reassignment(seat, sides=sides, bench=bench, at=since, history=history).seat != seat:
        instants.append(since)
    for entered in _entered_late(seat, setting.organisation, since=since):
        if reassignment(seat, sides=sides, bench=bench, at=entered, history=history).seat != seat:
            instants.append(entered)
    return min(instants, default=None)


#: States in which somebody is there to mediate, or will be needed for it.
_BEFORE_ARBITRATION = frozenset(
    {DisputeState.OPENED, DisputeState.PROPOSED, DisputeState.NEGOTIATING, DisputeState.MEDIATING}
)


def mediator_gone_at(setting: Setting, dispute: Dispute) -> datetime | None:
    """When the mediator has left, or while mediation goes on is away: nobody stands in for a mediator (DSP-08).

    An absence counts from when it was entered at the earliest.
    """
    person, since = dispute.mediator, dispute.mediator_seen
    if person is None or since is None or dispute.state not in _BEFORE_ARBITRATION:
        return None
    organisation = setting.organisation
    instants = [
        max(change.at, since)
        for change in organisation.changes.get(person, ())
        if change.kind is ChangeKind.LEFT and change.program is None
    ]
    instants = [at for at in instants if not organisation.is_active(person, at=at)]
    if dispute.state is DisputeState.MEDIATING:
        for absence in organisation.absences.get(person, ()):
            at = max(absence.start, absence.entered_at, since)
            if at < absence.end:
                instants.append(at)
    return min(instants, default=None)


def next_successions(setting: Setting, dispute: Dispute) -> Iterator[tuple[datetime, Party]]:
    """Parties who have left, or whose successor has, each with the instant from which somebody takes over (PPL-06)."""
    if not dispute.is_open:
        return
    for party in dispute.parties:
        person = party.represented_by or party.person
        for change in setting.organisation.changes.get(person, ()):
            at = max(change.at, dispute.opened_at)
            left = change.kind is ChangeKind.LEFT and change.program is None
            if left and not setting.organisation.is_active(person, at=at):
                if successor(setting, dispute, party, at=at) is not None:
                    yield at, party
                break


def successor(setting: Setting, dispute: Dispute, party: Party, *, at: datetime) -> str | None:
    """Who takes the place of ``party``: the supervisor, none who decides, mediates or is a party here (PPL-06)."""
    others = [person for p in dispute.parties for person in (p.person, p.represented_by)]
    seats = [person for seat in dispute.seats for person in (seat.person, seat.delegate)]
    barred = tuple(p for p in (*others, *seats, dispute.mediator) if p is not None)
    return setting.supervisor(party.person, program=dispute.program, at=at, interested=barred)


def speaks_for(setting: Setting, dispute: Dispute, actor: str | None, *, at: datetime) -> Party | None:
    """The party that ``actor`` acts for: themselves, one they succeeded, one they are the delegate of (PPL-05, PPL-06).

    Refusals for a delegate: ``recusal_required`` with an interest of their own in the case, ``delegation_chain`` for
    the delegate of a delegate.
    """
    if actor is None:
        return None
    own = dispute.party(actor) or next((p for p in dispute.parties if p.represented_by == actor), None)
    if own is not None:
        return own
    delegate_of = setting.organisation.delegate_of
    delegates = {p.person: delegate_of(p.represented_by or p.person, at=at) for p in dispute.parties}
    principals = [p for p in dispute.parties if delegates[p.person] == actor]
    if principals:
        seat = dispute.seat
        decides = {dispute.mediator, seat.person, seat.delegate} if seat is not None else {dispute.mediator}
        if len(principals) > 1 or actor in decides:
            raise Refusal("recusal_required", rule="PPL-05")
        return principals[0]
    if any(d is not None and delegate_of(d, at=at) == actor for d in delegates.values()):
        raise Refusal("delegation_chain", rule="PPL-05")
    return None


def _known_at(instant: datetime, seat: Seat, organisation: Organisation) -> datetime:
    entered = [a.entered_at for p in _people(seat) for a in organisation.absences.get(p, ()) if a.start == instant]
    return max([instant, *entered])


def _entered_late(seat: Seat, organisation: Organisation, *, since: datetime) -> Iterator[datetime]:
    for person in _people(seat):
        for absence in organisation.absences.get(person, ()):
            if absence.start <= since < absence.entered_at < absence.end:
                yield absence.entered_at


def _people(seat: Seat) -> tuple[str, ...]:
    return (seat.person,) if seat.delegate is None else (seat.person, seat.delegate)
