"""What a cell of the picture is: each kind has one number, and one component class of the widget."""

from __future__ import annotations

from typing import Final

LEVELS: Final = 4  # of a link, from weak to strong
SHADES: Final = 6  # of a neuron, from small to large

TEXT, DIM, TITLE, CHOSEN, ANSWER, PICKED = range(6)
LINK: Final = 10  # then the levels of positive links, then of negative ones
NEURON: Final = 30  # one of value 0, then the shades of positive values, then of negative ones
EDGE: Final = 50  # the same for the edges of a neuron that is drawn as a box

_SHADES = ("0", *(f"{sign}-{shade}" for sign in ("positive", "negative") for shade in range(1, SHADES + 1)))
NAMES: Final[dict[int, str]] = {
    TEXT: "text",
    DIM: "dim",
    TITLE: "title",
    CHOSEN: "chosen",
    ANSWER: "answer",
    PICKED: "picked",
    **{LINK + level: f"positive-{level + 1}" for level in range(LEVELS)},
    **{LINK + LEVELS + level: f"negative-{level + 1}" for level in range(LEVELS)},
    **{NEURON + number: f"neuron-{name}" for number, name in enumerate(_SHADES)},
    **{EDGE + number: f"edge-{name}" for number, name in enumerate(_SHADES)},
}


def neuron_role(shade: int) -> int:
    """The role of a neuron whose value is ``shade`` of 127."""
    level = -(-abs(shade) * SHADES // 127)
    return NEURON + level + (SHADES if shade < 0 else 0) if level else NEURON
