"""The dataset that was loaded last, for as long as neither its configuration nor its file changes."""

from __future__ import annotations

from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.file_cache import FileCache, stamp
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig


class DataCache:
    """Other targets, features and seeds do not read a file again."""

    def __init__(self) -> None:
        self._kept: tuple[DatasetConfig, object, Dataset] | None = None  # with the stamp of an own file
        self._files = FileCache()

    def get(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Dataset:
        """What ``config`` describes; what it raises is what ``datasets.load`` raises."""
        mark = None if config.path is None else stamp(config.path)
        if self._kept is None or self._kept[:2] != (config, mark) or (config.path is not None and mark is None):
            self._kept = (config, mark, load(config, on_progress, self._files))
        return self._kept[2]

    def provide(self, dataset: Dataset, config: DatasetConfig) -> None:
        """Take ``dataset`` for what ``config`` describes, which is no file."""
        self._kept = (config, None, dataset)
