"""What the trainer does with stored runs: edits them and says so, and opens them as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogue_cases import add, experiment

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import EditRuns, Unavailable
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.runs.compute import RunsCompute, edit_runs
from tui_trainer.tabs.runs.messages import WatchRuns
from tui_trainer.training.session import Session


def test_the_shelf_says_what_was_done(tmp_path: Path) -> None:
    place = LiveTrainer(folder_beside(tmp_path / "runs.sqlite"))
    keeper = Checkpointer(tmp_path / "runs.sqlite", "me")
    assert keeper.store is not None
    for number in range(3):
        add(keeper.store, experiment(f"run {number}"))
    add(keeper.store, experiment("theirs"), owner=place.name)
    context = TrainerContext(Session(), keeper)
    for command, told in (
        (EditRuns((1,), name="best"), ("Renamed.", True)),
        (EditRuns((1,), name=" "), ("A run needs a name of at least one character.", False)),
        (EditRuns((1, 2), add=("x", "#y"), remove=("z",)), ("#x added, #y added, #z removed: 2 runs.", True)),
        (EditRuns((1,), add=("two words",)), ("#two added, #words added: one run.", True)),
        (EditRuns((1,), add=("x" * 30,)), (f"A tag has at most 24 characters; {'x' * 24}… has 30.", False)),
        (EditRuns((1,)), ("No tag was changed.", True)),
        (EditRuns((1, 2), pinned=True), ("2 runs pinned on top.", True)),
        (EditRuns((1,), pinned=False), ("One run unpinned.", True)),
        (EditRuns((1, 2), deleted=True), ("Deleted 2 runs; u restores them.", True)),
        (EditRuns((1, 2), deleted=False), ("2 runs restored.", True)),
        (
            EditRuns((3, 4), deleted=True),
            ("Deleted one run; u restores it. Run 4 is running and can't be deleted.", True),
        ),
        (EditRuns((4,), deleted=True), ("Run 4 is running and can't be deleted.", False)),
        (EditRuns((), deleted=True), ("Nothing to delete.", False)),
        (EditRuns((), name="nobody"), ("No run is selected.", False)),
        (EditRuns((99,), deleted=False), ("Nothing to restore.", False)),
    ):
        assert edit_runs(context, command) == told
    place.leave()


def test_a_missing_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    keeper = Checkpointer(tmp_path / "file" / "runs.sqlite")
    context = TrainerContext(Session(), keeper)
    told = "No runs are kept: the store is not available."
    assert edit_runs(context, EditRuns((1,), name="x")) == (told, False)
    assert RunsCompute(context).compute(WatchRuns()) == Unavailable(told)


def test_what_is_left_as_it_was_is_not_saved_again(tmp_path: Path) -> None:
    """A run that is opened to be looked at keeps its place in the list."""
    session, keeper = Session(), Checkpointer(tmp_path / "runs.sqlite", "me")
    session.load(Experiment())
    session.epoch()
    keeper.save(session)
    other = Checkpointer(tmp_path / "runs.sqlite", "another")
    stored = other.claim(1)
    session = Session()
    session.load(stored.experiment)
    other.restore(session, 1, stored.state)
    assert other.run == 1
    other.save(session)
    assert other.store is not None
    assert other.store.find(1).updated == stored.updated
    session.step()
    other.save(session)
    assert other.store.find(1).updated > stored.updated


@pytest.mark.parametrize("state", ["diverged", "stopped early", "finished", "paused"])
def test_a_run_is_opened_in_the_state_it_was_in(tmp_path: Path, state: str) -> None:
    fields: dict[str, dict[str, object]] = {
        "diverged": {"dataset__name": "boston", "training__learning_rate": 5.0},
        "stopped early": {"training__stop_at_loss": 0.9},
        "finished": {"training__epochs": 2},
        "paused": {},
    }
    session, keeper = Session(), Checkpointer(tmp_path / "runs.sqlite", "me")
    session.load(experiment(**fields[state]))
    session.epoch()
    if state != "paused":
        session.train()
    session.advance_to_end()
    keeper.save(session)
    assert session.state == state
    other, again = Checkpointer(tmp_path / "runs.sqlite", "another"), Session()
    stored = other.claim(1)
    again.load(stored.experiment)
    other.restore(again, 1, stored.state)
    assert again.state == state
    weights, same = session.weights(), again.weights()
    assert weights is not None and same is not None and (weights == same).all()
    assert again.history.rows() == session.history.rows()
