"""A trial of two weeks: sixty people, 3,000 old customers, and what the rules would have done (POL-08, INT-10)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import sqlalchemy as sa

from storage import tables as t
from storage.codec import rfc3339
from tests.acceptance import trial_plan
from tests.acceptance.crm import CALLERS, POLICY, CrmRun, _at, _insistent, _pages, _write
from tests.support.company import Person
from tests.support.service import PROJECT

#: People who sell: the agents of the export and more.
PEOPLE: Final = 60
_POLICY: Final[Mapping[str, Any]] = {
    **POLICY,
    "program.mode": "trial",
    "calendar.zone": "UTC",
    "claim.idle_days": f"PT{trial_plan.IDLE_H}H",
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
    "claim.after_deal_days": 0,
    "claim.reclaim_wait_h": {"person": 0, "company": 0},
    "load.max_ratio": 0,
    "opening.grace_days": f"PT{trial_plan.GRACE_H}H",
    "opening.object_wd": "PT1H",
    "pool.holding_cap": 0,
}
_BY_HAND: Final = Path(__file__).with_name("trial_by_hand.py")
_HELD: Final = ("protected", "active", "won")
_HOUR: Final = timedelta(hours=1)
#: Whoever loads, and whoever goes live, waits so long for the rest of the company to follow.
_DECIDED_WITHIN_S: Final = 900.0
#: Entries of one call that adds to a pool.
_BATCH: Final = 50


class TrialRun(CrmRun):
    """An opening load into a program on trial, two weeks in which people go beyond every rule, and going live."""

    def run(self) -> None:
        self._look_at_the_data()
        self._import_the_company()
        self._find_agents_and_accounts()
        self._hire()
        people = list(self.agents)
        self.names = {person.id: name for name, person in self.agents.items()}
        self.plan = trial_plan.drawn(people, seed=self.seed, scale=self.scale)
        self.said = self.plan.said
        self.findings.tell(self.part, "seed of the plan", str(self.seed))
        self.findings.tell(self.part, "acts", str(dict(Counter(act["kind"] for act in self.said["acts"]))))
        policy = {**_POLICY, "claim.cap_person": self.said["cap"], "pool.daily_takes": self.said["daily"]}
        self.program = self.company.program("Trial", policy=policy, external_id="trial")
        self._plan_commission()
        self.begun = self._load()
        self.entries = self._fill_the_pool()
        with self.findings.timed(self.part, "going live with the opening load", calls=len(self.said["rows"])):
            self._move_clock(self.begun)
        self.claims = self._claims_by_act()
        with self.findings.timed(self.part, "two weeks of acts and deadlines", calls=len(self.said["acts"])):
            refused = self._act()
            self._contest()
            self._move_clock(self.begun + self.said["ends_h"] * _HOUR)
        self.findings.equal(self.part, "acts that were refused", len(refused), 0)
        for sentence in refused[:5]:
            self.findings.tell(self.part, "refused", sentence)
        by_hand = self._by_hand()
        self._check_that_nothing_was_done(by_hand)
        self._check_the_list(by_hand)
        self._end_the_trial(by_hand)
        self._compare_three_readings("at the end")
        self._verify_the_history()

    # --- before the trial's first day ----------------------------------------------------------------------------

    def _hire(self) -> None:
        """So many more people that :data:`PEOPLE` sell, spread over the teams of the managers."""
        missing = self._scaled(PEOPLE, least=len(self.agents) + 1) - len(self.agents)
        managers = list(self.crm.managers)
        file = self.service.folder / "more.csv"
        hired = [f"Pat{place} Newman{place}" for place in range(1, missing + 1)]
        rows = [(name, name, managers[place % len(managers)], "rep") for place, name in enumerate(hired)]
        _write(file, ("external_id", "name", "team", "roles"), rows)
        self.findings.equal(self.part, "people hired", self._imported("people", file), {"created": missing})
        known = {p["external_id"]: p["id"] for p in _pages(self.company.admin, "/v1/people")}
        for name in hired:
            token = self.company.admin.made(f"/v1/people/{known[name]}/tokens", {"name": "acceptance"})["token"]
            self.agents[name] = Person(self.company, known[name], token)
        self.findings.equal(
            self.part, "people who sell", len(self.agents), self._scaled(PEOPLE, least=len(self.agents))
        )

    def _plan_commission(self) -> None:
        author = self.company.person("Plans", roles=("policy_admin",), company_wide=True)
        approver = self.company.person("Plans too", roles=("policy_admin",), company_wide=True)
        rates = [{"when": {}, "rate_bps": trial_plan.RATE_BPS}]
        today = self.company.now().date().isoformat()
        plan = author.made("/v1/plans", {"program": self.program, "effective_from": today, "rates": rates})
        for step in ("review", "approve", "activate"):
            approver.made(f"/v1/plans/{plan['id']}/{step}")

    def _load(self) -> datetime:
        """The old customers are listed for objection; the instant from which they are held, which is a noon."""
        now = self.company.now().astimezone(UTC)
        noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
        while noon < now + 12 * _HOUR:  # a day and a half ahead at most: what was worked two days before is past
            noon += timedelta(days=1)
        self.company.admin.made(f"/v1/programs/{self.program}/opening", {"go_live_at": rfc3339(noon)})
        file = self.service.folder / "old-customers.csv"
        header = ("external_id", "owner", "customer_kind", "customer_name", "customer_phone", "last_follow_up_at")
        rows = []
        for row in self.said["rows"]:
            known, ago = self.plan.customers[row["customer"]], row["worked_days_ago"]
            worked = rfc3339(noon - timedelta(days=ago)) if ago is not None else ""
            rows.append((row["customer"], row["owner"], "person", known.name, known.phone, worked))
        _write(file, header, rows)
        with self.findings.timed(self.part, "fairclaim import opening", calls=len(rows)):
            summary = self._imported("opening", file, "--program", "trial", "--load-good")
        self.findings.equal(self.part, "rows created", summary, {"created": len(rows)})
        left = (noon - self.company.now()).total_seconds()
        self.findings.holds(
            self.part, "all rows were loaded before they are held", left > 0, f"{left / 3600:.1f} h left"
        )
        return noon

    def _fill_the_pool(self) -> dict[str, str]:
        """Customers whom nobody has yet, put into the pool by its admin; the entry of each."""
        admin = self.company.admin
        self.pool = admin.get(f"/v1/programs/{self.program}").json()["default_pool"]
        with ThreadPoolExecutor(CALLERS) as callers:
            made = callers.map(
                lambda key: admin.made("/v1/customers", self.plan.customers[key].given())["id"], self.plan.pooled
            )
            ids = dict(zip(self.plan.pooled, made, strict=True))
        entries: dict[str, str] = {}
        keys = list(ids)
        for start in range(0, len(keys), _BATCH):
            some = keys[start : start + _BATCH]
            body = {"customers": [ids[key] for key in some], "reason": "Nobody has them"}
            answer = admin.post(f"/v1/pools/{self.pool}/add", body)
            assert answer.status_code == 200, answer.text
            entries |= {key: row["customer"] for key, row in zip(some, answer.json()["rows"], strict=True) if row["ok"]}
        self.findings.equal(self.part, "customers in the pool", len(entries), len(self.plan.pooled))
        return entries

    def _claims_by_act(self) -> dict[tuple[str, str], str]:
        """The claim of each old customer by owner and customer; acts add theirs."""
        c = t.claim.c
        with self.company.database.reading() as tx:
            rows = tx.rows(sa.select(c.id, c.reporter, c.external_id).where(c.program == self.program))
        return {(self.names[r["reporter"]], r["external_id"]): r["id"] for r in rows}

    # --- two weeks -----------------------------------------------------------------------------------------------

    def _act(self) -> list[str]:
        """Day by day: people side by side, each in the order of the plan. What was refused, a sentence each."""
        refused: list[str] = []

        def go(acts: Sequence[Mapping[str, Any]]) -> None:
            for act in acts:
                answer = self._answer(act)
                if answer.status_code not in (200, 201):
                    refused.append(f"{act}: {answer.status_code} {answer.text[:200]}")
                elif act["kind"] in ("report", "take"):
                    self.claims[act["person"], act["customer"]] = answer.json()["id"]

        with ThreadPoolExecutor(CALLERS) as callers:
            for day in range(1, trial_plan.DAYS + 1):
                self._move_clock(self.begun + timedelta(days=day))
                lanes: dict[str, list[Mapping[str, Any]]] = {}
                for act in self.said["acts"]:
                    if act["day"] == day:
                        lanes.setdefault(act["person"], []).append(act)
                list(callers.map(go, lanes.values()))
        return refused

    def _contest(self) -> None:
        """Whoever stands beside contests it; the rules would name somebody, and the two agree to leave it so."""
        for number, contest in enumerate(self.said["contests"]):
            rival, customer = self.agents[contest["person"]], contest["customer"]
            first = next(act["person"] for act in self.said["acts"] if act["customer"] == customer)
            claim = self.claims[contest["person"], customer]
            opening = {"claim": claim, "grounds": "refused_report", "statement": f"I was first ({number})"}
            case = _decided(rival, "/v1/disputes", opening, f"contest:{number}")
            path = f"/v1/disputes/{case['id']}/proposals"
            terms = {"terms": {"outcome": "no_change"}, "text": "It stays as it is"}
            made = _decided(self.agents[first], path, terms, f"terms:{number}")
            _decided(rival, f"{path}/{made['n']}/accept", {"digest": made["digest"]}, f"agreed:{number}")

    def _answer(self, act: Mapping[str, Any]) -> httpx2.Response:
        who, customer = self.agents[act["person"]], act["customer"]
        key = f"act:{act['number']}"
        if act["kind"] == "work":
            path = f"/v1/claims/{self.claims[act['person'], customer]}/follow-ups"
            note = f"Day {act['day']}: terms, budget and the next appointment ({key})"
            return _insistent(lambda: who.post(path, {"kind": "call", "note": note}, key=key))
        if act["kind"] == "win":
            path = f"/v1/claims/{self.claims[act['person'], customer]}/win"
            amount = {"amount_minor": act["cents"], "currency": "USD"}
            deal = {"amount": amount, "contract_at": rfc3339(self.company.now())}
            return _insistent(lambda: who.post(path, deal, key=key))
        if act["kind"] == "take":
            path = f"/v1/pools/{self.pool}/customers/{self.entries[customer]}/take"
            return _insistent(lambda: who.post(path, {}, key=key))
        body = {"program": self.program, "customer": self.plan.customers[customer].given()}
        return _insistent(lambda: who.post("/v1/claims", body, key=key))

    def _by_hand(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-I", str(_BY_HAND)],
            cwd=PROJECT,
            input=json.dumps(self.said),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def _check_that_nothing_was_done(self, by_hand: Mapping[str, Any]) -> None:
        """Nobody was refused, nothing lapsed, nothing posted; who has whom is who came first."""
        told = self.findings
        claims = _pages(self.company.admin, "/v1/claims", program=self.program)
        states = Counter(claim["state"] for claim in claims)
        ended = {state: n for state, n in states.items() if state not in (*_HELD, "reported")}
        told.equal(self.part, "claims that ended", ended, {})
        told.equal(self.part, "reports that stand beside", states["reported"], sum(by_hand["beside"].values()))
        self._check_the_holders(claims, by_hand)

    def _check_the_holders(self, claims: Sequence[Mapping[str, Any]], by_hand: Mapping[str, Any]) -> None:
        held = Counter(self.names[c["owner"]] for c in claims if c["state"] in _HELD)
        self.findings.equal(self.part, "customers held", sum(held.values()), sum(by_hand["held"].values()))
        wrong = [name for name in self.agents if held[name] != by_hand["held"].get(name, 0)]
        self.findings.equal(self.part, "people who hold other numbers than the script's", len(wrong), 0)

    def _check_the_list(self, by_hand: Mapping[str, Any]) -> None:
        """Kind, code, person and day of everything that is listed."""
        told, path = self.findings, f"/v1/programs/{self.program}/trial"
        found = _pages(self.company.admin, f"{path}/results")
        day = timedelta(days=1)
        listed = Counter(
            (r["kind"], r["code"] or "", self.names[r["person"]], (_at(r["at"]) - self.begun) // day) for r in found
        )
        expected = Counter({tuple(result): count for *result, count in by_hand["results"]})
        for kind in ("accept", "refuse", "lapse", "commission", "tier_0"):
            ours = sum(count for (k, *_), count in listed.items() if k == kind)
            told.equal(self.part, f"listed: {kind}", ours, by_hand["kinds"].get(kind, 0))
        by_code = Counter(r["code"] for r in found if r["kind"] == "refuse")
        told.tell(self.part, "refusals that are listed, by code", str(dict(sorted(by_code.items()))))
        wrong = (listed - expected) | (expected - listed)
        told.equal(self.part, "listed otherwise than by the script (kind, code, person, day)", sum(wrong.values()), 0)
        for result in sorted(wrong)[:5]:
            told.tell(self.part, f"listed and by hand: {result}", f"{listed[result]} and {expected[result]}")
        counts = self.company.admin.get(path).json()["counts"]
        told.equal(self.part, "counts of the trial", {k: n for k, n in counts.items() if n}, by_hand["kinds"])
        accrued: Counter[str] = Counter()
        for result in found:
            if result["kind"] == "commission":
                mine = f"person:{result['person']}:accrued"
                accrued[self.names[result["person"]]] += sum(
                    one["amount_minor"] for one in result["facts"]["postings"] if one["account"] == mine
                )
        told.equal(
            self.part, "commission that is listed, in cents", accrued.total(), sum(by_hand["commission"].values())
        )
        told.equal(self.part, "its parts by person are the script's", dict(accrued) == by_hand["commission"], True)
        told.equal(self.part, "entries in the ledger", self._rows_of(t.ledger_entry), 0)

    # --- the rules hold ------------------------------------------------------------------------------------------

    def _end_the_trial(self, by_hand: Mapping[str, Any]) -> None:
        told, admin = self.findings, self.company.admin
        begun = time.monotonic()
        answer = admin.made(f"/v1/programs/{self.program}/go-live")
        against = by_hand["kinds"].get("refuse", 0) + by_hand["kinds"].get("lapse", 0)
        told.equal(self.part, "where people acted otherwise, as told at going live", answer["otherwise"], against)
        left = self._wait_for_everybody(answer["policy_version"])
        told.tell(
            self.part, "until every claim had taken in that the program is live", f"{time.monotonic() - begun:.1f} s"
        )
        told.equal(self.part, "claims that have not taken it in", left, 0)
        claims = _pages(admin, "/v1/claims", program=self.program)
        beside = Counter(
            self.names[c["reporter"]] for c in claims if (c["state"], c["reason"]) == ("rejected", "customer_owned")
        )
        told.equal(self.part, "reports beside that the rules reject now, by person", beside == by_hand["beside"], True)
        self._check_the_holders(claims, by_hand)
        held = [c for c in claims if c["state"] in ("protected", "active")]
        ends = Counter(_at(c["deadline"]) - _at(answer["live_at"]) for c in held if c["deadline"] is not None)
        told.equal(
            self.part,
            "claims whose idle time begins again, whole, as the program goes live",
            ends[trial_plan.IDLE_H * _HOUR],
            len(held),
        )
        c, stream = t.claim.c, t.stream.c
        armed = sa.select(sa.func.count()).where(
            c.program == self.program, c.holds, stream.id == c.id, stream.open, stream.next_instant == c.deadline
        )
        with self.company.database.reading() as tx:
            ready = tx.execute(armed).scalar_one()
        told.equal(self.part, "claims that wait for the end of that time", ready, len(held))
        self._move_clock(_at(answer["grace_until"]) - timedelta(seconds=1))
        lapsed = _pages(admin, "/v1/claims", program=self.program, state="lapsed")
        told.equal(self.part, "claims that lapsed within the grace", len(lapsed), 0)
        self._check_that_the_rules_hold(Counter(self.names[c["owner"]] for c in held if c["opening"] is None))

    def _check_that_the_rules_hold(self, counted: Mapping[str, int]) -> None:
        """A report of an old customer is rejected; who has most is refused another one; old customers refuse nobody.

        ``counted``: by person the claims that count for the cap.
        """
        row = self.said["rows"][0]
        most = max(self.agents, key=lambda name: counted.get(name, 0))
        self.findings.holds(
            self.part, "somebody has the most that one may", counted[most] >= self.said["cap"], f"{counted[most]}"
        )
        others = [name for name in self.agents if (name, row["customer"]) not in self.claims]
        least = min(others, key=lambda name: counted.get(name, 0))
        again = {"program": self.program, "customer": self.plan.customers[row["customer"]].given()}
        new = {"program": self.program, "customer": {"kind": "person", "name": "Pat Late", "phone": "18612345678"}}
        late = _insistent(lambda: self.agents[least].post("/v1/claims", again, key="late")).json()
        more = _insistent(lambda: self.agents[most].post("/v1/claims", new, key="more")).json()
        found = [late.get("reason") or late.get("code"), more.get("code")]
        self.findings.equal(self.part, "the rules refuse now", found, ["customer_owned", "claim_cap"])
        old = Counter(row["owner"] for row in self.said["rows"])
        laden = max((n for n in self.agents if counted.get(n, 0) < self.said["cap"]), key=lambda name: old[name])
        made = _insistent(lambda: self.agents[laden].post("/v1/claims", new, key="laden")).json()
        told = f"{made.get('state') or made.get('code')}, beside {old[laden]} old ones and {counted.get(laden, 0)} new"
        self.findings.holds(
            self.part, "old customers refuse nobody a new one", made.get("state") in ("protected", "active"), told
        )

    def _wait_for_everybody(self, version: int) -> int:
        """How many open claims do not know of it yet after at most :data:`_DECIDED_WITHIN_S`."""
        c, pause = t.claim.c, threading.Event()
        waiting = sa.select(sa.func.count()).where(
            c.program == self.program, sa.or_(c.state == "reported", sa.and_(c.holds, c.policy_version != version))
        )
        ends = time.monotonic() + _DECIDED_WITHIN_S
        while True:
            with self.company.database.reading() as tx:
                left = int(tx.execute(waiting).scalar_one())
            if left == 0 or time.monotonic() > ends:
                return left
            pause.wait(0.5)

    def _rows_of(self, table: sa.Table) -> int:
        with self.company.database.reading() as tx:
            return int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _decided(who: Person, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    answer = _insistent(lambda: who.post(path, body, key=key))
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{path} ({key}): {answer.status_code} {answer.text[:600]}")
    found: dict[str, Any] = answer.json()
    return found
