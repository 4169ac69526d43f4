"""``python -m bench.names``: close names among 100,000, asked one at a time (CUS-05; wanted: at most 30 ms).

The names are made, from a fixed seed, to be as alike as registers are: most cores have two characters, a few are very
common (the commonest is that of some two hundred firms), and a third of the firms sit in a dozen places.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from domain.customers.company_index import CompanyIndex
from domain.customers.company_names import company_name
from domain.customers.regions import PLACES

T = TypeVar("T")

COMPANIES = 100_000
QUESTIONS = 400

_CHARACTERS = (
    "鑫华宏恒瑞盛泰源通达兴隆嘉和金利永安康顺德诚信博远创新天地海洋山水云龙凤凯旋中正大同方圆美佳丽福禄寿喜东西南北"
    "星辰日月光明亮晶玉石林森木火土江河湖溪泉春夏秋冬梅兰竹菊松柏杨柳桃李荣昌茂丰裕富贵吉祥如意腾飞鹏程万里前途锦绣"
    "智慧科维思拓达特朗格瑞斯尔雅诺迪凡欧亚联邦众力合聚汇融卓越领航先锋时代未来世纪环球国泰民生百年好运长青常胜"
)
_TRADES = (
    "贸易", "商贸", "科技", "信息技术", "网络科技", "电子商务", "建筑工程", "装饰工程", "房地产开发", "物业管理",
    "餐饮管理", "物流", "供应链管理", "机械设备", "五金", "建材", "化工", "医疗器械", "医药", "生物科技", "食品",
    "农业发展", "文化传媒", "广告", "教育咨询", "企业管理咨询", "投资管理", "汽车销售", "服饰", "家具", "电子",
    "电器", "环保科技", "新能源", "旅行社", "酒店管理", "人力资源", "实业", "进出口",
)  # fmt: skip
_FORMS = ("有限公司",) * 8 + ("有限责任公司", "股份有限公司", "集团有限公司", "厂", "商行")


def companies(chance: random.Random, count: int) -> list[str]:
    """Distinct names."""
    cities = sorted({place for place in PLACES.values() if place in PLACES})
    chance.shuffle(cities)
    weights = [1 / (rank + 4) for rank in range(len(cities))]
    cores = _cores(chance)
    core_weights = [1 / (rank + 40) ** 0.9 for rank in range(len(cores))]
    names: dict[str, None] = {}
    while len(names) < count:
        places = chance.choices(cities, weights, k=10_000)
        for place, core in zip(places, chance.choices(cores, core_weights, k=10_000), strict=True):
            city = place + "市" if chance.random() < 0.2 and place + "市" in PLACES else place
            trade, form = chance.choice(_TRADES), chance.choice(_FORMS)
            moved = chance.random() < 0.1
            names[f"{core}{trade}（{city}）{form}" if moved else f"{city}{core}{trade}{form}"] = None
    return list(names)[:count]


def questions(chance: random.Random, names: list[str], count: int) -> Iterator[tuple[str, str]]:
    """What a report asks about: a known name, one cut short, one with a slip, one that nobody has, a common core."""
    common = [core for core, _ in Counter(company_name(name).core for name in names).most_common(20)]
    for number in range(count):
        name = chance.choice(names)
        parts = company_name(name)
        if number % 5 == 0:
            yield "known", name
        elif number % 5 == 1:
            yield "region left out", f"{parts.core}{''.join(parts.trades)}有限公司"
        elif number % 5 == 2:
            yield "common core alone", chance.choice(common)
        elif number % 5 == 3:
            at = chance.randrange(len(parts.core))
            slip = parts.core[:at] + chance.choice(_CHARACTERS) + parts.core[at + 1 :]
            yield "slip", name.replace(parts.core, slip)
        else:
            yield "unknown", "北京" + "".join(chance.choices(_CHARACTERS, k=4)) + "科技有限公司"


def measured(*, count: int = COMPANIES, asked_for: int = QUESTIONS) -> dict[str, Any]:
    """Build, ask: milliseconds on the clock and of the processor, in all and by kind of question."""
    chance = random.Random(5)
    names = companies(chance, count)
    before = _resident_mib()
    index, built_s = _timed(lambda: CompanyIndex.of((str(number), name) for number, name in enumerate(names)))
    gc.freeze()
    taken: dict[str, list[float]] = {}
    worked: list[float] = []
    hits: dict[str, list[int]] = {}
    for kind, asked in questions(chance, names, asked_for):
        company_name.cache_clear()
        cpu = time.process_time()
        found, seconds = _timed(partial(index.close_to, asked))
        worked.append((time.process_time() - cpu) * 1000)
        taken.setdefault(kind, []).append(seconds * 1000)
        hits.setdefault(kind, []).append(len(found))
    every = sorted(ms for of_kind in taken.values() for ms in of_kind)
    return {
        "companies": len(index),
        "built_s": round(built_s, 2),
        "memory_mib": round(_resident_mib() - before),
        "ms": {
            "median": _ms(statistics.median(every)),
            "p95": _ms(every[int(len(every) * 0.95)]),
            "max": _ms(every[-1]),
        },
        "cpu_ms": {"median": _ms(statistics.median(worked)), "max": _ms(max(worked))},
        "by_question": {
            kind: {
                "median_ms": _ms(statistics.median(of_kind)),
                "max_ms": _ms(max(of_kind)),
                "hits_max": max(hits[kind]),
            }
            for kind, of_kind in taken.items()
        },
    }


def _cores(chance: random.Random) -> list[str]:
    lengths = chance.choices((2, 3, 4, 5, 6), (60, 20, 15, 3, 2), k=60_000)
    return list(dict.fromkeys("".join(chance.choices(_CHARACTERS, k=length)) for length in lengths))


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    result = act()
    return result, time.perf_counter() - begun


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ms(value: float) -> float:
    return round(value, 2)


if __name__ == "__main__":
    print(json.dumps(measured(), ensure_ascii=False, indent=2))
