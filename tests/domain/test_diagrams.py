"""Generated pictures are committed and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.diagrams import PAGES, picture

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("mark", "page"), [(mark, page) for mark, pages in PAGES.items() for page in pages])
def test_a_page_shows_the_lifecycle_of_today(mark: str, page: str) -> None:
    """CLM-01, DSP-01: run `python -m domain.diagrams` after a change."""
    assert picture(mark) in (ROOT / page).read_text(encoding="utf-8"), f"{page} shows an old picture"
