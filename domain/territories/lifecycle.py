"""The lifecycle of a territory plan as data (TER-03): draft, active, archived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.state_table import StateTable


class PlanState(StrEnum):
    """States of a territory plan."""

    DRAFT = "draft"  # 草稿；已定启用时间的，到时生效
    ACTIVE = "active"  # 执行中
    ARCHIVED = "archived"  # 已归档


class PlanTrigger(StrEnum):
    """What moves a plan."""

    ACTIVATE = "activate"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a plan from ``source`` to ``target``."""

    trigger: PlanTrigger
    source: PlanState
    target: PlanState


TABLE: Final[tuple[Move, ...]] = (
    Move(PlanTrigger.ACTIVATE, PlanState.DRAFT, PlanState.ACTIVE),
    Move(PlanTrigger.ARCHIVE, PlanState.DRAFT, PlanState.ARCHIVED),
    # By hand, or by the next plan that becomes active.
    Move(PlanTrigger.ARCHIVE, PlanState.ACTIVE, PlanState.ARCHIVED),
)
_MOVES: Final[StateTable[PlanState, PlanTrigger]] = StateTable(PlanState, TABLE)


def fire(*, state: PlanState, trigger: PlanTrigger) -> PlanState:
    """The state after ``trigger``, or the refusal ``illegal_transition`` with what ``state`` does allow (TER-03)."""
    return _MOVES.fire(state, trigger, rule="TER-03")


def allowed(state: PlanState) -> tuple[PlanTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _MOVES.allowed(state)


def standing(*, effective_at: datetime | None, ended_at: datetime | None, is_in_force: bool, at: datetime) -> PlanState:
    """How a plan stands at ``at``: a draft until its time comes, archived once it is ended or another took over."""
    if ended_at is not None and ended_at <= at:
        return PlanState.ARCHIVED
    if effective_at is None or effective_at > at:
        return PlanState.DRAFT
    return PlanState.ACTIVE if is_in_force else PlanState.ARCHIVED
