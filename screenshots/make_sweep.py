"""Draw the picture of docs/sweeps.md: the runs of a sweep, kept, chosen in the Runs tab and laid over each other.

python screenshots/make_sweep.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile

from make import ROOT, _until, tidy  # beside this file, and puts this checkout first

from tui_trainer.experiment import read, with_field
from tui_trainer.sweep import sweep
from tui_trainer.ui.app import TrainerApp
from tui_trainer.ui.screens.train import TrainScreen

SIZE = (120, 34)
RATES = [0.005, 0.05, 0.5]


async def take() -> str:
    """The picture as SVG."""
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
    """Write the picture, from a store that holds nothing else."""
    os.environ.pop("NO_COLOR", None)
    path = ROOT / "screenshots" / "sweep.svg"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TUI_TRAINER_DATA"] = folder
        path.write_text(asyncio.run(take()), encoding="utf-8")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
