"""Dividing a program's customers among its people: territory plans drafted, activated, ended (TER-02, TER-03)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.call import Done
from api.commands.company import Change, invalid
from api.schemas.territories import ActivatePlanIn, ReviewIn, TerritoryIn, TerritoryPlanIn, WaiverIn
from api.views.programs import program_row
from api.views.territories import overlap_view, plan_row, plan_view, state_of
from domain.matters.draft import Notice, Task
from domain.people.access import Place
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from domain.territories.division import Overlap, Territory, overlaps
from domain.territories.lifecycle import PlanState, PlanTrigger, fire
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import mint
from storage.matters import save_tasks
from storage.notices import queue_notices
from storage.territories import territories_of
from storage.territory_reviews import key as review_key

#: Of one plan: each report reads through its rules, and activating compares every two of them.
_RULES_MAX, _ACCOUNTS_MAX = 500, 2_000
#: So many overlaps a refusal names; a preview lists them all.
_NAMED = 20


def draft(change: Change, body: TerritoryPlanIn) -> Done:
    """The program's next version, which divides nothing yet (TER-03)."""
    program_row(change.tx, body.program)
    change.require(Role.ADMIN, place=Place(program=body.program))
    _check(change, body.territories)
    last = change.tx.execute(
        sa.select(sa.func.max(t.territory_plan.c.version)).where(t.territory_plan.c.program == body.program)
    ).scalar()
    plan = mint()
    change.tx.insert(
        t.territory_plan,
        {
            "id": plan,
            "program": body.program,
            "version": (last or 0) + 1,
            "territories": [one.model_dump(exclude_none=True) for one in body.territories],
            "waived": [],
            "author": change.person,
            "reason": change.tx.keys.seal(body.reason),
            "created_at": change.now,
            "rev": change.rev,
        },
    )
    names = [one.name for one in body.territories]
    change.record(plan, "territory", "drafted", program=body.program, version=(last or 0) + 1, territories=names)
    return Done(201, _view(change, plan))


def activate(change: Change, plan: str, body: ActivatePlanIn) -> Done:
    """draft → active at ``at`` (now); overlaps are waived with a reason each, gaps and open claims stay (TER-03)."""
    row = _own_row(change, plan)
    fire(state=state_of(change.tx, row, at=change.now), trigger=PlanTrigger.ACTIVATE)
    at = body.at or change.now
    if at < change.now:
        raise Refusal("date_invalid", rule="TER-03", errors=(FieldError("at", "date_invalid"),))
    divided = territories_of(row["territories"])
    for place, territory in enumerate(divided):
        if territory.person is not None:
            change.active_person(territory.person, field=f"territories.{place}.to.person")
    waived = _waived(change, overlaps(divided), body.waived)
    change.tx.update(
        t.territory_plan,
        {"id": plan},
        {"effective_at": at, "activated_by": change.person, "waived": waived, "rev": change.rev},
    )
    _plan_review(change, row, after=at)
    change.record(
        plan, "territory", "activated", program=row["program"], version=row["version"], effective_at=at, waived=waived
    )
    _tell(change, row, divided, at=rfc3339(at))
    return Done(200, _view(change, plan))


def archive(change: Change, plan: str) -> Done:
    """Called off before its time, or ended now: then no plan is in force, and all is as if there never was one."""
    row = _own_row(change, plan)
    fire(state=state_of(change.tx, row, at=change.now), trigger=PlanTrigger.ARCHIVE)
    change.tx.update(t.territory_plan, {"id": plan}, {"ended_at": change.now, "review_by": None, "rev": change.rev})
    save_tasks(change.tx, (), [review_key(plan)], at=change.now)
    change.record(plan, "territory", "archived", program=row["program"], version=row["version"])
    return Done(200, _view(change, plan))


def review(change: Change, plan: str, body: ReviewIn) -> Done:
    """The division in force is kept, or a draft is to replace it; the next review is due as long from now (TER-04)."""
    row = _own_row(change, plan)
    state = state_of(change.tx, row, at=change.now)
    if state is not PlanState.ACTIVE:
        facts = {"state": state.value, "trigger": "review"}
        raise Refusal("illegal_transition", rule="TER-04", facts=facts, current_state=state.value)
    if body.draft is not None and not _is_later_draft(change, row, body.draft):
        raise invalid("draft", rule="TER-04")
    _plan_review(change, row, after=change.now)
    text = texts.keep(change.tx, body.reason, customer=None)
    kind = "kept" if body.draft is None else "redrafted"
    change.record(plan, "territory", kind, program=row["program"], version=row["version"], draft=body.draft, text=text)
    return Done(200, _view(change, plan))


def _is_later_draft(change: Change, row: dict[str, Any], draft: str) -> bool:
    found = change.tx.row(sa.select(t.territory_plan).where(t.territory_plan.c.id == draft))
    if found is None or found["program"] != row["program"] or found["version"] <= row["version"]:
        return False
    return state_of(change.tx, found, at=change.now) is PlanState.DRAFT


def _plan_review(change: Change, row: dict[str, Any], *, after: datetime) -> None:
    """Whoever put the plan in force, or reviewed it last, reviews it `territory.review_days` later; 0: nobody does."""
    every = change.setting.policy_at(row["program"], at=change.now).duration("territory.review_days")
    due = change.setting.calendar(row["program"]).add(after, every).at if every is not None else None
    change.tx.update(t.territory_plan, {"id": row["id"]}, {"review_by": due})
    save_tasks(change.tx, (), [review_key(row["id"])], at=change.now)
    if due is not None:
        task = Task(
            key=review_key(row["id"]),
            person=change.person,
            kind="territory_review",
            subject_type="territory",
            subject=row["id"],
            due=due,
        )
        save_tasks(change.tx, [task], (), at=change.now)


def _check(change: Change, given: Sequence[TerritoryIn]) -> None:
    """Each name once, each holder and account there, and no more than a report can be held against."""
    rules, accounts = sum(len(one.rules) for one in given), sum(len(one.accounts) for one in given)
    if rules > _RULES_MAX or accounts > _ACCOUNTS_MAX:
        raise invalid("territories", rule="TER-02", cap={"rules": _RULES_MAX, "accounts": _ACCOUNTS_MAX})
    names: set[str] = set()
    for place, one in enumerate(given):
        field = f"territories.{place}"
        if one.name in names:
            raise invalid(f"{field}.name", rule="TER-02")
        names.add(one.name)
        if (one.to.person is None) == (one.to.team is None):
            raise invalid(f"{field}.to", rule="TER-02")
        if one.to.person is not None:
            change.active_person(one.to.person, field=f"{field}.to.person")
        if one.to.team is not None and one.to.team not in change.organisation.teams:
            raise invalid(f"{field}.to.team")
    _check_accounts(change, given)


def _check_accounts(change: Change, given: Sequence[TerritoryIn]) -> None:
    c = t.customer.c
    wanted = sorted({account for one in given for account in one.accounts})
    known: set[str] = set()
    if wanted:
        known = set(change.tx.execute(sa.select(c.id).where(c.id.in_(wanted), c.erased_at.is_(None))).scalars())
    wrong = [
        f"territories.{place}.accounts.{n}"
        for place, one in enumerate(given)
        for n, account in enumerate(one.accounts)
        if account not in known
    ]
    if wrong:
        errors = tuple(FieldError(field, "field_invalid") for field in wrong[:100])
        raise Refusal("field_invalid", rule="TER-02", errors=errors)


def _waived(change: Change, found: Sequence[Overlap], given: Sequence[WaiverIn]) -> list[dict[str, Any]]:
    """The waivers as they are kept; ``territory_overlap`` where an overlap has none (TER-03)."""
    pairs = {overlap.territories for overlap in found}
    reasons: dict[tuple[str, ...], str] = {}
    for place, waiver in enumerate(given):
        pair = tuple(sorted(waiver.territories))
        if pair not in pairs or pair in reasons:
            raise invalid(f"waived.{place}.territories", rule="TER-03")
        reasons[pair] = waiver.reason
    left = [overlap for overlap in found if overlap.territories not in reasons]
    if left:
        facts = {"count": len(left), "overlaps": [overlap_view(overlap) for overlap in left[:_NAMED]]}
        raise Refusal("territory_overlap", rule="TER-03", facts=facts)
    return [
        {
            "territories": list(pair),
            "by": change.person,
            "reason": texts.keep(change.tx, reason, customer=None),
        }
        for pair, reason in sorted(reasons.items())
    ]


def _tell(change: Change, row: dict[str, Any], divided: Sequence[Territory], *, at: str) -> None:
    """Whoever speaks for a territory learns what will be theirs (NTF-01)."""
    told: dict[str, list[str]] = {}
    for territory in divided:
        person = territory.answers(organisation=change.organisation, at=change.now)
        if person is not None:
            told.setdefault(person, []).append(territory.name)
    queue_notices(
        change.tx,
        [
            Notice(
                person=person,
                kind="territory.activated",
                urgency="normal",
                subject_type="territory",
                subject=row["id"],
                rule="TER-03",
                policy_version=None,
                facts={"program": row["program"], "territories": names, "from": at},
            )
            for person, names in sorted(told.items())
        ],
        at=change.now,
    )


def _own_row(change: Change, plan: str) -> dict[str, Any]:
    """The row of a plan the caller may move on: 404 where they may not read it, 403 where only that."""
    row = plan_row(change.tx, change.call.caller, plan)
    change.require(Role.ADMIN, place=Place(program=row["program"]))
    return row


def _view(change: Change, plan: str) -> dict[str, Any]:
    row = change.tx.row(sa.select(t.territory_plan).where(t.territory_plan.c.id == plan))
    assert row is not None
    return plan_view(change.tx, change.call.caller, row)
