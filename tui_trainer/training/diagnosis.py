"""Why a run diverged, or ended without having learnt anything, and what helps. Remedies are tried, not guessed.

In reading order: a diverged run, a run that learnt nothing, what shows that, and the trials of other settings, which
are short, begin with the initial weights, and end when their time is up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tui_trainer.datasets.encoding import short_name
from tui_trainer.datasets.split import Split, split
from tui_trainer.engine import Diverged, Trainer
from tui_trainer.engine.metrics import accuracy, balanced_accuracy, r2
from tui_trainer.engine.propagation import Propagation, with_ones
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import is_hidden, with_field
from tui_trainer.experiment.resolve import resolve
from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_number
from tui_trainer.protocol import Remedy

from .builder import build_trainer, check_memory
from .rates import Stop, sampled, train_at_rates, trial_part, trial_steps
from .series import Array
from .session import Session
from .stack import stack_size

Changes = dict[str, bool | float | str]
STANDARDIZE, STANDARDIZE_TARGET = "dataset.standardize", "dataset.standardize_target"
RATE, OPTIMIZER, INITIALIZER = "training.learning_rate", "training.optimizer.name", "initializer"
LARGE_FEATURE = 5.0  # root mean square from which an unstandardized feature is taken for the cause
CONFIRMING = 4  # times as many steps to confirm the rate that was chosen
SECONDS = 1.5  # of computing that all trials of a run may take
MAX_WAIT = 5.0  # seconds until they end on a machine that is busy with other things
LEARNT = 0.9  # of the variance may be left unexplained, at most, after a trial that has learnt something
MUCH_BETTER = 0.7  # of the variance left unexplained by the run: a trial that leaves less is a remedy
AS_GOOD = 1.2  # a lower rate that leaves no more than this times what the best one leaves is the safer one
LADDER = [float(f"{digit}e{power}") for power in range(3, -9, -1) for digit in (3, 1)]
ADAM_RATE = 0.01
ABOVE_CHANCE, LEAST_R2 = 0.1, 0.02  # of the mean share of each class that is found; of the outputs for classes
FAR_LOWER, USUAL_PENALTY = 100, 0.001  # how much lower a penalty is tried, and what is usual
FLAT = 1e-3  # of the loss: a smaller change is none
SAME = 1e-4  # of a deviation: smaller differences between outputs are none


def diagnose(session: Session, stop: Stop = lambda: False) -> None:
    """Explain a run that has diverged or learnt nothing: set its ``sentence`` or ``warning``, and its ``remedy``.

    Nothing is trained once ``stop`` returns True; the explanation is then without a remedy that was tried.
    """
    if session.state == "diverged" and session.divergence is not None and session.remedy is None:
        why, session.remedy = _divergence(session, session.divergence, Trials(session, stop))
        session.sentence = f"{session.divergence.finding} Why: {why}."
    elif session.state in ("finished", "stopped early") and not session.warning:
        finding = nothing_learnt(session)
        if finding is not None:
            session.warning, session.remedy = _warning(session, finding, Trials(session, stop))


def _divergence(session: Session, error: Diverged, trials: Trials) -> tuple[str, Remedy | None]:
    """Return why the run diverged, without full stop, and the remedy that was found by trying."""
    experiment = session.experiment
    base, reasons = _unstandardized_features(session)
    if error.largest_gradient is None and not base:
        return "the initial weights are too large; choose another initializer", None
    rate = error.learning_rate
    if base and trials.learns(base):
        return reasons[0], Remedy(base, _in_words(base))
    target = _unstandardized_target(session)
    if target is not None and trials.learns(scaled := {**base, STANDARDIZE_TARGET: True}):
        return "; ".join([*reasons, target]), Remedy(scaled, _in_words(scaled))
    best = trials.best_rate(base, rate)
    if target is not None and (best is None or best.unexplained > LEARNT):
        scaled_best = trials.best_rate({**base, STANDARDIZE_TARGET: True}, rate)
        if scaled_best is not None and (best is None or scaled_best.unexplained < MUCH_BETTER * best.unexplained):
            best, reasons = scaled_best, [*reasons, target]
    if experiment.training.loss == "sum_squared_error" and experiment.training.batch_size != 1:
        reasons.append(f"the rate {rate:g} is too high for a loss that is summed over the samples")
    else:
        reasons.append(f"the rate {rate:g} is too high" + ("" if reasons else ", so each step overshoots"))
    if best is not None:
        return "; ".join(reasons), Remedy(best.changes, _in_words(best.changes, rate, trials.rates_tried))
    untried: Changes = {**base, RATE: error.suggested_rate}
    return "; ".join(reasons), Remedy(untried, _in_words(untried, rate))


def _unstandardized_features(session: Session) -> tuple[Changes, list[str]]:
    """Return the change that standardizes the features, and why, if one of them is large; otherwise nothing."""
    if session.experiment.dataset.standardize or is_hidden(session.requested, STANDARDIZE):
        return {}, []
    sizes = np.sqrt(np.mean(session.split.x_train**2, axis=0))
    largest = int(sizes.argmax())
    if sizes[largest] <= LARGE_FEATURE:
        return {}, []
    name = short_name(session.dataset.features[largest])
    size = format_number(float(f"{sizes[largest]:.3g}"))
    return {STANDARDIZE: True}, [f"{name} is about {size} in size, and steps grow with the features"]


def _unstandardized_target(session: Session) -> str | None:
    """Return why it may help to standardize the target; None if it does not apply."""
    config = session.experiment.dataset
    if session.dataset.labels is not None or config.standardize_target:
        return None
    if is_hidden(session.requested, STANDARDIZE_TARGET):
        return None
    size = float(np.sqrt(np.mean(session.split.y_train**2)))
    shown = format_number(float(f"{size:.3g}"))
    return f"{short_name(session.dataset.target)} is about {shown} in size, and errors and steps grow with it"


def _in_words(changes: Mapping[str, bool | float | str], rate: float = 0.0, tried: int = 0) -> str:
    """Return what the changes do, as ``lowers the rate to 0.1``, from ``rate``; ``tried`` rates were tried for it."""
    scaled = [
        name for path, name in ((STANDARDIZE, "the features"), (STANDARDIZE_TARGET, "the target")) if path in changes
    ]
    parts = [f"standardizes {' and '.join(scaled)}"] if scaled else []
    if OPTIMIZER in changes:
        parts.append(f"takes {str(changes[OPTIMIZER]).capitalize()} at a rate of {changes[RATE]:g}")
    elif RATE in changes:
        best = f" (the best of {tried} tried)" if tried > 1 else ""
        verb = "lowers" if float(changes[RATE]) < rate else "raises"
        parts.append(f"{verb} the rate to {changes[RATE]:g}{best}")
    if any(path.endswith((".l1", ".l2")) for path in changes):
        penalties = sorted({float(changes[path]) for path in changes if path.endswith((".l1", ".l2"))})
        parts.append(f"lowers the penalty to {' and '.join(f'{value:g}' for value in penalties)}")
    if any(path.endswith(INITIALIZER) for path in changes):
        parts.append("draws the initial weights at random")
    return ", ".join(parts)


def penalty_fields(experiment: Experiment, names: Sequence[str] = ("l1", "l2")) -> dict[str, float]:
    """Return the fields from which the layers that are trained have penalties of these ``names``, with their values.

    A layer has those of the training where it has none of its own.
    """
    model, training = experiment.model, experiment.training
    paths = [*(f"model.layers[{number}]" for number in range(len(model.layers))), "model.output"]
    values = {}
    for path, layer in zip(paths, model.all_layers, strict=True):
        for name in names if layer.trainable else ():
            own, of_training = getattr(layer, name), getattr(training, name)
            values[f"training.{name}" if own is None else f"{path}.{name}"] = of_training if own is None else own
    return values


@dataclass(frozen=True, slots=True)
class Finding:
    """What shows that a run has learnt nothing, as a sentence without full stop.

    ``by_heart`` says that it has learnt the training part all the same, so that no other setting is tried.
    """

    sentence: str
    by_heart: bool = False


def nothing_learnt(session: Session) -> Finding | None:
    """Return what shows that a run that has ended has learnt nothing; None if it has."""
    parts = session.split
    x, y = sampled(parts.x_train, parts.y_train)
    with np.errstate(over="ignore", invalid="ignore"):
        layers = layer_outputs(session.trainer, x)
    outputs, y = layers[-1], y.T
    if not np.isfinite(outputs).all():
        return None
    learnt = r2(outputs, y)
    for number, values in enumerate(layers[:-1], start=1):
        if not values.any():
            return Finding(f"Layer {number} is 0 for every row, so nothing gets through it")
    spread = y.std(axis=1).max()
    if np.ptp(outputs, axis=1).max() <= SAME * max(float(spread), 1e-12):
        return Finding(f"It predicts the same for every row: {_prediction(session, outputs[:, :1])}")
    below = _no_better_than_a_constant(session, outputs, y, learnt)
    if below is not None:
        return below
    losses = session.history.columns(0).get("loss", np.zeros(0))
    if len(losses) > 1 and learnt < 0.5 and abs(losses[-1] - losses[0]) <= FLAT * abs(losses[0]):
        return Finding(f"The loss has hardly moved since the first epoch, from {losses[0]:.4g} to {losses[-1]:.4g}")
    return None


def largest_class(session: Session) -> tuple[str, float] | None:
    """Return the most frequent class of the training part, and its share of the part that is scored.

    That is what always answering it would score. None for a number.
    """
    labels, parts = session.dataset.labels, session.split
    if labels is None:
        return None
    most = int(np.bincount(labels[parts.train_rows], minlength=len(session.dataset.classes)).argmax())
    scored = parts.val_rows if len(parts.val_rows) else parts.train_rows
    return session.dataset.classes[most], float(np.mean(labels[scored] == most))


def _no_better_than_a_constant(session: Session, outputs: Array, y: Array, learnt: float) -> Finding | None:
    """Return a finding if answering always the same would score as well, in the validation part if there is one."""
    parts = session.split
    on, by_heart = "", False
    largest = largest_class(session)
    if parts.x_val is not None and parts.y_val is not None:
        on = " on the validation part"
        x, y_scored = sampled(parts.x_val, parts.y_val)
        scored = layer_outputs(session.trainer, x)[-1], y_scored.T
    else:
        scored = outputs, y
    if largest is None:
        score = r2(*scored)
        if not score <= 0:
            return None
        by_heart = bool(on) and learnt > 0.2
        sentence = f"R² is {score:.2g}{on}, no better than always answering the mean"
    else:
        name, share = largest
        score = accuracy(*scored)
        if score > share or _tells_classes_apart(*scored):
            return None
        by_heart = bool(on) and learnt > 0.2
        always = f"always answering {short_name(name)} ({share:.1%})"
        sentence = f"The accuracy is {score:.1%}{on}, no better than {always}"
    if by_heart:
        sentence += "; the training rows are learnt by heart, and nothing in them holds for others"
    return Finding(sentence, by_heart)


def _tells_classes_apart(outputs: Array, y: Array) -> bool:
    """Return whether outputs (k, n) say something of classes, however rare some are, beside the true ones (k, n).

    They do if the classes are found more often than by chance, on average, or if the outputs explain some variance.
    """
    by_chance = 1.0 / max(len(outputs), 2)
    spread = float(np.sum((y - y.mean(axis=1, keepdims=True)) ** 2))  # of all classes together, however rare some are
    explained = 1.0 - float(np.sum((outputs - y) ** 2)) / spread if spread else 0.0
    return bool(balanced_accuracy(outputs, y) > by_chance + ABOVE_CHANCE or explained > LEAST_R2)


def _prediction(session: Session, output: Array) -> str:
    """Return the prediction of one row's outputs (k, 1), in words."""
    if session.dataset.labels is None:
        return f"{float(session.split.target.restore(output.T)[0, 0]):.4g}"
    index = int(output[:, 0].argmax()) if len(output) > 1 else int(output[0, 0] > 0.5)
    return short_name(session.dataset.classes[index])


def _warning(session: Session, finding: Finding, trials: Trials) -> tuple[str, Remedy | None]:
    """Return a sentence with the cause of ``finding``, and what helps, if anything does."""
    if finding.by_heart:
        return f"{finding.sentence}.", None
    left = 1.0 - r2(*_training_outputs(session))
    left = left if math.isfinite(left) else 1.0
    base, reasons = _unstandardized_features(session)
    target = _unstandardized_target(session)
    candidates: list[tuple[Changes, list[str]]] = [(base, reasons)] if base else []
    constant: Changes = {
        f"model.layers[{index}].{INITIALIZER}": "glorot_uniform"
        for index, layer in enumerate(session.experiment.model.layers)
        if layer.initializer in ("zeros", "ones")
    }
    if constant:
        candidates.append(({**base, **constant}, [*reasons, "all neurons of a layer begin with the same weights"]))
    if target is not None:
        candidates.append(({**base, STANDARDIZE_TARGET: True}, [*reasons, target]))
    if session.experiment.is_penalized:
        fields = penalty_fields(session.experiment)
        lower: Changes = {path: min(value / FAR_LOWER, USUAL_PENALTY) for path, value in fields.items() if value}
        candidates.append(({**base, **lower}, [*reasons, "the penalty holds all weights near 0"]))
    for changes, why in candidates:
        trial = trials.run(changes)
        if trial is not None and trial.unexplained < min(LEARNT, MUCH_BETTER * left):
            return f"{finding.sentence}: {'; '.join(why)}.", Remedy(changes, _in_words(changes))
    rate = session.trainer.optimizer.learning_rate
    best = trials.best_rate(base, rate, higher=True)
    goal = min(LEARNT, MUCH_BETTER * left)
    if best is not None and best.unexplained < goal:
        extreme = "high" if float(best.changes[RATE]) < rate else "low"
        sentence = f"{finding.sentence}: the rate {rate:g} is too {extreme}."
        return sentence, Remedy(best.changes, _in_words(best.changes, rate, trials.rates_tried))
    if session.experiment.training.optimizer.name != "adam" and not is_hidden(session.requested, OPTIMIZER):
        changes = {**base, OPTIMIZER: "adam", RATE: ADAM_RATE}
        trial = trials.run(changes)
        if trial is not None and trial.unexplained < goal:
            name = session.experiment.training.optimizer.name
            return f"{finding.sentence}: {name} does not get on here.", Remedy(changes, _in_words(changes))
    if trials.is_over:
        return f"{finding.sentence}.", None
    if all(layer.activation == "relu" for layer in session.experiment.model.layers) and "is 0" in finding.sentence:
        return f"{finding.sentence}; other initial weights or leaky_relu may help.", None
    return f"{finding.sentence}; no other rate does better: the features may not say anything about the target.", None


def _training_outputs(session: Session) -> tuple[Array, Array]:
    x, y = sampled(session.split.x_train, session.split.y_train)
    return layer_outputs(session.trainer, x)[-1], y.T


def layer_outputs(trainer: Trainer, x: Array) -> list[Array]:
    """Return the outputs (units, n) of each layer for x (n, features), without dropout."""
    model = trainer.model
    rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
    propagation = Propagation(model.layers, len(x), model.dtype)
    propagation.forward(rows.T, model.parameters)
    return [stage.a[: layer.units].copy() for stage, (layer, _) in zip(propagation.stages, model.dense, strict=True)]


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried, and the share of the target's variance that they left unexplained."""

    changes: Changes
    unexplained: float


class Trials:
    """Short runs of an experiment with other settings, each from the initial weights, on a part of the training rows.

    They end when ``SECONDS`` are over, or ``stop`` returns True: then ``run`` returns None.
    """

    def __init__(self, session: Session, stop: Stop) -> None:
        self._session, self._stop = session, stop
        self._deadlines = time.thread_time() + SECONDS, time.perf_counter() + MAX_WAIT
        self._parts: dict[tuple[bool, bool], Split] = {}
        self.rates_tried = 0

    @property
    def is_over(self) -> bool:
        """Whether there is no time for another trial."""
        computing, waiting = self._deadlines
        return time.thread_time() > computing or time.perf_counter() > waiting or self._stop()

    def learns(self, changes: Changes) -> bool:
        """Return whether a run with these changes is stable, and learns something."""
        trial = self.run(changes, CONFIRMING)
        return trial is not None and trial.unexplained < LEARNT

    def run(self, changes: Changes, length: int = 1) -> Trial | None:
        """Try these changes, for ``length`` times the steps of a trial; None if it diverges, or time is up."""
        if self.is_over:
            return None
        try:
            changed = self._changed(changes)
            if changed is None:
                return None
            experiment, parts = changed
            trainer = build_trainer(experiment, self._session.dataset, parts)
            steps = trial_steps(experiment.training, trainer.steps_per_epoch) * length
            with np.errstate(over="ignore", invalid="ignore"):
                for number in range(steps):
                    trainer.step()
                    if number % 16 == 0 and self.is_over:
                        return None
                outputs = layer_outputs(trainer, parts.x_train)[-1]
                unexplained = 1.0 - r2(outputs, parts.y_train.T)
        except (Diverged, UserError, MemoryError):
            return None
        return Trial(changes, unexplained) if math.isfinite(unexplained) else None

    def best_rate(self, base: Changes, rate: float, higher: bool = False) -> Trial | None:
        """Return the trial with the rate that leaves least unexplained, and is safe; None if all diverge.

        Rates below ``rate`` are tried, the highest first, until they get worse; with ``higher``, also those above it.
        Of rates that are nearly as good, the lower one is taken, and it has to stay stable for longer.
        """
        if is_hidden(self._session.requested, RATE):
            return None
        rates = [one for one in LADDER if one < rate * 0.99 or (higher and one > rate * 1.01 and one <= 1.0)]
        if higher:  # the nearest ones first, since time may be up
            rates.sort(key=lambda one: abs(math.log(one / rate)))
        stable = self._together(base, rates)
        if stable is None:
            stable = self._one_by_one(base, rates, higher)
        for trial in sorted(stable, key=lambda one: float(one.changes[RATE]), reverse=True):
            least = min(known.unexplained for known in stable)
            if trial.unexplained > AS_GOOD * least + 0.01:
                continue
            below = [known for known in stable if float(known.changes[RATE]) < float(trial.changes[RATE])]
            safer = max(below, key=lambda known: float(known.changes[RATE]), default=None)
            if safer is not None and safer.unexplained <= AS_GOOD * trial.unexplained + 0.01:
                trial = safer
            if self.is_over or self.run(trial.changes, CONFIRMING) is not None or self.is_over:
                return trial
            stable = [known for known in stable if float(known.changes[RATE]) < float(trial.changes[RATE])]
            if not stable:
                return None
        return min(stable, key=lambda known: known.unexplained, default=None)

    def _together(self, base: Changes, rates: list[float]) -> list[Trial] | None:
        """Return the trials at ``rates`` that stay stable; None if they are not trained together, or time is up."""
        try:
            changed = self._changed(base)
            if changed is None:
                return None
            experiment, parts = changed
            size = stack_size(experiment, len(self._session.dataset.features), parts)
            if size.models == 1:
                return None
            steps = trial_steps(experiment.training, size.steps)
            values = train_at_rates(experiment, parts, rates, 1, steps, lambda: self.is_over)
        except (UserError, MemoryError):
            return None
        if values is None:
            return None
        self.rates_tried += len(rates)
        trials = [
            Trial({**base, RATE: rate}, 1.0 - float(r2)) for rate, r2 in zip(rates, values["r2"][:, 0], strict=True)
        ]
        return [trial for trial in trials if math.isfinite(trial.unexplained)]

    def _one_by_one(self, base: Changes, rates: list[float], higher: bool) -> list[Trial]:
        """Return the trials at ``rates`` that stay stable, until they get worse and worse, or time is up."""
        stable: list[Trial] = []
        for rate in rates:
            trial = self.run({**base, RATE: rate})
            self.rates_tried += not self.is_over
            if trial is not None:
                stable.append(trial)
            least = min((known.unexplained for known in stable), default=math.inf)
            if not higher and len(stable) > 2 and all(known.unexplained > least for known in stable[-2:]):
                break
            if self.is_over:
                break
        return stable

    def _changed(self, changes: Changes) -> tuple[Experiment, Split] | None:
        """Return the resolved experiment with these changes, and its data; None if one of them is fixed."""
        session, experiment = self._session, self._session.requested
        for path, value in changes.items():
            if is_hidden(experiment, path):
                return None
            experiment = with_field(experiment, path, value)
        resolved = resolve(experiment, session.dataset.target_info(), len(session.dataset.features))
        parts = self._split(resolved)
        check_memory(resolved, len(session.dataset.features), parts)
        return resolved, parts

    def _split(self, resolved: Experiment) -> Split:
        """Return the training rows that trials use, without a validation part."""
        config, output, session = resolved.dataset, resolved.model.output, self._session
        key = (config.standardize, config.standardize_target)
        if key not in self._parts:
            assert output.units is not None and output.activation is not None
            now = session.experiment.dataset
            unchanged = key == (now.standardize, now.standardize_target)
            parts = session.split if unchanged else split(session.dataset, config, output.units, output.activation)
            self._parts[key] = trial_part(parts, resolved.training)
        return self._parts[key]
