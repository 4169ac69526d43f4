"""Writes ``calendar_cn.json``: the public holidays and make-up workdays (调休) of mainland China (TER-06).

    python -m storage.seed.make_calendar

Run it again when chinesecalendar knows a new year; the file is committed, so the service never needs the package.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from chinese_calendar.constants import holidays, workdays

from domain.calendar import CalendarYear, year_as_json

SEED: Final = Path(__file__).with_name("calendar_cn.json")

# The dates of the package are kept only where they differ from these.
MONDAY_TO_FRIDAY: Final = frozenset(range(1, 6))


def seed_text() -> str:
    """The whole file: one line for each year, so that a new year is a new line."""
    free_days = [day for day in holidays if day.isoweekday() in MONDAY_TO_FRIDAY]
    work_days = [day for day in workdays if day.isoweekday() not in MONDAY_TO_FRIDAY]
    years = sorted({day.year for day in holidays})
    lines = [json.dumps(year_as_json(_year(year, free_days, work_days))) for year in years]
    return _FORM.format(version=version("chinesecalendar"), years=",\n    ".join(lines))


_FORM: Final = """\
{{
  "country": "CN",
  "zone": "Asia/Shanghai",
  "source": "chinesecalendar {version}",
  "years": [
    {years}
  ]
}}
"""


def _year(year: int, free_days: Collection[date], work_days: Collection[date]) -> CalendarYear:
    free, work = (frozenset(day for day in days if day.year == year) for days in (free_days, work_days))
    return CalendarYear(year, free_days=free, work_days=work)


if __name__ == "__main__":
    SEED.write_text(seed_text(), encoding="utf-8")
