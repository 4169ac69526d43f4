"""Phone numbers (电话号码): one spelling per number, extensions apart, masked numbers recognised (CUS-03, CUS-06)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from domain.customers.fields import narrow
from domain.refusals import FieldError, Refusal

TEXT_LIMIT = 64
"""Code points of one phone field; no spelling of one number needs more, and the work per call stays bounded."""


class MaskPattern(StrEnum):
    """Visible digits of a masked number. The first three are the modes of ``match.phone_mode`` beside ``full``."""

    FIRST_3_LAST_4 = "3+4"
    FIRST_4_LAST_3 = "4+3"
    FIRST_3_LAST_6 = "3+6"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MaskedPhone:
    """A masked number (隐号): its pattern, and the visible digits in order, ``1385678`` of ``138****5678``."""

    pattern: MaskPattern
    visible: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone field after clean-up. Exactly one of ``e164`` and ``masked`` is set.

    ``e164`` is the key, international form with plus; ``extension`` is digits, no part of the key; ``shared`` says
    that many people may answer (landline, 400, 800, 95xxx), so the key only yields ``possible`` (CUS-03).
    """

    e164: str | None = field(repr=False)
    extension: str | None = field(repr=False)
    shared: bool
    masked: MaskedPhone | None


def normalise_phone(text: str, *, region: str, field: str = "phone") -> Phone:
    """The number of ``text`` as written in ``region`` (CUS-03, parameter ``match.phone_region``, "CN").

    Accepts full-width characters, separators, brackets, the prefixes 0086, +86 and 86 (and 00 or + with any country
    code), a long-distance 0 before a mobile, and extensions after 转, 分机, ext, x, # or a last hyphen. A mask of two
    or more of * x × • · ● is recognised, and whether it is accepted is for :func:`require_phone_mode`.

    "Possible" for China means mobile, area code with 7 or 8 digits, 400, 800 or 95xxx: metadata by length alone lets
    a mobile pass that lost a digit. A landline needs its area code. Elsewhere it is what the metadata calls possible.
    Refused with ``phone_invalid`` on ``field``. Raises ValueError if ``region`` is not a region with phone numbers.
    """
    if region == "CN" and (plain := _PLAIN_MOBILE.fullmatch(text)):
        return Phone(e164="+86" + plain[1], extension=None, shared=False, masked=None)
    if not is_phone_region(region):
        raise ValueError(f"no phone numbering known for region {region!r}")
    phone = _parse(text, region=region) if len(text) <= TEXT_LIMIT else None
    if phone is None:
        raise Refusal(
            "phone_invalid", rule="CUS-03", facts={"region": region}, errors=(FieldError(field, "phone_invalid"),)
        )
    return phone


def require_phone_mode(phone: Phone, *, mode: str, field: str = "phone") -> None:
    """Refuse a masked number that is not of the pattern the program asks for (CUS-06).

    ``mode`` is ``match.phone_mode``: full, 3+4, 4+3 or 3+6. A full number passes in every mode.
    Refused with ``phone_mode_mismatch`` on ``field``.
    """
    if phone.masked is not None and phone.masked.pattern != mode:
        raise Refusal(
            "phone_mode_mismatch",
            rule="CUS-06",
            facts={"mode": mode, "pattern": phone.masked.pattern.value},
            errors=(FieldError(field, "phone_mode_mismatch"),),
        )


def mask_phone(e164: str) -> str:
    """``+86138****5678`` for ``+8613812345678``: what everybody sees, the owner included (AUD-03).

    Shows the country code and at most the first 3 and last 4 national digits, and hides at least 4; of a number of
    8 digits 2 and 2 remain, of 4 or fewer none. The stars are always four, so they do not tell the length. Text that
    is not in international form comes back as four stars.
    """
    if not _E164.fullmatch(e164):
        return _STARS
    digits = e164[1:]
    code = next((digits[:n] for n in (1, 2, 3) if int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), "")
    national = digits[len(code) :]
    shown = max(0, len(national) - 4)
    first = min(3, shown // 2)
    last = min(4, shown - first)
    return f"+{code}{national[:first]}{_STARS}{national[len(national) - last :]}"


def is_phone_region(region: str) -> bool:
    """True for a region of two upper-case letters that has phone numbers; the check of ``match.phone_region``."""
    return region in phonenumbers.SUPPORTED_REGIONS


_STARS = "****"
_E164 = re.compile(r"\+[1-9][0-9]{3,17}")

# The hot path: what a form sends nine times in ten, decided without unicode work or metadata.
_PLAIN_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")

# Between digits these mean nothing. The comma is there for spreadsheets that print 13,812,345,678.
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212\u30fc.,/_()\[\]{}\u3010\u3011\u3014\u3015\u00b7\u2022\u30fb]+")
_SPACING = re.compile(r"[\s\-\u2010-\u2015\u2212\u30fc._()\[\]{}\u3010\u3011\u3014\u3015]+")
_DIGITS = re.compile(r"\+?[0-9]+")

_EXTENSION = re.compile(
    r"(?P<number>.*[0-9)\]\s\-])"
    r"(?:转接?分?机?|轉接?分?機?|分机号?|分機號?|内线|內線|;?extension|;?extn?|x|#)"
    r"[\s.:=\-]*(?P<extension>[0-9]{1,8})#?"
)
_LAST_HYPHEN = re.compile(r"(?P<number>.*[0-9)])\s*[-\u2010-\u2015\u2212]\s*(?P<extension>[0-9]{1,6})")

# One x is an extension and one dot a separator, so a mask has two characters at least.
_MASKED = re.compile(r"(?P<plus>\+|00)?(?P<first>[0-9]*)[*x×•·・●∗]{2,11}(?P<last>[0-9]*)")
_MODES = {(3, 4): MaskPattern.FIRST_3_LAST_4, (4, 3): MaskPattern.FIRST_4_LAST_3, (3, 6): MaskPattern.FIRST_3_LAST_6}

_CHINA_PREFIX = re.compile(r"(?:\+0{0,2}|00|0)86|86(?=[0-9]{10})|86(?=95[0-9]{3,6}$)")
_CHINA_PREFIX_ABROAD = re.compile(r"(?:\+0{0,2}|00)86|86(?=1[3-9][0-9]{9}$)")
_CHINA_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_CHINA_SERVICE = re.compile(r"[48]00[0-9]{7}|95[0-9]{3,6}")
_CHINA_LANDLINE = re.compile(r"(?:10|2[0-9])[0-9]{8}|[3-9][0-9]{9,10}")

_SHARED_TYPES = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


def _parse(text: str, *, region: str) -> Phone | None:
    cleaned = _ascii_digits(narrow(text).lower())
    if (masked := _masked(cleaned, region=region)) is not None:
        return Phone(e164=None, extension=None, shared=False, masked=masked)
    marked = _EXTENSION.fullmatch(cleaned)
    if marked:
        return _number(marked["number"], region=region, extension=marked["extension"])
    phone = _number(cleaned, region=region, extension=None)
    if phone is None and (tail := _LAST_HYPHEN.fullmatch(cleaned)):
        phone = _number(tail["number"], region=region, extension=tail["extension"])
        # A mobile has no extension: a digit too many behind a hyphen is a slip, and a slip must not become a key.
        return phone if phone is not None and phone.shared else None
    return phone


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def _masked(cleaned: str, *, region: str) -> MaskedPhone | None:
    found = _MASKED.fullmatch(_SPACING.sub("", cleaned))
    if found is None:
        return None
    first, last = found["first"], found["last"]
    chinese = first.startswith("86") or (region == "CN" and not found["plus"])
    if first.startswith("86"):
        first = first[2:]
    visible = first + last
    if not 1 <= len(visible) <= 10:
        return None
    pattern = _MODES.get((len(first), len(last)), MaskPattern.OTHER)
    # The patterns count the digits of a mobile; with a landline or a foreign country code the count means nothing.
    if (chinese and not re.match("1[3-9]", first)) or (not chinese and found["plus"]):
        pattern = MaskPattern.OTHER
    return MaskedPhone(pattern=pattern, visible=visible)


def _number(text: str, *, region: str, extension: str | None) -> Phone | None:
    digits = _SEPARATORS.sub("", text)
    if not _DIGITS.fullmatch(digits):
        return None
    prefix = (_CHINA_PREFIX if region == "CN" else _CHINA_PREFIX_ABROAD).match(digits)
    found = _chinese(digits[prefix.end() :], complete=True) if prefix else None
    if found is None:
        home = region == "CN" and not digits.startswith(("+", "00"))
        found = _chinese(digits, complete=False) if home else _elsewhere(digits, region=region)
    return _phone(found, extension=extension)


def _phone(found: tuple[str, bool] | None, *, extension: str | None) -> Phone | None:
    return None if found is None else Phone(e164=found[0], extension=extension, shared=found[1], masked=None)


def _chinese(national: str, *, complete: bool) -> tuple[str, bool] | None:
    """E.164 and shared of a mainland number without its country code. ``complete``: a country code stood before it."""
    significant = national[1:] if national.startswith("0") else national
    if _CHINA_MOBILE.fullmatch(significant):
        return "+86" + significant, False
    if _CHINA_SERVICE.fullmatch(national):
        return "+86" + national, True
    if not _CHINA_LANDLINE.fullmatch(significant):
        return None
    # Ten bare digits are more often a mobile that lost one than a landline that lost its 0: the area must exist.
    if not complete and significant is national and not _is_valid("+86" + significant):
        return None
    return "+86" + significant, True


def _elsewhere(digits: str, *, region: str) -> tuple[str, bool] | None:
    international = "+" + digits[2:] if digits.startswith("00") else digits
    number = _metadata_number(international, region=region)
    if number is None or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    if number.country_code == 86:
        return _chinese(phonenumbers.national_significant_number(number), complete=True)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Of some impossible numbers (all zeros in Brazil) each reading takes another zero off: not a key, then.
    if _metadata_number(e164, region=None) != number:
        return None
    return e164, phonenumbers.number_type(number) in _SHARED_TYPES


def _is_valid(e164: str) -> bool:
    number = _metadata_number(e164, region=None)
    return number is not None and phonenumbers.is_valid_number(number)


def _metadata_number(digits: str, *, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
