"""The table of what differs between chosen runs: a field a row, a run a column; below, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui_trainer.plotting.frame import Board, one_cell, shorten
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.runs.messages import Difference, RunRow
from tui_trainer.tabs.runs.selection import Choice
from tui_trainer.tabs.runs.table import DIM, HEAD, TEXT, slot_role

from .cells import duration, epochs, number, score, told

PATH = 30  # cells of a field's path, at most
NARROWEST, WIDEST = 8, 18  # cells of a run's column
GAP = 2
SAME = "the same experiment"
RESULTS: tuple[tuple[str, Callable[[RunRow], str]], ...] = (
    ("epochs", epochs),
    ("loss", lambda row: number(row.loss)),
    ("validation loss", lambda row: number(row.val_loss)),
    ("accuracy, or R²", score),
    ("time", duration),
)


@dataclass(frozen=True, slots=True, eq=False)
class Differing:
    """The runs that are compared, and the fields in which their experiments differ."""

    runs: tuple[RunRow, ...] = ()
    differences: tuple[Difference, ...] = ()
    choices: Mapping[int, Choice] = field(default_factory=dict)


def draw_differences(board: Board, table: Differing, markers: Markers) -> None:
    """As many runs and rows as there is room for; what is left out is told."""
    if len(table.runs) < 2:
        board.write(0, 0, shorten("Choose two runs or more, to see in what they differ.", board.width), DIM)
        return
    dots = "~" if markers == "ascii" else "…"
    body = [(one.path, tuple(map(one_cell, one.values))) for one in table.differences] or [(SAME, ())]
    results = [(name, tuple(map(text, table.runs))) for name, text in RESULTS]
    results = [(name, texts) for name, texts in results if any(texts)]
    path = min(PATH, max(len(name) for name, _ in [*body, *results]))
    shown = max(1, min(len(table.runs), (board.width - path) // (NARROWEST + GAP)))
    width = max(1, min(WIDEST, (board.width - path) // shown - GAP))
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
    for place, row in enumerate(table.runs[:shown]):
        choice = table.choices.get(row.run)
        left = _left(path, width, place)
        if choice is not None:
            board.write(0, left, choice.letter, slot_role(choice))
        board.write(0, left + 2, shorten(told(row.name), width - 2, dots), HEAD)


def _left(path: int, width: int, place: int) -> int:
    return path + GAP + place * (width + GAP)
