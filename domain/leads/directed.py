"""Leads that somebody directs at a person by name: about a customer who lies in a pool they are takes (POOL-03).

What the rules of the company give out is no take, nor what somebody gives away who may give pooled customers away. Any
other way of reporting a pooled customer meets the rules of the pool, whoever writes the lead for whom: else two people
who send each other leads would have what neither of them could take. A colleague who sells need not name whom a rule,
a territory or a grace period names for them: it is known before who will have that lead.
"""

from __future__ import annotations

from datetime import datetime

from domain.leads.candidates import sells
from domain.leads.model import Lead, Way
from domain.leads.rules import UNCLAIMED
from domain.matters.setting import Setting
from domain.people.access import Actor, Place, has_role
from domain.people.organisation import Role

#: Ways of a lead into the hands of whom somebody names, or who stands in for them (LEAD-15).
_BY_NAME = (Way.NAMED, Way.STAND_IN)
#: Ways of a lead to one person who was known before it was sent (LEAD-03, TER-02, CLM-20).
_FORESEEN = (Way.RULE, Way.TERRITORY, Way.FORMER_OWNER)


def directed_by(lead: Lead, owner: str, *, setting: Setting) -> str | None:
    """Who put the lead into the hands of ``owner`` by name; its sender too, whom a rule gave their own lead back, or
    who sells and knew to whom it would go.
    """
    offer = lead.offer
    if offer is None:
        return None
    sent = lead.source != UNCLAIMED  # those of pools are sent in the name of an admin
    if sent and lead.sender == owner:
        return owner
    if sent and offer.way in _FORESEEN and sells(lead.sender, setting=setting, at=offer.at):
        return lead.sender
    if offer.way not in _BY_NAME:
        return None
    by: str = offer.data.get("by", lead.sender)
    return by


def is_by_a_peer(lead: Lead, owner: str, *, setting: Setting) -> bool:
    """Whether a colleague who sells named ``owner``, so that a judge looks at it as at a report (CLM-04)."""
    by, offer = directed_by(lead, owner, setting=setting), lead.offer
    if by is None or offer is None or offer.way not in _BY_NAME:
        return False
    return sells(by, setting=setting, at=offer.at) and not is_over(
        by, owner, lead.program, setting=setting, at=offer.at
    )


def is_over(by: str, owner: str, program: str, *, setting: Setting, at: datetime) -> bool:
    """Whether ``by`` is a leader, manager or supervisor of ``owner``, or stands in for that one; nobody is over
    themselves.
    """
    if by == owner:
        return False
    organisation = setting.organisation
    place = Place(program=program, teams=(organisation.team_of(owner, at=at),))
    if has_role(Actor(by), {Role.MANAGER, Role.TEAM_LEAD}, organisation=organisation, at=at, place=place):
        return True
    above = setting.supervisor(owner, program=program, at=at)
    return above is not None and by in (above, organisation.delegate_of(above, at=at))


def gives_away(by: str, owner: str, program: str, pool: str | None, *, setting: Setting, at: datetime) -> bool:
    """Whether ``by`` is an admin of the pool, or over the program, who may assign what lies there (POOL-01)."""
    if by == owner:
        return False
    place = setting.programs[program]
    if by in place.pool(pool or place.default_pool).admins:
        return True
    return has_role(Actor(by), {Role.ADMIN}, organisation=setting.organisation, at=at, place=Place(program=program))
