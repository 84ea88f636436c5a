"""Prints the statistics of the columns of a dataset: ``tui-trainer describe``."""

from __future__ import annotations

import sys

import msgspec

from tui_trainer.datasets import statistics_text
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
    target = statistics.columns[0]
    print(f"{statistics_text.heading(statistics)}; the target is {plain(target.name)}")
    print(statistics_text.detail(target, statistics))
    for line in statistics_text.table(statistics, ascii_only):
        print(line)
    for note in statistics.notes:
        print(escaped(note))
    return 0
