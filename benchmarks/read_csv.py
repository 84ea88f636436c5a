"""How long do large files of one's own take: to be looked at, to be read, and read against pandas alone?

    python benchmarks/read_csv.py [MEGABYTES]

Prints seconds and ratios for a file of mixed columns, one with decimal commas and thousands, one with gaps in its
last column, one of 784 columns of whole numbers, as pictures have, and one of 10,000 columns; each about 100 MB, or as
large as asked for. The memory is the most that was used up to there: give one kind of file as a second word to see its
own, as in ``python benchmarks/read_csv.py 105 "whole numbers"``.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from tui_trainer.datasets.dataset import DatasetError
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig

BLOCK = 20_000  # rows that are made once and repeated


def mixed(decimal: str = ".", delimiter: str = ",", gaps: bool = False) -> Iterator[str]:
    """Eight numbers, an integer, a category, and two classes."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(scale=1000.0, size=(BLOCK, 8))
    yield delimiter.join([*(f"x{place}" for place in range(8)), "count", "colour", "y"]) + "\n"
    lines = []
    for place, row in enumerate(numbers):
        cells = [f"{value:.6f}".replace(".", decimal) for value in row]
        last = "" if gaps and place % 10 == 0 else str(place % 2)
        lines.append(delimiter.join([*cells, str(place % 977), ("red", "green", "blue")[place % 3], last]))
    block = "\n".join(lines) + "\n"
    while True:
        yield block


def wide() -> Iterator[str]:
    """10,000 numbers a row."""
    rng = np.random.default_rng(0)
    yield ",".join(f"x{place}" for place in range(10_000)) + "\n"
    lines = [",".join(f"{value:.4f}" for value in rng.normal(size=10_000)) + "\n" for _ in range(20)]
    while True:
        yield from lines


def pictures() -> Iterator[str]:
    """784 whole numbers below 256, most of them 0, and a class."""
    rng = np.random.default_rng(0)
    yield ",".join((*(f"pixel{place}" for place in range(784)), "label")) + "\n"
    pixels = rng.integers(0, 256, (500, 784)) * (rng.random((500, 784)) < 0.19)
    lines = [",".join(map(str, row)) + f",{place % 10}\n" for place, row in enumerate(pixels.tolist())]
    while True:
        yield from lines


def write(file: Path, parts: Iterator[str], size: int) -> None:
    """The parts, up to ``size`` bytes."""
    with file.open("w", encoding="utf-8") as stream:
        written = 0
        while written < size:
            written += stream.write(next(parts))


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else 100) * 1_000_000)
    files = {
        "mixed": (mixed(), ",", "."),
        "decimal commas": (mixed(",", ";"), ";", ","),
        "gaps at the end": (mixed(gaps=True), ",", "."),
        "whole numbers": (pictures(), ",", "."),
        "10,000 columns": (wide(), ",", "."),
    }
    if len(sys.argv) > 2:
        files = {sys.argv[2]: files[sys.argv[2]]}
    print(f"{'file':<16}{'look':>9}{'load':>9}{'pandas':>9}{'ratio':>8}{'memory':>10}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        for name, (parts, delimiter, decimal) in files.items():
            write(file, parts, size)
            config = DatasetConfig(path=str(file))
            look = seconds(lambda config=config: Previewer().preview(config))
            plain = seconds(lambda d=delimiter, m=decimal: pd.read_csv(file, sep=d, decimal=m))
            try:
                whole = seconds(lambda config=config: load(config))
            except DatasetError as error:
                print(f"{name:<16}{look:>8.2f}s refused: {error}")
                continue
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(f"{name:<16}{look:>8.2f}s{whole:>8.2f}s{plain:>8.2f}s{whole / plain:>7.1f}x{memory:>8.2f}GB")


if __name__ == "__main__":
    main()
