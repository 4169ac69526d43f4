"""One running service for all tests of a file, and the command line in front of it."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import app
from tests.support.service import RemoteCompany, Service, closing_company
from worker.engine import Located


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pinned_server: Located) -> Iterator[Service]:
    """``fairclaim up`` on a folder of its own."""
    with Service(tmp_path_factory.mktemp("service"), server=pinned_server) as running:
        yield running


@pytest.fixture(scope="module")
def company(service: Service) -> Iterator[RemoteCompany]:
    with closing_company(service.company()) as opened:
        yield opened


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> dict[str, Any]:
        """The results by external_id, of a run with ``--json``."""
        return {row["external_id"]: row for row in json.loads(self.out)["rows"]}

    @property
    def results_by_line(self) -> dict[int, Any]:
        """The same by line."""
        return {row["line"]: row for row in json.loads(self.out)["rows"]}

    @property
    def summary(self) -> dict[str, int]:
        """How often each result came, those that did not left out."""
        return {name: count for name, count in json.loads(self.out)["summary"].items() if count}


Imported = Callable[..., Told]


@pytest.fixture
def imported(service: Service, tmp_path: Path) -> Imported:
    """``fairclaim import KIND FILE --json …``; the file's content is written first if it is not there yet."""

    def run(kind: str, content: str | bytes | Path, *options: str, as_json: bool = True) -> Told:
        path = content if isinstance(content, Path) else tmp_path / "file.csv"
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        tokens = ["import", kind, str(path), "--url", service.url, "--token", service.token, *options]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = app([*tokens, "--json"] if as_json else tokens, result_action="return_value")
        assert isinstance(code, int)
        return Told(code, out.getvalue(), err.getvalue())

    return run
