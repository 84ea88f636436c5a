"""The confusion matrix: a row for each true class, a column for each predicted one."""

from __future__ import annotations

from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.protocol.framing import unpack
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.predictions.messages import ClassPredictions

from .numbers import percent
from .picture import DIAGONAL, DIM, HEAD, RIGHT, TEXT, WRONG, Picture

FRAME_ROWS = 3  # beside those of the classes: two of names, one of precision
LABEL = 14  # cells of a class's name, at most
LEAST_LABEL = len("precision %")
LEAST_CELL = 4
MOST_CELL = 12
RECALL = len("  recall %")


def columns_for(width: int, digits: int) -> int:
    """How many classes fit side by side, with counts of so many digits."""
    return (width - LEAST_LABEL - RECALL) // max(LEAST_CELL, digits + 1)


def count_digits(picture: Picture) -> int:
    """Digits of the largest count, 1 where there is no matrix."""
    content = picture.content
    return len(f"{unpack(content.confusion.counts).max():.0f}") if isinstance(content, ClassPredictions) else 1


def draw_matrix(board: Board, picture: Picture, markers: Markers) -> None:
    """Counts, with recall at the right, precision below, and the accuracy where these two meet."""
    content = picture.content
    if not isinstance(content, ClassPredictions):
        return
    confusion = content.confusion
    names = [picture.classes[k] for k in confusion.shown]
    if confusion.others:
        names.append(f"{confusion.others} others")
    size = len(names)
    counts = unpack(confusion.counts).reshape(size, size).astype(int).tolist()
    label = max(LEAST_LABEL, min(LABEL, max(map(len, names)), board.width - RECALL - size * LEAST_CELL))
    cell = _cell(board.width - label - RECALL, names, counts)
    edge = label + size * cell
    above = "predicted" + (f", page {confusion.page + 1} of {confusion.pages}" if confusion.pages > 1 else "")
    board.write(0, label + max(1, (size * cell - len(above)) // 2), shorten(above, board.width - label), DIM)
    board.write(1, 0, "true", DIM)
    board.write(1, edge, "recall %".rjust(RECALL), DIM)
    for column, name in enumerate(names):
        board.write(1, label + column * cell, shorten(name, cell - 1).rjust(cell), HEAD)
    for row, name in enumerate(names):
        board.write(2 + row, 0, shorten(name, label), HEAD)
        for column, value in enumerate(counts[row]):
            mixed = bool(confusion.others) and row == column == size - 1
            role = TEXT if mixed else DIAGONAL if row == column else WRONG if value else DIM
            text = str(value) if value or row == column else "·"
            board.write(2 + row, label + column * cell + 1, text.rjust(cell - 1), role)
    _write_shares(board, content, label, cell, size)


def _write_shares(board: Board, content: ClassPredictions, label: int, cell: int, size: int) -> None:
    recall, precision = unpack(content.confusion.recall), unpack(content.confusion.precision)
    decimals = 1 if cell > len("100.0") else 0
    edge = label + size * cell
    board.write(2 + size, 0, "precision %", DIM)
    for place in range(size):
        board.write(2 + place, edge, percent(recall[place], 1).rjust(RECALL), TEXT)
        board.write(2 + size, label + place * cell, percent(precision[place], decimals).rjust(cell), TEXT)
    accuracy = percent(content.accuracy, 1)
    board.write(2 + size, edge + RECALL - len(accuracy) - 1, f" {accuracy}", RIGHT)


def _cell(room: int, names: list[str], counts: list[list[int]]) -> int:
    """The width of a cell: as the names need, as far as there is room."""
    least = max(LEAST_CELL, max(len(str(value)) for row in counts for value in row) + 1)
    wanted = min(MOST_CELL, max(map(len, (*names, "100.0"))) + 1)
    return max(least, min(wanted, room // len(names)))
