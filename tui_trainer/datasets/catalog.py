"""The datasets that come with the app: the files it ships, then the toy sets it makes."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tui_trainer.experiment.schema import DatasetConfig

from .entries import ShippedFile, ToySet
from .shipped import SHIPPED
from .toys import TOYS

CATALOG: dict[str, ShippedFile | ToySet] = {entry.name: entry for entry in (*SHIPPED, *TOYS)}


def choose(config: DatasetConfig, name: str) -> DatasetConfig:
    """``config`` for the dataset ``name`` of the catalog.

    Features and target chosen before stay where the new dataset has them, as from one toy set to another, and
    give way to its usual ones elsewhere; what was said of a file is forgotten, and so are points added and removed
    by hand in another dataset. KeyError for a name that is not in the catalog.
    """
    entry = CATALOG[name]
    columns = entry.columns if isinstance(entry, ToySet) else (*entry.features, entry.target)
    features = config.features if set(config.features) <= set(columns) else ()
    target = config.target if config.target in (*columns, entry.target) else None
    if isinstance(entry, ToySet) or target in features:
        target = None
    if name != config.name:
        config = replace(config, points=(), removed=())
    return replace(of_no_file(config), name=name, features=features, target=target)


def of_no_file(config: DatasetConfig) -> DatasetConfig:
    """``config`` without a file and all that was said of it: columns, dialect and kinds."""
    return replace(
        config,
        path=None,
        features=(),
        target=None,
        delimiter=None,
        decimal=None,
        encoding=None,
        header=None,
        kinds=None,
        task=None,
    )


def choose_file(config: DatasetConfig, path: str | None) -> DatasetConfig:
    """``config`` for the user's file at ``path``, all of it to be found out; without one, the catalog's dataset."""
    return config if path == config.path else replace(of_no_file(config), path=path)


def data_folder() -> Path:
    """Where the files are: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "data"
    return packed if packed.is_dir() else package.parent / "data"
