"""Messages that cross widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tui_trainer.protocol.commands import EditRuns
    from tui_trainer.settings.schema import Markers
    from tui_trainer.tabs.runs.selection import Choice

    from .fields import Field


@dataclass
class FieldEdited(Message):
    """The user gave a field of the experiment another value; ``value`` is as typed or chosen."""

    path: str
    value: object
    field: Field


@dataclass
class LayersEdited(Message):
    """A button under the layers was pressed: ``action`` is one of the training screen's."""

    action: str


@dataclass
class LessonChosen(Message):
    """The user wants to go through a lesson of the book."""

    lesson_id: str


@dataclass
class LessonForgotten(Message):
    """The user wants a lesson to be as if nothing had been done in it."""

    lesson_id: str


@dataclass
class Answered(Message):
    """The user answered a lesson's question: the index of a choice, or a number for each blank (None: empty)."""

    answers: int | tuple[float | None, ...]


@dataclass
class RunOpened(Message):
    """The user wants to go on with a run of the store."""

    run: int


@dataclass
class RunsEdited(Message):
    """The user gave runs of the store another name, tags or place, or deletes them."""

    command: EditRuns


@dataclass
class RunsChosen(Message):
    """The runs that are laid beside the one under work."""

    chosen: tuple[Choice, ...]


@dataclass
class UndoAsked(Message):
    """The user pressed the key of undo where a view has its own, which had nothing to take back."""


@dataclass
class MarkersChosen(Message):
    """The user wants plots drawn with other markers."""

    markers: Markers


@dataclass
class RunEnded(Message):
    """The run under work has come to its end, or diverged."""

    sentence: str
