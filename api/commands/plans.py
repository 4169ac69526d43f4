"""Commission plans from draft to force (COM-02): never edited, approved by a second person as policies are (POL-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.call import Done
from api.commands.company import Change, invalid
from api.schemas.plans import PlanIn
from api.views.plans import plan_row, plan_view
from domain.matters.draft import Notice
from domain.money.model import Rate
from domain.money.plans import check_rates
from domain.people.access import Place
from domain.people.organisation import Role
from domain.policy import small_team
from domain.policy.lifecycle import PolicyState, PolicyTrigger, fire
from domain.programs.program import in_force
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import mint
from storage.notices import queue_notices


def draft(change: Change, body: PlanIn) -> Done:
    """The next version as a draft; two lines that fit a deal equally well are refused (COM-02)."""
    if body.program is not None and body.program not in change.setting.programs:
        raise invalid("program")
    change.require(Role.POLICY_ADMIN, place=_place(body.program))
    rates = [
        Rate(when=given.when.model_dump(exclude_none=True), rate_bps=given.rate_bps, rule=f"r{place}")
        for place, given in enumerate(body.rates, start=1)
    ]
    for place, rate in enumerate(rates):
        team = rate.when.get("team")
        if team is not None and team not in change.organisation.teams:
            raise invalid(f"rates.{place}.when.team")
    check_rates(rates)
    of = t.plan.c.program.is_(None) if body.program is None else t.plan.c.program == body.program
    last = change.tx.execute(sa.select(sa.func.max(t.plan.c.version)).where(of)).scalar() or 0
    plan = mint()
    change.tx.insert(
        t.plan,
        {
            "id": plan,
            "program": body.program,
            "version": last + 1,
            "state": PolicyState.DRAFT.value,
            "effective_from": body.effective_from,
            "rates": [{"when": dict(rate.when), "rate_bps": rate.rate_bps} for rate in rates],
            "author": change.person,
            "created_at": change.now,
            "rev": change.rev,
        },
    )
    change.record(plan, "plan", "drafted", program=body.program, version=last + 1, effective_from=body.effective_from)
    return Done(201, _view(change, plan))


def review(change: Change, plan: str) -> Done:
    """draft → reviewed (POL-04)."""
    row = _own_row(change, plan)
    return _moved(change, row, PolicyTrigger.REVIEW, "reviewed", reviewed_by=change.person)


def approve(change: Change, plan: str) -> Done:
    """reviewed → approved by a second person; in a small team its author may, with notice and delay (POL-09)."""
    row = _own_row(change, plan)
    fire(state=PolicyState(row["state"]), trigger=PolicyTrigger.APPROVE)
    alone = row["author"] == change.person
    not_before = _not_before(change) if alone else None
    done = _moved(
        change,
        row,
        PolicyTrigger.APPROVE,
        "approved",
        approved_by=change.person,
        approved_at=change.now,
        not_before=not_before,
    )
    if alone:
        _announce(change, row, not_before)
    return done


def activate(change: Change, plan: str) -> Done:
    """approved → active: it counts for contracts from its date on, until a later version's (COM-02)."""
    row = _own_row(change, plan)
    if row["not_before"] is not None and change.now < row["not_before"]:
        raise Refusal(
            "illegal_transition", rule="POL-09", facts={"until": row["not_before"]}, current_state=row["state"]
        )
    return _moved(change, row, PolicyTrigger.ACTIVATE, "activated")


def _own_row(change: Change, plan: str) -> dict[str, Any]:
    row = plan_row(change.tx, change.call.caller, plan)
    change.require(Role.POLICY_ADMIN, place=_place(row["program"]))
    return row


def _moved(change: Change, row: dict[str, Any], trigger: PolicyTrigger, kind: str, **values: Any) -> Done:
    state = fire(state=PolicyState(row["state"]), trigger=trigger)
    change.tx.update(t.plan, {"id": row["id"]}, {"state": state.value, "rev": change.rev, **values})
    change.record(row["id"], "plan", kind, program=row["program"], version=row["version"])
    return Done(200, _view(change, row["id"]))


def _view(change: Change, plan: str) -> dict[str, Any]:
    row = change.tx.row(sa.select(t.plan).where(t.plan.c.id == plan))
    assert row is not None
    return plan_view(change.call.caller, row)


def _not_before(change: Change) -> datetime | None:
    """From when on a version that its author approves may hold (POL-09); ``same_person`` in a larger company."""
    setting = change.setting
    company = in_force(setting.company_policies, change.now) or setting.company_policies[0]
    if not small_team.is_on(setting.policies[company.id].parameters):
        raise Refusal("same_person", rule="POL-04")
    delay = setting.company_policy_at(change.now).duration("org.self_approve_h")
    calendar = next(iter(setting.calendars.values()))
    return calendar.add(change.now, delay).at if delay is not None else None


def _announce(change: Change, row: dict[str, Any], not_before: datetime | None) -> None:
    """Everybody concerned is told before it holds (POL-09)."""
    organisation = change.organisation
    program = change.setting.programs[row["program"]] if row["program"] is not None else None
    told = [
        person.id
        for person in sorted(organisation.people.values(), key=lambda p: p.number)
        if person.active and (program is None or program.is_member(person.id, organisation=organisation, at=change.now))
    ]
    facts = {
        "cause": "self_approved",
        "by": change.person,
        "program": row["program"],
        "until": rfc3339(not_before) if not_before is not None else None,
    }
    queue_notices(
        change.tx,
        [
            Notice(
                person=person,
                kind="policy.changed",
                urgency="normal",
                subject_type="plan",
                subject=row["id"],
                rule="POL-09",
                policy_version=None,
                facts=facts,
            )
            for person in told
        ],
        at=change.now,
    )


def _place(program: str | None) -> Place | None:
    return Place(program=program) if program is not None else None
