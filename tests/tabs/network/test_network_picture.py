"""The picture of a network as characters and roles: whole at any size, with what it must tell on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, OutputConfig
from tui_trainer.plotting.frame import Frame, visible
from tui_trainer.runtime.reporting import loaded
from tui_trainer.settings import Markers
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.compute import NetworkCompute
from tui_trainer.tabs.network.drawing import (
    CHOSEN,
    DIM,
    EDGE,
    LINK,
    NAMES,
    NEURON,
    SELECTED_WEIGHT,
    SHADES,
    Scene,
    draw,
)
from tui_trainer.tabs.network.layout import Selection, arrange, shape_of
from tui_trainer.tabs.network.messages import Network, WatchNetwork
from tui_trainer.training.inspection import ColumnImportance, ImportanceOfRun
from tui_trainer.training.session import Session

ROOMS = DatasetConfig("boston_rm", standardize=False, validation_split=0.0)
CASES = {
    "perceptron": Experiment(dataset=ROOMS, model=ModelConfig(layers=(), weights=(9.1020, -34.67))),
    "iris": Experiment(model=ModelConfig(layers=(LayerConfig(16), LayerConfig(8, use_bias=False, dropout=0.5)))),
    "digits": Experiment(dataset=DatasetConfig("digits"), model=ModelConfig(layers=(LayerConfig(100),))),
    "deep": Experiment(model=ModelConfig(layers=(LayerConfig(8, "tanh"),) * 60)),
}
SESSIONS: dict[str, Session] = {}


def session_of(name: str) -> Session:
    if name not in SESSIONS:
        SESSIONS[name] = Session()
        SESSIONS[name].load(CASES[name])
    return SESSIONS[name]


def scene_of(session: Session, width: int, height: int, choice: Selection) -> Scene:
    shape = shape_of(loaded(session, 1))
    choice = choice.within(shape)
    arrangement = arrange(shape, width, height, choice.position, {})
    request = WatchNetwork(
        choice.sample, choice.layer, choice.neuron, arrangement.windows, parameter=choice.parameter, terms=30
    )
    content = NetworkCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, Network)
    return Scene(shape, arrangement, content, choice)


def picture(
    name: str, width: int, height: int, choice: Selection, markers: Markers = "braille", dashed: bool = False
) -> Frame:
    return draw(scene_of(session_of(name), width, height, choice), width, height, markers, dashed)


@pytest.mark.parametrize("markers", ["braille", "block", "ascii"])
@pytest.mark.parametrize("size", [(65, 20), (117, 20), (77, 10), (117, 33), (58, 5), (20, 2), (1, 1)])
@pytest.mark.parametrize("name", CASES)
def test_a_picture_of_any_size(name: str, size: tuple[int, int], markers: Markers) -> None:
    width, height = size
    for choice in (Selection(), Selection(layer=0), Selection(layer=-1, neuron=2, parameter=1)):
        frame = picture(name, width, height, choice, markers)
        assert len(frame.rows) == height and {len(row) for row in frame.rows} == {width}
        assert frame.roles.shape == (height, width) and set(np.unique(frame.roles)) <= set(NAMES)
        if markers == "ascii":
            drawn = "".join(frame.rows).replace("…", "").replace("⋯", "").replace("−", "").replace("●", "")
            assert drawn.isascii()


def test_inputs_have_bars_of_their_importance_where_there_is_room() -> None:
    session = Session()
    session.load(CASES["iris"])
    columns = {
        one.column: ColumnImportance(one.column, 0.1 * number, 0.01)
        for number, one in enumerate(session.dataset.inputs)
    }
    session.importance = ImportanceOfRun("accuracy", 5, columns)
    frame = draw(scene_of(session, 117, 33, Selection()), 117, 33, "braille", False)
    assert "importance" in frame.rows[2]
    bars = [row.count("█") + any(part in row for part in "▏▎▍▌▋▊▉") for row in (row[:16] for row in frame.rows)]
    assert [count for count in bars if count] == [3, 6, 8], "the first has none, as its importance is 0"
    assert "###" in "\n".join(draw(scene_of(session, 117, 33, Selection()), 117, 33, "ascii", False).rows)
    low = draw(scene_of(session, 77, 10, Selection()), 77, 10, "braille", False)
    assert "importance" not in "".join(low.rows), "there is no room"


def test_the_perceptron_has_its_numbers_on_it() -> None:
    frame = picture("perceptron", 65, 20, Selection())
    text = "\n".join(frame.rows)
    for part in ("inputs", "output", "1 linear", "RM", "6.575", "9.1020", "25.18", "PRICE", "b −34.7"):
        assert part in text, part
    assert (frame.roles == CHOSEN).sum() == 2
    assert (frame.roles >= EDGE).any(), "its neurons are boxes"


def test_layers_names_and_notes_of_iris() -> None:
    rows = picture("iris", 117, 20, Selection(layer=3, neuron=1)).rows
    assert rows[0].split() == ["inputs", "x", "layer", "1", "h⁽¹⁾", "layer", "2", "h⁽²⁾", "output", "ŷ"]
    assert rows[1].split() == ["4", "16", "relu", "8", "relu", "3", "softmax"]
    assert rows[2].split() == ["no", "bias,", "drop", "0.5"]
    scene = scene_of(session_of("iris"), 117, 20, Selection())
    target = scene.shape.outputs[int(scene.network.target)]
    text = "\n".join(rows)
    assert f"● {target}" in text and text.count("●") == 1
    assert all(name in text for name in ("setosa", "virginica", "petal width"))


def test_what_is_unusual_of_a_layer_stands_below_it() -> None:
    SESSIONS["normed"] = Session()
    layers = (LayerConfig(4, trainable=False), LayerConfig(4, batch_norm=True))
    SESSIONS["normed"].load(Experiment(model=ModelConfig(layers=layers)))
    assert picture("normed", 80, 20, Selection()).rows[2].split() == ["frozen", "norm"]


def test_dropout_of_the_inputs_stands_below_them() -> None:
    SESSIONS["dropped"] = Session()
    SESSIONS["dropped"].load(Experiment(model=ModelConfig(layers=(LayerConfig(4),), input_dropout=0.25)))
    assert picture("dropped", 80, 20, Selection()).rows[2].split() == ["drop", "0.25"]


@pytest.mark.parametrize(("markers", "glyph"), [("braille", "×"), ("ascii", "x")])
def test_units_that_the_last_step_dropped_are_grey_and_crossed_out(markers: Markers, glyph: str) -> None:
    session = Session()
    session.load(Experiment(model=ModelConfig(layers=(LayerConfig(8, dropout=0.5),), input_dropout=0.5)))
    session.step()
    scene = scene_of(session, 80, 24, Selection())
    frame = draw(scene, 80, 24, markers, False)
    for column, layer in zip(scene.arrangement.columns, scene.network.layers, strict=True):
        dropped = np.frombuffer(layer.dropped, np.bool_) if layer.dropped else [False] * len(column.rows)
        for row, is_off in zip(column.rows, dropped, strict=True):
            inside = slice(column.left, column.right)
            assert (glyph in frame.rows[row][inside]) == is_off
            assert not is_off or set(frame.roles[row, inside].tolist()) <= {NEURON, DIM}
    assert any(any(layer.dropped) for layer in scene.network.layers)


def test_folded_neurons_and_layers_are_counted() -> None:
    text = "\n".join(picture("digits", 65, 20, Selection(layer=1, neuron=50)).rows)
    column = next(
        one for one in scene_of(session_of("digits"), 65, 20, Selection(1, 1, 50)).arrangement.columns if one.layer
    )
    assert f"… {column.first}" in text and f"… {column.below}" in text and column.first + column.below == 100 - 16
    text = "\n".join(picture("deep", 65, 20, Selection(layer=30)).rows)
    assert "layer 30" in text and "layer 29" in text and "more" in text


def test_shades_follow_the_values_and_signs_of_links_the_weights() -> None:
    scene = scene_of(session_of("iris"), 117, 20, Selection())
    frame = draw(scene, 117, 20, "braille", dashed=False)
    inputs = scene.arrangement.columns[0]
    shades = np.frombuffer(scene.network.layers[0].shades, np.int8)
    for row, shade in zip(inputs.rows, shades, strict=True):
        role = frame.roles[row, inputs.left]
        assert (role > NEURON + SHADES) == (shade < 0) and role > NEURON
    gap = frame.roles[:, inputs.right : scene.arrangement.columns[1].left]
    assert ((gap >= LINK) & (gap < NEURON)).any()


def test_the_picked_weight_is_marked() -> None:
    frame = picture("iris", 117, 20, Selection(layer=1, neuron=3, parameter=2))
    assert (frame.roles == SELECTED_WEIGHT).sum() > 10
    bias = picture("perceptron", 65, 20, Selection(parameter=1))
    row = next(number for number, text in enumerate(bias.rows) if "b −34.7" in text)
    assert (bias.roles[row] == SELECTED_WEIGHT).sum() == len("b −34.7") and (
        bias.roles == SELECTED_WEIGHT
    ).sum() == len("b −34.7")


def test_a_scene_for_another_size_is_not_drawn() -> None:
    scene = scene_of(session_of("iris"), 117, 20, Selection())
    assert {row.strip() for row in draw(scene, 65, 20, "braille", False).rows} == {""}
    assert {row.strip() for row in draw(None, 65, 20, "braille", False).rows} == {""}


def test_names_from_files_are_plain() -> None:
    scene = scene_of(session_of("perceptron"), 65, 20, Selection())
    odd = replace(scene, shape=replace(scene.shape, inputs=("房[red]",), outputs=("価\u200b格",)))
    text = visible("\n".join(draw(odd, 65, 20, "braille", False).rows))
    assert "房[re…" in text and "価格" in text and {cell_len(row) for row in text.split("\n")} == {65}


def test_outputs_are_named_after_the_classes() -> None:
    two = Experiment(dataset=DatasetConfig("circle"))
    session = Session()
    for units, activation, names in ((2, "softmax", ("orange", "blue")), (1, "sigmoid", ("P(blue)",))):
        session.load(with_field(two, "model.output", OutputConfig(units, activation)))
        assert shape_of(loaded(session, 1)).outputs == names
