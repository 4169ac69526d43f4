"""Ownership look-up (归属查询) and blind check (盲查): one word, and a claim for readers (CUS-08, CUS-09).

Nothing is made, and nothing is kept but that somebody asked. Records that the caller cannot see are searched like all
others, by the same statements, and answer in the same shape.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.commands import relatives
from api.commands.reports import identity_of
from api.reads import alarm
from api.schemas.claims import CustomerRef, ProjectGiven, ProjectRef
from api.schemas.customers import LookupIn
from api.views.claims import claim_view, is_broker, readable, scope_of
from api.views.customers import claims_read, reads_base
from domain.claims.lifecycle import IN_CASE
from domain.claims.model import Claim
from domain.customers.identity import MatchValues, match_values, require_identity
from domain.customers.lookup import answer
from domain.customers.probe_runs import Probe, completes_run
from domain.people.access import READING, SELLING, Place, has_any_scope, has_role
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.programs.program import Program
from domain.refusals import FieldError, Refusal
from storage import blind_checks, customers, merges, number_rivals, projects, usage
from storage import tables as t
from storage.company_names import CompanyNames
from storage.database import Transaction
from storage.ownership import Standing, standings

#: So many different numbers of one neighbourhood, asked about within a day, are told to oversight (CUS-08).
NEIGHBOURS = 10
_WINDOW = timedelta(days=1)
#: Stands for "none" where a statement must be the same whether something was found or not.
_NOBODY = "00000000-0000-0000-0000-000000000000"


def look_up(tx: Transaction, caller: Caller, body: LookupIn, names: CompanyNames) -> Done:
    """The answer a report would meet, in the order in which it meets it (:func:`domain.customers.lookup.answer`)."""
    program = program_asked(caller, body.program)
    policy = caller.setting.policy_at(program.id, at=caller.at)
    values = _check_content(tx, caller, body, policy)
    count_check(tx, caller, policy)
    probe = None
    if values is not None and values.phone_written is not None:
        probe = blind_checks.probe_of(tx, values.phone_written, at=tx.now())
        _watch_numbers(tx, caller, program, probe)
    subjects, possible = _subjects(tx, body, values, policy, names)
    found = standings(
        tx,
        program=program.id,
        track=body.track,
        subjects=subjects or (_NOBODY,),
        now=tx.now(),
        setting=caller.setting,
    )
    word = answer(
        matched=bool(subjects),
        own=_own(found, caller) is not None,
        owned_by_other=any(_is_others(s, caller) for s in found) or _kept(tx, caller, body, policy, subjects),
        pooled=any(s.pooled for s in found),
        possible=possible,
    )
    blind_checks.keep(
        tx,
        person=caller.person,
        program=program.id,
        track=body.track,
        answer=word.value,
        at=probe.at if probe is not None else tx.now(),
        probe=probe,
    )
    return Done(200, {"answer": word.value, "track": body.track, "claim": _claim(tx, caller, found)})


def program_asked(caller: Caller, program: str) -> Program:
    """Members who sell or receive, and readers of the program (CUS-08, CUS-09)."""
    setting, actor, at = caller.setting, caller.actor, caller.at
    organisation = setting.organisation
    scope = scope_of(caller)
    asks = has_any_scope(actor, SELLING | {Role.RECEPTION}, organisation=organisation, at=at)
    if not (asks or scope.everything or scope.programs or scope.teams):
        raise Refusal("not_allowed", rule="PPL-02")
    found = setting.programs.get(program)
    if found is None:
        raise _invalid("program")
    reads = scope.everything or program in scope.programs
    serves = has_role(actor, READING | {Role.RECEPTION}, organisation=organisation, at=at, place=Place(program=program))
    if not (reads or serves or found.is_member(caller.person, organisation=organisation, at=at)):
        raise Refusal("not_member", rule="CUS-08")
    return found


def _check_content(tx: Transaction, caller: Caller, body: LookupIn, policy: Policy) -> MatchValues | None:
    """The same content as a report; the normalised keys, None for a customer by id."""
    if body.track not in policy.tracks:
        raise _invalid("track")
    per_project = policy.choice("claim.subject") == "project"
    if per_project and body.project is None:
        raise Refusal("field_missing", rule="CLM-33", errors=(FieldError("project", "field_missing"),))
    if not per_project and body.project is not None:
        raise Refusal("field_not_allowed", rule="CLM-33", errors=(FieldError("project", "field_not_allowed"),))
    if isinstance(body.customer, CustomerRef):
        _require_visible(tx, caller, body.customer.id)
        return None
    values = match_values(identity_of(body.customer), region=policy.word("match.phone_region") or "CN")
    require_identity(
        values, groups=policy.match_groups(body.customer.kind), phone_mode=policy.choice("match.phone_mode")
    )
    return values


def _require_visible(tx: Transaction, caller: Caller, customer: str) -> None:
    """An id that the caller does not read is an unknown one: it tells nothing (contract section 1, References)."""
    row = tx.row(sa.select(t.customer.c.erased_at).where(t.customer.c.id == customer))
    known = row is not None and row["erased_at"] is None
    if not known or not (reads_base(caller) or claims_read(tx, caller, [customer])):
        raise _invalid("customer.id")


def count_check(tx: Transaction, caller: Caller, policy: Policy) -> None:
    """Every check is counted, and all but those of the reception are limited (CUS-08)."""
    now = tx.now()
    zone = caller.setting.company_policy_at(now).word("calendar.zone") or "UTC"
    hour, day = usage.hour_of(now), usage.day_of(now, zone=zone)
    in_hour = usage.count(tx, caller.person, usage.Act.PROBE, hour)
    in_day = usage.count(tx, caller.person, usage.Act.PROBE, day)
    if has_any_scope(caller.actor, {Role.RECEPTION}, organisation=caller.setting.organisation, at=caller.at):
        return
    per_hour, per_day = policy.probe_limits("partner" if is_broker(caller) else "in_house")
    for name, cap, count, until in (
        ("hour", per_hour, in_hour, usage.next_hour(now)),
        ("day", per_day, in_day, usage.next_day(now, zone=zone)),
    ):
        if cap is not None and count > cap:
            facts = {"cap": cap, "count": count - 1, "per": name, "until": until}
            raise Refusal("probe_limit", facts=facts)


def _watch_numbers(tx: Transaction, caller: Caller, program: Program, probe: Probe) -> None:
    """Runs of neighbouring numbers are no customers: oversight is told, once a run (CUS-08)."""
    run = completes_run(
        blind_checks.earlier(tx, caller.person, since=probe.at - _WINDOW), probe, window=_WINDOW, at_least=NEIGHBOURS
    )
    if run is not None:
        alarm(
            tx,
            caller.person,
            "alarm.probes",
            caller.setting,
            rule="CUS-08",
            facts={"count": run.count},
            program=program.id,
        )


def _subjects(
    tx: Transaction, body: LookupIn, values: MatchValues | None, policy: Policy, names: CompanyNames
) -> tuple[Collection[str], bool]:
    """Customers, or their projects, that are the one meant; and whether a weaker likeness was found."""
    if values is None:
        assert isinstance(body.customer, CustomerRef)
        certain: Sequence[str] = (merges.root_of(tx, body.customer.id),)
        possible = False
    else:
        match = customers.match(tx, values, customers.Comparison.under(policy, values.kind.value), names)
        certain, possible = match.certain, bool(match.possible) or match.ambiguous
        possible = number_rivals.may_be_reported(tx, values, match.alike) or possible
    if body.project is None:
        return certain, possible
    of = [record for customer in certain for record in merges.records_of(tx, customer)]
    same, close = _projects(tx, of or (_NOBODY,), body.project, policy)
    return same, possible or close


def _projects(
    tx: Transaction, of: Sequence[str], given: ProjectRef | ProjectGiven, policy: Policy
) -> tuple[Collection[str], bool]:
    if isinstance(given, ProjectRef):
        known = tx.execute(
            sa.select(t.project.c.id).where(t.project.c.id == given.id, t.project.c.customer.in_(sorted(of)))
        ).scalars()
        return tuple(known), False
    facts = projects.ProjectFacts(
        name=given.name,
        department=given.department,
        site=given.site,
        tender_number=given.tender_number,
        bid_date=given.bid_date,
        award_date=given.award_date,
    )
    same, close = projects.look_up(tx, of, facts, policy.project_match_groups())
    return same, bool(close)


def _kept(tx: Transaction, caller: Caller, body: LookupIn, policy: Policy, subjects: Collection[str]) -> bool:
    """Whether a report would meet somebody else who holds a relative of the customer (CUS-14)."""
    if body.project is not None or policy.choice("match.related_scope") == "none":
        return False
    place: dict[str, Any] = {"program": body.program, "track": body.track}
    related = {
        one
        for subject in subjects or (_NOBODY,)
        for one in relatives.relatives(tx, caller, policy, customer=subject, at=tx.now(), **place)
    }
    held = standings(tx, subjects=related or (_NOBODY,), now=tx.now(), setting=caller.setting, **place)
    mine = any(c.holds and c.owner == caller.person for s in held for c in s.claims)
    return not mine and any(
        (c.holds and c.owner != caller.person) or c.state in IN_CASE for s in held for c in s.claims
    )


def _own(found: Sequence[Standing], caller: Caller) -> Claim | None:
    """The caller's own open claim, which a report would give back."""
    return next((c for s in found for c in s.claims if (c.owner or c.reporter) == caller.person), None)


def _is_others(standing: Standing, caller: Caller) -> bool:
    # A customer whom nobody holds and a case is about is nobody's to report either (DSP-03).
    if any((c.holds and c.owner != caller.person) or c.state in IN_CASE for c in standing.claims):
        return True
    return standing.reserved_for is not None and standing.reserved_for != caller.person


def _claim(tx: Transaction, caller: Caller, found: Sequence[Standing]) -> dict[str, Any] | None:
    """The claim that the word speaks of, if the caller reads it: their own, else the one that holds the customer."""
    own = _own(found, caller)
    spoken_of = own or next((c for s in found for c in s.claims if c.holds), None)
    if spoken_of is None:
        return None
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == spoken_of.id))
    if row is None or not readable(tx, caller, row):
        return None
    return claim_view(tx, caller, spoken_of.id)


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))
