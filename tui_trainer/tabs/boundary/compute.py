"""Computes a neuron, or the whole output, over two features or over the only one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.split import TargetScale
from tui_trainer.datasets.toy_sets import CURVES
from tui_trainer.engine import Sequential
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.training.session import Session

from .axes import FeatureAxes, Limits, Scales, extremes, target_limits
from .messages import WHOLE, Boundary, Chosen, Function, LayerShown, Line, Samples, Thumbnails, WatchBoundary, locate

Array = NDArray[Any]
MARGIN = 0.1  # of the range of the target, on both sides
JUMP = 0.25  # of that range: limits that follow a curve do so in steps, or the axis would never rest
ROOM = 0.05  # around probabilities
MIN_SIDE, MAX_SIDE = 2, 512  # of the grid
Axes = tuple[str, ...]
Sizes = tuple[int, ...]
MAX_THUMBS = 64  # of a layer
MAX_WINDOWS = 16
MAX_NUMBERS = 4_000_000  # of one layer in a pass, so that a wide layer needs little memory
MIN_POINTS = 64
MAX_SAMPLES = 1500  # of each part: more would hide the picture, and each other
RUG_STEP = 0.05  # between the rows of samples of two classes, below a curve of probabilities


class CurveCompute:
    """Computes curves over the only feature of a run."""

    def __init__(self, reader: NeuronGrid) -> None:
        self._reader = reader
        self._samples, self._hidden = on_line(reader.session, reader.ground, reader.output)

    def compute(self, request: WatchBoundary) -> Function:
        """Compute the curves, with the samples if the output is selected."""
        reader = self._reader
        axes, count, thumb = reader.ground.axes, side(2 * request.columns), side(request.thumb)
        low, high = reader.ground.limits(axes[0])
        x = np.linspace(low, high, count)
        chosen, values = reader.read(request, axes, (count,))
        dataset = reader.session.dataset
        is_output = chosen.layer == len(chosen.layers) - 1
        truth = self._truth(x) if is_output else np.zeros(0)
        return Function(
            chosen=chosen,
            x=axes[0],
            y=dataset.targets[reader.output or 0] if is_output else "output",
            x_limits=(low, high),
            y_limits=self._y_limits(values, (chosen.low, chosen.high), is_output),
            places=pack(x),
            lines=_lines(chosen, values, len(dataset.classes)),
            classes=dataset.classes,
            truth=pack(truth),
            samples=self._samples if is_output else (),
            hidden=self._hidden if is_output else 0,
            thumb=thumb,
            thumbs=reader.thumbs(request, axes, (thumb,)),
        )

    def _truth(self, x: Array) -> Array:
        """Return a toy curve without noise (n,); None for other data."""
        config = self._reader.session.experiment.dataset
        known = CURVES.get(config.name) if config.path is None else None
        return np.zeros(0) if known is None else known(x)

    def _y_limits(self, values: Array, scale: Limits, is_output: bool) -> Limits:
        """Return limits that contain the samples and the curve."""
        dataset = self._reader.session.dataset
        if not is_output:
            margin = MARGIN * (scale[1] - scale[0])
            return scale[0] - margin, scale[1] + margin
        if dataset.classes:
            classes = len(dataset.classes)
            return min(0.0, rug_height(classes - 1, classes)) - ROOM, 1.0 + ROOM
        y = dataset.y[:, self._reader.output or 0]
        low, high = float(y.min()), float(y.max())
        span = (high - low) or abs(high) or 1.0
        lowest, highest = extremes(values)
        low, high = low - MARGIN * span, high + MARGIN * span
        below = math.ceil(max(0.0, low - lowest) / (JUMP * span))
        above = math.ceil(max(0.0, highest - high) / (JUMP * span))
        return low - below * JUMP * span, high + above * JUMP * span


def _lines(chosen: Chosen, values: Array, classes: int) -> tuple[Line, ...]:
    """Return one line for values (1, n), or one per class (classes, n); of two classes only the second."""
    if chosen.layer < len(chosen.layers) - 1 or not classes:
        return (Line(-1, pack(values[0])),)
    if len(values) == 1:
        return (Line(chosen.neuron if chosen.layers[-1].units > 1 else 1, pack(values[0])),)
    return tuple(Line(kind, pack(values[kind])) for kind in ((1,) if classes == 2 else range(classes)))


class BoundaryCompute:
    """Computes a heatmap if there are two features or more, and a curve if there is one."""

    def __init__(self, trainer: TrainerContext) -> None:
        self.grid = NeuronGrid(trainer.session, trainer.shown_output)
        has_one_axis = len(self.grid.ground.axes) == 1
        self._compute = CurveCompute(self.grid) if has_one_axis else HeatmapCompute(self.grid)

    def compute(self, request: WatchBoundary) -> Boundary | Function:
        """Compute the content for ``request``; indices outside the network or the data are clipped."""
        return self._compute.compute(request)


class HeatmapCompute:
    """Computes heatmaps over any two features of a run."""

    def __init__(self, reader: NeuronGrid) -> None:
        self._reader = reader
        self._samples: dict[tuple[str, str], tuple[tuple[Samples, ...], int]] = {}

    def compute(self, request: WatchBoundary) -> Boundary:
        """Compute the heatmap, with its samples and thumbnails."""
        reader = self._reader
        ground, axes = reader.ground, reader.ground.choose(request.x, request.y)
        columns, rows, thumb = (side(size) for size in (request.columns, request.rows, request.thumb))
        chosen, values = reader.read(request, axes, (columns, rows))
        levels, kinds = picture(chosen, values)
        if axes not in self._samples:
            self._samples = {axes: on_plane(reader.session, ground, axes, reader.output)}
        samples, hidden = self._samples[axes]
        return Boundary(
            chosen=chosen,
            axes=ground.axes,
            x=axes[0],
            y=axes[1],
            x_limits=ground.limits(axes[0]),
            y_limits=ground.limits(axes[1]),
            square=ground.is_plane,
            columns=columns,
            rows=rows,
            levels=levels,
            kinds=kinds,
            classes=reader.session.dataset.classes,
            samples=samples,
            hidden=hidden,
            thumb=thumb,
            thumbs=reader.thumbs(request, axes, (thumb, thumb)),
        )


def side(size: int) -> int:
    """Limit the size of a grid to what can be computed."""
    return min(max(size, MIN_SIDE), MAX_SIDE)


def picture(chosen: Chosen, values: Array) -> tuple[bytes, bytes]:
    """Return n levels and n kinds for values (count, n); no kinds for two classes or fewer.

    A single neuron of an output for classes has the colour of its own class. Of two classes together, the second
    is at the high end of the scale.
    """
    units = chosen.layers[-1].units
    if chosen.layer < len(chosen.layers) - 1 or units == 1 or len(values) == 2:
        return to_levels(values[-1], chosen.low, chosen.high).tobytes(), b""
    if chosen.neuron != WHOLE:
        return to_levels(values[0], chosen.low, chosen.high).tobytes(), bytes([chosen.neuron]) * values.shape[1]
    best = values.max(axis=0)
    kinds = np.where(np.isfinite(best), np.argmax(values, axis=0), 0).astype(np.uint8)
    return to_levels(best, chosen.low, chosen.high).tobytes(), kinds.tobytes()


class NeuronGrid:
    """A run's neurons over its axes. What does not change during training is cached.

    Of several targets that of ``output`` is shown, as if there were no other.
    """

    def __init__(self, session: Session, output: int | None = None) -> None:
        self.session, self.output = session, output
        self.ground = FeatureAxes(session.dataset, session.split, session.experiment.dataset)
        self._scales = Scales(session, output)
        self._kept: dict[str, tuple[Axes, Sizes, Activations]] = {}

    def layers(self, axes: Axes) -> tuple[LayerShown, ...]:
        """Return the layers that can be selected while ``axes`` vary."""
        features = self.session.dataset.features
        return layers_of(self.session, tuple(features[place] for place in self.ground.varying(axes)), self.output)

    def read(self, request: WatchBoundary, axes: Axes, sizes: Sizes) -> tuple[Chosen, Array]:
        """Return the selection, and its values (count, n) over the grid: of one neuron, or of a whole output."""
        layers = self.layers(axes)
        layer, neuron = locate(layers, request.layer, request.neuron)
        wanted = NeuronRange(layer, 0, layers[layer].units) if neuron == WHOLE else NeuronRange(layer, neuron, 1)
        [values] = self._activations("picture", axes, sizes).read([wanted])
        low, high = self._scales.of(layer, values, rounded=True)
        if len(values) > 2:
            low = 1 / len(values)  # no likelier class can be less likely
        held = 0 if self.ground.is_plane else len(self.ground.axes) - len(axes)
        return Chosen(layers, layer, neuron, low, high, held), values

    def thumbs(self, request: WatchBoundary, axes: Axes, sizes: Sizes) -> tuple[Thumbnails, ...]:
        """Return the requested thumbnails."""
        layers = self.layers(axes)
        windows = [inside(window, layers, MAX_THUMBS) for window in request.thumbs[:MAX_WINDOWS]]
        if not windows:
            return ()
        read = self._activations("thumbs", axes, sizes).read(windows)
        return tuple(
            Thumbnails(window, self._levels(window, values)) for window, values in zip(windows, read, strict=True)
        )

    def _levels(self, window: NeuronRange, values: Array) -> bytes:
        """Return levels (count, n) of neurons (count, n), each on its own scale."""
        return b"".join(to_levels(row, *self._scales.of(window.layer, row, rounded=False)).tobytes() for row in values)

    def _activations(self, use: str, axes: Axes, sizes: Sizes) -> Activations:
        kept = self._kept.get(use)
        if kept is not None and kept[:2] == (axes, sizes):
            return kept[2]
        raw = self.ground.inputs(self._grid(axes, sizes))
        parts = self.session.split
        x = (raw - parts.mean) / parts.scale
        shown = raw[:, self.ground.varying(axes)]
        made = Activations(self.session.trainer.model, x, shown, parts.target, self.output)
        self._kept[use] = (axes, sizes, made)
        return made

    def _grid(self, axes: Axes, sizes: Sizes) -> dict[str, Array]:
        """Return the coordinates of the grid points along each axis, row by row, with the largest y first."""
        along = [np.linspace(*self.ground.limits(axis), size) for axis, size in zip(axes, sizes, strict=True)]
        if len(axes) == 1:
            return {axes[0]: along[0]}
        x, y = along
        return {axes[0]: np.tile(x, len(y)), axes[1]: np.repeat(y[::-1], len(x))}


def layers_of(session: Session, inputs: tuple[str, ...], shown_output: int | None = None) -> tuple[LayerShown, ...]:
    """Return the varying inputs, by name, the hidden layers and the output, of several targets the one shown."""
    dense = [layer for layer, _ in session.trainer.model.dense]
    hidden = (LayerShown(layer.activation, layer.units) for layer in dense[:-1])
    classes, output = session.dataset.classes, dense[-1]
    if shown_output is not None:
        last = LayerShown(output.activation, 1, (session.dataset.targets[shown_output],))
    else:
        names = classes if len(classes) == output.units else classes[1:] or session.dataset.targets
        last = LayerShown(output.activation, output.units, names, whole=output.units > 1)
    return (LayerShown("", len(inputs), inputs), *hidden, last)


def inside(window: NeuronRange, layers: tuple[LayerShown, ...], most: int) -> NeuronRange:
    """Return ``window`` clipped to the network, with at most ``most`` neurons."""
    layer = min(max(window.layer, 0), len(layers) - 1)
    first = min(max(window.first, 0), layers[layer].units - 1)
    return NeuronRange(layer, first, min(max(window.count, 0), layers[layer].units - first, most))


class Activations:
    """Computes the layers of ``model`` over points x (n, features), which are standardized like its samples.

    ``shown`` (n, k) are the inputs, in the unit in which they are shown, and ``target`` brings outputs into theirs;
    with ``output``, the last layer is that output alone.
    The buffers are its own: the trainer's are not touched. Dropout is off, as when predicting.
    """

    def __init__(
        self, model: Sequential, x: Array, shown: Array, target: TargetScale, output: int | None = None
    ) -> None:
        self._model, self._target, self._output = model, target, output
        self._columns = with_ones(x, model.dense[0][0].use_bias, model.dtype).T
        self._shown, self._points = shown.T, len(x)
        widest = max(layer.units for layer, _ in model.dense)
        self._chunk = min(len(x), max(MIN_POINTS, MAX_NUMBERS // widest))
        self._passes: dict[int, Propagation] = {}

    def read(self, windows: Sequence[NeuronRange]) -> list[Array]:
        """Return the outputs (count, n) of each window's neurons; layer 0 are the inputs as shown."""
        results = [np.empty((window.count, self._points), self._model.dtype) for window in windows]
        deepest = max((window.layer for window in windows), default=0)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, self._points, self._chunk):
                self._read_chunk(windows, results, slice(start, min(start + self._chunk, self._points)), deepest)
        return results

    def _read_chunk(self, windows: Sequence[NeuronRange], results: list[Array], points: slice, deepest: int) -> None:
        x = self._columns[:, points]
        layers = [self._shown[:, points]]
        for stage in self._pass_for(points.stop - points.start).stages[:deepest]:
            x = stage.forward(x, self._model.parameters, True)
            layers.append(stage.a)
        if deepest == len(self._model.dense):
            restored = self._target.restore(layers[-1].T).T
            layers[-1] = restored if self._output is None else restored[self._output : self._output + 1]
        for window, result in zip(windows, results, strict=True):
            result[:, points] = layers[window.layer][window.first : window.first + window.count]

    def _pass_for(self, points: int) -> Propagation:
        if points not in self._passes:
            self._passes[points] = Propagation(self._model.layers, points, self._model.dtype)
        return self._passes[points]


def on_plane(
    session: Session, ground: FeatureAxes, axes: tuple[str, str], output: int | None = None
) -> tuple[tuple[Samples, ...], int]:
    """Return the samples over two features, and how many were left out; points added by hand never are.

    Of several targets their levels are those of ``output``.
    """
    dataset, (x, y) = session.dataset, (ground.values(axis) for axis in axes)
    groups, hidden = [], 0
    low, high = (0.0, 1.0) if dataset.classes else target_limits(dataset, output)
    drawn = None if dataset.origin is None else dataset.origin.numbers
    for rows, validation in _parts(session):
        by_hand = np.zeros(len(rows), np.bool_) if drawn is None else drawn[rows] < 0
        kept = np.concatenate([_thin(rows[~by_hand]), rows[by_hand]])
        hidden += len(rows) - len(kept)
        for kind, of_kind in _by_class(session, kept):
            numbers = b"" if drawn is None else pack(drawn[of_kind])
            levels = b"" if dataset.classes else to_levels(dataset.y[of_kind, output or 0], low, high).tobytes()
            groups.append(Samples(kind, validation, pack(x[of_kind]), pack(y[of_kind]), levels, numbers))
    return tuple(groups), hidden


def on_line(session: Session, ground: FeatureAxes, output: int | None = None) -> tuple[tuple[Samples, ...], int]:
    """Return the samples over the only feature: at their value, at 0 and 1 for two classes, or in a row per class.

    Of several targets the value is that of ``output``.
    """
    dataset, x = session.dataset, ground.values(ground.axes[0])
    groups, hidden = [], 0
    for rows, validation in _parts(session):
        kept = _thin(rows)
        hidden += len(rows) - len(kept)
        for kind, of_kind in _by_class(session, kept):
            values = dataset.y[of_kind, output or 0]
            y = np.full(len(of_kind), rug_height(kind, len(dataset.classes))) if kind >= 0 else values
            groups.append(Samples(kind, validation, pack(x[of_kind]), pack(y)))
    return tuple(groups), hidden


def rug_height(kind: int, classes: int) -> float:
    """Return the height of a class's samples: for two classes their target probability, for more a row below 0."""
    return float(kind) if classes == 2 else -RUG_STEP * (kind + 1)


def _parts(session: Session) -> list[tuple[NDArray[np.intp], bool]]:
    parts = session.split
    return [(rows, validation) for rows, validation in ((parts.train_rows, False), (parts.val_rows, True)) if len(rows)]


def _thin(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= MAX_SAMPLES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MAX_SAMPLES).astype(np.intp)]


def _by_class(session: Session, rows: NDArray[np.intp]) -> list[tuple[int, NDArray[Any]]]:
    """Yield each class with its rows; for a numeric target, -1 with all rows."""
    labels = session.dataset.labels
    if labels is None:
        return [(-1, rows)]
    of_rows = labels[rows]
    return [(kind, rows[of_rows == kind]) for kind in np.unique(of_rows).tolist()]
