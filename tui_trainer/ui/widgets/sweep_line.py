"""The line that tells how a sweep stands, while it is under way."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui_trainer.errors import printable
from tui_trainer.sweep.messages import Standing
from tui_trainer.ui.status_lines import clock

from ..views.hints import hints

GAP = "   "
BAR = 12
LEAST = 2  # parts that stay however narrow it is: what is done, and the best


class SweepLine(Widget):
    """How many runs are done, the best one so far, and the key that shows more; so does a click."""

    DEFAULT_CSS = """
    SweepLine { height: 1; background: $panel; color: $text-accent; padding: 0 1; pointer: pointer; }
    """
    standing: reactive[Standing | None] = reactive(None)

    class Pressed(Message):
        """The line was clicked."""

    def render(self) -> Text:
        key = hints(("sweep",))
        room = self.size.width - len(key) - len(GAP)
        found = ["Sweep: starting …"] if self.standing is None else parts(self.standing)
        if len(found) > LEAST and cell_len(GAP.join(found)) > room:
            del found[1]
        text = Text(GAP.join(found), no_wrap=True, end="")
        text.truncate(max(room, 0), overflow="ellipsis", pad=True)
        return text.append(f"{GAP}{key}", "dim")

    def on_click(self) -> None:
        self.post_message(self.Pressed())


def parts(standing: Standing) -> list[str]:
    """What is done, how long it may take, and what is best."""
    found = [f"Sweep {bar(standing, BAR)} {standing.done:,}/{standing.planned:,}"]
    if standing.seconds_left is not None and standing.done < standing.planned:
        found.append(f"{clock(standing.seconds_left)} left")
    if standing.leaders:
        best = standing.leaders[0]
        found.append(f"best {standing.by} {best.value}: {printable(best.name)}")
    return found


def bar(standing: Standing, width: int) -> str:
    """How much of the runs is done."""
    filled = width * standing.done // max(1, standing.planned)
    return "━" * filled + "─" * (width - filled)
