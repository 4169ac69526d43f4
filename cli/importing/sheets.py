"""Reading CSV and XLSX files into rows, whatever program wrote them (INT-03)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import python_calamine

Cell = str | int | float | bool | datetime | date | time | timedelta

#: Separators a CSV may have; of those that split the header into equally many columns the first is meant.
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_ENCODINGS: Final = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


class FileError(Exception):
    """The file as a whole cannot be used; the message is for people and quotes no cell but those of the header."""


@dataclass(frozen=True, slots=True)
class Row:
    """``line`` is where the row begins: a line of a text file, a row of a sheet, counted from 1.

    ``fault``: why the cells cannot be told apart, a sentence.
    """

    line: int
    cells: tuple[Cell, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and what stands below it; blank rows are left out. ``form`` says in words how the file was read."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    form: str


def read_sheet(path: Path, *, encoding: str = "auto", sheet: str | None = None) -> Sheet:
    """The rows of a CSV (UTF-8 or GB18030; comma, semicolon or tab) or of one sheet of an XLSX file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    if raw.startswith(_OLD_EXCEL):
        raise FileError(f"{path} is in the old Excel format; save it as XLSX or CSV")
    if raw.startswith(_ZIP):
        if encoding != "auto":
            raise FileError("an XLSX file has no encoding to choose; leave --encoding out")
        return _workbook(raw, path, sheet)
    if sheet is not None:
        raise FileError(f"{path} is no XLSX file, so it has no sheet to choose; leave --sheet out")
    return _text(raw, path, encoding)


# --- CSV ---------------------------------------------------------------------------------------------------------


def _text(raw: bytes, path: Path, encoding: str) -> Sheet:
    text, named = _decoded(raw, path, encoding)
    if "\0" in text:
        raise FileError(f"{path} is no text file")
    separator = _separator(text)
    table = _table(_records(text, separator, path), path)
    return Sheet(*table, form=f"{named}, {_SEPARATORS[separator]}-separated")


def _decoded(raw: bytes, path: Path, encoding: str) -> tuple[str, str]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(f"{path} is in UTF-16; save it as UTF-8 (Excel: CSV UTF-8)")
    if encoding == "auto":
        for codec, named in (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")):
            try:
                return raw.decode(codec), named
            except UnicodeDecodeError:
                continue
        raise FileError(f"{path} is neither UTF-8 nor GB18030; save it as UTF-8")
    codec = _ENCODINGS.get(encoding.lower(), "")
    if not codec:
        raise FileError(f"unknown encoding {encoding}; there are auto, utf-8 and gb18030")
    try:
        return raw.decode("utf-8-sig" if codec == "utf-8" else codec), codec.upper()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(f"{path} is not {codec.upper()}: line {line} has a byte that it does not know") from error


def _separator(text: str) -> str:
    def columns(separator: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=separator)))
        except (csv.Error, StopIteration):
            return 0

    return max(_SEPARATORS, key=columns)


def _records(text: str, separator: str, path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileError(
            f"{path}: what begins on line {line} is no CSV ({error}); is a quotation mark left open?"
        ) from error


# --- XLSX --------------------------------------------------------------------------------------------------------


def _workbook(raw: bytes, path: Path, sheet: str | None) -> Sheet:
    """Cells as they are stored: a formula counts as the value that was last worked out for it, never run."""
    try:
        with python_calamine.load_workbook(io.BytesIO(raw)) as book:
            names = list(book.sheet_names)
            chosen = sheet if sheet is not None else (names[0] if names else "")
            if chosen not in names:
                raise FileError(f"{path} has no sheet {chosen}; it has {', '.join(names) or 'none'}")
            cells = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise FileError(f"{path} is no readable XLSX file") from error
    return Sheet(*_table(enumerate(cells, 1), path), form=f"XLSX, sheet {chosen}")


# --- both --------------------------------------------------------------------------------------------------------


def _table(records: Iterable[tuple[int, Sequence[Cell]]], path: Path) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    header: list[str] | None = None
    rows: list[Row] = []
    for line, cells in records:
        filled = _without_trailing_blanks(cells)
        if not filled:
            continue
        if header is None:
            header = _header(filled, path)
            continue
        fault = f"{len(filled)} cells stand under {len(header)} columns" if len(filled) > len(header) else None
        rows.append(Row(line, (*filled, *("",) * (len(header) - len(filled)))[: len(header)], fault))
    if header is None:
        raise FileError(f"{path} is empty")
    return tuple(header), tuple(rows)


def _header(cells: Sequence[Cell], path: Path) -> list[str]:
    names = [" ".join(str(cell).split()) for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if "" in names:
        raise FileError(f"{path}: column {names.index('') + 1} has no name; every column needs one in the first row")
    if twice:
        raise FileError(f"{path} has more than one column named {', '.join(twice)}")
    return names


def _without_trailing_blanks(cells: Sequence[Cell]) -> Sequence[Cell]:
    end = len(cells)
    while end and isinstance(cells[end - 1], str) and not str(cells[end - 1]).strip():
        end -= 1
    return cells[:end]
