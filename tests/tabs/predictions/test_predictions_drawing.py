"""Pictures drawn by hand: their pixels, where and how large the network sees them, and what it makes of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tui_trainer.api import Run
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.pixels import Ink, PixelGrid, ink_of, pixel_grid
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.protocol import Unavailable, pack, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.predictions.canvas import CanvasLayout, DrawingBoard, draw_canvas, draw_reading
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import Recognition, WatchDrawing
from tui_trainer.tabs.predictions.strokes import Sketch
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from tui_trainer.tabs.predictions.strokes import Point

DIGITS = Experiment(
    dataset=DatasetConfig("digits", validation_split=0.25),
    model=ModelConfig(layers=(LayerConfig(units=32, activation="relu"),)),
    training=TrainingConfig(batch_size=32, epochs=40, learning_rate=0.05),
)
CLASSES = tuple("0123456789")
EIGHT = PixelGrid(8, 8, 0.0, 16.0, tuple(range(64)))
INK = Ink(0.0, 16.0, whole=True, pen=1.56, across=5.0, down=8.0, x=4.0, y=4.0)


def arc(x: float, y: float, across: float, down: float, start: float, end: float) -> list[Point]:
    """Points of an ellipse; angles in degrees, from the right on downwards."""
    angles = [math.radians(start + (end - start) * part / 16) for part in range(17)]
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


FIGURES: dict[int, list[list[Point]]] = {  # as people write them, in a box of 1 x 1
    0: [arc(0.5, 0.5, 0.45, 0.5, -90, 270)],
    1: [[(0.2, 0.25), (0.55, 0), (0.55, 1)]],
    2: [[*arc(0.5, 0.27, 0.4, 0.27, -170, 40), (0.1, 1), (0.95, 1)]],
    3: [arc(0.42, 0.26, 0.42, 0.26, -150, 90) + arc(0.42, 0.74, 0.48, 0.26, -90, 150)],
    4: [[(0.55, 0), (0.05, 0.62), (0.95, 0.62)], [(0.68, 0.3), (0.68, 1)]],
    5: [[(0.9, 0), (0.2, 0), (0.15, 0.42), *arc(0.45, 0.68, 0.45, 0.32, -110, 140)]],
    6: [[(0.5, 0), (0.2, 0.4), (0.15, 0.75), *arc(0.47, 0.75, 0.32, 0.25, 170, -190)]],
    7: [[(0.05, 0.02), (0.9, 0), (0.4, 1)], [(0.25, 0.5), (0.85, 0.5)]],
    8: [arc(0.5, 0.25, 0.36, 0.25, 90, 450) + arc(0.5, 0.75, 0.42, 0.25, -90, 270)],
    9: [[*arc(0.5, 0.28, 0.38, 0.28, -10, -360), (0.85, 0.5), (0.7, 1)]],
}


def sketch_of(strokes: list[list[Point]], left: float, top: float, width: float, height: float) -> Sketch:
    """Strokes in a box of 8 x 8 pixels."""
    sketch = Sketch(8, 8)
    for stroke in strokes:
        points = [(left + width * x, top + height * y) for x, y in stroke]
        sketch = sketch.begun(points[0], erases=False)
        for point in points[1:]:
            sketch = sketch.extended(point)
    return sketch


def board_on(pixels: PixelGrid, ink: Ink) -> DrawingBoard:
    board = DrawingBoard()
    board.open(pixels)
    board.ink = ink
    return board


def values_of(board: DrawingBoard) -> np.ndarray:
    return unpack(board.features)


def test_the_ink_of_the_digits_is_measured() -> None:
    digits = load(DIGITS.dataset)
    ink = ink_of(EIGHT, digits.x)
    assert (ink.paper, ink.full, ink.whole) == (0.0, 16.0, True)
    assert (ink.across, ink.down, ink.x, ink.y) == (5.0, 8.0, 4.0, 4.0)
    assert 1.4 < ink.pen < 1.7
    dark = ink_of(EIGHT, 16.0 - digits.x)
    assert dark == replace(ink, paper=16.0, full=0.0), "the same shapes, dark on light"
    assert ink_of(EIGHT, np.zeros((3, 64))) == Ink(0.0, 16.0, True, 1.0, 8.0, 8.0, 4.0, 4.0), "nothing to measure"


@pytest.mark.parametrize("width", [2.0, 3.0, 4.0])
def test_the_width_of_a_stroke_is_measured(width: float) -> None:
    pixels = PixelGrid(28, 28, 0.0, 1.0, tuple(range(784)))
    slanted = Sketch(28, 28).begun((6.0, 4.0), erases=False).extended((20.0, 24.0))
    ink = ink_of(pixels, slanted.shares(width).reshape(1, -1))
    assert ink.pen == pytest.approx(width, rel=0.2)


def test_a_stroke_has_soft_edges_and_the_eraser_takes_it_off() -> None:
    line = Sketch(8, 8).begun((4.0, 0.5), erases=False).extended((4.0, 7.5))
    shares = line.shares(1.56)
    assert shares[:, 3:5].min() > 0.75 and np.allclose(shares[:, 3], shares[:, 4])
    assert 0.0 <= shares[:, 2].max() < 0.3 and not shares[:, :2].any()
    gap = line.begun((2.0, 4.0), erases=True).extended((6.0, 4.0)).shares(1.56)
    assert gap[3:5, 3:5].max() < 0.3 and np.array_equal(gap[:2], shares[:2])


def test_a_drawing_is_the_same_to_the_network_wherever_and_however_large_it_is_drawn() -> None:
    large, small = (sketch_of(FIGURES[3], *box).fitted(INK) for box in ((1, 0.5, 5, 7), (0.5, 3, 2.5, 3.5)))
    assert np.allclose(large.shares(INK.pen), small.shares(INK.pen), atol=0.15)
    inked = large.shares(INK.pen) > 0.5
    assert inked.any(axis=1).all(), "as high as those of the data"
    assert 4 <= inked.any(axis=0).sum() <= 6 and not inked[:, [0, 7]].any(), "and no wider"
    erased = sketch_of(FIGURES[3], 0.5, 3, 2.5, 3.5).begun((7.0, 1.0), erases=False)
    erased = erased.begun((7.0, 1.0), erases=True).fitted(INK)
    assert np.allclose(erased.shares(INK.pen), small.shares(INK.pen)), "what was erased does not count"
    dash = sketch_of([[(0, 0.5), (1, 0.5)]], 2, 2, 3, 3).fitted(INK).shares(INK.pen)
    assert (dash > 0.5).any(axis=1).sum() <= 2, "a dash stays one"


def test_strokes_are_undone_one_by_one_and_a_sample_stays_in_its_place() -> None:
    board = board_on(EIGHT, INK)
    board.draw((1.0, 1.0), begins=True, erases=False)
    board.draw((1.0, 6.0), begins=False, erases=False)
    first = board.features
    board.lower("pen")
    board.move(3, 0)
    assert board.canvas.tool == "pen" and board.features != first
    board.lower("pen")
    assert board.undo() and board.features == first
    board.draw((5.0, 5.0), begins=False, erases=False)
    assert board.features == first, "the mouse goes on after its stroke was undone"
    sample = load(DIGITS.dataset).x[7]
    board.put(sample)
    assert np.array_equal(values_of(board), sample) and board.is_on_sample
    board.lower("eraser")
    assert values_of(board).sum() < sample.sum()
    assert board.undo() and board.undo() and board.features == first
    board.clear()
    assert not values_of(board).any()
    assert board.undo() and board.undo() and not board.undo()
    assert not values_of(board).any(), "as it began"


def test_a_drawing_of_another_terminal_is_shown_as_the_network_sees_it() -> None:
    there, here = board_on(EIGHT, INK), DrawingBoard()
    there.draw((1.0, 1.0), begins=True, erases=False)
    there.draw((1.0, 3.0), begins=False, erases=False)
    here.open(EIGHT)
    here.copy(there.features)
    assert not here.features, "the ink is not known yet"
    here.use(INK)
    assert here.features == there.features and np.array_equal(here.canvas.levels, here.reading(None, (), "").levels)
    for garbled in (b"", b"123", pack(np.zeros(63)), pack(np.full(64, np.nan))):
        here.copy(garbled)
        assert here.features == there.features
    here.draw((6.0, 6.0), begins=True, erases=False)
    assert here.features != there.features and here.undo() and here.features == there.features and not here.undo()


def test_only_columns_that_are_trained_on_are_sent_and_dark_ink_is_dark() -> None:
    pixels = PixelGrid(8, 8, 0.0, 16.0, tuple(range(8, 64)))
    board = board_on(pixels, replace(INK, paper=16.0, full=0.0))
    assert np.array_equal(values_of(board), np.full(56, 16.0))
    board.fits = False
    board.draw((4.0, 0.5), begins=True, erases=False)
    board.draw((4.0, 7.5), begins=False, erases=False)
    assert len(values_of(board)) == 56 and values_of(board).min() <= 4.0


def trained(epochs: int) -> Session:
    session = Session()
    session.load(DIGITS)
    for _ in range(epochs):
        session.epoch()
    return session


def recognized(session: Session, features: bytes) -> Recognition:
    content = PredictionsCompute(TrainerContext(session)).compute(WatchDrawing(features=features))
    assert isinstance(content, Recognition)
    return content


def test_the_outputs_are_those_of_predict_and_garbled_drawings_count_as_empty() -> None:
    session = trained(2)
    board = board_on(EIGHT, INK)
    board.draw((3.0, 1.0), begins=True, erases=False)
    board.draw((5.0, 7.0), begins=False, erases=False)
    content, run = recognized(session, board.features), Run.of_session(session)
    assert np.array_equal(unpack(content.outputs), run.predict(values_of(board)[None])[0])
    assert run.classes(values_of(board)[None])[0] == str(int(content.predicted))
    empty = run.predict(np.zeros((1, 64)))[0]
    for garbled in (b"", b"123", pack(np.zeros(63)), pack(np.full(64, np.nan))):
        assert np.array_equal(unpack(recognized(session, garbled).outputs), empty)


def test_other_data_are_not_drawn() -> None:
    session = Session()
    session.load(Experiment())
    content = PredictionsCompute(TrainerContext(session)).compute(WatchDrawing())
    assert isinstance(content, Unavailable) and "not the pixels of a picture" in content.reason


def test_most_digits_are_recognized_that_are_drawn_anywhere_on_the_canvas() -> None:
    """As they are drawn, in all places and sizes, a third of them are."""
    session = trained(40)
    run = Run.of_session(session)
    ink = recognized(session, b"").ink
    rng = np.random.default_rng(0)
    drawn, fitted, true = [], [], []
    for figure, strokes in FIGURES.items():
        for _ in range(6):
            height = rng.uniform(4.0, 7.0)
            width = height * rng.uniform(0.5, 0.8)
            sketch = sketch_of(strokes, rng.uniform(0.3, 7.7 - width), rng.uniform(0.3, 7.7 - height), width, height)
            true.append(str(figure))
            drawn.append(ink.values(sketch.shares(ink.pen)).ravel())
            fitted.append(ink.values(sketch.fitted(ink).shares(ink.pen)).ravel())
    right = [np.mean(run.classes(np.array(rows)) == np.array(true)) for rows in (drawn, fitted)]
    assert right[0] < 0.5 < 0.85 < right[1], right


@pytest.mark.parametrize(("width", "height"), [(47, 17), (80, 33), (20, 9), (9, 3), (2, 1)])
@pytest.mark.parametrize("side", [8, 28])
def test_cells_of_the_canvas_are_points_of_the_picture(side: int, width: int, height: int) -> None:
    layout = CanvasLayout.of(side, side, width, height)
    assert layout.top + layout.height <= height
    for x in range(layout.width):
        for y in range(layout.height):
            point = layout.point(1 + x, layout.top + y)
            assert 0 <= point[0] <= side and 0 <= point[1] <= side
            if 2 * layout.width / side == 2 * layout.width // side and point[1] < side:
                assert layout.cell(point) == (1 + x, layout.top + y)


@pytest.mark.parametrize("form", ["pixels", "shades", "ascii"])
@pytest.mark.parametrize("size", [(47, 17), (30, 6), (3, 2), (0, 0)])
def test_the_canvas_and_the_reading_fit_any_room(form: str, size: tuple[int, int]) -> None:
    board = board_on(pixel_grid_of_digits(), INK)
    board.draw((3.0, 1.0), begins=True, erases=False)
    board.draw((5.0, 7.0), begins=False, erases=False)
    content = Recognition(pack(np.array([0.1, 0.2, float("nan"), *[0.1] * 7])), 1.0, INK)
    for frame in (
        draw_canvas(board.canvas, *size, form),  # type: ignore[arg-type]
        draw_reading(board.reading(content, CLASSES, "digit"), *size, form),  # type: ignore[arg-type]
        draw_reading(board.reading(content, (), "digit"), *size, form),  # type: ignore[arg-type]
    ):
        assert len(frame.rows) == size[1] and all(len(row) == size[0] for row in frame.rows)
        assert form != "ascii" or size[0] < 30 or all(row.isascii() for row in frame.rows)
    if size == (47, 17):
        text = "\n".join(draw_reading(board.reading(content, CLASSES, "digit"), *size, "ascii").rows)
        assert "1, 20.0%" in text and "what the network sees" in text and "9  0.1000" in text.replace("   ", "  ")


def pixel_grid_of_digits() -> PixelGrid:
    digits = load(DIGITS.dataset)
    grid = pixel_grid(digits.features, digits.left_out, digits.x)
    assert grid == EIGHT
    return EIGHT
