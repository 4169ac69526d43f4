"""One checker per kind of parameter: does this JSON value have the right type, range and form (POL-01)?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from domain.policy import values
from domain.policy.parameters import (
    DEAL_KINDS,
    GRADES,
    JSON,
    LEVELS,
    MATCH_FIELDS,
    MAX_INTEGER,
    RECORD_DUTIES,
    ROLES,
    Kind,
    Parameter,
)

MAX_ITEMS: Final = 100
"""Entries of a list or object value."""


def check(parameter: Parameter, value: JSON) -> None:
    """ValueError if ``value`` is none that ``parameter`` can have."""
    if value is None and parameter.nullable:
        return
    if isinstance(value, list | dict) and len(value) > MAX_ITEMS:
        raise ValueError("too many entries")
    _CHECKERS[parameter.kind](parameter, value)


def expectation(parameter: Parameter) -> str:
    """What :func:`check` accepts, in a few technical words for whoever wrote the value."""
    parts = [parameter.kind.value]
    if parameter.unit is not None:
        parts.append(f"number >= 0 in {parameter.unit}, or P[nD]T[nH][nM][nS]")
    if parameter.choices:
        parts.append(" / ".join(parameter.choices))
    if parameter.staged:
        parts.append(f"a stage of stage.list, {parameter.choices[0]}/stage")
    if parameter.minimum is not None and parameter.maximum is not None:
        unbounded = parameter.maximum >= MAX_INTEGER
        parts.append(f">= {parameter.minimum:g}" if unbounded else f"{parameter.minimum:g} to {parameter.maximum:g}")
    return ": ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:])


def _duration(parameter: Parameter, value: JSON) -> None:
    values.duration(value, unit=_unit(parameter))


def _integer(parameter: Parameter, value: JSON) -> None:
    _within(parameter, Decimal(values.integer(value)))


def _number(parameter: Parameter, value: JSON) -> None:
    _within(parameter, values.number(value))


def _switch(_: Parameter, value: JSON) -> None:
    if not isinstance(value, bool):
        raise ValueError("not true or false")


def _choice(parameter: Parameter, value: JSON) -> None:
    if values.word(value) not in parameter.choices:
        raise ValueError("not one of the words")


def _word(_: Parameter, value: JSON) -> None:
    values.word(value)


def _words(parameter: Parameter, value: JSON) -> None:
    words = [values.word(item) for item in _list(value)]
    if len(set(words)) != len(words) or len(words) < (parameter.minimum or 0):
        raise ValueError("a word twice, or no word")
    if parameter.choices and not set(words) <= set(parameter.choices):
        raise ValueError("not one of the words")
    # A program sells or it is none: the channel track only ever stands beside the sales track (TER-01).
    if parameter.name == "ownership.tracks" and "sales" not in words:
        raise ValueError("no sales track")


def _series(parameter: Parameter, value: JSON) -> None:
    durations = [values.duration(item, unit=_unit(parameter)) for item in _list(value)]
    for one, following in pairwise(durations):
        earlier, later = (following, one) if parameter.falling else (one, following)
        # A day of the calendar and 24 hours cannot be ranked for sure, so only like is compared with like.
        if one.scale is following.scale and earlier.microseconds >= later.microseconds:
            raise ValueError("not in order, or twice")


def _duration_by_key(parameter: Parameter, value: JSON) -> None:
    for item in _object(value, keys=() if parameter.staged else parameter.choices).values():
        values.duration(item, unit=_unit(parameter))


def _integer_by_key(parameter: Parameter, value: JSON) -> None:
    for item in _object(value, keys=parameter.choices).values():
        if values.integer(item) < 0:
            raise ValueError("negative")


def _weights(parameter: Parameter, value: JSON) -> None:
    weights = [values.number(item) for item in _object(value, keys=parameter.choices).values()]
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError("a negative weight, or none at all")


def _stage_length(parameter: Parameter, value: JSON) -> None:
    for item in _object(value, keys=parameter.choices).values():
        values.stage_length(item)


def _key_groups_by_kind(parameter: Parameter, value: JSON) -> None:
    by_kind = _object(value, keys=parameter.choices)
    if not by_kind:
        raise ValueError("no kind")
    for groups in by_kind.values():
        _check_groups(groups, fields=MATCH_FIELDS)


def _key_groups(parameter: Parameter, value: JSON) -> None:
    _check_groups(value, fields=parameter.choices)


def _check_groups(value: JSON, *, fields: tuple[str, ...]) -> None:
    groups = [[values.word(field) for field in _list(group)] for group in _list(value)]
    if not groups:
        raise ValueError("no group")
    for group in groups:
        if not group or len(set(group)) != len(group) or not set(group) <= set(fields):
            raise ValueError("an empty group, a field twice, or no field to match")


def _ownership_rules(parameter: Parameter, value: JSON) -> None:
    seen = set[str]()
    for item in _list(value):
        entry = _object(item, keys=("rule", "weight"))
        rule = values.word(entry.get("rule"))
        if rule not in parameter.choices or rule in seen or values.number(entry.get("weight", 0)) < 0:
            raise ValueError("no such rule, a rule twice, or a negative weight")
        seen.add(rule)


def _release(parameter: Parameter, value: JSON) -> None:
    if value == "cash_pro_rata":
        return
    parts = [values.number(item) for item in _object(value, keys=parameter.choices).values()]
    if any(part < 0 for part in parts) or sum(parts) != 100:
        raise ValueError("stages that do not total 100")


def _weekdays(_: Parameter, value: JSON) -> None:
    values.weekdays(value)


def _hours(_: Parameter, value: JSON) -> None:
    values.hours(value)


def _night_hours(_: Parameter, value: JSON) -> None:
    values.hours(value, overnight=True)


def _windows(_: Parameter, value: JSON) -> None:
    for item in _list(value):
        values.window(item)


def _zone(_: Parameter, value: JSON) -> None:
    try:
        ZoneInfo(values.word(value))
    except (KeyError, OSError) as unknown:  # an unknown zone, or a folder of zones such as "Asia"
        raise ValueError("no such time zone") from unknown


def _region(_: Parameter, value: JSON) -> None:
    if not re.fullmatch(r"[A-Z]{2}", values.word(value)):
        raise ValueError("not a country code of two capitals")


def _stages(_: Parameter, value: JSON) -> None:
    names = [_stage_name(item) for item in _list(value)]
    if not names or len(set(names)) != len(names):
        raise ValueError("no stage, or a stage twice")


def _stage_name(item: JSON) -> str:
    if not isinstance(item, dict):
        return values.word(item)
    stage = _object(item, keys=("name", "role", "conditions", "outputs", "duties"))
    if "role" in stage and values.word(stage["role"]) not in ROLES:
        raise ValueError("no such role")
    for key in ("conditions", "outputs"):
        for text in _list(stage.get(key, [])):
            values.word(text)
    duties = [values.word(duty) for duty in _list(stage.get("duties", []))]
    known = {*RECORD_DUTIES, *(f"{grade}/{field}" for grade in GRADES for field in RECORD_DUTIES)}
    if len(set(duties)) != len(duties) or not set(duties) <= known:
        raise ValueError("nothing to record, or twice")
    return values.word(stage.get("name"))


def _grades(parameter: Parameter, value: JSON) -> None:
    by_grade = _object(value, keys=parameter.choices)
    scores = [values.number(by_grade[grade]) for grade in parameter.choices if grade in by_grade]
    if not scores or any(not 0 <= score <= 100 for score in scores):
        raise ValueError("no score from 0 to 100")
    if any(better <= worse for better, worse in pairwise(scores)):
        raise ValueError("a better grade that needs no more points")


def _levels(parameter: Parameter, value: JSON) -> None:
    if any(level not in (None, *LEVELS) for level in _object(value, keys=parameter.choices).values()):
        raise ValueError("no level of customers")


def _credit(parameter: Parameter, value: JSON) -> None:
    words = _object(value, keys=DEAL_KINDS).values() if isinstance(value, dict) else [value]
    for item in words:
        _choice(parameter, item)


def _amount(_: Parameter, value: JSON) -> None:
    amount = _object(value, keys=("amount_minor", "currency"))
    if values.integer(amount.get("amount_minor")) < 0:
        raise ValueError("negative")
    if not re.fullmatch(r"[A-Z]{3}", values.word(amount.get("currency"))):
        raise ValueError("no currency code")


def _award(parameter: Parameter, value: JSON) -> None:
    award = _object(value, keys=("period", "min_takes"))
    _choice(parameter, award.get("period"))
    if values.integer(award.get("min_takes", 0)) < 0:
        raise ValueError("negative")


def _tries(parameter: Parameter, value: JSON) -> None:
    tries = _object(value, keys=parameter.choices) if isinstance(value, dict) else {"tries": value}
    if values.integer(tries.get("tries")) < 0:
        raise ValueError("negative")
    if "window_min" in tries and values.duration(tries["window_min"], unit="min").is_zero:
        raise ValueError("no time to count in")


def _screens(parameter: Parameter, value: JSON) -> None:
    for numbers in _object(value, keys=parameter.choices).values():
        words = [values.word(item) for item in _list(numbers)]
        if len(set(words)) != len(words) or len(words) > (parameter.maximum or 0):
            raise ValueError("a number twice, or too many")


def _within(parameter: Parameter, value: Decimal) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < Decimal(low)) or (high is not None and value > Decimal(high)):
        raise ValueError("out of range")


def _unit(parameter: Parameter) -> str:
    if parameter.unit is None:
        raise ValueError(f"{parameter.name} has no unit")
    return parameter.unit


def _list(value: JSON) -> list[JSON]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise ValueError("not a list")
    return value


def _object(value: JSON, *, keys: tuple[str, ...]) -> dict[str, JSON]:
    """``value`` as an object whose keys are words, out of ``keys`` where there are any."""
    if not isinstance(value, dict) or len(value) > MAX_ITEMS:
        raise ValueError("not an object")
    for key in value:
        if values.word(key) not in (keys or value):
            raise ValueError("an unknown key")
    return value


_CHECKERS: Final[Mapping[Kind, Callable[[Parameter, JSON], None]]] = MappingProxyType(
    {
        Kind.DURATION: _duration,
        Kind.INTEGER: _integer,
        Kind.NUMBER: _number,
        Kind.PERCENT: _number,
        Kind.SWITCH: _switch,
        Kind.CHOICE: _choice,
        Kind.SERIES: _series,
        Kind.WORDS: _words,
        Kind.WORD: _word,
        Kind.DURATION_BY_KEY: _duration_by_key,
        Kind.INTEGER_BY_KEY: _integer_by_key,
        Kind.WEIGHTS: _weights,
        Kind.STAGE_LENGTH: _stage_length,
        Kind.KEY_GROUPS_BY_KIND: _key_groups_by_kind,
        Kind.KEY_GROUPS: _key_groups,
        Kind.OWNERSHIP_RULES: _ownership_rules,
        Kind.RELEASE: _release,
        Kind.WEEKDAYS: _weekdays,
        Kind.HOURS: _hours,
        Kind.NIGHT_HOURS: _night_hours,
        Kind.WINDOWS: _windows,
        Kind.ZONE: _zone,
        Kind.REGION: _region,
        Kind.STAGES: _stages,
        Kind.GRADES: _grades,
        Kind.LEVELS: _levels,
        Kind.CREDIT: _credit,
        Kind.AMOUNT: _amount,
        Kind.AWARD: _award,
        Kind.TRIES: _tries,
        Kind.SCREENS: _screens,
    }
)
