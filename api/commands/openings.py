"""The opening load (期初导入): begun, filled row by row, objected to (docs/http-contract.md, section 16; INT-10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.company import Change, invalid
from api.commands.received import as_of_now
from api.commands.reports import (
    Listed,
    Resolved,
    check_award,
    check_subject,
    facts_digest,
    identity_values,
    imported_before,
    own_open,
    receive,
    require_partner_open,
    resolve,
)
from api.schemas.claims import CustomerRef, ProjectRef, ReportIn
from api.schemas.openings import ObjectionIn, OpeningIn, OpeningRowIn
from api.views.claims import claim_view
from api.views.openings import load_of, load_view, visible_row
from api.views.programs import program_row
from domain.calendar.duration import Duration
from domain.claims.model import Opening
from domain.claims.model import Waiting as WaitsFor
from domain.claims.permissions import may_sell
from domain.leads.candidates import may_receive
from domain.matters.draft import Notice
from domain.matters.setting import Setting
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from storage import matters, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.company_names import CompanyNames
from storage.database import Transaction
from storage.notices import queue_notices


def start(change: Change, program: str, body: OpeningIn) -> Done:
    """A program has one load; it goes live when everybody had `opening.object_wd` to object (INT-10)."""
    program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    present = load_of(change.tx, program)
    if present is not None:
        if body.go_live_at not in (None, present["go_live_at"]):
            raise Refusal("illegal_transition", rule="INT-10", facts={"go_live_at": present["go_live_at"]})
        return Done(200, load_view(change.tx, present))
    earliest = _objectable_until(change.setting, program, change.now)
    if body.go_live_at is not None and body.go_live_at < earliest:
        raise invalid("go_live_at", rule="INT-10", until=earliest)
    go_live_at = body.go_live_at or earliest
    row = {"program": program, "opened_by": change.person, "opened_at": change.now, "go_live_at": go_live_at}
    change.tx.insert(t.opening_load, row)
    _tell_members(change, program, until=go_live_at)
    change.record(program, "program", "opening_load", go_live_at=go_live_at)
    return Done(201, load_view(change.tx, row))


def _tell_members(change: Change, program: str, *, until: datetime) -> None:
    """Everybody of the program has a list to look through (INT-10)."""
    here, organisation = change.setting.programs[program], change.organisation
    told = [
        Notice(
            person=person,
            kind="opening.listed",
            urgency="normal",
            subject_type="program",
            subject=program,
            rule="INT-10",
            policy_version=change.setting.policy_at(program, at=change.now).version,
            facts={"until": until},
        )
        for person, known in sorted(organisation.people.items())
        if known.active and here.is_member(person, organisation=organisation, at=change.now)
    ]
    queue_notices(change.tx, told, at=change.now)


def load_row(
    tx: Transaction, caller: Caller, program: str, body: OpeningRowIn, names: CompanyNames, *, rehearsal: bool
) -> Done | Waiting:
    """A row becomes a claim of its owner's that waits for objections; caps and proof are not asked for (INT-10).

    A ``rehearsal`` may come before the load has begun.
    """
    setting = caller.setting
    if program not in setting.programs:
        raise Refusal("not_found")
    if not has_role(
        caller.actor, (Role.ADMIN,), organisation=setting.organisation, at=caller.at, place=Place(program=program)
    ):
        raise Refusal("not_allowed", rule="PPL-02")
    _check_row(caller, program, body)
    policy = setting.policy_at(program, at=caller.at)
    report = ReportIn(
        program=program,
        track=body.track,
        customer=body.customer,
        project=body.project,
        need=body.need,
        progress=body.progress,
        source=body.source,
        channel=body.channel,
        external_id=body.external_id,
    )
    check_subject(report, policy)
    values = identity_values(tx, body.customer, policy)
    imported = imported_before(tx, body.owner, body.external_id)
    if imported is not None:
        return Done(200, claim_view(tx, caller, imported))
    load = load_of(tx, program)
    if load is None and not rehearsal:
        raise Refusal("illegal_transition", rule="INT-10", facts={"opening": None})
    resolved = resolve(tx, report, values, policy, names)
    locked = resolved.made or matters.lock(tx, resolved.matter)
    matter = as_of_now(tx, caller, locked)
    own = own_open(matter, body.owner)
    if own is not None:
        return Done(200, claim_view(tx, caller, own.id))
    check_award(report, caller)
    least = _objectable_until(setting, program, locked.now)
    go_live_at = load["go_live_at"] if load is not None else least
    if locked.now > go_live_at:
        raise Refusal("deadline_passed", rule="INT-10", facts={"until": go_live_at})
    if not setting.programs[program].open:
        raise Refusal("program_closed", rule="TER-01")
    if matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03")
    left = body.protection_days_left
    listed = Listed(
        reporter=body.owner,
        opening=Opening(
            object_by=max(go_live_at, least),
            protection=Duration.of(left, "days") if left is not None else None,
        ),
        stage=body.stage,
        last_follow_up_at=body.last_follow_up_at,
    )
    digest = facts_digest(tx, report)
    return receive(tx, caller, report, resolved, locked, policy=policy, digest=digest, listed=listed)


def object_to(tx: Transaction, caller: Caller, program: str, row: str, body: ObjectionIn) -> Done | Waiting:
    """A member says why the customer is theirs: a claim beside the row's, in the same matter (INT-10)."""
    setting = caller.setting
    if program not in setting.programs:
        raise Refusal("not_found")
    found = visible_row(tx, caller, program, row)
    if not may_sell(caller.actor, setting=setting, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")
    if not setting.programs[program].is_member(caller.person, organisation=setting.organisation, at=caller.at):
        raise Refusal("not_member", rule="INT-10")
    require_partner_open(caller.person, program, setting=setting, at=caller.at)
    locked = matters.lock(tx, found["matter"], of=row)
    matter = as_of_now(tx, caller, locked)
    own = own_open(matter, caller.person)
    if own is not None and own.id != row and own.opening is not None:
        return Done(200, claim_view(tx, caller, own.id))
    if own is not None:
        raise Refusal("illegal_transition", rule="INT-10", facts={"claim": own.id}, current_state=own.state.value)
    if matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03")
    against, until = matter.claims.get(row), matter.objections_until
    if against is None or against.waiting is not WaitsFor.OPENING or until is None:
        raise _not_listed(found, locked.now)
    report = ReportIn(
        program=program,
        track=found["track"],
        customer=CustomerRef(id=found["customer"]),
        project=ProjectRef(id=found["project"]) if found["project"] is not None else None,
    )
    resolved = Resolved(
        matter=found["matter"],
        made=None,
        customer=found["customer"],
        new=False,
        project=found["project"],
        kind=found["customer_kind"],
        level=found["customer_level"],
        possible=(),
        resembles=(),
        rivals=(),
        ambiguous=False,
        news={},
    )
    listed = Listed(
        reporter=caller.person,
        opening=Opening(object_by=until, objection=True),
        reason=texts.keep(tx, body.reason, customer=found["customer"]),
    )
    policy = setting.policy_at(program, at=caller.at)
    digest = facts_digest(tx, report)
    return receive(tx, caller, report, resolved, locked, policy=policy, digest=digest, listed=listed)


def _not_listed(row: Mapping[str, Any], now: datetime) -> Refusal:
    """Why a row cannot be objected to: its time is over, or its owner withdrew it."""
    opening, state = claim_of(row).opening, row["state"]
    assert opening is not None
    if now <= opening.object_by:
        return Refusal("illegal_transition", rule="INT-10", current_state=state)
    # Who has a better right all the same reports the customer, and contests the refusal (DSP-02).
    facts = {"until": opening.object_by, "instead": ["report", "dispute"]}
    return Refusal("deadline_passed", rule="INT-10", facts=facts)


def _objectable_until(setting: Setting, program: str, at: datetime) -> datetime:
    """When the time to object is over to what is listed at ``at``."""
    length = setting.policy_at(program, at=at).duration("opening.object_wd")
    return setting.calendar(program).add(at, length).at if length is not None else at


def _check_row(caller: Caller, program: str, body: OpeningRowIn) -> None:
    """The owner could report the customer today, nobody followed up tomorrow, the program has the stage; else 422."""
    known = caller.setting.organisation.people.get(body.owner)
    if known is not None and not known.active:
        raise Refusal("person_inactive", rule="INT-10", errors=(FieldError("owner", "person_inactive"),))
    try:
        if known is not None:
            require_partner_open(body.owner, program, setting=caller.setting, at=caller.at)
    except Refusal as closed:  # the broker's refusal; the load has named somebody who may not report
        raise invalid("owner", rule=closed.rule, **closed.facts) from None
    if not may_receive(body.owner, program, setting=caller.setting, at=caller.at):
        raise invalid("owner", rule="INT-10")
    if body.last_follow_up_at is not None and body.last_follow_up_at > caller.at:
        wrong = (FieldError("last_follow_up_at", "date_invalid"),)
        raise Refusal("date_invalid", rule="INT-10", errors=wrong)
    if body.stage is not None and body.stage not in caller.setting.policy_at(program, at=caller.at).stages:
        raise invalid("stage", rule="CLM-30")
