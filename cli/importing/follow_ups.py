"""Importing follow-ups (CLM-15, INT-03): each is logged by its own author; only its receipt moves a clock."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cli.http import Answer, ServiceError
from cli.importing.directory import Directory
from cli.importing.fields import FOLLOW_UPS, Columns
from cli.importing.kind import Kind, Lane, lanes
from cli.importing.rows import Outcome, Record, Result, RowError, compared, refusal
from cli.importing.tokens import Tokens
from cli.importing.values import instant_text

_WHAT = "this follow-up"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FollowUps(Kind):
    """Follow-ups of one claim are logged in the order of the file."""

    name = "follow-ups"
    fields = FOLLOW_UPS

    def __init__(self, directory: Directory, columns: Columns) -> None:
        super().__init__(directory, columns)
        self._tokens = Tokens(directory, columns)
        self._lock = threading.Lock()
        self._claims: dict[str, dict[str, Any]] = {}

    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        claim = self._claim(record)
        body, author = self._body(record, claim), self._author(record, claim)
        if not rehearse:
            return Outcome(Result.CREATED)
        path = f"/v1/claims/{claim['id']}/follow-ups"
        answer = self._tokens.ask(author, path, body, key=str(uuid.uuid4()), dry_run=True)
        if answer.status in (201, 204):
            return Outcome(Result.CREATED)
        return self._answered(body, answer)

    def load(self, record: Record, planned: Outcome) -> Outcome:
        claim = self._claim(record)
        body, author = self._body(record, claim), self._author(record, claim)
        path = f"/v1/claims/{claim['id']}/follow-ups"
        return self._answered(body, self._tokens.ask(author, path, body, key=self.key(record)))

    def waves(self, records: Sequence[Record]) -> list[list[Lane]]:
        return [lanes(records, {record.line: [self._claim(record)["id"]] for record in records})]

    def close(self) -> None:
        self._tokens.close()

    def _answered(self, body: Mapping[str, Any], answer: Answer) -> Outcome:
        if answer.refused:
            return refusal(answer, self.columns)
        entry = answer.body
        if answer.status == 200:
            given = {name: _comparable(name, value) for name, value in body.items() if name != "external_id"}
            present = {name: _comparable(name, entry.get(name)) for name in given}
            return compared(given, present, id=entry["id"], what=_WHAT)
        if answer.status == 202:
            return Outcome(Result.CREATED, "pending", "not decided yet", entry["id"])
        counts = "" if entry["qualified"] else f"kept, but it resets no clock ({entry['why']})"
        return Outcome(Result.CREATED, None, counts, entry["id"])

    def _claim(self, record: Record) -> dict[str, Any]:
        wanted = str(record.get("claim"))
        with self._lock:
            known = self._claims.get(wanted)
        if known is None:
            known = self._found(wanted)
            with self._lock:
                self._claims[wanted] = known
        return known

    def _found(self, wanted: str) -> dict[str, Any]:
        if _ID.fullmatch(wanted.lower()):
            try:
                claim: dict[str, Any] = self.service.get(f"/v1/claims/{wanted.lower()}")
            except ServiceError as error:
                if error.code != "not_found":
                    raise
                raise RowError("field_invalid", "claim: there is no such claim") from error
            return claim
        found = self.service.get("/v1/claims", external_id=wanted)["items"]
        if len(found) != 1:
            many = "several people have a claim of that number; use its id" if found else "there is no such claim"
            raise RowError("field_invalid", f"claim: {many}")
        return dict(found[0])

    def _author(self, record: Record, claim: Mapping[str, Any]) -> str:
        """Who did it; where the row does not say so, whoever owns the claim, or reported it."""
        if record.get("author") is None:
            return str(claim["owner"] or claim["reporter"])
        return str(self.directory.people.needed(record.get("author"), "author")["id"])

    def _body(self, record: Record, claim: Mapping[str, Any]) -> dict[str, Any]:
        body = record.picked("kind", "note", "answered", "outcome", "external_id")
        for name in ("at", "next_at"):
            if record.get(name) is not None:
                body[name] = instant_text(record.get(name), self.directory.zone(claim["program"]))
        return body


def _comparable(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in ("at", "next_at") and value is not None else value
