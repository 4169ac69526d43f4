"""Which columns the files have that leave the house, in Chinese or English (COM-11 to COM-13, INT-04)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from api.sheets import Cell, Number, Sheet, amount_text, percent
from api.views.ledger import account_totals, whole_statement
from api.views.payouts import exported_lines
from api.views.performance import PerformanceFilters, totals, whole_performance
from api.views.referrals import whole_rewards
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction

if TYPE_CHECKING:
    from api.call import Call

#: Columns of a statement: field, Chinese, English.
COLUMNS: Final = (
    ("at", "时间", "Time"),
    ("deal_number", "成交编号", "Deal"),
    ("program", "业务项目", "Program"),
    ("track", "归属轨道", "Track"),
    ("deal_kind", "成交类型", "Deal kind"),
    ("product", "产品", "Product"),
    ("kind", "事项", "Entry"),
    ("plan_version", "方案版本", "Plan version"),
    ("rate_rule", "规则", "Rate rule"),
    ("rate_bps", "佣金率 %", "Rate %"),
    ("share_bps", "比例 %", "Share %"),
    ("stage", "阶段", "Stage"),
    ("status", "状态", "Status"),
    ("held_by", "冻结的争议", "Held by dispute"),
    ("ruling", "裁决", "Ruling"),
    ("currency", "币种", "Currency"),
    ("accrued_minor", "应计", "Accrued"),
    ("held_minor", "冻结", "Held"),
    ("payable_minor", "应付", "Payable"),
    ("paid_minor", "已付", "Paid"),
    ("receivable_minor", "应收", "Receivable"),
    ("key", "凭证", "Entry key"),
    ("reverses", "冲销的凭证", "Reverses"),
    ("reason", "原因", "Reason"),
)
#: Columns of rewards for referrals.
REWARD_COLUMNS: Final = (
    ("at", "时间", "Time"),
    ("deal_number", "成交编号", "Deal"),
    ("program", "业务项目", "Program"),
    ("referrer", "推荐人编号", "Referrer"),
    ("name", "推荐人", "Referrer's name"),
    ("customer", "被推荐客户编号", "Customer brought"),
    ("state", "状态", "Status"),
    ("related", "关联", "Related"),
)
_REWARD_WORDS: Final = {
    "due": ("应付", "Due"),
    "channel": ("渠道已成交", "Channel deal"),
    "cancelled": ("已取消", "Cancelled"),
    "related": ("是", "Yes"),
}
#: Codes in words: field → code → (Chinese, English).
WORDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "track": {"sales": ("销售", "Sales"), "channel": ("渠道", "Channel")},
    "deal_kind": {
        "new": ("新签", "New"),
        "renewal": ("续约", "Renewal"),
        "upsell": ("增购", "Upsell"),
        "repurchase": ("复购", "Repurchase"),
    },
    "kind": {
        "accrual": ("计提", "Accrual"),
        "release": ("结佣", "Release"),
        "hold": ("冻结", "Hold"),
        "hold_release": ("解除冻结", "Hold released"),
        "reallocation": ("重新分配", "Re-allocation"),
        "clawback": ("追回", "Claw-back"),
        "amendment": ("变更", "Amendment"),
        "overlay": ("协助奖励", "Assist credit"),
        "payment": ("支付", "Payment"),
        "set_off": ("抵扣", "Set-off"),
        "reversal": ("冲销", "Reversal"),
    },
    "stage": {
        "contract": ("签约", "Contract"),
        "first_payment": ("首付", "First payment"),
        "full_payment": ("下款", "Full payment"),
    },
    "status": {
        "accrued": ("应计", "Accrued"),
        "held": ("冻结", "Held"),
        "payable": ("应付", "Payable"),
        "paid": ("已付", "Paid"),
        "receivable": ("应收", "Receivable"),
        "settled": ("已冲减", "Settled"),
    },
}
_TOTAL: Final = ("合计", "Total")
_AMOUNTS: Final = ("accrued_minor", "held_minor", "payable_minor", "paid_minor", "receivable_minor", "amount_minor")
#: Columns of a payout run, one row for each payee and deal.
PAYOUT_COLUMNS: Final = (
    ("period", "结算月份", "Period"),
    ("person_number", "人员编号", "Person number"),
    ("person", "收款人", "Payee"),
    ("external_id", "外部编号", "External id"),
    ("deal_number", "成交编号", "Deal"),
    ("program", "业务项目", "Program"),
    ("currency", "币种", "Currency"),
    ("amount_minor", "金额", "Amount"),
    ("result", "结果", "Result"),
    ("key", "凭证", "Entry key"),
)
#: Columns of performance, one row for each line.
PERFORMANCE_COLUMNS: Final = (
    ("month", "业绩月份", "Month"),
    ("team", "归属团队", "Home team"),
    ("person_number", "人员编号", "Person number"),
    ("person", "人员", "Person"),
    ("deal_number", "成交编号", "Deal"),
    ("deal_kind", "成交类型", "Deal kind"),
    ("program", "业务项目", "Program"),
    ("event_at", "业绩日期", "Counted on"),
    ("currency", "币种", "Currency"),
    ("amount_minor", "业绩金额", "Amount"),
    ("share_bps", "比例 %", "Share %"),
    ("corrects", "更正的凭证", "Corrects"),
    ("at", "记录时间", "Recorded"),
    ("key", "凭证", "Key"),
)
#: What becomes of a line of a run.
_RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    "to_pay": ("待支付", "To be paid"),
    "posting": ("已支付，待记账", "Paid, to be posted"),
    "paid": ("已付", "Paid"),
    "disputed": ("有争议，不付", "Disputed, not paid"),
    "not_payable": ("不再应付，不付", "Not payable any more"),
    "set_off": ("已抵扣", "Set off"),
}


def statement_sheet(
    call: Call, person: str, *, start: datetime | None, end: datetime | None, kind: str = "person"
) -> Sheet:
    """Somebody's whole statement (业绩明细, COM-11), or a partner's (PPL-08)."""
    return Sheet(
        what="statement",
        titles=("明细", "Statement"),
        stream=(kind, person),
        rows=lambda tx: _statement(tx, call, person, start=start, end=end),
    )


def payout_sheet(call: Call, run: Mapping[str, Any]) -> Sheet:
    """A locked run for whoever pays it out (COM-12). One that is not approved yet refuses `illegal_transition`."""
    if run["state"] == "draft":
        facts = {"state": "draft", "trigger": "export"}
        raise Refusal("illegal_transition", rule="COM-12", facts=facts, current_state="draft")
    return Sheet(
        what="payout",
        titles=("结算批次", "Payout run"),
        stream=("payout", run["id"]),
        rows=lambda tx: _payout(tx, call, run),
    )


def performance_sheet(call: Call, filters: PerformanceFilters) -> Sheet:
    """What deals count for, as far as the caller reads it (业绩, COM-13)."""
    return Sheet(
        what="performance",
        titles=("业绩", "Performance"),
        stream=("person", call.person),
        rows=lambda tx: _performance(tx, call, filters),
    )


def reward_sheet(call: Call, program: str | None) -> Sheet:
    """Rewards of customers who brought others, which are paid outside of commission (CNF-05)."""
    return Sheet(
        what="rewards",
        titles=("推荐奖励", "Referral rewards"),
        stream=("person", call.person),
        rows=lambda tx: _rewards(tx, call, program),
    )


def _rewards(tx: Transaction, call: Call, program: str | None) -> Iterator[list[Cell]]:
    zh = call.language == "zh"
    programs, words = _programs(tx), _REWARD_WORDS
    yield _heads(REWARD_COLUMNS, zh=zh)
    for line in whole_rewards(tx, call.caller, program=program, at_most=_rows_max(call)):
        yield [
            line["at"],
            Number(str(line["deal_number"])),
            programs[line["program"]],
            str(line["referrer"]["id"]),
            line["referrer"]["name"] or "",
            str(line["customer"]),
            words[line["state"]][not zh],
            words["related"][not zh] if line["related"] else "",
        ]


def _statement(
    tx: Transaction, call: Call, person: str, *, start: datetime | None, end: datetime | None
) -> Iterator[list[Cell]]:
    zh = call.language == "zh"
    programs = _programs(tx)
    yield _heads(COLUMNS, zh=zh)
    for line in whole_statement(tx, person, start=start, end=end, at_most=_rows_max(call)):
        yield [_cell(name, line, programs, zh=zh) for name, _, _ in COLUMNS]
    for total in account_totals(tx, person):
        yield _total(COLUMNS, total, zh=zh)


def _payout(tx: Transaction, call: Call, run: Mapping[str, Any]) -> Iterator[list[Cell]]:
    zh = call.language == "zh"
    programs = _programs(tx)
    yield _heads(PAYOUT_COLUMNS, zh=zh)
    paid = 0
    for line in exported_lines(tx, run):
        result = _RESULTS[line["result"]]
        shown = {**line, "result": result[0] if zh else result[1]}
        paid += line["amount_minor"] if line["result"] in ("to_pay", "posting", "paid") else 0
        yield [_cell(name, shown, programs, zh=zh) for name, _, _ in PAYOUT_COLUMNS]
    yield _total(PAYOUT_COLUMNS, {"currency": run["currency"], "amount_minor": paid}, zh=zh)


def _performance(tx: Transaction, call: Call, filters: PerformanceFilters) -> Iterator[list[Cell]]:
    zh = call.language == "zh"
    programs = _programs(tx)
    teams = {r["id"]: r["name"] for r in tx.rows(sa.select(t.team.c.id, t.team.c.name))}
    yield _heads(PERFORMANCE_COLUMNS, zh=zh)
    for line in whole_performance(tx, call.caller, filters, at_most=_rows_max(call)):
        shown = {**line, "team": teams.get(line["team"], line["team"])}
        yield [_cell(name, shown, programs, zh=zh) for name, _, _ in PERFORMANCE_COLUMNS]
    for total in totals(tx, call.caller, filters):
        yield _total(PERFORMANCE_COLUMNS, {**total, "share_bps": total["deals_bps"]}, zh=zh)


def _heads(columns: Sequence[tuple[str, str, str]], *, zh: bool) -> list[Cell]:
    return [(chinese if zh else english) for _, chinese, english in columns]


def _total(columns: Sequence[tuple[str, str, str]], total: Mapping[str, Any], *, zh: bool) -> list[Cell]:
    row: list[Cell] = ["" for _ in columns]
    row[0] = _TOTAL[0] if zh else _TOTAL[1]
    for place, (name, _, _) in enumerate(columns):
        if name == "currency":
            row[place] = total["currency"]
        elif name == "share_bps" and name in total:
            row[place] = percent(total[name])
        elif name in total and name in _AMOUNTS:
            row[place] = Number(amount_text(total[name], total["currency"]))
    return row


def _rows_max(call: Call) -> int:
    return call.setting.company_policy_at(call.caller.at).limit("export.rows_max") or 2**31


def _programs(tx: Transaction) -> dict[str, str]:
    return {r["id"]: r["name"] for r in tx.rows(sa.select(t.program.c.id, t.program.c.name))}


def _cell(name: str, line: Mapping[str, Any], programs: Mapping[str, str], *, zh: bool) -> Cell:
    value = line[name]
    if value is None:
        return ""
    if name in _AMOUNTS:
        return Number(amount_text(value, line["currency"]))
    if name in ("rate_bps", "share_bps"):
        return percent(value)
    if name in ("deal_number", "plan_version", "person_number"):
        return Number(str(value))
    if name == "program":
        return str(programs.get(value, value))
    if name == "held_by":
        return " ".join(value)
    words = WORDS.get(name, {}).get(value)
    return (words[0] if zh else words[1]) if words is not None else str(value)
