"""The company's snapshot: read once, then only what changed since (design section 2, "Bulk changes").

Rows of people, programs, policies and calendars are never deleted; each carries the revision that last wrote it. A
process keeps one :class:`Snapshot` and asks for the revision in every transaction, so that a new grant works at once.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from domain.calendar.office_hours import parse_office_hours
from domain.calendar.working_calendar import CalendarYear, WorkingCalendar
from domain.matters.setting import PolicyContent, Setting
from domain.money.model import Plan, Rate
from domain.people.organisation import (
    Absence,
    ChangeKind,
    Delegation,
    Grant,
    Organisation,
    Person,
    PersonChange,
    Role,
    ScopeKind,
    Span,
    Team,
)
from domain.people.partners import Partner
from domain.pools.pool import Pool
from domain.programs.program import Member, Migration, PolicyVersion, Program
from storage import tables as t
from storage.database import Transaction
from storage.lead_rows import profile_of, rules_of
from storage.pools import pool_of
from storage.territories import plans_of

#: Tables of the snapshot, each with its key.
_TABLES: tuple[tuple[sa.Table, str], ...] = (
    (t.person, "id"),
    (t.team, "id"),
    (t.membership, "id"),
    (t.leadership, "id"),
    (t.role_grant, "id"),
    (t.absence, "id"),
    (t.delegation, "id"),
    (t.person_change, "number"),
    (t.program, "id"),
    (t.program_member, "id"),
    (t.pool, "id"),
    (t.policy, "id"),
    (t.migration, "number"),
    (t.plan, "id"),
    (t.partner, "id"),
    (t.calendar, "id"),
    (t.calendar_year, "id"),
    (t.profile, "id"),
    (t.lead_rules, "id"),
    (t.territory_plan, "id"),
)
_SEALED = {"name", "email", "phone", "reason"}


def current_revision(tx: Transaction) -> int:
    """The revision that the transaction sees."""
    return int(tx.execute(_REVISION).one().value)


def ask_for_fresh_runs(tx: Transaction) -> int:
    """Every workflow that drains from now on continues as new once; the new epoch (design section 2, `restart`)."""
    next_revision(tx)
    statement = t.revision.update().where(t.revision.c.id == 1).values(epoch=t.revision.c.epoch + 1)
    return int(tx.execute(statement.returning(t.revision.c.epoch)).scalar_one())


def hold(tx: Transaction) -> None:
    """Take the common lock of people, programs, policies and calendars: what is read next stands still till the end.

    For a change that looks before it writes. It comes before :func:`next_revision`, so that the snapshot it reads by
    is one that is committed.
    """
    tx.execute(tx.locked(_REVISION)).scalar_one()


def next_revision(tx: Transaction) -> int:
    """Take the common lock of people, programs, policies and calendars, and the revision to write with."""
    return int(
        tx.execute(
            t.revision.update()
            .where(t.revision.c.id == 1)
            .values(value=t.revision.c.value + 1)
            .returning(t.revision.c.value)
        ).scalar_one()
    )


_REVISION = sa.select(t.revision.c.value, t.revision.c.epoch).where(t.revision.c.id == 1)


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    # Sealed columns stay in the database: rules never need a name.
    return [c for c in table.c if not (c.name in _SEALED and isinstance(c.type, sa.LargeBinary))]


_ROWS = {table.name: sa.select(*_columns(table)) for table, _ in _TABLES}
_SINCE = {table.name: _ROWS[table.name].where(table.c.rev > sa.bindparam("known")) for table, _ in _TABLES}
#: A change mostly touches one or two tables: which ones, in one statement.
_CHANGED = sa.select(
    *(sa.exists().where(table.c.rev > sa.bindparam("known")).label(table.name) for table, _ in _TABLES)
)


class Snapshots:
    """Keeps the latest :class:`Setting` of a process and refreshes it by what changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, dict[Any, Mapping[str, Any]]] = {table.name: {} for table, _ in _TABLES}
        self._setting: Setting | None = None

    def setting(self, tx: Transaction, *, revision: tuple[int, int] | None = None) -> Setting:
        """The company as this transaction sees it. ``revision``: revision and epoch, where it has read them already."""
        if revision is None:
            found = tx.execute(_REVISION).one()
            revision = (int(found.value), int(found.epoch))
        return self._at(tx, *revision)

    def _at(self, tx: Transaction, revision: int, epoch: int) -> Setting:
        setting = self._setting
        if setting is not None and setting.revision == revision:
            return setting
        with self._lock:
            known = self._setting.revision if self._setting is not None else -1
            if self._setting is not None and known == revision:
                return self._setting
            if known > revision:
                # An older read snapshot than what is kept: built aside, kept by nobody.
                return _build(_read_all(tx), revision, epoch, None)
            since = {"known": known}
            changed = tx.execute(_CHANGED, since).one()._mapping
            for table, key in _TABLES:
                if changed[table.name]:
                    kept = self._rows[table.name]
                    for row in tx.execute(_SINCE[table.name], since).mappings():
                        kept[row[key]] = dict(row)
            self._setting = _build(self._rows, revision, epoch, self._setting)
            return self._setting


def _read_all(tx: Transaction) -> dict[str, dict[Any, Mapping[str, Any]]]:
    return {
        table.name: {row[key]: dict(row) for row in tx.execute(_ROWS[table.name]).mappings()} for table, key in _TABLES
    }


def _build(
    rows: Mapping[str, Mapping[Any, Mapping[str, Any]]], revision: int, epoch: int, former: Setting | None
) -> Setting:
    calendars = _calendars(rows, former.calendars if former is not None else {})
    setting = Setting(
        revision=revision,
        epoch=epoch,
        organisation=_organisation(rows),
        programs=_programs(rows),
        company_policies=_versions(rows, None),
        policies={
            r["id"]: PolicyContent(parameters=r["parameters"], overrides=r["overrides"])
            for r in rows["policy"].values()
        },
        plans=_plans(rows),
        calendars=calendars,
        profiles={r["id"]: profile_of(r["detail"]) for r in rows["profile"].values()},
        lead_rules={r["id"]: rules_of(r["rules"]) for r in rows["lead_rules"].values()},
        territory_plans=plans_of(rows["territory_plan"].values()),
        calendar_changes={r["id"]: r["changed_at"] for r in rows["calendar"].values()},
    )
    if former is not None:
        # Saved versions never change, so what they resolved to stays good.
        setting.__dict__["_resolved"] = former.__dict__.get("_resolved", {})
    return setting


def _organisation(rows: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> Organisation:
    memberships: dict[str, list[Span]] = defaultdict(list)
    for r in sorted(rows["membership"].values(), key=lambda r: (r["from_at"], r["id"])):
        memberships[r["person"]].append(Span(r["person"], r["team"], r["from_at"], r["to_at"]))
    leaderships: dict[str, list[Span]] = {r["id"]: [] for r in rows["team"].values()}
    for r in sorted(rows["leadership"].values(), key=lambda r: (r["from_at"], r["id"])):
        leaderships[r["team"]].append(Span(r["team"], r["person"], r["from_at"], r["to_at"]))
    grants: dict[str, list[Grant]] = defaultdict(list)
    for r in rows["role_grant"].values():
        grants[r["person"]].append(
            Grant(
                id=r["id"],
                person=r["person"],
                role=Role(r["role"]),
                scope=ScopeKind(r["scope_kind"]),
                scope_id=r["scope_id"],
                start=r["from_at"],
                end=r["to_at"],
            )
        )
    absences: dict[str, list[Absence]] = defaultdict(list)
    for r in rows["absence"].values():
        absences[r["person"]].append(
            Absence(r["id"], r["person"], r["from_at"], r["to_at"], r["entered_at"], r["duty"])
        )
    delegations: dict[str, list[Delegation]] = defaultdict(list)
    for r in rows["delegation"].values():
        delegations[r["person"]].append(Delegation(r["id"], r["person"], r["delegate"], r["from_at"], r["to_at"]))
    changes: dict[str, list[PersonChange]] = defaultdict(list)
    for r in sorted(rows["person_change"].values(), key=lambda r: r["number"]):
        changes[r["person"]].append(
            PersonChange(r["number"], r["person"], ChangeKind(r["kind"]), r["at"], r["program"])
        )
    root = next((r["id"] for r in rows["team"].values() if r["parent"] is None), "")
    return Organisation(
        people={
            r["id"]: Person(r["id"], r["number"], r["team"], r["active"], r["partner"]) for r in rows["person"].values()
        },
        teams={r["id"]: Team(r["id"], r["parent"], r["leader"]) for r in rows["team"].values()},
        root=root,
        memberships=memberships,
        leaderships=leaderships,
        grants=grants,
        absences=absences,
        delegations=delegations,
        changes=changes,
        partners={
            r["id"]: Partner(r["id"], r["team"], r["start_on"], r["end_on"], r["lead"], r["suspended_at"] is not None)
            for r in rows["partner"].values()
        },
    )


def _programs(rows: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> dict[str, Program]:
    members: dict[str, list[Member]] = defaultdict(list)
    for r in rows["program_member"].values():
        members[r["program"]].append(Member(r["id"], r["team"], r["person"], r["from_at"], r["to_at"]))
    pools: dict[str, list[Pool]] = defaultdict(list)
    for r in rows["pool"].values():
        pools[r["program"]].append(pool_of(r))
    migrations: dict[str, list[Migration]] = defaultdict(list)
    for r in sorted(rows["migration"].values(), key=lambda r: r["number"]):
        target = rows["policy"][r["policy"]]
        version = PolicyVersion(target["id"], target["version"], target["effective_at"])
        claims = frozenset(r["claims"]) if r["claims"] is not None else None
        migrations[r["program"]].append(Migration(r["number"], version, r["at"], claims, r["goes_live"]))
    return {
        r["id"]: Program(
            id=r["id"],
            open=r["state"] == "open",
            calendar=r["calendar"],
            default_pool=r["default_pool"],
            oversight=tuple(r["oversight"]),
            panel=tuple(r["panel"]),
            members=tuple(members.get(r["id"], ())),
            policies=_versions(rows, r["id"]),
            migrations=tuple(migrations.get(r["id"], ())),
            pools=tuple(pools.get(r["id"], ())),
        )
        for r in rows["program"].values()
    }


def _versions(rows: Mapping[str, Mapping[Any, Mapping[str, Any]]], program: str | None) -> tuple[PolicyVersion, ...]:
    """Versions that are or were active, oldest first; a later one takes over at its own instant (POL-02)."""
    found = [
        PolicyVersion(r["id"], r["version"], r["effective_at"])
        for r in rows["policy"].values()
        if r["program"] == program and r["state"] in ("active", "archived") and r["effective_at"] is not None
    ]
    return tuple(sorted(found, key=lambda v: (v.effective_at, v.version)))


def _plans(rows: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> dict[str | None, tuple[Plan, ...]]:
    """Plans that were activated, by program, the oldest first (COM-02)."""
    found: dict[str | None, list[Plan]] = defaultdict(list)
    for r in sorted(rows["plan"].values(), key=lambda r: (r["effective_from"], r["version"])):
        if r["state"] == "active":
            found[r["program"]].append(plan_of(r))
    return {program: tuple(plans) for program, plans in found.items()}


def plan_of(row: Mapping[str, Any]) -> Plan:
    """The domain's plan of a row; a rate is named by its place."""
    return Plan(
        id=row["id"],
        version=row["version"],
        program=row["program"],
        effective_from=row["effective_from"],
        rates=tuple(
            Rate(when=r["when"], rate_bps=r["rate_bps"], rule=f"r{place}")
            for place, r in enumerate(row["rates"], start=1)
        ),
    )


def _calendars(
    rows: Mapping[str, Mapping[Any, Mapping[str, Any]]], former: Mapping[str, WorkingCalendar]
) -> dict[str, WorkingCalendar]:
    """Calendars by id; one whose version stands is kept with all it has worked out."""
    years: dict[str, dict[int, CalendarYear]] = defaultdict(dict)
    for r in rows["calendar_year"].values():
        years[r["calendar"]][r["year"]] = CalendarYear(
            year=r["year"],
            free_days=frozenset(date.fromisoformat(d) for d in r["free_days"]),
            work_days=frozenset(date.fromisoformat(d) for d in r["work_days"]),
        )
    return {
        r["id"]: former[r["id"]]
        if r["id"] in former and former[r["id"]].version == r["version"]
        else make_calendar(r, years.get(r["id"], {}))
        for r in rows["calendar"].values()
    }


def make_calendar(row: Mapping[str, Any], years: Mapping[int, CalendarYear]) -> WorkingCalendar:
    """The domain's calendar of a row and its years."""
    opens, closes = parse_office_hours(row["office_hours"])
    return WorkingCalendar(
        zone=row["zone"],
        weekdays=frozenset(row["weekdays"]),
        office_start_min=opens,
        office_end_min=closes,
        years=dict(years),
        version=row["version"],
    )
