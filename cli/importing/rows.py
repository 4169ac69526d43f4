"""A row of a file as values, and what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cli.http import Answer
from cli.importing.fields import Columns, Field
from cli.importing.sheets import Row
from cli.importing.values import CellError, value_of


class Result(StrEnum):
    """What became of a row. In a dry run: what would."""

    CREATED = "created"
    COMPLETED = "completed"  # it was there in part, as an import that was broken off leaves it; now it is whole
    UNCHANGED = "unchanged"
    DIFFERENT = "different"  # it is there and says something else; nothing was touched
    REFUSED = "refused"
    HELD_BACK = "held_back"  # it is good, but others are not


#: Results of rows that are still to be loaded.
TO_LOAD = frozenset({Result.CREATED, Result.COMPLETED})


@dataclass(frozen=True)
class Outcome:
    """``code`` is one of the service's, or of this check; ``duplicate_of`` names the row or record it repeats."""

    result: Result
    code: str | None = None
    sentence: str = ""
    id: str | None = None
    duplicate_of: str | None = None


@dataclass(frozen=True)
class Record:
    """A row whose cells are understood. ``values``: by field, blank ones left out."""

    line: int
    external_id: str
    values: Mapping[str, Any]

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def picked(self, *names: str) -> dict[str, Any]:
        """Those of ``names`` that the row says something about."""
        return {name: self.values[name] for name in names if name in self.values}


class RowError(Exception):
    """A row that cannot be loaded as it is."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def refused(error: RowError) -> Outcome:
    """The check's own no."""
    return Outcome(Result.REFUSED, error.code, error.sentence)


def refusal(answer: Answer, columns: Columns) -> Outcome:
    """The service's no, its fields named as the file names them."""
    problem: dict[str, Any] = answer.body
    named = [_column(e["field"], columns) for e in problem.get("errors", [])]
    facts = ", ".join(f"{name} {value}" for name, value in problem.get("facts", {}).items() if _is_short(value))
    sentence = problem["detail"] + (f" ({', '.join(named)})" if named else "") + (f" [{facts}]" if facts else "")
    return Outcome(Result.REFUSED, problem["code"], sentence)


def compared(given: Mapping[str, Any], present: Mapping[str, Any], *, id: str, what: str) -> Outcome:  # noqa: A002
    """Unchanged if everything the row says is so already, else different, with the names of what differs."""
    differing = sorted(name for name, value in given.items() if value != present.get(name))
    if not differing:
        return Outcome(Result.UNCHANGED, id=id)
    return different(differing, id=id, what=what)


def different(names: Sequence[str], *, id: str, what: str) -> Outcome:  # noqa: A002
    """It is there and says something else in ``names``."""
    return Outcome(Result.DIFFERENT, "different", f"{what} is there with another {', '.join(names)}", id=id)


def idempotency_key(kind: str, record: Record) -> str:
    """The same for the same row of any file, another for other content."""
    content = json.dumps(dict(record.values), sort_keys=True, default=str, ensure_ascii=False)
    digest = hashlib.sha256(f"{kind}\n{record.external_id}\n{content}".encode()).hexdigest()
    return f"import-{kind}-{digest[:48]}"


def understood(row: Row, columns: Columns, fixed: Mapping[str, Any], known: Sequence[Field]) -> Record | RowError:
    """The row's values, or why they cannot be read. ``fixed``: what every row says that says nothing itself."""
    if row.fault is not None:
        return RowError("row_invalid", row.fault)
    values: dict[str, Any] = dict(fixed)
    for at, field in columns.fields:
        try:
            value = value_of(row.cells[at], field)
        except CellError as error:
            return RowError("field_invalid", f"{columns.names[field.name]} {error}")
        if value is not None:
            values[field.name] = value
    for field in known:
        if field.required and field.name not in values:
            return RowError("field_missing", f"{columns.names.get(field.name, field.name)} is empty")
    external_id = str(values["external_id"])
    if len(external_id) > _EXTERNAL_ID_MAX:
        return RowError("field_invalid", f"{columns.names['external_id']} is longer than {_EXTERNAL_ID_MAX} characters")
    return Record(row.line, external_id, values)


def repeated(records: Sequence[Record]) -> dict[int, Outcome]:
    """By line: rows whose external_id stands on an earlier line already."""
    first: dict[str, Record] = {}
    found: dict[int, Outcome] = {}
    for record in records:
        earlier = first.setdefault(record.external_id, record)
        if earlier is record:
            continue
        where = f"line {earlier.line}"
        if earlier.values == record.values:
            found[record.line] = Outcome(
                Result.UNCHANGED, "duplicate", f"the same stands on {where}", duplicate_of=where
            )
        else:
            found[record.line] = Outcome(
                Result.REFUSED,
                "duplicate",
                f"this external_id stands on {where} with other content",
                duplicate_of=where,
            )
    return found


def with_record(outcome: Outcome, id: str) -> Outcome:  # noqa: A002
    """The same, naming the record that the row led to."""
    return replace(outcome, id=id)


_EXTERNAL_ID_MAX = 200


def _column(path: str, columns: Columns) -> str:
    """The column behind a field of a request's body."""
    last = path.rpartition(".")[2]
    for name in (path.replace(".", "_"), last, path.partition(".")[0]):
        if name in columns.names:
            return columns.names[name]
    return path


def _is_short(value: Any) -> bool:
    return isinstance(value, int | float | str) and len(str(value)) <= 40
