"""kill -9 of every part under callers who never stop: nothing is lost, nothing takes effect twice (AUD-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.conftest import DATABASES, at_once
from tests.faults.kills import RECOVERY_LIMIT_S, Result, run_kills
from tests.support.service import Service
from worker.engine import Located

KILLS_EACH = 2

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    pinned_server: Located,
    empty_databases: Callable[[str], str | None],
    seed: int,
) -> Iterator[dict[str, Result]]:
    """``fairclaim up`` on both databases, each part of each killed twice under eight callers."""
    with ExitStack() as stack:
        services = {}
        for kind in DATABASES:
            url = empty_databases(kind)
            env = {"FAIRCLAIM_DATABASE_URL": url} if url is not None else {}
            services[kind] = Service(tmp_path_factory.mktemp(kind), server=pinned_server, env=env)
            stack.callback(services[kind].stop)
            services[kind].launch()
        for service in services.values():
            service.wait_ready()
        yield at_once(lambda kind: run_kills(services[kind], seed=seed, kills_each=KILLS_EACH))


@pytest.fixture(params=DATABASES)
def result(request: pytest.FixtureRequest, results: dict[str, Result]) -> Result:
    return results[request.param]


def test_what_was_acknowledged_is_there_once_and_nothing_else(result: Result) -> None:
    """AUD-07, INT-01: the callers' journal and the store tell the same story; every lapse has its own deadline."""
    assert result.wrong == []
    assert result.claims >= 30, "too few reports to tell anything"
    assert result.retried, "no caller met an outage"


def test_everything_is_decided_within_a_minute_of_being_ready(result: Result) -> None:
    """AUD-07, `engine.recover_s`: also the deadlines that fell into the outage (CLM-19)."""
    assert len(result.outages) == 3 * KILLS_EACH
    for outage in result.outages:
        assert (outage.decided_at - outage.ready_at).total_seconds() <= RECOVERY_LIMIT_S, outage
        assert outage.deadlines, outage
