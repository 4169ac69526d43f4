"""Leads as their readers see them (contract section 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, customers_of, scope_of
from api.views.lists import timeline_page
from domain.leads.candidates import fitting, members, rule_for
from domain.leads.dispatch import Ranked, Wanted
from domain.leads.lifecycle import LeadState
from domain.leads.model import Lead, Offer
from domain.leads.permissions import in_charge, may
from domain.leads.rotation import Skip
from domain.leads.scoring import scored
from domain.leads.weighing import Weighed
from domain.matters.matter import CommandKind
from domain.people.access import has_any_scope
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import customers, leads, merges, referrals, territories, texts
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction
from storage.pools import restriction_of

Row = dict[str, Any]

_L = LeadState
#: What can be done with a lead, by the states in which it has an effect.
_COMMANDS: tuple[tuple[str, CommandKind, frozenset[LeadState]], ...] = (
    ("accept", CommandKind.LEAD_ACCEPT, frozenset({_L.OFFERED})),
    ("return", CommandKind.LEAD_RETURN, frozenset({_L.OFFERED})),
    ("contact", CommandKind.LEAD_CONTACT, frozenset({_L.OFFERED, _L.ACCEPTED})),
    ("assign", CommandKind.LEAD_ASSIGN, frozenset({_L.ASSESSING, _L.OFFERED, _L.ESCALATED, _L.RETURNED})),
    ("assess", CommandKind.LEAD_ASSESS, frozenset({_L.ASSESSING})),
    ("grade", CommandKind.LEAD_GRADE, frozenset({_L.ASSESSING, _L.OFFERED, _L.ESCALATED, _L.RETURNED})),
    ("close", CommandKind.LEAD_CLOSE, frozenset({_L.ASSESSING, _L.ESCALATED, _L.RETURNED})),
)


def visible_lead(tx: Transaction, caller: Caller, lead: str) -> Row:
    """The row of a lead the caller reads; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.lead).where(t.lead.c.id == lead, readable_leads(caller)))
    if row is None:
        raise Refusal("not_found")
    return row


def readable_leads(caller: Caller) -> sa.ColumnElement[bool]:
    """Who reads a lead: its sender, whoever it was offered to, and for whom, or is asked about it, the owner it went
    to, those in charge of them, and, while its need is looked into, whoever may do that (LEAD-06).
    """
    scope = scope_of(caller)
    if scope.everything:
        return sa.true()
    c, mine = t.lead.c, acting_for(caller)
    held = sa.select(t.lead.c.id).where(t.lead.c.receiver.in_(mine))
    ways: list[sa.ColumnElement[bool]] = [
        c.sender == caller.person,
        c.id.in_(
            sa.select(t.lead_offer.c.lead).where(
                sa.or_(t.lead_offer.c.person.in_(mine), t.lead_offer.c.stands_for == caller.person)
            )
        ),
        c.claim.in_(sa.select(t.claim.c.id).where(t.claim.c.owner == caller.person)),
        c.duplicate_of.in_(held.correlate(None)),
        c.id.in_(
            sa.select(t.task.c.subject).where(
                t.task.c.person.in_(mine), t.task.c.subject_type == "lead", t.task.c.state == "open"
            )
        ),
    ]
    if scope.programs:
        ways.append(c.program.in_(sorted(scope.programs)))
    if scope.teams:
        teams = sorted(scope.teams)
        ways += [c.team.in_(teams), c.receiver_team.in_(teams)]
    organisation = caller.setting.organisation
    if has_any_scope(caller.actor, {Role.PRE_SALES, Role.MARKETING}, organisation=organisation, at=caller.at):
        programs = [
            p.id
            for p in caller.setting.programs.values()
            if p.is_member(caller.person, organisation=organisation, at=caller.at)
        ]
        ways.append(sa.and_(c.state == LeadState.ASSESSING.value, c.program.in_(sorted(programs))))
    return sa.or_(*ways)


def lead_page(
    tx: Transaction, caller: Caller, filters: Mapping[str, str | None], *, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/leads`, newest first."""
    statement = sa.select(t.lead).where(readable_leads(caller))
    for name, value in filters.items():
        if value is not None:
            column = t.lead.c[name]
            here = merges.came_under(tx, column, value) if name == "customer" else column == value
            statement = statement.where(here)
            if name == "receiver" and not _is_told_of(caller, value):  # what is not shown is not looked for either
                statement = statement.where(t.lead.c.sender.in_(_own(caller)))
    rows, following = page(
        tx,
        statement,
        time_column=t.lead.c.received_at,
        id_column=t.lead.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "leads", **filters},
    )
    return {"items": lead_views(tx, caller, rows), "next": following}


def lead_view(tx: Transaction, caller: Caller, lead: str) -> Row:
    """One lead by id, which the caller is known to read."""
    row = tx.row(sa.select(t.lead).where(t.lead.c.id == lead))
    assert row is not None
    return lead_views(tx, caller, [row])[0]


def lead_views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    """Leads in the order of ``rows``, in a fixed number of queries."""
    if not rows:
        return []
    ids = [r["id"] for r in rows]
    offers = leads.offers_of(tx, ids)
    found = [leads.lead_of(r, offers.get(r["id"], ())) for r in rows]
    people = customers_of(tx, {r["customer"] for r in rows})
    said = texts.read(tx, (text for lead in found for text in (lead.need, lead.grade_reason)))
    waiting = tx.rows(
        sa.select(t.command.c.id, t.command.c.claim)
        .where(t.command.c.decided_at.is_(None), t.command.c.claim.in_(ids))
        .order_by(t.command.c.received_at.desc())
    )
    pending = {r["claim"]: {"command": r["id"]} for r in waiting}
    return [
        _view(caller, lead, r, people[r["customer"]], said)
        | {"referral": _referral(tx, caller, lead), "pending": pending.get(lead.id)}
        for lead, r in zip(found, rows, strict=True)
    ]


def recommendation_view(tx: Transaction, caller: Caller, lead: str) -> Row:
    """Who fits a lead, for its sender, its receiver and those in charge of them (LEAD-07)."""
    row = visible_lead(tx, caller, lead)
    known = leads.lead_of(row, leads.offers_of(tx, [lead]).get(lead, ()))
    mine = caller.person in (known.sender, known.receiver)
    if _is_partners(caller):
        raise Refusal("not_allowed", rule="PPL-08")
    if not mine and not in_charge(known, actor=caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="LEAD-07")
    return advice_view(*recommended(tx, caller, known))


def advice_view(ranking: Sequence[Ranked], unable: Mapping[str, Skip]) -> Row:
    """Who fits, best first, each with what it is made up of, and who was left out."""
    return {
        "people": [{"person": r.person, **weighed_view(r.weighed)} for r in ranking],
        "left_out": [{"person": person, "reason": why.value} for person, why in sorted(unable.items())],
    }


def recommended(tx: Transaction, caller: Caller, lead: Lead) -> tuple[tuple[Ranked, ...], dict[str, Skip]]:
    """The `recommend.count` best of those whom the rules mean, and who of them cannot take it (LEAD-07)."""
    setting, policy = caller.setting, caller.setting.policy(lead.terms)
    rule = rule_for(
        lead,
        setting=setting,
        customer=territories.customer(tx, lead.customer),
        track=tx.execute(sa.select(t.matter.c.track).where(t.matter.c.id == lead.matter)).scalar_one(),
        at=caller.at,
    )
    people = members(lead.program, rule.team if rule is not None else None, setting=setting, at=caller.at)
    about = tx.execute(sa.select(t.customer.c.kind, customers.LEVEL).where(t.customer.c.id == lead.customer)).one()
    kept = tx.execute(sa.select(t.matter.c.pool_only).where(t.matter.c.id == lead.matter)).scalar_one()
    ranking, unable = fitting(
        people,
        lead.program,
        leads.loads(tx, people, now=caller.at),
        had=lead.had_by,
        only=restriction_of(kept),
        wanted=Wanted(facets=lead.facets, customer_kind=about.kind, customer_level=about.level),
        setting=setting,
        policy=policy,
        at=caller.at,
    )
    return ranking[: policy.integer("recommend.count")], unable


def weighed_view(weighed: Weighed) -> Row:
    """A weighed sum with its parts, which add up."""
    return {
        "score": weighed.score,
        "parts": [
            {"factor": p.factor, "weight": float(p.weight), "value": p.value, "points": p.centi / 100}
            for p in weighed.parts
        ],
    }


def _view(caller: Caller, lead: Lead, row: Row, customer: Row, said: Mapping[str, str]) -> Row:
    weighed = scored(lead.factors, caller.setting.policy(lead.terms))
    facets = lead.facets
    return {
        "id": lead.id,
        "number": lead.number,
        "program": lead.program,
        "track": row["track"],
        "customer": customer,
        "project": row["project"],
        "source": lead.source,
        "campaign": lead.campaign,
        "sender": lead.sender,
        "need": said.get(lead.need or ""),
        "facets": {
            "region": facets.region,
            "industry": facets.industry,
            "size": facets.size,
            "product_line": facets.product_line,
            "language": facets.language,
            "specialties": list(facets.specialties),
            "interests": list(facets.interests),
        },
        "value": {"amount_minor": lead.value_minor, "currency": lead.currency}
        if lead.value_minor is not None
        else None,
        "state": lead.state.value,
        "receiver": lead.receiver if _is_told_of_receiver(caller, lead) else None,
        "offers": [
            _offer(offer, whole=not _is_partners(caller))
            for offer in lead.offers
            if _is_told_of(caller, offer.person) or _is_told_of(caller, offer.stands_for)
        ],
        "score": {**weighed_view(weighed), "missing": list(weighed.missing)},
        "grade": lead.grade,
        "grade_reason": said.get(lead.grade_reason or ""),
        "specialties": list(facets.specialties),
        "assessed": lead.assessed,
        "assess_by": _text(lead.assess_by),
        "respond_by": _text(lead.respond_by),
        "accept_by": _text(lead.accept_by),
        "responded_at": _text(lead.responded_at),
        "by_silence": lead.by_silence,
        "breaches": lead.breaches,
        "return_reason": lead.return_reason,
        "claim": lead.claim,
        "duplicate_of": lead.duplicate_of,
        "received_at": rfc3339(lead.received_at),
        "ended_at": _text(lead.ended_at),
        "policy_version": lead.terms.version,
        "allowed": [
            name
            for name, kind, states in _COMMANDS
            if lead.state in states and may(kind, lead, actor=caller.actor, setting=caller.setting, at=caller.at)
        ],
        "version": lead.version,
    }


def _referral(tx: Transaction, caller: Caller, lead: Lead) -> Row | None:
    told = lead.referral
    if told is None:
        return None
    region = caller.setting.policy(lead.terms).word("match.phone_region") or "CN"
    colleagues = sorted(one for one in {told.person, lead.sender, lead.wanted, *lead.hands} if one is not None)
    return {
        "person": told.person,
        "customer": told.customer,
        "credit": told.why is None,
        "why": told.why,
        "until": _text(told.until),
        "related": (told.customer is not None and referrals.related(tx, told.customer, lead.customer))
        or any(referrals.is_relative_of(tx, one, lead.customer, region=region) for one in colleagues),
    }


def lead_timeline(tx: Transaction, caller: Caller, lead: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/leads/{id}/timeline`; who else could have had it, had it, or was asked, is no business of a partner's
    people (PPL-08).
    """
    found = timeline_page(tx, lead, limit=limit, cursor=cursor)
    if _is_partners(caller):
        row = tx.rows(sa.select(t.lead).where(t.lead.c.id == lead))[0]
        known = leads.lead_of(row, leads.offers_of(tx, [lead]).get(lead, ()))
        for item in found["items"]:
            known_to_them = item["actor"] == known.sender or _is_told_of(caller, item["actor"])
            if not (_is_told_of(caller, known.sender) or known_to_them):
                item["actor"] = None
            item["data"] = {
                name: None if name in _WHO and not _is_told_of(caller, value) else value
                for name, value in item["data"].items()
                if name not in _AMONG
            }
    return found


#: What an entry says of people among whom the receiver was found.
_AMONG = frozenset({"skipped", "ranking", "recommended", "territory"})
#: What an entry calls who had the lead, for whom, who is asked about it, and who gave it.
_WHO = frozenset({"person", "stands_for", "to", "by"})


def _is_told_of(caller: Caller, person: str | None) -> bool:
    """Whether the caller learns that ``person`` had the lead: of partners whoever stands in theirs (PPL-08)."""
    people = caller.setting.organisation.people
    own = people[caller.person].partner
    return own is None or (person is not None and person in people and people[person].partner == own)


def _is_told_of_receiver(caller: Caller, lead: Lead) -> bool:
    """Whether the caller learns in whose hands it is: of partners who sent it, or for whom of theirs it is kept.

    Who was only offered it learns that it is gone, not who of the house has it (PPL-08).
    """
    kept_for = lead.offer.stands_for if lead.offer is not None else None
    return any(_is_told_of(caller, person) for person in (lead.receiver, lead.sender, kept_for))


def _own(caller: Caller) -> list[str]:
    """Everybody of the partner that the caller stands in (PPL-08)."""
    people = caller.setting.organisation.people
    return sorted(id_ for id_, one in people.items() if one.partner == people[caller.person].partner)


def _is_partners(caller: Caller) -> bool:
    return caller.setting.organisation.partner_of(caller.person) is not None


def _offer(offer: Offer, *, whole: bool) -> Row:
    data = offer.data if whole else {}
    return {
        "person": offer.person,
        "stands_for": offer.stands_for,
        "at": rfc3339(offer.at),
        "way": offer.way.value,
        "territory": data.get("territory"),
        "makeup": offer.makeup,
        "skipped": data.get("skipped", []),
        "ranking": [_ranked(r) for r in data.get("ranking", [])],
        "end": offer.end.value if offer.end is not None else None,
        "ended_at": _text(offer.ended_at),
    }


def _ranked(kept: Mapping[str, Any]) -> Row:
    return {
        "person": kept["person"],
        "score": kept["score"],
        "parts": [
            {"factor": p["factor"], "weight": float(p["weight"]), "value": p["value"], "points": p["centi"] / 100}
            for p in kept["parts"]
        ],
    }


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
