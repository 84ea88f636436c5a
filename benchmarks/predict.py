"""How long predictions of a large file take, against pandas reading it: both in turn, several times.

python benchmarks/predict.py [--rows 1000000] [--rounds 3] [--ids]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec.structs import replace

from tui_trainer.experiment.schema import OWN_DATA, DatasetConfig
from tui_trainer.export.predictions import predict_file
from tui_trainer.export.trained import trained
from tui_trainer.training.session import Session

FEATURES = 10
IDS = "customer"  # a column that tells the rows apart, by which predictions are called


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ids", action="store_true", help="with a first column of texts that tell the rows apart")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        rng = np.random.default_rng(0)
        x = rng.normal(size=(options.rows, FEATURES)).round(4)
        frame = pd.DataFrame(x, columns=[f"x{number}" for number in range(FEATURES)])
        if options.ids:
            frame.insert(0, IDS, [f"C{number:07d}" for number in range(options.rows)])
        small = frame.head(1000).assign(y=x[:1000].sum(axis=1))
        small.to_csv(path.with_name("small.csv"), index=False)
        frame.to_csv(path, index=False)
        session = Session()
        own = DatasetConfig(path=str(path.with_name("small.csv")), target="y", standardize_target=True)
        session.load(replace(OWN_DATA, dataset=own, training=replace(OWN_DATA.training, epochs=1)))
        session.train()
        session.advance_to_end()
        model = trained(session)
        ratios = []
        for _ in range(options.rounds):
            begin = time.perf_counter()
            pd.read_csv(path)
            middle = time.perf_counter()
            with open(os.devnull, "wb") as stream:
                stream.writelines(predict_file(model, str(path)).csv)
            end = time.perf_counter()
            ratios.append((end - middle) / (middle - begin))
            print(f"pandas reads it in {middle - begin:.2f} s; read, predicted and written in {end - middle:.2f} s")
    what = f"{options.rows:,} rows of {FEATURES} features{' and an id' * options.ids}"
    print(f"{what}: {statistics.median(ratios):.2f} times pandas (mark: 3)")


if __name__ == "__main__":
    main()
