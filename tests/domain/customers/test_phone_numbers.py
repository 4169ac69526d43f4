"""Phone numbers: spellings, refusals, extensions, masks (CUS-03, CUS-06, AUD-03)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.customers import (
    MaskedPhone,
    MaskPattern,
    Phone,
    is_phone_region,
    mask_phone,
    normalise_phone,
    require_phone_mode,
)
from domain.refusals import FieldError, Refusal

MOBILE, SHARED = False, True

SPELLINGS: tuple[tuple[str, str, bool, str | None], ...] = (
    # mobiles
    ("13812345678", "+8613812345678", MOBILE, None),
    (" 13812345678\t", "+8613812345678", MOBILE, None),
    ("138 1234 5678", "+8613812345678", MOBILE, None),
    ("138-1234-5678", "+8613812345678", MOBILE, None),
    ("138.1234.5678", "+8613812345678", MOBILE, None),
    ("138·1234·5678", "+8613812345678", MOBILE, None),
    ("138—1234—5678", "+8613812345678", MOBILE, None),
    ("138/1234/5678", "+8613812345678", MOBILE, None),
    ("13,812,345,678", "+8613812345678", MOBILE, None),
    ("１３８１２３４５６７８", "+8613812345678", MOBILE, None),
    ("１３８－１２３４－５６７８", "+8613812345678", MOBILE, None),
    ("138　1234　5678", "+8613812345678", MOBILE, None),
    ("＋８６１３８１２３４５６７８", "+8613812345678", MOBILE, None),
    ("+8613812345678", "+8613812345678", MOBILE, None),
    ("+86 138 1234 5678", "+8613812345678", MOBILE, None),
    ("(+86)13812345678", "+8613812345678", MOBILE, None),
    ("（+86）138-1234-5678", "+8613812345678", MOBILE, None),
    ("0086 13812345678", "+8613812345678", MOBILE, None),
    ("0086-138-1234-5678", "+8613812345678", MOBILE, None),
    ("+0086 13812345678", "+8613812345678", MOBILE, None),
    ("086-13812345678", "+8613812345678", MOBILE, None),
    ("8613812345678", "+8613812345678", MOBILE, None),
    ("86-138-1234-5678", "+8613812345678", MOBILE, None),
    ("013812345678", "+8613812345678", MOBILE, None),
    ("+86 (0)138 1234 5678", "+8613812345678", MOBILE, None),
    ("\u202d138\u200b1234\ufeff5678\u202c", "+8613812345678", MOBILE, None),
    ("١٣٨١٢٣٤٥٦٧٨", "+8613812345678", MOBILE, None),
    ("19912345678", "+8619912345678", MOBILE, None),
    ("15412345678", "+8615412345678", MOBILE, None),
    ("13812345678转801", "+8613812345678", MOBILE, "801"),
    ("13812345678x9", "+8613812345678", MOBILE, "9"),
    # landlines
    ("010-82345678", "+861082345678", SHARED, None),
    ("010-12345678", "+861012345678", SHARED, None),
    ("(010)82345678", "+861082345678", SHARED, None),
    ("01082345678", "+861082345678", SHARED, None),
    ("1082345678", "+861082345678", SHARED, None),
    ("021 6234 5678", "+862162345678", SHARED, None),
    ("2162345678", "+862162345678", SHARED, None),
    ("0755-83123456", "+8675583123456", SHARED, None),
    ("0755 8312 3456", "+8675583123456", SHARED, None),
    ("+86 755 8312 3456", "+8675583123456", SHARED, None),
    ("+86 (0)755 8312 3456", "+8675583123456", SHARED, None),
    ("86-10-82345678", "+861082345678", SHARED, None),
    ("0086-021-62345678", "+862162345678", SHARED, None),
    ("0931-8412345", "+869318412345", SHARED, None),
    ("0381-2345678", "+863812345678", SHARED, None),
    ("86-381-2345678", "+863812345678", SHARED, None),
    ("+86 381 2345678", "+863812345678", SHARED, None),
    ("010-82345678转801", "+861082345678", SHARED, "801"),
    ("010-82345678 转 801", "+861082345678", SHARED, "801"),
    ("010-82345678转分机801", "+861082345678", SHARED, "801"),
    ("010-82345678分机号：0801", "+861082345678", SHARED, "0801"),
    ("010-82345678轉801", "+861082345678", SHARED, "801"),
    ("010-82345678-801", "+861082345678", SHARED, "801"),
    ("+86-10-82345678-801", "+861082345678", SHARED, "801"),
    ("021 6234 5678 ext. 12", "+862162345678", SHARED, "12"),
    ("021 6234 5678 EXT12", "+862162345678", SHARED, "12"),
    ("021 6234 5678 extension 12", "+862162345678", SHARED, "12"),
    ("021 6234 5678 x12", "+862162345678", SHARED, "12"),
    ("021 6234 5678 #12", "+862162345678", SHARED, "12"),
    ("021 6234 5678＃12", "+862162345678", SHARED, "12"),
    # services
    ("4001234567", "+864001234567", SHARED, None),
    ("400-123-4567", "+864001234567", SHARED, None),
    ("400-123-4567转2", "+864001234567", SHARED, "2"),
    ("400-123-4567-2", "+864001234567", SHARED, "2"),
    ("+86 400 123 4567", "+864001234567", SHARED, None),
    ("800-810-1234", "+868008101234", SHARED, None),
    ("95588", "+8695588", SHARED, None),
    ("+86 95588", "+8695588", SHARED, None),
    ("95588转9", "+8695588", SHARED, "9"),
    ("95588001", "+8695588001", SHARED, None),
    # other countries
    ("+852 9123 4567", "+85291234567", MOBILE, None),
    ("00852-9123-4567", "+85291234567", MOBILE, None),
    ("+852 2123 4567", "+85221234567", SHARED, None),
    ("+853 6612 3456", "+85366123456", MOBILE, None),
    ("+886 912 345 678", "+886912345678", MOBILE, None),
    ("+886 2 2771 2345", "+886227712345", SHARED, None),
    ("+886 2 2771 2345 ext 7", "+886227712345", SHARED, "7"),
    ("+1 (310) 555-1234", "+13105551234", MOBILE, None),
    ("001 310 555 1234", "+13105551234", MOBILE, None),
    ("+1 800 555 1234", "+18005551234", SHARED, None),
    ("+44 7911 123456", "+447911123456", MOBILE, None),
    ("+39 06 1234 5678", "+390612345678", SHARED, None),
)

ABROAD: tuple[tuple[str, str, str, bool], ...] = (
    ("9123 4567", "HK", "+85291234567", MOBILE),
    ("2123 4567", "HK", "+85221234567", SHARED),
    ("0912-345-678", "TW", "+886912345678", MOBILE),
    ("02 2771 2345", "TW", "+886227712345", SHARED),
    ("(310) 555-1234", "US", "+13105551234", MOBILE),
    ("1-310-555-1234", "US", "+13105551234", MOBILE),
    ("13812345678", "US", "+13812345678", MOBILE),
    ("8613812345678", "HK", "+8613812345678", MOBILE),
    ("0086 138 1234 5678", "US", "+8613812345678", MOBILE),
    ("00852 9123 4567", "US", "+85291234567", MOBILE),
    ("011 86 381 234 5678", "US", "+863812345678", SHARED),
    ("+86 10 8234 5678", "US", "+861082345678", SHARED),
)

IMPOSSIBLE = (
    "",
    " ",
    "12345",
    "110",
    "10086",
    "1381234567",
    "138123456789",
    "12812345678",
    "10012345678",
    "138-1234-5678-9",
    "82345678",
    "010-8234567",
    "021-123",
    "010-82345678转",
    "3812345678",
    "852 9123 4567",
    "+852 912",
    "+86 1381234567",
    "+86",
    "+",
    "00",
    "+999 12345678",
    "13812345678/13912345678",
    "13812345678、13912345678",
    "138+12345678",
    "1-800-FLOWERS",
    "138 1234 567O",
    "一三八一二三四五六七八",
    "张三 13812345678",
    "******",
    "138*1234*5678",
    "138****12345678",
    "\ud83d13812345678x",
    "1" * 400,
)

MASKED: tuple[tuple[str, MaskPattern, str], ...] = (
    ("138****5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138***5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138xxxx5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138XXXX5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138••••5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138····5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138＊＊＊＊5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138××××5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138-****-5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("138 **** 5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("１３８＊＊＊＊５６７８", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("+86138****5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("0086 138****5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("86138****5678", MaskPattern.FIRST_3_LAST_4, "1385678"),
    ("1381****678", MaskPattern.FIRST_4_LAST_3, "1381678"),
    ("138**345678", MaskPattern.FIRST_3_LAST_6, "138345678"),
    ("13****5678", MaskPattern.OTHER, "135678"),
    ("138********", MaskPattern.OTHER, "138"),
    ("*******5678", MaskPattern.OTHER, "5678"),
    ("1381***5678", MaskPattern.OTHER, "13815678"),
    ("010****5678", MaskPattern.OTHER, "0105678"),
    ("+8529**4567", MaskPattern.OTHER, "85294567"),
    ("+852**567", MaskPattern.OTHER, "852567"),
    ("+852****5678", MaskPattern.OTHER, "8525678"),
    ("+138****5678", MaskPattern.OTHER, "1385678"),
    ("**********8", MaskPattern.OTHER, "8"),
    ("1381**345678", MaskPattern.OTHER, "1381345678"),
)

SPELL_MOBILE = (
    "{a}{b}{c}",
    "{a} {b} {c}",
    "{a}-{b}-{c}",
    "{a}.{b}.{c}",
    "{a}–{b}–{c}",
    "{a}　{b}　{c}",
    "+86{a}{b}{c}",
    "+86 {a} {b} {c}",
    "+86-{a}-{b}-{c}",
    "(+86){a}{b}{c}",
    "（+86） {a} {b} {c}",
    "[86] {a}{b}{c}",
    "0086{a}{b}{c}",
    "0086 {a} {b} {c}",
    "86{a}{b}{c}",
    "86 {a}-{b}{c}",
    "0{a}{b}{c}",
    "+86 (0) {a}{b}{c}",
    "\u200e+86 {a}\u00a0{b}\u00a0{c}\u202c",
    "{a}{b}{c}转1",
    "{a}{b}{c} ext. 22",
)

REGIONS = st.sampled_from(("CN", "HK", "TW", "US", "DE", "AR", "IT", "BR"))
PHONE_LIKE = st.text(alphabet="0123456789０８６13+-()（） *xX·•＊转分机ext#.,/", max_size=30)


def normalised(text: str, region: str = "CN") -> Phone | None:
    try:
        return normalise_phone(text, region=region)
    except Refusal as refusal:
        if refusal.code != "phone_invalid":
            raise
        return None


@pytest.mark.parametrize(("text", "e164", "shared", "extension"), SPELLINGS)
def test_a_spelling_gives_key_extension_and_whether_it_is_shared(
    text: str, e164: str, shared: bool, extension: str | None
) -> None:
    """CUS-03: one international form; extension apart; landlines and service numbers are shared."""
    assert normalise_phone(text, region="CN") == Phone(e164=e164, extension=extension, shared=shared, masked=None)


@pytest.mark.parametrize(("text", "region", "e164", "shared"), ABROAD)
def test_a_number_without_country_code_is_read_in_the_region(text: str, region: str, e164: str, shared: bool) -> None:
    """CUS-03: parameter match.phone_region."""
    assert normalise_phone(text, region=region) == Phone(e164=e164, extension=None, shared=shared, masked=None)


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_an_impossible_number_is_refused_on_its_field_without_being_quoted(text: str) -> None:
    """CUS-03: phone_invalid; the refusal is logged, so it may not carry the number."""
    with pytest.raises(Refusal) as caught:
        normalise_phone(text, region="CN", field="customer.phone")
    assert (caught.value.code, caught.value.rule) == ("phone_invalid", "CUS-03")
    assert caught.value.errors == (FieldError("customer.phone", "phone_invalid"),)
    assert caught.value.facts == {"region": "CN"}


def test_the_field_of_a_refused_number_is_phone_unless_the_caller_says_where_it_stood() -> None:
    """CUS-03, CUS-06."""
    with pytest.raises(Refusal) as invalid:
        normalise_phone("1", region="CN")
    with pytest.raises(Refusal) as masked:
        require_phone_mode(normalise_phone("13****5678", region="CN"), mode="3+4")
    assert invalid.value.errors + masked.value.errors == (
        FieldError("phone", "phone_invalid"),
        FieldError("phone", "phone_mode_mismatch"),
    )
    assert masked.value.facts == {"mode": "3+4", "pattern": "other"}


def test_an_unknown_region_is_a_fault_of_the_policy_and_not_of_the_number() -> None:
    """CUS-03: match.phone_region is checked when the policy is written."""
    assert is_phone_region("CN")
    assert not is_phone_region("cn")
    assert not is_phone_region("ZZ")
    with pytest.raises(ValueError, match="ZZ"):
        normalise_phone("13812345678", region="ZZ")


@pytest.mark.parametrize(("text", "pattern", "visible"), MASKED)
def test_a_masked_number_is_recognised_with_its_visible_digits(text: str, pattern: MaskPattern, visible: str) -> None:
    """CUS-06: three patterns, everything else is "other"; none of them gives a key."""
    expected = Phone(e164=None, extension=None, shared=False, masked=MaskedPhone(pattern=pattern, visible=visible))
    assert normalise_phone(text, region="CN") == expected


@pytest.mark.parametrize(
    ("text", "region", "pattern"),
    [
        ("+86138****5678", "US", MaskPattern.FIRST_3_LAST_4),
        ("86138****5678", "HK", MaskPattern.FIRST_3_LAST_4),
        ("+86010****5678", "US", MaskPattern.OTHER),
        ("912*****4567", "HK", MaskPattern.FIRST_3_LAST_4),
        ("+852****5678", "HK", MaskPattern.OTHER),
    ],
)
def test_a_mask_counts_digits_only_where_they_are_those_of_the_number(
    text: str, region: str, pattern: MaskPattern
) -> None:
    """CUS-06: a country code or area code in front is not part of "first 3"."""
    masked = normalise_phone(text, region=region).masked
    assert masked is not None
    assert masked.pattern is pattern


@pytest.mark.parametrize(
    ("text", "accepted_in"),
    [
        ("138****5678", {"3+4"}),
        ("1381****678", {"4+3"}),
        ("138**345678", {"3+6"}),
        ("13****5678", set()),
        ("13812345678", {"full", "3+4", "4+3", "3+6"}),
    ],
)
def test_a_masked_number_passes_in_its_own_mode_only_and_a_full_one_in_all(text: str, accepted_in: set[str]) -> None:
    """CUS-06: other pattern than the mode, a full number apart: phone_mode_mismatch."""
    phone = normalise_phone(text, region="CN")
    for mode in accepted_in:
        require_phone_mode(phone, mode=mode)
    for mode in {"full", "3+4", "4+3", "3+6"} - accepted_in:
        with pytest.raises(Refusal) as caught:
            require_phone_mode(phone, mode=mode, field="customer.phone")
        assert (caught.value.code, caught.value.rule) == ("phone_mode_mismatch", "CUS-06")
        assert caught.value.errors == (FieldError("customer.phone", "phone_mode_mismatch"),)
        assert caught.value.facts["mode"] == mode


@pytest.mark.parametrize(
    ("e164", "mask"),
    [
        ("+8613812345678", "+86138****5678"),
        ("+861082345678", "+86108****678"),
        ("+8675583123456", "+86755****3456"),
        ("+8695588", "+86****8"),
        ("+13105551234", "+1310****234"),
        ("+85291234567", "+85291****67"),
        ("+886912345678", "+88691****678"),
        ("+3901", "+39****"),
        ("138****5678", "****"),
        ("13812345678", "****"),
        ("", "****"),
    ],
)
def test_a_mask_shows_the_country_and_few_digits(e164: str, mask: str) -> None:
    """AUD-03, contract 1: +86138****5678; shorter numbers show less, what is no number shows nothing."""
    assert mask_phone(e164) == mask


def test_a_phone_field_of_more_than_64_code_points_is_not_read() -> None:
    """CUS-03: the work of one call is bounded; no spelling of one number needs more."""
    assert normalise_phone("138 1234 5678".rjust(64), region="CN").e164 == "+8613812345678"
    assert normalised("138 1234 5678".rjust(65)) is None


@given(st.text())
def test_a_mask_never_shows_more_than_three_and_four_digits_and_hides_four(text: str) -> None:
    """AUD-03."""
    assert mask_phone(text) == "****" or re.fullmatch(r"\+[0-9]+", text)


@given(st.from_regex(r"\+(86|1|852|7|44|999)[0-9]{2,14}", fullmatch=True))
def test_a_mask_of_any_number_hides_four_digits_at_least(e164: str) -> None:
    """AUD-03: never more than the first 3 national digits and the last 4."""
    shown = mask_phone(e164)
    first, stars, last = shown.partition("****")
    assert stars
    assert e164.startswith(first)
    assert e164.endswith(last)
    assert len(first) + len(last) + 4 <= len(e164) or (first in {"+86", "+1", "+852", "+7", "+44", "+"} and not last)
    assert len(last) <= 4
    assert len(first) <= 1 + 3 + 3


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_in_twenty_one_spellings_is_one_key(mobile: str) -> None:
    """CUS-03: the same number must meet itself however it is written."""
    spellings = [form.format(a=mobile[:3], b=mobile[3:7], c=mobile[7:]) for form in SPELL_MOBILE]
    keys = {(phone.e164, phone.shared) if (phone := normalised(text)) else text for text in spellings}
    assert keys == {("+86" + mobile, False)}


@given(st.one_of(st.text(max_size=40), PHONE_LIKE), REGIONS)
@example("\ud800", "CN")
@example("ﷺ" * 60, "CN")
def test_any_text_is_a_number_or_refused(text: str, region: str) -> None:
    """CUS-03: nothing but a refusal comes out, and exactly one of number and mask."""
    phone = normalised(text, region)
    if phone is not None:
        assert (phone.e164 is None) != (phone.masked is None)
        assert phone.e164 is None or re.fullmatch(r"\+[1-9][0-9]{4,16}", phone.e164)
        assert phone.extension is None or re.fullmatch("[0-9]{1,8}", phone.extension)


@given(st.one_of(PHONE_LIKE, st.from_regex(r"(\+|00|0)?[0-9]{5,13}", fullmatch=True)), REGIONS, REGIONS)
def test_a_key_is_its_own_spelling_in_every_region(text: str, region: str, other: str) -> None:
    """CUS-03: normalising twice changes nothing, also where a program with another region reads the stored key."""
    phone = normalised(text, region)
    if phone is not None and phone.e164 is not None:
        again = normalise_phone(phone.e164, region=other)
        assert (again.e164, again.shared) == (phone.e164, phone.shared)


@given(PHONE_LIKE)
def test_a_number_never_shows_in_a_repr(text: str) -> None:
    """AUD-03: dataclasses end up in logs and failures."""
    phone = normalised(text)
    assert phone is None or not re.search("[0-9]{5}", repr(phone))


def test_neither_key_nor_extension_nor_visible_digits_show_in_a_repr() -> None:
    """AUD-03."""
    full, masked = normalise_phone("010-82345678-801", region="CN"), normalise_phone("1381****678", region="CN")
    assert repr(full) == "Phone(shared=True, masked=None)"
    assert "1381678" not in repr(masked)
