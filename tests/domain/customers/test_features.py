"""What may be noticed of a visitor, and what two notes of it have in common (CUS-10)."""

from __future__ import annotations

import pytest

from domain.customers.features import SENSITIVE, require_allowed, words, words_found_by
from domain.refusals import Refusal


@pytest.mark.parametrize("name", [*SENSITIVE, "face_photo", "Mental-Health", "ＦＡＣＥ", "人脸照片"])
def test_a_sensitive_field_is_refused_though_it_is_listed(name: str) -> None:
    """CUS-10: face, health and religion are recorded of nobody."""
    with pytest.raises(Refusal) as refused:
        require_allowed(["vehicle", name], ["vehicle", name], within="identifying")
    assert (refused.value.code, refused.value.rule, refused.value.facts) == (
        "field_not_allowed",
        "CUS-10",
        {"fields": [name]},
    )
    assert [error.field for error in refused.value.errors] == [f"identifying.{name}"]


def test_only_listed_fields_are_taken() -> None:
    """CUS-10: `customer.feature_fields` is the whole list; a name that merely holds a sensitive one is another word."""
    require_allowed(["vehicle", "surface"], ["surface", "vehicle"], within="identifying")
    with pytest.raises(Refusal) as refused:
        require_allowed(["shoes", "vehicle", "hat"], ["vehicle"], within="identifying")
    assert refused.value.facts == {"fields": ["shoes", "hat"]}


@pytest.mark.parametrize(
    ("asked", "noted"),
    [
        ("宝马", "开白色宝马X5来的"),
        ("x5 ＢＭＷ", "bmw X5"),
        ("粤B12345", "车牌粤b12345"),
        ("王", "王"),
    ],
)
def test_a_part_of_a_note_is_found_in_it(asked: str, noted: str) -> None:
    """CUS-10: in any order, case and width; Chinese has no gaps between its words."""
    assert words(asked)
    assert words(asked) <= words_found_by(noted)


def test_another_note_is_not_found() -> None:
    """CUS-10: what has nothing to compare is like nobody."""
    assert not words("红色宝马") <= words_found_by("白色宝马")
    assert not words("b12346") <= words_found_by("b12345")
    assert words("，。 -_") == words_found_by("，。 -_") == frozenset()
