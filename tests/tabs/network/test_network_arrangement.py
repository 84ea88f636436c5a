"""Where the network's layers and neurons go, what is folded away, and how the choice moves among them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tui_trainer.tabs.network.layout import Arrangement, Column, Layer, Selection, Shape, arrange, window_start
from tui_trainer.tabs.network.messages import NeuronRange

IRIS_INPUTS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
SPECIES = ("setosa", "versicolor", "virginica")
SIZES = [(65, 20), (117, 20), (77, 10), (58, 6), (30, 3), (200, 60)]


def shape(*units: int, bias: bool = True) -> Shape:
    """A network with these numbers of units; the first are inputs."""
    layers = (Layer(units[0]), *(Layer(count, "relu", bias) for count in units[1:]))
    return Shape(layers, IRIS_INPUTS[: units[0]], SPECIES[: units[-1]])


NETWORKS = {
    "perceptron": shape(1, 1),
    "iris": shape(4, 16, 8, 3),
    "wide": shape(4, 256, 256, 256, 3),
    "digits": shape(64, 100, 10),
    "spiral": shape(2, 8, 8, 2),
    "deep": shape(4, *[8] * 255, 3),
    "no bias": shape(1, 1, bias=False),
}


def column_of(arrangement: Arrangement, layer: int) -> Column:
    return next(column for column in arrangement.columns if column.layer == layer)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETWORKS)
def test_everything_lies_apart_and_the_chosen_neuron_is_there(name: str, size: tuple[int, int]) -> None:
    network, (width, height) = NETWORKS[name], size
    for layer in {0, 1, network.last // 2, network.last}:
        chosen = (layer, network.layers[layer].units - 1)
        arrangement = arrange(network, width, height, chosen, {})
        shown = [column.layer for column in arrangement.columns]
        assert shown == sorted(set(shown)) and {0, layer if len(shown) > 2 else 0, network.last} <= set(shown)
        for column, after in pairwise(arrangement.columns):
            assert column.right < after.left, "a gap between two layers"
        for column in arrangement.columns:
            assert column.first + len(column.rows) + column.below == network.layers[column.layer].units
            assert list(column.rows) == sorted(set(column.rows)), "each in a row of its own"
            if height >= 6:
                assert column.left >= arrangement.labels[0] and column.right <= width - arrangement.labels[1]
                assert column.rows[0] - (column.first > 0) >= arrangement.top
                assert column.rows[-1] + (column.below > 0) < height
        if layer in shown:
            assert column_of(arrangement, layer).row(chosen[1]) is not None


def test_a_small_network_is_shown_whole() -> None:
    arrangement = arrange(NETWORKS["iris"], 117, 20, (1, 0), {})
    assert arrangement.windows == (
        NeuronRange(0, 0, 4),
        NeuronRange(1, 0, 16),
        NeuronRange(2, 0, 8),
        NeuronRange(3, 0, 3),
    )
    assert {column.width for column in arrangement.columns} == {7}
    assert not any(column.first or column.below for column in arrangement.columns)


def test_large_layers_are_folded() -> None:
    arrangement = arrange(NETWORKS["wide"], 117, 20, (2, 0), {})
    column = column_of(arrangement, 2)
    assert (column.first, len(column.rows), column.below) == (0, 17, 239)
    column = column_of(arrange(NETWORKS["wide"], 117, 20, (2, 100), {1: 7}), 2)
    assert column.first <= 99 and column.first + len(column.rows) > 101, "its neighbours are seen too"
    assert column_of(arrange(NETWORKS["wide"], 117, 20, (2, 100), {1: 7}), 1).first == 7, "the others stay"


def test_many_layers_are_folded_around_the_chosen_one() -> None:
    network = NETWORKS["deep"]
    for layer in (0, 1, 100, 255, 256):
        shown = [column.layer for column in arrange(network, 117, 20, (layer, 0), {}).columns]
        assert shown[0] == 0 and shown[-1] == 256 and layer in shown
        assert layer == 0 or layer - 1 in shown, "the neurons that its links come from"
        assert len(shown) >= 7


@pytest.mark.parametrize(
    ("first", "count", "units", "chosen", "start"),
    [
        (0, 16, 256, None, 0),
        (0, 16, 256, 14, 0),
        (0, 16, 256, 15, 1),
        (100, 16, 256, 101, 100),
        (100, 16, 256, 100, 99),
        (0, 16, 256, 255, 240),
        (240, 16, 256, 0, 0),
        (999, 16, 256, None, 240),
        (0, 1, 3, 2, 2),
    ],
)
def test_a_window_moves_no_further_than_it_must(
    first: int, count: int, units: int, chosen: int | None, start: int
) -> None:
    assert window_start(first, count, units, chosen) == start


def test_the_neuron_at_a_cell() -> None:
    arrangement = arrange(NETWORKS["iris"], 117, 20, (1, 0), {})
    for column in arrangement.columns:
        for number, row in enumerate(column.rows):
            assert arrangement.at(column.left, row) == (column.layer, number)
            assert arrangement.at(column.right - 1, row) == (column.layer, number)
    assert arrangement.at(0, 0) is None
    outputs = column_of(arrangement, 3)
    assert arrangement.at(outputs.left, outputs.rows[1] + 1) == (3, 1), "a box is three rows high"
    assert arrangement.at(column_of(arrangement, 2).left - 8, 10) is None, "between two layers"


def test_moves_stay_inside() -> None:
    network = NETWORKS["iris"]
    choice = Selection(layer=1, neuron=15)
    assert choice.moved(network, 1) == choice and choice.moved(network, -3).neuron == 12
    weights = replace(choice, parameter=3)
    assert weights.moved(network, 1).parameter == 4, "the bias"
    assert weights.moved(network, 9).parameter == 4 and weights.moved(network, -9).parameter == 0
    without = shape(4, 16, 3, bias=False)
    assert replace(choice, parameter=4).within(without).parameter == 3
    assert Selection(layer=-1, neuron=99).within(network).position == (3, 2), "-1 is the output"
    assert Selection(layer=0, parameter=2).within(network).parameter is None, "an input has no weights"
    assert Selection(layer=9, neuron=9, parameter=99).within(shape(1, 1)) == Selection(0, 1, 0, 1)


def test_beside_is_what_is_nearest_on_the_screen() -> None:
    network = NETWORKS["iris"]
    arrangement = arrange(network, 117, 20, (1, 15), {})
    choice = Selection(layer=1, neuron=15)
    assert choice.beside(network, arrangement, 1).position == (2, 7)
    assert choice.beside(network, arrangement, -1).position == (0, 3)
    assert Selection(layer=1, neuron=7).beside(network, arrangement, 1).position[1] in (3, 4)
    assert Selection(layer=3, neuron=1).beside(network, arrangement, 1).position == (3, 1), "there is no layer after"
    weight = Selection(layer=1, parameter=2)
    assert weight.beside(network, arrangement, 1).parameter == 2
    assert weight.beside(network, arrangement, -1).parameter is None
