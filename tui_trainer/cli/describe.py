"""Prints the statistics of the columns of a dataset: ``tui-trainer describe``."""

from __future__ import annotations

import sys

import msgspec

from tui_trainer.datasets import statistics_text
from tui_trainer.datasets.dataset import target_in_words
from tui_trainer.datasets.statistics import describe
from tui_trainer.errors import escaped, plain
from tui_trainer.experiment.schema import DatasetConfig


def describe_data(config: DatasetConfig, as_json: bool) -> int:
    """Print the statistics of the data that ``config`` describes; return the exit code."""
    statistics = describe(config)
    if as_json:
        print(msgspec.json.encode(statistics).decode())
        return 0
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    targets = [column for column in statistics.columns if column.role == "target"]
    are = "target is" if len(targets) == 1 else "targets are"
    print(f"{statistics_text.heading(statistics)}; the {are} {plain(target_in_words([one.name for one in targets]))}")
    for target in targets:
        print(statistics_text.detail(target, statistics))
    if len(targets) > 1:
        print(f"How closely a column goes with the first one, {plain(targets[0].name)}, is told as with:")
    for line in statistics_text.table(statistics, ascii_only):
        print(line)
    for note in statistics.notes:
        print(escaped(note))
    return 0
