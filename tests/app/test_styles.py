"""The style sheets of the app name only widgets that there are."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from textual import widgets
from textual.app import App
from textual.css.model import SelectorType
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

import tui_trainer

ROOMS = ("app", "tabs", "ui")
SHEETS = sorted(Path(tui_trainer.__file__).parent.rglob("*.tcss"))


def node_classes() -> set[type[DOMNode]]:
    """Every widget, screen and app of the package and of Textual's that is imported with it."""
    for room in ROOMS:
        package = importlib.import_module(f"tui_trainer.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    pending, classes = [DOMNode], set()
    while pending:
        pending += (subclasses := pending.pop().__subclasses__())
        classes |= set(subclasses)
    return classes


def test_every_type_in_a_style_sheet_is_a_widget() -> None:
    classes = node_classes()
    names = {one.__name__ for one in classes} | set(widgets.__all__)
    styles = Stylesheet(variables=App().get_css_variables())
    ours = [one for one in classes if one.__module__.startswith("tui_trainer.")]
    for one in ours:
        sheet = "\n".join(str(vars(one).get(name, "")) for name in ("DEFAULT_CSS", "CSS"))
        styles.add_source(sheet, (one.__module__, one.__qualname__))
    for path in SHEETS:
        styles.add_source(path.read_text(), (path.name, ""))
    used = {
        selector.name
        for rule in styles.rules
        for selectors in rule.selector_set
        for selector in selectors.selectors
        if selector.type is SelectorType.TYPE
    }
    assert used and used <= names, used - names
