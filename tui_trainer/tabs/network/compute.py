"""One neuron looked at closely: a = phi(o) with o = sum of w x, plus b, and phi as a curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.activations import Activation, get_activation
from tui_trainer.protocol.framing import pack
from tui_trainer.training.session import Session

from .messages import BIAS, NeuronSeen, PhiCurve, Probability, Term, WatchNetwork

Array = NDArray[Any]
CURVE_POINTS = 241
LEAST_SPAN = 6.0
MOST_SPAN = 1e6
MOST_TERMS = 64
MOST_BARS = 16


def look_at_neuron(
    session: Session, outputs: list[Array], layer: int, neuron: int, request: WatchNetwork
) -> NeuronSeen:
    """Neuron number ``neuron`` of ``layer``, from 1, given the outputs (units,) of every layer from 0."""
    dense, inputs = session.trainer.model.dense[layer - 1]
    terms = _Terms(session, outputs[layer - 1], layer, neuron)
    a, activation = outputs[layer], get_activation(dense.activation)
    shown = terms.choose(min(request.terms, MOST_TERMS), request.parameter)
    softmax = activation.name == "softmax"
    span = span_of(terms.o)
    known = softmax or (activation.name, span) in request.curves
    return NeuronSeen(
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
    if not math.isfinite(size) or size <= LEAST_SPAN:
        return LEAST_SPAN
    power = 10.0 ** math.floor(math.log10(size))
    return min(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if size <= step * power), MOST_SPAN)


def _probabilities(a: Array) -> tuple[Probability, ...]:
    """The largest of ``a`` (units,), in their order."""
    largest = sorted(np.argsort(-a, kind="stable")[:MOST_BARS].tolist())
    return tuple(Probability(neuron, float(a[neuron])) for neuron in largest)
