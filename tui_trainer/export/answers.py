"""What a network is asked against: true values and classes, as the columns of y that it was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.columns import shown
from tui_trainer.datasets.encoding import short
from tui_trainer.errors import quoted
from tui_trainer.experiment.resolve import Target

Array = NDArray[Any]


def read_answers(y: Any, target: Target, outputs: int) -> NDArray[np.float64]:
    """(n, outputs) from ``y`` (n,): numbers for a regression, names of classes or their indices otherwise.

    Raises ValueError, with what was expected.
    """
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"y must have shape (n,), one value a row; got {values.shape}")
    if target.task == "regression":
        try:
            return values.astype(np.float64)[:, None]
        except (TypeError, ValueError):
            raise ValueError("y must hold numbers: the target is one") from None
    labels = _labels(values, target.classes)
    if target.task == "binary" and outputs == 1:
        return labels.astype(np.float64)[:, None]
    return np.eye(len(target.classes))[labels]


def _labels(values: Array, classes: tuple[str, ...]) -> NDArray[np.intp]:
    """Indices (n,) into ``classes``: by name, or given as such where no class is itself called by a number."""
    places: dict[object, int] = {name: place for place, name in enumerate(classes)}
    if not any(name.replace(".", "").lstrip("-").isdigit() for name in classes):
        places |= {place: place for place in range(len(classes))}
    found = []
    for value in values.tolist():
        number = shown(float(value)) if isinstance(value, int | float) else None  # 2.0 is the class "2"
        keys: tuple[object, ...] = (short(str(value)), number, value)
        place = next((places[key] for key in keys if key in places), None)
        if place is None:
            raise ValueError(f"y holds {quoted(str(value))}, which is none of the classes: {', '.join(classes[:12])}")
        found.append(place)
    return np.array(found, np.intp)


def class_names(outputs: Array, target: Target) -> NDArray[np.str_]:
    """The likeliest class (n,) by name, for outputs (n, k); ValueError where the target is a number."""
    if not target.classes:
        raise ValueError("the target is a number and has no classes; use predict")
    places = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] >= 0.5).astype(np.intp)
    names: NDArray[np.str_] = np.array(target.classes)[places]
    return names
