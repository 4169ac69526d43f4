"""Health, the caller, commands (contract section 2)."""

from __future__ import annotations

from typing import Literal

from api.schemas.base import Output, Problem


class Health(Output):
    status: Literal["ok"]


class Checks(Output):
    database: Literal["ok", "down"]
    engine: Literal["ok", "down"]
    worker: Literal["ok", "down"]


class Readiness(Output):
    status: Literal["ok", "down"]
    checks: Checks


class Target(Output):
    type: str
    id: str


class CommandOut(Output):
    id: str
    kind: str
    target: Target
    state: Literal["pending", "applied", "refused"]
    received_at: str
    decided_at: str | None
    problem: Problem | None
