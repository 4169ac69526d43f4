"""``fairclaim doctor``: what it finds wrong comes with what to do about it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from worker.doctor import Check, diagnose


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"PATH": str(tmp_path / "bin"), "FAIRCLAIM_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}


def named(checks: list[Check], name: str) -> Check:
    (found,) = (check for check in checks if check.name == name)
    return found


def test_a_good_machine_has_no_advice_beyond_the_first_start(env: dict[str, str], tmp_path: Path) -> None:
    env["TEMPORAL_ADDRESS"] = "engine.example:7233"
    checks = diagnose(tmp_path / "new" / "data", env=env, port=free_port())
    assert [check.name for check in checks] == [
        "Python", "SQLite", "Temporal server", "Go", "Cache folder", "Data folder", "Disk space", "Port",
    ]  # fmt: skip
    assert all(check.ok for check in checks)
    assert named(checks, "Temporal server").detail == "address engine.example:7233: TEMPORAL_ADDRESS is set"
    assert named(checks, "Data folder").detail.endswith(f"will be made in {tmp_path}")
    assert not (tmp_path / "new").exists()  # it only looks


def test_without_an_engine_it_tells_what_the_first_start_will_do(env: dict[str, str]) -> None:
    found = named(diagnose(None, env=env), "Temporal server")
    assert found.ok
    assert found.detail.startswith("none yet (TEMPORAL_ADDRESS: not set; ")
    assert "builds it with Go in two to five minutes" in found.advice


def test_a_wrongly_named_server_is_not_ok(env: dict[str, str]) -> None:
    env["FAIRCLAIM_TEMPORAL_SERVER"] = "/bin/true"
    found = named(diagnose(None, env=env), "Temporal server")
    assert not found.ok
    assert "/bin/true is not a Temporal server that runs here" in found.detail
    assert found.advice == "correct FAIRCLAIM_TEMPORAL_SERVER or unset it"


def test_an_unpinned_server_is_fine_for_running_but_not_for_the_tests(env: dict[str, str], tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "temporal"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'temporal version 1.9.0 (Server 1.31.0, UI 2.50.0)'\n")
    tool.chmod(0o755)
    found = named(diagnose(None, env=env), "Temporal server")
    assert found.ok
    assert found.detail == f"cli 1.31.0 {tool}: temporal is on PATH"
    assert found.advice == "the tests need the pinned version 1.32.0"


def test_a_port_in_use_is_not_ok(env: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = named(diagnose(None, env=env, port=taken.getsockname()[1]), "Port")
    assert not found.ok
    assert found.detail.endswith("is in use")
    assert "--port" in found.advice


def test_a_data_folder_that_is_a_file_is_not_ok(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = named(diagnose(tmp_path / "data" / "here", env=env), "Data folder")
    assert not found.ok
    assert "--data" in found.advice


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
