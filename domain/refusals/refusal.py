"""The exception every failed precondition raises, and its sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.refusals.catalogue import CATALOGUE, Entry


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: dotted path into the body, and the code that says how."""

    field: str
    code: str


class Refusal(Exception):  # noqa: N818 - an answer of the domain, not an error
    """A rule says no. Nothing has changed (requirements 0.1, "Refusal").

    ``code`` is one of appendix C; ``rule`` the requirement id that decides (default: the first one of the code);
    ``facts`` what explains it, never data the reader may not see; ``current_state`` and ``allowed`` are set where
    a state machine refused.
    """

    def __init__(
        self,
        code: str,
        *,
        rule: str | None = None,
        facts: Mapping[str, Any] | None = None,
        errors: tuple[FieldError, ...] = (),
        current_state: str | None = None,
        allowed: tuple[str, ...] | None = None,
    ) -> None:
        entry = CATALOGUE[code]
        super().__init__(code)
        self.code = code
        self.status = entry.status
        self.rule = rule if rule is not None else (entry.rules[0] if entry.rules else None)
        self.facts: dict[str, Any] = dict(facts or {})
        self.errors = errors
        self.current_state = current_state
        self.allowed = allowed
        #: The policy version that decides, where there is one (POL-07); set by whoever knows it.
        self.policy_version: int | None = None

    def __repr__(self) -> str:
        return f"Refusal({self.code!r}, rule={self.rule!r})"


def describe(code: str) -> Entry:
    """The catalogue entry of ``code``: status, rule ids, title and sentence in zh and en."""
    return CATALOGUE[code]
