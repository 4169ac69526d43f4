"""A random walk by many actors: every act goes to the service over HTTP and to the model, and both must agree.

The walk is reproducible from its seed: the clock stands still between acts (:mod:`tests.model.stopped_clock`), names
are symbolic, and nothing else is left to chance. Time moves to interesting instants: just before, at, just after a
deadline. Overdue instants are sometimes left undecided, and sometimes the engine is away for a while; outcomes must be
as if everything had been decided at its recorded instant.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import sqlalchemy as sa

from storage import tables as t
from storage.bells import DatabaseBells
from tests.model.claim_model import APPROVED, HOLDING, WORKABLE, Claim, Command, Matter, Request
from tests.model.working_time import DAY, HOUR, MINUTE, SECOND, instant, local_day, readable, rfc3339
from tests.model.world import World, customer, day_text
from tests.support.company import Company

#: Statuses of refusals (appendix C) and of what the contract answers besides.
STATUS = {
    "not_signed_in": 401,
    "not_allowed": 403,
    "recusal_required": 403,
    "not_found": 404,
    "date_invalid": 422,
    "field_invalid": 422,
    "field_missing": 422,
    "person_inactive": 422,
}
CONFLICT = 409
#: Triggers of the claim lifecycle that need no dispute.
REACHABLE = frozenset(
    {"accept", "reject", "withdraw", "work", "win", "cancel_deal", "lapse", "rescue", "release", "transfer"}
)
CREATING = ("report", "follow_up")
#: How often customers are reported in each program.
WEIGHTS: Mapping[str, float] = {"elapsed": 3, "counted": 3, "judged": 5, "visited": 2}
LONG_NOTE = "谈了户型、预算和下次看房时间安排"


class Difference(AssertionError):  # noqa: N818 - it is a finding, not an accident
    """Model and service disagree."""


@dataclass
class Tally:
    """What a walk did."""

    operations: int = 0
    effective: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    triggers: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """How much of what was tried took effect."""
        return self.effective / max(1, self.operations)

    def __str__(self) -> str:
        counts = ((name, getattr(self, name).most_common()) for name in ("triggers", "kinds", "codes"))
        lines = (f"  {name}: " + ", ".join(f"{what} {number}" for what, number in found) for name, found in counts)
        return "\n".join((f"{self.operations} acts, {self.share:.0%} took effect", *lines))

    def add(self, other: Tally) -> None:
        """Another walk's on top."""
        self.operations += other.operations
        self.effective += other.effective
        for mine, theirs in zip(
            (self.kinds, self.codes, self.triggers), (other.kinds, other.codes, other.triggers), strict=True
        ):
            mine.update(theirs)


class Walk:
    """One walk through one company."""

    #: How many acts lie between two looks at everything.
    AUDIT_EVERY = 120
    #: How many people's lists are read then; in the end everybody's are.
    READERS = 4
    #: How many acts the engine is away for.
    AWAY = (4, 25)

    def __init__(self, company: Company, seed: int, *, programs: Mapping[str, float] = WEIGHTS) -> None:
        """``programs``: where customers are reported, and how often in comparison."""
        self.company = company
        self.programs = programs
        self.seed = seed
        self.rng = random.Random(seed)
        self.world = World(company)
        self.model = self.world.model
        self.tally = Tally()
        self.now = self.start = self._clock()
        self.ids: dict[str, str] = {}  # of claims, requests, follow-ups, by the model's name
        self.keys: dict[str, str] = {}  # the other way round
        self.matter_ids: dict[str, str] = {}
        self.log: list[tuple[str | None, str]] = []
        self.touched: set[str] = set()
        self.undecided: list[tuple[str, Command]] = []
        self.away_for = 0
        self.counters: Counter[str] = Counter()
        self.subjects: dict[str, list[tuple[str, int]]] = {
            name: [self._new_subject() for _ in range(7)] for name in self.world.programs
        }

    # --- the walk --------------------------------------------------------------------------------------------------

    def run(self, operations: int) -> Tally:
        """So many acts, then a last look at everything."""
        acts, weights = zip(*self._acts().items(), strict=True)
        while self.tally.operations < operations:
            if self.rng.random() < 0.2:
                self._pass_time()
            before = self.tally.operations
            self.rng.choices(acts, weights)[0]()
            if self.tally.operations == before:
                continue
            if self.away:
                self.away_for -= 1
                if self.away_for <= 0:
                    self._come_back()
            if self.tally.operations % self.AUDIT_EVERY == 0:
                self.audit(readers=self.READERS)
        self.audit()
        self.tally.triggers = Counter(trigger for trigger, _ in self.model.moves)
        return self.tally

    def _acts(self) -> dict[Callable[[], None], float]:
        return {
            self._report: 14,
            self._report_again: 3,
            self._follow_up: 24,
            self._void: 4,
            self._judge: 10,
            self._correct: 6,
            self._withdraw: 3,
            self._win: 6,
            self._cancel_deal: 6,
            self._release: 5,
            self._transfer: 9,
            self._extend: 6,
            self._pause: 6,
            self._unpause: 3,
            self._answer: 26,
            self._careless: 7,
            self._leave: 0.4,
            self._move: 0.8,
            self._absence: 1.5,
            self._engine_away: 0.7,
        }

    # --- reports ---------------------------------------------------------------------------------------------------

    def _report(self) -> None:
        program, actor = self.rng.choices(tuple(self.programs), tuple(self.programs.values()))[0], self._rep()
        if self.rng.random() < 0.2 and "elapsed" in self.programs:
            program, actor = "elapsed", self._busiest()
        subjects = self.subjects[program]
        if self.rng.random() < 0.12:
            subjects[self.rng.randrange(len(subjects))] = self._new_subject()
        kind, number = self.rng.choice(subjects)
        free = [s for s in subjects if not self._owned(program, s)]
        if free and self.rng.random() < 0.6:
            kind, number = self.rng.choice(free)
        pending = [c for c in self._recent("reported") if c.waiting in ("judge", "earlier", "correction")]
        if pending and self.rng.random() < 0.3:
            rival = self.rng.choice(pending)
            program, (kind, number) = rival.program, self._subject_of(rival)
        given = tuple(f for f in ("need", "next_follow_up_at", "expected_close") if self.rng.random() < 0.6)
        self.report(actor, program, kind, number, given=given, provisional=self.rng.random() < 0.15)

    def _report_again(self) -> None:
        """Whoever lost a customer, or was turned away, tries again at once; or reports what is theirs already."""
        claim = self._some(self._recent("lapsed", "released", "rejected", "rejected", "protected")[:12])
        if claim is None:
            return
        given = ("need",) if self.rng.random() < 0.5 else ()
        actor = claim.owner or claim.reporter
        self.report(actor, claim.program, *self._subject_of(claim), given=given, provisional=False)

    def report(
        self, actor: str, program: str, kind: str, number: int, *, given: tuple[str, ...], provisional: bool
    ) -> None:
        """One report to both; facts differ by what is given."""
        matter = f"{program}/{kind}{number}"
        if matter not in self.model.matters:
            self.model.matters[matter] = Matter(matter, program, kind)
        variant = self.rng.randrange(2)
        body = {
            "program": self.world.programs[program],
            "customer": customer(kind, number),
            "provisional": provisional,
            "progress": f"进展{variant}",
            **self._completion(given),
        }
        facts = f"{provisional}{variant}{sorted((k, str(v)) for k, v in self._completion(given).items())}"
        expected = self.model.refused_before_receipt(actor, matter, self._stamp(matter), facts=facts)
        if not self.model.people[actor].active(self.now):
            expected = "not_signed_in"
        answer = self.world.callers[actor].post("/v1/claims", body)
        self._note(matter, f"{actor} reports {matter} -> {self._said(answer)}", "report", answer)
        if isinstance(expected, Claim):
            self._expect(answer, 200, None, matter)
            self._same(expected.key, answer.json(), actor)
            return
        if expected is not None:
            self._expect(answer, STATUS.get(expected, CONFLICT), expected, matter)
            return
        if answer.status_code not in (201, 202):
            self._differ(matter, f"the model receives this report, the service says {self._said(answer)}")
        view = answer.json()
        self.counters[matter] += 1
        key = f"{matter}#{self.counters[matter]}"
        self._named(key, view["id"])
        self._find_matter(matter, view["id"])
        at = instant(view["received_at"])
        self.model.received(
            key, matter=matter, reporter=actor, at=at, facts=facts, provisional=provisional, given=given
        )
        self.tally.effective += 1
        self._decided(answer, self.model.matters[matter].inbox[-1])
        self._same(key, view, actor)

    def _completion(self, given: Iterable[str]) -> dict[str, Any]:
        values = {
            "need": "三居室",
            "next_follow_up_at": "2039-01-01T00:00:00Z",
            "expected_close": "2039-06-30",
        }
        return {name: values[name] for name in given}

    def _owned(self, program: str, subject: tuple[str, int]) -> bool:
        matter = f"{program}/{subject[0]}{subject[1]}"
        return matter in self.model.matters and self.model.holder(matter) is not None

    def _subject_of(self, claim: Claim) -> tuple[str, int]:
        subject = claim.matter.partition("/")[2]
        kind = "company" if subject.startswith("company") else "person"
        return kind, int(subject.removeprefix(kind))

    def _new_subject(self) -> tuple[str, int]:
        self.counters["customers"] += 1
        return ("company" if self.rng.random() < 0.3 else "person", self.counters["customers"])

    # --- commands on claims ----------------------------------------------------------------------------------------

    def command(
        self, kind: str, actor: str, claim: Claim, data: dict[str, Any], body: Mapping[str, Any], *, path: str = ""
    ) -> httpx2.Response:
        """One command on a claim, to both."""
        expected = self.model.before_receipt(kind, actor, claim, self.now, data, stamp=self._stamp(claim.matter))
        return self._send(kind, actor, claim, data, body, path or f"/v1/claims/{self.ids[claim.key]}/{kind}", expected)

    def _send(
        self,
        kind: str,
        actor: str,
        claim: Claim,
        data: dict[str, Any],
        body: Mapping[str, Any],
        path: str,
        expected: str | None,
    ) -> httpx2.Response:
        if not self.model.people[actor].active(self.now):
            expected = "not_signed_in"
        newest = self._newest_command(claim.matter)
        caller = self.world.callers[actor]
        answer = caller.patch(path, body) if kind == "correct" else caller.post(path, body)
        self._note(claim.matter, f"{actor} {kind} {claim.key} {_brief(data)} -> {self._said(answer)}", kind, answer)
        if expected is not None:
            self._expect(answer, STATUS.get(expected, CONFLICT), expected, claim.matter)
            return answer
        stored = self._newest_command(claim.matter)
        if stored is None or stored == newest:
            if kind != "follow_up" or answer.status_code != 201:
                self._differ(claim.matter, f"the model receives this {kind}, the service says {self._said(answer)}")
            at = instant(answer.json()["received_at"])
        else:
            at = stored[1]
        command = Command(kind, actor, claim.key, at, data)
        self.model.matters[claim.matter].inbox.append(command)
        if kind == "follow_up" and answer.is_success:
            self._named(data["key"], answer.json()["id"])
        self._decided(answer, command)
        if answer.is_success:
            self._same_answer(kind, claim, data, answer.json(), actor)
        return answer

    def _decided(self, answer: httpx2.Response, command: Command) -> None:
        """Let the model decide as far as the service has, and compare what became of the command."""
        claim = self.model.claims[command.claim]
        self.touched.add(claim.key)
        if answer.status_code == 202:
            self._pending(answer.json()["pending"]["command"], command)
            return
        self._follow(claim.matter)
        if command.answer is None:
            self._differ(claim.matter, "the service has decided, the model has not")
        if command.answer == "ok":
            wanted = 201 if command.kind in CREATING else 200
            self._expect(answer, wanted, None, claim.matter)
            if command.kind != "report":
                self.tally.effective += 1
        else:
            code = str(command.answer)
            self._expect(answer, STATUS.get(code, CONFLICT), code, claim.matter)

    def _pending(self, id_: str, command: Command) -> None:
        """Not decided yet: that may only be while the engine is away."""
        if not self.away:
            matter = self.model.claims[command.claim].matter
            self._differ(matter, "the engine is there, but the command is still pending")
        self.undecided.append((id_, command))

    def _follow_up(self) -> None:
        kinds = ["call", "message", "meeting", "visit", "demo"]
        graced = [c for c in self._recent("lapsed") if self.model.in_grace(c, self.now)]
        visits = [c for c in self._recent("reported") if c.waiting == "visit"]
        roll = self.rng.random()
        if graced and roll < 0.3:
            claim = self.rng.choice(graced)
        elif visits and roll < 0.5:
            claim, kinds = self.rng.choice(visits), ["visit", "visit", "call"]
        else:
            claim = self._some(self._recent("protected", "protected", "active", "won"))
            if claim is None:
                return
        actor = claim.owner or claim.reporter
        if self.rng.random() < 0.08:
            actor = self._anybody()
        self.follow_up(claim, actor, self.rng.choice(kinds))

    def follow_up(self, claim: Claim, actor: str, kind: str, *, note: str | None = None) -> None:
        """One entry, usually with fresh content, sometimes too short, repeated, unanswered or of tomorrow."""
        number = self._next("note")
        roll = self.rng.random()
        if note is None:
            note = f"{LONG_NOTE}，第{number}次"
            if roll < 0.06:
                note = "短"
            elif roll < 0.12 and claim.follow_ups:
                note = claim.follow_ups[-1].note
        body: dict[str, Any] = {"kind": kind, "note": note}
        happened = self.now
        if self.rng.random() < 0.25:
            happened += self.rng.choice((-MINUTE, -HOUR, -2 * HOUR, -5 * HOUR, -3 * DAY, 1, HOUR))
            body["at"] = rfc3339(happened)
        answered = kind != "message"
        if self.rng.random() < 0.3:
            answered = body["answered"] = self.rng.random() < 0.8
        data = {"key": f"f{number}", "kind": kind, "note": note, "answered": answered, "happened": happened}
        self.command("follow_up", actor, claim, data, body, path=f"/v1/claims/{self.ids[claim.key]}/follow-ups")

    def _void(self) -> None:
        claims = [c for c in self._recent(*HOLDING) if c.follow_ups]
        claim = self._some(claims)
        if claim is None:
            return
        entry = claim.follow_ups[-1] if self.rng.random() < 0.6 else self.rng.choice(claim.follow_ups)
        if entry.key not in self.ids:
            return
        actor = self._supervisor(claim)
        path = f"/v1/follow-ups/{self.ids[entry.key]}/void"
        self.command("void", actor, claim, {"follow_up": entry.key}, {"reason": "编造"}, path=path)

    def _judge(self) -> None:
        listed = [c for c in self._recent("reported") if c.waiting in ("judge", "judge", "correction", "earlier")]
        claim = self._some([c for c in listed if c.waiting == "judge"] or listed)
        if claim is None:
            return
        kind = self.rng.choices(("accept", "reject", "send_back"), (6, 3, 3))[0]
        actor = claim.judges[-1] if claim.judges and self.rng.random() < 0.9 else self._supervisor(claim)
        body = {} if kind == "accept" else {"reason": "核实"}
        self.command(kind, actor, claim, {}, body)

    def _withdraw(self) -> None:
        reported = self._recent("reported")
        behind = {c.matter for c in reported if c.waiting == "earlier"}
        before = [c for c in reported if c.matter in behind and c.waiting != "earlier"]
        claim = self._some(before if before and self.rng.random() < 0.8 else reported)
        if claim is not None:
            self.command("withdraw", claim.reporter, claim, {}, {})

    def _correct(self) -> None:
        waiting = [c for c in self._recent("reported") if c.waiting == "correction"]
        missing = [c for c in self._recent("reported", *WORKABLE) if c.missing]
        claim = self._some(waiting if self.rng.random() < 0.6 else missing)
        if claim is None:
            claim = self._some(waiting or missing or self._recent("reported", *HOLDING))
        if claim is None:
            return
        actor = claim.reporter if claim.owner is None or self.rng.random() < 0.3 else claim.owner
        self.correct(claim, actor)

    def correct(self, claim: Claim, actor: str) -> None:
        """Fields of a report, now and then with an old version."""
        given = self.rng.sample(("need", "expected_close", "next_follow_up_at"), self.rng.randrange(1, 4))
        version = claim.version + (self.rng.random() < 0.05)
        data = {"version": version, "given": tuple(given)}
        body = {"version": version, **self._completion(given)}
        self.command("correct", actor, claim, data, body, path=f"/v1/claims/{self.ids[claim.key]}")

    def _win(self) -> None:
        claim = self._some(self._recent("active", "active", "protected"))
        if claim is None:
            return
        actor = "finance" if self.rng.random() < 0.2 else str(claim.owner)
        self.win(claim, actor)

    def win(self, claim: Claim, actor: str) -> None:
        """A deal, signed within the last hours, with or without an end."""
        signed = self.now - self.rng.choice((0, MINUTE, 5 * HOUR))
        body = {"amount": {"amount_minor": 100, "currency": "CNY"}, "contract_at": rfc3339(signed)}
        data: dict[str, Any] = {"key": f"d{self._next('deal')}", "signed": signed, "end_day": None}
        if self.rng.random() < 0.4:
            data["end_day"] = local_day(signed) + self.rng.choice((-1, 0, 0, 1, 2))
            body["contract_end"] = day_text(data["end_day"])
        self.command("win", actor, claim, data, body)

    def _cancel_deal(self) -> None:
        claim = self._some(self._recent("won"))
        if claim is None:
            return
        actor = "finance" if self.rng.random() < 0.5 else self._supervisor(claim)
        self.cancel_deal(claim, actor)

    def cancel_deal(self, claim: Claim, actor: str) -> None:
        """A deal is off; which one is said where several are live, but for an oversight now and then."""
        live = [deal for deal in claim.deals if deal.live and deal.key in self.ids]
        data = {"deal": self.rng.choice(live).key} if len(live) > 1 and self.rng.random() < 0.8 else {}
        body = {"reason": "退订", **{name: self.ids[key] for name, key in data.items()}}
        self.command("cancel_deal", actor, claim, data, body)

    def _release(self) -> None:
        claim = self._some(self._recent("protected", "active"))
        if claim is None:
            return
        actor = str(claim.owner) if self.rng.random() < 0.55 else self._supervisor(claim)
        self.release(claim, actor)

    def release(self, claim: Claim, actor: str) -> None:
        """Given up, or asked to be, for a reason that is usually listed."""
        word = self.rng.choice(("not_worked", "lost", "invalid", "customer_request", "tired"))
        self.command("release", actor, claim, {"reason": word}, {"reason": word})

    def _transfer(self) -> None:
        claim = self._some(self._recent(*HOLDING, "protected", "active"))
        if claim is None:
            return
        actor = str(claim.owner)
        if not self.model.people[actor].active(self.now) or self.rng.random() < 0.05:
            actor = self._supervisor(claim)
        self.transfer(claim, actor)

    def transfer(self, claim: Claim, actor: str) -> None:
        """An offer to a colleague, now and then to somebody who cannot have it."""
        to = self._rep() if self.rng.random() < 0.95 else self._anybody()
        body = {"to": self.world.callers[to].id, "reason": "更合适"}
        self.command("transfer", actor, claim, {"to": to}, body)

    def _extend(self) -> None:
        claim = self._some(self._recent("protected", "active"))
        if claim is not None:
            self.extend(claim, str(claim.owner) if self.rng.random() < 0.7 else self._supervisor(claim))

    def extend(self, claim: Claim, actor: str) -> None:
        """More time, asked or given."""
        data: dict[str, Any] = {}
        if self.rng.random() < 0.3:
            data["days"] = self.rng.choice((1, 1, 2, 3))
        self.command("extend", actor, claim, data, {"reason": "客户出差", **data})

    def _pause(self) -> None:
        claim = self._some(self._recent("protected", "active"))
        if claim is None:
            return
        actor = str(claim.owner) if self.rng.random() < 0.6 else self._supervisor(claim)
        kind = self.rng.choice(APPROVED)
        self.command("pause", actor, claim, {"kind": kind}, {"kind": kind, "reason": "等待"})

    def _unpause(self) -> None:
        paused = [c for c in self._recent(*WORKABLE) if any(kind in APPROVED for kind in c.pauses)]
        claim = self._some(paused)
        if claim is None:
            return
        actor = str(claim.owner) if self.rng.random() < 0.6 else self._supervisor(claim)
        self.command("unpause", actor, claim, {}, {})

    # --- requests --------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        claims = [c for c in self._recent(*HOLDING) if c.open_requests()]
        claim = self._some(claims)
        if claim is not None:
            self.answer(claim, self.rng.choice(claim.open_requests()))

    def answer(self, claim: Claim, request: Request, *, kind: str | None = None) -> None:
        """Yes or no by whom it waits for, or no longer by whoever asked."""
        if request.key not in self.ids:
            self._look(claim)
        kind = kind or self.rng.choices(("accept", "refuse", "withdraw"), (7, 2, 1))[0]
        if (request.kind, kind) == ("release", "refuse"):
            kind = "accept"  # an objection opens a case, and cases have a model of their own
        actor = self.rng.choice(request.waiting_for or [str(request.by)])
        if kind == "withdraw":
            actor = request.by or actor
        if self.rng.random() < 0.04:
            actor = self._anybody()
        expected = None if self.model.sees(actor, claim) else "not_found"
        expected = expected or self.model.answering(actor, request, withdraw=kind == "withdraw")
        path = f"/v1/requests/{self.ids[request.key]}/{kind}"
        self._send(f"request_{kind}", actor, claim, {"request": request.key}, {}, path, expected)

    # --- anybody does anything -------------------------------------------------------------------------------------

    def _careless(self) -> None:
        """Somebody, some claim, some act: mostly refused, and refused alike."""
        claims = list(self.model.claims.values())[-80:]
        claim = self._some(claims)
        if claim is None:
            return
        actor = self._anybody() if self.rng.random() < 0.6 else (claim.owner or claim.reporter)
        kind = self.rng.choice(
            (
                *("accept", "reject", "send_back", "withdraw", "cancel_deal", "unpause", "follow_up", "correct", "win"),
                *("release", "transfer", "extend", "pause", "answer", "void"),
            )
        )
        if kind == "answer":
            if claim.requests:
                self.answer(claim, self.rng.choice(claim.requests))
        elif kind == "void":
            logged = [f for f in claim.follow_ups if f.key in self.ids]
            if logged:
                entry = self.rng.choice(logged)
                path = f"/v1/follow-ups/{self.ids[entry.key]}/void"
                self.command("void", actor, claim, {"follow_up": entry.key}, {"reason": "编造"}, path=path)
        elif kind == "follow_up":
            self.follow_up(claim, actor, self.rng.choice(("call", "visit")))
        elif kind == "pause":
            self.command("pause", actor, claim, {"kind": "legal"}, {"kind": "legal", "reason": "等待"})
        elif kind in ("correct", "win", "cancel_deal", "release", "transfer", "extend"):
            getattr(self, kind)(claim, actor)
        else:
            body = {"reason": "核实"} if kind in ("reject", "send_back") else {}
            self.command(kind, actor, claim, {}, body)

    # --- people ----------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        self._move_to(self.now + SECOND // 1000)  # a stamp of its own: matters and people are stamped apart
        name = self._rep()
        self._note(None, f"{name} leaves", "leave", None)
        self.world.callers["admin"].made(f"/v1/people/{self.world.callers[name].id}/leave")
        person, at = self.model.people[name], self._written_at(t.person_change, t.person_change.c.at)
        person.left_at = at
        person.changes.append((at, "left"))
        team = person.team(at)
        self.world.hire(f"{team}{self._next('hired') + 3}", team)
        self._move_to(self.now + SECOND // 1000)

    def _move(self) -> None:
        self._move_to(self.now + SECOND // 1000)
        name = self._rep()
        person = self.model.people[name]
        team = "south" if person.team(self.now) == "north" else "north"
        self._note(None, f"{name} moves to {team}", "move", None)
        path = f"/v1/people/{self.world.callers[name].id}"
        admin = self.world.callers["admin"]
        version = admin.get(path).json()["version"]
        answer = admin.patch(path, {"version": version, "team": self.world.teams[team]})
        assert answer.status_code == 200, answer.text
        at = self._written_at(t.person_change, t.person_change.c.at)
        person.teams.append((at, team))
        person.changes.append((at, "moved"))
        self._move_to(self.now + SECOND // 1000)

    def _absence(self) -> None:
        name = self._rep()
        start = self.now + self.rng.choice((-10 * HOUR, 0, 3 * HOUR, DAY))
        end = start + self.rng.choice((5 * HOUR, 14 * HOUR, 2 * DAY, 4 * DAY))
        self._note(None, f"{name} is away {readable(start)} to {readable(end)}", "absence", None)
        body = {"from": rfc3339(start), "to": rfc3339(end), "reason": "年假"}
        self.world.callers["admin"].made(f"/v1/people/{self.world.callers[name].id}/absences", body)
        entered = self._written_at(t.absence, t.absence.c.entered_at)
        self.model.people[name].absences.append((start, end, entered))

    # --- time ------------------------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        """On by a little, or to an instant at which something is due: just before, at, just after."""
        instants = sorted(d for d in map(self.model.next_due, self.model.matters) if d is not None)
        ahead = [d for d in instants if d > self.now]
        roll = self.rng.random()
        if not ahead or roll < 0.45:
            self._move_to(self.now + self.rng.choice((1, SECOND, MINUTE, 10 * MINUTE, HOUR, 2 * HOUR)))
            self._wake()
            return
        at = ahead[min(int(self.rng.expovariate(0.7)), len(ahead) - 1)]
        offset = self.rng.choice((-1, 0, 0, 1, SECOND))
        if at + offset > self.now:
            self._move_to(at + offset)
        if self.rng.random() < 0.7:
            there = [m for m in self.model.matters if self.model.next_due(m) == at]
            if there:
                self._act_at(self.rng.choice(there))
        self._wake()

    def _act_at(self, matter: str) -> None:
        """Something that the instant is about, right then."""
        claims = list(map(self.model.claims.__getitem__, self.model.matters[matter].claims))
        claim = self._some([c for c in claims if c.state in ("reported", *HOLDING)])
        if claim is None:
            return
        if claim.open_requests() and self.rng.random() < 0.6:
            self.answer(claim, self.rng.choice(claim.open_requests()))
        elif claim.waiting == "correction":
            self.correct(claim, claim.reporter)
        elif claim.state == "reported":
            self._judge_now(claim)
        else:
            act = self.rng.choice(("follow_up", "follow_up", "follow_up", "extend", "win", "release", "transfer"))
            owner = str(claim.owner)
            if act == "follow_up":
                self.follow_up(claim, owner, self.rng.choice(("meeting", "visit")))
            else:
                getattr(self, act)(claim, owner)

    def _judge_now(self, claim: Claim) -> None:
        if claim.waiting == "visit":
            self.follow_up(claim, claim.reporter, "visit")
        elif claim.judges:
            self.command("accept", claim.judges[-1], claim, {}, {})

    def _wake(self) -> None:
        """Timers fire, more or less in time: all that is due, some of it, or nothing for now."""
        if self.away:
            return
        roll = self.rng.random()
        if roll < 0.2:
            return
        due = self._due_streams()
        self.rng.shuffle(due)
        for stream in due if roll > 0.4 else due[: len(due) // 2]:
            self._drain(stream)
        if self.rng.random() < 0.3:
            self._ring_bells()

    def _engine_away(self) -> None:
        if not self.away:
            self.log.append((None, "the engine is away"))
            self._switch_engine(on=False)
            self.away_for = self.rng.randrange(*self.AWAY)

    @property
    def away(self) -> bool:
        """Whether nothing is decided at present."""
        return self.company.direct.down

    def _switch_engine(self, *, on: bool) -> None:
        self.company.direct.down = not on

    def _decide_now(self, stream: str) -> None:
        """One look of the claim's workflow at its matter."""
        self.company.direct.drain(stream)

    def _come_back(self) -> None:
        """The engine is back: everything that waits is decided, workflow by workflow, in any order."""
        self.log.append((None, "the engine is back"))
        self._switch_engine(on=True)
        waiting = {self.ids[command.claim] for _, command in self.undecided}
        streams = [*waiting, *(s for s in self._due_streams() if s not in waiting)]
        streams.sort(key=lambda s: self.keys[s])
        self.rng.shuffle(streams)
        for stream in streams:
            self._drain(stream)
        for id_, command in self.undecided:
            self._outcome(id_, command)
        self.undecided.clear()

    def _outcome(self, id_: str, command: Command) -> None:
        claim = self.model.claims[command.claim]
        read = self.world.callers["admin"].get(f"/v1/commands/{id_}").json()
        told = "ok" if read["state"] == "applied" else (read["problem"] or {}).get("code", read["state"])
        if told != command.answer:
            self._differ(claim.matter, f"{command.kind} was {told} by the service, {command.answer} by the model")
        if told == "ok" and command.kind != "report":
            self.tally.effective += 1

    def _drain(self, stream: str) -> None:
        self._decide_now(stream)
        self._follow(self.model.claims[self.keys[stream]].matter)

    def _follow(self, matter: str) -> None:
        """The service has looked at this matter: so does the model."""
        before = len(self.model.moves)
        self._settle(matter)
        self.touched.update(key for _, key in self.model.moves[before:])

    def _ring_bells(self) -> None:
        while True:
            with self.company.database.reading() as tx:
                stream = tx.execute(sa.select(t.bell.c.stream).limit(1)).scalar()
            if stream is None:
                return
            self._drain(str(stream))

    def _settle(self, matter: str) -> None:
        """The model decides up to the stamp of the service's last look at this matter."""
        self.model.settle(matter, self._last_stamp(matter))

    def _last_stamp(self, matter: str) -> int:
        if matter not in self.matter_ids:
            return 0
        with self.company.database.reading() as tx:
            return _us(tx.execute(_LAST_STAMP, {"matter": self.matter_ids[matter]}).scalar_one())

    def _stamp(self, matter: str) -> int:
        """What is received now is stamped with the clock, but later than everything before it (design 2)."""
        return max(self.now, self._last_stamp(matter) + 1)

    def _due_streams(self) -> list[str]:
        with self.company.database.reading() as tx:
            now = tx.now()
            found = tx.execute(sa.select(t.stream.c.id).where(t.stream.c.open, t.stream.c.next_instant < now))
            return sorted(map(str, found.scalars()), key=lambda s: self.keys[s])

    def _clock(self) -> int:
        with self.company.database.reading() as tx:
            return _us(tx.now())

    def _move_to(self, at: int) -> None:
        self.company.shift(microseconds=at - self.now)
        self.now = at

    # --- comparing -------------------------------------------------------------------------------------------------

    def audit(self, *, readers: int | None = None) -> None:
        """Look at all that was touched: what is due must be known to the service as due, then every list must agree.

        ``readers``: of so many people, drawn by lot; of everybody without it.
        """
        if self.away:
            self._come_back()
        DatabaseBells(self.company.database).spread()
        self._ring_bells()
        for stream in self._due_streams():
            self._drain(stream)
        self._ring_bells()
        for matter in self.model.matters:
            due = self.model.next_due(matter)
            if due is not None and due < self.now:
                self._differ(matter, f"something was due {readable(due)}, no workflow is armed for it")
        for key in sorted(self.touched):
            self._look(self.model.claims[key])
            self._same_timeline(self.model.claims[key])
            self._same_follow_ups(self.model.claims[key])
        self.touched.clear()
        there = [name for name, person in self.model.people.items() if person.active(self.now)]
        for name in there if readers is None else self.rng.sample(there, min(readers, len(there))):
            self._same_lists(name)

    def _look(self, claim: Claim) -> None:
        answer = self.world.callers["admin"].get(f"/v1/claims/{self.ids[claim.key]}")
        self._expect(answer, 200, None, claim.matter)
        self._same(claim.key, answer.json(), "admin")

    def _same_answer(self, kind: str, claim: Claim, data: dict[str, Any], view: dict[str, Any], actor: str) -> None:
        if kind in ("follow_up", "void"):
            if view["pending"] is not None:
                return
            entry = next(f for f in claim.follow_ups if f.key == data.get("key", data.get("follow_up")))
            told = (view["state"], view["deadline"], view["qualified"], view["why"], view["voided"] is not None)
            wanted = (claim.state, _text(claim.deadline), entry.qualified, entry.why, entry.voided)
            if told != wanted:
                self._differ(claim.matter, f"follow-up: service {told}, model {wanted}")
        elif kind.startswith("request_"):
            request = next(r for r in claim.requests if r.key == data["request"])
            if view["state"] != request.state:
                self._differ(claim.matter, f"request: service {view['state']}, model {request.state}")
        else:
            self._same(claim.key, view, actor)
        if self.rng.random() < 0.15:
            self._look(claim)

    def _same(self, key: str, view: dict[str, Any], viewer: str) -> None:
        """One claim as its reader sees it, field by field."""
        claim = self.model.claims[key]
        for request, told in zip(claim.requests, reversed(view["requests"]), strict=False):
            self._named(request.key, told["id"])
        for deal, id_ in zip(claim.deals, view["deals"], strict=False):
            self._named(deal.key, id_)
        told, wanted = self._told(view), self._wanted(claim, viewer)
        if told != wanted:
            lines = [f"{k}: service {told[k]}, model {wanted[k]}" for k in wanted if told[k] != wanted[k]]
            self._differ(claim.matter, f"{key} as {viewer} sees it\n  " + "\n  ".join(lines))

    def _told(self, view: dict[str, Any]) -> dict[str, Any]:
        plain = ("state", "reason", "release_reason", "received_at", "accepted_at", "ended_at", "deadline")
        return {
            **{name: view[name] for name in (*plain, "provisional", "missing", "complete_by", "version")},
            "owner": self._name(view["owner"]),
            "reporter": self._name(view["reporter"]),
            "clocks": sorted((c["clock"], c["deadline"], c["remaining_s"], c["paused"]) for c in view["clocks"]),
            "paused": sorted((p["kind"], p["since"]) for p in view["paused"]),
            "deals": len(view["deals"]),
            "requests": [
                (r["kind"], self._name(r["by"]), [self._name(p) for p in r["waiting_for"]], r["state"], r["decide_by"])
                for r in reversed(view["requests"])
            ],
            "allowed": sorted(view["allowed"]),
            "pending": view["pending"] is not None,
        }

    def _wanted(self, claim: Claim, viewer: str) -> dict[str, Any]:
        clocks = [
            (
                c.name,
                _text(c.due),
                max(0, c.due - self.now) // SECOND if c.due is not None else (c.left.us if c.left else 0) // SECOND,
                c.due is None,
            )
            for c in claim.clocks.values()
        ]
        return {
            "state": claim.state,
            "reason": claim.reason,
            "release_reason": claim.release_reason,
            "received_at": _text(claim.received_at),
            "accepted_at": _text(claim.accepted_at),
            "ended_at": _text(claim.ended_at),
            "deadline": _text(claim.deadline),
            "provisional": claim.provisional,
            "missing": list(claim.missing),
            "complete_by": _text(claim.complete_by),
            "version": claim.version,
            "owner": claim.owner if claim.holds else None,
            "reporter": claim.reporter,
            "clocks": sorted(clocks),
            "paused": sorted((kind, _text(since)) for kind, (since, _) in claim.pauses.items()),
            "deals": len(claim.deals),
            "requests": [
                (r.kind, r.by, r.waiting_for if r.state == "open" else [], r.state, _text(r.decide_by))
                for r in claim.requests
            ],
            "allowed": sorted(self.model.allowed(viewer, claim, self.now)),
            "pending": any(c.claim == claim.key for c in self.model.matters[claim.matter].inbox),
        }

    def _same_timeline(self, claim: Claim) -> None:
        items = self._pages(f"/v1/claims/{self.ids[claim.key]}/timeline", "admin")
        told = [(i["kind"], i["at"], self._name(i["actor"]), i["from"], i["to"]) for i in reversed(items)]
        wanted = [(e.kind, _text(e.at), e.actor, e.before, e.after) for e in claim.timeline]
        if told != wanted:
            at = next((n for n, (a, b) in enumerate(zip(told, wanted, strict=False)) if a != b), None)
            at = min(len(told), len(wanted)) if at is None else at
            self._differ(claim.matter, f"timeline of {claim.key} from line {at}: {told[at:]} but model {wanted[at:]}")
        state = None
        for _, _, _, before, after in told:
            if after is not None:
                if before != state and state is not None:
                    self._differ(claim.matter, f"timeline of {claim.key}: {before} does not follow {state}")
                state = after
        if state != claim.state:
            self._differ(claim.matter, f"timeline of {claim.key} ends in {state}, the claim is {claim.state}")

    def _same_follow_ups(self, claim: Claim) -> None:
        items = self._pages(f"/v1/claims/{self.ids[claim.key]}/follow-ups", "admin")
        told = [(self.keys[i["id"]], i["qualified"], i["why"], i["voided"] is not None) for i in reversed(items)]
        wanted = [(f.key, f.qualified, f.why, f.voided) for f in claim.follow_ups]
        if told != wanted:
            self._differ(claim.matter, f"follow-ups of {claim.key}: {told} but model {wanted}")

    def _same_lists(self, name: str) -> None:
        """What somebody finds on their first pages: claims they read, tasks, requests that wait for them."""
        caller = self.world.callers[name]
        seen = [c for c in self.model.claims.values() if self.model.sees(name, c)]
        page = caller.get("/v1/claims", limit=60).json()["items"]
        newest = sorted(seen, key=lambda c: (c.received_at, self.ids[c.key]), reverse=True)[:60]
        if [self.keys[v["id"]] for v in page] != [c.key for c in newest]:
            told = [self.keys[v["id"]] for v in page]
            self._differ(None, f"claims that {name} reads: {told} but model {[c.key for c in newest]}")
        for view in page:
            self._same(self.keys[view["id"]], view, name)
        waiting = [r for c in seen for r in c.open_requests() if name in r.waiting_for]
        listed = self._pages("/v1/requests", name, waiting_for=caller.id)
        if sorted(self.keys[r["id"]] for r in listed) != sorted(r.key for r in waiting):
            self._differ(None, f"requests that wait for {name}: {listed} but model {waiting}")
        tasks = [
            (task["kind"], self.keys[task["subject"]["id"]], task["due"]) for task in self._pages("/v1/me/tasks", name)
        ]
        wanted = sorted(
            [(kind, c.key, self._due_of(kind, c)) for c in seen for kind, who in c.tasks.items() if who == name]
            + [(f"request.{r.kind}", r.key, _text(r.decide_by)) for r in waiting]
            + self._rates_missing(name),
            key=str,
        )
        tasks.sort(key=str)
        if tasks != wanted:
            self._differ(None, f"tasks of {name}: {tasks} but model {wanted}")

    def _rates_missing(self, name: str) -> list[tuple[str, str, None]]:
        """There is no commission plan here, so every live deal asks finance for a rate (COM-02)."""
        if not self.model.people[name].finance:
            return []
        return [("rate_missing", deal.key, None) for c in self.model.claims.values() for deal in c.deals if deal.live]

    def _due_of(self, task: str, claim: Claim) -> str | None:
        approval = claim.clocks.get("approval")
        return _text({"judge": approval and approval.due, "request.handover": claim.hand_over_by}.get(task))

    def _pages(self, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.world.callers[name].get(path, limit=200, **query, **cursor)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            items += body["items"]
            if body["next"] is None:
                return items
            cursor = {"cursor": body["next"]}

    def _expect(self, answer: httpx2.Response, status: int, code: str | None, matter: str) -> None:
        told = answer.json().get("code") if answer.status_code >= 400 else None
        if (answer.status_code, told) != (status, code):
            self._differ(matter, f"service answers {self._said(answer)}, model {status} {code or ''}")

    def _differ(self, matter: str | None, text: str) -> None:
        lines = [line for where, line in self.log if where in (matter, None) or matter is None][-25:]
        claims = (
            [self.model.claims[k] for k in self.model.matters[matter].claims[-4:]]
            if matter in self.model.matters
            else []
        )
        views = "\n".join(f"  {c.key}: {c.state} {c.waiting or ''} owner {c.owner} {_clocks(c)}" for c in claims)
        raise Difference(
            f"seed {self.seed}, act {self.tally.operations}, {readable(self.now)}\n{text}\n"
            f"--- what happened to {matter}\n" + "\n".join(f"  {line}" for line in lines) + f"\n--- the model\n{views}"
        )

    # --- names and small things ------------------------------------------------------------------------------------

    def _note(self, matter: str | None, line: str, kind: str, answer: httpx2.Response | None) -> None:
        self.log.append((matter, f"{readable(self.now)} {line}"))
        self.tally.operations += 1
        self.tally.kinds[kind] += 1
        if answer is None:
            self.tally.effective += 1
        elif answer.status_code >= 400:
            self.tally.codes[answer.json().get("code", "?")] += 1

    def _said(self, answer: httpx2.Response) -> str:
        body = answer.json()
        return f"{answer.status_code} {body.get('code') or body.get('state') or ''}"

    def _named(self, key: str, id_: str) -> None:
        self.ids[key] = id_
        self.keys[id_] = key

    def _name(self, id_: str | None) -> str | None:
        return None if id_ is None else self.world.names[id_]

    def _find_matter(self, matter: str, claim: str) -> None:
        if matter not in self.matter_ids:
            with self.company.database.reading() as tx:
                found = tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim)).scalar_one()
            self.matter_ids[matter] = str(found)

    def _newest_command(self, matter: str) -> tuple[str, int] | None:
        with self.company.database.reading() as tx:
            found = tx.execute(_NEWEST_COMMAND, {"matter": self.matter_ids[matter]}).first()
        return None if found is None else (str(found.id), _us(found.received_at))

    def _written_at(self, table: sa.Table, column: sa.Column[Any]) -> int:
        with self.company.database.reading() as tx:
            return _us(tx.execute(sa.select(column).order_by(table.c.rev.desc()).limit(1)).scalar_one())

    def _recent(self, *states: str) -> list[Claim]:
        """The latest claims in these states; a state named twice counts twice."""
        found: list[Claim] = []
        for claim in reversed(self.model.claims.values()):
            found += [claim] * states.count(claim.state)
            if len(found) >= 40:
                break
        return found

    def _some(self, claims: list[Claim]) -> Claim | None:
        return self.rng.choice(claims) if claims else None

    def _rep(self) -> str:
        return self.rng.choice([n for n, p in self.model.people.items() if p.sells and p.active(self.now)])

    def _busiest(self) -> str:
        """Whoever has most customers: the cap is near."""
        counts = Counter(c.owner or c.reporter for c in self.model.claims.values() if c.state in ("reported", *HOLDING))
        sellers = [n for n, p in self.model.people.items() if p.sells and p.active(self.now)]
        return max(sellers, key=lambda name: (counts[name], name))

    def _anybody(self) -> str:
        return self.rng.choice(list(self.model.people))

    def _supervisor(self, claim: Claim) -> str:
        return self.model.supervisor(claim.owner or claim.reporter, self.now)

    def _next(self, name: str) -> int:
        self.counters[name] += 1
        return self.counters[name]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_STAMP = sa.select(t.matter.c.last_at).where(t.matter.c.id == sa.bindparam("matter"))
_NEWEST_COMMAND = (
    sa.select(t.command.c.id, t.command.c.received_at)
    .where(t.command.c.matter == sa.bindparam("matter"))
    .order_by(t.command.c.received_at.desc())
    .limit(1)
)


def _text(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _brief(data: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in data.items() if k in ("kind", "to", "reason", "days", "request", "follow_up", "given")}
    return " ".join(f"{k}={v}" for k, v in shown.items())


def _clocks(claim: Claim) -> str:
    return " ".join(f"{c.name}={readable(c.due) or c.left}" for c in claim.clocks.values())
