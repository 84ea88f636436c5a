"""The Landscape view: the loss as a function of one or two parameters, and the way taken on it."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request

# What can be drawn: the loss of a model's only parameter; of two parameters; of one among many, the others
# staying where they are; and over the plane of the gradient and a random direction.
KINDS = ("curve", "contour", "slice", "plane")


class WatchLandscape(Request, frozen=True):
    """Look at the loss over at most ``columns`` x ``rows`` points.

    ``kind`` is one of ``KINDS``; where the model has no such landscape, its usual one is shown. Parameters are
    counted kernel, then bias, layer by layer. Limits that are None are chosen. Each ``zoom`` halves the range.
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


class Axis(msgspec.Struct, frozen=True):
    """What changes along one axis, and over which range.

    ``at`` is where the model is now; ``slope`` the derivative of the loss there. ``parameter`` is the number of
    the parameter, None for a direction, and ``next_layer`` that of the first one in the layer after. ``stride`` is
    a good step for moving by hand.
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
    """Where a model of ``k`` parameters, two at most, has been.

    ``steps`` (n,), ``points`` (n, k) and ``losses`` (n,), of the landscape's rows, hold the first point, the
    newest ones one by one, and a selection between; ``each`` is the number of those newest ones.
    ``outside`` counts the points beyond the range.
    """

    steps: bytes
    points: bytes
    losses: bytes
    each: int
    outside: int


class Update(msgspec.Struct, frozen=True):
    """Update number ``step``: (k,) parameters ``before`` and ``after``, ``gradient`` of its batch, and the rate.

    ``optimizer`` says what made more of it than the rate times the gradient; empty where nothing did.
    """

    step: int
    before: bytes
    gradient: bytes
    rate: float
    after: bytes
    optimizer: str


class Minimum(msgspec.Struct, frozen=True):
    """The least loss there is, and the parameters (k,) it is at."""

    point: bytes
    loss: float


class Map(msgspec.Struct, frozen=True):
    """The loss over two axes: levels (rows, columns), see ``levels``, the first row on top.

    Each level is a band; ``edges`` (k,) part the losses into these, from ``lowest`` to ``highest``.
    """

    rows: int
    levels: bytes
    edges: bytes
    lowest: float
    highest: float


class Landscape(Content, frozen=True):
    """The loss over one axis, or two, and the way of the parameters on it.

    ``kinds`` are those the model has. Over one axis, ``curve`` (k,) is the loss at points evenly spaced from one
    end of the range to the other, NaN where it overflows; over two there is a ``map``. ``here`` is the loss at the
    present weights. All losses are of ``samples`` of the ``training_rows``, penalty included; ``batch`` is the size
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


AnyRequest = WatchLandscape
AnyContent = Landscape
