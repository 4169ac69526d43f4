"""``fairclaim calendar``: look at working calendars and load a published year (TER-06)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cli.http import Service, ServiceError, Token, Url

app = App(name="calendar", help="Working calendars: list them, load a year that was published.")


@app.command(name="list")
def list_(
    *, url: Url = None, token: Token = None, data: Annotated[Path, Parameter(name="--data")] = Path(".data")
) -> int:
    """Every calendar with the years it knows, as JSON."""
    return _with(url, token, data, lambda service: service.get("/v1/calendars"))


@app.command
def load(
    file: Path,
    *,
    calendar: Annotated[str, Parameter(help="Name of the calendar.")] = "CN",
    url: Url = None,
    token: Token = None,
    data: Annotated[Path, Parameter(name="--data")] = Path(".data"),
) -> int:
    """Load FILE, a JSON object {year, free_days, work_days} or a list of such. Future deadlines are counted again."""
    content = json.loads(file.read_text(encoding="utf-8"))
    years = content if isinstance(content, list) else [content]

    def work(service: Service) -> object:
        found = [c for c in service.pages("/v1/calendars") if c["name"] == calendar]
        if not found:
            raise ServiceError(f"there is no calendar named {calendar}")
        answer: object = None
        for year in years:
            answer = service.post(f"/v1/calendars/{found[0]['id']}/years", year)
        return answer

    return _with(url, token, data, work)


def _with(url: str | None, token: str | None, data: Path, work: Callable[[Service], object]) -> int:
    try:
        with Service(url=url, token=token, data=data) as service:
            print(json.dumps(work(service), ensure_ascii=False, indent=2))
    except ServiceError as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 1
    return 0
