"""Computes the statistics of the columns, when they are first looked at."""

from __future__ import annotations

from tui_trainer.tabs.computing import TrainerContext

from .messages import DataContent, WatchData


class DataCompute:
    """Gives what the session knows of its data."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session, self._output = trainer.session, trainer.shown_output or 0

    def compute(self, request: WatchData) -> DataContent:
        """Return the statistics of the loaded data, with the target that is shown."""
        return DataContent(self._session.statistics(self._output))
