"""Saving and opening an experiment, and what goes wrong with files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from systems import WINDOWS

from tui_trainer.app.dialogs.dialog import AskPath, Confirm
from tui_trainer.experiment.toml_file import read

if TYPE_CHECKING:
    from running_app import Flow, Start


async def answer(flow: Flow, key: str, path: object, expected: str | None = None) -> None:
    """Press ``key``, which asks for a path, and give ``path``; None leaves the question."""
    await flow.press(key)
    app = flow.pilot.app
    box = await flow.until_asked(AskPath)
    if expected is not None:
        assert box.value == expected
    if path is None:
        await flow.press("escape")
    else:
        box.value = str(path)
        await flow.press("enter")
    await flow.until(lambda: app.screen is flow.screen, "the training screen")


async def test_an_experiment_is_saved_and_opened(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "kept.toml"
    async with start() as flow:
        await flow.enter("model.layers[0].units", "7")
        await flow.until_loaded(2)
        saved = flow.screen.experiment
        await answer(flow, "ctrl+s", None, "iris.toml")
        assert not file.exists()
        await answer(flow, "ctrl+s", file)
        await flow.until_said("Saved as")
        assert read(file) == saved

        await flow.enter("dataset.validation_split", "0.5")
        await flow.until_loaded(3)
        await answer(flow, "ctrl+o", file, str(file))
        await flow.until_said(f"Opened {file}.")
        assert flow.screen.experiment == saved
        await flow.until_loaded(4)
        await flow.until(lambda: flow.input("dataset.validation_split").value == "0.2", "the value opened")
        await answer(flow, "ctrl+o", file)
        await flow.until_said(f"Opened {file}.")
        assert flow.loads == 4, "the same again is no reason to start again"
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.dataset.validation_split == 0.5, "the state before")


async def test_an_existing_file_is_overwritten_only_if_that_is_agreed(start: Start, tmp_path: Path) -> None:
    mine, notes = tmp_path / "mine.toml", tmp_path / "notes.toml"
    mine.write_text("# by hand\n[training]\nepochs = 3\n")
    notes.write_text("to do\n")
    async with start() as flow:
        for key in ("escape", "enter"):
            await flow.press("ctrl+s")
            (await flow.until_asked(AskPath)).value = str(mine)
            await flow.press("enter")
            await flow.until(lambda: isinstance(flow.pilot.app.screen, Confirm), "the question")
            await flow.press(key)
            await flow.until(lambda: flow.pilot.app.screen is flow.screen, "the training screen")
            if key == "escape":
                assert mine.read_text().startswith("# by hand")
        await flow.until_said("Saved as")
        assert read(mine) == flow.screen.experiment
        await answer(flow, "ctrl+s", notes)
        await flow.until_said("is a file of another kind, which is never overwritten")
        assert notes.read_text() == "to do\n"


async def test_files_that_cannot_be_used(start: Start, tmp_path: Path) -> None:
    wrong, broken = tmp_path / "wrong.toml", tmp_path / "broken.toml"
    wrong.write_text("[training]\nlearning_rate = -1\n")
    broken.write_text("[training\n")
    (tmp_path / "folder.toml").mkdir()
    async with start() as flow:
        before = flow.screen.experiment
        for path, part in (
            (tmp_path / "missing.toml", "there is no file"),
            (tmp_path / "folder.toml", "is a folder"),
            (wrong, "Learning rate: a number above 0"),
            (broken, "this is not valid TOML"),
            ("~nobody-of-that-name/x.toml", "there is no file"),
            ("a\0b.toml", "there is no file"),
        ):
            await answer(flow, "ctrl+o", path)
            await flow.until_said(part)
            assert flow.screen.message_line.has_class("-error")
            assert flow.screen.experiment == before
        for path, part in (
            (tmp_path / "no" / "such" / "folder.toml", "No such file or directory"),
            (tmp_path / "folder.toml", "is a folder"),
            ("~nobody-of-that-name/x.toml", "No such file or directory"),
            *([] if WINDOWS else [("/dev/null/x.toml", "Not a directory")]),
        ):
            await answer(flow, "ctrl+s", path)
            await flow.until(lambda part=part: flow.message.startswith("Not saved: ") and part in flow.message, part)
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step after all that")
        assert flow.loads == 1
