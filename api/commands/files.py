"""Files that go with a follow-up or a request."""

from __future__ import annotations

import sqlalchemy as sa

from api.auth import Caller
from domain.refusals import FieldError, Refusal
from storage import tables as t
from storage.database import Transaction


def attached(tx: Transaction, caller: Caller, files: list[str] | None) -> list[str]:
    """Ids of uploaded files, each once; one that the caller did not upload is refused."""
    wanted = list(dict.fromkeys(files or ()))
    if not wanted:
        return []
    known = set(
        tx.execute(
            sa.select(t.file.c.id).where(t.file.c.id.in_(wanted), t.file.c.uploaded_by == caller.person)
        ).scalars()
    )
    wrong = [f"files.{place}" for place, name in enumerate(wanted) if name not in known]
    if wrong:
        raise Refusal("field_invalid", errors=tuple(FieldError(f, "field_invalid") for f in wrong))
    return wanted
