"""Fixtures on a real Temporal server: the pinned version, with per-workflow virtual clocks, one for the whole run.

A pytest plugin, to be named after ``tests.support.shared``. No test that asks for it is ever skipped: when the server
cannot be had, the tests fail and say what was tried.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.support.shared import shared_server
from worker.engine import EngineUnavailableError, Located, locate
from worker.progress import progress_on_stderr

NAMESPACE = "fairclaim"
PINNED = pytest.StashKey[Located | str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running server. Use fresh task queues and workflow ids: others use it at the same time."""

    address: str
    namespace: str
    pid: int


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch or build the server before the first test: a build takes longer than any test may."""
    if any({"engine", "pinned_server"} & set(getattr(item, "fixturenames", ())) for item in session.items):
        session.config.stash[PINNED] = _pinned()


@pytest.fixture(scope="session")
def pinned_server(pytestconfig: pytest.Config) -> Located:
    """The pinned server's program, for tests that start one of their own."""
    found = pytestconfig.stash[PINNED] if PINNED in pytestconfig.stash else _pinned()
    if isinstance(found, str):
        pytest.fail(found, pytrace=False)
    return found


@pytest.fixture(scope="session")
def engine(pinned_server: Located) -> Engine:
    """The run's own Temporal server, usable. It is never stopped or killed by a test."""
    told = shared_server("engine", settings={"namespace": NAMESPACE, "located": asdict(pinned_server)})
    return Engine(address=told["address"], namespace=NAMESPACE, pid=told["pid"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine_client(engine: Engine) -> Client:
    """A client of it, with the data converter that client, worker and replayer share."""
    return await Client.connect(engine.address, namespace=engine.namespace, data_converter=pydantic_data_converter)


def _pinned() -> Located | str:
    """The server, or why it cannot be had."""
    try:
        return locate(env=os.environ, pinned_only=True, progress=progress_on_stderr())
    except EngineUnavailableError as unavailable:
        return str(unavailable)
