"""SECURITY.md names a test for every threat, and each of them is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """The cells of the table, without its head and the lines between its parts."""
    found = re.search(r"<!-- threats -->\n(.*?)\n<!-- /threats -->", PAGE, re.DOTALL)
    assert found is not None
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()[2:]]
    return [row for row in cells if not row[0].strip("| ").startswith("**")]


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of all functions in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_threat_has_a_test_that_is_there() -> None:
    assert len(rows()) > 40
    for row in rows():
        assert len(row) == 3 and all(row), row
        tests = TEST.findall(row[2])
        assert tests and not TEST.sub("", row[2]).strip(" ,"), row
        for path, name in tests:
            assert name.startswith("test_") and name in functions(ROOT / "tests" / path), f"{path}::{name}"


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / target).exists(), target
