"""`/v1/sites` and `/v1/receptions` (contract section 15)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import receptions
from api.commands.company import change
from api.commands.features import search
from api.paging import Cursor, Limit
from api.routing import QUERY_LIKE, StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.claims import NeededReason, TimelinePage
from api.schemas.disputes import DisputeOut
from api.schemas.receptions import (
    FeatureSearchIn,
    FeatureSearchOut,
    HandOverIn,
    NamedIn,
    PostedOut,
    PostedPage,
    PresenceIn,
    ReceptionIn,
    ReceptionOut,
    ReceptionPage,
    ReceptionStateName,
    RecogniseIn,
    RecordIn,
    SiteIn,
    SiteOut,
    SitePage,
    SitePatch,
    SwapIn,
    VisitOut,
)
from api.views import receptions as views
from api.views.lists import timeline_page
from storage.database import Transaction

sites = APIRouter(prefix="/v1/sites", tags=["reception"], route_class=StrictRoute)
features = APIRouter(prefix="/v1/programs/{id}/features", tags=["reception"], route_class=StrictRoute)
posted = APIRouter(prefix="/v1/programs/{id}/unrecognised", tags=["reception"], route_class=StrictRoute)
router = APIRouter(prefix="/v1/receptions", tags=["reception"], route_class=StrictRoute)


@sites.get("", response_model=SitePage)
def list_sites(call: TheCall, program: Id | None = None, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Sites (案场) of programs the caller knows, each with its queue of today."""
    return call.read(lambda tx: views.site_page(tx, call.caller, program=program, limit=limit, cursor=cursor))


@sites.post("", status_code=201, response_model=SiteOut)
def make_site(call: TheCall, body: SiteIn) -> Response:
    """A place where customers arrive."""
    return change(call, lambda made: receptions.make_site(made, body))


@sites.get("/{id}", response_model=SiteOut)
def read_site(call: TheCall, id: Id) -> dict[str, Any]:
    """One site, with the order of turns (接待轮序): LEAD-08."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.visible_site(tx, call.caller, id)
        return views.site_view(tx, call.caller, id)

    return call.read(work)


@sites.patch("/{id}", response_model=SiteOut)
def edit_site(call: TheCall, id: Id, body: SitePatch) -> Response:
    """Another name or duty manager."""
    return change(call, lambda made: receptions.edit_site(made, id, body))


@sites.get("/{id}/timeline", response_model=TimelinePage)
def read_site_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Every turn, skip, swap and make-up turn, newest first: LEAD-09."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.visible_site(tx, call.caller, id)
        return timeline_page(tx, id, limit=limit, cursor=cursor)

    return call.read(work)


@sites.post("/{id}/presence", response_model=SiteOut)
def set_presence(call: TheCall, id: Id, body: PresenceIn) -> Response:
    """Sign in for the day, be busy or called away, sign out (签到): LEAD-08, LEAD-09."""
    return call.write(lambda tx: receptions.set_presence(tx, call.caller, id, body))


@sites.post("/{id}/swap", response_model=SiteOut)
def swap_turns(call: TheCall, id: Id, body: SwapIn) -> Response:
    """Change places with a colleague who asks for it too (换轮): LEAD-09."""
    return call.write(lambda tx: receptions.swap(tx, call.caller, id, body))


@features.post("/search", response_model=FeatureSearchOut, openapi_extra={f"x-{QUERY_LIKE}": True})
def search_features(call: TheCall, id: Id, body: FeatureSearchIn) -> Response:
    """Who was here and looked like this (客户特征)? `possible`, and for readers of a reception who: CUS-10."""
    return call.write(lambda tx: search(tx, call.caller, id, body))


@posted.get("", response_model=PostedPage)
def list_unrecognised(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Returning visitors whom nobody recognised (待认领), masked: CUS-13."""
    return call.read(lambda tx: views.posted_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("", status_code=201, response_model=ReceptionOut)
def register_arrival(call: TheCall, body: ReceptionIn) -> Response:
    """Register an arrival (到访): to the owner, or to whoever has the turn: LEAD-08, LEAD-10."""
    return call.write(lambda tx: receptions.register(tx, call.caller, body, call.services.names))


@router.get("", response_model=ReceptionPage)
def list_receptions(
    call: TheCall,
    site: Id | None = None,
    state: ReceptionStateName | None = None,
    customer: Id | None = None,
    server: Id | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Receptions the caller reads, the latest arrival first."""
    filters = {"site": site, "state": state, "customer": customer, "server": server}
    return call.read(lambda tx: views.reception_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=ReceptionOut)
def read_reception(call: TheCall, id: Id) -> dict[str, Any]:
    """One reception."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.visible_reception(tx, call.caller, id)
        return views.reception_view(tx, call.caller, id)

    return call.read(work)


@router.get("/{id}/timeline", response_model=TimelinePage)
def read_reception_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The history of a reception, newest first (AUD-01)."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.visible_reception(tx, call.caller, id)
        return timeline_page(tx, id, limit=limit, cursor=cursor)

    return call.read(work)


@router.post("/{id}/next", response_model=ReceptionOut)
def call_next(call: TheCall, id: Id, body: Nothing) -> Response:
    """Who was called did not come, or the wait for the owner is over: the next one (过号): LEAD-09, LEAD-15."""
    return call.write(lambda tx: receptions.call_next(tx, call.caller, id))


@router.post("/{id}/assign", response_model=ReceptionOut)
def assign_reception(call: TheCall, id: Id, body: NamedIn) -> Response:
    """The duty manager names who serves now (指定接待): LEAD-08, LEAD-15."""
    return call.write(lambda tx: receptions.assign(tx, call.caller, id, body))


@router.post("/{id}/greet", response_model=ReceptionOut)
def greet_visitor(call: TheCall, id: Id, body: Nothing) -> Response:
    """The server meets the visitor: LEAD-10."""
    return call.write(lambda tx: receptions.greet(tx, call.caller, id))


@router.post("/{id}/record", response_model=ReceptionOut)
def record_visitor(call: TheCall, id: Id, body: RecordIn) -> Response:
    """Need and features of the visitor, who served them first: LEAD-10."""
    return call.write(lambda tx: receptions.record(tx, call.caller, id, body))


@router.post("/{id}/recognise", response_model=PostedOut)
def recognise_visitor(call: TheCall, id: Id, body: RecogniseIn) -> Response:
    """A rep names their customer whom nobody recognised (客户认领): CUS-13."""
    return call.write(lambda tx: receptions.recognise(tx, call.caller, id, body))


@router.post("/{id}/hand-over", response_model=ReceptionOut)
def hand_over_visitor(call: TheCall, id: Id, body: HandOverIn) -> Response:
    """Somebody else who is there serves on (交接): LEAD-10."""
    return call.write(lambda tx: receptions.hand_over(tx, call.caller, id, body))


@router.post("/{id}/complete", response_model=ReceptionOut)
async def complete_reception(call: TheCall, id: Id, body: Nothing) -> Response:
    """The procedure is done; a free customer becomes the server's (接待完成): LEAD-10, POOL-03."""
    return await call.command(lambda tx: receptions.complete(tx, call.caller, id))


@router.get("/{id}/visit", response_model=VisitOut)
def read_visit(call: TheCall, id: Id) -> dict[str, Any]:
    """A partner-led visit (带看确认单), for its broker too: LEAD-14."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.visible_visit(tx, call.caller, id)
        return views.visit_view(tx, call.caller, id)

    return call.read(work)


@router.post("/{id}/visit/confirm", response_model=VisitOut)
async def confirm_visit(call: TheCall, id: Id, body: Nothing) -> Response:
    """Broker, receiving rep or desk confirms a partner-led visit (带看确认): LEAD-14."""
    return await call.command(lambda tx: receptions.confirm_visit(tx, call.caller, id))


@router.post("/{id}/visit/object", status_code=201, response_model=DisputeOut)
async def object_to_visit(call: TheCall, id: Id, body: NeededReason) -> Response:
    """It is not so: a case in the channel track about how an arrival is recorded (来源异议): LEAD-14."""
    return await call.command(lambda tx: receptions.object_to_visit(tx, call.caller, id, body.reason))


@router.post("/{id}/close", response_model=ReceptionOut)
def close_reception(call: TheCall, id: Id, body: NeededReason) -> Response:
    """Not a buyer, or gone (非购房来访): LEAD-09."""
    return call.write(lambda tx: receptions.close(tx, call.caller, id, body.reason))
