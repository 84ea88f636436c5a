"""The text panels of the Predictions tab: heading, confusion matrix, histogram, list of samples, one sample, its keys.

The list has the samples by their loss, the worst first, with as many features as there is room for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual import events
from textual.message import Message
from textual.widget import Widget

from tui_trainer.formats import MINUS, MISSING, format_bar, format_column, format_number, format_percent, format_row
from tui_trainer.plotting.frame import Board, one_cell, shorten, shorten_alike
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers, Matrix
from tui_trainer.tabs.view import hints, hints_within

from .messages import ChosenSample, ClassPredictions, NumberPredictions, SampleList
from .plots import BAR, CHOSEN, CORRECT, CURSOR, DIAGONAL, DIM, HEAD, INCORRECT, TEXT, Picture, TextPanel, loss_note

HEADER_ROWS = 1
GAP = 2
MAX_LIST_NAME = 12  # cells of a class name in the list
FEATURE_WIDTH = 13  # cells of a feature's name, unless its values are wider
ITEM_GAP = "   "
MAX_CLASS_NAME = 16  # cells of a class name for the chosen sample
VALUE_WIDTH = 8
TYPICAL_VALUE = 6  # cells of a feature's value, including a space
MIN_FEATURE_LINES = 1  # lines reserved for the features if there are many classes
FRAME_ROWS = 3  # of a matrix: two of names and one of precision; of a histogram: heading, axis and labels
MAX_LABEL = 14  # cells of a class name beside the matrix
MIN_LABEL = len("precision %")
MIN_CELL_WIDTH = 4
MAX_CELL_WIDTH = 12
RECALL_WIDTH = len("  recall %")
MATRIX_TOP = 2  # rows of the matrix above its cells
CUT_WIDTH = 10  # cells of a count beside the threshold
CUT_ROWS = 5
IN_PERCENT = {"recall": ", % of each row", "precision": ", % of each column"}
BLOCKS = " ▁▂▃▄▅▆▇█"
DRAWN = "Drawn by hand, and what the network makes of it"
HINTS = (  # the most important first
    "panel",
    "part",
    "importance",
    "what_if",
    "draw",
    "look_into",
    "matrix_shares",
    "rank",
    "new_rows",
)
INTO_MATRIX = {"look_into": "matrix"}
IN_MATRIX = {"look_into": "into the cell", "rank": "row of samples", "fold": "column of classes"}
IN_IMPORTANCE = {"rank": "column", "fold": "measure", "look_into": "the response to it"}
IN_RESPONSE = {"rank": "column", "fold": "class"}
IN_WHAT_IF = {"rank": "input", "fold": "move it"}
AT_THRESHOLDS = {"fold": "threshold of the classes", "rank": "class of the samples"}
IN_DRAWING = ("leave_look", "lower", "undo_stroke", "clear_drawing", "draw_sample", "fit_drawing", "move_brush")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list: its heading, a text for each sample, and its alignment."""

    heading: str
    cells: list[str]
    role: int = TEXT
    left: bool = False

    @property
    def width(self) -> int:
        """The cells of the widest text."""
        return max(map(len, (self.heading, *self.cells)))


def draw_list(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw a heading and the samples, with the chosen one marked."""
    content = picture.content
    if content is None:
        return
    listed, top = content.listed, header_rows(content)
    if isinstance(content, ClassPredictions) and content.cell is not None:
        board.write(0, 2, shorten(cell_words(picture, content, content.cell), board.width - 2), CHOSEN)
    if content.chosen is None:
        return
    chosen_row = content.chosen.rank - listed.first
    columns = _columns(picture, listed)
    features = _features(picture, listed)
    start, row_limit = 2, min(len(listed.rows) // 8, board.height - top)
    for index, column in enumerate([*columns, *features]):
        remaining = len(picture.features) - (index - len(columns))
        room = board.width - start
        if index >= len(columns) and column.width + (GAP + 4 if remaining > 1 else 0) > room:
            text = f"+{remaining} features"
            board.write(top - 1, start, text if len(text) <= room else shorten(f"+{remaining}", room), DIM)
            break
        _write_column(
            board,
            column,
            (top - 1, start),
            row_limit,
            _correctness_roles(content, listed) if column.heading == "predicted" else None,
        )
        start += column.width + GAP
    if 0 <= chosen_row < row_limit:
        line = top + chosen_row
        board.write(line, 0, ">" if markers == "ascii" else "▸", CHOSEN)
        board.roles[line, :] = CHOSEN


def header_rows(content: object) -> int:
    """Return how many rows are above the samples of the list."""
    return HEADER_ROWS + (isinstance(content, ClassPredictions) and content.cell is not None)


def cell_words(picture: Picture, content: ClassPredictions, cell: tuple[int, int]) -> str:
    """Describe which samples are listed: ``7 of class versicolor taken for virginica``."""
    true, predicted = (picture.classes[k] for k in cell)
    count = f"{content.listed.total:,} of class {true}"
    return f"{count} taken for {predicted}" if true != predicted else f"{count} predicted as such"


def _write_column(
    board: Board, column: Column, corner: tuple[int, int], row_limit: int, roles: list[int] | None
) -> None:
    """Write a column, its heading at ``corner``: a row and a column of the board."""
    top, start = corner
    for line, text in enumerate((column.heading, *column.cells[:row_limit])):
        aligned = text.ljust(column.width) if column.left else text.rjust(column.width)
        role = HEAD if line == 0 else roles[line - 1] if roles else column.role
        board.write(top + line, start, aligned, role)


def _columns(picture: Picture, listed: SampleList) -> list[Column]:
    """Return the columns before the features."""
    count = len(listed.rows) // 8
    ranks = Column("#", [str(listed.first + 1 + index) for index in range(count)], DIM)
    rows = [Column(picture.row_heading, format_column(unpack(listed.rows).tolist()))]
    if listed.names:
        names = [shorten(one_cell(name), MAX_LIST_NAME) for name in listed.names]
        rows.append(Column(shorten(picture.row_column, MAX_LIST_NAME), names, left=True))
    true, predicted, certainty, losses = (
        unpack(values).tolist() for values in (listed.true, listed.predicted, listed.certainty, listed.losses)
    )
    loss = Column("loss", format_column(losses))
    if isinstance(picture.content, ClassPredictions):
        heading = "p(true)" if picture.content.probabilities else "output"
        shown = shorten_alike(picture.classes, MAX_LIST_NAME)
        labels = [[shown[int(k)] for k in column] for column in (true, predicted)]
        classes = [Column("true", labels[0], left=True), Column("predicted", labels[1], left=True)]
        return [ranks, *rows, *classes, Column(heading, [f"{value:.4f}" for value in certainty]), loss]
    numbers = format_column([*true, *predicted])
    values = [Column("true", numbers[:count]), Column("predicted", numbers[count:])]
    return [ranks, *rows, *values, Column("ŷ - y", format_column(certainty)), loss]


def _features(picture: Picture, listed: SampleList) -> list[Column]:
    """Return columns of the first features, raw."""
    count = len(listed.rows) // 8
    values = unpack(listed.features).reshape(count, -1) if count else unpack(b"").reshape(0, 0)
    columns = []
    listed_names = picture.features[: values.shape[1]]
    short_names = shorten_alike(listed_names, FEATURE_WIDTH)
    for name, short, column_values in zip(listed_names, short_names, values.T, strict=True):
        cells = format_column(column_values.tolist(), trim=True)
        columns.append(Column(name if len(name) <= max(map(len, cells), default=0) else short, cells))
    return columns


def _correctness_roles(content: object, listed: SampleList) -> list[int] | None:
    """Return the roles of right and wrong predictions for classes; None for numbers, which are never exactly right."""
    if not isinstance(content, ClassPredictions):
        return None
    pairs = zip(unpack(listed.true).tolist(), unpack(listed.predicted).tolist(), strict=True)
    return [CORRECT if true == predicted else INCORRECT for true, predicted in pairs]


@dataclass
class SampleChosen(Message):
    """The user chose the listed sample of this rank."""

    rank: int


def choose_beside(panel: Widget, picture: Picture, offset: int) -> None:
    """Choose the sample that is so many ranks after the one chosen in ``picture``."""
    content = picture.content
    if content is not None and content.chosen is not None:
        panel.post_message(SampleChosen(content.chosen.rank + offset))


class ListPanel(TextPanel):
    """The list as a widget: a click chooses a sample, the mouse wheel the next or previous one."""

    def __init__(self) -> None:
        super().__init__(draw_list, "list")

    def on_click(self, event: events.Click) -> None:
        content = self._drawing.content
        top = header_rows(content)
        if content is not None and top <= event.y < top + len(content.listed.rows) // 8:
            self.post_message(SampleChosen(content.listed.first + event.y - top))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        choose_beside(self, self._drawing, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        choose_beside(self, self._drawing, -1)


def preferred_height(picture: Picture, width: int) -> int:
    """Return how many rows show nearly everything, whichever sample is chosen."""
    outputs = len(picture.classes) + 1 if picture.classes else 0
    listed = () if picture.pixels else picture.features
    features = sum(len(name) + TYPICAL_VALUE + len(ITEM_GAP) for name in listed)
    return 1 + outputs + -(-features // max(width, 1))


def draw_chosen(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw the chosen sample: a title line, its probabilities and their sum, its features."""
    content = picture.content
    chosen = None if content is None else content.chosen
    if chosen is None:
        return
    if isinstance(content, ClassPredictions):
        _write_classes(board, picture, content, chosen, markers)
    else:
        true, predicted, loss = map(format_number, (chosen.true, chosen.predicted, chosen.loss))
        residual = f"{'+' if chosen.certainty > 0 else ''}{format_number(chosen.certainty)}"
        values = f"{shorten(picture.target, MAX_CLASS_NAME)} {true}, predicted {predicted}"
        line = f"{_row(picture, chosen)}: {values} ({residual}), loss {loss}{picture.loss_unit}"
        board.write(0, 0, shorten(line, board.width), HEAD)
        _write_features(board, picture, 1)


def _row(picture: Picture, chosen: ChosenSample) -> str:
    name = shorten(one_cell(chosen.name), MAX_CLASS_NAME)
    return format_row(picture.row_heading, chosen.row, shorten(picture.row_column, MAX_CLASS_NAME), name)


def _write_classes(
    board: Board, picture: Picture, content: ClassPredictions, chosen: ChosenSample, markers: Markers
) -> None:
    true, predicted = picture.classes[int(chosen.true)], picture.classes[int(chosen.predicted)]
    title = f"{_row(picture, chosen)}: {true}, predicted {predicted}, loss {format_number(chosen.loss)}"
    board.write(0, 0, shorten(title, board.width), HEAD)
    outputs = unpack(chosen.outputs)
    room = max(board.height - 2 - min(MIN_FEATURE_LINES, len(_feature_lines(picture, board.width))), 1)
    listed = _listed_classes(outputs, int(chosen.true), int(chosen.predicted), room)
    names = [picture.classes[k] for k in listed] if len(outputs) > 1 else ["output"]
    label_width = min(MAX_CLASS_NAME, max(map(len, (*names, "00 others"))))
    short_names = shorten_alike(names, label_width)
    for line, (k, name) in enumerate(zip(listed, short_names, strict=True), start=1):
        role = (
            TEXT if len(outputs) == 1 else CORRECT if k == chosen.true else INCORRECT if k == chosen.predicted else TEXT
        )
        board.write(line, 1, f"{name:<{label_width}}{outputs[k]:{VALUE_WIDTH}.4f} ", role)
        start = label_width + VALUE_WIDTH + 2
        board.write(line, start, format_bar(float(outputs[k]), board.width - start, markers == "ascii"), BAR)
    below = 1 + len(listed)
    if len(listed) < len(outputs):
        rest = chosen.sum - float(outputs[listed].sum())
        board.write(
            below, 1, f"{len(outputs) - len(listed)} others".ljust(label_width) + f"{rest:{VALUE_WIDTH}.4f}", DIM
        )
        below += 1
    board.write(below, 1, f"{'sum':<{label_width}}{chosen.sum:{VALUE_WIDTH}.4f}", HEAD)
    meaning = _meaning(picture, content, len(outputs))
    board.write(
        below, label_width + VALUE_WIDTH + 2, shorten(meaning, max(board.width - label_width - VALUE_WIDTH - 2, 0)), DIM
    )
    _write_features(board, picture, below + 1)


def _listed_classes(outputs: np.ndarray, true: int, predicted: int, room: int) -> list[int]:
    """Return all classes in order, or as many as leave a line for the rest: the true and the predicted one first."""
    if len(outputs) <= room:
        return list(range(len(outputs)))
    largest = np.argsort(-outputs, kind="stable").tolist()
    ranked = list(dict.fromkeys(k for k in (true, predicted, *largest) if k < len(outputs)))
    return sorted(ranked[: max(room - 1, len({true, predicted}))])


def _meaning(picture: Picture, content: ClassPredictions, outputs: int) -> str:
    if outputs == 1:
        return f"above 0.5 it is {picture.classes[1]}"
    if not content.probabilities:
        return "need not be 1; the largest decides"
    if outputs == 2 and len(picture.classes) == 2:
        return f"above 0.5 it is {picture.classes[1]}"
    return "the largest decides"


def _feature_lines(picture: Picture, width: int) -> list[str]:
    """Return names and values of the features, in lines of at most ``width``."""
    content, lines = picture.content, [""]
    if content is None or content.chosen is None or picture.pixels is not None:  # pixels are drawn
        return []
    for name, value in zip(picture.features, unpack(content.chosen.features).tolist(), strict=True):
        item = shorten(f"{name} {format_number(value)}", width - 1)
        if lines[-1] and len(lines[-1]) + len(ITEM_GAP) + len(item) > width - 1:
            lines.append("")
        lines[-1] += (ITEM_GAP if lines[-1] else "") + item
    return lines


def _write_features(board: Board, picture: Picture, top: int) -> None:
    lines = _feature_lines(picture, board.width)
    room = board.height - top
    for line, text in enumerate(lines[: max(room, 0)]):
        more = " …" if line == room - 1 and len(lines) > room else ""
        board.write(top + line, 1, shorten(text + more, board.width - 1), TEXT)


def draw_heading(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw the part and its size, then the metrics."""
    if picture.drawn:
        board.write(0, 0, shorten(DRAWN, board.width), HEAD)
        return
    content = picture.what_if or picture.importance or picture.content
    if content is None:
        return
    part = content.part
    part_text = f"{part.name}: {part.samples:,} of {picture.rows:,} rows"
    if part.seen:
        part_text += f", seen {'once' if part.seen == 1 else f'{part.seen:,} times'}"
    if part.missing:
        part_text = f"{part.name}: all {part.samples:,} rows, none held for {part.missing}"
    measures: list[tuple[str, str]] = []
    if isinstance(content, ClassPredictions):
        measures = [("accuracy", f"{format_percent(content.accuracy, 1)}%, {content.right:,} right")]
        if picture.always and (content.part.name == "validation" or content.part.missing):
            measures.append((picture.always, ""))
    elif isinstance(content, NumberPredictions):
        measures = [
            ("R²", format_number(content.r2)),
            ("MAE", format_number(content.mae)),
            ("RMSE", format_number(content.rmse)),
        ]
    board.write(0, 0, part_text, HEAD)
    column = len(part_text) + 3
    for name, value in measures:
        board.write(0, column, name, DIM)
        board.write(0, column + len(name) + 1, value, TEXT)
        column += len(name) + len(value) + 3


def draw_note(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw the note on the mean of the losses."""
    board.write(0, 0, shorten(loss_note(picture), board.width), DIM)


def columns_for(width: int, digits: int) -> int:
    """Return how many classes fit side by side, for counts of ``digits`` digits."""
    return (width - MIN_LABEL - RECALL_WIDTH) // max(MIN_CELL_WIDTH, digits + 1)


def count_digits(picture: Picture) -> int:
    """Return the number of digits of the largest count, 1 if there is no matrix."""
    content = picture.content
    return len(f"{unpack(content.confusion.counts).max():.0f}") if isinstance(content, ClassPredictions) else 1


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """A confusion matrix on a board: the names of its classes, and the widths of the labels and of the cells."""

    names: list[str]
    label: int
    cell: int

    @classmethod
    def of(cls, picture: Picture, content: ClassPredictions, width: int) -> MatrixLayout:
        """Lay out the matrix of ``content`` in ``width`` cells: as the names need, if there is room."""
        confusion = content.confusion
        names = [picture.classes[k] for k in confusion.shown]
        if confusion.others:
            names.append(f"{confusion.others} others")
        room = width - RECALL_WIDTH
        label = max(MIN_LABEL, min(MAX_LABEL, max(map(len, names)), room - len(names) * MIN_CELL_WIDTH))
        min_width = max(MIN_CELL_WIDTH, count_digits(picture) + 1)
        preferred = min(MAX_CELL_WIDTH, max(map(len, (*names, "100.0"))) + 1)
        return cls(names, label, max(min_width, min(preferred, (room - label) // len(names))))

    @property
    def size(self) -> int:
        """The number of rows, and of columns."""
        return len(self.names)

    @property
    def edge(self) -> int:
        """The column after the last cell."""
        return self.label + self.size * self.cell

    @property
    def decimals(self) -> int:
        """The decimals of a share in a cell."""
        return 1 if self.cell > len("100.0") else 0

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return the row and the column of the cell at a position; None where there is none."""
        row, column = y - MATRIX_TOP, (x - self.label) // self.cell
        return (row, column) if 0 <= row < self.size and 0 <= column < self.size else None


def draw_matrix(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw counts or shares, with recall on the right, precision below, and the accuracy in the corner."""
    content = picture.content
    if not isinstance(content, ClassPredictions):
        return
    confusion, layout = content.confusion, MatrixLayout.of(picture, content, board.width)
    size, cell = layout.size, layout.cell
    counts = unpack(confusion.counts).reshape(size, size)
    title = f"predicted{IN_PERCENT.get(picture.matrix, '')}"
    title += f", page {confusion.page + 1} of {confusion.pages}" if confusion.pages > 1 else ""
    start = layout.label + max(1, (size * cell - len(title)) // 2)
    board.write(0, start, shorten(title, board.width - layout.label), DIM)
    board.write(1, 0, "true", DIM)
    board.write(1, layout.edge, "recall %".rjust(RECALL_WIDTH), DIM)
    for predicted, name in enumerate(shorten_alike(layout.names, cell - 1)):
        board.write(1, layout.label + predicted * cell, name.rjust(cell), HEAD)
    texts = _cell_texts(counts, picture.matrix, layout.decimals)
    for row, name in enumerate(shorten_alike(layout.names, layout.label)):
        board.write(MATRIX_TOP + row, 0, name, HEAD)
        for predicted, text in enumerate(texts[row]):
            is_mixed = bool(confusion.others) and row == predicted == size - 1
            role = TEXT if is_mixed else DIAGONAL if row == predicted else INCORRECT if counts[row, predicted] else DIM
            board.write(MATRIX_TOP + row, layout.label + predicted * cell + 1, text.rjust(cell - 1), role)
    _write_shares(board, content, layout)
    for marked, role in ((cell_place(content), CHOSEN), (picture.cursor, CURSOR)):
        if marked is not None and max(marked) < size:
            row, column = marked
            text, right = texts[row][column], layout.label + (column + 1) * cell
            board.write(MATRIX_TOP + row, right - len(text) - 1, f"[{text}]", role)


def _cell_texts(counts: NDArray[np.float64], matrix: Matrix, decimals: int) -> list[list[str]]:
    """Return the texts of the cells for counts (k, k); what is not on the diagonal and 0 is a dot."""
    texts = [[f"{count:.0f}" for count in row] for row in counts.tolist()]
    if matrix != "counts":
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1 if matrix == "recall" else 0, keepdims=True)
        texts = [[format_percent(share, decimals) for share in row] for row in shares.tolist()]
    is_dot = (counts == 0) & ~np.eye(len(counts), dtype=bool)
    return [["·" if dot else text for text, dot in zip(*row, strict=True)] for row in zip(texts, is_dot, strict=True)]


def cell_place(content: ClassPredictions) -> tuple[int, int] | None:
    """Return the row and the column of the cell whose samples are listed; None if it is not among those shown."""
    shown = content.confusion.shown
    if content.cell is None or not set(content.cell) <= set(shown):
        return None
    return shown.index(content.cell[0]), shown.index(content.cell[1])


class MatrixPanel(TextPanel):
    """The confusion matrix as a widget: a click on a cell chooses it."""

    @dataclass
    class Chosen(Message):
        """The user chose the cell in this row and column."""

        row: int
        column: int

    def __init__(self) -> None:
        super().__init__(draw_matrix, "matrix")

    def on_click(self, event: events.Click) -> None:
        content = self._drawing.content
        if isinstance(content, ClassPredictions):
            place = MatrixLayout.of(self._drawing, content, self.size.width).at(event.x, event.y)
            if place is not None:
                self.post_message(self.Chosen(*place))


def _write_shares(board: Board, content: ClassPredictions, layout: MatrixLayout) -> None:
    recall, precision = unpack(content.confusion.recall), unpack(content.confusion.precision)
    below = MATRIX_TOP + layout.size
    board.write(below, 0, "precision %", DIM)
    for index in range(layout.size):
        board.write(MATRIX_TOP + index, layout.edge, format_percent(recall[index], 1).rjust(RECALL_WIDTH), TEXT)
        text = format_percent(precision[index], layout.decimals).rjust(layout.cell)
        board.write(below, layout.label + index * layout.cell, text, TEXT)
    accuracy = format_percent(content.accuracy, 1)
    board.write(below, layout.edge + RECALL_WIDTH - len(accuracy) - 1, f" {accuracy}", CORRECT)


def draw_cut(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw what comes of the threshold: the counts of both sides, and the measures."""
    curves = picture.curves
    if curves is None or curves.of_class >= len(picture.classes):
        return
    right, missed, wrong, left = curves.counts
    name = shorten(picture.classes[curves.of_class], MAX_LABEL)
    board.write(0, 0, f"{name} where its output is above {format_number(curves.cut)}", HEAD)
    width = max(len(name), MIN_LABEL) + GAP
    board.write(1, width, "above".rjust(CUT_WIDTH) + "below".rjust(CUT_WIDTH), DIM)
    rows = ((name, (right, missed), (DIAGONAL, INCORRECT)), ("others", (wrong, left), (INCORRECT, DIAGONAL)))
    for line, (label, counts, roles) in enumerate(rows):
        board.write(2 + line, 0, label, HEAD)
        for column, (value, role) in enumerate(zip(counts, roles, strict=True)):
            board.write(2 + line, width + column * CUT_WIDTH + 1, f"{value:,}".rjust(CUT_WIDTH - 1), role)
    shares = {
        "precision": (right, right + wrong),
        "recall": (right, right + missed),
        "accuracy": (right + left, right + missed + wrong + left),
        "F1": (2 * right, 2 * right + missed + wrong),
    }
    for place, (what, (part, whole)) in enumerate(shares.items()):
        told = f"{format_percent(part / whole, 1)}%" if whole else MISSING
        board.write(1 + place, width + 2 * CUT_WIDTH + GAP, f"{what:<{len('precision')}} {told}", TEXT)


def draw_histogram(board: Board, picture: Picture, markers: Markers) -> None:
    """Draw a bar for each bin; 0 is in the middle."""
    content = picture.content
    if not isinstance(content, NumberPredictions) or board.height <= FRAME_ROWS:
        return
    counts, edges = unpack(content.counts), unpack(content.edges)
    max_count = int(counts.max())
    left = len(str(max_count)) + 1
    cell_width = max((board.width - left) // len(counts), 1)
    rows = board.height - FRAME_ROWS
    board.write(0, 0, f"samples by residual ŷ - y, in {len(counts)} bins", TEXT)
    for line, text in enumerate(_bars(counts / max(max_count, 1), rows, cell_width, markers)):
        board.write(1 + line, left, text, BAR)
    _write_axes(board, left, cell_width * len(counts), rows, max_count, float(edges[-1]), markers)


def _bars(heights: np.ndarray, rows: int, cell_width: int, markers: Markers) -> list[str]:
    """Return rows of text for heights (bins,) from 0 to 1; all but 0 are visible."""
    steps = 1 if markers == "ascii" else 8
    filled = np.ceil(heights * rows * steps - 1e-9).astype(int)
    marks = " #" if markers == "ascii" else BLOCKS
    lines = []
    for row in range(rows):
        below = (rows - 1 - row) * steps
        lines.append("".join(marks[min(max(height - below, 0), steps)] * cell_width for height in filled.tolist()))
    return lines


def _write_axes(board: Board, left: int, width: int, rows: int, max_count: int, limit: float, markers: Markers) -> None:
    line, corner, horizontal, tick = ("|", "+", "-", "+") if markers == "ascii" else ("│", "└", "─", "┬")
    for row in range(1, 1 + rows):
        board.write(row, left - 1, line, DIM)
    board.write(1, 0, str(max_count), DIM)
    board.write(rows, left - 2, "0", DIM)
    board.write(1 + rows, left - 1, corner + horizontal * width, DIM)
    lowest = format_number(-limit).replace(MINUS, "-" if markers == "ascii" else MINUS)
    for fraction, text in ((0.0, lowest), (0.5, "0"), (1.0, format_number(limit))):
        column = left + min(int(fraction * width), width - 1)
        start = min(max(column - len(text) // 2, 0), board.width - len(text))
        board.write(1 + rows, column, tick, DIM)
        board.write(2 + rows, start, text, DIM)


def key_line(panel: str, picture: Picture, width: int, *, in_cell: bool) -> str:
    """Return the keys that matter in a panel; ``in_cell`` if only the samples of a cell of the matrix are listed."""
    content, classes = picture.content, picture.classes
    if picture.cursor is not None:
        return hints(("rank", "fold", "look_into", "leave_look"), labels=IN_MATRIX)
    if panel == "importance":
        return hints(("leave_look", "rank", "fold", "look_into", "part"), labels=IN_IMPORTANCE)
    if panel == "response":
        return hints(("leave_look", "rank", *(("fold",) if len(classes) > 2 else ())), labels=IN_RESPONSE)
    if panel == "what_if":
        return hints(("leave_look", "rank", "fold", "reset_inputs"), labels=IN_WHAT_IF)
    if panel == "drawing":
        return hints_within(width, IN_DRAWING)
    if panel == "thresholds":
        return hints(("panel", "part", "fold", *(("rank",) if len(classes) > 2 else ())), labels=AT_THRESHOLDS)
    has_pages = isinstance(content, ClassPredictions) and content.confusion.pages > 1 and panel == "overview"
    first = (*(("leave_look",) if in_cell else ()), *(("fold",) if has_pages else ()))
    missing = {*(() if classes else ("look_into", "matrix_shares")), *(() if picture.pixels else ("draw",))}
    return hints_within(width, (*first, *(name for name in HINTS if name not in missing)), INTO_MATRIX)


def largest_mistake(content: ClassPredictions) -> tuple[int, int]:
    """Return the row and the column of the cell of two single classes with the most mistakes."""
    shown = len(content.confusion.shown)
    size = shown + (content.confusion.others > 0)
    counts = unpack(content.confusion.counts).reshape(size, size)[:shown, :shown].copy()
    np.fill_diagonal(counts, -1.0)
    row, column = divmod(int(counts.argmax()), shown)
    return row, column
