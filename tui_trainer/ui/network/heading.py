"""The line over the picture: which sample goes through, what it should give and what it gives; and a legend."""

from __future__ import annotations

from tui_trainer.plotting.frame import shorten
from tui_trainer.protocol.reports import DatasetView
from tui_trainer.tabs.network.messages import Network
from tui_trainer.ui.text import plain

from .lines import Line, Span
from .numbers import significant

LINES = {"color": ("━━", "━━"), "dashed": ("──", "╌╌"), "ascii": ("++", "--")}  # of positive and negative links
LONGEST_CLASS = 14


def heading(dataset: DatasetView, network: Network, width: int, lines: str) -> Line:
    """The sample, its target and the prediction; at the right, if there is room, how ``lines`` tell signs."""
    spans: list[Span] = [
        (f"sample {network.sample + 1:,} of {network.samples:,}", "text"),
        (f" (row {network.row:,})", "dim"),
        *_answer(dataset, network),
    ]
    for named, with_row in ((True, True), (True, False), (False, False)):
        shown = spans if with_row else [spans[0], *spans[2:]]
        legend = _legend(lines, named)
        free = width - sum(len(text) for text, _ in (*shown, *legend))
        if free >= 2:
            return (*shown, (" " * free, "text"), *legend)
    return tuple(shown)


def _legend(lines: str, named: bool) -> list[Span]:
    positive, negative = LINES[lines]
    signs = ("w > 0", "w < 0") if named else ("+", "−")
    return [(f"{positive} ", "positive"), (f"{signs[0]}  ", "dim"), (f"{negative} ", "negative"), (signs[1], "dim")]


def _answer(dataset: DatasetView, network: Network) -> list[Span]:
    if not dataset.classes:
        numbers = f"{significant(network.target)}, predicted {significant(network.prediction)}"
        return [(f": {shorten(plain(dataset.target), LONGEST_CLASS)} {numbers}", "text")]
    target, predicted = (
        shorten(plain(dataset.classes[int(index)]), LONGEST_CLASS) for index in (network.target, network.prediction)
    )
    right = network.target == network.prediction
    return [
        (f": {target}, ", "text"),
        ("predicted ", "dim"),
        (f"{predicted} {'✓' if right else '✗'}", "good" if right else "bad"),
    ]
