"""The datasets that come with the app."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..experiment import Task


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A dataset by name; ``features`` are the ones used where the user chooses none.

    With ``classes``, the target column holds indices into them, and rows of other classes are left out.
    """

    name: str
    title: str
    file: str
    features: tuple[str, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    description: str


_BOSTON = CatalogEntry(
    name="boston",
    title="Boston housing, all features",
    file="boston.csv",
    features=(
        "CRIM",
        "ZN",
        "INDUS",
        "CHAS",
        "NOX",
        "RM",
        "AGE",
        "DIS",
        "RAD",
        "TAX",
        "PTRATIO",
        "B",
        "LSTAT",
    ),
    target="PRICE",
    task="regression",
    classes=(),
    description="Median home value of 506 census tracts around Boston in 1970, from 13 features.",
)
_IRIS = CatalogEntry(
    name="iris",
    title="Iris, three species",
    file="iris.csv",
    features=("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    target="target",
    task="multiclass",
    classes=("setosa", "versicolor", "virginica"),
    description="The species of 150 iris flowers, from the size of their sepals and petals.",
)

CATALOG: dict[str, CatalogEntry] = {
    entry.name: entry
    for entry in (
        _BOSTON,
        replace(
            _BOSTON,
            name="boston_rm",
            title="Boston housing, rooms only",
            features=("RM",),
            description="Median home value of 506 census tracts, from the average number of rooms.",
        ),
        replace(
            _BOSTON,
            name="boston_six",
            title="Boston housing, six features",
            features=("RM", "CRIM", "INDUS", "NOX", "AGE", "TAX"),
            description="Median home value of 506 census tracts, from six of the 13 features.",
        ),
        _IRIS,
        replace(
            _IRIS,
            name="iris_two",
            title="Iris, two species",
            task="binary",
            classes=("setosa", "versicolor"),
            description="Setosa or versicolor: the species of 100 iris flowers.",
        ),
    )
}


def data_folder() -> Path:
    """Where the files are: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "data"
    return packed if packed.is_dir() else package.parent / "data"
