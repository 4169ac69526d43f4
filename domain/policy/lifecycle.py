"""The lifecycle of a policy version (规则版本) as data (POL-04).

Version 1 comes with its program and is active at once; later versions are drafts. Who may approve (a second person,
POL-09) is decided where people are known; the table only says in which order things happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from transitions import Machine, MachineError

from domain.refusals import Refusal


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


def fire(*, state: PolicyState, trigger: PolicyTrigger) -> PolicyState:
    """The state after ``trigger``, or the refusal ``illegal_transition`` with what ``state`` does allow (POL-04)."""
    cursor = _Cursor(state)
    try:
        _MACHINE.events[trigger.value].trigger(cursor)
    except MachineError:
        raise Refusal(
            "illegal_transition",
            rule="POL-04",
            facts={"state": state.value, "trigger": trigger.value},
            current_state=state.value,
            allowed=tuple(possible.value for possible in allowed(state)),
        ) from None
    return PolicyState(cursor.state)


def allowed(state: PolicyState) -> tuple[PolicyTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _ALLOWED[state]


class _Cursor:
    """The throw-away object the library moves; it is never bound to the machine."""

    __slots__ = ("state",)

    def __init__(self, state: PolicyState) -> None:
        self.state = state


def _machine() -> Machine:
    machine = Machine(model=None, states=list(PolicyState), initial=None, auto_transitions=False, queued=False)
    for row in TABLE:
        machine.add_transition(row.trigger.value, row.source, row.target)
    return machine


_MACHINE: Final = _machine()

_ALLOWED: Final[Mapping[PolicyState, tuple[PolicyTrigger, ...]]] = MappingProxyType(
    {state: tuple(row.trigger for row in TABLE if row.source is state) for state in PolicyState}
)
