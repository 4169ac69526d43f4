"""Small-team mode (小团队, POL-09): with few people a second person is replaced by a notice to all and a delay.

``org.small_max`` (15) only says up to how many people the mode is proposed. It is switched on by a company policy
that names the parameter itself, with a number above 0, and stays on until a later one names it as 0 or no more;
growing past the number switches nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.policy.policy import Policy

PARAMETER = "org.small_max"


def is_on(company_parameters: Mapping[str, Any]) -> bool:
    """Whether the company policy whose own parameters these are has the mode switched on."""
    return _number(company_parameters) > 0


def may_switch_on(drafted: Mapping[str, Any], *, in_force: Policy, people: int) -> bool:
    """Whether a company policy may switch the mode on without a second person.

    There may be none: so one who drafts it may approve it, while the company has no more active ``people`` than the
    policy in force proposes the mode for.
    """
    return is_on(drafted) and people <= in_force.integer(PARAMETER)


def warning(drafted: Mapping[str, Any], *, people: int, lang: str) -> str | None:
    """What the author of a company policy should know: the company is larger than the number it names."""
    number = _number(drafted)
    if not 0 < number < people:
        return None
    if lang == "en":
        return f"Small-team mode is meant for up to {number} people; the company has {people}. (POL-09)"
    return f"小团队模式适用于不超过 {number} 人，目前在职 {people} 人。（POL-09）"


def _number(parameters: Mapping[str, Any]) -> int:
    value = parameters.get(PARAMETER, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
