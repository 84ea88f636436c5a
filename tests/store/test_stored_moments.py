"""A run that is opened from the store has its earlier moments, within a bound, and to the last bit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.export.trained import stored_session
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store, pack
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import DIFFERS, STORED, LookBack

EPOCHS = 300
SPIRAL = Experiment(
    dataset=DatasetConfig("spiral", validation_split=0.3, samples=100),
    model=ModelConfig(layers=(LayerConfig(8, "tanh", dropout=0.1), LayerConfig(8, "tanh"))),
    training=TrainingConfig(learning_rate=0.02, batch_size=10, epochs=EPOCHS),
)


def saved(path: Path, *, change_at: int | None = None) -> dict[int, bytes]:
    """Save a run that was trained by epochs; return its weights after each."""
    session, keeper = Session(), Checkpointer(path, "tests")
    session.load(SPIRAL)
    weights = {0: session.trainer.model.parameters.flat.tobytes()}
    session.train()
    while session.state == "running":
        session.advance(0.0)
        if session.trainer.position == 0:
            weights[session.trainer.epochs] = session.trainer.model.parameters.flat.tobytes()
            if session.trainer.epochs == change_at:
                session.set_weight(3, 0.75)
                session.tune(replace(session.requested.training, learning_rate=0.01))
    keeper.save(session)
    keeper.close()
    return weights


def opened(path: Path) -> Session:
    with closing(Store(path)) as store:
        return stored_session(store, 1)


def execute(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def weights_at(look_back: LookBack, epoch: int) -> bytes:
    moment = look_back.at(epoch, None)
    assert moment.is_exact and moment.epoch == epoch
    return moment.session.trainer.model.parameters.flat.tobytes()


@pytest.mark.parametrize("change_at", [None, 120])
def test_an_opened_run_goes_back_to_every_epoch(tmp_path: Path, change_at: int | None) -> None:
    path = tmp_path / "runs.sqlite"
    expected = saved(path, change_at=change_at)
    session = opened(path)
    assert len(session.timeline.snapshots) > 10
    look_back = LookBack(session)
    for epoch in (*range(0, EPOCHS, 29), 119, 120, 121, EPOCHS):
        assert weights_at(look_back, epoch) == expected[epoch], f"epoch {epoch}"


def test_what_is_saved_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    session, keeper = Session(), Checkpointer(path, "tests")
    session.load(replace(SPIRAL, training=replace(SPIRAL.training, epochs=2000)))
    session.train()
    session.advance_to_end()
    assert session.timeline.size > 2 * STORED
    keeper.save(session)
    keeper.close()
    with closing(sqlite3.connect(path)) as connection:
        [size] = connection.execute("SELECT length(arrays) FROM moments").fetchone()
    assert STORED / 3 < size < STORED + 2_000
    assert len(opened(path).timeline.snapshots) > 20


def test_a_run_that_trains_is_saved_without_its_moments_and_once_when_it_rests(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    session, keeper = Session(), Checkpointer(path, "tests")
    session.load(SPIRAL)

    def rows() -> list[tuple[bytes]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT arrays FROM moments").fetchall()

    session.train()
    session.advance(0.02)
    keeper.save(session)
    assert rows() == []
    for _ in range(20):
        session.epoch()
    keeper.save(session)
    assert len(rows()) == 1
    execute(path, "UPDATE moments SET arrays = x'00'")
    session.step()
    keeper.save(session)
    assert rows() == [(b"\0",)], "nothing new is kept, so nothing is written"
    keeper.close()


def test_a_run_that_goes_on_keeps_the_moments_it_was_opened_with(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    expected = saved(path, change_at=50)
    session, keeper = Session(), Checkpointer(path, "others")
    stored = keeper.claim(1)
    session.load(stored.experiment)
    keeper.restore(session, 1, stored.state)
    session.train()
    session.advance_to_end()
    keeper.save(session)
    keeper.close()
    look_back = LookBack(opened(path))
    for epoch in (20, 80, 299):
        assert weights_at(look_back, epoch) == expected[epoch]
    assert look_back.at(2 * EPOCHS, None).is_exact


def test_a_run_of_an_older_version_is_trained_again_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    expected = saved(path)
    with closing(Store(path)) as store:
        snapshot, _ = store.snapshot(1)
    older = {name: array for name, array in snapshot.items() if not name.startswith("timeline.")}
    execute(path, "UPDATE snapshots SET arrays = ?", pack(older))
    execute(path, "DROP TABLE moments")
    assert weights_at(LookBack(opened(path)), 77) == expected[77]


def test_a_run_of_an_older_version_that_was_changed_is_said_to_differ(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    saved(path, change_at=50)
    with closing(Store(path)) as store:
        snapshot, _ = store.snapshot(1)
    older = {name: array for name, array in snapshot.items() if not name.startswith("timeline.")}
    execute(path, "UPDATE snapshots SET arrays = ?", pack(older))
    execute(path, "DELETE FROM moments")
    assert LookBack(opened(path)).at(77, None).sentence == DIFFERS


@pytest.mark.parametrize("part", ["places", "parameters", "generator", "counters"])
def test_damaged_moments_never_break_a_run(tmp_path: Path, part: str) -> None:
    path = tmp_path / "runs.sqlite"
    saved(path)
    with closing(Store(path)) as store:
        arrays = store.moments(1)
    damaged = arrays[part].copy()
    for wrong in (damaged[:-1], damaged * 0 - 1, damaged.reshape(-1)):
        execute(path, "UPDATE moments SET arrays = ?", pack({**arrays, part: wrong.astype(damaged.dtype)}))
        look_back = LookBack(opened(path))
        for epoch in (3, 150, 299):
            try:
                assert look_back.at(epoch, None).epoch == epoch
            except UserError as error:
                assert "damaged" in error.reason
    execute(path, "UPDATE moments SET arrays = x'0102'")
    assert LookBack(opened(path)).at(5, None).is_exact
