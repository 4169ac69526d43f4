"""``fairclaim verify``: check the history of an installation, or a case bundle on its own (AUD-02)."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from domain.refusals import Refusal
from storage.bundle import fingerprint, verify_bundle
from storage.database import Database
from storage.installation import WrongKeysError
from storage.keys import KeyRing
from storage.settings import Settings
from storage.verification import Verdict
from storage.verification import verify as check_history
from worker.progress import progress_on_stderr


class UncheckedError(Exception):
    """Nothing could be checked; the message is for people."""


def verify(
    *,
    data: Annotated[Path, Parameter(name="--data", help="The data folder.")] = Path(".data"),
    bundle: Annotated[
        Path | None, Parameter(help="Check this exported case instead; needs neither database nor data folder.")
    ] = None,
    public_key: Annotated[
        Path | None,
        Parameter(help="PEM of the key the bundle must be signed with; default: this installation's, else its own."),
    ] = None,
    stream: Annotated[
        str | None, Parameter(help="Check only the history of this claim, person or other object.")
    ] = None,
    as_json: Annotated[bool, Parameter(name="--json", help="Print the result as JSON.")] = False,
) -> int:
    """Check every history entry against the key and the signed checkpoints, and count balances and performance again.

    Exit 1 if anything is not as it was.
    """
    settings = Settings(data=data)
    try:
        verdict = (
            _bundle(bundle, public_key, settings) if bundle is not None else _installation(settings, stream=stream)
        )
    except UncheckedError as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 1
    print(json.dumps(verdict.as_json()) if as_json else _sentence(verdict))
    return 0 if verdict.ok else 1


def _installation(settings: Settings, *, stream: str | None) -> Verdict:
    if not settings.key_file.exists():
        raise UncheckedError(f"there is no key file {settings.key_file}; nothing can be checked without it")
    try:
        stream = str(uuid.UUID(stream)) if stream is not None else None
    except ValueError:
        raise UncheckedError(f"{stream} is not the id of anything") from None
    keys = KeyRing.open(settings.key_file)
    database = Database(settings.url, keys=keys, patient=True)
    try:
        with progress_on_stderr().step("Checking the history") as note:
            return check_history(
                database,
                keys,
                settings.checkpoint_folder,
                stream=stream,
                progress=lambda done: note(f"{done:,} entries"),
            )
    except WrongKeysError:
        raise UncheckedError(f"{settings.key_file} is not the key file this database was written with") from None
    except Refusal as refusal:
        raise UncheckedError(f"the database does not answer ({refusal.code})") from None
    finally:
        database.close()


def _bundle(bundle: Path, public_key: Path | None, settings: Settings) -> Verdict:
    if not bundle.exists():
        raise UncheckedError(f"there is no file {bundle}")
    if public_key is not None:
        try:
            known = public_key.read_bytes()
            fingerprint(known)
        except (OSError, ValueError):
            raise UncheckedError(f"{public_key} is not the PEM file of an Ed25519 key") from None
        return verify_bundle(bundle, known)
    if settings.key_file.exists():
        return verify_bundle(bundle, KeyRing.open(settings.key_file).public_key)
    print("fairclaim: checked with the key in the bundle; compare it with that of whoever made it", file=sys.stderr)
    return verify_bundle(bundle)


def _sentence(verdict: Verdict) -> str:
    counted = f"{verdict.events:,} entries in {verdict.streams:,} streams"
    since = f"checkpoint of {verdict.checkpoint.at}" if verdict.checkpoint is not None else "no checkpoint yet"
    if verdict.ok:
        return f"ok: {counted}, {since}"
    found = []
    if verdict.first_bad is not None:
        bad = verdict.first_bad
        what = {"entry": "", "head": ", by the stream's recorded end", "claim": ", by the claim's row"}[bad.where]
        found.append(f"entry {bad.seq} of {bad.stream}: {bad.kind}{what}")
    if verdict.fault is not None:
        found.append(f"{verdict.fault.part}: {verdict.fault.kind}")
    if verdict.ledger is not None:
        wrong = verdict.ledger
        by = f" by {wrong.by_minor} {wrong.currency}" if wrong.currency is not None else ""
        found.append(f"ledger: {wrong.kind} {wrong.subject} is off{by}")
    return f"not ok: {'; '.join(found)} ({counted}, {since})"
