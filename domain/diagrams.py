"""The lifecycles as pictures, generated from their tables; ``python -m domain.diagrams`` writes them into the pages.

A page carries a picture between two marks, so the text around it is written by hand and the picture never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from domain.claims import lifecycle as claims
from domain.claims.lifecycle import ClaimState
from domain.disputes import lifecycle as disputes
from domain.disputes.lifecycle import DisputeState
from domain.leads import lifecycle as leads
from domain.leads.lifecycle import LeadState
from domain.reception import lifecycle as receptions
from domain.reception.lifecycle import ReceptionState

#: Where each picture stands.
PAGES: Mapping[str, tuple[str, ...]] = {
    "lifecycle": ("README.md", "docs/lifecycle.md"),
    "dispute": ("docs/disputes.md",),
    "lead": ("docs/leads.md",),
    "reception": ("docs/leads.md",),
}
_CLAIM_NAMES = {
    ClaimState.REPORTED: "已报备",
    ClaimState.PROTECTED: "保护中",
    ClaimState.ACTIVE: "跟进中",
    ClaimState.WON: "已成交",
    ClaimState.DISPUTED: "争议中",
    ClaimState.ARBITRATED: "已裁决",
    ClaimState.LAPSED: "已失效",
    ClaimState.RELEASED: "已释放",
    ClaimState.REJECTED: "已驳回",
    ClaimState.WITHDRAWN: "已撤回",
}
_DISPUTE_NAMES = {
    DisputeState.OPENED: "已立案",
    DisputeState.PROPOSED: "系统判客待异议",
    DisputeState.NEGOTIATING: "协商中",
    DisputeState.MEDIATING: "调解中",
    DisputeState.ARBITRATING: "仲裁中",
    DisputeState.RULED: "已裁决",
    DisputeState.FINAL: "生效",
    DisputeState.SETTLED: "和解",
    DisputeState.DISMISSED: "驳回",
    DisputeState.WITHDRAWN: "撤回",
}
_LEAD_NAMES = {
    LeadState.RECEIVED: "已登记",
    LeadState.ASSESSING: "需求评估中",
    LeadState.OFFERED: "待接收",
    LeadState.ESCALATED: "待主管分配",
    LeadState.RETURNED: "已退回",
    LeadState.ACCEPTED: "已接收",
    LeadState.ATTACHED: "已并入",
    LeadState.POOLED: "已入公海",
    LeadState.CLOSED: "已关闭",
}
_RECEPTION_NAMES = {
    ReceptionState.WAITING: "待安排",
    ReceptionState.CALLED: "已叫号",
    ReceptionState.SERVING: "接待中",
    ReceptionState.COMPLETED: "已完成",
    ReceptionState.CLOSED: "已关闭",
}


S = TypeVar("S", bound=StrEnum)


class _Row(Protocol):
    @property
    def trigger(self) -> StrEnum: ...
    @property
    def source(self) -> StrEnum: ...
    @property
    def target(self) -> StrEnum: ...


def picture(mark: str) -> str:
    """The Mermaid state diagram that stands under ``mark``."""
    if mark == "dispute":
        return _mermaid(_DISPUTE_NAMES, disputes.TABLE, "open", holds=(), ended=disputes.ENDED)
    if mark == "lead":
        return _mermaid(_LEAD_NAMES, leads.TABLE, "receive", holds=(), ended=leads.ENDED)
    if mark == "reception":
        return _mermaid(_RECEPTION_NAMES, receptions.TABLE, "arrive", holds=(), ended=receptions.ENDED)
    return _mermaid(_CLAIM_NAMES, claims.TABLE, "report", holds=claims.HOLDING, ended=claims.ENDED)


def write(path: Path, mark: str) -> None:
    """Replace what stands between the marks of ``path``."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {mark}: generated -->", f"<!-- /{mark} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    path.write_text(pattern.sub(lambda _: f"{begin}\n{picture(mark)}\n{end}", text), encoding="utf-8")


def _mermaid(
    names: Mapping[S, str],
    table: Iterable[_Row],
    begins: str,
    *,
    holds: Iterable[StrEnum],
    ended: Iterable[StrEnum],
) -> str:
    """The whole table; moves between the same two states share an arrow."""
    rows = list(table)
    states = list(names)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {state.value} {name}" for state, name in names.items()]
    lines.append(f"    [*] --> {states[0].value}: {begins}")
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for move in rows:
        arrows.setdefault((move.source, move.target), []).append(move.trigger.value)
    lines += [
        f"    {source.value} --> {target.value}: {', '.join(dict.fromkeys(triggers))}"
        for (source, target), triggers in arrows.items()
    ]
    leaves = {move.source for move in rows}
    lines += [f"    {state.value} --> [*]" for state in states if state not in leaves]
    for name, members, style in (
        ("holds", set(holds), "fill:#dff0d8,stroke:#3c763d"),
        ("ended", set(ended), "fill:#eeeeee,stroke:#777777"),
    ):
        if members:
            lines.append(f"    classDef {name} {style}")
            lines.append(f"    class {','.join(s.value for s in states if s in members)} {name}")
    lines.append("```")
    return "\n".join(lines)


if __name__ == "__main__":
    for mark, pages in PAGES.items():
        for page in pages:
            write(Path(page), mark)
