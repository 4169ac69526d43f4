"""Who and what a row may name: people, teams and programs of the company, by id, external_id or name."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from cli.http import Service
from cli.importing.rows import RowError
from domain.policy.policy import Policy

Object = dict[str, Any]


class Register:
    """Objects of one kind. Names find only those that nobody else bears."""

    def __init__(self, what: str, objects: list[Object]) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._by_id: dict[str, Object] = {}
        self._by_external_id: dict[str, Object] = {}
        self._by_name: dict[str, list[Object]] = {}
        for one in objects:
            self.put(one)

    def put(self, one: Object) -> None:
        """Take in a new object, or the present state of a known one."""
        with self._lock:
            known = one["id"] in self._by_id
            self._by_id[one["id"]] = one
            if one["external_id"] is not None:
                self._by_external_id[one["external_id"]] = one
            if not known:
                self._by_name.setdefault(one["name"], []).append(one)

    def of(self, identifier: str) -> Object:
        return self._by_id[identifier]

    def of_external_id(self, external_id: str) -> Object | None:
        return self._by_external_id.get(external_id)

    def find(self, reference: str) -> Object | None:
        """By id, external_id or name; RowError where several bear the name."""
        found = self._by_id.get(reference.lower()) or self._by_external_id.get(reference)
        if found is not None:
            return found
        named = self._by_name.get(reference, [])
        if len(named) > 1:
            raise RowError("field_invalid", f"there are {len(named)} {self._what}s of that name; use the external_id")
        return named[0] if named else None

    def needed(self, reference: str, field: str) -> Object:
        """The same, refused where there is none."""
        found = self.find(reference)
        if found is None:
            raise RowError("field_invalid", f"{field}: there is no such {self._what}; import it first")
        return found


class Directory:
    """The company at the beginning of an import; each part is read when it is first needed."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._lock = threading.RLock()
        self._registers: dict[str, Register] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._me: Object | None = None
        self._policy: Policy | None = None

    @property
    def me(self) -> Object:
        """``GET /v1/me``."""
        with self._lock:
            if self._me is None:
                self._me = self.service.get("/v1/me")
            return self._me

    @property
    def people(self) -> Register:
        return self._register("people", "person")

    @property
    def teams(self) -> Register:
        return self._register("teams", "team")

    @property
    def programs(self) -> Register:
        return self._register("programs", "program")

    @property
    def company_policy(self) -> Policy:
        """The company's own policy in force."""
        with self._lock:
            if self._policy is None:
                versions = self.service.pages("/v1/policies")
                present: Mapping[str, Any] = next((p for p in versions if p["state"] == "active"), {})
                self._policy = Policy.resolve(
                    present.get("parameters") or {}, overrides=(), version=present.get("version") or 1
                )
            return self._policy

    def zone(self, program: str) -> ZoneInfo:
        """The zone of a program's calendar."""
        with self._lock:
            if not self._zones:
                self._zones = {c["id"]: ZoneInfo(c["zone"]) for c in self.service.pages("/v1/calendars")}
            return self._zones[self.programs.of(program)["calendar"]]

    def _register(self, path: str, what: str) -> Register:
        with self._lock:
            if path not in self._registers:
                self._registers[path] = Register(what, list(self.service.pages(f"/v1/{path}")))
            return self._registers[path]
