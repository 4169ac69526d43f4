"""The README shows what its script prints."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.service import PROJECT, Service

SCRIPT = PROJECT / "docs" / "walk_through.py"


def test_the_walk_through_prints_what_the_readme_shows(service: Service) -> None:
    """Times and receipt numbers are others each time; everything else is the same."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- walk-through.*?```text\n(.*?)```", readme, re.S)
    assert shown is not None
    done = subprocess.run(
        [sys.executable, SCRIPT, service.url, service.data / "admin-token"],
        capture_output=True, encoding="utf-8", timeout=90, check=False, env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert masked(done.stdout) == masked(shown[1])


def masked(text: str) -> str:
    """Times and receipts become `…`."""
    return re.sub(r"\d\d:\d\d:\d\d\.\d+Z|\d{4}-\d\d-\d\dT|(?<=receipt: )\d+", "…", text)
