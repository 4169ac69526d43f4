"""The check of the history beyond random attacks: other streams, other records, other keys (AUD-02)."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import history
from storage import tables as t
from storage.checkpoints import make_checkpoint
from storage.database import Database, mint
from storage.installation import WrongKeysError
from storage.keys import KeyRing
from storage.verification import FirstBad, verify
from tests.audit.chains import Attacker, entry, hashed_anew, head_of, write_streams, wrong_hash
from tests.conftest import Store
from tests.support.company import Company, person_customer

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def checkpoints(database: Database, tmp_path: Path) -> Path:
    """The folder of checkpoints over ten streams of at least three entries each."""
    write_streams(database, random.Random(7), streams=10, shortest=3)
    folder = tmp_path / "checkpoints"
    make_checkpoint(database, database.keys, folder, NOW)
    return folder


def test_an_untouched_history_is_ok_also_after_a_restart(store: Store, tmp_path: Path) -> None:
    first = store.open()
    write_streams(first, random.Random(3), streams=5)
    made = make_checkpoint(first, store.keys, tmp_path, NOW)
    first.close()
    second = store.open(patient=True)
    verdict = verify(second, store.keys, tmp_path)
    second.close()
    assert made is not None
    assert verdict.as_json() == {
        "ok": True,
        "streams": made.streams,
        "events": made.events,
        "checkpoint": {"id": made.id, "at": "2026-03-02T08:00:00Z", "signature": made.signature},
        "first_bad": None,
        "fault": None,
        "ledger": None,
    }


def test_numbers_and_signs_come_back_from_either_database_as_they_were_hashed(
    database: Database, tmp_path: Path
) -> None:
    """PostgreSQL keeps JSON as values, SQLite as text; floats, big numbers and 汉字 are hashed alike."""
    data = {
        "float": 1e16,
        "whole": 12.0,
        "part": 0.1,
        "tiny": 1e-7,
        "big": 2**70,
        "none": -0.0,
        "字": ['汉"字', "\u2028"],
    }
    some = history.Entry(stream=mint(), stream_kind="lead", kind="paused", at=NOW, reason="é", data=data)
    database.transact(lambda tx: history.append(tx, [some]))
    assert verify(database, database.keys, tmp_path).ok


def test_other_keys_are_refused_and_call_nobody_a_forger(database: Database, checkpoints: Path) -> None:
    with pytest.raises(WrongKeysError):
        verify(database, KeyRing.fresh(), checkpoints)


def test_progress_is_told_up_to_the_last_entry(database: Database, checkpoints: Path) -> None:
    told: list[int] = []
    verdict = verify(database, database.keys, checkpoints, progress=told.append)
    assert told[-1] == verdict.events > 0


def test_what_is_written_meanwhile_is_never_taken_for_tampering(database: Database, checkpoints: Path) -> None:
    done = threading.Event()
    streams = [mint() for _ in range(5)]

    def write() -> None:
        dice = random.Random(4)
        while not done.is_set():
            entries = [entry(dice, stream, at=NOW) for stream in dice.sample(streams, 3)]
            database.transact(lambda tx, some=entries: history.append(tx, some))
            make_checkpoint(database, database.keys, checkpoints, NOW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [verify(database, database.keys, checkpoints) for _ in range(25)]
    finally:
        done.set()
        writer.join()
    assert [(v.first_bad, v.fault) for v in found] == [(None, None)] * 25
    assert found[-1].events > found[0].events


def test_one_stream_is_checked_without_the_others(database: Database, checkpoints: Path) -> None:
    attacker = Attacker(database)
    good, spoilt = attacker.streams(at_least=3)[:2]
    cut_at(attacker, spoilt, 1)
    assert verify(database, database.keys, checkpoints, stream=good).ok
    found = verify(database, database.keys, checkpoints, stream=spoilt)
    assert found.first_bad == FirstBad(spoilt, 2, "tail_cut")
    assert (found.streams, found.events) == (1, 1)


def test_the_first_of_several_is_named(database: Database, checkpoints: Path) -> None:
    attacker = Attacker(database)
    streams = attacker.streams(at_least=3)
    for stream in (streams[5], streams[2], streams[8]):
        cut_at(attacker, stream, 2)
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(streams[2], 3, "tail_cut")


def test_a_stream_that_is_gone_altogether_was_cut_from_its_first_entry(database: Database, checkpoints: Path) -> None:
    attacker = Attacker(database)
    stream = attacker.streams()[3]
    attacker.rewrite(stream, [], None)
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 1, "tail_cut")


@pytest.mark.parametrize("anew", [False, True])
def test_entries_of_two_streams_that_changed_places_are_swapped(
    database: Database, checkpoints: Path, anew: bool
) -> None:
    attacker = Attacker(database)
    one, other = attacker.streams(at_least=3)[1:3]
    mine, theirs = attacker.rows(one), attacker.rows(other)
    stays = ("stream", "seq", "prev_hash", "hash", "written")
    mine[1], theirs[2] = (
        {**theirs[2], **{name: mine[1][name] for name in stays}},
        {**mine[1], **{name: theirs[2][name] for name in stays}},
    )
    for stream, rows, start in ((one, mine, 1), (other, theirs, 2)):
        changed = hashed_anew(rows, start, wrong_hash(random.Random(1))) if anew else rows
        former = attacker.head(stream)
        assert former is not None
        attacker.rewrite(stream, changed, head_of(changed, former))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(one, 2, "swapped")


def test_a_cut_tail_stays_a_cut_tail_when_the_service_goes_on_and_is_checkpointed(
    database: Database, checkpoints: Path
) -> None:
    """New entries carry genuine hashes; the older checkpoint knows what stood there."""
    attacker = Attacker(database)
    stream = attacker.streams(at_least=3)[4]
    length = len(attacker.rows(stream))
    cut_at(attacker, stream, 1)
    for _ in range(length + 2):
        database.transact(lambda tx: history.append(tx, [entry(random.Random(), stream, at=NOW)]))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 2, "tail_cut")
    assert make_checkpoint(database, database.keys, checkpoints, NOW) is not None
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 2, "tail_cut")


def test_a_made_up_stream_was_inserted(database: Database, checkpoints: Path) -> None:
    attacker = Attacker(database)
    model = attacker.streams(at_least=3)[0]
    stream = mint()
    forged = hashed_anew([{**row, "stream": stream} for row in attacker.rows(model)], 0, wrong_hash(random.Random(1)))
    former = attacker.head(model)
    assert former is not None
    attacker.rewrite(stream, forged, head_of(forged, former))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 1, "inserted")


def test_an_edit_behind_the_last_checkpoint_is_found_by_the_key(database: Database, checkpoints: Path) -> None:
    stream = mint()
    for _ in range(3):
        database.transact(lambda tx: history.append(tx, [entry(random.Random(), stream, at=NOW)]))
    attacker = Attacker(database)
    rows = attacker.rows(stream)
    rows[1] = {**rows[1], "data": {"n": 0}}
    attacker.rewrite(stream, rows, attacker.head(stream))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 2, "edited")


def test_a_last_checkpointed_entry_that_was_deleted_from_the_middle_is_named(
    database: Database, checkpoints: Path
) -> None:
    attacker = Attacker(database)
    stream = attacker.streams(at_least=3)[0]
    database.transact(lambda tx: history.append(tx, [entry(random.Random(), stream, at=NOW)]))
    rows, head = attacker.rows(stream), attacker.head(stream)
    last = len(rows) - 2
    left = [*rows[:last], {**rows[-1], "seq": last + 1}]
    assert head is not None
    attacker.rewrite(stream, left, head_of(left, head))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, last + 1, "deleted")


# --- what belongs to a stream ------------------------------------------------------------------------------------


def test_a_head_that_names_more_than_there_is_shows_a_cut_behind_the_checkpoint(
    database: Database, checkpoints: Path
) -> None:
    stream = mint()
    for _ in range(3):
        database.transact(lambda tx: history.append(tx, [entry(random.Random(), stream, at=NOW)]))
    attacker = Attacker(database)
    attacker.rewrite(stream, attacker.rows(stream)[:2], attacker.head(stream))
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, 3, "tail_cut", "head")


@pytest.mark.parametrize("change", ["seq", "hash", "gone"])
def test_a_head_that_does_not_fit_its_entries_is_named(database: Database, checkpoints: Path, change: str) -> None:
    attacker = Attacker(database)
    stream = attacker.streams(at_least=3)[0]
    head = attacker.head(stream)
    assert head is not None
    spoilt: dict[str, Any] = {"seq": {**head, "seq": 1}, "hash": {**head, "hash": bytes(32)}, "gone": None}
    attacker.rewrite(stream, attacker.rows(stream), spoilt[change])
    assert verify(database, database.keys, checkpoints).first_bad == FirstBad(stream, head["seq"], "edited", "head")


def test_a_claim_whose_row_is_not_what_its_history_says_is_named(company: Company, tmp_path: Path) -> None:
    rep = company.rep()
    claim = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})["id"]
    rep.made(f"/v1/claims/{claim}/follow-ups", {"kind": "visit", "note": "谈了户型、预算和下次看房时间安排"})
    assert verify(company.database, company.database.keys, tmp_path).ok
    set_state(company.database, claim, "won")
    found = verify(company.database, company.database.keys, tmp_path).first_bad
    assert found == FirstBad(claim, length_of(company.database, claim), "edited", "claim")
    set_state(company.database, claim, "active")
    assert verify(company.database, company.database.keys, tmp_path).ok


def test_a_claim_without_a_single_entry_lost_them(company: Company, tmp_path: Path) -> None:
    claim = company.rep().made("/v1/claims", {"program": company.program(), "customer": person_customer()})["id"]
    Attacker(company.database).rewrite(claim, [], None)
    found = verify(company.database, company.database.keys, tmp_path).first_bad
    assert found == FirstBad(claim, 1, "tail_cut", "claim")


def test_a_claim_row_that_is_gone_is_missed(company: Company, tmp_path: Path) -> None:
    claim = company.rep().made("/v1/claims", {"program": company.program(), "customer": person_customer()})["id"]
    length = length_of(company.database, claim)
    with company.database.engine.begin() as connection:
        connection.execute(t.claim.update().where(t.claim.c.id == claim).values(id=mint()))
    found = verify(company.database, company.database.keys, tmp_path).first_bad
    assert found == FirstBad(claim, length, "edited", "claim")


# --- rows that make no sense -------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("data", "not json"),
        ("data", "[" * 100_000),
        ("at", "yesterday"),
        ("at", 2**62),
        ("hash", "text"),
        ("prev_hash", 7),
        ("kind", b"\xff"),
        ("seq", "two"),
        ("actor", "short"),
        ("policy_version", "one"),
    ],
)
def test_a_row_that_makes_no_sense_is_a_finding_and_not_an_error(
    database: Database, checkpoints: Path, column: str, value: object
) -> None:
    """SQLite takes anything into any column."""
    stream = Attacker(database).streams(at_least=3)[0]
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE event SET {column} = :value WHERE stream = :stream AND seq = 2"),
            {"value": value, "stream": stream.replace("-", "")},
        )
    found = verify(database, database.keys, checkpoints).first_bad
    assert found is not None
    # An entry whose number is no number sorts behind the others, so it has changed places.
    assert found == FirstBad(stream, 2, "swapped" if column == "seq" else "edited")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["ABCDEF", "zz", b"\x00\x01", "0"])
def test_a_stream_with_an_impossible_name_was_inserted(database: Database, checkpoints: Path, name: object) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO event (stream, seq, stream_kind, kind, at, data, prev_hash, hash, written)"
                " SELECT :name, 1, stream_kind, kind, at, data, prev_hash, hash, written FROM event LIMIT 1"
            ),
            {"name": name},
        )
    found = verify(database, database.keys, checkpoints).first_bad
    assert found is not None
    assert (found.seq, found.kind) == (1, "inserted")


def cut_at(attacker: Attacker, stream: str, left: int) -> None:
    """Leave the first entries of a stream, and a head that fits them."""
    former = attacker.head(stream)
    assert former is not None
    rows = attacker.rows(stream)[:left]
    attacker.rewrite(stream, rows, head_of(rows, former))


def set_state(database: Database, claim: str, state: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(t.claim.update().where(t.claim.c.id == claim).values(state=state))


def length_of(database: Database, stream: str) -> int:
    with database.reading() as tx:
        return int(
            tx.execute(sa.select(sa.func.count()).select_from(t.event).where(t.event.c.stream == stream)).scalar_one()
        )
