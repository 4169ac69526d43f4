"""E-mail addresses (电子邮箱): one spelling for matching, the domain as a company key, the mask (CUS-02, AUD-03)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from domain.customers.fields import narrow
from domain.customers.public_mail import is_public_mail_domain
from domain.refusals import FieldError, Refusal

ADDRESS_MAX_OCTETS = 254
LOCAL_MAX_OCTETS = 64


@dataclass(frozen=True, slots=True)
class Email:
    """``address`` is compared and found by; ``display`` is what was written, trimmed and half width, case kept."""

    address: str = field(repr=False)
    display: str = field(repr=False)


def normalise_email(text: str, *, field: str = "email") -> Email:
    """The address in ``text``: half width, lower case, the domain in its ASCII form (CUS-02).

    Dots and +tags of the local part are kept: what they mean is the provider's secret, and two colleagues may differ
    by one. Refused with ``field_invalid`` on ``field``: no address of the form local@domain.tld, over 254 octets
    (64 before the @), or with a ``*``, which is legal in mail but here the sign of a masked address pasted back.
    """
    display = narrow(text)
    address = _address(display)
    if address is None:
        raise Refusal("field_invalid", rule="CUS-02", errors=(FieldError(field, "field_invalid"),))
    return Email(address=address, display=display)


def domain_key(email: str) -> str | None:
    """The domain of a normalised address as a company key, None for a public mail provider (CUS-02).

    Sub-domains are not cut: who shares example.com with whom is not ours to guess.
    """
    domain = email.rpartition("@")[2]
    return None if is_public_mail_domain(domain) else domain


def mask_email(email: str) -> str:
    """``z***@example.com`` for ``zhang@example.com`` (AUD-03); a local part of one character shows nothing of it."""
    local, _, domain = email.rpartition("@")
    if not local:
        return "***"
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"


_LOCAL = re.compile(
    r"[a-z0-9!#$%&'+/=?^_`{|}~\-\u0080-\U0010ffff]+(?:\.[a-z0-9!#$%&'+/=?^_`{|}~\-\u0080-\U0010ffff]+)*"
)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9\-]{1,59})")
_FULL_STOPS = str.maketrans("\u3002\uff61", "..")


def _address(display: str) -> str | None:
    local, _, domain = display.rpartition("@")
    local, ascii_domain = _lower(local), _ascii_domain(domain)
    address = f"{local}@{ascii_domain}"
    well_formed = (
        ascii_domain is not None
        and len(local.encode()) <= LOCAL_MAX_OCTETS
        and len(address.encode()) <= ADDRESS_MAX_OCTETS
        and _LOCAL.fullmatch(local) is not None
        and not any(unicodedata.category(char)[0] in "ZC" for char in local)
    )
    return address if well_formed else None


def _lower(text: str) -> str:
    return unicodedata.normalize("NFKC", text.lower())


def _ascii_domain(domain: str) -> str | None:
    domain = _lower(domain.translate(_FULL_STOPS))
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return domain if _DOMAIN.fullmatch(domain) else None
