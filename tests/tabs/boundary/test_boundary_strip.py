"""The strip: every picture in its place, in its colours, and the chosen one marked."""

from __future__ import annotations

import numpy as np

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.plotting.frame import AXIS, TEXT
from tui_trainer.plotting.heatmaps import DIVERGING, FIRST_SHADE, SHADES, TINTS, Form
from tui_trainer.plotting.plot import HIGHEST, MIDDLE
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import Boundary, Function, Neuron, WatchBoundary
from tui_trainer.tabs.boundary.thumbnails import Arrangement, Room, ThumbnailStrip, arrange, draw, filled
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session

SIZE = (46, 33)


def strip_of(name: str, layer: int, neuron: int, form: Form = "pixels", size: tuple[int, int] = SIZE) -> ThumbnailStrip:
    """The strip of a fresh network with hidden layers of 8 and 4."""
    session = Session()
    layers = (LayerConfig(8, "tanh"), LayerConfig(4, "tanh"))
    session.load(Experiment(dataset=DatasetConfig(name), model=ModelConfig(layers=layers)))
    look = BoundaryCompute(TrainerContext(session))
    first = look.compute(WatchBoundary(10, 10))
    assert isinstance(first, Boundary | Function)
    units = [one.units for one in first.chosen.layers]
    arrangement = arrange(units, Neuron(layer, neuron), Room(*size, 0 if form == "pixels" else 1))
    windows = tuple(block.window for block in arrangement.blocks)
    content = look.compute(WatchBoundary(10, 10, "", "", layer, neuron, windows, arrangement.side))
    assert isinstance(content, Boundary | Function)
    curves = isinstance(content, Function)
    return ThumbnailStrip(arrangement, content.chosen, content.thumbs, content.thumb, len(content.classes), curves)


def test_titles_stand_over_their_layers_and_the_chosen_one_stands_out() -> None:
    strip = strip_of("xor", 2, 1)
    frame = draw(strip, *SIZE, "pixels")
    assert frame.rows[0].split() == ["inputs", "layer", "1", "layer", "2", "output"]
    roles = {layer: frame.roles[0, block.left + 1] for layer, block in enumerate(strip.arrangement.blocks)}
    assert roles == {0: AXIS, 1: AXIS, 2: TEXT, 3: AXIS}


def test_every_picture_is_drawn_and_one_is_marked() -> None:
    strip = strip_of("xor", 1, 3)
    frame = draw(strip, *SIZE, "pixels")
    side = strip.arrangement.side
    for block in strip.arrangement.blocks:
        for neuron in range(block.first, block.first + block.count):
            row, column = strip.arrangement.position(block, neuron)
            codes = frame.roles[row : row + side // 2, column : column + side]
            assert (codes % TINTS >= FIRST_SHADE).all()
            assert (codes[-1] // TINTS == 0).all(), "blank between two pictures"
            marked = frame.rows[row][column - 1] + frame.rows[row][column + side]
            assert marked == ("▐▌" if (block.layer, neuron) == (1, 3) else "  ")


def test_outputs_of_several_classes_have_the_colours_of_their_class() -> None:
    strip = strip_of("iris", 3, 0)
    frame = draw(strip, *SIZE, "pixels")
    block = strip.arrangement.blocks[-1]
    for neuron in range(3):
        row, column = strip.arrangement.position(block, neuron)
        assert (int(frame.roles[row, column]) % TINTS - FIRST_SHADE) // SHADES == neuron
    row, column = strip.arrangement.position(strip.arrangement.blocks[1], 0)
    assert (int(frame.roles[row, column]) % TINTS - FIRST_SHADE) // SHADES == DIVERGING


def test_what_has_no_room_is_told() -> None:
    size = (46, 12)
    frame = draw(strip_of("iris", 1, 5, size=size), *size, "pixels")
    assert "of 8" in frame.rows[-1] or any("of 8" in row for row in frame.rows)


def test_without_colour_there_are_characters() -> None:
    frame = draw(strip_of("xor", 1, 0, "ascii"), *SIZE, "ascii")
    text = "".join(frame.rows)
    assert "[" in text and "]" in text and set("@") <= set(text) and text.isascii()


def test_pictures_that_have_not_come_yet_are_left_out() -> None:
    strip = strip_of("xor", 1, 0)
    frame = draw(ThumbnailStrip(strip.arrangement, strip.chosen, (), strip.side, 2), *SIZE, "pixels")
    assert "▀" not in "".join(frame.rows) and "layer 1" in frame.rows[0]
    assert draw(ThumbnailStrip(), 10, 3, "pixels").rows == [" " * 10] * 3


def test_an_arrangement_for_a_larger_widget_does_not_break() -> None:
    strip = strip_of("xor", 1, 0)
    for size in ((0, 0), (5, 5), (20, 10), (46, 3)):
        assert len(draw(strip, *size, "pixels").rows) == size[1]


def test_a_curve_is_filled_from_the_middle() -> None:
    levels = np.array([0, MIDDLE, HIGHEST, MIDDLE], np.uint8)
    picture = filled(levels)
    assert picture.shape == (4, 4)
    assert (picture[2:, 0] == 0).all() and (picture[:2, 0] == MIDDLE).all(), "downwards"
    assert (picture[:2, 2] == HIGHEST).all() and (picture[2:, 2] == MIDDLE).all(), "upwards"
    strip = strip_of("curve_sine", 1, 0)
    assert strip.curves and "▀" in "".join(draw(strip, *SIZE, "pixels").rows)


def test_an_empty_arrangement_has_nothing_to_click_on() -> None:
    assert Arrangement().neuron_at(0, 0) is None
