"""``fairclaim calendar``: look at working calendars and load a published year (TER-06)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cli.failing import CallError
from cli.http import Service, ServiceError, Token, Url

_Data = Annotated[Path, Parameter(name="--data", help="The data folder, for its admin-token.")]

app = App(name="calendar", help="Working calendars: list them, load a year that was published.")


@app.command(name="list")
def list_(*, url: Url = None, token: Token = None, data: _Data = Path(".data")) -> int:
    """Every calendar with the years it knows, as JSON."""
    return _with(url, token, data, lambda service: service.get("/v1/calendars"))


@app.command
def load(
    file: Annotated[Path, Parameter(help="JSON in UTF-8.")],
    *,
    calendar: Annotated[str, Parameter(help="Name of the calendar.")] = "CN",
    url: Url = None,
    token: Token = None,
    data: _Data = Path(".data"),
) -> int:
    """Load FILE, a JSON object {year, free_days, work_days} or a list of such. Future deadlines are counted again."""
    years = _years(file)

    def work(service: Service) -> object:
        found = [c for c in service.pages("/v1/calendars") if c["name"] == calendar]
        if not found:
            raise ServiceError(f"there is no calendar named {calendar}")
        answer: object = None
        for year in years:
            answer = service.post(f"/v1/calendars/{found[0]['id']}/years", year)
        return answer

    return _with(url, token, data, work)


def _years(file: Path) -> list[object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CallError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CallError(f"{file} is not a JSON file in UTF-8") from None
    return content if isinstance(content, list) else [content]


def _with(url: str | None, token: str | None, data: Path, work: Callable[[Service], object]) -> int:
    try:
        with Service(url=url, token=token, data=data) as service:
            print(json.dumps(work(service), ensure_ascii=False, indent=2))
    except ServiceError as error:
        print(f"fairclaim: {error}", file=sys.stderr)
        return 1
    return 0
