"""The lifecycle of a policy version (规则版本) as data (POL-04).

Version 1 comes with its program and is active at once; later versions are drafts. Who may approve (a second person,
POL-09) is decided where people are known; the table only says in which order things happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.state_table import StateTable


class PolicyState(StrEnum):
    """States of a policy version."""

    DRAFT = "draft"  # 草稿
    REVIEWED = "reviewed"  # 已审阅
    APPROVED = "approved"  # 已批准，到时生效
    ACTIVE = "active"  # 生效中
    ARCHIVED = "archived"  # 已归档


class PolicyTrigger(StrEnum):
    """What moves a version."""

    REVIEW = "review"
    APPROVE = "approve"
    ACTIVATE = "activate"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a version from ``source`` to ``target``."""

    trigger: PolicyTrigger
    source: PolicyState
    target: PolicyState
    who: str


TABLE: Final[tuple[Move, ...]] = (
    Move(PolicyTrigger.REVIEW, PolicyState.DRAFT, PolicyState.REVIEWED, "policy admin"),
    Move(PolicyTrigger.APPROVE, PolicyState.REVIEWED, PolicyState.APPROVED, "a second policy admin"),
    Move(PolicyTrigger.ACTIVATE, PolicyState.APPROVED, PolicyState.ACTIVE, "policy admin, or its set time"),
    Move(PolicyTrigger.ARCHIVE, PolicyState.ACTIVE, PolicyState.ARCHIVED, "the next version that becomes active"),
)


_MOVES: Final[StateTable[PolicyState, PolicyTrigger]] = StateTable(PolicyState, TABLE)


def fire(*, state: PolicyState, trigger: PolicyTrigger) -> PolicyState:
    """The state after ``trigger``, or the refusal ``illegal_transition`` with what ``state`` does allow (POL-04)."""
    return _MOVES.fire(state, trigger, rule="POL-04")


def allowed(state: PolicyState) -> tuple[PolicyTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _MOVES.allowed(state)
