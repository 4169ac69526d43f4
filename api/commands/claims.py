"""Commands on a claim: judged, corrected, won, released, handed over, extended, paused (contract section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.commands import buyers, number_sets, project_news
from api.commands.files import attached
from api.commands.received import as_of_now, on_claim, permitted, receive, visible_claim
from api.commands.reports import resemblance
from api.schemas.claims import (
    CancelDealIn,
    ClaimPatch,
    CollaboratorIn,
    CustomerPatch,
    DeliveryIn,
    ExtendIn,
    PauseIn,
    ReleaseIn,
    SalesStageIn,
    SettleIn,
    TransferIn,
    WinIn,
)
from api.views.claim_advice import advised
from api.views.claims import interested_in
from domain.calendar.duration import DAY_US
from domain.claims.model import Claim
from domain.claims.permissions import check_partner_of
from domain.claims.stages import wears
from domain.customers.identity import Identity, MatchValues, match_values
from domain.customers.masked_numbers import digits_of, may_be_equal
from domain.customers.names import CustomerKind
from domain.customers.phone import normalise_phone, require_phone_mode
from domain.matters.matter import CommandKind
from domain.money.model import MOST_MINOR
from domain.people.access import SELLING, Actor, has_any_scope
from domain.refusals import FieldError, Refusal
from storage import customers, matters, merges, stages, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.company_names import CompanyNames
from storage.database import Transaction, mint


@on_claim
def judge(tx: Transaction, caller: Caller, claim: str, kind: CommandKind, reason: str | None) -> Waiting:
    """Accept, reject or send back a report (CLM-04)."""
    return _simple(tx, caller, claim, kind, reason)


@on_claim
def comment(tx: Transaction, caller: Caller, claim: str, text: str) -> Waiting:
    """What the holder of a territory says about a report in it (TER-05)."""
    return _simple(tx, caller, claim, CommandKind.COMMENT, text)


@on_claim
def withdraw(tx: Transaction, caller: Caller, claim: str, reason: str | None) -> Waiting:
    """Take a report back (table 0.2); whoever takes back a row that is not theirs says why (INT-10)."""
    row, held = _opened(tx, caller, claim, CommandKind.WITHDRAW)
    if reason is None and caller.person != held.reporter:
        raise Refusal("reason_required", rule="INT-10", errors=(FieldError("reason", "reason_required"),))
    text = texts.keep(tx, reason, customer=row["customer"])
    return receive(tx, caller, row, CommandKind.WITHDRAW, lambda _: {"text": text})


@on_claim
def correct(tx: Transaction, caller: Caller, claim: str, body: ClaimPatch, names: CompanyNames) -> Waiting:
    """Change fields of a report: correction, completion, news (CLM-02, CLM-05, CLM-28)."""
    row, held = _opened(tx, caller, claim, CommandKind.CORRECT)
    today = caller.setting.calendar(held.program).local_date(caller.at)
    if body.expected_close is not None and body.expected_close < today:
        raise Refusal("date_invalid", rule="CLM-02", errors=(FieldError("expected_close", "date_invalid"),))
    wanted = _customer_wanted(tx, caller, row, body.customer, names)
    news = project_news.wanted(tx, caller, row, body.project)
    if isinstance(news, Waiting):
        return news
    numbered = wanted is not None and wanted.values.kind is CustomerKind.PERSON
    sets = number_sets.hold(tx, row["customer"], wanted.found, of=row) if wanted is not None and numbered else None
    equal: tuple[number_sets.Found, ...] = ()

    def data(locked: matters.Locked) -> dict[str, Any]:
        nonlocal equal
        present = as_of_now(tx, caller, locked, also=(claim,)).claims[claim]
        if present.version != body.version:
            raise Refusal("version_conflict", rule="CUS-01", facts={"versions": [body.version, present.version]})
        # The record changes here and not in the drain, so not for a claim whose correction the drain will refuse.
        applies = present.ended_at is None
        hints: dict[str, Any] = {}
        if wanted is not None and applies:
            customers.update(tx, row["customer"], wanted.contact, wanted.values)
            equal = number_sets.judge(tx, sets, completed=wanted.completes) if sets is not None else ()
            hints = _resembling(tx, row["customer"], wanted, besides=number_sets.joined_records(tx, equal))
        if news is not None and applies:
            project_news.tell(tx, caller, news)
        columns = _columns(tx, row["customer"], body)
        project_fields = news.fields if news is not None else []
        return {
            "version": body.version,
            "fields": sorted({*columns, *_customer_fields(body.customer), *project_fields}),
            "present": sorted(_present(body)),
            **hints,
            **(news.data if news is not None else {}),
            "columns": columns,
        }

    command = receive(
        tx, caller, row, CommandKind.CORRECT, data, locked=sets.stamped(row["matter"]) if sets is not None else None
    )
    if sets is not None:
        number_sets.settle(tx, caller, sets, equal)
    return command


@on_claim
def win(tx: Transaction, caller: Caller, claim: str, body: WinIn) -> Waiting:
    """A deal on a held customer (CLM-32, COM-01)."""
    row, held = _opened(tx, caller, claim, CommandKind.WIN)
    data = deal_data(caller, held.program, body)
    beside = buyers.signing(
        tx,
        caller,
        body.buyers if "buyers" in body.model_fields_set else None,
        program=held.program,
        track=row["track"],
        customer=row["customer"],
        matter=row["matter"],
        project=row["project"],
    )

    def complete(locked: matters.Locked) -> dict[str, Any]:
        require_whole_number(locked)
        return data

    waiting = receive(tx, caller, row, CommandKind.WIN, complete)
    buyers.signed(tx, caller, beside, held, deal=data["deal"], customer=row["customer"])
    return waiting


def require_whole_number(locked: matters.Locked) -> None:
    """No deal is credited to a claim while the number of its customer is masked (CUS-06)."""
    if locked.row["masked"]:
        raise Refusal("field_missing", rule="CUS-06", errors=(FieldError("customer.phone", "field_missing"),))


def deal_data(caller: Caller, program: str, body: WinIn) -> dict[str, Any]:
    """A new deal as its command carries it, once its amount and dates make sense (COM-01)."""
    if not 0 <= body.amount.amount_minor <= MOST_MINOR:
        raise _invalid("amount.amount_minor")
    signed = caller.setting.calendar(program).local_date(body.contract_at)
    if body.contract_end is not None and body.contract_end < signed:
        raise Refusal("date_invalid", rule="COM-01", errors=(FieldError("contract_end", "date_invalid"),))
    return {
        "deal": mint(),
        "amount_minor": body.amount.amount_minor,
        "currency": body.amount.currency,
        "deal_kind": body.kind,
        "contract_at": body.contract_at,
        "contract_end": body.contract_end,
        "product": body.product,
        "external_id": body.external_id,
        "by": caller.person,
    }


@on_claim
def cancel_deal(tx: Transaction, caller: Caller, claim: str, body: CancelDealIn) -> Waiting:
    """A deal is off; which one must be said where several are live (CLM-32)."""
    row, _ = _opened(tx, caller, claim, CommandKind.CANCEL_DEAL)
    deals = tx.rows(sa.select(t.deal.c.id, t.deal.c.state).where(t.deal.c.claim == claim))
    if body.deal is not None and body.deal not in {d["id"] for d in deals}:
        raise _invalid("deal")
    if body.deal is None and sum(d["state"] == "open" for d in deals) > 1:
        raise Refusal("field_missing", rule="CLM-32", errors=(FieldError("deal", "field_missing"),))
    text = texts.keep(tx, body.reason, customer=row["customer"])
    return receive(tx, caller, row, CommandKind.CANCEL_DEAL, lambda _: {"deal": body.deal, "text": text})


@on_claim
def release(tx: Transaction, caller: Caller, claim: str, body: ReleaseIn) -> Waiting:
    """Give a customer up, or ask that its owner does (CLM-23)."""
    row, held = _opened(tx, caller, claim, CommandKind.RELEASE)
    if body.reason not in caller.setting.terms_of(held).policy.words("release.reasons"):
        raise _invalid("reason")
    if body.pool is not None:
        known = tx.execute(
            sa.select(t.pool.c.id).where(t.pool.c.id == body.pool, t.pool.c.program == held.program)
        ).scalar()
        if known is None:
            raise _invalid("pool")
    if body.to is not None:
        _receiver(caller, held, body.to)
    data = {
        "reason": body.reason,
        "text": texts.keep(tx, body.text, customer=row["customer"]),
        "pool": body.pool,
        "to": body.to,
        # Whether advice was taken is on record; it decides nothing (LEAD-07).
        "recommended": advised(tx, caller, held, customer=row["customer"], told=[held.owner]) if body.to else None,
    }
    return receive(tx, caller, row, CommandKind.RELEASE, lambda _: data)


@on_claim
def transfer(tx: Transaction, caller: Caller, claim: str, body: TransferIn) -> Waiting:
    """Offer the customer to a colleague (CLM-24)."""
    row, held = _opened(tx, caller, claim, CommandKind.TRANSFER)
    _receiver(caller, held, body.to)
    data = {
        "to": body.to,
        "text": texts.keep(tx, body.reason, customer=row["customer"]),
        "past_share_bps": body.past_share_bps,
    }
    return receive(tx, caller, row, CommandKind.TRANSFER, lambda _: data)


@on_claim
def extend(tx: Transaction, caller: Caller, claim: str, body: ExtendIn) -> Waiting:
    """Ask for, or give, more time (CLM-22)."""
    row, held = _opened(tx, caller, claim, CommandKind.EXTEND)
    longest = caller.setting.terms_of(held).policy.duration("claim.extension_days")
    if body.days is not None and longest is not None and body.days * DAY_US > longest.microseconds:
        raise Refusal(
            "field_invalid",
            rule="CLM-22",
            facts={"cap_days": longest.microseconds / DAY_US},
            errors=(FieldError("days", "field_invalid"),),
        )
    files = attached(tx, caller, body.files, claim=claim)
    text = texts.keep(tx, body.reason, customer=row["customer"])
    return receive(tx, caller, row, CommandKind.EXTEND, lambda _: {"days": body.days, "text": text, "files": files})


@on_claim
def pause(tx: Transaction, caller: Caller, claim: str, body: PauseIn) -> Waiting:
    """Ask for, or order, a stop of all clocks (CLM-21)."""
    row, _ = _opened(tx, caller, claim, CommandKind.PAUSE)
    text = texts.keep(tx, body.reason, customer=row["customer"])
    return receive(tx, caller, row, CommandKind.PAUSE, lambda _: {"pause": body.kind, "text": text})


@on_claim
def unpause(tx: Transaction, caller: Caller, claim: str) -> Waiting:
    """Let the clocks run on (CLM-21)."""
    row, _ = _opened(tx, caller, claim, CommandKind.UNPAUSE)
    return receive(tx, caller, row, CommandKind.UNPAUSE, lambda _: {})


@on_claim
def collaborate(tx: Transaction, caller: Caller, claim: str, body: CollaboratorIn) -> Waiting:
    """Invite a member of the program; whoever is to work must be one who may own customers (CLM-29)."""
    row, held = _opened(tx, caller, claim, CommandKind.COLLABORATE)
    _member(caller, held, body.person, field="person", sells=body.rights == "work")
    data = {"person": body.person, "rights": body.rights}
    return receive(tx, caller, row, CommandKind.COLLABORATE, lambda _: data)


@on_claim
def move_stage(tx: Transaction, caller: Caller, claim: str, body: SalesStageIn) -> Waiting:
    """Move a claim to a sales stage, or name who answers for the one it is in (CLM-30)."""
    row, held = _opened(tx, caller, claim, CommandKind.STAGE_MOVE)
    policy = caller.setting.terms_of(held).policy
    if body.stage not in policy.stages:
        raise _invalid("stage")
    said = dict.fromkeys(body.met or ())
    # What is not the policy's own word may be anything, and history holds no text.
    if not said.keys() <= {word for stage in policy.sales_stages for word in stage.conditions}:
        raise _invalid("met")
    if body.person is not None:
        _answers(caller, held, body.person, policy.sales_stage(body.stage).role)
    text = texts.keep(tx, body.reason, customer=row["customer"])

    def data(_: matters.Locked) -> dict[str, Any]:
        shown = sorted(stages.shown(tx, claim))
        return {"stage": body.stage, "person": body.person, "shown": shown, "said": list(said), "text": text}

    return receive(tx, caller, row, CommandKind.STAGE_MOVE, data)


@on_claim
def hand_off(tx: Transaction, caller: Caller, claim: str, body: DeliveryIn) -> Waiting:
    """Put the checklist of a won deal before the leader of the team that delivers (CLM-31)."""
    row, _ = _opened(tx, caller, claim, CommandKind.DELIVER)
    if body.team not in caller.setting.organisation.teams:
        raise _invalid("team")
    checklist = [texts.keep(tx, item, customer=row["customer"]) for item in body.checklist]
    data = {"team": body.team, "checklist": checklist}
    return receive(tx, caller, row, CommandKind.DELIVER, lambda _: data)


@on_claim
def settle(tx: Transaction, caller: Caller, claim: str, body: SettleIn) -> Waiting:
    """Ask somebody to settle whose the customer is (DSP-05)."""
    row, own = _opened(tx, caller, claim, CommandKind.SETTLE)
    if body.template not in caller.setting.terms_of(own).policy.words("settle.templates"):
        raise _invalid("template")
    needed = {"yields": body.template == "yield", "share_bps": body.template == "shares", "person": own.holds}
    for field, needs in needed.items():
        given = getattr(body, field) is not None
        if needs and not given:
            raise Refusal("field_missing", rule="DSP-05", errors=(FieldError(field, "field_missing"),))
        if given and not needs:
            raise _invalid(field)
    if body.person is not None:
        _member(caller, own, body.person, field="person", sells=True)
    data = {
        "request": mint(),
        "template": body.template,
        "person": body.person,
        "yields": body.yields,
        "share_bps": body.share_bps,
        "text": texts.keep(tx, body.text, customer=row["customer"]),
        "said": tx.keys.digest(body.text or ""),
    }
    return receive(
        tx, caller, row, CommandKind.SETTLE, lambda _: data, target_type="request", target=str(data["request"])
    )


@on_claim
def end_collaboration(tx: Transaction, caller: Caller, claim: str, person: str) -> Waiting:
    """End a collaborator's rights (CLM-29)."""
    row = visible_claim(tx, caller, claim)
    held = claim_of(row)
    if all(c.person != person for c in held.collaborators):
        raise Refusal("not_found")
    permitted(caller, CommandKind.COLLABORATOR_REMOVE, held)
    return receive(tx, caller, row, CommandKind.COLLABORATOR_REMOVE, lambda _: {"person": person})


def _opened(tx: Transaction, caller: Caller, claim: str, kind: CommandKind) -> tuple[dict[str, Any], Claim]:
    """404 and 403, in that order."""
    row = visible_claim(tx, caller, claim)
    held = claim_of(row)
    permitted(caller, kind, held, interested=interested_in(tx, [row]).get(claim, ()))
    return row, held


def _simple(tx: Transaction, caller: Caller, claim: str, kind: CommandKind, reason: str | None) -> Waiting:
    row, _ = _opened(tx, caller, claim, kind)
    text = texts.keep(tx, reason, customer=row["customer"])
    return receive(tx, caller, row, kind, lambda _: {"text": text})


def _receiver(caller: Caller, claim: Claim, to: str) -> None:
    """A receiver is a known, present member who may own customers and newly get one, and not who has it already."""
    _member(caller, claim, to, field="to", sells=True)
    check_partner_of(to, claim, setting=caller.setting, at=caller.at)


def _member(caller: Caller, claim: Claim, person: str, *, field: str, sells: bool) -> None:
    """The same, and not the owner."""
    if person == claim.owner:
        raise _invalid(field)
    require_member(caller, claim, person, field=field, sells=sells)


def require_member(caller: Caller, claim: Claim, person: str, *, field: str, sells: bool) -> None:
    """Somebody who is present and belongs to the program of ``claim``; ``sells``: and may own customers."""
    organisation = caller.setting.organisation
    known = organisation.people.get(person)
    if known is None:
        raise _invalid(field)
    if not known.active:
        raise Refusal("person_inactive", rule="PPL-01", errors=(FieldError(field, "person_inactive"),))
    program = caller.setting.programs[claim.program]
    may_own = has_any_scope(Actor(person), SELLING, organisation=organisation, at=caller.at)
    if (sells and not may_own) or not program.is_member(person, organisation=organisation, at=caller.at):
        raise _invalid(field)


def _answers(caller: Caller, claim: Claim, person: str, role: str | None) -> None:
    """Whoever is to answer for a stage is there, of the program, and wears the role that the stage asks for."""
    organisation = caller.setting.organisation
    known = organisation.people.get(person)
    if known is None:
        raise _invalid("person")
    if not known.active:
        raise Refusal("person_inactive", rule="PPL-01", errors=(FieldError("person", "person_inactive"),))
    program = caller.setting.programs[claim.program]
    belongs = person == claim.owner or program.is_member(person, organisation=organisation, at=caller.at)
    if not belongs or not wears(person, role, organisation=organisation, at=caller.at):
        raise _invalid("person")


def _columns(tx: Transaction, customer: str, body: ClaimPatch) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, text in (("need", body.need), ("progress", body.progress)):
        kept = texts.keep(tx, text, customer=customer)
        if kept is not None:
            columns[name] = kept
    if body.next_follow_up_at is not None:
        columns["next_follow_up_at"] = body.next_follow_up_at
    if body.expected_close is not None:
        columns["expected_close"] = body.expected_close
    if body.expected_amount is not None:
        columns |= {
            "expected_minor": body.expected_amount.amount_minor,
            "expected_currency": body.expected_amount.currency,
        }
    return columns


def _present(body: ClaimPatch) -> set[str]:
    given = {
        "need": (body.need or "").strip(),
        "progress": (body.progress or "").strip(),
        "next_follow_up_at": body.next_follow_up_at,
        "expected_close": body.expected_close,
        "expected_amount": body.expected_amount,
    }
    return {name for name, value in given.items() if value}


def _customer_fields(patch: CustomerPatch | None) -> list[str]:
    return sorted(f"customer.{name}" for name in patch.model_fields_set) if patch is not None else []


class _Wanted(NamedTuple):
    """A customer's record as it will be, and whom it was found to be like."""

    contact: customers.Contact
    values: MatchValues
    found: customers.Match
    completes: bool  # its number was masked, and is whole now (CUS-06)


def _customer_wanted(
    tx: Transaction, caller: Caller, row: dict[str, Any], patch: CustomerPatch | None, names: CompanyNames
) -> _Wanted | None:
    """What the record shall say, checked, with its keys and its row locked; None where it stays as it is (CUS-02)."""
    given = {name: value.strip() for name, value in patch.model_dump().items() if value} if patch is not None else {}
    if not any(given.values()):
        return None
    record = tx.row(sa.select(t.customer).where(t.customer.c.id == row["customer"]))
    assert record is not None
    was = customers.contact_of(tx, record, customers.data_key(tx, row["customer"]))
    policy = caller.setting.policy_at(row["program"], at=caller.at)
    identity = Identity(
        kind=CustomerKind(record["kind"]),
        name=given.get("name") or was.name,
        phone=given.get("phone") or was.phone,
        email=given.get("email") or was.email,
        company_code=given.get("company_code") or was.company_code,
        external_id=was.external_id,
    )
    values = match_values(identity, region=policy.word("match.phone_region") or "CN")
    if given.get("phone") and values.phone_written is not None:
        require_phone_mode(values.phone_written, mode=policy.choice("match.phone_mode"), field="customer.phone")
        if record["masked"]:
            _require_same_digits(was.phone or "", values, region=policy.word("match.phone_region") or "CN")
    compared = customers.Comparison.under(policy, record["kind"])
    if not given.get("name"):
        compared = replace(compared, close_name=None)  # what the name is close to was told when it was given
    customers.lock_identity(tx, customers.check_pairs(values, compared), leaving=row["customer"])
    present = customers.lock_row(tx, row["customer"])
    if present["version"] != record["version"]:
        raise Refusal("version_conflict", rule="CUS-01", facts={"versions": [record["version"], present["version"]]})
    contact = replace(
        was,
        name=identity.name,
        phone=values.phone or identity.phone,
        email=values.email,
        company_code=values.company_code,
    )
    found = customers.match(tx, values, compared, names)
    return _Wanted(contact, values, found, completes=record["masked"] and values.phone is not None)


def _require_same_digits(masked: str, values: MatchValues, *, region: str) -> None:
    """A masked number is completed and not exchanged: with other digits it is another customer's (CUS-06)."""
    known, now = normalise_phone(masked, region=region).masked, values.phone_written
    assert known is not None
    assert now is not None
    given = now.masked or now.e164
    assert given is not None
    if not may_be_equal(digits_of(known), digits_of(given)):
        raise Refusal("field_invalid", rule="CUS-06", errors=(FieldError("customer.phone", "field_invalid"),))


def _resembling(tx: Transaction, customer: str, wanted: _Wanted, *, besides: frozenset[str]) -> dict[str, Any]:
    """Others that have a new key of the record, or a close name (CUS-02, CUS-05)."""
    found, own = wanted.found, {merges.root_of(tx, customer), *besides}
    return {
        "possible": [c for c in (*found.certain, *found.possible) if c not in own],
        "close": [resemblance(hit).facts() for hit in found.close if hit.customer not in own],
    }


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))
