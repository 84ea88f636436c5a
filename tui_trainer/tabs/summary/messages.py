"""The messages of the Summary tab: each layer in numbers, and what the doctor finds."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request


class WatchSummary(Request, frozen=True):
    """Requests the layers in numbers."""


class LayerNumbers(msgspec.Struct, frozen=True):
    """A layer in numbers, at the present step.

    ``weights`` are counts over equal parts from minus to plus ``largest_weight``, ``gradients``, those of the last
    step, from minus to plus ``largest_gradient``, and ``outputs`` from the least to the greatest output,
    ``output_range``. ``gradient`` is the root mean square of the last step's gradient of the weights, ``update`` the
    length of that step relative to that of the weights. Before a step ``gradients`` are empty, the other two None.
    ``dead`` units are 0 for every row, ``saturated`` is the share of outputs at the ends of a sigmoid or tanh; None
    for others.
    """

    units: int
    weights: tuple[int, ...]
    largest_weight: float
    outputs: tuple[int, ...]
    output_range: tuple[float, float]
    gradients: tuple[int, ...] = ()
    largest_gradient: float = 0.0
    gradient: float | None = None
    update: float | None = None
    dead: int | None = None
    saturated: float | None = None


class LayerHistory(msgspec.Struct, frozen=True):
    """A layer at the k moments at which it was looked at.

    ``gradients``, ``updates`` and ``idle`` (k,) are ``gradient`` and ``update`` of its numbers, and the share of its
    units that are dead or of its outputs that are saturated; nan for what it has not.
    """

    gradients: bytes
    updates: bytes
    idle: bytes


class SummaryContent(Content, frozen=True):
    """The layers, the output layer last, and what the doctor finds, in sentences.

    ``epochs`` (k,) are the moments of ``history``, with the layers in the same order. ``moment`` is the epoch of an
    earlier moment of the run, with no history of its own; None for the present.
    """

    layers: tuple[LayerNumbers, ...]
    findings: tuple[str, ...]
    epochs: bytes = b""
    history: tuple[LayerHistory, ...] = ()
    moment: float | None = None


AnyRequest = WatchSummary
AnyContent = SummaryContent
