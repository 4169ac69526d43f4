"""Receiving a report (客户报备): what is refused before receipt, and what becomes a claim (contract section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands import project_news, received, relatives
from api.commands.received import as_of_now
from api.schemas.base import Track
from api.schemas.claims import CustomerFacets, CustomerGiven, CustomerRef, ProjectGiven, ProjectRef, ReportIn
from api.views.claims import claim_view
from domain.calendar.duration import DAY_US, Duration
from domain.claims.lifecycle import OPEN, ClaimState
from domain.claims.model import Claim, Opening, Outside, Resemblance, TermsRef
from domain.claims.permissions import may_sell
from domain.claims.projects import wrong_dates
from domain.customers.company_index import CloseCompany
from domain.customers.identity import Identity, MatchValues, match_values, require_identity
from domain.customers.names import CustomerKind
from domain.disputes.sameness import RELATIVE
from domain.matters.draft import Notice
from domain.matters.matter import Command, CommandKind, Matter
from domain.matters.setting import Setting
from domain.policy.policy import Policy
from domain.pools.limits import CAPPED, Attempt, is_entry
from domain.pools.overload import alarm
from domain.refusals import FieldError, Refusal
from domain.territories.division import territory_of
from storage import (
    approvals,
    customers,
    history,
    links,
    matters,
    merges,
    number_rivals,
    overload,
    projects,
    territories,
    texts,
)
from storage import tables as t
from storage.claim_rows import claim_of, claim_row
from storage.codec import canonical, plain
from storage.company_names import CompanyNames
from storage.database import Transaction, mint
from storage.notices import queue_notices


def report(tx: Transaction, caller: Caller, body: ReportIn, names: CompanyNames) -> Done | Waiting:
    """Receive a report: refuse, give back the caller's own open claim, or store it for the drain (CLM-02, CLM-03)."""
    reporter = _Reporter(caller, body)
    try:
        return _checked(tx, caller, body, reporter, names)
    except Refusal as refusal:
        refusal.policy_version = reporter.policy.version
        raise


def report_or_tell(tx: Transaction, caller: Caller, body: ReportIn, names: CompanyNames) -> Done | Waiting:
    """The same; that somebody has too much on hand to report a pooled customer is kept for their supervisor (POOL-11).

    By then nothing is made or told: the customer, and the matter, were there before.
    """
    try:
        return report(tx, caller, body, names)
    except Refusal as refusal:
        if refusal.code != "overloaded":
            raise
        above = caller.setting.supervisor(caller.person, program=body.program, at=caller.at)
        if above is None:
            raise
        said = alarm(
            caller.person,
            told=above,
            program=body.program,
            version=refusal.policy_version,
            facts=refusal.facts,
        )
        queue_notices(tx, overload.told(tx, [said], caller.setting, at=caller.at), at=caller.at)
        return Done(refusal.status, None, refusal=refusal)


def _checked(
    tx: Transaction, caller: Caller, body: ReportIn, reporter: _Reporter, names: CompanyNames
) -> Done | Waiting:
    """The report against everything that may refuse it before receipt, in the contract's order."""
    values = reporter.check_content(tx)
    imported = imported_before(tx, caller.person, body.external_id)
    if imported is not None:
        return Done(200, claim_view(tx, caller, imported))
    resolved = resolve(tx, body, values, reporter.policy, names, reporter=caller.person)
    kept = _kept_by_relatives(tx, caller, body, resolved, reporter.policy)
    news = _news(tx, caller, body, resolved)
    locked = resolved.made or matters.lock(tx, resolved.matter)
    matter = as_of_now(tx, caller, locked, taker=caller.person)
    if news is not None and not project_news.is_alone(caller, matter, at=locked.now):
        news = None
    own = own_open(matter, caller.person)
    if own is not None:
        return _told_again(tx, caller, own, news, locked)
    if not caller.setting.programs[body.program].open:
        raise Refusal("program_closed", rule="TER-01")
    outside = _outside(tx, caller, body, resolved.customer, locked.now)
    digest = facts_digest(tx, body)
    attempt = _attempt(caller, matter, locked)
    if attempt is not None:
        attempt.check_member()
    would_refuse: Refusal | None = None
    excused = False
    try:
        if outside is not None and reporter.policy.choice("claim.out_of_territory") == "refuse":
            facts = {"territory": outside.territory, "version": outside.version}
            raise Refusal("outside_territory", rule="TER-05", facts=facts)
        excused = _check_standing(tx, caller, body, reporter.policy, matter, locked, digest, attempt)
    except Refusal as refusal:
        if not caller.setting.in_trial(body.program, at=locked.now):
            raise
        would_refuse = refusal
    if news is not None:
        project_news.tell(tx, caller, news)
    return receive(
        tx,
        caller,
        body,
        resolved,
        locked,
        policy=reporter.policy,
        digest=digest,
        would_refuse=would_refuse,
        outside=outside,
        kept=kept,
        excused=excused,
    )


def _news(tx: Transaction, caller: Caller, body: ReportIn, resolved: Resolved) -> project_news.News | None:
    if resolved.project is None or not resolved.news:
        return None
    return project_news.reported(
        tx, caller, body.program, resolved.matter, resolved.project, resolved.news, fresh=resolved.made is not None
    )


def _told_again(
    tx: Transaction, caller: Caller, own: Claim, news: project_news.News | None, locked: matters.Locked
) -> Done | Waiting:
    """The caller's own claim; what the report says of its project, and nobody knew yet, is a correction (CLM-33)."""
    if news is None:
        return Done(200, claim_view(tx, caller, own.id))
    project_news.tell(tx, caller, news)
    row = {"id": own.id, "matter": own.matter}
    data = {"version": own.version, "fields": news.fields, "present": [], "columns": {}, **news.data}
    return received.receive(tx, caller, row, CommandKind.CORRECT, lambda _: data, locked=locked)


def _kept_by_relatives(
    tx: Transaction, caller: Caller, body: ReportIn, resolved: Resolved, policy: Policy
) -> dict[str, tuple[Claim, Matter]]:
    """Who holds a relative of the customer, by matter; a named project is nobody's relative (CUS-14, CLM-33)."""
    if resolved.project is not None:
        return {}
    place = {"program": body.program, "track": body.track}
    found = relatives.relatives(tx, caller, policy, customer=resolved.customer, at=caller.at, **place)
    if not found:
        return {}
    # A relative whom nobody has reported yet may be reported this very moment.
    links.hold(tx, (resolved.customer, *found))
    found = relatives.relatives(tx, caller, policy, customer=resolved.customer, at=caller.at, **place)
    beside = resolved.matter if resolved.made is None else None
    return relatives.held_by_others(tx, caller, found, beside=beside, **place)


def _check_standing(
    tx: Transaction,
    caller: Caller,
    body: ReportIn,
    policy: Policy,
    matter: Matter,
    locked: matters.Locked,
    digest: str,
    attempt: Attempt | None,
) -> bool:
    """What stands against the reporter rather than against the report; in a trial it is only noted (POL-08).

    Whether it is received although it exceeds a cap: a special approval lets it, which is used up once the customer
    is the reporter's (CLM-34).
    """
    if attempt is not None:
        attempt.check_entry()
    if not locked.fresh:
        _check_returning(tx, caller, matter, locked.now, policy, digest)
    try:
        if attempt is not None:
            attempt.check_room()
        _check_caps(tx, caller, body.program, locked.now, policy)
        if attempt is not None:
            attempt.check_day()
    except Refusal:
        if locked.fresh or not approvals.excuses(tx, locked.row["id"], caller.person, at=locked.now):
            raise
        return True
    return False


def _outside(tx: Transaction, caller: Caller, body: ReportIn, customer: str, now: datetime) -> Outside | None:
    """The territory of somebody else that the customer lies in, by the plan in force (TER-05)."""
    setting = caller.setting
    plan = setting.territory_plan(body.program, at=now)
    if plan is None:
        return None
    found = territory_of(plan, territories.customer(tx, customer), track=body.track)
    if found is None or found.territory.is_of(caller.person, organisation=setting.organisation, at=now):
        return None
    return Outside(
        territory=found.territory.name,
        plan=plan.id,
        version=plan.version,
        holder=found.territory.answers(organisation=setting.organisation, at=now),
    )


def _attempt(caller: Caller, matter: Matter, locked: matters.Locked) -> Attempt | None:
    """A report of a pooled customer is a take by another way (POOL-03), unless a case decides on it."""
    if not is_entry(matter, locked.now) or matter.in_case:
        return None
    return Attempt(matter, caller.setting, caller.person, locked.now)


def require_partner_open(person: str, program: str, *, setting: Setting, at: datetime) -> None:
    """Whoever comes from a partner reports only while it takes reports, else ``partner_suspended`` (PPL-08)."""
    partner = setting.organisation.partner_of(person)
    today = setting.calendar(program).local_date(at)
    if partner is not None and not partner.takes_reports(on=today):
        facts = {"from": partner.start, "to": partner.end, "suspended": partner.suspended}
        raise Refusal("partner_suspended", rule="PPL-08", facts=facts)


class _Reporter:
    """Who reports what, before anything is locked: 403 first, then the content (contract section 1)."""

    def __init__(self, caller: Caller, body: ReportIn) -> None:
        self._caller = caller
        self._body = body
        setting = caller.setting
        if not may_sell(caller.actor, setting=setting, at=caller.at):
            raise Refusal("not_allowed", rule="PPL-02")
        program = setting.programs.get(body.program)
        if program is None:
            raise _invalid("program")
        if not program.is_member(caller.person, organisation=setting.organisation, at=caller.at):
            raise Refusal("not_member", rule="CLM-02")
        self.policy = setting.policy_at(body.program, at=caller.at)
        require_partner_open(caller.person, body.program, setting=setting, at=caller.at)

    def check_content(self, tx: Transaction) -> MatchValues | None:
        """Refuse what the policy asks for and the body lacks; the identity's normalised values, None by id."""
        body, policy = self._body, self.policy
        check_subject(body, policy)
        lacking = [f for f in policy.required_fields if f not in _given(body)]
        if body.provisional:
            lacking = []
        values = identity_values(tx, body.customer, policy)
        if lacking:
            raise Refusal("field_missing", rule="CLM-02", errors=tuple(FieldError(f, "field_missing") for f in lacking))
        self._check_dates()
        return values

    def _check_dates(self) -> None:
        body, now = self._body, self._caller.at
        today = self._caller.setting.calendar(body.program).local_date(now)
        wrong = []
        if body.expected_close is not None and body.expected_close < today:
            wrong.append("expected_close")
        if body.first_contact is not None and body.first_contact.at > now:
            wrong.append("first_contact.at")
        if isinstance(body.project, ProjectGiven):
            wrong += wrong_dates(body.project.bid_date, body.project.award_date, today=today)
        if wrong:
            raise Refusal("date_invalid", rule="CLM-02", errors=tuple(FieldError(f, "date_invalid") for f in wrong))


class Subject(Protocol):
    """What names a subject: the body of a report, or of a lead."""

    @property
    def program(self) -> str: ...
    @property
    def track(self) -> Track: ...
    @property
    def customer(self) -> CustomerRef | CustomerGiven: ...
    @property
    def project(self) -> ProjectRef | ProjectGiven | None: ...


def check_subject(body: Subject, policy: Policy) -> None:
    """Refuse a track the program has not, and a project where customers are owned as a whole, or none where not."""
    if body.track not in policy.tracks:
        raise _invalid("track")
    per_project = policy.choice("claim.subject") == "project"
    if per_project and body.project is None:
        raise _missing("project")
    if not per_project and body.project is not None:
        raise Refusal("field_not_allowed", rule="CLM-33", errors=(FieldError("project", "field_not_allowed"),))


def check_award(body: Subject, caller: Caller) -> None:
    """Refuse a day of award of a new project that cannot be so, whoever tells of it (CLM-33)."""
    if isinstance(body.project, ProjectGiven):
        today = caller.setting.calendar(body.program).local_date(caller.at)
        wrong = wrong_dates(body.project.bid_date, body.project.award_date, today=today)
        if wrong:
            raise Refusal("date_invalid", rule="CLM-33", errors=tuple(FieldError(f, "date_invalid") for f in wrong))


def identity_values(tx: Transaction, customer: CustomerRef | CustomerGiven, policy: Policy) -> MatchValues | None:
    """The normalised values of an identity that is enough to find somebody by; None for a customer named by id."""
    if isinstance(customer, CustomerRef):
        customers.lock_seen_digits(tx, customer.id)
        # Locked, so that an erasure comes before this, or finds what it makes.
        found = tx.row(tx.locked(sa.select(t.customer.c.erased_at).where(t.customer.c.id == customer.id)))
        if found is None or found["erased_at"] is not None:
            raise _invalid("customer.id")
        return None
    values = match_values(identity_of(customer), region=policy.word("match.phone_region") or "CN")
    require_identity(
        values,
        groups=policy.match_groups(customer.kind),
        phone_mode=policy.choice("match.phone_mode"),
    )
    return values


def identity_of(customer: CustomerGiven) -> Identity:
    """The identity part of a customer as given."""
    return Identity(
        kind=CustomerKind(customer.kind),
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        company_code=customer.company_code,
        external_id=customer.external_id,
    )


def contact_from(customer: CustomerGiven, values: MatchValues) -> customers.Contact:
    """The record of a customer as given, numbers in international form (CUS-03)."""
    return customers.Contact(
        kind=CustomerKind(customer.kind),
        name=customer.name,
        phone=values.phone or customer.phone,
        email=values.email,
        company_code=values.company_code,
        external_id=customer.external_id,
        level=customer.level,
        source=customer.source,
        facets=facets_given(customer.facets),
    )


def facets_given(facets: CustomerFacets | None) -> dict[str, str]:
    """What is told of a customer that territories are divided by (TER-02)."""
    return facets.model_dump(exclude_none=True) if facets is not None else {}


def resemblance(hit: CloseCompany) -> Resemblance:
    """A close name as the claim keeps it (CUS-05)."""
    return Resemblance(
        hit.customer,
        round(hit.comparison.score * 10_000),
        {f.part.value: f.finding.value for f in hit.comparison.findings},
    )


class _About(NamedTuple):
    """What rules ask of a customer and a project."""

    kind: str
    level: str | None
    source: str | None
    awarded_on: date | None


@dataclass(frozen=True)
class Resolved:
    """What a report or a lead is about."""

    matter: str
    made: matters.Locked | None  # where this is the first of its matter
    customer: str
    new: bool  # the customer was not known before
    project: str | None
    kind: str
    level: str | None
    possible: tuple[str, ...]
    resembles: tuple[Resemblance, ...]
    rivals: tuple[str, ...]
    ambiguous: bool
    news: Mapping[str, Any]  # what the report says of a project that was known, and its record lacks


def resolve(
    tx: Transaction,
    body: Subject,
    values: MatchValues | None,
    policy: Policy,
    names: CompanyNames,
    *,
    reporter: str | None = None,
) -> Resolved:
    """Find or make the customer, the project and the matter, under the identity locks (CUS-02, CLM-33).

    ``reporter``: who reports, where that is who would have the claim.
    """
    possible: tuple[str, ...] = ()
    resembles: tuple[Resemblance, ...] = ()
    ambiguous = new = False
    alike: tuple[str, ...] = ()
    if isinstance(body.customer, CustomerRef):
        customer = merges.root_of(tx, body.customer.id)
    else:
        assert values is not None
        compared = customers.Comparison.under(policy, body.customer.kind)
        customers.lock_identity(tx, customers.check_pairs(values, compared))
        match = customers.match(tx, values, compared, names)
        alike = match.alike
        resembles = tuple(resemblance(hit) for hit in match.close)
        if match.certain:
            customer = match.certain[0]
            others = _decided_elsewhere(tx, body, match.certain)
            possible, ambiguous = match.possible + others, bool(others)
        else:
            possible = match.possible
            customer, new = customers.create(tx, contact_from(body.customer, values), values, at=tx.now()), True
    project, close, news = _project(tx, customer, body.project, policy, reporter=reporter)
    if new and project is None and isinstance(body.customer, CustomerGiven):
        about = _About(body.customer.kind, body.customer.level, body.customer.source, None)
    else:
        found = tx.execute(_ABOUT, {"customer": customer, "project": project}).one()
        about = _About(found.kind, found.level, found.source, found.awarded_on)
    matter, made = _matter(tx, body, customer, project, about, alike, new=new)
    return Resolved(
        matter=matter,
        made=made,
        customer=customer,
        new=new,
        project=project,
        kind=about.kind,
        level=about.level,
        possible=possible + close,
        resembles=resembles,
        rivals=_owners(tx, body, possible, close),
        ambiguous=ambiguous,
        news=news,
    )


def _decided_elsewhere(tx: Transaction, body: Subject, certain: tuple[str, ...]) -> tuple[str, ...]:
    """Records beside the first that the keys match too, but for those that are known here as the same customer's."""
    first, *others = certain
    if not others:
        return ()
    place = {"program": body.program, "track": body.track}
    here = merges.matter_of(tx, subject=first, **place)
    return tuple(c for c in others if here is None or merges.matter_of(tx, subject=c, **place) != here)


def _project(
    tx: Transaction,
    customer: str,
    given: ProjectRef | ProjectGiven | None,
    policy: Policy,
    *,
    reporter: str | None,
) -> tuple[str | None, tuple[str, ...], Mapping[str, Any]]:
    """The project, those it may be the same as, and what is left to be told of it.

    What a report says is told once nothing refuses it, and it is seen that nobody but the reporter has the project:
    what a rival says would be the owner's (CLM-33). What others say is told at once, of a project nobody has.
    """
    if given is None:
        return None, (), {}
    if isinstance(given, ProjectRef):
        known = tx.execute(
            sa.select(t.project.c.id).where(
                t.project.c.id == given.id, t.project.c.customer.in_(merges.records_of(tx, customer))
            )
        ).scalar()
        if known is None:
            raise _invalid("project.id")
        return given.id, (), {}
    found = projects.find_or_create(
        tx,
        customer,
        projects.ProjectFacts(
            name=given.name,
            department=given.department,
            site=given.site,
            tender_number=given.tender_number,
            bid_date=given.bid_date,
            award_date=given.award_date,
        ),
        groups=policy.project_match_groups(),
        at=tx.now(),
    )
    if reporter is not None:
        return found.project, found.possible, found.news
    if found.news and not projects.people_on(tx, found.project, now=tx.now()):
        projects.tell(tx, found.project, found.news)
    return found.project, found.possible, {}


def _matter(
    tx: Transaction,
    body: Subject,
    customer: str,
    project: str | None,
    about: _About,
    alike: tuple[str, ...],
    *,
    new: bool,
) -> tuple[str, matters.Locked | None]:
    """The matter's id; locked and stamped already where this makes it. ``new``: so is the customer.

    ``alike``: records whose number may be that of a new customer (CUS-07); of a known one they are looked for here.
    """
    subject = project or customer
    here = {"program": body.program, "subject": subject, "track": body.track}
    known = None if new else merges.matter_of(tx, **here)
    if known is not None:
        return known, None
    matter = mint()
    row: dict[str, Any] = {
        "id": matter,
        **here,
        "customer": customer,
        "project": project,
        "last_at": tx.now() - timedelta(microseconds=1),
        "pooled": False,
        "poisoned": False,
    }
    if tx.insert_new(t.matter, [row]):
        if project is None and about.kind == CustomerKind.PERSON:
            alike = alike if new else customers.alike(tx, customer)
            latest = number_rivals.meet(tx, matter, alike, program=body.program, track=body.track)
            if latest is not None:
                row["last_at"] = max(row["last_at"], latest)
        return matter, matters.made(
            tx, row, kind=about.kind, level=about.level, source=about.source, awarded_on=about.awarded_on
        )
    known = merges.matter_of(tx, **here)
    assert known is not None
    return known, None


_ABOUT = (
    sa.select(t.customer.c.kind, customers.LEVEL, t.customer.c.source, projects.AWARDED_ON)
    .outerjoin(t.project, t.project.c.id == sa.bindparam("project", type_=t.project.c.id.type))
    .where(t.customer.c.id == sa.bindparam("customer"))
)


def _owners(tx: Transaction, body: Subject, possible: tuple[str, ...], close: tuple[str, ...]) -> tuple[str, ...]:
    """Who holds the subjects this one may be the same as, in this program and track."""
    subjects = sorted({*possible, *close})
    if not subjects:
        return ()
    found = tx.execute(
        sa.select(t.claim.c.owner)
        .join(t.matter, t.matter.c.id == t.claim.c.matter)
        .where(
            t.matter.c.program == body.program,
            t.matter.c.track == body.track,
            sa.or_(t.matter.c.subject.in_(subjects), t.matter.c.customer.in_(possible)),
            t.claim.c.holds,
        )
        .distinct()
    )
    return tuple(sorted(found.scalars()))


def imported_before(tx: Transaction, person: str, external_id: str | None) -> str | None:
    """The claim that ``person`` reported under this number of another system, whatever became of it (INT-03)."""
    if external_id is None:
        return None
    # Two calls with one number meet here; else the second would break the constraint instead of being answered.
    customers.lock_identity(tx, [("claim.external_id", f"{person} {external_id}")])
    c = t.claim.c
    found = tx.execute(sa.select(c.id).where(c.external_id == external_id, c.reporter == person)).scalar()
    return str(found) if found is not None else None


def own_open(matter: Matter, person: str) -> Claim | None:
    """The open claim that ``person`` has on the subject already (contract section 5)."""
    return next((c for c in matter.claims.values() if c.state in OPEN and (c.owner or c.reporter) == person), None)


def _check_returning(
    tx: Transaction, caller: Caller, matter: Matter, now: datetime, policy: Policy, digest: str
) -> None:
    """A former owner waits (CLM-26); a report that a judge refused needs changed facts, and has few tries."""
    mine = [
        claim_of(r)
        for r in tx.rows(
            sa.select(t.claim).where(
                t.claim.c.matter == matter.id,
                sa.or_(t.claim.c.owner == caller.person, t.claim.c.reporter == caller.person),
                t.claim.c.state.in_(("lapsed", "released", "rejected")),
            )
        )
    ]
    mine += [c for c in matter.claims.values() if c.state in (ClaimState.LAPSED, ClaimState.RELEASED)]
    for claim in mine:
        if claim.ended_at is None or (claim.owner or claim.reporter) != caller.person:
            continue
        if claim.state in (ClaimState.LAPSED, ClaimState.RELEASED) and claim.owner is not None:
            wait = policy.reclaim_wait(matter.customer_kind, idle=claim.reason == "idle")
            if wait is None:
                continue
            until = caller.setting.calendar(matter.program).add(claim.ended_at, wait).at
            if now < until:
                raise Refusal("reclaim_wait", rule="CLM-26", facts={"until": until})
    judged = tx.rows(
        sa.select(t.claim.c.facts_digest).where(
            t.claim.c.matter == matter.id,
            t.claim.c.reporter == caller.person,
            t.claim.c.state == "rejected",
            t.claim.c.reason == "judged",
        )
    )
    limit = policy.integer("claim.resubmit_max")
    if judged and (len(judged) > limit or any(r["facts_digest"] == digest for r in judged)):
        raise Refusal(
            "resubmit_limit",
            rule="CLM-26",
            facts={"cap": limit, "count": len(judged), "unchanged": any(r["facts_digest"] == digest for r in judged)},
        )


_HELD_BY = sa.select(sa.func.count()).where(
    sa.or_(t.claim.c.owner == sa.bindparam("person"), t.claim.c.reporter == sa.bindparam("person")),
    sa.func.coalesce(t.claim.c.owner, t.claim.c.reporter) == sa.bindparam("person"),
    t.claim.c.state.in_(CAPPED),
    t.claim.c.opening.is_(None),  # nobody is refused for what they had before (INT-10)
    ~t.claim.c.by_reception,
)


def _check_caps(tx: Transaction, caller: Caller, program: str, now: datetime, policy: Policy) -> None:
    """Open claims are capped per person and team, counted under a lock on the person (CLM-25)."""
    person_cap, team_cap = policy.limit("claim.cap_person"), policy.limit("claim.cap_team")
    partner = caller.setting.organisation.partner_of(caller.person)
    partner_cap = policy.limit("claim.cap_partner") if partner is not None else None
    if person_cap is None and team_cap is None and partner_cap is None:
        return
    matters.lock_people(tx, {caller.person})
    if person_cap is not None:
        count = tx.execute(_HELD_BY, {"person": caller.person}).scalar_one()
        rate = _halved_at(tx, caller, program, now, policy, person_cap, count)
        cap = max(1, person_cap // 2) if rate is not None else person_cap
        if count >= cap:
            raise Refusal(
                "claim_cap",
                rule="CLM-25",
                facts={"cap": cap, "count": count, "per": "person", "rate_pct": rate},
            )
    if team_cap is not None:
        team = caller.setting.organisation.team_of(caller.person, at=now)
        _check_team(tx, team, team_cap, per="team")
    if partner is not None and partner_cap is not None:
        _check_team(tx, partner.team, partner_cap, per="partner")


def _channel(setting: Setting, reporter: str, body: ReportIn) -> str:
    """What a broker reports comes by the partner, whatever the report says (CLM-10, CLM-13, PPL-08)."""
    return "partner" if setting.organisation.partner_of(reporter) is not None else body.channel


def _check_team(tx: Transaction, team: str, cap: int, *, per: str) -> None:
    """Open claims of a team, or of a partner, which is a team of its own, counted under a lock on it."""
    if not tx.is_sqlite:
        tx.execute(sa.select(t.team.c.id).where(t.team.c.id == team).with_for_update()).all()
    open_ones = sa.select(sa.func.count()).where(
        t.claim.c.team == team,
        t.claim.c.state.in_(CAPPED),
        t.claim.c.opening.is_(None),
        ~t.claim.c.by_reception,
    )
    count = tx.execute(open_ones).scalar_one()
    if count >= cap:
        raise Refusal("claim_cap", rule="CLM-25", facts={"cap": cap, "count": count, "per": per})


def halved_at(tx: Transaction, caller: Caller, program: str, now: datetime, policy: Policy) -> float | None:
    """The poor rate that halves the cap of who is about to take a customer, else None (CLM-25); they are locked."""
    cap = policy.limit("claim.cap_person")
    if cap is None:
        return None
    matters.lock_people(tx, {caller.person})
    count = tx.execute(_HELD_BY, {"person": caller.person}).scalar_one()
    return _halved_at(tx, caller, program, now, policy, cap, count)


def told_of_take(tx: Transaction, caller: Caller, program: str, now: datetime) -> dict[str, Any]:
    """What the decision of a take is told of the caller, who is locked for it: their halved cap, and their team where
    teams have a cap (CLM-25).
    """
    policy = caller.setting.policy_at(program, at=now)
    team = caller.setting.organisation.team_of(caller.person, at=now)
    return {
        "halved_at": halved_at(tx, caller, program, now, policy),
        "team": team if policy.limit("claim.cap_team") is not None else None,
    }


def _halved_at(
    tx: Transaction, caller: Caller, program: str, now: datetime, policy: Policy, cap: int, count: int
) -> float | None:
    half = max(1, cap // 2)
    # The rate is asked for only where this report reaches half the cap: below it makes no difference.
    return _halved_by(tx, caller, program, now, policy, half) if count + 1 >= half else None


def _halved_by(tx: Transaction, caller: Caller, program: str, now: datetime, policy: Policy, half: int) -> float | None:
    """The reporter's rate in per cent where it halves the cap, else None (恶意报备、占坑, CLM-25).

    Nobody meets it unannounced: it halves only from a working day after the reporter was told, and if it was poor a
    working day ago already. This report may be the one that makes it poor, so it is told of here.
    """
    calendar, window = caller.setting.calendar(program), policy.duration("guard.window_days")
    if window is None:
        return None
    a_day = Duration.of(1, "wd")
    day_ago = calendar.subtract(now, a_day)
    was = _poor_rate(tx, caller.person, day_ago, calendar.subtract(day_ago, window), policy)
    rate = _poor_rate(tx, caller.person, now, calendar.subtract(now, window), policy)
    coming = _poor_rate(tx, caller.person, now, calendar.subtract(now, window), policy, more=1)
    told = tx.execute(_TOLD, {"person": caller.person}).one()
    if coming is not None and (told.last is None or told.last < (day_ago if was is None else now - _TOLD_AGAIN)):
        _tell_of_half(tx, caller, policy, half=half, rate=coming, at=now, until=calendar.add(now, a_day).at)
    is_announced = told.first is not None and told.first <= day_ago
    return rate if was is not None and is_announced else None


_HALF = "alarm.cap"
#: Whose rate stays poor is told again after so long.
_TOLD_AGAIN = timedelta(days=30)
_TOLD = sa.select(sa.func.min(t.notice.c.at).label("first"), sa.func.max(t.notice.c.at).label("last")).where(
    t.notice.c.person == sa.bindparam("person"), t.notice.c.kind == _HALF
)


def _tell_of_half(
    tx: Transaction, caller: Caller, policy: Policy, *, half: int, rate: float, at: datetime, until: datetime
) -> None:
    queue_notices(
        tx,
        [
            Notice(
                person=caller.person,
                kind=_HALF,
                urgency="urgent",
                subject_type="person",
                subject=caller.person,
                rule="CLM-25",
                policy_version=policy.version,
                facts={"cap": half, "rate_pct": rate, "until": until},
            )
        ],
        at=at,
    )


def _poor_rate(
    tx: Transaction, person: str, at: datetime, since: datetime, policy: Policy, *, more: int = 0
) -> float | None:
    """The share in per cent of reports that reached a visit or an answered contact by ``at``, None if it is not poor.

    ``more``: reports that are being received, and have reached nothing.
    """
    made = sa.and_(
        t.claim.c.reporter == person,
        t.claim.c.received_at > since,
        t.claim.c.received_at <= at,
        t.claim.c.opening.is_(None),
    )
    reports = more + tx.execute(sa.select(sa.func.count()).select_from(t.claim).where(made)).scalar_one()
    if reports < policy.integer("guard.min_reports") or reports == 0:
        return None
    reached = tx.execute(
        sa.select(sa.func.count(sa.distinct(t.claim.c.id)))
        .select_from(t.claim.join(t.follow_up, t.follow_up.c.claim == t.claim.c.id))
        .where(
            made,
            t.follow_up.c.received_at <= at,
            sa.or_(t.follow_up.c.kind == "visit", t.follow_up.c.answered),
        )
    ).scalar_one()
    found = 100 * reached / reports
    return round(found, 1) if found < policy.number("guard.rate_pct") else None


@dataclass(frozen=True)
class Listed:
    """How a claim begins that comes from an opening load, or from an objection to it (INT-10).

    ``reason``: the id of a text.
    """

    reporter: str
    opening: Opening
    stage: str | None = None
    last_follow_up_at: datetime | None = None
    reason: str | None = None


def receive(
    tx: Transaction,
    caller: Caller,
    body: ReportIn,
    resolved: Resolved,
    locked: matters.Locked,
    *,
    policy: Policy,
    digest: str,
    listed: Listed | None = None,
    would_refuse: Refusal | None = None,
    outside: Outside | None = None,
    kept: Mapping[str, tuple[Claim, Matter]] | None = None,
    excused: bool = False,
) -> Waiting:
    """Write claim, command, stream and the first entry of its history, all stamped with the same instant.

    Without ``listed`` it is a report of the caller's; ``would_refuse``: what it would have met, but for a trial;
    ``kept``: who holds relatives of the customer, by their matters, which are locked (CUS-14);
    ``excused``: a special approval lets it exceed a cap (CLM-34).
    """
    now, setting = locked.now, caller.setting
    reporter = listed.reporter if listed is not None else caller.person
    key = customers.data_key(tx, resolved.customer) if _has_text(body) else None
    need = texts.keep(tx, body.need, customer=resolved.customer, key=key)
    progress = texts.keep(tx, body.progress, customer=resolved.customer, key=key)
    team = setting.organisation.team_of(reporter, at=now)
    missing = _missing_fields(body, policy) if listed is None else ()
    complete_in = policy.duration("claim.complete_h")
    source = body.source or (body.customer.source if isinstance(body.customer, CustomerGiven) else None)
    terms: TermsRef = setting.terms_at(body.program, at=now)
    claim = Claim(
        id=mint(),
        receipt=tx.next_number("receipt"),
        matter=resolved.matter,
        program=body.program,
        reporter=reporter,
        team=team,
        state=ClaimState.REPORTED,
        received_at=now,
        rank_at=now,
        terms=terms,
        channel=_channel(setting, reporter, body),
        source=source,
        customer_kind=resolved.kind,
        customer_level=resolved.level,
        # One that has everything is a full report: there would be nothing to complete it with.
        provisional=body.provisional and bool(missing),
        missing=missing,
        complete_by=setting.calendar(body.program).add(now, complete_in).at
        if missing and complete_in is not None and not body.provisional
        else None,
        possible=resolved.possible,
        close=resolved.resembles,
        rivals=resolved.rivals,
        ambiguous=resolved.ambiguous,
        related=tuple(held.id for held, _ in (kept or {}).values()),
        related_to=tuple(held.owner or held.reporter for held, _ in (kept or {}).values()),
        outside=outside,
        excused=excused,
        opening=listed.opening if listed is not None else None,
        stage=listed.stage if listed is not None else None,
        proposed=listed is not None and policy.is_proposed(listed.stage),
        last_qualified_at=listed.last_follow_up_at if listed is not None else None,
        reason_text=listed.reason if listed is not None else None,
    )
    first_contact = _first_contact(tx, body, resolved.customer, key)
    row = claim_row(claim) | {
        "customer": resolved.customer,
        "project": resolved.project,
        "track": body.track,
        "reporter_team": team,
        "need": need,
        "progress": progress,
        "next_follow_up_at": body.next_follow_up_at,
        "expected_close": body.expected_close,
        "expected_minor": body.expected_amount.amount_minor if body.expected_amount else None,
        "expected_currency": body.expected_amount.currency if body.expected_amount else None,
        "first_contact": first_contact,
        "external_id": body.external_id,
        "facts_digest": digest,
        "asked": False,
    }
    tx.insert(t.claim, row)
    tx.insert(
        t.stream,
        {
            "id": claim.id,
            "kind": "claim",
            "matter": resolved.matter,
            "open": True,
            "next_instant": now,
            "epoch": setting.epoch,
        },
    )
    kind = CommandKind.REPORT if listed is None else CommandKind.OPENING
    data = {"would_refuse": _noted(would_refuse)} if would_refuse is not None else {}
    command = Command(id=mint(), kind=kind, claim=claim.id, actor=caller.person, received_at=now, data=data)
    tx.insert(t.command, matters.command_row(command, matter=resolved.matter, target_type="claim", target=claim.id))
    history.append(
        tx,
        [
            history.Entry(
                stream=claim.id,
                stream_kind="claim",
                kind="received",
                at=now,
                actor=caller.person,
                policy_version=terms.version,
                after=ClaimState.REPORTED.value,
                data={
                    "receipt": claim.receipt,
                    "program": body.program,
                    "customer": resolved.customer,
                    "project": resolved.project,
                    "track": body.track,
                    "channel": claim.channel,
                    "provisional": claim.provisional,
                    "missing": list(missing),
                    # Only how many: the reporter reads this, and whom they resemble is not for them (CUS-08).
                    "possible": len(resolved.possible),
                    **({"related": len(claim.related)} if claim.related else {}),
                    **({"territory": outside.territory, "plan": outside.version} if outside is not None else {}),
                    "facts": digest,
                    "first_contact": first_contact,
                    **_opening_data(claim),
                },
            )
        ],
        fresh=(claim.id,),
    )
    matters.touch(tx, resolved.matter, now)
    if kept:
        number_rivals.link(tx, resolved.matter, kept)
        if policy.choice("claim.on_collision") == "dispute" and not setting.in_trial(body.program, at=now):
            _, other = kept[min(kept)]
            then = now + timedelta(microseconds=1)
            relatives.ask_in_case(tx, caller, claim, resolved.customer, other, relation=RELATIVE, at=then)
    return Waiting(command=command.id, kind="claim", stream=claim.id)


def _opening_data(claim: Claim) -> dict[str, Any]:
    """What history keeps of a row of an opening load, or of an objection: whose it is, and the dates told (INT-10)."""
    opening = claim.opening
    if opening is None:
        return {}
    left = opening.protection
    return {
        "opening": opening.kind,
        "owner": claim.reporter,
        "object_by": opening.object_by,
        "last_follow_up_at": claim.last_qualified_at,
        "protection_days_left": left.microseconds // DAY_US if left is not None else None,
        "stage": claim.stage,
        "text": claim.reason_text,
    }


def _noted(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "rule": refusal.rule, "facts": refusal.facts}


def _has_text(body: ReportIn) -> bool:
    return bool(body.need or body.progress or (body.first_contact and body.first_contact.note))


def _first_contact(tx: Transaction, body: ReportIn, customer: str, key: bytes | None) -> dict[str, Any] | None:
    contact = body.first_contact
    if contact is None:
        return None
    note = texts.keep(tx, contact.note, customer=customer, key=key)
    found: dict[str, Any] = plain({"kind": contact.kind, "at": contact.at, "note": note})
    return found


def _given(body: ReportIn) -> set[str]:
    """The named fields that the report brings, blank text left out."""
    source = body.source or (body.customer.source if isinstance(body.customer, CustomerGiven) else None)
    values: Mapping[str, Any] = {
        "identity": True,
        "program": True,
        "need": (body.need or "").strip(),
        "progress": (body.progress or "").strip(),
        "next_follow_up_at": body.next_follow_up_at,
        "expected_close": body.expected_close,
        "expected_amount": body.expected_amount,
        "source": (source or "").strip(),
        "first_contact": body.first_contact,
    }
    return {name for name, value in values.items() if value}


def _missing_fields(body: ReportIn, policy: Policy) -> tuple[str, ...]:
    wanted = list(policy.complete_fields)
    if body.provisional:
        wanted = [*policy.required_fields, *wanted]
    given = _given(body)
    return tuple(dict.fromkeys(f for f in wanted if f not in given))


def facts_digest(tx: Transaction, body: ReportIn) -> str:
    """Tells a repeated report from one with changed facts (CLM-26), without keeping them."""
    return tx.keys.digest(canonical(plain(body.model_dump(mode="python", exclude={"external_id"}))).decode())


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))


def _missing(field: str) -> Refusal:
    return Refusal("field_missing", rule="CLM-02", errors=(FieldError(field, "field_missing"),))
