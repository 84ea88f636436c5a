"""Taking a network away from the app, beginning with one that was, and going back to the best weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from test_app_files import answer

from tui_trainer import Run
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.palette import found
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig, TrainingConfig

if TYPE_CHECKING:
    from running_app import Flow, Start

SMALL = Experiment(
    name="../small", model=ModelConfig((LayerConfig(5),)), training=TrainingConfig(epochs=30, learning_rate=0.8)
)


async def trained(flow: Flow) -> None:
    await flow.press("space")
    await flow.until_state("finished")


async def test_export_and_begin_with_it(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with start(SMALL) as flow:
        await trained(flow)
        await answer(flow, "ctrl+e", None, "small")
        assert not (tmp_path / "small").exists()
        await answer(flow, "ctrl+e", "small", "small")
        await flow.until_said("Exported")
        assert f"files to {quoted(str(tmp_path / 'small'), 1000)}." in flow.message
        run = Run.load(tmp_path / "small")
        assert run.experiment == SMALL and run.history["loss"][-1] == flow.progress.values["loss"]

        await answer(flow, "ctrl+e", tmp_path / "small", "small-2")
        await flow.until_said("Not exported:")
        assert "already; choose another folder" in flow.message

        weights = "small/weights.safetensors"
        await answer(flow, "ctrl+o", weights)
        await flow.until_said("The run starts with the weights of")
        await flow.until_state("ready")
        await flow.press("e")
        await flow.until(lambda: flow.screen.state == "paused" and "loss" in flow.progress.values, "an epoch")
        assert flow.progress.values["loss"] < run.history["loss"][0] / 2
        assert flow.screen.experiment == SMALL, "the experiment is what it was"


async def test_a_report_from_the_palette(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with start(SMALL) as flow:
        await trained(flow)
        (entry,) = (one for one in found(flow.screen, "report") if one.title == "Report")
        for expected, said in (("small-report.md", "The report is in"), ("small-report-2.md", "No report: ")):
            await flow.screen.perform(entry.run)
            box = await flow.until_asked(AskPath)
            assert box.value == expected
            box.value = "small-report.md"
            await flow.press("enter")
            await flow.until_said(said)
        assert "exists already; give another path" in flow.message
    text = (tmp_path / "small-report.md").read_text()
    assert "finished" in text and "## Scores" in text and (tmp_path / "small-report-loss.svg").is_file()


async def test_weights_that_do_not_fit(start: Start, tmp_path: Path) -> None:
    from tui_trainer import train

    train(SMALL, epochs=1).save(tmp_path / "run")
    async with start(replace(SMALL, model=ModelConfig(()))) as flow:
        await answer(flow, "ctrl+o", tmp_path / "run" / "weights.safetensors")
        await flow.until_said("Weights: tensor 0.weight is 5 x 4 in the file, but 3 x 4 in this network")
        await answer(flow, "ctrl+o", tmp_path / "nosuch.safetensors")
        await flow.until_said("Weights: there is no file")
        await flow.until_state("ready")


async def test_a_folder_that_cannot_be(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    async with start(SMALL) as flow:
        await answer(flow, "ctrl+e", tmp_path / "file" / "x")
        await flow.until_said("file' is a file; give the path of a folder")
        monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path))
        await answer(flow, "ctrl+e", "/elsewhere")
        await flow.until_said("is outside of")


async def test_the_best_weights_and_back(start: Start) -> None:
    async with start(SMALL) as flow:
        await flow.press("W")
        await flow.until_said("No epoch is finished yet")
        await trained(flow)
        newest = flow.progress.weights
        await flow.press("W")
        await flow.until_said("Back to the weights of epoch")
        await flow.until(lambda: flow.progress.weights != newest, "other weights")
        await flow.press("W")
        await flow.until_said("Back to the newest weights.")
        await flow.until(lambda: flow.progress.weights == newest, "the weights from before")
