"""A style that names a class of widgets names one that exists; one that does not would be ignored in silence."""

from __future__ import annotations

import re
from pathlib import Path

import textual.command
import textual.containers
import textual.screen
import textual.widgets

PACKAGE = Path(__file__).parents[2] / "tui_trainer"
SELECTORS = re.compile(r"^([^{};:]*(?::[\w-]+[^{};:]*)*)\{", re.MULTILINE)
TYPE = re.compile(r"(?<![\w$.#:-])([A-Z][A-Za-z]+)")


def styles() -> list[tuple[str, str]]:
    """All style sheets, and all default styles in the code, by file."""
    sheets = [(path.name, path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.tcss")]
    for path in PACKAGE.rglob("*.py"):
        default_styles = re.findall(r'CSS = f?(?:"""(.*?)"""|"(.*?)")', path.read_text(encoding="utf-8"), re.DOTALL)
        sheets += [(path.name, long or short) for long, short in default_styles]
    return sheets


def test_every_class_that_a_style_names_exists() -> None:
    ours = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    textuals = {name for module in (textual.command, textual.containers, textual.screen) for name in vars(module)}
    known = ours | textuals | set(textual.widgets.__all__) | {"ContentTab", "ContentTabs", "ScrollBar", "Underline"}
    named = {
        (file, name)
        for file, text in styles()
        for selectors in SELECTORS.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
        for name in TYPE.findall(selectors)
    }
    assert len(named) > 40
    assert {(file, name) for file, name in named if name not in known} == set()
