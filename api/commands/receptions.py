"""Sites made and changed; arrivals registered, received, handed over, completed (contract section 15).

Everything about a site's queue and its receptions happens under the lock of the site. What a completed reception does
to its customer is a command, decided in a drain like everything that moves ownership.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.company import Change, given, invalid, require_version
from api.commands.disputes import object_to_visit as open_about_visit
from api.commands.follow_ups import blank_note
from api.commands.received import as_of_now, receive_unheld, under_policy_of
from api.commands.reports import check_award, check_subject, identity_values, resolve
from api.schemas.base import Track
from api.schemas.claims import CustomerGiven, CustomerRef, ProjectGiven, ProjectRef
from api.schemas.receptions import (
    HandOverIn,
    NamedIn,
    PresenceIn,
    ReceptionIn,
    RecogniseIn,
    RecordIn,
    SiteIn,
    SitePatch,
    SwapIn,
)
from api.views.receptions import (
    desk_at,
    is_desk,
    is_duty_manager,
    may,
    posted_view,
    reception_view,
    site_view,
    takes_turns,
    visible_posted,
    visible_reception,
    visible_site,
    visible_visit,
    visit_view,
)
from domain.claims.lifecycle import OPEN
from domain.claims.model import Claim
from domain.customers.features import require_allowed
from domain.customers.fields import narrow
from domain.leads.candidates import may_receive
from domain.leads.rotation import Skip
from domain.matters.draft import Notice
from domain.matters.matter import Command, CommandKind, Matter
from domain.people.access import Place
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.pools.limits import is_entry, receives
from domain.pools.pool import Restriction
from domain.reception import desk as steps
from domain.reception.completing import waiting_report
from domain.reception.desk import Desk, Told
from domain.reception.lifecycle import ReceptionState, refused
from domain.reception.model import CALL, Reception, Recognition, Way
from domain.reception.queue import Presence
from domain.reception.visits import Confirmer, Visit, code_shown, confirm, led_by, objections_until
from domain.refusals import FieldError, Refusal
from storage import arrival_codes, customers, features, history, matters, merges, pools, receptions, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.company_names import CompanyNames
from storage.database import StaleReadError, Transaction, mint
from storage.features import Feature
from storage.notices import queue_notices

Row = dict[str, Any]

# --- sites -----------------------------------------------------------------------------------------------------------


def make_site(change: Change, body: SiteIn) -> Done:
    """Where customers of a program arrive (案场)."""
    if body.program not in change.setting.programs:
        change.require(Role.ADMIN)
        raise invalid("program")
    change.require(Role.ADMIN, place=Place(program=body.program))
    if body.lead is not None:
        change.active_person(body.lead, field="lead")
    site = mint()
    row = {"program": body.program, "name": body.name, "lead": body.lead}
    change.tx.insert(t.site, {"id": site, **row, "queue": {}, "created_at": change.now, "version": 1})
    change.record(site, "site", "created", program=body.program, lead=body.lead)
    return Done(201, site_view(change.tx, change.call.caller, site))


def edit_site(change: Change, site: str, body: SitePatch) -> Done:
    """Another name, another duty manager."""
    row = visible_site(change.tx, change.call.caller, site)
    change.require(Role.ADMIN, place=Place(program=row["program"]))
    named = given(body, "name", "lead")
    if "name" in named and named["name"] is None:
        raise invalid("name")
    if named.get("lead") is not None:
        change.active_person(named["lead"], field="lead")
    locked = receptions.lock_site(change.tx, site)
    assert locked is not None
    require_version(body.version, locked[0]["version"])
    changed = {name: value for name, value in named.items() if value != locked[0][name]}
    if changed:
        change.tx.update(t.site, {"id": site}, {**changed, "version": locked[0]["version"] + 1})
        change.record(
            site, "site", "edited", fields=sorted(changed), **{k: v for k, v in changed.items() if k == "lead"}
        )
    return Done(200, site_view(change.tx, change.call.caller, site))


def set_presence(tx: Transaction, caller: Caller, site: str, body: PresenceIn) -> Done:
    """Sign in, be kept by an owned customer, come back, sign out (LEAD-08, LEAD-09).

    What earns a make-up turn is not one's own word alone: a customer of one's own is named or being received here, and
    the duty manager says who is called away.
    """
    if body.person is not None or body.presence == "duty":
        return _called_away(tx, caller, site, body)
    at = _signing(tx, caller, site)
    queue = at.desk.queue
    if body.presence == "busy":
        _require_own_customer(tx, at, body.claim)
    elif body.claim is not None:
        raise Refusal("field_not_allowed", rule="LEAD-09", errors=(FieldError("claim", "field_not_allowed"),))
    if body.presence != "free" and caller.person not in queue.present:
        raise invalid("presence", rule="LEAD-08")
    if body.buddy is not None and not (
        body.buddy != caller.person
        and may_receive(body.buddy, at.site["program"], setting=caller.setting, at=caller.at)
    ):
        raise invalid("buddy", rule="LEAD-15")
    said = None if body.presence == "out" else Presence(body.presence)
    queue = queue.with_presence(caller.person, said)
    if "buddy" in body.model_fields_set:
        queue = queue.with_buddy(caller.person, body.buddy)
    at.desk.queue = queue
    said_of = {"person": caller.person, "presence": body.presence, "claim": body.claim}
    at.desk.log_turn("presence", **said_of, buddy=queue.buddies.get(caller.person))
    at.save()
    return Done(200, site_view(tx, caller, site))


def _called_away(tx: Transaction, caller: Caller, site: str, body: PresenceIn) -> Done:
    """The duty manager says that ``body.person`` is called away, or back: nobody says so of themselves (LEAD-09)."""
    row = visible_site(tx, caller, site)
    person = body.person or caller.person
    if not is_duty_manager(caller, row) or person == caller.person:
        raise Refusal("not_allowed", rule="LEAD-09")
    at = _locked(tx, caller, site)
    if body.presence not in ("duty", "free"):
        raise invalid("presence", rule="LEAD-09")
    if person not in at.desk.queue.present:
        raise invalid("person", rule="LEAD-09")
    if body.buddy is not None or body.claim is not None:
        field = "buddy" if body.buddy is not None else "claim"
        raise Refusal("field_not_allowed", rule="LEAD-09", errors=(FieldError(field, "field_not_allowed"),))
    at.desk.queue = at.desk.queue.with_presence(person, Presence(body.presence))
    at.desk.log_turn("presence", person=person, presence=body.presence, by=caller.person)
    at.save()
    return Done(200, site_view(tx, caller, site))


def _require_own_customer(tx: Transaction, at: _AtSite, claim: str | None) -> None:
    """Busy is whoever is with a customer of their own: one they hold in the program, or receive here now (LEAD-09)."""
    person, program = at.caller.person, at.site["program"]
    if claim is None:
        if at.desk.unable.get(person) is Skip.BUSY:
            return
        raise Refusal("field_missing", rule="LEAD-09", errors=(FieldError("claim", "field_missing"),))
    c = t.claim.c
    held = sa.select(c.id).where(c.id == claim, c.owner == person, c.program == program, c.holds)
    if tx.row(held) is None:
        raise invalid("claim", rule="LEAD-09")


def swap(tx: Transaction, caller: Caller, site: str, body: SwapIn) -> Done:
    """Change places with somebody who wants it too (换轮, LEAD-09)."""
    at = _signing(tx, caller, site)
    queue, me, other = at.desk.queue, caller.person, body.with_
    if me not in queue.present or other not in queue.present or me == other:
        raise invalid("with", rule="LEAD-09")
    at.desk.queue, is_done = queue.with_swap(me, other)
    at.desk.log_turn("swapped" if is_done else "swap_asked", person=me, **{"with": other})
    at.save()
    return Done(200, site_view(tx, caller, site))


# --- arrivals --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Subject:
    """Who arrived, as a report or a lead names them."""

    program: str
    track: Track
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None


def register(tx: Transaction, caller: Caller, body: ReceptionIn, names: CompanyNames) -> Done:
    """An arrival (到访): find the customer and the owner, give the visitor to somebody (LEAD-08, LEAD-10)."""
    site = visible_site(tx, caller, body.site)
    program, setting = site["program"], caller.setting
    if not is_desk(caller, program) and not (body.source == CALL and is_duty_manager(caller, site)):
        raise Refusal("not_allowed", rule="LEAD-10")
    if body.source == CALL and body.asks_for == caller.person:
        raise Refusal("not_allowed", rule="POOL-03")  # whoever says that somebody called has nothing by it
    policy = setting.policy_at(program, at=caller.at)
    subject = _Subject(program, body.track, body.customer, body.project)
    check_subject(subject, policy)
    if body.served_before is not None and body.served_before not in setting.organisation.people:
        raise invalid("served_before", rule="LEAD-10")
    if body.asks_for is not None and not may_receive(body.asks_for, program, setting=setting, at=caller.at):
        raise invalid("asks_for", rule="POOL-03")
    _check_broker(caller, body, policy)
    values = identity_values(tx, body.customer, policy)
    resolved = resolve(tx, subject, values, policy, names)
    locked = resolved.made or matters.lock(tx, resolved.matter)
    if not setting.programs[program].open:
        raise Refusal("program_closed", rule="TER-01")
    matter = as_of_now(tx, caller, locked)
    at = _locked(tx, caller, site["id"], only=matter.pool_only)
    day = at.desk.calendar.local_date(at.desk.at)
    here = _received_here(tx, site["id"], resolved.matter, day, calls=body.source == CALL)
    if here is not None:
        return Done(200, reception_view(tx, caller, here))
    check_award(subject, caller)
    shown = _code_of(tx, body, program, resolved.customer, at.desk)
    asks_for = body.asks_for or _named_by(caller, shown, program)
    reports = receptions.channel_reports(tx, program, resolved.project or resolved.customer)
    reception = Reception(
        id=mint(),
        site=site["id"],
        program=program,
        matter=resolved.matter,
        customer=resolved.customer,
        state=ReceptionState.WAITING,
        arrived_at=at.desk.at,
        source=body.source,
        owner=_owner(tx, caller, matter, asks_for, at.desk),
        asked="served_before" in body.model_fields_set,
        served_before=body.served_before,
        asks_for=asks_for,
        code_of=shown.id if shown is not None else None,
        visit=_led_by(caller, body, reports, at.desk, shown),
    )
    more = {"project": resolved.project, "track": body.track, "day": day, "registered_by": caller.person}
    receptions.insert(tx, reception, more)
    at.desk.log(
        "registered",
        reception,
        program=program,
        customer=resolved.customer,
        project=resolved.project,
        track=body.track,
        source=body.source,
        owner=reception.owner,
        served_before=body.served_before,
        asks_for=asks_for,
        code_of=reception.code_of,
    )
    reception = steps.arrive(at.desk, reception)
    if body.returning and not reception.is_call:
        reception = steps.post(at.desk, reception)
    if reception.visit is not None:
        # Broker and rep see the same day how it was recorded.
        facts = {"until": reception.visit.confirm_by}
        holder = next((c.owner or c.reporter for c in reports if c.id == _fulfilled(reception)), None)
        people = dict.fromkeys((reception.visit.broker, holder, reception.server))
        at.desk.told += [Told(p, "reception.partner_led", "LEAD-14", facts) for p in people if p is not None]
    at.desk.told += [
        Told(
            person,
            "reception.not_led",
            "LEAD-14",
            {"until": objections_until(at.desk.at, at.desk.policy, at.desk.calendar)},
        )
        for person in (_other_brokers(caller, reception, reports) if not reception.is_call else ())
    ]
    at.save(reception)
    return Done(201, reception_view(tx, caller, reception.id))


def _check_broker(caller: Caller, body: ReceptionIn, policy: Policy) -> None:
    """A partner-led visit names the broker who came along, and needs a track for what partners are owed (LEAD-14)."""
    if body.source != "partner_led":
        if body.broker is not None:
            raise Refusal("field_not_allowed", rule="LEAD-14", errors=(FieldError("broker", "field_not_allowed"),))
        return
    if "channel" not in policy.tracks:
        raise invalid("source", rule="LEAD-14")
    if body.broker is None:
        raise Refusal("field_missing", rule="LEAD-14", errors=(FieldError("broker", "field_missing"),))
    organisation = caller.setting.organisation
    if body.broker not in organisation.people or organisation.partner_of(body.broker) is None:
        raise invalid("broker", rule="LEAD-14")


def _code_of(tx: Transaction, body: ReceptionIn, program: str, customer: str, desk: Desk) -> Claim | None:
    """The claim of this customer whose one-time code was shown; the code is used up (到访确认, LEAD-10)."""
    if body.code is None:
        return None
    c = t.claim.c
    records = merges.records_of(tx, customer)
    rows = {r["id"]: r for r in tx.rows(sa.select(t.claim).where(c.program == program, c.customer.in_(records)))}
    used = arrival_codes.use(tx, body.code, sorted(rows), at=desk.at)
    if used is None:
        raise invalid("code", rule="LEAD-10")
    return claim_of(rows[used])


def _named_by(caller: Caller, shown: Claim | None, program: str) -> str | None:
    """Who shows the code of a rep's claim comes for that rep."""
    person = (shown.owner or shown.reporter) if shown is not None else None
    if person is None or caller.setting.organisation.partner_of(person) is not None:
        return None
    return person if may_receive(person, program, setting=caller.setting, at=caller.at) else None


def _led_by(
    caller: Caller, body: ReceptionIn, reports: Sequence[Claim], desk: Desk, shown: Claim | None
) -> Visit | None:
    """The visit, tied to the partner's report in the channel track that it fulfils; a code shown is that report's."""
    if body.broker is None:
        return None
    people = caller.setting.organisation.people
    visit = led_by(body.broker, reports, people=people, arrived_at=desk.at, policy=desk.policy, calendar=desk.calendar)
    if shown is None:
        return visit
    if visit.report != shown.id:
        raise invalid("code", rule="LEAD-14")
    return code_shown(visit, at=desk.at)


def _fulfilled(reception: Reception) -> str | None:
    """The report in the channel track that the arrival is a visit of."""
    return reception.visit.report if reception.visit is not None else None


def _other_brokers(caller: Caller, reception: Reception, reports: Sequence[Claim]) -> list[str]:
    """Brokers with an open report of whoever arrived, who are not recorded as having led them here: told at once."""
    led = reception.visit.broker if reception.visit is not None else None
    fulfilled = _fulfilled(reception)
    open_ones = sorted(
        (c for c in reports if c.state in OPEN and c.id != fulfilled), key=lambda c: (c.rank_at, c.receipt)
    )
    people = dict.fromkeys(c.owner or c.reporter for c in open_ones)
    partner_of = caller.setting.organisation.partner_of
    return [person for person in people if person != led and partner_of(person) is not None]


def object_to_visit(tx: Transaction, caller: Caller, reception: str, reason: str) -> Waiting:
    """Broker or receiving rep: the visitor did not come as is recorded (`visit.object_h`, LEAD-14)."""
    row = visible_visit(tx, caller, reception)
    one, program = receptions.reception_of(row), row["program"]
    subject = merges.root_of(tx, row["customer"]) if row["project"] is None else row["project"]
    reports = receptions.channel_reports(tx, program, subject)
    led = one.visit.report if one.visit is not None else None
    mine = [c for c in reports if caller.person == (c.owner or c.reporter) and c.state in OPEN]
    if caller.setting.organisation.partner_of(caller.person) is not None:
        named = min(mine, key=lambda c: (c.rank_at, c.receipt), default=None)
        facing = one.server or str(row["registered_by"])
    elif caller.person == one.server:
        named, facing = next((c for c in reports if c.id == led), None), None
    else:
        raise Refusal("not_allowed", rule="LEAD-14")
    if named is None:
        raise Refusal("no_standing", rule="LEAD-14")
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == named.id))
    assert claim is not None
    policy, calendar = caller.setting.policy_at(program, at=one.arrived_at), caller.setting.calendar(program)
    until = objections_until(one.arrived_at, policy, calendar)
    with under_policy_of(tx, named.id):
        return open_about_visit(tx, caller, claim, reception=reception, reason=reason, facing=facing, until=until)


def confirm_visit(tx: Transaction, caller: Caller, reception: str) -> Done | Waiting:
    """Broker, receiving rep or desk confirms; once all who must have, it counts as a visit of the report (LEAD-14)."""
    row = visible_visit(tx, caller, reception)
    visit = receptions.reception_of(row).visit
    assert visit is not None
    if visit.report is None:
        raise Refusal("illegal_transition", rule="LEAD-14", facts={"why": visit.why.value if visit.why else None})
    known = tx.row(sa.select(t.claim).where(t.claim.c.id == visit.report))
    assert known is not None
    locked = matters.lock(tx, known["matter"])
    report = as_of_now(tx, caller, locked, also=(visit.report,)).claims[visit.report]
    at = _locked(tx, caller, row["site"], beside=reception)
    one, by = _confirmer(tx, caller, reception)
    assert one.visit is not None
    if one.state is ReceptionState.CLOSED:
        raise refused(state=one.state, trigger="confirm")  # no visitor of ours, or gone: nothing was visited
    with at.policy_named():
        said = confirm(one.visit, by, caller.person, at=at.desk.at, policy=at.desk.policy, report=report)
    if said == one.visit:
        return Done(200, visit_view(tx, caller, reception))
    at.desk.log("visit_confirmed", one, by=by.value, counted=said.counted_at is not None, report=report.id)
    waiting = _count(tx, one, report, locked) if said.counted_at is not None else None
    at.save(replace(one, visit=said, version=one.version + 1))
    return Done(200, visit_view(tx, caller, reception)) if waiting is None else waiting


def _confirmer(tx: Transaction, caller: Caller, reception: str) -> tuple[Reception, Confirmer]:
    """As whom the caller confirms: as the broker, as whoever serves, else as the desk."""
    row = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    assert row is not None
    one = receptions.reception_of(row)
    if one.visit is not None and caller.person == one.visit.broker:
        return one, Confirmer.BROKER
    if caller.person == one.server:
        return one, Confirmer.SERVER
    if is_desk(caller, one.program):
        return one, Confirmer.DESK
    raise Refusal("not_allowed", rule="LEAD-14")


def _count(tx: Transaction, one: Reception, report: Claim, locked: matters.Locked) -> Waiting:
    """A visit in the follow-ups of the report. What was said in the house is not the partner's to read."""
    visit = _visit(tx, replace(one, need=None, features=()), locked)
    command = Command(
        id=mint(),
        kind=CommandKind.VISIT,
        claim=report.id,
        actor=report.owner or report.reporter,
        received_at=locked.now,
        data=visit,
    )
    tx.insert(t.command, matters.command_row(command, matter=locked.row["id"], target_type="visit", target=one.id))
    matters.touch(tx, locked.row["id"], locked.now)
    return Waiting(command=command.id, kind="claim", stream=report.id)


def _received_here(tx: Transaction, site: str, matter: str, day: Any, *, calls: bool) -> str | None:
    """The reception of this visitor that is going on: two desks that register one arrival use one turn (LEAD-08)."""
    c = t.reception.c
    found = sa.select(c.id).where(
        c.site == site,
        c.matter == matter,
        c.day == day,
        c.ended_at.is_(None),
        c.source == CALL if calls else c.source != CALL,
    )
    here = tx.execute(found.limit(1)).scalar()
    return str(here) if here is not None else None


def _owner(tx: Transaction, caller: Caller, matter: Matter, asks_for: str | None, desk: Desk) -> str | None:
    """Whose customer has come: held, in grace, asked for after a loss (POOL-03), or reported (LEAD-08).

    Nobody whom a restriction keeps the customer from, though they be asked for by name (POOL-08).
    """
    holder = matter.owner_claim or matter.reserved_for(desk.at)
    if holder is not None:
        return holder.owner
    listed = partial(receives, caller.setting, matter.pool_only, matter.program, at=desk.at)
    if asks_for is not None and listed(asks_for) and _was_owner(tx, matter, asks_for, desk):
        return asks_for
    if not desk.policy.switch("ownership.visit_first"):
        waiting = waiting_report(matter)
    else:  # a report gives nobody the visitor, unless they come for its reporter (CLM-09)
        waiting = waiting_report(matter, asks_for) if asks_for is not None else None
    return waiting.reporter if waiting is not None and listed(waiting.reporter) else None


def _was_owner(tx: Transaction, matter: Matter, person: str, desk: Desk) -> bool:
    """Whether the customer may still name ``person``, who lost them (点名, `pool.named_days`)."""
    length, c = desk.policy.duration("pool.named_days"), t.claim.c
    if length is None:
        return False
    lost = sa.select(sa.func.max(c.ended_at)).where(
        c.matter == matter.id, c.owner == person, c.state.in_(("lapsed", "released"))
    )
    at: datetime | None = tx.execute(lost).scalar()
    return at is not None and desk.at <= desk.calendar.add(at, length).at


# --- steps -----------------------------------------------------------------------------------------------------------


def call_next(tx: Transaction, caller: Caller, reception: str) -> Done:
    """Who was called did not come, or was waited for long enough (LEAD-09, LEAD-15)."""
    return _step(tx, caller, reception, "next", lambda at, one: steps.call_next(at.desk, one))


def assign(tx: Transaction, caller: Caller, reception: str, body: NamedIn) -> Done:
    """The duty manager names who serves (LEAD-08, LEAD-15)."""

    def work(at: _AtSite, one: Reception) -> Reception:
        return steps.assign(at.desk, one, body.person, text=at.text(body.reason, one))

    return _step(tx, caller, reception, "assign", work)


def greet(tx: Transaction, caller: Caller, reception: str) -> Done:
    """The server meets the visitor (LEAD-10)."""
    return _step(tx, caller, reception, "greet", lambda at, one: steps.greet(at.desk, one))


def record(tx: Transaction, caller: Caller, reception: str, body: RecordIn) -> Done:
    """Need, features, who served first (LEAD-10)."""
    if body.served_before is not None and body.served_before not in caller.setting.organisation.people:
        raise invalid("served_before", rule="LEAD-10")
    asked = (body.served_before,) if "served_before" in body.model_fields_set else None

    def work(at: _AtSite, one: Reception) -> Reception:
        if body.identifying is not None:
            require_allowed(body.identifying, at.desk.policy.words("customer.feature_fields"), within="identifying")
        plain = [Feature(None, text) for text in body.features] if body.features is not None else None
        fields = [Feature(*said) for said in body.identifying.items()] if body.identifying is not None else None
        return steps.record(
            at.desk,
            one,
            need=at.text(body.need, one),
            features=at.noticed(plain, one, instead_of=one.features),
            identifying=at.noticed(fields, one, instead_of=one.identifying),
            asked=asked,
        )

    return _step(tx, caller, reception, "record", work)


def recognise(tx: Transaction, caller: Caller, reception: str, body: RecogniseIn) -> Done:
    """A rep knows whom nobody recognised: they name their own claim, and the desk decides (CUS-13)."""
    row = visible_posted(tx, caller, reception)
    if not takes_turns(caller, row["program"]):
        raise Refusal("not_allowed", rule="CUS-13")
    claim = tx.row(sa.select(t.claim).where(t.claim.c.id == body.claim, t.claim.c.program == row["program"]))
    if (
        claim is None
        or caller.person not in (claim["owner"], claim["reporter"])
        or merges.root_of(tx, claim["customer"]) == merges.root_of(tx, row["customer"])
    ):
        raise invalid("claim", rule="CUS-13")
    at = _locked(tx, caller, row["site"], beside=reception)
    present = tx.row(sa.select(t.reception).where(t.reception.c.id == reception))
    assert present is not None
    one = receptions.reception_of(present)
    said = Recognition(caller.person, body.claim, at.desk.at)
    with at.policy_named():
        known = steps.recognise(at.desk, one, said, text=at.text(body.reason, one), told=present["registered_by"])
    if known != one:
        at.save(replace(known, version=one.version + 1))
    return Done(200, posted_view(tx, caller, reception))


def hand_over(tx: Transaction, caller: Caller, reception: str, body: HandOverIn) -> Done:
    """Somebody else serves on (交接, LEAD-10)."""

    def work(at: _AtSite, one: Reception) -> Reception:
        return steps.hand_over(at.desk, one, body.to, text=at.text(body.reason, one))

    return _step(tx, caller, reception, "hand-over", work)


def close(tx: Transaction, caller: Caller, reception: str, reason: str) -> Done:
    """No buyer, or gone (LEAD-09)."""

    def work(at: _AtSite, one: Reception) -> Reception:
        return steps.close(at.desk, one, text=at.text(reason, one))

    return _step(tx, caller, reception, "close", work)


def complete(tx: Transaction, caller: Caller, reception: str) -> Waiting:
    """The procedure is done: what it does to the customer, the drain decides (LEAD-10, POOL-03)."""
    row = visible_reception(tx, caller, reception)
    locked = matters.lock(tx, row["matter"])
    matter = as_of_now(tx, caller, locked)
    at, one = _at_site(tx, caller, row, "complete")
    if one.matter != locked.row["id"]:
        raise StaleReadError  # its record was parted from another meanwhile (CUS-13)
    with at.policy_named():
        if one.is_call and one.server == row["registered_by"] != one.owner:
            raise Refusal("not_allowed", rule="POOL-03")
        alone = one.server == row["registered_by"] and _takes(caller, matter, one, at=locked.now)
        if alone and not caller.setting.in_trial(one.program, at=locked.now):
            raise Refusal("not_allowed", rule="POOL-03")  # one's own word alone is a take, and not this way
        one = steps.complete(at.desk, one)
    person = one.served_for
    assert person is not None
    visit = _visit(tx, one, locked)
    stands_in = one.way is Way.STAND_IN and one.server != person and not one.is_call
    told = {"reception": one.id, "for": person, "server": one.server, "stands_in": stands_in, "visit": visit}
    data = {**told, "alone": alone}
    waiting = receive_unheld(tx, caller, CommandKind.RECEPTION, locked, data, target=("reception", one.id))
    holder = matter.owner_claim or matter.reserved_for(locked.now)
    theirs = waiting_report(matter, person) if holder is None else holder if holder.owner == person else None
    claim = theirs.id if theirs is not None else waiting.stream if holder is None else None
    at.save(replace(one, claim=claim))
    return waiting


def _takes(caller: Caller, matter: Matter, one: Reception, *, at: datetime) -> bool:
    """Whether a visit completed now brings its receiver somebody out of a pool (POOL-03): none whom a case decides on
    (DSP-03), or who is kept for others (POOL-08).
    """
    if one.is_call or one.served_for is None or not is_entry(matter, at) or matter.in_case:
        return False
    return receives(caller.setting, matter.pool_only, one.program, one.served_for, at=at)


def _visit(tx: Transaction, one: Reception, locked: matters.Locked) -> Row:
    """The entry of the visit, as a follow-up: it counts by what was recorded.

    What was noticed counts too, but is no part of the note: it would outlive its own time there (CUS-10).
    """
    note = texts.read(tx, [one.need]).get(one.need or "") or _noticed(tx, one, at=locked.now)
    # Under the key of the record that has come: the matter may lie with another one of the customer (CUS-13).
    key, of = customers.data_key(tx, one.customer), {"customer": one.customer}
    kept = one.need or blank_note(tx, of, key)
    return {
        "follow_up": mint(),
        "kind": "call" if one.is_call else "visit",
        "note": kept,
        "note_chars": len(note.strip()),
        "note_digest": tx.keys.digest(" ".join(narrow(note).casefold().split())),
        "at": one.arrived_at,
        "masked": locked.row["masked"],
        "answered": True,
        "outcome": None,
        "next_at": None,
        "files": [],
        "external_id": None,
    }


def _noticed(tx: Transaction, one: Reception, *, at: datetime) -> str:
    kept = features.read(tx, one.features, at=at)
    return "、".join(kept[i].text for i in one.features if i in kept)


# --- under the lock of the site --------------------------------------------------------------------------------------


@dataclass
class _AtSite:
    """One locked site in one transaction."""

    tx: Transaction
    caller: Caller
    site: Row
    desk: Desk

    def text(self, said: str | None, one: Reception) -> str | None:
        """Keep what was said about a visitor."""
        return texts.keep(self.tx, said, customer=one.customer)

    def noticed(
        self, said: Sequence[Feature] | None, one: Reception, *, instead_of: tuple[str, ...]
    ) -> tuple[str, ...] | None:
        """Keep what was noticed of a visitor for `customer.feature_retention_days` (CUS-10); None: nothing new."""
        if said is None:
            return None
        features.drop(self.tx, instead_of)
        return features.keep(
            self.tx, said, one, until=self.desk.until("customer.feature_retention_days", one.arrived_at)
        )

    def policy_named(self) -> _Named:
        """Refusals inside name the policy version (POL-07)."""
        return _Named(self.desk.policy.version)

    def _leads(self) -> tuple[str, ...]:
        """The duty manager, else whoever oversees the program: somebody is told in every case (LEAD-08)."""
        lead, setting = self.site["lead"], self.caller.setting
        if lead is not None and setting.organisation.is_active(lead, at=self.desk.at):
            return (lead,)
        return tuple(setting.programs[self.site["program"]].oversight)

    def save(self, reception: Reception | None = None) -> None:
        """Write queue, reception, histories and notices as one unit; heads of histories are locked last."""
        if reception is not None:
            receptions.update(self.tx, reception)
        receptions.save_queue(self.tx, self.site["id"], self.desk.queue)
        version = self.desk.policy.version
        history.append(
            self.tx,
            [
                history.Entry(
                    stream=entry.reception or self.site["id"],
                    stream_kind="reception" if entry.reception is not None else "site",
                    kind=entry.kind,
                    at=self.desk.at,
                    actor=self.caller.person,
                    policy_version=version,
                    before=entry.before.value if entry.before is not None else None,
                    after=entry.after.value if entry.after is not None else None,
                    data=entry.data,
                )
                for entry in self.desk.logged
            ],
        )
        subject = reception.id if reception is not None else self.site["id"]
        notices = [
            Notice(person, told.kind, "urgent", "reception", subject, told.rule, version, told.facts)
            for told in self.desk.told
            for person in ((told.person,) if told.person is not None else self._leads())
        ]
        queue_notices(self.tx, notices, at=self.desk.at)


class _Named:
    def __init__(self, version: int) -> None:
        self._version = version

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal) and error.policy_version is None:
            error.policy_version = self._version


def _locked(
    tx: Transaction, caller: Caller, site: str, *, beside: str | None = None, only: Restriction | None = None
) -> _AtSite:
    """``beside``: the reception in hand; ``only``: who alone may receive its visitor (POOL-08)."""
    found = receptions.lock_site(tx, site)
    assert found is not None
    row, queue = found
    desk = desk_at(tx, caller, row, queue, beside=[beside] if beside is not None else [])
    if only is not None:
        listed = partial(receives, caller.setting, only, row["program"], at=desk.at)
        desk.barred = frozenset(person for person in desk.queue.present if not listed(person))
    return _AtSite(tx, caller, row, desk)


def _signing(tx: Transaction, caller: Caller, site: str) -> _AtSite:
    row = visible_site(tx, caller, site)
    if not takes_turns(caller, row["program"]):
        raise Refusal("not_allowed", rule="LEAD-08")
    return _locked(tx, caller, site)


def _at_site(tx: Transaction, caller: Caller, row: Row, step: str) -> tuple[_AtSite, Reception]:
    """The site of a reception that the caller sees, locked, and the reception as it is by then."""
    kept = sa.select(t.matter.c.pool_only).where(t.matter.c.id == row["matter"])
    only = pools.restriction_of(tx.execute(kept).scalar())
    at = _locked(tx, caller, row["site"], beside=row["id"], only=only)
    present = tx.row(sa.select(t.reception).where(t.reception.c.id == row["id"]))
    assert present is not None
    one = receptions.reception_of(present)
    if not may(step, caller, one, at.site):
        raise Refusal("not_allowed", rule="PPL-02")
    return at, replace(one, version=one.version + 1)


def _step(
    tx: Transaction, caller: Caller, reception: str, step: str, work: Callable[[_AtSite, Reception], Reception]
) -> Done:
    at, one = _at_site(tx, caller, visible_reception(tx, caller, reception), step)
    with at.policy_named():
        at.save(work(at, one))
    return Done(200, reception_view(tx, caller, reception))
