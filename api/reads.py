"""Mass reading raises an alarm: reads of others' records are counted per person and hour (AUD-04).

Counting must not make reading dear, so a process counts in memory and writes in steps. With several processes the alarm
comes at most one step each too late; it comes once per person and hour, whoever writes the count that crosses the line.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from domain.matters.draft import Notice
from domain.matters.setting import Setting
from domain.refusals import Refusal
from storage import usage
from storage.database import Transaction
from storage.notices import queue_notices

if TYPE_CHECKING:
    from api.call import Call

_log = structlog.get_logger("fairclaim.api")
#: A count is written whenever so much of the limit has been read since the last time.
_STEPS = 30


class ReadMeter:
    """What people of this process have read and nobody has written down yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = ""
        self._pending: dict[str, int] = {}

    def add(self, person: str, hour: str, records: int, *, step: int) -> int:
        """Take in ``records``; how many to write now, 0 while they are less than ``step``."""
        with self._lock:
            if hour != self._hour:
                self._hour, self._pending = hour, {}
            total = self._pending.get(person, 0) + records
            due = total if total >= step else 0
            self._pending[person] = total - due
            return due


def note_reads(call: Call, records: int) -> None:
    """The caller has read ``records`` that are somebody else's. The answer never depends on it."""
    limit = call.setting.company_policy_at(call.caller.at).limit("alarm.reads_per_h")
    if limit is None or records == 0:
        return
    hour = usage.hour_of(call.caller.at)
    due = call.services.reads.add(call.person, hour, records, step=max(1, limit // _STEPS))
    if due == 0:
        return

    def work(tx: Transaction) -> None:
        total = usage.count(tx, call.person, usage.Act.READ, hour, by=due)
        if total - due <= limit < total:
            alarm(tx, call.person, "alarm.reads", call.setting, rule="AUD-04", facts={"count": total, "cap": limit})

    try:
        call.services.database.transact(work)
    except Refusal as refusal:
        _log.warning("reads_not_counted", code=refusal.code)


def note_claims(call: Call, claims: Iterable[Mapping[str, Any]]) -> None:
    """The caller has read ``claims``, as their readers see them; their own do not count."""
    note_reads(call, sum(call.person not in (claim["reporter"], claim["owner"]) for claim in claims))


def alarm(
    tx: Transaction,
    person: str,
    kind: str,
    setting: Setting,
    *,
    rule: str,
    facts: dict[str, int],
    program: str | None = None,
) -> None:
    """Tell those who oversee ``person`` what they did: oversight of their programs, and the administrators."""
    now = tx.now()
    organisation = setting.organisation
    programs = [
        p
        for p in setting.programs.values()
        if p.id == program or (program is None and p.is_member(person, organisation=organisation, at=now))
    ]
    told = {o for p in programs for o in p.oversight} | set(organisation.admins(at=now))
    queue_notices(
        tx,
        [
            Notice(
                person=one,
                kind=kind,
                urgency="urgent",
                subject_type="person",
                subject=person,
                rule=rule,
                policy_version=setting.company_policy_at(now).version,
                facts={"person": person, **facts},
            )
            # Whoever is the only one to be told is told of themselves rather than nobody.
            for one in sorted(told - {person} or told)
            if one in organisation.people and organisation.people[one].active
        ],
        at=now,
    )
