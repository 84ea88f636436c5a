"""The doctor: rules over what a run has shown, each with its evidence, a sentence, and a remedy where one is known.

A rule is a row of RULES and one function of ``Vitals``, which returns None unless it is sure. None trains anything:
what is wrong with a run that diverged or learnt nothing is found out by trying, in ``diagnosis``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tui_trainer.datasets.encoding import short_name
from tui_trainer.datasets.preparation import most_likely
from tui_trainer.datasets.statistics import ColumnStatistics
from tui_trainer.engine.metrics import accuracy, balanced_accuracy, r2
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import MAX_EPOCHS, LayerConfig
from tui_trainer.formats import format_number
from tui_trainer.protocol import Remedy

from .diagnosis import (
    INITIALIZER,
    LARGE_FEATURE,
    RATE,
    STANDARDIZE,
    USUAL_PENALTY,
    Changes,
    layer_outputs,
    penalty_fields,
)
from .rates import sampled
from .series import Array
from .session import Session

MUCH = 0.1  # of the first epoch's loss
GOOD_ACCURACY = 0.95
FIRST_EPOCHS = 5  # which show little
ENOUGH_EPOCHS, ENOUGH_ROWS = 20, 20  # for what a curve shows, and for what scores of two parts do
SQUASHING = ("sigmoid", "tanh")
USUAL_BATCH, LARGEST_RATE = 32, 1.0
QUICK_PARAMETERS = 100_000  # of a model whose dead units are counted whenever it pauses


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule has found: its name, a sentence with the evidence, and what helps; None where it can't say."""

    rule: str
    sentence: str
    remedy: Remedy | None = None


class Vitals:
    """What the rules look at: curves, outputs and gradients of a run at its present step; each is computed once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.training, self.layers = session.experiment.training, session.experiment.model.layers
        self.parts, self.classes = session.split, session.dataset.classes

    def curve(self, name: str) -> Array:
        """Return the values (epochs,) of the newest epochs; none if they are not recorded."""
        series = self.session.history.epochs.get(name)
        return np.empty(0) if series is None else np.asarray(series.values(), np.float64)

    @property
    def has_learnt_little(self) -> bool:
        """Whether the loss is still a good part of the first epoch's."""
        loss = self.curve("loss")
        return bool(len(loss) and loss[-1] > MUCH * loss[0])

    @property
    def before(self) -> int:
        """How many epochs there were before the first one of a curve."""
        return self.session.history.before

    @cached_property
    def scored(self) -> str:
        """The part that scores are of, in words."""
        return "training" if self.parts.x_val is None else "validation"

    @cached_property
    def outputs(self) -> list[Array]:
        """The outputs (units, rows) of each layer for training rows."""
        return layer_outputs(self.session.trainer, sampled(self.parts.x_train, self.parts.y_train)[0])

    @cached_property
    def training_pair(self) -> tuple[Array, Array]:
        """The outputs (outputs, rows) for training rows, and what they should be."""
        return self.outputs[-1], sampled(self.parts.x_train, self.parts.y_train)[1].T

    @cached_property
    def scored_pair(self) -> tuple[Array, Array]:
        """The outputs (outputs, rows) for the rows that are scored, and what they should be."""
        if self.parts.x_val is None or self.parts.y_val is None:
            return self.training_pair
        x, y = sampled(self.parts.x_val, self.parts.y_val)
        return layer_outputs(self.session.trainer, x)[-1], y.T

    @cached_property
    def labels(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The classes (rows,) that are predicted in the scored part, and the true ones."""
        predicted, true = self.scored_pair
        return most_likely(predicted.T), most_likely(true.T)

    @cached_property
    def gradients(self) -> list[float]:
        """The root mean square of the last step's gradient of each layer's weights; none before a step."""
        if not self.session.trainer.steps or self.session.trainer.steps == self.session.resumed_at:
            return []
        kernels = [array for array in self.session.trainer.gradient() if array.ndim == 2]
        return [float(np.sqrt(np.mean(np.square(kernel, dtype=np.float64)))) for kernel in kernels]

    @cached_property
    def columns_by_target(self) -> dict[str, tuple[ColumnStatistics, ...]]:
        """What the columns hold, the test part left out, and how they go with each target."""
        return {
            target: self.session.statistics(index).columns for index, target in enumerate(self.session.dataset.targets)
        }

    def remedy(self, changes: Changes, said: str) -> Remedy | None:
        """Return the remedy that makes these changes; None where one of the fields may not be changed."""
        hidden = any(is_hidden(self.session.requested, path) for path in changes)
        return None if hidden else Remedy(changes, said)


def count_dead(outputs: Array) -> int:
    """Return how many units are dead: their outputs (units, rows) are 0 for every row."""
    return int((~outputs.any(axis=1)).sum())


def dead_units(session: Session) -> tuple[int, ...]:
    """Return how many units of each hidden layer are dead for the training rows, a sample of them if they are many.

    Nothing before the first step, and of a model that would take long.
    """
    if not session.trainer.steps or session.trainer.model.count_params() > QUICK_PARAMETERS:
        return ()
    with np.errstate(all="ignore"):  # a run that diverged
        return tuple(map(count_dead, Vitals(session).outputs[:-1]))


class Evidence(NamedTuple):
    """What a rule goes by, in a sentence without full stop, and what helps."""

    sentence: str
    remedy: Remedy | None = None


def _overfits(vitals: Vitals) -> Evidence | None:
    """The validation loss has been rising while the training loss went on falling."""
    loss, validation = vitals.curve("loss"), vitals.curve("val_loss")
    if len(validation) < ENOUGH_EPOCHS or not np.isfinite(validation).all():
        return None
    if vitals.classes and accuracy(*vitals.scored_pair) >= GOOD_ACCURACY:
        return None  # what is wrong is wrong by more and more, but there is little of it
    window = max(len(validation) // 20, 3)  # a single epoch may be lucky
    stride = -(-window // 4)  # all windows of a long run would hold a multiple of it
    smooth = np.median(sliding_window_view(validation, window)[::stride], axis=1)
    lowest = int(smooth.argmin())
    best = lowest * stride
    after = len(validation) - window - best
    now = float(np.median(smooth[-max((len(smooth) - 1 - lowest) // 4, 1) :]))
    rise = now - float(smooth[lowest])
    falls_on = loss[-window:].mean() < 0.9 * loss[best + window // 2]
    if after < max(10, len(validation) // 4) or now < 1.25 * smooth[lowest] or rise < MUCH * loss[0] or not falls_on:
        return None
    best += int(validation[best : best + window].argmin())
    epoch = vitals.before + best + 1
    least, last = format_number(float(validation[best])), format_number(float(validation[-1]))
    evidence = f"The validation loss has been rising since epoch {epoch:,}, from {least} to {last}"
    return Evidence(
        f"{evidence}, while the training loss fell",
        vitals.remedy({"training.epochs": float(epoch)}, f"ends after epoch {epoch:,}"),
    )


def _learns_by_heart(vitals: Vitals) -> Evidence | None:
    """The training part is predicted far better than the validation part."""
    if vitals.parts.y_val is None or len(vitals.parts.y_val) < ENOUGH_ROWS:
        return None
    measure, name, gap = (accuracy, "accuracy", 0.2) if vitals.classes else (r2, "R²", 0.35)
    training, validation = (float(measure(*pair)) for pair in (vitals.training_pair, vitals.scored_pair))
    if not training - validation >= gap:
        return None
    fields = penalty_fields(vitals.session.experiment, ("l2",))
    changes: Changes = {path: max(10 * value, USUAL_PENALTY) for path, value in fields.items()}
    scores = f"{name} {training:.2f} there and {validation:.2f} in validation"
    said = f"penalizes large weights, with L2 {max(10 * max(fields.values(), default=0.0), USUAL_PENALTY):g}"
    return Evidence(f"It knows the training rows better than others: {scores}", vitals.remedy(changes, said))


def _dead_units(vitals: Vitals) -> Evidence | None:
    """Many units of a relu layer are 0 for every row: no gradient reaches them any more."""
    for number, (layer, values) in enumerate(zip(vitals.layers, vitals.outputs, strict=False)):
        dead = count_dead(values)
        if layer.activation == "relu" and dead >= max(3, layer.units / 3) and dead < layer.units:
            path = f"model.layers[{number}].activation"
            rows = "every row" if len(vitals.parts.x_train) == values.shape[1] else f"each of {values.shape[1]:,} rows"
            evidence = f"{dead} of the {layer.units} units of layer {number + 1} are dead: 0 for {rows}"
            return Evidence(evidence, vitals.remedy({path: "leaky_relu"}, f"makes layer {number + 1} leaky_relu"))
    return None


def _saturated(vitals: Vitals) -> Evidence | None:
    """Nearly all outputs of a sigmoid or tanh layer are at its ends, where its slope is 0."""
    for number, (layer, values) in enumerate(zip(vitals.layers, vitals.outputs, strict=False)):
        share = saturation(values, layer.activation)
        if share is not None and share > 0.9 and vitals.has_learnt_little:
            remedy = _standardizing(vitals) or _initializing(vitals, number, layer)
            evidence = (
                f"Layer {number + 1} is saturated: {share:.0%} of its outputs are at the ends of {layer.activation}"
            )
            return Evidence(f"{evidence}, where nothing is learnt", remedy)
    return None


def saturation(values: Array, activation: str) -> float | None:
    """Return the share of outputs ``values`` that are at an end of sigmoid or tanh; None for other activations."""
    if activation not in SQUASHING:
        return None
    low = -1.0 if activation == "tanh" else 0.0
    return float(np.mean((values > 0.99) | (values < low + 0.01)))


def _standardizing(vitals: Vitals) -> Remedy | None:
    if vitals.session.experiment.dataset.standardize:
        return None
    return vitals.remedy({STANDARDIZE: True}, "standardizes the features")


def _initializing(vitals: Vitals, number: int, layer: LayerConfig) -> Remedy | None:
    if layer.initializer == "glorot_uniform" and layer.initializer_scale == 1.0:
        return None
    path = f"model.layers[{number}]"
    changes: Changes = {f"{path}.{INITIALIZER}": "glorot_uniform", f"{path}.{INITIALIZER}_scale": 1.0}
    return vitals.remedy(changes, f"draws the weights of layer {number + 1} as Glorot does")


def _vanishing(vitals: Vitals) -> Evidence | None:
    """The first layer gets next to nothing of the gradient of the last hidden one."""
    hidden = vitals.gradients[: len(vitals.layers)]
    if len(hidden) < 2 or not 0 < hidden[0] * 1000 < hidden[-1]:
        return None
    times = format_number(float(f"{hidden[-1] / hidden[0]:.2g}"))
    changes: Changes = {
        f"model.layers[{number}].activation": "relu"
        for number, layer in enumerate(vitals.layers)
        if layer.activation in SQUASHING
    }
    remedy = vitals.remedy(changes, "makes the hidden layers relu") if changes else None
    return Evidence(f"Layer 1 gets 1/{times} of the gradient of layer {len(hidden)}: it hardly learns", remedy)


def _class_missed(vitals: Vitals) -> Evidence | None:
    """A class that is not rare in the scored part is never predicted."""
    if not vitals.classes:
        return None
    predicted, true = vitals.labels
    counts = np.bincount(true, minlength=len(vitals.classes))
    missed = [
        index
        for index in np.argsort(-counts).tolist()
        if counts[index] >= max(5, len(true) * 0.02) and not (predicted == index).any()
    ]
    if not missed:
        return None
    labels = vitals.session.dataset.labels
    assert labels is not None  # there are classes
    trained = np.bincount(labels[vitals.parts.train_rows], minlength=len(vitals.classes))
    absent = [index for index in missed if not trained[index]]
    missed = absent or missed
    name, rows = short_name(vitals.classes[missed[0]]), counts[missed[0]]
    more = len(missed) - 1
    others = f", nor {'is 1 more class' if more == 1 else f'are {more} more classes'}" if more else ""
    sentence = f"{name} is never predicted{others}; it is the class of {rows:,} {vitals.scored} rows"
    if absent:  # which no weight can help
        return Evidence(f"{sentence}, and of no training row")
    return Evidence(sentence, _balancing(vitals))


def _balancing(vitals: Vitals) -> Remedy | None:
    if vitals.training.class_weight is not None:
        return None
    return vitals.remedy({"training.class_weight": "balanced"}, "weights the classes evenly")


def _unbalanced(vitals: Vitals) -> Evidence | None:
    """Most rows are of one class, so that the accuracy says little, and the others are found less often."""
    if not vitals.classes:
        return None
    counts = np.bincount(vitals.labels[1], minlength=len(vitals.classes))
    share = counts.max() / counts.sum()
    right, balanced = float(accuracy(*vitals.scored_pair)), float(balanced_accuracy(*vitals.scored_pair))
    if share < 0.8 or np.count_nonzero(counts) < 2 or balanced > right - 0.1:
        return None
    name = short_name(vitals.classes[int(counts.argmax())])
    evidence = f"{share:.0%} of the {vitals.scored} rows are {name}, so an accuracy of {right:.2f} says little"
    return Evidence(f"{evidence}: the balanced accuracy is {balanced:.2f}", _balancing(vitals))


def _unscaled(vitals: Vitals) -> Evidence | None:
    """Features of very different size are not standardized."""
    if vitals.session.experiment.dataset.standardize:
        return None
    rows, _ = sampled(vitals.parts.x_train, vitals.parts.y_train)
    sizes = np.sqrt(np.mean(np.square(rows), axis=0))
    largest, least = int(sizes.argmax()), int(sizes.argmin())
    if sizes[largest] < LARGE_FEATURE or sizes[largest] < 50 * sizes[least]:
        return None
    features = vitals.session.dataset.features
    sized = [f"{short_name(features[place])} is about {sizes[place]:.2g}" for place in (largest, least)]
    return Evidence(f"The features are not standardized: {sized[0]} in size, {sized[1]}", _standardizing(vitals))


def _rate_too_low(vitals: Vitals) -> Evidence | None:
    """The loss falls in a straight line, and has not got far."""
    loss = vitals.curve("loss")
    if len(loss) < 10 or vitals.before or not np.isfinite(loss).all():
        return None
    middle = loss[len(loss) // 2]
    first, second = loss[0] - middle, middle - loss[-1]
    if not (first > 0 and second > 0.7 * first and 0.5 * loss[0] < loss[-1] < 0.999 * loss[0]):
        return None
    if (np.diff(loss) > 0).mean() > 0.1:
        return None
    rate = vitals.session.trainer.optimizer.learning_rate
    higher = min(10 * rate, LARGEST_RATE)
    numbers = f"from {format_number(float(loss[0]))} to {format_number(float(loss[-1]))} in {len(loss):,} epochs"
    evidence = f"The loss falls as slowly at the end as at the beginning, {numbers}: the rate {rate:g} is low"
    remedy = vitals.remedy({RATE: higher}, f"raises the rate to {higher:g}")
    return Evidence(evidence, remedy if higher > rate else None)


def _rate_at_its_edge(vitals: Vitals) -> Evidence | None:
    """The loss of an epoch is again and again far above that of the epoch before."""
    loss = vitals.curve("loss")[-max(ENOUGH_EPOCHS, len(vitals.curve("loss")) // 2) :]
    if len(loss) < ENOUGH_EPOCHS or not np.isfinite(loss).all() or vitals.before:
        return None
    rises = loss[1:] > 1.1 * loss[:-1]
    if rises.mean() < 0.25 or loss.mean() < 0.2 * vitals.curve("loss")[0]:
        return None
    rate = vitals.session.trainer.optimizer.learning_rate
    count = f"{int(rises.sum())} of the last {len(rises):,} epochs"
    evidence = f"The loss swings up and down: in {count} it rose by a tenth or more"
    lower = float(f"{rate / 3:.1g}")
    remedy = vitals.remedy({RATE: lower}, f"lowers the rate to {lower:g}")
    return Evidence(f"{evidence}, so the rate {rate:g} is high", remedy)


def _still_falling(vitals: Vitals) -> Evidence | None:
    """The run has ended while the loss was falling fast."""
    loss, validation = vitals.curve("loss"), vitals.curve("val_loss")
    if vitals.session.state != "finished" or len(loss) < 10 or vitals.before or not np.isfinite(loss).all():
        return None
    tenth = max(len(loss) // 10, 1)
    for curve in (loss, validation) if len(validation) else (loss,):
        if curve[-2 * tenth : -tenth].min() - curve[-tenth:].min() < 0.03 * loss[0]:
            return None
    epochs = 2 * vitals.session.target_epochs
    now, then = format_number(float(loss[-1])), format_number(float(loss[-tenth - 1]))
    evidence = f"It ended while the loss was falling, from {then} to {now} in the last {tenth:,} epochs"
    remedy = vitals.remedy({"training.epochs": float(epochs)}, f"trains {epochs:,} epochs")
    return Evidence(evidence, remedy if epochs <= MAX_EPOCHS else None)


def _batch_too_large(vitals: Vitals) -> Evidence | None:
    """A mini-batch is larger than the training part."""
    batch, rows = vitals.training.batch_size, len(vitals.parts.x_train)
    if batch == "full" or batch <= rows:
        return None
    smaller = min(USUAL_BATCH, max(rows // 4, 1))
    remedy = vitals.remedy({"training.batch_size": float(smaller)}, f"takes mini-batches of {smaller}")
    return Evidence(
        f"A mini-batch of {batch:,} is more than the {rows:,} training rows: each epoch is a single step", remedy
    )


def _one_column_tells(vitals: Vitals) -> Evidence | None:
    """A single feature determines the target."""
    for name, column in ((name, one) for name, columns in vitals.columns_by_target.items() for one in columns):
        link = column.link
        if column.role == "feature" and link is not None and abs(link.value) > 0.9995:
            sure = f"{link.name} = {link.value:.4f}"
            target = short_name(name)
            sentence = f"{short_name(column.name)} alone tells {target} ({sure}): is it known before {target} is?"
            return Evidence(f"{sentence} If not, leave it out")
    return None


def _penalty_too_strong(vitals: Vitals) -> Evidence | None:
    """Most of the loss is the penalty on weights."""
    loss = vitals.curve("loss")
    if not vitals.session.experiment.is_penalized or not len(loss) or not vitals.gradients:
        return None
    kernels = [array.astype(np.float64) for array in vitals.session.trainer.model.get_weights() if array.ndim == 2]
    penalty = 0.0
    for layer, kernel in zip(vitals.session.experiment.model.all_layers, kernels, strict=True):
        l1, l2 = vitals.training.penalties(layer)
        penalty += l1 * float(np.abs(kernel).sum()) + l2 * float(np.square(kernel).sum())
    fields = penalty_fields(vitals.session.experiment)
    changes: Changes = {path: value / 10 for path, value in fields.items() if value}
    if not (penalty > 0.5 * loss[-1] and loss[-1] - penalty > 0.06 * loss[0]):
        return None
    evidence = f"{min(penalty / loss[-1], 1.0):.0%} of the loss is the penalty on weights, {format_number(penalty)}"
    return Evidence(evidence, vitals.remedy(changes, "lowers the penalty to a tenth"))


def _few_validation_rows(vitals: Vitals) -> Evidence | None:
    """The validation part is so small that a single row moves the accuracy by much."""
    rows = 0 if vitals.parts.x_val is None else len(vitals.parts.x_val)
    if not vitals.classes or not 0 < rows < 15 or vitals.session.experiment.dataset.fold is not None:
        return None
    points = 100 / rows
    return Evidence(
        f"With {rows} validation rows, one of them is worth {points:.0f} points of accuracy: use folds in a sweep"
    )


# In the order in which they are told: what spoils a run first, what only limits what it says last.
RULES: tuple[tuple[str, Callable[[Vitals], Evidence | None]], ...] = (
    ("one column tells", _one_column_tells),
    ("overfits", _overfits),
    ("learns by heart", _learns_by_heart),
    ("dead units", _dead_units),
    ("vanishing gradient", _vanishing),
    ("saturated", _saturated),
    ("unscaled features", _unscaled),
    ("rate too low", _rate_too_low),
    ("rate at its edge", _rate_at_its_edge),
    ("penalty too strong", _penalty_too_strong),
    ("class missed", _class_missed),
    ("unbalanced classes", _unbalanced),
    ("batch too large", _batch_too_large),
    ("still falling", _still_falling),
    ("few validation rows", _few_validation_rows),
)


def examine(session: Session, vitals: Vitals | None = None) -> list[Advice]:
    """Return what the rules have found in a run, the gravest first; nothing of one that diverged or has just begun."""
    if session.state in ("empty", "ready", "diverged") or session.history.count < FIRST_EPOCHS:
        return []
    vitals = vitals or Vitals(session)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(vitals.outputs[-1]).all():
            return []
        by_rule = [(name, rule(vitals)) for name, rule in RULES]
    return [Advice(name, f"{one.sentence}.", one.remedy) for name, one in by_rule if one is not None]
