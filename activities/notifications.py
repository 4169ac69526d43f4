"""The courier: planned reminders become notices, queued notices leave by their channels (NTF-01, CLM-18)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

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
        """Remind and deliver until the shift is over."""
        await rounds(self._round, shift_s=self._shift_s, every_s=_EVERY_S)

    async def _round(self) -> None:
        while await asyncio.to_thread(self._outbox.remind, _BATCH) == _BATCH:
            continue
        while True:
            due = await asyncio.to_thread(self._outbox.due, _BATCH)
            for channel, message in due:
                await asyncio.to_thread(self.deliver, channel, message)
            if len(due) < _BATCH:
                return

    def deliver(self, channel: str, message: Message) -> None:
        """Try one delivery and remember how it went."""
        port = self._channels.get(channel)
        if port is None:
            self._outbox.failed(message.delivery, "channel_off", for_good=True)
            return
        try:
            port.send(message)
        except UndeliverableError as error:
            self._outbox.failed(message.delivery, error.code, for_good=True)
        except Exception as error:  # noqa: BLE001 - whatever the provider did, it is tried again
            self._outbox.failed(message.delivery, type(error).__name__, for_good=False)
        else:
            self._outbox.sent(message.delivery)
