"""Disputes on real input: every report that was refused for its customer's owner is contested, and every case ends."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from storage import tables as t
from tests.acceptance.crm import CALLERS, POLICY, CrmRun, _at, _count, _insistent, _pages
from tests.support.company import Person
from worker.advance import advance_now

#: The accounts of the export: collisions on one of them are one case.
MOST_CASES: Final = 85
_WINDOW: Final = "PT6H"
_LEAST: Final = timedelta(days=14)
#: Elapsed time throughout. A holder's protection is shorter than what a winner has at least.
_POLICY: Final[Mapping[str, Any]] = {
    **POLICY,
    "claim.idle_days": "P40D",
    "claim.no_deal_days": "P60D",
    "claim.protection_days": "P10D",
    "dispute.appeal_wd": _WINDOW,
    "dispute.contest_wd": "P5D",
    "dispute.evidence_wh": _WINDOW,
    "dispute.exec_wd": "P20D",
    "dispute.mediation": "none",
    "dispute.min_remaining_days": "P14D",
    "dispute.negotiation_wh": _WINDOW,
    "dispute.objection_wh": _WINDOW,
    "dispute.tier_wh": "P20D",
}
_OWNED: Final = ("party", "joint")


class DisputeRun(CrmRun):
    """The company of the export with leaders all the way up and a panel; its collisions become cases, twice."""

    def run(self) -> None:
        self._look_at_the_data()
        self._import_the_company()
        self._find_agents_and_accounts()
        self._put_leaders_in()
        self._by_people()
        self._by_the_rules()
        self._verify_the_history()

    # --- the company ---------------------------------------------------------------------------------------------

    def _put_leaders_in(self) -> None:
        """Root → sales director → offices with leaders → the teams of the import, and a panel of two."""
        admin, company = self.company.admin, self.company
        self.people = {person.id: person for person in self.agents.values()}
        self.panel = [company.person(f"Panel {number}") for number in (1, 2)]
        leaders = [company.leader(company.root, "Sales director")]
        teams = {team["external_id"]: team for team in _pages(admin, "/v1/teams")}
        for office in self.crm.offices:
            leaders.append(company.leader(teams[f"office {office}"]["id"], f"Head of {office}"))
        for manager in self.crm.managers:
            person = teams[manager]["leader"]
            token = admin.made(f"/v1/people/{person}/tokens", {"name": "acceptance"})["token"]
            leaders.append(Person(company, person, token))
        self.people |= {person.id: person for person in (*leaders, *self.panel)}
        led = sum(team["leader"] is not None for team in _pages(admin, "/v1/teams"))
        self.findings.equal(self.part, "teams with a leader", led, 1 + len(self.crm.offices) + len(self.crm.managers))

    # --- two programs --------------------------------------------------------------------------------------------

    def _by_people(self) -> None:
        """`dispute.auto_settle` off: a third settles, a third is ruled at tier 1, a third goes on appeal."""
        name = "by people"
        claims, cases = self._contested(name, auto_settle=False)
        self._all_in(name, "after the contests", cases, "negotiating")
        settled, ruled, appealed = cases[::3], cases[1::3], cases[2::3]
        with self._timed(f"{name}: settlements", len(settled)):
            self._each(self._settle, list(enumerate(settled)))
        rest = [*ruled, *appealed]
        self._pass_windows(rest, name)
        self._all_in(name, "after negotiation", rest, "arbitrating")
        self._pass_windows(rest, name)
        with self._timed(f"{name}: rulings of tier 1", len(rest)):
            self._each(self._rule, list(enumerate(rest)))
        with self._timed(f"{name}: appeals on a new file", len(appealed)):
            self._each(self._appeal, appealed)
        self._all_in(name, "on appeal", appealed, "arbitrating")
        self._pass_windows(rest, name)
        self._all_in(name, "ruled without appeal", ruled, "final")
        with self._timed(f"{name}: rulings on appeal", len(appealed)):
            self._each(self._rule, [(at + 1, case) for at, case in enumerate(appealed)])
        self._all_in(name, "settled", settled, "settled")
        self._all_in(name, "ruled on appeal", appealed, "final")
        self._check_the_end(name, claims, cases, rulings=dict.fromkeys(appealed, 2))

    def _by_the_rules(self) -> None:
        """`dispute.auto_settle` on: the rules decide, a third objects and is ruled by people."""
        name = "by the rules"
        claims, cases = self._contested(name, auto_settle=True)
        self._all_in(name, "after the contests", cases, "proposed")
        objecting, rest = cases[::3], [case for at, case in enumerate(cases) if at % 3]
        with self._timed(f"{name}: objections", len(objecting)):
            self._each(self._object, objecting)
        self._all_in(name, "after the objections", objecting, "negotiating")
        self._pass_windows(cases, name)
        self._all_in(name, "without objection", rest, "final")
        self._pass_windows(objecting, name)
        with self._timed(f"{name}: rulings", len(objecting)):
            self._each(self._rule, list(enumerate(objecting)))
        self._pass_windows(objecting, name)
        self._all_in(name, "after an objection", objecting, "final")
        self._check_the_end(name, claims, cases, rulings={})

    def _contested(self, name: str, *, auto_settle: bool) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Everything reported into a fresh program, every refused report contested: claims before, cases by number."""
        program = self.company.program(
            name, policy={**_POLICY, "dispute.auto_settle": auto_settle}, panel=[person.id for person in self.panel]
        )
        with self._timed(f"{name}: reports", len(self.crm.named)):
            sent = self._reports([(o, program) for o in self.crm.named])
        refused = {s.body["id"]: s for s in sent if s.status == 201 and s.body["state"] == "rejected"}
        before = {c["id"]: c for c in _pages(self.company.admin, "/v1/claims", program=program)}
        with self._timed(f"{name}: contests of refused reports", len(refused)):
            answers = self._each(self._contest, [(s.opportunity.agent, id_) for id_, s in refused.items()])
        told, joined = self.findings, _count(str(a.status_code) for a in answers)
        told.equal(self.part, f"{name}: refused reports that were contested", len(answers), len(refused))
        told.equal(
            self.part,
            f"{name}: contests that opened or joined a case",
            joined.get("201", 0) + joined.get("200", 0),
            len(refused),
        )
        collided = {s.body["customer"]["id"] for s in refused.values()}
        cases = sorted(_pages(self.company.admin, "/v1/disputes", program=program), key=lambda case: case["number"])
        told.equal(self.part, f"{name}: one case per customer with a collision", len(cases), len(collided))
        told.within(self.part, f"{name}: cases", len(cases), MOST_CASES, "cases")
        told.equal(self.part, f"{name}: cases opened, as answered", joined.get("201", 0), len(cases))
        parties = sorted(len(case["parties"]) for case in cases)
        told.tell(
            self.part,
            f"{name}: parties of a case",
            f"{parties[0]} to {parties[-1]}, median {parties[len(parties) // 2]}",
        )
        return before, [case["id"] for case in cases]

    # --- acts ------------------------------------------------------------------------------------------------------

    def _contest(self, contest: tuple[str, str]) -> Any:
        agent, claim = contest
        body = {"claim": claim, "grounds": "refused_report", "statement": f"{agent} met the customer first"}
        return _insistent(lambda: self.agents[agent].post("/v1/disputes", body, key=f"contest:{claim}"))

    def _settle(self, numbered: tuple[int, str]) -> None:
        """Terms of one of four kinds, proposed by the holder, accepted by everybody."""
        at, case = numbered
        found = self._read(case)
        holder, *others = self._by_holding(found)
        terms = self._outcome(at, holder, others)
        made = self._done(self.people[holder], case, "proposals", {"terms": terms, "text": f"Terms {at}"})
        for person in others:
            self._done(self.people[person], case, f"proposals/{made['n']}/accept", {"digest": made["digest"]})

    def _rule(self, numbered: tuple[int, str]) -> None:
        at, case = numbered
        found = self._read(case)
        holder, *others = self._by_holding(found)
        body = {
            **self._outcome(at, holder, others),
            "facts": f"Facts of ruling {at}",
            "reason": f"Reason of ruling {at}",
            "evidence": [],
            "follows_advice": False,
        }
        self._done(self.people[found["arbitrator"]], case, "ruling", body)

    def _appeal(self, case: str) -> None:
        party = self.people[self._by_holding(self._read(case))[-1]]
        content = f"%PDF-1.7\nwhat {party.id} has found for {case}\n%%EOF\n".encode()
        answer = self.company.call(
            "POST", "/v1/files", token=party.token, key=f"file:{case}", files={"file": ("found.pdf", content)}
        )
        assert answer.status_code == 201, answer.text
        item = self._done(party, case, "evidence", {"kind": "file", "file": answer.json()["id"], "text": "A new file"})
        self._done(party, case, "appeal", {"reason": "A new file", "evidence": [item["id"]]})

    def _object(self, case: str) -> None:
        party = self.people[self._by_holding(self._read(case))[-1]]
        self._done(party, case, "object", {"missing": "The record of the first meeting"})

    def _outcome(self, at: int, holder: str, others: Sequence[str]) -> dict[str, Any]:
        """One of five: the last to come, the holder, both, nobody, as it was."""
        shares = [{"person": holder, "share_bps": 6_000}, {"person": others[0], "share_bps": 4_000}]
        kinds: tuple[dict[str, Any], ...] = (
            {"outcome": "party", "owner": others[-1]},
            {"outcome": "party", "owner": holder},
            {"outcome": "joint", "owner": holder, "shares": shares},
            {"outcome": "pool"},
            {"outcome": "no_change"},
        )
        return kinds[at % len(kinds)]

    def _by_holding(self, case: Mapping[str, Any]) -> list[str]:
        """The parties: who held when the case was opened, then the others in their order."""
        responds = next(p["person"] for p in case["parties"] if p["role"] == "respondent")
        return [responds, *(p["person"] for p in case["parties"] if p["person"] != responds)]

    def _done(self, who: Person, case: str, word: str, body: Mapping[str, Any]) -> dict[str, Any]:
        key = f"{word}:{case}:{who.id}:{self._version}"
        answer = _insistent(lambda: who.post(f"/v1/disputes/{case}/{word}", body, key=key))
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{word} on {case}: {answer.status_code} {answer.text[:400]}")
        found: dict[str, Any] = answer.json()
        return found

    def _read(self, case: str) -> dict[str, Any]:
        found: dict[str, Any] = self.company.admin.get(f"/v1/disputes/{case}").json()
        return found

    #: Counts the moves of the clock, so that the same act on the same case later has a key of its own.
    _version = 0

    def _pass_windows(self, cases: Sequence[str], name: str) -> None:
        """Move the clock past every window that is open now but that of the tier, all decided at their instants."""
        found = [self._read(case) for case in cases]
        ends = [_at(w["deadline"]) for case in found for w in case["windows"] if w["window"] != "tier"]
        self._version += 1
        with self._timed(f"{name}: {len(ends)} windows run out", len(ends)):
            advance_now(
                self.company.settings,
                self.company.database,
                address=self.service.engine_address,
                to=max(ends) + timedelta(seconds=1),
            )

    def _each(self, work: Any, items: Iterable[Any]) -> list[Any]:
        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(work, items))

    def _timed(self, name: str, calls: int) -> Any:
        return self.findings.timed(self.part, name, calls=calls)

    # --- the end ---------------------------------------------------------------------------------------------------

    def _all_in(self, name: str, what: str, cases: Sequence[str], state: str) -> None:
        found = _count(self._read(case)["state"] for case in cases)
        self.findings.equal(self.part, f"{name}, {what}: cases by state", found, {state: len(cases)} if cases else {})

    def _check_the_end(
        self, name: str, before: Mapping[str, dict[str, Any]], cases: Sequence[str], *, rulings: Mapping[str, int]
    ) -> None:
        told, ended = self.findings, [self._read(case) for case in cases]
        now = {id_: self.company.admin.get(f"/v1/claims/{id_}").json() for id_ in before}
        told.equal(
            self.part,
            f"{name}: cases with one outcome, in force",
            sum(c["outcome"] is not None and _in_force(c) == [c["outcome"]] for c in ended),
            len(ended),
        )
        told.equal(
            self.part,
            f"{name}: cases with as many rulings as tiers decided them",
            sum(len(c["rulings"]) == rulings.get(c["id"], 1) for c in ended),
            len(ended),
        )
        told.tell(self.part, f"{name}: outcomes", _told(_count(c["outcome"]["outcome"] for c in ended)))
        owners = {c["customer"]: _owner(c, before) for c in ended}
        with self.company.database.reading() as tx:
            program = ended[0]["program"]
            held = tx.rows(
                sa.select(t.claim.c.customer, t.claim.c.owner).where(t.claim.c.program == program, t.claim.c.holds)
            )
        found: dict[str, list[str]] = {}
        for row in held:
            found.setdefault(row["customer"], []).append(row["owner"])
        told.equal(
            self.part,
            f"{name}: customers owned by whom their case says, and by nobody else",
            sum(found.get(customer, []) == ([owner] if owner else []) for customer, owner in owners.items()),
            len(owners),
        )
        told.equal(self.part, f"{name}: most owners of one customer", max(map(len, found.values())), 1)
        concerned = [(c, p["claim"]) for c in ended for p in c["parties"]]
        wrong = [(id_, w, f) for c, id_ in concerned if (w := _state(c, before[id_])) != (f := _shown(now[id_]))]
        told.equal(self.part, f"{name}: claims in another state than their case says", len(wrong), 0)
        for case in wrong[:5]:
            print("   ", case, file=sys.stderr)
        self._check_the_clocks(name, before, now, ended)

    def _check_the_clocks(
        self,
        name: str,
        before: Mapping[str, dict[str, Any]],
        now: Mapping[str, dict[str, Any]],
        ended: Sequence[dict[str, Any]],
    ) -> None:
        """Who held before and goes on has all stopped time back; a winner's protection is raised to the least."""
        exact, raised, fresh = [0, 0], [0, 0], [0, 0]
        for case in ended:
            stopped = _at(case["ended_at"]) - _at(case["opened_at"])
            for party in case["parties"]:
                was, present = before[party["claim"]], now[party["claim"]]
                if present["state"] not in ("protected", "active"):
                    continue
                if was["state"] == "rejected":
                    fresh[0] += present["accepted_at"] == case["ended_at"]
                    fresh[1] += 1
                    continue
                for clock, deadline in _clocks(was).items():
                    given_back = deadline + stopped
                    least = _at(case["ended_at"]) + _LEAST
                    if clock == "protection" and case["outcome"]["outcome"] in _OWNED and given_back < least:
                        raised[0] += _clocks(present)[clock] == least
                        raised[1] += 1
                    else:
                        exact[0] += _clocks(present)[clock] == given_back
                        exact[1] += 1
        told = self.findings
        told.equal(self.part, f"{name}: clocks that have their stopped time back, to the microsecond", *exact)
        told.equal(self.part, f"{name}: protections of winners raised to the least", *raised)
        told.equal(self.part, f"{name}: winners without a claim before, whose time begins with finality", *fresh)


def _in_force(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [ruling["outcome"] for ruling in case["rulings"] if ruling["final"]]


def _owner(case: Mapping[str, Any], before: Mapping[str, dict[str, Any]]) -> str | None:
    outcome = case["outcome"]
    if outcome["outcome"] == "no_change":
        return next(before[p["claim"]]["owner"] for p in case["parties"] if before[p["claim"]]["state"] != "rejected")
    owner: str | None = outcome["owner"]
    return owner


def _state(case: Mapping[str, Any], was: Mapping[str, Any]) -> tuple[str, str | None]:
    """State and reason that table 0.2 gives a claim of ``case``; nobody has worked any of them."""
    outcome, held = case["outcome"], was["state"] != "rejected"
    if outcome["outcome"] == "no_change":
        return was["state"], was["reason"]
    mine = {p["claim"] for p in case["parties"] if p["person"] == outcome["owner"]}
    if was["id"] in mine:
        return "protected", None
    if held:
        return "released", "to_pool" if outcome["outcome"] == "pool" else "ruled_out"
    return "rejected", "ruled_out"


def _shown(claim: Mapping[str, Any]) -> tuple[str, str | None]:
    return claim["state"], claim["reason"]


def _clocks(claim: Mapping[str, Any]) -> dict[str, datetime]:
    return {c["clock"]: _at(c["deadline"]) for c in claim["clocks"] if c["deadline"] is not None}


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
