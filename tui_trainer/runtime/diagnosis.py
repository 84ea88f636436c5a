"""Why a run diverged, in a sentence, and the change of the experiment that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_trainer.engine import Diverged
from tui_trainer.protocol.reports import Remedy

if TYPE_CHECKING:
    from tui_trainer.training.session import Session

LARGE_FEATURE = 5.0  # root mean square beyond which a feature that is not standardized is blamed first

SAFE_RATE = 0.1  # with features of deviation 1


def diagnose(session: Session, error: Diverged) -> tuple[str, Remedy | None]:
    """What happened and why, and the remedy where there is one."""
    experiment, dataset = session.experiment, session.dataset
    sizes = np.sqrt(np.mean(session.split.x_train**2, axis=0))
    largest = int(sizes.argmax())
    if sizes[largest] > LARGE_FEATURE and not experiment.dataset.standardize:
        why = f"{dataset.features[largest]} is about {sizes[largest]:.3g} in size, and steps grow with the features"
        return _told(error, why, _standardized(error.learning_rate))
    if error.largest_gradient is None:
        return f"{error.finding} The first weights are too large; choose another initializer.", None
    if experiment.training.loss == "sum_squared_error" and experiment.training.batch_size != 1:
        why = f"the rate {error.learning_rate:g} is too high for a loss that is summed over the samples"
    else:
        why = f"the rate {error.learning_rate:g} is too high, so each step overshoots"
    rate = error.suggested_rate
    return _told(error, why, Remedy({"training.learning_rate": rate}, f"lowers the rate to {rate:g}"))


def _standardized(rate: float) -> Remedy:
    """Features of deviation 1, and a rate that suits them."""
    changes: dict[str, bool | float] = {"dataset.standardize": True}
    if rate <= SAFE_RATE:
        return Remedy(changes, "standardizes the features")
    changes["training.learning_rate"] = SAFE_RATE
    return Remedy(changes, f"standardizes the features, lowers the rate to {SAFE_RATE:g}")


def _told(error: Diverged, why: str, remedy: Remedy) -> tuple[str, Remedy]:
    return f"{error.finding} Why: {why}.", remedy
