"""The user's settings in the app: keys, palettes, what is remembered, less motion, and a call when a run ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.color import Color
from textual.widgets import Static
from textual.widgets._toast import Toast

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.help import HelpScreen
from tui_trainer.app.keys import keymap_with
from tui_trainer.app.palette import entries
from tui_trainer.app.preferences import CONFIG, Preferences
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.plotting.colors import contrast
from tui_trainer.settings import RememberedSettings, Settings
from tui_trainer.ui.keymap import use

if TYPE_CHECKING:
    from running_app import Flow, Start

SHORT = with_field(Experiment(), "training.epochs", 3)
OURS = {"dark": 4.5, "light": 4.5, "color-blind": 4.5, "high-contrast": 7.0, "projector": 7.0}
ON_BOXES = 4.5  # numbers on neurons: between black and white there is no more for either


@pytest.fixture
def usual_keys() -> Iterator[None]:
    """Puts the usual keys in force again."""
    yield
    use(keymap_with())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be sent to the terminal."""
    sequences: list[str] = []
    monkeypatch.setattr(TrainerApp, "_send_sequence", lambda app, sequence: sequences.append(sequence))
    return sequences


@pytest.fixture
def lasting_complaints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Complaints that stay until they have been looked at, however busy the machine is."""
    monkeypatch.setattr("tui_trainer.app.app.COMPLAINING", 1000.0)


async def test_settings_are_kept_to_and_choices_remembered(
    start: Start, tmp_path: Path, usual_keys: None, sent: list[str], lasting_complaints: None
) -> None:
    memory = RememberedSettings(tmp_path / "remembered.json")
    keymap = keymap_with({"toggle_training": "f5", "step": "f8,T"})
    settings = Settings(theme="color-blind", markers="block", reduced_motion=True, notify="bell")
    told = ("config.toml, line 1: [b]wrong[/b]", "second", "not told")
    preferences = Preferences(settings, keymap, {"theme": CONFIG}, told, memory)
    async with start(SHORT, preferences=preferences) as flow:
        app = flow.pilot.app
        assert isinstance(app, TrainerApp) and app.theme == "color-blind"
        await flow.until_shown("Press f5 to train, f8 for one mini-batch, e for one epoch.")
        await flow.until_shown("[b]wrong[/b]")
        assert "1 more: tui-trainer settings" in flow.screen_text() and "not told" not in flow.screen_text()
        assert "f5 train f8 step" in " ".join(flow.screen_text().splitlines()[-1].split())
        await flow.press("T")
        await flow.until(lambda: flow.screen.status.progress is not None and flow.progress.steps == 1, "one step")
        await flow.press("space", "s")
        assert flow.progress.steps == 1, "the usual keys do nothing"
        assert app.window_title() == "‖ iris 16 relu ρ .05 0/3 paused"
        assert flow.screen.trainer.pacing.min_interval == 0.5 and flow.screen.markers == "block"

        await flow.press("k")
        await flow.until(lambda: memory.recall().markers == "ascii", "the markers remembered")
        app.theme = "light"
        await flow.until(lambda: memory.recall().theme == "light", "the theme remembered")
        await flow.until_shown("At the next start it will be color-blind again")
        box = flow.input("training.epochs")
        box.focus()
        await flow.until(lambda: box.has_focus and not box.cursor_blink, "a cursor that does not blink")
        await flow.press("escape")

        await flow.press("question_mark")
        await flow.until(lambda: isinstance(app.screen, HelpScreen) and app.screen.query(Static), "the help")
        await flow.until_shown("f5 Train or pause")
        await flow.press("escape")
        assert any(entry.help == "Training: Train or pause (f5)" for entry in entries(flow.screen))
        assert sent == []
        await flow.press("f5")
        await flow.until(lambda: sent == ["\x07"], "a bell")
        await flow.until(lambda: app.window_title().endswith("finished"), "the last frame")
        app._rename_window()
        app._rename_window()
        assert sent[1:] == ["\x1b]2;✔ iris 16 relu ρ .05 3/3 finished\x07"], (
            "a title that is the same is not sent again"
        )


@pytest.mark.parametrize(
    "tabs",
    [
        pytest.param((("1", "validation"), ("5", "w·x")), id="loss, network"),
        pytest.param((("2", "150 rows"), ("6", "recall")), id="data, predictions", marks=pytest.mark.slow),
    ],
)
async def test_text_keeps_its_contrast_in_every_palette(
    tabs: tuple[tuple[str, str], ...], start: Start, monkeypatch: pytest.MonkeyPatch, lasting_complaints: None
) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    async with start(preferences=Preferences(complaints=("one",))) as flow:
        app = flow.pilot.app
        await flow.press("e", "e")
        await flow.until(lambda: flow.progress.epoch == 2, "two epochs")
        flow.screen.message_line.show_message("an error", "error")
        for theme, least in OURS.items():
            app.theme = theme
            paper = app.get_theme(theme).background
            await flow.until(lambda paper=paper: flow.screen.styles.background == Color.parse(paper), theme)
            for tab, text in tabs:
                await flow.press(tab)
                await flow.until_shown(text)
                assert_readable(flow, least, f"{theme}, tab {tab}")
        assert app.screen.query(Toast)


def assert_readable(flow: Flow, least: float, where: str) -> None:
    """Every letter and digit on the screen stands out from its background."""
    for row, strip in enumerate(flow.pilot.app.screen._compositor.render_strips()):
        for text, style, _ in strip:
            if style is None or style.color is None or style.bgcolor is None or not any(map(str.isalnum, text)):
                continue
            found = contrast(style.color, style.bgcolor)
            number = text.strip().lstrip("−").replace(".", "").isdigit()
            assert found >= (ON_BOXES if number else least), (where, row, text, style, found)
