"""Taking a case out of the house: built, recorded, and only then answered (AUD-01, AUD-02)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from api.call import Call
from api.commands.received import visible_claim
from api.reads import note_reads
from api.views.case_messages import whole_talk
from api.views.disputes import visible_dispute, whole_evidence
from domain.refusals import FieldError, Refusal
from storage import history
from storage.bundle import make_bundle, make_case_bundle
from storage.database import Transaction


def export(call: Call, *, claim: str | None, dispute: str | None) -> Response:
    """The bundle of a claim or a dispute that the caller reads."""
    if claim is not None and dispute is not None:
        raise Refusal("field_invalid", errors=(FieldError("dispute", "field_invalid"),))
    if dispute is not None:
        case = dispute
        packed, own = call.read(lambda tx: _packed_case(tx, call, case))
        subject = {"dispute": dispute}
    elif claim is not None:
        named = claim
        packed, own = call.read(lambda tx: _packed(tx, call, named))
        subject = {"claim": claim}
    else:
        raise Refusal("field_missing", errors=(FieldError("claim", "field_missing"),))
    call.services.database.transact(lambda tx: _record(tx, call.person, subject))
    note_reads(call, 0 if own else 1)
    ((kind, named),) = subject.items()
    return Response(
        packed,
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{kind}-{named}.zip"',
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


def _packed_case(tx: Transaction, call: Call, dispute: str) -> tuple[bytes, bool]:
    """The bundle with what the caller is shown, and whether the caller is a party."""
    row = visible_dispute(tx, call.caller, dispute)
    settings = call.services.settings
    packed = make_case_bundle(
        tx,
        row,
        items=whole_evidence(tx, row),
        messages=whole_talk(tx, call.caller, row),
        checkpoints=settings.checkpoint_folder,
        folder=settings.file_folder,
        at=call.caller.at,
    )
    return packed, any(p["person"] == call.person for p in row["detail"]["parties"])


def _record(tx: Transaction, person: str, subject: Mapping[str, str]) -> None:
    """If this cannot be written, nothing leaves the house."""
    entry = history.Entry(stream=person, stream_kind="person", kind="exported", at=tx.now(), actor=person, data=subject)
    history.append(tx, [entry])
