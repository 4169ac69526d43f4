"""`/v1/pools` (contract section 11): POOL-01 to POOL-11."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import pools
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.claims import ClaimOut, Level
from api.schemas.pools import (
    AddIn,
    AssignedOut,
    AssignIn,
    AssignManyIn,
    BatchIn,
    EntryDetailsOut,
    EntryPage,
    LoadOut,
    MoveIn,
    PoolIn,
    PoolOut,
    PoolPage,
    PoolPatch,
    RestrictIn,
    RowsOut,
)
from api.views.pools import entry_details, entry_page, load_view, pool_page, pool_view, standing
from storage.database import Transaction

router = APIRouter(prefix="/v1/pools", tags=["pools"], route_class=StrictRoute)
of_people = APIRouter(prefix="/v1/people", tags=["pools"], route_class=StrictRoute)
_ASYNC: dict[int | str, dict[str, Any]] = {202: {"model": ClaimOut}}


@router.get("", response_model=PoolPage)
def list_pools(call: TheCall, program: Id | None = None, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Pools (公海) of programs the caller belongs to or reads (POOL-01)."""
    return call.read(lambda tx: pool_page(tx, call.caller, program=program, limit=limit, cursor=cursor))


@router.post("", status_code=201, response_model=PoolOut)
def make_pool(call: TheCall, body: PoolIn) -> Response:
    """Make a pool: who belongs to it, when it is open, who comes to it (POOL-01, POOL-02, POOL-04, POOL-05)."""
    return change(call, lambda made: pools.make_pool(made, body))


@router.get("/{id}", response_model=PoolOut)
def read_pool(call: TheCall, id: Id) -> dict[str, Any]:
    """One pool, and whether it is open now (POOL-04)."""

    def work(tx: Transaction) -> dict[str, Any]:
        standing(call.caller, id)
        return pool_view(tx, call.caller, id)

    return call.read(work)


@router.patch("/{id}", response_model=PoolOut)
def edit_pool(call: TheCall, id: Id, body: PoolPatch) -> Response:
    """Change a pool (POOL-01)."""
    return change(call, lambda made: pools.edit_pool(made, id, body))


@router.get("/{id}/customers", response_model=EntryPage)
def list_pooled(
    call: TheCall, id: Id, level: Level | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Customers in the pool, contacts hidden and names shortened (POOL-10)."""

    def work(tx: Transaction) -> dict[str, Any]:
        stands = pools.looked_into(call.caller, id)
        return entry_page(tx, call.caller, stands, level=level, limit=limit, cursor=cursor)

    return call.read(work)


@router.get("/{id}/customers/{entry}", response_model=EntryDetailsOut)
def open_pooled(call: TheCall, id: Id, entry: Id) -> dict[str, Any]:
    """Who held the customer before and how much was done; counted per person and day (POOL-02, POOL-10)."""

    def work(tx: Transaction) -> dict[str, Any]:
        row = pools.open_details(tx, call.caller, id, entry)
        return entry_details(tx, call.caller, standing(call.caller, id), row)

    return call.services.database.transact(work)


@router.post("/{id}/customers/{entry}/take", status_code=201, response_model=ClaimOut, responses=_ASYNC)
async def take_customer(call: TheCall, id: Id, entry: Id, body: Nothing) -> Response:
    """Take a customer (抢单/领取): exactly one of all who try (POOL-03)."""
    return await call.command(lambda tx: pools.take(tx, call.caller, id, entry))


@router.post("/{id}/customers/{entry}/assign", status_code=201, response_model=ClaimOut, responses=_ASYNC)
async def assign_customer(call: TheCall, id: Id, entry: Id, body: AssignIn) -> Response:
    """Give a customer to somebody, with a reason (POOL-01, POOL-09)."""
    return await call.command(lambda tx: pools.assign(tx, call.caller, id, entry, body))


@router.post("/{id}/assign", response_model=AssignedOut)
def assign_customers(call: TheCall, id: Id, body: AssignManyIn) -> Response:
    """Give several customers to somebody; each row is answered as a command (POOL-01)."""
    return call.write(lambda tx: pools.assign_many(tx, call.caller, id, body))


@router.post("/{id}/move", response_model=RowsOut)
def move_customers(call: TheCall, id: Id, body: MoveIn) -> Response:
    """Move customers to another pool of the program (POOL-01)."""
    return call.write(lambda tx: pools.move(tx, call.caller, id, body))


@router.post("/{id}/lock", response_model=RowsOut)
def lock_customers(call: TheCall, id: Id, body: BatchIn) -> Response:
    """Keep everybody from taking customers (POOL-01)."""
    return call.write(lambda tx: pools.set_locked(tx, call.caller, id, body, locked=True))


@router.post("/{id}/unlock", response_model=RowsOut)
def unlock_customers(call: TheCall, id: Id, body: BatchIn) -> Response:
    """Let customers be taken again (POOL-01)."""
    return call.write(lambda tx: pools.set_locked(tx, call.caller, id, body, locked=False))


@router.post("/{id}/restrict", response_model=RowsOut)
def restrict_customers(call: TheCall, id: Id, body: RestrictIn) -> Response:
    """Leave customers to certain people (指定人员), or to everybody again (POOL-08)."""
    return call.write(lambda tx: pools.restrict(tx, call.caller, id, body))


@router.post("/{id}/add", response_model=RowsOut)
def add_customers(call: TheCall, id: Id, body: AddIn) -> Response:
    """Put customers into the pool whom nobody holds (POOL-01)."""
    return call.write(lambda tx: pools.add(tx, call.caller, id, body))


@of_people.get("/{id}/load", response_model=LoadOut)
def read_load(call: TheCall, id: Id) -> dict[str, Any]:
    """What somebody has on hand (工作负载) and may still take: POOL-06, POOL-07, POOL-11."""
    return call.read(lambda tx: load_view(tx, call.caller, id))
