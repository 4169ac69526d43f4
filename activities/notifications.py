"""The courier: planned reminders become notices, queued notices leave by their channels (NTF-01, CLM-18)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from temporalio import activity

from activities.keeping import SHIFT_S, rounds
from activities.ports import Channel, Message, Outbox, UndeliverableError

_EVERY_S = 0.5
_BATCH = 100


class CourierActivities:
    """Delivery at least once; a failure of one channel delays nobody else."""

    def __init__(self, outbox: Outbox, channels: Mapping[str, Channel], *, shift_s: float = SHIFT_S) -> None:
        self._outbox = outbox
        self._channels = channels
        self._shift_s = shift_s

    @activity.defn(name="courier")
    async def courier(self) -> None:
        """Remind and deliver until the shift is over; channels do not wait for one another."""
        async with asyncio.TaskGroup() as group:
            group.create_task(rounds(self._reminders, shift_s=self._shift_s, every_s=_EVERY_S))
            for channel in self._channels:
                deliveries = partial(self._deliveries, channel)
                group.create_task(rounds(deliveries, shift_s=self._shift_s, every_s=_EVERY_S))

    async def _reminders(self) -> None:
        await asyncio.to_thread(self._outbox.give_up_others, tuple(self._channels), "channel_off")
        while await asyncio.to_thread(self._outbox.remind, _BATCH) == _BATCH:
            continue

    async def _deliveries(self, channel: str) -> None:
        while due := await asyncio.to_thread(self._outbox.due, channel, _BATCH):
            for message in due:
                if activity.is_worker_shutdown():
                    return
                await asyncio.to_thread(self.deliver, channel, message)

    def deliver(self, channel: str, message: Message) -> None:
        """Try one delivery and remember how it went."""
        try:
            self._channels[channel].send(message)
        except UndeliverableError as error:
            self._outbox.failed(message.delivery, error.code, for_good=True)
        except Exception as error:  # noqa: BLE001 - whatever the provider did, it is tried again
            self._outbox.failed(message.delivery, type(error).__name__, for_good=False)
        else:
            self._outbox.sent(message.delivery)
