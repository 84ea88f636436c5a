"""How a trainer is started: what the front end asks for, and how the child is told."""

from __future__ import annotations

import msgspec

LINGER = 60.0
NICENESS = 5  # the screen, and whoever else uses the machine, come first


class Launch(msgspec.Struct, frozen=True):
    """``stays`` lets a trainer go on when nobody looks any more; ``offer`` is a run of the store to offer at once.

    One that stays waits ``linger`` seconds after its run for somebody to look.
    With ``attach``, the name of a live session, no trainer is started: that one is called.
    """

    stays: bool = False
    niceness: int = NICENESS
    offer: int | None = None
    attach: str = ""
    linger: float = LINGER


def launched(arguments: list[str]) -> Launch:
    """What the child was told."""
    return msgspec.json.decode(arguments[0], type=Launch) if arguments else Launch()
