"""Keeping the customer base: entering, editing, revealing, erasing (contract section 4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done
from api.commands import number_sets
from api.commands.reports import facets_given, resemblance
from api.schemas.customers import CustomerIn, EraseIn, RecordPatch, RevealIn
from api.views.customers import claims_read, customer_view, knowing, require_keeper, visible_customer
from domain.claims.model import Resemblance
from domain.customers.identity import Identity, MatchValues, match_values
from domain.customers.names import CustomerKind
from domain.customers.phone import require_phone_mode
from domain.matters.draft import Notice
from domain.people.access import has_role, read_scope
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from storage import customers, erasure, history, links, matters, merges, texts, usage
from storage import tables as t
from storage.company_names import CompanyNames
from storage.database import Transaction
from storage.notices import queue_notices


def enter(tx: Transaction, caller: Caller, body: CustomerIn, names: CompanyNames) -> Done:
    """A new customer, or the one that has its keys already (CUS-01, CUS-02)."""
    require_keeper(caller)
    # A level that comes with a new record is what its source says; a reason may come with it.
    why = _level_reason(body, level=body.level)
    values = _values(
        caller,
        Identity(
            kind=CustomerKind(body.kind),
            name=body.name,
            phone=body.phone,
            email=body.email,
            company_code=body.company_code,
            external_id=body.external_id,
        ),
    )
    found = _compare(tx, caller, values, names)
    if found.certain:
        return Done(200, customer_view(tx, caller, _row(tx, found.certain[0])))
    _require_unused(tx, values.external_id, besides=None)
    contact = customers.Contact(
        kind=values.kind,
        name=body.name,
        phone=values.phone or _blank_is_none(body.phone),
        email=values.email,
        company_code=values.company_code,
        external_id=values.external_id,
        level=body.level,
        source=body.source,
        facets=facets_given(body.facets),
    )
    now = tx.now()
    customer = customers.create(tx, contact, values, at=now)
    if why is not None:
        tx.update(t.customer, {"id": customer}, {"level_reason": texts.keep(tx, why, customer=customer)})
    view = customer_view(tx, caller, _row(tx, customer))
    _record(tx, customer, "created", at=now, actor=caller.person, kind=body.kind, possible=list(found.possible))
    return Done(201, view)


def edit(tx: Transaction, caller: Caller, customer: str, body: RecordPatch, names: CompanyNames) -> Done:
    """Change a record. A key that another record has too is taken, recorded, and told (CUS-01, CUS-02)."""
    row = visible_customer(tx, caller, customer)
    require_keeper(caller)
    if body.kind not in (None, row["kind"]):
        raise _invalid("kind")
    if "name" in body.model_fields_set and body.name is None:
        raise _invalid("name")
    was = customers.contact_of(tx, row, customers.data_key(tx, customer))
    named: dict[str, Any] = {
        name: _blank_is_none(getattr(body, name)) for name in _EDITABLE if name in body.model_fields_set
    }
    if "facets" in body.model_fields_set:
        named["facets"] = facets_given(body.facets)
    wanted = replace(was, **named)
    why = _level_reason(body, level=wanted.level)
    if wanted.level not in (None, was.level) and why is None:
        raise Refusal("reason_required", rule="CUS-12", errors=(FieldError("level_reason", "reason_required"),))
    values = _values(
        caller,
        Identity(
            kind=wanted.kind,
            name=wanted.name,
            phone=wanted.phone,
            email=wanted.email,
            company_code=wanted.company_code,
            external_id=wanted.external_id,
        ),
        phone_given="phone" in named,
    )
    found = _compare(tx, caller, values, names, by_name="name" in named, leaving=customer)
    _require_unused(tx, values.external_id, besides=customer)
    present = customers.lock_row(tx, customer)
    if present["erased_at"] is not None:
        raise Refusal("illegal_transition", rule="AUD-05", current_state="erased")
    if present["merged_into"] is not None:
        facts = {"merged_into": present["merged_into"]}
        raise Refusal("illegal_transition", rule="CUS-13", current_state="merged", facts=facts)
    if not body.version == row["version"] == present["version"]:
        raise Refusal("version_conflict", facts={"versions": {"sent": body.version, "present": present["version"]}})
    if wanted.level != was.level or why is not None:
        wanted = replace(wanted, level_reason=texts.keep(tx, why, customer=customer))
        named["level_reason"] = wanted.level_reason
    customers.update(tx, customer, replace(wanted, phone=values.phone or wanted.phone, email=values.email), values)
    if values.kind is CustomerKind.PERSON:
        sets = number_sets.hold(tx, customer, found)
        equal = number_sets.judge(tx, sets, completed=row["masked"] and values.phone is not None)
        number_sets.settle(tx, caller, sets, equal)
    same = [c for c in found.certain if c != customer]
    possible = [c for c in found.possible if c != customer]
    close = [resemblance(hit) for hit in found.close if hit.customer != customer]
    now = tx.now()
    if named.keys() & _KEYS and (same or possible):
        _tell_of_duplicates(tx, caller, customer, [*same, *possible], close[0] if close else None, at=now)
    view = customer_view(tx, caller, _row(tx, customer))
    _record(
        tx,
        customer,
        "corrected",
        at=now,
        actor=caller.person,
        fields=sorted(named),
        version=view["version"],
        same=same,
        possible=possible,
        **({"close": [one.facts() for one in close]} if close else {}),
        **({"text": named["level_reason"]} if named.get("level_reason") is not None else {}),
    )
    return Done(200, view)


def reveal(tx: Transaction, caller: Caller, customer: str, body: RevealIn) -> Done:
    """Clear contacts, for a purpose. What cannot be recorded is not shown: it is one transaction (AUD-03)."""
    row = visible_customer(tx, caller, customer)
    through = _entitling(tx, caller, customer)
    if not through:
        raise Refusal("not_allowed", rule="AUD-03")
    shown, now = _shown_in(tx, customer, through)
    _count_reveal(tx, caller, now)
    purpose = texts.keep(tx, body.purpose, customer=customer)
    queue_notices(
        tx,
        [
            Notice(
                person=claim["owner"],
                kind="claim.reveal",
                urgency="normal",
                subject_type="claim",
                subject=claim["id"],
                rule="AUD-03",
                policy_version=claim["policy_version"],
                facts={"by": caller.person, "fields": sorted(set(body.fields))},
            )
            for claim in shown
            if claim["owner"] is not None and claim["owner"] != caller.person
        ],
        at=now,
    )
    contact = customers.contact_of(tx, row, customers.data_key(tx, customer))
    data = {"customer": customer, "fields": sorted(set(body.fields)), "purpose": purpose}
    history.append(
        tx,
        [
            history.Entry(
                stream=claim["id"],
                stream_kind="claim",
                kind="reveal",
                at=now,
                actor=caller.person,
                policy_version=claim["policy_version"],
                data=data,
            )
            for claim in shown
        ]
        + [
            history.Entry(
                stream=caller.person,
                stream_kind="person",
                kind="reveal",
                at=now,
                actor=caller.person,
                data={**data, "claims": [c["id"] for c in shown]},
            )
        ],
    )
    for claim in shown:
        matters.touch(tx, claim["matter"], now)
    return Done(
        200,
        {
            "customer": customer,
            "phone": contact.phone if "phone" in body.fields else None,
            "email": contact.email if "email" in body.fields else None,
        },
    )


def erase(tx: Transaction, caller: Caller, customer: str, body: EraseIn) -> tuple[Done, Sequence[dict[str, Any]]]:
    """Make a customer unreadable for ever, and the files that are to be removed once this is saved (AUD-05)."""
    visible_customer(tx, caller, customer)
    if not has_role(caller.actor, {Role.ADMIN}, organisation=caller.setting.organisation, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")
    # One customer is forgotten as a whole, whichever of its records is named (CUS-13).
    rows = customers.lock_records(tx, merges.records_of(tx, customer))
    if rows[customer]["erased_at"] is not None:
        return Done(200, customer_view(tx, caller, rows[customer])), ()
    links.hold(tx, rows)  # before any matter, as a report of a relative does
    now = _lock_matters(tx, t.matter.c.customer.in_(sorted(rows)))
    said = body.reason
    for one, row in rows.items():
        erasure.check(tx, one, setting=caller.setting, at=now)
        said = _without(said, customers.contact_of(tx, row, customers.data_key(tx, one)))
    reason = texts.keep(tx, said, customer=None)
    files: list[dict[str, Any]] = []
    for one in rows:
        gone = erasure.erase(tx, one, at=now)
        files += gone.files
        _record(
            tx,
            one,
            "erased",
            at=now,
            actor=caller.person,
            claims=gone.claims,
            files=[f["id"] for f in gone.files],
            text=reason,
        )
    return Done(200, customer_view(tx, caller, _row(tx, customer))), files


_EDITABLE = ("name", "phone", "email", "company_code", "level", "source", "external_id")
_KEYS = frozenset({"name", "phone", "email", "company_code", "external_id"})


def _level_reason(body: CustomerIn | RecordPatch, *, level: str | None) -> str | None:
    """Why people give the record ``level``; without one there is nothing to give a reason for (CUS-12)."""
    why = _blank_is_none(body.level_reason)
    if why is not None and level is None:
        raise _invalid("level_reason")
    return why


def _values(caller: Caller, identity: Identity, *, phone_given: bool = True) -> MatchValues:
    """Normalised keys under the company's policy; refusals name the fields as this body does.

    A masked number that a report left in the record stands until somebody gives another.
    """
    policy = caller.setting.company_policy_at(caller.at)
    with _unprefixed():
        values = match_values(identity, region=policy.word("match.phone_region") or "CN")
        if values.phone_written is not None and phone_given:
            require_phone_mode(values.phone_written, mode=policy.choice("match.phone_mode"), field="phone")
    return values


@contextmanager
def _unprefixed() -> Iterator[None]:
    """A report holds its customer in a field of that name; here the customer is the body itself."""
    try:
        yield
    except Refusal as refusal:
        refusal.errors = tuple(FieldError(e.field.removeprefix("customer."), e.code) for e in refusal.errors)
        raise


def _compare(
    tx: Transaction,
    caller: Caller,
    values: MatchValues,
    names: CompanyNames,
    *,
    by_name: bool = True,
    leaving: str | None = None,
) -> customers.Match:
    """Take the locks of all keys, then look who has them already, and whose name is close (CUS-02, CUS-05).

    ``by_name``: the name is new; what an old one is close to was told when it was given. ``leaving``: the record that
    these values replace those of.
    """
    compared = customers.Comparison.under(caller.setting.company_policy_at(caller.at), values.kind.value)
    if not by_name:
        compared = replace(compared, close_name=None)
    pairs = set(customers.check_pairs(values, compared))
    if values.external_id is not None:
        pairs.add(("external_id", values.external_id))
    customers.lock_identity(tx, pairs, leaving=leaving)
    return customers.match(tx, values, compared, names)


def _require_unused(tx: Transaction, external_id: str | None, *, besides: str | None) -> None:
    if external_id is None:
        return
    holder = tx.execute(sa.select(t.customer.c.id).where(t.customer.c.external_id == external_id)).scalar()
    if holder is not None and holder != besides:
        raise _invalid("external_id")


def _tell_of_duplicates(
    tx: Transaction,
    caller: Caller,
    customer: str,
    others: Sequence[str],
    closest: Resemblance | None,
    *,
    at: datetime,
) -> None:
    """The administrators, and the supervisors of whoever holds one of the records (CUS-02, CUS-05)."""
    setting = caller.setting
    held = tx.rows(
        sa.select(t.claim.c.owner, t.claim.c.program).where(
            t.claim.c.customer.in_([customer, *others]), t.claim.c.holds, t.claim.c.owner.is_not(None)
        )
    )
    told = set(setting.organisation.admins(at=at))
    told |= {s for c in held if (s := setting.supervisor(c["owner"], program=c["program"], at=at)) is not None}
    queue_notices(
        tx,
        [
            Notice(
                person=person,
                kind="customer.duplicate",
                urgency="normal",
                subject_type="customer",
                subject=customer,
                rule="CUS-05" if closest is not None else "CUS-02",
                policy_version=setting.company_policy_at(at).version,
                facts={
                    "possible": len(others),
                    "by": caller.person,
                    **({"differs": dict(closest.differs)} if closest is not None else {}),
                },
            )
            for person in sorted(told)
        ],
        at=at,
    )


def _entitling(tx: Transaction, caller: Caller, customer: str) -> list[dict[str, Any]]:
    """The claims through which the caller may have contacts revealed; what an auditor reads does not count."""
    actor = replace(caller.actor, roles=(caller.actor.roles or frozenset(Role)) - {Role.AUDITOR})
    oversight = [p.id for p in caller.setting.programs.values() if caller.person in p.oversight]
    scope = read_scope(actor, organisation=caller.setting.organisation, at=caller.at, oversight_of=oversight)
    return knowing(tx, claims_read(tx, caller, merges.records_of(tx, customer), scope=scope))


def _shown_in(
    tx: Transaction, customer: str, through: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], datetime]:
    """The claims whose timeline shows the act: those that hold the customer, else the one it was read through."""
    holding = sa.and_(t.claim.c.customer.in_(merges.records_of(tx, customer)), t.claim.c.holds)
    concerned = sa.select(t.claim.c.matter).where(sa.or_(holding, t.claim.c.id == through[0]["id"]))
    now = _lock_matters(tx, t.matter.c.id.in_(concerned))
    shown = tx.rows(sa.select(t.claim).where(holding).order_by(t.claim.c.receipt))
    return shown or [through[0]], now


def _lock_matters(tx: Transaction, which: sa.ColumnElement[bool]) -> datetime:
    """Lock matters by id; an instant that is later than every stamp given in them."""
    ids: Collection[str] = tx.execute(sa.select(t.matter.c.id).where(which).order_by(t.matter.c.id)).scalars().all()
    locked = [matters.lock_even_merged(tx, matter) for matter in ids]
    return max((one.now for one in locked), default=None) or tx.now()


def _count_reveal(tx: Transaction, caller: Caller, now: datetime) -> None:
    policy = caller.setting.company_policy_at(now)
    zone = policy.word("calendar.zone") or "UTC"
    count = usage.count(tx, caller.person, usage.Act.REVEAL, usage.day_of(now, zone=zone))
    cap = policy.limit("reveal.per_day")
    if cap is not None and count > cap:
        until = usage.next_day(now, zone=zone)
        raise Refusal("reveal_limit", facts={"cap": cap, "count": count - 1, "until": until})


def _without(reason: str, known: customers.Contact) -> str:
    """A reason for an erasure that no longer says whom it was about."""
    for value in (known.name, known.phone, known.email, known.company_code, known.external_id):
        if value:
            reason = reason.replace(value, "*").replace(value.removeprefix("+86"), "*")
    return reason


def _record(tx: Transaction, customer: str, event: str, *, at: datetime, actor: str, **data: Any) -> None:
    history.append(
        tx,
        [history.Entry(stream=customer, stream_kind="customer", kind=event, at=at, actor=actor, data=data)],
    )


def _row(tx: Transaction, customer: str) -> dict[str, Any]:
    row = tx.row(sa.select(t.customer).where(t.customer.c.id == customer))
    assert row is not None
    return row


def _blank_is_none(value: str | None) -> str | None:
    return (value.strip() or None) if value is not None else None


def _invalid(field: str) -> Refusal:
    return Refusal("field_invalid", errors=(FieldError(field, "field_invalid"),))
