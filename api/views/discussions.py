"""Team discussions as their readers see them (DSP-07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, scope_of
from domain.discussions.course import leader_of
from domain.discussions.model import Decision, Discussion
from domain.people.access import READING_CASES
from domain.refusals import Refusal
from storage import merges, texts
from storage import tables as t
from storage.codec import rfc3339, unpack
from storage.database import Transaction
from storage.discussions import discussion_of

Row = dict[str, Any]


def visible_discussion(tx: Transaction, caller: Caller, discussion: str) -> Row:
    """The row of a discussion that the caller reads; else ``not_found``, the same as for a missing one."""
    row = tx.row(_readable(caller).where(t.discussion.c.id == discussion))
    if row is None:
        raise Refusal("not_found")
    return row


def _readable(caller: Caller) -> sa.Select[Any]:
    """Of the members, of whoever has a party's claim now, of who leads it, and those about claims in scope."""
    d, m, scope, mine = t.discussion.c, t.discussion_member.c, scope_of(caller, READING_CASES), acting_for(caller)
    if scope.everything:
        return sa.select(t.discussion)
    task = t.task.c
    of_claims = sa.select(m.discussion).join(t.claim, t.claim.c.id == m.claim)
    ways = [
        d.opened_by.in_(mine),
        d.id.in_(sa.select(m.discussion).where(m.person == caller.person)),
        d.id.in_(of_claims.where(t.claim.c.owner == caller.person)),
        d.id.in_(sa.select(task.subject).where(task.person.in_(mine), task.subject_type == "discussion")),
    ]
    if scope.programs:
        ways.append(d.program.in_(sorted(scope.programs)))
    if scope.teams:
        ways.append(d.id.in_(of_claims.where(t.claim.c.team.in_(sorted(scope.teams)))))
    return sa.select(t.discussion).where(sa.or_(*ways))


def discussion_page(
    tx: Transaction, caller: Caller, filters: Mapping[str, str | None], *, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/discussions`, newest first."""
    statement = _readable(caller)
    for name, value in filters.items():
        if value is not None:
            column = t.discussion.c[name]
            here = merges.came_under(tx, column, value) if name == "customer" else column == value
            statement = statement.where(here)
    rows, following = page(
        tx,
        statement,
        time_column=t.discussion.c.opened_at,
        id_column=t.discussion.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "discussions", **filters},
    )
    return {"items": discussion_views(tx, caller, rows), "next": following}


def discussion_view(tx: Transaction, caller: Caller, discussion: str) -> Row:
    """One discussion by id, which the caller is known to read."""
    return discussion_views(tx, caller, tx.rows(sa.select(t.discussion).where(t.discussion.c.id == discussion)))[0]


def discussion_views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    """Discussions in the order of ``rows``, in a fixed number of queries."""
    found = [discussion_of(r) for r in rows]
    said = texts.read(tx, (text for d in found for text in _texts(d)))
    ids, c = [d.id for d in found], t.command.c
    waiting = tx.rows(
        sa.select(c.id, c.target).where(c.target.in_(ids), c.actor == caller.person, c.decided_at.is_(None))
    )
    pending = {r["target"]: {"command": r["id"]} for r in waiting}
    of = sa.select(t.claim.c.id, t.claim.c.owner, t.claim.c.reporter)
    claims = tx.rows(of.where(t.claim.c.id.in_(sorted({claim for d in found for claim in d.claims}))))
    whose = {r["id"]: r["owner"] or r["reporter"] for r in claims}
    return [_view(caller, d, r, said, whose) | {"pending": pending.get(d.id)} for d, r in zip(found, rows, strict=True)]


def undecided_discussion(tx: Transaction, command: Row) -> Row:
    """A discussion that was asked for and is not open yet (contract section 1, 202)."""
    data = unpack(command["data"])
    claim = tx.rows(sa.select(t.claim).where(t.claim.c.id == command["claim"]))[0]
    return {
        "id": data["discussion"],
        **{name: claim[name] for name in ("program", "track", "customer", "project", "policy_version")},
        "claim": claim["id"],
        "topic": texts.read(tx, [data["topic"]]).get(data["topic"]),
        "state": "open",
        "opened_by": command["actor"],
        "opened_at": rfc3339(command["received_at"]),
        "led_by": command["actor"],
        "members": [],
        "parties": [],
        "proposals": [],
        "close_by": None,
        "overdue": False,
        "decision": None,
        "result": None,
        "dispute": None,
        "ended_at": None,
        "version": 1,
    }


def _texts(found: Discussion) -> list[str | None]:
    decided = (found.decision.plan, found.decision.reason) if found.decision is not None else ()
    return [found.topic, *(p.plan for p in found.proposals), *decided]


def _view(caller: Caller, found: Discussion, row: Row, said: Mapping[str, str], whose: Mapping[str, str]) -> Row:
    return {
        "id": found.id,
        "program": found.program,
        "track": row["track"],
        "customer": row["customer"],
        "project": row["project"],
        "claim": found.claim,
        "topic": said.get(found.topic or ""),
        "state": found.state.value,
        "opened_by": found.opened_by,
        "opened_at": rfc3339(found.opened_at),
        "led_by": leader_of(found, setting=caller.setting, at=caller.at),
        "members": list(found.members),
        "parties": [{"person": whose[c], "claim": c, "agreed": c in found.agreed} for c in found.claims],
        "proposals": [
            {
                "n": p.n,
                "by": p.by,
                "at": rfc3339(p.at),
                "person": p.person,
                "plan": said.get(p.plan or ""),
                "votes": [person for person, n in found.votes if n == p.n],
            }
            for p in found.proposals
        ],
        "close_by": _text(found.close_by),
        "overdue": found.overdue,
        "decision": _decision(found.decision, said) if found.decision is not None else None,
        "result": found.result.value if found.result is not None else None,
        "dispute": found.dispute,
        "ended_at": _text(found.ended_at),
        "policy_version": found.terms.version,
        "version": found.version,
    }


def _decision(decision: Decision, said: Mapping[str, str]) -> Row:
    return {
        "by": decision.by,
        "at": rfc3339(decision.at),
        "person": decision.person,
        "plan": said.get(decision.plan or ""),
        "reason": said.get(decision.reason or ""),
        "past_share_bps": decision.past_share_bps,
        "takes_effect_at": _text(decision.takes_effect_at),
    }


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
