"""Who a report is about: the values it is matched by, complete key groups, and the keys that only hint (CUS-02)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from domain.customers.credit_code import normalise_credit_code
from domain.customers.email import domain_key, normalise_email
from domain.customers.fields import narrow
from domain.customers.masked_numbers import seen_in
from domain.customers.names import CustomerKind, normalise_name, surname
from domain.customers.phone import Phone, normalise_phone, require_phone_mode
from domain.refusals import FieldError, Refusal

KEY_FIELDS = ("phone", "company_code", "email", "email_domain", "external_id", "name")
"""The fields a group of ``match.keys`` may name, in the order of the contract."""

SEEN_DIGITS = "digits"
"""The field of :attr:`MatchValues.seen_digits` in the index: no group names it, and equality of it proves nothing."""

KeyGroups: TypeAlias = Sequence[Sequence[str]]
"""One kind's part of ``match.keys``: OR of AND groups, ``[["company_code"], ["email_domain"], ["name"]]``."""

KeyPair: TypeAlias = tuple[str, str]
"""(field, normalised value). Values of persons are personal data: index them keyed, never log them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity part of a report or record as it was written. Blank text counts as left out."""

    kind: CustomerKind
    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    company_code: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MatchValues:
    """The normalised value of each key field, None where there is none to compare.

    ``phone`` is E.164, never a masked number; ``email_domain`` is None for public mail; ``phone_written`` is the
    whole result of the phone field: extension, shared or not, masked or not; ``surname`` is compared beside the
    visible digits of a masked one, and is None for a company.
    """

    kind: CustomerKind
    phone: str | None = field(default=None, repr=False)
    company_code: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    email_domain: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    phone_written: Phone | None = None
    surname: str | None = field(default=None, repr=False)

    @property
    def seen_digits(self) -> KeyPair | None:
        """What reports whose numbers may be one share: surname, and the digits that every mask shows (CUS-07).

        None where no masked number can agree: a company, no surname, or no mainland mobile. It only says where to look.
        """
        phone = self.phone_written
        if self.surname is None or phone is None:
            return None
        seen = seen_in(phone.masked or phone.e164 or "")
        return (SEEN_DIGITS, f"{self.surname} {seen}") if seen is not None else None

    def of(self, key_field: str) -> str | None:
        """The value of one of ``KEY_FIELDS``; ValueError for any other word."""
        if key_field not in KEY_FIELDS:
            raise ValueError(f"no key field {key_field!r}")
        value: str | None = getattr(self, key_field)
        return value


def match_values(identity: Identity, *, region: str) -> MatchValues:
    """Normalise every field of ``identity`` for comparison; ``region`` is ``match.phone_region`` (CUS-02 to CUS-04).

    Refused with ``phone_invalid``, then ``credit_code_invalid``, then ``field_invalid`` (e-mail), on ``customer.…``.
    A masked phone is recognised, not judged: :func:`require_identity` does that.
    """
    phone_text, code_text, email_text = _given(identity.phone), _given(identity.company_code), _given(identity.email)
    phone = normalise_phone(phone_text, region=region, field="customer.phone") if phone_text else None
    code = normalise_credit_code(code_text, field="customer.company_code") if code_text else None
    email = normalise_email(email_text, field="customer.email").address if email_text else None
    return MatchValues(
        kind=identity.kind,
        phone=phone.e164 if phone else None,
        company_code=code,
        email=email,
        email_domain=domain_key(email) if email else None,
        external_id=_given(identity.external_id),
        name=normalise_name(identity.name or "", kind=identity.kind) or None,
        phone_written=phone,
        surname=(surname(identity.name or "") or None) if identity.kind is CustomerKind.PERSON else None,
    )


def require_identity(
    values: MatchValues, *, groups: KeyGroups, phone_mode: str = "full"
) -> tuple[tuple[KeyPair, ...], ...]:
    """The strong groups of a report, once it is sure that the report says who it is about (CLM-02, contract 5).

    Identity is at least one complete key group. A shared phone completes a group here although it is no strong key:
    a customer with a landline only can be reported, and matches as ``possible``. A masked phone of the right pattern
    completes it together with a surname, and is no strong key either (CUS-07).
    ``phone_mode`` is ``match.phone_mode``. Refused with ``phone_mode_mismatch`` for a masked phone of another
    pattern, whatever else is given; with ``field_missing`` that names the fields the first group lacks.
    """
    _require_known(groups)
    if values.phone_written is not None:
        require_phone_mode(values.phone_written, mode=phone_mode, field="customer.phone")
    given = {key_field for key_field in KEY_FIELDS if values.of(key_field) is not None}
    if values.phone_written is not None and values.phone_written.masked is not None and values.surname is not None:
        given.add("phone")
    if not any(given.issuperset(group) for group in groups):
        lacking = [key_field for key_field in groups[0] if key_field not in given]
        names = dict.fromkeys(f"customer.{_BODY_FIELD.get(key_field, key_field)}" for key_field in lacking)
        raise Refusal("field_missing", rule="CLM-02", errors=tuple(FieldError(name, "field_missing") for name in names))
    return strong_groups(values, groups=groups)


def strong_groups(values: MatchValues, *, groups: KeyGroups) -> tuple[tuple[KeyPair, ...], ...]:
    """The complete AND groups, each as sorted pairs: equality of all pairs of one group is a certain match (CUS-02).

    A group with a shared phone is left out: it cannot be certain. Order of the policy, no group twice.
    ValueError for an empty group or an unknown field.
    """
    _require_known(groups)
    found: dict[tuple[KeyPair, ...], None] = {}
    for group in groups:
        pairs = [(key_field, values.of(key_field)) for key_field in group]
        complete = tuple(sorted({(key_field, value) for key_field, value in pairs if value is not None}))
        if len(complete) == len(set(group)) and not (_phone_is_shared(values) and "phone" in group):
            found[complete] = None
    return tuple(found)


def weak_keys(values: MatchValues, *, kind: CustomerKind) -> tuple[KeyPair, ...]:
    """The sorted pairs whose equality only yields ``possible``: a shared phone, and any phone of a company (CUS-02).

    A company's phone is its contact's, who may move to another company. Where the policy makes it a strong key all
    the same, the certain match of :func:`strong_groups` goes before this one.
    """
    if values.phone is not None and (kind is CustomerKind.COMPANY or _phone_is_shared(values)):
        return (("phone", values.phone),)
    return ()


_BODY_FIELD = {"email_domain": "email"}


def _given(text: str | None) -> str | None:
    return (narrow(text) or None) if text is not None else None


def _phone_is_shared(values: MatchValues) -> bool:
    return values.phone_written is not None and values.phone_written.shared


def _require_known(groups: KeyGroups) -> None:
    if not groups or any(not group for group in groups):
        raise ValueError("match.keys needs a group, and every group a field")
    unknown = sorted({key_field for group in groups for key_field in group} - set(KEY_FIELDS))
    if unknown:
        raise ValueError(f"match.keys names unknown fields: {', '.join(unknown)}")
