"""The first start: company, root team, administrator, first policy, seeded calendar (contract section 2, POL-04)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import sqlalchemy as sa

from domain.people.organisation import Role, ScopeKind
from storage import history, tokens
from storage import tables as t
from storage.database import Database, Transaction, mint
from storage.setting import next_revision


class WrongKeysError(Exception):
    """The key file is not the one that this database was written with."""


@dataclass(frozen=True)
class Installed:
    """What the first start made. ``token`` is the administrator's, shown once; None on later starts."""

    company_name: str
    token: str | None


def is_installed(tx: Transaction) -> bool:
    """Whether the first start has taken place."""
    return tx.execute(sa.select(t.company.c.id)).first() is not None


def install(database: Database, *, name: str = "Fairclaim") -> Installed:
    """Fill an empty database. A filled one is left as it is, after a look at its keys (WrongKeysError)."""

    def run(tx: Transaction) -> Installed:
        found = tx.row(sa.select(t.company))
        if found is not None:
            if found["key_id"] != tx.keys.fingerprint:
                raise WrongKeysError
            return Installed(company_name=found["name"], token=None)
        return Installed(company_name=name, token=_fill(tx, name))

    return database.transact(run)


def _fill(tx: Transaction, name: str) -> str:
    now, rev = tx.now(), next_revision(tx)
    team, admin, policy = mint(), mint(), mint()
    tx.insert(
        t.team, {"id": team, "name": name, "parent": None, "leader": None, "created_at": now, "version": 1, "rev": rev}
    )
    tx.insert(
        t.person,
        {
            "id": admin,
            "number": tx.next_number("person"),
            "name": tx.keys.seal("Administrator"),
            "team": team,
            "active": True,
            "locale": "zh-CN",
            "created_at": now,
            "version": 1,
            "rev": rev,
        },
    )
    tx.insert(t.membership, {"id": mint(), "person": admin, "team": team, "from_at": now, "rev": rev})
    for role in (Role.ADMIN, Role.POLICY_ADMIN):
        tx.insert(
            t.role_grant,
            {
                "id": mint(),
                "person": admin,
                "role": role.value,
                "scope_kind": ScopeKind.COMPANY.value,
                "from_at": now,
                "rev": rev,
            },
        )
    tx.insert(
        t.policy,
        {
            "id": policy,
            "program": None,
            "version": 1,
            "state": "active",
            "parameters": {},
            "overrides": [],
            "author": admin,
            "effective_at": now,
            "created_at": now,
            "warnings": [],
            "rev": rev,
        },
    )
    _seed_calendar(tx, now, rev)
    tx.insert(t.company, {"id": 1, "name": name, "root_team": team, "installed_at": now, "key_id": tx.keys.fingerprint})
    history.append(
        tx,
        [
            history.Entry(stream=team, stream_kind="team", kind="created", at=now, actor=admin),
            history.Entry(stream=admin, stream_kind="person", kind="created", at=now, actor=admin, data={"team": team}),
            history.Entry(
                stream=policy, stream_kind="policy", kind="activated", at=now, actor=admin, data={"version": 1}
            ),
        ],
    )
    return tokens.create(tx, person=admin, name="administrator", at=now)[1]


def _seed_calendar(tx: Transaction, now: datetime, rev: int) -> None:
    seed = json.loads(resources.files("storage.seed").joinpath("calendar_cn.json").read_text(encoding="utf-8"))
    calendar = mint()
    tx.insert(
        t.calendar,
        {
            "id": calendar,
            "name": "CN",
            "country": seed["country"],
            "zone": seed["zone"],
            "office_hours": "09:00-18:00",
            "weekdays": [1, 2, 3, 4, 5],
            "version": 1,
            "changed_at": now,
            "rev": rev,
        },
    )
    tx.insert(
        t.calendar_year,
        [
            {
                "id": mint(),
                "calendar": calendar,
                "year": year["year"],
                "free_days": year["free_days"],
                "work_days": year["work_days"],
                "loaded_at": now,
                "rev": rev,
            }
            for year in seed["years"]
        ],
    )
