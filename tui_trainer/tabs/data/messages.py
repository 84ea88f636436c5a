"""The messages of the Data tab: the statistics of the columns, and a row whose features are a picture."""

from __future__ import annotations

from tui_trainer.datasets.statistics import DataStatistics
from tui_trainer.protocol import Content, Request


class WatchData(Request, frozen=True):
    """Requests the statistics of the columns of run ``run``, as numbered by ``Load``."""

    run: int


class WatchRow(Request, frozen=True):
    """Requests the picture that row number ``row`` of run ``run`` is."""

    run: int
    row: int


class DataContent(Content, frozen=True):
    """The statistics of all columns."""

    statistics: DataStatistics


class RowPicture(Content, frozen=True):
    """Row number ``row`` as a picture of levels (rows, columns)."""

    row: int
    levels: bytes
    rows: int


AnyRequest = WatchData | WatchRow
AnyContent = DataContent | RowPicture
