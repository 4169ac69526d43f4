"""The lifecycle of a reception (接待状态机) as data: LEAD-08 to LEAD-10, LEAD-15.

The table is the only place where a move is allowed. Who serves belongs to :mod:`domain.reception.desk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import Refusal
from domain.state_table import StateTable


class ReceptionState(StrEnum):
    """Where a reception stands."""

    WAITING = "waiting"  # 待安排
    CALLED = "called"  # 已叫号
    SERVING = "serving"  # 接待中
    COMPLETED = "completed"  # 已完成
    CLOSED = "closed"  # 已关闭


class ReceptionTrigger(StrEnum):
    """What moves a reception. What is recorded and who it is handed over to change its record, not its state."""

    CALL = "call"
    WAIT = "wait"
    GREET = "greet"
    COMPLETE = "complete"
    CLOSE = "close"


S, T = ReceptionState, ReceptionTrigger

#: End states: nothing leaves them.
ENDED: frozenset[ReceptionState] = frozenset({S.COMPLETED, S.CLOSED})
#: States in which somebody is at work for the visitor, or called to be.
AT_WORK: frozenset[ReceptionState] = frozenset({S.CALLED, S.SERVING})


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a reception from ``source`` to ``target``."""

    trigger: ReceptionTrigger
    source: ReceptionState
    target: ReceptionState
    who: str


TABLE: tuple[Move, ...] = (
    Move(T.CALL, S.WAITING, S.CALLED, "desk, duty manager"),
    Move(T.CALL, S.CALLED, S.CALLED, "desk: the one called did not come; duty manager"),
    Move(T.CALL, S.SERVING, S.CALLED, "duty manager"),
    Move(T.WAIT, S.WAITING, S.WAITING, "nobody is free"),
    Move(T.WAIT, S.CALLED, S.WAITING, "desk: the one called did not come, and nobody is free"),
    Move(T.GREET, S.CALLED, S.SERVING, "server"),
    Move(T.COMPLETE, S.SERVING, S.COMPLETED, "server"),
    Move(T.CLOSE, S.WAITING, S.CLOSED, "desk, duty manager"),
    Move(T.CLOSE, S.CALLED, S.CLOSED, "server, desk, duty manager"),
    Move(T.CLOSE, S.SERVING, S.CLOSED, "server, desk, duty manager"),
)

_MOVES: StateTable[ReceptionState, ReceptionTrigger] = StateTable(ReceptionState, TABLE)


def fire(*, state: ReceptionState, trigger: ReceptionTrigger) -> ReceptionState:
    """The state after ``trigger``, or the refusal ``illegal_transition``."""
    target = _MOVES.after(state, trigger)
    if target is None:
        raise refused(state=state, trigger=trigger.value)
    return target


def refused(*, state: ReceptionState, trigger: str) -> Refusal:
    """The refusal of a move or step that ``state`` does not allow, naming what it does allow."""
    return Refusal(
        "illegal_transition",
        rule="LEAD-10",
        facts={"state": state.value, "trigger": trigger},
        current_state=state.value,
        allowed=tuple(t.value for t in _MOVES.allowed(state)),
    )
