"""Files: taken by kind and size, sealed on disk, given out to those who read the claim (DSP-09, AUD-04, AUD-05)."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of the contract " * 40
PDF = b"%PDF-1.7\n" + b"a contract " * 40


def sent(
    who: Person, name: str = "合同 1.png", content: bytes = PNG, *, key: str | None = None, **more: Any
) -> httpx2.Response:
    files = more.pop("files", {"file": (name, content, "text/html")})
    return who.company.call("POST", "/v1/files", token=who.token, key=key or str(uuid.uuid4()), files=files, **more)


def uploaded(who: Person, name: str = "合同 1.png", content: bytes = PNG) -> str:
    answer = sent(who, name, content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_an_upload_is_described_by_what_it_is_and_not_by_what_its_sender_says(company: Company) -> None:
    """DSP-09: the media type is that of the content."""
    answer = sent(company.rep())
    assert answer.status_code == 201
    assert answer.json() | {"id": ""} == {
        "id": "",
        "name": "合同 1.png",
        "media_type": "image/png",
        "size": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }


def test_a_download_is_an_attachment_and_nothing_a_browser_would_run(company: Company) -> None:
    """Contract section 5: as attachment only."""
    rep = company.rep()
    answer = rep.get(f"/v1/files/{uploaded(rep)}")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E5%90%88%E5%90%8C%201.png"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_neither_the_folder_nor_the_database_holds_a_file_in_clear(company: Company) -> None:
    """AUD-05: content and name are sealed."""
    rep = company.rep()
    file = uploaded(rep)
    stored = [p for p in company.settings.file_folder.rglob("*") if p.is_file()]
    assert len(stored) == 1
    assert b"contract" not in stored[0].read_bytes()
    assert stored[0].stat().st_mode & 0o077 == 0
    with company.database.reading() as tx:
        row = tx.row(sa.select(t.file).where(t.file.c.id == file))
    assert row is not None
    assert "合同".encode() not in row["name"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html><script>alert(1)</script>"),
        ("run.exe", b"MZ\x90\x00" + bytes(60)),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("page.png", b"<html><script>alert(1)</script>"),
        ("picture.pdf", PNG),
        ("picture", PNG),
        (".png", PNG),
        ("empty.pdf", b""),
        ("archive.zip", b"PK\x03\x04" + bytes(60)),
        ("archive.docx", b"PK\x03\x04" + bytes(60)),
    ],
)
def test_a_file_whose_content_or_ending_is_not_allowed_is_refused(company: Company, name: str, content: bytes) -> None:
    """DSP-09: both must be of one allowed kind; nothing is kept."""
    problem = refused(sent(company.rep(), name, content), 422, "file_not_allowed", "file")
    assert problem["facts"] == {"types": ["image", "pdf", "audio", "office"]}
    assert not company.settings.file_folder.exists() or not list(company.settings.file_folder.rglob("*.*"))


def test_the_company_decides_which_kinds_and_sizes_it_takes(company: Company) -> None:
    """DSP-09 `dispute.file_types`, `dispute.file_mb`."""
    company.company_policy(dispute__file_types=["pdf"], dispute__file_mb=1)
    rep = company.rep()
    assert refused(sent(rep), 422, "file_not_allowed", "file")["facts"] == {"types": ["pdf"]}
    assert sent(rep, "a.pdf", PDF).status_code == 201
    big = refused(sent(rep, "a.pdf", PDF + bytes(1_000_000)), 422, "file_not_allowed", "file")
    assert big["facts"] == {"cap_mb": 1}


def test_a_file_above_the_services_limit_is_too_large(company: Company) -> None:
    """Contract section 1: 413, before anything is kept; one that just fits is taken."""
    rep, limit = company.rep(), company.settings.file_max_bytes
    refused(sent(rep, "a.pdf", PDF.ljust(limit + 1, b" ")), 413, "too_large")
    refused(sent(rep, "a.pdf", PDF.ljust(limit + 200_000, b" ")), 413, "too_large")
    assert sent(rep, "a.pdf", PDF.ljust(limit, b" ")).status_code == 201
    other = company.call(
        "POST", "/v1/claims", token=rep.token, key="k", json={"x": "y" * company.settings.body_max_bytes}
    )
    refused(other, 413, "too_large")


def test_a_file_is_read_by_its_uploader_and_by_readers_of_the_claim_it_goes_with(company: Company) -> None:
    """AUD-04: by follow-up or request; for everybody else it does not exist."""
    team = company.team()
    leader, rep, other = company.leader(team), company.rep(team=team), company.rep("赵强")
    program = company.program()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    followed, asked, loose = (uploaded(rep) for _ in range(3))
    note = {"kind": "visit", "note": "带客户看了样板间，拍了合同照片", "files": [followed]}
    assert rep.made(f"/v1/claims/{claim['id']}/follow-ups", note)["files"] == [followed]
    rep.made(f"/v1/claims/{claim['id']}/extend", {"reason": "客户出差", "files": [asked]})
    for file in (followed, asked):
        assert rep.get(f"/v1/files/{file}").content == PNG
        assert leader.get(f"/v1/files/{file}").content == PNG
        refused(other.get(f"/v1/files/{file}"), 404, "not_found")
    assert rep.get(f"/v1/files/{loose}").status_code == 200
    refused(leader.get(f"/v1/files/{loose}"), 404, "not_found")
    refused(leader.get(f"/v1/files/{uuid.uuid4()}"), 404, "not_found")


def test_another_persons_file_cannot_be_attached(company: Company) -> None:
    """AUD-04: else attaching would be a way to read it."""
    rep, other = company.rep(), company.rep("赵强")
    claim = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})
    mine, theirs = uploaded(rep), uploaded(other)
    body = {"kind": "visit", "note": "带客户看了样板间，拍了合同照片", "files": [mine, theirs]}
    refused(rep.post(f"/v1/claims/{claim['id']}/follow-ups", body), 422, "field_invalid", "files.1")
    refused(rep.get(f"/v1/files/{theirs}"), 404, "not_found")


def test_the_same_upload_sent_again_is_one_file_whatever_its_boundary(company: Company) -> None:
    """Contract section 1, Idempotency: multipart is compared by its parts."""
    rep = company.rep()
    first, again = sent(rep, key="once"), sent(rep, key="once")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len([p for p in company.settings.file_folder.rglob("*") if p.is_file()]) == 1
    refused(sent(rep, content=PNG + b"!", key="once"), 422, "idempotency_mismatch")
    refused(sent(rep, name="other.png", key="once"), 422, "idempotency_mismatch")
    answer = company.call("POST", "/v1/files", token=rep.token, files={"file": ("a.png", PNG, "image/png")})
    refused(answer, 400, "idempotency_missing")


def test_an_upload_has_one_part_named_file(company: Company) -> None:
    """Contract section 1: unknown parts are refused, and so is a body of another type."""
    rep = company.rep()
    both = {"file": ("a.png", PNG, "image/png"), "other": ("b.png", PNG, "image/png")}
    refused(sent(rep, files=both), 422, "field_not_allowed", "other")
    refused(sent(rep, files={"other": ("b.png", PNG, "image/png")}), 422, "field_not_allowed", "other")
    twice = [("file", ("a.png", PNG, "image/png")), ("file", ("b.png", PNG, "image/png"))]
    refused(sent(rep, files=twice), 422, "field_invalid", "file")
    refused(company.call("POST", "/v1/files", token=rep.token, key="j", json={}), 415, "media_type_unsupported")
    refused(sent(rep, files={"file": (None, "text")}), 422, "field_invalid", "file")
    broken = company.call(
        "POST",
        "/v1/files",
        token=rep.token,
        key="b",
        content=b"--x\r\nnonsense",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code in (400, 422)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\客户\\合同.png", "合同.png"),
        ("../../etc/passwd.png", "passwd.png"),
        ("a\u202egnp.png", "agnp.png"),
        ("长" * 300 + ".png", "长" * 196 + ".png"),
    ],
)
def test_a_name_is_kept_without_folders_and_without_tricks(company: Company, name: str, kept: str) -> None:
    """DSP-09."""
    assert sent(company.rep(), name).json()["name"] == kept
