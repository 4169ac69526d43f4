"""Masked numbers and the full ones they can be (CUS-06, CUS-07)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import MaskedPhone, MaskPattern, normalise_phone
from domain.customers.masked_numbers import agrees, digits_of, may_be_equal, visible_in

PATTERNS = [MaskPattern.FIRST_3_LAST_4, MaskPattern.FIRST_4_LAST_3, MaskPattern.FIRST_3_LAST_6]
MOBILES = st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True)


def masked(text: str) -> MaskedPhone:
    phone = normalise_phone(text, region="CN").masked
    assert phone is not None
    return phone


@pytest.mark.parametrize(
    ("written", "full", "fits"),
    [
        ("138****5678", "+8613812345678", True),
        ("138****5678", "+8613800005678", True),
        ("138****5678", "+8613912345678", False),
        ("138****5678", "+8613812345679", False),
        ("1381****678", "+8613812345678", True),
        ("1381****678", "+8613822345678", False),
        ("138**345678", "+8613812345678", True),
        ("138**345678", "+8613812355678", False),
        ("+86 138 **** 5678", "+8613812345678", True),
        ("138××××5678", "+8613812345678", True),
        # no mobile of the mainland, however its digits lie
        ("138****5678", "+862138125678", False),
        ("138****5678", "+13812345678", False),
        ("138****5678", "+85213815678", False),
    ],
)
def test_a_masked_number_agrees_with_the_full_ones_that_show_its_digits(written: str, full: str, fits: bool) -> None:
    """CUS-06: first 3 + last 4, first 4 + last 3, first 3 + last 6."""
    assert agrees(masked(written), full) is fits


@given(MOBILES, MOBILES, st.sampled_from(PATTERNS))
def test_what_is_visible_of_a_number_agrees_with_it_and_with_those_that_look_like_it(
    one: str, other: str, pattern: MaskPattern
) -> None:
    """CUS-07: visible digits are the key of the set."""
    visible = visible_in(one, pattern)
    assert visible is not None
    assert agrees(MaskedPhone(pattern, visible), one)
    assert agrees(MaskedPhone(pattern, visible), other) is (visible_in(other, pattern) == visible)


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ("138****5678", "138****5678", True),
        ("138****5678", "1381****678", True),
        ("1381****678", "138**345678", True),
        ("1389****678", "138****5678", True),
        ("138****5678", "138****5679", False),
        ("138****5678", "138**345679", False),
        ("1381****678", "139**345678", False),
    ],
)
def test_two_masked_numbers_may_be_one_if_no_digit_seen_in_both_differs(one: str, other: str, fits: bool) -> None:
    """CUS-07: a program may have changed its pattern."""
    assert may_be_equal(digits_of(masked(one)), digits_of(masked(other))) is fits
    assert may_be_equal(digits_of(masked(other)), digits_of(masked(one))) is fits


def test_full_numbers_are_equal_or_not() -> None:
    """CUS-03."""
    assert may_be_equal(digits_of("+8613812345678"), digits_of("+8613812345678"))
    assert not may_be_equal(digits_of("+8613812345678"), digits_of("+8613812345679"))
    assert not may_be_equal(digits_of("+8613812345678"), digits_of("+13812345678"))
    assert not may_be_equal(digits_of("+861012345678"), digits_of("+8610123456789"))


def test_a_number_that_is_no_mobile_shows_nothing_to_compare() -> None:
    """CUS-06: the patterns count the digits of a mobile."""
    assert visible_in("+861012345678", MaskPattern.FIRST_3_LAST_4) is None


def test_a_pattern_that_no_program_accepts_is_a_mistake_of_the_caller() -> None:
    """CUS-06: `phone_mode_mismatch` comes first."""
    with pytest.raises(ValueError, match="pattern"):
        agrees(masked("13****5678"), "+8613812345678")
    with pytest.raises(ValueError, match="pattern"):
        visible_in("+8613812345678", MaskPattern.OTHER)
    with pytest.raises(ValueError, match="do not fit"):
        digits_of(MaskedPhone(MaskPattern.FIRST_3_LAST_4, "138567"))
