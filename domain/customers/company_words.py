"""Words of company names (企业名称): trades, forms, branches, and characters that are taken for one another (CUS-05).

The legal forms of :mod:`domain.customers.legal_forms` are joined by law and make the exact key of CUS-02. What is here
only advises, so it may go further: the usual short ways of writing are the same trade here.
"""

from __future__ import annotations

TRADES: tuple[str, ...] = tuple(
    word
    for line in (
        # trade
        "贸易 商贸 经贸 工贸 外贸 商业 进出口 国际 国际贸易 供应链 电子商务 电商 百货 批发 零售 超市 便利 日用品",
        "用品",
        # technology
        "科技 技术 信息 网络 软件 数据 大数据 智能 人工智能 物联网 互联网 云计算 计算机 电脑 系统 集成 通信 通讯",
        "数码 数字 电子 半导体 微电子 光电 自动化 机器人 仪器 仪表 传感",
        # industry
        "实业 工业 制造 机械 机电 设备 装备 重工 模具 五金 金属 钢铁 钢材 钢结构 铝业 铜业 材料 新材料 化工 化学",
        "塑料 塑胶 橡胶 包装 印刷 印务 纸业 纺织 服装 服饰 制衣 针织 鞋业 皮革 家具 家居 家具制造 木业 陶瓷 玻璃",
        "电器 电气 照明 灯饰 电缆 线缆 电池 新能源 能源 电力 光伏 石油 石化 燃气 煤炭 矿业 环保 环境 水务 水处理",
        "汽车 汽车零部件 零部件 配件",
        # building
        "建筑 建设 工程 建材 建筑材料 装饰 装修 装潢 设计 园林 景观 绿化 市政 路桥 房地产 地产 置业 物业 监理",
        "造价 门窗 幕墙",
        # food, farming
        "食品 餐饮 饮食 饮料 酒业 茶业 茶叶 粮油 农业 农牧 牧业 养殖 种植 种业 水产 渔业 生态 林业 肉业 乳业 烘焙",
        "调味品",
        # health
        "医药 药业 制药 医疗 医疗器械 生物 健康 大健康 保健 养老 美容 美业 化妆品 日化 护理 口腔 眼科 医院 诊所",
        "药房 大药房",
        # services
        "管理 咨询 顾问 服务 投资 控股 资产 资本 金融 融资租赁 租赁 基金 证券 保险 银行 担保 小额贷款 典当 拍卖",
        "保理 文化 传媒 传播 广告 影视 娱乐 动漫 游戏 出版 图书 会展 展览 策划 营销 公关 品牌 教育 培训 学校 出国",
        "留学 人才 人力资源 劳务 家政 保洁 保安 安防 消防 物流 运输 货运 快递 速递 仓储 货代 国际货运 船务 航运",
        "航空 旅行社 旅游 酒店 宾馆 体育 健身 珠宝 首饰 眼镜 钟表 玩具 文具 办公 办公用品 图文 检测 认证 检验",
        "律师 会计师 会计 税务 知识产权 专利 商标 企业 发展 开发 研发 研究 研究院 产业 产业园 创业 孵化 销售 经营",
        "维修 安装 生产 加工 制品 产品 农产品 宠物 母婴 花卉 烟草 集成电路 芯片 航天 船舶 轨道交通 交通 铁路 港口",
        "停车 加油站 洗涤 婚庆 摄影 汽车贸易 汽车销售 汽车服务 二手车 民爆 气体 轴承 阀门 泵业 电梯 空调 制冷",
        "暖通 厨具 卫浴 洁具 涂料 油漆 胶粘 磨料",
    )
    for word in line.split()
)
"""What a firm does, as it stands behind the core. A word that is missing here stays with the core."""

SHORT_TRADES: dict[str, str] = {
    "物业管理": "物业", "房地产开发": "房地产", "地产开发": "房地产", "房产开发": "房地产", "房产": "房地产",
    "地产": "房地产", "汽贸": "汽车贸易", "汽销": "汽车销售", "建材": "建筑材料", "医械": "医疗器械",
    "商业贸易": "商贸", "工业贸易": "工贸", "经济贸易": "经贸", "对外贸易": "外贸", "国贸": "国际贸易",
    "电商": "电子商务", "通讯": "通信", "人资": "人力资源", "文化传播": "文化 传播", "企管": "企业 管理",
    "企业管理": "企业 管理", "资管": "资产 管理", "投资管理": "投资 管理", "供应链管理": "供应链", "电脑": "计算机",
    "餐饮管理": "餐饮", "酒店管理": "酒店", "装潢": "装饰", "装修": "装饰", "茶叶": "茶业", "速递": "快递",
    "进出口贸易": "进出口", "家俱": "家具", "家私": "家具", "傢俱": "家具",
}  # fmt: skip
"""Short and other ways of writing one trade; a space parts two words."""

NEAR_TRADES: tuple[str, ...] = (
    "贸易 商贸 经贸 工贸 外贸 进出口 国际贸易 国际 实业 商业 百货 批发",
    "科技 技术 发展 研发 开发 研究 研究院",
    "信息 网络 软件 数据 大数据 互联网 数字 数码 计算机",
    "文化 传媒 传播 广告 影视",
    "建筑 建设 工程 市政",
    "装饰 设计",
    "咨询 顾问 服务 管理",
    "投资 控股 资产 资本",
    "物流 运输 货运 供应链 仓储 货代 国际货运",
    "医药 药业 制药 药房 大药房",
    "服装 服饰 制衣",
    "餐饮 饮食",
    "电器 电气",
    "机械 机电 设备 装备 制造",
    "汽车贸易 汽车销售 汽车服务 汽车",
    "环保 环境",
    "健康 大健康 保健",
    "旅游 旅行社",
    "安防 保安",
    "五金 金属",
    "塑料 塑胶",
    "电力 能源 新能源",
    "材料 新材料",
)
"""Trades that people take for one another: such names are close, not the same."""

FORMS: tuple[tuple[str, str], ...] = (
    ("股份有限公司", "joint stock"), ("有限公司", "limited"), ("有限合伙企业", "limited partnership"),
    ("普通合伙企业", "partnership"), ("合伙企业", "partnership"), ("农民专业合作社", "cooperative"),
    ("专业合作社", "cooperative"), ("合作社", "cooperative"), ("总公司", "company"), ("公司", "company"),
    ("有线公司", "limited"), ("有限公可", "limited"), ("有限公同", "limited"), ("有限功司", "limited"),
    ("有限责任公", "limited"), ("有限公", "limited"), ("股份", "joint stock"), ("有限责任", "limited"),
    ("有限", "limited"), ("事务所", "office"), ("经营部", "shop"), ("门市部", "shop"), ("服务部", "shop"),
    ("工作室", "studio"), ("商行", "shop"), ("商店", "shop"), ("厂", "works"), ("中心", "centre"),
)  # fmt: skip
"""Endings in the order they are tried, slips of the keyboard among them, and the kind of firm they say."""

UNSAID_FORMS = frozenset({"", "company"})
"""What people write who leave the form out; reads as either kind of company."""
COMPANY_FORMS = UNSAID_FORMS | {"limited", "joint stock"}

LATIN_FORMS: dict[str, str] = {"co ltd": "limited", "ltd": "limited", "co": "company"}
"""Latin forms that say the same as a Chinese one; all others stand for themselves."""

BRACKETED_FORMS: dict[str, str] = {
    "有限合伙": "limited partnership", "普通合伙": "partnership", "特殊普通合伙": "partnership",
}  # fmt: skip

REMARKS: tuple[str, ...] = (
    "原", "曾用", "现", "存续", "在业", "在营", "开业", "注销", "吊销", "迁出", "筹", "下称", "简称", "以下",
    "已更名", "个人独资", "上市", "国有独资", "自然人独资", "中外合资", "合资",
)  # fmt: skip
"""Beginnings of what people put in brackets about a company, which is no part of its name."""

BRANCHES: tuple[str, ...] = (
    "分公司", "子公司", "分店", "营业部", "营业厅", "营业所", "办事处", "支公司", "分行", "支行", "分厂", "分院",
    "分校", "分部", "门店", "旗舰店", "专卖店", "直营店", "加盟店", "体验店", "项目部", "联络处", "代表处", "分所",
    "分社",
)  # fmt: skip

SOUNDS: tuple[str, ...] = (
    "长常昌畅", "青清轻卿庆", "鑫新欣馨昕心芯辛", "宏鸿弘洪虹泓红", "华桦骅花", "盛胜晟升圣生", "源元园原缘圆远苑",
    "达大", "诚成城程承丞", "嘉佳家加", "瑞睿锐", "恒衡亨", "丰峰锋枫风", "德得", "和合禾河荷", "聚巨钜举",
    "金锦今津晋进", "利力立丽励", "通同桐童", "明铭名茗鸣", "兴星行杏", "旺望王", "惠慧汇辉徽晖卉", "安谙",
    "博伯勃柏", "创闯", "海骸", "康亢", "泰太态", "顺舜", "永勇咏涌", "福富复", "隆龙", "凯铠楷恺", "天添", "地帝迪",
    "宇羽雨裕玉域御育煜誉豫毓", "晨辰宸晨琛", "正政征振震", "中众忠钟", "益易怡亿义艺逸毅奕翼意宜", "美媒",
    "联连莲廉", "信鑫", "百佰", "万皖", "森深", "林霖临琳", "云芸耘", "博波", "乐悦月跃越岳", "优佑友", "尚上",
    "景竞精晶京", "精菁", "思斯司", "航杭", "智志致至挚", "飞菲非", "腾滕", "科可珂", "奥澳傲", "普朴", "润闰",
    "祥翔详", "卓灼", "亚雅", "方芳坊", "广光", "高皋", "山珊杉", "东冬", "世仕诗时实", "仁人", "贝倍", "纳娜",
    "欧鸥", "维威微唯薇伟", "赛塞", "格阁", "特忒", "尔儿耳", "艾爱", "洋阳杨扬", "鹏朋", "鼎顶", "立莉", "浩昊皓",
    "涵含寒翰", "蓝兰岚", "启起奇琦祺齐", "邦帮", "民敏", "强墙", "双霜", "春纯", "晓小", "冠观",
    "凌灵玲菱岭羚领龄铃伶", "迅讯", "捷杰洁", "速塑", "朗浪", "沃握", "舒书", "树术", "豪毫", "诺若", "途图", "易义",
    "泽择", "道稻", "君均军钧俊骏", "建健剑", "文闻", "麦迈", "良梁粮", "兆照", "钰玉", "然燃", "苏素溯", "展湛",
    "鸣铭", "承诚", "纪济集吉", "合赫鹤", "凡帆梵范", "辉挥", "迎盈赢颖瀛莹英鹰营", "向象翔", "龄菱", "洁婕节",
    "伦轮仑", "多朵", "奔本", "雷蕾磊", "洛络罗萝", "曼满", "蓓贝", "丹单", "迦伽佳", "涛滔桃陶", "洲舟州周",
    "冰兵宾彬滨", "白柏", "仓沧苍", "昊号", "耀曜药", "源沅", "彤童", "捷婕", "靖静", "巍伟", "尼妮", "莎沙", "拓沱",
    "珑泷", "桂贵", "娇骄", "庄壮", "柏百", "绿律", "谷古", "贸茂", "仙先鲜", "三叁", "南楠男", "秦勤", "楚储",
    "吴伍武舞", "魏卫", "齐旗", "燕雁艳", "沪护", "湘香箱", "鲁陆路", "蜀数", "闽敏", "己已巳", "未末", "土士",
    "亨享", "治冶", "戊戌", "曰日", "崇祟",
)  # fmt: skip
"""Characters of company cores that sound alike whatever the tone, or look alike: what a keyboard offers."""

CONTRASTS: tuple[str, ...] = (
    "东南西北中", "一二三四五六七八九十壹贰叁肆", "甲乙丙丁戊己庚辛", "新老旧古", "大小", "上下", "春夏秋冬",
    "红黄蓝绿白黑紫", "0123456789",
)  # fmt: skip
"""Characters whose exchange makes another name, never a slip: 中建二局 and 中建三局, 华东 and 华北."""
