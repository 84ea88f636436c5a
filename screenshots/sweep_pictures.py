"""Pictures of docs/sweeps.md, docs/runs.md and docs/wall.md: the form of a sweep, its runs laid over each other and as
charts, the rate finder, and a race.
"""

from __future__ import annotations

from collections.abc import Sequence

from taking import (  # beside this file, and puts this checkout first
    ROOT,
    Pictures,
    open_tab,
    picture,
    settled,
    training_screen,
    until_shown,
)
from textual.widgets import Input

from tui_trainer.app.app import TrainerApp
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT
from tui_trainer.experiment.toml_file import read
from tui_trainer.sweep import sweep

SIZE = (120, 34)
WALL = (120, 40)
RATES = [0.005, 0.05, 0.5]
DRAWN = {
    "training.learning_rate": "log:1e-4..1",
    "model.layers": "none,4,16,64-32",
    "training.optimizer.name": "sgd,adam",
}


async def take_form() -> Sequence[str]:
    """The form with two fields to vary, as SVG."""
    app = TrainerApp(read(ROOT / "examples" / "iris.toml"))
    async with app.run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("M")
        await until_shown(pilot, "5 learning rates")
        await pilot.press("down", "enter")
        await until_shown(pilot, "batch size")
        await pilot.press(*"seed", "enter")
        await until_shown(pilot, "5 learning rates × 3 seeds = 15 runs")
        await pilot.press(*["tab"] * 5, "2", *["shift+tab"] * 5, "end")
        await until_shown(pilot, "15 runs, in up to 2 processes")
        for box in app.screen.query(Input):
            box.cursor_blink = False
        await pilot.pause()
        return (picture(app),)


async def take_curves() -> Sequence[str]:
    """The runs of a sweep, chosen in the Runs tab and laid over each other, as SVG."""
    experiment = read(ROOT / "examples" / "iris.toml")
    sweep(with_field(experiment, "training.epochs", 100), {"training.learning_rate": RATES}, jobs=1)
    app = TrainerApp(experiment)
    async with app.run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("8")
        await until_shown(pilot, f"{len(RATES)} runs")
        for count in range(1, len(RATES) + 1):
            await pilot.press("v")
            await until_shown(pilot, f"{count} chosen")
            await pilot.press("down")
        await open_tab(pilot, "0", "loss")
        await pilot.press("y")
        await until_shown(pilot, "A learning")
        return (picture(app),)


async def take_charts() -> Sequence[str]:
    """The runs of a larger sweep as a scatter plot and as parallel coordinates, as SVG."""
    experiment = with_field(read(ROOT / "examples" / "iris.toml"), "training.epochs", 40)
    sweep(experiment, DRAWN, random=60, jobs=1)
    app = TrainerApp(experiment)
    async with app.run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("8")
        await until_shown(pilot, "60 runs")
        for _ in range(30):  # until the best one is first and under the cursor
            await pilot.press("o")
            await pilot.pause()
            if any("by val loss" in strip.text for strip in app.screen._compositor.render_strips()):
                break
        await pilot.press("home", "I")
        await until_shown(pilot, "what mattered")
        scattered = await settled(pilot)
        await pilot.press("I")
        await until_shown(pilot, "green best quarter")
        return scattered, await settled(pilot)


async def take_finder() -> Sequence[str]:
    """The rate finder over the app, as SVG."""
    app = TrainerApp(read(ROOT / "examples" / "iris.toml"))
    async with app.run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("equals_sign")
        await until_shown(pilot, "the lowest that")
        return (await settled(pilot),)


async def take_wall() -> Sequence[str]:
    """The wall of nine at the end of a race, as SVG: the same numbers whatever the machine's speed."""
    app = TrainerApp(with_field(FIRST_EXPERIMENT, "training.epochs", 500))
    async with app.run_test(size=WALL) as pilot:
        await training_screen(pilot)
        await pilot.press("T")
        await until_shown(pilot, "Which one wins?")
        await pilot.press("Z", "Z", "space")
        await until_shown(pilot, " won: ")
        return (await settled(pilot),)


ALL = (
    Pictures(("sweep_form",), take_form),
    Pictures(("sweep",), take_curves),
    Pictures(("sweep_chart", "sweep_parallel"), take_charts),
    Pictures(("rate_finder",), take_finder),
    Pictures(("wall",), take_wall),
)
