"""``python -m tests.acceptance --crm FOLDER``: the main job on real input, and the larger runs. Exit 0 if all holds."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance import report
from tests.acceptance.checks import Findings, say
from tests.acceptance.crm import CrmRun
from tests.acceptance.crm_data import Crm, DataMissingError, read_crm
from tests.acceptance.crm_disputes import DisputeRun
from tests.acceptance.crm_leads import LeadsRun
from tests.acceptance.crm_money import MoneyRun
from tests.acceptance.crm_opening import OpeningRun
from tests.acceptance.crm_trial import TrialRun
from tests.acceptance.larger import MODULES, run_larger
from tests.support.postgres_cluster import PostgresCluster
from tests.support.service import PROJECT, Service
from worker.engine import EngineUnavailableError, Located, locate
from worker.progress import progress_on_stderr

#: Runs on the export, each on every database.
RUNS: dict[str, type[CrmRun]] = {
    "crm": CrmRun,
    "disputes": DisputeRun,
    "money": MoneyRun,
    "opening": OpeningRun,
    "leads": LeadsRun,
    "trial": TrialRun,
}
PARTS = (*RUNS, *MODULES)
DATABASES = ("sqlite", "postgresql")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    parts = options.only or PARTS
    begun = datetime.now(UTC)
    findings, versions, told = Findings(), report.software(), {}
    try:
        crm = read_crm(options.crm) if set(parts) & set(RUNS) else None
        server = locate(env=os.environ, pinned_only=True, progress=progress_on_stderr())
    except (DataMissingError, EngineUnavailableError) as error:
        print(f"acceptance: {error}", file=sys.stderr)
        return 2
    versions["Temporal server"] = str(server.version)
    surroundings = report.machine()
    if crm is not None:
        for name in (part for part in RUNS if part in parts):
            for database in options.database or DATABASES:
                _run_crm(name, crm, database, server, findings, versions, options)
    for part in MODULES:
        if part in parts:
            said = run_larger(part, findings, seed=options.seed, asked_for=bool(options.only))
            if said:
                told[part] = said
    out = options.out or PROJECT / "docs" / "reports" / f"acceptance-{begun:%Y-%m-%d}.md"
    text = report.markdown(
        findings,
        at=begun,
        seed=options.seed,
        surroundings={**versions, **surroundings},
        told=told,
        command=f"make acceptance ARGS={shlex.quote(_shown(options))}".removesuffix(" ARGS=''"),
    )
    report.write(out, text)
    report.print_table(findings)
    print(f"{'all checks hold' if findings.ok else 'FAILED'}; the report is {os.path.relpath(out)}")
    return 0 if findings.ok else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make acceptance", description=__doc__)
    parser.add_argument("--crm", type=Path, default=PROJECT.parent / "shared" / "data" / "crm-pipeline")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given several times")
    parser.add_argument("--database", action="append", choices=DATABASES, help="crm, disputes: only on this one")
    parser.add_argument("--idle-s", type=float, help="crm: idle period in seconds; default by this machine's speed")
    parser.add_argument("--scale", type=float, default=1.0, help="opening, leads, trial: this part of the full numbers")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="of the trial and the larger runs")
    parser.add_argument("--out", type=Path, help="the report; default docs/reports/acceptance-DATE.md")
    return parser.parse_args(arguments)


def _shown(options: argparse.Namespace) -> str:
    """The call again, without paths of this machine."""
    chosen = [f"--only {part}" for part in options.only or ()]
    chosen += [f"--database {name}" for name in options.database or ()]
    chosen += [f"--idle-s {options.idle_s:g}"] if options.idle_s is not None else []
    chosen += [f"--scale {options.scale:g}"] if options.scale != 1 else []
    return " ".join(chosen)


def _run_crm(
    name: str,
    crm: Crm,
    database: str,
    server: Located,
    findings: Findings,
    versions: dict[str, str],
    options: argparse.Namespace,
) -> None:
    part = f"{name}, {database}"
    say(f"{part}:")
    with tempfile.TemporaryDirectory(prefix="fairclaim-acceptance-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)  # PostgreSQL runs as another user below it
        with (
            _database(database, folder, versions) as env,
            Service(folder / "service", server=server, env=env) as service,
        ):
            run = RUNS[name](
                service, crm, findings, part=part, idle_s=options.idle_s, scale=options.scale, seed=options.seed
            )
            try:
                run.run()
            except Exception as error:  # noqa: BLE001 - the other parts and the report still follow
                traceback.print_exc()
                findings.holds(part, "the run came to its end", False, f"{type(error).__name__}: {error}"[:300])
            finally:
                run.close()


@contextmanager
def _database(database: str, folder: Path, versions: dict[str, str]) -> Iterator[dict[str, str]]:
    """What the service must be told to use a fresh database of this kind."""
    if database == "sqlite":
        yield {}
        return
    cluster = PostgresCluster(folder / "postgres", durable=True)
    cluster.start()
    try:
        found = cluster.tell()
        versions["PostgreSQL"] = found["version"]
        yield {"FAIRCLAIM_DATABASE_URL": f"postgresql+psycopg://{found['user']}@/postgres?host={found['folder']}"}
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
