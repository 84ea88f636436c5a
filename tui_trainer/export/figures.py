"""The loss as a figure, in SVG or in characters: its curves, downsampled, and its axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import UserError
from tui_trainer.plotting.axes import HUGE, TINY, Scale, data_limits, ticks
from tui_trainer.plotting.lines import DOT_CHARACTERS, DOTS, dot_numbers
from tui_trainer.training.history import epoch_numbers

Array = NDArray[Any]
NAMES = {"loss": "training", "val_loss": "validation"}
SVG_WIDTH, SVG_HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 620, 40, 350  # of the canvas
COLORS = {"training": "#0072b2", "validation": "#d55e00"}  # told apart by all eyes
DASHES = {"training": "", "validation": ' stroke-dasharray="7 3"'}  # and without colour
X_TICKS, Y_TICKS = 8, 6
LONGEST = 36  # characters of the title
TEXT_WIDTH, TEXT_HEIGHT = 72, 20
MAX_TEXT_SIZE = 10_000
ACROSS, DOWN = DOTS["braille"]
EVERY = {"training": 1, "validation": 3}  # one dot in so many is drawn: a line, and a dotted one
ROWS_PER_TICK, COLUMNS_PER_TICK = 4, 12


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line in fractions of the axes, x and y (n,): 0 is left and bottom, 1 is right and top."""

    label: str
    x: Array
    y: Array


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The curves of training and validation loss over the epochs; none before the first epoch."""

    curves: tuple[Curve, ...]
    x: Scale
    y: Scale


def loss_curves(history: Mapping[str, Array], log: bool = False, columns: int = 600) -> Curves:
    """Return the curves, downsampled to the minimum and maximum in each of ``columns``.

    Values that are not finite are left out, and on a ``log`` axis those that are not above 0.
    """
    lines, numbers = [], epoch_numbers(history)
    for name, label in NAMES.items():
        values = np.asarray(history.get(name, ()), np.float64)
        values = np.where(np.abs(values) < TINY, 0.0, values)
        epochs = numbers[: len(values)]
        usable = np.isfinite(values) & (np.abs(values) < HUGE) & ((values > 0) | (not log))
        if usable.any():
            y = np.log10(values[usable]) if log else values[usable]
            lines.append((label, *_thin(epochs[usable], y, columns)))
    if not lines:
        return Curves((), Scale(0.0, 1.0, whole=True), Scale(0.0, 1.0))
    x_axis = _axis(1.0, max(float(x[-1]) for _, x, _ in lines), whole=True)
    lowest, highest = min(float(y.min()) for *_, y in lines), max(float(y.max()) for *_, y in lines)
    y_axis = _axis(lowest, highest, log=log)
    return Curves(tuple(Curve(label, x_axis.fraction(x), y_axis.fraction(y)) for label, x, y in lines), x_axis, y_axis)


def _thin(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """Return the points with the minimum and maximum of each of ``columns`` parts, and both ends.

    Unlike ``axes.thin``, which the terminal's plots use: a file's line is drawn in the order of x, to its very ends.
    """
    if len(x) <= 2 * columns:
        return x, y
    edges = np.linspace(0, len(x), columns + 1).astype(int)
    keep = {0, len(x) - 1}
    for start, stop in pairwise(edges.tolist()):
        keep |= {start + int(y[start:stop].argmin()), start + int(y[start:stop].argmax())}
    places = sorted(keep)
    return x[places], y[places]


def _axis(low: float, high: float, log: bool = False, whole: bool = False) -> Scale:
    return Scale(*data_limits(low, high, log, 0.5 if whole else None), log, whole)


def _ticks(scale: Scale, most: int) -> list[tuple[float, str]]:
    """Return at most ``most`` ticks at round values: their positions, as fractions of the axis, and their labels."""
    placed = ticks(scale, most)
    fractions = scale.fraction(np.array([position for position, _ in placed], float)).tolist()
    return [(fraction, label) for fraction, (_, label) in zip(fractions, placed, strict=True)]


def loss_svg(history: Mapping[str, NDArray[Any]], title: str = "", log: bool = False) -> str:
    """Return training and validation loss over the epochs as SVG; ``title`` may be any text."""
    curves = loss_curves(history, log)
    head = _printable(title)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SVG_WIDTH} {SVG_HEIGHT}"'
        f' width="{SVG_WIDTH}" height="{SVG_HEIGHT}"'
        ' font-family="sans-serif" font-size="14" role="img">',
        f"<title>{head or 'Loss over the epochs'}</title>",
        f'<rect width="{SVG_WIDTH}" height="{SVG_HEIGHT}" fill="#ffffff"/>',
        *_axes(curves),
        *(_line(curve) for curve in curves.curves),
        *_legend(curves),
    ]
    if head:
        parts.append(_text(LEFT, 24, head, "start", ' font-weight="bold"'))
    if not curves.curves:
        parts.append(_text((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, "no epoch is done yet"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(curves: Curves) -> list[str]:
    parts = [f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#333333"/>']
    for position, label in _ticks(curves.x, X_TICKS) if curves.curves else ():
        x = _x(position)
        parts += [f'<path d="M{x} {BOTTOM}v5" stroke="#333333"/>', _text(x, BOTTOM + 21, label)]
    for position, label in _ticks(curves.y, Y_TICKS) if curves.curves else ():
        y = _y(position)
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#e2e2e2"/>')
        parts += [f'<path d="M{LEFT} {y}h-5" stroke="#333333"/>', _text(LEFT - 9, y + 5, label, "end")]
    parts.append(_text((LEFT + RIGHT) / 2, SVG_HEIGHT - 8, "epoch"))
    parts.append(_text(0, 0, "loss", turned=f' transform="translate(18 {(TOP + BOTTOM) / 2}) rotate(-90)"'))
    return parts


def _line(curve: Curve) -> str:
    """Return the curve as SVG; a dot if there is only one epoch."""
    points = [f"{_x(x)},{_y(y)}" for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]
    color = COLORS[curve.label]
    if len(points) == 1:
        x, y = points[0].split(",")
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>'
    style = f'fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round"{DASHES[curve.label]}'
    return f'<polyline points="{" ".join(points)}" {style}/>'


def _legend(curves: Curves) -> list[str]:
    parts = []
    x = RIGHT - 110 * len(curves.curves)
    for curve in curves.curves:
        stroke = f'stroke="{COLORS[curve.label]}" stroke-width="2"{DASHES[curve.label]}'
        parts += [f'<path d="M{x} 19h24" {stroke}/>', _text(x + 30, 24, curve.label, "start")]
        x += 110
    return parts


def _text(x: float, y: float, text: str, anchor: str = "middle", turned: str = "") -> str:
    position = "" if "transform" in turned else f' x="{x:g}" y="{y:g}"'
    return f'<text{position} text-anchor="{anchor}"{turned}>{text}</text>'


def _printable(title: str) -> str:
    """Return a title that is valid in XML, and short enough to leave room for the legend."""
    clean = "".join(char if char.isprintable() else " " for char in title).strip()
    return escape(clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…")


def _x(fraction: float) -> float:
    return round(LEFT + fraction * (RIGHT - LEFT), 2)


def _y(fraction: float) -> float:
    return round(BOTTOM - fraction * (BOTTOM - TOP), 2)


def loss_text(
    history: Mapping[str, NDArray[Any]], log: bool = False, width: int = TEXT_WIDTH, height: int = TEXT_HEIGHT
) -> str:
    """Draw the loss in ``height`` lines of at most ``width`` characters: training as a line, validation dotted."""
    curves = loss_curves(history, log, columns=ACROSS * width)
    if not curves.curves:
        return "no epoch is done yet\n"
    rows = max(height - 3, 2)
    y_ticks = _ticks(curves.y, rows // ROWS_PER_TICK + 1)
    left = max(len(label) for _, label in y_ticks) + 1 if y_ticks else 1
    columns = max(width - left, 8)
    at = {rows - 1 - round(position * (rows - 1)): label for position, label in y_ticks}
    lines = [" " * left + _heading(curves, columns)]
    for row, text in enumerate(_canvas(curves, columns, rows)):
        label = at.get(row, "")
        lines.append(f"{label:>{left - 1}}{'┤' if label else '│'}{text}")
    lines += _x_axis(curves, left, columns)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _heading(curves: Curves, columns: int) -> str:
    """Return the heading: what is shown, and how each curve is drawn; shortened if there is no room."""
    marks = {curve.label: "⠉⠉⠉" if EVERY[curve.label] == 1 else "⠁⠐ " for curve in curves.curves}
    legend = "   ".join(f"{mark} {label}" for label, mark in marks.items())
    return next((text for text in (f"loss over the epochs:  {legend}", legend) if len(text) <= columns), "")


def _canvas(curves: Curves, columns: int, rows: int) -> list[str]:
    dots = np.zeros((rows * DOWN, columns * ACROSS), bool)
    for curve in curves.curves:
        x, y = _walk(curve, dots.shape[1], dots.shape[0])
        every = EVERY[curve.label]
        dots[dots.shape[0] - 1 - y[::every], x[::every]] = True
    text = DOT_CHARACTERS["braille"][dot_numbers(dots, "braille")].tolist()
    for curve in curves.curves:
        if len(curve.x) == 1:  # one Braille dot by itself is hardly seen
            text[rows - 1 - round(float(curve.y[0]) * (rows - 1))][round(float(curve.x[0]) * (columns - 1))] = "●"
    return ["".join(row) for row in text]


def _walk(curve: Curve, width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the dots (k,) along a curve, each next to the one before."""
    x, y = curve.x * (width - 1), curve.y * (height - 1)
    xs, ys = [x[:1]], [y[:1]]
    for start in range(len(x) - 1):
        steps = int(np.ceil(max(abs(x[start + 1] - x[start]), abs(y[start + 1] - y[start]), 1)))
        share = np.arange(1, steps + 1) / steps
        xs.append(x[start] + share * (x[start + 1] - x[start]))
        ys.append(y[start] + share * (y[start + 1] - y[start]))
    return np.rint(np.concatenate(xs)).astype(np.intp), np.rint(np.concatenate(ys)).astype(np.intp)


def _x_axis(curves: Curves, left: int, columns: int) -> list[str]:
    """Return the axis line, and the numbers of the epochs below it."""
    line, labels = ["─"] * columns, [" "] * (columns + 1)
    end = -1
    for position, label in _ticks(curves.x, max(columns // COLUMNS_PER_TICK, 2)):
        column = round(position * (columns - 1))
        start = min(max(column - len(label) // 2, 0), columns - len(label))
        if start > end:
            line[column] = "┬"
            labels[start : start + len(label)] = label
            end = start + len(label)
    return [" " * (left - 1) + "└" + "".join(line), " " * left + "".join(labels)]


class LossPlot:
    """Training and validation loss over the epochs; ``print`` it, or let a notebook show it."""

    def __init__(self, history: Mapping[str, NDArray[Any]], title: str = "", log: bool = False) -> None:
        self._history, self._title, self._log = history, title, log

    def svg(self) -> str:
        """The figure as SVG."""
        return loss_svg(self._history, self._title, self._log)

    def text(self, width: int = TEXT_WIDTH, height: int = TEXT_HEIGHT) -> str:
        """The figure in characters, ``height`` lines of at most ``width``; ExperimentError for other than integers."""
        for name, value in (("width", width), ("height", height)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_TEXT_SIZE:
                raise UserError(name, f"expected an integer from 1 to {MAX_TEXT_SIZE:,}")
        return loss_text(self._history, self._log, width, height)

    def __str__(self) -> str:
        return self.text().rstrip("\n")

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return self.svg()
