"""The curves of chosen runs, as they are laid beside those of the run under work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_trainer.plotting.plot import Series
from tui_trainer.protocol.framing import unpack
from tui_trainer.tabs.runs.messages import RunCurve
from tui_trainer.tabs.runs.selection import LETTERS, Choice

SIGNS = 6  # letters along a curve


@dataclass(frozen=True, slots=True)
class Beside:
    """A chosen run and its curve."""

    choice: Choice
    told: RunCurve

    def series(self) -> list[Series]:
        """The line, and its letter here and there: so that it can be told where there are no colours."""
        curve, choice = self.told.curve, self.choice
        if curve is None or not curve.x:
            return []
        x, y = unpack(curve.x), np.array(unpack(curve.y))
        line = Series("", x, y, choice.color, mark=choice.letter)
        places = self._places(len(x))
        letters = Series("", x[places], y[places], choice.color, "scatter", glyph=choice.letter, mark=choice.letter)
        return [line, letters]

    def _places(self, points: int) -> list[int]:
        """Where letters stand along a curve of so many points: apart from those of other runs, and at its end."""
        offset = (1 + (self.choice.slot or 0)) / (len(LETTERS) + 1)
        inner = [int((number + offset) / SIGNS * points) for number in range(SIGNS)]
        return sorted({min(place, points - 1) for place in (*inner, points - 1)})
