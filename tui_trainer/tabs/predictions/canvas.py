"""The canvas of the Predictions tab, on which a picture is drawn by hand, and beside it what the network recognises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor
from textwrap import wrap
from typing import Literal

import numpy as np
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.datasets.pixels import Ink, PixelGrid
from tui_trainer.formats import format_bar, format_number
from tui_trainer.plotting.frame import AXIS, TEXT, Board, Frame, shorten, shorten_alike
from tui_trainer.plotting.heatmaps import CUT_OUT, GREY, Form, code, mark_tint
from tui_trainer.plotting.pictures import draw_picture, picture_size
from tui_trainer.plotting.plot import Levels, to_levels
from tui_trainer.protocol import pack, unpack
from tui_trainer.ui.plot_widgets import RIGHT_BUTTON, TintedWidget, Tints

from .messages import Recognition
from .strokes import Array, Point, Sketch

Tool = Literal["", "pen", "eraser"]  # that is down on the paper
LEFT_BUTTON = 1  # Textual's number
MAX_UNDONE = 200  # strokes
SIDES, LINES = 2, 2  # cells of the frame around the canvas
WORTH_LINES = 0.8  # of the width that there could be
MIN_TOP, MAX_TOP = 5, 14  # rows of the recognised class and of the picture beside it
GAP = 3  # cells between the two
MAX_NAME = 16
OUTPUT_WIDTH = 7
MARKS: Mapping[Tool, tuple[str, str]] = {"": ("┼", "+"), "pen": ("●", "X"), "eraser": ("○", "o")}
SEEN = "what the network sees"
EMPTY = "Nothing is drawn yet: drag with the mouse, or use the keys below."
FIGURES = {  # 3 x 5 pixels, row by row
    "0": "111101101101111",
    "1": "010110010010111",
    "2": "111001111100111",
    "3": "111001111001111",
    "4": "101101111001001",
    "5": "111100111001111",
    "6": "111100111101111",
    "7": "111001010010010",
    "8": "111101111101111",
    "9": "111101111001111",
}
FIGURE_COLUMNS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The ``levels`` (rows, columns) of a drawing, and the ``cursor``, with the tool that is down at it."""

    levels: Levels = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    cursor: Point = (0.0, 0.0)
    tool: Tool = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the network makes of a drawing: ``levels`` (rows, columns) are those it sees.

    ``classes`` are the names of the outputs; there are none for a number, the ``target``.
    """

    levels: Levels = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    recognition: Recognition | None = None
    classes: tuple[str, ...] = ()
    target: str = ""
    is_empty: bool = True


class DrawingBoard:
    """A drawing, the tool in hand, and everything that can be undone. It knows no widget.

    ``fits`` tells whether the network gets the drawing in the place and size of the data's shapes, or as it is.
    """

    def __init__(self) -> None:
        self.fits = True
        self.ink: Ink | None = None  # of the data; unknown until the trainer has told
        self._pixels: PixelGrid | None = None
        self._sketch = Sketch(0, 0)
        self._undone: list[Sketch] = []
        self._cursor: Point = (0.0, 0.0)
        self._tool: Tool = ""  # put down by a key
        self._is_dragged = False  # whether the mouse draws the last stroke
        self._copied = b""  # what the network sees in another terminal, until the ink is known
        self._rendered: tuple[object, Array, Array] | None = None  # for which sketch and ink, as drawn, as seen

    def open(self, pixels: PixelGrid) -> None:
        """Begin on an empty picture, unless there is a drawing of this size."""
        if self._pixels is None or (self._pixels.rows, self._pixels.columns) != (pixels.rows, pixels.columns):
            self._sketch, self._undone = Sketch(pixels.rows, pixels.columns), []
            self._cursor = pixels.columns // 2 + 0.5, pixels.rows // 2 + 0.5
        if pixels != self._pixels:
            self.ink = None
        self._pixels, self._tool, self._is_dragged = pixels, "", False

    def use(self, ink: Ink) -> None:
        """Draw with the ink of the data from now on."""
        self.ink = ink
        self.copy(self._copied)

    def copy(self, seen: bytes) -> None:
        """Show what the network sees in another terminal, ``features`` there; what is drawn here then goes over it."""
        self._copied = seen if self.ink is None else b""
        if self._pixels is None or self.ink is None or len(seen) != len(self.features):
            return
        picture = self._pixels.image(unpack(seen), self.ink.paper)
        if np.isfinite(picture).all() and seen != self.features:
            self._tool, self._is_dragged, self._undone = "", False, []
            self._sketch = Sketch(self._sketch.rows, self._sketch.columns, sample=self.ink.shares(picture))

    def draw(self, point: Point, begins: bool, erases: bool) -> None:
        """Begin a stroke at a point, or go on with the last one to there."""
        self._cursor = point
        if begins:
            self._replace(self._sketch.begun(point, erases))
            self._is_dragged = True
        elif self._is_dragged:  # it may have been undone meanwhile
            self._sketch = self._sketch.extended(point)

    def move(self, columns: int, rows: int) -> None:
        """Move the cursor by so many pixels to the right and down; a tool that is down draws on the way."""
        steps = zip(self._cursor, (columns, rows), (self._sketch.columns, self._sketch.rows), strict=True)
        x, y = (min(max(floor(now) + step, 0), size - 1) + 0.5 for now, step, size in steps)
        self._cursor = x, y
        if self._tool:
            self._sketch = self._sketch.extended(self._cursor)

    def lower(self, tool: Tool) -> None:
        """Put a tool down at the cursor, or lift it if it is down."""
        if self._tool == tool:
            self._tool = ""
        else:
            self._replace(self._sketch.begun(self._cursor, tool == "eraser"))
            self._tool = tool

    def undo(self) -> bool:
        """Undo the last stroke, or whatever was done last; return whether there was anything."""
        self._tool, self._is_dragged = "", False
        if not self._undone:
            return False
        self._sketch = self._undone.pop()
        return True

    def clear(self) -> None:
        """Begin on an empty picture."""
        self._replace(Sketch(self._sketch.rows, self._sketch.columns))

    def put(self, features: Array) -> None:
        """Begin on the picture of a sample with these raw features (features,)."""
        if self._pixels is not None and self.ink is not None and len(features) == len(self._pixels.places):
            sample = self.ink.shares(self._pixels.image(features, self.ink.paper))
            self._replace(Sketch(self._sketch.rows, self._sketch.columns, sample=sample))

    def _replace(self, sketch: Sketch) -> None:
        """Go on with another sketch, which can be undone, and with no tool down."""
        self._tool, self._is_dragged = "", False
        self._undone = [*self._undone[-MAX_UNDONE + 1 :], self._sketch]
        self._sketch = sketch

    @property
    def is_on_sample(self) -> bool:
        """Whether the drawing is on the picture of a sample."""
        return self._sketch.sample is not None

    @property
    def features(self) -> bytes:
        """The raw features of what the network sees, packed; empty while the ink of the data is unknown."""
        if self._pixels is None or self.ink is None:
            return b""
        return pack(self._values[1].ravel()[list(self._pixels.places)])

    @property
    def canvas(self) -> Canvas:
        """What the canvas shows."""
        if self._pixels is None or self.ink is None:
            return Canvas()
        return Canvas(to_levels(self._values[0], *self._pixels.span), self._cursor, self._tool)

    def reading(self, recognition: Recognition | None, classes: tuple[str, ...], target: str) -> Reading:
        """Return what is shown beside the canvas."""
        if self._pixels is None or self.ink is None:
            return Reading()
        seen = self._values[1]
        is_empty = bool((seen == self.ink.paper).all())
        return Reading(to_levels(seen, *self._pixels.span), recognition, classes, target, is_empty)

    @property
    def _values(self) -> tuple[Array, Array]:
        """The values of all pixels (rows, columns), as they are drawn and as the network sees them."""
        assert self.ink is not None
        key = self._sketch, self.ink, self.fits
        if self._rendered is None or self._rendered[0] != key:
            seen = self._sketch.fitted(self.ink) if self.fits else self._sketch
            drawn = self.ink.values(self._sketch.shares(self.ink.pen))
            self._rendered = key, drawn, self.ink.values(seen.shares(self.ink.pen))
        return self._rendered[1:]


@dataclass(frozen=True, slots=True)
class CanvasLayout:
    """Where a picture of ``rows`` x ``columns`` pixels lies: ``width`` x ``height`` cells below ``top``, in a frame."""

    rows: int
    columns: int
    top: int
    width: int
    height: int
    has_lines: bool  # above and below; where these would make the picture much smaller, there are none

    @classmethod
    def of(cls, rows: int, columns: int, width: int, height: int) -> CanvasLayout:
        """Make the picture as large as fits; it has no cell where nothing does."""
        full = picture_size(rows, columns, width - SIDES, height)
        framed = picture_size(rows, columns, width - SIDES, height - LINES)
        has_lines = framed[0] >= WORTH_LINES * full[0]
        across, down = framed if has_lines else full
        return cls(rows, columns, int(has_lines), across, down, has_lines)

    @property
    def _pixel(self) -> float:
        """The pixels that are as wide as a cell; a cell is two of these high."""
        return self.columns / self.width

    def point(self, x: int, y: int) -> Point:
        """Return the point in the middle of a cell of the widget; one beside the picture becomes one of its edge."""
        column, row = (x - 1 + 0.5) * self._pixel, (y - self.top + 0.5) * 2 * self._pixel
        return min(max(column, 0.0), float(self.columns)), min(max(row, 0.0), float(self.rows))

    def cell(self, point: Point) -> tuple[int, int]:
        """Return the column and the row of the widget's cell at a point."""
        column, row = int(point[0] / self._pixel), int(point[1] / (2 * self._pixel))
        return 1 + min(column, self.width - 1), self.top + min(row, self.height - 1)

    def holds(self, x: int, y: int) -> bool:
        """Return whether a cell of the widget is one of the picture."""
        return 0 <= x - 1 < self.width and 0 <= y - self.top < self.height


def canvas_width(rows: int, columns: int, width: int, height: int) -> int:
    """Return the cells across a canvas with its frame, in at most so much room."""
    return CanvasLayout.of(rows, columns, width, height).width + SIDES


class CanvasPanel(TintedWidget[Canvas]):
    """The canvas as a widget: the mouse draws, and erases with the right button or with Ctrl."""

    @dataclass
    class Drawn(Message):
        """The mouse was pressed at a point of the picture, or moved on to one while it is."""

        point: Point
        begins: bool
        erases: bool = False

    def __init__(self) -> None:
        super().__init__(Canvas(), "canvas")
        self._is_pressed = False

    def draw(self, drawing: Canvas, width: int, height: int) -> Frame:
        return draw_canvas(drawing, width, height, self.form)

    def styles_of(self, drawing: Canvas) -> Mapping[int, Style]:
        return Tints(self.tint_colors())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        layout = self._layout
        if event.button not in (LEFT_BUTTON, RIGHT_BUTTON) or not layout.holds(event.x, event.y):
            return
        self._is_pressed = True
        self.capture_mouse()
        erases = event.button == RIGHT_BUTTON or event.ctrl
        self.post_message(self.Drawn(layout.point(event.x, event.y), True, erases))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        layout = self._layout
        if self._is_pressed and event.button and layout.width:
            self.post_message(self.Drawn(layout.point(event.x, event.y), False))
        elif self._is_pressed:  # it was released where the terminal could not see it
            self._release()

    def on_mouse_up(self) -> None:
        self._release()

    def on_hide(self) -> None:
        self._release()

    def _release(self) -> None:
        if self._is_pressed:
            self._is_pressed = False
            self.release_mouse()

    @property
    def _layout(self) -> CanvasLayout:
        rows, columns = self._drawing.levels.shape
        if not self._drawing.levels.size:
            return CanvasLayout(rows, columns, 0, 0, 0, False)
        return CanvasLayout.of(rows, columns, *self.size)


class ReadingPanel(TintedWidget[Reading]):
    """What the network makes of the drawing: the predicted class, the picture that it sees, and all outputs."""

    def __init__(self) -> None:
        super().__init__(Reading(), "reading")

    def draw(self, drawing: Reading, width: int, height: int) -> Frame:
        return draw_reading(drawing, width, height, self.form)

    def styles_of(self, drawing: Reading) -> Mapping[int, Style]:
        return Tints(self.tint_colors())


def draw_canvas(canvas: Canvas, width: int, height: int, form: Form) -> Frame:
    """Draw the picture in its frame, and the cursor."""
    board = Board(width, height, np.int32)
    if not canvas.levels.size:
        return board.frame()
    rows, columns = canvas.levels.shape
    layout = CanvasLayout.of(rows, columns, width, height)
    if not layout.width:
        return board.frame()
    _paint(board, canvas.levels, (layout.top, 1), (layout.width, layout.height), form)
    line, side = ("-", "|") if form == "ascii" else ("─", "│")
    corners = "++++" if form == "ascii" else "┌┐└┘"
    for row in range(layout.top, layout.top + layout.height):
        board.write(row, 0, side, AXIS)
        board.write(row, layout.width + 1, side, AXIS)
    if layout.has_lines:
        board.write(0, 0, corners[0] + line * layout.width + corners[1], AXIS)
        board.write(layout.top + layout.height, 0, corners[2] + line * layout.width + corners[3], AXIS)
    column, row = layout.cell(canvas.cursor)
    accent = mark_tint("accent")
    board.characters[row, column] = MARKS[canvas.tool][form == "ascii"]
    board.roles[row, column] = code(CUT_OUT, behind=accent) if form == "pixels" else code(accent)
    return board.frame()


def draw_reading(reading: Reading, width: int, height: int, form: Form) -> Frame:
    """Draw the predicted class large, the picture that the network sees beside it, and below the outputs as bars."""
    board, recognition = Board(width, height, np.int32), reading.recognition
    if recognition is None or not reading.levels.size:
        return board.frame()
    outputs = unpack(recognition.outputs)
    count = len(outputs) if reading.classes else 0
    top = min(max(height - count - 2, MIN_TOP), MAX_TOP, max(height - 1, 1))
    words = _prediction(reading, recognition, outputs)
    if reading.is_empty:
        for row, text in enumerate(wrap(EMPTY, max(width - 2, 1))[:top]):
            board.write(row, 1, text, TEXT)
        words = f"of an empty picture: {words}"
    else:
        name = "" if not reading.classes else reading.classes[int(recognition.predicted)]
        seen = 1 + _write_figures(board, name, (width // 2, top), form) + GAP
        rows, columns = reading.levels.shape
        size = picture_size(rows, columns, width - seen, top)
        if all(size):
            _paint(board, reading.levels, (0, seen), size, form)
            beside = max(seen, 1 + len(words) + GAP)
            fits = beside + len(SEEN) <= width
            board.write(top if fits else top + 1, beside if fits else width - len(SEEN), SEEN, AXIS)
    board.write(top, 1, shorten(words, width - 1), code(mark_tint("accent")))
    _write_outputs(board, reading, outputs, top + 2, form)
    return board.frame()


def _prediction(reading: Reading, recognition: Recognition, outputs: Array) -> str:
    if not reading.classes:
        return f"{shorten(reading.target, MAX_NAME)} {format_number(recognition.predicted)}"
    predicted = int(recognition.predicted)
    output = outputs[predicted if len(outputs) > 1 else 0]
    share = f"{output:.1%}" if 0.0 <= output <= 1.0 else f"{output:.4f}"
    return f"{shorten(reading.classes[predicted], MAX_NAME)}, {share}"


def _write_figures(board: Board, name: str, room: tuple[int, int], form: Form) -> int:
    """Write a name of figures as large as there is room for; return how many cells wide they are, 0 for other names."""
    if not name or any(figure not in FIGURES for figure in name):
        return 0
    grids = [np.array(list(FIGURES[figure]), np.uint8).reshape(-1, FIGURE_COLUMNS) for figure in name]
    blank = np.zeros((len(grids[0]), 1), np.uint8)
    grid = np.hstack([part for one in grids for part in (one, blank)][:-1])
    size = picture_size(grid.shape[0], grid.shape[1], *room)
    if size[0] < grid.shape[1]:  # pixels that were averaged are no figures
        return 0
    levels = to_levels(grid.astype(float), 0.0, 1.0)
    _paint(board, levels, (0, 1), size, form)
    return size[0]


def _write_outputs(board: Board, reading: Reading, outputs: Array, top: int, form: Form) -> None:
    """Write a bar for each output, or for the largest ones where there is no room for all."""
    room = board.height - top
    if not reading.classes or room < 1:
        return
    largest = np.argsort(-np.nan_to_num(outputs), kind="stable")[:room]
    listed = sorted(largest.tolist())
    names = shorten_alike([reading.classes[k] if len(outputs) > 1 else "output" for k in listed], MAX_NAME)
    width = max(map(len, names))
    predicted = int(reading.recognition.predicted) if reading.recognition is not None else -1
    for row, (k, name) in enumerate(zip(listed, names, strict=True), top):
        text = f"{name:<{width}} {outputs[k]:{OUTPUT_WIDTH}.4f} "
        is_predicted = k == predicted and not reading.is_empty
        board.write(row, 1, text, code(mark_tint("accent")) if is_predicted else TEXT)
        start = 1 + len(text)
        bar = format_bar(float(outputs[k]), board.width - start, form == "ascii")
        board.write(row, start, bar, code(mark_tint("accent" if is_predicted else "class0")))


def _paint(board: Board, levels: Levels, corner: tuple[int, int], size: tuple[int, int], form: Form) -> None:
    """Draw a picture of levels (rows, columns) at a row and a column, of so many cells across and down."""
    characters, codes = draw_picture(levels, GREY, *size, form)
    row, column = corner
    target = slice(row, row + len(codes)), slice(column, column + codes.shape[1])
    board.characters[target], board.roles[target] = characters, codes
