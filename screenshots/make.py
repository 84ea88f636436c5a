"""Draw the pictures of the README: the real app, its trainer and all, at steps that are always the same.

    python screenshots/make.py

Writes one SVG a picture beside this file. The examples fix every seed, and each picture is taken while
nothing is being trained, so the same code gives the same files.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# This checkout's app, not an older one that is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from textual.pilot import Pilot

from tui_trainer.book.library import packaged
from tui_trainer.experiment import Experiment, read, with_field
from tui_trainer.ui.app import TrainerApp
from tui_trainer.ui.screens.train import TrainScreen

ROOT = Path(__file__).resolve().parents[1]
FONTS = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"
PATIENCE = 60.0  # seconds until a picture is given up
STILL = 0.6  # seconds without a change until it is taken
ENDS = ("finished", "stopped early", "diverged")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: an experiment, the name of an example, and how far it is trained.

    ``epochs`` are trained with ``e``, one by one; with ``whole`` the run goes on to its end, as with ``space``. With
    ``lesson`` that lesson is loaded first. Then ``keys`` are pressed.
    """

    name: str
    example: str = "iris"
    epochs: int = 0
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 40)
    whole: bool = False
    lesson: str = ""
    changes: tuple[tuple[str, object], ...] = ()

    def experiment(self) -> Experiment:
        """The experiment, with the changes."""
        experiment = read(ROOT / "examples" / f"{self.example}.toml")
        for path, value in self.changes:
            experiment = with_field(experiment, path, value)
        return experiment


def _lesson(lesson: str, *keys: str, whole: bool = True, epochs: int = 0, size: tuple[int, int] = (120, 40)) -> Shot:
    name = f"lesson_{lesson}" + ("_small" if size[0] < 100 else "")
    return Shot(name, whole=whole, epochs=epochs, keys=keys, lesson=lesson, size=size)


SHOTS = (
    Shot("boundary", "spiral", whole=True, keys=("4",)),
    Shot("boundary_wide", "spiral", whole=True, keys=("m", "4")),
    Shot("training", epochs=120, keys=("y",)),
    Shot("overfit", "iris_overfit", whole=True),
    Shot("checkpoint", "iris_overfit", whole=True, keys=("W",)),
    Shot("batches", epochs=40, keys=("b",), changes=(("training.batch_size", 5),)),
    Shot("data", "boston_six", keys=("2",)),
    Shot("landscape", "perceptron", whole=True, keys=("3",)),
    Shot("network", whole=True, keys=("5",)),
    Shot("predictions", whole=True, keys=("6",)),
    Shot("predictions_numbers", "boston_six", whole=True, keys=("6",)),
    Shot("summary", "iris_overfit", keys=("7",)),
    Shot("book", keys=("9",)),
    Shot("help", keys=("question_mark",)),
    Shot("small", epochs=60, keys=("y",), size=(80, 24)),
    _lesson("perceptron"),
    _lesson("gradient_descent"),
    _lesson("gradient_descent", size=(80, 24)),
    _lesson("two_parameters"),
    _lesson("universal_approximation"),
    _lesson("activations"),
    _lesson("output_softmax"),
    _lesson("logistic_loss"),
    _lesson("exclusive_or"),
)


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    app = TrainerApp(shot.experiment())
    async with app.run_test(size=shot.size) as pilot:
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        await _until(pilot, lambda: screen.state == "ready", f"{shot.name}: no trainer")
        if shot.lesson:
            await _open_lesson(pilot, screen, shot.lesson)
        if shot.whole:
            await pilot.press("space")
            await _until(pilot, lambda: screen.state in ENDS, f"{shot.name}: not finished")
        for epoch in range(1, shot.epochs + 1):
            await pilot.press("e")
            await _until(pilot, lambda epoch=epoch: _epoch(screen) == epoch, f"{shot.name}: epoch {epoch}")
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause()
        return tidy(await _settled(pilot))


async def _open_lesson(pilot: Pilot[None], screen: TrainScreen, name: str) -> None:
    """Choose a lesson in the Book tab by keys and load it."""
    await pilot.press("9")
    await _until(pilot, lambda: screen.tabs.view is not None and screen.tabs.active == "book", "no Book tab")
    names = [lesson.id.partition(":")[2] for lesson in packaged().lessons]
    await pilot.press("home", *["down"] * names.index(name), "enter")
    await _until(pilot, lambda: screen.tabs.active != "book" and screen.state == "ready", f"{name} was not loaded")


async def _settled(pilot: Pilot[None]) -> str:
    """The picture once it no longer changes."""
    before, now, since = "", pilot.app.export_screenshot(title="tui-trainer"), time.monotonic()
    while time.monotonic() - since < STILL:
        await pilot.pause(0.05)
        before, now = now, pilot.app.export_screenshot(title="tui-trainer")
        if _drawn(before) != _drawn(now):
            since = time.monotonic()
    return now


def _drawn(svg: str) -> str:
    """A picture without its random name."""
    return re.sub(r"terminal-\d+", "terminal", svg)


def tidy(svg: str) -> str:
    """Without what would be fetched from elsewhere: fonts are those of the reader's machine."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:\s*Fira Code, *monospace", f"font-family: {FONTS}", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def main(names: list[str]) -> None:
    """Write the pictures called ``names``, or all of them."""
    os.environ.pop("NO_COLOR", None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_COLOR_SYSTEM="truecolor")
    for shot in SHOTS:
        if not names or shot.name in names:
            path = ROOT / "screenshots" / f"{shot.name}.svg"
            with tempfile.TemporaryDirectory() as folder:  # no run from before, so none to go on with
                os.environ["TUI_TRAINER_DATA"] = folder
                path.write_text(asyncio.run(take(shot)), encoding="utf-8")
            print(path.relative_to(ROOT))


def _epoch(screen: TrainScreen) -> int:
    return screen.status.progress.epoch if screen.status.progress else 0


async def _until(pilot: Pilot[None], done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await pilot.pause(0.01)
    await pilot.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
