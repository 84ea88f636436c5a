"""What is said when a loss stops being finite."""

from __future__ import annotations


class Diverged(FloatingPointError):
    """The loss of a step is not finite; the weights from before the last update are back in the model.

    ``step`` and ``epoch`` count from 1; ``largest_gradient`` is the largest magnitude in the last update's
    gradient, found in the dense layer number ``layer`` (from 1); both are None where no update came before.
    """

    def __init__(
        self,
        step: int,
        epoch: int,
        loss: float,
        learning_rate: float,
        largest_gradient: float | None,
        layer: int | None,
    ) -> None:
        self.step, self.epoch, self.loss = step, epoch, loss
        self.learning_rate, self.largest_gradient, self.layer = learning_rate, largest_gradient, layer
        super().__init__(f"{self.finding} {self.remedy}")

    @property
    def finding(self) -> str:
        """What happened, in one sentence."""
        found = f"The loss became {self.loss} at step {self.step} (epoch {self.epoch})"
        if self.largest_gradient is None:
            return f"{found}, before any update."
        gradient = f"the largest gradient of the last update was {self.largest_gradient:.3g}, in layer {self.layer}"
        return f"{found}; {gradient}."

    @property
    def remedy(self) -> str:
        """What to try, in one sentence."""
        if self.largest_gradient is None:
            return "Try standardized features, or smaller initial weights."
        rate = f"a learning rate below {self.learning_rate:g}, for instance {self.suggested_rate:g}"
        return f"Try {rate}, or standardized features."

    @property
    def suggested_rate(self) -> float:
        """A tenth of the present learning rate."""
        return float(f"{self.learning_rate / 10:.3g}")
