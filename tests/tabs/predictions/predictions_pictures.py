"""Pictures for the panels of the Predictions tab, computed by a session, and the panels drawn."""

from __future__ import annotations

from collections.abc import Callable

from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.plotting.frame import Board
from tui_trainer.runtime import reporting
from tui_trainer.settings import Markers
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.tabs.predictions.plots import Picture
from tui_trainer.training.session import Session

BOSTON = Experiment(dataset=DatasetConfig("boston"), training=TrainingConfig(learning_rate=0.005))
Draw = Callable[[Board, Picture, Markers], None]


def picture_of(experiment: Experiment, request: WatchPredictions | None = None, epochs: int = 2) -> Picture:
    """What the tab has to show after some epochs."""
    session = Session()
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
    content = PredictionsCompute(TrainerContext(session)).compute(request or WatchPredictions())
    assert isinstance(content, ClassPredictions | NumberPredictions)
    empty = Picture.of(reporting.loaded(session, 1))
    return Picture(content, empty.features, empty.target, empty.classes, empty.rows)


def drawn(draw: Draw, picture: Picture, width: int, height: int, markers: Markers = "braille") -> Board:
    board = Board(width, height)
    draw(board, picture, markers)
    return board


def rows_of(board: Board) -> list[str]:
    return board.frame().rows
