"""`/v1/audit` (contract section 8)."""

from __future__ import annotations

import threading
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import audit as commands
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.audit import AuditEventPage, VerdictOut
from api.schemas.base import Id, Instant, Str
from api.views.audit import EventFilters, event_page, require_all
from domain.refusals import Refusal
from storage.verification import verify

router = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=StrictRoute)

#: One check at a time: it reads all of the history, and two of them would only be slower.
_checking = threading.Lock()


@router.get("/events", response_model=AuditEventPage)
def list_events(
    call: TheCall,
    stream: Id | None = None,
    actor: Id | None = None,
    kind: Annotated[Str | None, Query(min_length=1)] = None,
    since: Annotated[Instant | None, Query(alias="from")] = None,
    until: Annotated[Instant | None, Query(alias="to")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """History (审计日志) of every stream, newest first, for auditors, admins and oversight: AUD-01."""
    filters = EventFilters(stream=stream, actor=actor, kind=kind, since=since, until=until)
    return call.read(lambda tx: event_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/verify", response_model=VerdictOut)
def check_history(call: TheCall, stream: Id | None = None) -> dict[str, Any]:
    """Check the hash chain of all streams, or of one, against the signed checkpoints: AUD-02."""
    require_all(call.caller)
    services = call.services
    with _checking:
        verdict = verify(services.database, services.database.keys, services.settings.checkpoint_folder, stream=stream)
    if stream is not None and verdict.events == 0 and verdict.first_bad is None:
        raise Refusal("not_found")
    return verdict.as_json()


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def export_case(call: TheCall, claim: Id | None = None, dispute: Id | None = None) -> Response:
    """The history of a claim or dispute as a signed bundle that anybody can check offline: AUD-02."""
    return commands.export(call, claim=claim, dispute=dispute)
