"""What people in the demo are called and say, in both languages; and how one is read in the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

Lang = Literal["zh", "en"]
LANGUAGES: Final[tuple[Lang, ...]] = ("zh", "en")


class Both(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str

    def in_(self, lang: Lang) -> str:
        """As it is said in ``lang``."""
        return self.zh if lang == "zh" else self.en


#: People, teams and customers by a short word of our own.
NAMES: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "director": Both("陈总监", "Director Chen"),
        "east": Both("城东分公司", "East office"),
        "west": Both("城西分公司", "West office"),
        "east_head": Both("周经理", "Zhou Min"),
        "west_head": Both("吴经理", "Wu Gang"),
        "east1": Both("城东一组", "East team 1"),
        "east2": Both("城东二组", "East team 2"),
        "west1": Both("城西一组", "West team 1"),
        "east1_lead": Both("李主管", "Li Na"),
        "east2_lead": Both("郑主管", "Zheng Bo"),
        "west1_lead": Both("孙主管", "Sun Lei"),
        "wang": Both("王芳", "Wang Fang"),
        "liu": Both("刘洋", "Liu Yang"),
        "zhao": Both("赵强", "Zhao Qiang"),
        "he": Both("何静", "He Jing"),
        "ma": Both("马超", "Ma Chao"),
        "lin": Both("林悦", "Lin Yue"),
        "program": Both("滨江壹号", "Riverside One"),
        "chen": Both("陈思远", "Chen Siyuan"),
        "huang": Both("黄丽华", "Huang Lihua"),
        "haichuan": Both("海川贸易有限公司", "Haichuan Trading Ltd"),
        "xu": Both("徐蕾", "Xu Lei"),
        "sun": Both("孙浩然", "Sun Haoran"),
    }
)
#: What people write, by a short word of our own.
TEXTS: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "first_call": Both(
            "电话沟通了户型、预算和看房时间，客户愿意周末到访",
            "Talked about layout, budget and a viewing; the customer will come at the weekend",
        ),
        "next_call": Both(
            "回访：客户在比较两个楼盘，约好下周再谈付款方式",
            "Called back: the customer compares two estates; payment terms are for next week",
        ),
        "contest_joint": Both(
            "上周六是我在售楼处接待的黄女士一家", "It was I who received Ms Huang's family last Saturday"
        ),
        "missing_reception": Both("缺少上周六的到访接待记录", "The reception record of last Saturday is missing"),
        "joint_terms": Both(
            "共同跟进：刘洋为主，何静协助，六四分成", "We follow up together: Liu Yang leads, shares are 60 to 40"
        ),
        "contest_company": Both("海川的采购负责人先联系的我", "The head of purchasing of Haichuan wrote to me first"),
        "missing_mail": Both("缺少采购负责人的来信记录", "The letter of the head of purchasing is missing"),
        "mail_unknown": Both("我没有收到过其他同事联系海川的消息", "I never heard of a colleague who knows Haichuan"),
        "company_facts": Both(
            "马超先报备并完成首次拜访，未见来信原件", "Ma Chao reported first and visited; the letter was not shown"
        ),
        "company_reason": Both(
            "报备在先且跟进真实，所称来信没有证据",
            "The earlier report with real work; there is no proof of the letter",
        ),
        "contest_named": Both(
            "陈先生在我的专属客户名单上，报备被拒是错的",
            "Mr Chen is a named account of mine; the refusal is wrong",
        ),
        "missing_list": Both("缺少专属客户名单", "The list of named accounts is missing"),
        "wang_says": Both(
            "客户由我首先报备，首次通话在报备当天，之后每周跟进",
            "I reported the customer first, called on the same day and have followed up since",
        ),
        "zhao_says": Both(
            "名单在总部存档，一时拿不到原件", "The list is kept at head office; I cannot get the original yet"
        ),
        "first_facts": Both(
            "王芳报备在先并当天跟进；专属名单未能提交",
            "Wang Fang reported first and worked the same day; the list was not submitted",
        ),
        "first_reason": Both(
            "按先报备规则归王芳；没有证据支持名单的说法",
            "By the rule of the first report the customer is Wang Fang's; nothing supports the list",
        ),
        "appeal": Both(
            "取得总部盖章的专属客户名单，裁决前无法取得",
            "Head office has issued the stamped list of named accounts, not available before the ruling",
        ),
        "list_file": Both("总部盖章的专属客户名单扫描件", "Scan of the list of named accounts, stamped by head office"),
        "list_confirmed": Both(
            "核对总部档案：上月起陈思远指定由赵强负责",
            "Checked with head office: since last month Chen Siyuan is assigned to Zhao Qiang",
        ),
        "second_facts": Both(
            "盖章名单早于双方报备，真实有效", "The stamped list is older than both reports and is genuine"
        ),
        "second_reason": Both(
            "专属客户规则优先于先报备；改判归赵强，王芳的跟进工作予以肯定",
            "A named account goes before the first report: he is Zhao Qiang's; Wang Fang's work is acknowledged",
        ),
    }
)
#: Customers whom the seed deals out for the rest of the month.
FAMILY: Final = tuple(
    Both(*pair.split())
    for pair in ("张 Zhang", "李 Li", "刘 Liu", "杨 Yang", "黄 Huang", "吴 Wu", "徐 Xu", "朱 Zhu", "高 Gao", "林 Lin")
)
GIVEN: Final = tuple(
    Both(*pair.split())
    for pair in ("建国 Jianguo", "秀英 Xiuying", "志明 Zhiming", "美玲 Meiling", "晓东 Xiaodong", "雨桐 Yutong")
)


#: Before the number of a call, which makes every note say something new.
COUNT: Final = " · "


def reader(lang: Lang) -> Callable[[Any], Any]:
    """A function that turns everything the demo wrote, in whichever language, into ``lang``; the rest stays."""
    other: Lang = "en" if lang == "zh" else "zh"
    texts = {pair.in_(other): pair.in_(lang) for pair in TEXTS.values()}
    names = [(pair.in_(other), pair.in_(lang)) for pair in NAMES.values()]
    names.sort(key=lambda pair: len(pair[0]), reverse=True)

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: read(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [read(inner) for inner in value]
        if not isinstance(value, str):
            return value
        text, count, number = value.partition(COUNT)
        if text in texts:
            return texts[text] + count + number
        for theirs, ours in names:
            value = value.replace(theirs, ours)
        return value

    return read
