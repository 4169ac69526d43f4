"""Identifying features (客户特征): what may be recorded of a visitor, and the words it is found again by (CUS-10)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from domain.customers.fields import narrow
from domain.refusals import FieldError, Refusal

#: What is recorded of nobody, whatever `customer.feature_fields` lists; as a word of a longer name too (face_photo).
SENSITIVE: Final = ("face", "health", "religion", "人脸", "健康", "宗教")

_RUN = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
_LETTERS = re.compile(r"[0-9a-z\u00c0-\u024f\u0370-\u052f]+")


def require_allowed(named: Iterable[str], listed: Collection[str], *, within: str) -> None:
    """Refuse ``field_not_allowed`` for each field that is not on the list of the program, or is sensitive.

    ``within``: the part of the request that holds the fields.
    """
    wrong = [name for name in named if name not in listed or _is_sensitive(name)]
    if wrong:
        errors = tuple(FieldError(f"{within}.{name}", "field_not_allowed") for name in wrong)
        raise Refusal("field_not_allowed", rule="CUS-10", facts={"fields": wrong}, errors=errors)


def words(asked: str) -> frozenset[str]:
    """What is looked for: words and numbers as they are, Chinese in pairs of characters (its words have no gaps),
    whatever the case and width.
    """
    return frozenset(word for run in _runs(asked) for word in _words(run))


def words_found_by(noted: str) -> frozenset[str]:
    """Every word by which ``noted`` is found: its own, and each Chinese character by itself."""
    return words(noted) | {one for run in _runs(noted) if not _LETTERS.fullmatch(run) for one in run}


def _runs(text: str) -> list[str]:
    return _RUN.findall(narrow(text).casefold())


def _words(run: str) -> Iterable[str]:
    if len(run) == 1 or _LETTERS.fullmatch(run):
        return (run,)
    return (run[i : i + 2] for i in range(len(run) - 1))


def _is_sensitive(name: str) -> bool:
    name = narrow(name).casefold()
    parts = re.split(r"[\W_]+", name)
    return any(word in parts if word.isascii() else word in name for word in SENSITIVE)
