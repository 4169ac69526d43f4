"""Who fits a customer that is to go to somebody else, by release or after an overlap: advice only (LEAD-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.views.leads import advice_view
from domain.claims.lifecycle import IN_CASE
from domain.claims.model import Claim
from domain.claims.permissions import authorise
from domain.leads.candidates import fitting, members
from domain.leads.dispatch import Ranked, Wanted
from domain.leads.model import Facets
from domain.leads.rotation import Skip
from domain.matters.matter import CommandKind
from domain.refusals import Refusal
from storage import customers, leads
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction


def recommendation_view(tx: Transaction, caller: Caller, row: Mapping[str, Any]) -> dict[str, Any]:
    """For whoever may release the claim of ``row``, people of partners apart: these would be colleagues."""
    claim, setting = claim_of(row), caller.setting
    authorise(CommandKind.RELEASE, claim, actor=caller.actor, setting=setting, at=caller.at)
    if setting.organisation.partner_of(caller.person) is not None:
        raise Refusal("not_allowed", rule="PPL-08")
    return advice_view(*recommended(tx, caller, claim, customer=row["customer"]))


def recommended(
    tx: Transaction, caller: Caller, claim: Claim, *, customer: str
) -> tuple[tuple[Ranked, ...], dict[str, Skip]]:
    """The `recommend.count` best of the program's people, and who of them cannot take it.

    The owner is none of them, but in a case, where the parties are asked about like everybody.
    """
    setting = caller.setting
    policy = setting.terms_of(claim).policy
    people = members(claim.program, None, setting=setting, at=caller.at)
    c = t.customer.c
    about = tx.execute(sa.select(c.kind, customers.LEVEL, c.facets).where(c.id == customer)).one()
    ranking, unable = fitting(
        people,
        claim.program,
        leads.loads(tx, people, now=caller.at),
        had={claim.owner} if claim.owner is not None and claim.state not in IN_CASE else set(),
        wanted=Wanted(facets=_facets(about.facets or {}), customer_kind=about.kind, customer_level=about.level),
        setting=setting,
        policy=policy,
        at=caller.at,
    )
    return ranking[: policy.integer("recommend.count")], unable


def advised(
    tx: Transaction, caller: Caller, claim: Claim, *, customer: str, told: Iterable[str | None]
) -> list[str] | None:
    """Whom advice names, for the history; None where somebody of a partner is ``told`` by it (PPL-08)."""
    partner_of = caller.setting.organisation.partner_of
    if any(person is not None and partner_of(person) is not None for person in told):
        return None
    return [one.person for one in recommended(tx, caller, claim, customer=customer)[0]]


def _facets(known: Mapping[str, str]) -> Facets:
    """What is known of the customer, as matching compares it."""
    special = known.get("specialty")
    return Facets(
        region=known.get("region"),
        industry=known.get("industry"),
        size=known.get("size"),
        product_line=known.get("product_line"),
        specialties=(special,) if special is not None else (),
    )
