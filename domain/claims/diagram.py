"""The lifecycle as a picture, generated from the table; ``python -m domain.claims.diagram`` writes it into the pages.

The pages carry it between two marks, so the text around it is written by hand and the picture never is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from domain.claims.lifecycle import ENDED, HOLDING, TABLE, ClaimState

_NAMES = {
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
_MARKS = ("<!-- lifecycle: generated -->", "<!-- /lifecycle -->")


def mermaid() -> str:
    """The whole table as a Mermaid state diagram; moves between the same two states share an arrow."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {state.value} {name}" for state, name in _NAMES.items()]
    lines.append("    [*] --> reported: report")
    arrows: dict[tuple[ClaimState, ClaimState], list[str]] = {}
    for move in TABLE:
        arrows.setdefault((move.source, move.target), []).append(move.trigger.value)
    lines += [
        f"    {source.value} --> {target.value}: {', '.join(dict.fromkeys(triggers))}"
        for (source, target), triggers in arrows.items()
    ]
    lines.append("    withdrawn --> [*]")
    lines.append("    classDef holds fill:#dff0d8,stroke:#3c763d")
    lines.append("    classDef ended fill:#eeeeee,stroke:#777777")
    lines.append(f"    class {','.join(s.value for s in ClaimState if s in HOLDING)} holds")
    lines.append(f"    class {','.join(s.value for s in ClaimState if s in ENDED)} ended")
    lines.append("```")
    return "\n".join(lines)


def write(path: Path) -> None:
    """Replace what stands between the marks of ``path``."""
    text = path.read_text(encoding="utf-8")
    block = f"{_MARKS[0]}\n{mermaid()}\n{_MARKS[1]}"
    pattern = re.compile(re.escape(_MARKS[0]) + ".*?" + re.escape(_MARKS[1]), re.S)
    path.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("README.md", "docs/lifecycle.md"):
        write(Path(name))
