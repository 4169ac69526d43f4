"""Masked numbers (隐号): whether one can be a given number, or the same number as another masked one (CUS-06, CUS-07).

>>> from domain.customers.phone import normalise_phone
>>> masked = normalise_phone("138****5678", region="CN").masked
>>> agrees(masked, "+8613800005678"), agrees(masked, "+8613900005678")
(True, False)
"""

from __future__ import annotations

import re
from typing import Final

from domain.customers.phone import MaskedPhone, MaskPattern

HIDDEN: Final = "*"


def agrees(masked: MaskedPhone, full: str) -> bool:
    """Whether ``full``, in international form, shows the visible digits of ``masked`` in their places.

    The patterns count the digits of a mainland mobile, so no other number agrees with any. ValueError for a pattern
    that no program accepts: it was to be refused with ``phone_mode_mismatch`` before.
    """
    return may_be_equal(digits_of(masked), digits_of(full))


def digits_of(number: MaskedPhone | str) -> str:
    """What is known of a number: the eleven digits of a mainland mobile, ``*`` for a hidden one.

    Any other full number stands for itself, in international form. ValueError as in :func:`agrees`.
    """
    if isinstance(number, str):
        mobile = _MOBILE.fullmatch(number)
        return mobile[1] if mobile else number
    if number.pattern not in _LENGTHS:
        raise ValueError("a masked number of a pattern that no program accepts")
    first, last = _LENGTHS[number.pattern]
    if len(number.visible) != first + last:
        raise ValueError("a masked number whose visible digits do not fit its pattern")
    return number.visible[:first] + HIDDEN * (_MOBILE_DIGITS - first - last) + number.visible[first:]


def visible_in(full: str, pattern: MaskPattern) -> str | None:
    """What :class:`MaskedPhone` of ``pattern`` would show of ``full``; None if it is no mainland mobile.

    Two numbers that agree with one mask of ``pattern`` show the same; what is indexed of any mask is :func:`seen_in`.
    """
    mobile = _MOBILE.fullmatch(full)
    if mobile is None:
        return None
    if pattern not in _LENGTHS:
        raise ValueError("a pattern that no program accepts")
    first, last = _LENGTHS[pattern]
    return mobile[1][:first] + mobile[1][_MOBILE_DIGITS - last :]


def seen_in(number: MaskedPhone | str) -> str | None:
    """The digits that every pattern shows, the first three and the last three; None if it is no mainland mobile.

    Numbers that agree share them, so an index of them finds all that may be one. A pattern that no program accepts
    shows nothing.
    """
    if isinstance(number, MaskedPhone) and number.pattern not in _LENGTHS:
        return None
    digits = digits_of(number)
    return digits[:3] + digits[-3:] if len(digits) == _MOBILE_DIGITS and digits[0] == "1" else None


def may_be_equal(one: str, other: str) -> bool:
    """Whether no digit known of both differs; of two full numbers: whether they are equal."""
    if len(one) != len(other):
        return False
    return all(a == b or HIDDEN in (a, b) for a, b in zip(one, other, strict=True))


_MOBILE_DIGITS = 11
_MOBILE = re.compile(r"\+86(1[3-9][0-9]{9})")
_LENGTHS = {
    MaskPattern.FIRST_3_LAST_4: (3, 4),
    MaskPattern.FIRST_4_LAST_3: (4, 3),
    MaskPattern.FIRST_3_LAST_6: (3, 6),
}
