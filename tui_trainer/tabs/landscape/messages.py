"""The messages of the Landscape tab: the loss as a function of one or two parameters, and the trajectory on it."""

from __future__ import annotations

import msgspec

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Content, Request

# The kinds of pictures: the loss of a model's only parameter; of two parameters; of one among many, while the others
# keep their values; and over the plane of the gradient and a random direction
KINDS = ("curve", "contour", "slice", "plane")


class Companion(msgspec.Struct, frozen=True):
    """Another experiment on the same landscape, and what its path is called."""

    name: str
    experiment: Experiment


class WatchLandscape(Request, frozen=True):
    """Send the loss at up to ``columns`` x ``rows`` points.

    ``kind`` is one of ``KINDS``; if the model has no such landscape, its default kind is sent. Parameters are
    counted kernel, then bias, layer by layer. Limits of None are chosen automatically. Each ``zoom`` halves the range.
    The paths of ``companions`` and of the ``runs`` of the store are drawn where they have the same landscape.
    """

    columns: int
    rows: int
    kind: str = ""
    parameter: int = 0
    parameter_2: int = 1
    low: float | None = None
    high: float | None = None
    low_2: float | None = None
    high_2: float | None = None
    zoom: int = 0
    companions: tuple[Companion, ...] = ()
    runs: tuple[int, ...] = ()


class Axis(msgspec.Struct, frozen=True):
    """What varies along one axis, and over which range.

    ``at`` is the current value, ``slope`` the derivative of the loss there. ``parameter`` is the number of
    the parameter, None for a direction, and ``next_layer`` that of the first one in the next layer. ``stride`` is
    a suitable step for keys.
    """

    name: str
    low: float
    high: float
    at: float
    slope: float
    stride: float
    parameter: int | None = None
    next_layer: int = 0


class Way(msgspec.Struct, frozen=True):
    """The trajectory of a model with ``k`` parameters, two at most.

    ``steps`` (n,), ``points`` (n, k) and ``losses`` (n,), over the landscape's rows, contain the first point, the
    newest points one by one, and a selection in between; ``each`` is the number of those newest ones.
    ``outside`` counts the points outside of the range.
    """

    steps: bytes
    points: bytes
    losses: bytes
    each: int
    outside: int


class CompanionPath(msgspec.Struct, frozen=True):
    """The path of another experiment: ``points`` (n, k), ``losses`` (n,), and the ``run`` of the store that it is."""

    name: str
    points: bytes
    losses: bytes
    run: int | None = None


class Update(msgspec.Struct, frozen=True):
    """Update number ``step``: (k,) parameters ``before`` and ``after``, the ``gradient`` of its batch, and the rate.

    ``optimizer`` names what changed the step from the rate times the gradient; empty if nothing did.
    """

    step: int
    before: bytes
    gradient: bytes
    rate: float
    after: bytes
    optimizer: str


class Minimum(msgspec.Struct, frozen=True):
    """The minimum of the loss, and the parameters (k,) there."""

    point: bytes
    loss: float


class Map(msgspec.Struct, frozen=True):
    """The loss over two axes as levels (rows, columns), see ``levels``; the first row is at the top.

    Each level is a band; ``edges`` (k,) separate the bands, from ``lowest`` to ``highest``.
    """

    rows: int
    levels: bytes
    edges: bytes
    lowest: float
    highest: float


class Landscape(Content, frozen=True):
    """The loss over one or two axes, and the trajectory on it.

    ``kinds`` are those that the model has. Over one axis, ``curve`` (k,) is the loss at evenly spaced points from one
    end of the range to the other, NaN where it overflows; over two there is a ``map``. ``here`` is the loss at the
    current weights. All losses are over ``samples`` of the ``training_rows``, penalty included; ``batch`` is the size
    of the mini-batches, None for the full batch.
    """

    kind: str
    kinds: tuple[str, ...]
    axes: tuple[Axis, ...]
    curve: bytes
    map: Map | None
    here: float
    samples: int
    training_rows: int
    batch: int | None
    rate: float
    way: Way | None = None
    update: Update | None = None
    minimum: Minimum | None = None
    companions: tuple[CompanionPath, ...] = ()


AnyRequest = WatchLandscape
AnyContent = Landscape
