"""The Network tab under a pilot: what is chosen, what is said of it, and hands on its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace
from network_tab import NetworkTab
from textual.widgets import Input

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.formats import format_measure, format_number
from tui_trainer.plotting.plot import Plot
from tui_trainer.protocol import Update
from tui_trainer.runtime import reporting
from tui_trainer.tabs.network.activation_curves import ActivationCurves
from tui_trainer.tabs.network.drawing import NetworkCanvas
from tui_trainer.tabs.network.messages import InputSeen, NeuronDetail, Term
from tui_trainer.tabs.network.view import NetworkView
from tui_trainer.training.session import Session
from tui_trainer.ui.plot_widgets import PlotWidget, TextLines
from tui_trainer.ui.status_lines import Prompt

if TYPE_CHECKING:
    from running_app import Flow, Start

IRIS = Experiment(model=ModelConfig(layers=(LayerConfig(6, "tanh"),)), training=TrainingConfig(epochs=100_000))
ROOMS = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False, validation_split=0.0),
    model=ModelConfig(layers=(), dtype="float64", weights=(9.1020, -34.67)),
    training=TrainingConfig(learning_rate=1e-6),
)


class Tab(NetworkTab):
    """The Network tab with one neuron in detail."""

    @property
    def neuron(self) -> NeuronDetail:
        content = self.view.content
        assert content is not None and isinstance(content.looked_at, NeuronDetail)
        return content.looked_at

    def term(self, number: int = 0) -> Term:
        return self.neuron.terms[number]

    async def until_at(self, layer: int, neuron: int) -> None:
        """Wait until this neuron is chosen, computed and told of."""

        def there() -> bool:
            content = self.view.content
            seen = None if content is None else content.looked_at
            found = (0 if isinstance(seen, InputSeen) else seen.layer, seen.neuron) if seen else None
            return self.view.choice.position == found == (layer, neuron)

        await self.flow.until(there, f"neuron {neuron} of layer {layer}")

    async def until_first_weights(self) -> None:
        await self.flow.until(lambda: self.view.content and self.view.content.first_weights, "all first weights")

    async def until_weight(self, value: float, number: int = 0) -> None:
        await self.flow.until(lambda: self.term(number).weight == pytest.approx(value, rel=1e-6), f"a weight {value}")

    async def type(self, text: str) -> None:
        """Type a value for the picked weight."""
        box = self.view.query_one(Prompt).query_one(Input)
        await self.flow.press("enter")
        await self.flow.until(lambda: box.has_focus, "the box")
        box.value = text
        await self.flow.press("enter")


async def test_what_is_looked_at(start: Start) -> None:
    """Chosen by keys, by the mouse, and by a lesson; the picture, the formula and the sample follow."""
    async with start(IRIS) as flow:
        tab = await Tab(flow).open()
        await tab.until_at(1, 0)
        await _move_by_keys(flow, tab)
        await _go_through_samples(flow, tab)
        await _use_the_mouse(flow, tab)
        tab.view.configure({"sample": 3, "layer": -1, "neuron": 2, "zoom": 7, "parameter": 1})
        await tab.until_at(2, 2)
        await flow.until(lambda: tab.view.content and tab.view.content.sample == 3, "the sample")
        assert tab.view.choice.parameter is None and "softmax" in tab.text
        tab.view.configure({"layer": "first", "neuron": None})
        await tab.until_at(2, 2)


async def _move_by_keys(flow: Flow, tab: Tab) -> None:
    for key, place in (
        ("down", (1, 1)),
        ("right", (2, 0)),
        ("down", (2, 1)),
        ("pagedown", (2, 2)),
        ("right", (2, 2)),
        ("left", (1, 4)),
        ("pageup", (1, 0)),
    ):
        await flow.press(key)
        await tab.until_at(*place)
    assert "layer 1, neuron 1 of 6" in tab.text and f") = {format_measure(tab.neuron.a)}" in tab.text
    await flow.press("left")
    await tab.until_at(0, 0)
    assert "input sepal length" in tab.text and "(raw − mean) / deviation" in tab.text
    await flow.press("w")
    await flow.until_said("An input has no weights")


async def _go_through_samples(flow: Flow, tab: Tab) -> None:
    line = tab.view.query_one(".sample", TextLines)
    for key, sample in (("full_stop", 1), ("comma", 0), ("comma", 119)):
        await flow.press(key)
        await flow.until(lambda sample=sample: f"sample {sample + 1} of 120" in line.text, f"sample {sample}")
    assert "predicted" in line.text


async def _use_the_mouse(flow: Flow, tab: Tab) -> None:
    scene = tab.view.query_one(NetworkCanvas).scene
    assert scene is not None
    outputs = scene.arrangement.columns[-1]
    await flow.pilot.click(NetworkCanvas, offset=(outputs.left + 1, outputs.rows[2]))
    await tab.until_at(2, 2)
    assert flow.screen.focused is None
    await flow.pilot.click(".neuron", offset=(5, 6))
    await flow.until(lambda: "▸ neuron 2" in tab.text, "the mark of the weight that was clicked")
    assert tab.view.choice.parameter == 1


async def test_the_perceptron_with_and_without_bias(start: Start) -> None:
    async with start(ROOMS) as flow:
        tab = await Tab(flow).open()
        await flow.until_shown("= identity(9.1020 · 6.575 − 34.67) = 25.18")
        await flow.screen.editor.change_field("model.output.use_bias", False)
        await flow.until(lambda: "a = φ(w x) " in tab.text, "a formula without b")
        assert "bias" not in tab.text
        await flow.until_shown("no bias")
        await flow.screen.editor.change_field("model.output.activation", "softplus")
        await flow.until(lambda: "softplus(" in tab.text, "another φ")


async def test_a_first_weight_set_by_hand_is_one_of_the_experiment(start: Start) -> None:
    async with start(IRIS) as flow:
        tab = await Tab(flow).open()
        await _type_what_is_no_number(flow, tab)
        await flow.press("w", "down")
        await tab.until_first_weights()
        before = tab.term(1)
        await tab.type("0,75")
        await tab.until_weight(0.75, 1)
        weights = flow.screen.experiment.model.weights
        assert len(weights) == 6 * 4 + 6 + 6 * 3 + 3 and weights[before.index] == 0.75
        assert "Weight from input sepal width (cm) to layer 1, neuron 1 is 0.75" in flow.message
        await flow.press("plus")
        await tab.until_weight(0.85, 1)
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        await flow.press("r")
        await tab.until_weight(0.85, 1)
        await flow.press("u")
        await tab.until_weight(0.75, 1)
        await flow.press("u")
        await tab.until_weight(before.weight, 1)
        assert flow.screen.experiment == IRIS


async def _type_what_is_no_number(flow: Flow, tab: Tab) -> None:
    await tab.type("[red]two")  # with none picked, it is the first weight's
    await flow.until_said("Expected a number such as 0.5 or -2, got '[red]two'")
    line = tab.view.query_one(Prompt)
    assert line.query_one(Input).has_focus and line.query_one(Input).value == "[red]two"
    await flow.press("escape")
    await flow.until(lambda: not line.has_class("-open"), "the hints again")
    assert flow.screen.experiment == IRIS and flow.screen.focused is None
    await flow.press("w", "plus")
    await flow.until_said("No weight is picked")


async def test_a_weight_set_while_the_run_goes_on(start: Start) -> None:
    async with start(IRIS) as flow:
        tab = await Tab(flow).open()
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1 and tab.term().gradient is not None, "a step")
        before = tab.term()
        await flow.press("w")
        await tab.type("-2")
        await tab.until_weight(-2.0)
        await flow.press("minus")
        await tab.until_weight(-2.2)
        assert flow.progress.steps == 1 and flow.loads == 1, "no reset"
        assert flow.screen.experiment == IRIS and "until a reset; u undoes it" in flow.message
        await flow.press("u", "u")
        await tab.until_weight(before.weight)
        assert f"back to {format_number(before.weight)}" in flow.message
        await flow.press("U")
        await tab.until_weight(-2.0)
        assert "is −2 again" in flow.message
        await flow.press("r")
        await flow.until_loaded(2)
        await flow.press("u")
        await flow.until_said("Nothing to undo")


async def test_weights_that_a_teacher_has_fixed(start: Start) -> None:
    async with start(replace(IRIS, hide=("model.weights",))) as flow:
        tab = await Tab(flow).open()
        await flow.press("w")
        await tab.until_first_weights()
        await flow.press("plus")
        await flow.until_said("Weights: fixed in this experiment")
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps == 1 and tab.term().gradient is not None, "a step")
        await flow.press("plus")
        await flow.until_said("The weights are fixed in this experiment")


async def test_it_follows_the_training_while_it_is_open(start: Start) -> None:
    """At 80x24; then another network, and another size."""
    async with start(IRIS, size=(80, 24)) as flow:
        tab = await Tab(flow).open()
        before = tab.term().weight
        await flow.press("space")
        await flow.until(lambda: tab.term().weight != before and tab.term().gradient is not None, "other weights")
        await flow.press("0")
        count = len(flow.reports)
        steps = flow.progress.steps
        await flow.until(lambda: flow.progress.steps > steps + 50, "more steps")
        late = [report for report in flow.reports[count:] if isinstance(report, Update) and report.tab == "network"]
        assert len(late) <= 1, "what was on its way"
        await flow.press("space", "5")
        looks = [content.looked_at for content in flow.contents("network")]
        curves = [one.curve for one in looks if isinstance(one, NeuronDetail)]
        assert any(curves) and curves[-1] is None, "the curve need not come again"
        await _build_other_networks(flow, tab)


async def _build_other_networks(flow: Flow, tab: Tab) -> None:
    await flow.press("right", "down")
    place = tab.view.choice.position
    await flow.press("a")
    await flow.until(lambda: tab.view.content and len(tab.view.content.layers) == 4, "one more layer")
    assert tab.view.choice.position == place
    await flow.press("x", "x")
    await flow.until(lambda: tab.view.content and len(tab.view.content.layers) == 2, "no hidden layer")
    await tab.until_at(1, place[1])
    await flow.pilot.resize_terminal(100, 40)
    await flow.until(lambda: "sepal leng…" in flow.screen_text(), "the picture for the new size")


def test_a_lesson_may_ask_before_anything_is_there() -> None:
    view = NetworkView()
    view.configure({"sample": 4, "layer": -1, "neuron": 1})
    assert (view.request.sample, view.request.layer, view.request.neuron) == (4, -1, 1)
    assert view.request.windows == () and view.request.terms == 0


async def test_a_lesson_draws_the_activations_side_by_side(start: Start) -> None:
    elu = with_field(IRIS, "model.layers[0].activation", "elu")
    async with start(elu) as flow:
        tab = await Tab(flow).open()
        curves = tab.view.query_one(ActivationCurves)
        assert not curves.display

        def plots() -> list[Plot]:
            return [widget.plot for widget in curves.query(PlotWidget) if widget.display]

        tab.view.configure({"panel": "activation"})
        await flow.until(lambda: [plot.title for plot in plots()] == ["tanh", "sigmoid", "ReLU", "elu"], "the curves")
        for plot, at_four in zip(plots(), (np.tanh(4.0), 1 / (1 + np.exp(-4.0)), 4.0, 4.0), strict=True):
            phi, slope = plot.series
            assert plot.x_limits == (-4.0, 4.0) and phi.x[-1] == 4.0
            assert phi.y[-1] == pytest.approx(at_four) and (phi.label, slope.label) == ("φ", "φ′")
        tab.view.configure({"panel": "slopes"})
        await flow.until(lambda: len(plots()) == 1, "one plot of all slopes")
        tops = {series.label: series.y.max() for series in plots()[0].series}
        assert tops == {"tanh": 1.0, "sigmoid": 0.25, "ReLU": 1.0, "elu": 1.0}
        tab.view.configure({})
        await flow.until(lambda: not curves.display, "the network alone")


async def test_after_a_step_the_dropped_units_are_seen_until_training_goes_on(start: Start) -> None:
    experiment = with_field(with_field(IRIS, "model.layers[0].dropout", 0.5), "model.input_dropout", 0.5)
    async with start(experiment, (80, 24)) as flow:
        tab = await Tab(flow).open()
        words = tab.view.query_one(".sample", TextLines)
        assert "× off" not in words.text
        await flow.press("s")
        await flow.until(lambda: "× off" in words.text, "a word on it")
        assert tab.view.content is not None and tab.view.content.dropped_of not in (None, 0)
        assert f"× off for sample {tab.view.content.dropped_of + 1}" in words.text, "also where there is little room"
        await flow.press("e")
        await flow.until(lambda: "× off" not in words.text, "no longer")
        await flow.press("s", "s")
        await flow.until(lambda: "× off" in words.text, "again")
        await flow.press("space")
        await flow.until(lambda: "× off" not in words.text, "training goes on")


async def test_a_sample_of_other_data_is_not_named_after_these(start: Start) -> None:
    """Where the network looks the same: before what the new run sends has come, the room may change."""
    numbers, classes = (with_field(IRIS, "dataset", DatasetConfig(name)) for name in ("multi_gauss", "circle"))
    async with start(numbers) as flow:
        tab, session = await Tab(flow).open(), Session()
        await flow.until(lambda: tab.view.content is not None, "a sample")
        for experiment, stays in ((numbers, True), (classes, False)):
            session.load(experiment)
            tab.view.show_loaded(reporting.loaded(session, 1))
            assert (tab.view.content is not None) == stays, "of the same data until the next sample comes"
            tab.view._handle_resized()
