"""A company to act in: its API over real HTTP shapes, its matters drained at once, its clock in the test's hand.

The gateway here drains where the real one rings; `tests/ports/` runs one contract against both.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from activities.matters import DrainInput, MatterActivities
from activities.ports import StoreTroubleError
from api.app import make_app
from api.gateway import Gateway
from api.services import Services
from storage import tables as t
from storage.bells import DatabaseBells
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.outbox import DatabaseOutbox
from storage.setting import Snapshots
from storage.settings import Settings

#: A policy under which the least of a report is enough and caps stay out of the way.
PLAIN_POLICY: dict[str, Any] = {
    "claim.required_fields": ["identity"],
    "claim.qualified_per_day": 0,
    "claim.cap_person": 0,
    "pool.daily_takes": 0,
}


class DirectGateway:
    """Drains in this process at once; ``down`` plays an engine that is away."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        self.drains = MatterActivities(DatabaseMatters(database, snapshots))
        self.down = False

    async def ring(self, *, kind: str, stream: str, command: str, wait_s: float) -> bool:
        if self.down:
            return False
        try:
            await run_in_threadpool(self.drain, stream)
        except StoreTroubleError:
            return False
        return True

    def drain(self, stream: str) -> None:
        """Drain until the stream has nothing more to decide now."""
        for _ in range(100):
            outcome = self.drains.drain(DrainInput(stream))
            if outcome.sleep_s is None or outcome.sleep_s > 0:
                return

    async def is_healthy(self) -> bool:
        return not self.down

    async def has_worker(self) -> bool:
        return not self.down


#: Applications of companies that are gone. A new one would prepare each operation anew at its first request, which
#: takes longer than most tests; all that is a company's is in its services.
_FREE: list[FastAPI] = []


def _app(services: Services) -> FastAPI:
    app = _FREE.pop() if _FREE else make_app(services)
    app.state.services = services
    return app


@dataclass
class Person:
    """Somebody of the company with a token; calls carry a fresh idempotency key unless one is given."""

    company: Company
    id: str
    token: str

    def get(self, path: str, **query: Any) -> httpx2.Response:
        return self.company.call("GET", path, token=self.token, params=query)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None, **more: Any
    ) -> httpx2.Response:
        return self.company.call("POST", path, token=self.token, json=body or {}, key=key or str(uuid.uuid4()), **more)

    def patch(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> httpx2.Response:
        return self.company.call("PATCH", path, token=self.token, json=body, key=key or str(uuid.uuid4()))

    def made(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A POST that must succeed; its answer."""
        response = self.post(path, body)
        assert response.status_code in (200, 201), f"{response.status_code} {response.text}"
        found: dict[str, Any] = response.json()
        return found


class Company:
    """One installation. Build people and programs through the API, as an administrator would."""

    def __init__(self, database: Database, admin_token: str, folder: Path, *, gateway: Gateway | None = None) -> None:
        self.database = database
        self.snapshots = Snapshots()
        self.direct = DirectGateway(database, self.snapshots)
        self.gateway: Gateway = gateway or self.direct
        self.settings = Settings(data=folder)
        self.app = _app(Services(self.settings, database, self.snapshots, self.gateway))
        self._loop = asyncio.new_event_loop()
        # An ASGI transport would turn our 500 into an exception; callers see an answer, so do tests.
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://fairclaim.test")
        self.admin = Person(self, self._admin_id(), admin_token)
        self.root: str = self._one(sa.select(t.company.c.root_team))

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()
        _FREE.append(self.app)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """One request, answered."""
        return self._loop.run_until_complete(self.acall(method, path, token=token, key=key, headers=headers, **more))

    async def acall(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        return await self._client.request(method, path, headers=sent, **more)

    def together(self, *requests: Any) -> list[httpx2.Response]:
        """Several ``acall`` coroutines at the same time."""

        async def all_of_them() -> list[httpx2.Response]:
            return list(await asyncio.gather(*requests))

        return self._loop.run_until_complete(all_of_them())

    # --- people and programs -----------------------------------------------------------------------------------

    def team(self, name: str = "Team", *, parent: str | None = None) -> str:
        return str(self.admin.made("/v1/teams", {"name": name, "parent": parent or self.root})["id"])

    def person(
        self, name: str = "王芳", *, team: str | None = None, roles: tuple[str, ...] = (), company_wide: bool = False
    ) -> Person:
        """A person with a token and the given roles, on own records or on the whole company."""
        made = self.admin.made("/v1/people", {"name": name, **({"team": team} if team else {})})
        for role in roles:
            scope = {"kind": "company" if company_wide else "own"}
            self.admin.made(f"/v1/people/{made['id']}/grants", {"role": role, "scope": scope})
        token = self.admin.made(f"/v1/people/{made['id']}/tokens", {"name": "test"})
        return Person(self, made["id"], token["token"])

    def rep(self, name: str = "李娜", *, team: str | None = None) -> Person:
        return self.person(name, team=team, roles=("rep",))

    def leader(self, team: str, name: str = "张主管") -> Person:
        """A person of ``team`` who leads it."""
        made = self.person(name, team=team)
        version = self.admin.get(f"/v1/teams/{team}").json()["version"]
        answer = self.admin.patch(f"/v1/teams/{team}", {"version": version, "leader": made.id})
        assert answer.status_code == 200, answer.text
        return made

    def program(self, name: str = "Program", *, policy: Mapping[str, Any] | None = None, **more: Any) -> str:
        """A program of the whole company under the plain policy and what is given."""
        body = {
            "name": name,
            "members": [{"team": self.root}],
            "oversight": [self.admin.id],
            "policy": {**PLAIN_POLICY, **(policy or {})},
            **more,
        }
        return str(self.admin.made("/v1/programs", body)["id"])

    def company_policy(self, **parameters: Any) -> None:
        """Set parameters of the company's own policy; ``__`` in a name stands for its dot."""
        values = {name.replace("__", ".", 1): value for name, value in parameters.items()}
        draft = self.admin.made("/v1/policies", {"reason": "test", "parameters": values})["id"]
        approver = self.person("规则管理员", roles=("policy_admin",), company_wide=True)
        for step in ("review", "approve", "activate"):
            approver.made(f"/v1/policies/{draft}/{step}")

    # --- the clock ---------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        with self.database.reading() as tx:
            return tx.now()

    def shift(self, **amount: float) -> None:
        """Move the database's clock ahead without deciding anything."""
        us = timedelta(**amount) // timedelta(microseconds=1)
        self.database.transact(lambda tx: tx.execute(t.clock.update().values(shift_us=t.clock.c.shift_us + us)))

    def at(self, instant: str) -> None:
        """Move the clock ahead to ``instant`` (RFC 3339) without deciding anything: tests pin their dates."""
        ahead = datetime.fromisoformat(instant) - self.now()
        assert ahead > timedelta(), f"{instant} is past already"
        self.shift(microseconds=ahead / timedelta(microseconds=1))

    def advance(self, **amount: float) -> None:
        """Move the clock ahead, every stream that falls due on the way drained at its instant."""
        until = self.now() + timedelta(**amount)
        while True:
            with self.database.reading() as tx:
                found = tx.row(
                    sa.select(t.stream.c.id, t.stream.c.next_instant)
                    .where(t.stream.c.open, t.stream.c.next_instant <= until)
                    .order_by(t.stream.c.next_instant)
                    .limit(1)
                )
                now = tx.now()
            if found is None:
                break
            if found["next_instant"] >= now:
                self.shift(microseconds=(found["next_instant"] - now) / timedelta(microseconds=1) + 1)
            self.direct.drain(found["id"])
            self.ring_bells()
        if until > self.now():
            self.shift(microseconds=(until - self.now()) / timedelta(microseconds=1))

    def ring_bells(self) -> None:
        """Play the relay: drain every stream that a bell waits for."""
        while True:
            with self.database.reading() as tx:
                stream = tx.execute(sa.select(t.bell.c.stream).limit(1)).scalar()
            if stream is None:
                return
            self.direct.drain(str(stream))

    def spread(self) -> None:
        """Play the relay for facts about many claims: absences, leavers, calendars, migrations."""
        DatabaseBells(self.database).spread()
        self.ring_bells()

    def remind(self) -> None:
        """Play the courier for reminders that are due by now."""
        outbox = DatabaseOutbox(self.database, self.snapshots)
        while outbox.remind(100):
            pass

    def _admin_id(self) -> str:
        return str(self._one(sa.select(t.person.c.id).order_by(t.person.c.number).limit(1)))

    def _one(self, statement: sa.Select[Any]) -> Any:
        with self.database.reading() as tx:
            return tx.execute(statement).scalar_one()


def person_customer(name: str = "王小明", phone: str = "13812345678") -> dict[str, Any]:
    """A customer as a rep would report them."""
    return {"kind": "person", "name": name, "phone": phone}
