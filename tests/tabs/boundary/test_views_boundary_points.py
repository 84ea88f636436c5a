"""The samples of the Boundary view after points were added and removed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_trainer.experiment.schema import DatasetConfig, Experiment, PointConfig
from tui_trainer.protocol import unpack
from tui_trainer.tabs.boundary.compute import MAX_SAMPLES, BoundaryCompute
from tui_trainer.tabs.boundary.messages import Boundary, WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.session import Session

POINTS = (PointConfig(1.5, -2.0, 1.0), PointConfig(-5.25, 5.75, 0.0))


def seen(config: DatasetConfig) -> Boundary:
    session = Session()
    session.load(Experiment(dataset=config))
    content = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(8, 8))
    assert isinstance(content, Boundary)
    return content


def numbers(content: Boundary) -> list[int]:
    """The number of every sample on the picture, sorted."""
    return sorted(int(number) for samples in content.samples for number in unpack(samples.drawn))


def own(content: Boundary) -> set[tuple[int, bool, float, float]]:
    """Kind, part and place of each point set by hand."""
    found: set[tuple[int, bool, float, float]] = set()
    for samples in content.samples:
        columns: list[NDArray[np.float64]] = [unpack(part) for part in (samples.x, samples.y, samples.drawn)]
        found |= {(samples.kind, samples.validation, x, y) for x, y, number in zip(*columns, strict=True) if number < 0}
    return found


def test_each_sample_has_its_number() -> None:
    content = seen(DatasetConfig("spiral", samples=40, points=POINTS, removed=(0, 7)))
    assert numbers(content) == [-1, -1, *(number for number in range(40) if number not in (0, 7))]
    assert own(content) == {(1, False, 1.5, -2.0), (0, False, -5.25, 5.75)}
    assert all(samples.drawn == b"" for samples in seen(DatasetConfig("iris")).samples)


def test_what_was_added_is_shown_however_many_others_there_are() -> None:
    content = seen(DatasetConfig("plane", samples=20_000, points=(PointConfig(1.0, 2.0, 0.5),) * 9))
    assert numbers(content)[:10] == [*[-1] * 9, min(number for number in numbers(content) if number >= 0)]
    assert sum(number >= 0 for number in numbers(content)) == 2 * MAX_SAMPLES and content.hidden == 17_000


@pytest.mark.parametrize("name", ["spiral", "gauss"])
def test_the_axes_stay_where_they_are(name: str) -> None:
    config = DatasetConfig(name, noise=50.0)
    session = Session()
    session.load(Experiment(dataset=config))
    columns = session.dataset.columns
    farthest = int(np.argmax(np.maximum(abs(columns["x1"]), abs(columns["x2"]))))
    limits = seen(config).x_limits
    changed = DatasetConfig(name, noise=50.0, points=POINTS, removed=(farthest,))
    assert seen(changed).x_limits == seen(changed).y_limits == limits
    wide = DatasetConfig(name, points=(PointConfig(0.0, 31.5, 1.0),))
    assert seen(wide).x_limits == (-32.0, 32.0)
