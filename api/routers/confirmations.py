"""`/v1/confirmations`: a customer answers by a link, without a token (contract additions, section 22: CNF-01)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.commands import confirmations
from api.routing import QUERY_LIKE, UnsignedRoute
from api.schemas.confirmations import AnsweredOut, AnswerIn, QuestionOut

router = APIRouter(prefix="/v1/confirmations", tags=["confirmations"], route_class=UnsignedRoute)

Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("/{code}", response_model=QuestionOut)
def read_question(request: Request, code: Code) -> dict[str, Any]:
    """What the link asks. Used or expired: `link_invalid`."""
    return confirmations.question(request.app.state.services, code, address=_address(request))


@router.post("/{code}", response_model=AnsweredOut, openapi_extra={f"x-{QUERY_LIKE}": True})
def answer_question(request: Request, code: Code, body: AnswerIn) -> dict[str, Any]:
    """Yes, or no and who it was. A link is good for one answer."""
    return confirmations.answer(request.app.state.services, code, body, address=_address(request))


def _address(request: Request) -> str:
    """Where a request comes from, as the server knows it."""
    return request.client.host if request.client is not None else ""
