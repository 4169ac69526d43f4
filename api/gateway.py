"""The API's way to the engine: ring, and wait no longer than a caller would (design section 2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.exceptions import TemporalError

from workflows.connection import connect
from workflows.names import TASK_QUEUE
from workflows.ringing import RingIds, ring

_log = structlog.get_logger("fairclaim.gateway")


class Gateway(Protocol):
    """What the API needs of the engine."""

    async def ring(self, *, kind: str, stream: str, command: str, wait_s: float) -> bool:
        """Whether the stream was drained within ``wait_s`` seconds. False leaves the rest to the relay."""
        ...

    async def is_healthy(self) -> bool:
        """Whether the engine answers."""
        ...

    async def has_worker(self) -> bool:
        """Whether a worker has asked for work within the last minute."""
        ...


class TemporalGateway:
    """One lazily connected client. The engine may be away at any time, the start of the API included."""

    def __init__(
        self, *, address: str, namespace: str, api_key: str | None = None, task_queue: str = TASK_QUEUE
    ) -> None:
        self._address = address
        self._namespace = namespace
        self._task_queue = task_queue
        self._api_key = api_key
        self._client: Client | None = None
        self._ids = RingIds()

    async def client(self) -> Client:
        """The client; connecting happens at its first call."""
        if self._client is None:
            self._client = await connect(self._address, namespace=self._namespace, api_key=self._api_key, lazy=True)
        return self._client

    async def ring(self, *, kind: str, stream: str, command: str, wait_s: float) -> bool:
        try:
            # The call's own limit ends it in order; the outer one is for a client that cannot even connect.
            async with asyncio.timeout(wait_s + 0.5):
                await ring(
                    await self.client(),
                    kind=kind,
                    stream=stream,
                    ring_id=self._ids.take(command),
                    timeout=timedelta(seconds=wait_s),
                    task_queue=self._task_queue,
                )
        except (TimeoutError, TemporalError, RuntimeError) as error:
            _log.info("ring_unanswered", command=command, error=type(error).__name__)
            return False
        self._ids.answered(command)
        return True

    async def is_healthy(self, *, wait_s: float = 2.0) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                client = await self.client()
                return await client.service_client.check_health(timeout=timedelta(seconds=wait_s))
        except (TimeoutError, TemporalError, RuntimeError):
            return False

    async def has_worker(self, *, wait_s: float = 2.0) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                client = await self.client()
                described = await client.workflow_service.describe_task_queue(
                    DescribeTaskQueueRequest(
                        namespace=self._namespace,
                        task_queue=TaskQueue(name=self._task_queue),
                        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
                    ),
                    timeout=timedelta(seconds=wait_s),
                )
        except (TimeoutError, TemporalError, RuntimeError):
            return False
        return len(described.pollers) > 0
