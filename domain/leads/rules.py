"""Assignment rules (线索分配规则): which person, team or pool a lead goes to; the first match decides (LEAD-03)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.leads.model import Lead, Way

#: Words a rule may ask for. `source` and `grade` are the lead's own, the others its facets.
CONDITIONS = ("region", "industry", "size", "product_line", "source", "grade")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``when``: for each condition the words of which the lead must have one. Then a person, a pool, or ``team``
    (None: the whole program) by ``way``, rotation or dispatch.
    """

    when: Mapping[str, Collection[str]] = field(default_factory=dict)
    person: str | None = None
    team: str | None = None
    way: Way = Way.ROTATION
    pool: bool = False
    territory: str | None = None  # whose holder it names, by this version of the territory plan (TER-02)
    plan: int | None = None

    def matches(self, lead: Lead) -> bool:
        """Whether the lead has one of the words of every condition."""
        return all(_fold(_word(lead, name)) in {_fold(w) for w in words} for name, words in self.when.items())


#: The source of a lead that was a high-ranked customer whom nobody took from a pool in time (POOL-05).
UNCLAIMED: Final = "pool_unclaimed"
#: What goes for it, whatever the program's rules say: smart dispatch among everybody (LEAD-05).
_DISPATCHED: Final = Rule(way=Way.DISPATCH)

#: Of a program without rules: everybody in turn.
DEFAULT: Sequence[Rule] = (Rule(),)


def first_match(lead: Lead, rules: Sequence[Rule]) -> Rule | None:
    """The rule that decides, or None: then the fallback does (`lead.fallback`)."""
    if lead.source == UNCLAIMED:
        return _DISPATCHED
    return next((rule for rule in rules if rule.matches(lead)), None)


def giving(rule: Rule | None) -> Rule:
    """Among whom somebody takes a turn for another: those whom the rule means; everybody where it means one person, a
    pool, or there is none (LEAD-15).
    """
    return DEFAULT[0] if rule is None or rule.pool or rule.person is not None else rule


def _word(lead: Lead, name: str) -> str | None:
    if name in ("source", "grade"):
        return lead.source if name == "source" else lead.grade
    facets = lead.facets
    return {
        "region": facets.region,
        "industry": facets.industry,
        "size": facets.size,
        "product_line": facets.product_line,
    }[name]


def _fold(word: str | None) -> str | None:
    return word.strip().casefold() if word is not None else None
