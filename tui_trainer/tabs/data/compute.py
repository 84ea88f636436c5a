"""Computes the statistics of the columns, once for each dataset."""

from __future__ import annotations

from tui_trainer.datasets.statistics import DataStatistics, statistics_of
from tui_trainer.tabs.computing import TrainerContext

from .messages import DataContent, WatchData


class DataCompute:
    """Computes the statistics when they are first looked at."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session
        self._statistics: DataStatistics | None = None

    def compute(self, request: WatchData) -> DataContent:
        """Return the statistics of the loaded data."""
        if self._statistics is None:
            self._statistics = statistics_of(self._session.dataset, self._session.split.test_rows)
        return DataContent(self._statistics)
