"""Computes the statistics of the columns, when they are first looked at, and rows as pictures."""

from __future__ import annotations

from tui_trainer.plotting.plot import to_levels
from tui_trainer.protocol import Unavailable
from tui_trainer.tabs.computing import TrainerContext

from .messages import DataContent, RowPicture, WatchData, WatchRow

NO_PICTURE = "The columns are not the pixels of a picture."


class DataCompute:
    """Gives what the session knows of its data."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session, self._output = trainer.session, trainer.shown_output or 0

    def compute(self, request: WatchData | WatchRow) -> DataContent | RowPicture | Unavailable:
        """Return the statistics of the loaded data, with the target that is shown, or a row as a picture."""
        if isinstance(request, WatchData):
            return DataContent(self._session.statistics(self._output))
        pixels, x = self._session.pixels(), self._session.dataset.x
        if pixels is None:
            return Unavailable(NO_PICTURE)
        row = min(max(request.row, 0), len(x) - 1)
        levels = to_levels(pixels.image(x[row], pixels.low), *pixels.span)
        return RowPicture(row, levels.tobytes(), pixels.rows)
