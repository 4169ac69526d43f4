"""Notices and tasks (contract section 8)."""

from __future__ import annotations

from typing import Literal

from api.schemas.base import Messages, Output


class SubjectOut(Output):
    type: str
    id: str


class NoticeOut(Output):
    """A notice in both languages; names are masked (NTF-01)."""

    id: str
    kind: str
    urgency: Literal["urgent", "normal", "digest"]
    at: str
    subject: SubjectOut
    title: Messages
    text: Messages
    rule: str | None
    policy_version: int | None
    read_at: str | None


class NoticePage(Output):
    items: list[NoticeOut]
    next: str | None


class TaskOut(Output):
    id: str
    kind: str
    subject: SubjectOut
    due: str | None
    missing: list[str]
    state: Literal["open", "done"]


class TaskPage(Output):
    items: list[TaskOut]
    next: str | None
