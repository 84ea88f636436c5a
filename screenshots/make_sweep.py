"""Draw the pictures of docs/sweeps.md: what the app asks before a sweep, and its runs laid over each other.

python screenshots/make_sweep.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile

from make import ROOT, _until, tidy  # beside this file, and puts this checkout first
from textual.widgets import Input

from tui_trainer.experiment import read, with_field
from tui_trainer.sweep import sweep
from tui_trainer.ui.app import TrainerApp
from tui_trainer.ui.screens.train import TrainScreen

SIZE = (120, 34)
RATES = [0.005, 0.05, 0.5]


async def take_form() -> str:
    """The form with two fields to vary, as SVG."""
    app = TrainerApp(read(ROOT / "examples" / "iris.toml"))
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        await _until(pilot, lambda: screen.status.progress is not None, "no trainer")
        await pilot.press("M")
        await _until(pilot, lambda: _shown(app, "5 learning rates"), "no count")
        await pilot.press("down", "enter")
        await _until(pilot, lambda: _shown(app, "batch size"), "no list of fields")
        await pilot.press(*"seed", "enter")
        await _until(pilot, lambda: _shown(app, "5 learning rates × 3 seeds = 15 runs"), "no count of both")
        await pilot.press(*["tab"] * 4, "2", *["shift+tab"] * 4, "end")
        await _until(pilot, lambda: _shown(app, "15 runs, 2 at a time"), "no two at a time")
        for box in app.screen.query(Input):
            box.cursor_blink = False
        await pilot.pause()
        return tidy(app.export_screenshot(title="tui-trainer"))


async def take_curves() -> str:
    """The runs of a sweep, chosen in the Runs tab and laid over each other, as SVG."""
    experiment = read(ROOT / "examples" / "iris.toml")
    sweep(with_field(experiment, "training.epochs", 100), {"training.learning_rate": RATES}, jobs=1)
    app = TrainerApp(experiment)
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        await _until(pilot, lambda: screen.status.progress is not None, "no trainer")
        await pilot.press("8")
        await _until(pilot, lambda: _shown(app, f"{len(RATES)} runs"), "no list of runs")
        for count in range(1, len(RATES) + 1):
            await pilot.press("v")
            await _until(pilot, lambda count=count: _shown(app, f"{count} chosen"), f"run {count} not chosen")
            await pilot.press("down")
        await pilot.press("1", "y")
        await _until(pilot, lambda: _shown(app, "A learning"), "no curves")
        return tidy(app.export_screenshot(title="tui-trainer"))


def _shown(app: TrainerApp, text: str) -> bool:
    """Whether ``text`` is on the screen."""
    return any(text in strip.text for strip in app.screen._compositor.render_strips())


def main() -> None:
    """Write the pictures, from a store that holds nothing else."""
    os.environ.pop("NO_COLOR", None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_COLOR_SYSTEM="truecolor")
    for name, take in (("sweep_form", take_form), ("sweep", take_curves)):
        path = ROOT / "screenshots" / f"{name}.svg"
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TUI_TRAINER_DATA"] = folder
            path.write_text(asyncio.run(take()), encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
