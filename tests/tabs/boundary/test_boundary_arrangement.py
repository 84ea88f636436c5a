"""Where the small pictures stand: nothing overlaps, all are there or as many as fit, the chosen one always."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.tabs.boundary.messages import Neuron
from tui_trainer.tabs.boundary.thumbnails import ABOVE, FRAME, Arrangement, Room, arrange


def cells(arrangement: Arrangement) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """The cells (row, column) of every picture with its frame, by layer and neuron."""
    found = {}
    for block in arrangement.blocks:
        for neuron in range(block.first, block.first + block.count):
            row, column = arrangement.position(block, neuron)
            found[block.layer, neuron] = [
                (row + down, column - 1 + across)
                for down in range(arrangement.side // 2)
                for across in range(arrangement.side + FRAME)
            ]
    return found


def test_a_small_network_has_large_pictures() -> None:
    spiral = arrange((2, 8, 8, 1), Neuron(3, 0), Room(46, 33))
    assert spiral.side == 8 and [block.count for block in spiral.blocks] == [2, 8, 8, 1]
    assert arrange((2, 2, 1), Neuron(2, 0), Room(60, 33)).side == 16
    assert [block.window.count for block in arrange((2, 4, 3), Neuron(2, 0), Room(44, 10)).blocks] == [2, 4, 3]


def test_a_wide_layer_shows_the_chosen_neuron_and_its_neighbours() -> None:
    wide = arrange((2, 64, 10), Neuron(1, 40), Room(44, 33))
    [block] = [block for block in wide.blocks if block.layer == 1]
    assert block.first < 40 < block.first + block.count < 64 and block.units == 64
    assert block.columns >= 2, "the room that other layers leave is taken"
    last = arrange((2, 64, 10), Neuron(1, 63), Room(44, 33))
    assert last.blocks[1].first + last.blocks[1].count == 64


def test_a_deep_network_shows_the_chosen_layer_and_its_neighbours() -> None:
    deep = arrange((2, *[8] * 20, 1), Neuron(10, 3), Room(44, 33))
    layers = [block.layer for block in deep.blocks]
    assert 10 in layers and layers == list(range(layers[0], layers[-1] + 1)) and len(layers) < 8


def test_no_room_is_no_picture() -> None:
    for size in ((0, 0), (44, 2), (5, 33)):
        assert arrange((2, 8, 1), Neuron(1, 0), Room(*size)).blocks == ()


def test_what_is_clicked_on() -> None:
    found = arrange((2, 8, 8, 1), Neuron(3, 0), Room(46, 33))
    for (layer, neuron), inside in cells(found).items():
        for row, column in (inside[0], inside[-1]):
            assert found.neuron_at(column, row) == (layer, neuron)
    assert found.neuron_at(found.blocks[1].left, 0) == (1, -1), "a title"
    assert found.neuron_at(found.blocks[0].left, 20) is None
    assert found.neuron_at(45, 20) is None and found.neuron_at(-1, 3) is None


@given(
    units=st.lists(st.integers(1, 70), min_size=1, max_size=9),
    size=st.tuples(st.integers(0, 90), st.integers(0, 50)),
    gap=st.integers(0, 1),
    data=st.data(),
)
def test_pictures_stay_within_and_apart(units: list[int], size: tuple[int, int], gap: int, data: st.DataObject) -> None:
    layer = data.draw(st.integers(0, len(units) - 1))
    neuron = data.draw(st.integers(-1, units[layer] - 1))
    found = arrange(units, Neuron(layer, neuron), Room(*size, gap))
    pictures = cells(found)
    taken = [cell for inside in pictures.values() for cell in inside]
    assert len(taken) == len(set(taken))
    assert all(ABOVE <= row < size[1] and 0 <= column < size[0] for row, column in taken)
    if found.blocks:
        assert (layer, max(neuron, 0)) in pictures
        hidden = sum(units) - len(pictures)
        assert hidden == 0 or max(row for row, _ in taken) < size[1] - 1, "a row is left to say what is missing"
