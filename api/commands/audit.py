"""Taking a case out of the house: built, recorded, and only then answered (AUD-01, AUD-02)."""

from __future__ import annotations

from starlette.responses import Response

from api.call import Call
from api.commands.received import visible_claim
from api.reads import note_reads
from domain.refusals import FieldError, Refusal
from storage import history
from storage.bundle import make_bundle
from storage.database import Transaction


def export(call: Call, *, claim: str | None, dispute: str | None) -> Response:
    """The bundle of a claim that the caller reads. Disputes have none yet."""
    if claim is not None and dispute is not None:
        raise Refusal("field_invalid", errors=(FieldError("dispute", "field_invalid"),))
    if dispute is not None:
        raise Refusal("not_found")
    if claim is None:
        raise Refusal("field_missing", errors=(FieldError("claim", "field_missing"),))
    packed, own = call.read(lambda tx: _packed(tx, call, claim))
    call.services.database.transact(lambda tx: _record(tx, call.person, claim))
    note_reads(call, 0 if own else 1)
    return Response(
        packed,
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="claim-{claim}.zip"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def _packed(tx: Transaction, call: Call, claim: str) -> tuple[bytes, bool]:
    """The bundle, and whether the claim is the caller's own."""
    row = visible_claim(tx, call.caller, claim)
    settings = call.services.settings
    packed = make_bundle(
        tx, row, checkpoints=settings.checkpoint_folder, folder=settings.file_folder, at=call.caller.at
    )
    return packed, call.person in (row["reporter"], row["owner"])


def _record(tx: Transaction, person: str, claim: str) -> None:
    """If this cannot be written, nothing leaves the house."""
    entry = history.Entry(
        stream=person, stream_kind="person", kind="exported", at=tx.now(), actor=person, data={"claim": claim}
    )
    history.append(tx, [entry])
