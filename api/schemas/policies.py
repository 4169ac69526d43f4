"""Policy versions (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import Bool, Count, Id, Input, Instant, Output, Reason
from api.schemas.programs import Overrides, Parameters, PresetName

PolicyStateName = Literal["draft", "reviewed", "approved", "active", "archived"]


class PolicyIn(Input):
    """A draft (POL-04): what it changes of ``base_version``, by default the version in force.

    With a ``preset`` and no ``base_version`` it starts from the preset instead (POL-03). ``overrides`` are given whole;
    beside a preset they are added to the preset's.
    """

    reason: Reason
    parameters: Parameters | None = None
    overrides: Overrides | None = None
    preset: PresetName | None = None
    base_version: Count | None = None


class ActivateIn(Input):
    at: Instant | None = None


class MigrateIn(Input):
    """`POST /v1/policies/{id}/migrate` (POL-02): all open claims, or the named ones."""

    dry_run: Bool
    claims: Annotated[list[Id], Field(max_length=10_000)] | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class PolicyOut(Output):
    """A version and what it sets; the policy in force has every parameter with its value."""

    id: str
    program: str | None
    version: int
    state: PolicyStateName
    parameters: dict[str, Any]
    overrides: list[dict[str, Any]]
    author: str
    reviewed_by: str | None
    approved_by: str | None
    reason: str | None
    effective_at: str | None
    warnings: list[str]


class PolicyPage(Output):
    items: list[PolicyOut]
    next: str | None


class MigratedClaim(Output):
    claim: str
    deadline_before: str | None
    deadline_after: str | None


class MigrationOut(Output):
    claims: list[MigratedClaim]


class RuleText(Output):
    text: str
