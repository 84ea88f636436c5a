"""What is wrong with a run that has ended is told once, with what helps; the Summary tab has the layers in numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tui_trainer.datasets.statistics import DataStatistics, statistics_of
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import Finding, Unavailable, Watch, encode
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.summary.compute import SummaryCompute
from tui_trainer.tabs.summary.messages import SummaryContent, WatchSummary
from tui_trainer.tabs.summary.view import layer_lines
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from running_app import Start

IRIS = Experiment(
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(8, "tanh"), LayerConfig(4, "relu"))),
    training=TrainingConfig(epochs=40, batch_size=121),
)


LARGE_BATCH = "A mini-batch of 121 is more than the 120 training rows"


async def test_a_remedy_is_on_a_key(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.press("E")
        await flow.until_said(LARGE_BATCH)
        assert flow.message.startswith("Finished 40 epochs, 40 steps. A mini-batch")
        assert "Key f takes mini-batches of 30 and trains again." in flow.message
        await flow.press("f")
        await flow.until(lambda: flow.screen.experiment.training.batch_size == 30, "the remedy")
        await flow.until(lambda: flow.progress.state == "finished" and flow.progress.steps == 160, "trained again")
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.training.batch_size == 121, "as before")


async def test_a_finding_is_told_once(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.press("E")
        await flow.until_said(LARGE_BATCH)
        await flow.press("E")
        await flow.until(lambda: flow.progress.epoch == 80 and flow.progress.state == "finished", "40 more")
        await flow.until_said("Finished 80 epochs")
        told = [report for report in flow.reports if isinstance(report, Finding)]
        assert len([report for report in told if LARGE_BATCH in report.sentence]) == 1


async def test_the_summary_has_the_layers_in_numbers_and_all_findings(start: Start) -> None:
    async with start(IRIS) as flow:
        await flow.press("7")
        await flow.until_shown("layer gradient step idle weights gradients outputs")
        await flow.press("E")
        await flow.until_shown("A mini-batch of 121 is more than")
        rows = [line for line in flow.screen_text().splitlines() if " dead" in line or "at ends" in line]
        assert len(rows) == 2 and "of 4 dead" in rows[1] and "% at ends" in rows[0]


def test_the_numbers_are_those_of_the_weights() -> None:
    session = Session()
    session.load(with_field(IRIS, "model.dtype", "float64"))
    empty = SummaryCompute(TrainerContext(session)).compute(WatchSummary())
    assert [layer.gradient for layer in empty.layers] == [None, None, None] and empty.findings == ()
    before = session.trainer.model.get_weights()
    session.step()
    content = SummaryCompute(TrainerContext(session)).compute(WatchSummary())
    after, gradients = session.trainer.model.get_weights(), session.trainer.gradient()
    for layer, place in zip(content.layers, (0, 2, 4), strict=True):
        change = np.linalg.norm(after[place] - before[place]) / np.linalg.norm(after[place])
        np.testing.assert_allclose(layer.update, change, rtol=1e-9)
        np.testing.assert_allclose(layer.gradient, np.sqrt(np.mean(gradients[place] ** 2)), rtol=1e-12)
        largest = np.abs(after[place]).max()
        assert layer.largest_weight == largest
        assert layer.weights == tuple(np.histogram(after[place], 10, (-largest, largest))[0].tolist())
        steepest = np.abs(gradients[place]).max()
        assert layer.largest_gradient == steepest
        assert layer.gradients == tuple(np.histogram(gradients[place], 10, (-steepest, steepest))[0].tolist())
        assert sum(layer.outputs) == layer.units * 120
    assert content.layers[0].saturated is not None and content.layers[1].dead is not None
    lines = layer_lines(content, 120, ascii_only=True)
    assert len(lines) == 4 and all(line.replace("±", "").isascii() for line in lines)
    assert lines[-1].startswith("out")
    widest = max(map(len, lines))
    for width in range(54, widest + 1):
        narrow = layer_lines(content, width, ascii_only=True)
        assert max(map(len, narrow)) <= width and "idle" in narrow[0] and "outputs" in narrow[0]


def test_weights_that_were_set_are_no_step() -> None:
    session = Session()
    session.load(IRIS)
    session.step()
    compute = SummaryCompute(TrainerContext(session))
    assert all(layer.update is not None for layer in compute.compute(WatchSummary()).layers)
    session.set_weight(0, 100.0)
    assert all(layer.update is None for layer in compute.compute(WatchSummary()).layers)
    session.step()
    assert all(layer.update is not None and layer.update < 1 for layer in compute.compute(WatchSummary()).layers)


def test_weights_that_are_nearly_equal_are_counted() -> None:
    session = Session()
    session.load(IRIS)
    for near in (0.5, 1e-40, 0.0):
        weights = np.full(session.trainer.model.count_params(), near, np.float32)
        weights[::2] = np.nextafter(np.float32(near), np.float32(1))
        assert session.set_weights(weights)
        content = SummaryCompute(TrainerContext(session)).compute(WatchSummary())
        assert [sum(layer.weights) for layer in content.layers] == [32, 32, 12]


def test_an_error_in_a_view_is_told_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(self: SummaryCompute, request: WatchSummary) -> SummaryContent:
        raise ValueError("too many \x1b[31mbins.")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(SummaryCompute, "compute", fails)
    computing = TabComputing(TrainerContext(session := Session()))
    session.load(IRIS)
    computing.watch(Watch("summary", encode(WatchSummary())))
    for _ in range(3):
        computed = computing.compute()
        assert computed is not None and isinstance(computed[1], Unavailable)
        told = computed[1].reason
        assert told.startswith(
            "An error of the program: ValueError: too many \ufffd[31mbins. The run goes on. The details are in "
        )
    (details,) = tmp_path.iterdir()
    assert "in fails" in details.read_text() and str(details) in told


def test_the_columns_are_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(*arguments: Any) -> DataStatistics:
        calls.append(arguments)
        return statistics_of(*arguments)

    monkeypatch.setattr("tui_trainer.training.session.statistics_of", counted)
    session = Session()
    session.load(IRIS)
    for _ in range(3):
        session.train()
        session.advance_to_end()
        SummaryCompute(TrainerContext(session)).compute(WatchSummary())
    session.load(with_field(IRIS, "training.learning_rate", 0.02))
    assert session.statistics().rows == 150 and len(calls) == 1


async def test_keys_scroll_to_what_is_below(start: Start) -> None:
    async with start(IRIS, (80, 24)) as flow:
        await flow.press("7")
        await flow.until_shown("Layer (type)")
        pages = flow.screen.query_one("SummaryView VerticalScroll")
        await flow.until(lambda: pages.max_scroll_y > 10, "all that is below")
        await flow.press("down", "down")
        await flow.until(lambda: pages.scroll_offset.y == 2, "two rows down")
        await flow.press("pagedown", "pagedown", "pagedown", "pagedown")
        await flow.until_shown("model = Sequential([")
        await flow.press("pageup", "pageup", "pageup", "pageup", "up")
        await flow.until(lambda: pages.scroll_offset.y == 0, "the top")
