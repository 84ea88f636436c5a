"""Which panels are on the screen, and how large: as much side by side as reads well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .histogram import FRAME_ROWS as HISTOGRAM_FRAME
from .matrix import FRAME_ROWS as MATRIX_FRAME
from .matrix import columns_for

Panel = Literal["overview", "samples", "loss"]
PANELS: tuple[Panel, ...] = ("overview", "samples", "loss")

WIDE = 100  # columns from which two stand side by side
TALL = 26  # rows from which there are gaps, and more than what is needed most
LEAST_LIST = 4
LEAST_PLOT = 12
MANY_CLASSES = 6  # and more get the larger half
LARGER_HALF = 72
LEAST_CLASSES = 3
GUTTER = 2


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to arrange: cells for all panels, classes (0 of a number), rows the chosen sample wants.

    ``digits`` are those of the largest count of the confusion matrix.
    """

    width: int
    height: int
    classes: int
    chosen: int = 0
    digits: int = 1

    @property
    def wide(self) -> bool:
        """Whether two panels stand side by side."""
        return self.width >= WIDE

    @property
    def gap(self) -> int:
        """Rows between two panels."""
        return int(self.height >= TALL)

    @property
    def left(self) -> int:
        """The width of the left half; all of it where there is but one."""
        if not self.wide:
            return self.width
        if self.classes > MANY_CLASSES:
            return max(self.width // 2, min(LARGER_HALF, self.width * 3 // 5))
        return self.width * 23 // 50 if self.classes else self.width // 2

    @property
    def right(self) -> int:
        """The width of the right half, or all of it."""
        return self.width - self.left - GUTTER if self.wide else self.width

    @property
    def most_classes(self) -> int:
        """How many classes the confusion matrix can have without anything else giving way too much."""
        below = LEAST_PLOT if self.wide else LEAST_LIST
        return max(LEAST_CLASSES, min(columns_for(self.left, self.digits), self.height - MATRIX_FRAME - below))


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Rows of each panel, by name, in the left half and in the right one, which stand ``beside`` or stacked.

    The rows of a panel named in ``gaps`` begin with an empty one.
    """

    left: dict[str, int]
    right: dict[str, int]
    beside: bool = False
    gaps: frozenset[str] = frozenset()

    @property
    def heights(self) -> dict[str, int]:
        """The rows of all panels that are on the screen, without the empty ones."""
        rows = self.left | self.right
        return {name: rows[name] - (name in self.gaps) for name in rows if rows[name] > 0}


def arrange(panel: Panel, room: Room) -> Arrangement:
    """The panels of ``panel`` in ``room``."""
    if panel == "samples":
        found = _samples(room)
    elif panel == "loss":
        found = _losses(room)
    else:
        found = _beside(room) if room.wide else _below(room)
    return replace(found, gaps=_gaps(found)) if room.gap else found


def _gaps(found: Arrangement) -> frozenset[str]:
    """Every panel below another has one; the loss belongs to its note."""
    halves = [[name for name, rows in half.items() if rows] for half in (found.left, found.right)]
    stacks = halves if found.beside else [[*halves[0], *halves[1]]]
    return frozenset(name for stack in stacks for name in stack[1:]) - {"loss"}


def _samples(room: Room) -> Arrangement:
    chosen = min(room.chosen + room.gap, room.height // 2)
    return Arrangement({}, {"list": room.height - chosen, "chosen": chosen})


def _losses(room: Room) -> Arrangement:
    histogram = 0 if room.classes else room.height // 3
    if histogram <= HISTOGRAM_FRAME + room.gap:
        histogram = 0
    return Arrangement({"note": 1, "loss": room.height - 1 - histogram}, {"histogram": histogram})


def _beside(room: Room) -> Arrangement:
    """Two halves, both filled."""
    note, histogram = 1 + room.gap, 0 if room.classes else room.height // 3
    top = min(room.classes, room.most_classes) + MATRIX_FRAME if room.classes else room.height // 2
    left = {"matrix" if room.classes else "scatter": top, "note": note, "loss": room.height - top - note}
    rest = room.height - histogram
    chosen = min(room.chosen + room.gap, rest // 2)
    return Arrangement(left, {"histogram": histogram, "list": rest - chosen, "chosen": chosen}, beside=True)


def _below(room: Room) -> Arrangement:
    """One above the other: what is needed most, and more where it is tall."""
    if not room.classes:
        chosen = min(room.chosen + room.gap, room.height // 6) if room.gap else 0
        listed = room.height // 3 if room.gap else LEAST_LIST
        return Arrangement({"scatter": room.height - listed - chosen}, {"list": listed, "chosen": chosen})
    matrix = min(room.classes, room.most_classes) + MATRIX_FRAME
    rest = room.height - matrix
    loss = LEAST_PLOT if rest >= TALL else 0
    note = 1 + room.gap if loss else 0
    rest -= loss + note
    most = rest - LEAST_LIST - 3 * room.gap  # where there is room, two samples more, and the gap above them
    chosen = min(room.chosen + room.gap, most) if rest >= 2 * LEAST_LIST else 0
    return Arrangement({"matrix": matrix, "note": note, "loss": loss}, {"list": rest - chosen, "chosen": chosen})
