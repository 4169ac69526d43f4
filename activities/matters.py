"""The drain: one matter, one transaction, everything that is due (design section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from temporalio import activity

from activities.ports import MatterStore, OpenMatter, Standing, StoreTroubleError
from domain.matters.decide import MAX_ITEMS, decide
from domain.matters.inbox import Due, instant_of, needs_a_third, next_item
from domain.matters.matter import Command, Matter

#: A poison item is tried so often before it is parked (design section 2, "Poison").
MAX_TRIES = 3
#: Sleep this much longer than until the instant: an instant D is due when now > D.
_MARGIN = timedelta(milliseconds=5)
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class DrainInput:
    """The stream to drain for: its id and nothing else."""

    stream: str


@dataclass(frozen=True, slots=True)
class DrainOutcome:
    """What a workflow adopts. ``sleep_s`` None = no instant left; ``restart`` asks for a fresh run."""

    state: str
    ended: bool
    sleep_s: float | None = None
    restart: bool = False


class MatterActivities:
    """Drains over a store of matters."""

    def __init__(self, store: MatterStore) -> None:
        self._store = store

    @activity.defn(name="drain", no_thread_cancel_exception=True)
    def drain(self, given: DrainInput) -> DrainOutcome:
        """Decide everything of the matter that is due, oldest first. Safe to do twice: a second one finds nothing.

        An item that fails for a reason of its own is tried again in a savepoint, then parked; database trouble
        fails the whole drain, and the engine runs it again.
        """
        try:
            return self._store.within(given.stream, _drain)
        except StoreTroubleError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the careful drain finds the item it belongs to
            return self._store.within(given.stream, lambda case: _drain_carefully(case, self._store))


def _drain(case: OpenMatter) -> DrainOutcome:
    for _ in range(MAX_ITEMS):
        item = next_item(case.matter, setting=case.setting, now=case.now)
        if item is None:
            return _outcome(case, case.close())
        _decide_and_save(case, item)
    return _soon(case, seconds=0.0)


def _drain_carefully(case: OpenMatter, store: MatterStore) -> DrainOutcome:
    """The same with every item in a savepoint, so that a failing one is known and the others are decided."""
    for _ in range(MAX_ITEMS):
        item = next_item(case.matter, setting=case.setting, now=case.now)
        if item is None:
            return _outcome(case, case.close())
        error = case.guarded(partial(_decide_and_save, case, item))
        if error is None:
            continue
        error_id = case.mint()
        park = case.tries(item) + 1 >= MAX_TRIES
        case.failed(item, error_id=error_id, park=park)
        if not park:
            # Later items must not overtake this one: the drain stops here and comes back soon.
            return _soon(case, seconds=_RETRY_S)
        store.park_alarm(error_id, error)
    return _soon(case, seconds=0.0)


def _decide_and_save(case: OpenMatter, item: Command | Due) -> None:
    _first_beside(case, item)
    case.save(decide(case.matter, item, setting=case.setting, mint=case.mint, other=case.other))


def _first_beside(case: OpenMatter, item: Command | Due) -> None:
    """What came on the other record of the customer before ``item`` is decided before it (CUS-13).

    An item that fails stays with what came after it: the drain of that matter finds and parks it.
    """
    at = instant_of(item)
    while case.other is not None:
        earlier = next_item(case.other, setting=case.setting, now=at)
        if earlier is None or instant_of(earlier) >= at or needs_a_third(case.other, earlier):
            return
        if case.guarded(partial(_decide_beside, case, case.other, earlier)) is not None:
            return


def _decide_beside(case: OpenMatter, beside: Matter, item: Command | Due) -> None:
    case.save_beside(decide(beside, item, setting=case.setting, mint=case.mint))


def _soon(case: OpenMatter, *, seconds: float) -> DrainOutcome:
    return DrainOutcome(state=case.close().state, ended=False, sleep_s=seconds)


def _outcome(case: OpenMatter, standing: Standing) -> DrainOutcome:
    if standing.next_instant is None:
        return DrainOutcome(state=standing.state, ended=standing.ended, restart=standing.restart)
    sleep = max(timedelta(), standing.next_instant - case.now) + _MARGIN
    return DrainOutcome(
        state=standing.state, ended=standing.ended, sleep_s=sleep.total_seconds(), restart=standing.restart
    )
