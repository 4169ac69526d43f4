"""JSON of leads, assignment rules and profiles, to the domain's values and back (LEAD-01, LEAD-03, PPL-04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.leads.model import Facets, Way
from domain.leads.rotation import Rotation
from domain.leads.rules import Rule
from domain.people.profile import Profile, Shift


def facets_of(given: Mapping[str, Any]) -> Facets:
    """Facets as kept in a detail or as given."""
    found: dict[str, Any] = {name: given[name] for name in Facets.__dataclass_fields__ if given.get(name)}
    for name in ("specialties", "interests"):
        found[name] = tuple(found.get(name, ()))
    return Facets(**found)


def facets_row(facets: Facets) -> dict[str, Any]:
    """The facets that are known."""
    found = {name: getattr(facets, name) for name in Facets.__dataclass_fields__}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in found.items() if v}


def rules_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Assignment rules as stored (LEAD-03)."""
    return tuple(
        Rule(
            when=row["when"],
            person=row["to"].get("person"),
            team=row["to"].get("team"),
            way=Way(row["to"].get("way") or Way.ROTATION.value),
            pool=bool(row["to"].get("pool")),
        )
        for row in rows
    )


def rotation_row(rotation: Rotation) -> dict[str, Any]:
    """What is kept of a rotation: all it takes to go on after a restart (LEAD-04)."""
    return {"order": list(rotation.order), "last": rotation.last, "owed": dict(rotation.owed)}


def rotation_of(kept: Mapping[str, Any]) -> Rotation:
    """The rotation that :func:`rotation_row` kept."""
    return Rotation(order=tuple(kept["order"]), last=kept["last"], owed=kept["owed"])


def profile_of(detail: Mapping[str, Any]) -> Profile:
    """The domain's profile of a stored detail (PPL-04)."""
    sets = ("confirmed", "industries", "product_lines", "regions", "customer_kinds", "languages", "interests")
    shift = detail.get("shift")
    return Profile(
        skills=detail.get("skills") or {},
        experience_months=detail.get("experience_months"),
        capacity_points=detail.get("capacity_points"),
        shift=Shift(frozenset(shift["weekdays"]), shift["start_min"], shift["end_min"]) if shift else None,
        **{name: frozenset(detail.get(name) or ()) for name in sets},
    )
