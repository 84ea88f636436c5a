"""The trainer's process, and the client's end; and how a trainer is to be started, which is asked before both."""

from __future__ import annotations

import msgspec

LINGER = 60.0
NICENESS = 5  # the screen and other users come first


class Launch(msgspec.Struct, frozen=True):
    """Options of a trainer: ``stays`` lets it train on without a client, ``offer`` is a stored run to offer first.

    One that stays waits ``linger`` seconds after its run for a client.
    With ``attach``, the name of a live session, no trainer is started: the client attaches to that one. With
    ``follow`` it only follows that one, and can change nothing there.
    The earlier moments of a run take at most ``moments_memory`` megabytes.
    """

    stays: bool = False
    niceness: int = NICENESS
    offer: int | None = None
    attach: str = ""
    follow: str = ""
    linger: float = LINGER
    moments_memory: int = 16

    def as_argument(self) -> str:
        """Encode the options for the command line of the trainer's process."""
        return msgspec.json.encode(self).decode()


def launched(arguments: list[str]) -> Launch:
    """Decode the options from the command line of the trainer's process."""
    return msgspec.json.decode(arguments[0], type=Launch) if arguments else Launch()
