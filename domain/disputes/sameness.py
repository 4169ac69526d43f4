"""What two records say of being one customer, without telling what is on them (CUS-13, DSP-09)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from domain.disputes.facts import Sameness

#: Fields of a record that are compared where both have them.
COMPARED: Final = ("phone", "email", "company_code", "name")
#: The question was asked before, and the answer was yes.
ANSWERED: Final = "same_before"
#: Two customers that belong together: one signs the other's contract, or they are linked (CUS-14).
BUYER: Final = "buyer"
RELATIVE: Final = "relative"

#: Items that say it by themselves. One number may be shared or re-issued, one customer may have two, names are shared;
#: a credit code is one legal person's, and each has one (CUS-04).
#: That two belong together makes them one for ownership.
_PROOF: Final[Mapping[str, bool]] = {
    "same_company_code": True,
    "other_company_code": False,
    ANSWERED: True,
    BUYER: True,
    RELATIVE: True,
}


def compared(one: Mapping[str, Collection[bytes]], other: Mapping[str, Collection[bytes]]) -> tuple[str, ...]:
    """``same_…`` or ``other_…`` for each field that both records have; by keyed digests, never by what they hide."""
    return tuple(
        f"{'other' if set(one[field]).isdisjoint(other[field]) else 'same'}_{field}"
        for field in COMPARED
        if one.get(field) and other.get(field)
    )


def sameness(kind: str, *, evidence: str, at: datetime) -> Sameness | None:
    """The fact that an item of ``kind`` is, None where it only hints."""
    same = _PROOF.get(kind)
    return None if same is None else Sameness(evidence=evidence, at=at, entered_at=at, same=same)


def content_digest(kind: str, *, customers: Collection[str]) -> str:
    """What the item's hash covers: which records were compared, and what was found."""
    return hashlib.sha256("\n".join((kind, *sorted(customers))).encode()).hexdigest()
