"""What is measured of a model: the names of all measures, how people write them, and which values are better.

A name with ``val_`` before it is of the validation part; one with a number, as ``recall[2]``, is of that class, and
``mae[1]`` of that target, where there are several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["classes", "numbers", "both"]


class Measure(NamedTuple):
    """A measure: how people write it, of which targets it is, and whether more is better.

    A ``share`` lies between 0 and 1, and is written in per cent if it is a share of samples (``in_percent``). One that
    needs ``probabilities`` says nothing of other outputs. ``by_class`` there is one value for each class.
    """

    words: str
    of: Kind
    rising: bool = False
    share: bool = False
    in_percent: bool = False
    probabilities: bool = False
    by_class: bool = False


MEASURES = {
    "loss": Measure("loss", "both"),
    "accuracy": Measure("accuracy", "classes", rising=True, share=True, in_percent=True),
    "balanced_accuracy": Measure("balanced accuracy", "classes", rising=True, share=True, in_percent=True),
    "f1": Measure("F1", "classes", rising=True, share=True),
    "roc_auc": Measure("ROC AUC", "classes", rising=True, share=True),
    "average_precision": Measure("average precision", "classes", rising=True, share=True),
    "log_loss": Measure("log loss", "classes", probabilities=True),
    "brier": Measure("Brier score", "classes", probabilities=True),
    "calibration_error": Measure("calibration error", "classes", share=True, probabilities=True),
    "recall": Measure("accuracy of each class", "classes", rising=True, share=True, in_percent=True, by_class=True),
    "f1_of_class": Measure("F1 of each class", "classes", rising=True, share=True, by_class=True),
    "r2": Measure("R²", "numbers", rising=True),
    "rmse": Measure("RMSE", "numbers"),
    "mae": Measure("MAE", "numbers"),
    "mape": Measure("MAPE", "numbers", in_percent=True),
}
USUAL = {"classes": ("accuracy",), "numbers": ("r2", "mae")}  # measured in any case
# What an experiment asks for by another name, since it is one value a class.
BY_CLASS = {"per_class": "recall", "per_class_f1": "f1_of_class"}


def name_of(value: str) -> str:
    """The name of the measure of a value: ``recall`` of ``val_recall[2]``."""
    return value.removeprefix("val_").partition("[")[0]


R2_NEEDS = "it takes at least two rows with different targets"


def is_r2_undefined(values: Mapping[str, float]) -> bool:
    """Return whether R² is nan because the targets do not vary; a loss that is nan, too, has another reason."""
    return math.isnan(values.get("r2", 0.0)) and math.isfinite(values.get("loss", math.nan))


def measure_of(value: str) -> Measure | None:
    """The measure of a value by its name, as ``val_recall[2]``; None for what is none, such as seconds."""
    return MEASURES.get(name_of(value))


def target_of(value: str) -> int | None:
    """The number of the target that a value is of, 1 of ``val_mae[1]``; None for a value of all, or of a class."""
    measure, index = measure_of(value), value.partition("[")[2]
    return int(index.rstrip("]")) if index and measure is not None and measure.of == "numbers" else None


def is_rising(value: str) -> bool:
    """Whether larger values of a measure are better, of either part of the data."""
    measure = measure_of(value)
    return measure is not None and measure.rising


def in_words(value: str) -> str:
    """A measure as people write it: ``val_r2`` as validation R²."""
    measure = measure_of(value)
    words = value.removeprefix("val_") if measure is None or measure.by_class else measure.words
    return f"validation {words}" if value.startswith("val_") else words
