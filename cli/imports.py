"""``fairclaim import``: people, teams, customers, opening loads, claims, follow-ups from a file (INT-03, INT-10)."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter

from cli.http import Service, ServiceError, Token, Url
from cli.importing.claims import Claims
from cli.importing.customers import Customers
from cli.importing.directory import Directory
from cli.importing.fields import Columns, Field, MappingError, match
from cli.importing.follow_ups import FollowUps
from cli.importing.kind import Kind
from cli.importing.loading import Outcomes, load
from cli.importing.opening import Opening
from cli.importing.people import People
from cli.importing.rows import Outcome, Record, Result, RowError, understood
from cli.importing.sheets import FileError, Row, Sheet, read_sheet
from cli.importing.teams import Teams
from cli.importing.values import CellError, text, value_of
from worker.progress import progress_on_stderr

_KINDS: Final[Mapping[str, type[Kind]]] = {k.name: k for k in (People, Teams, Customers, Opening, Claims, FollowUps)}
_PREVIEW_ROWS: Final = 3
_SHOWN_ROWS: Final = 50
#: Results of which each row is told even where there are many.
_TOLD: Final = (Result.REFUSED, Result.DIFFERENT)


def import_(
    kind: Annotated[
        Literal["people", "teams", "customers", "opening", "claims", "follow-ups"], Parameter(help="What the rows are.")
    ],
    file: Annotated[Path, Parameter(help="CSV or XLSX, columns named in its first row.")],
    *,
    map_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--map", help="COLUMN=FIELD: what a column means; a column may mean several fields.", negative=""
        ),
    ] = (),
    set_: Annotated[
        tuple[str, ...],
        Parameter(name="--set", help="FIELD=VALUE: what every row says that has no value of its own.", negative=""),
    ] = (),
    program: Annotated[
        str | None,
        Parameter(help="Claims, opening: the program, by id, external_id or name, where no column names it."),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Check every row, load nothing.", negative="")] = False,
    load_good: Annotated[
        bool,
        Parameter(name=["--load-good", "--skip-bad"], help="Load the good rows though others are bad.", negative=""),
    ] = False,
    encoding: Annotated[str, Parameter(help="auto, utf-8 or gb18030.")] = "auto",
    sheet: Annotated[str | None, Parameter(help="XLSX: the sheet; default the first.")] = None,
    ignore: Annotated[tuple[str, ...], Parameter(help="A column to leave out.", negative="")] = (),
    ignore_unknown: Annotated[bool, Parameter(help="Leave out all columns that are not known.", negative="")] = False,
    duplicates: Annotated[
        Path | None, Parameter(help="Write a CSV of the rows that repeat another row or what is there already.")
    ] = None,
    results: Annotated[Path | None, Parameter(help="Write a CSV with the result of every row.")] = None,
    as_json: Annotated[bool, Parameter(name="--json", help="Print all results as JSON.", negative="")] = False,
    url: Url = None,
    token: Token = None,
    data: Annotated[Path, Parameter(name="--data", help="The data folder.")] = Path(".data"),
) -> int:
    """Import FILE, a CSV (UTF-8 or GB18030) or XLSX, into the running service.

    The first row names the columns, in English or Chinese. Rows are known by external_id: a file may be imported again,
    and changes nothing. Every row passes the checks of the service, claims and follow-ups as their own reporter's or
    author's. If a row is bad nothing is loaded, unless --load-good. Import teams first, then people, customers, claims
    and follow-ups. KIND opening: customers with their owners as they stand before a program goes live; the first row
    begins the program's opening load.

    Exit code 0: all rows are there now. 1: rows were refused or say something else than what is there. 2: the call or
    the file cannot be used.
    """
    chosen = _KINDS[kind]
    try:
        read = read_sheet(file, encoding=encoding, sheet=sheet)
        fixed = _fixed(set_, chosen.fields, program)
        columns = match(
            read.columns,
            chosen.fields,
            mapped=_pairs(map_),
            given=fixed,
            ignored=ignore,
            ignore_unknown=ignore_unknown,
        )
        _preview(file, read, columns)
        with Service(url=url, token=token, data=data) as service:
            directory = Directory(service)
            _refuse_too_many(read, directory)
            records, faults = _records(read, columns, fixed, chosen.fields)
            outcomes = load(
                chosen(directory, columns),
                records,
                faults,
                dry_run=dry_run,
                load_good=load_good,
                progress=progress_on_stderr(),
            )
    except (FileError, MappingError, _CallError) as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 2
    except ServiceError as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 1
    report = _Report(kind, file, read, records, outcomes, dry_run=dry_run)
    report.write(results, report.lines)
    report.write(duplicates, [line for line in report.lines if line["duplicate_of"] is not None])
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if as_json else report.as_text())
    return report.exit_code


class _CallError(Exception):
    """The command was given something that makes no sense."""


def _pairs(given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in given:
        column, separator, field = pair.rpartition("=")
        if not separator or not column.strip() or not field.strip():
            raise _CallError(f"--map {pair}: write COLUMN=FIELD")
        found.setdefault(column.strip(), []).append(field.strip())
    return found


def _fixed(given: Sequence[str], known: Sequence[Field], program: str | None) -> dict[str, Any]:
    """What every row says unless it says something itself."""
    fields = {f.name: f for f in known if f.refused is None}
    found: dict[str, Any] = {}
    pairs = [(pair, *pair.partition("=")) for pair in given]
    if program is not None:
        if "program" not in fields:
            raise _CallError("--program is for claims and opening loads only")
        found["program"] = program
    for pair, name, separator, value in pairs:
        if not separator or name not in fields or name == "external_id":
            names = ", ".join(n for n in fields if n != "external_id")
            raise _CallError(f"--set {pair}: write FIELD=VALUE; fields: {names}")
        try:
            found[name] = value_of(value, fields[name])
        except CellError as error:
            raise _CallError(f"--set {name}: the value {error}") from error
    return {name: value for name, value in found.items() if value is not None}


def _records(
    read: Sheet, columns: Columns, fixed: Mapping[str, Any], known: Sequence[Field]
) -> tuple[list[Record], dict[int, RowError]]:
    records: list[Record] = []
    faults: dict[int, RowError] = {}
    for row in read.rows:
        found = understood(row, columns, fixed, known)
        if isinstance(found, Record):
            records.append(found)
        else:
            faults[row.line] = found
    return records, faults


def _refuse_too_many(read: Sheet, directory: Directory) -> None:
    most = directory.company_policy.integer("import.rows_max")
    if len(read.rows) > most:
        raise FileError(f"{len(read.rows):,} rows are more than import.rows_max allows ({most:,}); split the file")


def _preview(file: Path, read: Sheet, columns: Columns) -> None:
    """How the file was understood, on standard error, so that a wrong encoding or column is seen at once."""
    lines = [f"{file.name}: {read.form}, {len(read.rows):,} rows"]
    lines += [f"  {read.columns[at]} → {field.name}" for at, field in columns.fields]
    if columns.ignored:
        lines.append(f"  not read: {', '.join(columns.ignored)}")
    for row in read.rows[:_PREVIEW_ROWS]:
        lines.append(f"  line {row.line}: {' | '.join(_shown(row, at) for at in range(len(read.columns)))}")
    print("\n".join(lines), file=sys.stderr)


def _shown(row: Row, at: int) -> str:
    try:
        shown = text(row.cells[at])
    except CellError:
        shown = "?"
    printable = "".join(c if c.isprintable() else " " for c in shown)
    return printable if len(printable) <= 24 else printable[:23] + "…"


class _Report:
    """What is told in the end."""

    def __init__(
        self, kind: str, file: Path, read: Sheet, records: Sequence[Record], outcomes: Outcomes, *, dry_run: bool
    ) -> None:
        self._kind, self._file, self._read, self._dry_run = kind, file, read, dry_run
        external_ids = {record.line: record.external_id for record in records}
        self.lines = [_line(row.line, external_ids.get(row.line), outcomes[row.line]) for row in read.rows]
        self._counts = Counter(outcome.result for outcome in outcomes.values())

    @property
    def exit_code(self) -> int:
        return 1 if any(self._counts[result] for result in (*_TOLD, Result.HELD_BACK)) else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self._kind,
            "file": str(self._file),
            "form": self._read.form,
            "dry_run": self._dry_run,
            "summary": {result.value: self._counts[result] for result in Result},
            "rows": self.lines,
        }

    def as_text(self) -> str:
        told = [line for line in self.lines if len(self.lines) <= _SHOWN_ROWS or line["result"] in _TOLD]
        counted = ", ".join(f"{count:,} {result.value}" for result in Result if (count := self._counts[result]))
        summary = f"{len(self.lines):,} rows: {counted or 'nothing to do'}"
        return "\n".join(
            [_sentence(line) for line in told]
            + [f"{summary} (dry run: nothing was loaded)" if self._dry_run else summary]
        )

    def write(self, path: Path | None, lines: Sequence[Mapping[str, Any]]) -> None:
        """A CSV that Excel opens as it is."""
        if path is None:
            return
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_REPORTED)
            for line in lines:
                writer.writerow([_harmless(line[name]) for name in _REPORTED])


_REPORTED: Final = ("line", "external_id", "result", "code", "sentence", "id", "duplicate_of")


def _line(line: int, external_id: str | None, outcome: Outcome) -> dict[str, Any]:
    return {
        "line": line,
        "external_id": external_id,
        "result": outcome.result.value,
        "code": outcome.code,
        "sentence": outcome.sentence,
        "id": outcome.id,
        "duplicate_of": outcome.duplicate_of,
    }


def _sentence(line: Mapping[str, Any]) -> str:
    code = f" {line['code']}" if line["code"] is not None else ""
    sentence = f": {line['sentence']}" if line["sentence"] else ""
    return f"line {line['line']}, {line['external_id'] or '?'}: {line['result']}{code}{sentence}"


def _harmless(value: Any) -> Any:
    """A cell that a spreadsheet takes for a formula is made text (INT-04)."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value
