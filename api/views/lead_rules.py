"""Assignment rules (LEAD-03) and profiles (PPL-04) as their readers see them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.views.people import person_row
from api.views.programs import program_row
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction

Row = dict[str, Any]


def shown_rules(tx: Transaction, caller: Caller, program: str) -> Row:
    """The same for whoever asks, people of a partner apart: who gets which leads is in-house (PPL-08)."""
    if caller.setting.organisation.partner_of(caller.person) is not None:
        raise Refusal("not_allowed", rule="PPL-08")
    return rules_view(tx, program)


def rules_view(tx: Transaction, program: str) -> Row:
    """A program's rules in order; none: everybody in turn."""
    program_row(tx, program)
    row = tx.row(sa.select(t.lead_rules).where(t.lead_rules.c.id == program))
    return {"program": program, "rules": row["rules"] if row else [], "version": row["version"] if row else 1}


def profile_view(tx: Transaction, person: str) -> Row:
    """A person's profile; empty where nobody has said anything."""
    person_row(tx, person)
    row = tx.row(sa.select(t.profile).where(t.profile.c.id == person))
    detail = row["detail"] if row else {}
    confirmed, shift = set(detail.get("confirmed", ())), detail.get("shift")
    lists = ("industries", "product_lines", "regions", "customer_kinds", "languages", "interests")
    return {
        "person": person,
        "skills": [
            {"skill": skill, "level": level, "confirmed": skill in confirmed}
            for skill, level in sorted(detail.get("skills", {}).items())
        ],
        **{name: detail.get(name, []) for name in lists},
        "experience_months": detail.get("experience_months"),
        "capacity_points": detail.get("capacity_points"),
        "shift": {
            "weekdays": shift["weekdays"],
            "hours": f"{_clock(shift['start_min'])}-{_clock(shift['end_min'])}",
        }
        if shift
        else None,
        "version": row["version"] if row else 1,
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
