"""What two records say of being one customer (CUS-13, DSP-09)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.disputes.sameness import compared, content_digest, sameness

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_only_what_both_have_is_compared() -> None:
    one = {"phone": {b"1"}, "name": {b"n"}, "company_code": {b"c"}, "external_id": {b"x"}}
    other = {"phone": {b"2"}, "name": {b"n"}, "email": {b"e"}, "external_id": {b"x"}}
    assert compared(one, other) == ("other_phone", "same_name") == compared(other, one)


def test_one_common_value_of_several_is_enough() -> None:
    assert compared({"phone": {b"1", b"2"}}, {"phone": {b"2", b"3"}}) == ("same_phone",)


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("same_company_code", True),
        ("other_company_code", False),
        ("same_before", True),
        ("same_phone", None),  # shared, or issued anew
        ("other_phone", None),  # 换号
        ("same_name", None),
        ("other_email", None),
    ],
)
def test_only_a_credit_code_or_an_answer_proves_anything(kind: str, same: bool | None) -> None:
    """CUS-04, CUS-13."""
    found = sameness(kind, evidence="item", at=AT)
    assert (found.same if found is not None else None) is same


def test_the_hash_tells_which_records_and_what_was_found() -> None:
    """DSP-09: whichever is named first; nothing of what is on them goes into it."""
    digest = content_digest("same_phone", customers=("a", "b"))
    assert digest == content_digest("same_phone", customers=("b", "a"))
    assert (
        len(
            {
                digest,
                content_digest("other_phone", customers=("a", "b")),
                content_digest("same_phone", customers=("a", "c")),
            }
        )
        == 3
    )
