"""How long do large files of one's own take, against pandas alone, and how much memory?

    python benchmarks/read_csv.py [MEGABYTES] [KIND] [--pairs N]

Prints, for each kind of file, how long a look at it takes, the median of what reading takes in proportion to
``pandas.read_csv``, both in turn, in seconds and in processor time, and the most memory of a process that loads it
and splits it for training. Files are about 100 MB, or as large as asked for: mixed columns, decimal commas, gaps in the
last column, 784 columns of whole numbers, as pictures have, 10,000 columns, and, whatever the size, a million rows of
eleven columns.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from tui_trainer.datasets.loading import FileCache, load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.datasets.split import split
from tui_trainer.experiment.schema import DatasetConfig

BLOCK = 20_000  # rows that are made once and repeated
MILLION = "a million rows"


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


def measured(work: str, file: str) -> None:
    """Do the ``work`` in this process, which does nothing else; print seconds, processor time, and MB."""
    config = DatasetConfig(path=file)
    commas = file.endswith("commas.csv")
    if work == "read":
        from tui_trainer.datasets.csv import rows  # noqa: F401 (importing it is no reading)
    started, clock = time.perf_counter(), time.process_time()
    if work == "pandas":
        pd.read_csv(file, sep=";" if commas else ",", decimal="," if commas else ".")
    elif work == "read":
        FileCache().table(config)
    elif work == "look":
        Previewer().preview(config)
    else:
        dataset = load(config)
        split(dataset, config, dataset.y.shape[1])
    seconds, processor = time.perf_counter() - started, time.process_time() - clock
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(seconds, processor, megabytes)


def in_a_process(work: str, file: Path) -> tuple[float, float, float]:
    """What ``measured`` prints."""
    command = [sys.executable, __file__, "--work", work, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    seconds, processor, memory = map(float, result.stdout.split())
    return seconds, processor, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("megabytes", nargs="?", type=float, default=100)
    parser.add_argument("kind", nargs="?")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    files = {
        "mixed": mixed(),
        "decimal commas": mixed(",", ";"),
        "gaps at the end": mixed(gaps=True),
        "whole numbers": pictures(),
        "10,000 columns": wide(),
        MILLION: islice(mixed(), 1 + 1_000_000 // BLOCK),
    }
    if options.kind:
        files = {options.kind: files[options.kind]}
    heads = f"{'look':>8}{'read':>8}{'pandas':>8}{'ratio':>8}{'processor':>11}"
    print(f"{'file':<16}{heads}{'load + split':>15}{'memory':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, parts in files.items():
            file = Path(folder) / ("commas.csv" if name == "decimal commas" else "table.csv")
            if name == MILLION:
                file.write_text("".join(parts), encoding="utf-8")
            else:
                write(file, parts, int(options.megabytes * 1_000_000))
            look = in_a_process("look", file)
            pairs = [(in_a_process("read", file), in_a_process("pandas", file)) for _ in range(options.pairs)]
            ours, theirs = (min(pair[side][0] for pair in pairs) for side in (0, 1))
            ratio, processor = (statistics.median(one[part] / two[part] for one, two in pairs) for part in (0, 1))
            times = f"{look[0]:>7.2f}s{ours:>7.2f}s{theirs:>7.2f}s{ratio:>7.2f}x{processor:>10.2f}x"
            whole = in_a_process("load", file)
            print(f"{name:<16}{times}{whole[0]:>14.2f}s{whole[2]:>7.0f} MB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        measured(sys.argv[2], sys.argv[3])
    else:
        main()
