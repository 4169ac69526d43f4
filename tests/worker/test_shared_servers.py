"""The servers that the tests share: they work, and they end with the run, also with one that is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.support.postgres import Postgres
from tests.support.postgres_cluster import BINARIES_VARIABLE, PostgresFailedError, find_binaries
from tests.support.waiting import eventually, is_running

PROJECT = Path(__file__).resolve().parents[2]


def test_a_database_is_made_copied_and_dropped(postgres: Postgres) -> None:
    origin, copy = f"origin_{uuid4().hex}", f"Copy {uuid4().hex}"
    postgres.create_database(origin)
    with psycopg.connect(host=postgres.folder, user=postgres.user, dbname=origin) as first:
        first.execute("CREATE TABLE customer AS SELECT '王小明' AS name")
    url = postgres.create_database(copy, template=origin)
    connection = psycopg.connect(url.replace("+psycopg", ""))
    assert connection.execute("SELECT name FROM customer").fetchone() == ("王小明",)
    postgres.drop_database(copy)  # in spite of the open connection
    connection.close()
    for name in (origin, copy, "never-existed"):
        postgres.drop_database(name)
        assert not postgres.has_database(name)


def test_a_server_ends_when_the_run_is_killed() -> None:
    top = Path(tempfile.mkdtemp(prefix="fairclaim-tests-"))  # pytest's own folder is closed to the server's user
    top.chmod(0o711)
    folder = top / "postgres"
    folder.mkdir(mode=0o711)
    with subprocess.Popen(["sleep", "600"]) as run:
        argv = [sys.executable, "-m", "tests.support.keeper", "postgres", str(folder), str(run.pid)]
        with subprocess.Popen([*argv, json.dumps({"durable": False})], cwd=PROJECT) as keeper:
            ready = folder / "ready.json"
            eventually(ready.exists, within_s=30, what="it serves")
            server = int((folder / "cluster" / "data" / "postmaster.pid").read_text().split()[0])
            assert is_running(server)
            run.kill()
            assert keeper.wait(20) == 0
    assert not is_running(server)
    assert not top.exists()


def test_a_missing_server_is_an_error_that_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(BINARIES_VARIABLE, str(tmp_path))
    with pytest.raises(PostgresFailedError, match=str(tmp_path)):
        find_binaries()
