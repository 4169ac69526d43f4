"""Settling without a case (协商): what two people who met on a held customer may agree on, and what it does (DSP-05).

A settlement is a request on the holder's claim. One asks, which is a consent; the other accepts the same text, named by
its digest; beyond what the policy lets two people agree on, the owner's supervisor accepts it too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.claims.collaborators import joined
from domain.claims.lifecycle import DISPUTABLE, HOLDING, ClaimState, refused
from domain.claims.model import Claim, Request, RequestKind, RequestState
from domain.claims.permissions import authorise
from domain.claims.reports import withdraw_now
from domain.matters.draft import Draft
from domain.matters.matter import Command, CommandKind
from domain.money.model import WHOLE_BPS
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal

YIELD, JOINT, SHARES = "yield", "joint", "shares"  # 让客, 共同跟进, 按比例


@dataclass(frozen=True, slots=True)
class Terms:
    """What ``asker`` and ``other`` agree on; one of them is ``owner``, who holds the customer.

    ``yields``: who gives way, by template yield only. ``share_bps``: the part of who does not own in deals to come, in
    hundredths of a per cent, by template shares only.
    """

    template: str
    asker: str
    other: str
    owner: str
    yields: str | None = None
    share_bps: int | None = None

    @property
    def opposite(self) -> str:
        """Who of the two does not hold the customer."""
        return self.other if self.owner == self.asker else self.asker

    @property
    def gains(self) -> str | None:
        """To whom the customer goes, None where it stays."""
        return self.opposite if self.yields == self.owner else None

    def data(self, *, said: str, claim: str) -> dict[str, Any]:
        """As the request carries it; the digest names these terms of these two on ``claim``, and the text ``said``."""
        text = [claim, self.template, self.asker, self.other, self.yields, self.share_bps, said]
        return {
            "other": self.other,
            "to": self.gains,
            "template": self.template,
            "yields": self.yields,
            "share_bps": self.share_bps,
            "digest": hashlib.sha256(json.dumps(text, separators=(",", ":")).encode()).hexdigest(),
            "outside": [],
        }


def asked(draft: Draft, command: Command) -> tuple[Claim, Terms]:
    """The holder's claim, and the terms that the command asks for."""
    own = draft.matter.claims[command.claim]
    asker = command.actor or ""
    authorise(command.kind, own, actor=Actor(asker), setting=draft.setting, at=draft.at)
    held = own if own.holds else draft.matter.owner_claim
    if held is None or held.owner is None:
        raise refused(state=own.state, trigger="settle")
    other = command.data["person"] if held.id == own.id else held.owner
    if other is None:
        raise Refusal("field_missing", rule="DSP-05", errors=(FieldError("person", "field_missing"),))
    if other == asker:
        raise Refusal("field_invalid", rule="DSP-05", errors=(FieldError("person", "field_invalid"),))
    gives_way = {"asker": asker, "other": other, None: None}[command.data["yields"]]
    return held, Terms(command.data["template"], asker, other, held.owner, gives_way, command.data["share_bps"])


def terms_of(claim: Claim, request: Request) -> Terms:
    """What ``request`` on ``claim`` asks for; whoever holds the customer is who did then, or it would be off."""
    data = request.data or {}
    return Terms(
        data["template"], request.by or "", data["other"], claim.owner or "", data["yields"], data["share_bps"]
    )


def check_text(draft: Draft, command: Command, request: Request) -> None:
    """Who accepts a settlement names the very text they read: changed since, ``terms_changed``."""
    if request.kind is not RequestKind.SETTLE or command.kind is not CommandKind.REQUEST_ACCEPT:
        return
    data = request.data or {}
    latest = request
    while (latest.data or {}).get("replaced_by") in draft.matter.requests:
        latest = draft.matter.requests[(latest.data or {})["replaced_by"]]
    replaced = request.state is RequestState.WITHDRAWN and "replaced_by" in data
    if replaced or command.data["digest"] != data["digest"]:
        raise Refusal("terms_changed", rule="DSP-05", facts={"request": latest.id})


def check(draft: Draft, claim: Claim, terms: Terms) -> None:
    """Refuse what would leave the owner nothing, or has nobody who gives way (COM-03, DSP-05)."""
    if terms.share_bps is not None and _left(claim, terms) < 0:
        raise Refusal("split_total", rule="COM-03", facts={"total_bps": WHOLE_BPS - _left(claim, terms)})
    if terms.yields == terms.opposite and not _reports(draft, claim, terms.opposite):
        raise Refusal("field_invalid", rule="DSP-05", errors=(FieldError("yields", "field_invalid"),))


def outside_limits(draft: Draft, claim: Claim, terms: Terms) -> tuple[str, ...]:
    """The parameters that two people alone may not go beyond, of those that ``terms`` are beyond."""
    policy = draft.setting.terms_of(claim).policy
    if terms.template == YIELD:
        team_of = draft.setting.organisation.team_of
        crosses = team_of(terms.owner, at=draft.at) != team_of(terms.opposite, at=draft.at)
        approval = policy.choice("transfer.approval")
        asks = terms.gains is not None and (approval == "always" or (approval == "cross_team" and crosses))
        return ("transfer.approval",) if asks else ()
    known = any(c.person == terms.opposite for c in claim.collaborators)
    full = not known and len(claim.collaborators) >= policy.integer("claim.collaborators_max")
    least = policy.number("split.owner_min_pct") * 100
    few = terms.share_bps is not None and _left(claim, terms) < least
    return (*(["claim.collaborators_max"] if full else []), *(["split.owner_min_pct"] if few else []))


def take_effect(draft: Draft, claim: Claim, request: Request, terms: Terms, *, actor: str | None) -> None:
    """The other one's reports are laid down, and work and parts are shared; a transfer is the caller's (DSP-05)."""
    if terms.share_bps is not None:
        others = tuple(part for part in claim.sharing if part[0] != terms.opposite)
        claim = draft.put(replace(claim, sharing=(*others, (terms.opposite, terms.share_bps))))
    if terms.template != YIELD:
        claim = joined(draft, claim, terms.opposite, rights="work", actor=actor)
    data = {
        "cause": "settled",
        "request": request.id,
        **{name: (request.data or {})[name] for name in ("template", "yields", "share_bps", "digest", "outside")},
        "people": [terms.asker, terms.other],
    }
    draft.record("corrected", claim, actor=actor, data=data)
    lay_down(draft, _reports(draft, claim, terms.opposite), data=data, actor=actor)


def lay_down(draft: Draft, reports: Iterable[Claim], *, data: Mapping[str, Any], actor: str | None) -> None:
    """``reports`` stand against nobody any more; those that wait are withdrawn (DSP-05, DSP-07)."""
    for report in reports:
        if report.state is ClaimState.REPORTED:
            withdraw_now(draft, report, actor=actor, text=None)
        else:
            draft.put(replace(report, settled=True))
        draft.record("corrected", draft.matter.claims[report.id], actor=actor, data=data)


def _reports(draft: Draft, held: Claim, person: str) -> tuple[Claim, ...]:
    """What ``person`` has on the customer beside ``held`` that a case could be about."""
    return tuple(
        c
        for c in draft.matter.claims.values()
        if c.id != held.id
        and (c.owner or c.reporter) == person
        and c.state in DISPUTABLE
        and c.state not in HOLDING
        and not c.settled
    )


def _left(claim: Claim, terms: Terms) -> int:
    """What deals to come leave the owner, in hundredths of a per cent."""
    others = sum(bps for person, bps in claim.sharing if person != terms.opposite)
    return WHOLE_BPS - others - (terms.share_bps or 0)
