"""``train_pytorch.py`` and ``train_keras.py``: whole programs that train the network again, and ``data.npz`` for them.

The data are there as training had them, with the same parts and initial weights; rows come in the same batches. The
programs contain no text of the user: names come from fixed lists, everything else is numbers.
"""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from tui_trainer.engine import CosineDecay, ExponentialDecay, OneCycleLR, ReduceLROnPlateau, Schedule, StepLR
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment, TrainingConfig
from tui_trainer.training.builder import build_model, build_schedule

from .keras import keras_lines
from .pytorch import (
    EACH_LOSS,
    clip_statement,
    evaluated_statement,
    frozen_lines,
    network_lines,
    optimizer_code,
    penalty_terms,
)
from .trained import TrainedModel
from .weights import to_tensors

MONITORS = ("loss", "val_loss", "val_accuracy", "val_r2", "val_mae")  # what the programs measure
HEAD = '''\
"""Trains a network of tui-trainer again in {library}: the same rows, parts, initial weights, batches and rates.

    pip install {packages}
    python train_{name}.py           writes history_{name}.csv and weights_{name}.npz
    python train_{name}.py --test    and prints the scores of the test part

data.npz, beside it, has the features x (n, {inputs}) and the target y (n, {outputs}) as they were read.
{notes}"""

import csv
import math
import sys
from pathlib import Path

'''
SETTINGS = '''\

folder = Path(__file__).resolve().parent
data = np.load(folder / "data.npz")
EPOCHS, BATCH, RATE, SHUFFLE = {epochs}, {batch}, {rate!r}, {shuffle}
rng = np.random.default_rng({seed})  # of the order of the rows


def part(name):
    """Standardized features and targets of a part: train, val or test."""
    rows = data[name + "_rows"]
    x = (data["x"][rows] - data["mean"]) / data["scale"]
    y = (data["y"][rows] - data["target_mean"]) / data["target_scale"]
    return x.astype("{dtype}"), y.astype("{dtype}")


(x_train, y_train), (x_val, y_val), (x_test, y_test) = part("train"), part("val"), part("test")


def order_of_rows():
    """The rows of the next epoch in their order."""
    return rng.permutation(len(x_train)) if SHUFFLE else np.arange(len(x_train))

'''
WEIGHTS = '''
def sample_weights(y):
    """The weight of each row in the loss, by its class."""
    labels = y.argmax(axis=1) if y.shape[1] > 1 else (y[:, 0] > 0.5).astype(int)
{by_class}
    return weights[labels]


row_weights = {row_weights}

'''
ROW_WEIGHTS = """
w_train, w_val, w_test = (
    data["row_weights"][data[name + "_rows"]].astype("{dtype}") for name in ("train", "val", "test")
)
"""
BALANCED = """\
    counts = np.bincount(labels)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))"""
FACTOR = """

def factor(step):
    \"""What the learning rate is multiplied by at a step, from 0.\"""
{body}

"""
WARMUP = """

def factor(step):
    \"""What the learning rate is multiplied by at a step, from 0: first a warm-up of {steps} steps.\"""
    return step / {steps} * after_warmup(0) if step < {steps} else after_warmup(step - {steps})


def after_warmup(step):
{body}

"""
PLATEAU = """
plateau = {{"best": math.inf, "waited": 0, "factor": 1.0}}


def look_for_plateau(value):
    \"\"\"Reduce the rate after so many epochs without a lower {monitor}.\"\"\"
    if value < plateau["best"] - {min_delta!r}:
        plateau.update(best=value, waited=0)
    else:
        plateau["waited"] += 1
        if plateau["waited"] >= {patience}:
            plateau.update(waited=0, factor=plateau["factor"] * {factor!r})

"""
ONE_CYCLE = """\
    top, end = {share!r} * {steps} - 1.0, {steps} - 1.0
    if step <= top:
        low, high, share = 1 / 25, 1.0, step / top if top > 0 else 1.0
    else:
        low, high, share = 1.0, 1 / 25 / 1e4, min((step - top) / (end - top), 1.0) if end > top else 1.0
    return high + (low - high) / 2 * (1 + math.cos(math.pi * share))"""
EARLY = '''
stopping = {{"best": None, "epoch": 0, "waited": 0, "weights": None}}


def should_stop(epoch, logs):
    """Whether {monitor} has not improved for {patience} epochs."""
    if epoch <= {start}:
        return False
    value = {sign}logs["{monitor}"]
    stopping["waited"] += 1
    if stopping["best"] is None or value{delta} < stopping["best"]:
        stopping.update(best=value, epoch=epoch, weights=copied_weights())
        {better}stopping["waited"] = 0
        return False
    return stopping["waited"] >= {patience}

'''
ACCURACY = """

def measures(outputs, y):
    \"""The accuracy of outputs (n, {outputs}) against y.\"""
    return {{"accuracy": float(({predicted} == {true}).mean())}}

"""
ERRORS = """

def measures(outputs, y):
    \"""The measures of outputs (n, {outputs}) against y, in the target's own unit.\"""
    errors, scale = (outputs - y) * data["target_scale"], data["target_scale"]
    spread = (((y - y.mean(axis=0)) * scale) ** 2).sum(axis=0)
    r2 = 1 - (errors**2).sum(axis=0) / np.where(spread > 0, spread, np.nan)  # none of a target that does not vary
    mae = abs(errors).mean(axis=0)
    mean_r2 = r2[spread > 0].mean() if (spread > 0).any() else np.nan
    return {{"r2": float(mean_r2), "mae": float(mae.mean()){of_targets}}}

"""
OF_TARGETS = """,
            **{f"r2[{k}]": float(value) for k, value in enumerate(r2)},
            **{f"mae[{k}]": float(value) for k, value in enumerate(mae)}"""
PENALTY = """
def penalty():
    \"""The penalty on the weights; biases have none.\"""
    return {terms}

"""
PYTORCH = '''
initial = {{name: torch.tensor(data[f"initial {{name}}"]) for name in data["names"].tolist()}}
model.load_state_dict(initial, strict=False)
{evaluated}optimizer = {optimizer}


{penalty}

def losses(outputs, y):
    """The loss (n,) of each row."""
    return {each}


def scores(x, y, w=None):
    """Loss, penalty included, of rows with weights w, and measures."""
    model.eval()
    with torch.no_grad():
        outputs, targets = model(torch.tensor(x)), torch.tensor(y)
        each = losses(outputs, targets) if w is None else losses(outputs, targets) * torch.tensor(w)
        value = float(each.{reduced}(){penalized})
    model.train()
{evaluated_again}    return {{"loss": value, **measures(outputs.double().numpy(), y)}}


def copied_weights():
    return {{name: value.clone() for name, value in model.state_dict().items()}}


def train(rows, rate):
    """Take a step, and return the loss of its rows before it, with weights and penalty."""
    for group in optimizer.param_groups:
        group["lr"] = rate

    def closure():
        optimizer.zero_grad()
        each = losses(model(torch.tensor(x_train[rows])), torch.tensor(y_train[rows])){weighted}
        value = each.{reduced}(){penalized}
        value.backward()
        {clip}return value

    return optimizer.step(closure).item()

'''
LOOP = """

history, step = [], 0
for epoch in range(1, EPOCHS + 1):
    total, order = 0.0, order_of_rows()
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        total += train(rows, RATE * {factor}) * {counted}
        step += 1
    logs = {{"loss": total / {divided}{rate_log}}}
    if len(x_val):
        logs |= {{"val_" + name: value for name, value in scores(x_val, y_val{w_val}).items()}}
    history.append({{"epoch": epoch, **logs}})
    print("  ".join(f"{{name}} {{value:.6g}}" for name, value in history[-1].items()))
{after_epoch}
{restore}
{saved}
"""
KERAS = '''
model.set_weights([data[f"initial {{name}}"].T for name in data["names"].tolist()])


def scores(x, y, w=None):
    """Loss, penalty included, of rows with weights w, and measures."""
    value = float(model.evaluate(x, y, sample_weight=w, verbose=0))
    return {{"loss": value, **measures(model.predict(x, verbose=0), y)}}


def copied_weights():
    return model.get_weights()


def train(rows, rate):
    """Take a step, and return the loss of its rows before it."""
    model.optimizer.learning_rate = rate
    model.reset_metrics()
    return float(model.train_on_batch(x_train[rows], y_train[rows]{weighted}))

'''
TAIL = """\
with open(folder / "history_{name}.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, history[0])
    writer.writeheader()
    writer.writerows(history)
print("training:", scores(x_train, y_train{w_train}))
if len(x_val):
    print("validation:", scores(x_val, y_val{w_val}))
if "--test" in sys.argv and len(x_test):
    print("test:", scores(x_test, y_test{w_test}))
"""
PYTORCH_RESTORED = """\
if stopping["weights"] is not None:
    model.load_state_dict(stopping["weights"])
"""
PYTORCH_SAVED = """\
weights = {name: model.state_dict()[name].numpy() for name in initial}
np.savez(folder / "weights_pytorch.npz", **weights)"""
KERAS_RESTORED = """\
if stopping["weights"] is not None:
    model.set_weights(stopping["weights"])
"""
KERAS_SAVED = 'np.savez(folder / "weights_keras.npz", *model.get_weights())'


def data_bytes(trained: TrainedModel) -> bytes:
    """Return the data of a run as NumPy's ``.npz``: x and y as read, the rows of the parts, scales, initial weights."""
    if trained.data is None:
        raise UserError("formats", "a loaded run has no data to train on again")
    dataset, parts = trained.data
    resolved = trained.resolved
    assert resolved.model.output.units is not None
    tensors = to_tensors(resolved, len(dataset.inputs), build_model(resolved, len(dataset.inputs)).get_weights())
    arrays: dict[str, Any] = {f"initial {name}": array for name, array in tensors.items()}
    if dataset.metadata.weights is not None:
        arrays["row_weights"] = dataset.metadata.weights
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        x=dataset.x,
        y=dataset.y_for(resolved.model.output.units),
        train_rows=parts.train_rows,
        val_rows=parts.val_rows,
        test_rows=parts.test_rows,
        mean=parts.mean,
        scale=parts.scale,
        target_mean=parts.target.mean,
        target_scale=parts.target.scale,
        names=np.array(list(tensors)),
        **arrays,
    )
    return stream.getvalue()


def pytorch_training(trained: TrainedModel) -> str:
    """Return the program for PyTorch; it contains no text of the user."""
    facts = _Facts(trained)
    training = facts.training
    is_sum = training.loss == "sum_squared_error"
    terms = penalty_terms(facts.resolved, facts.inputs)
    evaluated = evaluated_statement(facts.resolved, facts.inputs).replace(", ", "; ").rstrip("; ")
    program = PYTORCH.format(
        evaluated=f"{evaluated}  # frozen, with its moving values\n" if evaluated else "",
        evaluated_again=f"    {evaluated}\n" if evaluated else "",
        optimizer=optimizer_code(training.optimizer, training.learning_rate),
        penalty=PENALTY.format(terms=" + ".join(terms)) if terms else "",
        penalized=" + penalty()" if terms else "",
        each=EACH_LOSS[str(training.loss)],
        reduced="sum" if is_sum else "mean",
        weighted=" * torch.tensor(row_weights[rows])" if facts.is_weighted else "",
        clip=clip_statement(training),
    )
    loop = facts.loop(PYTORCH_RESTORED, PYTORCH_SAVED)
    imports = ["import numpy as np", "import torch", "from torch import nn", ""]
    head = facts.head("pytorch", "PyTorch", "torch numpy") + "\n".join(imports)
    lines = [*network_lines(facts.resolved, facts.inputs), *frozen_lines(facts.resolved, facts.inputs)]
    network = "\n".join(lines)
    return _spaced(head + facts.settings() + network + "\n" + program + loop + facts.tail("pytorch"))


def keras_training(trained: TrainedModel) -> str:
    """Return the program for Keras 3; it contains no text of the user."""
    facts = _Facts(trained)
    imports, model = keras_lines(facts.resolved, facts.inputs)
    program = KERAS.format(weighted=", row_weights[rows]" if facts.is_weighted else "")
    loop = facts.loop(KERAS_RESTORED, KERAS_SAVED)
    head = facts.head("keras", "Keras 3", "keras numpy, and a backend such as torch")
    code = "\n".join([imports[0], "import numpy as np", *imports[1:], ""])
    return _spaced(head + code + facts.settings() + "\n".join(model) + "\n" + program + loop + facts.tail("keras"))


def _spaced(code: str) -> str:
    """Return code with at most two empty lines in a row."""
    return re.sub(r"\n{4,}", "\n\n\n", code)


class _Facts:
    """What both programs say of a run."""

    def __init__(self, trained: TrainedModel) -> None:
        if trained.data is None:
            raise UserError("formats", "a loaded run has no data to train on again")
        self.resolved: Experiment = trained.resolved
        self.training: TrainingConfig = self.resolved.training
        self.inputs = len(trained.inputs.features)
        self._rows = len(trained.data[1].train_rows)
        self._has_validation = trained.data[1].x_val is not None
        self._classes = bool(trained.target.classes)
        self._has_weights = trained.data[0].metadata.weights is not None
        steps = self.training.steps_per_epoch(self._rows)
        self._schedule = build_schedule(self.training, steps, self._has_validation)
        early = self.training.early_stopping
        self._early = early if early is not None and early.monitor in MONITORS else None

    def head(self, name: str, library: str, packages: str) -> str:
        outputs = self.resolved.model.output.units
        return HEAD.format(
            name=name,
            library=library,
            packages=packages,
            inputs=self.inputs,
            outputs=outputs,
            notes="".join(f"{note}\n" for note in self._notes(name)),
        )

    def _notes(self, name: str) -> list[str]:
        """Say what is not as it was."""
        training, notes = self.training, []
        model = self.resolved.model
        if model.input_dropout or any(layer.dropout for layer in model.layers):
            notes.append("What dropout drops is drawn anew.")
        if training.early_stopping is not None and self._early is None:
            notes.append(f"Early stopping by {training.early_stopping.monitor} is left out.")
        if training.stop_at_accuracy is not None and not self._has_validation:
            notes.append("It is not stopped at an accuracy.")
        if training.stop_after is not None:
            notes.append("It is not stopped after a time.")
        if training.stop_at_step is not None or training.stop_at_gradient is not None:
            notes.append("It is not stopped at convergence.")
        if name == "pytorch" and any(layer.batch_norm for layer in model.layers):
            notes.append("PyTorch's moving variances are larger by n / (n - 1), so scores differ a little.")
        if training.optimizer.name == "lbfgs" and model.dtype == "float32":
            notes.append("In single precision a line search may end elsewhere, and the run from there on.")
        if name == "keras" and self._schedule is not None and training.optimizer.momentum:
            notes.append("Keras's momentum is of the rates, too: with a schedule its steps are others.")
        return notes

    def settings(self) -> str:
        """Return everything between the imports and the network."""
        model, training = self.resolved.model, self.training
        rows = self._rows
        text = SETTINGS.format(
            epochs=training.epochs,
            batch=training.samples_a_step(rows),
            rate=training.learning_rate,
            shuffle=training.shuffle and training.optimizer.name != "lbfgs",
            seed=model.seed,
            dtype=model.dtype,
        )
        if self._has_weights:
            text += ROW_WEIGHTS.format(dtype=model.dtype)
        if training.class_weight is not None:
            of_rows = "sample_weights(y_train)" + (" * w_train" if self._has_weights else "")
            weights = f'({of_rows}).astype("{model.dtype}")'
            text += WEIGHTS.format(by_class=self._class_weights(), row_weights=weights)
        elif self._has_weights:
            text += "row_weights = w_train\n"
        if self._schedule is not None:
            text += self._schedule_code(self._schedule)
        if self._early is not None:
            text += self._early_code()
        return text + self._measures() + "\n"

    def _measures(self) -> str:
        outputs = self.resolved.model.output.units
        if not self._classes:
            return ERRORS.format(outputs=outputs, of_targets="" if outputs == 1 else OF_TARGETS)
        if outputs == 1:
            return ACCURACY.format(outputs=outputs, predicted="(outputs > 0.5)", true="(y > 0.5)")
        return ACCURACY.format(outputs=outputs, predicted="outputs.argmax(axis=1)", true="y.argmax(axis=1)")

    def _class_weights(self) -> str:
        weights = self.training.class_weight
        if not isinstance(weights, dict):
            return BALANCED
        return f"    weights = np.array({list(map(float, weights.values()))!r})"

    def _schedule_code(self, schedule: Schedule) -> str:
        match schedule:
            case StepLR():
                body = f"    return {schedule.gamma!r} ** (step // {schedule.step_size})"
            case ExponentialDecay():
                body = f"    return {schedule.decay_rate!r} ** (step / {schedule.decay_steps})"
            case CosineDecay():
                steps, alpha = schedule.decay_steps, schedule.alpha
                cosine = f"0.5 * (1 + math.cos(math.pi * min(step, {steps}) / {steps}))"
                body = f"    return (1 - {alpha!r}) * {cosine} + {alpha!r}"
            case OneCycleLR():
                body = ONE_CYCLE.format(share=schedule.pct_start, steps=schedule.total_steps)
            case ReduceLROnPlateau():
                body = '    return plateau["factor"]'
            case _:
                body = "    return 1.0"
        warmup = schedule.warmup_steps
        text = WARMUP.format(steps=warmup, body=body) if warmup else FACTOR.format(body=body)
        if isinstance(schedule, ReduceLROnPlateau):
            text += PLATEAU.format(
                monitor=schedule.monitor,
                min_delta=schedule.min_delta,
                patience=schedule.patience,
                factor=schedule.reduction,
            )
        return text

    def _early_code(self) -> str:
        early = self._early
        assert early is not None
        rising = early.mode == "max" or (early.mode == "auto" and early.monitor in ("val_accuracy", "val_r2"))
        delta = f" + {abs(early.min_delta)!r}" if early.min_delta else ""
        baseline = None if early.baseline is None else -early.baseline if rising else early.baseline
        return EARLY.format(
            monitor=early.monitor,
            patience=early.patience,
            start=early.start_from_epoch,
            sign="-" if rising else "",
            delta=delta,
            better="" if baseline is None else f"if value{delta} < {baseline!r}:\n            ",
        )

    def loop(self, restored: str, saved: str) -> str:
        """Return the loop over the epochs; ``restored`` puts the best weights back, ``saved`` writes the last ones."""
        is_sum = self.training.loss == "sum_squared_error"
        early = self._early
        return LOOP.format(
            factor="1.0" if self._schedule is None else "factor(step)",
            counted="1" if is_sum else "len(rows)",
            divided="1" if is_sum else "len(order)",
            rate_log="" if self._schedule is None else ', "learning_rate": RATE * factor(step - 1)',
            after_epoch="\n".join(f"    {line}" for line in self._after_epoch()),
            restore=restored if early is not None and early.restore_best_weights else "",
            saved=saved,
            w_val=", w_val" if self._has_weights else "",
        )

    @property
    def is_weighted(self) -> bool:
        """Whether rows count differently in the loss that is trained on."""
        return self._has_weights or self.training.class_weight is not None

    def tail(self, name: str) -> str:
        """Return what writes the history and prints the scores."""
        parts = ("w_train", "w_val", "w_test")
        return TAIL.format(name=name, **{part: f", {part}" if self._has_weights else "" for part in parts})

    def _after_epoch(self) -> list[str]:
        """Return the statements at the end of an epoch: the plateau of the schedule, and what ends the run."""
        lines = []
        if isinstance(self._schedule, ReduceLROnPlateau):
            lines.append(f'look_for_plateau(logs["{self._schedule.monitor}"])')
        ends = ["should_stop(epoch, logs)"] if self._early is not None else []
        if self.training.stop_at_loss is not None:
            ends.append(f'logs["loss"] <= {self.training.stop_at_loss!r}')
        if self.training.stop_at_accuracy is not None:
            ends.append(f'logs.get("val_accuracy", 0.0) >= {self.training.stop_at_accuracy!r}')
        return [*lines, f"if {' or '.join(ends)}:", "    break"] if ends else lines
