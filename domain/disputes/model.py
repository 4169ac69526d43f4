"""What a dispute (争议) is made of. Immutable: a decision replaces it (DSP-01)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.claims.model import TermsRef
from domain.disputes.advice import Outcome, Share, Verdict
from domain.disputes.arbitrators import Seat
from domain.disputes.facts import Grounds
from domain.disputes.lifecycle import ENDED, DisputeState


class Role(StrEnum):
    """How a party came into the case."""

    OPENER = "opener"
    RESPONDENT = "respondent"
    JOINED = "joined"


class Window(StrEnum):
    """What a case waits for, each until an instant (contract section 6). Equal instants fall due in this order."""

    CONTINUE = "continue"  # another party may carry on what its opener gave up (table 0.3)
    OBJECTION = "objection"
    NEGOTIATION = "negotiation"
    MEDIATION = "mediation"
    RECUSAL = "recusal"
    EVIDENCE = "evidence"
    TIER = "tier"
    APPEAL = "appeal"


WINDOW_ORDER: dict[Window, int] = {window: place for place, window in enumerate(Window)}


__all__ = [
    "WINDOW_ORDER",
    "Challenge",
    "Dispute",
    "Grounds",
    "Outcome",
    "Party",
    "Proposal",
    "Recusal",
    "Role",
    "Ruling",
    "Share",
    "Verdict",
    "Violation",
    "Window",
]


@dataclass(frozen=True, slots=True)
class Party:
    """Whom the case concerns (当事人). ``claim`` is theirs, None for a person without one.

    ``represented_by`` took the place of a party who left (PPL-06).
    """

    person: str
    claim: str | None
    role: Role
    heard: bool = False
    waived: bool = False
    appealed: bool = False
    represented_by: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A breach of rules (违规) that a ruling finds of a party (DSP-14). ``text`` is the id of what it says."""

    person: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision on the case (裁决): by an arbitrator in a tier, by agreement, or by the rules themselves in tier 0.

    ``reason`` and ``facts`` are ids of free texts. ``final_at`` is when it takes full effect unless somebody appeals.
    """

    id: str
    tier: int
    by: str | None
    at: datetime
    outcome: Outcome
    reason: str | None = None
    facts: str | None = None
    evidence: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    follows_advice: bool | None = None
    advice: Mapping[str, Any] | None = field(default=None, compare=False)  # as the arbitrator saw it (DSP-11)
    final_at: datetime | None = None
    final: bool = False


class Challenge(StrEnum):
    """How a request for recusal stands. Moot: whom it is about has nothing to decide any more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    MOOT = "moot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recusal:
    """A party's request that ``person`` be recused (回避, DSP-13). ``reason`` and ``decision`` are ids of texts."""

    id: str
    person: str
    by: str
    reason: str | None
    asked_at: datetime
    decider: str | None
    until: datetime | None
    state: Challenge = Challenge.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms that the parties may agree on (DSP-05). ``digest`` names the very text that is accepted."""

    n: int
    by: str
    terms: Outcome
    text: str
    digest: str
    accepted_by: tuple[str, ...] = ()
    state: str = "open"  # open, replaced, agreed, declined


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A case. References are ids; instants are aware UTC."""

    id: str
    number: int
    matter: str
    program: str
    grounds: Grounds
    state: DisputeState
    opened_by: str
    opened_at: datetime
    terms: TermsRef
    statement: str | None = None  # id of the free text
    other_customer: str | None = None  # kind identity: the record that may be the same customer (CUS-13)
    other_matter: str | None = None
    relation: str | None = None  # they are two for certain, and asked about because they belong together (CUS-14)
    household: tuple[str, ...] = ()  # they belong to one household: whose customers they are (CUS-14)
    interested: tuple[str, ...] = ()  # who has a claim or a share of a deal on that record (DSP-13)
    parties: tuple[Party, ...] = ()
    windows: tuple[tuple[Window, datetime], ...] = ()
    tier: int | None = None
    seats: tuple[Seat, ...] = ()  # who has the case, and before them those who had it (DSP-12)
    seat_seen: datetime | None = None  # up to when absences and leavings were looked at for the seat
    vacant: bool = False  # nobody neutral is left: it waits for a person to be named (DSP-13)
    named: tuple[str, ...] = ()  # who was, for this case
    recused: tuple[str, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    mediator: str | None = None
    mediator_seen: datetime | None = None  # up to when absences and leavings were looked at for the mediator
    mediated: tuple[str, ...] = ()  # who mediated before: none of them decides (DSP-08)
    served_by: str | None = None
    more_evidence_asked: bool = False
    asks: Outcome | None = None
    contested: tuple[str, ...] = ()  # items that a party disputes, in order (DSP-04)
    proposed_by: Mapping[str, Any] | None = field(default=None, compare=False)  # the advice that tier 0 went by
    outcome: Outcome | None = None
    rulings: tuple[Ruling, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    ended_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether the case is still going on: a matter has at most one such case (DSP-01)."""
        return self.state not in ENDED

    @property
    def finds_one(self) -> bool:
        """Whether it has ended with the answer that two records are one customer (CUS-13)."""
        return self._found(same=True)

    @property
    def finds_two(self) -> bool:
        """Whether it has ended with the answer that two records are two customers (CUS-13)."""
        return self._found(same=False)

    def _found(self, *, same: bool) -> bool:
        decided = self.state in (DisputeState.FINAL, DisputeState.SETTLED)
        return self.grounds is Grounds.IDENTITY and decided and self.outcome is not None and self.outcome.same is same

    @property
    def ruled_by_person(self) -> bool:
        """Whether somebody in charge ruled last, not the parties among themselves, nor the rules alone (tier 0)."""
        return bool(self.rulings) and self.rulings[-1].by is not None

    @property
    def takes_parties(self) -> bool:
        """Whether somebody may join: not between a ruling and its finality, when all has been said (DSP-16)."""
        return self.is_open and self.state is not DisputeState.RULED

    @property
    def seat(self) -> Seat | None:
        """Who has the case now, or had it last."""
        return self.seats[-1] if self.seats else None

    @property
    def arbitrator(self) -> str | None:
        """Who gets the task: the holder of the seat, or who stands in; None while nobody has the case."""
        return self.seats[-1].acting if self.seats and not self.vacant else None

    @property
    def deadline(self) -> datetime | None:
        """The earliest end of a window."""
        return min((at for _, at in self.windows), default=None)

    def with_contested(self, items: Iterable[str]) -> Dispute:
        """What was disputed once stays so for the advice, whatever state the case goes on to (DSP-04, DSP-11)."""
        found = tuple(sorted({*self.contested, *items}))
        return self if found == self.contested else replace(self, contested=found)

    def window(self, window: Window) -> datetime | None:
        """When ``window`` ends, None where it is not open."""
        return next((at for w, at in self.windows if w is window), None)

    def party(self, person: str | None) -> Party | None:
        return next((p for p in self.parties if p.person == person), None)

    def with_window(self, window: Window, at: datetime) -> Dispute:
        return replace(self, windows=(*(w for w in self.windows if w[0] is not window), (window, at)))

    def without_windows(self, *windows: Window) -> Dispute:
        """Without those windows, or without any where none is named."""
        return replace(self, windows=tuple(w for w in self.windows if windows and w[0] not in windows))

    def without_challenges(self, at: datetime) -> Dispute:
        """Requests for recusal that nobody has decided are moot: those they are about have left the case."""
        return replace(
            self.without_windows(Window.RECUSAL),
            recusals=tuple(
                replace(r, state=Challenge.MOOT, decided_at=at) if r.state is Challenge.OPEN else r
                for r in self.recusals
            ),
        )

    def with_party(self, party: Party) -> Dispute:
        """``party`` replaces the one of the same person, or comes last."""
        if self.party(party.person) is None:
            return replace(self, parties=(*self.parties, party))
        return replace(self, parties=tuple(party if p.person == party.person else p for p in self.parties))
