"""What a cell says (INT-03): text, dates, instants, amounts, words. No sentence quotes a cell: it may hold a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision, is_currency

from cli.importing.fields import TRUTHS, Content, Field, plain
from cli.importing.sheets import Cell
from domain.customers.fields import is_clean_text

T = TypeVar("T")

#: A number Excel keeps exactly; longer ones (bank cards, credit codes) have lost digits when they were typed.
_EXACT = 10**15
_DATE = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?")
_TIME = re.compile(r"(\d{1,2})[:：时点](\d{1,2})(?:分|(?:[:：](\d{1,2})(?:\.\d+)?))?")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_TEXT_MAX = 10_000


class CellError(Exception):
    """A cell that cannot be understood; the message is a sentence without its subject."""


def value_of(cell: Cell, field: Field) -> Any:
    """The value of a cell, None for a blank one; instants without an offset stay naive (see :func:`instant_text`)."""
    if isinstance(cell, str) and not cell.strip():
        return None
    match field.content:
        case Content.TEXT:
            return text(cell)
        case Content.WORD:
            return _word(cell, field)
        case Content.WORDS:
            return _words(cell, field)
        case Content.TRUTH:
            return _truth(cell)
        case Content.DATE:
            return _date(cell)
        case Content.INSTANT:
            return _instant(cell)
        case Content.AMOUNT:
            return _amount(cell)
        case Content.COUNT:
            return _count(cell)


def text(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, dates as ISO 8601."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            raise CellError(
                "is a number too long for Excel, which rounds it; format the column as text and type it again"
            )
        return str(int(cell)) if float(cell).is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    if not is_clean_text(cell, max_code_points=_TEXT_MAX):
        raise CellError(f"is longer than {_TEXT_MAX:,} characters, or holds one that is none")
    return cell.strip()


def instant_text(at: datetime, zone: ZoneInfo) -> str:
    """RFC 3339; an instant that named no offset was meant on the clocks of ``zone``."""
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).isoformat()


def money(amount: Decimal, currency: str) -> dict[str, Any]:
    """``{amount_minor, currency}``; refused where the amount has more decimals than the currency."""
    code = currency.upper()
    if not is_currency(code):
        raise CellError("has a currency that is none; write its three letters, as CNY")
    minor = amount.scaleb(get_currency_precision(code))
    if minor != minor.to_integral_value(ROUND_DOWN):
        raise CellError(f"has more decimals than {code} has")
    return {"amount_minor": int(minor), "currency": code}


def _word(cell: Cell, field: Field) -> str:
    found = field.words.get(plain(text(cell)))
    if found is None:
        raise CellError(f"is none of {', '.join(dict.fromkeys(field.words.values()))}")
    return found


def _words(cell: Cell, field: Field) -> list[str]:
    parts = [part for part in re.split(r"[,，;；、/|]+", text(cell)) if part.strip()]
    return list(dict.fromkeys(_word(part, field) for part in parts))


def _truth(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    found = TRUTHS.get(plain(text(cell)))
    if found is None:
        raise CellError("is neither yes nor no")
    return found == "yes"


def _date(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None:
        raise CellError("is no date that can be read one way only; write it as 2026-11-05")
    return _made(lambda: date(*(int(part) for part in found.groups())))


def _instant(cell: Cell) -> datetime:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    if not isinstance(cell, str):
        raise CellError("is no date and time; write it as 2026-11-05 14:30")
    written = cell.strip().upper().replace("T", " ")
    offset = _OFFSET.search(written) if ":" in written else None
    day, _, clock = written[: offset.start() if offset else None].strip().partition(" ")
    hours = _TIME.fullmatch(clock.strip())
    if clock.strip() and hours is None:
        raise CellError("is no date and time; write it as 2026-11-05 14:30")
    hour, minute, second = (int(part or 0) for part in hours.groups()) if hours else (0, 0, 0)
    naive = _made(lambda: datetime.combine(_date(day), time(hour, minute, second)))
    if offset is None:
        return naive
    return _made(lambda: datetime.fromisoformat(f"{naive.isoformat()}{offset[0].replace('Z', '+00:00')}"))


def _amount(cell: Cell) -> Decimal:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise CellError("is no amount")
    written = re.sub(r"[\s¥￥元]", "", cell) if isinstance(cell, str) else repr(cell)
    # A comma parts thousands or nothing: 12,5 may be twelve and a half.
    found = Decimal(written.replace(",", "")) if _NUMBER.fullmatch(written) else None
    if found is None or abs(found) >= _EXACT:
        raise CellError("is no amount; write it as 120000 or 120000.50")
    return found


def _count(cell: Cell) -> int:
    found = None if isinstance(cell, bool) else text(cell)
    if found is None or not _WHOLE.fullmatch(found):
        raise CellError("is no whole number; write it as 30")
    return int(found)


def _made(make: Callable[[], T]) -> T:
    try:
        return make()
    except (ValueError, OverflowError):
        raise CellError("is a day or time that does not exist") from None
