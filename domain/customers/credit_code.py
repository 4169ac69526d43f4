"""Unified social credit codes (统一社会信用代码, GB 32100): one spelling, verified (CUS-04)."""

from __future__ import annotations

import re

from stdnum.cn import uscc

from domain.customers.fields import narrow
from domain.refusals import FieldError, Refusal

LENGTH = 18


def normalise_credit_code(text: str, *, field: str = "company_code") -> str:
    """The 18 characters of ``text`` in upper case and half width, an exact company key (CUS-04).

    Spaces, hyphens, dots and underscores are taken out. Nothing is guessed: the letters I, O, S, V and Z are no part
    of the alphabet, and one of them is refused, not read as a digit.
    Refused with ``credit_code_invalid`` on ``field``; ``facts["problem"]`` is ``length``, ``character`` or
    ``check_digit``.
    """
    code = _SEPARATORS.sub("", narrow(text)).upper()
    if len(code) != LENGTH:
        raise _refusal("length", field=field)
    if not _SHAPE.fullmatch(code):
        raise _refusal("character", field=field)
    if uscc.calc_check_digit(code[:-1]) != code[-1]:
        raise _refusal("check_digit", field=field)
    return code


_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212._]+")
# Registering authority and entity type may be letters (N1… rural collectives, A1… the forces), which stdnum's own
# validate() refuses; the six digits of the administrative division may not.
_SHAPE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")


def _refusal(problem: str, *, field: str) -> Refusal:
    return Refusal(
        "credit_code_invalid",
        rule="CUS-04",
        facts={"problem": problem},
        errors=(FieldError(field, "credit_code_invalid"),),
    )
