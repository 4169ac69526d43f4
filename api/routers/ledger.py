"""`/v1/ledger`, statements, performance and `/v1/payouts` (contract section 7)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import payouts
from api.files_out import payout_sheet, performance_sheet, statement_sheet
from api.paging import Cursor, Limit
from api.reads import note_reads
from api.routing import StrictRoute
from api.schemas.base import Currency, Id, Instant, Nothing
from api.schemas.ledger import (
    AccountPage,
    EntryPage,
    Month,
    PayoutIn,
    PayoutOut,
    PayoutPage,
    PerformancePage,
    StatementOut,
)
from api.sheets import FILES, Format, as_file
from api.views import ledger as views
from api.views.payouts import payout_page, payout_row, payout_view
from api.views.performance import PerformanceFilters, performance_page

router = APIRouter(prefix="/v1", tags=["money"], route_class=StrictRoute)

From = Annotated[Instant | None, Query(alias="from")]
To = Annotated[Instant | None, Query(alias="to")]


def _filters(
    person: Id | None = None,
    deal: Id | None = None,
    currency: Currency | None = None,
    start: From = None,
    end: To = None,
) -> views.LedgerFilters:
    return views.LedgerFilters(person=person, deal=deal, currency=currency, start=start, end=end)


#: What accounts and entries are chosen by.
Filters = Annotated[views.LedgerFilters, Depends(_filters)]


@router.get("/ledger/accounts", response_model=AccountPage)
def list_accounts(call: TheCall, filters: Filters, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What accounts of people and partners come to, by currency (COM-06). Without a role in finance: one's own only."""
    return call.read(lambda tx: views.account_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/ledger/entries", response_model=EntryPage)
def list_entries(call: TheCall, filters: Filters, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Entries of the ledger (台账), newest first: COM-06. Without a role in finance: one's own postings only."""
    return call.read(lambda tx: views.entry_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/people/{id}/statement", response_model=StatementOut, responses=FILES)
def read_statement(
    call: TheCall,
    id: Id,
    start: From = None,
    end: To = None,
    format: Format = "json",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """Every line of somebody's commission with its reasons (业绩明细), as a page or as a file: COM-11, INT-04."""
    if format == "json":
        found = call.read(
            lambda tx: views.statement_page(tx, call.caller, id, start=start, end=end, limit=limit, cursor=cursor)
        )
        if id != call.person:
            note_reads(call, len(found["items"]))
        return found
    views.require_statement(call.caller, id)
    return as_file(call, statement_sheet(call, id, start=start, end=end), format)


def _performance_filters(
    month: Annotated[Month | None, Query()] = None,
    program: Id | None = None,
    team: Id | None = None,
    person: Id | None = None,
    deal: Id | None = None,
) -> PerformanceFilters:
    return PerformanceFilters(month=month, program=program, team=team, person=person, deal=deal)


@router.get("/performance", response_model=PerformancePage, responses=FILES)
def list_performance(
    call: TheCall,
    filters: Annotated[PerformanceFilters, Depends(_performance_filters)],
    format: Format = "json",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """What deals count for in a month, for whom and for which team (业绩归属期), as a page or as a file: COM-13."""
    if format != "json":
        return as_file(call, performance_sheet(call, filters), format)
    found = call.read(lambda tx: performance_page(tx, call.caller, filters, limit=limit, cursor=cursor))
    note_reads(call, sum(item["person"] != call.person for item in found["items"]))
    return found


@router.post("/payouts", status_code=201, response_model=PayoutOut)
def prepare_payout(call: TheCall, body: PayoutIn) -> Response:
    """Collect what is payable by the end of a month (结算批次): COM-12."""
    return call.write(lambda tx: payouts.prepare(tx, call.caller, body))


@router.get("/payouts", response_model=PayoutPage)
def list_payouts(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Payout runs, newest first."""
    return call.read(lambda tx: payout_page(tx, call.caller, limit=limit, cursor=cursor))


@router.get("/payouts/{id}", response_model=PayoutOut, responses=FILES)
def read_payout(call: TheCall, id: Id, format: Format = "json") -> Any:
    """One payout run; once it is locked also as a file for whoever pays it out (COM-12)."""
    if format == "json":
        return call.read(lambda tx: payout_view(tx, call.caller, payout_row(tx, call.caller, id)))
    run = call.read(lambda tx: payout_row(tx, call.caller, id))
    return as_file(call, payout_sheet(call, run), format)


@router.post("/payouts/{id}/approve", response_model=PayoutOut)
def approve_payout(call: TheCall, id: Id, body: Nothing) -> Response:
    """A second person approves; what is disputed or not payable any more is dropped (COM-12, COM-08)."""
    return call.write(lambda tx: payouts.approve(tx, call.caller, id))


@router.post("/payouts/{id}/pay", response_model=PayoutOut)
async def pay_payout(call: TheCall, id: Id, body: Nothing) -> Response:
    """The run was paid: every line is posted (COM-12)."""
    return await payouts.pay(call, id)
