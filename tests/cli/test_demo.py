"""``fairclaim demo``: it plays, and prints a case file that says what matters, in both languages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.service import FAIRCLAIM, PROJECT, clean_environment, free_port
from worker.engine import Located

pytestmark = pytest.mark.timeout(600)

#: What a reader wants to know of the appealed case, in the order in which the file tells it.
FACTS = {
    "zh": [
        *("赵强 · 申请人", "王芳 · 被申请人", "系统判客：归王芳", "赵强提出异议", "第 1 级仲裁人：周经理"),
        *("周经理裁决：归王芳", "赵强提出申诉", "第 2 级仲裁人：陈总监", "陈总监裁决：归赵强", "结果生效：归赵强"),
        *("总部盖章的专属客户名单扫描件", "建议客户归王芳", "建议客户归赵强"),
        *("查明：王芳报备在先", "此裁决经申诉被改判", "理由：专属客户规则优先于先报备", "此裁决已生效"),
        *("客户归赵强", "赵强的报备", "跟进中，保护至", "王芳的报备", "已释放，原因：经裁决不归其所有"),
    ],
    "en": [
        *("Zhao Qiang · opened the case", "Wang Fang · answers it", "the system proposes Wang Fang"),
        *("Zhao Qiang objects", "tier 1 has the case: Zhou Min", "Zhou Min rules for Wang Fang", "Zhao Qiang appeals"),
        *("tier 2 has the case: Director Chen", "Director Chen rules for Zhao Qiang", "the outcome is final: Zhao"),
        *("stamped by head office", "Facts: Wang Fang reported first", "Overturned on appeal"),
        *("Reason: A named account goes before the first report", "This ruling is final"),
        *("Zhao Qiang's claim", "active, protected until", "Wang Fang's claim", "released, because: ruled out"),
    ],
}
WHEN = {
    "zh": r"\d{4}-\d\d-\d\d 周二 10:00  赵强提出争议",
    "en": r"Tue \d{4}-\d\d-\d\d 10:00  Zhao Qiang opens the case",
}


def test_it_plays_a_month_and_prints_the_appealed_case_in_both_languages(
    tmp_path: Path, pinned_server: Located
) -> None:
    """Issue "A dispute is a case", point 5: exit code 0, progress on standard error, the file on standard output."""
    data, environment = tmp_path / "demo", {"FAIRCLAIM_TEMPORAL_SERVER": pinned_server.path_or_address}
    played = fairclaim("demo", "--data", str(data), "--port", str(free_port()), **environment)
    assert played.returncode == 0, played.stderr
    for told in ("第一天", "徐蕾失效", "第 1 案和解", "第 2 案：孙主管裁决归马超", "立即生效", "林悦签下孙浩然"):
        assert told in played.stderr
    english = fairclaim("demo", "--data", str(data), "--show", "--lang", "en")
    assert english.returncode == 0, english.stderr
    assert fairclaim("demo", "--data", str(data), "--show").stdout == played.stdout
    for lang, text in (("zh", played.stdout), ("en", english.stdout)):
        assert in_order(text, FACTS[lang])
        assert re.search(WHEN[lang], text), text
    assert not re.search(r"[一-鿿]", english.stdout), english.stdout
    again = fairclaim("demo", "--data", str(data))
    assert (again.returncode, again.stdout) == (1, "")
    assert "is not empty" in again.stderr


def test_a_folder_without_a_demo_says_how_to_play_one(tmp_path: Path) -> None:
    shown = fairclaim("demo", "--data", str(tmp_path), "--show")
    assert shown.returncode == 1
    assert "play one first: fairclaim demo --data" in shown.stderr


def in_order(text: str, facts: list[str]) -> bool:
    """Every one of them, each after the one before; what is missing is named."""
    at = 0
    for fact in facts:
        found = text.find(fact, at)
        assert found >= 0, f"{fact!r} is not told, or not there:\n{text}"
        at = found
    return True


def fairclaim(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    return subprocess.run(
        [*FAIRCLAIM, *arguments],
        cwd=PROJECT,
        env={**clean_environment(), "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
