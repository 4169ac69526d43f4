"""The lifecycle of a claim (报备状态机) as data: requirements table 0.2, CLM-01.

The table is the only place where a move is allowed. Reasons for a refusal belong to :mod:`domain.claims.rules`; the
guards here are structural only (which of several targets the caller has worked out).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import Refusal
from domain.state_table import StateTable


class ClaimState(StrEnum):
    """States of table 0.2."""

    REPORTED = "reported"  # 已报备
    PROTECTED = "protected"  # 保护中
    ACTIVE = "active"  # 跟进中
    WON = "won"  # 已成交
    DISPUTED = "disputed"  # 争议中
    ARBITRATED = "arbitrated"  # 已裁决
    LAPSED = "lapsed"  # 已失效
    RELEASED = "released"  # 已释放
    REJECTED = "rejected"  # 已驳回
    WITHDRAWN = "withdrawn"  # 已撤回


class ClaimTrigger(StrEnum):
    """What moves a claim. Commands that move no state (pause, extend, …) are not here."""

    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    WORK = "work"
    WIN = "win"
    CANCEL_DEAL = "cancel_deal"
    LAPSE = "lapse"
    RESCUE = "rescue"
    RELEASE = "release"
    TRANSFER = "transfer"
    DISPUTE = "dispute"
    RESTORE = "restore"
    RULE = "rule"
    APPEAL = "appeal"
    KEEP = "keep"
    END = "end"


S, T = ClaimState, ClaimTrigger

#: States in which the claim's owner holds the customer (table 0.2, "holds the customer").
HOLDING: frozenset[ClaimState] = frozenset({S.PROTECTED, S.ACTIVE, S.WON})
#: States of a report that is still somebody's open business (contract section 5, "own open claim").
OPEN: frozenset[ClaimState] = frozenset({S.REPORTED, S.PROTECTED, S.ACTIVE, S.WON, S.DISPUTED, S.ARBITRATED})
#: End states. A lapse may still be rescued in its grace period, and all but `withdrawn` may be contested.
ENDED: frozenset[ClaimState] = frozenset({S.LAPSED, S.RELEASED, S.REJECTED, S.WITHDRAWN})
#: States in which a case has the claim, and nothing else moves it.
IN_CASE: frozenset[ClaimState] = frozenset({S.DISPUTED, S.ARBITRATED})
#: States that a dispute may start from, and to which `restore` leads back.
DISPUTABLE: tuple[ClaimState, ...] = (S.REPORTED, S.PROTECTED, S.ACTIVE, S.WON, S.LAPSED, S.RELEASED, S.REJECTED)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: ``trigger`` takes a claim from ``source`` to ``target``.

    Where one trigger leads from one source to several targets, the caller names the target (``chosen``).
    """

    trigger: ClaimTrigger
    source: ClaimState
    target: ClaimState
    who: str
    chosen: bool = False


def _rows(
    trigger: ClaimTrigger, sources: tuple[ClaimState, ...], target: ClaimState, who: str, *, chosen: bool = False
) -> tuple[Move, ...]:
    return tuple(Move(trigger, source, target, who, chosen) for source in sources)


TABLE: tuple[Move, ...] = (
    *_rows(T.ACCEPT, (S.REPORTED,), S.PROTECTED, "check, judge"),
    *_rows(T.REJECT, (S.REPORTED,), S.REJECTED, "check, judge"),
    *_rows(T.WITHDRAW, (S.REPORTED,), S.WITHDRAWN, "reporter"),
    *_rows(T.WORK, (S.PROTECTED,), S.ACTIVE, "first qualified follow-up"),
    *_rows(T.WIN, (S.PROTECTED, S.ACTIVE), S.WON, "owner, finance"),
    *_rows(T.CANCEL_DEAL, (S.WON,), S.ACTIVE, "last live deal cancelled"),
    *_rows(T.LAPSE, (S.REPORTED, S.PROTECTED, S.ACTIVE, S.WON), S.LAPSED, "timer"),
    *_rows(T.RESCUE, (S.LAPSED,), S.ACTIVE, "former owner in grace"),
    *_rows(T.RELEASE, (S.PROTECTED, S.ACTIVE), S.RELEASED, "owner, supervisor"),
    *_rows(T.TRANSFER, (S.PROTECTED, S.ACTIVE), S.PROTECTED, "owner, receiver"),
    *_rows(T.TRANSFER, (S.WON,), S.WON, "owner, receiver"),
    *_rows(T.DISPUTE, DISPUTABLE, S.DISPUTED, "dispute admitted"),
    *(
        Move(T.RESTORE, source, target, "dispute dismissed, withdrawn or no change", chosen=True)
        for source in (S.DISPUTED, S.ARBITRATED)
        for target in DISPUTABLE
    ),
    *_rows(T.RULE, (S.DISPUTED,), S.ARBITRATED, "ruling, settlement, tier 0"),
    *_rows(T.APPEAL, (S.ARBITRATED,), S.DISPUTED, "appeal admitted"),
    *(
        Move(T.KEEP, S.ARBITRATED, target, "final: owns or shares", chosen=True)
        for target in (S.PROTECTED, S.ACTIVE, S.WON)
    ),
    *(
        Move(T.END, S.ARBITRATED, target, "final: lost, or to pool", chosen=True)
        for target in (S.RELEASED, S.REJECTED, S.LAPSED)
    ),
)


_MOVES: StateTable[ClaimState, ClaimTrigger] = StateTable(
    ClaimState, TABLE, picked={row.trigger for row in TABLE if row.chosen}
)


def fire(*, state: ClaimState, trigger: ClaimTrigger, to: ClaimState | None = None) -> ClaimState:
    """The state after ``trigger``, or the refusal ``illegal_transition`` (CLM-01).

    ``to`` names the target where the table offers several (restore, keep, end) and is ignored elsewhere. In
    `disputed` and `arbitrated` the refusal is ``claim_disputed`` (table 0.2, last lines).
    """
    target = _MOVES.after(state, trigger, to=to)
    if target is None:
        raise refused(state=state, trigger=trigger.value)
    return target


def refused(*, state: ClaimState, trigger: str) -> Refusal:
    """The refusal of a move or command that ``state`` does not allow, naming what it does allow."""
    in_case = state in (S.DISPUTED, S.ARBITRATED)
    return Refusal(
        "claim_disputed" if in_case else "illegal_transition",
        rule="DSP-03" if in_case else "CLM-01",
        facts={"state": state.value, "trigger": trigger},
        current_state=state.value,
        allowed=tuple(t.value for t in allowed(state)),
    )


def allowed(state: ClaimState) -> tuple[ClaimTrigger, ...]:
    """Triggers that the table has for ``state``, in table order."""
    return _MOVES.allowed(state)
