"""The opening load on real input: closed history becomes claims with its dates, and every agent has what they had."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from tests.acceptance.crm import CALLERS, POLICY, CrmRun, _at, _insistent, _pages, _write
from tests.acceptance.crm_data import Closed
from tests.support import fold
from tests.support.service import PROJECT

#: Issue "Customers come free and are taken", point 5: 3,000 customers in one afternoon.
ROWS: Final = 3_000
#: An opportunity is a project of its account. A short time to object; the grace is that of the general policy.
_POLICY: Final[Mapping[str, Any]] = {**POLICY, "claim.subject": "project", "opening.object_wd": "PT5S"}
_BY_HAND: Final = Path(__file__).with_name("opening_by_hand.py")
_WARM_UP: Final = 64
_DECIDED_WITHIN_S: Final = 600.0


class OpeningRun(CrmRun):
    """The oldest closed opportunities through `fairclaim import opening`; objections; go-live; counts per agent."""

    #: How many rows in full.
    rows = ROWS
    #: One of so many rows is objected to.
    objected = 50

    def run(self) -> None:
        self._look_at_the_data()
        self._import_the_company()
        self._find_agents_and_accounts()
        history = self.crm.closed[: self._scaled(self.rows)]
        program = self.company.program("Opening", policy=_POLICY, external_id="opening")
        path = f"/v1/programs/{program}/opening"
        lead_time = self._lead_time(history)
        go_live = self.company.now() + timedelta(seconds=lead_time)
        self.company.admin.made(path, {"go_live_at": rfc3339(go_live)})
        self._load(history)
        left = (go_live - self.company.now()).total_seconds()
        self.findings.holds(self.part, "all rows were loaded before go-live", left > 0, f"{left:.0f} s left")
        rows = {row["project"]["name"]: row for row in _pages(self.company.admin, f"{path}/rows")}
        self.findings.equal(self.part, "rows listed for objection", len(rows), len(history))
        objections = self._object(path, rows, history)
        self._go_live(program, go_live.timestamp() - self.company.now().timestamp())
        self._check_the_counts(program, history, objections)
        self._compare_three_readings("after go-live")
        self._verify_the_history()

    # --- before go-live ------------------------------------------------------------------------------------------

    def _lead_time(self, history: Sequence[Closed]) -> float:
        """Seconds in which the file is loaded for certain: measured on a program of its own, twice over."""
        program = self.company.program("Warm-up", policy=_POLICY)
        path = f"/v1/programs/{program}/opening"
        self.company.admin.made(path, {"go_live_at": rfc3339(self.company.now() + timedelta(days=30))})
        some = history[:_WARM_UP]

        def load(one: Closed) -> None:
            body = {
                "owner": self.agents[one.opportunity.agent].id,
                "customer": {"id": self.accounts[one.opportunity.account]},
                "project": {"name": one.opportunity.id, "tender_number": one.opportunity.id},
            }
            _insistent(lambda: self.company.admin.post(f"{path}/rows", body, key=f"warm:{one.opportunity.id}"))

        begun = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(load, some))
        return 30 + 2.5 * (time.monotonic() - begun) / len(some) * len(history)

    def _load(self, history: Sequence[Closed]) -> None:
        file = self.service.folder / "opening.csv"
        header = ("opportunity_id", "sales_agent", "account", "close_date")
        told = [(c.opportunity.id, c.opportunity.agent, c.opportunity.account, c.closed.isoformat()) for c in history]
        _write(file, header, told)
        columns = [f"opportunity_id={name}" for name in ("external_id", "project", "project_tender_number")]
        columns += ["sales_agent=owner", "account=customer", "close_date=last_follow_up_at"]
        options = [word for pair in columns for word in ("--map", pair)]
        options += ["--program", "opening", "--set", "protection_days_left=30", "--load-good"]
        with self.findings.timed(self.part, "fairclaim import opening", calls=len(history)):
            summary = self._imported("opening", file, *options)
        self.findings.equal(self.part, "rows created", summary, {"created": len(history)})

    def _object(self, path: str, rows: Mapping[str, Any], history: Sequence[Closed]) -> int:
        """One of ``objected`` rows is the next row's agent's, says that agent, where it is another one."""
        pairs = [
            (history[place].opportunity, history[place + 1].opportunity.agent)
            for place in range(self.objected - 1, len(history) - 1, self.objected)
        ]
        made = 0
        for row, agent in pairs:
            if agent != row.agent:
                self.agents[agent].made(f"{path}/rows/{rows[row.id]['id']}/objections", {"reason": "I had them"})
                made += 1
        self.findings.tell(self.part, "objections", str(made))
        return made

    # --- go-live -------------------------------------------------------------------------------------------------

    def _go_live(self, program: str, in_s: float) -> None:
        """Waits until every row is decided; how long that took from the instant at which all of them fell due."""
        pause = threading.Event()
        pause.wait(max(0.0, in_s))
        begun, c = time.monotonic(), t.claim.c
        waiting = sa.select(sa.func.count()).where(c.program == program, c.state == "reported")
        while True:
            with self.company.database.reading() as tx:
                left = tx.execute(waiting).scalar_one()
            took = time.monotonic() - begun
            if left == 0 or took > _DECIDED_WITHIN_S:
                break
            pause.wait(0.5)
        self.findings.tell(self.part, "from go-live until every row was decided", f"{took:.1f} s")
        self.findings.equal(self.part, "rows left undecided", left, 0)

    def _check_the_counts(self, program: str, history: Sequence[Closed], objections: int) -> None:
        """Held per agent: the API, the table, the events and a script that reads the files alone agree."""
        told = self.findings
        asked = [sys.executable, "-I", str(_BY_HAND), str(self.crm.folder), str(len(history)), str(self.objected)]
        done = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True)
        by_hand = json.loads(done.stdout)
        told.equal(self.part, "rows, by hand", by_hand["rows"], len(history))
        told.equal(self.part, "objections, by hand", by_hand["objections"], objections)
        names = {person.id: name for name, person in self.agents.items()}
        claims = _pages(self.company.admin, "/v1/claims", program=program)
        shown = Counter(names[c["owner"]] for c in claims if c["owner"] is not None)
        self._same_counts("the API", shown, by_hand["kept"])
        c = t.claim.c
        held = sa.select(c.owner, sa.func.count().label("n")).where(c.program == program, c.holds).group_by(c.owner)
        with self.company.database.reading() as tx:
            table = {names[r["owner"]]: r["n"] for r in tx.rows(held)}
        self._same_counts("the table", table, by_hand["kept"])
        here = {claim["id"] for claim in claims}
        folded = [f for f in fold.fold(self.service.database_url).values() if f.id in here]
        events = Counter(names[f.owner] for f in folded if f.owner is not None)
        self._same_counts("the events", events, by_hand["kept"])
        states = Counter(claim["state"] for claim in claims)
        expected = {"active": len(history) - objections} | ({"disputed": 2 * objections} if objections else {})
        told.equal(self.part, "states after go-live", dict(states), expected)
        cases = {claim["dispute"] for claim in claims if claim["dispute"] is not None}
        told.equal(self.part, "cases", len(cases), objections)
        early = [c for c in claims if c["deadline"] and _at(c["deadline"]) < _at(c["accepted_at"]) + timedelta(days=13)]
        told.equal(self.part, "claims that would lapse before the grace is over", len(early), 0)
        told.equal(self.part, "claims marked as opening", sum(c["opening"] is not None for c in claims), len(claims))

    def _same_counts(self, reading: str, found: Mapping[str, int], by_hand: Mapping[str, int]) -> None:
        wrong = {n: (found.get(n), by_hand.get(n)) for n in {*found, *by_hand} if found.get(n) != by_hand.get(n)}
        agents = f"agents whose customers differ between {reading} and the script"
        self.findings.equal(self.part, agents, len(wrong), 0)
        self.findings.equal(self.part, f"customers held, by {reading}", sum(found.values()), sum(by_hand.values()))
        for name, (ours, theirs) in sorted(wrong.items())[:5]:
            self.findings.tell(self.part, f"customers of {name}, {reading} and by hand", f"{ours} and {theirs}")
