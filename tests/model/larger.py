"""The walk at its larger size: ``python -m tests.model.larger --seed N``. Exit code 0: no difference, enough of all.

20,000 acts over both databases, two walks at a time, and 1,000 through the engine. Every walk is told by kind, seed
and size; ``--only sqlite/1001/2000`` repeats that one.
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
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import structlog

from tests.model.companies import KINDS, Installations
from tests.model.engine_walk import EngineWalk
from tests.model.walk import REACHABLE, Difference, Tally, Walk
from tests.support.engine import NAMESPACE
from tests.support.postgres import Postgres
from tests.support.shared import FOLDER_VARIABLE, end_keeper, shared_server
from tests.support.shared import KINDS as SERVERS
from worker.engine import locate
from worker.progress import progress_on_stderr

OPERATIONS: Final = 20_000
ENGINE_OPERATIONS: Final = 1_000
#: Acts of one walk: enough for long lives, few enough for lists that are compared as a whole.
ONE_WALK: Final = 2_000
ONE_ENGINE_WALK: Final = 250
LEAST_SHARE: Final = 0.4
LEAST_OF_A_TRIGGER: Final = 100


@dataclass(frozen=True)
class Part:
    """One walk of the run."""

    kind: str
    seed: int
    operations: int
    on_engine: bool = False

    def __str__(self) -> str:
        return f"{'engine/' if self.on_engine else ''}{self.kind}/{self.seed}/{self.operations}"


@dataclass(frozen=True)
class Servers:
    """What the parts share: they run in processes of their own."""

    folder: str
    postgres: Postgres
    address: str


def parts(seed: int) -> list[Part]:
    """All walks of a run, each with a seed that follows from the run's."""
    engine = [
        Part(KINDS[place % 2], seed * 1_000 + 500 + place, ONE_ENGINE_WALK, on_engine=True)
        for place in range(ENGINE_OPERATIONS // ONE_ENGINE_WALK)
    ]
    direct = [Part(KINDS[place % 2], seed * 1_000 + place, ONE_WALK) for place in range(OPERATIONS // ONE_WALK)]
    return engine + direct


def walk(part: Part, servers: Servers) -> Tally | str:
    """Walk one part in this process: what it did, or the difference it found."""
    # Rings that nobody answers are part of the walk: the engine is away now and then.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(dir=servers.folder) as folder:
        installations = Installations(Path(folder), servers.postgres)
        try:
            if part.on_engine:
                with installations.live_company(part.kind, address=servers.address, namespace=NAMESPACE) as live:
                    return EngineWalk(live, part.seed).run(part.operations)
            with installations.company(part.kind) as company:
                return Walk(company, part.seed).run(part.operations)
        except Difference as difference:
            return str(difference)


@contextmanager
def servers() -> Iterator[Servers]:
    """A PostgreSQL and an engine that end with this process, as in a test run."""
    located = locate(env=os.environ, pinned_only=True, progress=progress_on_stderr())
    folder = Path(tempfile.mkdtemp(prefix="fairclaim-walks-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user below it
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        postgres = Postgres(**shared_server("postgres", settings={"durable": False}))
        told = shared_server("engine", settings={"namespace": NAMESPACE, "located": asdict(located)})
        yield Servers(str(folder), postgres, told["address"])
    finally:
        for kind in SERVERS:
            end_keeper(folder / kind)
        shutil.rmtree(folder, ignore_errors=True)


def run(wanted: list[Part], *, processes: int) -> tuple[Tally, list[str]]:
    """Walk all of them; what they did together, and the differences."""
    total, differences, begun = Tally(), [], time.monotonic()
    with servers() as shared, ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(walk, part, shared): part for part in wanted}
        for done in as_completed(running):
            part, found = running[done], done.result()
            if isinstance(found, str):
                differences.append(f"{part}: {found}")
                say(f"{part}: DIFFERENCE\n{found}")
                continue
            total.add(found)
            told = f"{found.operations} acts, {found.share:.0%} took effect"
            say(f"{part}: {told}; {total.operations} in all after {time.monotonic() - begun:.0f} s")
    return total, differences


def shortcomings(total: Tally) -> list[str]:
    """What the run did too little of."""
    found = [
        f"{trigger} happened {total.triggers[trigger]} times, not {LEAST_OF_A_TRIGGER}"
        for trigger in sorted(REACHABLE)
        if total.triggers[trigger] < LEAST_OF_A_TRIGGER
    ]
    if total.share < LEAST_SHARE:
        found.append(f"{total.share:.0%} of the acts took effect, not {LEAST_SHARE:.0%}")
    return found


def say(line: str) -> None:
    """To whoever watches, at once."""
    print(line, flush=True)


def main() -> int:
    """The whole run, or one walk of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.larger", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the whole run; drawn by lot without it")
    parser.add_argument("--only", default=None, help="one walk, as it was told: sqlite/1001/2000")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    wanted = [part_of(given.only)] if given.only else parts(seed)
    say(f"seed {seed}: {sum(part.operations for part in wanted)} acts in {len(wanted)} walks")
    total, differences = run(wanted, processes=given.processes)
    say(str(total))
    missing = [] if given.only or differences else shortcomings(total)
    for line in missing:
        say(f"TOO LITTLE: {line}")
    say(f"seed {seed}: {len(differences)} differences" + (f"; {len(missing)} of too little" if missing else ""))
    return 1 if differences or missing else 0


def part_of(told: str) -> Part:
    """A part by the words it was told with."""
    *engine, kind, seed, operations = told.split("/")
    return Part(kind, int(seed), int(operations), on_engine=bool(engine))


if __name__ == "__main__":
    sys.exit(main())
