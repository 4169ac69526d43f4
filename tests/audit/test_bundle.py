"""A case bundle is checked with nothing but itself and a public key (AUD-02)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage import history
from storage import tables as t
from storage.bundle import fingerprint, make_bundle, verify_bundle
from storage.checkpoints import Fault, make_checkpoint
from storage.codec import canonical
from storage.database import Database, mint
from storage.keys import KeyRing
from storage.verification import FirstBad
from tests.audit.chains import entry

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Parts = dict[str, bytes]


@dataclass(frozen=True)
class Case:
    """A bundle of a stream with six entries, the last one behind the last checkpoint."""

    claim: str
    content: bytes
    public_key: bytes
    folder: Path

    def parts(self) -> Parts:
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def path(self, parts: Parts) -> Path:
        path = self.folder / "case.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return path


@pytest.fixture
def case(database: Database, tmp_path: Path) -> Case:
    claim, dice = mint(), random.Random(5)
    for _ in range(5):
        database.transact(lambda tx: history.append(tx, [entry(dice, s, at=NOW) for s in (claim, mint())]))
    make_checkpoint(database, database.keys, tmp_path / "checkpoints", NOW)
    database.transact(lambda tx: history.append(tx, [entry(dice, claim, at=NOW)]))
    row = {"id": claim, "receipt": 7, "need": None, "progress": None, "reason_text": None}
    with database.reading() as tx:
        content = make_bundle(tx, row, checkpoints=tmp_path / "checkpoints", folder=tmp_path / "files", at=NOW)
    return Case(claim, content, database.keys.public_key, tmp_path)


def test_a_bundle_as_it_was_made_is_ok(case: Case) -> None:
    for key in (None, case.public_key):
        verdict = verify_bundle(case.path(case.parts()), key)
        assert (verdict.ok, verdict.events, verdict.streams) == (True, 6, 1)
        assert verdict.checkpoint is not None
        assert verdict.checkpoint.number == 1


def test_a_bundle_with_another_key_is_not_taken_for_ours(case: Case) -> None:
    other = KeyRing.fresh().public_key
    verdict = verify_bundle(case.path(case.parts()), other)
    assert (verdict.ok, verdict.fault) == (False, Fault("public-key.pem", "other_key"))
    swapped = case.path({**case.parts(), "public-key.pem": other})
    assert verify_bundle(swapped).fault == Fault("bundle.json", "edited")
    assert fingerprint(other) != fingerprint(case.public_key)


@pytest.mark.parametrize(
    ("change", "seq", "kind"),
    [
        (lambda e: [e[0], e[1].replace(b'"seq":2', b'"seq":2,"x":1'), *e[2:]], 2, "edited"),
        (lambda e: [*e[:2], *e[3:]], 3, "deleted"),
        (lambda e: [e[0], e[3], e[2], e[1], *e[4:]], 2, "swapped"),
        (lambda e: [*e[:2], b"{}", *e[2:]], 3, "inserted"),
        (lambda e: [*e[:2], e[4], *e[2:]], 3, "inserted"),
        (lambda e: [*e, b"{}"], 7, "inserted"),
        (lambda e: e[:4], 5, "tail_cut"),
        (lambda e: [], 1, "tail_cut"),
    ],
)
def test_the_first_bad_entry_is_named(
    case: Case, change: Callable[[list[bytes]], list[bytes]], seq: int, kind: str
) -> None:
    parts = case.parts()
    entries = change(parts["events.jsonl"].splitlines())
    verdict = verify_bundle(case.path({**parts, "events.jsonl": b"".join(e + b"\n" for e in entries)}), case.public_key)
    assert not verdict.ok
    assert verdict.first_bad == FirstBad(case.claim, seq, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["checkpoint.json", "texts.jsonl", "files/index.jsonl", "events.jsonl"])
def test_every_part_must_be_there_and_as_it_was(case: Case, part: str) -> None:
    parts = case.parts()
    without = verify_bundle(case.path({n: c for n, c in parts.items() if n != part}), case.public_key)
    assert not without.ok
    assert without.fault == (None if part == "events.jsonl" else Fault(part, "missing"))
    edited = verify_bundle(case.path({**parts, part: parts[part] + b" \n"}), case.public_key)
    assert not edited.ok
    assert part == "events.jsonl" or edited.fault == Fault(part, "edited")


def test_nothing_may_be_added(case: Case) -> None:
    added = case.path({**case.parts(), "files/more": b"x"})
    assert verify_bundle(added, case.public_key).fault == Fault("files/more", "inserted")


def test_the_manifest_must_be_the_signed_one(case: Case) -> None:
    parts = case.parts()
    signed = json.loads(parts["bundle.json"])
    signed["manifest"]["receipt"] = 8
    for content in (json.dumps(signed).encode(), b"[]", b"", b"\xff"):
        verdict = verify_bundle(case.path({**parts, "bundle.json": content}), case.public_key)
        assert verdict.fault == Fault("bundle.json", "edited"), content
    missing = case.path({n: c for n, c in parts.items() if n != "bundle.json"})
    assert verify_bundle(missing, case.public_key).fault == Fault("bundle.json", "missing")


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: {"path": shown["path"][:-1]},
        lambda shown: {"path": [["left", "00" * 32], *shown["path"]]},
        lambda shown: {"line": shown["line"].replace('",1,"', '",2,"')},
        lambda shown: {"line": shown["line"][:-4] + '00"]'},
        lambda shown: {"seal": shown["seal"] | {"at": "2020-01-01T00:00:00Z"}},
        lambda shown: {"signature": "AAAA"},
    ],
)
def test_evidence_that_does_not_lead_to_the_seal_does_not_count(
    case: Case, database: Database, change: Callable[[Any], dict[str, Any]]
) -> None:
    """Even a rightly signed manifest does not make up for it."""
    parts = case.parts()
    shown = json.loads(parts["checkpoint.json"])
    parts["checkpoint.json"] = canonical(shown | change(shown))
    manifest = json.loads(parts["bundle.json"])["manifest"]
    manifest["parts"]["checkpoint.json"] = hashlib.sha256(parts["checkpoint.json"]).hexdigest()
    signature = base64.b64encode(database.keys.signing.sign(canonical(manifest))).decode()
    parts["bundle.json"] = canonical({"manifest": manifest, "signature": signature})
    verdict = verify_bundle(case.path(parts), case.public_key)
    assert (verdict.ok, verdict.checkpoint, verdict.fault) == (False, None, Fault("checkpoint.json", "edited"))


def test_what_is_no_zip_file_cannot_be_read(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    for content in (b"", b"PK\x03\x04", case.content[:-30], case.content[: len(case.content) // 2]):
        path.write_bytes(content)
        assert verify_bundle(path).fault == Fault("broken.zip", "unreadable")
    spoilt = bytearray(case.content)
    spoilt[60] ^= 0xFF
    path.write_bytes(bytes(spoilt))
    assert not verify_bundle(path).ok


def test_a_case_that_no_checkpoint_names_is_still_signed(database: Database, tmp_path: Path) -> None:
    claim = mint()
    database.transact(lambda tx: history.append(tx, [entry(random.Random(1), claim, at=NOW)]))
    row = {"id": claim, "receipt": 7, "need": None, "progress": None, "reason_text": None}
    with database.reading() as tx:
        content = make_bundle(tx, row, checkpoints=tmp_path / "none", folder=tmp_path, at=NOW)
    path = tmp_path / "case.zip"
    path.write_bytes(content)
    verdict = verify_bundle(path, database.keys.public_key)
    assert (verdict.ok, verdict.checkpoint) == (True, None)


def test_the_evidence_names_no_other_stream(case: Case, database: Database) -> None:
    with database.reading() as tx:
        others = {r["stream"] for r in tx.rows(t.stream_head.select())} - {case.claim}
    assert others
    parts = case.parts()
    for stream in others:
        assert stream.encode() not in b"".join(parts.values())
