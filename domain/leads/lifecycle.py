"""The lifecycle of a lead (线索状态机) as data: LEAD-01, LEAD-03, LEAD-11, LEAD-16.

The table is the only place where a move is allowed. Who may make it, and whether it is in time, belongs to
:mod:`domain.leads.handling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import Refusal
from domain.state_table import StateTable


class LeadState(StrEnum):
    """Where a lead stands."""

    RECEIVED = "received"  # 已登记
    ASSESSING = "assessing"  # 需求评估中
    OFFERED = "offered"  # 待接收
    ESCALATED = "escalated"  # 待主管分配
    RETURNED = "returned"  # 已退回
    ACCEPTED = "accepted"  # 已接收
    ATTACHED = "attached"  # 已并入
    POOLED = "pooled"  # 已入公海
    CLOSED = "closed"  # 已关闭


class LeadTrigger(StrEnum):
    """What moves a lead. A contact, a score and a grade change its record, not its state."""

    ASSESS = "assess"
    OFFER = "offer"
    ACCEPT = "accept"
    RETURN = "return"
    ESCALATE = "escalate"
    ATTACH = "attach"
    POOL = "pool"
    CLOSE = "close"


S, T = LeadState, LeadTrigger

#: End states: nothing leaves them.
ENDED: frozenset[LeadState] = frozenset({S.ACCEPTED, S.ATTACHED, S.POOLED, S.CLOSED})
#: States in which somebody may still be given the lead.
OPEN: tuple[LeadState, ...] = (S.RECEIVED, S.ASSESSING, S.OFFERED, S.ESCALATED, S.RETURNED)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a lead from ``source`` to ``target``."""

    trigger: LeadTrigger
    source: LeadState
    target: LeadState
    who: str


def _rows(trigger: LeadTrigger, sources: tuple[LeadState, ...], target: LeadState, who: str) -> tuple[Move, ...]:
    return tuple(Move(trigger, source, target, who) for source in sources)


TABLE: tuple[Move, ...] = (
    *_rows(T.ASSESS, (S.RECEIVED,), S.ASSESSING, "grade asks for a needs assessment"),
    *_rows(T.OFFER, OPEN, S.OFFERED, "rule, timer, supervisor, sender"),
    *_rows(T.ACCEPT, (S.OFFERED,), S.ACCEPTED, "receiver, silence"),
    *_rows(T.RETURN, (S.OFFERED,), S.RETURNED, "receiver"),
    *_rows(T.ESCALATE, (S.RECEIVED, S.ASSESSING, S.OFFERED, S.RETURNED), S.ESCALATED, "nobody is left"),
    *_rows(T.ATTACH, OPEN, S.ATTACHED, "somebody holds the customer; another lead was first"),
    *_rows(T.POOL, (S.RECEIVED, S.ASSESSING, S.ESCALATED, S.RETURNED), S.POOLED, "fallback"),
    *_rows(T.CLOSE, (S.ASSESSING, S.ESCALATED, S.RETURNED), S.CLOSED, "sender, supervisor"),
)


_MOVES: StateTable[LeadState, LeadTrigger] = StateTable(LeadState, TABLE)


def fire(*, state: LeadState, trigger: LeadTrigger) -> LeadState:
    """The state after ``trigger``, or the refusal ``illegal_transition``."""
    target = _MOVES.after(state, trigger)
    if target is None:
        raise refused(state=state, trigger=trigger.value)
    return target


def refused(*, state: LeadState, trigger: str) -> Refusal:
    """The refusal of a move or command that ``state`` does not allow, naming what it does allow."""
    return Refusal(
        "illegal_transition",
        rule="LEAD-16",
        facts={"state": state.value, "trigger": trigger},
        current_state=state.value,
        allowed=tuple(t.value for t in allowed(state)),
    )


def allowed(state: LeadState) -> tuple[LeadTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _MOVES.allowed(state)
