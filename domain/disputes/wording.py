"""Advice in plain Chinese and English (POL-07, DSP-11): one sentence for each point and for whatever did not count.

Advice holds ids, codes, numbers and instants only and is put into words when it is read, with the names its reader may
be told and on the clock of the reader's zone. A template names its values in braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.disputes.advice import Advice, Outcome, PassedOver, Point, Verdict
from domain.disputes.facts import Origin
from domain.disputes.ownership import Passed
from domain.disputes.sifting import SetAside, Why
from domain.policy.wording import plain_number, word_text

LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: ``names`` of the people he may be told, by id, and his ``zone``, an IANA name."""

    zone: str
    names: Mapping[str, str] = field(default_factory=dict, repr=False)


def outcome_text(advice: Advice, *, reader: Reader) -> Mapping[str, str]:
    """What is proposed, or that nothing is, keyed by language."""
    outcome = advice.outcome
    if outcome is None:
        return _said(_NO_RECOMMENDATION, {"missing": advice.missing}, reader, None, advice.policy_version)
    facts: dict[str, Any] = {"person": outcome.owner, "shares": outcome.shares}
    return _said(_outcome_template(outcome), facts, reader, "DSP-11", advice.policy_version)


def point_text(point: Point, *, reader: Reader, mode: str, policy_version: int) -> Mapping[str, str]:
    """Why this point, keyed by language, with its rule and policy version; in weighted mode with its points."""
    facts = {**point.facts, "person": point.person, "points": plain_number(point.points)}
    templates = _POINTS[point.rule, point.variant]
    if mode == "weighted" and point.rule in _WEIGHED:
        templates = (templates[0] + "，得 {points} 分", templates[1] + ": {points} points")
    if point.contested:
        templates = (templates[0] + "；所依据的记录有争议", templates[1] + "; it rests on a contested record")
    return _said(templates, facts, reader, point.rule_id, policy_version)


def passed_text(passed: PassedOver, *, reader: Reader, policy_version: int) -> Mapping[str, str]:
    """Why this rule did not decide, keyed by language."""
    facts = {"people": passed.left, **passed.facts, "rule": passed.rule}
    variant = "time" if "margin_us" in facts else "pct" if "margin_pct" in facts else ""
    templates = _PASSED[passed.why, variant] if (passed.why, variant) in _PASSED else _PASSED[passed.why, ""]
    return _said(templates, facts, reader, passed.rule_id, policy_version)


def set_aside_text(item: SetAside, *, reader: Reader, policy_version: int) -> Mapping[str, str]:
    """Why this fact does not count, keyed by language."""
    return _said(_SET_ASIDE[item.why], {**item.facts, "person": item.person}, reader, item.rule_id, policy_version)


_Templates = tuple[str, str]

_PLACE: Final = re.compile(r"\{(\w+)\}")


def _said(
    templates: _Templates, facts: Mapping[str, Any], reader: Reader, rule_id: str | None, version: int
) -> Mapping[str, str]:
    said: dict[str, str] = {}
    for lang, template in zip(LANGUAGES, templates, strict=True):
        # One pass over the template, so that braces in a name stay what they are.
        text = _PLACE.sub(lambda place, lang=lang: _value(place[1], facts, reader, lang), template)  # type: ignore[misc]
        if lang == "zh":
            rule = f"规则 {rule_id}，" if rule_id else ""
            said[lang] = f"{text}（{rule}规则第 {version} 版）。"
        else:
            rule = f"rule {rule_id}, " if rule_id else ""
            said[lang] = f"{text[:1].upper()}{text[1:]} ({rule}policy version {version})."
    return MappingProxyType(said)


def _value(name: str, facts: Mapping[str, Any], reader: Reader, lang: str) -> str:
    value = facts.get(name)
    if name in ("person", "by"):
        return _name(value, reader, lang)
    if name == "people":
        return _joined([_name(person, reader, lang) for person in value or ()], lang, last=" and ")
    if name == "shares":
        return _joined([f"{_name(s.person, reader, lang)} {_pct(s.share_bps)}" for s in value or ()], lang)
    if name == "missing":
        return _joined([_missing(code, lang) for code in value or ()], lang, stop="；" if lang == "zh" else "; ")
    if name.endswith("_us"):
        return _span(int(value or 0), lang)
    if name in ("at", "reported", "entered", "arrival"):
        return _instant(datetime.fromisoformat(str(value)), reader, lang)
    if name in _COUNTED:
        return _counted(name, int(value or 0), lang)
    if name == "rule":
        return _rule(str(value), lang)
    if name == "origin":
        return _pick(_ORIGINS[Origin(str(value))], lang)
    return str(value)


def _name(person: Any, reader: Reader, lang: str) -> str:
    return reader.names.get(str(person)) or ("其他人" if lang == "zh" else "somebody else")


def _instant(at: datetime, reader: Reader, lang: str) -> str:
    local = at.astimezone(ZoneInfo(reader.zone))
    clock = f"{local:%H:%M}" if not (local.second or local.microsecond) else f"{local:%H:%M:%S}"
    if lang == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {clock}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {clock}"


def _span(microseconds: int, lang: str) -> str:
    """The two largest units, cut off below: "2 天 3 小时", "40 分钟"; what is less than a second says so."""
    seconds = microseconds // 1_000_000
    if seconds == 0:
        return "不到 1 秒" if lang == "zh" else "less than a second"
    parts = []
    for unit_s, zh, en in _UNITS:
        amount, seconds = divmod(seconds, unit_s)
        if amount:
            parts.append(f"{amount} {zh}" if lang == "zh" else f"{amount} {en}{'' if amount == 1 else 's'}")
    return " ".join(parts[:2])


def _counted(name: str, amount: int, lang: str) -> str:
    zh, singular, plural = _COUNTED[name]
    return zh.format(amount) if lang == "zh" else f"{amount} {singular if amount == 1 else plural}"


def _pct(bps: int) -> str:
    whole, rest = divmod(bps, 100)
    return f"{whole}%" if not rest else f"{whole}.{rest:02d}%"


def _rule(rule: str, lang: str) -> str:
    words = _pick(_RULES[rule], lang) if rule in _RULES else word_text(rule, lang=lang)
    return f"“{words}”" if lang == "zh" else f'"{words}"'


def _missing(code: str, lang: str) -> str:
    why, rule = code.split(":", 1)
    words = _pick(_LACKING[Passed(why)], lang)
    return f"{_rule(rule, lang)}{words}" if lang == "zh" else f"{_rule(rule, lang)} {words}"


def _joined(parts: list[str], lang: str, *, last: str = ", ", stop: str | None = None) -> str:
    if stop is not None or lang == "zh" or len(parts) < 2:
        return (stop or "、").join(parts)
    return ", ".join(parts[:-1]) + last + parts[-1]


def _pick(pair: tuple[str, str], lang: str) -> str:
    return pair[0] if lang == "zh" else pair[1]


def _outcome_template(outcome: Outcome) -> _Templates:
    zh, en = _OUTCOMES[outcome.verdict]
    if outcome.same is None:
        return zh, en
    if outcome.verdict is Verdict.JOINT:
        zh, en = _IN_EQUAL_PARTS
    if outcome.verdict is Verdict.NO_CHANGE:
        return "两条记录不是同一客户，" + zh, "the two records are not one customer; " + en
    return "两条记录是同一客户，" + zh, "the two records are one customer; " + en


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

_UNITS: Final = (
    (86_400, "天", "day"),
    (3_600, "小时", "hour"),
    (60, "分钟", "minute"),
    (1, "秒", "second"),
)

_COUNTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "follow_ups": ("跟进 {} 次", "follow-up", "follow-ups"),
    "visits": ("到访 {} 次", "visit", "visits"),
    "decision_makers": ("见到关键决策人 {} 位", "decision maker met", "decision makers met"),
    "stages": ("推进阶段 {} 个", "stage reached", "stages reached"),
}

_ORIGINS: Final[Mapping[Origin, tuple[str, str]]] = {
    Origin.SYSTEM: ("系统记录", "the system"),
    Origin.CUSTOMER: ("客户", "the customer"),
    Origin.THIRD_PARTY: ("第三方", "a third party"),
    Origin.PARTY: ("当事人自己", "a party"),
}

#: What is asked about besides the ownership rules, which have their words in the policy's own list.
_RULES: Final[Mapping[str, tuple[str, str]]] = {
    "identity": ("是否同一客户", "same customer"),
    "shares": ("各方的工作", "work of the parties"),
    "total": ("总分", "total"),
    "rules": ("归属规则", "ownership rules"),
    "first_contact": ("首次接触", "first contact"),
}

#: Rules that give points in weighted mode.
_WEIGHED: Final = frozenset(
    {
        "named_account",
        "territory",
        "first_contact",
        "first_report",
        "first_reception",
        "deeper_relation",
        "customer_choice",
        "best_fit",
    }
)

_NO_RECOMMENDATION: Final = (
    "规则不能得出结论，须由人决定：{missing}",
    "the rules give no recommendation, a person decides: {missing}",
)

_OUTCOMES: Final[Mapping[Verdict, _Templates]] = {
    Verdict.PARTY: ("建议客户归{person}", "advised owner of the customer: {person}"),
    Verdict.JOINT: (
        "建议客户归{person}，按贡献分配：{shares}",
        "advised owner of the customer: {person}, shares by work done: {shares}",
    ),
    Verdict.POOL: ("建议客户退回公海", "it is advised that the customer goes to the pool"),
    Verdict.NO_CHANGE: ("建议维持原状", "it is advised that nothing changes"),
}

#: Two who belong to one household (CUS-14).
_IN_EQUAL_PARTS: Final[_Templates] = (
    "建议客户归{person}，佣金平均分配：{shares}",
    "advised owner of the customer: {person}, the commission in equal parts: {shares}",
)

_LACKING: Final[Mapping[Passed, tuple[str, str]]] = {
    Passed.NO_FACT: ("没有可用的事实", "has no usable fact"),
    Passed.NAMES_NOBODY: ("指向的不是当事人", "names none of the parties in question"),
    Passed.INCOMPLETE: ("缺少部分当事人的数据", "lacks the figure of some party"),
    Passed.EQUAL: ("不分先后高下", "is equal"),
    Passed.WITHIN_MARGIN: ("相差在容差以内", "lies within the margin"),
    Passed.CONTRADICTORY: ("的记录互相矛盾", "is contradictory"),
    Passed.NO_WEIGHT: ("权重为零", "has no weight"),
}

_WORK: Final = "{follow_ups}、{visits}、{decision_makers}、{stages}"
_WORK_EN: Final = "{follow_ups}, {visits}, {decision_makers}, {stages}"

# Positional on purpose: the table is read down its columns.
_POINTS: Final[Mapping[tuple[str, str], _Templates]] = {
    ("valid_claim", "only"): (
        "只有{person}有有效的报备或接待",
        "only {person} has a valid report or reception",
    ),
    ("valid_claim", "pool"): (
        "各方都没有有效的报备或接待",
        "no party has a valid report or reception",
    ),
    ("valid_claim", "no_change"): (
        "各方的报备都已结束，没有可恢复的归属",
        "the claims of all parties have ended and none is to be restored",
    ),
    ("identity", "same"): ("两条记录是同一客户", "the two records are one customer"),
    ("identity", "different"): ("两条记录不是同一客户", "the two records are not one customer"),
    ("household", "equal"): (
        "两位客户属于同一家庭，佣金由各归属人平均分配，{person}占 {share_pct}%",
        "the two customers are of one household, whose owners share the commission equally: {person} has {share_pct} %",
    ),
    ("named_account", "named"): (
        "该客户是指定大客户，由{person}负责",
        "the customer is a named account of {person}",
    ),
    ("territory", "named"): (
        "该客户属于{person}的销售区域",
        "the customer belongs to the territory of {person}",
    ),
    ("first_contact", "first"): (
        "{person}最先接触客户（{at}），并于{reported}报备",
        "{person} was in contact first ({at}) and reported it on {reported}",
    ),
    ("first_contact", "later"): (
        "{person}于{at}接触客户，晚 {later_us}",
        "{person} was in contact on {at}, {later_us} later",
    ),
    ("first_contact", "first_by_report"): (
        "{person}没有可用的接触记录，按报备时间 {at} 计，仍为最早",
        "{person} has no usable record of a contact; the report of {at} counts and is the earliest",
    ),
    ("first_contact", "later_by_report"): (
        "{person}没有可用的接触记录，按报备时间 {at} 计，晚 {later_us}",
        "{person} has no usable record of a contact; the report of {at} counts, {later_us} later",
    ),
    ("first_report", "first"): ("{person}最先报备（{at}）", "{person} reported first ({at})"),
    ("first_report", "later"): (
        "{person}于{at}报备，晚 {later_us}",
        "{person} reported on {at}, {later_us} later",
    ),
    ("first_report", "first_arrival"): (
        "客户于{at}到访，由{person}接待；对方的报备离到访太近，不能优先",
        "the customer arrived on {at} and was received by {person}; the rival's report came too shortly before",
    ),
    ("first_report", "later_arrival"): (
        "客户于{at}到访，由{person}接待，晚 {later_us}",
        "the customer arrived on {at} and was received by {person}, {later_us} later",
    ),
    ("first_report", "first_intercepted"): (
        "{person}于{reported}报备，离客户到访太近，按到访时间 {at} 计，仍为最早",
        "{person} reported on {reported}, too shortly before the arrival, whose time {at} counts and is the earliest",
    ),
    ("first_report", "later_intercepted"): (
        "{person}于{reported}报备，离客户到访（{at}）太近，排在该次接待之后",
        "{person} reported on {reported}, too shortly before the arrival of {at}, and ranks behind that reception",
    ),
    ("first_reception", "first"): (
        "{person}最先接待客户（{at}）",
        "{person} received the customer first ({at})",
    ),
    ("first_reception", "later"): (
        "{person}于{at}接待客户，晚 {later_us}",
        "{person} received the customer on {at}, {later_us} later",
    ),
    ("deeper_relation", "most"): (
        "{person}与客户的关系最深：{depth} 分（" + _WORK + "）",
        "{person} has the deepest relation: {depth} (" + _WORK_EN + ")",
    ),
    ("deeper_relation", "less"): (
        "{person}与客户的关系：{depth} 分（" + _WORK + "）",
        "relation of {person}: {depth} (" + _WORK_EN + ")",
    ),
    ("customer_choice", "chosen"): ("客户于{at}选择了{person}", "the customer chose {person} on {at}"),
    ("best_fit", "most"): ("{person}的匹配度最高：{score} 分", "{person} fits best: {score}"),
    ("best_fit", "less"): ("{person}的匹配度：{score} 分", "fit of {person}: {score}"),
    ("shares", "alone"): (
        "只有{person}有工作记录：{depth} 分（" + _WORK + "）",
        "only {person} has work on record: {depth} (" + _WORK_EN + ")",
    ),
    ("shares", "work"): (
        "{person}的工作：{depth} 分（" + _WORK + "），占 {share_pct}%",
        "work of {person}: {depth} (" + _WORK_EN + "), a share of {share_pct} %",
    ),
}

_PASSED: Final[Mapping[tuple[Passed, str], _Templates]] = {
    (Passed.NO_FACT, ""): ("{rule}没有可用的事实，不作为依据", "{rule} has no usable fact and is passed over"),
    (Passed.NAMES_NOBODY, ""): (
        "{rule}指向的不是待定的当事人，不作为依据",
        "{rule} names none of the parties in question and is passed over",
    ),
    (Passed.INCOMPLETE, ""): (
        "{rule}缺少{people}的数据，不作为依据",
        "{rule} lacks the figure of {people} and is passed over",
    ),
    (Passed.EQUAL, ""): (
        "{rule}对{people}没有分别，不作为依据",
        "{rule} makes no difference between {people} and is passed over",
    ),
    (Passed.WITHIN_MARGIN, "time"): (
        "{rule}：{people}相差不到 {margin_us}，视为相同",
        "{rule}: {people} are less than {margin_us} apart and count as equal",
    ),
    (Passed.WITHIN_MARGIN, "pct"): (
        "{rule}：{people}相差不到 {margin_pct}%，视为相同",
        "{rule}: {people} are less than {margin_pct} % apart and count as equal",
    ),
    (Passed.WITHIN_MARGIN, ""): (
        "{rule}：{people}相差不到 {margin} 分，视为相同",
        "{rule}: {people} are less than {margin} points apart and count as equal",
    ),
    (Passed.CONTRADICTORY, ""): (
        "{rule}的记录互相矛盾，须由人查明",
        "the records on {rule} contradict each other; a person has to find out",
    ),
    (Passed.NO_WEIGHT, ""): ("{rule}的权重为零，不计分", "{rule} has no weight and gives no points"),
}

_SET_ASIDE: Final[Mapping[Why, _Templates]] = {
    Why.CORRECTED: ("该项已被更正，以更正后的为准", "this item was corrected; the correction counts"),
    Why.NOT_A_PARTY: ("该项属于当事人以外的人", "this item is of somebody who is no party"),
    Why.WHILE_OPEN: (
        "{person}在争议期间所做的，对任何一方都不计",
        "what {person} did while the case is open counts for nobody",
    ),
    Why.ENTERED_AFTER_OPENING: (
        "{person}的这条记录在立案之后（{at}）才录入，不计",
        "this entry of {person} was made on {at}, after the case was opened, and does not count",
    ),
    Why.RIVAL_PROTECTED: (
        "{person}于{at}所做的，处在{by}的保护期内，不计",
        "what {person} did on {at} lies inside the protection of {by} and does not count",
    ),
    Why.REPORTED_IN_PROTECTION: (
        "{person}于{at}报备时，客户在{by}的保护期内，该报备不参与先后比较",
        "{person} reported on {at}, inside the protection of {by}; the report does not rank",
    ),
    Why.FALSE_REPORT: (
        "{person}的这次报备被认定不实，不计",
        "this report of {person} was found false and does not count",
    ),
    Why.CLAIM_ENDED: (
        "{person}的报备已于{at}结束，不再享有先后",
        "the claim of {person} ended on {at} and no longer ranks",
    ),
    Why.INTERCEPTED: (
        "{person}于{at}报备，客户于{arrival}到访，相隔不到 {limit_us}，不优先于该次接待",
        "{person} reported on {at}, less than {limit_us} before the arrival of {arrival}, which it does not outrank",
    ),
    Why.WEAKER_ORIGIN: (
        "该项来自{origin}，已有更可靠的来源",
        "this item comes from {origin}; a stronger source exists",
    ),
    Why.SUPERSEDED: ("该项之后另有新的说法，以新的为准", "a later item of the same kind replaces this one"),
    Why.UNANSWERED: (
        "{person}的这次联系未接通，不证明接触",
        "this call or message of {person} was not answered and proves no contact",
    ),
    Why.UNQUALIFIED: (
        "{person}的这条记录不是有效跟进，不计入关系深度",
        "this entry of {person} is no qualified follow-up and adds no depth",
    ),
    Why.ENTRY_LATE: (
        "{person}自述{at}的接触于{entered}才录入，超过 {limit_us}，不作首次接触的依据",
        "{person} entered the contact of {at} on {entered}, after more than {limit_us}; it proves no first contact",
    ),
    Why.REPORT_LATE: (
        "{person}于{at}接触客户，{reported}才报备，超过 {limit_us}，按报备时间计",
        "{person} was in contact on {at} and reported on {reported}, over {limit_us} later; the report's time counts",
    ),
    Why.OUTSIDE_PERIOD: (
        "{person}于{at}所做的，早于计算关系深度的时间段",
        "what {person} did on {at} lies before the period that depth looks at",
    ),
}
