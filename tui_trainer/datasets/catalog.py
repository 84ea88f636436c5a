"""The catalog of datasets that come with the app: the CSV files it ships (data/README.md gives their sources), then
the toy sets it generates; settings that train each of them well; and how a configuration changes when another dataset
is chosen.

No file is read and no point is generated here, and nothing is imported for that.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from tui_trainer.experiment.resolve import Task
from tui_trainer.experiment.schema import (
    FIRST_EXPERIMENT,
    OWN_DATA,
    ActivationName,
    DatasetConfig,
    Experiment,
    LayerConfig,
    OptimizerConfig,
    OutputConfig,
)

# The possible features of a two-dimensional toy set; ``toy_sets.TRANSFORMS`` computes them.
PLANE_COLUMNS = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
TWO_COLORS = ("orange", "blue")
HOME_COLUMNS = ("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")
PASSENGER_COLUMNS = ("Pclass", "Female", "Age", "SibSp", "Parch", "Fare")
_CELL_SIZES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
_CLOUD_NOISE = "noise widens the clouds"
_LABEL_NOISE = "noise mixes the colours near the boundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """A dataset by name; ``features`` are those used by default.

    ``classes`` are the names of the target's classes, empty for a regression.
    """

    name: str
    title: str
    features: tuple[str, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedFile(CatalogEntry):
    """A CSV file in the data folder.

    With ``classes``, the target column holds indices into them, and rows of other classes are left out.
    """

    file: str


_BOSTON = ShippedFile(
    name="boston",
    title="Boston housing, all features",
    file="boston.csv",
    features=("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"),
    target="PRICE",
    task="regression",
    classes=(),
    description="Median home value of 506 census tracts around Boston in 1970, from 13 features.",
)

_BREAST_CANCER = ShippedFile(
    name="breast_cancer",
    title="Breast cancer, Wisconsin",
    file="breast_cancer.csv",
    features=(
        *(f"mean {size}" for size in _CELL_SIZES),
        *(f"{size} error" for size in _CELL_SIZES),
        *(f"worst {size}" for size in _CELL_SIZES),
    ),
    target="target",
    task="binary",
    classes=("malignant", "benign"),
    description="Whether each of 569 tumours was malignant or benign, from 30 measurements of its cell nuclei.",
)

_DIGITS = ShippedFile(
    name="digits",
    title="Digits, 8x8 pixels",
    file="digits.csv",
    features=tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
    target="target",
    task="multiclass",
    classes=tuple("0123456789"),
    description="Which digit is in each of 1,797 pictures of 8 by 8 pixels, written by 13 people.",
)

_IRIS = ShippedFile(
    name="iris",
    title="Iris, three species",
    file="iris.csv",
    features=("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    target="target",
    task="multiclass",
    classes=("setosa", "versicolor", "virginica"),
    description="The species of 150 iris flowers, from the size of their sepals and petals.",
)

_WINE = ShippedFile(
    name="wine",
    title="Wine, three cultivars",
    file="wine.csv",
    features=(
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ),
    target="target",
    task="multiclass",
    classes=("cultivar 1", "cultivar 2", "cultivar 3"),
    description="The grape variety of 178 wines from one region of Italy, from 13 chemical measurements.",
)


SHIPPED = (
    _BOSTON,
    dataclasses.replace(
        _BOSTON,
        name="boston_rm",
        title="Boston housing, rooms only",
        features=("RM",),
        description="Median home value of 506 census tracts, from the average number of rooms.",
    ),
    dataclasses.replace(
        _BOSTON,
        name="boston_six",
        title="Boston housing, six features",
        features=("RM", "CRIM", "INDUS", "NOX", "AGE", "TAX"),
        description="Median home value of 506 census tracts, from six of the 13 features.",
    ),
    _IRIS,
    dataclasses.replace(
        _IRIS,
        name="iris_two",
        title="Iris, two species",
        task="binary",
        classes=("setosa", "versicolor"),
        description="Setosa or versicolor: the species of 100 iris flowers.",
    ),
    _WINE,
    _BREAST_CANCER,
    _DIGITS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySet(CatalogEntry):
    """A dataset generated from a formula; see ``toy_sets``.

    ``columns`` are all possible features, ``samples`` is the default number of rows. With ``any_classes`` the
    number of classes can be chosen, and ``classes`` are the default ones.
    """

    columns: tuple[str, ...] = PLANE_COLUMNS
    samples: int = 500
    any_classes: bool = False

    @property
    def in_the_plane(self) -> bool:
        """Whether its points are two-dimensional (x1, x2), with all the columns derived from them."""
        return self.columns == PLANE_COLUMNS

    def class_names(self, count: int | None) -> tuple[str, ...]:
        """Return the names of its classes, ``count`` of them if that can be chosen."""
        return blob_names(count) if self.any_classes and count is not None else self.classes


def blob_names(count: int) -> tuple[str, ...]:
    """Return names for ``count`` classes of blobs."""
    return tuple(f"blob {number}" for number in range(1, count + 1))


_BLOBS = ToySet(
    name="blobs",
    title="Toy: blobs",
    features=("x1", "x2"),
    target="blob",
    task="multiclass",
    classes=blob_names(4),
    description=f"Gaussian clouds on a circle, one for each of 2 to 10 classes; {_CLOUD_NOISE}.",
    any_classes=True,
)


def _curve(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x",),
        target="y",
        task="regression",
        classes=(),
        description=f"{description}, for x from -1 to 1; noise is added to y.",
        columns=("x",),
    )


def _surface(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x1", "x2"),
        target="y",
        task="regression",
        classes=(),
        description=description,
        samples=1200,
    )


def _two_colors(name: str, title: str, description: str) -> ToySet:
    return ToySet(
        name=name,
        title=f"Toy: {title}",
        features=("x1", "x2"),
        target="color",
        task="binary",
        classes=TWO_COLORS,
        description=description,
    )


_SIX_INPUTS = ToySet(
    name="six_inputs",
    title="Toy: six inputs",
    features=tuple(f"x{number}" for number in range(1, 7)),
    target="color",
    task="binary",
    classes=TWO_COLORS,
    description="Six inputs, of which x1 decides; noise mixes the colours, and at 50 % there is nothing to learn.",
    columns=tuple(f"x{number}" for number in range(1, 7)),
)
_HOMES = ToySet(
    name="homes",
    title="Made: homes of California",
    features=HOME_COLUMNS,
    target="MedHouseVal",
    task="regression",
    classes=(),
    description="Home values of made districts, in a table of the form of California housing; noise is added to them.",
    columns=HOME_COLUMNS,
    samples=2000,
)
_PASSENGERS = ToySet(
    name="passengers",
    title="Made: passengers",
    features=PASSENGER_COLUMNS,
    target="Survived",
    task="binary",
    classes=("lost", "saved"),
    description="Who is saved from a sinking ship, in a table of the form of the Titanic's; noise mixes the outcomes.",
    columns=PASSENGER_COLUMNS,
    samples=900,
)

TOYS = (
    _two_colors("halves", "two halves", f"Orange on the left, blue on the right; {_LABEL_NOISE}."),
    _two_colors("circle", "circle", f"A disc inside a ring; {_LABEL_NOISE}."),
    _two_colors("xor", "exclusive or", f"Four squares, opposite ones in the same colour; {_LABEL_NOISE}."),
    _two_colors("gauss", "two clouds", f"Two Gaussian clouds; {_CLOUD_NOISE}."),
    _two_colors("spiral", "spiral", "Two arms wound around each other; noise moves the points."),
    _two_colors("moons", "two moons", "Two interlocking half circles; noise moves the points."),
    _BLOBS,
    _two_colors("sine_border", "sine border", f"Blue above a sine wave, orange below; {_LABEL_NOISE}."),
    _two_colors("cubic_border", "cubic border", f"Blue above a cubic curve, orange below; {_LABEL_NOISE}."),
    _two_colors("abs_border", "V border", f"Blue above |x1| - 3, orange below; {_LABEL_NOISE}."),
    _surface("plane", "plane", "The number (x1 + x2) / 10; noise moves the point where it is measured."),
    _surface("multi_gauss", "six peaks", "Three peaks and three hollows; noise moves the point where it is measured."),
    _curve("curve_sine", "sine curve", "Two waves of a sine"),
    _curve("curve_bumps", "bumps", "Two bumps and a hollow"),
    _curve("curve_step", "step", "A step from -1 to 1"),
    _curve("curve_abs", "V curve", "The absolute value"),
    _curve("curve_poly", "cubic curve", "The polynomial 4 x^3 - 3 x"),
    _SIX_INPUTS,
    _HOMES,
    _PASSENGERS,
)

CATALOG: dict[str, ShippedFile | ToySet] = {entry.name: entry for entry in (*SHIPPED, *TOYS)}


@dataclass(frozen=True, slots=True)
class GoodSettings:
    """Settings that train a dataset well with Adam, found by trying.

    ``reaches`` is the accuracy, or R², of the validation part that they get to, whatever the seed.
    """

    units: tuple[int, ...]
    activation: ActivationName
    rate: float
    epochs: int
    reaches: float
    batch: int = 32
    l2: float = 0.0

    @property
    def in_words(self) -> str:
        """As ``8-8 tanh, Adam 0.02, 1,500 epochs``."""
        layers = "-".join(str(units) for units in self.units)
        return f"{layers} {self.activation}, Adam {self.rate:g}, {self.epochs:,} epochs"

    def applied_to(self, experiment: Experiment) -> Experiment:
        """Return ``experiment`` with these settings; seeds, metrics and stop conditions stay."""
        layers = tuple(LayerConfig(units, self.activation) for units in self.units)
        model = replace(experiment.model, layers=layers, output=OutputConfig(), weights=())
        training = replace(
            experiment.training,
            loss=None,
            optimizer=OptimizerConfig("adam"),
            learning_rate=self.rate,
            batch_size=self.batch,
            epochs=self.epochs,
            l1=0.0,
            l2=self.l2,
        )
        return replace(experiment, model=model, training=training)


# The first is for a user's own file; nothing is promised of what nobody has seen.
GOOD_SETTINGS: dict[str | None, GoodSettings] = {
    None: GoodSettings((32,), "relu", 0.01, 200, 0.0, l2=0.001),
    "boston": GoodSettings((32,), "relu", 0.01, 200, 0.75, l2=0.001),
    "boston_rm": GoodSettings((8,), "tanh", 0.01, 100, 0.4),
    "boston_six": GoodSettings((32,), "relu", 0.01, 200, 0.6, l2=0.001),
    "iris": GoodSettings((8,), "tanh", 0.01, 100, 0.9),
    "iris_two": GoodSettings((4,), "tanh", 0.01, 100, 1.0),
    "wine": GoodSettings((16,), "relu", 0.01, 60, 0.94, l2=0.001),
    "breast_cancer": GoodSettings((16,), "relu", 0.003, 60, 0.93, l2=0.001),
    "digits": GoodSettings((64,), "relu", 0.003, 40, 0.97, l2=0.0001),
    "halves": GoodSettings((4,), "tanh", 0.02, 100, 0.97, batch=20),
    "circle": GoodSettings((8,), "tanh", 0.02, 100, 0.98, batch=20),
    "xor": GoodSettings((8,), "tanh", 0.02, 150, 0.97, batch=20),
    "gauss": GoodSettings((4,), "tanh", 0.01, 100, 0.99),
    "spiral": GoodSettings((8, 8), "tanh", 0.02, 1500, 0.97, batch=20),
    "moons": GoodSettings((8,), "tanh", 0.02, 150, 0.99, batch=20),
    "blobs": GoodSettings((8,), "tanh", 0.01, 100, 0.98),
    "sine_border": GoodSettings((16, 8), "tanh", 0.01, 300, 0.93, batch=20),
    "cubic_border": GoodSettings((16, 8), "tanh", 0.01, 300, 0.95, batch=20),
    "abs_border": GoodSettings((8,), "tanh", 0.02, 200, 0.97, batch=20),
    "plane": GoodSettings((8,), "tanh", 0.01, 100, 0.99),
    "multi_gauss": GoodSettings((16, 8), "tanh", 0.01, 150, 0.9),
    "curve_sine": GoodSettings((16, 8), "tanh", 0.01, 400, 0.99, batch=20),
    "curve_bumps": GoodSettings((16, 8), "tanh", 0.01, 400, 0.99, batch=20),
    "curve_step": GoodSettings((16, 8), "tanh", 0.01, 300, 0.96, batch=20),
    "curve_abs": GoodSettings((8,), "tanh", 0.01, 200, 0.98, batch=20),
    "curve_poly": GoodSettings((8,), "tanh", 0.01, 300, 0.95, batch=20),
    "six_inputs": GoodSettings((4,), "tanh", 0.01, 60, 0.95, l2=0.001),
    "homes": GoodSettings((32,), "relu", 0.005, 100, 0.77, l2=0.0001),
    "passengers": GoodSettings((16,), "relu", 0.005, 60, 0.75, l2=0.001),
}


# Of thousands of rows a network learns less by heart, and a penalty that suits hundreds keeps it from learning at all;
# it takes so many steps that it needs no large ones, of which units die: benchmarks/baselines.py, on its made table.
LARGE_FILE = 1_000_000  # bytes
LARGE_FILE_SETTINGS = dataclasses.replace(GOOD_SETTINGS[None], rate=0.003, l2=0.0001)


def good_settings(config: DatasetConfig) -> GoodSettings | None:
    """Return settings that train the dataset of ``config`` well; None for a name that is not in the catalog."""
    if config.path is None:
        return GOOD_SETTINGS.get(config.name)
    return LARGE_FILE_SETTINGS if _file_size(config.path) >= LARGE_FILE else GOOD_SETTINGS[None]


def _file_size(path: str) -> int:
    """Return the bytes of a file; 0 where that can't be told."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0


def has_usual_settings(experiment: Experiment) -> bool:
    """Return whether network and training are as they were offered, for any dataset, and not the user's own choice."""
    offered = [one.applied_to(experiment) for one in (*GOOD_SETTINGS.values(), LARGE_FILE_SETTINGS)]
    first = [
        replace(experiment, model=replace(one.model, seed=experiment.model.seed), training=one.training)
        for one in (Experiment(), FIRST_EXPERIMENT, OWN_DATA)
    ]
    return experiment in offered or experiment in first


def without_lesson(changed: Experiment, before: Experiment) -> Experiment:
    """Return ``changed``, of other data than a lesson's ``before``, with the usual settings in place of the lesson's.

    How rows are scaled and split stays where it was chosen with the data.
    """
    usual, data, lesson = DatasetConfig(), changed.dataset, before.dataset
    standardize, split = data.standardize, data.validation_split
    data = replace(
        data,
        standardize=usual.standardize if standardize == lesson.standardize else standardize,
        validation_split=usual.validation_split if split == lesson.validation_split else split,
    )
    return replace(changed, dataset=data, model=OWN_DATA.model, training=OWN_DATA.training)


def choose(config: DatasetConfig, name: str) -> DatasetConfig:
    """Return ``config`` changed to the catalog's dataset ``name``.

    The chosen features and target are kept if the new dataset has them, as from one toy set to another, and are
    otherwise replaced by its defaults. Options for files are dropped and, for another dataset, added and removed
    points, too; numbers of another dataset are standardized. Raises KeyError for a name that is not in the catalog.
    """
    entry = CATALOG[name]
    columns = entry.columns if isinstance(entry, ToySet) else (*entry.features, entry.target)
    features = config.features if set(config.features) <= set(columns) else ()
    is_there = set(config.targets) <= {*columns, entry.target} and not set(config.targets) & set(features)
    target = config.target if is_there and not isinstance(entry, ToySet) else None
    if name != config.name:
        config = replace(config, points=(), removed=())
    scaled = config.standardize_target or name != config.name or config.path is not None
    return replace(without_file(config), name=name, features=features, target=target, standardize_target=scaled)


def without_file(config: DatasetConfig) -> DatasetConfig:
    """Return ``config`` without a file and its options: columns, dialect and kinds."""
    return replace(
        config,
        path=None,
        test_path=None,
        features=(),
        target=None,
        split_column=None,
        group_column=None,
        weight_column=None,
        delimiter=None,
        decimal=None,
        encoding=None,
        header=None,
        skip_rows=None,
        comment=None,
        quote=None,
        missing_marks=(),
        kinds=None,
        task=None,
    )


def choose_file(config: DatasetConfig, path: str | None) -> DatasetConfig:
    """Return ``config`` for the user's file at ``path``, with everything about it to be guessed.

    Numbers to predict are standardized. None chooses the catalog's dataset.
    """
    is_same = _normal(path) == _normal(config.path)
    return config if is_same else replace(without_file(config), path=path, standardize_target=True)


def _normal(path: str | None) -> str | None:
    r"""Return the path in one form: on Windows, ``/`` and ``\`` are the same."""
    return None if path is None else os.path.normpath(path)


def data_folder() -> Path:
    """Return the folder of the shipped files: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "data"
    return installed if installed.is_dir() else package.parent / "data"
