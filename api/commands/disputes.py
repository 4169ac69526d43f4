"""Commands in a case (contract section 6): opened, spoken in, ruled, appealed. Decided by the matter's drain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.files import MEGABYTE
from api.commands.received import as_of_now, under_policy_of
from api.schemas.disputes import (
    AppealIn,
    ArbitratorIn,
    DigestIn,
    DisputeIn,
    EvidenceIn,
    MediatorIn,
    ObjectionIn,
    OutcomeIn,
    ProposalIn,
    QuestionIn,
    RecusalDecisionIn,
    RecusalIn,
    RulingIn,
)
from api.views.claim_advice import advised
from api.views.claims import acting_for, readable
from api.views.disputes import dispute_view, visible_dispute
from domain.claims.lifecycle import IN_CASE, ClaimState
from domain.claims.model import Claim
from domain.claims.permissions import is_supervisor, may_sell
from domain.disputes.admission import open_until, require_consent
from domain.disputes.cases import found_different, person_of
from domain.disputes.model import Grounds
from domain.disputes.room import pleads
from domain.files import family_of
from domain.matters.matter import Command, CommandKind, Matter
from domain.money.model import DealState
from domain.people.access import has_role
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from storage import case_records, files, matters, merges, sameness, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import canonical, plain
from storage.database import StaleReadError, Transaction, mint
from storage.deals import deal_of
from storage.disputes import dismissed_at, dispute_of

#: Evidence that only people in charge, reception or an administrator enter (contract section 6).
_OFFICIAL = frozenset({"reception", "named_account", "territory", "customer_choice"})


def open_case(tx: Transaction, caller: Caller, body: DisputeIn) -> Waiting | Done:
    """Open a case, or join the one that is open (DSP-01, DSP-02).

    Whether two records are one customer is not asked again where they were found to be two (CUS-13).
    """
    row = _claim_named(tx, caller, body)
    standing = _standing(tx, caller, row, body)
    other = _other_matter(tx, row, body)
    # A case about two records lives with the older one; both are locked in the order of their ids (design section 4).
    home, *beside = sorted((row["matter"], *([other["id"]] if other is not None else [])))
    open_one = _open_case(tx, home)
    if open_one is None and standing is not Standing.CHARGE:
        _require_consent(tx, caller, row["program"])
    items = case_records.known(tx, (home, *beside), open_one) if body.contests else {}
    wrong = [f"contests.{place}" for place, item in enumerate(body.contests) if item not in items]
    if wrong:
        raise Refusal("field_invalid", rule="DSP-04", errors=tuple(FieldError(f, "field_invalid") for f in wrong))
    text = texts.keep(tx, body.statement, customer=row["customer"])
    locks = {matter: matters.lock(tx, matter) for matter in (home, *beside)}
    now = as_of_now(tx, caller, locks[row["matter"]], also=(row["id"],))
    open_one = _open_case(tx, home)
    joins = open_one is not None if now.id != home else now.open_dispute is not None
    if not joins and standing is not Standing.CHARGE:
        _require_consent(tx, caller, row["program"])
    with under_policy_of(tx, row["id"]):
        _in_time(caller, now, row["id"], locks[row["matter"]], about_a_deal=not joins and other is None)
    if other is not None and not joins:
        known = sameness.answer(tx, row["customer"], other["customer"])
        if known is not None and not known.same:
            return _answered(tx, caller, known.dispute, claim=now.claims[row["id"]])
    dispute, number = mint(), tx.next_number("dispute")
    if open_one is None:
        _insert_stream(tx, caller, dispute, home)
    data = {
        "dispute": dispute,
        "number": number,
        "grounds": body.grounds,
        "statement": text,
        "asks": _outcome(body.asks),
        "contests": body.contests,
        # Who has no claim of their own in it is a party by the work they logged.
        "by_work": standing is Standing.WORK,
    }
    claim = row["id"]
    if other is not None:
        away = other["id"] if home == row["matter"] else row["matter"]
        record = other["customer"] if home == row["matter"] else _record_of(tx, row["matter"])
        data |= {"about": row["id"], "other_matter": away, "other_customer": record}
        if home != row["matter"]:
            claim = _first_claim(tx, home)
    return _received(
        tx, caller, home, claim, CommandKind.DISPUTE_OPEN, data, locked=locks[home], stream=open_one or dispute
    )


def object_to_visit(
    tx: Transaction,
    caller: Caller,
    claim: Mapping[str, Any],
    *,
    reception: str,
    reason: str,
    facing: str | None,
    until: datetime | None,
) -> Waiting:
    """A case in the channel track about how an arrival is recorded, or a part in the open one (LEAD-14).

    ``claim``: the broker's report; ``facing``: whom its broker objects against, None where whoever received the visitor
    objects. After ``until``: ``deadline_passed``.
    """
    matter = claim["matter"]
    open_one = _open_case(tx, matter)
    if open_one is None:
        _require_consent(tx, caller, claim["program"])
    statement = texts.keep(tx, reason, customer=claim["customer"])
    locked = matters.lock(tx, matter)
    now = as_of_now(tx, caller, locked, also=(claim["id"],))
    if until is not None and locked.now > until:
        raise Refusal("deadline_passed", rule="LEAD-14", facts={"until": until})
    if now.id != matter:
        raise StaleReadError  # the records were merged meanwhile, and the case with them (CUS-13)
    open_one = _open_case(tx, matter)
    dispute, number = mint(), tx.next_number("dispute")
    if open_one is None:
        _insert_stream(tx, caller, dispute, matter)
    data = {
        "dispute": dispute,
        "number": number,
        "grounds": Grounds.OWNERSHIP.value,
        "statement": statement,
        "asks": None,
        "contests": [],
        "by_work": facing is None,
        "facing": facing,
        "reception": reception,
    }
    return _received(
        tx,
        caller,
        matter,
        claim["id"],
        CommandKind.DISPUTE_OPEN,
        data,
        locked=locked,
        stream=open_one or dispute,
    )


def question(
    tx: Transaction,
    caller: Caller,
    about: Claim,
    other: Matter,
    *,
    statement: str | None,
    at: datetime,
    relation: str | None = None,
    household: bool = False,
    deal: str | None = None,
) -> str:
    """Store the question whether two records are one, for whoever holds both locks; the id of its case (CUS-13).

    ``about``: the claim of whoever is its opener; ``other``: the matter of the record that it is asked of. ``at`` is
    later than every stamp of either matter. ``relation``: they are not the same, but belong together, as a
    ``household`` or otherwise; ``deal``: by this deal, which was received before and may be refused yet (CUS-14).
    """
    home, away = sorted((about.matter, other.id))
    dispute = mint()
    _insert_stream(tx, caller, dispute, home)
    data = {
        "dispute": dispute,
        "number": tx.next_number("dispute"),
        "grounds": Grounds.IDENTITY.value,
        "statement": statement,
        "asks": None,
        "contests": [],
        "by_work": False,
        "about": about.id,
        "other_matter": away,
        "other_customer": _record_of(tx, away),
        "relation": relation,
        "household": household,
        "deal": deal,
    }
    # One that a take will make counts as well: nothing need be on paper yet.
    claim = about.id if about.matter == home else next(iter(other.claims))
    command = Command(
        id=mint(), kind=CommandKind.DISPUTE_OPEN, claim=claim, actor=caller.person, received_at=at, data=data
    )
    tx.insert(
        t.command,
        matters.command_row(command, matter=home, target_type="dispute", target=dispute, stream=dispute),
    )
    for matter in (home, away):
        matters.touch(tx, matter, at)
    matters.ring_later(tx, dispute, "dispute", at=at)
    return dispute


def _insert_stream(tx: Transaction, caller: Caller, dispute: str, matter: str) -> None:
    stream = {"id": dispute, "kind": "dispute", "matter": matter, "open": True, "next_instant": None}
    tx.insert(t.stream, {**stream, "epoch": caller.setting.epoch})


def _record_of(tx: Transaction, matter: str) -> str:
    """The record that a matter is about; what lies in it may have come under another one of the same customer."""
    return str(tx.execute(sa.select(t.matter.c.customer).where(t.matter.c.id == matter)).scalar_one())


def _answered(tx: Transaction, caller: Caller, case: str, *, claim: Claim) -> Done:
    """The case that gave the answer, for whoever reads it; the others are told the answer alone."""
    try:
        visible_dispute(tx, caller, case)
    except Refusal:
        raise found_different(claim) from None
    return Done(200, dispute_view(tx, caller, case))


def _other_matter(tx: Transaction, row: Mapping[str, Any], body: DisputeIn) -> dict[str, Any] | None:
    """The matter of the record that may be the same customer: named in a case of kind identity only (CUS-13)."""
    if body.grounds != "identity":
        if body.other_customer is not None:
            raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("other_customer", "field_invalid"),))
        return None
    if body.other_customer is None:
        raise Refusal("field_missing", rule="CUS-13", errors=(FieldError("other_customer", "field_missing"),))
    root = merges.root_of(tx, body.other_customer)
    known = merges.matter_of(tx, program=row["program"], subject=root, track=row["track"])
    if known is None or row["project"] is not None or body.other_customer == row["customer"]:
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("other_customer", "field_invalid"),))
    if known == row["matter"]:
        # They are known as one here: there is nothing to ask.
        raise Refusal("illegal_transition", rule="CUS-13", current_state=row["state"], facts={"same": True})
    return tx.row(sa.select(t.matter).where(t.matter.c.id == known))


def _open_case(tx: Transaction, matter: str) -> str | None:
    found: str | None = tx.execute(
        sa.select(t.dispute.c.id).where(t.dispute.c.matter == matter, t.dispute.c.open)
    ).scalar()
    return found


def object_to(tx: Transaction, caller: Caller, dispute: str, body: ObjectionIn) -> Waiting:
    """Dispute what the system settled (DSP-04)."""
    row = visible_dispute(tx, caller, dispute)
    data = {
        "contests": body.contests,
        "missing": texts.keep(tx, body.missing, customer=row["customer"]),
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_OBJECT, data)


def name_mediator(tx: Transaction, caller: Caller, dispute: str, body: MediatorIn) -> Waiting:
    """Somebody neutral helps (DSP-08)."""
    row = visible_dispute(tx, caller, dispute)
    person = _person(caller, body.person, "person")
    return _on(tx, caller, row, CommandKind.DISPUTE_MEDIATOR, {"person": person})


def waive(tx: Transaction, caller: Caller, dispute: str) -> Waiting:
    """No negotiation (DSP-05)."""
    return _simple(tx, caller, dispute, CommandKind.DISPUTE_WAIVE, {})


def heard(tx: Transaction, caller: Caller, dispute: str) -> Waiting:
    """Nothing to add (DSP-10)."""
    return _simple(tx, caller, dispute, CommandKind.DISPUTE_HEARD, {})


def ask_more(tx: Transaction, caller: Caller, dispute: str, body: QuestionIn) -> Waiting:
    """The arbitrator's one question (DSP-10)."""
    row = visible_dispute(tx, caller, dispute)
    text = texts.keep(tx, body.question, customer=row["customer"])
    return _on(tx, caller, row, CommandKind.DISPUTE_ASK_MORE, {"question": text})


def add_evidence(tx: Transaction, caller: Caller, dispute: str, body: EvidenceIn) -> Waiting:
    """A statement, a file, or a fact that somebody in charge vouches for (DSP-09)."""
    row = visible_dispute(tx, caller, dispute)
    party = pleads(dispute_of(row), acting_for(caller))
    if body.kind in _OFFICIAL:
        if party or not _vouches(tx, caller, row):
            raise Refusal("not_allowed", rule="DSP-09")
    elif not party and not in_charge(tx, caller, row):
        raise Refusal("not_allowed", rule="DSP-09")
    if body.kind in ("statement", "answer") and not (body.text or "").strip():
        raise Refusal("field_missing", rule="DSP-09", errors=(FieldError("text", "field_missing"),))
    if body.kind == "file" and body.file is None:
        raise Refusal("field_missing", rule="DSP-09", errors=(FieldError("file", "field_missing"),))
    if body.at is not None and body.at > caller.at:
        raise Refusal("date_invalid", rule="DSP-09", errors=(FieldError("at", "date_invalid"),))
    sha = _file(tx, caller, row, body)
    text = texts.keep(tx, body.text, customer=row["customer"])
    data = {
        "evidence": mint(),
        "kind": body.kind,
        "at": body.at,
        "about": _person(caller, body.about, "about"),
        "consent": body.consent,
        "text": text,
        "file": body.file,
        "digest": sha or tx.keys.digest(body.text or ""),
        "origin": "party" if party else ("customer" if body.kind == "customer_choice" else "third_party"),
    }
    return _on(
        tx, caller, row, CommandKind.DISPUTE_EVIDENCE, data, target_type="evidence", target=str(data["evidence"])
    )


def propose(tx: Transaction, caller: Caller, dispute: str, body: ProposalIn) -> Waiting:
    """Terms for all parties to agree on (DSP-05)."""
    row = visible_dispute(tx, caller, dispute)
    terms = _outcome(body.terms)
    data = {
        "terms": terms,
        "text": texts.keep(tx, body.text, customer=row["customer"]),
        "digest": hashlib.sha256(canonical(plain([terms, body.text]))).hexdigest(),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_PROPOSE, data, target_type="proposal")


def answer_proposal(
    tx: Transaction, caller: Caller, dispute: str, number: int, kind: CommandKind, body: DigestIn
) -> Waiting:
    """Yes or no to one proposal, named by what it says (DSP-05)."""
    row = visible_dispute(tx, caller, dispute)
    if not 1 <= number <= len(row["detail"]["proposals"]):
        raise Refusal("not_found")
    return _on(tx, caller, row, kind, {"n": number, "digest": body.digest})


def challenge(tx: Transaction, caller: Caller, dispute: str, body: RecusalIn) -> Waiting:
    """Somebody should not decide (DSP-13)."""
    row = visible_dispute(tx, caller, dispute)
    data = {
        "recusal": mint(),
        "person": _person(caller, body.person, "person"),
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_CHALLENGE, data, target_type="recusal", target=str(data["recusal"]))


def decide_challenge(tx: Transaction, caller: Caller, dispute: str, recusal: str, body: RecusalDecisionIn) -> Waiting:
    """One tier up answers (DSP-13)."""
    row = visible_dispute(tx, caller, dispute)
    if all(r["id"] != recusal for r in row["detail"]["recusals"]):
        raise Refusal("not_found")
    data = {
        "recusal": recusal,
        "accepted": body.accepted,
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_RECUSE, data)


def name_arbitrator(tx: Transaction, caller: Caller, dispute: str, body: ArbitratorIn) -> Waiting:
    """Somebody decides where nobody neutral was left (DSP-13)."""
    row = visible_dispute(tx, caller, dispute)
    data = {
        "person": _person(caller, body.person, "person"),
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_ARBITRATOR, data)


def rule(tx: Transaction, caller: Caller, dispute: str, body: RulingIn) -> Waiting:
    """The arbitrator's decision (DSP-14)."""
    row = visible_dispute(tx, caller, dispute)
    data = {
        "outcome": _outcome(body),
        "facts": texts.keep(tx, body.facts, customer=row["customer"]),
        "reason": texts.keep(tx, body.reason, customer=row["customer"]),
        "evidence": body.evidence,
        "follows_advice": body.follows_advice,
        "violations": [
            {"person": v.person, "text": texts.keep(tx, v.text, customer=row["customer"])} for v in body.violations
        ],
        "recommended": _advised(tx, caller, row),
    }
    return _on(tx, caller, row, CommandKind.DISPUTE_RULE, data)


def _advised(tx: Transaction, caller: Caller, row: Mapping[str, Any]) -> list[str] | None:
    """Whom advice names as the ruling is made: the history has it beside the outcome (LEAD-07)."""
    parties = row["detail"]["parties"]
    claims = [p["claim"] for p in parties if p["claim"] is not None]
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == claims[0])) if claims else None
    if claim is None:
        return None
    people = [p["person"] for p in parties]
    return advised(tx, caller, claim_of(claim), customer=claim["customer"], told=people)


def appeal(tx: Transaction, caller: Caller, dispute: str, body: AppealIn) -> Waiting:
    """To the tier above, on new evidence (DSP-16)."""
    row = visible_dispute(tx, caller, dispute)
    reason = texts.keep(tx, body.reason, customer=row["customer"])
    return _on(tx, caller, row, CommandKind.DISPUTE_APPEAL, {"reason": reason, "evidence": body.evidence})


def with_reason(tx: Transaction, caller: Caller, dispute: str, kind: CommandKind, reason: str | None) -> Waiting:
    """Withdraw, carry on, dismiss."""
    row = visible_dispute(tx, caller, dispute)
    return _on(tx, caller, row, kind, {"reason": texts.keep(tx, reason, customer=row["customer"])})


def _simple(tx: Transaction, caller: Caller, dispute: str, kind: CommandKind, data: Mapping[str, Any]) -> Waiting:
    return _on(tx, caller, visible_dispute(tx, caller, dispute), kind, data)


def _on(
    tx: Transaction,
    caller: Caller,
    row: Mapping[str, Any],
    kind: CommandKind,
    data: Mapping[str, Any],
    *,
    target_type: str = "dispute",
    target: str | None = None,
) -> Waiting:
    claim = next(p["claim"] for p in row["detail"]["parties"] if p["claim"] is not None)
    if row["detail"].get("other_matter") is not None:
        claim = _first_claim(tx, row["matter"])
    return _received(
        tx,
        caller,
        row["matter"],
        claim,
        kind,
        {"dispute": row["id"], **data},
        locked=matters.lock(tx, row["matter"], of=row["id"]),
        stream=row["id"],
        target_type=target_type,
        target=target or row["id"],
    )


def _first_claim(tx: Transaction, matter: str) -> str:
    """A claim that a command in a case about two records hangs on: it is decided in the older one's matter (CUS-13)."""
    c = t.claim.c
    found = tx.execute(sa.select(c.id).where(c.matter == matter).order_by(c.receipt).limit(1))
    return str(found.scalar_one())


def _received(
    tx: Transaction,
    caller: Caller,
    matter: str,
    claim: str,
    kind: CommandKind,
    data: Mapping[str, Any],
    *,
    locked: matters.Locked,
    stream: str,
    target_type: str = "dispute",
    target: str | None = None,
) -> Waiting:
    command = Command(id=mint(), kind=kind, claim=claim, actor=caller.person, received_at=locked.now, data=data)
    tx.insert(
        t.command,
        matters.command_row(
            command, matter=matter, target_type=target_type, target=target or data["dispute"], stream=stream
        ),
    )
    matters.touch(tx, matter, locked.now)
    return Waiting(command=command.id, kind="dispute", stream=stream)


def _claim_named(tx: Transaction, caller: Caller, body: DisputeIn) -> dict[str, Any]:
    """The claim a case is about: by id, or the caller's own on a customer, else the one that holds it."""
    named = body.claim
    if isinstance(named, str):
        row = tx.row(sa.select(t.claim).where(t.claim.c.id == named))
        if row is None or not _may_name(tx, caller, row, body):
            raise Refusal("field_invalid", errors=(FieldError("claim", "field_invalid"),))
        return row
    c = t.claim.c
    found = tx.rows(
        sa.select(t.claim)
        .where(
            c.program == named.program,
            c.customer.in_(merges.records_of(tx, named.customer)),
            c.track == named.track,
            c.project == named.project if named.project is not None else sa.true(),
        )
        .order_by(c.received_at.desc())
    )
    mine = [r for r in found if person_of(claim_of(r)) == caller.person]
    reported = [r for r in found if r["reporter"] == caller.person]
    held = [r for r in found if r["holds"] and _may_name(tx, caller, r, body)]
    chosen = next(iter([*mine, *held, *reported]), None)
    if chosen is None:
        raise Refusal("no_standing", rule="DSP-02")
    return chosen


def _may_name(tx: Transaction, caller: Caller, row: dict[str, Any], body: DisputeIn) -> bool:
    return (
        readable(tx, caller, row)
        or _questions_a_share(tx, caller, row, body.grounds)
        or _has_worked(tx, caller, row, body)
    )


def _questions_a_share(tx: Transaction, caller: Caller, row: Mapping[str, Any], grounds: str) -> bool:
    """Whoever has a part of a live deal may question it, without a claim of their own (COM-11)."""
    if grounds != "share":
        return False
    d = t.deal.c
    mine = sa.select(t.deal_payee.c.deal).where(t.deal_payee.c.person == caller.person)
    live = tx.rows(sa.select(t.deal).where(d.claim == row["id"], d.state == DealState.OPEN.value, d.id.in_(mine)))
    return any(deal_of(deal).share_of(caller.person) is not None for deal in live)


def _has_worked(tx: Transaction, caller: Caller, row: Mapping[str, Any], body: DisputeIn) -> bool:
    """Whoever has logged a follow-up on the customer, or completed a reception of theirs, in a case of kind identity on
    either record (DSP-02, CUS-13). Whoever stood in for the owner did it for them (LEAD-15).
    """
    c, f = t.claim.c, t.follow_up.c
    asked = [row["customer"], *([body.other_customer] if body.grounds == "identity" and body.other_customer else [])]
    records = [record for customer in asked for record in merges.records_of(tx, customer)]
    here = sa.select(c.id).where(
        c.program == row["program"],
        c.customer.in_(records),
        c.track == row["track"],
        c.project == row["project"] if row["project"] is not None else c.project.is_(None),
    )
    logged = sa.select(f.id).where(f.claim.in_(here), f.author == caller.person, f.voided_at.is_(None))
    r = t.reception.c
    received = sa.select(r.id).where(
        r.program == row["program"],
        r.customer.in_(records),
        r.track == row["track"],
        r.project == row["project"] if row["project"] is not None else r.project.is_(None),
        r.server == caller.person,
        r.completed_at.is_not(None),
        sa.or_(r.owner.is_(None), r.owner == caller.person),
    )
    return any(tx.execute(found.limit(1)).first() is not None for found in (logged, received))


class Standing(Enum):
    """Why somebody may open a case: a claim or a share of their own, work they logged, charge of somebody who has."""

    OWN = "own"
    WORK = "work"
    CHARGE = "charge"


def _standing(tx: Transaction, caller: Caller, row: Mapping[str, Any], body: DisputeIn) -> Standing:
    """One's own claim, one that one is in charge of, a customer one has worked with (DSP-02, PPL-07)."""
    claim = claim_of(row)
    if _questions_a_share(tx, caller, row, body.grounds):
        return Standing.OWN
    sells = may_sell(caller.actor, setting=caller.setting, at=caller.at)
    if caller.person == person_of(claim):
        if not sells:
            raise Refusal("not_allowed", rule="PPL-02")
        return Standing.OWN
    if caller.person in caller.setting.programs[claim.program].oversight:
        return Standing.CHARGE
    if is_supervisor(person_of(claim), claim, actor=caller.actor, setting=caller.setting, at=caller.at):
        return Standing.CHARGE
    if sells and _has_worked(tx, caller, row, body):
        return Standing.WORK
    raise Refusal("not_allowed", rule="DSP-02")


def _require_consent(tx: Transaction, caller: Caller, program: str) -> None:
    """Who had too many cases dismissed asks their supervisor, who may open it for them (DSP-02)."""
    dismissed = dismissed_at(tx, caller.person, program=program)
    require_consent(dismissed, program=program, setting=caller.setting, at=caller.at)


def _in_time(caller: Caller, matter: Matter, claim: str, locked: matters.Locked, *, about_a_deal: bool) -> None:
    """Within `dispute.contest_wd` of the end that is contested, `dispute.after_deal_days` of a deal (DSP-02)."""
    named, holder = matter.claims[claim], matter.owner_claim
    if named.state is ClaimState.WITHDRAWN:
        raise Refusal("illegal_transition", rule="CLM-01", current_state=named.state.value)
    if named.state in IN_CASE:
        return
    deals = matter.live_deals(holder.id) if about_a_deal and holder is not None else ()
    until = open_until(named, deals, setting=caller.setting)
    if until is not None and locked.now > until:
        raise Refusal("dispute_too_late", rule="DSP-02", facts={"until": until})


def in_charge(tx: Transaction, caller: Caller, row: Mapping[str, Any]) -> bool:
    """Supervisors of a party and oversight speak for what they saw."""
    if caller.person in caller.setting.programs[row["program"]].oversight:
        return True
    claims = [p["claim"] for p in row["detail"]["parties"] if p["claim"] is not None]
    held = [claim_of(r) for r in tx.rows(sa.select(t.claim).where(t.claim.c.id.in_(claims)))]
    return any(is_supervisor(person_of(c), c, actor=caller.actor, setting=caller.setting, at=caller.at) for c in held)


def _vouches(tx: Transaction, caller: Caller, row: Mapping[str, Any]) -> bool:
    roles = {Role.RECEPTION, Role.ADMIN}
    if has_role(caller.actor, roles, organisation=caller.setting.organisation, at=caller.at):
        return True
    return in_charge(tx, caller, row)


def _file(tx: Transaction, caller: Caller, row: Mapping[str, Any], body: EvidenceIn) -> str | None:
    """The digest of an uploaded file of a kind and size that the case's policy allows (DSP-09)."""
    if body.file is None:
        return None
    found = files.row_of(tx, body.file)
    if found is None or found["uploaded_by"] != caller.person or found["sealed_key"] is None:
        raise Refusal("field_invalid", errors=(FieldError("file", "field_invalid"),))
    if found["media_type"].startswith("audio/") and body.consent is None:
        raise Refusal("field_missing", rule="DSP-09", errors=(FieldError("consent", "field_missing"),))
    policy = caller.setting.policy(dispute_of(row).terms)
    families, cap = policy.words("dispute.file_types"), policy.limit("dispute.file_mb")
    if family_of(found["media_type"]) not in families:
        raise Refusal(
            "file_not_allowed",
            rule="DSP-09",
            facts={"types": list(families)},
            errors=(FieldError("file", "file_not_allowed"),),
        )
    if cap is not None and found["size"] > cap * MEGABYTE:
        raise Refusal(
            "file_not_allowed",
            rule="DSP-09",
            facts={"cap_mb": cap},
            errors=(FieldError("file", "file_not_allowed"),),
        )
    return str(found["sha256"])


def _person(caller: Caller, person: str | None, field: str) -> str | None:
    if person is not None and person not in caller.setting.organisation.people:
        raise Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))
    return person


def _outcome(body: OutcomeIn | None) -> dict[str, Any] | None:
    if body is None:
        return None
    if body.outcome in ("party", "joint") and body.owner is None:
        raise Refusal("field_missing", rule="DSP-14", errors=(FieldError("owner", "field_missing"),))
    return {
        "outcome": body.outcome,
        "owner": body.owner,
        "shares": [{"person": s.person, "share_bps": s.share_bps} for s in body.shares],
        "same": body.same,
    }
