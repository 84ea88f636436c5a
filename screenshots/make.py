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

from tui_trainer.experiment import Experiment, read, with_field
from tui_trainer.ui.app import TrainerApp
from tui_trainer.ui.screens.train import TrainScreen

ROOT = Path(__file__).resolve().parents[1]
FONTS = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"
PATIENCE = 60.0  # seconds until a picture is given up


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: an example, how many epochs to train it with ``e``, and keys to press then.

    With ``whole``, the run goes on to its end, as with ``space``.
    """

    name: str
    example: str
    epochs: int = 0
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 40)
    whole: bool = False
    changes: tuple[tuple[str, object], ...] = ()

    def experiment(self) -> Experiment:
        """The example, with the changes."""
        experiment = read(ROOT / "examples" / f"{self.example}.toml")
        for path, value in self.changes:
            experiment = with_field(experiment, path, value)
        return experiment


SHOTS = (
    Shot("training", "iris", epochs=120, keys=("y",)),
    Shot("overfit", "iris_overfit", whole=True),
    Shot("batches", "iris", epochs=40, keys=("b",), changes=(("training.batch_size", 5),)),
    Shot("data", "boston_six", keys=("2",)),
    Shot("summary", "iris_overfit", keys=("3",)),
    Shot("export", "iris", epochs=60, keys=("ctrl+e",)),
    Shot("help", "iris", keys=("question_mark",)),
    Shot("small", "iris", epochs=60, keys=("y",), size=(80, 24)),
)


async def take(shot: Shot) -> str:
    """The picture as SVG."""
    app = TrainerApp(shot.experiment())
    async with app.run_test(size=shot.size) as pilot:
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        await _until(pilot, lambda: screen.status.progress is not None, f"{shot.name}: no trainer")
        if shot.whole:
            await pilot.press("space")
            await _until(pilot, lambda: screen.state == "finished", f"{shot.name}: not finished")
        for epoch in range(1, shot.epochs + 1):
            await pilot.press("e")
            await _until(pilot, lambda epoch=epoch: _epoch(screen) == epoch, f"{shot.name}: epoch {epoch}")
        for key in shot.keys:
            await pilot.press(key)
        await pilot.pause()
        return tidy(app.export_screenshot(title="tui-trainer"))


def tidy(svg: str) -> str:
    """Without what would be fetched from elsewhere: fonts are those of the reader's machine."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:\s*Fira Code, *monospace", f"font-family: {FONTS}", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def main(names: list[str]) -> None:
    """Write the pictures called ``names``, or all of them."""
    os.environ.pop("NO_COLOR", None)
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
