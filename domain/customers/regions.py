"""Places that stand in company names (行政区划), as far as a name needs them to be told apart (CUS-05).

Provinces, their prefecture-level cities, the counties whose firms are many, and the districts that are written without
区. Not a gazetteer: an unknown county is read by its ending, and an unknown place stays in the core of the name, where
it keeps two names apart as well.
"""

from __future__ import annotations

COUNTRY = "中国"

_PROVINCES: dict[str, str] = {
    "北京": "", "天津": "", "上海": "", "重庆": "", "香港": "", "澳门": "",
    "台湾": "台北 高雄 台中 台南 新竹",
    "河北": "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水",
    "山西": "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁",
    "内蒙古": "呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布",
    "辽宁": "沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 葫芦岛",
    "吉林": "长春 四平 辽源 通化 白山 松原 白城 延边",
    "黑龙江": "哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化",
    "江苏": "南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁",
    "浙江": "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水",
    "安徽": "合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城",
    "福建": "福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德",
    "江西": "南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶",
    "山东": "济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽",
    "河南": "郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源",
    "湖北": "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施",
    "湖南": "长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西",
    "广东": "广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮",
    "广西": "南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左",
    "海南": "海口 三亚 三沙 儋州",
    "四川": "成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 凉山",
    "贵州": "贵阳 六盘水 遵义 安顺 毕节 铜仁",
    "云南": "昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 大理 西双版纳",
    "西藏": "拉萨 日喀则 昌都 林芝 山南 那曲",
    "陕西": "西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛",
    "甘肃": "兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南",
    "青海": "西宁 海东",
    "宁夏": "银川 石嘴山 吴忠 固原 中卫",
    "新疆": "乌鲁木齐 克拉玛依 吐鲁番 哈密 喀什 伊犁 石河子",
}  # fmt: skip

_COUNTIES: dict[str, str] = {
    "苏州": "昆山 张家港 常熟 太仓", "无锡": "江阴 宜兴", "南通": "启东 海门 如皋", "扬州": "仪征", "镇江": "丹阳 扬中",
    "泰州": "靖江 泰兴", "徐州": "邳州", "金华": "义乌 东阳", "宁波": "慈溪 余姚 宁海", "绍兴": "诸暨 嵊州 上虞",
    "嘉兴": "海宁 桐乡 平湖 嘉善", "温州": "乐清 瑞安", "台州": "温岭 临海 玉环", "泉州": "晋江 石狮 南安 惠安",
    "福州": "福清", "青岛": "胶州 即墨", "烟台": "龙口 招远", "潍坊": "寿光 诸城", "威海": "荣成", "郑州": "巩义 登封",
    "长沙": "浏阳 宁乡", "佛山": "顺德", "揭阳": "普宁", "成都": "都江堰", "沧州": "任丘", "廊坊": "霸州",
    "大连": "瓦房店", "杭州": "余杭 萧山",
}  # fmt: skip

DISTRICTS: dict[str, str] = {
    "北京": "朝阳 海淀 东城 西城 丰台 石景山 通州 顺义 昌平 大兴 中关村 亦庄",
    "上海": "浦东 黄浦 静安 徐汇 长宁 普陀 虹口 杨浦 闵行 宝山 嘉定 松江 青浦 奉贤 金山",
    "天津": "滨海 和平 河西 南开 武清",
    "重庆": "渝中 渝北 江北 南岸 九龙坡 沙坪坝 万州 涪陵",
    "广州": "天河 越秀 海珠 白云 番禺 黄埔 南沙 花都",
    "深圳": "南山 福田 罗湖 宝安 龙岗 前海 龙华",
    "杭州": "西湖 滨江 拱墅 上城", "南京": "鼓楼 玄武 建邺 江宁 栖霞", "苏州": "工业园 吴中 相城 吴江",
    "成都": "武侯 锦江 高新 青羊 金牛", "武汉": "江汉 武昌 汉口 洪山 江岸", "西安": "雁塔 碑林 高新",
}  # fmt: skip
"""Districts that names carry without 区; read as a place only behind their city."""

ABROAD = (
    "亚洲",
    "亚太",
    "大中华",
    "日本",
    "韩国",
    "美国",
    "英国",
    "德国",
    "法国",
    "新加坡",
    "马来西亚",
    "越南",
    "泰国",
)
AREAS = ("华东", "华南", "华北", "华中", "西南", "西北", "东北", "长三角", "珠三角")
"""Sales areas: only in brackets or before 分公司, for 华东 and 西南 are cores of many names."""

LATIN: dict[str, str] = {
    "china": COUNTRY, "prc": COUNTRY, "asia": "亚洲", "asia pacific": "亚太", "hong kong": "香港", "hongkong": "香港",
    "beijing": "北京", "shanghai": "上海", "tianjin": "天津", "guangzhou": "广州", "shenzhen": "深圳", "suzhou": "苏州",
    "hangzhou": "杭州", "nanjing": "南京", "wuhan": "武汉", "chengdu": "成都", "xiamen": "厦门", "qingdao": "青岛",
    "dalian": "大连", "ningbo": "宁波", "singapore": "新加坡", "japan": "日本", "taiwan": "台湾", "usa": "美国",
}  # fmt: skip

_AUTONOMOUS = {"内蒙古": "自治区", "广西": "壮族自治区", "西藏": "自治区", "宁夏": "回族自治区", "新疆": "维吾尔自治区"}
_SPECIAL = {"香港": "特别行政区", "澳门": "特别行政区"}
_MUNICIPALITIES = frozenset({"北京", "天津", "上海", "重庆"})
_PREFECTURES = {
    "延边": "朝鲜族自治州", "恩施": "土家族苗族自治州", "湘西": "土家族苗族自治州", "凉山": "彝族自治州",
    "大理": "白族自治州", "西双版纳": "傣族自治州", "伊犁": "哈萨克自治州",
}  # fmt: skip


def _spellings() -> tuple[dict[str, str], dict[str, str]]:
    places: dict[str, str] = {COUNTRY: COUNTRY} | {place: place for place in ABROAD}
    parents: dict[str, str] = {}
    for province, cities in _PROVINCES.items():
        ending = (_AUTONOMOUS | _SPECIAL).get(province, "市" if province in _MUNICIPALITIES else "省")
        places |= {province: province, province + ending: province}
        parents[province] = COUNTRY
        for city in cities.split():
            places |= {city: city, city + _PREFECTURES.get(city, "市"): city}
            parents[city] = province
    for city, counties in _COUNTIES.items():
        for county in counties.split():
            places |= {county: county, county + "市": county, county + "区": county, county + "县": county}
            parents[county] = city
    return places, parents


PLACES, PARENTS = _spellings()
"""Every spelling of a place and the one that stands for it; and the place that each lies in."""


def narrowest(places: tuple[str, ...]) -> tuple[str, ...]:
    """``places`` sorted, without those that another of them lies in: 浙江 and 杭州 together mean 杭州."""
    around = {above for place in places for above in _above(place)}
    return tuple(sorted(set(places) - around))


def _above(place: str) -> list[str]:
    found: list[str] = []
    while place in PARENTS:
        place = PARENTS[place]
        found.append(place)
    return found
