"""The Training panel of the setup: the loss, the optimizer, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.experiment.schema import EarlyStoppingConfig, Experiment, LossName, OptimizerName
from tui_trainer.experiment.validation import to_plain
from tui_trainer.ui.fields import ChoiceField, FieldEdited, LazyFields, SwitchField, TextField

from .panel import Panel

LOSSES = [("auto", None), *((name, name) for name in get_args(LossName) if len(name) > 3 and name != "logistic")]
OPTIMIZERS = [(name, name) for name in get_args(OptimizerName)]


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


class TrainingPanel(Panel):
    """The loss, the optimizer, and how long to train."""

    heading = "Training"

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield ChoiceField("training.loss", "loss", LOSSES, "What is minimized")
        yield ChoiceField("training.optimizer.name", "optimizer", OPTIMIZERS, "How the weights follow the gradient")
        with Horizontal(classes="pair"):
            yield TextField("training.learning_rate", "rate ρ", "Learning rate; [ and ] change it during training")
            yield TextField("training.batch_size", "batch", "Samples per mini-batch, or full", "full", "-short", "full")
        for name, make in OPTIMIZER_FIELDS.items():
            yield LazyFields(make, name)
        with Horizontal(classes="pair"):
            yield TextField("training.epochs", "epochs", "Passes over the training part")
            yield SwitchField("training.shuffle", "shuffle", "A new order of the samples in each epoch")
        with Horizontal(classes="pair"):
            yield TextField("training.l1", "penalty L1", "Factor of the sum of |W| in the loss", "0", missing="0")
            yield TextField("training.l2", "L2", "Factor of the sum of W squared in the loss", "0", "-short", "0")
        yield PatienceField(
            "training.early_stopping.patience",
            "patience",
            "Stop after this many epochs without a better validation loss; the best weights are restored",
            "no early stopping",
            missing=None,
        )

        with Horizontal(classes="pair"):
            yield TextField(
                "training.stop_at_loss", "stop at loss", "Stop when the loss is this low", "-", missing=None
            )
            yield TextField(
                "training.stop_at_accuracy", "accuracy", "Stop at this accuracy, 0 to 1", "-", "-short", None
            )
        with Horizontal(classes="pair"):
            yield TextField(
                "training.stop_after", "or after s", "Stop after this many seconds of training", "-", missing=None
            )
            yield TextField(
                "training.metrics",
                "metrics",
                "Metrics of both parts; v plots them: accuracy, per_class, r2, mae",
                "-",
                "-short",
                (),
            )

    def show_inferred(self, loss: str) -> None:
        """Show which loss ``auto`` means."""
        self.query_one(ChoiceField).explain_auto(f"auto: {loss}")

    async def prepare(self, experiment: Experiment) -> None:
        for fields in self.query(LazyFields):
            await fields.set_visible(fields.has_class(experiment.training.optimizer.name))

    def show(self, experiment: Experiment) -> None:
        super().show(experiment)
        self.query_one(PatienceField).keep(experiment.training.early_stopping)


def _sgd() -> Iterator[Horizontal]:
    yield Horizontal(
        TextField("training.optimizer.momentum", "momentum", "0 is plain gradient descent", "0"),
        SwitchField("training.optimizer.nesterov", "Nesterov", "Look ahead along the momentum"),
        classes="pair",
    )


def _rmsprop() -> Iterator[TextField]:
    yield TextField("training.optimizer.rho", "decay", "Decay of the mean of squared gradients")


def _adam() -> Iterator[Horizontal]:
    yield Horizontal(
        TextField("training.optimizer.beta_1", "β1", "Decay of the mean gradient"),
        TextField("training.optimizer.beta_2", "β2", "Decay of the mean squared gradient", classes="-short"),
        classes="pair",
    )


OPTIMIZER_FIELDS = {"sgd": _sgd, "rmsprop": _rmsprop, "adam": _adam}  # the fields that only one optimizer has
