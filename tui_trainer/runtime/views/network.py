"""The Network view: one sample on its way through the layers, and one neuron looked at closely."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.protocol.framing import pack
from tui_trainer.protocol.views import AnyContent
from tui_trainer.tabs.network.compute import look_at_neuron
from tui_trainer.tabs.network.messages import InputSeen, LayerSeen, Network, WatchNetwork, Window
from tui_trainer.training.session import Session

Array = NDArray[Any]
MOST_DRAWN = 256  # neurons of a layer: no screen has more rows
MOST_LAYERS = 32  # drawn side by side
MOST_FIRST_WEIGHTS = 4096  # told one by one, as many as an experiment can hold


class NetworkLook:
    """Sends one sample through the network, again and again as the weights change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        model = session.trainer.model
        self._propagation = Propagation(model.layers, 1, model.dtype)

    def see(self, request: WatchNetwork) -> AnyContent:
        """The network as ``request`` wants it; what lies outside the network or the data is brought inside."""
        session = self._session
        sample = request.sample % len(session.split.x_train)
        outputs = self._forward(sample)
        model = session.trainer.model
        windows = [_inside(window, outputs) for window in request.windows[:MOST_LAYERS]]
        layer = min(max(request.layer, 0), len(model.dense))
        neuron = min(max(request.neuron, 0), len(outputs[layer]) - 1)
        target, prediction, output = self._answer(sample, outputs[-1])
        few = session.steps == 0 and model.count_params() <= MOST_FIRST_WEIGHTS
        return Network(
            sample=sample,
            samples=len(session.split.x_train),
            row=int(session.split.train_rows[sample]),
            target=target,
            prediction=prediction,
            output=output,
            layers=tuple(self._layer(windows, place, outputs, sample) for place in range(len(windows))),
            looked_at=self._input(sample, neuron)
            if layer == 0
            else look_at_neuron(session, outputs, layer, neuron, request),
            first_weights=pack(model.parameters.flat) if request.first_weights and few else b"",
        )

    def _forward(self, sample: int) -> list[Array]:
        """Outputs (units,) of each layer for one training sample, those of layer 0 being the inputs."""
        session = self._session
        model = session.trainer.model
        x = session.split.x_train[sample : sample + 1]
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            self._propagation.forward(rows.T, model.parameters)
        return [rows[0, : x.shape[1]], *(stage.a[:, 0] for stage in self._propagation.stages)]

    def _answer(self, sample: int, outputs: Array) -> tuple[float, float, float]:
        """The target, the prediction, and the output behind it: classes by their index, numbers as they are."""
        session = self._session
        target = session.split.y_train[sample]
        if not session.dataset.classes:
            return float(target[0]), float(outputs[0]), float(outputs[0])
        if len(outputs) == 1:
            return float(target[0]), float(outputs[0] >= 0.5), float(outputs[0])
        best = int(outputs.argmax())
        return float(target.argmax()), float(best), float(outputs[best])

    def _layer(self, windows: list[Window], place: int, outputs: list[Array], sample: int) -> LayerSeen:
        session, window = self._session, windows[place]
        shown, layer = _part(window), window.layer
        values = outputs[layer][shown]
        shades = _shades(values, outputs[layer])
        if layer == 0:
            raw = session.dataset.x[session.split.train_rows[sample]][shown]
            return LayerSeen(window, pack(values), shades, raw=pack(raw))
        parameters = session.trainer.model.parameters
        kernel, bias = parameters.kernels[layer - 1], parameters.biases[layer - 1]
        before = windows[place - 1] if place else None
        links = b""
        if before is not None and before.layer == layer - 1:
            links = _shades(kernel[_part(before), shown], kernel)
        return LayerSeen(window, pack(values), shades, links, b"" if bias is None else pack(bias[shown]))

    def _input(self, sample: int, neuron: int) -> InputSeen:
        parts, dataset = self._session.split, self._session.dataset
        raw = float(dataset.x[parts.train_rows[sample], neuron])
        x = float(parts.x_train[sample, neuron])
        return InputSeen(neuron, raw, float(parts.mean[neuron]), float(parts.scale[neuron]), x)


def _inside(window: Window, outputs: list[Array]) -> Window:
    """The part of ``window`` that exists."""
    layer = min(max(window.layer, 0), len(outputs) - 1)
    units = len(outputs[layer])
    first = min(max(window.first, 0), units - 1)
    return Window(layer, first, min(max(window.count, 0), units - first, MOST_DRAWN))


def _part(window: Window) -> slice:
    return slice(window.first, window.first + window.count)


def _shades(values: Array, among: Array) -> bytes:
    """``values`` as signed bytes, 127 for the largest size in ``among``; 0 for what is not finite."""
    highest, lowest = float(among.max()), float(among.min())
    peak = max(abs(highest), abs(lowest))
    if not np.isfinite(peak):
        peak = float(np.max(np.abs(among), where=np.isfinite(among), initial=0.0))
    scaled = np.nan_to_num(values / (peak or 1.0), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(scaled, -1.0, 1.0) * 127).astype(np.int8).tobytes()
