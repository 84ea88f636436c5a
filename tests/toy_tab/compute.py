"""Computes the toy tab."""

from __future__ import annotations

import os

from tui_trainer.protocol import Content, Unavailable
from tui_trainer.tabs.computing import TrainerContext

from .messages import ToyContent, WatchToy


class ToyCompute:
    """Multiplies the steps of a run."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session

    def compute(self, request: WatchToy) -> Content:
        """Multiply; nothing is shown of a factor of zero."""
        if request.factor == 0:
            return Unavailable("Zero times anything is nothing.")
        return ToyContent(request.factor, request.factor * self._session.steps, os.getpid())
