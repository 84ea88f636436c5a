"""Other paths on the same landscape: those of variants keep step with the run, those of stored runs are whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from landscape_cases import PERCEPTRON, WITH_BIAS, see, session_of

from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import unpack
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.messages import Companion, WatchLandscape
from tui_trainer.tabs.landscape.view import LandscapeView
from tui_trainer.training.session import Session

if TYPE_CHECKING:
    from running_app import Start

TWO_PATHS = next(lesson for lesson in packaged().lessons if lesson.id == "book:two_paths")
FULL, BATCHES = (variant.experiment for variant in TWO_PATHS.variants)


def path_of(experiment: Experiment) -> np.ndarray:
    session = session_of(experiment)
    session.train()
    session.advance_to_end()
    assert session.trajectory is not None
    return session.trajectory.points


def test_a_variant_keeps_step_with_the_run_in_epochs() -> None:
    companions = (Companion("full", FULL), Companion("batches", BATCHES))
    session, whole = session_of(FULL), path_of(BATCHES)
    assert whole.shape == (51, 2)
    for epochs in (0, 1, 4, 10):
        while session.trainer.epochs < epochs:
            session.step()
        (path,) = see(session, companions=companions).companions
        assert path.name == "batches", "the run itself is drawn already"
        points = np.array(unpack(path.points)).reshape(-1, 2)
        np.testing.assert_array_equal(points, whole[: 5 * epochs + 1])
        (own,) = see(session_of(BATCHES, 5 * epochs), companions=companions[:1]).companions
        assert len(unpack(own.losses)) == epochs + 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.l2", 0.1),
        ("dataset.samples", 30),
        ("model.output.use_bias", True),
        ("model.output.activation", "tanh"),
        ("training.loss", "mean_squared_error"),
    ],
)
def test_another_landscape_has_no_path_here(path: str, value: object) -> None:
    other = with_field(BATCHES, path, value)
    assert see(session_of(FULL, 10), companions=(Companion("other", other),)).companions == ()


def test_a_path_ends_where_it_leaves_all_numbers() -> None:
    wild = with_field(with_field(PERCEPTRON, "training.learning_rate", 1.0), "training.epochs", 300)
    session = session_of(with_field(PERCEPTRON, "training.epochs", 300), 300)
    (path,) = see(session, companions=(Companion("wild", wild),)).companions
    assert np.isfinite(unpack(path.points)).all() and len(unpack(path.points)) > 3


def test_a_variant_is_drawn_once_the_run_has_another_rate() -> None:
    session = session_of(FULL, 5)
    compute = LandscapeCompute(TrainerContext(session))
    request = WatchLandscape(40, 30, companions=(Companion("full", FULL),))
    assert compute.compute(request).companions == ()
    session.tune(with_field(FULL, "training.learning_rate", 0.001).training)
    assert [path.name for path in compute.compute(request).companions] == ["full"]
    session.tune(FULL.training)
    assert compute.compute(request).companions == ()


def test_many_rows_hold_the_trainer_up_for_a_moment_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is not read again, and a path that takes long is drawn as far as it has got."""
    monkeypatch.setattr("tui_trainer.tabs.landscape.companions.MAX_SECONDS", 0.0)
    file = tmp_path / "line.csv"
    file.write_text("x,y\n" + "".join(f"{row},{2 * row}\n" for row in range(20)))
    own = with_field(with_field(PERCEPTRON, "dataset", DatasetConfig(path=str(file), target="y")), "training.epochs", 5)
    session = session_of(own, 3)
    file.unlink()
    other = Companion("other", with_field(own, "training.learning_rate", 0.001))
    (path,) = see(session, companions=(other,)).companions
    assert len(unpack(path.losses)) == 1


def test_large_networks_have_none() -> None:
    iris = Experiment()
    assert see(session_of(iris), companions=(Companion("another", with_field(iris, "model.seed", 3)),)).companions == ()


def test_runs_of_the_store_are_drawn_to_their_end(tmp_path: Path) -> None:
    session = Session()
    checkpointer = Checkpointer(tmp_path / "runs.sqlite")
    session.load(with_field(BATCHES, "name", "mine"))
    session.train()
    session.advance_to_end()
    checkpointer.save(session)
    run = checkpointer.run
    assert run is not None
    current = TrainerContext(session_of(FULL), checkpointer)
    content = LandscapeCompute(current).compute(WatchLandscape(40, 30, runs=(run, run + 1)))
    (path,) = content.companions
    assert (path.name, path.run) == ("mine", run)
    np.testing.assert_array_equal(np.array(unpack(path.points)).reshape(-1, 2), path_of(BATCHES))
    checkpointer.close()


async def test_a_lesson_shows_its_variants_together(start: Start) -> None:
    async with start(WITH_BIAS) as flow:
        await flow.screen.lessons.load(TWO_PATHS.id)
        await flow.until(lambda: flow.screen.tabs.active == "landscape", "the lesson's view")
        view = flow.screen.query_one(LandscapeView)
        await flow.press("E")
        await flow.until(lambda: flow.screen.state == "finished", "the run")
        await flow.until(
            lambda: (
                view.content is not None
                and view.content.companions
                and len(unpack(view.content.companions[0].losses)) == 51
            ),
            "the other path",
        )
        await flow.until_shown("batches of 4")
