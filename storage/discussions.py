"""Team discussions in the database: loaded with their matter, saved with what a decision made of them (DSP-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from domain.claims.model import TermsRef
from domain.discussions.model import Decision, Discussion, DiscussionState, Proposal, Result
from domain.matters.matter import Command, CommandKind, Matter
from storage import tables as t
from storage.codec import pack, unpack
from storage.database import Transaction

#: Columns that carry the domain's field of the same name.
_SAME = ("id", "matter", "program", "claim", "opened_by", "opened_at", "ended_at", "version")
#: Fields that are kept in the detail as they are.
_PLAIN = ("topic", "close_by", "overdue", "dispute")


def load(tx: Transaction, matter: Mapping[str, Any], commands: Iterable[Command]) -> dict[str, Discussion]:
    """The open discussion of a matter, and those that ``commands`` name; no query where nothing tells of one."""
    wanted = {c.data["discussion"] for c in commands if c.kind in _NAMING}
    ways = []
    if matter.get("discussed"):
        is_open = t.discussion.c.state.in_([DiscussionState.OPEN.value, DiscussionState.DECIDED.value])
        ways.append(sa.and_(t.discussion.c.matter == matter["id"], is_open))
    if wanted:
        ways.append(t.discussion.c.id.in_(sorted(wanted)))
    if not ways:
        return {}
    return {r["id"]: discussion_of(r) for r in tx.rows(sa.select(t.discussion).where(sa.or_(*ways)))}


_NAMING = frozenset(
    {
        CommandKind.DISCUSSION_PROPOSE,
        CommandKind.DISCUSSION_VOTE,
        CommandKind.DISCUSSION_DECIDE,
        CommandKind.DISCUSSION_ANSWER,
    }
)


def named(found: Mapping[str, Discussion], commands: Iterable[Command]) -> set[str]:
    """Whoever may get the customer by a decision that is taken, or carried out, now."""
    people = {c.data["person"] for c in commands if c.kind is CommandKind.DISCUSSION_DECIDE}
    return people | {d.decision.person for d in found.values() if d.is_open and d.decision is not None}


def save(tx: Transaction, before: Matter, after: Matter) -> None:
    """Write new and changed discussions, and who reads a new one."""
    for found in after.discussions.values():
        was = before.discussions.get(found.id)
        if was == found:
            continue
        if was is not None:
            tx.update(t.discussion, {"id": found.id}, _row(found) | {"version": found.version + 1})
            continue
        # The record that the claim came under, which may be merged into the matter's: with the claim it goes back.
        record = tx.execute(sa.select(t.claim.c.customer).where(t.claim.c.id == found.claim)).scalar_one()
        more = {"customer": record, "project": after.project, "track": after.track}
        tx.insert(t.discussion, _row(found) | more)
        people = {claim.owner or claim.reporter: claim.id for claim in (after.claims[c] for c in found.claims)}
        everybody = dict.fromkeys((*found.members, *people))
        tx.insert(
            t.discussion_member,
            [{"discussion": found.id, "person": person, "claim": people.get(person)} for person in everybody],
        )


def discussion_of(row: Mapping[str, Any]) -> Discussion:
    """The domain's discussion of a row."""
    detail = unpack(row["detail"])
    decision = detail["decision"]
    return Discussion(
        **{name: row[name] for name in _SAME},
        **{name: detail[name] for name in _PLAIN},
        state=DiscussionState(row["state"]),
        terms=TermsRef(
            policy=row["policy"],
            company_policy=row["company_policy"],
            version=row["policy_version"],
            calendar_version=row["calendar_version"],
        ),
        claims=tuple(detail["claims"]),
        members=tuple(detail["members"]),
        proposals=tuple(Proposal(**p) for p in detail["proposals"]),
        votes=tuple((person, n) for person, n in detail["votes"]),
        decision=Decision(**decision) if decision is not None else None,
        agreed=tuple(detail["agreed"]),
        result=Result(detail["result"]) if detail["result"] is not None else None,
    )


def _row(found: Discussion) -> dict[str, Any]:
    detail = {
        **{name: getattr(found, name) for name in _PLAIN},
        "claims": list(found.claims),
        "members": list(found.members),
        "proposals": [asdict(p) for p in found.proposals],
        "votes": [list(v) for v in found.votes],
        "decision": asdict(found.decision) if found.decision is not None else None,
        "agreed": list(found.agreed),
        "result": found.result.value if found.result is not None else None,
    }
    return {
        **{name: getattr(found, name) for name in _SAME},
        "state": found.state.value,
        "policy": found.terms.policy,
        "company_policy": found.terms.company_policy,
        "policy_version": found.terms.version,
        "calendar_version": found.terms.calendar_version,
        "detail": pack(detail),
    }
