"""Duty statements published; acknowledged and commented on, as rules are (PPL-03). Nothing is ever blocked by it."""

from __future__ import annotations

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.commands.company import Change
from api.schemas.duties import AcknowledgeIn, DutyIn, RuleCommentIn
from api.views.duties import Subject, comment_views, duty_view, in_force, subject_of
from domain.matters.draft import Notice
from domain.people.duties import wears_since
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import history, texts
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction, mint
from storage.notices import queue_notices


def publish(change: Change, body: DutyIn) -> Done:
    """The role's next version; whoever wears the role is told."""
    change.require(Role.ADMIN)
    last = change.tx.execute(sa.select(sa.func.max(t.duty.c.version)).where(t.duty.c.role == body.role)).scalar()
    duty, version = mint(), (last or 0) + 1
    change.tx.insert(
        t.duty,
        {
            "id": duty,
            "role": body.role,
            "version": version,
            "text": body.text.model_dump(),
            "author": change.person,
            "published_at": change.now,
        },
    )
    reason = texts.keep(change.tx, body.reason, customer=None)
    change.record(duty, "duty", "published", role=body.role, version=version, text=reason)
    _tell(change, duty, Role(body.role))
    return Done(201, duty_view(change.tx, change.call.caller, duty))


def acknowledge(tx: Transaction, caller: Caller, body: AcknowledgeIn) -> Done:
    """Whoever it concerns has read what is in force now; once is enough while it reads the same."""
    subject = subject_of(tx, caller, body.about)
    if subject.since(caller.person, caller) is None:
        raise Refusal("not_allowed", rule="PPL-03")
    if not in_force(tx, subject, caller=caller):
        raise Refusal("illegal_transition", rule="PPL-03", facts={"trigger": "acknowledge", "version": subject.version})
    a, now = t.acknowledgement.c, tx.now()
    new = tx.insert_new(t.acknowledgement, [{"subject": subject.id, "person": caller.person, "at": now}])
    if not new:  # of rules that read otherwise by now, because the company's policy beneath them changed
        mine = sa.and_(a.subject == subject.id, a.person == caller.person, a.at < subject.begins)
        new = tx.execute(t.acknowledgement.update().where(mine).values(at=now)).rowcount
    row = tx.row(sa.select(a.at).where(a.subject == subject.id, a.person == caller.person))
    assert row is not None
    if new:
        _record(tx, caller, subject, "acknowledged")
    return Done(201 if new else 200, {"about": subject.id, "person": caller.person, "at": rfc3339(row["at"])})


def comment(tx: Transaction, caller: Caller, body: RuleCommentIn) -> Done:
    """What somebody whom it concerns thinks of it, kept for the next review."""
    subject = subject_of(tx, caller, body.about)
    if subject.role is None and subject.since(caller.person, caller) is None:
        raise Refusal("not_allowed", rule="PPL-03")
    said, text = mint(), texts.keep(tx, body.text, customer=None)
    row = {"id": said, "subject": subject.id, "person": caller.person, "text": text, "at": tx.now()}
    tx.insert(t.rule_comment, row)
    _record(tx, caller, subject, "commented", comment=said, text=text)
    return Done(201, comment_views(tx, [row])[0])


def _record(tx: Transaction, caller: Caller, subject: Subject, kind: str, **data: str | None) -> None:
    stream_kind = "duty" if subject.role is not None else "policy"
    entry = history.Entry(
        stream=subject.id, stream_kind=stream_kind, kind=kind, at=tx.now(), actor=caller.person, data=data
    )
    history.append(tx, [entry])


def _tell(change: Change, duty: str, role: Role) -> None:
    version = change.setting.company_policy_at(change.now).version
    notices = [
        Notice(
            person=person.id,
            kind="duty.published",
            urgency="normal",
            subject_type="duty",
            subject=duty,
            rule="PPL-03",
            policy_version=version,
            facts={"role": role.value},
        )
        for person in change.organisation.people.values()
        if person.active and wears_since(person.id, role, organisation=change.organisation, at=change.now) is not None
    ]
    queue_notices(change.tx, notices, at=change.now)
