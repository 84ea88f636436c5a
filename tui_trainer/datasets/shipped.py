"""The CSV files that come with the app, as they stand in the catalog; data/README.md says where they are from."""

from __future__ import annotations

from dataclasses import replace

from .entries import ShippedFile

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

_BOSTON = ShippedFile(
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
    description="Whether each of 569 tumours was malignant or benign, from 30 measures of its cell nuclei.",
)
_DIGITS = ShippedFile(
    name="digits",
    title="Digits, 8x8 pixels",
    file="digits.csv",
    features=tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
    target="target",
    task="multiclass",
    classes=tuple("0123456789"),
    description="Which digit 13 people wrote, from 1,797 pictures of 8 by 8 pixels.",
)

SHIPPED = (
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
    _WINE,
    _BREAST_CANCER,
    _DIGITS,
)
