"""What ownership is judged by: the recorded facts of a case, each tied to an item of its timeline (DSP-09).

A fact says what happened, to whom it belongs, when it happened (``at``) and when the service received it
(``entered_at``). Several facts may rest on one item: a visit at which a decision maker was met is two. Free text is no
fact: nothing here is read out of a statement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """Where a fact comes from (DSP-09), the strongest first: a weaker one never outranks a stronger one."""

    SYSTEM = "system"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    PARTY = "party"


STRENGTH: dict[Origin, int] = {origin: place for place, origin in enumerate(Origin)}


class Grounds(StrEnum):
    """Kinds of dispute (table 0.3)."""

    OWNERSHIP = "ownership"
    SHARE = "share"
    CONTESTED_LAPSE = "contested_lapse"
    REFUSED_REPORT = "refused_report"
    POACHING = "poaching"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """``evidence`` is the id of the item it rests on; ``corrects`` that of an item it replaces (DSP-09)."""

    evidence: str
    at: datetime
    entered_at: datetime
    origin: Origin = Origin.SYSTEM
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Fact):
    """A report (报备). ``at`` is the time it ranks by (CLM-05), ``receipt`` its number.

    ``ended_at``: its claim had lapsed, was released or withdrawn before the case; a report rejected for a collision
    has none, its rejection is what the case is about. ``false``: it was found false and has no time (CLM-05).
    """

    person: str
    claim: str
    receipt: int
    channel: str = "in_house"
    source: str | None = None
    false: bool = False
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection(Fact):
    """``person`` held the customer by ``claim`` from ``at`` until just before ``until``, or still does (None)."""

    person: str
    claim: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Fact):
    """An entry about a call, message, meeting, visit or demo. ``qualified``: it counts as a follow-up (CLM-16)."""

    person: str
    kind: str
    answered: bool = True
    qualified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception(Fact):
    """The customer arrived and ``person`` completed the reception (接待)."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMaker(Fact):
    """``person`` met somebody who decides at the customer; ``met`` is that contact's id."""

    person: str
    met: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Fact):
    """``person`` brought the customer to a sales stage."""

    person: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Fact):
    """Whom the division names: ``rule`` is ``named_account`` or ``territory`` (TER-02), ``people`` one or a team."""

    rule: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Fact):
    """The customer named ``person`` (客户选择)."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial(Fact):
    """The customer said that ``person`` was not the first to serve them; whom they name is a choice beside it."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit(Fact):
    """How well ``person`` fits the customer, as LEAD-05 scored it."""

    person: str
    score: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sameness(Fact):
    """Whether the two records of an identity case are one customer."""

    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The part of a dispute that ownership is judged by.

    ``rivals``: the parties, each as the person whose facts count (a successor's predecessor is mapped by the caller).
    ``contested``: ids of evidence that a party disputes. ``customer_level`` and ``customer_kind`` choose overrides.
    ``household``: whose customers met as relatives of one household, () in any other case (CUS-14).
    """

    grounds: Grounds
    rivals: tuple[str, ...]
    opened_at: datetime
    facts: Sequence[Fact] = field(repr=False)
    contested: frozenset[str] = frozenset()
    customer_level: str | None = None
    customer_kind: str | None = None
    household: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The facts of a case in their one order, each once; ``corrected`` are replaced by others; the digest of it all."""

    facts: tuple[Fact, ...]
    corrected: tuple[Fact, ...]
    digest: str


def recorded(case: Case) -> Record:
    """The facts in an order that depends on nothing but themselves, and their digest (DSP-11).

    The digest also covers parties, grounds, opening and what is contested, so cases with one digest get one advice
    from one policy version. Raises ValueError for an instant without a zone: a defect of the caller.
    """
    lines = {_line(fact): fact for fact in case.facts}
    ordered = sorted(lines)
    head = json.dumps(
        [
            case.grounds.value,
            sorted(set(case.rivals)),
            _written(case.opened_at),
            sorted(case.contested),
            case.customer_level,
            case.customer_kind,
            # Digests that were told before there were households stay as they are.
            *([sorted(set(case.household))] if case.household else []),
        ],
        ensure_ascii=False,
    )
    digest = hashlib.sha256()
    for line in (head, *ordered):
        digest.update(line.encode())
        digest.update(b"\n")
    facts = [lines[line] for line in ordered]
    replaced = {fact.corrects for fact in facts if fact.corrects is not None}
    return Record(
        facts=tuple(fact for fact in facts if fact.evidence not in replaced),
        corrected=tuple(fact for fact in facts if fact.evidence in replaced),
        digest=digest.hexdigest(),
    )


def _line(fact: Fact) -> str:
    values = [_written(getattr(fact, name)) for name in _names(type(fact))]
    return json.dumps([type(fact).__name__, *values], ensure_ascii=False, separators=(",", ":"))


_NAMES: dict[type[Fact], tuple[str, ...]] = {}


def _names(kind: type[Fact]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(item.name for item in fields(kind))
    return _NAMES[kind]


def _written(value: Any) -> Any:
    """One spelling for one value: instants in UTC, numbers without idle zeros, people in order."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return sorted(set(value)) if isinstance(value, tuple) else value
