"""The rules in force as plain text (POL-07): every parameter with its value, every sentence with its rule id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from domain.policy.parameters import PARAMETERS, Kind, Parameter
from domain.policy.policy import Policy
from domain.policy.sentences import PLACE, TOPICS, Sentence, Topic
from domain.policy.wording import condition_text, is_off, keyed_text, order_text, value_text


def rule_text(policy: Policy, *, lang: str) -> str:
    """The policy in Chinese (``zh``) or English (``en``), topic by topic, overrides last. Same policy, same text.

    What the product does not do yet is marked on its line. ValueError: another language.
    """
    if lang not in _TITLE:
        raise ValueError("the rule text exists in zh and en")
    lines = [_TITLE[lang].format(version=policy.version), "", _UNITS_NOTE[lang]]
    told = _hidden_or_told(policy)
    for topic in TOPICS:
        lines += ["", f"## {topic.zh if lang == 'zh' else topic.en}"]
        lines += [f"- {line}" for line in _topic_lines(policy, topic, told, lang)]
    lines += _override_lines(policy, lang)
    return "\n".join(lines) + "\n"


def _topic_lines(policy: Policy, topic: Topic, told: frozenset[str], lang: str) -> Iterator[str]:
    for sentence in topic.sentences:
        if _holds(policy, sentence):
            yield _sentence_line(policy, sentence, lang)
    for parameter in PARAMETERS.values():
        if parameter.name.partition(".")[0] in topic.prefixes and parameter.name not in told:
            yield _parameter_line(policy, parameter, lang)


def _hidden_or_told(policy: Policy) -> frozenset[str]:
    """Parameters without a line of their own: a sentence tells them, or a choice made elsewhere leaves them unused."""
    shown = _names(sentence for sentence in _SENTENCES if _holds(policy, sentence))
    unused = {name for name in _names(_SENTENCES) if not is_off(PARAMETERS[name], policy.value(name))}
    return shown | unused


def _names(sentences: Iterable[Sentence]) -> frozenset[str]:
    return frozenset(name for sentence in sentences for name in sentence.names)


def _holds(policy: Policy, sentence: Sentence) -> bool:
    return all(_state(policy, place) == wanted for place, wanted in sentence.when.items())


def _sentence_line(policy: Policy, sentence: Sentence, lang: str) -> str:
    text = PLACE.sub(lambda place: _place_text(policy, place[1], lang), sentence.zh if lang == "zh" else sentence.en)
    exists = all(PARAMETERS[name].exists for name in sentence.names)
    return f"{text}{_cited(tuple(sentence.rules.split()), lang)}{'' if exists else _NOT_YET[lang]}"


def _parameter_line(policy: Policy, parameter: Parameter, lang: str) -> str:
    value = value_text(parameter, policy.effective(parameter.name), lang=lang)
    label = f"{parameter.zh}：{value}。" if lang == "zh" else f"{parameter.en}: {value}."
    return f"{label}{_cited(parameter.rules[:1], lang)}{'' if parameter.exists else _NOT_YET[lang]}"


def _override_lines(policy: Policy, lang: str) -> list[str]:
    """Each override with its conditions, the least specific first, as they are applied."""
    if not policy.overrides:
        return []
    lines = ["", _OVERRIDES[lang]]
    for override in policy.overrides:
        colon, stop = ("：", "；") if lang == "zh" else (": ", "; ")
        settings = [
            f"{PARAMETERS[name].zh if lang == 'zh' else PARAMETERS[name].en}{colon}"
            f"{value_text(PARAMETERS[name], value, lang=lang)}"
            for name, value in override.values.items()
        ]
        condition = condition_text(override.when, lang=lang)
        intro = f"{condition}的报备——" if lang == "zh" else f"Claims with {condition} – "
        lines.append(f"- {intro}{stop.join(settings)}{'。' if lang == 'zh' else '.'}{_cited(('CLM-13',), lang)}")
    return lines


def _state(policy: Policy, place: str) -> str:
    """The word of a choice, else ``on`` or ``off``."""
    name, _, key = place.partition(":")
    parameter = PARAMETERS[name]
    if parameter.kind is Kind.CHOICE:
        return policy.choice(name)
    value = policy.entry(name, key) if key else policy.value(name)
    return "off" if is_off(parameter, value) else "on"


def _place_text(policy: Policy, place: str, lang: str) -> str:
    name, _, key = place.partition(":")
    if key == "order":
        return order_text(policy.value(name), lang=lang)
    if key:
        return keyed_text(PARAMETERS[name], policy.entry(name, key), lang=lang)
    return value_text(PARAMETERS[name], policy.effective(name), lang=lang)


def _cited(rules: tuple[str, ...], lang: str) -> str:
    return f"（{'、'.join(rules)}）" if lang == "zh" else f" ({', '.join(rules)})"


_SENTENCES: Final = tuple(sentence for topic in TOPICS for sentence in topic.sentences)

_TITLE: Final = {"zh": "# 现行规则（第 {version} 版）", "en": "# Rules in force (version {version})"}

_UNITS_NOTE: Final = {
    "zh": "工作小时是工作日的小时，每个工作日计 24 小时；办公小时只计办公时间之内。截止时间以系统收到的时间为准。",
    "en": (
        "Working hours are hours of working days, 24 per working day; office hours count inside office hours only. "
        "Deadlines go by the time we received something."
    ),
}

_OVERRIDES: Final = {"zh": "## 特别规定", "en": "## Overrides"}

_NOT_YET: Final = {"zh": "〔功能尚未提供〕", "en": " [not available yet]"}
