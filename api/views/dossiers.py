"""A dossier as its readers see it (contract section 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.customers.dossier import filled
from storage.codec import rfc3339
from storage.dossiers import Dossier


def dossier_view(
    claim: str, kept: Dossier, merged: Sequence[Dossier], met: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """``merged``: what other records of the customer brought with them (CUS-13); ``met``: the follow-ups in which each
    decision maker was met.
    """
    return {
        "claim": claim,
        **_content(kept, met),
        "merged": [{"customer": one.customer, **_content(one, met)} for one in merged],
    }


def _content(dossier: Dossier, met: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    content = dossier.content
    floor = content.get("floor") or {}
    return {
        "decision_makers": [
            {**one, "met": list(met.get(one["id"], ()))} for one in content.get("decision_makers") or ()
        ],
        "budget": content.get("budget"),
        "decision_chain": content.get("decision_chain"),
        "competitors": content.get("competitors") or [],
        "floor": {part: floor.get(part) for part in ("price", "concessions", "delivery")},
        "filled": list(filled(content)),
        "version": dossier.version,
        "changed_at": rfc3339(dossier.changed_at) if dossier.changed_at is not None else None,
        "changed_by": dossier.changed_by,
    }
