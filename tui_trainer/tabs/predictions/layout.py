"""Which panels of the Predictions tab are visible, where, and how large, in the room that there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .canvas import canvas_width
from .panels import CUT_ROWS, columns_for
from .panels import FRAME_ROWS as PANEL_FRAME
from .why import TOP as BARS_TOP

Panel = Literal["overview", "samples", "loss", "thresholds", "importance", "response", "what_if", "drawing"]
MIN_WIDE = 100  # columns from which two panels are side by side
MIN_TALL = 26  # rows from which there are gaps, and more than the most important panels
MIN_LIST = 4
MIN_PLOT = 12
MAX_CLASSES_IN_SMALL_HALF = 6  # with more classes, the matrix gets the larger half
LARGER_HALF = 72
MIN_CLASSES = 3
GUTTER = 2
READING = 30  # cells beside a canvas at least


@dataclass(frozen=True, slots=True)
class Room:
    """The room for the panels: its cells, the classes (0 for a number), and the rows the chosen sample needs.

    ``digits`` is the number of digits of the largest count in the confusion matrix, ``columns`` that of bars, and
    ``picture`` the rows and columns of pixels of the samples, if they are pictures.
    """

    width: int
    height: int
    classes: int
    chosen: int = 0
    digits: int = 1
    columns: int = 0
    picture: tuple[int, int] = (0, 0)

    @property
    def is_wide(self) -> bool:
        """Whether two panels are side by side."""
        return self.width >= MIN_WIDE

    @property
    def gap(self) -> int:
        """The rows between two panels."""
        return int(self.height >= MIN_TALL)

    @property
    def left(self) -> int:
        """The width of the left half, or all of it."""
        if not self.is_wide:
            return self.width
        if self.classes > MAX_CLASSES_IN_SMALL_HALF:
            return max(self.width // 2, min(LARGER_HALF, self.width * 3 // 5))
        return self.width * 23 // 50 if self.classes else self.width // 2

    @property
    def right(self) -> int:
        """The width of the right half, or all of it."""
        return self.width - self.left - GUTTER if self.is_wide else self.width

    @property
    def max_classes(self) -> int:
        """How many classes the confusion matrix can show while leaving enough room for the other panels."""
        below = MIN_PLOT if self.is_wide else MIN_LIST
        return max(MIN_CLASSES, min(columns_for(self.left, self.digits), self.height - PANEL_FRAME - below))


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The rows of each panel, by name, in the left and the right half, which are ``beside`` each other or stacked.

    The rows of a panel named in ``gaps`` include an empty one at the top. The left half is ``split`` cells wide, where
    that is not as usual.
    """

    left: dict[str, int]
    right: dict[str, int]
    beside: bool = False
    gaps: frozenset[str] = frozenset()
    split: int = 0

    @property
    def heights(self) -> dict[str, int]:
        """The rows of all visible panels, without the empty ones."""
        rows = self.left | self.right
        return {name: rows[name] - (name in self.gaps) for name in rows if rows[name] > 0}


def arrange(panel: Panel, room: Room) -> Arrangement:
    """Lay out the panels of ``panel`` in ``room``."""
    if panel == "samples":
        arrangement = _samples(room)
    elif panel == "loss":
        arrangement = _losses(room)
    elif panel == "thresholds":
        arrangement = _thresholds(room)
    elif panel == "importance":
        arrangement = Arrangement({"bars": room.height}, {})
    elif panel == "what_if":
        arrangement = Arrangement({"what_if": room.height}, {})
    elif panel == "drawing":
        split = canvas_width(*room.picture, room.width - READING - GUTTER, room.height) if all(room.picture) else 0
        arrangement = Arrangement({"canvas": room.height}, {"reading": room.height}, beside=True, split=split)
    elif panel == "response":
        arrangement = _response(room)
    else:
        arrangement = _side_by_side(room) if room.is_wide else _stacked(room)
    return replace(arrangement, gaps=_gaps(arrangement)) if room.gap else arrangement


def _gaps(arrangement: Arrangement) -> frozenset[str]:
    """Return the panels that are below another one; the loss has no gap to its note."""
    halves = [[name for name, rows in half.items() if rows] for half in (arrangement.left, arrangement.right)]
    stacks = halves if arrangement.beside else [[*halves[0], *halves[1]]]
    return frozenset(name for stack in stacks for name in stack[1:]) - {"loss"}


def _samples(room: Room) -> Arrangement:
    chosen = min(room.chosen + room.gap, room.height // 2)
    return Arrangement({}, {"list": room.height - chosen, "chosen": chosen})


def _losses(room: Room) -> Arrangement:
    histogram = 0 if room.classes else room.height // 3
    if histogram <= PANEL_FRAME + room.gap:
        histogram = 0
    return Arrangement({"note": 1, "loss": room.height - 1 - histogram}, {"histogram": histogram})


def _thresholds(room: Room) -> Arrangement:
    """Lay out both curves side by side, or the ROC curve alone where there is no room, above the threshold."""
    cut = CUT_ROWS + room.gap
    curves = {"roc": room.height - cut, "cut": cut}
    return Arrangement(curves, {"precision": room.height - cut} if room.is_wide else {}, beside=room.is_wide)


def _response(room: Room) -> Arrangement:
    """Lay out the response beside the bars, or below them."""
    if room.is_wide:
        return Arrangement({"bars": room.height}, {"response": room.height}, beside=True)
    bars = min(room.height // 3, BARS_TOP + room.columns + room.gap)
    return Arrangement({"bars": bars, "response": room.height - bars}, {})


def _side_by_side(room: Room) -> Arrangement:
    """Lay out two halves side by side, both filled."""
    note, histogram = 1 + room.gap, 0 if room.classes else room.height // 3
    top = min(room.classes, room.max_classes) + PANEL_FRAME if room.classes else room.height // 2
    left = {"matrix" if room.classes else "scatter": top, "note": note, "loss": room.height - top - note}
    rest = room.height - histogram
    chosen = min(room.chosen + room.gap, rest // 2)
    return Arrangement(left, {"histogram": histogram, "list": rest - chosen, "chosen": chosen}, beside=True)


def _stacked(room: Room) -> Arrangement:
    """Stack the most important panels, and more in a tall room."""
    if not room.classes:
        chosen = min(room.chosen + room.gap, room.height // 6) if room.gap else 0
        list_height = room.height // 3 if room.gap else MIN_LIST
        return Arrangement({"scatter": room.height - list_height - chosen}, {"list": list_height, "chosen": chosen})
    matrix = min(room.classes, room.max_classes) + PANEL_FRAME
    rest = room.height - matrix
    loss = MIN_PLOT if rest >= MIN_TALL else 0
    note = 1 + room.gap if loss else 0
    rest -= loss + note
    max_chosen = rest - MIN_LIST - 3 * room.gap  # with enough room, two more samples, and the gap above them
    chosen = min(room.chosen + room.gap, max_chosen) if rest >= 2 * MIN_LIST else 0
    return Arrangement({"matrix": matrix, "note": note, "loss": loss}, {"list": rest - chosen, "chosen": chosen})
