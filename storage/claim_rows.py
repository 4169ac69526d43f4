"""Between the domain's claims and requests and their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from domain.calendar.duration import Duration, Scale
from domain.claims.lifecycle import ClaimState
from domain.claims.model import (
    Claim,
    Clock,
    Collaborator,
    Confirmation,
    Confirmed,
    Opening,
    Outside,
    Pause,
    PauseKind,
    Referral,
    Request,
    RequestKind,
    RequestState,
    Resemblance,
    RunningClock,
    StandIn,
    TermsRef,
    Waiting,
)
from storage.codec import pack, unpack
from storage.types import from_us, to_us

#: Small facts of a claim that no query asks for; they live in the column ``detail``.
_INSTANTS = (
    "correct_by",
    "visited_at",
    "stage_at",
    "absence_seen",
    "kept_until",
    "hand_over_by",
    "idle_since",
    "rhythm_since",
    "extended_until",
    "spared_until",
    "approved_until",
    "credit_from",
)
_PLAIN = (
    "missing",
    "judges",
    "possible",
    "rivals",
    "related",
    "related_to",
    "ambiguous",
    "stage",
    "stage_person",
    "stage_skipped",
    "stage_missed",
    "qualified_count",
    "unrecorded",
    "last_note",
    "follow_ups",
    "escalated",
    "extensions",
    "guard_extended",
    "dealt",
    "settled",
    "rescued",
    "pause_used_us",
    "changes_seen",
    "migrations_seen",
    "would_refuse",
    "given",
    "grade",
    "letters",
    "handed_by",
    "overridden",
    "excused",
    "credit_ruled",
)
#: Columns that carry the domain's field of the same name.
_SAME = (
    "id",
    "receipt",
    "matter",
    "program",
    "reporter",
    "team",
    "owner",
    "reason",
    "reason_text",
    "release_reason",
    "channel",
    "source",
    "customer_kind",
    "customer_level",
    "provisional",
    "received_at",
    "rank_at",
    "accepted_at",
    "ended_at",
    "complete_by",
    "grace_until",
    "last_qualified_at",
    "decided",
    "dispute",
    "proposed",
    "by_reception",
    "version",
)
_TUPLES = frozenset({"missing", "judges", "possible", "rivals", "related", "related_to", "stage_skipped", "unrecorded"})


def claim_row(claim: Claim) -> dict[str, Any]:
    """The columns that a decision may change, and those it made."""
    row: dict[str, Any] = {name: getattr(claim, name) for name in _SAME}
    row |= {
        "state": claim.state.value,
        "holds": claim.holds,
        "deadline": claim.deadline,
        "policy": claim.terms.policy,
        "company_policy": claim.terms.company_policy,
        "policy_version": claim.terms.version,
        "calendar_version": claim.terms.calendar_version,
        "opening": claim.opening.kind if claim.opening is not None else None,
        "detail": _detail(claim),
    }
    return row


def claim_of(row: Mapping[str, Any]) -> Claim:
    """The domain's claim of a row."""
    detail = row["detail"]
    fields: dict[str, Any] = {name: row[name] for name in _SAME}
    fields |= {name: tuple(detail[name]) if name in _TUPLES else detail[name] for name in _PLAIN if name in detail}
    fields |= {name: from_us(detail[name]) for name in _INSTANTS if name in detail}
    return Claim(
        **fields,
        state=ClaimState(row["state"]),
        terms=TermsRef(
            policy=row["policy"],
            company_policy=row["company_policy"],
            version=row["policy_version"],
            calendar_version=row["calendar_version"],
        ),
        clocks=clocks_of(detail),
        pauses=pauses_of(detail),
        idle_stops=tuple(
            (from_us(since), from_us(until) if until is not None else None)
            for since, until in detail.get("idle_stops", ())
        ),
        recorded=tuple((name, from_us(at)) for name, at in detail.get("recorded", ())),
        outside=Outside(**detail["outside"]) if "outside" in detail else None,
        close=tuple(Resemblance(**one) for one in detail.get("close", ())),
        sharing=tuple((person, bps) for person, bps in detail.get("sharing", ())),
        stood_in=tuple(  # rows of before say no visit
            StandIn(person, date.fromisoformat(day), *visit) for person, day, *visit in detail.get("stood_in", ())
        ),
        collaborators=tuple(Collaborator(person, rights) for person, rights in detail.get("collaborators", ())),
        waiting=Waiting(detail["waiting"]) if "waiting" in detail else None,
        earlier=ClaimState(detail["earlier"]) if "earlier" in detail else None,
        qualified_on=date.fromisoformat(detail["qualified_on"]) if "qualified_on" in detail else None,
        ruled_holder=detail.get("ruled_holder"),
        opening=_opening_of(detail["opening"]) if "opening" in detail else None,
        referral=_referral_of(detail["referral"]) if "referral" in detail else None,
        confirmations=tuple(_confirmation_of(c) for c in detail.get("confirmations", ())),
    )


def clocks_of(detail: Mapping[str, Any]) -> tuple[RunningClock, ...]:
    """The clocks kept in ``detail``."""
    return tuple(
        RunningClock(
            clock=Clock(c["clock"]),
            deadline=from_us(c["deadline"]) if c["deadline"] is not None else None,
            start=from_us(c["start"]),
            length=Duration(c["us"], Scale(c["scale"])),
            rule=c["rule"],
            provisional=c["provisional"],
            remaining=Duration(c["left"], Scale(c["scale"])) if c["left"] is not None else None,
        )
        for c in detail.get("clocks", ())
    )


def pauses_of(detail: Mapping[str, Any]) -> tuple[Pause, ...]:
    """The pauses kept in ``detail``."""
    return tuple(
        Pause(
            kind=PauseKind(p["kind"]),
            since=from_us(p["since"]),
            until=from_us(p["until"]) if p["until"] is not None else None,
        )
        for p in detail.get("pauses", ())
    )


def request_row(request: Request) -> dict[str, Any]:
    """The columns of a request."""
    return {
        "id": request.id,
        "kind": request.kind.value,
        "claim": request.claim,
        "by": request.by,
        "waiting_for": list(request.waiting_for),
        "state": request.state.value,
        "created_at": request.created_at,
        "decide_by": request.decide_by,
        "decided_by": request.decided_by,
        "decided_at": request.decided_at,
        "reason_text": request.reason_text,
        "data": pack(request.data or {}),
    }


def request_of(row: Mapping[str, Any]) -> Request:
    """The domain's request of a row."""
    return Request(
        id=row["id"],
        kind=RequestKind(row["kind"]),
        claim=row["claim"],
        by=row["by"],
        waiting_for=tuple(row["waiting_for"]),
        created_at=row["created_at"],
        decide_by=row["decide_by"],
        state=RequestState(row["state"]),
        reason_text=row["reason_text"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        data=unpack(row["data"]),
    )


def _detail(claim: Claim) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(claim, name)
        if value:
            detail[name] = list(value) if name in _TUPLES else value
    for name in _INSTANTS:
        at = getattr(claim, name)
        if at is not None:
            detail[name] = to_us(at)
    if claim.collaborators:
        detail["collaborators"] = [[c.person, c.rights] for c in claim.collaborators]
    if claim.outside is not None:
        detail["outside"] = asdict(claim.outside)
    if claim.close:
        detail["close"] = [one.facts() for one in claim.close]
    if claim.referral is not None:
        until = claim.referral.until
        detail["referral"] = {**asdict(claim.referral), "until": to_us(until) if until is not None else None}
    if claim.confirmations:
        detail["confirmations"] = [_confirmation(c) for c in claim.confirmations]
    if claim.sharing:
        detail["sharing"] = [list(part) for part in claim.sharing]
    if claim.stood_in:
        detail["stood_in"] = [[s.person, s.on.isoformat(), s.visit] for s in claim.stood_in]
    if claim.waiting is not None:
        detail["waiting"] = claim.waiting.value
    if claim.earlier is not None:
        detail["earlier"] = claim.earlier.value
    if claim.opening is not None:
        detail["opening"] = _opening(claim.opening)
    if claim.ruled_holder is not None:
        detail["ruled_holder"] = claim.ruled_holder
    if claim.qualified_on is not None:
        detail["qualified_on"] = claim.qualified_on.isoformat()
    if claim.idle_stops:
        detail["idle_stops"] = [[to_us(s), to_us(u) if u is not None else None] for s, u in claim.idle_stops]
    if claim.recorded:
        detail["recorded"] = [[name, to_us(at)] for name, at in claim.recorded]
    if claim.clocks:
        detail["clocks"] = [_clock(c) for c in claim.clocks]
    if claim.pauses:
        detail["pauses"] = [
            {"kind": p.kind.value, "since": to_us(p.since), "until": to_us(p.until) if p.until else None}
            for p in claim.pauses
        ]
    return detail


def _referral_of(kept: Mapping[str, Any]) -> Referral:
    return Referral(**{**kept, "until": from_us(kept["until"]) if kept["until"] is not None else None})


def _confirmation(asked: Confirmation) -> dict[str, Any]:
    return {
        **asdict(asked),
        "asked_at": to_us(asked.asked_at),
        "until": to_us(asked.until) if asked.until is not None else None,
        "decided_at": to_us(asked.decided_at) if asked.decided_at is not None else None,
    }


def _confirmation_of(kept: Mapping[str, Any]) -> Confirmation:
    return Confirmation(
        id=kept["id"],
        point=kept["point"],
        person=kept["person"],
        asked_at=from_us(kept["asked_at"]),
        until=from_us(kept["until"]) if kept["until"] is not None else None,
        state=Confirmed(kept["state"]),
        decided_at=from_us(kept["decided_at"]) if kept["decided_at"] is not None else None,
        named=kept["named"],
        form=kept.get("form"),
    )


def _opening(opening: Opening) -> dict[str, Any]:
    left = opening.protection
    return {
        "kind": opening.kind,
        "object_by": to_us(opening.object_by),
        "left": [left.microseconds, left.scale.value] if left is not None else None,
    }


def _opening_of(kept: Mapping[str, Any]) -> Opening:
    left = kept["left"]
    return Opening(
        object_by=from_us(kept["object_by"]),
        objection=kept["kind"] == "objection",
        protection=Duration(left[0], Scale(left[1])) if left is not None else None,
    )


def _clock(clock: RunningClock) -> dict[str, Any]:
    return {
        "clock": clock.clock.value,
        "deadline": to_us(clock.deadline) if clock.deadline is not None else None,
        "start": to_us(clock.start),
        "us": clock.length.microseconds,
        "scale": clock.length.scale.value,
        "rule": clock.rule,
        "provisional": clock.provisional,
        "left": clock.remaining.microseconds if clock.remaining is not None else None,
    }
