"""Computes a step of training under the microscope: one stage of it, for the drawn neurons and the chosen one.

The numbers are those of a recorded step of the engine. Those of one sample are its share times n where the loss is a
mean over n samples, so that the mean of all samples' numbers is the number of the mini-batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine import LBFGS, OPTIMIZERS, Adam, AdamW, Nadam
from tui_trainer.engine.layers import Parameters
from tui_trainer.engine.step_record import LayerRecord, StepRecord, UpdateRecord
from tui_trainer.protocol import pack
from tui_trainer.training.session import Session

from .messages import (
    BETA,
    BIAS,
    GAMMA,
    MOVING_MEAN,
    MOVING_VARIANCE,
    LayerValues,
    NeuronRange,
    NeuronStep,
    OutputLoss,
    Stage,
    StepTerm,
    UpdateRule,
)
from .shades import most_important, part_of, root_shades, signed_shades

Array = NDArray[Any]
MAX_VALUES = 50_000_000  # numbers that a recorded step may have: half a gigabyte
KEPT_ARRAYS = 8  # of a layer's outputs in a recorded step
MAX_LOSSES = 256  # of samples, shown as bars side by side
MAX_OUTPUTS = 16  # listed with their losses


class Microscope:
    """Records the next step of a session, anew whenever it is another one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._record: StepRecord | None = None
        self._moment: tuple[object, ...] = ()

    @cached_property
    def _indices(self) -> Parameters:
        """The index of each parameter in the flat vector."""
        indices = Parameters(self._session.trainer.model.dense, np.int64)
        indices.flat[:] = np.arange(indices.flat.size)
        return indices

    def forget(self) -> None:
        """Drop the recorded step, which takes as much memory as a mini-batch."""
        self._record = None

    @property
    def trouble(self) -> str:
        """Why a step can't be recorded, in a sentence; empty if it can."""
        session = self._session
        samples = session.experiment.training.samples_a_step(len(session.split.x_train))
        values = samples * KEPT_ARRAYS * sum(layer.units + inputs for layer, inputs in session.trainer.model.dense)
        if values <= MAX_VALUES:
            return ""
        return (
            f"A step of {samples:,} samples takes too much memory under the microscope; "
            f"lower the batch size to {max(samples * MAX_VALUES // values, 1):,} or less."
        )

    @property
    def record(self) -> StepRecord:
        """The step that the trainer would take next."""
        session, trainer = self._session, self._session.trainer
        rate, schedule = trainer.optimizer.learning_rate, id(trainer.schedule)
        moment = (session.steps, session.weight_changes, session.resumed_at, rate, schedule)
        if self._record is None or moment != self._moment:
            self._record, self._moment = trainer.record_step(), moment
        return self._record

    def see(self, stage: Stage, layer: int, neuron: int, terms: int, parameter: int | None) -> NeuronStep:
        """Compute neuron number ``neuron`` of ``layer`` (from 1) at a stage, with as many ``terms`` at most."""
        session, record = self._session, self.record
        stage = self._clipped(stage)
        model, trainer = session.trainer.model, session.trainer
        dense = model.dense[layer - 1][0]
        seen = _Seen(record, stage)
        values = record.layers[layer - 1]
        parameters = self._parameters(layer, neuron)
        weights = [one for one in parameters if one[0] >= 0]
        listed = most_important(self._sizes(seen, values, neuron, weights), terms, parameter)
        others = [one for one in parameters if one[0] < 0 and (one[0] > MOVING_MEAN or stage.kind == "update")]
        return NeuronStep(
            stage=stage,
            number=session.steps + 1,
            epoch=trainer.epochs + 1,
            batch=trainer.position + 1,
            batches=trainer.steps_per_epoch,
            samples=len(record.samples),
            is_sum=record.scale == 1.0 and len(record.samples) > 1,
            layer=layer,
            neuron=neuron,
            activation=dense.activation,
            is_frozen=not dense.trainable,
            inputs=len(weights),
            has_mask=values.mask is not None and not stage.of_batch,
            mask=seen.mask(record.layers[layer], neuron) if layer < len(record.layers) else math.nan,
            weighted=seen.value(values.weighted, neuron),
            normed=seen.value(values.normed, neuron),
            o=seen.value(values.o, neuron),
            a=seen.value(values.a, neuron),
            slope=None if values.slope is None or stage.of_batch else float(values.slope[neuron, stage.member]),
            of_a=None if values.of_a is None else seen.gradient(values.of_a, neuron),
            of_o=seen.gradient(values.of_o, neuron),
            of_weighted=seen.gradient(values.of_weighted, neuron),
            target=seen.value(record.targets, neuron) if layer == len(record.layers) else math.nan,
            terms=tuple(self._term(seen, values, neuron, *weights[place]) for place in listed),
            more=tuple(self._term(seen, values, neuron, *one) for one in others),
            loss_name=trainer.loss.name,
            sample_loss=float(record.losses[stage.member]),
            sample_weight=None if record.weights is None else float(record.weights[stage.member]),
            data_loss=float(record.data_loss),
            penalty=float(record.penalty),
            losses=pack(record.losses[:MAX_LOSSES].astype(np.float64)) if stage.kind == "loss" else b"",
            outputs=tuple(self._outputs(seen)) if stage.kind == "loss" else (),
            rule=_rule(session, record.update),
        )

    def layers(self, stage: Stage, chosen: int, windows: Sequence[NeuronRange]) -> tuple[LayerValues, ...]:
        """Compute the drawn neurons of all drawn layers, and the links between them; ``chosen`` is the stage's layer.

        Links are the terms of the sums on the way forward, gradients on the way back, and then the changes of the
        weights; neurons are their outputs, and on the way back the gradients with respect to their sums.
        """
        seen = _Seen(self.record, self._clipped(stage))
        pairs = zip((None, *windows), windows, strict=False)
        return tuple(self._layer(seen, chosen, before, window) for before, window in pairs)

    def member(self, stage: Stage) -> int:
        """The number of the stage's sample among those of the training."""
        return int(self.record.samples[self._clipped(stage).member])

    def _clipped(self, stage: Stage) -> Stage:
        return Stage(stage.kind, stage.member % len(self.record.samples), stage.of_batch)

    def _layer(self, seen: _Seen, chosen: int, before: NeuronRange | None, window: NeuronRange) -> LayerValues:
        stage, layer, neurons = seen.stage, window.layer, part_of(window)
        is_back = layer > 0 and (stage.kind == "update" or (stage.kind == "backward" and layer >= chosen))
        is_ahead = stage.kind == "forward" and layer > chosen
        values, reference = None, np.zeros(1)
        if is_back:
            values, reference = seen.gradients(self.record.layers[layer - 1].of_o), np.array([seen.strongest_delta])
        elif not is_ahead:
            values = reference = seen.outputs(layer, self._session.split.x_train)
        links = b""
        if before is not None and before.layer == layer - 1:
            links = self._links(seen, chosen, layer, part_of(before), neurons)
        bias = self._session.trainer.model.parameters.biases[layer - 1] if layer else None
        has_bias = bias is not None and stage.kind in ("forward", "loss")
        dropped = seen.dropped(layer) if not is_back and not is_ahead else None
        return LayerValues(
            window,
            b"" if values is None else pack(values[neurons]),
            bytes(window.count) if values is None else signed_shades(values[neurons], reference),
            links,
            pack(bias[neurons]) if bias is not None and has_bias else b"",
            pack(self._raw(seen)[neurons]) if layer == 0 else b"",
            dropped=b"" if dropped is None else dropped[neurons].tobytes(),
        )

    def _raw(self, seen: _Seen) -> Array:
        """Return the inputs (inputs,) as they stand in the data: the sample's, or the means."""
        session = self._session
        rows = session.split.train_rows[self.record.samples]
        return seen.values(session.dataset.x[rows].T)

    def _links(self, seen: _Seen, chosen: int, layer: int, sources: slice, targets: slice) -> bytes:
        """Return the shades (sources, targets) of the links into a layer."""
        record, kind = self.record, seen.stage.kind
        if kind == "update" and record.update is not None:
            change = record.update.new - record.parameters
            peak = max(float(np.abs(change[part]).max()) for part in self._indices.kernel_parts)
            return root_shades(self._kernel(change, layer)[sources, targets], peak)
        if kind == "backward" and layer >= chosen:
            return root_shades(seen.kernel_gradients[layer - 1][sources, targets], seen.strongest_gradient)
        if kind == "loss" or (kind == "forward" and layer <= chosen):
            terms = self._kernel(record.parameters, layer) * seen.values(record.layers[layer - 1].x)[:, None]
            return signed_shades(terms[sources, targets], terms)
        return bytes((sources.stop - sources.start) * (targets.stop - targets.start))

    def _kernel(self, flat: Array, layer: int) -> Array:
        """Return the kernel (inputs, units) of a layer in a vector of all parameters, in double precision."""
        return flat[self._indices.kernels[layer - 1]].astype(np.float64)

    def _parameters(self, layer: int, neuron: int) -> list[tuple[int, int]]:
        """Return the source and the index of each parameter of a neuron: weights, bias, batch normalization."""
        indices, place = self._indices, layer - 1
        result = [(source, int(index)) for source, index in enumerate(indices.kernels[place][:, neuron])]
        arrays = indices.biases, indices.gammas, indices.betas, indices.moving_means, indices.moving_variances
        for source, array in zip((BIAS, GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE), arrays, strict=True):
            if (own := array[place]) is not None:
                result.append((source, int(own[neuron])))
        return result

    def _sizes(self, seen: _Seen, values: LayerRecord, neuron: int, weights: list[tuple[int, int]]) -> Array:
        """Return how much each weight (inputs,) matters at the stage."""
        sizes: Array
        indices = [index for _, index in weights]
        if seen.stage.kind in ("forward", "loss"):
            sizes = self.record.parameters[indices] * seen.values(values.x)
        elif seen.stage.kind == "update" and self.record.update is not None:
            sizes = self.record.update.new[indices] - self.record.parameters[indices]
        else:
            sizes = seen.kernel_gradient(values, slice(neuron, neuron + 1))[:, 0]
        sizes = np.abs(sizes)
        return sizes

    def _term(self, seen: _Seen, values: LayerRecord, neuron: int, source: int, index: int) -> StepTerm:
        update, weight = self.record.update, float(self.record.parameters[index])
        x = seen.x(values, neuron, source)
        if update is None:
            return StepTerm(source, index, weight, x, seen.term_gradient(values, neuron, source), math.nan)
        # That of L-BFGS is of steps, not of parameters.
        names = [] if isinstance(update.optimizer, LBFGS) else list(update.before)
        states = update.before, update.optimizer.state
        before, after = (tuple(float(state[name][index]) for name in names) for state in states)
        return StepTerm(
            source,
            index,
            weight,
            x,
            seen.term_gradient(values, neuron, source),
            float(update.gradient[index]),
            0.0 if update.l2 is None else float(update.l2[index]),
            0.0 if update.l1 is None else float(update.l1[index]),
            float(update.direction[index]),
            before,
            after,
            float(update.new[index]),
            seen.mask(values, source),
        )

    def _outputs(self, seen: _Seen) -> Iterable[OutputLoss]:
        """Return output, target and gradient of each output neuron, those with the largest gradients."""
        last = self.record.layers[-1]
        of_a = None if last.of_a is None else seen.gradients(last.of_a)
        a, y, of_o = seen.values(last.a), seen.values(self.record.targets), seen.gradients(last.of_o)
        for neuron in most_important(np.abs(of_o), MAX_OUTPUTS, None):
            of_output = None if of_a is None else float(of_a[neuron])
            yield OutputLoss(neuron, float(a[neuron]), float(y[neuron]), of_output, float(of_o[neuron]))


class _Seen:
    """Numbers of a record as a stage shows them: those of one sample, or of the mini-batch."""

    def __init__(self, record: StepRecord, stage: Stage) -> None:
        self.record, self.stage = record, stage
        self._times = 1.0 if stage.of_batch else 1.0 / record.scale

    def values(self, array: Array) -> Array:
        """Return values (units,) of ``array`` (units, n): the sample's, or the mean."""
        chosen = array.mean(axis=1, dtype=np.float64) if self.stage.of_batch else array[:, self.stage.member]
        return chosen.astype(np.float64)

    def value(self, array: Array | None, neuron: int) -> float:
        """Return one of ``values``; nan without an array."""
        return math.nan if array is None else float(self.values(array[neuron : neuron + 1])[0])

    def gradients(self, array: Array) -> Array:
        """Return gradients (units,) of ``array`` (units, n): the sample's, or the mini-batch's."""
        chosen = array.sum(axis=1, dtype=np.float64) if self.stage.of_batch else array[:, self.stage.member]
        return self._times * chosen.astype(np.float64)

    def gradient(self, array: Array, neuron: int) -> float:
        """Return one of ``gradients``."""
        return float(self.gradients(array[neuron : neuron + 1])[0])

    def outputs(self, layer: int, x: Array) -> Array:
        """Return the outputs (units,) of a layer before dropout; those of layer 0 are inputs of ``x``, all samples."""
        return self.values(x[self.record.samples].T if layer == 0 else self.record.layers[layer - 1].a)

    def dropped(self, layer: int) -> Array | None:
        """Return which outputs (units,) of a layer dropout takes away from the sample; None for no matter which."""
        layers = self.record.layers
        mask = layers[layer].mask if layer < len(layers) and not self.stage.of_batch else None
        return None if mask is None else mask[:, self.stage.member] == 0.0

    @cached_property
    def kernel_gradients(self) -> list[Array]:
        """dL/dw (inputs, units) of each layer, of the sample or the mini-batch."""
        return [self.kernel_gradient(layer, slice(None)) for layer in self.record.layers]

    def kernel_gradient(self, values: LayerRecord, neurons: slice) -> Array:
        """Return dL/dw (inputs, some units) of a layer."""
        members = slice(None) if self.stage.of_batch else slice(self.stage.member, self.stage.member + 1)
        delta = values.of_weighted[neurons, members].astype(np.float64)
        product: Array = values.x[:, members].astype(np.float64) @ delta.T
        return self._times * product

    @cached_property
    def strongest_gradient(self) -> float:
        """The largest magnitude in ``kernel_gradients``."""
        return max(float(np.abs(gradient).max()) for gradient in self.kernel_gradients)

    @cached_property
    def strongest_delta(self) -> float:
        """The largest magnitude of dL/do in all layers."""
        return max(float(np.abs(self.gradients(layer.of_o)).max()) for layer in self.record.layers)

    def x(self, values: LayerRecord, neuron: int, source: int) -> float:
        """Return what a parameter is multiplied by; nan for a moving average."""
        if source >= 0:
            return self.value(values.x, source)
        return {GAMMA: self.value(values.normed, neuron), BIAS: 1.0, BETA: 1.0}.get(source, math.nan)

    def term_gradient(self, values: LayerRecord, neuron: int, source: int) -> float:
        """Return the gradient of a parameter by the sample or the mini-batch; nan for a moving average."""
        members = slice(None) if self.stage.of_batch else slice(self.stage.member, self.stage.member + 1)
        of = values.of_o if source in (GAMMA, BETA) else values.of_weighted
        delta = of[neuron, members].astype(np.float64)
        if source in (MOVING_MEAN, MOVING_VARIANCE):
            return math.nan
        if source >= 0:
            delta = delta * values.x[source, members]
        elif source == GAMMA and values.normed is not None:
            delta = delta * values.normed[neuron, members]
        return self._times * float(delta.sum())

    def mask(self, values: LayerRecord, source: int) -> float:
        """Return what dropout multiplied a sample's input by; nan without dropout, or for the mini-batch."""
        if values.mask is None or source < 0 or self.stage.of_batch:
            return math.nan
        return float(values.mask[source, self.stage.member])


def _rule(session: Session, update: UpdateRecord | None) -> UpdateRule | None:
    """Return the optimizer with its numbers in the recorded step; None if there will be no update."""
    if update is None:
        return None
    training, optimizer = session.experiment.training, update.optimizer
    numbers = {name: float(getattr(optimizer, name)) for name in optimizer.hyperparameters}
    if isinstance(optimizer, Adam):
        numbers["root_factor"] = float(optimizer.root_factor)
        numbers["corrected_rate"] = float(optimizer.corrected_rate)
    if isinstance(optimizer, AdamW):
        numbers["shrinkage"] = float(optimizer.shrinkage)
    if isinstance(optimizer, Nadam):
        numbers["mean_factor"], numbers["gradient_factor"] = map(float, optimizer.blend)
    return UpdateRule(
        name=next(name for name, kind in OPTIMIZERS.items() if type(optimizer) is kind),
        rate=float(optimizer.used_rate),
        nesterov=bool(getattr(optimizer, "nesterov", False)),
        numbers=numbers,
        length=update.length,
        clip_norm=training.clip_norm,
        clip_value=training.clip_value,
    )
