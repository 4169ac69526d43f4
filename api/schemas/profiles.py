"""Profiles (contract section 13: PPL-04)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from api.schemas.base import Input, Name, Output, Version

Level = Annotated[StrictInt, Field(ge=1, le=5)]
Listed = Annotated[list[Name], Field(max_length=50)]
Months = Annotated[StrictInt, Field(ge=0, le=1_200)]
Points = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
KindName = Literal["person", "company"]


class ShiftIn(Input):
    """When somebody works; ``hours`` as in ``"09:00-18:00"``."""

    weekdays: Annotated[list[Annotated[StrictInt, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    hours: Name


class ProfilePatch(Input):
    """`PATCH /v1/people/{id}/profile`: what is named is replaced, null takes it away."""

    version: Version
    skills: Annotated[dict[Name, Level], Field(max_length=100)] | None = None
    industries: Listed | None = None
    product_lines: Listed | None = None
    regions: Listed | None = None
    customer_kinds: Annotated[list[KindName], Field(max_length=2)] | None = None
    languages: Listed | None = None
    interests: Listed | None = None
    experience_months: Months | None = None
    capacity_points: Points | None = None
    shift: ShiftIn | None = None


class ConfirmIn(Input):
    skills: Annotated[list[Name], Field(min_length=1, max_length=100)]


class SkillOut(Output):
    skill: str
    level: int
    confirmed: bool


class ShiftOut(Output):
    weekdays: list[int]
    hours: str


class ProfileOut(Output):
    """What matching uses of a person (PPL-04)."""

    person: str
    skills: list[SkillOut]
    industries: list[str]
    product_lines: list[str]
    regions: list[str]
    customer_kinds: list[KindName]
    languages: list[str]
    interests: list[str]
    experience_months: int | None
    capacity_points: int | None
    shift: ShiftOut | None
    version: int
