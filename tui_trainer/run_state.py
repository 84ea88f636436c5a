"""The states of a run, and all that is said of each: the table that the trainer, the store and the screen share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EndState = Literal["finished", "stopped early", "diverged"]
# "cut off" is a run in the store whose process died during training, "failed" one of a sweep that raised an error.
RunState = Literal["empty", "ready", "running", "paused", EndState, "cut off", "failed"]
Role = Literal["dim", "here", "good", "bad"]


@dataclass(frozen=True, slots=True)
class StateTraits:
    """What holds for every run in a state.

    ``ended``: training has ended by itself. ``is_stored``: runs in the store may have it. ``sign`` and ``ascii_sign``
    are one character each, drawn in the colour of ``role``. ``rank`` orders runs whose scores are equal.
    """

    sign: str
    ascii_sign: str
    role: Role = "dim"
    ended: bool = False
    is_stored: bool = True
    rank: int = 0


RUN_STATES: dict[RunState, StateTraits] = {
    "empty": StateTraits("·", ".", is_stored=False),
    "ready": StateTraits("■", "#", is_stored=False),
    "running": StateTraits("▶", ">", "here"),
    "paused": StateTraits("‖", "|"),
    "finished": StateTraits("✔", ".", "good", ended=True),
    "stopped early": StateTraits("✔", ".", "good", ended=True),
    "diverged": StateTraits("✖", "x", "bad", ended=True, rank=1),
    "cut off": StateTraits("!", "!", "bad"),
    "failed": StateTraits("✖", "x", "bad", ended=True, is_stored=False, rank=2),
}
UNKNOWN = StateTraits(" ", " ", is_stored=False)  # a state that a newer version, or nobody, has written


def traits_of(state: str) -> StateTraits:
    """The traits of a state that comes from a file; those of ``UNKNOWN`` where it is not in the table."""
    return next((traits for name, traits in RUN_STATES.items() if name == state), UNKNOWN)
