"""The selected runs, each with a letter and a colour that it keeps while it is selected; and the list's cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .messages import RunList, RunRow

LETTERS = "ABCDEFGH"
# Not those of the run under work, training and validation, nor what looks like them in the usual theme.
SLOT_COLORS = ("class2", "class3", "class4", "class8", "class5", "class9", "class6", "class7")
MARGIN = 2  # pages known before and after the visible one, so that scrolling needs no waiting


@dataclass(frozen=True, slots=True)
class SelectedRun:
    """A selected run; ``slot`` is its index in ``LETTERS`` and ``SLOT_COLORS``, None if all are taken."""

    run: int
    name: str
    slot: int | None

    @property
    def letter(self) -> str:
        """The letter that marks it."""
        return "+" if self.slot is None else LETTERS[self.slot]

    @property
    def color(self) -> str:
        """The colour of its curve, one of the plot's."""
        return SLOT_COLORS[self.slot or 0]


class SelectedRuns:
    """The selected runs in order of selection; the first eight have letters and are drawn as lines."""

    def __init__(self) -> None:
        self._chosen: dict[int, SelectedRun] = {}

    def __len__(self) -> int:
        return len(self._chosen)

    def __contains__(self, run: object) -> bool:
        return run in self._chosen

    @property
    def runs(self) -> tuple[int, ...]:
        """The numbers of all selected runs."""
        return tuple(self._chosen)

    @property
    def drawn(self) -> tuple[SelectedRun, ...]:
        """The runs with a letter, sorted by letter."""
        return tuple(sorted((one for one in self._chosen.values() if one.slot is not None), key=lambda one: one.letter))

    @property
    def lettered_first(self) -> tuple[SelectedRun, ...]:
        """All selected runs: those with a letter, sorted by it, and then the others."""
        return (*self.drawn, *(one for one in self._chosen.values() if one.slot is None))

    def get(self, run: int) -> SelectedRun | None:
        """Return a selected run; None if it is not selected."""
        return self._chosen.get(run)

    def toggle(self, run: int, name: str) -> SelectedRun | None:
        """Select or deselect a run, and return the selection, if any; a free letter goes to a run without one."""
        if run in self._chosen:
            del self._chosen[run]
            waiting = next((one for one in self._chosen.values() if one.slot is None), None)
            if waiting is not None:
                self._chosen[waiting.run] = replace(waiting, slot=self._free())
            return None
        self._chosen[run] = SelectedRun(run, name, self._free())
        return self._chosen[run]

    def choose(self, runs: Iterable[tuple[int, str]]) -> None:
        """Select exactly these runs, by number and name; the first one gets the first letter."""
        self._chosen.clear()
        for run, name in runs:
            self.toggle(run, name)

    def rename(self, run: int, name: str) -> bool:
        """Update the name of a run; return whether it has changed."""
        before = self._chosen.get(run)
        if before is None or before.name == name:
            return False
        self._chosen[run] = replace(before, name=name)
        return True

    def clear(self) -> None:
        """Deselect all runs."""
        self._chosen.clear()

    def remove(self, runs: tuple[int, ...]) -> None:
        """Deselect these runs."""
        for run in runs:
            if run in self._chosen:
                self.toggle(run, "")

    def _free(self) -> int | None:
        taken = {one.slot for one in self._chosen.values()}
        return next((slot for slot in range(len(LETTERS)) if slot not in taken), None)


@dataclass(slots=True)
class ListCursor:
    """The cursor: position ``cursor`` of ``total``, on ``run`` once that is known; row ``first`` is on top.

    ``page`` rows are visible at a time.
    """

    cursor: int = 0
    run: int | None = None
    first: int = 0
    page: int = 20
    total: int = 0
    rows: dict[int, RunRow] = field(default_factory=dict)

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor; None if there is none, or it is not known yet."""
        return self.rows.get(self.cursor)

    @property
    def wanted(self) -> tuple[int, int]:
        """Return the first row that should be known, and how many."""
        return max(0, self.first - MARGIN * self.page), (2 * MARGIN + 1) * self.page

    @property
    def is_known(self) -> bool:
        """Whether all visible rows are known."""
        return all(place in self.rows for place in range(self.first, min(self.first + self.page, self.total)))

    def go(self, cursor: int) -> None:
        """Move the cursor to a row, or as near as possible, and make it visible."""
        self.cursor = max(0, min(cursor, self.total - 1))
        self.run = None if self.row is None else self.row.run
        self.keep_seen()

    def scroll(self, rows: int) -> None:
        """Scroll down by so many rows, and keep the cursor visible."""
        self.first = max(0, min(self.first + rows, self.total - self.page))
        self.go(max(self.first, min(self.cursor, self.first + self.page - 1)))

    def take(self, listed: RunList) -> None:
        """Update the list; the cursor stays on its run, at the same height, if the run still exists."""
        height = self.cursor - self.first
        self.total = listed.total
        self.rows = dict(enumerate(listed.rows, start=listed.first))
        found = next((place for place, row in self.rows.items() if row.run == self.run), None)
        if found is None and listed.cursor == self.run:  # else it is the place of a run that the cursor has left
            found = listed.place
        if found is not None:
            self.cursor, self.first = found, found - height
        self.go(self.cursor)

    def keep_seen(self) -> None:
        """Scroll until the cursor is visible, and no row is empty that could show a run."""
        self.first = min(max(self.first, self.cursor - self.page + 1), self.cursor)
        self.first = max(0, min(self.first, self.total - self.page))
