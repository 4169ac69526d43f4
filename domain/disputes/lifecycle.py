"""The lifecycle of a dispute (争议状态机) as data: requirements table 0.3, DSP-01.

The table is the only place where a move is allowed. What a move needs besides the state belongs to the rules: who may
make it, whether a window is over, that nobody withdraws or dismisses a case that has a ruling, that an appeal comes
once (DSP-14, DSP-16).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import Refusal
from domain.state_table import StateTable


class DisputeState(StrEnum):
    """States of table 0.3."""

    OPENED = "opened"  # 已立案
    PROPOSED = "proposed"  # 系统判客待异议
    NEGOTIATING = "negotiating"  # 协商中
    MEDIATING = "mediating"  # 调解中
    ARBITRATING = "arbitrating"  # 仲裁中
    RULED = "ruled"  # 已裁决
    FINAL = "final"  # 生效
    SETTLED = "settled"  # 和解
    DISMISSED = "dismissed"  # 驳回
    WITHDRAWN = "withdrawn"  # 撤回


class DisputeTrigger(StrEnum):
    """What moves a case. What changes only its record (evidence, messages, waivers, recusals) is not here."""

    PROPOSE = "propose"
    OBJECT = "object"
    NEGOTIATE = "negotiate"
    MEDIATE = "mediate"
    ARBITRATE = "arbitrate"
    ESCALATE = "escalate"
    RULE = "rule"
    APPEAL = "appeal"
    CONCLUDE = "conclude"
    SETTLE = "settle"
    DISMISS = "dismiss"
    WITHDRAW = "withdraw"


S, T = DisputeState, DisputeTrigger

#: End states: nothing leaves them.
ENDED: frozenset[DisputeState] = frozenset({S.FINAL, S.SETTLED, S.DISMISSED, S.WITHDRAWN})
#: States in which the matter is frozen (DSP-03).
OPEN: frozenset[DisputeState] = frozenset(DisputeState) - ENDED


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a case from ``source`` to ``target``."""

    trigger: DisputeTrigger
    source: DisputeState
    target: DisputeState
    who: str


def _rows(
    trigger: DisputeTrigger, sources: tuple[DisputeState, ...], target: DisputeState, who: str
) -> tuple[Move, ...]:
    return tuple(Move(trigger, source, target, who) for source in sources)


TABLE: tuple[Move, ...] = (
    *_rows(T.PROPOSE, (S.OPENED,), S.PROPOSED, "tier 0 result"),
    *_rows(T.OBJECT, (S.PROPOSED,), S.NEGOTIATING, "party, in time"),
    *_rows(T.NEGOTIATE, (S.OPENED,), S.NEGOTIATING, "no tier 0 result"),
    *_rows(T.MEDIATE, (S.NEGOTIATING,), S.MEDIATING, "timer, waiver of all parties"),
    *_rows(T.ARBITRATE, (S.NEGOTIATING,), S.ARBITRATING, "timer, waiver of all parties"),
    *_rows(T.ARBITRATE, (S.MEDIATING,), S.ARBITRATING, "timer, refusal of a party"),
    *_rows(T.ESCALATE, (S.ARBITRATING,), S.ARBITRATING, "timer"),
    *_rows(T.RULE, (S.ARBITRATING,), S.RULED, "arbitrator"),
    *_rows(T.APPEAL, (S.RULED,), S.ARBITRATING, "party, in time, once"),
    *_rows(T.CONCLUDE, (S.PROPOSED, S.RULED), S.FINAL, "timer; at once where no appeal is left"),
    *_rows(T.SETTLE, (S.NEGOTIATING, S.MEDIATING), S.SETTLED, "all parties"),
    *_rows(T.DISMISS, (S.OPENED, S.NEGOTIATING, S.ARBITRATING), S.DISMISSED, "arbitrator, oversight"),
    *_rows(
        T.WITHDRAW,
        (S.OPENED, S.PROPOSED, S.NEGOTIATING, S.MEDIATING, S.ARBITRATING),
        S.WITHDRAWN,
        "opener, unless another party carries on",
    ),
)


_MOVES: StateTable[DisputeState, DisputeTrigger] = StateTable(DisputeState, TABLE)


def fire(*, state: DisputeState, trigger: DisputeTrigger) -> DisputeState:
    """The state after ``trigger``, or the refusal ``illegal_transition`` (DSP-01)."""
    target = _MOVES.after(state, trigger)
    if target is None:
        raise refused(state=state, trigger=trigger.value)
    return target


def refused(*, state: DisputeState, trigger: str) -> Refusal:
    """The refusal of a move or command that ``state`` does not allow, naming what it does allow (DSP-01)."""
    return Refusal(
        "illegal_transition",
        rule="DSP-01",
        facts={"state": state.value, "trigger": trigger},
        current_state=state.value,
        allowed=tuple(t.value for t in allowed(state)),
    )


def allowed(state: DisputeState) -> tuple[DisputeTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _MOVES.allowed(state)
