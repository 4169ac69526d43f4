"""Names (姓名, 公司名称): equality after clean-up, words to search by, and the mask of a person (CUS-02, CUS-05)."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from domain.customers.compound_surnames import COMPOUND_SURNAMES
from domain.customers.fields import narrow
from domain.customers.legal_forms import (
    ABBREVIATED_FORMS,
    CHINESE_FORM_AT_END,
    CHINESE_FORMS,
    LINK_WORDS,
    PHRASE_FORMS,
    WORD_FORMS,
)

SEARCH_WORDS_MAX = 32
SEARCH_WORD_LENGTH = 64
"""Code points. Stored words and asked words are cut alike, so a long word still finds itself."""


class CustomerKind(StrEnum):
    """A customer is a person or a company, and its kind picks key groups and the way its name is compared."""

    PERSON = "person"
    COMPANY = "company"


def normalise_name(text: str, *, kind: CustomerKind) -> str:
    """The spelling of a name that is equal for equal names; "" if nothing is left (CUS-02, CUS-05).

    Both kinds: half width, case folded, invisible characters gone, one kind of bracket, apostrophe and middle dot,
    single spaces, none beside a Chinese, Japanese or Korean character. A company name also loses punctuation other
    than brackets and ``& + % @ #`` (& reads "and"), and its legal form gets one spelling. Region, core and industry
    are never touched: 上海甲有限公司 and 北京甲有限公司 stay two, and so do a name with brackets and one without.
    """
    return _settled(text, company=kind is CustomerKind.COMPANY)


def search_words(text: str) -> tuple[str, ...]:
    """What a company name is found by, at most 32 words: store them, and look for one that *starts* with the query.

    Words of a Latin name, its legal form also in the short spelling; for Chinese the whole name and the rest of it
    from every character on, up to its legal form, so that 阿里 is found in 杭州阿里巴巴有限公司 (CUS-01).
    """
    words = _unbracketed(_company_tokens(_folded(text)))
    whole = " ".join(_unbracketed(_company_tokens(_settled(text, company=True))))
    short_forms = [WORD_FORMS[word] for word in words if word in WORD_FORMS]
    inner = [rest for word in [whole, *words] for rest in _inner_starts(word)]
    found = dict.fromkeys(
        word[:SEARCH_WORD_LENGTH] for word in [whole, *words, *whole.split(), *short_forms, *inner] if word
    )
    return tuple(found)[:SEARCH_WORDS_MAX]


def query_words(text: str) -> tuple[str, ...]:
    """The words of a search box: a company matches if each is the start of one of its :func:`search_words`."""
    words = (
        WORD_FORMS.get(word, word)[:SEARCH_WORD_LENGTH]
        for part in text.split()
        for word in _unbracketed(_company_tokens(_folded(part)))
    )
    return tuple(dict.fromkeys(word for word in words if word))[:SEARCH_WORDS_MAX]


def surname(text: str) -> str:
    """The family name, normalised, for the comparison of masked numbers (CUS-06); "" if there is none.

    Chinese and Korean: the first character, or two of a compound surname (欧阳); a bare compound is a surname, as in
    欧阳 without a given name. A name with a middle dot: the part before the dot. Latin: the last word, or what
    stands before a comma. A romanised Chinese name in Chinese order is not recognised as such.
    """
    name = normalise_name(text, kind=CustomerKind.PERSON).lstrip(_NOT_A_LETTER)
    if not name:
        return ""
    if _EAST_ASIAN.match(name):
        if "·" in name:
            return name.partition("·")[0]
        return name[:2] if name[:2] in COMPOUND_SURNAMES else name[0]
    before, comma, _ = name.partition(",")
    return before.strip() if comma else before.split()[-1]


def mask_person_name(text: str) -> str:
    """``张*`` for 张伟 and ``J*`` for John Smith: how a person is called to those who do not read the claim (AUD-03).

    The surname character, two of a compound surname if a given name follows, else the first letter; one star however
    long the rest. Without any letter: ``*``.
    """
    name = _SPACE_AT_EAST_ASIAN.sub("", narrow(text)).lstrip(_NOT_A_LETTER)
    if not name:
        return "*"
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return name[:2] + "*"
    return name[0] + "*"


_BRACKETS = str.maketrans(dict.fromkeys("[{〔【〖〘〚〈《「『", "(") | dict.fromkeys("]}〕】〗〙〛〉》」』", ")"))
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u0060\u2032", "'"))
_MIDDLE_DOTS = str.maketrans(dict.fromkeys("\u2022\u2027\u30fb\u2219\u22c5\u25cf", "\u00b7"))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))
_MARKS_OF_TRADE = str.maketrans(dict.fromkeys("™®©℠"))
_KEPT_SIGNS = frozenset("()+%@#")
_NOT_A_LETTER = " '\"()*.,;:!?·-_/\\<>|~&+%@#=^$`"

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA_HANGUL = "\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7a3"
_EAST_ASIAN = re.compile(f"[{_HAN}{_KANA_HANGUL}]")
_EAST_ASIAN_EDGE = re.compile(
    f"(?<=[{_HAN}{_KANA_HANGUL}])(?=[^\\s{_HAN}{_KANA_HANGUL}])|(?<=[^\\s{_HAN}{_KANA_HANGUL}])(?=[{_HAN}{_KANA_HANGUL}])"
)
_SPACE_AT_EAST_ASIAN = re.compile(f"(?<=[{_HAN}{_KANA_HANGUL}()]) +| +(?=[{_HAN}{_KANA_HANGUL}()])")
_SPACE_AT_DOT = re.compile(r" *([·,]) *")
_SPACES = re.compile(r" {2,}")
_INITIALS = re.compile(r"(?<!\w)(?:(?:[^\W\d_]\.)+[^\W\d_]\.?(?!\w)|(?:[^\W\d_]\.){2,})")


def _settled(text: str, *, company: bool) -> str:
    # What one pass drops can bring two characters together that compose; equal names must not depend on that.
    for _ in range(4):
        cleaned = _company(_folded(text)) if company else _person(_folded(text))
        if cleaned == text:
            break
        text = cleaned
    return text


def _folded(text: str) -> str:
    text = text.translate(_MARKS_OF_TRADE) if not text.isascii() else text
    folded = narrow(narrow(text).casefold())
    return folded.translate(_BRACKETS).translate(_APOSTROPHES).translate(_MIDDLE_DOTS).translate(_DASHES)


def _person(folded: str) -> str:
    return _SPACE_AT_DOT.sub(r"\1", _SPACE_AT_EAST_ASIAN.sub("", _SPACES.sub(" ", folded)))


def _company(folded: str) -> str:
    tokens = _company_tokens(folded)
    return _SPACE_AT_EAST_ASIAN.sub("", " ".join(_with_one_legal_form(tokens)))


def _company_tokens(folded: str) -> list[str]:
    """Words of a company name in order: Latin words, brackets, and runs of Chinese with the form in one spelling."""
    undotted = _INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", folded.replace("'", ""))
    signs = "".join(_sign(char) for char in undotted)
    joined = _SPACE_AT_EAST_ASIAN.sub("", _SPACES.sub(" ", signs)).strip()
    for pattern, form in (*ABBREVIATED_FORMS, *CHINESE_FORMS):
        joined = pattern.sub(form, joined)
    return _EAST_ASIAN_EDGE.sub(" ", joined.replace("(", " ( ").replace(")", " ) ")).split()


def _sign(char: str) -> str:
    if char in _KEPT_SIGNS:
        return char
    if char == "&":
        return " and "
    return " " if unicodedata.category(char)[0] in "PSZ" else char


def _with_one_legal_form(tokens: list[str]) -> list[str]:
    """``tokens`` with the form words at the end in their short spelling. The first token is never a form."""
    form: list[str] = []
    rest = list(tokens)
    while len(rest) > 1:
        phrase = next((p for p in PHRASE_FORMS if len(rest) > len(p[0]) and tuple(rest[-len(p[0]) :]) == p[0]), None)
        if phrase is not None:
            del rest[-len(phrase[0]) :]
            form.append(phrase[1])
        elif rest[-1] in WORD_FORMS or rest[-1] in LINK_WORDS:
            last = rest.pop()
            form.append(WORD_FORMS.get(last, last))
        else:
            break
    return rest + form[::-1]


def _unbracketed(tokens: list[str]) -> list[str]:
    """The words a company is searched by: Latin ones each, what touches a Chinese character in one word with it."""
    words = " ".join(token for token in tokens if token not in ("(", ")"))
    return _SPACE_AT_EAST_ASIAN.sub("", words).split()


def _inner_starts(word: str) -> list[str]:
    """The rest of ``word`` from every Chinese character and every change of script on, the legal form last."""
    form = CHINESE_FORM_AT_END.search(word)
    end = form.start() + 1 if form else len(word)
    return [word[at:] for at in range(1, end) if _EAST_ASIAN.match(word[at]) or _EAST_ASIAN.match(word[at - 1])]
