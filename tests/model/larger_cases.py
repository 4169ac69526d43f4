"""The walk through cases at its larger size: ``python -m tests.model.larger_cases --seed N``. Exit 0: no difference.

20,000 acts over both databases, two walks at a time; ``--only sqlite/1001/2000`` repeats one of them.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import structlog

from tests.model.case_walk import REACHABLE, CaseWalk, Tally
from tests.model.companies import KINDS, Installations
from tests.model.walk import Difference
from tests.support.postgres import Postgres
from tests.support.shared import FOLDER_VARIABLE, end_keeper, shared_server

OPERATIONS: Final = 20_000
ONE_WALK: Final = 2_000
#: How often every state is to be met.
LEAST_OF_A_STATE: Final = 20

Part = tuple[str, int, int]  # kind of database, seed, acts


def parts(seed: int) -> list[Part]:
    """All walks of a run, each with a seed that follows from the run's."""
    return [(KINDS[place % 2], seed * 1_000 + place, ONE_WALK) for place in range(OPERATIONS // ONE_WALK)]


def walk(part: Part, postgres: Postgres, folder: str) -> Tally | str:
    """Walk one part in this process: what it did, or the difference it found."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    kind, seed, operations = part
    with tempfile.TemporaryDirectory(dir=folder) as own:
        try:
            with Installations(Path(own), postgres).company(kind) as company:
                return CaseWalk(company, seed).run(operations)
        except Difference as difference:
            return str(difference)


def run(wanted: list[Part], *, processes: int) -> tuple[Tally, int]:
    """Walk all of them; what they did together, and how many differences there were."""
    total, differences, begun = Tally(), 0, time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fairclaim-cases-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user below it
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        postgres = Postgres(**shared_server("postgres", settings={"durable": False}))
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(walk, part, postgres, str(folder)): part for part in wanted}
            for done in as_completed(running):
                name, found = "/".join(map(str, running[done])), done.result()
                if isinstance(found, str):
                    differences += 1
                    print(f"{name}: DIFFERENCE\n{found}", flush=True)
                    continue
                total.add(found)
                print(f"{name}: {found.share:.0%} took effect; {total.operations} acts in all after "
                      f"{time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
    finally:
        end_keeper(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return total, differences


def main() -> int:
    """The whole run, or one walk of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.larger_cases", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the whole run; drawn by lot without it")
    parser.add_argument("--only", default=None, help="one walk, as it was told: sqlite/1001/2000")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    wanted = parts(seed)
    if given.only:
        kind, own_seed, operations = given.only.split("/")
        wanted = [(kind, int(own_seed), int(operations))]
    print(f"seed {seed}: {sum(part[2] for part in wanted)} acts in {len(wanted)} walks", flush=True)
    total, differences = run(wanted, processes=given.processes)
    print(total)
    missing = [] if given.only or differences else sorted(s for s in REACHABLE if total.states[s] < LEAST_OF_A_STATE)
    for state in missing:
        print(f"TOO LITTLE: {state} was met {total.states[state]} times, not {LEAST_OF_A_STATE}")
    print(f"seed {seed}: {differences} differences, {len(missing)} of too little")
    return 1 if differences or missing else 0


if __name__ == "__main__":
    sys.exit(main())
