"""The fault runs at their larger size: ``python -m tests.faults.larger --seed N``.

Both databases at the same time, each with services of its own: many callers who report one customer at the same
instant, round after round; then kill -9 of API, worker and engine in turn under callers who never stop (AUD-07,
CLM-05). What goes on is printed; the exit code is 0 if nothing was lost and nothing took effect twice.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.conftest import DATABASES, at_once
from tests.faults.crowd import run_crowd
from tests.faults.kills import PARTS, RECOVERY_LIMIT_S, Result, run_kills
from tests.support.postgres_cluster import PostgresCluster
from tests.support.service import Service
from worker.engine import Located, locate
from worker.progress import progress_on_stderr

Note = Callable[[str], None]


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    say(f"seed {options.seed}: {' '.join(sys.argv[1:])}")
    server = locate(env=os.environ, pinned_only=True, progress=progress_on_stderr())
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fairclaim-faults-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another user below it
        if options.rounds:
            wrong += _crowds(folder / "crowd", server, options)
        if options.kills:
            wrong += _kills(folder / "kills", server, options)
    for what in wrong:
        say(f"WRONG {what}")
    say(f"{len(wrong)} things are wrong" if wrong else "nothing was lost, nothing took effect twice")
    return 1 if wrong else 0


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _crowds(folder: Path, server: Located, options: argparse.Namespace) -> list[str]:
    """Everybody reports the same customer at the same instant."""
    say(f"same instant: {options.rounds} rounds of {options.callers} reports, on each of {', '.join(DATABASES)}")

    def run(kind: str, service: Service, note: Note) -> list[str]:
        company = service.company()
        try:
            return run_crowd(company, callers=options.callers, rounds=options.rounds, seed=options.seed, note=note)
        finally:
            company.close()

    return on_both(folder, server, "same instant", run)


def _kills(folder: Path, server: Located, options: argparse.Namespace) -> list[str]:
    """Each part is killed so often, in an order drawn from the seed, under eight callers."""
    say(f"kill -9: {options.kills} times each of {', '.join(PARTS)}, on each of {', '.join(DATABASES)}")

    def run(kind: str, service: Service, note: Note) -> list[str]:
        told = 0

        def count(line: str) -> None:
            nonlocal told
            told += 1
            note(f"{told}/{len(PARTS) * options.kills} {line}")

        result = run_kills(service, seed=options.seed, kills_each=options.kills, note=count)
        _tell(result, note)
        return [*result.wrong, *_late(result)]

    return on_both(folder, server, "kill -9", run)


def on_both(folder: Path, server: Located, title: str, run: Callable[[str, Service, Note], list[str]]) -> list[str]:
    """``run`` on a fresh service of each database, both at once; everything that was wrong, by database."""
    with _services(folder, server) as services:

        def guarded(kind: str) -> list[str]:
            def note(line: str) -> None:
                say(f"{title}, {kind}: {line}")

            try:
                return run(kind, services[kind], note)
            except Exception as error:  # noqa: BLE001 - the other database's run still counts
                traceback.print_exc()
                return [f"the run did not come to its end: {type(error).__name__}: {str(error)[:2000]}"]

        begun = time.monotonic()
        found = at_once(guarded)
        say(f"{title}: took {time.monotonic() - begun:.0f} s")
    return [f"{title}, {kind}: {what}" for kind, wrong in found.items() for what in wrong]


@contextmanager
def _services(folder: Path, server: Located) -> Iterator[dict[str, Service]]:
    """``fairclaim up`` on each database, ready."""
    folder.mkdir(mode=0o711)
    with ExitStack() as stack:
        cluster = PostgresCluster(folder / "postgres", durable=True)
        cluster.start()
        stack.callback(cluster.stop)
        told = cluster.tell()
        urls = {"postgresql": f"postgresql+psycopg://{told['user']}@/postgres?host={told['folder']}"}
        services = {}
        for kind in DATABASES:
            env = {"FAIRCLAIM_DATABASE_URL": urls[kind]} if kind in urls else {}
            services[kind] = Service(folder / kind, server=server, env=env)
            stack.callback(services[kind].stop)
            services[kind].launch()
        for service in services.values():
            service.wait_ready()
        yield services


def _tell(result: Result, note: Note) -> None:
    """How long it took until everything was decided again, by the part that was killed."""
    note(
        f"{result.acts} acts, {result.retried} of them sent again, {result.claims} claims, "
        f"{result.lapsed} of them lapsed at their deadline"
    )
    took = defaultdict(list)
    for outage in result.outages:
        took[outage.part].append((outage.decided_at - outage.killed_at).total_seconds())
    for part, seconds in took.items():
        seconds.sort()
        note(
            f"{part}: {len(seconds)} kills, all decided after {seconds[len(seconds) // 2]:.1f} s (median), "
            f"{seconds[-1]:.1f} s (longest)"
        )


def _late(result: Result) -> list[str]:
    return [
        f"later than {RECOVERY_LIMIT_S:.0f} s: {outage}"
        for outage in result.outages
        if (outage.decided_at - outage.ready_at).total_seconds() > RECOVERY_LIMIT_S
    ]


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.larger", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--kills", type=int, default=50, help="how often each part is killed; 0 leaves that run out")
    parser.add_argument("--callers", type=int, default=100, help="who report one customer at the same instant")
    parser.add_argument("--rounds", type=int, default=10, help="how often they do; 0 leaves that run out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
