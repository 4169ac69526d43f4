"""The rules in plain Chinese and English (POL-07)."""

from __future__ import annotations

import re

import pytest

from domain.policy import PARAMETERS, PRESETS, Policy
from domain.policy.parameters import JSON, Kind, Parameter
from domain.policy.sentences import PLACE, TOPICS
from domain.policy.text import rule_text
from domain.policy.wording import WORDS


def text_of(values: dict[str, JSON], lang: str) -> str:
    return rule_text(Policy.resolve(values, version=1), lang=lang)


SPOKEN: tuple[tuple[dict[str, JSON], str, str], ...] = (
    (
        {"claim.first_follow_up_wh": 36},
        "首次有效跟进须在 36 个工作小时内完成，否则报备失效。（CLM-14）",
        "The first qualified follow-up comes within 36 working hours, or the claim lapses. (CLM-14)",
    ),
    (
        {"claim.first_follow_up_miss": "escalate"},
        "首次有效跟进须在 48 个工作小时内完成，否则交主管处理。（CLM-14）",
        "The first qualified follow-up comes within 48 working hours, or the supervisor is asked. (CLM-14)",
    ),
    (
        {"claim.first_follow_up_wh": 0},
        "首次跟进不设期限。（CLM-14）",
        "The first follow-up has no time limit. (CLM-14)",
    ),
    (
        {"claim.idle_days": 1},
        "连续 1 天没有有效跟进，报备失效。（CLM-17）",
        "A claim lapses after 1 day without a qualified follow-up. (CLM-17)",
    ),
    (
        {"claim.idle_days": "PT90M10.5S"},
        "连续 1 小时 30 分钟 10.5 秒没有有效跟进，报备失效。",
        "A claim lapses after 1 hour 30 minutes 10.5 seconds without a qualified follow-up.",
    ),
    (
        {"claim.complete_h": "P1DT2H"},
        "报备后 26 小时内补齐",
        "Within 26 hours a report is completed",
    ),
    ({"claim.no_deal_days": 0}, "报备不因没有成交而失效。（CLM-17）", "does not lapse for lack of a deal. (CLM-17)"),
    (
        {"claim.protection_days": 45.5},
        "报备通过后保护 45.5 天，",
        "An accepted claim is protected for 45.5 days;",
    ),
    (
        {"claim.protection_shape": "report_visit_deal", "claim.stage_length": {"report_visit": "36h"}},
        "报备后 36 小时内到访，到访后 30 天内成交；错过即失效。（CLM-12）",
        "report to visit 36 hours, visit to deal 30 days; a missed end lapses the claim. (CLM-12)",
    ),
    (
        {"ownership.visit_first": True},
        "报备不独占客户；首次到访后保护 30 天。（CLM-12、CLM-09）",
        "from the first visit on it is protected for 30 days. (CLM-12, CLM-09)",
    ),
    (
        {"ownership.rules": [{"rule": "territory", "weight": 7}, {"rule": "first_report"}]},
        "按顺序看：销售区域、先报备；先分出高下的规则决定。（CLM-06）",
        "asked in order: territory, first report; the first that separates them decides. (CLM-06)",
    ),
    (
        {"ownership.mode": "weighted", "ownership.rules": [{"rule": "territory", "weight": 7.5}]},
        "按权重计分：销售区域 7.5；总分最高者得。（CLM-06）",
        "give points: territory 7.5; the highest total wins. (CLM-06)",
    ),
    ({"claim.on_collision": "dispute"}, "后来的报备直接作为争议处理。（CLM-27）", "is opened as a dispute. (CLM-27)"),
    (
        {"claim.on_collision": "queue", "claim.queue_max": 5, "claim.queue_days": 12},
        "后来的报备排队，名额 5，有效期 12 天",
        "is queued, 5 places, for 12 days",
    ),
    ({"reminder.idle_days": [9, 4]}, "提前 9 天、4 天。（CLM-18）", "idle lapse: 9 days, 4 days ahead. (CLM-18)"),
    ({"reminder.idle_days": []}, "无跟进失效前不提醒。（CLM-18）", "No reminder before an idle lapse. (CLM-18)"),
    (
        {"claim.cap_person": 0},
        "每人在手报备数量不限。（CLM-25）",
        "A person may have any number of open claims. (CLM-25)",
    ),
    (
        {"claim.reclaim_wait_h": {"person": 2, "company": 0}},
        "等待期：个人客户 2 小时、公司客户 不启用。（CLM-26）",
        "again: person 2 hours, company off. (CLM-26)",
    ),
    (
        {"match.keys": {"person": [["phone", "name"], ["email"]]}},
        "个人客户：电话和名称，或电子邮箱；公司客户：统一社会信用代码，",
        "person: phone and name, or e-mail; company: credit code,",
    ),
    (
        {"claim.pause_max_days": 0},
        "不接受停表申请。（CLM-21）",
        "No pause may be asked for. (CLM-21)",
    ),
    (
        {"match.probes_per_hour": {"partner": 0}},
        "渠道人员每小时 不限、每天 30。（CUS-08）",
        "partners no limit per hour and 30 per day. (CUS-08)",
    ),
    ({"pool.windows": []}, "公海开放时段：全天开放。（POOL-04）", "Opening hours of the pool: always. (POOL-04)"),
    (
        {"pool.windows": [{"weekdays": [6, 7], "hours": "10:00-12:00"}]},
        "公海开放时段：周六、周日 10:00–12:00。",
        "Opening hours of the pool: Saturday, Sunday 10:00–12:00.",
    ),
    (
        {"commission.release": {"contract": 25, "full_payment": 75}},
        "佣金发放：签约 25%、全款 75%。（COM-07）",
        "Commission is released: contract 25 %, full payment 75 %. (COM-07)",
    ),
    (
        {"dispute.auto_settle": False},
        "争议不由系统判客。（DSP-04）",
        "The system settles no dispute by itself. (DSP-04)",
    ),
    (
        {"claim.correction_wh": 0},
        "退回后更正的期限：不启用。（CLM-05）",
        "Time to correct a report sent back: off. (CLM-05)",
    ),
    (
        {"dispute.auto_max_amount": {"amount_minor": 500, "currency": "CNY"}},
        "500 CNY（最小货币单位）",
        "500 CNY (minor units)",
    ),
    ({"auth.tries": 3}, "密码错误的容许次数：15 分钟内 3 次。", "Wrong passwords allowed: 3 within 15 minutes."),
    (
        {"sop.rhythm_days": {"A": 2, "negotiation": 4, "A/negotiation": 1}},
        "跟进节奏：A 2 天、B 7 天、C 14 天、谈判 4 天、谈判（A 级） 1 天。（LEAD-12）",
        "by grade and stage: A 2 days, B 7 days, C 14 days, negotiation 4 days, negotiation (A) 1 day. (LEAD-12)",
    ),
    (
        {"stage.list": ["contact", {"name": "close", "duties": ["next_at", "files", "A/need"]}]},
        "接触、成交（跟进须记录：下次跟进日期、附件；A：需求）。（CLM-30）",
        "contact, close (follow-ups record: next date, a file; A: need). (CLM-30)",
    ),
    ({"release.reasons": ["lost", "搬家"]}, "理由：战败、搬家。", "one of these reasons: lost, 搬家."),
)


@pytest.mark.parametrize(("values", "zh", "en"), SPOKEN, ids=lambda value: ascii(value)[:40])
def test_a_setting_is_told_in_both_languages_with_its_rule(values: dict[str, JSON], zh: str, en: str) -> None:
    """POL-07: plain text with the actual values; each sentence names its rule id."""
    assert zh in text_of(values, "zh")
    assert en in text_of(values, "en")


def test_every_line_names_a_rule() -> None:
    """POL-07."""
    office = PRESETS["real_estate"]
    policy = Policy.resolve(office.parameters, overrides=office.overrides, version=12)
    for lang, cited in (
        ("zh", r"（[A-Z]{3,4}-\d\d(、[A-Z]{3,4}-\d\d)*）(〔功能尚未提供〕)?$"),
        ("en", r" \([A-Z]{3,4}-\d\d(, [A-Z]{3,4}-\d\d)*\)( \[not available yet\])?$"),
    ):
        text = rule_text(policy, lang=lang)
        lines = [line for line in text.splitlines() if line.startswith("- ")]
        assert len(lines) > 200
        for line in lines:
            assert re.search(cited, line), line
            assert "{" not in line
            assert "None" not in line
            assert "  " not in line
        assert text.endswith("\n")
        assert "12" in text.splitlines()[0]


def test_the_chinese_text_has_no_english_words_and_the_other_way_round() -> None:
    """POL-07, INT-07: every word of the catalogue is translated; names of zones, countries and units stay."""
    for preset in PRESETS.values():
        policy = Policy.resolve(preset.parameters, overrides=preset.overrides, version=1)
        zh = re.sub(r"（[A-Z0-9、-]+）|Asia/Shanghai|\b(CN|MB|PDF|VIP|[ABCD])\b|SaaS", "", rule_text(policy, lang="zh"))
        assert re.findall(r"[A-Za-z_]{2,}", zh) == []
        en = rule_text(policy, lang="en")
        assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]", en) == []
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", en) == []


def test_every_word_of_a_choice_or_list_has_a_name_in_both_languages() -> None:
    """POL-07."""
    spoken = {Kind.CHOICE, Kind.WORDS, Kind.OWNERSHIP_RULES, Kind.RELEASE, Kind.CREDIT, Kind.WEIGHTS, Kind.STAGE_LENGTH}
    for parameter in PARAMETERS.values():
        if parameter.kind in spoken and parameter.name != "lead.assess_grades":
            defaults = parameter.default if isinstance(parameter.default, list | dict) else ()
            words = {*parameter.choices, *(word for word in defaults if isinstance(word, str))}
            assert words <= set(WORDS), parameter.name
    for zh, en in WORDS.values():
        assert zh.strip()
        assert en.strip()


def changed(parameter: Parameter) -> JSON:
    """Some other valid value of ``parameter`` that is not off."""
    by_kind: dict[Kind, JSON] = {
        Kind.DURATION: 17,
        Kind.INTEGER: 17 if (parameter.maximum or 0) > 17 else 4,
        Kind.NUMBER: 0.375,
        Kind.PERCENT: 37.5,
        Kind.SWITCH: not parameter.default,
        Kind.SERIES: [17, 5] if parameter.falling else [5, 17],
        Kind.WORD: "某某",
        Kind.DURATION_BY_KEY: dict.fromkeys(parameter.choices or ("visit",), 17),
        Kind.INTEGER_BY_KEY: dict.fromkeys(parameter.choices, 17),
        Kind.WEIGHTS: dict.fromkeys(parameter.choices or ("fit",), 17),
        Kind.STAGE_LENGTH: dict.fromkeys(parameter.choices, "17d"),
        Kind.KEY_GROUPS_BY_KIND: {"person": [["email"]]},
        Kind.KEY_GROUPS: [["customer", "site"]],
        Kind.OWNERSHIP_RULES: [{"rule": "best_fit", "weight": 17}],
        Kind.RELEASE: {"full_payment": 100},
        Kind.WEEKDAYS: [2, 3],
        Kind.HOURS: "10:00-17:00",
        Kind.NIGHT_HOURS: "22:00-07:00",
        Kind.WINDOWS: ["10:00-12:00"],
        Kind.ZONE: "Europe/Berlin",
        Kind.REGION: "DE",
        Kind.STAGES: ["visit", {"name": "contract"}],
        Kind.GRADES: {"A": 90, "B": 50, "C": 10},
        Kind.LEVELS: {"existing": "B", "new": None, "dormant": "VIP"},
        Kind.CREDIT: "shares",
        Kind.AMOUNT: {"amount_minor": 17, "currency": "CNY"},
        Kind.AWARD: {"period": "year", "min_takes": 17},
        Kind.TRIES: {"tries": 17, "window_min": 5},
        Kind.SCREENS: {"rep": ["workload"]},
    }
    if parameter.kind is Kind.CHOICE:
        return next((word for word in reversed(parameter.choices) if word != parameter.default), parameter.default)
    if parameter.kind is Kind.WORDS:
        return list[JSON](reversed(parameter.choices)) if parameter.choices else ["某某"]
    return by_kind[parameter.kind]


#: What else must hold for a parameter to mean anything.
CONTEXTS: dict[str, dict[str, JSON]] = {
    "claim.queue_max": {"claim.on_collision": "queue"},
    "claim.queue_days": {"claim.on_collision": "queue"},
    "claim.stage_length": {"claim.protection_shape": "report_visit_deal"},
    "program.trial_days": {"program.mode": "trial"},
}


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_a_changed_parameter_changes_the_text_in_both_languages(parameter: Parameter) -> None:
    """POL-07: nothing that is in force stays unsaid."""
    value = changed(parameter)
    if value == parameter.default:
        assert len(parameter.choices) == 1
        return
    context = CONTEXTS.get(parameter.name, {})
    for lang in ("zh", "en"):
        assert text_of({**context, parameter.name: value}, lang) != text_of(context, lang)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_a_parameter_that_is_switched_off_is_told_as_well(parameter: Parameter) -> None:
    """POL-07: "off" is a rule too."""
    off: dict[Kind, JSON] = {Kind.DURATION: 0, Kind.INTEGER: 0, Kind.PERCENT: 0, Kind.SERIES: [], Kind.SWITCH: False}
    if parameter.kind not in off or parameter.default == off[parameter.kind] or (parameter.minimum or 0) > 0:
        return
    for lang in ("zh", "en"):
        assert text_of({parameter.name: off[parameter.kind]}, lang) != text_of({}, lang)


def test_what_does_not_exist_yet_is_marked_and_nothing_else() -> None:
    """POL-01: the policy page marks those whose feature does not exist yet."""
    marked = {line for line in text_of({}, "en").splitlines() if line.endswith("[not available yet]")}
    assert any("(DSP-20)" in line for line in marked)
    built = ("(CLM-06)", "(CLM-08)", "(CLM-30)", "(CLM-10)", "(CLM-17)", "(CLM-33)", "(DSP-04)", "(DSP-16)", "(AUD-06)")
    assert not any(rule in line for line in marked for rule in built)


def test_overrides_are_told_with_their_conditions() -> None:
    """CLM-13, POL-07."""
    overrides: list[dict[str, JSON]] = [
        {"when": {"source": "展会", "level": "VIP"}, "set": {"claim.idle_days": 5}},
        {"when": {"channel": "partner"}, "set": {"claim.first_follow_up_wh": 0, "claim.lapse_to": "supervisor"}},
    ]
    policy = Policy.resolve(overrides=overrides, version=1)
    zh, en = rule_text(policy, lang="zh"), rule_text(policy, lang="en")
    assert "- 客户等级为VIP且来源为展会的报备——无有效跟进的失效期限：5 天。（CLM-13）" in zh
    assert "- 报备渠道为渠道的报备——首次跟进期限：不启用；失效客户的去向：主管。（CLM-13）" in zh
    assert "- Claims with channel partner – Time for the first follow-up: off; Where a lapsed customer goes: " in en
    assert zh.index("渠道的报备") < zh.index("VIP"), "as they are applied, the least specific first"
    assert "## 特别规定" not in text_of({}, "zh")


def test_the_same_policy_gives_the_same_text_and_other_languages_are_refused() -> None:
    """POL-07, DSP-17: a published text can be compared."""
    assert text_of({"claim.idle_days": 5}, "zh") == text_of({"claim.idle_days": 5}, "zh")
    with pytest.raises(ValueError, match="zh and en"):
        text_of({}, "fr")


def test_sentences_and_topics_cover_the_catalogue_and_nothing_else() -> None:
    """POL-07: a name misspelt in a sentence would be told as nothing."""
    prefixes = [prefix for topic in TOPICS for prefix in topic.prefixes]
    assert len(set(prefixes)) == len(prefixes)
    assert {name.partition(".")[0] for name in PARAMETERS} == set(prefixes)
    for topic in TOPICS:
        for sentence in topic.sentences:
            assert set(sentence.names) <= set(PARAMETERS)
            assert set(PLACE.findall(sentence.zh)) == set(PLACE.findall(sentence.en)), sentence.en
            assert sentence.zh.endswith("。")
            assert sentence.en.endswith(".")
