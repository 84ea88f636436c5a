"""The status line: where training is, how fast it goes, and how good the model is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.errors import printable
from tui_trainer.formats import MISSING, format_clock, format_count, format_progress
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
MAX_SILENT_CHECKS = 3  # in a row; a trainer that trains reports at least every half second
MAX_SILENT_STEPS = 3  # where a step takes longer than that
ALWAYS = 3  # keys at the end that stay however narrow it gets: setup, help and quit


class StatusLine(Widget):
    """One line of the newest progress; parts that don't fit are left out, the least needed first."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; padding: 0 1; }
    """
    progress: reactive[Progress | None] = reactive(None)
    answers: reactive[bool] = reactive(True)  # whether the trainer does
    before: reactive[str] = reactive("starting the trainer …")  # shown before there is any progress

    _heard = _silent_checks = 0

    def check_silence(self, heard: int) -> None:
        """Take how often the trainer was ``heard`` so far; called every ``CHECK_EVERY`` seconds.

        Checks are counted, not seconds: an app that was stopped itself must not take the trainer for silent.
        """
        progress, before = self.progress, self._heard
        self._heard = heard
        if progress is None or progress.state != "running" or heard != before:
            self._silent_checks, self.answers = 0, True
            return
        self._silent_checks += 1
        slow = MAX_SILENT_STEPS / progress.steps_per_second / CHECK_EVERY if progress.steps_per_second else 0.0
        self.answers = self._silent_checks < max(MAX_SILENT_CHECKS, slow)

    def render(self) -> Text:
        if self.progress is None:
            return Text(self.before, style="dim")
        parts = status_parts(self.progress, self.answers)
        while len(parts) > 1 and sum(len(text) + 3 for _, text in parts) - 3 > self.size.width:
            parts.remove(max(parts, key=lambda part: part[0]))
        return Text("   ".join(text for _, text in parts), no_wrap=True, overflow="ellipsis")


def status_parts(progress: Progress, answers: bool = True) -> list[tuple[int, str]]:
    """Return the parts of the line, in order, each with its rank: the highest is left out first.

    Where the trainer does not answer, the line says so instead of a speed that is not true any more.
    """
    sign = RUN_STATES[progress.state].sign
    state = "" if progress.state in ("running", "ready", "paused") else f" {progress.state}"
    parts = [(0, f"{sign} epoch {progress.epoch:,}/{progress.epochs:,} {progress_bar(progress)}{state}")]
    for rank, (name, label) in enumerate(NAMES.items(), start=1):
        if name in progress.values:
            value = progress.values[name]
            parts.append((rank, f"{label} {metric_text(name, value)}"))
    if progress.unsaved:
        parts.insert(1, (0, f"not saved: {printable(progress.unsaved)}"))
    if "loss" not in progress.values and "batch_loss" in progress.values:
        parts.append((1, f"batch loss {progress.values['batch_loss']:.4g}"))
    parts.append((21, f"ρ {progress.learning_rate:g}"))
    if progress.state == "running" and not answers:
        parts.append((0, "the trainer does not answer"))
    elif progress.state == "running":
        parts.append((20, f"{format_count(progress.steps_per_second)} steps/s"))
        if progress.seconds_left is not None:
            parts.append((19, f"{format_clock(progress.seconds_left)} left"))
    else:
        parts.append((20, f"{progress.steps:,} steps"))
    return parts


def progress_bar(progress: Progress, width: int = 12) -> str:
    """The share of the epochs that is done, with the batches of the current one."""
    done = progress.epoch + progress.batch / max(1, progress.batches)
    return format_progress(round(width * min(1.0, done / progress.epochs)), width)


def metric_text(name: str, value: float) -> str:
    """A metric as people read it: an R² of nan (of a single row) is missing, a loss of nan is shown."""
    if name == "val_r2" and math.isnan(value):
        return MISSING
    return f"{value:.1%}" if name in PERCENT else f"{value:.4g}"


class KeyLine(Widget):
    """Shows keys and what they do. A key without effect now is dim, and stays where it is; all can be clicked."""

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
        self.screen.bindings_updated_signal.subscribe(self, self._show_changes)

    def _show_changes(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        line = Text(no_wrap=True, end="")
        style = self.get_component_rich_style("key-line--key", partial=True)
        for _, key in self._placed():
            start = len(line)
            line.append(key.display, style).append(f" {key.label} ")
            if not self._state(key):
                line.stylize("dim", start)
        return line

    def on_click(self, event: events.Click) -> None:
        """Do what the key does that was clicked."""
        for start, key in reversed(self._placed()):
            if event.x >= start:
                if event.x < start + _width(key) - 1:
                    self.call_later(self.screen.run_action, action_of(key.name))
                return

    def _placed(self) -> list[tuple[int, Key]]:
        """The keys that fit, each with its first column."""
        keys = [key for key in self._keys if self._state(key) is not False]
        while len(keys) > ALWAYS and sum(map(_width, keys)) - 1 > self.size.width:
            del keys[-ALWAYS - 1]
        starts = [sum(map(_width, keys[:index])) for index in range(len(keys))]
        return list(zip(starts, keys, strict=True))

    def _state(self, key: Key) -> bool | None:
        """True where the key works, None where it has no effect now, False where it means nothing now."""
        return self.screen.check_action(DO, (key.name,))


def _width(key: Key) -> int:
    return cell_len(f"{key.display} {key.label} ")


class MessageLine(Static):
    """One sentence, as plain text; an error stays until something else is said."""

    DEFAULT_CSS = """
    MessageLine {
        height: 1; padding: 0 1; color: $text-muted;
        &.-long { height: auto; max-height: 4; }
        &.-error { color: $text-error; background: $error-muted; }
        &.-good { color: $text-success; }
    }
    """

    def say(self, sentence: str, kind: str = "") -> None:
        """Show ``sentence``; ``kind`` is error, good or nothing."""
        sentence = printable(sentence)  # whatever it quotes: a file, a store, another program's complaint
        self.set_class(kind == "error", "-error")
        self.set_class(kind == "good", "-good")
        # One line keeps its height, so that most sentences cost no layout of the whole screen.
        was_long = self.has_class("-long")
        long = self._is_long(sentence)
        self.set_class(long, "-long")
        self.update(Text(sentence), layout=long or was_long)

    def on_resize(self) -> None:
        """What filled one line may need two of a narrower terminal."""
        self.set_class(self._is_long(str(self.content)), "-long")

    def _is_long(self, sentence: str) -> bool:
        return cell_len(sentence) > self.size.width > 0
