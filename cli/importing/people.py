"""Importing people (PPL-01, PPL-02): the person, roles over own records, and the team they lead."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cli.importing.fields import PEOPLE
from cli.importing.kind import Kind
from cli.importing.rows import Outcome, Record, Result, RowError, compared, different, refusal, refused, with_record
from domain.customers.email import normalise_email
from domain.refusals import Refusal

_WHAT = "this person"


class People(Kind):
    """Leaders are named last, in a pass of their own: whoever leads a team must be there first."""

    name = "people"
    fields = PEOPLE

    def begin(self, records: Sequence[Record]) -> None:
        self._leaders: dict[str, Record] = {}
        for record in records:
            if record.get("leads") is not None:
                self._leaders.setdefault(record.get("leads"), record)

    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        body = self._body(record)
        team = self._led(record)
        known = self.directory.people.of_external_id(record.external_id)
        if known is not None:
            return self._compare(record, body, known, team)
        if rehearse:
            answer = self.rehearsed("/v1/people", body)
            if answer.refused:
                return refusal(answer, self.columns)
        return Outcome(Result.CREATED)

    def load(self, record: Record, planned: Outcome) -> Outcome:
        outcome = planned
        if planned.result is Result.CREATED:
            answer = self.service.ask("/v1/people", self._body(record), key=self.key(record))
            if answer.refused:
                return refusal(answer, self.columns)
            self.directory.people.put(answer.body)
            outcome = with_record(planned, answer.body["id"])
        held = self._roles(str(outcome.id)) if planned.result is Result.COMPLETED else set()
        for role in record.get("roles") or ():
            if role in held:
                continue
            grant = {"role": role, "scope": {"kind": "own"}}
            answer = self.service.ask(f"/v1/people/{outcome.id}/grants", grant, key=f"{self.key(record)}-{role}")
            if answer.refused:
                return with_record(refusal(answer, self.columns), str(outcome.id))
        return outcome

    def end(self, loaded: Sequence[tuple[Record, Outcome]]) -> Mapping[int, Outcome]:
        found: dict[int, Outcome] = {}
        for record, outcome in loaded:
            team = self._led(record)
            if team is not None and outcome.id is not None:
                failed = name_leader(self, team["id"], outcome.id)
                if failed is not None:
                    found[record.line] = failed
        return found

    def _body(self, record: Record) -> dict[str, Any]:
        body = {**record.picked("name", "email", "phone", "locale"), "external_id": record.external_id}
        if record.get("team") is not None:
            body["team"] = self.directory.teams.needed(record.get("team"), "team")["id"]
        return body

    def _led(self, record: Record) -> dict[str, Any] | None:
        wanted = record.get("leads")
        if wanted is None:
            return None
        first = self._leaders[wanted]
        if first is not record:
            raise RowError("field_invalid", f"leads: line {first.line} leads that team already; a team has one leader")
        return self.directory.teams.needed(wanted, "leads")

    def _compare(
        self, record: Record, body: Mapping[str, Any], known: Mapping[str, Any], team: Mapping[str, Any] | None
    ) -> Outcome:
        given = dict(body)
        if "email" in given:
            given["email"] = _display(given["email"])
        outcome = compared(given, known, id=known["id"], what=_WHAT)
        if outcome.result is Result.DIFFERENT:
            return outcome
        lacking: list[str] = []
        wanted = set(record.get("roles") or ())
        if wanted:
            held = self._roles(known["id"])
            if held and not wanted <= held:
                return different(["roles"], id=known["id"], what=_WHAT)
            lacking += sorted(wanted - held)
        if team is not None and team["leader"] != known["id"]:
            if team["leader"] is not None:
                return different(["leads"], id=known["id"], what=_WHAT)
            lacking.append("leads")
        if lacking:
            return Outcome(Result.COMPLETED, None, f"added: {', '.join(lacking)}", known["id"])
        return outcome

    def _roles(self, person: str) -> set[str]:
        """Every role the person has or had over own records: one that was taken away is not given again."""
        grants = self.service.pages(f"/v1/people/{person}/grants")
        return {g["role"] for g in grants if g["scope"]["kind"] == "own"}


def name_leader(kind: Kind, team: str, person: str) -> Outcome | None:
    """Make ``person`` the leader of ``team``; the outcome if it is refused."""
    present = kind.service.get(f"/v1/teams/{team}")
    if present["leader"] == person:
        return None
    change = {"version": present["version"], "leader": person}
    answer = kind.service.ask(f"/v1/teams/{team}", change, key=str(uuid.uuid4()), method="PATCH")
    if answer.refused:
        failed = refusal(answer, kind.columns)
        return refused(RowError(str(failed.code), f"it is there now, but not as leader: {failed.sentence}"))
    kind.directory.teams.put(answer.body)
    return None


def _display(email: str) -> str:
    try:
        return normalise_email(email).display
    except Refusal:
        return email
