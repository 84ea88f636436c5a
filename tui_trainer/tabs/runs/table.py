"""Draws the list of runs; only the visible rows are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from msgspec.structs import replace
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.errors import plain
from tui_trainer.formats import format_age, format_clock, format_measure
from tui_trainer.plotting.colors import series_css
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten, shorten_alike
from tui_trainer.run_state import traits_of
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import FrameWidget

from .messages import Difference, RunRow
from .selection import LETTERS, SLOT_COLORS, SelectedRun

ROLES = ("text", "dim", "head", "sorted", "cursor", "good", "bad", "here")
TEXT, DIM, HEAD, SORTED, CURSOR, GOOD, BAD, HERE = range(len(ROLES))
FIRST_SLOT = len(ROLES)  # roles from here on are the colours of chosen runs
NAMES = (*ROLES, *(f"slot-{color}" for color in SLOT_COLORS))
GUTTER = 5  # cursor, letter, pin, sign, and a space
GAP = 1
ELLIPSES = ("…", "~")  # the second where there is nothing but ASCII
WIDEST_NAME = 40
ELSEWHERE = ("↗", "@")
Drawn = TypeVar("Drawn")
WHEEL = 3  # rows
PATH = 30  # cells of a field's path, at most
NARROWEST, WIDEST = 8, 18  # cells of a run's column
COLUMN_GAP = 2
SAME = "the same experiment"


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The known part of the list: ``rows`` by their position; the first visible one, and that of the cursor.

    ``column`` is the index of the first column after the name, ``waiting`` the text shown while there is nothing.
    """

    rows: Mapping[int, RunRow] = field(default_factory=dict)
    total: int = 0
    first: int = 0
    cursor: int = 0
    column: int = 0
    sort: str = "age"
    descending: bool = False
    choices: Mapping[int, SelectedRun] = field(default_factory=dict)
    waiting: str = ""
    grouped: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns after the name."""
        return (MEAN, *COLUMNS) if self.grouped else COLUMNS


def layout(width: int, column: int, columns: Sequence[Column]) -> tuple[int, list[tuple[int, Column]]]:
    """Return the width of the name, and the start of each column that fits, from index ``column`` on."""
    room = width - GUTTER - NAME.width - 1  # the bar at the right
    shown = []
    for one in columns[column:]:
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


def last_column(width: int, columns: Sequence[Column]) -> int:
    """Return the largest index of a first column that leaves no room on the right."""
    first = len(columns)
    while first > 0 and len(layout(width, first - 1, columns)[1]) == len(columns) - first + 1:
        first -= 1
    return min(first, len(columns) - 1)


def column_at(width: int, column: int, columns: Sequence[Column], x: int) -> Column | None:
    """Return the column at cell ``x`` of a row."""
    name, places = layout(width, column, columns)
    if x < GUTTER + name:
        return NAME if x >= GUTTER else None
    return next((one for left, one in reversed(places) if left <= x < left + one.width), None)


def draw_sheet(board: Board, sheet: Sheet, markers: Markers) -> None:
    """Draw the headings, the visible rows, and a scroll bar."""
    ascii_only = markers == "ascii"
    name, places = layout(board.width, sheet.column, sheet.columns)
    _write_headings(board, sheet, name, places, ascii_only)
    seen = board.height - 1
    visible = range(sheet.first, sheet.first + min(seen, sheet.total - sheet.first))
    known = {place: briefly(NAME.text(sheet.rows[place]), name) for place in visible if place in sheet.rows}
    names = dict(zip(known, shorten_alike(list(known.values()), name, ELLIPSES[ascii_only]), strict=True))
    for line, place in enumerate(visible):
        row = sheet.rows.get(place)
        if row is None:
            board.write(line + 1, GUTTER, "..." if ascii_only else "…", DIM)
        else:
            above = sheet.rows.get(place - 1) if line else None
            if above is not None and above.group == row.group:
                row = replace(row, counted=0)  # the mean stands beside the first run of a setting
            _write_row(board, line + 1, row, sheet, names[place], places, ascii_only)
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
    more_left, more_right = sheet.column > 0, sheet.column + len(places) < len(sheet.columns)
    if more_left:
        board.write(0, GUTTER + name - 1, "<" if ascii_only else "◂", DIM)
    if more_right:
        board.write(0, board.width - 1, ">" if ascii_only else "▸", DIM)


def _write_row(
    board: Board, line: int, row: RunRow, sheet: Sheet, name: str, places: list[tuple[int, Column]], ascii_only: bool
) -> None:
    choice, dots = sheet.choices.get(row.run), ELLIPSES[ascii_only]
    role = HERE if row.here else TEXT
    if choice is not None:
        board.write(line, 1, choice.letter, slot_role(choice))
    if row.pinned:
        board.write(line, 2, "^" if ascii_only else "▴", HEAD)
    traits = traits_of(row.state)
    sign = (ELSEWHERE if row.elsewhere else (traits.sign, traits.ascii_sign))[ascii_only]
    board.write(line, 3, sign, ROLES.index(traits.role))
    board.write(line, GUTTER, name, role)
    for left, one in places:
        shown = shorten(one.text(row), one.width, dots)
        board.write(line, left if one.left else left + one.width - len(shown), shown, role)


def slot_role(choice: SelectedRun) -> int:
    """Return the role of a selected run's letter."""
    return DIM if choice.slot is None else FIRST_SLOT + choice.slot


def _mark_cursor(board: Board, line: int, ascii_only: bool) -> None:
    board.write(line, 0, ">" if ascii_only else "▸", CURSOR)
    letter = board.roles[line, 1]
    board.roles[line, :-1] = CURSOR
    if board.characters[line, 1] in LETTERS:  # its colour identifies the curve
        board.roles[line, 1] = letter


def _write_bar(board: Board, sheet: Sheet, seen: int, ascii_only: bool) -> None:
    if sheet.total <= seen or seen < 1:
        return
    length = max(1, seen * seen // sheet.total)
    start = (seen - length) * sheet.first // max(1, sheet.total - seen)
    for line in range(seen):
        inside = start <= line < start + length
        board.write(line + 1, board.width - 1, ("#" if inside else "|") if ascii_only else "█" if inside else "│", DIM)


@dataclass(frozen=True, slots=True)
class Column:
    """A column ``width`` cells wide; ``sort`` is the field of filters that it shows."""

    heading: str
    sort: str
    width: int
    text: Callable[[RunRow], str]
    left: bool = False
    descending: bool = False  # the way in which it is sorted first


def cell_text(text: str) -> str:
    """Make text from the store printable, in cells of one width."""
    return one_cell(plain(text))


def briefly(name: str, most: int) -> str:
    """Return ``name``; if it is longer than ``most`` and lists fields with values, as a sweep does, only the values."""
    pieces = [piece.partition(" = ") for piece in name.split(", ")]
    return name if len(name) <= most or not all(sign for _, sign, _ in pieces) else ", ".join(v for *_, v in pieces)


def number(value: float | None) -> str:
    """Format a measured value, or nothing."""
    return "" if value is None else format_measure(value)


def score(row: RunRow) -> str:
    """Format the accuracy, or R² if that is measured."""
    if row.accuracy is not None:
        return f"{row.accuracy:.1%}"
    return "" if row.r2 is None else f"R² {row.r2:.3f}"


def epochs(row: RunRow) -> str:
    """Format the finished epochs, and the total if some are left."""
    if row.wanted is None or row.epoch >= row.wanted:
        return f"{row.epoch:,}"
    return f"{row.epoch:,}/{row.wanted:,}"


def age(row: RunRow) -> str:
    """Format how long ago the run was saved."""
    return "now" if row.age < 5 else format_age(row.age)


def tags(row: RunRow) -> str:
    """Format the tags, each with its sign."""
    return " ".join(f"#{cell_text(tag)}" for tag in row.tags.split())


def duration(row: RunRow) -> str:
    """Format how long the run has trained."""
    if row.seconds is None:
        return ""
    return f"{row.seconds:.1f} s" if row.seconds < 10 else format_clock(row.seconds)


def rate(row: RunRow) -> str:
    """Format the learning rate."""
    return "" if row.rate is None else f"{row.rate:g}"


COLUMNS = (
    Column("loss", "loss", 8, lambda row: number(row.loss)),
    Column("val loss", "val_loss", 8, lambda row: number(row.val_loss)),
    Column("score", "score", 8, score, descending=True),
    Column("rate", "lr", 7, rate),
    Column("layers", "layers", 8, lambda row: cell_text(row.layers), left=True),
    Column("optimizer", "optimizer", 9, lambda row: cell_text(row.optimizer), left=True),
    Column("dataset", "dataset", 12, lambda row: cell_text(row.dataset), left=True),
    Column("epochs", "epochs", 9, epochs, descending=True),
    Column("time", "time", 7, duration, descending=True),
    Column("ago", "age", 6, age),
    Column("state", "state", 13, lambda row: cell_text(row.state), left=True),
    Column("tags", "tag", 16, tags, left=True),
    Column("seed", "seed", 5, lambda row: "" if row.seed is None else str(row.seed)),
    Column("batch", "batch", 6, lambda row: "full" if row.batch is None else str(row.batch)),
    Column("activation", "activation", 10, lambda row: cell_text(row.activation), left=True),
    Column("run", "run", 6, lambda row: str(row.run), descending=True),
)


def mean(row: RunRow) -> str:
    """Format the mean and deviation over the runs of the same settings, and how many they are."""
    if row.mean is None or not row.counted:
        return ""
    deviation = "" if row.deviation is None else f" ± {format_measure(row.deviation, 2)}"
    of = "" if row.counted == row.members else f"/{row.members}"
    return f"{format_measure(row.mean)}{deviation}, {row.counted}{of}"


MEAN = Column("mean ± deviation, of", "", 24, mean)
NAME = Column("name", "name", 14, lambda row: cell_text(row.name), left=True)


SORTABLE_COLUMNS = (NAME, *COLUMNS)


def sort_of(measure: str) -> str:
    """Return the column that sorts the best runs by a measure together: its own, or that of the loss."""
    held, bare = measure.startswith("val_"), measure.removeprefix("val_")
    if bare in ("accuracy", "r2"):
        return "score"
    return "val_loss" if held else "loss"


class SheetPanel(FrameWidget[Drawn], Generic[Drawn]):
    """Draws content on a board of its own size; only cells that change are repainted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sheet--{name}" for name in NAMES}
    DEFAULT_CSS = f"""
    SheetPanel {{
        .sheet--text {{ color: $foreground; }}
        .sheet--dim {{ color: $foreground-muted; }}
        .sheet--head {{ color: $foreground-muted; text-style: bold; }}
        .sheet--sorted {{ color: $text-primary; text-style: bold; }}
        .sheet--cursor {{ color: $foreground; background: $primary-muted; text-style: bold; }}
        .sheet--good {{ color: $text-success; }}
        .sheet--bad {{ color: $text-error; }}
        .sheet--here {{ color: $text-primary; text-style: bold; }}
        {series_css("sheet--slot-", SLOT_COLORS, SLOT_COLORS)}
    }}
    """

    def __init__(self, drawing: Drawn, write: Callable[[Board, Drawn, Markers], None], classes: str) -> None:
        super().__init__(drawing, classes)
        self._write = write

    def draw(self, drawing: Drawn, width: int, height: int) -> Frame:
        board = Board(width, height)
        if board.characters.size:
            self._write(board, drawing, self.markers)
        return board.frame()

    def styles_of(self, drawing: Drawn) -> Mapping[int, Style]:
        return {role: self.style_named(f"sheet--{name}") for role, name in enumerate(NAMES)}


class RunsPanel(SheetPanel[Sheet]):
    """Shows the list: clicks go to a run, select it (on its letter), or sort (on a heading); the wheel scrolls."""

    @dataclass
    class Pointed(Message):
        """The run at ``place`` was clicked: in front of its name, to ``choose`` it, or elsewhere, twice to open it."""

        place: int
        choose: bool
        twice: bool = False

    @dataclass
    class Sorted(Message):
        """The heading of a field was clicked."""

        field: str

    @dataclass
    class Scrolled(Message):
        """The wheel was turned by so many ``rows``."""

        rows: int

    def __init__(self) -> None:
        super().__init__(Sheet(), draw_sheet, "list")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        sheet = self._drawing
        if event.y == 0:
            column = column_at(self.size.width, sheet.column, sheet.columns, event.x)
            if column is not None and column.sort:
                self.post_message(self.Sorted(column.sort))
        elif sheet.first + event.y - 1 < sheet.total:
            self.post_message(self.Pointed(sheet.first + event.y - 1, event.x < GUTTER, event.chain == 2))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Scrolled(WHEEL))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Scrolled(-WHEEL))


@dataclass(frozen=True, slots=True, eq=False)
class Differing:
    """The compared runs, and the fields in which their experiments differ."""

    runs: tuple[RunRow, ...] = ()
    differences: tuple[Difference, ...] = ()
    choices: Mapping[int, SelectedRun] = field(default_factory=dict)


class DifferencesPanel(SheetPanel[Differing]):
    """Shows a table of the differences between the selected runs."""

    def __init__(self) -> None:
        super().__init__(Differing(), draw_differences, "differences")


RESULTS: tuple[tuple[str, Callable[[RunRow], str]], ...] = (
    ("epochs", epochs),
    ("loss", lambda row: number(row.loss)),
    ("validation loss", lambda row: number(row.val_loss)),
    ("accuracy, or R²", score),
    ("time", duration),
)


def draw_differences(board: Board, table: Differing, markers: Markers) -> None:
    """Draw as many runs and rows as fit, and say how many are left out."""
    if len(table.runs) < 2:
        board.write(0, 0, shorten("Choose two or more runs to see how they differ.", board.width), DIM)
        return
    dots = "~" if markers == "ascii" else "…"
    body = [(one.path, tuple(map(one_cell, one.values))) for one in table.differences] or [(SAME, ())]
    results = [(name, tuple(map(text, table.runs))) for name, text in RESULTS]
    results = [(name, texts) for name, texts in results if any(texts)]
    path = min(PATH, max(len(name) for name, _ in [*body, *results]))
    shown = max(1, min(len(table.runs), (board.width - path) // (NARROWEST + COLUMN_GAP)))
    width = max(1, min(WIDEST, (board.width - path) // shown - COLUMN_GAP))
    _write_runs(board, table, path, width, shown, dots)
    room = board.height - 1 - len(results)
    if len(body) > room:
        more = len(body) - max(room - 1, 0)
        body = [*body[: max(room - 1, 0)], (f"{more} more fields", ())]
    for line, (name, texts) in enumerate([*body, *results], start=1):
        # The end of a path tells more than its beginning.
        label = name if len(name) <= path else dots + name[-(path - 1) :]
        board.write(line, 0, label, DIM if line <= len(body) else HEAD)
        for place, text in enumerate(texts[:shown]):
            board.write(line, _left(path, width, place), shorten(text or "-", width, dots), TEXT if text else DIM)


def _write_runs(board: Board, table: Differing, path: int, width: int, shown: int, dots: str) -> None:
    hidden = len(table.runs) - shown
    board.write(0, 0, shorten(f"+{hidden} runs" if hidden else "differs", path), DIM)
    names = shorten_alike([cell_text(row.name) for row in table.runs[:shown]], width - 2, dots)
    for place, row in enumerate(table.runs[:shown]):
        choice = table.choices.get(row.run)
        left = _left(path, width, place)
        if choice is not None:
            board.write(0, left, choice.letter, slot_role(choice))
        board.write(0, left + 2, names[place], HEAD)


def _left(path: int, width: int, place: int) -> int:
    return path + COLUMN_GAP + place * (width + COLUMN_GAP)
