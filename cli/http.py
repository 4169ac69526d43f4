"""The running service as command line tools see it: over HTTP, with a token."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import httpx2
from cyclopts import Parameter

Url = Annotated[
    str | None, Parameter(help="Address of the service; default FAIRCLAIM_URL, else http://127.0.0.1:8080.")
]
Token = Annotated[str | None, Parameter(help="Token; default FAIRCLAIM_TOKEN, else the content of DATA/admin-token.")]


class ServiceError(Exception):
    """The service refused, or is not there; the message is for people."""


class Service:
    """Calls to one service. Writes carry an idempotency key of their own unless one is given."""

    def __init__(self, *, url: str | None, token: str | None, data: Path) -> None:
        self._url = url or os.environ.get("FAIRCLAIM_URL") or "http://127.0.0.1:8080"
        self._client = httpx2.Client(
            base_url=self._url,
            timeout=30,
            headers={"authorization": f"Bearer {token or _token(data)}", "accept-language": "en"},
        )

    def __enter__(self) -> Service:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._answer("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        return self._answer("POST", path, json=body, headers={"idempotency-key": key or str(uuid.uuid4())})

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list."""
        cursor: str | None = None
        while True:
            found = self.get(path, limit=200, cursor=cursor, **query)
            yield from found["items"]
            cursor = found["next"]
            if cursor is None:
                return

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, path, **more)
        except httpx2.TransportError as error:
            raise ServiceError(f"{self._url} does not answer ({type(error).__name__}); is it running?") from error
        if answer.status_code >= 400:
            problem = answer.json()
            fields = "".join(f"\n  {e['field']}: {e['code']}" for e in problem.get("errors", []))
            raise ServiceError(f"{problem['code']}: {problem['detail']}{fields}")
        return answer.json()


def _token(data: Path) -> str:
    given = os.environ.get("FAIRCLAIM_TOKEN")
    if given:
        return given
    path = data / "admin-token"
    if not path.exists():
        raise ServiceError(f"no token: give --token, set FAIRCLAIM_TOKEN, or name the data folder ({path} is missing)")
    return path.read_text().strip()
