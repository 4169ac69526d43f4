"""Receiving leads (线索) and what is done with them (contract section 13). The matter's drain decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.reports import Resolved, check_award, check_subject, identity_values, resolve, told_of_take
from api.schemas.leads import AssessIn, AssignIn, ContactIn, GradeIn, LeadIn, ReturnIn
from api.views.customers import claims_read, reads_base
from api.views.leads import lead_view, recommended, visible_lead
from domain.claims.model import Referral
from domain.leads.candidates import away, candidate, may_receive, require_room
from domain.leads.lifecycle import OPEN, LeadState
from domain.leads.model import Lead
from domain.leads.permissions import authorise, brings_into, may_send
from domain.leads.rules import UNCLAIMED
from domain.leads.scoring import graded, scored
from domain.matters.matter import Command, CommandKind
from domain.people.access import Actor
from domain.policy.policy import Policy
from domain.pools.limits import receives
from domain.refusals import FieldError, Refusal
from storage import approvals, customers, lead_intake, leads, matters, merges, referrals, texts
from storage import tables as t
from storage.company_names import CompanyNames
from storage.database import Transaction, mint
from storage.lead_rows import facets_of
from storage.pools import restriction_of


def receive(tx: Transaction, caller: Caller, body: LeadIn, names: CompanyNames) -> Done | Waiting:
    """Store a lead for the drain, or give back the one of the same number (LEAD-01)."""
    policy = _sender(caller, body)
    with _under(policy.version):
        check_subject(body, policy)
        if body.person is not None and not may_receive(body.person, body.program, setting=caller.setting, at=caller.at):
            raise _invalid("person")
        if body.person == caller.person:  # whoever wants the customer themselves reports them (POOL-03, LEAD-16)
            raise _invalid("person")
        if body.source == UNCLAIMED:  # only customers who lie in a pool come by it, and it passes the rules (POOL-05)
            raise _invalid("source")
        _check_referrer(tx, caller, body, policy)
        values = identity_values(tx, body.customer, policy)
        known = _known(tx, caller, body.external_id)
        if known is not None:
            return Done(200, lead_view(tx, caller, known))
        check_award(body, caller)
        resolved = resolve(tx, body, values, policy, names)
        locked = resolved.made or matters.lock(tx, resolved.matter)
        if not caller.setting.programs[body.program].open:
            raise Refusal("program_closed", rule="TER-01")
        if body.person is not None:
            only = restriction_of(locked.row["pool_only"])
            if not receives(caller.setting, only, body.program, body.person, at=locked.now):
                raise Refusal("restricted", rule="POOL-08")
            _require_room(tx, caller, body.person, body.program, policy, locked.row["id"])
        return _receive(tx, caller, body, resolved, locked)


def _sender(caller: Caller, body: LeadIn) -> Policy:
    """Who brings a lead in, before anything is locked; the policy in force."""
    setting = caller.setting
    colleague = _refers(caller, body)
    if not colleague and not may_send(caller.actor, setting=setting, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")
    program = setting.programs.get(body.program)
    if program is None:
        raise _invalid("program")
    if not colleague and not brings_into(caller.actor, body.program, setting=setting, at=caller.at):
        raise Refusal("not_member", rule="CLM-02")
    return setting.policy_at(body.program, at=caller.at)


def _refers(caller: Caller, body: LeadIn) -> bool:
    """Whether somebody of the house brings a customer in their own name, of whatever program they are (内部推荐)."""
    own = body.referrer is not None and body.referrer.person == caller.person
    return own and caller.setting.organisation.people[caller.person].partner is None


def _check_referrer(tx: Transaction, caller: Caller, body: LeadIn, policy: Policy) -> None:
    """One person who is here, or one customer the caller reads; by rotation nobody names who gets the lead (CNF-05)."""
    told = body.referrer
    if told is None:
        return
    if (told.person is None) is (told.customer is None):
        raise _invalid("referrer")
    if told.person is not None and not caller.setting.organisation.is_active(told.person, at=caller.at):
        raise _invalid("referrer.person")
    if told.customer is not None:
        c = t.customer.c
        present = tx.row(sa.select(c.id).where(c.id == told.customer, c.erased_at.is_(None)))
        if present is None or not (reads_base(caller) or claims_read(tx, caller, [told.customer])):
            raise _invalid("referrer.customer")
    if body.person is not None and policy.choice("referral.receiver") == "rotation":
        raise Refusal("field_not_allowed", rule="CNF-05", errors=(FieldError("person", "field_not_allowed"),))


def _known(tx: Transaction, caller: Caller, external_id: str | None) -> str | None:
    """The sender's lead of this number from another system (INT-03)."""
    if external_id is None:
        return None
    # Two calls with one number meet here; else the second would break the constraint instead of being answered.
    customers.lock_identity(tx, [("lead.external_id", f"{caller.person} {external_id}")])
    c = t.lead.c
    found = tx.execute(sa.select(c.id).where(c.external_id == external_id, c.sender == caller.person)).scalar()
    return str(found) if found is not None else None


def _require_room(tx: Transaction, caller: Caller, person: str, program: str, policy: Policy, matter: str) -> None:
    """Whoever is named has room for a customer, or a special approval; in a trial nobody is refused (POOL-07, POOL-11).

    Not asked where somebody has the customer, or a lead on them, in hand: then the named person gets nothing.
    """
    c, k = t.claim.c, t.lead.c
    taken = tx.row(sa.select(c.id).where(c.matter == matter, c.holds).limit(1)) or tx.row(
        sa.select(k.id).where(k.matter == matter, k.state.in_([s.value for s in OPEN])).limit(1)
    )
    if taken is None:
        _check_room(tx, caller, person, program, policy, matter)


def _check_room(tx: Transaction, caller: Caller, person: str, program: str, policy: Policy, matter: str) -> None:
    load = leads.loads(tx, [person], now=caller.at)[person]
    try:
        require_room(candidate(person, load, setting=caller.setting, policy=policy), policy)
    except Refusal:
        in_trial = caller.setting.in_trial(program, at=caller.at)
        if not in_trial and not approvals.excuses(tx, matter, person, at=caller.at):
            raise


def _receive(tx: Transaction, caller: Caller, body: LeadIn, resolved: Resolved, locked: matters.Locked) -> Waiting:
    """Write lead, command, stream and the first entry of its history, all stamped with the same instant."""
    now, setting, identifier = locked.now, caller.setting, mint()
    customer, project = resolved.customer, resolved.project
    terms = setting.terms_at(body.program, at=now)
    policy = setting.policy(terms)
    factors = dict(body.factors or {})
    score = scored(factors, policy).score
    lead = Lead(
        id=identifier,
        number=tx.next_number("lead"),
        matter=locked.row["id"],
        program=body.program,
        customer=customer,
        sender=caller.person,
        team=setting.organisation.team_of(caller.person, at=now),
        source=body.source,
        campaign=body.campaign,
        state=LeadState.RECEIVED,
        received_at=now,
        terms=terms,
        need=texts.keep(tx, body.need, customer=customer),
        facets=facets_of(body.facets.model_dump() if body.facets is not None else {}),
        factors=factors,
        score=score,
        grade=graded(score, policy),
        value_minor=body.value.amount_minor if body.value is not None else None,
        currency=body.value.currency if body.value is not None else None,
        wanted=body.person or _owner_of_referrer(tx, caller, body, policy),
        referral=_referral(tx, caller, body, resolved, identifier, policy, at=now),
    )
    more = {"track": body.track, "project": project, "external_id": body.external_id}
    told = {
        "person": body.person,
        "referrer": body.referrer.model_dump() if body.referrer is not None else None,
    }
    command = lead_intake.receive(tx, lead, more, locked, epoch=setting.epoch, told=told)
    return Waiting(command=command, kind="lead", stream=lead.id)


def _referral(
    tx: Transaction, caller: Caller, body: LeadIn, resolved: Resolved, lead: str, policy: Policy, *, at: datetime
) -> Referral | None:
    """Who brings the customer, and whether that is worth anything: only of one whom nobody knew (CNF-05)."""
    told = body.referrer
    if told is None:
        return None
    if told.customer is not None and resolved.customer in merges.records_of(tx, told.customer):
        raise _invalid("referrer.customer")
    length = policy.duration("referral.valid_days")
    return Referral(
        lead=lead,
        person=told.person,
        customer=told.customer,
        until=caller.setting.calendar(body.program).add(at, length).at if length is not None else None,
        why=referrals.why_no_credit(tx, resolved.customer, new=resolved.new),
    )


def _owner_of_referrer(tx: Transaction, caller: Caller, body: LeadIn, policy: Policy) -> str | None:
    """Whoever looks after the customer who brings another, where `referral.receiver` has it and they may still sell."""
    told = body.referrer
    if told is None or told.customer is None or policy.choice("referral.receiver") != "named_or_owner":
        return None
    owner = referrals.owner_of(tx, told.customer, program=body.program, track=body.track)
    if owner is None or not may_receive(owner, body.program, setting=caller.setting, at=caller.at):
        return None
    return owner


def accept(tx: Transaction, caller: Caller, lead: str) -> Waiting:
    """The receiver takes it (LEAD-16)."""
    row = visible_lead(tx, caller, lead)
    known = leads.lead_of(row, leads.offers_of(tx, [lead]).get(lead, ()))
    with _under(known.terms.version):
        authorise(CommandKind.LEAD_ACCEPT, known, actor=caller.actor, setting=caller.setting, at=caller.at)
        locked = matters.lock(tx, known.matter, of=lead)
        # Somebody may have directed a pooled customer at them, which is a take (POOL-03).
        data = _told_of(tx, caller, known, locked) if locked.row["pooled"] else {}
        return _command(tx, caller, known, CommandKind.LEAD_ACCEPT, data, locked)


def _told_of(tx: Transaction, caller: Caller, lead: Lead, locked: matters.Locked) -> dict[str, Any]:
    """What a take is told of whose customer it will be, which a stand-in accepts for them (LEAD-15)."""
    owner = lead.meant_for or caller.person
    taker = replace(caller, actor=Actor(owner))
    return {**told_of_take(tx, taker, lead.program, locked.now), "for": owner}


def give_back(tx: Transaction, caller: Caller, lead: str, body: ReturnIn) -> Waiting:
    """The receiver returns it with a listed reason (LEAD-16)."""

    def data(known: Lead) -> Mapping[str, Any]:
        if body.reason not in caller.setting.policy(known.terms).words("lead.return_reasons"):
            raise _invalid("reason")
        return {"reason": body.reason, "text": texts.keep(tx, body.text, customer=known.customer)}

    return _on(tx, caller, lead, CommandKind.LEAD_RETURN, data)


def contact(tx: Transaction, caller: Caller, lead: str, body: ContactIn) -> Waiting:
    """The first contact; one that failed counts with its note as proof (LEAD-11)."""

    def data(known: Lead) -> Mapping[str, Any]:
        text = texts.keep(tx, body.note, customer=known.customer)
        return {"kind": body.kind, "answered": body.answered, "text": text}

    return _on(tx, caller, lead, CommandKind.LEAD_CONTACT, data)


def assign(tx: Transaction, caller: Caller, lead: str, body: AssignIn) -> Waiting:
    """To a named person, or by the rules anew (LEAD-03)."""

    def data(known: Lead) -> Mapping[str, Any]:
        if body.person is not None and not may_receive(
            body.person, known.program, setting=caller.setting, at=caller.at
        ):
            raise _invalid("person")
        if body.person is not None and body.person == caller.person == known.sender:
            raise _invalid("person")
        if (
            body.person is not None
            and away(body.person, known.program, setting=caller.setting, at=caller.at) is not None
        ):
            raise _invalid("person", rule="PPL-05")
        if body.person is not None and body.person != known.receiver:
            policy = caller.setting.policy_at(known.program, at=caller.at)
            _check_room(tx, caller, body.person, known.program, policy, known.matter)
        # Whether advice was taken is on record; it decides nothing (LEAD-07).
        advised = [r.person for r in recommended(tx, caller, known)[0]] if body.person is not None else []
        return {
            "person": body.person,
            "recommended": advised,
            "text": texts.keep(tx, body.text, customer=known.customer),
        }

    return _on(tx, caller, lead, CommandKind.LEAD_ASSIGN, data)


def assess(tx: Transaction, caller: Caller, lead: str, body: AssessIn) -> Waiting:
    """What the need was found to be (LEAD-06)."""

    def data(known: Lead) -> Mapping[str, Any]:
        text = texts.keep(tx, body.text, customer=known.customer)
        return {"specialties": body.specialties, "factors": body.factors or {}, "text": text}

    return _on(tx, caller, lead, CommandKind.LEAD_ASSESS, data)


def grade(tx: Transaction, caller: Caller, lead: str, body: GradeIn) -> Waiting:
    """Other facts, or a grade by hand with its reason (LEAD-02)."""

    def data(known: Lead) -> Mapping[str, Any]:
        if (body.grade is None) is (body.factors is None):
            raise _invalid("grade")
        if body.grade is not None and not (body.reason or "").strip():
            raise Refusal("reason_required", rule="LEAD-02", errors=(FieldError("reason", "reason_required"),))
        text = texts.keep(tx, body.reason, customer=known.customer)
        return {"grade": body.grade, "factors": body.factors, "text": text}

    return _on(tx, caller, lead, CommandKind.LEAD_GRADE, data)


def close(tx: Transaction, caller: Caller, lead: str, reason: str) -> Waiting:
    """Nobody need follow it up (LEAD-16)."""

    def data(known: Lead) -> Mapping[str, Any]:
        return {"text": texts.keep(tx, reason, customer=known.customer)}

    return _on(tx, caller, lead, CommandKind.LEAD_CLOSE, data)


def _on(
    tx: Transaction, caller: Caller, lead: str, kind: CommandKind, data: Callable[[Lead], Mapping[str, Any]]
) -> Waiting:
    row = visible_lead(tx, caller, lead)
    known = leads.lead_of(row, leads.offers_of(tx, [lead]).get(lead, ()))
    with _under(known.terms.version):
        authorise(kind, known, actor=caller.actor, setting=caller.setting, at=caller.at)
        said = data(known)
        return _command(tx, caller, known, kind, said, matters.lock(tx, known.matter, of=lead))


def _command(
    tx: Transaction,
    caller: Caller,
    lead: Lead,
    kind: CommandKind,
    data: Mapping[str, Any],
    locked: matters.Locked,
) -> Waiting:
    command = Command(id=mint(), kind=kind, claim=lead.id, actor=caller.person, received_at=locked.now, data=data)
    tx.insert(
        t.command,
        matters.command_row(command, matter=lead.matter, target_type="lead", target=lead.id, stream=lead.id),
    )
    matters.touch(tx, lead.matter, locked.now)
    return Waiting(command=command.id, kind="lead", stream=lead.id)


@contextmanager
def _under(policy_version: int) -> Iterator[None]:
    """Refusals inside name the policy version (POL-07)."""
    try:
        yield
    except Refusal as refusal:
        if refusal.policy_version is None:
            refusal.policy_version = policy_version
        raise


def _invalid(field: str, *, rule: str | None = None) -> Refusal:
    return Refusal("field_invalid", rule=rule, errors=(FieldError(field, "field_invalid"),))
