"""Overrides (特别规定) of claim parameters by customer level, kind, source or channel (CLM-13)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Self, cast

from domain.policy.parameters import JSON


@dataclass(frozen=True, slots=True)
class Override:
    """``values`` apply to claims that meet every condition of ``when`` (keys: level, kind, source, channel)."""

    when: Mapping[str, str]
    values: Mapping[str, JSON]

    @classmethod
    def of(cls, stored: Mapping[str, JSON]) -> Self:
        """From ``{"when": …, "set": …}`` as :func:`domain.policy.validation.validate` let it pass."""
        return cls(cast(Mapping[str, str], stored["when"]), cast(Mapping[str, JSON], deepcopy(stored["set"])))

    def as_json(self) -> dict[str, JSON]:
        return {"when": dict(self.when), "set": deepcopy(dict(self.values))}

    @property
    def specificity(self) -> int:
        """The number of conditions; of two overrides that match, the one with more decides."""
        return len(self.when)

    def matches(self, facts: Mapping[str, str | None]) -> bool:
        """Does a claim with these ``facts`` (level, kind, source, channel) meet every condition?"""
        return all(facts.get(key) == wanted for key, wanted in self.when.items())

    def rivals(self, other: Override) -> bool:
        """Could both match one claim, with neither more specific, and set the same parameter?"""
        return (
            self.specificity == other.specificity
            and all(other.when.get(key, wanted) == wanted for key, wanted in self.when.items())
            and not self.values.keys().isdisjoint(other.values)
        )
