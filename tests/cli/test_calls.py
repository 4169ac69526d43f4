"""Commands that need no running service: help, wrong calls and settings, the schema, and their exit codes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cyclopts import App

from cli.main import app, command
from storage import schema
from storage.database import Database
from storage.keys import KeyRing
from tests.support.postgres import Postgres
from tests.support.service import FAIRCLAIM, PROJECT, clean_environment, free_port


def commands(group: App, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by its words."""
    for name in group:
        if name.startswith("-"):
            continue
        if group[name].default_command is not None:
            yield (*above, name)
        yield from commands(group[name], (*above, name))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of a service in it; the run's own servers are found by theirs."""

    for name in set(os.environ) - set(clean_environment()):
        if not name.startswith("FAIRCLAIM_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"cli_{tmp_path.name}".lower()[:60]
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.mark.parametrize("words", list(commands(app)), ids=" ".join)
def test_the_help_of_a_command_says_what_it_does_and_what_each_option_means(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = app
    for word in words:
        found = found[word]
    assert [a.name for a in found.assemble_argument_collection() if not a.parameter.help] == []
    assert command([*words, "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"Usage: fairclaim {' '.join(words)}" in told
    assert found.default_command is not None
    assert str(found.default_command.__doc__).split(".")[0].split(",")[0] in told


def test_without_a_command_all_of_them_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command([]) == 0
    told = capsys.readouterr().out
    for name in ("up", "api", "worker", "migrate", "import", "reconcile", "verify", "calendar", "token", "doctor"):
        assert f"│ {name} " in told


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("nonsense", 'Unknown command "nonsense"'),
        ("up --port abc", 'unable to convert "abc" into int'),
        ("up --port 0", "Must be >= 1"),
        ("up --port 99999", "Must be <= 65535"),
        ("up --prot 8080", "Unknown option: --prot"),
        ("calendar load", "requires an argument"),
        ("calendar load /nowhere.json", "/nowhere.json cannot be read: No such file or directory"),
        ("calendar load pyproject.toml", "pyproject.toml is not a JSON file in UTF-8"),
        ("token create", "requires an argument"),
        ("import nonsense file.csv", "nonsense"),
        ("import people /nowhere.csv", "/nowhere.csv"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    call: str, why: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.chdir(tmp_path)
    assert command(call.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fairclaim: ")
    assert why in line


@pytest.mark.parametrize(
    ("name", "value", "call"),
    [
        ("FAIRCLAIM_WAIT_S", "hunter2", "up"),
        ("FAIRCLAIM_DATABASE_URL", "mysql://root:hunter2@db/x", "migrate"),
        ("FAIRCLAIM_DATABASE_URL", "hunter2", "token create 1"),
        ("FAIRCLAIM_SMTP_URL", "http://user:hunter2@mail", "worker"),
        ("FAIRCLAIM_WEBHOOK_URL", "ftp://hunter2", "up"),
        ("FAIRCLAIM_WEBHOOK_SECRET", "", "up"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value_and_nothing_is_started(
    name: str,
    value: str,
    call: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A password in a URL must not get into a log because the URL is wrong."""
    monkeypatch.setenv("FAIRCLAIM_WEBHOOK_URL", "https://hooks.example.com")
    monkeypatch.setenv("FAIRCLAIM_WEBHOOK_SECRET", "whsec_" + 32 * "A")
    monkeypatch.setenv(name, value)
    data = tmp_path / "data"
    assert command([*call.split(), "--data", str(data)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"fairclaim: {name}")
    assert "hunter2" not in line
    assert not data.exists()


@pytest.mark.parametrize("call", ["token create 1", "token revoke 1", "reconcile", "verify"])
def test_a_command_that_looks_after_an_installation_makes_none(
    call: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert command([*call.split(), "--data", str(data)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no key file {data / 'keys.json'}" in line
    assert not data.exists()


@pytest.mark.parametrize("call", ["migrate", "token create 1", "verify"])
def test_a_database_that_is_away_is_said_in_a_sentence(
    call: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    KeyRing.open(tmp_path / "keys.json")
    monkeypatch.setenv("FAIRCLAIM_DATABASE_URL", f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    assert command([*call.split(), "--data", str(tmp_path)]) == 1
    assert "fairclaim: the database does not answer" in capsys.readouterr().err


def test_migrate_fills_an_empty_database_and_leaves_a_filled_one_alone(
    empty_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """INT-08: on both databases; what alembic would still change afterwards is nothing."""
    monkeypatch.setenv("FAIRCLAIM_DATABASE_URL", empty_url)
    data = tmp_path / "data"
    told = []
    for _ in range(2):
        assert command(["migrate", "--json", "--data", str(data)]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told == [{"schema": schema.newest(), "created": True}, {"schema": schema.newest(), "created": False}]
    assert [stat.S_IMODE(p.stat().st_mode) for p in (data, data / "admin-token", data / "keys.json")] == [
        0o700,
        0o600,
        0o600,
    ]
    database = Database(empty_url, keys=KeyRing.open(data / "keys.json"), patient=True)
    try:
        assert schema.differences(database) == []
    finally:
        database.close()


def test_migrate_refuses_keys_that_the_database_was_not_written_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """AUD-05: names could not be read, and new ones would be lost to the right keys."""
    monkeypatch.setenv("FAIRCLAIM_DATABASE_URL", f"sqlite:///{tmp_path / 'one.db'}")
    assert command(["migrate", "--data", str(tmp_path / "first")]) == 0
    assert command(["migrate", "--data", str(tmp_path / "second")]) == 1
    assert "is not the key file this database was written with" in capsys.readouterr().err


def test_doctor_answers_1_when_something_lacks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "engine.example:7233")
    command(["doctor", "--json", "--data", str(tmp_path)])
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert found["Temporal server"]["ok"]
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    monkeypatch.setenv("FAIRCLAIM_TEMPORAL_SERVER", "/bin/true")
    assert command(["doctor", "--json", "--data", str(tmp_path)]) == 1
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert not found["Temporal server"]["ok"]
    assert found["Temporal server"]["advice"]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FAIRCLAIM, *arguments, "--data", str(tmp_path)],
            cwd=PROJECT,
            env={**clean_environment(), "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_reconcile_ends_with_1_and_a_sentence_when_the_engine_is_away(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """AUD-07: a real process, for the engine's SDK once made it abort after everything was said (exit code 134)."""
    assert run("migrate").returncode == 0
    ended = run("reconcile", "--json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "does not answer" in ended.stderr.splitlines()[-1]
    assert "Fatal Python error" not in ended.stderr
