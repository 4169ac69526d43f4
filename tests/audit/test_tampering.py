"""Whoever rewrites the history without the key is found, and what was done is named (AUD-02)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import history
from storage.checkpoints import make_checkpoint
from storage.database import Database
from storage.verification import FirstBad, verify
from tests.audit.chains import Attacker, Row, entry, hashed_anew, head_of, random_id, write_streams, wrong_hash
from tests.support import chance

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ROUNDS = {True: 1_000, False: 60}  # on SQLite, on PostgreSQL


@dataclass(frozen=True)
class Attack:
    """What one attack makes of a stream, and what the check has to say about it."""

    rows: list[Row]
    start: int  # index of the first row that is not as it was
    kind: str
    seq: int
    twin: bool = False  # it put a copy right before its original


@pytest.mark.timeout(300)
def test_a_thousand_random_attacks_are_each_found_and_named(database: Database, tmp_path: Path) -> None:
    """AUD-02: edits, deletions, swaps, insertions and cut tails, half of them with all later hashes made anew."""
    seed = chance.seed()
    dice = random.Random(seed)
    write_streams(database, dice, streams=14)
    make_checkpoint(database, database.keys, tmp_path, NOW)
    attacker = Attacker(database)
    sealed = {stream: len(attacker.rows(stream)) for stream in attacker.streams()}
    lengthen(database, dice, [s for s in sealed if dice.random() < 0.3])
    assert verify(database, database.keys, tmp_path).ok
    for number in range(ROUNDS[database.is_sqlite]):
        act = dice.choice((edit, delete, swap, insert, cut))
        least = {edit: 1, delete: 2, swap: 2, insert: 1, cut: 1}[act]
        stream = dice.choice([s for s, length in sealed.items() if length >= least])
        rows = attacker.rows(stream)
        attack = act(dice, rows, sealed[stream], attacker)
        hashes_anew = dice.random() < 0.5
        changed = hashed_anew(attack.rows, attack.start, wrong_hash(dice)) if hashes_anew else attack.rows
        former = attacker.head(stream)
        assert former is not None
        adjusts_head = hashes_anew or dice.random() < 0.5
        attacker.rewrite(stream, changed, head_of(changed, former) if adjusts_head else former)
        verdict = verify(database, database.keys, tmp_path)
        # Of two alike with nothing worked out anew the first is as it was, whichever of them was put there.
        seq = attack.seq + (attack.twin and not hashes_anew)
        expected = FirstBad(stream, seq, attack.kind)
        assert verdict.first_bad == expected, f"seed {seed}, round {number}: {act.__name__}, anew: {hashes_anew}"
        assert not verdict.ok
        attacker.put_back()
    assert verify(database, database.keys, tmp_path).ok


# --- the attacks -------------------------------------------------------------------------------------------------


def edit(dice: random.Random, rows: list[Row], sealed: int, _attacker: Attacker) -> Attack:
    """One column of one entry says something else."""
    place = dice.randrange(sealed)
    row = rows[place]
    changes: tuple[Callable[[], Row], ...] = (
        lambda: {"kind": row["kind"] + "x"},
        lambda: {"at": row["at"] + timedelta(microseconds=1)},
        lambda: {"actor": random_id(dice)},
        lambda: {"reason": "made_up"},
        lambda: {"policy_version": (row["policy_version"] or 0) + 1},
        lambda: {"before": "won"},
        lambda: {"after": "won"},
        lambda: {"stream_kind": "team2"},
        lambda: {"data": {**row["data"], "n": -1}},
        lambda: {"data": {}},
        lambda: {"hash": dice.randbytes(32)},
        lambda: {"prev_hash": dice.randbytes(32)},
    )
    wanted = [change for make in changes if (change := {**row, **make()}) != row]
    changed = [*rows[:place], dice.choice(wanted), *rows[place + 1 :]]
    return Attack(changed, place, "edited", place + 1)


def delete(dice: random.Random, rows: list[Row], sealed: int, _attacker: Attacker) -> Attack:
    """One entry before the last is gone; later ones keep their numbers, or move up, and may be linked anew."""
    place = dice.randrange(sealed - 1)
    left = rows[:place] + rows[place + 1 :]
    if dice.random() < 0.5:
        left = numbered(left)
    if dice.random() < 0.5 and place:
        left[place] = {**left[place], "prev_hash": left[place - 1]["hash"]}
    return Attack(left, place, "deleted", place + 1)


def swap(dice: random.Random, rows: list[Row], sealed: int, _attacker: Attacker) -> Attack:
    """Two entries change places: with all they have, or only what they say."""
    first, second = sorted(dice.sample(range(sealed), 2))
    changed = list(rows)
    stays = ("seq", "prev_hash", "hash", "written") if dice.random() < 0.5 else ("seq",)
    for here, there in ((first, second), (second, first)):
        changed[here] = {**rows[there], **{name: rows[here][name] for name in stays}}
    return Attack(changed, first, "swapped", first + 1)


def insert(dice: random.Random, rows: list[Row], sealed: int, attacker: Attacker) -> Attack:
    """A made-up entry, or a copy from this stream or another; the later ones move down."""
    place = dice.randrange(sealed + 1)
    model = dice.choice((*rows, *attacker.rows(dice.choice(attacker.streams()))))
    forged = {**model, "stream": rows[0]["stream"]}
    if dice.random() < 0.5:
        forged |= {"data": {"n": dice.getrandbits(40)}, "hash": dice.randbytes(32)}
    twin = place < len(rows) and forged == rows[place]
    return Attack(numbered([*rows[:place], forged, *rows[place:]]), place, "inserted", place + 1, twin)


def cut(dice: random.Random, rows: list[Row], sealed: int, _attacker: Attacker) -> Attack:
    """The last entries are gone, or all."""
    left = dice.randrange(sealed)
    return Attack(rows[:left], left, "tail_cut", left + 1)


def numbered(rows: list[Row]) -> list[Row]:
    return [{**row, "seq": place} for place, row in enumerate(rows, start=1)]


def lengthen(database: Database, dice: random.Random, streams: list[str]) -> None:
    """Entries that no checkpoint knows yet."""
    for stream in streams:
        for _ in range(dice.randint(1, 3)):
            one = entry(dice, stream, at=NOW)
            database.transact(lambda tx, one=one: history.append(tx, [one]))
