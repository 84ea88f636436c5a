"""What all panels of the view draw from, and the widget of those that are text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style

from tui_trainer.plotting.frame import Board, Frame, one_cell
from tui_trainer.protocol.reports import Loaded
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions
from tui_trainer.ui.plot_widgets import FrameWidget
from tui_trainer.ui.text import plain

TEXT, DIM, HEAD, RIGHT, DIAGONAL, WRONG, CHOSEN, BAR = range(8)
NAMES = ("text", "dim", "head", "right", "diagonal", "wrong", "chosen", "bar")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What was computed, and the names that go with it, fit for cells of a terminal."""

    content: ClassPredictions | NumberPredictions | None = None
    features: tuple[str, ...] = ()
    target: str = ""
    classes: tuple[str, ...] = ()
    rows: int = 0

    @classmethod
    def of(cls, loaded: Loaded) -> Picture:
        """Nothing computed yet of what was loaded."""
        dataset = loaded.dataset
        features, classes = ([one_cell(plain(name)) for name in names] for names in (dataset.features, dataset.classes))
        return cls(None, tuple(features), one_cell(plain(dataset.target)), tuple(classes), dataset.rows)

    @property
    def names(self) -> tuple[object, ...]:
        """What the data are called; content of one dataset means nothing under the names of another."""
        return self.features, self.target, self.classes


Draw = Callable[[Board, Picture, Markers], None]


class TextPanel(FrameWidget[Picture]):
    """Writes a picture on a board of its own size; only the cells that change are repainted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"panel--{name}" for name in NAMES}
    DEFAULT_CSS = """
    TextPanel {
        .panel--text { color: $foreground; }
        .panel--dim { color: $foreground-muted; }
        .panel--head { color: $foreground-muted; text-style: bold; }
        .panel--right { color: $text-success; text-style: bold; }
        .panel--diagonal { color: $text-success; background: $success-muted; text-style: bold; }
        .panel--wrong { color: $text-error; }
        .panel--chosen { color: $text-primary; background: $primary-muted; text-style: bold; }
        .panel--bar { color: $text-primary; }
    }
    """

    def __init__(self, draw: Draw, classes: str) -> None:
        super().__init__(Picture(), classes)
        self._draw_on = draw

    def draw(self, drawing: Picture, width: int, height: int) -> Frame:
        board = Board(width, height)
        if drawing.content is not None:
            self._draw_on(board, drawing, self.markers)
        return board.frame()

    def styles_of(self, drawing: Picture) -> Mapping[int, Style]:
        return {role: self.style_named(f"panel--{name}") for role, name in enumerate(NAMES)}
