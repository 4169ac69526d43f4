"""Tokens that live as long as an import, so that each report is made by its own reporter (AUD-06)."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from typing import Final

from cli.http import Answer, ServiceError
from cli.importing.directory import Directory
from cli.importing.fields import Columns
from cli.importing.rows import RowError, refusal

#: They end by themselves even if the import is killed before it can end them.
_LIFE: Final = timedelta(hours=2)
#: All that reporting and following up need (contract section 9).
_ROLES: Final = ("rep", "account_manager", "broker")


class Tokens:
    """One narrowed token per person, made when first needed."""

    def __init__(self, directory: Directory, columns: Columns) -> None:
        self._directory = directory
        self._columns = columns
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._secrets: dict[str, str] = {}
        self._made: list[str] = []

    def ask(self, person: str, path: str, body: object, *, key: str, dry_run: bool = False) -> Answer:
        """A write as ``person``; RowError where nobody may speak for them."""
        service = self._directory.service
        answer = service.ask(path, body, key=key, token=self._of(person), dry_run=dry_run)
        if answer.status == 401:  # it ran out on the way
            with self._lock:
                self._secrets.pop(person, None)
            answer = service.ask(path, body, key=key, token=self._of(person), dry_run=dry_run)
        return answer

    def close(self) -> None:
        """End them all."""
        while self._made:
            try:
                self._directory.service.post(f"/v1/tokens/{self._made.pop()}/revoke", {})
            except ServiceError:
                continue  # the service is away; they end by themselves

    def _of(self, person: str) -> str | None:
        if person == self._directory.me["person"]["id"]:
            return None
        with self._lock:
            lock = self._locks.setdefault(person, threading.Lock())
        with lock:
            if person not in self._secrets:
                self._secrets[person] = self._make(person)
            return self._secrets[person]

    def _make(self, person: str) -> str:
        service = self._directory.service
        now = datetime.fromisoformat(service.get("/v1/me")["now"])
        asked = {"name": "import", "roles": list(_ROLES), "expires_at": (now + _LIFE).isoformat()}
        answer = service.ask(f"/v1/people/{person}/tokens", asked, key=str(uuid.uuid4()))
        if answer.refused:
            failed = refusal(answer, self._columns)
            raise RowError(str(failed.code), f"no token could be made for whom the row names: {failed.sentence}")
        with self._lock:
            self._made.append(answer.body["id"])
        return str(answer.body["token"])
