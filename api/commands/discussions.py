"""Commands in a team discussion (DSP-07). Decided by the drain of the matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.commands.received import receive
from api.schemas.discussions import (
    DiscussionAnswerIn,
    DiscussionDecisionIn,
    DiscussionIn,
    DiscussionProposalIn,
    DiscussionVoteIn,
)
from api.views.claims import readable
from api.views.discussions import visible_discussion
from domain.leads.candidates import may_receive
from domain.matters.matter import CommandKind
from domain.refusals import FieldError, Refusal
from storage import conflicts, matters, texts
from storage import tables as t
from storage.database import Transaction, mint


def open_discussion(tx: Transaction, caller: Caller, body: DiscussionIn) -> Waiting:
    """Call together whoever stands on the customer of a claim."""
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == body.claim))
    if row is None or not readable(tx, caller, row):
        raise _invalid("claim")
    topic, discussion = texts.keep(tx, body.topic, customer=row["customer"]), mint()

    def data(locked: matters.Locked) -> Mapping[str, Any]:
        policy = caller.setting.policy_at(row["program"], at=locked.now)
        window = policy.duration("conflict.window_days")
        since = caller.setting.calendar(row["program"]).subtract(locked.now, window) if window else locked.now
        met = conflicts.people(tx, row["matter"], since=since)
        return {"discussion": discussion, "topic": topic, "met": met}

    kind = CommandKind.DISCUSSION_OPEN
    return receive(tx, caller, row, kind, data, target_type="discussion", target=discussion)


def propose(tx: Transaction, caller: Caller, discussion: str, body: DiscussionProposalIn) -> Waiting:
    """Who should be responsible, and how."""
    row = visible_discussion(tx, caller, discussion)
    _may_own(caller, row, body.person)
    data = {"person": body.person, "plan": texts.keep(tx, body.plan, customer=row["customer"])}
    return _on(tx, caller, row, CommandKind.DISCUSSION_PROPOSE, data)


def vote(tx: Transaction, caller: Caller, discussion: str, body: DiscussionVoteIn) -> Waiting:
    """For a proposal."""
    row = visible_discussion(tx, caller, discussion)
    return _on(tx, caller, row, CommandKind.DISCUSSION_VOTE, {"proposal": body.proposal})


def decide(tx: Transaction, caller: Caller, discussion: str, body: DiscussionDecisionIn) -> Waiting:
    """The responsible person, the plan, and why."""
    row = visible_discussion(tx, caller, discussion)
    _may_own(caller, row, body.person)
    data = {
        "person": body.person,
        "plan": texts.keep(tx, body.plan, customer=row["customer"]),
        "said": tx.keys.digest(body.plan),
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
        "reasoned": bool(body.reason.strip()),
        "past_share_bps": body.past_share_bps,
    }
    return _on(tx, caller, row, CommandKind.DISCUSSION_DECIDE, data)


def answer(tx: Transaction, caller: Caller, discussion: str, body: DiscussionAnswerIn) -> Waiting:
    """A party's yes or no."""
    row = visible_discussion(tx, caller, discussion)
    data = {"answer": body.answer, "text": texts.keep(tx, body.text, customer=row["customer"])}
    return _on(tx, caller, row, CommandKind.DISCUSSION_ANSWER, data)


def _on(tx: Transaction, caller: Caller, row: Mapping[str, Any], kind: CommandKind, data: Mapping[str, Any]) -> Waiting:
    """Given in the stream of the claim that the discussion was opened on."""
    claim = {"id": row["claim"], "matter": row["matter"]}
    said = {"discussion": row["id"], **data}
    return receive(tx, caller, claim, kind, lambda _: said, target_type="discussion", target=row["id"])


def _may_own(caller: Caller, row: Mapping[str, Any], person: str) -> None:
    """The responsible person is a present member of the program who may own customers."""
    if not may_receive(person, row["program"], setting=caller.setting, at=caller.at):
        raise _invalid("person")


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", rule="DSP-07", errors=(FieldError(field, "field_invalid"),))
