"""The messages of the Boundary tab: the output of the model, or of a neuron, over two features or the only one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tui_trainer.protocol import Content, Request
from tui_trainer.tabs.network.messages import NeuronRange

OUTPUT = -1  # ``layer``: the last one, however many there are
WHOLE = -1  # ``neuron``: the layer's answer, where it takes several neurons to give one


class WatchBoundary(Request, frozen=True):
    """Requests neuron ``neuron`` of layer ``layer`` over a grid of ``columns`` x ``rows`` points.

    ``x`` and ``y`` name features; empty ones are chosen by the trainer. Layer 0 are the inputs. ``thumbs`` are
    further neurons to compute, each over a grid of ``thumb`` x ``thumb`` points.
    """

    columns: int
    rows: int
    x: str = ""
    y: str = ""
    layer: int = OUTPUT
    neuron: int = WHOLE
    thumbs: tuple[NeuronRange, ...] = ()
    thumb: int = 8


class LayerShown(msgspec.Struct, frozen=True):
    """A layer that can be selected. ``names`` are those of its neurons, if they have any; ``whole``: see WHOLE.

    ``activation`` is empty for the inputs.
    """

    activation: str
    units: int
    names: tuple[str, ...] = ()
    whole: bool = False


class Samples(msgspec.Struct, frozen=True):
    """Samples of one class (-1 for a number) and one part of the data, at x (n,) and y (n,), see ``pack``.

    For numbers, ``levels`` (n,) are the target on the scale. ``drawn`` are the indices (n,) of a toy set's
    generated points, -1 for points added by hand, see ``pack``.
    """

    kind: int
    validation: bool
    x: bytes
    y: bytes
    levels: bytes = b""
    drawn: bytes = b""


class Thumbnails(msgspec.Struct, frozen=True):
    """Thumbnails of the neurons ``window``: levels (count, side, side), each neuron on its own scale."""

    window: NeuronRange
    levels: bytes


class Chosen(msgspec.Struct, frozen=True):
    """The selected neuron, the layers to choose from, and the scale.

    ``low`` and ``high`` are the values at the ends of the scale. ``held`` other features are at their mean of the
    training samples.
    """

    layers: tuple[LayerShown, ...]
    layer: int
    neuron: int
    low: float
    high: float
    held: int = 0


class Boundary(Content, frozen=True):
    """A neuron over two features.

    ``levels`` (rows, columns), the first row on top, are bytes on the scale of ``chosen``, see ``levels``. Where
    there are several classes, ``kinds`` (rows, columns) is the most likely one and the level its probability.
    ``axes`` are the features that can be selected; with ``square``, x and y have the same unit. ``hidden`` samples are
    left out because there are too many to draw.
    """

    chosen: Chosen
    axes: tuple[str, ...]
    x: str
    y: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    square: bool
    columns: int
    rows: int
    levels: bytes
    kinds: bytes = b""
    classes: tuple[str, ...] = ()
    samples: tuple[Samples, ...] = ()
    hidden: int = 0
    thumb: int = 0
    thumbs: tuple[Thumbnails, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """A line over the feature: y (n,) at the x of its ``Function``; ``kind`` is a class, -1 for a number."""

    kind: int
    y: bytes


class Function(Content, frozen=True):
    """A neuron over the only feature: one line, or one per class; and the ``truth`` (n,) if it is known.

    ``thumbs`` are levels (count, side), at ``side`` points along x.
    """

    chosen: Chosen
    x: str
    y: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    places: bytes
    lines: tuple[Line, ...]
    classes: tuple[str, ...] = ()
    truth: bytes = b""
    samples: tuple[Samples, ...] = ()
    hidden: int = 0
    thumb: int = 0
    thumbs: tuple[Thumbnails, ...] = ()


AnyRequest = WatchBoundary
AnyContent = Boundary | Function


class Neuron(NamedTuple):
    """A neuron, by its layer and its index there; ``WHOLE`` as the index is the whole layer."""

    layer: int
    number: int


def locate(layers: Sequence[LayerShown], layer: int, neuron: int) -> Neuron:
    """Return the requested neuron, clipped to the network."""
    last = len(layers) - 1
    layer = last if layer == OUTPUT else min(max(layer, 0), last)
    lowest = WHOLE if layers[layer].whole else 0
    return Neuron(layer, min(max(neuron, lowest), layers[layer].units - 1))
