"""A table of moves, run by the library: what claims, cases, leads and policy versions have in common (CLM-01).

Each lifecycle keeps its own states, triggers, table and refusal; here is only how a table is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from transitions import Machine, MachineError

from domain.refusals import Refusal

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)
S_co = TypeVar("S_co", bound=StrEnum, covariant=True)
T_co = TypeVar("T_co", bound=StrEnum, covariant=True)


class Row(Protocol[S_co, T_co]):
    """A row of a table: ``trigger`` takes something from ``source`` to ``target``."""

    @property
    def trigger(self) -> T_co: ...

    @property
    def source(self) -> S_co: ...

    @property
    def target(self) -> S_co: ...


class StateTable(Generic[S, T]):
    """``rows`` over ``states``. ``picked``: triggers with several targets, of which the caller picks one."""

    def __init__(self, states: type[S], rows: Iterable[Row[S, T]], *, picked: Collection[T] = ()) -> None:
        rows = tuple(rows)
        self._states = states
        self._machine = Machine(
            model=None, states=list(states), initial=None, auto_transitions=False, queued=False, send_event=False
        )
        for row in rows:
            condition = _is_target(row.target) if row.trigger in picked else None
            self._machine.add_transition(row.trigger.value, row.source, row.target, conditions=condition)
        self._allowed: Mapping[S, tuple[T, ...]] = MappingProxyType(
            {state: tuple(dict.fromkeys(row.trigger for row in rows if row.source is state)) for state in states}
        )

    def after(self, state: S, trigger: T, *, to: S | None = None) -> S | None:
        """The state after ``trigger``; None where the table has no such move. ``to`` is the target where one picks."""
        cursor = _Cursor(state)
        try:
            moved = self._machine.events[trigger.value].trigger(cursor, to)
        except MachineError:
            return None
        return self._states(cursor.state) if moved else None

    def fire(self, state: S, trigger: T, *, rule: str) -> S:
        """The state after ``trigger``, else ``illegal_transition`` by ``rule`` with what ``state`` does allow."""
        target = self.after(state, trigger)
        if target is None:
            raise Refusal(
                "illegal_transition",
                rule=rule,
                facts={"state": state.value, "trigger": trigger.value},
                current_state=state.value,
                allowed=tuple(possible.value for possible in self.allowed(state)),
            )
        return target

    def allowed(self, state: S) -> tuple[T, ...]:
        """Triggers that the table has for ``state``, in its order."""
        return self._allowed[state]


class _Cursor:
    """The throw-away object the library moves; it is never bound to the machine."""

    __slots__ = ("state",)

    def __init__(self, state: StrEnum) -> None:
        self.state = state


def _is_target(target: StrEnum) -> Callable[..., bool]:
    def condition(to: StrEnum | None) -> bool:
        return to is target

    return condition
