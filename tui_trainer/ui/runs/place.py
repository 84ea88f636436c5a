"""Where the cursor is in a list of which only a part is known, and which part is seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_trainer.tabs.runs.messages import RunList, RunRow

MARGIN = 2  # pages that are known before and after the one that is seen, so that leafing waits for nothing


@dataclass(slots=True)
class Place:
    """The cursor is at place ``cursor`` of ``total``, on the run ``run`` once that is known; ``first`` is seen first.

    ``page`` rows are seen at a time.
    """

    cursor: int = 0
    run: int | None = None
    first: int = 0
    page: int = 20
    total: int = 0
    rows: dict[int, RunRow] = field(default_factory=dict)

    @property
    def row(self) -> RunRow | None:
        """The run under the cursor; None where there is none, or it is not known yet."""
        return self.rows.get(self.cursor)

    @property
    def wanted(self) -> tuple[int, int]:
        """The first row that should be known, and how many."""
        return max(0, self.first - MARGIN * self.page), (2 * MARGIN + 1) * self.page

    @property
    def is_known(self) -> bool:
        """Whether all rows that are seen are known."""
        return all(place in self.rows for place in range(self.first, min(self.first + self.page, self.total)))

    def go(self, cursor: int) -> None:
        """Put the cursor there, or as near as there are runs, and have it seen."""
        self.cursor = max(0, min(cursor, self.total - 1))
        self.run = None if self.row is None else self.row.run
        self.keep_seen()

    def scroll(self, rows: int) -> None:
        """See rows further down, and the cursor among them."""
        self.first = max(0, min(self.first + rows, self.total - self.page))
        self.go(max(self.first, min(self.cursor, self.first + self.page - 1)))

    def take(self, listed: RunList) -> None:
        """Take on a newer list: the cursor stays on its run, at the same height, where the run is still there."""
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
        """Leaf so far that the cursor is seen, and no row stays empty that could show a run."""
        self.first = min(max(self.first, self.cursor - self.page + 1), self.cursor)
        self.first = max(0, min(self.first, self.total - self.page))
