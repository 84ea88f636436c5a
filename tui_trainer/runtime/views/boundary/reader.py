"""Reads the neurons of a run over a grid of points along its axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.plotting.levels import to_levels
from tui_trainer.tabs.boundary.axes import Ground
from tui_trainer.tabs.boundary.messages import WHOLE, Chosen, LayerShown, Thumbs, WatchBoundary, locate
from tui_trainer.tabs.network.messages import Window
from tui_trainer.training.session import Session

from .activations import Activations
from .choice import inside, layers_of
from .scales import Scales

Array = NDArray[Any]
Axes = tuple[str, ...]
Sizes = tuple[int, ...]
MOST_THUMBS = 64  # of a layer
MOST_WINDOWS = 16


class Reader:
    """One run's neurons, over its axes. What does not change while it is trained is kept."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ground = Ground(session.dataset, session.split, session.experiment.dataset)
        self._scales = Scales(session)
        self._kept: dict[str, tuple[Axes, Sizes, Activations]] = {}

    def layers(self, axes: Axes) -> tuple[LayerShown, ...]:
        """The layers that can be chosen while ``axes`` vary."""
        features = self.session.dataset.features
        return layers_of(self.session, tuple(features[place] for place in self.ground.varying(axes)))

    def read(self, request: WatchBoundary, axes: Axes, sizes: Sizes) -> tuple[Chosen, Array]:
        """What is chosen, and its values (count, n) over the grid: of one neuron, or of all of a whole output."""
        layers = self.layers(axes)
        layer, neuron = locate(layers, request.layer, request.neuron)
        wanted = Window(layer, 0, layers[layer].units) if neuron == WHOLE else Window(layer, neuron, 1)
        [values] = self._activations("picture", axes, sizes).read([wanted])
        low, high = self._scales.of(layer, values, rounded=True)
        if len(values) > 2:
            low = 1 / len(values)  # no likelier class can be less likely
        held = 0 if self.ground.is_plane else len(self.ground.axes) - len(axes)
        return Chosen(layers, layer, neuron, low, high, held), values

    def thumbs(self, request: WatchBoundary, axes: Axes, sizes: Sizes) -> tuple[Thumbs, ...]:
        """The neurons asked for as small pictures."""
        layers = self.layers(axes)
        windows = [inside(window, layers, MOST_THUMBS) for window in request.thumbs[:MOST_WINDOWS]]
        if not windows:
            return ()
        read = self._activations("thumbs", axes, sizes).read(windows)
        return tuple(Thumbs(window, self._levels(window, values)) for window, values in zip(windows, read, strict=True))

    def _levels(self, window: Window, values: Array) -> bytes:
        """Levels (count, n) of neurons (count, n), each on its own scale."""
        return b"".join(to_levels(row, *self._scales.of(window.layer, row, rounded=False)).tobytes() for row in values)

    def _activations(self, use: str, axes: Axes, sizes: Sizes) -> Activations:
        kept = self._kept.get(use)
        if kept is not None and kept[:2] == (axes, sizes):
            return kept[2]
        raw = self.ground.inputs(self._grid(axes, sizes))
        parts = self.session.split
        x = (raw - parts.mean) / parts.scale
        made = Activations(self.session.trainer.model, x, raw[:, self.ground.varying(axes)])
        self._kept[use] = (axes, sizes, made)
        return made

    def _grid(self, axes: Axes, sizes: Sizes) -> dict[str, Array]:
        """Where the points lie along each axis, row by row and the greatest y first."""
        along = [np.linspace(*self.ground.limits(axis), size) for axis, size in zip(axes, sizes, strict=True)]
        if len(axes) == 1:
            return {axes[0]: along[0]}
        x, y = along
        return {axes[0]: np.tile(x, len(y)), axes[1]: np.repeat(y[::-1], len(x))}
