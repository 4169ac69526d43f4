"""The application: routers, the order of refusals, request ids, limits."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import idempotency
from api.auth import Caller
from api.idempotency import Key
from api.openapi import describe
from api.problems import house_language, language_of, problem, problem_response
from api.routers import (
    audit,
    calendars,
    case_room,
    claims,
    confirmations,
    conflicts,
    customers,
    deals,
    discussions,
    disputes,
    duties,
    files,
    follow_ups,
    leads,
    ledger,
    letters,
    links,
    notices,
    openings,
    overrides,
    partners,
    people,
    plans,
    policies,
    pools,
    precedents,
    programs,
    receptions,
    referrals,
    requests,
    system,
    teams,
    territories,
)
from api.routing import refusal_of_validation
from api.services import Services
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction, mint

_log = structlog.get_logger("fairclaim.api")
_RECORDED = frozenset({403, 409, 429})
#: What a multipart body may hold beside the file itself.
_MULTIPART_BYTES = 64_000
#: Tried in this order for every request, so those that are called most come first.
_ROUTERS = (
    claims.router,
    system.public,
    system.router,
    people.router,
    teams.router,
    confirmations.router,
    referrals.router,
    partners.public,
    partners.router,
    programs.router,
    openings.router,
    policies.router,
    calendars.router,
    follow_ups.router,
    requests.router,
    overrides.router,
    letters.router,
    customers.router,
    disputes.router,
    case_room.router,
    precedents.router,
    conflicts.router,
    discussions.router,
    leads.router,
    receptions.sites,
    receptions.features,
    receptions.posted,
    receptions.router,
    territories.router,
    pools.router,
    pools.of_people,
    deals.router,
    plans.router,
    ledger.router,
    links.router,
    files.router,
    notices.router,
    audit.router,
    duties.router,
)


def make_app(services: Services) -> FastAPI:
    """The API over ``services``."""
    app = described_app()
    app.state.services = services
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _shape_refused)
    app.add_exception_handler(HTTPException, _framework_refused)
    app.add_middleware(_Envelope, body_max=services.settings.body_max_bytes, file_max=services.settings.file_max_bytes)
    return app


def described_app() -> FastAPI:
    """Every operation and its description, with nothing behind it."""
    app = FastAPI(
        title="Fairclaim",
        version="1",
        summary="Whose customer is this? Claims with a term, disputes with due process, money that follows.",
        strict_content_type=False,
        separate_input_output_schemas=True,
        generate_unique_id_function=_operation_id,
    )
    for router in _ROUTERS:
        app.include_router(router)
    described: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not described:
            described.update(describe(app))
        return described

    app.openapi = document  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return await _answer(request, error)


async def _shape_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _answer(request, refusal_of_validation(error))


async def _framework_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type_unsupported"}.get(
        error.status_code, "body_malformed" if error.status_code == 400 else "internal_error"
    )
    response = await _answer(request, Refusal(code))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(sorted(_allowed(request) | _listed(response.headers.get("Allow", ""))))
    return response


def _allowed(request: Request) -> set[str]:
    """Every method of a path: the framework names those of the first route only (RFC 9110, section 10.2.1)."""
    routes = [route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return {m for route in routes if route.matches(request.scope)[0] is not Match.NONE for m in route.methods or ()}


def _listed(header: str) -> set[str]:
    return {part.strip() for part in header.split(",") if part.strip()}


async def _failed(request: Request, error: Exception) -> Response:
    # Message and trace may hold what somebody typed: where it happened and its type are enough to find the defect.
    _log.error("request_failed", request_id=request.state.request_id, error=type(error).__name__, where=_where(error))
    return await _answer(request, Refusal("internal_error"))


def _where(error: Exception) -> list[str]:
    """The frames of an exception as file:line, without a word of its text."""
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]


async def _answer(request: Request, refusal: Refusal) -> Response:
    """Render a refusal; record 403, 409 and 429; keep a 409 under its key, free the key otherwise.

    Whoever is not signed in is not recorded: anybody could fill the table by trying codes of links.
    """
    body = problem(
        refusal,
        language=await _language(request, refusal),
        request_id=request.state.request_id,
        instance=request.url.path,
    )
    key: Key | None = getattr(request.state, "key", None)
    keeps = key is not None and refusal.status == 409 and refusal.code != "request_in_flight"
    frees = key is not None and not keeps and getattr(request.state, "command_refused", False)
    signed_in = getattr(request.state, "caller", None) is not None
    if (refusal.status in _RECORDED and signed_in) or keeps or frees:
        await run_in_threadpool(_record, request, refusal, body, keeps)
    return problem_response(body)


async def _language(request: Request, refusal: Refusal) -> str:
    """What the caller asks for, else the language of the company, as far as it can be asked."""
    asked = language_of(request.headers.get("accept-language"), default="")
    if asked:
        return asked
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        return house_language(caller.setting, at=caller.at)
    if refusal.status >= 500:
        return "zh"
    return await run_in_threadpool(_language_of_company, request.app.state.services)


def _language_of_company(services: Services) -> str:
    try:
        with services.database.reading() as tx:
            return house_language(services.snapshots.setting(tx), at=tx.now())
    except Refusal:
        return "zh"


def _record(request: Request, refusal: Refusal, body: dict[str, Any], keeps: bool) -> None:
    services: Services = request.app.state.services
    caller = getattr(request.state, "caller", None)
    route = request.scope.get("route")
    key: Key | None = getattr(request.state, "key", None)

    def run(tx: Transaction) -> None:
        if refusal.status in _RECORDED:
            tx.insert(
                t.refusal,
                {
                    "id": mint(),
                    "at": tx.now(),
                    "person": caller.person if caller is not None else None,
                    "code": refusal.code,
                    "rule": refusal.rule,
                    "operation": f"{request.method} {getattr(route, 'path', '')}"[:80],
                    "request_id": request.state.request_id,
                },
            )
        if key is not None and keeps:
            idempotency.keep_refusal(tx, key, status=refusal.status, body=body)
        elif key is not None and getattr(request.state, "command_refused", False):
            idempotency.free(tx, key)

    try:
        services.database.transact(run)
    except Refusal:
        _log.warning("refusal_not_recorded", request_id=request.state.request_id, code=refusal.code)


class _Envelope:
    """What surrounds every request: its id, and the limit of its body."""

    def __init__(self, app: ASGIApp, body_max: int, file_max: int) -> None:
        self._app = app
        self._body_max = body_max
        self._file_max = file_max + _MULTIPART_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = mint()
        scope.setdefault("state", {})["request_id"] = request_id
        seen, most = 0, self._file_max if scope["path"] == files.router.prefix else self._body_max

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > most:
                    raise Refusal("too_large")
            return message

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await with_id(message)

        try:
            await self._app(scope, limited, watched)
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, the log a type, and nobody a name
            request = Request(scope, receive)
            answer = await _failed(request, error)
            if not started:
                await answer(scope, receive, with_id)
