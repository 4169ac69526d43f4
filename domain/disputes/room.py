"""Where a case is talked about (沟通渠道): the room, each party's line to the arbitrator, the mediation (DSP-06)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.disputes.lifecycle import refused
from domain.disputes.model import Dispute
from domain.refusals import FieldError, Refusal


class Line(StrEnum):
    """Who hears what is said: everybody in the case, one party and the arbitrator, or only those who mediate."""

    ROOM = "room"
    ARBITRATOR = "arbitrator"
    MEDIATION = "mediation"


@dataclass(frozen=True, slots=True)
class Ears:
    """What a reader of the case hears besides the room and their own words.

    ``sides``: private lines of these parties, None = all of them. ``answers``: what the arbitrator says on those
    lines. ``mediation``: also what its author did not release.
    """

    sides: frozenset[str] | None
    answers: bool
    mediation: bool


def ears(dispute: Dispute, people: Sequence[str]) -> Ears:
    """What a reader of the case hears: ``people`` are they themselves, then those whose delegate they are (PPL-05).

    Nobody hears as the delegate of the other side what was not meant for them, nor as the delegate of whoever decides
    on what they plead themselves. What was said in mediation stays with parties and mediator; whoever supervises today
    may arbitrate tomorrow.
    """
    me, side = people[0], side_of(dispute, people)
    if _arbitrates(dispute, (me,)) or (not pleads(dispute, people) and _arbitrates(dispute, people)):
        return Ears(sides=None, answers=True, mediation=False)
    sides = frozenset(() if side is None else (side,))
    return Ears(sides=sides, answers=bool(sides), mediation=bool(sides) or dispute.mediator == me)


def pleads(dispute: Dispute, people: Collection[str]) -> bool:
    """Whether any of ``people`` is a party or took a party's place."""
    return any(person in people for p in dispute.parties for person in (p.person, p.represented_by))


def side_of(dispute: Dispute, people: Sequence[str]) -> str | None:
    """The party that speaks when ``people`` do, themselves and then their principals; none for two of these."""
    found = [
        [party.person for party in dispute.parties if person in (party.person, party.represented_by)]
        for person in people
    ]
    own, principals = found[0], [party for parties in found[1:] for party in parties]
    if own:
        return own[0]
    return principals[0] if len(set(principals)) == 1 else None


def check_speaks(dispute: Dispute, line: Line, *, people: Sequence[str], in_charge: bool, release: bool | None) -> None:
    """Refuse unless one of ``people`` may say something on ``line`` now (DSP-06).

    ``in_charge``: supervisor of a party, or oversight. Refusals: ``not_allowed``, ``field_not_allowed`` (only what is
    said in mediation can be released), ``illegal_transition`` (the case is over, nobody mediates).
    """
    mediates = dispute.mediator is not None and dispute.mediator == people[0]
    speaks = {
        Line.ROOM: mediates or in_charge,
        Line.ARBITRATOR: _arbitrates(dispute, people),
        Line.MEDIATION: mediates,
    }[line]
    if side_of(dispute, people) is None and not speaks:
        raise Refusal("not_allowed", rule="DSP-06")
    if release is not None and line is not Line.MEDIATION:
        raise Refusal("field_not_allowed", rule="DSP-06", errors=(FieldError("release", "field_not_allowed"),))
    if not dispute.is_open or (line is Line.MEDIATION and dispute.mediator is None):
        raise refused(state=dispute.state, trigger="message")


def listeners(dispute: Dispute, line: Line, *, side: str | None) -> tuple[str, ...]:
    """Whom a message on ``line`` is for, its author included: they are told of it (NTF-01)."""
    parties = [p.represented_by or p.person for p in dispute.parties]
    match line:
        case Line.ARBITRATOR:
            found = parties if side is None else [dispute.arbitrator]
        case _:
            found = [*parties, dispute.mediator]
    return tuple(dict.fromkeys(p for p in found if p is not None))


def _arbitrates(dispute: Dispute, people: Collection[str]) -> bool:
    seat = dispute.seat
    return seat is not None and not dispute.vacant and not {seat.person, seat.acting}.isdisjoint(people)
