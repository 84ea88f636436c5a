"""The Loss tab: the curves of the current run, and those of runs of the store as overlays."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request


class WatchLoss(Request, frozen=True):
    """The curves of a quantity over the epochs: a measure such as the loss, or of each class its recall.

    Each value is averaged exponentially: the average before it has the share ``smoothing``. ``low`` and ``high``
    limit the epochs, where they are given; ``at`` is an epoch whose values are requested as well. ``runs`` of the
    store are overlays, their ``validation`` part where they have one.
    """

    quantity: str = "loss"
    smoothing: float = 0.0
    low: int | None = None
    high: int | None = None
    at: int | None = None
    runs: tuple[int, ...] = ()
    validation: bool = True


class Curve(msgspec.Struct, frozen=True):
    """A line of the loss plot: x and y as little-endian doubles; ``at`` is its value at the requested epoch."""

    name: str
    x: bytes
    y: bytes
    at: float | None = None


class OverlayCurve(msgspec.Struct, frozen=True):
    """A curve of a run of the store; None where the run has not recorded the quantity."""

    run: int
    curve: Curve | None


class Band(msgspec.Struct, frozen=True):
    """The median and the quartiles over ``runs`` of one setting, which are different ``noun``: seeds, folds or runs.

    ``x``, ``lower``, ``median`` and ``upper`` are little-endian doubles; ``at`` are lower quartile, median and upper
    quartile at the requested epoch.
    """

    runs: tuple[int, ...]
    noun: str
    x: bytes
    lower: bytes
    median: bytes
    upper: bytes
    at: tuple[float, float, float] | None = None


class LossContent(Content, frozen=True):
    """The curves of the current run, those of other runs, and the last epoch of any of these ``overlays``.

    ``rate`` is the learning rate at each epoch, where a schedule changes it. There are no ``curves`` while no run is
    loaded. Runs that are in one of the ``bands`` are no overlays.
    """

    quantity: str
    curves: tuple[Curve, ...] = ()
    overlays: tuple[OverlayCurve, ...] = ()
    last: int = 0
    bands: tuple[Band, ...] = ()
    rate: Curve | None = None


AnyRequest = WatchLoss
AnyContent = LossContent
