"""What a column may be called and what its cells may say, in English and Chinese (INT-03)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class Content(Enum):
    """What the cells of a field hold."""

    TEXT = auto()
    WORD = auto()  # one of the field's words
    WORDS = auto()  # several of them
    TRUTH = auto()
    DATE = auto()
    INSTANT = auto()
    AMOUNT = auto()
    COUNT = auto()


@dataclass(frozen=True)
class Field:
    """One thing a row can say. ``headings``: names of columns that mean it; ``words``: what its words mean."""

    name: str
    headings: tuple[str, ...] = ()
    content: Content = Content.TEXT
    required: bool = False
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Columns of this field are refused, with this sentence.
    refused: str | None = None


class MappingError(Exception):
    """The columns do not fit the fields; the message is for people."""


@dataclass(frozen=True)
class Columns:
    """Which columns are read as which field; ``ignored`` ones are not read."""

    fields: tuple[tuple[int, Field], ...]
    ignored: tuple[str, ...]
    names: Mapping[str, str]  # field → column, for sentences


def match(
    header: Sequence[str],
    known: Sequence[Field],
    *,
    mapped: Mapping[str, Sequence[str]],
    given: Iterable[str] = (),
    ignored: Iterable[str] = (),
    ignore_unknown: bool = False,
) -> Columns:
    """Columns by name, ``mapped`` ones (column → fields) as said. ``given``: fields that need no column.

    Refuses unknown columns that nobody said to ignore, required fields without a column, and two columns for one field.
    """
    by_name = {f.name: f for f in known}
    by_heading = {plain(heading): f for f in known for heading in (f.name, *f.headings)}
    places = {plain(column): at for at, column in enumerate(header)}
    set_aside = _places(ignored, places)
    explicit = {at: fields for column, fields in mapped.items() for at, fields in [(_place(column, places), fields)]}
    found: list[tuple[int, Field]] = []
    unknown: list[str] = []
    for at, column in enumerate(header):
        if at in explicit:
            found += [(at, _field(name, by_name)) for name in explicit[at]]
        elif at in set_aside:
            continue
        elif plain(column) in by_heading:
            found.append((at, by_heading[plain(column)]))
        else:
            unknown.append(column)
    found = _preferring(found, explicit)
    _check(found, header, unknown if not ignore_unknown else [], known, given)
    return Columns(
        fields=tuple(found),
        ignored=tuple(header[at] for at in range(len(header)) if at not in {place for place, _ in found}),
        names=MappingProxyType({f.name: header[at] for at, f in found}),
    )


def plain(name: str) -> str:
    """A heading or a word without what does not tell it apart: case, width, blanks, hyphens, underscores."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if not c.isspace() and c not in "_-*:./()")


def words(*meanings: tuple[str, str]) -> Mapping[str, str]:
    """(meaning, "spelling spelling …") pairs as a table from spelling to meaning."""
    return MappingProxyType(
        {plain(word): meaning for meaning, spellings in meanings for word in (meaning, *spellings.split())}
    )


def _preferring(found: list[tuple[int, Field]], explicit: Mapping[int, Sequence[str]]) -> list[tuple[int, Field]]:
    """Where a field was mapped by hand, a column that only bears its name means nothing."""
    by_hand = {name for names in explicit.values() for name in names}
    return [(at, f) for at, f in found if at in explicit or f.name not in by_hand]


def _check(
    found: Sequence[tuple[int, Field]],
    header: Sequence[str],
    unknown: Sequence[str],
    known: Sequence[Field],
    given: Iterable[str],
) -> None:
    named = [f.name for _, f in found]
    for at, f in found:
        if f.refused is not None:
            raise MappingError(f"{header[at]}: {f.refused} Leave the column out with --ignore '{header[at]}'.")
    if unknown:
        raise MappingError(
            f"unknown column{'s' if len(unknown) > 1 else ''}: {', '.join(unknown)}. Say what they mean with "
            f"--map COLUMN=FIELD, or leave them out with --ignore COLUMN or --ignore-unknown. "
            f"Fields: {', '.join(f.name for f in known if f.refused is None)}"
        )
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        columns = [header[at] for at, f in found if f.name in twice]
        raise MappingError(f"{' and '.join(columns)} both mean {', '.join(twice)}; choose with --ignore or --map")
    missing = [f.name for f in known if f.required and f.name not in {*named, *given}]
    if missing:
        raise MappingError(
            f"no column for {', '.join(missing)}; name one with --map COLUMN=FIELD"
            + (", or give one value for all rows with --set FIELD=VALUE" if missing != ["external_id"] else "")
        )


def _places(columns: Iterable[str], places: Mapping[str, int]) -> set[int]:
    return {_place(column, places) for column in columns}


def _place(column: str, places: Mapping[str, int]) -> int:
    if plain(column) not in places:
        raise MappingError(f"the file has no column {column}")
    return places[plain(column)]


def _field(name: str, by_name: Mapping[str, Field]) -> Field:
    if name not in by_name:
        raise MappingError(
            f"there is no field {name}; there are {', '.join(n for n, f in by_name.items() if f.refused is None)}"
        )
    return by_name[name]


CUSTOMER_KINDS: Final = words(
    ("person", "个人 自然人 个人客户 私人 individual private"),
    ("company", "公司 企业 单位 机构 企业客户 公司客户 organisation organization firm business"),
)
LEVELS: Final = words(("VIP", "贵宾"), ("A", "A级 A类"), ("B", "B级 B类"), ("C", "C级 C类"))
ROLES: Final = words(
    ("rep", "sales 销售 业务员 销售员 置业顾问 顾问"),
    ("account_manager", "客户经理 大客户经理"),
    ("service", "客服 服务"),
    ("marketing", "市场 市场部"),
    ("pre_sales", "售前"),
    ("broker", "经纪人"),
    ("reception", "前台 接待"),
)
LOCALES: Final = words(("zh-CN", "zh 中文 简体中文 chinese"), ("en", "英文 english"))
TRACKS: Final = words(("sales", "销售"), ("channel", "渠道"))
CHANNELS: Final = words(("in_house", "自有 直销 内部 内场"), ("partner", "渠道 合作 合作伙伴 分销"))
CONTACT_KINDS: Final = words(
    ("call", "电话 来电 去电 phone"), ("visit", "到访 来访 拜访"), ("message", "消息 微信 短信"), ("reception", "接待")
)
FOLLOW_UP_KINDS: Final = words(
    ("call", "电话 通话 来电 去电 phone"),
    ("message", "消息 微信 短信 邮件 wechat sms email mail"),
    ("meeting", "会议 面谈 会面"),
    ("visit", "拜访 到访 来访 带看 上门"),
    ("demo", "演示 产品演示 demonstration"),
)
TRUTHS: Final = words(("yes", "true y 1 是 对 有 已接通 √"), ("no", "false n 0 否 不 无 未接通 ×"))

_EXTERNAL_ID = Field("external_id", ("id", "external id", "外部编号", "编号", "编码"), required=True)
_OWNED = (
    "The time of a report is the time of the import; an older one needs proof and a supervisor's word, "
    "which cannot be given here."
)

PEOPLE: Final = (
    Field("external_id", (*_EXTERNAL_ID.headings, "employee id", "employee number", "工号", "员工编号"), required=True),
    Field("name", ("full name", "姓名", "名字", "员工姓名", "人员"), required=True),
    Field("team", ("department", "团队", "部门", "小组", "所属团队", "所属部门")),
    Field("email", ("e-mail", "mail", "email address", "邮箱", "电子邮箱", "邮件")),
    Field("phone", ("mobile", "phone number", "telephone", "手机", "手机号", "手机号码", "电话", "联系电话")),
    Field("locale", ("language", "语言"), Content.WORD, words=LOCALES),
    Field("roles", ("role", "角色", "岗位", "职位角色"), Content.WORDS, words=ROLES),
    Field("leads", ("leads team", "leader of", "负责团队", "主管团队", "管理团队")),
)

TEAMS: Final = (
    Field("external_id", (*_EXTERNAL_ID.headings, "team id", "团队编号", "部门编号"), required=True),
    Field("name", ("team", "team name", "团队", "团队名称", "部门", "部门名称", "名称"), required=True),
    Field("parent", ("parent team", "上级", "上级团队", "上级部门")),
    Field("leader", ("manager", "head", "主管", "负责人", "团队主管", "经理")),
)

CUSTOMERS: Final = (
    Field("external_id", (*_EXTERNAL_ID.headings, "customer id", "客户编号"), required=True),
    Field("kind", ("type", "customer kind", "customer type", "类型", "客户类型"), Content.WORD, True, CUSTOMER_KINDS),
    Field(
        "name",
        (
            "customer",
            "customer name",
            "account",
            "account name",
            "company name",
            "客户",
            "客户名称",
            "客户姓名",
            "姓名",
            "名称",
        ),
        required=True,
    ),
    Field("phone", ("mobile", "phone number", "telephone", "手机", "手机号", "手机号码", "电话", "联系电话")),
    Field("email", ("e-mail", "mail", "email address", "邮箱", "电子邮箱")),
    Field("company_code", ("credit code", "uscc", "统一社会信用代码", "信用代码", "社会信用代码")),
    Field("level", ("class", "customer level", "级别", "等级", "客户级别", "客户等级"), Content.WORD, words=LEVELS),
    Field("source", ("customer source", "来源", "客户来源")),
)

CLAIMS: Final = (
    Field("external_id", (*_EXTERNAL_ID.headings, "claim id", "report id", "报备编号"), required=True),
    Field("program", ("program", "project line", "业务项目", "项目计划"), required=True),
    Field("reporter", ("reported by", "sales agent", "agent", "owner", "报备人", "业务员", "销售", "归属人")),
    Field("customer", ("customer id", "customer external id", "account", "客户编号")),
    Field("customer_kind", ("kind", "customer type", "客户类型"), Content.WORD, words=CUSTOMER_KINDS),
    Field(
        "customer_name", ("customer name", "name", "company name", "客户", "客户名称", "客户姓名", "姓名", "公司名称")
    ),
    Field(
        "customer_phone", ("phone", "mobile", "telephone", "手机", "手机号", "手机号码", "电话", "联系电话", "客户电话")
    ),
    Field("customer_email", ("email", "e-mail", "mail", "邮箱", "电子邮箱", "客户邮箱")),
    Field("company_code", ("credit code", "uscc", "统一社会信用代码", "信用代码", "社会信用代码")),
    Field("customer_level", ("level", "class", "级别", "客户级别", "客户等级"), Content.WORD, words=LEVELS),
    Field("track", ("轨道",), Content.WORD, words=TRACKS),
    Field("project", ("project name", "项目", "项目名称")),
    Field("project_department", ("department", "项目部门", "使用部门")),
    Field("project_site", ("site", "项目地点")),
    Field("project_tender_number", ("tender number", "招标编号", "标书编号")),
    Field("project_bid_date", ("bid date", "投标日期", "开标日期"), Content.DATE),
    Field("need", ("needs", "需求", "客户需求")),
    Field("progress", ("进展", "跟进情况")),
    Field("next_follow_up_at", ("next follow-up", "next follow up", "下次跟进", "下次跟进时间"), Content.INSTANT),
    Field("expected_close", ("expected close date", "close date", "预计成交时间", "预计成交日期"), Content.DATE),
    Field("expected_amount", ("amount", "预计金额", "预计成交金额"), Content.AMOUNT),
    Field("currency", ("币种", "货币")),
    Field("source", ("lead source", "来源", "客户来源")),
    Field("channel", ("渠道", "报备渠道"), Content.WORD, words=CHANNELS),
    Field("first_contact_kind", ("first contact", "首次接触方式"), Content.WORD, words=CONTACT_KINDS),
    Field("first_contact_at", ("first contact time", "首次接触时间"), Content.INSTANT),
    Field("first_contact_note", ("首次接触备注",)),
    Field("provisional", ("临时报备",), Content.TRUTH),
    Field("received_at", ("report time", "reported at", "report date", "报备时间", "报备日期"), refused=_OWNED),
)

#: A customer the company had before it went live: what a report says of them, whose they are and since when (INT-10).
_OPENING: Final = (
    Field("owner", ("sales agent", "agent", "reporter", "归属人", "业务员", "销售", "跟进人"), required=True),
    Field("stage", ("sales stage", "阶段", "销售阶段")),
    Field(
        "last_follow_up_at",
        ("last follow-up", "last follow up", "last contact", "最后跟进", "最后跟进时间", "最近跟进时间"),
        Content.INSTANT,
    ),
    Field("protection_days_left", ("protection left", "days left", "保护期剩余天数", "剩余保护天数"), Content.COUNT),
)
_SHARED: Final = frozenset(
    {"external_id", "program", "customer", "customer_kind", "customer_name", "customer_phone", "customer_email"}
    | {"company_code", "customer_level", "track", "need", "progress", "source", "channel"}
)
OPENING: Final = (*(f for f in CLAIMS if f.name in _SHARED or f.name.startswith("project")), *_OPENING)

FOLLOW_UPS: Final = (
    Field("external_id", (*_EXTERNAL_ID.headings, "follow-up id", "跟进编号"), required=True),
    Field("claim", ("claim id", "claim external id", "报备编号", "报备"), required=True),
    Field("author", ("by", "follow-up by", "agent", "跟进人", "业务员")),
    Field("kind", ("type", "方式", "跟进方式", "跟进类型"), Content.WORD, True, FOLLOW_UP_KINDS),
    Field("note", ("notes", "content", "text", "内容", "跟进内容", "跟进记录", "备注"), required=True),
    Field("at", ("time", "date", "follow-up time", "时间", "跟进时间", "日期"), Content.INSTANT),
    Field("answered", ("接通", "是否接通"), Content.TRUTH),
    Field("outcome", ("result", "结果", "跟进结果")),
    Field("next_at", ("next", "next follow-up", "下次跟进", "下次跟进时间"), Content.INSTANT),
)
