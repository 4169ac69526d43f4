"""Callers who never stop, each with a journal of what the service told them, and the comparison afterwards.

A caller sends an act under one idempotency key until it is decided: a broken connection, a 503, a 202 and a
``request_in_flight`` are answered by sending the same again. Nothing else may happen to it (AUD-07, INT-01).
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx2
import sqlalchemy as sa

from storage import tables as t
from storage import texts
from storage.database import Database, Transaction
from tests.support.company import Person
from tests.support.service import RemoteCompany

GIVE_UP_S = 120.0
RETRY_S = 0.1
#: Claims of the short program lapse so long after their report unless somebody works on them.
SHORT_S = 6
SHORT_POLICY = {"claim.first_follow_up_wh": f"PT{SHORT_S}S"}


@dataclass
class Act:
    """One thing a caller wants done once. ``named`` collects every id an answer gave for it."""

    key: str
    who: str
    kind: str  # report, follow_up, release, win
    path: str
    body: Mapping[str, Any]
    named: set[str] = field(default_factory=set)
    tries: int = 0
    #: Of each try that was answered: when it began (monotonic), how many seconds it took, its status.
    took: list[tuple[float, float, int]] = field(default_factory=list)
    status: int | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.answer.get("code", ""))


class Journal:
    """What every caller was told."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.strange: list[str] = []
        self._lock = threading.Lock()

    def add(self, act: Act) -> None:
        with self._lock:
            self.acts.append(act)

    def wonder(self, what: str) -> None:
        with self._lock:
            self.strange.append(what)

    def decided(self) -> int:
        return sum(1 for act in self.acts if act.status is not None)


class Caller(threading.Thread):
    """One rep at work. ``rest_s`` seconds between two acts."""

    def __init__(
        self,
        person: Person,
        *,
        journal: Journal,
        program: str,
        seed: int,
        contested: list[str],
        rest_s: float = 0.05,
    ) -> None:
        super().__init__(daemon=True, name=f"caller-{seed}")
        self._person = person
        self._journal = journal
        self._program = program
        self._dice = random.Random(seed)
        self._contested = contested
        self._rest_s = rest_s
        self._mine: list[str] = []
        self._over = threading.Event()

    def finish(self) -> None:
        """Begin nothing new; what was begun is carried to its end."""
        self._over.set()

    def run(self) -> None:
        while not self._over.wait(self._rest_s):
            act = self._next()
            self._journal.add(act)
            if deliver(self._person, act, self._journal):
                self._learn(act)

    def _next(self) -> Act:
        roll = self._dice.random()
        if not self._mine or roll < 0.4:
            phone = self._dice.choice(self._contested) if self._dice.random() < 0.3 else a_phone(self._dice)
            return report(self._person, program=self._program, phone=phone)
        claim = self._dice.choice(self._mine)
        if roll < 0.85:
            return follow_up(self._person, claim)
        self._mine.remove(claim)
        return release(self._person, claim) if roll < 0.93 else win(self._person, claim)

    def _learn(self, act: Act) -> None:
        held = act.kind == "report" and act.answer.get("state") in ("protected", "active")
        if held and act.answer["id"] not in self._mine:
            self._mine.append(act.answer["id"])
        if act.kind == "follow_up" and act.status == 409:
            claim = act.path.split("/")[3]
            if claim in self._mine:
                self._mine.remove(claim)


def doom(people: Sequence[Person], *, journal: Journal, program: str, dice: random.Random) -> list[datetime]:
    """Each of ``people`` reports a customer whom nobody will work on; the deadlines of these claims."""
    acts = [report(person, program=program, phone=a_phone(dice)) for person in people]
    for act in acts:
        journal.add(act)
    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        list(pool.map(deliver, people, acts, [journal] * len(acts)))
    return [datetime.fromisoformat(act.answer["deadline"]) for act in acts if act.answer.get("deadline")]


def deliver(person: Person, act: Act, journal: Journal, *, patient: bool = True) -> bool:
    """Send ``act`` until it is decided; False when that never happened. Without patience a 503 is the end."""
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        act.tries += 1
        begun = time.monotonic()
        try:
            answer = person.post(act.path, act.body, key=act.key)
        except httpx2.TransportError:
            time.sleep(RETRY_S)
            continue
        if not answer.headers.get("content-type", "").endswith("json"):
            journal.wonder(f"{act.kind} {act.key}: {answer.status_code} {answer.headers} {answer.text[:300]}")
            return False
        body = answer.json()
        act.took.append((begun, time.monotonic() - begun, answer.status_code))
        if answer.status_code in (200, 201, 202):
            act.named.add(body["id"])
        if answer.status_code in (200, 201) or (answer.status_code == 409 and body["code"] != "request_in_flight"):
            act.status, act.answer = answer.status_code, body
            return True
        if answer.status_code not in (202, 409, 503):
            journal.wonder(f"{act.kind} {act.key}: {answer.status_code} {answer.text[:300]}")
            return False
        if answer.status_code == 503 and body["code"] != "store_unavailable":
            journal.wonder(f"{act.kind} {act.key}: 503 {body['code']}")
        if answer.status_code == 503 and not patient:
            return False
        time.sleep(RETRY_S)
    journal.wonder(f"{act.kind} {act.key}: undecided after {GIVE_UP_S:.0f} s and {act.tries} tries")
    return False


def report(person: Person, *, program: str, phone: str) -> Act:
    body = {"program": program, "customer": {"kind": "person", "name": "王小明", "phone": phone}}
    return Act(str(uuid.uuid4()), person.id, "report", "/v1/claims", body)


def follow_up(person: Person, claim: str) -> Act:
    key = str(uuid.uuid4())
    body = {"kind": "call", "note": f"谈了户型、预算和下次看房时间 {key}"}
    return Act(key, person.id, "follow_up", f"/v1/claims/{claim}/follow-ups", body)


def release(person: Person, claim: str) -> Act:
    return Act(str(uuid.uuid4()), person.id, "release", f"/v1/claims/{claim}/release", {"reason": "lost"})


def win(person: Person, claim: str) -> Act:
    body = {"amount": {"amount_minor": 100_00, "currency": "CNY"}, "contract_at": datetime.now(UTC).isoformat()}
    return Act(str(uuid.uuid4()), person.id, "win", f"/v1/claims/{claim}/win", body)


def a_phone(dice: random.Random) -> str:
    return f"13{dice.randrange(10**9):09d}"


# --- afterwards --------------------------------------------------------------------------------------------------


def differences(journal: Journal, company: RemoteCompany) -> list[str]:
    """Everything in which the store and what callers were told differ; empty when nothing was lost or done twice."""
    with company.database.reading() as tx:
        return [
            *journal.strange,
            *_answers(journal),
            *_rows(tx, journal),
            *_notes_once(tx, journal),
            *_histories(tx),
            *_owners(tx),
        ]


def _answers(journal: Journal) -> list[str]:
    return [f"{a.kind} {a.key} was told several ids: {sorted(a.named)}" for a in journal.acts if len(a.named) > 1]


def _rows(tx: Transaction, journal: Journal) -> list[str]:
    """Ids acknowledged and rows present, both ways."""
    found = []
    told: dict[str, set[str]] = defaultdict(set)
    for act in journal.acts:
        # A command that was acknowledged as pending and then refused wrote no row of its own.
        if act.status in (200, 201) and act.kind in ("report", "follow_up"):
            told[act.kind] |= act.named
    for kind, table in (("report", t.claim), ("follow_up", t.follow_up)):
        present = set(tx.execute(sa.select(table.c.id)).scalars())
        found += [f"{kind} lost: {i}" for i in sorted(told[kind] - present)]
        found += [f"{kind} nobody was told of: {i}" for i in sorted(present - told[kind])]
    for kind, table, status in (("win", t.deal, 200),):
        wanted = Counter(a.path.split("/")[3] for a in journal.acts if a.kind == kind and a.status == status)
        present_of = Counter(tx.execute(sa.select(table.c.claim)).scalars())
        found += [
            f"{kind} of {c}: told {wanted[c]}, stored {present_of[c]}"
            for c in wanted | present_of
            if wanted[c] != present_of[c]
        ]
    waiting = tx.execute(sa.select(sa.func.count()).where(t.command.c.decided_at.is_(None))).scalar_one()
    if waiting:
        found.append(f"{waiting} commands are undecided")
    return found


def _notes_once(tx: Transaction, journal: Journal) -> list[str]:
    """The note of each follow-up carries its key: each is there once."""
    ids = list(tx.execute(sa.select(t.follow_up.c.note)).scalars())
    written: Counter[str] = Counter()
    for start in range(0, len(ids), 500):
        written.update(text.rpartition(" ")[2] for text in texts.read(tx, ids[start : start + 500]).values())
    wanted = {a.key for a in journal.acts if a.kind == "follow_up" and a.status == 201}
    return [f"follow-up {key} is written {written[key]} times" for key in wanted if written[key] != 1] + [
        f"follow-up {key} was never confirmed" for key in written if key not in wanted
    ]


def _histories(tx: Transaction) -> list[str]:
    """Each claim's history is one unbroken walk: received once, every move from the state of the last one."""
    found = []
    state: dict[str, str | None] = {}
    last: dict[str, Any] = {}
    received: Counter[str] = Counter()
    rows = tx.rows(sa.select(t.event).where(t.event.c.stream_kind == "claim").order_by(t.event.c.stream, t.event.c.seq))
    for row in rows:
        claim = row["stream"]
        if row["kind"] == "received":
            received[claim] += 1
        if row["before"] is not None and state.get(claim) != row["before"]:
            found.append(f"claim {claim}: {row['kind']} from {row['before']} while {state.get(claim)}")
        if row["after"] is not None:
            state[claim] = row["after"]
            last[claim] = row
    for claim in tx.rows(sa.select(t.claim.c.id, t.claim.c.state)):
        if received[claim["id"]] != 1:
            found.append(f"claim {claim['id']} was received {received[claim['id']]} times")
        if state.get(claim["id"]) != claim["state"]:
            found.append(f"claim {claim['id']} is {claim['state']}, its history ends {state.get(claim['id'])}")
    return found


def _owners(tx: Transaction) -> list[str]:
    """Periods of holding of one matter never overlap, and nobody is refused while it is free (TER-01, CLM-27)."""
    found = []
    held: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    refused: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    never = datetime.max.replace(tzinfo=UTC)
    for claim in tx.rows(sa.select(t.claim)):
        if claim["accepted_at"] is not None:
            held[claim["matter"]].append((claim["accepted_at"], claim["ended_at"] or never, claim["id"]))
        elif claim["reason"] == "customer_owned":
            refused[claim["matter"]].append((claim["received_at"], claim["id"]))
    for periods in held.values():
        periods.sort()
        found += [f"{b[2]} held before {a[2]} had ended" for a, b in pairwise(periods) if b[0] < a[1]]
    for matter, reports in refused.items():
        for at, claim_id in reports:
            if not any(begin <= at <= end for begin, end, _ in held[matter]):
                found.append(f"{claim_id} was refused while nobody held the customer")
    return found


def lapses(company: RemoteCompany, program: str) -> list[tuple[datetime, datetime | None, str]]:
    """Of each claim in the short program: the deadline it was given, when it ended, its state."""
    with company.database.reading() as tx:
        rows = tx.rows(sa.select(t.claim).where(t.claim.c.program == program, t.claim.c.accepted_at.is_not(None)))
    return [(r["accepted_at"] + timedelta(seconds=SHORT_S), r["ended_at"], r["state"]) for r in rows]


def undecided(database: Database, *, before: datetime) -> int:
    """Commands received before ``before`` without a decision, and deadlines before it without their lapse."""
    with database.reading() as tx:
        commands = tx.execute(
            sa.select(sa.func.count()).where(t.command.c.decided_at.is_(None), t.command.c.received_at <= before)
        ).scalar_one()
        streams = tx.execute(
            sa.select(sa.func.count()).where(t.stream.c.open, t.stream.c.next_instant <= before)
        ).scalar_one()
    return int(commands) + int(streams)
