"""Files: taken in, attached to a follow-up or a request, given out again (contract section 5, DSP-09)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from api.auth import Caller
from api.call import Call, Done
from api.views.claims import readable
from api.views.disputes import reads_evidence
from domain.files import recognise
from domain.refusals import FieldError, Refusal
from storage import files
from storage import tables as t
from storage.database import Transaction

MEGABYTE = 1_000_000
_NAME_MAX = 200


def upload(call: Call, name: str, content: bytes) -> Response:
    """Check, seal, keep. The content is written before the transaction, which only has to name it."""
    new = _checked(call, name, content)
    folder = call.services.settings.file_folder
    row = files.store(call.services.database.keys, folder, new, person=call.person)
    kept = False

    def work(tx: Transaction) -> Done:
        nonlocal kept
        files.keep(tx, row, at=tx.now())
        kept = True
        return Done(201, file_view(row, new.name))

    try:
        answer = call.write(work)
    except BaseException:
        files.remove(folder, [row])
        raise
    if not kept:  # a repeat: the first upload stands
        files.remove(folder, [row])
    return answer


def attached(
    tx: Transaction, caller: Caller, wanted: list[str] | None, *, claim: str, field: str | None = None
) -> list[str]:
    """Ids of uploaded files, each once, now readable with ``claim``; one that the caller did not upload is refused.

    ``field``: what the request calls it, where it takes one file and no list.
    """
    found = list(dict.fromkeys(wanted or ()))
    if not found:
        return []
    known = set(
        tx.execute(
            sa.select(t.file.c.id).where(
                t.file.c.id.in_(found), t.file.c.uploaded_by == caller.person, t.file.c.sealed_key.is_not(None)
            )
        ).scalars()
    )
    wrong = [field or f"files.{place}" for place, name in enumerate(found) if name not in known]
    if wrong:
        raise Refusal("field_invalid", errors=tuple(FieldError(f, "field_invalid") for f in wrong))
    files.link(tx, found, claim)
    return found


def visible_file(tx: Transaction, caller: Caller, file: str) -> dict[str, Any]:
    """The row of a file that the caller uploaded or that goes with a claim or case they read; else ``not_found``."""
    row = files.row_of(tx, file)
    if row is None or row["sealed_key"] is None:
        raise Refusal("not_found")
    if row["uploaded_by"] == caller.person:
        return row
    claims = tx.rows(sa.select(t.claim).where(t.claim.c.id.in_(files.claims_of(tx, file))))
    if not any(readable(tx, caller, claim) for claim in claims) and not reads_evidence(tx, caller, file):
        raise Refusal("not_found")
    return row


def file_view(row: dict[str, Any], name: str) -> dict[str, Any]:
    """What is told of a file."""
    return {
        "id": row["id"],
        "name": name,
        "media_type": row["media_type"],
        "size": row["size"],
        "sha256": row["sha256"],
    }


def _checked(call: Call, name: str, content: bytes) -> files.NewFile:
    """Size by the service's limit, then kind and size by the company's policy (DSP-09)."""
    if len(content) > call.services.settings.file_max_bytes:
        raise Refusal("too_large", facts={"cap": call.services.settings.file_max_bytes})
    policy = call.setting.company_policy_at(call.caller.at)
    name = _clean(name)
    kind, families = recognise(name, content), policy.words("dispute.file_types")
    if kind is None or kind.family not in families:
        raise _refused(types=list(families))
    cap = policy.limit("dispute.file_mb")
    if cap is not None and len(content) > cap * MEGABYTE:
        raise _refused(cap_mb=cap)
    return files.NewFile(name=name, media_type=kind.media_type, content=content)


def _clean(name: str) -> str:
    """The last part of a path, without characters that no name has; the ending survives a cut."""
    last = name.replace("\\", "/").rpartition("/")[2]
    last = "".join(c for c in last if c.isprintable() and not "\ud800" <= c <= "\udfff").strip()
    stem, dot, ending = last.rpartition(".")
    return f"{stem[: _NAME_MAX - len(ending) - 1]}{dot}{ending}" if stem and len(ending) < 20 else last[:_NAME_MAX]


def _refused(**facts: Any) -> Refusal:
    return Refusal("file_not_allowed", facts=facts, errors=(FieldError("file", "file_not_allowed"),))
