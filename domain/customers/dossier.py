"""What a seller knows of a customer, in parts that are filled in or not (客户档案, CUS-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: The parts of a dossier: 关键决策人, 预算, 决策链, 竞争对手, 底线.
FIELDS: Final = ("decision_makers", "budget", "decision_chain", "competitors", "floor")
#: Work by which a decision maker is met face to face (CLM-08).
MEETINGS: Final = frozenset({"meeting", "visit", "demo"})


def filled(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts that say something, in their order; of the floor one of its own parts is enough."""
    return tuple(name for name in FIELDS if _says(content.get(name)))


def _says(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_says(part) for part in value.values())
    return bool(value.strip() if isinstance(value, str) else value)
