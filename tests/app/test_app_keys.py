"""Views, tabs, the folding setup, help, the command palette, and terminals of other sizes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.help import HelpScreen
from tui_trainer.app.dialogs.view_code import ViewCode
from tui_trainer.app.keys import KEYS, MODES
from tui_trainer.app.palette import entries
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.ui.plot_widgets import PlotWidget

if TYPE_CHECKING:
    from running_app import Flow, Start

NARROW = (80, 24)


async def test_keys_change_views_and_tabs(start: Start) -> None:
    async with start() as flow:
        screen, view = flow.screen, flow.screen.query_one(LossView)
        await flow.press("e", "e")
        await flow.until(lambda: flow.progress.epoch == 2, "two epochs")
        plot = view.query_one(PlotWidget)
        await flow.until(lambda: [line.label for line in plot.plot.series] == ["train", "validation"])
        assert not plot.plot.log_y
        await flow.press("y")
        await flow.until(lambda: plot.plot.log_y, "a log axis")
        await flow.press("y")
        await flow.until(lambda: not plot.plot.log_y, "a linear axis")
        await flow.press("b")
        await flow.until(lambda: len(plot.plot.series) == 3, "the mini-batches")
        assert plot.plot.series[0].label == "mini-batches"
        await flow.press("b")
        await flow.until(lambda: len(plot.plot.series) == 2, "no mini-batches")

        seen = [plot.markers]
        for _ in range(3):
            await flow.press("k")
            await flow.until(lambda: plot.markers != seen[-1], "other markers")
            seen.append(plot.markers)
        assert seen == ["braille", "block", "ascii", "braille"]

        for key, name, text in (
            ("2", "data", "150 rows"),
            ("7", "summary", "Param #"),
            ("0", "loss", "epoch"),
        ):
            await flow.press(key)
            await flow.until(lambda text=text: text in flow.screen_text(), f"the tab {name}")
            assert screen.tabs.active == name


async def test_setup_folds_and_the_screen_follows_its_size(start: Start) -> None:
    async with start(size=NARROW) as flow:
        setup, tabs = flow.screen.query_one("#setup"), flow.screen.query_one("#tabs")
        assert tabs.display and not setup.display
        await flow.press("m")
        await flow.until(lambda: setup.display and not tabs.display, "the setup alone")
        await flow.until(lambda: setup.size.width >= NARROW[0] - 3, "over all the width")
        await flow.press("m")
        await flow.until(lambda: tabs.display and not setup.display, "the tabs alone")
        await flow.press("m", "escape")
        await flow.until(lambda: tabs.display and not setup.display, "esc folds it away")
        await flow.press("m", "7")
        await flow.until(lambda: tabs.display and flow.screen.tabs.active == "summary", "a tab unfolds")

        await flow.pilot.resize_terminal(50, 14)
        sentence = "This terminal is 50x14; at least 60x16 is needed."
        await flow.until(lambda: sentence in flow.screen_text(), sentence)
        assert flow.screen_text().strip() == sentence
        await flow.pilot.resize_terminal(120, 40)
        await flow.until(lambda: setup.display and tabs.display, "both at once")
        assert sentence not in flow.screen_text()
        await flow.press("m")
        await flow.until(lambda: not setup.display and tabs.size.width >= 118, "the tabs over all the width")
        await flow.press("m")
        await flow.until(lambda: setup.display, "the setup again")
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step after all that")


async def test_help_names_every_key_and_closes(start: Start) -> None:
    async with start() as flow:
        app = flow.pilot.app
        for closing in ("escape", "question_mark", "q"):
            await flow.press("question_mark")
            await flow.until(
                lambda: isinstance(app.screen, HelpScreen) and len(app.screen.query(Static)) > 2, "the help"
            )
            text = " ".join(" ".join(str(one.render()) for one in app.screen.query(Static)).split())
            await flow.press(closing)
            await flow.until(lambda: app.screen is flow.screen, f"{closing} closes the help")
        assert not [key.group for key in KEYS if f" {key.group} " not in f" {text} "]  # none is cut short
        missing = [key for key in KEYS if f"{key.display} {key.help}" not in text]
        assert not missing
        assert not [key for key in KEYS if len(key.display) > 7]


async def test_the_palette_offers_every_key(start: Start) -> None:
    async with start() as flow:
        app = flow.pilot.app
        offered = {entry.help for entry in entries(flow.screen)}
        for key in KEYS:
            is_offered = f"{key.group}: {key.help} ({key.display})" in offered
            works_later = key.owner in ("lessons", "tab") or key.group in MODES or key.name == "fix"
            assert is_offered or works_later, key
        await flow.press("ctrl+p")
        await flow.until(lambda: isinstance(app.screen, CommandPalette), "the palette")
        await flow.press(*"one mini")
        await flow.until(lambda: "Train on one mini-batch" in flow.screen_text(), "the command found")
        await flow.press("enter")
        await flow.until(lambda: app.screen is flow.screen, "the training screen")
        await flow.until(lambda: flow.progress.steps == 1, "the command done")


async def test_quit_from_a_text_field_too(start: Start) -> None:
    async with start() as flow:
        box = (await flow.unfold("dataset.path")).query_one(Input)
        box.focus()
        await flow.until(lambda: box.has_focus)
        await flow.press("q")
        assert flow.pilot.app.is_running and box.value == "q"
        box.value = ""
        await flow.pilot.press("ctrl+q")
        await flow.until(lambda: not flow.screen.is_running or flow.pilot.app._exit, "the end")


async def test_what_is_typed_lays_nothing_out_anew(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layout is one of the whole screen: it takes longer than anything else that a key sets off."""
    laid_out: list[Screen[object]] = []
    lay_out = Screen._refresh_layout

    def counted(screen: Screen[object], *arguments: Any, **named: Any) -> None:
        laid_out.append(screen)
        lay_out(screen, *arguments, **named)

    async def painted(flow: Flow) -> None:
        done = asyncio.Event()
        flow.screen.call_after_refresh(done.set)
        await flow.until(done.is_set, "the screen painted")

    async with start() as flow:
        box = flow.input("training.learning_rate")
        box.focus()
        await flow.until(lambda: box.has_focus, "focus on the learning rate")
        await painted(flow)
        main = flow.screen  # what the start and the focus asked for is laid out a moment later than painted
        await flow.until(lambda: not (main._layout_required or main._scroll_required), "the layouts of the start")
        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        await flow.press("1", "2")
        await painted(flow)
        assert box.value == "12" and not laid_out


async def test_the_python_of_a_view_is_shown_and_copied(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with start() as flow:
        monkeypatch.setattr(flow.pilot.app, "copy_to_clipboard", copied.append)
        for tab, first in (("2", "import numpy as np"), ("3", "import keras"), ("7", "import keras")):
            await flow.press(tab)
            await flow.until(lambda: flow.screen.tabs.view is not None, "the tab")
            await flow.press("K")
            await flow.until(lambda: isinstance(flow.pilot.app.screen, ViewCode), "the dialog")
            flow.screen.message_line.show_message("")
            await flow.press("c")
            await flow.until_said("Copied: this program runs as it is.")
            assert copied.pop().startswith(first)
        await flow.press("K")
        await flow.until(lambda: isinstance(flow.pilot.app.screen, ViewCode), "the dialog again")
        await flow.press("K")
        await flow.until(lambda: flow.screen.is_active, "the app again")
        assert not copied


async def test_the_summary_and_the_python_follow_the_learning_rate(start: Start) -> None:
    async with start() as flow:
        await flow.press("7")
        await flow.until_shown("learning rate 0.05")
        await flow.press("]")
        rate = flow.screen.experiment.training.learning_rate
        assert rate > 0.05
        await flow.until_shown(f"learning rate {rate:g}")
        await flow.press("K")
        await flow.until(lambda: isinstance(flow.pilot.app.screen, ViewCode), "the dialog")
        assert f"learning_rate={rate!r}" in str(flow.pilot.app.screen.query_one(Static).content)
