"""Threads of the linear algebra: few for small networks, and back again for large ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
from threadpoolctl import threadpool_info
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig
from tui_trainer.training.session import Session

def threads():
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")

import numpy
print(threads())
session = Session()
for units in (4, 1500, 4):
    session.load(Experiment(model=ModelConfig(layers=(LayerConfig(units), LayerConfig(units)))))
    print(threads())
"""


@pytest.mark.parametrize(("asked", "most"), [("", 8), ("1", 1), ("64", 8)])
def test_threads_follow_the_size_of_the_network(asked: str, most: int) -> None:
    """In a process of its own, as limits are for the whole of it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment.pop(name, None)
    if asked:
        environment["OMP_NUM_THREADS"] = asked
    ended = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    by_itself, small, large, small_again = map(int, ended.stdout.split())
    assert (small, small_again) == (1, 1)
    assert large == min(by_itself, most), "all that the library takes by itself, but for a bound"
