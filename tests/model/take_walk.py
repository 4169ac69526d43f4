"""Random takes, releases, lapses, reports, leads and told visits against :mod:`tests.model.take_model`, by real drains.

No HTTP in between: a walk gives the commands that the API gives, in bursts that are stored first and drained in any
order of their customers, so that takes of one person on several customers meet in every order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.commands import claims, follow_ups, leads, pools, reports
from api.schemas.claims import FollowUpIn, ReleaseIn, ReportIn
from api.schemas.leads import LeadIn, ReturnIn
from domain.people.access import Actor
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction
from tests.model.stopped_clock import START
from tests.model.take_model import Customer, Rules, Takes
from tests.support.company import Company
from tests.support.office import NOTE

PEOPLE: Final = 3
RULES: Final = {
    "rested": Rules(daily_takes=5, holding_cap=5, open_cap=0, cool_off_h=1, idle_h=20, wait_h=2, wait_after_idle_h=9),
    "hours": Rules(
        daily_takes=4,
        holding_cap=0,
        open_cap=4,
        cool_off_h=0,
        idle_h=30,
        wait_h=0,
        wait_after_idle_h=0,
        windows=((8, 12), (14, 21)),
    ),
    "visits": Rules(
        daily_takes=4,
        holding_cap=6,
        open_cap=0,
        cool_off_h=0,
        idle_h=25,
        wait_h=3,
        wait_after_idle_h=3,
        visit_first=True,
    ),
}
#: Customers of each program; a report that waits for a visit is told of one or taken back at once.
CUSTOMERS: Final = {"rested": 9, "hours": 9, "visits": 4}
EVERYWHERE: Final[dict[str, Any]] = {
    "claim.first_follow_up_wh": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
    "claim.complete_fields": [],
    "guard.min_reports": 1_000_000,
    "claim.stage_length": {"visit_deal": "900d"},
    "lead.first_response_oh": dict.fromkeys("ABCD", 0),
    "lead.accept_oh": 0,
    "load.max_ratio": 0,
}
#: What a walk of some size meets.
REACHABLE: Final = frozenset(
    [
        "taken",
        "already_taken",
        "customer_owned",
        "own",
        "window_closed",
        "cooling_off",
        "reclaim_wait",
        "holding_cap",
        "claim_cap",
        "daily_limit",
        "waits",
        "attached",
        "own_lead",
    ]
)
#: What a short one meets already.
OFTEN: Final = REACHABLE - {"holding_cap", "reclaim_wait", "own", "own_lead", "attached", "customer_owned"}
_US = timedelta(microseconds=1)


class Difference(AssertionError):  # noqa: N818 - that is what it is
    """Product and model do not agree."""


@dataclass
class Sent:
    """A command that is stored and not decided."""

    act: str
    customer: str
    person: str
    command: str
    at: int
    stream: str


@dataclass
class TakeWalk:
    """One walk; the same for the same seed."""

    company: Company
    seed: int
    rng: Random = field(init=False)
    model: Takes = field(init=False)
    people: list[str] = field(default_factory=list)
    pools: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)  # customer's id by entry
    acts: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.model = Takes(RULES, start_h=9)
        admin, company = self.company.admin, self.company
        self.people = [company.rep(f"销售{number}").id for number in range(PEOPLE)]
        for name, rules in RULES.items():
            program = company.program(name, policy=_policy(rules))
            pool = str(admin.get(f"/v1/programs/{program}").json()["default_pool"])
            made = [
                admin.made(
                    "/v1/customers", {"kind": "person", "name": "王", "phone": f"139{len(self.records):04}{n:04}"}
                )
                for n in range(CUSTOMERS[name])
            ]
            rows = admin.made(f"/v1/pools/{pool}/add", {"customers": [c["id"] for c in made], "reason": "开始"})["rows"]
            self.pools[program] = pool
            for row, record in zip(rows, made, strict=True):
                entry = row["entry"]
                self.records[entry["id"]] = record["id"]
                entered = datetime.fromisoformat(entry["entered_at"])
                self.model.customers[entry["id"]] = Customer(name, (entered - START) // _US)
        self.programs = dict(zip(RULES, self.pools, strict=True))

    def run(self, acts: int) -> Counter[str]:
        """Act until ``acts`` were answered; what was met, by answer."""
        done = 0
        while done < acts:
            self._pass_time()
            which = self.rng.random()
            if which < 0.25:
                self._report(visit_first=which < 0.13)
                done += 1
            elif which < 0.4:
                self._lead()
                done += 1
            else:
                done += self._burst()
        self._compare()
        return self.model.met

    def _pass_time(self) -> None:
        minutes = self.rng.choice((0, 0, 0, 0, 0, 0, 3, 17, 41, 90, 400))
        if minutes:
            self.company.advance(minutes=minutes)
            now = self._now()
            for customer in self.model.customers:
                self.model.settle(customer, now)

    def _now(self) -> int:
        return (self.company.now() - START) // _US

    def _burst(self) -> int:
        """Some acts are stored, then their customers are drained in any order."""
        sent: list[Sent] = []
        here = self.rng.sample(sorted(self.model.customers), k=self.rng.choice((1, 2, 3)))
        for _ in range(self.rng.choice((1, 2, 3, 5))):
            customer, person = self.rng.choice(here), self.rng.choice(self.people)
            owner = self.model.customers[customer].owner
            gone = any(s.act == "release" and s.customer == customer for s in sent)
            if owner is not None and not gone and self.rng.random() < 0.4:
                sent.append(self._release(customer, owner))
            else:
                sent.append(self._take(customer, person))
        order = self.rng.sample(here, k=len(here))
        for customer in order:
            mine = [s for s in sent if s.customer == customer]
            if not mine:
                continue
            self.company.direct.drain(self.rng.choice(mine).stream)
            for one in sorted(mine, key=lambda s: s.at):
                act = self.model.release if one.act == "release" else self.model.take
                expected = act(customer, one.person, one.at)
                self._agree(one.act, customer, one.person, one.at, expected, self._answer(one))
            self.company.ring_bells()
        return len(sent)

    def _take(self, customer: str, person: str) -> Sent:
        pool = self.pools[self.programs[self.model.customers[customer].program]]
        waiting = self._give(person, lambda tx, caller: pools.take(tx, caller, pool, customer))
        assert isinstance(waiting, Waiting)
        return self._sent("take", customer, person, waiting)

    def _release(self, customer: str, owner: str) -> Sent:
        with self.company.database.reading() as tx:
            claim = tx.execute(sa.select(t.matter.c.owner_claim).where(t.matter.c.id == customer)).scalar_one()
        body = ReleaseIn(reason="need_unmet")
        waiting = self._give(owner, lambda tx, caller: claims.release(tx, caller, claim, body))
        assert isinstance(waiting, Waiting)
        return self._sent("release", customer, owner, waiting)

    def _any(self, *, visit_first: bool) -> str:
        """Some customer of such programs, rather one whom nobody holds."""
        known = sorted(c for c, here in self.model.customers.items() if RULES[here.program].visit_first is visit_first)
        free = [c for c in known if self.model.customers[c].owner is None]
        return self.rng.choice(free if free and self.rng.random() < 0.7 else known)

    def _report(self, *, visit_first: bool) -> None:
        customer, person = self._any(visit_first=visit_first), self.rng.choice(self.people)
        program = self.programs[self.model.customers[customer].program]
        body = ReportIn.model_validate({"program": program, "customer": {"id": self.records[customer]}})
        with self.company.database.reading() as tx:
            last = tx.execute(sa.select(t.matter.c.last_at).where(t.matter.c.id == customer)).scalar_one()
            at = (tx.stamp(last) - START) // _US
        expected = self.model.report(customer, person, at)
        names = self.company.app.state.services.names
        found = self._give(person, lambda tx, caller: reports.report(tx, caller, body, names))
        if isinstance(found, Waiting):
            sent = self._sent("report", customer, person, found)
            answer = self._decided(sent)
        else:
            answer = found.code if isinstance(found, Refusal) else "own"
        self._agree("report", customer, person, at, expected, answer)
        if expected == "waits":
            assert isinstance(found, Waiting)
            self._visit(customer, person, found.stream)

    def _visit(self, customer: str, person: str, claim: str) -> None:
        """The author of a report that waits tells of a visit; what they take before it may use up their room."""
        others = sorted(c for c, here in self.model.customers.items() if here.owner is None and c != customer)
        if others and self.rng.random() < 0.5:
            taken = self._take(self.rng.choice(others), person)
            self.company.direct.drain(taken.stream)
            expected = self.model.take(taken.customer, person, taken.at)
            self._agree("take", taken.customer, person, taken.at, expected, self._answer(taken))
            self.company.ring_bells()
        body = FollowUpIn(kind="visit", note=NOTE)
        waiting = self._give(person, lambda tx, caller: follow_ups.log(tx, caller, claim, body))
        assert isinstance(waiting, Waiting), waiting
        sent = self._sent("visit", customer, person, waiting)
        expected, found = self.model.tell_visit(customer, person, sent.at), self._decided(sent)
        self._agree("visit", customer, person, sent.at, expected, found)
        if expected != "taken":
            waiting = self._give(person, lambda tx, caller: claims.withdraw(tx, caller, claim, None))
            assert isinstance(waiting, Waiting), waiting
            sent = self._sent("withdraw", customer, person, waiting)
            self._agree("withdraw", customer, person, sent.at, self.model.take_back(person), self._decided(sent))

    def _lead(self) -> None:
        """Somebody writes a lead for a colleague or for themselves; the colleague accepts, or cannot and returns it."""
        customer, sender = self._any(visit_first=False), self.rng.choice(self.people)
        receiver = self.rng.choice(self.people)
        told = {"customer": {"id": self.records[customer]}, "source": "fair", "person": receiver}
        body = LeadIn.model_validate({"program": self.programs[self.model.customers[customer].program], **told})
        names = self.company.app.state.services.names
        found = self._give(sender, lambda tx, caller: leads.receive(tx, caller, body, names))
        if isinstance(found, Refusal):
            answer = "own_lead" if found.code == "field_invalid" else found.code
            at = self._now()
        else:
            sent = self._sent("lead", customer, receiver, found)
            at, lead = sent.at, found.stream
            self.company.direct.drain(lead)
            with self.company.database.reading() as tx:
                answer = str(tx.execute(sa.select(t.lead.c.state).where(t.lead.c.id == lead)).scalar_one())
            if answer == "offered":
                accepted = self._give(receiver, lambda tx, caller: leads.accept(tx, caller, lead))
                sent = self._sent("accept", customer, receiver, accepted)
                at, answer = sent.at, self._decided(sent)
                if answer != "taken":
                    self._end(lead, receiver, sender)
            self.company.ring_bells()
        self._agree("lead", customer, receiver, at, self.model.direct(customer, sender, receiver, at), answer)

    def _end(self, lead: str, receiver: str, sender: str) -> None:
        """Nobody has the customer by it: they lie where they lay."""
        back = ReturnIn(reason="no_need")
        for person, work in (
            (receiver, lambda tx, caller: leads.give_back(tx, caller, lead, back)),
            (sender, lambda tx, caller: leads.close(tx, caller, lead, "仍在公海")),
        ):
            waiting = self._give(person, work)
            assert isinstance(waiting, Waiting), waiting
            self.company.direct.drain(waiting.stream)

    def _decided(self, sent: Sent) -> str:
        self.company.direct.drain(sent.stream)
        self.company.ring_bells()
        return self._answer(sent)

    def _give(self, person: str, work: Any) -> Any:
        def run(tx: Transaction) -> Any:
            setting = self.company.snapshots.setting(tx)
            return work(tx, Caller(Actor(person), "", tx.now(), setting))

        try:
            return self.company.database.transact(run)
        except Refusal as refusal:
            return refusal

    def _sent(self, act: str, customer: str, person: str, waiting: Waiting) -> Sent:
        with self.company.database.reading() as tx:
            at = tx.execute(sa.select(t.command.c.received_at).where(t.command.c.id == waiting.command)).scalar_one()
        return Sent(act, customer, person, waiting.command, (at - START) // _US, waiting.stream)

    def _answer(self, sent: Sent) -> str:
        with self.company.database.reading() as tx:
            row = tx.row(sa.select(t.command).where(t.command.c.id == sent.command))
            assert row is not None
            assert row["decided_at"] is not None, "undecided"
            if row["problem"] is not None:
                return str(row["problem"]["code"])
            if sent.act in ("release", "withdraw"):
                return {"release": "released", "withdraw": "withdrawn"}[sent.act]
            claim = row["claim"]
            if sent.act == "accept":
                claim = tx.execute(sa.select(t.lead.c.claim).where(t.lead.c.id == sent.stream)).scalar_one()
            found = tx.row(sa.select(t.claim.c.state, t.claim.c.reason).where(t.claim.c.id == claim))
        assert found is not None
        if found["state"] == "reported":
            return "waits"
        return str(found["reason"]) if found["state"] == "rejected" else "taken"

    def _agree(self, act: str, customer: str, person: str, at: int, expected: str, found: str) -> None:
        who = f"{self.people.index(person)} {act} {sorted(self.records).index(customer)}"
        self.said.append(f"{at} {who} -> {found}")
        self.acts[act] += 1
        if found == expected or (expected == "over" and found == "illegal_transition"):
            return
        told = "\n  ".join(self.said[-25:])
        raise Difference(f"seed {self.seed}: service answers {found}, model {expected}\n  {told}")

    def _compare(self) -> None:
        """The log and the owners, row by row: nothing was counted twice, nothing washed away."""
        with self.company.database.reading() as tx:
            log = tx.rows(sa.select(t.pool_take.c.person, t.pool_take.c.at, t.pool_take.c.matter))
            joined = t.matter.outerjoin(t.claim, t.claim.c.id == t.matter.c.owner_claim)
            owners = tx.rows(sa.select(t.matter.c.id, t.claim.c.owner, t.matter.c.pooled).select_from(joined))
        found = sorted((r["person"], (r["at"] - START) // _US, r["matter"]) for r in log)
        if found != sorted(self.model.log):
            raise Difference(f"seed {self.seed}: the log of takes differs")
        expected = {c: here.owner for c, here in self.model.customers.items()}
        if {r["id"]: r["owner"] for r in owners} != expected or any(r["pooled"] == bool(r["owner"]) for r in owners):
            raise Difference(f"seed {self.seed}: owners differ")


def _policy(rules: Rules) -> dict[str, Any]:
    return {
        **EVERYWHERE,
        "pool.daily_takes": rules.daily_takes,
        "pool.holding_cap": rules.holding_cap,
        "claim.cap_person": rules.open_cap,
        "pool.cool_off_h": rules.cool_off_h,
        "pool.windows": [f"{start:02}:00-{end:02}:00" for start, end in rules.windows],
        "claim.protection_shape": "visit_deal" if rules.visit_first else "report_deal",
        "claim.idle_days": f"PT{rules.idle_h}H",
        "claim.reclaim_wait_h": {"person": rules.wait_h, "company": 0, "idle": rules.wait_after_idle_h},
    }
