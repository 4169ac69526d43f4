"""Cases in the database: loaded with their matter, saved with what a decision made of them (DSP-01)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import ClaimState
from domain.claims.model import TermsRef
from domain.disputes.arbitrators import Seat, Source, Tier
from domain.disputes.lifecycle import DisputeState
from domain.disputes.model import (
    Challenge,
    Dispute,
    Grounds,
    Outcome,
    Party,
    Proposal,
    Recusal,
    Role,
    Ruling,
    Share,
    Verdict,
    Violation,
    Window,
)
from domain.matters.draft import Draft
from domain.matters.matter import Command, CommandKind, Matter
from storage import case_records, precedents, sameness
from storage import tables as t
from storage.codec import pack, unpack
from storage.database import Transaction

#: Columns that carry the domain's field of the same name.
_SAME = (
    "id",
    "number",
    "matter",
    "program",
    "opened_by",
    "opened_at",
    "ended_at",
    "statement",
    "tier",
    "mediator",
    "served_by",
    "other_customer",
    "version",
)


# What freezes claims of a matter may be a case of another one (CUS-13).
_CASES = sa.select(t.dispute).where(
    sa.or_(
        sa.and_(t.dispute.c.matter == sa.bindparam("matter"), t.dispute.c.open),
        t.dispute.c.id.in_(sa.bindparam("named", expanding=True)),
    )
)


def load(
    tx: Transaction,
    matter: str,
    commands: Iterable[Command],
    claims: Iterable[Mapping[str, Any]],
    *,
    also: str | None = None,
) -> dict[str, Dispute]:
    """The open case of a matter and those that ``commands`` name; no query where nothing tells of one."""
    named = {c.data["dispute"] for c in commands if "dispute" in c.data}
    named |= {c["dispute"] for c in claims if c["dispute"] is not None}
    if also is not None:
        named.add(also)
    if not named:
        return {}
    rows = tx.execute(_CASES, {"matter": matter, "named": sorted(named)}).mappings()
    return {r["id"]: dispute_of(dict(r)) for r in rows}


def in_case(tx: Transaction, matters: Collection[str]) -> frozenset[str]:
    """Those of ``matters`` about whose customer a case is open, be it about another record of theirs (CUS-13)."""
    d, c, wanted = t.dispute.c, t.claim.c, sorted(matters)
    own = sa.select(d.matter).where(d.open, d.matter.in_(wanted))
    beside = sa.select(c.matter).join(t.dispute, d.id == c.dispute).where(d.open, c.matter.in_(wanted))
    return frozenset(tx.execute(own.union(beside)).scalars())


def contenders(tx: Transaction, matter: str) -> set[str]:
    """Claims that a case about the customer may concern although they have ended: reports refused for its owner."""
    found = tx.execute(
        sa.select(t.claim.c.id).where(
            t.claim.c.matter == matter,
            t.claim.c.state == ClaimState.REJECTED.value,
            t.claim.c.reason == "customer_owned",
        )
    )
    return set(found.scalars())


#: Commands that refer to items of their case.
_REFERRING = (CommandKind.DISPUTE_APPEAL, CommandKind.DISPUTE_OBJECT, CommandKind.DISPUTE_RULE)


def evidence_times(tx: Transaction, commands: Iterable[Command]) -> dict[str, dict[str, datetime]]:
    """When the items entered in cases were received to which undecided commands may refer (DSP-14, DSP-16)."""
    wanted = sorted({c.data["dispute"] for c in commands if c.kind in _REFERRING})
    if not wanted:
        return {}
    found: dict[str, dict[str, datetime]] = {}
    for row in tx.rows(sa.select(t.evidence).where(t.evidence.c.dispute.in_(wanted))):
        found.setdefault(row["dispute"], {})[row["id"]] = row["received_at"]
    return found


def records(tx: Transaction, matter: str, commands: Iterable[Command], cases: Mapping[str, Dispute]) -> frozenset[str]:
    """What is evidence by itself, where an undecided command may refer to it (DSP-09)."""
    if all(c.kind not in _REFERRING for c in commands):
        return frozenset()
    others = {c.other_matter for c in cases.values() if c.matter == matter and c.other_matter is not None}
    return frozenset(case_records.known(tx, (matter, *sorted(others)), None))


#: Ends of a case in which nobody decided about what was disputed in it.
_UNDECIDED = (DisputeState.SETTLED, DisputeState.DISMISSED, DisputeState.WITHDRAWN)


def contested(tx: Transaction, matter: str) -> frozenset[str]:
    """Items that were disputed in earlier cases of a matter and that nobody has decided about (DSP-04)."""
    c = t.dispute.c
    details = tx.execute(
        sa.select(c.detail).where(c.matter == matter, c.state.in_([state.value for state in _UNDECIDED]))
    ).scalars()
    return frozenset(item for detail in details for item in unpack(detail).get("contested", ()))


def dismissed_at(tx: Transaction, person: str, *, program: str) -> list[datetime]:
    """When cases of ``program`` were dismissed that ``person`` had opened for themselves (DSP-02).

    What policy opens by itself has no statement, and what somebody in charge opens for others has them as no party.
    """
    c, p = t.dispute.c, t.dispute_party.c
    found = tx.execute(
        sa.select(c.ended_at)
        .join(t.dispute_party, p.dispute == c.id)
        .where(
            p.person == person,
            c.opened_by == person,
            c.program == program,
            c.state == DisputeState.DISMISSED.value,
            c.statement.is_not(None),
        )
    )
    return list(found.scalars())


#: No policy asks for more of them.
_SIMILAR_MAX = 20


def likeness(tx: Transaction, customer: str, commands: Iterable[Command]) -> tuple[str, ...]:
    """What two records say of being one customer, where an undecided command asks (CUS-13).

    Of two that belong together it is only that: nobody takes them for one person (CUS-14).
    """
    asked = next((c.data for c in commands if c.asks_about is not None), None)
    if asked is None:
        return ()
    related = asked.get("relation")
    return (related,) if related is not None else sameness.likeness(tx, customer, asked["other_customer"])


def similar(
    tx: Transaction, matter: Mapping[str, Any], commands: Iterable[Command], cases: Mapping[str, Dispute]
) -> tuple[str, ...]:
    """Precedents for the advice on the case that an undecided command opens or decides (DSP-18)."""
    for command in commands:
        if command.kind is CommandKind.DISPUTE_OPEN:
            grounds = Grounds(command.data["grounds"])
        elif command.kind is CommandKind.DISPUTE_RULE and command.data["dispute"] in cases:
            grounds = cases[command.data["dispute"]].grounds
        else:
            continue
        found = precedents.similar(
            tx, program=matter["program"], track=matter["track"], grounds=grounds, at_most=_SIMILAR_MAX
        )
        return tuple(found)
    return ()


def save(tx: Transaction, before: Matter, draft: Draft) -> None:
    """Write new and changed cases, their parties and evidence."""
    after = draft.matter
    fresh = {d.id for d in draft.new_disputes}
    for dispute in after.disputes.values():
        was = before.disputes.get(dispute.id)
        if was == dispute:
            continue
        row = dispute_row(dispute)
        if was is None and dispute.id in fresh:
            row |= {
                "number": dispute.number or tx.next_number("dispute"),
                "customer": after.customer,
                "project": after.project,
                "track": after.track,
            }
            tx.insert(t.dispute, row)
        else:
            del row["number"]  # it has one for good, though a case that a drain made does not know it yet
            tx.update(t.dispute, {"id": dispute.id}, row | {"version": dispute.version + 1})
        if was is None or was.is_open:
            precedents.keep(tx, dispute, track=after.track)
            sameness.keep(tx, dispute, customer=after.customer)
        known = dict(_involved(was)) if was is not None else {}
        parties = {person: claim for person, claim in _involved(dispute) if person not in known}
        if parties:
            tx.insert(
                t.dispute_party,
                [{"dispute": dispute.id, "person": person, "claim": claim} for person, claim in parties.items()],
            )
    for item in draft.new_evidence:
        data = item.data
        tx.insert(
            t.evidence,
            {
                "id": data["evidence"],
                "dispute": item.dispute,
                "kind": data["kind"],
                "at": data.get("at") or item.received_at,
                "received_at": item.received_at,
                "author": item.author,
                "about": data.get("about"),
                "origin": data["origin"],
                "consent": data.get("consent"),
                "text": data.get("text"),
                "file": data.get("file"),
                "digest": data["digest"],
                "corrects": data.get("corrects"),
            },
        )


def _involved(dispute: Dispute) -> Iterator[tuple[str, str | None]]:
    """Parties, and those who took their place, each with the claim they stand for."""
    for party in dispute.parties:
        yield party.person, party.claim
        if party.represented_by is not None:
            yield party.represented_by, party.claim


def dispute_row(dispute: Dispute) -> dict[str, Any]:
    """The columns of a case that a decision makes."""
    row: dict[str, Any] = {name: getattr(dispute, name) for name in _SAME}
    return row | {
        "grounds": dispute.grounds.value,
        "state": dispute.state.value,
        "open": dispute.is_open,
        "arbitrator": dispute.arbitrator,
        "policy": dispute.terms.policy,
        "company_policy": dispute.terms.company_policy,
        "policy_version": dispute.terms.version,
        "calendar_version": dispute.terms.calendar_version,
        "detail": pack(
            {
                "parties": [
                    {
                        "person": p.person,
                        "claim": p.claim,
                        "role": p.role.value,
                        "heard": p.heard,
                        "waived": p.waived,
                        "appealed": p.appealed,
                        "represented_by": p.represented_by,
                    }
                    for p in dispute.parties
                ],
                "windows": [[w.value, at] for w, at in dispute.windows],
                "seats": [asdict(seat) for seat in dispute.seats],
                "seat_seen": dispute.seat_seen,
                "other_matter": dispute.other_matter,
                "relation": dispute.relation,
                "household": list(dispute.household),
                "interested": list(dispute.interested),
                "vacant": dispute.vacant,
                "mediator_seen": dispute.mediator_seen,
                "mediated": list(dispute.mediated),
                "named": list(dispute.named),
                "recused": list(dispute.recused),
                "recusals": [{**asdict(r), "state": r.state.value} for r in dispute.recusals],
                "more_evidence_asked": dispute.more_evidence_asked,
                "asks": _outcome_data(dispute.asks),
                "contested": list(dispute.contested),
                "proposed_by": dispute.proposed_by,
                "outcome": _outcome_data(dispute.outcome),
                "rulings": [
                    {
                        "id": r.id,
                        "tier": r.tier,
                        "by": r.by,
                        "at": r.at,
                        "outcome": _outcome_data(r.outcome),
                        "reason": r.reason,
                        "facts": r.facts,
                        "evidence": list(r.evidence),
                        "violations": [asdict(v) for v in r.violations],
                        "follows_advice": r.follows_advice,
                        "advice": r.advice,
                        "final_at": r.final_at,
                        "final": r.final,
                    }
                    for r in dispute.rulings
                ],
                "proposals": [
                    {
                        "n": p.n,
                        "by": p.by,
                        "terms": _outcome_data(p.terms),
                        "text": p.text,
                        "digest": p.digest,
                        "accepted_by": list(p.accepted_by),
                        "state": p.state,
                    }
                    for p in dispute.proposals
                ],
            }
        ),
    }


def dispute_of(row: Mapping[str, Any]) -> Dispute:
    """The domain's case of a row."""
    detail = unpack(row["detail"])
    fields: dict[str, Any] = {name: row[name] for name in _SAME}
    return Dispute(
        **fields,
        grounds=Grounds(row["grounds"]),
        state=DisputeState(row["state"]),
        terms=TermsRef(
            policy=row["policy"],
            company_policy=row["company_policy"],
            version=row["policy_version"],
            calendar_version=row["calendar_version"],
        ),
        parties=tuple(Party(**{**p, "role": Role(p["role"])}) for p in detail["parties"]),
        windows=tuple((Window(w), at) for w, at in detail["windows"]),
        seats=tuple(
            Seat(**{**seat, "tier": Tier(seat["tier"]), "source": Source(seat["source"])}) for seat in detail["seats"]
        ),
        seat_seen=detail["seat_seen"],
        # Absent in cases written before there were such.
        other_matter=detail.get("other_matter"),
        relation=detail.get("relation"),
        household=tuple(detail.get("household", ())),
        interested=tuple(detail.get("interested", ())),
        vacant=detail.get("vacant", False),
        named=tuple(detail.get("named", ())),
        mediator_seen=detail.get("mediator_seen"),
        mediated=tuple(detail.get("mediated", ())),
        contested=tuple(detail.get("contested", ())),
        recused=tuple(detail["recused"]),
        recusals=tuple(Recusal(**{**r, "state": Challenge(r["state"])}) for r in detail["recusals"]),
        more_evidence_asked=detail["more_evidence_asked"],
        asks=_outcome_of(detail["asks"]),
        proposed_by=detail["proposed_by"],
        outcome=_outcome_of(detail["outcome"]),
        rulings=tuple(
            Ruling(
                **{
                    **r,
                    "outcome": _outcome_of(r["outcome"]),
                    "evidence": tuple(r["evidence"]),
                    "violations": tuple(Violation(**v) for v in r.get("violations", ())),
                }
            )
            for r in detail["rulings"]
        ),
        proposals=tuple(
            Proposal(**{**p, "terms": _outcome_of(p["terms"]), "accepted_by": tuple(p["accepted_by"])})
            for p in detail["proposals"]
        ),
    )


def _outcome_data(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "outcome": outcome.verdict.value,
        "owner": outcome.owner,
        "shares": [{"person": s.person, "share_bps": s.share_bps} for s in outcome.shares],
        "same": outcome.same,
    }


def _outcome_of(data: Mapping[str, Any] | None) -> Any:
    if data is None:
        return None
    return Outcome(
        verdict=Verdict(data["outcome"]),
        owner=data["owner"],
        shares=tuple(Share(s["person"], s["share_bps"]) for s in data["shares"]),
        same=data["same"],
    )
