"""Partner organisations (渠道公司): made, suspended, joined by their brokers, their months confirmed (PPL-08)."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa

from api.call import Call, Done
from api.commands.company import Change, given, invalid, require_version
from api.schemas.partners import InvitationIn, JoinIn, PartnerIn, PartnerPatch, PartnerStatementIn
from api.services import Services
from api.views.partners import (
    money_row,
    partner_row,
    partner_view,
    speaks_for,
    statement_row,
    statement_views,
)
from api.views.people import person_fields
from domain.customers.email import normalise_email
from domain.money.months import over_at
from domain.people.access import has_role
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import history, matters, partner_statements, people, texts, tokens
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction, mint
from storage.payouts import company_zone
from storage.setting import hold, next_revision

Row = dict[str, Any]

#: So long an invitation holds where nothing else is said.
_INVITED: Final = timedelta(days=7)

# --- the organisation ------------------------------------------------------------------------------------------------


def enter_partner(change: Change, body: PartnerIn) -> Done:
    """A partner with a team of its own, led by its channel manager."""
    known = change.organisation.people.get(body.manager)
    parent = body.parent or (known.team if known is not None else change.organisation.root)
    change.require(Role.ADMIN, place=change.at_team(parent))
    _in_house(change, body.manager)
    if parent not in change.organisation.teams:
        raise invalid("parent")
    _dates(body.from_, body.to)
    team, partner = mint(), mint()
    change.tx.execute(
        t.team.insert().values(
            id=team,
            name=body.name,
            parent=parent,
            leader=body.manager,
            created_at=change.now,
            version=1,
            rev=change.rev,
        )
    )
    people.lead(change.tx, team, body.manager, at=change.now, rev=change.rev)
    change.tx.execute(
        t.partner.insert().values(
            id=partner,
            name=body.name,
            team=team,
            start_on=body.from_,
            end_on=body.to,
            created_at=change.now,
            version=1,
            rev=change.rev,
        )
    )
    change.record(team, "team", "created", parent=parent, leader=body.manager)
    change.record(partner, "partner", "created", team=team, manager=body.manager)
    return _answer(change, partner, status=201)


def edit_partner(change: Change, partner: str, body: PartnerPatch) -> Done:
    """Name, dates, channel manager, and who of its brokers is its own manager."""
    row = partner_row(change.tx, change.call.caller, partner)
    change.require(Role.ADMIN, place=change.at_team(row["team"]))
    values = given(body, "lead")
    if body.lead is not None:
        change.active_person(body.lead, field="lead")
        if change.organisation.people[body.lead].partner != partner:
            raise invalid("lead", rule="PPL-08")
    if body.name is not None:
        values["name"] = body.name
    if body.from_ is not None:
        values["start_on"] = body.from_
    if "to" in body.model_fields_set:
        values["end_on"] = body.to
    _dates(body.from_ or row["start_on"], values.get("end_on", row["end_on"]))
    if body.manager is not None:
        _in_house(change, body.manager)
    require_version(body.version, row["version"])
    if body.manager is not None:
        _led_by(change, row["team"], body.manager)
    changed = {name: value for name, value in values.items() if value != row[name]}
    if changed or body.manager is not None:
        _write(change, row, changed)
        who = {"manager": body.manager} if body.manager is not None else {}
        who |= {"lead": changed["lead"]} if "lead" in changed else {}
        change.record(partner, "partner", "edited", fields=sorted(changed), **who)
    return _answer(change, partner)


def suspend(change: Change, partner: str, reason: str) -> Done:
    """Its brokers report nothing new until it is resumed; what is open runs on."""
    row = _managed(change, partner)
    if row["suspended_at"] is None:
        _write(change, row, {"suspended_at": change.now})
        change.record(partner, "partner", "suspended", text=texts.keep(change.tx, reason, customer=None))
    return _answer(change, partner)


def resume(change: Change, partner: str) -> Done:
    """Its brokers report again."""
    row = _managed(change, partner)
    if row["suspended_at"] is not None:
        _write(change, row, {"suspended_at": None})
        change.record(partner, "partner", "resumed")
    return _answer(change, partner)


def invite(change: Change, partner: str, body: InvitationIn) -> Done:
    """A code that lets one broker in; it is told this once."""
    row = partner_row(change.tx, change.call.caller, partner)
    if not speaks_for(change.call.caller, row):
        _require_manager(change, row)
    expires_at = body.expires_at or change.now + _INVITED
    if expires_at <= change.now:
        raise invalid("expires_at", rule="PPL-08")
    invitation, code = mint(), secrets.token_urlsafe(16)
    change.tx.insert(
        t.partner_invitation,
        {
            "id": invitation,
            "partner": partner,
            "digest": change.tx.keys.blind("invitation", code),
            "made_by": change.person,
            "created_at": change.now,
            "expires_at": expires_at,
        },
    )
    change.record(partner, "partner", "invited", invitation=invitation, until=expires_at)
    answer = {"id": invitation, "code": code, "expires_at": rfc3339(expires_at)}
    return Done(201, answer, kept_body=answer | {"code": None})


def join(services: Services, body: JoinIn) -> Row:
    """Whoever has a code becomes a broker of its partner, and has a token from then on."""
    email = normalise_email(body.email).display if body.email is not None else None
    if body.phone is not None and not body.phone.strip():
        raise invalid("phone")
    with services.database.reading() as tx:  # nobody without a code takes the lock below
        _invitation(tx, body.code)

    def run(tx: Transaction) -> Row:
        hold(tx)
        now, setting = tx.now(), services.snapshots.setting(tx)
        invitation = _invitation(tx, body.code)
        partner = setting.organisation.partners[invitation["partner"]]
        calendar = next(iter(setting.calendars.values()))
        if not partner.takes_reports(on=calendar.local_date(now)):
            raise Refusal("partner_suspended", rule="PPL-08")
        rev = next_revision(tx)
        entered = people.NewPerson(
            name=body.name,
            team=partner.team,
            email=email,
            phone=body.phone,
            locale=body.locale or setting.company_policy_at(now).choice("locale.default"),
            external_id=None,
            partner=partner.id,
        )
        person = people.add_person(tx, entered, at=now, rev=rev)
        grant = people.give_grant(tx, person, Role.BROKER, at=now, rev=rev)
        token, secret = tokens.create(tx, person=person, name=body.name, at=now)
        tx.update(t.partner_invitation, {"id": invitation["id"]}, {"used_by": person, "used_at": now})
        told = {"partner": partner.id, "invitation": invitation["id"]}
        history.append(
            tx,
            [
                history.Entry(
                    person, "person", "created", now, actor=person, data={"team": partner.team, "grant": grant, **told}
                ),
                history.Entry(person, "person", "token_made", now, actor=person, data={"token": token}),
                history.Entry(partner.id, "partner", "joined", now, actor=person, data={"person": person, **told}),
            ],
        )
        row = tx.row(sa.select(t.person).where(t.person.c.id == person))
        assert row is not None
        return {"person": person_fields(tx, row, contacts=True), "partner": partner.id, "token": secret}

    return services.database.transact(run)


# --- its months ------------------------------------------------------------------------------------------------------


def make_statement(tx: Transaction, call: Call, partner: str, body: PartnerStatementIn) -> Done:
    """What a month added to the partner's accounts, to be confirmed or questioned by its lead (对账).

    The house makes it once the month is over; by call, sooner or for an earlier month.
    """
    caller = call.caller
    money_row(tx, caller, partner)
    if not _is_finance(call):
        raise Refusal("not_allowed", rule="PPL-02")
    s = t.partner_statement
    asked = sa.select(s).where(s.c.partner == partner, s.c.period == body.period)
    known = tx.row(asked)
    if known is not None:
        return Done(200, statement_views(tx, [known])[0])
    end = over_at(body.period, company_zone(caller.setting))
    if tx.now() < end or partner_statements.is_undecided(tx, end=end):
        raise invalid("period", rule="PPL-08", until=end)
    made = partner_statements.make(tx, caller.setting, partner, body.period, by=caller.person)
    if made is not None:
        return Done(201, statement_views(tx, [made])[0])
    return Done(200, statement_views(tx, tx.rows(asked))[0])  # the house has made it at this moment


def answer_statement(tx: Transaction, call: Call, partner: str, statement: str, *, question: str | None) -> Done:
    """The lead confirms the month, or questions it in time: then the channel manager has to look into it."""
    owner = money_row(tx, call.caller, partner)
    row = statement_row(tx, partner, statement)
    if not speaks_for(call.caller, owner):
        raise Refusal("not_allowed", rule="PPL-08")
    now, state = tx.now(), "confirmed" if question is None else "questioned"
    if row["state"] != "open":
        facts = {"state": row["state"], "trigger": "confirm" if question is None else "question"}
        raise Refusal("illegal_transition", rule="PPL-08", facts=facts, current_state=row["state"])
    if question is not None and row["confirm_by"] is not None and now > row["confirm_by"]:
        raise Refusal("deadline_passed", rule="PPL-08", facts={"until": row["confirm_by"]})
    values = {
        "state": state,
        "decided_by": call.person,
        "decided_at": now,
        "reason": texts.keep(tx, question, customer=None),
    }
    tx.update(t.partner_statement, {"id": statement}, values)
    asked = []
    manager = call.setting.organisation.leader_of(owner["team"], at=now)
    if question is not None and manager is not None:
        asked = [partner_statements.task(row, manager, "statement_questioned", due=None)]
    matters.save_tasks(tx, asked, [partner_statements.task_key(statement, "confirm_statement")], at=now)
    _record(tx, call, partner, f"statement_{state}", statement=statement, text=values["reason"])
    return Done(200, statement_views(tx, [row | values])[0])


# --- small things ----------------------------------------------------------------------------------------------------


def _answer(change: Change, partner: str, *, status: int = 200) -> Done:
    row = change.tx.row(sa.select(t.partner).where(t.partner.c.id == partner))
    assert row is not None
    return Done(status, partner_view(change.tx, change.call.caller, row, at=change.now))


def _managed(change: Change, partner: str) -> Row:
    row = partner_row(change.tx, change.call.caller, partner)
    _require_manager(change, row)
    return row


def _require_manager(change: Change, row: Row) -> None:
    """Its channel manager, or an admin over its team."""
    if change.organisation.leader_of(row["team"], at=change.now) != change.person:
        change.require(Role.ADMIN, place=change.at_team(row["team"]))


def _in_house(change: Change, manager: str) -> None:
    """A channel manager is one of the company's own."""
    change.active_person(manager, field="manager")
    if change.organisation.people[manager].partner is not None:
        raise invalid("manager", rule="PPL-08")


def _led_by(change: Change, team: str, manager: str) -> None:
    row = change.tx.row(sa.select(t.team).where(t.team.c.id == team))
    assert row is not None
    if row["leader"] == manager:
        return
    change.tx.update(t.team, {"id": team}, {"leader": manager, "version": row["version"] + 1, "rev": change.rev})
    people.lead(change.tx, team, manager, at=change.now, rev=change.rev)
    change.record(team, "team", "edited", fields=["leader"], leader=manager)


def _dates(start: date, end: date | None) -> None:
    if end is not None and end < start:
        raise invalid("to", rule="PPL-08")


def _write(change: Change, row: Row, values: Row) -> None:
    change.tx.update(t.partner, {"id": row["id"]}, {**values, "version": row["version"] + 1, "rev": change.rev})


def _invitation(tx: Transaction, code: str) -> Row:
    """The invitation behind ``code``, if somebody may still come by it."""
    i = t.partner_invitation
    row = tx.row(sa.select(i).where(i.c.digest == tx.keys.blind("invitation", code)))
    if row is None or row["used_at"] is not None or row["expires_at"] <= tx.now():
        raise invalid("code", rule="PPL-08")
    return row


def _is_finance(call: Call) -> bool:
    return has_role(call.caller.actor, {Role.FINANCE}, organisation=call.setting.organisation, at=call.caller.at)


def _record(tx: Transaction, call: Call, partner: str, kind: str, **data: Any) -> None:
    history.append(tx, [history.Entry(partner, "partner", kind, tx.now(), actor=call.person, data=data)])
