"""The store locked for 20 seconds: clear answers meanwhile, everything decided afterwards, short histories (AUD-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.faults.locked import LOCKS, Result, run_locked
from tests.support.service import Service
from worker.engine import Located

LOCKED_S = 20.0
#: Contract section 1: 202 when a command is not decided within 3 s, 503 within 10 s.
LONGEST_ANSWER_S = 10.0
MOST_EVENTS = 10

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    pinned_server: Located,
    empty_databases: Callable[[str], str | None],
    seed: int,
) -> Iterator[dict[str, Result]]:
    """Three services, each with its store locked in another way, all at the same time."""
    with ExitStack() as stack:
        services = {}
        for lock in LOCKS:
            url = empty_databases("sqlite" if lock == "sqlite" else "postgresql")
            env = {"FAIRCLAIM_DATABASE_URL": url} if url is not None else {}
            services[lock] = Service(tmp_path_factory.mktemp(lock), server=pinned_server, env=env)
            stack.callback(services[lock].stop)
            services[lock].launch()
        for service in services.values():
            service.wait_ready()
        with ThreadPoolExecutor(max_workers=len(LOCKS)) as pool:
            running = {
                lock: pool.submit(run_locked, services[lock], lock=lock, seed=seed, locked_s=LOCKED_S) for lock in LOCKS
            }
        yield {lock: future.result() for lock, future in running.items()}


@pytest.fixture(params=LOCKS)
def result(request: pytest.FixtureRequest, results: dict[str, Result]) -> Result:
    return results[request.param]


def test_callers_get_a_clear_answer_in_time(result: Result) -> None:
    """Contract section 1: 503 `store_unavailable` and nothing stored, or 202 for what is stored."""
    assert result.answered
    assert {code for code, _ in result.answered} & {202, 503}, "nobody met the lock"
    assert {code for code, _ in result.answered} <= {200, 201, 202, 503}
    assert max(took for _, took in result.answered) <= LONGEST_ANSWER_S


def test_everything_is_decided_once_afterwards(result: Result) -> None:
    """AUD-07: what was acknowledged is there once, what was refused left nothing; lapses have their own deadlines."""
    assert result.wrong == []


def test_no_history_grows_by_more_than_ten_events(result: Result) -> None:
    """The fall-back activity retries without events, and an unanswered ring is the same ring when it is tried again."""
    assert max(result.more_events.values()) <= MOST_EVENTS, result.histories
