"""The status line: where training is, how fast it goes, and how good the model is."""

from __future__ import annotations

import math

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from tui_trainer.protocol.reports import Progress

SIGNS = {
    "empty": "·",
    "ready": "■",
    "running": "▶",
    "paused": "‖",
    "finished": "✔",
    "stopped early": "✔",
    "diverged": "✖",
}
NAMES = {
    "loss": "loss",
    "val_loss": "val",
    "accuracy": "acc",
    "val_accuracy": "acc",
    "val_r2": "R²",
    "val_mae": "MAE",
}
PERCENT = ("accuracy", "val_accuracy")


class StatusLine(Widget):
    """One line of the newest progress; parts that don't fit are left out, the least needed first."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; padding: 0 1; }
    """
    progress: reactive[Progress | None] = reactive(None)
    before: reactive[str] = reactive("starting the trainer …")  # shown before there is any progress

    def render(self) -> Text:
        if self.progress is None:
            return Text(self.before, style="dim")
        parts = status_parts(self.progress)
        while len(parts) > 1 and sum(len(text) + 3 for _, text in parts) - 3 > self.size.width:
            parts.remove(max(parts, key=lambda part: part[0]))
        return Text("   ".join(text for _, text in parts), no_wrap=True, overflow="ellipsis")


def status_parts(progress: Progress) -> list[tuple[int, str]]:
    """The parts of the line, in order, each with its rank: the highest is the first to go."""
    sign = SIGNS[progress.state]
    state = "" if progress.state in ("running", "ready", "paused") else f" {progress.state}"
    parts = [(0, f"{sign} epoch {progress.epoch:,}/{progress.epochs:,} {bar(progress)}{state}")]
    for rank, (name, label) in enumerate(NAMES.items(), start=1):
        if name in progress.values:
            value = progress.values[name]
            parts.append((rank, f"{label} {shown(name, value)}"))
    if "loss" not in progress.values and "batch_loss" in progress.values:
        parts.append((1, f"batch loss {progress.values['batch_loss']:.4g}"))
    parts.append((21, f"ρ {progress.learning_rate:g}"))
    if progress.state == "running":
        parts.append((20, f"{short(progress.steps_per_second)} steps/s"))
        if progress.seconds_left is not None:
            parts.append((19, f"{clock(progress.seconds_left)} left"))
    else:
        parts.append((20, f"{progress.steps:,} steps"))
    return parts


def shown(name: str, value: float) -> str:
    """A value as people read it. R² of a single row, is nothing; a loss of nan is worth telling."""
    if name == "val_r2" and math.isnan(value):
        return "–"
    return f"{value:.1%}" if name in PERCENT else f"{value:.4g}"


def bar(progress: Progress, width: int = 12) -> str:
    """How much of the epochs is done, the epoch under way counted by its batches."""
    done = progress.epoch + progress.batch / max(1, progress.batches)
    filled = round(width * min(1.0, done / progress.epochs))
    return "━" * filled + "─" * (width - filled)


def short(value: float) -> str:
    """A count in few characters: 812, 9.3k, 41k, 1.2M."""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return f"{value:.0f}"


def clock(seconds: float) -> str:
    """A duration as 0:07, 12:05 or 3:00:12."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
