"""The Live tab without a screen: the network is laid out in the room there is, and drawn as it was computed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.plotting.heatmaps import DIVERGING, FIRST_SHADE, SHADES, TINTS
from tui_trainer.tabs.boundary.messages import Function, WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.live.compute import LiveCompute
from tui_trainer.tabs.live.drawing import MIN_LINKS, SIDES, TITLES, draw, lay_out, scene_for
from tui_trainer.tabs.live.messages import Live, WatchLive
from tui_trainer.training.session import Session

SIZE = (60, 32)


def computed(name: str, units: tuple[int, ...] = (8, 4), size: tuple[int, int] = SIZE) -> tuple[Session, Live]:
    """A run of two epochs, and what the tab shows of it in that size."""
    session = Session()
    model = ModelConfig(layers=tuple(LayerConfig(count, "tanh") for count in units))
    session.load(Experiment(dataset=DatasetConfig(name), model=model))
    session.epoch()
    session.epoch()
    compute = LiveCompute(TrainerContext(session))
    first = compute.compute(WatchLive(WatchBoundary(10, 10)))
    scene = scene_for(first, *size, "pixels")
    return session, compute.compute(WatchLive(WatchBoundary(10, 10, thumbs=scene.windows, thumb=scene.side)))


@given(st.lists(st.integers(1, 40), min_size=2, max_size=8), st.integers(1, 220), st.integers(1, 70))
def test_all_that_is_laid_out_has_room(units: list[int], width: int, height: int) -> None:
    layout = lay_out(units, width, height)
    if layout is None:
        return
    assert layout.side in SIDES and [len(column.rows) for column in layout.columns] == units
    for column in layout.columns:
        assert column.left >= 1 and column.left + layout.side < width
        assert column.rows[0] >= TITLES and column.rows[-1] + layout.side // 2 <= height
        assert all(after - before > layout.side // 2 for before, after in pairwise(column.rows))
    assert all(after.left - before.left >= layout.side + MIN_LINKS for before, after in pairwise(layout.columns))
    for column in layout.columns:
        for number, row in enumerate(column.rows):
            assert layout.neuron_at(column.left, row) == (column.layer, number)
            assert layout.neuron_at(column.left - 1, row) is None


def test_more_room_gives_larger_pictures() -> None:
    sides = []
    for width, height in ((40, 27), (60, 34), (100, 60)):
        layout = lay_out((2, 8, 8, 1), width, height)
        assert layout is not None
        sides.append(layout.side)
    assert sides == sorted(set(sides)) and lay_out((2, 8, 8, 1), 40, 20) is None


@pytest.mark.parametrize("name", ["spiral", "iris", "boston", "curve_sine"])
def test_links_are_the_weights_between_the_neurons_that_are_drawn(name: str) -> None:
    session, live = computed(name)
    model = session.trainer.model
    assert live.params == model.count_params() and live.loss.curves[0].name == "loss"
    assert [links.layer for links in live.links] == [1, 2, 3]
    names = live.boundary.chosen.layers[0].names
    for links, kernel in zip(live.links, model.parameters.kernels, strict=True):
        rows = [session.dataset.features.index(one) for one in names] if links.layer == 1 else slice(None)
        drawn = kernel[rows]
        sizes = np.frombuffer(links.shades, np.int8).reshape(drawn.shape)
        assert np.allclose(sizes / 127, drawn / np.abs(kernel).max(), atol=0.5 / 127 + 1e-6)
    assert isinstance(live.boundary, Function) == (name == "curve_sine")


def test_pictures_links_and_names_are_drawn() -> None:
    _, live = computed("spiral")
    scene = scene_for(live, *SIZE, "pixels")
    assert scene.layout is not None
    frame = draw(scene, scene.layout, *SIZE, "pixels", dashed=False)
    assert frame.rows[0].split() == ["inputs", "layer", "1", "layer", "2", "output"]
    side, columns = scene.layout.side, scene.layout.columns
    for column in columns:
        for row in column.rows:
            codes = frame.roles[row : row + side // 2, column.left : column.left + side]
            assert (codes % TINTS >= FIRST_SHADE).all()
    last = columns[-1]
    assert frame.rows[last.rows[0]][last.left - 1] == "▐" and frame.rows[last.rows[0]][last.left + side] == "▌"
    for before, column in pairwise(columns):
        gap = frame.roles[TITLES:, before.left + side + 1 : column.left - 1]
        shades = gap[gap > 0] % TINTS - FIRST_SHADE - DIVERGING * SHADES
        assert len(shades) > 20 and ((shades >= 0) & (shades < SHADES)).all()
        assert (shades < SHADES // 2).any() and (shades >= SHADES // 2).any(), "both signs"
    assert [frame.rows[row - 1][columns[0].left :][:2] for row in columns[0].rows] == ["x1", "x2"]


def test_without_room_for_links_the_pictures_stand_close_together() -> None:
    _, live = computed("spiral", size=(36, 9))
    scene = scene_for(live, 36, 9, "pixels")
    assert scene.layout is None and scene.strip.arrangement.blocks


def test_a_scene_for_another_size_is_not_drawn() -> None:
    _, live = computed("spiral")
    scene = scene_for(live, *SIZE, "pixels")
    assert scene.layout is not None
    assert not "".join(draw(scene, scene.layout, 30, 32, "pixels", dashed=False).rows).strip()


def test_without_colours_signs_are_dashes() -> None:
    _, live = computed("spiral")
    scene = scene_for(live, *SIZE, "ascii")
    assert scene.layout is not None
    text = "\n".join(draw(scene, scene.layout, *SIZE, "ascii", dashed=True).rows)
    assert text.isascii() and "+" in text and "-" in text
