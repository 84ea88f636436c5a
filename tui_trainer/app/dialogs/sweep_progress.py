"""The progress of a sweep: a dialog with the best runs so far, which can cancel the rest, and a status line."""

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
from tui_trainer.ui.fields import TextButton

from .dialog import Dialog

Answer = Literal["go on", "cancel", "leave"]
NO_RUN_YET = "No run has finished yet."
GAP = "   "
BAR = 12
MIN_PARTS = 2  # always shown, however narrow it gets: the progress and the best run


class SweepProgressDialog(Dialog[Answer]):
    """Shows the progress of a sweep. With ``leaving``, it asks whether to quit the app, which ends the sweep."""

    CSS_PATH = "sweep_progress.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('go on')", "Back"),
        Binding("c", "answer('cancel')", "Cancel"),
        Binding("q", "answer('leave')", "Leave"),
    ]

    def __init__(self, progress: SweepProgress | None, leaving: bool = False) -> None:
        super().__init__()
        self._progress, self._leaving = progress, leaving

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "A sweep is running"
            if self._leaving:
                yield Static("Quitting ends it; finished runs are kept.", classes="asked", markup=False)
            yield Static(classes="done", markup=False)
            yield Static(NO_RUN_YET, classes="leaders")
            with Horizontal(classes="buttons"):
                yield TextButton("esc  Go on", "answer('go on')")
                if self._leaving:
                    yield TextButton("q  Quit", "answer('leave')")
                else:
                    yield TextButton("c  Cancel the rest", "answer('cancel')")

    def on_mount(self) -> None:
        self.show(self._progress)

    def on_resize(self) -> None:
        self.call_after_refresh(self.show, self._progress)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow leaving if the dialog asks about that, otherwise cancelling."""
        return parameters != (("cancel" if self._leaving else "leave"),)

    def show(self, progress: SweepProgress | None) -> None:
        """Show the current progress."""
        self._progress = progress
        if progress is None or not self.is_attached:
            return
        done = self.query_one(".done", Static)
        done.update("\n".join([bar(progress, max(done.size.width, 1)), self._sentence(progress)]))
        if progress.leaders:
            self.query_one(".leaders", Static).update(_table(progress))

    def _sentence(self, progress: SweepProgress) -> str:
        parts = [f"{progress.done:,} of {progress.planned:,} {progress.noun} done"]
        if progress.lost:
            parts.append(f"{progress.lost:,} without a score")
        if progress.seconds_left is not None:
            parts.append(f"about {format_clock(progress.seconds_left)} left")
        return ", ".join(parts)

    def action_answer(self, answer: Answer) -> None:
        self.dismiss(answer)


def _table(progress: SweepProgress) -> Table:
    """Return a table of the best runs so far, the best first."""
    table = Table.grid(padding=(0, 2))
    widest = max(len(text) for text in (progress.by, *(leader.value for leader in progress.leaders)))
    table.add_column(justify="right", no_wrap=True, width=widest)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row(Text(progress.by, "bold"), Text("the best so far", "bold"))
    for leader in progress.leaders:
        table.add_row(Text(leader.value), Text(printable(leader.name)))
    return table


class SweepLine(Widget):
    """Shows the progress, the best run so far, and the key for more, which a click on the line has too."""

    DEFAULT_CSS = """
    SweepLine { height: 1; background: $panel; color: $foreground; padding: 0 1; pointer: pointer; }
    """
    progress: reactive[SweepProgress | None] = reactive(None)

    class Pressed(Message):
        """The line was clicked."""

    def render(self) -> Text:
        key = hints(("sweep",))
        room = self.size.width - len(key) - len(GAP)
        texts = ["Sweep: starting …"] if self.progress is None else parts(self.progress)
        if len(texts) > MIN_PARTS and cell_len(GAP.join(texts)) > room:
            del texts[1]
        text = Text(GAP.join(texts), no_wrap=True, end="")
        text.truncate(max(room, 0), overflow="ellipsis", pad=True)
        return text.append(f"{GAP}{key}", "dim")

    def on_click(self) -> None:
        self.post_message(self.Pressed())


def parts(progress: SweepProgress) -> list[str]:
    """Return the texts of the line: the progress, the time left, and the best run."""
    texts = [f"Sweep {bar(progress, BAR)} {progress.done:,}/{progress.planned:,}"]
    if progress.seconds_left is not None and progress.done < progress.planned:
        texts.append(f"{format_clock(progress.seconds_left)} left")
    if progress.leaders:
        best = progress.leaders[0]
        texts.append(f"best {progress.by} {best.value}: {printable(best.name)}")
    return texts


def bar(progress: SweepProgress, width: int) -> str:
    """Draw the share of the runs that is done."""
    return format_progress(progress.done / max(1, progress.planned), width)
