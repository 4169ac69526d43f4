"""What happens to a request before its endpoint: sign-in, strict JSON, idempotency key, known query parameters.

The order is the contract's: 401, then 400, then 422 of the shape; the endpoint decides the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.auth import Caller, authenticate, bearer
from api.idempotency import make_key
from api.services import Services
from domain.refusals import FieldError, Refusal
from storage.retention import answers_kept

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: Endpoints marked so take no idempotency key though they are POST (contract: those marked (q)).
QUERY_LIKE = "fairclaim-query-like"


class StrictRoute(APIRoute):
    """A route whose requests are signed in and strict."""

    signed_in = True

    def get_route_handler(self) -> Handler:
        endpoint = super().get_route_handler()
        known = {p.alias for p in get_flat_params(self.dependant) if isinstance(p.field_info, params.Query)}
        writes = bool((self.methods or set()) & {"POST", "PATCH"})
        keyed = writes and not (self.openapi_extra or {}).get(f"x-{QUERY_LIKE}", False)
        multipart = any(isinstance(p.field_info, params.Form) for p in self.dependant.body_params)
        parts = frozenset(p.alias for p in self.dependant.body_params)

        async def checked(request: Request) -> Response:
            services: Services = request.app.state.services
            caller: Caller | None = None
            if self.signed_in:
                caller = await run_in_threadpool(_sign_in, services, request.headers.get("authorization"))
                request.state.caller = caller
            if writes:
                body = await _multipart_body(request) if multipart else await _json_body(request)
                if keyed and caller is not None:
                    request.state.key = make_key(
                        person=caller.person,
                        header=request.headers.get("idempotency-key"),
                        method=request.method,
                        path=request.url.path,
                        body=body,
                        kept=answers_kept(caller.setting.company_policy_at(caller.at)),
                    )
                if multipart:
                    _check_parts(body, parts)
                elif not isinstance(body, dict):
                    raise Refusal("field_invalid", errors=(FieldError("body", "field_invalid"),))
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise Refusal(
                    "field_not_allowed",
                    rule="AUD-04",
                    errors=tuple(FieldError(name[:200], "field_not_allowed") for name in sorted(set(unknown))),
                )
            return await endpoint(request)

        async def handler(request: Request) -> Response:
            try:
                return await checked(request)
            finally:
                await request.close()  # an upload that was refused on the way leaves no open file behind

        return handler


class UnsignedRoute(StrictRoute):
    """The same for whoever has no token yet; without a person there is no idempotency key either."""

    signed_in = False


def refusal_of_validation(error: RequestValidationError) -> Refusal:
    """What the shape check found, as a refusal: 422, else 404 for a path that is no id (contract section 1)."""
    found: list[FieldError] = []
    for item in error.errors():
        where = [str(part) for part in item["loc"]]
        if where and where[0] == "path":
            continue
        name = ".".join(where[1:] if where and where[0] in ("body", "query", "header") else where)[:200]
        blank = name == "reason" and item["type"] in ("missing", "string_too_short", "string_pattern_mismatch")
        found.append(FieldError(_clean(name), "reason_required" if blank else _code(item["type"])))
    if not found:
        return Refusal("not_found")
    codes = {e.code for e in found}
    if codes == {"reason_required"}:
        return Refusal("reason_required", errors=tuple(found))
    code = next((c for c in ("field_not_allowed", "field_invalid", "field_missing") if c in codes), "field_invalid")
    return Refusal(code, errors=tuple(found))


def _code(kind: str) -> str:
    return {"extra_forbidden": "field_not_allowed", "missing": "field_missing"}.get(kind, "field_invalid")


def _clean(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _sign_in(services: Services, header: str | None) -> Caller:
    with services.database.reading() as tx:
        return authenticate(tx, bearer(header), services.snapshots)


async def _json_body(request: Request) -> Any:
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    raw = await request.body()
    if media != "application/json" and (raw or "content-type" in request.headers):
        raise Refusal("media_type_unsupported")
    try:
        # An empty body stands for {}: many commands need nothing said.
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant) if raw.strip() else {}
    except (ValueError, RecursionError):
        raise Refusal("body_malformed") from None
    # FastAPI would parse the body again, leniently; this is what it finds instead.
    request._json = parsed
    request._body = raw or b"{}"
    return parsed


async def _multipart_body(request: Request) -> list[list[str]]:
    """What tells one multipart body from another: its parts and their digests, not the boundary between them."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "multipart/form-data":
        raise Refusal("media_type_unsupported")
    form = await request.form(max_files=_PARTS_MAX, max_fields=_PARTS_MAX)
    parts = form.multi_items()
    return await run_in_threadpool(lambda: [_part(name, value) for name, value in parts])


def _check_parts(body: list[list[str]], known: frozenset[str]) -> None:
    """Only the parts that are asked for, each once."""
    names = [name for name, *_ in body]
    for wrong, code in (
        ([n for n in names if n not in known], "field_not_allowed"),
        ([n for n in known if names.count(n) > 1], "field_invalid"),
    ):
        if wrong:
            raise Refusal(code, errors=tuple(FieldError(_clean(name[:200]), code) for name in sorted(set(wrong))))


_PARTS_MAX = 10


def _part(name: str, value: UploadFile | str) -> list[str]:
    if isinstance(value, str):
        return [name, value]
    digest = hashlib.file_digest(value.file, "sha256").hexdigest()  # type: ignore[arg-type]
    value.file.seek(0)
    return [name, value.filename or "", digest]


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
