"""Which columns are the pixels of a picture, and where in it each of them stands."""

from __future__ import annotations

import numpy as np
import pytest

from tui_trainer.datasets.loading import load
from tui_trainer.datasets.pixels import PixelGrid, pixel_grid
from tui_trainer.experiment.schema import DatasetConfig


def grid_of(names: list[str], left_out: tuple[str, ...] = (), high: float = 255.0) -> PixelGrid | None:
    x = np.linspace(0.0, high, 3 * len(names)).round().reshape(3, -1)
    return pixel_grid(names, left_out, x)


def size_of(names: list[str], left_out: tuple[str, ...] = ()) -> tuple[int, int] | None:
    grid = grid_of(names, left_out)
    return None if grid is None else (grid.rows, grid.columns)


def numbered(stem: str, count: int, first: int = 0) -> list[str]:
    return [f"{stem}{number}" for number in range(first, first + count)]


def rectangle(form: str, rows: int, columns: int, first: int = 0) -> list[str]:
    return [form.format(row + first, column + first) for row in range(rows) for column in range(columns)]


def test_the_shipped_digits_are_pictures_and_other_data_are_not() -> None:
    digits = load(DatasetConfig("digits"))
    grid = pixel_grid(digits.features, digits.left_out, digits.x)
    assert grid is not None and (grid.rows, grid.columns, grid.low, grid.high) == (8, 8, 0.0, 16.0)
    np.testing.assert_array_equal(grid.image(digits.x[5], 0.0), digits.x[5].reshape(8, 8))
    for name in ("iris", "boston", "breast_cancer", "wine"):
        other = load(DatasetConfig(name))
        assert pixel_grid(other.features, other.left_out, other.x) is None, name


@pytest.mark.parametrize(
    ("names", "size"),
    [
        (numbered("pixel", 784), (28, 28)),
        (numbered("pixel", 784, 1), (28, 28)),
        (numbered("px", 16), (4, 4)),
        (numbered("Pixel_", 25), (5, 5)),
        (numbered("att", 64, 1), (8, 8)),
        (rectangle("{}x{}", 28, 28, 1), (28, 28)),
        (rectangle("pixel_{}_{}", 6, 10), (6, 10)),
        (rectangle("px{}.{}", 12, 5, 1), (12, 5)),
    ],
)
def test_names_say_how_large_the_picture_is(names: list[str], size: tuple[int, int]) -> None:
    assert size_of(names) == size


@pytest.mark.parametrize(
    "names",
    [
        numbered("x", 16),  # any table of 16 columns
        numbered("pixel", 65),
        numbered("pixel", 64, 5),
        numbered("pixel", 9),  # too small for a picture
        [*numbered("pixel", 63), "age"],
        rectangle("pixel_{}_{}", 6, 10)[:-1],
        ["px1_1", *rectangle("pixel_{}_{}", 6, 10)],
        ["a", "b"],
    ],
)
def test_other_columns_are_no_picture(names: list[str]) -> None:
    assert size_of(names) is None


def test_columns_that_are_only_numbered_have_to_hold_what_pictures_do() -> None:
    names = numbered("x", 64)
    x = np.random.default_rng(0).random((5, 64))
    assert pixel_grid(names, (), x) is not None
    assert pixel_grid(names, (), 255.0 * x) is None, "numbers with a fraction"
    assert pixel_grid(names, (), x - 0.5) is None, "numbers below 0"
    assert pixel_grid(names, (), np.rint(1000.0 * x)) is None, "more than a byte"
    assert pixel_grid(names, (), x[:0]) is None, "no rows"


def test_pixels_that_are_the_same_in_all_rows_have_their_place() -> None:
    names = numbered("pixel", 16, 1)
    left_out = ("pixel1", "pixel16", "number")
    grid = grid_of([name for name in names if name not in left_out], left_out)
    assert grid is not None and (grid.rows, grid.columns) == (4, 4)
    expected = np.array([-1.0, *range(14), -1.0]).reshape(4, 4)
    np.testing.assert_array_equal(grid.image(np.arange(14.0), -1.0), expected)


def test_columns_in_another_order_have_the_place_that_their_names_say() -> None:
    names = rectangle("pixel_{}_{}", 4, 5)
    grid = grid_of(names[::-1])
    assert grid is not None
    np.testing.assert_array_equal(grid.image(np.arange(20.0)[None], 0.0), np.arange(20.0)[::-1].reshape(1, 4, 5))
