"""What a lead (线索) is made of. Immutable: a decision replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.claims.model import Referral, TermsRef
from domain.leads.lifecycle import ENDED, LeadState
from domain.leads.rotation import Rotation


class Way(StrEnum):
    """How somebody came to be offered a lead."""

    NAMED = "named"
    RULE = "rule"  # a rule names the person
    ROTATION = "rotation"
    DISPATCH = "dispatch"
    TERRITORY = "territory"  # its holder (TER-02)
    FORMER_OWNER = "former_owner"  # the customer is still reserved for them (CLM-20)
    STAND_IN = "stand_in"  # for somebody who is absent, and whose customer it will be (LEAD-15)


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    MISSED = "missed"
    REPLACED = "replaced"
    ATTACHED = "attached"


#: Returned for one of these it was no lead: the turn that brought it did not count (LEAD-16).
_INVALID = frozenset({"wrong_number", "duplicate"})
#: So do reasons of a company's own that begin like this.
_INVALID_STARTS = ("invalid", "无效")


def is_invalid(reason: str | None) -> bool:
    """Whether a lead that was returned for ``reason``, a word of `lead.return_reasons`, was none (LEAD-16)."""
    return reason is not None and (reason in _INVALID or reason.startswith(_INVALID_STARTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What assignment rules and matching compare, as the sender knows it; None and () where unknown."""

    region: str | None = None
    industry: str | None = None
    size: str | None = None
    product_line: str | None = None
    language: str | None = None
    specialties: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The lead in one person's hands since ``at``. ``data``: who was passed over, how people were ranked.

    ``stands_for``: whom the lead is meant for, while ``person`` looks after it in their absence (LEAD-15).
    """

    person: str
    at: datetime
    way: Way
    stands_for: str | None = None
    scope: str | None = None  # the rotation that gave the turn
    makeup: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
    respond_by: datetime | None = None
    accept_by: datetime | None = None
    end: OfferEnd | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead. Instants are aware UTC; references are ids; free text is a reference too."""

    id: str
    number: int
    matter: str
    program: str
    customer: str
    sender: str
    team: str  # the sender's, on the day
    source: str
    state: LeadState
    received_at: datetime
    terms: TermsRef
    campaign: str | None = None
    need: str | None = None
    facets: Facets = field(default_factory=Facets)
    factors: Mapping[str, int] = field(default_factory=dict)
    score: int = 0
    grade: str = "D"
    graded_by: str | None = None  # a person gave the grade; scores no longer change it
    grade_reason: str | None = None
    value_minor: int | None = None
    currency: str | None = None
    wanted: str | None = None  # the person the sender hands it over to
    referral: Referral | None = None  # who brought the customer (CNF-05)
    offers: tuple[Offer, ...] = ()
    assess_by: datetime | None = None
    assessed: bool = False
    responded_at: datetime | None = None
    by_silence: bool = False
    breaches: int = 0
    warned: bool = False  # accepted without a contact, and the supervisor knows
    return_reason: str | None = None
    claim: str | None = None
    duplicate_of: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether somebody may still be given it."""
        return self.state not in ENDED

    @property
    def offer(self) -> Offer | None:
        """The offer that is out, or was accepted."""
        last = self.offers[-1] if self.offers else None
        return last if last is not None and last.end in (None, OfferEnd.ACCEPTED) else None

    @property
    def receiver(self) -> str | None:
        """In whose hands it is."""
        return self.offer.person if self.offer is not None else None

    @property
    def meant_for(self) -> str | None:
        """Whom a stand-in has it for or had it for last; before any offer, whom the sender names (LEAD-15)."""
        return self.offers[-1].stands_for if self.offers else self.wanted

    @property
    def hands(self) -> frozenset[str]:
        """Who may accept it, return it and make the first contact: the receiver, and whom they stand in for."""
        offer = self.offer
        people = (offer.person, offer.stands_for) if offer is not None else ()
        return frozenset(person for person in people if person is not None)

    @property
    def had_by(self) -> frozenset[str]:
        """Everybody it was ever offered to."""
        return frozenset(offer.person for offer in self.offers)

    @property
    def respond_by(self) -> datetime | None:
        """Until when the first contact must be made; None where it was, or need not be (LEAD-11)."""
        offer = self.offer
        return offer.respond_by if offer is not None and self.responded_at is None else None

    @property
    def accept_by(self) -> datetime | None:
        """When silence accepts (LEAD-16)."""
        return self.offer.accept_by if self.offer is not None and self.state is LeadState.OFFERED else None

    @property
    def is_watched(self) -> bool:
        """Whether something may still fall due: it is open, or accepted and its first contact is awaited."""
        return self.is_open or (self.state is LeadState.ACCEPTED and self.respond_by is not None and not self.warned)

    def ending(self, end: OfferEnd, *, at: datetime) -> Lead:
        """The same with its last offer ended."""
        if not self.offers:
            return self
        return replace(self, offers=(*self.offers[:-1], replace(self.offers[-1], end=end, ended_at=at)))


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has in hand, and how it went: open leads, claims by state, tasks past their time, claims ended.

    ``by_source``: the open leads. ``claims`` has under `proposal` how many of the active ones are that far (table 0.4).
    ``held``: those of them that are no rows of an opening load, by state and source (INT-10); ``capped``: how many caps
    of open claims count (CLM-25).
    """

    leads: int = 0
    by_source: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0
    claims: Mapping[str, int] = field(default_factory=dict)
    won: int = 0
    ended: int = 0
    held: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    capped: int = 0
    last_lead_at: datetime | None = None


@dataclass(frozen=True)
class Desk:
    """What leads are given out from, read under the locks of its rotations. ``now`` is when it was read.

    ``rotations`` by scope: a team, or the program for all of it.
    """

    now: datetime
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
    loads: Mapping[str, Load] = field(default_factory=dict)
    buddies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # who serves for whom at a site (LEAD-15)

    def with_rotation(self, scope: str, rotation: Rotation) -> Desk:
        return replace(self, rotations={**self.rotations, scope: rotation})
