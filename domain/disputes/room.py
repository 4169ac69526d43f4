"""Where a case is talked about (沟通渠道): the room, each party's line to the arbitrator, the mediation (DSP-06)."""

from __future__ import annotations

from collections.abc import Collection
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


def ears(dispute: Dispute, people: Collection[str]) -> Ears:
    """What somebody hears who reads the case as one of ``people``: themselves, and those they stand in for (PPL-05).

    What was said in mediation stays with parties and mediator; whoever supervises today may arbitrate tomorrow.
    """
    if _arbitrates(dispute, people):
        return Ears(sides=None, answers=True, mediation=False)
    sides = frozenset(p.person for p in dispute.parties if p.person in people or p.represented_by in people)
    return Ears(sides=sides, answers=bool(sides), mediation=bool(sides) or dispute.mediator in people)


def side_of(dispute: Dispute, people: Collection[str]) -> str | None:
    """The party that speaks when one of ``people`` does; the first of ``people`` counts first."""
    for person in people:
        for party in dispute.parties:
            if person in (party.person, party.represented_by):
                return party.person
    return None


def check_speaks(
    dispute: Dispute, line: Line, *, people: Collection[str], in_charge: bool, release: bool | None
) -> None:
    """Refuse unless one of ``people`` may say something on ``line`` now (DSP-06).

    ``in_charge``: supervisor of a party, or oversight. Refusals: ``not_allowed``, ``field_not_allowed`` (only what is
    said in mediation can be released), ``illegal_transition`` (the case is over, nobody mediates).
    """
    mediates = dispute.mediator is not None and dispute.mediator in people
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
    return seat is not None and not {seat.person, seat.acting}.isdisjoint(people)
