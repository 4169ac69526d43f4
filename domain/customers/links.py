"""Customers that belong together (关联客户): who may be linked, and how far it reaches (CUS-14)."""

from __future__ import annotations

from typing import Final

from domain.customers.names import CustomerKind

#: Husband and wife, parents, children (家庭).
HOUSEHOLD: Final = "household"
#: Companies of one group (集团), and people who are reached there.
GROUP: Final = "group"

PENDING: Final = "asked"
APPROVED: Final = "approved"
REFUSED: Final = "refused"
ENDED: Final = "ended"


def may_be(kind: str, one: CustomerKind, other: CustomerKind) -> bool:
    """Whether customers of these kinds can be linked so: people make a household, a group has a company in it."""
    kinds = {one, other}
    return kinds == {CustomerKind.PERSON} if kind == HOUSEHOLD else CustomerKind.COMPANY in kinds


def kinds_within(scope: str) -> frozenset[str]:
    """The kinds of links that count for ownership under a value of `match.related_scope`."""
    return frozenset({HOUSEHOLD} if scope == HOUSEHOLD else {HOUSEHOLD, GROUP} if scope == GROUP else ())
