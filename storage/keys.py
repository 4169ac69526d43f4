"""The key ring (密钥): one file beside the database, never in it (AUD-02, AUD-05).

``master`` seals personal data and the customers' own data keys, ``index`` makes blind indexes and digests of text,
``chain`` keys the history, ``signing`` signs checkpoints. Whoever has only the database can neither read a name nor
forge an entry.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_NONCE = 12


@dataclass(frozen=True)
class KeyRing:
    """Keys of one installation. Make it with :meth:`open`; a second start reads the same file."""

    master: bytes
    index: bytes
    chain: bytes
    signing: Ed25519PrivateKey

    @classmethod
    def open(cls, path: Path) -> KeyRing:
        """The keys in ``path``; a new file (mode 600) where there is none yet."""
        if not path.exists():
            _write(path)
        raw = {name: base64.b64decode(value) for name, value in json.loads(path.read_text()).items()}
        return cls(
            master=raw["master"],
            index=raw["index"],
            chain=raw["chain"],
            signing=Ed25519PrivateKey.from_private_bytes(raw["signing"]),
        )

    @classmethod
    def fresh(cls) -> KeyRing:
        """New keys that are kept nowhere, for tests."""
        return cls(
            master=secrets.token_bytes(32),
            index=secrets.token_bytes(32),
            chain=secrets.token_bytes(32),
            signing=Ed25519PrivateKey.generate(),
        )

    @property
    def fingerprint(self) -> str:
        """Tells this ring from another; a database remembers which ring it was written with."""
        return hashlib.sha256(b"fairclaim ring" + self.chain + self.index + self.master).hexdigest()

    @property
    def public_key(self) -> bytes:
        """PEM of the key that verifies checkpoints and case bundles."""
        return self.signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def blind(self, field: str, value: str) -> bytes:
        """The blind index of a normalised value: equal values are found, none is read back."""
        return hmac.digest(self.index, f"{field}\0{value}".encode("utf-8", "surrogatepass"), "sha256")

    def digest(self, text: str) -> str:
        """A keyed digest of free text, for histories and for telling a repeat (AUD-01, CLM-16)."""
        return hmac.new(self.index, b"text\0" + text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()

    def link(self, content: bytes) -> bytes:
        """The keyed hash of a history entry (AUD-02)."""
        return hmac.digest(self.chain, content, "sha256")

    def seal(self, text: str | None, *, key: bytes | None = None) -> bytes | None:
        """AES-256-GCM of ``text`` under ``key`` (default: master), nonce in front; None stays None."""
        if text is None:
            return None
        return seal_bytes(key or self.master, text.encode())

    def open_text(self, sealed: bytes | None, *, key: bytes | None = None) -> str | None:
        """The inverse of :meth:`seal`."""
        if sealed is None:
            return None
        return open_bytes(key or self.master, sealed).decode()

    def new_data_key(self) -> tuple[bytes, bytes]:
        """A fresh data key for one customer, and the same sealed with the master key."""
        key = secrets.token_bytes(32)
        return key, seal_bytes(self.master, key)

    def data_key(self, sealed: bytes) -> bytes:
        return open_bytes(self.master, sealed)


def seal_bytes(key: bytes, content: bytes) -> bytes:
    """AES-256-GCM, a random nonce in front."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def open_bytes(key: bytes, sealed: bytes) -> bytes:
    """The inverse of :func:`seal_bytes`; InvalidTag where key or content differ."""
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = KeyRing.fresh()
    private = ring.signing.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    content = {
        name: base64.b64encode(value).decode()
        for name, value in (
            ("master", ring.master),
            ("index", ring.index),
            ("chain", ring.chain),
            ("signing", private),
        )
    }
    # Written aside and linked into place: two processes that start together agree on one ring.
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
