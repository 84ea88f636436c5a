"""The messages of the Network tab: layers, neurons and links, with the values of one sample."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request

BIAS = -1  # ``source`` of a bias


class NeuronRange(msgspec.Struct, frozen=True, array_like=True):
    """Neurons ``first`` to ``first + count - 1`` of a layer; layer 0 is the inputs."""

    layer: int
    first: int
    count: int


class WatchNetwork(Request, frozen=True):
    """Send the network's values for training sample number ``sample``.

    ``windows`` are the neurons to draw, layers from left to right. One neuron is sent in detail, with its ``terms``
    largest terms, or with those around ``parameter`` if one is selected: its weights count from 0, then comes the bias.
    ``first_weights`` also requests all parameters, as long as no step has been taken. ``curves`` are the
    activations, each with its span, whose curves the app has already, ``compared`` those that it draws side by side.
    """

    sample: int = 0
    layer: int = 1
    neuron: int = 0
    windows: tuple[NeuronRange, ...] = ()
    terms: int = 8
    parameter: int | None = None
    first_weights: bool = False
    curves: tuple[tuple[str, float], ...] = ()
    compared: tuple[str, ...] = ()


class LayerValues(msgspec.Struct, frozen=True):
    """The n drawn neurons of one layer.

    ``values`` (n,) are their outputs, ``shades`` (n,) the same as signed bytes, 127 for the largest of the layer.
    ``links`` (m, n) are the weights from the m drawn neurons of the previous layer, as such bytes; empty if that
    layer is not drawn. ``biases`` (n,) are empty if there are none, ``raw`` (n,) are the inputs before scaling, and
    ``importances`` (n,) the shares of their columns in that of the most important one; empty before they are computed.
    """

    window: NeuronRange
    values: bytes
    shades: bytes
    links: bytes = b""
    biases: bytes = b""
    raw: bytes = b""
    importances: bytes = b""


class Term(msgspec.Struct, frozen=True, array_like=True):
    """A parameter of the detailed neuron: ``weight`` times the ``x`` of neuron ``source`` of the previous layer.

    For the bias, ``source`` is ``BIAS`` and x is 1. ``index`` is its index among all parameters; ``gradient`` is
    that of the last step, None before the first.
    """

    source: int
    index: int
    weight: float
    x: float
    product: float
    gradient: float | None


class PhiCurve(msgspec.Struct, frozen=True):
    """phi and its slope over o from -span to span: o, phi and slope, each (k,)."""

    activation: str
    span: float
    o: bytes
    phi: bytes
    slope: bytes


class Probability(msgspec.Struct, frozen=True, array_like=True):
    """The softmax output for one class."""

    neuron: int
    value: float


class NeuronDetail(msgspec.Struct, frozen=True, tag=True):
    """A neuron in detail: a = phi(o), o = sum of its terms, times and plus ``norm`` with batch normalization.

    ``terms`` are some of its weights, in order; ``rest`` is the sum of the others' terms, and ``sum`` that of all,
    without the bias. ``slope`` is phi'(o).
    For a softmax, ``probabilities`` are the largest ones, in order, and ``total`` is the sum of all.
    ``curve`` is None if the app already has that of ``activation`` and ``span``. ``target`` has the mean and the
    deviation that bring an output into the target's own unit, if it was standardized.
    """

    layer: int
    neuron: int
    activation: str
    inputs: int
    o: float
    a: float
    slope: float | None
    terms: tuple[Term, ...]
    rest: float
    sum: float
    bias: Term | None
    span: float
    curve: PhiCurve | None = None
    probabilities: tuple[Probability, ...] = ()
    total: float = 0.0
    target: tuple[float, float] | None = None
    norm: tuple[float, float] | None = None


class InputImportance(msgspec.Struct, frozen=True):
    """The importance of the column of an input, with its deviation, by a measure after an epoch."""

    mean: float
    deviation: float
    by: str
    epoch: int


class InputSeen(msgspec.Struct, frozen=True, tag=True):
    """An input in detail: x = (raw - mean) / scale; its importance is None before that is computed."""

    neuron: int
    raw: float
    mean: float
    scale: float
    x: float
    importance: InputImportance | None = None


class Network(Content, frozen=True):
    """The layers, neurons and links.

    ``row`` is the sample's line in the file or else its row in the data, ``name`` what tells it apart,
    ``samples`` the number of training samples. ``target`` and
    ``prediction`` are the index of a class, or a number; ``output`` is the output that the predicted class is based on.
    """

    sample: int
    samples: int
    row: int
    target: float
    prediction: float
    output: float
    layers: tuple[LayerValues, ...]
    looked_at: NeuronDetail | InputSeen
    first_weights: bytes = b""
    name: str = ""
    compared: tuple[PhiCurve, ...] = ()


AnyRequest = WatchNetwork
AnyContent = Network
