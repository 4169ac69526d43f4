"""The published description against the application, by schemathesis with all checks on (INT-01, contract).

A run repeats itself: ``FAIRCLAIM_TEST_SEED`` gives it another seed. How it is configured, and what is narrowed and why,
stands in `schemathesis.toml`. PostgreSQL sees the valid requests only, those at the limits of each field: a wrong shape
never reaches the database, and random content was answered on SQLite.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from schemathesis.checks import CHECKS, load_all_checks

from tests.support import chance
from tests.support.conformance import Findings, run
from tests.support.operations import OPERATIONS, opened_world

CONFIG = Path(__file__).with_name("schemathesis.toml")
SEED = chance.seed()
#: Not "examples": the description holds none.
PHASES = ("coverage", "fuzzing", "stateful")
NARROWED: dict[str, dict[str, Any]] = {"sqlite": {}, "postgresql": {"mode": "positive", "without": ("fuzzing",)}}

# The first test waits for the whole run, and the machine may have other things to do.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module", params=NARROWED)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What a run over one database has shown; it is made once."""
    folder = tmp_path_factory.mktemp("world")
    with opened_world(request.param, request, folder) as world:
        findings = run(world, CONFIG, folder, seed=SEED, **NARROWED[request.param])
    print(f"{request.param}: seed {SEED}, {findings.requests} requests in {findings.seconds:.0f} s")
    return findings


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_as_it_is_described(found: Findings, operation: str) -> None:
    """No request makes it answer anything else, whatever its shape and content."""
    assert not found.failures[operation], "\n\n".join([f"seed {found.seed}", *found.failures[operation][:5]])


def test_every_operation_succeeds_for_somebody(found: Findings) -> None:
    """Else nothing was shown about it but that it refuses."""
    assert not [name for name in OPERATIONS if not any(200 <= s < 300 for s in found.statuses[name])]


def test_no_answer_is_a_server_error(found: Findings) -> None:
    """Neither those that were checked nor those that checks asked for by themselves."""
    assert not {name: counted for name, counted in found.statuses.items() if any(s >= 500 for s in counted)}


def test_every_phase_and_every_check_has_run(found: Findings) -> None:
    """A check of a later version takes part as soon as it is installed; nothing is skipped and nothing broke."""
    assert not found.errors, found.errors[:5]
    wanted = {name: "skip" if name in found.without else "success" for name in PHASES}
    assert {name: found.phases[name] for name in PHASES} == wanted
    load_all_checks()
    assert set(found.checks) == {*CHECKS.get_all_names(), "max_response_time"}
