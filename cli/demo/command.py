"""``fairclaim demo``: starts the service on a fresh folder, plays a month, prints the file of the appealed case."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cli.demo import case_file
from cli.demo.company import Company
from cli.demo.month import Month
from cli.demo.words import Lang
from cli.failing import CommandError
from cli.http import ServiceError
from cli.opening import open_database
from cli.run import Port, make_folder, prepare, refuse_taken, refuse_unusable, start_parts
from storage.settings import Settings
from worker.advance import advance_now
from worker.engine import EngineFailedError, EngineUnavailableError
from worker.progress import Progress, progress_on_stderr
from worker.supervision import (
    ChildFailedError,
    DataFolderInUseError,
    DataFolderLock,
    StopRequestedError,
    Supervisor,
)

#: What the end of the demo is printed from, again and in the other language.
_FILE = "case-file.json"
_HOST = "127.0.0.1"
_LIMIT_S = 600.0


def demo(
    *,
    data: Annotated[Path, Parameter(name="--data", help="A folder for the demo's company; must be new or empty.")] = (
        Path(".demo")
    ),
    port: Port = 8085,
    lang: Annotated[Lang, Parameter(help="In which language people speak and the file is printed.")] = "zh",
    seed: Annotated[int, Parameter(help="Deals out the other customers of the month.")] = 1,
    show: Annotated[
        bool, Parameter(name="--show", negative=(), help="Play nothing; print the file of the demo that is in DATA.")
    ] = False,
) -> int:
    """Play a month in the life of a small sales company, then print the file of its appealed case.

    Starts the service on a fresh data folder, builds the company over HTTP (director, offices, teams, reps, one
    program) and moves the company's clock through the month: reports, collisions, follow-ups, lapses, a sale, one
    case settled, one ruled, one appealed. Takes well under a minute. `fairclaim up --data DATA` opens the same company
    afterwards; its clock stays a month ahead.
    """
    if show:
        _print(_kept(data), lang)
        return 0
    progress = progress_on_stderr()
    refuse_unusable(Settings(data=data))
    if "FAIRCLAIM_DATABASE_URL" in os.environ:
        raise CommandError("the demo shifts its company's clock: it plays in a folder of its own only; "
                           "unset FAIRCLAIM_DATABASE_URL")  # fmt: skip
    if data.exists() and any(data.iterdir()):
        raise CommandError(f"the folder {data} is not empty; name a new one with --data, or print with --show")
    make_folder(data)
    try:
        with DataFolderLock(data):
            found = _played(data.absolute(), port, lang, seed, progress)
    except StopRequestedError:
        return 1
    except (
        DataFolderInUseError, EngineUnavailableError, EngineFailedError, ChildFailedError, ServiceError
    ) as error:  # fmt: skip
        raise CommandError(error) from None
    with os.fdopen(os.open(data / _FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False)
    _print(found, lang)
    return 0


def _played(data: Path, port: int, lang: Lang, seed: int, progress: Progress) -> dict[str, Any]:
    """Start everything, play, gather the case; the service has ended afterwards."""
    refuse_taken(_HOST, port)
    settings = Settings(data=data)
    prepare(settings, progress)
    database = open_database(settings)
    try:
        with Supervisor(output=sys.stderr.buffer) as supervisor:
            url, engine = start_parts(supervisor, data=data, port=port, host=_HOST, progress=progress, logs=data)

            def move(to: datetime) -> None:
                advance_now(settings, database, address=engine, to=to)

            def play() -> dict[str, Any]:
                with Company(url=url, data=data, lang=lang, move=move) as company:
                    company.build()
                    month = Month(company, seed=seed, say=lambda line: progress.say(line.in_(lang)))
                    case = month.play()
                    return case_file.gather(company, case, month.advice)

            return _beside(supervisor, play)
    finally:
        database.close()


def _beside(supervisor: Supervisor, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """``work`` in a thread of its own: children are started, and started again, by the main thread."""
    found: list[dict[str, Any]] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody waits for it
            failed.append(error)

    player = threading.Thread(target=run, name="demo", daemon=True)
    player.start()
    supervisor.wait_until(lambda: not player.is_alive(), what="the demo", timeout_s=_LIMIT_S)
    if failed:
        raise failed[0]
    return found[0]


def _kept(data: Path) -> dict[str, Any]:
    path = data / _FILE
    if not path.exists():
        raise CommandError(f"no demo has been played in {data}; play one first: fairclaim demo --data {data}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _print(found: dict[str, Any], lang: Lang) -> None:
    sys.stdout.write(case_file.text(found, lang))
