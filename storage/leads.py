"""Leads in the database: loaded with their matter, given out under the locks of their rotations (LEAD-01, LEAD-04)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from domain.claims.lifecycle import OPEN, ClaimState
from domain.claims.model import Referral, TermsRef
from domain.leads.candidates import holder_rule, members, rule_for
from domain.leads.handling import scope_of
from domain.leads.lifecycle import LeadState
from domain.leads.model import Desk, Lead, Load, Offer, OfferEnd, Way, is_invalid
from domain.leads.rotation import Rotation
from domain.leads.rules import giving
from domain.matters.inbox import lead_dues
from domain.matters.matter import Command, CommandKind, Matter
from domain.matters.setting import Setting
from domain.pools.limits import CAPPED
from storage import receptions
from storage import tables as t
from storage.codec import pack, unpack
from storage.database import Transaction
from storage.lead_rows import facets_of, facets_row, rotation_of, rotation_row

K = TypeVar("K")

#: Commands that may put a lead into other hands, or give a turn back.
_GIVING = frozenset(
    {CommandKind.LEAD_RECEIVE, CommandKind.LEAD_RETURN, CommandKind.LEAD_ASSIGN, CommandKind.LEAD_ASSESS}
)
#: Columns that carry the domain's field of the same name.
_SAME = (
    "id",
    "number",
    "matter",
    "program",
    "customer",
    "sender",
    "team",
    "source",
    "campaign",
    "grade",
    "score",
    "value_minor",
    "currency",
    "claim",
    "duplicate_of",
    "received_at",
    "ended_at",
    "version",
)
#: Fields that are kept in the detail as they are.
_PLAIN = (
    "need",
    "factors",
    "graded_by",
    "grade_reason",
    "wanted",
    "assess_by",
    "assessed",
    "responded_at",
    "by_silence",
    "breaches",
    "warned",
    "return_reason",
)
_CHANGEABLE = (
    "receiver",
    "receiver_team",
    "state",
    "watched",
    "grade",
    "score",
    "claim",
    "duplicate_of",
    "ended_at",
    "detail",
    "version",
)


def load(
    tx: Transaction, matter: Mapping[str, Any], commands: Iterable[Command], *, also: Collection[str] = ()
) -> dict[str, Lead]:
    """Leads of a matter that are open or watched, and those that ``commands`` name; oldest first."""
    named = {c.claim for c in commands if c.kind.value.startswith("lead_")} | set(also)
    ways = []
    if matter.get("led"):
        ways.append(sa.and_(t.lead.c.matter == matter["id"], t.lead.c.watched))
    if named:
        ways.append(t.lead.c.id.in_(sorted(named)))
    if not ways:
        return {}
    rows = tx.rows(sa.select(t.lead).where(sa.or_(*ways)).order_by(t.lead.c.number))
    offers = offers_of(tx, [r["id"] for r in rows])
    return {r["id"]: lead_of(r, offers.get(r["id"], ())) for r in rows}


def brought(tx: Transaction, matter: str) -> Referral | None:
    """The referral of a lead that left the customer in the pool, while no claim on them has come by it (CNF-05): that
    fell into it, or was closed, unless it was no lead at all.
    """
    c = t.lead.c
    left = c.state.in_((LeadState.POOLED.value, LeadState.CLOSED.value))
    ended = sa.select(c.detail).where(c.matter == matter, left).order_by(c.number)
    details = (unpack(row.detail) for row in tx.execute(ended))
    found = (detail.get("referral") for detail in details if not is_invalid(detail.get("return_reason")))
    told = next((Referral(**one) for one in found if one is not None and one["why"] is None), None)
    if told is None:
        return None
    claims = tx.execute(sa.select(t.claim.c.detail).where(t.claim.c.matter == matter))
    return None if any(row.detail.get("referral", {}).get("lead") == told.lead for row in claims) else told


def with_desk(tx: Transaction, matter: Matter, *, setting: Setting, now: datetime) -> Matter:
    """``matter`` with what its leads are given out from, if one may be now: the rotations locked, then counted.

    The rotations come after the matter and before heads of histories in the order of locks; several by id.
    """
    commanded = {c.claim for c in matter.commands if c.kind in _GIVING}
    given = [
        lead for lead in matter.leads.values() if lead.id in commanded or any(due.at < now for due in lead_dues(lead))
    ]
    if not given:
        return matter
    scopes: set[str] = {offer.scope for lead in given for offer in lead.offers[-1:] if offer.scope is not None}
    people: set[str] = set()
    customer, track = matter.division, matter.track
    for lead in given:
        meant = [rule_for(lead, setting=setting, customer=customer, track=track, at=now)]
        if lead.state is LeadState.ASSESSING:  # which may change the grade, and with it the rule
            holder = holder_rule(lead, setting=setting, customer=customer, track=track, at=now)
            meant += [*setting.rules_for_leads(matter.program), holder]
        for rule in meant:
            if rule is None or rule.pool:
                continue
            if rule.person is not None:
                people.add(rule.person)
                continue
            if rule.way in (Way.ROTATION, Way.DISPATCH):
                scopes.add(scope_of(lead, rule))
            people.update(members(matter.program, rule.team, setting=setting, at=now))
    # Whoever is absent has a stand-in: one of the rotation, or a buddy (LEAD-15).
    named = {person for lead in given for person in (lead.wanted, lead.meant_for) if person is not None}
    for lead in given if named else ():
        rule = giving(rule_for(lead, setting=setting, customer=customer, track=track, at=now))
        scopes.add(scope_of(lead, rule))
        people.update(members(matter.program, rule.team, setting=setting, at=now))
    buddies = receptions.buddies(tx, matter.program, named) if named else {}
    people.update(buddy for some in buddies.values() for buddy in some)
    people.update(c.owner for c in matter.claims.values() if c.owner is not None)
    rotations = {scope: _locked_rotation(tx, matter.program, scope) for scope in sorted(scopes)}
    desk = Desk(now=now, rotations=rotations, loads=loads(tx, people, now=now), buddies=buddies)
    return replace(matter, desk=desk)


def save(tx: Transaction, before: Matter, after: Matter) -> None:
    """Write the leads that are different now, their offers, and the rotations that moved."""
    for lead in after.leads.values():
        was = before.leads.get(lead.id)
        if was is not None and was != lead:
            _update(tx, lead, former=was)
    if after.desk is not None and before.desk is not None:
        for scope, rotation in after.desk.rotations.items():
            if rotation != before.desk.rotations.get(scope):
                tx.update(t.rotation, {"program": after.program, "scope": scope}, {"state": rotation_row(rotation)})


def loads(tx: Transaction, people: Collection[str], *, now: datetime) -> dict[str, Load]:
    """What each of ``people`` has in hand now, and how their claims ended so far (table 0.4)."""
    wanted = sorted(people)
    if not wanted:
        return {}
    claims: dict[str, dict[str, int]] = {}
    held: dict[str, dict[tuple[str, str | None], int]] = {}
    capped: dict[str, int] = {}
    c = t.claim.c
    grouped = (c.owner, c.state, c.source, c.proposed, c.by_reception, c.opening.is_not(None))
    statement = (
        sa.select(*grouped, sa.func.count()).where(c.owner.in_(wanted), c.state.in_(_COUNTED)).group_by(*grouped)
    )
    for row in tx.execute(statement):
        owner, state, source, proposed, by_reception, from_opening, number = tuple(row)
        words = (state, "proposal") if proposed and state == ClaimState.ACTIVE.value else (state,)
        for word in words:
            _add(claims.setdefault(owner, {}), word, number)
        if not from_opening:
            _add(held.setdefault(owner, {}), (state, source), number)
        if state in CAPPED and not from_opening and not by_reception:
            _add(capped, owner, number)
    offered: dict[str, dict[str, int]] = {}
    for row in tx.execute(
        sa.select(t.lead.c.receiver, t.lead.c.source, sa.func.count())
        .where(t.lead.c.receiver.in_(wanted), t.lead.c.state == LeadState.OFFERED.value)
        .group_by(t.lead.c.receiver, t.lead.c.source)
    ):
        receiver, source, number = tuple(row)
        offered.setdefault(receiver, {})[source] = number
    overdue = {
        row["person"]: row["late"]
        for row in tx.rows(
            sa.select(t.task.c.person, sa.func.count().label("late"))
            .where(t.task.c.person.in_(wanted), t.task.c.state == "open", t.task.c.due < now)
            .group_by(t.task.c.person)
        )
    }
    last = {
        row["person"]: row["at"]
        for row in tx.rows(
            sa.select(t.lead_offer.c.person, sa.func.max(t.lead_offer.c.at).label("at"))
            .where(t.lead_offer.c.person.in_(wanted))
            .group_by(t.lead_offer.c.person)
        )
    }
    return {
        person: Load(
            leads=sum(offered.get(person, {}).values()),
            by_source=offered.get(person, {}),
            overdue=overdue.get(person, 0),
            claims={word: n for word, n in counts.items() if word in _OPEN},
            won=counts.get(ClaimState.WON.value, 0),
            ended=sum(counts.get(state, 0) for state in _OVER),
            held=held.get(person, {}),
            capped=capped.get(person, 0),
            last_lead_at=last.get(person),
        )
        for person in wanted
        for counts in [claims.get(person, {})]
    }


def _add(counts: dict[K, int], word: K, number: int) -> None:
    counts[word] = counts.get(word, 0) + number


_OPEN = frozenset(s.value for s in OPEN if s is not ClaimState.WON) | {"proposal"}
_OVER = (ClaimState.WON.value, ClaimState.LAPSED.value, ClaimState.RELEASED.value)
_COUNTED = sorted({*_OPEN, *_OVER} - {"proposal"})


def insert(tx: Transaction, lead: Lead, more: Mapping[str, Any]) -> None:
    """A lead that was just received; ``more``: columns that the domain does not know."""
    tx.insert(
        t.lead, {**{name: getattr(lead, name) for name in _SAME}, **_terms_row(lead), **_changeable(lead), **more}
    )


def lead_of(row: Mapping[str, Any], offers: Iterable[Offer]) -> Lead:
    """The domain's lead of a row and its offers."""
    detail = unpack(row["detail"])
    return Lead(
        **{name: row[name] for name in _SAME},
        **{name: detail[name] for name in _PLAIN if name in detail},
        state=LeadState(row["state"]),
        terms=TermsRef(
            policy=row["policy"],
            company_policy=row["company_policy"],
            version=row["policy_version"],
            calendar_version=row["calendar_version"],
        ),
        facets=facets_of(detail.get("facets", {})),
        referral=Referral(**detail["referral"]) if "referral" in detail else None,
        offers=tuple(offers),
    )


def offers_of(tx: Transaction, leads: Collection[str]) -> dict[str, list[Offer]]:
    """Offers by lead, in order."""
    found: dict[str, list[Offer]] = {}
    if not leads:
        return found
    c = t.lead_offer.c
    for r in tx.rows(sa.select(t.lead_offer).where(c.lead.in_(sorted(leads))).order_by(c.lead, c.place)):
        found.setdefault(r["lead"], []).append(
            Offer(
                person=r["person"],
                at=r["at"],
                way=Way(r["way"]),
                stands_for=r["stands_for"],
                scope=r["scope"],
                makeup=r["makeup"],
                data=unpack(r["data"]),
                respond_by=r["respond_by"],
                accept_by=r["accept_by"],
                end=OfferEnd(r["end"]) if r["end"] is not None else None,
                ended_at=r["ended_at"],
            )
        )
    return found


def _locked_rotation(tx: Transaction, program: str, scope: str) -> Rotation:
    tx.insert_new(t.rotation, [{"program": program, "scope": scope, "state": rotation_row(Rotation())}])
    statement = tx.locked(_ROTATION)
    found = tx.execute(statement, {"program": program, "scope": scope}).scalar_one()
    return rotation_of(found)


_ROTATION = sa.select(t.rotation.c.state).where(
    t.rotation.c.program == sa.bindparam("program"), t.rotation.c.scope == sa.bindparam("scope")
)


def _terms_row(lead: Lead) -> dict[str, Any]:
    return {
        "policy": lead.terms.policy,
        "company_policy": lead.terms.company_policy,
        "policy_version": lead.terms.version,
        "calendar_version": lead.terms.calendar_version,
    }


def _changeable(lead: Lead) -> dict[str, Any]:
    detail = {name: getattr(lead, name) for name in _PLAIN if getattr(lead, name)}
    if lead.referral is not None:
        detail["referral"] = asdict(lead.referral)
    return {
        "receiver": lead.receiver,
        "state": lead.state.value,
        "watched": lead.is_watched,
        "grade": lead.grade,
        "score": lead.score,
        "claim": lead.claim,
        "duplicate_of": lead.duplicate_of,
        "ended_at": lead.ended_at,
        "detail": pack({**detail, "facets": facets_row(lead.facets)}),
        "version": lead.version,
    }


def _update(tx: Transaction, lead: Lead, *, former: Lead) -> None:
    was, row = _changeable(former), _changeable(lead)
    values = {name: value for name, value in row.items() if value != was[name]}
    if "receiver" in values:
        values["receiver_team"] = _team(tx, lead.receiver)
    if values:
        tx.update(t.lead, {"id": lead.id}, values)
    for place, offer in enumerate(lead.offers):
        if place < len(former.offers) and former.offers[place] == offer:
            continue
        ended = {
            "end": offer.end.value if offer.end is not None else None,
            "reason": lead.return_reason if offer.end is OfferEnd.RETURNED else None,
            "ended_at": offer.ended_at,
        }
        if place < len(former.offers):
            tx.update(t.lead_offer, {"lead": lead.id, "place": place}, ended)
        else:
            tx.insert(t.lead_offer, _offer_row(tx, lead, place, offer) | ended)


def _offer_row(tx: Transaction, lead: Lead, place: int, offer: Offer) -> dict[str, Any]:
    return {
        "lead": lead.id,
        "place": place,
        "program": lead.program,
        "person": offer.person,
        "team": _team(tx, offer.person),
        "at": offer.at,
        "way": offer.way.value,
        "stands_for": offer.stands_for,
        "scope": offer.scope,
        "makeup": offer.makeup,
        "respond_by": offer.respond_by,
        "accept_by": offer.accept_by,
        "data": pack(offer.data),
    }


def _team(tx: Transaction, person: str | None) -> str | None:
    """The person's team as of now: who has a lead in hand is looked after by today's leader."""
    if person is None:
        return None
    return str(tx.execute(sa.select(t.person.c.team).where(t.person.c.id == person)).scalar_one())
