"""`/v1/claims` (contract section 5)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import reports
from api.commands.received import visible_claim
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.claims import ClaimOut, ReportIn
from api.views.claims import claim_view

router = APIRouter(prefix="/v1/claims", tags=["claims"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=ClaimOut)
async def report(call: TheCall, body: ReportIn) -> Response:
    """Report a customer (客户报备): CLM-02, CLM-03."""
    return await call.command(lambda tx: reports.report(tx, call.caller, body))


@router.get("/{id}", response_model=ClaimOut)
def read_claim(call: TheCall, id: Id) -> dict[str, object]:
    """One claim."""

    def work(tx):  # type: ignore[no-untyped-def]
        row = visible_claim(tx, call.caller, id)
        return claim_view(tx, call.caller, row["id"])

    return call.read(work)
