"""Tables as files that people open in a spreadsheet: CSV and XLSX, formulas neutralised (INT-04)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import xlsxwriter
from babel.numbers import get_currency_precision
from starlette.responses import Response

from storage import history
from storage.database import Transaction

if TYPE_CHECKING:
    from api.call import Call

#: Media types of the files, and what an endpoint that gives them declares.
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in (CSV, XLSX)}}
}
#: How a list that is also a file may be asked for.
Format = Literal["json", "csv", "xlsx"]
#: What a spreadsheet takes for a formula, behind blanks too.
_FORMULA = re.compile(r"^[\s\x00-\x1f]*[=+\-@＝＋－＠|%]")


class Number:
    """A cell that is a number: its exact text and how many digits follow the point."""

    __slots__ = ("digits", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digits = min(len(text.partition(".")[2]), 4)


Cell = str | Number


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as a file. ``rows`` are read while it is written, the heads first.

    ``what`` names the file and the act on record; ``stream`` is the history that remembers that it left the house, as
    kind and id (AUD-01); ``titles`` are the sheet's, Chinese and English.
    """

    what: str
    titles: tuple[str, str]
    stream: tuple[str, str]
    rows: Callable[[Transaction], Iterable[list[Cell]]]


def neutral(value: str) -> str:
    """``value`` as text that no spreadsheet runs: a quote goes before what looks like a formula."""
    return f"'{value}" if _FORMULA.match(value) or value.startswith(("\t", "\r", "\n")) else value


def amount_text(minor: int, currency: str) -> str:
    """Minor units as a decimal number of the currency, without rounding: 1234 CNY is 12.34, 1234 JPY is 1234."""
    digits = get_currency_precision(currency)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    if digits == 0:
        return f"{sign}{whole}"
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def percent(bps: int) -> Number:
    """Basis points as per cent."""
    return Number(f"{'-' if bps < 0 else ''}{abs(bps) // 100}.{abs(bps) % 100:02d}")


def as_file(call: Call, sheet: Sheet, form: Format) -> Response:
    """The sheet as CSV with a byte order mark, so that spreadsheets read its Chinese, or as a workbook."""
    if form == "csv":
        content, media = call.read(lambda tx: _csv(sheet.rows(tx))), f"{CSV}; charset=utf-8"
    else:
        title = sheet.titles[call.language != "zh"]
        content, media = call.read(lambda tx: _xlsx(title, sheet.rows(tx))), XLSX
    kind, stream = sheet.stream
    entry = history.Entry(
        stream=stream,
        stream_kind=kind,
        kind="exported",
        at=call.caller.at,
        actor=call.person,
        data={"what": sheet.what, "format": form},
    )
    call.services.database.transact(lambda tx: history.append(tx, [entry]))
    disposition = f'attachment; filename="{sheet.what}.{form}"'
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})


def _csv(rows: Iterable[list[Cell]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell.text for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(title: str, rows: Iterable[list[Cell]]) -> bytes:
    """Amounts are numbers, everything else is text that no cell runs."""
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        formats = [book.add_format({"num_format": f"0.{'0' * n}" if n else "0"}) for n in range(5)]
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(place, column, neutral(cell), bold if place == 0 else None)
                else:
                    sheet.write_number(place, column, float(cell.text), formats[cell.digits])
    return out.getvalue()
