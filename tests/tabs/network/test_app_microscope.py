"""The microscope under a pilot: its stages by keys and mouse, the step it takes, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace
from network_tab import NetworkTab

from tui_trainer.app.dialogs.view_code import ViewCode
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import unpack
from tui_trainer.tabs.network.drawing import NetworkCanvas
from tui_trainer.tabs.network.messages import NeuronDetail, NeuronStep
from tui_trainer.tabs.network.view import NOT_NOW, NetworkView
from tui_trainer.ui.plot_widgets import TextLines

if TYPE_CHECKING:
    from running_app import Start

IRIS = Experiment(
    model=ModelConfig(layers=(LayerConfig(6, "tanh"),)), training=TrainingConfig(epochs=100_000, batch_size=20)
)
STAGES = (("forward", 1), ("forward", 2), ("loss", 2), ("backward", 2), ("backward", 1), ("update", 1), ("update", 2))


class Lens(NetworkTab):
    """The Network tab of a running app, under the microscope."""

    @property
    def step(self) -> NeuronStep | None:
        content = self.view.content
        return content.looked_at if content is not None and isinstance(content.looked_at, NeuronStep) else None

    @property
    def heading(self) -> str:
        return self.view.query_one(".sample", TextLines).text

    async def open(self) -> Lens:
        await super().open()
        await self.flow.press("v")
        await self.until_at(*STAGES[0])
        return self

    async def until_at(self, kind: str, layer: int) -> None:
        """Wait until this stage is computed and told of."""

        def there() -> bool:
            step = self.step
            return step is not None and (step.stage.kind, step.layer) == (kind, layer) == self.told

        await self.flow.until(there, f"{kind} of layer {layer}")

    @property
    def told(self) -> tuple[str, int]:
        """The stage that is marked over the picture."""
        track = self.heading.split("\n")[-1]
        marked = track[track.index("[") + 1 : track.index("]")] if "[" in track else ""
        before = track.split("[")[0]
        kind = max(("forward", "backward", "update"), key=before.rfind) if marked.isdigit() else marked
        return kind, int(marked) if marked.isdigit() else 2

    async def until(self, words: str) -> None:
        await self.flow.until(lambda: words in self.text, words)


async def test_a_step_goes_through_its_stages(start: Start) -> None:
    """By keys, forward and back; after the last one the step is taken, with the very weights that were shown."""
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        assert "step 1: 20 samples" in lens.heading and "o = Σⱼ wᵢⱼ xⱼ + bᵢ" in lens.text
        for stage in STAGES[1:]:
            await flow.press("right")
            await lens.until_at(*stage)
        await flow.press("left")
        await lens.until_at("update", 1)
        await flow.press("right")
        await lens.until_at("update", 2)
        step = lens.step
        assert step is not None
        new = [term.new for term in step.terms]
        await flow.press("right")
        await flow.until(lambda: lens.step and lens.step.number == 2, "the step after it")
        await lens.until_at("forward", 1)
        await flow.press("right")
        await lens.until_at("forward", 2)
        assert [term.weight for term in lens.step.terms] == new if lens.step else False
        await flow.press("escape")
        await flow.until(lambda: lens.step is None and isinstance(looked_at(lens), NeuronDetail), "the network")
        assert not lens.view.in_mode and "∂ℒ/∂w" in lens.text and "of batch" in lens.text


def looked_at(lens: Lens) -> object:
    content = lens.view.content
    return None if content is None else content.looked_at


async def test_numbers_are_of_a_sample_or_of_the_mini_batch(start: Start) -> None:
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        first = lens.heading
        await flow.press("full_stop")
        await flow.until(lambda: lens.step and lens.step.stage.member == 1 and lens.heading != first, "the next sample")
        await flow.press("comma", "comma")
        await flow.until(lambda: lens.step and lens.step.stage.member == 19, "the last sample of the mini-batch")
        await flow.press("b")
        await lens.until("mean over the 20 samples of this batch")
        assert "all samples" in lens.heading
        await flow.press("b")
        await lens.until("of sample ")
        await flow.press("right", "right", "right")
        await lens.until_at("backward", 2)
        await lens.until("mean of 20")
        assert "∂ℒ/∂o = a − y" in lens.text


async def test_neurons_and_weights_are_chosen_under_the_microscope(start: Start) -> None:
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        await flow.press("down")
        await lens.until("layer 1, neuron 2 of 6")
        scene = lens.view.query_one(NetworkCanvas).scene
        assert scene is not None
        outputs = scene.arrangement.columns[-1]
        await flow.pilot.click(NetworkCanvas, offset=(outputs.left + 1, outputs.rows[2]))
        await lens.until_at("forward", 2)
        await lens.until("output virginica")
        await flow.press("right", "right", "right")
        await lens.until_at("backward", 1)
        await lens.until("layer 1, neuron 2 of 6")
        await flow.press("right", "w", "down")
        await lens.until("▸ sepal width")
        await flow.press("plus")
        await flow.until_said(NOT_NOW)
        before = lens.step
        assert before is not None and before.number == 1, "nothing was changed"


async def test_it_plays_by_itself(start: Start) -> None:
    """Each tick is one stage; the last one takes the step. It stops by the same key, and where it is left."""
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        await flow.press("enter")
        await lens.until_at(*STAGES[1])
        for stage in STAGES[2:]:
            lens.view.play_on()
            await lens.until_at(*stage)
        lens.view.play_on()
        await flow.until(lambda: lens.step and lens.step.number == 2, "the next step")
        assert lens.view.is_playing
        await flow.press("enter")
        await flow.until(lambda: not lens.view.is_playing, "the end of it")
        await flow.press("enter", "escape")
        await flow.until(lambda: not lens.view.in_mode, "the network")
        assert not lens.view.is_playing


async def test_it_plays_on_neither_behind_a_dialog_nor_from_an_earlier_moment_into_training(start: Start) -> None:
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        await flow.press("s", "e", "enter")
        await flow.until(lambda: lens.step and lens.step.epoch == 2 and lens.view.is_playing, "the second epoch")
        assert lens.view._playing is not None
        lens.view._playing.pause()  # the test is the clock
        steps = flow.progress.steps
        await flow.press("K")
        await flow.until(lambda: isinstance(flow.pilot.app.screen, ViewCode), "the dialog")
        for _ in STAGES:
            lens.view.play_on()
        await flow.press("escape")
        await flow.until(lambda: not isinstance(flow.pilot.app.screen, ViewCode), "the microscope again")
        assert flow.progress.steps == steps and lens.view.is_playing
        await flow.press("{")
        await flow.until(lambda: flow.progress.now is not None, "an earlier moment")
        for _ in STAGES:
            lens.view.play_on()
        await flow.until(lambda: not lens.view.is_playing, "the end of it")
        assert flow.progress.now is not None, "the moment stays"


async def test_it_follows_another_network(start: Start) -> None:
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        await flow.press("right", "right", "right", "right", "right", "right")
        await lens.until_at("update", 2)
        await flow.screen.editor.change_field("model.layers", (LayerConfig(3, "relu"), LayerConfig(4, "tanh")))
        await flow.until(lambda: lens.view.in_mode and "layer 1, neuron 1 of 3" in lens.text, "the new network")
        assert "forward [1] 2  3" in lens.heading


async def test_the_run_is_the_same_with_and_without_it(start: Start) -> None:
    """A lesson opens it; what is looked at between two steps changes neither samples nor weights."""
    dropout = replace(IRIS, model=replace(IRIS.model, layers=(LayerConfig(6, "tanh", dropout=0.3),)))
    weights = []
    for is_seen in (True, False):
        async with start(dropout) as flow:
            await flow.press("5")
            await flow.until(lambda flow=flow: flow.screen.query(NetworkView), "the tab")
            lens = Lens(flow)
            for number in range(1, 4):
                lens.view.configure({"panel": "microscope"} if is_seen else {})
                if is_seen:
                    await flow.until(
                        lambda lens=lens, number=number: lens.step and lens.step.number == number, "the step"
                    )
                await flow.press("s")
            await flow.until_shown("3 steps")
            lens.view.configure({})
            await flow.press("w")
            await flow.until(lambda lens=lens: isinstance(looked_at(lens), NeuronDetail), "the weights")
            detail = looked_at(lens)
            assert isinstance(detail, NeuronDetail)
            weights.append([term.weight for term in detail.terms])
    assert weights[0] == weights[1]


async def test_a_step_that_is_too_large_is_said_and_left_again(start: Start) -> None:
    async with start(IRIS) as flow:
        lens = await Lens(flow).open()
        reason = "A step of 20 samples takes too much memory under the microscope."

        def said() -> bool:
            lens.view.say_unseen(reason)  # a content that was under way takes it back
            return reason in flow.screen_text()

        await flow.until(said, "the reason")
        await flow.press("escape")
        await flow.until(lambda: isinstance(looked_at(lens), NeuronDetail), "the network")
        assert not lens.view.in_mode and not lens.view.has_class("-unseen")


async def test_a_perceptron_has_its_stages_too(start: Start) -> None:
    rooms = Experiment(dataset=DatasetConfig("boston_rm"), model=ModelConfig(layers=()))
    async with start(rooms) as flow:
        lens = await Lens(flow).open()
        await flow.press("right")
        await flow.until(lambda: "ℒ of sample" in lens.text and "Σ (a − y)²" in lens.text, "the loss")
        step = lens.step
        assert step is not None and np.isfinite(unpack(step.losses)).all()
