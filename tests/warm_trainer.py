"""What a trainer does once in its life, done in the process that the trainers of tests are copies of."""

from __future__ import annotations

import gc

from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.training.session import linear_algebra

load(DatasetConfig("iris"))  # compiles the patterns that files are looked at with
linear_algebra()  # looks through all libraries of the process
gc.collect()
gc.freeze()  # else each copy would copy all objects, only to look at them
