"""Unified social credit codes: spellings, characters, check digit (CUS-04)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers import normalise_credit_code
from domain.refusals import FieldError, Refusal

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_digit(first_17: str) -> str:
    """GB 32100 by its definition: the weights are the powers of 3 modulo 31."""
    return ALPHABET[-sum(ALPHABET.index(char) * pow(3, at, 31) for at, char in enumerate(first_17)) % 31]


@st.composite
def valid_codes(draw: st.DrawFn) -> str:
    letters = st.sampled_from(ALPHABET)
    authority = "".join(draw(st.lists(letters, min_size=2, max_size=2)))
    division = "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=6, max_size=6)))
    organisation = "".join(draw(st.lists(letters, min_size=9, max_size=9)))
    body = authority + division + organisation
    return body + check_digit(body)


def problem_of(text: str) -> str | None:
    try:
        normalise_credit_code(text)
    except Refusal as refusal:
        return str(refusal.facts["problem"])
    return None


VALID = (
    "91110000600037341L",
    "91330100799655058B",
    "9144030071526726XG",
    "91110000802100433B",
    "914403001922038216",
    "91110108551385082Q",
    "91350100M000100Y43",
    "91440101717852200L",
    "911101080828461726",
    "91440300192185379H",
    "91330000142916567N",
    "92330106MA2B1C3D42",
    "52110000500000001B",
    "123300004700000005",
    "81110000MC0000001R",
    "93510100MA6CXY7W86",
    "111000000000130000",
    # authorities that are letters: rural collectives, the forces, others
    "N2330106MF1234567L",
    "A1110000MB0000001M",
    "Y1110000717800001D",
)


@pytest.mark.parametrize("code", VALID)
def test_a_valid_code_is_its_own_key(code: str) -> None:
    """CUS-04."""
    assert normalise_credit_code(code) == code
    assert check_digit(code[:-1]) == code[-1]


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341l",
        " 91110000600037341L ",
        "9111 0000 6000 3734 1L",
        "91-110000-60003734-1-L",
        "９１１１００００６０００３７３４１Ｌ",
        "９１１１００００６０００３７３４１ｌ",
        "91110000\u200b600037341L\ufeff",
        "91110000.60003734_1L",
        "91110000—600037341L",
    ],
)
def test_case_width_and_separators_do_not_matter(text: str) -> None:
    """CUS-04."""
    assert normalise_credit_code(text) == "91110000600037341L"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "length"),
        ("91110000600037341", "length"),
        ("91110000600037341LL", "length"),
        ("110000001234567", "length"),
        ("600037341", "length"),
        ("9111000060003734IL", "character"),
        ("911100006OOO37341L", "character"),
        ("91110000S00037341L", "character"),
        ("91110000V00037341L", "character"),
        ("91110000Z00037341L", "character"),
        ("91A10000600037341L", "character"),
        ("9111000X600037341L", "character"),
        ("91110000６0003734一L", "character"),
        ("91110000600037341!", "character"),
        ("911100006000373٣1L", "character"),
        ("91110000600037341M", "check_digit"),
        ("91110000600037314L", "check_digit"),
        ("19110000600037341L", "check_digit"),
        ("91110001600037341L", "check_digit"),
        ("000000000000000001", "check_digit"),
    ],
)
def test_a_wrong_code_is_refused_with_the_kind_of_problem(text: str, problem: str) -> None:
    """CUS-04: wrong length, character or check digit: credit_code_invalid."""
    with pytest.raises(Refusal) as caught:
        normalise_credit_code(text, field="customer.company_code")
    assert (caught.value.code, caught.value.rule) == ("credit_code_invalid", "CUS-04")
    assert caught.value.errors == (FieldError("customer.company_code", "credit_code_invalid"),)
    assert caught.value.facts == {"problem": problem}


def test_the_field_of_a_refused_code_is_company_code_unless_the_caller_says_where_it_stood() -> None:
    """CUS-04."""
    with pytest.raises(Refusal) as caught:
        normalise_credit_code("1")
    assert caught.value.errors == (FieldError("company_code", "credit_code_invalid"),)


@given(valid_codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_changed_character_is_noticed(code: str, at: int, char: str) -> None:
    """CUS-04: a prime modulus notices every single wrong character."""
    changed = code[:at] + char + code[at + 1 :]
    assert normalise_credit_code(code) == code
    if changed != code:
        assert problem_of(changed) in {"check_digit", "character"}


@given(valid_codes())
def test_every_single_change_of_a_code_is_noticed_exhaustively(code: str) -> None:
    """CUS-04: all 18 places, all 30 other characters."""
    for at in range(18):
        for char in ALPHABET:
            assert char == code[at] or problem_of(code[:at] + char + code[at + 1 :]) is not None


@given(st.one_of(st.text(), st.text(alphabet=ALPHABET + "ｌ９- ", min_size=16, max_size=20)))
def test_any_text_is_a_code_or_refused_and_a_code_normalises_to_itself(text: str) -> None:
    """CUS-04."""
    if problem_of(text) is None:
        code = normalise_credit_code(text)
        assert normalise_credit_code(code) == code
        assert len(code) == 18
