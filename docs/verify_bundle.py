"""Check a case bundle of Fairclaim offline: this file, Python 3.11 and the library `cryptography` are all it takes.

    python verify_bundle.py BUNDLE.zip [--key PUBLIC-KEY.pem]

Exit 0: whole and signed. Exit 1: not as it was made; the first fault is named. Get the key from where you trust it:
without `--key` the one in the bundle counts, and then only its fingerprint tells who made it. Format: audit.md.
"""

import argparse
import base64
import hashlib
import json
import sys
import zipfile
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

BUNDLE_FORMAT, SEAL_FORMAT = "fairclaim-bundle/1", "fairclaim-checkpoint/1"
MANIFEST, EVENTS, CHECKPOINT, KEY = "bundle.json", "events.jsonl", "checkpoint.json", "public-key.pem"
LARGEST = 500_000_000


class Fault(Exception):  # noqa: N818 - a word of ours would say less
    """What is not as it was made."""


def canonical(value):
    """JSON in its one form: keys in order, no blanks, UTF-8. What is signed and hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def check(path, trusted=None):
    """The number of entries and the seal of the checkpoint (or None) of a bundle that is whole; else `Fault`."""
    parts = read(path)
    key = public_key(trusted if trusted is not None else parts.get(KEY, b""))
    if KEY not in parts or fingerprint(public_key(parts[KEY])) != fingerprint(key):
        raise Fault(f"{KEY}: missing, or another key than yours")
    manifest = check_manifest(parts, key)
    for name in sorted({*manifest["parts"], *parts} - {MANIFEST}):
        if name not in parts:
            raise Fault(f"{name}: missing")
        if name not in manifest["parts"]:
            raise Fault(f"{name}: inserted")
        if name != EVENTS and sha256(parts[name]) != manifest["parts"][name]:
            raise Fault(f"{name}: edited")
    lines = parts[EVENTS].splitlines()
    for place, digest in enumerate(manifest["entries"]):
        if place >= len(lines) or sha256(lines[place]) != digest:
            raise Fault(f"{EVENTS}: entry {place + 1} is not the one that was signed")
    if len(lines) != len(manifest["entries"]) or sha256(parts[EVENTS]) != manifest["parts"][EVENTS]:
        raise Fault(f"{EVENTS}: more than was signed")
    entries = [json.loads(line) for line in lines]
    check_links(entries)
    return len(entries), check_checkpoint(parts[CHECKPOINT], manifest, entries, key)


def read(path):
    """Name and content of every part."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > LARGEST:
                raise Fault("too large for a bundle")
            parts = {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise Fault(f"not readable: {error}") from None
    if len(parts) != len(infos):
        raise Fault("a part is there twice")
    return parts


def public_key(pem):
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise Fault(f"{KEY}: not a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Fault(f"{KEY}: not an Ed25519 key")
    return key


def fingerprint(key):
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def check_manifest(parts, key):
    """The manifest, if the key signed it."""
    try:
        signed = json.loads(parts[MANIFEST])
        manifest = signed["manifest"]
        key.verify(base64.b64decode(signed["signature"], validate=True), canonical(manifest))
        if manifest["format"] != BUNDLE_FORMAT or EVENTS not in manifest["parts"]:
            raise ValueError
    except (InvalidSignature, KeyError, TypeError, ValueError):
        raise Fault(f"{MANIFEST}: missing, edited, or signed by somebody else") from None
    return manifest


def check_links(entries):
    """Every entry names the hash of the one before it, the first one zeros."""
    previous = "00" * 32
    for place, entry in enumerate(entries, start=1):
        if entry["seq"] != place or entry["prev_hash"] != previous:
            raise Fault(f"{EVENTS}: entry {place} does not follow the one before it")
        previous = entry["hash"]


def check_checkpoint(content, manifest, entries, key):
    """The seal that vouches for the entries that were there then; None where all are younger than the last one."""
    try:
        shown = json.loads(content)
        if shown["seal"] is None:
            return None
        seal = shown["seal"]
        key.verify(base64.b64decode(shown["signature"], validate=True), canonical(seal))
        line = shown["line"].encode()
        node = hashlib.sha256(b"\0" + line).digest()
        for side, sibling in shown["path"]:
            pair = (bytes.fromhex(sibling), node) if side == "left" else (node, bytes.fromhex(sibling))
            node = hashlib.sha256(b"\1" + pair[0] + pair[1]).digest()
        stream, first, run = json.loads(line)
        hashes = [run[i : i + 64] for i in range(0, len(run), 64)]
        held = [entry["hash"] for entry in entries[first - 1 : first - 1 + len(hashes)]]
        named = manifest["claim"] if "claim" in manifest else manifest["dispute"]
        if seal["format"] != SEAL_FORMAT or node.hex() != seal["root"] or stream != named or held != hashes:
            raise ValueError
    except (InvalidSignature, AttributeError, KeyError, TypeError, ValueError):
        raise Fault(f"{CHECKPOINT}: does not vouch for these entries") from None
    return seal


def main():
    parser = argparse.ArgumentParser(description="Check a case bundle of Fairclaim offline.")
    parser.add_argument("bundle")
    parser.add_argument("--key", help="PEM of the public key that the bundle must be signed with")
    wanted = parser.parse_args()
    try:
        trusted = None
        if wanted.key is not None:
            with open(wanted.key, "rb") as file:
                trusted = file.read()
        entries, seal = check(wanted.bundle, trusted)
        signer = fingerprint(public_key(trusted if trusted is not None else read(wanted.bundle)[KEY]))
    except (Fault, OSError) as fault:
        print(f"not ok: {fault}")
        return 1
    print(f"ok: {entries} entries, {'checkpoint of ' + seal['at'] if seal else 'no checkpoint yet'}")
    print(f"signed with the key {signer}" + ("" if trusted is not None else " (from the bundle: compare it)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
