"""The style sheets of the app name only widgets that there are, and the app looks the same throughout."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual import widgets
from textual.color import Color
from textual.css.model import SelectorType
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from themed_app import ThemedApp

import tui_trainer
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.help import HelpScreen
from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.app.dialogs.sweep_form import SweepFormDialog
from tui_trainer.app.palette import Palette
from tui_trainer.app.preferences import Preferences
from tui_trainer.app.setup.panel import Fold
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.settings import Markers, Settings
from tui_trainer.tabs.data.view import DataView
from tui_trainer.ui.card import Card
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import Field, TextButton
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Start

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
    styles = Stylesheet(variables=ThemedApp().get_css_variables())
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


@pytest.mark.parametrize("markers", [None, "ascii"])
async def test_all_dialogs_and_the_palette_have_the_same_frame(start: Start, markers: Markers | None) -> None:
    expected = "round" if markers is None else "ascii"
    async with start(preferences=Preferences(Settings(markers=markers))) as flow:
        app = flow.pilot.app
        for key, kind in (("question_mark", HelpScreen), ("i", PickFile), ("M", SweepFormDialog), ("ctrl+s", AskPath)):
            await flow.press(key)
            await flow.until(lambda kind=kind: isinstance(app.screen, kind) and app.screen.query(".box"), kind.__name__)
            box = app.screen.query_one(".box")
            edges = (box.styles.border_top, box.styles.border_right, box.styles.border_bottom, box.styles.border_left)
            assert {kind for kind, _ in edges} == {expected}
            assert {color for _, color in edges} == {Color.parse(app.get_theme(app.theme).primary)}
            await flow.press("escape")
            await flow.until(lambda: app.screen is flow.screen, "no dialog")
        await flow.press("ctrl+p")
        await flow.until(lambda: isinstance(app.screen, Palette), "the palette")
        assert app.screen.query_one("#--input").styles.border_top[0] == expected


async def test_plots_have_thick_markers_on_light_themes_unless_others_were_chosen(start: Start) -> None:
    async with start(tab="live") as flow:
        app, plot = flow.pilot.app, flow.screen.query(PlotWidget).first()
        assert plot.markers == "braille"
        for theme, markers in (("light", "block"), ("dark", "braille"), ("projector", "block")):
            app.theme = theme
            await flow.until(lambda markers=markers: plot.markers == markers, theme)
        await flow.press("2")
        await flow.until(lambda: flow.screen.query(DataView), "the data")
        app.theme = "dark"
        await flow.until(lambda: plot.markers == "braille", "dark again")
        assert flow.screen.query_one(DataView).query_one(PlotWidget).markers == "block", "single samples are large"
        await flow.press("k", "k", "k")
        await flow.until(lambda: plot.markers == "braille", "braille, chosen")
        app.theme = "light"
        await flow.until(lambda: app.current_theme.name == "light", "light")
        await flow.press("1")
        assert plot.markers == "braille"


async def test_cards_are_framed_in_ascii_where_plots_are_and_the_one_in_focus_is_seen(start: Start) -> None:
    async with start(preferences=Preferences(Settings(markers="ascii")), tab="live") as flow:
        cards = list(flow.screen.query(Card))
        assert len(cards) > 5 and {card.styles.border_top[0] for card in cards} == {"ascii"}
        panel = flow.screen.training_panel
        at_rest = panel.styles.border_top
        flow.input("training.epochs").focus()
        await flow.until(lambda: panel.styles.border_top != at_rest, "another colour")
        assert panel.styles.border_top[0] == "ascii"


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_dialogs_fit_on_a_small_terminal(start: Start, size: tuple[int, int]) -> None:
    async with start(size=size) as flow:
        app = flow.pilot.app
        for key, kind in (("question_mark", HelpScreen), ("i", PickFile), ("M", SweepFormDialog), ("ctrl+s", AskPath)):
            await flow.press(key)
            await flow.until(lambda kind=kind: isinstance(app.screen, kind) and app.screen.query(".box"), kind.__name__)
            box = app.screen.query_one(".box")
            await flow.until(lambda box=box: box.region, "its place")
            assert app.screen.region.contains_region(box.region), kind.__name__
            hidden = [one for one in app.screen.query(TextButton) if not box.region.contains_region(one.region)]
            assert not hidden, f"all buttons of {kind.__name__} are seen"
            await flow.press("escape")
            await flow.until(lambda: app.screen is flow.screen, "no dialog")


async def test_words_of_the_setup_are_whole(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        for fold in flow.screen.query(Fold):
            fold.row.action_fold()
            await flow.until(lambda fold=fold: fold.is_open and fold.body.children, "the fields behind a row")
        labels = {field.label for field in flow.screen.query(Field)}
        assert "after (s)" in labels and labels.isdisjoint({"drop", "or after s"})
        assert " dropout" in flow.screen_text(), "not cut, nor shortened"
        choices = {text for one in flow.screen.query(Dropdown) for text, _ in one.options}
        assert "Glorot uniform" in choices and "glorot unif" not in choices
