"""The one-line widgets around the tabs: the training status, the keys, and a message."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.errors import printable
from tui_trainer.formats import MISSING, format_clock, format_count, format_measure, format_progress
from tui_trainer.protocol import Progress
from tui_trainer.run_state import RUN_STATES

from .keymap import DO, Key, action_of

NAMES = {
    "loss": "loss",
    "val_loss": "val",
    "accuracy": "acc",
    "val_accuracy": "acc",
    "val_r2": "R²",
    "val_mae": "MAE",
}
PERCENT = ("accuracy", "val_accuracy")
CHECK_EVERY = 0.5  # seconds between two checks whether the trainer is silent
MAX_SILENT_CHECKS = 3  # in a row; during training, reports come at least every half second
MAX_SILENT_STEPS = 3  # if a step takes longer than that
PERMANENT_KEYS = 3  # keys at the end that are always shown: setup, help and quit


class StatusLine(Widget):
    """Shows the latest progress on one line; parts that do not fit are left out, the least important first.

    The pace is at the right; a click on it takes the next one.
    """

    class PaceClicked(Message):
        """The pace was clicked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status-line--pace"}
    DEFAULT_CSS = """
    StatusLine {
        height: 1; background: $panel; padding: 0 1;
        .status-line--pace { background: $accent-muted; color: $text-accent; text-style: bold; }
    }
    """
    pace: reactive[str] = reactive("")
    progress: reactive[Progress | None] = reactive(None)
    is_responding: reactive[bool] = reactive(True)  # whether the trainer sends reports
    loss_unit: reactive[str] = reactive("")  # said after the name of the loss
    largest_class: reactive[tuple[str, float] | None] = reactive(None)  # and the accuracy of always answering it
    before: reactive[str] = reactive("starting the trainer …")  # shown before there is any progress

    _reports_seen = _silent_checks = 0

    def check_silence(self, reports: int) -> None:
        """Update ``is_responding`` from the number of reports received so far; called every ``CHECK_EVERY`` seconds.

        Checks are counted, not seconds: after the app itself was suspended, the trainer must not appear silent.
        """
        progress, reports_before = self.progress, self._reports_seen
        self._reports_seen = reports
        if progress is None or progress.state != "running" or reports != reports_before:
            self._silent_checks, self.is_responding = 0, True
            return
        self._silent_checks += 1
        slow = MAX_SILENT_STEPS / progress.steps_per_second / CHECK_EVERY if progress.steps_per_second else 0.0
        self.is_responding = self._silent_checks < max(MAX_SILENT_CHECKS, slow)

    def render(self) -> Text:
        if self.progress is None:
            return Text(self.before, style="dim")
        parts = status_parts(self.progress, self.is_responding, self.loss_unit, self.largest_class)
        room = self.size.width - self._pace_width - 1
        while len(parts) > 1 and sum(len(text) + 3 for _, text in parts) - 3 > room:
            parts.remove(max(parts, key=lambda part: part[0]))
        line = Text("   ".join(text for _, text in parts), no_wrap=True, overflow="ellipsis")
        if self.pace:
            line.truncate(max(room, 0), overflow="ellipsis", pad=True)
            line.append(" ").append(f" {self.pace} ", self.get_component_rich_style("status-line--pace"))
        return line

    @property
    def _pace_width(self) -> int:
        return len(self.pace) + 2 if self.pace else 0

    def on_click(self, event: events.Click) -> None:
        """Take the next pace, by a click on the present one."""
        if event.x > self.size.width - self._pace_width:
            event.stop()
            self.post_message(self.PaceClicked())


def status_parts(
    progress: Progress,
    is_responding: bool = True,
    loss_unit: str = "",
    largest_class: tuple[str, float] | None = None,
) -> list[tuple[int, str]]:
    """Return the parts of the line, in order, each with its rank: the highest rank is left out first.

    ``loss_unit`` is said after the name of the loss, and the accuracy of always answering the ``largest_class`` after
    an accuracy. If the trainer does not respond, the line says so instead of showing an outdated speed.
    """
    sign = RUN_STATES[progress.state].sign
    state = "" if progress.state in ("running", "ready", "paused") else f" {progress.state}"
    parts = [(0, f"{sign} epoch {progress.epoch:,}/{progress.epochs:,} {progress_bar(progress)}{state}")]
    for rank, (name, label) in enumerate(NAMES.items(), start=1):
        if name in progress.values:
            value = progress.values[name]
            parts.append((rank, f"{label}{loss_unit if name == 'loss' else ''} {metric_text(name, value)}"))
    if largest_class is not None and "val_accuracy" in progress.values:
        name, share = largest_class
        parts.append((22, f"(always {printable(name)[:16]}: {share:.1%})"))
    if progress.unsaved:
        parts.insert(1, (0, f"not saved: {printable(progress.unsaved)}"))
    if "loss" not in progress.values and "batch_loss" in progress.values:
        parts.append((1, f"batch loss {metric_text('batch_loss', progress.values['batch_loss'])}"))
    parts.append((21, f"ρ {progress.learning_rate:g}"))
    if progress.state == "running" and not is_responding:
        parts.append((0, "the trainer does not answer"))
    elif progress.state == "running":
        parts.append((20, f"{format_count(progress.steps_per_second)} steps/s"))
        if progress.seconds_left is not None:
            parts.append((19, f"{format_clock(progress.seconds_left)} left"))
    else:
        parts.append((20, f"{progress.steps:,} steps"))
    return parts


def progress_bar(progress: Progress, width: int = 12) -> str:
    """Draw the completed share of the epochs, including the batches of the current one."""
    done = progress.epoch + progress.batch / max(1, progress.batches)
    return format_progress(round(width * min(1.0, done / progress.epochs)), width)


def metric_text(name: str, value: float) -> str:
    """Format a metric: an R² of nan (from a single row) is missing, a loss of nan is shown."""
    if name == "val_r2" and math.isnan(value):
        return MISSING
    if math.isnan(value):
        return "nan"
    return f"{value:.1%}" if name in PERCENT else format_measure(value)


class KeyLine(Widget):
    """Shows keys and what they do. A key without effect is dim but keeps its place; all can be clicked."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        pointer: pointer;
        .key-line--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._keys = keys

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._refresh_keys)

    def _refresh_keys(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        line = Text(no_wrap=True, end="")
        style = self.get_component_rich_style("key-line--key", partial=True)
        for _, key in self._visible_keys():
            start = len(line)
            line.append(key.display, style).append(f" {key.label} ")
            if not self._state(key):
                line.stylize("dim", start)
        return line

    def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked key."""
        for start, key in reversed(self._visible_keys()):
            if event.x >= start:
                if event.x < start + _width(key) - 1:
                    self.call_later(self.screen.run_action, action_of(key.name))
                return

    def _visible_keys(self) -> list[tuple[int, Key]]:
        """Return the keys that fit, each with its first column."""
        keys = [key for key in self._keys if self._state(key) is not False]
        while len(keys) > PERMANENT_KEYS and sum(map(_width, keys)) - 1 > self.size.width:
            del keys[-PERMANENT_KEYS - 1]
        starts = [sum(map(_width, keys[:index])) for index in range(len(keys))]
        return list(zip(starts, keys, strict=True))

    def _state(self, key: Key) -> bool | None:
        """Return True if the key works, None if it has no effect now, False if it is not available."""
        return self.screen.check_action(DO, (key.name,))


def _width(key: Key) -> int:
    return cell_len(f"{key.display} {key.label} ")


class MessageLine(Static):
    """Shows one message as plain text; an error stays until the next message."""

    DEFAULT_CSS = """
    MessageLine {
        height: 1; padding: 0 1; color: $text-muted;
        &.-long { height: auto; max-height: 4; }
        &.-error { color: $text-error; background: $error-muted; }
        &.-good { color: $text-success; }
    }
    """

    def show_message(self, sentence: str, kind: str = "") -> None:
        """Show ``sentence``; ``kind`` is "error", "good" or empty."""
        sentence = printable(sentence)  # it may quote a file, a store or another program's error
        self.set_class(kind == "error", "-error")
        self.set_class(kind == "good", "-good")
        # One line keeps its height, so that most messages need no new layout of the whole screen.
        was_long = self.has_class("-long")
        long = self._is_long(sentence)
        self.set_class(long, "-long")
        self.update(Text(sentence), layout=long or was_long)

    def on_resize(self) -> None:
        """Adapt the height: a message of one line may need two when the terminal is narrower."""
        self.set_class(self._is_long(str(self.content)), "-long")

    def _is_long(self, sentence: str) -> bool:
        return cell_len(sentence) > self.size.width > 0
