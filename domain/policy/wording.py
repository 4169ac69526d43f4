"""Policy values in plain Chinese and English (POL-07): words, amounts of time, conditions of overrides.

``lang`` is ``"zh"`` or ``"en"`` throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, cast

from domain.calendar.duration import Duration
from domain.policy import values as read
from domain.policy.parameters import JSON, PARAMETERS, Kind, Parameter, Zero


def value_text(parameter: Parameter, value: JSON, *, lang: str) -> str:
    """``value`` of ``parameter`` as it stands in a sentence: "48 working hours", "不启用"."""
    if value is None:
        return _pick(_NOTHING, lang)
    return _TEXTS[parameter.kind](parameter, value, lang)


def keyed_text(parameter: Parameter, value: JSON, *, lang: str) -> str:
    """One entry of an object value, e.g. the wait of persons in ``claim.reclaim_wait_h``."""
    entry = _ENTRIES[parameter.kind]
    return entry(parameter, value, lang)


def order_text(rules: JSON, *, lang: str) -> str:
    """Ownership rules in their order, without weights."""
    entries = cast(list[dict[str, JSON]], rules)
    return _joined([word_text(cast(str, entry["rule"]), lang=lang) for entry in entries], lang)


def word_text(word: str, *, lang: str) -> str:
    """A word of the catalogue in the reader's language; a program's own word stays as it is."""
    return _pick(WORDS[word], lang) if word in WORDS else word


def condition_text(when: Mapping[str, str] | None, *, lang: str) -> str:
    """The conditions of an override, in a fixed order."""
    found = when or {}
    parts = [
        f"{_pick(names, lang)}{'为' if lang == 'zh' else ' '}{word_text(found[key], lang=lang)}"
        for key, names in _CONDITIONS.items()
        if key in found
    ]
    return ("且" if lang == "zh" else " and ").join(parts)


def plain_number(amount: Decimal) -> str:
    """Without exponent and without zeros that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_off(parameter: Parameter, value: JSON) -> bool:
    """Does ``value`` mean that there is nothing: 0, off, none, an empty list?"""
    if isinstance(value, str) and parameter.unit is not None:
        return read.duration(value, unit=parameter.unit).is_zero
    if parameter.kind is Kind.STAGE_LENGTH and not isinstance(value, dict):
        return read.stage_length(value).is_zero
    return not value


def _duration_text(parameter: Parameter, value: JSON, lang: str) -> str:
    if is_off(parameter, value):
        return _pick(_NONE_ALLOWED if parameter.zero is Zero.NONE else _OFF, lang)
    if isinstance(value, str):
        return _elapsed_text(Duration.iso(value), lang)
    return _counted(plain_number(read.number(value)), parameter.unit or "", lang)


def _counted(amount: str, unit: str, lang: str) -> str:
    zh, singular, plural = _UNITS[unit]
    return f"{amount} {zh}" if lang == "zh" else f"{amount} {singular if amount == '1' else plural}"


def _elapsed_text(duration: Duration, lang: str) -> str:
    """Hours, minutes and seconds: a day of elapsed time is 24 hours, not a day of the calendar."""
    minutes, seconds_us = divmod(duration.microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = plain_number(Decimal(seconds_us) / 1_000_000)
    parts = [(str(hours), "h"), (str(minutes), "min"), (seconds, "s")]
    return " ".join(_counted(amount, unit, lang) for amount, unit in parts if amount != "0")


def _stage_length_text(parameter: Parameter, value: JSON, lang: str) -> str:
    if is_off(parameter, value):
        return _pick(_OFF, lang)
    text = read.word(value)
    if text.startswith("P"):
        return _elapsed_text(Duration.iso(text), lang)
    return _counted(plain_number(Decimal(text[:-1])), "days" if text.endswith("d") else "h", lang)


def _count_text(parameter: Parameter, value: JSON, lang: str) -> str:
    amount = read.number(value)
    if amount == 0 and parameter.zero is not Zero.PLAIN:
        return _pick(_NO_LIMIT if parameter.zero is Zero.OFF else _NONE_ALLOWED, lang)
    return plain_number(amount)


def _percent_text(_: Parameter, value: JSON, lang: str) -> str:
    return plain_number(read.number(value)) + ("%" if lang == "zh" else " %")


def _switch_text(_: Parameter, value: JSON, lang: str) -> str:
    return _pick(_ON if value else _OFF, lang)


def _word_text(_: Parameter, value: JSON, lang: str) -> str:
    return word_text(cast(str, value), lang=lang)


def _words_text(parameter: Parameter, value: JSON, lang: str) -> str:
    if parameter.name == "pool.holding_sources" and not value:
        return word_text("all", lang=lang)
    return _joined([word_text(word, lang=lang) for word in cast(list[str], value)], lang)


def _stages_text(_: Parameter, value: JSON, lang: str) -> str:
    """Stages by name, each with what a follow-up in it is to record (LEAD-12)."""
    items = cast("list[str | dict[str, JSON]]", value)
    stages = [item if isinstance(item, dict) else {"name": item} for item in items]
    return _joined([word_text(cast(str, s["name"]), lang=lang) + _duties_text(s, lang) for s in stages], lang)


def _duties_text(stage: Mapping[str, JSON], lang: str) -> str:
    by_grade: dict[str, list[str]] = {"": []}
    for duty in cast(list[str], stage.get("duties", [])):
        grade, _, field = duty.rpartition("/")
        by_grade.setdefault(grade, []).append(word_text(field, lang=lang))
    colon, stop = ("：", "；") if lang == "zh" else (": ", "; ")
    named = {grade: _joined(fields, lang) for grade, fields in by_grade.items() if fields}
    told = stop.join(f"{grade}{colon}{fields}" if grade else fields for grade, fields in named.items())
    if not told:
        return ""
    return f"（跟进须记录：{told}）" if lang == "zh" else f" (follow-ups record: {told})"


def _series_text(parameter: Parameter, value: JSON, lang: str) -> str:
    return _joined([_duration_text(parameter, item, lang) for item in cast(list[JSON], value)], lang)


def _entries_text(parameter: Parameter, value: JSON, lang: str) -> str:
    entry = _ENTRIES[parameter.kind]
    items = cast(dict[str, JSON], value).items()
    return _joined([f"{_key_text(parameter, key, lang)} {entry(parameter, item, lang)}" for key, item in items], lang)


def _key_text(parameter: Parameter, key: str, lang: str) -> str:
    """A key; of one for a choice and a stage, the stage with the choice (LEAD-12)."""
    choice, _, stage = key.partition("/")
    if not parameter.staged or not stage or choice not in parameter.choices:
        return word_text(key, lang=lang)
    named = word_text(stage, lang=lang)
    return f"{named}（{choice} 级）" if lang == "zh" else f"{named} ({choice})"


def _groups_text(_: Parameter, value: JSON, lang: str) -> str:
    both, either = ("和", "，或") if lang == "zh" else (" and ", ", or ")
    groups = cast(list[list[str]], value)
    return either.join(both.join(word_text(field, lang=lang) for field in group) for group in groups)


def _groups_by_kind_text(parameter: Parameter, value: JSON, lang: str) -> str:
    colon, stop = ("：", "；") if lang == "zh" else (": ", "; ")
    items = cast(dict[str, JSON], value).items()
    return stop.join(f"{word_text(kind, lang=lang)}{colon}{_groups_text(parameter, it, lang)}" for kind, it in items)


def _rules_text(_: Parameter, value: JSON, lang: str) -> str:
    rules = cast(list[dict[str, JSON]], value)
    texts = [
        f"{word_text(cast(str, rule['rule']), lang=lang)} {plain_number(read.number(rule.get('weight', 0)))}"
        for rule in rules
    ]
    return _joined(texts, lang)


def _release_text(parameter: Parameter, value: JSON, lang: str) -> str:
    return word_text(value, lang=lang) if isinstance(value, str) else _entries_text(parameter, value, lang)


def _weekdays_text(_: Parameter, value: JSON, lang: str) -> str:
    return _joined([_pick(_WEEKDAYS[day - 1], lang) for day in read.weekdays(value)], lang)


def _hours_text(_: Parameter, value: JSON, lang: str) -> str:
    return cast(str, value).replace("-", "–")


def _windows_text(parameter: Parameter, value: JSON, lang: str) -> str:
    texts = []
    for item in cast(list[JSON], value):
        entry = item if isinstance(item, dict) else {"hours": item}
        days = f"{_weekdays_text(parameter, entry['weekdays'], lang)} " if "weekdays" in entry else ""
        texts.append(days + _hours_text(parameter, entry["hours"], lang))
    return _joined(texts, lang) if texts else _pick(_ALWAYS, lang)


def _plain_text(_: Parameter, value: JSON, lang: str) -> str:
    return str(value)


def _levels_text(_: Parameter, value: JSON, lang: str) -> str:
    levels = cast("dict[str, str | None]", value).items()
    return _joined([f"{_pick(_CLASSES[key], lang)} {level or _pick(_NOTHING, lang)}" for key, level in levels], lang)


def _credit_text(parameter: Parameter, value: JSON, lang: str) -> str:
    return word_text(value, lang=lang) if isinstance(value, str) else _entries_text(parameter, value, lang)


def _amount_text(_: Parameter, value: JSON, lang: str) -> str:
    amount = cast(dict[str, JSON], value)
    unit = "（最小货币单位）" if lang == "zh" else " (minor units)"
    return f"{amount['amount_minor']} {amount['currency']}{unit}"


def _award_text(_: Parameter, value: JSON, lang: str) -> str:
    award = cast(dict[str, JSON], value)
    period, takes = word_text(cast(str, award["period"]), lang=lang), award.get("min_takes", 0)
    return f"每{period}，至少抢单 {takes} 次" if lang == "zh" else f"per {period}, at least {takes} takes"


def _tries_text(parameter: Parameter, value: JSON, lang: str) -> str:
    given = value if isinstance(value, dict) else {"tries": value}
    tries = _count_text(parameter, given["tries"], lang)
    if "window_min" not in given:
        return tries
    window = _duration_text(_WINDOW, given["window_min"], lang)
    return f"{window}内 {tries} 次" if lang == "zh" else f"{tries} within {window}"


def _screens_text(parameter: Parameter, value: JSON, lang: str) -> str:
    screens = cast(dict[str, JSON], value)
    if not screens:
        return "按预设" if lang == "zh" else "as in the preset"
    stop = "；" if lang == "zh" else "; "
    return stop.join(
        f"{word_text(role, lang=lang)} {_words_text(parameter, words, lang)}" for role, words in screens.items()
    )


def _joined(parts: list[str], lang: str) -> str:
    if not parts:
        return _pick(_NOTHING, lang)
    return ("、" if lang == "zh" else ", ").join(parts)


def _pick(pair: tuple[str, str], lang: str) -> str:
    return pair[0] if lang == "zh" else pair[1]


_Text = Callable[[Parameter, JSON, str], str]

_OFF: Final = ("不启用", "off")
_ON: Final = ("启用", "on")
_NO_LIMIT: Final = ("不限", "no limit")
_NONE_ALLOWED: Final = ("不允许", "none allowed")
_NOTHING: Final = ("无", "none")
_ALWAYS: Final = ("全天开放", "always")

_UNITS: Final[Mapping[str, tuple[str, str, str]]] = {
    "s": ("秒", "second", "seconds"),
    "min": ("分钟", "minute", "minutes"),
    "h": ("小时", "hour", "hours"),
    "days": ("天", "day", "days"),
    "wh": ("个工作小时", "working hour", "working hours"),
    "oh": ("个办公小时", "office hour", "office hours"),
    "wd": ("个工作日", "working day", "working days"),
}

_WEEKDAYS: Final = (
    ("周一", "Monday"),
    ("周二", "Tuesday"),
    ("周三", "Wednesday"),
    ("周四", "Thursday"),
    ("周五", "Friday"),
    ("周六", "Saturday"),
    ("周日", "Sunday"),
)

_CONDITIONS: Final[Mapping[str, tuple[str, str]]] = {
    "level": ("客户等级", "customer level"),
    "kind": ("客户类型", "customer kind"),
    "source": ("来源", "source"),
    "channel": ("报备渠道", "channel"),
}

_CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "existing": ("老客户", "existing"),
    "new": ("新客户", "new"),
    "dormant": ("休眠客户", "dormant"),
}

_WINDOW: Final = PARAMETERS["rotation.call_min"]  # stands for any duration in minutes

_TEXTS: Final[Mapping[Kind, _Text]] = MappingProxyType(
    {
        Kind.DURATION: _duration_text,
        Kind.INTEGER: _count_text,
        Kind.NUMBER: _count_text,
        Kind.PERCENT: _percent_text,
        Kind.SWITCH: _switch_text,
        Kind.CHOICE: _word_text,
        Kind.SERIES: _series_text,
        Kind.WORDS: _words_text,
        Kind.WORD: _word_text,
        Kind.DURATION_BY_KEY: _entries_text,
        Kind.INTEGER_BY_KEY: _entries_text,
        Kind.WEIGHTS: _entries_text,
        Kind.STAGE_LENGTH: _entries_text,
        Kind.KEY_GROUPS_BY_KIND: _groups_by_kind_text,
        Kind.KEY_GROUPS: _groups_text,
        Kind.OWNERSHIP_RULES: _rules_text,
        Kind.RELEASE: _release_text,
        Kind.WEEKDAYS: _weekdays_text,
        Kind.HOURS: _hours_text,
        Kind.NIGHT_HOURS: _hours_text,
        Kind.WINDOWS: _windows_text,
        Kind.ZONE: _plain_text,
        Kind.REGION: _plain_text,
        Kind.STAGES: _stages_text,
        Kind.GRADES: _entries_text,
        Kind.LEVELS: _levels_text,
        Kind.CREDIT: _credit_text,
        Kind.AMOUNT: _amount_text,
        Kind.AWARD: _award_text,
        Kind.TRIES: _tries_text,
        Kind.SCREENS: _screens_text,
    }
)

_ENTRIES: Final[Mapping[Kind, _Text]] = MappingProxyType(
    {
        Kind.DURATION_BY_KEY: _duration_text,
        Kind.INTEGER_BY_KEY: _count_text,
        Kind.WEIGHTS: _count_text,
        Kind.STAGE_LENGTH: _stage_length_text,
        Kind.RELEASE: _percent_text,
        Kind.GRADES: _count_text,
        Kind.CREDIT: _word_text,
    }
)

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # Fields, kinds, people
        "identity": ("客户身份", "identity"),
        "program": ("项目", "program"),
        "need": ("需求", "need"),
        "progress": ("进展", "progress"),
        "next_follow_up_at": ("下次跟进时间", "next follow-up"),
        "expected_close": ("预计成交时间", "expected close"),
        "expected_amount": ("预计成交金额", "expected amount"),
        "source": ("来源", "source"),
        "first_contact": ("首次接触", "first contact"),
        "outcome": ("跟进结果", "outcome"),
        "next_at": ("下次跟进日期", "next date"),
        "files": ("附件", "a file"),
        "person": ("个人客户", "person"),
        "company": ("公司客户", "company"),
        "in_house": ("公司人员", "in-house"),
        "partner": ("渠道", "partner"),
        "phone": ("电话", "phone"),
        "company_code": ("统一社会信用代码", "credit code"),
        "email": ("电子邮箱", "e-mail"),
        "email_domain": ("公司邮箱域名", "own e-mail domain"),
        "external_id": ("外部编号", "external id"),
        "name": ("名称", "name"),
        "address": ("地址", "address"),
        "contact_phone": ("联系人手机号", "a contact's mobile"),
        "close_name": ("相近名称", "a close name"),
        "customer": ("客户", "customer"),
        "project": ("客户的项目", "project of the customer"),
        "tender_number": ("招标编号", "tender number"),
        "department": ("部门", "department"),
        "site": ("地点", "site"),
        "bid_date": ("投标日期", "bid date"),
        "companions": ("同行人", "companions"),
        "referrer": ("推荐人", "referrer"),
        "vehicle": ("车辆", "vehicle"),
        "spoken_need": ("口述需求", "spoken need"),
        "visit_time": ("到访时间", "visit time"),
        "sales": ("销售", "sales"),
        "channel": ("渠道", "channel"),
        "level": ("客户等级", "level"),
        "amount": ("金额", "amount"),
        "region": ("区域", "region"),
        "rep": ("销售代表", "rep"),
        "account_manager": ("客户经理", "account manager"),
        "service": ("售后", "service"),
        "marketing": ("市场", "marketing"),
        "pre_sales": ("技术支持", "pre-sales"),
        "broker": ("渠道经纪人", "broker"),
        "reception": ("前台", "reception"),
        "team_lead": ("主管", "team lead"),
        "manager": ("销售经理", "manager"),
        "mediator": ("调解员", "mediator"),
        "arbitrator": ("仲裁员", "arbitrator"),
        "oversight": ("监督员", "oversight"),
        "finance": ("财务", "finance"),
        "policy_admin": ("规则管理员", "policy admin"),
        "auditor": ("审计员", "auditor"),
        "admin": ("管理员", "admin"),
        # Follow-ups, stages, states
        "call": ("通话", "call"),
        "message": ("消息", "message"),
        "meeting": ("会面", "meeting"),
        "visit": ("到访", "visit"),
        "demo": ("演示", "demo"),
        "contact": ("接触", "contact"),
        "proposal": ("方案", "proposal"),
        "negotiation": ("谈判", "negotiation"),
        "close": ("成交", "close"),
        "delivery": ("交付", "delivery"),
        "subscription": ("认购", "subscription"),
        "contract": ("签约", "contract"),
        "cash": ("回款", "cash"),
        "deal": ("成交", "deal"),
        "report_visit": ("报备到到访", "report to visit"),
        "visit_deal": ("到访到成交", "visit to deal"),
        "report_deal": ("报备到成交", "report to deal"),
        "report_visit_deal": ("报备到到访到成交", "report to visit to deal"),
        "idle": ("因无跟进失效后", "after an idle lapse"),
        "lead": ("线索", "lead"),
        "protected": ("保护中", "protected"),
        "active": ("跟进中", "active"),
        "won": ("已成交", "won"),
        "disputed": ("争议中", "disputed"),
        "arbitrated": ("已裁决", "arbitrated"),
        "overdue": ("逾期任务", "overdue task"),
        # Ownership rules and weights
        "named_account": ("指定大客户", "named account"),
        "territory": ("销售区域", "territory"),
        "first_report": ("先报备", "first report"),
        "first_reception": ("先接待", "first reception"),
        "deeper_relation": ("关系更深", "deeper relation"),
        "customer_choice": ("客户选择", "customer's choice"),
        "best_fit": ("更匹配", "best fit"),
        "follow_up": ("跟进", "follow-up"),
        "decision_maker": ("关键决策人", "decision maker"),
        "stage": ("阶段", "stage"),
        "fit": ("匹配度", "fit"),
        "power": ("购买力", "buying power"),
        "chain": ("决策链", "decision chain"),
        "load": ("负载", "load"),
        "skill": ("专长", "skill"),
        "success": ("成功率", "success"),
        "experience": ("经验", "experience"),
        "interest": ("兴趣", "interest"),
        "workload": ("工作负载", "workload"),
        "take_success": ("抢单成功率", "take success"),
        "satisfaction": ("满意度", "satisfaction"),
        "cooperation": ("合作", "co-operation"),
        "attitude": ("态度", "attitude"),
        # Choices
        "supervisor": ("主管", "supervisor"),
        "pool": ("公海", "pool"),
        "refuse": ("驳回", "refuse"),
        "warn": ("提醒", "warn"),
        "approve": ("由主管判定", "approve"),
        "accept_alert": ("通过并提醒主管", "accept with an alert"),
        "judge": ("由主管判定", "judge first"),
        "full": ("完整号码", "full number"),
        "3+4": ("前三后四", "first 3 and last 4"),
        "4+3": ("前四后三", "first 4 and last 3"),
        "3+6": ("前三后六", "first 3 and last 6"),
        "team": ("团队", "team"),
        "hidden": ("不公开", "hidden"),
        "none": ("无", "none"),
        "household": ("家庭", "household"),
        "group": ("集团", "group"),
        "first": ("先报备者", "the first"),
        "equal_shares": ("平均分配", "equal shares"),
        "all": ("全部", "all"),
        "auto": ("自动", "automatic"),
        "manual": ("人工", "manual"),
        "auto_then_manual": ("先自动后人工", "automatic, then manual"),
        "ordered": ("按顺序", "in order"),
        "weighted": ("按权重", "weighted"),
        "lapse": ("失效", "lapse"),
        "renew_if_worked": ("有跟进则续期", "renew if worked"),
        "escalate": ("交主管", "put to the supervisor"),
        "dispatch": ("智能分单", "dispatch"),
        "never": ("不需要", "never"),
        "cross_team": ("跨团队时", "across teams"),
        "always": ("一律", "always"),
        "queue": ("排队", "queue"),
        "dispute": ("转为争议", "dispute"),
        "verdict": ("仅结论", "the verdict"),
        "end_date": ("结论和到期日", "the verdict and the end date"),
        "locked_row": ("显示为锁定", "a locked row"),
        "default_pool": ("默认公海", "default pool"),
        "sign_in": ("按签到", "by sign-in"),
        "carry_over": ("顺延", "carried over"),
        "on_valid_report": ("报备有效时不需要", "not while the report is valid"),
        "owner": ("归属人", "owner"),
        "nothing": ("不需要", "nothing"),
        "fact": ("所争议的事实", "the fact it disputes"),
        "optional": ("可选", "optional"),
        "yield": ("让客", "yield"),
        "joint": ("共同跟进", "joint work"),
        "shares": ("按比例", "shares"),
        "image": ("图片", "pictures"),
        "pdf": ("PDF", "PDF"),
        "audio": ("音频", "audio"),
        "office": ("办公文档", "office files"),
        "cash_pro_rata": ("按回款比例", "pro rata of the cash received"),
        "first_payment": ("首付", "first payment"),
        "full_payment": ("全款", "full payment"),
        "new": ("新签", "new"),
        "renewal": ("续约", "renewal"),
        "upsell": ("增购", "upsell"),
        "repurchase": ("复购", "repurchase"),
        "contract_date": ("签约日期", "contract date"),
        "after_first_visit": ("首次到访后", "after the first visit"),
        "before_contract": ("签约前", "before contract"),
        "named_or_owner": ("客户点名的人或推荐人的归属人", "the rep named, else the referrer's owner"),
        "rotation": ("轮流", "rotation"),
        "month": ("月", "month"),
        "quarter": ("季度", "quarter"),
        "year": ("年", "year"),
        "trial": ("试运行", "trial"),
        "live": ("正式运行", "live"),
        "general": ("通用", "general"),
        "real_estate": ("售楼部／案场", "real-estate sales office"),
        "b2b_saas": ("企业软件（SaaS）", "B2B SaaS"),
        "channel_partner": ("渠道合作", "channel partner"),
        "zh-CN": ("中文", "Chinese"),
        "en": ("英文", "English"),
        # Release, return, penalty, reception
        "not_worked": ("未跟进", "not worked"),
        "need_unmet": ("无法满足需求", "need not met"),
        "customer_request": ("客户要求换人", "customer's request"),
        "lost": ("战败", "lost"),
        "invalid": ("无效", "invalid"),
        "false_report": ("虚假报备", "false report"),
        "wrong_number": ("空号", "wrong number"),
        "no_need": ("没有需求", "no need"),
        "duplicate": ("重复", "duplicate"),
        "out_of_scope": ("不在范围", "out of scope"),
        "warning": ("警告", "warning"),
        "points": ("绩效扣分", "points"),
        "suspension": ("暂停领取", "suspension"),
        "fine": ("罚款", "fine"),
        "bonus_deduction": ("扣除奖金", "bonus deduction"),
        "reassignment": ("调离岗位", "re-assignment"),
        "register": ("登记来访", "register"),
        "look_up_owner": ("查归属", "look up the owner"),
        "ask_first_served": ("询问首次接待人", "ask who served first"),
        "assign": ("分配", "assign"),
        "greet": ("接待", "greet"),
        "record": ("记录需求和特征", "record need and features"),
        "record_need": ("记录需求", "record the need"),
        "record_features": ("记录特征", "record features"),
        "close_or_hand_over": ("结束或交接", "close or hand over"),
    }
)
