"""The messages of the Data tab: the statistics of the columns."""

from __future__ import annotations

from tui_trainer.datasets.statistics import DataStatistics
from tui_trainer.protocol import Content, Request


class WatchData(Request, frozen=True):
    """Requests the statistics of the columns of run ``run``, as numbered by ``Load``."""

    run: int


class DataContent(Content, frozen=True):
    """The statistics of all columns."""

    statistics: DataStatistics


AnyRequest = WatchData
AnyContent = DataContent
