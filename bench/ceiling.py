"""The ceilings: the least that the same engine, worker and HTTP stack must do for each thing we measure.

``python -m bench.ceiling worker`` serves them with the product's own worker options; ``python -m bench.ceiling api``
is the product's API with one more call that inserts one row.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import APIRouter
from starlette.responses import Response
from temporalio import activity
from temporalio.worker import Worker

from api.app import make_app
from api.call import Done, TheCall
from api.gateway import TemporalGateway
from api.routing import QUERY_LIKE, StrictRoute
from api.schemas.base import Input, Text
from api.services import Services
from bench.ceiling_workflows import NothingWorkflow, OneRowWorkflow
from storage.database import Database, mint
from storage.keys import KeyRing
from storage.setting import Snapshots
from storage.settings import Settings
from worker.process import WorkerOptions, workflow_runner
from workflows.connection import connect

QUEUE = "ceiling"
metadata = sa.MetaData()
row = sa.Table("bench_row", metadata, sa.Column("id", sa.String(36), primary_key=True), sa.Column("text", sa.Text))


class OneRow:
    """One row, one commit, through the product's own database layer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="one_row", no_thread_cancel_exception=True)
    def insert(self, text: str) -> None:
        self._database.transact(lambda tx: tx.insert(row, {"id": mint(), "text": text}))


async def serve_worker(settings: Settings) -> None:
    """A worker for the ceilings, with the product's sizes."""
    sizes = WorkerOptions()
    database = Database(settings.url, keys=KeyRing.open(settings.key_file))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect(settings.temporal_address, namespace=settings.temporal_namespace)
    with ThreadPoolExecutor(sizes.activities) as executor:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[NothingWorkflow, OneRowWorkflow],
            activities=[OneRow(database).insert],
            activity_executor=executor,
            workflow_runner=workflow_runner("bench.ceiling_workflows"),
            max_cached_workflows=sizes.cached_workflows,
            max_concurrent_workflow_tasks=sizes.workflow_tasks,
            max_concurrent_local_activities=4 if database.is_sqlite else sizes.local_activities,
            max_concurrent_activities=sizes.activities,
        )
        async with worker:
            await stop.wait()


class InsertIn(Input):
    note: Text


def ceiling_app(services: Services) -> Any:
    """The product's API and one call more: sign-in, strict JSON, one inserted row, a small answer."""
    app = make_app(services)
    router = APIRouter(route_class=StrictRoute)

    @router.post("/bench/insert", openapi_extra={f"x-{QUERY_LIKE}": True})
    async def insert(call: TheCall, body: InsertIn) -> Response:
        """One row."""

        def work(tx: Any) -> Done:
            identifier = mint()
            tx.insert(row, {"id": identifier, "text": body.note})
            return Done(201, {"id": identifier})

        return await call.command(work)

    app.include_router(router)
    return app


def serve_api(settings: Settings, port: int) -> None:
    """The API with the ceiling call, run as the product runs its own."""
    database = Database(settings.url, keys=KeyRing.open(settings.key_file))
    gateway = TemporalGateway(address=settings.temporal_address, namespace=settings.temporal_namespace)
    app = ceiling_app(Services(settings, database, Snapshots(), gateway))
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


def main() -> None:
    settings = Settings(data=os.environ["FAIRCLAIM_DATA"])  # type: ignore[arg-type]
    if sys.argv[1] == "worker":
        asyncio.run(serve_worker(settings))
    else:
        serve_api(settings, int(sys.argv[2]))


if __name__ == "__main__":
    main()
