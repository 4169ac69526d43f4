"""Cases as their readers see them (contract section 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, scope_of
from domain.disputes.advice import advise
from domain.disputes.divided import division
from domain.disputes.facts import Case as Judged
from domain.disputes.lifecycle import DisputeState, DisputeTrigger, allowed
from domain.disputes.model import Dispute, Outcome, Recusal, Window
from domain.disputes.room import side_of
from domain.disputes.wording import Reader, outcome_text, passed_text, point_text, set_aside_text
from domain.people.access import READING_CASES
from domain.refusals import Refusal
from storage import case_facts, case_records, customers, merges, precedents, territories, texts
from storage import tables as t
from storage.codec import rfc3339, unpack
from storage.database import Transaction
from storage.disputes import dispute_of


def visible_dispute(tx: Transaction, caller: Caller, dispute: str) -> dict[str, Any]:
    """The row of a case that the caller reads; else ``not_found``, the same as for a missing one (DSP-06)."""
    row = tx.row(_readable(caller).where(t.dispute.c.id == dispute))
    if row is None:
        raise Refusal("not_found")
    return row


def _readable(caller: Caller) -> sa.Select[Any]:
    """Cases of the caller: as party, arbitrator or mediator, and those about claims in the caller's scope."""
    d, scope, mine = t.dispute.c, scope_of(caller, READING_CASES), acting_for(caller)
    if scope.everything:
        return sa.select(t.dispute)
    ways = [
        d.id.in_(sa.select(t.dispute_party.c.dispute).where(t.dispute_party.c.person.in_(mine))),
        d.arbitrator.in_(mine),
        d.mediator.in_(mine),
        d.id.in_(_asked(mine)),
    ]
    if scope.programs:
        ways.append(d.program.in_(sorted(scope.programs)))
    if scope.teams:
        led = sa.select(t.dispute_party.c.dispute).join(t.claim, t.claim.c.id == t.dispute_party.c.claim)
        ways.append(d.id.in_(led.where(t.claim.c.team.in_(sorted(scope.teams)))))
    return sa.select(t.dispute).where(sa.or_(*ways))


def _asked(people: Sequence[str]) -> sa.Select[Any]:
    """Cases in which somebody has something to decide: a recusal, who arbitrates."""
    c = t.task.c
    return sa.select(c.subject).where(c.person.in_(people), c.subject_type == "dispute", c.state == "open")


def dispute_page(
    tx: Transaction, caller: Caller, filters: dict[str, Any], *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/disputes`."""
    statement = _readable(caller)
    for name, value in filters.items():
        if value is None:
            continue
        if name == "party":
            of = sa.select(t.dispute_party.c.dispute).where(t.dispute_party.c.person == value)
            statement = statement.where(t.dispute.c.id.in_(of))
        elif name == "customer":
            d = t.dispute.c
            ways = (merges.came_under(tx, column, value) for column in (d.customer, d.other_customer))
            statement = statement.where(sa.or_(*ways))
        else:
            statement = statement.where(t.dispute.c[name] == value)
    rows, following = page(
        tx,
        statement,
        time_column=t.dispute.c.opened_at,
        id_column=t.dispute.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "disputes", **filters},
    )
    return {"items": dispute_views(tx, caller, rows), "next": following}


def dispute_view(tx: Transaction, caller: Caller, dispute: str) -> dict[str, Any]:
    """One case by id, which the caller is known to read."""
    row = tx.row(sa.select(t.dispute).where(t.dispute.c.id == dispute))
    assert row is not None
    return dispute_views(tx, caller, [row])[0]


def dispute_views(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cases in the order of ``rows``, in a fixed number of queries."""
    cases = [dispute_of(r) for r in rows]
    said = texts.read(
        tx,
        (
            text
            for c in cases
            for text in (
                c.statement,
                *(x for r in c.rulings for x in (r.reason, r.facts, *(v.text for v in r.violations))),
                *(x for q in c.recusals for x in (q.reason, q.decision)),
            )
        ),
    )
    ids = [r["id"] for r in rows]
    waiting = tx.rows(
        sa.select(t.command.c.id, t.command.c.stream).where(
            t.command.c.stream.in_(ids), t.command.c.actor == caller.person, t.command.c.decided_at.is_(None)
        )
    )
    pending = {r["stream"]: {"command": r["id"]} for r in waiting}
    return [_view(r, c, said, caller, pending.get(r["id"])) for r, c in zip(rows, cases, strict=True)]


def undecided_dispute(tx: Transaction, command: dict[str, Any]) -> dict[str, Any]:
    """A case that was received and is not decided yet."""
    data = unpack(command["data"])
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == command["claim"]))
    assert claim is not None
    said = texts.read(tx, [data["statement"]])
    return {
        "id": data["dispute"],
        "number": data["number"],
        "program": claim["program"],
        "track": claim["track"],
        "customer": claim["customer"],
        "other_customer": data.get("other_customer"),
        "project": claim["project"],
        "grounds": data["grounds"],
        "statement": said.get(data["statement"]),
        "asks": data["asks"],
        "state": "opened",
        "tier": None,
        "parties": [],
        "served_by": None,
        "mediator": None,
        "arbitrator": None,
        "windows": [],
        "deadline": None,
        "outcome": None,
        "rulings": [],
        "recusals": [],
        "policy_version": claim["policy_version"],
        "opened_at": rfc3339(command["received_at"]),
        "ended_at": None,
        "allowed": [],
        "pending": {"command": command["id"]},
        "version": 1,
    }


def evidence_page(tx: Transaction, row: dict[str, Any], *, limit: int, cursor: str | None) -> dict[str, Any]:
    """`GET /v1/disputes/{id}/evidence`, newest first: what was entered, and what is on record by itself (DSP-09)."""
    item = case_records.items(_matters(row), row["id"], until=row["ended_at"])
    rows, following = page(
        tx,
        sa.select(item),
        time_column=item.c.received_at,
        id_column=item.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "evidence", "dispute": row["id"]},
    )
    found = case_records.details(tx, rows)
    return {"items": evidence_views(tx, row, [found[r["id"]] for r in rows]), "next": following}


def _matters(row: Mapping[str, Any]) -> list[str]:
    """What a case is about: its own matter and, in one of kind identity, the other record's (CUS-13)."""
    other = row["detail"].get("other_matter")
    return [row["matter"], *([other] if other is not None else [])]


def whole_evidence(tx: Transaction, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Every item of a case, oldest first: for its bundle."""
    item = case_records.items(_matters(row), row["id"], until=row["ended_at"])
    rows = tx.rows(sa.select(item).order_by(item.c.received_at, item.c.id))
    found = case_records.details(tx, rows)
    return evidence_views(tx, row, [found[r["id"]] for r in rows])


def evidence_views(tx: Transaction, case: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items of ``case`` in the order of ``rows``, details of :mod:`storage.case_records`."""
    said = texts.read(tx, (r["text"] for r in rows))
    return [
        {
            "id": r["id"],
            "kind": r["kind"],
            "at": rfc3339(r["at"]),
            "received_at": rfc3339(r["received_at"]),
            "author": r["author"],
            "about": r["about"],
            "origin": r["origin"],
            "consent": r["consent"],
            "text": said.get(r["text"]),
            "file": r["file"],
            "sha256": r["digest"],
            "after_opening": r["received_at"] > case["opened_at"],
            "automatic": r["automatic"],
            "corrects": r["corrects"],
            "pending": None,
        }
        for r in rows
    ]


def reads_evidence(tx: Transaction, caller: Caller, file: str) -> bool:
    """Whether the caller reads a case in which a file is evidence (DSP-09)."""
    used = sa.select(t.evidence.c.dispute).where(t.evidence.c.file == file)
    signed = sa.select(t.claim.c.matter).join(t.confirmation, t.confirmation.c.claim == t.claim.c.id)
    here = t.dispute.c.matter.in_(signed.where(t.confirmation.c.form == file))
    return tx.row(_readable(caller).where(sa.or_(t.dispute.c.id.in_(used), here)).limit(1)) is not None


def undecided_evidence(tx: Transaction, command: dict[str, Any]) -> dict[str, Any]:
    """An item that was received and is not decided yet."""
    data = unpack(command["data"])
    row = {
        "id": data["evidence"],
        "kind": data["kind"],
        "at": data["at"] or command["received_at"],
        "received_at": command["received_at"],
        "author": command["actor"],
        **{name: data[name] for name in ("about", "origin", "consent", "text", "file", "digest")},
        "corrects": None,
        "automatic": False,
    }
    case = tx.row(sa.select(t.dispute).where(t.dispute.c.id == data["dispute"]))
    assert case is not None
    return evidence_views(tx, case, [row])[0]


def decided_evidence(tx: Transaction, row: dict[str, Any]) -> dict[str, Any]:
    """An item that was just entered, by its row."""
    case = tx.row(sa.select(t.dispute).where(t.dispute.c.id == row["dispute"]))
    assert case is not None
    return evidence_views(tx, case, [{**row, "automatic": False}])[0]


def advice_view(tx: Transaction, caller: Caller, row: dict[str, Any]) -> dict[str, Any]:
    """`GET /v1/disputes/{id}/advice`: made of the facts on record now (DSP-11)."""
    case = dispute_of(row)
    setting = caller.setting
    partner = setting.organisation.partner_of(caller.person)
    customer = tx.row(sa.select(t.customer.c.kind, customers.LEVEL).where(t.customer.c.id == row["customer"]))
    assert customer is not None
    facts = case_facts.facts(tx, case.matter, dispute=case.id)
    divided = division(
        facts,
        territories.customer(tx, row["customer"]),
        program=case.program,
        track=row["track"],
        setting=setting,
    )
    found = advise(
        Judged(
            grounds=case.grounds,
            rivals=tuple(p.person for p in case.parties),
            opened_at=case.opened_at,
            facts=[
                *facts,
                *divided,
                *(case_facts.facts(tx, case.other_matter) if case.other_matter is not None else ()),
            ],
            contested=frozenset(case.contested),
            customer_level=customer["level"],
            customer_kind=customer["kind"],
            household=case.household,
        ),
        policy=setting.policy(case.terms),
        calendar=setting.calendar(case.program),
    )
    reader = Reader(zone=setting.calendar(case.program).zone, names=_names(tx, [p.person for p in case.parties]))
    return {
        "outcome": _outcome(found.outcome) or "no_recommendation",
        "missing": list(found.missing),
        "points": [
            {
                "rule": p.rule,
                "rule_id": p.rule_id,
                "person": p.person,
                "points": float(p.points),
                "evidence": list(p.evidence),
                "contested": list(p.contested),
                "text": dict(point_text(p, reader=reader, mode=found.mode, policy_version=found.policy_version)),
            }
            for p in found.points
        ],
        "reasons": [
            dict(outcome_text(found, reader=reader)),
            *(dict(passed_text(p, reader=reader, policy_version=found.policy_version)) for p in found.passed_over),
            *(dict(set_aside_text(i, reader=reader, policy_version=found.policy_version)) for i in found.set_aside),
        ],
        "policy_version": found.policy_version,
        "facts_digest": found.facts_digest,
        "similar": precedents.similar(
            tx,
            program=case.program,
            track=row["track"],
            grounds=case.grounds,
            at_most=setting.policy(case.terms).limit("precedent.similar"),
            partner=partner.id if partner is not None else None,
        ),
    }


def _names(tx: Transaction, people: Sequence[str]) -> dict[str, str]:
    """The parties by name: whoever reads the case may be told who they are."""
    found = tx.rows(sa.select(t.person.c.id, t.person.c.name).where(t.person.c.id.in_(list(people))))
    return {r["id"]: tx.keys.open_text(r["name"]) or "" for r in found}


def proposal_views(tx: Transaction, dispute: Dispute) -> list[dict[str, Any]]:
    """Proposals of a case, the latest first."""
    said = texts.read(tx, (p.text for p in dispute.proposals))
    return [
        {
            "n": p.n,
            "by": p.by,
            "terms": _outcome(p.terms),
            "text": said.get(p.text),
            "digest": p.digest,
            "accepted_by": list(p.accepted_by),
            "state": p.state,
        }
        for p in reversed(dispute.proposals)
    ]


def _view(
    row: dict[str, Any], case: Dispute, said: dict[str, str], caller: Caller, pending: dict[str, str] | None
) -> dict[str, Any]:
    organisation = caller.setting.organisation
    return {
        "id": case.id,
        "number": case.number,
        "program": case.program,
        "track": row["track"],
        "customer": row["customer"],
        "other_customer": case.other_customer,
        "project": row["project"],
        "grounds": case.grounds.value,
        "statement": said.get(case.statement or ""),
        "asks": _outcome(case.asks),
        "state": case.state.value,
        "tier": case.tier,
        "parties": [
            {
                "person": p.person,
                "claim": p.claim,
                "role": p.role.value,
                "represented_by": p.represented_by or organisation.delegate_of(p.person, at=caller.at),
                "heard": p.heard,
                "appealed": p.appealed,
            }
            for p in case.parties
        ],
        "served_by": case.served_by,
        "mediator": case.mediator,
        "arbitrator": case.arbitrator,
        "windows": [{"window": w.value, "deadline": rfc3339(at)} for w, at in case.windows],
        "deadline": rfc3339(case.deadline) if case.deadline is not None else None,
        "outcome": _outcome(case.outcome),
        "rulings": [
            {
                "id": r.id,
                "tier": r.tier,
                "by": r.by,
                "at": rfc3339(r.at),
                "outcome": _outcome(r.outcome),
                "reason": said.get(r.reason or ""),
                "facts": said.get(r.facts or ""),
                "evidence": list(r.evidence),
                "violations": [{"person": v.person, "text": said.get(v.text or "")} for v in r.violations],
                "follows_advice": r.follows_advice,
                "advice": _recorded(r.advice),
                "final_at": rfc3339(r.final_at) if r.final_at is not None else None,
                "final": r.final,
            }
            for r in case.rulings
        ],
        "recusals": [recusal_view(q, said) for q in case.recusals],
        "policy_version": case.terms.version,
        "opened_at": rfc3339(case.opened_at),
        "ended_at": rfc3339(case.ended_at) if case.ended_at is not None else None,
        "allowed": allowed_acts(case, caller),
        "pending": pending,
        "version": case.version,
    }


def recusal_view(recusal: Recusal, said: Mapping[str, str]) -> dict[str, Any]:
    """A request for recusal; ``said`` holds its texts."""
    return {
        "id": recusal.id,
        "person": recusal.person,
        "by": recusal.by,
        "reason": said.get(recusal.reason or ""),
        "asked_at": rfc3339(recusal.asked_at),
        "decider": recusal.decider,
        "until": rfc3339(recusal.until) if recusal.until is not None else None,
        "state": recusal.state.value,
        "decided_by": recusal.decided_by,
        "decided_at": rfc3339(recusal.decided_at) if recusal.decided_at is not None else None,
        "decision": said.get(recusal.decision or ""),
        "pending": None,
    }


def undecided_recusal(tx: Transaction, command: dict[str, Any]) -> dict[str, Any]:
    """A request for recusal that was received and is not in the case yet."""
    data = unpack(command["data"])
    asked = Recusal(
        id=data["recusal"],
        person=data["person"],
        by=command["actor"],
        reason=data["reason"],
        asked_at=command["received_at"],
        decider=None,
        until=None,
    )
    return recusal_view(asked, texts.read(tx, [asked.reason]))


def allowed_acts(case: Dispute, caller: Caller) -> list[str]:
    """What this caller may do now in the case: the last word of each call's path."""
    if not case.is_open:
        return []
    s, people = case.state, acting_for(caller)
    side = side_of(case, people)
    party = case.party(side)
    arbitrates = s is DisputeState.ARBITRATING and caller.person == case.arbitrator
    decides = case.arbitrator if s is DisputeState.ARBITRATING else case.mediator
    challenged = any(q.by == side and q.person == decides for q in case.recusals)
    oversees = caller.person in caller.setting.programs[case.program].oversight and party is None
    administers = caller.person in caller.setting.organisation.admins(at=caller.at)
    talks = s in (DisputeState.NEGOTIATING, DisputeState.MEDIATING)
    hears = s is not DisputeState.ARBITRATING or case.window(Window.EVIDENCE) is not None
    found = {
        "object": party is not None and s is DisputeState.PROPOSED,
        "waive": party is not None and not party.waived and s is DisputeState.NEGOTIATING,
        "proposals": (party is not None or caller.person == case.mediator) and talks,
        "evidence": party is not None and hears,
        "heard": party is not None and not party.heard and s is DisputeState.ARBITRATING,
        "recusals": party is not None and decides is not None and not challenged,
        "more_evidence": arbitrates and not case.more_evidence_asked,
        "ruling": arbitrates,
        "arbitrator": case.vacant and party is None and (oversees or administers),
        "appeal": party is not None and not party.appealed and _may_appeal(case, caller.at),
        "withdraw": case.opened_by in (caller.person, side)
        and not case.rulings
        and case.window(Window.CONTINUE) is None,
        "continue": party is not None and side != case.opened_by and case.window(Window.CONTINUE) is not None,
        "dismiss": (arbitrates or oversees) and not case.rulings and DisputeTrigger.DISMISS in allowed(s),
    }
    return [name for name, may in found.items() if may]


def _may_appeal(case: Dispute, at: datetime) -> bool:
    """A ruling, or an appeal of others that may still be joined (DSP-16)."""
    if case.state is DisputeState.RULED:
        return True
    last = case.rulings[-1] if case.state is DisputeState.ARBITRATING and case.rulings else None
    return last is not None and last.final_at is not None and at <= last.final_at


def _recorded(advice: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if advice is None:
        return None
    shown = ("rule", "rule_id", "person", "points", "evidence")
    return {
        **{name: advice[name] for name in ("outcome", "missing", "policy_version", "facts_digest")},
        "points": [
            {**{name: point[name] for name in shown}, "contested": list(point.get("contested") or ())}
            for point in advice["points"]
        ],
        "similar": list(advice.get("similar") or ()),
    }


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "outcome": outcome.verdict.value,
        "owner": outcome.owner,
        "shares": [{"person": s.person, "share_bps": s.share_bps} for s in outcome.shares],
        "same": outcome.same,
    }
