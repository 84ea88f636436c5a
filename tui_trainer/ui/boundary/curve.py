"""From what the trainer computed over the only feature to a plot."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.plot import Plot, Series, class_colors
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.boundary.drawing import TRAINING, VALIDATION, Shown, visible
from tui_trainer.tabs.boundary.messages import Function, Samples
from tui_trainer.ui.text import plain

from ..plotting.shapes import shape

OF_TRUTH = "◇"
MODEL, TRUTH = "class4", "class2"  # colours: the foreground's stands out from those of the samples


def plot(content: Function, shown: Shown) -> Plot:
    """The truth where it is known, over it the samples, and on top what the model makes of them."""
    x, series = np.array(unpack(content.places)), []
    if content.truth:
        series.append(Series("truth", x, np.array(unpack(content.truth)), TRUTH, sign=OF_TRUTH))
    series += [_series_of(one, content) for one in visible(content.samples, shown)]
    for line in content.lines:
        label = plain(content.classes[line.kind]) if line.kind >= 0 else "model" if content.samples else "neuron"
        color = class_colors(len(content.classes))[line.kind] if line.kind >= 0 else MODEL
        sign = shape(line.kind) if line.kind >= 0 else ""
        series.append(Series(label, x, np.array(unpack(line.y)), color, sign=sign))
    return Plot(
        tuple(series),
        x_label=plain(content.x),
        y_label="probability" if content.classes and content.samples else plain(content.y),
        x_limits=content.x_limits,
        y_limits=content.y_limits,
    )


def _series_of(samples: Samples, content: Function) -> Series:
    """Samples as points; the lines say which colour is which class."""
    glyph = VALIDATION if samples.validation else TRAINING
    color, label = "validation" if samples.validation else "train", "validation" if samples.validation else "training"
    if samples.kind >= 0:
        glyph = shape(samples.kind, samples.validation)
        color = class_colors(len(content.classes))[samples.kind]
        label = "" if len(content.lines) > 1 or samples.validation else plain(content.classes[samples.kind])
    return Series(label, np.array(unpack(samples.x)), np.array(unpack(samples.y)), color, "scatter", glyph)
