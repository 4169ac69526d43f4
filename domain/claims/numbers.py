"""Reports of matters whose numbers may be one: who waits for whom, and until when (隐号撞号集, CUS-07).

While a number is masked nobody knows whether two records are one customer, so each has a matter of its own, and a
matter knows of those that may be the same customer's. A report is in the way of those that came after it; who holds is
in everybody's. What is learnt of a number parts two matters or joins them, and joined they are judged as any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.claims.lifecycle import IN_CASE, ClaimState
from domain.claims.model import Claim, Waiting

#: A report that waits for one of these still has its place before later ones (CLM-05).
_KEEPS_ITS_PLACE = frozenset({Waiting.JUDGE, Waiting.EARLIER, Waiting.CORRECTION, Waiting.OPENING, Waiting.NUMBER})


@dataclass(frozen=True, slots=True)
class Stance:
    """How the claims of one matter stand in the way of reports in another.

    ``taken``: held, or in a case, by ``people``. ``reserved_until``: the end of a former owner's grace (CLM-20).
    ``first``: time and receipt number of the first undecided report that keeps its place.
    """

    taken: bool = False
    people: frozenset[str] = frozenset()
    reserved_until: datetime | None = None
    first: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another matter that may be the same customer's.

    ``since``: the last instant at which something made room in either, or their numbers parted them; None if nothing
    has. ``apart``: two customers for certain, by their numbers or by a case (CUS-13). ``linked``: relatives (CUS-14).
    """

    matter: str
    since: datetime | None = None
    apart: bool = False
    stance: Stance = Stance()
    linked: bool = False


def has_place(claim: Claim) -> bool:
    """Whether an undecided report has its place before later ones; corrected too late it has none (CLM-05)."""
    missed = claim.waiting is Waiting.CORRECTION and claim.correct_by is None
    return claim.state is ClaimState.REPORTED and claim.decided and claim.waiting in _KEEPS_ITS_PLACE and not missed


def stance_of(claims: Iterable[Claim]) -> Stance:
    """The stance of a matter with ``claims``; a report that no drain has looked at yet counts as undecided."""
    known = tuple(claims)
    graces = [c.grace_until for c in known if c.state is ClaimState.LAPSED and c.grace_until is not None]
    unseen = (c for c in known if c.state is ClaimState.REPORTED and not c.decided)
    places = [(c.rank_at, c.receipt) for c in (*unseen, *(c for c in known if has_place(c)))]
    takers = [c for c in known if c.holds or c.state in IN_CASE]
    return Stance(
        taken=bool(takers),
        people=frozenset(c.owner or c.reporter for c in takers),
        reserved_until=max(graces, default=None),
        first=min(places, default=None),
    )


def in_the_way(rivals: Iterable[Rival], claim: Claim, *, at: datetime) -> bool:
    """Whether accepting ``claim`` might give one customer two owners."""
    clear = clear_from(rivals, claim)
    return clear is None or at < clear


def clear_from(rivals: Iterable[Rival], claim: Claim) -> datetime | None:
    """The instant from which nothing is in the way of ``claim``; None while nobody knows it.

    Never earlier than the last thing that made room: the report is accepted then, and not when it began to wait.
    """
    known = tuple(rivals)
    clear = changed_at(known, claim)
    for rival in known:
        stance = rival.stance
        if rival.apart:
            continue
        if stance.taken or (stance.first is not None and stance.first < (claim.rank_at, claim.receipt)):
            return None
        if stance.reserved_until is not None:
            clear = max(clear, stance.reserved_until)
    return clear


def changed_at(rivals: Iterable[Rival], claim: Claim) -> datetime:
    """The last instant, not before the time of ``claim``, at which anything about its rivals became known."""
    return max((claim.rank_at, *(rival.since for rival in rivals if rival.since is not None)))


def makes_room(before: Stance, after: Stance) -> bool:
    """Whether those who wait for the matter have to look again: it was let go, or its first report has gone."""
    if after.taken:
        return False
    if before.taken or before.reserved_until != after.reserved_until:
        return True
    return before.first is not None and (after.first is None or after.first > before.first)
