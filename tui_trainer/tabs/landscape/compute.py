"""Computes the Landscape tab's content, and caches what stays the same during training."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import Sequential
from tui_trainer.formats import format_of_neuron, format_parameter, format_with_layer
from tui_trainer.protocol import pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.series import MAX_PARAMETERS, Trajectory
from tui_trainer.training.session import Session

from .companions import Companions
from .messages import Axis, Landscape, Minimum, Update, WatchLandscape, Way
from .surface import Cut, Range, Surface, compute_grid, draw_map, least_squares, plane_directions

Array = NDArray[np.float64]
KINDS_BY_SIZE = {1: ("curve",), 2: ("contour", "slice")}
KINDS_OF_MANY = ("slice", "plane", "contour")
DIRECTIONS = ("gradient", "random direction")
REACH_FACTOR = 1.6  # a range reaches this many times as far on either side as from the minimum to the start
DEFAULT_REACH = 2.0  # if there is no minimum, and around one weight of many
MAX_DOUBLINGS = 6  # of the reach, to contain a trajectory that leaves it
MAX_ZOOM = 20
MIN_RELATIVE_REACH = 1e-9  # relative to the middle of the range
STRIDES = 40  # minimum number of strides in a range
MAX_NEWEST_POINTS = 40  # shown one by one
MAX_EARLIER_POINTS = 80  # a selection of those before


class LandscapeCompute:
    """Computes landscapes of one loaded run."""

    def __init__(self, trainer: TrainerContext) -> None:
        session = self._session = trainer.session
        self._surface = Surface(session)
        self._size = self._surface.size
        self._kinds = KINDS_BY_SIZE.get(self._size, KINDS_OF_MANY)
        self._minimum_point = least_squares(session)
        self._ranges: list[AxisRange] = []
        if session.trajectory is not None:
            start = session.trajectory.points[0].tolist()
            least: list[float | None] = (
                [None] * self._size if self._minimum_point is None else self._minimum_point.tolist()
            )
            self._ranges = [AxisRange(*ends) for ends in zip(start, least, strict=True)]
        self._companions = Companions(session, self._surface, trainer.store)
        self._last_grid: tuple[object, Array] | None = None  # the key and the losses of the last grid

    def compute(self, request: WatchLandscape) -> Landscape:
        """Compute the landscape as it is now."""
        kind = request.kind if request.kind in self._kinds else self._kinds[0]
        flat = np.asarray(self._session.trainer.model.parameters.flat, np.float64)
        gradient = self._surface.gradient(flat)
        axes, cut = (
            self._plane(request, flat, gradient) if kind == "plane" else self._weights(request, kind, flat, gradient)
        )
        losses = self._losses(cut, request)
        trajectory, batch = self._session.trajectory, self._session.experiment.training.batch_size
        is_complete = len(axes) == self._size  # the axes are all parameters, so the picture can contain the trajectory
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
            rate=self._session.trainer.learning_rate,
            way=way(trajectory, self._surface, axes) if trajectory is not None and is_complete else None,
            update=update(self._session) if trajectory is not None else None,
            minimum=self._minimum() if is_complete else None,
            companions=self._companions.paths(request) if trajectory is not None and is_complete else (),
        )

    def _weights(
        self, request: WatchLandscape, kind: str, flat: Array, gradient: Array
    ) -> tuple[tuple[Axis, ...], Cut]:
        """Make axes of one or two parameters; the others keep their values."""
        model = self._session.trainer.model
        first, second = request.parameter % self._size, request.parameter_2 % self._size
        if second == first:
            second = (first + 1) % self._size
        numbers = (first, second) if kind == "contour" else (first,)
        if kind == "contour" and self._size == MAX_PARAMETERS:
            numbers = (0, 1)
        ends = ((request.low, request.high), (request.low_2, request.high_2))
        ranges = tuple(
            requested_range(*limits, self._default_range(number, flat, request.zoom), request.zoom)
            for number, limits in zip(numbers, ends, strict=False)
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
        """Make axes of offsets from the current weights, in units of the length of all kernels together."""
        model, seed = self._session.trainer.model, self._session.experiment.model.seed
        directions = plane_directions(model, gradient, seed)
        reach = zoomed_reach(1.0, request.zoom)
        axes = tuple(
            Axis(name, -reach, reach, 0.0, slope, stride(-reach, reach))
            for name, slope in zip(DIRECTIONS, (float(directions[0] @ gradient), 0.0), strict=True)
        )
        return axes, Cut(flat, directions, ((-reach, reach), (-reach, reach)))

    def _default_range(self, number: int, flat: Array, zoom: int) -> Range:
        """Return the range of one parameter if no limits are requested."""
        trajectory = self._session.trajectory
        if self._ranges and trajectory is not None:
            return self._ranges[number].limits(points(trajectory)[1][:, number], zoom)
        return range_around(float(flat[number]), zoomed_reach(DEFAULT_REACH, zoom))

    def _losses(self, cut: Cut, request: WatchLandscape) -> Array:
        """Return the losses of the grid, recomputed only if the cut has changed."""
        key = (request.columns, request.rows, cut.ranges, cut.base.tobytes(), cut.directions.tobytes())
        if self._last_grid is None or self._last_grid[0] != key:
            self._last_grid = key, compute_grid(self._surface, cut, request.columns, request.rows)
        return self._last_grid[1]

    def _minimum(self) -> Minimum | None:
        if self._minimum_point is None:
            return None
        return Minimum(pack(self._minimum_point), self._surface.value(self._minimum_point))


class AxisRange:
    """The range of one parameter of a model with a trajectory: constant, but doubled if the trajectory leaves it."""

    def __init__(self, start: float, minimum: float | None) -> None:
        self._middle = start if minimum is None else minimum
        reach = DEFAULT_REACH if minimum is None else REACH_FACTOR * abs(minimum - start)
        self._reach = reach or REACH_FACTOR * max(1.0, abs(start))
        self._has_minimum = minimum is not None

    def limits(self, values: Array, zoom: int) -> tuple[float, float]:
        """Return the range for the path's ``values`` (n,); zooming keeps the minimum or the newest point visible."""
        middle, reach = self._middle, self._reach
        farthest = float(np.max(np.abs(values - middle)))
        for _ in range(MAX_DOUBLINGS):
            if farthest <= reach:
                break
            reach *= 2.0
        zoomed = zoomed_reach(reach, zoom)
        if zoom > 0 and not self._has_minimum and math.isfinite(values[-1]):
            # In steps of half a reach, so that the range stays constant while the point crosses it
            middle += zoomed / 2 * round((float(values[-1]) - middle) / (zoomed / 2))
        return range_around(middle, zoomed)


def range_around(middle: float, reach: float) -> tuple[float, float]:
    """Return the range ``reach`` around ``middle``, at least as wide as the spacing of floats there requires."""
    reach = max(reach, MIN_RELATIVE_REACH * abs(middle))
    return middle - reach, middle + reach


def zoomed_reach(reach: float, zoom: int) -> float:
    """Return ``reach`` halved ``zoom`` times, or doubled if that is negative."""
    return math.ldexp(reach, -min(max(zoom, -MAX_ZOOM), MAX_ZOOM))


def requested_range(
    low: float | None, high: float | None, default: tuple[float, float], zoom: int
) -> tuple[float, float]:
    """Return the requested range, with a missing end taken from the ``default`` one, zoomed around its middle."""
    limits = (default[0] if low is None else low), (default[1] if high is None else high)
    if (low is None and high is None) or not np.isfinite(limits).all() or not limits[0] < limits[1]:
        return default
    middle, reach = (limits[0] + limits[1]) / 2, zoomed_reach((limits[1] - limits[0]) / 2, zoom)
    return range_around(middle, reach)


def stride(low: float, high: float) -> float:
    """Return a power of ten: a range contains 40 to 400 of these strides."""
    return 10.0 ** math.floor(math.log10((high - low) / STRIDES))


def points(trajectory: Trajectory) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Return the steps (n,) and points (n, k) to show, and how many of the last ones are consecutive.

    The newest point is always included, even if the trajectory has thinned it out.
    """
    steps, positions = trajectory.steps, trajectory.points
    last = trajectory.last
    if last is not None and last.step > steps[-1]:
        steps, positions = np.append(steps, last.step), np.vstack([positions, last.after])
    newest_count = min(len(steps), MAX_NEWEST_POINTS)
    split = len(steps) - newest_count
    earlier = np.unique(np.linspace(0, split, min(split, MAX_EARLIER_POINTS), endpoint=False).astype(np.intp))
    indices = np.concatenate([earlier, np.arange(split, len(steps))])
    return steps[indices], positions[indices], newest_count


def way(trajectory: Trajectory, surface: Surface, axes: tuple[Axis, ...]) -> Way:
    """Return the trajectory with its losses, and how many of its points are outside of the ranges of ``axes``."""
    steps, positions, newest_count = points(trajectory)
    losses = surface.values(np.zeros(surface.size), np.eye(surface.size), positions)
    inside = np.ones(len(positions), bool)
    for axis in axes:
        assert axis.parameter is not None
        values = positions[:, axis.parameter]
        inside &= (values >= axis.low) & (values <= axis.high)
    return Way(pack(steps), pack(positions.ravel()), pack(losses), newest_count, int(np.count_nonzero(~inside)))


def update(session: Session) -> Update | None:
    """Return the numbers of the last step; None before the first."""
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
    """Return the first parameter's number in the layer after that of parameter ``index``; the last wraps around.

    What batch normalization has follows the weights of all layers.
    """
    start = 0
    for layer, inputs in model.dense:
        start += layer.count_weights(inputs)
        if index < start:
            break
    return start % model.count_params() if index < start else 0


def parameter_name(model: Sequential, index: int) -> str:
    """Return the name of parameter ``index``, kernel then bias, layer by layer: ``layer 1: w₂₁⁽⁰⁾``, ``output: b₁⁽²⁾``.

    A single layer needs no name, and a single neuron no number: ``w``, ``w₂``, ``b``.
    """
    layers = [(inputs, layer.units, layer.use_bias) for layer, inputs in model.dense]
    if (name := format_parameter(index, layers)) is not None:
        return name
    rest = index - sum(layer.count_weights(inputs) for layer, inputs in model.dense)
    for symbols in (("γ", "β"), ("μ", "σ²")):
        for number, (layer, _) in enumerate(model.dense):
            for symbol in symbols if layer.batch_norm else ():
                if rest < layer.units:
                    return format_with_layer(format_of_neuron(symbol, number, rest), number, len(layers))
                rest -= layer.units
    raise IndexError(f"the model has {model.count_params()} parameters, so none has the number {index}")
