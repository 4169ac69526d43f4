"""Health, metrics and commands (contract section 2)."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.call import TheCall
from api.commands.received import visible_command
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.system import CommandOut, Health, Readiness
from api.services import Services
from api.views.commands import command_view
from domain.refusals import Refusal
from storage import schema
from storage.backlog import GAUGES, backlog
from storage.database import Transaction

public = APIRouter(tags=["system"])
router = APIRouter(prefix="/v1", tags=["system"], route_class=StrictRoute)


@public.get("/healthz", response_model=Health)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@public.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(request: Request) -> JSONResponse:
    """Database, engine and worker answer."""
    services: Services = request.app.state.services
    database, engine, worker = await asyncio.gather(
        run_in_threadpool(_database_answers, services),
        services.gateway.is_healthy(),
        services.gateway.has_worker(),
    )
    checks = {
        name: "ok" if up else "down" for name, up in (("database", database), ("engine", engine), ("worker", worker))
    }
    up = all((database, engine, worker))
    return JSONResponse({"status": "ok" if up else "down", "checks": checks}, status_code=200 if up else 503)


@public.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Numbers for Prometheus: this process, and what waits in the store. No label holds anything a person typed."""
    return Response(generate_latest() + _waiting(request.app.state.services), media_type=CONTENT_TYPE_LATEST)


def _waiting(services: Services) -> bytes:
    """The store's own numbers; none while the database is away, which `/readyz` tells."""
    try:
        with services.database.reading() as tx:
            found = backlog(tx)
    except Refusal:
        return b""
    registry = CollectorRegistry()
    for name, meaning in GAUGES.items():
        Gauge(name, meaning, registry=registry).set(found[name])
    return generate_latest(registry)


@router.get("/commands/{id}", response_model=CommandOut)
def read_command(call: TheCall, id: Id) -> dict[str, Any]:
    """How a command stands: its giver and readers of its claim see it."""

    def work(tx: Transaction) -> dict[str, Any]:
        return command_view(
            visible_command(tx, call.caller, id),
            language=call.language,
            request_id=call.request.state.request_id,
            instance=call.request.url.path,
        )

    return call.read(work)


def _database_answers(services: Services) -> bool:
    try:
        return schema.is_current(services.database)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it does not answer
        return False
