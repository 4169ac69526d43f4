"""The walk through money at its larger size: ``python -m tests.model.larger_money --seed N``. Exit 0: no difference.

10,000 deals through drains on both databases; ``--only sqlite/1001/1000`` repeats a part.
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
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import structlog

from tests.model.companies import KINDS, Installations
from tests.model.kept_office import UnluckyDatabase
from tests.model.kept_walk import SELDOM, WalkError, walk
from tests.support.postgres import Postgres
from tests.support.shared import FOLDER_VARIABLE, end_keeper, shared_server

DEALS: Final = 10_000
ONE_PART: Final = 1_000

Part = tuple[str, int, int]  # kind of database, seed, deals


def parts(seed: int) -> list[Part]:
    """All parts of a run, each with a seed that follows from the run's."""
    return [(KINDS[place % 2], seed * 1_000 + place, ONE_PART) for place in range(DEALS // ONE_PART)]


def one(part: Part, postgres: Postgres, folder: str) -> Counter[str] | str:
    """Walk one part in this process: what was done, or the difference it found."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kind, seed, deals = part
    with tempfile.TemporaryDirectory(dir=folder) as own:
        try:
            with Installations(Path(own), postgres).database(kind, UnluckyDatabase) as database:
                return walk(database, seed, deals=deals)
        except WalkError as difference:
            return str(difference)


def run(wanted: list[Part], *, processes: int) -> tuple[Counter[str], int]:
    """Walk all of them; what was done in all, and how many differences there were."""
    total: Counter[str] = Counter()
    differences, begun = 0, time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fairclaim-money-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user below it
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        postgres = Postgres(**shared_server("postgres", settings={"durable": False}))
        print(f"PostgreSQL {postgres.version}", flush=True)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(one, part, postgres, str(folder)): part for part in wanted}
            for done in as_completed(running):
                name, found = "/".join(map(str, running[done])), done.result()
                if isinstance(found, str):
                    differences += 1
                    print(f"{name}: DIFFERENCE\n{found}", flush=True)
                    continue
                total += found
                print(f"{name}: {found['deal made']} deals, {found['entries posted']} entries", flush=True)
                print(f"{total['deal made']} deals in all after {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        end_keeper(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    return total, differences


def main() -> int:
    """The whole run, or one part of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.larger_money", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the whole run; drawn by lot without it")
    parser.add_argument("--only", default=None, help="one part, as it was told: sqlite/1001/1000")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    wanted = parts(seed)
    if given.only:
        kind, own_seed, deals = given.only.split("/")
        wanted = [(kind, int(own_seed), int(deals))]
    print(f"seed {seed}: {sum(part[2] for part in wanted)} deals in {len(wanted)} parts", flush=True)
    total, differences = run(wanted, processes=given.processes)
    print(", ".join(f"{word} {count:,}" for word, count in sorted(total.items())))
    missing = [] if given.only or differences else sorted(word for word in SELDOM if not total[word])
    for word in missing:
        print(f"TOO LITTLE: never {word}")
    print(f"seed {seed}: {differences} differences, {len(missing)} of too little")
    return 1 if differences or missing else 0


if __name__ == "__main__":
    sys.exit(main())
