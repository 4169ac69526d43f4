"""The committed description is the one the code gives (INT-01)."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import described_app
from api.openapi import text

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_the_present_one() -> None:
    """After a change: `python -m api.openapi`."""
    assert COMMITTED.read_text(encoding="utf-8") == text(described_app())


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    operations = [o for methods in document["paths"].values() for o in methods.values()]
    names = [o["operationId"] for o in operations]
    assert len(set(names)) == len(names)
    assert all(o.get("description") for o in operations)


def test_every_problem_code_of_the_closed_list_is_published() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert len(codes) > 80
    assert "customer_owned" in codes
