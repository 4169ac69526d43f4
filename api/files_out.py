"""Files that people open in a spreadsheet: formulas neutralised, in Chinese or English (COM-11, INT-04)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import xlsxwriter
from babel.numbers import get_currency_precision
from starlette.responses import Response

from api.views.ledger import account_totals, whole_statement
from storage import history
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
)
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
_AMOUNTS: Final = ("accrued_minor", "held_minor", "payable_minor", "paid_minor", "receivable_minor")
#: Media types of the files.
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a spreadsheet takes for a formula, behind blanks too.
_FORMULA = re.compile(r"^[\s\x00-\x1f]*[=+\-@＝＋－＠|%]")


def neutral(value: str) -> str:
    """``value`` as text that no spreadsheet runs: a quote goes before what looks like a formula."""
    return f"'{value}" if _FORMULA.match(value) or value.startswith(("\t", "\r", "\n")) else value


def amount_text(minor: int, currency: str) -> str:
    """Minor units as a decimal number of the currency, without rounding: 1234 CNY is 12.34, 1234 JPY is 1234."""
    digits = get_currency_precision(currency)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    if digits == 0:
        return f"{sign}{whole}"
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def statement_csv(call: Call, person: str, *, start: datetime | None, end: datetime | None) -> Response:
    """Somebody's whole statement as CSV with a byte order mark, so that spreadsheets read its Chinese."""

    def work(tx: Transaction) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        for row in _table(tx, call, person, start=start, end=end):
            writer.writerow([neutral(cell) if isinstance(cell, str) else cell.text for cell in row])
        return text.getvalue().encode("utf-8-sig")

    return _file(call, person, call.read(work), "csv", f"{CSV}; charset=utf-8")


def statement_xlsx(call: Call, person: str, *, start: datetime | None, end: datetime | None) -> Response:
    """The same as a workbook: amounts are numbers, everything else is text that no cell runs."""

    def work(tx: Transaction) -> bytes:
        out = io.BytesIO()
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(out, options) as book:
            sheet = book.add_worksheet("明细" if call.language == "zh" else "Statement")
            bold = book.add_format({"bold": True})
            formats = [book.add_format({"num_format": f"0.{'0' * n}" if n else "0"}) for n in range(5)]
            for place, row in enumerate(_table(tx, call, person, start=start, end=end)):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(place, column, neutral(cell), bold if place == 0 else None)
                    else:
                        sheet.write_number(place, column, float(cell.text), formats[cell.digits])
        return out.getvalue()

    return _file(call, person, call.read(work), "xlsx", XLSX)


class _Number:
    """A cell that is a number: its exact text and how many digits follow the point."""

    __slots__ = ("digits", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digits = min(len(text.partition(".")[2]), 4)


_Cell = str | _Number


def _table(
    tx: Transaction, call: Call, person: str, *, start: datetime | None, end: datetime | None
) -> Iterator[list[_Cell]]:
    zh = call.language == "zh"
    at_most = call.setting.company_policy_at(call.caller.at).limit("export.rows_max") or 2**31
    programs = {r["id"]: r["name"] for r in tx.rows(sa.select(t.program.c.id, t.program.c.name))}
    yield [(chinese if zh else english) for _, chinese, english in COLUMNS]
    for line in whole_statement(tx, person, start=start, end=end, at_most=at_most):
        yield [_cell(name, line, programs, zh=zh) for name, _, _ in COLUMNS]
    for total in account_totals(tx, person):
        row: list[_Cell] = ["" for _ in COLUMNS]
        row[0] = _TOTAL[0] if zh else _TOTAL[1]
        for place, (name, _, _) in enumerate(COLUMNS):
            if name == "currency":
                row[place] = total["currency"]
            elif name in _AMOUNTS:
                row[place] = _Number(amount_text(total[name], total["currency"]))
        yield row


def _cell(name: str, line: Mapping[str, Any], programs: Mapping[str, str], *, zh: bool) -> _Cell:
    value = line[name]
    if value is None:
        return ""
    if name in _AMOUNTS:
        return _Number(amount_text(value, line["currency"]))
    if name in ("rate_bps", "share_bps"):
        return _Number(f"{value // 100}.{value % 100:02d}")
    if name in ("deal_number", "plan_version"):
        return _Number(str(value))
    if name == "program":
        return str(programs.get(value, value))
    if name == "held_by":
        return " ".join(value)
    words = WORDS.get(name, {}).get(value)
    return (words[0] if zh else words[1]) if words is not None else str(value)


def _file(call: Call, person: str, content: bytes, ending: str, media: str) -> Response:
    """An attachment; that it left the house is on record (AUD-01)."""
    entry = history.Entry(
        stream=person,
        stream_kind="person",
        kind="exported",
        at=call.caller.at,
        actor=call.person,
        data={"what": "statement", "format": ending},
    )
    call.services.database.transact(lambda tx: history.append(tx, [entry]))
    name = f"statement.{ending}"
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
