"""What the linter cannot know: clocks, names, docstrings (style: "let the machine hold the line")."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "activities", "workflows", "storage", "worker", "api", "cli")
SOURCES = sorted(
    p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if "migrations/versions" not in p.as_posix()
)
#: Code that must give the same answer every time it runs (design section 2).
PURE = [p for p in SOURCES if p.is_relative_to(ROOT / "domain")] + [
    ROOT / "workflows" / name
    for name in (
        "claim.py",
        "dispute.py",
        "keeping.py",
        "lead.py",
        "messages.py",
        "names.py",
        "options.py",
        "stream.py",
    )
]
_IMPURE = re.compile(
    r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time|time\.monotonic|time\.time_ns|random\.|uuid4|uuid1|"
    r"os\.environ|open\()"
)
#: The database's own clocks that were read before a lock was held.
_EARLY_CLOCK = re.compile(r"\b(CURRENT_TIMESTAMP|func\.now\(|now\(\)::|strftime\('%s|datetime\('now)", re.IGNORECASE)
_VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common)($|_)")


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 80
    assert len(PURE) > 40


@pytest.mark.parametrize("path", PURE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_pure_code_reads_no_clock_and_throws_no_dice(path: Path) -> None:
    """Wall clock, random and uuid4 in passed-through modules are not caught by the sandbox."""
    found = [line for line in code_lines(path) if _IMPURE.search(line)]
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_sql_reads_a_clock_that_predates_its_lock(path: Path) -> None:
    """Design section 2, "One clock": `now()` was a second older than the lock it waited for."""
    assert not [line for line in code_lines(path) if _EARLY_CLOCK.search(line)]


def test_files_and_classes_have_names_that_say_something() -> None:
    vague = [p for p in SOURCES if any(_VAGUE.search(part.removesuffix(".py").lower()) for part in p.parts[-3:])]
    vague_classes = [
        f"{p.name}: {node.name}"
        for p in SOURCES
        for node in ast.walk(tree(p))
        if isinstance(node, ast.ClassDef) and re.search(r"(Helper|Manager|Util)s?$", node.name)
    ]
    assert not vague
    assert not vague_classes


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_is_public_says_what_it_is_for(path: Path) -> None:
    assert not list(undocumented(path))


def undocumented(path: Path) -> Iterator[str]:
    """Public modules, classes and functions without a docstring; enumerations and plain data say it by their names."""
    module = tree(path)
    if not ast.get_docstring(module):
        yield path.name
    for node in module.body:
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
            "_"
        )
        if named and not ast.get_docstring(node) and not is_plain_data(node):
            yield node.name


def is_plain_data(node: ast.AST) -> bool:
    """A class of annotated fields only: its fields are its documentation."""
    return isinstance(node, ast.ClassDef) and all(isinstance(item, ast.AnnAssign | ast.Assign) for item in node.body)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def code_lines(path: Path) -> list[str]:
    """Lines without comments and docstrings, where the words may well stand."""
    text = path.read_text(encoding="utf-8")
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return [line.split("#")[0] for number, line in enumerate(text.splitlines(), start=1) if number not in skipped]


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    """Nobody finds a page that nothing leads to."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"](docs/{page.name})" not in readme] == []
