"""Who holds relatives of a customer, for reports and look-ups (关联客户, CUS-14)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from api.auth import Caller
from api.commands.disputes import question
from api.commands.received import as_of_now
from domain.claims.lifecycle import IN_CASE
from domain.claims.model import Claim
from domain.customers.links import GROUP, HOUSEHOLD, kinds_within
from domain.customers.names import CustomerKind
from domain.disputes.sameness import BUYER
from domain.matters.matter import Matter
from domain.policy.policy import Policy
from storage import links, matters, merges, number_rivals, sameness
from storage import tables as t
from storage.database import Transaction


def relatives(
    tx: Transaction, caller: Caller, policy: Policy, *, program: str, track: str, customer: str, at: datetime
) -> tuple[str, ...]:
    """The records of customers that count as one with ``customer`` for ownership, by `match.related_scope`.

    Companies of a group do where `group.covers` says so: all of them, or those of a named key account (TER-02).
    """
    kinds = kinds_within(policy.choice("match.related_scope"))
    found = set(links.related(tx, customer, kinds=(HOUSEHOLD,))) if HOUSEHOLD in kinds else set()
    if GROUP in kinds:
        group = links.related(tx, customer, kinds=(GROUP,))
        every = policy.choice("group.covers") == "all"
        if group and (every or _named(tx, caller, program, track, (customer, *group), at=at)):
            found.update(group)
    return tuple(sorted(found))


def _named(tx: Transaction, caller: Caller, program: str, track: str, group: tuple[str, ...], *, at: datetime) -> bool:
    """Whether one of the group is a named key account of the plan in force (TER-02)."""
    plan = caller.setting.territory_plan(program, at=at)
    if plan is None:
        return False
    records = {one for known in merges.records_of_all(tx, group).values() for one in known}
    return any(one.accounts & records for one in plan.territories if one.track == track)


def holders(
    tx: Transaction, caller: Caller, found: Collection[str], *, program: str, track: str, beside: str | None
) -> dict[str, tuple[Claim, Matter]]:
    """The claims that hold one of ``found``, or are in a case about it, by the matter that they lie in.

    Locks the matters in the order of their ids, that of the report or deal (``beside``, if it was there before) among
    them.
    """
    known = number_rivals.matters_of(tx, found, program=program, track=track)
    locked = {m: matters.lock(tx, m) for m in sorted(known | ({beside} if beside is not None else set()))}
    held: dict[str, tuple[Claim, Matter]] = {}
    for matter in sorted(known):
        seen = as_of_now(tx, caller, locked[matter])
        claim = seen.owner_claim or next((c for c in seen.claims.values() if c.state in IN_CASE), None)
        if claim is not None:
            held[matter] = (claim, seen)
    return held


def held_by_others(
    tx: Transaction, caller: Caller, found: Collection[str], *, program: str, track: str, beside: str | None
) -> dict[str, tuple[Claim, Matter]]:
    """The same for a report of the caller's: nothing where they hold one of ``found`` themselves."""
    held = holders(tx, caller, found, program=program, track=track, beside=beside)
    mine = any((claim.owner or claim.reporter) == caller.person for claim, _ in held.values())
    return {} if mine else held


def ask_in_case(
    tx: Transaction,
    caller: Caller,
    claim: Claim,
    customer: str,
    other: Matter,
    *,
    relation: str,
    at: datetime,
    deal: str | None = None,
) -> None:
    """Whether the two are one for ownership is asked in a case, unless they were found not to be (CLM-27, CUS-13).

    ``relation``: what joins them, which is evidence; ``deal``: by which they are joined, if it is recorded. ``at`` is
    later than every stamp of either matter.
    """
    if sameness.answer(tx, customer, other.customer) is not None:
        return
    household = _are_household(tx, customer, other.customer, relation=relation)
    question(tx, caller, claim, other, statement=None, relation=relation, household=household, deal=deal, at=at)


def _are_household(tx: Transaction, one: str, other: str, *, relation: str) -> bool:
    """Whether two customers are of one household: linked so, or two people who sign one contract (CUS-14)."""
    if relation == BUYER:
        kinds = tx.execute(sa.select(t.customer.c.kind).where(t.customer.c.id.in_((one, other)))).scalars()
        return set(kinds) == {CustomerKind.PERSON.value}
    return links.are_linked(tx, one, other, kinds=(HOUSEHOLD,))
