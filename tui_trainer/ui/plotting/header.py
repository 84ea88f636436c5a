"""The line above the canvas: what y is, the title, and which series is which."""

from tui_trainer.plotting.frame import AXIS, TEXT, Board, one_cell, shorten
from tui_trainer.plotting.lines import ASCII_MARKS
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.settings.schema import Markers

GAP = 2  # cells between two things on the line


def write_header(board: Board, plot: Plot, hidden: int, markers: Markers) -> None:
    """Write the top line: the legend at the right, y at the left and, if there is room, the title between."""
    ellipsis = "~" if markers == "ascii" else "…"
    room = board.width - _write_legend(board, plot, markers, ellipsis)
    name = shorten(_name(plot, hidden), room, ellipsis)
    board.write(0, 0, name, TEXT)
    title = one_cell(plot.title)
    start = (board.width - len(title)) // 2
    if not len(name) + GAP <= start <= room - len(title):
        start = len(name) + GAP if name else 0
    if start + len(title) <= room:
        board.write(0, start, title, TEXT)


def _name(plot: Plot, hidden: int) -> str:
    """What y is, and what its scale leaves out."""
    notes = []
    if plot.log_y:
        notes.append("log scale")
    if hidden:
        notes.append(f"{hidden} value{'s' * (hidden > 1)} not above 0 hidden")
    label = one_cell(plot.y_label)
    return f"{label} ({', '.join(notes)})".strip() if notes else label


def _write_legend(board: Board, plot: Plot, markers: Markers, ellipsis: str) -> int:
    """Write the entries that fit, right-aligned; returns how many cells they and the gap before them take."""
    entries: list[tuple[int, str, str]] = []  # role, mark, label
    used = 0
    for index, series in enumerate(plot.series):
        label = one_cell(series.label)
        if not label:
            continue
        room = board.width - used - 2
        if len(label) > room - (GAP + 1) * (index + 1 < len(plot.series)) and room < len(label) + GAP + 1:
            label = shorten(label, room, ellipsis) if not entries else ""
            if label:
                entries.append((min(index + 1, AXIS - 1), _mark(index, series, markers), label))
            elif entries:
                entries.append((AXIS, ellipsis, ""))
            break
        entries.append((min(index + 1, AXIS - 1), _mark(index, series, markers), label))
        used += 2 + len(label) + GAP
    width = sum(len(label) + 2 if label else 1 for _, _, label in entries) + GAP * (len(entries) - 1)
    column = board.width - max(width, 0)
    for role, mark, label in entries:
        board.write(0, column, mark, role)
        board.write(0, column + 2, label, TEXT)
        column += 2 + len(label) + GAP
    return width + GAP if entries else 0


def _mark(index: int, series: Series, markers: Markers) -> str:
    """How a series looks in the legend."""
    if markers == "ascii":
        return series.mark or ASCII_MARKS[index % len(ASCII_MARKS)]
    return series.glyph or series.sign or ("●" if series.kind == "scatter" else "━")
