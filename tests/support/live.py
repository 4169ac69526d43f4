"""A company on the real engine: its commands are rung for, and a worker of its own drains them."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle

from activities.ports import MatterStore
from api.gateway import TemporalGateway
from storage.bells import DatabaseBells
from storage.database import Database
from storage.setting import Snapshots
from tests.support.company import Company
from worker.process import WorkerOptions, make_worker
from worker.serve import ringer
from workflows.connection import connect
from workflows.names import workflow_id

T = TypeVar("T")


class WorkerThread:
    """A worker in a thread and event loop of its own, on a task queue nobody else uses."""

    def __init__(
        self, *, address: str, namespace: str, database: Database, task_queue: str, options: WorkerOptions | None = None
    ) -> None:
        self._address = address
        self._namespace = namespace
        self._database = database
        self._queue = task_queue
        self._options = options or WorkerOptions()
        #: The matters to drain; a test may put one in that fails first.
        self.store: MatterStore | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.client: Client = self.run(connect(address, namespace=namespace))
        self._stop: asyncio.Event | None = None
        self._served: Future[None] | None = None

    def run(self, work: Coroutine[Any, Any, T], *, limit_s: float = 30) -> T:
        """A coroutine in the worker's loop, waited for."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit_s)

    def start(self) -> None:
        """Serve from now on."""

        async def ready() -> asyncio.Event:
            return asyncio.Event()

        self._stop = self.run(ready())
        self._served = asyncio.run_coroutine_threadsafe(self._serve(self._stop), self._loop)

    def stop(self) -> None:
        """End the worker; what it was doing is left to the next one."""
        if self._stop is None or self._served is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._served.result(30)
        self._stop = self._served = None

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, stop: asyncio.Event) -> None:
        with ThreadPoolExecutor(max_workers=self._options.activities) as executor:
            worker = make_worker(
                self.client,
                database=self._database,
                snapshots=Snapshots(),
                executor=executor,
                options=self._options,
                task_queue=self._queue,
                store=self.store,
            )
            async with worker:
                await stop.wait()


class LiveCompany(Company):
    """A company whose gateway is the real one."""

    def __init__(
        self,
        database: Database,
        admin_token: str,
        folder: Path,
        *,
        address: str,
        namespace: str,
        options: WorkerOptions | None = None,
    ) -> None:
        self.task_queue = f"test-{uuid.uuid4()}"
        super().__init__(
            database,
            admin_token,
            folder,
            gateway=TemporalGateway(address=address, namespace=namespace, task_queue=self.task_queue),
        )
        self.worker = WorkerThread(
            address=address, namespace=namespace, database=database, task_queue=self.task_queue, options=options
        )
        self.worker.start()

    def handle(self, stream: str, kind: str = "claim") -> WorkflowHandle[Any, Any]:
        """The workflow of a claim, or of a case."""
        return self.worker.client.get_workflow_handle(workflow_id(kind, stream))

    def relay(self) -> int:
        """Play the relay: ring through the engine for every bell that hangs; how many it took."""
        bells, ring, rung = DatabaseBells(self.database), ringer(self.worker.client, self.task_queue), 0
        while hung := bells.waiting(100):
            for bell in hung:
                assert self.worker.run(ring(bell)), f"the {bell.kind} does not answer its bell"
            bells.rung(hung)
            rung += len(hung)
        return rung

    def close(self) -> None:
        self.worker.close()
        super().close()
