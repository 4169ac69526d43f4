"""Lists by keyset (contract section 1, "Lists"): newest first by (time, id), no totals, opaque cursors.

A cursor names the last row of its page. It is signed together with the filters it was made for, so that nobody can
make one up, and one that is used with other filters is refused instead of silently answering something else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Query

from domain.refusals import FieldError, Refusal
from storage.codec import canonical, pack, plain, unpack
from storage.database import Transaction

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_MAC_BYTES: Final = 16

#: The two query parameters of every list: ``limit: Limit = 50, cursor: Cursor = None``.
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(min_length=1, max_length=500)]


def page(
    tx: Transaction,
    statement: sa.Select[Any],
    *,
    time_column: sa.ColumnElement[Any],
    id_column: sa.ColumnElement[Any] | Sequence[sa.ColumnElement[Any]],
    cursor: str | None,
    limit: int,
    filters: Mapping[str, object],
    ways: Sequence[sa.ColumnElement[bool]] = (),
) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of one page and the cursor of the next, None after the last.

    ``statement`` has no order and no limit yet; (``time_column``, ``id_column``) is unique in it and never null; where
    it takes several columns to name a row, ``id_column`` is all of them, in the order of an index.
    ``filters`` is whatever chose the rows, the name of the list included: a cursor holds for the same ones only, else
    422 ``field_invalid`` on ``cursor``.
    ``ways``: a row belongs to the list by any of them. Each is asked for a page of its own and the pages are merged, so
    that every way can go along an index in the order of the list; one condition of them all would sort all it finds.
    """
    scope = canonical(plain(filters)).decode("utf-8", "surrogatepass")
    names = (id_column,) if isinstance(id_column, sa.ColumnElement) else tuple(id_column)
    columns = {f"page_{place}": column for place, column in enumerate((time_column, *names))}
    wanted = statement.add_columns(*(column.label(label) for label, column in columns.items()))
    if cursor is not None:
        position = _position(tx, cursor, scope)
        # The bounds are bound with the columns' own types: an instant is compared as what it is stored as.
        pairs = zip(position, columns.values(), strict=True)
        bounds = sa.tuple_(*(sa.literal(value, column.type) for value, column in pairs))
        wanted = wanted.where(sa.tuple_(*columns.values()) < bounds)
    order = [column.desc() for column in columns.values()]
    if ways:
        one_page = wanted.with_only_columns(*names).order_by(*order).limit(limit + 1)
        pages = (one_page.where(way).subquery() for way in ways)
        wanted = wanted.where(sa.tuple_(*names).in_(sa.union_all(*(sa.select(one) for one in pages))))
    found = tx.rows(wanted.order_by(*order).limit(limit + 1))
    rows = found[:limit]
    following = _cursor(tx, [rows[-1][label] for label in columns], scope) if len(found) > limit else None
    return [{name: value for name, value in row.items() if name not in columns} for row in rows], following


def _cursor(tx: Transaction, last: list[Any], scope: str) -> str:
    position = canonical(pack(last))
    return base64.urlsafe_b64encode(_mac(tx, position, scope) + position).rstrip(b"=").decode("ascii")


def _position(tx: Transaction, cursor: str, scope: str) -> list[Any]:
    """Time and id of the row a cursor names; refused where it is none of ours, or was made for other filters."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    position = raw[_MAC_BYTES:]
    if not hmac.compare_digest(raw[:_MAC_BYTES], _mac(tx, position, scope)):
        raise _refused()
    last: list[Any] = unpack(json.loads(position))
    return last


def _mac(tx: Transaction, position: bytes, scope: str) -> bytes:
    return tx.keys.blind("cursor", f"{position.hex()}\0{scope}")[:_MAC_BYTES]


def _refused() -> Refusal:
    return Refusal("field_invalid", errors=(FieldError("cursor", "field_invalid"),))
