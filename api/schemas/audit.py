"""History, its check and its export (contract section 8)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import Output


class AuditEvent(Output):
    """One entry of any stream. ``data`` holds ids, codes, numbers and instants only (AUD-01)."""

    stream: str
    seq: int
    kind: str
    at: str
    actor: str | None
    reason: str | None
    policy_version: int | None
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    data: dict[str, Any]
    prev_hash: str
    hash: str


class AuditEventPage(Output):
    items: list[AuditEvent]
    next: str | None


class CheckpointOut(Output):
    """The newest checkpoint that counted; the signature is Ed25519, base64."""

    id: str
    at: str
    signature: str


class FirstBadOut(Output):
    """The first entry that is not as it was written, and what was done."""

    stream: str
    seq: int
    kind: Literal["edited", "deleted", "swapped", "inserted", "tail_cut"]


class FaultOut(Output):
    """A checkpoint file that is not what it was."""

    part: str
    kind: str


class LedgerFaultOut(Output):
    """An account that is not what its postings come to, an entry that is not as it must be (COM-06).

    ``performance``, ``month``: what a deal counts for, or the month in which, is not what its facts say (COM-13).
    """

    kind: Literal["balance", "entry", "orphan", "performance", "month"]
    subject: str
    currency: str | None
    by_minor: int


class VerdictOut(Output):
    """`ok` only where every entry, every stream's end, every checkpoint file and the ledger are right (AUD-02)."""

    ok: bool
    streams: int
    events: int
    checkpoint: CheckpointOut | None
    first_bad: FirstBadOut | None
    fault: FaultOut | None
    ledger: LedgerFaultOut | None
