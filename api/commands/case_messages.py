"""What is said in a case: kept as it was said, told to those it is for (DSP-06, NTF-01)."""

from __future__ import annotations

from api.auth import Caller
from api.call import Done
from api.commands.disputes import in_charge
from api.schemas.disputes import MessageIn
from api.views.case_messages import message_views
from api.views.claims import acting_for
from api.views.disputes import visible_dispute
from domain.disputes.room import Line, check_speaks, listeners, side_of
from domain.matters.draft import Notice
from storage import history, matters, texts
from storage import tables as t
from storage.database import Transaction, mint
from storage.disputes import dispute_of
from storage.notices import queue_notices


def say(tx: Transaction, caller: Caller, dispute: str, body: MessageIn) -> Done:
    """Nothing is decided by it, so nobody's workflow is woken."""
    row = visible_dispute(tx, caller, dispute)
    case, people, line = dispute_of(row), acting_for(caller), Line(body.line)
    check_speaks(case, line, people=people, in_charge=in_charge(tx, caller, row), release=body.release)
    locked = matters.lock(tx, row["matter"], of=dispute)
    side = side_of(case, people) if line is Line.ARBITRATOR else None
    said = {
        "id": mint(),
        "dispute": dispute,
        "line": line.value,
        "side": side,
        "author": caller.person,
        "at": locked.now,
        "text": texts.keep(tx, body.text, customer=row["customer"]),
        "released": bool(body.release),
    }
    tx.insert(t.case_message, said)
    matters.touch(tx, row["matter"], locked.now)
    told = [p for p in listeners(case, line, side=side) if p != caller.person]
    queue_notices(
        tx,
        [
            Notice(
                person=person,
                kind="dispute.message",
                urgency="normal",
                subject_type="dispute",
                subject=dispute,
                rule="DSP-06",
                policy_version=case.terms.version,
                facts={},
            )
            for person in told
        ],
        at=locked.now,
    )
    # In the history of whoever said it: that of the case is read by people who do not hear every line.
    entry = history.Entry(
        stream=caller.person,
        stream_kind="person",
        kind="message",
        at=locked.now,
        actor=caller.person,
        policy_version=case.terms.version,
        data={"dispute": dispute, "message": said["id"], "line": line.value, "text": said["text"]},
    )
    history.append(tx, [entry])
    return Done(201, message_views(tx, [said])[0])
