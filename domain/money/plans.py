"""Which rate a deal earns (COM-02): the version in force at contract date, and in it the line with most conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.money.model import Plan, Rate
from domain.refusals import FieldError, Refusal

#: What a rate may ask of a deal.
CONDITIONS = ("product", "kind", "territory", "level", "team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What a rate is chosen by. ``teams``: the owner's team and those above it, the nearest first."""

    product: str | None
    kind: str
    territory: str | None
    level: str | None
    teams: tuple[str, ...]


def plan_at(plans: Mapping[str | None, Sequence[Plan]], *, program: str, on: date) -> Plan | None:
    """The version in force on ``on``: the program's own, where it has any by then, else the company's."""
    for scope in (program, None):
        started = [plan for plan in plans.get(scope, ()) if plan.effective_from <= on]
        if started:
            return max(started, key=lambda plan: (plan.effective_from, plan.version))
    return None


def rate_for(plan: Plan, earned: Earned) -> Rate | None:
    """The fitting line with most conditions; None: nothing fits, which is never guessed at.

    A team stands for those below it, so of two teams above each other the nearer one counts. Lines that fit equally
    well are refused with ``policy_invalid``.
    """
    fitting = [rate for rate in plan.rates if fits(rate, earned)]
    if not fitting:
        return None
    best = max(_weight(rate, earned) for rate in fitting)
    found = [rate for rate in fitting if _weight(rate, earned) == best]
    if len(found) > 1:
        raise _ambiguous(plan.rates, found[0], found[1])
    return found[0]


def fits(rate: Rate, earned: Earned) -> bool:
    """Whether the deal is all that the line asks for."""
    return all(_is(name, value, earned) for name, value in rate.when.items())


def check_rates(rates: Sequence[Rate]) -> None:
    """Refuse ``policy_invalid`` if two lines could fit the same deal equally well and no line with more conditions
    decides between them (COM-02).
    """
    for place, one in enumerate(rates):
        for other in rates[place + 1 :]:
            if len(one.when) == len(other.when) and _both_fit(one, other) and not _decided(one, other, rates):
                raise _ambiguous(rates, one, other)


def _is(name: str, value: str, earned: Earned) -> bool:
    match name:
        case "product":
            return value == earned.product
        case "kind":
            return value == earned.kind
        case "territory":
            return value == earned.territory
        case "level":
            return value == earned.level
        case "team":
            return value in earned.teams
        case _:
            return False


def _weight(rate: Rate, earned: Earned) -> tuple[int, int]:
    team = rate.when.get("team")
    return len(rate.when), -earned.teams.index(team) if team is not None else 0


def _both_fit(one: Rate, other: Rate) -> bool:
    """Whether no condition tells the two apart. Two teams do: the nearer one counts."""
    return all(other.when.get(name, value) == value for name, value in one.when.items())


def _decided(one: Rate, other: Rate, rates: Sequence[Rate]) -> bool:
    together = {**one.when, **other.when}
    return any(
        len(rate.when) > len(one.when) and all(together.get(name) == value for name, value in rate.when.items())
        for rate in rates
    )


def _ambiguous(rates: Sequence[Rate], one: Rate, other: Rate) -> Refusal:
    places = [place for place, rate in enumerate(rates) if rate is one or rate is other]
    return Refusal(
        "policy_invalid",
        rule="COM-02",
        facts={"rules": [one.rule, other.rule]},
        errors=tuple(FieldError(f"rates.{place}", "policy_invalid") for place in places),
    )
