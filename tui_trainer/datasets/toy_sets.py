"""Generates toy sets from a formula, a noise level and a seed, as TensorFlow Playground does.

Most are points (x1, x2) on the square from -6 to 6. Circle, xor, gauss, spiral, plane and multi-gauss follow the
formulas of TensorFlow Playground (src/dataset.ts in tensorflow/playground). The three borders are those that its
issue 252 asks for, at the scale of its square. Moons are the two half circles of scikit-learn's ``make_moons``, three
times as large; blobs are gauss with more centres.

Every function of these takes the number of points n, the noise in per cent from 0 to 50, written q = noise / 100
below, and a generator. It returns the points (n, 2) and the target (n,): indices of classes, or numbers. Of two
classes 0 is orange, the Playground's -1, and 1 is blue, its +1. U(a, b) is the uniform distribution. Rows are ordered
by class where a formula says how many points a class has.

The others are curves to approximate: x from U(-1, 1), and y = f(x) plus a normal deviate of the deviation q. The
functions are of order 1 and have what a network finds hard or easy: waves, narrow peaks, a jump, a kink, and a smooth
polynomial. Each takes x (n,) and returns f(x) (n,).

Three are tables with more columns: inputs of which one decides, and the forms of two tables that courses use, with made
rows. Each takes the number of rows n, the noise and a generator, and returns its columns by name and the target (n,).

At the end, a set of the catalog becomes a dataset, with the points that the user added and without those removed. There
is no table in between: importing pandas would take longer than all that is done here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import DatasetConfig

from .catalog import HOME_COLUMNS, PASSENGER_COLUMNS, ToySet
from .columns import check_features
from .dataset import Dataset, DatasetError, Feature, PointOrigin, target_in_words
from .encoding import TargetColumn, target_from_labels

Array = NDArray[np.float64]
Points = tuple[Array, NDArray[Any]]
Curve = Callable[[Array], Array]
Columns = dict[str, NDArray[np.float64]]
Table = tuple[Columns, NDArray[Any]]

SIDE = 6.0  # half the side of the square
RADIUS = 5.0  # of circle and spiral, and half the side of xor
HALVES_SIDE = 1.5  # half the side of the square of halves
PADDING = 0.3  # between the squares of xor and the axes
BLOB_RADIUS = 4.0
MOON_SCALE = 3.0
PEAKS = (  # x1, x2 and sign of the six cones of multi-gauss
    (-4.0, 2.5, 1.0),
    (0.0, 2.5, -1.0),
    (4.0, 2.5, 1.0),
    (-4.0, -2.5, -1.0),
    (0.0, -2.5, 1.0),
    (4.0, -2.5, -1.0),
)
BUMPS = ((-0.6, 0.15, 1.0), (-0.05, 0.1, 0.6), (0.5, 0.2, -0.8))  # centre, width and height
# Separates the random numbers of the points from those of the split, which uses the seed alone.
MIN_SAMPLES = 2  # of a class: one for training and one for validation
_STREAM = 1
# The seven inputs of TensorFlow Playground
TRANSFORMS: dict[str, Callable[[Array, Array], Array]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1^2": lambda x1, x2: x1 * x1,
    "x2^2": lambda x1, x2: x2 * x2,
    "x1*x2": lambda x1, x2: x1 * x2,
    "sin(x1)": lambda x1, x2: np.sin(x1),
    "sin(x2)": lambda x1, x2: np.sin(x2),
}


def circle(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """A disc in a ring: half the radii from U(0, 2.5), half from U(3.5, 5); angles from U(0, 2 pi).

    Blue are the points nearer than 2.5 to the centre once shifted by U(-5, 5) q on each axis. The radius is
    uniform, so the disc is densest in its middle.
    """
    inner = samples - samples // 2
    radii = np.concatenate([rng.uniform(0, RADIUS / 2, inner), rng.uniform(0.7 * RADIUS, RADIUS, samples - inner)])
    angles = rng.uniform(0, 2 * np.pi, samples)
    points = radii[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    shifted = points + _shift(samples, noise, rng, RADIUS)
    return points, (np.hypot(*shifted.T) < RADIUS / 2).astype(np.intp)


def xor(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Four squares: each coordinate from U(-5, 5), pushed 0.3 away from 0.

    Blue is where the product of the coordinates, each shifted by U(-5, 5) q, is not negative.
    """
    points = rng.uniform(-RADIUS, RADIUS, (samples, 2))
    points += np.where(points > 0, PADDING, -PADDING)
    shifted = points + _shift(samples, noise, rng, RADIUS)
    return points, (shifted.prod(axis=1) >= 0).astype(np.intp)


def halves(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Coordinates from U(-1.5, 1.5); blue where x1, shifted by U(-1.5, 1.5) q, is above 0."""
    points = rng.uniform(-HALVES_SIDE, HALVES_SIDE, (samples, 2))
    shifted = points + _shift(samples, noise, rng, HALVES_SIDE)
    return points, (shifted[:, 0] > 0).astype(np.intp)


def gauss(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Two Gaussian clouds, half of the points blue around (2, 2), half orange around (-2, -2).

    The variance on each axis is 0.5 + 7 q.
    """
    blue = (np.arange(samples) < samples - samples // 2).astype(np.intp)
    centres = np.where(blue[:, None] == 1, 2.0, -2.0)
    return centres + rng.normal(0, _cloud_deviation(noise), (samples, 2)), blue


def spiral(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Two arms of k = n / 2 points: for i = 0 ... k - 1 the radius 5 i / k and the angle 1.75 * 2 pi i / k.

    The orange arm starts half a turn after the blue one. U(-1, 1) q is added to each coordinate, so without noise
    only the order of the rows depends on the generator.
    """
    sizes = (samples - samples // 2, samples // 2)
    progress = np.concatenate([np.arange(size) / size for size in sizes])
    blue = np.repeat(np.array([1, 0], dtype=np.intp), sizes)
    angles = 1.75 * 2 * np.pi * progress + np.where(blue == 1, 0.0, np.pi)
    points = RADIUS * progress[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    return points + _shift(samples, noise, rng, 1.0), blue


def moons(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Two half circles of radius 3 that reach into one another; the angle t from U(0, pi).

    Half the points are orange, at 3 (cos t - 1/2, sin t - 1/4); the blue ones are their mirror image in the origin.
    A normal deviate of the deviation 2 q is added to each coordinate.
    """
    blue = (np.arange(samples) >= samples - samples // 2).astype(np.intp)
    angles = rng.uniform(0, np.pi, samples)
    upper = MOON_SCALE * np.column_stack([np.cos(angles) - 0.5, np.sin(angles) - 0.25])
    points = np.where(blue[:, None] == 1, -upper, upper)
    return points + rng.normal(0, 2 * noise / 100, (samples, 2)), blue


def blobs(samples: int, noise: float, rng: np.random.Generator, classes: int = 4) -> Points:
    """``classes`` normal clouds around the corners of a regular polygon of radius 4, the first corner at (4, 0).

    The variance on each axis is that of gauss, 0.5 + 7 q; the sizes differ by one at most.
    """
    labels = np.sort(np.arange(samples) % classes).astype(np.intp)
    angles = 2 * np.pi * labels / classes
    centres = BLOB_RADIUS * np.column_stack([np.cos(angles), np.sin(angles)])
    return centres + rng.normal(0, _cloud_deviation(noise), (samples, 2)), labels


def sine_line(x: Array) -> Array:
    """3 sin x, for x (n,)."""
    return 3 * np.sin(x)


def cubic_line(x: Array) -> Array:
    """3 (u^3 - u) with u = x / 4: the cubic of issue 252, stretched over the square; for x (n,)."""
    return 3 * ((x / 4) ** 3 - x / 4)


def abs_line(x: Array) -> Array:
    """|x| - 3: lowered, so that half of the square lies above it; for x (n,)."""
    return np.abs(x) - 3


def sine_border(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Blue above ``sine_line``, orange below."""
    return _border(sine_line, samples, noise, rng)


def cubic_border(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Blue above ``cubic_line``, orange below."""
    return _border(cubic_line, samples, noise, rng)


def abs_border(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Blue above ``abs_line``, orange below."""
    return _border(abs_line, samples, noise, rng)


def plane(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Coordinates from U(-6, 6); the target is (x1 + x2) / 10 at the point shifted by U(-6, 6) q on each axis."""
    points = rng.uniform(-SIDE, SIDE, (samples, 2))
    shifted = points + _shift(samples, noise, rng, SIDE)
    return points, shifted.sum(axis=1) / 10


def multi_gauss(samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Six cones of radius 2, three up and three down: max(0, 1 - distance / 2) times the sign of the nearest peak.

    Coordinates from U(-6, 6); the target is taken at the point shifted by U(-6, 6) q on each axis.
    """
    points = rng.uniform(-SIDE, SIDE, (samples, 2))
    shifted = points + _shift(samples, noise, rng, SIDE)
    target = np.zeros(samples)
    for x1, x2, sign in PEAKS:  # no two cones overlap, so their sum is the one that is not 0
        target += sign * np.maximum(0.0, 1 - np.hypot(shifted[:, 0] - x1, shifted[:, 1] - x2) / 2)
    return points, target


def _border(line: Curve, samples: int, noise: float, rng: np.random.Generator) -> Points:
    """Coordinates from U(-6, 6); blue where the point, shifted by U(-6, 6) q on each axis, lies above ``line``."""
    points = rng.uniform(-SIDE, SIDE, (samples, 2))
    shifted = points + _shift(samples, noise, rng, SIDE)
    return points, (shifted[:, 1] > line(shifted[:, 0])).astype(np.intp)


def six_inputs(samples: int, noise: float, rng: np.random.Generator) -> Table:
    """Six inputs from N(0, 1), of which x1 decides: blue above its median. Each class is redrawn with probability 2 q.

    With noise of 50 % there is nothing to learn. Half the rows are blue without noise.
    """
    inputs = rng.normal(size=(samples, 6))
    blue = (np.argsort(np.argsort(inputs[:, 0])) >= samples // 2).astype(np.intp)
    redrawn = rng.random(samples) < 2 * noise / 100
    blue[redrawn] = rng.integers(0, 2, int(redrawn.sum()))
    return {f"x{number}": column for number, column in enumerate(inputs.T, start=1)}, blue


def homes(samples: int, noise: float, rng: np.random.Generator) -> Table:
    """Districts of the form of the California housing table, with made numbers.

    Two cities, at (34, -118.2) and (37.7, -122.3), make homes dearer the nearer they are; so does income, with a bend.
    The value is in 100,000 and cut off at 5, as it is there; a normal deviate of 0.25 + 2 q is added before.
    """
    near = rng.integers(0, 2, samples)
    latitude = np.where(near == 0, 34.0, 37.7) + rng.normal(0, 1.1, samples)
    longitude = np.where(near == 0, -118.2, -122.3) + rng.normal(0, 0.9, samples)
    income = np.clip(rng.lognormal(1.2, 0.45, samples), 0.5, 15.0)
    age = np.clip(np.round(rng.normal(29, 12, samples)), 1, 52)
    rooms = np.clip(3.2 + 0.45 * income + rng.normal(0, 0.8, samples), 1.5, 12.0)
    bedrooms = np.clip(0.2 * rooms + rng.normal(0, 0.07, samples), 0.5, 3.0)
    population = np.round(rng.lognormal(7.1, 0.7, samples))
    occupancy = np.clip(rng.lognormal(1.05, 0.25, samples), 1.0, 8.0)
    cities = ((34.0, -118.2, 1.0), (37.7, -122.3, 1.3))
    location = sum(
        (worth * np.exp(-np.hypot(latitude - lat, longitude - lon)) for lat, lon, worth in cities), np.zeros(samples)
    )
    value = 0.26 * income + 1.6 * location * np.sqrt(income) / 2 - 0.18 * (occupancy - 2.8) + 0.004 * (age - 29)
    value = np.clip(value + rng.normal(0, 0.25 + 2 * noise / 100, samples), 0.15, 5.0)
    columns = (income, age, rooms, bedrooms, population, occupancy, latitude, longitude)
    return dict(zip(HOME_COLUMNS, columns, strict=True)), value


def passengers(samples: int, noise: float, rng: np.random.Generator) -> Table:
    """Passengers of the form of the Titanic table, with made people: women, children and the first class are saved.

    The log odds are 2.6 for a woman, 1.6 for a child below 13, -1.1 for each class below the first, -0.35 for each
    relative beyond three, -0.9 for a woman of the third class, and -0.2. Each outcome is redrawn with probability q.
    """
    ticket = rng.choice((1, 2, 3), samples, p=(0.24, 0.21, 0.55)).astype(float)
    woman = (rng.random(samples) < 0.36).astype(float)
    age = np.clip(np.round(rng.normal(32, 13, samples) - 4 * (ticket - 1)), 1, 78)
    siblings = rng.poisson(0.5, samples).astype(float)
    parents = rng.poisson(np.where(age < 14, 1.2, 0.3)).astype(float)
    fare = np.round(rng.lognormal(np.array([4.1, 3.0, 2.4])[ticket.astype(int) - 1], 0.5) * (1 + 0.3 * siblings), 2)
    child, family = age < 13, siblings + parents
    odds = 2.6 * woman - 1.1 * (ticket - 1) + 1.6 * child - 0.35 * np.maximum(family - 3, 0) - 0.2
    odds -= 0.9 * woman * (ticket == 3)
    saved = (rng.random(samples) < 1 / (1 + np.exp(-odds))).astype(np.intp)
    redrawn = rng.random(samples) < noise / 100
    saved[redrawn] = rng.integers(0, 2, int(redrawn.sum()))
    return dict(zip(PASSENGER_COLUMNS, (ticket, woman, age, siblings, parents, fare), strict=True)), saved


def _shift(samples: int, noise: float, rng: np.random.Generator, reach: float) -> Array:
    """U(-reach, reach) q for each coordinate, (n, 2)."""
    return rng.uniform(-reach, reach, (samples, 2)) * (noise / 100)


def _cloud_deviation(noise: float) -> float:
    """The square root of the variance 0.5 + 7 q: from 0.5 without noise to 4 at 50 per cent."""
    return float(np.sqrt(0.5 + 7 * noise / 100))


def sine(x: Array) -> Array:
    """sin(2 pi x): two whole waves."""
    return np.sin(2 * np.pi * x)


def bumps(x: Array) -> Array:
    """Three bell curves h exp(-((x - c) / w)^2), the last one a hollow."""
    return sum((h * np.exp(-(((x - c) / w) ** 2)) for c, w, h in BUMPS), np.zeros_like(x))


def step(x: Array) -> Array:
    """-1 left of 0, and 1 from 0 on."""
    return np.where(x < 0, -1.0, 1.0)


def absolute(x: Array) -> Array:
    """|x|."""
    return np.abs(x)


def polynomial(x: Array) -> Array:
    """4 x^3 - 3 x, the third Chebyshev polynomial: it turns at 1 and -1."""
    return 4 * x**3 - 3 * x


def sample(curve: Curve, samples: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return ``samples`` points of ``curve``: x (n,) and the noisy y (n,)."""
    x = rng.uniform(-1, 1, samples)
    return x, curve(x) + rng.normal(0, noise / 100, samples)


PLANES = {
    "halves": halves,
    "circle": circle,
    "xor": xor,
    "gauss": gauss,
    "spiral": spiral,
    "moons": moons,
    "sine_border": sine_border,
    "cubic_border": cubic_border,
    "abs_border": abs_border,
    "plane": plane,
    "multi_gauss": multi_gauss,
}
TABLES = {"six_inputs": six_inputs, "homes": homes, "passengers": passengers}
CURVES = {
    "curve_sine": sine,
    "curve_bumps": bumps,
    "curve_step": step,
    "curve_abs": absolute,
    "curve_poly": polynomial,
}


def generate(
    name: str, samples: int, noise: float, seed: int, classes: int = 0
) -> tuple[dict[str, NDArray[np.float64]], NDArray[Any]]:
    """Return the columns of a toy set by name, each (samples,), and its target (samples,): class indices or numbers.

    ``noise`` is in per cent from 0 to 50; ``classes`` is used by blobs only. Rows are in random order. The same
    arguments give the same rows. Raises KeyError for an unknown name.
    """
    rng = np.random.default_rng((seed, _STREAM))
    order = rng.permutation(samples)
    if name in CURVES:
        x, y = sample(CURVES[name], samples, noise, rng)
        return {"x": x[order]}, y[order]
    if name in TABLES:
        columns, target = TABLES[name](samples, noise, rng)
        return {column: values[order] for column, values in columns.items()}, target[order]
    make = partial(blobs, classes=classes) if name == "blobs" else PLANES[name]
    points, target = make(samples, noise, rng)
    return derive(*points[order].T.copy()), target[order]


def derive(x1: Array, x2: Array) -> dict[str, Array]:
    """Return every column of a two-dimensional toy set by name, each of the shape of ``x1`` and ``x2``."""
    return {name: transform(x1, x2) for name, transform in TRANSFORMS.items()}


def load_toy_set(entry: ToySet, config: DatasetConfig) -> Dataset:
    """Return the points of ``entry`` that ``config`` describes, with the chosen columns as features.

    The points depend on ``samples``, ``noise``, ``seed`` and, for blobs, ``classes``; in a two-dimensional set,
    ``removed`` ones are left out and ``points`` added. Raises DatasetError for an unknown or repeated feature, another
    target, fewer than two samples of a class, and points that cannot be removed or added.
    """
    _check_target(entry, config)
    for field, name in config.row_columns.items():
        raise DatasetError(field, f"a toy set has no column {quoted(name)}; leave it out")
    check_features(entry.columns, config.features, (entry.target,))
    classes = entry.class_names(config.classes)
    samples = entry.samples if config.samples is None else config.samples
    if samples < 2 * len(classes):
        raise DatasetError(
            "dataset.samples",
            f"expected at least {2 * len(classes)}, two for each of {len(classes)} classes, got {samples}",
        )
    columns, values = generate(entry.name, samples, config.noise, config.seed, len(classes))
    origin = None
    if entry.in_the_plane:
        columns, values, origin = change_points(columns, values, config, classes)
    target = target_from_labels(values, classes) if classes else TargetColumn("regression", (), values[:, None], None)
    features = config.features or entry.features
    return Dataset(
        name=entry.name,
        title=entry.title,
        inputs=tuple(Feature(name, name) for name in features),
        targets=(entry.target,),
        task=target.task,
        classes=target.classes,
        x=np.column_stack([columns[name] for name in features]),
        y=target.y,
        labels=target.labels,
        columns={**columns, entry.target: values.astype(np.float64)},
        origin=origin,
    )


def _check_target(entry: ToySet, config: DatasetConfig) -> None:
    if config.targets not in ((), (entry.target,)):
        raise DatasetError(
            "dataset.target",
            f"the toy set {entry.name} has no target other than {entry.target}, "
            f"got {quoted(target_in_words(config.targets))}; leave it out",
        )


def change_points(
    columns: Columns, values: NDArray[Any], config: DatasetConfig, classes: tuple[str, ...]
) -> tuple[Columns, NDArray[Any], PointOrigin]:
    """Return the columns and the target (n,) without the removed points and with the added points last.

    ``columns`` and ``values`` are those of all generated points. Raises DatasetError for the number of a point or class
    that does not exist, and if too few samples are left.
    """
    total = len(values)
    reach = max(float(np.abs(columns[name]).max()) for name in ("x1", "x2"))
    numbers = np.arange(total)
    if config.removed:
        _check_removed(config.removed, total)
        numbers = np.delete(numbers, config.removed)
        columns = {name: column[numbers] for name, column in columns.items()}
        values = values[numbers]
    if config.points:
        _check_values(config, classes)
        added = derive(*(np.array([getattr(point, name) for point in config.points]) for name in ("x1", "x2")))
        columns = {name: np.concatenate([column, added[name]]) for name, column in columns.items()}
        added_values = np.array([point.value for point in config.points]).astype(values.dtype)
        values = np.concatenate([values, added_values])
        numbers = np.concatenate([numbers, np.full(len(added_values), -1)])
    if config.removed:
        _check_enough(values, classes)
    return columns, values, PointOrigin(numbers, total, reach)


def _check_removed(removed: tuple[int, ...], total: int) -> None:
    """Check that ``removed`` are numbers of generated points in ascending order."""
    for index, number in enumerate(removed):
        if number >= total:
            raise DatasetError(
                f"dataset.removed[{index}]", f"expected the number of a point, from 0 to {total - 1}, got {number}"
            )
    for index, (before, number) in enumerate(pairwise(removed), start=1):
        if number <= before:
            raise DatasetError(
                f"dataset.removed[{index}]",
                f"expected a number above the previous one, {before}, got {number}; sort them, without duplicates",
            )


def _check_values(config: DatasetConfig, classes: tuple[str, ...]) -> None:
    """Check that the values of added points are class numbers if the target has classes."""
    for index, point in enumerate(config.points):
        if classes and point.value not in range(len(classes)):
            raise DatasetError(
                f"dataset.points[{index}].value",
                f"expected the number of a class, from 0 to {len(classes) - 1}, got {point.value:g}",
            )


def _check_enough(values: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Check that each class, or a target without classes, has enough samples left."""
    counts = {f" of {name}": int((values == number).sum()) for number, name in enumerate(classes)}
    for whose, count in (counts or {"": len(values)}).items():
        if count < MIN_SAMPLES:
            left = "no sample" if count == 0 else f"{count} sample"
            reason = f"{left}{whose} would be left, but at least {MIN_SAMPLES} are needed; restore some, or add others"
            raise DatasetError("dataset.removed", reason)
