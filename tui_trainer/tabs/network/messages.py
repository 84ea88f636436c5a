"""The messages of the Network tab: layers, neurons and links, with the values of one sample."""

from __future__ import annotations

from typing import Literal

import msgspec

from tui_trainer.protocol import Content, Request

# ``source`` of a parameter that is no weight; those of batch normalization are shown under the microscope only
BIAS, GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE = -1, -2, -3, -4, -5
StageKind = Literal["forward", "loss", "backward", "update"]


class NeuronRange(msgspec.Struct, frozen=True, array_like=True):
    """Neurons ``first`` to ``first + count - 1`` of a layer; layer 0 is the inputs."""

    layer: int
    first: int
    count: int


class Stage(msgspec.Struct, frozen=True, array_like=True):
    """A stage of the next step, under the microscope: of sample number ``member`` of its mini-batch, or of all."""

    kind: StageKind = "forward"
    member: int = 0
    of_batch: bool = False


class WatchNetwork(Request, frozen=True):
    """Send the network's values for training sample number ``sample``.

    ``windows`` are the neurons to draw, layers from left to right. One neuron is sent in detail, with its ``terms``
    largest terms, or with those around ``parameter`` if one is selected: its weights count from 0, then comes the bias.
    ``first_weights`` also requests all parameters, as long as no step has been taken. ``curves`` are the
    activations, each with its span, whose curves the app has already, ``compared`` those that it draws side by side.
    With a ``stage``, the next step is shown at that stage in ``layer``, and the sample is one of its mini-batch.
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
    stage: Stage | None = None


class LayerValues(msgspec.Struct, frozen=True):
    """The n drawn neurons of one layer.

    ``values`` (n,) are their outputs, ``shades`` (n,) the same as signed bytes, 127 for the largest of the layer.
    ``links`` (m, n) are the weights from the m drawn neurons of the previous layer, as such bytes; empty if that
    layer is not drawn. ``biases`` (n,) are empty if there are none, ``raw`` (n,) are the inputs before scaling, and
    ``importances`` (n,) the shares of their columns in that of the most important one; empty before they are computed.
    ``dropped`` (n,) tells, as bytes, whose outputs dropout took away in the last step, or takes away in the one under
    the microscope, if there is any. There, ``values`` are empty before they are computed.
    """

    window: NeuronRange
    values: bytes
    shades: bytes
    links: bytes = b""
    biases: bytes = b""
    raw: bytes = b""
    importances: bytes = b""
    dropped: bytes = b""


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


class StepTerm(msgspec.Struct, frozen=True, array_like=True):
    """A parameter of a neuron in the next step.

    ``of_stage`` is dL/dw as the stage shows it, of a sample or the mini-batch; ``gradient`` is that of the mini-batch,
    ``l2`` and ``l1`` are what the penalties add to it, and ``direction`` is what the optimizer gets in the end.
    ``before`` and ``after`` are the optimizer's state, in its own order, and ``new`` is the parameter after the step.
    ``mask`` is what dropout multiplied the input by; nan without dropout. What a parameter lacks is nan.
    """

    source: int
    index: int
    weight: float
    x: float
    of_stage: float
    gradient: float
    l2: float = 0.0
    l1: float = 0.0
    direction: float = 0.0
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    new: float = 0.0
    mask: float = 0.0


class OutputLoss(msgspec.Struct, frozen=True, array_like=True):
    """An output neuron, its target and the gradients of the loss; ``of_a`` is None where dL/do is computed at once."""

    neuron: int
    a: float
    y: float
    of_a: float | None
    of_o: float


class UpdateRule(msgspec.Struct, frozen=True):
    """The optimizer in the next step: its name, the rate, and its other ``numbers`` by their names in the engine.

    ``length`` is the gradient's before it is limited to ``clip_norm``; None without that limit.
    """

    name: str
    rate: float
    nesterov: bool
    numbers: dict[str, float]
    length: float | None
    clip_norm: float | None
    clip_value: float | None

    @property
    def is_clipped(self) -> bool:
        """Whether gradients have a limit."""
        return self.clip_norm is not None or self.clip_value is not None


class NeuronStep(msgspec.Struct, frozen=True, tag=True):
    """A neuron at a ``stage`` of the next step, number ``number``: batch ``batch`` of ``batches`` in epoch ``epoch``.

    All numbers are of the stage's sample, or of the mini-batch of so many ``samples``: means of values, and means of
    gradients too, or sums with ``is_sum``. A neuron computes ``weighted`` = sum of w x, plus b; ``o`` of it, which with
    batch normalization is gamma ``normed`` + beta; and ``a`` = phi(o). ``of_a``, ``of_o`` and ``of_weighted`` are the
    gradients with respect to these; ``of_a`` is None where the loss gives dL/do at once. ``target`` is that of an
    output, else nan. Dropout multiplied the sample's inputs by a mask with ``has_mask``, and its output by ``mask``,
    if that is not nan. ``terms`` are some of its ``inputs`` weights, and ``more`` its other parameters. ``losses`` (k,)
    are those of the first k samples. ``rule`` is None if the loss is not finite.
    """

    stage: Stage
    number: int
    epoch: int
    batch: int
    batches: int
    samples: int
    is_sum: bool
    layer: int
    neuron: int
    activation: str
    is_frozen: bool
    inputs: int
    has_mask: bool
    mask: float
    weighted: float
    normed: float
    o: float
    a: float
    slope: float | None
    of_a: float | None
    of_o: float
    of_weighted: float
    target: float
    terms: tuple[StepTerm, ...]
    more: tuple[StepTerm, ...]
    loss_name: str
    sample_loss: float
    sample_weight: float | None
    data_loss: float
    penalty: float
    losses: bytes
    outputs: tuple[OutputLoss, ...]
    rule: UpdateRule | None
    span: float = 0.0
    curve: PhiCurve | None = None


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
    Where the inputs are the pixels of a picture, ``picture`` is the sample, and ``weights`` are those of a neuron of
    the first layer, in the middle where one is 0: levels (picture_rows, columns). What the layers tell of dropout in
    the last step is of sample number ``dropped_of``, the one that is shown or else the first of the mini-batch; None
    where they tell nothing.
    """

    sample: int
    samples: int
    row: int
    target: float
    prediction: float
    output: float
    layers: tuple[LayerValues, ...]
    looked_at: NeuronDetail | InputSeen | NeuronStep
    first_weights: bytes = b""
    name: str = ""
    compared: tuple[PhiCurve, ...] = ()
    picture: bytes = b""
    weights: bytes = b""
    picture_rows: int = 0
    dropped_of: int | None = None


AnyRequest = WatchNetwork
AnyContent = Network
