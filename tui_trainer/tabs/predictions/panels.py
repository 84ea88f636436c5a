"""The samples by their loss, the worst first: a row each, with as many features as there is room for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from textual import events
from textual.message import Message

from tui_trainer.formats import format_bar, format_column, format_number, format_percent
from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers

from .messages import ClassPredictions, NumberPredictions, SampleList
from .plots import BAR, CHOSEN, CORRECT, DIAGONAL, DIM, HEAD, INCORRECT, TEXT, Picture, TextPanel, loss_note

HEADER_ROWS = 1
GAP = 2
MAX_NAME = 12  # cells of a class's name, at most
FEATURE = 13  # cells of a feature's name, at least where there are as many
ITEM_GAP = "   "
MAX_CLASS_NAME = 16  # cells of a class's name, at most
VALUE = 8
USUAL_VALUE = 6  # cells of a feature's value, with a space
MIN_FEATURES = 1  # lines kept for them where there are many classes
FRAME_ROWS = 3  # of a matrix, two of names and one of precision; of a histogram, heading, axis and labels
LABEL = 14  # cells of a class's name, at most
MIN_LABEL = len("precision %")
MIN_CELL = 4
MAX_CELL = 12
RECALL = len("  recall %")
BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, a text for each sample, and whether the texts are set to the left."""

    heading: str
    cells: list[str]
    role: int = TEXT
    left: bool = False

    @property
    def width(self) -> int:
        """Cells of the widest text."""
        return max(map(len, (self.heading, *self.cells)))


def draw_list(board: Board, picture: Picture, markers: Markers) -> None:
    """A heading and the samples, the chosen one marked."""
    content = picture.content
    if content is None:
        return
    listed, chosen = content.listed, content.chosen.rank - content.listed.first
    columns = _columns(picture, listed)
    features = _features(picture, listed)
    left, row_limit = 2, min(len(listed.rows) // 8, board.height - HEADER_ROWS)
    for place, one in enumerate([*columns, *features]):
        more = len(picture.features) - (place - len(columns))
        room = board.width - left
        if place >= len(columns) and one.width + (GAP + 4 if more > 1 else 0) > room:
            told = f"+{more} features"
            board.write(0, left, told if len(told) <= room else shorten(f"+{more}", room), DIM)
            break
        _write(board, one, left, row_limit, _verdicts(content, listed) if one.heading == "predicted" else None)
        left += one.width + GAP
    if 0 <= chosen < row_limit:
        line = HEADER_ROWS + chosen
        board.write(line, 0, ">" if markers == "ascii" else "▸", CHOSEN)
        board.roles[line, :] = CHOSEN


def _write(board: Board, one: Column, left: int, rows: int, roles: list[int] | None) -> None:
    for line, text in enumerate((one.heading, *one.cells[:rows])):
        shown = text.ljust(one.width) if one.left else text.rjust(one.width)
        role = HEAD if line == 0 else roles[line - 1] if roles else one.role
        board.write(line, left, shown, role)


def _columns(picture: Picture, listed: SampleList) -> list[Column]:
    """What is listed of a sample before its features."""
    count = len(listed.rows) // 8
    ranks = Column("#", [str(listed.first + 1 + place) for place in range(count)], DIM)
    rows = Column("row", format_column(unpack(listed.rows).tolist()))
    true, predicted, certainty, losses = (
        unpack(values).tolist() for values in (listed.true, listed.predicted, listed.certainty, listed.losses)
    )
    loss = Column("loss", format_column(losses))
    if isinstance(picture.content, ClassPredictions):
        heading = "p(true)" if picture.content.probabilities else "output"
        names = [[shorten(picture.classes[int(k)], MAX_NAME) for k in classes] for classes in (true, predicted)]
        said = [Column("true", names[0], left=True), Column("predicted", names[1], left=True)]
        return [ranks, rows, *said, Column(heading, [f"{value:.4f}" for value in certainty]), loss]
    numbers = format_column([*true, *predicted])
    values = [Column("true", numbers[:count]), Column("predicted", numbers[count:])]
    return [ranks, rows, *values, Column("ŷ - y", format_column(certainty)), loss]


def _features(picture: Picture, listed: SampleList) -> list[Column]:
    """The first features, raw."""
    count = len(listed.rows) // 8
    values = unpack(listed.features).reshape(count, -1) if count else unpack(b"").reshape(0, 0)
    found = []
    for name, these in zip(picture.features, values.T, strict=False):
        cells = format_column(these.tolist(), trim=True)
        found.append(Column(shorten(name, max(FEATURE, *map(len, cells))), cells))
    return found


def _verdicts(content: object, listed: SampleList) -> list[int] | None:
    """Right or wrong, for a class; a number is never quite right."""
    if not isinstance(content, ClassPredictions):
        return None
    pairs = zip(unpack(listed.true).tolist(), unpack(listed.predicted).tolist(), strict=True)
    return [CORRECT if true == predicted else INCORRECT for true, predicted in pairs]


class ListPanel(TextPanel):
    """The list, for the mouse too: a click chooses a sample, the wheel moves on by one."""

    @dataclass
    class Chosen(Message):
        """The sample of this rank was chosen."""

        rank: int

    def __init__(self) -> None:
        super().__init__(draw_list, "list")

    def on_click(self, event: events.Click) -> None:
        content = self._drawing.content
        if content is not None and HEADER_ROWS <= event.y < HEADER_ROWS + len(content.listed.rows) // 8:
            self.post_message(self.Chosen(content.listed.first + event.y - HEADER_ROWS))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        content = self._drawing.content
        if content is not None:
            self.post_message(self.Chosen(content.chosen.rank + by))


def lines_wanted(picture: Picture, width: int) -> int:
    """How many rows show about everything, whichever sample is chosen."""
    outputs = len(picture.classes) + 1 if picture.classes else 0
    features = sum(len(name) + USUAL_VALUE + len(ITEM_GAP) for name in picture.features)
    return 1 + outputs + -(-features // max(width, 1))


def draw_chosen(board: Board, picture: Picture, markers: Markers) -> None:
    """A line of what it is, its probabilities and their sum, its features."""
    content = picture.content
    if isinstance(content, ClassPredictions):
        _write_classes(board, picture, content, markers)
    elif isinstance(content, NumberPredictions):
        chosen = content.chosen
        true, predicted, loss = map(format_number, (chosen.true, chosen.predicted, chosen.loss))
        values = f"{shorten(picture.target, MAX_CLASS_NAME)} {true}, predicted {predicted}"
        line = f"row {chosen.row}: {values} ({chosen.certainty:+.4g}), loss {loss}"
        board.write(0, 0, shorten(line, board.width), HEAD)
        _write_features(board, picture, 1)


def _write_classes(board: Board, picture: Picture, content: ClassPredictions, markers: Markers) -> None:
    chosen = content.chosen
    true, predicted = picture.classes[int(chosen.true)], picture.classes[int(chosen.predicted)]
    said = f"row {chosen.row}: {true}, predicted {predicted}, loss {format_number(chosen.loss)}"
    board.write(0, 0, shorten(said, board.width), HEAD)
    outputs = unpack(chosen.outputs)
    room = max(board.height - 2 - min(MIN_FEATURES, len(_wrapped(picture, board.width))), 1)
    shown = _shown(outputs, int(chosen.true), room)
    names = [picture.classes[k] for k in shown] if len(outputs) > 1 else ["output"]
    label = min(MAX_CLASS_NAME, max(map(len, (*names, "00 others"))))
    for line, (k, name) in enumerate(zip(shown, names, strict=True), start=1):
        role = (
            TEXT if len(outputs) == 1 else CORRECT if k == chosen.true else INCORRECT if k == chosen.predicted else TEXT
        )
        board.write(line, 1, f"{shorten(name, label):<{label}}{outputs[k]:{VALUE}.4f} ", role)
        start = label + VALUE + 2
        board.write(line, start, format_bar(float(outputs[k]), board.width - start, markers == "ascii"), BAR)
    below = 1 + len(shown)
    if len(shown) < len(outputs):
        rest = chosen.sum - float(outputs[shown].sum())
        board.write(below, 1, f"{len(outputs) - len(shown)} others".ljust(label) + f"{rest:{VALUE}.4f}", DIM)
        below += 1
    board.write(below, 1, f"{'sum':<{label}}{chosen.sum:{VALUE}.4f}", HEAD)
    meant = _meaning(picture, content, len(outputs))
    board.write(below, label + VALUE + 2, shorten(meant, max(board.width - label - VALUE - 2, 0)), DIM)
    _write_features(board, picture, below + 1)


def _shown(outputs: np.ndarray, true: int, room: int) -> list[int]:
    """All classes in their order, or those of the largest outputs and the true one, with a line for the rest."""
    if len(outputs) <= room:
        return list(range(len(outputs)))
    largest = np.argsort(-outputs, kind="stable")[: max(room - 1, 1)].tolist()
    if true not in largest:
        largest[-1] = true
    return sorted(largest)


def _meaning(picture: Picture, content: ClassPredictions, outputs: int) -> str:
    if outputs == 1:
        return f"above 0.5 it is {picture.classes[1]}"
    if not content.probabilities:
        return "need not be 1; the largest decides"
    if outputs == 2 and len(picture.classes) == 2:
        return f"above 0.5 it is {picture.classes[1]}"
    return "the largest decides"


def _wrapped(picture: Picture, width: int) -> list[str]:
    """Names and values of the features, in lines of at most ``width``."""
    content, lines = picture.content, [""]
    if content is None:
        return []
    for name, value in zip(picture.features, unpack(content.chosen.features).tolist(), strict=True):
        item = shorten(f"{name} {format_number(value)}", width - 1)
        if lines[-1] and len(lines[-1]) + len(ITEM_GAP) + len(item) > width - 1:
            lines.append("")
        lines[-1] += (ITEM_GAP if lines[-1] else "") + item
    return lines


def _write_features(board: Board, picture: Picture, top: int) -> None:
    lines = _wrapped(picture, board.width)
    room = board.height - top
    for line, text in enumerate(lines[: max(room, 0)]):
        more = " …" if line == room - 1 and len(lines) > room else ""
        board.write(top + line, 1, shorten(text + more, board.width - 1), TEXT)


def draw_heading(board: Board, picture: Picture, markers: Markers) -> None:
    """The part and its size, then the measures."""
    content = picture.content
    if content is None:
        return
    part = content.part
    which = f"{part.name}: {part.samples:,} of {picture.rows:,} rows"
    if part.missing:
        which = f"{part.name}: all {part.samples:,} rows, none held for {part.missing}"
    if isinstance(content, ClassPredictions):
        measures = [("accuracy", f"{content.accuracy:.4f}, {content.right:,} right")]
    else:
        measures = [
            ("R²", format_number(content.r2)),
            ("MAE", format_number(content.mae)),
            ("RMSE", format_number(content.rmse)),
        ]
    board.write(0, 0, which, HEAD)
    place = len(which) + 3
    for name, value in measures:
        board.write(0, place, name, DIM)
        board.write(0, place + len(name) + 1, value, TEXT)
        place += len(name) + len(value) + 3


def draw_note(board: Board, picture: Picture, markers: Markers) -> None:
    """What the points of the loss come to."""
    board.write(0, 0, shorten(loss_note(picture), board.width), BAR)


def columns_for(width: int, digits: int) -> int:
    """How many classes fit side by side, with counts of so many digits."""
    return (width - MIN_LABEL - RECALL) // max(MIN_CELL, digits + 1)


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
    label = max(MIN_LABEL, min(LABEL, max(map(len, names)), board.width - RECALL - size * MIN_CELL))
    cell = _cell(board.width - label - RECALL, names, counts)
    edge = label + size * cell
    above = "predicted" + (f", page {confusion.page + 1} of {confusion.pages}" if confusion.pages > 1 else "")
    board.write(0, label + max(1, (size * cell - len(above)) // 2), shorten(above, board.width - label), DIM)
    board.write(1, 0, "true", DIM)
    board.write(1, edge, "recall %".rjust(RECALL), DIM)
    for predicted, name in enumerate(names):
        board.write(1, label + predicted * cell, shorten(name, cell - 1).rjust(cell), HEAD)
    for row, name in enumerate(names):
        board.write(2 + row, 0, shorten(name, label), HEAD)
        for predicted, value in enumerate(counts[row]):
            mixed = bool(confusion.others) and row == predicted == size - 1
            role = TEXT if mixed else DIAGONAL if row == predicted else INCORRECT if value else DIM
            text = str(value) if value or row == predicted else "·"
            board.write(2 + row, label + predicted * cell + 1, text.rjust(cell - 1), role)
    _write_shares(board, content, label, cell, size)


def _write_shares(board: Board, content: ClassPredictions, label: int, cell: int, size: int) -> None:
    recall, precision = unpack(content.confusion.recall), unpack(content.confusion.precision)
    decimals = 1 if cell > len("100.0") else 0
    edge = label + size * cell
    board.write(2 + size, 0, "precision %", DIM)
    for place in range(size):
        board.write(2 + place, edge, format_percent(recall[place], 1).rjust(RECALL), TEXT)
        board.write(2 + size, label + place * cell, format_percent(precision[place], decimals).rjust(cell), TEXT)
    accuracy = format_percent(content.accuracy, 1)
    board.write(2 + size, edge + RECALL - len(accuracy) - 1, f" {accuracy}", CORRECT)


def _cell(room: int, names: list[str], counts: list[list[int]]) -> int:
    """The width of a cell: as the names need, as far as there is room."""
    least = max(MIN_CELL, max(len(str(value)) for row in counts for value in row) + 1)
    wanted = min(MAX_CELL, max(map(len, (*names, "100.0"))) + 1)
    return max(least, min(wanted, room // len(names)))


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
    for place, text in ((0.0, format_number(-limit)), (0.5, "0"), (1.0, format_number(limit))):
        column = left + min(int(place * width), width - 1)
        start = min(max(column - len(text) // 2, 0), board.width - len(text))
        board.write(1 + rows, column, tick, DIM)
        board.write(2 + rows, start, text, DIM)
