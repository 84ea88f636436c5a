"""What any view on the screen asks for and is shown."""

from __future__ import annotations

import msgspec


class Request(msgspec.Struct, frozen=True, tag=True):
    """What is on the screen: only that is computed. Sent again whenever the user looks at something else."""


class WatchNothing(Request, frozen=True):
    """Nothing that changes while training."""


class WatchLoss(Request, frozen=True):
    """The curves of a quantity over the epochs (loss, accuracy, recall, r2, mae); they come with ``Progress``."""

    quantity: str = "loss"


class Content(msgspec.Struct, frozen=True, tag=True):
    """What a view shows. Arrays travel as bytes, see ``framing.pack``; their shapes are given with each field."""


class Unseen(Content, frozen=True):
    """Nothing can be shown, for a ``reason`` that is a sentence for the user."""

    reason: str
