"""Column types: instants as whole microseconds, ids as text, JSON, encrypted text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

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
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
#: AES-256-GCM ciphertext with its nonce in front.
Sealed = sa.LargeBinary


class write_order(FunctionElement[int]):  # noqa: N801 - named like the SQL functions it stands for
    """A number that tells what was written since an earlier look at `event`, whichever order commits came in.

    PostgreSQL: the transaction's id, to be compared with a snapshot, which knows the transactions still open. SQLite
    has one writer at a time, so the next number is enough.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(write_order, "sqlite")
def _sqlite_order(_element: write_order, _compiler: SQLCompiler, **_more: Any) -> str:
    return "(SELECT coalesce(max(written), 0) + 1 FROM event)"


@compiles(write_order, "postgresql")
def _postgresql_order(_element: write_order, _compiler: SQLCompiler, **_more: Any) -> str:
    return "pg_current_xact_id()::text::bigint"


class refused_follow_up(FunctionElement[str]):  # noqa: N801 - named like the SQL functions it stands for
    """The follow-up that the entry with this `event.data` tells was refused, as :data:`Id`; NULL for other entries."""

    type = Id
    inherit_cache = True


@compiles(refused_follow_up, "sqlite")
def _sqlite_follow_up(element: refused_follow_up, compiler: SQLCompiler, **more: Any) -> str:
    return f"replace(json_extract({compiler.process(element.clauses, **more)}, '$.follow_up'), '-', '')"


@compiles(refused_follow_up, "postgresql")
def _postgresql_follow_up(element: refused_follow_up, compiler: SQLCompiler, **more: Any) -> str:
    return f"({compiler.process(element.clauses, **more)} ->> 'follow_up')::uuid"
