"""Computes the Network tab's content: one sample's way through the network, and one neuron in detail.

A neuron computes a = phi(o) with o = sum of w x, plus b, which batch normalization makes factor * o + summand first;
phi is sent as a curve.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.datasets.pixels import PixelGrid
from tui_trainer.engine.activations import Activation, get_activation
from tui_trainer.engine.layers import NORM_PARAMETERS
from tui_trainer.engine.model import Sequential
from tui_trainer.engine.propagation import NORM_EPSILON, Propagation, with_ones
from tui_trainer.measures import name_of, target_of
from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import Unavailable, pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.inspection import ImportanceOfRun
from tui_trainer.training.session import Session

from .messages import (
    BIAS,
    InputImportance,
    InputSeen,
    LayerValues,
    Network,
    NeuronDetail,
    NeuronRange,
    NeuronStep,
    PhiCurve,
    Probability,
    Stage,
    Term,
    WatchNetwork,
)
from .microscope import Microscope
from .shades import most_important, part_of, signed_shades

Array = NDArray[Any]
CURVE_POINTS = 241
MIN_SPAN = 6.0
COMPARED_SPAN = 4.0  # the book's, where activations are drawn side by side
MAX_COMPARED = 8
MAX_SPAN = 1e6
MAX_TERMS = 64
MAX_BARS = 16
MAX_DRAWN = 256  # neurons of a layer: no screen has more rows
MAX_LAYERS = 32  # drawn side by side
MAX_FIRST_WEIGHTS = 4096  # as many as an experiment can store one by one


class NetworkCompute:
    """Sends one sample through the network, again and again as the weights change."""

    def __init__(self, trainer: TrainerContext) -> None:
        session = self._session = trainer.session
        self._output = trainer.shown_output or 0
        model = session.trainer.model
        self._propagation = Propagation(model.layers, 1, model.dtype)
        self._microscope = Microscope(session)

    def compute(self, request: WatchNetwork) -> Network | Unavailable:
        """Compute the network as requested; numbers outside the network or the data are clipped."""
        session, stage = self._session, request.stage
        if stage is None:
            self._microscope.forget()
        elif trouble := self._microscope.trouble:
            return Unavailable(trouble)
        sample = request.sample if stage is None else self._microscope.member(stage)
        sample %= len(session.split.x_train)
        row = int(session.split.train_rows[sample])
        outputs = self._forward(sample)
        model = session.trainer.model
        windows = [_clipped(window, outputs) for window in request.windows[:MAX_LAYERS]]
        layer = min(max(request.layer, 0), len(model.dense))
        neuron = min(max(request.neuron, 0), len(outputs[layer]) - 1)
        target, prediction, output = self._target_and_prediction(sample, outputs[-1])
        pixels = session.pixels()
        is_small = session.steps == 0 and model.count_params() <= MAX_FIRST_WEIGHTS
        dropped_of: int | None = None
        if stage is None:
            dropped_of, dropped = self._dropped(sample)
            drawn = tuple(self._layer(windows, index, outputs, sample, dropped) for index in range(len(windows)))
            looked_at: NeuronDetail | InputSeen | NeuronStep = self._looked_at(outputs, layer, neuron, sample, request)
        else:
            layer = max(layer, 1)
            neuron = min(neuron, len(outputs[layer]) - 1)
            drawn = self._microscope.layers(stage, layer, windows)
            looked_at = self._step(stage, layer, neuron, request)
        return Network(
            sample=sample,
            samples=len(session.split.x_train),
            row=session.dataset.rows.number(row),
            name=session.dataset.rows.name(row),
            target=target,
            prediction=prediction,
            output=output,
            layers=drawn,
            looked_at=looked_at,
            first_weights=pack(model.parameters.flat) if request.first_weights and is_small else b"",
            compared=tuple(curve(get_activation(name), COMPARED_SPAN) for name in request.compared[:MAX_COMPARED]),
            picture=b"" if pixels is None else _picture(pixels, session.dataset.x[row]),
            weights=b"" if pixels is None or layer != 1 else self._weights(pixels, neuron),
            picture_rows=0 if pixels is None else pixels.rows,
            dropped_of=dropped_of,
        )

    def _dropped(self, sample: int) -> tuple[int | None, list[Array | None]]:
        """Return whose outputs (units,) dropout took away in the last step, layer by layer from 0, and of which sample.

        Of the one that is shown, if it was in the mini-batch, or else of the first.
        """
        dropout = self._session.dropout
        if dropout is None:
            return None, []
        members = np.flatnonzero(dropout.samples == sample)
        member = int(members[0]) if members.size else 0
        dropped = [None if mask is None else mask[:, member] == 0.0 for mask in dropout.masks]
        return int(dropout.samples[member]), dropped

    def _weights(self, pixels: PixelGrid, neuron: int) -> bytes:
        """Return the weights of a neuron of the first layer as levels, the middle for 0."""
        weights = pixels.image(self._session.trainer.model.parameters.kernels[0][:, neuron], 0.0)
        peak = float(np.abs(weights).max())
        return to_levels(weights, -peak, peak).tobytes() if 0.0 < peak < np.inf else b""

    def _forward(self, sample: int) -> list[Array]:
        """Return the outputs (units,) of each layer for one training sample; those of layer 0 are the inputs."""
        session = self._session
        model = session.trainer.model
        x = session.split.x_train[sample : sample + 1]
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            self._propagation.forward(rows.T, model.parameters)
        return [rows[0, : x.shape[1]], *(stage.a[:, 0] for stage in self._propagation.stages)]

    def _target_and_prediction(self, sample: int, outputs: Array) -> tuple[float, float, float]:
        """Return target, prediction, and the output it is based on: classes by their index, numbers as they are."""
        session = self._session
        target = session.split.y_train[sample]
        if not session.dataset.classes:
            scale = session.split.target
            true, predicted = (float(scale.restore(values[None])[0, self._output]) for values in (target, outputs))
            return true, predicted, float(outputs[self._output])
        if len(outputs) == 1:
            return float(target[0]), float(outputs[0] > 0.5), float(outputs[0])
        best = int(outputs.argmax())
        return float(target.argmax()), float(best), float(outputs[best])

    def _layer(
        self, windows: list[NeuronRange], index: int, outputs: list[Array], sample: int, dropped: list[Array | None]
    ) -> LayerValues:
        session, window = self._session, windows[index]
        neurons, layer = part_of(window), window.layer
        off = dropped[layer] if layer < len(dropped) else None
        is_off = b"" if off is None else off[neurons].tobytes()
        values = outputs[layer][neurons]
        shades = signed_shades(values, self._strongest(layer, outputs[layer]))
        if layer == 0:
            raw = session.dataset.x[session.split.train_rows[sample]][neurons]
            importances = self._importances(neurons)
            return LayerValues(window, pack(values), shades, raw=pack(raw), importances=importances, dropped=is_off)
        parameters = session.trainer.model.parameters
        kernel, bias = parameters.kernels[layer - 1], parameters.biases[layer - 1]
        before = windows[index - 1] if index else None
        links = b""
        if before is not None and before.layer == layer - 1:
            sources = part_of(before)
            drawn = kernel[sources, neurons]
            if (silent := dropped[before.layer] if dropped else None) is not None:
                drawn = np.where(silent[sources, None], 0.0, drawn)  # as if they were not there, for that step
            links = signed_shades(drawn, kernel)
        biases = b"" if bias is None else pack(bias[neurons])
        return LayerValues(window, pack(values), shades, links, biases, dropped=is_off)

    @property
    def _importance(self) -> ImportanceOfRun | None:
        """The importances that were computed last, if they are those of the target that is shown, or of all."""
        known = self._session.importance
        is_shown = known is not None and target_of(known.by) in (None, self._output)
        return known if is_shown else None

    def _importances(self, neurons: slice) -> bytes:
        importance = self._importance
        if importance is None:
            return b""
        return pack(np.array(importance.shares([one.column for one in self._session.dataset.inputs[neurons]])))

    def _strongest(self, layer: int, outputs: Array) -> Array:
        """Return the values of which the largest gets the strongest colour: where an activation has ends, these.

        A probability near 0 is near 0 then, even if it is the largest of its layer, or the only one.
        """
        if layer == 0:
            return outputs
        activation = get_activation(self._session.trainer.model.dense[layer - 1][0].activation)
        ends = np.array([activation.lowest, activation.highest])
        return ends if np.isfinite(ends).all() else outputs

    def _looked_at(
        self, outputs: list[Array], layer: int, neuron: int, sample: int, request: WatchNetwork
    ) -> NeuronDetail | InputSeen:
        if layer == 0:
            return self._input(sample, neuron)
        return neuron_detail(self._session, outputs, layer, neuron, request)

    def _step(self, stage: Stage, layer: int, neuron: int, request: WatchNetwork) -> NeuronStep:
        """Return a neuron at a stage of the next step, with the curve of its activation if the app lacks it."""
        step = self._microscope.see(stage, layer, neuron, min(request.terms, MAX_TERMS), request.parameter)
        span = span_of(step.o)
        has_curve = step.slope is None or (step.activation, span) in request.curves
        return replace(step, span=span, curve=None if has_curve else curve(get_activation(step.activation), span))

    def _input(self, sample: int, neuron: int) -> InputSeen:
        split, dataset = self._session.split, self._session.dataset
        raw = float(dataset.x[split.train_rows[sample], neuron])
        x = float(split.x_train[sample, neuron])
        importance, known = None, self._importance
        if known is not None:
            column = known.columns[dataset.inputs[neuron].column]
            importance = InputImportance(column.mean, column.deviation, name_of(known.by), known.epoch)
        return InputSeen(neuron, raw, float(split.mean[neuron]), float(split.scale[neuron]), x, importance)


def neuron_detail(
    session: Session, outputs: list[Array], layer: int, neuron: int, request: WatchNetwork
) -> NeuronDetail:
    """Compute neuron number ``neuron`` of ``layer`` (from 1), given the outputs (units,) of every layer from 0."""
    dense, inputs = session.trainer.model.dense[layer - 1]
    terms = _Terms(session, outputs[layer - 1], layer, neuron)
    outputs_of_layer, activation = outputs[layer], get_activation(dense.activation)
    listed = terms.choose(min(request.terms, MAX_TERMS), request.parameter)
    is_softmax = activation.name == "softmax"
    scale = session.split.target
    is_output = layer == len(outputs) - 1
    span = span_of(terms.o)
    has_curve = is_softmax or (activation.name, span) in request.curves
    return NeuronDetail(
        layer=layer,
        neuron=neuron,
        activation=activation.name,
        inputs=inputs,
        o=terms.o,
        a=float(outputs_of_layer[neuron]),
        slope=None if is_softmax else float(phi_and_slope(activation, np.array([terms.o]))[1][0]),
        terms=tuple(terms.term(source) for source in listed),
        rest=float(np.delete(terms.products, listed).sum()) if len(listed) < inputs else 0.0,
        sum=float(terms.products.sum()),
        bias=terms.term(BIAS) if terms.bias is not None else None,
        norm=terms.norm,
        span=span,
        curve=None if has_curve else curve(activation, span),
        target=(float(scale.mean[neuron]), float(scale.scale[neuron])) if is_output and not scale.is_none else None,
        probabilities=_probabilities(outputs_of_layer) if is_softmax else (),
        total=float(outputs_of_layer.astype(np.float64).sum()) if is_softmax else 0.0,
    )


def batch_norm_of(model: Sequential, layer: int, neuron: int) -> tuple[float, float] | None:
    """Return the factor and the summand of a neuron's batch normalization in predictions; None without it."""
    held, index = model.parameters, layer - 1
    arrays = held.gammas[index], held.betas[index], held.moving_means[index], held.moving_variances[index]
    values = [float(array[neuron]) for array in arrays if array is not None]
    if not values:
        return None
    gamma, beta, mean, variance = values
    factor = gamma / math.sqrt(variance + NORM_EPSILON) if variance + NORM_EPSILON > 0.0 else math.nan
    return factor, beta - factor * mean


def phi_and_slope(activation: Activation, o: Array) -> tuple[Array, Array]:
    """Compute phi (k,) and its slope (k,) at ``o`` (k,), with the engine's own functions."""
    z = np.asarray(o, np.float64).reshape(1, -1)
    a, slope = np.empty_like(z), np.empty_like(z)
    work = [np.zeros_like(z) for _ in range(activation.buffers)]
    with np.errstate(over="ignore", invalid="ignore"):
        activation.forward(z, a, work)
        activation.slope(z, a, slope, work)
    return a[0], slope[0]


def curve(activation: Activation, span: float) -> PhiCurve:
    """Sample phi and its slope from ``-span`` to ``span``."""
    o = np.linspace(-span, span, CURVE_POINTS)
    phi, slope = phi_and_slope(activation, o)
    return PhiCurve(activation.name, span, pack(o), pack(phi), pack(slope))


def span_of(o: float) -> float:
    """Return the span of a curve that contains ``o``: 6, or the next of 10, 20, 50, 100 ..."""
    size = abs(o)
    if not math.isfinite(size) or size <= MIN_SPAN:
        return MIN_SPAN
    power = 10.0 ** math.floor(math.log10(size))
    return min(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if size <= step * power), MAX_SPAN)


def _picture(pixels: PixelGrid, features: Array) -> bytes:
    """Return raw features (features,) as the levels of a picture."""
    return to_levels(pixels.image(features, pixels.low), *pixels.span).tobytes()


def _clipped(window: NeuronRange, outputs: list[Array]) -> NeuronRange:
    """Return the part of ``window`` that exists."""
    layer = min(max(window.layer, 0), len(outputs) - 1)
    units = len(outputs[layer])
    first = min(max(window.first, 0), units - 1)
    return NeuronRange(layer, first, min(max(window.count, 0), units - first, MAX_DRAWN))


class _Terms:
    """The parameters of one neuron and its terms; ``products`` (inputs,) are w times x."""

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
            self.norm = batch_norm_of(model, layer, neuron)
            if self.norm is not None:
                self.o = self.norm[0] * self.o + self.norm[1]

    def choose(self, max_terms: int, parameter: int | None) -> list[int]:
        """Return which weights to list, in order: the ``max_terms`` largest terms, or those around ``parameter``."""
        return most_important(np.abs(self.products), max_terms, parameter)

    def term(self, source: int) -> Term:
        """Return the term of one weight, or of the bias."""
        row = len(self.products) if source == BIAS else source
        index = self._start + row * self._units + self._neuron
        gradient = None if self._gradients is None else float(self._gradients[row])
        if source == BIAS:
            return Term(BIAS, index, self.bias or 0.0, 1.0, self.bias or 0.0, gradient)
        weight, x, product = (float(values[source]) for values in (self._weights, self._x, self.products))
        return Term(source, index, weight, x, product, gradient)

    def _last_gradients(self, session: Session, layer: int) -> Array | None:
        """Return the gradients (inputs + 1,) of the weights and the bias at the last step; None before the first."""
        if session.steps <= session.resumed_at:
            return None
        arrays = iter(session.trainer.gradient())
        gradients: list[Array] = []
        for dense, _ in session.trainer.model.dense[:layer]:
            gradients = [next(arrays)[:, self._neuron % dense.units]]
            if dense.use_bias:
                gradients.append(next(arrays)[self._neuron % dense.units : self._neuron % dense.units + 1])
            for _ in range(NORM_PARAMETERS * dense.batch_norm):
                next(arrays)
        return np.concatenate(gradients)


def _probabilities(a: Array) -> tuple[Probability, ...]:
    """Return the largest of ``a`` (units,), in the order of the neurons."""
    largest = sorted(np.argsort(-a, kind="stable")[:MAX_BARS].tolist())
    return tuple(Probability(neuron, float(a[neuron])) for neuron in largest)
