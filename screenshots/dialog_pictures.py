"""Pictures of what the app asks: where to export to, how to read a file of one's own, whether to go on with a run."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

from taking import ROOT, Pictures, settled, training_screen, until, until_shown  # puts this checkout first

from tui_trainer import train
from tui_trainer.app.app import TrainerApp
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.export.figures import loss_svg
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import default_path
from tui_trainer.training.session import Session

IRIS = ROOT / "examples" / "iris.toml"
SIZE = (110, 32)


async def take_export() -> Sequence[str]:
    """The question for a folder after a run, and the figure that is exported."""
    async with TrainerApp(with_field(read(IRIS), "training.epochs", 200)).run_test(size=SIZE) as pilot:
        screen = await training_screen(pilot)
        await pilot.press("space")
        await until(pilot, lambda: screen.state == "finished", "not finished")
        await pilot.press("ctrl+e")
        await until_shown(pilot, "folder")
        asked = await settled(pilot)
    return asked, loss_svg(train(IRIS, epochs=200).history, "iris")


async def take_own_data() -> Sequence[str]:
    """The preview of a file, made up here in the folder of the store."""
    os.chdir(os.environ["TUI_TRAINER_DATA"])
    _write_flats(Path("flats.csv"))
    async with TrainerApp(Experiment()).run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("i")
        await until_shown(pilot, "flats.csv")
        await pilot.press(*"flats", "enter")
        await until_shown(pilot, "rent")
        await pilot.press("right", "right")
        svg = await settled(pilot)
    os.chdir(ROOT)
    return (svg,)


def _write_flats(path: Path) -> None:
    """Rents with a decimal comma, dates, and a gap here and there."""
    rng = random.Random(0)
    rows = ["size;rooms;town;balcony;built;rent"]
    for _ in range(400):
        size, town = rng.uniform(25.0, 130.0), rng.choice(("Bonn", "Kiel", "Trier"))
        rent = 6.0 * size + (150.0 if town == "Bonn" else 0.0) + rng.gauss(0.0, 20.0)
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1960, 2020)
        balcony, built = rng.choice(("yes", "no")), f"{day:02d}.{month:02d}.{year}"
        cells = (_figure(size, 1), str(max(1, round(size / 28))), town, balcony, built, _figure(rent, 2))
        rows.append(";".join("" if rng.random() < 0.02 else cell for cell in cells))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


async def take_comeback() -> Sequence[str]:
    """The app opened after a run was cut off in the middle, and the run gone on with."""
    session, keeper = Session(), Checkpointer(default_path(), "nobody")
    session.load(with_field(read(IRIS), "training.epochs", 500))
    for _ in range(137):
        session.epoch()
    keeper.save(session)
    async with TrainerApp(Experiment()).run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await until_shown(pilot, "g resumes it")
        await pilot.press("g")
        await until_shown(pilot, "space continues")
        return (await settled(pilot),)


ALL = (
    Pictures(("export", "export_loss"), take_export),
    Pictures(("own_data",), take_own_data),
    Pictures(("comeback",), take_comeback),
)
