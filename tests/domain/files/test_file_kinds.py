"""A file is what its first bytes and the ending of its name both say (DSP-09)."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.files import FAMILIES, recognise
from domain.policy.parameters import PARAMETERS


def package(*names: str, first: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        if first:
            made.writestr(zipfile.ZipInfo("mimetype"), first)
        for name in names:
            made.writestr(zipfile.ZipInfo(name), "x")
    return content.getvalue()


_DOCX = package("[Content_Types].xml", "word/document.xml")
_SAMPLES = {
    "a.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image", "image/jpeg"),
    "a.JPEG": (b"\xff\xd8\xff\xe1", "image", "image/jpeg"),
    "a.png": (b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    "a.gif": (b"GIF89a", "image", "image/gif"),
    "a.webp": (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image", "image/webp"),
    "a.bmp": (b"BM" + b"\x46\x00\x00\x00" + bytes(4) + b"\x36" + bytes(20), "image", "image/bmp"),
    "a.tiff": (b"II*\x00\x08", "image", "image/tiff"),
    "a.heic": (b"\x00\x00\x00\x18ftypheic", "image", "image/heic"),
    "a.pdf": (b"%PDF-1.4", "pdf", "application/pdf"),
    "a.mp3": (b"ID3\x04", "audio", "audio/mpeg"),
    "b.mp3": (b"\xff\xfb\x90\x64", "audio", "audio/mpeg"),
    "a.wav": (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio", "audio/wav"),
    "a.m4a": (b"\x00\x00\x00\x20ftypM4A ", "audio", "audio/mp4"),
    "a.amr": (b"#!AMR\n", "audio", "audio/amr"),
    "a.ogg": (b"OggS\x00", "audio", "audio/ogg"),
    "a.docx": (_DOCX, "office", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "a.xlsx": (
        package("[Content_Types].xml", "xl/workbook.xml"),
        "office",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office", "application/msword"),
    "a.odt": (
        package("content.xml", first=b"application/vnd.oasis.opendocument.text"),
        "office",
        "application/vnd.oasis.opendocument.text",
    ),
}


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_a_file_of_an_allowed_kind_is_recognised(name: str) -> None:
    content, family, media_type = _SAMPLES[name]
    kind = recognise(name, content)
    assert kind is not None
    assert (kind.family, kind.media_type) == (family, media_type)


@pytest.mark.parametrize("name", sorted(_SAMPLES))
@pytest.mark.parametrize("other", sorted(_SAMPLES))
def test_the_content_of_another_kind_is_not_taken_for_it(name: str, other: str) -> None:
    same = _SAMPLES[name][2] == _SAMPLES[other][2]
    assert (recognise(name, _SAMPLES[other][0]) is not None) == same


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a", _DOCX),
        (".docx", _DOCX),
        ("a.zip", _DOCX),
        ("a.docm", _DOCX),
        ("a.docx", package("word/document.xml")),
        ("a.docx", package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("a.docx", package("[Content_Types].xml", "xl/workbook.xml")),
        ("a.docx", _DOCX[:40]),
        ("a.bmp", b"BM and some text that is no picture at all"),
        ("a.mp3", b"\xff\xff\xff\xff"),
        ("a.png", b""),
    ],
)
def test_what_only_looks_like_an_allowed_file_is_not_recognised(name: str, content: bytes) -> None:
    assert recognise(name, content) is None


def test_the_families_are_the_values_of_the_policy() -> None:
    assert PARAMETERS["dispute.file_types"].choices == FAMILIES


@given(
    ending=st.sampled_from(sorted(name.rpartition(".")[2] for name in _SAMPLES)),
    content=st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"PK\x03\x04" + rest),
)
def test_no_content_breaks_the_recognition(ending: str, content: bytes) -> None:
    recognise(f"a.{ending}", content)
