"""Running the service: all of it on one machine, or one part each (design section 7)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import uvicorn
from cyclopts import Parameter, validators

from api.app import make_app
from api.gateway import TemporalGateway
from api.services import Services
from cli.failing import CallError, CommandError
from domain.refusals import Refusal
from storage import installation, logs, schema
from storage.database import Database
from storage.keys import KeyRing
from storage.setting import Snapshots
from storage.settings import Settings
from worker.engine import EmbeddedServer, EngineFailedError, EngineUnavailableError, locate
from worker.engine.ports import port_is_free
from worker.process import WorkerOptions
from worker.progress import Progress, progress_on_stderr
from worker.serve import channels, serve
from worker.supervision import (
    Child,
    ChildFailedError,
    DataFolderInUseError,
    DataFolderLock,
    StopRequestedError,
    Supervisor,
)

Data = Annotated[Path, Parameter(name="--data", help="The folder that holds everything of this installation.")]
Port = Annotated[
    int, Parameter(name="--port", help="Where the API listens.", validator=validators.Number(gte=1, lte=65_535))
]
Host = Annotated[str, Parameter(name="--host", help="The address the API listens on.")]

_READY_LIMIT_S = 60.0


def up(*, data: Data = Path(".data"), port: Port = 8080, host: Host = "127.0.0.1") -> int:
    """Run everything on this machine: engine, worker and API, with one SQLite file in one data folder.

    The first start creates an administrator and writes the token to DATA/admin-token. Ctrl-C ends all of it;
    running it again continues where it stopped.
    """
    progress = progress_on_stderr()
    refuse_unusable(Settings(data=data))
    make_folder(data)
    try:
        with DataFolderLock(data):
            return _up(data.absolute(), port, host, progress)
    except StopRequestedError:
        return 0
    except (DataFolderInUseError, EngineUnavailableError, EngineFailedError, ChildFailedError) as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 1


def api(*, data: Data = Path(".data"), port: Port = 8080, host: Host = "127.0.0.1") -> int:
    """Run one API process against TEMPORAL_ADDRESS and FAIRCLAIM_DATABASE_URL."""
    settings = Settings(data=data)
    refuse_taken(host, port)
    logs.configure(settings.log_level, process="api")
    database = Database(settings.url, keys=KeyRing.open(settings.key_file), channels=settings.channels)
    gateway = TemporalGateway(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        api_key=settings.temporal_api_key,
        task_queue=settings.task_queue,
    )
    services = Services(settings, database, Snapshots(), gateway)
    _read_names(services)
    app = make_app(services)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        h11_max_incomplete_event_size=65_536,
    )
    server = uvicorn.Server(config)

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # Once it has ended, the server sends itself the signal again that ended it; being asked to end is how it ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.run()
    return 0 if server.started else 1


def _read_names(services: Services) -> None:
    """Before anybody waits for it. A database that is away or not migrated yet is no reason not to start."""
    with suppress(Refusal):
        if schema.is_current(services.database):
            with services.database.reading() as tx:
                services.names.refresh(tx)


def worker(
    *,
    data: Data = Path(".data"),
    cached_workflows: Annotated[
        int, Parameter(help="Workflows kept in memory; each takes about 50 KiB.")
    ] = WorkerOptions.cached_workflows,
) -> int:
    """Run one worker process against TEMPORAL_ADDRESS and FAIRCLAIM_DATABASE_URL."""
    settings = Settings(data=data)
    refuse_unusable(settings)
    logs.configure(settings.log_level, process="worker")
    asyncio.run(serve(settings, options=WorkerOptions(cached_workflows=cached_workflows)))
    return 0


def migrate(
    *,
    data: Data = Path(".data"),
    as_json: Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")] = False,
) -> int:
    """Bring the database to the newest schema; fill an empty one and write DATA/admin-token."""
    settings = Settings(data=data)
    created = prepare(settings, progress_on_stderr())
    if as_json:
        print(json.dumps({"schema": schema.newest(), "created": created}))
    return 0


def prepare(settings: Settings, progress: Progress) -> bool:
    """Keys, schema, first administrator. Whether this was the first start."""
    make_folder(settings.data)
    database = Database(settings.url, keys=KeyRing.open(settings.key_file), patient=True)
    try:
        with progress.step("Database schema"):
            schema.upgrade(database)
        made = installation.install(database)
    except installation.WrongKeysError:
        raise CommandError(
            f"{settings.key_file} is not the key file this database was written with. "
            "Restore the right one; without it names and numbers cannot be read."
        ) from None
    finally:
        database.close()
    if made.token is not None:
        _write_secret(settings.data / "admin-token", made.token)
    return made.token is not None


def _up(data: Path, port: int, host: str, progress: Progress) -> int:
    refuse_taken(host, port)
    settings = Settings(data=data)
    prepare(settings, progress)
    with Supervisor() as supervisor:
        url, _ = start_parts(supervisor, data=data, port=port, host=host, progress=progress)
        supervisor.say(f"Fairclaim listens on {url}, its documentation is at {url}/docs")
        supervisor.say(f"The administrator's token is in {data / 'admin-token'}")
        supervisor.say("Ctrl-C ends it; the same command continues where it stopped.")
        return supervisor.run()


def start_parts(
    supervisor: Supervisor, *, data: Path, port: int, host: str, progress: Progress, logs: Path | None = None
) -> tuple[str, str]:
    """Start engine, worker and API on a prepared folder and wait until they answer: addresses of API and engine.

    ``logs``: folder for what worker and API print; None: it is passed on.
    """
    located = locate(env=os.environ, pinned_only=False, progress=progress)
    env = {**os.environ, "FAIRCLAIM_DATA": str(data)}
    if located.kind == "address":
        address = located.path_or_address
    else:
        engine = EmbeddedServer(located=located, folder=data / "engine")
        supervisor.start(engine.as_child())
        with progress.step(f"Temporal server {located.version}"):
            supervisor.wait_until(lambda: engine.probe() is None, what="the engine", timeout_s=_READY_LIMIT_S)
        address = engine.address
    env["TEMPORAL_ADDRESS"] = address
    for name, arguments in (
        ("worker", ("worker", "--data", str(data))),
        ("api", ("api", "--data", str(data), "--host", host, "--port", str(port))),
    ):
        log = logs / f"{name}.log" if logs is not None else None
        supervisor.start(Child(name=name, argv=(sys.executable, "-m", "cli.main", *arguments), env=env, log=log))
    url = _url(host, port)
    with progress.step("Worker and API"):
        supervisor.wait_until(lambda: _is_ready(url), what="the service", timeout_s=_READY_LIMIT_S)
    return url, address


def refuse_unusable(settings: Settings) -> None:
    """Settings that the worker would only stumble over while it starts, again and again."""
    try:
        channels(settings)
    except ValueError as error:
        raise CallError(error) from None


def refuse_taken(host: str, port: int) -> None:
    """Somebody else listens there already."""
    try:
        free = port_is_free(port, host=host)
    except OSError as error:
        raise CommandError(f"cannot listen on port {port} of {host}: {error.strerror}") from None
    if not free:
        raise CommandError(f"port {port} of {host} is taken; choose another with --port")


def make_folder(data: Path) -> None:
    """The data folder, which nobody else may look into."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CommandError(f"the data folder {data} cannot be made: {error.strerror}") from None


def _url(host: str, port: int) -> str:
    """Where the API is reached from this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _write_secret(path: Path, secret: str) -> None:
    """A file nobody else may read; written whole."""
    aside = path.with_name(path.name + ".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    aside.rename(path)
