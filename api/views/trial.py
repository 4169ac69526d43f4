"""What a trial shows (contract section 17, POL-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.auth import Caller
from api.paging import page
from api.views.claims import scope_of
from api.views.programs import program_row
from domain.matters.setting import Setting
from domain.people.access import READING_CASES, ReadScope
from domain.refusals import Refusal
from storage import tables as t
from storage import trial
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def trial_view(tx: Transaction, caller: Caller, program: str) -> Row:
    """`GET /v1/programs/{id}/trial`: how the trial stands, with counts of what the reader is in charge of."""
    return trial_of(tx, caller.setting, program, scope=_scope(tx, caller, program), at=caller.at)


def trial_of(tx: Transaction, setting: Setting, program: str, *, scope: ReadScope, at: datetime) -> Row:
    """The trial of ``program`` as ``setting`` has it at ``at``."""
    began, over = trial.span(setting, program, at=at)
    live_at = next((m.at for m in setting.programs[program].migrations if m.goes_live), None)
    counts, otherwise = trial.counts(tx, program, scope=scope)
    return {
        "program": program,
        "mode": "trial" if setting.in_trial(program, at=at) else "live",
        "began_at": _text(began),
        "ends_at": _text(over),
        "live_at": _text(live_at),
        "counts": counts,
        "otherwise": otherwise,
    }


def result_page(
    tx: Transaction,
    caller: Caller,
    program: str,
    *,
    kind: str | None,
    person: str | None,
    otherwise: bool | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """`GET /v1/programs/{id}/trial/results`."""
    scope = _scope(tx, caller, program)
    return results_of(
        tx, program, scope=scope, kind=kind, person=person, otherwise=otherwise, limit=limit, cursor=cursor
    )


def results_of(
    tx: Transaction,
    program: str,
    *,
    scope: ReadScope,
    kind: str | None = None,
    person: str | None = None,
    otherwise: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> Row:
    """The entries that the filters leave, the latest first."""
    c = t.would_have.c
    statement = trial.results(program, scope=scope)
    if kind is not None:
        statement = statement.where(c.kind == kind)
    if person is not None:
        statement = statement.where(c.person == person)
    if otherwise is not None:
        statement = statement.where(trial.OTHERWISE if otherwise else ~trial.OTHERWISE)
    rows, following = page(
        tx,
        statement,
        time_column=c.at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "trial", "program": program, "kind": kind, "person": person, "otherwise": otherwise},
    )
    return {"items": [_result(row) for row in rows], "next": following}


def _scope(tx: Transaction, caller: Caller, program: str) -> ReadScope:
    """Leaders and managers read of their teams, whoever reads cases of the program of all of it; else 403."""
    program_row(tx, program)
    scope = scope_of(caller, READING_CASES)
    if not (scope.everything or program in scope.programs or scope.teams):
        raise Refusal("not_allowed", rule="PPL-02")
    return scope


def _result(row: Row) -> Row:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "at": rfc3339(row["at"]),
        "claim": row["claim"],
        "person": row["person"],
        "code": row["code"],
        "rule": row["rule"],
        "policy_version": row["policy_version"],
        "facts": row["facts"],
        "otherwise": bool(row["differs"]),
    }


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
