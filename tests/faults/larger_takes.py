"""Taking at its larger size: ``python -m tests.faults.larger_takes --seed N``. Exit 0: all of it holds.

Fifty takers on one customer at a barrier, twenty rounds on a service of each database; 10,000 random takes, releases,
lapses, reports, leads and told visits against the reference of quotas, on both; and bugs planted in the rules, which
the walk must find.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import structlog

from tests.faults.conftest import DATABASES
from tests.faults.larger import Note, on_both, say
from tests.faults.takers import run_takers
from tests.model.companies import KINDS, Installations
from tests.model.planted_take_bugs import TAKE_BUGS
from tests.model.take_walk import REACHABLE, Difference, TakeWalk
from tests.support.postgres import Postgres
from tests.support.postgres_cluster import PostgresCluster
from tests.support.service import Service
from worker.engine import locate
from worker.progress import progress_on_stderr

CALLERS, ROUNDS = 50, 20
ACTS, ONE_WALK = 10_000, 1_000
#: Of ten walks so many are on each database; the other one is slower and the rules are the same.
SHARE = {"sqlite": 7, "postgresql": 3}
#: A planted bug must be seen within so many walks of so many acts.
WITHIN, BUG_ACTS = 6, 400


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.larger_takes", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--acts", type=int, default=ACTS, help="over both databases")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="fairclaim-takes-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another user below it
        wrong = _races(folder / "race", options) if options.rounds else []
        wrong += _walks(folder, options) if options.acts else []
    for what in wrong:
        say(f"WRONG {what}")
    say(f"{len(wrong)} things are wrong" if wrong else "one of all takers succeeds, no order washes a quota")
    return 1 if wrong else 0


def _races(folder: Path, options: argparse.Namespace) -> list[str]:
    say(f"takers: {options.rounds} rounds of {CALLERS} at a barrier, on each of {', '.join(DATABASES)}")
    server = locate(env=os.environ, pinned_only=True, progress=progress_on_stderr())

    def run(_kind: str, service: Service, note: Note) -> list[str]:
        company = service.company()
        try:
            return run_takers(company, callers=CALLERS, rounds=options.rounds, seed=options.seed, note=note)
        finally:
            company.close()

    return on_both(folder, server, "takers", run)


def _walks(folder: Path, options: argparse.Namespace) -> list[str]:
    cluster = PostgresCluster(folder / "walks", durable=False)
    cluster.start()
    try:
        installations = Installations(folder, Postgres(**cluster.tell()))
        wrong = []
        for place, kind in enumerate(KINDS):
            wrong += _walk(installations, kind, options.seed + 1_000 * place, options.acts * SHARE[kind] // 10)
        return wrong + _bugs(installations, options.seed)
    finally:
        cluster.stop()


def _walk(installations: Installations, kind: str, seed: int, acts: int) -> list[str]:
    met: Counter[str] = Counter()
    by_act: Counter[str] = Counter()
    begun, walks = time.monotonic(), max(1, acts // ONE_WALK)
    for number in range(walks):
        try:
            with installations.company(kind) as company:
                walk = TakeWalk(company, seed + number)
                met += walk.run(acts // walks)
                by_act += walk.acts
        except Difference as difference:
            return [f"walk, {kind}: {difference}"]
    took = time.monotonic() - begun
    say(f"walk, {kind}: {sum(met.values())} answers agree after {took:.0f} s: {dict(met)}, by act {dict(by_act)}")
    return [f"walk, {kind}: {answer} was never met" for answer in sorted(REACHABLE - set(met))]


def _bugs(installations: Installations, seed: int) -> list[str]:
    missed = []
    for name, edit in TAKE_BUGS.items():
        with edit.made():
            found = next((n for n in range(WITHIN) if _differs(installations, seed + n)), None)
        say(f"planted: {name}: {'NOT FOUND' if found is None else f'found in walk {found + 1}'}")
        missed += [f"planted and not found: {name}"] if found is None else []
    return missed


def _differs(installations: Installations, seed: int) -> bool:
    try:
        with installations.company("sqlite") as company:
            TakeWalk(company, seed).run(BUG_ACTS)
    except AssertionError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
