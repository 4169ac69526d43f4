"""What a look-up of a customer may say: the five answers of the blind check (盲查) and of the ownership look-up."""

from __future__ import annotations

from enum import StrEnum


class Answer(StrEnum):
    """The closed list of CUS-08. An answer carries nothing else: no owner, contact, record id or date."""

    FREE = "free"
    OWN = "own"
    CONFLICT = "conflict"
    POOLED = "pooled"
    POSSIBLE = "possible"


class OwnerNameVisibility(StrEnum):
    """Values of ``visibility.owner_name`` (CUS-09)."""

    TEAM = "team"
    PROGRAM = "program"
    HIDDEN = "hidden"


def answer(*, matched: bool, own: bool, owned_by_other: bool, pooled: bool, possible: bool) -> Answer:
    """The one word a member hears about a customer, in one program and track (CUS-08, CUS-09).

    ``matched``: a strong key equals that of a record, seen or hidden; ``own``: the asker has an open claim on such a
    record; ``owned_by_other``: somebody else holds one; ``pooled``: one lies in a pool; ``possible``: only a weak key
    or a close name agrees with some record.

    The answer foretells what a report would meet, in the order in which a report meets it:

    1. ``own``: the reporter's own open claim is looked at first and returned unchanged, also where the keys match two
       customers and a colleague holds the other one.
    2. ``conflict``: a held customer is refused, queued or disputed, whatever else is true of it.
    3. ``pooled``: nobody holds it, but it is taken from its pool and not reported.
    4. ``possible``: no certain obstacle, a suspicion only. A suspicion never hides a certainty, and a certain "free"
       never hides a suspicion, so it stands here. The exact match of an unowned record does not lift it.
    5. ``free``: nothing known, or a known record that nobody holds. The two sound alike, else a stranger could test
       who is in the customer base.

    Raises ValueError for own, owned_by_other or pooled without matched: the caller has mixed up two searches.
    """
    if (own or owned_by_other or pooled) and not matched:
        raise ValueError("own, owned_by_other and pooled speak of a matched record")
    if own:
        return Answer.OWN
    if owned_by_other:
        return Answer.CONFLICT
    if pooled:
        return Answer.POOLED
    return Answer.POSSIBLE if possible else Answer.FREE


def shows_owner_name(*, setting: OwnerNameVisibility, same_team: bool, member: bool, partner: bool) -> bool:
    """Whether one who meets a collision is told the owner's name, for readers without scope on the claim (CUS-09).

    ``same_team``: reader and owner are of one team; ``member``: the reader is a member of the program; ``partner``:
    the reader is a broker of a partner, who never reads it, whatever the setting. Team mates who are not members of
    the program read nothing either.
    """
    if partner or not member:
        return False
    match setting:
        case OwnerNameVisibility.TEAM:
            return same_team
        case OwnerNameVisibility.PROGRAM:
            return True
        case OwnerNameVisibility.HIDDEN:
            return False
