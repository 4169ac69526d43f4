"""`/v1/links`: links between customers (contract section 14)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import links
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.customers import LinkEndIn, LinkOut

router = APIRouter(prefix="/v1/links", tags=["customers"], route_class=StrictRoute)


@router.post("/{id}/approve", response_model=LinkOut)
def approve_link(call: TheCall, id: Id, body: Nothing) -> Response:
    """The supervisor says that two customers belong together (关联审批): CUS-14."""
    return call.write(lambda tx: links.decide(tx, call.caller, id, approved=True))


@router.post("/{id}/refuse", response_model=LinkOut)
def refuse_link(call: TheCall, id: Id, body: Nothing) -> Response:
    """The supervisor says that they do not: CUS-14."""
    return call.write(lambda tx: links.decide(tx, call.caller, id, approved=False))


@router.post("/{id}/end", response_model=LinkOut)
def end_link(call: TheCall, id: Id, body: LinkEndIn) -> Response:
    """They belong together no longer, or never did (解除关联): CUS-14."""
    return call.write(lambda tx: links.end(tx, call.caller, id, body.reason))
