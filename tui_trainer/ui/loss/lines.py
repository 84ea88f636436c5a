"""The lines of the run under work: which of its curves are drawn, in which order, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tui_trainer.plotting.plot import Series
from tui_trainer.protocol.framing import unpack
from tui_trainer.protocol.view import Curve
from tui_trainer.ui.text import plain

from ..plotting.shapes import shape

LABELS = {
    "batch_loss": ("mini-batches", "batch", "+", ""),
    "train": ("train", "train", "*", ""),
    "validation": ("validation", "validation", "o", "○"),
}
CLASS_COLORS = 10
CLASS_MARKS = "*o+x#@%&"


def drawn(curves: Mapping[str, Curve], quantity: str, batches: bool) -> list[Curve]:
    """The curves that are drawn, what lies over the others last; of each class only the validation part, if there is.

    Mini-batches are among them where they are asked for, or nothing else is there yet.
    """
    epochs = len(curves["loss"].x) // 8 if "loss" in curves else 0
    ordered = sorted(curves.values(), key=lambda curve: (curve.name != "batch_loss", "val_" in curve.name))
    held = [curve for curve in ordered if curve.name.startswith("val_recall")]
    wanted = held if quantity == "recall" and held else ordered
    return [curve for curve in wanted if curve.name != "batch_loss" or batches or epochs < 2]


def line(curve: Curve, class_names: Sequence[str]) -> Series:
    """A curve as a line of the plot."""
    x, y = unpack(curve.x), np.array(unpack(curve.y))
    _, _, index = curve.name.partition("[")
    if index:
        k = int(index.rstrip("]"))
        name = plain(class_names[k]) if k < len(class_names) else str(k)
        return Series(name, x, y, f"class{k % CLASS_COLORS}", mark=CLASS_MARKS[k % len(CLASS_MARKS)], sign=shape(k))
    part = "validation" if curve.name.startswith("val_") else "train"
    label, color, mark, sign = LABELS.get(curve.name, LABELS[part])
    return Series(label, x, y, color, mark=mark, sign=sign)
