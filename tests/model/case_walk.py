"""A random walk through cases: every act goes to the service over HTTP and to the model, and both must agree.

The clock stands still between acts and the seed decides everything, so that a walk is the same every time. Time moves
to interesting instants, and now and then past an end that nobody has decided yet.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2
import sqlalchemy as sa

from storage import tables as t
from tests.model.case_model import CLOCKS, FRIVOLOUS, LENGTH, Case, Claim, Outcome, consent_needed
from tests.model.walk import Difference
from tests.model.working_time import instant, readable
from tests.support.company import Company, Person

STATUS = {
    "not_allowed": 403,
    "reason_required": 422,
    "no_new_evidence": 422,
    "field_invalid": 422,
    "not_found": 404,
}
#: What every walk of some length brings about.
REACHABLE = frozenset(
    {"proposed", "negotiating", "mediating", "arbitrating", "ruled", "final", "settled", "dismissed", "withdrawn"}
)
TEAMS = {"one": ("ann", "bea", "cid"), "two": ("dan", "eve")}


def _iso(us: int) -> str:
    return f"PT{us // 1_000_000}S"


POLICY: dict[str, Any] = {
    "claim.first_follow_up_wh": 0,
    "claim.protection_days": _iso(CLOCKS["protection"]),
    "claim.no_deal_days": _iso(CLOCKS["no_deal"]),
    "claim.idle_days": _iso(CLOCKS["idle"]),
    "claim.complete_fields": [],
    "dispute.contest_wd": "P5D",
    "dispute.objection_wh": _iso(LENGTH["objection"]),
    "dispute.negotiation_wh": _iso(LENGTH["negotiation"]),
    "dispute.mediation_wh": _iso(LENGTH["mediation"]),
    "dispute.evidence_wh": _iso(LENGTH["evidence"]),
    "dispute.more_evidence_wh": _iso(LENGTH["more"]),
    "dispute.tier_wh": _iso(LENGTH["tier"]),
    "dispute.exec_wd": _iso(LENGTH["panel"]),
    "dispute.appeal_wd": _iso(LENGTH["appeal"]),
    "dispute.min_remaining_days": "P9DT20H",
    "dispute.frivolous_max": FRIVOLOUS[0],
    "dispute.frivolous_days": _iso(FRIVOLOUS[1]),
}


@dataclass
class Tally:
    """What a walk did."""

    operations: int = 0
    effective: int = 0
    cases: int = 0
    parties: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """How much of what was tried took effect."""
        return self.effective / max(1, self.operations)

    def add(self, other: Tally) -> None:
        """Another walk's on top."""
        self.operations += other.operations
        self.effective += other.effective
        self.cases += other.cases
        for mine, theirs in ((self.parties, other.parties), (self.states, other.states), (self.codes, other.codes)):
            mine.update(theirs)

    def __str__(self) -> str:
        counts = {"states": self.states, "parties": self.parties, "refusals": self.codes}
        lines = (f"  {n}: " + ", ".join(f"{w} {c}" for w, c in found.most_common()) for n, found in counts.items())
        return "\n".join((f"{self.operations} acts in {self.cases} cases, {self.share:.0%} took effect", *lines))


class CaseWalk:
    """One walk through the cases of one company, one case after the other."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company, self.seed, self.rng, self.tally = company, seed, random.Random(seed), Tally()
        self.people: dict[str, Person] = {"admin": company.admin, "head": company.leader(company.root, "head")}
        office = company.team("office")
        self.people["middle"] = company.leader(office, "middle")
        self.tree, self.team = {"middle": "head"}, {}
        for name, reps in TEAMS.items():
            team, lead = company.team(name, parent=office), f"lead_{name}"
            self.people[lead] = company.leader(team, lead)
            self.tree[lead] = "middle"
            for rep in reps:
                self.people[rep] = company.rep(rep, team=team)
                self.team[rep] = lead
        for name in ("panel", "neutral"):
            self.people[name] = company.person(name)
        self.people["outside"] = company.rep("outside", team=company.team("elsewhere"))
        self.names = {person.id: name for name, person in self.people.items()}
        panel = [self.people["panel"].id]
        self.programs = {
            settles: company.program(str(settles), policy={**POLICY, "dispute.auto_settle": settles}, panel=panel)
            for settles in (True, False)
        }
        self.log: list[str] = []
        self.late = False
        self.items = 0
        #: When cases of each opener were dismissed, by program.
        self.dismissed: dict[tuple[str, str], list[int]] = {}

    def run(self, operations: int) -> Tally:
        """So many acts, and the case to its end."""
        while self.tally.operations < operations:
            self._one_case()
        return self.tally

    # --- one case --------------------------------------------------------------------------------------------------

    def _one_case(self) -> None:
        self.log, self.item = [], None
        reps = self.rng.sample(sorted(self.team), self.rng.randint(2, 5))
        program = self.programs[settles := self.rng.random() < 0.4]
        self.waiting: list[Claim] = []
        self.ids: dict[str, str] = {}
        claims = [self._report(program, rep, first=rep == reps[0]) for rep in reps]
        opener = reps[0] if self.rng.random() < 0.15 else reps[1]
        contested = settles and self.rng.random() < 0.3
        concerned = claims if opener == reps[0] else [claims[1], claims[0]]
        self.waiting = [claim for claim in claims if claim not in concerned]
        body = {
            "claim": self.ids[opener],
            "grounds": "ownership" if opener == reps[0] else "refused_report",
            "statement": "mine",
            "contests": [self.ids[reps[0]]] if contested else [],
        }
        opened_at = self._now()
        answer = self.people[opener].post("/v1/disputes", body)
        self._note(f"{opener} opens", answer)
        dismissed = self.dismissed.setdefault((opener, program), [])
        if consent_needed(dismissed, opened_at):
            self.tally.codes["consent_needed"] += 1
            if (answer.status_code, answer.json().get("code")) != (403, "consent_needed"):
                self._differ("the model refuses with consent_needed")
            return
        self.tally.effective += 1
        if answer.status_code != 201:
            self._differ(f"a case that must open: {answer.text}")
        self.id = answer.json()["id"]
        self.case = Case(
            tree=self.tree,
            team=self.team,
            panel="panel",
            opener=opener,
            opened_at=opened_at,
            claims={claim.person: claim for claim in concerned},
            settles=settles and not contested,
        )
        self.tally.cases += 1
        self._same(answer.json())
        while self.waiting and self.rng.random() < 0.7:
            self._join()
        acts, weights = zip(*self._acts().items(), strict=True)
        tried = 0
        while (self.case.open and tried < 60) or tried < 4:
            if self.rng.random() < 0.3:
                self._pass_time()
            before = self.tally.operations
            self.rng.choices(acts, weights)[0]()
            tried += self.tally.operations > before
            self.tally.states[self.case.state] += 1
            if self.rng.random() < 0.08:
                self._same_claims()
            if not self.case.open and tried >= 4 and self.rng.random() < 0.6:
                break
        while self.case.open and self.case.rulings:
            self._advance((self.case.next_due or 0) - self._now() + 1)
        self.tally.parties[len(self.case.claims)] += 1
        if self.case.state == "dismissed" and self.case.ended_at is not None:
            dismissed.append(self.case.ended_at)
        self._read()
        self._same_claims()

    def _report(self, program: str, rep: str, *, first: bool) -> Claim:
        if first:
            self.items += 1
        customer = {"kind": "person", "name": "王小明", "phone": f"139{self.items:08d}"}
        answer = self.people[rep].post("/v1/claims", {"program": program, "customer": customer})
        self._note(f"{rep} reports", answer)
        self.tally.effective += 1
        view = answer.json()
        self.ids[rep] = view["id"]
        at = instant(view["received_at"])
        if not first:
            claim = Claim(rep, held=False, state="rejected", reason="customer_owned")
        else:
            claim = Claim(rep, held=True, state="protected", deadlines={n: at + us for n, us in CLOCKS.items()})
            if self.rng.random() < 0.5:
                self._advance(self.rng.randrange(1, 3 * 3_600_000_000))
                note = {"kind": "call", "note": f"谈了户型、预算和下次看房时间安排 {self.items}"}
                called_at = self._now()
                self._note(f"{rep} calls", self.people[rep].post(f"/v1/claims/{view['id']}/follow-ups", note))
                claim.state, claim.worked = "active", True
                claim.deadlines["idle"] = called_at + CLOCKS["idle"]
            self._advance(self.rng.randrange(1, 12 * 3_600_000_000))
        if (view["state"], view["reason"]) != (("protected", None) if first else ("rejected", "customer_owned")):
            self._differ(f"the report of {rep}: {view['state']} {view['reason']}")
        return claim

    def _acts(self) -> dict[Any, float]:
        return {
            self._object: 3,
            self._waive: 4,
            self._mediator: 2,
            self._propose: 5,
            self._answer: 14,
            self._speak: 7,
            self._ask_more: 1.5,
            self._rule: 8,
            self._appeal: 7,
            self._withdraw: 1.5,
            self._continue: 2,
            self._dismiss: 0.7,
            self._join: 3,
            self._outside: 0.5,
        }

    # --- acts ------------------------------------------------------------------------------------------------------

    def _object(self) -> None:
        if self.case.state != "proposed" and self.rng.random() < 0.8:
            return
        who, fact = self._party(), self.rng.random() < 0.5
        body = {"missing": "a record"} if fact else {"reason": "unfair"}
        self._act(who, "object", body, lambda now: self.case.object_to(who, now, fact=fact))

    def _waive(self) -> None:
        if self.case.state != "negotiating" and self.rng.random() < 0.8:
            return
        open_ones = sorted(set(self.case.claims) - self.case.waived)
        who = self.rng.choice(open_ones) if open_ones and self.rng.random() < 0.7 else self._party()
        self._act(who, "waive", {}, lambda now: self.case.waive(who, now))

    def _mediator(self) -> None:
        if self.case.state not in ("negotiating", "mediating") and self.rng.random() < 0.9:
            return
        if self.late or self.case.mediator is not None:
            return
        body = {"person": self.people["neutral"].id}
        self._act("head", "mediator", body, lambda _now: self.case.name_mediator("neutral"))

    def _propose(self) -> None:
        if self.case.state not in ("negotiating", "mediating") and self.rng.random() < 0.8:
            return
        mediates = self.case.mediator is not None and not self.late and self.rng.random() < 0.4
        who, terms = "neutral" if mediates else self._party(), self._outcome()
        number = len(self.case.proposals) + 1
        body = {"terms": self._body(terms), "text": f"terms {number}"}
        self._act(who, "proposals", body, lambda _now: self.case.propose(who, terms), look=False)

    def _answer(self) -> None:
        if not self.case.proposals or self.late:
            return
        for _ in range(len(self.case.claims) if self.rng.random() < 0.4 else 1):
            self._answer_one()

    def _answer_one(self) -> None:
        latest = len(self.case.proposals) - 1
        number = latest if self.rng.random() < 0.85 else self.rng.randint(0, latest)
        missing = sorted(set(self.case.claims) - self.case.proposals[number].accepted)
        who = self.rng.choice(missing) if missing and self.rng.random() < 0.8 else self._party()
        yes, same = self.rng.random() < 0.9, self.rng.random() < 0.92
        listed = self.company.admin.get(f"/v1/disputes/{self.id}/proposals").json()["items"]
        proposal = next(p for p in listed if p["n"] == number + 1)
        wanted = self.case.proposals[number]
        if (proposal["state"], {self.names[p] for p in proposal["accepted_by"]}) != (wanted.state, wanted.accepted):
            self._differ(f"proposal {number + 1}: {proposal}, not {wanted}")
        digest = proposal["digest"] if same else "0" * 64
        path = f"proposals/{number + 1}/{'accept' if yes else 'decline'}"
        self._act(
            who, path, {"digest": digest}, lambda now: self.case.answer(who, number, now, yes=yes, same_text=same)
        )

    def _speak(self) -> None:
        who = self._party()
        if self.rng.random() < 0.5:
            self._act(who, "heard", {}, lambda _now: self.case.speak(who, None))
            return
        body = {"kind": "statement", "text": "what I know"}
        answer = self._act(who, "evidence", body, lambda _now: self.case.speak(who, "new"), look=False)
        if answer.status_code == 201:
            self.case.fresh.discard("new")
            self.case.fresh.add(answer.json()["id"])
            self.item = answer.json()["id"]

    #: The last item of evidence in the case.
    item: str | None = None

    def _ask_more(self) -> None:
        if self.late:
            return
        who = self._judge()
        self._act(who, "more_evidence", {"question": "when?"}, lambda now: self.case.ask_more(who, now))

    def _rule(self) -> None:
        if self.late or (self.case.state != "arbitrating" and self.rng.random() < 0.75):
            return
        last = self.case.rulings[-1] if self.case.rulings else None
        who, outcome = self._judge(), self._outcome()
        if last is not None and last[1] is not None and self.case.state in ("ruled", "final"):
            who = last[1]
            outcome = last[2] if self.rng.random() < 0.5 else outcome
        for party in sorted(self.case.claims) if self.rng.random() < 0.5 and self.case.state == "arbitrating" else ():
            self._act(party, "heard", {}, lambda _now, party=party: self.case.speak(party, None))
        reasoned = self.rng.random() < 0.85
        words = {"facts": "so it was", "reason": "therefore"} if reasoned else {"facts": "so it was", "reason": " "}
        body = {**self._body(outcome), **words, "evidence": [], "follows_advice": False}
        self._act(who, "ruling", body, lambda now: self.case.rule(who, outcome, now, reasoned=reasoned))

    def _appeal(self) -> None:
        if not self.case.rulings and self.rng.random() < 0.9:
            return
        if self.case.state == "ruled" and self.rng.random() < 0.6:
            self._speak()
        who, item = self._party(), self.item
        body = {"reason": "not so", "evidence": [item] if item is not None else []}
        self._act(who, "appeal", body, lambda now: self.case.appeal(who, item, now))

    def _withdraw(self) -> None:
        who = self.case.opener if self.rng.random() < 0.7 else self._party()
        self._act(who, "withdraw", {"reason": "never mind"}, lambda now: self.case.withdraw(who, now))

    def _continue(self) -> None:
        if "continue" not in self.case.windows and self.rng.random() < 0.9:
            return
        who = self._party()
        self._act(who, "continue", {}, lambda _now: self.case.carry_on(who))

    def _dismiss(self) -> None:
        if self.late:
            return
        who = self.rng.choice(("admin", self._judge(), self._party()))
        reasoned = self.rng.random() < 0.7
        self._act(
            who,
            "dismiss",
            {"reason": "no ground" if reasoned else " "},
            lambda now: self.case.dismiss(who, who == "admin", now, reasoned=reasoned),
        )

    def _join(self) -> None:
        if not self.waiting or self.late or self.case.state not in ("proposed", "negotiating"):
            return
        claim = self.waiting.pop()
        body = {"claim": self.ids[claim.person], "grounds": "refused_report", "statement": "me too"}
        answer = self.people[claim.person].post("/v1/disputes", body)
        self._note(f"{claim.person} joins", answer)
        if answer.status_code != 200:
            self._differ(f"{claim.person} must join, the service says {answer.text}")
        self.tally.effective += 1
        self.case.join(claim)
        self._same(answer.json())

    def _outside(self) -> None:
        body = {"reason": "curious"}
        self._act("outside", "withdraw", body, lambda _now: "not_found")

    def _act(self, who: str, path: str, body: dict[str, Any], model: Any, *, look: bool = True) -> httpx2.Response:
        """One act, to both."""
        now = self._now()
        self.case.pass_to(now)
        wanted = model(now)
        answer = self.people[who].post(f"/v1/disputes/{self.id}/{path}", body)
        self._note(f"{who}: {path} {body}", answer)
        self.late = False
        if wanted is None:
            if answer.status_code not in (200, 201):
                self._differ("the model lets this pass")
            self.tally.effective += 1
            if look:
                self._same(answer.json())
        else:
            self.tally.codes[wanted] += 1
            if (answer.status_code, answer.json().get("code")) != (STATUS.get(wanted, 409), wanted):
                self._differ(f"the model refuses with {wanted}")
        if wanted is not None or not look:
            self._read()
        return answer

    # --- time ------------------------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        due, now, roll = self.case.next_due, self._now(), self.rng.random()
        if due is None or roll < 0.4:
            self._advance(self.rng.randrange(1, 3_600_000_000))
        elif roll < 0.5:
            self._advance(max(0, due - now - 1_000_000))
        elif roll < 0.85:
            self._advance(max(0, due - now) + self.rng.randrange(1, 60_000_000))
        else:
            self.company.shift(microseconds=max(0, due - now) + self.rng.randrange(1, 6 * 3_600_000_000))
            self.late = True  # nobody has decided it: the next act of a party will
            who = self._party()
            self._act(who, "heard", {}, lambda _now: self.case.speak(who, None))

    def _advance(self, us: int) -> None:
        self.company.advance(microseconds=us)
        if "case" in self.__dict__:
            self.case.pass_to(self._now())

    def _now(self) -> int:
        """The instant that the next act counts at: acts on one customer never share one."""
        now = instant(self.company.now().isoformat())
        if not self.ids:
            return now
        with self.company.database.reading() as tx:
            claim = next(iter(self.ids.values()))
            of = sa.select(t.claim.c.matter).where(t.claim.c.id == claim).scalar_subquery()
            last = tx.execute(sa.select(t.matter.c.last_at).where(t.matter.c.id == of)).scalar_one()
        return max(now, instant(last.isoformat()) + 1)

    # --- the same ---------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self._same(self.company.admin.get(f"/v1/disputes/{self.id}").json())

    def _same(self, view: dict[str, Any]) -> None:
        case, name = self.case, lambda id_: self.names.get(id_) if id_ else None
        wanted = {
            "state": case.state,
            "tier": case.tier,
            "arbitrator": case.arbitrator,
            "mediator": case.mediator,
            "windows": dict(sorted(case.windows.items())),
            "parties": sorted(case.claims),
            "heard": sorted(case.heard),
            "appealed": sorted(case.appealed),
            "outcome": case.outcome,
            "rulings": [(tier, by, outcome) for tier, by, outcome in case.rulings],
            "ended_at": case.ended_at,
        }
        found = {
            "state": view["state"],
            "tier": view["tier"],
            "arbitrator": name(view["arbitrator"]),
            "mediator": name(view["mediator"]),
            "windows": dict(sorted((w["window"], instant(w["deadline"])) for w in view["windows"])),
            "parties": sorted(self.names[p["person"]] for p in view["parties"]),
            "heard": sorted(self.names[p["person"]] for p in view["parties"] if p["heard"]),
            "appealed": sorted(self.names[p["person"]] for p in view["parties"] if p["appealed"]),
            "outcome": self._outcome_of(view["outcome"]),
            "rulings": [(r["tier"], name(r["by"]), self._outcome_of(r["outcome"])) for r in view["rulings"]],
            "ended_at": instant(view["ended_at"]) if view["ended_at"] else None,
        }
        differing = [key for key in wanted if wanted[key] != found[key]]
        if differing:
            told = "\n".join(f"  {key}: service {found[key]}, model {wanted[key]}" for key in differing)
            self._differ(f"the case differs:\n{told}")

    def _same_claims(self) -> None:
        for claim in self.case.claims.values():
            view = self.company.admin.get(f"/v1/claims/{self.ids[claim.person]}").json()
            holds = claim.person == self.case.holder
            wanted: tuple[Any, ...] = (claim.state, self.people[claim.person].id if holds else None)
            found: tuple[Any, ...] = (view["state"], view["owner"])
            if not self.case.open:
                deadlines = {c["clock"]: instant(c["deadline"]) for c in view["clocks"] if c["deadline"] is not None}
                wanted, found = (*wanted, claim.reason, claim.deadlines), (*found, view["reason"], deadlines)
            if wanted != found:
                self._differ(f"the claim of {claim.person}: service {found}, model {wanted}")

    def _differ(self, text: str) -> None:
        story = "\n".join(self.log[-40:])
        raise Difference(f"seed {self.seed}, act {self.tally.operations}: {text}\n{story}")

    def _note(self, line: str, answer: httpx2.Response) -> None:
        self.tally.operations += 1
        code = answer.json().get("code") or answer.json().get("state")
        self.log.append(f"{readable(self._now())} {line} -> {answer.status_code} {code}")

    # --- chance ----------------------------------------------------------------------------------------------------

    def _party(self) -> str:
        return self.rng.choice(sorted(self.case.claims))

    def _judge(self) -> str:
        """Who has the case, mostly; now and then another superior of all."""
        if self.case.arbitrator is not None and self.rng.random() < 0.85:
            return self.case.arbitrator
        return self.rng.choice(("middle", "head", "admin", self._party()))

    def _outcome(self) -> Outcome:
        people = sorted(self.case.claims)
        roll = self.rng.random()
        if roll < 0.55:
            return Outcome("party", self.rng.choice(people))
        if roll < 0.7:
            first, second = self.rng.sample(people, 2)
            return Outcome("joint", first, ((first, 7_000), (second, 3_000)))
        return Outcome("pool" if roll < 0.85 else "no_change")

    def _body(self, outcome: Outcome) -> dict[str, Any]:
        body: dict[str, Any] = {"outcome": outcome.verdict}
        if outcome.owner is not None:
            body["owner"] = self.people[outcome.owner].id
        if outcome.shares:
            body["shares"] = [{"person": self.people[p].id, "share_bps": bps} for p, bps in outcome.shares]
        return body

    def _outcome_of(self, told: dict[str, Any] | None) -> Outcome | None:
        if told is None:
            return None
        shares = tuple((self.names[s["person"]], s["share_bps"]) for s in told["shares"])
        return Outcome(told["outcome"], self.names.get(told["owner"] or ""), shares)
