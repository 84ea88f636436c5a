"""What the toy tab requests and shows."""

from __future__ import annotations

from tui_trainer.protocol import Content, Request


class WatchToy(Request, frozen=True):
    """Multiply the steps by ``factor``."""

    factor: int


class ToyContent(Content, frozen=True):
    """The ``product`` of the steps and ``factor``, computed by process ``pid``."""

    factor: int
    product: int
    pid: int


AnyRequest = WatchToy
AnyContent = ToyContent
