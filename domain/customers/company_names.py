"""Company names by parts (公司名称): region, core, trade, legal form, branch; same, close or different (CUS-05).

What comes out is advice and nothing else. The exact key of CUS-02 is ``normalise_name``; a likeness found here may only
make a report ``possible``, and ``claim.on_possible`` decides who looks at it.

>>> compare_companies("北京长青贸易有限公司", "长青贸易（北京）有限责任公司").verdict
<Likeness.SAME: 'same'>
>>> [f"{f.part}: {f.finding}" for f in compare_companies("长青贸易有限公司", "北京长青商贸有限公司").findings]
['region: missing', 'trade: near']
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from sys import intern
from typing import Final

from rapidfuzz.distance import OSA

from domain.customers.company_words import (
    BRACKETED_FORMS,
    BRANCHES,
    COMPANY_FORMS,
    CONTRASTS,
    FORMS,
    LATIN_FORMS,
    NEAR_TRADES,
    REMARKS,
    SHORT_TRADES,
    SOUNDS,
    TRADES,
    UNSAID_FORMS,
)
from domain.customers.legal_forms import WORD_FORMS
from domain.customers.names import CustomerKind, normalise_name
from domain.customers.regions import AREAS, DISTRICTS, LATIN, PLACES, narrowest

FUZZY_THRESHOLD: Final = 0.85
"""The default of ``match.fuzzy_threshold``."""


class Likeness(StrEnum):
    """What two names are to one another. Neither of the first two is ever a certain match."""

    SAME = "same"
    CLOSE = "close"
    DIFFERENT = "different"


class Part(StrEnum):
    """The parts of a company name, in the order they are told."""

    REGION = "region"
    CORE = "core"
    TRADE = "trade"
    FORM = "form"
    BRANCH = "branch"


class Finding(StrEnum):
    """How one part differs; a part that agrees is not told."""

    MISSING = "missing"  # one name says it, the other does not
    NARROWER = "narrower"  # a district that the other leaves out, or more words of one trade
    NEAR = "near"  # a word that is taken for the other
    SOUND = "sound"  # sounds or looks alike, character by character
    TYPO = "typo"  # few characters differ
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CompanyName:
    """One name in parts. ``whole`` is the exact key of CUS-02, "" if the name says nothing.

    ``places`` are the narrowest ones named, from anywhere in the name; ``trades`` in the order written; ``form`` is ""
    where none is given; ``branch`` is what stands behind the firm's own name, its places first.
    """

    whole: str
    places: tuple[str, ...]
    district: str
    core: str
    trades: tuple[str, ...]
    form: str
    group: bool
    branch: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartFinding:
    """One reason: which part differs, and how."""

    part: Part
    finding: Finding


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict, the closeness it rests on (0 to 1), and the parts that differ."""

    verdict: Likeness
    score: float
    findings: tuple[PartFinding, ...]

    @property
    def possible(self) -> bool:
        """Whether it is worth a hint. There is nothing stronger to be had from a name (CUS-05)."""
        return self.verdict is not Likeness.DIFFERENT


def compare_companies(one: str, other: str, *, threshold: float = FUZZY_THRESHOLD) -> Comparison:
    """Compare two names as written; ``threshold`` is ``match.fuzzy_threshold`` (CUS-05)."""
    return compare_parts(company_name(one), company_name(other), threshold=threshold)


def compare_parts(one: CompanyName, other: CompanyName, *, threshold: float = FUZZY_THRESHOLD) -> Comparison:
    """Compare two names that were taken apart before.

    Same: nothing differs but the way of writing. A form that is left out counts as that: one registry does not enter
    one core for one trade twice (企业名称登记管理规定, article 17). Close: the weighted closeness of the parts reaches
    ``threshold``. Names that differ in region are different however close the rest is, and so are cores that differ
    in a number, a direction or another character nobody takes for its counterpart.
    """
    if not one.whole or not other.whole:
        return Comparison(Likeness.DIFFERENT, 0.0, ())
    if one.whole == other.whole:
        return Comparison(Likeness.SAME, 1.0, ())
    judged = (_region(one, other), _core(one, other), _trade(one, other), _form(one, other))
    score = round(sum(weight * closeness for weight, (closeness, _) in zip(_WEIGHTS, judged, strict=True)) / 100, 4)
    branch = Finding.OTHER if one.branch != other.branch else None
    told = [*(finding for _, finding in judged), branch]
    findings = tuple(PartFinding(p, f) for p, f in zip(Part, told, strict=True) if f is not None)
    if not findings:
        return Comparison(Likeness.SAME, 1.0, ())
    barred = told[0] is Finding.OTHER or told[1] is Finding.OTHER or score < threshold
    return Comparison(Likeness.DIFFERENT if barred else Likeness.CLOSE, score, findings)


@lru_cache(maxsize=1024)
def company_name(text: str) -> CompanyName:
    """Take a name apart (CUS-05). Nothing is refused: what no table knows is core."""
    whole = normalise_name(text, kind=CustomerKind.COMPANY)
    name, extra = _without_brackets(whole)
    firm, branch = _without_branch(name)
    firm, form = _without_form(firm)
    rest = _without_group(firm)
    group = extra.group or rest != firm
    rest, places, district = _without_places(rest)
    core, trades = _without_trades(rest)
    return CompanyName(
        whole=whole,
        places=_shared(narrowest((*places, *extra.places))),
        district=intern(district),
        core=intern(core),
        trades=_shared(trades),
        form=intern(extra.form or form),
        group=group,
        branch=_shared(branch + extra.branch),
    )


@lru_cache(maxsize=4096)
def sound_of(core: str) -> str:
    """``core`` with one character for all that sound or look alike, so that close cores are close here as well."""
    return core.translate(_SOUND)


def core_closeness(one: str, other: str) -> float:
    """0 to 1; like-sounding cores stay below 1, so that they are told apart from equal ones."""
    if one == other:
        return 1.0
    written = OSA.normalized_similarity(one, other)
    spoken = OSA.normalized_similarity(sound_of(one), sound_of(other))
    return max(written, 0.9 * spoken)


def least_core_closeness(threshold: float) -> float:
    """What the cores must reach for any two names to be close: all other parts may agree (for the index)."""
    return (threshold * 100 - sum(_WEIGHTS) + _CORE_WEIGHT) / _CORE_WEIGHT


# Region, core, trade, form, in per cent. At the default threshold a core of two or three characters must agree or sound
# alike, one of four may have one wrong: shorter ones are full of neighbours that are other firms.
_CORE_WEIGHT: Final = 60
_WEIGHTS: Final = (10, _CORE_WEIGHT, 20, 10)

_Judged = tuple[float, Finding | None]


def _region(one: CompanyName, other: CompanyName) -> _Judged:
    if one.places != other.places:
        return (0.0, Finding.OTHER) if one.places and other.places else (0.5, Finding.MISSING)
    if one.district != other.district:
        return (0.0, Finding.OTHER) if one.district and other.district else (0.7, Finding.NARROWER)
    return 1.0, None


def _core(one: CompanyName, other: CompanyName) -> _Judged:
    if one.core == other.core:
        return 1.0, None
    if _contrast(one.core, other.core):
        return 0.0, Finding.OTHER
    sound = sound_of(one.core) == sound_of(other.core)
    return core_closeness(one.core, other.core), Finding.SOUND if sound else Finding.TYPO


def _contrast(one: str, other: str) -> bool:
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return True
    if len(one) != len(other):
        return False
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return any(_CONTRAST.get(a, a) == _CONTRAST.get(b, b) for a, b in pairs)


def _trade(one: CompanyName, other: CompanyName) -> _Judged:
    if one.trades == other.trades:
        return 1.0, None
    if not one.trades or not other.trades:
        return 0.6, Finding.MISSING
    words, others = set(one.trades), set(other.trades)
    if words <= others or others <= words:
        return 0.7, Finding.NARROWER
    near, nears = {_NEAR.get(w, w) for w in words}, {_NEAR.get(w, w) for w in others}
    return (0.7, Finding.NEAR) if near <= nears or nears <= near else (0.0, Finding.OTHER)


def _form(one: CompanyName, other: CompanyName) -> _Judged:
    if one.group != other.group:
        return 0.5, Finding.MISSING
    unsaid = one.form in UNSAID_FORMS or other.form in UNSAID_FORMS
    if one.form == other.form or (unsaid and {one.form, other.form} <= COMPANY_FORMS):
        return 1.0, None
    return 0.5, Finding.OTHER


@dataclass(frozen=True, slots=True)
class _Bracketed:
    places: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()
    form: str = ""
    group: bool = False


def _without_brackets(name: str) -> tuple[str, _Bracketed]:
    """The name with its brackets resolved: places, forms, branches and remarks apart, all else left in its place."""
    if "(" not in name and ")" not in name:
        return name, _NO_BRACKETS
    places: list[str] = []
    branch: list[str] = []
    form, group = "", False
    kept = []
    for number, content in enumerate(re.split(r"\(([^()]*)\)", name)):
        inner = content.strip()
        if number % 2 == 0:
            kept.append(content)
        elif found := _only_places(inner):
            places.extend(found)
        elif inner in BRACKETED_FORMS:
            form = BRACKETED_FORMS[inner]
        elif inner == "集团":
            group = True
        elif inner.endswith((*BRANCHES, "店")):
            branch.extend(_branch(inner))
        elif not inner.startswith(REMARKS):
            kept.append(content)
    joined = normalise_name(" ".join(kept).replace("(", "").replace(")", ""), kind=CustomerKind.COMPANY)
    return joined, _Bracketed(tuple(places), tuple(branch), form, group)


def _only_places(text: str) -> tuple[str, ...]:
    if text in LATIN:
        return (LATIN[text],)
    if text in AREAS:
        return (text,)
    rest, places, _ = _leading_places(text)
    return places if not rest else ()


def _without_branch(name: str) -> tuple[str, tuple[str, ...]]:
    """The firm's own name and its branch: what stands behind the form, or ends like a branch."""
    behind = _BEHIND_FORM.fullmatch(name)
    if behind and not _FORM_AT_END.search(behind["tail"]):
        return behind["firm"], _branch(behind["tail"])
    ending = next((b for b in BRANCHES if name.endswith(b) and len(name) > len(b) + 1), None)
    if ending is None:
        return name, ()
    firm = name.removesuffix(ending)
    ordinal = _ORDINAL_AT_END.search(firm)
    firm = firm[: ordinal.start()] if ordinal else firm
    firm, place = _trailing_place(firm)
    if place is None and (area := next((a for a in AREAS if firm.endswith(a) and len(firm) > len(a) + 1), None)):
        firm, place = firm.removesuffix(area), area
    return firm, tuple(part for part in (place, ordinal[0] if ordinal else None, _branch_kind(ending)) if part)


def _branch(text: str) -> tuple[str, ...]:
    """A branch in words that are equal for equal branches: 北京市朝阳分公司, 北京朝阳分公司."""
    ending = next((b for b in BRANCHES if text.endswith(b)), "")
    place, places, district = _leading_places(text.removesuffix(ending))
    return tuple(part for part in (*narrowest(places), district, place, _branch_kind(ending)) if part)


def _branch_kind(ending: str) -> str:
    return "店" if ending.endswith("店") else ending


def _without_form(name: str) -> tuple[str, str]:
    if name.isascii():
        return _without_latin_form(name)
    for ending, form in FORMS:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending), form
    # 腾讯 co ltd: a Latin form behind a Chinese name
    words = re.search(r"(?<=[^\x00-\x7f])[a-z ]+$", name)
    if words and all(word in _LATIN_FORM_WORDS for word in words[0].split()):
        return name[: words.start()], LATIN_FORMS.get(words[0].strip(), words[0].strip())
    return name, ""


def _without_latin_form(name: str) -> tuple[str, str]:
    words = name.split()
    end = len(words)
    while end > 1 and words[end - 1] in _LATIN_FORM_WORDS:
        end -= 1
    form = " ".join(words[end:])
    return " ".join(words[:end]), LATIN_FORMS.get(form, form)


def _without_group(name: str) -> str:
    at = name.find("集团", 1)
    return name[:at] + name[at + 2 :] if at > 0 else name


def _without_places(name: str) -> tuple[str, tuple[str, ...], str]:
    """Places in front of the core, or behind everything: 长青贸易北京. Something is always left."""
    rest, places, district = _leading_places(name, keep=1)
    rest, last = _trailing_place(rest)
    return rest, (*places, last) if last else places, district


def _leading_places(text: str, *, keep: int = 0) -> tuple[str, tuple[str, ...], str]:
    """``text`` without the places it begins with, these, and a district; at least ``keep`` characters stay."""
    places: list[str] = []
    while place := _place_at_start(text, keep=keep):
        spelling, name = place
        places.append(name)
        text = text[len(spelling) :].strip()
    district = _district_at_start(text, places, keep=keep)
    if district and not places and district.endswith(("市", "县")):
        return text[len(district) :], (district[:-1],), ""
    return text[len(district) :], tuple(places), district.rstrip("区县市") if len(district) > 2 else district


def _place_at_start(text: str, *, keep: int) -> tuple[str, str] | None:
    for length in range(min(_LONGEST_PLACE, len(text) - keep), 1, -1):
        if (name := PLACES.get(text[:length])) is not None:
            return text[:length], name
    first = text.split(" ", 1)[0]
    return (first, LATIN[first]) if first in LATIN and len(text) - len(first) >= keep else None


def _district_at_start(text: str, places: list[str], *, keep: int) -> str:
    found = (_DISTRICT if places else _TOWN).match(text)
    if found and len(text) - found.end() >= max(keep, 0 if places else 2):
        return found[0]
    known = (d for place in places for d in DISTRICTS.get(place, "").split())
    return next((d for d in known if text.startswith(d) and len(text) - len(d) >= keep + (1 if keep else 0)), "")


def _trailing_place(text: str) -> tuple[str, str | None]:
    for length in range(min(_LONGEST_PLACE, len(text) - 2), 1, -1):
        name = PLACES.get(text[-length:])
        if name is not None:
            return text[:-length].rstrip(), name
    return text, None


def _without_trades(text: str) -> tuple[str, tuple[str, ...]]:
    """Core and trades: words are taken from the end while two characters stay, the first one while one stays."""
    trades: list[str] = []
    while word := _trade_at_end(text, keep=2 if trades else 1):
        trades[:0] = SHORT_TRADES.get(word, word).split()
        text = text[: -len(word)].rstrip()
    return text, tuple(trades)


def _trade_at_end(text: str, *, keep: int) -> str | None:
    longest = min(_LONGEST_TRADE, len(text) - keep)
    # a longer word that would leave one character of a core is more likely the end of the core and a shorter word
    lengths = [n for n in range(longest, 1, -1) if len(text) - n >= 2] + [n for n in (len(text) - 1,) if n <= longest]
    return next((text[-n:] for n in lengths if text[-n:] in _TRADE_WORDS), None)


def _shared(words: tuple[str, ...]) -> tuple[str, ...]:
    """One object for equal tuples: a hundred thousand names have few thousand different ones."""
    return _SHARED.setdefault(words, words) if len(_SHARED) < 65_536 else _SHARED.get(words, words)


def _classes(groups: tuple[str, ...]) -> dict[str, str]:
    """Each character of ``groups`` and the one that stands for its class; groups that share a character are one."""
    found: dict[str, str] = {}
    for group in groups:
        joined = {found[char] for char in group if char in found}
        first = min(joined) if joined else group[0]
        found |= {char: first for char, known in found.items() if known in joined} | dict.fromkeys(group, first)
    return found


_NO_BRACKETS = _Bracketed()
_SHARED: dict[tuple[str, ...], tuple[str, ...]] = {}
_SOUND = str.maketrans(_classes(SOUNDS))
_CONTRAST = {char: group[0] + "*" for group in CONTRASTS for char in group}
_NEAR = {word: group.split()[0] for group in NEAR_TRADES for word in group.split()}
_TRADE_WORDS = frozenset(TRADES) | frozenset(SHORT_TRADES)
_LONGEST_TRADE = max(map(len, _TRADE_WORDS))
_LONGEST_PLACE = max(map(len, PLACES))
_LATIN_FORM_WORDS = frozenset(WORD_FORMS.values())
_DIGITS = re.compile(r"[0-9]+")
_ORDINAL_AT_END = re.compile(r"第?[一二三四五六七八九十0-9]+$")
_FORM_AT_END = re.compile(r"(?:有限公司|合伙企业|(?<!分)(?<!子)(?<!支)公司)$")
_BEHIND_FORM = re.compile(
    r"(?P<firm>.{2,}(?:股份有限公司|有限公司|合伙企业|总公司|集团公司|(?<!分)(?<!子)(?<!支)公司))(?P<tail>[^()]{2,})"
)
# 社区, 园区, 城市 and 超市 are words, not places.
_DISTRICT = re.compile(
    r"[^()\s]{2,4}?(?:新区|开发区|高新区|(?<![社园小景校库片商地])区|(?<![城都超门夜股楼集上])市|县)"
)
_TOWN = re.compile(r"[^()\s]{2}(?:(?<![城都超门夜股楼集上])市|县)")
