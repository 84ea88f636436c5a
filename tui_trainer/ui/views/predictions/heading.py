"""The line above all panels: which samples, and how good the model is on them."""

from __future__ import annotations

from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.predictions.messages import ClassPredictions
from tui_trainer.tabs.predictions.plots import loss_note

from .numbers import number
from .picture import BAR, DIM, HEAD, TEXT, Picture


def draw_heading(board: Board, picture: Picture, markers: Markers) -> None:
    """The part and its size, then the measures."""
    content = picture.content
    if content is None:
        return
    part = content.part
    which = f"{part.name}: {part.samples:,} of {picture.rows:,} rows"
    if part.missing:
        which = f"{part.name}: all {part.samples:,} rows, none held for {part.missing}"
    if isinstance(content, ClassPredictions):
        measures = [("accuracy", f"{content.accuracy:.4f}, {content.right:,} right")]
    else:
        measures = [("R²", number(content.r2)), ("MAE", number(content.mae)), ("RMSE", number(content.rmse))]
    board.write(0, 0, which, HEAD)
    place = len(which) + 3
    for name, value in measures:
        board.write(0, place, name, DIM)
        board.write(0, place + len(name) + 1, value, TEXT)
        place += len(name) + len(value) + 3


def draw_note(board: Board, picture: Picture, markers: Markers) -> None:
    """What the points of the loss come to."""
    board.write(0, 0, shorten(loss_note(picture), board.width), BAR)
