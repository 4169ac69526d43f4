"""`/v1/customers`, `/v1/ownership/lookup` (contract section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import Done, TheCall
from api.commands import customers, links, merges
from api.commands.lookup import look_up
from api.paging import Cursor, Limit
from api.reads import note_reads
from api.routing import QUERY_LIKE, StrictRoute
from api.schemas.base import Id, Str
from api.schemas.claims import Level
from api.schemas.customers import (
    CheckPage,
    CustomerIn,
    CustomerKindName,
    CustomerOut,
    CustomerPage,
    EraseIn,
    LinkIn,
    LinkOut,
    LinkPage,
    LookupIn,
    LookupOut,
    MergeIn,
    RecordPatch,
    RevealIn,
    RevealOut,
    UnmergeIn,
)
from api.views.checks import check_page
from api.views.customers import customer_page, customer_view, others, visible_customer
from api.views.links import link_list
from storage import files
from storage.database import Transaction

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.post("/customers", status_code=201, response_model=CustomerOut, responses={200: {"model": CustomerOut}})
def enter_customer(call: TheCall, body: CustomerIn) -> Response:
    """Enter a customer (客户库); one with the same keys is given back: CUS-01, CUS-02."""
    return call.write(lambda tx: customers.enter(tx, call.caller, body, call.services.names), may_rehearse=True)


@router.get("/customers", response_model=CustomerPage)
def list_customers(
    call: TheCall,
    kind: CustomerKindName | None = None,
    level: Level | None = None,
    external_id: Annotated[Str | None, Query(min_length=1)] = None,
    q: Annotated[Str | None, Query(min_length=1)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Customers the caller reads, newest first; persons and numbers are found by whole value (CUS-01, AUD-04)."""

    def work(tx: Transaction) -> tuple[dict[str, Any], int]:
        found = customer_page(
            tx, call.caller, kind=kind, level=level, external_id=external_id, q=q, limit=limit, cursor=cursor
        )
        return found, others(tx, call.caller, [item["id"] for item in found["items"]])

    found, read = call.read(work)
    note_reads(call, read)
    return found


@router.get("/customers/{id}", response_model=CustomerOut)
def read_customer(call: TheCall, id: Id) -> dict[str, Any]:
    """One customer, contacts masked (CUS-01, AUD-03)."""

    def work(tx: Transaction) -> tuple[dict[str, Any], int]:
        row = visible_customer(tx, call.caller, id)
        return customer_view(tx, call.caller, row), others(tx, call.caller, [id])

    found, read = call.read(work)
    note_reads(call, read)
    return found


@router.patch("/customers/{id}", response_model=CustomerOut)
def edit_customer(call: TheCall, id: Id, body: RecordPatch) -> Response:
    """Change a customer's record (CUS-01, CUS-02)."""
    return call.write(lambda tx: customers.edit(tx, call.caller, id, body, call.services.names))


@router.post("/customers/{id}/reveal", response_model=RevealOut)
def reveal(call: TheCall, id: Id, body: RevealIn) -> Response:
    """Show contacts in clear (查看明文) for a purpose, recorded first: AUD-03."""
    return call.write(lambda tx: customers.reveal(tx, call.caller, id, body))


@router.post("/customers/{id}/erase", response_model=CustomerOut)
def erase(call: TheCall, id: Id, body: EraseIn) -> Response:
    """Make a customer's personal data unrecoverable (删除权): AUD-05."""
    gone: list[Sequence[dict[str, Any]]] = []

    def work(tx: Transaction) -> Done:
        done, taken = customers.erase(tx, call.caller, id, body)
        gone.append(taken)
        return done

    answer = call.write(work)
    for taken in gone[-1:]:
        files.remove(call.services.settings.file_folder, taken)
    call.services.database.scrub()
    return answer


@router.post("/customers/{id}/merge", response_model=CustomerOut)
def merge_customer(call: TheCall, id: Id, body: MergeIn) -> Response:
    """Join a record to the one that is the same customer (合并); two owners are asked in a case: CUS-13."""
    return call.write(lambda tx: merges.merge(tx, call.caller, id, body))


@router.post("/customers/{id}/unmerge", response_model=CustomerOut)
def unmerge_customer(call: TheCall, id: Id, body: UnmergeIn) -> Response:
    """Give a record back what it brought into a merge (撤销合并): CUS-13."""
    return call.write(lambda tx: merges.unmerge(tx, call.caller, id, body))


@router.post("/customers/{id}/links", status_code=201, response_model=LinkOut, responses={200: {"model": LinkOut}})
def link_customer(call: TheCall, id: Id, body: LinkIn) -> Response:
    """Ask that two customers be linked (关联客户); at once where it shows by itself: CUS-14."""
    return call.write(lambda tx: links.ask(tx, call.caller, id, body))


@router.get("/customers/{id}/links", response_model=LinkPage)
def list_links(call: TheCall, id: Id) -> dict[str, Any]:
    """A customer's links with others whom the caller reads too, the oldest first: CUS-14."""

    def work(tx: Transaction) -> tuple[dict[str, Any], int]:
        return link_list(tx, call.caller, id), others(tx, call.caller, [id])

    found, read = call.read(work)
    note_reads(call, read)
    return found


@router.post("/ownership/lookup", response_model=LookupOut, openapi_extra={f"x-{QUERY_LIKE}": True})
def look_up_ownership(call: TheCall, body: LookupIn) -> Response:
    """Whose customer is this (盲查、归属查询)? One word; the claim for readers only: CUS-08, CUS-09."""
    return call.write(lambda tx: look_up(tx, call.caller, body, call.services.names))


@router.get("/ownership/checks", response_model=CheckPage)
def list_checks(
    call: TheCall, program: Id | None = None, person: Id | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Who checked when and heard what (盲查记录); not about whom: CUS-08."""
    return call.read(lambda tx: check_page(tx, call.caller, program=program, person=person, limit=limit, cursor=cursor))
