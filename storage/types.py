"""Column types: instants as whole microseconds, ids as text, JSON, encrypted text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Microseconds since 1970, exactly; both databases order and compare them alike."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC instant of :func:`to_us`."""
    return _EPOCH + timedelta(microseconds=us)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime, kept as a 64-bit count of microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else to_us(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else from_us(value)


#: An opaque id: native uuid on PostgreSQL, 32 hexadecimal digits on SQLite, a lower-case string in Python.
Id = sa.Uuid(as_uuid=False)
#: JSON without personal data.
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
#: AES-256-GCM ciphertext with its nonce in front.
Sealed = sa.LargeBinary
