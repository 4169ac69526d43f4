"""Text hygiene of every text field (contract 1, "Types")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import STR_MAX, TEXT_MAX, has_lone_surrogate, has_nul, is_clean_text
from domain.customers.fields import narrow


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", True),
        ("张三", True),
        ("𠮷" * 5, True),
        ("𠮷" * 6, False),
        ("abcde", True),
        ("abcdef", False),
        ("a\x00b", False),
        ("a\ud800b", False),
        ("\udfff", False),
        ("a\n\tb", True),
        ("\ue000\uffff", True),
    ],
)
def test_clean_text_is_short_enough_and_can_be_stored(text: str, clean: bool) -> None:
    """Contract 1: code points are counted, NUL and lone surrogates refused, nothing else."""
    assert is_clean_text(text, max_code_points=5) is clean


def test_the_limits_are_those_of_the_contract() -> None:
    """Contract 1: str ≤ 200 and text ≤ 10,000 code points."""
    assert (STR_MAX, TEXT_MAX) == (200, 10_000)


@given(st.text(st.characters(codec=None), max_size=20))
def test_clean_text_is_what_can_be_encoded_without_nul(text: str) -> None:
    """Contract 1."""
    try:
        encoded: bytes | None = text.encode("utf-8")
    except UnicodeEncodeError:
        encoded = None
    assert has_lone_surrogate(text) is (encoded is None)
    assert has_nul(text) is ("\0" in text)
    assert is_clean_text(text, max_code_points=20) is (encoded is not None and b"\0" not in encoded)


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        ("  a\u3000b\u00a0c\td\r\n", "a b c d"),
        ("ＡＢＣ１２３＋－（）", "ABC123+-()"),
        ("\u202da\u200bb\ufeff\u2060c\u202c", "abc"),
        ("a\ufe00b\ufe0fc\U000e0100d\U000e01efe", "abcde"),
        ("a\u180bb\u180dc\u180fd", "abcd"),
        ("a\uffa0b\u3164c\u115fd\u1160e\u034ff", "abcdef"),
        ("a\x7fb\x85c", "a b c"),
        ("a\ud800b", "ab"),
        ("Aé", "Aé"),
    ],
)
def test_narrow_text_has_one_width_and_nothing_invisible(text: str, narrowed: str) -> None:
    """CUS-03, CUS-04, CUS-05: width clean-up, shared by every key; case is kept."""
    assert narrow(text) == narrowed
