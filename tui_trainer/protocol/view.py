"""What any view on the screen asks for and is shown."""

from __future__ import annotations

import msgspec


class Request(msgspec.Struct, frozen=True, tag=True):
    """What is on the screen: only that is computed. Sent again whenever the user looks at something else."""


class WatchNothing(Request, frozen=True):
    """Nothing that changes while training."""


class Curve(msgspec.Struct, frozen=True):
    """A line of the loss plot: x and y as little-endian doubles; ``at`` is its value at the epoch asked for."""

    name: str
    x: bytes
    y: bytes
    at: float | None = None


class WatchLoss(Request, frozen=True):
    """The curves of a quantity over the epochs (loss, accuracy, recall, r2, mae); they come with ``Progress``.

    They are averaged exponentially, each value with the share ``smoothing`` of the average before it; of the epochs
    from ``low`` to ``high``, where these are given. ``at`` is an epoch whose values are asked for, too. ``runs`` of
    the store are laid beside it, their ``validation`` part where they have one; these come as ``RunCurves``.
    """

    quantity: str = "loss"
    smoothing: float = 0.0
    low: int | None = None
    high: int | None = None
    at: int | None = None
    runs: tuple[int, ...] = ()
    validation: bool = True


class Content(msgspec.Struct, frozen=True, tag=True):
    """What a view shows. Arrays travel as bytes, see ``framing.pack``; their shapes are given with each field."""


class Unavailable(Content, frozen=True):
    """Nothing can be shown, for a ``reason`` that is a sentence for the user."""

    reason: str
