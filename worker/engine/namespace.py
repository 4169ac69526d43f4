"""Is a Temporal server there, and is our namespace usable on it? Works against any server, embedded or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

CALL_LIMIT = timedelta(seconds=2)
NOTHING = "nothing-of-this-name"


async def still_missing(*, address: str, namespace: str, retention: timedelta | None) -> str | None:
    """``None`` when workflows can be started in ``namespace`` now, else what is still missing: then ask again soon.

    With a ``retention`` the namespace is registered where it is missing and adopts it: for servers that are ours.
    ``None`` changes nothing: for servers that are somebody else's. Nothing is waited for here, every call has a
    limit of two seconds. Safe to repeat.
    """
    try:
        client = await Client.connect(address, namespace=namespace, lazy=True)
        if not await client.service_client.check_health(timeout=CALL_LIMIT):
            return "the server answers, but is not serving yet"
        if retention is not None:
            await _register(client, namespace=namespace, retention=retention)
        return await _unusable_because(client)
    except RPCError as error:
        return f"the server answers {error.status.name}"
    except RuntimeError:  # what the SDK raises while nothing listens or the handshake fails
        return f"nothing answers on {address}"


def in_own_loop(start: Callable[[], Coroutine[Any, Any, str | None]]) -> str | None:
    """Ask from plain code, also where an event loop is running in this thread already."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-probe") as pool:
        return pool.submit(lambda: asyncio.run(start())).result()


async def _register(client: Client, *, namespace: str, retention: timedelta) -> None:
    wanted = Duration()
    wanted.FromTimedelta(retention)
    service = client.workflow_service
    try:
        await service.register_namespace(
            RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=wanted),
            timeout=CALL_LIMIT,
        )
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise
    else:
        return
    found = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=CALL_LIMIT)
    if found.config.workflow_execution_retention_ttl.ToTimedelta() != retention:
        change = NamespaceConfig(workflow_execution_retention_ttl=wanted)
        await service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=change), timeout=CALL_LIMIT)


async def _unusable_because(client: Client) -> str | None:
    """The services learn of one another and of a new namespace one after the other, some seconds apart: ask
    visibility, matching and history, which is where listing, tasks and runs are served.
    """
    queue = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=NOTHING))
    try:
        await client.count_workflows(rpc_timeout=CALL_LIMIT)
        await client.workflow_service.describe_task_queue(queue, timeout=CALL_LIMIT)
        await client.get_workflow_handle(NOTHING).describe(rpc_timeout=CALL_LIMIT)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        details = error.grpc_status.details
        if any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in details):
            return f"namespace {client.namespace} is not known (yet)"
    return None
