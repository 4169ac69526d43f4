"""The main job on real input: a company is imported, its agents report at once, and the claims nobody works lapse."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx2
import sqlalchemy as sa

from storage import tables as t
from tests.acceptance.checks import Findings, say
from tests.acceptance.crm_data import Crm, Opportunity
from tests.support import fold
from tests.support.company import Person
from tests.support.service import FAIRCLAIM, PROJECT, RemoteCompany, Service, clean_environment
from worker.advance import advance_now

T = TypeVar("T")

CALLERS: Final = 16
#: A lapse is decided so soon after its deadline.
DECIDED_WITHIN_S: Final = 5.0
#: What the export is known to hold (issue "A claim lives", point 8), checked where it is that export.
KNOWN: Final = {"rows": 8_800, "agents": 35, "accounts": 85, "open": 2_089, "without account": 1_425, "decided": 664}
KNOWN_PROTECTED: Final = {"one program per product": 372, "one program for all": 85}
#: The identity is enough, nothing is capped, and only idleness ends a claim.
POLICY: Final[Mapping[str, Any]] = {
    "claim.required_fields": ["identity"],
    "claim.cap_person": 0,
    "claim.cap_team": 0,
    "claim.qualified_per_day": 0,
    "claim.first_follow_up_wh": 0,
}
_WARM_UP: Final = 60
_SETUPS: Final = ("one program per product", "one program for all")


@dataclass(frozen=True)
class Sent:
    """One opportunity as it was reported, and the answer."""

    opportunity: Opportunity
    program: str
    status: int
    body: dict[str, Any]


class CrmRun:
    """One run on one database. ``idle_s`` None: as short as this machine's speed allows.

    ``scale``: the part of the full number of rows, leads and acts, where a run chooses them itself. ``seed``: of what
    chance decides.
    ``decided_within_s``: what a lapse may take; more where other work has the machine at the same time.
    """

    def __init__(
        self,
        service: Service,
        crm: Crm,
        findings: Findings,
        *,
        part: str,
        idle_s: float | None,
        decided_within_s: float = DECIDED_WITHIN_S,
        scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.scale = scale
        self.seed = seed
        self.decided_within_s = decided_within_s
        self.service = service
        self.crm = crm
        self.findings = findings
        self.part = part
        self.idle_s = idle_s
        self.company: RemoteCompany = service.company()
        self.agents: dict[str, Person] = {}
        self.accounts: dict[str, str] = {}

    def close(self) -> None:
        self.company.close()

    def run(self) -> None:
        self._look_at_the_data()
        self._import_the_company()
        self._find_agents_and_accounts()
        idle = self.idle_s or self._idle_period()
        self.findings.tell(self.part, "idle period of the claims", f"{idle:g} s")
        claims: list[dict[str, Any]] = []
        for setup in _SETUPS:
            claims += self._report_everything(setup, idle)
        self._compare_three_readings("after the reports")
        self._work_half_of_them(claims, idle)
        self._compare_three_readings("at the end")
        self._verify_the_history()

    # --- the company ---------------------------------------------------------------------------------------------

    def _look_at_the_data(self) -> None:
        crm, told = self.crm, self.findings
        for sentence in crm.dirt:
            told.tell(self.part, "dirty data", sentence)
        if crm.rows == KNOWN["rows"]:
            found = {"rows": crm.rows, "agents": len(crm.agents), "accounts": len(crm.accounts), "open": len(crm.open)}
            found |= {"without account": len(crm.open) - len(crm.named), "decided": len(crm.named)}
            told.equal(self.part, "the export is the one the numbers were counted in", found, KNOWN)

    def _import_the_company(self) -> None:
        """Teams, managers, agents and accounts through `fairclaim import`; the whole of it twice."""
        folder = self.service.folder
        _write(folder / "teams.csv", ("external_id", "name", "parent"), self._teams())
        managers = [(manager, manager, manager, manager) for manager in self.crm.managers]
        _write(folder / "managers.csv", ("external_id", "name", "team", "leads"), managers)
        agents = ("--map", "sales_agent=external_id", "--map", "sales_agent=name", "--map", "manager=team")
        accounts = ("--map", "account=external_id", "--map", "account=name", "--set", "kind=company")
        steps: list[tuple[str, Path, tuple[str, ...], int]] = [
            ("teams", folder / "teams.csv", (), len(self.crm.offices) + len(self.crm.managers)),
            ("people", folder / "managers.csv", (), len(managers)),
            (
                "people",
                self.crm.folder / "sales_teams.csv",
                (*agents, "--ignore", "regional_office", "--set", "roles=rep"),
                len(self.crm.agents),
            ),
            ("customers", self.crm.folder / "accounts.csv", (*accounts, "--ignore-unknown"), len(self.crm.accounts)),
        ]
        for times, result in (("first", "created"), ("second", "unchanged")):
            for kind, path, options, rows in steps:
                with self.findings.timed(self.part, f"import of {path.name}, {times} time", calls=rows):
                    summary = self._imported(kind, path, *options)
                self.findings.equal(
                    self.part, f"import of {path.name}, {times} time: rows {result}", summary, {result: rows}
                )

    def _teams(self) -> list[tuple[str, str, str]]:
        """Regional offices below the root, in each the teams of its managers."""
        offices = [(f"office {office}", f"{office} office", "") for office in self.crm.offices]
        return offices + [(m, f"Team of {m}", f"office {office}") for m, office in self.crm.managers.items()]

    def _imported(self, kind: str, path: Path, *options: str) -> dict[str, int]:
        address = ("--url", self.service.url, "--data", str(self.service.data))
        done = subprocess.run(
            [*FAIRCLAIM, "import", kind, str(path), *options, *address, "--json"],
            cwd=PROJECT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if not done.stdout:
            raise RuntimeError(f"import of {path.name} ended with code {done.returncode}: {done.stderr[-2000:]}")
        return {result: count for result, count in json.loads(done.stdout)["summary"].items() if count}

    def _find_agents_and_accounts(self) -> None:
        admin = self.company.admin
        people = {p["external_id"]: p for p in _pages(admin, "/v1/people")}
        teams = {team["external_id"]: team for team in _pages(admin, "/v1/teams")}
        self.accounts = {c["external_id"]: c["id"] for c in _pages(admin, "/v1/customers", kind="company")}
        placed = sum(people[a.name]["team"] == teams[a.manager]["id"] for a in self.crm.agents if a.name in people)
        led = sum(teams[m]["leader"] == people[m]["id"] for m in self.crm.managers)
        below = sum(teams[m]["parent"] == teams[f"office {o}"]["id"] for m, o in self.crm.managers.items())
        told = self.findings
        told.equal(self.part, "agents in the team of their manager", placed, len(self.crm.agents))
        told.equal(self.part, "managers who lead their team", led, len(self.crm.managers))
        told.equal(self.part, "teams below their regional office", below, len(self.crm.managers))
        told.equal(self.part, "accounts in the customer base", len(self.accounts), len(self.crm.accounts))
        for agent in self.crm.agents:
            person = people[agent.name]["id"]
            token = admin.made(f"/v1/people/{person}/tokens", {"name": "acceptance"})["token"]
            self.agents[agent.name] = Person(self.company, person, token)

    def _idle_period(self) -> float:
        """Long enough that no claim lapses while the reports still come in: measured on a program of its own."""
        program = self._program("Warm-up", idle="P30D")
        begun = time.monotonic()
        self._reports([(o, program) for o in self.crm.open[:_WARM_UP]])
        per_report = (time.monotonic() - begun) / min(_WARM_UP, len(self.crm.open))
        return float(max(30, math.ceil(2 * per_report * len(self.crm.open) * len(_SETUPS)) + 20))

    # --- reports -------------------------------------------------------------------------------------------------

    def _report_everything(self, setup: str, idle: float) -> list[dict[str, Any]]:
        """Every open opportunity by its own agent; the claims that are protected."""
        crm, told = self.crm, self.findings
        per_product = setup == _SETUPS[0]
        names = crm.products if per_product else ("All products",)
        programs = {name: self._program(name, idle=f"PT{idle:g}S") for name in names}
        pairs = [(o, programs[o.product if per_product else "All products"]) for o in crm.open]
        with told.timed(self.part, f"reports, {setup}, {CALLERS} callers", calls=len(pairs)):
            sent = self._reports(pairs)
        refused = [s for s in sent if s.status == 422]
        decided = [s for s in sent if s.status in (200, 201)]
        made = {s.body["id"]: s for s in decided if s.status == 201}
        states = _count(s.body["state"] for s in made.values())
        returned = sum(s.status == 200 for s in decided)
        protected = states.get("protected", 0)
        told.equal(self.part, f"{setup}: opportunities reported", len(sent), len(crm.open))
        told.equal(self.part, f"{setup}: refused and decided are all", len(refused) + len(decided), len(sent))
        told.equal(
            self.part,
            f"{setup}: refused as field_missing on customer",
            sum(_missing_customer(s.body) for s in refused),
            len(crm.open) - len(crm.named),
        )
        told.equal(self.part, f"{setup}: decided", len(decided), len(crm.named))
        expected = len({(o.account, o.product if per_product else "") for o in crm.named})
        told.equal(self.part, f"{setup}: protected", protected, expected)
        if crm.rows == KNOWN["rows"]:
            told.equal(self.part, f"{setup}: protected, as counted by hand", protected, KNOWN_PROTECTED[setup])
        told.equal(
            self.part,
            f"{setup}: protected, rejected and own claim returned are all that were decided",
            protected + states.get("rejected", 0) + returned,
            len(decided),
        )
        told.tell(
            self.part,
            f"{setup}: outcome",
            f"{protected} protected, {states.get('rejected', 0)} rejected, {returned} own",
        )
        collided = [s for s in made.values() if s.body["state"] == "rejected"]
        told.equal(
            self.part,
            f"{setup}: rejected because the customer is owned",
            sum(s.body["reason"] == "customer_owned" for s in collided),
            len(collided),
        )
        self._check_owners(setup, list(made.values()))
        return [s.body for s in made.values() if s.body["state"] == "protected"]

    def _program(self, name: str, *, idle: str) -> str:
        return self.company.program(name, policy={**POLICY, "claim.idle_days": idle})

    def _reports(self, pairs: Sequence[tuple[Opportunity, str]]) -> list[Sent]:
        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(lambda pair: self._report(*pair), pairs))

    def _report(self, opportunity: Opportunity, program: str) -> Sent:
        """One report, sent again under the same key while it is not decided or the service is busy."""
        body: dict[str, Any] = {"program": program, "need": f"{opportunity.product} ({opportunity.id})"}
        if opportunity.account:
            body["customer"] = {"id": self.accounts[opportunity.account]}
        key = f"{program}:{opportunity.id}"
        agent = self.agents[opportunity.agent]
        answer = _insistent(lambda: agent.post("/v1/claims", body, key=key))
        return Sent(opportunity, program, answer.status_code, answer.json())

    def _check_owners(self, setup: str, made: Sequence[Sent]) -> None:
        """In each matter the lowest receipt owns: as answered, as the API says now, and as the table says."""
        lowest: dict[tuple[str, str], tuple[int, str]] = {}
        for s in made:
            matter = (s.program, s.body["customer"]["id"])
            lowest[matter] = min(
                lowest.get(matter, (s.body["receipt"], s.body["id"])), (s.body["receipt"], s.body["id"])
            )
        first = {claim for _, claim in lowest.values()}
        told = self.findings
        answered = {s.body["id"] for s in made if s.body["state"] == "protected"}
        told.equal(
            self.part, f"{setup}: matters owned by the lowest receipt, as answered", len(first & answered), len(first)
        )
        read = self.company.admin
        shown = {
            claim["id"]
            for program in {program for program, _ in lowest}
            for claim in _pages(read, "/v1/claims", program=program, state="protected")
        }
        told.equal(self.part, f"{setup}: the API shows the same owners", shown == first, True)
        with self.company.database.reading() as tx:
            rows = tx.rows(sa.select(t.matter.c.program, t.matter.c.customer, t.matter.c.owner_claim))
        owners = {(r["program"], r["customer"]): r["owner_claim"] for r in rows}
        told.equal(
            self.part,
            f"{setup}: the table names the same owners",
            sum(owners[matter] == claim for matter, (_, claim) in lowest.items()),
            len(lowest),
        )

    # --- three readings of one history -----------------------------------------------------------------------------

    def _compare_three_readings(self, when: str) -> None:
        """Events folded by a program of their own say what the API and the claim table say."""
        with self.findings.timed(self.part, f"events folded and compared, {when}"):
            shown = {c["id"]: c for c in _pages(self.company.admin, "/v1/claims")}
            folded = fold.fold(self.service.database_url)
            with self.company.database.reading() as tx:
                rows = {r["id"]: r for r in tx.rows(sa.select(t.claim.c.id, t.claim.c.state, t.claim.c.reason))}
        told = self.findings
        told.equal(
            self.part,
            f"{when}: the API, the table and the events know the same claims",
            _same(shown, folded, rows),
            True,
        )
        told.equal(
            self.part, f"{when}: histories that do not hang together", sum(bool(c.faults) for c in folded.values()), 0
        )
        different = [c for c in folded.values() if _shown(c) != _api(shown[c.id], deadline=c.deadline != "?")]
        told.equal(self.part, f"{when}: claims whose events tell something else than the API", len(different), 0)
        for claim in different[:5]:
            say(f"    {_shown(claim)}\n    {_api(shown[claim.id], deadline=True)}")
        told.equal(
            self.part,
            f"{when}: claims whose events tell something else than the table",
            sum((c.state, c.reason) != (rows[c.id]["state"], rows[c.id]["reason"]) for c in folded.values()),
            0,
        )

    def _verify_the_history(self) -> None:
        done = subprocess.run(
            [*FAIRCLAIM, "verify", "--data", str(self.service.data), "--json"],
            cwd=PROJECT,
            env={**clean_environment(), "FAIRCLAIM_DATABASE_URL": self.service.database_url},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        events = json.loads(done.stdout)["events"] if done.stdout.startswith("{") else done.stderr[-300:]
        self.findings.holds(self.part, "the chain of all events verifies", done.returncode == 0, f"{events} events")

    # --- work and idleness -----------------------------------------------------------------------------------------

    def _work_half_of_them(self, claims: Sequence[dict[str, Any]], idle: float) -> None:
        """Every second claim is worked every third of the idle period; at a named instant exactly the others lapsed."""
        told = self.findings
        ordered = sorted(claims, key=lambda claim: int(claim["receipt"]))
        worked, unworked = ordered[::2], ordered[1::2]
        own = sum(_at(c["deadline"]) - _at(c["accepted_at"]) == timedelta(seconds=idle) for c in ordered)
        told.equal(self.part, "claims whose deadline is their own acceptance plus the idle period", own, len(ordered))
        left = (min(_at(c["deadline"]) for c in ordered) - self._now()).total_seconds()
        told.holds(self.part, "all reports were in before the first deadline", left > 0, f"{left:.0f} s left")
        until = max(_at(c["deadline"]) for c in unworked) + timedelta(seconds=self.decided_within_s)
        people = {person.id: person for person in self.agents.values()}
        with self._watching() as seen:
            begun = time.monotonic()
            answers = self._work(worked, people, every_s=idle / 3, until=until)
            self._wait_until(until)
            took = time.monotonic() - begun
        told.tell(self.part, "follow-ups", f"{len(answers)} on {len(worked)} claims in {took:.0f} s, {CALLERS} callers")
        bad = [a for a in answers if a.status_code != 201 or not a.json()["qualified"]]
        told.equal(self.part, "follow-ups that were not logged or did not count", len(bad), 0)
        for answer in bad[:3]:
            say(f"    {answer.status_code} {answer.text[:300]}")
        self._check_lapses(worked, unworked, seen, until)

    def _work(
        self, worked: Sequence[dict[str, Any]], people: Mapping[str, Person], *, every_s: float, until: datetime
    ) -> list[httpx2.Response]:
        """Follow-ups on ``worked``, each by the claim's owner, ``every_s`` after its acceptance or its last one."""
        answers: list[httpx2.Response] = []
        ends = time.monotonic() + (until - self._now()).total_seconds()
        offset = time.monotonic() - self._now().timestamp()

        def follow(claim: dict[str, Any]) -> None:
            due, number = _at(claim["accepted_at"]).timestamp() + offset + every_s, 0
            while max(due, time.monotonic()) < ends:
                if stopped.wait(max(0.0, due - time.monotonic())):
                    return
                number += 1
                with at_once:
                    begun = time.monotonic()
                    answers.append(self._follow_up(people[claim["owner"]], claim["id"], number))
                due = begun + every_s

        stopped, at_once = threading.Event(), threading.Semaphore(CALLERS)
        with ThreadPoolExecutor(max(1, len(worked))) as pool:
            try:
                list(pool.map(follow, worked))
            except BaseException:
                stopped.set()
                raise
        return answers

    def _follow_up(self, owner: Person, claim: str, number: int) -> httpx2.Response:
        body = {"kind": "call", "note": f"Call number {number}: terms, budget and the next appointment"}
        path, key = f"/v1/claims/{claim}/follow-ups", f"{claim}:{number}"
        return _insistent(lambda: owner.post(path, body, key=key))

    def _check_lapses(
        self,
        worked: Sequence[dict[str, Any]],
        unworked: Sequence[dict[str, Any]],
        seen: Mapping[str, datetime],
        until: datetime,
    ) -> None:
        told = self.findings
        now = {c["id"]: c for c in _pages(self.company.admin, "/v1/claims")}
        mine = {c["id"] for c in (*worked, *unworked)}
        lapsed = {id_ for id_ in mine if now[id_]["state"] == "lapsed"}
        instant = until.astimezone(UTC).strftime("%H:%M:%S.%fZ")
        told.equal(self.part, f"claims lapsed at {instant}", len(lapsed), len(unworked))
        told.equal(
            self.part, f"lapsed at {instant} are exactly the unworked ones", lapsed == {c["id"] for c in unworked}, True
        )
        told.equal(
            self.part,
            f"worked claims still active at {instant}",
            sum(now[c["id"]]["state"] == "active" for c in worked),
            len(worked),
        )
        told.equal(
            self.part,
            "lapses stored with the claim's own deadline, to the microsecond",
            sum(now[c["id"]]["ended_at"] == c["deadline"] and now[c["id"]]["reason"] == "idle" for c in unworked),
            len(unworked),
        )
        late = sorted((seen[c["id"]] - _at(c["deadline"])).total_seconds() for c in unworked if c["id"] in seen)
        told.equal(self.part, "lapses seen as they were written", len(late), len(unworked))
        if late:
            told.tell(
                self.part, "decided after the deadline", f"median {late[len(late) // 2]:.2f} s, last {late[-1]:.2f} s"
            )
            told.within(
                self.part, "the last lapse was decided after its deadline within", late[-1], self.decided_within_s, "s"
            )

    @contextmanager
    def _watching(self) -> Iterator[dict[str, datetime]]:
        """When each claim was first seen lapsed in the table: a little later than it was written, never earlier."""
        seen: dict[str, datetime] = {}
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                with self.company.database.reading() as tx:
                    found = tx.execute(sa.select(t.claim.c.id).where(t.claim.c.state == "lapsed")).scalars().all()
                    at = tx.now()
                for claim in found:
                    seen.setdefault(str(claim), at)

        watcher = threading.Thread(target=watch, name="watcher", daemon=True)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()

    def _now(self) -> datetime:
        return self.company.now()

    def _move_clock(self, to: datetime) -> None:
        """Everything that falls due on the way is decided by its own workflow, at its own instant."""
        advance_now(self.company.settings, self.company.database, address=self.service.engine_address, to=to)

    def _scaled(self, number: int, *, least: int = 1) -> int:
        return max(least, round(number * self.scale))

    def _wait_until(self, instant: datetime) -> None:
        pause = threading.Event()
        while (left := (instant - self._now()).total_seconds()) > 0:
            pause.wait(left)


def _insistent(call: Callable[[], httpx2.Response], *, within_s: float = 120) -> httpx2.Response:
    """The decided answer of a call that is safe to make again; 202 and 503 are asked again."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        answer = call()
        if answer.status_code not in (202, 503) or time.monotonic() > deadline:
            return answer
        pause.wait(0.5)


def _missing_customer(problem: Mapping[str, Any]) -> bool:
    return problem["code"] == "field_missing" and [e["field"] for e in problem["errors"]] == ["customer"]


def _pages(person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = person.get(path, limit=200, **query, **({"cursor": cursor} if cursor else {}))
        if answer.status_code != 200:
            raise RuntimeError(f"GET {path}: {answer.status_code} {answer.text[:300]}")
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


def _same(*known: Mapping[str, Any]) -> bool:
    return all(set(one) == set(known[0]) for one in known)


def _shown(claim: fold.Claim) -> tuple[Any, ...]:
    deadline = (claim.deadline,) if claim.deadline != "?" else ()
    return (claim.state, claim.owner, claim.reason, claim.received_at, claim.accepted_at, claim.ended_at, *deadline)


def _api(claim: Mapping[str, Any], *, deadline: bool) -> tuple[Any, ...]:
    names = ("state", "owner", "reason", "received_at", "accepted_at", "ended_at", *(("deadline",) if deadline else ()))
    return tuple(claim[name] for name in names)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _count(values: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
