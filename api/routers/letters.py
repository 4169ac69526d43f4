"""`/v1/letters` (contract section 20)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.call import TheCall
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.letters import LetterNumber, LetterOut, LetterPage
from api.views.letters import letter_page, one_letter

router = APIRouter(prefix="/v1/letters", tags=["letters"], route_class=StrictRoute)


@router.get("", response_model=LetterPage)
def list_letters(
    call: TheCall,
    program: Id | None = None,
    claim: Id | None = None,
    number: LetterNumber | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Authorisation letters (授权书) of projects whose claims the caller reads, newest first: CLM-33."""
    return call.read(
        lambda tx: letter_page(tx, call.caller, program=program, claim=claim, number=number, limit=limit, cursor=cursor)
    )


@router.get("/{id}", response_model=LetterOut)
def read_letter(call: TheCall, id: Id) -> dict[str, Any]:
    """One authorisation letter, and whether it still stands: CLM-33."""
    return call.read(lambda tx: one_letter(tx, call.caller, id))
