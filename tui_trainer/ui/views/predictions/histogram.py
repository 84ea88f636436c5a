"""The histogram of the residuals, as bars."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.frame import Board
from tui_trainer.protocol.framing import unpack
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.predictions.messages import NumberPredictions

from .numbers import number
from .picture import BAR, DIM, TEXT, Picture

BLOCKS = " ▁▂▃▄▅▆▇█"
FRAME_ROWS = 3  # the heading, the axis, and what is written at it


def draw_histogram(board: Board, picture: Picture, markers: Markers) -> None:
    """A bar for each bin; 0 is in the middle."""
    content = picture.content
    if not isinstance(content, NumberPredictions) or board.height <= FRAME_ROWS:
        return
    counts, edges = unpack(content.counts), unpack(content.edges)
    most = int(counts.max())
    left = len(str(most)) + 1
    cell = max((board.width - left) // len(counts), 1)
    rows = board.height - FRAME_ROWS
    board.write(0, 0, f"samples by residual ŷ - y, in {len(counts)} bins", TEXT)
    for line, text in enumerate(_bars(counts / max(most, 1), rows, cell, markers)):
        board.write(1 + line, left, text, BAR)
    _write_axes(board, left, cell * len(counts), rows, most, float(edges[-1]), markers)


def _bars(heights: np.ndarray, rows: int, cell: int, markers: Markers) -> list[str]:
    """Rows of text for heights (bins,) from 0 to 1; what is not 0 shows."""
    steps = 1 if markers == "ascii" else 8
    filled = np.ceil(heights * rows * steps - 1e-9).astype(int)
    marks = " #" if markers == "ascii" else BLOCKS
    lines = []
    for row in range(rows):
        below = (rows - 1 - row) * steps
        lines.append("".join(marks[min(max(height - below, 0), steps)] * cell for height in filled.tolist()))
    return lines


def _write_axes(board: Board, left: int, width: int, rows: int, most: int, limit: float, markers: Markers) -> None:
    line, corner, along, tick = ("|", "+", "-", "+") if markers == "ascii" else ("│", "└", "─", "┬")
    for row in range(1, 1 + rows):
        board.write(row, left - 1, line, DIM)
    board.write(1, 0, str(most), DIM)
    board.write(rows, left - 2, "0", DIM)
    board.write(1 + rows, left - 1, corner + along * width, DIM)
    for place, text in ((0.0, number(-limit)), (0.5, "0"), (1.0, number(limit))):
        column = left + min(int(place * width), width - 1)
        start = min(max(column - len(text) // 2, 0), board.width - len(text))
        board.write(1 + rows, column, tick, DIM)
        board.write(2 + rows, start, text, DIM)
