"""What a quick start rests on: few widgets, each styled once; rarer fields are made when they are wanted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running_app import WIDE, text_of, wait_until
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import LEAVING, MainScreen
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.ui.fields import Field
from tui_trainer.ui.keymap import action_of, keymap

if TYPE_CHECKING:
    from running_app import Flow, Start

MOST_WIDGETS = 150
MOST_RESTYLED = 15  # boxes that are ticked, the open tab, and what the data change


def paths(flow: Flow) -> set[str]:
    """The paths of all fields there are."""
    return {field.path for field in flow.screen.query(Field)}


async def test_widgets_are_few_and_styled_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    styled: Counter[DOMNode] = Counter()
    apply = Stylesheet.apply

    def counted(sheet: Stylesheet, node: DOMNode, **options: object) -> None:
        styled[node] += 1
        apply(sheet, node, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Stylesheet, "apply", counted)
    async with start() as flow:
        widgets = list(flow.screen.query("*"))
        again = [widget for widget in widgets if styled[widget] > 1]
        assert len(widgets) <= MOST_WIDGETS, Counter(type(widget).__name__ for widget in widgets)
        assert len(again) <= MOST_RESTYLED, again


async def test_folded_fields_are_made_when_they_are_first_unfolded(start: Start) -> None:
    folded = {"training.optimizer.momentum", "training.optimizer.beta_2", "model.layers[0].dropout", "dataset.path"}
    async with start() as flow:
        assert not folded & paths(flow)
        for path in folded:
            await flow.unfold(path)
        assert folded <= paths(flow)


async def test_keys_typed_ahead_break_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key of the screen, pressed before it has composed itself."""
    done: dict[str, bool] = {}
    compose = MainScreen._compose

    async def pressed(screen: MainScreen) -> None:
        if not done:
            names = [key.name for key in keymap().listed if key.name not in LEAVING]
            done.update({name: await screen.run_action(action_of(name)) for name in names})
        await compose(screen)

    monkeypatch.setattr(MainScreen, "_compose", pressed)
    async with start() as flow:
        assert len(done) > 100 and not any(done.values())
        await flow.press("a")
        await flow.until(lambda: len(flow.screen.experiment.model.layers) == 2, "a layer more")


async def test_data_that_can_not_be_loaded(quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    (tmp_path / "flats.csv").write_text("size,rent\n1,2\n3,4\n5,6\n")
    data = DatasetConfig(path=str(tmp_path / "flats.csv"), target="rant")
    app = TrainerApp(with_field(Experiment(), "dataset", data))
    async with app.run_test(size=WIDE) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        await wait_until(pilot, lambda: "rant" in text_of(screen.message_line), "what is wrong")
        assert "nothing loaded" in screen.status.text
