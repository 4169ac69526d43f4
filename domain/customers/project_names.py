"""Names of projects (项目名称) that may mean one project of a customer: advice and nothing else (CLM-33).

What tells two projects of one customer apart is often a single character: a phase, a lot, a building, a product in
Latin letters, a side. So those are compared whole, and only what is left may differ by a slip.

>>> is_close("市一医院PACS系统采购项目", "市一院PACS系统采购项目")
True
>>> is_close("一期弱电工程", "二期弱电工程")
False
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from domain.customers.fields import narrow

CLOSE: Final = 0.8
"""How alike what is left of two names is, of 1, where they are close: one slip in five characters.

Chosen on the pairs of ``tests/domain/customers/test_project_names.py``: those that mean one project have 0.83 or more
or one name inside the other, those that mean two and share every mark 0.6 or less. At 0.75 a slip in four characters
would do, which is half of a short name.
"""

#: Shorter names inside others say nothing.
_INSIDE: Final = 4
#: What every tender is called.
_GENERIC: Final = re.compile("公开招标|招标|投标|采购|项目|工程|标段|标包|系统|建设|服务")
_NUMERALS: Final = str.maketrans("〇零一二三四五六七八九十", "00123456789X")
#: Numbers, short words in Latin letters, and characters that name a side or an age.
_MARK: Final = re.compile(r"[0-9X]+|(?<![a-z])[a-z]{1,5}(?![a-z])|[东南西北上下内外左右新旧老]")
#: A number with what it counts, wherever it stands in the name.
_ORDINAL: Final = re.compile(r"第?[0-9X]+(标段|标包|年度|号楼|期|标|包|批|号|栋|楼|区|次|年)?")


def is_close(one: str, other: str) -> bool:
    """Whether the two names may mean one project: one inside the other, or alike but for a slip or their order."""
    a, b = (name.replace(" ", "") for name in (_plain(one), _plain(other)))
    if len(min(a, b, key=len)) >= _INSIDE and (a in b or b in a):
        return True
    marks, left = _parts(_plain(one))
    other_marks, other_left = _parts(_plain(other))
    return bool(left) and marks == other_marks and OSA.normalized_similarity(left, other_left) >= CLOSE


def _plain(name: str) -> str:
    return " ".join(narrow(name).casefold().split())


@lru_cache(maxsize=4096)
def _parts(name: str) -> tuple[tuple[str, ...], str]:
    """What tells a project apart, in any order, and what is left of its name."""
    counted = name.translate(_NUMERALS)
    left = _GENERIC.sub("", _ORDINAL.sub("", counted))
    return tuple(sorted(_MARK.findall(counted))), "".join(c for c in left if c.isalnum())
