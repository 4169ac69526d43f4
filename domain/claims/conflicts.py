"""Latent conflicts (潜在冲突): two people meet on one customer, found early and told to those in charge (DSP-19).

An alert is news for both people's supervisors. It opens no case, moves nothing and is no reproach.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.claims.lifecycle import IN_CASE, OPEN
from domain.claims.model import Claim
from domain.matters.draft import Conflict, Draft, Notice
from domain.matters.matter import Matter


def met(draft: Draft, kind: str, held: Claim, person: str | None, *, through: Claim | None = None) -> None:
    """``person`` met whoever ``held`` belongs to, by their own claim ``through`` if they have one.

    Told once per pair and customer in `conflict.window_days`; storage knows when they were told last.
    """
    holder = held.owner or held.reporter
    if person is None or person == holder:
        return
    alerts = _alerts(draft, kind, held, ((holder, person, held.id), (person, holder, (through or held).id)))
    _add(draft, kind, held, person, alerts=alerts)


def met_by_relative(draft: Draft, claim: Claim, *, apart: str | None) -> None:
    """Whoever reported ``claim`` met the owners of relatives of its customer, who held them at its receipt (CUS-14).

    ``apart``: was met as the owner of the customer already.
    """
    for held, owner in zip(claim.related, claim.related_to, strict=False):  # reports of before know no owners
        if owner not in (claim.reporter, apart):
            _beside(draft, claim, claim.reporter, held, owner)


def met_by_buyer(draft: Draft, claim: Claim, held: Claim) -> None:
    """The owner of ``claim`` says, before there is a deal, that the customer whom ``held`` holds buys too (CUS-14)."""
    if claim.owner is not None and held.owner is not None:
        _beside(draft, claim, claim.owner, held.id, held.owner)


def resembles(draft: Draft, claim: Claim) -> None:
    """``claim`` was accepted although its customer may be somebody else's; both supervisors are told (CUS-02)."""
    for rival in claim.rivals:
        if rival != claim.reporter:
            _add(draft, "close_name", claim, rival)


def logged(draft: Draft, claim: Claim, person: str) -> None:
    """``person`` logged work on ``claim``: whoever logs on the same customer meets them."""
    for other in also_worked(draft.matter, claim, person):
        met(draft, "logging", other, person, through=claim)


def also_worked(matter: Matter, claim: Claim, person: str) -> tuple[Claim, ...]:
    """Open claims of others on the same customer that were worked too; what a case has is known to all."""
    return tuple(
        c
        for c in matter.claims.values()
        if c.id != claim.id
        and c.state in OPEN
        and c.state not in IN_CASE
        and c.follow_ups > 0
        and (c.owner or c.reporter) != person
    )


def _beside(draft: Draft, claim: Claim, person: str, held: str, owner: str) -> None:
    """``person`` met, by ``claim``, the ``owner`` of another customer, by the claim ``held``."""
    sides = ((owner, person, held), (person, owner, claim.id))
    _add(draft, "attempt", claim, owner, alerts=_alerts(draft, "attempt", claim, sides))


def _alerts(draft: Draft, kind: str, claim: Claim, sides: Iterable[tuple[str, str, str]]) -> tuple[Notice, ...]:
    """To the supervisor of each side, once: who it is, whom they met, and the claim that the supervisor reads."""
    told: dict[str, Notice] = {}
    for one, other, about in sides:
        supervisor = draft.supervisor(one, interested=(other,))
        if supervisor is not None and supervisor not in told:
            told[supervisor] = Notice(
                person=supervisor,
                kind="claim.attempt",
                urgency="normal",
                subject_type="claim",
                subject=about,
                rule="DSP-19",
                policy_version=claim.terms.version,
                facts={"cause": kind, "by": one, "person": other},
            )
    return tuple(told.values())


def _add(draft: Draft, kind: str, claim: Claim, person: str, *, alerts: tuple[Notice, ...] = ()) -> None:
    window = draft.setting.policy_at(claim.program, at=draft.at).duration("conflict.window_days")
    since = draft.setting.calendar(claim.program).subtract(draft.at, window) if window is not None else draft.at
    one, other = sorted((claim.owner or claim.reporter, person))
    team_of = draft.setting.organisation.team_of
    draft.conflicts.append(
        Conflict(
            kind=kind,
            claim=claim.id,
            people=(one, other),
            teams=(team_of(one, at=draft.at), team_of(other, at=draft.at)),
            since=since,
            alerts=alerts,
        )
    )
