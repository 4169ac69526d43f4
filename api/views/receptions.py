"""Sites, queues and receptions as their readers see them (contract section 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, customers_of, scope_of
from api.views.pools import pooled_customer
from domain.claims.lifecycle import OPEN
from domain.leads.rotation import Skip, next_turn
from domain.people.access import SELLING, Place, has_any_scope, has_role
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.reception.desk import Desk
from domain.reception.lifecycle import ReceptionState
from domain.reception.model import CALL, Reception, missing_steps
from domain.reception.queue import Queue
from domain.reception.visits import Visit, needed, objections_until
from domain.refusals import Refusal
from storage import customers, features, merges, receptions, texts
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

_S = ReceptionState
_OPEN = frozenset({_S.WAITING, _S.CALLED, _S.SERVING})


# --- who -------------------------------------------------------------------------------------------------------------


def is_desk(caller: Caller, program: str) -> bool:
    """Whether the caller registers arrivals of the program: reception or an admin over it (前台)."""
    place, organisation = Place(program=program), caller.setting.organisation
    return has_role(caller.actor, {Role.RECEPTION, Role.ADMIN}, organisation=organisation, at=caller.at, place=place)


def is_duty_manager(caller: Caller, site: Mapping[str, Any]) -> bool:
    """Whether the caller decides where the rotation of a site cannot (值班经理)."""
    place, organisation = Place(program=site["program"]), caller.setting.organisation
    roles = {Role.MANAGER, Role.ADMIN}
    return caller.person == site["lead"] or has_role(
        caller.actor, roles, organisation=organisation, at=caller.at, place=place
    )


def takes_turns(caller: Caller, program: str) -> bool:
    """Whether the caller may sign in: own people of the program who sell."""
    setting = caller.setting
    sells = has_any_scope(caller.actor, SELLING - {Role.BROKER}, organisation=setting.organisation, at=caller.at)
    return sells and _belongs(caller, program)


def visible_site(tx: Transaction, caller: Caller, site: str) -> Row:
    """The row of a site the caller knows of; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.site).where(t.site.c.id == site))
    if row is None or not _knows(caller, row["program"]):
        raise Refusal("not_found")
    return row


def visible_reception(tx: Transaction, caller: Caller, reception: str) -> Row:
    """The row of a reception the caller reads; else ``not_found``."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception, _readable(caller)))
    if row is None:
        raise Refusal("not_found")
    return row


def _belongs(caller: Caller, program: str) -> bool:
    setting = caller.setting
    return setting.programs[program].is_member(caller.person, organisation=setting.organisation, at=caller.at)


def _knows(caller: Caller, program: str) -> bool:
    """Members of the program, the desk, readers of the program; no people of a partner: who comes is in-house."""
    if caller.setting.organisation.partner_of(caller.person) is not None:
        return False
    scope = scope_of(caller)
    reads = scope.everything or program in scope.programs
    return reads or _belongs(caller, program) or is_desk(caller, program)


def _readable(caller: Caller) -> sa.ColumnElement[bool]:
    """Server, owner and their leaders, the desk, the duty manager, whoever reads the program."""
    scope = scope_of(caller)
    if scope.everything:
        return sa.true()
    c, mine = t.reception.c, acting_for(caller)
    ways: list[sa.ColumnElement[bool]] = [
        c.server.in_(mine),
        c.owner.in_(mine),
        c.registered_by == caller.person,
        c.site.in_(sa.select(t.site.c.id).where(t.site.c.lead == caller.person)),
    ]
    programs = {p for p in caller.setting.programs if is_desk(caller, p)} | scope.programs
    if programs:
        ways.append(c.program.in_(sorted(programs)))
    if scope.teams:
        teams = sorted(scope.teams)
        ways += [c.team.in_(teams), c.owner_team.in_(teams)]
    return sa.or_(*ways)


# --- sites -----------------------------------------------------------------------------------------------------------


def site_page(tx: Transaction, caller: Caller, *, program: str | None, limit: int, cursor: str | None) -> Row:
    """`GET /v1/sites`, newest first."""
    known = sorted(p for p in caller.setting.programs if program in (None, p) and _knows(caller, p))
    rows, following = page(
        tx,
        sa.select(t.site).where(t.site.c.program.in_(known)),
        time_column=t.site.c.created_at,
        id_column=t.site.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "sites", "program": program},
    )
    return {"items": [_site(tx, caller, row) for row in rows], "next": following}


def site_view(tx: Transaction, caller: Caller, site: str) -> Row:
    """One site, which the caller is known to see, with its queue as of now."""
    row = tx.row(sa.select(t.site).where(t.site.c.id == site))
    assert row is not None
    return _site(tx, caller, row)


def desk_at(
    tx: Transaction, caller: Caller, site: Mapping[str, Any], queue: Queue, *, beside: Sequence[str] = ()
) -> Desk:
    """The site as of now: its queue of today, and who of it cannot serve.

    ``beside``: receptions that are in hand, whose servers are not kept by them.
    """
    setting, program, at = caller.setting, site["program"], tx.now()
    policy, calendar = setting.policy_at(program, at=at), setting.calendar(program)
    day = calendar.local_date(at)
    queue = queue.on(day, carry_over=policy.choice("rotation.order") == "carry_over")
    unable: dict[str, Skip] = dict(receptions.at_work(tx, site["id"], day, beside=beside))
    for person in queue.present:
        absence = setting.organisation.absence_of(person, at=at)
        if not setting.organisation.is_active(person, at=at):
            unable[person] = Skip.ABSENT
        elif absence is not None:
            unable[person] = Skip.DUTY if absence.duty else Skip.ABSENT
    return Desk(queue=queue, at=at, policy=policy, calendar=calendar, unable=unable)


def _site(tx: Transaction, caller: Caller, row: Row) -> Row:
    desk = desk_at(tx, caller, row, receptions.queue_of(row["queue"]))
    queue = desk.queue
    skips = {p: why for p in queue.present if (why := desk.why_not(p)) is not None}
    turn, _ = next_turn(queue.rotation, tuple(queue.present), skips=skips, makeup=True)
    return {
        "id": row["id"],
        "program": row["program"],
        "name": row["name"],
        "lead": row["lead"],
        "queue": [
            {
                "person": person,
                "presence": queue.present[person].value,
                "serving": desk.unable.get(person) in (Skip.BUSY, Skip.SERVING),
                "makeup": queue.rotation.owed_to(person),
                "buddy": queue.buddies.get(person),
                "swap_with": queue.swaps.get(person),
            }
            for person in queue.in_order()
        ],
        "next": turn.person if turn is not None else None,
        "version": row["version"],
    }


# --- receptions ------------------------------------------------------------------------------------------------------


def reception_page(
    tx: Transaction, caller: Caller, filters: Mapping[str, str | None], *, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/receptions`, the latest arrival first."""
    statement = sa.select(t.reception).where(_readable(caller))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(t.reception.c[name] == value)
    rows, following = page(
        tx,
        statement,
        time_column=t.reception.c.arrived_at,
        id_column=t.reception.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "receptions", **filters},
    )
    return {"items": _views(tx, caller, rows), "next": following}


def reception_view(tx: Transaction, caller: Caller, reception: str) -> Row:
    """One reception by id, which the caller is known to read."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    assert row is not None
    return _views(tx, caller, [row])[0]


def _views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    people = customers_of(tx, {r["customer"] for r in rows})
    found = {r["id"]: receptions.reception_of(r) for r in rows}
    said = texts.read(tx, (one.need for one in found.values()))
    noticed = features.read(tx, (i for one in found.values() for i in one.features + one.identifying), at=tx.now())
    c, k = t.claim.c, t.command.c
    claims = {r["claim"] for r in rows if r["claim"] is not None}
    # What a completed reception makes is decided after it: until then, and if nothing comes of it, there is no claim.
    made = set(tx.execute(sa.select(c.id).where(c.id.in_(sorted(claims)))).scalars()) if claims else set()
    undecided = sa.select(k.id, k.target).where(k.target.in_(sorted(found)), k.decided_at.is_(None))
    pending = {r["target"]: {"command": r["id"]} for r in tx.rows(undecided)}
    sites = {r["id"]: r for r in tx.rows(sa.select(t.site).where(t.site.c.id.in_({r["site"] for r in rows})))}
    return [
        {
            **_view(caller, found[r["id"]], sites[r["site"]]),
            "track": r["track"],
            "customer": people[r["customer"]],
            "project": r["project"],
            "need": said.get(found[r["id"]].need or ""),
            "features": [noticed[i].text for i in found[r["id"]].features if i in noticed],
            "identifying": {noticed[i].field: noticed[i].text for i in found[r["id"]].identifying if i in noticed},
            "claim": r["claim"] if r["claim"] in made else None,
            "pending": pending.get(r["id"]),
        }
        for r in rows
    ]


def _view(caller: Caller, one: Reception, site: Row) -> Row:
    policy = caller.setting.policy_at(one.program, at=caller.at)
    return {
        "id": one.id,
        "site": one.site,
        "program": one.program,
        "source": one.source,
        "state": one.state.value,
        "way": one.way.value if one.way is not None else None,
        "server": one.server,
        "owner": one.owner,
        "makeup": one.makeup,
        "served_before": one.served_before,
        "asks_for": one.asks_for,
        "code_of": one.code_of,
        "missing": _missing(one, policy),
        "recognise_by": _text(one.recognise_by),
        "recognised": [{"person": s.person, "claim": s.claim, "at": rfc3339(s.at)} for s in one.recognised],
        "arrived_at": rfc3339(one.arrived_at),
        "called_at": _text(one.called_at),
        "wait_until": _text(one.wait_until),
        "completed_at": _text(one.completed_at),
        "ended_at": _text(one.ended_at),
        "allowed": [name for name, states in _STEPS if one.state in states and may(name, caller, one, site)],
        "version": one.version,
    }


_STEPS = (
    ("next", frozenset({_S.WAITING, _S.CALLED})),
    ("assign", _OPEN),
    ("greet", frozenset({_S.CALLED})),
    ("record", frozenset({_S.SERVING})),
    ("hand-over", frozenset({_S.SERVING})),
    ("complete", frozenset({_S.SERVING})),
    ("close", _OPEN),
)
#: What only whoever serves does.
_SERVING = frozenset({"greet", "record", "hand-over", "complete"})


def may(step: str, caller: Caller, reception: Reception, site: Mapping[str, Any]) -> bool:
    """Whether the caller may take this step, whatever the state of the reception."""
    serves = caller.person == reception.server
    if step in _SERVING:
        return serves
    if is_duty_manager(caller, site):
        return True
    return step != "assign" and (is_desk(caller, reception.program) or (step == "close" and serves))


def posted_page(tx: Transaction, caller: Caller, program: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/programs/{id}/unrecognised`, the latest arrival first; for whoever knows its sites (CUS-13)."""
    if program not in caller.setting.programs or not _knows(caller, program):
        raise Refusal("not_found")
    c = t.reception.c
    here = sa.select(t.customer.c.id).where(t.customer.c.erased_at.is_(None), t.customer.c.merged_into.is_(None))
    rows, following = page(
        tx,
        sa.select(t.reception).where(c.program == program, c.recognise_by > tx.now(), c.customer.in_(here)),
        time_column=c.arrived_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "unrecognised", "program": program},
    )
    return {"items": _posted(tx, caller, rows), "next": following}


def posted_view(tx: Transaction, caller: Caller, reception: str) -> Row:
    """One posted visitor."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    assert row is not None
    return _posted(tx, caller, [row])[0]


def visible_posted(tx: Transaction, caller: Caller, reception: str) -> Row:
    """The row of a visitor who was posted, for whoever knows the sites of the program; else ``not_found``."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    if row is None or row["recognise_by"] is None or not _knows(caller, row["program"]):
        raise Refusal("not_found")
    return row


def _posted(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    ids = sorted({r["customer"] for r in rows})
    people = {r["id"]: r for r in tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(ids)))}
    keys = customers.data_keys(tx, ids)
    found = []
    for row in rows:
        of = people[row["customer"]]
        shown = pooled_customer(of, customers.contact_of(tx, of, keys.get(of["id"])), hidden=frozenset())
        one = receptions.reception_of(row)
        found.append(
            {
                "reception": one.id,
                "site": one.site,
                "customer": {name: shown[name] for name in ("kind", "name", "phone")},
                "arrived_at": rfc3339(one.arrived_at),
                "recognise_by": _text(one.recognise_by),
                "mine": [said.claim for said in one.recognised if said.person == caller.person],
            }
        )
    return found


def likenesses(tx: Transaction, caller: Caller, found: Sequence[features.Likeness]) -> list[Row]:
    """Those of ``found`` whose reception the caller reads, in their order (CUS-10)."""
    ids = sorted(one.reception for one in found)
    rows = {r["id"]: r for r in tx.rows(sa.select(t.reception).where(t.reception.c.id.in_(ids), _readable(caller)))}
    people = customers_of(tx, {r["customer"] for r in rows.values()})
    return [
        {
            "reception": one.reception,
            "customer": people[rows[one.reception]["customer"]],
            "fields": list(one.fields),
            "arrived_at": rfc3339(rows[one.reception]["arrived_at"]),
        }
        for one in found
        if one.reception in rows
    ]


# --- partner-led visits ----------------------------------------------------------------------------------------------


def visible_visit(tx: Transaction, caller: Caller, reception: str) -> Row:
    """The row of a partner-led reception, for whoever reads it and for the broker, who reads nothing else of it.

    Brokers with an open report of the customer see how the arrival is recorded, whoever led it (LEAD-14).
    """
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    if row is None or row["source"] == CALL:
        raise Refusal("not_found")
    visit = receptions.reception_of(row).visit
    if visit is not None and visit.broker == caller.person:
        return row
    if _comes_from_a_partner(caller):
        if _open_report(tx, caller, row) is None:
            raise Refusal("not_found")
        return row
    if visit is None:
        raise Refusal("not_found")
    return visible_reception(tx, caller, reception)


def _comes_from_a_partner(caller: Caller) -> bool:
    return caller.setting.organisation.partner_of(caller.person) is not None


def _open_report(tx: Transaction, caller: Caller, row: Row) -> str | None:
    """The caller's first open report, in the track of partners, of whoever arrived."""
    subject = row["project"] or merges.root_of(tx, row["customer"])
    reports = receptions.channel_reports(tx, row["program"], subject)
    mine = [c for c in reports if caller.person == (c.owner or c.reporter) and c.state in OPEN]
    first = min(mine, key=lambda c: (c.rank_at, c.receipt), default=None)
    return first.id if first is not None else None


def visit_view(tx: Transaction, caller: Caller, reception: str) -> Row:
    """The visit of a reception, which the caller is known to see."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    assert row is not None
    one = receptions.reception_of(row)
    visit, policy = one.visit, caller.setting.policy_at(one.program, at=caller.at)
    arrived = caller.setting.policy_at(one.program, at=one.arrived_at)
    seen = {
        "reception": one.id,
        "source": one.source,
        "arrived_at": rfc3339(one.arrived_at),
        "object_by": _text(objections_until(one.arrived_at, arrived, caller.setting.calendar(one.program))),
    }
    if visit is None or not _is_of(tx, caller, row, visit):
        # How it is recorded, and nothing of whoever else led it.
        nothing: Row = {"broker": None, "why": None, "state": "none", "needed": [], "confirmed": []}
        return {
            **seen,
            **nothing,
            "report": _open_report(tx, caller, row),
            "confirm_by": None,
            "counted_at": None,
            "pending": None,
        }
    k = t.command.c
    undecided = sa.select(k.id).where(k.target == one.id, k.target_type == "visit", k.decided_at.is_(None))
    pending = tx.execute(undecided.limit(1)).scalar()
    return {
        **seen,
        "broker": visit.broker,
        "report": visit.report,
        "why": visit.why.value if visit.why is not None else None,
        "state": _stands(one, visit, tx.now()),
        "needed": [c.value for c in needed(visit, policy)],
        "confirmed": [
            {"by": by.value, "person": person, "at": rfc3339(at)} for by, (person, at) in visit.confirmed.items()
        ],
        "confirm_by": _text(visit.confirm_by),
        "counted_at": _text(visit.counted_at),
        "pending": {"command": pending} if pending is not None else None,
    }


def _is_of(tx: Transaction, caller: Caller, row: Row, visit: Visit) -> bool:
    """Whether the caller sees who led it: of partners the broker, and whose report it fulfils (PPL-08)."""
    if visit.broker == caller.person or not _comes_from_a_partner(caller):
        return True
    return visit.report is not None and visit.report == _open_report(tx, caller, row)


def _stands(one: Reception, visit: Visit, at: datetime) -> str:
    if visit.why is not None:
        return "none"
    if visit.counted_at is not None:
        return "counted"
    if one.state is ReceptionState.CLOSED:
        return "none"
    return "missed" if visit.confirm_by is not None and at > visit.confirm_by else "open"


def _missing(one: Reception, policy: Policy) -> list[str]:
    return list(missing_steps(one, policy)) if one.state in _OPEN else []


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
