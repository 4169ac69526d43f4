"""Deliveries and planned reminders in the database: :class:`activities.ports.Outbox` (NTF-01, CLM-18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from activities.ports import Message, StoreTroubleError
from domain.claims.lifecycle import ENDED, ClaimState
from domain.claims.model import Claim, Clock
from domain.matters.draft import Notice, Task
from domain.matters.setting import Setting
from domain.notices import to_customers
from domain.refusals import Refusal
from storage import confirmations, reminders
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import rfc3339
from storage.database import Database, Transaction, mint
from storage.matters import save_tasks
from storage.notice_texts import worded
from storage.notices import queue_notices
from storage.setting import Snapshots

T = TypeVar("T")

_WAITING = (t.outbox.c.sent_at.is_(None), t.outbox.c.dead_at.is_(None))


class DatabaseOutbox:
    """What is to be sent, and what is to be remembered at a certain time.

    ``confirm_url``: the page on which customers answer, their code to be appended.
    """

    def __init__(self, database: Database, snapshots: Snapshots, *, confirm_url: str | None = None) -> None:
        self._database = database
        self._snapshots = snapshots
        self._confirm_url = confirm_url

    def remind(self, limit: int) -> int:
        if not self._read(lambda tx: _due_reminders(tx, 1)):
            return 0

        def write(tx: Transaction) -> int:
            setting = self._snapshots.setting(tx)
            # Locked: a courier that was taken for dead may be at it still, and each reminder is one notice.
            rows = _due_reminders(tx, limit, lock=True)
            if rows:
                _send_reminders(tx, rows, setting)
            return len(rows)

        return self._write(write)

    def due(self, channel: str, limit: int) -> Sequence[Message]:
        def read(tx: Transaction) -> list[Message]:
            rows = tx.rows(
                sa.select(t.outbox)
                .where(*_WAITING, t.outbox.c.channel == channel, t.outbox.c.due_at <= tx.now())
                .order_by(t.outbox.c.due_at, t.outbox.c.id)
                .limit(limit)
            )
            told = [r for r in rows if r["notice"] is not None]
            asked = [r for r in rows if r["confirmation"] is not None]
            messages = _messages(tx, told, self._snapshots.setting(tx)) if told else []
            return messages + _questions(tx, asked, self._confirm_url or "")

        return self._read(read)

    def give_up_others(self, channels: Collection[str], code: str) -> None:
        others = sa.and_(*_WAITING, t.outbox.c.channel.not_in(channels))
        if self._read(lambda tx: tx.row(sa.select(t.outbox.c.id).where(others).limit(1))) is not None:
            self._write(lambda tx: tx.execute(t.outbox.update().where(others).values(dead_at=tx.now(), error=code)))

    def sent(self, delivery: str) -> None:
        self._write(
            lambda tx: tx.execute(
                t.outbox.update().where(t.outbox.c.id == delivery).values(sent_at=tx.now(), error=None)
            )
        )

    def failed(self, delivery: str, code: str, *, for_good: bool) -> None:
        def write(tx: Transaction) -> None:
            row = tx.row(sa.select(t.outbox).where(t.outbox.c.id == delivery))
            if row is None:
                return
            now, tries = tx.now(), row["tries"] + 1
            limit = self._snapshots.setting(tx).company_policy_at(now).integer("notify.retry_max")
            values: dict[str, Any] = {"tries": tries, "error": code[:60]}
            if for_good or tries > limit:
                values["dead_at"] = now
            else:
                values["due_at"] = now + timedelta(seconds=min(3600, 2**tries))
            tx.execute(t.outbox.update().where(t.outbox.c.id == delivery).values(values))

        self._write(write)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._database.reading() as tx:
                return work(tx)
        except Refusal as refusal:
            raise StoreTroubleError from refusal

    def _write(self, work: Callable[[Transaction], T]) -> T:
        try:
            return self._database.transact(work)
        except Refusal as refusal:
            raise StoreTroubleError from refusal


def _messages(tx: Transaction, rows: list[dict[str, Any]], setting: Setting) -> list[Message]:
    """Each delivery with its words and its address."""
    notices = {
        r["id"]: r for r in tx.rows(sa.select(t.notice).where(t.notice.c.id.in_(sorted({r["notice"] for r in rows}))))
    }
    words = worded(tx, list(notices.values()), setting)
    people = {
        r["id"]: r
        for r in tx.rows(
            sa.select(t.person.c.id, t.person.c.email, t.person.c.locale).where(
                t.person.c.id.in_(sorted({n["person"] for n in notices.values()}))
            )
        )
    }
    found = []
    for row in rows:
        notice = notices[row["notice"]]
        person, said = people[notice["person"]], words[notice["id"]]
        found.append(
            Message(
                delivery=row["id"],
                notice=notice["id"],
                kind=notice["kind"],
                at=notice["at"],
                subject_type=notice["subject_type"],
                subject=notice["subject"],
                address=tx.keys.open_text(person["email"]),
                language="en" if person["locale"] == "en" else "zh",
                title=said.title,
                text=said.text,
                data={"person": notice["person"], "rule": notice["rule"], **notice["facts"]},
            )
        )
    return found


def _questions(tx: Transaction, rows: list[dict[str, Any]], page: str) -> list[Message]:
    """What customers are asked, to their own address (CNF-01); whoever sends short messages has it from the webhook."""
    found = []
    for row in rows:
        asked = tx.row(sa.select(t.confirmation).where(t.confirmation.c.id == row["confirmation"]))
        ready = confirmations.to_send(tx, asked) if asked is not None else None
        if asked is None or ready is None:
            continue
        contact, code = ready
        company = tx.execute(sa.select(t.company.c.name)).scalar_one()
        name = tx.execute(sa.select(t.person.c.name).where(t.person.c.id == asked["person"])).scalar()
        link, person = f"{page}{code}", tx.keys.open_text(name) or ""
        until = rfc3339(asked["until"]) if asked["until"] is not None else None
        found.append(
            Message(
                delivery=row["id"],
                notice=asked["id"],
                kind=to_customers.CONFIRMATION,
                at=asked["asked_at"],
                subject_type="claim",
                subject=asked["claim"],
                address=contact.email,
                language="zh",
                title=to_customers.confirmation_title(company),
                text=to_customers.confirmation_text(person, company=company, link=link),
                data={"phone": contact.phone, "email": contact.email, "link": link, "code": code, "until": until},
            )
        )
    return found


def _due_reminders(tx: Transaction, limit: int, *, lock: bool = False) -> list[dict[str, Any]]:
    due = (
        sa.select(t.reminder)
        .where(t.reminder.c.sent_at.is_(None), t.reminder.c.due_at <= tx.now())
        .order_by(t.reminder.c.due_at)
        .limit(limit)
    )
    return tx.rows(tx.locked(due) if lock else due)


def _send_reminders(tx: Transaction, rows: list[dict[str, Any]], setting: Setting) -> None:
    """Check each reminder again and send what is still true; those of one person are one list (CLM-18)."""
    now = tx.now()
    claims = _claims(tx, {r["claim"] for r in rows if r["clock"] != Clock.RHYTHM})
    # Locked: a follow-up that is logged meanwhile closes the task that is raised here, or is seen here.
    claims |= _claims(tx, {r["claim"] for r in rows if r["clock"] == Clock.RHYTHM}, lock=True)
    lists: dict[str, list[tuple[Claim, dict[str, Any]]]] = defaultdict(list)
    notices: list[Notice] = []
    for row in rows:
        claim = claims[row["claim"]]
        if row["clock"] == reminders.COMPLETION:
            _remind_of_completion(tx, claim, setting, notices, at=now)
        elif _is_true(claim, row):
            if setting.in_trial(claim.program, at=now):
                continue  # nobody is held to this deadline, and going live sets another one (POL-08)
            if row["clock"] == Clock.RHYTHM:
                notices += _follow_up_due(tx, claim, row, at=now)
            elif row["last"]:
                notices += _last_call(claim, row, setting, at=now)
            else:
                lists[claim.owner or claim.reporter].append((claim, row))
        else:
            # The deadline moved on without a drain, by a follow-up: plan for where it stands now.
            reminders.plan(tx, claim, former=None, setting=setting, at=now, completion=False)
    for person, entries in lists.items():
        notices.append(_morning_list(person, entries))
    queue_notices(tx, notices, at=now)
    tx.execute(t.reminder.update().where(t.reminder.c.id.in_([r["id"] for r in rows])).values(sent_at=now))


def _claims(tx: Transaction, ids: Collection[str], *, lock: bool = False) -> dict[str, Claim]:
    if not ids:
        return {}
    wanted = sa.select(t.claim).where(t.claim.c.id.in_(sorted(ids))).order_by(t.claim.c.id)
    return {r["id"]: claim_of(r) for r in tx.rows(tx.locked(wanted) if lock else wanted)}


def _is_true(claim: Claim, row: dict[str, Any]) -> bool:
    clock = claim.clock(Clock(row["clock"]))
    return claim.state not in ENDED and clock is not None and clock.deadline == row["deadline"]


def _follow_up_due(tx: Transaction, claim: Claim, row: dict[str, Any], *, at: datetime) -> list[Notice]:
    """The owner has the task to follow up; once it is overdue they are told, that once, and nothing else comes of it
    (LEAD-12).
    """
    owner = claim.owner
    if owner is None:
        return []
    task = Task(
        key=reminders.rhythm_key(claim.id),
        person=owner,
        kind="follow_up_due",
        subject_type="claim",
        subject=claim.id,
        due=row["deadline"],
    )
    save_tasks(tx, [task], [], at=at)
    if not row["last"]:
        return []
    return [
        Notice(
            person=owner,
            kind="reminder.rhythm",
            urgency="normal",
            subject_type="claim",
            subject=claim.id,
            rule="LEAD-12",
            policy_version=claim.terms.version,
            facts={
                "deadline": rfc3339(row["deadline"]),
                "clock": row["clock"],
                "cause": "overdue",
                **({"missing": list(claim.unrecorded)} if claim.unrecorded else {}),
            },
        )
    ]


def _last_call(claim: Claim, row: dict[str, Any], setting: Setting, *, at: datetime) -> list[Notice]:
    """The last one before a deadline goes alone, and to the supervisor too."""
    owner = claim.owner or claim.reporter
    supervisor = setting.supervisor(owner, program=claim.program, at=at)
    return [
        Notice(
            person=person,
            kind=f"reminder.{row['clock']}",
            urgency="urgent",
            subject_type="claim",
            subject=claim.id,
            rule="CLM-18",
            policy_version=claim.terms.version,
            facts={"deadline": rfc3339(row["deadline"]), "clock": row["clock"], "last": True},
        )
        for person in (owner, supervisor)
        if person is not None
    ]


def _morning_list(person: str, entries: list[tuple[Claim, dict[str, Any]]]) -> Notice:
    first, row = min(entries, key=lambda e: e[1]["deadline"])
    return Notice(
        person=person,
        kind=f"reminder.{row['clock']}",
        urgency="normal",
        subject_type="claim",
        subject=first.id,
        rule="CLM-18",
        policy_version=first.terms.version,
        facts={
            "deadline": rfc3339(row["deadline"]),
            "clock": row["clock"],
            "last": False,
            "list": [
                {"claim": claim.id, "clock": r["clock"], "deadline": rfc3339(r["deadline"])} for claim, r in entries
            ],
        },
    )


def _remind_of_completion(
    tx: Transaction, claim: Claim, setting: Setting, notices: list[Notice], *, at: datetime
) -> None:
    """Fields still missing after the completion time: a task for the supervisor, nothing lapses (CLM-02)."""
    if not claim.missing or claim.state in ENDED or claim.state is ClaimState.WON:
        return
    supervisor = setting.supervisor(claim.owner or claim.reporter, program=claim.program, at=at)
    if supervisor is None:
        return
    tx.insert_new(
        t.task,
        [
            {
                "id": mint(),
                "key": f"complete:{claim.id}",
                "person": supervisor,
                "kind": "complete_report",
                "subject_type": "claim",
                "subject": claim.id,
                "due": None,
                "state": "open",
                "created_at": at,
            }
        ],
    )
    notices.append(
        Notice(
            person=supervisor,
            kind="reminder.completion",
            urgency="normal",
            subject_type="claim",
            subject=claim.id,
            rule="CLM-02",
            policy_version=claim.terms.version,
            facts={"missing": list(claim.missing)},
        )
    )
