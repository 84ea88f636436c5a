"""The activation function and its slope as a plot, with the neuron's o marked on both."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.network.messages import NeuronSeen, PhiCurve


def phi_plot(curve: PhiCurve, seen: NeuronSeen) -> Plot:
    """phi and phi' over o."""
    o = unpack(curve.o)
    at, heights = np.array([seen.o]), np.array([seen.a])
    if seen.slope is not None:
        at, heights = np.array([seen.o, seen.o]), np.array([seen.a, seen.slope])
    return Plot(
        (
            Series("φ", o, unpack(curve.phi), "train"),
            Series("φ′", o, unpack(curve.slope), "validation", sign="○"),
            Series("o", at, heights, "class4", "scatter", glyph="●"),
        ),
        x_label="o",
        x_limits=(-curve.span, curve.span),
    )
