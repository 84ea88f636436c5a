"""The list of runs as rows of cells: only those that are seen are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.settings.schema import Markers
from tui_trainer.ui.runs.cells import COLUMNS, ELSEWHERE, NAME, SIGNS, Column, briefly

from .messages import RunRow
from .selection import LETTERS, SLOT_COLORS, Choice

ROLES = ("text", "dim", "head", "sorted", "cursor", "good", "bad", "here")
TEXT, DIM, HEAD, SORTED, CURSOR, GOOD, BAD, HERE = range(len(ROLES))
FIRST_SLOT = len(ROLES)  # roles from here on are the colours of chosen runs
NAMES = (*ROLES, *(f"slot-{color}" for color in SLOT_COLORS))
GUTTER = 5  # cursor, letter, pin, sign, and a space
GAP = 1
ELLIPSES = ("…", "~")  # the second where there is nothing but ASCII
WIDEST_NAME = 40
STATE_ROLES = {"finished": GOOD, "stopped early": GOOD, "diverged": BAD, "cut off": BAD, "running": HERE}


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What of the list is known: ``rows`` by their place; the first one that is seen, and the one of the cursor.

    ``column`` is the number of the first column after the name, ``waiting`` what is said while there is nothing.
    """

    rows: Mapping[int, RunRow] = field(default_factory=dict)
    total: int = 0
    first: int = 0
    cursor: int = 0
    column: int = 0
    sort: str = "age"
    descending: bool = False
    choices: Mapping[int, Choice] = field(default_factory=dict)
    waiting: str = ""


def layout(width: int, column: int) -> tuple[int, list[tuple[int, Column]]]:
    """The width of the name, and where each column that fits begins, from number ``column`` on."""
    room = width - GUTTER - NAME.width - 1  # the bar at the right
    shown = []
    for one in COLUMNS[column:]:
        if room < GAP + one.width:
            break
        room -= GAP + one.width
        shown.append(one)
    name = min(NAME.width + room, WIDEST_NAME)
    places, left = [], GUTTER + name
    for one in shown:
        places.append((left + GAP, one))
        left += GAP + one.width
    return name, places


def last_column(width: int) -> int:
    """The largest number of a first column that still leaves no room at the right."""
    first = len(COLUMNS)
    while first > 0 and len(layout(width, first - 1)[1]) == len(COLUMNS) - first + 1:
        first -= 1
    return min(first, len(COLUMNS) - 1)


def column_at(width: int, column: int, x: int) -> Column | None:
    """The column at cell ``x`` of a row."""
    name, places = layout(width, column)
    if x < GUTTER + name:
        return NAME if x >= GUTTER else None
    return next((one for left, one in reversed(places) if left <= x < left + one.width), None)


def draw_sheet(board: Board, sheet: Sheet, markers: Markers) -> None:
    """The headings, the rows that are seen, and a bar that shows where they are in the list."""
    ascii_only = markers == "ascii"
    name, places = layout(board.width, sheet.column)
    _write_headings(board, sheet, name, places, ascii_only)
    seen = board.height - 1
    for line in range(min(seen, sheet.total - sheet.first)):
        place = sheet.first + line
        row = sheet.rows.get(place)
        if row is None:
            board.write(line + 1, GUTTER, "..." if ascii_only else "…", DIM)
        else:
            _write_row(board, line + 1, row, sheet, name, places, ascii_only)
        if place == sheet.cursor:
            _mark_cursor(board, line + 1, ascii_only)
    if not sheet.total:
        board.write(2, GUTTER, shorten(sheet.waiting, max(board.width - GUTTER, 0)), DIM)
    _write_bar(board, sheet, seen, ascii_only)


def _write_headings(board: Board, sheet: Sheet, name: int, places: list[tuple[int, Column]], ascii_only: bool) -> None:
    arrow, dots = ("v^" if ascii_only else "▾▴")[not sheet.descending], ELLIPSES[ascii_only]
    for left, one, width in ((GUTTER, NAME, name), *((left, one, one.width) for left, one in places)):
        is_sorted = one.sort == sheet.sort
        text = f"{one.heading}{arrow}" if is_sorted else one.heading
        shown = shorten(text, width, dots)
        board.write(0, left if one.left else left + width - len(shown), shown, SORTED if is_sorted else HEAD)
    more_left, more_right = sheet.column > 0, sheet.column + len(places) < len(COLUMNS)
    if more_left:
        board.write(0, GUTTER + name - 1, "<" if ascii_only else "◂", DIM)
    if more_right:
        board.write(0, board.width - 1, ">" if ascii_only else "▸", DIM)


def _write_row(
    board: Board, line: int, row: RunRow, sheet: Sheet, name: int, places: list[tuple[int, Column]], ascii_only: bool
) -> None:
    choice, dots = sheet.choices.get(row.run), ELLIPSES[ascii_only]
    role = HERE if row.here else TEXT
    if choice is not None:
        board.write(line, 1, choice.letter, slot_role(choice))
    if row.pinned:
        board.write(line, 2, "^" if ascii_only else "▴", HEAD)
    sign = (ELSEWHERE if row.elsewhere else SIGNS.get(row.state, (" ", " ")))[ascii_only]
    board.write(line, 3, sign, STATE_ROLES.get(row.state, DIM))
    board.write(line, GUTTER, shorten(briefly(NAME.text(row), name), name, dots), role)
    for left, one in places:
        shown = shorten(one.text(row), one.width, dots)
        board.write(line, left if one.left else left + one.width - len(shown), shown, role)


def slot_role(choice: Choice) -> int:
    """The role of a chosen run's letter."""
    return DIM if choice.slot is None else FIRST_SLOT + choice.slot


def _mark_cursor(board: Board, line: int, ascii_only: bool) -> None:
    board.write(line, 0, ">" if ascii_only else "▸", CURSOR)
    letter = board.roles[line, 1]
    board.roles[line, :-1] = CURSOR
    if board.characters[line, 1] in LETTERS:  # its colour is what the curve is told by
        board.roles[line, 1] = letter


def _write_bar(board: Board, sheet: Sheet, seen: int, ascii_only: bool) -> None:
    if sheet.total <= seen or seen < 1:
        return
    length = max(1, seen * seen // sheet.total)
    start = (seen - length) * sheet.first // max(1, sheet.total - seen)
    for line in range(seen):
        inside = start <= line < start + length
        board.write(line + 1, board.width - 1, ("#" if inside else "|") if ascii_only else "█" if inside else "│", DIM)
