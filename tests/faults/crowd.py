"""Many callers who report one customer at the same instant (CLM-05, CLM-27, TER-01)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.load import Act, Journal, a_phone, deliver, differences, report
from tests.support.company import Person
from tests.support.service import RemoteCompany


def run_crowd(
    company: RemoteCompany,
    *,
    callers: int,
    rounds: int,
    seed: int,
    note: Callable[[str], None] = lambda _line: None,
) -> list[str]:
    """``rounds`` times ``callers`` reports of one customer at once; everything that is not as it should be."""
    dice, journal, wrong = random.Random(seed), Journal(), []
    program = company.program("Crowd")
    with ThreadPoolExecutor(max_workers=2) as pool:
        reps = list(pool.map(lambda place: company.rep(f"销售{place}"), range(callers)))
    with ThreadPoolExecutor(max_workers=callers) as pool:
        for number in range(rounds):
            phone = a_phone(dice)
            acts = [report(rep, program=program, phone=phone) for rep in reps]
            gate = threading.Barrier(callers)
            list(pool.map(_sent_together, reps, acts, [journal] * callers, [gate] * callers))
            found = _judged([act.answer for act in acts])
            wrong += [f"round {number}: {what}" for what in found]
            note(f"round {number}: {found or 'as it should be'}")
    return [*wrong, *differences(journal, company)]


def _sent_together(person: Person, act: Act, journal: Journal, gate: threading.Barrier) -> None:
    journal.add(act)
    gate.wait(30)
    deliver(person, act, journal)


def _judged(claims: list[dict[str, Any]]) -> list[str]:
    """The lowest receipt owns, everybody else is told that the customer is owned."""
    ranked = sorted(claims, key=lambda c: c["receipt"])
    found = []
    if ranked[0]["state"] != "protected":
        found.append(f"the first report is {ranked[0]['state']}")
    found += [
        f"report {c['receipt']} is {c['state']}, {c['reason']}"
        for c in ranked[1:]
        if (c["state"], c["reason"]) != ("rejected", "customer_owned")
    ]
    if [c["received_at"] for c in ranked] != sorted(c["received_at"] for c in ranked):
        found.append("receipts and instants of receipt are not in the same order")
    return found
