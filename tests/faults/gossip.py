"""A company in which everything a person types, and everything that fails, is full of canaries."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from tests.faults.canaries import Flock
from tests.support.breaking import broken, spelled
from tests.support.company import Person
from tests.support.office import act, done
from tests.support.operations import PDF
from tests.support.service import RemoteCompany
from tests.support.waiting import eventually

RECOVERY_LIMIT_S = 40.0


class Gossip:
    """Acts of a company's people. ``typed``: what they typed. ``failed``: what broke things were made to say."""

    def __init__(self, company: RemoteCompany) -> None:
        self.company = company
        self.typed, self.failed = Flock(), Flock()
        self.team = company.team("一组")
        self.program = company.program(policy={"claim.pause_max_days": 30})
        self.judged = company.program("人工", policy={"claim.judgement_mode": "manual"})
        self.rep, self.other = self._person("reporter", "rep"), self._person("other reporter", "rep")
        self.leader = company.leader(self.team, self.typed.name("leader's name"))

    def type_everything(self) -> None:
        """Every call that takes a person's name, a contact or free text, and succeeds; each answer is asked twice."""
        self._customers()
        self._judging()
        self._claim_life()
        self._people()

    def be_refused(self) -> None:
        """Calls that fail before anything is stored: shape, content, sign-in, keys."""
        note, name = self.typed.note, self.typed.name
        report = self._report("refused report")
        for malformed in (
            {**report, "customer": {**report["customer"], "phone": self.typed.phone("no string"), "kind": 7}},
            {**report, "customer": {**report["customer"], "phone": f"x{self.typed.phone('bad phone')}"}},
            {**report, "customer": {**report["customer"], "company_code": note("bad code")}},
            {**report, "need": {"text": note("text in an object")}},
            {**report, note("field name"): 1},
            {**report, "program": name("bad id")},
        ):
            assert self.rep.post("/v1/claims", malformed).status_code == 422
        headers = {"content-type": "application/json"}
        for content in (f'{{"note": "{note("cut JSON")}', f"{note('no JSON')}\0\ud800".encode("utf-8", "replace")):
            answer = self.company.call(
                "POST", "/v1/claims", token=self.rep.token, key=str(uuid.uuid4()), content=content, headers=headers
            )
            assert answer.status_code in (400, 422)
        assert self.rep.get("/v1/claims", search=name("query")).status_code == 422
        assert self.rep.get(f"/v1/claims/{name('path')}").status_code in (404, 422)
        assert self.rep.get(f"/{name('unknown path')}").status_code == 404
        assert self.company.call("GET", "/v1/me", token=self.typed.phone("token")).status_code == 401
        key = str(uuid.uuid4())
        first = self.rep.post("/v1/claims", self._report("keyed report"), key=key)
        assert first.status_code == 201, first.text
        assert self.rep.post("/v1/claims", self._report("other body under the key"), key=key).status_code == 422

    def break_the_api(self) -> None:
        """A statement of the API fails with words of the database's own."""
        claim = self._claim("broken follow-up")
        texts = f"NEW.customer = {self._id(claim['customer']['id'])}"
        with self._broken("free_text", "INSERT", where=texts, what="SQL error"):
            answer = act(self.rep, claim, "follow-ups", kind="call", note=self.typed.note("lost follow-up"))
            assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")

    def poison(self) -> None:
        """An item of a drain fails again and again and is parked."""
        claim = self._claim("poison")
        where = f"NEW.id = {self._id(claim['id'])} AND NEW.state = 'released'"
        with self._broken("claim", "UPDATE", where=where, what="poison"):
            key = str(uuid.uuid4())
            body = {"reason": "lost", "text": self.typed.note("poisoned release")}
            self.rep.post(f"/v1/claims/{claim['id']}/release", body, key=key)
            eventually(
                lambda: self._count(t.poison, t.poison.c.parked_at.is_not(None)) == 1,
                within_s=RECOVERY_LIMIT_S,
                what="the item is parked",
            )
            answer = self.rep.post(f"/v1/claims/{claim['id']}/release", body, key=key)
            assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")

    def fail_activities(self) -> dict[str, Any]:
        """A drain fails as a whole, so that the engine is told of its failure; afterwards it goes through.

        The claim, released.
        """
        claim = self._claim("failing activity")
        where = f"NEW.id = {self._id(claim['id'])} AND NEW.state = 'released'"
        body = {"reason": "lost", "text": self.typed.note("release that waits")}
        with self._broken("claim", "UPDATE", where=where, what="activity failure"):
            parking = f"NEW.matter = {self._id(self._matter(claim['id']))}"
            with self._broken("poison", "INSERT", where=parking, what="activity failure, parking it"):
                answer = self.rep.post(f"/v1/claims/{claim['id']}/release", body)
                assert answer.status_code == 202, answer.text
        eventually(
            lambda: self.rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "released",
            within_s=RECOVERY_LIMIT_S,
            what="the failed drain goes through",
        )
        return claim

    # --- what people type ----------------------------------------------------------------------------------------

    def _customers(self) -> None:
        admin, clerk = self.company.admin, self._person("clerk", "marketing")
        made = self._twice(clerk, "/v1/customers", self._customer("customer record"))
        clerk.patch(
            f"/v1/customers/{made['id']}",
            {"version": made["version"], "name": self.typed.name("record"), "email": self.typed.email("record")},
        ).raise_for_status()
        gone = self._twice(clerk, "/v1/customers", self._customer("erased record"))
        self._twice(admin, f"/v1/customers/{gone['id']}/erase", {"reason": self.typed.note("erasure")})
        look_up = {"program": self.program, "customer": self._customer("look-up")}
        answer = self.company.call("POST", "/v1/ownership/lookup", token=self.rep.token, json=look_up)
        assert answer.status_code == 200, answer.text

    def _judging(self) -> None:
        for step, body in (("reject", "reason"), ("send_back", "reason"), ("withdraw", "reason")):
            claim = self.rep.made("/v1/claims", {**self._report(f"report to {step}"), "program": self.judged})
            judge = self.rep if step == "withdraw" else self.leader
            self._twice(judge, f"/v1/claims/{claim['id']}/{step}", {body: self.typed.note(step)})

    def _claim_life(self) -> None:
        rep, typed = self.rep, self.typed
        report = self._report("report")
        claim = self._twice(rep, "/v1/claims", report)
        lost = self._twice(self.other, "/v1/claims", {**report, "need": typed.note("colliding need")})
        assert lost["state"] == "rejected"
        path = f"/v1/claims/{claim['id']}"
        entry = self._twice(
            rep,
            f"{path}/follow-ups",
            {"kind": "visit", "note": typed.note("follow-up"), "outcome": typed.note("outcome")},
        )
        self._twice(rep, f"/v1/follow-ups/{entry['id']}/corrections", {"note": typed.note("correction")})
        voided = self._twice(rep, f"{path}/follow-ups", {"kind": "call", "note": typed.note("void follow-up")})
        self._twice(self.leader, f"/v1/follow-ups/{voided['id']}/void", {"reason": typed.note("void")})
        version = rep.get(path).json()["version"]
        rep.patch(
            path,
            {
                "version": version,
                "need": typed.note("patched need"),
                "progress": typed.note("patched progress"),
                "customer": {"name": typed.name("patched name"), "email": typed.email("patched")},
            },
        ).raise_for_status()
        self._twice(
            self.leader,
            f"/v1/customers/{claim['customer']['id']}/reveal",
            {"fields": ["phone"], "purpose": typed.note("purpose")},
        )
        extension = self._asked(f"{path}/extend", {"reason": typed.note("extension"), "days": 3})
        self._twice(self.leader, f"/v1/requests/{extension}/refuse", {"reason": typed.note("refusal")})
        transfer = self._asked(f"{path}/transfer", {"to": self.other.id, "reason": typed.note("transfer")})
        self._twice(rep, f"/v1/requests/{transfer}/withdraw", {"reason": typed.note("request withdrawn")})
        pause = self._asked(f"{path}/pause", {"kind": "legal", "reason": typed.note("pause")})
        self._twice(self.leader, f"/v1/requests/{pause}/accept", {"reason": typed.note("acceptance")})
        file = {"file": (f"{typed.name('file name')}.pdf", PDF + typed.note("file content").encode())}
        uploaded = self.company.call("POST", "/v1/files", token=rep.token, key=str(uuid.uuid4()), files=file)
        assert uploaded.status_code == 201, uploaded.text
        deal = {"amount": {"amount_minor": 5_000_000, "currency": "CNY"}, "contract_at": rfc3339(self.company.now())}
        self._twice(rep, f"{path}/win", deal)
        self._twice(self.leader, f"{path}/cancel_deal", {"reason": typed.note("cancelled deal")})
        self._twice(self.leader, f"{path}/release", {"reason": "lost", "text": typed.note("release")})

    def _people(self) -> None:
        admin, now = self.company.admin, self.company.now()
        span = {"from": rfc3339(now), "to": rfc3339(now + timedelta(days=1))}
        self._twice(admin, f"/v1/people/{self.other.id}/absences", {**span, "reason": self.typed.note("absence")})
        self._twice(admin, "/v1/policies", {"reason": self.typed.note("policy"), "parameters": {}})
        version = admin.get(f"/v1/people/{self.other.id}").json()["version"]
        changed = {"version": version, "name": self.typed.name("new name"), "phone": self.typed.phone("new phone")}
        admin.patch(f"/v1/people/{self.other.id}", changed).raise_for_status()

    def _twice(self, who: Person, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call that must succeed, and its repeat: the stored answer holds what was typed."""
        key = str(uuid.uuid4())
        first = done(who.post(path, body, key=key))
        again = who.post(path, body, key=key)
        assert again.headers["idempotency-replayed"] == "true"
        return first

    def _asked(self, path: str, body: dict[str, Any]) -> str:
        """The request that this act of the reporter's began."""
        return str(self._twice(self.rep, path, body)["requests"][0]["id"])

    def _person(self, where: str, role: str) -> Person:
        admin = self.company.admin
        person = {
            "name": self.typed.name(f"{where}'s name"),
            "team": self.team,
            "email": self.typed.email(where),
            "phone": "+86" + self.typed.phone(where),
        }
        made = self._twice(admin, "/v1/people", person)
        admin.made(f"/v1/people/{made['id']}/grants", {"role": role, "scope": {"kind": "own"}})
        token = admin.made(f"/v1/people/{made['id']}/tokens", {"name": "test"})["token"]
        return Person(self.company, made["id"], token)

    def _customer(self, where: str) -> dict[str, Any]:
        return {
            "kind": "person",
            "name": self.typed.name(f"{where}: name"),
            "phone": self.typed.phone(f"{where}: phone"),
            "email": self.typed.email(f"{where}: e-mail"),
        }

    def _report(self, where: str) -> dict[str, Any]:
        visit = {"kind": "visit", "at": rfc3339(self.company.now()), "note": self.typed.note(f"{where}: contact")}
        return {
            "program": self.program,
            "customer": self._customer(where),
            "need": self.typed.note(f"{where}: need"),
            "progress": self.typed.note(f"{where}: progress"),
            "first_contact": visit,
        }

    def _claim(self, where: str) -> dict[str, Any]:
        return self._twice(self.rep, "/v1/claims", self._report(where))

    # --- what is made to fail ------------------------------------------------------------------------------------

    def _broken(self, table: str, statement: str, *, where: str, what: str) -> AbstractContextManager[None]:
        """Meanwhile the database refuses one kind of statement, with canaries in its words."""
        words = f"{self.failed.name(what)} {self.failed.phone(what)}"
        return broken(self.company.database, table, statement, words=words, where=where)

    def _id(self, value: str) -> str:
        return spelled(self.company.database, value)

    def _matter(self, claim: str) -> str:
        with self.company.database.reading() as tx:
            return str(tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim)).scalar_one())

    def _count(self, table: sa.Table, chosen: sa.ColumnElement[bool]) -> int:
        with self.company.database.reading() as tx:
            return int(tx.execute(sa.select(sa.func.count()).select_from(table).where(chosen)).scalar_one())
