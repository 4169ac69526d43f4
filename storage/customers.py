"""The customer base (客户库): records, their blind index, duplicate check, erasure (CUS-01, CUS-02, AUD-05)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from domain.customers.identity import KEY_FIELDS, SEEN_DIGITS, KeyPair, MatchValues, strong_groups
from domain.customers.names import CustomerKind, search_words
from domain.policy.policy import Policy
from storage import tables as t
from storage.database import StaleReadError, Transaction, mint

if TYPE_CHECKING:  # a worker has no use for the index of names, nor for what it is made with
    from domain.customers.company_index import CloseCompany
    from storage.company_names import CompanyNames


@dataclass(frozen=True, slots=True)
class Match:
    """What the duplicate check found, oldest first (CUS-02).

    ``certain``: customers that agree in a whole key group; more than one = the keys match two customers.
    ``possible``: customers that agree in a weak key only, or whose name is close. ``close``: the latter, the closest
    first, with what differs (CUS-05). ``alike``: records, merged ones too, that share surname and the digits which
    every mask shows, where a number on either side is masked: whether the numbers agree is still to be seen (CUS-07).
    """

    certain: tuple[str, ...]
    possible: tuple[str, ...]
    close: tuple[CloseCompany, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def ambiguous(self) -> bool:
        return len(self.certain) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What records of one kind are compared by under a policy: strong key groups, and what may hint.

    ``close_name``: how close the name of a company must be (`match.fuzzy_threshold`), None where names do not hint.
    """

    groups: Sequence[Sequence[str]]
    by_contact_phone: bool
    close_name: float | None

    @classmethod
    def under(cls, policy: Policy, kind: str) -> Comparison:
        weak = policy.words("match.weak_keys")
        by_name = "close_name" in weak and kind == CustomerKind.COMPANY.value
        return cls(
            policy.match_groups(kind),
            "contact_phone" in weak,
            float(policy.number("match.fuzzy_threshold")) if by_name else None,
        )


@dataclass(frozen=True)
class Contact:
    """The open text of a customer record, for whoever may make or read it."""

    kind: CustomerKind
    name: str | None
    phone: str | None
    email: str | None
    company_code: str | None
    external_id: str | None
    level: str | None
    source: str | None
    facets: Mapping[str, str] = field(default_factory=dict)  # those that are known (TER-02)
    level_reason: str | None = None  # the id of a text (CUS-12)


#: The level that rules go by: what people gave, else what the class brings (CUS-12).
LEVEL = sa.func.coalesce(t.customer.c.level, t.customer.c.class_level).label("level")


def lock_identity(tx: Transaction, pairs: Iterable[KeyPair], *, leaving: str | None = None) -> None:
    """The lock before all others: two reports of one new customer meet here. In sorted order, so never in a ring.

    ``leaving``: a record whose number or surname is about to change, which others may find by the digits it had.
    """
    if tx.is_sqlite:
        return
    had = _seen_digits(tx, leaving) if leaving is not None else ()
    _lock_digests(tx, sorted({*(tx.keys.blind(*pair) for pair in pairs), *had}))


def alike(tx: Transaction, customer: str) -> tuple[str, ...]:
    """Other records that share surname and seen digits with one of the customer's, a number on either side masked."""
    mine, theirs = t.customer_key.alias(), t.customer_key.alias()
    own, other = t.customer.alias(), t.customer.alias()
    found = (
        sa.select(other.c.id)
        .select_from(
            mine.join(own, own.c.id == mine.c.customer)
            .join(theirs, theirs.c.digest == mine.c.digest)
            .join(other, other.c.id == theirs.c.customer)
        )
        .where(
            mine.c.field == SEEN_DIGITS,
            sa.or_(own.c.id == customer, own.c.merged_into == customer),
            other.c.id != own.c.id,
            sa.or_(own.c.masked, other.c.masked),
        )
        .distinct()
    )
    return tuple(sorted(tx.execute(found).scalars()))


def lock_seen_digits(tx: Transaction, customer: str) -> None:
    """The lock under which a record that is named by its id meets those whose numbers may be the same (CUS-07)."""
    if not tx.is_sqlite:
        _lock_digests(tx, _seen_digits(tx, customer))


def _seen_digits(tx: Transaction, customer: str) -> Sequence[bytes]:
    return tx.execute(_SEEN_DIGITS, {"customer": customer}).scalars().all()


def _lock_digests(tx: Transaction, digests: Sequence[bytes]) -> None:
    if not digests:
        return
    tx.insert_new(t.identity_key, [{"digest": d} for d in digests])
    tx.execute(
        sa.select(t.identity_key.c.digest)
        .where(t.identity_key.c.digest.in_(digests))
        .order_by(t.identity_key.c.digest)
        .with_for_update()
    ).all()


def lock_record(tx: Transaction, customer: str) -> dict[str, Any]:
    """The lock of everything that a duplicate check could find ``customer`` by, then of its row; the row as it is then.

    A report that matched it has either written its claim by now, or finds what this transaction leaves.
    """
    if not tx.is_sqlite:
        digests = sorted(
            tx.execute(sa.select(t.customer_key.c.digest).where(t.customer_key.c.customer == customer)).scalars()
        )
        _lock_digests(tx, digests)
    return lock_row(tx, customer)


def lock_records(tx: Transaction, customers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The same for several records: all their keys, then their rows by id; the rows as they are then (CUS-13)."""
    ids = sorted(set(customers))
    mine = sa.select(t.customer_key.c.digest).where(t.customer_key.c.customer.in_(ids)).distinct()
    digests = sorted(tx.execute(mine).scalars())
    if not tx.is_sqlite:
        _lock_digests(tx, digests)
    rows = tx.rows(tx.locked(sa.select(t.customer).where(t.customer.c.id.in_(ids)).order_by(t.customer.c.id)))
    if sorted(tx.execute(mine).scalars()) != digests:
        raise StaleReadError  # a record was given another key before its row was locked
    return {row["id"]: row for row in rows}


def lock_row(tx: Transaction, customer: str) -> dict[str, Any]:
    """The lock of a record after those of its keys; the row as it is then."""
    row = tx.row(tx.locked(sa.select(t.customer).where(t.customer.c.id == customer)))
    assert row is not None
    return row


def check_pairs(values: MatchValues, by: Comparison) -> tuple[KeyPair, ...]:
    """Every key the duplicate check asks about, strong and weak."""
    strong = {pair for group in strong_groups(values, groups=by.groups) for pair in group}
    return tuple(sorted(strong | set(_weak(values, by)) | set(_alike(values, by))))


def match(tx: Transaction, values: MatchValues, by: Comparison, names: CompanyNames) -> Match:
    """Compare the keys with every customer, those the caller cannot see included (CUS-02, CUS-05).

    A certain match is of the same kind; the same phone on a record of the other kind is only possible, and so is a
    close name. To be asked before this transaction writes names: what it has not saved must not get into ``names``.
    """
    certain, possible, alike = _by_keys(tx, values, by)
    close: tuple[CloseCompany, ...] = ()
    if by.close_name is not None and values.name is not None:
        hits = _standing(tx, names.close_to(tx, values.name, threshold=by.close_name))
        close = tuple(hit for hit in hits if hit.customer not in certain)
    # Ids are time-ordered, so the oldest record comes first.
    return Match(
        tuple(sorted(certain)),
        tuple(sorted((possible | {hit.customer for hit in close}) - certain)),
        close,
        tuple(sorted(alike)),
    )


def certain(tx: Transaction, values: MatchValues, by: Comparison) -> str | None:
    """The oldest record of the same kind that agrees in a whole key group (CUS-02)."""
    found, _, _ = _by_keys(tx, values, by)
    return min(found, default=None)


def _by_keys(tx: Transaction, values: MatchValues, by: Comparison) -> tuple[set[str], set[str], set[str]]:
    """Customers that agree in a whole key group, those that agree in a weak key, and records that are alike."""
    wanted = strong_groups(values, groups=by.groups)
    weak = _weak(values, by)
    digests = {pair: tx.keys.blind(*pair) for group in wanted for pair in group}
    seen = _alike(values, by)
    digests |= {pair: tx.keys.blind(*pair) for pair in (*weak, *seen)}
    if not digests:
        return set(), set(), set()
    masked = values.phone_written is not None and values.phone_written.masked is not None
    found = tx.execute(_HAVING, {"digests": sorted(set(digests.values()))}).mappings()
    same_kind: dict[bytes, set[str]] = {}
    anybody: dict[bytes, set[str]] = {}
    alike: set[str] = set()
    for row in found:
        if row["field"] == SEEN_DIGITS:
            alike |= {row["record"]} if masked or row["masked"] else set()
            continue
        anybody.setdefault(row["digest"], set()).add(row["customer"])
        if row["kind"] == values.kind.value:
            same_kind.setdefault(row["digest"], set()).add(row["customer"])
    certain: set[str] = set()
    for group in wanted:
        certain |= set.intersection(*(same_kind.get(digests[pair], set()) for pair in group))
    possible: set[str] = set()
    for pair in weak:
        possible |= anybody.get(digests[pair], set())
    return certain, possible, alike


def _standing(tx: Transaction, hits: Sequence[CloseCompany]) -> list[CloseCompany]:
    """Close names, each as a name of the record that stands for whoever has it; the closest of several (CUS-13)."""
    merged = sa.select(t.customer.c.id, t.customer.c.merged_into).where(
        t.customer.c.id.in_([hit.customer for hit in hits]), t.customer.c.merged_into.is_not(None)
    )
    roots = {r.id: r.merged_into for r in tx.execute(merged)} if hits else {}
    told: dict[str, CloseCompany] = {}
    for hit in hits:
        root = roots.get(hit.customer, hit.customer)
        told.setdefault(root, replace(hit, customer=root))
    return list(told.values())


#: Whoever has a key, told as the record that stands for them (CUS-13).
_HAVING = (
    sa.select(
        t.customer_key.c.digest,
        sa.func.coalesce(t.customer.c.merged_into, t.customer.c.id).label("customer"),
        t.customer_key.c.customer.label("record"),
        t.customer_key.c.kind,
        t.customer_key.c.field,
        t.customer.c.masked,
    )
    .join(t.customer, t.customer.c.id == t.customer_key.c.customer)
    .where(t.customer_key.c.digest.in_(sa.bindparam("digests", expanding=True)))
)


_SEEN_DIGITS = (
    sa.select(t.customer_key.c.digest)
    .where(t.customer_key.c.customer == sa.bindparam("customer"), t.customer_key.c.field == SEEN_DIGITS)
    .order_by(t.customer_key.c.digest)
)


def create(tx: Transaction, contact: Contact, values: MatchValues, *, at: datetime) -> str:
    """A new customer with its own data key, its blind index and, for a company, its search words."""
    customer = mint()
    key, sealed_key = tx.keys.new_data_key()
    tx.insert(
        t.customer,
        dict(
            id=customer,
            kind=contact.kind.value,
            level=contact.level,
            level_reason=contact.level_reason,
            source=contact.source,
            facets=dict(contact.facets) or None,
            external_id=contact.external_id,
            created_at=at,
            active_at=at,
            version=1,
            **_open_columns(tx, contact, values, key),
        ),
    )
    tx.insert(t.customer_secret, {"customer": customer, "sealed_key": sealed_key})
    _index(tx, customer, contact, values)
    return customer


def update(tx: Transaction, customer: str, contact: Contact, values: MatchValues) -> None:
    """Replace the record's identity and contacts; its version grows by one."""
    key = data_key(tx, customer)
    tx.execute(
        t.customer.update()
        .where(t.customer.c.id == customer)
        .values(
            kind=contact.kind.value,
            level=contact.level,
            level_reason=contact.level_reason,
            source=contact.source,
            facets=dict(contact.facets) or None,
            external_id=contact.external_id,
            version=t.customer.c.version + 1,
            **_open_columns(tx, contact, values, key),
        )
    )
    index(tx, customer, contact, values)


def index(tx: Transaction, customer: str, contact: Contact, values: MatchValues) -> None:
    """Make the blind index and the search words say what the record says."""
    tx.execute(t.customer_key.delete().where(t.customer_key.c.customer == customer))
    tx.execute(t.customer_word.delete().where(t.customer_word.c.customer == customer))
    _index(tx, customer, contact, values)


def _index(tx: Transaction, customer: str, contact: Contact, values: MatchValues) -> None:
    pairs = [(f, v) for f in KEY_FIELDS if (v := values.of(f)) is not None]
    if values.seen_digits is not None:
        pairs.append(values.seen_digits)
    tx.insert_new(
        t.customer_key,
        [
            {"digest": tx.keys.blind(f, v), "customer": customer, "field": f, "kind": contact.kind.value}
            for f, v in pairs
        ],
    )
    if contact.kind is CustomerKind.COMPANY and contact.name:
        tx.insert_new(
            t.customer_word,
            [{"word": w[:64], "customer": customer} for w in dict.fromkeys(search_words(contact.name))],
        )


def data_key(tx: Transaction, customer: str) -> bytes | None:
    """The customer's data key; None once it is erased, and with it everything it sealed."""
    sealed = tx.execute(
        sa.select(t.customer_secret.c.sealed_key).where(t.customer_secret.c.customer == customer)
    ).scalar()
    return tx.keys.data_key(sealed) if sealed is not None else None


def data_keys(tx: Transaction, customers: Iterable[str]) -> dict[str, bytes]:
    """The data keys of several customers, erased ones left out."""
    wanted = sorted(set(customers))
    if not wanted:
        return {}
    found = tx.rows(sa.select(t.customer_secret).where(t.customer_secret.c.customer.in_(wanted)))
    return {row["customer"]: tx.keys.data_key(row["sealed_key"]) for row in found}


def contact_of(tx: Transaction, row: dict[str, Any], key: bytes | None) -> Contact:
    """The open text of a record. ``key`` None: erased, so only what never was personal is left."""
    kind = CustomerKind(row["kind"])
    return Contact(
        kind=kind,
        name=row["company_name"] if kind is CustomerKind.COMPANY else _opened(tx, row["name"], key),
        phone=_opened(tx, row["phone"], key),
        email=_opened(tx, row["email"], key),
        company_code=row["company_code"],
        external_id=row["external_id"],
        level=row["level"],
        source=row["source"],
        facets=row["facets"] or {},
        level_reason=row["level_reason"],
    )


def erase(tx: Transaction, customer: str, *, at: datetime) -> None:
    """Make the personal data unrecoverable: the data key goes, the index goes, the row stays (AUD-05)."""
    tx.execute(t.customer_secret.delete().where(t.customer_secret.c.customer == customer))
    tx.execute(t.customer_key.delete().where(t.customer_key.c.customer == customer))
    tx.execute(t.customer_word.delete().where(t.customer_word.c.customer == customer))
    tx.execute(t.free_text.delete().where(t.free_text.c.customer == customer))
    # What a project is called may be the name of whose it is.
    tx.execute(
        t.project.update()
        .where(t.project.c.customer == customer)
        .values(name="", name_key="", department=None, site=None, tender_number=None)
    )
    kind = tx.execute(sa.select(t.customer.c.kind).where(t.customer.c.id == customer)).scalar_one()
    tx.execute(
        t.customer.update()
        .where(t.customer.c.id == customer)
        .values(
            name=None,
            company_name=None,
            company_code=None,
            phone=None,
            email=None,
            external_id=None,
            source=None,
            facets=None,
            erased_at=at,
            masked=False,
            name_revision=tx.next_number("company_name") if kind == CustomerKind.COMPANY.value else None,
            version=t.customer.c.version + 1,
        )
    )


def find(tx: Transaction, field: str, value: str) -> tuple[str, ...]:
    """Customers with exactly this key (search by whole value, CUS-01)."""
    found = tx.execute(
        sa.select(t.customer_key.c.customer).where(t.customer_key.c.digest == tx.keys.blind(field, value))
    )
    return tuple(found.scalars())


def _weak(values: MatchValues, by: Comparison) -> tuple[KeyPair, ...]:
    """A number that many may share is never more than a hint (CUS-03); a contact's mobile is one where policy says so.

    A person's own number may be the contact of a company record.
    """
    shared = values.phone_written is not None and values.phone_written.shared
    return (("phone", values.phone),) if values.phone is not None and (shared or by.by_contact_phone) else ()


def _alike(values: MatchValues, by: Comparison) -> tuple[KeyPair, ...]:
    """Where to look for numbers that may be one: where a number alone says who somebody is (CUS-02, CUS-07)."""
    by_phone = any(set(group) == {"phone"} for group in by.groups)
    return (values.seen_digits,) if by_phone and values.seen_digits is not None else ()


def _open_columns(tx: Transaction, contact: Contact, values: MatchValues, key: bytes | None) -> dict[str, Any]:
    company = contact.kind is CustomerKind.COMPANY
    return {
        "name_revision": tx.next_number("company_name") if company else None,
        "masked": not company and values.phone_written is not None and values.phone_written.masked is not None,
        "name": None if company else tx.keys.seal(contact.name, key=key),
        "company_name": contact.name if company else None,
        "company_code": values.company_code,
        "phone": tx.keys.seal(contact.phone, key=key),
        "email": tx.keys.seal(contact.email, key=key),
    }


def _opened(tx: Transaction, sealed: bytes | None, key: bytes | None) -> str | None:
    if sealed is None or key is None:
        return None
    return tx.keys.open_text(sealed, key=key)
