"""The loss as a plot that a notebook shows as a figure, and a terminal in characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from .loss_svg import loss_svg
from .loss_text import HEIGHT, WIDTH, loss_text


class LossPlot:
    """Training and validation loss over the epochs; ``print`` it, or let a notebook show it."""

    def __init__(self, history: Mapping[str, NDArray[Any]], title: str = "", log: bool = False) -> None:
        self._history, self._title, self._log = history, title, log

    def svg(self) -> str:
        """The figure as SVG."""
        return loss_svg(self._history, self._title, self._log)

    def text(self, width: int = WIDTH, height: int = HEIGHT) -> str:
        """The figure in characters, ``height`` lines of at most ``width``."""
        return loss_text(self._history, self._log, width, height)

    def __str__(self) -> str:
        return self.text().rstrip("\n")

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return self.svg()
