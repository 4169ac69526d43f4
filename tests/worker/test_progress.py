"""Progress: a line at once, one now and then, one at the end; nothing of it may break what it tells of."""

from __future__ import annotations

from io import StringIO

import pytest

from tests.support.waiting import eventually
from worker.progress import LiveProgress, PlainProgress, progress_to


def test_a_log_gets_plain_lines() -> None:
    shown = StringIO()
    with PlainProgress(shown, every_s=0.01).step("Migrating") as note:
        assert shown.getvalue() == "Migrating …\n"
        note("table claim")
        eventually(lambda: "table claim" in shown.getvalue(), within_s=5, what="the detail is shown")
    first, *between, last = shown.getvalue().splitlines()
    assert first == "Migrating …"
    assert all(line.startswith("  … 0 s") for line in between)
    assert last.startswith("Migrating: took ")


def test_a_failed_step_is_not_told_as_over() -> None:
    shown = StringIO()
    with pytest.raises(ZeroDivisionError), PlainProgress(shown).step("Dividing"):
        _ = 1 // 0
    assert shown.getvalue() == "Dividing …\n"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_live_line_and_what_looks_like_markup_is_shown_as_it_is() -> None:
    shown = Terminal()
    progress = progress_to(shown)
    assert isinstance(progress, LiveProgress)
    with progress.step("Building") as note:
        note("[red]package[/nonsense]")
    assert shown.getvalue().rstrip().endswith("Building: took 0 s")
    assert isinstance(progress_to(StringIO()), PlainProgress)


def test_a_long_detail_is_cut() -> None:
    shown = StringIO()
    with PlainProgress(shown, every_s=0.01).step("Building") as note:
        note("x" * 500)
        eventually(lambda: "xxx" in shown.getvalue(), within_s=5, what="the detail is shown")
    assert max(len(line) for line in shown.getvalue().splitlines()) < 120
