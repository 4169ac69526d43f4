"""Refusals as RFC 9457 problems, in the caller's language and always in both (contract section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse

from domain.matters.setting import Setting
from domain.refusals import FieldError, Refusal, describe
from storage.codec import plain

MEDIA_TYPE = "application/problem+json"


def problem(refusal: Refusal, *, language: str, request_id: str, instance: str) -> dict[str, Any]:
    """The body of a problem answer."""
    entry = describe(refusal.code)
    return {
        "type": f"urn:fairclaim:problem:{refusal.code}",
        "title": entry.title[language],
        "status": entry.status,
        "detail": entry.detail[language],
        "instance": instance,
        "code": refusal.code,
        "rule": refusal.rule,
        "policy_version": refusal.policy_version,
        "request_id": request_id,
        "messages": {"zh": entry.detail["zh"], "en": entry.detail["en"]},
        "facts": plain(refusal.facts),
        "errors": [{"field": e.field, "code": e.code} for e in refusal.errors],
        "current_state": refusal.current_state,
        "allowed": list(refusal.allowed) if refusal.allowed is not None else None,
    }


def problem_response(body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that carries a problem body."""
    extra = dict(headers or {})
    if body["status"] == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=extra)


def refusal_of(data: Mapping[str, Any]) -> Refusal:
    """The refusal that a decided command keeps (:func:`storage.matters.problem_data`)."""
    refusal = Refusal(
        data["code"],
        rule=data["rule"],
        facts=data["facts"],
        errors=tuple(FieldError(field, code) for field, code in data["errors"]),
        current_state=data["current_state"],
        allowed=tuple(data["allowed"]) if data["allowed"] is not None else None,
    )
    refusal.policy_version = data.get("policy_version")
    return refusal


def language_of(header: str | None, *, default: str) -> str:
    """``zh`` or ``en`` from an Accept-Language header, the first of the two that is named; else ``default``."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate((header or "").split(",")):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary not in ("zh", "en"):
            continue
        ranked.append((-_quality(parameters), place, primary))
    ranked = [r for r in ranked if r[0] < 0]
    return min(ranked)[2] if ranked else default


def house_language(setting: Setting, *, at: datetime) -> str:
    """The language of the company, for whoever asks for none (`locale.default`)."""
    return setting.company_policy_at(at).choice("locale.default")[:2]


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
