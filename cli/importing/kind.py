"""What every kind of import does, and what each does in its own way."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from cli.http import Answer, Service
from cli.importing.directory import Directory
from cli.importing.fields import Columns, Field
from cli.importing.rows import Outcome, Record, idempotency_key

#: Records that go one after the other; lanes go side by side.
Lane = list[Record]


class Kind(ABC):
    """One kind of row. ``check`` and ``load`` are called from several threads, for different records."""

    name: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, directory: Directory, columns: Columns) -> None:
        self.directory = directory
        self.columns = columns

    @property
    def service(self) -> Service:
        return self.directory.service

    def begin(self, records: Sequence[Record]) -> None:  # noqa: B027 - most kinds need nothing
        """Every record that could be read, before the first is checked."""

    @abstractmethod
    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        """Compare with what is there; what is new is tried without effect if ``rehearse``. RowError: refused."""

    @abstractmethod
    def load(self, record: Record, planned: Outcome) -> Outcome:
        """Make it so. ``planned`` is what the check said. RowError: refused."""

    def waves(self, records: Sequence[Record]) -> list[list[Lane]]:
        """In which order records are loaded: wave after wave, the lanes of a wave side by side."""
        return [[[record] for record in records]]

    def end(self, loaded: Sequence[tuple[Record, Outcome]]) -> Mapping[int, Outcome]:
        """What could only be said when all were there; new outcomes by line."""
        return {}

    def close(self) -> None:  # noqa: B027 - most kinds keep nothing
        """Whatever happened: leave nothing behind that was only made for the import."""

    def rehearsed(self, path: str, body: object, *, token: str | None = None) -> Answer:
        return self.service.ask(path, body, key=str(uuid.uuid4()), token=token, dry_run=True)

    def key(self, record: Record) -> str:
        return idempotency_key(self.name, record)


def lanes(records: Sequence[Record], keys: Mapping[int, Sequence[str]]) -> list[Lane]:
    """Records that share a key, directly or through others, in one lane and in the order of the file.

    ``keys``: by line.
    """
    leader: dict[str, str] = {}

    def root(key: str) -> str:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for record in records:
        own = [root(key) for key in keys.get(record.line, ())]
        for other in own[1:]:
            leader[root(other)] = root(own[0])
    found: dict[str, Lane] = {}
    for record in records:
        shared = keys.get(record.line, ())
        found.setdefault(root(shared[0]) if shared else f"line {record.line}", []).append(record)
    return list(found.values())
