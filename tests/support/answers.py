"""What a test asks of an answer, said in one line."""

from __future__ import annotations

from typing import Any

import httpx2


def refused(response: httpx2.Response, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The problem of a refused call: this status, this code, exactly these fields in ``errors``."""
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem.get("code")) == (status, code), response.text
    assert [error["field"] for error in problem["errors"]] == list(fields)
    return problem


def listed(response: httpx2.Response) -> list[dict[str, Any]]:
    """The items of a list's page."""
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items
