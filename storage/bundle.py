"""Case bundles (案卷导出): what a reader of a claim or dispute takes away, signed, for anybody to check (AUD-02).

A zip file of
* ``events.jsonl``: the entries of its stream, one canonical JSON object a line: what the keyed hash covers,
  and the hash;
* ``checkpoint.json``: the seal of the newest checkpoint that names the stream, the stream's line in it and the path of
  hashes from that line to the sealed root: whoever keeps seals elsewhere sees that the entries were there then;
* ``texts.jsonl`` and ``files/``: free texts and files that the entries refer to, as far as the reader may read them
  and nobody erased them;
* of a dispute also ``evidence.jsonl`` and ``messages.jsonl``, as its reader is shown them;
* ``public-key.pem``: the key that everything is signed with;
* ``bundle.json``: the manifest, with the SHA-256 of every other part and of every line of events, and its signature.

Keyed hashes cannot be worked out without the key; offline the manifest's signature vouches for the content, and the
entries' hashes and links tie it to the checkpoint. The format is in docs/audit.md.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from storage import files, texts
from storage import tables as t
from storage.checkpoints import Checkpoint, Evidence, Fault, check_seal, evidence, parse_line
from storage.codec import canonical, plain, rfc3339
from storage.database import Transaction
from storage.history import GENESIS
from storage.merkle import root_from
from storage.tampering import name
from storage.verification import FirstBad, Verdict

FORMAT = "fairclaim-bundle/1"

MANIFEST, EVENTS, CHECKPOINT, TEXTS, KEY = (
    "bundle.json",
    "events.jsonl",
    "checkpoint.json",
    "texts.jsonl",
    "public-key.pem",
)
#: Parts that only the bundle of a dispute has.
EVIDENCE, MESSAGES = "evidence.jsonl", "messages.jsonl"
#: A bundle whose parts are larger than this is no bundle.
_PART_MAX = 500_000_000
_PARTS_MAX = 20_000


def make_bundle(tx: Transaction, claim: Mapping[str, Any], *, checkpoints: Path, folder: Path, at: datetime) -> bytes:
    """The zip file of a claim, for somebody who is known to read it. ``folder`` holds the uploaded files."""
    entries = _entries(tx, claim["id"])
    parts = {
        TEXTS: _joined(canonical(text) for text in _texts(tx, claim, entries)),
        **_files(tx, files.files_of(tx, [claim["id"]]), folder),
    }
    subject = {"claim": claim["id"], "receipt": claim["receipt"]}
    return _signed(tx, subject, claim["id"], entries, parts, checkpoints=checkpoints, at=at)


def make_case_bundle(
    tx: Transaction,
    dispute: Mapping[str, Any],
    *,
    items: Sequence[Mapping[str, Any]],
    messages: Sequence[Mapping[str, Any]],
    checkpoints: Path,
    folder: Path,
    at: datetime,
) -> bytes:
    """The zip file of a dispute, with the ``items`` of evidence and ``messages`` as its reader is shown them (DSP-09).

    What the reader may not hear is in no part: the history of a case does not refer to what was said on its lines.
    """
    entries = _entries(tx, dispute["id"])
    parts = {
        TEXTS: _joined(canonical(text) for text in _case_texts(tx, dispute, entries)),
        EVIDENCE: _joined(canonical(plain(item)) for item in items),
        MESSAGES: _joined(canonical(plain(message)) for message in messages),
        **_files(tx, files.files_of_cases(tx, [dispute["id"]]), folder),
    }
    subject = {"dispute": dispute["id"], "number": dispute["number"]}
    return _signed(tx, subject, dispute["id"], entries, parts, checkpoints=checkpoints, at=at)


def verify_bundle(path: Path, public_key: bytes | None = None) -> Verdict:
    """Check a bundle with nothing but itself and, where given, the PEM of the key it must be signed with.

    Without ``public_key`` the enclosed one counts: then the bundle is whole, and who made it is for the reader to
    find out by comparing the key.
    """
    try:
        parts = _unzipped(path)
        key = _public_key(public_key if public_key is not None else parts.get(KEY, b""))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        return _spoilt(Fault(path.name, "unreadable"))
    if KEY not in parts:
        return _spoilt(Fault(KEY, "missing"))
    if public_key is not None and not _same_key(parts[KEY], key):
        return _spoilt(Fault(KEY, "other_key"))
    manifest = _manifest(parts.get(MANIFEST), key)
    if manifest is None:
        return _spoilt(Fault(MANIFEST, "edited" if MANIFEST in parts else "missing"))
    return _Checked(parts, manifest, key).verdict()


def fingerprint(public_key: bytes) -> str:
    """What people compare of a public key: the SHA-256 of its DER form."""
    key = _public_key(public_key)
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


# --- making ------------------------------------------------------------------------------------------------------


def _signed(
    tx: Transaction,
    subject: Mapping[str, Any],
    stream: str,
    entries: Sequence[Mapping[str, Any]],
    parts: Mapping[str, bytes],
    *,
    checkpoints: Path,
    at: datetime,
) -> bytes:
    """The zip file of ``stream``: its entries, where a checkpoint names them, ``parts``, and the signed manifest."""
    keys = tx.keys
    lines = [canonical(_entry(row)) for row in entries]
    whole = {
        EVENTS: _joined(lines),
        CHECKPOINT: canonical(_shown(evidence(checkpoints, keys, stream))) + b"\n",
        KEY: keys.public_key,
        **parts,
    }
    manifest = {
        "format": FORMAT,
        "made_at": rfc3339(at),
        **subject,
        "head": {"seq": entries[-1]["seq"], "hash": entries[-1]["hash"].hex()} if entries else None,
        "entries": [_sha256(line) for line in lines],
        "parts": {part: _sha256(content) for part, content in sorted(whole.items())},
    }
    signature = base64.b64encode(keys.signing.sign(canonical(manifest))).decode()
    whole[MANIFEST] = canonical({"manifest": manifest, "signature": signature}) + b"\n"
    return _zipped(whole, at)


def _entries(tx: Transaction, stream: str) -> list[dict[str, Any]]:
    return tx.rows(sa.select(t.event).where(t.event.c.stream == stream).order_by(t.event.c.seq))


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    entry = {name_: value for name_, value in row.items() if name_ != "written"}
    entry |= {"prev_hash": row["prev_hash"].hex(), "hash": row["hash"].hex()}
    shown: dict[str, Any] = plain(entry)
    return shown


def _shown(shown: Evidence | None) -> dict[str, Any]:
    if shown is None:
        return {"seal": None, "signature": None, "line": None, "index": None, "path": []}
    return {
        "seal": shown.checkpoint.seal,
        "signature": shown.checkpoint.signature,
        "line": shown.line.decode(),
        "index": shown.index,
        "path": [[side, sibling.hex()] for side, sibling in shown.path],
    }


def _texts(
    tx: Transaction, claim: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> list[dict[str, str | None]]:
    """Texts that readers of the claim see: in the report, its follow-ups and requests, and as reasons of decisions.

    An erased one is named without its words: the history still refers to it (AUD-05).
    """
    wanted: dict[str, str] = {}
    for field in ("need", "progress", "reason_text"):
        if claim[field] is not None:
            wanted[claim[field]] = field
    for row in tx.rows(sa.select(t.follow_up).where(t.follow_up.c.claim == claim["id"])):
        wanted |= {row[f]: f"follow_up.{f}" for f in ("note", "outcome", "voided_text") if row[f] is not None}
    for row in tx.rows(sa.select(t.request).where(t.request.c.claim == claim["id"])):
        if row["reason_text"] is not None:
            wanted[row["reason_text"]] = "request.reason"
    for entry in entries:
        for field in ("text", "shares"):  # `shares`: what a special approval says of them (CLM-34)
            said = entry["data"].get(field)
            if isinstance(said, str):
                wanted.setdefault(said, f"{entry['kind']}.{field}")
    known = texts.read(tx, wanted)
    return [{"id": id_, "of": wanted[id_], "text": known.get(id_)} for id_ in sorted(wanted)]


def _case_texts(
    tx: Transaction, dispute: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> list[dict[str, str | None]]:
    """The statement, what was proposed, and whatever else the history of a case refers to."""
    wanted: dict[str, str] = {}
    if dispute["statement"] is not None:
        wanted[dispute["statement"]] = "statement"
    wanted |= {p["text"]: "proposal.text" for p in dispute["detail"]["proposals"] if p["text"] is not None}
    for entry in entries:
        for field in ("text", "reason", "facts", "question", "missing"):
            if isinstance(said := entry["data"].get(field), str):
                wanted.setdefault(said, f"{entry['kind']}.{field}")
        for found in entry["data"].get("violations") or ():
            if found["text"] is not None:
                wanted.setdefault(found["text"], f"{entry['kind']}.violation")
    known, kept = texts.read(tx, wanted), texts.digests(tx, wanted)
    return [{"id": id_, "of": wanted[id_], "text": known.get(id_)} for id_ in sorted(kept)]


def _files(tx: Transaction, rows: Iterable[Mapping[str, Any]], folder: Path) -> dict[str, bytes]:
    """Attached files under their ids, and ``files/index.jsonl`` with what they are; erased ones are only listed."""
    parts: dict[str, bytes] = {}
    index = []
    for row in rows:
        content = files.content_of(tx, folder, row)
        if content is not None:
            parts[f"files/{row['id']}"] = content
        index.append(
            {
                "id": row["id"],
                "name": files.name_of(tx, row),
                "media_type": row["media_type"],
                "size": row["size"],
                "sha256": row["sha256"],
                "erased": content is None,
            }
        )
    return {"files/index.jsonl": _joined(canonical(i) for i in index), **parts}


def _zipped(parts: Mapping[str, bytes], at: datetime) -> bytes:
    packed = io.BytesIO()
    moment = max(at.astimezone(UTC), datetime(1980, 1, 1, tzinfo=UTC)).timetuple()[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(zipfile.ZipInfo(part, date_time=moment), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- checking ----------------------------------------------------------------------------------------------------


@dataclass
class _Checked:
    """A bundle whose manifest is signed; the rest is compared with it."""

    parts: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    key: Ed25519PublicKey

    @property
    def stream(self) -> str:
        """Whose history the bundle is: that of a claim or of a dispute."""
        named: str = self.manifest["claim"] if "claim" in self.manifest else self.manifest["dispute"]
        return named

    def verdict(self) -> Verdict:
        lines = self.parts.get(EVENTS, b"").splitlines()
        first_bad = self._first_bad(lines)
        # Entries that are not those of the manifest need not be compared with a checkpoint as well.
        checkpoint, fault = self._checkpoint(lines) if first_bad is None else (None, None)
        fault = self._wrong_part(but=EVENTS if first_bad is not None else None) or fault
        return Verdict(
            ok=first_bad is None and fault is None,
            streams=1,
            events=len(lines),
            checkpoint=checkpoint,
            first_bad=first_bad,
            fault=fault,
        )

    def _first_bad(self, lines: list[bytes]) -> FirstBad | None:
        """Lines by the digests in the manifest: the same question as in the database, with an easier answer."""
        signed: list[str] = self.manifest["entries"]
        found = [_sha256(line) for line in lines]
        p = next(
            (place for place, digest in enumerate(signed) if place >= len(found) or found[place] != digest), len(signed)
        )
        if p == len(found) == len(signed):
            return None
        rest = [signed.index(d) + 1 if d in signed else None for d in found[p:]]
        kind = name(
            p + 1,
            left=bool(rest),
            first=rest[0] if rest else None,
            p_later=p + 1 in rest[1:],
            first_again=bool(rest) and rest[0] in rest[1:],
        )
        # Behind the last signed line there is nothing to edit.
        return FirstBad(self.stream, p + 1, "inserted" if p == len(signed) else kind)

    def _wrong_part(self, but: str | None) -> Fault | None:
        signed: Mapping[str, str] = self.manifest["parts"]
        for part in sorted({*signed, *self.parts} - {MANIFEST, but}):
            if part not in self.parts:
                return Fault(part, "missing")
            if part not in signed:
                return Fault(part, "inserted")
            if _sha256(self.parts[part]) != signed[part]:
                return Fault(part, "edited")
        return None

    def _checkpoint(self, lines: list[bytes]) -> tuple[Checkpoint | None, Fault | None]:
        """The checkpoint that the entries are shown to be in, None where they were written after the last one."""
        try:
            shown = json.loads(self.parts[CHECKPOINT])
            entries = [json.loads(line) for line in lines]
            if not _is_linked(entries):
                return None, Fault(EVENTS, "unlinked")
            if shown["seal"] is None:
                return None, None
            found = check_seal(shown, self.key)
            line = shown["line"].encode()
            root = root_from(line, [(side, bytes.fromhex(sibling)) for side, sibling in shown["path"]])
            stream, first, hashes = parse_line(line)
            held = [bytes.fromhex(entry["hash"]) for entry in entries[first - 1 : first - 1 + len(hashes)]]
            if found is None or root.hex() != found.seal["root"] or stream != self.stream or held != hashes:
                return None, Fault(CHECKPOINT, "edited")
            return found, None
        except (KeyError, ValueError, TypeError, AttributeError):
            return None, Fault(CHECKPOINT, "edited")


def _is_linked(entries: list[dict[str, Any]]) -> bool:
    previous = GENESIS.hex()
    for place, entry in enumerate(entries, start=1):
        if entry["seq"] != place or entry["prev_hash"] != previous:
            return False
        previous = entry["hash"]
    return True


def _spoilt(fault: Fault) -> Verdict:
    return Verdict(ok=False, streams=0, events=0, checkpoint=None, first_bad=None, fault=fault)


def _unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > _PARTS_MAX or sum(i.file_size for i in infos) > _PART_MAX:
            raise ValueError("too large")
        parts = {info.filename: archive.read(info) for info in infos}
        if len(parts) != len(infos):
            raise ValueError("a part is there twice")
        return parts


def _public_key(pem: bytes) -> Ed25519PublicKey:
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key


def _same_key(pem: bytes, key: Ed25519PublicKey) -> bool:
    try:
        return _public_key(pem) == key
    except ValueError:
        return False


def _manifest(raw: bytes | None, key: Ed25519PublicKey) -> dict[str, Any] | None:
    """The manifest if ``key`` signed it."""
    try:
        signed = json.loads(raw or b"")
        manifest: dict[str, Any] = signed["manifest"]
        key.verify(base64.b64decode(signed["signature"], validate=True), canonical(manifest))
        return manifest if manifest["format"] == FORMAT else None
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return None
