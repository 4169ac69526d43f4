"""``fairclaim verify``: exit 0 where all is as it was, 1 where it is not or cannot be checked (AUD-02)."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.verify import verify
from domain.money.model import COMPANY
from storage import history, installation, ledger, schema
from storage import tables as t
from storage.bundle import make_bundle
from storage.checkpoints import make_checkpoint
from storage.database import Database, mint
from storage.keys import KeyRing
from storage.settings import Settings
from tests.audit.chains import Attacker, entry
from tests.ledger.books import accrual, deal

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a short history and a checkpoint."""
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    database = opened(settings.data)
    schema.upgrade(database)
    installation.install(database)
    database.transact(lambda tx: history.append(tx, [entry(random.Random(1), STREAM, at=NOW) for _ in range(3)]))
    make_checkpoint(database, database.keys, settings.checkpoint_folder, NOW)
    database.close()
    return settings.data


def test_an_untouched_installation_is_ok(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(data=data, as_json=True) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["ok"] is True
    assert set(verdict) == {"ok", "streams", "events", "checkpoint", "first_bad", "fault", "ledger"}
    assert verify(data=data) == 0
    assert capsys.readouterr().out == "ok: 6 entries in 4 streams, checkpoint of 2026-03-02T08:00:00Z\n"


def test_a_cut_tail_is_told_with_exit_1(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = opened(data)
    attacker = Attacker(database)
    attacker.rewrite(STREAM, attacker.rows(STREAM)[:2], attacker.head(STREAM))
    database.close()
    assert verify(data=data, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["first_bad"] == {"stream": STREAM, "seq": 3, "kind": "tail_cut"}
    assert verify(data=data, stream=STREAM) == 1
    assert f"entry 3 of {STREAM}: tail_cut" in capsys.readouterr().out


def test_a_lost_checkpoint_is_told_with_exit_1(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next((data / "checkpoints").glob("*.jsonl")).unlink()
    assert verify(data=data) == 1
    assert "checkpoint-000000000001.jsonl: missing" in capsys.readouterr().out


def test_a_balance_that_is_not_what_was_posted_is_told_with_exit_1(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """COM-06: the projection is compared with a recomputation."""
    database = opened(data)
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one, 5_000)]))
    assert verify(data=data) == 0
    wrong = t.ledger_balance.update().where(t.ledger_balance.c.account == COMPANY).values(amount_minor=-5_001)
    database.transact(lambda tx: tx.execute(wrong))
    database.close()
    capsys.readouterr()
    assert verify(data=data, as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["first_bad"]) == (False, None)
    assert found["ledger"] == {"kind": "balance", "subject": f"{COMPANY} of {one}", "currency": "CNY", "by_minor": 1}
    assert verify(data=data) == 1
    assert f"ledger: balance {COMPANY} of {one} is off by 1 CNY" in capsys.readouterr().out


def test_nothing_is_checked_without_the_right_keys(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = data / "keys.json"
    keys.rename(data / "aside.json")
    assert verify(data=data) == 1
    assert not keys.exists(), "a check makes no keys"
    KeyRing.open(keys)
    assert verify(data=data, as_json=True) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "is not the key file this database was written with" in told.err


def test_what_is_no_id_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(data=data, stream="claim 7") == 1
    assert "is not the id of anything" in capsys.readouterr().err


def test_a_bundle_is_checked_anywhere_with_the_key_that_is_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = opened(data)
    row = {"id": STREAM, "receipt": 7, "need": None, "progress": None, "reason_text": None}
    with database.reading() as tx:
        content = make_bundle(tx, row, checkpoints=data / "checkpoints", folder=data / "files", at=NOW)
    known = tmp_path / "key.pem"
    known.write_bytes(database.keys.public_key)
    database.close()
    bundle = tmp_path / "case.zip"
    bundle.write_bytes(content)
    elsewhere = tmp_path / "elsewhere"
    assert verify(bundle=bundle, data=elsewhere, public_key=known) == 0
    assert verify(bundle=bundle, data=data) == 0
    capsys.readouterr()
    assert verify(bundle=bundle, data=elsewhere) == 0
    assert "compare it with that of whoever made it" in capsys.readouterr().err
    known.write_bytes(KeyRing.fresh().public_key)
    assert verify(bundle=bundle, data=elsewhere, public_key=known, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["fault"] == {"part": "public-key.pem", "kind": "other_key"}
    known.write_bytes(b"no key")
    assert verify(bundle=bundle, data=elsewhere, public_key=known) == 1
    assert verify(bundle=tmp_path / "none.zip", data=elsewhere) == 1


STREAM = mint()


def opened(data: Path) -> Database:
    settings = Settings(data=data)
    return Database(settings.url, keys=KeyRing.open(settings.key_file), patient=True)
