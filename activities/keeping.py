"""The house's own work: bells relayed, streams swept, history signed (design section 2).

Each is one long, heartbeating activity of one singleton workflow: the engine is the lease. An activity returns after
a while, so that its workflow can start afresh with a short history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from temporalio import activity

from activities.ports import Bell, BellStore, House, Ringer, StoreTroubleError

T = TypeVar("T")

#: How long one run of a keeping activity lasts, in seconds.
SHIFT_S = 1_800.0
_RELAY_EVERY_S = 0.25
_SWEEP_EVERY_S = 10.0
_HOUSE_EVERY_S = 60.0
_BEAT_EVERY_S = 1.0
_BATCH = 200
_AT_ONCE = 16


class KeepingActivities:
    """Relay, sweep and housekeeping over their ports."""

    def __init__(self, bells: BellStore, ringer: Ringer, house: House, *, shift_s: float = SHIFT_S) -> None:
        self._bells = bells
        self._ringer = ringer
        self._house = house
        self._shift_s = shift_s

    @activity.defn(name="relay")
    async def relay(self) -> None:
        """Ring for every bell, oldest first, and for commands whose sender did not get through."""
        await rounds(self._relay_round, shift_s=self._shift_s, every_s=_RELAY_EVERY_S)

    @activity.defn(name="sweep")
    async def sweep(self) -> None:
        """Ring open streams whose instant is long past, and those that a new fact about many concerns."""
        await rounds(self._sweep_round, shift_s=self._shift_s, every_s=_SWEEP_EVERY_S)

    @activity.defn(name="housekeeping")
    async def housekeeping(self) -> None:
        """Checkpoints, the payout day, and the removal of what has had its time."""
        await rounds(self._house_round, shift_s=self._shift_s, every_s=_HOUSE_EVERY_S)

    async def _relay_round(self) -> None:
        while True:
            bells = await asyncio.to_thread(self._bells.waiting, _BATCH)
            await self._ring_all(bells)
            if len(bells) < _BATCH:
                return

    async def _sweep_round(self) -> None:
        await asyncio.to_thread(self._bells.spread)
        await self._ring_all(await asyncio.to_thread(self._bells.overdue, _BATCH))

    async def _house_round(self) -> None:
        await asyncio.to_thread(self._house.checkpoint)
        await asyncio.to_thread(self._house.payout_day)
        await asyncio.to_thread(self._house.partner_statements)
        await asyncio.to_thread(self._house.trial_over)
        await asyncio.to_thread(self._house.territory_reviews)
        await asyncio.to_thread(self._house.lead_balance)
        await asyncio.to_thread(self._house.class_levels)
        await asyncio.to_thread(self._house.unclaimed)
        await asyncio.to_thread(self._house.restricted_waits)
        await asyncio.to_thread(self._house.tidy)

    async def _ring_all(self, bells: Sequence[Bell]) -> None:
        for start in range(0, len(bells), _AT_ONCE):
            some = bells[start : start + _AT_ONCE]
            drained = await asyncio.gather(*(self._ringer(bell) for bell in some))
            await asyncio.to_thread(self._bells.rung, [b for b, yes in zip(some, drained, strict=True) if yes])
            await asyncio.to_thread(self._bells.failed, [b for b, yes in zip(some, drained, strict=True) if not yes])


async def rounds(one: Callable[[], Awaitable[None]], *, shift_s: float, every_s: float) -> None:
    """``one`` every ``every_s`` seconds until the shift is over, with heartbeats; a database away skips a round.

    A worker that is asked to end ends the shift: the next worker begins one at once, instead of after a time-out.
    """
    until = time.monotonic() + shift_s
    while time.monotonic() < until and not activity.is_worker_shutdown():
        activity.heartbeat()
        try:
            await beating(one())
        except StoreTroubleError:
            activity.logger.warning("store_unavailable")
        rest = every_s
        while rest > 0 and time.monotonic() < until and not activity.is_worker_shutdown():
            activity.heartbeat()
            await asyncio.sleep(min(_BEAT_EVERY_S, rest))
            rest -= _BEAT_EVERY_S


async def beating(work: Awaitable[T]) -> T:
    """``work``, with a heartbeat every second: a ring or a delivery may take longer than a heartbeat may be late."""
    running = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({running}, timeout=_BEAT_EVERY_S))[0]:
            activity.heartbeat()
        return running.result()
    finally:
        running.cancel()
