"""What the rules would have done in a trial, in the database (POL-08)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from domain.matters.draft import Notice
from domain.matters.setting import Setting
from domain.people.access import ReadScope
from domain.trial.model import ResultKind, WouldHave
from storage import tables as t
from storage.codec import plain
from storage.database import Transaction, mint
from storage.notices import queue_notices

_W, _C = t.would_have.c, t.claim.c

#: What came otherwise than the rules would have had it: the report stands, the claim is kept, or whom tier 0 names does
#: not hold the customer. What was accepted or would have been posted is as the rules have it.
_DIFFERS = sa.or_(
    sa.and_(_W.kind.in_((ResultKind.REFUSE.value, ResultKind.LAPSE.value)), _C.ended_at.is_(None)),
    sa.and_(_W.kind == ResultKind.TIER_0.value, ~_C.holds),
)
#: As it stood at go-live, and as it stands before that.
OTHERWISE = sa.func.coalesce(_W.otherwise, sa.case((_DIFFERS, sa.true()), else_=sa.false())).label("differs")


def keep(tx: Transaction, program: str, results: Sequence[WouldHave]) -> None:
    """Append what one decision noted."""
    if not results:
        return
    tx.insert(
        t.would_have,
        [
            {
                "id": mint(),
                "program": program,
                "kind": one.kind.value,
                "at": one.at,
                "claim": one.claim,
                "team": one.team,
                "person": one.person,
                "code": one.code,
                "rule": one.rule,
                "policy_version": one.policy_version,
                "facts": plain(one.facts),
            }
            for one in results
        ],
    )


def results(program: str, *, scope: ReadScope) -> sa.Select[tuple[object, ...]]:
    """The entries of ``program`` that the reader of ``scope`` is in charge of, with ``differs``."""
    statement = sa.select(t.would_have, OTHERWISE).join(t.claim, _C.id == _W.claim).where(_W.program == program)
    if scope.everything or program in scope.programs:
        return statement
    return statement.where(_W.team.in_(sorted(scope.teams)))


def counts(tx: Transaction, program: str, *, scope: ReadScope) -> tuple[dict[str, int], int]:
    """How many there are of each kind, and how many came otherwise."""
    found = results(program, scope=scope).subquery()
    differing = sa.func.sum(sa.case((found.c.differs, 1), else_=0))
    rows = tx.execute(sa.select(found.c.kind, sa.func.count().label("n"), differing.label("d")).group_by(found.c.kind))
    numbers = {row.kind: (int(row.n), int(row.d)) for row in rows}
    by_kind = {kind.value: numbers.get(kind.value, (0, 0))[0] for kind in ResultKind}
    return by_kind, sum(differing for _, differing in numbers.values())


def fix(tx: Transaction, program: str) -> None:
    """What came otherwise is recorded as it stands now: the program goes live."""
    differs = sa.select(sa.case((_DIFFERS, sa.true()), else_=sa.false())).where(_C.id == _W.claim).scalar_subquery()
    tx.execute(t.would_have.update().where(_W.program == program, _W.otherwise.is_(None)).values(otherwise=differs))


def span(setting: Setting, program: str, *, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When the trial of ``program`` began and when `program.trial_days`, as it holds at ``at``, are over; else None.

    A program begins in trial or never is in one.
    """
    began = setting.programs[program].policies[0].effective_at
    if not setting.in_trial(program, at=began):
        return None, None
    length = setting.policy_at(program, at=at).duration("program.trial_days")
    return began, setting.calendar(program).add(began, length).at if length is not None else None


def remind(tx: Transaction, setting: Setting) -> None:
    """Admins are reminded, once, of a trial whose time is over without a decision; it goes on."""
    now = tx.now()
    for program in setting.programs:
        _, over = span(setting, program, at=now)
        if over is None or now <= over or not setting.in_trial(program, at=now) or _is_reminded(tx, program):
            continue
        notices = [
            Notice(
                person=admin,
                kind=_OVER,
                urgency="urgent",
                subject_type="program",
                subject=program,
                rule="POL-08",
                policy_version=setting.terms_at(program, at=now).version,
                facts={"until": over},
            )
            for admin in setting.organisation.admins(at=now)
        ]
        queue_notices(tx, notices, at=now)


_OVER = "policy.trial_over"


def _is_reminded(tx: Transaction, program: str) -> bool:
    told = sa.select(t.notice.c.id).where(t.notice.c.kind == _OVER, t.notice.c.subject == program).limit(1)
    return tx.execute(told).first() is not None
