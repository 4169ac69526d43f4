"""Checkpoints hold every entry once, whatever the clocks say, and a file that is not as it was is noticed (AUD-02)."""

from __future__ import annotations

import base64
import json
import random
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.calendar.duration import Duration
from storage import history
from storage import tables as t
from storage.checkpoints import Fault, evidence, fold, make_checkpoint, make_if_due
from storage.codec import canonical
from storage.database import Database, mint
from storage.keys import KeyRing
from storage.merkle import root_from
from storage.verification import verify
from tests.audit.chains import Attacker, entry, write_streams
from tests.conftest import Store

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_first_checkpoint_holds_everything_and_the_next_only_what_is_new(
    database: Database, tmp_path: Path
) -> None:
    write_streams(database, random.Random(1), streams=5)
    first = make_checkpoint(database, database.keys, tmp_path, NOW)
    stream = append(database)
    second = make_checkpoint(database, database.keys, tmp_path, NOW + timedelta(hours=1))
    assert first is not None
    assert second is not None
    assert first.events == count(database) - 1
    assert second.events == count(database)
    assert second.streams == first.streams + 1
    assert second.seal["previous"] == first.digest
    assert lines_of(tmp_path, 2) == [[stream, 1, last_hash(database, stream).hex()]]


def test_there_is_no_checkpoint_where_nothing_was_written(database: Database, tmp_path: Path) -> None:
    assert make_checkpoint(database, database.keys, tmp_path, NOW) is not None
    assert make_checkpoint(database, database.keys, tmp_path, NOW) is None
    assert [p.name for p in tmp_path.glob("*.jsonl")] == ["checkpoint-000000000001.jsonl"]
    assert not list(tmp_path.glob("*.new"))


def test_an_entry_recorded_long_after_its_time_is_in_the_next_checkpoint(database: Database, tmp_path: Path) -> None:
    """A lapse stands at its deadline, however late it was decided (CLM-19)."""
    make_checkpoint(database, database.keys, tmp_path, NOW)
    stream = append(database, at=NOW - timedelta(days=40))
    make_checkpoint(database, database.keys, tmp_path, NOW + timedelta(hours=1))
    assert [line[0] for line in lines_of(tmp_path, 2)] == [stream]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_transaction_that_was_open_while_others_committed_is_not_missed(database: Database, tmp_path: Path) -> None:
    slow = mint()
    with database.writing() as tx:
        history.append(tx, [history.Entry(stream=slow, stream_kind="lead", kind="paused", at=NOW)])
        append(database)
        make_checkpoint(database, database.keys, tmp_path, NOW)
    make_checkpoint(database, database.keys, tmp_path, NOW + timedelta(hours=1))
    assert [line[0] for line in lines_of(tmp_path, 2)] == [slow]


def test_files_are_for_their_owner_only(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    make_checkpoint(database, database.keys, folder, NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}


def test_processes_that_make_one_at_the_same_time_leave_a_whole_chain(database: Database, tmp_path: Path) -> None:
    barrier = threading.Barrier(3)

    def run() -> None:
        for _ in range(4):
            barrier.wait(30)
            append(database)
            make_checkpoint(database, database.keys, tmp_path, NOW)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    make_checkpoint(database, database.keys, tmp_path, NOW)
    with fold(tmp_path, database.keys) as heads:
        assert heads.fault is None
        assert len(list(heads.walk())) == count(database)
    assert verify(database, database.keys, tmp_path).ok


def test_a_long_stream_is_folded_from_many_lines(database: Database, tmp_path: Path) -> None:
    stream = mint()
    entries = [
        history.Entry(stream=stream, stream_kind="person", kind="reveal", at=NOW, data={"n": n}) for n in range(2_500)
    ]
    database.transact(lambda tx: history.append(tx, entries))
    make_checkpoint(database, database.keys, tmp_path, NOW)
    assert [line[1] for line in lines_of(tmp_path, 1) if line[0] == stream] == [1, 1001, 2001]
    verdict = verify(database, database.keys, tmp_path, stream=stream)
    assert (verdict.ok, verdict.events) == (True, 2_500)


def test_one_is_due_when_the_last_is_old_enough_and_none_when_switched_off(database: Database, tmp_path: Path) -> None:
    hour = Duration.of(1, "h")
    assert not make_if_due(database, tmp_path, now=NOW, every=None)
    assert make_if_due(database, tmp_path, now=NOW, every=hour)
    append(database)
    assert not make_if_due(database, tmp_path, now=NOW + timedelta(minutes=59), every=hour)
    assert make_if_due(database, tmp_path, now=NOW + timedelta(minutes=60), every=hour)


# --- files that are not what they were ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_file_is_noticed_the_newest_included(database: Database, tmp_path: Path, number: int) -> None:
    three(database, tmp_path)
    path_of(tmp_path, number).unlink()
    verdict = verify(database, database.keys, tmp_path)
    assert not verdict.ok
    assert verdict.fault == Fault(f"checkpoint-00000000000{number}.jsonl", "missing")


def test_a_folder_that_is_gone_is_noticed(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    verdict = verify(database, database.keys, tmp_path / "elsewhere")
    assert (verdict.ok, verdict.fault) == (False, Fault("checkpoint-000000000001.jsonl", "missing"))


def test_a_cut_file_is_noticed(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    path = path_of(tmp_path, 2)
    for left in (0, 10, path.stat().st_size - 3, path.stat().st_size - 600):
        content = path.read_bytes()
        path.write_bytes(content[: max(left, 0)])
        assert verify(database, database.keys, tmp_path).fault == Fault(path.name, "truncated"), left
        path.write_bytes(content)
    assert verify(database, database.keys, tmp_path).ok


def test_an_edited_file_is_noticed(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    path = path_of(tmp_path, 2)
    lines = path.read_bytes().splitlines()
    seal = json.loads(lines[-1])
    seal["seal"]["events"] += 1
    spoilt = {
        "a hash": [lines[0][:-2] + b'00"]', *lines[1:]],
        "a line more": [lines[0], lines[0], lines[-1]],
        "a line less": lines[1:],
        "the seal": [*lines[:-1], json.dumps(seal, separators=(",", ":"), sort_keys=True).encode()],
        "something behind": [*lines, lines[0]],
    }
    for what, content in spoilt.items():
        path.write_bytes(b"\n".join(content) + b"\n")
        fault = verify(database, database.keys, tmp_path).fault
        assert fault is not None, what
        assert fault.part == path.name
        assert fault.kind == ("truncated" if what == "something behind" else "edited"), what


def test_files_that_changed_places_are_noticed(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    first, second = path_of(tmp_path, 1), path_of(tmp_path, 2)
    aside = first.rename(tmp_path / "aside")
    second.rename(first)
    aside.rename(second)
    assert verify(database, database.keys, tmp_path).fault == Fault(first.name, "misplaced")


def test_a_file_of_another_installation_is_noticed(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    stranger = tmp_path / "stranger"
    make_checkpoint(database, KeyRing.fresh(), stranger, NOW)
    path = path_of(tmp_path, 3)
    path.write_bytes(next(stranger.glob("*.jsonl")).read_bytes())
    assert verify(database, database.keys, tmp_path).fault == Fault(path.name, "edited")


def test_the_other_files_still_count_where_one_is_spoilt(database: Database, tmp_path: Path) -> None:
    streams = three(database, tmp_path)
    path_of(tmp_path, 2).write_bytes(b"")
    attacker = Attacker(database)
    attacker.rewrite(streams[2], [], None)
    verdict = verify(database, database.keys, tmp_path)
    assert verdict.fault == Fault("checkpoint-000000000002.jsonl", "truncated")
    assert verdict.first_bad is not None
    assert (verdict.first_bad.stream, verdict.first_bad.kind) == (streams[2], "tail_cut")


def test_what_a_lost_file_held_is_in_the_next_one(database: Database, tmp_path: Path) -> None:
    streams = three(database, tmp_path)
    path_of(tmp_path, 3).unlink()
    made = make_checkpoint(database, database.keys, tmp_path, NOW)
    assert made is not None
    assert made.number == 4
    assert [line[0] for line in lines_of(tmp_path, 4)] == [streams[2]]


def test_what_a_lost_older_file_held_is_in_the_next_one_and_only_there(database: Database, tmp_path: Path) -> None:
    streams = three(database, tmp_path)
    path_of(tmp_path, 2).unlink()
    assert make_checkpoint(database, database.keys, tmp_path, NOW) is not None
    assert [line[0] for line in lines_of(tmp_path, 4)] == [streams[1]]
    assert make_checkpoint(database, database.keys, tmp_path, NOW) is None


def test_a_file_that_does_not_follow_the_one_before_it_is_noticed(database: Database, tmp_path: Path) -> None:
    """Sealed with the right key, but for another folder."""
    three(database, tmp_path)
    path = path_of(tmp_path, 2)
    lines = path.read_bytes().splitlines()
    seal = json.loads(lines[-1])["seal"] | {"previous": "0" * 64}
    signature = base64.b64encode(database.keys.signing.sign(canonical(seal))).decode()
    path.write_bytes(b"\n".join([*lines[:-1], canonical({"seal": seal, "signature": signature})]) + b"\n")
    assert verify(database, database.keys, tmp_path).fault == Fault(path.name, "misplaced")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_database_put_back_from_a_backup_does_not_pass_for_the_present_one(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    path = Path(sa.make_url(store.url).database or "")
    first = store.open()
    write_streams(first, random.Random(2), streams=3)
    first.close()
    backup = path.read_bytes()
    second = store.open()
    lost = append(second)
    make_checkpoint(second, store.keys, folder, NOW)
    second.close()
    path.write_bytes(backup)
    third = store.open()
    kept = append(third)
    made = make_checkpoint(third, store.keys, folder, NOW)
    verdict = verify(third, store.keys, folder)
    third.close()
    assert verdict.first_bad is not None
    assert (verdict.first_bad.stream, verdict.first_bad.kind) == (lost, "tail_cut")
    # The running number has been used before, and still nothing new is taken for known.
    assert made is not None
    assert [line[0] for line in lines_of(folder, 2)] == [kept]


# --- evidence ----------------------------------------------------------------------------------------------------


def test_a_streams_newest_line_is_shown_with_its_path_to_the_signed_root(database: Database, tmp_path: Path) -> None:
    streams = three(database, tmp_path)
    append(database, streams[0])
    make_checkpoint(database, database.keys, tmp_path, NOW)
    shown = evidence(tmp_path, database.keys, streams[0])
    assert shown is not None
    assert shown.checkpoint.number == 4
    assert json.loads(shown.line) == [streams[0], 2, last_hash(database, streams[0]).hex()]
    assert root_from(shown.line, shown.path).hex() == shown.checkpoint.seal["root"]


def test_a_stream_that_no_checkpoint_names_has_no_evidence(database: Database, tmp_path: Path) -> None:
    three(database, tmp_path)
    assert evidence(tmp_path, database.keys, append(database)) is None


def three(database: Database, folder: Path) -> list[str]:
    """Three checkpoints, and the stream that each brought."""
    streams = []
    for _ in range(3):
        streams.append(append(database))
        make_checkpoint(database, database.keys, folder, NOW)
    assert verify(database, database.keys, folder).ok
    return streams


def append(database: Database, stream: str | None = None, *, at: datetime = NOW) -> str:
    named = stream or mint()
    database.transact(lambda tx: history.append(tx, [entry(random.Random(named), named, at=at)]))
    return named


def path_of(folder: Path, number: int) -> Path:
    return folder / f"checkpoint-{number:012d}.jsonl"


def lines_of(folder: Path, number: int) -> list[list[object]]:
    return [json.loads(line) for line in path_of(folder, number).read_bytes().splitlines()[:-1]]


def last_hash(database: Database, stream: str) -> bytes:
    with database.reading() as tx:
        found = tx.execute(sa.select(t.stream_head.c.hash).where(t.stream_head.c.stream == stream)).scalar_one()
    return bytes(found)


def count(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(t.event)).scalar_one())
