"""Names of projects of one customer that may mean one (CLM-33): a table of pairs, read by people."""

from __future__ import annotations

import pytest

from domain.customers.project_names import is_close

#: Written by two people who mean one tender.
ONE = (
    ("市一医院PACS系统采购项目", "市一院PACS系统采购项目"),
    ("一期弱电工程", "弱电工程一期"),
    ("一期弱电工程", "第1期弱电项目"),
    ("门诊楼智能化工程", "门诊楼智能工程"),
    ("总部大楼机电安装", "总部大楼机电安装工程"),
    ("总部大楼机电安装工程", "总部大厦机电安装项目"),
    ("物流园消防改造", "物流园消防改造二标段"),
    ("智能化系统采购", "采购智能化系统"),
    ("数据中心机房建设项目", "数据中心机房建设"),
    ("2026年办公家具采购", "办公家具采购（2026年度）"),
    ("新校区多媒体教室设备采购", "新校区多媒体教室设备招标项目"),
    ("ERP系统升级", "ＥＲＰ 升级项目"),
    ("食堂厨房设备更新改造", "食堂厨具设备更新改造"),
    ("3号楼电梯更换", "三号楼电梯更换工程"),
    ("厂区污水处理站扩建", "厂区污水处理厂扩建"),
    ("Data Center Expansion", "data centre expansion"),
)
#: Two projects of one customer.
TWO = (
    ("一期弱电工程", "二期弱电工程"),
    ("物流园消防改造一标段", "物流园消防改造二标段"),
    ("市一医院PACS系统采购项目", "市一医院HIS系统采购项目"),
    ("市一医院RIS系统采购项目", "市一医院HIS系统采购项目"),
    ("市一医院智能化工程", "市二医院智能化工程"),
    ("2025年办公家具采购", "2026年办公家具采购"),
    ("东区绿化养护服务", "西区绿化养护服务"),
    ("3号楼电梯更换", "5号楼电梯更换"),
    ("A栋空调采购", "B栋空调采购"),
    ("室内给排水改造", "室外给排水改造"),
    ("消防改造项目", "空调改造项目"),
    ("食堂改造", "总部大楼机电安装"),
    ("电梯采购", "电梯维保"),
    ("办公楼装修工程", "宿舍楼装修工程"),
    ("综合布线系统", "视频监控系统"),
    ("采购项目", "建设工程"),
    ("系统采购项目", "系统建设工程"),
)


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_project_under_two_names_is_possible(one: str, other: str) -> None:
    """CLM-33: in either order."""
    assert is_close(one, other)
    assert is_close(other, one)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_projects_of_one_customer_are_not(one: str, other: str) -> None:
    """CLM-33: a phase, a lot, a side or a product apart is another project."""
    assert not is_close(one, other)
    assert not is_close(other, one)
