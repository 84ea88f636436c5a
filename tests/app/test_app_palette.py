"""The palette: what is typed gives the right entry first, only what works now is there, and what was chosen last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trainer.app.palette import Palette, found, offered
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT

if TYPE_CHECKING:
    from running_app import Flow, Start

FIRST = {  # what is typed, and the beginning of the title and of the help of the entry that comes first
    "export": ("Export", "Settings:"),
    "reset": ("Reset", "Training:"),
    "undo": ("Undo", "Settings:"),
    "zoom": ("Zoom", "Loss: Zoom in"),
    "spiral": ("Toy: spiral", "Dataset:"),
    "noise": ("Noise", "Field:"),
    "dropout": ("Layer 1 dropout", "Field:"),
    "train": ("Train", "Training:"),
    "step": ("Step", "Training:"),
    "learning rate": ("Learning rate", "Field:"),
    "batch": ("Batch", ""),
    "epochs": ("Epochs", "Field:"),
    "units": ("Layer 1 units", "Field:"),
    "activation": ("Layer 1 activation", "Field:"),
    "seed": ("Data seed", "Field:"),
    "optimizer": ("Optimizer", "Field:"),
    "iris": ("Iris, three species", "Dataset:"),
    "moons": ("Toy: two moons", "Dataset:"),
    "wine": ("Wine, three cultivars", "Dataset:"),
    "momentum": ("Momentum", "Lesson:"),
    "gradient": ("Gradient descent", "Lesson:"),
    "overfitting": ("Overfitting", "Lesson:"),
    "share": ("Share", "Settings:"),
    "save": ("Save", "Settings:"),
    "open": ("Open", "Settings:"),
    "sweep": ("Sweep", "Training:"),
    "help": ("Help", "App:"),
    "quit": ("Quit", "App:"),
    "theme light": ("Theme light", "Setting:"),
    "watch": ("Pace watch", "Setting:"),
    "braille": ("Markers braille", "Setting:"),
    "runs": ("Runs tab", "Tabs:"),
    "screenshot": ("Screenshot", "Save"),
}


async def test_words_give_the_right_entry_first(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        wrong = {}
        for word, (title, help_text) in FIRST.items():
            first = next(iter(found(flow.screen, word)), None)
            if first is None or not (first.title.startswith(title) and first.help.startswith(help_text)):
                wrong[word] = None if first is None else (first.title, first.help)
        assert not wrong


async def test_what_is_found_by_its_help_comes_after_labels(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        titles = [entry.title for entry in found(flow.screen, "mini-batch")]
        assert "Mini-batches" in titles[:1] and "Step" in titles, "the lesson by its label, the key by its help"
        assert not found(flow.screen, "nothing of that kind")


async def test_only_what_works_now_is_offered(start: Start) -> None:
    async with start() as flow:
        titles = {entry.title for entry in offered(flow.screen)}
        assert "Noise" not in titles and "Fix" not in titles and "Variant" not in titles
        await flow.screen.editor.change(with_field(FIRST_EXPERIMENT, "training.epochs", 3))
        await flow.until_loaded(2)
        assert "Noise" in {entry.title for entry in offered(flow.screen)}


async def choose(flow: Flow, typed: str) -> None:
    """Open the palette, type, and take the first entry."""
    app = flow.pilot.app
    await flow.press("ctrl+p")
    await flow.until(lambda: isinstance(app.screen, Palette), "the palette")
    await flow.press(*typed)
    title = found(flow.screen, typed)[0].title
    await flow.until(lambda: title in flow.screen_text(), f"{title!r} in the list")
    await flow.press("enter")
    await flow.until(lambda: app.screen is flow.screen, "the main screen")


async def test_entries_of_all_kinds_do_what_they_say(start: Start) -> None:
    async with start() as flow:
        await choose(flow, "epoch ")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch, by a key's label")
        await choose(flow, "spiral")
        await flow.until(lambda: flow.screen.experiment.dataset.name == "spiral", "a dataset")
        await choose(flow, "noise")
        box = flow.input("dataset.noise")
        await flow.until(lambda: box.has_focus, "a field")
        await flow.press("escape")
        await choose(flow, "theme light")
        await flow.until(lambda: flow.pilot.app.theme == "light", "a setting")
        await flow.screen.tabs.open("live")
        await choose(flow, "smooth")
        await flow.until(lambda: flow.screen.tabs.active == "loss", "a key of another tab, which is opened for it")
        assert [entry.title for entry in offered(flow.screen)][:3] == ["Smooth", "Theme light", "Noise"], "recent first"
        await choose(flow, "gradient descent")
        await flow.until(lambda: flow.screen.in_lesson, "a lesson")


async def test_runs_that_were_listed_are_found(start: Start) -> None:
    async with start() as flow:
        await flow.press("e", "8")
        await flow.until(lambda: flow.contents("runs") and flow.contents("runs")[-1].rows, "the list")
        name = flow.contents("runs")[-1].rows[0].name
        assert any(entry.help.startswith("Run 1:") for entry in found(flow.screen, name))
