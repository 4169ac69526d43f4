"""Leads on real input: old customers are an opening load, what was engaged later comes as leads through the rules."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

import httpx2
import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from tests.acceptance.crm import POLICY, _insistent, _pages
from tests.acceptance.crm_data import Closed
from tests.acceptance.crm_opening import OpeningRun
from tests.support.company import Person
from tests.support.service import PROJECT

ROWS: Final = 1_500
LEADS: Final = 1_000
#: Points of work at which somebody is full; whoever has no customer yet can carry an eighth of it.
CAPACITY: Final = 200
#: Claims end by people alone. Only a lead of grade D has a limit, so that moving the clock past it concerns no other.
_POLICY: Final[Mapping[str, Any]] = {
    **POLICY,
    "claim.subject": "project",
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
    "claim.after_deal_days": 0,
    "dispatch.weights": {"load": 35, "skill": 25, "need": 15, "success": 15, "experience": 5, "interest": 5},
    "lead.accept_oh": 0,
    "lead.assess_oh": 0,
    "lead.first_response_oh": {"A": 0, "B": 0, "C": 0, "D": "PT10M"},
    "load.weights": {"lead": 1, "protected": 1, "active": 2, "proposal": 3, "overdue": 1},
    "opening.object_wd": "PT1H",
    "rotation.makeup": True,
}
#: Ample for loading the rows: the clock is moved past it as soon as they are in.
_LISTED_FOR: Final = timedelta(days=2)
_PAST_THE_LIMIT: Final = timedelta(minutes=11)
_BY_HAND: Final = Path(__file__).with_name("leads_by_hand.py")
_URGENT: Final = {"fit": 100, "power": 100, "chain": 100}  # grade A
_SLOW: Final = {"fit": 0, "power": 0, "chain": 0}  # grade D


class Course(Enum):
    """What the receivers of a lead do with it."""

    WRONG_NUMBER = auto()
    RETURNED = auto()
    SILENT = auto()
    PLAIN = auto()


@dataclass(frozen=True)
class Taken:
    """Who holds the customer of a lead, and by which claim."""

    agent: str
    claim: str


class LeadsRun(OpeningRun):
    """Owners first, turns in every other district and best fit in the rest; counts per agent against a script."""

    rows = ROWS

    def run(self) -> None:
        self._look_at_the_data()
        self._import_the_company()
        self._find_agents_and_accounts()
        history = self.crm.closed[: self._scaled(self.rows)]
        capacity = self._scaled(CAPACITY, least=8)
        self.program = self.company.program(
            "Opening", policy={**_POLICY, "people.capacity_points": capacity}, external_id="opening"
        )
        self.sender = self.company.person("Marketing", roles=("marketing",))
        self._go_live_with(history)
        self._tell_profiles(history, capacity)
        self._set_rules()
        leads = self._later(history)
        self.renewals = self._renewals(history, leads)
        self.taken: dict[str, Taken] = {}
        self._silence = threading.Lock()
        self._trouble: list[str] = []
        with self.findings.timed(self.part, "leads, districts side by side", calls=len(leads)):
            self._replay(leads)
        self.findings.equal(self.part, "answers other than the course of a lead has them", len(self._trouble), 0)
        for sentence in self._trouble[:5]:
            self.findings.tell(self.part, "an unexpected answer", sentence)
        self._check_against_the_script(history, leads, capacity)
        self._compare_three_readings("at the end")
        self._verify_the_history()

    # --- before the first lead -----------------------------------------------------------------------------------

    def _go_live_with(self, history: Sequence[Closed]) -> None:
        """``history`` is listed for objection, nobody objects, and the clock is moved to when all of it is decided."""
        path = f"/v1/programs/{self.program}/opening"
        go_live = self.company.now() + _LISTED_FOR
        self.company.admin.made(path, {"go_live_at": rfc3339(go_live)})
        self._load(history)
        with self.findings.timed(self.part, "going live with the opening load", calls=len(history)):
            self._move_clock(go_live + timedelta(seconds=1))
        claims = _pages(self.company.admin, "/v1/claims", program=self.program)
        states = dict(Counter(claim["state"] for claim in claims))
        self.findings.equal(self.part, "states after go-live", states, {"active": len(history)})
        # `_load` names each project after its opportunity.
        rows = {claim["project"]["name"]: claim["project"]["id"] for claim in claims}
        self.projects = {c.opportunity.id: rows[c.opportunity.id] for c in history}

    def _tell_profiles(self, history: Sequence[Closed], capacity: int) -> None:
        """Three sectors an agent won most in, and less to carry for who has no customer yet."""
        have = {c.opportunity.agent for c in history}
        for name, agent in self.agents.items():
            wins = Counter(
                self.crm.sectors[c.opportunity.account] for c in history if c.won and c.opportunity.agent == name
            )
            known = sorted(wins, key=lambda sector: (-wins[sector], sector))[:3]
            path = f"/v1/people/{agent.id}/profile"
            body: dict[str, Any] = {"version": agent.get(path).json()["version"], "industries": known}
            if name not in have:
                body["capacity_points"] = capacity // 8
            answer = self.company.admin.patch(path, body)
            assert answer.status_code == 200, answer.text

    def _set_rules(self) -> None:
        """A lead goes to the team of its district: in turn, by fit, in turn, and so on in the order of names."""
        teams = {team["external_id"]: team["id"] for team in _pages(self.company.admin, "/v1/teams")}
        ways = ("rotation", "dispatch")
        self.ways = {manager: ways[place % 2] for place, manager in enumerate(self.crm.managers)}
        rules = [{"when": {"region": [m]}, "to": {"team": teams[m], "way": way}} for m, way in self.ways.items()]
        path = f"/v1/programs/{self.program}/lead-rules"
        answer = self.company.admin.patch(path, {"version": 1, "rules": rules})
        assert answer.status_code == 200, answer.text

    def _later(self, history: Sequence[Closed]) -> list[Closed]:
        """What was engaged after the last of ``history`` had closed, in the order of its days."""
        later = [c for c in self.crm.closed[len(history) :] if c.engaged > history[-1].closed]
        later.sort(key=lambda c: (c.engaged, c.opportunity.id))
        return later[: self._scaled(LEADS)]

    def _renewals(self, history: Sequence[Closed], leads: Sequence[Closed]) -> dict[str, str]:
        """By lead the project it renews: the same agent won the same product with the same account before."""
        won = {_alike(c): self.projects[c.opportunity.id] for c in history if c.won}
        return {c.opportunity.id: won[_alike(c)] for c in leads if _alike(c) in won}

    # --- the leads -----------------------------------------------------------------------------------------------

    def _replay(self, leads: Sequence[Closed]) -> None:
        """Districts side by side: nobody is in two. In each, day by day, ends before arrivals."""
        district = {agent.name: agent.manager for agent in self.crm.agents}
        events: dict[str, list[tuple[date, int, str, Closed]]] = {}
        for one in leads:
            of = events.setdefault(district[one.opportunity.agent], [])
            of.append((one.engaged, 1, one.opportunity.id, one))
            of.append((one.closed, 0, one.opportunity.id, one))

        def go(name: str) -> None:
            for _, arrives, _, one in sorted(events[name], key=lambda event: event[:3]):
                if arrives:
                    self._arrive(name, one)
                else:
                    self._end(one)

        with ThreadPoolExecutor(max(1, len(events))) as pool:
            list(pool.map(go, events))

    def _arrive(self, district: str, one: Closed) -> None:
        course = _course(one)
        if course is not Course.SILENT:
            self._handle(district, one, course)
            return
        with self._silence:  # one at a time: the clock is moved past the limit of this lead and of no other
            self._handle(district, one, course)

    def _handle(self, district: str, one: Closed, course: Course) -> None:
        name = one.opportunity.id
        lead = self._sent(district, one, _SLOW if course is Course.SILENT else _URGENT)
        if name in self.renewals or lead["receiver"] is None:
            return
        path, receiver = f"/v1/leads/{lead['id']}", self._person(lead["receiver"])
        if course is Course.WRONG_NUMBER:
            self._done(receiver, f"{path}/return", {"reason": "wrong_number"}, name)
            self._done(self.sender, f"{path}/close", {"reason": "There is nobody of that number"}, name)
            return
        if course is Course.RETURNED:
            self._done(receiver, f"{path}/return", {"reason": "no_need"}, name)
            lead = self._done(self.sender, f"{path}/assign", {}, name)
        elif course is Course.SILENT:
            self.company.shift(seconds=_PAST_THE_LIMIT.total_seconds())
            late = self._call(receiver, f"{path}/accept", {}, f"{name}:late")
            if (late.status_code, late.json().get("code")) != (409, "deadline_passed"):
                self._trouble.append(f"{name}: accepted too late: {late.status_code} {late.text[:200]}")
            lead = self.sender.get(path).json()
        if lead["receiver"] is None:
            return
        receiver = self._person(lead["receiver"])
        accepted = self._done(receiver, f"{path}/accept", {}, name)
        if course is Course.SILENT:
            self._done(receiver, f"{path}/contact", {"kind": "call", "note": "Spoke about terms and budget"}, name)
        self.taken[name] = Taken(self.names[receiver.id], accepted["claim"])

    def _sent(self, district: str, one: Closed, factors: Mapping[str, int]) -> dict[str, Any]:
        name, account = one.opportunity.id, one.opportunity.account
        renewed = self.renewals.get(name)
        body = {
            "program": self.program,
            "source": "CRM",
            "customer": {"id": self.accounts[account]},
            "project": {"id": renewed} if renewed is not None else {"name": name, "tender_number": name},
            "facets": {"region": district, "industry": self.crm.sectors[account]},
            "factors": factors,
            "external_id": name,
        }
        return self._done(self.sender, "/v1/leads", body, name)

    def _end(self, one: Closed) -> None:
        """Whoever has it wins or loses it on the day on which it was won or lost."""
        name = one.opportunity.id
        taken = self.taken.get(name)
        if taken is None:
            return
        path, agent = f"/v1/claims/{taken.claim}", self.agents[taken.agent]
        if one.won:
            amount = {"amount_minor": one.value * 100, "currency": "USD"}
            self._done(agent, f"{path}/win", {"amount": amount, "contract_at": rfc3339(self.company.now())}, name)
        else:
            self._done(agent, f"{path}/release", {"reason": "lost"}, name)

    def _person(self, id_: str) -> Person:
        return self.agents[self.names[id_]]

    def _call(self, who: Person, path: str, body: Mapping[str, Any], key: str) -> httpx2.Response:
        return _insistent(lambda: who.post(path, body, key=key))

    def _done(self, who: Person, path: str, body: Mapping[str, Any], name: str) -> dict[str, Any]:
        answer = self._call(who, path, body, f"{name}:{path}:{who.id}")
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{path} ({name}): {answer.status_code} {answer.text[:600]}")
        found: dict[str, Any] = answer.json()
        return found

    @property
    def names(self) -> dict[str, str]:
        return {person.id: name for name, person in self.agents.items()}

    # --- the end -------------------------------------------------------------------------------------------------

    def _check_against_the_script(self, history: Sequence[Closed], leads: Sequence[Closed], capacity: int) -> None:
        """Every offer with its score, and four counts per agent, against a script that reads the files alone."""
        told, names = self.findings, self.names
        with self.company.database.reading() as tx:
            numbers = {r["id"]: r["number"] for r in tx.rows(sa.select(t.person.c.id, t.person.c.number))}
        figures = [str(len(history)), str(self._scaled(LEADS)), str(capacity)]
        done = subprocess.run(
            [sys.executable, "-I", str(_BY_HAND), str(self.crm.folder), *figures],
            cwd=PROJECT,
            input=json.dumps({name: numbers[agent.id] for name, agent in self.agents.items()}),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        by_hand = json.loads(done.stdout)
        told.equal(
            self.part, "rows and leads, by hand", [by_hand["rows"], by_hand["leads"]], [len(history), len(leads)]
        )
        found = _pages(self.company.admin, "/v1/leads", program=self.program)
        ended = Counter(lead["state"] for lead in found)
        told.equal(self.part, "states of leads", dict(sorted(ended.items())), dict(sorted(by_hand["states"].items())))
        told.equal(self.part, "leads to the owner at once", ended["attached"], len(self.renewals))
        told.equal(
            self.part,
            "offers that passed unanswered",
            sum(offer["end"] == "missed" for lead in found for offer in lead["offers"]),
            sum(_course(c) is Course.SILENT and c.opportunity.id not in self.renewals for c in leads),
        )
        self._check_offers(found, by_hand["offers"])
        claims = _pages(self.company.admin, "/v1/claims", program=self.program)
        held = Counter(names[c["owner"]] for c in claims if c["state"] in ("protected", "active", "won"))
        c = t.claim.c
        holding = sa.select(c.owner, sa.func.count().label("n")).where(c.program == self.program, c.holds)
        with self.company.database.reading() as tx:
            table = {names[r["owner"]]: r["n"] for r in tx.rows(holding.group_by(c.owner))}
        shown = {
            "leads offered": ("offered", Counter(names[o["person"]] for lead in found for o in lead["offers"])),
            "leads accepted": ("accepted", Counter(names[le["receiver"]] for le in found if le["state"] == "accepted")),
            "claims held": ("held", held),
            "claims held, by the table": ("held", table),
            "won": ("won", Counter(names[c["owner"]] for c in claims if c["state"] == "won")),
        }
        for what, (word, counts) in shown.items():
            expected = {name: of[word] for name, of in by_hand["counts"].items()}
            wrong = {n: (counts.get(n, 0), k) for n, k in expected.items() if counts.get(n, 0) != k}
            told.equal(self.part, f"{what}: agents whose count differs from the script's", len(wrong), 0)
            told.equal(self.part, f"{what}, all agents", sum(counts.values()), sum(expected.values()))
            for name, (ours, theirs) in sorted(wrong.items())[:5]:
                told.tell(self.part, f"{what}, {name}, ours and by hand", f"{ours} and {theirs}")

    def _check_offers(self, found: Sequence[Mapping[str, Any]], by_hand: Mapping[str, Any]) -> None:
        """The same people in the same order, in the way of their district, with the same scores."""
        # A lead says of which project it is; a project bears the name of the lead unless it is renewed.
        told, names = self.findings, self.names
        opportunities = self._opportunities()
        district = {agent.name: agent.manager for agent in self.crm.agents}
        wrong, ways, scores = [], 0, 0
        for lead in found:
            name = opportunities[lead["id"]]
            ours = [[names[o["person"]], _score(o)] for o in lead["offers"]]
            if ours != by_hand[name]:
                wrong.append(f"{name}: {ours} and {by_hand[name]}")
            ways += sum(o["way"] != self.ways[district[names[o["person"]]]] for o in lead["offers"])
            scores += sum(_score(o) is not None for o in lead["offers"])
        told.equal(self.part, "leads whose offers or scores differ from the script's", len(wrong), 0)
        told.equal(self.part, "offers in another way than their district's", ways, 0)
        offers = [o for lead in found for o in lead["offers"]]
        told.tell(self.part, "offers by turn and by fit", f"{len(offers) - scores} and {scores}")
        told.tell(self.part, "turns made good", str(sum(o["makeup"] for o in offers)))
        told.tell(
            self.part,
            "people passed over because they were full",
            str(sum(skipped["reason"] == "full" for o in offers for skipped in o["skipped"])),
        )
        for sentence in wrong[:5]:
            told.tell(self.part, "offers of a lead, ours and by hand", sentence)

    def _opportunities(self) -> dict[str, str]:
        """The opportunity of each lead, by which its sender knows it."""
        known = sa.select(t.lead.c.id, t.lead.c.external_id).where(t.lead.c.program == self.program)
        with self.company.database.reading() as tx:
            return {r["id"]: r["external_id"] for r in tx.rows(known)}


def _alike(one: Closed) -> tuple[str, str, str]:
    of = one.opportunity
    return (of.agent, of.account, of.product)


def _course(one: Closed) -> Course:
    days = (one.closed - one.engaged).days
    if one.won:
        return Course.SILENT if days >= 100 else Course.PLAIN
    return Course.WRONG_NUMBER if days <= 5 else Course.RETURNED if days <= 15 else Course.PLAIN


def _score(offer: Mapping[str, Any]) -> int | None:
    """Of whoever was given it by fit, in whole points."""
    return offer["ranking"][0]["score"] if offer["way"] == "dispatch" else None
