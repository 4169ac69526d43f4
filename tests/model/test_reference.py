"""The reference model is a reading of its own: it has nothing of the product in it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: The model, and the time it counts with.
REFERENCE = ("claim_model", "case_model", "working_time")


@pytest.mark.parametrize("name", REFERENCE)
def test_the_model_imports_only_the_standard_library_and_itself(name: str) -> None:
    """Issue "A claim lives": the reference imports nothing from the product, nor what imports the product."""
    own = {f"tests.model.{other}" for other in REFERENCE}
    foreign = [m for m in imported(name) if m not in own and m.partition(".")[0] not in sys.stdlib_module_names]
    assert not foreign


@pytest.mark.parametrize("name", REFERENCE)
def test_the_model_finds_no_way_around_an_import(name: str) -> None:
    """``importlib``, ``__import__`` and ``exec`` would be ways to have the product in without saying so."""
    words = {n.id for n in ast.walk(tree(name)) if isinstance(n, ast.Name)}
    assert not words & {"__import__", "exec", "eval", "compile"}
    assert not {"importlib", "runpy", "subprocess"} & set(imported(name))


def test_importing_the_package_brings_no_product_in() -> None:
    """Importing the model imports the packages above it first."""
    for package in (HERE, HERE.parent):
        assert not (package / "__init__.py").read_text(encoding="utf-8").strip().count("import")


def imported(name: str) -> Iterator[str]:
    """Every module that ``name`` imports, anywhere in it; a relative import counts as what it starts from."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def tree(name: str) -> ast.Module:
    return ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
