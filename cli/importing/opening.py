"""Importing an opening load (期初导入, INT-10): customers as they stand before a program goes live."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any

from cli.http import Answer
from cli.importing.claims import Claims
from cli.importing.directory import Directory
from cli.importing.fields import OPENING, Columns
from cli.importing.rows import Outcome, Record, RowError, different, refusal


class Opening(Claims):
    """Rows are loaded by whoever imports, not reported by their owners. The first one begins the program's load."""

    name = "opening"
    fields = OPENING

    def __init__(self, directory: Directory, columns: Columns) -> None:
        super().__init__(directory, columns)
        self._begun: set[str] = set()
        self._beginning = threading.Lock()

    def load(self, record: Record, planned: Outcome) -> Outcome:
        self._begin(self._load_of(record))
        return super().load(record, planned)

    def _ask(self, record: Record, body: object, *, key: str, dry_run: bool = False) -> Answer:
        return self.service.ask(f"{self._load_of(record)}/rows", body, key=key, dry_run=dry_run)

    def _reporter(self, record: Record) -> str:
        return str(self.directory.people.needed(record.get("owner"), "owner")["id"])

    def _body(self, record: Record) -> dict[str, Any]:
        body = {name: value for name, value in super()._body(record).items() if name != "program"}
        body |= {"owner": self._reporter(record), **record.picked("stage", "protection_days_left")}
        if record.get("last_follow_up_at") is not None:
            program = self._program(record)["id"]
            body["last_follow_up_at"] = self._instant(record, "last_follow_up_at", program)
        return body

    def _compare(self, record: Record, body: Mapping[str, Any], reporter: str, known: Mapping[str, Any]) -> Outcome:
        if known["program"] != self._program(record)["id"] or known["opening"] != "row":
            return different(["program or kind"], id=known["id"], what="a claim of this number")
        return super()._compare(record, body, reporter, known)

    def _load_of(self, record: Record) -> str:
        return f"/v1/programs/{self._program(record)['id']}/opening"

    def _begin(self, path: str) -> None:
        """Begin the load that lies at ``path``; one that has begun stays as it is."""
        with self._beginning:
            if path in self._begun:
                return
            answer = self.service.ask(path, {}, key=str(uuid.uuid4()))
            if answer.refused:
                failed = refusal(answer, self.columns)
                raise RowError(str(failed.code), f"the load could not be begun: {failed.sentence}")
            self._begun.add(path)
