"""How leads were distributed and what became of them (LEAD-13, LEAD-16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.views.claims import scope_of
from domain.leads.balance import gini
from domain.leads.candidates import candidate, members
from domain.leads.dispatch import ratio_of
from domain.leads.model import Load, OfferEnd, is_invalid
from domain.policy.policy import Policy
from domain.refusals import FieldError, Refusal
from storage import lead_balance, leads
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def balance_view(tx: Transaction, caller: Caller, program: str) -> Row:
    """Leads and their value per person of the program within `lead.balance_days`, those in the reader's scope shown.

    Shares are worked out over everybody; an offer that ended invalid, or was replaced, counts for nobody.
    """
    policy, start = _window(caller, program)
    setting, end = caller.setting, caller.at
    if setting.organisation.partner_of(caller.person) is not None:
        raise Refusal("not_allowed", rule="PPL-08")  # leads go to the house's own people, and so do their figures
    people = members(program, None, setting=setting, at=end)
    counted = lead_balance.given(tx, program, people, start=start, end=end)
    values: dict[str, dict[str, int]] = {}
    for row in counted:
        if row["value_minor"] is not None:
            sums = values.setdefault(row["person"], {})
            sums[row["currency"]] = sums.get(row["currency"], 0) + row["value_minor"]
    loads = leads.loads(tx, people, now=caller.at)
    days = Fraction((end - start).total_seconds()) / 86_400
    shown = _shown(caller, program)
    found = lead_balance.shares_of(counted, people, setting, program, start=start, end=end)
    return {
        "program": program,
        "from": rfc3339(start),
        "to": rfc3339(end),
        "leads": len(counted),
        "gini": _number(gini([s.leads for s in found], [s.present for s in found])),
        "items": [
            {
                "person": s.person,
                "leads": s.leads,
                "value": [
                    {"amount_minor": minor, "currency": currency}
                    for currency, minor in sorted(values.get(s.person, {}).items())
                ],
                "expected": _number(s.expected),
                "days_present": _number(s.present * days),
                "deviation_pct": _number(s.deviation_pct) if s.deviation_pct is not None else None,
                "values": [
                    {
                        "currency": v.currency,
                        "amount_minor": v.amount_minor,
                        "expected_minor": _number(v.expected_minor),
                        "deviation_pct": _number(v.deviation_pct) if v.deviation_pct is not None else None,
                    }
                    for v in s.values
                ],
                "alarm": s.alarm,
                "off": list(s.off),
                "workload": _workload(s.person, loads, caller, policy),
            }
            for s in found
            if shown(s.person)
        ],
    }


def rates_view(tx: Transaction, caller: Caller, program: str) -> Row:
    """Acceptances and returns within `lead.balance_days`, by sender and by receiver (LEAD-16).

    Leads returned as invalid count in no rate. An alarm: more than `lead.return_alarm_pct` were returned.
    """
    policy, start = _window(caller, program)
    o = t.lead_offer.c
    rows = tx.rows(
        sa.select(o.person, t.lead.c.sender, o.end, o.reason)
        .join(t.lead, t.lead.c.id == o.lead)
        .where(o.program == program, o.at >= start, o.at < caller.at)
    )
    shown = _shown(caller, program)
    # Sender and receiver, and both leaders, see how their leads fared with one another.
    rows = [r for r in rows if shown(r["person"]) or shown(r["sender"])]
    return {
        "program": program,
        "from": rfc3339(start),
        "to": rfc3339(caller.at),
        "senders": _rates(rows, "sender", policy),
        "receivers": _rates(rows, "person", policy),
    }


def _rates(rows: list[Row], by: str, policy: Policy) -> list[Row]:
    alarm_pct = Fraction(policy.number("lead.return_alarm_pct"))
    found = []
    for person in sorted({r[by] for r in rows}):
        mine = [r for r in rows if r[by] == person]
        ends = [r["end"] for r in mine]
        returns = [r["reason"] for r in mine if r["end"] == OfferEnd.RETURNED.value]
        accepted, invalid = ends.count(OfferEnd.ACCEPTED.value), sum(is_invalid(reason) for reason in returns)
        valid = len(returns) - invalid
        rate = Fraction(100 * valid, accepted + valid) if accepted + valid else None
        found.append(
            {
                "person": person,
                "offered": len(mine),
                "accepted": accepted,
                "returned": len(returns),
                "invalid": invalid,
                "missed": ends.count(OfferEnd.MISSED.value),
                "return_pct": _number(rate) if rate is not None else None,
                "reasons": {reason: returns.count(reason) for reason in sorted({*returns})},
                "alarm": rate is not None and rate > alarm_pct,
            }
        )
    return found


def _window(caller: Caller, program: str) -> tuple[Policy, datetime]:
    """The policy in force and the beginning of the window."""
    if program not in caller.setting.programs:
        raise Refusal("field_invalid", errors=(FieldError("program", "field_invalid"),))
    policy = caller.setting.policy_at(program, at=caller.at)
    return policy, lead_balance.window(caller.setting, program, at=caller.at)


def _shown(caller: Caller, program: str) -> Callable[[str], bool]:
    """Whether figures of a person are for the caller: their own, and those of people in scope."""
    scope, organisation = scope_of(caller), caller.setting.organisation

    def shown(person: str) -> bool:
        return scope.reads(program=program, teams=(organisation.team_of(person, at=caller.at),), people=(person,))

    return shown


def _workload(person: str, loads: Mapping[str, Load], caller: Caller, policy: Policy) -> float:
    one = candidate(person, loads.get(person, Load()), setting=caller.setting, policy=policy)
    return _number(ratio_of(one.load, one.capacity_points, policy))


def _number(value: Fraction) -> float:
    return round(float(value), 4)
