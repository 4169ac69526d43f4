"""Who may give which command on a lead (contract section 13). Asked by the API first, by the drain again."""

from __future__ import annotations

from datetime import datetime

from domain.leads.lifecycle import LeadState
from domain.leads.model import Lead, OfferEnd
from domain.matters.matter import CommandKind
from domain.matters.setting import Setting
from domain.people.access import SELLING, Actor, Place, has_any_scope, has_role
from domain.people.organisation import Role
from domain.refusals import Refusal

#: Roles that bring leads in (LEAD-01); leaders of teams do as well.
_SENDING = SELLING | {
    Role.MARKETING,
    Role.RECEPTION,
    Role.PRE_SALES,
    Role.SERVICE,
    Role.TEAM_LEAD,
    Role.MANAGER,
    Role.ADMIN,
}
#: Roles that bring leads into programs they do not belong to, where a grant over the program says so.
_SERVING = frozenset({Role.MARKETING, Role.RECEPTION, Role.PRE_SALES, Role.MANAGER, Role.ADMIN})
#: What only whoever has the lead in hand does, or whom they have it for.
_RECEIVING = frozenset({CommandKind.LEAD_ACCEPT, CommandKind.LEAD_RETURN, CommandKind.LEAD_CONTACT})


def may_send(actor: Actor, *, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` brings leads in."""
    organisation = setting.organisation
    if has_any_scope(actor, _SENDING, organisation=organisation, at=at):
        return True
    return actor.wears(Role.TEAM_LEAD) and bool(organisation.led_by(actor.person))


def brings_into(actor: Actor, program: str, *, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` may bring leads into this program: its members, and whoever serves it with a grant over it."""
    organisation = setting.organisation
    return setting.programs[program].is_member(actor.person, organisation=organisation, at=at) or has_role(
        actor, _SERVING, organisation=organisation, at=at, place=Place(program=program)
    )


def authorise(kind: CommandKind, lead: Lead, *, actor: Actor, setting: Setting, at: datetime) -> None:
    """Refuse ``not_allowed`` unless ``actor`` may give this command; whoever had the lead and let the time pass:
    ``deadline_passed``, as of when (LEAD-11, LEAD-16).
    """
    if kind in _RECEIVING and actor.person not in lead.hands:
        missed = [o for o in lead.offers if o.person == actor.person and o.end is OfferEnd.MISSED]
        if missed:
            raise Refusal(
                "deadline_passed",
                rule="LEAD-11",
                facts={"until": missed[-1].ended_at},
                current_state=lead.state.value,
            )
    if not may(kind, lead, actor=actor, setting=setting, at=at):
        raise Refusal("not_allowed", rule="PPL-02")


def may(kind: CommandKind, lead: Lead, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` may give this command on ``lead``, whatever its state."""
    if kind in _RECEIVING:
        return actor.person in lead.hands
    if actor.person == lead.sender and (
        kind in (CommandKind.LEAD_ASSESS, CommandKind.LEAD_GRADE) or lead.state is LeadState.RETURNED
    ):
        return True
    if kind is CommandKind.LEAD_ASSESS and _assesses(lead, actor=actor, setting=setting, at=at):
        return True
    return in_charge(lead, actor=actor, setting=setting, at=at)


def in_charge(lead: Lead, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` is the supervisor of sender or receiver, a leader above them, or a manager in scope."""
    organisation = setting.organisation
    if has_role(actor, {Role.MANAGER, Role.TEAM_LEAD}, organisation=organisation, at=at, place=place_of(lead, setting)):
        return True
    people = {lead.sender, *(offer.person for offer in lead.offers[-1:])}
    above = {setting.supervisor(person, program=lead.program, at=at) for person in people}
    return any(
        one is not None and (one == actor.person or organisation.delegate_of(one, at=at) == actor.person)
        for one in above
    )


def place_of(lead: Lead, setting: Setting) -> Place:
    """Where a lead lies for the scope of a grant: with its sender and with whoever has it or had it last."""
    teams = (lead.team, *(setting.organisation.team_of(o.person, at=o.at) for o in lead.offers[-1:]))
    return Place(program=lead.program, teams=tuple(dict.fromkeys(teams)))


def _assesses(lead: Lead, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    return has_any_scope(
        actor, {Role.PRE_SALES, Role.MARKETING}, organisation=setting.organisation, at=at
    ) and setting.programs[lead.program].is_member(actor.person, organisation=setting.organisation, at=at)
