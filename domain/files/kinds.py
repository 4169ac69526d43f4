"""Kinds of files by their first bytes and the ending of their name; both must agree (DSP-09)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Values of ``dispute.file_types``.
FAMILIES: Final = ("image", "pdf", "audio", "office")


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind: its family, the endings it goes by, the media type it is given out with, and how it is told."""

    family: str
    endings: tuple[str, ...]
    media_type: str
    matches: Callable[[bytes], bool]


def recognise(name: str, content: bytes) -> FileKind | None:
    """The kind whose ending ``name`` has and whose signature ``content`` has; None if there is none."""
    stem, dot, ending = name.rpartition(".")
    if not stem or not dot:
        return None
    return next((k for k in _KINDS if ending.lower() in k.endings and k.matches(content)), None)


def family_of(media_type: str) -> str | None:
    """The family of files that are given out as ``media_type``."""
    return next((k.family for k in _KINDS if k.media_type == media_type), None)


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda content: content[:4] == b"RIFF" and content[8:12] == form


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """An ISO media file of one of these major brands."""
    return lambda content: content[4:8] == b"ftyp" and content[8:12] in brands


def _is_bitmap(content: bytes) -> bool:
    # Two letters alone are no signature; the four reserved bytes of the header are zero.
    return content[:2] == b"BM" and len(content) >= 26 and content[6:10] == bytes(4)


def _is_mp3(content: bytes) -> bool:
    if content[:3] == b"ID3":
        return True
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE0 != 0xE0:
        return False
    # A frame header: version, layer and bit rate are none of their reserved values.
    return content[1] >> 3 & 3 != 1 and content[1] >> 1 & 3 == 1 and content[2] >> 4 != 15


def _package(folder: str) -> Callable[[bytes], bool]:
    """An Office Open XML package whose parts lie in ``folder``, without macros."""

    def check(content: bytes) -> bool:
        names = _members(content)
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not any(name.lower().endswith("vbaproject.bin") for name in names)
        )

    return check


def _open_document(media_type: str) -> Callable[[bytes], bool]:
    """An OpenDocument file: a package that begins with its own media type, stored without compression."""
    mark = b"mimetype" + media_type.encode()
    return lambda content: content[:4] == b"PK\x03\x04" and content[30 : 30 + len(mark)] == mark


def _members(content: bytes) -> list[str]:
    if content[:4] != b"PK\x03\x04":
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return package.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return []


_OLE = _starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"

_KINDS: Final = (
    FileKind("image", ("jpg", "jpeg"), "image/jpeg", _starts(b"\xff\xd8\xff")),
    FileKind("image", ("png",), "image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    FileKind("image", ("gif",), "image/gif", _starts(b"GIF87a", b"GIF89a")),
    FileKind("image", ("webp",), "image/webp", _riff(b"WEBP")),
    FileKind("image", ("bmp",), "image/bmp", _is_bitmap),
    FileKind("image", ("tif", "tiff"), "image/tiff", _starts(b"II*\x00", b"MM\x00*")),
    FileKind("image", ("heic", "heif"), "image/heic", _brand(b"heic", b"heix", b"hevc", b"mif1", b"msf1")),
    FileKind("pdf", ("pdf",), "application/pdf", _starts(b"%PDF-")),
    FileKind("audio", ("mp3",), "audio/mpeg", _is_mp3),
    FileKind("audio", ("wav",), "audio/wav", _riff(b"WAVE")),
    FileKind("audio", ("m4a",), "audio/mp4", _brand(b"M4A ", b"M4B ", b"mp42", b"isom", b"3gp4", b"3gp5")),
    FileKind("audio", ("aac",), "audio/aac", _starts(b"\xff\xf1", b"\xff\xf9")),
    FileKind("audio", ("amr",), "audio/amr", _starts(b"#!AMR")),
    FileKind("audio", ("ogg", "oga", "opus"), "audio/ogg", _starts(b"OggS")),
    FileKind("audio", ("flac",), "audio/flac", _starts(b"fLaC")),
    FileKind("office", ("docx",), f"{_OPEN_XML}.wordprocessingml.document", _package("word/")),
    FileKind("office", ("xlsx",), f"{_OPEN_XML}.spreadsheetml.sheet", _package("xl/")),
    FileKind("office", ("pptx",), f"{_OPEN_XML}.presentationml.presentation", _package("ppt/")),
    FileKind("office", ("doc",), "application/msword", _OLE),
    FileKind("office", ("xls",), "application/vnd.ms-excel", _OLE),
    FileKind("office", ("ppt",), "application/vnd.ms-powerpoint", _OLE),
    FileKind("office", ("odt",), f"{_OPEN_DOCUMENT}.text", _open_document(f"{_OPEN_DOCUMENT}.text")),
    FileKind("office", ("ods",), f"{_OPEN_DOCUMENT}.spreadsheet", _open_document(f"{_OPEN_DOCUMENT}.spreadsheet")),
    FileKind("office", ("odp",), f"{_OPEN_DOCUMENT}.presentation", _open_document(f"{_OPEN_DOCUMENT}.presentation")),
)
