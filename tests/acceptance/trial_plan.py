"""What the people of a trial do in two weeks, drawn by a seed: old customers, reports, takes, work, deals, cases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

#: In full: old customers, and for each day so many reports of somebody's customer, of a new one, takers, works, deals.
ROWS: Final = 3_000
COLLISIONS, NEW, TAKERS, WORKS, WINS = 20, 25, 5, 60, 8
#: In full: cases about customers who were reported first by one and then by another, at the end of the last day.
CONTESTS: Final = 10
#: Each taker of a day takes so many; the last of them is one too many.
TAKES: Final = 3
DAYS: Final = 14
#: Half a day more than whole days: no deadline comes while the acts of a day go on.
IDLE_H, GRACE_H = 156, 36
CAP: Final = 12
RATE_BPS: Final = 500


@dataclass(frozen=True)
class Known:
    """A customer as a rep would report them."""

    name: str
    phone: str

    def given(self) -> dict[str, str]:
        return {"kind": "person", "name": self.name, "phone": self.phone}


@dataclass(frozen=True)
class Plan:
    """``said``: what the script is given. ``customers`` by their key in it; ``pooled``: those to put into the pool."""

    said: dict[str, Any]
    customers: dict[str, Known]
    pooled: tuple[str, ...]


def drawn(people: Sequence[str], *, seed: int, scale: float) -> Plan:
    """The plan of ``seed`` for ``people``; ``scale``: the part of the full numbers."""
    chance = random.Random(seed)

    def scaled(number: int) -> int:
        return max(1, round(number * scale))

    given = [name.split()[0] for name in people]
    families = [name.split()[-1] for name in people]
    total = scaled(ROWS) + DAYS * (scaled(NEW) + scaled(TAKERS) * TAKES)
    phones = [f"13{number:09d}" for number in chance.sample(range(10**9), total)]
    customers = {
        f"c{place}": Known(f"{chance.choice(given)} {chance.choice(families)}", phone)
        for place, phone in enumerate(phones)
    }
    unknown = iter(customers)
    # Some have many old customers and some few.
    shares = [chance.uniform(0.3, 1.7) for _ in people]
    rows = [
        {
            "customer": next(unknown),
            "owner": chance.choices(people, shares)[0],
            "worked_days_ago": chance.choice((None, 2, 2, 3, 3, 4, 5, 20, 90)),
        }
        for _ in range(scaled(ROWS))
    ]
    owners = {row["customer"]: row["owner"] for row in rows}
    beside: dict[str, set[str]] = {}
    won: set[str] = set()
    fresh: list[str] = []
    acts: list[dict[str, Any]] = []
    pooled: list[str] = []
    for day in range(1, DAYS + 1):
        known, today = list(owners), []

        def act(
            kind: str, person: str, customer: str, *, day: int = day, today: list[Any] = today, **more: int
        ) -> None:
            today.append({"day": day, "kind": kind, "person": person, "customer": customer, **more})

        for _ in range(scaled(WORKS)):
            customer = chance.choice(known)
            # Now and then somebody works a customer whom another one has.
            act("work", chance.choice(sorted({owners[customer], *beside.get(customer, ())})), customer)
        recent = [c for c in fresh if len(beside.get(c, ())) < 2]
        for place in range(scaled(COLLISIONS)):
            customer = chance.choice(recent if recent and place % 2 == 0 else known)
            person = chance.choice([p for p in people if p != owners[customer] and p not in beside.get(customer, ())])
            act("report", person, customer)
            beside.setdefault(customer, set()).add(person)
        for _ in range(scaled(NEW)):
            customer, person = next(unknown), chance.choice(people)
            act("report", person, customer)
            owners[customer] = person
            fresh.append(customer)
        for person in chance.sample(list(people), min(len(people), scaled(TAKERS))):
            for _ in range(TAKES):
                customer = next(unknown)
                act("take", person, customer)
                owners[customer] = person
                pooled.append(customer)
        for customer in chance.sample([c for c in known if c not in won], scaled(WINS)):
            act("win", owners[customer], customer, cents=chance.randrange(100, 10**8))
            won.add(customer)
        chance.shuffle(today)
        acts += [{"number": number, **one} for number, one in enumerate(today, len(acts) + 1)]
    rivals = [
        {"person": min(beside[customer]), "customer": customer}
        for customer in fresh
        if customer in beside and customer not in won
    ]
    said = {
        "rows": rows,
        "contests": chance.sample(rivals, min(len(rivals), scaled(CONTESTS))),
        "acts": acts,
        "cap": max(TAKES + 1, round(CAP * scale)),
        "daily": TAKES - 1,
        "rate_bps": RATE_BPS,
        "idle_h": IDLE_H,
        "grace_h": GRACE_H,
        "ends_h": 24 * DAYS + 18,
    }
    return Plan(said, customers, tuple(pooled))
