"""Appendix C of the requirements as data: code, HTTP status, rules, and the sentence in zh and en."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One refusal code. ``title`` and ``detail`` are keyed by language, ``zh`` and ``en``."""

    code: str
    status: int
    rules: tuple[str, ...]
    title: Mapping[str, str]
    detail: Mapping[str, str]


CATALOGUE: Mapping[str, Entry] = {}
