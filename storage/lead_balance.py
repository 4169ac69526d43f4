"""How many leads went to whom, and who hears that somebody's share is far off (LEAD-13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.leads.balance import LEADS, VALUE, Share, present_part, shares
from domain.leads.candidates import members, there_since
from domain.leads.model import OfferEnd, is_invalid
from domain.matters.draft import Notice
from domain.matters.setting import Setting
from storage import tables as t
from storage.database import Transaction
from storage.notices import queue_notices

_ALARM = "alarm.balance"
_BOTH = "both"


def window(setting: Setting, program: str, *, at: datetime) -> datetime:
    """Where `lead.balance_days` before ``at`` begin; ``at`` itself where they are off."""
    length = setting.policy_at(program, at=at).duration("lead.balance_days")
    return setting.calendar(program).subtract(at, length) if length is not None else at


def given(
    tx: Transaction, program: str, people: Sequence[str], *, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """Person, value and currency of each lead given out; one that ended invalid, or was replaced, counts for nobody."""
    o = t.lead_offer.c
    rows = tx.rows(
        sa.select(o.person, o.end, o.reason, t.lead.c.value_minor, t.lead.c.currency)
        .join(t.lead, t.lead.c.id == o.lead)
        .where(o.program == program, o.at >= start, o.at < end, o.person.in_(people))
    )
    return [r for r in rows if r["end"] != OfferEnd.REPLACED.value and not is_invalid(r["reason"])]


def shares_of(
    rows: Sequence[dict[str, Any]],
    people: Sequence[str],
    setting: Setting,
    program: str,
    *,
    start: datetime,
    end: datetime,
) -> tuple[Share, ...]:
    """What each of ``people`` got, against the share to be expected."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["person"]] = counts.get(row["person"], 0) + 1
    since = {p: there_since(p, program, setting=setting, start=start, end=end) for p in people}
    present = {p: present_part(p, setting.organisation, start=start, end=end, since=since[p]) for p in people}
    valued = [(r["person"], r["currency"], r["value_minor"]) for r in rows if r["value_minor"] is not None]
    return shares(counts, present, setting.policy_at(program, at=end), valued=valued)


def follow(tx: Transaction, setting: Setting) -> None:
    """Tell oversight and the supervisor of everybody whose share is out of tolerance, of number and of value once per
    window each.
    """
    now = tx.now()
    for program in setting.programs.values():
        if program.open:
            _follow(tx, setting, program.id, program.oversight, now)


def _follow(tx: Transaction, setting: Setting, program: str, oversight: Sequence[str], now: datetime) -> None:
    people, start = members(program, None, setting=setting, at=now), window(setting, program, at=now)
    found = shares_of(given(tx, program, people, start=start, end=now), people, setting, program, start=start, end=now)
    off = [share for share in found if share.alarm]
    if not off:
        return
    n = t.notice.c
    told = tx.rows(sa.select(n.facts).where(n.kind == _ALARM, n.subject == program, n.at > start))
    known = {(row["facts"].get("person"), word) for row in told for word in _off_of(row["facts"].get("cause"))}
    queue_notices(
        tx,
        [
            Notice(
                person=reader,
                kind=_ALARM,
                urgency="normal",
                subject_type="program",
                subject=program,
                rule="LEAD-13",
                policy_version=setting.policy_at(program, at=now).version,
                facts={"person": share.person, "count": share.leads, "cause": _BOTH if len(fresh) > 1 else fresh[0]},
            )
            for share in off
            if (fresh := [word for word in share.off if (share.person, word) not in known])
            for reader in dict.fromkeys((*oversight, setting.supervisor(share.person, program=program, at=now)))
            if reader is not None
        ],
        at=now,
    )


def _off_of(cause: str | None) -> tuple[str, ...]:
    """What an alarm told of; earlier ones told of numbers alone."""
    return (LEADS, VALUE) if cause == _BOTH else (cause or LEADS,)
