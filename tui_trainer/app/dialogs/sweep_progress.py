"""How a sweep stands: the best runs so far, and the way to end it."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.errors import printable
from tui_trainer.formats import format_clock, format_progress
from tui_trainer.sweep.messages import SweepProgress
from tui_trainer.tabs.view import hints
from tui_trainer.ui.button import TextButton

from .dialog import Dialog

Wanted = Literal["go on", "cancel", "leave"]
NOTHING = "No run has ended yet."
GAP = "   "
BAR = 12
MIN_PARTS = 2  # parts that stay however narrow it is: what is done, and the best


class SweepProgressDialog(Dialog[Wanted]):
    """Shows what it is told. With ``leaving``, it asks whether the app is to be left, which ends the sweep."""

    CSS_PATH = "sweep_progress.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('go on')", "Back"),
        Binding("c", "answer('cancel')", "Cancel"),
        Binding("q", "answer('leave')", "Leave"),
    ]

    def __init__(self, standing: SweepProgress | None, leaving: bool = False) -> None:
        super().__init__()
        self._standing, self._leaving = standing, leaving

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "A sweep is under way"
            if self._leaving:
                yield Static("Leaving ends it; the runs that are done are kept.", classes="asked", markup=False)
            yield Static(classes="done", markup=False)
            yield Static(NOTHING, classes="leaders")
            with Horizontal(classes="buttons"):
                yield TextButton("esc  Go on", "answer('go on')")
                if self._leaving:
                    yield TextButton("q  Leave", "answer('leave')")
                else:
                    yield TextButton("c  Cancel the rest", "answer('cancel')")

    def on_mount(self) -> None:
        self.show(self._standing)

    def on_resize(self) -> None:
        self.call_after_refresh(self.show, self._standing)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaving is offered where it was asked for, and cancelling elsewhere."""
        return parameters != (("cancel" if self._leaving else "leave"),)

    def show(self, standing: SweepProgress | None) -> None:
        """Show how the sweep stands now."""
        self._standing = standing
        if standing is None or not self.is_attached:
            return
        done = self.query_one(".done", Static)
        done.update("\n".join([bar(standing, max(done.size.width, 1)), self._told(standing)]))
        if standing.leaders:
            self.query_one(".leaders", Static).update(_table(standing))

    def _told(self, standing: SweepProgress) -> str:
        parts = [f"{standing.done:,} of {standing.planned:,} runs are done"]
        if standing.lost:
            parts.append(f"{standing.lost:,} without a score")
        if standing.seconds_left is not None:
            parts.append(f"about {format_clock(standing.seconds_left)} left")
        return ", ".join(parts)

    def action_answer(self, wanted: Wanted) -> None:
        self.dismiss(wanted)


def _table(standing: SweepProgress) -> Table:
    """The best runs so far, the best one first."""
    table = Table.grid(padding=(0, 2))
    widest = max(len(text) for text in (standing.by, *(leader.value for leader in standing.leaders)))
    table.add_column(justify="right", no_wrap=True, width=widest)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row(Text(standing.by, "bold"), Text("the best so far", "bold"))
    for leader in standing.leaders:
        table.add_row(Text(leader.value), Text(printable(leader.name)))
    return table


class SweepLine(Widget):
    """How many runs are done, the best one so far, and the key that shows more; so does a click."""

    DEFAULT_CSS = """
    SweepLine { height: 1; background: $panel; color: $text-accent; padding: 0 1; pointer: pointer; }
    """
    standing: reactive[SweepProgress | None] = reactive(None)

    class Pressed(Message):
        """The line was clicked."""

    def render(self) -> Text:
        key = hints(("sweep",))
        room = self.size.width - len(key) - len(GAP)
        found = ["Sweep: starting …"] if self.standing is None else parts(self.standing)
        if len(found) > MIN_PARTS and cell_len(GAP.join(found)) > room:
            del found[1]
        text = Text(GAP.join(found), no_wrap=True, end="")
        text.truncate(max(room, 0), overflow="ellipsis", pad=True)
        return text.append(f"{GAP}{key}", "dim")

    def on_click(self) -> None:
        self.post_message(self.Pressed())


def parts(standing: SweepProgress) -> list[str]:
    """What is done, how long it may take, and what is best."""
    found = [f"Sweep {bar(standing, BAR)} {standing.done:,}/{standing.planned:,}"]
    if standing.seconds_left is not None and standing.done < standing.planned:
        found.append(f"{format_clock(standing.seconds_left)} left")
    if standing.leaders:
        best = standing.leaders[0]
        found.append(f"best {standing.by} {best.value}: {printable(best.name)}")
    return found


def bar(standing: SweepProgress, width: int) -> str:
    """The share of the runs that is done."""
    return format_progress(width * standing.done // max(1, standing.planned), width)
