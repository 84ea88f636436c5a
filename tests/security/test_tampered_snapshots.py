"""Arrays of a saved run that are not what a run saves: it is refused and at its first step, or it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Content, Request, Watch, encode, frame
from tui_trainer.runtime import reporting
from tui_trainer.store.checkpointer import restore_snapshot
from tui_trainer.store.store import StoreError
from tui_trainer.tabs.boundary.messages import WatchBoundary
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.landscape.messages import WatchLandscape
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.network.messages import WatchNetwork
from tui_trainer.training.series import DownsampledSeries
from tui_trainer.training.session import Session

Array = NDArray[Any]
LARGE = with_field(
    with_field(Experiment(), "training.optimizer.name", "adam"), "training.early_stopping", {"patience": 3}
)
SMALL = with_field(with_field(Experiment(), "model.layers", ()), "dataset", {"name": "boston", "features": ["LSTAT"]})
VIEWS: dict[str, Request] = {
    "loss": WatchLoss(),
    "landscape": WatchLandscape(8, 4),
    "network": WatchNetwork(),
    "boundary": WatchBoundary(8, 4),
}
EPOCHS = "epochs:"


def others(array: Array) -> Iterator[Array]:
    """What may stand in the place of ``array``."""
    yield from (np.empty(0), np.array(1.0), np.ones((2, 2)), np.frombuffer(b"abc", np.uint8))
    for value in (np.nan, np.inf, -1, 0, 2**62, 1e300):
        yield np.full(array.shape, value)
    if array.ndim:
        yield from (array[:-1], array[::-1], np.concatenate([array, array]))


def as_it_should_be(experiment: Experiment) -> tuple[dict[str, Array], Session]:
    """A snapshot with the columns of its epochs among the rest, and a session that has loaded the experiment."""
    session = Session()
    session.load(experiment)
    session.epoch()
    session.step()
    found = session.snapshot() | {f"{EPOCHS}{name}": column for name, column in session.history.columns(0).items()}
    return found, session


def computed(session: Session, tab: str) -> Content:
    """What a tab shows of the session."""
    computing = TabComputing(TrainerContext(session))
    computing.watch(Watch(tab, encode(VIEWS[tab])))
    result = computing.compute()
    assert result is not None and result[0] == tab
    return result[1]


def put_back(session: Session, arrays: dict[str, Array]) -> bool:
    """Whether it was taken; either way the session is sound: it trains, and can be looked at and saved."""
    snapshot = {name: array for name, array in arrays.items() if not name.startswith(EPOCHS)}
    epochs = {name.removeprefix(EPOCHS): array for name, array in arrays.items() if name.startswith(EPOCHS)}
    try:
        restore_snapshot(session, snapshot, epochs, "paused", "No")
        taken = True
    except StoreError as error:
        assert str(error).startswith("No: ") and str(error).isprintable()
        assert session.steps == 0 and session.state == "ready"
        taken = False
    with np.errstate(all="ignore"):
        frame(reporting.progress(session, 1))
        for tab in VIEWS:
            encode(computed(session, tab))
        session.step()
        session.epoch()
    assert session.state in ("paused", "finished", "diverged", "stopped early")
    session.swap_best()
    session.snapshot()
    return taken


@pytest.mark.parametrize("experiment", [LARGE, SMALL], ids=["large", "small"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_array_may_be_another(experiment: Experiment) -> None:
    right, session = as_it_should_be(experiment)
    assert put_back(session, right)
    refused = 0
    for name, array in right.items():
        for other in others(array):
            refused += not put_back(session, {**right, name: other})
        put_back(session, {one: kept for one, kept in right.items() if one != name})
    assert refused > len(right)


@pytest.mark.parametrize(
    "counters",
    [
        (2**60, 1, 0),
        (1024, 0, 4),
        (1024, -1, 4),
        (0, 1, 4),
        (1023, 1, 4),
        (1024, 1, 2**60),
        (1024, 2**60, 4),
        (2, 1, 4),
    ],
)
def test_counters_of_steps_fill_no_memory_and_end_no_loop(counters: tuple[int, int, int]) -> None:
    series = DownsampledSeries()
    series.extend(np.arange(4.0))
    state = series.state()
    assert len(DownsampledSeries.from_state(state)) == 4
    with pytest.raises(ValueError, match="damaged"):
        DownsampledSeries.from_state({**state, "counters": np.array(counters)})


def test_a_weight_far_out_can_be_looked_at() -> None:
    """Around a weight of 1e30, ranges of 2 are no ranges."""
    session = Session()
    session.load(SMALL)
    for value in (2.0**62, 1e30, 3e38):
        session.set_weight(0, value)
        with np.errstate(all="ignore"):
            assert computed(session, "landscape") is not None
