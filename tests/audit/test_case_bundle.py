"""A dispute is taken out as a bundle that anybody checks offline, with our command or with one file (AUD-02)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from storage.bundle import verify_bundle
from tests.api.disputes.test_a_case import Case
from tests.api.disputes.test_evidence import PICTURE, upload
from tests.api.test_audit import checkpoint
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import done

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_bundle.py"


def exported(case: dict[str, Any], by: Person) -> dict[str, bytes]:
    answer = by.get("/v1/audit/export", dispute=case["id"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], folder: Path) -> Path:
    path = folder / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def alone(path: Path, *more: str) -> tuple[int, str]:
    """What the one-file verifier says, run as a stranger would: nothing of ours on its path."""
    ran = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(path), *more], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_case_is_taken_out_whole_and_checked_by_anybody(company: Company, tmp_path: Path) -> None:
    """AUD-02, DSP-06, DSP-09: history, texts, evidence and files; of the private lines only what the reader hears."""
    case = Case(company)
    found = case.to_arbitration()
    path = f"/v1/disputes/{found['id']}"
    file = upload(case.second, "接待单.png", PICTURE)
    case.second.made(f"{path}/evidence", {"kind": "file", "file": file})
    case.first.made(f"{path}/messages", {"text": "甲的私话", "line": "arbitrator"})
    case.second.made(f"{path}/messages", {"text": "乙的私话", "line": "arbitrator"})
    case.heard(found)
    done(case.ruling(found, case.leader, violations=[{"person": case.first.id, "text": "跟进记录不实"}]))
    checkpoint(company)
    done(case.leader.get(path))
    mine, other = exported(found, case.second), exported(found, case.first)
    entries = lines(mine["events.jsonl"])
    assert [e["kind"] for e in entries] == [
        e["kind"] for e in reversed(listed(case.first.get(f"{path}/timeline", limit=200)))
    ]
    assert mine[f"files/{file}"] == PICTURE
    texts = {t["text"] for t in lines(mine["texts.jsonl"])}
    assert {"我先接待的客户", "接待记录早于报备", "首次接待在先", "跟进记录不实"} <= texts
    assert {e["kind"] for e in lines(mine["evidence.jsonl"])} == {"report", "attempt", "follow_up", "file"}
    assert [m["text"] for m in lines(mine["messages.jsonl"])] == ["乙的私话"]
    assert [m["text"] for m in lines(other["messages.jsonl"])] == ["甲的私话"]
    assert "乙的私话".encode() not in b"".join(other.values())
    bundle = packed(mine, tmp_path)
    verdict = verify_bundle(bundle, company.database.keys.public_key)
    assert (verdict.ok, verdict.events) == (True, len(entries))
    assert verdict.checkpoint is not None
    key = tmp_path / "key.pem"
    key.write_bytes(company.database.keys.public_key)
    for more in ((), ("--key", str(key))):
        code, said = alone(bundle, *more)
        assert (code, said.splitlines()[0]) == (0, f"ok: {len(entries)} entries, checkpoint of {verdict.checkpoint.at}")
    outsider = case.office.outsider()
    refused(outsider.get("/v1/audit/export", dispute=found["id"]), 404, "not_found")
    last = listed(company.admin.get("/v1/audit/events", stream=case.second.id))[0]
    assert (last["kind"], last["data"]) == ("exported", {"dispute": found["id"]})


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("events.jsonl", "entry 1"),
        ("texts.jsonl", "texts.jsonl: edited"),
        ("evidence.jsonl", "evidence.jsonl: edited"),
        ("messages.jsonl", "messages.jsonl: edited"),
        ("checkpoint.json", "checkpoint.json: edited"),
        ("bundle.json", "bundle.json"),
        ("public-key.pem", "public-key.pem"),
    ],
)
def test_whatever_is_changed_is_found_by_both(bundle: dict[str, bytes], tmp_path: Path, part: str, fault: str) -> None:
    changed = packed({**bundle, part: b"{}" + bundle[part][2:]}, tmp_path)
    assert not verify_bundle(changed).ok
    code, said = alone(changed)
    assert code == 1
    assert said.startswith(f"not ok: {fault}") or fault in said
    gone = packed({name: content for name, content in bundle.items() if name != part}, tmp_path)
    assert not verify_bundle(gone).ok
    assert alone(gone)[0] == 1


def test_entries_that_were_moved_cut_or_added_are_found_by_both(bundle: dict[str, bytes], tmp_path: Path) -> None:
    entries = bundle["events.jsonl"].splitlines(keepends=True)
    for changed in ([*entries[1:]], entries[:-1], [entries[1], entries[0], *entries[2:]], [*entries, entries[-1]]):
        path = packed({**bundle, "events.jsonl": b"".join(changed)}, tmp_path)
        assert not verify_bundle(path).ok
        assert alone(path)[0] == 1
    more = packed({**bundle, "files/more": b"x"}, tmp_path)
    assert not verify_bundle(more).ok
    assert alone(more) == (1, "not ok: files/more: inserted\n")
    nothing = tmp_path / "nothing.zip"
    nothing.write_bytes(b"PK")
    assert alone(nothing)[0] == 1


@pytest.fixture
def bundle(company: Company) -> dict[str, bytes]:
    case = Case(company)
    opened = case.open()
    case.first.made(f"/v1/disputes/{opened['id']}/messages", {"text": "先谈谈"})
    checkpoint(company)
    return exported(opened, case.first)
