"""What the list tells of a run: a column for each, with its heading and the text in a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_trainer.plotting.frame import one_cell
from tui_trainer.tabs.runs.messages import RunRow
from tui_trainer.ui.status_lines import clock
from tui_trainer.ui.text import plain

from ..network.numbers import significant

UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
SIGNS = {
    "running": ("▶", ">"),
    "paused": ("‖", "|"),
    "finished": ("✔", "."),
    "stopped early": ("✔", "."),
    "diverged": ("✖", "x"),
    "cut off": ("!", "!"),
}
ELSEWHERE = ("↗", "@")


@dataclass(frozen=True, slots=True)
class Column:
    """A column ``width`` cells wide; ``sort`` is the field of filters that it shows."""

    heading: str
    sort: str
    width: int
    text: Callable[[RunRow], str]
    left: bool = False
    descending: bool = False  # the way in which it is sorted first


def told(text: str) -> str:
    """Text from the store, fit for cells of one width."""
    return one_cell(plain(text))


def briefly(name: str, most: int) -> str:
    """``name``; where it is longer than ``most``, and tells fields with their values as a sweep does, the values."""
    pieces = [piece.partition(" = ") for piece in name.split(", ")]
    return name if len(name) <= most or not all(sign for _, sign, _ in pieces) else ", ".join(v for *_, v in pieces)


def number(value: float | None) -> str:
    """A measured value, or nothing."""
    return "" if value is None else significant(value)


def score(row: RunRow) -> str:
    """The accuracy, or R² where that is followed."""
    if row.accuracy is not None:
        return f"{row.accuracy:.1%}"
    return "" if row.r2 is None else f"R² {row.r2:.3f}"


def epochs(row: RunRow) -> str:
    """How many are done, and of how many where some are left."""
    if row.wanted is None or row.epoch >= row.wanted:
        return f"{row.epoch:,}"
    return f"{row.epoch:,}/{row.wanted:,}"


def age(row: RunRow) -> str:
    """How long ago it was saved."""
    for size, unit in UNITS:
        if row.age >= size:
            return f"{row.age // size:.0f} {unit}"
    return "now" if row.age < 5 else f"{row.age:.0f} s"


def tags(row: RunRow) -> str:
    """Each with its sign."""
    return " ".join(f"#{told(tag)}" for tag in row.tags.split())


def duration(row: RunRow) -> str:
    """How long it has trained."""
    if row.seconds is None:
        return ""
    return f"{row.seconds:.1f} s" if row.seconds < 10 else clock(row.seconds)


def rate(row: RunRow) -> str:
    """The learning rate."""
    return "" if row.rate is None else f"{row.rate:g}"


COLUMNS = (
    Column("loss", "loss", 8, lambda row: number(row.loss)),
    Column("val loss", "val_loss", 8, lambda row: number(row.val_loss)),
    Column("score", "score", 8, score, descending=True),
    Column("rate", "lr", 7, rate),
    Column("layers", "layers", 8, lambda row: told(row.layers), left=True),
    Column("optimizer", "optimizer", 9, lambda row: told(row.optimizer), left=True),
    Column("dataset", "dataset", 12, lambda row: told(row.dataset), left=True),
    Column("epochs", "epochs", 9, epochs, descending=True),
    Column("time", "time", 7, duration, descending=True),
    Column("ago", "age", 6, age),
    Column("state", "state", 13, lambda row: told(row.state), left=True),
    Column("tags", "tag", 16, tags, left=True),
    Column("seed", "seed", 5, lambda row: "" if row.seed is None else str(row.seed)),
    Column("batch", "batch", 6, lambda row: "full" if row.batch is None else str(row.batch)),
    Column("activation", "activation", 10, lambda row: told(row.activation), left=True),
    Column("run", "run", 6, lambda row: str(row.run), descending=True),
)
NAME = Column("name", "name", 14, lambda row: told(row.name), left=True)
SORTED = (NAME, *COLUMNS)


def sort_of(measure: str) -> str:
    """The column in which the best runs by a measure stand together: its own, or else that of the loss."""
    held, bare = measure.startswith("val_"), measure.removeprefix("val_")
    if bare in ("accuracy", "r2"):
        return "score"
    return "val_loss" if held else "loss"
