"""The Training card of the setup: the optimizer and how long to train; folded, the loss and the rules that stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import get_args

from textual.app import ComposeResult

from tui_trainer.experiment.schema import EarlyStoppingConfig, Experiment, LossName, OptimizerName, ScheduleName
from tui_trainer.experiment.validation import to_plain
from tui_trainer.ui.fields import ChoiceField, Field, FieldEdited, SwitchField, TextField

from .panel import Fold, Panel, Row

LOSSES = [("auto", None), *((name, name) for name in get_args(LossName) if len(name) > 3 and name != "logistic")]
OPTIMIZERS = [(name, name) for name in get_args(OptimizerName)]
SCHEDULES = [(name.replace("_", " "), name) for name in get_args(ScheduleName)]


class PatienceField(TextField):
    """The patience of early stopping; empty turns it off. The rule's other fields stay unchanged."""

    _rule: Mapping[str, object] = {"restore_best_weights": True}

    def keep(self, rule: EarlyStoppingConfig | None) -> None:
        """Remember the rule, for its other fields."""
        if rule is not None:
            self._rule = to_plain(rule)

    def edited(self, value: object) -> None:
        rule = None if value is None else {**self._rule, "patience": value}
        self.post_message(FieldEdited("training.early_stopping", rule, self))


BY_CLASS = "by class"


class ClassWeightField(ChoiceField):
    """The weights of classes: none, balanced, or those that the file gives to each class."""

    _table: Mapping[str, float] = {}

    def show(self, value: object) -> None:
        if isinstance(value, Mapping):
            self._table = value
        super().show(BY_CLASS if isinstance(value, Mapping) else value)

    def edited(self, value: object) -> None:
        super().edited(self._table if value == BY_CLASS else value)


def told_weights(experiment: Experiment) -> str:
    """Say which weights classes have, for the folded row; empty without any."""
    weights = experiment.training.class_weight
    return "" if weights is None else f"weighting {weights if isinstance(weights, str) else BY_CLASS}"


def only(*optimizers: str) -> Callable[[Experiment], bool]:
    """Apply to experiments with one of these optimizers."""
    return lambda experiment: experiment.training.optimizer.name in optimizers


def scheduled(*names: str) -> Callable[[Experiment], bool]:
    """Apply to experiments with one of these schedules."""
    return lambda experiment: experiment.training.schedule.name in names


MOMENTS = only("adam", "adamw", "nadam")


NUMBER = partial(TextField, empty="0", missing="0")
OPTIONAL = partial(TextField, empty="-", missing=None)

ROWS = (
    Row(
        partial(ChoiceField, choices=OPTIMIZERS),
        "training.optimizer.name",
        "optimizer",
        "How the weights follow the gradient",
    ),
    Row(TextField, "training.learning_rate", "rate ρ", "Learning rate; [ and ] change it during training"),
    Row(
        partial(TextField, empty="full", missing="full"),
        "training.batch_size",
        "batch",
        "Samples per mini-batch, or full",
    ),
    Row(TextField, "training.epochs", "epochs", "Passes over the training part"),
    Row(NUMBER, "training.l2", "L2 penalty", "Factor of the sum of W squared in the loss"),
    Row(
        partial(PatienceField, empty="off", missing=None),
        "training.early_stopping.patience",
        "stop early",
        "Stop after this many epochs without a better validation loss; the best weights are restored",
    ),
)
RULES = (
    Row(partial(ChoiceField, choices=LOSSES), "training.loss", "loss", "What is minimized"),
    Row(NUMBER, "training.optimizer.momentum", "momentum", "0 is plain gradient descent", only("sgd")),
    Row(SwitchField, "training.optimizer.nesterov", "Nesterov", "Look ahead along the momentum", only("sgd")),
    Row(TextField, "training.optimizer.rho", "decay", "Decay of the mean of squared gradients", only("rmsprop")),
    Row(TextField, "training.optimizer.beta_1", "β1", "Decay of the mean gradient", MOMENTS),
    Row(TextField, "training.optimizer.beta_2", "β2", "Decay of the mean squared gradient", MOMENTS),
    Row(
        NUMBER,
        "training.optimizer.weight_decay",
        "decay λ",
        "Weight decay: times the rate, the share that each step takes off all weights and biases",
        only("adamw"),
    ),
    Row(
        TextField,
        "training.optimizer.history_size",
        "memory",
        "Steps that are remembered: from them comes the curvature of the loss",
        only("lbfgs"),
    ),
    Row(
        TextField,
        "training.optimizer.max_eval",
        "evaluations",
        "Most evaluations of the loss in a step, while its length is searched",
        only("lbfgs"),
    ),
    Row(SwitchField, "training.shuffle", "shuffle", "A new order of the samples in each epoch"),
    Row(NUMBER, "training.l1", "L1 penalty", "Factor of the sum of |W| in the loss"),
    Row(
        partial(TextField, empty="-", missing=()),
        "training.metrics",
        "metrics",
        "Metrics of both parts, by their names, as f1, roc_auc or rmse; v plots them",
    ),
    Row(
        partial(TextField, empty="loss", missing=None),
        "training.best_epoch_by",
        "best by",
        "The measure of the best epoch, whose weights W brings back: val_f1, val_rmse ...",
    ),
    Row(
        partial(ChoiceField, choices=SCHEDULES),
        "training.schedule.name",
        "schedule",
        "How the learning rate changes in the run; the rate of each epoch is drawn under the loss",
    ),
    Row(
        partial(TextField, empty="all", missing=None),
        "training.schedule.decay_epochs",
        "over epochs",
        "Length of the schedule, or of one step of it; empty is the whole run, for step a third of it",
        scheduled("step", "exponential", "cosine", "one_cycle"),
    ),
    Row(
        TextField,
        "training.schedule.factor",
        "times",
        "What the rate is multiplied by at each step, over the length, or on a plateau",
        scheduled("step", "exponential", "plateau"),
    ),
    Row(
        NUMBER,
        "training.schedule.alpha",
        "falls to",
        "Share of the rate that remains at the end",
        scheduled("cosine"),
    ),
    Row(
        TextField,
        "training.schedule.patience",
        "patience",
        "Epochs without a better validation loss before the rate is reduced",
        scheduled("plateau"),
    ),
    Row(
        NUMBER,
        "training.schedule.warmup_epochs",
        "warm-up",
        "Epochs in which the rate first rises from 0",
        scheduled("constant", "step", "exponential", "cosine", "plateau"),
    ),
    Row(
        partial(ClassWeightField, choices=[("none", None), ("balanced", "balanced")]),
        "training.class_weight",
        "weighting",
        "Weights of classes in the loss; balanced makes all classes count the same, however rare",
        told=told_weights,
    ),
    Row(
        OPTIONAL,
        "training.clip_norm",
        "clip norm",
        "Largest length of the gradient, over all parameters; a longer one is shortened",
    ),
    Row(OPTIONAL, "training.clip_value", "clip value", "Largest size of each part of the gradient"),
)
STOP_RULES = (
    Row(OPTIONAL, "training.stop_at_loss", "at loss", "Stop when the loss is this low"),
    Row(OPTIONAL, "training.stop_at_accuracy", "at accuracy", "Stop at this accuracy, 0 to 1"),
    Row(OPTIONAL, "training.stop_after", "after (s)", "Stop after this many seconds of training"),
    Row(
        OPTIONAL,
        "training.stop_at_step",
        "at step",
        "Stop when a step changes the weights by no more than this length",
    ),
    Row(OPTIONAL, "training.stop_at_gradient", "at gradient", "Stop when the gradient is no longer than this length"),
)


class TrainingPanel(Panel):
    """The optimizer, and how long to train."""

    heading = "Training"
    rows = ROWS

    def __init__(self) -> None:
        super().__init__()
        self._loss = ""  # what "auto" means

    def compose(self) -> ComposeResult:
        for row in ROWS:
            yield row.make()
        yield Fold(RULES)
        yield Fold(STOP_RULES, "stop ")

    def show_inferred(self, loss: str) -> None:
        """Show which loss ``auto`` means."""
        self._loss = loss
        for field in self.walk_children(ChoiceField):
            if field.path == "training.loss":
                field.explain_auto(f"({loss})")

    def show(self, fields: Iterable[Field]) -> None:
        super().show(fields)
        self.query_one(PatienceField).keep(self.experiment.training.early_stopping)
        self.show_inferred(self._loss)
