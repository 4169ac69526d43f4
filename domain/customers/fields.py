"""Text hygiene (文本校验) shared by everything that takes text from outside: predicates, and one clean-up of width.

Lengths are Unicode code points, as in the contract: ``str`` is at most 200 of them, ``text`` at most 10,000, both
without NUL (PostgreSQL cannot store it) and without lone surrogates (they cannot be written as UTF-8).
"""

from __future__ import annotations

import re
import unicodedata

STR_MAX = 200
TEXT_MAX = 10_000


def has_nul(text: str) -> bool:
    """True if ``text`` holds U+0000."""
    return "\x00" in text


def has_lone_surrogate(text: str) -> bool:
    """True if ``text`` holds a surrogate code point, which in a Python string is always a lone one."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def is_clean_text(text: str, *, max_code_points: int) -> bool:
    """True if ``text`` has at most ``max_code_points`` code points, no NUL and no lone surrogate. Empty is clean."""
    return len(text) <= max_code_points and not has_nul(text) and not has_lone_surrogate(text)


def narrow(text: str) -> str:
    """``text`` in compatibility form (NFKC: full width becomes half width), without invisible characters, trimmed.

    Dropped are format characters (zero-width spaces, direction marks that address books paste along), variation
    selectors, fillers and surrogates; control characters and every kind of space become U+0020. Case is kept.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _without_invisible(text))
        # the compatibility form can hold what was just dropped: a half-width filler becomes a full-width one
        text = _without_invisible(text)
    return _BLANK.sub(" ", text).strip()


_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cs"})
_FILLERS = frozenset("\u034f\u115f\u1160\u3164\uffa0")


def _without_invisible(text: str) -> str:
    return "".join(char for char in text if not _is_invisible(char))


def _is_invisible(char: str) -> bool:
    if char < "\x7f":
        return False
    return (
        unicodedata.category(char) in _INVISIBLE_CATEGORIES
        or char in _FILLERS
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
        or "\u180b" <= char <= "\u180f"
    )
