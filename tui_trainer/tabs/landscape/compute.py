"""Looks at a session's landscape, and keeps what stays the same while it trains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.protocol.framing import pack
from tui_trainer.protocol.views import AnyContent
from tui_trainer.runtime.views.landscape.directions import plane
from tui_trainer.runtime.views.landscape.grid import Cut, Range, compute_grid, draw_map
from tui_trainer.runtime.views.landscape.minimum import least_squares
from tui_trainer.runtime.views.landscape.names import next_layer, parameter_name
from tui_trainer.runtime.views.landscape.way import points, update, way
from tui_trainer.runtime.views.landscape.window import USUAL, Window, about, given, stride, zoom_by
from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MOST_PARAMETERS

from .messages import Axis, Landscape, Minimum, WatchLandscape
from .surface import Surface

Array = NDArray[np.float64]
KINDS_BY_SIZE = {1: ("curve",), 2: ("contour", "slice")}
KINDS_OF_MANY = ("slice", "plane", "contour")
DIRECTIONS = ("gradient", "random direction")


class LandscapeLook:
    """Looks at one loaded run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._surface = Surface(session)
        self._size = self._surface.size
        self._kinds = KINDS_BY_SIZE.get(self._size, KINDS_OF_MANY)
        self._least = least_squares(session)
        self._windows: list[Window] = []
        if session.path is not None:
            start = session.path.points[0].tolist()
            least: list[float | None] = [None] * self._size if self._least is None else self._least.tolist()
            self._windows = [Window(*ends) for ends in zip(start, least, strict=True)]
        self._seen: tuple[object, Array] | None = None  # the last grid, and what it was computed for

    def see(self, request: WatchLandscape) -> AnyContent:
        """The landscape asked for, as it is now."""
        kind = request.kind if request.kind in self._kinds else self._kinds[0]
        flat = np.asarray(self._session.trainer.model.parameters.flat, np.float64)
        gradient = self._surface.gradient(flat)
        axes, cut = (
            self._plane(request, flat, gradient) if kind == "plane" else self._weights(request, kind, flat, gradient)
        )
        losses = self._losses(cut, request)
        path, batch = self._session.path, self._session.experiment.training.batch_size
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
        if kind == "contour" and self._size == MOST_PARAMETERS:
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
        path = self._session.path
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
