"""From a notice's kind and facts to its title and sentence (NTF-01).

Facts hold ids, codes, numbers and instants only, so a notice is put into words when it is read or sent: with the name
as its reader may be told it, and with instants on the clock of the reader's zone. Nothing here refuses: a kind that
nobody wrote a sentence for, or a fact that is not what it should be, still makes a readable notice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.notices.catalogue import CATALOGUE, FAMILIES, FIELDS, FINDINGS, LANGUAGES, PARTS, REASONS, Entry
from domain.policy.wording import word_text
from domain.refusals.catalogue import CATALOGUE as REFUSALS


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, as far as its reader may be told.

    ``customer``: a company's name, or a person's masked one (``张*``); None if erased or if there is none.
    ``people``: names of colleagues whom the facts refer to, by id.
    """

    customer: str | None = field(default=None, repr=False)
    people: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Title and text, keyed by language, ``zh`` and ``en``."""

    title: Mapping[str, str]
    text: Mapping[str, str]


def is_known(kind: str) -> bool:
    """Whether the kind has a sentence of its own."""
    return kind in CATALOGUE


def sentences(kind: str, facts: Mapping[str, Any], *, subject: Subject, zone: str, rule: str | None) -> Sentences:
    """What the notice says. ``zone`` is the reader's, an IANA name; ``rule`` the requirement id that decides."""
    entry = _entry(kind, facts)
    values = {lang: _values(facts, subject, zone, lang) for lang in LANGUAGES}
    return Sentences(
        title=entry.title,
        text=MappingProxyType({lang: _filled(entry.text[lang], values[lang], rule, lang) for lang in LANGUAGES}),
    )


def _entry(kind: str, facts: Mapping[str, Any]) -> Entry:
    for variant in _variants(kind, facts):
        found = CATALOGUE.get(f"{kind}/{variant}")
        if found is not None:
            return found
    return CATALOGUE.get(kind) or FAMILIES.get(kind.partition(".")[0]) or FAMILIES[""]


def _variants(kind: str, facts: Mapping[str, Any]) -> list[str]:
    """The variants that the facts ask for, the most telling first."""
    found = [word for word in (facts.get("state"), facts.get("cause")) if isinstance(word, str)]
    if isinstance(facts.get("list"), list | tuple) and len(facts["list"]) > 1:
        found.append("list")
    found += [name for name in ("last", "late") if facts.get(name) is True]
    if kind.startswith("reminder.") and "deadline" not in facts:
        found.append("missed")
    return found


def _values(facts: Mapping[str, Any], subject: Subject, zone: str, lang: str) -> dict[str, str | None]:
    """The words a template may ask for; None where they are not known."""
    listed = facts.get("list")
    count = len(listed) if isinstance(listed, list | tuple) else facts.get("count")
    return {
        "customer": _customer(subject.customer, lang),
        "deadline": _instant(facts.get("deadline"), zone, lang),
        "until": _instant(facts.get("until"), zone, lang),
        "arrived": _instant(facts.get("arrived"), zone, lang),
        "reason": _reason(facts.get("reason"), lang),
        "missing": _fields(facts.get("missing"), lang),
        "possible": _number(facts.get("possible")),
        "differs": _parts(facts.get("differs"), lang),
        "count": _number(count),
        "cap": _number(facts.get("cap")),
        "month": _code(facts.get("month"), _MONTH),
        "stage": word_text(stage, lang=lang) if isinstance(stage := facts.get("stage"), str) else None,
        "currency": _code(facts.get("currency"), _CURRENCY),
        "by": _name(facts.get("by"), subject),
        "person": _name(facts.get("person"), subject),
        "room": _names(facts.get("room"), subject, lang),
    }


_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_PLACE: Final = re.compile(r"\{(\w+)\}")


def _filled(template: str, values: Mapping[str, str | None], rule: str | None, lang: str) -> str:
    def optional(part: re.Match[str]) -> str:
        return part[1] if all(values.get(name) is not None for name in _PLACE.findall(part[1])) else ""

    # One pass over the template, so that braces in a name stay what they are.
    said = _PLACE.sub(lambda place: values.get(place[1]) or "", _OPTIONAL.sub(optional, template))
    if lang == "en":
        said = said[:1].upper() + said[1:]
    if rule is None:
        return said
    end = said[-1:] if said[-1:] in (".", "。") else ""
    body = said[: len(said) - len(end)]
    return f"{body}（规则 {rule}）{end}" if lang == "zh" else f"{body} (rule {rule}){end}"


def _customer(name: str | None, lang: str) -> str:
    if name is None:
        return "某位客户" if lang == "zh" else "a customer"
    return f"客户{name}" if lang == "zh" else f"customer {name}"


def _instant(value: Any, zone: str, lang: str) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        local = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError, KeyError, OSError):
        return None
    if lang == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


# The names of strftime follow the machine's locale; ours are English everywhere.
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _reason(value: Any, lang: str) -> str | None:
    if not isinstance(value, str):
        return None
    if value in REASONS:
        return REASONS[value][lang == "en"]
    return REFUSALS[value].title[lang] if value in REFUSALS else None


def _names(value: Any, subject: Subject, lang: str) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    known = [name for one in value if (name := _name(one, subject)) is not None]
    return ("、" if lang == "zh" else ", ").join(known) or None


def _fields(value: Any, lang: str) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    words = [FIELDS[name][lang == "en"] for name in value if isinstance(name, str) and name in FIELDS]
    return ("、" if lang == "zh" else ", ").join(words) or None


def _parts(value: Any, lang: str) -> str | None:
    """By which parts two company names differ (CUS-05)."""
    if not isinstance(value, Mapping):
        return None
    english = lang == "en"
    said = [
        f"{PARTS[part][1]} {FINDINGS[how][1]}" if english else f"{PARTS[part][0]}{FINDINGS[how][0]}"
        for part, how in value.items()
        if part in PARTS and how in FINDINGS
    ]
    if not said:
        return "which differ in writing only" if english else "仅写法不同"
    return ", ".join(said) if english else "、".join(said)


_MONTH: Final = re.compile(r"\d{4}-\d{2}")
_CURRENCY: Final = re.compile("[A-Z]{3}")


def _code(value: Any, shape: re.Pattern[str]) -> str | None:
    """A code that is read as it is written, the same in both languages."""
    return value if isinstance(value, str) and shape.fullmatch(value) else None


def _number(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _name(value: Any, subject: Subject) -> str | None:
    return subject.people.get(value) if isinstance(value, str) else None
