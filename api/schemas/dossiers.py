"""Dossiers (contract section 18)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Id, Input, Name, Output, Str, Text, Version


class DecisionMakerIn(Input):
    """Somebody who decides at the customer; without ``id`` a new one. ``met``: follow-ups in which they were met."""

    id: Id | None = None
    name: Name
    role: Str | None = None
    note: Text | None = None
    met: Annotated[list[Id], Field(max_length=50)] | None = None


class FloorIn(Input):
    """Our own floor (底线)."""

    price: Text | None = None
    concessions: Text | None = None
    delivery: Text | None = None


class DossierPatch(Input):
    """`PATCH /v1/claims/{id}/dossier`: what is named is set as a whole, null empties it."""

    version: Version
    decision_makers: Annotated[list[DecisionMakerIn], Field(max_length=50)] | None = None
    budget: Text | None = None
    decision_chain: Text | None = None
    competitors: Annotated[list[Name], Field(max_length=50)] | None = None
    floor: FloorIn | None = None


class DecisionMakerOut(Output):
    id: str
    name: str
    role: str | None
    note: str | None
    met: list[str]


class FloorOut(Output):
    price: str | None
    concessions: str | None
    delivery: str | None


class DossierContentOut(Output):
    """`filled`: the parts that say something. Version 1: nobody wrote anything yet."""

    decision_makers: list[DecisionMakerOut]
    budget: str | None
    decision_chain: str | None
    competitors: list[str]
    floor: FloorOut
    filled: list[str]
    version: int
    changed_at: str | None
    changed_by: str | None


class MergedDossierOut(DossierContentOut):
    """What another record of the customer brought with it (CUS-13)."""

    customer: str


class DossierOut(DossierContentOut):
    """The dossier that is kept, and those that are only read beside it."""

    claim: str
    merged: list[MergedDossierOut]
