"""Importing claims (CLM-02, INT-03): every row is reported by its own reporter and passes the same checks."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from cli.http import Answer
from cli.importing.customers import as_shown, identity, keys_of
from cli.importing.directory import Directory
from cli.importing.fields import CLAIMS, Columns, Field
from cli.importing.kind import Kind, Lane, lanes
from cli.importing.rows import Outcome, Record, Result, RowError, compared, refusal
from cli.importing.tokens import Tokens
from cli.importing.values import CellError, instant_text, money
from domain.customers.names import mask_person_name

_WHAT = "this claim"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Fields of the file and of the customer in a report.
_CUSTOMER = {
    "customer_kind": "kind",
    "customer_name": "name",
    "customer_phone": "phone",
    "customer_email": "email",
    "company_code": "company_code",
    "customer_level": "level",
}
_PROJECT = {
    "project": "name",
    "project_department": "department",
    "project_site": "site",
    "project_tender_number": "tender_number",
}


class Claims(Kind):
    """Rows about one customer are reported in the order of the file: the first of them comes first."""

    name = "claims"
    fields: ClassVar[tuple[Field, ...]] = CLAIMS

    def __init__(self, directory: Directory, columns: Columns) -> None:
        super().__init__(directory, columns)
        self._tokens = Tokens(directory, columns)
        self._lock = threading.Lock()
        self._customers: dict[str, str] = {}

    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        body, reporter = self._body(record), self._reporter(record)
        known = self.service.get("/v1/claims", external_id=record.external_id)["items"]
        if known:
            same = next((claim for claim in known if claim["reporter"] == reporter), known[0])
            return self._compare(record, body, reporter, same)
        if not rehearse:
            return Outcome(Result.CREATED)
        answer = self._ask(record, body, key=str(uuid.uuid4()), dry_run=True)
        return Outcome(Result.CREATED) if answer.status == 204 else self._answered(answer)

    def load(self, record: Record, planned: Outcome) -> Outcome:
        return self._answered(self._ask(record, self._body(record), key=self.key(record)))

    def waves(self, records: Sequence[Record]) -> list[list[Lane]]:
        return [lanes(records, {record.line: self._keys(record) for record in records})]

    def close(self) -> None:
        self._tokens.close()

    def _ask(self, record: Record, body: object, *, key: str, dry_run: bool = False) -> Answer:
        """Reported by whoever the row names."""
        return self._tokens.ask(self._reporter(record), "/v1/claims", body, key=key, dry_run=dry_run)

    def _answered(self, answer: Answer) -> Outcome:
        if answer.refused:
            return refusal(answer, self.columns)
        claim = answer.body
        if answer.status == 200:
            sentence = f"the reporter's claim on this customer is there already (receipt {claim['receipt']})"
            return Outcome(Result.UNCHANGED, "duplicate", sentence, claim["id"], duplicate_of=claim["id"])
        if answer.status == 202:
            return Outcome(Result.CREATED, "pending", f"receipt {claim['receipt']}: not decided yet", claim["id"])
        outcome = Outcome(Result.CREATED, claim["reason"], f"receipt {claim['receipt']}: {claim['state']}", claim["id"])
        if claim["reason"] == "customer_owned":
            return replace(outcome, duplicate_of="a customer who has an owner")
        return outcome

    def _keys(self, record: Record) -> list[str]:
        """What tells that two rows are about one customer; rows of two programs are never in one another's way."""
        program = self._program(record)["id"]
        if record.get("customer") is not None:
            return [f"{program} customer={self._customer_id(record)}"]
        described = _customer(record)
        keys = keys_of(identity(described), self.directory.company_policy) if described else []
        return [f"{program} {key}" for key in keys]

    def _program(self, record: Record) -> dict[str, Any]:
        return self.directory.programs.needed(record.get("program"), "program")

    def _reporter(self, record: Record) -> str:
        if record.get("reporter") is None:
            return str(self.directory.me["person"]["id"])
        return str(self.directory.people.needed(record.get("reporter"), "reporter")["id"])

    def _customer_id(self, record: Record) -> str:
        """The customer a row refers to by id or external_id."""
        wanted = record.get("customer")
        with self._lock:
            known = self._customers.get(wanted)
        if known is None:
            if _ID.fullmatch(wanted):
                return str(wanted.lower())
            found = self.service.get("/v1/customers", external_id=wanted)["items"]
            if not found:
                raise RowError("field_invalid", "customer: there is no such customer; import it first")
            known = str(found[0]["id"])
            with self._lock:
                self._customers[wanted] = known
        return known

    def _body(self, record: Record) -> dict[str, Any]:
        program = self._program(record)["id"]
        body: dict[str, Any] = {
            "program": program,
            **record.picked("track", "need", "progress", "source", "channel", "provisional", "external_id"),
            **self._customer_of(record),
            **_project(record),
            **self._first_contact(record, program),
        }
        if record.get("next_follow_up_at") is not None:
            body["next_follow_up_at"] = self._instant(record, "next_follow_up_at", program)
        if record.get("expected_close") is not None:
            body["expected_close"] = record.get("expected_close").isoformat()
        if record.get("expected_amount") is not None:
            try:
                body["expected_amount"] = money(record.get("expected_amount"), record.get("currency") or "CNY")
            except CellError as error:
                raise RowError("field_invalid", f"{self.columns.names['expected_amount']} {error}") from error
        return body

    def _customer_of(self, record: Record) -> dict[str, Any]:
        """The customer by reference or as described; nothing for a row that says neither: the service refuses it."""
        described = _customer(record)
        if record.get("customer") is not None:
            if described:
                raise RowError("field_not_allowed", "a row names its customer by reference or describes it, not both")
            return {"customer": {"id": self._customer_id(record)}}
        return {"customer": described} if described else {}

    def _first_contact(self, record: Record, program: str) -> dict[str, Any]:
        parts = record.picked("first_contact_kind", "first_contact_at", "first_contact_note")
        if not parts:
            return {}
        if len(parts.keys() & {"first_contact_kind", "first_contact_at"}) < 2:
            raise RowError("field_missing", "a first contact needs its kind and its time")
        contact = {"kind": parts["first_contact_kind"], "at": self._instant(record, "first_contact_at", program)}
        if "first_contact_note" in parts:
            contact["note"] = parts["first_contact_note"]
        return {"first_contact": contact}

    def _instant(self, record: Record, field: str, program: str) -> str:
        return instant_text(record.get(field), self.directory.zone(program))

    def _compare(self, record: Record, body: Mapping[str, Any], reporter: str, known: Mapping[str, Any]) -> Outcome:
        given = {
            name: body[name]
            for name in (
                "program",
                "track",
                "need",
                "progress",
                "expected_close",
                "expected_amount",
                "source",
                "channel",
            )
            if name in body
        }
        given["reporter"] = reporter
        present = {**known, "next_follow_up_at": _at(known["next_follow_up_at"])}
        if "next_follow_up_at" in body:
            given["next_follow_up_at"] = _at(body["next_follow_up_at"])
        customer = body.get("customer") or {}
        if "id" in customer:
            given["customer"], present["customer"] = customer["id"], known["customer"]["id"]
        else:
            shown = as_shown(customer, self.directory.company_policy)
            masked = mask_person_name(customer["name"]) if customer.get("kind") == "person" else None
            if masked is not None and known["customer"]["name"] == masked:
                shown["name"] = masked  # a collision tells nobody the name that belongs to the number
            given |= {f"customer {name}": value for name, value in shown.items() if name != "level"}
            present |= {f"customer {name}": value for name, value in known["customer"].items()}
        return compared(given, present, id=known["id"], what=_WHAT)


def _customer(record: Record) -> dict[str, Any]:
    found = {name: record.get(field) for field, name in _CUSTOMER.items() if record.get(field) is not None}
    if found and "kind" not in found:
        raise RowError("field_missing", "customer_kind is empty: is it a person or a company?")
    return found


def _project(record: Record) -> dict[str, Any]:
    found = {name: record.get(field) for field, name in _PROJECT.items() if record.get(field) is not None}
    if record.get("project_bid_date") is not None:
        found["bid_date"] = record.get("project_bid_date").isoformat()
    return {"project": found} if found else {}


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
