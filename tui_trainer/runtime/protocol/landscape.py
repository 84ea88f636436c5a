"""The Landscape view: the loss as a function of one or two parameters, and the way taken on it."""

from __future__ import annotations

from .view import Content, Request


class WatchLandscape(Request, frozen=True):
    """Look at the loss along parameters, over at most ``columns`` x ``rows`` points."""

    columns: int
    rows: int


class Landscape(Content, frozen=True):
    """The loss, and the path of the parameters on it."""
