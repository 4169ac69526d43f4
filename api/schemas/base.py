"""Types that every shape is made of (contract section 1, "Types")."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_INSTANT = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _clean(value: str) -> str:
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise PydanticCustomError("text_unclean", "text holds a NUL or a lone surrogate")
    return value


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("instant", "an RFC 3339 instant with offset is needed")
    text = value.upper().replace("Z", "+00:00")
    # Leap seconds do not exist in our arithmetic; the last representable second stands for one.
    text = re.sub(r":60(?=[.+-])", ":59", text)
    whole, fraction, offset = re.fullmatch(r"([^.+]{19})(\.\d+)?([+-]\d\d:\d\d)", text).groups()  # type: ignore[union-attr]
    try:
        at = datetime.fromisoformat(f"{whole}{(fraction or '.0')[:7].ljust(7, '0')}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("instant", "there is no such instant") from None
    if not _EARLIEST <= at < _LATEST:
        raise PydanticCustomError("instant_range", "an instant lies between 1970 and 2200")
    return at


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date", "a date of the form YYYY-MM-DD is needed")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "there is no such date") from None
    if not 1970 <= found.year < 2200:
        raise PydanticCustomError("date_range", "a date lies between 1970 and 2200")
    return found


#: Lower-case UUID.
Id = Annotated[StrictStr, Field(pattern=_UUID, json_schema_extra={"format": "uuid"})]
#: At most 200 code points, without NUL and lone surrogates.
Str = Annotated[StrictStr, Field(max_length=200), AfterValidator(_clean)]
#: The same with something in it.
Name = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(_clean)]
#: At most 10,000 code points.
Text = Annotated[StrictStr, Field(max_length=10_000), AfterValidator(_clean)]
#: A reason somebody will read: not blank.
Reason = Annotated[StrictStr, Field(min_length=1, max_length=10_000, pattern=r"\S"), AfterValidator(_clean)]
Int64 = Annotated[StrictInt, Field(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
Version = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Bps = Annotated[StrictInt, Field(ge=0, le=10_000)]
Bool = StrictBool
Instant = Annotated[
    datetime,
    BeforeValidator(_instant, json_schema_input_type=Annotated[str, Field(json_schema_extra={"format": "date-time"})]),
]
Date = Annotated[
    date, BeforeValidator(_date, json_schema_input_type=Annotated[str, Field(json_schema_extra={"format": "date"})])
]
Currency = Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$")]
Track = Literal["sales", "channel"]


class Input(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """An answer: every field is present, empty ones are null."""

    model_config = ConfigDict(extra="forbid")


class Money(Input):
    amount_minor: Int64
    currency: Currency


class Nothing(Input):
    """``{}``."""


class FieldProblem(Output):
    field: str
    code: str


class Messages(Output):
    zh: str
    en: str


class Problem(Output):
    """RFC 9457 with a stable code, both languages and what explains it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    rule: str | None
    policy_version: int | None
    request_id: str
    messages: Messages
    facts: dict[str, Any]
    errors: list[FieldProblem]
    current_state: str | None
    allowed: list[str] | None


class Pending(Output):
    command: str
