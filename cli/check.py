"""Looking after an installation: reconcile, verify, doctor (AUD-02, AUD-07)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from cli.opening import open_database
from storage.bells import DatabaseBells
from storage.setting import ask_for_fresh_runs
from storage.settings import Settings
from worker.doctor import diagnose
from worker.engine.ports import remembered_address
from worker.progress import progress_on_stderr
from worker.reconcile import APART_S, Report
from worker.reconcile import reconcile as compare
from workflows.connection import connect

_Data = Annotated[Path, Parameter(name="--data", help="The data folder.")]
_Json = Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")]


def reconcile(
    *,
    data: _Data = Path(".data"),
    wait: Annotated[float, Parameter(help="Seconds between the two looks.")] = APART_S,
    dry_run: Annotated[bool, Parameter(help="Only report, ring nothing.")] = False,
    fresh_runs: Annotated[bool, Parameter(help="Also ask every workflow to continue as new, for an upgrade.")] = False,
    as_json: _Json = False,
) -> int:
    """Compare the database with the engine and ring every stream that differs. Exit 1 if something did."""
    settings = Settings(data=data)
    # `fairclaim up` chooses a port for its engine; beside it nobody should have to know which.
    embedded = remembered_address(data / "engine") if "TEMPORAL_ADDRESS" not in os.environ else None
    address = embedded or settings.temporal_address
    database = open_database(settings, patient=True)
    if fresh_runs:
        database.transact(ask_for_fresh_runs)
        DatabaseBells(database).hang_all()

    async def work() -> Report:
        client = await connect(address, namespace=settings.temporal_namespace, api_key=settings.temporal_api_key)
        with progress_on_stderr().step("Comparing") as note:
            return await compare(
                client, database, apart_s=wait, repair=not dry_run, task_queue=settings.task_queue, note=note
            )

    try:
        report = asyncio.run(work())
    except RuntimeError as error:
        print(f"fairclaim: the engine at {address} does not answer ({error})", file=sys.stderr)
        return 1
    finally:
        database.close()
    if as_json:
        told = {name: value for name, value in asdict(report).items() if name != "kinds"}
        print(json.dumps({**told, "differences": report.differences}))
    else:
        print(
            f"{report.open_streams} open, {report.running} running, {report.differences} differ, {report.rung} rung, "
            f"{len(report.unanswered)} unanswered"
        )
    return 1 if report.differences else 0


def doctor(*, data: _Data = Path(".data"), as_json: _Json = False) -> int:
    """Say whether this machine can run the service, which engine it would use, and why. Exit 1 if something lacks."""
    checks = diagnose(data)
    if as_json:
        print(json.dumps([asdict(c) for c in checks], ensure_ascii=False))
    else:
        console = Console()
        for check in checks:
            mark = "[green]ok[/]  " if check.ok else "[red]lacks[/]"
            console.print(f"{mark} {check.name}: {check.detail}", highlight=False)
            if check.advice:
                console.print(f"      {check.advice}", highlight=False)
    return 0 if all(c.ok for c in checks) else 1
