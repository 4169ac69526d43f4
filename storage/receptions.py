"""Sites and receptions in the database: the queue under its lock, receptions to the domain's and back (LEAD-08)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from domain.claims.model import Arrival, Claim
from domain.leads.rotation import Skip
from domain.reception.lifecycle import AT_WORK, ReceptionState
from domain.reception.model import CALL, Reception, Recognition, Way
from domain.reception.queue import Presence, Queue
from domain.reception.visits import Confirmer, Visit, Why
from storage import merges
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import pack, unpack
from storage.database import Transaction
from storage.lead_rows import rotation_of, rotation_row

#: Columns that carry the domain's field of the same name.
_SAME = (
    "id",
    "site",
    "program",
    "matter",
    "customer",
    "source",
    "server",
    "owner",
    "arrived_at",
    "completed_at",
    "ended_at",
    "claim",
    "recognise_by",
    "version",
)
#: Fields that are kept in the detail as they are.
_PLAIN = (
    "makeup",
    "turn_of",
    "asked",
    "served_before",
    "asks_for",
    "code_of",
    "need",
    "called_at",
    "wait_until",
    "greeted_at",
)
_LISTS = ("passed", "features", "identifying")

#: A customer, and the project of theirs that it is about, if any.
Subject = tuple[str, str | None]


def has_site(tx: Transaction, program: str) -> bool:
    """Whether customers of the program are received anywhere: else their visits are only told (CLM-09)."""
    return tx.row(sa.select(t.site.c.id).where(t.site.c.program == program).limit(1)) is not None


def channel_reports(tx: Transaction, program: str, subject: str) -> list[Claim]:
    """What was reported of a customer, or of a project of theirs, in the track of partners (LEAD-14)."""
    matter = merges.matter_of(tx, program=program, subject=subject, track="channel")
    rows = tx.rows(sa.select(t.claim).where(t.claim.c.matter == matter)) if matter is not None else []
    return [claim_of(row) for row in rows]


def arrivals(tx: Transaction, program: str, subjects: Iterable[Subject]) -> dict[Subject, tuple[Arrival, ...]]:
    """When each customer, or project of theirs, was received in the program, in any track: all records of the
    customer, but not who was closed as no visitor of ours (LEAD-14).
    """
    wanted = tuple(subjects)
    if not wanted:
        return {}
    records = merges.records_of_all(tx, {customer for customer, _ in wanted})
    c = t.reception.c
    rows = tx.rows(
        sa.select(c.id, c.customer, c.project, c.arrived_at, c.detail)
        .where(
            c.program == program,
            c.customer.in_(sorted({r for found in records.values() for r in found})),
            c.state != ReceptionState.CLOSED.value,
            c.source != CALL,
        )
        .order_by(c.arrived_at, c.id)
    )
    came = {row["id"]: _arrival(row) for row in rows}
    voided = _voided(tx, rows) if any(one.counted for one in came.values()) else frozenset()
    came |= {id_: replace(came[id_], counted=False) for id_ in voided}
    return {
        (customer, project): tuple(
            came[row["id"]]
            for row in rows
            if (row["project"] == project if project is not None else row["customer"] in records[customer])
        )
        for customer, project in wanted
    }


def _voided(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Those of the receptions whose partner-led visit was voided in the follow-ups of its report: it confirms nothing
    any more (LEAD-14, CLM-16). What a broker only tells of the same instant is not that visit.
    """
    visits = {row["id"]: unpack(row["detail"]).get("visit") or {} for row in rows}
    f = t.follow_up.c
    found = tx.rows(
        sa.select(f.claim, f.at)
        .where(f.claim.in_(sorted({v["report"] for v in visits.values() if v.get("report")})))
        .where(f.kind == "visit", f.voided_at.is_not(None), f.why.is_distinct_from("visit.confirm_h"))
    )
    gone = {(one["claim"], one["at"]) for one in found}
    return frozenset(row["id"] for row in rows if (visits[row["id"]].get("report"), row["arrived_at"]) in gone)


def _arrival(row: Mapping[str, Any]) -> Arrival:
    detail = unpack(row["detail"])
    visit = _visit_of(detail["visit"]) if "visit" in detail else None
    return Arrival(
        id=row["id"],
        at=row["arrived_at"],
        broker=visit.broker if visit is not None else None,
        counted=visit is not None and visit.counted_at is not None,
    )


def lock_site(tx: Transaction, site: str) -> tuple[dict[str, Any], Queue] | None:
    """The row of a site and its queue, held until the transaction ends; None if there is none.

    The lock comes after those of matters and people and before heads of histories, like that of a rotation.
    """
    row = tx.row(tx.locked(sa.select(t.site).where(t.site.c.id == site)))
    return (row, queue_of(row["queue"])) if row is not None else None


def buddies(tx: Transaction, program: str, people: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Who serves for each of ``people`` where they cannot, at the sites of a program from the oldest on (LEAD-15)."""
    c = t.site.c
    found: dict[str, dict[str, None]] = {}
    for kept in tx.execute(sa.select(c.queue).where(c.program == program).order_by(c.created_at, c.id)).scalars():
        for person, buddy in queue_of(kept).buddies.items():
            if person in people:
                found.setdefault(person, {})[buddy] = None
    return {person: tuple(some) for person, some in found.items()}


def save_queue(tx: Transaction, site: str, queue: Queue) -> None:
    """Write the queue of a site whose lock is held."""
    tx.update(t.site, {"id": site}, {"queue": queue_row(queue)})


def queue_of(kept: Mapping[str, Any]) -> Queue:
    """The queue that :func:`queue_row` kept; that of a new site is empty."""
    if not kept:
        return Queue()
    return Queue(
        day=date.fromisoformat(kept["day"]) if kept["day"] is not None else None,
        rotation=rotation_of(kept["rotation"]),
        present={person: Presence(said) for person, said in kept["present"].items()},
        buddies=kept["buddies"],
        swaps=kept["swaps"],
    )


def queue_row(queue: Queue) -> dict[str, Any]:
    """What is kept of a queue: all it takes to go on after a restart (LEAD-09)."""
    return {
        "day": queue.day.isoformat() if queue.day is not None else None,
        "rotation": rotation_row(queue.rotation),
        "present": {person: said.value for person, said in queue.present.items()},
        "buddies": dict(queue.buddies),
        "swaps": dict(queue.swaps),
    }


def at_work(tx: Transaction, site: str, day: date, *, beside: Collection[str] = ()) -> dict[str, Skip]:
    """Who serves a reception of that day, or is called to, apart from those ``beside``: with their own customer, or by
    a turn.
    """
    c = t.reception.c
    states = sorted(state.value for state in AT_WORK)
    found: dict[str, Skip] = {}
    rows = sa.select(c.server, c.owner).where(c.site == site, c.day == day, c.state.in_(states))
    for row in tx.rows(rows.where(c.id.not_in(sorted(beside)))):
        if row["server"] is not None:
            own = row["server"] == row["owner"]
            found[row["server"]] = Skip.BUSY if own else found.get(row["server"], Skip.SERVING)
    return found


def reception_of(row: Mapping[str, Any]) -> Reception:
    """The domain's reception of a row."""
    detail = unpack(row["detail"])
    known: dict[str, Any] = {name: tuple(detail[name]) for name in _LISTS if name in detail}
    return Reception(
        **{name: row[name] for name in _SAME},
        **{name: detail[name] for name in _PLAIN if name in detail},
        **known,
        recognised=tuple(Recognition(*said) for said in detail.get("recognised", ())),
        visit=_visit_of(detail["visit"]) if "visit" in detail else None,
        state=ReceptionState(row["state"]),
        way=Way(detail["way"]) if "way" in detail else None,
    )


def insert(tx: Transaction, reception: Reception, more: Mapping[str, Any]) -> None:
    """An arrival that was just registered; ``more``: columns that the domain does not know."""
    row = {name: getattr(reception, name) for name in _SAME}
    tx.insert(t.reception, {**row, **_changeable(tx, reception), "owner_team": _team(tx, reception.owner), **more})


def update(tx: Transaction, reception: Reception) -> None:
    """Write a reception after a step, under the lock of its site."""
    values = {
        name: getattr(reception, name)
        for name in ("server", "completed_at", "ended_at", "claim", "recognise_by", "version")
    }
    tx.update(t.reception, {"id": reception.id}, {**values, **_changeable(tx, reception)})


def _changeable(tx: Transaction, reception: Reception) -> dict[str, Any]:
    detail: dict[str, Any] = {name: getattr(reception, name) for name in _PLAIN if getattr(reception, name)}
    detail |= {name: list(getattr(reception, name)) for name in _LISTS if getattr(reception, name)}
    if reception.way is not None:
        detail["way"] = reception.way.value
    if reception.recognised:
        detail["recognised"] = [[said.person, said.claim, said.at] for said in reception.recognised]
    if reception.visit is not None:
        detail["visit"] = _visit_row(reception.visit)
    return {"state": reception.state.value, "team": _team(tx, reception.server), "detail": pack(detail)}


def _visit_of(kept: Mapping[str, Any]) -> Visit:
    return Visit(
        broker=kept["broker"],
        report=kept["report"],
        why=Why(kept["why"]) if kept["why"] is not None else None,
        confirm_by=kept["confirm_by"],
        confirmed={Confirmer(by): (person, at) for by, (person, at) in kept["confirmed"].items()},
        counted_at=kept["counted_at"],
    )


def _visit_row(visit: Visit) -> dict[str, Any]:
    return {
        "broker": visit.broker,
        "report": visit.report,
        "why": visit.why.value if visit.why is not None else None,
        "confirm_by": visit.confirm_by,
        "confirmed": {by.value: list(said) for by, said in visit.confirmed.items()},
        "counted_at": visit.counted_at,
    }


def _team(tx: Transaction, person: str | None) -> str | None:
    """The person's team as of now: whoever leads it today reads of the reception."""
    if person is None:
        return None
    return str(tx.execute(sa.select(t.person.c.team).where(t.person.c.id == person)).scalar_one())
