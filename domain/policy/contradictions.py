"""Settings that cannot both be meant (POL-04): each check looks at resolved values and names every parameter concerned.

Only what is certainly wrong is refused here; what is merely unwise is a warning (:mod:`domain.policy.sales_cycle`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.calendar.duration import DAY_US, Duration, Scale
from domain.policy import values as read
from domain.policy.parameters import GRADES, JSON, PARAMETERS


@dataclass(frozen=True, slots=True)
class Contradiction:
    """``names`` cannot stand together; ``rule`` is the requirement that says so."""

    rule: str
    names: tuple[str, ...]


def contradictions(*, values: Mapping[str, JSON], given: Collection[str]) -> Iterator[Contradiction]:
    """The contradictions among ``values``, every one of them well-formed.

    ``given`` are the names that this policy sets itself, as against values it merely finds beneath it.
    """
    for check in _CHECKS:
        yield from check(values, given)


_Check = Callable[[Mapping[str, JSON], Collection[str]], Iterator[Contradiction]]


def _visit_first_with_a_protected_report(values: Mapping[str, JSON], given: Collection[str]) -> Iterator[Contradiction]:
    # With the switch on, a shape found beneath gives way to visit_deal (table 13.1); one set beside it cannot.
    names = ("ownership.visit_first", "claim.protection_shape")
    if values[names[0]] is True and names[1] in given and values[names[1]] != "visit_deal":
        yield Contradiction("CLM-09", names)


def _total_shorter_than_protection(values: Mapping[str, JSON], _: Collection[str]) -> Iterator[Contradiction]:
    names = ("claim.max_total_days", "claim.protection_days")
    total, protection = (_duration(values, name) for name in names)
    # In the shapes with a visit claim.protection_days is not used (CLM-12).
    if values["claim.protection_shape"] == "report_deal" and _surely_shorter(total, protection):
        yield Contradiction("CLM-11", names)


def _weighted_without_weights(values: Mapping[str, JSON], _: Collection[str]) -> Iterator[Contradiction]:
    rules = values["ownership.rules"]
    weights = [rule.get("weight", 0) for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    if values["ownership.mode"] == "weighted" and not any(weights):
        yield Contradiction("CLM-06", ("ownership.mode", "ownership.rules"))


def _confirmation_that_nobody_asks_for(values: Mapping[str, JSON], _: Collection[str]) -> Iterator[Contradiction]:
    for needing in ("confirm.required", "confirm.hold_commission"):
        if values[needing] is True and values["confirm.points"] == []:
            yield Contradiction("CNF-01", (needing, "confirm.points"))


def _rhythm_of_no_stage(values: Mapping[str, JSON], given: Collection[str]) -> Iterator[Contradiction]:
    # Stages that a program gives itself leave what lies beneath for others without effect.
    names = ("sop.rhythm_days", "stage.list")
    keys, stages = (values[name] for name in names)
    if names[0] not in given or not isinstance(keys, dict) or not isinstance(stages, list):
        return
    known = {stage["name"] if isinstance(stage, dict) else stage for stage in stages}
    if any(key not in GRADES and _stage_of(key) not in known for key in keys):
        yield Contradiction("LEAD-12", names)


def _stage_of(key: str) -> str:
    """The stage of a key that is one, or ``grade/stage``."""
    grade, _, stage = key.partition("/")
    return stage if grade in GRADES else key


_CHECKS: Final[tuple[_Check, ...]] = (
    _visit_first_with_a_protected_report,
    _total_shorter_than_protection,
    _weighted_without_weights,
    _confirmation_that_nobody_asks_for,
    _rhythm_of_no_stage,
)


def _duration(values: Mapping[str, JSON], name: str) -> Duration:
    return read.duration(values[name], unit=PARAMETERS[name].unit or "")


def _surely_shorter(one: Duration, other: Duration) -> bool:
    """Both on, and ``one`` ends first whenever they start together; a day on the wall may be 23 to 25 hours long."""
    if one.is_zero or other.is_zero:
        return False
    slack_us = 0 if one.scale is other.scale else DAY_US
    return one.microseconds + slack_us < other.microseconds and {one.scale, other.scale} <= _DATED


_DATED: Final = {Scale.ELAPSED, Scale.CALENDAR}
