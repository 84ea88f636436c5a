"""What a long run takes on disk is bounded, whatever it is saved and resumed, and what is deleted gives space back."""

from __future__ import annotations

import math
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.export.metadata import history_csv, read_history
from tui_trainer.protocol import unpack
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.edits import RunEdits, compact_store
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.schema import SCHEMA
from tui_trainer.store.store import RunTaken, Store, StoreError, pack
from tui_trainer.tabs.loss.compute import StoredCurves
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.training import history
from tui_trainer.training.history import EPOCH, History
from tui_trainer.training.session import Session

ENDLESS = with_field(Experiment(), "training.epochs", 10_000_000)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that are reached soon."""
    monkeypatch.setattr(history, "WHOLE_EPOCHS", 64)
    monkeypatch.setattr(history, "OLDER_ROWS", 32)


def loss(epoch: int) -> float:
    """A noisy loss with spikes at 100 and 333 and a best epoch at 201."""
    return {100: 50.0, 333: 40.0, 201: -1.0}.get(epoch, math.exp(-epoch / 300) + 0.1 * math.sin(epoch * 1.7))


def recorded(epochs: int, keeps_all: bool = False) -> History:
    """A history of so many epochs."""
    result = History(keeps_all)
    for epoch in range(1, epochs + 1):
        result.add_epoch({"loss": loss(epoch), "val_loss": 2 * loss(epoch + 1)})
    return result


def stored_bytes(path: Path) -> int:
    """The bytes of all curves in a store."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("SELECT coalesce(sum(length(arrays)), 0) FROM epochs").fetchone()
    return int(size)


def test_extremes_and_the_newest_epochs_stay(small: None) -> None:
    columns = recorded(1000).columns(0)
    numbers = columns[EPOCH]
    assert len(numbers) <= 2 * 64 + 32 and (np.diff(numbers) > 0).all()
    assert {1, 100, 201, 333} <= set(numbers.tolist()), "the first one, the spikes, and the best"
    assert numbers[-64:].tolist() == list(range(937, 1001))
    assert columns["loss"].tolist() == [loss(int(number)) for number in numbers], "as they were recorded"


def test_nothing_is_left_out_of_a_run_that_is_not_long_or_wants_all(small: None) -> None:
    assert EPOCH not in recorded(127).columns(0) and EPOCH in recorded(128).columns(0)
    assert len(recorded(1000, keeps_all=True).columns(0)["loss"]) == 1000


@pytest.mark.parametrize("seed", range(5))
def test_where_it_is_cut_changes_nothing(seed: int, small: None) -> None:
    rng, history = random.Random(seed), recorded(0)
    for epoch in range(1, 701):
        history.add_epoch({"loss": loss(epoch), "val_loss": 2 * loss(epoch + 1)})
        if rng.random() < 0.02:
            resumed = History()
            resumed.restore(history.columns(0), history.steps)
            history = resumed
    straight = recorded(700)
    assert list(history.columns(0)) == list(straight.columns(0))
    for name, values in straight.columns(0).items():
        assert history.columns(0)[name].tobytes() == values.tobytes()


def test_a_history_that_was_saved_whole_is_thinned_as_one_that_never_was(small: None) -> None:
    restored = History()
    restored.restore(recorded(700, keeps_all=True).columns(0), restored.steps)
    for name, values in recorded(700).columns(0).items():
        assert restored.columns(0)[name].tobytes() == values.tobytes()


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_curves_know_the_numbers_of_their_epochs(small: None, smoothing: float) -> None:
    history = recorded(500)
    curve, numbers = history.curve("loss", smoothing), history.columns(0)[EPOCH]
    x, _ = curve.points()
    assert x.tolist() == numbers.tolist()
    history.add_epoch({"loss": 0.5, "val_loss": 0.5})
    x, y = history.curve("loss", smoothing).points(490, 600)
    assert x.tolist() == list(range(490, 502))
    x, _ = curve.points(90, 110)
    assert 100 in x and all(90 <= number <= 110 for number in x)
    if not smoothing:
        assert y[-1] == 0.5 and curve.at(100) == 50.0 and curve.at(501) == 0.5
        missing = next(number for number in range(2, 400) if number not in numbers)
        assert curve.at(missing) is None


def test_a_store_of_a_long_run_is_bounded_and_resumed_to_the_same_bits(small: None, tmp_path: Path) -> None:
    path, rng = tmp_path / "runs.sqlite", random.Random(1)
    straight = Session()
    straight.load(ENDLESS)
    keeper, session = Checkpointer(path, "me"), Session()
    session.load(ENDLESS)
    largest = 0
    for epoch in range(1, 401):
        straight.epoch()
        session.epoch()
        if epoch % 3 == 0:
            keeper.save(session)
            largest = max(largest, stored_bytes(path))
            if rng.random() < 0.1:
                keeper.close()
                keeper, session = Checkpointer(path, "me"), Session()
                session.load(keeper.claim(1).experiment)
                keeper.restore(session, 1)
    keeper.save(session)
    names = len(straight.history.epochs)
    assert largest < (2 * 64 + 32) * (names + 1) * 8 + 20 * 400, "the values, and headers of some blocks"
    assert session.weights().tobytes() == straight.weights().tobytes()  # type: ignore[union-attr]
    with closing(Store(path)) as store:
        for name, values in straight.history.columns(0).items():
            assert store.epochs(1)[name].tobytes() == values.tobytes()
        content = StoredCurves(store).overlays(WatchLoss(runs=(1,), validation=False, at=400), None)
    assert content.last == 400 and content.curves[0].curve is not None
    assert unpack(content.curves[0].curve.x)[-1] == 400 == session.trainer.epochs


def test_slow_epochs_share_their_blocks(tmp_path: Path) -> None:
    """Each block has a head of some hundred bytes, and a slow run is saved with each epoch."""
    keeper, session = Checkpointer(tmp_path / "runs.sqlite", "me"), Session()
    session.load(ENDLESS)
    for _ in range(60):
        session.epoch()
        keeper.save(session)
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM epochs").fetchone() == (1,)


def test_exports_name_the_epochs_that_are_left(small: None, tmp_path: Path) -> None:
    columns = recorded(500).columns(0)
    text = history_csv(columns)
    rows = [line.split(",") for line in text.splitlines()]
    assert rows[0] == ["epoch", "loss", "val_loss"] and [int(row[0]) for row in rows[1:]] == columns[EPOCH].tolist()
    (tmp_path / "history.csv").write_text(text, newline="")
    again = read_history(tmp_path / "history.csv")
    assert {name: values.tolist() for name, values in again.items()} == {
        name: values.tolist() for name, values in columns.items()
    }


def long_run(path: Path, epochs: int, blocks: int) -> None:
    """Put a run into the store as version 0.1 did: all of its epochs, in blocks as they came."""
    keeper, session = Checkpointer(path, "gone"), Session()
    session.load(ENDLESS)
    session.epoch()
    keeper.save(session)
    keeper.close()
    columns = recorded(epochs, keeps_all=True).columns(0)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM epochs")
        for places in np.array_split(np.arange(epochs), blocks):
            block = pack({name: values[places] for name, values in columns.items()})
            connection.execute("INSERT INTO epochs VALUES (1, ?, ?)", (int(places[0]), block))


def test_a_store_of_an_older_version_shrinks(small: None, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute(SCHEMA[0])
    long_run(path, 20_000, 300)
    before = path.stat().st_size
    assert before > 300_000
    compact_store(path)
    assert path.stat().st_size < 100_000
    with closing(Store(path)) as store:
        for name, values in recorded(20_000).columns(0).items():
            assert store.epochs(1)[name].tobytes() == values.tobytes()
    size = path.stat().st_size
    compact_store(path)
    assert path.stat().st_size == size


def test_a_run_that_is_trained_is_left_alone(small: None, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    long_run(path, 2000, 100)
    place = LiveTrainer(folder_beside(path))
    with closing(Store(path, place.name)) as store:
        store.claim(1)
    compact_store(path)
    with closing(Store(path)) as store:
        assert len(store.epochs(1)["loss"]) == 2000
    place.leave()
    compact_store(path)
    with closing(Store(path)) as store:
        assert len(store.epochs(1)["loss"]) < 200


def test_what_is_deleted_gives_its_space_back(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    for _ in range(10):
        keeper, session = Checkpointer(path, "gone"), Session()
        session.load(with_field(Experiment(), "model.layers", [{"units": 200}, {"units": 200}]))
        session.epoch()
        keeper.save(session)
        keeper.close()
    with closing(Store(path)) as store:
        before = store.size()
        assert abs(path.stat().st_size - before) < 10_000
        RunEdits(store).delete(range(1, 10))
    compact_store(path)
    with closing(Store(path)) as store:
        assert store.size() < before / 3 and path.stat().st_size < before / 3
        assert [run.id for run in store.runs()] == [10]


def test_a_small_run_that_is_deleted_makes_the_store_smaller_and_nothing_brings_it_back(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    for _ in range(2):
        keeper, session = Checkpointer(path, "gone"), Session()
        session.load(with_field(Experiment(), "model.layers", [{"units": 50}]))
        session.epoch()
        keeper.save(session)
        keeper.close()
    with closing(Store(path)) as store:
        before = store.size()
        RunEdits(store).delete((2,))
        assert store.find(2), "it could still be brought back"
    compact_store(path)
    with closing(Store(path)) as store:
        assert store.size() < before
        assert RunEdits(store).undelete((2,)) == 0
        with pytest.raises(StoreError, match="There is no run 2"):
            store.find(2)
        with pytest.raises(RunTaken, match="There is no run 2"):
            store.claim(2)
        with store.reading() as connection:
            for table in ("cards", "snapshots", "moments", "epochs"):
                assert not connection.execute(f"SELECT 1 FROM {table} WHERE run = 2").fetchall()


def test_a_store_that_is_held_is_compacted_another_time(small: None, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    long_run(path, 2000, 100)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        compact_store(path, patience=0.05)
        other.execute("ROLLBACK")
    with closing(Store(path)) as store:
        assert len(store.epochs(1)["loss"]) == 2000
