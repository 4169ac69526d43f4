"""Importing teams (PPL-01): parents before children, leaders last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.importing.fields import TEAMS
from cli.importing.kind import Kind, Lane
from cli.importing.people import name_leader
from cli.importing.rows import Outcome, Record, Result, RowError, compared, different, refusal, with_record

_WHAT = "this team"


class Teams(Kind):
    """A parent may stand anywhere in the file, or be there already."""

    name = "teams"
    fields = TEAMS

    def begin(self, records: Sequence[Record]) -> None:
        self._rows = {record.external_id: record for record in reversed(records)}
        self._named: dict[str, list[Record]] = {}
        for record in self._rows.values():
            self._named.setdefault(record.get("name"), []).append(record)

    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        self._depth(record)
        parent, above = self._parent(record)
        known = self.directory.teams.of_external_id(record.external_id)
        if known is not None:
            return self._compare(record, known, parent)
        if rehearse:
            # A parent that this file brings is not there yet: the root stands in for it.
            body = self._body(record, parent if above is None or parent is not None else self._root)
            answer = self.rehearsed("/v1/teams", body)
            if answer.refused:
                return refusal(answer, self.columns)
        return Outcome(Result.CREATED, None, self._note(record))

    def load(self, record: Record, planned: Outcome) -> Outcome:
        if planned.result is Result.COMPLETED:
            return planned
        parent, _ = self._parent(record)
        if parent is None:
            raise RowError("field_invalid", "parent: the team above it was not loaded")
        answer = self.service.ask("/v1/teams", self._body(record, parent), key=self.key(record))
        if answer.refused:
            return refusal(answer, self.columns)
        self.directory.teams.put(answer.body)
        return with_record(planned, answer.body["id"])

    def waves(self, records: Sequence[Record]) -> list[list[Lane]]:
        depths: dict[int, list[Lane]] = {}
        for record in records:
            depths.setdefault(self._depth(record), []).append([record])
        return [depths[depth] for depth in sorted(depths)]

    def end(self, loaded: Sequence[tuple[Record, Outcome]]) -> Mapping[int, Outcome]:
        found: dict[int, Outcome] = {}
        for record, outcome in loaded:
            leader = self._leader(record)
            if leader is not None and outcome.id is not None:
                failed = name_leader(self, outcome.id, leader["id"])
                if failed is not None:
                    found[record.line] = failed
        return found

    @property
    def _root(self) -> str:
        return str(self.directory.me["company"]["root_team"])

    def _body(self, record: Record, parent: str | None) -> dict[str, Any]:
        return {"name": record.get("name"), "parent": parent, "external_id": record.external_id}

    def _parent(self, record: Record) -> tuple[str | None, Record | None]:
        """The id of the team above, None while it is not there; and its row, if this file brings it."""
        wanted = record.get("parent")
        if wanted is None:
            return self._root, None
        above = self._above(record)
        if above is not None:
            known = self.directory.teams.of_external_id(above.external_id)
            return (known["id"] if known is not None else None), above
        return str(self.directory.teams.needed(wanted, "parent")["id"]), None

    def _above(self, record: Record) -> Record | None:
        wanted = record.get("parent")
        if wanted in self._rows:
            return self._rows[wanted]
        named = self._named.get(wanted, [])
        if len(named) > 1:
            raise RowError("field_invalid", "parent: several teams of this file have that name; use the external_id")
        return named[0] if named else None

    def _depth(self, record: Record) -> int:
        """How many rows of this file stand above it; refused if it stands above itself."""
        seen = {record.external_id}
        above = self._above(record) if record.get("parent") is not None else None
        while above is not None:
            if above.external_id in seen:
                raise RowError("team_cycle", "parent: the teams named above it lead back to itself")
            seen.add(above.external_id)
            above = self._above(above) if above.get("parent") is not None else None
        return len(seen) - 1

    def _compare(self, record: Record, known: Mapping[str, Any], parent: str | None) -> Outcome:
        given = {"name": record.get("name"), **({"parent": parent} if record.get("parent") is not None else {})}
        outcome = compared(given, known, id=known["id"], what=_WHAT)
        leader = self._leader(record)
        if outcome.result is Result.DIFFERENT or leader is None or known["leader"] == leader["id"]:
            return outcome
        if known["leader"] is not None:
            return different(["leader"], id=known["id"], what=_WHAT)
        return Outcome(Result.COMPLETED, None, "added: leader", known["id"])

    def _leader(self, record: Record) -> dict[str, Any] | None:
        wanted = record.get("leader")
        return self.directory.people.find(wanted) if wanted is not None else None

    def _note(self, record: Record) -> str:
        if record.get("leader") is None or self._leader(record) is not None:
            return ""
        return "its leader is not there yet: import people, then this file once more"
