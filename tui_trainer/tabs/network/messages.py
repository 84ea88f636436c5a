"""The Network view: the layers, neurons and links, with the values of one sample."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request

BIAS = -1  # ``source`` of a bias


class NeuronRange(msgspec.Struct, frozen=True, array_like=True):
    """Neurons ``first`` to ``first + count - 1`` of a layer; layer 0 are the inputs."""

    layer: int
    first: int
    count: int


class WatchNetwork(Request, frozen=True):
    """Look at the network with training sample number ``sample`` going through it.

    Drawn are ``windows``, layers from left to right. One neuron is looked at closely, with its ``terms`` largest
    terms, or with those around ``parameter`` where one is chosen: its weights count from 0, then comes the bias.
    ``first_weights`` asks for all parameters too, as long as no step has been taken. ``curves`` are the
    activations, each with its span, whose curves the screen has already.
    """

    sample: int = 0
    layer: int = 1
    neuron: int = 0
    windows: tuple[NeuronRange, ...] = ()
    terms: int = 8
    parameter: int | None = None
    first_weights: bool = False
    curves: tuple[tuple[str, float], ...] = ()


class LayerValues(msgspec.Struct, frozen=True):
    """The neurons drawn of one layer, n of them.

    ``values`` (n,) are their outputs, ``shades`` (n,) the same as signed bytes, 127 for the largest of the layer.
    ``links`` (m, n) are the weights from the m neurons drawn of the layer before, likewise; empty where that
    layer is not drawn. ``biases`` (n,) are empty without any, ``raw`` (n,) are the inputs as they stand in the data.
    """

    window: NeuronRange
    values: bytes
    shades: bytes
    links: bytes = b""
    biases: bytes = b""
    raw: bytes = b""


class Term(msgspec.Struct, frozen=True, array_like=True):
    """A parameter of the neuron looked at: ``weight`` times the ``x`` of neuron ``source`` of the layer before.

    For the bias, ``source`` is ``BIAS`` and x is 1. ``index`` is its place among all parameters; ``gradient`` is
    that of the last step, None before there is one.
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
    """What a softmax gives to one class."""

    neuron: int
    value: float


class NeuronDetail(msgspec.Struct, frozen=True, tag=True):
    """The neuron looked at: a = phi(o), o = sum of its terms.

    ``terms`` are some of its weights, in their order; ``rest`` is what the others add up to, and ``sum`` all of them,
    without the bias. ``slope`` is phi'(o).
    Of a softmax, ``probabilities`` are the largest, in their order, and ``total`` is the sum of them all.
    ``curve`` is there where the screen does not have that of ``activation`` and ``span`` yet.
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


class InputSeen(msgspec.Struct, frozen=True, tag=True):
    """The input looked at: x = (raw - mean) / scale."""

    neuron: int
    raw: float
    mean: float
    scale: float
    x: float


class Network(Content, frozen=True):
    """Layers, neurons and links.

    ``row`` is the sample's row in the data, ``samples`` the number of training samples. ``target`` and
    ``prediction`` are the index of a class, or a number; ``output`` is the output behind a predicted class.
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


AnyRequest = WatchNetwork
AnyContent = Network
