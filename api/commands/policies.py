"""Policies from draft to force, and open claims taken over to a new version (POL-01 to POL-04, POL-09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from api.call import Call, Done
from api.commands.company import Change, change, invalid, members_of, require_team
from api.schemas.policies import ActivateIn, MigrateIn, PolicyIn
from api.views.policies import policy_row, policy_view
from api.views.programs import program_row
from domain.claims.lifecycle import HOLDING
from domain.claims.standing import migrated_claim
from domain.matters.draft import Notice
from domain.matters.setting import PolicyContent, Setting
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.policy import program_calendar, sales_cycle, small_team
from domain.policy.drafting import drafted
from domain.policy.lifecycle import PolicyState, PolicyTrigger, fire
from domain.policy.policy import Policy
from domain.policy.presets import PRESETS
from domain.policy.validation import validate
from domain.programs.program import Migration, PolicyVersion, in_force
from domain.refusals import FieldError, Refusal
from storage import policies
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import rfc3339
from storage.database import Transaction
from storage.notices import queue_notices

_HELD = sorted(state.value for state in HOLDING)
#: Claims are counted in portions, so that no statement outlives its time limit.
_PORTION = 500


def draft(change: Change, program: str | None, body: PolicyIn) -> Done:
    """A new version as a draft, checked as a whole: it replaces nothing yet (POL-03, POL-04)."""
    if program is not None:
        program_row(change.tx, program)
    change.require(Role.POLICY_ADMIN, place=_place(program))
    base = _base(change, program, body)
    parameters, overrides = drafted(
        body.parameters or {},
        body.overrides,
        preset=PRESETS[body.preset] if body.preset is not None else None,
        base_parameters=base.parameters,
        base_overrides=base.overrides,
    )
    company = _company(change)
    beneath = change.setting.company_policy_at(change.now).values() if program is not None else None
    checked, exceptions = validate(parameters, overrides=overrides, base=beneath)
    require_team(change, checked)
    content = PolicyContent(parameters=checked, overrides=[override.as_json() for override in exceptions])
    policy = policies.add(
        change.tx,
        program=program,
        parameters=content.parameters,
        overrides=content.overrides,
        author=change.person,
        at=change.now,
        rev=change.rev,
        reason=body.reason,
        warnings=_warnings(change, program, (content,) if program is None else (company, content)),
    )
    change.record(policy, "policy", "drafted", program=program, preset=body.preset, base_version=body.base_version)
    return Done(201, policy_view(change.tx, _row(change, policy)))


def review(change: Change, policy: str) -> Done:
    """draft → reviewed (POL-04)."""
    row = _own_row(change, policy)
    state = fire(state=_standing(change.tx, row, at=change.now), trigger=PolicyTrigger.REVIEW)
    _write(change, row, state, reviewed_by=change.person)
    change.record(policy, "policy", "reviewed", program=row["program"], version=row["version"])
    return Done(200, policy_view(change.tx, _row(change, policy)))


def approve(change: Change, policy: str) -> Done:
    """reviewed → approved by a second person; in a small team its author may, with notice and delay (POL-09)."""
    row = _own_row(change, policy)
    state = fire(state=_standing(change.tx, row, at=change.now), trigger=PolicyTrigger.APPROVE)
    alone = row["author"] == change.person
    not_before = _not_before(change, row) if alone else None
    _write(change, row, state, approved_by=change.person, approved_at=change.now, not_before=not_before)
    if alone:
        _announce(change, row, not_before=not_before)
    change.record(policy, "policy", "approved", program=row["program"], version=row["version"], not_before=not_before)
    return Done(200, policy_view(change.tx, _row(change, policy)))


def activate(change: Change, policy: str, body: ActivateIn) -> Done:
    """approved → active at ``at`` (now), which archives the version before; until then it may be moved (POL-04)."""
    row = _own_row(change, policy)
    earliest = max(change.now, row["not_before"] or change.now)
    at = body.at or earliest
    if at < earliest:
        facts = {"until": earliest} if at >= change.now else {}
        raise Refusal("date_invalid", rule="POL-04", facts=facts, errors=(FieldError("at", "date_invalid"),))
    state = fire(state=_standing(change.tx, row, at=change.now), trigger=PolicyTrigger.ACTIVATE)
    _require_mode_kept(change, row, at=at)
    _write(change, row, state, effective_at=at)
    change.record(policy, "policy", "activated", program=row["program"], version=row["version"], effective_at=at)
    return Done(200, policy_view(change.tx, _row(change, policy)))


def migrate(call: Call, policy: str, body: MigrateIn) -> Response:
    """Open claims take on a version that is in force, after a preview that counts the same way (POL-02).

    A version of the company takes every program's claims to the policies in force there now. A preview is for any
    version that is not archived; it changes nothing. Claims are counted before the common lock is taken: there may be
    many, and nobody should wait for that.
    """
    plan = call.read(lambda tx: _plan(tx, call, policy, body))
    if body.dry_run:
        return call.write(lambda _: Done(200, plan.answer))
    return change(call, lambda made: _order(made, policy, body, plan))


# --- drafts ------------------------------------------------------------------------------------------------------


def _base(change: Change, program: str | None, body: PolicyIn) -> PolicyContent:
    """What the draft starts from: the named version; nothing beside a preset; else the version in force."""
    if body.base_version is not None:
        of = t.policy.c.program.is_(None) if program is None else t.policy.c.program == program
        row = change.tx.row(sa.select(t.policy).where(of, t.policy.c.version == body.base_version))
        if row is None:
            raise invalid("base_version", rule="POL-04")
        return PolicyContent(parameters=row["parameters"], overrides=row["overrides"])
    if body.preset is not None:
        return PolicyContent(parameters={}, overrides=[])
    if program is None:
        return _company(change)
    return change.setting.policies[change.setting.programs[program].policy_at(change.now).id]


def _warnings(change: Change, program: str | None, layers: Sequence[PolicyContent]) -> list[str]:
    """What is allowed but unwise; kept with the version in the company's language."""
    policy = Policy.resolve(
        *(layer.parameters for layer in layers),
        overrides=[override for layer in layers for override in layer.overrides],
        version=0,
    )
    lang = policy.choice("locale.default")[:2]
    median = policies.median_sales_cycle_days(change.tx, program)
    found: list[str | None] = list(sales_cycle.warnings(policy, median_sales_cycle_days=median, lang=lang))
    if program is None:
        found.append(small_team.warning(layers[-1].parameters, people=_people(change), lang=lang))
    else:
        calendar = change.tx.row(
            sa.select(t.calendar)
            .join(t.program, t.program.c.calendar == t.calendar.c.id)
            .where(t.program.c.id == program)
        )
        assert calendar is not None
        found.append(
            program_calendar.warning(
                policy,
                country=calendar["country"],
                zone=calendar["zone"],
                office_hours=calendar["office_hours"],
                weekdays=tuple(sorted(calendar["weekdays"])),
                lang=lang,
            )
        )
    return [sentence for sentence in found if sentence is not None]


def _require_mode_kept(change: Change, row: dict[str, Any], *, at: datetime) -> None:
    """A program begins in trial or live, and no version ends its trial: that is an admin's call of its own (POL-08).

    What a program or the company has set for later counts as well: two versions may change together what neither
    changes alone, and one that is moved leaves its time to the one before.
    """
    version = PolicyVersion(row["id"], row["version"], at)
    setting = change.setting
    content = PolicyContent(row["parameters"], row["overrides"])
    after = replace(setting, policies={**setting.policies, row["id"]: content})
    if row["program"] is None:
        others = [known for known in setting.company_policies if known.id != row["id"]]
        after = replace(after, company_policies=(*others, version))
    programs = [row["program"]] if row["program"] is not None else sorted(setting.programs)
    for program in programs:
        known = setting.programs[program]
        if row["program"] is not None:
            others = [one for one in known.policies if one.id != row["id"]]
            after = replace(after, programs={program: replace(known, policies=(*others, version))})
        trial = setting.in_trial(program, at=change.now)
        versions = (*after.programs[program].policies, *after.company_policies)
        instants = sorted({at, *(one.effective_at for one in versions if one.effective_at > change.now)})
        changed = next((instant for instant in instants if after.in_trial(program, at=instant) is not trial), None)
        if changed is not None:
            facts = {"parameter": "program.mode", "program": program, "at": changed}
            raise Refusal("illegal_transition", rule="POL-08", facts=facts)


# --- approval ------------------------------------------------------------------------------------------------------


def _not_before(change: Change, row: dict[str, Any]) -> datetime | None:
    """From when on a version that its author approves may hold (POL-09), None = at once; else ``same_person``."""
    policy = change.setting.company_policy_at(change.now)
    switching = row["program"] is None and small_team.may_switch_on(
        row["parameters"], in_force=policy, people=_people(change)
    )
    if not (switching or small_team.is_on(_company(change).parameters)):
        raise Refusal("same_person", rule="POL-04")
    if row["program"] is None and policies.was_activated(change.tx, None, besides=row["id"]) <= 1:
        return None  # a new installation's first policy: nobody has relied on another one
    delay = policy.duration("org.self_approve_h")
    calendar = next(iter(change.setting.calendars.values()))
    return calendar.add(change.now, delay).at if delay is not None else None


def _announce(change: Change, row: dict[str, Any], *, not_before: datetime | None) -> None:
    """Everybody concerned is told before it holds (POL-09)."""
    queue_notices(
        change.tx,
        [
            Notice(
                person=person,
                kind="policy.changed",
                urgency="normal",
                subject_type="policy",
                subject=row["id"],
                rule="POL-09",
                policy_version=row["version"],
                facts={
                    "cause": "self_approved",
                    "by": change.person,
                    "program": row["program"],
                    "until": _text(not_before),
                },
            )
            for person in members_of(change, row["program"])
        ],
        at=change.now,
    )


def _people(change: Change) -> int:
    return sum(person.active for person in change.organisation.people.values())


# --- migration -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """What a migration at ``at`` does: the version each program's claims take on, and their deadlines."""

    at: datetime
    targets: Mapping[str, PolicyVersion]
    answer: dict[str, Any]


def _plan(tx: Transaction, call: Call, policy: str, body: MigrateIn) -> _Plan:
    setting, now = call.services.snapshots.setting(tx), tx.now()
    row = policy_row(tx, call.caller, policy)
    if not has_role(
        call.caller.actor,
        {Role.POLICY_ADMIN},
        organisation=setting.organisation,
        at=now,
        place=_place(row["program"]),
    ):
        raise Refusal("not_allowed", rule="PPL-02")
    standing = _standing(tx, row, at=now)
    programs = [row["program"]] if row["program"] is not None else sorted(setting.programs)
    _check_claims(tx, programs, body.claims)
    _check_standing(standing, dry_run=body.dry_run)
    setting = _as_if_in_force(setting, row, standing, at=now)
    targets = {program: _target(setting, row, program, at=now) for program in programs}
    claims = [
        moved
        for program, version in targets.items()
        for moved in _preview(
            tx, setting, program, Migration(number=0, policy=version, at=now, claims=None), body.claims
        )
    ]
    return _Plan(at=now, targets=targets, answer={"claims": claims})


def _order(change: Change, policy: str, body: MigrateIn, plan: _Plan) -> Done:
    """Write the facts the plan is about, unless the policies have changed since it was made."""
    row = _own_row(change, policy)
    _check_standing(_standing(change.tx, row, at=change.now), dry_run=False)
    for program, version in plan.targets.items():
        if _target(change.setting, row, program, at=change.now).id != version.id:
            raise Refusal("version_conflict", rule="POL-02")
        _migrate_program(change, program, version.id, body.claims, at=plan.at)
    return Done(200, plan.answer)


def _target(setting: Setting, row: dict[str, Any], program: str, *, at: datetime) -> PolicyVersion:
    """The version a program's claims take on: the named one, or for the company's policy the one in force there."""
    if row["program"] is None:
        return setting.programs[program].policy_at(at)
    return PolicyVersion(row["id"], row["version"], row["effective_at"] or at)


def _check_standing(standing: PolicyState, *, dry_run: bool) -> None:
    if standing is PolicyState.ACTIVE or (dry_run and standing is not PolicyState.ARCHIVED):
        return
    raise Refusal(
        "illegal_transition",
        rule="POL-02",
        facts={"state": standing.value, "trigger": "migrate"},
        current_state=standing.value,
    )


def _as_if_in_force(setting: Setting, row: dict[str, Any], standing: PolicyState, *, at: datetime) -> Setting:
    """The company with a version of its own policy in force now, for the preview of one that is not yet."""
    if row["program"] is not None or standing is PolicyState.ACTIVE:
        return setting
    others = [version for version in setting.company_policies if version.id != row["id"]]
    return replace(setting, company_policies=(*others, PolicyVersion(row["id"], row["version"], at)))


def _check_claims(tx: Transaction, programs: Sequence[str], claims: Sequence[str] | None) -> None:
    """Every named claim is an open one of these programs."""
    if claims is None:
        return
    known: set[str] = set()
    for start in range(0, len(claims), _PORTION):
        known |= set(
            tx.execute(
                sa.select(t.claim.c.id).where(
                    t.claim.c.id.in_(claims[start : start + _PORTION]),
                    t.claim.c.program.in_(programs),
                    t.claim.c.state.in_(_HELD),
                )
            ).scalars()
        )
    wrong = [place for place, claim in enumerate(claims) if claim not in known]
    if wrong:
        raise Refusal(
            "field_invalid",
            rule="POL-02",
            errors=tuple(FieldError(f"claims.{place}", "field_invalid") for place in wrong[:100]),
        )


def _preview(
    tx: Transaction, setting: Setting, program: str, migration: Migration, claims: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Deadlines before and after, of open claims whose own deadline has not passed already."""
    wanted = set(claims) if claims is not None else None
    moved = []
    for row in _open_claims(tx, program, at=migration.at):
        if wanted is not None and row["id"] not in wanted:
            continue
        before = claim_of(row)
        after = migrated_claim(before, migration, setting=setting)
        moved.append(
            {
                "claim": before.id,
                "deadline_before": _text(before.deadline),
                "deadline_after": _text(after.deadline),
            }
        )
    return moved


def _open_claims(tx: Transaction, program: str, *, at: datetime) -> Iterator[dict[str, Any]]:
    """Claims that hold a customer, by id; one past its deadline lapses first, whatever is decided now."""
    last: str | None = None
    while True:
        statement = sa.select(t.claim).where(
            t.claim.c.program == program,
            t.claim.c.state.in_(_HELD),
            sa.or_(t.claim.c.deadline.is_(None), t.claim.c.deadline >= at, t.claim.c.asked),
        )
        if last is not None:
            statement = statement.where(t.claim.c.id > last)
        rows = tx.rows(statement.order_by(t.claim.c.id).limit(_PORTION))
        yield from rows
        if len(rows) < _PORTION:
            return
        last = rows[-1]["id"]


def _migrate_program(change: Change, program: str, policy: str, claims: Sequence[str] | None, *, at: datetime) -> None:
    """One fact that every later drain of these claims reads (design section 2, "Bulk changes")."""
    number = change.tx.next_number("migration")
    change.tx.execute(
        t.migration.insert().values(
            number=number,
            program=program,
            policy=policy,
            at=at,
            claims=list(claims) if claims is not None else sa.null(),
            actor=change.person,
            rev=change.rev,
        )
    )
    change.record(
        policy,
        "policy",
        "migrated",
        program=program,
        migration=number,
        claims=list(claims) if claims is not None else None,
    )


# --- rows ----------------------------------------------------------------------------------------------------------


def _own_row(change: Change, policy: str) -> dict[str, Any]:
    """The row of a version the caller may move on: 404 where they may not read it, 403 where only that."""
    row = policy_row(change.tx, change.call.caller, policy)
    change.require(Role.POLICY_ADMIN, place=_place(row["program"]))
    return row


def _row(change: Change, policy: str) -> dict[str, Any]:
    row = change.tx.row(sa.select(t.policy).where(t.policy.c.id == policy))
    assert row is not None
    return row


def _write(change: Change, row: dict[str, Any], state: PolicyState, **values: Any) -> None:
    change.tx.execute(
        t.policy.update().where(t.policy.c.id == row["id"]).values(state=state.value, **values, rev=change.rev)
    )


def _standing(tx: Transaction, row: dict[str, Any], *, at: datetime) -> PolicyState:
    present = policies.in_force(tx, [row["program"]], at=at)[row["program"]]["id"]
    return policies.standing(row, in_force=present, at=at)


def _company(change: Change) -> PolicyContent:
    """What the company's policy in force sets by itself."""
    versions = change.setting.company_policies
    return change.setting.policies[(in_force(versions, change.now) or versions[0]).id]


def _place(program: str | None) -> Place | None:
    return Place(program=program) if program is not None else None


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
