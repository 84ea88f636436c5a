"""What is wrong with a dataset, in one sentence."""

from __future__ import annotations

from tui_trainer.errors import ExperimentError


class DatasetError(ExperimentError):
    """An ExperimentError whose field is one of ``dataset.*``."""


class ReadingStopped(Exception):
    """The reading of a file was stopped by whoever watched its progress."""
