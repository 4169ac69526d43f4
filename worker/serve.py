"""A worker process from its settings: connect, see that the singletons run, serve (design section 7)."""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.keeping import KeepingActivities
from activities.notifications import CourierActivities
from activities.ports import Bell, Channel, Ringer, StoreTroubleError
from storage.bells import DatabaseBells
from storage.database import Database, mint
from storage.house import DatabaseHouse
from storage.keys import KeyRing
from storage.outbox import DatabaseOutbox
from storage.setting import Snapshots
from storage.settings import Settings
from worker.channels.email import EmailChannel
from worker.channels.webhook import WebhookChannel
from worker.process import WorkerOptions, make_worker, run_worker
from workflows.connection import connect
from workflows.keeping import SINGLETONS
from workflows.names import RELAY_WORKFLOW, TASK_QUEUE, singleton_id
from workflows.ringing import RingIds, ring

_log = structlog.get_logger("fairclaim.worker")
#: One stream that cannot be drained delays the bells of others no longer than this.
_RING_LIMIT = timedelta(seconds=5)


async def serve(settings: Settings, *, options: WorkerOptions | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    database = Database(settings.url, keys=KeyRing.open(settings.key_file), channels=settings.channels)
    client = await _connected(settings, stop)
    if client is None:
        return
    await run(client, database, settings, stop=stop, options=options)
    database.close()


async def run(
    client: Client,
    database: Database,
    settings: Settings,
    *,
    stop: asyncio.Event,
    options: WorkerOptions | None = None,
) -> None:
    """Serve with what is at hand until ``stop``."""
    sizes = options or WorkerOptions()
    snapshots = Snapshots()
    bells = DatabaseBells(database)
    keeping = KeepingActivities(
        bells, ringer(client, settings.task_queue), DatabaseHouse(database, snapshots, settings.checkpoint_folder)
    )
    courier = CourierActivities(
        DatabaseOutbox(database, snapshots, confirm_url=settings.confirm_url), channels(settings)
    )
    with ThreadPoolExecutor(max_workers=sizes.activities, thread_name_prefix="activity") as executor:
        worker = make_worker(
            client,
            database=database,
            snapshots=snapshots,
            executor=executor,
            options=sizes,
            task_queue=settings.task_queue,
            workflows=list(SINGLETONS.values()),
            activities=[keeping.relay, keeping.sweep, keeping.housekeeping, courier.courier],
        )
        keep = asyncio.create_task(_keep_singletons(client, bells, settings.task_queue, stop))
        await run_worker(worker, stop=stop)
        keep.cancel()


def ringer(client: Client, task_queue: str = TASK_QUEUE) -> Ringer:
    """Rings through the engine."""
    ids, sweeper = RingIds(), mint()

    async def one(bell: Bell) -> bool:
        # What a sweep finds has no cause of its own to be told from what another process found.
        cause = bell.command or bell.id or f"{sweeper}/{bell.stream}"
        try:
            await ring(
                client,
                kind=bell.kind,
                stream=bell.stream,
                ring_id=ids.take(cause),
                timeout=_RING_LIMIT,
                task_queue=task_queue,
            )
        except (TemporalError, TimeoutError, RuntimeError) as error:
            _log.info("bell_unanswered", error=type(error).__name__)
            return False
        ids.answered(cause)
        return True

    return one


def channels(settings: Settings) -> dict[str, Channel]:
    """The outside channels that are switched on."""
    found: dict[str, Channel] = {}
    if settings.smtp_url is not None:
        found["email"] = EmailChannel(url=settings.smtp_url, sender=settings.smtp_from)
    if settings.webhook_url is not None:
        found["webhook"] = WebhookChannel(
            url=settings.webhook_url,
            secret=settings.webhook_secret or "",
            allow_private=settings.webhook_allow_private,
        )
    return found


async def ensure_singletons(client: Client, bells: DatabaseBells, task_queue: str = TASK_QUEUE) -> int:
    """Start the singletons that do not run. In an engine that knows none of them every open stream is rung for.

    Returns how many bells were hung: the engine's store was new, or was lost (design section 2, "expendable").
    """
    hung = 0
    if not await _is_known(client, singleton_id(RELAY_WORKFLOW)):
        # Before the relay runs: a crash between the two hangs the bells once more, which does no harm.
        hung = await asyncio.to_thread(bells.hang_all)
        _log.info("engine_store_is_new", bells=hung)
    for name in SINGLETONS:
        try:
            await client.start_workflow(
                name,
                id=singleton_id(name),
                task_queue=task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
        except WorkflowAlreadyStartedError:
            continue
    return hung


async def _keep_singletons(client: Client, bells: DatabaseBells, task_queue: str, stop: asyncio.Event) -> None:
    """At the start, and every minute: an operator may have terminated one, or emptied the engine meanwhile."""
    while not stop.is_set():
        try:
            await ensure_singletons(client, bells, task_queue)
            await asyncio.sleep(60)
        except (RPCError, RuntimeError, StoreTroubleError) as error:
            _log.warning("singletons_unchecked", error=type(error).__name__)
            await asyncio.sleep(2)


async def _is_known(client: Client, workflow: str) -> bool:
    try:
        await client.get_workflow_handle(workflow).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _connected(settings: Settings, stop: asyncio.Event) -> Client | None:
    """The engine's client, waited for as long as it takes; None when asked to end meanwhile."""
    while not stop.is_set():
        try:
            return await connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                api_key=settings.temporal_api_key,
            )
        except (RPCError, RuntimeError) as error:
            _log.info("engine_awaited", error=type(error).__name__)
            await asyncio.sleep(0.5)
    return None
