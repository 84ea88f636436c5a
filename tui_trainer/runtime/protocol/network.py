"""The Network view: the layers, neurons and links, with the values of one sample."""

from __future__ import annotations

from .view import Content, Request


class WatchNetwork(Request, frozen=True):
    """Look at the network with training sample number ``sample`` going through it."""

    sample: int = 0


class Network(Content, frozen=True):
    """Layers, neurons and links."""
