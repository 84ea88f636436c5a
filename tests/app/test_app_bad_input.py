"""Wrong values and wrong files: a sentence, the field marked, what was typed kept, and training goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from tui_trainer.datasets.catalog import GOOD_SETTINGS
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.validation import screen_name

if TYPE_CHECKING:
    from running_app import Flow, Start

WRONG_VALUES = (
    ("training.learning_rate", "abc", "a number above 0, such as 0.05"),
    ("training.learning_rate", "0", "a number above 0"),
    ("training.learning_rate", "-1", "a number above 0"),
    ("training.learning_rate", "1e400", "a number above 0"),
    ("training.learning_rate", "", "a number above 0"),
    ("training.batch_size", "0", "full"),
    ("training.epochs", "1.5", "a whole number"),
    ("training.l2", "-1", "0"),
    ("training.early_stopping.patience", "soon", "a whole number"),
    ("model.layers[0].units", "0", "from 1 to 65,536"),
    ("model.layers[0].units", "1000000000", "65,536"),
    ("model.layers[0].dropout", "1", "to below 1"),
    ("model.seed", "-1", "of 0 or more"),
    ("dataset.validation_split", "2", "0.9"),
)
HEADER = "a,b,word,gap,target\n"
ROWS = "".join(f"{i},{i * i},w{i % 3},{'' if i == 3 else i},{i * 1.5}\n" for i in range(12))


async def refused(flow: Flow, path: str, text: str, part: str) -> None:
    """Type a wrong value: told with its field, marked, and kept as typed."""
    await flow.enter(path, text)
    await flow.until(lambda: flow.field(path).invalid, f"{path} marked as wrong for {text!r}")
    assert flow.message.startswith(f"{screen_name(path)}: ") and part in flow.message, flow.message
    assert flow.screen.message_line.has_class("-error")
    assert flow.input(path).value == text


async def test_wrong_values_change_nothing(start: Start) -> None:
    async with start() as flow:
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        for path, text, part in WRONG_VALUES:
            usual = (await flow.unfold(path)).query_one(Input).value
            await refused(flow, path, text, part)
            assert flow.screen.experiment == Experiment()
            await flow.enter(path, usual)
            await flow.until(lambda path=path: not flow.field(path).invalid, f"{path} right again")
            await flow.until(lambda: flow.message == "", "nothing more to say")
        await refused(flow, "training.learning_rate", "abc", "a number above 0, such as 0.05")
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 2, "one more step of the same run")
        assert flow.loads == 1 and flow.screen.experiment == Experiment()


async def test_files_and_columns_that_do_not_fit(start: Start, tmp_path: Path) -> None:
    contents = {
        "empty.csv": ("", "is empty"),
        "single.csv": ("a,b\n1,2\n", "only one row"),
        "words.csv": ("a,b\nx,1\ny,2\nz,3.5\n", "nothing to learn from"),
        "ragged.csv": ("a,b\n1,2\n1,2,3\n", "cells"),
        "binary.csv": ("a,b\0\n1,2\n", "NUL"),
    }
    good = tmp_path / "good.csv"
    good.write_text(HEADER + ROWS)
    one_class = tmp_path / "one.csv"
    one_class.write_text("a,kind\n" + "".join(f"{i},same\n" for i in range(9)))
    async with start() as flow:
        await refused(flow, "dataset.path", str(tmp_path / "missing.csv"), "there is no file")
        await flow.press("space")
        await flow.until(lambda: flow.screen.message_line.has_class("-error"), "the sentence again")
        assert flow.screen.state == "ready"
        for name, (text, part) in contents.items():
            (tmp_path / name).write_text(text)
            await refused(flow, "dataset.path", str(tmp_path / name), part)
        await refused(flow, "dataset.path", str(tmp_path), "is a folder")

        await flow.enter("dataset.path", str(one_class))
        await flow.until_said("Target: column 'kind' is 'same' in every row")
        loads = flow.loads
        await flow.enter("dataset.path", str(good))
        await flow.until_said("1 of 12 rows dropped: no value in gap (1). Left out: a (numbers the rows).")
        await refused(flow, "dataset.features", "a, nosuch", "there is no column 'nosuch'")

        await flow.enter("dataset.features", "a, b")
        await flow.until_loaded(loads + 2)
        assert not flow.field("dataset.features").invalid
        assert flow.screen.trainer.loaded is not None and flow.screen.trainer.loaded.dataset.rows == 12
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch on the file")

        await flow.enter("dataset.features", "")
        await flow.until_said("1 of 12 rows dropped")
        await flow.enter("dataset.path", "")
        await flow.until_loaded(loads + 4)
        back = flow.screen.experiment
        assert back.dataset == DatasetConfig(standardize_target=True)
        assert back == GOOD_SETTINGS["iris"].applied_to(back)
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch > 1, "training on the first data")


async def test_a_refusal_while_training_is_not_mistaken_for_training(start: Start) -> None:
    """What is shown as running is what can be paused."""
    async with start() as flow:
        await flow.enter("training.epochs", "1000000")
        await flow.press("space")
        await flow.until_state("running")
        await flow.enter("dataset.features", "nosuch")
        await flow.until_said("there is no column 'nosuch'")
        await flow.until(lambda: flow.screen.state != "running", "a state other than running")
        await flow.press("space")
        await flow.until_said("there is no column 'nosuch'")
        await flow.press("u")
        await flow.until_loaded(2)
        await flow.press("space")
        await flow.until_state("running")
