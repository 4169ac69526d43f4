"""The report of an acceptance run: what was run where, every check, every figure."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.acceptance.checks import Findings
from tests.support.service import PROJECT


def print_table(findings: Findings) -> None:
    """The checks as a table on standard output."""
    table = Table("part", "check", "expected", "found", "", show_lines=False)
    for check in findings.checks:
        table.add_row(
            check.part, check.statement, check.expected, check.found, "[green]ok[/]" if check.ok else "[red]FAILED[/]"
        )
    Console(width=max(100, Console().width)).print(table)


def markdown(
    findings: Findings,
    *,
    at: datetime,
    seed: int,
    surroundings: Mapping[str, str],
    told: Mapping[str, Sequence[str]],
    command: str,
) -> str:
    """The whole report."""
    failed = sum(not check.ok for check in findings.checks)
    verdict = "all checks hold" if findings.ok else f"{failed} of {len(findings.checks)} checks FAILED"
    lines = [f"# Acceptance run of {at:%Y-%m-%d %H:%M} UTC: {verdict}", ""]
    lines += [f"`{command}`, seed {seed}", ""]
    lines += ["| what | which |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in surroundings.items()]
    lines += ["", "## Checks", "", "| part | check | expected | found | |", "| --- | --- | ---: | ---: | --- |"]
    lines += [
        f"| {' | '.join(map(_cell, (c.part, c.statement, c.expected, c.found)))} | {'ok' if c.ok else '**FAILED**'} |"
        for c in findings.checks
    ]
    lines += ["", "## Figures", "", "| part | figure | value |", "| --- | --- | --- |"]
    lines += [f"| {f.part} | {_cell(f.name)} | {_cell(f.value)} |" for f in findings.figures]
    for part, said in told.items():
        lines += ["", f"## The end of what {part} told", "", "```", *said, "```"]
    return "\n".join(lines) + "\n"


def machine() -> dict[str, str]:
    """What it ran on: sizes, no names."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processors": str(os.cpu_count()),
        "memory": f"{pages / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load when it began": f"{os.getloadavg()[0]:.1f}",
    }


def software() -> dict[str, str]:
    """Versions of what is ours and what lies beneath."""
    return {"Fairclaim": _commit(), "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "?"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
