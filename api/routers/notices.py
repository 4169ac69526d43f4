"""`/v1/me/notices`, `/v1/me/tasks` (contract section 8)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import Done, TheCall
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.notices import NoticeOut, NoticePage, TaskPage
from api.views.notices import notice_page, notice_views, own_notice, task_page
from storage import notices
from storage.database import Transaction

router = APIRouter(prefix="/v1/me", tags=["notices"], route_class=StrictRoute)


@router.get("/notices", response_model=NoticePage)
def list_notices(call: TheCall, unread: bool | None = None, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The caller's inbox (通知), newest first (NTF-01)."""
    return call.read(lambda tx: notice_page(tx, call.caller, unread=unread, limit=limit, cursor=cursor))


@router.post("/notices/{id}/read", response_model=NoticeOut)
def read_notice(call: TheCall, id: Id, body: Nothing) -> Response:
    """Mark a notice as read; the first time counts (NTF-01)."""

    def work(tx: Transaction) -> Done:
        own_notice(tx, call.caller, id)
        notices.mark_read(tx, id, at=tx.now())
        return Done(200, notice_views(tx, call.caller, [own_notice(tx, call.caller, id)])[0])

    return call.write(work)


@router.get("/tasks", response_model=TaskPage)
def list_tasks(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What waits for the caller: judgement list, requests, escalations (CLM-04, CLM-14, CLM-22)."""
    return call.read(lambda tx: task_page(tx, call.caller, limit=limit, cursor=cursor))
