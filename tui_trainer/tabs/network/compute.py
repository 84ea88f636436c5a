"""One neuron looked at closely: a = phi(o) with o = sum of w x, plus b, and phi as a curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.activations import Activation, get_activation
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.protocol import pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session

from .messages import (
    BIAS,
    InputSeen,
    LayerValues,
    Network,
    NeuronDetail,
    NeuronRange,
    PhiCurve,
    Probability,
    Term,
    WatchNetwork,
)

Array = NDArray[Any]
CURVE_POINTS = 241
MIN_SPAN = 6.0
MAX_SPAN = 1e6
MAX_TERMS = 64
MAX_BARS = 16
MAX_DRAWN = 256  # neurons of a layer: no screen has more rows
MAX_LAYERS = 32  # drawn side by side
MAX_FIRST_WEIGHTS = 4096  # told one by one, as many as an experiment can hold


def look_at_neuron(
    session: Session, outputs: list[Array], layer: int, neuron: int, request: WatchNetwork
) -> NeuronDetail:
    """Neuron number ``neuron`` of ``layer``, from 1, given the outputs (units,) of every layer from 0."""
    dense, inputs = session.trainer.model.dense[layer - 1]
    terms = _Terms(session, outputs[layer - 1], layer, neuron)
    a, activation = outputs[layer], get_activation(dense.activation)
    shown = terms.choose(min(request.terms, MAX_TERMS), request.parameter)
    softmax = activation.name == "softmax"
    span = span_of(terms.o)
    known = softmax or (activation.name, span) in request.curves
    return NeuronDetail(
        layer=layer,
        neuron=neuron,
        activation=activation.name,
        inputs=inputs,
        o=terms.o,
        a=float(a[neuron]),
        slope=None if softmax else float(phi_and_slope(activation, np.array([terms.o]))[1][0]),
        terms=tuple(terms.term(source) for source in shown),
        rest=float(np.delete(terms.products, shown).sum()) if len(shown) < inputs else 0.0,
        sum=float(terms.products.sum()),
        bias=terms.term(BIAS) if terms.bias is not None else None,
        span=span,
        curve=None if known else curve(activation, span),
        probabilities=_probabilities(a) if softmax else (),
        total=float(a.astype(np.float64).sum()) if softmax else 0.0,
    )


class _Terms:
    """The parameters of one neuron and what they come to; ``products`` (inputs,) are w times x."""

    def __init__(self, session: Session, x: Array, layer: int, neuron: int) -> None:
        model = session.trainer.model
        before = model.parameters.folded[: layer - 1]
        self._start, self._neuron = sum(folded.size for folded in before), neuron
        self._units = model.dense[layer - 1][0].units
        self._weights = model.parameters.kernels[layer - 1][:, neuron].astype(np.float64)
        self._x = x.astype(np.float64)
        bias = model.parameters.biases[layer - 1]
        self.bias = None if bias is None else float(bias[neuron])
        self._gradients = self._last_gradients(session, layer)
        with np.errstate(over="ignore", invalid="ignore"):
            self.products = self._weights * self._x
            self.o = float(self.products.sum()) + (self.bias or 0.0)

    def choose(self, most: int, parameter: int | None) -> list[int]:
        """Which weights to tell of, in their order: the ``most`` largest terms, or those around ``parameter``."""
        inputs = len(self.products)
        if inputs <= most:
            return list(range(inputs))
        if parameter is not None:
            first = min(max(parameter - most // 2, 0), inputs - most)
            return list(range(first, first + most))
        sizes = np.abs(np.nan_to_num(self.products))
        return sorted(np.argsort(-sizes, kind="stable")[:most].tolist())

    def term(self, source: int) -> Term:
        """One weight, or the bias."""
        row = len(self.products) if source == BIAS else source
        index = self._start + row * self._units + self._neuron
        gradient = None if self._gradients is None else float(self._gradients[row])
        if source == BIAS:
            return Term(BIAS, index, self.bias or 0.0, 1.0, self.bias or 0.0, gradient)
        weight, x, product = (float(values[source]) for values in (self._weights, self._x, self.products))
        return Term(source, index, weight, x, product, gradient)

    def _last_gradients(self, session: Session, layer: int) -> Array | None:
        """Gradients (inputs + 1,) of this neuron's weights and bias at the last step; None before there is one."""
        if session.steps <= session.resumed_at:
            return None
        arrays = iter(session.trainer.gradient())
        gradients: list[Array] = []
        for dense, _ in session.trainer.model.dense[:layer]:
            gradients = [next(arrays)[:, self._neuron % dense.units]]
            if dense.use_bias:
                gradients.append(next(arrays)[self._neuron % dense.units : self._neuron % dense.units + 1])
        return np.concatenate(gradients)


def phi_and_slope(activation: Activation, o: Array) -> tuple[Array, Array]:
    """phi (k,) and its slope (k,) at ``o`` (k,), by the engine's own functions."""
    z = np.asarray(o, np.float64).reshape(1, -1)
    a, slope = np.empty_like(z), np.empty_like(z)
    work = [np.zeros_like(z) for _ in range(activation.buffers)]
    with np.errstate(over="ignore", invalid="ignore"):
        activation.forward(z, a, work)
        activation.slope(z, a, slope, work)
    return a[0], slope[0]


def curve(activation: Activation, span: float) -> PhiCurve:
    """phi and its slope from ``-span`` to ``span``."""
    o = np.linspace(-span, span, CURVE_POINTS)
    phi, slope = phi_and_slope(activation, o)
    return PhiCurve(activation.name, span, pack(o), pack(phi), pack(slope))


def span_of(o: float) -> float:
    """How far a curve has to go for ``o`` to lie on it: 6, or the next of 10, 20, 50, 100 ..."""
    size = abs(o)
    if not math.isfinite(size) or size <= MIN_SPAN:
        return MIN_SPAN
    power = 10.0 ** math.floor(math.log10(size))
    return min(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if size <= step * power), MAX_SPAN)


def _probabilities(a: Array) -> tuple[Probability, ...]:
    """The largest of ``a`` (units,), in their order."""
    largest = sorted(np.argsort(-a, kind="stable")[:MAX_BARS].tolist())
    return tuple(Probability(neuron, float(a[neuron])) for neuron in largest)


class NetworkCompute:
    """Sends one sample through the network, again and again as the weights change."""

    def __init__(self, trainer: TrainerContext) -> None:
        session = self._session = trainer.session
        model = session.trainer.model
        self._propagation = Propagation(model.layers, 1, model.dtype)

    def compute(self, request: WatchNetwork) -> Network:
        """Compute the network as requested; numbers outside the network or the data are clipped."""
        session = self._session
        sample = request.sample % len(session.split.x_train)
        outputs = self._forward(sample)
        model = session.trainer.model
        windows = [_inside(window, outputs) for window in request.windows[:MAX_LAYERS]]
        layer = min(max(request.layer, 0), len(model.dense))
        neuron = min(max(request.neuron, 0), len(outputs[layer]) - 1)
        target, prediction, output = self._answer(sample, outputs[-1])
        few = session.steps == 0 and model.count_params() <= MAX_FIRST_WEIGHTS
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
            return float(target[0]), float(outputs[0] > 0.5), float(outputs[0])
        best = int(outputs.argmax())
        return float(target.argmax()), float(best), float(outputs[best])

    def _layer(self, windows: list[NeuronRange], place: int, outputs: list[Array], sample: int) -> LayerValues:
        session, window = self._session, windows[place]
        shown, layer = _part(window), window.layer
        values = outputs[layer][shown]
        shades = _shades(values, outputs[layer])
        if layer == 0:
            raw = session.dataset.x[session.split.train_rows[sample]][shown]
            return LayerValues(window, pack(values), shades, raw=pack(raw))
        parameters = session.trainer.model.parameters
        kernel, bias = parameters.kernels[layer - 1], parameters.biases[layer - 1]
        before = windows[place - 1] if place else None
        links = b""
        if before is not None and before.layer == layer - 1:
            links = _shades(kernel[_part(before), shown], kernel)
        return LayerValues(window, pack(values), shades, links, b"" if bias is None else pack(bias[shown]))

    def _input(self, sample: int, neuron: int) -> InputSeen:
        parts, dataset = self._session.split, self._session.dataset
        raw = float(dataset.x[parts.train_rows[sample], neuron])
        x = float(parts.x_train[sample, neuron])
        return InputSeen(neuron, raw, float(parts.mean[neuron]), float(parts.scale[neuron]), x)


def _inside(window: NeuronRange, outputs: list[Array]) -> NeuronRange:
    """The part of ``window`` that exists."""
    layer = min(max(window.layer, 0), len(outputs) - 1)
    units = len(outputs[layer])
    first = min(max(window.first, 0), units - 1)
    return NeuronRange(layer, first, min(max(window.count, 0), units - first, MAX_DRAWN))


def _part(window: NeuronRange) -> slice:
    return slice(window.first, window.first + window.count)


def _shades(values: Array, among: Array) -> bytes:
    """``values`` as signed bytes, 127 for the largest size in ``among``; 0 for what is not finite."""
    highest, lowest = float(among.max()), float(among.min())
    peak = max(abs(highest), abs(lowest))
    if not np.isfinite(peak):
        peak = float(np.max(np.abs(among), where=np.isfinite(among), initial=0.0))
    scaled = np.nan_to_num(values / (peak or 1.0), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(scaled, -1.0, 1.0) * 127).astype(np.int8).tobytes()
