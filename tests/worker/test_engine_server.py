"""The embedded server with the pinned program: AUD-07 on the engine's side. Nothing here is simulated."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.support.engine import Engine
from tests.support.waiting import eventually, is_running
from tests.worker.sleeper import Sleeper
from worker.engine import EmbeddedServer, EngineFailedError, EngineOptions, Located
from worker.engine.config import dynamic_settings, write_config
from worker.engine.namespace import still_missing
from worker.engine.ports import choose_ports

PROJECT = Path(__file__).resolve().parents[2]
LIMIT_S = 20.0

StartServer = Callable[..., EmbeddedServer]


@pytest.fixture
def embedded(pinned_server: Located, tmp_path: Path) -> Iterator[StartServer]:
    """Servers on the file of this test; whatever still runs is ended with it."""
    made: list[EmbeddedServer] = []

    def make(**options: object) -> EmbeddedServer:
        made.append(
            EmbeddedServer(located=pinned_server, folder=tmp_path / "engine", options=EngineOptions(**options))  # type: ignore[arg-type]
        )
        return made[-1]

    yield make
    for one in made:
        one.kill()


def sleeper_on(client: Client, queue: str) -> Worker:
    return Worker(client, task_queue=queue, workflows=[Sleeper], workflow_runner=UnsandboxedWorkflowRunner())


async def test_a_killed_server_continues_where_it_stopped(embedded: StartServer) -> None:
    """AUD-07: an accepted update is kept, a timer that fell due meanwhile fires, the address stays."""
    server = embedded()
    server.start()
    address, killed = server.address, server.pid
    client = await Client.connect(address, namespace="fairclaim")
    async with sleeper_on(client, "sleepers"):
        handle = await client.start_workflow("test-sleeper", 1.0, id="claim/1", task_queue="sleepers")
        assert await handle.execute_update("tell", "before", id="first") == 1
        server.kill()
        assert killed is not None
        assert not is_running(killed)
        server.start()
        assert server.address == address
        assert await asyncio.wait_for(handle.execute_update("tell", "again", id="first"), LIMIT_S) == 1
        assert await asyncio.wait_for(handle.result(), LIMIT_S) == ["before"]
    server.stop()


async def test_a_stopped_server_starts_on_other_ports_when_its_own_are_taken(embedded: StartServer) -> None:
    """The engine's own list of members still names the old ports then, which must not matter."""
    server = embedded()
    server.start()
    client = await Client.connect(server.address, namespace="fairclaim")
    await client.start_workflow("test-sleeper", 0.0, id="claim/1", task_queue="sleepers")
    before = server.address
    server.kill()
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", int(before.split(":")[1]))
    async with listener:
        server.start(timeout_s=15)  # 20 to 60 s if it waited for those members
        assert server.address != before
        client = await Client.connect(server.address, namespace="fairclaim")
        async with sleeper_on(client, "sleepers"):
            assert await asyncio.wait_for(client.get_workflow_handle("claim/1").result(), LIMIT_S) == []
    server.stop()


SUPERVISED_HOST = """
import json, pathlib, sys
from worker.engine import EmbeddedServer, Located
from worker.supervision import Supervisor
server = EmbeddedServer(located=Located(**json.loads(sys.argv[1])), folder=pathlib.Path(sys.argv[2]))
with Supervisor() as supervisor:
    supervisor.start(server.as_child())
    supervisor.wait_until(lambda: server.probe() is None, what="the engine", timeout_s=30)
    supervisor.say(server.address + " " + str(supervisor.pids["engine"]))
    sys.exit(supervisor.run())
"""


async def test_a_supervised_server_that_is_killed_comes_back_where_it_was(
    pinned_server: Located, tmp_path: Path
) -> None:
    """AUD-07, as ``fairclaim up`` runs it."""
    argv = [sys.executable, "-c", SUPERVISED_HOST, json.dumps(asdict(pinned_server)), str(tmp_path)]
    with subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        address, pid = host.stdout.readline().decode().split()
        client = await Client.connect(address, namespace="fairclaim")
        await client.start_workflow("test-sleeper", 600.0, id="claim/1", task_queue="sleepers")
        os.kill(int(pid), signal.SIGKILL)
        assert b"engine was ended by SIGKILL; it starts again in 0.2 s" in host.stdout.readline()

        async def found_again() -> bool:
            try:
                await client.get_workflow_handle("claim/1").describe(rpc_timeout=timedelta(seconds=1))
            except RPCError:
                return False
            return True

        async with asyncio.timeout(LIMIT_S):
            while not await found_again():
                await asyncio.sleep(0.05)
        host.send_signal(signal.SIGINT)
        assert host.wait(LIMIT_S) == 0
    assert still_running_in(tmp_path) == []


def still_running_in(folder: Path) -> list[str]:
    """Processes whose working folder it is: the server's is its own."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text())
    return found


HOST = """
import json, pathlib, sys, time
from worker.engine import EmbeddedServer, Located
server = EmbeddedServer(located=Located(**json.loads(sys.argv[1])), folder=pathlib.Path(sys.argv[2]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def test_no_orphan_server_is_left_by_a_killed_process(pinned_server: Located, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HOST, json.dumps(asdict(pinned_server)), str(tmp_path)]
    with subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        server = int(host.stdout.readline())
        assert is_running(server)
        host.kill()
    eventually(lambda: not is_running(server), within_s=2, what="the server has ended")


async def test_the_namespace_adopts_the_retention_it_is_started_with(embedded: StartServer) -> None:
    for days in (7, 30):
        server = embedded(retention_days=days)
        server.start()
        client = await Client.connect(server.address, namespace="fairclaim")
        found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="fairclaim"))
        assert found.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=days)
        server.kill()


def test_what_an_unfinished_first_start_left_is_dropped(embedded: StartServer) -> None:
    """Half the tables look to the server like all of them: it would fail late and oddly."""
    server = embedded()
    server.folder.mkdir()
    server.store.write_bytes(b"half a file")
    server.start()
    assert server.store.read_bytes().startswith(b"SQLite format 3")
    server.stop()


def test_a_damaged_file_is_reported_with_the_log_and_what_helps(embedded: StartServer) -> None:
    server = embedded()
    server.folder.mkdir()
    server.store.write_bytes(b"no database at all, but a file of some length" * 100)
    server.store.with_suffix(".ready").touch()
    with pytest.raises(EngineFailedError) as failed:
        server.start(timeout_s=10)
    assert "file is not a database" in str(failed.value)
    assert f"delete {server.store.name}* in {server.folder}" in str(failed.value)
    assert str(server.log) in str(failed.value)
    assert server.store.read_bytes().startswith(b"no database at all")  # never deleted without being asked
    assert server.pid is None


def test_a_data_folder_with_an_odd_name_is_no_obstacle(pinned_server: Located, tmp_path: Path) -> None:
    server = EmbeddedServer(located=pinned_server, folder=tmp_path / "what? 50% #1 报备")
    server.start()
    try:
        assert server.store.is_file()
    finally:
        server.stop()


def test_a_stopped_server_has_ended(embedded: StartServer) -> None:
    server = embedded()
    server.start()
    pid = server.pid
    assert pid is not None
    server.stop()
    assert not is_running(pid)
    assert server.pid is None
    server.stop()  # twice is no mistake


def test_a_program_that_ends_at_once_is_reported_before_the_limit(tmp_path: Path) -> None:
    located = Located(kind="server", path_or_address="/bin/false", version="0.0.0", why="test")
    server = EmbeddedServer(located=located, folder=tmp_path)
    with pytest.raises(EngineFailedError, match="it ended while starting"):
        server.start(timeout_s=60)


def test_a_server_that_never_answers_is_ended_at_the_limit(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\necho thinking\necho $$ > pid\nexec sleep 600\n")
    silent.chmod(0o755)
    located = Located(kind="server", path_or_address=str(silent), version="0.0.0", why="test")
    server = EmbeddedServer(located=located, folder=tmp_path / "engine")
    with pytest.raises(EngineFailedError, match=r"not ready after 0 s: nothing answers on 127\.0\.0\.1:\d+"):
        server.start(timeout_s=0.3)
    assert not is_running(int((tmp_path / "engine" / "pid").read_text()))
    assert "    thinking" in server.describe_failure("")


def test_an_address_is_not_a_program(tmp_path: Path) -> None:
    located = Located(kind="address", path_or_address="example.com:7233", version=None, why="test")
    with pytest.raises(ValueError, match=r"example\.com:7233 is a running server"):
        EmbeddedServer(located=located, folder=tmp_path)


def test_the_address_is_known_once_prepared(pinned_server: Located, tmp_path: Path) -> None:
    server = EmbeddedServer(located=pinned_server, folder=tmp_path)
    with pytest.raises(RuntimeError, match="not been prepared"):
        _ = server.address
    argv = server.prepare()
    assert argv[0] == pinned_server.path_or_address
    assert server.address == f"127.0.0.1:{choose_ports(tmp_path).frontend}"


def test_the_store_carries_the_version_and_the_kind_of_server_in_its_name(tmp_path: Path) -> None:
    """No version reads another one's file."""
    plain = Located(kind="server", path_or_address="/s", version="1.32.0", why="")
    tool = Located(kind="cli", path_or_address="/t", version="1.32.0", why="")
    assert EmbeddedServer(located=plain, folder=tmp_path).store.name == "temporal-1.32.0.db"
    assert EmbeddedServer(located=tool, folder=tmp_path).store.name == "temporal-dev-1.32.0.db"


def test_the_development_server_of_the_tool_gets_the_same_settings(tmp_path: Path) -> None:
    tool = Located(kind="cli", path_or_address="/usr/bin/temporal", version="1.31.0", why="test")
    server = EmbeddedServer(located=tool, folder=tmp_path, options=EngineOptions(load_limits=True))
    argv = server.prepare()
    assert argv[:4] == ("/usr/bin/temporal", "server", "start-dev", "--headless")
    assert argv[argv.index("--db-filename") + 1] == "temporal-dev-1.31.0.db"
    assert argv[argv.index("--port") + 1] == server.address.split(":")[1]
    settings = [value for name, value in pairwise(argv) if name == "--dynamic-config-value"]
    assert 'history.workflowIdReuseMinimalInterval="0s"' in settings
    assert "frontend.rps=100000" in settings


def test_the_server_itself_finds_no_fault_with_our_dynamic_settings(pinned_server: Located, tmp_path: Path) -> None:
    options = EngineOptions(time_skipping=True, load_limits=True)
    write_config(tmp_path, database="x.db", ports=choose_ports(tmp_path), options=options)
    argv = [pinned_server.path_or_address, "validate-dynamic-config", "dynamic.yaml"]
    asked = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "unregistered" not in asked.stdout + asked.stderr
    assert len(dynamic_settings(options)) == 8


def test_a_log_beyond_the_limit_is_moved_aside_at_the_next_start(pinned_server: Located, tmp_path: Path) -> None:
    server = EmbeddedServer(located=pinned_server, folder=tmp_path)
    with server.log.open("wb") as log:
        os.truncate(log.fileno(), 16 * 1024 * 1024 + 1)
    server.prepare()
    assert not server.log.exists()
    assert server.log.with_name("server.log.1").stat().st_size == 16 * 1024 * 1024 + 1


async def test_twenty_nine_days_pass_at_once_where_time_may_be_skipped(engine: Engine, engine_client: Client) -> None:
    """The server of the tests has virtual clocks, which move only when told (``engine.md``: controlled mode)."""
    queue = f"skip-{uuid4()}"
    skipper = TimeSkipper(engine_client, config=TimeSkippingConfig(enabled=False))
    async with sleeper_on(engine_client, queue):
        month = timedelta(days=30).total_seconds()
        handle = await skipper.client.start_workflow("test-sleeper", month, id=queue, task_queue=queue)
        assert await asyncio.wait_for(skipper.fast_forward(handle, timedelta(days=29)), LIMIT_S)
        assert not await asyncio.wait_for(skipper.fast_forward(handle, timedelta(days=2)), LIMIT_S)
        assert await handle.result() == []


async def test_an_engine_tells_what_is_still_missing(engine: Engine, tmp_path: Path) -> None:
    known = await still_missing(address=engine.address, namespace=engine.namespace, retention=None)
    assert known is None
    other = await still_missing(address=engine.address, namespace="nobodys", retention=None)
    assert other == "namespace nobodys is not known (yet)"
    free = choose_ports(tmp_path).frontend
    absent = await still_missing(address=f"127.0.0.1:{free}", namespace="fairclaim", retention=None)
    assert absent == f"nothing answers on 127.0.0.1:{free}"


async def test_a_lazy_client_connects_at_its_first_call(engine: Engine, tmp_path: Path) -> None:
    """What the API relies on: it comes up while the engine is away, and a call fails then instead of the start."""
    absent = await Client.connect(f"127.0.0.1:{choose_ports(tmp_path).frontend}", namespace="fairclaim", lazy=True)
    with pytest.raises((RPCError, RuntimeError)):
        await absent.service_client.check_health(timeout=timedelta(seconds=1))
    present = await Client.connect(engine.address, namespace="fairclaim", lazy=True)
    assert await present.service_client.check_health(timeout=timedelta(seconds=5))
