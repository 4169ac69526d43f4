"""The running service as command line tools see it: over HTTP, with a token."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
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
    """The service refused (with ``code``), or is not there; the message is for people."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said: the body of an answer, or the problem of a refusal; None where there is no body."""

    status: int
    body: Any

    @property
    def refused(self) -> bool:
        return self.status >= 400


#: How long a call is made again while the service is away, busy or undecided.
PATIENCE_S = 30.0


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

    def upload(self, path: str, name: str, content: bytes) -> Any:
        """One file, as a form has it."""
        return self._answer(
            "POST", path, files={"file": (name, content)}, headers={"idempotency-key": str(uuid.uuid4())}
        )

    def ask(
        self, path: str, body: Any, *, key: str, method: str = "POST", token: str | None = None, dry_run: bool = False
    ) -> Answer:
        """A write, whatever its answer. It is made again with the same key while it is not decided, and no longer
        than PATIENCE_S; a refusal that was only remembered from an earlier try is asked for anew.

        ``token``: of whom it is made as, if not the caller. ``dry_run``: check only, keep nothing.
        """
        headers = {"idempotency-key": key}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if dry_run:
            headers["fairclaim-dry-run"] = "true"
        until, wait_s = time.monotonic() + PATIENCE_S, 0.05
        while True:
            answer: httpx2.Response | None = None
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError as error:
                if time.monotonic() > until:
                    raise self._silent(error) from error
            if answer is not None:
                if answer.status_code == 409 and answer.headers.get("idempotency-replayed") == "true":
                    # It changed nothing then; what it was refused for may be over.
                    headers["idempotency-key"] = str(uuid.uuid4())
                elif not _undecided(answer) or time.monotonic() > until:
                    return Answer(answer.status_code, answer.json() if answer.content else None)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, 2.0)

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
            raise self._silent(error) from error
        if answer.status_code >= 400:
            problem = answer.json()
            fields = "".join(f"\n  {e['field']}: {e['code']}" for e in problem.get("errors", []))
            raise ServiceError(f"{problem['code']}: {problem['detail']}{fields}", problem["code"])
        return answer.json()

    def _silent(self, error: Exception) -> ServiceError:
        return ServiceError(f"{self._url} does not answer ({type(error).__name__}); is it running?")


def _undecided(answer: httpx2.Response) -> bool:
    if answer.status_code in (202, 503):
        return True
    return answer.status_code == 409 and answer.json().get("code") == "request_in_flight"


def _token(data: Path) -> str:
    given = os.environ.get("FAIRCLAIM_TOKEN")
    if given:
        return given
    path = data / "admin-token"
    if not path.exists():
        raise ServiceError(f"no token: give --token, set FAIRCLAIM_TOKEN, or name the data folder ({path} is missing)")
    return path.read_text().strip()
