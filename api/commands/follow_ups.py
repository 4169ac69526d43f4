"""Logging work (跟进): CLM-15, CLM-16.

A later follow-up on an active claim only moves that claim's own idle deadline, so it is complete at once and nobody
is rung for (design section 2, the one exception). Everything else is a command for the drain.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.files import attached
from api.commands.received import on_claim, receive, record_correction, under_policy_of, visible_claim
from api.schemas.claims import FollowUpCorrection, FollowUpIn
from api.views.claims import serving_in
from api.views.follow_ups import follow_up_view, view_of
from domain.claims.confirmations import asks_after
from domain.claims.conflicts import also_worked
from domain.claims.follow_ups import Entry, is_late, unqualified, unrecorded, worked_on
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim
from domain.claims.permissions import authorise, may_sell
from domain.customers.fields import narrow
from domain.matters.draft import NewFollowUp
from domain.matters.inbox import next_instant, next_item
from domain.matters.matter import CommandKind, Matter
from domain.refusals import FieldError, Refusal
from storage import customers, history, matters, receptions, reminders, stages, texts
from storage import tables as t
from storage.claim_rows import claim_of, claim_row
from storage.database import Transaction, mint

_SETTLED = (ClaimState.ACTIVE, ClaimState.WON)


@on_claim
def log(tx: Transaction, caller: Caller, claim: str, body: FollowUpIn) -> Done | Waiting:
    """Log a follow-up on a claim."""
    row = visible_claim(tx, caller, claim)
    logged = _logged_before(tx, caller, claim, body.external_id)
    if logged is not None:
        return Done(200, follow_up_view(tx, logged))
    serves = serving_in(tx, [row]).get(claim) == caller.person
    if not serves and not may_sell(caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")
    if body.at is not None and body.at > caller.at:
        raise Refusal("date_invalid", rule="CLM-15", errors=(FieldError("at", "date_invalid"),))
    files = attached(tx, caller, body.files, claim=claim)
    locked = matters.lock(tx, row["matter"], of=claim)
    loaded = matters.load(tx, locked, also=(claim,), quiet=True)
    # Again under the lock: it may have been logged, or received, meanwhile.
    logged = _logged_before(tx, caller, claim, body.external_id)
    if logged is not None:
        return Done(200, follow_up_view(tx, logged))
    received = _received_before(caller, loaded, claim, body.external_id)
    if received is not None:
        return received
    data = _data(tx, caller, row, body, locked, files)
    data["filled"] = _filled(tx, caller, loaded.claims[claim], data)
    at_once = _at_once(caller, loaded, locked, claim, data)
    if at_once is None:
        return receive_locked(tx, caller, row, locked, data)
    worked, entry = at_once
    _save(tx, worked, entry)
    reminders.follow(tx, worked, former=loaded.claims[claim], setting=caller.setting, at=locked.now)
    matters.touch(tx, row["matter"], locked.now)
    said = {data["note"]: body.note, data["outcome"]: body.outcome or ""}
    return Done(201, view_of(matters.follow_up_row(entry), said, worked))


def _logged_before(tx: Transaction, caller: Caller, claim: str, external_id: str | None) -> str | None:
    """The follow-up of this number from another system (INT-03). Somebody else's is not given back as one's own."""
    if external_id is None:
        return None
    found = tx.row(
        sa.select(t.follow_up.c.id, t.follow_up.c.author).where(
            t.follow_up.c.claim == claim, t.follow_up.c.external_id == external_id
        )
    )
    if found is None:
        return None
    if found["author"] != caller.person:
        raise _taken()
    return str(found["id"])


def _received_before(caller: Caller, loaded: Matter, claim: str, external_id: str | None) -> Waiting | None:
    """The same, where it is not decided yet."""
    if external_id is None:
        return None
    for command in loaded.commands:
        if command.claim == claim and command.data.get("external_id") == external_id:
            if command.actor != caller.person:
                raise _taken()
            return Waiting(command=command.id, kind="claim", stream=claim)
    return None


def _taken() -> Refusal:
    return Refusal("field_invalid", rule="INT-03", errors=(FieldError("external_id", "field_invalid"),))


def receive_locked(
    tx: Transaction, caller: Caller, row: dict[str, Any], locked: matters.Locked, data: dict[str, Any]
) -> Waiting:
    """The follow-up as a command, with the stamp already taken."""
    return receive(
        tx,
        caller,
        row,
        CommandKind.FOLLOW_UP,
        lambda _: data,
        target_type="follow_up",
        target=data["follow_up"],
        locked=locked,
    )


def correct(tx: Transaction, caller: Caller, follow_up: str, body: FollowUpCorrection) -> Done:
    """A correction adds a version; the entry's effect on clocks stays (CLM-15)."""
    row, claim = _visible(tx, caller, follow_up)
    with under_policy_of(tx, claim["id"]):
        if row["author"] != caller.person:
            raise Refusal("not_allowed", rule="CLM-15")
    locked = matters.lock(tx, claim["matter"], of=claim["id"])
    # Read again under the lock: another correction, or the drain that voids it, may have come first.
    row = _row(tx, follow_up)
    with under_policy_of(tx, claim["id"]):
        if row["voided_at"] is not None:
            raise Refusal("illegal_transition", rule="CLM-16", facts={"voided": True})
    tx.insert(
        t.follow_up_revision,
        {
            "follow_up": follow_up,
            "revision": row["revision"],
            "note": row["note"],
            "outcome": row["outcome"],
            "next_at": row["next_at"],
            "replaced_at": locked.now,
        },
    )
    changes: dict[str, Any] = {"revision": row["revision"] + 1}
    key = customers.data_key(tx, claim["customer"])
    if body.note is not None:
        changes["note"] = texts.keep(tx, body.note, customer=claim["customer"], key=key) or blank_note(tx, claim, key)
    if body.outcome is not None:
        changes["outcome"] = texts.keep(tx, body.outcome, customer=claim["customer"], key=key)
    if body.next_at is not None:
        changes["next_at"] = body.next_at
    tx.execute(t.follow_up.update().where(t.follow_up.c.id == follow_up).values(changes))
    record_correction(
        tx,
        caller,
        claim,
        locked,
        follow_up=follow_up,
        revision=changes["revision"],
        digest=tx.keys.digest(body.note) if body.note is not None else None,
    )
    return Done(201, follow_up_view(tx, follow_up))


def void(tx: Transaction, caller: Caller, follow_up: str, reason: str) -> Waiting:
    """A supervisor voids an entry (CLM-16)."""
    _, claim = _visible(tx, caller, follow_up)
    with under_policy_of(tx, claim["id"]):
        authorise(CommandKind.VOID, claim_of(claim), actor=caller.actor, setting=caller.setting, at=caller.at)
    text = texts.keep(tx, reason, customer=claim["customer"])
    return receive(
        tx,
        caller,
        claim,
        CommandKind.VOID,
        lambda _: {"follow_up": follow_up, "text": text, "present": sorted(stages.filled_in(tx, claim["id"]))},
        target_type="follow_up",
        target=follow_up,
    )


def _data(
    tx: Transaction,
    caller: Caller,
    row: dict[str, Any],
    body: FollowUpIn,
    locked: matters.Locked,
    files: list[str],
) -> dict[str, Any]:
    sealed = locked.row["sealed_key"]
    key = tx.keys.data_key(sealed) if sealed is not None else None
    note = body.note.strip()
    answered = body.answered if body.answered is not None else body.kind != "message"
    told = body.kind == "visit" and receptions.has_site(tx, row["program"])
    return {
        "follow_up": mint(),
        "kind": body.kind,
        "told": told,
        "unconfirmed": told and locked.row["track"] == "channel",
        "note": texts.keep(tx, body.note, customer=row["customer"], key=key) or blank_note(tx, row, key),
        "note_chars": len(note),
        "note_digest": tx.keys.digest(" ".join(narrow(note).casefold().split())),
        "at": body.at or locked.now,
        "masked": locked.row["masked"],  # as of the receipt, however late it is decided
        "answered": answered,
        "outcome": texts.keep(tx, body.outcome, customer=row["customer"], key=key),
        "next_at": body.next_at,
        "files": files,
        "external_id": body.external_id,
    }


def _filled(tx: Transaction, caller: Caller, claim: Claim, data: dict[str, Any]) -> list[str] | None:
    """What the entry and its claim say by the receipt, where a stage asks for any of it (LEAD-12)."""
    if not any(stage.duties for stage in caller.setting.terms_of(claim).policy.sales_stages):
        return None
    own = {name for name in ("outcome", "next_at", "files") if data[name]}
    return sorted(own | stages.filled_in(tx, claim.id))


def blank_note(tx: Transaction, row: dict[str, Any], key: bytes | None) -> str:
    """An empty note is a note: it is kept, and counts for nothing."""
    identifier = mint()
    tx.insert(
        t.free_text,
        {
            "id": identifier,
            "customer": row["customer"],
            "sealed": tx.keys.seal("", key=key),
            "digest": tx.keys.digest(""),
        },
    )
    return identifier


def _at_once(
    caller: Caller, loaded: Matter, locked: matters.Locked, claim: str, data: dict[str, Any]
) -> tuple[Claim, NewFollowUp] | None:
    """The claim after the entry if nothing but its own idle deadline moves, and only later; else None."""
    held = loaded.claims[claim]
    if held.state not in _SETTLED or held.owner != caller.person or loaded.commands or loaded.parked:
        return None
    if next_item(loaded, setting=caller.setting, now=locked.now) is not None:
        return None
    if also_worked(loaded, held, caller.person):
        return None  # a drain tells their supervisors (DSP-19)
    entry = Entry.of(data)
    terms = caller.setting.terms_of(held)
    why = unqualified(held, entry, received_at=locked.now, terms=terms)
    worked = worked_on(held, entry, qualified=why is None, received_at=locked.now, terms=terms)
    if worked.visited_at != held.visited_at or (why is None and asks_after(held, entry.kind, terms.policy)):
        return None
    before = next_instant(loaded, claim, setting=caller.setting)
    after = next_instant(loaded.with_claim(worked), claim, setting=caller.setting)
    if (before is None) is not (after is None):
        return None  # the workflow sleeps without an instant, or must learn that there is none (POL-08)
    if before is not None and after is not None and after < before:
        return None
    return worked, NewFollowUp(
        id=data["follow_up"],
        claim=claim,
        author=caller.person,
        received_at=locked.now,
        data=data,
        qualified=why is None,
        why=why,
        late=is_late(entry.at, received_at=locked.now, terms=terms),
        unrecorded=unrecorded(held, entry, terms=terms) if why is None else (),
    )


def _save(tx: Transaction, worked: Claim, entry: NewFollowUp) -> None:
    """The fact, the later deadline and the history entry; no state changes."""
    tx.insert(t.follow_up, matters.follow_up_row(entry))
    row = claim_row(worked)
    tx.update(
        t.claim,
        {"id": worked.id},
        {"detail": row["detail"], "deadline": row["deadline"], "last_qualified_at": row["last_qualified_at"]},
    )
    history.append(
        tx,
        [
            history.Entry(
                stream=worked.id,
                stream_kind="claim",
                kind="follow_up",
                at=entry.received_at,
                actor=entry.author,
                policy_version=worked.terms.version,
                data={
                    "follow_up": entry.id,
                    "kind": entry.data["kind"],
                    "qualified": entry.qualified,
                    "why": entry.why,
                    "digest": entry.data["note_digest"],
                    "occurred_at": entry.data["at"],
                    "deadline": worked.deadline,
                    **({"missing": list(entry.unrecorded)} if entry.unrecorded else {}),
                },
            )
        ],
    )


def _visible(tx: Transaction, caller: Caller, follow_up: str) -> tuple[dict[str, Any], dict[str, Any]]:
    row = _row(tx, follow_up)
    return row, visible_claim(tx, caller, row["claim"])


def _row(tx: Transaction, follow_up: str) -> dict[str, Any]:
    row = tx.row(sa.select(t.follow_up).where(t.follow_up.c.id == follow_up))
    if row is None:
        raise Refusal("not_found")
    return row
