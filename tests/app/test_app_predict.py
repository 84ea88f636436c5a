"""New rows predicted in the app: the file is picked, the predictions are written beside it, and told."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from tui_trainer.app.dialogs.dialog import AskPath, Confirm
from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig

if TYPE_CHECKING:
    from running_app import Flow, Start

HOUSES = "size,town,price\n" + "".join(f"{i % 17}.5,{'B' if i % 2 else 'K'},{2 * i + i % 2}\n" for i in range(40))
NEW = "id,town,size\na1,B,3\na2,M,4\na3,K,5\n"


def houses(folder: Path) -> Experiment:
    (folder / "houses.csv").write_text(HOUSES)
    config = DatasetConfig(path=str(folder / "houses.csv"), target="price", standardize_target=True)
    return Experiment(name="houses", dataset=config, training=TrainingConfig(epochs=3))


async def pick(flow: Flow, path: Path, expected: str) -> Input:
    """Open the Predictions tab, pick a file of new rows, and return the field for the path, which is ``expected``."""
    await flow.press("6")
    await flow.until(lambda: flow.screen.tabs.view is not None and flow.screen.tabs.active == "predictions", "the tab")
    await flow.press("N")
    (await flow.until_asked(PickFile)).value = str(path)
    await flow.press("enter")
    box = await flow.until_asked(AskPath)
    assert box.value == expected
    return box


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


async def test_new_rows_are_predicted_and_told_by_line(start: Start, tmp_path: Path) -> None:
    new, out = tmp_path / "new.csv", tmp_path / "new_predicted.csv"
    new.write_text(NEW)
    async with start(houses(tmp_path)) as flow:
        await flow.press("space")
        await flow.until_state("finished")
        await pick(flow, new, str(out))
        await flow.press("enter")
        await flow.until_said("rows predicted in")
        assert flow.message == (
            f"2 rows predicted in '{out}', 1 not: line 3: column 'town' holds 'M'; it was trained on 'B', 'K'."
        )
        head, first, second, third = rows_of(out)
        assert head == ["id", "predicted_price"] and second == ["a2", ""]
        assert float(first[1]) and float(third[1]) and (first[0], third[0]) == ("a1", "a3")


async def test_with_the_target_there_are_scores_and_a_file_there_is_asked_about(start: Start, tmp_path: Path) -> None:
    experiment, out = houses(tmp_path), tmp_path / "out.csv"
    async with start(experiment) as flow:
        app = flow.pilot.app
        box = await pick(flow, tmp_path / "houses.csv", str(tmp_path / "houses_predicted.csv"))
        box.value = str(out)
        await flow.press("enter")
        await flow.until_said("40 rows predicted in")
        assert "Scores: loss " in flow.message and flow.message.endswith("The network is not trained yet.")
        before = out.read_text()
        await flow.press("e")
        await flow.until(lambda: flow.screen.state == "paused", "an epoch")
        for key, changed in (("escape", False), ("enter", True)):
            box = await pick(flow, tmp_path / "houses.csv", str(tmp_path / "houses_predicted.csv"))
            box.value = str(out)
            await flow.press("enter")
            await flow.until(lambda: isinstance(app.screen, Confirm), "the question whether to overwrite")
            await flow.press(key)
            await flow.until(lambda: app.screen is flow.screen, "the end of the question")
            if changed:
                await flow.until_said("40 rows predicted in")
            assert (out.read_text() != before) == changed


async def test_what_cannot_be_predicted_or_written_is_told(start: Start, tmp_path: Path) -> None:
    new, other, mine = tmp_path / "new.csv", tmp_path / "other.csv", tmp_path / "mine.csv"
    new.write_text(NEW)
    other.write_text("town,price\nB,3\nK,4\n")
    mine.write_text("my,own\n1,2\n")
    async with start(houses(tmp_path)) as flow:
        for source, to, sentence in (
            (other, tmp_path / "out.csv", "does not fit the run: there is no column 'size'"),
            (tmp_path / "none.csv", tmp_path / "out.csv", "Not predicted: there is no file"),
            (new, new, "holds the rows to predict; give another path"),
            (new, tmp_path / "houses.csv", "is the dataset in use; give another path"),
            (new, mine, "a file of another kind, which is never overwritten"),
            (new, tmp_path / "no" / "out.csv", "can't be written: "),
        ):
            box = await pick(flow, source, str(tmp_path / f"{source.stem}_predicted.csv"))
            box.value = str(to)
            await flow.press("enter")
            await flow.until_said(sentence)
        assert new.read_text() == NEW and mine.read_text() == "my,own\n1,2\n" and not (tmp_path / "out.csv").exists()


async def test_predicting_tells_how_far_it_is_and_esc_stops_it(start: Start, tmp_path: Path) -> None:
    """A message that comes in between stays."""
    large, out = tmp_path / "large.csv", tmp_path / "large_predicted.csv"
    large.write_text("town,size\n" + "B,3\nK,5\n" * 1_500_000)
    async with start(houses(tmp_path)) as flow:
        await pick(flow, large, str(out))
        await flow.press("enter")
        await flow.until_said("Predicting the rows of large.csv: ")
        assert flow.message.endswith("%; esc stops it.")
        await flow.press("N")
        await flow.until_said("The rows of large.csv are being predicted; esc stops it.")
        await flow.press("escape")
        await flow.until_said("Predicting was stopped; nothing is written.")
        assert not out.exists()
        await pick(flow, tmp_path / "houses.csv", str(tmp_path / "houses_predicted.csv"))
        await flow.press("enter")
        await flow.until_said("40 rows predicted in")


async def test_leaving_a_question_writes_nothing(start: Start, tmp_path: Path) -> None:
    new = tmp_path / "new.csv.gz"
    new.write_bytes(b"")
    async with start(houses(tmp_path)) as flow:
        await pick(flow, new, str(tmp_path / "new_predicted.csv"))
        await flow.press("escape", "N", "escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the training screen")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".sqlite" and path.is_file()) == [
        "houses.csv",
        "new.csv.gz",
    ]
