"""Claims as their readers see them (contract section 5, AUD-03)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from domain.claims.clocks import record_duties, remaining_s
from domain.claims.credit import CHANNEL, no_credit
from domain.claims.letters import LETTERED, may_be_issued
from domain.claims.lifecycle import DISPUTABLE, IN_CASE, OPEN, ClaimState
from domain.claims.model import Claim, Clock, Confirmation, Confirmed, Waiting
from domain.claims.permissions import allowed_commands, approvals_given, gainers, may_grant, whose
from domain.claims.reports import queue
from domain.claims.stages import responsible
from domain.customers.email import mask_email
from domain.customers.lookup import OwnerNameVisibility, shows_owner_name
from domain.customers.names import mask_person_name
from domain.customers.phone import mask_phone
from domain.money.model import NoCredit
from domain.people.access import READING, ReadScope, read_scope
from domain.people.organisation import Organisation, Role
from storage import approvals, customers, disputes, receptions, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import rfc3339, unpack
from storage.database import Transaction


def scope_of(caller: Caller, roles: Collection[Role] = READING) -> ReadScope:
    """Which claims the caller reads."""
    oversight = [p.id for p in caller.setting.programs.values() if caller.person in p.oversight]
    return read_scope(
        caller.actor,
        organisation=caller.setting.organisation,
        at=caller.at,
        oversight_of=oversight,
        roles=roles,
    )


def readable(tx: Transaction, caller: Caller, row: dict[str, Any]) -> bool:
    """Whether the caller may read this claim: by scope, or because a request or a task about it waits for them.

    The same as :func:`storage.claim_queries.readable_claims` says for lists (AUD-04).
    """
    if scope_of(caller).reads(
        program=row["program"],
        teams=(row["team"], row["reporter_team"]),
        people=(row["reporter"], row["owner"], *(person for person, _ in row["detail"].get("collaborators", ()))),
    ):
        return True
    mine = acting_for(caller)
    asked = sa.select(t.request_waiting.c.request).where(
        t.request_waiting.c.claim == row["id"], t.request_waiting.c.person.in_(mine)
    )
    tasked = sa.select(t.task.c.id).where(
        t.task.c.person.in_(mine),
        t.task.c.subject == row["id"],
        t.task.c.state == "open",
        t.task.c.subject_type == "claim",
    )
    return any(tx.execute(waiting.limit(1)).first() is not None for waiting in (asked, tasked))


def acting_for(caller: Caller) -> list[str]:
    """The caller, and everybody whose delegate they are now (PPL-05)."""
    organisation: Organisation = caller.setting.organisation
    others = [p for p in organisation.delegations if organisation.delegate_of(p, at=caller.at) == caller.person]
    return [caller.person, *others]


def claim_view(tx: Transaction, caller: Caller, claim: str) -> dict[str, Any]:
    """One claim by id, which the caller is known to read."""
    row = tx.row(sa.select(t.claim).where(t.claim.c.id == claim))
    assert row is not None
    return claim_views(tx, caller, [row])[0]


def claim_views(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Claims in the order of ``rows``, each with what belongs to it, in a fixed number of queries."""
    if not rows:
        return []
    ids = [r["id"] for r in rows]
    people = customers_of(tx, {r["customer"] for r in rows})
    projects = projects_of(tx, {r["project"] for r in rows if r["project"] is not None})
    said = texts.read(
        tx,
        [
            *(r[name] for r in rows for name in ("need", "progress", "reason_text")),
            *(r["detail"]["outside"]["comment"] for r in rows if "outside" in r["detail"]),
        ],
    )
    requests = requests_of(tx, [r["id"] for r in rows if r["asked"]])
    dealt = [r["id"] for r in rows if r["detail"].get("dealt")]
    deals = _deals(tx, dealt)
    held = _held(tx, dealt)
    pending = _pending(tx, ids)
    conflicts = _conflicts(tx, caller, [r for r in rows if r["reason"] == "customer_owned"])
    interested = interested_in(tx, rows)
    places = _places(tx, rows)
    serving = serving_in(tx, rows)
    opposed = opposed_in(tx, rows)
    possible = _possible(tx, caller, rows)
    grants, lettered = _granting(tx, caller, rows), _lettered(tx, caller, rows)
    letters = _letters(tx, caller, [r["id"] for r in rows if r["detail"].get("letters")])
    late = _no_credit(tx, caller, rows)
    overrides = _overrides(tx, [r["id"] for r in rows if r["detail"].get("overridden")])
    return [
        _view(
            caller,
            r,
            people[r["customer"]],
            projects.get(r["project"]),
            said,
            interested.get(r["id"], ()),
            serving.get(r["id"]),
            opposed=r["id"] in opposed,
            grants=r["id"] in grants,
            lettered=r["id"] in lettered,
        )
        | {
            "deals": deals.get(r["id"], []),
            "held": r["id"] in held,
            "requests": requests.get(r["id"], []),
            "pending": pending.get(r["id"]),
            "conflict": conflicts.get(r["id"]),
            "possible": possible.get(r["id"]),
            "queue_position": places.get(r["id"]),
            "overrides": overrides.get(r["id"], []),
            "letters": letters.get(r["id"], []),
            "no_credit": no_credit_view(late.get(r["id"])),
        }
        for r in rows
    ]


def _no_credit(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> dict[str, NoCredit]:
    """Of reports of partners in the channel track, by claim, those that earn none (LEAD-14)."""
    theirs = [r for r in rows if r["track"] == CHANNEL and r["channel"] == "partner"]
    found: dict[str, NoCredit] = {}
    for program in sorted({r["program"] for r in theirs}):
        here = [r for r in theirs if r["program"] == program]
        came = receptions.arrivals(tx, program, dict.fromkeys((r["customer"], r["project"]) for r in here))
        for r in here:
            one = no_credit(
                claim_of(r),
                came[r["customer"], r["project"]],
                track=r["track"],
                setting=caller.setting,
                at=caller.at,
            )
            if one is not None:
                found[r["id"]] = one
    return found


def no_credit_view(found: NoCredit | None) -> dict[str, Any] | None:
    """Why a report, or a deal on it, earns nothing in the channel track (LEAD-14)."""
    if found is None:
        return None
    facts = found.facts()
    return facts | {name: rfc3339(facts[name]) for name in ("arrived_at", "reported_at")}


def interested_in(tx: Transaction, rows: Sequence[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Whom the judgement of each undecided report among ``rows`` would serve, the reporter apart (CLM-04)."""
    reported = [claim_of(r) for r in rows if r["state"] == ClaimState.REPORTED.value]
    if not reported:
        return {}
    others = [
        claim_of(r)
        for r in tx.rows(
            sa.select(t.claim).where(
                t.claim.c.matter.in_(sorted({c.matter for c in reported})),
                t.claim.c.state.in_([s.value for s in OPEN]),
            )
        )
    ]
    return {c.id: gainers(c, (o for o in others if o.matter == c.matter)) for c in reported}


def serving_in(tx: Transaction, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Who serves the customer of each claim among ``rows`` whose case is open (DSP-03)."""
    cases = {r["id"]: r["dispute"] for r in rows if r["state"] in _IN_CASE}
    if not cases:
        return {}
    found = tx.rows(
        sa.select(t.dispute.c.id, t.dispute.c.served_by).where(
            t.dispute.c.id.in_(sorted(set(cases.values()))), t.dispute.c.served_by.is_not(None)
        )
    )
    by_case = {r["id"]: r["served_by"] for r in found}
    return {claim: by_case[case] for claim, case in cases.items() if case in by_case}


def opposed_in(tx: Transaction, rows: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Claims among ``rows`` a case about which would have a second party (:func:`domain.disputes.cases.parties_of`)."""
    asked = [r for r in rows if r["state"] in _DISPUTABLE and not r["detail"].get("settled")]
    if not asked:
        return frozenset()
    c = t.claim.c
    contends = sa.or_(
        c.state == ClaimState.REPORTED.value,
        sa.and_(
            c.state == ClaimState.REJECTED.value,
            c.reason == "customer_owned",
            c.detail["settled"].as_boolean().is_not(sa.true()),
        ),
    )
    others = tx.rows(
        sa.select(
            c.matter,
            sa.func.coalesce(c.owner, c.reporter).label("person"),
            sa.case((c.holds, c.id)).label("held"),
            c.state.in_(_IN_CASE).label("in_case"),
        )
        .where(c.matter.in_({r["matter"] for r in asked}), sa.or_(c.holds, c.state.in_(_IN_CASE), contends))
        .distinct()
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for other in others:
        found.setdefault(other["matter"], []).append(other)
    return frozenset(r["id"] for r in asked if _is_opposed(r, found.get(r["matter"], ())))


def _is_opposed(row: dict[str, Any], others: Sequence[dict[str, Any]]) -> bool:
    """Against whom does not hold stands the holder; against the holder everybody with a report that contends."""
    if any(other["in_case"] for other in others):
        return True
    holder = next((o for o in others if o["held"] is not None), None)
    against = [holder] if holder is not None and holder["held"] != row["id"] else others
    return any(other["person"] != (row["owner"] or row["reporter"]) for other in against)


def _granting(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Claims among ``rows`` on which the caller may give a special approval: by their role, for somebody else, with
    one left this month, and about a customer without an open case (CLM-34).
    """
    setting, by, at = caller.setting, caller.person, caller.at
    claims = [
        c for c in map(claim_of, rows) if whose(c) != by and may_grant(c, actor=caller.actor, setting=setting, at=at)
    ]
    if not claims:
        return frozenset()
    given = approvals.granted(tx, [by])
    counted = {
        program: approvals_given(program, by=by, given=given, setting=setting, at=at)
        for program in {c.program for c in claims}
    }
    left = {program for program, (_, count, cap) in counted.items() if cap is None or count < cap}
    contested = disputes.in_case(tx, {c.matter for c in claims})
    return frozenset(c.id for c in claims if c.program in left and c.matter not in contested)


def _lettered(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Claims among ``rows`` that are the caller's and on which one more letter may be issued (CLM-33)."""
    of_project = {r["id"] for r in rows if r["project"] is not None and r["owner"] == caller.person}
    claims = [c for c in map(claim_of, rows) if c.id in of_project and c.state in LETTERED]
    overridden = [c.id for c in claims if c.overridden]
    given = approvals.for_letters(tx, overridden) if overridden else []
    return frozenset(c.id for c in claims if may_be_issued(c, given, setting=caller.setting, at=caller.at))


_DISPUTABLE = frozenset(state.value for state in DISPUTABLE)
_IN_CASE = frozenset(state.value for state in IN_CASE)


def _places(tx: Transaction, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The place of each queued report among ``rows`` in the queue for its customer, from 1 (CLM-27)."""
    wanted = {r["matter"] for r in rows if r["detail"].get("waiting") == Waiting.QUEUE.value}
    if not wanted:
        return {}
    reported = tx.rows(
        sa.select(t.claim).where(t.claim.c.matter.in_(sorted(wanted)), t.claim.c.state == ClaimState.REPORTED.value)
    )
    lines = (queue(claim_of(r) for r in reported if r["matter"] == matter) for matter in wanted)
    return {c.id: place for line in lines for place, c in enumerate(line, start=1)}


def requests_of(tx: Transaction, claims: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Requests by claim, newest first."""
    wanted = list(claims)
    if not wanted:
        return {}
    rows = tx.rows(
        sa.select(t.request)
        .where(t.request.c.claim.in_(wanted))
        .order_by(t.request.c.created_at.desc(), t.request.c.id)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for view in request_views(tx, rows):
        found.setdefault(view["claim"], []).append(view)
    return found


def request_views(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Requests in the order of ``rows``."""
    delivered = [r["data"] for r in rows if r["kind"] == "delivery"]
    listed = (text for data in delivered for text in (*_checklist_texts(data), data["answer"]))
    said = texts.read(tx, (*(r["reason_text"] for r in rows), *listed))
    return [
        {
            "id": r["id"],
            "kind": r["kind"],
            "claim": r["claim"],
            "by": r["by"],
            "waiting_for": r["waiting_for"] if r["state"] == "open" else [],
            "state": r["state"],
            "decide_by": _text(r["decide_by"]),
            "reason": said.get(r["reason_text"]) if r["reason_text"] else None,
            "settlement": {name: r["data"][name] for name in _SETTLED} if r["kind"] == "settle" else None,
            "delivery": _delivery(r["data"], said) if r["kind"] == "delivery" else None,
            "pending": None,
        }
        for r in rows
    ]


def undecided_settlement(tx: Transaction, command: dict[str, Any]) -> dict[str, Any]:
    """A settlement that was asked for and is no request yet (contract section 1, 202)."""
    data = unpack(command["data"])
    said = texts.read(tx, [data["text"]] if data["text"] else [])
    gives_way = {"asker": command["actor"], "other": data["person"], None: None}[data["yields"]]
    return {
        "id": data["request"],
        "kind": "settle",
        "claim": command["claim"],
        "by": command["actor"],
        "waiting_for": [],
        "state": "open",
        "decide_by": None,
        "reason": said.get(data["text"]) if data["text"] else None,
        "settlement": {
            "template": data["template"],
            "other": data["person"],
            "yields": gives_way,
            "share_bps": data["share_bps"],
            "digest": None,
            "outside": [],
        },
        "delivery": None,
        "pending": None,
    }


def _checklist_texts(data: dict[str, Any]) -> list[str]:
    """Ids of texts; the checklist of a hand-off that opened by itself stands in the policy, word by word (CLM-31)."""
    return [] if data.get("by_rule") else data["checklist"]


def _delivery(data: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    """A text of an erased customer is null."""
    return {
        "team": data["team"],
        "checklist": data["checklist"] if data.get("by_rule") else [said.get(text) for text in data["checklist"]],
        "ticked": data.get("ticked", []),
        "late": data["late"],
        "answer": said.get(data["answer"]) if data["answer"] else None,
    }


_SETTLED = ("template", "other", "yields", "share_bps", "digest", "outside")


#: Authorisation letters with what their claims say of them.
LETTERS = sa.select(t.letter, t.claim.c.program, t.claim.c.project).join(t.claim, t.claim.c.id == t.letter.c.claim)


def _letters(tx: Transaction, caller: Caller, claims: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Authorisation letters of each of ``claims``, the oldest first (CLM-33)."""
    if not claims:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in tx.rows(LETTERS.where(t.letter.c.claim.in_(claims)).order_by(t.letter.c.number)):
        found.setdefault(row["claim"], []).append(letter_view(row, at=caller.at))
    return found


def letter_view(row: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    """A letter of ``LETTERS`` as it stands at ``at``."""
    over = "expired" if row["expires_at"] < at else "valid"
    return {
        **{name: row[name] for name in ("id", "number", "program", "claim", "project", "issued_by", "override")},
        "state": "void" if row["voided_at"] is not None else over,
        "issued_at": rfc3339(row["issued_at"]),
        "expires_at": rfc3339(row["expires_at"]),
        "voided_at": _text(row["voided_at"]),
    }


def _overrides(tx: Transaction, claims: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Special approvals that stand on each of ``claims``, or that it came of, the oldest first (CLM-34)."""
    if not claims:
        return {}
    c = t.special_approval.c
    concerned = sa.or_(c.claim.in_(claims), c.made.in_(claims))
    found: dict[str, list[dict[str, Any]]] = {claim: [] for claim in claims}
    for row in tx.rows(sa.select(t.special_approval).where(concerned).order_by(c.at, c.id)):
        for claim in {row["claim"], row["made"]} & found.keys():
            found[claim].append(override_on_claim(row))
    return found


def override_on_claim(row: dict[str, Any]) -> dict[str, Any]:
    """A special approval as the claim shows it."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "by": row["by"],
        "at": rfc3339(row["at"]),
        "to": row["to"],
        "until": _text(row["until"]),
    }


def customer_in_claim(row: dict[str, Any], contact: customers.Contact) -> dict[str, Any]:
    """A customer with masked contacts; the name is full for readers of the claim."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": contact.name,
        "phone": masked_phone(contact.phone),
        "email": mask_email(contact.email) if contact.email else None,
        "company_code": contact.company_code,
        "level": contact.level,
    }


def _collided(claim: Claim) -> bool:
    """Whether it met somebody else's customer and never held it: refused, in the queue, in a case (CLM-27), or as an
    objection (INT-10).
    """
    if claim.accepted_at is not None:
        return False
    if claim.opening is not None and claim.opening.objection:
        return True
    in_case = claim.state in (ClaimState.DISPUTED, ClaimState.ARBITRATED)
    waits = claim.waiting in (Waiting.QUEUE, Waiting.BESIDE)
    # Whom one met that was withdrawn is not on record: to withdraw must not be a way to read the name.
    gone = claim.state is ClaimState.WITHDRAWN
    return in_case or waits or gone or claim.reason in ("customer_owned", "queue_full", "queue_end")


def masked_phone(phone: str | None) -> str | None:
    """Masked for everybody, the owner included; a number reported masked stays as it was written."""
    if phone is None:
        return None
    return mask_phone(phone) if phone.startswith("+") else phone


def _view(
    caller: Caller,
    row: dict[str, Any],
    customer: dict[str, Any],
    project: dict[str, Any] | None,
    said: dict[str, str],
    interested: Collection[str],
    serving: str | None,
    *,
    opposed: bool,
    grants: bool,
    lettered: bool,
) -> dict[str, Any]:
    claim = claim_of(row)
    setting = caller.setting
    calendar = setting.calendar(claim.program)
    if _collided(claim) and customer["kind"] == "person" and customer["name"] is not None:
        # The record is somebody else's: a collision must not tell the name that belongs to a number.
        customer = customer | {"name": mask_person_name(customer["name"])}
    return {
        "id": claim.id,
        "receipt": claim.receipt,
        "program": claim.program,
        "track": row["track"],
        "customer": customer,
        "project": project,
        "reporter": claim.reporter,
        "owner": claim.owner if claim.holds else None,
        "partner": _partner_of(claim, setting.organisation),
        "team": claim.team,
        "state": claim.state.value,
        "waits_for": claim.waiting.value if claim.state is ClaimState.REPORTED and claim.waiting is not None else None,
        "reason": claim.reason,
        "reason_text": said.get(row["reason_text"]) if row["reason_text"] else None,
        "release_reason": claim.release_reason,
        "need": said.get(row["need"]) if row["need"] else None,
        "progress": said.get(row["progress"]) if row["progress"] else None,
        "next_follow_up_at": _text(row["next_follow_up_at"]),
        "expected_close": row["expected_close"].isoformat() if row["expected_close"] else None,
        "expected_amount": {"amount_minor": row["expected_minor"], "currency": row["expected_currency"]}
        if row["expected_minor"] is not None
        else None,
        "source": claim.source,
        "channel": claim.channel,
        "provisional": claim.provisional,
        "missing": list(claim.missing),
        "complete_by": _text(claim.complete_by),
        "received_at": rfc3339(claim.received_at),
        "accepted_at": _text(claim.accepted_at),
        "ended_at": _text(claim.ended_at),
        "deadline": _text(claim.deadline),
        "clocks": [
            {
                "clock": c.clock.value,
                "deadline": _text(c.deadline),
                "remaining_s": remaining_s(c, now=caller.at, terms_calendar=calendar),
                "paused": c.paused,
                "rule": c.rule,
            }
            for c in claim.clocks
        ],
        "paused": [{"kind": p.kind.value, "since": rfc3339(p.since)} for p in claim.pauses],
        "out_of_territory": _outside(claim, said, told=caller.person not in sides(claim)),
        "confirmations": [_confirmation(asked, at=caller.at) for asked in claim.confirmations],
        "opening": claim.opening.kind if claim.opening is not None else None,
        "would_refuse": claim.would_refuse,
        "stage": _stage(caller, claim),
        "dispute": claim.dispute,
        "collaborators": [{"person": c.person, "rights": c.rights} for c in claim.collaborators],
        "policy_version": claim.terms.version,
        "allowed": allowed_commands(
            claim,
            actor=caller.actor,
            setting=setting,
            at=caller.at,
            interested=interested,
            serving=serving,
            opposed=opposed,
            grants=grants,
            lettered=lettered,
        ),
        "version": claim.version,
    }


def _confirmation(asked: Confirmation, *, at: datetime) -> dict[str, Any]:
    """One that nobody answered in time is expired (CNF-01)."""
    open_still = asked.state is not Confirmed.OPEN or asked.is_open(at)
    return {
        "id": asked.id,
        "point": asked.point,
        "person": asked.person,
        "state": asked.state.value if open_still else "expired",
        "asked_at": rfc3339(asked.asked_at),
        "until": _text(asked.until),
        "decided_at": _text(asked.decided_at),
        "named": asked.named,
        "form": asked.form,
    }


def _stage(caller: Caller, claim: Claim) -> dict[str, Any] | None:
    """The sales stage of a claim that holds its customer (CLM-30)."""
    if not claim.holds or claim.accepted_at is None:
        return None
    terms = caller.setting.terms_of(claim)
    policy = terms.policy
    present, running = policy.sales_stage(claim.stage), claim.clock(Clock.SALES_STAGE)
    place = policy.stages.index(present.name) if present.name in policy.stages else -1
    after = next(iter(policy.sales_stages[place + 1 :]), None)
    return {
        "name": present.name,
        "role": present.role,
        "responsible": responsible(claim, setting=caller.setting, at=caller.at),
        "outputs": list(present.outputs),
        "duties": list(record_duties(claim, terms=terms)),
        "missing": list(claim.unrecorded) if claim.clock(Clock.RHYTHM) is not None else [],
        "since": rfc3339(claim.stage_at or claim.accepted_at),
        "due": _text(running.deadline) if running is not None else None,
        "missed": claim.stage_missed,
        "skipped": list(claim.stage_skipped),
        "next": {"name": after.name, "role": after.role, "conditions": list(after.conditions)} if after else None,
    }


def customers_of(tx: Transaction, ids: set[str]) -> dict[str, dict[str, Any]]:
    """Customers as readers of a claim or lead see them, contacts masked."""
    rows = tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(sorted(ids))))
    keys = customers.data_keys(tx, ids)
    return {r["id"]: customer_in_claim(r, customers.contact_of(tx, r, keys.get(r["id"]))) for r in rows}


def projects_of(tx: Transaction, ids: set[str]) -> dict[str, dict[str, Any]]:
    """Named projects as readers of a claim see them, by id."""
    if not ids:
        return {}
    return {
        r["id"]: {
            "id": r["id"],
            "name": r["name"],
            "department": r["department"],
            "site": r["site"],
            "tender_number": r["tender_number"],
            "bid_date": r["bid_date"].isoformat() if r["bid_date"] else None,
            "award_date": r["award_date"].isoformat() if r["award_date"] else None,
        }
        for r in tx.rows(sa.select(t.project).where(t.project.c.id.in_(sorted(ids))))
    }


def _deals(tx: Transaction, claims: list[str]) -> dict[str, list[str]]:
    if not claims:
        return {}
    found: dict[str, list[str]] = {}
    for row in tx.rows(
        sa.select(t.deal.c.id, t.deal.c.claim).where(t.deal.c.claim.in_(claims)).order_by(t.deal.c.number)
    ):
        found.setdefault(row["claim"], []).append(row["id"])
    return found


def _held(tx: Transaction, claims: list[str]) -> frozenset[str]:
    """Those of ``claims`` of whose deals a dispute holds commission now (COM-08)."""
    if not claims:
        return frozenset()
    b = t.ledger_balance.c
    statement = (
        sa.select(t.deal.c.claim)
        .join(t.ledger_balance, b.deal == t.deal.c.id)
        .where(t.deal.c.claim.in_(claims), b.account.endswith(":held"), b.amount_minor > 0)
    )
    return frozenset(tx.execute(statement).scalars())


def _pending(tx: Transaction, claims: list[str]) -> dict[str, dict[str, str]]:
    """The oldest undecided command of each claim."""
    found: dict[str, dict[str, str]] = {}
    for row in tx.rows(
        sa.select(t.command.c.id, t.command.c.claim)
        .where(t.command.c.decided_at.is_(None), t.command.c.claim.in_(claims))
        .order_by(t.command.c.received_at)
    ):
        found.setdefault(row["claim"], {"command": row["id"]})
    return found


def _conflicts(tx: Transaction, caller: Caller, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a collided reporter may learn: the verdict, and what policy reveals (CLM-27, CUS-09)."""
    if not rows:
        return {}
    holders: dict[str, Claim] = {}
    matters = sorted({r["matter"] for r in rows})
    for held in tx.rows(sa.select(t.claim).where(t.claim.c.matter.in_(matters), t.claim.c.holds)):
        holders[held["matter"]] = claim_of(held)
    names = person_names(tx, [h.owner for h in holders.values() if h.owner is not None])
    return {r["id"]: _conflict(caller, r, holders.get(r["matter"]), names) for r in rows}


def _possible(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What the customers of ``rows`` may be the same as, for those who look at it and do not gain by it (CUS-05)."""
    asked = [c for r in rows if r["detail"].get("possible") and caller.person not in sides(c := claim_of(r))]
    if not asked:
        return {}
    ids = {customer for claim in asked for customer in claim.possible}
    records = tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(sorted(ids))))
    keys = customers.data_keys(tx, (r["id"] for r in records if r["kind"] == "person"))
    names = {r["id"]: _name_of_other(tx, r, keys.get(r["id"])) for r in records}
    return {
        claim.id: [_resembles(claim, other, names[other]) for other in claim.possible if other in names]
        for claim in asked
    }


def _outside(claim: Claim, said: Mapping[str, str], *, told: bool) -> dict[str, Any] | None:
    """``told``: who gains by the report reads where the customer lies, but not who spoke for it, nor what (TER-05)."""
    outside = claim.outside
    if outside is None:
        return None
    return {
        "territory": outside.territory,
        "plan": outside.plan,
        "holder": outside.holder if told else None,
        "comment": said.get(outside.comment or "") if told else None,
    }


def sides(claim: Claim) -> set[str | None]:
    """Reporter, owner and collaborators, who are not told what others know of the customer or said of the report."""
    return {claim.reporter, claim.owner, *(c.person for c in claim.collaborators)}


def _name_of_other(tx: Transaction, record: dict[str, Any], key: bytes | None) -> str | None:
    name = customers.contact_of(tx, record, key).name
    return mask_person_name(name) if name is not None and record["kind"] == "person" else name


def _resembles(claim: Claim, other: str, name: str | None) -> dict[str, Any]:
    close = next((c for c in claim.close if c.customer == other), None)
    return {
        "customer": other,
        "name": name,
        "score_bps": close.score_bps if close is not None else None,
        "differs": dict(close.differs) if close is not None else {},
    }


def _conflict(caller: Caller, row: dict[str, Any], holder: Claim | None, names: dict[str, str]) -> dict[str, Any]:
    policy = caller.setting.policy_at(row["program"], at=caller.at)
    if holder is None or holder.owner is None:
        return {"owner_name": None, "end_date": None}
    organisation = caller.setting.organisation
    shown = shows_owner_name(
        setting=OwnerNameVisibility(policy.owner_name_visibility),
        same_team=organisation.team_of(caller.person, at=caller.at) == organisation.team_of(holder.owner, at=caller.at),
        member=caller.setting.programs[row["program"]].is_member(
            caller.person, organisation=organisation, at=caller.at
        ),
        partner=is_broker(caller),
    )
    ends_at = holder.ends_at
    reveals_end = policy.choice("collision.reveal") == "end_date" and ends_at is not None
    zone_day = caller.setting.calendar(row["program"]).local_date(ends_at) if ends_at else None
    return {
        "owner_name": names.get(holder.owner) if shown else None,
        "end_date": zone_day.isoformat() if reveals_end and zone_day else None,
    }


def _partner_of(claim: Claim, organisation: Organisation) -> str | None:
    partner = organisation.partner_of(claim.owner or claim.reporter)
    return partner.id if partner is not None else None


def is_broker(caller: Caller) -> bool:
    """Brokers never learn who owns a customer (CUS-09)."""
    person = caller.setting.organisation.people[caller.person]
    roles = {g.role.value for g in caller.setting.organisation.grants.get(caller.person, ())}
    return person.partner is not None or "broker" in roles


def person_names(tx: Transaction, people: Iterable[str]) -> dict[str, str]:
    """Full names of people of the company."""
    wanted = sorted(set(people))
    if not wanted:
        return {}
    return {
        r["id"]: tx.keys.open_text(r["name"]) or ""
        for r in tx.rows(sa.select(t.person.c.id, t.person.c.name).where(t.person.c.id.in_(wanted)))
    }


def _text(at: Any) -> str | None:
    return rfc3339(at) if at is not None else None
