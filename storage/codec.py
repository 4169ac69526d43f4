"""Between the domain's values and JSON columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from storage.types import from_us, to_us

_INSTANT = "$at"
_DATE = "$on"


def pack(value: Any) -> Any:
    """JSON of command data and the like; instants and dates keep their type (see :func:`unpack`)."""
    if isinstance(value, datetime):
        return {_INSTANT: to_us(value)}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        return {key: pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    return value


def unpack(value: Any) -> Any:
    """The inverse of :func:`pack` (tuples come back as lists)."""
    if isinstance(value, dict):
        if value.keys() == {_INSTANT}:
            return from_us(value[_INSTANT])
        if value.keys() == {_DATE}:
            return date.fromisoformat(value[_DATE])
        return {key: unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unpack(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """JSON for history and answers: instants as RFC 3339 in UTC, dates as ISO."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # PostgreSQL gives 1e16 back as a whole number, and histories are hashed
    return value


def rfc3339(at: datetime) -> str:
    """``2026-11-22T14:05:06.123456Z``; whole seconds without a fraction."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def canonical(value: Any) -> bytes:
    """One spelling per JSON value: sorted keys, no spaces, UTF-8. For hashes and comparisons."""
    return _spell(value).encode("utf-8", "surrogatepass")


_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
