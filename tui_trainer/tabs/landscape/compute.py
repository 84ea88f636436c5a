"""Looks at a session's landscape, and keeps what stays the same while it trains."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Sequential
from tui_trainer.protocol import pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MAX_PARAMETERS, Trajectory

from .messages import Axis, Landscape, Minimum, Update, WatchLandscape, Way
from .surface import Cut, Range, Surface, compute_grid, draw_map, least_squares, plane

Array = NDArray[np.float64]
KINDS_BY_SIZE = {1: ("curve",), 2: ("contour", "slice")}
KINDS_OF_MANY = ("slice", "plane", "contour")
DIRECTIONS = ("gradient", "random direction")
BEYOND = 1.6  # a range reaches so many times as far on either side as from the minimum to the start
USUAL = 2.0  # reach where nothing else is known, and around one weight of many
MAX_DOUBLINGS = 6  # of the usual reach, to follow a way that leaves it
MAX_ZOOM = 20
FINEST = 1e-9  # reach of a range, of its middle
STRIDES = 40  # of moving by hand go into a range at least
NEWEST = 40  # points shown one by one
EARLIER = 80  # at most, of those before


class LandscapeCompute:
    """Computes landscapes of one loaded run."""

    def __init__(self, trainer: TrainerContext) -> None:
        session = self._session = trainer.session
        self._surface = Surface(session)
        self._size = self._surface.size
        self._kinds = KINDS_BY_SIZE.get(self._size, KINDS_OF_MANY)
        self._least = least_squares(session)
        self._windows: list[AxisRange] = []
        if session.trajectory is not None:
            start = session.trajectory.points[0].tolist()
            least: list[float | None] = [None] * self._size if self._least is None else self._least.tolist()
            self._windows = [AxisRange(*ends) for ends in zip(start, least, strict=True)]
        self._seen: tuple[object, Array] | None = None  # the last grid, and what it was computed for

    def compute(self, request: WatchLandscape) -> Landscape:
        """Compute the landscape as it is now."""
        kind = request.kind if request.kind in self._kinds else self._kinds[0]
        flat = np.asarray(self._session.trainer.model.parameters.flat, np.float64)
        gradient = self._surface.gradient(flat)
        axes, cut = (
            self._plane(request, flat, gradient) if kind == "plane" else self._weights(request, kind, flat, gradient)
        )
        losses = self._losses(cut, request)
        path, batch = self._session.trajectory, self._session.experiment.training.batch_size
        whole = len(axes) == self._size  # nothing of the model is left out, so its way is in the picture
        return Landscape(
            kind=kind,
            kinds=self._kinds,
            axes=axes,
            curve=pack(losses.ravel()) if len(axes) == 1 else b"",
            map=draw_map(losses) if len(axes) == 2 else None,
            here=self._surface.value(flat),
            samples=self._surface.samples,
            training_rows=self._surface.training_rows,
            batch=None if batch == "full" or batch >= self._surface.training_rows else batch,
            rate=self._session.trainer.optimizer.learning_rate,
            way=way(path, self._surface, axes) if path is not None and whole else None,
            update=update(self._session) if path is not None else None,
            minimum=self._minimum() if whole else None,
        )

    def _weights(
        self, request: WatchLandscape, kind: str, flat: Array, gradient: Array
    ) -> tuple[tuple[Axis, ...], Cut]:
        """One or two parameters as axes; the others stay where they are."""
        model = self._session.trainer.model
        first, second = request.parameter % self._size, request.parameter_2 % self._size
        if second == first:
            second = (first + 1) % self._size
        numbers = (first, second) if kind == "contour" else (first,)
        if kind == "contour" and self._size == MAX_PARAMETERS:
            numbers = (0, 1)
        ends = ((request.low, request.high), (request.low_2, request.high_2))
        ranges = tuple(
            given(*wanted, self._usual(number, flat, request.zoom), request.zoom)
            for number, wanted in zip(numbers, ends, strict=False)
        )
        base, directions = flat.copy(), np.zeros((len(numbers), self._size))
        base[list(numbers)] = 0.0
        directions[np.arange(len(numbers)), numbers] = 1.0
        axes = tuple(
            Axis(
                name=parameter_name(model, number),
                low=low,
                high=high,
                at=float(flat[number]),
                slope=float(gradient[number]),
                stride=stride(low, high),
                parameter=number,
                next_layer=next_layer(model, number),
            )
            for number, (low, high) in zip(numbers, ranges, strict=True)
        )
        return axes, Cut(base, directions, ranges)

    def _plane(self, request: WatchLandscape, flat: Array, gradient: Array) -> tuple[tuple[Axis, ...], Cut]:
        """Offsets from the present weights, in lengths of all kernels together."""
        model, seed = self._session.trainer.model, self._session.experiment.model.seed
        directions = plane(model, gradient, seed)
        reach = zoom_by(1.0, request.zoom)
        axes = tuple(
            Axis(name, -reach, reach, 0.0, slope, stride(-reach, reach))
            for name, slope in zip(DIRECTIONS, (float(directions[0] @ gradient), 0.0), strict=True)
        )
        return axes, Cut(flat, directions, ((-reach, reach), (-reach, reach)))

    def _usual(self, number: int, flat: Array, zoom: int) -> Range:
        """The range of one parameter where none is asked for."""
        path = self._session.trajectory
        if self._windows and path is not None:
            return self._windows[number].limits(points(path)[1][:, number], zoom)
        return about(float(flat[number]), zoom_by(USUAL, zoom))

    def _losses(self, cut: Cut, request: WatchLandscape) -> Array:
        """The grid, computed anew where the cut is another one."""
        key = (request.columns, request.rows, cut.ranges, cut.base.tobytes(), cut.directions.tobytes())
        if self._seen is None or self._seen[0] != key:
            self._seen = key, compute_grid(self._surface, cut, request.columns, request.rows)
        return self._seen[1]

    def _minimum(self) -> Minimum | None:
        if self._least is None:
            return None
        return Minimum(pack(self._least), self._surface.value(self._least))


class AxisRange:
    """The range of one parameter of a model with a way: steady, doubled where the way leaves it."""

    def __init__(self, start: float, minimum: float | None) -> None:
        self._middle = start if minimum is None else minimum
        reach = USUAL if minimum is None else BEYOND * abs(minimum - start)
        self._reach = reach or BEYOND * max(1.0, abs(start))
        self._has_minimum = minimum is not None

    def limits(self, way: Array, zoom: int) -> tuple[float, float]:
        """The range for a ``way`` (n,); zooming in keeps the minimum, or else the newest point, in sight."""
        middle, reach = self._middle, self._reach
        farthest = float(np.max(np.abs(way - middle)))
        for _ in range(MAX_DOUBLINGS):
            if farthest <= reach:
                break
            reach *= 2.0
        zoomed = zoom_by(reach, zoom)
        if zoom > 0 and not self._has_minimum and math.isfinite(way[-1]):
            # In steps of half a reach: the range stands still while the point crosses it.
            middle += zoomed / 2 * round((float(way[-1]) - middle) / (zoomed / 2))
        return about(middle, zoomed)


def about(middle: float, reach: float) -> tuple[float, float]:
    """From ``reach`` below ``middle`` to as much above it; farther where the numbers there lie farther apart."""
    reach = max(reach, FINEST * abs(middle))
    return middle - reach, middle + reach


def zoom_by(reach: float, zoom: int) -> float:
    """``reach`` halved ``zoom`` times, or doubled where that is negative."""
    return math.ldexp(reach, -min(max(zoom, -MAX_ZOOM), MAX_ZOOM))


def given(low: float | None, high: float | None, usual: tuple[float, float], zoom: int) -> tuple[float, float]:
    """The range asked for, its other end taken from the ``usual`` one, zoomed about its middle."""
    ends = (usual[0] if low is None else low), (usual[1] if high is None else high)
    if (low is None and high is None) or not np.isfinite(ends).all() or not ends[0] < ends[1]:
        return usual
    middle, reach = (ends[0] + ends[1]) / 2, zoom_by((ends[1] - ends[0]) / 2, zoom)
    return about(middle, reach)


def stride(low: float, high: float) -> float:
    """A power of ten that goes about ``STRIDES`` to four hundred times into the range."""
    return 10.0 ** math.floor(math.log10((high - low) / STRIDES))


def points(path: Trajectory) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Steps (n,) and points (n, k) that are shown, and how many of the last are one by one.

    The newest point is always among them, even where the path has dropped it.
    """
    steps, places = path.steps, path.points
    last = path.last
    if last is not None and last.step > steps[-1]:
        steps, places = np.append(steps, last.step), np.vstack([places, last.after])
    each = min(len(steps), NEWEST)
    split = len(steps) - each
    chosen = np.unique(np.linspace(0, split, min(split, EARLIER), endpoint=False).astype(np.intp))
    kept = np.concatenate([chosen, np.arange(split, len(steps))])
    return steps[kept], places[kept], each


def way(path: Trajectory, surface: Surface, axes: tuple[Axis, ...]) -> Way:
    """The way with its losses, and how much of it lies beyond the ranges of ``axes``."""
    steps, places, each = points(path)
    losses = surface.values(np.zeros(surface.size), np.eye(surface.size), places)
    inside = np.ones(len(places), bool)
    for axis in axes:
        assert axis.parameter is not None
        along = places[:, axis.parameter]
        inside &= (along >= axis.low) & (along <= axis.high)
    return Way(pack(steps), pack(places.ravel()), pack(losses), each, int(np.count_nonzero(~inside)))


def update(session: Session) -> Update | None:
    """The last step's numbers; None before the first one."""
    last = None if session.trajectory is None else session.trajectory.last
    if last is None:
        return None
    config = session.experiment.training.optimizer
    momentum = f"momentum {config.momentum:g}" if config.momentum else ""
    return Update(
        step=last.step,
        before=pack(last.before),
        gradient=pack(np.concatenate([array.ravel() for array in session.trainer.gradient()])),
        rate=last.rate,
        after=pack(last.after),
        optimizer=momentum if config.name == "sgd" else config.name,
    )


def next_layer(model: Sequential, index: int) -> int:
    """The number of the first parameter in the layer after that of parameter ``index``; after the last the first."""
    start = 0
    for layer, inputs in model.dense:
        start += layer.count_params(inputs)
        if index < start:
            break
    return start % model.count_params()


def parameter_name(model: Sequential, index: int) -> str:
    """The name of parameter ``index``, kernel then bias, layer by layer: ``w``, ``layer 2: w[3,1]``, ``b[4]``."""
    for number, (layer, inputs) in enumerate(model.dense, start=1):
        size = layer.count_params(inputs)
        if index >= size:
            index -= size
            continue
        row, unit = divmod(index, layer.units)
        kind, places, whole = ("b", (unit,), layer.units) if row == inputs else ("w", (row, unit), inputs * layer.units)
        if kind == "w" and layer.units == 1:
            places = (row,)
        place = "" if whole == 1 else f"[{','.join(str(one + 1) for one in places)}]"
        return f"layer {number}: {kind}{place}" if len(model.dense) > 1 else f"{kind}{place}"
    raise IndexError(f"the model has {model.count_params()} parameters, so none has the number {index}")
