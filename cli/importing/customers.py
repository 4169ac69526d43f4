"""Importing customers (CUS-01, CUS-02): what is known already, by external_id or by its keys, is not entered again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cli.importing.fields import CUSTOMERS
from cli.importing.kind import Kind, Lane, lanes
from cli.importing.rows import Outcome, Record, Result, RowError, compared, refusal
from domain.customers.email import mask_email, normalise_email
from domain.customers.identity import Identity, MatchValues, match_values, strong_groups
from domain.customers.names import CustomerKind
from domain.customers.phone import mask_phone
from domain.policy.policy import Policy
from domain.refusals import Refusal

_WHAT = "this customer"


class Customers(Kind):
    """Rows of one file that mean the same customer are found before anything is loaded."""

    name = "customers"
    fields = CUSTOMERS

    def begin(self, records: Sequence[Record]) -> None:
        policy = self.directory.company_policy
        self._keys = {record.line: keys_of(identity(record.values), policy) for record in records}
        self._first: dict[str, Record] = {}
        for record in records:
            for key in self._keys[record.line]:
                self._first.setdefault(key, record)

    def check(self, record: Record, *, rehearse: bool) -> Outcome:
        known = self.service.get("/v1/customers", external_id=record.external_id)["items"]
        if known:
            return self._compare(record, known[0])
        earlier = next((self._first[k] for k in self._keys[record.line] if self._first[k] is not record), None)
        if earlier is not None:
            where = f"line {earlier.line}"
            return Outcome(Result.DIFFERENT, "duplicate", f"the same customer stands on {where}", duplicate_of=where)
        return self._answered(record, self.rehearsed("/v1/customers", _body(record))) if rehearse else _NEW

    def load(self, record: Record, planned: Outcome) -> Outcome:
        return self._answered(record, self.service.ask("/v1/customers", _body(record), key=self.key(record)))

    def waves(self, records: Sequence[Record]) -> list[list[Lane]]:
        return [lanes(records, self._keys)]

    def _answered(self, record: Record, answer: Any) -> Outcome:
        if answer.refused:
            return refusal(answer, self.columns)
        if answer.status == 200:
            return replace(self._compare(record, answer.body), duplicate_of=answer.body["id"])
        return Outcome(Result.CREATED, id=answer.body["id"])

    def _compare(self, record: Record, known: Mapping[str, Any]) -> Outcome:
        shown = as_shown(record.picked("kind", "name", "phone", "email", "company_code"), self.directory.company_policy)
        given = {**shown, **record.picked("level", "source"), "external_id": record.external_id}
        return compared(given, known, id=known["id"], what=_WHAT)


_NEW = Outcome(Result.CREATED)


def identity(values: Mapping[str, Any]) -> Identity:
    """The identity of a customer as a row gives it."""
    return Identity(
        kind=CustomerKind(values["kind"]),
        name=values.get("name"),
        phone=values.get("phone"),
        email=values.get("email"),
        company_code=values.get("company_code"),
        external_id=values.get("external_id"),
    )


def keys_of(given: Identity, policy: Policy) -> list[str]:
    """What tells that two rows mean one customer, under the company's policy; nothing for a row that is refused."""
    try:
        values: MatchValues = match_values(given, region=policy.word("match.phone_region") or "CN")
    except Refusal:
        return []
    groups = strong_groups(values, groups=policy.match_groups(given.kind.value))
    return [given.kind.value + " " + " ".join(f"{name}={value}" for name, value in group) for group in groups]


def as_shown(values: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``values`` as the service would show them: contacts are masked for everybody (AUD-03)."""
    shown = dict(values)
    for name in ("phone", "email", "company_code"):
        if name not in shown:
            continue
        only = Identity(kind=CustomerKind.COMPANY, **{name: shown[name]})
        try:
            found = match_values(only, region=policy.word("match.phone_region") or "CN")
        except Refusal:
            continue
        if name == "phone" and found.phone is not None:
            shown[name] = mask_phone(found.phone)
        elif name == "email" and found.email is not None:
            shown[name] = mask_email(normalise_email(found.email).address)
        elif name == "company_code":
            shown[name] = found.company_code
    return shown


def _body(record: Record) -> dict[str, Any]:
    names = ("kind", "name", "phone", "email", "company_code", "level", "source", "external_id")
    if record.get("name") is None:
        raise RowError("field_missing", "name is empty")
    return record.picked(*names)
