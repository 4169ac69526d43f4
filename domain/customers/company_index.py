"""Which of many companies has a name close to this one (CUS-05): a scan of cores, then a comparison by parts.

Held in memory by whoever asks often. It holds names of companies, which are in clear in the base too (CUS-01).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.customers.company_names import (
    FUZZY_THRESHOLD,
    CompanyName,
    Comparison,
    company_name,
    compare_parts,
    least_core_closeness,
    sound_of,
)


@dataclass(frozen=True, slots=True)
class CloseCompany:
    """A hit: the customer's id and why its name is worth a hint."""

    customer: str
    comparison: Comparison


@dataclass(slots=True)
class CompanyIndex:
    """Names by what their cores sound like, in order of length.

    Most cores have two or three characters, and at the default threshold those must sound equal: one look into a
    dictionary. Only longer ones are compared one by one.
    """

    _by_length: dict[int, dict[str, dict[str, CompanyName]]] = field(default_factory=dict)
    _sounds: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, companies: Iterable[tuple[str, str]]) -> CompanyIndex:
        """An index of pairs of customer and name."""
        index = cls()
        for customer, name in companies:
            index.put(customer, name)
        return index

    def __len__(self) -> int:
        return len(self._sounds)

    def put(self, customer: str, name: str) -> None:
        """Know ``customer`` by ``name`` and no other; a name that says nothing makes it unknown."""
        self.drop(customer)
        parts = company_name(name)
        if parts.core:
            sound = sound_of(parts.core)
            self._by_length.setdefault(len(sound), {}).setdefault(sound, {})[customer] = parts
            self._sounds[customer] = sound

    def drop(self, customer: str) -> None:
        """Forget ``customer``; safe to do twice."""
        sound = self._sounds.pop(customer, None)
        if sound is not None:
            of_length = self._by_length[len(sound)]
            del of_length[sound][customer]
            if not of_length[sound]:
                del of_length[sound]

    def close_to(self, name: str, *, threshold: float = FUZZY_THRESHOLD) -> tuple[CloseCompany, ...]:
        """Every company whose name :func:`compare_companies` calls same or close, closest first, then by id."""
        asked = company_name(name)
        found = [
            CloseCompany(customer, comparison)
            for sound in self._sounds_close_to(sound_of(asked.core), at_least=least_core_closeness(threshold))
            for customer, known in self._by_length[len(sound)][sound].items()
            # decided before the comparison, because a common core stands in a hundred regions
            if known.places == asked.places or not known.places or not asked.places
            if (comparison := compare_parts(asked, known, threshold=threshold)).possible
        ]
        return tuple(sorted(found, key=lambda hit: (-hit.comparison.score, hit.customer)))

    def _sounds_close_to(self, sound: str, *, at_least: float) -> list[str]:
        found: list[str] = []
        cutoff = max(0.0, at_least - _ROUNDING)
        for length, sounds in self._by_length.items():
            edits = int((1 - cutoff) * max(length, len(sound)))
            if edits < abs(length - len(sound)):
                continue
            if edits:
                hits = process.extract(
                    sound, list(sounds), scorer=OSA.normalized_similarity, score_cutoff=cutoff, limit=None
                )
                found.extend(hit[0] for hit in hits)
            elif sound in sounds:
                found.append(sound)
        return found


# Scores are rounded, and so is the library's cut-off: a little more is looked at, and the comparison decides.
_ROUNDING = 0.001
