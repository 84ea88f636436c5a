"""The samples by their loss, the worst first: a row each, with as many features as there is room for."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.protocol.framing import unpack
from tui_trainer.settings.schema import Markers
from tui_trainer.ui.views.predictions.numbers import column
from tui_trainer.ui.views.predictions.picture import CHOSEN, DIM, HEAD, RIGHT, TEXT, WRONG, Picture, TextPanel

from .messages import ClassPredictions, SampleList

HEADER_ROWS = 1
GAP = 2
NAME = 12  # cells of a class's name, at most
FEATURE = 13  # cells of a feature's name, at least where there are as many


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, a text for each sample, and whether the texts are set to the left."""

    heading: str
    cells: list[str]
    role: int = TEXT
    left: bool = False

    @property
    def width(self) -> int:
        """Cells of the widest text."""
        return max(map(len, (self.heading, *self.cells)))


def draw_list(board: Board, picture: Picture, markers: Markers) -> None:
    """A heading and the samples, the chosen one marked."""
    content = picture.content
    if content is None:
        return
    listed, chosen = content.listed, content.chosen.rank - content.listed.first
    columns = _columns(picture, listed)
    features = _features(picture, listed)
    left, row_limit = 2, min(len(listed.rows) // 8, board.height - HEADER_ROWS)
    for place, one in enumerate([*columns, *features]):
        more = len(picture.features) - (place - len(columns))
        room = board.width - left
        if place >= len(columns) and one.width + (GAP + 4 if more > 1 else 0) > room:
            told = f"+{more} features"
            board.write(0, left, told if len(told) <= room else shorten(f"+{more}", room), DIM)
            break
        _write(board, one, left, row_limit, _verdicts(content, listed) if one.heading == "predicted" else None)
        left += one.width + GAP
    if 0 <= chosen < row_limit:
        line = HEADER_ROWS + chosen
        board.write(line, 0, ">" if markers == "ascii" else "▸", CHOSEN)
        board.roles[line, :] = CHOSEN


def _write(board: Board, one: Column, left: int, rows: int, roles: list[int] | None) -> None:
    for line, text in enumerate((one.heading, *one.cells[:rows])):
        shown = text.ljust(one.width) if one.left else text.rjust(one.width)
        role = HEAD if line == 0 else roles[line - 1] if roles else one.role
        board.write(line, left, shown, role)


def _columns(picture: Picture, listed: SampleList) -> list[Column]:
    """What is listed of a sample before its features."""
    count = len(listed.rows) // 8
    ranks = Column("#", [str(listed.first + 1 + place) for place in range(count)], DIM)
    rows = Column("row", column(unpack(listed.rows).tolist()))
    true, predicted, certainty, losses = (
        unpack(values).tolist() for values in (listed.true, listed.predicted, listed.certainty, listed.losses)
    )
    loss = Column("loss", column(losses))
    if isinstance(picture.content, ClassPredictions):
        heading = "p(true)" if picture.content.probabilities else "output"
        names = [[shorten(picture.classes[int(k)], NAME) for k in classes] for classes in (true, predicted)]
        said = [Column("true", names[0], left=True), Column("predicted", names[1], left=True)]
        return [ranks, rows, *said, Column(heading, [f"{value:.4f}" for value in certainty]), loss]
    numbers = column([*true, *predicted])
    values = [Column("true", numbers[:count]), Column("predicted", numbers[count:])]
    return [ranks, rows, *values, Column("ŷ - y", column(certainty)), loss]


def _features(picture: Picture, listed: SampleList) -> list[Column]:
    """The first features, raw."""
    count = len(listed.rows) // 8
    values = unpack(listed.features).reshape(count, -1) if count else unpack(b"").reshape(0, 0)
    found = []
    for name, these in zip(picture.features, values.T, strict=False):
        cells = column(these.tolist(), trim=True)
        found.append(Column(shorten(name, max(FEATURE, *map(len, cells))), cells))
    return found


def _verdicts(content: object, listed: SampleList) -> list[int] | None:
    """Right or wrong, for a class; a number is never quite right."""
    if not isinstance(content, ClassPredictions):
        return None
    pairs = zip(unpack(listed.true).tolist(), unpack(listed.predicted).tolist(), strict=True)
    return [RIGHT if true == predicted else WRONG for true, predicted in pairs]


class ListPanel(TextPanel):
    """The list, for the mouse too: a click chooses a sample, the wheel moves on by one."""

    @dataclass
    class Chosen(Message):
        """The sample of this rank was chosen."""

        rank: int

    def __init__(self) -> None:
        super().__init__(draw_list, "list")

    def on_click(self, event: events.Click) -> None:
        content = self._drawing.content
        if content is not None and HEADER_ROWS <= event.y < HEADER_ROWS + len(content.listed.rows) // 8:
            self.post_message(self.Chosen(content.listed.first + event.y - HEADER_ROWS))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        content = self._drawing.content
        if content is not None:
            self.post_message(self.Chosen(content.chosen.rank + by))
